//! `serve` and what `demo` shares with it: open the division, listen, stop when told.

use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};

use super::{personal, safety, sweep};
use crate::access::AccessTokens;
use crate::api::Identity;
use crate::api::edge::{Edge, Limits, Origins, Proxies, Quotas};
use crate::api::key_set::PublishedKeys;
use crate::api::server::{self, Counters, Service};
use crate::api::settlement::Terms;
use crate::audit_sink;
use crate::blobs::Blobs;
use crate::checkpoint::CheckpointNotary;
use crate::config::{self, DivisionOptions, EdgeOptions, ServeOptions, SignInOptions};
use crate::domain::time::Moment;
use crate::domain::towns::Towns;
use crate::engine::{Clock, Courier, Division, Notary, Retention, Settings, Sink, SinkState};
use crate::issuers::{Issuers, Pace};
use crate::keys::watch::{self, KeyWatch};
use crate::keys::{KeyRing, rotation};
use crate::links::EvidenceLinks;
use crate::master_key::MasterKeys;
use crate::pii::Vault;
use crate::qr::VoucherTokens;
use crate::store::{Database, Task, Turn};
use crate::tls::{self, Certificate, TlsError};
use crate::webhooks::{HttpCourier, Reach, WebhookSecrets};

/// A sentence for the person at the terminal.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Stopped(String);

impl Stopped {
    /// With a sentence.
    #[must_use]
    pub fn new(sentence: String) -> Self {
        Self(sentence)
    }

    /// Something about a file.
    #[must_use]
    pub fn at(path: &Path, why: &dyn std::fmt::Display) -> Self {
        Self(format!("{}: {why}", path.display()))
    }
}

/// A division that runs, with the keys of its face.
pub struct Started {
    /// The division.
    pub division: Division,
    /// Secrets.
    pub keys: KeyRing,
    /// Where the secrets are.
    pub key_file: PathBuf,
    /// Access tokens.
    pub tokens: AccessTokens,
    /// Personal data.
    pub vault: Vault,
    /// Claims that an assistant may make for others on a day.
    pub assisted_claims_per_day: u32,
    /// Bytes of a file that is imported.
    pub import_bytes: usize,
    /// How settlements are approved.
    pub settlement: Terms,
    /// What signing in takes.
    pub identity: Identity,
    /// For how long things are kept.
    pub retention: Retention,
    /// Rates, proxies, origins, TLS.
    pub edge: Edge,
    /// The certificate that is followed.
    pub certificate: Option<Arc<Certificate>>,
    /// The second sink of the trail, where there is one.
    pub sink: Option<Box<dyn Sink>>,
    /// Where evidence files lie.
    pub blobs: Blobs,
    /// The towns and offices of the division.
    pub towns: Towns,
    /// Which addresses webhooks may have.
    pub reach: Reach,
    /// Which replica tells them.
    pub telling: Option<Turn>,
}

impl Started {
    /// What a server needs of it.
    #[must_use]
    pub fn into_service(self) -> Service {
        Service {
            division: self.division,
            voucher_tokens: VoucherTokens::new(&self.keys),
            notary: Arc::new(CheckpointNotary::new(&self.keys)),
            key_set: PublishedKeys::of(&self.keys),
            tokens: self.tokens,
            vault: self.vault,
            identity: self.identity,
            retention: self.retention,
            limits: Limits { import_bytes: self.import_bytes, ..Limits::default() },
            assisted_claims_per_day: self.assisted_claims_per_day,
            settlement: self.settlement,
            edge: self.edge,
            counters: Counters::default(),
            sink: None,
            blobs: self.blobs,
            links: EvidenceLinks::new(&self.keys),
            towns: self.towns,
            webhook_secrets: WebhookSecrets::new(&self.keys),
            reach: self.reach,
        }
    }
}

/// Serves until SIGTERM or an interrupt.
///
/// # Errors
/// With a sentence.
pub fn run(options: &ServeOptions) -> Result<(), Stopped> {
    let listener = listen(&options.listen)?;
    safety::judge(options, listener.local_addr().map_err(|why| Stopped::new(why.to_string()))?)?;
    let mut base_url = base_url(&listener)?;
    if options.edge.tls_cert.is_some() {
        base_url = base_url.replacen("http://", "https://", 1);
    }
    std::fs::create_dir_all(&options.data_dir).map_err(|why| Stopped::at(&options.data_dir, &why))?;
    let started = start(options, |_| Ok(Clock::default()))?;
    serve(started, listener, &base_url)
}

/// Opens the address.
///
/// # Errors
/// When it cannot be had.
pub fn listen(address: &str) -> Result<TcpListener, Stopped> {
    TcpListener::bind(address).map_err(|why| Stopped::new(format!("cannot listen at {address}: {why}")))
}

