//! The parts of a request beside its body: named parameters of the query, and what stands in the path.

use std::collections::BTreeMap;
use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};

use super::auth::service;
use super::error::ApiError;
use super::page::CursorKey;
use crate::domain::id::Id;
use crate::domain::refusal::{Code, Refusal, Refusals};
use crate::domain::time::Day;

/// The parameters of a query, each named once.
#[derive(Debug, Default)]
pub struct Params {
    named: BTreeMap<String, String>,
    cursor_key: CursorKey,
}

impl Params {
    /// Reads a query string in which no other than the known names may stand.
    ///
    /// # Errors
    /// Names every unknown parameter; a repeated one is malformed.
    pub fn read(query: &str, known: &[&str]) -> Result<Self, ApiError> {
        let pairs = web::Query::<Vec<(String, String)>>::from_query(query)
            .map_err(|_| ApiError::malformed("query", "name=value pairs"))?;
        let mut params = BTreeMap::new();
        let mut failed = Vec::new();
        for (name, value) in pairs.into_inner() {
            // What no database can hold is no value of anything.
            if value.contains('\0') {
                let refusal = Refusal::at(Code::BodyMalformed, format!("/{name}"));
                failed.push(refusal.found("a NUL character").expected("a text without it"));
            }
            if !known.contains(&name.as_str()) {
                failed.push(Refusal::of(Code::FieldUnknown).found(&name).expected(known.join(", ")));
            } else if params.insert(name.clone(), value).is_some() {
                failed.push(Refusal::of(Code::BodyMalformed).found(&name).expected("each parameter once"));
            }
        }
        let read = Self { named: params, cursor_key: CursorKey::default() };
        Refusals::from_failed(failed).map_or(Ok(read), |refusals| Err(refusals.into()))
    }

    /// With the key of the service's cursors.
    #[must_use]
    pub fn with_key(self, cursor_key: CursorKey) -> Self {
        Self { cursor_key, ..self }
    }

    /// The key of the service's cursors.
    #[must_use]
    pub fn cursor_key(&self) -> CursorKey {
        self.cursor_key
    }

    /// Every other parameter with its value, in one text that is the same for the same parameters.
    #[must_use]
    pub fn without(&self, names: &[&str]) -> String {
        let others = self.named.iter().filter(|(name, _)| !names.contains(&name.as_str()));
        others.map(|(name, value)| format!("{name}={}:{value}", value.len())).collect::<Vec<_>>().join(";")
    }

    /// The text of a parameter.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.named.get(name).map(String::as_str)
    }

    /// A parameter read by a function; absent is `None`. A refusal points to it as to a member of an object.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn get<T>(
        &self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ApiError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let refusal = || Refusal::at(Code::BodyMalformed, format!("/{name}")).found(format!("{name}={text}"));
        read(text).map(Some).ok_or_else(|| refusal().expected(format!("{name}: {expected}")).into())
    }

    /// As [`Self::get`], of a parameter that must be there.
    ///
    /// # Errors
    /// When it is absent or cannot be read.
    pub fn need<T>(&self, name: &str, expected: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T, ApiError> {
        let missing = || {
            Refusal::at(Code::FieldMissing, format!("/{name}")).found("nothing").expected(format!("{name}: {expected}"))
        };
        self.get(name, expected, read)?.ok_or_else(|| missing().into())
    }
}

/// What is expected of a day in a query. Other years are slips of the finger.
pub const A_DAY: &str = "a day of the years 2000 to 2999, such as 2026-06-30";

/// A day in its one spelling, of a year that a query may name.
#[must_use]
pub fn day(text: &str) -> Option<Day> {
    let day: Day = serde_json::from_value(text.into()).ok()?;
    (text.len() == 10 && (2000..=2999).contains(&day.year())).then_some(day)
}

/// What an operation asks for in its query.
pub trait Wanted: Sized {
    /// The names that may stand there.
    const NAMES: &'static [&'static str];

    /// Takes them.
    ///
    /// # Errors
    /// With what cannot be read.
    fn take(params: &Params) -> Result<Self, ApiError>;
}

/// Extractor of what an operation wants to know.
#[derive(Debug)]
pub struct Asked<T>(pub T);

impl<T: Wanted> FromRequest for Asked<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = Params::read(request.query_string(), T::NAMES).and_then(|params| {
            let params = match service(request) {
                Ok(service) if T::NAMES.contains(&"cursor") => params.with_key(CursorKey::of(&service.vault)),
                Ok(_) => params,
                Err(fault) => return Err(fault),
            };
            T::take(&params)
        });
        ready(read.map(Self))
    }
}

/// An operation without parameters.
#[derive(Debug)]
pub struct Nothing;

impl Wanted for Nothing {
    const NAMES: &'static [&'static str] = &[];

    fn take(_: &Params) -> Result<Self, ApiError> {
        Ok(Self)
    }
}

/// The identity in the path; what is no identity is the identity of nothing, and so `NOT_FOUND`.
#[derive(Clone, Copy, Debug)]
pub struct PathId(pub Id);

impl FromRequest for PathId {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id").and_then(|text| Id::from_str(text).ok());
        ready(id.map(Self).ok_or_else(ApiError::not_found))
    }
}

/// The word of a programme in the path.
#[derive(Clone, Debug)]
pub struct PathWord(pub String);

impl FromRequest for PathWord {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let is_word = |text: &&str| {
            (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let word = request.match_info().get("id").filter(is_word).map(|text| Self(text.to_owned()));
        ready(word.ok_or_else(ApiError::not_found))
    }
}

/// The number of a version in the path.
#[derive(Clone, Copy, Debug)]
pub struct PathNumber(pub u32);

impl FromRequest for PathNumber {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let number = request.match_info().get("number").and_then(|text| text.parse().ok()).map(Self);
        ready(number.ok_or_else(ApiError::not_found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_known_and_stands_once() {
        let params = Params::read("limit=5&cursor=a%20b", &["limit", "cursor"]).unwrap();
        assert_eq!(params.text("cursor"), Some("a b"));
        assert_eq!(params.get("limit", "a number", |text| text.parse::<u8>().ok()).unwrap(), Some(5));
        assert!(params.need("from", "a day", |_| Some(())).is_err());
        let code = |query| match Params::read(query, &["limit"]).unwrap_err() {
            ApiError::Refused(refusals) => refusals.first().code,
            other => panic!("{other}"),
        };
        assert_eq!(code("limit=1&x=2"), Code::FieldUnknown);
        assert_eq!(code("limit=1&limit=2"), Code::BodyMalformed);
        assert!(Params::read("limit=%FF%FE&", &["limit"]).is_ok());
    }
}
