//! Settlements as they are shown: computed, approved, paid and recovered stand side by side.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::body::words::{
    CategoryWord, Digest, HoldKindWord, Money, ProgrammeWord, ReconciliationAnswerWord, ReconciliationKindWord,
    ReconciliationStatusWord, RedemptionStatusWord, RejectionCodeWord, SettlementStatusWord, TransferResultWord,
};
use crate::domain::adjustment::Adjustment;
use crate::domain::goods::{Category, OldItem};
use crate::domain::id::Id;
use crate::domain::ledger::LedgerAccount;
use crate::domain::money::Fen;
use crate::domain::records::{MaskedAccount, Redemption, RedemptionStatus, RejectionCode};
use crate::domain::settlement::{
    BankReturn, Bucket, Control, Hold, HoldKind, LineRejection, PaymentBatch, Portion, Portions, Progress,
    ReconciliationAnswer, ReconciliationKind, ReconciliationRow, ReconciliationStatus, Repayment, Settlement,
    SettlementStatus, Signature, TransferResult, Withdrawal,
};
use crate::domain::time::{Day, Moment};

use super::party::AccountView;
use super::redemption::{FundingView, funding};
use super::{date, money, time};

/// A control total.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ControlView {
    /// Lines.
    pub lines: u32,
    /// Their sum.
    #[schema(value_type = Money)]
    pub amount: String,
}

impl From<Control> for ControlView {
    fn from(control: Control) -> Self {
        Self { lines: control.lines, amount: money(control.amount) }
    }
}

/// What one programme line owes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PortionView {
    /// Programme.
    #[schema(value_type = ProgrammeWord)]
    pub programme_id: String,
    /// Category.
    #[schema(value_type = CategoryWord)]
    pub category: Category,
    /// Lines.
    pub lines: u32,
    /// Their sum.
    #[schema(value_type = Money)]
    pub amount: String,
    /// Whose money it is.
    pub funding: Vec<FundingView>,
}

impl From<&Portion> for PortionView {
    fn from(portion: &Portion) -> Self {
        Self {
            programme_id: portion.programme.clone(),
            category: portion.category,
            lines: portion.lines,
            amount: money(portion.amount),
            funding: funding(&portion.funding),
        }
    }
}

/// What a retailer is owed for a period and no settlement has yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct StatementView {
    /// Retailer.
    #[schema(format = "uuid")]
    pub retailer_id: String,
    /// First day.
    #[schema(format = "date")]
    pub from: String,
    /// Last day.
    #[schema(format = "date")]
    pub to: String,
    /// Lines.
    pub lines: u32,
    /// Their sum.
    #[schema(value_type = Money)]
    pub amount: String,
    /// Of these lines, how many redemptions are held.
    pub held: u32,
    /// By programme and category.
    pub portions: Vec<PortionView>,
    /// By source.
    pub funding: Vec<FundingView>,
    /// What the retailer owes back, of whatever period: the next approval sets it off.
    #[schema(value_type = Money)]
    pub owed_back: String,
}

impl StatementView {
    /// Of buckets and accounts.
    #[must_use]
    pub fn of(retailer: Id, (from, to): (Day, Day), buckets: &[Bucket], accounts: &[LedgerAccount]) -> Self {
        let mut sum = Portions::default();
        buckets.iter().flat_map(|bucket| bucket.portions.iter()).for_each(|portion| sum.add(portion));
        let control = sum.control();
        let owed: Fen = accounts.iter().map(|account| account.clawback).sum();
        Self {
            retailer_id: retailer.to_string(),
            from: date(from),
            to: date(to),
            lines: control.lines,
            amount: money(control.amount),
            held: buckets.iter().map(|bucket| bucket.held).sum(),
            portions: sum.iter().map(PortionView::from).collect(),
            funding: funding(&sum.funding()),
            owed_back: money(owed),
        }
    }
}

/// Somebody who took a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SignatureView {
    /// Who.
    #[schema(format = "uuid")]
    pub by: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
}

impl From<&Signature> for SignatureView {
    fn from(signature: &Signature) -> Self {
        Self { by: signature.by.to_string(), at: time(signature.at) }
    }
}

/// By when the next step is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DueView {
    /// The last day.
    #[schema(format = "date")]
    pub on: String,
    /// Whether it is over.
    pub overdue: bool,
    /// Whether the holidays of every year on the way are known; else only weekends were left out, and the day may be early.
    pub holidays_known: bool,
}

