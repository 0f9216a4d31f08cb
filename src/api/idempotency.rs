//! Each change once: the key that a caller gives to an intention, and the digest of what it meant by it.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::HeaderName;
use actix_web::{FromRequest, HttpRequest};
use serde_json::Value;

use super::auth::Caller;
use super::error::ApiError;
use super::server::Service;
use crate::domain::command::{Act, Command};
use crate::domain::id::Id;
use crate::domain::refusal::{Code, Refusal};
use crate::engine::{Answer, Failure, expire_command};

/// The header of the IETF draft.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Characters of a key.
const LONGEST: usize = 255;

/// The key of an intention: a string in quotes, or a bare UUID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(pub String);

impl IdempotencyKey {
    fn read(request: &HttpRequest) -> Result<Option<Self>, ApiError> {
        let mut values = request.headers().get_all(IDEMPOTENCY_KEY);
        let Some(value) = values.next() else { return Ok(None) };
        let malformed = || {
            let expected = "one Idempotency-Key: 1 to 255 characters in double quotes, or a bare UUID";
            ApiError::from(Refusal::of(Code::BodyMalformed).found("another Idempotency-Key").expected(expected))
        };
        let text = value.to_str().ok().filter(|_| values.next().is_none()).ok_or_else(malformed)?;
        content(text.trim_matches(' ')).map(Self).map(Some).ok_or_else(malformed)
    }
}

impl FromRequest for IdempotencyKey {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request).and_then(|key| key.ok_or_else(|| ApiError::of(Code::IdempotencyKeyMissing))))
    }
}

/// A key that may be left out where the same content is the same intention.
#[derive(Clone, Debug)]
pub struct OptionalKey(pub Option<IdempotencyKey>);

impl FromRequest for OptionalKey {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(IdempotencyKey::read(request).map(Self))
    }
}

/// The characters between the quotes of a String (RFC 9651, 3.3.3).
fn content(text: &str) -> Option<String> {
    if uuid::Uuid::parse_str(text).is_ok_and(|_| text.len() == 36) {
        return Some(text.to_owned());
    }
    let mut characters = text.strip_prefix('"')?.strip_suffix('"')?.chars();
    let mut content = String::new();
    while let Some(character) = characters.next() {
        match character {
            '\\' => content.push(characters.next().filter(|escaped| matches!(escaped, '"' | '\\'))?),
            '"' => return None,
            ' '..='~' => content.push(character),
            _ => return None,
        }
    }
    (1..=LONGEST).contains(&content.len()).then_some(content)
}

/// What a request means, of which the same key may not mean two.
#[derive(Clone, Debug)]
pub struct Meaning {
    operation: &'static str,
    subject: String,
    body: Value,
}

impl Meaning {
    /// Of an operation without a subject and a body.
    #[must_use]
    pub fn of(operation: &'static str) -> Self {
        Self { operation, subject: String::new(), body: Value::Null }
    }

    /// Of the record that the path names.
    #[must_use]
    pub fn subject(mut self, subject: &impl ToString) -> Self {
        self.subject = subject.to_string();
        self
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, body: Value) -> Self {
        self.body = body;
        self
    }

    /// With a body in which a scanned text stands for a voucher: two scans of one voucher mean the same.
    #[must_use]
    pub fn scanned(mut self, mut body: Value, voucher: Id) -> Self {
        if let Some(members) = body.as_object_mut() {
            members.retain(|name, _| !matches!(name.as_str(), "qr_token" | "scan_token"));
            members.insert("voucher".to_owned(), Value::String(voucher.to_string()));
        }
        self.body = body;
        self
    }

    /// The members of an object are kept sorted, so equal meanings have equal texts.
    fn digest(&self) -> Id {
        Id::digest(&[self.operation, &self.subject, &self.body.to_string()])
    }
}

impl Service {
    /// Does what a caller means, once for each of its keys.
    ///
    /// # Errors
    /// As the engine says.
    pub async fn act(
        &self,
        caller: &Caller,
        key: &IdempotencyKey,
        meaning: &Meaning,
        act: Act,
    ) -> Result<Answer, ApiError> {
        Ok(self.division.submit(self.command(caller, key, meaning, act)).await?)
    }

