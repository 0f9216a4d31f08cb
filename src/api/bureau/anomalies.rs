//! What looks wrong: the bureau's list, what becomes of each, and the rules by which it is found.

use actix_web::{HttpResponse, web};

use crate::api::answer::{changed, unexpected};
use crate::api::auth::{BureauReader, Officer};
use crate::api::body::words::{AnomalyRuleWord, AnomalyStatusWord};
use crate::api::body::{AnomalyRulesBody, ResolveAnomalyBody};
use crate::api::entity::JsonBody;
use crate::api::error::ApiError;
use crate::api::idempotency::{IdempotencyKey, Meaning};
use crate::api::page::Paging;
use crate::api::query::{Asked, Nothing, Params, PathId, Wanted};
use crate::api::server::Service;
use crate::api::view::{AnomalyRulesView, AnomalyView, ListView, PrecisionView, PrecisionsView};
use crate::domain::anomaly::{AnomalyRule, AnomalyStatus};
use crate::domain::command::Outcome;
use crate::domain::id::Id;
use crate::store::AnomalyFilter;

/// Which anomalies.
#[derive(Debug)]
pub struct AnomaliesAsked {
    filter: AnomalyFilter,
    paging: Paging,
}

impl Wanted for AnomaliesAsked {
    const NAMES: &'static [&'static str] = &["rule", "status", "retailer_id", "limit", "cursor"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let rule = params.get("rule", "the word of a rule, as getAnomalyRules lists them", AnomalyRule::from_name)?;
        let status = params.get("status", "open, confirmed, dismissed", AnomalyStatus::from_name)?;
        let retailer = params.get("retailer_id", "an identity", |text| text.parse::<Id>().ok())?;
        Ok(Self { filter: AnomalyFilter { rule, status, retailer }, paging: Paging::take(params)? })
    }
}

/// What looks wrong, the newest day first
///
/// Each day is scanned once it is over. A finding with `holds` keeps every settlement with one of its lines from being
/// approved until it is dismissed.
#[utoipa::path(get, path = "/api/v1/anomalies", operation_id = "listAnomalies", tag = "bureau",
    params(
        ("rule" = inline(Option<AnomalyRuleWord>), Query, description = "Of this rule alone"),
        ("status" = inline(Option<AnomalyStatusWord>), Query, description = "In this state alone"),
        ("retailer_id" = Option<String>, Query, format = "uuid", description = "With a line of this retailer"),
        Paging),
    responses((status = 200, description = "A page of anomalies", body = ListView<AnomalyView>)))]
pub async fn list_anomalies(
    BureauReader(caller): BureauReader,
    Asked(asked): Asked<AnomaliesAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reading = asked.paging.of(caller.actor.id, "anomalies")?;
    let filter = asked.filter;
    let rows = service.division.read(move |tx| tx.anomalies(filter, reading.page())).await?;
    let view = |row| AnomalyView::of(&row, caller.language);
    Ok(HttpResponse::Ok().json(reading.list(rows, |row| row.id, view)))
}

/// Say what an anomaly was
///
/// What is confirmed holds its lines from then on, whatever its score was: they are to be rejected, returned or clawed
/// back. A confirmation can still be taken back by `dismissed`; a dismissal cannot.
#[utoipa::path(post, path = "/api/v1/anomalies/{id}/resolution", operation_id = "resolveAnomaly", tag = "bureau",
    params(("id" = String, Path, format = "uuid", description = "The anomaly")), request_body = ResolveAnomalyBody,
    responses((status = 200, description = "The anomaly, resolved", body = AnomalyView)))]
pub async fn resolve_anomaly(
    Officer(caller): Officer,
    PathId(id): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let act = body.read::<ResolveAnomalyBody>()?.into_act(id)?;
    let meaning = Meaning::of("resolveAnomaly").subject(&id).body(body.value());
    let answer = service.act(&caller, &key, &meaning, act).await?;
    let Outcome::Anomaly(anomaly) = &answer.outcome else { return Err(unexpected()) };
    Ok(changed(&answer, &AnomalyView::of(anomaly, caller.language)))
}

/// How often each rule was right: confirmed findings against dismissed ones
#[utoipa::path(get, path = "/api/v1/anomalies/precision", operation_id = "getAnomalyPrecision", tag = "bureau",
    responses((status = 200, description = "Every rule", body = PrecisionsView)))]
pub async fn get_anomaly_precision(
    BureauReader(caller): BureauReader,
    _: Asked<Nothing>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    // The method itself as the query is not general enough over the transaction's lifetime.
    #[allow(clippy::redundant_closure_for_method_calls)]
    let rows = service.division.read(|tx| tx.anomaly_precision()).await?;
    let rules = rows.iter().map(|row| PrecisionView::of(row, caller.language)).collect();
    Ok(HttpResponse::Ok().json(PrecisionsView { rules }))
}

/// The anomaly rules that are in force, and what their numbers are
#[utoipa::path(get, path = "/api/v1/anomalies/rules", operation_id = "getAnomalyRules", tag = "bureau",
    responses((status = 200, description = "The rules", body = AnomalyRulesView)))]
pub async fn get_anomaly_rules(
    BureauReader(caller): BureauReader,
    _: Asked<Nothing>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let (entry, scan) = service.division.read(|tx| Ok((tx.anomaly_rules()?, tx.last_anomaly_scan()?))).await?;
    let scanned_to = scan.map(|scan| scan.day.to_string());
    Ok(HttpResponse::Ok().json(AnomalyRulesView::of(entry.as_ref(), scanned_to, caller.language)))
}

/// Set anomaly rules anew
///
/// They hold for the days that are scanned from then on. The trail has what changed, before and after.
#[utoipa::path(put, path = "/api/v1/anomalies/rules", operation_id = "setAnomalyRules", tag = "bureau",
    request_body = AnomalyRulesBody,
    responses((status = 200, description = "The rules", body = AnomalyRulesView)))]
pub async fn set_anomaly_rules(
    Officer(caller): Officer,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let act = body.read::<AnomalyRulesBody>()?.into_act()?;
    let meaning = Meaning::of("setAnomalyRules").body(body.value());
    let answer = service.act(&caller, &key, &meaning, act).await?;
    let Outcome::AnomalyRules(entry) = &answer.outcome else { return Err(unexpected()) };
    #[allow(clippy::redundant_closure_for_method_calls)]
    let scan = service.division.read(|tx| tx.last_anomaly_scan()).await?;
    let scanned_to = scan.map(|scan| scan.day.to_string());
    Ok(changed(&answer, &AnomalyRulesView::of(Some(entry), scanned_to, caller.language)))
}
