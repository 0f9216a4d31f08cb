//! The vocabulary: every command, outcome, change and way to stop. Who reads this page knows what the service can do.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::account::{Account, Hidden, RefreshToken, Revocation, Session, SignInPolicy, Staff, StaffRole, Till};
use super::adjustment::{Adjustment, AdjustmentState, Raised};
use super::anomaly::{Anomaly, AnomalyRule, Limits, RulesEntry, ScanDay, Signal};
use super::calendar::Calendars;
use super::checkpoint::{Block, Checkpoint, NewCheckpoint};
use super::dispute::{Dispute, DisputeAbout, DisputeParty, Verdict};
use super::evidence_file::{EvidenceFile, NewEvidenceFile};
use super::goods::{Category, Invoice, NewItem, OldItem, Powertrain, Price, words};
use super::id::Id;
use super::import::{ImportFile, NewImport};
use super::inventory::Inventory;
use super::ledger::{LedgerLine, Movement};
use super::money::Fen;
use super::old_item_end::{NewDismantling, OldItemStep};
use super::personal::{DataKey, NewDataKey, Personal};
use super::pickup::{NewPickup, Pickup};
use super::product::Product;
use super::programme::{Rules, Share};
use super::records::{
    AccountProposal, AssistantUse, AssistedClaim, BankAccount, Baseline, ClaimKey, ConsentKind, Delivery, OffSystem,
    Person, Programme, QuotaUse, Recycler, Redemption, RedemptionState, RejectionCode, ReleaseUse, Retailer, Store,
    TurnIn, Version, Voucher,
};
use super::refusal::{Refusal, Refusals};
use super::rollup::RollupEntry;
use super::settlement::{
    BankReturn, Bucket, Control, LineHold, LineRejection, PaymentBatch, ReconciliationAnswer, ReconciliationRow,
    Repayment, ReturnRow, Settlement,
};
use super::time::{Day, Moment};
use super::webhook::{Deliveries, EventKind, Miss, Webhook};

/// Who asks: never a name, always a key that the audit trail can show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Digest of issuer and subject.
    pub id: Id,
    /// The role's word, such as `retailer`; `system` for jobs.
    pub role: String,
    /// The organisation, where there is one.
    pub organisation: Option<Id>,
}

/// A command: something to be done once.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// Unique per intention: digest of caller and idempotency key, or a job's own identity.
    pub id: Id,
    /// Digest of what is meant; the same key with another meaning is refused.
    pub fingerprint: Id,
    /// Who asks.
    pub actor: Actor,
    /// The request, as it stands in log lines.
    pub request_id: String,
    /// What is to be done.
    pub act: Act,
}

