//! The rows that a batch leaves behind: facts inserted, states put in place, rollups added to.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::query_dsl::methods::FilterDsl;
use diesel::upsert::excluded;

use super::accounts::over;
use super::{Conn, ROWS};
use crate::domain::command::Passing;
use crate::domain::id::Id;
use crate::domain::personal::DataKey;
use crate::domain::records::Version;
use crate::domain::rollup::{RollupEntry, RollupKey, Tally};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::rows::{
    AccountProposalRow, AccountRow, AdjustmentRow, AdjustmentStateRow, AnomalyRow, AnomalyRulesRow, AnomalyScanRow,
    AssistantUseRow, AssistedClaimRow, AttemptRow, AuditRow, BankReturnRow, BaselineRow, BlockRow, BucketRow,
    CheckpointRow, ClaimRow, CommandRow, DataKeyRow, DisputeRow, EntryRow, EvidenceFileRow, ImportFileRow, LineHoldRow,
    LineRejectionRow, LineRow, MissRow, MovementRow, OffSystemRow, OldItemStepRow, PaymentBatchRow, PersonRow,
    PickupRow, ProductRow, ProgrammeRow, QuotaRow, ReconciliationRowRow, RecyclerRow, RedemptionRow,
    RedemptionStateRow, RefreshTokenRow, ReleaseRow, RepaymentRow, RetailerRow, RevocationRow, RollupRow, Row,
    SessionRow, SettlementRow, StaffRow, StoreRow, TillRow, TurnInRow, VersionRow, VoucherRow, WebhookRow, write_all,
};
use crate::store::saved::{Attempt, ClaimWrite, Saved};
use crate::store::schema;
use crate::store::schema::{attempt, command_log, data_key, programme_version, revocation, rollup, session};

/// Facts: inserted, never changed.
macro_rules! insert {
    ($conn:expr, $row:ty, $records:expr, $table:ident) => {
        for rows in write_all::<$row>($records)?.chunks(ROWS) {
            diesel::insert_into(schema::$table::table).values(rows).execute($conn)?;
        }
    };
}

/// States: put in place of what was there.
macro_rules! upsert {
    ($conn:expr, $row:ty, $records:expr, $table:ident.$key:ident: $($column:ident),+) => {
        for rows in write_all::<$row>($records)?.chunks(ROWS) {
            use crate::store::schema::$table as target;
            diesel::insert_into(target::table)
                .values(rows)
                .on_conflict(target::$key)
                .do_update()
                .set(($(target::$column.eq(excluded(target::$column)),)+))
                .execute($conn)?;
        }
    };
}

/// Writes everything. A key stands at most once in each list of states, or PostgreSQL refuses the statement.
pub fn save(conn: &mut Conn, saved: &Saved) -> Result<(), StoreError> {
    // First, because here others may have been faster.
    claims(conn, &saved.claims)?;
    states(conn, saved)?;
    facts(conn, saved)?;
    rollups(conn, &saved.rollups)?;
    attempts(conn, &saved.attempts)?;
    forget(conn, &saved.forgotten)?;
    saved.head.as_ref().map_or(Ok(()), |head| super::head::write(conn, head))
}

