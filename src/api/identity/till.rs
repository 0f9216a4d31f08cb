//! Tills: devices at a store's counter.

use actix_web::{HttpResponse, web};

use crate::api::answer::{changed, created, unexpected};
use crate::api::auth::{RetailerManager, Stranger};
use crate::api::body::{CreateTillBody, EnrolTillBody, ReasonBody};
use crate::api::entity::JsonBody;
use crate::api::error::ApiError;
use crate::api::idempotency::{IdempotencyKey, Meaning};
use crate::api::page::Paging;
use crate::api::query::{Asked, PathId};
use crate::api::server::Service;
use crate::api::view::{ListView, NewTillView, TillView};
use crate::domain::account::Till;
use crate::domain::command::{Act, Actor, Command, EnrolTill, NewTill, Outcome};
use crate::domain::id::Id;
use crate::domain::refusal::{Code, Refusal};
use crate::engine::Answer;
use crate::qr;

use super::till_code;

/// Give a device at a counter a code to enrol with
///
/// The code is good once, for 30 minutes, as text and as a QR code; it is kept nowhere, and a repeat with the same key shows
/// it again. Once enrolled, whoever of the retailer signs in on the device gets tokens that are good on this device alone
/// and sell at its store alone.
#[utoipa::path(post, path = "/api/v1/tills", operation_id = "createTill", tag = "retailer",
    request_body = CreateTillBody,
    responses((status = 201, description = "The till and its code", body = NewTillView)))]
pub async fn create_till(
    manager: RetailerManager,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let (store, label) = body.read::<CreateTillBody>()?.judged()?;
    let request = Id::digest(&["till", &manager.caller.actor.id.to_string(), &key.0]);
    let code = till_code::of_request(&service.vault, request);
    let new = NewTill { retailer: manager.retailer, store, label, code: till_code::digest(&code) };
    let meaning = Meaning::of("createTill").body(body.value());
    let answer = service.act(&manager.caller, &key, &meaning, Act::CreateTill(Box::new(new))).await?;
    let till = till(&answer)?;
    let view = NewTillView { till: TillView::of(till), qr_svg: qr::svg(&code)?, code };
    Ok(created(&answer, &format!("/tills/{}", till.id), &view))
}

/// The tills of the caller's retailer, newest first
#[utoipa::path(get, path = "/api/v1/tills", operation_id = "listTills", tag = "retailer", params(Paging),
    responses((status = 200, description = "A page of tills", body = ListView<TillView>)))]
pub async fn list_tills(
    manager: RetailerManager,
    Asked(paging): Asked<Paging>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reading = paging.of(manager.caller.actor.id, "tills")?;
    let retailer = manager.retailer;
    let rows = service.division.read(move |tx| tx.tills_of(retailer, reading.page())).await?;
    Ok(HttpResponse::Ok().json(reading.list(rows, |row| row.id, |row| TillView::of(&row))))
}

/// Enrol the device as a till
///
/// Sent by the device itself, with the manager's code and the `X-Device-Id` that it will send with every request from
/// then on. In the code small letters, spaces and hyphens make no difference. A device that was a till of the retailer
/// until now is that till no more.
#[utoipa::path(post, path = "/api/v1/tills/enrolment", operation_id = "enrolTill", tag = "retailer",
    params(("X-Device-Id" = String, Header, min_length = 16, max_length = 128, pattern = "^[!-~]+$",
        description = "What the device calls itself: drawn at random, and told to nobody else")),
    request_body = EnrolTillBody,
    responses((status = 200, description = "The till", body = TillView)))]
pub async fn enrol_till(
    stranger: Stranger,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let code = till_code::digest(&body.read::<EnrolTillBody>()?.judged()?);
    let device = stranger.device.ok_or_else(|| {
        let refusal = Refusal::of(Code::BodyMalformed).found("no X-Device-Id, or one of another form");
        ApiError::from(refusal.expected("X-Device-Id: 16 to 128 letters, digits and signs of ASCII"))
    })?;
    // A device that lost the answer asks again and gets it; to any other the code was used.
    let id = Id::digest(&["enrol till", &hex::encode(code), &device.to_string()]);
    let actor = Actor { id: Till::key(&code), role: "till".to_owned(), organisation: None };
    let act = Act::EnrolTill(Box::new(EnrolTill { code, device }));
    let command = Command { id, fingerprint: id, actor, request_id: stranger.request_id, act };
    let answer = service.division.submit(command).await?;
    Ok(HttpResponse::Ok().json(TillView::of(till(&answer)?)))
}

/// Take a till out of use
///
/// The tokens of whoever is signed in on it end at once.
#[utoipa::path(post, path = "/api/v1/tills/{id}/revocation", operation_id = "revokeTill", tag = "retailer",
    params(("id" = String, Path, format = "uuid", description = "The till")), request_body = ReasonBody,
    responses((status = 200, description = "The till", body = TillView)))]
pub async fn revoke_till(
    manager: RetailerManager,
    PathId(id): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reason = body.read::<ReasonBody>()?.into_reason()?;
    let meaning = Meaning::of("revokeTill").subject(&id).body(body.value());
    let answer = service.act(&manager.caller, &key, &meaning, Act::RevokeTill { till: id, reason }).await?;
    Ok(changed(&answer, &TillView::of(till(&answer)?)))
}

fn till(answer: &Answer) -> Result<&Till, ApiError> {
    match &answer.outcome {
        Outcome::Till(till) => Ok(till),
        _ => Err(unexpected()),
    }
}
