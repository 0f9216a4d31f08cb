//! Keeps the issuers' keys fresh, on a thread of its own, so that no request waits for an issuer.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use tracing::{info, warn};
use ureq::http::{HeaderMap, Uri};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};

use super::key_set::{Algorithms, KeySet, KeySetUnusable};
use super::{Issuer, Source};

/// How long an issuer has for its answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The largest key set that is read, in bytes.
const LARGEST: u64 = 256 * 1024;
/// How many issuers may be asked for at once; each stands for all that want it.
const WAITING: usize = 16;

/// How often keys are read anew.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// A URL is asked no more often, whatever its answers say and whoever wants it.
    pub least: Duration,
    /// When the answer does not say how long it is good.
    pub usual: Duration,
    /// However long an answer says that it is good.
    pub most: Duration,
    /// After a failure.
    pub again: Duration,
    /// A file.
    pub file: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            least: Duration::from_mins(1),
            usual: Duration::from_hours(1),
            most: Duration::from_hours(24),
            again: Duration::from_mins(1),
            file: Duration::from_secs(5),
        }
    }
}

/// Why keys could not be had. None of it stands in an answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotFetched {
    #[error("{0}")]
    File(#[from] std::io::Error),
    #[error("{0}")]
    Http(#[from] ureq::Error),
    #[error("it answered with status {0}")]
    Status(u16),
    #[error(transparent)]
    Unusable(#[from] KeySetUnusable),
}

/// Fetches one URL.
pub(super) struct Fetch {
    url: Uri,
    agent: ureq::Agent,
}

impl Fetch {
    /// From a URL that was found safe; `roots` are the certificates of those who may vouch for its server, in PEM, when
    /// it is not the usual ones.
    pub(super) fn of(url: Uri, roots: Option<&Path>) -> Result<Self, String> {
        let mut tls = TlsConfig::builder();
        if let Some(path) = roots {
            let fault = |why: &dyn fmt::Display| format!("{}: {why}", path.display());
            let pem = std::fs::read(path).map_err(|why| fault(&why))?;
            let items: Result<Vec<PemItem<'static>>, _> = ureq::tls::parse_pem(&pem).collect();
            let certificate = |item| if let PemItem::Certificate(one) = item { Some(one) } else { None };
            let all: Vec<Certificate<'static>> =
                items.map_err(|why| fault(&why))?.into_iter().filter_map(certificate).collect();
            if all.is_empty() {
                return Err(fault(&"it has no certificate"));
            }
            tls = tls.root_certs(RootCerts::Specific(Arc::new(all)));
        }
        let agent = ureq::Agent::config_builder()
            .https_only(url.scheme_str() == Some("https"))
            .http_status_as_error(false)
            // Where it is found is configured, and not for the issuer to say.
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(PATIENCE))
            .tls_config(tls.build())
            .user_agent("huanxin")
            .build()
            .new_agent();
        Ok(Self { url, agent })
    }

    /// The keys, and for how long the answer says that they are good.
    fn fetch(&self, algorithms: Algorithms) -> Result<(KeySet, Option<Duration>), NotFetched> {
        let request = self.agent.get(self.url.clone()).header("Accept", "application/jwk-set+json, application/json");
        let mut response = request.call()?;
        let status = response.status().as_u16();
        if status != 200 {
            return Err(NotFetched::Status(status));
        }
        let good_for = max_age(response.headers());
        let bytes = response.body_mut().with_config().limit(LARGEST).read_to_vec()?;
        Ok((KeySet::read(&bytes, algorithms)?, good_for))
    }
}

impl fmt::Debug for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fetch").field(&self.url).finish()
    }
}

/// The keys of a file.
pub(super) fn read_file(path: &Path, algorithms: Algorithms) -> Result<KeySet, NotFetched> {
    Ok(KeySet::read(&std::fs::read(path)?, algorithms)?)
}

