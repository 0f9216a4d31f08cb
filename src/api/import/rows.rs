//! The rows of a file as the records that they say, by the rules by which one such record is registered.

use super::columns::{self, Column};
use super::grid::{Field, Grid, Row};
use crate::api::body::{ProductRow, StoreRow, recycler_of_row, retailer_of_row, shortened};
use crate::domain::import::{ImportTable, NewRows};
use crate::domain::refusal::{Code, Refusal, Refusals};
use crate::domain::time::Day;
use crate::pii::Vault;

/// What a file says, and what is wrong with it.
#[derive(Debug)]
pub struct Read {
    /// In which character set it was read.
    pub charset: &'static str,
    /// How many rows it has.
    pub count: usize,
    /// Those with which nothing is wrong.
    pub rows: NewRows,
    /// What is wrong with the others.
    pub failed: Vec<Refusal>,
}

/// Judges every row.
///
/// # Errors
/// When the heads are not those of the table: then no row says anything.
pub fn read(table: ImportTable, grid: Grid, vault: &Vault, today: Day) -> Result<Read, Refusals> {
    let Grid { charset, heads, rows } = grid;
    let places = places(table, &heads)?;
    let (count, mut failed) = (rows.len(), Vec::new());
    macro_rules! judged {
        ($judge:expr) => {
            rows.iter().filter_map(|row| Some((row.0, of_row(table, &places, row, &mut failed, $judge)?))).collect()
        };
    }
    let rows = match table {
        ImportTable::Retailers => NewRows::Retailers(judged!(|get| retailer_of_row(get, vault, today))),
        ImportTable::Stores => NewRows::Stores(judged!(|get| StoreRow::of(get).into_new_store(today))),
        ImportTable::Recyclers => NewRows::Recyclers(judged!(|get| recycler_of_row(get, today))),
        ImportTable::Products => NewRows::Products(judged!(|get| ProductRow::of(get).into_new_product(today))),
    };
    Ok(Read { charset, count, rows, failed })
}

/// The row and the column that a pointer names.
pub fn place_of(pointer: &str) -> (u32, &str) {
    let mut parts = pointer.split('/').skip(2);
    let row = parts.next().and_then(|row| row.parse().ok()).unwrap_or(1);
    (row, parts.next().unwrap_or_default())
}

/// The place of a fault among all others: by row, then by column.
pub fn order(table: ImportTable, pointer: &str) -> (u32, usize) {
    let (row, column) = place_of(pointer);
    (row, columns::of(table).iter().position(|known| known.name == column).unwrap_or(0))
}

/// Where each column of the table stands in the file.
type Places = Vec<(&'static Column, Option<usize>)>;

fn places(table: ImportTable, heads: &Row) -> Result<Places, Refusals> {
    let (row, heads) = heads;
    let mut failed = Vec::new();
    let mut found: Vec<Option<&Column>> = Vec::new();
    for head in heads {
        let text = match head {
            Field::Text(text) => text.as_str(),
            Field::Unfit(what) => what,
        };
        let column = columns::named(table, text);
        let at = |code| Refusal::at(code, format!("/rows/{row}/{}", column.map_or("", |column| column.name)));
        if column.is_some() && found.contains(&column) {
            failed.push(at(Code::BodyMalformed).found(shortened(text)).expected("each column once"));
        } else if column.is_none() && !text.is_empty() {
            let known: Vec<String> =
                columns::of(table).iter().map(|column| format!("{} ({})", column.name, column.zh)).collect();
            failed.push(at(Code::FieldUnknown).found(shortened(text)).expected(known.join(", ")));
        }
        found.push(column);
    }
    let place = |column: &Column| found.iter().position(|found| *found == Some(column));
    let places: Places = columns::of(table).iter().map(|column| (column, place(column))).collect();
    for (column, place) in &places {
        if column.required && place.is_none() {
            let refusal = Refusal::at(Code::FieldMissing, format!("/rows/{row}/{}", column.name));
            failed.push(refusal.expected(format!("a column {} or {}", column.name, column.zh)));
        }
    }
    Refusals::from_failed(failed).map_or(Ok(places), Err)
}

/// What a row says, unless something is wrong with it; each column fails once.
fn of_row<T>(
    table: ImportTable,
    places: &Places,
    row: &Row,
    failed: &mut Vec<Refusal>,
    judge: impl FnOnce(&dyn Fn(&str) -> Option<String>) -> Result<T, Refusals>,
) -> Option<T> {
    let (number, fields) = row;
    let mut faults: Vec<(&str, Refusal)> = Vec::new();
    for (column, place) in places {
        match place.and_then(|place| fields.get(place)) {
            Some(Field::Unfit(what)) => {
                let refusal =
                    Refusal::of(Code::BodyMalformed).found(what).expected("a text; format the column as text");
                faults.push((column.name, refusal));
            }
            Some(field) if !field.is_empty() => {}
            _ if column.required => faults.push((column.name, Refusal::of(Code::FieldMissing))),
            _ => {}
        }
    }
    let known = places.len().max(places.iter().filter_map(|(_, place)| *place).max().map_or(0, |last| last + 1));
    if fields.iter().skip(known).any(|field| !field.is_empty()) {
        let refusal = Refusal::of(Code::BodyMalformed).found(format!("{} fields", fields.len()));
        faults.push(("", refusal.expected("no field without a head")));
    }
    let get = |name: &str| {
        let place = places.iter().find(|(column, _)| column.name == name).and_then(|(_, place)| *place);
        match place.and_then(|place| fields.get(place)) {
            Some(Field::Text(text)) if !text.is_empty() => Some(text.clone()),
            _ => None,
        }
    };
    let judged = judge(&get);
    if let Err(refusals) = &judged {
        for refusal in refusals.all() {
            let column = columns::of_member(&refusal.pointer);
            if !faults.iter().any(|(faulty, _)| *faulty == column) {
                let column = columns::of(table).iter().map(|known| known.name).find(|known| *known == column);
                faults.push((column.unwrap_or_default(), refusal.clone()));
            }
        }
    }
    let whole = faults.is_empty();
    failed.extend(faults.into_iter().map(|(column, refusal)| {
        let pointer = if column.is_empty() { format!("/rows/{number}") } else { format!("/rows/{number}/{column}") };
        Refusal { pointer, ..refusal }
    }));
    judged.ok().filter(|_| whole)
}