/// What can be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Adds a programme, or a new draft version of one.
    CreateProgramme(Box<Rules>),
    /// Puts the newest version in force; a paused programme without a newer version opens again.
    PublishProgramme {
        /// Which.
        programme: String,
    },
    /// Takes neither claims nor redemptions for the time being.
    PauseProgramme {
        /// Which.
        programme: String,
        /// Why.
        reason: String,
    },
    /// Ends a programme.
    CloseProgramme {
        /// Which.
        programme: String,
        /// Why.
        reason: String,
    },
    /// Raises or lowers the pool of a line.
    AdjustPool {
        /// Programme.
        programme: String,
        /// Category.
        category: Category,
        /// By how much; negative lowers.
        delta: Fen,
        /// Why.
        reason: String,
    },
    /// Adds a retailer.
    RegisterRetailer(Box<NewRetailer>),
    /// Adds a store to a retailer.
    AddStore {
        /// Retailer.
        retailer: Id,
        /// Name.
        name: String,
        /// Address.
        address: String,
        /// Division code.
        division_code: String,
        /// Town or office.
        town: String,
    },
    /// Adds a recycler's collection point.
    RegisterRecycler(Box<NewRecycler>),
    /// Lets a party take part; a retailer in these programmes.
    Approve {
        /// What kind of party.
        party: Party,
        /// Which.
        id: Id,
        /// Programmes, of a retailer.
        programmes: Vec<String>,
    },
    /// Keeps a party from taking part.
    Suspend {
        /// What kind of party.
        party: Party,
        /// Which.
        id: Id,
        /// Why.
        reason: String,
    },
    /// Proposes another bank account of a retailer.
    ProposeBankAccount {
        /// The retailer.
        retailer: Id,
        /// The retailer whose manager proposes it; nobody's when the bureau does.
        own: Option<Id>,
        /// The account.
        account: Box<BankAccount>,
    },
    /// Puts a proposed bank account in force.
    ApproveBankAccount {
        /// Which proposal.
        proposal: Id,
    },
    /// Refuses a proposed bank account.
    RejectBankAccount {
        /// Which proposal.
        proposal: Id,
        /// Why.
        reason: String,
    },
    /// Records an old item that was handed in.
    RecordTurnIn(Box<NewTurnIn>),
    /// Voids a turn-in that supports nothing.
    VoidTurnIn {
        /// Which.
        turn_in: Id,
        /// Why.
        reason: String,
    },
    /// Claims a voucher.
    ClaimVoucher(Box<ClaimVoucher>),
    /// Claims a voucher for a person who came to a service point.
    ClaimVoucherFor {
        /// The claim, of the person who gets the voucher.
        claim: Box<ClaimVoucher>,
        /// How it came about.
        assistance: Box<Assistance>,
    },
    /// Gives a voucher back.
    CancelVoucher {
        /// Which.
        voucher: Id,
        /// The holder, who alone may.
        person: Id,
    },
    /// Ends a voucher whose time is over.
    ExpireVoucher {
        /// Which.
        voucher: Id,
    },
    /// Redeems a voucher; as a quote it may lack item, price and invoice.
    RedeemVoucher(Box<RedeemVoucher>),
    /// Undoes a redemption; what was paid for it is to be had back.
    ReverseRedemption {
        /// Which.
        redemption: Id,
        /// The retailer, whose redemption it must be.
        retailer: Id,
        /// Why.
        reason: String,
    },
    /// Posts what redemptions of before are owed by a retroactive rise.
    PostAdjustments(PostAdjustments),
    /// Enters the 2023 figure.
    SetGrowthBaseline {
        /// The year.
        year: i32,
        /// Trade-ins.
        value: u64,
        /// Source.
        source: String,
        /// By month.
        monthly: Option<Vec<u64>>,
    },
    /// Enters a month's trade-ins outside the service.
    RecordOffSystem {
        /// Year and month, 202605.
        month: i32,
        /// How many.
        count: u64,
        /// Source.
        source: String,
    },
    /// Gives somebody an account.
    CreateAccount(Box<NewAccount>),
    /// Closes an account for good.
    DisableAccount {
        /// Which.
        account: Id,
        /// Why.
        reason: String,
    },
    /// Gives an account a new initial password and takes its second factor away.
    ResetCredentials {
        /// Which.
        account: Id,
        /// The hash of the new password.
        password: Hidden,
    },
    /// Ends every session of an account.
    EndSessions {
        /// Which.
        account: Id,
    },
    /// Lets the holder of an account in, or notes that it was tried.
    SignIn(Box<SignIn>),
    /// Gives a session new tokens for its newest refresh token; an older one ends the session.
    RefreshSession(Box<RefreshSession>),
    /// Ends a session of the caller.
    SignOut {
        /// Which.
        session: Id,
    },
    /// The holder of an account changes its password; every other session ends.
    ChangePassword(Box<ChangePassword>),
    /// The holder of an account begins to set up a second factor.
    StartTotp {
        /// The password again.
        proof: PasswordProof,
        /// The new secret, sealed.
        secret: Hidden,
        /// How guessing is slowed down.
        policy: SignInPolicy,
    },
    /// Gives a device at a counter a code to enrol with.
    CreateTill(Box<NewTill>),
    /// A device enrols as a till.
    EnrolTill(Box<EnrolTill>),
    /// Takes a till out of use, with the tokens that were given out on it.
    RevokeTill {
        /// Which.
        till: Id,
        /// Why.
        reason: String,
    },
    /// The holder of an account shows that the second factor works.
    ConfirmTotp {
        /// The account.
        account: Id,
        /// The session that stays.
        session: Id,
        /// The secret against which the code was compared, sealed.
        seen: Hidden,
        /// The time step of the code, when it was right.
        step: Option<i64>,
    },
    /// Gives the division its data key, once.
    AddDivisionKey(NewDataKey),
    /// Puts data keys in place that were wrapped with another master key.
    RewrapKeys(Vec<Rewrapped>),
    /// Destroys what is known of a person, or keeps it from use while it must be kept.
    ErasePerson(ErasePerson),
    /// Removes what was kept for a time only.
    Forget {
        /// What.
        what: Passing,
        /// Which rows.
        ids: Vec<Id>,
        /// Only those that are older than this.
        before: Moment,
    },
    /// Puts into the trail that somebody is about to be shown or given something: an unmasked read, an export, a
    /// download. Nothing else changes.
    RecordDisclosure {
        /// The operation that shows it, as the API names it.
        operation: String,
        /// The record that it is about.
        subject: String,
        /// Why, where the operation asks for a reason.
        reason: Option<String>,
        /// What is shown: which fields, which period, how many rows; never a value in the clear.
        detail: serde_json::Value,
    },
    /// Keeps what the trail was up to a record, signed.
    CreateCheckpoint(Box<NewCheckpoint>),
    /// Takes a file of retailers, stores, collection points or products, whole or not at all.
    ImportTable(Box<NewImport>),
    /// Records a file about an old item or a redemption, which lies in its place already.
    UploadEvidence(Box<NewEvidenceFile>),
    /// Records that a recycler's yard has an old item.
    ReceiveTurnIn {
        /// Which.
        turn_in: Id,
        /// The recycler.
        recycler: Id,
        /// On which day it came.
        received_on: Day,
    },
    /// Records that an old item was dismantled.
    RecordDismantling(Box<NewDismantling>),
    /// Asks for a pick-up at home.
    RequestPickup(Box<NewPickup>),
    /// A collection point takes a pick-up on.
    AcceptPickup {
        /// Which.
        pickup: Id,
        /// The collection point.
        recycler: Id,
    },
    /// What was to be picked up was handed in.
    CollectPickup {
        /// Which.
        pickup: Id,
        /// The collection point.
        recycler: Id,
        /// The old item that it has recorded.
        turn_in: Id,
    },
    /// Calls a pick-up off.
    CancelPickup {
        /// Which.
        pickup: Id,
        /// The person who asked for it, when it is they who call it off.
        person: Option<Id>,
        /// The collection point that has accepted it, when it is it.
        recycler: Option<Id>,
        /// Why.
        reason: String,
    },
    /// Submits what a retailer is owed for a period.
    SubmitSettlement(Box<SubmitSettlement>),
    /// Takes the next step of a settlement.
    AdvanceSettlement(StepOfSettlement),
    /// Refuses a line of a settlement.
    RejectLine(RejectLine),
    /// Puts a redemption that was refused into a later settlement.
    ResubmitRedemption {
        /// Which.
        redemption: Id,
        /// The retailer, whose redemption it must be.
        retailer: Id,
        /// What has changed.
        note: String,
    },
    /// Undoes a redemption that was paid.
    ClawBackRedemption {
        /// Which.
        redemption: Id,
        /// Whether the goods came back.
        goods_returned: bool,
        /// Why.
        reason: String,
    },
    /// Records what a retailer has repaid.
    RecordRepayment(NewRepayment),
    /// Puts approved settlements into a file for the bank.
    BatchSettlements(BatchSettlements),
    /// A file that never went to the bank is given up; its settlements may go into another.
    DissolveBatch {
        /// The batch.
        batch: Id,
        /// Why.
        reason: String,
    },
    /// Takes in what the bank says of such a file.
    RecordBankReturn(Box<NewBankReturn>),
    /// Closes a row of reconciliation that did not match.
    AnswerReconciliationRow(AnswerRow),
    /// Puts into the trail which keys the service has: they take turns in a file, which asks no database. Nothing else
    /// changes.
    NoteKeys {
        /// The keys that the trail told of last, by use and state; null when it has told of none.
        before: serde_json::Value,
        /// The keys that there are now, in the same form: names alone, never a secret.
        after: serde_json::Value,
    },
    /// Sets anomaly rules anew; those that are not named stay as they are.
    SetAnomalyRules {
        /// The version that they are changed from.
        version: u32,
        /// The rules that change.
        set: Vec<(AnomalyRule, Limits)>,
        /// Why.
        reason: String,
    },
    /// Keeps what a rule found, and holds the lines where it says so.
    RecordAnomaly {
        /// What was found.
        signal: Box<Signal>,
        /// The version of the rules by which it was found.
        rules: u32,
    },
    /// Notes that a day was scanned.
    FinishAnomalyScan {
        /// The day.
        day: Day,
        /// The version of the rules.
        rules: u32,
        /// How much was found.
        findings: u32,
    },
    /// Says whether an anomaly is what it looked like.
    ResolveAnomaly {
        /// Which.
        anomaly: Id,
        /// Whether it is.
        confirmed: bool,
        /// Why.
        reason: String,
    },
    /// Objects to a refusal or to a redemption.
    OpenDispute(Box<NewDispute>),
    /// Says what the other side has to say.
    AnswerDispute {
        /// Which.
        dispute: Id,
        /// The retailer that answers; nobody's when the bureau does.
        own: Option<Id>,
        /// What.
        text: String,
    },
    /// Decides a dispute.
    DecideDispute {
        /// Which.
        dispute: Id,
        /// How.
        outcome: Verdict,
        /// Why.
        reason: String,
        /// Whether the line stays held; of a dispute that is upheld alone.
        keeps_holding: bool,
    },
    /// Lets the line go that a dispute went on holding after it was decided.
    ReleaseHold {
        /// Which dispute.
        dispute: Id,
        /// Why.
        reason: String,
    },
    /// Takes an objection back.
    WithdrawDispute {
        /// Which.
        dispute: Id,
        /// Who objected.
        opener: Id,
        /// Why.
        reason: String,
    },
    /// Notes what a retailer paid to the consumer in advance.
    RecordCompensation {
        /// Which dispute.
        dispute: Id,
        /// The retailer.
        retailer: Id,
        /// How much.
        amount: Fen,
        /// On which day.
        paid_on: Day,
        /// How.
        reference: String,
    },
    /// Has a retailer's system told what becomes of its redemptions.
    CreateWebhook(Box<NewWebhook>),
    /// Gives a webhook a new secret; for a day the one of before signs as well.
    RotateWebhookSecret {
        /// Which.
        webhook: Id,
    },
    /// Tells a webhook nothing more for now.
    StopWebhook {
        /// Which.
        webhook: Id,
        /// Why.
        reason: String,
    },
    /// Tells a webhook everything after a record of the trail, again as it may be, and starts one that was stopped.
    ReplayWebhook {
        /// Which.
        webhook: Id,
        /// The record; none for where it stands.
        after: Option<i64>,
    },
    /// Takes a webhook away.
    RemoveWebhook {
        /// Which.
        webhook: Id,
    },
    /// Tries events once more that a webhook missed.
    RedeliverEvents {
        /// Which webhook.
        webhook: Id,
        /// Which events.
        events: Vec<Id>,
    },
    /// Keeps what came of sending.
    NoteDeliveries(Box<Deliveries>),
}

