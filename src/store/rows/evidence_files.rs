//! Files about old items and redemptions.

use diesel::prelude::*;
use serde::Serialize;

use super::{Place, Row};
use crate::domain::evidence_file::{EvidenceFile, FileAbout, FileKind, FileMedia};
use crate::domain::id::Id;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::schema::evidence_file;

/// A file about a record.
#[derive(Clone, Debug, Serialize, Insertable, Queryable, Selectable)]
#[diesel(table_name = evidence_file, treat_none_as_default_value = false)]
pub struct EvidenceFileRow {
    pub id: Id,
    pub about: String,
    pub subject: Id,
    pub person: Id,
    pub kind: String,
    pub media: String,
    pub bytes: i64,
    pub sha256: String,
    pub blob: String,
    pub data_key: Id,
    pub organisation: Id,
    pub uploader: Id,
    pub at: i64,
}

impl Row for EvidenceFileRow {
    type Record = EvidenceFile;

    fn write(record: &EvidenceFile) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            about: record.about.name().to_owned(),
            subject: record.subject,
            person: record.person,
            kind: record.kind.name().to_owned(),
            media: record.media.name().to_owned(),
            bytes: i64::from(record.bytes),
            sha256: record.sha256.clone(),
            blob: record.blob.clone(),
            data_key: record.data_key,
            organisation: record.organisation,
            uploader: record.uploader,
            at: record.at.0,
        })
    }

    fn read(self) -> Result<EvidenceFile, StoreError> {
        let place = Place::new("evidence_file", &self.id);
        Ok(EvidenceFile {
            id: self.id,
            about: place.word("about", &self.about, FileAbout::from_name)?,
            subject: self.subject,
            person: self.person,
            kind: place.word("kind", &self.kind, FileKind::from_name)?,
            media: place.word("media", &self.media, FileMedia::from_name)?,
            bytes: place.count("bytes", self.bytes)?,
            sha256: self.sha256,
            blob: self.blob,
            data_key: self.data_key,
            organisation: self.organisation,
            uploader: self.uploader,
            at: Moment(self.at),
        })
    }
}
