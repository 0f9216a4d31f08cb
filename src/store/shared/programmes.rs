//! Programmes and their lines.

use diesel::prelude::*;

use super::Conn;
use crate::domain::ledger::LedgerLine;
use crate::store::error::StoreError;
use crate::store::rows::{LineRow, ProgrammeRow, Row, read_all};
use crate::store::schema::{ledger_line, programme};
use crate::store::tx::Shown;
use crate::store::versions::Shelf;

pub fn programmes(conn: &mut Conn, shelf: Shelf<'_>) -> Result<Vec<Shown>, StoreError> {
    let rows = programme::table.order(programme::id).select(ProgrammeRow::as_select()).load(conn)?;
    rows.into_iter().map(|row| shown(conn, shelf, row)).collect()
}

pub fn programme(conn: &mut Conn, shelf: Shelf<'_>, id: &str) -> Result<Option<Shown>, StoreError> {
    let row = programme::table.find(id).select(ProgrammeRow::as_select()).first(conn).optional()?;
    row.map(|row| shown(conn, shelf, row)).transpose()
}

fn shown(conn: &mut Conn, shelf: Shelf<'_>, row: ProgrammeRow) -> Result<Shown, StoreError> {
    let programme = row.read()?;
    let version = super::versions::shown(conn, shelf, &programme)?;
    Ok((programme, version))
}

/// Lines by programme and category; there are a few dozen.
pub fn lines(conn: &mut Conn, programme: Option<&str>) -> Result<Vec<LedgerLine>, StoreError> {
    let all = ledger_line::table.select(LineRow::as_select()).order((ledger_line::programme, ledger_line::category));
    let rows = match programme {
        Some(programme) => all.filter(ledger_line::programme.eq(programme)).load(conn)?,
        None => all.load(conn)?,
    };
    read_all(rows)
}
