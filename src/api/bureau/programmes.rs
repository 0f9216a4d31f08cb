//! Officers and programmes: draft, publish, pause, close, and the money of a line.

use actix_web::{HttpRequest, HttpResponse, web};
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema, Type};

use crate::api::answer::{changed, created, unexpected};
use crate::api::auth::{Caller, Officer};
use crate::api::body::words::ProgrammeWord;
use crate::api::body::{AdjustPoolBody, ReasonBody};
use crate::api::entity::{JsonBody, ProgrammeText};
use crate::api::error::ApiError;
use crate::api::etag;
use crate::api::idempotency::{IdempotencyKey, Meaning};
use crate::api::query::PathWord;
use crate::api::server::Service;
use crate::api::view::{DraftView, PoolView, ProgrammeView};
use crate::domain::command::{Act, Outcome};
use crate::domain::programme::{Fault, Rules, from_json, from_toml};
use crate::domain::records::Programme;
use crate::domain::refusal::{Code, Refusal, Refusals};

/// A programme file as JSON, for the document.
pub struct ProgrammeFile;

impl utoipa::PartialSchema for ProgrammeFile {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some(
                "The programme file: the members of the TOML file as JSON. `huanxin check-programme` says what is \
                 wrong with one, line by line; a member that is not known is refused here as well.",
            ))
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .into()
    }
}

impl ToSchema for ProgrammeFile {}

/// Add a programme, or a new draft version of one, as JSON or as its TOML file
///
/// The draft changes nothing until it is published. What is wrong with the file is told fault by fault, each with its
/// pointer and, of TOML, its line.
#[utoipa::path(post, path = "/api/v1/programmes", operation_id = "createProgramme", tag = "bureau",
    request_body(content((ProgrammeFile = "application/json"), (String = "application/toml")),
        description = "The programme file: the same members in JSON and in TOML"),
    responses((status = 201, description = "The programme with its draft, and warnings of what is legal and odd in it",
        body = DraftView)))]
pub async fn create_programme(
    Officer(caller): Officer,
    key: IdempotencyKey,
    text: ProgrammeText,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let rules = read_rules(&text)?;
    // Of the rules, not of the text: both spellings of a file mean the same.
    let meaning = Meaning::of("createProgramme").body(serde_json::to_value(&rules).unwrap_or_default());
    let answer = service.act(&caller, &key, &meaning, Act::CreateProgramme(Box::new(rules.clone()))).await?;
    let Outcome::Programme(programme) = &answer.outcome else { return Err(unexpected()) };
    let place = format!("/programmes/{}", programme.id);
    let view = shown(&service, programme, programme.latest).await?;
    Ok(created(&answer, &place, &DraftView::of(view, &rules)))
}

fn read_rules(text: &ProgrammeText) -> Result<Rules, ApiError> {
    let read = match text {
        ProgrammeText::Json(text) => from_json(text),
        ProgrammeText::Toml(text) => from_toml(text),
    };
    read.map_err(|faults| {
        let failed = faults.into_iter().map(told).collect();
        Refusals::from_failed(failed).map_or_else(|| ApiError::of(Code::BodyMalformed), ApiError::from)
    })
}

/// A fault of the file as a refusal: `lines[0].tiers[1].cap` is `/lines/0/tiers/1/cap`. An unknown name may have any
/// characters, of which a pointer escapes two.
fn told(fault: Fault) -> Refusal {
    let escaped = fault.field.replace('~', "~0").replace('/', "~1");
    let pointer = escaped.replace(['.', '['], "/").replace(']', "");
    let pointer = if pointer.is_empty() { pointer } else { format!("/{pointer}") };
    let expected = match fault.line {
        Some(line) => format!("line {line}: {}", fault.message),
        None => fault.message,
    };
    Refusal::at(Code::BodyMalformed, pointer).expected(expected)
}

/// Put the newest version in force, or open a paused programme again
///
/// Vouchers keep the version under which they were issued. There is no body.
#[utoipa::path(post, path = "/api/v1/programmes/{id}/publication", operation_id = "publishProgramme",
    tag = "bureau", params(("id" = inline(ProgrammeWord), Path, description = "The programme's word")),
    responses((status = 200, description = "The programme", body = ProgrammeView)))]
