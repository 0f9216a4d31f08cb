//! A consumer or a retailer objects, the other side answers, an officer decides; the line is held meanwhile.

use huanxin::access::Role;
use huanxin::domain::id::Id;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, User};
use crate::identity::Staff;
use crate::sale::with;

const DISPUTES: &str = "/api/v1/disputes";
const A_DAY: i64 = 24 * 3600;

fn open(user: &User<'_>, about: &str, subject: &str) -> Answer {
    user.post(DISPUTES, &json!({"about": about, "subject_id": subject, "statement": "商家未送货，要求退款"}))
}

fn step(user: &User<'_>, id: &str, step: &str, body: &Value) -> Answer {
    user.post(&format!("{DISPUTES}/{id}/{step}"), body)
}

fn answer(user: &User<'_>, id: &str) -> Answer {
    step(user, id, "answer", &json!({"answer": "已于6月20日送达"}))
}

fn decide(user: &User<'_>, id: &str, outcome: &str, keeps_holding: bool) -> Answer {
    step(user, id, "decision", &json!({"outcome": outcome, "reason": "已核对签收单", "keeps_holding": keeps_holding}))
}

fn withdraw(user: &User<'_>, id: &str) -> Answer {
    step(user, id, "withdrawal", &json!({"reason": "已解决"}))
}

fn sell(app: &TestApp, n: usize) -> String {
    app.retailer().post("/api/v1/redemptions", &app.ready(n)).made()
}

/// How many reasons hold the line of a redemption.
fn held(app: &TestApp, redemption: &str) -> usize {
    let rows = app.database().rows_of("line_hold");
    let row = rows.iter().find(|row| row["redemption"] == redemption);
    row.map_or(0, |row| serde_json::from_str::<Vec<Value>>(row["open"].as_str().unwrap()).unwrap().len())
}

fn count(user: &User<'_>, query: &str) -> usize {
    user.get(&format!("{DISPUTES}{query}")).expect(200)["items"].as_array().unwrap().len()
}

