//! Data keys: stored with what they seal, wrapped anew when the master key changes.

use serde_json::json;

use crate::domain::command::{AuditNote, Change, Decision, Outcome, Rewrapped, Stamp, Stop};
use crate::domain::id::Id;
use crate::domain::personal::{DataKey, NewDataKey};
use crate::domain::records::Person;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::state::State;

/// Keeps a person as they are stated now, with the key of the texts. Where nothing is new, nothing is kept, the key not
/// either.
pub(super) fn keep_person(state: &State, stated: &Person, key: &NewDataKey, stamp: Stamp) -> Result<Vec<Change>, Stop> {
    if state.persons.get(&stated.id)?.is_some_and(|known| known.is_known_as(stated)) {
        return Ok(Vec::new());
    }
    Ok(vec![Change::Person(stated.clone()), Change::DataKey(key.of(stated.id, stamp.at))])
}

pub(super) fn add_division_key(state: &State, new: &NewDataKey, stamp: Stamp) -> Result<Decision, Stop> {
    if let Some(keys) = state.data_keys.get(&Id::NIL)? {
        return Err(Refusal::of(Code::WrongState).found(format!("{} keys", keys.len())).into());
    }
    Ok(decision(vec![new.of(Id::NIL, stamp.at)], &new.master_kid))
}

/// Keys that were destroyed or wrapped by somebody else meanwhile stay as they are.
pub(super) fn rewrap(state: &State, rewrapped: &[Rewrapped]) -> Result<Decision, Stop> {
    let mut keys = Vec::new();
    for one in rewrapped {
        let of_person = state.data_keys.get(&one.person)?.map(Vec::as_slice).unwrap_or_default();
        let still = |key: &&DataKey| key.id == one.key.id && key.wrapped.is_some() && key.master_kid == one.before;
        if let Some(key) = of_person.iter().find(still) {
            let NewDataKey { wrapped, master_kid, .. } = one.key.clone();
            keys.push(DataKey { wrapped: Some(wrapped), master_kid, ..key.clone() });
        }
    }
    let master = rewrapped.first().map(|one| one.key.master_kid.clone()).unwrap_or_default();
    Ok(decision(keys, &master))
}

fn decision(keys: Vec<DataKey>, master: &str) -> Decision {
    let count = keys.len();
    Decision {
        outcome: Outcome::DataKeys { count },
        changes: keys.into_iter().map(Change::DataKey).collect(),
        movements: Vec::new(),
        rollups: Vec::new(),
        audit: AuditNote { subject: "data_key".to_owned(), detail: json!({"master_key": master, "keys": count}) },
    }
}