fn states(conn: &mut Conn, saved: &Saved) -> Result<(), StoreError> {
    upsert!(conn, ProgrammeRow, &saved.programmes, programme.id: status, current_version, latest_version);
    upsert!(
        conn, RetailerRow, &saved.retailers, retailer.id:
            name, uscc, divisions, account, contact, standing, programmes, proposal, paying
    );
    upsert!(
        conn, AccountProposalRow, &saved.account_proposals, account_proposal.id:
            status, decided_by, decided_at, reason
    );
    upsert!(conn, StoreRow, &saved.stores, store.id: retailer, name, address, division_code, town, standing);
    upsert!(
        conn, RecyclerRow, &saved.recyclers, recycler.id:
            name, uscc, address, division_code, town, opening_hours, latitude_micro, longitude_micro, categories,
            standing
    );
    upsert!(
        conn, PersonRow, &saved.persons, person.id:
            number_lookup, number_sealed, number_masked, name_lookup, name_sealed, name_masked, restricted_at, erased_at
    );
    upsert!(conn, QuotaRow, &saved.quotas, quota_use.id: person, scope, period, live, issued, lapsed);
    upsert!(
        conn, TurnInRow, &saved.turn_ins, turn_in.id:
            person, owner_name, owner_number, recorder, status, voucher, item, claims, recorded_at, void_reason, category
    );
    upsert!(
        conn, VoucherRow, &saved.vouchers, voucher.id:
            programme, version, category, line, person, division_code, turn_in, status, reserved_fen, issued_at,
            expires_at, redemption, claims, quotas
    );
    upsert!(
        conn, RedemptionStateRow, &saved.redemption_states, redemption_state.redemption:
            status, step, at, reason, rejection, bucket
    );
    upsert!(
        conn, BucketRow, &saved.buckets, settlement_bucket.id:
            retailer, programme, day, settlement, stage, portions, held
    );
    upsert!(conn, AssistantUseRow, &saved.assistant_uses, assistant_use.id: claims);
    upsert!(conn, ReleaseRow, &saved.releases, release_use.id: line, opened_at, issued);
    upsert!(
        conn, LineRow, &saved.lines, ledger_line.id:
            programme, category, appropriation_fen, available_fen, reserved_fen, payable_fen, paid_fen, clawback_fen
    );
    upsert!(
        conn, AccountRow, &saved.accounts, ledger_account.id:
            line, retailer, payable_fen, paid_fen, clawback_fen
    );
    upsert!(
        conn, StaffRow, &saved.staff, account.id:
            role, organisation, store, tasks, name, password, totp, pending_totp, totp_step, must_change, failed,
            locked_at, disabled, open
    );
    upsert!(conn, SessionRow, &saved.sessions, session.id: generation, used_at, idle_at, ended_at, ending);
    upsert!(conn, TillRow, &saved.tills, till.id: device, enrolled_at, revoked_at);
    upsert!(conn, RevocationRow, &saved.revocations, revocation.subject: ended, before_at, at, forget_at);
    settlements(conn, saved)?;
    webhooks(conn, saved)?;
    upsert!(conn, PickupRow, &saved.pickups, pickup.id: status, recycler, turn_in, reason, changed_at);
    anomalies(conn, saved)?;
    data_keys(conn, &saved.data_keys)?;
    versions(conn, &saved.versions)
}

fn settlements(conn: &mut Conn, saved: &Saved) -> Result<(), StoreError> {
    upsert!(
        conn, SettlementRow, &saved.settlements, settlement.id:
            status, submitted_lines, submitted_fen, rejected_lines, rejected_fen, approved_lines, approved_fen,
            recovered_fen, due_day, batch, submitted_at, body
    );
    upsert!(
        conn, AdjustmentStateRow, &saved.adjustment_states, adjustment_state.adjustment:
            status, step, settlement, code, reason, bucket, at
    );
    upsert!(conn, LineHoldRow, &saved.holds, line_hold.redemption: open);
    upsert!(conn, PaymentBatchRow, &saved.payment_batches, payment_batch.id: open);
    upsert!(
        conn, ReconciliationRowRow, &saved.reconciliation_rows, reconciliation_row.id:
            status, answer, note, closed_by, closed_at, asked_by, asked_at
    );
    Ok(())
}

fn webhooks(conn: &mut Conn, saved: &Saved) -> Result<(), StoreError> {
    upsert!(
        conn, WebhookRow, &saved.webhooks, webhook.id:
            serial, overlap_until, status, cursor, tries, retry_at, failing_since, failure, delivered_at, stopped_at,
            reason
    );
    upsert!(conn, MissRow, &saved.misses, webhook_miss.id: failure, tries, again_at, delivered_at);
    Ok(())
}

