//! Reports: sums of rollup rows, and the figures that growth is measured by.

use std::collections::BTreeMap;

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};

use super::Conn;
use crate::domain::goods::Category;
use crate::domain::growth::Counted;
use crate::domain::id::Id;
use crate::domain::money::Fen;
use crate::domain::records::{Baseline, OffSystem};
use crate::domain::rollup::Tally;
use crate::domain::time::{Day, Moment};
use crate::store::error::StoreError;
use crate::store::rows::{BaselineRow, OffSystemRow, Row, read_all};
use crate::store::schema::{growth_baseline, off_system_trade_in, retailer, rollup, rollup_entry, store};
use crate::store::tx::Group;

/// Thirteen sums, as [`Tally`] has them.
type Sums = (i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64);
type SumsSql = (BigInt, BigInt, BigInt, BigInt, BigInt, BigInt, BigInt, BigInt, BigInt, BigInt, BigInt, BigInt, BigInt);

/// PostgreSQL sums into a number without limit, which is cut back here.
fn sums() -> SqlLiteral<SumsSql> {
    sql(concat!(
        "CAST(SUM(issued) AS BIGINT), CAST(SUM(expired) AS BIGINT), CAST(SUM(cancelled) AS BIGINT), ",
        "CAST(SUM(redeemed) AS BIGINT), CAST(SUM(reversed) AS BIGINT), CAST(SUM(completed) AS BIGINT), ",
        "CAST(SUM(without_old_item) AS BIGINT), CAST(SUM(amount_reserved_fen) AS BIGINT), ",
        "CAST(SUM(amount_redeemed_fen) AS BIGINT), CAST(SUM(amount_reversed_fen) AS BIGINT), ",
        "CAST(SUM(amount_approved_fen) AS BIGINT), CAST(SUM(amount_paid_fen) AS BIGINT), ",
        "CAST(SUM(amount_recovered_fen) AS BIGINT)",
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
        amount_approved: Fen(sums.10),
        amount_paid: Fen(sums.11),
        amount_recovered: Fen(sums.12),
    }
}

/// Sums over effective days, both ends included, by one key, of some goods.
pub fn totals_of(
    conn: &mut Conn,
    goods: &[Category],
    group: Group,
    from: Option<Day>,
    to: Option<Day>,
) -> Result<Vec<(String, Tally)>, StoreError> {
    let first = from.map_or(0, Day::number);
    let last = to.map_or(i32::MAX, Day::number);
    let goods: Vec<&str> = goods.iter().map(|category| category.name()).collect();
    macro_rules! by {
        ($key:expr, $type:ty, $shown:expr) => {
            rollup::table
                .filter(rollup::effective_day.between(first, last))
                .filter(rollup::category.eq_any(&goods))
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
    let identity = |id: Id| if id == Id::NIL { String::new() } else { id.to_string() };
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

/// The same of all goods.
pub fn totals(
    conn: &mut Conn,
    group: Group,
    from: Option<Day>,
    to: Option<Day>,
) -> Result<Vec<(String, Tally)>, StoreError> {
    totals_of(conn, Category::ALL, group, from, to)
}

fn day_shown(number: i32) -> String {
    format!("{}-{:02}", month_shown(number / 100), number % 100)
}

fn month_shown(number: i32) -> String {
    format!("{:04}-{:02}", number / 100, number % 100)
}

/// Year, category, completed, without old item.
type Sum = (i32, String, i64, i64);

fn yearly() -> SqlLiteral<(Integer, Text, BigInt, BigInt)> {
    sql("effective_day / 10000, category, CAST(SUM(completed) AS BIGINT), CAST(SUM(without_old_item) AS BIGINT)")
}

/// Subsidised appliances by calendar year and category, as known at a moment: whole days before it from rollup rows,
/// the day that was not yet over from entries.
pub fn appliances(conn: &mut Conn, known_at: Option<Moment>) -> Result<Vec<Counted>, StoreError> {
    let key = || (sql::<Integer>("effective_day / 10000"), sql::<Text>("category"));
    let before = known_at.map_or(i32::MAX, |at| at.day().number());
    // Most rows are of vouchers, or of goods that are no appliances.
    let counts = rollup::completed.ne(0).or(rollup::without_old_item.ne(0));
    let mut sums: Vec<Sum> = rollup::table
        .filter(rollup::recorded_day.lt(before))
        .filter(counts)
        .group_by(key())
        .select(yearly())
        .load(conn)?;
    if let Some(at) = known_at {
        // Identities of entries begin with the time, so the day is a range of the primary key.
        let part: Vec<Sum> = rollup_entry::table
            .filter(rollup_entry::id.ge(first_id(at.day().start())))
            .filter(rollup_entry::id.lt(first_id(at.plus_seconds(1))))
            .filter(rollup_entry::recorded_day.eq(before))
            .filter(rollup_entry::at.le(at.0))
            .group_by(key())
            .select(yearly())
            .load(conn)?;
        sums.extend(part);
    }
    let mut known: BTreeMap<(i32, Category), (i64, i64)> = BTreeMap::new();
    for (year, category, completed, without) in sums {
        let corrupt = || StoreError::Corrupt { table: "rollup", id: category.clone(), column: "category" };
        let category = Category::from_name(&category).ok_or_else(corrupt)?;
        let sum = known.entry((year, category)).or_default();
        *sum = (sum.0 + completed, sum.1 + without);
    }
    let counted = known.into_iter().map(|((year, category), (completed, without_old_item))| Counted {
        year,
        category,
        completed,
        without_old_item,
    });
    Ok(counted.collect())
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

/// Every baseline that was entered, the newest first. A handful of rows.
pub fn baselines(conn: &mut Conn) -> Result<Vec<Baseline>, StoreError> {
    let newest = growth_baseline::table.order((growth_baseline::at.desc(), growth_baseline::id.desc()));
    read_all(newest.select(BaselineRow::as_select()).load(conn)?)
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

/// Every figure that was entered for a month, or for any month, the newest first.
pub fn off_system_entries(conn: &mut Conn, month: Option<i32>) -> Result<Vec<OffSystem>, StoreError> {
    let (first, last) = month.map_or((0, i32::MAX), |month| (month, month));
    let newest = off_system_trade_in::table
        .filter(off_system_trade_in::month.between(first, last))
        .order((off_system_trade_in::at.desc(), off_system_trade_in::id.desc()));
    read_all(newest.select(OffSystemRow::as_select()).load(conn)?)
}

/// The names of retailers by their keys.
pub fn retailer_names(conn: &mut Conn) -> Result<BTreeMap<String, String>, StoreError> {
    let rows: Vec<(Id, String)> = retailer::table.select((retailer::id, retailer::name)).load(conn)?;
    Ok(rows.into_iter().map(|(id, name)| (id.to_string(), name)).collect())
}

/// The names of stores by their keys.
pub fn store_names(conn: &mut Conn) -> Result<BTreeMap<String, String>, StoreError> {
    let rows: Vec<(Id, String)> = store::table.select((store::id, store::name)).load(conn)?;
    Ok(rows.into_iter().map(|(id, name)| (id.to_string(), name)).collect())
}
