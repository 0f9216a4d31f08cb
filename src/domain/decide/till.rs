//! Tills: devices at a store's counter, which a manager lets in by a code that is good once.

use serde_json::json;
use subtle::ConstantTimeEq as _;

use crate::domain::account::{Revocation, Till};
use crate::domain::command::{Actor, AuditNote, Change, Decision, EnrolTill, NewTill, Outcome, Stamp, Stop};
use crate::domain::id::Id;
use crate::domain::records::Standing;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::state::State;

/// Seconds within which a code must be used.
const CODE_SECONDS: i64 = 30 * 60;

pub(super) fn footprint_new(state: &mut State, new: &NewTill) {
    state.tills.ask(Till::key(&new.code));
    state.stores.ask(new.store);
}

pub(super) fn footprint_enrol(state: &mut State, enrol: &EnrolTill) {
    footprint(state, Till::key(&enrol.code));
    footprint_device(state, enrol.device);
}

/// The till that a device is, with what it names.
pub(super) fn footprint_device(state: &mut State, device: Id) {
    state.devices.ask(device);
    if let Some(till) = state.devices.peek(&device).copied() {
        footprint(state, till);
    }
}

/// A till, its retailer and its store.
pub(super) fn footprint(state: &mut State, till: Id) {
    state.tills.ask(till);
    let Some(Till { retailer, store, .. }) = state.tills.peek(&till).cloned() else { return };
    state.retailers.ask(retailer);
    state.stores.ask(store);
}

/// The till in use that a device is.
pub(super) fn of_device(state: &State, device: Id) -> Result<Option<&Till>, Stop> {
    match state.devices.get(&device)? {
        Some(till) => Ok(state.tills.get(till)?.filter(|till| till.is(device))),
        None => Ok(None),
    }
}

pub(super) fn create(state: &State, new: &NewTill, stamp: Stamp) -> Result<Decision, Stop> {
    if state.stores.get(&new.store)?.is_none_or(|store| store.retailer != new.retailer) {
        return Err(Refusal::at(Code::NotFound, "/store_id").into());
    }
    // The code follows from the request's key: one that was used long ago does not make a till anew.
    if state.tills.get(&Till::key(&new.code))?.is_some() {
        return Err(Refusal::of(Code::IdempotencyKeyReused).into());
    }
    // From here it must succeed.
    let till = Till {
        id: Till::key(&new.code),
        digest: hex::encode(new.code),
        retailer: new.retailer,
        store: new.store,
        label: new.label.clone(),
        device: None,
        created_at: stamp.at,
        code_lapses_at: stamp.at.plus_seconds(CODE_SECONDS),
        enrolled_at: None,
        revoked_at: None,
    };
    let detail = json!({"retailer": till.retailer, "store": till.store, "label": till.label});
    Ok(decided(till, Vec::new(), detail))
}

pub(super) fn enrol(state: &State, enrol: &EnrolTill, stamp: Stamp) -> Result<Decision, Stop> {
    let till = state.tills.get(&Till::key(&enrol.code))?;
    let same = |till: &&Till| hex::encode(enrol.code).as_bytes().ct_eq(till.digest.as_bytes()).into();
    let Some(till) = till.filter(same).filter(|till| till.revoked_at.is_none()) else {
        return Err(Refusal::at(Code::NotFound, "/code").into());
    };
    if till.device.is_some() || stamp.at >= till.code_lapses_at {
        let found = if till.device.is_some() { "a code that was used" } else { "a code that has lapsed" };
        return Err(Refusal::at(Code::WrongState, "/code").found(found).expected("a new code from the manager").into());
    }
    let of_retailer = state.retailers.get(&till.retailer)?.map(|row| row.standing);
    let of_store = state.stores.get(&till.store)?.map(|row| row.standing);
    if [of_retailer, of_store].contains(&Some(Standing::Suspended)) {
        return Err(Refusal::of(Code::Forbidden).found("a suspended retailer or store").into());
    }
    let before = of_device(state, enrol.device)?;
    if before.is_some_and(|before| before.retailer != till.retailer) {
        let found = "a device that is a till of another retailer";
        return Err(Refusal::of(Code::WrongState).found(found).expected("a device that is none").into());
    }
    // From here it must succeed.
    let detail = json!({"retailer": till.retailer, "store": till.store, "replaces": before.map(|before| before.id)});
    let mut changes = Vec::new();
    // A device is one till: what it was until now ends, with its tokens.
    if let Some(before) = before {
        let (before, ended) = taken_out(before, stamp);
        changes.extend([Change::Till(before), ended]);
    }
    let till = Till { device: Some(enrol.device), enrolled_at: Some(stamp.at), ..till.clone() };
    Ok(decided(till, changes, detail))
}