on_both! {
    fn a_consumer_objects_to_a_redemption(app) {
        let (redemption, consumer, officer) = (sell(&app, 0), app.consumer(0), app.officer());
        let opened = open(&consumer, "redemption", &redemption).expect(201);
        let id = opened["id"].as_str().unwrap();
        assert_eq!((&opened["status"], &opened["opened_by"], &opened["holds"]),
            (&json!("opened"), &json!("consumer"), &json!(true)));
        // The day after is the Dragon Boat Festival, a Friday.
        assert_eq!((&opened["answer_by"], &opened["decide_by"]), (&json!("2026-06-30"), &json!("2026-07-17")));
        assert_eq!(held(&app, &redemption), 1);
        open(&consumer, "redemption", &redemption).refused(409, "WRONG_STATE");
        // Nobody decides before the answer, and nobody on her own answer.
        decide(&officer, id, "rejected", false).refused(409, "WRONG_STATE");
        assert_eq!(answer(&app.retailer(), id).expect(200)["status"], "answered");
        answer(&app.retailer(), id).refused(409, "WRONG_STATE");
        let decided = decide(&officer, id, "rejected", false).expect(200);
        assert_eq!((&decided["status"], &decided["holds"]), (&json!("decided"), &json!(false)));
        assert_eq!(decided["decision"]["outcome"], "rejected");
        assert_eq!(held(&app, &redemption), 0);
        decide(&officer, id, "upheld", false).refused(409, "WRONG_STATE");
        withdraw(&consumer, id).refused(409, "WRONG_STATE");
        assert_eq!([count(&consumer, ""), count(&app.consumer(1), ""), count(&app.retailer(), ""), count(&officer, "?status=decided"),
            count(&officer, "?status=opened")], [1, 0, 1, 1, 0]);
    }

    fn the_line_of_a_complaint_that_is_upheld_stays_held(app) {
        let (redemption, second) = (sell(&app, 0), app.somebody(Role::Officer, None));
        let id = open(&app.consumer(0), "redemption", &redemption).made();
        answer(&app.officer(), &id).expect(200);
        decide(&app.officer(), &id, "upheld", true).refused_alone(409, "SAME_OFFICER");
        assert_eq!(decide(&second, &id, "upheld", true).expect(200)["holds"], true);
        assert_eq!(held(&app, &redemption), 1);
        // It can be objected to anew, and a rejection holds nothing.
        let again = open(&app.retailer(), "redemption", &redemption).made();
        assert_eq!(held(&app, &redemption), 2);
        answer(&app.officer(), &again).expect(200);
        decide(&second, &again, "rejected", true).expect(200);
        assert_eq!(held(&app, &redemption), 1);
        // Another officer than the one who decided lets it go, once.
        let release = |user: &User<'_>, id: &str| step(user, id, "hold-release", &json!({"reason": "已了结"}));
        release(&second, &id).refused_alone(409, "SAME_OFFICER");
        release(&app.officer(), &again).refused_alone(409, "WRONG_STATE");
        let released = release(&app.officer(), &id).expect(200);
        assert_eq!((&released["holds"], &released["released"]["reason"]), (&json!(false), &json!("已了结")));
        assert_eq!(held(&app, &redemption), 0);
        release(&app.officer(), &id).refused_alone(409, "WRONG_STATE");
        // Who has objected before holds nothing by the next objection, unless it is upheld and the officer says so.
        let third = open(&app.consumer(0), "redemption", &redemption).expect(201);
        assert_eq!((&third["holds"], held(&app, &redemption)), (&json!(false), 0));
        let third = third["id"].as_str().unwrap();
        answer(&app.officer(), third).expect(200);
        assert_eq!(decide(&second, third, "upheld", true).expect(200)["holds"], true);
        assert_eq!(held(&app, &redemption), 1);
        app.database().verify().unwrap();
    }

    /// What holds a line for good keeps it out of a later settlement too, until it is let go.
    fn a_line_that_stays_held_is_not_submitted_again(app) {
        let (redemption, second) = (sell(&app, 0), app.somebody(Role::Officer, None));
        let id = open(&app.consumer(0), "redemption", &redemption).made();
        answer(&app.officer(), &id).expect(200);
        decide(&second, &id, "upheld", true).expect(200);
        let app = app.later(A_DAY);
        let second = app.somebody(Role::Officer, None);
        let settlement = json!({"from": crate::app::TODAY, "to": crate::app::TODAY, "lines": 1, "amount": "944.85"});
        let settlement = app.retailer().post("/api/v1/settlements", &settlement).made();
        let refusal = json!({"redemption_id": redemption, "code": "DELIVERY", "reason": "未送货"});
        app.demo_user("reviewer").post(&format!("/api/v1/settlements/{settlement}/rejections"), &refusal).expect(201);
        let path = format!("/api/v1/redemptions/{redemption}/resubmission");
        let again = |app: &TestApp| app.retailer().post(&path, &json!({"note": "已送货"}));
        again(&app).refused_alone(409, "WRONG_STATE");
        step(&second, &id, "hold-release", &json!({"reason": "已了结"})).refused_alone(409, "SAME_OFFICER");
        step(&app.officer(), &id, "hold-release", &json!({"reason": "已了结"})).expect(200);
        again(&app).expect(200);
        app.database().verify().unwrap();
    }

    fn a_consumer_objects_to_a_refusal(app) {
        app.claim(0, "nc-appl-2026", "refrigerator", None);
        let consumer = app.consumer(0);
        let again = TestApp::claim_body("nc-appl-2026", "refrigerator", None);
        consumer.post("/api/v1/vouchers", &again).refused(422, "CATEGORY_LIMIT_REACHED");
        let kept = consumer.get("/api/v1/me/personal-data").expect(200);
        let attempt = kept["refused"][0]["id"].as_str().unwrap_or_else(|| panic!("{kept:#}"));
        let opened = open(&consumer, "refusal", attempt).expect(201);
        assert_eq!((&opened["codes"], &opened["holds"], &opened["retailer_id"]),
            (&json!(["CATEGORY_LIMIT_REACHED"]), &json!(false), &Value::Null));
        open(&app.consumer(1), "refusal", attempt).refused(404, "NOT_FOUND");
        open(&app.retailer(), "refusal", attempt).refused(404, "NOT_FOUND");
        // A till's refusal of one's own voucher.
        let body = with(app.ready(1), "/item/energy_level", 5);
        app.retailer().post("/api/v1/redemptions", &body).refused(422, "ENERGY_LEVEL_NOT_ELIGIBLE");
        let rows = app.database().rows_of("attempt");
        let at_till = rows.iter().find(|row| row["act"] == "redeem_voucher").unwrap()["id"].as_str().unwrap().to_owned();
        open(&consumer, "refusal", &at_till).refused(404, "NOT_FOUND");
        open(&app.consumer(1), "refusal", &at_till).expect(201);
    }

    /// What was refused at a till is there for the consumer whose voucher it was and for the till's retailer, by its identity or
    /// by the request that was refused.
    fn a_refusal_at_a_till_is_objected_to(app) {
        let signed_in = Staff::of(&app, "clerk").signs_in(&app);
        let clerk = signed_in.user(&app);
        let good = app.ready(1);
        let quote = clerk.say("/api/v1/redemptions/quote", &good).expect(200);
        let shown = with(good, "/item/energy_level", 5);
        let by_code = clerk.post("/api/v1/redemptions", &shown);
        by_code.refused(422, "ENERGY_LEVEL_NOT_ELIGIBLE");
        let scanned = with(with(shown, "/qr_token", Value::Null), "/scan_token", quote["scan_token"].clone());
        let by_scan = clerk.post("/api/v1/redemptions", &scanned);
        by_scan.refused(422, "ENERGY_LEVEL_NOT_ELIGIBLE");
        let refused = |user: &User<'_>| user.get("/api/v1/me/personal-data").expect(200)["refused"].clone();
        assert_eq!(refused(&app.consumer(0)), json!([]));
        let told = refused(&app.consumer(1));
        let told: Vec<&str> = told.as_array().unwrap().iter().map(|row| {
            assert_eq!(row["act"], "redeem_voucher");
            row["id"].as_str().unwrap()
        }).collect();
        let [newest, oldest] = told[..] else { panic!("{told:?}") };
        let elsewhere = app.somebody(Role::Retailer, Some(Id::digest(&["another retailer"])));
        for (refusal, attempt) in [(&by_code, oldest), (&by_scan, newest)] {
            let instance = refusal.header("X-Request-Id").unwrap();
            for named in [attempt, instance] {
                open(&app.consumer(0), "refusal", named).refused(404, "NOT_FOUND");
                open(&elsewhere, "refusal", named).refused(404, "NOT_FOUND");
            }
            let opened = open(&app.consumer(1), "refusal", instance).expect(201);
            assert_eq!((&opened["subject_id"], &opened["retailer_id"]), (&json!(attempt), &Value::Null));
            open(&app.consumer(1), "refusal", attempt).refused(409, "WRONG_STATE");
            let opened = open(&app.retailer(), "refusal", attempt).expect(201);
            assert_eq!((&opened["opened_by"], &opened["retailer_id"]), (&json!("retailer"), &Value::Null));
            open(&app.retailer(), "refusal", instance).refused(409, "WRONG_STATE");
            answer(&app.retailer(), opened["id"].as_str().unwrap()).refused(404, "NOT_FOUND");
            answer(&app.officer(), opened["id"].as_str().unwrap()).expect(200);
        }
        assert_eq!([count(&app.retailer(), ""), count(&app.consumer(1), ""), count(&elsewhere, "")], [2, 2, 0]);
        app.database().verify().unwrap();
    }

    fn what_is_not_answered_in_time_is_overdue_and_can_be_decided(app) {
        let id = open(&app.consumer(0), "redemption", &sell(&app, 0)).made();
        let app = app.later(13 * A_DAY);
        let listed = app.officer().get(DISPUTES).expect(200);
        assert_eq!(listed["items"][0]["overdue"], true);
        let decided = decide(&app.officer(), &id, "upheld", false).expect(200);
        assert_eq!((&decided["overdue"], &decided["answer"]), (&json!(false), &Value::Null));
    }

    fn a_retailer_compensates_in_advance(app) {
        let (redemption, retailer) = (sell(&app, 0), app.retailer());
        let id = open(&app.consumer(0), "redemption", &redemption).made();
        let paid = json!({"amount": "300.00", "paid_on": "2026-06-18", "reference": "转账 1"});
        for (pointer, value, code, at) in [
            ("/amount", json!("0"), "BODY_MALFORMED", "/amount"), ("/amount", json!(300), "AMOUNT_MALFORMED", "/amount"),
            ("/paid_on", json!("2026-06-19"), "BODY_MALFORMED", "/paid_on"),
            ("/reference", json!(" "), "BODY_MALFORMED", "/reference"),
        ] {
            let refused = step(&retailer, &id, "compensation", &with(paid.clone(), pointer, value));
            assert_eq!(refused.refused_alone(400, code), at);
        }
        let told = step(&retailer, &id, "compensation", &paid).expect(200);
        assert_eq!((&told["compensation"]["amount"], &told["status"]), (&json!("300.00"), &json!("opened")));
        step(&retailer, &id, "compensation", &paid).refused(409, "WRONG_STATE");
        assert_eq!(withdraw(&app.consumer(0), &id).expect(200)["decision"]["outcome"], "withdrawn");
        assert_eq!(held(&app, &redemption), 0);
        // Who objects itself is not compensated by itself.
        let own = open(&retailer, "redemption", &redemption).made();
        step(&retailer, &own, "compensation", &paid).refused(404, "NOT_FOUND");
        answer(&retailer, &own).refused(404, "NOT_FOUND");
    }

    fn anothers_redemption_and_dispute_are_not_there(app) {
        let redemption = sell(&app, 0);
        let elsewhere = app.somebody(Role::Retailer, Some(Id::digest(&["another retailer"])));
        for user in [&app.consumer(1), &elsewhere] {
            open(user, "redemption", &redemption).refused(404, "NOT_FOUND");
        }
        let id = open(&app.consumer(0), "redemption", &redemption).made();
        withdraw(&app.consumer(1), &id).refused(404, "NOT_FOUND");
        withdraw(&app.retailer(), &id).refused(404, "NOT_FOUND");
        answer(&elsewhere, &id).refused(404, "NOT_FOUND");
        let paid = json!({"amount": "300.00", "paid_on": "2026-06-18", "reference": "转账 1"});
        step(&elsewhere, &id, "compensation", &paid).refused(404, "NOT_FOUND");
        assert_eq!([count(&elsewhere, ""), count(&app.consumer(1), "")], [0, 0]);
    }
}
