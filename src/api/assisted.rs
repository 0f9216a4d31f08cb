//! What assistants of a service point do for people who come without a telephone: ask whether they may claim, claim
//! with their consent, look up what was claimed there, print the code.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::answer::{created, unexpected};
use super::auth::{Assistant, Caller};
use super::body::words::ProgrammeWord;
use super::body::{ClaimVoucherForBody, EligibilityForBody, PrintedAs, VoucherQrForBody, VouchersForBody};
use super::consumer::expire_lapsed;
use super::consumer::qr::{CodeView, Format, Picture, drawn, showable};
use super::entity::JsonBody;
use super::error::ApiError;
use super::idempotency::{IdempotencyKey, Meaning};
use super::query::{PathId, PathWord};
use super::server::Service;
use super::view::{EligibilityView, ListView, VoucherView};
use crate::domain::command::{Act, Outcome};
use crate::domain::refusal::Code;
use crate::domain::time::Moment;

/// How many vouchers of a person are listed.
const MOST: i64 = 200;

/// Whether a person may claim, with the reason for each no, and the most that a voucher could bring
///
/// A question: nothing is changed, and no key is needed. A no is an answer (200), not a refusal.
#[utoipa::path(post, path = "/api/v1/assisted/programmes/{id}/eligibility", operation_id = "checkEligibilityFor",
    tag = "assistant", params(("id" = inline(ProgrammeWord), Path, description = "The programme's word")),
    request_body = EligibilityForBody,
    responses((status = 200, description = "Yes or no, and why", body = EligibilityView)))]
pub async fn check_eligibility_for(
    assistant: Assistant,
    PathWord(programme): PathWord,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let (today, division) = (service.division.now().day(), service.division.code().to_owned());
    let claim = body.read::<EligibilityForBody>()?.into_claim(programme, division, &service.vault, today)?;
    let eligibility = service.division.eligibility_for(claim).await?;
    Ok(HttpResponse::Ok().json(EligibilityView::answering(eligibility, assistant.caller.language)))
}

/// Claim a voucher for a person who has consented
///
/// The voucher is the person's. Consent by word of mouth needs a witness, who stands in `note`. An assistant makes a
/// limited number of such claims a day (Asia/Shanghai).
#[utoipa::path(post, path = "/api/v1/assisted/vouchers", operation_id = "claimVoucherFor", tag = "assistant",
    request_body = ClaimVoucherForBody,
    responses((status = 201, description = "The voucher", body = VoucherView)))]
pub async fn claim_voucher_for(
    assistant: Assistant,
    key: IdempotencyKey,
    body: JsonBody,
    request: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    service.edge.quotas.admit_claim(&request, assistant.caller.actor.id, service.division.now())?;
    let (today, most) = (service.division.now().day(), service.assisted_claims_per_day);
    let read = body.read::<ClaimVoucherForBody>()?;
    let (claim, assistance) = read.into_claim(assistant.service_point, most, &service.vault, today)?;
    expire_lapsed(&service, claim.person.id, claim.turn_in, &assistant.caller.request_id).await?;
    let meaning = Meaning::of("claimVoucherFor").body(body.value());
    let act = Act::ClaimVoucherFor { claim: Box::new(claim), assistance: Box::new(assistance) };
    let answer = match service.act(&assistant.caller, &key, &meaning, act).await {
        Ok(answer) => answer,
        Err(refused) => return tomorrow(refused, &assistant.caller, service.division.now()),
    };
    let Outcome::Voucher(voucher) = &answer.outcome else { return Err(unexpected()) };
    Ok(created(&answer, "/assisted/vouchers", &VoucherView::of(voucher, service.division.now())))
}

/// When the day's claims are used up, the wait is until the next day begins.
fn tomorrow(refused: ApiError, caller: &Caller, now: Moment) -> Result<HttpResponse, ApiError> {
    match &refused {
        ApiError::Refused(refusals) if refusals.first().code == Code::RateLimited => {
            let mut answer = refused.answer(caller.language, &caller.request_id);
            let seconds = now.day().next().start().seconds().saturating_sub(now.seconds()).max(1);
            answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            Ok(answer)
        }
        _ => Err(refused),
    }
}

/// The vouchers that this service point claimed for a person, newest first
///
/// A question that is sent by POST, so that no identity number stands in an address. It answers the newest 200, which
/// are all, on one page.
#[utoipa::path(post, path = "/api/v1/assisted/vouchers/search", operation_id = "listVouchersFor", tag = "assistant",
    request_body = VouchersForBody,
    responses((status = 200, description = "The vouchers", body = ListView<VoucherView>)))]
pub async fn list_vouchers_for(
    assistant: Assistant,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let (now, service_point) = (service.division.now(), assistant.service_point);
    let person = body.read::<VouchersForBody>()?.into_person(&service.vault, now.day())?.id;
    let rows = service.division.read(move |tx| tx.assisted_vouchers_of(service_point, person, MOST)).await?;
    let items = rows.iter().map(|row| VoucherView::of(row, now)).collect();
    Ok(HttpResponse::Ok().json(ListView { items, next_cursor: None }))
}

/// The code of a person's voucher, to be printed
///
/// Of a voucher that this service point claimed for the person. It holds as long as the voucher, the counter asks for
/// the last four characters of the holder's identity number, and who printed it stands in the trail.
#[utoipa::path(post, path = "/api/v1/assisted/vouchers/{id}/qr", operation_id = "getVoucherQrFor", tag = "assistant",
    params(("id" = String, Path, format = "uuid", description = "The voucher")), request_body = VoucherQrForBody,
    responses((status = 200, description = "The code", content(
        (CodeView = "application/json"), (String = "image/svg+xml"), (Picture = "image/png")))))]
pub async fn get_voucher_qr_for(
    assistant: Assistant,
    PathId(id): PathId,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let (now, service_point) = (service.division.now(), assistant.service_point);
    let asked = body.read::<VoucherQrForBody>()?;
    let format = match asked.format {
        PrintedAs::Svg => Format::Svg,
        PrintedAs::Png => Format::Png,
        PrintedAs::Token => Format::Token,
    };
    let (holder, number) = asked.into_holder(&service.vault, now.day())?;
    let found = service.division.read(move |tx| tx.assisted_voucher(service_point, id)).await?;
    let voucher = found.filter(|voucher| voucher.person == holder.id).ok_or_else(ApiError::not_found)?;
    showable(&voucher, now)?;
    let expires = voucher.expires_at;
    let code = service.voucher_tokens.printed(voucher.id, &voucher.programme, now, expires, &number)?;
    let shown = json!({"form": "printed", "holder": holder.number.masked});
    service.disclose(&assistant.caller, "getVoucherQrFor", &voucher.id.to_string(), None, shown).await?;
    drawn(&service, &code, format)
}
