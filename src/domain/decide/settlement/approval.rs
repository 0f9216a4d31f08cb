//! Approval: by somebody who had no hand in it, over no line that is held and no day that nobody has scanned; it freezes
//! what is paid and to whom, and sets off what the retailer owes back.

use serde_json::json;

use super::{Step, entry, held, in_state, judge_held, payment, somebody_else};
use crate::domain::calendar::Calendars;
use crate::domain::command::{Approval, Change, Decision, Stop};
use crate::domain::decide::Ids;
use crate::domain::id::Id;
use crate::domain::ledger::{Accounts, LedgerLine, Movement, MovementKind, account_id};
use crate::domain::money::Fen;
use crate::domain::records::Retailer;
use crate::domain::refusal::{Checks, Code, Refusal};
use crate::domain::rollup::Tally;
use crate::domain::settlement::{
    Frozen, PAY_DAYS, Payment, Portion, Portions, Recovered, Settlement, SettlementStatus, Signature,
};
use crate::domain::state::State;

/// Asks for the accounts on which the retailer owes something back, beside those of the settlement's own lines, for the files
/// that came in since its evidence was read, and whether its days were looked at.
pub(super) fn ask(state: &mut State, id: Id, approval: &Approval) {
    let Some((retailer, to)) = state.settlements.peek(&id).map(|row| (row.retailer, row.to)) else { return };
    state.anomaly_scans.ask(to);
    for line in &approval.clawback_lines {
        state.lines.ask(*line);
        state.accounts.ask(account_id(*line, retailer));
    }
    state.later_files.ask(approval.inventory.seen);
}

pub(super) fn approve(
    state: &State,
    (before, sum): (&Settlement, &Portions),
    approval: &Approval,
    (signature, calendars): (Signature, &Calendars),
    mut checks: Checks,
    ids: &mut Ids,
) -> Result<Decision, Stop> {
    in_state(before, &[SettlementStatus::Reviewed], &mut checks);
    somebody_else(before.was_touched_by(signature.by), &mut checks);
    judge_held(held(state, before)?, "", &mut checks);
    // Lines leave a settlement that was submitted and none comes in: as many, and as much, are the very same.
    let (control, read) = (sum.control(), approval.inventory.control());
    let same = Refusal::of(Code::WrongState).found(format!("{} lines of {}", read.lines, read.amount));
    let there = format!("{} lines of {}, as they are now: approve them once more", control.lines, control.amount);
    checks.note(read == control, same.expected(there));
    // Days are scanned one after the other: where the last one was, all of them were.
    let scanned = state.anomaly_scans.get(&before.to)?.is_some();
    let unseen = Refusal::of(Code::WrongState).found(format!("{} is not scanned for anomalies yet", before.to));
    checks.note(scanned, unseen.expected("a period of which every day was scanned"));
    checks.verdict()?;
    // From here it must succeed.
    let mut after = before.with_hand(signature.by);
    after.approvals.push(signature);
    let needed = if approval.ceiling.is_some_and(|ceiling| control.amount > ceiling) { 2 } else { 1 };
    if after.approvals.len() < needed {
        let step = Step::of(state, Some(before));
        return Ok(step.decision(after, json!({"approvals": 1, "needed": needed})));
    }
    let lost = || Stop::NotLoaded(format!("retailer of settlement {}", before.id));
    let retailer = state.retailers.get(&before.retailer)?.ok_or_else(lost)?;
    let recovered = set_off(state, retailer.id, sum, &approval.clawback_lines)?;
    let later = state.later_files.get(&approval.inventory.seen)?;
    let (lines_sha256, hashes) = approval.inventory.freeze(later.into_iter().flatten());
    after.approved = Some(control);
    after.recovered = recovered.iter().map(|one| one.amount).sum();
    after.status = SettlementStatus::Approved;
    after.due = Some(calendars.after(ids.stamp.day(), PAY_DAYS));
    after.frozen = Some(Frozen {
        portions: sum.clone(),
        recovered: recovered.clone(),
        account: retailer.account.clone(),
        lines_sha256: lines_sha256.clone(),
        evidence_hashes: Some(hashes),
    });
    let mut step = Step::of(state, Some(before));
    for portion in sum.iter() {
        let tally = Tally { amount_approved: portion.amount, ..Tally::default() };
        step.rollups.push(entry(ids, after.id, retailer.id, (&portion.programme, portion.category), tally));
    }
    take_back(state, &mut step, (after.id, retailer.id), &recovered, ids)?;
    let nothing_to_transfer = after.transfer() == Some(Fen::ZERO);
    if nothing_to_transfer {
        let payment = Payment { reference: None, paid_on: ids.stamp.day(), recorded: signature, held: 0 };
        payment::settle(&mut step, &mut after, payment, ids)?;
    } else {
        let paying = retailer.paying.iter().copied().chain([after.id]).collect();
        step.changes.push(Change::Retailer(Box::new(Retailer { paying, ..retailer.clone() })));
    }
    step.stage(&after)?;
    let more = json!({"account": crate::domain::records::MaskedAccount::from(&retailer.account),
        "lines_sha256": lines_sha256, "evidence_hashes": hashes, "transfer": after.transfer(),
        "approvals": after.approvals.len()});
    Ok(step.decision(after, more))
}

/// What the retailer owes back is set off against what it is to be paid: on the settlement's own lines first, then on the
/// others, in order. Each line gets its own money back, whichever line's payment it is set off against.
fn set_off(state: &State, retailer: Id, sum: &Portions, others: &[Id]) -> Result<Vec<Recovered>, Stop> {
    let own = sum.iter().map(Portion::line);
    let mut others: Vec<Id> = others.to_vec();
    others.sort_unstable();
    let (mut left, mut recovered) = (sum.control().amount, Vec::<Recovered>::new());
    for line in own.chain(others) {
        if recovered.iter().any(|one| one.line == line) {
            continue;
        }
        let owed = state.accounts.get(&account_id(line, retailer))?.map_or(Fen::ZERO, |row| row.clawback);
        let amount = owed.at_most(left);
        if amount > Fen::ZERO {
            left -= amount;
            recovered.push(Recovered { line, amount });
        }
    }
    Ok(recovered)
}

/// What was to be had back is available again.
pub(super) fn take_back(
    state: &State,
    step: &mut Step<'_>,
    (subject, retailer): (Id, Id),
    recovered: &[Recovered],
    ids: &mut Ids,
) -> Result<(), Stop> {
    for Recovered { line, amount } in recovered {
        let row: &LedgerLine = state.lines.get(line)?.ok_or_else(|| Stop::NotLoaded(format!("line {line}")))?;
        step.movements.push(Movement {
            id: ids.next(),
            line: *line,
            retailer: Some(retailer),
            kind: MovementKind::Recover,
            subject,
            deltas: Accounts { clawback: -*amount, available: *amount, ..Accounts::default() },
            at: ids.stamp.at,
        });
        let tally = Tally { amount_recovered: *amount, ..Tally::default() };
        step.rollups.push(entry(ids, subject, retailer, (&row.programme, row.category), tally));
    }
    Ok(())
}
