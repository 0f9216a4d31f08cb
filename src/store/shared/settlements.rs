//! Settlements as they are read: what is open, what was submitted, line by line, and what the bank said.

use std::collections::{BTreeMap, BTreeSet};

use diesel::dsl::count_star;
use diesel::prelude::*;

use super::Conn;
use super::reports::first_id;
use super::retailers::{Redeemed, with_progress};
use crate::domain::adjustment::Adjustment;
use crate::domain::id::Id;
use crate::domain::ledger::LedgerAccount;
use crate::domain::records::{RedemptionState, RedemptionStatus};
use crate::domain::settlement::{
    BankReturn, Bucket, LineHold, LineRejection, PaymentBatch, ReconciliationRow, ReconciliationStatus, Repayment,
    Settlement, SettlementStatus,
};
use crate::domain::time::{Day, Moment};
use crate::store::error::StoreError;
use crate::store::rows::{
    AccountRow, AdjustmentRow, BankReturnRow, BucketRow, LineHoldRow, LineRejectionRow, PaymentBatchRow,
    ReconciliationRowRow, RedemptionRow, RedemptionStateRow, RepaymentRow, Row, SettlementRow, read_all,
};
use crate::store::schema::{
    adjustment, adjustment_state, bank_return, ledger_account, line_hold, line_rejection, payment_batch,
    reconciliation_row, redemption, redemption_state, repayment, settlement, settlement_bucket,
};
use crate::store::tx::{Page, SettlementLines};

const DAY_SECONDS: i64 = 24 * 3600;

/// A retailer's buckets of days, both ends included, that no settlement has, in the order of days and programmes.
pub fn open_buckets(conn: &mut Conn, retailer: Id, from: Day, to: Day) -> Result<Vec<Bucket>, StoreError> {
    let rows = settlement_bucket::table
        .filter(settlement_bucket::retailer.eq(retailer))
        .filter(settlement_bucket::day.between(from.number(), to.number()))
        .filter(settlement_bucket::settlement.is_null())
        .order((settlement_bucket::day, settlement_bucket::programme))
        .select(BucketRow::as_select());
    read_all(rows.load(conn)?)
}

/// Buckets by their identities.
pub fn buckets_by_id(conn: &mut Conn, ids: &[Id]) -> Result<Vec<Bucket>, StoreError> {
    let mut found = Vec::new();
    for ids in ids.chunks(super::KEYS) {
        let rows = settlement_bucket::table.filter(settlement_bucket::id.eq_any(ids)).select(BucketRow::as_select());
        found.extend(read_all::<BucketRow>(rows.load(conn)?)?);
    }
    Ok(found)
}

/// A retailer's accounts on all lines.
pub fn accounts_of(conn: &mut Conn, retailer: Id) -> Result<Vec<LedgerAccount>, StoreError> {
    let rows = ledger_account::table.filter(ledger_account::retailer.eq(retailer)).order(ledger_account::id);
    read_all(rows.select(AccountRow::as_select()).load(conn)?)
}

pub fn settlement(conn: &mut Conn, id: Id) -> Result<Option<Settlement>, StoreError> {
    let row = settlement::table.find(id).select(SettlementRow::as_select()).first(conn).optional()?;
    row.map(SettlementRow::read).transpose()
}

/// Settlements of a retailer or all, in one state or in any, or those whose next step was due before a day; newest first.
pub fn settlements(
    conn: &mut Conn,
    retailer: Option<Id>,
    status: Option<SettlementStatus>,
    due_before: Option<Day>,
    page: Page,
) -> Result<Vec<Settlement>, StoreError> {
    let mut query =
        settlement::table.filter(settlement::id.lt(page.before())).select(SettlementRow::as_select()).into_boxed();
    if let Some(retailer) = retailer {
        query = query.filter(settlement::retailer.eq(retailer));
    }
    if let Some(status) = status {
        query = query.filter(settlement::status.eq(status.name()));
    }
    if let Some(day) = due_before {
        query = query.filter(settlement::due_day.lt(day.number()));
    }
    read_all(query.order(settlement::id.desc()).limit(page.limit).load(conn)?)
}

