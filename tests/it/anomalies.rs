//! What looks wrong is found a day later, holds its lines, and is resolved; the rules are data and their change is told.

use std::io::Cursor;

use huanxin::domain::anomaly::{AnomalyRule, LinkKind};
use huanxin::domain::identifier::synthetic;
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use ureq::http::Method;

use crate::app::{TODAY, TestApp, fresh_key};
use crate::sale::{fresh, new_fridge, old_fridge, sale, with};

const A_DAY: i64 = 24 * 3600;
const LIST: &str = "/api/v1/anomalies";
const RULES: &str = "/api/v1/anomalies/rules";

fn sell(app: &TestApp, body: &Value) -> String {
    app.retailer().post("/api/v1/redemptions", body).made()
}

fn listed(app: &TestApp, query: &str) -> Vec<Value> {
    app.officer().get(&format!("{LIST}{query}")).expect(200)["items"].as_array().unwrap().clone()
}

/// How many reasons hold the lines of these redemptions.
fn held(app: &TestApp, redemptions: &[&String]) -> Vec<usize> {
    let rows = app.database().rows_of("line_hold");
    let open = |id: &&String| {
        let row = rows.iter().find(|row| row["redemption"] == id.as_str());
        row.map_or(0, |row| serde_json::from_str::<Vec<Value>>(row["open"].as_str().unwrap()).unwrap().len())
    };
    redemptions.iter().map(open).collect()
}

fn resolve(app: &TestApp, id: &str, outcome: &str) -> crate::app::Answer {
    let body = json!({"outcome": outcome, "reason": "已核对照片原件"});
    app.officer().post(&format!("{LIST}/{id}/resolution"), &body)
}

/// The newest record of the trail of this act.
fn newest(app: &TestApp, act: &str) -> Value {
    let page = app.auditor().get("/api/v1/audit/records?limit=50").expect(200);
    let found = page["items"].as_array().unwrap().iter().find(|row| row["act"] == act).cloned();
    found.unwrap_or_else(|| panic!("no {act} in {page:#}"))
}

fn set(app: &TestApp, version: u32, rules: &Value) -> crate::app::Answer {
    let body = json!({"version": version, "rules": rules, "reason": "双十一前收紧"}).to_string();
    let headers = [("Content-Type", "application/json"), ("Idempotency-Key", &fresh_key())];
    app.officer().send(Method::PUT, RULES, &headers, Some(body.as_bytes()))
}

fn off(rule: &str) -> Value {
    json!({"rule": rule, "on": false, "days": 180, "span": 0, "least": 1, "from": 2, "full": 3, "hold_at": 50})
}

