//! The trail, and what was refused.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde_json::Value;

use super::Conn;
use crate::domain::audit::AuditRecord;
use crate::domain::checkpoint::{Block, Checkpoint};
use crate::domain::id::Id;
use crate::domain::ledger::Movement;
use crate::store::error::StoreError;
use crate::store::rows::{
    AccountProposalRow, AdjustmentRow, AdjustmentStateRow, AnomalyRow, AnomalyRulesRow, AssistedClaimRow, AttemptRow,
    AuditRow, BankReturnRow, BaselineRow, BlockRow, CheckpointRow, DisputeRow, EvidenceFileRow, ImportFileRow,
    LineHoldRow, LineRejectionRow, MovementRow, OffSystemRow, OldItemStepRow, PaymentBatchRow, PickupRow,
    ReconciliationRowRow, RedemptionRow, RedemptionStateRow, RepaymentRow, Row, SettlementRow, read_all,
};
use crate::store::saved::Attempt;
use crate::store::schema::{
    account_proposal, adjustment, adjustment_state, anomaly, anomaly_rules, assisted_claim, attempt, audit_block,
    audit_checkpoint, audit_record, bank_return, dispute, evidence_file, growth_baseline, import_file, line_hold,
    line_rejection, movement, off_system_trade_in, old_item_step, payment_batch, pickup, reconciliation_row,
    redemption, redemption_state, repayment, settlement,
};
use crate::store::tx::Page;

/// Newest first, for a screen.
pub fn before(conn: &mut Conn, seq: Option<i64>, limit: i64) -> Result<Vec<AuditRecord>, StoreError> {
    let older = audit_record::table.filter(audit_record::seq.lt(seq.unwrap_or(i64::MAX)));
    read_all::<AuditRow>(older.order(audit_record::seq.desc()).limit(limit).select(AuditRow::as_select()).load(conn)?)
}

/// In order, for whoever follows the chain.
pub fn after(conn: &mut Conn, seq: i64, limit: i64) -> Result<Vec<AuditRecord>, StoreError> {
    let newer = audit_record::table.filter(audit_record::seq.gt(seq));
    read_all::<AuditRow>(newer.order(audit_record::seq).limit(limit).select(AuditRow::as_select()).load(conn)?)
}

/// One record.
pub fn record(conn: &mut Conn, seq: i64) -> Result<Option<AuditRecord>, StoreError> {
    audit_record::table.find(seq).select(AuditRow::as_select()).first(conn).optional()?.map(AuditRow::read).transpose()
}

/// Numbers and hashes in order, for whoever needs no more of the records.
pub fn hashes(conn: &mut Conn, seq: i64, limit: i64) -> Result<Vec<(i64, String)>, StoreError> {
    let newer = audit_record::table.filter(audit_record::seq.gt(seq)).order(audit_record::seq).limit(limit);
    Ok(newer.select((audit_record::seq, audit_record::hash)).load(conn)?)
}

/// The number of the first record at a time or later; the number after the newest when there is none. The records of one
/// batch have one time and times never go back, so halving finds it without an index.
pub fn first_at(conn: &mut Conn, at: i64) -> Result<i64, StoreError> {
    let newest = audit_record::table.select(diesel::dsl::max(audit_record::seq)).first::<Option<i64>>(conn)?;
    let (mut low, mut high) = (1, newest.unwrap_or(0) + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let found = audit_record::table.find(middle).select(audit_record::at).first::<i64>(conn).optional()?;
        // A record that is missing is found by `audit verify`, and nothing is to be had from it here.
        if found.is_some_and(|found| found < at) { low = middle + 1 } else { high = middle }
    }
    Ok(low)
}

/// Records about some subjects, in order.
pub fn about(conn: &mut Conn, subjects: &[String], limit: i64) -> Result<Vec<AuditRecord>, StoreError> {
    let about = audit_record::table.filter(audit_record::subject.eq_any(subjects));
    read_all::<AuditRow>(about.order(audit_record::seq).limit(limit).select(AuditRow::as_select()).load(conn)?)
}

/// The newest record about a subject.
pub fn newest_about(conn: &mut Conn, subject: &str) -> Result<Option<AuditRecord>, StoreError> {
    let about = audit_record::table.filter(audit_record::subject.eq(subject)).order(audit_record::seq.desc());
    about.select(AuditRow::as_select()).first(conn).optional()?.map(AuditRow::read).transpose()
}

/// The newest checkpoint.
pub fn newest_checkpoint(conn: &mut Conn) -> Result<Option<Checkpoint>, StoreError> {
    let newest = audit_checkpoint::table.order(audit_checkpoint::number.desc()).select(CheckpointRow::as_select());
    newest.first(conn).optional()?.map(CheckpointRow::read).transpose()
}

/// A checkpoint by its number.
pub fn checkpoint(conn: &mut Conn, number: i64) -> Result<Option<Checkpoint>, StoreError> {
    let found = audit_checkpoint::table.filter(audit_checkpoint::number.eq(number)).select(CheckpointRow::as_select());
    found.first(conn).optional()?.map(CheckpointRow::read).transpose()
}

