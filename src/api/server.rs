//! The service as a web server: what it consists of, where each operation is found, and how it starts and stops.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpResponse, HttpServer, web};
use serde_json::Value;

use super::error::ApiError;
use super::{audit, bureau, consumer, growth, health, programmes, recycler, reports, request_id, retailer};
use crate::access::AccessTokens;
use crate::checkpoint::CheckpointNotary;
use crate::engine::{Division, Notary, SinkState};
use crate::keys::KeyRing;
use crate::pii::Vault;
use crate::qr::VoucherTokens;

/// What a server allows itself and its callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Threads that answer.
    pub workers: usize,
    /// Bytes of a body, after decompression.
    pub body_bytes: usize,
    /// Connections of one thread.
    pub connections: usize,
    /// Seconds within which a request's head must be there.
    pub head_seconds: u64,
    /// Seconds that requests under way have when the server stops.
    pub drain_seconds: u64,
    /// Records of an evidence package, which is put together in memory.
    pub evidence_records: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            workers: 2,
            body_bytes: 64 * 1024,
            connections: 10_000,
            head_seconds: 10,
            drain_seconds: 10,
            evidence_records: 50_000,
        }
    }
}

/// How many requests were answered how.
#[derive(Debug, Default)]
pub struct Counters {
    classes: [AtomicU64; 5],
    /// Requests turned away because a queue was full or the database away.
    pub turned_away: AtomicU64,
}

impl Counters {
    /// The counter of a status class; a status of no class counts as a server error.
    #[must_use]
    pub fn of_class(&self, status: u16) -> &AtomicU64 {
        match status / 100 {
            1 => &self.classes[0],
            2 => &self.classes[1],
            3 => &self.classes[2],
            4 => &self.classes[3],
            _ => &self.classes[4],
        }
    }
}

/// Everything that answering takes.
pub struct Service {
    /// The division: its engine, reads and clock.
    pub division: Division,
    /// Access tokens.
    pub tokens: AccessTokens,
    /// Vouchers' codes.
    pub voucher_tokens: VoucherTokens,
    /// Personal data.
    pub vault: Vault,
    /// Who signs checkpoints of the trail.
    pub notary: Arc<dyn Notary>,
    /// The public keys as a JWK set.
    pub keys: Value,
    /// Limits.
    pub limits: Limits,
    /// Counters.
    pub counters: Counters,
    /// How far the second sink of the trail is, where there is one.
    pub sink: Option<Arc<SinkState>>,
}

