//! Holds the service to its document: every answer that any test gets is one that the document describes.

use std::sync::OnceLock;

use huanxin::api;
use serde_json::Value;
use ureq::http::Method;

use crate::app::Answer;
use crate::{leak, schema};

const PROBLEM_JSON: &str = "application/problem+json";
/// Headers of which the document says with which answers they come.
const TOLD: [&str; 8] = [
    "Content-Disposition",
    "ETag",
    "Idempotent-Replayed",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "WWW-Authenticate",
];
/// Headers that do not come with each answer that may have them.
const AT_TIMES: [&str; 4] = ["Content-Disposition", "Idempotent-Replayed", "RateLimit", "RateLimit-Policy"];

/// An operation of the document.
pub struct Operation {
    pub id: String,
    pub method: String,
    /// With `{id}` where an identity stands.
    pub path: String,
    /// What the document says of it.
    pub says: Value,
}

/// The document.
pub fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| serde_json::from_str(&api::document_json()).unwrap())
}

/// Every operation of the document.
pub fn operations() -> &'static [Operation] {
    static OPERATIONS: OnceLock<Vec<Operation>> = OnceLock::new();
    OPERATIONS.get_or_init(|| {
        let mut all = Vec::new();
        for (path, item) in document()["paths"].as_object().unwrap() {
            for (method, says) in item.as_object().unwrap() {
                let id = says["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no operationId"));
                let (method, path) = (method.to_uppercase(), path.clone());
                all.push(Operation { id: id.to_owned(), method, path, says: says.clone() });
            }
        }
        all
    })
}

impl Operation {
    /// The codes with which it may refuse, under a status or under any.
    pub fn codes(&self, status: Option<u16>) -> Vec<&str> {
        let responses = self.says["responses"].as_object().unwrap().iter();
        let of_status = responses.filter(|(told, _)| status.is_none_or(|status| **told == status.to_string()));
        let examples = of_status.filter_map(|(_, response)| response["content"][PROBLEM_JSON]["examples"].as_object());
        examples.flat_map(|codes| codes.keys().map(String::as_str)).collect()
    }

    /// The roles that may call it.
    pub fn roles(&self) -> Vec<&str> {
        self.says["x-roles"].as_array().unwrap().iter().map(|role| role.as_str().unwrap()).collect()
    }

    /// Whether anybody may call it.
    pub fn is_open(&self) -> bool {
        self.says["security"].as_array().unwrap().is_empty()
    }

    /// Status and description of its success.
    pub fn success(&self) -> (u16, &Value) {
        let responses = self.says["responses"].as_object().unwrap().iter();
        let mut good = responses.filter(|(status, _)| status.starts_with('2'));
        let (status, response) = good.next().unwrap();
        assert!(good.next().is_none(), "{} has two successes", self.id);
        (status.parse().unwrap(), response)
    }

    fn is_asked_by(&self, method: &Method, path: &str) -> bool {
        let (told, sent): (Vec<_>, Vec<_>) = (self.path.split('/').collect(), path.split('/').collect());
        let mut parts = told.iter().zip(&sent);
        let same = parts.all(|(told, sent)| told == sent || (told.starts_with('{') && !sent.is_empty()));
        self.method == method.as_str() && told.len() == sent.len() && same
    }
}

/// Fails when an operation answered in a way that its document does not have.
#[track_caller]
pub fn hold(method: &Method, path: &str, answer: &Answer) {
    let path = path.split('?').next().unwrap();
    let asked = operations().iter().find(|one| one.is_asked_by(method, path));
    // The document and its page are no answers about anybody: their examples are made up.
    if !matches!(path, "/api/openapi.json") && !path.starts_with("/docs") {
        leak::hold(asked.map(|operation| operation.id.as_str()), answer);
    }
    let Some(operation) = asked else { return };
    let faults = faults(operation, answer);
    let (id, status) = (&operation.id, answer.status);
    assert!(
        faults.is_empty(),
        "{id} answered {status} as the document does not say:\n{}\nRefusals stand in src/api/contract.rs, members in \
         src/api/view/; then run: make spec\n{:#}",
        faults.join("\n"),
        answer.body
    );
}

