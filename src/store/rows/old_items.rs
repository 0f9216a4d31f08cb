//! How far old items have come, and pick-ups at home.

use diesel::prelude::*;
use serde::Serialize;

use super::{Place, Row, json};
use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::old_item_end::{EndStep, OldItemStep};
use crate::domain::pickup::{Pickup, PickupStatus};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::schema::{old_item_step, pickup};

/// A step of an old item's end.
#[derive(Clone, Debug, Serialize, Insertable, Queryable, Selectable)]
#[diesel(table_name = old_item_step, treat_none_as_default_value = false)]
pub struct OldItemStepRow {
    pub id: Id,
    pub turn_in: Id,
    pub step: String,
    pub organisation: Id,
    pub day: i32,
    pub certificate: Option<String>,
    pub sha256: Option<String>,
    pub author: Id,
    pub at: i64,
}

impl Row for OldItemStepRow {
    type Record = OldItemStep;

    fn write(record: &OldItemStep) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            turn_in: record.turn_in,
            step: record.step.name().to_owned(),
            organisation: record.organisation,
            day: record.day.number(),
            certificate: record.certificate.clone(),
            sha256: record.sha256.clone(),
            author: record.author,
            at: record.at.0,
        })
    }

    fn read(self) -> Result<OldItemStep, StoreError> {
        let place = Place::new("old_item_step", &self.id);
        Ok(OldItemStep {
            id: self.id,
            turn_in: self.turn_in,
            step: place.word("step", &self.step, EndStep::from_name)?,
            organisation: self.organisation,
            day: place.day("day", self.day)?,
            certificate: self.certificate,
            sha256: self.sha256,
            author: self.author,
            at: Moment(self.at),
        })
    }
}

/// A pick-up. Serialised, it is what the trail has the digest of.
#[derive(Clone, Debug, Insertable, Queryable, Selectable, Serialize)]
#[diesel(table_name = pickup, treat_none_as_default_value = false)]
pub struct PickupRow {
    pub id: Id,
    pub person: Id,
    pub category: String,
    pub division_code: String,
    pub town: String,
    pub address: String,
    pub from_at: i64,
    pub until_at: i64,
    pub status: String,
    pub recycler: Option<Id>,
    pub turn_in: Option<Id>,
    pub reason: Option<String>,
    pub requested_at: i64,
    pub changed_at: i64,
}

impl Row for PickupRow {
    type Record = Pickup;

    fn write(record: &Pickup) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            person: record.person,
            category: record.category.name().to_owned(),
            division_code: record.division_code.clone(),
            town: record.town.clone(),
            address: json(&record.address)?,
            from_at: record.from.0,
            until_at: record.until.0,
            status: record.status.name().to_owned(),
            recycler: record.recycler,
            turn_in: record.turn_in,
            reason: record.reason.clone(),
            requested_at: record.requested_at.0,
            changed_at: record.changed_at.0,
        })
    }

    fn read(self) -> Result<Pickup, StoreError> {
        let place = Place::new("pickup", &self.id);
        Ok(Pickup {
            id: self.id,
            person: self.person,
            category: place.word("category", &self.category, Category::from_name)?,
            division_code: self.division_code,
            town: self.town,
            address: place.json("address", &self.address)?,
            from: Moment(self.from_at),
            until: Moment(self.until_at),
            status: place.word("status", &self.status, PickupStatus::from_name)?,
            recycler: self.recycler,
            turn_in: self.turn_in,
            reason: self.reason,
            requested_at: Moment(self.requested_at),
            changed_at: Moment(self.changed_at),
        })
    }
}
