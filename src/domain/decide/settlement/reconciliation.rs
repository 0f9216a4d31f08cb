//! The file for the bank, and what the bank says it did with it. Whatever does not match is a row to work on.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{ask, held, judge_control, judge_held, payment, somebody_else};
use crate::domain::command::{
    AnswerRow, AuditNote, BatchSettlements, Change, Decision, NewBankReturn, Outcome, Paid, Stop,
};
use crate::domain::decide::Ids;
use crate::domain::id::Id;
use crate::domain::ledger::Movement;
use crate::domain::records::{ClaimKey, Standing};
use crate::domain::refusal::{Checks, Code, Refusal};
use crate::domain::rollup::RollupEntry;
use crate::domain::settlement::{
    BankReturn, Control, PaymentBatch, ReconciliationAnswer, ReconciliationKind, ReconciliationRow,
    ReconciliationStatus, ReturnRow, Settlement, SettlementStatus, Signature,
};
use crate::domain::state::State;

pub(in crate::domain::decide) fn footprint_batch(state: &mut State, new: &BatchSettlements) {
    for id in &new.settlements {
        state.settlements.ask(*id);
        let Some(settlement) = state.settlements.peek(id).cloned() else { continue };
        state.retailers.ask(settlement.retailer);
        settlement.buckets.iter().for_each(|bucket| state.buckets.ask(*bucket));
        ask_what_was_said(state, &settlement);
    }
}

/// Asks for what the bank has said of a settlement and nobody has answered yet, whatever file it was about.
pub(super) fn ask_what_was_said(state: &mut State, settlement: &Settlement) {
    for file in settlement.files() {
        state.payment_batches.ask(file);
        let open = state.payment_batches.peek(&file).map(|batch| batch.open.clone()).unwrap_or_default();
        for row in open {
            state.reconciliation_rows.ask(row);
        }
    }
}

/// The rows that say that the bank has paid something for a settlement, and that nobody has answered yet: until then it
/// is not known whether it may be paid once more.
fn said_paid<'a>(state: &'a State, settlement: &Settlement) -> Result<Vec<&'a ReconciliationRow>, Stop> {
    let mut found = Vec::new();
    for file in settlement.files() {
        for id in state.payment_batches.get(&file)?.into_iter().flat_map(|batch| &batch.open) {
            let row = state.reconciliation_rows.get(id)?;
            found.extend(row.filter(|row| row.settlement == Some(settlement.id) && row.paid == Some(true)));
        }
    }
    Ok(found)
}

/// Its payment is in no file for the bank.
pub(super) fn judge_unfiled(settlement: &Settlement, pointer: &str, checks: &mut Checks) {
    if let Some(batch) = settlement.batch {
        let refusal = Refusal::at(Code::WrongState, pointer).found(format!("in batch {batch}"));
        checks.fail(refusal.expected("a settlement that no file for the bank has"));
    }
}

