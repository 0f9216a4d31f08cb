//! The trail.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::body::words::Digest;
use crate::domain::audit::AuditRecord;

use super::time;

/// A record of the trail. `hash` is SHA-256 over the hash before (as text) and the exact bytes of `body`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AuditRecordView {
    /// Number, from one, without gaps.
    #[schema(minimum = 1)]
    pub seq: i64,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// The record that it is about.
    pub subject: String,
    /// What was done.
    pub act: Option<String>,
    /// Who did it: a digest.
    #[schema(format = "uuid")]
    pub actor: Option<String>,
    /// In which role.
    pub role: Option<String>,
    /// For which organisation.
    #[schema(format = "uuid")]
    pub organisation: Option<String>,
    /// The request.
    pub request: Option<String>,
    /// What changed, masked.
    #[schema(value_type = Object)]
    pub detail: Value,
    /// The canonical text (RFC 8785) that is hashed.
    pub body: String,
    /// Hash, in lower-case hexadecimal.
    #[schema(value_type = Digest)]
    pub hash: String,
}

impl From<&AuditRecord> for AuditRecordView {
    fn from(record: &AuditRecord) -> Self {
        let body: Value = serde_json::from_str(&record.body).unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        Self {
            seq: record.seq,
            at: time(record.at),
            subject: record.subject.clone(),
            act: text("act"),
            actor: text("actor"),
            role: text("role"),
            organisation: text("organisation"),
            request: text("request"),
            detail: body.get("detail").cloned().unwrap_or_default(),
            body: record.body.clone(),
            hash: record.hash.clone(),
        }
    }
}
