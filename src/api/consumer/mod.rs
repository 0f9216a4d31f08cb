//! What consumers do: ask whether they may claim, claim, look, give back, show.

pub mod qr;

use actix_web::{HttpRequest, HttpResponse, web};

use super::answer::{changed, created, unexpected};
use super::auth::{Consumer, device};
use super::body::words::ProgrammeWord;
use super::body::{ClaimVoucherBody, EligibilityBody};
use super::entity::JsonBody;
use super::error::ApiError;
use super::idempotency::{IdempotencyKey, Meaning};
use super::page::Paging;
use super::query::{Asked, Nothing, PathId, PathWord};
use super::server::Service;
use super::view::{EligibilityView, VoucherView};
use crate::domain::command::{Act, Outcome};
use crate::domain::id::Id;
use crate::domain::records::Voucher;

/// Whether the caller may claim, with the reason for each no, and the most that a voucher could bring
///
/// A question: nothing is changed, and no key is needed. A no is an answer (200), not a refusal.
#[utoipa::path(post, path = "/api/v1/programmes/{id}/eligibility", operation_id = "checkEligibility",
    tag = "consumer", params(("id" = inline(ProgrammeWord), Path, description = "The programme's word")),
    request_body = EligibilityBody,
    responses((status = 200, description = "Yes or no, and why", body = EligibilityView)))]
pub async fn check_eligibility(
    consumer: Consumer,
    PathWord(programme): PathWord,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let person = consumer.person(&service.vault)?;
    let division = service.division.code().to_owned();
    let claim = body.read::<EligibilityBody>()?.into_claim(programme, person, None, division)?;
    let eligibility = service.division.eligibility(claim).await?;
    Ok(HttpResponse::Ok().json(EligibilityView::answering(eligibility, consumer.caller.language)))
}

/// Claim a voucher: the most that it can bring is reserved for the caller
///
/// Where the programme matches the old item at the claim, `turn_in_id` names it. The voucher holds for the programme's
/// number of days, and the money stays reserved as long.
#[utoipa::path(post, path = "/api/v1/vouchers", operation_id = "claimVoucher", tag = "consumer",
    request_body = ClaimVoucherBody,
    responses((status = 201, description = "The voucher", body = VoucherView)))]
pub async fn claim_voucher(
    consumer: Consumer,
    key: IdempotencyKey,
    body: JsonBody,
    request: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    service.edge.quotas.admit_claim(&request, consumer.caller.actor.id, service.division.now())?;
    let device = device(&request, &service.vault);
    let claim = body.read::<ClaimVoucherBody>()?.into_claim(consumer.person(&service.vault)?, None, device)?;
    expire_lapsed(&service, consumer.id, claim.turn_in, &consumer.caller.request_id).await?;
    let meaning = Meaning::of("claimVoucher").body(body.value());
    let act = Act::ClaimVoucher(Box::new(claim));
    let answer = service.act(&consumer.caller, &key, &meaning, act).await?;
    let Outcome::Voucher(voucher) = &answer.outcome else { return Err(unexpected()) };
    let place = format!("/vouchers/{}", voucher.id);
    Ok(created(&answer, &place, &VoucherView::of(voucher, service.division.now())))
}

/// A voucher that has lapsed holds quota, money and perhaps the old item until it is ended; the job may not have
/// come by yet.
pub(super) async fn expire_lapsed(
    service: &Service,
    person: Id,
    turn_in: Option<Id>,
    request_id: &str,
) -> Result<(), ApiError> {
    let now = service.division.now();
    let lapsed = service.division.read(move |tx| tx.lapsed_vouchers(person, turn_in, now)).await?;
    for voucher in lapsed {
        service.expire(voucher, request_id).await?;
    }
    Ok(())
}

/// The caller's vouchers, newest first
#[utoipa::path(get, path = "/api/v1/vouchers", operation_id = "listVouchers", tag = "consumer", params(Paging),
    responses((status = 200, description = "A page of vouchers", body = super::view::ListView<VoucherView>)))]
pub async fn list_vouchers(
    consumer: Consumer,
    Asked(paging): Asked<Paging>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reading = paging.of(consumer.caller.actor.id, "vouchers")?;
    let person = consumer.id;
    let rows = service.division.read(move |tx| tx.vouchers_of(person, reading.page())).await?;
    let now = service.division.now();
    Ok(HttpResponse::Ok().json(reading.list(rows, |row| row.id, |row| VoucherView::of(&row, now))))
}

/// One of the caller's vouchers
#[utoipa::path(get, path = "/api/v1/vouchers/{id}", operation_id = "getVoucher", tag = "consumer",
    params(("id" = String, Path, format = "uuid", description = "The voucher")),
    responses((status = 200, description = "The voucher", body = VoucherView)))]
pub async fn get_voucher(
    consumer: Consumer,
    PathId(id): PathId,
    _: Asked<Nothing>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let voucher = own_voucher(&service, &consumer, id).await?;
    Ok(HttpResponse::Ok().json(VoucherView::of(&voucher, service.division.now())))
}

/// Reads a voucher; another's is not there.
async fn own_voucher(service: &Service, consumer: &Consumer, id: Id) -> Result<Voucher, ApiError> {
    let voucher = service.division.read(move |tx| tx.voucher(id)).await?;
    voucher.filter(|voucher| voucher.person == consumer.id).ok_or_else(ApiError::not_found)
}

/// Give a voucher back
///
/// What was reserved goes back to the pool. There is no body.
#[utoipa::path(post, path = "/api/v1/vouchers/{id}/cancellation", operation_id = "cancelVoucher", tag = "consumer",
    params(("id" = String, Path, format = "uuid", description = "The voucher")),
    responses((status = 200, description = "The voucher, cancelled", body = VoucherView)))]
pub async fn cancel_voucher(
    consumer: Consumer,
    PathId(voucher): PathId,
    key: IdempotencyKey,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let meaning = Meaning::of("cancelVoucher").subject(&voucher);
    let act = Act::CancelVoucher { voucher, person: consumer.id };
    let answer = service.act(&consumer.caller, &key, &meaning, act).await?;
    let Outcome::Voucher(voucher) = &answer.outcome else { return Err(unexpected()) };
    Ok(changed(&answer, &VoucherView::of(voucher, service.division.now())))
}
