//! The records that commands read and change.

use serde::{Deserialize, Serialize};

use super::goods::{Category, Invoice, NewItem, OldItem, Price, words};
use super::id::Id;
use super::money::Fen;
use super::personal::Personal;
use super::programme::{Rules, Share};
use super::time::{Day, Moment};

words! {
    /// A programme's state.
    ProgrammeStatus {
        /// Not yet open to anybody.
        Draft = "draft",
        /// In force.
        Published = "published",
        /// Takes neither claims nor redemptions for the time being.
        Paused = "paused",
        /// Over.
        Closed = "closed",
    }
}

/// A programme: which version is in force, and whether it takes anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Programme {
    /// Its word, such as `nc-appl-2026`.
    pub id: String,
    /// State.
    pub status: ProgrammeStatus,
    /// The version in force; zero before the first publication.
    pub current: u32,
    /// The newest version; greater than `current` while a draft waits.
    pub latest: u32,
}

words! {
    /// How a version stands among those of its programme.
    VersionStatus {
        /// Waits to be published.
        Draft = "draft",
        /// In force.
        Current = "current",
        /// A later one is in force; vouchers that were issued under it are still judged by it.
        Superseded = "superseded",
    }
}

/// One version of a programme. Immutable once published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Programme.
    pub programme: String,
    /// Number, from one.
    pub number: u32,
    /// What it says.
    pub rules: Rules,
    /// When it was published.
    pub published_at: Option<Moment>,
}

words! {
    /// Whether an organisation or store may take part.
    Standing {
        /// Known, not yet approved.
        Registered = "registered",
        /// May take part.
        Approved = "approved",
        /// May not for the time being.
        Suspended = "suspended",
    }
}

/// A retailer (商家).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retailer {
    /// Identity.
    pub id: Id,
    /// Registered name.
    pub name: String,
    /// Unified social credit code.
    pub uscc: String,
    /// Divisions in which it sells.
    pub divisions: Vec<String>,
    /// Bank account.
    pub account: BankAccount,
    /// A person to ask, name and number sealed.
    pub contact: Option<Personal>,
    /// Standing.
    pub standing: Standing,
    /// Programmes for which it is approved.
    pub programmes: Vec<String>,
    /// The change of its account that waits for approval.
    #[serde(default)]
    pub proposal: Option<Id>,
    /// Settlements that are on their way to its account: while there are any, the account stays.
    #[serde(default)]
    pub paying: Vec<Id>,
}

/// A bank account; its number is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankAccount {
    /// Bank and branch.
    pub bank: String,
    /// Number.
    pub number: Personal,
    /// In whose name.
    pub name: String,
}

/// A bank account as it is shown and as it stands in the trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskedAccount {
    /// Bank and branch.
    pub bank: String,
    /// Number, masked.
    pub number: String,
    /// In whose name.
    pub name: String,
}

impl From<&BankAccount> for MaskedAccount {
    fn from(account: &BankAccount) -> Self {
        let BankAccount { bank, number, name } = account;
        Self { bank: bank.clone(), number: number.masked.clone(), name: name.clone() }
    }
}

words! {
    /// What became of a proposed change.
    ProposalStatus {
        /// Waits for somebody else's approval.
        Proposed = "proposed",
        /// In force since then.
        Approved = "approved",
        /// Never in force.
        Rejected = "rejected",
    }
}

/// A change of a retailer's bank account: in force once somebody else than the proposer has approved it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountProposal {
    /// Identity.
    pub id: Id,
    /// Retailer.
    pub retailer: Id,
    /// The account that is proposed.
    pub account: BankAccount,
    /// The account that was in force when it was proposed.
    pub replaces: MaskedAccount,
    /// What became of it.
    pub status: ProposalStatus,
    /// Who proposed it.
    pub proposed_by: Id,
    /// When.
    pub proposed_at: Moment,
    /// Who approved or rejected it.
    pub decided_by: Option<Id>,
    /// When.
    pub decided_at: Option<Moment>,
    /// Why it was rejected.
    pub reason: Option<String>,
}

/// A store (门店) of a retailer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Store {
    /// Identity.
    pub id: Id,
    /// Its retailer.
    pub retailer: Id,
    /// Name.
    pub name: String,
    /// Address.
    pub address: String,
    /// Division code.
    pub division_code: String,
    /// Town or office.
    pub town: String,
    /// Standing.
    pub standing: Standing,
}

