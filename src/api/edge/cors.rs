//! Which web pages of other origins may call (the CORS protocol of the Fetch standard): those that the configuration
//! names, exactly. No credentials are allowed: callers send a bearer token, and there are no cookies.

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderValue};

/// What a page may send beside what every page may.
const HEADERS: &str =
    "Accept-Language, Authorization, Content-Type, Idempotency-Key, If-Match, X-Device-Id, X-Request-Id";
/// What a page may send with.
const METHODS: &str = "GET, POST, PUT, DELETE, PATCH";
/// What a page may read beside what every page may.
const EXPOSED: &str = "Content-Disposition, ETag, Idempotent-Replayed, Location, RateLimit, RateLimit-Policy, \
                       Retry-After, WWW-Authenticate, X-Request-Id";
/// How many seconds a browser keeps the answer to its question.
const KEPT: &str = "7200";

/// The origins that may call.
#[derive(Clone, Debug, Default)]
pub struct Origins(Vec<HeaderValue>);

impl Origins {
    /// Reads origins as the configuration writes them.
    ///
    /// # Errors
    /// With a sentence about the first that is no exact origin, or not a safe one.
    pub fn read(origins: &[String]) -> Result<Self, String> {
        origins.iter().map(|origin| exact(origin)).collect::<Result<_, _>>().map(Self)
    }

    /// The answer to a browser that asks whether a page may send what it is about to send; `None` when the request is
    /// no such question, or the origin is not one of these and the request goes on as any other.
    #[must_use]
    pub fn preflight(&self, request: &ServiceRequest) -> Option<HttpResponse> {
        let asks = request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if !asks || request.method() != Method::OPTIONS || self.of(request.headers()).is_none() {
            return None;
        }
        let mut answer = HttpResponse::NoContent();
        answer.insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS)));
        answer.insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(HEADERS)));
        answer.insert_header((header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(KEPT)));
        Some(answer.finish())
    }

    /// The one of these origins that a request comes from.
    #[must_use]
    pub fn of(&self, request: &HeaderMap) -> Option<HeaderValue> {
        let origin = request.get(header::ORIGIN)?;
        self.0.iter().find(|known| *known == origin).cloned()
    }

    /// Tells the browser that the page of this origin may read the answer. Where origins are configured at all, a cache
    /// is told that answers differ by them.
    pub fn mark(&self, answer: &mut HeaderMap, origin: Option<HeaderValue>) {
        if !self.0.is_empty() {
            answer.append(header::VARY, HeaderValue::from_static("Origin"));
        }
        if let Some(origin) = origin {
            answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
        }
    }
}

/// `scheme://host[:port]` with nothing after it, as browsers write it; without TLS only of this machine.
fn exact(origin: &str) -> Result<HeaderValue, String> {
    let expected = "expected an exact origin such as https://tills.example.cn";
    if origin == "*" {
        return Err(format!("--cors-origin *: every page of the web could call; {expected}"));
    }
    let (scheme, host) = origin.split_once("://").ok_or_else(|| format!("--cors-origin {origin}: {expected}"))?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
    if host.is_empty() || !host.bytes().all(plain) || !["https", "http"].contains(&scheme) {
        return Err(format!("--cors-origin {origin}: {expected}, in lower case and without a path"));
    }
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if scheme == "http" && !["localhost", "127.0.0.1", "[::1]"].contains(&name) {
        return Err(format!("--cors-origin {origin}: a page that came without TLS could be anybody's; use https"));
    }
    HeaderValue::from_str(origin).map_err(|_| format!("--cors-origin {origin}: {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_exact() {
        for good in ["https://a.example", "https://a.example:8443", "http://localhost:5173", "http://[::1]:80"] {
            assert!(exact(good).is_ok(), "{good}");
        }
        for bad in [
            "*",
            "null",
            "",
            "https://",
            "a.example",
            "https://*.example",
            "https://a.example/",
            "https://A.example",
            "http://a.example",
            "ftp://a.example",
            "https://a.example, https://b.example",
        ] {
            assert!(exact(bad).unwrap_err().starts_with("--cors-origin"), "{bad}");
        }
    }
}
