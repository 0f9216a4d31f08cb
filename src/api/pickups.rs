//! Pick-ups at home: asked for by the owner of an old item, taken on by a collection point.

use actix_web::{HttpResponse, web};
use serde_json::json;

use super::answer::{changed, created, unexpected};
use super::auth::{Consumer, PickupCaller, PickupParty, YardStaff};
use super::body::words::PickupStatusWord;
use super::body::{CollectPickupBody, ReasonBody, RequestPickupBody};
use super::entity::JsonBody;
use super::error::ApiError;
use super::idempotency::{IdempotencyKey, Meaning};
use super::page::Paging;
use super::query::{Asked, Nothing, Params, PathId, Wanted};
use super::server::Service;
use super::view::{ListView, PickupView};
use crate::domain::command::{Act, Outcome};
use crate::domain::id::Id;
use crate::domain::personal::{DataKey, ERASED};
use crate::domain::pickup::{Pickup, PickupStatus};
use crate::engine::Answer;
use crate::pii::TEXT;
use crate::store::Page;

/// Ask for an old item to be picked up at home
///
/// A collection point of the division takes it on; only then is it shown where exactly. Five may be open at a time. A division
/// without a collection point is refused, and so is a town that is none, where the towns are known.
#[utoipa::path(post, path = "/api/v1/pickups", operation_id = "requestPickup", tag = "consumer",
    request_body = RequestPickupBody,
    responses((status = 201, description = "The pick-up", body = PickupView)))]
pub async fn request_pickup(
    consumer: Consumer,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let stated = consumer.person(&service.vault)?;
    let wanted = body.read::<RequestPickupBody>()?;
    let mut new = wanted.read(stated, &service.vault, &service.towns, service.division.now())?;
    let (division, one) = (new.division_code.clone(), Page { after: None, limit: 1 });
    let points = service.division.read(move |tx| tx.recyclers(Some(&division), true, one)).await?;
    new.is_served = !points.is_empty();
    let meaning = Meaning::of("requestPickup").body(body.value());
    let answer = service.act(&consumer.caller, &key, &meaning, Act::RequestPickup(Box::new(new))).await?;
    let row = outcome(&answer)?;
    let address = address(&service, row).await?;
    Ok(created(&answer, &format!("/pickups/{}", row.id), &PickupView::of(row, Some(address))))
}

fn outcome(answer: &Answer) -> Result<&Pickup, ApiError> {
    if let Outcome::Pickup(row) = &answer.outcome { Ok(row) } else { Err(unexpected()) }
}

/// The address in the clear; once the person is erased, that it was.
async fn address(service: &Service, row: &Pickup) -> Result<String, ApiError> {
    let person = row.person;
    let keys: Vec<DataKey> = service.division.read(move |tx| tx.data_keys(&[person])).await?;
    Ok(service.vault.opener(&keys).open(TEXT, &row.address).unwrap_or_else(|_| ERASED.to_owned()))
}

/// Which pick-ups.
#[derive(Debug)]
pub struct PickupsAsked {
    paging: Paging,
    status: Option<PickupStatus>,
}

impl Wanted for PickupsAsked {
    const NAMES: &'static [&'static str] = &["limit", "cursor", "status"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let words = "requested, accepted, collected or cancelled";
        Ok(Self { paging: Paging::take(params)?, status: params.get("status", words, PickupStatus::from_name)? })
    }
}

/// Pick-ups, newest first, without addresses
///
/// A consumer sees their own. A collection point sees those that wait in its division, of goods that it takes, under
/// `status=requested`, and else those that it has taken on. An officer sees all.
#[utoipa::path(get, path = "/api/v1/pickups", operation_id = "listPickups", tag = "recycler",
    params(Paging, ("status" = inline(Option<PickupStatusWord>), Query, description = "Only those in this state")),
    responses((status = 200, description = "A page of pick-ups", body = ListView<PickupView>)))]
pub async fn list_pickups(
    caller: PickupCaller,
    Asked(PickupsAsked { paging, status }): Asked<PickupsAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reading = paging.of(caller.caller().actor.id, "pickups")?;
    let page = reading.page();
    let read = service.division.read(move |tx| match &caller {
        PickupCaller::Consumer(consumer) => tx.pickups(Some(consumer.id), None, status, page),
        PickupCaller::Recycler(staff) if status == Some(PickupStatus::Requested) => {
            let Some(point) = tx.recycler(staff.recycler)? else { return Ok(Vec::new()) };
            tx.waiting_pickups(&point.division_code, &point.categories, page)
        }
        PickupCaller::Recycler(staff) => tx.pickups(None, Some(staff.recycler), status, page),
        PickupCaller::Bureau(_) => tx.pickups(None, None, status, page),
    });
    let rows = read.await?;
    Ok(HttpResponse::Ok().json(reading.list(rows, |row| row.id, |row| PickupView::of(&row, None))))
}

