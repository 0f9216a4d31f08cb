//! Retailers, stores and recyclers: registered, approved, suspended.

use serde_json::json;

use super::Ids;
use crate::domain::account::Revocation;
use crate::domain::command::{Act, AuditNote, Change, Decision, NewRecycler, NewRetailer, Outcome, Party, Stamp, Stop};
use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::import::Registration;
use crate::domain::records::{Recycler, Retailer, Standing, Store};
use crate::domain::refusal::{Code, Refusal, Refusals};
use crate::domain::state::State;

pub(super) fn footprint(state: &mut State, act: &Act) {
    match act {
        Act::RegisterRetailer(new) => state.registrations.ask(Registration::Retailer(new.uscc.clone())),
        Act::AddStore { retailer, .. } => state.retailers.ask(*retailer),
        Act::Approve { party, id, programmes } => {
            ask(state, *party, *id);
            for programme in programmes {
                state.programmes.ask(programme.clone());
            }
        }
        Act::Suspend { party, id, .. } => ask(state, *party, *id),
        _ => {}
    }
}

fn ask(state: &mut State, party: Party, id: Id) {
    state.revocations.ask(id);
    match party {
        Party::Retailer => state.retailers.ask(id),
        Party::Store => state.stores.ask(id),
        Party::Recycler => state.recyclers.ask(id),
    }
}

/// A retailer that is registered and not yet approved.
pub(super) fn new_retailer(new: &NewRetailer, ids: &mut Ids) -> Retailer {
    Retailer {
        id: ids.next(),
        name: new.name.clone(),
        uscc: new.uscc.clone(),
        divisions: new.divisions.clone(),
        account: new.account.clone(),
        contact: new.contact.clone(),
        standing: Standing::Registered,
        programmes: Vec::new(),
        proposal: None,
        paying: Vec::new(),
    }
}

/// An organisation is registered once, however it comes: its code is its identity (统一社会信用代码).
pub(super) fn register_retailer(state: &State, new: &NewRetailer, ids: &mut Ids) -> Result<Decision, Stop> {
    let known = state.registrations.get(&Registration::Retailer(new.uscc.clone()))?;
    if known.is_some_and(|ids| !ids.is_empty()) {
        let refusal = Refusal::at(Code::WrongState, "/uscc").found(&new.uscc);
        return Err(refusal.expected("one that is not registered yet").into());
    }
    let row = new_retailer(new, ids);
    let detail = json!({"name": row.name, "uscc": row.uscc, "divisions": row.divisions,
        "account": row.account.number.masked});
    Ok(retailer_decision(row, detail))
}

pub(super) fn add_store(state: &State, retailer: Id, texts: [&String; 4], ids: &mut Ids) -> Result<Decision, Stop> {
    if state.retailers.get(&retailer)?.is_none() {
        return Err(not_found("/retailer_id"));
    }
    let row = new_store(retailer, texts, ids);
    let detail = json!({"retailer": retailer, "name": row.name, "division_code": row.division_code, "town": row.town});
    Ok(store_decision(row, detail))
}

/// A store. The bureau itself adds it, so it needs no second approval; it can be suspended like any party.
pub(super) fn new_store(retailer: Id, texts: [&String; 4], ids: &mut Ids) -> Store {
    let [name, address, division_code, town] = texts.map(Clone::clone);
    Store { id: ids.next(), retailer, name, address, division_code, town, standing: Standing::Approved }
}

/// A collection point, which may take part at once.
pub(super) fn new_recycler(new: &NewRecycler, ids: &mut Ids) -> Recycler {
    let categories = if new.categories.is_empty() { Category::ALL.to_vec() } else { new.categories.clone() };
    Recycler {
        id: ids.next(),
        name: new.name.clone(),
        uscc: new.uscc.clone(),
        address: new.address.clone(),
        division_code: new.division_code.clone(),
        town: new.town.clone(),
        opening_hours: new.opening_hours.clone(),
        latitude_micro: new.latitude_micro,
        longitude_micro: new.longitude_micro,
        categories,
        standing: Standing::Approved,
    }
}

pub(super) fn register_recycler(new: &NewRecycler, ids: &mut Ids) -> Decision {
    let row = new_recycler(new, ids);
    let detail = json!({"name": row.name, "uscc": row.uscc, "division_code": row.division_code, "town": row.town,
        "categories": row.categories});
    recycler_decision(row, detail)
}

pub(super) fn approve(
    state: &State,
    party: Party,
    id: Id,
    programmes: &[String],
    stamp: Stamp,
) -> Result<Decision, Stop> {
    let mut decision = if party == Party::Retailer {
        approve_retailer(state, id, programmes)?
    } else {
        set_standing(state, party, id, Standing::Approved, "")?
    };
    // Whoever comes back signs in anew: the tokens of before the suspension stay what they are.
    let kept_out = state.revocations.get(&id)?.filter(|revocation| revocation.ended);
    decision.changes.extend(kept_out.map(|revocation| Change::Revocation(revocation.lifted(stamp.at))));
    Ok(decision)
}

