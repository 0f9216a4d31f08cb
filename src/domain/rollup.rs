//! Rollups: what happened, added up by the keys that reports group by.

use serde::{Deserialize, Serialize};

use super::goods::Category;
use super::id::Id;
use super::money::Fen;
use super::time::{Day, Moment};

/// By what is added up. Parties that an event does not have are [`Id::NIL`], a town that it does not have is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RollupKey {
    /// Programme.
    pub programme: String,
    /// Category.
    pub category: Category,
    /// Retailer.
    pub retailer: Id,
    /// Store.
    pub store: Id,
    /// Town of the store.
    pub town: String,
    /// The day for which it counts.
    pub effective: Day,
    /// The day on which it became known.
    pub recorded: Day,
}

impl RollupKey {
    /// The identity of the rollup row.
    #[must_use]
    pub fn id(&self) -> Id {
        Id::digest(&[
            "rollup",
            &self.programme,
            self.category.name(),
            &self.retailer.to_string(),
            &self.store.to_string(),
            &self.town,
            &self.effective.number().to_string(),
            &self.recorded.number().to_string(),
        ])
    }
}

/// What is added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Vouchers issued.
    pub issued: i64,
    /// Vouchers expired.
    pub expired: i64,
    /// Vouchers cancelled.
    pub cancelled: i64,
    /// Redemptions.
    pub redeemed: i64,
    /// Reversals.
    pub reversed: i64,
    /// Appliance trade-ins completed: new item redeemed and old appliance matched to it.
    pub completed: i64,
    /// Appliances redeemed without an old appliance that supports them.
    pub without_old_item: i64,
    /// Money reserved, for the day of the voucher's issue; it goes down again when the voucher ends.
    pub amount_reserved: Fen,
    /// Subsidy of redemptions, and on the day of its posting what a later version adds to one.
    pub amount_redeemed: Fen,
    /// Subsidy of reversals, with what later versions had added.
    pub amount_reversed: Fen,
    /// Approved for payment, on the day of the approval.
    pub amount_approved: Fen,
    /// Paid, on the day on which the payment was recorded; what was set off against money owed back counts as paid.
    pub amount_paid: Fen,
    /// Had back from retailers: set off against a payment, or repaid.
    pub amount_recovered: Fen,
}

impl Tally {
    /// Adds another.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            issued: self.issued + other.issued,
            expired: self.expired + other.expired,
            cancelled: self.cancelled + other.cancelled,
            redeemed: self.redeemed + other.redeemed,
            reversed: self.reversed + other.reversed,
            completed: self.completed + other.completed,
            without_old_item: self.without_old_item + other.without_old_item,
            amount_reserved: self.amount_reserved + other.amount_reserved,
            amount_redeemed: self.amount_redeemed + other.amount_redeemed,
            amount_reversed: self.amount_reversed + other.amount_reversed,
            amount_approved: self.amount_approved + other.amount_approved,
            amount_paid: self.amount_paid + other.amount_paid,
            amount_recovered: self.amount_recovered + other.amount_recovered,
        }
    }
}

/// One addition to the rollups. Append-only; the rollup rows are their sums.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollupEntry {
    /// Identity.
    pub id: Id,
    /// Voucher or redemption that it follows from.
    pub subject: Id,
    /// By what.
    pub key: RollupKey,
    /// What.
    pub tally: Tally,
    /// When it became known, to the microsecond.
    pub at: Moment,
}