/// Nothing that the bank has said it paid for it waits for an answer.
pub(super) fn judge_said(
    state: &State,
    settlement: &Settlement,
    pointer: &str,
    checks: &mut Checks,
) -> Result<(), Stop> {
    let said = said_paid(state, settlement)?.len();
    let refusal = Refusal::at(Code::WrongState, pointer).found(format!("{said} rows in which the bank has paid"));
    checks.note(said == 0, refusal.expected("a settlement of which no row waits for an answer"));
    Ok(())
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
        judge_unfiled(row, &pointer, &mut checks);
        may_go_out(state, row, &pointer, &mut checks)?;
        judge_said(state, row, &pointer, &mut checks)?;
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
        let batches = row.batches.iter().copied().chain([batch.id]).collect();
        changes.push(Change::Settlement(Box::new(Settlement { batch: Some(batch.id), batches, ..row.clone() })));
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

/// Between approval and the bank a line may come to be held, or the retailer be kept out: then nothing goes out.
fn may_go_out(state: &State, settlement: &Settlement, pointer: &str, checks: &mut Checks) -> Result<(), Stop> {
    judge_held(held(state, settlement)?, pointer, checks);
    let lost = || Stop::NotLoaded(format!("retailer of settlement {}", settlement.id));
    let retailer = state.retailers.get(&settlement.retailer)?.ok_or_else(lost)?;
    let refusal = Refusal::at(Code::WrongState, pointer).found(format!("a retailer that is {}", retailer.standing));
    checks.note(retailer.standing == Standing::Approved, refusal.expected("a retailer that is approved"));
    Ok(())
}

pub(in crate::domain::decide) fn footprint_return(state: &mut State, new: &NewBankReturn) {
    state.payment_batches.ask(new.batch);
    state.bank_returns.ask(BankReturn::key(new.batch, &new.sha256));
    let Some(batch) = state.payment_batches.peek(&new.batch).cloned() else { return };
    batch.open.iter().for_each(|id| state.reconciliation_rows.ask(*id));
    for id in &batch.settlements {
        ask(state, *id);
        if let Some(settlement) = state.settlements.peek(id).cloned() {
            ask_what_was_said(state, &settlement);
        }
    }
    for row in new.rows.iter().filter(|row| row.paid) {
        let retailer = row.settlement.and_then(|id| state.settlements.peek(&id)).map(|settlement| settlement.retailer);
        if let Some(retailer) = retailer {
            state.claims.ask(payment::reference(retailer, &row.reference));
        }
    }
}

/// What one file does, as it grows.
struct Taken<'a> {
    state: &'a State,
    batch: PaymentBatch,
    /// Other files for the bank of which a row is answered by this.
    others: BTreeMap<Id, PaymentBatch>,
    file: Id,
    signature: Signature,
    rows: Vec<ReconciliationRow>,
    /// What the file pays, to whom, and under which references.
    settled: BTreeSet<Id>,
    retailers: BTreeSet<Id>,
    references: BTreeSet<ClaimKey>,
    /// Rows of before that this closes.
    closed: BTreeMap<Id, ReconciliationRow>,
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
        let settlement = match row.settlement.filter(|id| row.paid && batch.settlements.contains(id)) {
            Some(id) => state.settlements.get(&id)?.filter(|found| found.batch == Some(batch.id)),
            None => None,
        };
        if let Some(settlement) = settlement {
            payment::judge_day(settlement, row.paid_on, &format!("/rows/{index}/paid_on"), &mut checks);
        }
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
        others: BTreeMap::new(),
        file: key,
        signature: Signature { by, at: ids.stamp.at },
        rows: Vec::new(),
        settled: BTreeSet::new(),
        retailers: BTreeSet::new(),
        references: BTreeSet::new(),
        closed: BTreeMap::new(),
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
        let kind = match settlement {
            Some(settlement) => self.kind(settlement, row)?,
            None => ReconciliationKind::Unknown,
        };
        if let Some(before) = settlement {
            self.close(before, |open| open.kind == ReconciliationKind::Missing)?;
        }
        if let (ReconciliationKind::Matched, Some(before)) = (kind, settlement) {
            self.pay(before, row, ids)?;
            self.settled.insert(before.id);
            self.retailers.insert(before.retailer);
            self.references.insert(payment::reference(before.retailer, &row.reference));
        }
        let matched = kind == ReconciliationKind::Matched;
        self.rows.push(ReconciliationRow {
            id: ids.next(),
            batch: self.batch.id,
            file: self.file,
            row: Some(number),
            kind,
            settlement: named,
            named: named.is_none().then(|| row.named.clone()),
            paid: Some(row.paid),
            expected,
            found: Some(row.amount),
            reference: Some(row.reference.clone()),
            paid_on: Some(row.paid_on),
            status: if matched { ReconciliationStatus::Closed } else { ReconciliationStatus::Open },
            answer: None,
            note: None,
            asked: None,
            closed: matched.then_some(self.signature),
            at: ids.stamp.at,
        });
        Ok(())
    }

    /// What the bank has paid is paid, also when the settlement has left this file since: a file that comes late is true
    /// all the same, and what another file then says is a second payment.
    fn kind(&self, settlement: &Settlement, row: &ReturnRow) -> Result<ReconciliationKind, Stop> {
        let paid_already = settlement.status == SettlementStatus::Paid || self.settled.contains(&settlement.id);
        let elsewhere = settlement.batch.is_some_and(|batch| batch != self.batch.id);
        if paid_already {
            // That a transfer failed which was given up for another one is as it should be.
            let failed = if elsewhere { ReconciliationKind::Different } else { ReconciliationKind::Bounced };
            return Ok(if row.paid { ReconciliationKind::Duplicate } else { failed });
        }
        let in_time = settlement.approvals.last().is_none_or(|approval| approval.at.day() <= row.paid_on);
        if !row.paid || settlement.transfer() != Some(row.amount) || !in_time {
            return Ok(ReconciliationKind::Different);
        }
        let key = payment::reference(settlement.retailer, &row.reference);
        let known = self.references.contains(&key) || payment::is_recorded(self.state, key)?;
        Ok(if known { ReconciliationKind::Duplicate } else { ReconciliationKind::Matched })
    }

    fn pay(&mut self, before: &Settlement, row: &ReturnRow, ids: &mut Ids) -> Result<(), Stop> {
        let paid = Paid { transferred: row.amount, reference: row.reference.clone(), paid_on: row.paid_on };
        // This file has paid it, whichever has it now.
        let before = Settlement { batch: Some(self.batch.id), ..before.clone() };
        let decision = payment::pay(self.state, &before, &paid, self.signature, Checks::default(), ids)?;
        self.changes.extend(decision.changes);
        self.movements.extend(decision.movements);
        self.rollups.extend(decision.rollups);
        self.close(&before, |open| open.paid != Some(true))
    }

    /// What earlier files left open of a settlement is cleared up by this, of whichever file for the bank. What says that
    /// the bank has paid is not: somebody has to find out whether it did so twice.
    fn close(&mut self, settlement: &Settlement, which: impl Fn(&ReconciliationRow) -> bool) -> Result<(), Stop> {
        for file in settlement.files() {
            let batch = match self.others.get(&file) {
                _ if file == self.batch.id => Some(self.batch.clone()),
                Some(batch) => Some(batch.clone()),
                None => self.state.payment_batches.get(&file)?.cloned(),
            };
            let Some(mut batch) = batch else { continue };
            let mut answered = Vec::new();
            for id in &batch.open {
                let open = self.state.reconciliation_rows.get(id)?;
                answered.extend(open.filter(|open| open.settlement == Some(settlement.id) && which(open)).cloned());
            }
            batch.open.retain(|id| answered.iter().all(|row| row.id != *id));
            for row in answered {
                let (status, answer) = (ReconciliationStatus::Closed, Some(ReconciliationAnswer::Explained));
                let closed = Some(self.signature);
                self.closed.insert(row.id, ReconciliationRow { status, answer, closed, ..row });
                self.others.insert(file, batch.clone());
            }
            if file == self.batch.id {
                self.batch.open = batch.open;
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
                named: None,
                paid: None,
                expected: settlement.transfer(),
                found: None,
                reference: None,
                paid_on: None,
                status: ReconciliationStatus::Open,
                answer: None,
                note: None,
                asked: None,
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
            "duplicate": count(ReconciliationKind::Duplicate), "bounced": count(ReconciliationKind::Bounced),
            "unknown": count(ReconciliationKind::Unknown)});
        self.others.insert(self.batch.id, self.batch);
        self.changes.extend(self.others.into_values().map(|batch| Change::PaymentBatch(Box::new(batch))));
        self.changes.extend(self.closed.into_values().map(|row| Change::ReconciliationRow(Box::new(row))));
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
    let Some(settlement) = row.settlement else { return };
    state.settlements.ask(settlement);
    if let Some(settlement) = state.settlements.peek(&settlement).cloned() {
        ask_what_was_said(state, &settlement);
    }
}

