//! The rows that a batch asked for: one statement per table and stage, by key.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::Conn;
use crate::domain::id::Id;
use crate::domain::loaded::Loaded;
use crate::domain::pickup::PickupStatus;
use crate::domain::state::{Attempted, Done, Holdings, State};
use crate::domain::time::Day;
use crate::store::error::StoreError;
use crate::store::rows::{
    AccountProposalRow, AccountRow, AdjustmentRow, AdjustmentStateRow, AnomalyRow, AnomalyRulesRow, AnomalyScanRow,
    AssistantUseRow, AttemptRow, AuditRow, BankReturnRow, BucketRow, CheckpointRow, ClaimRow, CommandRow, DataKeyRow,
    DisputeRow, ImportFileRow, LineHoldRow, LineRow, MissRow, OldItemStepRow, PaymentBatchRow, PersonRow, PickupRow,
    ProgrammeRow, QuotaRow, ReconciliationRowRow, RecyclerRow, RedemptionRow, RedemptionStateRow, RefreshTokenRow,
    ReleaseRow, RetailerRow, RevocationRow, Row, SessionRow, SettlementRow, StaffRow, StoreRow, TillRow, TurnInRow,
    VoucherRow, WebhookRow,
};
use crate::store::saved::Attempt;
use crate::store::schema;
use crate::store::versions::Shelf;

/// Rows of a table by their key.
macro_rules! find {
    ($conn:expr, $keys:expr, $table:ident.$key:ident as $row:ty) => {{
        let mut found: Vec<$row> = Vec::new();
        for keys in $keys.chunks(super::KEYS) {
            let rows = schema::$table::table.filter(schema::$table::$key.eq_any(keys));
            found.extend(rows.select(<$row>::as_select()).load($conn)?);
        }
        found
    }};
}

/// Rows of a table, put where they were asked for.
macro_rules! fill {
    ($conn:expr, $loaded:expr, $table:ident.$key:ident as $row:ty) => {{
        let keys = $loaded.take_unloaded();
        for row in find!($conn, keys, $table.$key as $row) {
            put(&mut $loaded, row, |record| record.$key.clone())?;
        }
    }};
}

fn put<K, R>(to: &mut Loaded<K, R::Record>, row: R, key: impl Fn(&R::Record) -> K) -> Result<(), StoreError>
where
    K: Ord + Clone + std::fmt::Debug,
    R: Row,
{
    let record = row.read()?;
    to.put(key(&record), record);
    Ok(())
}

/// Loads every key that was asked for since the last call. A key without a row stays absent.
pub fn load(conn: &mut Conn, state: &mut State, shelf: Shelf<'_>) -> Result<(), StoreError> {
    done(conn, state)?;
    programmes(conn, state, shelf)?;
    fill!(conn, state.retailers, retailer.id as RetailerRow);
    fill!(conn, state.account_proposals, account_proposal.id as AccountProposalRow);
    fill!(conn, state.stores, store.id as StoreRow);
    fill!(conn, state.recyclers, recycler.id as RecyclerRow);
    fill!(conn, state.persons, person.id as PersonRow);
    fill!(conn, state.quotas, quota_use.id as QuotaRow);
    fill!(conn, state.turn_ins, turn_in.id as TurnInRow);
    fill!(conn, state.vouchers, voucher.id as VoucherRow);
    fill!(conn, state.redemptions, redemption.id as RedemptionRow);
    fill!(conn, state.redemption_states, redemption_state.redemption as RedemptionStateRow);
    fill!(conn, state.adjustments, adjustment.id as AdjustmentRow);
    fill!(conn, state.adjustment_states, adjustment_state.adjustment as AdjustmentStateRow);
    fill!(conn, state.buckets, settlement_bucket.id as BucketRow);
    fill!(conn, state.assistant_uses, assistant_use.id as AssistantUseRow);
    fill!(conn, state.releases, release_use.id as ReleaseRow);
    fill!(conn, state.lines, ledger_line.id as LineRow);
    fill!(conn, state.accounts, ledger_account.id as AccountRow);
    fill!(conn, state.staff, account.id as StaffRow);
    fill!(conn, state.sessions, session.id as SessionRow);
    fill!(conn, state.refresh_tokens, refresh_token.id as RefreshTokenRow);
    fill!(conn, state.revocations, revocation.subject as RevocationRow);
    fill!(conn, state.tills, till.id as TillRow);
    fill!(conn, state.records, audit_record.seq as AuditRow);
    fill!(conn, state.checkpoints, audit_checkpoint.number as CheckpointRow);
    fill!(conn, state.imports, import_file.id as ImportFileRow);
    fill!(conn, state.webhooks, webhook.id as WebhookRow);
    fill!(conn, state.misses, webhook_miss.id as MissRow);
    super::webhooks::load_of(conn, state)?;
    super::imports::load_newest(conn, state)?;
    super::imports::load_registrations(conn, state)?;
    fill!(conn, state.settlements, settlement.id as SettlementRow);
    fill!(conn, state.holds, line_hold.redemption as LineHoldRow);
    fill!(conn, state.payment_batches, payment_batch.id as PaymentBatchRow);
    fill!(conn, state.bank_returns, bank_return.id as BankReturnRow);
    fill!(conn, state.reconciliation_rows, reconciliation_row.id as ReconciliationRowRow);
    fill!(conn, state.anomaly_rules, anomaly_rules.id as AnomalyRulesRow);
    fill!(conn, state.anomalies, anomaly.id as AnomalyRow);
    fill!(conn, state.disputes, dispute.id as DisputeRow);
    super::anomalies::load_newest(conn, state)?;
    super::imports::load_products(conn, state)?;
    anomaly_scans(conn, state)?;
    disputes_about(conn, state)?;
    returns_of(conn, state)?;
    attempts(conn, state)?;
    data_keys(conn, state)?;
    devices(conn, state)?;
    holdings(conn, state)?;
    claims(conn, state)?;
    files(conn, state)?;
    later_files(conn, state)?;
    fill!(conn, state.pickups, pickup.id as PickupRow);
    open_pickups(conn, state)?;
    old_item_ends(conn, state)
}

