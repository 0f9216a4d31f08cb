//! The file for the bank, and what the bank says it did with it. Whatever does not match is a row to work on.

use std::collections::BTreeSet;

use serde_json::json;

use super::{ask, judge_control, payment};
use crate::domain::command::{
    AnswerRow, AuditNote, BatchSettlements, Change, Decision, NewBankReturn, Outcome, Paid, Stop,
};
use crate::domain::decide::Ids;
use crate::domain::id::Id;
use crate::domain::ledger::Movement;
use crate::domain::refusal::{Checks, Code, Refusal};
use crate::domain::rollup::RollupEntry;
use crate::domain::settlement::{
    BankReturn, Control, PaymentBatch, ReconciliationAnswer, ReconciliationKind, ReconciliationRow,
    ReconciliationStatus, ReturnRow, Settlement, SettlementStatus, Signature,
};
use crate::domain::state::State;

pub(in crate::domain::decide) fn footprint_batch(state: &mut State, new: &BatchSettlements) {
    new.settlements.iter().for_each(|id| state.settlements.ask(*id));
}

/// Puts settlements into one file, in the order in which they are named.
pub(in crate::domain::decide) fn batch(
    state: &State,
    new: &BatchSettlements,
    by: Id,
    ids: &mut Ids,
) -> Result<Decision, Stop> {
    let (mut checks, mut seen, mut taken) = (Checks::default(), BTreeSet::new(), Vec::new());
    let mut sum = Control::default();
    for (index, id) in new.settlements.iter().enumerate() {
        let pointer = format!("/settlement_ids/{index}");
        let Some(row) = state.settlements.get(id)? else {
            checks.fail(Refusal::at(Code::NotFound, pointer).found(id));
            continue;
        };
        if !seen.insert(*id) {
            checks.fail(Refusal::at(Code::BodyMalformed, pointer).found(id).expected("each settlement once"));
            continue;
        }
        let approved = Refusal::at(Code::WrongState, &pointer).found(row.status);
        checks.note(row.status == SettlementStatus::Approved, approved.expected(SettlementStatus::Approved));
        if let Some(other) = row.batch {
            let refusal = Refusal::at(Code::WrongState, &pointer).found(format!("in batch {other}"));
            checks.fail(refusal.expected("a settlement that no file for the bank has"));
        }
        sum = sum.plus(Control { lines: 1, amount: row.transfer().unwrap_or_default() });
        taken.push(row);
    }
    if checks.verdict().is_ok() {
        judge_control(new.control, sum, &mut checks);
    }
    checks.verdict()?;
    // From here it must succeed.
    let batch = PaymentBatch {
        id: ids.next(),
        settlements: new.settlements.clone(),
        control: sum,
        open: Vec::new(),
        made: Signature { by, at: ids.stamp.at },
    };
    let detail = json!({"settlements": batch.settlements, "control": batch.control});
    let mut changes: Vec<Change> = Vec::new();
    for row in taken {
        changes.push(Change::Settlement(Box::new(Settlement { batch: Some(batch.id), ..row.clone() })));
    }
    changes.push(Change::PaymentBatch(Box::new(batch.clone())));
    Ok(Decision {
        audit: AuditNote { subject: batch.id.to_string(), detail },
        outcome: Outcome::PaymentBatch(Box::new(batch)),
        changes,
        movements: Vec::new(),
        rollups: Vec::new(),
    })
}

pub(in crate::domain::decide) fn footprint_return(state: &mut State, new: &NewBankReturn) {
    state.payment_batches.ask(new.batch);
    state.bank_returns.ask(BankReturn::key(new.batch, &new.sha256));
    let Some(batch) = state.payment_batches.peek(&new.batch).cloned() else { return };
    batch.open.iter().for_each(|id| state.reconciliation_rows.ask(*id));
    batch.settlements.iter().for_each(|id| ask(state, *id));
}

/// What one file does, as it grows.
struct Taken<'a> {
    state: &'a State,
    batch: PaymentBatch,
    file: Id,
    signature: Signature,
    rows: Vec<ReconciliationRow>,
    /// What the file pays, and to whom.
    settled: BTreeSet<Id>,
    retailers: BTreeSet<Id>,
    changes: Vec<Change>,
    movements: Vec<Movement>,
    rollups: Vec<RollupEntry>,
}

