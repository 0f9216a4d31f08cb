//! A voucher as its holder shows it: on a screen for a moment, or on paper.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use super::own_voucher;
use crate::api::auth::Consumer;
use crate::api::body::words::Token;
use crate::api::error::ApiError;
use crate::api::query::{Asked, Params, PathId, Wanted};
use crate::api::server::Service;
use crate::domain::records::{Voucher, VoucherStatus};
use crate::domain::refusal::Code;
use crate::domain::time::Moment;
use crate::qr::{self, VoucherToken, VoucherTokens};

/// In what shape the code is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Format {
    /// A picture that scales.
    Svg,
    /// A picture of pixels.
    Png,
    /// The text itself, for an app that draws it.
    Token,
}

/// How a voucher is to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Shown {
    /// On a telephone, for 90 seconds.
    Live,
    /// On paper, as long as the voucher holds; the counter checks the holder.
    Printed,
}

/// Which form of the code.
#[derive(Clone, Copy, Debug)]
pub struct CodeAsked {
    form: Shown,
    format: Format,
}

impl Wanted for CodeAsked {
    const NAMES: &'static [&'static str] = &["form", "format"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let form = params.get("form", "live, printed", |word| match word {
            "live" => Some(Shown::Live),
            "printed" => Some(Shown::Printed),
            _ => None,
        })?;
        let format = params.get("format", "svg, png, token", |word| match word {
            "svg" => Some(Format::Svg),
            "png" => Some(Format::Png),
            "token" => Some(Format::Token),
            _ => None,
        })?;
        Ok(Self { form: form.unwrap_or(Shown::Live), format: format.unwrap_or(Format::Token) })
    }
}

/// A picture of pixels, byte by byte.
pub struct Picture;

impl utoipa::PartialSchema for Picture {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).content_media_type("image/png").into()
    }
}

impl ToSchema for Picture {}

/// The text of a voucher's code.
#[derive(Debug, Serialize, ToSchema)]
pub struct CodeView {
    /// A compact JWS, signed with a key of `/.well-known/jwks.json`.
    #[schema(value_type = Token)]
    token: String,
    /// The first moment at which it holds no more.
    #[schema(value_type = String, format = DateTime, example = "2026-06-18T02:01:30.000000Z")]
    expires_at: Moment,
}

/// The voucher's code, to be shown on a screen or printed
///
/// A live code holds for 90 seconds; a printed one as long as the voucher, and the counter asks for the last four
/// characters of the holder's identity number.
#[utoipa::path(get, path = "/api/v1/vouchers/{id}/qr", operation_id = "getVoucherQr", tag = "consumer",
    params(("id" = String, Path, format = "uuid", description = "The voucher"),
        ("form" = inline(Option<Shown>), Query, description = "`live` unless said otherwise"),
        ("format" = inline(Option<Format>), Query, description = "`token` unless said otherwise")),
    responses((status = 200, description = "The code", content(
        (CodeView = "application/json"), (String = "image/svg+xml"), (Picture = "image/png")))))]
pub async fn get_voucher_qr(
    consumer: Consumer,
    PathId(id): PathId,
    Asked(asked): Asked<CodeAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let voucher = own_voucher(&service, &consumer, id).await?;
    let now = service.division.now();
    showable(&voucher, now)?;
    let code = match asked.form {
        Shown::Live => VoucherTokens::live(voucher.id, &voucher.programme, now),
        Shown::Printed => {
            let expires = voucher.expires_at;
            service.voucher_tokens.printed(voucher.id, &voucher.programme, now, expires, consumer.number())?
        }
    };
    drawn(&service, &code, asked.format)
}

/// A code in the shape that was asked for.
pub(in crate::api) fn drawn(service: &Service, code: &VoucherToken, format: Format) -> Result<HttpResponse, ApiError> {
    let token = service.voucher_tokens.sign(code)?;
    Ok(match format {
        Format::Token => HttpResponse::Ok().json(CodeView { token, expires_at: code.expires }),
        Format::Svg => HttpResponse::Ok().content_type("image/svg+xml").body(qr::svg(&token)?),
        Format::Png => HttpResponse::Ok().content_type("image/png").body(qr::png(&token)?),
    })
}

/// Only a live voucher has a code.
pub(in crate::api) fn showable(voucher: &Voucher, now: Moment) -> Result<(), ApiError> {
    match voucher.status {
        VoucherStatus::Issued if now <= voucher.expires_at => Ok(()),
        VoucherStatus::Issued | VoucherStatus::Expired => Err(ApiError::of(Code::VoucherExpired)),
        VoucherStatus::Redeemed => Err(ApiError::of(Code::VoucherAlreadyRedeemed)),
        VoucherStatus::Reversed | VoucherStatus::Cancelled => Err(ApiError::of(Code::VoucherNotLive)),
    }
}
