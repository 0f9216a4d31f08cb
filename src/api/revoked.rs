//! For tills without a network: which vouchers hold no more.

use std::fmt;
use std::str::FromStr;

use actix_web::{HttpRequest, HttpResponse, web};

use super::auth::Anybody;
use super::error::ApiError;
use super::key_set::Tagged;
use super::query::{Asked, Params, Wanted};
use super::server::Service;
use crate::domain::id::Id;
use crate::domain::records::VoucherStatus;
use crate::domain::refusal::Code;
use crate::engine::Since;
use crate::revoked::RevokedVouchers;

/// The most vouchers of a page: about a hundred kilobytes.
const MOST: i64 = 2000;
/// For how many seconds a page may be kept, and by how many its time is rounded down, so that whoever asks again within
/// them hears that nothing has changed.
const MAX_AGE: i64 = 60;

/// From where on.
#[derive(Debug)]
pub struct RevokedAsked {
    since: Option<Since>,
}

impl Wanted for RevokedAsked {
    const NAMES: &'static [&'static str] = &["since"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let invalid = |_| ApiError::of(Code::CursorInvalid);
        let since = params.text("since").map(|text| text.parse::<Cursor>().map_err(invalid)).transpose()?;
        Ok(Self { since: since.map(|cursor| cursor.0) })
    }
}

/// Vouchers that hold no more though their time is not over: redeemed, reversed or cancelled
///
/// A compact JWS (RFC 7515) with `typ` `revoked-vouchers+jwt`, signed with a key of kind `voucher` of
/// `/.well-known/jwks.json`. Its claims are `iss`, `iat`, `since`, `next`, `more`, and the lists `redeemed`, `reversed` and
/// `cancelled` of vouchers, which stand as `vid` in their codes. Without `since` it is the first page of the whole list;
/// with `next` of the page before, what follows: at once while `more`, later what has changed meanwhile. A voucher
/// may be told twice. It names vouchers and nothing else: no person, no shop, no amount.
#[utoipa::path(get, path = "/api/v1/vouchers/revoked", operation_id = "listRevokedVouchers", tag = "public",
    params(("since" = Option<String>, Query,
        description = "`next` of the page before; the whole list from its beginning when not said")),
    responses((status = 200, description = "A page of the list", body = String, content_type = "application/jose")))]
pub async fn list_revoked_vouchers(
    _: Anybody,
    Asked(asked): Asked<RevokedAsked>,
    request: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let at = service.division.now().seconds();
    let since = asked.since.unwrap_or(Since::Start);
    let page = service.division.endings(since, MOST).await?.ok_or_else(|| ApiError::of(Code::CursorInvalid))?;
    let of = |status: VoucherStatus| -> Vec<Id> {
        page.ended.iter().filter(|(_, how)| *how == status).map(|(id, _)| *id).collect()
    };
    let list = RevokedVouchers {
        iss: service.tokens.issuer().to_owned(),
        iat: at - at.rem_euclid(MAX_AGE),
        since: asked.since.map(|since| Cursor(since).to_string()),
        next: Cursor(page.next).to_string(),
        more: page.more,
        cancelled: of(VoucherStatus::Cancelled),
        redeemed: of(VoucherStatus::Redeemed),
        reversed: of(VoucherStatus::Reversed),
    };
    let text = service.voucher_tokens.sign_revoked(&list)?;
    Ok(Tagged::of(text).answer(&request, "application/jose", MAX_AGE))
}

/// How a place in the list is written: the same for every caller and replica, so that a page can be kept between them.
struct Cursor(Since);

/// A text that is no place in the list.
struct NoCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Since::Start => Ok(()),
            Since::Voucher { after, begun } => write!(f, "v.{begun}.{after}"),
            Since::Movement(after) => write!(f, "m.{after}"),
        }
    }
}

impl FromStr for Cursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let id = |text: &str| text.parse::<Id>().map_err(|_| NoCursor);
        let (kind, rest) = text.split_once('.').ok_or(NoCursor)?;
        Ok(Self(match (kind, rest.split_once('.')) {
            ("v", Some((begun, after))) => Since::Voucher { after: id(after)?, begun: id(begun)? },
            ("m", None) => Since::Movement(id(rest)?),
            _ => return Err(NoCursor),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let (after, begun) = (Id::digest(&["a"]), Id::digest(&["b"]));
        for since in [Since::Voucher { after, begun }, Since::Movement(after)] {
            let text = Cursor(since).to_string();
            assert_eq!(text.parse::<Cursor>().ok().map(|cursor| cursor.0), Some(since));
            assert!(text.replace('.', ":").parse::<Cursor>().is_err());
            assert!(format!("{text}0").parse::<Cursor>().is_err());
            assert!(text[1..].parse::<Cursor>().is_err());
        }
        for text in ["", ".", "m.", "v.", "v..", "m.x", "é.é"] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
