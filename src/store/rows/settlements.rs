//! Settlements, and everything that happens to them on the way to the bank and back.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Place, Row, json};
use crate::domain::calendar::Due;
use crate::domain::id::Id;
use crate::domain::money::Fen;
use crate::domain::records::RejectionCode;
use crate::domain::settlement::{
    BankReturn, Control, Frozen, LineHold, LineRejection, Payment, PaymentBatch, ReconciliationAnswer,
    ReconciliationKind, ReconciliationRow, ReconciliationStatus, Repayment, Settlement, SettlementStatus, Signature,
    Withdrawal,
};
use crate::domain::time::{Day, Moment};
use crate::store::error::StoreError;
use crate::store::schema::{
    bank_return, line_hold, line_rejection, payment_batch, reconciliation_row, repayment, settlement,
};

/// A settlement. Serialised, it is what the trail has the digest of.
#[derive(Clone, Debug, Insertable, Queryable, Selectable, Serialize)]
#[diesel(table_name = settlement, treat_none_as_default_value = false)]
pub struct SettlementRow {
    pub id: Id,
    pub retailer: Id,
    pub from_day: i32,
    pub to_day: i32,
    pub status: String,
    pub submitted_lines: i64,
    pub submitted_fen: i64,
    pub rejected_lines: i64,
    pub rejected_fen: i64,
    pub approved_lines: Option<i64>,
    pub approved_fen: Option<i64>,
    pub recovered_fen: i64,
    pub due_day: Option<i32>,
    pub batch: Option<Id>,
    pub submitted_at: i64,
    pub body: String,
}

/// What of a settlement nobody looks for.
#[derive(Serialize, Deserialize)]
struct Body {
    buckets: Vec<Id>,
    submitted_by: Id,
    acceptance: Option<Signature>,
    review: Option<Signature>,
    rejecters: Vec<Id>,
    approvals: Vec<Signature>,
    returned: Option<String>,
    frozen: Option<Frozen>,
    payment: Option<Payment>,
    holidays_known: bool,
    // What settlements of before do not have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    batches: Vec<Id>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    submitters: Vec<Id>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hands: Vec<Id>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    withdrawn: Vec<Withdrawal>,
}

impl Row for SettlementRow {
    type Record = Settlement;

    fn write(record: &Settlement) -> Result<Self, StoreError> {
        let body = Body {
            buckets: record.buckets.clone(),
            submitted_by: record.submission.by,
            acceptance: record.acceptance,
            review: record.review,
            rejecters: record.rejecters.clone(),
            approvals: record.approvals.clone(),
            returned: record.returned.clone(),
            frozen: record.frozen.clone(),
            payment: record.payment.clone(),
            holidays_known: record.due.is_some_and(|due| due.holidays_known),
            batches: record.batches.clone(),
            submitters: record.submitters.clone(),
            hands: record.hands.clone(),
            withdrawn: record.withdrawn.clone(),
        };
        Ok(Self {
            id: record.id,
            retailer: record.retailer,
            from_day: record.from.number(),
            to_day: record.to.number(),
            status: record.status.name().to_owned(),
            submitted_lines: i64::from(record.submitted.lines),
            submitted_fen: record.submitted.amount.0,
            rejected_lines: i64::from(record.rejected.lines),
            rejected_fen: record.rejected.amount.0,
            approved_lines: record.approved.map(|approved| i64::from(approved.lines)),
            approved_fen: record.approved.map(|approved| approved.amount.0),
            recovered_fen: record.recovered.0,
            due_day: record.due.map(|due| due.day.number()),
            batch: record.batch,
            submitted_at: record.submission.at.0,
            body: json(&body)?,
        })
    }

    fn read(self) -> Result<Settlement, StoreError> {
        let place = Place::new("settlement", &self.id);
        let body: Body = place.json("body", &self.body)?;
        let control =
            |column, lines, fen| Ok::<_, StoreError>(Control { lines: place.count(column, lines)?, amount: Fen(fen) });
        let holidays_known = body.holidays_known;
        let due = self.due_day.map(|day| Ok::<_, StoreError>(Due { day: place.day("due_day", day)?, holidays_known }));
        let approved = self.approved_lines.zip(self.approved_fen);
        Ok(Settlement {
            id: self.id,
            retailer: self.retailer,
            from: place.day("from_day", self.from_day)?,
            to: place.day("to_day", self.to_day)?,
            status: place.word("status", &self.status, SettlementStatus::from_name)?,
            buckets: body.buckets,
            submitted: control("submitted_lines", self.submitted_lines, self.submitted_fen)?,
            rejected: control("rejected_lines", self.rejected_lines, self.rejected_fen)?,
            approved: approved.map(|(lines, fen)| control("approved_lines", lines, fen)).transpose()?,
            recovered: Fen(self.recovered_fen),
            submission: Signature { by: body.submitted_by, at: Moment(self.submitted_at) },
            acceptance: body.acceptance,
            review: body.review,
            rejecters: body.rejecters,
            approvals: body.approvals,
            returned: body.returned,
            frozen: body.frozen,
            batch: self.batch,
            batches: body.batches,
            payment: body.payment,
            due: due.transpose()?,
            submitters: body.submitters,
            hands: body.hands,
            withdrawn: body.withdrawn,
        })
    }
}

