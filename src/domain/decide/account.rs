//! Accounts of staff: made, closed, given new credentials by who keeps them; password and second factor set up by their
//! holders.

use serde_json::{Value, json};

use crate::domain::account::{Account, Hidden, Revocation, Session, SessionEnd, SignInPolicy, StaffRole};
use crate::domain::command::{
    Actor, AuditNote, Change, ChangePassword, Decision, NewAccount, Outcome, PasswordProof, Stamp, Stop,
};
use crate::domain::id::Id;
use crate::domain::records::Standing;
use crate::domain::refusal::{Code, Refusal, Refusals};
use crate::domain::state::State;

pub(super) fn footprint_new(state: &mut State, new: &NewAccount) {
    state.staff.ask(Account::key(&new.login));
    ask_places(state, new.role, new.organisation, new.store);
}

/// The account, and what it names: its organisation, its store and its sessions.
pub(super) fn footprint(state: &mut State, account: Id) {
    state.staff.ask(account);
    let Some(Account { role, organisation, store, open, .. }) = state.staff.peek(&account) else { return };
    let (role, organisation, store, open) = (*role, *organisation, *store, open.clone());
    ask_places(state, role, organisation, store);
    for session in open {
        state.sessions.ask(session);
    }
}

fn ask_places(state: &mut State, role: StaffRole, organisation: Option<Id>, store: Option<Id>) {
    if let Some(organisation) = organisation {
        if role == StaffRole::Recycler {
            state.recyclers.ask(organisation);
        } else {
            state.retailers.ask(organisation);
        }
    }
    if let Some(store) = store {
        state.stores.ask(store);
    }
}

/// Whether the account's organisation keeps its holder out, or the store at which its holder works.
pub(super) fn is_kept_out(state: &State, account: &Account, store: Option<Id>) -> Result<bool, Stop> {
    let of_organisation = match (account.organisation, account.role) {
        (None, _) => None,
        (Some(id), StaffRole::Recycler) => state.recyclers.get(&id)?.map(|row| row.standing),
        (Some(id), _) => state.retailers.get(&id)?.map(|row| row.standing),
    };
    let of_store = match store {
        None => None,
        Some(id) => state.stores.get(&id)?.map(|row| row.standing),
    };
    Ok([of_organisation, of_store].contains(&Some(Standing::Suspended)))
}

/// Whether an actor keeps accounts of a role and organisation: the administrator all of them, an officer those of
/// retailers and recyclers, a retailer's manager those of its clerks.
fn keeps(actor: &Actor, role: StaffRole, organisation: Option<Id>) -> bool {
    match actor.role.as_str() {
        "admin" | "system" => true,
        "officer" => role.is_of_an_organisation(),
        "retailer" => role == StaffRole::Clerk && organisation.is_some() && organisation == actor.organisation,
        _ => false,
    }
}

pub(super) fn create(state: &State, new: &NewAccount, actor: &Actor, stamp: Stamp) -> Result<Decision, Stop> {
    if !keeps(actor, new.role, new.organisation) {
        return Err(Refusal::at(Code::Forbidden, "/role").found(new.role).into());
    }
    let mut failed = Vec::new();
    let id = Account::key(&new.login);
    if state.staff.get(&id)?.is_some() {
        failed.push(Refusal::at(Code::WrongState, "/login").found(&new.login).expected("a login that nobody has"));
    }
    failed.extend(place_faults(state, new)?);
    if new.tasks.is_empty() == (new.role == StaffRole::Reader) {
        let expected = if new.role == StaffRole::Reader { "at least one task" } else { "no tasks" };
        failed.push(Refusal::at(Code::BodyMalformed, "/tasks").expected(expected));
    }
    if let Some(refusals) = Refusals::from_failed(failed) {
        return Err(refusals.into());
    }
    // From here it must succeed.
    let account = Account {
        id,
        login: new.login.clone(),
        role: new.role,
        organisation: new.organisation,
        store: new.store,
        tasks: new.tasks.clone(),
        name: new.name.clone(),
        password: new.password.clone(),
        totp: new.totp.clone(),
        pending_totp: None,
        totp_step: 0,
        must_change: new.totp.is_none(),
        failed: 0,
        locked_until: None,
        disabled: false,
        open: Vec::new(),
        created_at: stamp.at,
    };
    let detail = json!({
        "login": account.login, "role": account.role, "organisation": account.organisation, "store": account.store,
        "tasks": account.tasks, "name": account.name.masked,
    });
    Ok(decided(account, Vec::new(), detail))
}

