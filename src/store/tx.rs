//! A transaction as the engine and the readers see it, whichever database stands behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::counts::ItemCount;
use super::error::StoreError;
use super::saved::{Attempt, Saved};
use super::verify::{Against, Finding, Verified};
use super::versions::Shelf;
use super::{pg, sqlite};
use crate::domain::account::{Account, Revocation, StaffRole, Till};
use crate::domain::adjustment::{Adjustment, Raised};
use crate::domain::anomaly::{
    Anomaly, AnomalyRule, AnomalyStatus, Beside, Precision, RulesEntry, ScanDay, StaffName, Try,
};
use crate::domain::audit::{AuditRecord, Head};
use crate::domain::checkpoint::{Block, Checkpoint};
use crate::domain::command::Passing;
use crate::domain::dispute::{Dispute, DisputeStatus};
use crate::domain::evidence_file::EvidenceFile;
use crate::domain::goods::Category;
use crate::domain::growth::Counted;
use crate::domain::id::Id;
use crate::domain::import::{ImportFile, ImportTable};
use crate::domain::inventory::Inventory;
use crate::domain::ledger::{LedgerAccount, LedgerLine, Movement};
use crate::domain::money::Fen;
use crate::domain::old_item_end::OldItemStep;
use crate::domain::personal::DataKey;
use crate::domain::pickup::{Pickup, PickupStatus};
use crate::domain::product::Product;
use crate::domain::records::{
    AccountProposal, AssistedClaim, Baseline, OffSystem, Person, Programme, ProposalStatus, QuotaUse, Recycler,
    Redemption, Retailer, Store, TurnIn, Version, Voucher, VoucherStatus,
};
use crate::domain::rollup::Tally;
use crate::domain::settlement::{
    BankReturn, Bucket, LineHold, LineRejection, PaymentBatch, Progress, ReconciliationRow, ReconciliationStatus,
    Repayment, Settlement, SettlementStatus,
};
use crate::domain::state::State;
use crate::domain::time::{Day, Moment};
use crate::domain::webhook::{Miss, Webhook};

/// A transaction.
pub struct Tx<'a> {
    link: Link<'a>,
    shelf: Shelf<'a>,
}

/// A programme, with the version in force or, before the first publication, the newest draft.
pub type Shown = (Programme, Option<Arc<Version>>);

/// The connection that it runs on.
pub(super) enum Link<'a> {
    Pg(&'a mut pg::Conn),
    Sqlite(&'a mut sqlite::Conn),
}

/// A page of a list that is ordered from the newest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The last identity of the page before.
    pub after: Option<Id>,
    /// At most so many.
    pub limit: i64,
}

impl Page {
    /// The identity below which the page begins; above all that exist for the first page.
    pub(super) fn before(&self) -> Id {
        self.after.unwrap_or_else(|| Id::from_prefix(&[u8::MAX; 16]))
    }
}

/// The lines of a settlement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettlementLines {
    /// Redemptions, newest first.
    pub redemptions: Vec<Id>,
    /// Adjustments, by redemption and version; that of a redemption that is in another settlement stands here too.
    pub adjustments: Vec<Adjustment>,
}

/// Which anomalies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnomalyFilter {
    /// Of one rule.
    pub rule: Option<AnomalyRule>,
    /// In one state.
    pub status: Option<AnomalyStatus>,
    /// With a line of this retailer.
    pub retailer: Option<Id>,
}

/// Which disputes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DisputeFilter {
    /// Of who objected.
    pub opener: Option<Id>,
    /// About redemptions of this retailer, or opened by it.
    pub retailer: Option<Id>,
    /// In one state.
    pub status: Option<DisputeStatus>,
}

/// By what a report adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Programme.
    Programme,
    /// Category.
    Category,
    /// Retailer; empty where none was involved.
    Retailer,
    /// Store; empty where none was involved.
    Store,
    /// Town of the store; empty where none was involved.
    Town,
    /// Effective day, `2026-06-18`.
    Day,
    /// Effective month, `2026-06`.
    Month,
}

