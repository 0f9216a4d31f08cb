//! What is sent about settlements: each step with the control total that its sender saw.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::command::{AnswerRow, BatchSettlements, NewRepayment, Paid, RejectLine};
use crate::domain::id::Id;
use crate::domain::records::RejectionCode;
use crate::domain::refusal::Refusals;
use crate::domain::settlement::{Control, ReconciliationAnswer, ReturnRow};
use crate::domain::time::Day;

use super::judge::{Judge, LINE, REASON};
use super::words::{Amount, Date, Identity, ReconciliationAnswerWord, RejectionCodeWord};

/// The most settlements of one file for the bank.
const MOST: usize = 500;
/// The most rows of one file of the bank.
const MOST_ROWS: usize = 2000;
/// The columns of the bank's file, in their order.
const RETURN_COLUMNS: [&str; 5] = ["settlement_id", "amount", "result", "bank_reference", "paid_on"];

/// A period to be submitted.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"from": "2026-06-01", "to": "2026-06-30", "lines": 2, "amount": "1944.65"}))]
pub struct SubmitSettlementBody {
    /// The retailer; a manager's own unless said.
    #[serde(default)]
    #[schema(format = "uuid")]
    pub retailer_id: Option<String>,
    /// First day.
    #[schema(value_type = String, format = "date")]
    pub from: Date,
    /// Last day, which must be over.
    #[schema(value_type = String, format = "date")]
    pub to: Date,
    /// Lines, as the statement has them.
    pub lines: u32,
    /// Their sum, as the statement has it.
    pub amount: Amount,
}

/// A period as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubmittedPeriod {
    /// The retailer.
    pub retailer: Id,
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
    /// What the caller saw.
    pub control: Control,
}

impl SubmitSettlementBody {
    /// The period.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_period(self, own: Option<Id>) -> Result<SubmittedPeriod, Refusals> {
        let mut judge = judge();
        let named = self.retailer_id.and_then(|id| judge.id("/retailer_id", &id));
        let retailer = judge.required("/retailer_id", named.or(own));
        let amount = judge.amount("/amount", &self.amount);
        let (from, to, lines) = (self.from.0, self.to.0, self.lines);
        let made = retailer.zip(amount).map(|(retailer, amount)| {
            let control = Control { lines, amount };
            SubmittedPeriod { retailer, from, to, control }
        });
        judge.finish(made)
    }
}

/// The control total that a step is about: what is in the settlement now.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": 2, "amount": "1944.65"}))]
pub struct ControlBody {
    /// Lines that are in the settlement.
    pub lines: u32,
    /// Their sum.
    pub amount: Amount,
}

impl ControlBody {
    /// The total.
    ///
    /// # Errors
    /// `AMOUNT_MALFORMED`.
    pub fn into_control(self) -> Result<Control, Refusals> {
        let mut judge = judge();
        let lines = self.lines;
        let made = judge.amount("/amount", &self.amount).map(|amount| Control { lines, amount });
        judge.finish(made)
    }
}

/// A settlement that is given back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": 2, "amount": "1944.65", "reason": "缺少发票复印件"}))]
pub struct ReturnSettlementBody {
    /// Lines that are in the settlement.
    pub lines: u32,
    /// Their sum.
    pub amount: Amount,
    /// Why, for the retailer.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

impl ReturnSettlementBody {
    /// The total and the reason.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_parts(self) -> Result<(Control, String), Refusals> {
        let mut judge = judge();
        let lines = self.lines;
        let amount = judge.amount("/amount", &self.amount);
        let reason = judge.text("/reason", &self.reason, REASON);
        let made = amount.zip(reason).map(|(amount, reason)| (Control { lines, amount }, reason));
        judge.finish(made)
    }
}

/// What the bank did with a settlement.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "lines": 2, "amount": "1944.65", "transferred": "1944.65", "bank_reference": "ICBC20260720000123",
    "paid_on": "2026-07-20"
}))]
pub struct PaymentBody {
    /// Lines that are in the settlement.
    pub lines: u32,
    /// Their sum.
    pub amount: Amount,
    /// What was transferred: their sum less what was set off.
    pub transferred: Amount,
    /// The bank's reference.
    #[schema(min_length = 1, max_length = 200)]
    pub bank_reference: String,
    /// The day on which the bank paid.
    #[schema(value_type = String, format = "date")]
    pub paid_on: Date,
}

impl PaymentBody {
    /// The total and the payment.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_parts(self) -> Result<(Control, Paid), Refusals> {
        let mut judge = judge();
        let (lines, paid_on) = (self.lines, self.paid_on.0);
        let amount = judge.amount("/amount", &self.amount);
        let transferred = judge.amount("/transferred", &self.transferred);
        let reference = judge.text("/bank_reference", &self.bank_reference, LINE);
        let made = amount.zip(transferred).zip(reference).map(|((amount, transferred), reference)| {
            (Control { lines, amount }, Paid { transferred, reference, paid_on })
        });
        judge.finish(made)
    }
}

