//! What the tests do again and again: hand an old item in, claim, show the code, sell.

use std::sync::atomic::{AtomicU64, Ordering};

use huanxin::domain::identifier::synthetic;
use serde_json::{Value, json};

use crate::app::{TODAY, TestApp};

/// A number that no other item of this process has.
pub fn fresh() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1000);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The body with one member changed or added; null takes it away.
pub fn with(mut body: Value, pointer: &str, value: impl Into<Value>) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let members = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value.into() {
        Value::Null => drop(members.remove(name)),
        value => drop(members.insert(name.to_owned(), value)),
    }
    body
}

/// An old refrigerator of the `n`th consumer.
pub fn old_fridge(app: &TestApp, n: usize) -> Value {
    let photo = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    json!({
        "category": "refrigerator",
        "owner": {"name": app.name(n), "resident_id": app.resident_id(n)},
        "item": {"serial_number": synthetic::serial_number(fresh()), "complete": true},
        "evidence": [{"kind": "photo", "sha256": photo}],
        "received_on": TODAY,
        "credit": "80.00",
    })
}

/// An old petrol car that the programme takes.
pub fn old_car(app: &TestApp, n: usize) -> Value {
    json!({
        "category": "car",
        "owner": {"name": app.name(n), "resident_id": app.resident_id(n)},
        "item": {"vin": synthetic::vin(fresh()), "fuel": "petrol", "first_registered_on": "2010-05-04",
            "owned_since": "2012-03-01", "disposal": "scrapped"},
        "evidence": [{"kind": "scrap_certificate", "sha256": "aa".repeat(32)},
            {"kind": "cancellation_certificate", "sha256": "bb".repeat(32)}],
        "received_on": TODAY,
    })
}

/// An old e-bike with this battery.
pub fn old_ebike(app: &TestApp, n: usize, battery: &str) -> Value {
    json!({
        "category": "ebike",
        "owner": {"name": app.name(n), "resident_id": app.resident_id(n)},
        "item": {"ebike_code": synthetic::ebike_code(fresh()), "battery": battery, "complete": true},
        "evidence": [],
        "received_on": TODAY,
    })
}

/// A sale to the `n`th consumer at the price, everything but the voucher.
pub fn sale(app: &TestApp, n: usize, item: &Value, price: &str) -> Value {
    json!({
        "store_id": app.store(),
        "item": item,
        "price": {"list": price, "discounts": "0.00", "final": price},
        "invoice": {"number": synthetic::invoice_number(fresh()), "issued_on": TODAY, "total": price,
            "buyer_name": app.name(n)},
        "delivery_division_code": "360111",
    })
}

pub fn new_fridge() -> Value {
    json!({"category": "refrigerator", "brand": "海尔", "model": "BCD-510WGHTD19S9U1", "energy_level": 1,
        "serial_number": synthetic::serial_number(fresh())})
}

pub fn new_car(powertrain: &str, displacement: Option<&str>) -> Value {
    let item = json!({"category": "car", "brand": "比亚迪", "model": "BYD7150", "powertrain": powertrain,
        "vin": synthetic::vin(fresh())});
    match displacement {
        Some(litres) => with(item, "/displacement_litres", litres),
        None => item,
    }
}

pub fn new_ebike(battery: &str) -> Value {
    json!({"category": "ebike", "brand": "雅迪", "model": "TDT1501Z", "battery": battery,
        "certifications": ["CCC", "GB 17761"], "ebike_code": synthetic::ebike_code(fresh())})
}

impl TestApp {
    pub fn turn_in(&self, body: &Value) -> String {
        self.recycler().post("/api/v1/turn-ins", body).made()
    }

    /// The body of a claim.
    pub fn claim_body(programme: &str, category: &str, turn_in: Option<&str>) -> Value {
        let body = json!({"programme_id": programme, "category": category, "division_code": "360111"});
        with(body, "/turn_in_id", turn_in.map(str::to_owned))
    }

    /// A voucher of the `n`th consumer.
    pub fn claim(&self, n: usize, programme: &str, category: &str, turn_in: Option<&str>) -> String {
        self.consumer(n).post("/api/v1/vouchers", &Self::claim_body(programme, category, turn_in)).made()
    }

    /// The text of a voucher's code: `live` or `printed`.
    pub fn code(&self, n: usize, voucher: &str, form: &str) -> String {
        let path = format!("/api/v1/vouchers/{voucher}/qr?form={form}&format=token");
        self.consumer(n).get(&path).expect(200)["token"].as_str().unwrap().to_owned()
    }

    /// A refrigerator's sale to the `n`th consumer, which needs nothing but to be sent: 6299.00, subsidy 944.85.
    pub fn ready(&self, n: usize) -> Value {
        self.ready_in("nc-appl-2026", n)
    }

    /// As [`Self::ready`], under another programme.
    pub fn ready_in(&self, programme: &str, n: usize) -> Value {
        let turn_in = self.turn_in(&old_fridge(self, n));
        let voucher = self.claim(n, programme, "refrigerator", None);
        let body = with(sale(self, n, &new_fridge(), "6299.00"), "/turn_in_id", turn_in);
        with(body, "/qr_token", self.code(n, &voucher, "live"))
    }

    /// Publishes a programme for refrigerators and approves the demo's retailer for it. `more` stands before the
    /// line, `line` within it.
    pub fn publish(&self, id: &str, more: &str, line: &str) {
        self.draft(id, more, line);
        self.publish_draft(id);
        self.approve(&["nc-appl-2026", id]);
    }

    /// A programme as [`Self::publish`] has it, not yet published.
    pub fn draft(&self, id: &str, more: &str, line: &str) {
        self.draft_text(&format!(
            r#"
id = "{id}"
title = "试验"
region = {{ divisions = ["360111"] }}
funding = [{{ source = "district", percent = "100" }}]
{more}
[[lines]]
category = "refrigerator"
tiers = [{{ percent = "15", cap = "1500.00" }}]
{line}
"#
        ));
    }

    /// Publishes files of `programmes/` and approves the demo's retailer for them alone.
    pub fn publish_files(&self, ids: &[&str]) {
        for id in ids {
            let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("programmes");
            self.draft_text(&std::fs::read_to_string(folder.join(format!("{id}.toml"))).unwrap());
            self.publish_draft(id);
        }
        self.approve(ids);
    }

    /// A programme, or a version of it, that waits to be published.
    pub fn draft_text(&self, text: &str) {
        let headers = [("Content-Type", "application/toml"), ("Idempotency-Key", &crate::app::fresh_key())];
        let method = ureq::http::Method::POST;
        self.officer().send(method, "/api/v1/programmes", &headers, Some(text.as_bytes())).expect(201);
    }

    /// Puts the draft that waits in force.
    pub fn publish_draft(&self, id: &str) {
        self.officer().post(&format!("/api/v1/programmes/{id}/publication"), &json!({})).expect(200);
    }

    /// Says for which programmes the demo's retailer is approved.
    pub fn approve(&self, programmes: &[&str]) {
        let path = format!("/api/v1/retailers/{}/approval", self.retailer_id());
        self.officer().post(&path, &json!({"programmes": programmes})).expect(200);
    }
}

/// The usual windows and voucher of a programme in a test.
pub const USUAL: &str = r"
windows = { claim = { from = 2026-01-01, to = 2027-12-31 } }
voucher = { days = 30, reclaims = 1, return_restores_quota = true }
";
