//! The service as a web server: what it consists of, where each operation is found, and how it starts and stops.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpResponse, HttpServer, web};
use tracing::warn;

use super::answer::BASE;
use super::edge::{Edge, Limits};
use super::error::ApiError;
use super::identity::Identity;
use super::key_set::PublishedKeys;
use super::route::{Place, Rule, at};
use super::{
    assisted, audit, bank_account, bureau, consumer, coverage, disputes, evidence, export, figures, growth, health,
    identity, import, old_item_end, personal, pickups, programmes, recycler, reports, request_id, retailer, revoked,
    settlement, webhooks,
};
use crate::access::AccessTokens;
use crate::blobs::Blobs;
use crate::checkpoint::CheckpointNotary;
use crate::config::ASSISTED_CLAIMS_PER_DAY;
use crate::domain::towns::Towns;
use crate::engine::{Division, Retention, SinkState};
use crate::keys::KeyRing;
use crate::links::EvidenceLinks;
use crate::pii::Vault;
use crate::qr::VoucherTokens;
use crate::webhooks::{Reach, WebhookSecrets};

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
    pub notary: Arc<CheckpointNotary>,
    /// The public keys.
    pub key_set: PublishedKeys,
    /// What signing in takes.
    pub identity: Identity,
    /// For how long things are kept.
    pub retention: Retention,
    /// Limits.
    pub limits: Limits,
    /// Claims that an assistant may make for others on a day.
    pub assisted_claims_per_day: u32,
    /// How settlements are approved, and by which calendars their terms are counted.
    pub settlement: settlement::Terms,
    /// Rates, proxies and origins.
    pub edge: Edge,
    /// Counters.
    pub counters: Counters,
    /// How far the second sink of the trail is, where there is one.
    pub sink: Option<Arc<SinkState>>,
    /// Where evidence files lie.
    pub blobs: Blobs,
    /// Links to them.
    pub links: EvidenceLinks,
    /// The towns and offices of the division.
    pub towns: Towns,
    /// Secrets of webhooks.
    pub webhook_secrets: WebhookSecrets,
    /// Which addresses webhooks may have.
    pub reach: Reach,
}

impl Service {
    /// With the usual limits and rates; evidence files are kept in memory alone.
    #[must_use]
    pub fn new(division: Division, tokens: AccessTokens, keys: &KeyRing, vault: Vault, identity: Identity) -> Self {
        let code = division.code();
        let towns = Towns::known(code).unwrap_or_else(|| Towns::unknown(code));
        Self {
            division,
            tokens,
            voucher_tokens: VoucherTokens::new(keys),
            notary: Arc::new(CheckpointNotary::new(keys)),
            vault,
            key_set: PublishedKeys::of(keys),
            identity,
            retention: Retention::default(),
            limits: Limits::default(),
            assisted_claims_per_day: ASSISTED_CLAIMS_PER_DAY,
            settlement: settlement::Terms::default(),
            edge: Edge::default(),
            counters: Counters::default(),
            sink: None,
            blobs: Blobs::in_memory(),
            links: EvidenceLinks::new(keys),
            towns,
            webhook_secrets: WebhookSecrets::new(keys),
            reach: Reach::default(),
        }
    }