/// A line that is refused.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "redemption_id": "019a5c3e-7b00-7000-8000-000000000001", "code": "PHOTO", "reason": "照片看不清序列号"
}))]
pub struct RejectLineBody {
    /// The redemption; its adjustments go with it.
    #[schema(format = "uuid")]
    pub redemption_id: String,
    /// Why, in a word.
    #[schema(value_type = RejectionCodeWord)]
    pub code: RejectionCode,
    /// Why, in a sentence for the retailer.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

impl RejectLineBody {
    /// The refusal.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_reject(self, settlement: Id) -> Result<RejectLine, Refusals> {
        let mut judge = judge();
        let code = self.code;
        let redemption = judge.id("/redemption_id", &self.redemption_id);
        let reason = judge.text("/reason", &self.reason, REASON);
        let made =
            redemption.zip(reason).map(|(redemption, reason)| RejectLine { settlement, redemption, code, reason });
        judge.finish(made)
    }
}

/// What has changed since a line was refused.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"note": "已补传清晰照片"}))]
pub struct ResubmitBody {
    /// In words, for the bureau.
    #[schema(min_length = 1, max_length = 500)]
    pub note: String,
}

impl ResubmitBody {
    /// The words.
    ///
    /// # Errors
    /// `BODY_MALFORMED`.
    pub fn into_note(self) -> Result<String, Refusals> {
        let mut judge = judge();
        let note = judge.text("/note", &self.note, REASON);
        judge.finish(note)
    }
}

/// A redemption that is undone after payment.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"goods_returned": false, "reason": "抽查发现序列号不符"}))]
pub struct ClawBackBody {
    /// Whether the goods came back. Where they did not, serial number, invoice and quota go on counting.
    pub goods_returned: bool,
    /// Why.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

impl ClawBackBody {
    /// Whether the goods came back, and the reason.
    ///
    /// # Errors
    /// `BODY_MALFORMED`.
    pub fn into_parts(self) -> Result<(bool, String), Refusals> {
        let mut judge = judge();
        let reason = judge.text("/reason", &self.reason, REASON);
        let goods_returned = self.goods_returned;
        judge.finish(reason.map(|reason| (goods_returned, reason)))
    }
}

/// Money that came back from a retailer.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": "944.85", "bank_reference": "ICBC20260801000007", "paid_on": "2026-08-01"}))]
pub struct RepaymentBody {
    /// How much; not more than is owed back.
    pub amount: Amount,
    /// The bank's reference.
    #[schema(min_length = 1, max_length = 200)]
    pub bank_reference: String,
    /// The day on which it came in.
    #[schema(value_type = String, format = "date")]
    pub paid_on: Date,
}

impl RepaymentBody {
    /// The repayment, to these programme lines.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_repayment(self, retailer: Id, lines: Vec<Id>) -> Result<NewRepayment, Refusals> {
        let mut judge = judge();
        let amount = judge.amount("/amount", &self.amount);
        if amount == Some(crate::domain::money::Fen::ZERO) {
            judge.malformed("/amount", "more than nothing");
        }
        let reference = judge.text("/bank_reference", &self.bank_reference, LINE);
        let paid_on = self.paid_on.0;
        let made = amount.zip(reference).map(|(amount, reference)| NewRepayment {
            retailer,
            amount,
            reference,
            paid_on,
            lines,
        });
        judge.finish(made)
    }
}

/// Approved settlements for one file.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "settlement_ids": ["019a5c3e-7b00-7000-8000-000000000001"], "payments": 1, "total": "1944.65"
}))]
pub struct PaymentBatchBody {
    /// The settlements, each once, in the order of the file.
    #[schema(min_items = 1, max_items = 500, value_type = Vec<Identity>)]
    pub settlement_ids: Vec<String>,
    /// How many there are.
    pub payments: u32,
    /// What is transferred in all.
    pub total: Amount,
}

impl PaymentBatchBody {
    /// The batch.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_batch(self) -> Result<BatchSettlements, Refusals> {
        let mut judge = judge();
        if !(1..=MOST).contains(&self.settlement_ids.len()) {
            judge.malformed("/settlement_ids", format!("1 to {MOST} settlements"));
        }
        let listed = self.settlement_ids.iter().take(MOST).enumerate();
        let settlements = listed.filter_map(|(index, id)| judge.id(&format!("/settlement_ids/{index}"), id)).collect();
        let total = judge.amount("/total", &self.total);
        let lines = self.payments;
        let made = total.map(|amount| BatchSettlements { settlements, control: Control { lines, amount } });
        judge.finish(made)
    }
}

