//! What auditors read: the trail, its checkpoints and proofs, a voucher's whole life, and packages of evidence.

pub mod checkpoints;
pub mod history;
pub mod package;
pub mod proofs;

use actix_web::{HttpResponse, web};
use serde_json::json;

use super::auth::Auditor;
use super::error::ApiError;
use super::page::Paging;
use super::query::Asked;
use super::server::Service;
use super::view::{AuditRecordView, ListView};
use crate::domain::id::Id;

/// The records of the trail, newest first, each with the bytes that were hashed
///
/// `hash` is SHA-256 over the hash of the record before, as text, and `body`: anybody can walk the chain. Who reads the
/// trail is put into the trail.
#[utoipa::path(get, path = "/api/v1/audit/records", operation_id = "listAuditRecords", tag = "audit",
    params(Paging),
    responses((status = 200, description = "A page of records", body = ListView<AuditRecordView>)))]
pub async fn list_audit_records(
    Auditor(caller): Auditor,
    Asked(paging): Asked<Paging>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reading = paging.of(caller.actor.id, "audit")?;
    let (before, limit) = (reading.after().map(number), reading.page().limit);
    let rows = service.division.read(move |tx| tx.audit_records(before, limit)).await?;
    let page = reading.list(rows, |row| cursor(row.seq), |row| AuditRecordView::from(&row));
    let [newest, oldest] = [page.items.first(), page.items.last()].map(|row| row.map(|row| row.seq));
    let shown = json!({"newest": newest, "oldest": oldest});
    service.disclose(&caller, "listAuditRecords", "audit_record", None, shown).await?;
    Ok(HttpResponse::Ok().json(page))
}

/// The number of a record or checkpoint as a cursor carries it.
fn cursor(number: i64) -> Id {
    Id::from_prefix(&number.to_be_bytes())
}

/// The number that a cursor of this list carries.
fn number(id: Id) -> i64 {
    i64::from_be_bytes(std::array::from_fn(|at| id.as_bytes()[at]))
}
