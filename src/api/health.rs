//! What machines ask: whether the service is alive and ready, its counters, its public keys, its document.

use std::sync::LazyLock;
use std::sync::atomic::Ordering;

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde_json::json;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::error::ApiError;
use super::openapi;
use super::server::Service;
use crate::domain::refusal::{Code, Refusal};

static DOCUMENT: LazyLock<String> = LazyLock::new(openapi::document_json);

/// Where these are found.
pub fn routes(config: &mut web::ServiceConfig) {
    // The page and its scripts are compiled in, and no validator elsewhere is asked.
    let docs = Config::from("/api/openapi.json").validator_url("none");
    config
        .service(web::resource("/healthz").route(web::get().to(alive)))
        .service(web::resource("/readyz").route(web::get().to(ready)))
        .service(web::resource("/metrics").route(web::get().to(metrics)))
        .service(web::resource("/.well-known/jwks.json").route(web::get().to(keys)))
        .service(web::resource("/api/openapi.json").route(web::get().to(document)))
        .service(web::redirect("/docs", "/docs/"))
        .service(SwaggerUi::new("/docs/{_:.*}").config(docs));
}

async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "alive" }))
}

async fn ready(service: web::Data<Service>) -> Result<HttpResponse, ApiError> {
    match service.division.readiness().await {
        Ok(()) => Ok(HttpResponse::Ok().json(json!({ "status": "ready" }))),
        Err(why) => Err(Refusal::of(Code::Unavailable).found(why).into()),
    }
}

/// The text format of Prometheus, version 0.0.4.
async fn metrics(service: web::Data<Service>) -> HttpResponse {
    let counters = &service.counters;
    let of_class = |class: u16| {
        let count = counters.of_class(class * 100).load(Ordering::Relaxed);
        format!("huanxin_http_requests_total{{class=\"{class}xx\"}} {count}\n")
    };
    let classes: String = (1..=5).map(of_class).collect();
    let away = counters.turned_away.load(Ordering::Relaxed);
    let text = format!(
        "# HELP huanxin_http_requests_total Requests answered, by class of status.\n\
         # TYPE huanxin_http_requests_total counter\n\
         {classes}\
         # HELP huanxin_turned_away_total Requests answered 503: a full queue, or no database.\n\
         # TYPE huanxin_turned_away_total counter\n\
         huanxin_turned_away_total {away}\n"
    );
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text)
}

async fn keys(service: web::Data<Service>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .content_type("application/jwk-set+json")
        .body(service.keys.to_string())
}

async fn document() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .content_type("application/json")
        .body(DOCUMENT.as_str())
}
