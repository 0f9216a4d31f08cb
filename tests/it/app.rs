//! The service in this process behind a listener of its own, and its users.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use huanxin::access::{AccessClaims, AccessTokens, Role};
use huanxin::api;
use huanxin::api::edge::{IMPORT_BYTES, Limits, Rates};
use huanxin::cli::demo_issuer::DemoIssuer;
use huanxin::cli::{audit, demo, serve};
use huanxin::config::{ASSISTED_CLAIMS_PER_DAY, EdgeOptions, ServeOptions, SettlementOptions, SignInOptions};
use huanxin::domain::id::Id;
use huanxin::domain::identifier::synthetic;
use huanxin::domain::time::Moment;
use huanxin::engine::{Clock, Division, Retention, Scanned};
use huanxin::keys::KeyRing;
use huanxin::keys::watch::KeyWatch;
use serde_json::Value;
use ureq::http::{HeaderMap, Method, Request};

use crate::contract;
use crate::database::Place;
use crate::fixtures::TestDatabase;
use crate::leak;

/// When the tests' clocks start, unless a test asks for later.
pub const START: &str = "2026-06-18T10:00:00+08:00";
/// The day of [`START`].
pub const TODAY: &str = "2026-06-18";
const ISSUER: &str = "huanxin-demo";

