//! What a batch leaves behind: the rows to write, folded per key.

use crate::domain::account::{Account, RefreshToken, Revocation, Session, Till};
use crate::domain::adjustment::{Adjustment, AdjustmentState};
use crate::domain::anomaly::{Anomaly, RulesEntry, ScanDay};
use crate::domain::audit::{AuditRecord, Head};
use crate::domain::checkpoint::{Block, Checkpoint};
use crate::domain::command::{Outcome, Passing};
use crate::domain::dispute::Dispute;
use crate::domain::evidence_file::EvidenceFile;
use crate::domain::id::Id;
use crate::domain::import::ImportFile;
use crate::domain::ledger::{LedgerAccount, LedgerLine, Movement};
use crate::domain::old_item_end::OldItemStep;
use crate::domain::personal::DataKey;
use crate::domain::pickup::Pickup;
use crate::domain::product::Product;
use crate::domain::records::{
    AccountProposal, AssistantUse, AssistedClaim, Baseline, ClaimKey, OffSystem, Person, Programme, QuotaUse, Recycler,
    Redemption, RedemptionState, ReleaseUse, Retailer, Store, TurnIn, Version, Voucher,
};
use crate::domain::rollup::RollupEntry;
use crate::domain::settlement::{
    BankReturn, Bucket, LineHold, LineRejection, PaymentBatch, ReconciliationRow, Repayment, Settlement,
};
use crate::domain::time::Moment;
use crate::domain::webhook::{Miss, Webhook};

/// Everything that one batch writes. A key stands at most once in each list of states.
#[derive(Clone, Debug, Default)]
pub struct Saved {
    /// The new head of the trail, when there are new records.
    pub head: Option<Head>,
    /// New records of the trail.
    pub audits: Vec<AuditRecord>,
    /// Commands that were done.
    pub done: Vec<DoneRow>,
    /// Programmes, put in place.
    pub programmes: Vec<Programme>,
    /// Versions; one that is published already stays as it is.
    pub versions: Vec<Version>,
    /// Retailers, put in place.
    pub retailers: Vec<Retailer>,
    /// Changes of retailers' bank accounts, put in place.
    pub account_proposals: Vec<AccountProposal>,
    /// Stores, put in place.
    pub stores: Vec<Store>,
    /// Recyclers, put in place.
    pub recyclers: Vec<Recycler>,
    /// Persons, put in place.
    pub persons: Vec<Person>,
    /// Data keys, put in place; one that is destroyed stays so.
    pub data_keys: Vec<DataKey>,
    /// Quotas, put in place.
    pub quotas: Vec<QuotaUse>,
    /// Turn-ins, put in place.
    pub turn_ins: Vec<TurnIn>,
    /// Vouchers, put in place.
    pub vouchers: Vec<Voucher>,
    /// States of redemptions, put in place.
    pub redemption_states: Vec<RedemptionState>,
    /// Buckets, put in place.
    pub buckets: Vec<Bucket>,
    /// Assistants' days, put in place.
    pub assistant_uses: Vec<AssistantUse>,
    /// Claims that assistants made: facts, inserted.
    pub assisted_claims: Vec<AssistedClaim>,
    /// Releases, put in place.
    pub releases: Vec<ReleaseUse>,
    /// Ledger lines, put in place.
    pub lines: Vec<LedgerLine>,
    /// Accounts of retailers, put in place.
    pub accounts: Vec<LedgerAccount>,
    /// Identities taken and freed.
    pub claims: Vec<ClaimWrite>,
    /// Redemptions: facts, inserted.
    pub redemptions: Vec<Redemption>,
    /// Adjustments: facts, inserted.
    pub adjustments: Vec<Adjustment>,
    /// Movements: facts, inserted.
    pub movements: Vec<Movement>,
    /// Additions to the rollups: inserted, and added to the rollup rows.
    pub rollups: Vec<RollupEntry>,
    /// Baselines: facts, inserted.
    pub baselines: Vec<Baseline>,
    /// Off-system figures: facts, inserted.
    pub off_system: Vec<OffSystem>,
    /// Accounts of staff, put in place.
    pub staff: Vec<Account>,
    /// Sessions, put in place.
    pub sessions: Vec<Session>,
    /// Refresh tokens: facts, inserted.
    pub refresh_tokens: Vec<RefreshToken>,
    /// What ends tokens, put in place.
    pub revocations: Vec<Revocation>,
    /// Tills, put in place.
    pub tills: Vec<Till>,
    /// Checkpoints of the trail: facts, inserted.
    pub checkpoints: Vec<Checkpoint>,
    /// Roots over full blocks of the trail: inserted.
    pub blocks: Vec<Block>,
    /// States of adjustments that were refused by themselves, put in place.
    pub adjustment_states: Vec<AdjustmentState>,
    /// Settlements, put in place.
    pub settlements: Vec<Settlement>,
    /// Why lines are held, put in place.
    pub holds: Vec<LineHold>,
    /// Files for the bank, put in place.
    pub payment_batches: Vec<PaymentBatch>,
    /// Rows of reconciliation, put in place.
    pub reconciliation_rows: Vec<ReconciliationRow>,
    /// Refused lines: facts, inserted.
    pub line_rejections: Vec<LineRejection>,
    /// Files of the bank: facts, inserted.
    pub bank_returns: Vec<BankReturn>,
    /// Repayments: facts, inserted.
    pub repayments: Vec<Repayment>,
    /// Versions of the anomaly rules: facts, inserted.
    pub anomaly_rules: Vec<RulesEntry>,
    /// Days that were scanned for anomalies: facts, inserted.
    pub anomaly_scans: Vec<ScanDay>,
    /// Anomalies, put in place.
    pub anomalies: Vec<Anomaly>,
    /// Disputes, put in place.
    pub disputes: Vec<Dispute>,
    /// Refused commands; one that is there already stays.
    pub attempts: Vec<Attempt>,
    /// Rows that were kept for a time only and go: which, and only those that are older than the moment.
    pub forgotten: Vec<(Passing, Vec<Id>, Moment)>,
    /// Files that were taken: facts, inserted.
    pub imports: Vec<ImportFile>,
    /// Entries of the product list: facts, inserted.
    pub products: Vec<Product>,
    /// Files about records: facts, inserted.
    pub evidence_files: Vec<EvidenceFile>,
    /// How far old items have come: facts, inserted.
    pub old_item_steps: Vec<OldItemStep>,
    /// Pick-ups, put in place.
    pub pickups: Vec<Pickup>,
    /// Webhooks, put in place.
    pub webhooks: Vec<Webhook>,
    /// Events that webhooks missed, put in place.
    pub misses: Vec<Miss>,
}

/// A command that was done, with the answer that a repeat gets.
#[derive(Clone, Debug, PartialEq)]
pub struct DoneRow {
    /// The command.
    pub id: Id,
    /// Digest of what was meant.
    pub fingerprint: Id,
    /// What was answered.
    pub outcome: Outcome,
    /// When.
    pub at: Moment,
}

/// An identity that changes hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimWrite {
    /// Which.
    pub key: ClaimKey,
    /// Who held it when it was loaded.
    pub previous: Option<Id>,
    /// Who holds it from now on.
    pub holder: Option<Id>,
}

/// A command that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Identity, derived from the command.
    pub id: Id,
    /// When.
    pub at: Moment,
    /// Who asked.
    pub actor: Id,
    /// In which role.
    pub role: String,
    /// For what.
    pub act: String,
    /// About what.
    pub subject: String,
    /// Every code of the refusal, the most urgent first.
    pub codes: Vec<String>,
    /// The request, as it stands in log lines.
    pub request_id: String,
}
