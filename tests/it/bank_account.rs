//! A retailer's bank account changes when a second person has approved, and not before.

use huanxin::access::Role;
use huanxin::domain::id::Id;
use serde_json::{Value, json};

use crate::app::{TestApp, User, fresh_key};

const PROPOSALS: &str = "/api/v1/bank-account-proposals";
const NUMBER: &str = "196012345678901234";

fn body() -> Value {
    json!({"account": {"bank": "中国银行南昌高新支行", "number": NUMBER, "name": "南昌高新电器有限公司"}})
}

fn path(retailer: &str) -> String {
    format!("/api/v1/retailers/{retailer}/bank-account-proposals")
}

fn in_force(app: &TestApp, retailer: &str) -> Value {
    let retailers = app.officer().get("/api/v1/retailers").expect(200);
    let all = retailers["items"].as_array().unwrap().iter();
    all.filter(|row| row["id"] == retailer).map(|row| row["account"].clone()).next().unwrap()
}

/// Officers other than the demo's.
fn colleague<'a>(app: &'a TestApp, name: &str) -> User<'a> {
    app.somebody_with(Role::Officer, |claims| claims.sub = Id::digest(&[name]).to_string())
}

fn step(user: &User<'_>, proposal: &str, step: &str) -> crate::app::Answer {
    user.post(&format!("{PROPOSALS}/{proposal}/{step}"), &json!({"reason": "户名不符"}))
}

/// The newest record of the trail, as text and as JSON.
fn newest(app: &TestApp) -> (String, Value) {
    let page = app.auditor().get("/api/v1/audit/records?limit=1").expect(200);
    let text = page["items"][0]["body"].as_str().unwrap().to_owned();
    let body = serde_json::from_str(&text).unwrap();
    (text, body)
}

on_both! {
    fn a_manager_proposes_and_an_officer_approves(app) {
        let (retailer, manager) = (app.retailer_id(), app.retailer());
        let before = in_force(&app, &retailer);
        let made = manager.post(&path(&retailer), &body()).expect(201);
        assert_eq!((&made["status"], &made["replaces"]), (&json!("proposed"), &before));
        assert_eq!(made["account"]["number"], "****1234");
        let proposal = made["id"].as_str().unwrap();
        // It waits, to be seen by both sides; the account is the old one.
        for user in [&manager, &app.officer(), &app.finance(), &app.auditor()] {
            let waiting = user.get(&format!("{PROPOSALS}?status=proposed")).expect(200);
            assert_eq!(waiting["items"], json!([made]));
        }
        assert_eq!(in_force(&app, &retailer), before);
        manager.post(&path(&retailer), &body()).refused_alone(409, "WRONG_STATE");
        let approved = step(&app.officer(), proposal, "approval").expect(200);
        assert_eq!((&approved["status"], &approved["account"]), (&json!("approved"), &made["account"]));
        assert_ne!(approved["decided_by"], approved["proposed_by"]);
        assert_eq!(in_force(&app, &retailer), made["account"]);
        let (text, record) = newest(&app);
        let detail = &record["detail"];
        assert_eq!((&detail["before"], &detail["after"]), (&before, &made["account"]));
        assert_eq!((&record["act"], &record["role"]), (&json!("approve_bank_account"), &json!("officer")));
        assert!(!text.contains(NUMBER), "{text}");
        step(&app.officer(), proposal, "approval").refused_alone(409, "WRONG_STATE");
        assert_eq!(manager.get(&format!("{PROPOSALS}?status=proposed")).expect(200)["items"], json!([]));
    }

    fn an_officer_needs_a_colleague(app) {
        let retailer = app.retailer_id();
        let before = in_force(&app, &retailer);
        let key = fresh_key();
        let proposal = app.officer().post_as(&key, &path(&retailer), &body()).made();
        assert!(app.officer().post_as(&key, &path(&retailer), &body()).replayed());
        for way in ["approval", "rejection"] {
            step(&app.officer(), &proposal, way).refused_alone(409, "SAME_OFFICER");
        }
        assert_eq!(in_force(&app, &retailer), before);
        let rejected = step(&colleague(&app, "officer-2"), &proposal, "rejection").expect(200);
        assert_eq!((&rejected["status"], &rejected["reason"]), (&json!("rejected"), &json!("户名不符")));
        assert_eq!(in_force(&app, &retailer), before);
        let again = app.officer().post(&path(&retailer), &body()).made();
        step(&colleague(&app, "officer-3"), &again, "approval").expect(200);
        assert_eq!(in_force(&app, &retailer)["number"], "****1234");
    }

    /// Of two officers who approve at once, one does.
    fn two_decide_at_once(app) {
        let proposal = app.retailer().post(&path(&app.retailer_id()), &body()).made();
        let officers: Vec<_> = (0..4).map(|n| colleague(&app, &format!("officer-{n}"))).collect();
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let proposal = &proposal;
            let all: Vec<_> =
                officers.iter().map(|user| scope.spawn(move || step(user, proposal, "approval").status)).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| [200, 409].contains(status)), "{statuses:?}");
    }

    fn another_retailers_account(app) {
        let retailer = app.retailer_id();
        let other = app.somebody(Role::Retailer, Some(Id::digest(&["another retailer"])));
        other.post(&path(&retailer), &body()).refused_alone(404, "NOT_FOUND");
        app.retailer().post(&path(&retailer), &body()).made();
        assert_eq!(other.get(PROPOSALS).expect(200)["items"], json!([]));
        app.somebody(Role::Retailer, None).get(PROPOSALS).refused_alone(403, "FORBIDDEN");
        let bad = json!({"account": {"bank": "", "number": "12345", "name": "x"}});
        let refused = app.officer().post(&path(&retailer), &bad);
        let told: Vec<&str> =
            refused.body["errors"].as_array().unwrap().iter().map(|one| one["pointer"].as_str().unwrap()).collect();
        assert_eq!(told, ["/account/bank", "/account/number"]);
        // A day is no account, whatever its digits.
        for number in ["2026-02-30", "123456789", &"1".repeat(31)] {
            let bad = json!({"account": {"bank": "中国银行", "number": number, "name": "x"}});
            let refused = app.officer().post(&path(&retailer), &bad);
            assert_eq!(refused.refused_alone(422, "IDENTIFIER_INVALID"), "/account/number", "{number}");
        }
    }
}
