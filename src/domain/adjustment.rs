//! Adjustments: what a later version of a programme gives more for a redemption that was made under an earlier one.

use serde::{Deserialize, Serialize};

use super::goods::{Category, words};
use super::id::Id;
use super::money::Fen;
use super::programme::Share;
use super::records::RejectionCode;
use super::time::Moment;

/// An adjustment: the fact, never changed. The redemption that it raises stays as it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// Identity: [`Adjustment::key`].
    pub id: Id,
    /// The redemption that it raises.
    pub redemption: Id,
    /// The redemption's voucher.
    pub voucher: Id,
    /// Programme.
    pub programme: String,
    /// The version that raises.
    pub version: u32,
    /// Category.
    pub category: Category,
    /// Line.
    pub line: Id,
    /// Retailer, to whom it is owed.
    pub retailer: Id,
    /// Store.
    pub store: Id,
    /// What had been given: the redemption's subsidy with the adjustments of versions before this one.
    pub before: Fen,
    /// What this version gives for the same sale.
    pub after: Fen,
    /// What is owed: `after − before`, more than nothing.
    pub amount: Fen,
    /// Who pays what of the amount; a source that pays less under the new version stands here with a minus sign.
    pub funding: Vec<Share>,
    /// Who posted it.
    pub author: Id,
    /// When it was posted.
    pub at: Moment,
    /// Settlement bucket: the retailer's of the day on which it was posted.
    pub bucket: Id,
}

impl Adjustment {
    /// The identity of what a version adds to a redemption: it does so once.
    #[must_use]
    pub fn key(redemption: Id, version: u32) -> Id {
        Id::digest(&["adjustment", &redemption.to_string(), &version.to_string()])
    }
}

/// The state of an adjustment that a settlement refused by itself, while its redemption stands, is paid or lies elsewhere. One
/// that was refused with its redemption is named by the redemption's own state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdjustmentState {
    /// The adjustment.
    pub adjustment: Id,
    /// The redemption that it raised.
    pub redemption: Id,
    /// The settlement that refused it.
    pub settlement: Id,
    /// Why, in a word.
    pub code: RejectionCode,
    /// Why it was refused; once it waits anew, what the retailer says to that.
    pub reason: String,
    /// Identity of the step that led here.
    pub step: Id,
    /// The bucket in which it waits anew, or was paid; none while it is refused.
    pub bucket: Option<Id>,
    /// Since when.
    pub at: Moment,
}

words! {
    /// How far an adjustment has come.
    AdjustmentStatus {
        /// Owed by the version in force, and not posted.
        Due = "due",
        /// Posted.
        Posted = "posted",
    }
}

/// An adjustment beside what it raises, as the bureau is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raised {
    /// The adjustment.
    pub adjustment: Adjustment,
    /// The version by which the redemption was judged.
    pub from_version: u32,
    /// When the redemption was made.
    pub redeemed_at: Moment,
}
