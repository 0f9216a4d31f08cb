//! Answers to commands.

use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde::Serialize;

use super::error::ApiError;
use crate::engine::Answer;

/// Where the operations are.
pub const BASE: &str = "/api/v1";
/// Says that the answer is the one of an earlier request with the same key.
pub const IDEMPOTENT_REPLAYED: &str = "Idempotent-Replayed";

/// A record was made; `place` is its path below [`BASE`].
pub fn created(answer: &Answer, place: &str, view: &impl Serialize) -> HttpResponse {
    let mut response = HttpResponse::Created();
    response.insert_header((header::LOCATION, format!("{BASE}{place}")));
    marked(&mut response, answer).json(view)
}

/// A record was changed.
pub fn changed(answer: &Answer, view: &impl Serialize) -> HttpResponse {
    marked(&mut HttpResponse::Ok(), answer).json(view)
}

fn marked<'a>(response: &'a mut HttpResponseBuilder, answer: &Answer) -> &'a mut HttpResponseBuilder {
    if answer.replayed {
        response.insert_header((IDEMPOTENT_REPLAYED, "true"));
    }
    response
}

/// Something that is done once, now or before.
pub fn repeated(before: bool, view: &impl Serialize) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    if before {
        response.insert_header((IDEMPOTENT_REPLAYED, "true"));
    }
    response.json(view)
}

/// The engine answered with another outcome than the command has.
#[must_use]
pub fn unexpected() -> ApiError {
    tracing::error!("a command was answered with another command's outcome");
    ApiError::Internal("outcome".to_owned())
}
