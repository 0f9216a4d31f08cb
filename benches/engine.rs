//! Redemptions a second through the engine, at several batch sizes, on SQLite and, where `HUANXIN_TEST_POSTGRES` names
//! a server, on PostgreSQL: there beside what PostgreSQL itself does with the same work (see `yardstick/`).
//!
//! Without HTTP and queue: each cell runs exact batches on one thread. Vouchers and turn-ins are made beforehand.
#![allow(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "a measurement, printed"
)]

#[path = "../tests/it/fixtures.rs"]
#[allow(dead_code, unused_qualifications)]
mod fixtures;

use std::path::PathBuf;
use std::process::Command as Process;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fixtures::{
    APPLIANCES, District, SaleOf, TestDatabase, at, claim, command, fen, made, new_item, old_item, rules, setting,
    turn_in,
};
use huanxin::domain::command::{Act, Command};
use huanxin::domain::goods::Category;
use huanxin::domain::id::Id;
use huanxin::engine::{Clock, Runner};

const NOW: &str = "2026-06-18T10:00:00+08:00";
const SIZES: [usize; 4] = [1, 10, 100, 256];
/// How long a cell runs, and how many redemptions it has at most.
const CELL: Duration = Duration::from_secs(4);
const MOST: usize = 30_000;
/// Vouchers are made in batches of this size.
const PREPARED: usize = 500;
/// Seconds of each run of the yardstick.
const YARDSTICK_SECONDS: &str = "5";

/// Redemptions that are ready to be asked for.
struct Ready {
    runner: Runner,
    district: District,
    made: u64,
}

impl Ready {
    fn open(database: &TestDatabase) -> Self {
        let mut runner = database.runner(Clock::standing_at(at(NOW)));
        let district = District::open(&mut runner, vec![rules(APPLIANCES, fen("1000000000.00"))]);
        Self { runner, district, made: 0 }
    }

    /// The identities that these acts make, in batches.
    fn run(&mut self, word: &str, acts: Vec<(u64, Act)>) -> Vec<Id> {
        let commands: Vec<_> =
            acts.into_iter().map(|(n, act)| Arc::new(command(&[word, &n.to_string()], act))).collect();
        commands.chunks(PREPARED).flat_map(|batch| self.runner.run(batch)).map(|reply| made(&reply)).collect()
    }

    /// So many redemptions of people and goods that were not there before.
    fn redemptions(&mut self, count: usize) -> Vec<Arc<Command>> {
        let numbers: Vec<u64> = (self.made..).take(count).collect();
        self.made += u64::try_from(count).unwrap();
        let category = Category::Refrigerator;
        let claims = numbers.iter().map(|n| (*n, claim(*n, APPLIANCES, category, None))).collect();
        let vouchers = self.run("claim", claims);
        let handed_in = numbers.iter().map(|n| (*n, turn_in(&self.district, *n, old_item(category, *n)))).collect();
        let turn_ins = self.run("turn-in", handed_in);
        let sellers = self.district.sellers.clone();
        let sale = |((n, voucher), old): ((&u64, Id), Id)| {
            let sale = SaleOf {
                voucher,
                holder: *n,
                seller: sellers[usize::try_from(*n).unwrap() % sellers.len()],
                item: new_item(category, *n),
                price: fen("6299.00"),
                invoice: *n,
                turn_in: Some(old),
                now: at(NOW),
            };
            Arc::new(command(&["redeem", &n.to_string()], sale.act()))
        };
        numbers.iter().zip(vouchers).zip(turn_ins).map(sale).collect()
    }

    /// Redemptions a second in batches of one size.
    fn rate(&mut self, size: usize) -> f64 {
        // A short run says how many a cell needs, so that no more is prepared than it uses.
        let probe = self.redemptions((size * 4).clamp(50, 1000));
        let (done, took) = self.time(&probe, size);
        let enough = (done as f64 / took.as_secs_f64() * CELL.as_secs_f64() * 1.3).round();
        let count = (1..=MOST).rev().find(|most| *most as f64 <= enough).unwrap_or(1).max(size);
        let redemptions = self.redemptions(count);
        let (done, took) = self.time(&redemptions, size);
        done as f64 / took.as_secs_f64()
    }

