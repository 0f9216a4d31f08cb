//! What a handler ends with when it has no answer. What the caller is told is decided in the middleware, which
//! knows the language and the request's identity; nothing of an inner fault is told but its reference.

use std::fmt;

use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};

use super::view::{Fault, Problem};
use crate::blobs::BlobError;
use crate::domain::refusal::{Code, Language, Refusal, Refusals};
use crate::engine::Failure;
use crate::jws::NotSigned;
use crate::password::PasswordError;
use crate::pii::VaultError;
use crate::qr::NotDrawn;
use crate::totp::NoSecret;

/// The media type of every error answer (RFC 9457).
pub const PROBLEM_JSON: &str = "application/problem+json";
/// How long a caller waits after a full queue, in seconds.
const BUSY_SECONDS: u32 = 1;
/// How long a caller waits when the database is away, in seconds.
const AWAY_SECONDS: u32 = 5;

/// Why a request has no answer.
#[derive(Clone, Debug)]
pub enum ApiError {
    /// The caller's business: everything that failed.
    Refused(Refusals),
    /// Too many tries: how many seconds the caller has to wait.
    Wait(u32),
    /// This service's business: the reference under which the log has it.
    Internal(String),
}

impl ApiError {
    /// A refusal of the request as a whole.
    #[must_use]
    pub fn of(code: Code) -> Self {
        Refusal::of(code).into()
    }

    /// The record is absent, or another's.
    #[must_use]
    pub fn not_found() -> Self {
        Self::of(Code::NotFound)
    }

    /// A part of the request that cannot be read: what stood there and what would have been.
    #[must_use]
    pub fn malformed(found: impl fmt::Display, expected: impl fmt::Display) -> Self {
        Refusal::of(Code::BodyMalformed).found(found).expected(expected).into()
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Refused(refusals) => StatusCode::from_u16(refusals.first().code.status()).unwrap_or_default(),
            Self::Wait(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The answer in a language; `instance` is the request's identity.
    #[must_use]
    pub fn answer(&self, language: Language, instance: &str) -> HttpResponse {
        match self {
            Self::Refused(refusals) => {
                let mut response = builder(self.status());
                if let Some(header) = header_of(refusals.first().code) {
                    response.insert_header(header);
                }
                response.json(Problem::of(refusals, language, instance))
            }
            Self::Wait(seconds) => {
                let mut response = builder(self.status());
                response.insert_header((header::RETRY_AFTER, *seconds));
                response.json(Problem::of(&Code::RateLimited.into(), language, instance))
            }
            Self::Internal(reference) => {
                let detail = match language {
                    Language::Chinese => format!("系统内部错误，请稍后再试；反馈时请附上编号 {reference}。"),
                    Language::English => format!("The service failed; try again later and quote {reference}."),
                };
                plain(self.status(), &detail, instance)
            }
        }
    }
}

/// A problem without a code of its own: an inner fault, or a method that the path does not have.
#[must_use]
pub fn plain(status: StatusCode, detail: &str, instance: &str) -> HttpResponse {
    let title = status.canonical_reason().unwrap_or_default();
    builder(status).json(Fault::of(status.as_u16(), title, detail, instance))
}

/// What an error of the framework, or a bare error status, is to a caller.
///
/// # Errors
/// A status without a code of its own, with what to say of it.
pub fn of_status(status: StatusCode, method: &Method) -> Result<ApiError, &'static str> {
    match status {
        StatusCode::UNAUTHORIZED => Ok(ApiError::of(Code::Unauthenticated)),
        StatusCode::FORBIDDEN => Ok(ApiError::of(Code::Forbidden)),
        StatusCode::NOT_FOUND => Ok(ApiError::not_found()),
        StatusCode::METHOD_NOT_ALLOWED => Err(if method == Method::HEAD { "HEAD" } else { "see the Allow header" }),
        status if status.is_client_error() => Ok(ApiError::of(Code::BodyMalformed)),
        _ => Ok(ApiError::Internal("unnamed".to_owned())),
    }
}

fn builder(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.insert_header((header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON)));
    response
}

fn header_of(code: Code) -> Option<(header::HeaderName, HeaderValue)> {
    match code {
        Code::Unauthenticated => Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
        Code::Busy | Code::RateLimited => Some((header::RETRY_AFTER, BUSY_SECONDS.into())),
        Code::Unavailable => Some((header::RETRY_AFTER, AWAY_SECONDS.into())),
        _ => None,
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusals) => write!(f, "{}", refusals.first().code),
            Self::Wait(seconds) => write!(f, "{} for {seconds} s", Code::RateLimited),
            Self::Internal(reference) => write!(f, "internal fault {reference}"),
        }
    }
}

impl std::error::Error for ApiError {}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        self.answer(Language::default(), "")
    }
}

impl From<Refusals> for ApiError {
    fn from(refusals: Refusals) -> Self {
        Self::Refused(refusals)
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusals) => Self::Refused(refusals),
            Failure::Busy => Self::of(Code::Busy),
            Failure::Unavailable => Self::of(Code::Unavailable),
            Failure::Internal(reference) => Self::Internal(reference),
        }
    }
}

/// A fault that no caller can cause: it is logged, and told by nothing but its name.
fn fault(name: &'static str, error: &dyn std::error::Error) -> ApiError {
    tracing::error!(error = %error, "{name}");
    ApiError::Internal(name.to_owned())
}

impl From<VaultError> for ApiError {
    fn from(error: VaultError) -> Self {
        fault("vault", &error)
    }
}

impl From<BlobError> for ApiError {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::Away(why) => {
                tracing::warn!(why, "the store of files is away");
                Self::of(Code::Unavailable)
            }
            BlobError::Missing(_) | BlobError::Changed(_) => fault("store of files", &error),
        }
    }
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::of(Code::Busy),
            PasswordError::NotHashed => fault("hashing", &error),
        }
    }
}

impl From<NoSecret> for ApiError {
    fn from(error: NoSecret) -> Self {
        fault("second factor", &error)
    }
}

impl From<NotSigned> for ApiError {
    fn from(error: NotSigned) -> Self {
        fault("signing", &error)
    }
}

impl From<NotDrawn> for ApiError {
    fn from(error: NotDrawn) -> Self {
        fault("drawing", &error)
    }
}
