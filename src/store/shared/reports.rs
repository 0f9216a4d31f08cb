//! Reports: sums of rollup rows, and the figures that growth is measured by.

use std::collections::BTreeMap;

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer};

use super::Conn;
use crate::domain::id::Id;
use crate::domain::money::Fen;
use crate::domain::records::{Baseline, OffSystem};
use crate::domain::rollup::Tally;
use crate::domain::time::{Day, Moment};
use crate::store::error::StoreError;
use crate::store::rows::{BaselineRow, OffSystemRow, Row, read_all};
use crate::store::schema::{growth_baseline, off_system_trade_in, rollup, rollup_entry};
use crate::store::tx::Group;

/// Ten sums, as [`Tally`] has them.
type Sums = (i64, i64, i64, i64, i64, i64, i64, i64, i64, i64);
type SumsSql = (BigInt, BigInt, BigInt, BigInt, BigInt, BigInt, BigInt, BigInt, BigInt, BigInt);

/// PostgreSQL sums into a number without limit, which is cut back here.
fn sums() -> SqlLiteral<SumsSql> {
    sql(concat!(
        "CAST(SUM(issued) AS BIGINT), CAST(SUM(expired) AS BIGINT), CAST(SUM(cancelled) AS BIGINT), ",
        "CAST(SUM(redeemed) AS BIGINT), CAST(SUM(reversed) AS BIGINT), CAST(SUM(completed) AS BIGINT), ",
        "CAST(SUM(without_old_item) AS BIGINT), CAST(SUM(amount_reserved_fen) AS BIGINT), ",
        "CAST(SUM(amount_redeemed_fen) AS BIGINT), CAST(SUM(amount_reversed_fen) AS BIGINT)",
    ))
}

fn tally(sums: Sums) -> Tally {
    Tally {
        issued: sums.0,
        expired: sums.1,
        cancelled: sums.2,
        redeemed: sums.3,
        reversed: sums.4,
        completed: sums.5,
        without_old_item: sums.6,
        amount_reserved: Fen(sums.7),
        amount_redeemed: Fen(sums.8),
        amount_reversed: Fen(sums.9),
    }
}

/// Sums over effective days, both ends included, by one key.
pub fn totals(
    conn: &mut Conn,
    group: Group,
    from: Option<Day>,
    to: Option<Day>,
) -> Result<Vec<(String, Tally)>, StoreError> {
    let first = from.map_or(0, Day::number);
    let last = to.map_or(i32::MAX, Day::number);
    macro_rules! by {
        ($key:expr, $type:ty, $shown:expr) => {
            rollup::table
                .filter(rollup::effective_day.between(first, last))
                .group_by($key)
                .order($key)
                .select(($key, sums()))
                .load::<($type, Sums)>(conn)?
                .into_iter()
                .map(|(key, sums)| ($shown(key), tally(sums)))
                .collect()
        };
    }
    let same = |word: String| word;
    let identity = |id: Id| id.to_string();
    let month = || sql::<Integer>("effective_day / 100");
    Ok(match group {
        Group::Programme => by!(rollup::programme, String, same),
        Group::Category => by!(rollup::category, String, same),
        Group::Town => by!(rollup::town, String, same),
        Group::Retailer => by!(rollup::retailer, Id, identity),
        Group::Store => by!(rollup::store, Id, identity),
        Group::Day => by!(rollup::effective_day, i32, day_shown),
        Group::Month => by!(month(), i32, month_shown),
    })
}

fn day_shown(number: i32) -> String {
    format!("{}-{:02}", month_shown(number / 100), number % 100)
}

fn month_shown(number: i32) -> String {
    format!("{:04}-{:02}", number / 100, number % 100)
}

/// Year, completed, without old item.
type Year = (i32, i64, i64);

fn yearly() -> SqlLiteral<(Integer, BigInt, BigInt)> {
    sql("effective_day / 10000, CAST(SUM(completed) AS BIGINT), CAST(SUM(without_old_item) AS BIGINT)")
}

/// Appliance trade-ins by calendar year, as known at a moment: whole days before it from rollup rows, the day that
/// was not yet over from entries.
pub fn completed_by_year(conn: &mut Conn, known_at: Option<Moment>) -> Result<Vec<Year>, StoreError> {
    let year = || sql::<Integer>("effective_day / 10000");
    let Some(at) = known_at else {
        return Ok(rollup::table.group_by(year()).order(year()).select(yearly()).load(conn)?);
    };
    let whole: Vec<Year> = rollup::table
        .filter(rollup::recorded_day.lt(at.day().number()))
        .group_by(year())
        .select(yearly())
        .load(conn)?;
    // Identities of entries begin with the time, so the day is a range of the primary key.
    let part: Vec<Year> = rollup_entry::table
        .filter(rollup_entry::id.ge(first_id(at.day().start())))
        .filter(rollup_entry::id.lt(first_id(at.plus_seconds(1))))
        .filter(rollup_entry::recorded_day.eq(at.day().number()))
        .filter(rollup_entry::at.le(at.0))
        .group_by(year())
        .select(yearly())
        .load(conn)?;
    let mut years: BTreeMap<i32, (i64, i64)> = BTreeMap::new();
    for (year, completed, without) in whole.into_iter().chain(part) {
        let sum = years.entry(year).or_default();
        *sum = (sum.0 + completed, sum.1 + without);
    }
    Ok(years.into_iter().map(|(year, (completed, without))| (year, completed, without)).collect())
}

/// The lowest identity of version 7 that a moment's millisecond can have.
pub fn first_id(at: Moment) -> Id {
    Id::from_prefix(&at.millis().to_be_bytes()[2..])
}

/// The newest baseline, as known at a moment.
pub fn baseline(conn: &mut Conn, known_at: Option<Moment>) -> Result<Option<Baseline>, StoreError> {
    let known = growth_baseline::table.filter(growth_baseline::at.le(known_at.map_or(i64::MAX, |at| at.0)));
    let newest = known.order((growth_baseline::at.desc(), growth_baseline::id.desc()));
    newest.select(BaselineRow::as_select()).first(conn).optional()?.map(BaselineRow::read).transpose()
}

/// The newest figure of each month, as known at a moment, in the order of the months. A few dozen rows.
pub fn off_system(conn: &mut Conn, known_at: Option<Moment>) -> Result<Vec<OffSystem>, StoreError> {
    let known = off_system_trade_in::table.filter(off_system_trade_in::at.le(known_at.map_or(i64::MAX, |at| at.0)));
    let rows = known.order((off_system_trade_in::at, off_system_trade_in::id)).select(OffSystemRow::as_select());
    let mut newest: BTreeMap<i32, OffSystem> = BTreeMap::new();
    for entry in read_all(rows.load::<OffSystemRow>(conn)?)? {
        newest.insert(entry.month, entry);
    }
    Ok(newest.into_values().collect())
}