/// How a settlement was paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PaymentView {
    /// The bank's reference; none where everything was set off.
    pub bank_reference: Option<String>,
    /// The day.
    #[schema(format = "date")]
    pub paid_on: String,
    /// Who recorded it.
    pub recorded: SignatureView,
    /// Lines that a finding, a dispute or an old item held when it was recorded: they came to be held after the file for
    /// the bank had gone, and what they come to is clawed back.
    pub held_lines: u32,
}

/// An approval that was withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WithdrawalView {
    /// What had been approved.
    pub approved: ControlView,
    /// To which account.
    pub account: AccountView,
    /// Who had approved it.
    pub approvals: Vec<SignatureView>,
    /// Why it was withdrawn.
    pub reason: String,
    /// Who withdrew it.
    pub withdrawn: SignatureView,
}

impl From<&Withdrawal> for WithdrawalView {
    fn from(row: &Withdrawal) -> Self {
        Self {
            approved: row.frozen.portions.control().into(),
            account: AccountView::from(MaskedAccount::from(&row.frozen.account)),
            approvals: row.approvals.iter().map(SignatureView::from).collect(),
            reason: row.reason.clone(),
            withdrawn: (&row.signature).into(),
        }
    }
}

/// A settlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SettlementView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// Retailer.
    #[schema(format = "uuid")]
    pub retailer_id: String,
    /// First day.
    #[schema(format = "date")]
    pub from: String,
    /// Last day.
    #[schema(format = "date")]
    pub to: String,
    /// How far it is.
    #[schema(value_type = SettlementStatusWord)]
    pub status: SettlementStatus,
    /// What was submitted.
    pub computed: ControlView,
    /// What was refused of it.
    pub rejected: ControlView,
    /// What is in it now: the total that the next step names.
    pub current: ControlView,
    /// What was approved.
    pub approved: Option<ControlView>,
    /// What was set off against money owed back.
    #[schema(value_type = Money)]
    pub recovered: String,
    /// What is transferred: approved less recovered.
    #[schema(value_type = Option<Money>)]
    pub transfer: Option<String>,
    /// What was paid: what was approved, once it was transferred or set off.
    #[schema(value_type = Money)]
    pub paid: String,
    /// By programme and category, of what was approved.
    pub portions: Vec<PortionView>,
    /// By source, of what was approved.
    pub funding: Vec<FundingView>,
    /// The account to which it is paid, as it was at approval.
    pub account: Option<AccountView>,
    /// SHA-256 over the lines with the hashes of their evidence, as they were approved. It can be made again: a text per
    /// line (`redemption ID AMOUNT`, `adjustment ID AMOUNT`) and per hash (`evidence ID SHA256`, with the identity of the
    /// redemption or of its old item), sorted by bytes, each ended by a line feed.
    pub lines_sha256: Option<String>,
    /// How many hashes of evidence it covers; none of what was approved when it was over the lines alone.
    #[schema(minimum = 0)]
    pub evidence_hashes: Option<u32>,
    /// Who submitted it.
    pub submitted: SignatureView,
    /// Who accepted it for review.
    pub accepted: Option<SignatureView>,
    /// Who reviewed it.
    pub reviewed: Option<SignatureView>,
    /// Who approved it.
    pub approvals: Vec<SignatureView>,
    /// Approvals that were withdrawn, in order.
    pub withdrawals: Vec<WithdrawalView>,
    /// Why it was returned.
    pub returned_because: Option<String>,
    /// The file with which the bank is told to pay it.
    #[schema(format = "uuid")]
    pub payment_batch_id: Option<String>,
    /// How it was paid.
    pub payment: Option<PaymentView>,
    /// By when the next step is due.
    pub due: Option<DueView>,
}