impl Act {
    /// The operation's word in audit records and attempts.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::CreateProgramme(_) => "create_programme",
            Self::PublishProgramme { .. } => "publish_programme",
            Self::PauseProgramme { .. } => "pause_programme",
            Self::CloseProgramme { .. } => "close_programme",
            Self::AdjustPool { .. } => "adjust_pool",
            Self::RegisterRetailer(_) => "register_retailer",
            Self::AddStore { .. } => "add_store",
            Self::RegisterRecycler(_) => "register_recycler",
            Self::Approve { .. } => "approve",
            Self::Suspend { .. } => "suspend",
            Self::ProposeBankAccount { .. } => "propose_bank_account",
            Self::ApproveBankAccount { .. } => "approve_bank_account",
            Self::RejectBankAccount { .. } => "reject_bank_account",
            Self::RecordTurnIn(_) => "record_turn_in",
            Self::VoidTurnIn { .. } => "void_turn_in",
            Self::ClaimVoucher(_) => "claim_voucher",
            Self::ClaimVoucherFor { .. } => "claim_voucher_for",
            Self::CancelVoucher { .. } => "cancel_voucher",
            Self::ExpireVoucher { .. } => "expire_voucher",
            Self::RedeemVoucher(_) => "redeem_voucher",
            Self::ReverseRedemption { .. } => "reverse_redemption",
            Self::PostAdjustments(_) => "post_adjustments",
            Self::SetGrowthBaseline { .. } => "set_growth_baseline",
            Self::RecordOffSystem { .. } => "record_off_system_trade_ins",
            Self::CreateAccount(_) => "create_account",
            Self::DisableAccount { .. } => "disable_account",
            Self::ResetCredentials { .. } => "reset_credentials",
            Self::EndSessions { .. } => "end_sessions",
            Self::SignIn(_) => "sign_in",
            Self::RefreshSession(_) => "refresh_session",
            Self::SignOut { .. } => "sign_out",
            Self::ChangePassword(_) => "change_password",
            Self::StartTotp { .. } => "start_totp",
            Self::ConfirmTotp { .. } => "confirm_totp",
            Self::CreateTill(_) => "create_till",
            Self::EnrolTill(_) => "enrol_till",
            Self::RevokeTill { .. } => "revoke_till",
            Self::AddDivisionKey(_) => "add_division_key",
            Self::RewrapKeys(_) => "rewrap_keys",
            Self::ErasePerson(_) => "erase_person",
            Self::Forget { .. } => "forget",
            Self::RecordDisclosure { .. } => "record_disclosure",
            Self::CreateCheckpoint(_) => "create_checkpoint",
            Self::ImportTable(_) => "import_table",
            Self::UploadEvidence(_) => "upload_evidence",
            Self::ReceiveTurnIn { .. } => "receive_turn_in",
            Self::RecordDismantling(_) => "record_dismantling",
            Self::RequestPickup(_) => "request_pickup",
            Self::AcceptPickup { .. } => "accept_pickup",
            Self::CollectPickup { .. } => "collect_pickup",
            Self::CancelPickup { .. } => "cancel_pickup",
            Self::SubmitSettlement(_) => "submit_settlement",
            Self::AdvanceSettlement(step) => step.step.name(),
            Self::RejectLine(_) => "reject_settlement_line",
            Self::ResubmitRedemption { .. } => "resubmit_redemption",
            Self::ClawBackRedemption { .. } => "claw_back_redemption",
            Self::RecordRepayment(_) => "record_repayment",
            Self::BatchSettlements(_) => "create_payment_batch",
            Self::DissolveBatch { .. } => "dissolve_payment_batch",
            Self::RecordBankReturn(_) => "record_bank_return",
            Self::AnswerReconciliationRow(_) => "answer_reconciliation_row",
            Self::NoteKeys { .. } => "note_keys",
            Self::SetAnomalyRules { .. } => "set_anomaly_rules",
            Self::RecordAnomaly { .. } => "record_anomaly",
            Self::FinishAnomalyScan { .. } => "finish_anomaly_scan",
            Self::ResolveAnomaly { .. } => "resolve_anomaly",
            Self::OpenDispute(_) => "open_dispute",
            Self::AnswerDispute { .. } => "answer_dispute",
            Self::DecideDispute { .. } => "decide_dispute",
            Self::ReleaseHold { .. } => "release_hold",
            Self::WithdrawDispute { .. } => "withdraw_dispute",
            Self::RecordCompensation { .. } => "record_compensation",
            Self::CreateWebhook(_) => "create_webhook",
            Self::RotateWebhookSecret { .. } => "rotate_webhook_secret",
            Self::StopWebhook { .. } => "stop_webhook",
            Self::ReplayWebhook { .. } => "replay_webhook",
            Self::RemoveWebhook { .. } => "remove_webhook",
            Self::RedeliverEvents { .. } => "redeliver_events",
            Self::NoteDeliveries(_) => "note_deliveries",
        }
    }

    /// Whether it goes before others when both wait, so that a release minute never starves the tills.
    #[must_use]
    pub const fn is_urgent(&self) -> bool {
        matches!(
            self,
            Self::RedeemVoucher(_)
                | Self::ReverseRedemption { .. }
                | Self::SubmitSettlement(_)
                | Self::AdvanceSettlement(_)
                | Self::RejectLine(_)
                | Self::ClawBackRedemption { .. }
        )
    }
}

