//! Proofs about the trail, which anybody can check with a hash function and a published checkpoint.

use actix_web::{HttpResponse, web};

use crate::api::auth::Auditor;
use crate::api::error::ApiError;
use crate::api::query::{Asked, Params, Wanted};
use crate::api::server::Service;
use crate::api::view::{ConsistencyView, InclusionView};

fn positive(text: &str) -> Option<i64> {
    text.parse().ok().filter(|number| *number > 0)
}

/// Which record, and in which checkpoint.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InclusionAsked {
    /// The number of the record.
    #[param(minimum = 1)]
    seq: i64,
    /// The number of the checkpoint; the newest when absent.
    #[param(required = false, minimum = 1)]
    checkpoint: Option<i64>,
}

impl Wanted for InclusionAsked {
    const NAMES: &'static [&'static str] = &["seq", "checkpoint"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let seq = params.need("seq", "the number of a record", positive)?;
        Ok(Self { seq, checkpoint: params.get("checkpoint", "the number of a checkpoint", positive)? })
    }
}

/// The proof that a record is in the trail of a checkpoint (RFC 6962, 2.1.1)
///
/// The leaf is SHA-256 over a zero byte and the 32 bytes of the record's hash, which is SHA-256 over `previous`, as text,
/// and `body`. From the leaf, `proof` leads to the root that the checkpoint is signed for.
#[utoipa::path(get, path = "/api/v1/audit/inclusion-proof", operation_id = "getInclusionProof", tag = "audit",
    params(InclusionAsked),
    responses((status = 200, description = "The proof", body = InclusionView)))]
pub async fn get_inclusion_proof(
    _: Auditor,
    Asked(asked): Asked<InclusionAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let found = service.division.inclusion(asked.seq, asked.checkpoint).await?;
    Ok(HttpResponse::Ok().json(InclusionView::from(&found)))
}

/// Which two checkpoints.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ConsistencyAsked {
    /// The number of the earlier checkpoint.
    #[param(minimum = 1)]
    from: i64,
    /// The number of the later checkpoint; the newest when absent.
    #[param(required = false, minimum = 1)]
    to: Option<i64>,
}

impl Wanted for ConsistencyAsked {
    const NAMES: &'static [&'static str] = &["from", "to"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let from = params.need("from", "the number of a checkpoint", positive)?;
        Ok(Self { from, to: params.get("to", "the number of a checkpoint", positive)? })
    }
}

/// The proof that the trail of a checkpoint begins with that of an earlier one (RFC 6962, 2.1.2)
#[utoipa::path(get, path = "/api/v1/audit/consistency-proof", operation_id = "getConsistencyProof", tag = "audit",
    params(ConsistencyAsked),
    responses((status = 200, description = "The proof", body = ConsistencyView)))]
pub async fn get_consistency_proof(
    _: Auditor,
    Asked(asked): Asked<ConsistencyAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let found = service.division.consistency(asked.from, asked.to).await?;
    Ok(HttpResponse::Ok().json(ConsistencyView::from(&found)))
}
