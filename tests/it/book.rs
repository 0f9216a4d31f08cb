//! Records what the service is sent and what it answers, as examples for its document.
//!
//! With a clock that stands and keys that follow from the operation, ids are the same in every run. What is drawn by lot
//! (signatures, keys, cursors, digests of sealed data) and what counts earlier requests (numbers of the trail, microseconds) give
//! their places to samples of the same form.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use huanxin::domain::id::Id;
use regex_lite::Regex;
use serde_json::{Map, Value, json};
use ureq::http::Method;

use crate::app::{Answer, User};
use crate::contract::{Operation, document, operations};
use crate::sale::with;
use crate::tokens::part;

/// In the place of every SHA-256.
pub const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
/// In the place of every number of the trail.
const NUMBER: u64 = 41;
/// In the place of every public key.
const POINT: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
/// In the place of every cursor.
const CURSOR: &str = "AZ7YZvTAcACAAAAAAAAAAm5vdCBzZWFsZWQsIGFzYW0";
/// In the place of every key's name.
const KEY_ID: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
/// In the place of every session's identity.
const SESSION: &str = "019ed874-e500-7000-8000-00000000005e";
/// In the place of every till's identity.
const TILL: &str = "6f2d8c41-93ab-4e07-b5d2-1c8e60f7a934";
/// In the place of every code with which a device enrols.
const TILL_CODE: &str = "7K2MP-X9R4T-0H3W8-CN5V6";
/// Somebody in an example.
const PERSON: &str = "9b3c5f0e-6a1d-4c27-8e59-20d4b7a1f6c8";
/// In the place of every refresh token.
const REFRESH: &str = "Hq9bq4m0O2mPjvKzq1nS3xA7tLw5cE8dRfGyUuIiOoP";
/// In the place of every first password.
const FIRST_PASSWORD: &str = "k7m2p-x9r4t-h3w8c-n5v6b-K7";
/// In the place of every webhook's secret.
const WEBHOOK_SECRET: &str = "whsec_dGhpcyBpcyBhbiBleGFtcGxlIGFuZCBubyBzZWNyZXQ=";
/// In the place of every second factor's secret: the one of RFC 6238.
const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const JSON: &str = "application/json";
const TOML: &str = "application/toml";
const CSV: &str = "text/csv";
const KEY: &str = "Idempotency-Key";

/// The examples so far.
#[derive(Default)]
pub struct Book {
    operations: BTreeMap<String, Value>,
    problems: BTreeMap<String, Value>,
    asked: BTreeMap<String, usize>,
    /// Who did something under which key.
    done: Vec<(Option<String>, String)>,
}

/// A request as it is sent.
#[derive(Clone)]
struct Request {
    operation: &'static Operation,
    parameters: Map<String, Value>,
    /// Beside the parameters: what does not belong there.
    query: String,
    /// Media type and text.
    body: Option<(&'static str, String)>,
}

impl Book {
    /// Asks an operation that has no body.
    pub fn ask(&mut self, user: &User<'_>, id: &str, parameters: &[(&str, &str)]) -> Value {
        self.succeed(user, id, parameters, None)
    }

    /// Sends a body.
    pub fn say(&mut self, user: &User<'_>, id: &str, parameters: &[(&str, &str)], body: &Value) -> Value {
        self.succeed(user, id, parameters, Some((JSON, body.to_string())))
    }

    /// Sends a programme's file.
    pub fn say_toml(&mut self, user: &User<'_>, id: &str, file: &str) -> Value {
        self.succeed(user, id, &[], Some((TOML, file.to_owned())))
    }

    /// Sends a file that is text.
    pub fn say_file(
        &mut self,
        user: &User<'_>,
        id: &str,
        parameters: &[(&str, &str)],
        media: &'static str,
        text: &str,
    ) -> Value {
        self.succeed(user, id, parameters, Some((media, text.to_owned())))
    }

    /// Sends a file of comma-separated values.
    pub fn say_csv(&mut self, user: &User<'_>, id: &str, parameters: &[(&str, &str)], file: &str) -> Value {
        self.succeed(user, id, parameters, Some((CSV, file.to_owned())))
    }

    /// Sends something that is refused with this code.
    pub fn no(&mut self, user: &User<'_>, id: &str, parameters: &[(&str, &str)], body: Option<&Value>, code: &str) {
        let body = body.map(|body| (JSON, body.to_string()));
        let answer = Request::new(id, parameters, body, 0).send(user);
        answer.refused(answer.status, code);
        self.problems.entry(code.to_owned()).or_insert_with(|| stable("", answer.body));
    }