fn anomalies(conn: &mut Conn, saved: &Saved) -> Result<(), StoreError> {
    upsert!(
        conn, AnomalyRow, &saved.anomalies, anomaly.id:
            holds, status, resolved_by, resolved_at, reason
    );
    upsert!(
        conn, DisputeRow, &saved.disputes, dispute.id:
            status, answer, answered_by, answered_at, outcome, reason, decided_by, decided_at, holds, compensation,
            released
    );
    Ok(())
}

/// A key is made, wrapped anew or destroyed; whose it is stays.
fn data_keys(conn: &mut Conn, keys: &[DataKey]) -> Result<(), StoreError> {
    for rows in write_all::<DataKeyRow>(keys)?.chunks(ROWS) {
        diesel::insert_into(data_key::table)
            .values(rows)
            .on_conflict((data_key::person, data_key::id))
            .do_update()
            .set((
                data_key::wrapped.eq(excluded(data_key::wrapped)),
                data_key::master_kid.eq(excluded(data_key::master_kid)),
                data_key::shredded_at.eq(excluded(data_key::shredded_at)),
            ))
            .execute(conn)?;
    }
    Ok(())
}

fn facts(conn: &mut Conn, saved: &Saved) -> Result<(), StoreError> {
    insert!(conn, RedemptionRow, &saved.redemptions, redemption);
    insert!(conn, AdjustmentRow, &saved.adjustments, adjustment);
    insert!(conn, AssistedClaimRow, &saved.assisted_claims, assisted_claim);
    insert!(conn, MovementRow, &saved.movements, movement);
    insert!(conn, EntryRow, &saved.rollups, rollup_entry);
    insert!(conn, BaselineRow, &saved.baselines, growth_baseline);
    insert!(conn, OffSystemRow, &saved.off_system, off_system_trade_in);
    insert!(conn, RefreshTokenRow, &saved.refresh_tokens, refresh_token);
    insert!(conn, CommandRow, &saved.done, command_log);
    insert!(conn, AuditRow, &saved.audits, audit_record);
    insert!(conn, CheckpointRow, &saved.checkpoints, audit_checkpoint);
    insert!(conn, BlockRow, &saved.blocks, audit_block);
    insert!(conn, ImportFileRow, &saved.imports, import_file);
    insert!(conn, ProductRow, &saved.products, product);
    insert!(conn, EvidenceFileRow, &saved.evidence_files, evidence_file);
    insert!(conn, OldItemStepRow, &saved.old_item_steps, old_item_step);
    insert!(conn, LineRejectionRow, &saved.line_rejections, line_rejection);
    insert!(conn, BankReturnRow, &saved.bank_returns, bank_return);
    insert!(conn, RepaymentRow, &saved.repayments, repayment);
    insert!(conn, AnomalyRulesRow, &saved.anomaly_rules, anomaly_rules);
    insert!(conn, AnomalyScanRow, &saved.anomaly_scans, anomaly_scan);
    Ok(())
}

/// Identities, in the order of their keys: two divisions that want the same ones never wait for each other in a ring.
fn claims(conn: &mut Conn, claims: &[ClaimWrite]) -> Result<(), StoreError> {
    let mut rows: Vec<ClaimRow> = claims.iter().map(ClaimRow::from).collect();
    rows.sort_by_key(|row| (row.hash, row.kind));
    if super::write_claims(conn, &rows)? == rows.len() { Ok(()) } else { Err(StoreError::Contention) }
}

/// A draft may be written anew; a published version stays as it is.
fn versions(conn: &mut Conn, versions: &[Version]) -> Result<(), StoreError> {
    for version in versions {
        let upsert = diesel::insert_into(programme_version::table)
            .values(VersionRow::write(version)?)
            .on_conflict((programme_version::programme, programme_version::number))
            .do_update()
            .set((
                programme_version::body.eq(excluded(programme_version::body)),
                programme_version::published_at.eq(excluded(programme_version::published_at)),
            ));
        FilterDsl::filter(upsert, programme_version::published_at.is_null()).execute(conn)?;
    }
    Ok(())
}