/// The first checkpoint over at least so many records.
pub fn checkpoint_over(conn: &mut Conn, size: i64) -> Result<Option<Checkpoint>, StoreError> {
    let over = audit_checkpoint::table.filter(audit_checkpoint::size.ge(size)).order(audit_checkpoint::size);
    over.select(CheckpointRow::as_select()).first(conn).optional()?.map(CheckpointRow::read).transpose()
}

/// The newest checkpoint over at most so many records.
pub fn checkpoint_within(conn: &mut Conn, size: i64) -> Result<Option<Checkpoint>, StoreError> {
    let within = audit_checkpoint::table.filter(audit_checkpoint::size.le(size)).order(audit_checkpoint::size.desc());
    within.select(CheckpointRow::as_select()).first(conn).optional()?.map(CheckpointRow::read).transpose()
}

/// Movements by their identities, in order.
pub fn movements(conn: &mut Conn, ids: &[Id]) -> Result<Vec<Movement>, StoreError> {
    let found = movement::table.filter(movement::id.eq_any(ids)).order(movement::id);
    read_all::<MovementRow>(found.select(MovementRow::as_select()).load(conn)?)
}

/// Rows of a table whose digests the trail has, as the values that were digested. A table that has none gives nothing.
pub fn fact_rows(conn: &mut Conn, table: &str, ids: &[Id]) -> Result<BTreeMap<Id, Value>, StoreError> {
    macro_rules! rows {
        ($table:ident.$key:ident as $row:ty) => {{
            let mut found = BTreeMap::new();
            for ids in ids.chunks(super::KEYS) {
                let rows: Vec<$row> =
                    $table::table.filter($table::$key.eq_any(ids)).select(<$row>::as_select()).load(conn)?;
                for row in rows {
                    found.insert(
                        row.$key,
                        serde_json::to_value(&row).map_err(|why| StoreError::Other(why.to_string()))?,
                    );
                }
            }
            found
        }};
    }
    Ok(match table {
        "movement" => rows!(movement.id as MovementRow),
        "redemption" => rows!(redemption.id as RedemptionRow),
        "redemption_state" => rows!(redemption_state.redemption as RedemptionStateRow),
        "adjustment" => rows!(adjustment.id as AdjustmentRow),
        "adjustment_state" => rows!(adjustment_state.adjustment as AdjustmentStateRow),
        "assisted_claim" => rows!(assisted_claim.voucher as AssistedClaimRow),
        "account_proposal" => rows!(account_proposal.id as AccountProposalRow),
        "growth_baseline" => rows!(growth_baseline.id as BaselineRow),
        "off_system_trade_in" => rows!(off_system_trade_in.id as OffSystemRow),
        "settlement" => rows!(settlement.id as SettlementRow),
        "line_rejection" => rows!(line_rejection.id as LineRejectionRow),
        "line_hold" => rows!(line_hold.redemption as LineHoldRow),
        "payment_batch" => rows!(payment_batch.id as PaymentBatchRow),
        "bank_return" => rows!(bank_return.id as BankReturnRow),
        "reconciliation_row" => rows!(reconciliation_row.id as ReconciliationRowRow),
        "repayment" => rows!(repayment.id as RepaymentRow),
        "anomaly_rules" => rows!(anomaly_rules.id as AnomalyRulesRow),
        "anomaly" => rows!(anomaly.id as AnomalyRow),
        "dispute" => rows!(dispute.id as DisputeRow),
        "audit_checkpoint" => rows!(audit_checkpoint.id as CheckpointRow),
        "import_file" => rows!(import_file.id as ImportFileRow),
        "evidence_file" => rows!(evidence_file.id as EvidenceFileRow),
        "old_item_step" => rows!(old_item_step.id as OldItemStepRow),
        "pickup" => rows!(pickup.id as PickupRow),
        _ => BTreeMap::new(),
    })
}

/// Checkpoints, newest first, below a number.
pub fn checkpoints(conn: &mut Conn, before: Option<i64>, limit: i64) -> Result<Vec<Checkpoint>, StoreError> {
    let older = audit_checkpoint::table.filter(audit_checkpoint::number.lt(before.unwrap_or(i64::MAX)));
    let page = older.order(audit_checkpoint::number.desc()).limit(limit).select(CheckpointRow::as_select());
    read_all::<CheckpointRow>(page.load(conn)?)
}

/// Roots over full blocks, from one on and before another, in order.
pub fn blocks(conn: &mut Conn, from: i64, before: i64) -> Result<Vec<Block>, StoreError> {
    let range = audit_block::table.filter(audit_block::number.ge(from)).filter(audit_block::number.lt(before));
    read_all::<BlockRow>(range.order(audit_block::number).select(BlockRow::as_select()).load(conn)?)
}

pub fn attempts(conn: &mut Conn, page: Page) -> Result<Vec<Attempt>, StoreError> {
    let older = attempt::table.filter(attempt::id.lt(page.before())).select(AttemptRow::as_select());
    read_all(older.order(attempt::id.desc()).limit(page.limit).load(conn)?)
}
