//! The main path of each programme, from the list of programmes to the report and back.

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::sale::{new_car, new_ebike, new_fridge, old_car, old_ebike, old_fridge, sale, with};

/// What a journey is about.
struct Trip<'a> {
    programme: &'a str,
    category: &'a str,
    old: Value,
    /// Whether the old item is named in the claim; else in the sale.
    at_issue: bool,
    new: Value,
    price: &'a str,
    reserved: &'a str,
    subsidy: &'a str,
    consumer_pays: &'a str,
    funding: Value,
}

impl Trip<'_> {
    /// Goes there and back as consumer `n`, and stands again with a voucher in hand.
    fn go(&self, app: &TestApp, n: usize) {
        self.is_listed(app);
        let turn_in = app.turn_in(&self.old);
        let named = self.at_issue.then_some(turn_in.as_str());
        self.is_eligible(app, n, named);
        let voucher = self.claim(app, n, named);
        shows(app, n, &voucher);
        let mut body = sale(app, n, &self.new, self.price);
        if !self.at_issue {
            body = with(body, "/turn_in_id", turn_in.as_str());
        }
        let scanned = with(body.clone(), "/qr_token", app.code(n, &voucher, "live"));
        let quote = self.quote(app, &scanned);
        let before = figures(app, self.programme);
        let redemption = self.redeem(app, &with(body, "/scan_token", quote["scan_token"].clone()), &voucher);
        self.is_recorded(app, n, &redemption, &voucher);
        let counted = figures(app, self.programme);
        assert_eq!(counted.redeemed, before.redeemed + 1);
        assert_eq!(counted.completed, before.completed + i64::from(self.category == "refrigerator"));
        reverse(app, &redemption);
        assert_eq!(app.consumer(n).get(&format!("/api/v1/vouchers/{voucher}")).expect(200)["status"], "reversed");
        let after = figures(app, self.programme);
        assert_eq!((after.completed, after.reversed), (before.completed, before.reversed + 1));
        self.claim(app, n, named);
    }

    fn is_listed(&self, app: &TestApp) {
        let list = app.nobody().get("/api/v1/programmes").expect(200);
        let found = list["items"].as_array().unwrap().iter().any(|row| row["id"] == self.programme);
        assert!(found, "{list:#}");
        let one = app.nobody().get(&format!("/api/v1/programmes/{}", self.programme)).expect(200);
        assert_eq!((one["status"].as_str(), &one["version"]), (Some("published"), &json!(1)));
    }

    fn is_eligible(&self, app: &TestApp, n: usize, turn_in: Option<&str>) {
        let path = format!("/api/v1/programmes/{}/eligibility", self.programme);
        let body = with(json!({"category": self.category}), "/turn_in_id", turn_in.map(str::to_owned));
        let answer = app.consumer(n).post_text(&[], &path, &body.to_string()).expect(200);
        assert_eq!(
            (&answer["eligible"], answer["max_subsidy"].as_str()),
            (&json!(true), Some(self.reserved)),
            "{answer:#}"
        );
        assert_eq!(answer["reasons"], json!([]));
    }

    fn claim(&self, app: &TestApp, n: usize, turn_in: Option<&str>) -> String {
        let body = TestApp::claim_body(self.programme, self.category, turn_in);
        let voucher = app.consumer(n).post("/api/v1/vouchers", &body).expect(201);
        assert_eq!(voucher["status"], "issued");
        assert_eq!(voucher["reserved"], self.reserved);
        assert_eq!(voucher["programme_id"], self.programme);
        assert_eq!(voucher["programme_version"], 1);
        voucher["id"].as_str().unwrap().to_owned()
    }

    fn quote(&self, app: &TestApp, body: &Value) -> Value {
        let quote = app.retailer().post_text(&[], "/api/v1/redemptions/quote", &body.to_string()).expect(200);
        self.gives(&quote);
        let failed = quote["checks"].as_array().unwrap().iter().any(|check| check["passed"] == false);
        assert!(!failed, "{quote:#}");
        quote
    }

    fn gives(&self, answer: &Value) {
        assert_eq!(answer["subsidy"], self.subsidy, "{answer:#}");
        assert_eq!(answer["consumer_pays"], self.consumer_pays);
        assert_eq!(answer["funding"], self.funding);
    }

    fn redeem(&self, app: &TestApp, body: &Value, voucher: &str) -> String {
        let answer = app.retailer().post("/api/v1/redemptions", body);
        let place = answer.header("Location").map(str::to_owned);
        let redeemed = answer.expect(201);
        self.gives(&redeemed);
        assert_eq!((redeemed["status"].as_str(), redeemed["voucher_id"].as_str()), (Some("recorded"), Some(voucher)));
        let id = redeemed["id"].as_str().unwrap().to_owned();
        assert_eq!(place, Some(format!("/api/v1/redemptions/{id}")));
        id
    }

    fn is_recorded(&self, app: &TestApp, n: usize, redemption: &str, voucher: &str) {
        let one = app.retailer().get(&format!("/api/v1/redemptions/{redemption}")).expect(200);
        self.gives(&one);
        assert_eq!((&one["status"], &one["voucher_id"]), (&json!("recorded"), &json!(voucher)));
        assert!(has(&app.retailer().get("/api/v1/redemptions").expect(200), redemption));
        let held = app.consumer(n).get(&format!("/api/v1/vouchers/{voucher}")).expect(200);
        assert_eq!((held["status"].as_str(), held["redemption_id"].as_str()), (Some("redeemed"), Some(redemption)));
        assert!(has(&app.consumer(n).get("/api/v1/vouchers").expect(200), voucher));
        assert!(!has(&app.consumer(n + 1).get("/api/v1/vouchers").expect(200), voucher));
    }
}

