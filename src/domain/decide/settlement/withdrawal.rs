//! An approval that is withdrawn, while no file for the bank has the settlement: the account is wrong, or something came to
//! light. Everything that the approval froze and moved is taken back, and the settlement is reviewed and approved anew.

use serde_json::json;

use super::reconciliation::{ask_what_was_said, judge_said, judge_unfiled};
use super::{Step, entry, in_state, payment};
use crate::domain::calendar::Calendars;
use crate::domain::command::{Decision, Stop};
use crate::domain::decide::Ids;
use crate::domain::id::Id;
use crate::domain::ledger::{Accounts, Movement, MovementKind, account_id};
use crate::domain::money::Fen;
use crate::domain::refusal::{Checks, Code, Refusal};
use crate::domain::rollup::Tally;
use crate::domain::settlement::{REVIEW_DAYS, Settlement, SettlementStatus, Signature, Withdrawal};
use crate::domain::state::State;

/// Asks for the accounts on which something was set off, and for what the bank has said.
pub(super) fn ask(state: &mut State, id: Id) {
    let Some(settlement) = state.settlements.peek(&id).cloned() else { return };
    for one in settlement.frozen.iter().flat_map(|frozen| &frozen.recovered) {
        state.lines.ask(one.line);
        state.accounts.ask(account_id(one.line, settlement.retailer));
    }
    ask_what_was_said(state, &settlement);
}

/// Back to `submitted`, accepted as it was. What was set off is owed back again; where the line has promised that money
/// to somebody else meanwhile, the approval stands.
pub(super) fn withdraw(
    state: &State,
    before: &Settlement,
    reason: &str,
    (signature, calendars): (Signature, &Calendars),
    mut checks: Checks,
    ids: &mut Ids,
) -> Result<Decision, Stop> {
    in_state(before, &[SettlementStatus::Approved], &mut checks);
    judge_unfiled(before, "", &mut checks);
    judge_said(state, before, "", &mut checks)?;
    let lost = || Stop::NotLoaded(format!("what settlement {} pays", before.id));
    for one in before.frozen.iter().flat_map(|frozen| &frozen.recovered) {
        let row = state.lines.get(&one.line)?.ok_or_else(|| Stop::NotLoaded(format!("line {}", one.line)))?;
        let available = row.balances.available;
        let refusal = Refusal::of(Code::PoolExhausted).found(available);
        checks.note(one.amount <= available, refusal.expected(format!("{} for {}", one.amount, row.category)));
    }
    checks.verdict()?;
    // From here it must succeed.
    let frozen = before.frozen.clone().ok_or_else(lost)?;
    let mut step = Step::of(state, Some(before));
    for portion in frozen.portions.iter() {
        let tally = Tally { amount_approved: -portion.amount, ..Tally::default() };
        let line = (portion.programme.as_str(), portion.category);
        step.rollups.push(entry(ids, before.id, before.retailer, line, tally));
    }
    for one in &frozen.recovered {
        let row = state.lines.get(&one.line)?.ok_or_else(lost)?;
        step.movements.push(Movement {
            id: ids.next(),
            line: one.line,
            retailer: Some(before.retailer),
            kind: MovementKind::Restore,
            subject: before.id,
            deltas: Accounts { clawback: one.amount, available: -one.amount, ..Accounts::default() },
            at: ids.stamp.at,
        });
        let tally = Tally { amount_recovered: -one.amount, ..Tally::default() };
        step.rollups.push(entry(ids, before.id, before.retailer, (&row.programme, row.category), tally));
    }
    // The account may change again, and the next approval freezes the new one.
    let settled = std::collections::BTreeSet::from([before.id]);
    step.changes.extend(payment::arrived(state, before.retailer, &settled)?);
    let mut after = before.with_hand(signature.by);
    let approvals = std::mem::take(&mut after.approvals);
    let reason = reason.to_owned();
    let more = json!({"reason": reason, "withdrawn": before.approved, "owed_again": before.recovered});
    after.withdrawn.push(Withdrawal { frozen, approvals, reason, signature });
    after.status = SettlementStatus::Submitted;
    after.review = None;
    after.approved = None;
    after.recovered = Fen::ZERO;
    after.frozen = None;
    after.due = Some(calendars.after(ids.stamp.day(), REVIEW_DAYS));
    step.stage(&after)?;
    Ok(step.decision(after, more))
}
