//! Around every request: its identity, its span in the log, its place in the counters, and the one form in which
//! errors leave the house.

use std::sync::atomic::Ordering;
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, HttpRequest, web};
use tracing::Instrument as _;

use super::edge::{self, Told};
use super::error::{ApiError, PROBLEM_JSON, of_status, plain};
use super::language;
use super::server::Service;
use crate::domain::refusal::Language;

/// The header that carries a request's identity in and out.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The identity of a request, as the caller gave it or as it was made here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

impl RequestId {
    /// The identity that the middleware gave to a request.
    #[must_use]
    pub fn of(request: &HttpRequest) -> String {
        request.extensions().get::<Self>().map(|id| id.0.clone()).unwrap_or_default()
    }

    fn taken(value: Option<&HeaderValue>) -> Option<Self> {
        let text = value?.to_str().ok()?;
        let fits = (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }

    fn made() -> Self {
        let mut bytes = [0_u8; 16];
        if let Err(error) = getrandom::fill(&mut bytes) {
            tracing::warn!(%error, "no random bytes for a request id");
        }
        Self(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string())
    }
}

/// The language that the middleware found the caller to want.
#[must_use]
pub fn language_of(request: &HttpRequest) -> Language {
    request.extensions().get::<Language>().copied().unwrap_or_default()
}

/// The middleware. It holds no clone of the request while the request is on its way: the router needs it alone.
///
/// # Errors
/// Passes on what the framework could not turn into an answer.
pub async fn around(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let begun = Instant::now();
    let id = RequestId::taken(request.headers().get(X_REQUEST_ID)).unwrap_or_else(RequestId::made);
    let language = spoken(&request);
    let method = request.method().clone();
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(language);
    let span = tracing::info_span!("request", id = %id.0, %method);
    async move {
        let Some(service) = request.app_data::<web::Data<Service>>().cloned() else {
            return Ok(next.call(request).await?.map_into_boxed_body());
        };
        let pattern = request.match_pattern();
        let origin = service.edge.origin(&request);
        let response = match edge::admit(&service, &request, pattern.as_deref()) {
            Ok(None) => next.call(request).await?.map_into_boxed_body(),
            Ok(Some(answer)) => request.into_response(answer),
            Err(error) => request.error_response(error),
        };
        let mut response = in_form(response, &method, language, &id.0);
        if let Ok(value) = HeaderValue::from_str(&id.0) {
            response.headers_mut().insert(X_REQUEST_ID, value);
        }
        let told = response.request().extensions_mut().remove::<Told>();
        let path = response.request().path().to_owned();
        service.edge.dress(&path, told.as_ref(), origin, response.headers_mut());
        note(&service, &response, pattern.as_deref(), begun);
        Ok(response)
    }
    .instrument(span)
    .await
}

fn spoken(request: &ServiceRequest) -> Language {
    let values = request.headers().get_all(header::ACCEPT_LANGUAGE).filter_map(|value| value.to_str().ok());
    language::of_header(&values.collect::<Vec<_>>().join(","))
}

/// Gives every error the form of a problem, also those that the framework found.
fn in_form(response: ServiceResponse, method: &Method, language: Language, id: &str) -> ServiceResponse {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let error = response.response().error().and_then(|error| error.as_error::<ApiError>()).cloned();
    let is_problem =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes() == PROBLEM_JSON.as_bytes());
    let answer = match error {
        Some(error) => error.answer(language, id),
        None if is_problem => return response,
        None => match of_status(status, method) {
            Ok(error) => error.answer(language, id),
            Err(detail) => plain(status, detail, id),
        },
    };
    let allow = response.headers().get(header::ALLOW).cloned();
    let (request, _) = response.into_parts();
    let mut response = ServiceResponse::new(request, answer);
    if let Some(allow) = allow {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

/// One line for each request; the pattern of the path, never its query or identities.
fn note(service: &Service, response: &ServiceResponse, pattern: Option<&str>, begun: Instant) {
    let status = response.status();
    let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    service.counters.of_class(status.as_u16()).fetch_add(1, Ordering::Relaxed);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        service.counters.turned_away.fetch_add(1, Ordering::Relaxed);
    }
    tracing::info!(path = pattern.unwrap_or("unknown"), status = status.as_u16(), micros, "answered");
}
