//! The threat model names tests; each of them is there.

use std::fs;
use std::path::Path;

use regex_lite::Regex;

/// The source of a module of these tests, or of a file of the service.
fn source(module: &str) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = [format!("tests/it/{module}.rs"), format!("tests/it/{module}/mod.rs"), module.to_owned()];
    places.iter().find_map(|place| fs::read_to_string(root.join(place)).ok())
}

/// The tests that a page names, `module::name`.
fn named(page: &str) -> Vec<(String, String)> {
    let name = Regex::new(r"`([a-z_/]+(?:\.rs)?)::([a-z0-9_]+)`").unwrap();
    name.captures_iter(page).map(|found| (found[1].to_owned(), found[2].to_owned())).collect()
}

fn missing(page: &str) -> Vec<String> {
    let there = |module: &str, test: &str| source(module).is_some_and(|text| text.contains(&format!("fn {test}(")));
    let absent = named(page).into_iter().filter(|(module, test)| !there(module, test));
    absent.map(|(module, test)| format!("{module}::{test}")).collect()
}

#[test]
fn every_named_test_is_there() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/security.md")).unwrap();
    assert!(named(&page).len() > 60, "the page names {:?}", named(&page));
    assert_eq!(missing(&page), Vec::<String>::new());
}

/// Every attempt in a table has a test.
#[test]
fn every_attempt_has_a_test() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/security.md")).unwrap();
    let tables = page.split("| attempt | what stands in the way | test |").skip(1);
    for row in tables.flat_map(|table| table.lines().skip(2).take_while(|line| line.starts_with('|'))) {
        assert!(!named(row).is_empty(), "no test: {row}");
    }
}

#[test]
fn a_test_that_is_not_there_is_missed() {
    let page = "`threats::every_named_test_is_there` `threats::nobody` `src/qr.rs::nothing` `nowhere::x`";
    assert_eq!(missing(page), ["threats::nobody", "src/qr.rs::nothing", "nowhere::x"]);
}
