//! Configuration: flags and environment variables of the same names, read once at the start and here alone.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use ipnet::IpNet;

use crate::api::edge::{IMPORT_BYTES, Rates};
use crate::api::settlement::{CEILING, Terms};
use crate::blobs::Blobs;
use crate::domain::account::{LONGEST_ACCESS_SECONDS, SignInPolicy};
use crate::domain::calendar::Calendars;
use crate::domain::money::Fen;
use crate::domain::towns::Towns;
use crate::engine::Retention;
use crate::master_key::{MasterKeyError, MasterKeys, Source};
use crate::password::Cost;

/// Claims that an assistant may make for others on a day, unless said otherwise.
pub const ASSISTED_CLAIMS_PER_DAY: u32 = 30;

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
    /// Claims that an assistant may make for others on a day.
    #[arg(long, env = "HUANXIN_ASSISTED_CLAIMS_PER_DAY", default_value_t = ASSISTED_CLAIMS_PER_DAY)]
    pub assisted_claims_per_day: u32,
    /// Bytes of a file of retailers, stores, collection points or products that is taken.
    #[arg(long, env = "HUANXIN_IMPORT_BYTES", default_value_t = IMPORT_BYTES)]
    pub import_bytes: usize,
    /// Settlements.
    #[command(flatten)]
    pub settlement: SettlementOptions,
    /// A second sink that gets each audit record's number and hash: `file:PATH` or `https://…`.
    #[arg(long, env = "HUANXIN_AUDIT_SINK")]
    pub audit_sink: Option<String>,
    /// Where evidence files lie: `file:DIRECTORY` or `s3://BUCKET/PREFIX` (credentials in `AWS_…`); `evidence` in the data
    /// directory when not said. Replicas share one.
    #[arg(long, env = "HUANXIN_EVIDENCE_URL")]
    pub evidence_url: Option<String>,
    /// File of the towns and offices of the division, each of which is to have a collection point; the one that comes with the
    /// service, where it has one of the division.
    #[arg(long, env = "HUANXIN_TOWNS")]
    pub towns: Option<PathBuf>,
    /// Networks beside the public Internet whose addresses webhooks may have, by http as well; several with a comma between
    /// them.
    #[arg(long, env = "HUANXIN_WEBHOOK_NETWORKS", value_delimiter = ',')]
    pub webhook_networks: Vec<IpNet>,
    /// For how long things are kept.
    #[command(flatten)]
    pub retention: Retention,
    /// What callers meet first.
    #[command(flatten)]
    pub edge: EdgeOptions,
    /// Signing in.
    #[command(flatten)]
    pub sign_in: SignInOptions,
}

/// How settlements are approved, and which days are working days.
#[derive(Args, Clone, Debug)]
pub struct SettlementOptions {
    /// Above this amount, in yuan, a settlement needs a second approver.
    #[arg(long, env = "HUANXIN_SETTLEMENT_CEILING", default_value = "1000000.00", value_parser = Fen::parse)]
    pub settlement_ceiling: Fen,
    /// Calendar files of further years, beside those that come with the service; several with a comma between them.
    #[arg(long, env = "HUANXIN_CALENDARS", value_delimiter = ',')]
    pub calendars: Vec<PathBuf>,
}

impl Default for SettlementOptions {
    fn default() -> Self {
        Self { settlement_ceiling: CEILING, calendars: Vec::new() }
    }
}

impl SettlementOptions {
    /// The terms.
    ///
    /// # Errors
    /// With a sentence, when a calendar cannot be read or used.
    pub fn terms(&self) -> Result<Terms, String> {
        let mut calendars = Calendars::clone(&Terms::default().calendars);
        for path in &self.calendars {
            let text = std::fs::read_to_string(path).map_err(|why| format!("{}: {why}", path.display()))?;
            calendars.add(&text).map_err(|why| format!("{}: {why}", path.display()))?;
        }
        Ok(Terms { ceiling: Some(self.settlement_ceiling), calendars: Arc::new(calendars) })
    }
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
    /// Certificate chain in PEM, the service's own certificate first: with it the service speaks TLS. Read again when it
    /// changes.
    #[arg(long, env = "HUANXIN_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's key in PEM, which its owner alone may read.
    #[arg(long, env = "HUANXIN_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// Lets others reach the service over plain HTTP.
    #[arg(long, env = "HUANXIN_INSECURE_PLAIN_HTTP")]
    pub insecure_plain_http: bool,
    /// Lets others reach a service with the keys of a demonstration.
    #[arg(long, env = "HUANXIN_INSECURE_DEMO_KEYS")]
    pub insecure_demo_keys: bool,
    /// Lets the database's password go over a network in clear.
    #[arg(long, env = "HUANXIN_INSECURE_DATABASE")]
    pub insecure_database: bool,
    /// How often what may be asked.
    #[command(flatten)]
    pub rates: Rates,
}