/// What is wrong with the organisation and the store of a new account.
fn place_faults(state: &State, new: &NewAccount) -> Result<Vec<Refusal>, Stop> {
    let mut failed = Vec::new();
    let place = "/organisation_id";
    match (new.organisation, new.role) {
        (None, role) if role.is_of_an_organisation() => failed.push(Refusal::at(Code::FieldMissing, place)),
        (Some(_), role) if !role.is_of_an_organisation() => {
            failed.push(Refusal::at(Code::BodyMalformed, place).expected("no organisation for this role"));
        }
        (Some(id), role) => {
            let known = match role {
                StaffRole::Recycler => state.recyclers.get(&id)?.is_some(),
                _ => state.retailers.get(&id)?.is_some(),
            };
            if !known {
                failed.push(Refusal::at(Code::NotFound, place));
            }
        }
        (None, _) => {}
    }
    if let Some(store) = new.store {
        let row = state.stores.get(&store)?;
        if new.role != StaffRole::Clerk {
            failed.push(Refusal::at(Code::BodyMalformed, "/store_id").expected("no store but for a clerk"));
        } else if row.is_none_or(|row| Some(row.retailer) != new.organisation) {
            failed.push(Refusal::at(Code::NotFound, "/store_id"));
        }
    }
    Ok(failed)
}

pub(super) fn disable(state: &State, id: Id, reason: &str, actor: &Actor, stamp: Stamp) -> Result<Decision, Stop> {
    let mut account = kept(state, id, actor)?;
    if account.disabled || account.id == actor.id {
        let expected = "an account that is open, and not your own";
        return Err(Refusal::of(Code::WrongState).expected(expected).into());
    }
    let changes = end_open(state, &mut account, None, SessionEnd::Disabled, stamp)?;
    account.disabled = true;
    Ok(decided(account, changes, json!({"reason": reason})))
}

pub(super) fn reset(state: &State, id: Id, password: &Hidden, actor: &Actor, stamp: Stamp) -> Result<Decision, Stop> {
    let mut account = kept(state, id, actor)?;
    if account.disabled {
        return Err(Refusal::of(Code::WrongState).found("disabled").into());
    }
    let detail = json!({"second_factor_taken_away": account.totp.is_some()});
    let changes = end_open(state, &mut account, None, SessionEnd::Credentials, stamp)?;
    account.password = password.clone();
    account.must_change = true;
    account.totp = None;
    account.pending_totp = None;
    account.failed = 0;
    account.locked_until = None;
    Ok(decided(account, changes, detail))
}

pub(super) fn end_sessions(state: &State, id: Id, actor: &Actor, stamp: Stamp) -> Result<Decision, Stop> {
    let mut account = kept(state, id, actor)?;
    let before = account.open.len();
    let changes = end_open(state, &mut account, None, SessionEnd::Ended, stamp)?;
    Ok(decided(account, changes, json!({"sessions": before})))
}

/// An account that the actor keeps; any other is not there for it.
fn kept(state: &State, id: Id, actor: &Actor) -> Result<Account, Stop> {
    let account = state.staff.get(&id)?.filter(|account| keeps(actor, account.role, account.organisation));
    account.cloned().ok_or_else(|| Refusal::of(Code::NotFound).into())
}

pub(super) fn change_password(state: &State, change: &ChangePassword, stamp: Stamp) -> Result<Decision, Stop> {
    let mut account = own(state, &change.proof, stamp)?;
    if !change.proof.right {
        return Ok(failure(account, change.policy, stamp, "password"));
    }
    let changes = end_open(state, &mut account, Some(change.session), SessionEnd::Credentials, stamp)?;
    account.password = change.password.clone();
    account.must_change = false;
    account.failed = 0;
    let detail = json!({"sessions_ended": changes.len() / 2});
    Ok(decided(account, changes, detail))
}