/// Takes the bank's file in: what matches is paid, everything else becomes a row to work on, and so does each settlement
/// of the batch that is not paid and that the file does not name.
pub(in crate::domain::decide) fn bank_return(
    state: &State,
    new: &NewBankReturn,
    by: Id,
    ids: &mut Ids,
) -> Result<Decision, Stop> {
    let batch = state.payment_batches.get(&new.batch)?.ok_or_else(|| Refusal::of(Code::NotFound))?;
    let key = BankReturn::key(new.batch, &new.sha256);
    if let Some(known) = state.bank_returns.get(&key)? {
        let refusal = Refusal::of(Code::WrongState).found(format!("taken in at {}", known.at));
        return Err(refusal.expected("a file that was not taken in yet").into());
    }
    let mut checks = Checks::default();
    for (index, row) in new.rows.iter().enumerate() {
        let refusal = Refusal::at(Code::WrongState, format!("/rows/{index}/paid_on")).found(row.paid_on);
        checks.note(row.paid_on <= ids.stamp.day(), refusal.expected("today or before"));
    }
    checks.verdict()?;
    let file = BankReturn {
        id: key,
        batch: batch.id,
        sha256: new.sha256.clone(),
        rows: u32::try_from(new.rows.len()).unwrap_or(u32::MAX),
        by,
        at: ids.stamp.at,
    };
    let mut taken = Taken {
        state,
        batch: batch.clone(),
        file: key,
        signature: Signature { by, at: ids.stamp.at },
        rows: Vec::new(),
        settled: BTreeSet::new(),
        retailers: BTreeSet::new(),
        changes: vec![Change::BankReturn(file.clone())],
        movements: Vec::new(),
        rollups: Vec::new(),
    };
    for (index, row) in new.rows.iter().enumerate() {
        taken.row(u32::try_from(index + 1).unwrap_or(u32::MAX), row, ids)?;
    }
    taken.missing(new, ids)?;
    for retailer in taken.retailers.clone() {
        taken.changes.extend(payment::arrived(state, retailer, &taken.settled)?);
    }
    // From here it must succeed.
    Ok(taken.decision(file))
}

impl Taken<'_> {
    fn row(&mut self, number: u32, row: &ReturnRow, ids: &mut Ids) -> Result<(), Stop> {
        let named = row.settlement.filter(|id| self.batch.settlements.contains(id));
        let settlement = match named {
            Some(id) => self.state.settlements.get(&id)?,
            None => None,
        };
        let expected = settlement.and_then(Settlement::transfer);
        let paid_already =
            settlement.is_some_and(|row| row.status == SettlementStatus::Paid || self.settled.contains(&row.id));
        let left = settlement.is_some_and(|row| row.batch != Some(self.batch.id));
        let kind = match settlement {
            None => ReconciliationKind::Unknown,
            Some(_) if paid_already => ReconciliationKind::Duplicate,
            Some(_) if left || !row.paid || expected != Some(row.amount) => ReconciliationKind::Different,
            Some(_) => ReconciliationKind::Matched,
        };
        if let (ReconciliationKind::Matched, Some(before)) = (kind, settlement) {
            self.pay(before, row, ids)?;
            self.settled.insert(before.id);
            self.retailers.insert(before.retailer);
        }
        let matched = kind == ReconciliationKind::Matched;
        self.rows.push(ReconciliationRow {
            id: ids.next(),
            batch: self.batch.id,
            file: self.file,
            row: Some(number),
            kind,
            settlement: named,
            expected,
            found: Some(row.amount),
            reference: Some(row.reference.clone()),
            paid_on: Some(row.paid_on),
            status: if matched { ReconciliationStatus::Closed } else { ReconciliationStatus::Open },
            answer: None,
            note: None,
            closed: matched.then_some(self.signature),
            at: ids.stamp.at,
        });
        Ok(())
    }

    fn pay(&mut self, before: &Settlement, row: &ReturnRow, ids: &mut Ids) -> Result<(), Stop> {
        let paid = Paid { transferred: row.amount, reference: row.reference.clone(), paid_on: row.paid_on };
        let decision = payment::pay(self.state, before, &paid, self.signature, Checks::default(), ids)?;
        self.changes.extend(decision.changes);
        self.movements.extend(decision.movements);
        self.rollups.extend(decision.rollups);
        // What earlier files left open of it is cleared up by this.
        for id in self.batch.open.clone() {
            let open = self.state.reconciliation_rows.get(&id)?;
            if let Some(open) = open.filter(|open| open.settlement == Some(before.id)) {
                self.batch.open.retain(|other| *other != id);
                self.changes.push(Change::ReconciliationRow(Box::new(ReconciliationRow {
                    status: ReconciliationStatus::Closed,
                    answer: Some(ReconciliationAnswer::Explained),
                    closed: Some(self.signature),
                    ..open.clone()
                })));
            }
        }
        Ok(())
    }

    fn missing(&mut self, new: &NewBankReturn, ids: &mut Ids) -> Result<(), Stop> {
        let named: BTreeSet<Id> = new.rows.iter().filter_map(|row| row.settlement).collect();
        for id in self.batch.settlements.clone() {
            let Some(settlement) = self.state.settlements.get(&id)? else { continue };
            let waits = settlement.status == SettlementStatus::Approved && settlement.batch == Some(self.batch.id);
            let known = self.batch.open.iter().filter_map(|open| self.state.reconciliation_rows.peek(open));
            let told = known.into_iter().any(|open| open.settlement == Some(id));
            if named.contains(&id) || !waits || told {
                continue;
            }
            self.rows.push(ReconciliationRow {
                id: ids.next(),
                batch: self.batch.id,
                file: self.file,
                row: None,
                kind: ReconciliationKind::Missing,
                settlement: Some(id),
                expected: settlement.transfer(),
                found: None,
                reference: None,
                paid_on: None,
                status: ReconciliationStatus::Open,
                answer: None,
                note: None,
                closed: None,
                at: ids.stamp.at,
            });
        }
        Ok(())
    }

    fn decision(mut self, file: BankReturn) -> Decision {
        let open = self.rows.iter().filter(|row| row.status == ReconciliationStatus::Open);
        self.batch.open.extend(open.map(|row| row.id));
        let count = |kind| self.rows.iter().filter(|row| row.kind == kind).count();
        let detail = json!({"batch": file.batch, "sha256": file.sha256, "rows": file.rows,
            "settled": self.settled, "matched": count(ReconciliationKind::Matched),
            "missing": count(ReconciliationKind::Missing), "different": count(ReconciliationKind::Different),
            "duplicate": count(ReconciliationKind::Duplicate), "unknown": count(ReconciliationKind::Unknown)});
        self.changes.push(Change::PaymentBatch(Box::new(self.batch)));
        self.changes.extend(self.rows.iter().map(|row| Change::ReconciliationRow(Box::new(row.clone()))));
        Decision {
            audit: AuditNote { subject: file.id.to_string(), detail },
            outcome: Outcome::BankReturn { file, rows: self.rows },
            changes: self.changes,
            movements: self.movements,
            rollups: self.rollups,
        }
    }
}

