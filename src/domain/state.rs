//! The rows that a batch has asked for, and how a decision changes them for the commands that follow.

use std::collections::BTreeSet;

use super::account::{Account, RefreshToken, Revocation, Session, Till};
use super::adjustment::{Adjustment, AdjustmentState};
use super::anomaly::{Anomaly, RulesEntry, ScanDay};
use super::audit::AuditRecord;
use super::checkpoint::Checkpoint;
use super::command::{Change, Decision, Stop};
use super::dispute::Dispute;
use super::evidence_file::EvidenceFile;
use super::id::Id;
use super::import::{ImportFile, ImportTable, Registration};
use super::inventory::Hashed;
use super::ledger::{LedgerAccount, LedgerLine, Movement, account_id};
use super::loaded::Loaded;
use super::money::Fen;
use super::old_item_end::{OldItemEnd, OldItemStep};
use super::personal::DataKey;
use super::pickup::Pickup;
use super::product::Product;
use super::records::{
    AccountProposal, AssistantUse, ClaimKey, Person, Programme, QuotaUse, Recycler, Redemption, RedemptionState,
    ReleaseUse, Retailer, Store, TurnIn, Version, Voucher,
};
use super::settlement::{BankReturn, Bucket, LineHold, PaymentBatch, ReconciliationRow, Settlement};
use super::time::{Day, Moment};
use super::webhook::{Miss, Webhook, WebhookStatus};

/// A command that was done before.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// Digest of what was meant.
    pub fingerprint: Id,
    /// What was answered.
    pub outcome: super::command::Outcome,
}

/// A command that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempted {
    /// Identity.
    pub id: Id,
    /// Who asked.
    pub actor: Id,
    /// About what, such as a voucher.
    pub subject: String,
    /// Every code of the refusal, the most urgent first.
    pub codes: Vec<String>,
}

/// Who holds an identity that counts once; nobody when it was freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The holder: a turn-in or a redemption.
    pub by: Option<Id>,
}

/// Which records there are of a person; in one order, whether they were loaded or came with earlier commands of the batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Vouchers.
    pub vouchers: BTreeSet<Id>,
    /// Old items that were handed in.
    pub turn_ins: BTreeSet<Id>,
}

