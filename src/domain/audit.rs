//! The trail: one record per command that had an effect, each hashed over the one before.

use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::command::{AuditNote, Command};
use super::id::Id;
use super::time::Moment;

/// The hash before the first record: SHA-256 of nothing is not it, so that an empty chain is told from a lost one.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A row that a command wrote and that may never change behind the trail's back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// Table.
    pub table: &'static str,
    /// Identity of the row.
    pub id: Id,
    /// SHA-256 over all its columns, in lower-case hexadecimal.
    pub digest: String,
}

/// The newest record's place in the chain. Its row is the writer lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Number of the newest record; zero before the first.
    pub seq: i64,
    /// Its hash, [`GENESIS`] before the first.
    pub hash: String,
    /// Its time.
    pub at: Moment,
}

/// A record of the trail as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// Number, from one, without gaps.
    pub seq: i64,
    /// When.
    pub at: Moment,
    /// The record that it is about.
    pub subject: String,
    /// The canonical bytes (RFC 8785) of what is hashed, as text.
    pub body: String,
    /// SHA-256 over the hash before and the body, in lower-case hexadecimal.
    pub hash: String,
}

/// The next record of the chain.
#[must_use]
pub fn record(head: &Head, at: Moment, command: &Command, note: &AuditNote, facts: &[Fact]) -> AuditRecord {
    let seq = head.seq + 1;
    let facts: Vec<Value> = facts.iter().map(|fact| json!([fact.table, fact.id.to_string(), fact.digest])).collect();
    // serde_json keeps the keys of an object sorted, and every number here is an integer: this text is canonical.
    let body = json!({
        "act": command.act.name(),
        "actor": command.actor.id.to_string(),
        "at": at.to_string(),
        "command": command.id.to_string(),
        "detail": note.detail,
        "facts": facts,
        "organisation": command.actor.organisation.map(|id| id.to_string()),
        "request": command.request_id,
        "role": command.actor.role,
        "seq": seq,
        "subject": note.subject,
    })
    .to_string();
    let hash = chain(&head.hash, &body);
    AuditRecord { seq, at, subject: note.subject.clone(), body, hash }
}

/// The hash of a record: SHA-256 over the hash before it (as text) and its body.
#[must_use]
pub fn chain(previous: &str, body: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(previous.as_bytes());
    hasher.update(body.as_bytes());
    hex::encode(hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::command::{Act, Actor};

    #[test]
    fn the_body_is_canonical_and_the_chain_depends_on_every_byte() {
        let actor = Actor { id: Id::digest(&["a"]), role: "officer".into(), organisation: None };
        let act = Act::ExpireVoucher { voucher: Id::NIL };
        let command = Command { id: Id::NIL, fingerprint: Id::NIL, actor, request_id: "é\u{1}\"".into(), act };
        let note = AuditNote { subject: "券".into(), detail: json!({"b": 1, "a": ["x", null]}) };
        let head = Head { seq: 4, hash: GENESIS.into(), at: Moment(0) };
        let written = record(&head, Moment(1_000_000), &command, &note, &[]);
        let value: Value = serde_json::from_str(&written.body).unwrap();
        assert_eq!(serde_json_canonicalizer::to_string(&value).unwrap(), written.body);
        assert_eq!(written.seq, 5);
        assert_ne!(chain(GENESIS, &written.body), chain(&written.hash, &written.body));
    }
    /// What the trail hashes has neither floats nor names beyond ASCII; without floats the text is that of RFC 8785.
    #[test]
    fn a_value_without_floats_is_written_as_the_standard_has_it() {
        let all: Value = serde_json::from_str(include_str!("../../tests/data/crypto_vectors.json")).unwrap();
        let vectors = all["jcs_rfc8785"].as_array().unwrap();
        let (mut compared, text) = (0, |value: &Value| value.as_str().unwrap().to_owned());
        for vector in vectors.iter().filter(|vector| !text(&vector["input"]).contains('.')) {
            let value: Value = serde_json::from_str(&text(&vector["input"])).unwrap();
            assert_eq!(value.to_string(), text(&vector["canonical"]));
            assert_eq!(hex::encode(value.to_string()), text(&vector["canonical_utf8_hex"]));
            compared += 1;
        }
        assert_eq!((compared, vectors.len()), (4, 5));
    }
}
