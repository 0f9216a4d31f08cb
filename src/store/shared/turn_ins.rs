//! Turn-ins and those who record them.

use diesel::prelude::*;

use super::Conn;
use crate::domain::id::Id;
use crate::domain::records::{Recycler, Standing, TurnIn};
use crate::store::error::StoreError;
use crate::store::rows::{RecyclerRow, Row, TurnInRow, read_all};
use crate::store::schema::{recycler, store, turn_in};
use crate::store::tx::Page;

pub fn turn_in(conn: &mut Conn, id: Id) -> Result<Option<TurnIn>, StoreError> {
    let row = turn_in::table.find(id).select(TurnInRow::as_select()).first(conn).optional()?;
    row.map(TurnInRow::read).transpose()
}

/// Some turn-ins, in no order.
pub fn by_id(conn: &mut Conn, ids: &[Id]) -> Result<Vec<TurnIn>, StoreError> {
    let mut found = Vec::new();
    for ids in ids.chunks(super::KEYS) {
        let rows = turn_in::table.filter(turn_in::id.eq_any(ids)).select(TurnInRow::as_select());
        found.extend(read_all::<TurnInRow>(rows.load(conn)?)?);
    }
    Ok(found)
}

pub fn turn_ins(
    conn: &mut Conn,
    recorder: Option<Id>,
    person: Option<Id>,
    page: Page,
) -> Result<Vec<TurnIn>, StoreError> {
    let mut query = turn_in::table.select(TurnInRow::as_select()).filter(turn_in::id.lt(page.before())).into_boxed();
    if let Some(recorder) = recorder {
        query = query.filter(turn_in::recorder.eq(recorder));
    }
    if let Some(person) = person {
        query = query.filter(turn_in::person.eq(person));
    }
    read_all(query.order(turn_in::id.desc()).limit(page.limit).load(conn)?)
}

pub fn recycler(conn: &mut Conn, id: Id) -> Result<Option<Recycler>, StoreError> {
    let row = recycler::table.find(id).select(RecyclerRow::as_select()).first(conn).optional()?;
    row.map(RecyclerRow::read).transpose()
}

/// Collection points that take part: of a division or all, in towns of these names or in any, newest first.
pub fn collection_points(
    conn: &mut Conn,
    division: Option<&str>,
    towns: Option<&[String]>,
    page: Page,
) -> Result<Vec<Recycler>, StoreError> {
    let mut query = recycler::table
        .select(RecyclerRow::as_select())
        .filter(recycler::id.lt(page.before()))
        .filter(recycler::standing.eq(Standing::Approved.name()))
        .into_boxed();
    if let Some(division) = division {
        query = query.filter(recycler::division_code.eq(division));
    }
    if let Some(towns) = towns {
        query = query.filter(recycler::town.eq_any(towns));
    }
    read_all(query.order(recycler::id.desc()).limit(page.limit).load(conn)?)
}

/// The towns in which stores of a division are.
pub fn towns_of_stores(conn: &mut Conn, division: &str) -> Result<Vec<String>, StoreError> {
    let of = store::table.filter(store::division_code.eq(division)).select(store::town).distinct().order(store::town);
    Ok(of.load(conn)?)
}

pub fn recyclers(
    conn: &mut Conn,
    division: Option<&str>,
    only_approved: bool,
    page: Page,
) -> Result<Vec<Recycler>, StoreError> {
    let mut query =
        recycler::table.select(RecyclerRow::as_select()).filter(recycler::id.lt(page.before())).into_boxed();
    if let Some(division) = division {
        query = query.filter(recycler::division_code.eq(division));
    }
    if only_approved {
        query = query.filter(recycler::standing.eq(Standing::Approved.name()));
    }
    read_all(query.order(recycler::id.desc()).limit(page.limit).load(conn)?)
}
