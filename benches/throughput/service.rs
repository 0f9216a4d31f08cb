//! The service, as `serve` starts it, on a free port of this process, over a district of the fixtures.

use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use huanxin::access::AccessTokens;
use huanxin::api;
use huanxin::api::edge::{IMPORT_BYTES, Rates};
use huanxin::cli::demo_issuer::DemoIssuer;
use huanxin::cli::serve;
use huanxin::config::{ASSISTED_CLAIMS_PER_DAY, EdgeOptions, ServeOptions, SettlementOptions, SignInOptions};
use huanxin::engine::{Clock, Division, Retention};
use huanxin::qr::VoucherTokens;

use crate::NOW;
use crate::engine::POOL;
use crate::fixtures::{APPLIANCES, DIVISION, District, TestDatabase, at, fen, rules};

const ISSUER: &str = "bench";

/// A service that answers until it goes out of scope.
pub struct Service {
    pub address: SocketAddr,
    pub district: District,
    /// Makes the staff's access tokens.
    pub tokens: AccessTokens,
    /// Makes the consumers' access tokens.
    pub id_provider: DemoIssuer,
    /// Makes the vouchers' codes.
    pub codes: VoucherTokens,
    division: Division,
    server: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Service {
    /// With the settings that `serve` has when nothing is said.
    pub fn start(database: &TestDatabase) -> Self {
        let clock = Clock::starting_at(at(NOW));
        let district = District::open(&mut database.runner(clock), vec![rules(APPLIANCES, fen(POOL))]);
        let keys = tempfile::tempdir().unwrap();
        let id_provider = DemoIssuer::open(keys.path()).unwrap();
        let options = ServeOptions {
            data_dir: keys.path().to_owned(),
            database_url: Some(database.url().to_owned()),
            key_file: None,
            master_key: None,
            listen: String::new(),
            division: DIVISION.to_owned(),
            schema: None,
            issuer: ISSUER.to_owned(),
            issuers: Some(id_provider.configuration().to_owned()),
            batch_max: 256,
            queue: 4096,
            readers: 8,
            assisted_claims_per_day: ASSISTED_CLAIMS_PER_DAY,
            settlement: SettlementOptions::default(),
            import_bytes: IMPORT_BYTES,
            audit_sink: None,
            evidence_url: None,
            towns: None,
            webhook_networks: Vec::new(),
            sign_in: SignInOptions::cheap(),
            retention: Retention::default(),
            edge: EdgeOptions { rates: Rates::NONE, ..EdgeOptions::default() },
        };
        let started = serve::start(&options, |_| Ok(clock)).unwrap();
        let tokens = AccessTokens::new(&started.keys, ISSUER).unwrap();
        let codes = VoucherTokens::new(&started.keys);
        let division = started.division.clone();
        let listener = serve::listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let service = Arc::new(started.into_service());
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = api::run(listener, service).unwrap();
                tell.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        });
        let server = told.recv().unwrap();
        Self { address, district, tokens, id_provider, codes, division, server, thread: Some(thread) }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.server.stop(false));
        if let Some(thread) = self.thread.take() {
            // One that panicked has said so.
            let _ = thread.join();
        }
        self.division.close();
    }
}
