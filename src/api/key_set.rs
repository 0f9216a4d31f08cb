//! The public keys of the service as they are published, and how an answer is asked for only once.

use std::sync::{Arc, PoisonError, RwLock};

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use crate::keys::KeyRing;
use crate::keys::rotation::{KeyKind, KeyState};

/// The public keys of the service (RFC 7517). A voucher's code names one of them by `kid`.
#[derive(Debug, ToSchema)]
pub struct KeySet {
    /// The keys.
    pub keys: Vec<KeyView>,
}

/// A public key.
#[derive(Debug, ToSchema)]
pub struct KeyView {
    /// `OKP`.
    pub kty: String,
    /// `Ed25519`.
    pub crv: String,
    /// The point.
    pub x: String,
    /// Its name.
    pub kid: String,
    /// `EdDSA`.
    pub alg: String,
    /// `sig`.
    #[schema(rename = "use")]
    pub usage: String,
    /// What it signs: a till that checks vouchers takes the keys of kind `voucher` alone.
    #[schema(value_type = PublishedKind)]
    pub kind: KeyKind,
    /// `next`: nothing is signed with it yet. `current`: what is new is. `retired`: nothing any more, but what it has
    /// signed is genuine until it lapses.
    #[schema(value_type = PublishedState)]
    pub state: KeyState,
}

/// The kinds of keys that are published.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum PublishedKind {
    /// Vouchers' codes, and the list of those that hold no more.
    Voucher,
    /// Access tokens.
    Access,
    /// Checkpoints of the trail.
    Checkpoint,
}

/// The states of a key.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum PublishedState {
    /// Not used yet.
    Next,
    /// In use.
    Current,
    /// Used no more.
    Retired,
}

/// The set as it is sent, made once for each change of the keys.
pub struct PublishedKeys(RwLock<Arc<Tagged>>);

impl PublishedKeys {
    /// Of a ring.
    #[must_use]
    pub fn of(keys: &KeyRing) -> Self {
        Self(RwLock::new(Arc::new(Tagged::of(keys.jwks().to_string()))))
    }

    /// Publishes these from now on.
    pub fn take_keys(&self, keys: &KeyRing) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Tagged::of(keys.jwks().to_string()));
    }

    /// What is published now.
    #[must_use]
    pub fn now(&self) -> Arc<Tagged> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A text with the tag that stands for it (RFC 9110, 8.8.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagged {
    text: String,
    tag: String,
}

impl Tagged {
    /// The tag is of the text alone, so that every replica gives the same.
    #[must_use]
    pub fn of(text: String) -> Self {
        let digest = hex::encode(&Sha256::digest(&text)[..16]);
        Self { text, tag: format!("\"{digest}\"") }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text, which may be kept for so many seconds; or 304 to whoever says that it has it.
    #[must_use]
    pub fn answer(&self, request: &HttpRequest, media: &str, max_age: i64) -> HttpResponse {
        let known = request.headers().get_all(header::IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
        let mut tags = known.flat_map(|list| list.split(',')).map(str::trim);
        let same = tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.tag);
        let mut response = if same { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response
            .insert_header((header::CACHE_CONTROL, format!("public, max-age={max_age}")))
            .insert_header((header::ETAG, self.tag.clone()));
        if same { response.finish() } else { response.content_type(media).body(self.text.clone()) }
    }
}