/// A refused line. Serialised, it is what the trail has the digest of.
#[derive(Clone, Debug, Insertable, Queryable, Selectable, Serialize)]
#[diesel(table_name = line_rejection, treat_none_as_default_value = false)]
pub struct LineRejectionRow {
    pub id: Id,
    pub settlement: Id,
    pub redemption: Id,
    pub code: String,
    pub reason: String,
    pub lost_lines: i64,
    pub lost_fen: i64,
    pub by_officer: Id,
    pub at: i64,
}

impl Row for LineRejectionRow {
    type Record = LineRejection;

    fn write(record: &LineRejection) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            settlement: record.settlement,
            redemption: record.redemption,
            code: record.code.name().to_owned(),
            reason: record.reason.clone(),
            lost_lines: i64::from(record.lost.lines),
            lost_fen: record.lost.amount.0,
            by_officer: record.by,
            at: record.at.0,
        })
    }

    fn read(self) -> Result<LineRejection, StoreError> {
        let place = Place::new("line_rejection", &self.id);
        Ok(LineRejection {
            id: self.id,
            settlement: self.settlement,
            redemption: self.redemption,
            code: place.word("code", &self.code, RejectionCode::from_name)?,
            reason: self.reason,
            lost: Control { lines: place.count("lost_lines", self.lost_lines)?, amount: Fen(self.lost_fen) },
            by: self.by_officer,
            at: Moment(self.at),
        })
    }
}

/// Why a line is held. Serialised, it is what the trail has the digest of.
#[derive(Clone, Debug, Insertable, Queryable, Selectable, Serialize)]
#[diesel(table_name = line_hold, treat_none_as_default_value = false)]
pub struct LineHoldRow {
    pub redemption: Id,
    pub open: String,
}

impl Row for LineHoldRow {
    type Record = LineHold;

    fn write(record: &LineHold) -> Result<Self, StoreError> {
        Ok(Self { redemption: record.redemption, open: json(&record.open)? })
    }

    fn read(self) -> Result<LineHold, StoreError> {
        let place = Place::new("line_hold", &self.redemption);
        Ok(LineHold { redemption: self.redemption, open: place.json("open", &self.open)? })
    }
}

/// A file for the bank.
#[derive(Clone, Debug, Insertable, Queryable, Selectable, Serialize)]
#[diesel(table_name = payment_batch, treat_none_as_default_value = false)]
pub struct PaymentBatchRow {
    pub id: Id,
    pub settlements: String,
    pub payments: i64,
    pub total_fen: i64,
    pub open: String,
    pub by_officer: Id,
    pub at: i64,
}

impl Row for PaymentBatchRow {
    type Record = PaymentBatch;

    fn write(record: &PaymentBatch) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            settlements: json(&record.settlements)?,
            payments: i64::from(record.control.lines),
            total_fen: record.control.amount.0,
            open: json(&record.open)?,
            by_officer: record.made.by,
            at: record.made.at.0,
        })
    }

    fn read(self) -> Result<PaymentBatch, StoreError> {
        let place = Place::new("payment_batch", &self.id);
        Ok(PaymentBatch {
            id: self.id,
            settlements: place.json("settlements", &self.settlements)?,
            control: Control { lines: place.count("payments", self.payments)?, amount: Fen(self.total_fen) },
            open: place.json("open", &self.open)?,
            made: Signature { by: self.by_officer, at: Moment(self.at) },
        })
    }
}

/// A file of the bank. Serialised, it is what the trail has the digest of.
#[derive(Clone, Debug, Insertable, Queryable, Selectable, Serialize)]
#[diesel(table_name = bank_return, treat_none_as_default_value = false)]
pub struct BankReturnRow {
    pub id: Id,
    pub batch: Id,
    pub sha256: String,
    pub file_rows: i64,
    pub by_officer: Id,
    pub at: i64,
}

impl Row for BankReturnRow {
    type Record = BankReturn;

