//! Claiming for somebody who came to a service point: the same claim, with consent, under a limit for the assistant's
//! day. The person's identity stands in the trail beside the assistant's.

use serde_json::json;

use super::{Claimable, Ids, voucher};
use crate::domain::command::{Assistance, Change, ClaimVoucher, Decision, Outcome, Stamp, Stop};
use crate::domain::id::Id;
use crate::domain::personal::Personal;
use crate::domain::records::{AssistantUse, AssistedClaim, Person};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::state::State;

pub(super) fn footprint(state: &mut State, claim: &ClaimVoucher, assistant: Id, stamp: Stamp) {
    state.assistant_uses.ask(AssistantUse::key(assistant, stamp.day()));
    voucher::footprint(state, claim, stamp);
}

/// Everything that is checked before such a claim but the assistant's limit; the same for the question whether the
/// person is eligible.
///
/// # Errors
/// As of a claim; and [`Stop::Refused`] with `IDENTIFIER_INVALID` for a name that is not the number's.
pub fn judge(state: &State, claim: &ClaimVoucher, stamp: Stamp) -> Result<Claimable, Stop> {
    judge_name(state, &claim.person)?;
    voucher::judge(state, claim, stamp)
}

/// An assistant copies name and number from a document. What is known of a person outranks what was typed: another
/// name with the number means that one of the two was misread, or that somebody tries numbers out.
fn judge_name(state: &State, person: &Person) -> Result<(), Stop> {
    match state.persons.get(&person.id)? {
        Some(known) if usable(known) && known.name != person.name => {
            let other = Refusal::at(Code::IdentifierInvalid, "/person/name").found(&person.name);
            Err(other.expected("the name that goes with the number").into())
        }
        _ => Ok(()),
    }
}

/// What is destroyed, or only kept, is not compared with.
fn usable(known: &Person) -> bool {
    known.restricted_at.is_none() && known.erased_at.is_none()
}

pub(super) fn claim(
    state: &State,
    claim: &ClaimVoucher,
    assistance: &Assistance,
    assistant: Id,
    ids: &mut Ids,
) -> Result<Decision, Stop> {
    let (stamp, day) = (ids.stamp, ids.stamp.day());
    let id = AssistantUse::key(assistant, day);
    let made = state.assistant_uses.get(&id)?.map_or(0, |used| used.claims);
    if made >= assistance.most {
        let limit = format!("at most {} claims for others a day; again on {}", assistance.most, day.next());
        return Err(Refusal::of(Code::RateLimited).found(format!("{made} on {day}")).expected(limit).into());
    }
    judge_name(state, &claim.person)?;
    let mut decision = voucher::claim(state, claim, stamp, ids)?;
    let Outcome::Voucher(issued) = &decision.outcome else {
        return Err(Stop::NotLoaded("the voucher of an assisted claim".to_owned()));
    };
    // From here it must succeed.
    let Assistance { service_point, consent, note, .. } = assistance.clone();
    decision.audit.detail["assisted"] = json!({"assistant": assistant, "service_point": service_point,
        "person": claim.person.id, "consent": consent, "noted": note.is_some()});
    // The note is sealed with the key that the claim brought, which is kept already where the person is new.
    if note.is_some() && !decision.changes.iter().any(|change| matches!(change, Change::DataKey(_))) {
        decision.changes.push(Change::DataKey(claim.key.of(claim.person.id, stamp.at)));
    }
    let fact = AssistedClaim {
        voucher: issued.id,
        person: claim.person.id,
        assistant,
        service_point,
        consent,
        // A mask of a few characters can be a witness's whole name.
        note: note.as_ref().map(Personal::without_mask),
        at: stamp.at,
    };
    decision.changes.push(Change::AssistedClaim(Box::new(fact)));
    decision.changes.push(Change::AssistantUse(AssistantUse { id, assistant, day, claims: made + 1 }));
    Ok(decision)
}