    /// Signs, verifies and publishes with these keys from now on; what is under way ends with those that it began with.
    /// Keys of another service are not taken: nobody would be found by them. Gives whether they were.
    pub fn take_keys(&self, now: &KeyRing, before: &KeyRing) -> bool {
        if !now.finds_the_same_people_as(before) {
            warn!("the key file is another service's; the keys stay as they are");
            return false;
        }
        if let Err(why) = self.tokens.take_keys(now) {
            warn!(%why, "the key file has no access key; the keys stay as they are");
            return false;
        }
        self.voucher_tokens.take_keys(now);
        self.notary.take_keys(now);
        self.links.take_keys(now);
        self.key_set.take_keys(now);
        true
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// Starts to serve, with TLS where the edge has some, on a socket that listens; the server runs when it is awaited, and drains on SIGTERM.
///
/// # Errors
/// When the socket cannot be used.
pub fn run(listener: std::net::TcpListener, service: Arc<Service>) -> std::io::Result<Server> {
    let (limits, tls) = (service.limits, service.edge.tls.clone());
    let service = web::Data::from(service);
    let app = move || App::new().wrap(from_fn(request_id::around)).configure(|config| configure(config, &service));
    let server = HttpServer::new(app)
        .workers(limits.workers)
        .max_connections(limits.connections)
        .client_request_timeout(Duration::from_secs(limits.head_seconds))
        .shutdown_timeout(limits.drain_seconds);
    let listening = match tls {
        Some(tls) => server.listen_rustls_0_23(listener, Arc::unwrap_or_clone(tls)),
        None => server.listen(listener),
    };
    Ok(listening?.run())
}

/// The service's state and its operations.
pub fn configure(config: &mut web::ServiceConfig, service: &web::Data<Service>) {
    config
        .app_data(service.clone())
        .app_data(web::PayloadConfig::new(service.limits.body_bytes))
        .configure(health::routes)
        .service(web::scope(BASE).configure(|api| {
            for place in operations() {
                api.service(place.into_resource());
            }
        }))
        .default_service(web::to(nowhere));
}

/// Who may take each route.
#[must_use]
pub fn rules() -> Vec<Rule> {
    let all = health::places().into_iter().chain(operations());
    all.flat_map(Place::into_rules).collect()
}

/// Where each operation is found. A path that has other methods answers 405 with `Allow`.
fn operations() -> Vec<Place> {
    [
        public(),
        for_consumers(),
        for_assistants(),
        for_counters(),
        for_staff(),
        for_the_bureau(),
        for_settlements(),
        for_evidence(),
        for_disputes(),
        for_webhooks(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn public() -> Vec<Place> {
    vec![
        at("/programmes").get(programmes::list_programmes).post(bureau::programmes::create_programme),
        at("/programmes/{id}").get(programmes::get_programme),
        at("/collection-points").get(programmes::list_collection_points),
        at("/open-data/redemptions").get(figures::get_open_data),
        at("/vouchers/revoked").get(revoked::list_revoked_vouchers),
    ]
}

fn for_consumers() -> Vec<Place> {
    vec![
        at("/programmes/{id}/eligibility").post(consumer::check_eligibility),
        at("/vouchers").get(consumer::list_vouchers).post(consumer::claim_voucher),
        at("/vouchers/{id}").get(consumer::get_voucher),
        at("/vouchers/{id}/cancellation").post(consumer::cancel_voucher),
        at("/vouchers/{id}/qr").get(consumer::qr::get_voucher_qr),
        at("/me/personal-data").get(personal::export_my_data),
        at("/me/erasure").post(personal::erase_my_data),
    ]
}

fn for_assistants() -> Vec<Place> {
    vec![
        at("/assisted/programmes/{id}/eligibility").post(assisted::check_eligibility_for),
        at("/assisted/vouchers").post(assisted::claim_voucher_for),
        at("/assisted/vouchers/search").post(assisted::list_vouchers_for),
        at("/assisted/vouchers/{id}/qr").post(assisted::get_voucher_qr_for),
    ]
}

fn for_counters() -> Vec<Place> {
    vec![
        at("/turn-ins").get(recycler::list_turn_ins).post(recycler::record_turn_in),
        at("/turn-ins/{id}").get(recycler::get_turn_in),
        at("/turn-ins/{id}/void").post(recycler::void_turn_in),
        at("/redemptions/quote").post(retailer::quote_redemption),
        at("/redemptions").get(retailer::list_redemptions).post(retailer::redeem_voucher),
        at("/redemptions/{id}").get(retailer::get_redemption),
        at("/redemptions/{id}/reversal").post(retailer::reverse_redemption),
    ]
}

fn for_settlements() -> Vec<Place> {
    use settlement::{bank_files, payment, recovery, steps};
    vec![
        at("/settlements/statement").get(settlement::get_statement),
        at("/settlements").get(settlement::list_settlements).post(settlement::submit_settlement),
        at("/settlements/{id}").get(settlement::get_settlement),
        at("/settlements/{id}/lines").get(settlement::list_settlement_lines),
        at("/settlements/{id}/rejections").get(settlement::list_line_rejections).post(steps::reject_settlement_line),
        at("/settlements/{id}/submission").post(steps::resubmit_settlement),
        at("/settlements/{id}/acceptance").post(steps::accept_settlement),
        at("/settlements/{id}/review").post(steps::review_settlement),
        at("/settlements/{id}/return").post(steps::return_settlement),
        at("/settlements/{id}/approval").post(steps::approve_settlement),
        at("/settlements/{id}/approval-withdrawal").post(steps::withdraw_settlement_approval),
        at("/settlements/{id}/payment").post(steps::mark_settlement_paid),
        at("/payment-batches").get(payment::list_payment_batches).post(payment::create_payment_batch),
        at("/payment-batches/{id}/dissolution").post(payment::dissolve_payment_batch),
        at("/payment-batches/{id}/file").get(payment::get_payment_file),
        at("/payment-batches/{id}/returns").get(bank_files::list_bank_returns).post(payment::record_bank_return),
        at("/reconciliation-rows").get(payment::list_reconciliation_rows),
        at("/reconciliation-rows/{id}/answer").post(payment::answer_reconciliation_row),
        at("/redemptions/{id}/resubmission").post(recovery::resubmit_redemption),
        at("/redemptions/{id}/clawback").post(recovery::claw_back_redemption),
        at("/retailers/{id}/repayments").get(recovery::list_repayments).post(recovery::record_repayment),
    ]
}

fn for_webhooks() -> Vec<Place> {
    vec![
        at("/webhooks").get(webhooks::list_webhooks).post(webhooks::create_webhook),
        at("/webhooks/{id}").get(webhooks::get_webhook),
        at("/webhooks/{id}/secret").post(webhooks::rotate_webhook_secret),
        at("/webhooks/{id}/stop").post(webhooks::stop_webhook),
        at("/webhooks/{id}/replay").post(webhooks::replay_webhook),
        at("/webhooks/{id}/removal").post(webhooks::remove_webhook),
        at("/webhooks/{id}/missed-events").get(webhooks::list_missed_events),
        at("/webhooks/{id}/redeliveries").post(webhooks::redeliver_events),
    ]
}

fn for_staff() -> Vec<Place> {
    use identity::{account, session, staff, till};
    vec![
        at("/tills").get(till::list_tills).post(till::create_till),
        at("/tills/enrolment").post(till::enrol_till),
        at("/tills/{id}/revocation").post(till::revoke_till),
        at("/sessions").post(session::sign_in),
        at("/sessions/refresh").post(session::refresh_session),
        at("/sessions/sign-out").post(session::sign_out),
        at("/account").get(account::get_account),
        at("/account/password").post(account::change_password),
        at("/account/totp").post(account::start_totp_enrolment),
        at("/account/totp/confirmation").post(account::confirm_totp),
        at("/staff").get(staff::list_staff).post(staff::create_staff),
        at("/staff/{id}/closure").post(staff::disable_staff),
        at("/staff/{id}/credentials").post(staff::reset_staff_credentials),
        at("/staff/{id}/sign-out").post(staff::end_staff_sessions),
    ]
}

fn for_the_bureau() -> Vec<Place> {
    use bureau::{adjustments, parties, programmes, versions};
    vec![
        at("/programmes/{id}/versions").get(versions::list_programme_versions),
        at("/programmes/{id}/versions/{number}").get(versions::get_programme_version),
        at("/programmes/{id}/publication").post(programmes::publish_programme),
        at("/programmes/{id}/pause").post(programmes::pause_programme),
        at("/programmes/{id}/closure").post(programmes::close_programme),
        at("/programmes/{id}/pool-adjustments").post(programmes::adjust_pool),
        at("/programmes/{id}/adjustments").get(adjustments::list_adjustments).post(adjustments::post_adjustments),
        at("/retailers").get(parties::list_retailers).post(parties::register_retailer),
        at("/retailers/{id}/approval").post(parties::approve_retailer),
        at("/retailers/{id}/suspension").post(parties::suspend_retailer),
        at("/retailers/{id}/bank-account-proposals").post(bank_account::propose_bank_account),
        at("/bank-account-proposals").get(bank_account::list_bank_account_proposals),
        at("/bank-account-proposals/{id}/approval").post(bank_account::approve_bank_account),
        at("/bank-account-proposals/{id}/rejection").post(bank_account::reject_bank_account),
        at("/stores").post(parties::add_store),
        at("/stores/{id}/approval").post(parties::approve_store),
        at("/stores/{id}/suspension").post(parties::suspend_store),
        at("/recyclers").post(parties::register_recycler),
        at("/recyclers/{id}/approval").post(parties::approve_recycler),
        at("/recyclers/{id}/suspension").post(parties::suspend_recycler),
        at("/reports/totals").get(reports::get_totals_report),
        at("/reports/appliance-growth").get(growth::get_growth_report),
        at("/reports/appliance-growth/baseline").get(growth::list_growth_baselines).put(growth::set_growth_baseline),
        at("/reports/appliance-growth/off-system")
            .get(growth::list_off_system_trade_ins)
            .post(growth::record_off_system_trade_ins),
        at("/personal-data/disclosures").post(personal::reveal_personal_data),
        at("/personal-data/erasures").post(personal::erase_person),
        at("/reports/burn-down").get(figures::get_burn_down),
        at("/reports/retailer-ranking").get(figures::get_retailer_ranking),
        at("/reports/refusals").get(figures::get_refusal_report),
        at("/reports/tasks").get(figures::get_task_report),
        at("/reports/payment-times").get(figures::get_payment_times),
        at("/exports/publication").get(figures::export_publication),
        at("/exports/national-upload").get(figures::export_national_upload),
        at("/imports").get(import::list_imports).post(import::import_table),
        at("/products").get(import::list_products),
        at("/products/{gtin}").get(import::get_product),
        at("/exports/retailers").get(export::export_retailers),
        at("/exports/redemptions").get(export::export_redemptions),
        at("/audit/records").get(audit::list_audit_records),
        at("/audit/checkpoints").get(audit::checkpoints::list_checkpoints).post(audit::checkpoints::create_checkpoint),
        at("/audit/checkpoints/{number}").get(audit::checkpoints::get_checkpoint),
        at("/audit/inclusion-proof").get(audit::proofs::get_inclusion_proof),
        at("/audit/consistency-proof").get(audit::proofs::get_consistency_proof),
        at("/audit/vouchers/{id}/history").get(audit::history::get_voucher_history),
        at("/audit/evidence-package").get(audit::package::get_evidence_package),
    ]
}

/// Evidence, what becomes of old items, and how they are fetched.
fn for_evidence() -> Vec<Place> {
    vec![
        at("/evidence").get(evidence::list_evidence).post(evidence::upload_evidence),
        at("/evidence/{id}").get(evidence::get_evidence),
        at("/evidence/{id}/links").post(evidence::create_evidence_link),
        at("/evidence/{id}/content").get(evidence::download_evidence),
        at("/turn-ins/{id}/receipt").post(old_item_end::receive_turn_in),
        at("/turn-ins/{id}/dismantling").post(old_item_end::record_dismantling),
        at("/turn-ins/{id}/end").get(old_item_end::get_old_item_end),
        at("/reports/old-item-ends").get(old_item_end::get_item_end_report),
        at("/pickups").get(pickups::list_pickups).post(pickups::request_pickup),
        at("/pickups/{id}").get(pickups::get_pickup),
        at("/pickups/{id}/acceptance").post(pickups::accept_pickup),
        at("/pickups/{id}/collection").post(pickups::collect_pickup),
        at("/pickups/{id}/cancellation").post(pickups::cancel_pickup),
        at("/reports/collection-coverage").get(coverage::get_collection_coverage),
    ]
}

/// What looks wrong, and what somebody objects to.
fn for_disputes() -> Vec<Place> {
    use bureau::anomalies;
    vec![
        at("/anomalies").get(anomalies::list_anomalies),
        at("/anomalies/precision").get(anomalies::get_anomaly_precision),
        at("/anomalies/rules").get(anomalies::get_anomaly_rules).put(anomalies::set_anomaly_rules),
        at("/anomalies/{id}/resolution").post(anomalies::resolve_anomaly),
        at("/disputes").get(disputes::list_disputes).post(disputes::open_dispute),
        at("/disputes/{id}/answer").post(disputes::answer_dispute),
        at("/disputes/{id}/decision").post(disputes::decide_dispute),
        at("/disputes/{id}/hold-release").post(disputes::release_hold),
        at("/disputes/{id}/withdrawal").post(disputes::withdraw_dispute),
        at("/disputes/{id}/compensation").post(disputes::record_compensation),
    ]
}

async fn nowhere() -> Result<HttpResponse, ApiError> {
    Err(ApiError::not_found())
}