impl SettlementView {
    /// A settlement, as it is on a day.
    #[must_use]
    pub fn of(settlement: &Settlement, today: Day) -> Self {
        let Settlement { submitted, rejected, frozen, .. } = settlement;
        let current = Control {
            lines: submitted.lines.saturating_sub(rejected.lines),
            amount: submitted.amount - rejected.amount,
        };
        let is_paid = settlement.status == SettlementStatus::Paid;
        let paid = settlement.approved.filter(|_| is_paid).map_or(Fen::ZERO, |approved| approved.amount);
        let portions = frozen.as_ref().map(|frozen| &frozen.portions);
        Self {
            id: settlement.id.to_string(),
            retailer_id: settlement.retailer.to_string(),
            from: date(settlement.from),
            to: date(settlement.to),
            status: settlement.status,
            computed: (*submitted).into(),
            rejected: (*rejected).into(),
            current: current.into(),
            approved: settlement.approved.map(ControlView::from),
            recovered: money(settlement.recovered),
            transfer: settlement.transfer().map(money),
            paid: money(paid),
            portions: portions.map(|portions| portions.iter().map(PortionView::from).collect()).unwrap_or_default(),
            funding: portions.map(|portions| funding(&portions.funding())).unwrap_or_default(),
            account: frozen.as_ref().map(|frozen| AccountView::from(MaskedAccount::from(&frozen.account))),
            lines_sha256: frozen.as_ref().map(|frozen| frozen.lines_sha256.clone()),
            evidence_hashes: frozen.as_ref().and_then(|frozen| frozen.evidence_hashes),
            submitted: (&settlement.submission).into(),
            accepted: settlement.acceptance.as_ref().map(SignatureView::from),
            reviewed: settlement.review.as_ref().map(SignatureView::from),
            approvals: settlement.approvals.iter().map(SignatureView::from).collect(),
            withdrawals: settlement.withdrawn.iter().map(WithdrawalView::from).collect(),
            returned_because: settlement.returned.clone(),
            payment_batch_id: settlement.batch.map(|id| id.to_string()),
            payment: settlement.payment.as_ref().map(|payment| PaymentView {
                bank_reference: payment.reference.clone(),
                paid_on: date(payment.paid_on),
                recorded: (&payment.recorded).into(),
                held_lines: payment.held,
            }),
            due: settlement.due.map(|due| DueView {
                on: date(due.day),
                overdue: due.day < today,
                holidays_known: due.holidays_known,
            }),
        }
    }
}

/// Why a line is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct HoldView {
    /// What kind of reason.
    #[schema(value_type = HoldKindWord)]
    pub kind: HoldKind,
    /// The finding, dispute or turn-in.
    #[schema(format = "uuid")]
    pub id: String,
}

impl From<&Hold> for HoldView {
    fn from(hold: &Hold) -> Self {
        Self { kind: hold.kind, id: hold.id.to_string() }
    }
}

/// An adjustment that is in a settlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AdjustmentLineView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// What it adds.
    #[schema(value_type = Money)]
    pub amount: String,
}

/// A line of a settlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SettlementLineView {
    /// The redemption.
    #[schema(format = "uuid")]
    pub redemption_id: String,
    /// Its voucher.
    #[schema(format = "uuid")]
    pub voucher_id: String,
    /// Programme.
    #[schema(value_type = ProgrammeWord)]
    pub programme_id: String,
    /// Category.
    #[schema(value_type = CategoryWord)]
    pub category: Category,
    /// The old item that was handed in for it.
    #[schema(format = "uuid")]
    pub turn_in_id: Option<String>,
    /// SHA-256 of the evidence with which the old item was recorded.
    #[schema(value_type = Vec<Digest>)]
    pub turn_in_evidence: Vec<String>,
    /// When it was redeemed.
    #[schema(format = DateTime)]
    pub redeemed_at: String,
    /// How far the redemption has come.
    #[schema(value_type = RedemptionStatusWord)]
    pub status: RedemptionStatus,
    /// The redemption's subsidy; nothing where only an adjustment of it is in this settlement.
    #[schema(value_type = Money)]
    pub subsidy: String,
    /// Adjustments of it that are in this settlement.
    #[schema(value_type = Money)]
    pub adjustments: String,
    /// Each of these adjustments.
    pub adjustment_lines: Vec<AdjustmentLineView>,
    /// What the settlement owes for it.
    #[schema(value_type = Money)]
    pub amount: String,
    /// Whose money it is.
    pub funding: Vec<FundingView>,
    /// Invoice number.
    pub invoice_number: String,
    /// Why it is held.
    pub holds: Vec<HoldView>,
}