/// A recycler's collection point (回收点).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recycler {
    /// Identity.
    pub id: Id,
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
    /// Opening hours in words.
    pub opening_hours: Option<String>,
    /// Latitude in millionths of a degree.
    pub latitude_micro: Option<i64>,
    /// Longitude in millionths of a degree.
    pub longitude_micro: Option<i64>,
    /// Categories that it takes.
    pub categories: Vec<Category>,
    /// Standing.
    pub standing: Standing,
}

/// A person: the holder of vouchers, the owner of old items. Its identity is the look-up digest of the number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Identity: the look-up digest of the resident identity number.
    pub id: Id,
    /// Identity number.
    pub number: Personal,
    /// Name.
    pub name: Personal,
    /// Since when what is known of the person is only kept, and used for nothing else (PIPL 47).
    pub restricted_at: Option<Moment>,
    /// Since when what was known of the person is destroyed: digests alone remain, so that a quota still holds.
    pub erased_at: Option<Moment>,
}

impl Person {
    /// As a document or the identity provider states them.
    #[must_use]
    pub fn new(number: Personal, name: Personal) -> Self {
        Self { id: number.lookup, number, name, restricted_at: None, erased_at: None }
    }

    /// Whether what is kept of them is what is stated now, and may be used.
    #[must_use]
    pub fn is_known_as(&self, stated: &Self) -> bool {
        self.restricted_at.is_none() && self.erased_at.is_none() && self.name == stated.name
    }
}

/// A voucher that counts towards a quota.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// The voucher.
    pub voucher: Id,
    /// Its programme.
    pub programme: String,
}

/// How far a person has used a quota.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotaUse {
    /// Identity: [`QuotaUse::key`].
    pub id: Id,
    /// Person.
    pub person: Id,
    /// What is limited: a category of a programme, a programme, or a group of programmes that exclude each other.
    pub scope: String,
    /// Calendar year of the issue, or zero for ever.
    pub period: i32,
    /// The vouchers that count.
    pub live: Vec<Counted>,
    /// Vouchers ever issued.
    pub issued: u32,
    /// Of these, how many expired or were cancelled; the re-claim limit goes by it.
    pub lapsed: u32,
}

impl QuotaUse {
    /// The identity of a quota.
    #[must_use]
    pub fn key(person: Id, scope: &str, period: i32) -> Id {
        Id::digest(&["quota", &person.to_string(), scope, &period.to_string()])
    }
}

words! {
    /// How a person consented to a claim that an assistant makes.
    ConsentKind {
        /// Signed on paper.
        Signature = "signature",
        /// By fingerprint on paper.
        Fingerprint = "fingerprint",
        /// Said before a witness.
        VerbalWitnessed = "verbal_witnessed",
    }
}

/// The fact that an assistant of a service point claimed a voucher for somebody, with consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssistedClaim {
    /// The voucher.
    pub voucher: Id,
    /// For whom.
    pub person: Id,
    /// Who claimed it.
    pub assistant: Id,
    /// For which service point (服务点).
    pub service_point: Id,
    /// How the person consented.
    pub consent: ConsentKind,
    /// What was noted about it, such as the witness.
    pub note: Option<Personal>,
    /// When.
    pub at: Moment,
}

/// How many claims an assistant made on a day; no step lowers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssistantUse {
    /// Identity: [`AssistantUse::key`].
    pub id: Id,
    /// The assistant.
    pub assistant: Id,
    /// The day, in Asia/Shanghai.
    pub day: Day,
    /// Claims that were granted.
    pub claims: u32,
}

impl AssistantUse {
    /// The identity of an assistant's day.
    #[must_use]
    pub fn key(assistant: Id, day: Day) -> Id {
        Id::digest(&["assistant", &assistant.to_string(), &day.to_string()])
    }
}

words! {
    /// What a claim key identifies. The numbers in the database are those of [`ClaimKind::number`].
    ClaimKind {
        /// Serial number of a new item, with its brand.
        NewSerial = "new_serial",
        /// IMEI of a new phone.
        NewImei = "new_imei",
        /// VIN of a new car.
        NewVin = "new_vin",
        /// Code of a new e-bike.
        NewEbike = "new_ebike",
        /// Invoice number.
        Invoice = "invoice",
        /// VIN of an old car.
        OldVin = "old_vin",
        /// Code of an old e-bike.
        OldEbike = "old_ebike",
        /// Frame number of an old e-bike.
        OldFrame = "old_frame",
        /// Serial number of an old appliance, with its category.
        OldSerial = "old_serial",
        /// A recycler's ticket.
        OldTicket = "old_ticket",
        /// The bank's reference of a transfer to or from a retailer.
        BankReference = "bank_reference",
    }
}

