//! What PostgreSQL itself does with the least that any honest redemption writes, on the server that the service uses.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::fixtures::TestDatabase;
use crate::interrupt;

/// Clients of which the best number counts.
const CLIENTS: [usize; 5] = [1, 4, 8, 16, 32];

/// Redemptions a second.
pub struct Yardstick {
    /// Each in a transaction of its own, at the best number of clients.
    pub one: f64,
    /// That number.
    pub clients: usize,
    /// A hundred in one set-based transaction, one client.
    pub hundred: f64,
}

/// Nothing where `pgbench` is not installed.
pub fn measure(cell: Duration) -> Option<Yardstick> {
    let pgbench = pgbench()?;
    let database = TestDatabase::postgres_empty()?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/yardstick");
    let schema = std::fs::read_to_string(folder.join("schema.sql")).unwrap();
    // A VACUUM has to be alone.
    for statement in schema.split(';').filter(|statement| !statement.trim().is_empty()) {
        database.execute(statement).unwrap();
    }
    let rate = |script: &str, clients: usize| transactions(&pgbench, &folder.join(script), clients, cell, &database);
    let one = CLIENTS.map(|clients| (rate("one.sql", clients), clients));
    let (one, clients) = one.into_iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(Yardstick { one, clients, hundred: rate("batch100.sql", 1) * 100.0 })
}

/// Of all versions that are installed the newest.
fn pgbench() -> Option<PathBuf> {
    let of_version = |folder: std::fs::DirEntry| folder.path().join("bin/pgbench");
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(of_version);
    installed.chain([PathBuf::from("/usr/bin/pgbench")]).filter(|path| path.exists()).max()
}

/// Transactions of a script a second.
fn transactions(pgbench: &Path, script: &Path, clients: usize, cell: Duration, database: &TestDatabase) -> f64 {
    interrupt::check();
    let (threads, seconds) = (clients.min(2), cell.as_secs().max(1));
    let ran = Command::new(pgbench)
        .args(["-n", "--protocol=prepared", "-c", &clients.to_string(), "-j", &threads.to_string()])
        .args(["-T", &seconds.to_string(), "-f"])
        .args([script.as_os_str(), database.url().as_ref()])
        .output()
        .unwrap();
    interrupt::check();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    let rate = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    rate.unwrap_or_else(|| panic!("pgbench: {said}{}", String::from_utf8_lossy(&ran.stderr)))
}
