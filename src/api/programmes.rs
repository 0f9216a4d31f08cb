//! What anybody may see: the programmes, and where old items are taken.

use std::sync::Arc;

use actix_web::{HttpResponse, web};

use super::auth::{Anybody, PerhapsOfficer};
use super::body::words::{Degrees, DivisionPrefix, ProgrammeWord};
use super::distance::Place;
use super::error::ApiError;
use super::etag;
use super::page::Paging;
use super::query::{Asked, Nothing, Params, PathWord, Wanted};
use super::server::Service;
use super::view::{CollectionPointView, ListView, ProgrammeView};
use crate::domain::id::Id;
use crate::domain::records::{Programme, Recycler, Version};
use crate::store::Page;

/// How many collection points are looked at for the nearest.
const POINTS: i64 = 1000;

/// The programmes that are or were in force
///
/// With an officer's token also those that are only a draft.
#[utoipa::path(get, path = "/api/v1/programmes", operation_id = "listProgrammes", tag = "public", params(Paging),
    responses((status = 200, description = "A page of programmes", body = ListView<ProgrammeView>)))]
pub async fn list_programmes(
    officer: PerhapsOfficer,
    Asked(paging): Asked<Paging>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reading = paging.of(Id::NIL, "programmes")?;
    #[allow(clippy::redundant_closure_for_method_calls, reason = "the method is of one lifetime, the closure of any")]
    let rows = service.division.read(|tx| tx.programmes()).await?;
    let shown: Vec<_> = rows.into_iter().filter_map(|row| visible(row, officer)).collect();
    let key = |(programme, _): &(Programme, _)| Id::digest(&[&programme.id]);
    let view = |(programme, version): (Programme, Arc<Version>)| ProgrammeView::of(&programme, &version);
    Ok(HttpResponse::Ok().json(reading.cut(shown, key, view)))
}

/// A draft that was never in force is the bureau's own.
fn visible(
    (programme, version): (Programme, Option<Arc<Version>>),
    PerhapsOfficer(officer): PerhapsOfficer,
) -> Option<(Programme, Arc<Version>)> {
    let shown = officer || programme.current > 0;
    version.filter(|_| shown).map(|version| (programme, version))
}

/// A programme with its rules
#[utoipa::path(get, path = "/api/v1/programmes/{id}", operation_id = "getProgramme", tag = "public",
    params(("id" = inline(ProgrammeWord), Path, description = "The programme's word")),
    responses((status = 200, description = "The programme", body = ProgrammeView)))]
pub async fn get_programme(
    officer: PerhapsOfficer,
    PathWord(id): PathWord,
    _: Asked<Nothing>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let found = service.division.read(move |tx| tx.programme(&id)).await?;
    let shown = found.and_then(|row| visible(row, officer));
    let (programme, version) = shown.ok_or_else(ApiError::not_found)?;
    let response = HttpResponse::Ok().json(ProgrammeView::of(&programme, &version));
    Ok(etag::set(response, &etag::of_programme(&programme)))
}

/// Which collection points.
#[derive(Debug)]
pub struct PointsAsked {
    paging: Paging,
    division_code: Option<String>,
    near: Option<Place>,
}

impl Wanted for PointsAsked {
    const NAMES: &'static [&'static str] = &["limit", "cursor", "division_code", "latitude", "longitude"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let degrees = "decimal degrees with at most six places, beside the other one of latitude and longitude";
        let near = match (params.text("latitude"), params.text("longitude")) {
            (None, None) => None,
            (latitude, longitude) => Some(
                Place::read(latitude.unwrap_or_default(), longitude.unwrap_or_default())
                    .ok_or_else(|| ApiError::malformed("another place", degrees))?,
            ),
        };
        let digits = |text: &str| (2..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        let code = |text: &str| digits(text).then(|| text.to_owned());
        let division_code = params.get("division_code", "a code of GB/T 2260", code)?;
        Ok(Self { paging: Paging::take(params)?, division_code, near })
    }
}

/// The approved collection points of a division, the newest or the nearest first
///
/// Latitude and longitude go together; of a point whose place is not known nothing is nearer.
#[utoipa::path(get, path = "/api/v1/collection-points", operation_id = "listCollectionPoints", tag = "public",
    params(Paging,
        ("division_code" = inline(Option<DivisionPrefix>), Query, description = "In this division (GB/T 2260)"),
        ("latitude" = inline(Option<Degrees>), Query, description = "With `longitude`: the nearest first; decimal degrees"),
        ("longitude" = inline(Option<Degrees>), Query, description = "With `latitude`: the nearest first; decimal degrees")),
    responses((status = 200, description = "A page of collection points", body = ListView<CollectionPointView>)))]
pub async fn list_collection_points(
    _: Anybody,
    Asked(asked): Asked<PointsAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reading = asked.paging.of(Id::NIL, "collection-points")?;
    let page = if asked.near.is_some() { Page { after: None, limit: POINTS } } else { reading.page() };
    let division = asked.division_code;
    let mut rows = service.division.read(move |tx| tx.recyclers(division.as_deref(), true, page)).await?;
    let view = |row: Recycler| CollectionPointView::from(&row);
    let Some(here) = asked.near else { return Ok(HttpResponse::Ok().json(reading.list(rows, |row| row.id, view))) };
    rows.sort_by_cached_key(|row| (square(here, row), row.id));
    Ok(HttpResponse::Ok().json(reading.cut(rows, |row| row.id, view)))
}

/// Points whose place is not known come last.
fn square(here: Place, row: &Recycler) -> i128 {
    let place = row.latitude_micro.zip(row.longitude_micro);
    place.map_or(i128::MAX, |(latitude, longitude)| here.square_to(Place { latitude, longitude }))
}