impl ClaimKind {
    /// The number under which the kind is stored.
    #[must_use]
    pub fn number(self) -> i16 {
        Self::ALL.iter().position(|kind| *kind == self).and_then(|at| i16::try_from(at + 1).ok()).unwrap_or(0)
    }

    /// Reads back what [`ClaimKind::number`] gave.
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        usize::try_from(number).ok()?.checked_sub(1).and_then(|at| Self::ALL.get(at).copied())
    }
}

/// An identity that counts once, across all programmes and divisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClaimKey {
    /// Digest of what is identified; first, because the index begins with it.
    pub hash: Id,
    /// What it identifies.
    pub kind: ClaimKind,
}

impl ClaimKey {
    /// The key of an identity whose words together name it.
    #[must_use]
    pub fn new(kind: ClaimKind, words: &[&str]) -> Self {
        Self { hash: Id::digest(words), kind }
    }
}

words! {
    /// A turn-in's state.
    TurnInStatus {
        /// Recorded and free.
        Recorded = "recorded",
        /// Supports a voucher.
        Matched = "matched",
        /// Void.
        Voided = "voided",
    }
}

/// A turn-in (交旧): an old item that was handed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnIn {
    /// Identity.
    pub id: Id,
    /// The owner.
    pub person: Id,
    /// The owner's name as it may be shown.
    pub owner_name: String,
    /// The owner's number as it may be shown.
    pub owner_number: String,
    /// The recycler or retailer that recorded it.
    pub recorder: Id,
    /// State.
    pub status: TurnInStatus,
    /// The voucher that it supports.
    pub voucher: Option<Id>,
    /// The item.
    pub item: OldItem,
    /// The identities by which the item counts once; taken when it is matched.
    pub claims: Vec<ClaimKey>,
    /// When it was recorded.
    pub recorded_at: Moment,
    /// Why it is void.
    pub void_reason: Option<String>,
}

words! {
    /// A voucher's stored state. A voucher whose time is over counts as expired before the job has come by.
    VoucherStatus {
        /// Live.
        Issued = "issued",
        /// Used.
        Redeemed = "redeemed",
        /// Its redemption was reversed.
        Reversed = "reversed",
        /// Its time is over.
        Expired = "expired",
        /// Given back by its holder.
        Cancelled = "cancelled",
    }
}

/// A voucher (补贴资格券).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voucher {
    /// Identity.
    pub id: Id,
    /// Programme.
    pub programme: String,
    /// The version under which it was issued, and by which it is judged.
    pub version: u32,
    /// Category.
    pub category: Category,
    /// Programme line.
    pub line: Id,
    /// Holder.
    pub person: Id,
    /// Where it was claimed.
    pub division_code: String,
    /// The old item that supports it, where one was matched.
    pub turn_in: Option<Id>,
    /// State.
    pub status: VoucherStatus,
    /// What is reserved for it.
    pub reserved: Fen,
    /// When it was issued.
    pub issued_at: Moment,
    /// The last moment at which it is live.
    pub expires_at: Moment,
    /// The redemption that used it.
    pub redemption: Option<Id>,
    /// The claim keys that it holds: the old item's.
    pub claims: Vec<ClaimKey>,
    /// The quotas under which it counts.
    pub quotas: Vec<Id>,
    /// The device from which it was claimed, where the caller's app said so: a keyed digest.
    #[serde(default)]
    pub device: Option<Id>,
}

/// Where the goods go; address and phone sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Division code.
    pub division_code: Option<String>,
    /// Address.
    pub address: Option<Personal>,
    /// Phone.
    pub phone: Option<Personal>,
}

/// A redemption (核销): the fact, never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redemption {
    /// Identity.
    pub id: Id,
    /// Voucher.
    pub voucher: Id,
    /// Programme.
    pub programme: String,
    /// Version by which it was judged.
    pub version: u32,
    /// Category.
    pub category: Category,
    /// Line.
    pub line: Id,
    /// Holder.
    pub person: Id,
    /// Retailer.
    pub retailer: Id,
    /// Store.
    pub store: Id,
    /// Town of the store.
    pub town: String,
    /// Who redeemed it.
    pub clerk: Id,
    /// Settlement bucket.
    pub bucket: Id,
    /// The old item, where there is one.
    pub turn_in: Option<Id>,
    /// When.
    pub at: Moment,
    /// Government subsidy.
    pub subsidy: Fen,
    /// The seller's own bonus, which is no public money.
    pub merchant_bonus: Fen,
    /// What the consumer pays.
    pub consumer_pays: Fen,
    /// Who pays what of the difference.
    pub funding: Vec<Share>,
    /// The new item.
    pub item: NewItem,
    /// Prices.
    pub price: Price,
    /// Invoice.
    pub invoice: Invoice,
    /// Delivery.
    pub delivery: Delivery,
    /// Whether it completes an appliance trade-in: a new appliance, with an old appliance matched to it.
    pub completed: bool,
    /// The claim keys that it holds: new item and invoice.
    pub claims: Vec<ClaimKey>,
}

