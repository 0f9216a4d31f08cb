//! Configuration: flags and environment variables of the same names, read once at the start and here alone.

use std::path::{Path, PathBuf};

use clap::Args;

/// Where the service keeps its things, and how it runs.
#[derive(Args, Clone, Debug)]
pub struct ServeOptions {
    /// Directory of the embedded database and the key file.
    #[arg(long, env = "HUANXIN_DATA_DIR", default_value = "data")]
    pub data_dir: PathBuf,
    /// Database: `sqlite:PATH` or `postgres://…`; the embedded one in the data directory when not said.
    #[arg(long, env = "HUANXIN_DATABASE_URL")]
    pub database_url: Option<String>,
    /// Key file; `keys.json` in the data directory when not said. Replicas share one.
    #[arg(long, env = "HUANXIN_KEY_FILE")]
    pub key_file: Option<PathBuf>,
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
    /// Connections for reading.
    #[arg(long, env = "HUANXIN_READERS", default_value_t = 8)]
    pub readers: u32,
    /// A second sink that gets each audit record's number and hash: `file:PATH` or `https://…`.
    #[arg(long, env = "HUANXIN_AUDIT_SINK")]
    pub audit_sink: Option<String>,
}

impl ServeOptions {
    /// The database's URL.
    #[must_use]
    pub fn database(&self) -> String {
        database_url(&self.data_dir, self.database_url.as_deref())
    }

    /// The key file's path.
    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.key_file.clone().unwrap_or_else(|| self.data_dir.join("keys.json"))
    }
}

/// The URL that is said, or that of the embedded database in a data directory.
#[must_use]
pub fn database_url(data_dir: &Path, said: Option<&str>) -> String {
    said.map_or_else(|| format!("sqlite:{}", data_dir.join("huanxin.sqlite").display()), str::to_owned)
}