pub(in crate::domain::decide) fn footprint_answer(state: &mut State, answer: &AnswerRow) {
    state.reconciliation_rows.ask(answer.row);
    let Some(row) = state.reconciliation_rows.peek(&answer.row).cloned() else { return };
    state.payment_batches.ask(row.batch);
    row.settlement.into_iter().for_each(|id| state.settlements.ask(id));
}

/// Closes a row that did not match. A settlement that the bank did not pay may leave its file, to be paid with another.
pub(in crate::domain::decide) fn answer(
    state: &State,
    answer: &AnswerRow,
    by: Id,
    ids: &mut Ids,
) -> Result<Decision, Stop> {
    let row = state.reconciliation_rows.get(&answer.row)?.ok_or_else(|| Refusal::of(Code::NotFound))?;
    let mut checks = Checks::default();
    let open = Refusal::of(Code::WrongState).found(row.status).expected(ReconciliationStatus::Open);
    checks.note(row.status == ReconciliationStatus::Open, open);
    let settlement = match row.settlement {
        Some(id) => state.settlements.get(&id)?,
        None => None,
    };
    let waits = settlement.filter(|found| found.status == SettlementStatus::Approved && found.batch == Some(row.batch));
    if answer.answer == ReconciliationAnswer::PayAgain {
        let refusal = Refusal::at(Code::WrongState, "/answer").found(answer.answer);
        checks.note(waits.is_some(), refusal.expected("explained: no settlement of this file waits for its payment"));
    }
    checks.verdict()?;
    // From here it must succeed.
    let after = ReconciliationRow {
        status: ReconciliationStatus::Closed,
        answer: Some(answer.answer),
        note: Some(answer.note.clone()),
        closed: Some(Signature { by, at: ids.stamp.at }),
        ..row.clone()
    };
    let mut changes = vec![Change::ReconciliationRow(Box::new(after.clone()))];
    if let Some(batch) = state.payment_batches.get(&row.batch)? {
        let open = batch.open.iter().copied().filter(|id| *id != row.id).collect();
        changes.push(Change::PaymentBatch(Box::new(PaymentBatch { open, ..batch.clone() })));
    }
    if let (ReconciliationAnswer::PayAgain, Some(settlement)) = (answer.answer, waits) {
        changes.push(Change::Settlement(Box::new(Settlement { batch: None, ..settlement.clone() })));
    }
    let detail = json!({"batch": row.batch, "settlement": row.settlement, "kind": row.kind,
        "before": row.status, "after": after.status, "answer": answer.answer, "note": answer.note});
    Ok(Decision {
        audit: AuditNote { subject: row.id.to_string(), detail },
        outcome: Outcome::ReconciliationRow(Box::new(after)),
        changes,
        movements: Vec::new(),
        rollups: Vec::new(),
    })
}