impl Redemption {
    /// The business day on which it counts.
    #[must_use]
    pub fn day(&self) -> Day {
        self.at.day()
    }
}

words! {
    /// A redemption's state once it is no longer `recorded`. That it is in a settlement, and paid, follows from its bucket.
    RedemptionStatus {
        /// As it was made; no state row exists.
        Recorded = "recorded",
        /// Undone before payment.
        Reversed = "reversed",
        /// Refused by the bureau in a settlement, with a reason.
        Rejected = "rejected",
        /// Was rejected, and waits for the settlement of another period.
        Resubmitted = "resubmitted",
        /// Undone after payment: the retailer owes what it was paid.
        ClawedBack = "clawed_back",
        /// In a settlement that is under way.
        InSettlement = "in_settlement",
        /// Paid.
        Settled = "settled",
    }
}

words! {
    /// Why the bureau refused a line of a settlement.
    RejectionCode {
        /// 发票
        Invoice = "INVOICE",
        /// 金额
        Amount = "AMOUNT",
        /// 序列号
        SerialNumber = "SERIAL_NUMBER",
        /// 照片
        Photo = "PHOTO",
        /// 地址
        Address = "ADDRESS",
        /// 配送
        Delivery = "DELIVERY",
        /// 品类
        Category = "CATEGORY",
        /// 旧件
        OldItem = "OLD_ITEM",
        /// 身份
        Identity = "IDENTITY",
        /// 价格
        Price = "PRICE",
        /// 重复
        Duplicate = "DUPLICATE",
        /// 其他
        Other = "OTHER",
    }
}

/// The state row of a redemption that is no longer `recorded`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedemptionState {
    /// The redemption.
    pub redemption: Id,
    /// State.
    pub status: RedemptionStatus,
    /// Identity of the step that led here, such as the reversal.
    pub step: Id,
    /// Since when.
    pub at: Moment,
    /// Why.
    pub reason: String,
    /// Where it was rejected, and what was rejected with it.
    pub rejection: Option<Rejection>,
    /// The bucket in which it waits anew; of one that was clawed back, the bucket in which it was paid.
    pub bucket: Option<Id>,
}

/// What was rejected, where and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// The settlement that refused it.
    pub settlement: Id,
    /// Why.
    pub code: RejectionCode,
    /// The redemption's adjustments that go with it: those that were not paid.
    pub adjustments: Vec<Id>,
}

/// How many vouchers a release has given out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseUse {
    /// Identity: [`ReleaseUse::key`].
    pub id: Id,
    /// Line.
    pub line: Id,
    /// When the release opened.
    pub opened: Moment,
    /// Vouchers issued in it.
    pub issued: u32,
}

impl ReleaseUse {
    /// The identity of a release of a line.
    #[must_use]
    pub fn key(line: Id, opened: Moment) -> Id {
        Id::digest(&["release", &line.to_string(), &opened.0.to_string()])
    }
}

/// The 2023 figure that growth is measured against; each entry is a version, the newest counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// Identity.
    pub id: Id,
    /// The year, 2023.
    pub year: i32,
    /// Appliance trade-ins in that year.
    pub value: u64,
    /// Where the figure comes from.
    pub source: String,
    /// The year's twelve months, where known.
    pub monthly: Option<Vec<u64>>,
    /// Who entered it.
    pub author: Id,
    /// When.
    pub at: Moment,
}

/// Trade-ins outside the service in a month; each entry is a version, the newest of a month counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OffSystem {
    /// Identity.
    pub id: Id,
    /// Year and month in one number, 2026-05 is 202605.
    pub month: i32,
    /// How many.
    pub count: u64,
    /// Where the figure comes from.
    pub source: String,
    /// Who entered it.
    pub author: Id,
    /// When.
    pub at: Moment,
}