/// Writes a test once and runs it on both databases: `journey::car::sqlite`, `journey::car::postgres`. Its app starts at
/// [`START`], or at the time that stands after the app's name: `fn car(app at "2024-06-03T10:00:00+08:00")`.
macro_rules! on_both {
    ($($(#[$attribute:meta])* fn $name:ident($app:ident $(at $start:literal)?) $body:block)+) => {$(
        $(#[$attribute])*
        mod $name {
            #[allow(unused_imports, reason = "a test takes what it needs")]
            use super::*;

            /// The first is when the app starts.
            const STARTS: &[&str] = &[$($start,)? $crate::app::START];

            #[allow(clippy::needless_pass_by_value, reason = "some tests end their app themselves")]
            fn run($app: $crate::app::TestApp) $body

            #[test]
            fn sqlite() {
                run($crate::app::TestApp::start($crate::database::Place::sqlite(), STARTS[0]));
            }

            #[test]
            fn postgres() {
                if let Some(place) = $crate::database::Place::postgres() {
                    run($crate::app::TestApp::start(place, STARTS[0]));
                }
            }
        }
    )+};
}

/// The demonstration's service. When it goes out of scope, the trail is verified.
pub struct TestApp {
    /// What `demo.json` would say.
    pub demo: Value,
    base_url: String,
    tokens: AccessTokens,
    id_provider: DemoIssuer,
    start: Moment,
    agent: ureq::Agent,
    running: Option<Running>,
    place: Option<Place>,
}

struct Running {
    server: ServerHandle,
    thread: JoinHandle<()>,
    division: Division,
    watch: KeyWatch,
}

impl TestApp {
    /// At a time, RFC 3339.
    pub fn start(place: Place, time: &str) -> Self {
        Self::start_at(place, Moment::parse(time).unwrap())
    }

    /// At the usual time, which stands still: the same requests have the same answers, but for signatures.
    pub fn standing(place: Place) -> Self {
        let start = Moment::parse(START).unwrap();
        Self::start_with(place, start, Clock::standing_at(start))
    }

    /// At the usual time, which stands still, with an edge of its own: an app has no rates otherwise.
    pub fn with_edge(place: Place, edge: EdgeOptions) -> Self {
        let start = Moment::parse(START).unwrap();
        Self::start_as(place, start, Clock::standing_at(start), edge, Limits::default())
    }

    /// At the usual time, with limits of its own.
    pub fn with_limits(place: Place, limits: Limits) -> Self {
        let start = Moment::parse(START).unwrap();
        Self::start_as(place, start, Clock::starting_at(start), without_rates(), limits)
    }

    fn start_at(place: Place, start: Moment) -> Self {
        Self::start_with(place, start, Clock::starting_at(start))
    }

    fn start_with(place: Place, start: Moment, clock: Clock) -> Self {
        Self::start_as(place, start, clock, without_rates(), Limits::default())
    }

    fn start_as(place: Place, start: Moment, clock: Clock, edge: EdgeOptions, limits: Limits) -> Self {
        leak::listen();
        let id_provider = DemoIssuer::open(place.dir.path()).unwrap();
        let options = ServeOptions {
            data_dir: place.dir.path().to_owned(),
            database_url: place.database_url(),
            key_file: None,
            master_key: None,
            listen: String::new(),
            division: "360111".to_owned(),
            schema: None,
            issuer: ISSUER.to_owned(),
            issuers: Some(id_provider.configuration().to_owned()),
            batch_max: 256,
            queue: 4096,
            readers: 2,
            assisted_claims_per_day: ASSISTED_CLAIMS_PER_DAY,
            import_bytes: IMPORT_BYTES,
            settlement: SettlementOptions::default(),
            sign_in: SignInOptions::cheap(),
            audit_sink: None,
            evidence_url: None,
            towns: None,
            webhook_networks: vec!["127.0.0.0/8".parse().unwrap()],
            retention: Retention::default(),
            edge,
        };
        let started = serve::start(&options, |_| Ok(clock)).unwrap();
        let listener = serve::listen("127.0.0.1:0").unwrap();
        let base_url = serve::base_url(&listener).unwrap();
        let demo = demo::seed(&started, &id_provider, &base_url).unwrap();
        let tokens = AccessTokens::new(&started.keys, ISSUER).unwrap();
        let division = started.division.clone();
        let (key_file, keys) = (started.key_file.clone(), started.keys.clone());
        let service = Arc::new(api::Service { limits, ..started.into_service() });
        let watch = serve::watch_keys(&service, key_file, keys, Duration::from_millis(50)).unwrap();
        let (server, thread) = listen(listener, service);
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_mins(1)))
            .build()
            .new_agent();
        let running = Some(Running { server, thread, division, watch });
        Self { demo, base_url, tokens, id_provider, start, agent, running, place: Some(place) }
    }

    /// The same records and keys, so many seconds after this app's start.
    pub fn later(mut self, seconds: i64) -> Self {
        self.stop();
        let (place, start) = (self.place.take().unwrap(), self.start.plus_seconds(seconds));
        Self::start_at(place, start)
    }

    /// Scans each day that is over, as the job does; gives the days with what was found.
    pub fn scan(&self) -> Vec<(String, usize)> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut scanned = Vec::new();
        while let Some(Scanned { day, findings }) = runtime.block_on(self.division().scan_due()).unwrap() {
            scanned.push((day.to_string(), findings));
        }
        scanned
    }

    /// The same, and an officer lets go what was found: the sales of tests look alike.
    pub fn scan_and_let_go(&self) {
        self.scan();
        let open = self.officer().get("/api/v1/anomalies?status=open").expect(200);
        for row in open["items"].as_array().unwrap() {
            let body = serde_json::json!({"outcome": "dismissed", "reason": "已核对"});
            let path = format!("/api/v1/anomalies/{}/resolution", row["id"].as_str().unwrap());
            self.officer().post(&path, &body).expect(200);
        }
    }

    /// As [`Self::later`], at a time that stands still again.
    pub fn standing_later(mut self, seconds: i64) -> Self {
        self.stop();
        let (place, start) = (self.place.take().unwrap(), self.start.plus_seconds(seconds));
        Self::start_with(place, start, Clock::standing_at(start))
    }

    fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            drop(running.server.stop(false));
            running.thread.join().unwrap();
            drop(running.watch);
            running.division.close();
        }
    }

    /// The engine and the reads of the service that runs.
    pub fn division(&self) -> &Division {
        &self.running.as_ref().unwrap().division
    }

    /// Its database, past the service.
    pub fn database(&self) -> TestDatabase {
        let place = self.place.as_ref().unwrap();
        let file = || format!("sqlite:{}", place.dir.path().join("huanxin.sqlite").display());
        TestDatabase::of(&place.database_url().unwrap_or_else(file))
    }

    /// Where that is, if it is a server's.
    pub fn database_url(&self) -> Option<String> {
        self.place.as_ref().unwrap().database_url()
    }

    /// The directory of its keys.
    pub fn directory(&self) -> &Path {
        self.place.as_ref().unwrap().dir.path()
    }

    /// One of the ten consumers.
    pub fn consumer(&self, n: usize) -> User<'_> {
        self.user(self.demo["tokens"]["consumer"][n].as_str())
    }

    pub fn recycler(&self) -> User<'_> {
        self.demo_user("recycler")
    }

    pub fn retailer(&self) -> User<'_> {
        self.demo_user("retailer")
    }

    pub fn officer(&self) -> User<'_> {
        self.demo_user("officer")
    }

    pub fn finance(&self) -> User<'_> {
        self.demo_user("finance")
    }

    pub fn admin(&self) -> User<'_> {
        self.demo_user("admin")
    }

    pub fn auditor(&self) -> User<'_> {
        self.demo_user("auditor")
    }

    pub fn nobody(&self) -> User<'_> {
        self.user(None)
    }

    /// Somebody of any role, a consumer with name and number, staff with an organisation, a reader with every task.
    pub fn somebody(&self, role: Role, organisation: Option<Id>) -> User<'_> {
        self.somebody_with(role, |claims| claims.org = organisation)
    }

    /// Somebody of any role whose claims are changed before they are signed; a consumer has name and number.
    pub fn somebody_with(&self, role: Role, change: impl FnOnce(&mut AccessClaims)) -> User<'_> {
        self.signed_by(&self.tokens, &self.id_provider, role, change)
    }

    /// Somebody whose token others signed, who call themselves as the service and its identity provider do.
    pub fn stranger(&self, role: Role) -> User<'_> {
        let tokens = AccessTokens::new(&KeyRing::generate().unwrap(), ISSUER).unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        self.signed_by(&tokens, &DemoIssuer::open(elsewhere.path()).unwrap(), role, |_| {})
    }

    fn signed_by(
        &self,
        tokens: &AccessTokens,
        id_provider: &DemoIssuer,
        role: Role,
        change: impl FnOnce(&mut AccessClaims),
    ) -> User<'_> {
        let seconds = 400 * 24 * 3600;
        let token = if role == Role::Consumer {
            let mut claims = id_provider.claims("somebody", self.start, seconds);
            claims.name = Some(synthetic::person_name(99));
            claims.resident_id = Some(synthetic::resident_id(99));
            change(&mut claims);
            id_provider.issue(&claims)
        } else {
            let account = Id::digest(&["somebody", role.name()]).to_string();
            let mut claims = tokens.claims(&account, role, self.start, seconds);
            // Of a session, as the tokens of staff are, but of one that nobody has begun.
            claims.sid = Some(Id::digest(&["session", role.name()]));
            if role == Role::Reader {
                claims.tasks = vec![12, 13, 14];
            }
            change(&mut claims);
            tokens.issue(&claims)
        };
        User { app: self, token: Some(token.unwrap()) }
    }

    /// The demo's user of a role.
    pub fn demo_user(&self, role: &str) -> User<'_> {
        self.user(self.demo["tokens"][role].as_str())
    }

    /// Whoever has this token.
    pub fn user(&self, token: Option<&str>) -> User<'_> {
        User { app: self, token: token.map(str::to_owned) }
    }

    /// What the service's clock shows.
    pub fn now(&self) -> Moment {
        self.running.as_ref().unwrap().division.now()
    }

    /// Where its keys and, on SQLite, its records are.
    pub fn dir(&self) -> &Path {
        self.place.as_ref().unwrap().dir.path()
    }

    /// Where the service answers.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The same as an address.
    pub fn address(&self) -> SocketAddr {
        self.base_url.strip_prefix("http://").unwrap().parse().unwrap()
    }

    /// The store of the demo's retailer.
    pub fn store(&self) -> &str {
        self.demo["store_id"].as_str().unwrap()
    }

    /// The demo's retailer.
    pub fn retailer_id(&self) -> String {
        let retailers = self.officer().get("/api/v1/retailers").expect(200);
        let uscc = synthetic::uscc(1);
        let found = retailers["items"].as_array().unwrap().iter().find(|row| row["uscc"] == uscc.as_str());
        found.unwrap()["id"].as_str().unwrap().to_owned()
    }

    pub fn name(&self, n: usize) -> &str {
        self.demo["consumers"][n]["name"].as_str().unwrap()
    }

    pub fn resident_id(&self, n: usize) -> &str {
        self.demo["consumers"][n]["resident_id"].as_str().unwrap()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop();
        let Some(place) = self.place.take().filter(|_| !std::thread::panicking()) else { return };
        let (code, line) =
            audit::verify(place.dir.path(), place.database_url().as_deref(), None, &audit::Kept::default(), None)
                .unwrap();
        assert_eq!(code, 0, "{line}");
        leak::nothing_was_logged();
    }
}