/// A webhook as it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWebhook {
    /// Whose.
    pub retailer: Id,
    /// Where it is.
    pub url: String,
    /// What the retailer calls it.
    pub label: String,
    /// What it is told.
    pub kinds: BTreeSet<EventKind>,
    /// The record of the trail after which it is told.
    pub after: i64,
}

/// An objection as it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDispute {
    /// What kind of thing it is about.
    pub about: DisputeAbout,
    /// The refused attempt or the redemption.
    pub subject: Id,
    /// Who objects.
    pub party: DisputeParty,
    /// The person or the retailer.
    pub opener: Id,
    /// What is objected.
    pub statement: String,
    /// The calendars by which terms are counted.
    pub calendars: Arc<Calendars>,
}

words! {
    /// What is kept for a time only.
    Passing {
        /// Refused commands.
        Attempts = "attempts",
        /// What was done under which command, for repeats.
        Commands = "commands",
        /// Sessions that are over.
        Sessions = "sessions",
        /// What ended tokens that have all expired since.
        Revocations = "revocations",
    }
}

words! {
    /// What became of what is known of a person.
    Erasure {
        /// Destroyed: nobody can read it any more.
        Erased = "erased",
        /// Kept, because the law asks for it, and used for nothing else.
        Restricted = "restricted",
    }
}