pub(super) fn revoke(state: &State, id: Id, reason: &str, actor: &Actor, stamp: Stamp) -> Result<Decision, Stop> {
    let own = state.tills.get(&id)?.filter(|till| Some(till.retailer) == actor.organisation);
    let till = own.ok_or_else(|| Stop::from(Refusal::of(Code::NotFound)))?;
    if till.revoked_at.is_some() {
        return Err(Refusal::of(Code::WrongState).found("out of use").expected("a till in use").into());
    }
    // From here it must succeed.
    let detail = json!({"store": till.store, "enrolled_at": till.enrolled_at, "reason": reason});
    let (till, ended) = taken_out(till, stamp);
    Ok(decided(till, vec![ended], detail))
}

/// The till out of use, and the end of its tokens.
fn taken_out(till: &Till, stamp: Stamp) -> (Till, Change) {
    let ended = Change::Revocation(Revocation::of_till(till.id, stamp.at));
    (Till { revoked_at: Some(stamp.at), ..till.clone() }, ended)
}

fn decided(till: Till, mut changes: Vec<Change>, detail: serde_json::Value) -> Decision {
    let audit = AuditNote { subject: till.id.to_string(), detail };
    let outcome = Outcome::Till(Box::new(till.clone()));
    changes.push(Change::Till(till));
    Decision { outcome, changes, movements: Vec::new(), rollups: Vec::new(), audit }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::personal::Personal;
    use crate::domain::records::{BankAccount, Retailer, Store};
    use crate::domain::time::Moment;

    const STAMP: Stamp = Stamp { at: Moment(1_780_000_000_000_000) };

    fn later(seconds: i64) -> Stamp {
        Stamp { at: STAMP.at.plus_seconds(seconds) }
    }

    fn id(word: &str) -> Id {
        Id::digest(&[word])
    }

    fn code(word: &str) -> [u8; 32] {
        std::array::from_fn(|at| word.as_bytes().get(at).copied().unwrap_or_default())
    }

    fn retailer(word: &str) -> Retailer {
        let number = Personal { lookup: id(word), sealed: "k1.sealed".into(), masked: "****1111".into() };
        Retailer {
            id: id(word),
            name: "南昌示例家电有限公司".into(),
            uscc: String::new(),
            divisions: Vec::new(),
            account: BankAccount { bank: "中国银行".into(), number, name: "南昌示例家电有限公司".into() },
            contact: None,
            standing: Standing::Approved,
            programmes: Vec::new(),
            proposal: None,
            paying: Vec::new(),
        }
    }

    fn store(word: &str, of: &str) -> Store {
        Store {
            id: id(word),
            retailer: id(of),
            name: "高新店".into(),
            address: "紫阳大道 1 号".into(),
            division_code: "360111".into(),
            town: "麻丘镇".into(),
            standing: Standing::Approved,
        }
    }

    /// Two retailers with a store each, `shop` and `another shop`.
    fn state() -> State {
        let mut state = State::default();
        for (of, word) in [("retailer", "shop"), ("another", "another shop")] {
            state.retailers.put(id(of), retailer(of));
            state.stores.put(id(word), store(word, of));
        }
        state
    }

    fn new(of: &str, shop: &str, word: &str) -> NewTill {
        NewTill { retailer: id(of), store: id(shop), label: "一号收银台".into(), code: code(word) }
    }

    /// What a decision says of the till; its rows are in the state from then on.
    fn done(state: &mut State, decided: Result<Decision, Stop>) -> Result<Till, Vec<Code>> {
        let decision = decided.map_err(|stop| match stop {
            Stop::Refused(refusals) => refusals.codes().collect::<Vec<_>>(),
            Stop::NotLoaded(key) => panic!("{key}"),
        })?;
        state.apply(&decision);
        let Outcome::Till(till) = decision.outcome else { panic!("{:?}", decision.outcome) };
        assert_eq!(decision.audit.subject, till.id.to_string());
        assert!(!decision.audit.detail.to_string().contains(&till.digest));
        Ok(*till)
    }

    fn created(state: &mut State, new: &NewTill) -> Result<Till, Vec<Code>> {
        footprint_new(state, new);
        let decided = create(state, new, STAMP);
        done(state, decided)
    }

    fn enrolled(state: &mut State, word: &str, device: &str, stamp: Stamp) -> Result<Till, Vec<Code>> {
        let wish = EnrolTill { code: code(word), device: id(device) };
        footprint_enrol(state, &wish);
        let decided = enrol(state, &wish, stamp);
        done(state, decided)
    }

    fn revoked(state: &mut State, till: Id, of: &str) -> Result<Till, Vec<Code>> {
        let actor = Actor { id: id("manager"), role: "retailer".into(), organisation: Some(id(of)) };
        footprint(state, till);
        let decided = revoke(state, till, "停用", &actor, later(120));
        done(state, decided)
    }

    fn is_ended(state: &State, till: &Till) -> bool {
        state.revocations.peek(&till.id).is_some_and(|row| row.ends(later(3600).at.seconds()))
    }

    #[test]
    fn a_till_is_made_for_a_store_of_the_own_retailer() {
        let mut state = state();
        assert_eq!(created(&mut state, &new("retailer", "another shop", "1")), Err(vec![Code::NotFound]));
        assert_eq!(created(&mut state, &new("retailer", "no shop", "1")), Err(vec![Code::NotFound]));
        let till = created(&mut state, &new("retailer", "shop", "1")).unwrap();
        assert_eq!((till.retailer, till.store, till.device), (id("retailer"), id("shop"), None));
        assert_eq!(created(&mut state, &new("retailer", "shop", "1")), Err(vec![Code::IdempotencyKeyReused]));
    }

    #[test]
    fn a_code_is_good_once_and_until_it_lapses() {
        let mut state = state();
        for word in ["1", "2"] {
            created(&mut state, &new("retailer", "shop", word)).unwrap();
        }
        assert_eq!(enrolled(&mut state, "3", "device", STAMP), Err(vec![Code::NotFound]));
        let end = STAMP.at.plus_seconds(CODE_SECONDS);
        let last = Stamp { at: Moment(end.0 - 1) };
        assert_eq!(enrolled(&mut state, "1", "device", Stamp { at: end }), Err(vec![Code::WrongState]));
        let till = enrolled(&mut state, "1", "device", last).unwrap();
        assert_eq!((till.device, till.enrolled_at), (Some(id("device")), Some(last.at)));
        assert_eq!(of_device(&state, id("device")).unwrap(), Some(&till));
        for device in ["device", "another device"] {
            assert_eq!(enrolled(&mut state, "1", device, last), Err(vec![Code::WrongState]), "{device}");
        }
    }

    /// Where the identity is found, the whole digest must still be the same.
    #[test]
    fn a_till_is_found_by_the_whole_digest() {
        let mut state = state();
        let till = created(&mut state, &new("retailer", "shop", "1")).unwrap();
        state.tills.put(till.id, Till { digest: hex::encode(code("2")), ..till });
        assert_eq!(enrolled(&mut state, "1", "device", STAMP), Err(vec![Code::NotFound]));
    }

    #[test]
    fn a_suspended_retailer_or_store_enrols_nothing() {
        let mut state = state();
        created(&mut state, &new("retailer", "shop", "1")).unwrap();
        let suspended = Standing::Suspended;
        state.retailers.put(id("retailer"), Retailer { standing: suspended, ..retailer("retailer") });
        assert_eq!(enrolled(&mut state, "1", "device", STAMP), Err(vec![Code::Forbidden]));
        state.retailers.put(id("retailer"), retailer("retailer"));
        state.stores.put(id("shop"), Store { standing: suspended, ..store("shop", "retailer") });
        assert_eq!(enrolled(&mut state, "1", "device", STAMP), Err(vec![Code::Forbidden]));
        state.stores.put(id("shop"), store("shop", "retailer"));
        assert!(enrolled(&mut state, "1", "device", STAMP).is_ok());
    }

    #[test]
    fn a_till_out_of_use_ends_its_tokens_and_lets_nobody_in() {
        let mut state = state();
        let [one, two] = ["1", "2"].map(|word| created(&mut state, &new("retailer", "shop", word)).unwrap());
        enrolled(&mut state, "1", "device", STAMP).unwrap();
        assert_eq!(revoked(&mut state, one.id, "another"), Err(vec![Code::NotFound]));
        assert_eq!(revoked(&mut state, id("no till"), "retailer"), Err(vec![Code::NotFound]));
        assert!(!is_ended(&state, &one));
        assert_eq!(revoked(&mut state, one.id, "retailer").unwrap().revoked_at, Some(later(120).at));
        assert!(is_ended(&state, &one));
        assert_eq!(of_device(&state, id("device")).unwrap(), None);
        assert_eq!(revoked(&mut state, one.id, "retailer"), Err(vec![Code::WrongState]));
        // One that was never enrolled: its code is good no more.
        revoked(&mut state, two.id, "retailer").unwrap();
        assert_eq!(enrolled(&mut state, "2", "device", STAMP), Err(vec![Code::NotFound]));
    }

    #[test]
    fn a_device_is_one_till() {
        let mut state = state();
        let [one, two] = ["1", "2"].map(|word| created(&mut state, &new("retailer", "shop", word)).unwrap());
        created(&mut state, &new("another", "another shop", "3")).unwrap();
        enrolled(&mut state, "1", "device", STAMP).unwrap();
        // Nobody else's device becomes a till of another retailer by mistake.
        assert_eq!(enrolled(&mut state, "3", "device", STAMP), Err(vec![Code::WrongState]));
        let now = enrolled(&mut state, "2", "device", STAMP).unwrap();
        assert_eq!(of_device(&state, id("device")).unwrap(), Some(&now));
        assert!(is_ended(&state, &one) && !is_ended(&state, &two));
        assert_eq!(state.tills.peek(&one.id).unwrap().revoked_at, Some(STAMP.at));
        revoked(&mut state, two.id, "retailer").unwrap();
        assert_eq!(enrolled(&mut state, "3", "device", STAMP).unwrap().retailer, id("another"));
    }
}