/// Tests are in more of a hurry than callers may be.
fn without_rates() -> EdgeOptions {
    EdgeOptions { rates: Rates::NONE, ..EdgeOptions::default() }
}

fn listen(listener: TcpListener, service: Arc<api::Service>) -> (ServerHandle, JoinHandle<()>) {
    let (tell, told) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let server = api::run(listener, service).unwrap();
            tell.send(server.handle()).unwrap();
            server.await.unwrap();
        });
    });
    (told.recv().unwrap(), thread)
}

/// Who sends requests.
#[derive(Clone)]
pub struct User<'a> {
    app: &'a TestApp,
    token: Option<String>,
}

/// A key that no other request has.
pub fn fresh_key() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("\"test {}\"", NEXT.fetch_add(1, Ordering::Relaxed))
}

impl User<'_> {
    /// The service that they use.
    pub fn app(&self) -> &TestApp {
        self.app
    }

    /// The access token, where there is one.
    pub fn token(&self) -> Option<String> {
        self.token.clone()
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None)
    }

    /// Sends a body under a fresh key.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_as(&fresh_key(), path, body)
    }

    /// Sends a body under a key.
    pub fn post_as(&self, key: &str, path: &str, body: &Value) -> Answer {
        self.post_text(&[("Idempotency-Key", key)], path, &body.to_string())
    }

    /// Sends text as JSON, however it looks.
    pub fn post_text(&self, headers: &[(&str, &str)], path: &str, text: &str) -> Answer {
        let mut all = vec![("Content-Type", "application/json")];
        all.extend(headers);
        self.send(Method::POST, path, &all, Some(text.as_bytes()))
    }

    /// Sends a body without a key.
    pub fn say(&self, path: &str, body: &Value) -> Answer {
        self.post_text(&[], path, &body.to_string())
    }

    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PUT, path, &[("Content-Type", "application/json")], Some(body.to_string().as_bytes()))
    }

    /// Sends a request, and sees that the answer is one that the document has.
    #[track_caller]
    pub fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Answer {
        let mut request = Request::builder().method(method.clone()).uri(format!("{}{path}", self.app.base_url));
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let sent = match body {
            Some(bytes) => self.app.agent.run(request.body(bytes).unwrap()),
            None => self.app.agent.run(request.body(()).unwrap()),
        };
        let mut response = sent.unwrap();
        let bytes = response.body_mut().read_to_vec().unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        let answer = Answer { status: response.status().as_u16(), headers: response.headers().clone(), body, bytes };
        contract::hold(&method, path, &answer);
        answer
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// As JSON; null when it is something else.
    pub body: Value,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn replayed(&self) -> bool {
        self.header("Idempotent-Replayed") == Some("true")
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        self.body
    }

    /// The identity of what was made.
    #[track_caller]
    pub fn made(self) -> String {
        self.expect(201)["id"].as_str().unwrap().to_owned()
    }

    /// A problem of this code, in the form that RFC 9457 gives it; gives the first failure.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        let body = &self.body;
        assert_eq!((self.status, body["code"].as_str()), (status, Some(code)), "{body:#}");
        assert_eq!(self.header("Content-Type"), Some("application/problem+json"));
        assert_eq!(body["status"], status);
        assert!(body["type"].as_str().unwrap().ends_with(code), "{body:#}");
        assert_eq!(body["instance"].as_str(), self.header("X-Request-Id"), "{body:#}");
        let first = body["errors"][0].clone();
        assert_eq!(first["code"], code, "{body:#}");
        assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
        first
    }

    /// As [`Self::refused`], with nothing else wrong; gives the pointer.
    #[track_caller]
    pub fn refused_alone(&self, status: u16, code: &str) -> String {
        let first = self.refused(status, code);
        assert_eq!(self.body["errors"].as_array().unwrap().len(), 1, "{:#}", self.body);
        first["pointer"].as_str().unwrap().to_owned()
    }
}