/// A pick-up
///
/// With the address for who asked, and for the collection point from when it has accepted until the old item is handed in;
/// that the latter was shown it stands in the trail.
#[utoipa::path(get, path = "/api/v1/pickups/{id}", operation_id = "getPickup", tag = "recycler",
    params(("id" = String, Path, format = "uuid", description = "The pick-up")),
    responses((status = 200, description = "The pick-up", body = PickupView)))]
pub async fn get_pickup(
    caller: PickupCaller,
    PathId(id): PathId,
    _: Asked<Nothing>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let recycler = if let PickupCaller::Recycler(staff) = &caller { Some(staff.recycler) } else { None };
    let found = service.division.read(move |tx| {
        let point = recycler.map(|recycler| tx.recycler(recycler)).transpose()?.flatten();
        Ok(tx.pickup(id)?.map(|row| (row, point)))
    });
    let (row, point) = found.await?.ok_or_else(ApiError::not_found)?;
    let waits = || {
        let in_its_division = point.as_ref().is_some_and(|point| point.division_code == row.division_code);
        row.status == PickupStatus::Requested && in_its_division
    };
    let shown = match &caller {
        PickupCaller::Consumer(consumer) if row.person == consumer.id => true,
        PickupCaller::Recycler(staff) if row.recycler == Some(staff.recycler) => row.status == PickupStatus::Accepted,
        PickupCaller::Recycler(_) if waits() => false,
        PickupCaller::Bureau(_) => false,
        PickupCaller::Consumer(_) | PickupCaller::Recycler(_) => return Err(ApiError::not_found()),
    };
    if !shown {
        return Ok(HttpResponse::Ok().json(PickupView::of(&row, None)));
    }
    let address = address(&service, &row).await?;
    if let PickupCaller::Recycler(staff) = &caller {
        let detail = json!({"shown": "address", "person": row.person});
        service.disclose(&staff.caller, "getPickup", &id.to_string(), None, detail).await?;
    }
    Ok(HttpResponse::Ok().json(PickupView::of(&row, Some(address))))
}

/// Take a pick-up on
///
/// For a collection point of the division that takes such goods. There is no body.
#[utoipa::path(post, path = "/api/v1/pickups/{id}/acceptance", operation_id = "acceptPickup", tag = "recycler",
    params(("id" = String, Path, format = "uuid", description = "The pick-up")),
    responses((status = 200, description = "The pick-up", body = PickupView)))]
pub async fn accept_pickup(
    staff: YardStaff,
    PathId(id): PathId,
    key: IdempotencyKey,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let meaning = Meaning::of("acceptPickup").subject(&id);
    let act = Act::AcceptPickup { pickup: id, recycler: staff.recycler };
    let answer = service.act(&staff.caller, &key, &meaning, act).await?;
    Ok(changed(&answer, &PickupView::of(outcome(&answer)?, None)))
}

/// End a pick-up with the old item that was handed in
///
/// The old item is recorded before (`recordTurnIn`), by the same collection point, of the same person and kind.
#[utoipa::path(post, path = "/api/v1/pickups/{id}/collection", operation_id = "collectPickup", tag = "recycler",
    params(("id" = String, Path, format = "uuid", description = "The pick-up")), request_body = CollectPickupBody,
    responses((status = 200, description = "The pick-up", body = PickupView)))]
pub async fn collect_pickup(
    staff: YardStaff,
    PathId(id): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let turn_in: Id = body.read::<CollectPickupBody>()?.read()?;
    let meaning = Meaning::of("collectPickup").subject(&id).body(body.value());
    let act = Act::CollectPickup { pickup: id, recycler: staff.recycler, turn_in };
    let answer = service.act(&staff.caller, &key, &meaning, act).await?;
    Ok(changed(&answer, &PickupView::of(outcome(&answer)?, None)))
}

/// Call a pick-up off
///
/// For who asked for it, and for the collection point that has accepted it.
#[utoipa::path(post, path = "/api/v1/pickups/{id}/cancellation", operation_id = "cancelPickup", tag = "consumer",
    params(("id" = String, Path, format = "uuid", description = "The pick-up")), request_body = ReasonBody,
    responses((status = 200, description = "The pick-up", body = PickupView)))]
pub async fn cancel_pickup(
    party: PickupParty,
    PathId(id): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reason = body.read::<ReasonBody>()?.into_reason()?;
    let meaning = Meaning::of("cancelPickup").subject(&id).body(body.value());
    let act = Act::CancelPickup { pickup: id, person: party.person, recycler: party.recycler, reason };
    let answer = service.act(&party.caller, &key, &meaning, act).await?;
    Ok(changed(&answer, &PickupView::of(outcome(&answer)?, None)))
}