/// What is in a settlement now, or was when it was paid: redemptions, newest first, and adjustments.
///
/// No index of redemptions begins with the bucket, because each index costs every redemption: they are found as the
/// retailer's of the period, and those that wait anew by their state.
pub fn settlement_lines(conn: &mut Conn, settlement: &Settlement) -> Result<SettlementLines, StoreError> {
    let buckets: BTreeSet<Id> = settlement.buckets.iter().copied().collect();
    let from = first_id(settlement.from.start());
    let to = first_id(settlement.to.start().plus_seconds(DAY_SECONDS));
    let first: Vec<(Id, Id)> = redemption::table
        .filter(redemption::retailer.eq(settlement.retailer))
        .filter(redemption::id.ge(from))
        .filter(redemption::id.lt(to))
        .select((redemption::id, redemption::bucket))
        .load(conn)?;
    let mut found: BTreeMap<Id, Id> = first.into_iter().filter(|(_, bucket)| buckets.contains(bucket)).collect();
    let (adjustments, alone) = adjustments_of(conn, settlement)?;
    let again = redemption_state::table.filter(redemption_state::bucket.eq_any(&settlement.buckets));
    let again: Vec<RedemptionState> = read_all(again.select(RedemptionStateRow::as_select()).load(conn)?)?;
    let mut states: BTreeMap<Id, RedemptionState> = again.into_iter().map(|state| (state.redemption, state)).collect();
    found.extend(states.values().filter_map(|state| state.bucket.map(|bucket| (state.redemption, bucket))));
    let named: BTreeSet<Id> = found.keys().copied().chain(adjustments.iter().map(|row| row.redemption)).collect();
    let named: Vec<Id> = named.into_iter().filter(|id| !states.contains_key(id)).collect();
    for ids in named.chunks(super::KEYS) {
        let more = redemption_state::table.filter(redemption_state::redemption.eq_any(ids));
        let more: Vec<RedemptionState> = read_all(more.select(RedemptionStateRow::as_select()).load(conn)?)?;
        states.extend(more.into_iter().map(|state| (state.redemption, state)));
    }
    let paid_at = settlement.payment.as_ref().map(|payment| payment.recorded.at);
    let own = |id: &Id| states.get(id).is_none_or(|state| is_in(state, &buckets));
    let redemptions: Vec<Id> = found.keys().rev().copied().filter(|id| own(id)).collect();
    let moved: Vec<Id> = redemptions
        .iter()
        .filter_map(|id| states.get(id)?.rejection.as_ref())
        .flat_map(|rejection| rejection.adjustments.iter().copied())
        .collect();
    let mut kept: Vec<Adjustment> = adjustments
        .into_iter()
        .filter(|row| {
            let alone = alone.contains(&row.id);
            states.get(&row.redemption).is_none_or(|state| stays(state, (row.id, alone), paid_at))
        })
        .collect();
    for ids in moved.chunks(super::KEYS) {
        let rows = adjustment::table.filter(adjustment::id.eq_any(ids)).select(AdjustmentRow::as_select());
        kept.extend(read_all::<AdjustmentRow>(rows.load(conn)?)?);
    }
    kept.sort_unstable_by_key(|row| (row.redemption, row.version));
    Ok(SettlementLines { redemptions, adjustments: kept })
}

/// A redemption with a state row is in these buckets when it waits there anew, or was paid there and clawed back since.
fn is_in(state: &RedemptionState, buckets: &BTreeSet<Id>) -> bool {
    state.bucket.is_some_and(|bucket| buckets.contains(&bucket))
}

/// An adjustment stays in the bucket of its posting, or in that in which it waits alone, unless it went with its redemption:
/// refused, or undone unpaid.
fn stays(state: &RedemptionState, (adjustment, alone): (Id, bool), paid_at: Option<Moment>) -> bool {
    let named = state.rejection.as_ref().is_some_and(|rejection| rejection.adjustments.contains(&adjustment));
    let went = named && !alone;
    match state.status {
        RedemptionStatus::Reversed => false,
        RedemptionStatus::ClawedBack => !went && paid_at.is_some_and(|paid| paid < state.at),
        _ => !went,
    }
}

