//! Pick-ups at home: requested → accepted → collected, or cancelled on the way.

use serde_json::json;

use super::{Ids, data_key, turn_in};
use crate::domain::command::{AuditNote, Change, Decision, Outcome, Stop};
use crate::domain::id::Id;
use crate::domain::pickup::{MOST_OPEN, NewPickup, Pickup, PickupStatus};
use crate::domain::records::TurnInStatus;
use crate::domain::refusal::{Checks, Code, Refusal};
use crate::domain::state::State;

pub(super) fn footprint_request(state: &mut State, new: &NewPickup) {
    state.persons.ask(new.person.id);
    state.open_pickups.ask(new.person.id);
}

/// The pick-up, who comes, and what is fetched.
pub(super) fn footprint(state: &mut State, id: Id, recycler: Option<Id>, turn_in: Option<Id>) {
    state.pickups.ask(id);
    if let Some(recycler) = recycler {
        state.recyclers.ask(recycler);
    }
    if let Some(turn_in) = turn_in {
        state.turn_ins.ask(turn_in);
    }
}

pub(super) fn request(state: &State, new: &NewPickup, ids: &mut Ids) -> Result<Decision, Stop> {
    if !new.is_served {
        let refusal = Refusal::at(Code::WrongState, "/division_code").found(&new.division_code);
        return Err(refusal.expected("a division with a collection point").into());
    }
    let open = state.open_pickups.get(&new.person.id)?.map_or(0, std::collections::BTreeSet::len);
    if open >= MOST_OPEN {
        let refusal = Refusal::of(Code::WrongState).found(format!("{open} open pick-ups"));
        return Err(refusal.expected(format!("fewer than {MOST_OPEN}")).into());
    }
    // From here it must succeed.
    let at = ids.stamp.at;
    let mut changes = data_key::keep_person(state, &new.person, &new.key, ids.stamp)?;
    changes.push(Change::DataKey(new.address_key.of(new.person.id, at)));
    let row = Pickup {
        id: ids.next(),
        person: new.person.id,
        category: new.category,
        division_code: new.division_code.clone(),
        town: new.town.clone(),
        address: new.address.clone(),
        from: new.from,
        until: new.until,
        status: PickupStatus::Requested,
        recycler: None,
        turn_in: None,
        reason: None,
        requested_at: at,
        changed_at: at,
    };
    let detail = json!({"before": null, "after": row.status, "category": row.category, "person": row.person,
        "town": row.town, "from": row.from, "until": row.until});
    Ok(decision(row, changes, detail))
}

/// A collection point of the division takes it on.
pub(super) fn accept(state: &State, id: Id, recycler: Id, ids: &Ids) -> Result<Decision, Stop> {
    let point = state.recyclers.get(&recycler)?.ok_or_else(|| Refusal::of(Code::NotFound))?;
    // What waits in another division is not there for it.
    let row = state.pickups.get(&id)?.filter(|row| {
        row.recycler == Some(recycler) || row.recycler.is_none() && row.division_code == point.division_code
    });
    let row = row.ok_or_else(|| Refusal::of(Code::NotFound))?;
    expect(row, PickupStatus::Requested)?;
    turn_in::judge_recycler(point, row.category, "")?;
    let after = Pickup { status: PickupStatus::Accepted, recycler: Some(recycler), ..row.clone() };
    Ok(step(row, after, json!({"recycler": recycler}), ids))
}

/// What was fetched is an old item that the same collection point has recorded, of the same person and kind.
pub(super) fn collect(state: &State, (id, recycler): (Id, Id), turn_in: Id, ids: &Ids) -> Result<Decision, Stop> {
    let row = state.pickups.get(&id)?.filter(|row| row.recycler == Some(recycler));
    let row = row.ok_or_else(|| Refusal::of(Code::NotFound))?;
    expect(row, PickupStatus::Accepted)?;
    let there = state.turn_ins.get(&turn_in)?.filter(|item| item.recorder == recycler);
    let item = there.ok_or_else(|| Refusal::at(Code::NotFound, "/turn_in_id").found(turn_in))?;
    let mut checks = Checks::default();
    let stands = Refusal::at(Code::WrongState, "/turn_in_id").found(item.status).expected(TurnInStatus::Recorded);
    checks.note(item.status != TurnInStatus::Voided, stands);
    checks.note(item.person == row.person, Refusal::at(Code::OldItemOwnerMismatch, "/turn_in_id"));
    let other = Refusal::at(Code::OldItemCategoryMismatch, "/turn_in_id").found(item.item.category);
    checks.note(item.item.category == row.category, other.expected(row.category));
    checks.verdict()?;
    let after = Pickup { status: PickupStatus::Collected, turn_in: Some(turn_in), ..row.clone() };
    Ok(step(row, after, json!({"turn_in": turn_in}), ids))
}

/// Who asked, or who was to come, calls it off.
pub(super) fn cancel(
    state: &State,
    id: Id,
    (person, recycler): (Option<Id>, Option<Id>),
    reason: &str,
    ids: &Ids,
) -> Result<Decision, Stop> {
    let own = |row: &&Pickup| person == Some(row.person) || recycler.is_some() && recycler == row.recycler;
    let row = state.pickups.get(&id)?.filter(own).ok_or_else(|| Refusal::of(Code::NotFound))?;
    if !row.status.is_open() {
        return Err(Refusal::of(Code::WrongState).found(row.status).expected(PickupStatus::Accepted).into());
    }
    let after = Pickup { status: PickupStatus::Cancelled, reason: Some(reason.to_owned()), ..row.clone() };
    Ok(step(row, after, json!({"reason": reason, "by_recycler": recycler.is_some()}), ids))
}

fn expect(row: &Pickup, status: PickupStatus) -> Result<(), Stop> {
    if row.status == status {
        return Ok(());
    }
    Err(Refusal::of(Code::WrongState).found(row.status).expected(status).into())
}

fn step(before: &Pickup, after: Pickup, mut detail: serde_json::Value, ids: &Ids) -> Decision {
    detail["before"] = json!(before.status);
    detail["after"] = json!(after.status);
    decision(Pickup { changed_at: ids.stamp.at, ..after }, Vec::new(), detail)
}

fn decision(row: Pickup, mut changes: Vec<Change>, detail: serde_json::Value) -> Decision {
    let audit = AuditNote { subject: row.id.to_string(), detail };
    changes.push(Change::Pickup(Box::new(row.clone())));
    Decision { outcome: Outcome::Pickup(Box::new(row)), changes, movements: Vec::new(), rollups: Vec::new(), audit }
}
