//! What is known of a person is destroyed, or taken out of use while it must be kept (PIPL 47); and what was kept for a
//! time only goes.

use serde_json::json;

use crate::domain::command::{AuditNote, Change, Decision, ErasePerson, Erasure, Outcome, Passing, Stamp, Stop};
use crate::domain::goods::OldItem;
use crate::domain::id::Id;
use crate::domain::personal::{DataKey, ERASED, Personal, RESTRICTED};
use crate::domain::records::{Person, TurnIn, Voucher, VoucherStatus};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::state::{Holdings, State};
use crate::domain::time::Moment;

pub(super) fn footprint(state: &mut State, person: Id) {
    state.persons.ask(person);
    state.data_keys.ask(person);
    state.holdings.ask(person);
    let Some(Holdings { vouchers, turn_ins }) = state.holdings.peek(&person).cloned() else { return };
    for id in turn_ins {
        state.turn_ins.ask(id);
    }
    for id in vouchers {
        state.vouchers.ask(id);
        if let Some(redemption) = state.vouchers.peek(&id).and_then(|voucher| voucher.redemption) {
            state.redemptions.ask(redemption);
        }
    }
}

pub(super) fn erase(state: &State, wish: &ErasePerson, stamp: Stamp) -> Result<Decision, Stop> {
    let person = state.persons.get(&wish.person)?.ok_or_else(|| Refusal::of(Code::NotFound))?;
    let wrong =
        |found: String, expected: &str| Stop::from(Refusal::of(Code::WrongState).found(found).expected(expected));
    if person.erased_at.is_some() {
        return Err(wrong(Erasure::Erased.to_string(), "a person of whom something is known"));
    }
    let holdings = state.holdings.get(&wish.person)?.cloned().unwrap_or_default();
    let kept_for = newest_redemption(state, &holdings, stamp)?.filter(|at| *at >= wish.keeps_since);
    if let Some(at) = kept_for.filter(|_| !wish.or_restrict || person.restricted_at.is_some()) {
        return Err(wrong(format!("redeemed on {}", at.day()), "a redemption whose papers need not be kept any more"));
    }
    let what = if kept_for.is_some() { Erasure::Restricted } else { Erasure::Erased };
    // From here it must succeed.
    let mut changes = vec![Change::Person(without(person, what, stamp))];
    let keys = state.data_keys.get(&wish.person)?.map(Vec::as_slice).unwrap_or_default();
    if what == Erasure::Erased {
        let alive = keys.iter().filter(|key| key.wrapped.is_some());
        let destroyed = |key: &DataKey| DataKey { wrapped: None, shredded_at: Some(stamp.at), ..key.clone() };
        changes.extend(alive.map(destroyed).map(Change::DataKey));
    }
    for id in &holdings.turn_ins {
        if let Some(row) = state.turn_ins.get(id)? {
            changes.push(Change::TurnIn(Box::new(nameless(row, what))));
        }
    }
    let detail =
        json!({"what": what, "turn_ins": holdings.turn_ins.len(), "reason": wish.reason, "kept_for": kept_for});
    Ok(decision(Outcome::Erased { person: wish.person, what, kept_for }, changes, wish.person.to_string(), detail))
}

/// When the person redeemed last. A live voucher is in the way: its holder must still be known at the counter.
fn newest_redemption(state: &State, holdings: &Holdings, stamp: Stamp) -> Result<Option<Moment>, Stop> {
    let mut newest = None;
    for id in &holdings.vouchers {
        let Some(voucher) = state.vouchers.get(id)? else { continue };
        if is_live(voucher, stamp) {
            let refusal = Refusal::of(Code::WrongState).found(format!("voucher {id} is {}", voucher.status));
            return Err(refusal.expected("no live voucher").into());
        }
        if let Some(redemption) = voucher.redemption {
            newest = newest.max(state.redemptions.get(&redemption)?.map(|fact| fact.at));
        }
    }
    Ok(newest)
}

fn is_live(voucher: &Voucher, stamp: Stamp) -> bool {
    voucher.status == VoucherStatus::Issued && stamp.at <= voucher.expires_at
}

/// The number's digest stays: by it a quota holds and an old item counts once.
fn without(person: &Person, what: Erasure, stamp: Stamp) -> Person {
    match what {
        Erasure::Erased => Person {
            id: person.id,
            number: nothing(person.number.lookup),
            name: nothing(Id::NIL),
            restricted_at: None,
            erased_at: Some(stamp.at),
        },
        Erasure::Restricted => {
            let hidden = |personal: &Personal| Personal { masked: RESTRICTED.to_owned(), ..personal.clone() };
            Person {
                number: hidden(&person.number),
                name: hidden(&person.name),
                restricted_at: Some(stamp.at),
                ..person.clone()
            }
        }
    }
}

fn nothing(lookup: Id) -> Personal {
    Personal { lookup, sealed: String::new(), masked: ERASED.to_owned() }
}

/// A turn-in without its owner's masks; once erased, without the plate too, by which the owner could be asked for.
fn nameless(row: &TurnIn, what: Erasure) -> TurnIn {
    let mask = if what == Erasure::Erased { ERASED } else { RESTRICTED };
    let plate = row.item.plate.clone().filter(|_| what == Erasure::Restricted);
    let item = OldItem { plate, ..row.item.clone() };
    TurnIn { owner_name: mask.to_owned(), owner_number: mask.to_owned(), item, ..row.clone() }
}

pub(super) fn forget(what: Passing, ids: &[Id], before: Moment) -> Decision {
    let changes = vec![Change::Forgotten { what, ids: ids.to_vec(), before }];
    let detail = json!({"what": what, "rows": ids.len(), "before": before});
    decision(Outcome::Forgotten { count: ids.len() }, changes, what.to_string(), detail)
}

fn decision(outcome: Outcome, changes: Vec<Change>, subject: String, detail: serde_json::Value) -> Decision {
    let audit = AuditNote { subject, detail };
    Decision { outcome, changes, movements: Vec::new(), rollups: Vec::new(), audit }
}
