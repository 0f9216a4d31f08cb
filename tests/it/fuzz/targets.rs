//! What must hold of any bytes.

use std::fmt::Write as _;

use huanxin::access::Role;
use huanxin::domain::programme::{check_json, check_toml, from_json};
use serde_json::{Value, json};
use ureq::http::Method;

use crate::app::{Answer, TestApp, User, fresh_key};
use crate::contract::{Operation, operations};
use crate::database::Place;
use crate::examples;

/// Bytes of a body that the service reads.
const LONGEST_BODY: usize = 64 * 1024;

pub trait Target {
    /// Fails when something does not hold.
    fn hold(&self, input: &[u8]);

    /// Seeds beside the corpus.
    fn seeds(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }

    /// A file of the corpus with what differs from run to run, such as a token that is signed, in the place of its name
    /// in braces.
    fn filled(&self, seed: Vec<u8>) -> Vec<u8> {
        seed
    }
}

/// The service on the recorded day, when there is something of everything.
pub fn with_app(run: impl FnOnce(&TestApp)) {
    let app = TestApp::standing(Place::sqlite());
    examples::day(&app);
    run(&app);
}

fn filled(seed: Vec<u8>, genuine: &[(&str, String)]) -> Vec<u8> {
    let Ok(text) = String::from_utf8(seed.clone()) else { return seed };
    let put = |text: String, (name, value): &(&str, String)| text.replace(&format!("{{{name}}}"), value);
    genuine.iter().fold(text, put).into_bytes()
}

fn is_genuine(text: &str, genuine: &[(&str, String)]) -> bool {
    genuine.iter().any(|(_, value)| value == text.trim_matches(' '))
}

/// A voucher's code: what was not signed is never taken for a voucher.
pub struct Codes<'a> {
    app: &'a TestApp,
    till: User<'a>,
    genuine: Vec<(&'static str, String)>,
}

impl<'a> Codes<'a> {
    pub fn of(app: &'a TestApp) -> Self {
        let voucher = app.claim(5, "nc-appl-2026", "refrigerator", None);
        let (live, printed) = (app.code(5, &voucher, "live"), app.code(5, &voucher, "printed"));
        let till = app.retailer();
        let quote = ask_quote(app, &till, &live).expect(200);
        let scan = quote["scan_token"].as_str().unwrap().to_owned();
        Self { app, till, genuine: vec![("live", live), ("printed", printed), ("scan", scan)] }
    }
}

fn ask_quote(app: &TestApp, till: &User<'_>, code: &str) -> Answer {
    let body = json!({"qr_token": code, "store_id": app.store(), "holder_check": "0000"});
    till.post_text(&[], "/api/v1/redemptions/quote", &body.to_string())
}

impl Target for Codes<'_> {
    fn hold(&self, input: &[u8]) {
        let code = String::from_utf8_lossy(input);
        let answer = ask_quote(self.app, &self.till, &code);
        let genuine = is_genuine(&code, &self.genuine);
        assert!(answer.status >= 400 || genuine, "taken: {code}");
        assert!(answer.status < 500, "{code}");
    }

    fn filled(&self, seed: Vec<u8>) -> Vec<u8> {
        filled(seed, &self.genuine)
    }
}

/// An access token: what was not issued opens nothing.
pub struct Access<'a> {
    app: &'a TestApp,
    genuine: Vec<(&'static str, String)>,
}

impl<'a> Access<'a> {
    pub fn of(app: &'a TestApp) -> Self {
        let voucher = app.claim(5, "nc-appl-2026", "refrigerator", None);
        let officer = app.officer().token().unwrap();
        let clerk = app.somebody(Role::Reader, None).token().unwrap();
        let live = app.code(5, &voucher, "live");
        Self { app, genuine: vec![("officer", officer), ("reader", clerk), ("live", live)] }
    }
}

impl Target for Access<'_> {
    fn hold(&self, input: &[u8]) {
        // What a header can carry.
        let token: String = input.iter().map(|byte| char::from(byte % 95 + 32)).collect();
        let token: String = if input.iter().all(|byte| (32..127).contains(byte)) {
            input.iter().copied().map(char::from).collect()
        } else {
            token
        };
        if token.len() > 4096 {
            return;
        }
        let answer = self.app.user(Some(&token)).get("/api/v1/reports/appliance-growth");
        let genuine = is_genuine(&token, &self.genuine[..2]);
        assert_eq!(answer.status == 200, genuine, "{token}: {:#}", answer.body);
        if !genuine {
            answer.refused_alone(401, "UNAUTHENTICATED");
        }
    }

    fn filled(&self, seed: Vec<u8>) -> Vec<u8> {
        filled(seed, &self.genuine)
    }
}