impl SettlementLineView {
    /// A redemption, what of it is in the settlement, and why it is held.
    #[must_use]
    pub fn of(
        (fact, progress): &(Redemption, Progress),
        old_item: Option<&OldItem>,
        own: bool,
        adjustments: &[&Adjustment],
        holds: &[Hold],
    ) -> Self {
        let mut sum = Portions::default();
        let subsidy = if own { fact.subsidy } else { Fen::ZERO };
        if own {
            sum.add(&Portion::of(&fact.programme, fact.category, fact.subsidy, &fact.funding));
        }
        for row in adjustments {
            sum.add(&Portion::of(&row.programme, row.category, row.amount, &row.funding));
        }
        let each = |row: &&Adjustment| AdjustmentLineView { id: row.id.to_string(), amount: money(row.amount) };
        let added: Fen = adjustments.iter().map(|row| row.amount).sum();
        Self {
            redemption_id: fact.id.to_string(),
            voucher_id: fact.voucher.to_string(),
            programme_id: fact.programme.clone(),
            category: fact.category,
            turn_in_id: fact.turn_in.map(|id| id.to_string()),
            turn_in_evidence: old_item.into_iter().flat_map(OldItem::stated_hashes).map(str::to_owned).collect(),
            redeemed_at: time(fact.at),
            status: progress.status(),
            subsidy: money(subsidy),
            adjustments: money(added),
            adjustment_lines: adjustments.iter().map(each).collect(),
            amount: money(subsidy + added),
            funding: funding(&sum.funding()),
            invoice_number: fact.invoice.number.clone(),
            holds: holds.iter().map(HoldView::from).collect(),
        }
    }
}

/// A line that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LineRejectionView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// Settlement.
    #[schema(format = "uuid")]
    pub settlement_id: String,
    /// Redemption.
    #[schema(format = "uuid")]
    pub redemption_id: String,
    /// Why, in a word.
    #[schema(value_type = RejectionCodeWord)]
    pub code: RejectionCode,
    /// Why, in a sentence.
    pub reason: String,
    /// What the settlement lost by it.
    pub lost: ControlView,
    /// Who refused it.
    pub rejected: SignatureView,
}

impl From<&LineRejection> for LineRejectionView {
    fn from(row: &LineRejection) -> Self {
        Self {
            id: row.id.to_string(),
            settlement_id: row.settlement.to_string(),
            redemption_id: row.redemption.to_string(),
            code: row.code,
            reason: row.reason.clone(),
            lost: row.lost.into(),
            rejected: (&Signature { by: row.by, at: row.at }).into(),
        }
    }
}

/// A redemption that waits for another settlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ResubmittedView {
    /// Identity of the step.
    #[schema(format = "uuid")]
    pub id: String,
    /// The redemption.
    #[schema(format = "uuid")]
    pub redemption_id: String,
    /// `resubmitted`.
    #[schema(value_type = RedemptionStatusWord)]
    pub status: RedemptionStatus,
    /// The day for which it counts now.
    #[schema(format = "date")]
    pub day: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
}

impl ResubmittedView {
    /// A step.
    #[must_use]
    pub fn of(id: Id, redemption: Id, day: Day, at: Moment) -> Self {
        Self {
            id: id.to_string(),
            redemption_id: redemption.to_string(),
            status: RedemptionStatus::Resubmitted,
            day: date(day),
            at: time(at),
        }
    }
}

/// A file for the bank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PaymentBatchView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// Its settlements, in the order of the file.
    #[schema(value_type = Vec<crate::api::body::words::Identity>)]
    pub settlement_ids: Vec<String>,
    /// How many payments.
    pub payments: u32,
    /// What is transferred in all.
    #[schema(value_type = Money)]
    pub total: String,
    /// Rows of reconciliation that wait for somebody.
    pub open_rows: usize,
    /// Who made it.
    pub made: SignatureView,
}

impl From<&PaymentBatch> for PaymentBatchView {
    fn from(batch: &PaymentBatch) -> Self {
        Self {
            id: batch.id.to_string(),
            settlement_ids: batch.settlements.iter().map(Id::to_string).collect(),
            payments: batch.control.lines,
            total: money(batch.control.amount),
            open_rows: batch.open.len(),
            made: (&batch.made).into(),
        }
    }
}

