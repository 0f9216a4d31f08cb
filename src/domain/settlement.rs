//! Settlement (清算): what a retailer is paid for a period, and every step on the way there.
//!
//! A redemption lies in a bucket: its retailer's, its programme's, of its day. A settlement takes the buckets of a period
//! whole. What is in a bucket stands in it as sums, so that a settlement of ten thousand lines is a few dozen rows.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::calendar::Due;
use super::goods::{Category, FundingSource, words};
use super::id::Id;
use super::ledger::line_id;
use super::money::Fen;
use super::programme::Share;
use super::records::{BankAccount, RedemptionState, RedemptionStatus, RejectionCode};
use super::time::{Day, Moment};

/// Working days until a submitted settlement must have been accepted or returned.
pub const ACCEPT_DAYS: u32 = 3;
/// Working days from acceptance until it must have been reviewed.
pub const REVIEW_DAYS: u32 = 15;
/// Working days from approval until it must have been paid.
pub const PAY_DAYS: u32 = 30;

/// A control total: how many lines, and what they sum to. Whoever takes a step says which total the step is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// Lines: redemptions, and adjustments of redemptions.
    pub lines: u32,
    /// Their sum.
    pub amount: Fen,
}

impl Control {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { lines: self.lines.saturating_add(other.lines), amount: self.amount + other.amount }
    }
}

/// What one programme line owes in a bucket or settlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portion {
    /// Programme.
    pub programme: String,
    /// Category.
    pub category: Category,
    /// Lines.
    pub lines: u32,
    /// Their sum.
    pub amount: Fen,
    /// Whose money it is; public sources alone.
    pub funding: Vec<Share>,
}

impl Portion {
    /// One line.
    #[must_use]
    pub fn of(programme: &str, category: Category, amount: Fen, funding: &[Share]) -> Self {
        let mut public = BTreeMap::new();
        add_shares(&mut public, funding, 1);
        public.remove(&FundingSource::Merchant);
        Self { programme: programme.to_owned(), category, lines: 1, amount, funding: shares(public) }
    }

    /// The programme line.
    #[must_use]
    pub fn line(&self) -> Id {
        line_id(&self.programme, self.category)
    }

    /// The control total.
    #[must_use]
    pub fn control(&self) -> Control {
        Control { lines: self.lines, amount: self.amount }
    }
}

/// Portions, each programme line once and in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Portions(Vec<Portion>);

impl Portions {
    /// Each portion.
    pub fn iter(&self) -> impl Iterator<Item = &Portion> {
        self.0.iter()
    }

    /// All of them together.
    #[must_use]
    pub fn control(&self) -> Control {
        self.0.iter().fold(Control::default(), |sum, portion| sum.plus(portion.control()))
    }

    /// By source, over all programme lines.
    #[must_use]
    pub fn funding(&self) -> Vec<Share> {
        let mut sums = BTreeMap::new();
        self.0.iter().for_each(|portion| add_shares(&mut sums, &portion.funding, 1));
        shares(sums)
    }

    /// Adds lines.
    pub fn add(&mut self, more: &Portion) {
        match self.place(more) {
            Ok(at) => {
                if let Some(portion) = self.0.get_mut(at) {
                    portion.lines = portion.lines.saturating_add(more.lines);
                    portion.amount += more.amount;
                    portion.funding = merged(&portion.funding, &more.funding, 1);
                }
            }
            Err(at) => self.0.insert(at, more.clone()),
        }
    }

    /// Takes lines away; `false`, and nothing is changed, when there are not so many.
    #[must_use]
    pub fn take(&mut self, less: &Portion) -> bool {
        let Ok(at) = self.place(less) else { return false };
        let Some(portion) = self.0.get_mut(at) else { return false };
        let Some(lines) = portion.lines.checked_sub(less.lines) else { return false };
        if lines == 0 {
            self.0.remove(at);
        } else {
            portion.lines = lines;
            portion.amount -= less.amount;
            portion.funding = merged(&portion.funding, &less.funding, -1);
        }
        true
    }

