//! A file that never went to the bank is given up: a line of one of its payments is held, or its retailer is kept out, and the
//! others shall not wait for that.

use std::collections::BTreeSet;

use serde_json::json;

use super::somebody_else;
use crate::domain::command::{AuditNote, Change, Decision, Outcome, Stop};
use crate::domain::id::Id;
use crate::domain::refusal::{Checks, Code, Refusal};
use crate::domain::settlement::{Settlement, SettlementStatus};
use crate::domain::state::State;

pub(in crate::domain::decide) fn footprint_dissolve(state: &mut State, batch: Id) {
    state.payment_batches.ask(batch);
    state.returns_of.ask(batch);
    let settlements = state.payment_batches.peek(&batch).map(|row| row.settlements.clone()).unwrap_or_default();
    for id in settlements {
        state.settlements.ask(id);
    }
}

/// Whether the bank has the file nobody can see here, so another officer than the one who made it says that it has not; and
/// what the bank or anybody says of a payment of it shows that it has.
pub(in crate::domain::decide) fn dissolve(state: &State, batch: Id, reason: &str, by: Id) -> Result<Decision, Stop> {
    let known = state.payment_batches.get(&batch)?.ok_or_else(|| Refusal::of(Code::NotFound))?;
    let mut checks = Checks::default();
    somebody_else(known.made.by == by, &mut checks);
    let said = state.returns_of.get(&batch)?.map_or(0, BTreeSet::len);
    let refusal = Refusal::of(Code::WrongState).found(format!("{said} files of the bank about it"));
    checks.note(said == 0, refusal.expected("a batch of which the bank has said nothing"));
    let mut left: Vec<Change> = Vec::new();
    for id in &known.settlements {
        let Some(row) = state.settlements.get(id)? else { continue };
        if row.batch != Some(batch) {
            let gone = Refusal::of(Code::WrongState).found(format!("settlement {id} has left it"));
            checks.fail(gone.expected("a batch that has all its payments"));
        }
        let refusal = Refusal::of(Code::WrongState).found(format!("settlement {id}: {}", row.status));
        checks.note(row.status == SettlementStatus::Approved, refusal.expected(SettlementStatus::Approved));
        left.push(Change::Settlement(Box::new(Settlement { batch: None, ..row.clone() })));
    }
    checks.verdict()?;
    // From here it must succeed.
    let detail = json!({"settlements": known.settlements, "control": known.control, "reason": reason,
        "before": {"batch": batch}, "after": {"batch": null}});
    Ok(Decision {
        audit: AuditNote { subject: batch.to_string(), detail },
        outcome: Outcome::PaymentBatch(Box::new(known.clone())),
        changes: left,
        movements: Vec::new(),
        rollups: Vec::new(),
    })
}
