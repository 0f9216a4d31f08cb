//! What a batch saves: facts in order, states folded to one row per key, claims with the holder they had before.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::command::{Change, Decision};
use crate::domain::id::Id;
use crate::domain::ledger::account_id;
use crate::domain::personal::DataKey;
use crate::domain::records::ClaimKey;
use crate::domain::state::State;
use crate::store::{ClaimWrite, Saved};

/// Collects the decisions of a batch.
#[derive(Default)]
pub(super) struct Collected {
    pub(super) saved: Saved,
    programmes: BTreeSet<String>,
    versions: BTreeSet<(String, u32)>,
    rows: BTreeMap<Kind, BTreeSet<Id>>,
    claims: BTreeMap<ClaimKey, Option<Id>>,
    data_keys: BTreeMap<(Id, Id), DataKey>,
}

/// States that are keyed by an identity.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Line,
    Account,
    Retailer,
    AccountProposal,
    Store,
    Recycler,
    Person,
    Quota,
    TurnIn,
    Voucher,
    RedemptionState,
    AdjustmentState,
    Bucket,
    AssistantUse,
    Release,
    Staff,
    Session,
    Revocation,
    Anomaly,
    Dispute,
    Settlement,
    Hold,
    PaymentBatch,
    ReconciliationRow,
    Till,
    Pickup,
    Webhook,
    Miss,
}

impl Collected {
    /// Notes what a decision touches. Called before the decision is applied: `state` still has the old holders.
    pub(super) fn note(&mut self, state: &State, decision: &Decision) {
        for change in &decision.changes {
            self.note_change(state, change);
        }
        for movement in &decision.movements {
            self.touch(Kind::Line, movement.line);
            if let Some(retailer) = movement.retailer {
                self.touch(Kind::Account, account_id(movement.line, retailer));
            }
        }
        self.saved.movements.extend(decision.movements.iter().cloned());
        self.saved.rollups.extend(decision.rollups.iter().cloned());
    }

    fn touch(&mut self, kind: Kind, id: Id) {
        self.rows.entry(kind).or_default().insert(id);
    }

    fn note_change(&mut self, state: &State, change: &Change) {
        match change {
            Change::Line(row) => self.touch(Kind::Line, row.id),
            Change::Programme(row) => {
                self.programmes.insert(row.id.clone());
            }
            Change::Version(row) => {
                self.versions.insert((row.programme.clone(), row.number));
            }
            Change::Retailer(row) => self.touch(Kind::Retailer, row.id),
            Change::AccountProposal(row) => self.touch(Kind::AccountProposal, row.id),
            Change::Store(row) => self.touch(Kind::Store, row.id),
            Change::Recycler(row) => self.touch(Kind::Recycler, row.id),
            Change::Person(row) => self.touch(Kind::Person, row.id),
            Change::DataKey(row) => {
                self.data_keys.insert((row.person, row.id), row.clone());
            }
            Change::Quota(row) => self.touch(Kind::Quota, row.id),
            Change::TurnIn(row) => self.touch(Kind::TurnIn, row.id),
            Change::Voucher(row) => self.touch(Kind::Voucher, row.id),
            Change::Redemption(row) => self.saved.redemptions.push(row.as_ref().clone()),
            Change::Adjustment(row) => self.saved.adjustments.push(row.as_ref().clone()),
            Change::RedemptionState(row) => self.touch(Kind::RedemptionState, row.redemption),
            Change::AdjustmentState(row) => self.touch(Kind::AdjustmentState, row.adjustment),
            Change::Bucket(row) => self.touch(Kind::Bucket, row.id),
            Change::Claim { key, .. } => {
                let before = state.claims.peek(key).and_then(|held| held.by);
                self.claims.entry(*key).or_insert(before);
            }
            Change::AssistedClaim(row) => self.saved.assisted_claims.push(row.as_ref().clone()),
            Change::AssistantUse(row) => self.touch(Kind::AssistantUse, row.id),
            Change::Release(row) => self.touch(Kind::Release, row.id),
            Change::Forgotten { what, ids, before } => self.saved.forgotten.push((*what, ids.clone(), *before)),
            Change::Baseline(row) => self.saved.baselines.push(row.clone()),
            Change::OffSystem(row) => self.saved.off_system.push(row.clone()),
            Change::Account(row) => self.touch(Kind::Staff, row.id),
            Change::Session(row) => self.touch(Kind::Session, row.id),
            Change::RefreshToken(row) => self.saved.refresh_tokens.push(row.clone()),
            Change::Revocation(row) => self.touch(Kind::Revocation, row.subject),
            Change::Till(row) => self.touch(Kind::Till, row.id),
            Change::Checkpoint(row) => self.saved.checkpoints.push(row.as_ref().clone()),
            Change::Block(row) => self.saved.blocks.push(row.clone()),
            Change::ImportFile(row) => self.saved.imports.push(row.as_ref().clone()),
            Change::Product(row) => self.saved.products.push(row.as_ref().clone()),
            Change::EvidenceFile(row) => self.saved.evidence_files.push(row.as_ref().clone()),
            Change::OldItemStep(row) => self.saved.old_item_steps.push(row.as_ref().clone()),
            Change::Pickup(row) => self.touch(Kind::Pickup, row.id),
            Change::Settlement(row) => self.touch(Kind::Settlement, row.id),
            Change::LineRejection(row) => self.saved.line_rejections.push(row.as_ref().clone()),
            Change::LineHold(row) => self.touch(Kind::Hold, row.redemption),
            Change::PaymentBatch(row) => self.touch(Kind::PaymentBatch, row.id),
            Change::BankReturn(row) => self.saved.bank_returns.push(row.clone()),
            Change::ReconciliationRow(row) => self.touch(Kind::ReconciliationRow, row.id),
            Change::Repayment(row) => self.saved.repayments.push(row.as_ref().clone()),
            Change::AnomalyRules(row) => self.saved.anomaly_rules.push(row.as_ref().clone()),
            Change::AnomalyScan(row) => self.saved.anomaly_scans.push(row.clone()),
            Change::Anomaly(row) => self.touch(Kind::Anomaly, row.id),
            Change::Dispute(row) => self.touch(Kind::Dispute, row.id),
            Change::Webhook(row) => self.touch(Kind::Webhook, row.id),
            Change::Miss(row) => self.touch(Kind::Miss, row.id),
        }
    }

