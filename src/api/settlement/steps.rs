//! The steps of a settlement: each names the control total that its officer saw.

use actix_web::{HttpResponse, web};

use super::super::answer::{changed, created, unexpected};
use super::super::auth::{Approver, Caller, Finance, Officer, Reviewer, SettlementReturner, SettlementSubmitter};
use super::super::body::{ControlBody, PaymentBody, RejectLineBody, ReturnSettlementBody};
use super::super::entity::JsonBody;
use super::super::error::ApiError;
use super::super::idempotency::{IdempotencyKey, Meaning};
use super::super::query::PathId;
use super::super::server::Service;
use super::super::view::{LineRejectionView, SettlementView};
use crate::domain::command::{Act, Outcome, SettlementStep, StepOfSettlement};
use crate::domain::id::Id;
use crate::domain::settlement::Control;
use crate::engine;

/// Submit a settlement again that was returned; what is in it now
///
/// With no lines, where all of them were taken out: then it is closed.
#[utoipa::path(post, path = "/api/v1/settlements/{id}/submission", operation_id = "resubmitSettlement", tag = "retailer",
    params(("id" = String, Path, format = "uuid", description = "The settlement")), request_body = ControlBody,
    responses((status = 200, description = "The settlement", body = SettlementView)))]
pub async fn resubmit_settlement(
    submitter: SettlementSubmitter,
    PathId(id): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let control = body.read::<ControlBody>()?.into_control()?;
    let meaning = Meaning::of("resubmitSettlement").subject(&id).body(body.value());
    let step = Step { id, own: submitter.own, control, what: SettlementStep::Resubmit };
    step.take(&service, &submitter.caller, &key, &meaning).await
}

/// Take a settlement for review; not by who submitted it
#[utoipa::path(post, path = "/api/v1/settlements/{id}/acceptance", operation_id = "acceptSettlement", tag = "bureau",
    params(("id" = String, Path, format = "uuid", description = "The settlement")), request_body = ControlBody,
    responses((status = 200, description = "The settlement", body = SettlementView)))]
pub async fn accept_settlement(
    Officer(caller): Officer,
    PathId(id): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let control = body.read::<ControlBody>()?.into_control()?;
    let meaning = Meaning::of("acceptSettlement").subject(&id).body(body.value());
    Step { id, own: None, control, what: SettlementStep::Accept }.take(&service, &caller, &key, &meaning).await
}

/// Refuse what of a redemption lies in a settlement: the redemption, with its adjustments that are not paid, or an adjustment
#[utoipa::path(post, path = "/api/v1/settlements/{id}/rejections", operation_id = "rejectSettlementLine", tag = "bureau",
    params(("id" = String, Path, format = "uuid", description = "The settlement")), request_body = RejectLineBody,
    responses((status = 201, description = "The refusal", body = LineRejectionView)))]
pub async fn reject_settlement_line(
    Reviewer(caller): Reviewer,
    PathId(id): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reject = body.read::<RejectLineBody>()?.into_reject(id)?;
    let meaning = Meaning::of("rejectSettlementLine").subject(&id).body(body.value());
    let answer = service.act(&caller, &key, &meaning, Act::RejectLine(reject)).await?;
    let Outcome::LineRejected { rejection, .. } = &answer.outcome else { return Err(unexpected()) };
    Ok(created(&answer, &format!("/settlements/{id}/rejections"), &LineRejectionView::from(&**rejection)))
}

/// The first review is done, of a settlement that was accepted; not by who submitted it
#[utoipa::path(post, path = "/api/v1/settlements/{id}/review", operation_id = "reviewSettlement", tag = "bureau",
    params(("id" = String, Path, format = "uuid", description = "The settlement")), request_body = ControlBody,
    responses((status = 200, description = "The settlement", body = SettlementView)))]
pub async fn review_settlement(
    Reviewer(caller): Reviewer,
    PathId(id): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let control = body.read::<ControlBody>()?.into_control()?;
    let meaning = Meaning::of("reviewSettlement").subject(&id).body(body.value());
    Step { id, own: None, control, what: SettlementStep::Review }.take(&service, &caller, &key, &meaning).await
}

/// Give a settlement back to the retailer, who may take lines out of it and submit it again
#[utoipa::path(post, path = "/api/v1/settlements/{id}/return", operation_id = "returnSettlement", tag = "bureau",
    params(("id" = String, Path, format = "uuid", description = "The settlement")), request_body = ReturnSettlementBody,
    responses((status = 200, description = "The settlement", body = SettlementView)))]
