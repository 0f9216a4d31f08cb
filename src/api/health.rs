//! What machines ask: whether the service is alive and ready, its counters, its public keys, its document.

use std::sync::LazyLock;
use std::sync::atomic::Ordering;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use utoipa_swagger_ui::{Config, SwaggerUi};

use serde::Serialize;
use utoipa::ToSchema;

use super::auth::Anybody;
use super::error::ApiError;
use super::key_set::KeySet;
use super::openapi;
use super::route::{Place, beside};
use super::server::Service;
use crate::domain::refusal::{Code, Refusal};
use crate::engine::SinkState;
use crate::keys::rotation::PUBLISHED_MAX_AGE;

static DOCUMENT: LazyLock<String> = LazyLock::new(openapi::document_json);

/// Where these are found.
pub fn routes(config: &mut web::ServiceConfig) {
    // The page and its scripts are compiled in, and no validator elsewhere is asked.
    let docs = Config::from("/api/openapi.json").validator_url("none");
    for place in places() {
        config.service(place.into_resource());
    }
    config.service(web::redirect("/docs", "/docs/")).service(SwaggerUi::new("/docs/{_:.*}").config(docs));
}

/// What machines may ask at each path.
#[must_use]
pub fn places() -> Vec<Place> {
    vec![
        beside("/healthz").get(alive),
        beside("/readyz").get(ready),
        beside("/metrics").get(metrics),
        beside("/.well-known/jwks.json").get(keys),
        beside("/api/openapi.json").get(document),
    ]
}

/// How the service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// It answers.
    Alive,
    /// It takes requests.
    Ready,
}

/// How the service is, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConditionView {
    /// The word.
    status: Condition,
}

/// Whether the service takes requests, and how far the second sink of the trail is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReadyView {
    /// The word.
    status: Condition,
    /// The second sink; `null` when there is none. That it is behind keeps nobody from being served.
    audit_sink: Option<SinkView>,
}

/// How far the second sink of the trail is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SinkView {
    /// The number of the newest record that it has.
    #[schema(minimum = 0)]
    seq: i64,
    /// How many records it has not got yet.
    #[schema(minimum = 0)]
    behind: i64,
    /// Whether the last attempt failed.
    failing: bool,
}

/// Whether the process answers
#[utoipa::path(get, path = "/healthz", operation_id = "checkAlive", tag = "machines",
    responses((status = 200, description = "It does", body = ConditionView)))]
pub async fn alive(_: Anybody) -> HttpResponse {
    HttpResponse::Ok().json(ConditionView { status: Condition::Alive })
}

/// Whether the database and the writer answer
#[utoipa::path(get, path = "/readyz", operation_id = "checkReady", tag = "machines",
    responses((status = 200, description = "They do", body = ReadyView)))]
pub async fn ready(_: Anybody, service: web::Data<Service>) -> Result<HttpResponse, ApiError> {
    match service.division.readiness().await {
        Ok(()) => {
            let sink =
                |state: &SinkState| SinkView { seq: state.seq(), behind: state.behind(), failing: state.is_failing() };
            let audit_sink = service.sink.as_deref().map(sink);
            Ok(HttpResponse::Ok().json(ReadyView { status: Condition::Ready, audit_sink }))
        }
        Err(why) => Err(Refusal::of(Code::Unavailable).found(why).into()),
    }
}

/// Counters in the text format of Prometheus, version 0.0.4
#[utoipa::path(get, path = "/metrics", operation_id = "getMetrics", tag = "machines",
    responses((status = 200, description = "The counters", body = String, content_type = "text/plain")))]
pub async fn metrics(_: Anybody, service: web::Data<Service>) -> HttpResponse {
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
    let text = service.sink.as_deref().map_or(text.clone(), |state| text + &of_the_sink(state));
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text)
}

fn of_the_sink(state: &SinkState) -> String {
    let (seq, behind, failing) = (state.seq(), state.behind(), u8::from(state.is_failing()));
    format!(
        "# HELP huanxin_audit_sink_seq Number of the newest audit record that the second sink has.\n\
         # TYPE huanxin_audit_sink_seq gauge\n\
         huanxin_audit_sink_seq {seq}\n\
         # HELP huanxin_audit_sink_lag_records Audit records that the second sink has not got yet.\n\
         # TYPE huanxin_audit_sink_lag_records gauge\n\
         huanxin_audit_sink_lag_records {behind}\n\
         # HELP huanxin_audit_sink_failing Whether the last attempt to feed the second sink failed.\n\
         # TYPE huanxin_audit_sink_failing gauge\n\
         huanxin_audit_sink_failing {failing}\n"
    )
}

/// The public keys with which anybody can check a voucher's code, a JWK set (RFC 7517)
///
/// A key is there some time before anything is signed with it, and as long as anything that it signed may hold. The
/// answer may be kept for five minutes; then `If-None-Match` asks whether it has changed.
#[utoipa::path(get, path = "/.well-known/jwks.json", operation_id = "getKeys", tag = "machines",
    responses((status = 200, description = "The keys", body = KeySet, content_type = "application/jwk-set+json")))]
pub async fn keys(_: Anybody, request: HttpRequest, service: web::Data<Service>) -> HttpResponse {
    service.key_set.now().answer(&request, "application/jwk-set+json", PUBLISHED_MAX_AGE)
}

async fn document(_: Anybody) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .content_type("application/json")
        .body(DOCUMENT.as_str())
}