/// A wish to be forgotten, or the end of the time for which personal data is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasePerson {
    /// Whom.
    pub person: Id,
    /// The papers of a redemption since then must still be kept.
    pub keeps_since: Moment,
    /// Whether what must still be kept is taken out of use instead; else that is a refusal.
    pub or_restrict: bool,
    /// Why.
    pub reason: String,
}

/// A data key that was wrapped with another master key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrapped {
    /// Whose it is; [`Id::NIL`] for the division's.
    pub person: Id,
    /// The master key with which it was wrapped when it was read.
    pub before: String,
    /// The key as it is wrapped now.
    pub key: NewDataKey,
}

words! {
    /// A kind of party.
    Party {
        /// 商家
        Retailer = "retailer",
        /// 门店
        Store = "store",
        /// 回收点
        Recycler = "recycler",
    }
}

/// A retailer as it is registered.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRetailer {
    /// Registered name.
    pub name: String,
    /// Unified social credit code.
    pub uscc: String,
    /// Divisions.
    pub divisions: Vec<String>,
    /// Bank account.
    pub account: BankAccount,
    /// Contact.
    pub contact: Option<Personal>,
}

/// A collection point as it is registered.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRecycler {
    /// Name.
    pub name: String,
    /// Unified social credit code.
    pub uscc: String,
    /// Address.
    pub address: String,
    /// Division code.
    pub division_code: String,
    /// Town or office.
    pub town: String,
    /// Opening hours.
    pub opening_hours: Option<String>,
    /// Latitude in millionths of a degree.
    pub latitude_micro: Option<i64>,
    /// Longitude in millionths of a degree.
    pub longitude_micro: Option<i64>,
    /// Categories; all when empty.
    pub categories: Vec<Category>,
}

/// An old item as it is recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct NewTurnIn {
    /// The owner.
    pub owner: Person,
    /// What the owner's texts are sealed with; stored where they are.
    pub key: NewDataKey,
    /// The recycler or retailer that takes it in.
    pub recorder: Id,
    /// Which of the two the recorder is.
    pub recorder_is: Party,
    /// The item.
    pub item: OldItem,
}

/// A claim of a voucher.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimVoucher {
    /// The person who claims.
    pub person: Person,
    /// What the person's texts are sealed with; stored where they are.
    pub key: NewDataKey,
    /// Residence, where the identity provider states it.
    pub residence: Option<String>,
    /// Programme.
    pub programme: String,
    /// Category.
    pub category: Category,
    /// Powertrain of the car to be bought, where said (of use before a claim).
    pub powertrain: Option<Powertrain>,
    /// The old item, where it is matched at issue.
    pub turn_in: Option<Id>,
    /// Where the person claims.
    pub division_code: String,
    /// The device from which the person claims, where it says so.
    pub device: Option<Id>,
}

/// How a claim for somebody else came about. That there is one says that the person has consented.
#[derive(Clone, Debug, PartialEq)]
pub struct Assistance {
    /// The service point of the assistant.
    pub service_point: Id,
    /// How the person consented.
    pub consent: ConsentKind,
    /// What was noted about it, such as the witness.
    pub note: Option<Personal>,
    /// How many claims an assistant may make on a day.
    pub most: u32,
}

/// What was scanned, after its signature was found good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// The voucher.
    pub voucher: Id,
    /// When the scanned token lapses; judged in `decide`, after the idempotency look-up.
    pub expires: Moment,
    /// The store for which a scan token was made.
    pub store: Option<Id>,
    /// Whether the holder was checked where the form asks for it.
    pub holder_passed: bool,
}

/// A redemption or, with parts missing, a quote.
#[derive(Clone, Debug, PartialEq)]
pub struct RedeemVoucher {
    /// What was scanned.
    pub presented: Presented,
    /// The retailer who asks.
    pub retailer: Id,
    /// The store.
    pub store: Id,
    /// The only store at which the caller may sell, where its token is bound to one.
    pub bound_to: Option<Id>,
    /// The new item.
    pub item: Option<NewItem>,
    /// Prices.
    pub price: Option<Price>,
    /// Invoice.
    pub invoice: Option<Invoice>,
    /// Delivery.
    pub delivery: Delivery,
    /// What address and phone are sealed with; it becomes one of the holder's.
    pub delivery_key: Option<NewDataKey>,
    /// The old item, where it is matched at redemption.
    pub turn_in: Option<Id>,
}

/// Adjustments as an officer posts them: all of them, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostAdjustments {
    /// Programme.
    pub programme: String,
    /// The version that raises; it must be the one in force.
    pub version: u32,
    /// The redemptions that are raised, each once.
    pub redemptions: Vec<Id>,
    /// What the officer expects them to sum to: a list that is no longer true is refused.
    pub total: Fen,
}

