//! Another bank account of a retailer: proposed, looked at, approved or rejected by somebody else.

use actix_web::{HttpResponse, web};

use super::answer::{changed, created, unexpected};
use super::auth::{AccountProposer, AccountReader, Caller, Officer};
use super::body::words::ProposalStatusWord;
use super::body::{BankAccountBody, ReasonBody};
use super::entity::JsonBody;
use super::error::ApiError;
use super::idempotency::{IdempotencyKey, Meaning};
use super::page::Paging;
use super::query::{Asked, Params, PathId, Wanted};
use super::server::Service;
use super::view::{BankAccountProposalView, ListView};
use crate::domain::command::{Act, Outcome};
use crate::domain::records::ProposalStatus;

/// Propose another bank account of a retailer; the present one stays in force until somebody else approves
///
/// A manager proposes for her own retailer, an officer for any. One change waits at a time.
#[utoipa::path(post, path = "/api/v1/retailers/{id}/bank-account-proposals", operation_id = "proposeBankAccount",
    tag = "retailer", params(("id" = String, Path, format = "uuid", description = "The retailer")),
    request_body = BankAccountBody,
    responses((status = 201, description = "The proposal", body = BankAccountProposalView)))]
pub async fn propose_bank_account(
    proposer: AccountProposer,
    PathId(retailer): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let account = body.read::<BankAccountBody>()?.into_account(&service.vault)?;
    let meaning = Meaning::of("proposeBankAccount").subject(&retailer).body(body.value());
    let act = Act::ProposeBankAccount { retailer, own: proposer.own, account: Box::new(account) };
    let answer = service.act(&proposer.caller, &key, &meaning, act).await?;
    let Outcome::AccountProposal(proposal) = &answer.outcome else { return Err(unexpected()) };
    Ok(created(&answer, "/bank-account-proposals", &BankAccountProposalView::from(&**proposal)))
}

/// Which proposals.
#[derive(Debug)]
pub struct ProposalsAsked {
    status: Option<ProposalStatus>,
    paging: Paging,
}

impl Wanted for ProposalsAsked {
    const NAMES: &'static [&'static str] = &["status", "limit", "cursor"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let status = params.get("status", "proposed, approved, rejected", ProposalStatus::from_name)?;
        Ok(Self { status, paging: Paging::take(params)? })
    }
}

/// The changes of bank accounts that were proposed, numbers masked, newest first: a manager's own, the bureau's all
#[utoipa::path(get, path = "/api/v1/bank-account-proposals", operation_id = "listBankAccountProposals",
    tag = "retailer",
    params(("status" = inline(Option<ProposalStatusWord>), Query, description = "In this state alone"), Paging),
    responses((status = 200, description = "A page of proposals", body = ListView<BankAccountProposalView>)))]
pub async fn list_bank_account_proposals(
    reader: AccountReader,
    Asked(asked): Asked<ProposalsAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let (own, status) = (reader.own, asked.status);
    let list = own.map_or_else(|| "proposals".to_owned(), |own| format!("proposals of {own}"));
    let reading = asked.paging.of(reader.caller.actor.id, &list)?;
    let rows = service.division.read(move |tx| tx.account_proposals(own, status, reading.page())).await?;
    Ok(HttpResponse::Ok().json(reading.list(rows, |row| row.id, |row| BankAccountProposalView::from(&row))))
}

/// Put a proposed bank account in force; not by who proposed it
#[utoipa::path(post, path = "/api/v1/bank-account-proposals/{id}/approval", operation_id = "approveBankAccount",
    tag = "bureau", params(("id" = String, Path, format = "uuid", description = "The proposal")),
    responses((status = 200, description = "The proposal, approved", body = BankAccountProposalView)))]
pub async fn approve_bank_account(
    Officer(caller): Officer,
    PathId(proposal): PathId,
    key: IdempotencyKey,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let meaning = Meaning::of("approveBankAccount").subject(&proposal);
    decide(&service, &caller, &key, &meaning, Act::ApproveBankAccount { proposal }).await
}

/// Refuse a proposed bank account; not by who proposed it
#[utoipa::path(post, path = "/api/v1/bank-account-proposals/{id}/rejection", operation_id = "rejectBankAccount",
    tag = "bureau", params(("id" = String, Path, format = "uuid", description = "The proposal")),
    request_body = ReasonBody,
    responses((status = 200, description = "The proposal, rejected", body = BankAccountProposalView)))]
pub async fn reject_bank_account(
    Officer(caller): Officer,
    PathId(proposal): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reason = body.read::<ReasonBody>()?.into_reason()?;
    let meaning = Meaning::of("rejectBankAccount").subject(&proposal).body(body.value());
    decide(&service, &caller, &key, &meaning, Act::RejectBankAccount { proposal, reason }).await
}

async fn decide(
    service: &Service,
    caller: &Caller,
    key: &IdempotencyKey,
    meaning: &Meaning,
    act: Act,
) -> Result<HttpResponse, ApiError> {
    let answer = service.act(caller, key, meaning, act).await?;
    let Outcome::AccountProposal(proposal) = &answer.outcome else { return Err(unexpected()) };
    Ok(changed(&answer, &BankAccountProposalView::from(&**proposal)))
}
