//! The list of vouchers that hold no more, as a till without a network keeps it: a compact JWS of its own kind, signed
//! with the voucher key, so that whoever can check a code can check the list.

use jsonwebtoken::Algorithm;
use serde::Serialize;

use crate::domain::id::Id;
use crate::jws::{Kind, NotSigned};
use crate::qr::VoucherTokens;

const REVOKED: Kind = Kind { typ: "revoked-vouchers+jwt", algorithm: Algorithm::EdDSA };

/// A page of the list; the fields are its claims.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RevokedVouchers {
    /// Which service says so.
    pub iss: String,
    /// The second up to which the list is whole, if there are no more pages.
    pub iat: i64,
    /// After which page this one comes; `null` for the first of all.
    pub since: Option<String>,
    /// How to ask for the next page.
    pub next: String,
    /// Whether the next page has something already.
    pub more: bool,
    /// Given back by their holders.
    pub cancelled: Vec<Id>,
    /// Used.
    pub redeemed: Vec<Id>,
    /// Used, and the goods went back.
    pub reversed: Vec<Id>,
}

impl VoucherTokens {
    /// Signs a page.
    ///
    /// # Errors
    /// When the ring has no voucher key, which one that was read or generated always has.
    pub fn sign_revoked(&self, page: &RevokedVouchers) -> Result<String, NotSigned> {
        self.sign_as(REVOKED, page)
    }
}
