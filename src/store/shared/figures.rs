//! Sums for the reports beside the totals.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};

use super::Conn;
use crate::domain::goods::Category;
use crate::domain::money::Fen;
use crate::domain::time::{Day, Moment};
use crate::store::error::StoreError;
use crate::store::schema::{attempt, rollup};

/// What was used of a line on a day: redeemed, less what was reversed.
pub type Used = (String, Category, Day, Fen);
/// A month, a category: redemptions that stand, and their subsidy.
pub type Standing = (i32, Category, i64, Fen);
/// An operation, the codes of its refusals as they are stored, and how often that was.
pub type Refused = (String, Vec<String>, i64);

fn category(name: &str) -> Result<Category, StoreError> {
    let corrupt = || StoreError::Corrupt { table: "rollup", id: name.to_owned(), column: "category" };
    Category::from_name(name).ok_or_else(corrupt)
}

/// By programme, category and effective day, both ends included.
pub fn used(conn: &mut Conn, from: Day, to: Day) -> Result<Vec<Used>, StoreError> {
    let net = || sql::<BigInt>("CAST(SUM(amount_redeemed_fen - amount_reversed_fen) AS BIGINT)");
    let key = || (rollup::programme, rollup::category, rollup::effective_day);
    let rows: Vec<(String, String, i32, i64)> = rollup::table
        .filter(rollup::effective_day.between(from.number(), to.number()))
        .group_by(key())
        .order(key())
        .select((rollup::programme, rollup::category, rollup::effective_day, net()))
        .load(conn)?;
    let read = |(programme, name, day, net): (String, String, i32, i64)| {
        let corrupt = || StoreError::Corrupt { table: "rollup", id: programme.clone(), column: "effective_day" };
        Ok((programme.clone(), category(&name)?, Day::from_number(day).ok_or_else(corrupt)?, Fen(net)))
    };
    rows.into_iter().map(read).collect()
}

/// By month and category, of the months before one.
pub fn standing(conn: &mut Conn, before: i32) -> Result<Vec<Standing>, StoreError> {
    let key = || (sql::<Integer>("effective_day / 100"), sql::<Text>("category"));
    let sums = sql::<(Integer, Text, BigInt, BigInt)>(concat!(
        "effective_day / 100, category, CAST(SUM(redeemed - reversed) AS BIGINT), ",
        "CAST(SUM(amount_redeemed_fen - amount_reversed_fen) AS BIGINT)",
    ));
    let mut rows: Vec<(i32, String, i64, i64)> =
        rollup::table.filter(rollup::effective_day.lt(before * 100)).group_by(key()).select(sums).load(conn)?;
    rows.sort_unstable();
    rows.into_iter().map(|(month, name, count, fen)| Ok((month, category(&name)?, count, Fen(fen)))).collect()
}

/// Refused commands from a moment on and before another; the combinations of codes are few.
pub fn refused(conn: &mut Conn, from: Moment, before: Moment) -> Result<Vec<Refused>, StoreError> {
    let rows: Vec<(String, String, i64)> = attempt::table
        .filter(attempt::at.ge(from.0))
        .filter(attempt::at.lt(before.0))
        .group_by((attempt::act, attempt::codes))
        .order((attempt::act, attempt::codes))
        .select((attempt::act, attempt::codes, diesel::dsl::count_star()))
        .load(conn)?;
    let read = |(act, codes, count): (String, String, i64)| {
        let corrupt = |_| StoreError::Corrupt { table: "attempt", id: act.clone(), column: "codes" };
        let codes = serde_json::from_str(&codes).map_err(corrupt)?;
        Ok((act, codes, count))
    };
    rows.into_iter().map(read).collect()
}
