//! The growth report as its readers see it: the worked example, what counts and in which year, what was known when, and
//! the figures that the bureau enters.

use huanxin::domain::identifier::synthetic;
use huanxin::domain::time::Moment;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::app::{Answer, START, TestApp};
use crate::exports::Sheet;
use crate::sale::{USUAL, fresh, new_car, new_fridge, old_car, old_fridge, sale, with};

const REPORT: &str = "/api/v1/reports/appliance-growth";
const BASELINE: &str = "/api/v1/reports/appliance-growth/baseline";
const OFF_SYSTEM: &str = "/api/v1/reports/appliance-growth/off-system";
const DAY: i64 = 24 * 3600;

fn report(app: &TestApp, query: &str) -> Value {
    app.officer().get(&format!("{REPORT}?{query}")).expect(200)
}

/// The row of a year in the report of that year.
fn year(app: &TestApp, year: i32, more: &str) -> Value {
    let rows = report(app, &format!("year={year}{more}"))["years"].clone();
    rows.as_array().unwrap().last().unwrap().clone()
}

fn enter_baseline(app: &TestApp, value: u64) {
    let body = json!({"year": 2023, "value": value, "source": "区统计局2023年统计"});
    app.officer().put(BASELINE, &body).expect(200);
}

fn enter(app: &TestApp, month: &str, count: impl Into<Value>) -> Answer {
    app.officer().post(OFF_SYSTEM, &json!({"month": month, "count": count.into(), "source": "商家自报汇总"}))
}

/// A consumer's trade-in of a refrigerator, from the turn-in to the redemption.
fn trade_in(app: &TestApp, n: usize) -> Value {
    app.retailer().post("/api/v1/redemptions", &app.ready(n)).expect(201)
}

fn take_back(app: &TestApp, redemption: &Value) {
    let path = format!("/api/v1/redemptions/{}/reversal", redemption["id"].as_str().unwrap());
    app.retailer().post(&path, &json!({"reason": "顾客退货"})).expect(201);
}

/// A decimal without zeros at its end.
fn decimal(text: &str) -> String {
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text };
    text.to_owned()
}

fn moment(value: &Value) -> Moment {
    Moment::parse(value.as_str().unwrap()).unwrap()
}

/// The app so many seconds after a moment that is later than its start.
fn at(app: TestApp, when: &str) -> TestApp {
    let seconds = Moment::parse(when).unwrap().seconds() - Moment::parse(START).unwrap().seconds();
    app.later(seconds)
}

/// Programmes for refrigerators with other rules for the old item, and the demo's retailer approved for all of them.
fn publish_all(app: &TestApp, programmes: &[(&str, &str)]) {
    for (id, old_item) in programmes {
        app.publish(id, &format!("{USUAL}old_item = {{ {old_item} }}\n"), "pool = \"90000.00\"");
    }
    let mut ids: Vec<&str> = programmes.iter().map(|(id, _)| *id).collect();
    ids.extend(["nc-appl-2026", "nc-car-2026"]);
    app.approve(&ids);
}

/// Redeems a voucher of the `n`th consumer for a refrigerator; the turn-in is named in the sale.
fn redeem(app: &TestApp, n: usize, voucher: &str, turn_in: Option<&str>) -> Value {
    let body = with(sale(app, n, &new_fridge(), "2000.00"), "/turn_in_id", turn_in.map(str::to_owned));
    let body = with(body, "/qr_token", app.code(n, voucher, "live"));
    app.retailer().post("/api/v1/redemptions", &body).expect(201)
}