pub async fn return_settlement(
    SettlementReturner(caller): SettlementReturner,
    PathId(id): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let (control, reason) = body.read::<ReturnSettlementBody>()?.into_parts()?;
    let meaning = Meaning::of("returnSettlement").subject(&id).body(body.value());
    let step = SettlementStep::Return { reason };
    Step { id, own: None, control, what: step }.take(&service, &caller, &key, &meaning).await
}

/// Approve a settlement for payment
///
/// Not by anybody who had a hand in it before, and not while one of its lines is held. Above the ceiling that the service
/// is configured with, a second approver has to approve too. Lines, account and one digest over the lines and the
/// hashes of their evidence are frozen (`lines_sha256`); what the retailer owes back is set off. Where nothing is left to transfer, the settlement is paid with its approval.
#[utoipa::path(post, path = "/api/v1/settlements/{id}/approval", operation_id = "approveSettlement", tag = "bureau",
    params(("id" = String, Path, format = "uuid", description = "The settlement")), request_body = ControlBody,
    responses((status = 200, description = "The settlement", body = SettlementView)))]
pub async fn approve_settlement(
    Approver(caller): Approver,
    PathId(id): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let control = body.read::<ControlBody>()?.into_control()?;
    let meaning = Meaning::of("approveSettlement").subject(&id).body(body.value());
    let ceiling = service.settlement.ceiling;
    let read = service.division.read(move |tx| engine::approval(tx, id, ceiling));
    let step = SettlementStep::Approve(read.await?.ok_or_else(ApiError::not_found)?);
    Step { id, own: None, control, what: step }.take(&service, &caller, &key, &meaning).await
}

/// Take an approval back, while no file for the bank has the settlement
///
/// The account was wrong, or something came to light: the settlement is `submitted` again, accepted as it was, and is
/// reviewed and approved anew, by others. What was set off is owed back again (`POOL_EXHAUSTED` where the programme line has
/// promised that money to somebody else). The retailer's account may change meanwhile.
#[utoipa::path(post, path = "/api/v1/settlements/{id}/approval-withdrawal", operation_id = "withdrawSettlementApproval",
    tag = "bureau", params(("id" = String, Path, format = "uuid", description = "The settlement")),
    request_body = ReturnSettlementBody,
    responses((status = 200, description = "The settlement", body = SettlementView)))]
pub async fn withdraw_settlement_approval(
    Approver(caller): Approver,
    PathId(id): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let (control, reason) = body.read::<ReturnSettlementBody>()?.into_parts()?;
    let meaning = Meaning::of("withdrawSettlementApproval").subject(&id).body(body.value());
    let step = SettlementStep::Withdraw { reason };
    Step { id, own: None, control, what: step }.take(&service, &caller, &key, &meaning).await
}

/// Record that the bank paid a settlement, with its reference and day
#[utoipa::path(post, path = "/api/v1/settlements/{id}/payment", operation_id = "markSettlementPaid", tag = "bureau",
    params(("id" = String, Path, format = "uuid", description = "The settlement")), request_body = PaymentBody,
    responses((status = 200, description = "The settlement", body = SettlementView)))]
pub async fn mark_settlement_paid(
    Finance(caller): Finance,
    PathId(id): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let (control, paid) = body.read::<PaymentBody>()?.into_parts()?;
    let meaning = Meaning::of("markSettlementPaid").subject(&id).body(body.value());
    Step { id, own: None, control, what: SettlementStep::Pay(paid) }.take(&service, &caller, &key, &meaning).await
}

/// A step that somebody wants to take.
struct Step {
    id: Id,
    own: Option<Id>,
    control: Control,
    what: SettlementStep,
}

impl Step {
    async fn take(
        self,
        service: &Service,
        caller: &Caller,
        key: &IdempotencyKey,
        meaning: &Meaning,
    ) -> Result<HttpResponse, ApiError> {
        let Self { id, own, control, what } = self;
        let calendars = service.settlement.calendars.clone();
        let act = Act::AdvanceSettlement(StepOfSettlement { settlement: id, own, control, step: what, calendars });
        let answer = service.act(caller, key, meaning, act).await?;
        let Outcome::Settlement(settlement) = &answer.outcome else { return Err(unexpected()) };
        Ok(changed(&answer, &SettlementView::of(settlement, service.division.now().day())))
    }
}