fn faults(operation: &Operation, answer: &Answer) -> Vec<String> {
    let responses = &operation.says["responses"];
    let own = &responses[answer.status.to_string()];
    // What has no code is no refusal: a method that the path does not have.
    let fault = own.is_null() && answer.body["code"].is_null() && answer.status >= 400;
    if fault {
        return schema::faults(document(), &document()["components"]["schemas"]["Fault"], &answer.body);
    }
    if own.is_null() {
        return vec![format!("status {} with {}", answer.status, answer.body["code"])];
    }
    let mut faults = headers(own, answer);
    // What has not changed is not sent again.
    if own["content"].is_null() && answer.bytes.is_empty() {
        return faults;
    }
    let media = answer.header("Content-Type").unwrap_or_default().split(';').next().unwrap();
    let content = &own["content"][media];
    if content.is_null() {
        faults.push(format!("an answer of {media}"));
    }
    if media.ends_with("json") && !content.is_null() {
        faults.extend(schema::faults(document(), &content["schema"], &answer.body));
    }
    if media == PROBLEM_JSON {
        faults.extend(codes(operation, answer));
    }
    faults
}

fn codes(operation: &Operation, answer: &Answer) -> Vec<String> {
    let told = |status: Option<u16>, code: &Value| operation.codes(status).contains(&code.as_str().unwrap_or_default());
    let first = &answer.body["code"];
    let mut faults = Vec::new();
    if !told(Some(answer.status), first) {
        faults.push(format!("{first} with status {}", answer.status));
    }
    let all = answer.body["errors"].as_array().into_iter().flatten().map(|error| &error["code"]);
    faults.extend(all.filter(|code| !told(None, code)).map(|code| format!("{code} among the errors")));
    faults
}

fn headers(response: &Value, answer: &Answer) -> Vec<String> {
    let mut faults = Vec::new();
    for name in TOLD {
        let (told, came) = (response["headers"][name].is_object(), answer.header(name).is_some());
        if came && !told {
            faults.push(format!("the header {name}"));
        }
        if told && !came && !AT_TIMES.contains(&name) {
            faults.push(format!("no header {name}"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use ureq::http::HeaderMap;

    use super::*;

    fn of_claim(status: u16, media: &str, body: Value, more: &[(&'static str, &str)]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        headers.insert("Content-Type", media.parse().unwrap());
        more.iter().for_each(|(name, value)| drop(headers.insert(*name, value.parse().unwrap())));
        let claim = operations().iter().find(|operation| operation.id == "claimVoucher").unwrap();
        faults(claim, &Answer { status, headers, body, bytes: Vec::new() })
    }

    fn problem(code: &str, status: u16, among: &str) -> Value {
        json!({"type": "https://huanxin.example/errors/X", "title": "", "status": status, "detail": "", "instance": "",
            "code": code, "errors": [{"code": among, "pointer": "", "detail": "", "found": null, "expected": null}]})
    }

    #[test]
    fn what_the_document_does_not_say_is_a_fault() {
        let good = [
            (422, problem("POOL_EXHAUSTED", 422, "POOL_EXHAUSTED")),
            (
                405,
                json!({"type": "about:blank",
            "title": "", "status": 405, "detail": "", "instance": "", "errors": []}),
            ),
        ];
        for (status, body) in good {
            assert_eq!(of_claim(status, PROBLEM_JSON, body, &[]), Vec::<String>::new());
        }
        let bad = [
            (422, problem("QR_EXPIRED", 422, "POOL_EXHAUSTED")),
            (422, problem("POOL_EXHAUSTED", 422, "QR_EXPIRED")),
            (409, problem("POOL_EXHAUSTED", 409, "POOL_EXHAUSTED")),
            (418, problem("POOL_EXHAUSTED", 418, "POOL_EXHAUSTED")),
            (422, json!({"code": "POOL_EXHAUSTED"})),
            (405, json!({})),
        ];
        for (status, body) in bad {
            assert!(!of_claim(status, PROBLEM_JSON, body.clone(), &[]).is_empty(), "{body}");
        }
        let voucher = &operations().iter().find(|operation| operation.id == "claimVoucher").unwrap().success().1["content"]
            ["application/json"]["example"];
        let location = ("Location", "/api/v1/vouchers/1");
        assert_eq!(of_claim(201, "application/json", voucher.clone(), &[location]), Vec::<String>::new());
        assert!(!of_claim(201, "application/json", voucher.clone(), &[]).is_empty());
        assert!(!of_claim(201, "application/json", voucher.clone(), &[location, ("ETag", "\"1\"")]).is_empty());
        assert!(!of_claim(201, "text/plain", voucher.clone(), &[location]).is_empty());
    }
}
