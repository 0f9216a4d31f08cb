//! What the bank has said of a file for the bank, for whoever compares its files with those that were taken in.

use actix_web::{HttpResponse, web};

use super::super::auth::BankReader;
use super::super::error::ApiError;
use super::super::page::Paging;
use super::super::query::{Asked, PathId};
use super::super::server::Service;
use super::super::view::{BankFileView, ListView};

/// The bank's files that were taken in about a batch, newest first
///
/// What each row of a file came to is told by `listReconciliationRows`.
#[utoipa::path(get, path = "/api/v1/payment-batches/{id}/returns", operation_id = "listBankReturns", tag = "bureau",
    params(("id" = String, Path, format = "uuid", description = "The batch"), Paging),
    responses((status = 200, description = "A page of files", body = ListView<BankFileView>)))]
pub async fn list_bank_returns(
    BankReader(caller): BankReader,
    PathId(id): PathId,
    Asked(paging): Asked<Paging>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reading = paging.of(caller.actor.id, &format!("bank returns of {id}"))?;
    let found = service.division.read(move |tx| {
        let files = tx.bank_returns(id)?;
        Ok(tx.payment_batch(id)?.map(|_| files))
    });
    // A batch is answered by a handful of files.
    let files = found.await?.ok_or_else(ApiError::not_found)?;
    let newest_first = files.into_iter().rev().collect();
    Ok(HttpResponse::Ok().json(reading.cut(newest_first, |row| row.id, |row| BankFileView::from(&row))))
}