/// Adds to the rollup rows, each key once and in order.
fn rollups(conn: &mut Conn, entries: &[RollupEntry]) -> Result<(), StoreError> {
    let mut sums: BTreeMap<&RollupKey, Tally> = BTreeMap::new();
    for entry in entries {
        let sum = sums.entry(&entry.key).or_default();
        *sum = sum.plus(&entry.tally);
    }
    let rows: Vec<RollupRow> = sums.iter().map(|(key, tally)| RollupRow::new(key, tally)).collect();
    for rows in rows.chunks(ROWS) {
        diesel::insert_into(rollup::table)
            .values(rows)
            .on_conflict(rollup::id)
            .do_update()
            .set((
                rollup::issued.eq(rollup::issued + excluded(rollup::issued)),
                rollup::expired.eq(rollup::expired + excluded(rollup::expired)),
                rollup::cancelled.eq(rollup::cancelled + excluded(rollup::cancelled)),
                rollup::redeemed.eq(rollup::redeemed + excluded(rollup::redeemed)),
                rollup::reversed.eq(rollup::reversed + excluded(rollup::reversed)),
                rollup::completed.eq(rollup::completed + excluded(rollup::completed)),
                rollup::without_old_item.eq(rollup::without_old_item + excluded(rollup::without_old_item)),
                rollup::amount_reserved_fen.eq(rollup::amount_reserved_fen + excluded(rollup::amount_reserved_fen)),
                rollup::amount_redeemed_fen.eq(rollup::amount_redeemed_fen + excluded(rollup::amount_redeemed_fen)),
                rollup::amount_reversed_fen.eq(rollup::amount_reversed_fen + excluded(rollup::amount_reversed_fen)),
                rollup::amount_approved_fen.eq(rollup::amount_approved_fen + excluded(rollup::amount_approved_fen)),
                rollup::amount_paid_fen.eq(rollup::amount_paid_fen + excluded(rollup::amount_paid_fen)),
                rollup::amount_recovered_fen.eq(rollup::amount_recovered_fen + excluded(rollup::amount_recovered_fen)),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// The one place that takes rows away: attempts, the log of commands, sessions that are over and what ended tokens that have
/// expired, each when its time is over. Nothing that the trail, the ledger or a report stands on is among them.
fn forget(conn: &mut Conn, forgotten: &[(Passing, Vec<Id>, Moment)]) -> Result<(), StoreError> {
    for (what, ids, before) in forgotten {
        for ids in ids.chunks(super::KEYS) {
            match what {
                Passing::Attempts => {
                    let old = attempt::id.eq_any(ids).and(attempt::at.lt(before.0));
                    diesel::delete(FilterDsl::filter(attempt::table, old)).execute(conn)?;
                }
                Passing::Commands => {
                    let old = command_log::id.eq_any(ids).and(command_log::at.lt(before.0));
                    diesel::delete(FilterDsl::filter(command_log::table, old)).execute(conn)?;
                }
                Passing::Sessions => {
                    let old = session::id.eq_any(ids).and(over(before.0));
                    diesel::delete(FilterDsl::filter(session::table, old)).execute(conn)?;
                }
                Passing::Revocations => {
                    let old = revocation::subject.eq_any(ids).and(revocation::forget_at.lt(before.0));
                    diesel::delete(FilterDsl::filter(revocation::table, old)).execute(conn)?;
                }
            }
        }
    }
    Ok(())
}

/// Refused commands. A batch may run twice, so one that is there already stays.
fn attempts(conn: &mut Conn, attempts: &[Attempt]) -> Result<(), StoreError> {
    for row in write_all::<AttemptRow>(attempts)? {
        diesel::insert_into(attempt::table).values(row).on_conflict_do_nothing().execute(conn)?;
    }
    Ok(())
}
