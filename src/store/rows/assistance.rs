//! Claims that assistants made for others.

use diesel::prelude::*;
use serde::Serialize;

use super::{Place, Row, json};
use crate::domain::id::Id;
use crate::domain::records::{AssistantUse, AssistedClaim, ConsentKind};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::schema::{assistant_use, assisted_claim};

/// A claim for somebody else.
#[derive(Clone, Debug, Insertable, Queryable, Selectable, Serialize)]
#[diesel(table_name = assisted_claim, treat_none_as_default_value = false)]
pub struct AssistedClaimRow {
    pub voucher: Id,
    pub person: Id,
    pub assistant: Id,
    pub service_point: Id,
    pub consent: String,
    pub note: Option<String>,
    pub at: i64,
}

impl Row for AssistedClaimRow {
    type Record = AssistedClaim;

    fn write(record: &AssistedClaim) -> Result<Self, StoreError> {
        Ok(Self {
            voucher: record.voucher,
            person: record.person,
            assistant: record.assistant,
            service_point: record.service_point,
            consent: record.consent.name().to_owned(),
            note: record.note.as_ref().map(json).transpose()?,
            at: record.at.0,
        })
    }

    fn read(self) -> Result<AssistedClaim, StoreError> {
        let place = Place::new("assisted_claim", &self.voucher);
        Ok(AssistedClaim {
            voucher: self.voucher,
            person: self.person,
            assistant: self.assistant,
            service_point: self.service_point,
            consent: place.word("consent", &self.consent, ConsentKind::from_name)?,
            note: self.note.as_deref().map(|text| place.json("note", text)).transpose()?,
            at: Moment(self.at),
        })
    }
}

/// An assistant's day.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = assistant_use, treat_none_as_default_value = false)]
pub struct AssistantUseRow {
    pub id: Id,
    pub assistant: Id,
    pub day: i32,
    pub claims: i64,
}

impl Row for AssistantUseRow {
    type Record = AssistantUse;

    fn write(record: &AssistantUse) -> Result<Self, StoreError> {
        let AssistantUse { id, assistant, day, claims } = record;
        Ok(Self { id: *id, assistant: *assistant, day: day.number(), claims: i64::from(*claims) })
    }

    fn read(self) -> Result<AssistantUse, StoreError> {
        let place = Place::new("assistant_use", &self.id);
        Ok(AssistantUse {
            id: self.id,
            assistant: self.assistant,
            day: place.day("day", self.day)?,
            claims: place.count("claims", self.claims)?,
        })
    }
}