/// An account as somebody else makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccount {
    /// What its holder signs in with: lower case.
    pub login: String,
    /// What its holder is.
    pub role: StaffRole,
    /// The retailer or recycler for which its holder acts.
    pub organisation: Option<Id>,
    /// The only store at which a clerk may sell.
    pub store: Option<Id>,
    /// The tasks of the plan whose programmes a department reader sees.
    pub tasks: Vec<u8>,
    /// The holder's name.
    pub name: Personal,
    /// The hash of the first password.
    pub password: Hidden,
    /// A second factor that is set up already, sealed; only a demonstration has one.
    pub totp: Option<Hidden>,
}

/// A password that was compared with an account's hash, off the engine's thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordProof {
    /// The account.
    pub account: Id,
    /// The hash against which it was compared: another one by now means that it proves nothing.
    pub seen: Hidden,
    /// Whether it was right.
    pub right: bool,
}

/// Somebody who wants to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// The password.
    pub proof: PasswordProof,
    /// The time step of the code that was shown, when it was right for one of those that may be used now.
    pub step: Option<i64>,
    /// SHA-256 of the refresh token that is to be given out.
    pub refresh: [u8; 32],
    /// The device on which it is, which may be a till.
    pub device: Option<Id>,
    /// How long, and how guessing is slowed down.
    pub policy: SignInPolicy,
}

/// A till to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTill {
    /// The retailer.
    pub retailer: Id,
    /// Its store.
    pub store: Id,
    /// What the manager calls it.
    pub label: String,
    /// SHA-256 of the code to enrol with.
    pub code: [u8; 32],
}

/// A device that wants to be a till.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolTill {
    /// SHA-256 of the code that was shown.
    pub code: [u8; 32],
    /// The device: the keyed digest of what it calls itself.
    pub device: Id,
}

/// A session that wants new tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshSession {
    /// SHA-256 of the token that was shown.
    pub shown: [u8; 32],
    /// SHA-256 of the token that is to be given out in its place.
    pub refresh: [u8; 32],
    /// The device on which it is.
    pub device: Option<Id>,
    /// How long.
    pub policy: SignInPolicy,
}

/// A new password from the account's holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangePassword {
    /// The old one.
    pub proof: PasswordProof,
    /// The session that stays.
    pub session: Id,
    /// The hash of the new one.
    pub password: Hidden,
    /// How guessing is slowed down.
    pub policy: SignInPolicy,
}

/// A period that a retailer is to be paid for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmitSettlement {
    /// The retailer.
    pub retailer: Id,
    /// The retailer whose manager submits it; nobody's when the bureau does.
    pub own: Option<Id>,
    /// First day.
    pub from: Day,
    /// Last day, which must be over.
    pub to: Day,
    /// What the caller saw.
    pub control: Control,
    /// The retailer's buckets of the period that no settlement has.
    pub buckets: Vec<Id>,
    /// The calendars by which terms are counted.
    pub calendars: Arc<Calendars>,
}

/// A step of a settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepOfSettlement {
    /// Which.
    pub settlement: Id,
    /// The retailer whose manager takes it; nobody's when the bureau does.
    pub own: Option<Id>,
    /// What the caller saw: what is in the settlement now.
    pub control: Control,
    /// The step.
    pub step: SettlementStep,
    /// The calendars by which terms are counted.
    pub calendars: Arc<Calendars>,
}

/// What can be done with a settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettlementStep {
    /// The retailer submits again what was returned.
    Resubmit,
    /// The bureau takes it for review.
    Accept,
    /// The first review is done.
    Review,
    /// The bureau gives it back.
    Return {
        /// Why.
        reason: String,
    },
    /// It is to be paid.
    Approve(Approval),
    /// It is not to be paid after all.
    Withdraw {
        /// Why.
        reason: String,
    },
    /// It was paid.
    Pay(Paid),
}

impl SettlementStep {
    /// The step's word in audit records and attempts.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Resubmit => "resubmit_settlement",
            Self::Accept => "accept_settlement",
            Self::Review => "review_settlement",
            Self::Return { .. } => "return_settlement",
            Self::Approve(_) => "approve_settlement",
            Self::Withdraw { .. } => "withdraw_settlement_approval",
            Self::Pay(_) => "mark_settlement_paid",
        }
    }
}

/// What an approval goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Above this amount two have to approve.
    pub ceiling: Option<Fen>,
    /// The programme lines on which the retailer owes something back.
    pub clawback_lines: Vec<Id>,
    /// The lines with the hashes of their evidence, as they were read.
    pub inventory: Inventory,
}

/// What the bank did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    /// What was transferred.
    pub transferred: Fen,
    /// The bank's reference.
    pub reference: String,
    /// The day.
    pub paid_on: Day,
}

/// A line that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectLine {
    /// Settlement.
    pub settlement: Id,
    /// The redemption; its adjustments go with it.
    pub redemption: Id,
    /// Why, in a word.
    pub code: RejectionCode,
    /// Why, in a sentence.
    pub reason: String,
}

/// Money that a retailer has repaid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRepayment {
    /// Retailer.
    pub retailer: Id,
    /// How much.
    pub amount: Fen,
    /// The bank's reference.
    pub reference: String,
    /// The day on which it came in.
    pub paid_on: Day,
    /// The programme lines on which the retailer owes something back.
    pub lines: Vec<Id>,
}

/// Settlements for one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchSettlements {
    /// Which, in the order of the file.
    pub settlements: Vec<Id>,
    /// How many, and what is transferred in all.
    pub control: Control,
}