    /// The operations of the document that were not asked.
    pub fn unasked(&self) -> Vec<&'static str> {
        let ids = operations().iter().map(|operation| operation.id.as_str());
        ids.filter(|id| !self.operations.contains_key(*id)).collect()
    }

    /// The file.
    pub fn text(&self) -> String {
        format!("{:#}\n", json!({"operations": self.operations, "problems": self.problems}))
    }

    /// The first request of an operation, and the first with each media type, is its example.
    fn succeed(
        &mut self,
        user: &User<'_>,
        id: &str,
        parameters: &[(&str, &str)],
        body: Option<(&'static str, String)>,
    ) -> Value {
        let number = self.asked.entry(id.to_owned()).or_default();
        *number += 1;
        if *number == 1 {
            self.is_refused_in_other_forms(user, &Request::new(id, parameters, body.clone(), 0));
        }
        let request = Request::new(id, parameters, body, self.asked[id]);
        let answer = request.send(user);
        let (status, _) = request.operation.success();
        assert_eq!(answer.status, status, "{id}: {:#}", answer.body);
        if let Some(key) = request.parameters.get(KEY) {
            self.done.push((user.token(), key.as_str().unwrap().to_owned()));
        }
        let new = || json!({"parameters": stable("", named_as_shown(&request.parameters, &answer.body).into()), "request": {}, "answer": {}});
        let example = self.operations.entry(id.to_owned()).or_insert_with(new);
        if let Some((media, text)) = request.body {
            let value = if media == JSON { serde_json::from_str(&text).unwrap() } else { text.into() };
            add(&mut example["request"], media, value);
        }
        let media = answer.header("Content-Type").unwrap().split(';').next().unwrap().to_owned();
        // A file that is no text is no example.
        if media.ends_with("json") {
            add(&mut example["answer"], &media, answer.body.clone());
        } else if let Ok(text) = String::from_utf8(answer.bytes) {
            add(&mut example["answer"], &media, text.into());
        }
        answer.body
    }

    /// Each refusal that the document derives from the form of the operation alone does come.
    fn is_refused_in_other_forms(&self, user: &User<'_>, good: &Request) {
        let told = good.operation.codes(None);
        let used = self.done.iter().find(|(who, _)| *who == user.token()).map(|(_, key)| key.as_str());
        let is_a_table = good.body.as_ref().is_some_and(|(media, _)| *media == CSV);
        if good.body.is_some() && !told.contains(&"FIELD_UNKNOWN") && !is_a_table {
            // A programme's file has another code for it.
            assert_eq!(good.with_unknown().send(user).status, 400, "{}", good.operation.id);
        }
        for code in told {
            let bad = match code {
                "FIELD_UNKNOWN" => good.with_unknown(),
                "FIELD_MISSING" => good.without_required(),
                "BODY_MALFORMED" => good.malformed(),
                "CURSOR_INVALID" if good.parameter("since").is_some() => good.and("since", "x"),
                "CURSOR_INVALID" => good.and("cursor", "x"),
                "IDEMPOTENCY_KEY_MISSING" => good.and(KEY, ""),
                "IDEMPOTENCY_KEY_REUSED" if used.is_some() => good.and(KEY, used.unwrap_or_default()),
                "NOT_FOUND" if good.operation.path.contains("{id}") => good.of_nothing(),
                _ => continue,
            };
            let answer = bad.send(user);
            assert_eq!(answer.body["code"], code, "{}: {:#}", good.operation.id, answer.body);
        }
    }
}

impl Request {
    fn new(id: &str, parameters: &[(&str, &str)], body: Option<(&'static str, String)>, number: usize) -> Self {
        let operation = operations().iter().find(|operation| operation.id == id);
        let operation = operation.unwrap_or_else(|| panic!("the document has no operation {id}"));
        let mut request = Self { operation, parameters: Map::new(), query: String::new(), body };
        if request.parameter(KEY).is_some() {
            request = request.and(KEY, &Id::digest(&["example", "key", id, &number.to_string()]).to_string());
        }
        parameters.iter().fold(request, |request, (name, value)| request.and(name, value))
    }

    /// What the document says of a parameter.
    fn parameter(&self, name: &str) -> Option<&'static Value> {
        let all = self.operation.says["parameters"].as_array();
        all.into_iter().flatten().find(|parameter| parameter["name"] == name)
    }

