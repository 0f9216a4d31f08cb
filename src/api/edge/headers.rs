//! What every answer tells a browser: to guess nothing, to run nothing, to keep nothing, to be in nobody's frame.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// The API's answers are data: nothing in them is loaded or run.
const DATA: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The page of the documentation: its own scripts, its own document, and styles that its scripts set.
const PAGE: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                    font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                    frame-ancestors 'none'";
/// Where the page is.
const PAGES: &str = "/docs/";
/// For a year (RFC 6797).
const HSTS: &str = "max-age=31536000";
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");

/// Adds them. `path` is the request's, `secure` whether the service itself speaks TLS: over plain HTTP the promise to be
/// reached by TLS alone is not for us to give (RFC 6797, 7.2).
pub fn dress(headers: &mut HeaderMap, path: &str, secure: bool) {
    let policy = if path.starts_with(PAGES) { PAGE } else { DATA };
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), SAME_ORIGIN);
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), SAME_ORIGIN);
    if secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}
