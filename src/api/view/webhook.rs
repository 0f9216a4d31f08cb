//! Webhooks as their retailer sees them.

use serde::Serialize;
use utoipa::ToSchema;

use super::time;
use crate::api::body::words::{EventKindWord, WebhookStatusWord};
use crate::domain::webhook::{EventKind, Miss, Webhook, WebhookStatus};

/// A webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WebhookView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// Where it is.
    pub url: String,
    /// What the manager calls it.
    pub label: String,
    /// What it is told.
    #[schema(value_type = Vec<EventKindWord>)]
    pub events: Vec<EventKind>,
    /// How it is.
    #[schema(value_type = WebhookStatusWord)]
    pub status: WebhookStatus,
    /// Since when it is there.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it last took something.
    #[schema(format = DateTime)]
    pub delivered_at: Option<String>,
    /// Since when it takes nothing.
    #[schema(format = DateTime)]
    pub failing_since: Option<String>,
    /// When it is tried again.
    #[schema(format = DateTime)]
    pub next_try_at: Option<String>,
    /// What went wrong last.
    pub last_failure: Option<String>,
    /// When it was stopped.
    #[schema(format = DateTime)]
    pub stopped_at: Option<String>,
    /// Why it was stopped.
    pub stop_reason: Option<String>,
    /// Until when the secret of before signs as well.
    #[schema(format = DateTime)]
    pub old_secret_until: Option<String>,
}

impl WebhookView {
    /// Of a webhook.
    #[must_use]
    pub fn of(row: &Webhook) -> Self {
        Self {
            id: row.id.to_string(),
            url: row.url.clone(),
            label: row.label.clone(),
            events: row.kinds.iter().copied().collect(),
            status: row.status,
            created_at: time(row.created_at),
            delivered_at: row.delivered_at.map(time),
            failing_since: row.failing_since.map(time),
            next_try_at: row.retry_at.map(time),
            last_failure: row.failure.clone(),
            stopped_at: row.stopped_at.map(time),
            stop_reason: row.reason.clone(),
            old_secret_until: row.overlap_until.map(time),
        }
    }
}

/// A webhook with its secret, which is shown in answer to this request and kept nowhere. It has no `Debug`, on purpose.
#[derive(Clone, Serialize, ToSchema)]
pub struct WebhookWithSecretView {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: WebhookView,
    /// With what its messages are signed (Standard Webhooks).
    #[schema(pattern = "^whsec_[A-Za-z0-9+/]{43}=$")]
    pub secret: String,
}

/// An event that a webhook missed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MissedEventView {
    /// The event.
    #[schema(format = "uuid")]
    pub event_id: String,
    /// What it would have told.
    #[serde(rename = "type")]
    #[schema(value_type = EventKindWord)]
    pub kind: EventKind,
    /// When it was given up.
    #[schema(format = DateTime)]
    pub missed_at: String,
    /// How often it was tried.
    pub tries: u32,
    /// What the system said last.
    pub last_failure: String,
    /// Since when it waits to be tried once more.
    #[schema(format = DateTime)]
    pub waiting_since: Option<String>,
    /// When it was taken after all.
    #[schema(format = DateTime)]
    pub delivered_at: Option<String>,
}

impl MissedEventView {
    /// Of what was missed.
    #[must_use]
    pub fn of(row: &Miss) -> Self {
        Self {
            event_id: row.event.to_string(),
            kind: row.kind,
            missed_at: time(row.missed_at),
            tries: row.tries,
            last_failure: row.failure.clone(),
            waiting_since: row.again_at.map(time),
            delivered_at: row.delivered_at.map(time),
        }
    }
}

/// Events that are tried once more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RedeliveryView {
    /// Each of them.
    pub events: Vec<MissedEventView>,
}
