//! The edge from outside: what every request meets before a rule is asked.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::time::Duration;

use actix_web::body::to_bytes;
use actix_web::dev::ServiceResponse;
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, HttpRequest, HttpResponse, web};
use jsonwebtoken::{Algorithm, EncodingKey};
use regex_lite::Regex;
use serde_json::{Value, json};

use super::answer::BASE;
use super::auth::Callers;
use super::edge::{Quotas, Rates};
use super::identity::Identity;
use super::route::{Rule, misfits};
use super::server::{Service, configure, rules};
use super::{openapi, request_id};
use crate::access::{AccessClaims, AccessTokens, Role};
use crate::domain::account::SignInPolicy;
use crate::domain::id::Id;
use crate::domain::identifier::synthetic;
use crate::domain::time::Moment;
use crate::engine::{Clock, Division, Settings};
use crate::issuers::tests::City;
use crate::jws::forge;
use crate::keys::KeyRing;
use crate::password::Cost;
use crate::pii::Vault;
use crate::qr::VoucherTokens;
use crate::store::Database;

const ISSUER: &str = "https://huanxin.example";

/// A service with a database of its own.
pub(super) struct House {
    service: web::Data<Service>,
    city: City,
    ring: KeyRing,
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
    let city = City::new();
    let tokens = AccessTokens::new(&ring, ISSUER).unwrap().trusting(city.issuers()).unwrap();
    let vault = Vault::ephemeral().unwrap();
    let identity = Identity::new(&vault, Cost::CHEAP, SignInPolicy::default(), Duration::ZERO).unwrap();
    let mut service = Service::new(division, tokens, &ring, vault, identity);
    // What is counted is tested where it is counted.
    service.edge.quotas = Quotas::new(Rates::NONE);
    let service = web::Data::new(service);
    House { service, city, ring, _directory: directory }
}

/// Somebody's token: of the service's own for its staff, of the city for a consumer.
pub(super) fn token(house: &House, role: Role, change: impl FnOnce(&mut AccessClaims)) -> String {
    let now = house.division.now();
    let mut claims = house.tokens.claims("somebody", role, now, 600);
    if role == Role::Consumer {
        claims.name = Some(synthetic::person_name(1));
        claims.resident_id = Some(synthetic::resident_id(1));
    } else {
        claims.org = Some(Id::digest(&["organisation"]));
    }
    change(&mut claims);
    let token = match role {
        Role::Consumer => house.city.token(&claims.sub, claims.name.as_deref(), claims.resident_id.as_deref(), now),
        _ => house.tokens.issue(&claims).unwrap(),
    };
    format!("Bearer {token}")
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
        let lets_in = ["signIn", "refreshSession", "downloadEvidence"].contains(&id.as_str());
        assert_eq!(public && !lets_in, operation["responses"]["401"].is_null(), "{id}");
    }
}

/// Tokens that give no access, each with what is wrong about it; but for that, they are an administrator's.
fn worthless(house: &House) -> Vec<(&'static str, String)> {
    let (ring, now) = (&house.ring, house.division.now());
    let claims = serde_json::to_value(house.tokens.claims("somebody", Role::Admin, now, 600)).unwrap();
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        claims
    };
    let pair = &ring.access_keys()[0];
    let header = json!({"typ": "at+jwt", "alg": "EdDSA", "kid": pair.kid()});
    let under = |name: &str, value: Value| {
        let mut header = header.clone();
        header[name] = value;
        header
    };
    let signed = |header: &Value, claims: &Value| forge::token(header, claims, pair.signer(), Algorithm::EdDSA);
    let other = KeyRing::generate().unwrap();
    let voucher = VoucherTokens::live(Id::NIL, "nc-appl-2026", now);
    let public = EncodingKey::from_secret(pair.public());
    vec![
        ("expired", signed(&header, &with("exp", json!(now.seconds())))),
        ("not yet", signed(&header, &with("nbf", json!(now.seconds() + 500)))),
        ("other audience", signed(&header, &with("aud", json!("another service")))),
        ("foreign issuer", signed(&header, &with("iss", json!("https://elsewhere.example")))),
        ("no such role", signed(&header, &with("role", json!("root")))),
        ("a name, as of a consumer", signed(&header, &with("name", json!("张三")))),
        ("alg none", format!("{}.", forge::unsigned(&under("alg", json!("none")), &claims))),
        ("HS256 with the public key", forge::token(&under("alg", json!("HS256")), &claims, &public, Algorithm::HS256)),
        ("another type", signed(&under("typ", json!("JWT")), &claims)),
        ("wrong kid", signed(&under("kid", json!(ring.voucher_keys()[0].kid())), &claims)),
        ("no kid", signed(&under("kid", Value::Null), &claims)),
        ("another's key", forge::token(&header, &claims, other.access_keys()[0].signer(), Algorithm::EdDSA)),
        ("a voucher's code", house.voucher_tokens.sign(&voucher).unwrap()),
        ("a changed role", changed_role(&signed(&header, &claims), &with("role", json!("officer")))),
    ]
}

/// A token with other claims under the old signature.
fn changed_role(token: &str, claims: &Value) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let claims = forge::unsigned(&json!({}), claims);
    [parts[0], claims.split('.').nth(1).unwrap(), parts[2]].join(".")
}

