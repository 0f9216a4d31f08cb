//! Sessions of staff: begun by signing in, kept by refreshing, ended.
//!
//! A try that fails is no refusal but a decision: it is counted and stands in the trail. What is refused leaves nothing
//! behind, so that nobody can fill the trail from outside.

use serde_json::json;
use subtle::ConstantTimeEq as _;

use super::Ids;
use super::account::{decided, ended, failure, footprint, is_kept_out};
use crate::domain::account::{Account, RefreshToken, SESSIONS, Session, SessionEnd, SignInPolicy, Till};
use crate::domain::command::{AuditNote, Change, Decision, Outcome, RefreshSession, SignIn, SignedIn, Stamp, Stop};
use crate::domain::id::Id;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::state::State;

pub(super) fn footprint_sign_in(state: &mut State, sign_in: &SignIn) {
    footprint(state, sign_in.proof.account);
    if let Some(device) = sign_in.device {
        super::till::footprint_device(state, device);
    }
}

pub(super) fn footprint_refresh(state: &mut State, refresh: &RefreshSession) {
    let key = RefreshToken::key(&refresh.shown);
    state.refresh_tokens.ask(key);
    if let Some(RefreshToken { session, account, .. }) = state.refresh_tokens.peek(&key).cloned() {
        state.sessions.ask(session);
        footprint(state, account);
        let Some(Session { store, till, .. }) = state.sessions.peek(&session) else { return };
        let (store, till) = (*store, *till);
        if let Some(store) = store {
            state.stores.ask(store);
        }
        if let Some(till) = till {
            state.tills.ask(till);
        }
    }
}

pub(super) fn footprint_sign_out(state: &mut State, session: Id) {
    state.sessions.ask(session);
    if let Some(account) = state.sessions.peek(&session).map(|session| session.account) {
        state.staff.ask(account);
    }
}

fn unauthenticated() -> Stop {
    Refusal::of(Code::Unauthenticated).into()
}

pub(super) fn sign_in(state: &State, sign_in: &SignIn, stamp: Stamp, ids: &mut Ids) -> Result<Decision, Stop> {
    let SignIn { proof, step, refresh, policy, .. } = sign_in;
    let mut account = state.staff.get(&proof.account)?.cloned().ok_or_else(unauthenticated)?;
    if account.locked_until.is_some_and(|until| stamp.at < until) {
        return Err(Refusal::of(Code::RateLimited).into());
    }
    // The password was changed while the old one was compared.
    if account.password != proof.seen {
        return Err(unauthenticated());
    }
    if !proof.right {
        return Ok(failure(account, *policy, stamp, "password"));
    }
    // Without a second factor the tokens are good for setting one up and for nothing else.
    if account.totp.is_some() {
        match step {
            None => return Ok(failure(account, *policy, stamp, "code")),
            Some(step) if *step <= account.totp_step => {
                return Ok(failure(account, *policy, stamp, "code used before"));
            }
            Some(step) => account.totp_step = *step,
        }
    }
    if account.disabled {
        return Ok(turned_away(&account, false));
    }
    let till = till_of(state, sign_in, &account)?;
    let store = till.map(|till| till.store).or(account.store);
    if till.is_some_and(|till| !is_place_of(&account, till)) || is_kept_out(state, &account, store)? {
        return Ok(turned_away(&account, true));
    }
    // From here it must succeed.
    let mut changes = make_room(state, &mut account, stamp)?;
    let session = Session {
        id: ids.next(),
        account: account.id,
        store,
        device: till.and_then(|till| till.device),
        till: till.map(|till| till.id),
        generation: 1,
        opened_at: stamp.at,
        used_at: stamp.at,
        idle_at: stamp.at.plus_seconds(policy.idle_seconds),
        lapses_at: stamp.at.plus_seconds(policy.session_seconds),
        ended_at: None,
        end: None,
    };
    account.open.push(session.id);
    account.failed = 0;
    account.locked_until = None;
    let detail = json!({"outcome": "signed in", "session": session.id, "setup": !account.is_set_up(),
        "till": session.till});
    let outcome = signed_in(&account, &session, *policy, stamp);
    changes.extend([token(&session, refresh, stamp), Change::Session(session)]);
    Ok(Decision { outcome, ..decided(account, changes, detail) })
}

/// The till on which somebody of a retailer signs in; a device that is none, and who is of no retailer, are not bound.
fn till_of<'a>(state: &'a State, sign_in: &SignIn, account: &Account) -> Result<Option<&'a Till>, Stop> {
    match sign_in.device.filter(|_| account.role.is_of_a_retailer()) {
        Some(device) => super::till::of_device(state, device),
        None => Ok(None),
    }
}

/// Whether the account's holder may work at a till.
fn is_place_of(account: &Account, till: &Till) -> bool {
    account.organisation == Some(till.retailer) && account.store.is_none_or(|store| store == till.store)
}

/// Everything that was shown was right, and yet nobody is let in.
fn turned_away(account: &Account, organisation: bool) -> Decision {
    let why = if organisation { "not at this place, or not now" } else { "the account is disabled" };
    let outcome = Outcome::NotSignedIn { organisation };
    Decision { outcome, ..decided(account.clone(), Vec::new(), json!({"outcome": "refused", "why": why})) }
}

