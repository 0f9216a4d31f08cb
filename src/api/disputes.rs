//! Disputes: a consumer or a retailer objects, the other side answers, an officer decides.

use actix_web::{HttpResponse, web};

use super::answer::{changed, created, unexpected};
use super::auth::{Caller, Disputant, DisputeAnswerer, DisputeReader, Officer, RetailerManager};
use super::body::words::DisputeStatusWord;
use super::body::{AnswerDisputeBody, CompensationBody, DecideDisputeBody, OpenDisputeBody, ReasonBody};
use super::entity::JsonBody;
use super::error::ApiError;
use super::idempotency::{IdempotencyKey, Meaning};
use super::page::Paging;
use super::query::{Asked, Params, PathId, Wanted};
use super::server::Service;
use super::view::{DisputeView, ListView};
use crate::domain::command::{Act, Outcome};
use crate::domain::dispute::{DisputeAbout, DisputeStatus};
use crate::store::DisputeFilter;

/// Object to a refusal or to a redemption
///
/// A consumer objects to a refusal of her own claim, of her voucher at a till or of her old item, or to her own redemption; a
/// retailer to what was refused to its own staff, or to its own redemption or the refused line of one. A refusal is named as
/// `exportMyData` names it, or by the `instance` of the problem that told it. The redemption's line is held until it is decided; who objects to the same
/// redemption again after that holds nothing by it, unless the officer who upholds it says so.
#[utoipa::path(post, path = "/api/v1/disputes", operation_id = "openDispute", tag = "disputes",
    request_body = OpenDisputeBody,
    responses((status = 201, description = "The dispute", body = DisputeView)))]
pub async fn open_dispute(
    disputant: Disputant,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let Disputant { caller, party, opener } = disputant;
    let mut new = body.read::<OpenDisputeBody>()?.read(party, opener, &service.settlement.calendars)?;
    if new.about == DisputeAbout::Refusal {
        // Whose it is, the rules judge; one that is not there keeps its name and is refused by it.
        let named = new.subject;
        new.subject = service.division.read(move |tx| tx.attempt_of(named)).await?.unwrap_or(named);
    }
    let act = Act::OpenDispute(Box::new(new));
    let meaning = Meaning::of("openDispute").body(body.value());
    let answer = service.act(&caller, &key, &meaning, act).await?;
    let Outcome::Dispute(dispute) = &answer.outcome else { return Err(unexpected()) };
    let view = DisputeView::of(dispute, service.division.now().day());
    Ok(created(&answer, &format!("/disputes/{}", dispute.id), &view))
}

/// Which disputes.
#[derive(Debug)]
pub struct DisputesAsked {
    status: Option<DisputeStatus>,
    paging: Paging,
}

impl Wanted for DisputesAsked {
    const NAMES: &'static [&'static str] = &["status", "limit", "cursor"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let status = params.get("status", "opened, answered, decided", DisputeStatus::from_name)?;
        Ok(Self { status, paging: Paging::take(params)? })
    }
}

/// Disputes, newest first: a consumer's own, a retailer's own and those about its redemptions to its manager, the bureau's all
#[utoipa::path(get, path = "/api/v1/disputes", operation_id = "listDisputes", tag = "disputes",
    params(("status" = inline(Option<DisputeStatusWord>), Query, description = "In this state alone"), Paging),
    responses((status = 200, description = "A page of disputes", body = ListView<DisputeView>)))]
pub async fn list_disputes(
    reader: DisputeReader,
    Asked(asked): Asked<DisputesAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let DisputeReader { caller, opener, retailer } = reader;
    let reading = asked.paging.of(caller.actor.id, "disputes")?;
    let filter = DisputeFilter { opener, retailer, status: asked.status };
    let rows = service.division.read(move |tx| tx.disputes(filter, reading.page())).await?;
    let today = service.division.now().day();
    Ok(HttpResponse::Ok().json(reading.list(rows, |row| row.id, |row| DisputeView::of(&row, today))))
}

