//! What `make bench` measures, in one run on one machine: redemptions and claims a second through the engine at
//! several batch sizes and over HTTP, on SQLite and, where `HUANXIN_TEST_POSTGRES` names a server, on PostgreSQL,
//! beside what PostgreSQL itself does with the least that a redemption writes (see `../yardstick/`).
//!
//! The report goes to standard output and to `target/bench.md`. `BENCH_SECONDS` is the length of a cell. How to read
//! the figures stands in `docs/performance.md`.
#![allow(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::float_arithmetic,
    reason = "a measurement, printed"
)]

mod decide;
mod engine;
#[path = "../../tests/it/fixtures.rs"]
#[allow(dead_code, unused_qualifications)]
mod fixtures;
mod http;
mod interrupt;
mod load;
mod machine;
mod report;
mod requests;
mod service;
mod yardstick;

use std::path::Path;
use std::time::Duration;

use engine::Engine;
use fixtures::{TestDatabase, setting};
use report::{Measured, Report};

/// The moment at which every clock starts; the example programme takes claims then.
const NOW: &str = "2026-06-18T10:00:00+08:00";
/// Commands of one transaction.
const SIZES: [usize; 4] = [1, 10, 100, 256];
/// Length of a cell when `BENCH_SECONDS` says nothing.
const SECONDS: f64 = 8.0;

fn main() {
    // `cargo test --benches` only asks whether it starts.
    if !std::env::args().any(|word| word == "--bench") {
        println!("this measures when cargo bench starts it");
        return;
    }
    interrupt::listen();
    // Databases and directories go when their values do, also while a failure or an interrupt unwinds.
    match std::panic::catch_unwind(|| measure(cell())) {
        Ok(report) => publish(&report.to_string()),
        Err(_) if interrupt::asked() => std::process::exit(130),
        Err(_) => std::process::exit(1),
    }
}

/// How long a cell runs.
fn cell() -> Duration {
    let said = setting("BENCH_SECONDS");
    let seconds = said.as_deref().map_or(Some(SECONDS), |text| text.parse().ok());
    let taken = seconds.filter(|seconds| (0.05..=600.0).contains(seconds));
    Duration::from_secs_f64(taken.unwrap_or_else(|| panic!("BENCH_SECONDS {said:?}: expected 0.05 to 600 seconds")))
}

fn measure(cell: Duration) -> Report {
    let servers = [("SQLite", TestDatabase::sqlite as fn() -> _), ("PostgreSQL", || TestDatabase::postgres().unwrap())];
    let there = setting("HUANXIN_TEST_POSTGRES").map_or(1, |_| 2);
    let mut report = Report { cell, ..Report::default() };
    if there == 2 {
        interrupt::step("the yardstick");
        report.yardstick = yardstick::measure(cell);
    }
    for (name, database) in servers.into_iter().take(there) {
        let (engine, decided) = through_the_engine(name, &database(), cell);
        report.decided.get_or_insert(decided);
        interrupt::step(&format!("{name}: HTTP"));
        let http = http::measure(&database(), cell);
        report.measured.push(Measured { name, engine, http });
    }
    report.machine = machine::describe();
    report
}

/// The rates at each batch size, and of decisions alone.
fn through_the_engine(name: &str, database: &TestDatabase, cell: Duration) -> (Vec<engine::Rates>, engine::Rates) {
    let mut engine = Engine::open(database, cell);
    let rates = SIZES.map(|size| {
        interrupt::step(&format!("{name}: engine, batch {size}"));
        engine.rates(size)
    });
    let decided = decide::rates(&mut engine, database, cell / 4);
    drop(engine);
    assert!(database.verify().is_ok(), "the trail does not agree after the measurement");
    (rates.to_vec(), decided)
}

/// Where the report goes.
fn publish(report: &str) {
    println!("\n{report}");
    if let Some(target) = Path::new(env!("CARGO_TARGET_TMPDIR")).parent() {
        let file = target.join("bench.md");
        match std::fs::write(&file, report) {
            Ok(()) => println!("written to {}", file.display()),
            Err(why) => println!("not written to {}: {why}", file.display()),
        }
    }
}
