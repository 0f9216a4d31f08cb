//! Persons and their data keys.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::Conn;
use super::accounts::over;
use crate::domain::command::Passing;
use crate::domain::id::Id;
use crate::domain::personal::DataKey;
use crate::domain::records::{Person, QuotaUse};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::rows::{AttemptRow, DataKeyRow, PersonRow, QuotaRow, read_all};
use crate::store::saved::Attempt;
use crate::store::schema::{attempt, command_log, data_key, person, quota_use, revocation, session, turn_in, voucher};

/// Some persons, in no order.
pub fn persons(conn: &mut Conn, ids: &[Id]) -> Result<Vec<Person>, StoreError> {
    let mut found: Vec<PersonRow> = Vec::new();
    for ids in ids.chunks(super::KEYS) {
        found.extend(person::table.filter(person::id.eq_any(ids)).select(PersonRow::as_select()).load(conn)?);
    }
    read_all(found)
}

/// All data keys of some persons, or of the division, the oldest first.
pub fn data_keys(conn: &mut Conn, persons: &[Id]) -> Result<Vec<DataKey>, StoreError> {
    let keys = data_key::table.filter(data_key::person.eq_any(persons));
    read_all(keys.order((data_key::made_at, data_key::id)).select(DataKeyRow::as_select()).load(conn)?)
}

/// Persons without a voucher or turn-in since a moment, of whom something is still known, in the order of their ids.
pub fn without_dealings(conn: &mut Conn, since: Moment, after: Option<Id>, limit: i64) -> Result<Vec<Id>, StoreError> {
    let voucher = voucher::table.filter(voucher::person.eq(person::id)).filter(voucher::issued_at.ge(since.0));
    let turn_in = turn_in::table.filter(turn_in::person.eq(person::id)).filter(turn_in::recorded_at.ge(since.0));
    let idle = person::table
        .filter(person::erased_at.is_null())
        .filter(person::id.gt(after.unwrap_or(Id::NIL)))
        .filter(not(exists(voucher.select(voucher::id))))
        .filter(not(exists(turn_in.select(turn_in::id))));
    Ok(idle.order(person::id).limit(limit).select(person::id).load(conn)?)
}

/// Rows of the kind that are kept for a time only, from before a moment, the oldest first.
pub fn passed(conn: &mut Conn, what: Passing, before: Moment, limit: i64) -> Result<Vec<Id>, StoreError> {
    Ok(match what {
        Passing::Attempts => {
            let old = attempt::table.filter(attempt::at.lt(before.0));
            old.order((attempt::at, attempt::id)).limit(limit).select(attempt::id).load(conn)?
        }
        Passing::Commands => {
            let old = command_log::table.filter(command_log::at.lt(before.0));
            old.order((command_log::at, command_log::id)).limit(limit).select(command_log::id).load(conn)?
        }
        Passing::Sessions => {
            let old = session::table.filter(over(before.0));
            old.order((session::opened_at, session::id)).limit(limit).select(session::id).load(conn)?
        }
        Passing::Revocations => {
            let old = revocation::table.filter(revocation::forget_at.lt(before.0));
            old.order((revocation::at, revocation::subject)).limit(limit).select(revocation::subject).load(conn)?
        }
    })
}

/// Refused commands of a caller, and those of others about these subjects, the newest first.
pub fn attempts_of(conn: &mut Conn, actor: Id, about: &[Id], limit: i64) -> Result<Vec<Attempt>, StoreError> {
    let about: Vec<String> = about.iter().map(ToString::to_string).collect();
    let own = attempt::table
        .filter(attempt::actor.eq(actor).or(attempt::subject.eq_any(about)))
        .order((attempt::at.desc(), attempt::id.desc()));
    read_all(own.limit(limit).select(AttemptRow::as_select()).load(conn)?)
}

/// The refused command with this identity or, when there is none, the newest of the request with it.
pub fn attempt_of(conn: &mut Conn, named: Id) -> Result<Option<Id>, StoreError> {
    let own = attempt::table.find(named).select(attempt::id).first(conn).optional()?;
    if own.is_some() {
        return Ok(own);
    }
    let of_request = attempt::table.filter(attempt::request_id.eq(named.to_string()));
    Ok(of_request.order((attempt::at.desc(), attempt::id.desc())).select(attempt::id).first(conn).optional()?)
}

/// Quotas of a person.
pub fn quotas_of(conn: &mut Conn, of: Id) -> Result<Vec<QuotaUse>, StoreError> {
    let own = quota_use::table.filter(quota_use::person.eq(of)).order((quota_use::scope, quota_use::period));
    read_all(own.select(QuotaRow::as_select()).load(conn)?)
}

/// Keys that a master key other than this one wraps, of all persons.
pub fn keys_not_under(conn: &mut Conn, master_kid: &str, limit: i64) -> Result<Vec<DataKey>, StoreError> {
    let keys = data_key::table.filter(data_key::master_kid.ne(master_kid)).filter(data_key::wrapped.is_not_null());
    read_all(keys.order((data_key::person, data_key::id)).limit(limit).select(DataKeyRow::as_select()).load(conn)?)
}
