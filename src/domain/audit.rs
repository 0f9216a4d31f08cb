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

/// A row that a record has the digest of, as the record names it: a [`Fact`] read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named<'a> {
    /// Table.
    pub table: &'a str,
    /// Identity of the row.
    pub id: Id,
    /// The digest.
    pub digest: &'a str,
}

/// The rows that a record has the digests of, in the order of its body; `None` for one that is not told as [`record`] tells
/// them. What that means is the reader's to say: to `audit verify` it is a finding, a screen passes it over.
pub fn named(body: &Value) -> impl Iterator<Item = Option<Named<'_>>> {
    body.get("facts").and_then(Value::as_array).into_iter().flatten().map(|fact| {
        let [table, id, digest] = fact.as_array()?.as_slice() else { return None };
        Some(Named { table: table.as_str()?, id: id.as_str()?.parse().ok()?, digest: digest.as_str()? })
    })
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

impl AuditRecord {
    /// What the body says; null when it cannot be read, which `audit verify` finds.
    #[must_use]
    pub fn said(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// The next record of the chain.
#[must_use]
pub fn record(head: &Head, at: Moment, command: &Command, note: &AuditNote, facts: &[Fact]) -> AuditRecord {
    let seq = head.seq + 1;
    let facts: Vec<Value> = facts.iter().map(|fact| json!([fact.table, fact.id.to_string(), fact.digest])).collect();
    let body = canonical(&json!({
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
    }));
    let hash = chain(&head.hash, &body);
    AuditRecord { seq, at, subject: note.subject.clone(), body, hash }
}

/// The canonical text of a value (RFC 8785).
///
/// `serde_json` keeps the keys of an object sorted by their bytes, and writes strings and integers as the standard does.
/// What it writes otherwise, floats, large numbers and keys that sort differently by UTF-16, stands in no record so far;
/// such a value takes the slower way.
#[must_use]
pub fn canonical(value: &Value) -> String {
    if is_plain(value) {
        return value.to_string();
    }
    serde_json_canonicalizer::to_string(value).unwrap_or_else(|_| value.to_string())
}

/// Whether a value holds no number but integers that a double has too, and no key beyond ASCII.
fn is_plain(value: &Value) -> bool {
    const EXACT: u64 = 1 << 53;
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => true,
        Value::Number(number) => number.as_i64().is_some_and(|number| number.unsigned_abs() <= EXACT),
        Value::Array(items) => items.iter().all(is_plain),
        Value::Object(members) => members.iter().all(|(key, value)| key.is_ascii() && is_plain(value)),
    }
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

    #[test]
    fn rows_are_named_as_they_were_put_down_and_what_is_none_is_told_from_them() {
        let actor = Actor { id: Id::NIL, role: "system".into(), organisation: None };
        let act = Act::ExpireVoucher { voucher: Id::NIL };
        let command = Command { id: Id::NIL, fingerprint: Id::NIL, actor, request_id: String::new(), act };
        let note = AuditNote { subject: String::new(), detail: Value::Null };
        let head = Head { seq: 0, hash: GENESIS.into(), at: Moment(0) };
        let facts = ["a", "b"].map(|word| Fact { table: "movement", id: Id::digest(&[word]), digest: word.repeat(64) });
        let said = record(&head, Moment(0), &command, &note, &facts).said();
        let read: Vec<Fact> = named(&said)
            .flatten()
            .map(|row| Fact { table: "movement", id: row.id, digest: row.digest.to_owned() })
            .collect();
        assert_eq!(read, facts);
        assert!(named(&said).flatten().all(|row| row.table == "movement"));
        let id = Id::NIL.to_string();
        for none in [
            json!("movement"),
            json!(["movement", id]),
            json!(["movement", id, null]),
            json!(["movement", "x", "d"]),
            json!(["movement", id, "d", "e"]),
        ] {
            let body = json!({"facts": [none, ["movement", id, "d"]]});
            assert_eq!(named(&body).map(|row| row.is_some()).collect::<Vec<_>>(), [false, true], "{body}");
        }
        assert_eq!(named(&Value::Null).count(), 0);
    }

    /// Every vector, floats included, and what the quick way must leave to the slow one.
    #[test]
    fn a_value_is_written_as_the_standard_has_it() {
        let all: Value = serde_json::from_str(include_str!("../../tests/data/crypto_vectors.json")).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let vectors = all["jcs_rfc8785"].as_array().unwrap();
        for vector in vectors {
            let value: Value = serde_json::from_str(&text(&vector["input"])).unwrap();
            assert_eq!(canonical(&value), text(&vector["canonical"]));
            assert_eq!(hex::encode(canonical(&value)), text(&vector["canonical_utf8_hex"]));
        }
        assert_eq!(vectors.len(), 5);
        // A key beyond the first plane sorts before U+FB33 by its surrogates, after it by its bytes.
        for (value, written) in [
            (json!({"\u{fb33}": 1, "\u{1f600}": 2}), "{\"\u{1f600}\":2,\"\u{fb33}\":1}"),
            (json!([1.0, 1e21, 9_007_199_254_740_993_u64]), "[1,1e+21,9007199254740992]"),
        ] {
            assert_eq!(canonical(&value), written);
        }
    }
}
