//! What stores do: ask what a sale would bring, redeem, look, take a redemption back.

use actix_web::{HttpRequest, HttpResponse, web};

use super::answer::{created, unexpected};
use super::auth::{RedemptionViewer, RetailerManager, RetailerStaff};
use super::body::{Quoted, ReasonBody, RedeemBody};
use super::entity::JsonBody;
use super::error::ApiError;
use super::idempotency::{IdempotencyKey, Meaning};
use super::masks::People;
use super::page::Paging;
use super::query::{Asked, Nothing, PathId};
use super::server::Service;
use super::view::{ListView, QuoteView, RedeemedView, RedemptionView, ReversedView};
use crate::domain::command::{Act, Outcome, Presented};
use crate::domain::id::Id;
use crate::domain::records::Redemption;
use crate::domain::refusal::{Check, Code, Refusal};
use crate::domain::settlement::Progress;
use crate::domain::time::Moment;
use crate::engine::Quote;
use crate::qr::{Form, Scanned, VoucherTokens};

/// What a sale would bring, with every check; nothing is changed
///
/// The body is that of the redemption; `item`, `price` and `invoice` may be absent. With a good token, voucher and
/// seller the answer is 200: what else fails or lacks stands in `checks`, and `subsidy` is `null`. The `scan_token`
/// lets this store finish the sale within 15 minutes, without the consumer's code.
#[utoipa::path(post, path = "/api/v1/redemptions/quote", operation_id = "quoteRedemption", tag = "retailer",
    request_body = RedeemBody,
    responses((status = 200, description = "The amounts, the checks and a token for the sale", body = QuoteView)))]
pub async fn quote_redemption(
    staff: RetailerStaff,
    body: JsonBody,
    request: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let sale = body.read::<RedeemBody>()?;
    count_guess(&service, &request, &sale)?;
    let code = sale.qr_token.clone().or_else(|| sale.scan_token.clone()).unwrap_or_default();
    let today = service.division.now().day();
    let Quoted { mut redeem, failed } =
        sale.into_quote(staff.retailer, &service.voucher_tokens, &service.vault, today)?;
    redeem.bound_to = staff.store;
    let (presented, store) = (redeem.presented.clone(), redeem.store);
    let mut quote = service.division.quote(redeem).await?;
    add_failed(&mut quote, failed);
    let scan_token = scan_token(&service, &presented, store, code.trim())?;
    let view = QuoteView::of(quote.amounts.as_ref(), scan_token, &quote.voucher, &quote.checks, staff.caller.language);
    Ok(HttpResponse::Ok().json(view))
}

/// Counts a guess at the holder of a printed voucher. Four characters are soon tried out: after a few wrong ones nobody is
/// told anything about this voucher for a while, whatever is guessed and whoever guesses.
fn count_guess(service: &Service, request: &HttpRequest, sale: &RedeemBody) -> Result<(), ApiError> {
    let (Some(code), Some(guess)) = (&sale.qr_token, &sale.holder_check) else { return Ok(()) };
    let Ok(token) = service.voucher_tokens.read(code.trim()) else { return Ok(()) };
    if token.form == Form::Live {
        return Ok(());
    }
    service.edge.quotas.admit_holder_check(request, token.voucher, service.division.now())?;
    if service.voucher_tokens.holder_passes(&token, guess) {
        service.edge.quotas.holder_found(token.voucher);
    }
    Ok(())
}

/// What the body itself got wrong stands among the checks, once; then there is no amount.
fn add_failed(quote: &mut Quote, failed: Vec<Refusal>) {
    for refusal in failed {
        let same = |check: &Check| check.refusal.code == refusal.code && check.refusal.pointer == refusal.pointer;
        if !quote.checks.iter().any(same) {
            quote.checks.push(Check { passed: false, refusal });
        }
        quote.amounts = None;
    }
}

/// The token with which this store may finish the sale. It does not outlive the one that it replaces, so that a
/// voucher cannot be kept at a counter by asking again and again.
fn scan_token(service: &Service, presented: &Presented, store: Id, code: &str) -> Result<(String, Moment), ApiError> {
    let invalid = |_| ApiError::from(Refusal::at(Code::QrInvalid, "/qr_token"));
    let token = match service.voucher_tokens.read_either(code).map_err(invalid)? {
        Scanned::Scan(token) => token,
        Scanned::Voucher(token) => {
            let passed = token.form == Form::Live || presented.holder_passed;
            VoucherTokens::scan(token.voucher, store, token.form, passed, service.division.now())
        }
    };
    Ok((service.voucher_tokens.sign_scan(&token)?, token.expires))
}

