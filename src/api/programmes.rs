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
use super::view::{ListView, NearPointView, ProgrammeView};
use crate::domain::id::Id;
use crate::domain::records::{Programme, Recycler, Version};
use crate::store::Page;

/// How many collection points are looked at for the nearest; more than a district has.
const POINTS: i64 = 1000;
/// Characters of a town's name.
const LONGEST_TOWN: usize = 50;
/// Metres within which a collection point may be asked for.
const FARTHEST: u64 = 1_000_000;

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
    town: Option<String>,
    near: Option<Place>,
    within: Option<u64>,
}

impl Wanted for PointsAsked {
    const NAMES: &'static [&'static str] =
        &["limit", "cursor", "division_code", "town", "latitude", "longitude", "within_metres"];

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
        let name = |text: &str| (1..=LONGEST_TOWN).contains(&text.chars().count()).then(|| text.to_owned());
        let town = params.get("town", "the name of a town or office, or its code", name)?;
        let metres = |text: &str| text.parse().ok().filter(|metres| (1..=FARTHEST).contains(metres));
        let within = params.get("within_metres", "1 to 1000000, beside latitude and longitude", metres)?;
        if within.is_some() && near.is_none() {
            return Err(ApiError::malformed("within_metres without a place", degrees));
        }
        Ok(Self { paging: Paging::take(params)?, division_code, town, near, within })
    }
}

/// The approved collection points of a division or a town, the newest or the nearest first
///
/// Latitude and longitude go together; with them each point says how many metres away it is as the crow flies. A point whose
/// place is not known comes last, and is not `within_metres` of anything.
#[utoipa::path(get, path = "/api/v1/collection-points", operation_id = "listCollectionPoints", tag = "public",
    params(Paging,
        ("division_code" = inline(Option<DivisionPrefix>), Query, description = "In this division (GB/T 2260)"),
        ("town" = Option<String>, Query, min_length = 1, max_length = 50,
            description = "In this town or office, by its name or code"),
        ("latitude" = inline(Option<Degrees>), Query, description = "With `longitude`: the nearest first; decimal degrees"),
        ("longitude" = inline(Option<Degrees>), Query, description = "With `latitude`: the nearest first; decimal degrees"),
        ("within_metres" = Option<u64>, Query, minimum = 1, maximum = 1_000_000,
            description = "With a place: no farther from it than this")),
    responses((status = 200, description = "A page of collection points", body = ListView<NearPointView>)))]
pub async fn list_collection_points(
    _: Anybody,
    Asked(asked): Asked<PointsAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reading = asked.paging.of(Id::NIL, "collection-points")?;
    let PointsAsked { division_code: division, town, near, within, .. } = asked;
    let page = if near.is_some() { Page { after: None, limit: POINTS } } else { reading.page() };
    let names = town.map(|town| service.towns.names_of(&town));
    let read = service.division.read(move |tx| tx.collection_points(division.as_deref(), names.as_deref(), page));
    let rows: Vec<(Recycler, Option<u64>)> = read
        .await?
        .into_iter()
        .map(|row| (near.and_then(|here| metres(here, &row)), row))
        .map(|(m, row)| (row, m))
        .collect();
    let view =
        |(row, distance_metres): (Recycler, Option<u64>)| NearPointView { point: (&row).into(), distance_metres };
    if near.is_none() {
        return Ok(HttpResponse::Ok().json(reading.list(rows, |(row, _)| row.id, view)));
    }
    let is_within = |metres: Option<u64>| within.is_none_or(|most| metres.is_some_and(|metres| metres <= most));
    let mut rows: Vec<_> = rows.into_iter().filter(|(_, metres)| is_within(*metres)).collect();
    rows.sort_by_key(|(row, metres)| (metres.unwrap_or(u64::MAX), row.id));
    Ok(HttpResponse::Ok().json(reading.cut(rows, |(row, _)| row.id, view)))
}

/// How far a point is, where its place is known.
fn metres(here: Place, row: &Recycler) -> Option<u64> {
    let place = row.latitude_micro.zip(row.longitude_micro);
    place.map(|(latitude, longitude)| here.metres_to(Place { latitude, longitude }))
}