    /// With another value of a parameter.
    fn and(&self, name: &str, value: &str) -> Self {
        let mut request = self.clone();
        request.parameters.insert(name.to_owned(), value.into());
        request
    }

    fn with_body(&self, change: impl FnOnce(&Self, Value) -> String) -> Self {
        let (media, text) = self.body.as_ref().unwrap();
        let changed = change(self, serde_json::from_str(text).unwrap());
        Self { body: Some((media, changed)), ..self.clone() }
    }

    /// Whether there is a body in which members could be wrong.
    fn is_json(&self) -> bool {
        self.body.as_ref().is_some_and(|(media, _)| *media == JSON)
    }

    /// With a member or a parameter that nobody knows.
    fn with_unknown(&self) -> Self {
        match self.is_json() {
            true => self.with_body(|_, body| with(body, "/colour", "red").to_string()),
            false => Self { query: "colour=red".to_owned(), ..self.clone() },
        }
    }

    fn without_required(&self) -> Self {
        if !self.is_json() {
            let all = self.operation.says["parameters"].as_array().unwrap();
            let mut required =
                all.iter().filter(|parameter| parameter["in"] == "query" && parameter["required"] == true);
            let name = required.next().unwrap()["name"].as_str().unwrap();
            let mut request = self.clone();
            request.parameters.remove(name);
            return request;
        }
        self.with_body(|request, body| {
            let schema = &request.operation.says["requestBody"]["content"][JSON]["schema"]["$ref"];
            let schema = document().pointer(schema.as_str().unwrap().trim_start_matches('#')).unwrap();
            let name = schema["required"][0].as_str().unwrap();
            with(body, &format!("/{name}"), Value::Null).to_string()
        })
    }

    fn malformed(&self) -> Self {
        match &self.body {
            // Of a table, which may be any text, the query is.
            Some((CSV, _)) if self.parameters.contains_key("table") => {}
            Some((CSV, text)) => return Self { body: Some((CSV, text[1..].to_owned())), ..self.clone() },
            Some((JSON, _)) => return self.with_body(|_, body| body.to_string()[1..].to_owned()),
            Some(_) | None => {}
        }
        if self.parameters.contains_key(KEY) {
            return self.and(KEY, "not in quotes");
        }
        let all = self.operation.says["parameters"].as_array();
        let query = match all.into_iter().flatten().find(|parameter| parameter["in"] == "query") {
            Some(parameter) => format!("{0}=1&{0}=1", parameter["name"].as_str().unwrap()),
            None => "x".repeat(5000),
        };
        Self { query, parameters: self.path_parameters(), ..self.clone() }
    }

    fn path_parameters(&self) -> Map<String, Value> {
        let all = self.parameters.clone().into_iter();
        all.filter(|(name, _)| self.parameter(name).is_some_and(|told| told["in"] == "path")).collect()
    }

    /// Of a record that is not there.
    fn of_nothing(&self) -> Self {
        let uuid = self.parameter("id").unwrap()["schema"]["format"] == "uuid";
        self.and("id", if uuid { "019ed874-e500-7000-8000-000000000000" } else { "no-such-programme" })
    }

    fn send(&self, user: &User<'_>) -> Answer {
        let operation = self.operation;
        let mut path = operation.path.clone();
        let mut query: Vec<String> = Some(self.query.clone()).filter(|text| !text.is_empty()).into_iter().collect();
        let id = Id::digest(&["example", "request", &operation.id]).to_string();
        let mut headers = vec![("X-Request-Id", id.as_str())];
        for (name, value) in &self.parameters {
            let told = self.parameter(name).unwrap_or_else(|| panic!("{} has no parameter {name}", operation.id));
            let value = value.as_str().unwrap();
            match told["in"].as_str().unwrap() {
                "path" => path = path.replace(&format!("{{{name}}}"), value),
                "query" => query.push(format!("{name}={value}")),
                _ if value.is_empty() => {}
                _ => headers.push((name, value)),
            }
        }
        if let Some((media, _)) = self.body {
            headers.push(("Content-Type", media));
        }
        let path = if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) };
        let text = self.body.as_ref().map(|(_, text)| text.as_bytes());
        user.send(Method::from_bytes(operation.method.as_bytes()).unwrap(), &path, &headers, text)
    }
}