/// Adjustments that were posted into the settlement's buckets, or wait there after they were refused by themselves; and
/// which of them did the latter.
fn adjustments_of(conn: &mut Conn, settlement: &Settlement) -> Result<(Vec<Adjustment>, BTreeSet<Id>), StoreError> {
    let (from, to) = (settlement.from.start(), settlement.to.start().plus_seconds(DAY_SECONDS));
    let rows = adjustment::table
        .filter(adjustment::retailer.eq(settlement.retailer))
        .filter(adjustment::at.ge(from.0))
        .filter(adjustment::at.lt(to.0))
        .select(AdjustmentRow::as_select());
    let rows: Vec<Adjustment> = read_all(rows.load(conn)?)?;
    let mut posted: Vec<Adjustment> = rows.into_iter().filter(|row| settlement.buckets.contains(&row.bucket)).collect();
    let ids: Vec<Id> = posted.iter().map(|row| row.id).collect();
    let mut refused: BTreeSet<Id> = BTreeSet::new();
    for ids in ids.chunks(super::KEYS) {
        let rows = adjustment_state::table.filter(adjustment_state::adjustment.eq_any(ids));
        refused.extend(rows.select(adjustment_state::adjustment).load::<Id>(conn)?);
    }
    posted.retain(|row| !refused.contains(&row.id));
    let waits = adjustment_state::table.filter(adjustment_state::bucket.eq_any(&settlement.buckets));
    let waits: Vec<Id> = waits.select(adjustment_state::adjustment).load(conn)?;
    for ids in waits.chunks(super::KEYS) {
        let rows = adjustment::table.filter(adjustment::id.eq_any(ids)).select(AdjustmentRow::as_select());
        posted.extend(read_all::<AdjustmentRow>(rows.load(conn)?)?);
    }
    Ok((posted, waits.into_iter().collect()))
}

/// How many redemptions of which days each settlement has paid, of those with buckets within days, both ends included.
///
/// Two statements, however many settlements there are. A redemption is of its bucket's day, unless it waited in another
/// one anew: of these its identity says the day.
pub fn paid_lines(conn: &mut Conn, from: Day, to: Day) -> Result<Vec<(Id, Day, u64)>, StoreError> {
    let paid = settlement_bucket::stage.eq(SettlementStatus::Paid.name());
    let first: Vec<(Option<Id>, i32, i64)> = redemption::table
        .inner_join(settlement_bucket::table.on(settlement_bucket::id.eq(redemption::bucket)))
        .left_join(redemption_state::table.on(redemption_state::redemption.eq(redemption::id)))
        .filter(redemption::id.ge(first_id(from.start())))
        .filter(redemption::id.lt(first_id(to.next().start())))
        .filter(redemption_state::redemption.is_null())
        .filter(paid)
        .group_by((settlement_bucket::settlement, settlement_bucket::day))
        .select((settlement_bucket::settlement, settlement_bucket::day, count_star()))
        .load(conn)?;
    let again: Vec<(Option<Id>, Id)> = redemption_state::table
        .inner_join(settlement_bucket::table.on(redemption_state::bucket.eq(settlement_bucket::id.nullable())))
        .filter(settlement_bucket::day.between(from.number(), to.number()))
        .filter(paid)
        .select((settlement_bucket::settlement, redemption_state::redemption))
        .load(conn)?;
    let mut lines = Vec::with_capacity(first.len() + again.len());
    for (settlement, day, count) in first {
        let id = settlement.map(|id| id.to_string()).unwrap_or_default();
        let corrupt = StoreError::Corrupt { table: "settlement_bucket", id, column: "day" };
        let day = Day::from_number(day).ok_or(corrupt)?;
        lines.extend(settlement.map(|id| (id, day, u64::try_from(count).unwrap_or(0))));
    }
    lines.extend(again.into_iter().filter_map(|(settlement, line)| Some((settlement?, line.moment().day(), 1))));
    Ok(lines)
}

