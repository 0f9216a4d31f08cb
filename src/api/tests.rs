//! The edge from outside: what every request meets before a rule is asked.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::time::Duration;

use actix_web::body::to_bytes;
use actix_web::dev::ServiceResponse;
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, web};
use serde_json::Value;

use super::identity::Identity;
use super::server::{Service, configure};
use super::{openapi, request_id};
use crate::access::{AccessClaims, AccessTokens, Role};
use crate::domain::account::SignInPolicy;
use crate::domain::id::Id;
use crate::domain::identifier::synthetic;
use crate::domain::time::Moment;
use crate::engine::{Clock, Division, Settings};
use crate::keys::KeyRing;
use crate::password::Cost;
use crate::pii::Vault;
use crate::store::Database;

const ISSUER: &str = "https://huanxin.example";

/// A service with a database of its own.
pub(super) struct House {
    service: web::Data<Service>,
    _directory: tempfile::TempDir,
}

impl Deref for House {
    type Target = web::Data<Service>;

    fn deref(&self) -> &Self::Target {
        &self.service
    }
}

pub(super) fn house() -> House {
    let directory = tempfile::tempdir().unwrap();
    let database = Database::open(&format!("sqlite:{}", directory.path().join("db").display()), None).unwrap();
    database.migrate(&mut |_| {}).unwrap();
    let clock = Clock::starting_at(Moment::parse("2026-06-18T02:00:00Z").unwrap());
    let division = Division::open(&Settings { clock, ..Settings::new("360111", database) }).unwrap();
    let ring = KeyRing::generate().unwrap();
    let tokens = AccessTokens::new(&ring, ISSUER).unwrap();
    let vault = Vault::new(&ring);
    let identity = Identity::new(&vault, Cost::CHEAP, SignInPolicy::default(), Duration::ZERO).unwrap();
    let service = web::Data::new(Service::new(division, tokens, &ring, vault, identity));
    House { service, _directory: directory }
}

pub(super) fn token(service: &Service, role: Role, change: impl FnOnce(&mut AccessClaims)) -> String {
    let mut claims = service.tokens.claims("somebody", role, service.division.now(), 600);
    if role == Role::Consumer {
        claims.name = Some(synthetic::person_name(1));
        claims.resident_id = Some(synthetic::resident_id(1));
    } else {
        claims.org = Some(Id::digest(&["organisation"]));
    }
    change(&mut claims);
    format!("Bearer {}", service.tokens.issue(&claims).unwrap())
}

pub(super) async fn ask(service: &web::Data<Service>, request: TestRequest) -> ServiceResponse {
    let app = App::new().wrap(from_fn(request_id::around)).configure(|config| configure(config, service));
    let app = init_service(app).await;
    call_service(&app, request.to_request()).await.map_into_boxed_body()
}

async fn problem(service: &web::Data<Service>, request: TestRequest) -> (StatusCode, Value) {
    let response = ask(service, request).await;
    let status = response.status();
    assert_eq!(response.headers().get(header::CONTENT_TYPE).unwrap(), "application/problem+json", "{status}");
    assert!(response.headers().contains_key("x-request-id"));
    let bytes = to_bytes(response.into_body()).await.ok().unwrap();
    (status, serde_json::from_slice(&bytes).unwrap())
}

fn operations() -> Vec<(String, Method, String, Value)> {
    let document: Value = serde_json::from_str(&openapi::document_json()).unwrap();
    let mut all = Vec::new();
    let of_the_api = |path: &&String| path.starts_with("/api/v1/");
    for path in document["paths"].as_object().unwrap().keys().filter(of_the_api) {
        let item = &document["paths"][path];
        for (method, operation) in item.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let id = operation["operationId"].as_str().unwrap().to_owned();
            all.push((id, method, path.replace("{id}", &Id::NIL.to_string()), operation.clone()));
        }
    }
    all
}