/// How staff signs in, and what it costs to try.
#[derive(Args, Clone, Copy, Debug)]
pub struct SignInOptions {
    /// Seconds for which an access token of staff is good.
    #[arg(long, env = "HUANXIN_ACCESS_SECONDS", default_value_t = 600,
        value_parser = clap::value_parser!(i64).range(1..=LONGEST_ACCESS_SECONDS))]
    pub access_seconds: i64,
    /// Seconds after which a session that is not refreshed lapses.
    #[arg(long, env = "HUANXIN_SESSION_IDLE_SECONDS", default_value_t = 43_200,
        value_parser = clap::value_parser!(i64).range(1..=YEAR_SECONDS))]
    pub session_idle_seconds: i64,
    /// Seconds after which a session lapses whatever happens.
    #[arg(long, env = "HUANXIN_SESSION_SECONDS", default_value_t = 604_800,
        value_parser = clap::value_parser!(i64).range(1..=YEAR_SECONDS))]
    pub session_seconds: i64,
    /// Failures in a row until a login is locked.
    #[arg(long, env = "HUANXIN_SIGN_IN_TRIES", default_value_t = 5,
        value_parser = clap::value_parser!(u32).range(1..=100))]
    pub sign_in_tries: u32,
    /// Seconds of the first lock; each further failure doubles it.
    #[arg(long, env = "HUANXIN_SIGN_IN_LOCK_SECONDS", default_value_t = 60,
        value_parser = clap::value_parser!(i64).range(1..=YEAR_SECONDS))]
    pub sign_in_lock_seconds: i64,
    /// Seconds of the longest lock.
    #[arg(long, env = "HUANXIN_SIGN_IN_LONGEST_LOCK_SECONDS", default_value_t = 3600,
        value_parser = clap::value_parser!(i64).range(1..=YEAR_SECONDS))]
    pub sign_in_longest_lock_seconds: i64,
    /// Milliseconds before which a failed sign-in is not answered.
    #[arg(long, env = "HUANXIN_SIGN_IN_PATIENCE_MILLIS", default_value_t = 400,
        value_parser = clap::value_parser!(u64).range(0..=10_000))]
    pub sign_in_patience_millis: u64,
    /// Memory that hashing a password takes, in KiB.
    #[arg(long, env = "HUANXIN_ARGON2_MEMORY_KIB", default_value_t = 19_456,
        value_parser = clap::value_parser!(u32).range(8..=1_048_576))]
    pub argon2_memory_kib: u32,
    /// Passes over that memory.
    #[arg(long, env = "HUANXIN_ARGON2_PASSES", default_value_t = 2,
        value_parser = clap::value_parser!(u32).range(1..=100))]
    pub argon2_passes: u32,
    /// Passwords that are hashed at once.
    #[arg(long, env = "HUANXIN_ARGON2_AT_ONCE", default_value_t = 4)]
    pub argon2_at_once: usize,
}

const YEAR_SECONDS: i64 = 366 * 24 * 3600;

impl SignInOptions {
    /// The usual settings.
    #[must_use]
    pub fn usual() -> Self {
        let (policy, cost) = (SignInPolicy::default(), Cost::default());
        Self {
            access_seconds: policy.access_seconds,
            session_idle_seconds: policy.idle_seconds,
            session_seconds: policy.session_seconds,
            sign_in_tries: policy.tries,
            sign_in_lock_seconds: policy.first_lock_seconds,
            sign_in_longest_lock_seconds: policy.longest_lock_seconds,
            sign_in_patience_millis: 400,
            argon2_memory_kib: cost.memory_kib,
            argon2_passes: cost.passes,
            argon2_at_once: cost.at_once,
        }
    }

