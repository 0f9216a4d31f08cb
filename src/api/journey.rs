//! One trade-in from the published programme to the report, by HTTP alone.

use actix_web::body::to_bytes;
use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::{Value, json};

use super::tests::{House, ask, house, token};
use crate::access::Role;
use crate::domain::id::Id;
use crate::domain::identifier::synthetic;

/// Somebody who sends requests, each change with a fresh key unless one is given.
struct User<'a> {
    house: &'a House,
    token: String,
}

impl User<'_> {
    async fn send(&self, method: Method, path: &str, key: &str, body: Option<&Value>) -> (u16, bool, Value) {
        let uri = format!("/api/v1{path}");
        let mut request =
            TestRequest::with_uri(&uri).method(method).insert_header(("Authorization", self.token.clone()));
        request = request.insert_header(("Idempotency-Key", format!("\"{key}\"")));
        if let Some(body) = body {
            request = request.set_json(body);
        }
        let response = ask(self.house, request).await;
        let (status, replayed) = (response.status().as_u16(), response.headers().contains_key("idempotent-replayed"));
        let bytes = to_bytes(response.into_body()).await.ok().unwrap();
        (status, replayed, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let key = Id::digest(&[path, &body.to_string()]).to_string();
        let (status, _, told) = self.send(Method::POST, path, &key, Some(body)).await;
        assert!((200..300).contains(&status), "{path}: {told}");
        told
    }

    async fn get(&self, path: &str) -> Value {
        let (status, _, told) = self.send(Method::GET, path, "unused", None).await;
        assert_eq!(status, 200, "{path}: {told}");
        told
    }
}

fn user<'a>(house: &'a House, role: Role, organisation: Option<&Value>) -> User<'a> {
    let organisation = organisation.map(|id| id.as_str().unwrap().parse().unwrap());
    let token = token(house, role, |claims| claims.org = organisation);
    User { house, token }
}

async fn publish(house: &House, officer: &User<'_>) {
    let file = include_str!("../../programmes/nc-appl-2026.toml");
    let create = TestRequest::post()
        .uri("/api/v1/programmes")
        .insert_header(("Authorization", officer.token.clone()))
        .insert_header(("Idempotency-Key", "\"create\""))
        .insert_header(("Content-Type", "application/toml"))
        .set_payload(file);
    let response = ask(house, create).await;
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers().get("location").unwrap(), "/api/v1/programmes/nc-appl-2026");
    officer.post("/programmes/nc-appl-2026/publication", &Value::Null).await;
}

async fn register(officer: &User<'_>) -> (Value, Value, Value) {
    let retailer = json!({ "name": "南昌家电有限公司", "uscc": synthetic::uscc(1), "divisions": ["360111"],
        "account": { "bank": "中国银行南昌分行", "number": "6222020200112233445", "name": "南昌家电有限公司" },
        "contact": { "name": "张三", "phone": synthetic::mobile(1) } });
    let retailer = officer.post("/retailers", &retailer).await["id"].clone();
    let programmes = json!({ "programmes": ["nc-appl-2026"] });
    officer.post(&format!("/retailers/{}/approval", retailer.as_str().unwrap()), &programmes).await;
    let store = json!({ "retailer_id": retailer, "name": "高新店", "address": "火炬大街 1 号",
        "division_code": "360111", "town": "360111490" });
    let store = officer.post("/stores", &store).await["id"].clone();
    officer.post(&format!("/stores/{}/approval", store.as_str().unwrap()), &Value::Null).await;
    let recycler = json!({ "name": "艾溪湖回收点", "uscc": synthetic::uscc(2), "address": "艾溪湖北路 77 号",
        "division_code": "360111", "town": "360111490", "latitude": "28.6821", "longitude": "115.9583",
        "categories": [] });
    let recycler = officer.post("/recyclers", &recycler).await["id"].clone();
    officer.post(&format!("/recyclers/{}/approval", recycler.as_str().unwrap()), &Value::Null).await;
    (retailer, store, recycler)
}

fn sale(store: &Value, turn_in: &Value) -> Value {
    json!({ "store_id": store, "turn_in_id": turn_in,
        "item": { "category": "refrigerator", "brand": "海尔", "model": "BCD-500", "energy_level": 1,
            "serial_number": synthetic::serial_number(1) },
        "price": { "list": "5999.00", "discounts": "1000.00", "final": "4999.00" },
        "invoice": { "number": synthetic::invoice_number(1), "issued_on": "2026-06-18", "total": "4999.00",
            "buyer_name": synthetic::person_name(1) } })
}