#[test]
fn the_document_is_stable_and_names_each_operation_once() {
    assert_eq!(openapi::document_json(), openapi::document_json());
    let all = operations();
    let ids: BTreeSet<&String> = all.iter().map(|(id, ..)| id).collect();
    assert_eq!(ids.len(), all.len());
    let text = openapi::document_json();
    let document: Value = serde_json::from_str(&text).unwrap();
    for part in text.split("#/components/schemas/").skip(1) {
        let name = part.split('"').next().unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
    for (id, _, _, operation) in &all {
        assert!(operation["summary"].is_string(), "{id}");
        assert!(operation["tags"].is_array(), "{id}");
        assert!(operation["responses"]["503"].is_object(), "{id}");
        let public = operation["security"].as_array().unwrap().is_empty();
        let lets_in = ["signIn", "refreshSession"].contains(&id.as_str());
        assert_eq!(public && !lets_in, operation["responses"]["401"].is_null(), "{id}");
    }
}

#[actix_web::test]
async fn every_operation_is_routed_and_asks_who_calls_before_anything_else() {
    let service = house();
    for (id, method, path, operation) in operations() {
        if operation["security"].as_array().unwrap().is_empty() {
            let uri = format!("{path}?colour=red");
            let (status, _) = problem(&service, TestRequest::with_uri(&uri).method(method.clone())).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{id}");
            continue;
        }
        // The query, the key and the body are all wrong, and none of that is told.
        let bad = || TestRequest::with_uri(&format!("{path}?x=1")).method(method.clone()).set_payload("{");
        for header in ["", "Bearer", "Bearer ", "Bearer x.y.z", "Basic YTpi", "bearer é"] {
            let (status, told) = problem(&service, bad().insert_header(("Authorization", header))).await;
            assert_eq!((status, &told["code"]), (StatusCode::UNAUTHORIZED, &"UNAUTHENTICATED".into()), "{id} {header}");
        }
        // Its token has no session, so that it is nobody's account either.
        let assistant = token(&service, Role::Assistant, |_| {});
        let (status, told) = problem(&service, bad().insert_header(("Authorization", assistant))).await;
        assert_eq!((status, &told["code"]), (StatusCode::FORBIDDEN, &"FORBIDDEN".into()), "{id}");
    }
}

#[actix_web::test]
async fn staff_without_an_organisation_and_consumers_without_a_number_may_do_nothing() {
    type Change = fn(&mut AccessClaims);
    let service = house();
    let changes: [(Role, &str, Change); 3] = [
        (Role::Retailer, "/api/v1/redemptions", |claims| claims.org = None),
        (Role::Consumer, "/api/v1/vouchers", |claims| claims.resident_id = None),
        (Role::Consumer, "/api/v1/vouchers", |claims| claims.resident_id = Some("360111199001011234".into())),
    ];
    for (role, path, change) in changes {
        let header = ("Authorization", token(&service, role, change));
        let (status, _) = problem(&service, TestRequest::with_uri(path).insert_header(header)).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[actix_web::test]
async fn no_form_of_a_request_is_a_fault_of_the_service() {
    let service = house();
    let consumer = token(&service, Role::Consumer, |_| {});
    let post = |path: &str| TestRequest::post().uri(path).insert_header(("Authorization", consumer.clone()));
    let get = |path: &str| TestRequest::get().uri(path).insert_header(("Authorization", consumer.clone()));
    let key = ("Idempotency-Key", "\"k\"");
    let claim = "/api/v1/vouchers";
    let cases = [
        (get("/api/v1/vouchers/x"), 404, "NOT_FOUND"),
        (get("/api/v1/vouchers/%FF"), 404, "NOT_FOUND"),
        (get("/api/v1/nothing"), 404, "NOT_FOUND"),
        (get("/"), 404, "NOT_FOUND"),
        (get("/docs/nothing.js"), 404, "NOT_FOUND"),
        (get("/api/v1/vouchers?limit=0"), 400, "BODY_MALFORMED"),
        (get("/api/v1/vouchers?limit=%FF"), 400, "BODY_MALFORMED"),
        (get("/api/v1/vouchers?limit=2&limit=3"), 400, "BODY_MALFORMED"),
        (get("/api/v1/vouchers?cursor=x"), 400, "CURSOR_INVALID"),
        (get("/api/v1/vouchers?colour=red"), 400, "FIELD_UNKNOWN"),
        (get("/api/v1/vouchers/019a5c3e-7b00-7000-8000-000000000001"), 404, "NOT_FOUND"),
        (post(claim).set_payload("{}"), 400, "IDEMPOTENCY_KEY_MISSING"),
        (post(claim).insert_header(("Idempotency-Key", "k")).set_payload("{}"), 400, "BODY_MALFORMED"),
        (post(claim).insert_header(key).set_payload(""), 400, "BODY_MALFORMED"),
        (post(claim).insert_header(key).set_payload(&b"\xff\xfe"[..]), 400, "BODY_MALFORMED"),
        (post(claim).insert_header(key).set_payload("x".repeat(70_000)), 400, "BODY_MALFORMED"),
        (
            post(claim).insert_header(key).insert_header(("Content-Type", "text/plain")).set_payload("{}"),
            400,
            "BODY_MALFORMED",
        ),
        (
            post(claim).insert_header(key).insert_header(("Content-Encoding", "gzip")).set_payload("{}"),
            400,
            "BODY_MALFORMED",
        ),
        (post(claim).insert_header(key).set_payload("{\"programme_id\":\"a\",\"x\":1}"), 400, "FIELD_UNKNOWN"),
        (post(claim).insert_header(key).set_payload("{}"), 400, "FIELD_MISSING"),
    ];
    for (at, (request, expected, code)) in cases.into_iter().enumerate() {
        let (status, told) = problem(&service, request).await;
        assert_eq!((status.as_u16(), &told["code"]), (expected, &code.into()), "case {at}: {told}");
    }
}

#[actix_web::test]
async fn another_method_is_405_and_says_which_there_are() {
    let service = house();
    let response = ask(&service, TestRequest::delete().uri("/api/v1/vouchers")).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers().get(header::CONTENT_TYPE).unwrap(), "application/problem+json");
    let allow = response.headers().get(header::ALLOW).unwrap().to_str().unwrap();
    assert!(allow.contains("GET") && allow.contains("POST"), "{allow}");
}

#[actix_web::test]
async fn a_request_keeps_a_good_identity_and_gets_one_otherwise() {
    let service = house();
    for (sent, kept) in [("till-7/42", true), ("", false), ("a b", false), ("é", false), (&*"x".repeat(129), false)] {
        let request = TestRequest::get().uri("/healthz").insert_header(("X-Request-Id", sent));
        let response = ask(&service, request).await;
        let id = response.headers().get("x-request-id").unwrap().to_str().unwrap();
        assert_eq!(id == sent, kept, "{sent}");
        assert!(kept || id.len() == 36, "{id}");
    }
    let metrics = ask(&service, TestRequest::get().uri("/metrics")).await;
    let text = String::from_utf8(to_bytes(metrics.into_body()).await.ok().unwrap().to_vec()).unwrap();
    assert!(text.contains("huanxin_http_requests_total{class=\"2xx\"} 5"), "{text}");
}

#[actix_web::test]
async fn machines_find_what_they_need() {
    let service = house();
    for path in ["/healthz", "/readyz", "/metrics", "/.well-known/jwks.json", "/api/openapi.json", "/docs/"] {
        assert_eq!(ask(&service, TestRequest::get().uri(path)).await.status(), StatusCode::OK, "{path}");
    }
    assert!(ask(&service, TestRequest::get().uri("/docs")).await.status().is_redirection());
}
