//! How much of everything: what a server allows itself and its callers.

use std::fmt::Display;

use actix_web::dev::ServiceRequest;

use crate::api::body::shortened;
use crate::api::error::ApiError;

/// Bytes of a file that is imported, unless said otherwise.
pub const IMPORT_BYTES: usize = 8 * 1024 * 1024;

/// What a server allows itself and its callers. What a body may hold stands in `body`.
///
/// The HTTP server itself ends a request whose head is not whole after 131072 bytes or has more than 96 headers (431),
/// or cannot be read (400), and a connection on which no head comes in time (408); these answers have no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Threads that answer.
    pub workers: usize,
    /// Bytes of the path with the query.
    pub url_bytes: usize,
    /// Parameters of a query.
    pub parameters: usize,
    /// Bytes of all headers, names and values.
    pub head_bytes: usize,
    /// Bytes of one header, name and value.
    pub header_bytes: usize,
    /// Bytes of a body, unpacked.
    pub body_bytes: usize,
    /// Bytes of a file of `importTable`, unpacked by its `Content-Encoding`.
    pub import_bytes: usize,
    /// Connections of one thread.
    pub connections: usize,
    /// Seconds within which a request's head must be there.
    pub head_seconds: u64,
    /// Seconds within which its body must be there after that.
    pub body_seconds: u64,
    /// Seconds that requests under way have when the server stops.
    pub drain_seconds: u64,
    /// Records of an evidence package, which is put together in memory.
    pub evidence_records: i64,
    /// Seconds within which an evidence file must be there: a telephone at a counter may be slow.
    pub file_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            workers: 2,
            url_bytes: 4096,
            parameters: 32,
            head_bytes: 16 * 1024,
            header_bytes: 8 * 1024,
            body_bytes: 64 * 1024,
            import_bytes: IMPORT_BYTES,
            connections: 10_000,
            head_seconds: 10,
            body_seconds: 15,
            drain_seconds: 10,
            evidence_records: 50_000,
            file_seconds: 120,
        }
    }
}

impl Limits {
    /// Looks at the head of a request, before anything else does.
    ///
    /// # Errors
    /// `BODY_MALFORMED` for the first thing that is too long or too many.
    pub fn judge(&self, request: &ServiceRequest) -> Result<(), ApiError> {
        let url = request.uri().path_and_query().map_or(0, |url| url.as_str().len());
        within(url, self.url_bytes, "bytes of path and query")?;
        let query = request.query_string();
        let parameters = if query.is_empty() { 0 } else { query.split('&').count() };
        within(parameters, self.parameters, "parameters in the query")?;
        let mut all = 0;
        for (name, value) in request.headers() {
            let bytes = name.as_str().len() + value.len();
            let of = || format!("bytes of the header {}", shortened(name.as_str()));
            if bytes > self.header_bytes {
                within(bytes, self.header_bytes, of())?;
            }
            all += bytes;
        }
        within(all, self.head_bytes, "bytes of headers")
    }
}

fn within(found: usize, most: usize, of_what: impl Display) -> Result<(), ApiError> {
    if found <= most {
        return Ok(());
    }
    Err(ApiError::malformed(format!("{found} {of_what}"), format!("at most {most} {of_what}")))
}