/// What somebody made of a row that did not match.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"answer": "pay_again", "note": "收款账号有误，银行退回"}))]
pub struct ReconciliationAnswerBody {
    /// What.
    #[schema(value_type = ReconciliationAnswerWord)]
    pub answer: ReconciliationAnswer,
    /// In words.
    #[schema(min_length = 1, max_length = 500)]
    pub note: String,
}

impl ReconciliationAnswerBody {
    /// The answer to a row.
    ///
    /// # Errors
    /// `BODY_MALFORMED`.
    pub fn into_answer(self, row: Id) -> Result<AnswerRow, Refusals> {
        let mut judge = judge();
        let answer = self.answer;
        let note = judge.text("/note", &self.note, REASON);
        judge.finish(note.map(|note| AnswerRow { row, answer, note }))
    }
}

fn judge() -> Judge {
    Judge::new(Day(chrono::NaiveDate::MAX))
}

/// Reads the bank's return file: CSV in UTF-8, a line of heads and a line for each payment.
///
/// # Errors
/// With everything in the file that cannot stand, each at its row and column.
pub fn bank_return(text: &str) -> Result<Vec<ReturnRow>, Refusals> {
    let mut judge = judge();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let heads = reader.headers().is_ok_and(|heads| heads.iter().collect::<Vec<_>>() == RETURN_COLUMNS);
    if !heads {
        judge.malformed("/heads", RETURN_COLUMNS.join(","));
        return judge.finish(None);
    }
    let mut rows = Vec::new();
    for (index, record) in reader.records().enumerate() {
        if index == MOST_ROWS {
            judge.malformed("/rows", format!("at most {MOST_ROWS} rows"));
            break;
        }
        let cells = record.ok().filter(|record| record.len() == RETURN_COLUMNS.len());
        match cells {
            Some(cells) => rows.extend(return_row(&mut judge, index, &cells)),
            None => judge.malformed(&format!("/rows/{index}"), format!("{} cells", RETURN_COLUMNS.len())),
        }
    }
    judge.finish(Some(rows))
}

fn return_row(judge: &mut Judge, index: usize, cells: &csv::StringRecord) -> Option<ReturnRow> {
    let at = |column: &str| format!("/rows/{index}/{column}");
    let cell = |column: usize| cells.get(column).unwrap_or_default();
    let amount = judge.amount(&at("amount"), &Amount::Text(cell(1).to_owned()));
    let paid = match cell(2) {
        "paid" => Some(true),
        "failed" => Some(false),
        _ => {
            judge.malformed(&at("result"), "paid or failed");
            None
        }
    };
    let reference = judge.text(&at("bank_reference"), cell(3), LINE);
    let paid_on = serde_json::from_value::<Date>(cell(4).into()).ok();
    if paid_on.is_none() {
        judge.malformed(&at("paid_on"), "a day such as 2026-06-18");
    }
    Some(ReturnRow {
        settlement: cell(0).parse().ok(),
        named: cell(0).chars().filter(|letter| !letter.is_control()).take(LINE).collect(),
        amount: amount?,
        paid: paid?,
        reference: reference?,
        paid_on: paid_on?.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Fen;

    const HEADS: &str = "settlement_id,amount,result,bank_reference,paid_on\r\n";

    #[test]
    fn the_banks_file_is_read_row_by_row() {
        let id = "019a5c3e-7b00-7000-8000-000000000001";
        let text = format!("\u{feff}{HEADS}{id},1944.65,paid,R1,2026-07-20\r\nsomething,1.00,failed,R2,2026-07-20\r\n");
        let rows = bank_return(&text).unwrap();
        assert_eq!(rows[0].settlement.map(|id| id.to_string()).as_deref(), Some(id));
        assert_eq!((rows[0].amount, rows[0].paid), (Fen(194_465), true));
        assert_eq!((rows[1].settlement, rows[1].paid, rows[1].named.as_str()), (None, false, "something"));
        assert_eq!(bank_return(HEADS).unwrap(), []);
    }

    #[test]
    fn everything_that_is_wrong_is_told_where_it_stands() {
        let refused = bank_return(&format!("{HEADS}x,1,000,done,,18.7.2026\nx,1.00,paid,R\n")).unwrap_err();
        let told: Vec<&str> = refused.all().iter().map(|refusal| refusal.pointer.as_str()).collect();
        assert_eq!(told, ["/rows/0", "/rows/1"], "a comma in an amount makes a cell too many");
        let refused = bank_return(&format!("{HEADS}x,1.000,done,,18.7.2026\n")).unwrap_err();
        let mut told: Vec<&str> = refused.all().iter().map(|refusal| refusal.pointer.as_str()).collect();
        told.sort_unstable();
        assert_eq!(told, ["/rows/0/amount", "/rows/0/bank_reference", "/rows/0/paid_on", "/rows/0/result"]);
        assert_eq!(bank_return("a,b\n").unwrap_err().first().pointer, "/heads");
    }
}