/// A cursor: it is the caller's own of this list, or refused.
pub struct Cursors<'a> {
    reader: User<'a>,
    genuine: Vec<(&'static str, String)>,
}

const LIST: &str = "/api/v1/retailers?limit=1";

impl<'a> Cursors<'a> {
    pub fn of(app: &'a TestApp) -> Self {
        let next = |user: &User<'_>| user.get(LIST).expect(200)["next_cursor"].as_str().unwrap().to_owned();
        let reader = app.officer();
        let (own, others) = (next(&reader), next(&app.auditor()));
        Self { reader, genuine: vec![("own", own), ("others", others)] }
    }
}

impl Target for Cursors<'_> {
    fn hold(&self, input: &[u8]) {
        if input.len() > 2000 {
            return;
        }
        let mut path = format!("{LIST}&cursor=");
        input.iter().for_each(|byte| write!(path, "%{byte:02X}").unwrap());
        let answer = self.reader.get(&path);
        let own = input == self.genuine[0].1.as_bytes();
        assert_eq!(answer.status == 200, own, "{}: {:#}", String::from_utf8_lossy(input), answer.body);
        assert!(own || answer.status == 400, "{:#}", answer.body);
    }

    fn filled(&self, seed: Vec<u8>) -> Vec<u8> {
        filled(seed, &self.genuine)
    }
}

/// A JSON body: the answer is one that the document has, which the client sees to, and no fault of the service. The first
/// line of a seed names the operation.
pub struct Bodies<'a> {
    app: &'a TestApp,
}

impl<'a> Bodies<'a> {
    pub fn of(app: &'a TestApp) -> Self {
        Self { app }
    }

    fn caller(&self, operation: &Operation) -> User<'_> {
        if operation.says["tags"][0] == "identity" {
            // Of a session, as whoever sets an account up.
            return self.app.somebody(Role::Admin, None);
        }
        let role = operation.roles().first().and_then(|name| Role::ALL.iter().find(|role| role.name() == *name));
        match role {
            None => self.app.nobody(),
            Some(Role::Consumer) => self.app.consumer(5),
            Some(Role::Clerk | Role::Retailer) => self.app.retailer(),
            Some(role) => self.app.demo_user(role.name()),
        }
    }
}

/// Operations that are sent JSON.
fn told_json() -> impl Iterator<Item = &'static Operation> {
    operations().iter().filter(|one| one.says["requestBody"]["content"]["application/json"].is_object())
}

/// The path with its parameters as in the example.
fn example_path(operation: &Operation) -> String {
    let parameters = operation.says["parameters"].as_array().into_iter().flatten();
    parameters.filter(|one| one["in"] == "path").fold(operation.path.clone(), |path, one| {
        let name = one["name"].as_str().unwrap();
        path.replace(&format!("{{{name}}}"), one["example"].as_str().unwrap())
    })
}

impl Target for Bodies<'_> {
    fn hold(&self, input: &[u8]) {
        let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(0);
        let Some(operation) = told_json().find(|one| one.id.as_bytes() == &input[..end]) else { return };
        let body = &input[end + 1..];
        if body.len() > LONGEST_BODY {
            return;
        }
        let key = fresh_key();
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", key.as_str())];
        let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
        let answer = self.caller(operation).send(method, &example_path(operation), &headers, Some(body));
        assert!(answer.status < 500, "{}: {}", operation.id, String::from_utf8_lossy(body));
        if serde_json::from_slice::<Value>(body).is_err() {
            assert_eq!(answer.status, 400, "{}: {}", operation.id, String::from_utf8_lossy(body));
        }
    }

    /// The document's examples.
    fn seeds(&self) -> Vec<Vec<u8>> {
        let text = |operation: &Operation| {
            let example = &operation.says["requestBody"]["content"]["application/json"]["example"];
            format!("{}\n{example}", operation.id).into_bytes()
        };
        told_json().map(text).collect()
    }
}

/// A programme file: it is read, or every fault has words; what was read is the same when it is written and read again.
pub struct Programmes;

impl Target for Programmes {
    fn hold(&self, input: &[u8]) {
        let Ok(text) = std::str::from_utf8(input) else { return };
        for checked in [check_toml(text), check_json(text)] {
            match checked {
                Ok(checked) => {
                    let written = serde_json::to_string(&checked.rules).unwrap();
                    assert_eq!(from_json(&written).unwrap(), checked.rules, "{text}");
                }
                Err(faults) => {
                    assert!(!faults.is_empty() && faults.iter().all(|fault| !fault.message.is_empty()), "{text}");
                }
            }
        }
    }

    /// The shipped files.
    fn seeds(&self) -> Vec<Vec<u8>> {
        let folder = super::folder(&["programmes"]);
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|end| end == "toml"));
        files.sort();
        files.iter().map(|file| std::fs::read(file).unwrap()).collect()
    }
}