/// Redeem a voucher, once
///
/// Either `qr_token` or `scan_token`. `list` less `discounts` is `final`, and the invoice's total is `final`; where
/// `paid` is sent, it is `final` less everything in `funding`.
#[utoipa::path(post, path = "/api/v1/redemptions", operation_id = "redeemVoucher", tag = "retailer",
    request_body = RedeemBody,
    responses((status = 201, description = "The redemption", body = RedeemedView)))]
pub async fn redeem_voucher(
    staff: RetailerStaff,
    key: IdempotencyKey,
    body: JsonBody,
    request: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let today = service.division.now().day();
    let (tokens, vault) = (&service.voucher_tokens, &service.vault);
    let sale = body.read::<RedeemBody>()?;
    count_guess(&service, &request, &sale)?;
    let mut redeem = sale.into_redeem(staff.retailer, tokens, vault, today, true)?;
    redeem.bound_to = staff.store;
    let meaning = Meaning::of("redeemVoucher").scanned(body.value(), redeem.presented.voucher);
    let act = Act::RedeemVoucher(Box::new(redeem));
    let answer = service.act(&staff.caller, &key, &meaning, act).await?;
    let Outcome::Redeemed(redeemed) = &answer.outcome else { return Err(unexpected()) };
    let place = format!("/redemptions/{}", redeemed.id);
    Ok(created(&answer, &place, &RedeemedView::from(redeemed)))
}

/// A redemption: for its retailer and for the bureau
#[utoipa::path(get, path = "/api/v1/redemptions/{id}", operation_id = "getRedemption", tag = "retailer",
    params(("id" = String, Path, format = "uuid", description = "The redemption")),
    responses((status = 200, description = "The redemption", body = RedemptionView)))]
pub async fn get_redemption(
    viewer: RedemptionViewer,
    PathId(id): PathId,
    _: Asked<Nothing>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let read = service.division.read(move |tx| {
        let found = tx.redemption(id)?;
        let people = People::of(tx, found.iter().map(|(redemption, _)| redemption))?;
        Ok((found, tx.adjustments_of(&[id])?, people))
    });
    let (found, adjustments, people) = read.await?;
    let own = found.filter(|(redemption, _)| viewer.own.is_none_or(|retailer| redemption.retailer == retailer));
    let (redemption, progress) = own.ok_or_else(ApiError::not_found)?;
    let shown = people.shown(&service.vault, &redemption);
    Ok(HttpResponse::Ok().json(RedemptionView::of(&redemption, &progress, &adjustments, shown)))
}

/// The redemptions of the caller's retailer, newest first
#[utoipa::path(get, path = "/api/v1/redemptions", operation_id = "listRedemptions", tag = "retailer", params(Paging),
    responses((status = 200, description = "A page of redemptions", body = ListView<RedemptionView>)))]
pub async fn list_redemptions(
    staff: RetailerStaff,
    Asked(paging): Asked<Paging>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reading = paging.of(staff.caller.actor.id, &format!("redemptions of {}", staff.retailer))?;
    let retailer = Some(staff.retailer);
    let read = service.division.read(move |tx| {
        let rows = tx.redemptions(retailer, reading.page())?;
        let ids: Vec<Id> = rows.iter().map(|(redemption, _)| redemption.id).collect();
        let people = People::of(tx, rows.iter().map(|(redemption, _)| redemption))?;
        Ok((rows, tx.adjustments_of(&ids)?, people))
    });
    let (rows, adjustments, people) = read.await?;
    let view = |(redemption, progress): (Redemption, Progress)| {
        let shown = people.shown(&service.vault, &redemption);
        RedemptionView::of(&redemption, &progress, &adjustments, shown)
    };
    Ok(HttpResponse::Ok().json(reading.list(rows, |(redemption, _)| redemption.id, view)))
}

/// Take a redemption back
///
/// The voucher is then `reversed` and the money back in the pool. Whether the person may claim again, and whether the old
/// item counts again, is said by the programme.
#[utoipa::path(post, path = "/api/v1/redemptions/{id}/reversal", operation_id = "reverseRedemption",
    tag = "retailer", params(("id" = String, Path, format = "uuid", description = "The redemption")),
    request_body = ReasonBody,
    responses((status = 201, description = "The reversal", body = ReversedView)))]
pub async fn reverse_redemption(
    manager: RetailerManager,
    PathId(redemption): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reason = body.read::<ReasonBody>()?.into_reason()?;
    let meaning = Meaning::of("reverseRedemption").subject(&redemption).body(body.value());
    let act = Act::ReverseRedemption { redemption, retailer: manager.retailer, reason };
    let answer = service.act(&manager.caller, &key, &meaning, act).await?;
    let Outcome::Reversed { id, redemption, at, clawed_back } = &answer.outcome else { return Err(unexpected()) };
    let place = format!("/redemptions/{redemption}");
    Ok(created(&answer, &place, &ReversedView::of(*id, *redemption, *at, *clawed_back)))
}
