//! The body of a request: at most so many bytes, of the media type that the operation takes.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::body;
use super::error::ApiError;

const JSON: &str = "application/json";
const TOML: &str = "application/toml";

/// A JSON body, not yet read; `Content-Type` is `application/json` or absent.
#[derive(Clone, Debug)]
pub struct JsonBody(web::Bytes);

impl JsonBody {
    /// Reads it strictly.
    ///
    /// # Errors
    /// With the first thing that cannot be read.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        Ok(body::read(&self.0)?)
    }

    /// What it says, whatever the order of its members and its white space.
    #[must_use]
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.0).unwrap_or_default()
    }
}

/// The text of a programme, in either of its two spellings.
#[derive(Clone, Debug)]
pub enum ProgrammeText {
    /// As JSON.
    Json(String),
    /// As the file is written.
    Toml(String),
}

type Reading<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

impl FromRequest for JsonBody {
    type Error = ApiError;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media = media(request);
        let bytes = bytes(request, payload);
        Box::pin(async move {
            match media.as_str() {
                JSON => bytes.await.map(Self),
                other => Err(ApiError::malformed(other, JSON)),
            }
        })
    }
}

impl FromRequest for ProgrammeText {
    type Error = ApiError;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media = media(request);
        let bytes = bytes(request, payload);
        Box::pin(async move {
            let form = match media.as_str() {
                JSON => Self::Json,
                TOML => Self::Toml,
                other => return Err(ApiError::malformed(other, format!("{JSON} or {TOML}"))),
            };
            let text = String::from_utf8(bytes.await?.to_vec());
            text.map(form).map_err(|_| ApiError::malformed("invalid UTF-8", "text in UTF-8"))
        })
    }
}

fn media(request: &HttpRequest) -> String {
    let value = request.headers().get(header::CONTENT_TYPE).map(header::HeaderValue::to_str);
    match value {
        None => JSON.to_owned(),
        Some(Err(_)) => "an unreadable Content-Type".to_owned(),
        Some(Ok(text)) => text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase(),
    }
}

/// The limit is that of `web::PayloadConfig`, after decompression.
fn bytes(request: &HttpRequest, payload: &mut Payload) -> impl Future<Output = Result<web::Bytes, ApiError>> + use<> {
    let reading = web::Bytes::from_request(request, payload);
    async move {
        reading.await.map_err(|error| {
            let too_long = error.as_response_error().status_code() == actix_web::http::StatusCode::PAYLOAD_TOO_LARGE;
            if too_long {
                ApiError::malformed("a body that is too long", "at most 65536 bytes")
            } else {
                ApiError::malformed("a body that breaks off or is not in its encoding", "a whole body")
            }
        })
    }
}