    fn place(&self, of: &Portion) -> Result<usize, usize> {
        let key = |portion: &Portion| (portion.programme.clone(), portion.category);
        self.0.binary_search_by_key(&key(of), key)
    }
}

fn add_shares(sums: &mut BTreeMap<FundingSource, Fen>, more: &[Share], sign: i64) {
    for share in more {
        *sums.entry(share.source).or_default() += Fen(share.amount.0.saturating_mul(sign));
    }
}

fn shares(sums: BTreeMap<FundingSource, Fen>) -> Vec<Share> {
    let paying = sums.into_iter().filter(|(_, amount)| *amount != Fen::ZERO);
    paying.map(|(source, amount)| Share { source, amount }).collect()
}

fn merged(first: &[Share], second: &[Share], sign: i64) -> Vec<Share> {
    let mut sums = BTreeMap::new();
    add_shares(&mut sums, first, 1);
    add_shares(&mut sums, second, sign);
    shares(sums)
}

/// What a retailer redeemed under a programme on a day: the unit that a settlement takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Identity: [`Bucket::key`].
    pub id: Id,
    /// Retailer.
    pub retailer: Id,
    /// Programme.
    pub programme: String,
    /// Day.
    pub day: Day,
    /// The settlement that has taken it.
    pub settlement: Option<Id>,
    /// How far that settlement is.
    pub stage: Option<SettlementStatus>,
    /// What is in it.
    pub portions: Portions,
    /// How many of its lines are held: of a redemption that is held, itself and each adjustment that lies here.
    pub held: u32,
}

impl Bucket {
    /// The identity of a bucket.
    #[must_use]
    pub fn key(retailer: Id, programme: &str, day: Day) -> Id {
        Id::digest(&["bucket", &retailer.to_string(), programme, &day.to_string()])
    }

    /// A bucket with nothing in it.
    #[must_use]
    pub fn empty(retailer: Id, programme: &str, day: Day) -> Self {
        Self {
            id: Self::key(retailer, programme, day),
            retailer,
            programme: programme.to_owned(),
            day,
            settlement: None,
            stage: None,
            portions: Portions::default(),
            held: 0,
        }
    }
}

words! {
    /// How far a settlement is. Before it is submitted there is none: what is open is a statement, which is read.
    SettlementStatus {
        /// The bureau has it.
        Submitted = "submitted",
        /// The first review is done.
        Reviewed = "reviewed",
        /// The bureau gave it back, and said why.
        Returned = "returned",
        /// To be paid.
        Approved = "approved",
        /// Paid.
        Paid = "paid",
        /// It was returned, and nothing is left in it.
        Closed = "closed",
    }
}

impl SettlementStatus {
    /// Whether nothing in it may change but by a step of the settlement itself.
    #[must_use]
    pub const fn is_under_way(self) -> bool {
        matches!(self, Self::Submitted | Self::Reviewed | Self::Approved)
    }
}

/// Somebody who took a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Who.
    pub by: Id,
    /// When.
    pub at: Moment,
}

/// Money that was set off: what a line gets back out of what a settlement pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovered {
    /// The programme line that gets it back.
    pub line: Id,
    /// How much.
    pub amount: Fen,
}

/// How a settlement was paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// The bank's reference; none where everything was set off and nothing was transferred.
    pub reference: Option<String>,
    /// The day on which the bank paid.
    pub paid_on: Day,
    /// Who recorded it.
    pub recorded: Signature,
    /// How many of its lines were held when it was recorded: what they come to is clawed back.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub held: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// What approval froze: exactly this is paid, to this account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// By programme line.
    pub portions: Portions,
    /// What is set off.
    pub recovered: Vec<Recovered>,
    /// To whom; the number sealed.
    pub account: BankAccount,
    /// SHA-256 over the lines with the hashes of their evidence, in lower-case hexadecimal: [`Inventory::freeze`].
    ///
    /// [`Inventory::freeze`]: super::inventory::Inventory::freeze
    pub lines_sha256: String,
    /// How many hashes of evidence it covers; none of a settlement that was approved when it was over the lines alone.
    #[serde(default)]
    pub evidence_hashes: Option<u32>,
}

