//! Files that were taken, and the product list as it counts.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use super::{Conn, KEYS};
use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::import::{ImportFile, ImportTable, Registration};
use crate::domain::product::{Product, gtin_14};
use crate::domain::state::State;
use crate::store::error::StoreError;
use crate::store::rows::{ImportFileRow, ProductRow, Row, read_all};
use crate::store::schema::{import_file, product, recycler, retailer, store};
use crate::store::tx::Page;

diesel::alias!(product as later: Later);

/// A file that was taken.
pub fn import(conn: &mut Conn, id: Id) -> Result<Option<ImportFile>, StoreError> {
    let row = import_file::table.find(id).select(ImportFileRow::as_select()).first(conn).optional()?;
    row.map(ImportFileRow::read).transpose()
}

/// The newest file of a table.
pub fn newest(conn: &mut Conn, of: ImportTable) -> Result<Option<ImportFile>, StoreError> {
    let files = import_file::table.filter(import_file::of_table.eq(of.name())).select(ImportFileRow::as_select());
    let row = files.order((import_file::at.desc(), import_file::id.desc())).first(conn).optional()?;
    row.map(ImportFileRow::read).transpose()
}

/// Every file of a table, or of any, the newest first. A file is some work for whoever makes it, so there are not many.
pub fn imports(conn: &mut Conn, of: Option<ImportTable>) -> Result<Vec<ImportFile>, StoreError> {
    let mut files = import_file::table.select(ImportFileRow::as_select()).into_boxed();
    if let Some(of) = of {
        files = files.filter(import_file::of_table.eq(of.name()));
    }
    read_all(files.order((import_file::at.desc(), import_file::id.desc())).load(conn)?)
}

/// Everything that was ever listed of a product, the newest first: the first counts.
pub fn entries_of(conn: &mut Conn, gtin: &str, limit: i64) -> Result<Vec<Product>, StoreError> {
    let entries = product::table.filter(product::gtin.eq(gtin_14(gtin))).select(ProductRow::as_select());
    read_all(entries.order((product::at.desc(), product::id.desc())).limit(limit).load(conn)?)
}

/// The entries that count, the newest first.
pub fn products(
    conn: &mut Conn,
    category: Option<Category>,
    brand: Option<&str>,
    page: Page,
) -> Result<Vec<Product>, StoreError> {
    let same = later.field(product::gtin).eq(product::gtin);
    let newer = later.filter(same).filter(later.field(product::at).gt(product::at));
    let mut query = product::table
        .filter(product::id.lt(page.before()))
        .filter(diesel::dsl::not(diesel::dsl::exists(newer)))
        .select(ProductRow::as_select())
        .into_boxed();
    if let Some(category) = category {
        query = query.filter(product::category.eq(category.name()));
    }
    if let Some(brand) = brand {
        query = query.filter(product::brand.eq(brand));
    }
    read_all(query.order(product::id.desc()).limit(page.limit).load(conn)?)
}

/// The newest file of each table that was asked for.
pub fn load_newest(conn: &mut Conn, state: &mut State) -> Result<(), StoreError> {
    for table in state.newest_imports.take_unloaded() {
        if let Some(file) = newest(conn, table)? {
            state.newest_imports.put(table, file);
        }
    }
    Ok(())
}

/// The entry that counts of each product that was asked for.
pub fn load_products(conn: &mut Conn, state: &mut State) -> Result<(), StoreError> {
    for some in state.products.take_unloaded().chunks(KEYS) {
        let listed = product::table.filter(product::gtin.eq_any(some)).select(ProductRow::as_select());
        // The last one of a number stays.
        let rows: Vec<ProductRow> = listed.order((product::at, product::id)).load(conn)?;
        for entry in read_all(rows)? {
            state.products.put(entry.gtin.clone(), entry);
        }
    }
    Ok(())
}

/// Who has registered each thing that was asked for.
pub fn load_registrations(conn: &mut Conn, state: &mut State) -> Result<(), StoreError> {
    let keys = state.registrations.take_unloaded();
    let (mut retailers, mut stores, mut recyclers) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for key in &keys {
        match key {
            Registration::Retailer(uscc) => retailers.insert(uscc.as_str()),
            Registration::Store(retailer, _) => {
                stores.insert(*retailer);
                true
            }
            Registration::Recycler(uscc, _) => recyclers.insert(uscc.as_str()),
        };
    }
    let mut found: Vec<(Registration, Id)> = Vec::new();
    for usccs in chunks(&retailers) {
        let of = retailer::table.filter(retailer::uscc.eq_any(usccs)).select((retailer::uscc, retailer::id));
        found.extend(of.load(conn)?.into_iter().map(|(uscc, id)| (Registration::Retailer(uscc), id)));
    }
    for retailers in chunks(&stores) {
        let of =
            store::table.filter(store::retailer.eq_any(retailers)).select((store::retailer, store::name, store::id));
        let rows: Vec<(Id, String, Id)> = of.load(conn)?;
        found.extend(rows.into_iter().map(|(of, name, id)| (Registration::Store(of, name), id)));
    }
    for usccs in chunks(&recyclers) {
        let of =
            recycler::table.filter(recycler::uscc.eq_any(usccs)).select((recycler::uscc, recycler::name, recycler::id));
        let rows: Vec<(String, String, Id)> = of.load(conn)?;
        found.extend(rows.into_iter().map(|(uscc, name, id)| (Registration::Recycler(uscc, name), id)));
    }
    let mut known: BTreeMap<Registration, BTreeSet<Id>> = BTreeMap::new();
    for (key, id) in found {
        known.entry(key).or_default().insert(id);
    }
    // What was asked for before may have been changed by an earlier command of the batch, and stays.
    for key in keys {
        if let Some(ids) = known.remove(&key) {
            state.registrations.put(key, ids);
        }
    }
    Ok(())
}

fn chunks<T: Copy>(keys: &BTreeSet<T>) -> Vec<Vec<T>> {
    keys.iter().copied().collect::<Vec<_>>().chunks(KEYS).map(<[T]>::to_vec).collect()
}
