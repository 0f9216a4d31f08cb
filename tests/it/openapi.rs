//! The generated files are as the code makes them, and the document says of each operation what a caller needs.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use huanxin::access::Role;
use huanxin::api;
use huanxin::api::view::PROBLEM_TYPES;
use huanxin::domain::programme;
use huanxin::domain::refusal::{Code, Language};
use serde_json::{Value, json};

use crate::contract::{document, operations};

/// A file of `api-spec/`.
pub fn is_as_generated(name: &str, generated: &str) {
    file_is_as_generated(&format!("api-spec/{name}"), generated);
}

/// `UPDATE=1` writes the file anew, as `make spec` does.
#[allow(clippy::disallowed_methods, reason = "the tests' own switch, not the service's configuration")]
pub fn file_is_as_generated(name: &str, generated: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, generated).unwrap();
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = there.lines().zip(generated.lines()).position(|(one, other)| one != other);
    assert!(there == generated, "{name} differs from the code, from line {differs:?} on; run: make spec");
}

#[test]
fn the_document_is_as_generated() {
    is_as_generated("openapi.json", &api::document_json());
}

#[test]
fn the_schema_of_programmes_is_as_generated() {
    is_as_generated("programme.schema.json", &format!("{}\n", programme::schema_json().trim_end()));
}

#[test]
fn the_page_of_errors_is_as_generated() {
    is_as_generated("errors.md", &errors_page());
}

/// Every refusal code with its status, its two sentences and the operations that give it, and a section for each.
fn errors_page() -> String {
    let mut page = "# Refusals\n\n\
        Made from the code: change `src/domain/refusal.rs` (a code) or `src/api/contract.rs` (which operation gives it) and run \
        `make spec`.\n\
        The answer of a refused request has the code and the status of the first failure by rank; all of them stand in `errors`.\n\
        Its `type` is `https://huanxin.example/errors/` and the code, which is described here under its name.\n\n\
        | rank | status | code | what is wrong, and what to do | 说明与办法 | given by |\n|---|---|---|---|---|---|\n"
        .to_owned();
    for code in Code::ALL {
        let (rank, status, name) = (code.rank(), code.status(), code.name());
        let link = format!("[`{name}`](#{})", name.to_lowercase());
        let [english, chinese] = sentences(*code);
        let by = given_by(*code);
        writeln!(page, "| {rank} | {status} | {link} | {english} | {chinese} | {by} |").unwrap();
    }
    for code in Code::ALL {
        let [english, chinese] = sentences(*code);
        let (status, name, by) = (code.status(), code.name(), given_by(*code));
        writeln!(page, "\n## {name}\n\n`{PROBLEM_TYPES}{name}`, status {status}\n").unwrap();
        writeln!(page, "- {english}\n- {chinese}\n- Given by {by}.").unwrap();
    }
    page
}

fn sentences(code: Code) -> [String; 2] {
    let english = format!("{}. {}", code.title(Language::English), code.remedy(Language::English));
    [english, format!("{}。{}", code.title(Language::Chinese), code.remedy(Language::Chinese))]
}

#[test]
fn the_page_of_access_is_as_generated() {
    file_is_as_generated("docs/access.md", &access_page());
}

/// Every operation with its roles, grouped as the document groups them.
fn access_page() -> String {
    let roles: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
    let open = operations().iter().filter(|operation| operation.is_open()).count();
    let mut page = format!(
        "# Who may call what\n\n\
        Made from the code: the roles stand with the extractors in `src/api/auth.rs`, each handler names the extractor of \
        its caller first, and the routes of\n`src/api/server.rs` take no other handler. After a change run `make spec`; \
        what changes here has changed for the callers.\n\n\
        ● may call the operation; every other role is refused with `FORBIDDEN`. Without a token that holds, the answer is \
        `UNAUTHENTICATED`.\nWhose record it is is judged beside the role: a record of another organisation or person is \
        `NOT_FOUND`, as if there were none.\n\n\
        {open} operations need no token; that number may only shrink.\n"
    );
    for tag in document()["tags"].as_array().unwrap() {
        let (name, what) = (tag["name"].as_str().unwrap(), tag["description"].as_str().unwrap());
        writeln!(page, "\n## {name}\n\n{what}.\n").unwrap();
        writeln!(page, "| operation | method and path | {} |", roles.join(" | ")).unwrap();
        writeln!(page, "|---|---|{}", ":-:|".repeat(roles.len())).unwrap();
        for operation in operations().iter().filter(|operation| operation.says["tags"][0] == name) {
            let mark = |role: &&str| if operation.is_open() || operation.roles().contains(role) { "●" } else { "" };
            let marks: Vec<&str> = roles.iter().map(mark).collect();
            let (id, method, path) = (&operation.id, &operation.method, &operation.path);
            let token = if operation.is_open() { ", no token" } else { "" };
            writeln!(page, "| {id} | {method} `{path}`{token} | {} |", marks.join(" | ")).unwrap();
        }
    }
    page
}

/// The operations that may refuse with the code, in words.
fn given_by(code: Code) -> String {
    let of_the_api = operations().iter().filter(|operation| operation.path.starts_with("/api/v1/"));
    let all: BTreeSet<&str> = of_the_api.map(|operation| operation.id.as_str()).collect();
    let giving = operations().iter().filter(|operation| operation.codes(None).contains(&code.name()));
    let giving: BTreeSet<&str> = giving.map(|operation| operation.id.as_str()).collect();
    let absent: Vec<&str> = all.difference(&giving).copied().collect();
    match (giving.len(), absent.len()) {
        (0, _) => "no operation yet".to_owned(),
        (_, 0) => "every operation".to_owned(),
        (_, few) if few <= 6 => format!("every operation but {}", absent.join(", ")),
        _ => giving.into_iter().collect::<Vec<_>>().join(", "),
    }
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let distinct: BTreeSet<&str> = operations().iter().map(|operation| operation.id.as_str()).collect();
    assert_eq!(distinct.len(), operations().len());
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
        assert!(distinct.contains(needed), "{needed}");
    }
}

