//! Rows that need several callers, over HTTP and on both databases.

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::sale::{new_car, old_car, sale, with};

/// An old car of the `n`th consumer that was sold, with the invoice.
fn sold_car(app: &TestApp, n: usize) -> Value {
    let evidence = json!([{"kind": "used_car_invoice", "sha256": "cc".repeat(32)}]);
    with(with(old_car(app, n), "/item/disposal", "transferred"), "/evidence", evidence)
}

/// The sale of a car to the `n`th consumer, with a voucher for which an old car was handed in.
fn car_sale(app: &TestApp, n: usize, programme: &str, old: &Value, car: &Value) -> Value {
    let turn_in = app.turn_in(old);
    let voucher = app.claim(n, programme, "car", Some(&turn_in));
    with(sale(app, n, car, "99800.00"), "/qr_token", app.code(n, &voucher, "live"))
}

on_both! {
    /// Row 41: the same new car under both schemes of 2026, for two people.
    fn row_41_a_car_counts_once_over_all_programmes(app) {
        app.publish_files(&["cn-car-scrap-2026", "cn-car-repl-2026"]);
        let car = new_car("nev", None);
        let first = car_sale(&app, 0, "cn-car-scrap-2026", &old_car(&app, 0), &car);
        let second = car_sale(&app, 1, "cn-car-repl-2026", &sold_car(&app, 1), &car);
        let redeem = |body: &Value| app.retailer().post("/api/v1/redemptions", body);
        assert_eq!(redeem(&first).expect(201)["subsidy"], "11976.00");
        assert_eq!(redeem(&second).refused_alone(409, "NEW_ITEM_ALREADY_SUBSIDISED"), "/item/vin");
        let other = with(second, "/item", new_car("nev", None));
        assert_eq!(redeem(&other).expect(201)["subsidy"], "7984.00");
    }

    /// Row 51: 300.00 are left and 494.85 would be due (15 % of 3299.00); a claim is held against the cap.
    fn row_51_a_pool_pays_no_part(app) {
        app.publish_files(&["cn-appl-2026"]);
        let path = "/api/v1/programmes/cn-appl-2026/pool-adjustments";
        let adjust = |delta: &str| {
            let body = json!({"category": "washing_machine", "delta": delta, "reason": "调整"});
            app.officer().post(path, &body).expect(200)["available"].clone()
        };
        assert_eq!(adjust("-9999700.00"), "300.00");
        let body = TestApp::claim_body("cn-appl-2026", "washing_machine", None);
        let claim = || app.consumer(0).post("/api/v1/vouchers", &body);
        let first = claim().refused(422, "POOL_EXHAUSTED");
        assert_eq!((&first["found"], &first["expected"]), (&json!("300.00"), &json!("1500.00")));
        assert_eq!(app.consumer(0).get("/api/v1/vouchers").expect(200)["items"], json!([]));
        adjust("1199.99");
        claim().refused_alone(422, "POOL_EXHAUSTED");
        adjust("0.01");
        assert_eq!(claim().expect(201)["reserved"], "1500.00");
    }
}