/// Everything that `decide` may look at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Commands done before, by command id.
    pub done: Loaded<Id, Done>,
    /// Programmes; asking for one also loads its current and its newest version.
    pub programmes: Loaded<String, Programme>,
    /// Versions by programme and number.
    pub versions: Loaded<(String, u32), std::sync::Arc<Version>>,
    /// Ledger lines.
    pub lines: Loaded<Id, LedgerLine>,
    /// Retailers' accounts on lines.
    pub accounts: Loaded<Id, LedgerAccount>,
    /// Retailers.
    pub retailers: Loaded<Id, Retailer>,
    /// Changes of retailers' bank accounts.
    pub account_proposals: Loaded<Id, AccountProposal>,
    /// Stores.
    pub stores: Loaded<Id, Store>,
    /// Recyclers.
    pub recyclers: Loaded<Id, Recycler>,
    /// Persons.
    pub persons: Loaded<Id, Person>,
    /// What else there is of a person.
    pub holdings: Loaded<Id, Holdings>,
    /// All data keys of a person, or of the division.
    pub data_keys: Loaded<Id, Vec<DataKey>>,
    /// Quotas.
    pub quotas: Loaded<Id, QuotaUse>,
    /// Turn-ins.
    pub turn_ins: Loaded<Id, TurnIn>,
    /// Vouchers.
    pub vouchers: Loaded<Id, Voucher>,
    /// Redemptions.
    pub redemptions: Loaded<Id, Redemption>,
    /// States of redemptions that are no longer `recorded`.
    pub redemption_states: Loaded<Id, RedemptionState>,
    /// Adjustments of redemptions.
    pub adjustments: Loaded<Id, Adjustment>,
    /// States of adjustments that were refused by themselves.
    pub adjustment_states: Loaded<Id, AdjustmentState>,
    /// Settlement buckets.
    pub buckets: Loaded<Id, Bucket>,
    /// Identities that count once.
    pub claims: Loaded<ClaimKey, Held>,
    /// Assistants' days.
    pub assistant_uses: Loaded<Id, AssistantUse>,
    /// Releases.
    pub releases: Loaded<Id, ReleaseUse>,
    /// Accounts of staff.
    pub staff: Loaded<Id, Account>,
    /// Sessions.
    pub sessions: Loaded<Id, Session>,
    /// Refresh tokens.
    pub refresh_tokens: Loaded<Id, RefreshToken>,
    /// What ends tokens.
    pub revocations: Loaded<Id, Revocation>,
    /// Tills.
    pub tills: Loaded<Id, Till>,
    /// The till that a device is, or was until an earlier command of the batch took it out of use.
    pub devices: Loaded<Id, Id>,
    /// Records of the trail, by number.
    pub records: Loaded<i64, AuditRecord>,
    /// Checkpoints of the trail, by number.
    pub checkpoints: Loaded<i64, Checkpoint>,
    /// Files that were taken.
    pub imports: Loaded<Id, ImportFile>,
    /// The newest file of a table.
    pub newest_imports: Loaded<ImportTable, ImportFile>,
    /// Who has registered something that is registered once.
    pub registrations: Loaded<Registration, BTreeSet<Id>>,
    /// The digests of all files about a record.
    pub files: Loaded<Id, BTreeSet<String>>,
    /// The files that were handed in after a moment, about any record.
    pub later_files: Loaded<Moment, BTreeSet<Hashed>>,
    /// How far old items have come, by turn-in.
    pub old_item_ends: Loaded<Id, OldItemEnd>,
    /// Pick-ups.
    pub pickups: Loaded<Id, Pickup>,
    /// The pick-ups of a person that are open.
    pub open_pickups: Loaded<Id, BTreeSet<Id>>,
    /// Settlements.
    pub settlements: Loaded<Id, Settlement>,
    /// Why lines are held, by redemption.
    pub holds: Loaded<Id, LineHold>,
    /// Files for the bank.
    pub payment_batches: Loaded<Id, PaymentBatch>,
    /// Files of the bank.
    pub bank_returns: Loaded<Id, BankReturn>,
    /// Rows of reconciliation.
    pub reconciliation_rows: Loaded<Id, ReconciliationRow>,
    /// Versions of the anomaly rules.
    pub anomaly_rules: Loaded<Id, RulesEntry>,
    /// The newest of them.
    pub newest_rules: Loaded<(), RulesEntry>,
    /// The entries of the product list that count, by trade item number.
    pub products: Loaded<String, Product>,
    /// Anomalies.
    pub anomalies: Loaded<Id, Anomaly>,
    /// Days that were scanned for them.
    pub anomaly_scans: Loaded<Day, ScanDay>,
    /// Disputes.
    pub disputes: Loaded<Id, Dispute>,
    /// The disputes about a refusal or redemption that are not decided.
    pub disputes_about: Loaded<Id, BTreeSet<Id>>,
    /// The bank's files about a batch.
    pub returns_of: Loaded<Id, BTreeSet<Id>>,
    /// Refused commands.
    pub attempts: Loaded<Id, Attempted>,
    /// Webhooks.
    pub webhooks: Loaded<Id, Webhook>,
    /// The webhooks that a retailer has.
    pub webhooks_of: Loaded<Id, BTreeSet<Id>>,
    /// Events that webhooks missed.
    pub misses: Loaded<Id, Miss>,
}

impl State {
    /// Applies a decision, so that a later command of the batch sees it. The caller has asked [`State::can_apply`].
    pub fn apply(&mut self, decision: &Decision) {
        for change in &decision.changes {
            self.apply_change(change);
        }
        for movement in &decision.movements {
            self.apply_movement(movement);
        }
    }

