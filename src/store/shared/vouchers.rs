//! Vouchers: what their holders see, and what the expiry job looks for.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::Conn;
use crate::domain::id::Id;
use crate::domain::ledger::MovementKind;
use crate::domain::records::{AssistedClaim, Person, Voucher, VoucherStatus};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::rows::{AssistedClaimRow, EndedRow, PersonRow, Row, VoucherRow, read_all};
use crate::store::schema::{assisted_claim, movement, person, redemption, turn_in, voucher};
use crate::store::tx::Page;

/// Live vouchers. Written out and not bound, because a plan made for any parameter cannot use the partial index.
const LIVE: &str = "status = 'issued'";

pub fn voucher(conn: &mut Conn, id: Id) -> Result<Option<Voucher>, StoreError> {
    let row = voucher::table.find(id).select(VoucherRow::as_select()).first(conn).optional()?;
    row.map(VoucherRow::read).transpose()
}

pub fn vouchers_of(conn: &mut Conn, person: Id, page: Page) -> Result<Vec<Voucher>, StoreError> {
    let rows = voucher::table
        .filter(voucher::person.eq(person))
        .filter(voucher::id.lt(page.before()))
        .order(voucher::id.desc())
        .limit(page.limit)
        .select(VoucherRow::as_select())
        .load(conn)?;
    read_all(rows)
}

/// A voucher that a service point claimed for somebody.
pub fn assisted(conn: &mut Conn, service_point: Id, id: Id) -> Result<Option<Voucher>, StoreError> {
    let row = voucher::table
        .inner_join(assisted_claim::table.on(assisted_claim::voucher.eq(voucher::id)))
        .filter(voucher::id.eq(id))
        .filter(assisted_claim::service_point.eq(service_point))
        .select(VoucherRow::as_select())
        .first(conn)
        .optional()?;
    row.map(VoucherRow::read).transpose()
}

/// The vouchers that a service point claimed for a person, newest first.
pub fn assisted_of(conn: &mut Conn, service_point: Id, person: Id, limit: i64) -> Result<Vec<Voucher>, StoreError> {
    let rows = voucher::table
        .inner_join(assisted_claim::table.on(assisted_claim::voucher.eq(voucher::id)))
        .filter(assisted_claim::service_point.eq(service_point))
        .filter(assisted_claim::person.eq(person))
        .order(assisted_claim::voucher.desc())
        .limit(limit)
        .select(VoucherRow::as_select())
        .load(conn)?;
    read_all(rows)
}

/// How some vouchers were claimed by assistants, newest first; a voucher that its holder claimed has none.
pub fn assisted_claims(conn: &mut Conn, vouchers: &[Id]) -> Result<Vec<AssistedClaim>, StoreError> {
    let mut found: Vec<AssistedClaimRow> = Vec::new();
    for ids in vouchers.chunks(super::KEYS) {
        let of_these = assisted_claim::table.filter(assisted_claim::voucher.eq_any(ids));
        found.extend(of_these.select(AssistedClaimRow::as_select()).load(conn)?);
    }
    found.sort_by_key(|row| std::cmp::Reverse((row.at, row.voucher)));
    read_all(found)
}

pub fn person(conn: &mut Conn, id: Id) -> Result<Option<Person>, StoreError> {
    let row = person::table.find(id).select(PersonRow::as_select()).first(conn).optional()?;
    row.map(PersonRow::read).transpose()
}

/// Live vouchers whose time was over before a moment, the oldest first.
pub fn due(conn: &mut Conn, before: Moment, limit: i64) -> Result<Vec<Id>, StoreError> {
    let due = voucher::table.filter(sql::<Bool>(LIVE)).filter(voucher::expires_at.lt(before.0));
    Ok(due.order(voucher::expires_at).limit(limit).select(voucher::id).load(conn)?)
}

/// Live vouchers of a person, and of a turn-in, whose time is over.
pub fn lapsed(conn: &mut Conn, person: Id, turn_in: Option<Id>, now: Moment) -> Result<Vec<Id>, StoreError> {
    let lapsed = || voucher::table.filter(sql::<Bool>(LIVE)).filter(voucher::expires_at.lt(now.0)).select(voucher::id);
    let mut ids: Vec<Id> = lapsed().filter(voucher::person.eq(person)).order(voucher::id).load(conn)?;
    if let Some(turn_in) = turn_in {
        let supported = turn_in::table.find(turn_in).select(turn_in::voucher).first::<Option<Id>>(conn).optional()?;
        if let Some(other) = supported.flatten().filter(|id| !ids.contains(id)) {
            ids.extend(lapsed().filter(voucher::id.eq(other)).first::<Id>(conn).optional()?);
        }
    }
    Ok(ids)
}

/// How a voucher ends before its time.
fn early_ends() -> [&'static str; 3] {
    [VoucherStatus::Redeemed.name(), VoucherStatus::Reversed.name(), VoucherStatus::Cancelled.name()]
}

pub fn ended(conn: &mut Conn, after: Id, now: Moment, limit: i64) -> Result<Vec<(Id, VoucherStatus)>, StoreError> {
    let rows: Vec<EndedRow> = voucher::table
        .filter(voucher::id.gt(after))
        .filter(voucher::status.eq_any(early_ends()))
        .filter(voucher::expires_at.ge(now.0))
        .order(voucher::id)
        .limit(limit)
        .select(EndedRow::as_select())
        .load(conn)?;
    rows.into_iter().map(EndedRow::read).collect()
}

/// What movements have ended, how many they were, and the last of them.
pub type Ended = (Vec<(Id, VoucherStatus)>, usize, Option<Id>);

pub fn endings(conn: &mut Conn, after: Id, now: Moment, limit: i64) -> Result<Ended, StoreError> {
    let kinds = [MovementKind::Cancel, MovementKind::Redeem, MovementKind::Reverse];
    let seen: Vec<(Id, String, Id)> = movement::table
        .filter(movement::id.gt(after))
        .filter(movement::kind.eq_any(kinds.map(MovementKind::name)))
        .order(movement::id)
        .limit(limit)
        .select((movement::id, movement::kind, movement::subject))
        .load(conn)?;
    let cancelled = |kind: &str| kind == MovementKind::Cancel.name();
    let subjects = |of_vouchers: bool| {
        seen.iter().filter(move |(_, kind, _)| cancelled(kind) == of_vouchers).map(|(_, _, subject)| *subject)
    };
    let mut vouchers: Vec<Id> = redemption::table
        .filter(redemption::id.eq_any(subjects(false).collect::<Vec<_>>()))
        .select(redemption::voucher)
        .load(conn)?;
    vouchers.extend(subjects(true));
    vouchers.sort_unstable();
    vouchers.dedup();
    let rows: Vec<EndedRow> = voucher::table
        .filter(voucher::id.eq_any(vouchers))
        .filter(voucher::status.eq_any(early_ends()))
        .filter(voucher::expires_at.ge(now.0))
        .order(voucher::id)
        .select(EndedRow::as_select())
        .load(conn)?;
    let ended = rows.into_iter().map(EndedRow::read).collect::<Result<_, _>>()?;
    Ok((ended, seen.len(), seen.last().map(|(id, _, _)| *id)))
}
