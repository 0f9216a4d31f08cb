//! Staff: accounts, sessions, and what ends tokens.

use diesel::dsl::auto_type;
use diesel::prelude::*;

use super::Conn;
use crate::domain::account::{Account, Revocation, StaffRole, Till};
use crate::domain::id::Id;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::rows::{RevocationRow, Row, StaffRow, TillRow, read_all};
use crate::store::schema::{account, refresh_token, revocation, session, till};
use crate::store::tx::Page;

/// Whether a session was over before a moment: it was ended, was not refreshed in time, or had lasted as long as any may.
#[auto_type]
pub fn over(before: i64) -> _ {
    session::ended_at.lt(before).or(session::idle_at.lt(before)).or(session::lapses_at.lt(before))
}

pub fn account(conn: &mut Conn, id: Id) -> Result<Option<Account>, StoreError> {
    let row = account::table.find(id).select(StaffRow::as_select()).first(conn).optional()?;
    row.map(StaffRow::read).transpose()
}

/// Identities of accounts are digests and say nothing of the time.
pub fn accounts(conn: &mut Conn, organisation: Option<Id>, page: Page) -> Result<Vec<Account>, StoreError> {
    let mut query = account::table.select(StaffRow::as_select()).into_boxed();
    if let Some(organisation) = organisation {
        query = query.filter(account::organisation.eq(organisation));
    }
    if let Some(after) = page.after {
        let at = account::table.find(after).select(account::created_at).first::<i64>(conn).optional()?;
        let at = at.unwrap_or(i64::MIN);
        query = query.filter(account::created_at.lt(at).or(account::created_at.eq(at).and(account::id.lt(after))));
    }
    read_all(query.order((account::created_at.desc(), account::id.desc())).limit(page.limit).load(conn)?)
}

pub fn of_role(conn: &mut Conn, role: StaffRole) -> Result<Vec<Account>, StoreError> {
    let rows = account::table.filter(account::role.eq(role.name())).order((account::created_at, account::id));
    read_all(rows.select(StaffRow::as_select()).load(conn)?)
}

/// Whose refresh token it is.
pub fn account_of_refresh_token(conn: &mut Conn, id: Id) -> Result<Option<Account>, StoreError> {
    let row = refresh_token::table
        .inner_join(account::table.on(account::id.eq(refresh_token::account)))
        .filter(refresh_token::id.eq(id))
        .select(StaffRow::as_select())
        .first(conn)
        .optional()?;
    row.map(StaffRow::read).transpose()
}

pub fn tills_of(conn: &mut Conn, retailer: Id, page: Page) -> Result<Vec<Till>, StoreError> {
    let mut query = till::table.filter(till::retailer.eq(retailer)).select(TillRow::as_select()).into_boxed();
    if let Some(after) = page.after {
        let at = till::table.find(after).select(till::created_at).first::<i64>(conn).optional()?;
        let at = at.unwrap_or(i64::MIN);
        query = query.filter(till::created_at.lt(at).or(till::created_at.eq(at).and(till::id.lt(after))));
    }
    read_all(query.order((till::created_at.desc(), till::id.desc())).limit(page.limit).load(conn)?)
}

pub fn revocations(conn: &mut Conn, after: Moment, now: Moment) -> Result<Vec<Revocation>, StoreError> {
    let new = revocation::table.filter(revocation::at.gt(after.0)).filter(revocation::forget_at.gt(now.0));
    read_all::<RevocationRow>(new.order(revocation::at).select(RevocationRow::as_select()).load(conn)?)
}