    /// Whether every movement's line and account was asked for, so that applying cannot stop half way.
    ///
    /// # Errors
    /// [`Stop::NotLoaded`] when one was not.
    pub fn can_apply(&self, decision: &Decision) -> Result<(), Stop> {
        for movement in &decision.movements {
            let opened =
                decision.changes.iter().any(|change| matches!(change, Change::Line(row) if row.id == movement.line));
            if !opened && self.lines.get(&movement.line)?.is_none() {
                return Err(Stop::NotLoaded(format!("line {}", movement.line)));
            }
            if let Some(retailer) = movement.retailer {
                self.accounts.get(&account_id(movement.line, retailer))?;
            }
        }
        Ok(())
    }

    /// Whether a row was asked for since the last load.
    #[must_use]
    pub fn has_unloaded(&self) -> bool {
        self.done.has_unloaded()
            || self.programmes.has_unloaded()
            || self.versions.has_unloaded()
            || self.lines.has_unloaded()
            || self.accounts.has_unloaded()
            || self.retailers.has_unloaded()
            || self.account_proposals.has_unloaded()
            || self.stores.has_unloaded()
            || self.recyclers.has_unloaded()
            || self.persons.has_unloaded()
            || self.data_keys.has_unloaded()
            || self.holdings.has_unloaded()
            || self.quotas.has_unloaded()
            || self.turn_ins.has_unloaded()
            || self.vouchers.has_unloaded()
            || self.redemptions.has_unloaded()
            || self.redemption_states.has_unloaded()
            || self.adjustments.has_unloaded()
            || self.adjustment_states.has_unloaded()
            || self.buckets.has_unloaded()
            || self.claims.has_unloaded()
            || self.assistant_uses.has_unloaded()
            || self.releases.has_unloaded()
            || self.staff.has_unloaded()
            || self.sessions.has_unloaded()
            || self.refresh_tokens.has_unloaded()
            || self.revocations.has_unloaded()
            || self.tills.has_unloaded()
            || self.devices.has_unloaded()
            || self.records.has_unloaded()
            || self.checkpoints.has_unloaded()
            || self.imports.has_unloaded()
            || self.newest_imports.has_unloaded()
            || self.registrations.has_unloaded()
            || self.files.has_unloaded()
            || self.later_files.has_unloaded()
            || self.old_item_ends.has_unloaded()
            || self.pickups.has_unloaded()
            || self.open_pickups.has_unloaded()
            || self.settlements.has_unloaded()
            || self.holds.has_unloaded()
            || self.payment_batches.has_unloaded()
            || self.bank_returns.has_unloaded()
            || self.reconciliation_rows.has_unloaded()
            || self.anomaly_rules.has_unloaded()
            || self.newest_rules.has_unloaded()
            || self.products.has_unloaded()
            || self.anomalies.has_unloaded()
            || self.anomaly_scans.has_unloaded()
            || self.disputes.has_unloaded()
            || self.disputes_about.has_unloaded()
            || self.returns_of.has_unloaded()
            || self.attempts.has_unloaded()
            || self.webhooks.has_unloaded()
            || self.webhooks_of.has_unloaded()
            || self.misses.has_unloaded()
    }

    fn apply_movement(&mut self, movement: &Movement) {
        let Movement { line, retailer, deltas, .. } = movement;
        if let Some(mut row) = self.lines.peek(line).cloned() {
            row.balances = row.balances.plus(deltas);
            self.lines.put(row.id, row);
        }
        if let Some(retailer) = *retailer {
            let id = account_id(*line, retailer);
            let zero = Fen::ZERO;
            let empty = LedgerAccount { id, line: *line, retailer, payable: zero, paid: zero, clawback: zero };
            let mut account = self.accounts.peek(&id).cloned().unwrap_or(empty);
            account.payable += deltas.payable;
            account.paid += deltas.paid;
            account.clawback += deltas.clawback;
            self.accounts.put(id, account);
        }
    }

    /// Where nobody asked for the person's keys, nobody looks at them: one key alone would pass for all of them.
    fn put_data_key(&mut self, row: DataKey) {
        if !self.data_keys.asked(&row.person) {
            return;
        }
        let mut keys = self.data_keys.peek(&row.person).cloned().unwrap_or_default();
        let person = row.person;
        match keys.iter_mut().find(|key| key.id == row.id) {
            Some(there) => *there = row,
            None => keys.push(row),
        }
        self.data_keys.put(person, keys);
    }

