//! The reports beside the totals, held against what the API says elsewhere and against figures worked out by hand.

use huanxin::access::Role;
use serde_json::{Value, json};

use crate::app::{TODAY, TestApp, User};
use crate::exports::Sheet;
use crate::sale::with;

const PROGRAMME: &str = "nc-appl-2026";

fn get(user: &User<'_>, path: &str) -> Value {
    user.get(&format!("/api/v1/{path}")).expect(200)
}

fn sheet(user: &User<'_>, path: &str) -> Sheet {
    let sign = if path.contains('?') { '&' } else { '?' };
    let answer = user.send(
        ureq::http::Method::GET,
        &format!("/api/v1/{path}{sign}format=xlsx"),
        &[("Accept-Language", "en")],
        None,
    );
    assert_eq!(answer.status, 200, "{:#}", answer.body);
    Sheet::of(&answer, "xlsx")
}

/// Three sales of 944.85, one of them taken back; and one that is refused for two reasons.
fn sold(app: &TestApp) {
    for n in 0..2 {
        app.retailer().post("/api/v1/redemptions", &app.ready(n)).made();
    }
    let back = app.retailer().post("/api/v1/redemptions", &app.ready(2)).made();
    let why = json!({"reason": "顾客退货"});
    app.retailer().post(&format!("/api/v1/redemptions/{back}/reversal"), &why).expect(201);
    let wrong = with(with(app.ready(3), "/item/energy_level", 2), "/invoice/buyer_name", app.name(4));
    assert_eq!(app.retailer().post("/api/v1/redemptions", &wrong).status, 422);
}

