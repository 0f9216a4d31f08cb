//! Files that were taken, and the entries of product lists.

use diesel::prelude::*;
use serde::Serialize;

use super::{Place, Row};
use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::import::{ImportFile, ImportTable};
use crate::domain::money::Fen;
use crate::domain::product::Product;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::schema::{import_file, product};

/// A file that was taken.
#[derive(Clone, Debug, Serialize, Insertable, Queryable, Selectable)]
#[diesel(table_name = import_file, treat_none_as_default_value = false)]
pub struct ImportFileRow {
    pub id: Id,
    pub of_table: String,
    pub sha256: String,
    pub rows: i64,
    pub replaces: Id,
    pub entries: Option<String>,
    pub author: Id,
    pub at: i64,
}

impl Row for ImportFileRow {
    type Record = ImportFile;

    fn write(record: &ImportFile) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            of_table: record.table.name().to_owned(),
            sha256: record.sha256.clone(),
            rows: record.rows.into(),
            replaces: record.replaces,
            entries: record.entries.clone(),
            author: record.author,
            at: record.at.0,
        })
    }

    fn read(self) -> Result<ImportFile, StoreError> {
        let place = Place::new("import_file", &self.id);
        Ok(ImportFile {
            id: self.id,
            table: place.word("of_table", &self.of_table, ImportTable::from_name)?,
            sha256: self.sha256,
            rows: place.count("rows", self.rows)?,
            replaces: self.replaces,
            entries: self.entries,
            author: self.author,
            at: Moment(self.at),
        })
    }
}

/// An entry of a product list.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = product, treat_none_as_default_value = false)]
pub struct ProductRow {
    pub id: Id,
    pub import: Id,
    pub row_number: i64,
    pub gtin: String,
    pub category: String,
    pub brand: String,
    pub model: String,
    pub energy_level: Option<i32>,
    pub filed_price_fen: Option<i64>,
    pub at: i64,
}

impl Row for ProductRow {
    type Record = Product;

    fn write(record: &Product) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            import: record.import,
            row_number: record.row.into(),
            gtin: record.gtin.clone(),
            category: record.category.name().to_owned(),
            brand: record.brand.clone(),
            model: record.model.clone(),
            energy_level: record.energy_level.map(i32::from),
            filed_price_fen: record.filed_price.map(|fen| fen.0),
            at: record.at.0,
        })
    }

    fn read(self) -> Result<Product, StoreError> {
        let place = Place::new("product", &self.id);
        let level = |level: i32| place.found("energy_level", u8::try_from(level).ok());
        Ok(Product {
            id: self.id,
            import: self.import,
            row: place.count("row_number", self.row_number)?,
            gtin: self.gtin,
            category: place.word("category", &self.category, Category::from_name)?,
            brand: self.brand,
            model: self.model,
            energy_level: self.energy_level.map(level).transpose()?,
            filed_price: self.filed_price_fen.map(Fen),
            at: Moment(self.at),
        })
    }
}