    /// As for data keys: only where somebody asked for all of them.
    fn note_holding(&mut self, person: Id, id: Id, list: impl Fn(&mut Holdings) -> &mut BTreeSet<Id>) {
        if !self.holdings.asked(&person) {
            return;
        }
        let mut holdings = self.holdings.peek(&person).cloned().unwrap_or_default();
        if list(&mut holdings).insert(id) {
            self.holdings.put(person, holdings);
        }
    }

    /// Only where somebody asked who it is.
    fn note_registration(&mut self, key: Registration, id: Id) {
        if !self.registrations.asked(&key) {
            return;
        }
        let mut ids = self.registrations.peek(&key).cloned().unwrap_or_default();
        ids.insert(id);
        self.registrations.put(key, ids);
    }

    /// As for data keys.
    fn note_file(&mut self, EvidenceFile { subject, sha256, at, .. }: EvidenceFile) {
        if self.files.asked(&subject) {
            let mut files = self.files.peek(&subject).cloned().unwrap_or_default();
            files.insert(sha256.clone());
            self.files.put(subject, files);
        }
        let before: Vec<Moment> = self.later_files.keys().copied().filter(|seen| *seen < at).collect();
        for seen in before {
            let mut later = self.later_files.peek(&seen).cloned().unwrap_or_default();
            later.insert((subject, sha256.clone()));
            self.later_files.put(seen, later);
        }
    }

    /// As for data keys.
    fn note_step(&mut self, step: OldItemStep) {
        let turn_in = step.turn_in;
        if self.old_item_ends.asked(&turn_in) {
            let mut end = self.old_item_ends.peek(&turn_in).cloned().unwrap_or_default();
            end.put(step);
            self.old_item_ends.put(turn_in, end);
        }
    }

    /// As for data keys.
    fn put_pickup(&mut self, row: Pickup) {
        if self.open_pickups.asked(&row.person) {
            let mut open = self.open_pickups.peek(&row.person).cloned().unwrap_or_default();
            if row.status.is_open() {
                open.insert(row.id)
            } else {
                open.remove(&row.id)
            };
            self.open_pickups.put(row.person, open);
        }
        self.pickups.put(row.id, row);
    }

    /// With the list of those about the same batch, where somebody asked for it.
    fn put_bank_return(&mut self, row: BankReturn) {
        if self.returns_of.asked(&row.batch) {
            let mut known = self.returns_of.peek(&row.batch).cloned().unwrap_or_default();
            known.insert(row.id);
            self.returns_of.put(row.batch, known);
        }
        self.bank_returns.put(row.id, row);
    }

    /// With the list of those about the same thing, where somebody asked for it.
    fn put_dispute(&mut self, row: Dispute) {
        if self.disputes_about.asked(&row.subject) {
            let mut known = self.disputes_about.peek(&row.subject).cloned().unwrap_or_default();
            known.insert(row.id);
            self.disputes_about.put(row.subject, known);
        }
        self.disputes.put(row.id, row);
    }

    /// With the list of those that its retailer has, where somebody asked for it.
    fn put_webhook(&mut self, row: Webhook) {
        if self.webhooks_of.asked(&row.retailer) {
            let mut of = self.webhooks_of.peek(&row.retailer).cloned().unwrap_or_default();
            if row.status == WebhookStatus::Removed {
                of.remove(&row.id)
            } else {
                of.insert(row.id)
            };
            self.webhooks_of.put(row.retailer, of);
        }
        self.webhooks.put(row.id, row);
    }