pub async fn publish_programme(
    Officer(caller): Officer,
    PathWord(programme): PathWord,
    key: IdempotencyKey,
    request: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let meaning = Meaning::of("publishProgramme").subject(&programme);
    step(&service, &caller, &key, &request, meaning, Act::PublishProgramme { programme }).await
}

/// Take neither claims nor redemptions for the time being
#[utoipa::path(post, path = "/api/v1/programmes/{id}/pause", operation_id = "pauseProgramme", tag = "bureau",
    params(("id" = inline(ProgrammeWord), Path, description = "The programme's word")), request_body = ReasonBody,
    responses((status = 200, description = "The programme", body = ProgrammeView)))]
pub async fn pause_programme(
    Officer(caller): Officer,
    PathWord(programme): PathWord,
    key: IdempotencyKey,
    request: HttpRequest,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reason = body.read::<ReasonBody>()?.into_reason()?;
    let meaning = Meaning::of("pauseProgramme").subject(&programme).body(body.value());
    step(&service, &caller, &key, &request, meaning, Act::PauseProgramme { programme, reason }).await
}

/// End a programme
#[utoipa::path(post, path = "/api/v1/programmes/{id}/closure", operation_id = "closeProgramme", tag = "bureau",
    params(("id" = inline(ProgrammeWord), Path, description = "The programme's word")), request_body = ReasonBody,
    responses((status = 200, description = "The programme", body = ProgrammeView)))]
pub async fn close_programme(
    Officer(caller): Officer,
    PathWord(programme): PathWord,
    key: IdempotencyKey,
    request: HttpRequest,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reason = body.read::<ReasonBody>()?.into_reason()?;
    let meaning = Meaning::of("closeProgramme").subject(&programme).body(body.value());
    step(&service, &caller, &key, &request, meaning, Act::CloseProgramme { programme, reason }).await
}

/// A step in a programme's life, if it still is as the caller saw it.
async fn step(
    service: &Service,
    caller: &Caller,
    key: &IdempotencyKey,
    request: &HttpRequest,
    meaning: Meaning,
    act: Act,
) -> Result<HttpResponse, ApiError> {
    etag::check_programme(service, request, &act).await?;
    let answer = service.act(caller, key, &meaning, act).await?;
    let Outcome::Programme(programme) = &answer.outcome else { return Err(unexpected()) };
    let view = shown(service, programme, programme.current.max(1)).await?;
    Ok(etag::set(changed(&answer, &view), &etag::of_programme(programme)))
}

/// A programme as the command left it, with one of its versions.
async fn shown(service: &Service, programme: &Programme, number: u32) -> Result<ProgrammeView, ApiError> {
    let id = programme.id.clone();
    let version = service.division.read(move |tx| tx.version(&id, number)).await?.ok_or_else(unexpected)?;
    Ok(ProgrammeView::of(programme, &version))
}

/// Raise or lower the pool of a line
///
/// A pool cannot be lowered below what is reserved or spent.
#[utoipa::path(post, path = "/api/v1/programmes/{id}/pool-adjustments", operation_id = "adjustPool",
    tag = "bureau", params(("id" = inline(ProgrammeWord), Path, description = "The programme's word")),
    request_body = AdjustPoolBody,
    responses((status = 200, description = "What the line has now", body = PoolView)))]
pub async fn adjust_pool(
    Officer(caller): Officer,
    PathWord(programme): PathWord,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let act = body.read::<AdjustPoolBody>()?.into_act(programme.clone())?;
    let meaning = Meaning::of("adjustPool").subject(&programme).body(body.value());
    let answer = service.act(&caller, &key, &meaning, act).await?;
    let Outcome::Pool { programme, category, available, appropriation } = &answer.outcome else {
        return Err(unexpected());
    };
    Ok(changed(&answer, &PoolView::of(programme, *category, *available, *appropriation)))
}