fn approve_retailer(state: &State, id: Id, programmes: &[String]) -> Result<Decision, Stop> {
    let retailer = state.retailers.get(&id)?.ok_or_else(|| not_found(""))?;
    let mut unknown = Vec::new();
    for (at, programme) in programmes.iter().enumerate() {
        if state.programmes.get(programme)?.is_none() {
            unknown.push(Refusal::at(Code::NotFound, format!("/programmes/{at}")).found(programme));
        }
    }
    if let Some(refusals) = Refusals::from_failed(unknown) {
        return Err(refusals.into());
    }
    let mut approved = programmes.to_vec();
    approved.sort_unstable();
    approved.dedup();
    let detail = json!({
        "before": {"standing": retailer.standing, "programmes": retailer.programmes},
        "after": {"standing": Standing::Approved, "programmes": approved},
    });
    let row = Retailer { standing: Standing::Approved, programmes: approved, ..retailer.clone() };
    Ok(retailer_decision(row, detail))
}

/// Keeps a party out, and ends the tokens that its staff hold.
pub(super) fn suspend(state: &State, party: Party, id: Id, reason: &str, stamp: Stamp) -> Result<Decision, Stop> {
    let mut decision = set_standing(state, party, id, Standing::Suspended, reason)?;
    decision.changes.push(Change::Revocation(Revocation::of_party(id, stamp.at)));
    Ok(decision)
}

fn set_standing(state: &State, party: Party, id: Id, standing: Standing, reason: &str) -> Result<Decision, Stop> {
    let detail = |before: Standing| json!({"before": before, "after": standing, "reason": reason});
    match party {
        Party::Retailer => {
            let row = state.retailers.get(&id)?.ok_or_else(|| not_found(""))?;
            Ok(retailer_decision(Retailer { standing, ..row.clone() }, detail(row.standing)))
        }
        Party::Store => {
            let row = state.stores.get(&id)?.ok_or_else(|| not_found(""))?;
            Ok(store_decision(Store { standing, ..row.clone() }, detail(row.standing)))
        }
        Party::Recycler => {
            let row = state.recyclers.get(&id)?.ok_or_else(|| not_found(""))?;
            Ok(recycler_decision(Recycler { standing, ..row.clone() }, detail(row.standing)))
        }
    }
}

fn not_found(pointer: &str) -> Stop {
    Refusal::at(Code::NotFound, pointer).into()
}

fn retailer_decision(row: Retailer, detail: serde_json::Value) -> Decision {
    let change = Change::Retailer(Box::new(row.clone()));
    party_decision(row.id, Outcome::Retailer(Box::new(row)), change, detail)
}

fn store_decision(row: Store, detail: serde_json::Value) -> Decision {
    party_decision(row.id, Outcome::Store(row.clone()), Change::Store(row), detail)
}

fn recycler_decision(row: Recycler, detail: serde_json::Value) -> Decision {
    let change = Change::Recycler(Box::new(row.clone()));
    party_decision(row.id, Outcome::Recycler(Box::new(row)), change, detail)
}

fn party_decision(id: Id, outcome: Outcome, change: Change, detail: serde_json::Value) -> Decision {
    Decision {
        outcome,
        changes: vec![change],
        movements: Vec::new(),
        rollups: Vec::new(),
        audit: AuditNote { subject: id.to_string(), detail },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::personal::Personal;
    use crate::domain::records::BankAccount;
    use crate::domain::time::Moment;

    const STAMP: Stamp = Stamp { at: Moment(1_750_000_000_000_000) };

    fn new(uscc: &str) -> NewRetailer {
        let number = Personal { lookup: Id::NIL, sealed: "k1.sealed".into(), masked: "****1111".into() };
        NewRetailer {
            name: "南昌示例家电有限公司".into(),
            uscc: uscc.into(),
            divisions: vec!["360111".into()],
            account: BankAccount { bank: "中国银行".into(), number, name: "南昌示例家电有限公司".into() },
            contact: None,
        }
    }

    fn register(state: &mut State, word: &str, new: &NewRetailer) -> Result<Id, Stop> {
        let mut ids = Ids { command: Id::digest(&[word]), stamp: STAMP, counter: 0 };
        let decision = register_retailer(state, new, &mut ids)?;
        state.apply(&decision);
        let Outcome::Retailer(row) = decision.outcome else { panic!("{:?}", decision.outcome) };
        Ok(row.id)
    }

    #[test]
    fn a_code_is_registered_once() {
        let (one, other) = (new("91360106MA00000001"), new("91360106MA00000002"));
        let mut state = State::default();
        assert!(matches!(register(&mut state, "first", &one), Err(Stop::NotLoaded(_))), "nobody asked who has it");
        for wish in [&one, &other] {
            footprint(&mut state, &Act::RegisterRetailer(Box::new(wish.clone())));
        }
        let retailer = register(&mut state, "first", &one).unwrap();
        // The next command of the same batch sees it.
        let Err(Stop::Refused(refusals)) = register(&mut state, "second", &one) else { panic!("registered twice") };
        assert_eq!((refusals.first().code, refusals.first().pointer.as_str()), (Code::WrongState, "/uscc"));
        assert_ne!(register(&mut state, "third", &other).unwrap(), retailer);
    }
}