/// What is known of each old item's end that was asked for.
fn old_item_ends(conn: &mut Conn, state: &mut State) -> Result<(), StoreError> {
    let turn_ins = state.old_item_ends.take_unloaded();
    for row in find!(conn, turn_ins, old_item_step.turn_in as OldItemStepRow) {
        let step = row.read()?;
        let mut end = state.old_item_ends.peek(&step.turn_in).cloned().unwrap_or_default();
        let turn_in = step.turn_in;
        end.put(step);
        state.old_item_ends.put(turn_in, end);
    }
    Ok(())
}

/// The open pick-ups of each person that was asked for.
fn open_pickups(conn: &mut Conn, state: &mut State) -> Result<(), StoreError> {
    let open = [PickupStatus::Requested.name(), PickupStatus::Accepted.name()];
    for person in state.open_pickups.take_unloaded() {
        let of = schema::pickup::table.filter(schema::pickup::person.eq(person));
        let found: Vec<Id> = of.filter(schema::pickup::status.eq_any(open)).select(schema::pickup::id).load(conn)?;
        state.open_pickups.put(person, BTreeSet::from_iter(found));
    }
    Ok(())
}

/// The digests of all files about each record that was asked for.
fn files(conn: &mut Conn, state: &mut State) -> Result<(), StoreError> {
    for subject in state.files.take_unloaded() {
        let of = schema::evidence_file::table.filter(schema::evidence_file::subject.eq(subject));
        let digests: Vec<String> = of.select(schema::evidence_file::sha256).load(conn)?;
        state.files.put(subject, BTreeSet::from_iter(digests));
    }
    Ok(())
}

/// The files that were handed in after each moment that was asked for: those of the seconds since somebody read.
fn later_files(conn: &mut Conn, state: &mut State) -> Result<(), StoreError> {
    for seen in state.later_files.take_unloaded() {
        let later = super::evidence_files::handed_in_after(conn, seen)?;
        state.later_files.put(seen, BTreeSet::from_iter(later));
    }
    Ok(())
}

/// Days are kept as numbers.
fn anomaly_scans(conn: &mut Conn, state: &mut State) -> Result<(), StoreError> {
    let days: Vec<i32> = state.anomaly_scans.take_unloaded().into_iter().map(Day::number).collect();
    for row in find!(conn, days, anomaly_scan.day as AnomalyScanRow) {
        put(&mut state.anomaly_scans, row, |scan| scan.day)?;
    }
    Ok(())
}

