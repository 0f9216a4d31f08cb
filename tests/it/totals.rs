//! Totals by every key: the same events, seen from each side, always with the same sum.

use std::collections::BTreeMap;

use huanxin::access::Role;
use huanxin::domain::identifier::synthetic;
use huanxin::domain::time::Moment;
use serde_json::{Value, json};

use crate::app::{TestApp, User};
use crate::sale::{USUAL, new_car, new_fridge, old_car, sale, with};

const TOTALS: &str = "/api/v1/reports/totals";
const REDEEM: &str = "/api/v1/redemptions";
const DAY: i64 = 24 * 3600;

/// Counts issued, expired, cancelled, redeemed and reversed; amounts reserved, redeemed and reversed.
type Row = ([i64; 5], [&'static str; 3]);

fn totals(app: &TestApp, query: &str) -> Value {
    app.finance().get(&format!("{TOTALS}?{query}")).expect(200)
}

/// Compares the rows of a grouping with key, name and figures; and that its sum is the sum of everything.
#[track_caller]
fn assert_rows(app: &TestApp, group: &str, expected: &[(&str, Option<&str>, Row)]) {
    let told = totals(app, &format!("group_by={group}"));
    let found: BTreeMap<String, Value> = told["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["key"].as_str().unwrap().to_owned(), row.clone()))
        .collect();
    let expected: BTreeMap<String, Value> =
        expected.iter().map(|(key, name, row)| ((*key).to_owned(), shown(key, *name, *row))).collect();
    assert_eq!(found, expected, "{group}");
    assert_eq!(told["rows"].as_array().unwrap().len(), expected.len(), "{group}");
    assert_eq!(told["totals"], shown("total", None, EVERYTHING), "{group}");
}

fn shown(key: &str, name: Option<&str>, (counts, amounts): Row) -> Value {
    json!({
        "key": key, "name": name, "vouchers_issued": counts[0], "expired": counts[1], "cancelled": counts[2],
        "redeemed": counts[3], "reversed": counts[4], "amount_reserved": amounts[0], "amount_redeemed": amounts[1],
        "amount_reversed": amounts[2], "amount_approved": "0.00", "amount_paid": "0.00", "amount_recovered": "0.00",
    })
}

/// The row of a period.
#[track_caller]
fn assert_period(app: &TestApp, query: &str, counts: [i64; 5], amounts: [&'static str; 3]) {
    for group in ["programme", "category", "retailer", "store", "town", "day", "month"] {
        let told = totals(app, &format!("{query}&group_by={group}"));
        assert_eq!(told["totals"], shown("total", None, (counts, amounts)), "{query} {group}");
    }
}

fn add_store(app: &TestApp, retailer: &str, name: &str, town: &str) -> String {
    let body = json!({"retailer_id": retailer, "name": name, "address": "昌东大道 1 号", "division_code": "360111", "town": town});
    app.officer().post("/api/v1/stores", &body).made()
}

/// The demo's second retailer: its identity and its manager.
fn second_retailer(app: &TestApp) -> (String, User<'_>) {
    let retailers = app.officer().get("/api/v1/retailers").expect(200);
    let uscc = synthetic::uscc(2);
    let row = retailers["items"].as_array().unwrap().iter().find(|row| row["uscc"] == uscc.as_str()).unwrap().clone();
    let id = row["id"].as_str().unwrap().to_owned();
    let manager = app.somebody(Role::Retailer, Some(id.parse().unwrap()));
    (id, manager)
}

const EVERYTHING: Row = ([7, 1, 1, 4, 1], ["1500.00", "22039.70", "944.85"]);

on_both! {
    fn every_grouping_has_the_same_sum(app) {
        let (first, (second, manager)) = (app.retailer_id(), second_retailer(&app));
        let at_changdong = add_store(&app, &first, "昌东家电店", "昌东镇");
        let at_maqiu = add_store(&app, &second, "麻丘车行", "麻丘镇");
        let at_aixihu = app.store().to_owned();
        app.publish("second", USUAL, "pool = \"9000.00\"");
        // 18 June: a refrigerator, a car elsewhere, a voucher that will expire, one that is given back.
        let fridge = app.retailer().post(REDEEM, &app.ready(0)).expect(201);
        let old = app.turn_in(&old_car(&app, 3));
        let voucher = app.claim(3, "nc-car-2026", "car", Some(&old));
        let body = with(sale(&app, 3, &new_car("nev", None), "180000.00"), "/qr_token", app.code(3, &voucher, "live"));
        manager.post(REDEEM, &with(body, "/store_id", at_maqiu.as_str())).expect(201);
        let television = TestApp::claim_body("nc-appl-2026", "television", None);
        let lapsing = app.consumer(4).post("/api/v1/vouchers", &television).expect(201);
        let expires = Moment::parse(lapsing["expires_at"].as_str().unwrap()).unwrap().day().to_string();
        let given_back = app.claim(5, "nc-appl-2026", "water_heater", None);
        app.consumer(5).post(&format!("/api/v1/vouchers/{given_back}/cancellation"), &json!({})).expect(200);
        // 19 June: another refrigerator in another town, and the first comes back.
        let app = app.later(DAY);
        app.retailer().post(REDEEM, &with(app.ready(1), "/store_id", at_changdong.as_str())).expect(201);
        let path = format!("{REDEEM}/{}/reversal", fridge["id"].as_str().unwrap());
        app.retailer().post(&path, &json!({"reason": "顾客退货"})).expect(201);
        // 28 July: under another programme; and whoever claims again finds that the first voucher has expired.
        let app = app.later(39 * DAY);
        let voucher = app.claim(2, "second", "refrigerator", None);
        let body = with(sale(&app, 2, &new_fridge(), "1000.00"), "/qr_token", app.code(2, &voucher, "live"));
        app.retailer().post(REDEEM, &body).expect(201);
        app.consumer(4).post("/api/v1/vouchers", &television).expect(201);

        const NOTHING: &str = "0.00";
        assert_rows(&app, "programme", &[
            ("nc-appl-2026", Some("2026年家电以旧换新补贴（示例）"), ([5, 1, 1, 2, 1], ["1500.00", "1889.70", "944.85"])),
            ("nc-car-2026", Some(&title(&app, "nc-car-2026")), ([1, 0, 0, 1, 0], [NOTHING, "20000.00", NOTHING])),
            ("second", Some("试验"), ([1, 0, 0, 1, 0], [NOTHING, "150.00", NOTHING])),
        ]);
        assert_rows(&app, "category", &[
            ("car", None, ([1, 0, 0, 1, 0], [NOTHING, "20000.00", NOTHING])),
            ("refrigerator", None, ([3, 0, 0, 3, 1], [NOTHING, "2039.70", "944.85"])),
            ("television", None, ([2, 1, 0, 0, 0], ["1500.00", NOTHING, NOTHING])),
            ("water_heater", None, ([1, 0, 1, 0, 0], [NOTHING, NOTHING, NOTHING])),
        ]);
        let vouchers: Row = ([7, 1, 1, 0, 0], ["1500.00", NOTHING, NOTHING]);
        assert_rows(&app, "retailer", &[
            ("", None, vouchers),
            (&first, Some("南昌高新电器有限公司"), ([0, 0, 0, 3, 1], [NOTHING, "2039.70", "944.85"])),
            (&second, Some("南昌昌东车行有限公司"), ([0, 0, 0, 1, 0], [NOTHING, "20000.00", NOTHING])),
        ]);
        assert_rows(&app, "store", &[
            ("", None, vouchers),
            (&at_aixihu, Some("艾溪湖店"), ([0, 0, 0, 2, 1], [NOTHING, "1094.85", "944.85"])),
            (&at_changdong, Some("昌东家电店"), ([0, 0, 0, 1, 0], [NOTHING, "944.85", NOTHING])),
            (&at_maqiu, Some("麻丘车行"), ([0, 0, 0, 1, 0], [NOTHING, "20000.00", NOTHING])),
        ]);
        assert_rows(&app, "town", &[
            ("", None, vouchers),
            ("艾溪湖管理处", None, ([0, 0, 0, 2, 1], [NOTHING, "1094.85", "944.85"])),
            ("昌东镇", None, ([0, 0, 0, 1, 0], [NOTHING, "944.85", NOTHING])),
            ("麻丘镇", None, ([0, 0, 0, 1, 0], [NOTHING, "20000.00", NOTHING])),
        ]);
        assert_rows(&app, "day", &[
            ("2026-06-18", None, ([4, 0, 1, 2, 0], [NOTHING, "20944.85", NOTHING])),
            ("2026-06-19", None, ([1, 0, 0, 1, 1], [NOTHING, "944.85", "944.85"])),
            (&expires, None, ([0, 1, 0, 0, 0], [NOTHING, NOTHING, NOTHING])),
            ("2026-07-28", None, ([2, 0, 0, 1, 0], ["1500.00", "150.00", NOTHING])),
        ]);
        assert_rows(&app, "month", &[
            ("2026-06", None, ([5, 0, 1, 3, 1], [NOTHING, "21889.70", "944.85"])),
            ("2026-07", None, ([2, 1, 0, 1, 0], ["1500.00", "150.00", NOTHING])),
        ]);
        assert_eq!(totals(&app, ""), totals(&app, "group_by=programme"));
        // Both ends are included; either may be left out.
        assert_period(&app, "from=2026-06-18&to=2026-06-18", [4, 0, 1, 2, 0], [NOTHING, "20944.85", NOTHING]);
        assert_period(&app, "from=2026-06-19&to=2026-07-27", [1, 1, 0, 1, 1], [NOTHING, "944.85", "944.85"]);
        assert_period(&app, "from=2026-06-19", [3, 1, 0, 2, 1], ["1500.00", "1094.85", "944.85"]);
        assert_period(&app, "to=2026-06-17", [0; 5], [NOTHING; 3]);
        assert_period(&app, "from=2000-01-01&to=2999-12-31", EVERYTHING.0, EVERYTHING.1);
    }

    fn what_cannot_be_asked(app) {
        for (query, pointer) in [
            ("from=2026-06-19&to=2026-06-18", "/from"),
            ("from=2026-02-29", "/from"),
            ("to=20260618", "/to"),
            ("to=1999-12-31", "/to"),
            ("group_by=consumer", "/group_by"),
            ("group_by=", "/group_by"),
        ] {
            let refused = app.officer().get(&format!("{TOTALS}?{query}"));
            assert_eq!(refused.refused_alone(400, "BODY_MALFORMED"), pointer, "{query}");
            let told = &refused.body["errors"][0];
            assert!(told["found"].is_string() && told["expected"].is_string(), "{told}");
        }
        app.officer().get(&format!("{TOTALS}?by=day")).refused_alone(400, "FIELD_UNKNOWN");
    }
}

fn title(app: &TestApp, programme: &str) -> String {
    let one = app.nobody().get(&format!("/api/v1/programmes/{programme}")).expect(200);
    one["title"].as_str().unwrap().to_owned()
}
