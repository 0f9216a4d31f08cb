//! The ledger of public money: one movement is one row with a delta per account, and its deltas sum to zero.

use serde::{Deserialize, Serialize};

use super::goods::{Category, words};
use super::id::Id;
use super::money::Fen;
use super::time::Moment;

/// The accounts of a programme line, as balances or as deltas, in fen.
///
/// `appropriation` is the contra account and negative, so that all six always sum to zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accounts {
    /// What the public purse has put in, negative.
    pub appropriation: Fen,
    /// What may still be promised; never below zero.
    pub available: Fen,
    /// Promised to vouchers that are live.
    pub reserved: Fen,
    /// Owed to retailers.
    pub payable: Fen,
    /// Paid to retailers.
    pub paid: Fen,
    /// Paid, and to be had back.
    pub clawback: Fen,
}

impl Accounts {
    /// The sum over all accounts; zero in a sound ledger.
    #[must_use]
    pub fn sum(&self) -> Fen {
        self.appropriation + self.available + self.reserved + self.payable + self.paid + self.clawback
    }

    /// Adds deltas.
    #[must_use]
    pub fn plus(&self, deltas: &Self) -> Self {
        Self {
            appropriation: self.appropriation + deltas.appropriation,
            available: self.available + deltas.available,
            reserved: self.reserved + deltas.reserved,
            payable: self.payable + deltas.payable,
            paid: self.paid + deltas.paid,
            clawback: self.clawback + deltas.clawback,
        }
    }
}

words! {
    /// Why money moved.
    MovementKind {
        /// A line is opened with its pool, or the pool is raised or lowered.
        Adjust = "adjust",
        /// A voucher is issued.
        Reserve = "reserve",
        /// A voucher expired.
        Expire = "expire",
        /// A voucher was cancelled.
        Cancel = "cancel",
        /// A voucher was redeemed.
        Redeem = "redeem",
        /// A redemption was reversed before payment.
        Reverse = "reverse",
        /// A version in force gives more for a redemption of before.
        Raise = "raise",
        /// A settlement was paid.
        Pay = "pay",
        /// A redemption was undone after payment: what was paid for it is to be had back.
        ClawBack = "claw_back",
        /// What was to be had back was had back: kept from a payment, or repaid.
        Recover = "recover",
        /// An approval was withdrawn: what had been kept from its payment is to be had back again.
        Restore = "restore",
    }
}

/// A movement of money on one line. A fact: never changed, never removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    /// Identity.
    pub id: Id,
    /// The programme line.
    pub line: Id,
    /// The retailer, where the payable, paid or clawback account moves.
    pub retailer: Option<Id>,
    /// Why.
    pub kind: MovementKind,
    /// The voucher, redemption, line or settlement that it is about.
    pub subject: Id,
    /// The deltas, which sum to zero.
    pub deltas: Accounts,
    /// When.
    pub at: Moment,
}

/// A programme line with its balances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerLine {
    /// Identity: [`line_id`].
    pub id: Id,
    /// Programme.
    pub programme: String,
    /// Category.
    pub category: Category,
    /// Balances.
    pub balances: Accounts,
}

/// What one line owes to, has paid to and wants back from one retailer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerAccount {
    /// Identity: [`account_id`].
    pub id: Id,
    /// Line.
    pub line: Id,
    /// Retailer.
    pub retailer: Id,
    /// Owed.
    pub payable: Fen,
    /// Paid.
    pub paid: Fen,
    /// To be had back.
    pub clawback: Fen,
}

/// The identity of a programme line.
#[must_use]
pub fn line_id(programme: &str, category: Category) -> Id {
    Id::digest(&["line", programme, category.name()])
}

/// The identity of a retailer's account on a line.
#[must_use]
pub fn account_id(line: Id, retailer: Id) -> Id {
    Id::digest(&["account", &line.to_string(), &retailer.to_string()])
}
