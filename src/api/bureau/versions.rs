//! The versions of a programme, and what each of them changed.

use std::sync::Arc;

use actix_web::{HttpResponse, web};

use crate::api::auth::FiguresReader;
use crate::api::body::words::ProgrammeWord;
use crate::api::error::ApiError;
use crate::api::page::Paging;
use crate::api::query::{Asked, Nothing, PathNumber, PathWord};
use crate::api::server::Service;
use crate::api::view::{ListView, VersionView, VersionWithRulesView};
use crate::domain::id::Id;
use crate::domain::records::{Programme, Version};
use crate::domain::task::Sight;
use crate::engine::Failure;
use crate::store::{StoreError, Tx};

/// A version and the one before it.
type Step = (Arc<Version>, Option<Arc<Version>>);

/// The versions of a programme with what each changed, the newest first
///
/// A department reader sees those that were published, of the programmes of its tasks.
#[utoipa::path(get, path = "/api/v1/programmes/{id}/versions", operation_id = "listProgrammeVersions", tag = "bureau",
    params(("id" = inline(ProgrammeWord), Path, description = "The programme's word"), Paging),
    responses((status = 200, description = "A page of versions", body = ListView<VersionView>)))]
pub async fn list_programme_versions(
    FiguresReader { caller, sight }: FiguresReader,
    PathWord(id): PathWord,
    Asked(paging): Asked<Paging>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reading = paging.of(caller.actor.id, &format!("versions of {id}"))?;
    let (programme, steps) = steps(&service, id, sight).await?.ok_or_else(ApiError::not_found)?;
    let key = |(version, _): &Step| Id::digest(&[&version.number.to_string()]);
    let view = |(version, before): Step| VersionView::of(&programme, &version, before.as_deref(), caller.language);
    Ok(HttpResponse::Ok().json(reading.cut(steps, key, view)))
}

/// A version of a programme with everything that it says, in the words of the programme file
#[utoipa::path(get, path = "/api/v1/programmes/{id}/versions/{number}", operation_id = "getProgrammeVersion",
    tag = "bureau",
    params(("id" = inline(ProgrammeWord), Path, description = "The programme's word"),
        ("number" = u32, Path, minimum = 1, description = "The version, from 1")),
    responses((status = 200, description = "The version", body = VersionWithRulesView)))]
pub async fn get_programme_version(
    FiguresReader { caller, sight }: FiguresReader,
    PathWord(id): PathWord,
    PathNumber(number): PathNumber,
    _: Asked<Nothing>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let (programme, steps) = steps(&service, id, sight).await?.ok_or_else(ApiError::not_found)?;
    let step = steps.into_iter().find(|(version, _)| version.number == number);
    let (version, before) = step.ok_or_else(ApiError::not_found)?;
    let view = VersionView::of(&programme, &version, before.as_deref(), caller.language);
    let rules = serde_json::to_value(&version.rules).unwrap_or_default();
    Ok(HttpResponse::Ok().json(VersionWithRulesView { version: view, rules }))
}

/// A programme with its versions, the newest first, a draft that waits included; nothing when there is no programme.
/// Who does not see all goods sees what was published about those that she sees.
async fn steps(service: &Service, id: String, sight: Sight) -> Result<Option<(Programme, Vec<Step>)>, Failure> {
    let found = service.division.read(move |tx| read(tx, &id)).await?;
    Ok(found.and_then(|(programme, mut steps)| {
        if !sight.is_whole() {
            let goods = |version: &Version| sight.sees_any(version.rules.lines.iter().map(|line| line.category));
            steps.retain(|(version, _)| version.published_at.is_some() && goods(version));
        }
        (!steps.is_empty()).then_some((programme, steps))
    }))
}

fn read(tx: &mut Tx<'_>, id: &str) -> Result<Option<(Programme, Vec<Step>)>, StoreError> {
    let Some((programme, _)) = tx.programme(id)? else { return Ok(None) };
    let mut steps: Vec<Step> = Vec::new();
    for number in 1..=programme.latest {
        if let Some(version) = tx.version(id, number)? {
            let before = steps.last().map(|(before, _)| Arc::clone(before));
            steps.push((version, before));
        }
    }
    steps.reverse();
    Ok(Some((programme, steps)))
}