    fn apply_change(&mut self, change: &Change) {
        match change.clone() {
            Change::Line(row) => self.lines.put(row.id, row),
            Change::Programme(row) => self.programmes.put(row.id.clone(), row),
            Change::Version(row) => self.versions.put((row.programme.clone(), row.number), std::sync::Arc::new(*row)),
            Change::Retailer(row) => {
                self.note_registration(Registration::Retailer(row.uscc.clone()), row.id);
                self.retailers.put(row.id, *row);
            }
            Change::AccountProposal(row) => self.account_proposals.put(row.id, *row),
            Change::Store(row) => {
                self.note_registration(Registration::Store(row.retailer, row.name.clone()), row.id);
                self.stores.put(row.id, row);
            }
            Change::Recycler(row) => {
                self.note_registration(Registration::Recycler(row.uscc.clone(), row.name.clone()), row.id);
                self.recyclers.put(row.id, *row);
            }
            Change::Person(row) => self.persons.put(row.id, row),
            Change::DataKey(row) => self.put_data_key(row),
            Change::Quota(row) => self.quotas.put(row.id, row),
            Change::TurnIn(row) => {
                self.note_holding(row.person, row.id, |holdings| &mut holdings.turn_ins);
                self.turn_ins.put(row.id, *row);
            }
            Change::Voucher(row) => {
                self.note_holding(row.person, row.id, |holdings| &mut holdings.vouchers);
                self.vouchers.put(row.id, *row);
            }
            Change::Redemption(row) => self.redemptions.put(row.id, *row),
            Change::RedemptionState(row) => self.redemption_states.put(row.redemption, row),
            Change::Adjustment(row) => self.adjustments.put(row.id, *row),
            Change::AdjustmentState(row) => self.adjustment_states.put(row.adjustment, *row),
            Change::Bucket(row) => self.buckets.put(row.id, *row),
            Change::Claim { key, holder } => self.claims.put(key, Held { by: holder }),
            Change::AssistantUse(row) => self.assistant_uses.put(row.id, row),
            Change::Release(row) => self.releases.put(row.id, row),
            Change::Account(row) => self.staff.put(row.id, *row),
            Change::Session(row) => self.sessions.put(row.id, row),
            Change::RefreshToken(row) => self.refresh_tokens.put(row.id, row),
            Change::Revocation(row) => self.revocations.put(row.subject, row),
            Change::Till(row) => {
                if let Some(device) = row.device.filter(|device| row.is(*device)) {
                    self.devices.put(device, row.id);
                }
                self.tills.put(row.id, row);
            }
            Change::Checkpoint(row) => self.checkpoints.put(row.number, *row),
            Change::ImportFile(row) => {
                self.newest_imports.put(row.table, row.as_ref().clone());
                self.imports.put(row.id, *row);
            }
            Change::Product(row) => self.products.put(row.gtin.clone(), *row),
            Change::EvidenceFile(row) => self.note_file(*row),
            Change::OldItemStep(row) => self.note_step(*row),
            Change::Pickup(row) => self.put_pickup(*row),
            Change::Settlement(row) => self.settlements.put(row.id, *row),
            Change::LineHold(row) => self.holds.put(row.redemption, row),
            Change::PaymentBatch(row) => self.payment_batches.put(row.id, *row),
            Change::BankReturn(row) => self.put_bank_return(row),
            Change::ReconciliationRow(row) => self.reconciliation_rows.put(row.id, *row),
            Change::AnomalyRules(row) => {
                self.newest_rules.put((), row.as_ref().clone());
                self.anomaly_rules.put(row.id, *row);
            }
            Change::Anomaly(row) => self.anomalies.put(row.id, *row),
            Change::AnomalyScan(row) => self.anomaly_scans.put(row.day, row),
            Change::Dispute(row) => self.put_dispute(*row),
            Change::Webhook(row) => self.put_webhook(*row),
            Change::Miss(row) => self.misses.put(row.id, *row),
            // Facts that no command reads back; and what goes when the batch is saved, because what was done is looked up
            // before anything is decided.
            Change::Baseline(_)
            | Change::OffSystem(_)
            | Change::Block(_)
            | Change::AssistedClaim(_)
            | Change::LineRejection(_)
            | Change::Repayment(_)
            | Change::Forgotten { .. } => {}
        }
    }
}