    /// The command of [`Self::act`], for whoever submits it in another way.
    #[must_use]
    pub fn command(&self, caller: &Caller, key: &IdempotencyKey, meaning: &Meaning, act: Act) -> Command {
        Command {
            id: Id::digest(&[&caller.actor.id.to_string(), &key.0]),
            // Keyed, because a body may hold an identity number that could be guessed from a plain digest.
            fingerprint: self.vault.lookup("fingerprint", &meaning.digest().to_string()),
            actor: caller.actor.clone(),
            request_id: caller.request_id.clone(),
            act,
        }
    }

    /// As [`Self::act`], of something that is the same intention when its content is the same and takes the place of the
    /// same record: what is put back after it was changed is put anew.
    ///
    /// # Errors
    /// As the engine says.
    pub async fn act_by_content(
        &self,
        caller: &Caller,
        key: OptionalKey,
        meaning: &Meaning,
        replaced: Option<Id>,
        act: Act,
    ) -> Result<Answer, ApiError> {
        let replaced = replaced.unwrap_or(Id::NIL);
        let key = key.0.unwrap_or_else(|| IdempotencyKey(format!("content {} for {replaced}", meaning.digest())));
        self.act(caller, &key, meaning, act).await
    }

    /// Ends a voucher whose time is over, as the job would; that somebody else did it first is no fault.
    ///
    /// # Errors
    /// When the engine cannot take it.
    pub async fn expire(&self, voucher: Id, request_id: &str) -> Result<(), ApiError> {
        match self.division.submit(expire_command(voucher, request_id)).await {
            Ok(_) | Err(Failure::Refused(_)) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::identifier::{Kind, judge};

    #[test]
    fn a_key_is_a_quoted_string_or_a_bare_uuid() {
        let uuid = "0198c0de-0000-7000-8000-000000000001";
        let read = |text: &str| content(text);
        assert_eq!(read(uuid), Some(uuid.to_owned()));
        assert_eq!(read(&format!("\"{uuid}\"")), read(uuid));
        assert_eq!(read(r#""a \"b\" \\""#), Some(r#"a "b" \"#.to_owned()));
        assert_eq!(read(&format!("\"{}\"", "k".repeat(255))).map(|key| key.len()), Some(255));
        let long = format!("\"{}\"", "k".repeat(256));
        for wrong in ["", "\"", "\"\"", "abc", "\"a\"b\"", "\"a\\\"", "\"\\n\"", "\"é\"", "\"a\";p=1", &long] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    /// The header is read as the kind of the same name is judged; a bare UUID is the header's alone.
    #[test]
    fn the_header_takes_what_the_kind_takes() {
        let today = chrono::NaiveDate::MAX;
        let texts: [&str; 13] = [
            "\"k1\"",
            "\"order 42\"",
            "\"a\\\"b\"",
            "\"a\\\\\"",
            "\"0\"",
            "\"a\";v=1",
            "\"a\\nb\"",
            "\"a\", \"b\"",
            "\"键\"",
            "\"\"",
            "\"",
            "",
            "k1",
        ];
        for text in texts.map(str::to_owned).into_iter().chain([255, 256].map(|n| format!("\"{}\"", "x".repeat(n)))) {
            assert_eq!(content(&text).is_some(), judge(Kind::IdempotencyKey, &text, today).is_taken(), "{text}");
        }
    }

    #[test]
    fn a_meaning_is_of_operation_subject_and_content() {
        let body = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let one = Meaning::of("x").body(body(r#"{"a":1,"b":{"c":2,"d":3}}"#)).digest();
        assert_eq!(one, Meaning::of("x").body(body(r#"{ "b":{"d":3,"c":2}, "a":1 }"#)).digest());
        assert_ne!(one, Meaning::of("x").body(body(r#"{"a":1,"b":{"c":2,"d":4}}"#)).digest());
        assert_ne!(one, Meaning::of("y").body(body(r#"{"a":1,"b":{"c":2,"d":3}}"#)).digest());
        assert_ne!(Meaning::of("x").subject(&1).digest(), Meaning::of("x").subject(&2).digest());
        let scans = [json!({"qr_token": "a", "n": 1}), json!({"scan_token": "b", "n": 1})];
        let [first, second] = scans.map(|scan| Meaning::of("x").scanned(scan, Id::NIL).digest());
        assert_eq!(first, second);
    }
}