on_both! {
    fn a_day_is_scanned_once_it_is_over_and_what_is_found_holds_until_it_is_resolved(app) {
        // Both old items are shown by one photo.
        let [one, two] = [0, 1].map(|n| sell(&app, &app.ready(n)));
        assert_eq!(app.scan(), []);
        let app = app.later(A_DAY);
        assert_eq!(app.scan(), [(TODAY.to_owned(), 1)]);
        assert_eq!(app.scan(), []);
        let found = listed(&app, "");
        let [anomaly] = found.as_slice() else { panic!("{found:#?}") };
        assert_eq!((&anomaly["rule"], &anomaly["day"]), (&json!("photo_used_twice"), &json!(TODAY)));
        assert_eq!((&anomaly["status"], &anomaly["holds"], &anomaly["score"]), (&json!("open"), &json!(true), &json!(50)));
        let mut lines: Vec<&str> = anomaly["redemption_ids"].as_array().unwrap().iter().flat_map(Value::as_str).collect();
        lines.sort_unstable();
        assert_eq!(lines, [one.as_str(), two.as_str()]);
        assert_eq!(anomaly["retailer_ids"], json!([app.retailer_id()]));
        assert_eq!(held(&app, &[&one, &two]), [1, 1]);

        let id = anomaly["id"].as_str().unwrap();
        assert_eq!(resolve(&app, id, "confirmed").expect(200)["status"], "confirmed");
        assert_eq!(held(&app, &[&one, &two]), [1, 1]);
        resolve(&app, id, "confirmed").refused(409, "WRONG_STATE");
        let dismissed = resolve(&app, id, "dismissed").expect(200);
        assert_eq!((&dismissed["status"], &dismissed["holds"]), (&json!("dismissed"), &json!(false)));
        assert_eq!(held(&app, &[&one, &two]), [0, 0]);
        for outcome in ["confirmed", "dismissed"] {
            resolve(&app, id, outcome).refused(409, "WRONG_STATE");
        }
        let told = newest(&app, "resolve_anomaly");
        assert_eq!((&told["detail"]["before"], &told["detail"]["after"]), (&json!("confirmed"), &json!("dismissed")));

        let precision = app.officer().get("/api/v1/anomalies/precision").expect(200);
        let of_rule = precision["rules"].as_array().unwrap().iter().find(|row| row["rule"] == "photo_used_twice").unwrap();
        assert_eq!((&of_rule["dismissed"], &of_rule["precision_percent"]), (&json!(1), &json!("0.0")));
        assert_eq!(precision["rules"].as_array().unwrap().len(), AnomalyRule::ALL.len());
    }

    /// What a sale shows by itself holds its line at once. The customer notices nothing of it.
    fn a_price_above_the_filed_one_holds_its_line_when_it_is_redeemed(app) {
        let gtin = synthetic::gtin13(7);
        let sold = |app: &TestApp, n: usize| sell(app, &with(app.ready(n), "/item/gtin", gtin.as_str()));
        let filed = |price: &str| {
            let list = format!("商品条码,品类,品牌,型号,能效等级,备案价格\r\n{gtin},冰箱,海尔,BCD-510,1级,{price}\r\n");
            let head = [("Content-Type", "text/csv")];
            app.officer().send(Method::POST, "/api/v1/imports?table=products&dry_run=false", &head, Some(list.as_bytes())).expect(200);
        };
        let of_rule = || listed(&app, "?rule=price_above_filed");
        let before = sold(&app, 0);
        filed("6200.00");
        let dear = sold(&app, 1);
        let unnamed = sell(&app, &app.ready(2));
        let found = of_rule();
        let [anomaly] = found.as_slice() else { panic!("{found:#?}") };
        assert_eq!((&anomaly["redemption_ids"], &anomaly["day"]), (&json!([dear]), &json!(TODAY)));
        assert_eq!((&anomaly["holds"], &anomaly["status"], &anomaly["measure"]), (&json!(true), &json!("open"), &json!(102)));
        assert_eq!(anomaly["sentence"], "成交价 6299.00 元是该商品备案价 6200.00 元的 102%");
        assert_eq!(held(&app, &[&before, &dear, &unnamed]), [0, 1, 0]);
        let records = app.auditor().get("/api/v1/audit/records?limit=50").expect(200);
        let record = records["items"].as_array().unwrap().iter().find(|record| record["subject"] == dear.as_str()).unwrap();
        assert_eq!(record["detail"]["anomaly"]["id"], anomaly["id"]);
        resolve(&app, anomaly["id"].as_str().unwrap(), "dismissed").expect(200);
        assert_eq!(held(&app, &[&dear]), [0]);
        // The newest list counts, and the newest limits.
        filed("6299.00");
        sold(&app, 3);
        assert_eq!(of_rule().len(), 1);
        filed("6200.01");
        let lenient = json!([{"rule": "price_above_filed", "on": true, "days": 1, "span": 0, "least": 1, "from": 103,
            "full": 120, "hold_at": 50}]);
        set(&app, 0, &lenient).expect(200);
        sold(&app, 4);
        assert_eq!(of_rule().len(), 1);
        filed("5000.00");
        let dearest = sold(&app, 5);
        assert_eq!((of_rule().len(), held(&app, &[&dearest])), (2, vec![1]));
        // The day's scan says nothing of it.
        let app = app.later(A_DAY);
        app.scan();
        assert_eq!(listed(&app, "?rule=price_above_filed").len(), 2);
    }

    fn the_list_is_filtered(app) {
        for n in [0, 1] {
            sell(&app, &app.ready(n));
        }
        let app = app.later(A_DAY);
        app.scan();
        let retailer = app.retailer_id();
        let other = huanxin::domain::id::Id::digest(&["another"]);
        for (query, count) in [
            ("?rule=photo_used_twice".to_owned(), 1), ("?rule=clerk_burst".to_owned(), 0), ("?status=open".to_owned(), 1),
            ("?status=dismissed".to_owned(), 0), (format!("?retailer_id={retailer}&status=open"), 1),
            (format!("?retailer_id={other}"), 0), ("?limit=1".to_owned(), 1),
        ] {
            assert_eq!(listed(&app, &query).len(), count, "{query}");
        }
        for query in ["?rule=unknown", "?status=closed", "?retailer_id=x"] {
            app.officer().get(&format!("{LIST}{query}")).refused(400, "BODY_MALFORMED");
        }
        let english = [("Accept-Language", "en")];
        let told = app.officer().send(Method::GET, LIST, &english, None).expect(200);
        assert_eq!(told["items"][0]["sentence"], "one photo or document was shown for 2 old items or sales");
        resolve(&app, "019ed874-e500-7000-8000-000000000000", "dismissed").refused(404, "NOT_FOUND");
    }

    fn rules_are_set_by_version_and_hold_for_the_days_after(app) {
        let rules = app.officer().get(RULES).expect(200);
        assert_eq!((&rules["version"], &rules["scanned_to"]), (&json!(0), &Value::Null));
        assert_eq!(rules["rules"].as_array().unwrap().len(), AnomalyRule::ALL.len());
        let set_now = set(&app, 0, &json!([off("photo_used_twice")])).expect(200);
        assert_eq!(set_now["version"], 1);
        let told = newest(&app, "set_anomaly_rules");
        assert_eq!((&told["detail"]["before"]["photo_used_twice"]["on"],
            &told["detail"]["after"]["photo_used_twice"]["on"]), (&json!(true), &json!(false)));
        assert_eq!(told["detail"]["reason"], "双十一前收紧");
        // From a version that is not the newest, or with nothing that differs, nothing is set.
        assert_eq!(set(&app, 1, &json!([off("clerk_burst")])).refused_alone(400, "BODY_MALFORMED"), "/rules/0/span");
        let burst = with(off("clerk_burst"), "/span", 5);
        set(&app, 0, &json!([burst])).refused(409, "WRONG_STATE");
        set(&app, 2, &json!([burst])).refused(409, "WRONG_STATE");
        set(&app, 1, &json!([off("photo_used_twice")])).refused(409, "WRONG_STATE");
        for n in [0, 1] {
            sell(&app, &app.ready(n));
        }
        let app = app.later(A_DAY);
        assert_eq!(app.scan(), [(TODAY.to_owned(), 0)]);
        let rules = app.officer().get(RULES).expect(200);
        assert_eq!((&rules["version"], &rules["scanned_to"]), (&json!(1), &json!(TODAY)));
        // What a day was scanned by stays what it was scanned by.
        let on = with(with(off("photo_used_twice"), "/on", true), "/days", 90);
        set(&app, 1, &json!([on])).expect(200);
        assert_eq!(app.scan(), []);
    }

    fn limits_that_cannot_stand_are_refused_where_they_stand(app) {
        let one = off("many_to_one_address");
        for (pointer, value, at) in [
            ("/days", json!(0), "/rules/0/days"), ("/days", json!(401), "/rules/0/days"),
            ("/full", json!(1), "/rules/0/full"), ("/hold_at", json!(49), "/rules/0/hold_at"),
            ("/from", json!(0), "/rules/0/from"), ("/least", json!(0), "/rules/0/least"),
        ] {
            let answer = set(&app, 0, &json!([with(one.clone(), pointer, value)]));
            assert_eq!(answer.refused_alone(400, "BODY_MALFORMED"), at);
        }
        assert_eq!(set(&app, 0, &json!([one, one])).refused_alone(400, "BODY_MALFORMED"), "/rules/1/rule");
        assert_eq!(set(&app, 0, &json!([])).refused_alone(400, "BODY_MALFORMED"), "/rules");
        assert_eq!(set(&app, 0, &json!([with(one, "/rule", "unknown")])).refused_alone(400, "BODY_MALFORMED"), "/rules/0/rule");
    }

    /// A clerk's account has a name; its digest is that of a buyer's.
    fn staff_among_the_buyers_is_known_by_name(app) {
        let clerk = json!({"login": "li.na", "role": "clerk", "name": app.name(0), "organisation_id": app.retailer_id()});
        let account = app.admin().post("/api/v1/staff", &clerk).made();
        let redemption = sell(&app, &app.ready(0));
        let app = app.later(A_DAY);
        app.scan();
        let found = listed(&app, "?rule=staff_among_buyers");
        let [anomaly] = found.as_slice() else { panic!("{found:#?}") };
        assert_eq!((&anomaly["subject_id"], &anomaly["redemption_ids"]), (&json!(account), &json!([redemption])));
        assert_eq!((&anomaly["score"], &anomaly["holds"]), (&json!(50), &json!(false)));
        assert_eq!(anomaly["evidence"], json!([{"kind": LinkKind::Account.name(), "id": account}]));
        assert_eq!(held(&app, &[&redemption]), [0]);
        // Confirmed, it holds whatever its score was.
        assert_eq!(resolve(&app, anomaly["id"].as_str().unwrap(), "confirmed").expect(200)["holds"], true);
        assert_eq!(held(&app, &[&redemption]), [1]);
    }

    /// What an app calls its device is kept as a digest with the voucher, and tells when many claim from one.
    fn many_claim_from_one_device(app) {
        const DEVICE: &str = "device-7-of-the-app";
        let claim = TestApp::claim_body("nc-appl-2026", "refrigerator", None).to_string();
        let mut sold = Vec::new();
        for n in 0..6 {
            let key = fresh_key();
            let headers =
                [("Content-Type", "application/json"), ("Idempotency-Key", key.as_str()), ("X-Device-Id", DEVICE)];
            let voucher = app.consumer(n).send(Method::POST, "/api/v1/vouchers", &headers, Some(claim.as_bytes())).made();
            let old = with(old_fridge(&app, n), "/evidence/0/sha256", format!("{n:064x}"));
            let body = with(sale(&app, n, &new_fridge(), "6299.00"), "/turn_in_id", app.turn_in(&old));
            sold.push(sell(&app, &with(body, "/qr_token", app.code(n, &voucher, "live"))));
        }
        assert!(!app.database().rows()["voucher"].iter().any(|row| row.to_string().contains(DEVICE)));
        let app = app.later(A_DAY);
        app.scan();
        let found = listed(&app, "?rule=many_on_one_device");
        let [anomaly] = found.as_slice() else { panic!("{found:#?}") };
        assert_eq!((&anomaly["measure"], anomaly["redemption_ids"].as_array().unwrap().len()), (&json!(6), sold.len()));
    }

    /// The same serial number under another brand passes every check, and is found.
    fn a_serial_number_under_another_brand(app) {
        let serial = synthetic::serial_number(fresh());
        let sold = [(0, "海尔"), (1, "美的")].map(|(n, brand)| {
            let old = with(old_fridge(&app, n), "/evidence/0/sha256", format!("{n:064x}"));
            let item = with(with(new_fridge(), "/serial_number", serial.clone()), "/brand", brand);
            let voucher = app.claim(n, "nc-appl-2026", "refrigerator", None);
            let body = with(sale(&app, n, &item, "6299.00"), "/turn_in_id", app.turn_in(&old));
            sell(&app, &with(body, "/qr_token", app.code(n, &voucher, "live")))
        });
        let app = app.later(A_DAY);
        app.scan();
        let found = listed(&app, "?rule=serial_under_two_brands");
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0]["score"], 100);
        assert_eq!(held(&app, &[&sold[0], &sold[1]]), [1, 1]);
    }

    /// What yards say they received is held against what supports a subsidy; of what was recorded before they said
    /// anything, nothing is known.
    fn old_items_that_never_came_to_the_yard(app) {
        let limits = json!({"rule": "old_items_not_received", "on": true, "days": 60, "span": 21, "least": 3, "from": 10,
            "full": 40, "hold_at": 60});
        set(&app, 0, &json!([limits])).expect(200);
        let trade = |n: usize, came: bool| {
            let old = with(old_fridge(&app, n), "/evidence/0/sha256", format!("{n:064x}"));
            let turn_in = app.turn_in(&old);
            if came {
                let path = format!("/api/v1/turn-ins/{turn_in}/receipt");
                app.recycler().post(&path, &json!({"received_on": TODAY})).expect(201);
            }
            let voucher = app.claim(n, "nc-appl-2026", "refrigerator", None);
            let body = with(sale(&app, n, &new_fridge(), "6299.00"), "/turn_in_id", turn_in);
            sell(&app, &with(body, "/qr_token", app.code(n, &voucher, "live")))
        };
        let before = trade(0, false);
        let came = trade(1, true);
        // The first of those that came was recorded before its receipt was told.
        let [also, never, neither] = [(2, true), (3, false), (4, false)].map(|(n, came)| trade(n, came));
        let app = app.later(21 * A_DAY);
        assert!(app.scan().iter().all(|(_, findings)| *findings == 0));
        let app = app.later(A_DAY);
        assert_eq!(app.scan(), [("2026-07-09".to_owned(), 1)]);
        let found = listed(&app, "?rule=old_items_not_received");
        assert_eq!((found.len(), &found[0]["measure"], &found[0]["score"]), (1, &json!(50), &json!(100)), "{found:#?}");
        assert_eq!(held(&app, &[&before, &came, &also, &never, &neither]), [0, 0, 0, 1, 1]);
    }

    /// The same picture, handed in about two sales.
    fn a_picture_that_is_handed_in_twice(app) {
        let sold = [0, 1].map(|n| {
            let old = with(old_fridge(&app, n), "/evidence/0/sha256", format!("{n:064x}"));
            let voucher = app.claim(n, "nc-appl-2026", "refrigerator", None);
            let body = with(sale(&app, n, &new_fridge(), "6299.00"), "/turn_in_id", app.turn_in(&old));
            sell(&app, &with(body, "/qr_token", app.code(n, &voucher, "live")))
        });
        let mut picture = Cursor::new(Vec::new());
        RgbImage::from_pixel(8, 6, Rgb([7, 120, 60])).write_to(&mut picture, ImageFormat::Png).unwrap();
        for redemption in &sold {
            let path = format!("/api/v1/evidence?about=redemption&subject_id={redemption}&kind=delivery");
            let headers = [("Content-Type", "image/png"), ("Idempotency-Key", &*fresh_key())];
            app.retailer().send(Method::POST, &path, &headers, Some(picture.get_ref())).expect(201);
        }
        let app = app.later(A_DAY);
        app.scan();
        assert_eq!(listed(&app, "?rule=photo_used_twice").len(), 1);
        assert_eq!(held(&app, &[&sold[0], &sold[1]]), [1, 1]);
    }

    /// A settlement whose day was not scanned is not approved; nor one with a line that an unresolved finding holds, or a
    /// confirmed one.
    fn a_settlement_is_not_approved_over_a_finding(app) {
        for n in [0, 1] {
            sell(&app, &app.ready(n));
        }
        let app = app.later(A_DAY);
        let control = json!({"lines": 2, "amount": "1889.70"});
        let wish = json!({"from": TODAY, "to": TODAY, "lines": 2, "amount": "1889.70"});
        let settlement = app.retailer().post("/api/v1/settlements", &wish).made();
        let step = |user: &crate::app::User<'_>, word: &str| {
            user.post(&format!("/api/v1/settlements/{settlement}/{word}"), &control)
        };
        step(&app.officer(), "acceptance").expect(200);
        step(&app.demo_user("reviewer"), "review").expect(200);
        let approver = app.demo_user("approver");
        // As long as nobody has looked at the day, nothing holds its lines: that it looks good means nothing.
        let refusal = step(&approver, "approval").refused(409, "WRONG_STATE");
        assert_eq!(refusal["found"], format!("{TODAY} is not scanned for anomalies yet"));
        app.scan();
        let refusal = step(&approver, "approval").refused(409, "WRONG_STATE");
        assert_eq!(refusal["found"], "2 lines that are held");
        let id = listed(&app, "")[0]["id"].as_str().unwrap().to_owned();
        resolve(&app, &id, "confirmed").expect(200);
        step(&approver, "approval").refused(409, "WRONG_STATE");
        resolve(&app, &id, "dismissed").expect(200);
        assert_eq!(step(&approver, "approval").expect(200)["status"], "approved");
    }

    /// Two replicas scan a day at once: what is found stands there once.
    fn replicas_scan_together(app) {
        for n in [0, 1] {
            sell(&app, &app.ready(n));
        }
        let app = app.later(A_DAY);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (one, other) = runtime.block_on(async { tokio::join!(app.division().scan_due(), app.division().scan_due()) });
        assert_eq!((one.unwrap().unwrap().findings, other.unwrap().unwrap().findings), (1, 1));
        assert_eq!(listed(&app, "").len(), 1);
        assert_eq!(app.database().rows_of("anomaly_scan").len(), 1);
    }
}
