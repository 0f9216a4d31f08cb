//! What collection points do, and retailers that take the old item along: record it, look, take the record back.

use actix_web::{HttpResponse, web};

use super::answer::{changed, created, unexpected};
use super::auth::{RecyclerStaff, TurnInReader};
use super::body::{ReasonBody, RecordTurnInBody};
use super::entity::JsonBody;
use super::error::ApiError;
use super::idempotency::{IdempotencyKey, Meaning};
use super::page::Paging;
use super::query::{Asked, Nothing, PathId};
use super::server::Service;
use super::view::{ListView, TurnInView};
use crate::domain::command::{Act, Outcome};

/// Record an old item that was handed in
///
/// Which identity the item needs depends on its category: a car its `vin`, an e-bike its `ebike_code` or frame and motor
/// number, anything else its `serial_number` or, where the label is gone, a `ticket_number`. Whether the item was used
/// already is judged when it is matched, not here.
#[utoipa::path(post, path = "/api/v1/turn-ins", operation_id = "recordTurnIn", tag = "recycler",
    request_body = RecordTurnInBody,
    responses((status = 201, description = "The turn-in with its receipt", body = TurnInView)))]
pub async fn record_turn_in(
    staff: RecyclerStaff,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let today = service.division.now().day();
    let body_read = body.read::<RecordTurnInBody>()?;
    let turn_in = body_read.into_new_turn_in(staff.recorder, staff.recorder_is, &service.vault, today)?;
    let meaning = Meaning::of("recordTurnIn").body(body.value());
    let act = Act::RecordTurnIn(Box::new(turn_in));
    let answer = service.act(&staff.caller, &key, &meaning, act).await?;
    let Outcome::TurnIn(turn_in) = &answer.outcome else { return Err(unexpected()) };
    let place = format!("/turn-ins/{}", turn_in.id);
    Ok(created(&answer, &place, &TurnInView::from(&**turn_in)))
}

/// A turn-in: for its recorder, for the owner and for the bureau
#[utoipa::path(get, path = "/api/v1/turn-ins/{id}", operation_id = "getTurnIn", tag = "recycler",
    params(("id" = String, Path, format = "uuid", description = "The turn-in")),
    responses((status = 200, description = "The turn-in", body = TurnInView)))]
pub async fn get_turn_in(
    reader: TurnInReader,
    PathId(id): PathId,
    _: Asked<Nothing>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let turn_in = service.division.read(move |tx| tx.turn_in(id)).await?.ok_or_else(ApiError::not_found)?;
    let own = match reader {
        TurnInReader::Recorder(recorder) => turn_in.recorder == recorder,
        TurnInReader::Owner(person) => turn_in.person == person,
        TurnInReader::Bureau => true,
    };
    if own { Ok(HttpResponse::Ok().json(TurnInView::from(&turn_in))) } else { Err(ApiError::not_found()) }
}

/// The caller's organisation's turn-ins, newest first
#[utoipa::path(get, path = "/api/v1/turn-ins", operation_id = "listTurnIns", tag = "recycler", params(Paging),
    responses((status = 200, description = "A page of turn-ins", body = ListView<TurnInView>)))]
pub async fn list_turn_ins(
    staff: RecyclerStaff,
    Asked(paging): Asked<Paging>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reading = paging.of(staff.caller.actor.id, &format!("turn-ins of {}", staff.recorder))?;
    let recorder = Some(staff.recorder);
    let rows = service.division.read(move |tx| tx.turn_ins(recorder, None, reading.page())).await?;
    Ok(HttpResponse::Ok().json(reading.list(rows, |row| row.id, |row| TurnInView::from(&row))))
}

/// Void a turn-in that supports no voucher
#[utoipa::path(post, path = "/api/v1/turn-ins/{id}/void", operation_id = "voidTurnIn", tag = "recycler",
    params(("id" = String, Path, format = "uuid", description = "The turn-in")), request_body = ReasonBody,
    responses((status = 200, description = "The turn-in, void", body = TurnInView)))]
pub async fn void_turn_in(
    staff: RecyclerStaff,
    PathId(id): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reason = body.read::<ReasonBody>()?.into_reason()?;
    let meaning = Meaning::of("voidTurnIn").subject(&id).body(body.value());
    let act = Act::VoidTurnIn { turn_in: id, reason };
    let answer = service.act(&staff.caller, &key, &meaning, act).await?;
    let Outcome::TurnIn(turn_in) = &answer.outcome else { return Err(unexpected()) };
    Ok(changed(&answer, &TurnInView::from(&**turn_in)))
}
