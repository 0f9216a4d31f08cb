//! Pick-ups at home: the owner of an old item asks for one, a collection point takes it on, and the old item that it records
//! ends it.

use serde::{Deserialize, Serialize};

use super::goods::{Category, words};
use super::id::Id;
use super::personal::{NewDataKey, Personal};
use super::records::Person;
use super::time::Moment;

/// Pick-ups of one person that may be open at a time.
pub const MOST_OPEN: usize = 5;

words! {
    /// How far a pick-up is.
    PickupStatus {
        /// Asked for; any collection point of the division may take it on.
        Requested = "requested",
        /// A collection point comes.
        Accepted = "accepted",
        /// The old item was handed in.
        Collected = "collected",
        /// Called off.
        Cancelled = "cancelled",
    }
}

impl PickupStatus {
    /// Whether somebody still waits.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Requested | Self::Accepted)
    }
}

/// A pick-up at home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pickup {
    /// Identity.
    pub id: Id,
    /// Who asked for it.
    pub person: Id,
    /// What is to be fetched.
    pub category: Category,
    /// The division in which it is.
    pub division_code: String,
    /// The town or office.
    pub town: String,
    /// Where exactly; it has no mask, and is opened for the person and for who comes.
    pub address: Personal,
    /// From when on somebody is at home.
    pub from: Moment,
    /// Until when.
    pub until: Moment,
    /// How far it is.
    pub status: PickupStatus,
    /// The collection point that comes, or came.
    pub recycler: Option<Id>,
    /// The old item that was handed in.
    pub turn_in: Option<Id>,
    /// Why it was called off.
    pub reason: Option<String>,
    /// When it was asked for.
    pub requested_at: Moment,
    /// When it changed last.
    pub changed_at: Moment,
}

/// A pick-up as it is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPickup {
    /// Who asks.
    pub person: Person,
    /// What the person's texts are sealed with.
    pub key: NewDataKey,
    /// What is to be fetched.
    pub category: Category,
    /// The division.
    pub division_code: String,
    /// Whether a collection point takes part there, as was read before; nobody else would ever see it.
    pub is_served: bool,
    /// The town or office.
    pub town: String,
    /// Where exactly.
    pub address: Personal,
    /// What the address is sealed with.
    pub address_key: NewDataKey,
    /// From when on somebody is at home.
    pub from: Moment,
    /// Until when.
    pub until: Moment,
}
