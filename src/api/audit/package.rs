//! Evidence packages.

use actix_web::{HttpResponse, web};
use serde_json::json;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use super::checkpoints::attachment;
use crate::api::auth::{Auditor, Caller};
use crate::api::error::ApiError;
use crate::api::query::{A_DAY, Asked, Params, Wanted, day};
use crate::api::server::Service;
use crate::domain::command::{Act, Command};
use crate::domain::id::Id;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Day;
use crate::evidence::{self, Package, Period};

/// Which period.
#[derive(Clone, Copy, Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PeriodAsked {
    /// Its first day in Asia/Shanghai.
    #[param(value_type = crate::api::body::words::Date)]
    from: Day,
    /// Its last day.
    #[param(value_type = crate::api::body::words::Date)]
    to: Day,
}

impl Wanted for PeriodAsked {
    const NAMES: &'static [&'static str] = &["from", "to"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let (from, to) = (params.need("from", A_DAY, day)?, params.need("to", A_DAY, day)?);
        if to < from {
            return Err(Refusal::at(Code::BodyMalformed, "/to").found(to).expected(format!("{from} or later")).into());
        }
        Ok(Self { from, to })
    }
}

/// A zip file, byte by byte.
pub struct ZipFile;

impl utoipa::PartialSchema for ZipFile {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).content_media_type("application/zip").into()
    }
}

impl ToSchema for ZipFile {}

/// Everything that it takes to check the records of a period without the service: a zip file
///
/// Records, the rows that they speak of (personal data sealed, as they are stored), the checkpoint that covers them, proofs,
/// public keys, and a README that says how to check; `huanxin audit check FILE` does. A checkpoint is made where none covers
/// the period yet. The download stands in the trail. A period of more than 50000 records is refused: ask for fewer days.
#[utoipa::path(get, path = "/api/v1/audit/evidence-package", operation_id = "getEvidencePackage", tag = "audit",
    params(PeriodAsked),
    responses((status = 200, description = "The package", body = ZipFile, content_type = "application/zip")))]
pub async fn get_evidence_package(
    Auditor(caller): Auditor,
    Asked(asked): Asked<PeriodAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let PeriodAsked { from, to } = asked;
    let package = package(&service, &caller, asked).await?;
    let shown = json!({"from": from.to_string(), "to": to.to_string(), "first": package.first, "last": package.last,
        "checkpoint": package.checkpoint, "sha256": package.sha256});
    service.disclose(&caller, "getEvidencePackage", "audit_record", None, shown).await?;
    let name = format!("evidence-{}-{from}-{to}.zip", service.division.code());
    Ok(HttpResponse::Ok().insert_header(attachment(name)).content_type("application/zip").body(package.bytes))
}

async fn package(service: &Service, caller: &Caller, asked: PeriodAsked) -> Result<Package, ApiError> {
    let PeriodAsked { from, to } = asked;
    let (period, covered) = service
        .division
        .read(move |tx| {
            let period = Period::of(tx, from, to)?;
            let covered = !period.open && evidence::covering(tx, period)?.is_some();
            Ok((period, covered))
        })
        .await?;
    if period.count() == 0 {
        let found = format!("no record from {from} to {to}");
        return Err(Refusal::of(Code::NotFound).found(found).expected("a period with records").into());
    }
    let most = service.limits.evidence_records;
    if period.count() > most {
        let expected = format!("a period of at most {most} records: ask for fewer days");
        let found = format!("{} records from {from} to {to}", period.count());
        return Err(Refusal::at(Code::BodyMalformed, "/to").found(found).expected(expected).into());
    }
    if !covered {
        // One for each request: what is open is covered as far as it goes.
        let command = |act: Act| {
            let number = if let Act::CreateCheckpoint(new) = &act { new.number } else { 0 };
            let id = Id::digest(&["checkpoint for", &caller.actor.id.to_string(), &number.to_string()]);
            let (actor, request_id) = (caller.actor.clone(), caller.request_id.clone());
            Command { id, fingerprint: id, actor, request_id, act }
        };
        service.division.checkpoint(service.notary.as_ref(), command).await?;
    }
    let (division, at) = (service.division.code().to_owned(), service.division.now());
    let jwks = serde_json::from_str(service.key_set.now().text()).unwrap_or_default();
    let asked = evidence::Asked { division, from, to, at, jwks };
    let written = service.division.read(move |tx| evidence::write(tx, &asked)).await?;
    written.ok_or_else(|| ApiError::Internal("no checkpoint covers the period".to_owned()))
}
