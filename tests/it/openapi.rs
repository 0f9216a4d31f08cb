//! The generated files are as the code makes them, and the document says of each operation what a caller needs.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use huanxin::api;
use huanxin::domain::programme;
use huanxin::domain::refusal::{Code, Language};
use serde_json::Value;

fn spec(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("api-spec").join(name)
}

/// `UPDATE=1` writes the file anew, as `make spec` does.
#[allow(clippy::disallowed_methods, reason = "the tests' own switch, not the service's configuration")]
fn is_as_generated(name: &str, generated: &str) {
    let file = spec(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, generated).unwrap();
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = there.lines().zip(generated.lines()).position(|(one, other)| one != other);
    assert!(there == generated, "api-spec/{name} differs from the code, from line {differs:?} on; run: make spec");
}

#[test]
fn the_document_is_as_generated() {
    is_as_generated("openapi.json", &format!("{}\n", api::document_json().trim_end()));
}

#[test]
fn the_schema_of_programmes_is_as_generated() {
    is_as_generated("programme.schema.json", &format!("{}\n", programme::schema_json().trim_end()));
}

#[test]
fn the_page_of_errors_is_as_generated() {
    is_as_generated("errors.md", &errors_page());
}

/// Every refusal code with its status and its two sentences.
fn errors_page() -> String {
    let mut page = "# Refusals\n\n\
        Made from the code: change `src/domain/refusal.rs` and run `make spec`. The answer of a refused request has \
        the code and the status\nof the first failure by rank; all of them stand in `errors`.\n\n\
        | rank | status | code | what is wrong, and what to do | 说明与办法 |\n|---|---|---|---|---|\n"
        .to_owned();
    for code in Code::ALL {
        let (rank, status, name) = (code.rank(), code.status(), code.name());
        let english = format!("{}. {}", code.title(Language::English), code.remedy(Language::English));
        let chinese = format!("{}。{}", code.title(Language::Chinese), code.remedy(Language::Chinese));
        writeln!(page, "| {rank} | {status} | `{name}` | {english} | {chinese} |").unwrap();
    }
    page
}

/// Every operation of the document with its method and path.
pub fn operations() -> Vec<(String, String, Value)> {
    let document: Value = serde_json::from_str(&api::document_json()).unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if ["get", "put", "post", "delete", "patch"].contains(&method.as_str()) {
                all.push((method.to_uppercase(), path.clone(), operation.clone()));
            }
        }
    }
    all
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let names: Vec<_> = operations().iter().map(|(_, _, operation)| operation["operationId"].clone()).collect();
    assert!(names.iter().all(Value::is_string), "{names:?}");
    let distinct: BTreeSet<_> = names.iter().map(ToString::to_string).collect();
    assert_eq!(distinct.len(), names.len());
    for needed in [
        "listProgrammes",
        "getProgramme",
        "listCollectionPoints",
        "checkEligibility",
        "claimVoucher",
        "listVouchers",
        "getVoucher",
        "cancelVoucher",
        "getVoucherQr",
        "recordTurnIn",
        "getTurnIn",
        "listTurnIns",
        "voidTurnIn",
        "quoteRedemption",
        "redeemVoucher",
        "getRedemption",
        "listRedemptions",
        "reverseRedemption",
        "createProgramme",
        "publishProgramme",
        "pauseProgramme",
        "closeProgramme",
        "adjustPool",
        "listAdjustments",
        "postAdjustments",
        "registerRetailer",
        "approveRetailer",
        "suspendRetailer",
        "addStore",
        "registerRecycler",
        "getTotalsReport",
        "getGrowthReport",
        "setGrowthBaseline",
        "recordOffSystemTradeIns",
        "listAuditRecords",
    ] {
        assert!(distinct.contains(&format!("\"{needed}\"")), "{needed}");
    }
}

#[test]
fn every_error_answer_is_a_problem() {
    for (method, path, operation) in operations() {
        let responses = operation["responses"].as_object().unwrap();
        for (status, response) in responses.iter().filter(|(status, _)| status.as_str() >= "400") {
            let content = response["content"].as_object();
            let problem = content.is_some_and(|kinds| kinds.contains_key("application/problem+json"));
            assert!(problem, "{method} {path} {status}");
        }
    }
}

/// The known codes alone stand in the document, and each code that belongs to an operation stands somewhere.
#[test]
fn the_document_names_the_refusals() {
    let text = api::document_json();
    for code in Code::ALL.iter().filter(|code| !matches!(code, Code::RateLimited | Code::SameOfficer)) {
        assert!(text.contains(code.name()), "{code}");
    }
}

on_both! {
    fn the_service_hands_its_document_out(app) {
        let served = app.nobody().get("/api/openapi.json").expect(200);
        assert_eq!(served, serde_json::from_str::<Value>(&api::document_json()).unwrap());
    }
}
