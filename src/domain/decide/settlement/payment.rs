//! Payment: what was approved is paid, once, with the bank's reference and day.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Step, entry, in_state};
use crate::domain::command::{Change, Decision, Paid, Stop};
use crate::domain::decide::Ids;
use crate::domain::id::Id;
use crate::domain::ledger::{Accounts, Movement, MovementKind};
use crate::domain::records::Retailer;
use crate::domain::refusal::{Checks, Code, Refusal};
use crate::domain::rollup::Tally;
use crate::domain::settlement::{Payment, Settlement, SettlementStatus, Signature};
use crate::domain::state::State;

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
    checks.verdict()?;
    // From here it must succeed.
    let mut after = before.clone();
    let mut step = Step::of(state, Some(before));
    let payment = Payment { reference: Some(paid.reference.clone()), paid_on: paid.paid_on, recorded: signature };
    settle(&mut step, &mut after, payment, ids)?;
    step.stage(&after)?;
    let more = json!({"reference": paid.reference, "paid_on": paid.paid_on, "transfer": after.transfer()});
    Ok(step.decision(after, more))
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
