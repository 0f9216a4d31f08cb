//! On what was measured.

use crate::fixtures::TestDatabase;

/// Cores, memory, kernel and the server with the settings that decide.
pub fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let kernel = kernel.split(['-', '\n']).next().unwrap_or_default();
    let server = server().unwrap_or_else(|| "no PostgreSQL".to_owned());
    format!("{cores} cores{}, {}, Linux {kernel}, {server}", processor(), memory())
}

/// A member of one of the kernel's lists of `name: value`.
fn member(path: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let found = |line: &str| line.split_once(':').filter(|(key, _)| key.trim() == name).map(|pair| pair.1.to_owned());
    text.lines().find_map(found).map(|value| value.trim().to_owned())
}

fn processor() -> String {
    member("/proc/cpuinfo", "model name").map(|name| format!(" ({name})")).unwrap_or_default()
}

fn memory() -> String {
    let kib = member("/proc/meminfo", "MemTotal").and_then(|value| value.split(' ').next()?.parse::<u64>().ok());
    format!("{} GiB", kib.unwrap_or(0).div_ceil(1024 * 1024))
}

fn server() -> Option<String> {
    let database = TestDatabase::postgres_empty()?;
    let setting = |name: &str| database.query(&format!("SELECT current_setting('{name}') AS line")).concat();
    let decisive = ["fsync", "synchronous_commit", "shared_buffers"].map(|name| format!("{name} {}", setting(name)));
    let version = setting("server_version");
    // What stands after the number names the package.
    let version = version.split(' ').next().unwrap_or_default();
    Some(format!("PostgreSQL {version} ({})", decisive.join(", ")))
}