/// What a caller needs to know of an operation without reading the code.
#[test]
fn every_operation_says_what_a_caller_needs() {
    for operation in operations() {
        let (id, says) = (&operation.id, &operation.says);
        assert!(says["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{id}: no summary");
        assert!(says["tags"].as_array().is_some_and(|tags| tags.len() == 1), "{id}: no tag");
        assert!(says["security"].is_array(), "{id}: who may call?");
        assert_eq!(operation.roles().is_empty(), operation.is_open(), "{id}: who may call?");
        for parameter in says["parameters"].as_array().into_iter().flatten() {
            let told = parameter["description"].is_string() && parameter["schema"].is_object();
            assert!(told, "{id}: say what the parameter {} is", parameter["name"]);
            let needed = parameter["required"] == true;
            assert!(!needed || parameter["example"].is_string(), "{id}: {} has no example", parameter["name"]);
        }
        for (media, content) in says["requestBody"]["content"].as_object().into_iter().flatten() {
            // What a person cannot read is no example: a picture, a workbook.
            let unreadable = media.starts_with("image/") || media.starts_with("application/vnd.");
            assert!(unreadable || !content["example"].is_null(), "{id}: no example of a request of {media}");
        }
        let (_, success) = operation.success();
        let mut answers = success["content"].as_object().unwrap().iter();
        // What a person cannot read is no example, and neither is what holds identity numbers in the clear.
        let kept = id == "exportNationalUpload";
        let shown = answers.any(|(media, content)| media == "application/zip" || !content["example"].is_null()) || kept;
        assert!(shown, "{id}: no example of its answer");
    }
}

#[test]
fn every_refusal_is_a_problem_with_an_example() {
    for operation in operations() {
        let responses = operation.says["responses"].as_object().unwrap();
        for (status, response) in responses.iter().filter(|(status, _)| status.as_str() >= "400") {
            if response["$ref"] == "#/components/responses/Fault" {
                continue;
            }
            let codes = operation.codes(status.parse().ok());
            assert!(!codes.is_empty(), "{} {status}: no example", operation.id);
            for code in codes {
                let value = &document()["components"]["examples"][code]["value"];
                assert_eq!((value["code"].as_str(), value["status"].to_string()), (Some(code), status.clone()));
            }
        }
    }
}

/// The known codes alone stand in the document, and each code that belongs to an operation stands somewhere.
#[test]
fn the_document_names_the_refusals() {
    let text = api::document_json();
    for code in Code::ALL {
        assert!(text.contains(code.name()), "{code}");
    }
}

/// What libraries that are not ours say of the document: what was judged, or the faults.
fn judged_by_others(document: &Value) -> Result<Value, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/python/bin/python");
    assert!(python.exists(), "the validators are not installed: run tests/run.sh once, it makes target/python");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("openapi.json");
    std::fs::write(&file, document.to_string()).unwrap();
    let ran = Command::new(python).arg(root.join("tests/check_openapi.py")).arg(&file).output().unwrap();
    if ran.status.success() {
        Ok(serde_json::from_slice(&ran.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned())
    }
}

#[test]
fn other_libraries_find_the_document_and_each_of_its_examples_good() {
    let judged = judged_by_others(document()).unwrap_or_else(|faults| panic!("{faults}"));
    for (kind, count) in judged.as_object().unwrap() {
        assert!(count.as_u64() > Some(10), "{kind}: {count}");
    }
}

/// The document with other values at these places.
fn broken(values: &[(&str, Value)]) -> Value {
    let mut document = document().clone();
    for (place, value) in values {
        *document.pointer_mut(place).unwrap_or_else(|| panic!("{place}")) = value.clone();
    }
    document
}

#[test]
fn other_libraries_find_what_is_wrong() {
    let dialect = [("/components/schemas/Digest/type", json!("text"))];
    assert!(judged_by_others(&broken(&dialect)).unwrap_err().contains("no OpenAPI 3.1"));
    let lost = [("/components/responses/Fault", json!({"$ref": "#/components/responses/Lost"}))];
    assert!(judged_by_others(&broken(&lost)).unwrap_err().contains("nothing is at #/components/responses/Lost"));
    let faults = judged_by_others(&broken(&[
        ("/components/schemas/VoucherView/properties/id/format", json!("date")),
        ("/components/schemas/ReasonBody/additionalProperties", json!(true)),
        ("/components/schemas/AddStoreBody/required", json!([])),
        ("/components/schemas/Category/enum", json!(["lamp"])),
        ("/components/schemas/StoreView/properties/name", json!({"type": "string", "nullable": true})),
        ("/components/examples/NOT_FOUND/value/status", json!("404")),
    ]))
    .unwrap_err();
    for told in ["is not a 'date'", "ReasonBody", "refrigerator", "nullable", "'404'"] {
        assert!(faults.contains(told), "{told}: {faults}");
    }
}

on_both! {
    fn the_service_hands_its_document_out(app) {
        let served = app.nobody().get("/api/openapi.json").expect(200);
        assert_eq!(&served, document());
    }
}