/// A settlement of a retailer for a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// Identity.
    pub id: Id,
    /// Retailer.
    pub retailer: Id,
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
    /// How far it is.
    pub status: SettlementStatus,
    /// The buckets that it has taken.
    pub buckets: Vec<Id>,
    /// What was submitted: computed.
    pub submitted: Control,
    /// What was rejected of it since.
    pub rejected: Control,
    /// What was approved.
    pub approved: Option<Control>,
    /// What is set off in all.
    pub recovered: Fen,
    /// Who submitted it.
    pub submission: Signature,
    /// Who accepted it for review.
    pub acceptance: Option<Signature>,
    /// Who reviewed it.
    pub review: Option<Signature>,
    /// Who refused lines of it.
    pub rejecters: Vec<Id>,
    /// Who approved it; two where the amount is above the ceiling.
    pub approvals: Vec<Signature>,
    /// Why it was returned.
    pub returned: Option<String>,
    /// What approval froze.
    pub frozen: Option<Frozen>,
    /// The file with which the bank was told to pay it.
    pub batch: Option<Id>,
    /// Every file that it has lain in, in order.
    pub batches: Vec<Id>,
    /// How it was paid.
    pub payment: Option<Payment>,
    /// By when the next step must have been taken; none once it is paid or returned.
    pub due: Option<Due>,
    /// Everybody who has ever submitted it.
    pub submitters: Vec<Id>,
    /// Everybody who has ever had a hand in it; it only grows, whatever way the settlement goes.
    pub hands: Vec<Id>,
    /// Approvals that were withdrawn, in order.
    pub withdrawn: Vec<Withdrawal>,
}

/// An approval that was withdrawn, with everything that it had frozen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// What was approved.
    pub frozen: Frozen,
    /// Who had approved it.
    pub approvals: Vec<Signature>,
    /// Why it was withdrawn.
    pub reason: String,
    /// Who withdrew it, and when.
    pub signature: Signature,
}

impl Settlement {
    /// The files for the bank that name it, or have named it.
    #[must_use]
    pub fn files(&self) -> BTreeSet<Id> {
        self.batches.iter().copied().chain(self.batch).collect()
    }

    /// What is transferred: what was approved, less what is set off.
    #[must_use]
    pub fn transfer(&self) -> Option<Fen> {
        self.approved.map(|approved| approved.amount - self.recovered)
    }

    /// Whether an officer has a hand in it already, so that another must take the next step.
    #[must_use]
    pub fn was_touched_by(&self, officer: Id) -> bool {
        let signed = |signature: &Option<Signature>| signature.is_some_and(|signature| signature.by == officer);
        self.submission.by == officer
            || signed(&self.acceptance)
            || signed(&self.review)
            || self.rejecters.contains(&officer)
            || self.approvals.iter().any(|signature| signature.by == officer)
            || self.hands.contains(&officer)
    }

    /// Whether somebody submits it, or has submitted it before it was returned.
    #[must_use]
    pub fn was_submitted_by(&self, somebody: Id) -> bool {
        self.submission.by == somebody || self.submitters.contains(&somebody)
    }

    /// The settlement with one more hand in it.
    #[must_use]
    pub fn with_hand(&self, of: Id) -> Self {
        let mut after = self.clone();
        if !after.hands.contains(&of) {
            after.hands.push(of);
        }
        after
    }
}

/// How far a redemption has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Its state row; none while it is as it was made.
    pub state: Option<RedemptionState>,
    /// The settlement that its bucket is in, and how far that one is.
    pub settlement: Option<(Id, SettlementStatus)>,
}