    /// The usual settings but for what makes passwords dear and failures slow: for tests, which sign in hundreds of times.
    #[must_use]
    pub fn cheap() -> Self {
        let Cost { memory_kib, passes, at_once } = Cost::CHEAP;
        Self {
            sign_in_patience_millis: 0,
            argon2_memory_kib: memory_kib,
            argon2_passes: passes,
            argon2_at_once: at_once,
            ..Self::usual()
        }
    }

    /// How long sessions last, and how guessing is slowed down.
    #[must_use]
    pub fn policy(&self) -> SignInPolicy {
        SignInPolicy {
            access_seconds: self.access_seconds,
            idle_seconds: self.session_idle_seconds,
            session_seconds: self.session_seconds,
            tries: self.sign_in_tries,
            first_lock_seconds: self.sign_in_lock_seconds,
            longest_lock_seconds: self.sign_in_longest_lock_seconds,
        }
    }

    /// What a password costs.
    #[must_use]
    pub fn cost(&self) -> Cost {
        Cost { memory_kib: self.argon2_memory_kib, passes: self.argon2_passes, at_once: self.argon2_at_once }
    }

    /// Before when a failed sign-in is not answered.
    #[must_use]
    pub fn patience(&self) -> Duration {
        Duration::from_millis(self.sign_in_patience_millis)
    }
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

/// Where a division's records and secrets are, for a command that works on them beside the service.
#[derive(Args, Clone, Debug)]
pub struct DivisionOptions {
    /// Directory of the embedded database, the key file and the master key.
    #[arg(long, env = "HUANXIN_DATA_DIR", default_value = "data")]
    pub data_dir: PathBuf,
    /// Database; the embedded one when not said.
    #[arg(long, env = "HUANXIN_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Schema of the division on PostgreSQL.
    #[arg(long, env = "HUANXIN_SCHEMA")]
    pub schema: Option<String>,
    /// Division code.
    #[arg(long, env = "HUANXIN_DIVISION", default_value = "360111")]
    pub division: String,
    /// Key file; `keys.json` in the data directory when not said.
    #[arg(long, env = "HUANXIN_KEY_FILE")]
    pub key_file: Option<PathBuf>,
    /// Master key, as `serve` takes it.
    #[arg(long, env = "HUANXIN_MASTER_KEY")]
    pub master_key: Option<Source>,
}

impl DivisionOptions {
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

    /// The master keys.
    ///
    /// # Errors
    /// As [`master_keys`].
    pub fn masters(&self) -> Result<MasterKeys, MasterKeyError> {
        master_keys(&self.data_dir, self.master_key.as_ref())
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

/// The towns that a file lists, those that come with the service, or none.
///
/// # Errors
/// With a sentence.
pub fn towns(said: Option<&Path>, division: &str) -> Result<Towns, String> {
    let Some(path) = said else { return Ok(Towns::known(division).unwrap_or_else(|| Towns::unknown(division))) };
    let sentence = |why: &dyn fmt::Display| format!("{}: {why}", path.display());
    let text = std::fs::read_to_string(path).map_err(|why| sentence(&why))?;
    let list = Towns::read(&text).map_err(|why| sentence(&why))?;
    if list.division_code == division {
        return Ok(list);
    }
    Err(sentence(&format!("it lists the towns of {}, and this division is {division}", list.division_code)))
}

/// The store of evidence files that is said, or the one in a data directory.
///
/// # Errors
/// With a sentence.
pub fn blobs(data_dir: &Path, said: Option<&str>, division: &str) -> Result<Blobs, String> {
    let own = || Blobs::directory(&data_dir.join("evidence"), division);
    said.map_or_else(own, |url| Blobs::open(url, division))
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        sign_in: SignInOptions,
    }

    #[test]
    fn what_is_not_said_is_as_usual() {
        let said = |words: &[&str]| Line::try_parse_from([&["huanxin"], words].concat());
        let usual = said(&[]).ok().unwrap().sign_in;
        assert_eq!(format!("{usual:?}"), format!("{:?}", SignInOptions::usual()));
        assert_eq!((usual.policy(), usual.cost()), (SignInPolicy::default(), Cost::default()));
        assert!(said(&["--access-seconds", "3600"]).is_ok());
        assert!(said(&["--access-seconds", "3601"]).is_err());
    }
}