/// Drops what has lapsed, and ends the oldest sessions when there would be too many.
fn make_room(state: &State, account: &mut Account, stamp: Stamp) -> Result<Vec<Change>, Stop> {
    let mut live = Vec::new();
    for id in &account.open {
        live.extend(state.sessions.get(id)?.filter(|session| session.is_live(stamp.at)));
    }
    live.sort_by_key(|session| (session.opened_at, session.id));
    let too_many = (live.len() + 1).saturating_sub(SESSIONS);
    let (oldest, kept) = live.split_at(too_many);
    account.open = kept.iter().map(|session| session.id).collect();
    Ok(oldest.iter().flat_map(|session| ended(session, SessionEnd::Superseded, stamp)).collect())
}

pub(super) fn refresh(state: &State, refresh: &RefreshSession, stamp: Stamp) -> Result<Decision, Stop> {
    let shown = state.refresh_tokens.get(&RefreshToken::key(&refresh.shown))?.ok_or_else(unauthenticated)?;
    let same: bool = hex::encode(refresh.shown).as_bytes().ct_eq(shown.digest.as_bytes()).into();
    let session = state.sessions.get(&shown.session)?.filter(|_| same).ok_or_else(unauthenticated)?;
    let account = state.staff.get(&session.account)?.ok_or_else(unauthenticated)?;
    if session.ended_at.is_some() {
        return Err(unauthenticated());
    }
    if shown.generation != session.generation {
        return Ok(replayed(account.clone(), session, shown.generation, stamp));
    }
    if !session.is_live(stamp.at) || account.disabled {
        return Err(unauthenticated());
    }
    // A till's tokens are renewed on its device, as long as the till is in use.
    if let Some(till) = session.till {
        let till = state.tills.get(&till)?;
        if !till.zip(refresh.device).is_some_and(|(till, device)| till.is(device)) {
            return Err(unauthenticated());
        }
    }
    if is_kept_out(state, account, session.store)? {
        return Err(Refusal::of(Code::Forbidden).found("suspended").into());
    }
    // From here it must succeed.
    let session = Session {
        generation: session.generation.saturating_add(1),
        used_at: stamp.at,
        idle_at: stamp.at.plus_seconds(refresh.policy.idle_seconds),
        ..session.clone()
    };
    let audit = AuditNote {
        subject: account.id.to_string(),
        detail: json!({"session": session.id, "generation": session.generation}),
    };
    let outcome = signed_in(account, &session, refresh.policy, stamp);
    let changes = vec![token(&session, &refresh.refresh, stamp), Change::Session(session)];
    Ok(Decision { outcome, changes, movements: Vec::new(), rollups: Vec::new(), audit })
}

/// Two hold copies of one token, and which of them is the thief cannot be told: both have to go.
fn replayed(mut account: Account, session: &Session, generation: u32, stamp: Stamp) -> Decision {
    let changes = ended(session, SessionEnd::Replayed, stamp).to_vec();
    account.open.retain(|id| *id != session.id);
    let detail = json!({"outcome": "refused", "why": "an old refresh token was shown", "session": session.id,
        "generation": generation, "newest": session.generation});
    let outcome = Outcome::NotSignedIn { organisation: false };
    Decision { outcome, ..decided(account, changes, detail) }
}

pub(super) fn sign_out(state: &State, id: Id, caller: Id, stamp: Stamp) -> Result<Decision, Stop> {
    let not_found = || Stop::from(Refusal::of(Code::NotFound));
    let session = state.sessions.get(&id)?.filter(|session| session.account == caller).ok_or_else(not_found)?;
    let mut account = state.staff.get(&session.account)?.cloned().ok_or_else(not_found)?;
    let mut changes = Vec::new();
    if session.ended_at.is_none() {
        changes.extend(ended(session, SessionEnd::SignedOut, stamp));
    }
    account.open.retain(|open| *open != id);
    let at = session.ended_at.unwrap_or(stamp.at);
    let outcome = Outcome::SignedOut { session: id, at };
    Ok(Decision { outcome, ..decided(account, changes, json!({"session": id})) })
}

fn token(session: &Session, digest: &[u8; 32], stamp: Stamp) -> Change {
    Change::RefreshToken(RefreshToken {
        id: RefreshToken::key(digest),
        digest: hex::encode(digest),
        account: session.account,
        session: session.id,
        generation: session.generation,
        at: stamp.at,
    })
}

fn signed_in(account: &Account, session: &Session, policy: SignInPolicy, stamp: Stamp) -> Outcome {
    Outcome::SignedIn(Box::new(SignedIn {
        session: session.id,
        staff: account.staff(),
        store: session.store,
        device: session.device,
        till: session.till,
        setup: !account.is_set_up(),
        at: stamp.at,
        access_until: stamp.at.plus_seconds(policy.access_seconds).min(session.lapses_at),
        refresh_until: session.idle_at.min(session.lapses_at),
    }))
}
