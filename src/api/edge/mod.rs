//! What every request meets before an operation does: limits, rates, and what browsers are told.

mod address;
mod cors;
mod headers;
mod limits;
mod operations;
mod quota;
mod rate;

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HeaderMap, HeaderValue};

use rustls::ServerConfig;

pub use address::Proxies;
pub use cors::Origins;
pub use limits::{IMPORT_BYTES, Limits};
pub use quota::{Quotas, Rates, Setting, Told, counts};
pub use rate::Rate;

use super::error::ApiError;
use super::server::Service;

/// The edge of a service, but for its limits.
#[derive(Debug)]
pub struct Edge {
    /// How often what may be asked.
    pub quotas: Quotas,
    /// Whose word on a caller's address is taken.
    pub proxies: Proxies,
    /// Web pages of which origins may call.
    pub origins: Origins,
    /// With what the service itself speaks TLS, where it does.
    pub tls: Option<Arc<ServerConfig>>,
}

impl Default for Edge {
    fn default() -> Self {
        Self { quotas: Quotas::new(Rates::USUAL), proxies: Proxies::default(), origins: Origins::default(), tls: None }
    }
}

/// Looks at a request's head and counts it. `pattern` is that of its path, where it has one. A browser's question about
/// what a page may send is answered here.
///
/// # Errors
/// `RATE_LIMITED`, or `BODY_MALFORMED` when the head is too large.
pub fn admit(
    service: &Service,
    request: &ServiceRequest,
    pattern: Option<&str>,
) -> Result<Option<HttpResponse>, ApiError> {
    let edge = &service.edge;
    let operation = pattern.and_then(|pattern| operations::named(request.method(), pattern));
    let address = edge.proxies.caller(request);
    edge.quotas.admit_address(request, operation, address, service.division.now())?;
    service.limits.judge(request)?;
    Ok(edge.origins.preflight(request))
}

impl Edge {
    /// The origin that a request comes from, where its pages may call.
    #[must_use]
    pub fn origin(&self, request: &ServiceRequest) -> Option<HeaderValue> {
        self.origins.of(request.headers())
    }

    /// What every answer tells, and what this one tells of rates and origins.
    pub fn dress(&self, path: &str, told: Option<&Told>, origin: Option<HeaderValue>, headers: &mut HeaderMap) {
        headers::dress(headers, path, self.tls.is_some());
        if let Some(told) = told {
            told.write(headers);
        }
        self.origins.mark(headers, origin);
    }
}
