//! Who keeps accounts: the administrator, officers for retailers and recyclers, managers for their clerks.

use actix_web::{HttpResponse, web};

use crate::api::answer::{changed, created, unexpected};
use crate::api::auth::{AccountKeeper, Caller};
use crate::api::body::{CreateStaffBody, ReasonBody};
use crate::api::entity::JsonBody;
use crate::api::error::ApiError;
use crate::api::idempotency::{IdempotencyKey, Meaning};
use crate::api::page::Paging;
use crate::api::query::{Asked, PathId};
use crate::api::server::Service;
use crate::api::view::{ListView, NewStaffView, StaffView};
use crate::domain::account::{Hidden, Staff};
use crate::domain::command::{Act, NewAccount, Outcome};
use crate::domain::id::Id;
use crate::engine::Answer;
use crate::password;

/// Give somebody an account
///
/// The administrator makes accounts of every role, an officer those of retailers and recyclers, a retailer's manager
/// those of its clerks. The answer has the first password; it is kept nowhere, and a repeat with the same key shows it
/// again. Its holder has to change it and to set up a second factor before anything else.
#[utoipa::path(post, path = "/api/v1/staff", operation_id = "createStaff", tag = "identity",
    request_body = CreateStaffBody,
    responses((status = 201, description = "The account and its first password", body = NewStaffView)))]
pub async fn create_staff(
    AccountKeeper(caller): AccountKeeper,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let new = body.read::<CreateStaffBody>()?.judged(&service.vault, caller.actor.organisation)?;
    let (first, password) = first_password(&service, &caller, &key).await?;
    let act = Act::CreateAccount(Box::new(NewAccount { password, ..new }));
    let answer = service.act(&caller, &key, &Meaning::of("createStaff").body(body.value()), act).await?;
    let staff = staff(&answer)?;
    let view = NewStaffView { account: staff.into(), initial_password: first };
    Ok(created(&answer, &format!("/staff/{}", staff.id), &view))
}

/// The accounts, newest first; a manager sees those of the own retailer
#[utoipa::path(get, path = "/api/v1/staff", operation_id = "listStaff", tag = "identity", params(Paging),
    responses((status = 200, description = "A page of accounts", body = ListView<StaffView>)))]
pub async fn list_staff(
    AccountKeeper(caller): AccountKeeper,
    Asked(paging): Asked<Paging>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reading = paging.of(caller.actor.id, "staff")?;
    let organisation = caller.actor.organisation;
    let rows = service.division.read(move |tx| tx.accounts(organisation, reading.page())).await?;
    Ok(HttpResponse::Ok().json(reading.list(rows, |row| row.id, |row| StaffView::from(&row.staff()))))
}

/// Close an account for good
///
/// Its sessions end at once. Its login is not given again.
#[utoipa::path(post, path = "/api/v1/staff/{id}/closure", operation_id = "disableStaff", tag = "identity",
    params(("id" = String, Path, format = "uuid", description = "The account")), request_body = ReasonBody,
    responses((status = 200, description = "The account", body = StaffView)))]
pub async fn disable_staff(
    AccountKeeper(caller): AccountKeeper,
    PathId(account): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reason = body.read::<ReasonBody>()?.into_reason()?;
    let meaning = Meaning::of("disableStaff").subject(&account).body(body.value());
    let answer = service.act(&caller, &key, &meaning, Act::DisableAccount { account, reason }).await?;
    Ok(changed(&answer, &StaffView::from(staff(&answer)?)))
}

/// Give an account a new first password and take its second factor away
///
/// For who has forgotten the one or lost the other. Its sessions end at once.
#[utoipa::path(post, path = "/api/v1/staff/{id}/credentials", operation_id = "resetStaffCredentials",
    tag = "identity", params(("id" = String, Path, format = "uuid", description = "The account")),
    responses((status = 200, description = "The account and its first password", body = NewStaffView)))]
pub async fn reset_staff_credentials(
    AccountKeeper(caller): AccountKeeper,
    PathId(account): PathId,
    key: IdempotencyKey,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let (first, password) = first_password(&service, &caller, &key).await?;
    let meaning = Meaning::of("resetStaffCredentials").subject(&account);
    let answer = service.act(&caller, &key, &meaning, Act::ResetCredentials { account, password }).await?;
    Ok(changed(&answer, &NewStaffView { account: staff(&answer)?.into(), initial_password: first }))
}

/// End every session of an account
#[utoipa::path(post, path = "/api/v1/staff/{id}/sign-out", operation_id = "endStaffSessions", tag = "identity",
    params(("id" = String, Path, format = "uuid", description = "The account")),
    responses((status = 200, description = "The account", body = StaffView)))]
pub async fn end_staff_sessions(
    AccountKeeper(caller): AccountKeeper,
    PathId(account): PathId,
    key: IdempotencyKey,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let meaning = Meaning::of("endStaffSessions").subject(&account);
    let answer = service.act(&caller, &key, &meaning, Act::EndSessions { account }).await?;
    Ok(changed(&answer, &StaffView::from(staff(&answer)?)))
}

/// The first password that follows from a caller and its key, and a hash of it.
async fn first_password(
    service: &Service,
    caller: &Caller,
    key: &IdempotencyKey,
) -> Result<(String, Hidden), ApiError> {
    let request = Id::digest(&["first password", &caller.actor.id.to_string(), &key.0]);
    let first = password::first(&service.vault, request);
    let hash = service.identity.passwords.hash(first.clone()).await?;
    Ok((first, hash))
}

fn staff(answer: &Answer) -> Result<&Staff, ApiError> {
    match &answer.outcome {
        Outcome::Staff(staff) => Ok(staff),
        _ => Err(unexpected()),
    }
}
