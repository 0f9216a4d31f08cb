//! Officers and those who take part: retailers, their stores, collection points.

use actix_web::{HttpResponse, web};

use crate::api::answer::{changed, created, unexpected};
use crate::api::auth::{BureauReader, Caller, Officer};
use crate::api::body::{AddStoreBody, ApproveBody, ReasonBody, RegisterRecyclerBody, RegisterRetailerBody};
use crate::api::entity::JsonBody;
use crate::api::error::ApiError;
use crate::api::idempotency::{IdempotencyKey, Meaning};
use crate::api::page::Paging;
use crate::api::query::{Asked, PathId};
use crate::api::server::Service;
use crate::api::view::{ListView, RecyclerView, RetailerView, StoreView};
use crate::domain::command::{Act, Outcome, Party};
use crate::domain::id::Id;
use crate::engine::Answer;

/// Register a retailer
#[utoipa::path(post, path = "/api/v1/retailers", operation_id = "registerRetailer", tag = "bureau",
    request_body = RegisterRetailerBody,
    responses((status = 201, description = "The retailer", body = RetailerView)))]
pub async fn register_retailer(
    Officer(caller): Officer,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let today = service.division.now().day();
    let retailer = body.read::<RegisterRetailerBody>()?.into_new_retailer(&service.vault, today)?;
    let meaning = Meaning::of("registerRetailer").body(body.value());
    let answer = service.act(&caller, &key, &meaning, Act::RegisterRetailer(Box::new(retailer))).await?;
    let Outcome::Retailer(retailer) = &answer.outcome else { return Err(unexpected()) };
    Ok(created(&answer, "/retailers", &RetailerView::from(&**retailer)))
}

/// The retailers, newest first
#[utoipa::path(get, path = "/api/v1/retailers", operation_id = "listRetailers", tag = "bureau", params(Paging),
    responses((status = 200, description = "A page of retailers", body = ListView<RetailerView>)))]
pub async fn list_retailers(
    BureauReader(caller): BureauReader,
    Asked(paging): Asked<Paging>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reading = paging.of(caller.actor.id, "retailers")?;
    let rows = service.division.read(move |tx| tx.retailers(reading.page())).await?;
    Ok(HttpResponse::Ok().json(reading.list(rows, |row| row.id, |row| RetailerView::from(&row))))
}

/// Let a retailer take part in programmes; the list takes the place of the one before
///
/// A store must be approved beside its retailer.
#[utoipa::path(post, path = "/api/v1/retailers/{id}/approval", operation_id = "approveRetailer", tag = "bureau",
    params(("id" = String, Path, format = "uuid", description = "The retailer")), request_body = ApproveBody,
    responses((status = 200, description = "The retailer", body = RetailerView)))]
pub async fn approve_retailer(
    Officer(caller): Officer,
    PathId(id): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let act = body.read::<ApproveBody>()?.into_act(Party::Retailer, id)?;
    let meaning = Meaning::of("approveRetailer").subject(&id).body(body.value());
    party(&service.act(&caller, &key, &meaning, act).await?)
}

/// Keep a retailer from taking part
#[utoipa::path(post, path = "/api/v1/retailers/{id}/suspension", operation_id = "suspendRetailer", tag = "bureau",
    params(("id" = String, Path, format = "uuid", description = "The retailer")), request_body = ReasonBody,
    responses((status = 200, description = "The retailer", body = RetailerView)))]
pub async fn suspend_retailer(
    Officer(caller): Officer,
    PathId(id): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    suspend(&service, &caller, &key, Party::Retailer, id, &body).await
}

/// Add a store to a retailer
#[utoipa::path(post, path = "/api/v1/stores", operation_id = "addStore", tag = "bureau",
    request_body = AddStoreBody,
    responses((status = 201, description = "The store", body = StoreView)))]
pub async fn add_store(
    Officer(caller): Officer,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let act = body.read::<AddStoreBody>()?.into_act()?;
    let meaning = Meaning::of("addStore").body(body.value());
    let answer = service.act(&caller, &key, &meaning, act).await?;
    let Outcome::Store(store) = &answer.outcome else { return Err(unexpected()) };
    Ok(created(&answer, "/stores", &StoreView::from(store)))
}

