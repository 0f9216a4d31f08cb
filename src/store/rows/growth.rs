//! Figures that come from outside.

use diesel::prelude::*;
use serde::Serialize;

use super::{Place, Row, count, json};
use crate::domain::id::Id;
use crate::domain::records::{Baseline, OffSystem};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::schema::{growth_baseline, off_system_trade_in};

/// A baseline.
#[derive(Clone, Debug, Serialize, Insertable, Queryable, Selectable)]
#[diesel(table_name = growth_baseline, treat_none_as_default_value = false)]
pub struct BaselineRow {
    pub id: Id,
    pub year: i32,
    pub value: i64,
    pub source: String,
    pub monthly: Option<String>,
    pub author: Id,
    pub at: i64,
}

impl Row for BaselineRow {
    type Record = Baseline;

    fn write(record: &Baseline) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            year: record.year,
            value: count(record.value)?,
            source: record.source.clone(),
            monthly: record.monthly.as_ref().map(json).transpose()?,
            author: record.author,
            at: record.at.0,
        })
    }

    fn read(self) -> Result<Baseline, StoreError> {
        let place = Place::new("growth_baseline", &self.id);
        Ok(Baseline {
            id: self.id,
            year: self.year,
            value: place.count("value", self.value)?,
            source: self.source,
            monthly: self.monthly.as_deref().map(|text| place.json("monthly", text)).transpose()?,
            author: self.author,
            at: Moment(self.at),
        })
    }
}

/// A month's trade-ins outside the service.
#[derive(Clone, Debug, Serialize, Insertable, Queryable, Selectable)]
#[diesel(table_name = off_system_trade_in, treat_none_as_default_value = false)]
pub struct OffSystemRow {
    pub id: Id,
    pub month: i32,
    pub trade_ins: i64,
    pub source: String,
    pub author: Id,
    pub at: i64,
}

impl Row for OffSystemRow {
    type Record = OffSystem;

    fn write(record: &OffSystem) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            month: record.month,
            trade_ins: count(record.count)?,
            source: record.source.clone(),
            author: record.author,
            at: record.at.0,
        })
    }

    fn read(self) -> Result<OffSystem, StoreError> {
        let place = Place::new("off_system_trade_in", &self.id);
        Ok(OffSystem {
            id: self.id,
            month: self.month,
            count: place.count("trade_ins", self.trade_ins)?,
            source: self.source,
            author: self.author,
            at: Moment(self.at),
        })
    }
}