fn has(list: &Value, id: &str) -> bool {
    list["items"].as_array().unwrap().iter().any(|row| row["id"] == id)
}

fn reverse(app: &TestApp, redemption: &str) {
    let path = format!("/api/v1/redemptions/{redemption}/reversal");
    let reversed = app.retailer().post(&path, &json!({"reason": "顾客退货"})).expect(201);
    assert_eq!((&reversed["status"], &reversed["redemption_id"]), (&json!("reversed"), &json!(redemption)));
    let one = app.retailer().get(&format!("/api/v1/redemptions/{redemption}")).expect(200);
    assert_eq!(one["status"], "reversed");
    app.retailer().post(&path, &json!({"reason": "again"})).refused(409, "WRONG_STATE");
}

/// The code of a voucher as text and as pictures.
fn shows(app: &TestApp, n: usize, voucher: &str) {
    let picture = |format: &str| {
        let answer = app.consumer(n).get(&format!("/api/v1/vouchers/{voucher}/qr?form=live&format={format}"));
        let kind = answer.header("Content-Type").map(str::to_owned);
        assert_eq!(answer.status, 200);
        (kind.unwrap(), answer.bytes)
    };
    assert_eq!(app.code(n, voucher, "live").split('.').count(), 3);
    let (kind, svg) = picture("svg");
    assert!(kind.starts_with("image/svg+xml") && String::from_utf8(svg).unwrap().contains("<svg"));
    let (kind, png) = picture("png");
    assert!(kind == "image/png" && png.starts_with(b"\x89PNG"));
}

/// What the reports say: of a programme, and of the district's appliances.
struct Figures {
    redeemed: i64,
    reversed: i64,
    completed: i64,
}

fn figures(app: &TestApp, programme: &str) -> Figures {
    let totals = app.officer().get("/api/v1/reports/totals?group_by=programme").expect(200);
    let row = totals["rows"].as_array().unwrap().iter().find(|row| row["key"] == programme).unwrap().clone();
    let growth = app.officer().get("/api/v1/reports/appliance-growth?year=2026").expect(200);
    let year = growth["years"].as_array().unwrap().iter().find(|row| row["year"] == 2026).unwrap().clone();
    Figures {
        redeemed: row["redeemed"].as_i64().unwrap(),
        reversed: row["reversed"].as_i64().unwrap(),
        completed: year["completed"].as_i64().unwrap(),
    }
}

fn central_and_province(central: &str, province: &str) -> Value {
    json!([{"source": "central", "amount": central}, {"source": "province", "amount": province}])
}

on_both! {
    fn refrigerator(app) {
        Trip {
            programme: "nc-appl-2026",
            category: "refrigerator",
            old: old_fridge(&app, 0),
            at_issue: false,
            new: new_fridge(),
            price: "6299.00",
            reserved: "1500.00",
            subsidy: "944.85",
            consumer_pays: "5354.15",
            funding: central_and_province("850.36", "94.49"),
        }
        .go(&app, 0);
    }

    fn ebike_from_lithium_to_lead(app) {
        Trip {
            programme: "nc-ebike-2026",
            category: "ebike",
            old: old_ebike(&app, 1, "lithium"),
            at_issue: true,
            new: new_ebike("lead_acid"),
            price: "2599.00",
            reserved: "700.00",
            subsidy: "700.00",
            consumer_pays: "1899.00",
            funding: json!([{"source": "district", "amount": "700.00"}]),
        }
        .go(&app, 1);
    }

    fn ebike(app) {
        Trip {
            programme: "nc-ebike-2026",
            category: "ebike",
            old: old_ebike(&app, 2, "lead_acid"),
            at_issue: true,
            new: new_ebike("lead_acid"),
            price: "2599.00",
            reserved: "500.00",
            subsidy: "500.00",
            consumer_pays: "2099.00",
            funding: json!([{"source": "district", "amount": "500.00"}]),
        }
        .go(&app, 2);
    }

    fn car_with_new_energy(app) {
        Trip {
            programme: "nc-car-2026",
            category: "car",
            old: old_car(&app, 3),
            at_issue: true,
            new: new_car("nev", None),
            price: "180000.00",
            reserved: "20000.00",
            subsidy: "20000.00",
            consumer_pays: "160000.00",
            funding: central_and_province("18000.00", "2000.00"),
        }
        .go(&app, 3);
    }

    fn car_with_petrol(app) {
        Trip {
            programme: "nc-car-2026",
            category: "car",
            old: old_car(&app, 4),
            at_issue: true,
            new: new_car("petrol", Some("1.5")),
            price: "149900.00",
            reserved: "20000.00",
            subsidy: "14990.00",
            consumer_pays: "134910.00",
            funding: central_and_province("13491.00", "1499.00"),
        }
        .go(&app, 4);
    }
}