impl Progress {
    /// Whether it is a subsidy, or becomes one: it was not undone, and is not refused. What was refused and handed in again
    /// stands once more.
    #[must_use]
    pub fn stands(&self) -> bool {
        !matches!(self.status(), RedemptionStatus::Reversed | RedemptionStatus::ClawedBack | RedemptionStatus::Rejected)
    }

    /// In a word.
    #[must_use]
    pub fn status(&self) -> RedemptionStatus {
        let own = self.state.as_ref().map_or(RedemptionStatus::Recorded, |state| state.status);
        match (own, self.settlement) {
            (RedemptionStatus::Recorded | RedemptionStatus::Resubmitted, Some((_, stage))) => match stage {
                SettlementStatus::Paid => RedemptionStatus::Settled,
                stage if stage.is_under_way() => RedemptionStatus::InSettlement,
                _ => own,
            },
            _ => own,
        }
    }
}

/// The fact that a line was refused. Its redemption may be resubmitted; the fact stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRejection {
    /// Identity.
    pub id: Id,
    /// Settlement.
    pub settlement: Id,
    /// Redemption.
    pub redemption: Id,
    /// Why, in a word.
    pub code: RejectionCode,
    /// Why, in a sentence.
    pub reason: String,
    /// What the settlement lost by it, adjustments included.
    pub lost: Control,
    /// Who.
    pub by: Id,
    /// When.
    pub at: Moment,
}

/// The file with which the bank is told to pay settlements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentBatch {
    /// Identity.
    pub id: Id,
    /// Its settlements, in the order of the file.
    pub settlements: Vec<Id>,
    /// How many, and what is transferred in all.
    pub control: Control,
    /// Rows of reconciliation that wait for somebody.
    pub open: Vec<Id>,
    /// Who made it.
    pub made: Signature,
}

/// The fact that a return file of the bank was taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankReturn {
    /// Identity: [`BankReturn::key`].
    pub id: Id,
    /// The batch that it answers.
    pub batch: Id,
    /// SHA-256 of the file, in lower-case hexadecimal.
    pub sha256: String,
    /// Rows in it.
    pub rows: u32,
    /// Who took it in.
    pub by: Id,
    /// When.
    pub at: Moment,
}

impl BankReturn {
    /// The identity of a file: it answers a batch once.
    #[must_use]
    pub fn key(batch: Id, sha256: &str) -> Id {
        Id::digest(&["bank return", &batch.to_string(), sha256])
    }
}

words! {
    /// What a row of the bank's file, or its absence, says.
    ReconciliationKind {
        /// The bank paid what was asked.
        Matched = "matched",
        /// The file has no row of the settlement.
        Missing = "missing",
        /// The bank paid another amount, or did not pay.
        Different = "different",
        /// The bank paid again: the settlement was paid already, or the reference is that of another payment.
        Duplicate = "duplicate",
        /// The settlement is paid, and now the bank says that the transfer failed (退汇).
        Bounced = "bounced",
        /// The row names no settlement of the batch.
        Unknown = "unknown",
    }
}

words! {
    /// What the bank says that it did with a transfer.
    TransferResult {
        /// It paid.
        Paid = "paid",
        /// It did not.
        Failed = "failed",
    }
}

words! {
    /// What became of a row.
    ReconciliationStatus {
        /// Waits for somebody.
        Open = "open",
        /// Nothing more is to be done.
        Closed = "closed",
    }
}

words! {
    /// What somebody made of a row that did not match.
    ReconciliationAnswer {
        /// It was cleared up with the bank.
        Explained = "explained",
        /// The bank did not pay: the settlement leaves its batch, to be paid with another one.
        PayAgain = "pay_again",
    }
}