pub(super) fn start_totp(
    state: &State,
    proof: &PasswordProof,
    secret: &Hidden,
    policy: SignInPolicy,
    stamp: Stamp,
) -> Result<Decision, Stop> {
    let mut account = own(state, proof, stamp)?;
    if !proof.right {
        return Ok(failure(account, policy, stamp, "password"));
    }
    account.pending_totp = Some(secret.clone());
    account.failed = 0;
    Ok(decided(account, Vec::new(), json!({})))
}

pub(super) fn confirm_totp(
    state: &State,
    (id, session): (Id, Id),
    seen: &Hidden,
    step: Option<i64>,
    stamp: Stamp,
) -> Result<Decision, Stop> {
    let found = state.staff.get(&id)?.filter(|account| !account.disabled).cloned();
    let mut account = found.ok_or_else(|| Stop::from(Refusal::of(Code::NotFound)))?;
    if account.pending_totp.as_ref() != Some(seen) {
        return Err(Refusal::of(Code::WrongState).expected("a second factor that is being set up").into());
    }
    let Some(step) = step else {
        return Err(Refusal::at(Code::IdentifierInvalid, "/code").expected("the code that the app shows now").into());
    };
    let changes = end_open(state, &mut account, Some(session), SessionEnd::Credentials, stamp)?;
    let detail = json!({"replaced": account.totp.is_some()});
    account.totp = account.pending_totp.take();
    account.totp_step = step;
    Ok(decided(account, changes, detail))
}

/// The account whose holder asks: open, not locked, and with the password that was compared.
fn own(state: &State, proof: &PasswordProof, stamp: Stamp) -> Result<Account, Stop> {
    let account = state.staff.get(&proof.account)?.filter(|account| !account.disabled);
    let account = account.cloned().ok_or_else(|| Stop::from(Refusal::of(Code::NotFound)))?;
    if account.locked_until.is_some_and(|until| stamp.at < until) {
        return Err(Refusal::of(Code::RateLimited).into());
    }
    if account.password != proof.seen {
        return Err(Refusal::of(Code::WrongState).expected("the password as it was a moment ago").into());
    }
    Ok(account)
}

/// What failed is counted and noted; nothing else happens.
pub(super) fn failure(mut account: Account, policy: SignInPolicy, stamp: Stamp, why: &str) -> Decision {
    account.failed = account.failed.saturating_add(1);
    account.locked_until = policy.locked_until(account.failed, stamp.at);
    let detail = json!({"outcome": "refused", "why": why, "failed": account.failed,
        "locked_until": account.locked_until});
    let outcome = Outcome::NotSignedIn { organisation: false };
    Decision { outcome, ..decided(account, Vec::new(), detail) }
}

/// Ends the sessions of an account but one; what is no longer known of them has lapsed long ago.
pub(super) fn end_open(
    state: &State,
    account: &mut Account,
    except: Option<Id>,
    why: SessionEnd,
    stamp: Stamp,
) -> Result<Vec<Change>, Stop> {
    let mut changes = Vec::new();
    for id in account.open.iter().filter(|id| Some(**id) != except) {
        if let Some(session) = state.sessions.get(id)?.filter(|session| session.ended_at.is_none()) {
            changes.extend(ended(session, why, stamp));
        }
    }
    account.open.retain(|id| Some(*id) == except);
    Ok(changes)
}

/// A session ends, and with it the tokens that were given out.
pub(super) fn ended(session: &Session, why: SessionEnd, stamp: Stamp) -> [Change; 2] {
    let ended = Session { ended_at: Some(stamp.at), end: Some(why), ..session.clone() };
    [Change::Session(ended), Change::Revocation(Revocation::of_session(session.id, stamp.at))]
}

pub(super) fn decided(account: Account, mut changes: Vec<Change>, detail: Value) -> Decision {
    let outcome = Outcome::Staff(Box::new(account.staff()));
    let audit = AuditNote { subject: account.id.to_string(), detail };
    changes.push(Change::Account(Box::new(account)));
    Decision { outcome, changes, movements: Vec::new(), rollups: Vec::new(), audit }
}