/// The parameters; a record whose identity was drawn goes by the sample that stands in its place in the answer.
fn named_as_shown(parameters: &Map<String, Value>, answer: &Value) -> Map<String, Value> {
    let mut parameters = parameters.clone();
    if let Some(id) = parameters.get_mut("id").filter(|id| **id == answer["id"]) {
        *id = stable("", answer.clone())["id"].take();
    }
    parameters
}

fn add(examples: &mut Value, media: &str, value: Value) {
    examples.as_object_mut().unwrap().entry(media).or_insert_with(|| stable("", value));
}

/// The value with samples in the place of what differs from run to run.
fn stable(name: &str, value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let drawn = drawn_id(&members);
            let stable = |(name, value): (String, Value)| match drawn {
                Some(sample) if name == "id" => (name, sample.into()),
                _ => (name.clone(), stable(&name, value)),
            };
            members.into_iter().map(stable).collect::<Map<_, _>>().into()
        }
        // As many as the number of records has it: two will do.
        Value::Array(items) if name == "proof" => items.into_iter().take(2).map(|item| stable(name, item)).collect(),
        Value::Array(items) => items.into_iter().map(|item| stable(name, item)).collect(),
        Value::String(text) => stable_text(name, &text).into(),
        Value::Number(_) if matches!(name, "seq" | "size") => NUMBER.into(),
        other => other,
    }
}

/// What stands in the place of a record's identity, where it follows from what is drawn: a session's from its tokens, a
/// till's from its code.
fn drawn_id(members: &Map<String, Value>) -> Option<&'static str> {
    let has = |name: &str| members.contains_key(name);
    if has("access_token") || has("ended_at") { Some(SESSION) } else { has("code_expires_at").then_some(TILL) }
}

fn stable_text(name: &str, text: &str) -> String {
    let signed = text.starts_with("eyJ") && text.split('.').count() == 3;
    match name {
        "x" => POINT.to_owned(),
        "kid" => KEY_ID.to_owned(),
        "next_cursor" => CURSOR.to_owned(),
        "scan_token" => token("HS256", "scan+jwt"),
        "link" => token("HS256", "evidence+jwt"),
        "path" if text.contains("?link=") => {
            format!("{}?link={}", text.split('?').next().unwrap_or_default(), token("HS256", "evidence+jwt"))
        }
        "access_token" => token("EdDSA", "at+jwt"),
        "refresh_token" => REFRESH.to_owned(),
        "password" | "current_password" | "initial_password" if text != "Kaninchen-2026" => FIRST_PASSWORD.to_owned(),
        "code" if text.len() == TILL_CODE.len() && text.split('-').count() == 4 => TILL_CODE.to_owned(),
        "code" | "totp" if text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit()) => "287082".to_owned(),
        "secret" if text.starts_with("whsec_") => WEBHOOK_SECRET.to_owned(),
        "secret" => SECRET.to_owned(),
        "otpauth_uri" => format!("otpauth://totp/huanxin:wang.fang?secret={SECRET}&issuer=huanxin"),
        "qr_svg" => "<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_owned(),
        // What a checkpoint signs; the statement of a dispute is somebody's words.
        "statement" if signed => token("EdDSA", "checkpoint+jwt"),
        // Who somebody is to the records follows from the service's key.
        "holder" | "owner" | "person" if text.parse::<Id>().is_ok() => PERSON.to_owned(),
        _ if signed => token("EdDSA", part(text, 0)["typ"].as_str().unwrap()),
        _ => {
            let number = format!("\"seq\":{NUMBER}");
            let lots = [("[0-9a-f]{64}", DIGEST), (r"\.0000[0-9]{2}Z", ".000000Z"), (r#""seq":[0-9]+"#, &number)];
            let replaced = |text: String, (found, sample): (&str, &str)| {
                Regex::new(found).unwrap().replace_all(&text, sample).into_owned()
            };
            lots.into_iter().fold(text.to_owned(), replaced)
        }
    }
}

/// A token of the right form that nobody signed.
fn token(algorithm: &str, kind: &str) -> String {
    let head = json!({"alg": algorithm, "kid": KEY_ID, "typ": kind}).to_string();
    let parts = [head.as_str(), r#"{"example":"not signed"}"#, "not a signature"];
    parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".")
}
