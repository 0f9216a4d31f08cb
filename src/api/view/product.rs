//! Products as they were listed.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::body::words::{CategoryWord, Gtin14, Money};
use crate::domain::product::Product;

use super::{money, time};

/// What counts of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProductView {
    /// Trade item number of fourteen digits: shorter ones with zeros before them.
    #[schema(value_type = Gtin14)]
    pub gtin: String,
    /// Category.
    #[schema(value_type = CategoryWord)]
    pub category: String,
    /// Brand, by its one spelling.
    pub brand: String,
    /// Model.
    pub model: String,
    /// Level of the China Energy Label, where the product has one.
    #[schema(minimum = 1, maximum = 5)]
    pub energy_level: Option<u8>,
    /// The price that was filed, where one was.
    #[schema(value_type = Option<Money>)]
    pub filed_price: Option<String>,
    /// The file that said so.
    #[schema(format = "uuid")]
    pub import_id: String,
    /// The row of the file.
    #[schema(minimum = 1)]
    pub row: u32,
    /// Since when it counts.
    #[schema(format = DateTime)]
    pub since: String,
}

impl From<&Product> for ProductView {
    fn from(entry: &Product) -> Self {
        Self {
            gtin: entry.gtin.clone(),
            category: entry.category.name().to_owned(),
            brand: entry.brand.clone(),
            model: entry.model.clone(),
            energy_level: entry.energy_level,
            filed_price: entry.filed_price.map(money),
            import_id: entry.import.to_string(),
            row: entry.row,
            since: time(entry.at),
        }
    }
}

/// A product with its history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProductWithEntriesView {
    /// What counts.
    #[serde(flatten)]
    pub product: ProductView,
    /// What was listed before, the newest first; at most 49.
    pub earlier: Vec<ProductView>,
}

impl ProductWithEntriesView {
    /// Of entries, the newest first; nothing without one.
    #[must_use]
    pub fn of(entries: &[Product]) -> Option<Self> {
        let (newest, earlier) = entries.split_first()?;
        Some(Self { product: newest.into(), earlier: earlier.iter().map(ProductView::from).collect() })
    }
}