/// The URL under which a listener is reached from this machine.
///
/// # Errors
/// When the system does not tell the address.
pub fn base_url(listener: &TcpListener) -> Result<String, Stopped> {
    let address = listener.local_addr().map_err(|why| Stopped::new(why.to_string()))?;
    Ok(format!("http://{address}"))
}

/// Migrates and opens the database, loads or makes the keys, and starts the engine. `clock` is told the time of the
/// newest record.
///
/// # Errors
/// With a sentence.
pub fn start(options: &ServeOptions, clock: impl FnOnce(Moment) -> Result<Clock, Stopped>) -> Result<Started, Stopped> {
    let database = open(&options.database(), options.schema.as_deref())?;
    database.migrate(&mut |line| announce(line)).map_err(|why| Stopped::new(why.to_string()))?;
    let key_file = options.keys();
    let machine_now = Clock::default().now();
    let keys = keys(&key_file, machine_now)?;
    let issuers = options.issuers.as_deref().map(|file| Issuers::open(file, Pace::default())).transpose();
    let issuers = issuers.map_err(|why| Stopped::new(why.to_string()))?;
    let last = newest(&database)?;
    let telling = database.turn(Task::Webhooks);
    let settings = Settings {
        queue: options.queue,
        batch_max: options.batch_max,
        readers: options.readers,
        clock: clock(last)?,
        ..Settings::new(&options.division, database)
    };
    let division = Division::open(&settings).map_err(|why| Stopped::new(why.to_string()))?;
    let tokens = AccessTokens::new(&keys, &options.issuer).map_err(|_| Stopped::at(&key_file, &"no usable key"))?;
    let tokens = tokens.trusting(issuers.unwrap_or_default()).map_err(|why| Stopped::new(why.to_string()))?;
    let masters = config::master_keys(&options.data_dir, options.master_key.as_ref());
    let vault = Vault::new(&keys, masters.map_err(|why| Stopped::new(why.to_string()))?);
    personal::adopt_division_key(&division, &vault)?;
    // Where it cannot be done now, it is when the file is looked at; nobody waits for it.
    are_noted(&division, &key_file);
    let (edge, certificate) = edge(&options.edge)?;
    let retention = options.retention;
    let identity = identity(&vault, &options.sign_in)?;
    let sink = options.audit_sink.as_deref().map(|text| audit_sink::open(text, &options.division)).transpose();
    let sink = sink.map_err(Stopped::new)?;
    let blobs = config::blobs(&options.data_dir, options.evidence_url.as_deref(), &options.division);
    let blobs = blobs.map_err(Stopped::new)?;
    let towns = config::towns(options.towns.as_deref(), &options.division).map_err(Stopped::new)?;
    Ok(Started {
        division,
        keys,
        key_file,
        tokens,
        vault,
        assisted_claims_per_day: options.assisted_claims_per_day,
        import_bytes: options.import_bytes,
        settlement: options.settlement.terms().map_err(Stopped::new)?,
        identity,
        retention,
        edge,
        certificate,
        sink,
        blobs,
        towns,
        reach: Reach::new(options.webhook_networks.clone()),
        telling: Some(telling),
    })
}

/// A division with its vault, for a command that works on them beside the service.
pub(super) fn beside(
    place: &DivisionOptions,
    database: Database,
    masters: MasterKeys,
    clock: Clock,
) -> Result<(Division, Vault), Stopped> {
    let vault = Vault::new(&keys(&place.keys(), Clock::default().now())?, masters);
    let settings = Settings { readers: 1, clock, ..Settings::new(&place.division, database) };
    let division = Division::open(&settings).map_err(|why| Stopped::new(why.to_string()))?;
    Ok((division, vault))
}

/// What signing in takes.
fn identity(vault: &Vault, options: &SignInOptions) -> Result<Identity, Stopped> {
    let identity = Identity::new(vault, options.cost(), options.policy(), options.patience());
    identity.map_err(|why| Stopped::new(format!("--argon2-…: {why}")))
}

/// Loads or makes the keys. A file of before there were checkpoints gets keys for them.
fn keys(path: &Path, now: Moment) -> Result<KeyRing, Stopped> {
    let ring = KeyRing::load_or_create(path, now).map_err(|why| Stopped::at(path, &why))?;
    if ring.signs_checkpoints() {
        return Ok(ring);
    }
    rotation::complete(path, now).map_err(|why| Stopped::at(path, &why))?;
    KeyRing::read(path).map_err(|why| Stopped::at(path, &why))
}

