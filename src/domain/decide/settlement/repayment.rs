//! A retailer repays what it owes back.

use serde_json::json;

use super::Step;
use super::approval::take_back;
use super::payment::judge_reference;
use crate::domain::command::{AuditNote, Change, Decision, NewRepayment, Outcome, Stop};
use crate::domain::decide::Ids;
use crate::domain::id::Id;
use crate::domain::ledger::account_id;
use crate::domain::money::Fen;
use crate::domain::records::{ClaimKey, ClaimKind};
use crate::domain::refusal::{Checks, Code, Refusal};
use crate::domain::settlement::{Recovered, Repayment};
use crate::domain::state::State;

pub(in crate::domain::decide) fn footprint(state: &mut State, new: &NewRepayment) {
    state.retailers.ask(new.retailer);
    state.claims.ask(reference(new));
    for line in &new.lines {
        state.lines.ask(*line);
        state.accounts.ask(account_id(*line, new.retailer));
    }
}

/// The bank's reference of a transfer from a retailer: one transfer repays once.
fn reference(new: &NewRepayment) -> ClaimKey {
    ClaimKey::new(ClaimKind::BankReference, &["repayment", &new.retailer.to_string(), &new.reference])
}

/// It goes to the lines on which something is owed back, in order, and must not be more than that.
pub(in crate::domain::decide) fn repay(
    state: &State,
    new: &NewRepayment,
    by: Id,
    ids: &mut Ids,
) -> Result<Decision, Stop> {
    state.retailers.get(&new.retailer)?.ok_or_else(|| Refusal::of(Code::NotFound))?;
    let mut lines = new.lines.clone();
    lines.sort_unstable();
    lines.dedup();
    let (mut owed, mut left, mut recovered) = (Fen::ZERO, new.amount, Vec::new());
    for line in lines {
        let there = state.accounts.get(&account_id(line, new.retailer))?.map_or(Fen::ZERO, |row| row.clawback);
        owed += there;
        let amount = there.at_most(left);
        if amount > Fen::ZERO {
            left -= amount;
            recovered.push(Recovered { line, amount });
        }
    }
    let mut checks = Checks::default();
    let refusal = Refusal::at(Code::WrongState, "/amount").found(new.amount).expected(format!("at most {owed}"));
    checks.note(left == Fen::ZERO, refusal);
    let future = Refusal::at(Code::WrongState, "/paid_on").found(new.paid_on).expected("today or before");
    checks.note(new.paid_on <= ids.stamp.day(), future);
    let key = reference(new);
    judge_reference(state, key, &new.reference, &mut checks)?;
    checks.verdict()?;
    // From here it must succeed.
    let repayment = Repayment {
        id: ids.next(),
        retailer: new.retailer,
        amount: new.amount,
        recovered: recovered.clone(),
        reference: new.reference.clone(),
        paid_on: new.paid_on,
        by,
        at: ids.stamp.at,
    };
    let mut step = Step::of(state, None);
    take_back(state, &mut step, (repayment.id, new.retailer), &recovered, ids)?;
    let detail = json!({"retailer": new.retailer, "amount": new.amount, "reference": new.reference,
        "paid_on": new.paid_on, "before": {"owed": owed}, "after": {"owed": owed - new.amount}});
    Ok(Decision {
        audit: AuditNote { subject: repayment.id.to_string(), detail },
        outcome: Outcome::Repayment(Box::new(repayment.clone())),
        changes: vec![Change::Claim { key, holder: Some(repayment.id) }, Change::Repayment(Box::new(repayment))],
        movements: step.movements,
        rollups: step.rollups,
    })
}