/// A row to work on: what the bank said of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReconciliationRow {
    /// Identity.
    pub id: Id,
    /// Batch.
    pub batch: Id,
    /// The return file.
    pub file: Id,
    /// Its place in the file, from one; none of a missing row.
    pub row: Option<u32>,
    /// What it says.
    pub kind: ReconciliationKind,
    /// The settlement, where it is one of the batch.
    pub settlement: Option<Id>,
    /// What the file names instead, where it names none of the batch.
    pub named: Option<String>,
    /// Whether the bank says that it paid; nothing of a missing row.
    pub paid: Option<bool>,
    /// What was to be transferred.
    pub expected: Option<Fen>,
    /// What the bank says it transferred.
    pub found: Option<Fen>,
    /// The bank's reference.
    pub reference: Option<String>,
    /// The day that the bank names.
    pub paid_on: Option<Day>,
    /// What became of it.
    pub status: ReconciliationStatus,
    /// What somebody made of it.
    pub answer: Option<ReconciliationAnswer>,
    /// The words with it.
    pub note: Option<String>,
    /// Who first asked to pay it again where the bank says nothing: another has to ask for it too.
    pub asked: Option<Signature>,
    /// Who closed it.
    pub closed: Option<Signature>,
    /// Since when there is such a row.
    pub at: Moment,
}

/// A row of the bank's return file, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnRow {
    /// The settlement that it names, when it is an identity.
    pub settlement: Option<Id>,
    /// What stands there, as it was written.
    pub named: String,
    /// What was transferred.
    pub amount: Fen,
    /// Whether the bank says that it paid.
    pub paid: bool,
    /// The bank's reference.
    pub reference: String,
    /// The day.
    pub paid_on: Day,
}

/// The fact that a retailer repaid what it owed back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repayment {
    /// Identity.
    pub id: Id,
    /// Retailer.
    pub retailer: Id,
    /// How much.
    pub amount: Fen,
    /// To which lines it went.
    pub recovered: Vec<Recovered>,
    /// The bank's reference.
    pub reference: String,
    /// The day on which it came in.
    pub paid_on: Day,
    /// Who recorded it.
    pub by: Id,
    /// When.
    pub at: Moment,
}

words! {
    /// Why a line is held.
    HoldKind {
        /// A finding that is not resolved.
        Finding = "finding",
        /// A dispute that is not decided.
        Dispute = "dispute",
        /// The end of the old item is not proved.
        OldItem = "old_item",
    }
}

/// One reason why a line is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hold {
    /// What kind of reason.
    pub kind: HoldKind,
    /// The finding, dispute or turn-in.
    pub id: Id,
}

/// Why a redemption's line is held: a settlement with such a line is not approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineHold {
    /// The redemption.
    pub redemption: Id,
    /// The reasons that stand, in order; none when it is held no more.
    pub open: Vec<Hold>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn portion(category: Category, amount: i64, central: i64, district: i64) -> Portion {
        let share = |source, amount| Share { source, amount: Fen(amount) };
        let funding = [
            share(FundingSource::Central, central),
            share(FundingSource::District, district),
            share(FundingSource::Merchant, 7),
        ];
        Portion::of("p", category, Fen(amount), &funding)
    }

    #[test]
    fn what_was_added_and_taken_leaves_what_was_there() {
        let mut portions = Portions::default();
        portions.add(&portion(Category::Television, 100, 90, 10));
        let before = portions.clone();
        portions.add(&portion(Category::Refrigerator, 50, 45, 5));
        portions.add(&portion(Category::Television, 30, 20, 10));
        assert_eq!(portions.control(), Control { lines: 3, amount: Fen(180) });
        let by_source: Vec<i64> = portions.funding().iter().map(|share| share.amount.0).collect();
        assert_eq!(by_source, [155, 25], "a merchant's bonus is no public money");
        assert!(portions.take(&portion(Category::Refrigerator, 50, 45, 5)));
        assert!(portions.take(&portion(Category::Television, 30, 20, 10)));
        assert_eq!(portions, before);
        assert!(!portions.take(&portion(Category::Car, 1, 1, 0)));
        assert_eq!(portions, before, "what is not there cannot be taken");
    }
}