/// The same query, on whichever database.
macro_rules! on {
    ($tx:ident, $module:ident::$function:ident($($argument:expr),*)) => {
        match &mut $tx.link {
            Link::Pg(conn) => pg::$module::$function(conn, $($argument),*),
            Link::Sqlite(conn) => sqlite::$module::$function(conn, $($argument),*),
        }
    };
}

/// A query per line: what it is for, its name and arguments, where it stands, what it answers.
macro_rules! queries {
    ($(
        $(#[$doc:meta])*
        $name:ident($($argument:ident: $type:ty),*) = $module:ident::$function:ident -> $answer:ty;
    )+) => {
        $(
            $(#[$doc])*
            ///
            /// # Errors
            /// Those of the database, and [`StoreError::Corrupt`] for a row that cannot be read back.
            pub fn $name(&mut self, $($argument: $type),*) -> Result<$answer, StoreError> {
                on!(self, $module::$function($($argument),*))
            }
        )+
    };
}

impl<'a> Tx<'a> {
    pub(super) fn new(link: Link<'a>, shelf: Shelf<'a>) -> Self {
        Self { link, shelf }
    }

    /// Loads every key that was asked for and not loaded yet. A key without a row stays absent. With a programme come
    /// the version in force and the newest one. After an error the state is of no use.
    ///
    /// # Errors
    /// Those of the database, and [`StoreError::Corrupt`] for a row that cannot be read back.
    pub fn load(&mut self, state: &mut State) -> Result<(), StoreError> {
        on!(self, load::load(state, self.shelf))
    }

    /// Writes what a batch leaves behind.
    ///
    /// # Errors
    /// Those of the database; [`StoreError::Contention`] when an identity is no longer held as it was read.
    pub fn save(&mut self, saved: &Saved) -> Result<(), StoreError> {
        if !saved.versions.is_empty() {
            self.shelf.stop_keeping();
        }
        on!(self, save::save(saved))
    }

    /// Compares every row that the trail has a digest of with it; recomputes balances and rollups.
    ///
    /// # Errors
    /// Those of the database. What is not as the trail says is no error but a [`Finding`].
    pub fn verify(&mut self, progress: &mut dyn FnMut(&str)) -> Result<Result<Verified, Finding>, StoreError> {
        self.verify_against(&Against::default(), progress)
    }

    /// As [`Self::verify`], and against what was kept outside the database.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub fn verify_against(
        &mut self,
        against: &Against<'_>,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Result<Verified, Finding>, StoreError> {
        on!(self, verify::verify(against, progress))
    }

    /// Every programme, with the version in force or, before the first publication, the newest draft.
    ///
    /// # Errors
    /// Those of the database, and [`StoreError::Corrupt`] for a row that cannot be read back.
    pub fn programmes(&mut self) -> Result<Vec<Shown>, StoreError> {
        on!(self, programmes::programmes(self.shelf))
    }

    /// A programme, with the version in force or, before the first publication, the newest draft.
    ///
    /// # Errors
    /// Those of the database, and [`StoreError::Corrupt`] for a row that cannot be read back.
    pub fn programme(&mut self, id: &str) -> Result<Option<Shown>, StoreError> {
        on!(self, programmes::programme(self.shelf, id))
    }

    /// A version of a programme.
    ///
    /// # Errors
    /// Those of the database, and [`StoreError::Corrupt`] for a row that cannot be read back.
    pub fn version(&mut self, programme: &str, number: u32) -> Result<Option<Arc<Version>>, StoreError> {
        on!(self, versions::one(self.shelf, &(programme.to_owned(), number)))
    }

    queries! {
        /// The newest record's place in the chain.
        head() = head::read -> Head;
        /// The clock: the server's on PostgreSQL, this machine's on SQLite.
        now() = head::now -> Moment;
        /// Programme lines with their balances, by programme and category.
        lines(programme: Option<&str>) = programmes::lines -> Vec<LedgerLine>;
        /// An anomaly.
        anomaly(id: Id) = anomalies::anomaly -> Option<Anomaly>;
        /// Anomalies, the newest day first.
        anomalies(filter: AnomalyFilter, page: Page) = anomalies::anomalies -> Vec<Anomaly>;
        /// How often each anomaly rule was right.
        anomaly_precision() = anomalies::precision -> Vec<Precision>;
        /// The newest version of the anomaly rules; none before the first was set.
        anomaly_rules() = anomalies::rules -> Option<RulesEntry>;
        /// The newest day that was scanned for anomalies.
        last_anomaly_scan() = anomalies::last_scan -> Option<ScanDay>;
        /// The day of the first redemption.
        first_redemption_day() = anomalies::first_day -> Option<Day>;
        /// Redemptions with what belongs to them and stands elsewhere, in order, after one and before a moment.
        sales_to_scan(after: Id, before: Moment, limit: i64) = anomalies::sales -> Vec<(Redemption, Beside)>;
        /// Old items with the redemption that each supports, and whether a yard has received it, in order, after one and
        /// before a moment.
        turn_ins_to_scan(after: Id, before: Moment, limit: i64) = anomalies::handed_in
            -> Vec<(TurnIn, Option<Id>, bool)>;
        /// Since when yards say what they receive; nothing where none does.
        receipts_since() = anomalies::receipts_since -> Option<Moment>;
        /// Photos and documents about old items and redemptions, in order, after one and before a moment.
        files_to_scan(after: Id, before: Moment, limit: i64) = anomalies::files -> Vec<EvidenceFile>;
        /// Old items that were dismantled, with the redemption that each supports, in order, after one and before a moment.
        dismantled_to_scan(after: Id, before: Moment, limit: i64) = anomalies::dismantled
            -> Vec<(OldItemStep, Option<Id>)>;
        /// Refused redemptions, in order, after one and before a moment.
        tries_to_scan(after: Id, before: Moment, limit: i64) = anomalies::tries -> Vec<Try>;
        /// Staff of retailers.
        staff_names() = anomalies::staff_names -> Vec<StaffName>;
        /// A dispute.
        dispute(id: Id) = disputes::dispute -> Option<Dispute>;
        /// Disputes, the newest first.
        disputes(filter: DisputeFilter, page: Page) = disputes::disputes -> Vec<Dispute>;
        /// A voucher.
        voucher(id: Id) = vouchers::voucher -> Option<Voucher>;
        /// A person's vouchers.
        vouchers_of(person: Id, page: Page) = vouchers::vouchers_of -> Vec<Voucher>;
        /// A voucher that a service point claimed for somebody.
        assisted_voucher(service_point: Id, id: Id) = vouchers::assisted -> Option<Voucher>;
        /// The vouchers that a service point claimed for a person, newest first.
        assisted_vouchers_of(service_point: Id, person: Id, limit: i64) = vouchers::assisted_of -> Vec<Voucher>;
        /// How some vouchers were claimed by assistants, newest first.
        assisted_claims(vouchers: &[Id]) = vouchers::assisted_claims -> Vec<AssistedClaim>;
        /// A person.
        person(id: Id) = vouchers::person -> Option<Person>;
        /// Some persons, in no order.
        persons(ids: &[Id]) = persons::persons -> Vec<Person>;
        /// All data keys of some persons, or of the division, the oldest first.
        data_keys(persons: &[Id]) = persons::data_keys -> Vec<DataKey>;
        /// Persons without a voucher or turn-in since a moment, of whom something is still known, by their ids.
        persons_without_dealings(since: Moment, after: Option<Id>, limit: i64) = persons::without_dealings -> Vec<Id>;
        /// Rows that are kept for a time only, from before a moment, the oldest first.
        passed(what: Passing, before: Moment, limit: i64) = persons::passed -> Vec<Id>;
        /// Refused commands of a caller, the newest first.
        attempts_of(actor: Id, about: &[Id], limit: i64) = persons::attempts_of -> Vec<Attempt>;
        /// The refusal that somebody names by its identity or by the request that was refused.
        attempt_of(named: Id) = persons::attempt_of -> Option<Id>;
        /// Quotas of a person.
        quotas_of(person: Id) = persons::quotas_of -> Vec<QuotaUse>;
        /// Data keys that another master key than this one wraps.
        keys_not_under(master_kid: &str, limit: i64) = persons::keys_not_under -> Vec<DataKey>;
        /// Live vouchers whose last moment lies before `before`, the oldest first.
        due_vouchers(before: Moment, limit: i64) = vouchers::due -> Vec<Id>;
        /// Live vouchers of a person, and of a turn-in, whose time is over.
        lapsed_vouchers(person: Id, turn_in: Option<Id>, now: Moment) = vouchers::lapsed -> Vec<Id>;
        /// Vouchers that were redeemed, reversed or cancelled though their time is not over, in the order of their
        /// identities, after one.
        ended_vouchers(after: Id, now: Moment, limit: i64) = vouchers::ended -> Vec<(Id, VoucherStatus)>;
        /// The same of those that ended with the movements after one, as they stand now; beside it how many movements
        /// of that kind were looked at, at most `limit`, and the last of them.
        endings(after: Id, now: Moment, limit: i64) = vouchers::endings
            -> (Vec<(Id, VoucherStatus)>, usize, Option<Id>);
        /// A turn-in.
        turn_in(id: Id) = turn_ins::turn_in -> Option<TurnIn>;
        /// Some turn-ins, in no order.
        turn_ins_by_id(ids: &[Id]) = turn_ins::by_id -> Vec<TurnIn>;
        /// Turn-ins of a recorder, of a person, or all.
        turn_ins(recorder: Option<Id>, person: Option<Id>, page: Page) = turn_ins::turn_ins -> Vec<TurnIn>;
        /// A collection point.
        recycler(id: Id) = turn_ins::recycler -> Option<Recycler>;
        /// Collection points of a division or all, only those that may take part when asked.
        recyclers(division: Option<&str>, only_approved: bool, page: Page) = turn_ins::recyclers -> Vec<Recycler>;
        /// Collection points that take part: of a division or all, in towns of these names or in any, newest first.
        collection_points(division: Option<&str>, towns: Option<&[String]>, page: Page) = turn_ins::collection_points
            -> Vec<Recycler>;
        /// The towns in which stores of a division are.
        towns_of_stores(division: &str) = turn_ins::towns_of_stores -> Vec<String>;
        /// A retailer.
        retailer(id: Id) = retailers::retailer -> Option<Retailer>;
        /// Retailers.
        retailers(page: Page) = retailers::retailers -> Vec<Retailer>;
        /// Changes of the account of a retailer or of all, in one state or in any, newest first.
        account_proposals(retailer: Option<Id>, status: Option<ProposalStatus>, page: Page) =
            retailers::account_proposals -> Vec<AccountProposal>;
        /// A store.
        store(id: Id) = retailers::store -> Option<Store>;
        /// A retailer's stores.
        stores_of(retailer: Id) = retailers::stores_of -> Vec<Store>;
        /// A settlement bucket.
        bucket(id: Id) = retailers::bucket -> Option<Bucket>;
        /// A redemption, and how far it has come.
        redemption(id: Id) = retailers::redemption -> Option<(Redemption, Progress)>;
        /// Redemptions of a retailer or all, each with how far it has come.
        redemptions(retailer: Option<Id>, page: Page) = retailers::redemptions
            -> Vec<(Redemption, Progress)>;
        /// Redemptions under versions before this one, from a day on, that stand and that it has not raised yet,
        /// newest first.
        adjustment_candidates(programme: &str, version: u32, from: Day, page: Page) = adjustments::candidates -> Vec<Id>;
        /// What was posted for a programme, newest first.
        adjustments_posted(programme: &str, page: Page) = adjustments::posted -> Vec<Raised>;
        /// Redemptions of days, both ends included, oldest first, after one; of one retailer or of all.
        redemptions_of_days(retailer: Option<Id>, days: (Option<Day>, Option<Day>), after: Option<Id>, limit: i64)
            = retailers::redemptions_of_days -> Vec<(Redemption, Progress)>;
        /// A retailer's buckets of days, both ends included, that no settlement has.
        open_buckets(retailer: Id, from: Day, to: Day) = settlements::open_buckets -> Vec<Bucket>;
        /// A retailer's accounts on all lines.
        accounts_of_retailer(retailer: Id) = settlements::accounts_of -> Vec<LedgerAccount>;
        /// A settlement.
        settlement(id: Id) = settlements::settlement -> Option<Settlement>;
        /// Settlements of a retailer or all, in one state or in any, or those whose next step was due before a day.
        settlements(retailer: Option<Id>, status: Option<SettlementStatus>, due_before: Option<Day>, page: Page)
            = settlements::settlements -> Vec<Settlement>;
        /// How many redemptions of which days each settlement has paid, of those with buckets within days.
        paid_lines(from: Day, to: Day) = settlements::paid_lines -> Vec<(Id, Day, u64)>;
        /// What is in a settlement now, or was when it was paid.
        settlement_lines(settlement: &Settlement) = settlements::settlement_lines -> SettlementLines;
        /// The lines of a settlement with every hash of evidence that there is about them now.
        inventory(settlement: &Settlement) = inventory::inventory -> Inventory;
        /// Redemptions by their identities, newest first, each with how far it has come.
        redemptions_by_id(ids: &[Id]) = settlements::redemptions_by_id -> Vec<(Redemption, Progress)>;
        /// Why some redemptions are held.
        holds_of(redemptions: &[Id]) = settlements::holds_of -> Vec<LineHold>;
        /// Buckets by their identities.
        buckets_by_id(ids: &[Id]) = settlements::buckets_by_id -> Vec<Bucket>;
        /// The refused lines of a settlement, newest first.
        line_rejections(settlement: Id, page: Page) = settlements::line_rejections -> Vec<LineRejection>;
        /// A file for the bank.
        payment_batch(id: Id) = settlements::payment_batch -> Option<PaymentBatch>;
        /// Files for the bank, newest first.
        payment_batches(page: Page) = settlements::payment_batches -> Vec<PaymentBatch>;
        /// The files of the bank that answered a batch.
        bank_returns(batch: Id) = settlements::bank_returns -> Vec<BankReturn>;
        /// Rows of reconciliation, of a batch or all, in one state or in any, newest first.
        reconciliation_rows(batch: Option<Id>, status: Option<ReconciliationStatus>, page: Page)
            = settlements::reconciliation_rows -> Vec<ReconciliationRow>;
        /// What a retailer has repaid, newest first.
        repayments(retailer: Id, page: Page) = settlements::repayments -> Vec<Repayment>;
        /// The adjustments of some redemptions, by redemption and version.
        adjustments_of(redemptions: &[Id]) = adjustments::of_redemptions -> Vec<Adjustment>;
        /// An account of staff.
        account(id: Id) = accounts::account -> Option<Account>;
        /// Accounts of an organisation or all, newest first.
        accounts(organisation: Option<Id>, page: Page) = accounts::accounts -> Vec<Account>;
        /// Every account of a role, oldest first.
        accounts_of_role(role: StaffRole) = accounts::of_role -> Vec<Account>;
        /// The account whose refresh token it is.
        account_of_refresh_token(id: Id) = accounts::account_of_refresh_token -> Option<Account>;
        /// A retailer's tills, newest first.
        tills_of(retailer: Id, page: Page) = accounts::tills_of -> Vec<Till>;
        /// A retailer's webhooks, newest first, as far as they are there.
        webhooks_of(retailer: Id, page: Page) = webhooks::of_retailer -> Vec<Webhook>;
        /// A retailer's own webhook, as far as it is there.
        webhook(retailer: Id, id: Id) = webhooks::own -> Option<Webhook>;
        /// The webhooks that are to be told something if there is something.
        webhooks_to_tell(now: Moment) = webhooks::to_tell -> Vec<Webhook>;
        /// The webhooks for which something that they missed is to be tried again.
        webhooks_to_try_again() = webhooks::to_try_again -> BTreeSet<Id>;
        /// What a webhook missed, newest first.
        webhook_misses(webhook: Id, page: Page) = webhooks::misses -> Vec<Miss>;
        /// What of it is to be tried again, oldest first.
        webhook_misses_to_try(webhook: Id, limit: i64) = webhooks::misses_to_try -> Vec<Miss>;
        /// What ends tokens, decided after a moment and still of use at another, in the order of the commits.
        revocations(after: Moment, now: Moment) = accounts::revocations -> Vec<Revocation>;
        /// Records of the trail, newest first, below a number.
        audit_records(before_seq: Option<i64>, limit: i64) = trail::before -> Vec<AuditRecord>;
        /// Records of the trail in order, above a number.
        audit_records_after(seq: i64, limit: i64) = trail::after -> Vec<AuditRecord>;
        /// A record of the trail.
        audit_record(seq: i64) = trail::record -> Option<AuditRecord>;
        /// Numbers and hashes of records in order, above a number.
        audit_hashes(seq: i64, limit: i64) = trail::hashes -> Vec<(i64, String)>;
        /// The number of the first record at a time or later; the number after the newest when there is none.
        first_audit_record_at(at: i64) = trail::first_at -> i64;
        /// Records about some subjects, in order.
        audit_records_about(subjects: &[String], limit: i64) = trail::about -> Vec<AuditRecord>;
        /// The newest record about a subject.
        newest_audit_record_about(subject: &str) = trail::newest_about -> Option<AuditRecord>;
        /// The newest checkpoint.
        newest_checkpoint() = trail::newest_checkpoint -> Option<Checkpoint>;
        /// A checkpoint by its number.
        checkpoint(number: i64) = trail::checkpoint -> Option<Checkpoint>;
        /// The first checkpoint over at least so many records.
        checkpoint_over(size: i64) = trail::checkpoint_over -> Option<Checkpoint>;
        /// The newest checkpoint over at most so many records.
        checkpoint_within(size: i64) = trail::checkpoint_within -> Option<Checkpoint>;
        /// Movements by their identities, in order.
        movements(ids: &[Id]) = trail::movements -> Vec<Movement>;
        /// Rows of a table whose digests the trail has, as the values that were digested.
        fact_rows(table: &str, ids: &[Id]) = trail::fact_rows -> BTreeMap<Id, Value>;
        /// Checkpoints, newest first, below a number.
        checkpoints(before: Option<i64>, limit: i64) = trail::checkpoints -> Vec<Checkpoint>;
        /// Roots over full blocks of records, from one on and before another, in order.
        audit_blocks(from: i64, before: i64) = trail::blocks -> Vec<Block>;
        /// Refused commands.
        attempts(page: Page) = trail::attempts -> Vec<Attempt>;
        /// Sums over effective days, both ends included, by one key and in its order, of some goods.
        totals_of(goods: &[Category], group: Group, from: Option<Day>, to: Option<Day>) = reports::totals_of
            -> Vec<(String, Tally)>;
        /// The same of all goods.
        totals(group: Group, from: Option<Day>, to: Option<Day>) = reports::totals -> Vec<(String, Tally)>;
        /// Names of retailers, by their keys in totals.
        retailer_names() = reports::retailer_names -> BTreeMap<String, String>;
        /// Names of stores, by their keys in totals.
        store_names() = reports::store_names -> BTreeMap<String, String>;
        /// Subsidised appliances by year and category; as known at a moment.
        appliances(known_at: Option<Moment>) = reports::appliances -> Vec<Counted>;
        /// The newest baseline; as known at a moment.
        baseline(known_at: Option<Moment>) = reports::baseline -> Option<Baseline>;
        /// The newest figure of each month, in the order of the months; as known at a moment.
        off_system(known_at: Option<Moment>) = reports::off_system -> Vec<OffSystem>;
        /// Every baseline that was entered, the newest first.
        baselines() = reports::baselines -> Vec<Baseline>;
        /// Every figure that was entered for a month, or for any, the newest first.
        off_system_entries(month: Option<i32>) = reports::off_system_entries -> Vec<OffSystem>;
        /// What was used on effective days, both ends included, by programme, category and day.
        used(from: Day, to: Day) = figures::used -> Vec<(String, Category, Day, Fen)>;
        /// Redemptions that stand and their subsidy, by month and category, of the months before one (202606).
        standing(before: i32) = figures::standing -> Vec<(i32, Category, i64, Fen)>;
        /// Refused commands from a moment on and before another: operation, codes, how many.
        refused(from: Moment, before: Moment) = figures::refused -> Vec<(String, Vec<String>, i64)>;
        /// A file that was taken.
        import(id: Id) = imports::import -> Option<ImportFile>;
        /// The newest file of a table.
        newest_import(of: ImportTable) = imports::newest -> Option<ImportFile>;
        /// Every file of a table, or of any, the newest first.
        imports(of: Option<ImportTable>) = imports::imports -> Vec<ImportFile>;
        /// Everything that was ever listed of a trade item number, the newest first: the first counts.
        product_entries(gtin: &str, limit: i64) = imports::entries_of -> Vec<Product>;
        /// The entries of the product list that count, of a category and a brand or of all, the newest first.
        products(category: Option<Category>, brand: Option<&str>, page: Page) = imports::products -> Vec<Product>;
        /// A file about a record.
        evidence_file(id: Id) = evidence_files::one -> Option<EvidenceFile>;
        /// The files about a record, newest first.
        evidence_of(subject: Id, page: Page) = evidence_files::of_subject -> Vec<EvidenceFile>;
        /// The files about a person's records, newest first.
        evidence_of_person(person: Id, page: Page) = evidence_files::of_person -> Vec<EvidenceFile>;
        /// By each of these digests, the records that have a file with it: two of them share a photo that is to be of one.
        equal_evidence(digests: &[String]) = evidence_files::equal -> BTreeMap<String, BTreeSet<Id>>;
        /// Which of these places in the store of files a record names.
        evidence_blobs(blobs: &[String]) = evidence_files::blobs -> BTreeSet<String>;
        /// All files about records, oldest first, after one.
        evidence_files_after(after: Id, limit: i64) = evidence_files::after -> Vec<EvidenceFile>;
        /// How far an old item has come.
        old_item_steps(turn_in: Id) = old_items::steps -> Vec<OldItemStep>;
        /// How many old items were recorded from one moment on and before another, and how far they have come.
        old_item_counts(from: Option<Moment>, before: Option<Moment>) = old_items::counts -> Vec<ItemCount>;
        /// A pick-up.
        pickup(id: Id) = old_items::pickup -> Option<Pickup>;
        /// Pick-ups of a person, or that a collection point has taken on, in one state or in any, newest first.
        pickups(person: Option<Id>, recycler: Option<Id>, status: Option<PickupStatus>, page: Page) = old_items::pickups
            -> Vec<Pickup>;
        /// Pick-ups that wait in a division, of some goods, newest first.
        waiting_pickups(division: &str, goods: &[Category], page: Page) = old_items::waiting -> Vec<Pickup>;
    }
}
