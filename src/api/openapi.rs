//! The API's document, made of the handlers and of the contract of each operation.

use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::{
    assisted, audit, bank_account, bureau, consumer, contract, coverage, disputes, evidence, examples, export, figures,
    growth, health, identity, import, old_item_end, personal, pickups, programmes, recycler, reports, retailer,
    revoked, schemas, server, settlement, view, webhooks,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "huanxin 焕新",
        version = "1.0.0",
        description = "Trade-in subsidies of a district: programmes, vouchers, turn-ins, redemptions and reports.\n\n\
            `x-roles` says which roles may call an operation; of one that anybody may call it is empty.\n\n\
            Amounts are decimal strings in yuan, times RFC 3339 in UTC, days those of Asia/Shanghai. Errors are \
            `application/problem+json` (RFC 9457) in Chinese, or in English by `Accept-Language`. `X-Request-Id` is \
            taken or made, and returned. The repeat of something done answers as the first did, with \
            `Idempotent-Replayed: true`.\n\n\
            The examples were sent to the service and answered by it; signatures in them are samples. Requests with \
            members that are not known are refused; answers may get more members with a later version.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "public", description = "For anybody"),
        (name = "consumer", description = "For consumers 消费者"),
        (name = "assistant", description = "For assistants of a service point 服务点, who claim for people without a telephone"),
        (name = "recycler", description = "For collection points 回收点 and retailers that take old items along"),
        (name = "retailer", description = "For retailers 商家"),
        (name = "evidence", description = "Photos and documents about old items and redemptions"),
        (name = "bureau", description = "For officers of the bureau 投促局"),
        (name = "disputes", description = "For those who object, and those who answer"),
        (name = "identity", description = "For staff: signing in, and the accounts of those who do"),
        (name = "reports", description = "Figures"),
        (name = "audit", description = "For auditors 审计"),
        (name = "machines", description = "For whoever runs the service, and for offline checks of a voucher's code"),
    ),
    components(schemas(view::Problem, view::Fault)),
    paths(
        programmes::list_programmes,
        programmes::get_programme,
        programmes::list_collection_points,
        revoked::list_revoked_vouchers,
        consumer::check_eligibility,
        consumer::claim_voucher,
        consumer::list_vouchers,
        consumer::get_voucher,
        consumer::cancel_voucher,
        consumer::qr::get_voucher_qr,
        assisted::check_eligibility_for,
        assisted::claim_voucher_for,
        assisted::list_vouchers_for,
        assisted::get_voucher_qr_for,
        recycler::record_turn_in,
        recycler::get_turn_in,
        recycler::list_turn_ins,
        recycler::void_turn_in,
        retailer::quote_redemption,
        retailer::redeem_voucher,
        retailer::get_redemption,
        retailer::list_redemptions,
        retailer::reverse_redemption,
        identity::session::sign_in,
        identity::session::refresh_session,
        identity::session::sign_out,
        identity::account::get_account,
        identity::account::change_password,
        identity::account::start_totp_enrolment,
        identity::account::confirm_totp,
        identity::staff::create_staff,
        identity::staff::list_staff,
        identity::staff::disable_staff,
        identity::staff::reset_staff_credentials,
        identity::staff::end_staff_sessions,
        identity::till::create_till,
        identity::till::list_tills,
        identity::till::enrol_till,
        identity::till::revoke_till,
        bureau::programmes::create_programme,
        bureau::programmes::publish_programme,
        bureau::programmes::pause_programme,
        bureau::programmes::close_programme,
        bureau::programmes::adjust_pool,
        bureau::versions::list_programme_versions,
        bureau::versions::get_programme_version,
        bureau::adjustments::list_adjustments,
        bureau::adjustments::post_adjustments,
        bureau::parties::register_retailer,
        bureau::parties::list_retailers,
        bureau::parties::approve_retailer,
        bureau::parties::suspend_retailer,
        bank_account::propose_bank_account,
        bank_account::list_bank_account_proposals,
        bank_account::approve_bank_account,
        bank_account::reject_bank_account,
        bureau::parties::add_store,
        bureau::parties::approve_store,
        bureau::parties::suspend_store,
        bureau::parties::register_recycler,
        bureau::parties::approve_recycler,
        bureau::parties::suspend_recycler,
        reports::get_totals_report,
        growth::get_growth_report,
        growth::set_growth_baseline,
        growth::list_growth_baselines,
        growth::record_off_system_trade_ins,
        growth::list_off_system_trade_ins,
        personal::reveal_personal_data,
        personal::export_my_data,
        personal::erase_my_data,
        personal::erase_person,
        export::export_retailers,
        export::export_redemptions,
        figures::get_burn_down,
        figures::get_retailer_ranking,
        figures::get_refusal_report,
        figures::get_task_report,
        figures::get_payment_times,
        figures::get_open_data,
        figures::export_publication,
        figures::export_national_upload,
        import::import_table,
        import::list_imports,
        import::list_products,
        import::get_product,
        audit::list_audit_records,
        audit::checkpoints::create_checkpoint,
        audit::checkpoints::list_checkpoints,
        audit::checkpoints::get_checkpoint,
        audit::proofs::get_inclusion_proof,
        audit::proofs::get_consistency_proof,
        audit::history::get_voucher_history,
        audit::package::get_evidence_package,
        settlement::get_statement,
        settlement::submit_settlement,
        settlement::list_settlements,
        settlement::get_settlement,
        settlement::list_settlement_lines,
        settlement::list_line_rejections,
        settlement::steps::resubmit_settlement,
        settlement::steps::accept_settlement,
        settlement::steps::reject_settlement_line,
        settlement::steps::review_settlement,
        settlement::steps::return_settlement,
        settlement::steps::approve_settlement,
        settlement::steps::withdraw_settlement_approval,
        settlement::steps::mark_settlement_paid,
        settlement::payment::create_payment_batch,
        settlement::payment::list_payment_batches,
        settlement::payment::dissolve_payment_batch,
        settlement::payment::get_payment_file,
        settlement::payment::record_bank_return,
        settlement::bank_files::list_bank_returns,
        settlement::payment::list_reconciliation_rows,
        settlement::payment::answer_reconciliation_row,
        settlement::recovery::resubmit_redemption,
        settlement::recovery::claw_back_redemption,
        settlement::recovery::record_repayment,
        settlement::recovery::list_repayments,
        health::alive,
        health::ready,
        health::metrics,
        health::keys,
        evidence::upload_evidence,
        evidence::list_evidence,
        evidence::get_evidence,
        evidence::create_evidence_link,
        evidence::download_evidence,
        old_item_end::receive_turn_in,
        old_item_end::record_dismantling,
        old_item_end::get_old_item_end,
        old_item_end::get_item_end_report,
        pickups::request_pickup,
        pickups::list_pickups,
        pickups::get_pickup,
        pickups::accept_pickup,
        pickups::collect_pickup,
        pickups::cancel_pickup,
        coverage::get_collection_coverage,
        bureau::anomalies::list_anomalies,
        bureau::anomalies::resolve_anomaly,
        bureau::anomalies::get_anomaly_precision,
        bureau::anomalies::get_anomaly_rules,
        bureau::anomalies::set_anomaly_rules,
        disputes::open_dispute,
        disputes::list_disputes,
        disputes::answer_dispute,
        disputes::decide_dispute,
        disputes::release_hold,
        disputes::withdraw_dispute,
        disputes::record_compensation,
        webhooks::create_webhook,
        webhooks::list_webhooks,
        webhooks::get_webhook,
        webhooks::rotate_webhook_secret,
        webhooks::stop_webhook,
        webhooks::replay_webhook,
        webhooks::remove_webhook,
        webhooks::list_missed_events,
        webhooks::redeliver_events,
    )
)]
struct Operations;

/// The document.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Operations::openapi();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("An access token of the identity provider (consumers) or of this service (staff)."))
        .build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(contract::BEARER, SecurityScheme::Http(bearer));
    contract::complete(&mut document, &server::rules());
    schemas::complete(&mut document);
    examples::add(&mut document);
    document
}

/// The document as text: the same bytes for the same code, a member a line.
#[must_use]
pub fn document_json() -> String {
    let value = serde_json::to_value(document()).unwrap_or_default();
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}
