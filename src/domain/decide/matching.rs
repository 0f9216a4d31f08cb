//! Matching an old item to a voucher: whose it must be, that it is free, and what matching changes.

use crate::domain::command::{Change, Stop};
use crate::domain::id::Id;
use crate::domain::programme::{MatchedAt, Matching, Rules};
use crate::domain::records::{ClaimKey, TurnIn, TurnInStatus, Voucher};
use crate::domain::refusal::{Checks, Code, Refusal};
use crate::domain::state::State;

const POINTER: &str = "/turn_in_id";

/// Whether the programme matches old items at this step.
pub(super) fn happens(rules: &Rules, at: MatchedAt) -> bool {
    rules.old_item.matching != Matching::None && rules.old_item.matched_at == at
}

/// Asks for the turn-in and, once it is known, for the identities under which it counts once.
pub(super) fn ask(state: &mut State, turn_in: Option<Id>) {
    let Some(id) = turn_in else { return };
    state.turn_ins.ask(id);
    let keys: Vec<ClaimKey> = state.turn_ins.peek(&id).map(|row| row.claims.clone()).unwrap_or_default();
    for key in keys {
        state.claims.ask(key);
    }
}

/// Notes whether the named turn-in may support a voucher of this person; gives it when it is there at all.
pub(super) fn judge<'a>(
    state: &'a State,
    turn_in: Option<Id>,
    person: Id,
    checks: &mut Checks,
) -> Result<Option<&'a TurnIn>, Stop> {
    let Some(id) = turn_in else { return Ok(None) };
    let there = state.turn_ins.get(&id)?.filter(|row| row.status != TurnInStatus::Voided);
    let Some(row) = there else {
        checks.fail(Refusal::at(Code::OldItemMissing, POINTER).found("no valid turn-in of this number"));
        return Ok(None);
    };
    checks.note(row.person == person, Refusal::at(Code::OldItemOwnerMismatch, POINTER));
    let mut free = row.status == TurnInStatus::Recorded;
    for key in &row.claims {
        free &= state.claims.get(key)?.and_then(|held| held.by).is_none_or(|holder| holder == row.id);
    }
    checks.note(free, Refusal::at(Code::OldItemAlreadyUsed, POINTER).found(row.status));
    Ok(Some(row))
}

/// What matching changes: the turn-in supports the voucher, and its identities are taken.
pub(super) fn take(row: &TurnIn, voucher: Id) -> Vec<Change> {
    let matched = TurnIn { status: TurnInStatus::Matched, voucher: Some(voucher), ..row.clone() };
    let mut changes = vec![Change::TurnIn(Box::new(matched))];
    changes.extend(row.claims.iter().map(|key| Change::Claim { key: *key, holder: Some(row.id) }));
    changes
}

/// What ends with the voucher: the turn-in is free again, and so are its identities.
pub(super) fn give_back(state: &State, voucher: &Voucher) -> Result<Vec<Change>, Stop> {
    let Some(id) = voucher.turn_in else { return Ok(Vec::new()) };
    let mut changes: Vec<Change> = voucher.claims.iter().map(|key| Change::Claim { key: *key, holder: None }).collect();
    if let Some(row) = state.turn_ins.get(&id)? {
        let free = TurnIn { status: TurnInStatus::Recorded, voucher: None, ..row.clone() };
        changes.push(Change::TurnIn(Box::new(free)));
    }
    Ok(changes)
}
