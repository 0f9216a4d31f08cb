//! Files of retailers, stores, collection points and products: all rows, or none.
//!
//! What a row says by itself was judged when the file was read. Here it is judged against the records and the other rows.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Ids, party};
use crate::domain::command::{AuditNote, Change, Decision, NewRecycler, NewRetailer, Outcome, Stamp, Stop};
use crate::domain::id::Id;
use crate::domain::import::{ImportFile, ImportTable, NewImport, NewRows, NewStore, Registration};
use crate::domain::product::{ListDigest, NewProduct, Product};
use crate::domain::refusal::{Code, Refusal, Refusals};
use crate::domain::state::State;
use crate::domain::time::Moment;

pub(super) fn footprint(state: &mut State, new: &NewImport) {
    state.imports.ask(new.id());
    match &new.rows {
        NewRows::Products(_) => state.newest_imports.ask(ImportTable::Products),
        NewRows::Retailers(rows) => {
            for (_, row) in rows {
                state.registrations.ask(Registration::Retailer(row.uscc.clone()));
            }
        }
        NewRows::Recyclers(rows) => {
            for (_, row) in rows {
                state.registrations.ask(Registration::Recycler(row.uscc.clone(), row.name.clone()));
            }
        }
        NewRows::Stores(rows) => {
            for (_, row) in rows {
                let key = Registration::Retailer(row.uscc.clone());
                if let Some(retailer) = state.registrations.peek(&key).and_then(|ids| ids.first().copied()) {
                    state.registrations.ask(Registration::Store(retailer, row.name.clone()));
                }
                state.registrations.ask(key);
            }
        }
    }
}

pub(super) fn take(state: &State, new: &NewImport, author: Id, stamp: Stamp, ids: &mut Ids) -> Result<Decision, Stop> {
    let id = new.id();
    // A repeat is answered from the log of commands, or before it comes here; what is left is a race that somebody lost.
    if state.imports.get(&id)?.is_some() {
        return Err(Refusal::of(Code::WrongState).found(&new.sha256).expected("a file that was not taken yet").into());
    }
    let mut rows = Rows::default();
    let mut at = stamp.at;
    let mut changes = match &new.rows {
        NewRows::Retailers(new) => retailers(state, new, &mut rows, ids)?,
        NewRows::Stores(new) => stores(state, new, &mut rows, ids)?,
        NewRows::Recyclers(new) => recyclers(state, new, &mut rows, ids)?,
        NewRows::Products(products_of_file) => {
            let newest = state.newest_imports.get(&ImportTable::Products)?;
            if newest.map_or(Id::NIL, |file| file.id) != new.replaces {
                let refusal = Refusal::of(Code::WrongState).found("another product list that was taken meanwhile");
                return Err(refusal.expected("the file once more").into());
            }
            // The newest entry counts, so that a list is of a time of its own, also after another one of the same batch.
            at = newest.map_or(at, |file| at.max(Moment(file.at.0.saturating_add(1))));
            products(id, products_of_file, at, &mut rows, ids)
        }
    };
    if let Some(refusals) = Refusals::from_failed(rows.failed) {
        return Err(refusals.into());
    }
    // From here it must succeed.
    let file = ImportFile {
        id,
        table: new.rows.table(),
        sha256: new.sha256.clone(),
        rows: u32::try_from(new.rows.len()).unwrap_or(u32::MAX),
        replaces: new.replaces,
        entries: rows.entries.map(ListDigest::finish),
        author,
        at,
    };
    let detail = json!({"table": file.table, "sha256": file.sha256, "rows": file.rows, "entries": file.entries});
    changes.push(Change::ImportFile(Box::new(file.clone())));
    Ok(Decision {
        outcome: Outcome::Imported(Box::new(file)),
        changes,
        movements: Vec::new(),
        rollups: Vec::new(),
        audit: AuditNote { subject: id.to_string(), detail },
    })
}

/// What became of the rows so far.
#[derive(Default)]
struct Rows {
    failed: Vec<Refusal>,
    /// Which row said something first that may be said once.
    said: BTreeMap<Registration, u32>,
    /// Of a product list.
    entries: Option<ListDigest>,
}