/// A return file of the bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBankReturn {
    /// The batch that it answers.
    pub batch: Id,
    /// SHA-256 of the file, in lower-case hexadecimal.
    pub sha256: String,
    /// Its rows.
    pub rows: Vec<ReturnRow>,
}

/// What somebody made of a row that did not match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerRow {
    /// Which.
    pub row: Id,
    /// What.
    pub answer: ReconciliationAnswer,
    /// In words.
    pub note: String,
}

/// What was done, as the caller is told and as a repeat is answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", content = "of", rename_all = "snake_case")]
pub enum Outcome {
    /// A programme was added or changed its state.
    Programme(Programme),
    /// A pool was adjusted: what the line's accounts are now.
    Pool {
        /// Programme.
        programme: String,
        /// Category.
        category: Category,
        /// What may still be promised.
        available: Fen,
        /// What was put in so far.
        appropriation: Fen,
    },
    /// A retailer.
    Retailer(Box<Retailer>),
    /// A change of a retailer's bank account.
    AccountProposal(Box<AccountProposal>),
    /// A store.
    Store(Store),
    /// A collection point.
    Recycler(Box<Recycler>),
    /// A turn-in.
    TurnIn(Box<TurnIn>),
    /// A voucher.
    Voucher(Box<Voucher>),
    /// A redemption.
    Redeemed(Redeemed),
    /// A reversal.
    Reversed {
        /// The reversal.
        id: Id,
        /// What it undid.
        redemption: Id,
        /// When.
        at: Moment,
        /// What had been paid and is to be had back.
        #[serde(default)]
        clawed_back: Fen,
    },
    /// Redemptions of before were raised.
    Adjusted {
        /// Programme.
        programme: String,
        /// The version that raised them.
        version: u32,
        /// What was added in all.
        total: Fen,
        /// The adjustments, in the order of the request.
        raised: Vec<Raised>,
    },
    /// A baseline.
    Baseline(Baseline),
    /// A month's figure.
    OffSystem(OffSystem),
    /// A person's data was destroyed or taken out of use.
    Erased {
        /// Whose.
        person: Id,
        /// Which of the two.
        what: Erasure,
        /// The newest redemption, whose papers must be kept; none when everything was destroyed.
        kept_for: Option<Moment>,
    },
    /// What was kept for a time only is gone.
    Forgotten {
        /// How many rows.
        count: usize,
    },
    /// Data keys were stored or wrapped anew.
    DataKeys {
        /// How many.
        count: usize,
    },
    /// A disclosure stands in the trail.
    Disclosed {
        /// Its identity.
        id: Id,
    },
    /// A till.
    Till(Box<Till>),
    /// Which keys there are stands in the trail.
    KeysNoted,
    /// An account.
    Staff(Box<Staff>),
    /// A checkpoint of the trail.
    Checkpoint(Box<Checkpoint>),
    /// Somebody was let in, or stays in.
    SignedIn(Box<SignedIn>),
    /// Somebody was not let in, and that is noted.
    NotSignedIn {
        /// Whether everything that was shown was right and only the organisation keeps its holder out.
        organisation: bool,
    },
    /// A settlement.
    Settlement(Box<Settlement>),
    /// A line was refused.
    LineRejected {
        /// The refusal.
        rejection: Box<LineRejection>,
        /// The settlement without it.
        settlement: Box<Settlement>,
    },
    /// A redemption waits for another settlement.
    Resubmitted {
        /// The step.
        id: Id,
        /// Which.
        redemption: Id,
        /// The day for which it counts now.
        day: Day,
        /// When.
        at: Moment,
    },
    /// A repayment.
    Repayment(Box<Repayment>),
    /// A file for the bank.
    PaymentBatch(Box<PaymentBatch>),
    /// A file of the bank was taken in.
    BankReturn {
        /// The file.
        file: BankReturn,
        /// What it says, row by row.
        rows: Vec<ReconciliationRow>,
    },
    /// A row of reconciliation.
    ReconciliationRow(Box<ReconciliationRow>),
    /// A session was ended.
    SignedOut {
        /// Which.
        session: Id,
        /// When.
        at: Moment,
    },
    /// A file was taken.
    Imported(Box<ImportFile>),
    /// A file about a record.
    EvidenceFile(Box<EvidenceFile>),
    /// How far an old item has come.
    OldItemStep(Box<OldItemStep>),
    /// A pick-up.
    Pickup(Box<Pickup>),
    /// Anomaly rules, as they are now.
    AnomalyRules(Box<RulesEntry>),
    /// An anomaly.
    Anomaly(Box<Anomaly>),
    /// A day was scanned for anomalies.
    AnomalyScan(ScanDay),
    /// A dispute.
    Dispute(Box<Dispute>),
    /// A webhook.
    Webhook(Box<Webhook>),
    /// Events that a webhook missed, and that are tried once more.
    Misses(Vec<Miss>),
}

/// A session as its holder is told: what its tokens say follows from it, so that a repeat gets the same ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// The session.
    pub session: Id,
    /// The account.
    pub staff: Staff,
    /// The store that its tokens are bound to.
    pub store: Option<Id>,
    /// The device that its tokens are bound to.
    pub device: Option<Id>,
    /// The till that the device is.
    #[serde(default)]
    pub till: Option<Id>,
    /// Whether something has to be set up before anything else can be done.
    pub setup: bool,
    /// When the tokens are of.
    pub at: Moment,
    /// When the access token expires.
    pub access_until: Moment,
    /// When the session lapses unless it is refreshed.
    pub refresh_until: Moment,
}

