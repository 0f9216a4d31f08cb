//! The end of an old item: received by a yard, then dismantled. A programme may hold settlement until it has come so far.

use serde_json::json;

use super::hold::{self, Holds};
use super::{Ids, turn_in};
use crate::domain::command::{AuditNote, Change, Decision, Outcome, Stop};
use crate::domain::id::Id;
use crate::domain::old_item_end::{EndStep, NewDismantling, OldItemEnd, OldItemStep};
use crate::domain::programme::Rules;
use crate::domain::records::{TurnIn, TurnInStatus};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::settlement::{Hold, HoldKind};
use crate::domain::state::State;
use crate::domain::time::Day;

/// Where the redemption was raised, its adjustments' buckets are known one round later than others are.
pub(super) fn footprint(state: &mut State, id: Id, recycler: Id) {
    state.recyclers.ask(recycler);
    state.turn_ins.ask(id);
    state.old_item_ends.ask(id);
    state.files.ask(id);
    let Some(voucher) = state.turn_ins.peek(&id).and_then(|row| row.voucher) else { return };
    state.vouchers.ask(voucher);
    let Some(voucher) = state.vouchers.peek(&voucher).cloned() else { return };
    state.versions.ask((voucher.programme.clone(), voucher.version));
    state.programmes.ask(voucher.programme);
    if let Some(redemption) = voucher.redemption {
        hold::ask(state, redemption);
    }
}

/// Asks for the end of an old item where the programme waits for it.
pub(super) fn ask(state: &mut State, rules: &Rules, id: Option<Id>) {
    if let Some(id) = id.filter(|_| rules.old_item.settlement_hold.is_some()) {
        state.old_item_ends.ask(id);
    }
}

/// The hold of a redemption with this old item, where the programme waits for an end that it has not come to.
pub(super) fn waits(state: &State, rules: &Rules, row: Option<&TurnIn>) -> Result<Option<Hold>, Stop> {
    let Some((until, row)) = rules.old_item.settlement_hold.zip(row) else { return Ok(None) };
    let reached = state.old_item_ends.get(&row.id)?.is_some_and(|end| end.reached(until));
    Ok((!reached).then_some(Hold { kind: HoldKind::OldItem, id: row.id }))
}

pub(super) fn receive(
    state: &State,
    (id, recycler): (Id, Id),
    day: Day,
    author: Id,
    ids: &mut Ids,
) -> Result<Decision, Stop> {
    let row = standing(state, id)?;
    let yard = state.recyclers.get(&recycler)?.ok_or_else(|| Refusal::of(Code::NotFound))?;
    turn_in::judge_recycler(yard, row.item.category, "")?;
    if end(state, id)?.received.is_some() {
        return Err(Refusal::of(Code::WrongState).found(EndStep::Received).expected("not received yet").into());
    }
    judge_day("/received_on", day, row.item.received_on)?;
    // From here it must succeed.
    let step = OldItemStep {
        id: ids.next(),
        turn_in: id,
        step: EndStep::Received,
        organisation: recycler,
        day,
        certificate: None,
        sha256: None,
        author,
        at: ids.stamp.at,
    };
    decision(state, row, step)
}

pub(super) fn dismantle(state: &State, new: &NewDismantling, author: Id, ids: &mut Ids) -> Result<Decision, Stop> {
    let row = standing(state, new.turn_in)?;
    let end = end(state, new.turn_in)?;
    let Some(received) = &end.received else {
        return Err(Refusal::of(Code::WrongState).found("not received").expected(EndStep::Received).into());
    };
    if received.organisation != new.recycler {
        return Err(Refusal::of(Code::NotFound).into());
    }
    if end.dismantled.is_some() {
        let refusal = Refusal::of(Code::WrongState).found(EndStep::Dismantled);
        return Err(refusal.expected(EndStep::Received).into());
    }
    judge_day("/dismantled_on", new.day, received.day)?;
    if !state.files.get(&new.turn_in)?.is_some_and(|files| files.contains(&new.sha256)) {
        let refusal = Refusal::at(Code::EvidenceMissing, "/sha256").found(&new.sha256);
        return Err(refusal.expected("a file that was handed in about the old item").into());
    }
    // From here it must succeed.
    let step = OldItemStep {
        id: ids.next(),
        turn_in: new.turn_in,
        step: EndStep::Dismantled,
        organisation: new.recycler,
        day: new.day,
        certificate: Some(new.certificate.clone()),
        sha256: Some(new.sha256.clone()),
        author,
        at: ids.stamp.at,
    };
    decision(state, row, step)
}

fn standing(state: &State, id: Id) -> Result<&TurnIn, Stop> {
    let row = state.turn_ins.get(&id)?.ok_or_else(|| Refusal::of(Code::NotFound))?;
    if row.status == TurnInStatus::Voided {
        return Err(Refusal::of(Code::WrongState).found(row.status).expected("an old item that stands").into());
    }
    Ok(row)
}

pub(super) fn end(state: &State, id: Id) -> Result<OldItemEnd, Stop> {
    Ok(state.old_item_ends.get(&id)?.cloned().unwrap_or_default())
}

fn judge_day(pointer: &str, day: Day, earliest: Day) -> Result<(), Stop> {
    if day >= earliest {
        return Ok(());
    }
    let refusal = Refusal::at(Code::BodyMalformed, pointer).found(day);
    Err(refusal.expected(format!("{earliest} or later")).into())
}

/// Records the step, and lets the line go where that is what its programme waited for.
fn decision(state: &State, row: &TurnIn, step: OldItemStep) -> Result<Decision, Stop> {
    let released = released(state, row, step.step)?;
    let mut changes = vec![Change::OldItemStep(Box::new(step.clone()))];
    if let Some(redemption) = released {
        let mut holds = Holds::of(state);
        holds.release(redemption, Hold { kind: HoldKind::OldItem, id: row.id })?;
        changes.extend(holds.changes());
    }
    let detail = json!({"step": step.step, "organisation": step.organisation, "day": step.day,
        "category": row.item.category, "recorder": row.recorder, "certificate": step.certificate,
        "sha256": step.sha256, "released": released});
    Ok(Decision {
        outcome: Outcome::OldItemStep(Box::new(step)),
        changes,
        movements: Vec::new(),
        rollups: Vec::new(),
        audit: AuditNote { subject: row.id.to_string(), detail },
    })
}

/// The redemption that waited for this step.
fn released(state: &State, row: &TurnIn, step: EndStep) -> Result<Option<Id>, Stop> {
    let Some(id) = row.voucher else { return Ok(None) };
    let lost = |what: &str| Stop::NotLoaded(format!("{what} of turn-in {}", row.id));
    let voucher = state.vouchers.get(&id)?.ok_or_else(|| lost("voucher"))?;
    let key = (voucher.programme.clone(), voucher.version);
    let version = state.versions.get(&key)?.ok_or_else(|| lost("version"))?;
    Ok(voucher.redemption.filter(|_| version.rules.old_item.settlement_hold == Some(step)))
}