    fn time(&mut self, commands: &[Arc<Command>], size: usize) -> (usize, Duration) {
        let (mut done, begun) = (0, Instant::now());
        for batch in commands.chunks(size) {
            for reply in self.runner.run(batch) {
                made(&reply);
            }
            done += batch.len();
            if begun.elapsed() > CELL {
                break;
            }
        }
        (done, begun.elapsed())
    }
}

/// What PostgreSQL itself does: a redemption in a transaction at the best number of clients, and a hundred in one.
struct Yardstick {
    one: f64,
    hundred: f64,
}

fn pgbench() -> Option<PathBuf> {
    let of_version = |folder: std::fs::DirEntry| folder.path().join("bin/pgbench");
    let installed = std::fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(Result::ok).map(of_version);
    installed.chain([PathBuf::from("/usr/bin/pgbench")]).filter(|path| path.exists()).max()
}

fn yardstick() -> Option<Yardstick> {
    let pgbench = pgbench()?;
    let database = TestDatabase::postgres_empty()?;
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/yardstick");
    let schema = std::fs::read_to_string(folder.join("schema.sql")).unwrap();
    // A VACUUM has to be alone.
    for statement in schema.split(';').filter(|statement| !statement.trim().is_empty()) {
        database.execute(statement).unwrap();
    }
    let rate = |script: &str, clients: &str| -> f64 {
        let threads = if clients == "1" { "1" } else { "2" };
        let ran = Process::new(&pgbench)
            .args(["-n", "-f"])
            .arg(folder.join(script))
            .args(["-c", clients, "-j", threads, "-T", YARDSTICK_SECONDS, "--protocol=prepared", database.url()])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        let tps = said.lines().find_map(|line| line.strip_prefix("tps = "));
        let tps = tps.unwrap_or_else(|| panic!("{said}{}", String::from_utf8_lossy(&ran.stderr)));
        tps.split_whitespace().next().unwrap().parse().unwrap()
    };
    let one = ["1", "4", "8", "16", "32"].map(|clients| rate("one.sql", clients)).into_iter().fold(0.0, f64::max);
    Some(Yardstick { one, hundred: rate("batch100.sql", "1") * 100.0 })
}

fn main() {
    // `cargo test --benches` only asks whether it starts.
    if std::env::args().any(|word| word == "--test") {
        return;
    }
    let databases = [("SQLite", Some(TestDatabase::sqlite())), ("PostgreSQL", TestDatabase::postgres())];
    let measured: Vec<(&str, Vec<f64>)> = databases
        .into_iter()
        .filter_map(|(name, database)| Some((name, database?)))
        .map(|(name, database)| {
            let mut ready = Ready::open(&database);
            let rates = SIZES.map(|size| ready.rate(size)).to_vec();
            drop(ready);
            assert!(database.verify().is_ok(), "the trail does not agree after the measurement");
            (name, rates)
        })
        .collect();
    let yardstick = setting("HUANXIN_TEST_POSTGRES").and_then(|_| yardstick());
    println!("\nRedemptions a second through the engine:\n");
    println!("| database | {} |", SIZES.map(|size| format!("batch {size}")).join(" | "));
    println!("|---|{}", "---:|".repeat(SIZES.len()));
    for (name, rates) in &measured {
        println!("| {name} | {} |", rates.iter().map(|rate| format!("{rate:.0}")).collect::<Vec<_>>().join(" | "));
    }
    let Some(Yardstick { one, hundred }) = yardstick else {
        println!("\nNo yardstick: it needs HUANXIN_TEST_POSTGRES and pgbench.");
        return;
    };
    for (name, rates) in &measured {
        let ratios: Vec<String> = rates.iter().map(|rate| format!("{:.2}", rate / one)).collect();
        println!("| {name}, ratio to one.sql | {} |", ratios.join(" | "));
    }
    println!("\nYardstick: one.sql {one:.0} a second, batch100.sql {hundred:.0} ({:.1}×).", hundred / one);
}