on_both! {
    /// As a table with the API's own figures, as a chart and as a page; each names what it was made of, and loads nothing.
    fn the_report_goes_into_the_file(app) {
        enter_baseline(&app, 20_000);
        for (month, count) in [("2024-12", 20_500), ("2025-12", 23_400), ("2026-05", 11_499)] {
            enter(&app, month, count).expect(201);
        }
        trade_in(&app, 0);
        let asked = report(&app, "year=2026");
        let known = asked["as_known_at"].as_str().unwrap();
        let file = |form: &str| {
            let answer = app.officer().get(&format!("{REPORT}?year=2026&as_known_at={known}&format={form}"));
            assert_eq!(answer.status, 200, "{:#}", answer.body);
            let name = answer.header("Content-Disposition").unwrap();
            assert!(name.ends_with(&format!("appliance-growth-2026-06-18.{form}\"")), "{name}");
            answer
        };
        let records = app.auditor().get("/api/v1/audit/records?limit=1").expect(200)["items"][0]["seq"].as_i64().unwrap();
        let rows = Sheet::of(&file("xlsx"), "xlsx");
        for (at, year) in asked["years"].as_array().unwrap().iter().enumerate() {
            for (head, name) in [("年份", "year"), ("系统内完成", "completed"), ("系统外", "off_system"), ("合计", "actual"),
                ("无交旧的补贴销售", "subsidised_without_old_item"), ("年度路径", "path"), ("超前", "ahead_by"),
                ("占路径（%）", "percent_of_path"), ("增长（%）", "growth_percent"),
                ("完成所需增长（%）", "share_of_required_growth_percent")] {
                let (kind, value) = rows.column(head)[at];
                assert_eq!(kind, "n", "{head}");
                let told = year[name].as_str().map_or_else(|| year[name].to_string(), str::to_owned);
                assert_eq!(decimal(value.as_deref().unwrap()), decimal(&told), "{head} of {}", year["year"]);
            }
        }
        let (svg, html) = (file("svg"), file("html"));
        let (chart, page) = (String::from_utf8(svg.bytes).unwrap(), String::from_utf8(html.bytes).unwrap());
        for text in [&chart, &page] {
            assert!(text.contains("role=\"img\"") && text.contains("26\u{2009}000") && text.contains("2027"));
            for loads in ["<script", "href=", "src=", "url(", "http://www.w3.org/1999"] {
                assert!(!text.contains(loads), "{loads}");
            }
        }
        // The digest is of what the API answers, byte for byte.
        let told = app.officer().get(&format!("{REPORT}?year=2026&as_known_at={known}"));
        assert!(page.contains(&hex::encode(Sha256::digest(&told.bytes))), "{page}");
        assert!(page.contains("区统计局2023年统计") && page.contains("@page{size:A4"));
        // Each stands in the trail before it goes, as the look at the trail does.
        let after = app.auditor().get("/api/v1/audit/records?limit=1").expect(200)["items"][0]["seq"].as_i64().unwrap();
        assert_eq!(after, records + 4);
        app.officer().get(&format!("{REPORT}?format=pdf")).refused_alone(400, "BODY_MALFORMED");
    }

    /// B = 20 000; 23 400 in 2025 and 11 500 in 2026 to 30 June, some of them through the service.
    fn the_worked_example(app) {
        let app = at(app, "2026-06-30T12:00:00+08:00");
        enter_baseline(&app, 20_000);
        trade_in(&app, 0);
        trade_in(&app, 1);
        set_of_air_conditioners(&app, 2);
        // A car is no appliance.
        let old = app.turn_in(&old_car(&app, 3));
        let voucher = app.claim(3, "nc-car-2026", "car", Some(&old));
        let body = with(sale(&app, 3, &new_car("nev", None), "180000.00"), "/qr_token", app.code(3, &voucher, "live"));
        app.retailer().post("/api/v1/redemptions", &body).expect(201);
        for month in 1..=12 {
            enter(&app, &format!("2025-{month:02}"), 1950).expect(201);
        }
        for (month, count) in [(1, 1900), (2, 1900), (3, 1900), (4, 1900), (5, 1900), (6, 1997)] {
            enter(&app, &format!("2026-{month:02}"), count).expect(201);
        }
        let told = report(&app, "year=2026");
        assert_eq!((&told["unit"], &told["target"]), (&json!("appliance_trade_in"), &json!(26_000)));
        assert_eq!((&told["reached"], &told["reached_in"]), (&json!(false), &Value::Null));
        assert_eq!((&told["baseline"]["value"], &told["baseline_missing"]), (&json!(20_000), &Value::Null));
        assert_eq!(told["years"][0], json!({
            "year": 2024, "completed": 0, "off_system": 0, "actual": 0, "subsidised_without_old_item": 0,
            "by_category": [], "growth_percent": "-100.00", "share_of_required_growth_percent": "-333.33",
            "path": "21500.00", "ahead_by": "-21500.00", "percent_of_path": "0.00",
        }));
        assert_eq!(told["years"][1], json!({
            "year": 2025, "completed": 0, "off_system": 23_400, "actual": 23_400, "subsidised_without_old_item": 0,
            "by_category": [], "growth_percent": "17.00", "share_of_required_growth_percent": "56.67",
            "path": "23000.00", "ahead_by": "400.00", "percent_of_path": "101.74",
        }));
        assert_eq!(told["years"][2], json!({
            "year": 2026, "completed": 3, "off_system": 11_497, "actual": 11_500, "subsidised_without_old_item": 0,
            "by_category": [
                {"category": "refrigerator", "completed": 2, "subsidised_without_old_item": 0},
                {"category": "air_conditioner", "completed": 1, "subsidised_without_old_item": 0},
            ],
            "growth_percent": "-42.50", "share_of_required_growth_percent": "-141.67",
            "path": "24500.00", "ahead_by": "-13000.00", "percent_of_path": "46.94",
        }));
        assert_eq!(told["years"].as_array().unwrap().len(), 3);
        assert_eq!(told["pace"], json!({
            "elapsed_days": 181, "expected": "12149.32", "percent": "94.66", "needed_per_day": "70.65",
            "projection": "23190.61",
        }));
        let of_2025 = report(&app, "year=2025");
        assert_eq!((&of_2025["pace"]["percent"], of_2025["years"].as_array().unwrap().len()), (&json!("101.74"), 2));
        assert_eq!(report(&app, ""), told);
    }

    fn without_a_baseline_it_says_so(app) {
        trade_in(&app, 0);
        let told = report(&app, "year=2027");
        assert_eq!((&told["baseline"], &told["target"]), (&Value::Null, &Value::Null));
        assert!(told["baseline_missing"].as_str().unwrap().contains("尚未录入2023年的基数"), "{told:#}");
        let english = app.officer().send(ureq::http::Method::GET, REPORT, &[("Accept-Language", "en")], None).expect(200);
        assert!(english["baseline_missing"].as_str().unwrap().contains("has not been entered"), "{english:#}");
        for row in told["years"].as_array().unwrap() {
            for figure in ["growth_percent", "share_of_required_growth_percent", "path", "ahead_by", "percent_of_path"] {
                assert_eq!(row[figure], Value::Null, "{figure}");
            }
        }
        for figure in ["expected", "percent", "needed_per_day"] {
            assert_eq!(told["pace"][figure], Value::Null, "{figure}");
        }
        assert_eq!((&told["reached"], &told["reached_in"]), (&json!(false), &Value::Null));
        assert_eq!(told["years"][2]["completed"], 1);
        enter_baseline(&app, 1);
        let told = report(&app, "");
        assert_eq!((&told["baseline_missing"], &told["target"], &told["reached"]), (&Value::Null, &json!(2), &json!(false)));
        enter(&app, "2026-01", 1).expect(201);
        // Reached at once, though the year is not over.
        let told = report(&app, "");
        assert_eq!((&told["reached"], &told["reached_in"]), (&json!(true), &json!(2026)));
    }

    /// A new appliance and an old one that the programme takes: everything else stands beside it.
    fn only_a_matched_old_appliance_counts(app) {
        publish_all(&app, &[
            ("none", "matching = \"none\", matched_at = \"redemption\""),
            ("bonus", "matching = \"bonus\", matched_at = \"redemption\", must_be_complete = true"),
            ("bonus-at-issue", "matching = \"bonus\", matched_at = \"issue\", must_be_complete = true"),
            ("any", "matching = \"any_category\", matched_at = \"redemption\", categories = [\"refrigerator\", \"television\", \"phone\"]"),
        ]);
        let fridge = || old_fridge(&app, 0);
        let broken = || with(fridge(), "/item/complete", false);
        let television = || with(fridge(), "/category", "television");
        let phone = || with(fridge(), "/category", "phone");
        let (mut completed, mut beside) = (0, 0);
        for (programme, old, counts) in [
            ("none", Some(fridge()), false),
            ("none", None, false),
            ("bonus", Some(fridge()), true),
            ("bonus", Some(broken()), false),
            ("bonus", None, false),
            ("bonus-at-issue", Some(fridge()), true),
            ("bonus-at-issue", Some(broken()), false),
            ("any", Some(television()), true),
            ("any", Some(phone()), false),
        ] {
            let turn_in = old.map(|body| app.turn_in(&body));
            let at_issue = turn_in.as_deref().filter(|_| programme == "bonus-at-issue");
            let voucher = app.claim(0, programme, "refrigerator", at_issue);
            let redemption = redeem(&app, 0, &voucher, turn_in.as_deref());
            if counts { completed += 1 } else { beside += 1 }
            let now = year(&app, 2026, "");
            let expected = (json!(completed), json!(beside));
            assert_eq!((&now["completed"], &now["subsidised_without_old_item"]), (&expected.0, &expected.1), "{programme}");
            assert_eq!(now["by_category"], json!([{"category": "refrigerator", "completed": completed,
                "subsidised_without_old_item": beside}]));
            if ["none", "bonus"].contains(&programme) {
                continue;
            }
            // What is taken back is taken from where it counted.
            take_back(&app, &redemption);
            if counts { completed -= 1 } else { beside -= 1 }
        }
        let now = year(&app, 2026, "");
        assert_eq!((&now["completed"], &now["subsidised_without_old_item"]), (&json!(1), &json!(4)));
    }

    /// Matched at issue in the old year and redeemed in the new one, by Shanghai's midnight and not by Greenwich's.
    fn the_later_of_the_two_days_decides(app) {
        let app = at(app, "2026-12-31T23:58:00+08:00");
        publish_all(&app, &[("early", "matching = \"same_category\", matched_at = \"issue\"")]);
        let vouchers: Vec<String> = (0..2)
            .map(|n| app.claim(n, "early", "refrigerator", Some(&app.turn_in(&old_fridge(&app, n)))))
            .collect();
        redeem(&app, 0, &vouchers[0], None);
        assert_eq!(year(&app, 2026, "")["completed"], 1);
        let app = app.later(180);
        redeem(&app, 1, &vouchers[1], None);
        assert_eq!((&year(&app, 2026, "")["completed"], &year(&app, 2027, "")["completed"]), (&json!(1), &json!(1)));
        let told = report(&app, "");
        assert_eq!((told["years"].as_array().unwrap().len(), &told["pace"]["elapsed_days"]), (4, &json!(1)));
        let days = app.officer().get("/api/v1/reports/totals?group_by=day").expect(200)["rows"].clone();
        let days: Vec<_> = days.as_array().unwrap().iter().map(|row| (row["key"].clone(), row["redeemed"].clone())).collect();
        assert_eq!(days, [(json!("2026-12-31"), json!(1)), (json!("2027-01-01"), json!(1))]);
        // The last day of the year leaves none to catch up in.
        enter_baseline(&app, 20_000);
        let eve = report(&app, "year=2026&as_known_at=2026-12-31T23:59:00%2B08:00");
        assert_eq!((&eve["pace"]["elapsed_days"], &eve["pace"]["needed_per_day"]), (&json!(365), &Value::Null));
    }

    /// A return in the next year takes one from the year in which it counted, as known from the day of the return.
    fn a_return_in_the_next_year(app) {
        let app = at(app, "2026-12-31T10:00:00+08:00");
        let redemption = trade_in(&app, 0);
        trade_in(&app, 1);
        let before = report(&app, "year=2027");
        assert_eq!(before["years"][2]["completed"], 2);
        let app = app.later(4 * DAY);
        trade_in(&app, 2);
        let known = report(&app, "year=2027");
        assert_eq!((&known["years"][2]["completed"], &known["years"][3]["completed"]), (&json!(2), &json!(1)));
        take_back(&app, &redemption);
        let after = report(&app, "year=2027");
        assert_eq!((&after["years"][2]["completed"], &after["years"][3]["completed"]), (&json!(1), &json!(1)));
        let months = app.officer().get("/api/v1/reports/totals?group_by=month").expect(200);
        let row = |at: usize| (&months["rows"][at]["key"], &months["rows"][at]["redeemed"], &months["rows"][at]["reversed"]);
        assert_eq!(row(0), (&json!("2026-12"), &json!(2), &json!(0)));
        assert_eq!(row(1), (&json!("2027-01"), &json!(1), &json!(1)));
        // The days before the return do not know of it, the day itself from its moment on, and later days for good.
        let app = app.later(30 * DAY);
        let completed = |at: &str| year(&app, 2026, &format!("&as_known_at={at}"))["completed"].clone();
        assert_eq!(completed("2026-12-31T23:59:59.999999%2B08:00"), 2);
        assert_eq!(completed("2027-01-03T23:59:59%2B08:00"), 2);
        assert_eq!(completed(known["as_known_at"].as_str().unwrap()), 2);
        assert_eq!(completed(after["as_known_at"].as_str().unwrap()), 1);
        assert_eq!(completed("2027-01-05T00:00:00%2B08:00"), 1);
        for told in [before, known, after] {
            assert_eq!(report(&app, &format!("year=2027&as_known_at={}", told["as_known_at"].as_str().unwrap())), told);
        }
    }

    /// Every report that was told is told again, byte for byte, whatever has been entered, redeemed and returned since.
    fn an_old_report_is_told_again(app) {
        let mut told: Vec<(Moment, Vec<u8>)> = Vec::new();
        let note = |app: &TestApp, told: &mut Vec<(Moment, Vec<u8>)>| {
            let answer = app.officer().get(&format!("{REPORT}?year=2026"));
            told.push((moment(&answer.body["as_known_at"]), answer.bytes));
        };
        note(&app, &mut told);
        enter_baseline(&app, 20_000);
        note(&app, &mut told);
        enter(&app, "2025-12", 23_400).expect(201);
        note(&app, &mut told);
        let first = trade_in(&app, 0);
        note(&app, &mut told);
        let second = trade_in(&app, 1);
        note(&app, &mut told);
        enter(&app, "2025-12", 23_399).expect(201);
        note(&app, &mut told);
        enter_baseline(&app, 19_999);
        note(&app, &mut told);
        take_back(&app, &first);
        note(&app, &mut told);
        let app = app.later(DAY);
        note(&app, &mut told);
        trade_in(&app, 2);
        note(&app, &mut told);
        let app = app.later(200 * DAY);
        take_back(&app, &second);
        enter(&app, "2026-01", 5).expect(201);
        note(&app, &mut told);
        for (at, bytes) in &told {
            let again = app.officer().get(&format!("{REPORT}?year=2026&as_known_at={at}"));
            assert!(again.bytes == *bytes, "{at}: {:#}", again.body);
            let shanghai = format!("{}%2B08:00", at.local().format("%Y-%m-%dT%H:%M:%S%.6f"));
            let again = app.officer().get(&format!("{REPORT}?year=2026&as_known_at={shanghai}"));
            assert!(again.bytes == *bytes, "{shanghai}: {:#}", again.body);
        }
        let mut distinct = told.clone();
        distinct.dedup_by(|one, other| one.1 == other.1);
        assert!(distinct.len() == told.len() && told.is_sorted_by_key(|(at, _)| *at));
    }

    /// In the middle of a day, to the microsecond.
    fn what_was_known_at_a_moment(app) {
        let before = report(&app, "year=2026");
        let redemption = trade_in(&app, 0);
        let then = moment(&redemption["at"]);
        trade_in(&app, 1);
        let known = |at: Moment| report(&app, &format!("year=2026&as_known_at={at}"));
        let completed = |at: Moment| known(at)["years"][2]["completed"].as_i64().unwrap();
        assert_eq!((completed(Moment(then.0 - 1)), completed(then), completed(Moment(then.0 + 1))), (0, 1, 1));
        assert_eq!(moment(&known(then)["as_known_at"]), then);
        // The turn-in and the claim were recorded in between; none of them counts.
        assert_eq!(known(Moment(then.0 - 1))["years"], before["years"]);
        // What is yet to come is not known; the answer says as of when it is.
        let now = report(&app, "year=2026");
        for later in ["2026-06-18T23:00:00%2B08:00", "2026-06-19T00:00:00Z", "2030-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59"] {
            assert_eq!(report(&app, &format!("year=2026&as_known_at={later}")), now, "{later}");
        }
        assert_eq!(now["years"][2]["completed"], 2);
        // Of what was before the first record, nothing is.
        for early in ["2020-01-01T00:00:00Z", "0001-01-01T00:00:00%2B08:00"] {
            let told = report(&app, &format!("year=2026&as_known_at={early}"));
            assert_eq!((&told["baseline"], &told["years"][2]["actual"]), (&Value::Null, &json!(0)), "{early}");
            assert_eq!(told["pace"]["elapsed_days"], 0);
        }
        let officer = app.officer();
        for (query, pointer) in [
            ("as_known_at=2026-06-18", "/as_known_at"), ("as_known_at=2026-06-18T10:00:00", "/as_known_at"),
            ("as_known_at=now", "/as_known_at"), ("year=2023", "/year"), ("year=2101", "/year"), ("year=x", "/year"),
        ] {
            assert_eq!(officer.get(&format!("{REPORT}?{query}")).refused_alone(400, "BODY_MALFORMED"), pointer, "{query}");
        }
        assert_eq!(report(&app, "year=2100")["years"].as_array().unwrap().len(), 77);
        // An offset whose plus sign is not escaped.
        let plain = report(&app, "year=2026&as_known_at=2026-06-18T09:00:00+08:00");
        assert_eq!(plain["as_known_at"], "2026-06-18T01:00:00.000000Z");
    }

    fn months_outside_the_service(app) {
        for (month, count) in [("2024-01", 0), ("2025-12", 1_000_000_000), ("2026-05", 120), ("2026-06", 40)] {
            let entered = enter(&app, month, count).expect(201);
            assert_eq!((&entered["month"], &entered["count"], &entered["in_force"]), (&json!(month), &json!(count), &json!(true)));
        }
        for month in ["2026-07", "2027-01", "2023-12", "2023-01", "1999-01", "2026-13", "2026-00", "2026-6", "6月", ""] {
            let refused = enter(&app, month, 1);
            assert_eq!(refused.refused_alone(400, "BODY_MALFORMED"), "/month", "{month}");
            let told = &refused.body["errors"][0];
            assert_eq!((&told["found"], &told["expected"]), (&json!(month), &json!("a month from 2024-01 to 2026-06")));
        }
        for count in [json!(-1), json!(1_000_000_001), json!(i64::MAX), json!(u64::MAX), json!(1.5), json!("1"), json!(1e30)] {
            assert_eq!(enter(&app, "2026-05", count.clone()).refused_alone(400, "BODY_MALFORMED"), "/count", "{count}");
        }
        // A correction takes the place of what was there, also by nothing; everything stays to be seen.
        enter(&app, "2026-05", 130).expect(201);
        enter(&app, "2026-06", 0).expect(201);
        assert_eq!(year(&app, 2026, "")["off_system"], 130);
        assert_eq!(year(&app, 2025, "")["off_system"], 1_000_000_000);
        let list = app.officer().get(OFF_SYSTEM).expect(200);
        let seen = |list: &Value| -> Vec<Value> {
            let rows = list["items"].as_array().unwrap().iter();
            rows.map(|row| json!([row["month"], row["count"], row["in_force"]])).collect()
        };
        assert_eq!(seen(&list), [
            json!(["2026-06", 0, true]), json!(["2026-05", 130, true]), json!(["2026-06", 40, false]),
            json!(["2026-05", 120, false]), json!(["2025-12", 1_000_000_000, true]), json!(["2024-01", 0, true]),
        ]);
        let newest = &list["items"][0];
        assert_eq!((&newest["source"], newest["author"].is_string()), (&json!("商家自报汇总"), true));
        assert!(moment(&newest["entered_at"]) > moment(&list["items"][1]["entered_at"]));
        let of_may = app.finance().get(&format!("{OFF_SYSTEM}?month=2026-05")).expect(200);
        assert_eq!(seen(&of_may), [json!(["2026-05", 130, true]), json!(["2026-05", 120, false])]);
        let page = app.officer().get(&format!("{OFF_SYSTEM}?limit=4")).expect(200);
        let cursor = page["next_cursor"].as_str().unwrap();
        let rest = app.officer().get(&format!("{OFF_SYSTEM}?limit=4&cursor={cursor}")).expect(200);
        assert_eq!(([seen(&page), seen(&rest)].concat(), &rest["next_cursor"]), (seen(&list), &Value::Null));
        app.finance().get(&format!("{OFF_SYSTEM}?cursor={cursor}")).refused_alone(400, "CURSOR_INVALID");
        assert_eq!(app.officer().get(&format!("{OFF_SYSTEM}?month=2026-5")).refused_alone(400, "BODY_MALFORMED"), "/month");
        // The month that comes is taken when it has come.
        enter(&app.later(13 * DAY), "2026-07", 1).expect(201);
    }

    /// The same baseline sent again is one entry; put back after it was changed, it is a new one, and counts.
    fn a_baseline_is_put_back(app) {
        let put = |value: u64, source: &str| {
            let answer = app.officer().put(BASELINE, &json!({"year": 2023, "value": value, "source": source}));
            (answer.replayed(), answer.expect(200)["id"].as_str().unwrap().to_owned())
        };
        let first = put(20_000, "区统计局");
        assert_eq!(put(20_000, "区统计局"), (true, first.1.clone()));
        assert!(!put(21_000, "区统计局").0);
        let back = put(20_000, "区统计局");
        assert!(!back.0 && back.1 != first.1);
        assert_eq!(put(20_000, "区统计局"), (true, back.1.clone()));
        assert_eq!(report(&app, "")["baseline"]["id"], back.1.as_str());
        assert!(!put(20_000, "区商务局").0);
        assert_eq!(app.officer().get(BASELINE).expect(200)["items"].as_array().unwrap().len(), 4);
    }

    fn baselines_with_their_profiles(app) {
        let officer = app.officer();
        let profile = [vec![1500; 11], vec![3500]].concat();
        let body = json!({"year": 2023, "value": 20_000, "source": "区统计局", "monthly": profile});
        let entered = officer.put(BASELINE, &body).expect(200);
        assert_eq!((&entered["monthly"], &entered["in_force"]), (&json!(profile), &json!(true)));
        // 1 January to 18 June: five months and 18 of 30 days of the sixth.
        enter(&app, "2026-06", 10_000).expect(201);
        let pace = report(&app, "year=2026")["pace"].clone();
        assert_eq!((&pace["elapsed_days"], &pace["expected"], &pace["percent"]), (&json!(169), &json!("10290.00"), &json!("97.18")));
        for (pointer, value, found) in [
            ("/monthly", json!([vec![1500; 11], vec![3499]].concat()), Some("12 months, sum 19999")),
            ("/monthly", json!(vec![2000; 10]), Some("10 months, sum 20000")),
            ("/monthly", json!([]), Some("0 months, sum 0")),
            ("/monthly", json!(vec![u64::MAX; 12]), Some("12 months, sum 18446744073709551615")),
            ("/year", json!(2024), None),
        ] {
            let refused = officer.put(BASELINE, &with(body.clone(), pointer, value));
            assert_eq!(refused.refused_alone(400, "BODY_MALFORMED"), pointer);
            if let Some(found) = found {
                let told = &refused.body["errors"][0];
                assert_eq!(told["found"], found);
                assert_eq!(told["expected"], "12 months whose sum is the value of the year, 20000");
            }
        }
        for value in [json!(0), json!(1_000_000_001), json!(u64::MAX), json!(-1)] {
            let body = json!({"year": 2023, "value": value, "source": "区统计局"});
            assert_eq!(officer.put(BASELINE, &body).refused_alone(400, "BODY_MALFORMED"), "/value");
        }
        enter_baseline(&app, 20_500);
        let list = officer.get(BASELINE).expect(200);
        let rows: Vec<_> = list["items"].as_array().unwrap().iter().map(|row| (row["value"].clone(), row["in_force"].clone())).collect();
        assert_eq!(rows, [(json!(20_500), json!(true)), (json!(20_000), json!(false))]);
        assert_eq!(report(&app, "")["baseline"], list["items"][0]);
        let page = officer.get(&format!("{BASELINE}?limit=1")).expect(200);
        let next = officer.get(&format!("{BASELINE}?limit=1&cursor={}", page["next_cursor"].as_str().unwrap())).expect(200);
        assert_eq!((&page["items"][0], &next["items"][0]), (&list["items"][0], &list["items"][1]));
    }
}

/// An indoor and an outdoor unit are one trade-in.
fn set_of_air_conditioners(app: &TestApp, n: usize) {
    let serial = || synthetic::serial_number(fresh());
    let turn_in = app.turn_in(&with(old_fridge(app, n), "/category", "air_conditioner"));
    let voucher = app.claim(n, "nc-appl-2026", "air_conditioner", None);
    let item = json!({"category": "air_conditioner", "brand": "格力", "model": "KFR-35GW", "energy_level": 1,
        "serial_number": serial(), "outdoor_serial_number": serial()});
    let body = with(sale(app, n, &item, "4999.00"), "/turn_in_id", turn_in);
    app.retailer().post("/api/v1/redemptions", &with(body, "/qr_token", app.code(n, &voucher, "live"))).expect(201);
}