#[actix_web::test]
async fn every_operation_is_routed_and_asks_who_calls_before_anything_else() {
    let house = house();
    let app = App::new().wrap(from_fn(request_id::around)).configure(|config| configure(config, &house));
    let app = init_service(app).await;
    let told = async |request: TestRequest| {
        let response = call_service(&app, request.to_request()).await.map_into_boxed_body();
        let status = response.status();
        let bytes = to_bytes(response.into_body()).await.ok().unwrap();
        let told: Value = serde_json::from_slice(&bytes).unwrap();
        (status.as_u16(), told["code"].as_str().unwrap_or_default().to_owned())
    };
    let mut bad = worthless(&house);
    for (_, token) in &mut bad {
        token.insert_str(0, "Bearer ");
    }
    bad.extend(["", "Bearer", "Bearer ", "Bearer x.y.z", "Basic YTpi", "bearer é"].map(|text| (text, text.to_owned())));
    let (unauthenticated, forbidden) = ((401, "UNAUTHENTICATED".to_owned()), (403, "FORBIDDEN".to_owned()));
    for (id, method, path, operation) in operations() {
        if operation["security"].as_array().unwrap().is_empty() {
            let uri = format!("{path}?colour=red");
            let (status, _) = told(TestRequest::with_uri(&uri).method(method.clone())).await;
            assert_eq!(status, 400, "{id}");
            continue;
        }
        // The query, the key and the body are all wrong, and none of that is told.
        let ask = |header: &str| {
            let request = TestRequest::with_uri(&format!("{path}?x=1")).method(method.clone()).set_payload("{");
            told(request.insert_header(("Authorization", header)))
        };
        for (what, header) in &bad {
            assert_eq!(ask(header).await, unauthenticated, "{id}: {what}");
        }
        for role in Role::ALL {
            let roles = operation["x-roles"].as_array().unwrap();
            if !roles.contains(&json!(role.name())) {
                assert_eq!(ask(&token(&house, *role, |_| {})).await, forbidden, "{id}: {role}");
            }
        }
    }
}

#[test]
fn routes_and_document_fit() {
    let (rules, document) = (rules(), openapi::document());
    assert_eq!(misfits(&rules, &document), Vec::<String>::new());
    // What is routed and not described, described and not routed, or routed twice is told.
    let route = |path: &str| Rule { method: "GET", path: path.to_owned(), callers: Callers::Anybody };
    let more = [rules.as_slice(), &[route("/api/v1/back-door")]].concat();
    assert!(misfits(&more, &document)[0].starts_with("GET /api/v1/back-door is routed and not in the document"));
    let less: Vec<Rule> = rules.iter().filter(|rule| rule.path != "/api/v1/audit/records").cloned().collect();
    assert!(misfits(&less, &document)[0].starts_with("listAuditRecords (GET /api/v1/audit/records) stands in the"));
    let twice = [rules.as_slice(), &[route("/api/v1/audit/records")]].concat();
    assert_eq!(misfits(&twice, &document), ["GET /api/v1/audit/records is routed twice"]);
}

/// What the framework routes beside the places of `server`: the page of the document. This list may only shrink.
const BESIDE_THE_PLACES: [&str; 2] = ["/docs", "/docs/{_:.*}"];

/// The paths that the framework does route and that no place of `server` has, with more than `server` configures.
async fn strays(more: fn(&mut web::ServiceConfig)) -> Vec<String> {
    let service = house();
    let tell = |request: HttpRequest| async move { HttpResponse::Ok().body(patterns(&request).join("\n")) };
    let app = App::new().configure(more).configure(|config| configure(config, &service));
    let app = init_service(app.route("/patterns", web::get().to(tell))).await;
    let response = call_service(&app, TestRequest::with_uri("/patterns").to_request()).await;
    let text = String::from_utf8(to_bytes(response.into_body()).await.ok().unwrap().to_vec()).unwrap();
    let routed: BTreeSet<String> = text.lines().map(str::to_owned).collect();
    let known: BTreeSet<String> = rules().into_iter().map(|rule| rule.path).collect();
    assert!(known.is_subset(&routed), "the framework's map could not be read: {routed:?}");
    let beside = |path: &String| path == "/patterns" || BESIDE_THE_PLACES.contains(&path.as_str());
    routed.difference(&known).filter(|path| !beside(path)).cloned().collect()
}

/// Every path of the framework's own map. It cannot be walked, but it shows the texts that it consists of, and knows
/// which of them, alone or below the API's path, it routes.
fn patterns(request: &HttpRequest) -> Vec<String> {
    let map = request.resource_map();
    let shown = format!("{map:?}");
    let (quoted, part) = (Regex::new(r#""(/[^"]*)""#).unwrap(), Regex::new(r"\{[^}]*\}").unwrap());
    let texts: BTreeSet<&str> = quoted.captures_iter(&shown).map(|found| found.get(1).unwrap().as_str()).collect();
    let paths = texts.iter().flat_map(|text| ["", BASE].map(|base| format!("{base}{}", part.replace_all(text, "x"))));
    let routed: BTreeSet<String> = paths.filter_map(|path| map.match_pattern(&path)).collect();
    routed.into_iter().collect()
}

async fn open() -> HttpResponse {
    HttpResponse::Ok().finish()
}

#[actix_web::test]
async fn nothing_is_routed_past_the_rules() {
    assert_eq!(strays(|_| {}).await, Vec::<String>::new());
    let back_door = |config: &mut web::ServiceConfig| {
        config.route("/api/v1/back-door/{id}", web::get().to(open));
        config.service(web::scope("/cellar").route("/window", web::post().to(open)));
    };
    assert!(strays(back_door).await.contains(&"/api/v1/back-door/{id}".to_owned()));
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