/// Let a store take part
#[utoipa::path(post, path = "/api/v1/stores/{id}/approval", operation_id = "approveStore", tag = "bureau",
    params(("id" = String, Path, format = "uuid", description = "The store")),
    responses((status = 200, description = "The store", body = StoreView)))]
pub async fn approve_store(
    Officer(caller): Officer,
    PathId(id): PathId,
    key: IdempotencyKey,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    approve(&service, &caller, &key, Party::Store, id).await
}

/// Keep a store from taking part
#[utoipa::path(post, path = "/api/v1/stores/{id}/suspension", operation_id = "suspendStore", tag = "bureau",
    params(("id" = String, Path, format = "uuid", description = "The store")), request_body = ReasonBody,
    responses((status = 200, description = "The store", body = StoreView)))]
pub async fn suspend_store(
    Officer(caller): Officer,
    PathId(id): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    suspend(&service, &caller, &key, Party::Store, id, &body).await
}

/// Register a collection point
#[utoipa::path(post, path = "/api/v1/recyclers", operation_id = "registerRecycler", tag = "bureau",
    request_body = RegisterRecyclerBody,
    responses((status = 201, description = "The collection point", body = RecyclerView)))]
pub async fn register_recycler(
    Officer(caller): Officer,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let today = service.division.now().day();
    let recycler = body.read::<RegisterRecyclerBody>()?.into_new_recycler(today)?;
    let meaning = Meaning::of("registerRecycler").body(body.value());
    let answer = service.act(&caller, &key, &meaning, Act::RegisterRecycler(Box::new(recycler))).await?;
    let Outcome::Recycler(recycler) = &answer.outcome else { return Err(unexpected()) };
    Ok(created(&answer, "/recyclers", &RecyclerView::from(&**recycler)))
}

/// Let a collection point take part
#[utoipa::path(post, path = "/api/v1/recyclers/{id}/approval", operation_id = "approveRecycler", tag = "bureau",
    params(("id" = String, Path, format = "uuid", description = "The collection point")),
    responses((status = 200, description = "The collection point", body = RecyclerView)))]
pub async fn approve_recycler(
    Officer(caller): Officer,
    PathId(id): PathId,
    key: IdempotencyKey,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    approve(&service, &caller, &key, Party::Recycler, id).await
}

/// Keep a collection point from taking part
#[utoipa::path(post, path = "/api/v1/recyclers/{id}/suspension", operation_id = "suspendRecycler", tag = "bureau",
    params(("id" = String, Path, format = "uuid", description = "The collection point")), request_body = ReasonBody,
    responses((status = 200, description = "The collection point", body = RecyclerView)))]
pub async fn suspend_recycler(
    Officer(caller): Officer,
    PathId(id): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    suspend(&service, &caller, &key, Party::Recycler, id, &body).await
}

async fn approve(
    service: &Service,
    caller: &Caller,
    key: &IdempotencyKey,
    of: Party,
    id: Id,
) -> Result<HttpResponse, ApiError> {
    let meaning = Meaning::of("approve").subject(&format!("{of} {id}"));
    let act = Act::Approve { party: of, id, programmes: Vec::new() };
    party(&service.act(caller, key, &meaning, act).await?)
}

async fn suspend(
    service: &Service,
    caller: &Caller,
    key: &IdempotencyKey,
    of: Party,
    id: Id,
    body: &JsonBody,
) -> Result<HttpResponse, ApiError> {
    let reason = body.read::<ReasonBody>()?.into_reason()?;
    let meaning = Meaning::of("suspend").subject(&format!("{of} {id}")).body(body.value());
    party(&service.act(caller, key, &meaning, Act::Suspend { party: of, id, reason }).await?)
}

/// The party as it is now.
fn party(answer: &Answer) -> Result<HttpResponse, ApiError> {
    match &answer.outcome {
        Outcome::Retailer(retailer) => Ok(changed(answer, &RetailerView::from(&**retailer))),
        Outcome::Store(store) => Ok(changed(answer, &StoreView::from(store))),
        Outcome::Recycler(recycler) => Ok(changed(answer, &RecyclerView::from(&**recycler))),
        _ => Err(unexpected()),
    }
}
