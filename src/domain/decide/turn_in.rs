//! Turn-ins: recorded and voided. Matching happens where a voucher is issued or redeemed.

use serde_json::json;

use super::{Ids, data_key, old_item_end};
use crate::domain::claim_key;
use crate::domain::command::{AuditNote, Change, Decision, NewTurnIn, Outcome, Party, Stamp, Stop};
use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::old_item_end::EndStep;
use crate::domain::records::{Recycler, Standing, TurnIn, TurnInStatus};
use crate::domain::refusal::{Checks, Code, Refusal, Refusals};
use crate::domain::state::State;

pub(super) fn footprint_record(state: &mut State, new: &NewTurnIn) {
    state.persons.ask(new.owner.id);
    match new.recorder_is {
        Party::Recycler => state.recyclers.ask(new.recorder),
        Party::Retailer | Party::Store => state.retailers.ask(new.recorder),
    }
}

/// Never refuses because of another record or claim of the item: a recycler could otherwise block a stranger's VIN.
pub(super) fn record(state: &State, new: &NewTurnIn, stamp: Stamp, ids: &mut Ids) -> Result<Decision, Stop> {
    judge_recorder(state, new)?;
    let row = TurnIn {
        id: ids.next(),
        person: new.owner.id,
        owner_name: new.owner.name.masked.clone(),
        owner_number: new.owner.number.masked.clone(),
        recorder: new.recorder,
        status: TurnInStatus::Recorded,
        voucher: None,
        claims: claim_key::of_old_item(&new.item, new.recorder),
        item: new.item.clone(),
        recorded_at: stamp.at,
        void_reason: None,
    };
    // What the identity provider said of a person outranks what a recycler typed.
    let known = state.persons.get(&new.owner.id)?;
    let mut changes = match known.filter(|person| person.erased_at.is_none() && person.restricted_at.is_none()) {
        Some(_) => Vec::new(),
        None => data_key::keep_person(state, &new.owner, &new.key, stamp)?,
    };
    let detail = json!({"before": null, "after": row.status, "category": row.item.category,
        "received_on": row.item.received_on, "credit": row.item.credit,
        "owner": row.person, "recorder": row.recorder, "evidence": row.item.evidence});
    changes.push(Change::TurnIn(Box::new(row.clone())));
    Ok(decision(row, changes, detail))
}

fn judge_recorder(state: &State, new: &NewTurnIn) -> Result<(), Stop> {
    let mut checks = Checks::default();
    if new.recorder_is == Party::Recycler {
        let recycler = state.recyclers.get(&new.recorder)?.ok_or_else(|| Refusal::of(Code::NotFound))?;
        judge_recycler(recycler, new.item.category, "/category")?;
    } else {
        let retailer = state.retailers.get(&new.recorder)?.ok_or_else(|| Refusal::of(Code::NotFound))?;
        let refusal = Refusal::of(Code::RetailerNotApproved).found(retailer.standing).expected(Standing::Approved);
        checks.note(retailer.standing == Standing::Approved, refusal);
    }
    Ok(checks.verdict()?)
}

/// A recycler must take part, and take such items.
pub(super) fn judge_recycler(recycler: &Recycler, category: Category, pointer: &str) -> Result<(), Refusals> {
    let mut checks = Checks::default();
    let standing = Refusal::of(Code::WrongState).found(recycler.standing).expected(Standing::Approved);
    checks.note(recycler.standing == Standing::Approved, standing);
    let takes = recycler.categories.contains(&category);
    checks.note(takes, Refusal::at(Code::CategoryNotEligible, pointer).found(category));
    checks.verdict()
}

pub(super) fn footprint_void(state: &mut State, id: Id) {
    state.turn_ins.ask(id);
    state.old_item_ends.ask(id);
}

pub(super) fn void(state: &State, id: Id, organisation: Option<Id>, reason: &str) -> Result<Decision, Stop> {
    let row = state.turn_ins.get(&id)?.filter(|row| Some(row.recorder) == organisation);
    let row = row.ok_or_else(|| Refusal::of(Code::NotFound))?;
    if row.status != TurnInStatus::Recorded {
        return Err(Refusal::of(Code::WrongState).found(row.status).expected(TurnInStatus::Recorded).into());
    }
    if old_item_end::end(state, id)?.received.is_some() {
        // Somebody has it: that it was never handed in cannot be so.
        return Err(Refusal::of(Code::WrongState).found(EndStep::Received).expected("not received by a yard").into());
    }
    let after = TurnIn { status: TurnInStatus::Voided, void_reason: Some(reason.to_owned()), ..row.clone() };
    let detail = json!({"before": row.status, "after": after.status, "reason": reason});
    Ok(decision(after.clone(), vec![Change::TurnIn(Box::new(after))], detail))
}

fn decision(row: TurnIn, changes: Vec<Change>, detail: serde_json::Value) -> Decision {
    let audit = AuditNote { subject: row.id.to_string(), detail };
    Decision { outcome: Outcome::TurnIn(Box::new(row)), changes, movements: Vec::new(), rollups: Vec::new(), audit }
}
