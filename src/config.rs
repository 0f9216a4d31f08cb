//! Configuration: flags and environment variables of the same names, read once at the start and here alone.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use ipnet::IpNet;

use crate::api::edge::Rates;
use crate::engine::Retention;
use crate::master_key::{MasterKeyError, MasterKeys, Source};

/// Where the service keeps its things, and how it runs. `Debug` shows no more than where: an address of a database has a
/// password in it.
#[derive(Args, Clone)]
pub struct ServeOptions {
    /// Directory of the embedded database, the key file and the master key.
    #[arg(long, env = "HUANXIN_DATA_DIR", default_value = "data")]
    pub data_dir: PathBuf,
    /// Database: `sqlite:PATH` or `postgres://…`; the embedded one in the data directory when not said.
    #[arg(long, env = "HUANXIN_DATABASE_URL", hide_env_values = true)]
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
    /// File of the identity providers that say who a consumer is; without it no consumer can be known.
    #[arg(long, env = "HUANXIN_ISSUERS")]
    pub issuers: Option<PathBuf>,
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
    /// For how long things are kept.
    #[command(flatten)]
    pub retention: Retention,
    /// What callers meet first.
    #[command(flatten)]
    pub edge: EdgeOptions,
}

impl fmt::Debug for ServeOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServeOptions")
            .field("data_dir", &self.data_dir)
            .field("listen", &self.listen)
            .field("division", &self.division)
            .finish_non_exhaustive()
    }
}

/// Who may call from where, and how often.
#[derive(Args, Clone, Debug, Default)]
pub struct EdgeOptions {
    /// Networks of the proxies that stand before the service, such as 10.0.0.0/8: with them it speaks TLS, and their
    /// `Forwarded` or `X-Forwarded-For` says where a request comes from.
    #[arg(long, env = "HUANXIN_TRUSTED_PROXIES", value_delimiter = ',', value_name = "NETWORK")]
    pub trusted_proxies: Vec<IpNet>,
    /// Origins whose web pages may call, each exactly, such as <https://tills.example.cn>.
    #[arg(long, env = "HUANXIN_CORS_ORIGIN", value_delimiter = ',', value_name = "ORIGIN")]
    pub cors_origin: Vec<String>,
    /// How often what may be asked.
    #[command(flatten)]
    pub rates: Rates,
}

/// Where the key file is.
#[derive(Args, Clone, Debug)]
pub struct KeyFileOptions {
    /// Directory of the key file.
    #[arg(long, env = "HUANXIN_DATA_DIR", default_value = "data")]
    pub data_dir: PathBuf,
    /// Key file; `keys.json` in the data directory when not said.
    #[arg(long, env = "HUANXIN_KEY_FILE")]
    pub key_file: Option<PathBuf>,
}

impl KeyFileOptions {
    /// Its path.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        key_file(&self.data_dir, self.key_file.as_deref())
    }
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
        key_file(&self.data_dir, self.key_file.as_deref())
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

fn key_file(data_dir: &Path, said: Option<&Path>) -> PathBuf {
    said.map_or_else(|| data_dir.join("keys.json"), Path::to_owned)
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