#[actix_web::test]
async fn a_trade_in_goes_from_the_programme_to_the_report() {
    let house = house();
    let officer = user(&house, Role::Officer, None);
    publish(&house, &officer).await;
    let (retailer, store, recycler) = register(&officer).await;
    let (till, point) = (user(&house, Role::Retailer, Some(&retailer)), user(&house, Role::Recycler, Some(&recycler)));
    let consumer = user(&house, Role::Consumer, None);

    let owner = json!({ "name": synthetic::person_name(1), "resident_id": synthetic::resident_id(1) });
    let old = json!({ "category": "refrigerator", "owner": owner, "item": { "serial_number": "OLD0000001" },
        "evidence": [], "received_on": "2026-06-17" });
    let turn_in = point.post("/turn-ins", &old).await["id"].clone();
    let question = json!({ "category": "refrigerator", "turn_in_id": turn_in });
    let eligible = consumer.post("/programmes/nc-appl-2026/eligibility", &question).await;
    assert_eq!(eligible["eligible"], true, "{eligible}");
    let claim = json!({ "programme_id": "nc-appl-2026", "category": "refrigerator", "division_code": "360111" });
    let voucher = consumer.post("/vouchers", &claim).await["id"].as_str().unwrap().to_owned();

    let code = consumer.get(&format!("/vouchers/{voucher}/qr")).await["token"].clone();
    let asked = json!({ "qr_token": code, "store_id": store });
    let quote = till.post("/redemptions/quote", &asked).await;
    assert_eq!(quote["subsidy"], Value::Null);
    let mut sale = sale(&store, &turn_in);
    sale["scan_token"] = quote["scan_token"].clone();
    let quote = till.post("/redemptions/quote", &sale).await;
    assert!(quote["subsidy"].is_string(), "{quote}");
    let (status, replayed, redeemed) = till.send(Method::POST, "/redemptions", "sale", Some(&sale)).await;
    assert_eq!((status, replayed), (201, false), "{redeemed}");
    assert_eq!(redeemed["subsidy"], quote["subsidy"]);
    let again = till.send(Method::POST, "/redemptions", "sale", Some(&sale)).await;
    assert_eq!(again, (201, true, redeemed.clone()));
    sale["price"]["list"] = "6000.00".into();
    let (status, _, told) = till.send(Method::POST, "/redemptions", "sale", Some(&sale)).await;
    assert_eq!((status, &told["code"]), (422, &"IDEMPOTENCY_KEY_REUSED".into()));

    let growth = officer.get("/reports/appliance-growth").await;
    assert_eq!(growth["years"][2]["completed"], 1, "{growth}");
    let known = growth["as_known_at"].as_str().unwrap();
    assert_eq!(officer.get(&format!("/reports/appliance-growth?as_known_at={known}")).await, growth);
    let totals = officer.get("/reports/totals?group_by=store").await;
    assert_eq!(totals["totals"]["redeemed"], 1, "{totals}");
    let path = format!("/redemptions/{}", redeemed["id"].as_str().unwrap());
    assert_eq!(till.get(&path).await["status"], "recorded");
    let elsewhere = Value::from(Id::digest(&["other"]).to_string());
    let stranger = user(&house, Role::Retailer, Some(&elsewhere));
    assert_eq!(stranger.send(Method::GET, &path, "k", None).await.0, 404);
    till.post(&format!("{path}/reversal"), &json!({ "reason": "顾客退货" })).await;
    assert_eq!(till.get("/redemptions").await["items"][0]["status"], "reversed");
    assert_eq!(officer.get("/reports/appliance-growth").await["years"][2]["completed"], 0);

    let auditor = user(&house, Role::Auditor, None);
    let first = auditor.get("/audit/records?limit=2").await;
    let next = auditor.get(&format!("/audit/records?limit=2&cursor={}", first["next_cursor"].as_str().unwrap())).await;
    let seq = |page: &Value, at: usize| page["items"][at]["seq"].as_i64().unwrap();
    assert_eq!(seq(&next, 0), seq(&first, 1) - 1);
    let points = consumer.get("/collection-points?latitude=28.68&longitude=115.95").await;
    assert_eq!(points["items"][0]["id"], recycler);
}