/// What callers meet first.
fn edge(options: &EdgeOptions) -> Result<(Edge, Option<Arc<Certificate>>), Stopped> {
    let sentence = |why: TlsError| Stopped::new(format!("--tls-cert, --tls-key: {why}"));
    let files = options.tls_cert.as_ref().zip(options.tls_key.as_ref());
    let certificate = files.map(|(chain, key)| Certificate::open(chain, key)).transpose().map_err(sentence)?;
    let tls = certificate.as_ref().map(Certificate::server).transpose().map_err(sentence)?;
    let edge = Edge {
        quotas: Quotas::new(options.rates),
        proxies: Proxies::new(options.trusted_proxies.clone()),
        origins: Origins::read(&options.cors_origin).map_err(Stopped::new)?,
        tls,
    };
    Ok((edge, certificate))
}

/// Opens a database.
///
/// # Errors
/// With a sentence.
pub fn open(url: &str, schema: Option<&str>) -> Result<Database, Stopped> {
    Database::open(url, schema).map_err(|why| Stopped::new(format!("cannot open the database: {why}")))
}

fn newest(database: &Database) -> Result<Moment, Stopped> {
    let sentence = |why: crate::store::StoreError| Stopped::new(why.to_string());
    let readers = database.readers(1).map_err(sentence)?;
    Ok(readers.snapshot(&mut |tx| tx.head()).map_err(sentence)?.at)
}

/// Answers requests until told to stop, then drains.
///
/// # Errors
/// With a sentence.
pub fn serve(mut started: Started, listener: TcpListener, base_url: &str) -> Result<(), Stopped> {
    let courier = HttpCourier::new(WebhookSecrets::new(&started.keys), started.reach.clone());
    let courier: Arc<dyn Courier> = Arc::new(courier);
    let division = started.division.clone();
    let certificate = started.certificate.clone();
    let retention = started.retention;
    let sentence = |why: std::io::Error| Stopped::new(why.to_string());
    let (key_file, keys) = (started.key_file.clone(), started.keys.clone());
    let sink = started.sink.take().map(|sink| (sink, Arc::<SinkState>::default()));
    let telling = started.telling.take();
    let mut service = started.into_service();
    service.sink = sink.as_ref().map(|(_, state)| Arc::clone(state));
    let service = Arc::new(service);
    let watch = watch_keys(&service, key_file, keys, watch::EVERY).map_err(sentence)?;
    announce(&format!("huanxin answers at {base_url} (documentation: {base_url}/docs/)"));
    let notary: Arc<dyn Notary> = Arc::clone(&service.notary) as Arc<dyn Notary>;
    actix_web::rt::System::new().block_on(async {
        let mut jobs = vec![
            actix_web::rt::spawn(division.clone().expire_vouchers()),
            actix_web::rt::spawn(division.clone().checkpoint_daily(notary)),
            actix_web::rt::spawn(division.clone().keep_retention(retention)),
            actix_web::rt::spawn(division.clone().follow_revocations()),
            actix_web::rt::spawn(division.clone().scan_for_anomalies()),
            actix_web::rt::spawn(sweep::keep_swept(Arc::clone(&service))),
        ];
        if let Some(certificate) = certificate {
            actix_web::rt::spawn(certificate.follow(tls::EVERY));
        }
        jobs.extend(telling.map(|turn| actix_web::rt::spawn(division.clone().tell_webhooks(courier, turn))));
        jobs.extend(sink.map(|(sink, state)| actix_web::rt::spawn(division.clone().feed(sink, state))));
        let served = server::run(listener, service).map_err(sentence)?.await.map_err(sentence);
        jobs.iter().for_each(actix_web::rt::task::JoinHandle::abort);
        served
    })?;
    info!("no more requests; finishing what waits");
    drop(watch);
    division.close();
    Ok(())
}

/// Has a service take the keys of its file each time that it is another one, and put into the trail which they are. `keys`
/// are those that it began with.
///
/// # Errors
/// When no thread can be started.
pub fn watch_keys(
    service: &Arc<Service>,
    key_file: PathBuf,
    keys: KeyRing,
    every: Duration,
) -> std::io::Result<KeyWatch> {
    let (service, file) = (Arc::clone(service), key_file.clone());
    // They are taken whether the database is there or not: a key that others have must go. The note follows.
    KeyWatch::start(key_file, every, move |now| !service.take_keys(now, &keys) || are_noted(&service.division, &file))
}

/// Whether the trail says which keys there are.
fn are_noted(division: &Division, key_file: &Path) -> bool {
    let noted = watch::names(key_file)
        .map_err(|why| why.to_string())
        .and_then(|names| division.note_keys(&names).map_err(|failure| format!("{failure:?}")));
    if let Err(why) = &noted {
        warn!(why, "that the keys are others does not stand in the trail yet");
    }
    noted.is_ok()
}

/// A line for the person at the terminal.
pub fn announce(line: &str) {
    let mut out = std::io::stdout().lock();
    // Nobody reads: no reason to stop.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// A line of progress: on standard error, so that standard output stays a command's own answer.
#[allow(clippy::print_stderr)]
pub fn progress(line: &str) {
    eprintln!("{line}");
}