/// Answer a dispute: the retailer a consumer's, the bureau any
#[utoipa::path(post, path = "/api/v1/disputes/{id}/answer", operation_id = "answerDispute", tag = "disputes",
    params(("id" = String, Path, format = "uuid", description = "The dispute")), request_body = AnswerDisputeBody,
    responses((status = 200, description = "The dispute, answered", body = DisputeView)))]
pub async fn answer_dispute(
    answerer: DisputeAnswerer,
    PathId(id): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let act = body.read::<AnswerDisputeBody>()?.into_act(id, answerer.own)?;
    let meaning = Meaning::of("answerDispute").subject(&id).body(body.value());
    step(&service, &answerer.caller, &key, &meaning, act).await
}

/// Decide a dispute; not by who answered it
///
/// Once it was answered, or when the time for the answer is over. Its line is held no more, unless it is upheld and
/// `keeps_holding` says so.
#[utoipa::path(post, path = "/api/v1/disputes/{id}/decision", operation_id = "decideDispute", tag = "bureau",
    params(("id" = String, Path, format = "uuid", description = "The dispute")), request_body = DecideDisputeBody,
    responses((status = 200, description = "The dispute, decided", body = DisputeView)))]
pub async fn decide_dispute(
    Officer(caller): Officer,
    PathId(id): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let act = body.read::<DecideDisputeBody>()?.into_act(id)?;
    let meaning = Meaning::of("decideDispute").subject(&id).body(body.value());
    step(&service, &caller, &key, &meaning, act).await
}

/// Let the line go that a complaint went on holding after it was upheld; not by who decided
#[utoipa::path(post, path = "/api/v1/disputes/{id}/hold-release", operation_id = "releaseHold", tag = "bureau",
    params(("id" = String, Path, format = "uuid", description = "The dispute")), request_body = ReasonBody,
    responses((status = 200, description = "The dispute, which holds nothing", body = DisputeView)))]
pub async fn release_hold(
    Officer(caller): Officer,
    PathId(dispute): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reason = body.read::<ReasonBody>()?.into_reason()?;
    let meaning = Meaning::of("releaseHold").subject(&dispute).body(body.value());
    step(&service, &caller, &key, &meaning, Act::ReleaseHold { dispute, reason }).await
}

/// Take an objection back
#[utoipa::path(post, path = "/api/v1/disputes/{id}/withdrawal", operation_id = "withdrawDispute", tag = "disputes",
    params(("id" = String, Path, format = "uuid", description = "The dispute")), request_body = ReasonBody,
    responses((status = 200, description = "The dispute, withdrawn", body = DisputeView)))]
pub async fn withdraw_dispute(
    disputant: Disputant,
    PathId(dispute): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reason = body.read::<ReasonBody>()?.into_reason()?;
    let meaning = Meaning::of("withdrawDispute").subject(&dispute).body(body.value());
    let act = Act::WithdrawDispute { dispute, opener: disputant.opener, reason };
    step(&service, &disputant.caller, &key, &meaning, act).await
}

/// Record what the retailer paid to the consumer in advance (先行赔付), once
#[utoipa::path(post, path = "/api/v1/disputes/{id}/compensation", operation_id = "recordCompensation", tag = "retailer",
    params(("id" = String, Path, format = "uuid", description = "The dispute")), request_body = CompensationBody,
    responses((status = 200, description = "The dispute, with the compensation", body = DisputeView)))]
pub async fn record_compensation(
    manager: RetailerManager,
    PathId(id): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let today = service.division.now().day();
    let act = body.read::<CompensationBody>()?.into_act(id, manager.retailer, today)?;
    let meaning = Meaning::of("recordCompensation").subject(&id).body(body.value());
    step(&service, &manager.caller, &key, &meaning, act).await
}

async fn step(
    service: &Service,
    caller: &Caller,
    key: &IdempotencyKey,
    meaning: &Meaning,
    act: Act,
) -> Result<HttpResponse, ApiError> {
    let answer = service.act(caller, key, meaning, act).await?;
    let Outcome::Dispute(dispute) = &answer.outcome else { return Err(unexpected()) };
    Ok(changed(&answer, &DisputeView::of(dispute, service.division.now().day())))
}