    /// The rows as they are after the batch, each once, in the order of their keys.
    pub(super) fn finish(self, state: &State) -> Saved {
        let Self { mut saved, programmes, versions, rows, claims, data_keys } = self;
        saved.data_keys = data_keys.into_values().collect();
        saved.programmes = programmes.iter().filter_map(|key| state.programmes.peek(key).cloned()).collect();
        saved.versions =
            versions.iter().filter_map(|key| state.versions.peek(key).map(|row| row.as_ref().clone())).collect();
        saved.claims = claims
            .into_iter()
            .map(|(key, previous)| ClaimWrite {
                key,
                previous,
                holder: state.claims.peek(&key).and_then(|held| held.by),
            })
            .collect();
        for (kind, ids) in rows {
            let ids = ids.iter();
            match kind {
                Kind::Line => saved.lines = ids.filter_map(|id| state.lines.peek(id).cloned()).collect(),
                Kind::Account => saved.accounts = ids.filter_map(|id| state.accounts.peek(id).cloned()).collect(),
                Kind::Retailer => saved.retailers = ids.filter_map(|id| state.retailers.peek(id).cloned()).collect(),
                Kind::AccountProposal => {
                    saved.account_proposals = ids.filter_map(|id| state.account_proposals.peek(id).cloned()).collect();
                }
                Kind::Store => saved.stores = ids.filter_map(|id| state.stores.peek(id).cloned()).collect(),
                Kind::Recycler => saved.recyclers = ids.filter_map(|id| state.recyclers.peek(id).cloned()).collect(),
                Kind::Person => saved.persons = ids.filter_map(|id| state.persons.peek(id).cloned()).collect(),
                Kind::Quota => saved.quotas = ids.filter_map(|id| state.quotas.peek(id).cloned()).collect(),
                Kind::TurnIn => saved.turn_ins = ids.filter_map(|id| state.turn_ins.peek(id).cloned()).collect(),
                Kind::Voucher => saved.vouchers = ids.filter_map(|id| state.vouchers.peek(id).cloned()).collect(),
                Kind::RedemptionState => {
                    saved.redemption_states = ids.filter_map(|id| state.redemption_states.peek(id).cloned()).collect();
                }
                Kind::AdjustmentState => {
                    saved.adjustment_states = ids.filter_map(|id| state.adjustment_states.peek(id).cloned()).collect();
                }
                Kind::Bucket => saved.buckets = ids.filter_map(|id| state.buckets.peek(id).cloned()).collect(),
                Kind::AssistantUse => {
                    saved.assistant_uses = ids.filter_map(|id| state.assistant_uses.peek(id).cloned()).collect();
                }
                Kind::Release => saved.releases = ids.filter_map(|id| state.releases.peek(id).cloned()).collect(),
                Kind::Till => {
                    saved.tills = ids.filter_map(|id| state.tills.peek(id).cloned()).collect();
                    // What a device was goes before what it is now: the table has one till in use per device.
                    saved.tills.sort_by_key(|till| till.revoked_at.is_none());
                }
                Kind::Staff => saved.staff = ids.filter_map(|id| state.staff.peek(id).cloned()).collect(),
                Kind::Session => saved.sessions = ids.filter_map(|id| state.sessions.peek(id).cloned()).collect(),
                Kind::Revocation => {
                    saved.revocations = ids.filter_map(|id| state.revocations.peek(id).cloned()).collect();
                }
                Kind::Settlement => {
                    saved.settlements = ids.filter_map(|id| state.settlements.peek(id).cloned()).collect();
                }
                Kind::Pickup => saved.pickups = ids.filter_map(|id| state.pickups.peek(id).cloned()).collect(),
                Kind::Anomaly => saved.anomalies = ids.filter_map(|id| state.anomalies.peek(id).cloned()).collect(),
                Kind::Dispute => saved.disputes = ids.filter_map(|id| state.disputes.peek(id).cloned()).collect(),
                Kind::Webhook => saved.webhooks = ids.filter_map(|id| state.webhooks.peek(id).cloned()).collect(),
                Kind::Miss => saved.misses = ids.filter_map(|id| state.misses.peek(id).cloned()).collect(),
                Kind::Hold => saved.holds = ids.filter_map(|id| state.holds.peek(id).cloned()).collect(),
                Kind::PaymentBatch => {
                    saved.payment_batches = ids.filter_map(|id| state.payment_batches.peek(id).cloned()).collect();
                }
                Kind::ReconciliationRow => {
                    let rows = ids.filter_map(|id| state.reconciliation_rows.peek(id).cloned());
                    saved.reconciliation_rows = rows.collect();
                }
            }
        }
        saved
    }
}