/// A row of reconciliation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReconciliationRowView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// The file for the bank.
    #[schema(format = "uuid")]
    pub payment_batch_id: String,
    /// The bank's file.
    #[schema(format = "uuid")]
    pub bank_return_id: String,
    /// Its place in the bank's file, from one; none of a payment that the file does not name.
    pub row: Option<u32>,
    /// What it says.
    #[schema(value_type = ReconciliationKindWord)]
    pub kind: ReconciliationKind,
    /// The settlement.
    #[schema(format = "uuid")]
    pub settlement_id: Option<String>,
    /// What the bank's file names instead, where it names no settlement of the batch.
    pub named: Option<String>,
    /// Whether the bank says that it paid; none of a payment that the file does not name.
    #[schema(value_type = Option<TransferResultWord>)]
    pub result: Option<TransferResult>,
    /// What was to be transferred.
    #[schema(value_type = Option<Money>)]
    pub expected: Option<String>,
    /// What the bank says it transferred.
    #[schema(value_type = Option<Money>)]
    pub found: Option<String>,
    /// The bank's reference.
    pub bank_reference: Option<String>,
    /// The day that the bank names.
    #[schema(format = "date")]
    pub paid_on: Option<String>,
    /// What became of it.
    #[schema(value_type = ReconciliationStatusWord)]
    pub status: ReconciliationStatus,
    /// What somebody made of it.
    #[schema(value_type = Option<ReconciliationAnswerWord>)]
    pub answer: Option<ReconciliationAnswer>,
    /// The words with it.
    pub note: Option<String>,
    /// Who first asked to pay again what the bank's file does not name: another has to ask for it too.
    pub asked: Option<SignatureView>,
    /// Who closed it.
    pub closed: Option<SignatureView>,
}

impl From<&ReconciliationRow> for ReconciliationRowView {
    fn from(row: &ReconciliationRow) -> Self {
        Self {
            id: row.id.to_string(),
            payment_batch_id: row.batch.to_string(),
            bank_return_id: row.file.to_string(),
            row: row.row,
            kind: row.kind,
            settlement_id: row.settlement.map(|id| id.to_string()),
            named: row.named.clone(),
            result: row.paid.map(|paid| if paid { TransferResult::Paid } else { TransferResult::Failed }),
            expected: row.expected.map(money),
            found: row.found.map(money),
            bank_reference: row.reference.clone(),
            paid_on: row.paid_on.map(date),
            status: row.status,
            answer: row.answer,
            note: row.note.clone(),
            asked: row.asked.as_ref().map(SignatureView::from),
            closed: row.closed.as_ref().map(SignatureView::from),
        }
    }
}

/// A file of the bank that was taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BankReturnView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// The file for the bank that it answers.
    #[schema(format = "uuid")]
    pub payment_batch_id: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// What it says, row by row, and then what it does not name.
    pub rows: Vec<ReconciliationRowView>,
}

impl BankReturnView {
    /// A file with its rows.
    #[must_use]
    pub fn of(file: &BankReturn, rows: &[ReconciliationRow]) -> Self {
        Self {
            id: file.id.to_string(),
            payment_batch_id: file.batch.to_string(),
            sha256: file.sha256.clone(),
            rows: rows.iter().map(ReconciliationRowView::from).collect(),
        }
    }
}

/// A file of the bank that was taken in, without its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BankFileView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// The file for the bank that it answers.
    #[schema(format = "uuid")]
    pub payment_batch_id: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Rows in it.
    #[schema(minimum = 0)]
    pub rows: u32,
    /// Who took it in.
    pub recorded: SignatureView,
}

impl From<&BankReturn> for BankFileView {
    fn from(file: &BankReturn) -> Self {
        Self {
            id: file.id.to_string(),
            payment_batch_id: file.batch.to_string(),
            sha256: file.sha256.clone(),
            rows: file.rows,
            recorded: SignatureView { by: file.by.to_string(), at: time(file.at) },
        }
    }
}

/// A repayment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RepaymentView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// Retailer.
    #[schema(format = "uuid")]
    pub retailer_id: String,
    /// How much.
    #[schema(value_type = Money)]
    pub amount: String,
    /// The bank's reference.
    pub bank_reference: String,
    /// The day on which it came in.
    #[schema(format = "date")]
    pub paid_on: String,
    /// Who recorded it.
    pub recorded: SignatureView,
}

impl From<&Repayment> for RepaymentView {
    fn from(row: &Repayment) -> Self {
        Self {
            id: row.id.to_string(),
            retailer_id: row.retailer.to_string(),
            amount: money(row.amount),
            bank_reference: row.reference.clone(),
            paid_on: date(row.paid_on),
            recorded: (&Signature { by: row.by, at: row.at }).into(),
        }
    }
}
