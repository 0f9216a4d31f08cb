//! Digests of rows that may not change behind the trail's back, made and checked by the same function.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::rows::{
    AccountProposalRow, AdjustmentRow, AdjustmentStateRow, AnomalyRow, AnomalyRulesRow, AssistedClaimRow,
    BankReturnRow, BaselineRow, CheckpointRow, DisputeRow, EvidenceFileRow, ImportFileRow, LineHoldRow,
    LineRejectionRow, MovementRow, OffSystemRow, OldItemStepRow, PaymentBatchRow, PickupRow, ReconciliationRowRow,
    RedemptionRow, RedemptionStateRow, RepaymentRow, Row, SettlementRow,
};
use crate::domain::audit::Fact;
use crate::domain::command::{Change, Decision};
use crate::domain::id::Id;

/// The digests of a decision's redemptions, states of redemptions, adjustments and their states, claims of assistants, changes of bank
/// accounts, settlements and what happens to them, anomalies with their rules, disputes, checkpoints, figures entered by
/// hand, evidence files, ends of old items, pick-ups, files that were taken, and movements, in the order in which they stand there.
///
/// A record that no row can hold gets an empty digest; saving it fails with the reason.
#[must_use]
pub fn digests(decision: &Decision) -> Vec<Fact> {
    let changes = decision.changes.iter().filter_map(|change| match change {
        Change::Redemption(record) => Some(fact::<RedemptionRow>("redemption", record.id, record)),
        Change::RedemptionState(record) => {
            Some(fact::<RedemptionStateRow>("redemption_state", record.redemption, record))
        }
        Change::Baseline(record) => Some(fact::<BaselineRow>("growth_baseline", record.id, record)),
        Change::OffSystem(record) => Some(fact::<OffSystemRow>("off_system_trade_in", record.id, record)),
        Change::Checkpoint(record) => Some(fact::<CheckpointRow>("audit_checkpoint", record.id, record)),
        Change::Adjustment(record) => Some(fact::<AdjustmentRow>("adjustment", record.id, record)),
        Change::AdjustmentState(record) => {
            Some(fact::<AdjustmentStateRow>("adjustment_state", record.adjustment, record))
        }
        Change::ImportFile(record) => Some(fact::<ImportFileRow>("import_file", record.id, record)),
        Change::EvidenceFile(record) => Some(fact::<EvidenceFileRow>("evidence_file", record.id, record)),
        Change::OldItemStep(record) => Some(fact::<OldItemStepRow>("old_item_step", record.id, record)),
        Change::Pickup(record) => Some(fact::<PickupRow>("pickup", record.id, record)),
        Change::Settlement(record) => Some(fact::<SettlementRow>("settlement", record.id, record)),
        Change::LineRejection(record) => Some(fact::<LineRejectionRow>("line_rejection", record.id, record)),
        Change::LineHold(record) => Some(fact::<LineHoldRow>("line_hold", record.redemption, record)),
        Change::PaymentBatch(record) => Some(fact::<PaymentBatchRow>("payment_batch", record.id, record)),
        Change::BankReturn(record) => Some(fact::<BankReturnRow>("bank_return", record.id, record)),
        Change::ReconciliationRow(record) => {
            Some(fact::<ReconciliationRowRow>("reconciliation_row", record.id, record))
        }
        Change::Repayment(record) => Some(fact::<RepaymentRow>("repayment", record.id, record)),
        Change::AssistedClaim(record) => Some(fact::<AssistedClaimRow>("assisted_claim", record.voucher, record)),
        Change::AnomalyRules(record) => Some(fact::<AnomalyRulesRow>("anomaly_rules", record.id, record)),
        Change::Anomaly(record) => Some(fact::<AnomalyRow>("anomaly", record.id, record)),
        Change::Dispute(record) => Some(fact::<DisputeRow>("dispute", record.id, record)),
        Change::AccountProposal(record) => Some(fact::<AccountProposalRow>("account_proposal", record.id, record)),
        _ => None,
    });
    let movements = decision.movements.iter().map(|record| fact::<MovementRow>("movement", record.id, record));
    changes.chain(movements).collect()
}

fn fact<R: Row + Serialize>(table: &'static str, id: Id, record: &R::Record) -> Fact {
    Fact { table, id, digest: R::write(record).map(|row| of(&row)).unwrap_or_default() }
}

/// SHA-256, in lower-case hexadecimal, over a row's canonical JSON: all columns by name in alphabetical order,
/// identities as text, nested values as the text that is stored.
pub fn of<R: Serialize>(row: &R) -> String {
    // A value of serde_json keeps the keys of an object sorted; row structs have their columns as fields.
    serde_json::to_value(row).map(|value| hex::encode(Sha256::digest(value.to_string()))).unwrap_or_default()
}