    fn write(record: &BankReturn) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            batch: record.batch,
            sha256: record.sha256.clone(),
            file_rows: i64::from(record.rows),
            by_officer: record.by,
            at: record.at.0,
        })
    }

    fn read(self) -> Result<BankReturn, StoreError> {
        let place = Place::new("bank_return", &self.id);
        Ok(BankReturn {
            id: self.id,
            batch: self.batch,
            sha256: self.sha256,
            rows: place.count("file_rows", self.file_rows)?,
            by: self.by_officer,
            at: Moment(self.at),
        })
    }
}

/// A row of reconciliation. Serialised, it is what the trail has the digest of.
#[derive(Clone, Debug, Insertable, Queryable, Selectable, Serialize)]
#[diesel(table_name = reconciliation_row, treat_none_as_default_value = false)]
pub struct ReconciliationRowRow {
    pub id: Id,
    pub batch: Id,
    pub file: Id,
    pub file_row: Option<i64>,
    pub kind: String,
    pub settlement: Option<Id>,
    pub expected_fen: Option<i64>,
    pub found_fen: Option<i64>,
    pub reference: Option<String>,
    pub paid_on: Option<i32>,
    pub status: String,
    pub answer: Option<String>,
    pub note: Option<String>,
    pub closed_by: Option<Id>,
    pub closed_at: Option<i64>,
    pub at: i64,
    // Left out where there is none: the digests of rows of before were made without them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub named: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<i64>,
}

impl Row for ReconciliationRowRow {
    type Record = ReconciliationRow;

    fn write(record: &ReconciliationRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            batch: record.batch,
            file: record.file,
            file_row: record.row.map(i64::from),
            kind: record.kind.name().to_owned(),
            settlement: record.settlement,
            expected_fen: record.expected.map(|fen| fen.0),
            found_fen: record.found.map(|fen| fen.0),
            reference: record.reference.clone(),
            paid_on: record.paid_on.map(Day::number),
            status: record.status.name().to_owned(),
            answer: record.answer.map(|answer| answer.name().to_owned()),
            note: record.note.clone(),
            closed_by: record.closed.map(|closed| closed.by),
            closed_at: record.closed.map(|closed| closed.at.0),
            at: record.at.0,
            named: record.named.clone(),
            paid: record.paid,
            asked_by: record.asked.map(|asked| asked.by),
            asked_at: record.asked.map(|asked| asked.at.0),
        })
    }

    fn read(self) -> Result<ReconciliationRow, StoreError> {
        let place = Place::new("reconciliation_row", &self.id);
        let answer = |word: &str| place.word("answer", word, ReconciliationAnswer::from_name);
        let signature = |by: Option<Id>, at: Option<i64>| by.zip(at).map(|(by, at)| Signature { by, at: Moment(at) });
        Ok(ReconciliationRow {
            id: self.id,
            batch: self.batch,
            file: self.file,
            row: self.file_row.map(|row| place.count("file_row", row)).transpose()?,
            kind: place.word("kind", &self.kind, ReconciliationKind::from_name)?,
            settlement: self.settlement,
            named: self.named,
            paid: self.paid,
            expected: self.expected_fen.map(Fen),
            found: self.found_fen.map(Fen),
            reference: self.reference,
            paid_on: self.paid_on.map(|day| place.day("paid_on", day)).transpose()?,
            status: place.word("status", &self.status, ReconciliationStatus::from_name)?,
            answer: self.answer.as_deref().map(answer).transpose()?,
            note: self.note,
            asked: signature(self.asked_by, self.asked_at),
            closed: signature(self.closed_by, self.closed_at),
            at: Moment(self.at),
        })
    }
}

/// A repayment. Serialised, it is what the trail has the digest of.
#[derive(Clone, Debug, Insertable, Queryable, Selectable, Serialize)]
#[diesel(table_name = repayment, treat_none_as_default_value = false)]
pub struct RepaymentRow {
    pub id: Id,
    pub retailer: Id,
    pub amount_fen: i64,
    pub recovered: String,
    pub reference: String,
    pub paid_on: i32,
    pub by_officer: Id,
    pub at: i64,
}

impl Row for RepaymentRow {
    type Record = Repayment;

    fn write(record: &Repayment) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            retailer: record.retailer,
            amount_fen: record.amount.0,
            recovered: json(&record.recovered)?,
            reference: record.reference.clone(),
            paid_on: record.paid_on.number(),
            by_officer: record.by,
            at: record.at.0,
        })
    }

    fn read(self) -> Result<Repayment, StoreError> {
        let place = Place::new("repayment", &self.id);
        Ok(Repayment {
            id: self.id,
            retailer: self.retailer,
            amount: Fen(self.amount_fen),
            recovered: place.json("recovered", &self.recovered)?,
            reference: self.reference,
            paid_on: place.day("paid_on", self.paid_on)?,
            by: self.by_officer,
            at: Moment(self.at),
        })
    }
}