/// `max-age` of `Cache-Control` (RFC 9111, 5.2.2.1); zero for an answer that is not to be kept.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all("Cache-Control").iter().filter_map(|value| value.to_str().ok());
    let directives: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
    if directives.iter().any(|one| one.eq_ignore_ascii_case("no-store") || one.eq_ignore_ascii_case("no-cache")) {
        return Some(Duration::ZERO);
    }
    let named = directives.iter().filter_map(|one| one.split_once('='));
    let mut ages = named.filter(|(name, _)| name.trim().eq_ignore_ascii_case("max-age"));
    ages.find_map(|(_, seconds)| seconds.trim().trim_matches('"').parse().ok()).map(Duration::from_secs)
}

/// When an issuer's keys are read next, and when they were asked for last.
#[derive(Clone, Copy)]
struct Due {
    next: Instant,
    last: Option<Instant>,
}

/// Reads the keys of every URL once, and goes on with that on a thread of its own for as long as somebody holds what it
/// gives: where an issuer's keys can be asked for, by its place in the list.
pub(super) fn start(all: Arc<Vec<Issuer>>, removed: Arc<AtomicU64>, pace: Pace) -> std::io::Result<SyncSender<usize>> {
    let (want, wanted) = mpsc::sync_channel(WAITING);
    let now = Instant::now();
    let mut due = vec![Due { next: now, last: None }; all.len()];
    for (at, issuer) in all.iter().enumerate() {
        refresh(issuer, &mut due[at], &removed, pace);
    }
    let work = move || go_on(&all, &mut due, &wanted, &removed, pace);
    std::thread::Builder::new().name("issuers".to_owned()).spawn(work)?;
    Ok(want)
}

fn go_on(all: &[Issuer], due: &mut [Due], wanted: &Receiver<usize>, removed: &AtomicU64, pace: Pace) {
    loop {
        let now = Instant::now();
        for (issuer, due) in all.iter().zip(due.iter_mut()) {
            if due.next <= now {
                refresh(issuer, due, removed, pace);
            }
        }
        let first = due.iter().map(|due| due.next).min().unwrap_or(now);
        match wanted.recv_timeout(first.saturating_duration_since(Instant::now())) {
            // Whoever makes up names of keys gets no more than one question a while out of us.
            Ok(at) => {
                if let Some(due) = due.get_mut(at) {
                    let soonest = due.last.map_or(now, |last| last + pace.least);
                    due.next = due.next.min(soonest);
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Reads an issuer's keys. When they cannot be had, those of before stand.
fn refresh(issuer: &Issuer, due: &mut Due, removed: &AtomicU64, pace: Pace) {
    let got = match &issuer.source {
        Source::File(path) => read_file(path, issuer.algorithms).map(|set| (set, pace.file)),
        Source::Url(fetch) => fetch
            .fetch(issuer.algorithms)
            .map(|(set, good_for)| (set, good_for.unwrap_or(pace.usual).clamp(pace.least, pace.most.max(pace.least)))),
    };
    let now = Instant::now();
    due.last = Some(now);
    let wait = match got {
        Ok((set, wait)) => {
            let keys = set.len();
            if !issuer.keys().is_within(&set) || issuer.keys().len() != keys {
                info!(issuer = issuer.name, keys, "the keys of an issuer are others");
            }
            if issuer.take(set) {
                removed.fetch_add(1, Ordering::Release);
            }
            wait
        }
        Err(why) => {
            warn!(issuer = issuer.name, %why, "the keys of an issuer cannot be had; those of before stand");
            if matches!(issuer.source, Source::File(_)) { pace.file } else { pace.again }
        }
    };
    due.next = now + wait;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_how_long_it_is_good() {
        let age = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("Cache-Control", value.parse().unwrap());
            }
            max_age(&headers).map(|age| age.as_secs())
        };
        assert_eq!(age(&[]), None);
        assert_eq!(age(&["public, max-age=300"]), Some(300));
        assert_eq!(age(&["public", "Max-Age = \"7\""]), Some(7));
        assert_eq!(age(&["max-age=300, no-store"]), Some(0));
        assert_eq!(age(&["s-maxage=300"]), None);
        assert_eq!(age(&["max-age=-1", "max-age=x"]), None);
    }
}