impl Service {
    /// With the usual limits.
    #[must_use]
    pub fn new(division: Division, tokens: AccessTokens, keys: &KeyRing, vault: Vault) -> Self {
        Self {
            division,
            tokens,
            voucher_tokens: VoucherTokens::new(keys),
            notary: Arc::new(CheckpointNotary::new(keys)),
            vault,
            keys: keys.jwks(),
            limits: Limits::default(),
            counters: Counters::default(),
            sink: None,
        }
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// Starts to serve on a socket that listens; the server runs when it is awaited, and drains on SIGTERM.
///
/// # Errors
/// When the socket cannot be used.
pub fn run(listener: std::net::TcpListener, service: Arc<Service>) -> std::io::Result<Server> {
    let limits = service.limits;
    let service = web::Data::from(service);
    let app = move || App::new().wrap(from_fn(request_id::around)).configure(|config| configure(config, &service));
    let server = HttpServer::new(app)
        .workers(limits.workers)
        .max_connections(limits.connections)
        .client_request_timeout(Duration::from_secs(limits.head_seconds))
        .shutdown_timeout(limits.drain_seconds)
        .listen(listener)?;
    Ok(server.run())
}

/// The service's state and its operations.
pub fn configure(config: &mut web::ServiceConfig, service: &web::Data<Service>) {
    config
        .app_data(service.clone())
        .app_data(web::PayloadConfig::new(service.limits.body_bytes))
        .configure(health::routes)
        .service(web::scope("/api/v1").configure(operations))
        .default_service(web::to(nowhere));
}

/// Where each operation is found. A path that has other methods answers 405 with `Allow`.
fn operations(config: &mut web::ServiceConfig) {
    public(config);
    for_consumers(config);
    for_counters(config);
    for_the_bureau(config);
}

fn at(path: &str) -> actix_web::Resource {
    web::resource(path.to_owned())
}

fn public(config: &mut web::ServiceConfig) {
    config
        .service(
            at("/programmes")
                .route(web::get().to(programmes::list_programmes))
                .route(web::post().to(bureau::programmes::create_programme)),
        )
        .service(at("/programmes/{id}").route(web::get().to(programmes::get_programme)))
        .service(at("/collection-points").route(web::get().to(programmes::list_collection_points)));
}

fn for_consumers(config: &mut web::ServiceConfig) {
    config
        .service(at("/programmes/{id}/eligibility").route(web::post().to(consumer::check_eligibility)))
        .service(
            at("/vouchers")
                .route(web::get().to(consumer::list_vouchers))
                .route(web::post().to(consumer::claim_voucher)),
        )
        .service(at("/vouchers/{id}").route(web::get().to(consumer::get_voucher)))
        .service(at("/vouchers/{id}/cancellation").route(web::post().to(consumer::cancel_voucher)))
        .service(at("/vouchers/{id}/qr").route(web::get().to(consumer::qr::get_voucher_qr)));
}

fn for_counters(config: &mut web::ServiceConfig) {
    config
        .service(
            at("/turn-ins")
                .route(web::get().to(recycler::list_turn_ins))
                .route(web::post().to(recycler::record_turn_in)),
        )
        .service(at("/turn-ins/{id}").route(web::get().to(recycler::get_turn_in)))
        .service(at("/turn-ins/{id}/void").route(web::post().to(recycler::void_turn_in)))
        .service(at("/redemptions/quote").route(web::post().to(retailer::quote_redemption)))
        .service(
            at("/redemptions")
                .route(web::get().to(retailer::list_redemptions))
                .route(web::post().to(retailer::redeem_voucher)),
        )
        .service(at("/redemptions/{id}").route(web::get().to(retailer::get_redemption)))
        .service(at("/redemptions/{id}/reversal").route(web::post().to(retailer::reverse_redemption)));
}

fn for_the_bureau(config: &mut web::ServiceConfig) {
    use bureau::{adjustments, parties, programmes, versions};
    config
        .service(at("/programmes/{id}/versions").route(web::get().to(versions::list_programme_versions)))
        .service(at("/programmes/{id}/versions/{number}").route(web::get().to(versions::get_programme_version)))
        .service(at("/programmes/{id}/publication").route(web::post().to(programmes::publish_programme)))
        .service(at("/programmes/{id}/pause").route(web::post().to(programmes::pause_programme)))
        .service(at("/programmes/{id}/closure").route(web::post().to(programmes::close_programme)))
        .service(at("/programmes/{id}/pool-adjustments").route(web::post().to(programmes::adjust_pool)))
        .service(
            at("/programmes/{id}/adjustments")
                .route(web::get().to(adjustments::list_adjustments))
                .route(web::post().to(adjustments::post_adjustments)),
        )
        .service(
            at("/retailers")
                .route(web::get().to(parties::list_retailers))
                .route(web::post().to(parties::register_retailer)),
        )
        .service(at("/retailers/{id}/approval").route(web::post().to(parties::approve_retailer)))
        .service(at("/retailers/{id}/suspension").route(web::post().to(parties::suspend_retailer)))
        .service(at("/stores").route(web::post().to(parties::add_store)))
        .service(at("/stores/{id}/approval").route(web::post().to(parties::approve_store)))
        .service(at("/stores/{id}/suspension").route(web::post().to(parties::suspend_store)))
        .service(at("/recyclers").route(web::post().to(parties::register_recycler)))
        .service(at("/recyclers/{id}/approval").route(web::post().to(parties::approve_recycler)))
        .service(at("/recyclers/{id}/suspension").route(web::post().to(parties::suspend_recycler)))
        .service(at("/reports/totals").route(web::get().to(reports::get_totals_report)))
        .service(at("/reports/appliance-growth").route(web::get().to(growth::get_growth_report)))
        .service(
            at("/reports/appliance-growth/baseline")
                .route(web::get().to(growth::list_growth_baselines))
                .route(web::put().to(growth::set_growth_baseline)),
        )
        .service(
            at("/reports/appliance-growth/off-system")
                .route(web::get().to(growth::list_off_system_trade_ins))
                .route(web::post().to(growth::record_off_system_trade_ins)),
        )
        .service(at("/audit/records").route(web::get().to(audit::list_audit_records)))
        .service(
            at("/audit/checkpoints")
                .route(web::get().to(audit::checkpoints::list_checkpoints))
                .route(web::post().to(audit::checkpoints::create_checkpoint)),
        )
        .service(at("/audit/checkpoints/{number}").route(web::get().to(audit::checkpoints::get_checkpoint)))
        .service(at("/audit/inclusion-proof").route(web::get().to(audit::proofs::get_inclusion_proof)))
        .service(at("/audit/consistency-proof").route(web::get().to(audit::proofs::get_consistency_proof)))
        .service(at("/audit/vouchers/{id}/history").route(web::get().to(audit::history::get_voucher_history)))
        .service(at("/audit/evidence-package").route(web::get().to(audit::package::get_evidence_package)));
}

async fn nowhere() -> Result<HttpResponse, ApiError> {
    Err(ApiError::not_found())
}