/// A redemption as the till is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Redeemed {
    /// The redemption.
    pub id: Id,
    /// Its voucher.
    pub voucher: Id,
    /// Government subsidy.
    pub subsidy: Fen,
    /// What the consumer pays.
    pub consumer_pays: Fen,
    /// Who pays what of the difference.
    pub funding: Vec<Share>,
    /// When.
    pub at: Moment,
}

/// A row to be written: facts are inserted, everything else is put in place of what was there.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A ledger line is opened, with nothing in it; its balances follow from movements.
    Line(LedgerLine),
    /// Programme.
    Programme(Programme),
    /// Version of a programme.
    Version(Box<Version>),
    /// Retailer.
    Retailer(Box<Retailer>),
    /// Change of a retailer's bank account.
    AccountProposal(Box<AccountProposal>),
    /// Store.
    Store(Store),
    /// Recycler.
    Recycler(Box<Recycler>),
    /// Person.
    Person(Person),
    /// A data key of a person or of the division: new, wrapped anew, or destroyed.
    DataKey(DataKey),
    /// Quota.
    Quota(QuotaUse),
    /// Turn-in.
    TurnIn(Box<TurnIn>),
    /// Voucher.
    Voucher(Box<Voucher>),
    /// Redemption (a fact).
    Redemption(Box<Redemption>),
    /// State of a redemption.
    RedemptionState(RedemptionState),
    /// Adjustment of a redemption (a fact).
    Adjustment(Box<Adjustment>),
    /// State of an adjustment that was refused by itself.
    AdjustmentState(Box<AdjustmentState>),
    /// Bucket.
    Bucket(Box<Bucket>),
    /// An identity is taken (`Some`) or freed (`None`).
    Claim {
        /// Which identity.
        key: ClaimKey,
        /// Who holds it from now on.
        holder: Option<Id>,
    },
    /// A claim that an assistant made (a fact).
    AssistedClaim(Box<AssistedClaim>),
    /// An assistant's day.
    AssistantUse(AssistantUse),
    /// Use of a release.
    Release(ReleaseUse),
    /// Rows that were kept for a time only are removed; the one change that takes anything away.
    Forgotten {
        /// What.
        what: Passing,
        /// Which rows.
        ids: Vec<Id>,
        /// Only those that are older than this.
        before: Moment,
    },
    /// Baseline (a fact).
    Baseline(Baseline),
    /// Off-system figure (a fact).
    OffSystem(OffSystem),
    /// Account of staff.
    Account(Box<Account>),
    /// Session.
    Session(Session),
    /// Refresh token (a fact).
    RefreshToken(RefreshToken),
    /// What ends tokens.
    Revocation(Revocation),
    /// Till.
    Till(Till),
    /// Checkpoint of the trail (a fact).
    Checkpoint(Box<Checkpoint>),
    /// Root over a full block of the trail's records, from which it follows.
    Block(Block),
    /// File that was taken (a fact).
    ImportFile(Box<ImportFile>),
    /// Entry of the product list (a fact), digested with its file.
    Product(Box<Product>),
    /// File about a record (a fact).
    EvidenceFile(Box<EvidenceFile>),
    /// How far an old item has come (a fact).
    OldItemStep(Box<OldItemStep>),
    /// Pick-up.
    Pickup(Box<Pickup>),
    /// Settlement.
    Settlement(Box<Settlement>),
    /// A refused line (a fact).
    LineRejection(Box<LineRejection>),
    /// Why a line is held.
    LineHold(LineHold),
    /// File for the bank.
    PaymentBatch(Box<PaymentBatch>),
    /// File of the bank (a fact).
    BankReturn(BankReturn),
    /// Row of reconciliation.
    ReconciliationRow(Box<ReconciliationRow>),
    /// Repayment (a fact).
    Repayment(Box<Repayment>),
    /// Anomaly rules (a fact).
    AnomalyRules(Box<RulesEntry>),
    /// Anomaly.
    Anomaly(Box<Anomaly>),
    /// A day that was scanned (a fact).
    AnomalyScan(ScanDay),
    /// Dispute.
    Dispute(Box<Dispute>),
    /// Webhook.
    Webhook(Box<Webhook>),
    /// Event that a webhook missed.
    Miss(Box<Miss>),
}

/// What the trail says of a decision, beside who, when and the rows.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditNote {
    /// The record that it is about.
    pub subject: String,
    /// What changed, masked.
    pub detail: serde_json::Value,
}

/// What a command does: the answer, and exactly the rows that are to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The answer.
    pub outcome: Outcome,
    /// States and facts.
    pub changes: Vec<Change>,
    /// Money; the balances follow.
    pub movements: Vec<Movement>,
    /// Rollups.
    pub rollups: Vec<RollupEntry>,
    /// The trail.
    pub audit: AuditNote,
}

/// When a batch is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The moment, one for the whole batch.
    pub at: Moment,
}

impl Stamp {
    /// The business day.
    #[must_use]
    pub fn day(&self) -> Day {
        self.at.day()
    }
}

/// Why a command ends without effect: the caller's business, or ours.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// Everything that failed.
    Refused(Refusals),
    /// The footprint forgot a key: a fault of this service.
    NotLoaded(String),
}

impl From<Refusals> for Stop {
    fn from(refusals: Refusals) -> Self {
        Self::Refused(refusals)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}
