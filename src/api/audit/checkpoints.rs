//! Checkpoints of the trail: made every day and when somebody asks, handed out to be kept where nobody of the service
//! comes.

use actix_web::http::header::{ContentDisposition, DispositionParam, DispositionType};
use actix_web::{HttpResponse, web};
use serde_json::json;

use super::{cursor, number};
use crate::api::answer::{created, unexpected};
use crate::api::auth::{Auditor, CheckpointMaker};
use crate::api::error::ApiError;
use crate::api::idempotency::{IdempotencyKey, Meaning};
use crate::api::page::Paging;
use crate::api::query::{Asked, Nothing, PathNumber};
use crate::api::server::Service;
use crate::api::view::{CheckpointView, ListView};
use crate::domain::command::Outcome;

/// Make a checkpoint over all records that are there now
///
/// One is made at the beginning of every day anyway. There is no body. What comes back is to be kept elsewhere: printed,
/// mailed, published. Whoever rewrites the records that it is over, all of them and consistently, is found by it.
#[utoipa::path(post, path = "/api/v1/audit/checkpoints", operation_id = "createCheckpoint", tag = "audit",
    responses((status = 201, description = "The checkpoint", body = CheckpointView)))]
pub async fn create_checkpoint(
    CheckpointMaker(caller): CheckpointMaker,
    key: IdempotencyKey,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let meaning = Meaning::of("createCheckpoint");
    let command = |act| service.command(&caller, &key, &meaning, act);
    let answer = service.division.checkpoint(service.notary.as_ref(), command).await?;
    let Outcome::Checkpoint(checkpoint) = &answer.outcome else { return Err(unexpected()) };
    Ok(created(
        &answer,
        &format!("/audit/checkpoints/{}", checkpoint.number),
        &CheckpointView::from(checkpoint.as_ref()),
    ))
}

/// The checkpoints of the trail, newest first
#[utoipa::path(get, path = "/api/v1/audit/checkpoints", operation_id = "listCheckpoints", tag = "audit",
    params(Paging),
    responses((status = 200, description = "A page of checkpoints", body = ListView<CheckpointView>)))]
pub async fn list_checkpoints(
    Auditor(caller): Auditor,
    Asked(paging): Asked<Paging>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reading = paging.of(caller.actor.id, "checkpoints")?;
    let (before, limit) = (reading.after().map(number), reading.page().limit);
    let rows = service.division.read(move |tx| tx.checkpoints(before, limit)).await?;
    Ok(HttpResponse::Ok().json(reading.list(rows, |row| cursor(row.number), |row| CheckpointView::from(&row))))
}

/// A checkpoint, to be kept or published
///
/// `statement` is a compact JWS (RFC 7515) of type `checkpoint+jwt`; its key is in `/.well-known/jwks.json`. `huanxin audit
/// verify --checkpoint FILE` takes the whole answer, or the statement alone. The download stands in the trail.
#[utoipa::path(get, path = "/api/v1/audit/checkpoints/{number}", operation_id = "getCheckpoint", tag = "audit",
    params(("number" = u32, Path, minimum = 1, description = "The number of the checkpoint, from 1")),
    responses((status = 200, description = "The checkpoint", body = CheckpointView)))]
pub async fn get_checkpoint(
    Auditor(caller): Auditor,
    PathNumber(number): PathNumber,
    _: Asked<Nothing>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let found = service.division.read(move |tx| tx.checkpoint(i64::from(number))).await?;
    let checkpoint = found.ok_or_else(ApiError::not_found)?;
    let shown = json!({"number": checkpoint.number, "size": checkpoint.size, "root": checkpoint.root});
    service.disclose(&caller, "getCheckpoint", &checkpoint.id.to_string(), None, shown).await?;
    let name = format!("checkpoint-{}-{number}.json", service.division.code());
    Ok(HttpResponse::Ok().insert_header(attachment(name)).json(CheckpointView::from(&checkpoint)))
}

/// Something that is saved as a file of this name.
pub(super) fn attachment(name: String) -> ContentDisposition {
    ContentDisposition { disposition: DispositionType::Attachment, parameters: vec![DispositionParam::Filename(name)] }
}
