//! Configuration: flags and environment variables of the same names, read once at the start and here alone.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::engine::Retention;
use crate::master_key::{MasterKeyError, MasterKeys, Source};

/// Where the service keeps its things, and how it runs.
#[derive(Args, Clone, Debug)]
pub struct ServeOptions {
    /// Directory of the embedded database, the key file and the master key.
    #[arg(long, env = "HUANXIN_DATA_DIR", default_value = "data")]
    pub data_dir: PathBuf,
    /// Database: `sqlite:PATH` or `postgres://…`; the embedded one in the data directory when not said.
    #[arg(long, env = "HUANXIN_DATABASE_URL")]
    pub database_url: Option<String>,
    /// Key file; `keys.json` in the data directory when not said. Replicas share one.
    #[arg(long, env = "HUANXIN_KEY_FILE")]
    pub key_file: Option<PathBuf>,
    /// Master key, which encrypts the data keys: `file:PATH`, `env:NAME` or `command:PROGRAM`, a key a line, the current
    /// one first; `master.key` in the data directory when not said, made when absent. Replicas share one.
    #[arg(long, env = "HUANXIN_MASTER_KEY")]
    pub master_key: Option<Source>,
    /// Address to listen at.
    #[arg(long, env = "HUANXIN_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// Division code.
    #[arg(long, env = "HUANXIN_DIVISION", default_value = "360111")]
    pub division: String,
    /// Schema of the division on PostgreSQL; the connection's default when not said.
    #[arg(long, env = "HUANXIN_SCHEMA")]
    pub schema: Option<String>,
    /// Issuer of the service's own access tokens.
    #[arg(long, env = "HUANXIN_ISSUER", default_value = "huanxin")]
    pub issuer: String,
    /// Most commands of one batch.
    #[arg(long, env = "HUANXIN_BATCH_MAX", default_value_t = 256)]
    pub batch_max: usize,
    /// Commands that may wait in each queue.
    #[arg(long, env = "HUANXIN_QUEUE", default_value_t = 4096)]
    pub queue: usize,
    /// Days for which refused attempts are kept.
    #[arg(long, env = "HUANXIN_KEEP_ATTEMPTS_DAYS", default_value_t = 90)]
    pub keep_attempts_days: u32,
    /// Hours for which a repeat is answered as the first request was; callers are promised 72.
    #[arg(long, env = "HUANXIN_KEEP_COMMANDS_HOURS", default_value_t = 72,
        value_parser = clap::value_parser!(u32).range(72..))]
    pub keep_commands_hours: u32,
    /// Years for which personal data is kept after a person's last dealing.
    #[arg(long, env = "HUANXIN_KEEP_PERSONAL_YEARS", default_value_t = 5,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub keep_personal_years: u32,
    /// Connections for reading.
    #[arg(long, env = "HUANXIN_READERS", default_value_t = 8)]
    pub readers: u32,
}

impl ServeOptions {
    /// The database's URL.
    #[must_use]
    pub fn database(&self) -> String {
        database_url(&self.data_dir, self.database_url.as_deref())
    }

    /// For how long things are kept.
    #[must_use]
    pub fn retention(&self) -> Retention {
        Retention {
            attempt_days: self.keep_attempts_days,
            command_hours: self.keep_commands_hours,
            person_years: self.keep_personal_years,
        }
    }

    /// The key file's path.
    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.key_file.clone().unwrap_or_else(|| self.data_dir.join("keys.json"))
    }
}

/// The master key that is said, or the file in a data directory, which is made when it is absent.
///
/// # Errors
/// When it cannot be had.
pub fn master_keys(data_dir: &Path, said: Option<&Source>) -> Result<MasterKeys, MasterKeyError> {
    match said {
        Some(source) => MasterKeys::open(source.clone()),
        None => MasterKeys::open_or_create(&data_dir.join("master.key")),
    }
}

/// The URL that is said, or that of the embedded database in a data directory.
#[must_use]
pub fn database_url(data_dir: &Path, said: Option<&str>) -> String {
    said.map_or_else(|| format!("sqlite:{}", data_dir.join("huanxin.sqlite").display()), str::to_owned)
}

/// An environment variable that the configuration names.
#[allow(clippy::disallowed_methods, reason = "here the environment is read")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