/// The disputes about each thing that was asked for; a handful at most.
fn disputes_about(conn: &mut Conn, state: &mut State) -> Result<(), StoreError> {
    for subject in state.disputes_about.take_unloaded() {
        let about = schema::dispute::table.filter(schema::dispute::subject.eq(subject));
        let ids: Vec<Id> = about.select(schema::dispute::id).load(conn)?;
        state.disputes_about.put(subject, ids.into_iter().collect());
    }
    Ok(())
}

fn returns_of(conn: &mut Conn, state: &mut State) -> Result<(), StoreError> {
    let batches = state.returns_of.take_unloaded();
    for BankReturnRow { batch, id, .. } in find!(conn, batches, bank_return.batch as BankReturnRow) {
        let mut known = state.returns_of.peek(&batch).cloned().unwrap_or_default();
        known.insert(id);
        state.returns_of.put(batch, known);
    }
    Ok(())
}

fn attempts(conn: &mut Conn, state: &mut State) -> Result<(), StoreError> {
    let keys = state.attempts.take_unloaded();
    for row in find!(conn, keys, attempt.id as AttemptRow) {
        let Attempt { id, actor, subject, codes, .. } = row.read()?;
        state.attempts.put(id, Attempted { id, actor, subject, codes });
    }
    Ok(())
}

/// Which vouchers and turn-ins there are of each person that was asked for.
fn holdings(conn: &mut Conn, state: &mut State) -> Result<(), StoreError> {
    for person in state.holdings.take_unloaded() {
        let of = schema::voucher::table.filter(schema::voucher::person.eq(person));
        let vouchers: Vec<Id> = of.select(schema::voucher::id).load(conn)?;
        let of = schema::turn_in::table.filter(schema::turn_in::person.eq(person));
        let turn_ins: Vec<Id> = of.select(schema::turn_in::id).load(conn)?;
        let holdings = Holdings { vouchers: vouchers.into_iter().collect(), turn_ins: turn_ins.into_iter().collect() };
        state.holdings.put(person, holdings);
    }
    Ok(())
}

/// The till that each device is.
fn devices(conn: &mut Conn, state: &mut State) -> Result<(), StoreError> {
    for device in state.devices.take_unloaded() {
        let in_use =
            schema::till::table.filter(schema::till::device.eq(device)).filter(schema::till::revoked_at.is_null());
        if let Some(till) = in_use.select(schema::till::id).first(conn).optional()? {
            state.devices.put(device, till);
        }
    }
    Ok(())
}

/// All keys of each person that was asked for.
fn data_keys(conn: &mut Conn, state: &mut State) -> Result<(), StoreError> {
    let persons = state.data_keys.take_unloaded();
    for row in find!(conn, persons, data_key.person as DataKeyRow) {
        let key = row.read()?;
        let mut keys = state.data_keys.peek(&key.person).cloned().unwrap_or_default();
        let person = key.person;
        keys.push(key);
        state.data_keys.put(person, keys);
    }
    Ok(())
}

fn done(conn: &mut Conn, state: &mut State) -> Result<(), StoreError> {
    let keys = state.done.take_unloaded();
    for row in find!(conn, keys, command_log.id as CommandRow) {
        let row = row.read()?;
        state.done.put(row.id, Done { fingerprint: row.fingerprint, outcome: row.outcome });
    }
    Ok(())
}

/// Programmes, and with each the version in force and the newest one.
fn programmes(conn: &mut Conn, state: &mut State, shelf: Shelf<'_>) -> Result<(), StoreError> {
    let keys = state.programmes.take_unloaded();
    for row in find!(conn, keys, programme.id as ProgrammeRow) {
        let programme = row.read()?;
        for number in [programme.current, programme.latest] {
            if number > 0 {
                state.versions.ask((programme.id.clone(), number));
            }
        }
        state.programmes.put(programme.id.clone(), programme);
    }
    for key in state.versions.take_unloaded() {
        if let Some(version) = super::versions::one(conn, shelf, &key)? {
            state.versions.put(key, version);
        }
    }
    Ok(())
}

/// Identities go by their digest, with which the index begins; that two kinds share one is next to impossible.
fn claims(conn: &mut Conn, state: &mut State) -> Result<(), StoreError> {
    let hashes: Vec<Id> = state.claims.take_unloaded().iter().map(|key| key.hash).collect();
    for row in find!(conn, hashes, claim.hash as ClaimRow) {
        let (key, held) = row.read()?;
        if state.claims.asked(&key) {
            state.claims.put(key, held);
        }
    }
    Ok(())
}
