//! Settlements against the facts: what is in each bucket, and what was approved, paid and had back.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use super::Conn;
use super::verify::{each_row, read, sound};
use crate::domain::adjustment::AdjustmentState;
use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::records::{RedemptionState, RedemptionStatus};
use crate::domain::settlement::{Bucket, LineHold, Portion, Portions, Repayment, Settlement, SettlementStatus};
use crate::domain::time::Moment;
use crate::store::digest;
use crate::store::error::StoreError;
use crate::store::rows::{
    AdjustmentRow, AdjustmentStateRow, BankReturnRow, BucketRow, LineHoldRow, LineRejectionRow, LineRow,
    PaymentBatchRow, ReconciliationRowRow, RedemptionRow, RepaymentRow, Row, SettlementRow,
};
use crate::store::schema::{
    adjustment, adjustment_state, bank_return, ledger_line, line_hold, line_rejection, payment_batch,
    reconciliation_row, redemption, repayment, settlement, settlement_bucket,
};
use crate::store::verify::{Balances, Facts, Finding, Walk, compare};

/// Rows read at a time.
const PAGE: i64 = 2000;

/// Compares the rows of a table with the digests that the trail has of them, and gives their records.
macro_rules! as_written {
    ($conn:expr, $walk:expr, $table:ident.$key:ident as $row:ty) => {{
        let (mut seen, mut records) = (BTreeMap::new(), Vec::new());
        each_row!($conn, $table.$key as $row, |row| {
            let id = row.$key;
            seen.insert(id, digest::of(&row));
            let unreadable = |_| Finding::new(stringify!($table), id, None, "it is unreadable");
            records.push(sound!(row.read().map_err(unreadable)));
        });
        let none = BTreeMap::new();
        let known = $walk.settled.get(stringify!($table)).unwrap_or(&none);
        sound!(compare(stringify!($table), known, &seen));
        records
    }};
}

/// What the verification of buckets needs beside the buckets.
struct Known<'a> {
    states: &'a BTreeMap<Id, RedemptionState>,
    adjustment_states: BTreeMap<Id, AdjustmentState>,
    settlements: BTreeMap<Id, Settlement>,
    held: BTreeSet<Id>,
    buckets: BTreeMap<Id, Bucket>,
}

/// Everything about settlements; what they add to the rollups is noted in `facts`, and when it happened in `balances`.
pub fn settlements(
    conn: &mut Conn,
    walk: &Walk,
    states: &BTreeMap<Id, RedemptionState>,
    facts: &mut Facts,
    balances: &mut Balances,
) -> Result<Result<u64, Finding>, StoreError> {
    let settlements: Vec<Settlement> = as_written!(conn, walk, settlement.id as SettlementRow);
    let alone: Vec<AdjustmentState> = as_written!(conn, walk, adjustment_state.adjustment as AdjustmentStateRow);
    as_written!(conn, walk, line_rejection.id as LineRejectionRow);
    let holds: Vec<LineHold> = as_written!(conn, walk, line_hold.redemption as LineHoldRow);
    as_written!(conn, walk, payment_batch.id as PaymentBatchRow);
    as_written!(conn, walk, bank_return.id as BankReturnRow);
    as_written!(conn, walk, reconciliation_row.id as ReconciliationRowRow);
    let repayments: Vec<Repayment> = as_written!(conn, walk, repayment.id as RepaymentRow);
    let mut lines: BTreeMap<Id, (String, Category)> = BTreeMap::new();
    each_row!(conn, ledger_line.id as LineRow, |row| {
        let unreadable = || Finding::new("ledger_line", row.id, None, "it is unreadable");
        let category = sound!(Category::from_name(&row.category).ok_or_else(unreadable));
        lines.insert(row.id, (row.programme, category));
    });
    for row in &settlements {
        balances.times.extend(facts.settlement(row, &lines).into_iter().map(|at| (row.id, at)));
    }
    for row in &repayments {
        facts.recovered(row.retailer, &row.recovered, row.at, &lines);
        balances.times.insert((row.id, row.at));
    }
    let count = u64::try_from(settlements.len()).unwrap_or(u64::MAX);
    let mut buckets = BTreeMap::new();
    each_row!(conn, settlement_bucket.id as BucketRow, |row| {
        let unreadable = |id| move |_| Finding::new("settlement_bucket", id, None, "it is unreadable");
        let (id, text) = (row.id, row.portions.clone());
        let bucket = sound!(row.read().map_err(unreadable(id)));
        // Sums that read the same and are written otherwise were not written by this service.
        if BucketRow::write(&bucket).map(|row| row.portions).ok() != Some(text) {
            return Ok(Err(Finding::new("settlement_bucket", id, None, "its sums are not as they were written")));
        }
        buckets.insert(id, bucket);
    });
    sound!(inventories(conn, walk, &settlements)?);
    let known = Known {
        states,
        adjustment_states: alone.into_iter().map(|row| (row.adjustment, row)).collect(),
        settlements: settlements.into_iter().map(|row| (row.id, row)).collect(),
        held: holds.iter().filter(|row| !row.open.is_empty()).map(|row| row.redemption).collect(),
        buckets,
    };
    sound!(sums(conn, &known)?);
    Ok(Ok(count))
}

