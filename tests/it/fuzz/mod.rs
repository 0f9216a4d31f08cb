//! Bytes that nobody meant, at each place where the service reads what a stranger may have written: a voucher's code, an
//! access token, a cursor, a JSON body, a programme file.
//!
//! A target says what must hold of any bytes. It is given every file of `tests/data/corpus/`, where what was once found
//! stays, and then changed copies of these seeds: a fixed few in `make test`, as many as `HUANXIN_FUZZ_SECONDS` allow in
//! `make torture`. Bytes that break a target are written to `target/fuzz/`, from where they go into the corpus.
//!
//! The changes are blind: no instrumented build tells which of them led somewhere new. For that libFuzzer would be needed,
//! whose sanitisers want a nightly compiler and a second build of every dependency. What is lost is depth in the parsers,
//! which are `serde_json`, `toml` and `jsonwebtoken`, fuzzed by their own projects; what is kept is that each target goes
//! through the whole service, on the compiler and the lock file that the service is built with.

mod change;
mod targets;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use self::change::{Dice, changed};
use self::targets::Target;
use crate::fixtures::setting;

/// Changed copies where nothing else is said.
const FEW: u64 = 150;

/// Gives a target its seeds, then changed copies of them.
fn run(name: &str, target: &dyn Target) {
    let seeds: Vec<Vec<u8>> = corpus(name).into_iter().map(|seed| target.filled(seed)).chain(target.seeds()).collect();
    assert!(!seeds.is_empty(), "no seed of {name}");
    seeds.iter().for_each(|seed| hold(name, target, seed));
    let seconds = setting("HUANXIN_FUZZ_SECONDS").map(|text| text.parse().unwrap());
    let until = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    // Longer runs each try others.
    let mut dice = Dice::of(seconds.map_or(0, |_| std::process::id().into()));
    let mut tried = 0;
    while until.map_or(tried < FEW, |until| Instant::now() < until) {
        let input = changed(&mut dice, &seeds);
        hold(name, target, &input);
        tried += 1;
    }
    tell(&format!("{name}: {} seeds, {tried} changed copies", seeds.len()));
}

#[allow(clippy::print_stderr, reason = "the person who runs the tests must see it")]
fn tell(line: &str) {
    eprintln!("{line}");
}

fn folder(parts: &[&str]) -> PathBuf {
    parts.iter().fold(Path::new(env!("CARGO_MANIFEST_DIR")).to_owned(), |path, part| path.join(part))
}

/// The files of a target, in the order of their names.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder(&["tests", "data", "corpus", name])).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

fn hold(name: &str, target: &dyn Target, input: &[u8]) {
    if let Err(why) = catch_unwind(AssertUnwindSafe(|| target.hold(input))) {
        let found = folder(&["target", "fuzz"]);
        fs::create_dir_all(&found).unwrap();
        let file = found.join(format!("{name}-{}", huanxin::domain::id::Id::digest(&[&hex::encode(input)])));
        fs::write(&file, input).unwrap();
        tell(&format!("{name} does not hold of the bytes in {}", file.display()));
        resume_unwind(why);
    }
}

#[test]
fn a_changed_code_is_no_voucher() {
    targets::with_app(|app| run("qr_token", &targets::Codes::of(app)));
}

#[test]
fn a_changed_access_token_opens_nothing() {
    targets::with_app(|app| run("access_token", &targets::Access::of(app)));
}

#[test]
fn a_changed_cursor_leads_nowhere() {
    targets::with_app(|app| run("cursor", &targets::Cursors::of(app)));
}

#[test]
fn any_body_is_answered_as_the_document_says() {
    targets::with_app(|app| run("body", &targets::Bodies::of(app)));
}

#[test]
fn any_programme_file_is_read_or_told_what_is_wrong() {
    run("programme", &targets::Programmes);
}
