//! Programmes and their versions.

use diesel::prelude::*;

use super::{Place, Row, json};
use crate::domain::records::{Programme, ProgrammeStatus, Version};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::schema::{programme, programme_version};

/// A programme.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = programme, treat_none_as_default_value = false)]
pub struct ProgrammeRow {
    pub id: String,
    pub status: String,
    pub current_version: i64,
    pub latest_version: i64,
}

impl Row for ProgrammeRow {
    type Record = Programme;

    fn write(record: &Programme) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id.clone(),
            status: record.status.name().to_owned(),
            current_version: i64::from(record.current),
            latest_version: i64::from(record.latest),
        })
    }

    fn read(self) -> Result<Programme, StoreError> {
        let place = Place::new("programme", &self.id);
        Ok(Programme {
            id: self.id,
            status: place.word("status", &self.status, ProgrammeStatus::from_name)?,
            current: place.count("current_version", self.current_version)?,
            latest: place.count("latest_version", self.latest_version)?,
        })
    }
}

/// A version; its body is what its rules say.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = programme_version, treat_none_as_default_value = false)]
pub struct VersionRow {
    pub programme: String,
    pub number: i64,
    pub body: String,
    pub published_at: Option<i64>,
}

impl Row for VersionRow {
    type Record = Version;

    fn write(record: &Version) -> Result<Self, StoreError> {
        Ok(Self {
            programme: record.programme.clone(),
            number: i64::from(record.number),
            body: json(&record.rules)?,
            published_at: record.published_at.map(|at| at.0),
        })
    }

    fn read(self) -> Result<Version, StoreError> {
        let place = Place::new("programme_version", &format!("{} {}", self.programme, self.number));
        Ok(Version {
            programme: self.programme,
            number: place.count("number", self.number)?,
            rules: place.json("body", &self.body)?,
            published_at: self.published_at.map(Moment),
        })
    }
}
