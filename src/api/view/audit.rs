//! The trail, its checkpoints, and proofs about it.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::body::words::{Digest, Token};
use crate::domain::audit::AuditRecord;
use crate::domain::checkpoint::{Checkpoint, leaf};
use crate::domain::merkle::texts;
use crate::engine::{Consistency, Inclusion};

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
        let body = record.said();
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

/// A checkpoint: the first `size` records of the trail have this root, and the last of them has this hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CheckpointView {
    /// Number, from one, without gaps.
    #[schema(minimum = 1)]
    pub number: i64,
    /// Over how many records it is.
    #[schema(minimum = 1)]
    pub size: i64,
    /// The Merkle root (RFC 6962) over their hashes.
    #[schema(value_type = Digest)]
    pub root: String,
    /// The hash of the last of them.
    #[schema(value_type = Digest)]
    pub head: String,
    /// When it was made.
    #[schema(format = DateTime)]
    pub at: String,
    /// The same, with the division, signed: a compact JWS of type `checkpoint+jwt`.
    #[schema(value_type = Token)]
    pub statement: String,
}

impl From<&Checkpoint> for CheckpointView {
    fn from(checkpoint: &Checkpoint) -> Self {
        Self {
            number: checkpoint.number,
            size: checkpoint.size,
            root: checkpoint.root.clone(),
            head: checkpoint.head.clone(),
            at: time(checkpoint.at),
            statement: checkpoint.statement.clone(),
        }
    }
}

/// The proof that a record is in the trail of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct InclusionView {
    /// The number of the record. Its place in the tree is one less.
    #[schema(minimum = 1)]
    pub seq: i64,
    /// The hash of the record before it; zeros for the first.
    #[schema(value_type = Digest)]
    pub previous: String,
    /// The canonical text of the record.
    pub body: String,
    /// The hash of the record: SHA-256 over `previous`, as text, and `body`.
    #[schema(value_type = Digest)]
    pub hash: String,
    /// The leaf: SHA-256 over a zero byte and the 32 bytes of `hash`.
    #[schema(value_type = Digest)]
    pub leaf: String,
    /// The hashes beside the way from the leaf to the root.
    #[schema(value_type = Vec<Digest>)]
    pub proof: Vec<String>,
    /// The checkpoint with the root.
    pub checkpoint: CheckpointView,
}

impl From<&Inclusion> for InclusionView {
    fn from(found: &Inclusion) -> Self {
        Self {
            seq: found.record.seq,
            previous: found.previous.clone(),
            body: found.record.body.clone(),
            hash: found.record.hash.clone(),
            leaf: leaf(&found.record.hash).map(hex::encode).unwrap_or_default(),
            proof: texts(&found.proof),
            checkpoint: CheckpointView::from(&found.checkpoint),
        }
    }
}

/// The proof that the trail of a checkpoint begins with that of an earlier one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConsistencyView {
    /// The earlier one.
    pub from: CheckpointView,
    /// The later one.
    pub to: CheckpointView,
    /// The hashes; none when both are over the same records.
    #[schema(value_type = Vec<Digest>)]
    pub proof: Vec<String>,
}

impl From<&Consistency> for ConsistencyView {
    fn from(found: &Consistency) -> Self {
        Self {
            from: CheckpointView::from(&found.from),
            to: CheckpointView::from(&found.to),
            proof: texts(&found.proof),
        }
    }
}
