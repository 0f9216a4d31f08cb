//! The trail with its checkpoints, the log of commands, and what was refused.

use diesel::prelude::*;
use serde::Serialize;

use super::{Place, Row, json};
use crate::domain::audit::AuditRecord;
use crate::domain::checkpoint::{Block, Checkpoint};
use crate::domain::id::Id;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::saved::{Attempt, DoneRow};
use crate::store::schema::{attempt, audit_block, audit_checkpoint, audit_record, command_log};

/// A record of the trail.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = audit_record, treat_none_as_default_value = false)]
pub struct AuditRow {
    pub seq: i64,
    pub at: i64,
    pub subject: String,
    pub body: String,
    pub hash: String,
}

impl Row for AuditRow {
    type Record = AuditRecord;

    fn write(record: &AuditRecord) -> Result<Self, StoreError> {
        Ok(Self {
            seq: record.seq,
            at: record.at.0,
            subject: record.subject.clone(),
            body: record.body.clone(),
            hash: record.hash.clone(),
        })
    }

    fn read(self) -> Result<AuditRecord, StoreError> {
        Ok(AuditRecord { seq: self.seq, at: Moment(self.at), subject: self.subject, body: self.body, hash: self.hash })
    }
}

/// A checkpoint of the trail. Serialised, it is what the trail has the digest of.
#[derive(Clone, Debug, Serialize, Insertable, Queryable, Selectable)]
#[diesel(table_name = audit_checkpoint, treat_none_as_default_value = false)]
pub struct CheckpointRow {
    pub id: Id,
    pub number: i64,
    pub size: i64,
    pub root: String,
    pub head: String,
    pub at: i64,
    pub statement: String,
}

impl Row for CheckpointRow {
    type Record = Checkpoint;

    fn write(record: &Checkpoint) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            number: record.number,
            size: record.size,
            root: record.root.clone(),
            head: record.head.clone(),
            at: record.at.0,
            statement: record.statement.clone(),
        })
    }

    fn read(self) -> Result<Checkpoint, StoreError> {
        Ok(Checkpoint {
            id: self.id,
            number: self.number,
            size: self.size,
            root: self.root,
            head: self.head,
            at: Moment(self.at),
            statement: self.statement,
        })
    }
}

/// The root over a full block of the trail.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = audit_block, treat_none_as_default_value = false)]
pub struct BlockRow {
    pub number: i64,
    pub root: String,
}

impl Row for BlockRow {
    type Record = Block;

    fn write(record: &Block) -> Result<Self, StoreError> {
        Ok(Self { number: record.number, root: record.root.clone() })
    }

    fn read(self) -> Result<Block, StoreError> {
        Ok(Block { number: self.number, root: self.root })
    }
}

/// A command that was done.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = command_log, treat_none_as_default_value = false)]
pub struct CommandRow {
    pub id: Id,
    pub fingerprint: Id,
    pub outcome: String,
    pub at: i64,
}

impl Row for CommandRow {
    type Record = DoneRow;

    fn write(record: &DoneRow) -> Result<Self, StoreError> {
        Ok(Self { id: record.id, fingerprint: record.fingerprint, outcome: json(&record.outcome)?, at: record.at.0 })
    }

    fn read(self) -> Result<DoneRow, StoreError> {
        let place = Place::new("command_log", &self.id);
        Ok(DoneRow {
            id: self.id,
            fingerprint: self.fingerprint,
            outcome: place.json("outcome", &self.outcome)?,
            at: Moment(self.at),
        })
    }
}

/// A refused command.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = attempt, treat_none_as_default_value = false)]
pub struct AttemptRow {
    pub id: Id,
    pub at: i64,
    pub actor: Id,
    pub role: String,
    pub act: String,
    pub subject: String,
    pub codes: String,
    pub request_id: String,
}

impl Row for AttemptRow {
    type Record = Attempt;

    fn write(record: &Attempt) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            at: record.at.0,
            actor: record.actor,
            role: record.role.clone(),
            act: record.act.clone(),
            subject: record.subject.clone(),
            codes: json(&record.codes)?,
            request_id: record.request_id.clone(),
        })
    }

    fn read(self) -> Result<Attempt, StoreError> {
        let place = Place::new("attempt", &self.id);
        Ok(Attempt {
            id: self.id,
            at: Moment(self.at),
            actor: self.actor,
            role: self.role,
            act: self.act,
            subject: self.subject,
            codes: place.json("codes", &self.codes)?,
            request_id: self.request_id,
        })
    }
}
