//! Whether a record still is as the caller saw it: `ETag` and `If-Match` (RFC 9110, 8.8.3 and 13.1.1).

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};

use super::error::ApiError;
use super::server::Service;
use crate::domain::command::Act;
use crate::domain::records::Programme;
use crate::domain::refusal::Code;

/// The tag of a programme: its state and its versions are all that can change.
#[must_use]
pub fn of_programme(programme: &Programme) -> String {
    format!("\"{}-{}-{}\"", programme.status, programme.current, programme.latest)
}

/// Puts a tag on an answer.
#[must_use]
pub fn set(mut response: HttpResponse, tag: &str) -> HttpResponse {
    if let Ok(value) = HeaderValue::from_str(tag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

/// Refuses a step when `If-Match` was sent and names another state than the programme's.
///
/// # Errors
/// `PRECONDITION_FAILED`; nothing is said of a programme that is not there, which the step itself refuses.
pub async fn check_programme(service: &Service, request: &HttpRequest, act: &Act) -> Result<(), ApiError> {
    let values = request.headers().get_all(header::IF_MATCH);
    let sent: Vec<String> = values.map(|value| value.to_str().unwrap_or_default().to_owned()).collect();
    let (Act::PublishProgramme { programme }
    | Act::PauseProgramme { programme, .. }
    | Act::CloseProgramme { programme, .. }) = act
    else {
        return Ok(());
    };
    if sent.is_empty() {
        return Ok(());
    }
    let id = programme.clone();
    let Some((programme, _)) = service.division.read(move |tx| tx.programme(&id)).await? else { return Ok(()) };
    let tag = of_programme(&programme);
    let named = sent.iter().flat_map(|list| list.split(',')).any(|one| matches!(one.trim(), "*") || one.trim() == tag);
    if named { Ok(()) } else { Err(ApiError::of(Code::PreconditionFailed)) }
}