/// Closes a row that did not match. A settlement that the bank did not pay may leave its file, to be paid with another:
/// at once where the bank says that the transfer failed, and when two officers say so where it says nothing. Never while
/// the bank says anywhere that it has paid something for it.
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
    let again = answer.answer == ReconciliationAnswer::PayAgain;
    let missing = row.kind == ReconciliationKind::Missing;
    if again {
        let paid = settlement.map_or(Ok(Vec::new()), |settlement| said_paid(state, settlement))?;
        let expected = match waits {
            None => Some("explained: no settlement of this file waits for its payment"),
            Some(_) if !paid.is_empty() || row.paid == Some(true) => Some("explained: the bank says that it has paid"),
            Some(_) if row.paid.is_none() && !missing => Some("explained: it is not known whether the bank has paid"),
            Some(_) => None,
        };
        if let Some(expected) = expected {
            checks.fail(Refusal::at(Code::WrongState, "/answer").found(answer.answer).expected(expected));
        }
        somebody_else(row.asked.is_some_and(|asked| asked.by == by), &mut checks);
    }
    checks.verdict()?;
    // From here it must succeed.
    let signature = Signature { by, at: ids.stamp.at };
    let waits_for_another = again && missing && row.asked.is_none();
    let mut after = ReconciliationRow { note: Some(answer.note.clone()), ..row.clone() };
    if waits_for_another {
        after.asked = Some(signature);
    } else {
        after.status = ReconciliationStatus::Closed;
        after.answer = Some(answer.answer);
        after.closed = Some(signature);
    }
    let mut changes = vec![Change::ReconciliationRow(Box::new(after.clone()))];
    if let Some(batch) = state.payment_batches.get(&row.batch)?.filter(|_| !waits_for_another) {
        let open = batch.open.iter().copied().filter(|id| *id != row.id).collect();
        changes.push(Change::PaymentBatch(Box::new(PaymentBatch { open, ..batch.clone() })));
    }
    if let (true, Some(settlement)) = (again && !waits_for_another, waits) {
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
