//! One voucher's whole life on one page.

use actix_web::{HttpResponse, web};

use crate::api::auth::Auditor;
use crate::api::error::ApiError;
use crate::api::query::{Asked, Nothing, PathId};
use crate::api::server::Service;
use crate::api::view::VoucherHistoryView;

/// Everything that ever happened to a voucher, its redemption and its old item: who, when, how much, and under which
/// number it stands in the trail
#[utoipa::path(get, path = "/api/v1/audit/vouchers/{id}/history", operation_id = "getVoucherHistory", tag = "audit",
    params(("id" = String, Path, format = "uuid", description = "The voucher")),
    responses((status = 200, description = "Its life", body = VoucherHistoryView)))]
pub async fn get_voucher_history(
    _: Auditor,
    PathId(id): PathId,
    _: Asked<Nothing>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let life = service.division.voucher_life(id).await?.ok_or_else(ApiError::not_found)?;
    Ok(HttpResponse::Ok().json(VoucherHistoryView::of(&life)))
}