/// The digest that each approval froze is that of the lines, and of the evidence that lay there when it was recorded.
fn inventories(conn: &mut Conn, walk: &Walk, settlements: &[Settlement]) -> Result<Result<(), Finding>, StoreError> {
    for row in settlements {
        // The first digests were over the lines alone; those are held by the trail's digest of the row.
        let Some(frozen) = row.frozen.as_ref().filter(|frozen| frozen.evidence_hashes.is_some()) else { continue };
        let bad = |what: &str| Finding::new("settlement", row.id, walk.approvals.get(&row.id).copied(), what);
        let Some(approved) = walk.approvals.get(&row.id).copied() else {
            return Ok(Err(bad("no record of the trail approves it")));
        };
        let before = |file| walk.evidence_files.get(&file).is_some_and(|(_, seq)| *seq < approved);
        let inventory = super::inventory::inventory_of(conn, row, before)?;
        let (digest, hashes) = inventory.freeze([]);
        if (&digest, Some(hashes)) != (&frozen.lines_sha256, frozen.evidence_hashes) {
            return Ok(Err(bad("what its approval froze is not the digest of its lines and their evidence")));
        }
    }
    Ok(Ok(()))
}

/// Each bucket holds the lines that lie in it, and says how far its settlement is.
fn sums(conn: &mut Conn, known: &Known<'_>) -> Result<Result<(), Finding>, StoreError> {
    let mut found: BTreeMap<Id, (Portions, u32)> = BTreeMap::new();
    each_row!(conn, redemption.id as RedemptionRow, |row| {
        let id = row.id;
        let unreadable = |_| Finding::new("redemption", id, None, "it is unreadable");
        let fact = sound!(row.read().map_err(unreadable));
        if let Some(bucket) = known.of_redemption(id, fact.bucket) {
            let sum = found.entry(bucket).or_default();
            sum.0.add(&Portion::of(&fact.programme, fact.category, fact.subsidy, &fact.funding));
            sum.1 += u32::from(known.counts_as_held(id, bucket));
        }
    });
    each_row!(conn, adjustment.id as AdjustmentRow, |row| {
        let id = row.id;
        let unreadable = |_| Finding::new("adjustment", id, None, "it is unreadable");
        let raise = sound!(row.read().map_err(unreadable));
        if let Some(bucket) = known.of_adjustment(raise.redemption, id, raise.bucket) {
            let sum = found.entry(bucket).or_default();
            sum.0.add(&Portion::of(&raise.programme, raise.category, raise.amount, &raise.funding));
            sum.1 += u32::from(known.counts_as_held(raise.redemption, bucket));
        }
    });
    for (id, bucket) in &known.buckets {
        let bad = |what: &str| Finding::new("settlement_bucket", id, None, what);
        if Bucket::key(bucket.retailer, &bucket.programme, bucket.day) != *id {
            return Ok(Err(bad("its retailer, programme and day are not those of its identity")));
        }
        let (portions, held) = found.remove(id).unwrap_or_default();
        if bucket.portions != portions {
            return Ok(Err(bad("its sums are not those of the lines that lie in it")));
        }
        if bucket.held != held {
            return Ok(Err(bad("it does not count the lines that are held")));
        }
        let stage = bucket.settlement.map(|id| known.settlements.get(&id).map(|row| row.status));
        let agrees = match (bucket.stage, stage) {
            (None, None) => true,
            (Some(said), Some(Some(is))) => said == is,
            _ => false,
        };
        if !agrees {
            return Ok(Err(bad("it is not as far as its settlement")));
        }
    }
    for settlement in known.settlements.values() {
        for id in &settlement.buckets {
            let bad = |what: &str| Finding::new("settlement_bucket", id, None, what);
            match known.buckets.get(id) {
                None => return Ok(Err(bad("the row is missing"))),
                Some(bucket) if bucket.settlement != Some(settlement.id) => {
                    return Ok(Err(bad("it is not in the settlement that has taken it")));
                }
                Some(_) => {}
            }
        }
    }
    let missing = found.keys().next();
    Ok(missing.map_or(Ok(()), |id| Err(Finding::new("settlement_bucket", id, None, "the row is missing"))))
}

impl Known<'_> {
    /// The bucket in which a redemption lies, or was paid.
    fn of_redemption(&self, id: Id, first: Id) -> Option<Id> {
        match self.states.get(&id) {
            None => Some(first),
            Some(state) => state.bucket,
        }
    }

    /// The bucket in which an adjustment lies, or was paid: with its redemption once it was refused with it, by itself once it
    /// was refused by itself.
    fn of_adjustment(&self, redemption: Id, id: Id, first: Id) -> Option<Id> {
        let alone = self.adjustment_states.get(&id);
        let first = alone.map_or(Some(first), |alone| alone.bucket)?;
        let Some(state) = self.states.get(&redemption) else { return Some(first) };
        if alone.is_none() && state.rejection.as_ref().is_some_and(|rejection| rejection.adjustments.contains(&id)) {
            return state.bucket;
        }
        match state.status {
            RedemptionStatus::Reversed => None,
            RedemptionStatus::ClawedBack => self.paid_at(first).filter(|paid| *paid < state.at).map(|_| first),
            _ => Some(first),
        }
    }

    fn paid_at(&self, bucket: Id) -> Option<Moment> {
        let settlement = self.settlements.get(&self.buckets.get(&bucket)?.settlement?)?;
        settlement.payment.as_ref().map(|payment| payment.recorded.at)
    }

    /// A hold counts where the line may still be kept from being paid.
    fn counts_as_held(&self, redemption: Id, bucket: Id) -> bool {
        let paid = |row: &Bucket| row.stage == Some(SettlementStatus::Paid);
        self.held.contains(&redemption) && !self.buckets.get(&bucket).is_some_and(paid)
    }
}
