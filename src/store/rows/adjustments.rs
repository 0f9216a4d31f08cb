//! Adjustments of redemptions.

use diesel::prelude::*;
use serde::Serialize;

use super::{Place, Row, json};
use crate::domain::adjustment::Adjustment;
use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::money::Fen;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::schema::adjustment;

/// An adjustment. Serialised, it is what the trail has the digest of.
#[derive(Clone, Debug, Insertable, Queryable, Selectable, Serialize)]
#[diesel(table_name = adjustment, treat_none_as_default_value = false)]
pub struct AdjustmentRow {
    pub id: Id,
    pub redemption: Id,
    pub voucher: Id,
    pub programme: String,
    pub version: i64,
    pub category: String,
    pub line: Id,
    pub retailer: Id,
    pub store: Id,
    pub before_fen: i64,
    pub after_fen: i64,
    pub amount_fen: i64,
    pub funding: String,
    pub author: Id,
    pub at: i64,
    pub bucket: Id,
}

impl Row for AdjustmentRow {
    type Record = Adjustment;

    fn write(record: &Adjustment) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            redemption: record.redemption,
            voucher: record.voucher,
            programme: record.programme.clone(),
            version: i64::from(record.version),
            category: record.category.name().to_owned(),
            line: record.line,
            retailer: record.retailer,
            store: record.store,
            before_fen: record.before.0,
            after_fen: record.after.0,
            amount_fen: record.amount.0,
            funding: json(&record.funding)?,
            author: record.author,
            at: record.at.0,
            bucket: record.bucket,
        })
    }

    fn read(self) -> Result<Adjustment, StoreError> {
        let place = Place::new("adjustment", &self.id);
        Ok(Adjustment {
            id: self.id,
            redemption: self.redemption,
            voucher: self.voucher,
            programme: self.programme,
            version: place.count("version", self.version)?,
            category: place.word("category", &self.category, Category::from_name)?,
            line: self.line,
            retailer: self.retailer,
            store: self.store,
            before: Fen(self.before_fen),
            after: Fen(self.after_fen),
            amount: Fen(self.amount_fen),
            funding: place.json("funding", &self.funding)?,
            author: self.author,
            at: Moment(self.at),
            bucket: self.bucket,
        })
    }
}
