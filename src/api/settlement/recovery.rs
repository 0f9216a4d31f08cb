//! Lines that were refused and come back, and money that comes back.

use actix_web::{HttpResponse, web};

use super::super::answer::{changed, created, unexpected};
use super::super::auth::{Finance, Officer, RetailerManager, SettlementReader};
use super::super::body::{ClawBackBody, RepaymentBody, ResubmitBody};
use super::super::entity::JsonBody;
use super::super::error::ApiError;
use super::super::idempotency::{IdempotencyKey, Meaning};
use super::super::page::Paging;
use super::super::query::{Asked, PathId};
use super::super::server::Service;
use super::super::view::{ListView, RepaymentView, ResubmittedView, ReversedView};
use crate::domain::command::{Act, Outcome};
use crate::domain::money::Fen;

/// Put a redemption that the bureau refused into the settlement of a later period
#[utoipa::path(post, path = "/api/v1/redemptions/{id}/resubmission", operation_id = "resubmitRedemption", tag = "retailer",
    params(("id" = String, Path, format = "uuid", description = "The redemption")), request_body = ResubmitBody,
    responses((status = 200, description = "The day for which it counts now", body = ResubmittedView)))]
pub async fn resubmit_redemption(
    manager: RetailerManager,
    PathId(redemption): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let note = body.read::<ResubmitBody>()?.into_note()?;
    let meaning = Meaning::of("resubmitRedemption").subject(&redemption).body(body.value());
    let act = Act::ResubmitRedemption { redemption, retailer: manager.retailer, note };
    let answer = service.act(&manager.caller, &key, &meaning, act).await?;
    let Outcome::Resubmitted { id, redemption, day, at } = &answer.outcome else { return Err(unexpected()) };
    Ok(changed(&answer, &ResubmittedView::of(*id, *redemption, *day, *at)))
}

/// Undo a redemption that was paid: the retailer owes back what it was paid for it
#[utoipa::path(post, path = "/api/v1/redemptions/{id}/clawback", operation_id = "clawBackRedemption", tag = "bureau",
    params(("id" = String, Path, format = "uuid", description = "The redemption")), request_body = ClawBackBody,
    responses((status = 201, description = "What is owed back", body = ReversedView)))]
pub async fn claw_back_redemption(
    Officer(caller): Officer,
    PathId(redemption): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let (goods_returned, reason) = body.read::<ClawBackBody>()?.into_parts()?;
    let meaning = Meaning::of("clawBackRedemption").subject(&redemption).body(body.value());
    let act = Act::ClawBackRedemption { redemption, goods_returned, reason };
    let answer = service.act(&caller, &key, &meaning, act).await?;
    let Outcome::Reversed { id, redemption, at, clawed_back } = &answer.outcome else { return Err(unexpected()) };
    let place = format!("/redemptions/{redemption}");
    Ok(created(&answer, &place, &ReversedView::of(*id, *redemption, *at, *clawed_back)))
}

/// Record what a retailer has repaid of what it owes back
#[utoipa::path(post, path = "/api/v1/retailers/{id}/repayments", operation_id = "recordRepayment", tag = "bureau",
    params(("id" = String, Path, format = "uuid", description = "The retailer")), request_body = RepaymentBody,
    responses((status = 201, description = "The repayment", body = RepaymentView)))]
pub async fn record_repayment(
    Finance(caller): Finance,
    PathId(retailer): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let accounts = service.division.read(move |tx| tx.accounts_of_retailer(retailer)).await?;
    let owing = accounts.iter().filter(|account| account.clawback > Fen::ZERO);
    let lines = owing.map(|account| account.line).collect();
    let repayment = body.read::<RepaymentBody>()?.into_repayment(retailer, lines)?;
    let meaning = Meaning::of("recordRepayment").subject(&retailer).body(body.value());
    let answer = service.act(&caller, &key, &meaning, Act::RecordRepayment(repayment)).await?;
    let Outcome::Repayment(row) = &answer.outcome else { return Err(unexpected()) };
    Ok(created(&answer, &format!("/retailers/{retailer}/repayments"), &RepaymentView::from(&**row)))
}

/// What a retailer has repaid, newest first
#[utoipa::path(get, path = "/api/v1/retailers/{id}/repayments", operation_id = "listRepayments", tag = "retailer",
    params(("id" = String, Path, format = "uuid", description = "The retailer"), Paging),
    responses((status = 200, description = "A page of repayments", body = ListView<RepaymentView>)))]
pub async fn list_repayments(
    reader: SettlementReader,
    PathId(retailer): PathId,
    Asked(paging): Asked<Paging>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reading = paging.of(reader.caller.actor.id, &format!("repayments of {retailer}"))?;
    if reader.own.is_some_and(|own| own != retailer) {
        return Err(ApiError::not_found());
    }
    let found = service.division.read(move |tx| {
        let known = tx.retailer(retailer)?.is_some();
        Ok(known.then_some(tx.repayments(retailer, reading.page())?))
    });
    let rows = found.await?.ok_or_else(ApiError::not_found)?;
    Ok(HttpResponse::Ok().json(reading.list(rows, |row| row.id, |row| RepaymentView::from(&row))))
}
