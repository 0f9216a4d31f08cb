//! Payment: what was approved is paid, once, with the bank's reference and day.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Step, entry, held, in_state};
use crate::domain::command::{Change, Decision, Paid, Stop};
use crate::domain::decide::Ids;
use crate::domain::id::Id;
use crate::domain::ledger::{Accounts, Movement, MovementKind};
use crate::domain::records::{ClaimKey, ClaimKind, Retailer};
use crate::domain::refusal::{Checks, Code, Refusal};
use crate::domain::rollup::Tally;
use crate::domain::settlement::{Payment, Settlement, SettlementStatus, Signature};
use crate::domain::state::State;
use crate::domain::time::Day;

/// What the bank did is recorded also where a line of it has come to be held since the file went out: the money is gone.
/// How many such lines there were stands with the payment.
///
/// Everything but the retailer's row, which several payments of one file change together: [`arrived`].
pub(super) fn pay(
    state: &State,
    before: &Settlement,
    paid: &Paid,
    signature: Signature,
    mut checks: Checks,
    ids: &mut Ids,
) -> Result<Decision, Stop> {
    in_state(before, &[SettlementStatus::Approved], &mut checks);
    let same = before.approvals.iter().any(|approval| approval.by == signature.by);
    super::somebody_else(same, &mut checks);
    if let Some(transfer) = before.transfer() {
        let refusal = Refusal::at(Code::WrongState, "/transferred").found(paid.transferred).expected(transfer);
        checks.note(paid.transferred == transfer, refusal);
    }
    let future = Refusal::at(Code::WrongState, "/paid_on").found(paid.paid_on).expected("today or before");
    checks.note(paid.paid_on <= ids.stamp.day(), future);
    judge_day(before, paid.paid_on, "/paid_on", &mut checks);
    let key = reference(before.retailer, &paid.reference);
    judge_reference(state, key, &paid.reference, &mut checks)?;
    checks.verdict()?;
    // From here it must succeed.
    let mut after = before.clone();
    let mut step = Step::of(state, Some(before));
    let (reference, held) = (Some(paid.reference.clone()), held(state, before)?);
    let payment = Payment { reference, paid_on: paid.paid_on, recorded: signature, held };
    settle(&mut step, &mut after, payment, ids)?;
    step.stage(&after)?;
    step.changes.push(Change::Claim { key, holder: Some(after.id) });
    let more = json!({"reference": paid.reference, "paid_on": paid.paid_on, "transfer": after.transfer(),
        "held": held});
    Ok(step.decision(after, more))
}

/// The bank's reference of a transfer to a retailer: one transfer pays one settlement.
pub(super) fn reference(retailer: Id, reference: &str) -> ClaimKey {
    ClaimKey::new(ClaimKind::BankReference, &["payment", &retailer.to_string(), reference])
}

/// Whether a transfer with this reference is recorded.
pub(super) fn is_recorded(state: &State, key: ClaimKey) -> Result<bool, Stop> {
    Ok(state.claims.get(&key)?.is_some_and(|held| held.by.is_some()))
}

/// A transfer is recorded once.
pub(super) fn judge_reference(state: &State, key: ClaimKey, reference: &str, checks: &mut Checks) -> Result<(), Stop> {
    let known = is_recorded(state, key)?;
    let refusal = Refusal::at(Code::WrongState, "/bank_reference").found(reference);
    checks.note(!known, refusal.expected("a transfer that is not recorded yet"));
    Ok(())
}

/// Nothing is paid before the day on which the last of its approvers approved it.
pub(super) fn judge_day(settlement: &Settlement, day: Day, pointer: &str, checks: &mut Checks) {
    if let Some(approved) = settlement.approvals.last().map(|approval| approval.at.day()) {
        let refusal = Refusal::at(Code::WrongState, pointer).found(day).expected(format!("{approved} or later"));
        checks.note(approved <= day, refusal);
    }
}

/// Owed becomes paid, by programme line.
pub(super) fn settle(
    step: &mut Step<'_>,
    settlement: &mut Settlement,
    payment: Payment,
    ids: &mut Ids,
) -> Result<(), Stop> {
    let frozen = settlement.frozen.as_ref();
    let frozen = frozen.ok_or_else(|| Stop::NotLoaded(format!("what settlement {} pays", settlement.id)))?;
    for portion in frozen.portions.iter() {
        step.movements.push(Movement {
            id: ids.next(),
            line: portion.line(),
            retailer: Some(settlement.retailer),
            kind: MovementKind::Pay,
            subject: settlement.id,
            deltas: Accounts { payable: -portion.amount, paid: portion.amount, ..Accounts::default() },
            at: ids.stamp.at,
        });
        let tally = Tally { amount_paid: portion.amount, ..Tally::default() };
        let line = (portion.programme.as_str(), portion.category);
        step.rollups.push(entry(ids, settlement.id, settlement.retailer, line, tally));
    }
    settlement.status = SettlementStatus::Paid;
    settlement.payment = Some(payment);
    settlement.due = None;
    Ok(())
}

/// A retailer's account may change again once nothing is on its way to it.
pub(super) fn arrived(state: &State, retailer: Id, settled: &BTreeSet<Id>) -> Result<Option<Change>, Stop> {
    let row = state.retailers.get(&retailer)?;
    Ok(row.map(|row| {
        let paying = row.paying.iter().copied().filter(|id| !settled.contains(id)).collect();
        Change::Retailer(Box::new(Retailer { paying, ..row.clone() }))
    }))
}