on_both! {
    fn the_money_is_gone_at_the_rate_of_the_last_days(app) {
        sold(&app);
        let officer = app.officer();
        let lines = get(&officer, "reports/burn-down")["lines"].clone();
        let line = lines.as_array().unwrap().iter()
            .find(|line| line["programme"] == PROGRAMME && line["category"] == "refrigerator").unwrap();
        assert_eq!((&line["used"], &line["used_in_window"]), (&json!("1889.70"), &json!("1889.70")));
        // 188 970 fen in 28 days are 6748.93 a day.
        assert_eq!(line["per_day"], "67.49");
        assert_eq!(line["days"], json!([{"day": TODAY, "used": "1889.70"}]));
        let fen = |name: &str| line[name].as_str().unwrap().replace('.', "").parse::<i64>().unwrap();
        assert_eq!(fen("appropriation"), fen("used") + fen("reserved") + fen("available"));
        let days = ((fen("reserved") + fen("available")) * 28 + 188_969) / 188_970;
        let told = line["days_left"].as_i64();
        assert_eq!(told, Some(days).filter(|days| *days <= 3660));
        let rows = sheet(&officer, "reports/burn-down");
        assert_eq!(rows.rows(), lines.as_array().unwrap().len());
        assert!(rows.column("Available").iter().all(|(kind, _)| kind == "n"));
        // A department sees its goods alone.
        let cars = app.somebody_with(Role::Reader, |claims| claims.tasks = vec![12]);
        let seen = get(&cars, "reports/burn-down")["lines"].clone();
        assert!(seen.as_array().unwrap().iter().all(|line| line["category"] == "car"));
    }

    fn retailers_are_ranked_and_refusals_counted(app) {
        sold(&app);
        let rows = get(&app.finance(), &format!("reports/retailer-ranking?from={TODAY}&to={TODAY}"))["rows"].clone();
        let first = &rows[0];
        assert_eq!((&first["rank"], &first["redeemed"], &first["reversed"]), (&json!(1), &json!(3), &json!(1)));
        assert_eq!((&first["subsidy"], &first["share_percent"]), (&json!("1889.70"), &json!("100.00")));
        assert_eq!(first["reversed_percent"], "33.33");
        assert_eq!(sheet(&app.finance(), "reports/retailer-ranking").column("Subsidy"), [&("n".into(), Some("1889.7".into()))]);

        let report = get(&app.auditor(), "reports/refusals");
        assert_eq!(report["attempts"], 1);
        let codes: Vec<(&str, i64, i64)> = report["rows"].as_array().unwrap().iter().map(|row| {
            assert_eq!(row["act"], "redeem_voucher");
            (row["code"].as_str().unwrap(), row["attempts"].as_i64().unwrap(), row["as_first"].as_i64().unwrap())
        }).collect();
        assert_eq!(codes, [("BUYER_MISMATCH", 1, 1), ("ENERGY_LEVEL_NOT_ELIGIBLE", 1, 0)]);
        assert_eq!(get(&app.auditor(), "reports/refusals?to=2026-06-17")["attempts"], 0);
    }

    /// The shares of all sources are the subsidy, to the fen.
    fn each_source_pays_its_share_of_each_task(app) {
        sold(&app);
        let rows = get(&app.officer(), "reports/tasks")["rows"].clone();
        let rows = rows.as_array().unwrap();
        let fen = |row: &Value, name: &str| row[name].as_str().unwrap().replace('.', "").parse::<i64>().unwrap();
        let sum = |name: &str| rows.iter().map(|row| fen(row, name)).sum::<i64>();
        assert_eq!((sum("redeemed"), sum("undone"), sum("net")), (3 * 94_485, 94_485, 2 * 94_485));
        assert!(rows.iter().all(|row| row["task"] == 14 && row["redemptions"] == 3));
        let sources: Vec<&str> = rows.iter().map(|row| row["source"].as_str().unwrap()).collect();
        assert!(sources.contains(&"central") && sources.contains(&"province"), "{sources:?}");
        assert_eq!(get(&app.officer(), "reports/payment-times"), json!({"all": null, "retailers": []}));
    }

    /// Nobody is known by it, and nothing that was undone is in it.
    fn what_is_published_has_masks(app) {
        sold(&app);
        let list = sheet(&app.officer(), &format!("exports/publication?from={TODAY}&to={TODAY}&programme={PROGRAMME}"));
        assert_eq!(list.rows(), 2);
        for (_, name) in list.column("Name") {
            assert!(name.as_deref().unwrap().ends_with('*'), "{name:?}");
        }
        for (_, number) in list.column("Identity number") {
            let number = number.as_deref().unwrap();
            assert!(number.contains("********") && number.len() == 18, "{number}");
        }
        let path = format!("/api/v1/exports/publication?from={TODAY}&to={TODAY}");
        app.officer().get(&path).refused_alone(400, "FIELD_MISSING");
        app.officer().get(&format!("{path}&programme=no-such")).refused(404, "NOT_FOUND");
        // A month that is not over is not told, and a small cell never.
        let open = |app: &TestApp| get(&app.nobody(), "open-data/redemptions");
        assert_eq!(open(&app), json!({"smallest": 10, "rows": []}));
        let app = app.later(15 * 24 * 3600);
        assert_eq!(open(&app)["rows"], json!([
            {"month": "2026-06", "category": "refrigerator", "redemptions": null, "subsidy": null}]));
    }

    /// What the bureau has refused is no subsidy, for the platform as for the public, until it is handed in again.
    fn what_was_refused_is_neither_published_nor_uploaded(app) {
        let sale = app.retailer().post("/api/v1/redemptions", &app.ready(0)).made();
        let app = app.later(24 * 3600);
        let lines = json!({"from": TODAY, "to": TODAY, "lines": 1, "amount": "944.85"});
        let settlement = app.retailer().post("/api/v1/settlements", &lines).made();
        let days = format!("from={TODAY}&to={TODAY}");
        let told = || [
            sheet(&app.officer(), &format!("exports/national-upload?{days}&reason=national")).rows(),
            sheet(&app.officer(), &format!("exports/publication?{days}&programme={PROGRAMME}")).rows(),
        ];
        assert_eq!(told(), [1, 1]);
        let refusal = json!({"redemption_id": sale, "code": "PHOTO", "reason": "照片不清"});
        app.demo_user("reviewer").post(&format!("/api/v1/settlements/{settlement}/rejections"), &refusal).expect(201);
        assert_eq!(told(), [0, 0]);
        let again = format!("/api/v1/redemptions/{sale}/resubmission");
        app.retailer().post(&again, &json!({"note": "已补照片"})).expect(200);
        assert_eq!(told(), [1, 1]);
    }

    /// Thirty-five columns, identity numbers in the clear, and why they were taken along.
    fn the_national_platform_gets_its_columns(app) {
        sold(&app);
        let path = format!("exports/national-upload?from={TODAY}&to={TODAY}&reason=national");
        let rows = sheet(&app.officer(), &path);
        assert_eq!(rows.rows(), 2);
        let told: Vec<&str> =
            rows.column("买方身份证号").into_iter().map(|(_, number)| number.as_deref().unwrap()).collect();
        assert_eq!(told, [app.resident_id(0), app.resident_id(1)]);
        assert!(rows.column("补贴金额").iter().all(|(kind, sum)| kind == "n" && sum.as_deref() == Some("944.85")));
        assert!(rows.column("订单创建时间").iter().all(|(kind, _)| kind == "d"));
        assert!(rows.column("物流单号").iter().all(|(_, value)| value.is_none()));
        let records = app.auditor().get("/api/v1/audit/records?limit=1").expect(200);
        assert!(records["items"][0]["body"].as_str().unwrap().contains("\"reason\":\"national\""), "{records:#}");
        let silent = format!("/api/v1/exports/national-upload?from={TODAY}&to={TODAY}");
        assert_eq!(app.officer().get(&silent).refused_alone(400, "FIELD_MISSING"), "/reason");
    }
}
