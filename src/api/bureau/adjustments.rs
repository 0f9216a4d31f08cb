//! Officers and retroactive rises: what the version in force owes for redemptions of before, and posting it.

use actix_web::{HttpResponse, web};

use crate::api::answer::{created, unexpected};
use crate::api::auth::{BureauReader, Officer};
use crate::api::body::PostAdjustmentsBody;
use crate::api::body::words::{AdjustmentStatusWord, ProgrammeWord};
use crate::api::entity::JsonBody;
use crate::api::error::ApiError;
use crate::api::idempotency::{IdempotencyKey, Meaning};
use crate::api::page::Paging;
use crate::api::query::{Asked, Params, PathWord, Wanted};
use crate::api::server::Service;
use crate::api::view::{AdjustmentsView, PostedAdjustmentsView};
use crate::domain::adjustment::AdjustmentStatus;
use crate::domain::command::Outcome;

/// Which adjustments.
#[derive(Debug)]
pub struct AdjustmentsAsked {
    status: AdjustmentStatus,
    paging: Paging,
}

impl Wanted for AdjustmentsAsked {
    const NAMES: &'static [&'static str] = &["status", "limit", "cursor"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let status = params.get("status", "due, posted", AdjustmentStatus::from_name)?;
        Ok(Self { status: status.unwrap_or(AdjustmentStatus::Due), paging: Paging::take(params)? })
    }
}

/// What the version in force owes for redemptions under earlier versions, or what was posted; newest first
#[utoipa::path(get, path = "/api/v1/programmes/{id}/adjustments", operation_id = "listAdjustments", tag = "bureau",
    params(
        ("id" = inline(ProgrammeWord), Path, description = "The programme's word"),
        ("status" = inline(Option<AdjustmentStatusWord>), Query,
            description = "`due` (unless said): what the version in force owes and nobody has posted; `posted`: what \
                           was posted, by any version"),
        Paging),
    responses((status = 200, description = "A page of adjustments", body = AdjustmentsView)))]
pub async fn list_adjustments(
    BureauReader(caller): BureauReader,
    PathWord(programme): PathWord,
    Asked(asked): Asked<AdjustmentsAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let posted = asked.status == AdjustmentStatus::Posted;
    let list = if posted { "posted adjustments" } else { "due adjustments" };
    let reading = asked.paging.of(caller.actor.id, &format!("{list} {programme}"))?;
    let view = if posted {
        let found = service.division.read(move |tx| {
            let Some((row, version)) = tx.programme(&programme)? else { return Ok(None) };
            let version = version.filter(|version| version.number == row.current);
            let in_force = version.map(|version| (version.number, version.rules.retroactive_from));
            Ok(Some((in_force, tx.adjustments_posted(&programme, reading.page())?)))
        });
        let (in_force, rows) = found.await?.ok_or_else(ApiError::not_found)?;
        let in_force = (in_force.map(|found| found.0), in_force.and_then(|found| found.1));
        let page = reading.list(rows, |raised| raised.adjustment.id, |raised| raised);
        AdjustmentsView::posted(in_force, &page.items, page.next_cursor)
    } else {
        let due = service.division.due(programme, reading.page()).await?;
        let page = reading.list(due.redemptions, |(id, _)| *id, |(_, owed)| owed);
        AdjustmentsView::due((due.version, due.retroactive_from), &page.items, page.next_cursor)
    };
    Ok(HttpResponse::Ok().json(view))
}

/// Post adjustments that are due, all of them or none
#[utoipa::path(post, path = "/api/v1/programmes/{id}/adjustments", operation_id = "postAdjustments", tag = "bureau",
    params(("id" = inline(ProgrammeWord), Path, description = "The programme's word")), request_body = PostAdjustmentsBody,
    responses((status = 201, description = "What was posted", body = PostedAdjustmentsView)))]
pub async fn post_adjustments(
    Officer(caller): Officer,
    PathWord(programme): PathWord,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let act = body.read::<PostAdjustmentsBody>()?.into_act(programme.clone())?;
    let meaning = Meaning::of("postAdjustments").subject(&programme).body(body.value());
    let answer = service.act(&caller, &key, &meaning, act).await?;
    let Outcome::Adjusted { total, raised, .. } = &answer.outcome else { return Err(unexpected()) };
    let place = format!("/programmes/{programme}/adjustments?status=posted");
    Ok(created(&answer, &place, &PostedAdjustmentsView::of(*total, raised)))
}
