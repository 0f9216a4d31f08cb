//! Old items that were handed in.

use diesel::prelude::*;

use super::{Place, Row, json};
use crate::domain::id::Id;
use crate::domain::records::{TurnIn, TurnInStatus};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::schema::turn_in;

/// A turn-in.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = turn_in, treat_none_as_default_value = false)]
pub struct TurnInRow {
    pub id: Id,
    pub person: Id,
    pub owner_name: String,
    pub owner_number: String,
    pub recorder: Id,
    pub status: String,
    pub voucher: Option<Id>,
    pub item: String,
    pub claims: String,
    pub recorded_at: i64,
    pub void_reason: Option<String>,
    /// That of the item, so that it can be counted by.
    pub category: String,
}

impl Row for TurnInRow {
    type Record = TurnIn;

    fn write(record: &TurnIn) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            person: record.person,
            owner_name: record.owner_name.clone(),
            owner_number: record.owner_number.clone(),
            recorder: record.recorder,
            status: record.status.name().to_owned(),
            voucher: record.voucher,
            item: json(&record.item)?,
            claims: json(&record.claims)?,
            recorded_at: record.recorded_at.0,
            void_reason: record.void_reason.clone(),
            category: record.item.category.name().to_owned(),
        })
    }

    fn read(self) -> Result<TurnIn, StoreError> {
        let place = Place::new("turn_in", &self.id);
        Ok(TurnIn {
            id: self.id,
            person: self.person,
            owner_name: self.owner_name,
            owner_number: self.owner_number,
            recorder: self.recorder,
            status: place.word("status", &self.status, TurnInStatus::from_name)?,
            voucher: self.voucher,
            item: place.json("item", &self.item)?,
            claims: place.json("claims", &self.claims)?,
            recorded_at: Moment(self.recorded_at),
            void_reason: self.void_reason,
        })
    }
}
