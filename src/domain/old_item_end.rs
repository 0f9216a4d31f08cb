//! The end of an old item: a yard has received it, and it was dismantled. Eligibility is looked at when it is handed in; that
//! it does not come back to the market is proved here.

use serde::{Deserialize, Serialize};

use super::goods::words;
use super::id::Id;
use super::time::{Day, Moment};

words! {
    /// How far an old item is on its way out.
    EndStep {
        /// A recycler's yard has it.
        Received = "received",
        /// It was dismantled.
        Dismantled = "dismantled",
    }
}

/// The fact that an old item has come so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldItemStep {
    /// Identity.
    pub id: Id,
    /// The old item.
    pub turn_in: Id,
    /// How far.
    pub step: EndStep,
    /// The recycler whose yard has it.
    pub organisation: Id,
    /// On which day.
    pub day: Day,
    /// The number of the dismantler's certificate.
    pub certificate: Option<String>,
    /// SHA-256 of the certificate, which is among the files about the old item.
    pub sha256: Option<String>,
    /// Who recorded it.
    pub author: Id,
    /// When.
    pub at: Moment,
}

/// What is known of an old item's end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OldItemEnd {
    /// That a yard received it.
    pub received: Option<OldItemStep>,
    /// That it was dismantled.
    pub dismantled: Option<OldItemStep>,
}

impl OldItemEnd {
    /// Takes a step in.
    pub fn put(&mut self, step: OldItemStep) {
        match step.step {
            EndStep::Received => self.received = Some(step),
            EndStep::Dismantled => self.dismantled = Some(step),
        }
    }

    /// Whether the item has come so far; what was dismantled was received before.
    #[must_use]
    pub const fn reached(&self, step: EndStep) -> bool {
        match step {
            EndStep::Received => self.received.is_some(),
            EndStep::Dismantled => self.dismantled.is_some(),
        }
    }
}

/// That an old item was dismantled, as the yard reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDismantling {
    /// The old item.
    pub turn_in: Id,
    /// The recycler whose yard received it.
    pub recycler: Id,
    /// The day of the certificate.
    pub day: Day,
    /// The certificate's number.
    pub certificate: String,
    /// SHA-256 of the certificate.
    pub sha256: String,
}
