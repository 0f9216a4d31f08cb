//! What reports read.

use diesel::prelude::*;

use super::{Place, Row};
use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::money::Fen;
use crate::domain::rollup::{RollupEntry, RollupKey, Tally};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::schema::{rollup, rollup_entry};

/// The key and the sum that a row of either table holds under the same columns.
macro_rules! sum_of {
    ($row:ident, $place:expr) => {{
        let place = $place;
        let key = RollupKey {
            programme: $row.programme,
            category: place.word("category", &$row.category, Category::from_name)?,
            retailer: $row.retailer,
            store: $row.store,
            town: $row.town,
            effective: place.day("effective_day", $row.effective_day)?,
            recorded: place.day("recorded_day", $row.recorded_day)?,
        };
        let tally = Tally {
            issued: $row.issued,
            expired: $row.expired,
            cancelled: $row.cancelled,
            redeemed: $row.redeemed,
            reversed: $row.reversed,
            completed: $row.completed,
            without_old_item: $row.without_old_item,
            amount_reserved: Fen($row.amount_reserved_fen),
            amount_redeemed: Fen($row.amount_redeemed_fen),
            amount_reversed: Fen($row.amount_reversed_fen),
            amount_approved: Fen($row.amount_approved_fen),
            amount_paid: Fen($row.amount_paid_fen),
            amount_recovered: Fen($row.amount_recovered_fen),
        };
        (key, tally)
    }};
}

/// The sum of all additions of one key.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = rollup, treat_none_as_default_value = false)]
pub struct RollupRow {
    pub id: Id,
    pub programme: String,
    pub category: String,
    pub retailer: Id,
    pub store: Id,
    pub town: String,
    pub effective_day: i32,
    pub recorded_day: i32,
    pub issued: i64,
    pub expired: i64,
    pub cancelled: i64,
    pub redeemed: i64,
    pub reversed: i64,
    pub completed: i64,
    pub without_old_item: i64,
    pub amount_reserved_fen: i64,
    pub amount_redeemed_fen: i64,
    pub amount_reversed_fen: i64,
    pub amount_approved_fen: i64,
    pub amount_paid_fen: i64,
    pub amount_recovered_fen: i64,
}

impl RollupRow {
    /// The row by which one key changes.
    pub fn new(key: &RollupKey, tally: &Tally) -> Self {
        Self {
            id: key.id(),
            programme: key.programme.clone(),
            category: key.category.name().to_owned(),
            retailer: key.retailer,
            store: key.store,
            town: key.town.clone(),
            effective_day: key.effective.number(),
            recorded_day: key.recorded.number(),
            issued: tally.issued,
            expired: tally.expired,
            cancelled: tally.cancelled,
            redeemed: tally.redeemed,
            reversed: tally.reversed,
            completed: tally.completed,
            without_old_item: tally.without_old_item,
            amount_reserved_fen: tally.amount_reserved.0,
            amount_redeemed_fen: tally.amount_redeemed.0,
            amount_reversed_fen: tally.amount_reversed.0,
            amount_approved_fen: tally.amount_approved.0,
            amount_paid_fen: tally.amount_paid.0,
            amount_recovered_fen: tally.amount_recovered.0,
        }
    }

    /// The key and its sum.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a value that cannot be read back.
    pub fn read(self) -> Result<(RollupKey, Tally), StoreError> {
        Ok(sum_of!(self, Place::new("rollup", &self.id)))
    }
}

/// One addition.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = rollup_entry, treat_none_as_default_value = false)]
pub struct EntryRow {
    pub id: Id,
    pub subject: Id,
    pub programme: String,
    pub category: String,
    pub retailer: Id,
    pub store: Id,
    pub town: String,
    pub effective_day: i32,
    pub recorded_day: i32,
    pub issued: i64,
    pub expired: i64,
    pub cancelled: i64,
    pub redeemed: i64,
    pub reversed: i64,
    pub completed: i64,
    pub without_old_item: i64,
    pub amount_reserved_fen: i64,
    pub amount_redeemed_fen: i64,
    pub amount_reversed_fen: i64,
    pub amount_approved_fen: i64,
    pub amount_paid_fen: i64,
    pub amount_recovered_fen: i64,
    pub at: i64,
}

impl Row for EntryRow {
    type Record = RollupEntry;

    fn write(record: &RollupEntry) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            subject: record.subject,
            programme: record.key.programme.clone(),
            category: record.key.category.name().to_owned(),
            retailer: record.key.retailer,
            store: record.key.store,
            town: record.key.town.clone(),
            effective_day: record.key.effective.number(),
            recorded_day: record.key.recorded.number(),
            issued: record.tally.issued,
            expired: record.tally.expired,
            cancelled: record.tally.cancelled,
            redeemed: record.tally.redeemed,
            reversed: record.tally.reversed,
            completed: record.tally.completed,
            without_old_item: record.tally.without_old_item,
            amount_reserved_fen: record.tally.amount_reserved.0,
            amount_redeemed_fen: record.tally.amount_redeemed.0,
            amount_reversed_fen: record.tally.amount_reversed.0,
            amount_approved_fen: record.tally.amount_approved.0,
            amount_paid_fen: record.tally.amount_paid.0,
            amount_recovered_fen: record.tally.amount_recovered.0,
            at: record.at.0,
        })
    }

    fn read(self) -> Result<RollupEntry, StoreError> {
        let (key, tally) = sum_of!(self, Place::new("rollup_entry", &self.id));
        Ok(RollupEntry { id: self.id, subject: self.subject, at: Moment(self.at), key, tally })
    }
}