/// Redemptions by their identities, newest first, each with how far it has come.
pub fn redemptions_by_id(conn: &mut Conn, ids: &[Id]) -> Result<Vec<Redeemed>, StoreError> {
    let mut rows = Vec::new();
    for ids in ids.chunks(super::KEYS) {
        let found = redemption::table
            .left_join(redemption_state::table.on(redemption_state::redemption.eq(redemption::id)))
            .filter(redemption::id.eq_any(ids))
            .select((RedemptionRow::as_select(), Option::<RedemptionStateRow>::as_select()));
        rows.extend(found.load(conn)?);
    }
    let mut found = with_progress(conn, rows)?;
    found.sort_unstable_by_key(|(fact, _)| std::cmp::Reverse(fact.id));
    Ok(found)
}

/// Why some redemptions are held.
pub fn holds_of(conn: &mut Conn, redemptions: &[Id]) -> Result<Vec<LineHold>, StoreError> {
    let mut found = Vec::new();
    for ids in redemptions.chunks(super::KEYS) {
        let rows = line_hold::table.filter(line_hold::redemption.eq_any(ids)).select(LineHoldRow::as_select());
        found.extend(read_all::<LineHoldRow>(rows.load(conn)?)?);
    }
    Ok(found)
}

/// The refused lines of a settlement, newest first.
pub fn line_rejections(conn: &mut Conn, settlement: Id, page: Page) -> Result<Vec<LineRejection>, StoreError> {
    let rows = line_rejection::table
        .filter(line_rejection::settlement.eq(settlement))
        .filter(line_rejection::id.lt(page.before()))
        .order(line_rejection::id.desc())
        .limit(page.limit)
        .select(LineRejectionRow::as_select());
    read_all(rows.load(conn)?)
}

pub fn payment_batch(conn: &mut Conn, id: Id) -> Result<Option<PaymentBatch>, StoreError> {
    let row = payment_batch::table.find(id).select(PaymentBatchRow::as_select()).first(conn).optional()?;
    row.map(PaymentBatchRow::read).transpose()
}

pub fn payment_batches(conn: &mut Conn, page: Page) -> Result<Vec<PaymentBatch>, StoreError> {
    let rows = payment_batch::table.filter(payment_batch::id.lt(page.before())).order(payment_batch::id.desc());
    read_all(rows.limit(page.limit).select(PaymentBatchRow::as_select()).load(conn)?)
}

/// The files of the bank that answered a batch.
pub fn bank_returns(conn: &mut Conn, batch: Id) -> Result<Vec<BankReturn>, StoreError> {
    let rows = bank_return::table.filter(bank_return::batch.eq(batch)).order((bank_return::at, bank_return::id));
    read_all(rows.select(BankReturnRow::as_select()).load(conn)?)
}

/// Rows of reconciliation, of a batch or all, in one state or in any, newest first.
pub fn reconciliation_rows(
    conn: &mut Conn,
    batch: Option<Id>,
    status: Option<ReconciliationStatus>,
    page: Page,
) -> Result<Vec<ReconciliationRow>, StoreError> {
    let mut query = reconciliation_row::table
        .filter(reconciliation_row::id.lt(page.before()))
        .select(ReconciliationRowRow::as_select())
        .into_boxed();
    if let Some(batch) = batch {
        query = query.filter(reconciliation_row::batch.eq(batch));
    }
    if let Some(status) = status {
        query = query.filter(reconciliation_row::status.eq(status.name()));
    }
    read_all(query.order(reconciliation_row::id.desc()).limit(page.limit).load(conn)?)
}

/// What a retailer has repaid, newest first.
pub fn repayments(conn: &mut Conn, retailer: Id, page: Page) -> Result<Vec<Repayment>, StoreError> {
    let rows = repayment::table
        .filter(repayment::retailer.eq(retailer))
        .filter(repayment::id.lt(page.before()))
        .order(repayment::id.desc())
        .limit(page.limit)
        .select(RepaymentRow::as_select());
    read_all(rows.load(conn)?)
}
