//! Webhooks, and what they missed.

use diesel::prelude::*;

use super::{Place, Row, json};
use crate::domain::id::Id;
use crate::domain::time::Moment;
use crate::domain::webhook::{EventKind, Miss, Webhook, WebhookStatus};
use crate::store::error::StoreError;
use crate::store::schema::{webhook, webhook_miss};

/// A webhook.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = webhook, treat_none_as_default_value = false)]
pub struct WebhookRow {
    pub id: Id,
    pub retailer: Id,
    pub url: String,
    pub label: String,
    pub kinds: String,
    pub serial: i64,
    pub overlap_until: Option<i64>,
    pub status: String,
    pub cursor: i64,
    pub tries: i64,
    pub retry_at: Option<i64>,
    pub failing_since: Option<i64>,
    pub failure: Option<String>,
    pub delivered_at: Option<i64>,
    pub created_at: i64,
    pub stopped_at: Option<i64>,
    pub reason: Option<String>,
}

impl Row for WebhookRow {
    type Record = Webhook;

    fn write(record: &Webhook) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            retailer: record.retailer,
            url: record.url.clone(),
            label: record.label.clone(),
            kinds: json(&record.kinds)?,
            serial: record.serial.into(),
            overlap_until: record.overlap_until.map(|at| at.0),
            status: record.status.name().to_owned(),
            cursor: record.cursor,
            tries: record.tries.into(),
            retry_at: record.retry_at.map(|at| at.0),
            failing_since: record.failing_since.map(|at| at.0),
            failure: record.failure.clone(),
            delivered_at: record.delivered_at.map(|at| at.0),
            created_at: record.created_at.0,
            stopped_at: record.stopped_at.map(|at| at.0),
            reason: record.reason.clone(),
        })
    }

    fn read(self) -> Result<Webhook, StoreError> {
        let place = Place::new("webhook", &self.id);
        Ok(Webhook {
            id: self.id,
            retailer: self.retailer,
            url: self.url,
            label: self.label,
            kinds: place.json("kinds", &self.kinds)?,
            serial: place.count("serial", self.serial)?,
            overlap_until: self.overlap_until.map(Moment),
            status: place.word("status", &self.status, WebhookStatus::from_name)?,
            cursor: self.cursor,
            tries: place.count("tries", self.tries)?,
            retry_at: self.retry_at.map(Moment),
            failing_since: self.failing_since.map(Moment),
            failure: self.failure,
            delivered_at: self.delivered_at.map(Moment),
            created_at: Moment(self.created_at),
            stopped_at: self.stopped_at.map(Moment),
            reason: self.reason,
        })
    }
}

/// An event that a webhook missed.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = webhook_miss, treat_none_as_default_value = false)]
pub struct MissRow {
    pub id: Id,
    pub webhook: Id,
    pub event: Id,
    pub seq: i64,
    pub kind: String,
    pub failure: String,
    pub tries: i64,
    pub missed_at: i64,
    pub again_at: Option<i64>,
    pub delivered_at: Option<i64>,
}

impl Row for MissRow {
    type Record = Miss;

    fn write(record: &Miss) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            webhook: record.webhook,
            event: record.event,
            seq: record.seq,
            kind: record.kind.name().to_owned(),
            failure: record.failure.clone(),
            tries: record.tries.into(),
            missed_at: record.missed_at.0,
            again_at: record.again_at.map(|at| at.0),
            delivered_at: record.delivered_at.map(|at| at.0),
        })
    }

    fn read(self) -> Result<Miss, StoreError> {
        let place = Place::new("webhook_miss", &self.id);
        Ok(Miss {
            id: self.id,
            webhook: self.webhook,
            event: self.event,
            seq: self.seq,
            kind: place.word("kind", &self.kind, EventKind::from_name)?,
            failure: self.failure,
            tries: place.count("tries", self.tries)?,
            missed_at: Moment(self.missed_at),
            again_at: self.again_at.map(Moment),
            delivered_at: self.delivered_at.map(Moment),
        })
    }
}