impl Rows {
    fn fail(&mut self, code: Code, row: u32, column: &str, found: &str, expected: String) {
        self.failed.push(Refusal::at(code, format!("/rows/{row}/{column}")).found(found).expected(expected));
    }

    /// Whether nobody has registered this, in the records or in an earlier row.
    fn is_new(
        &mut self,
        state: &State,
        key: Registration,
        row: u32,
        (column, found): (&str, &str),
    ) -> Result<bool, Stop> {
        if state.registrations.get(&key)?.is_some_and(|ids| !ids.is_empty()) {
            self.fail(Code::WrongState, row, column, found, "one that is not registered yet".to_owned());
            return Ok(false);
        }
        if let Some(first) = self.said.get(&key).copied() {
            self.fail(Code::WrongState, row, column, found, format!("one that is not that of row {first}"));
            return Ok(false);
        }
        self.said.insert(key, row);
        Ok(true)
    }
}

fn retailers(state: &State, new: &[(u32, NewRetailer)], rows: &mut Rows, ids: &mut Ids) -> Result<Vec<Change>, Stop> {
    let mut changes = Vec::with_capacity(new.len() + 1);
    for (row, retailer) in new {
        let key = Registration::Retailer(retailer.uscc.clone());
        if rows.is_new(state, key, *row, ("uscc", &retailer.uscc))? {
            changes.push(Change::Retailer(Box::new(party::new_retailer(retailer, ids))));
        }
    }
    Ok(changes)
}

fn stores(state: &State, new: &[(u32, NewStore)], rows: &mut Rows, ids: &mut Ids) -> Result<Vec<Change>, Stop> {
    let mut changes = Vec::with_capacity(new.len() + 1);
    for (row, store) in new {
        let NewStore { uscc, name, address, division_code, town } = store;
        let known = state.registrations.get(&Registration::Retailer(uscc.clone()))?;
        let retailer = match known.map(|ids| ids.iter().copied().collect::<Vec<_>>()).unwrap_or_default()[..] {
            [retailer] => retailer,
            [] => {
                rows.fail(Code::NotFound, *row, "uscc", uscc, "the code of a retailer that is registered".to_owned());
                continue;
            }
            _ => {
                let expected = "a code that one retailer alone was registered with".to_owned();
                rows.fail(Code::WrongState, *row, "uscc", uscc, expected);
                continue;
            }
        };
        if rows.is_new(state, Registration::Store(retailer, name.clone()), *row, ("name", name))? {
            let texts = [name, address, division_code, town];
            changes.push(Change::Store(party::new_store(retailer, texts, ids)));
        }
    }
    Ok(changes)
}

fn recyclers(state: &State, new: &[(u32, NewRecycler)], rows: &mut Rows, ids: &mut Ids) -> Result<Vec<Change>, Stop> {
    let mut changes = Vec::with_capacity(new.len() + 1);
    for (row, recycler) in new {
        let key = Registration::Recycler(recycler.uscc.clone(), recycler.name.clone());
        if rows.is_new(state, key, *row, ("name", &recycler.name))? {
            changes.push(Change::Recycler(Box::new(party::new_recycler(recycler, ids))));
        }
    }
    Ok(changes)
}

/// A list says each product once, and its entries are newer than those of earlier lists. What an earlier list said of a
/// product that this one does not have counts as before.
fn products(import: Id, new: &[(u32, NewProduct)], at: Moment, rows: &mut Rows, ids: &mut Ids) -> Vec<Change> {
    let mut changes = Vec::with_capacity(new.len() + 1);
    let mut said: BTreeMap<&str, u32> = BTreeMap::new();
    let mut digest = ListDigest::default();
    for (row, product) in new {
        if let Some(first) = said.get(product.gtin.as_str()) {
            let expected = format!("a number that is not that of row {first}");
            rows.fail(Code::WrongState, *row, "gtin", &product.gtin, expected);
            continue;
        }
        said.insert(&product.gtin, *row);
        let entry = Product {
            id: ids.next(),
            import,
            row: *row,
            gtin: product.gtin.clone(),
            category: product.category,
            brand: product.brand.clone(),
            model: product.model.clone(),
            energy_level: product.energy_level,
            filed_price: product.filed_price,
            at,
        };
        digest.take(&entry);
        changes.push(Change::Product(Box::new(entry)));
    }
    rows.entries = Some(digest);
    changes
}
