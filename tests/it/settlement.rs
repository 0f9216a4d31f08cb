//! Settlement over HTTP: a retailer's period from the statement to the bank, and each step that is forbidden.

use huanxin::access::Role;
use huanxin::domain::id::Id;
use serde_json::{Value, json};
use ureq::http::Method;

use crate::app::{Answer, TODAY, TestApp, User, fresh_key};

const DAY: i64 = 24 * 3600;
const SETTLEMENTS: &str = "/api/v1/settlements";

/// Sells so many refrigerators for 6299.00 each, 944.85 of it subsidy, and waits for the next day.
fn sold(app: TestApp, count: usize) -> (TestApp, Vec<String>) {
    let sales = (0..count).map(|n| app.retailer().post("/api/v1/redemptions", &app.ready(n)).made()).collect();
    (app.later(DAY), sales)
}

fn reviewer<'a>(app: &'a TestApp) -> User<'a> {
    app.demo_user("reviewer")
}

fn approver<'a>(app: &'a TestApp) -> User<'a> {
    app.demo_user("approver")
}

fn colleague<'a>(app: &'a TestApp, role: Role) -> User<'a> {
    app.somebody_with(role, |claims| claims.sub = Id::digest(&["colleague", role.name()]).to_string())
}

fn control(lines: u32, amount: &str) -> Value {
    json!({"lines": lines, "amount": amount})
}

fn submit(user: &User<'_>, lines: u32, amount: &str) -> Answer {
    user.post(SETTLEMENTS, &json!({"from": TODAY, "to": TODAY, "lines": lines, "amount": amount}))
}

/// Takes a step. Before an approval the days are scanned, and nothing that looks wrong is.
fn step(user: &User<'_>, id: &str, word: &str, body: &Value) -> Answer {
    if word == "approval" {
        user.app().scan_and_let_go();
    }
    user.post(&format!("{SETTLEMENTS}/{id}/{word}"), body)
}

fn payment(lines: u32, amount: &str, transferred: &str, paid_on: &str) -> Value {
    json!({"lines": lines, "amount": amount, "transferred": transferred, "bank_reference": "ICBC1", "paid_on": paid_on})
}

fn status_of(app: &TestApp, redemption: &str) -> String {
    let seen = app.retailer().get(&format!("/api/v1/redemptions/{redemption}")).expect(200);
    seen["status"].as_str().unwrap().to_owned()
}

/// Submitted, accepted, reviewed and approved.
fn approved(app: &TestApp, lines: u32, amount: &str) -> String {
    let id = submit(&app.retailer(), lines, amount).made();
    step(&app.officer(), &id, "acceptance", &control(lines, amount)).expect(200);
    step(&reviewer(app), &id, "review", &control(lines, amount)).expect(200);
    step(&approver(app), &id, "approval", &control(lines, amount)).expect(200);
    id
}

fn bank_return(app: &TestApp, batch: &str, text: &str) -> Answer {
    let key = fresh_key();
    let headers = [("Content-Type", "text/csv"), ("Idempotency-Key", key.as_str())];
    let path = format!("/api/v1/payment-batches/{batch}/returns");
    app.finance().send(Method::POST, &path, &headers, Some(text.as_bytes()))
}

on_both! {
    fn from_the_statement_to_the_bank(app) {
        let (app, sales) = sold(app, 2);
        let asked = format!("{SETTLEMENTS}/statement?from={TODAY}&to={TODAY}");
        let statement = app.retailer().get(&asked).expect(200);
        assert_eq!((&statement["lines"], &statement["amount"]), (&json!(2), &json!("1889.70")));
        assert_eq!((&statement["held"], &statement["owed_back"]), (&json!(0), &json!("0.00")));
        let sources: Vec<&str> =
            statement["funding"].as_array().unwrap().iter().map(|one| one["source"].as_str().unwrap()).collect();
        assert!(!sources.contains(&"merchant"), "{statement}");
        let made = submit(&app.retailer(), 2, "1889.70").expect(201);
        let id = made["id"].as_str().unwrap().to_owned();
        assert_eq!((&made["status"], &made["computed"]), (&json!("submitted"), &control(2, "1889.70")));
        // Three working days: the nineteenth to the twenty-first are a holiday.
        assert_eq!(made["due"], json!({"on": "2026-06-24", "overdue": false, "holidays_known": true}));
        assert_eq!(app.retailer().get(&asked).expect(200)["lines"], 0, "what is submitted is open no more");
        assert_eq!(status_of(&app, &sales[0]), "in_settlement");
        step(&app.officer(), &id, "acceptance", &control(2, "1889.70")).expect(200);
        let refusal = json!({"redemption_id": sales[1], "code": "PHOTO", "reason": "照片不清"});
        let rejected = reviewer(&app).post(&format!("{SETTLEMENTS}/{id}/rejections"), &refusal).expect(201);
        assert_eq!((&rejected["code"], &rejected["lost"]), (&json!("PHOTO"), &control(1, "944.85")));
        assert_eq!(status_of(&app, &sales[1]), "rejected");
        step(&reviewer(&app), &id, "review", &control(1, "944.85")).expect(200);
        let done = step(&approver(&app), &id, "approval", &control(1, "944.85")).expect(200);
        assert_eq!((&done["status"], &done["transfer"]), (&json!("approved"), &json!("944.85")));
        assert_eq!((&done["computed"], &done["rejected"], &done["approved"], &done["paid"]),
            (&control(2, "1889.70"), &control(1, "944.85"), &control(1, "944.85"), &json!("0.00")));
        assert_eq!(done["lines_sha256"].as_str().map(str::len), Some(64));
        let lines = app.auditor().get(&format!("{SETTLEMENTS}/{id}/lines")).expect(200);
        assert_eq!(lines["items"].as_array().unwrap().len(), 1);
        assert_eq!((&lines["items"][0]["redemption_id"], &lines["items"][0]["amount"]), (&json!(sales[0]), &json!("944.85")));
        // The file for the bank, and what the bank says.
        let body = json!({"settlement_ids": [id], "payments": 1, "total": "944.85"});
        let batch = app.finance().post("/api/v1/payment-batches", &body).made();
        app.finance().post("/api/v1/payment-batches", &body).refused_alone(409, "WRONG_STATE");
        let file = app.finance().get(&format!("/api/v1/payment-batches/{batch}/file"));
        assert_eq!(file.status, 200);
        let text = String::from_utf8(file.bytes).unwrap();
        assert!(text.contains(&format!("\"{id}\"")) && text.contains(",944.85,"), "{text}");
        let heads = "settlement_id,amount,result,bank_reference,paid_on\n";
        let text = format!("{heads}{id},944.85,paid,ICBC20260619,2026-06-19\n");
        let taken = bank_return(&app, &batch, &text).expect(201);
        assert_eq!((&taken["rows"][0]["kind"], &taken["rows"][0]["status"]), (&json!("matched"), &json!("closed")));
        bank_return(&app, &batch, &text).refused_alone(409, "WRONG_STATE");
        bank_return(&app, &batch, "a,b\n").refused_alone(400, "BODY_MALFORMED");
        let paid = app.retailer().get(&format!("{SETTLEMENTS}/{id}")).expect(200);
        assert_eq!((&paid["status"], &paid["paid"], &paid["due"]), (&json!("paid"), &json!("944.85"), &Value::Null));
        assert_eq!(paid["payment"]["bank_reference"], "ICBC20260619");
        assert_eq!(status_of(&app, &sales[0]), "settled");
        let totals = app.officer().get("/api/v1/reports/totals").expect(200)["totals"].clone();
        assert_eq!((&totals["amount_redeemed"], &totals["amount_approved"], &totals["amount_paid"]),
            (&json!("1889.70"), &json!("944.85"), &json!("944.85")));
        // What was refused goes into a later period, goods that come back are owed back.
        let again = app.retailer().post(&format!("/api/v1/redemptions/{}/resubmission", sales[1]), &json!({"note": "已补"}));
        assert_eq!(again.expect(200)["day"], "2026-06-19");
        assert_eq!(status_of(&app, &sales[1]), "resubmitted");
        let reason = json!({"reason": "退货"});
        let back = app.retailer().post(&format!("/api/v1/redemptions/{}/reversal", sales[0]), &reason).expect(201);
        assert_eq!((&back["status"], &back["clawed_back"]), (&json!("clawed_back"), &json!("944.85")));
        assert_eq!(app.retailer().get(&asked).expect(200)["owed_back"], "944.85");
        let app = app.later(2 * DAY);
        // The next payment is set off whole.
        let period = json!({"from": "2026-06-19", "to": "2026-06-19", "lines": 1, "amount": "944.85"});
        let next = app.retailer().post(SETTLEMENTS, &period).made();
        step(&app.officer(), &next, "acceptance", &control(1, "944.85")).expect(200);
        step(&reviewer(&app), &next, "review", &control(1, "944.85")).expect(200);
        let done = step(&approver(&app), &next, "approval", &control(1, "944.85")).expect(200);
        assert_eq!((&done["status"], &done["recovered"], &done["transfer"], &done["paid"]),
            (&json!("paid"), &json!("944.85"), &json!("0.00"), &json!("944.85")));
        let totals = app.officer().get("/api/v1/reports/totals").expect(200)["totals"].clone();
        assert_eq!((&totals["amount_paid"], &totals["amount_recovered"]), (&json!("1889.70"), &json!("944.85")));
    }

    /// Each step that is forbidden, tried.
    fn forbidden_steps(app) {
        let (app, sales) = sold(app, 2);
        let (both, one) = (control(2, "1889.70"), "1889.70");
        // Totals that are not true, periods that are not over.
        submit(&app.retailer(), 1, "944.85").refused(409, "WRONG_STATE");
        let open = json!({"from": TODAY, "to": "2026-06-19", "lines": 2, "amount": one});
        app.retailer().post(SETTLEMENTS, &open).refused_alone(409, "WRONG_STATE");
        // An officer submits for the retailer, and has a hand in it from then on.
        let body = json!({"retailer_id": app.retailer_id(), "from": TODAY, "to": TODAY, "lines": 2, "amount": one});
        let id = app.officer().post(SETTLEMENTS, &body).made();
        app.officer().post(SETTLEMENTS, &body).refused(409, "WRONG_STATE");
        step(&app.officer(), &id, "acceptance", &both).refused_alone(409, "SAME_OFFICER");
        // What is not reviewed is not approved, what is not approved is not paid.
        step(&approver(&app), &id, "approval", &both).refused_alone(409, "WRONG_STATE");
        step(&app.finance(), &id, "payment", &payment(2, one, one, "2026-06-19")).refused_alone(409, "WRONG_STATE");
        // Undo in a settlement.
        let reason = json!({"reason": "退货"});
        let undo = format!("/api/v1/redemptions/{}/reversal", sales[0]);
        app.retailer().post(&undo, &reason).refused_alone(409, "ALREADY_IN_SETTLEMENT");
        let claw = format!("/api/v1/redemptions/{}/clawback", sales[0]);
        let clawback = json!({"goods_returned": true, "reason": "退货"});
        app.officer().post(&claw, &clawback).refused_alone(409, "ALREADY_IN_SETTLEMENT");
        // The reviewer who also is an approver, by the same account, does not approve.
        let twice = app.somebody_with(Role::Reviewer, |claims| claims.sub = Id::digest(&["both"]).to_string());
        step(&twice, &id, "review", &both).expect(200);
        let same = app.somebody_with(Role::Approver, |claims| claims.sub = Id::digest(&["both"]).to_string());
        step(&same, &id, "approval", &both).refused_alone(409, "SAME_OFFICER");
        // Returned, changed by a return of goods, submitted again.
        let back = json!({"lines": 2, "amount": one, "reason": "缺发票"});
        step(&approver(&app), &id, "return", &back).expect(200);
        app.retailer().post(&undo, &reason).expect(201);
        step(&app.retailer(), &id, "submission", &both).refused(409, "WRONG_STATE");
        let left = control(1, "944.85");
        step(&app.retailer(), &id, "submission", &left).expect(200);
        step(&reviewer(&app), &id, "review", &left).expect(200);
        step(&approver(&app), &id, "approval", &left).expect(200);
        step(&approver(&app), &id, "approval", &left).refused(409, "WRONG_STATE");
        // The account of a payment under way stays.
        let account = json!({"account": {"bank": "中国银行", "number": "196012345678901234", "name": "商家"}});
        let path = format!("/api/v1/retailers/{}/bank-account-proposals", app.retailer_id());
        let proposal = app.retailer().post(&path, &account).made();
        let change = format!("/api/v1/bank-account-proposals/{proposal}/approval");
        app.officer().post(&change, &json!({})).refused_alone(409, "WRONG_STATE");
        // Another amount than was approved, and a second payment.
        step(&app.finance(), &id, "payment", &payment(1, "944.85", "944.84", "2026-06-19")).refused_alone(409, "WRONG_STATE");
        step(&app.finance(), &id, "payment", &payment(1, "944.85", "944.85", "2026-06-19")).expect(200);
        step(&app.finance(), &id, "payment", &payment(1, "944.85", "944.85", "2026-06-19")).refused(409, "WRONG_STATE");
        app.officer().post(&change, &json!({})).expect(200);
        // A paid line is not changed.
        let refusal = json!({"redemption_id": sales[1], "code": "OTHER", "reason": "太晚"});
        reviewer(&app).post(&format!("{SETTLEMENTS}/{id}/rejections"), &refusal).refused_alone(409, "WRONG_STATE");
        let resubmit = format!("/api/v1/redemptions/{}/resubmission", sales[1]);
        app.retailer().post(&resubmit, &json!({"note": "再来"})).refused_alone(409, "WRONG_STATE");
        // An audit's finding takes the money back and leaves the serial number used.
        let claw = format!("/api/v1/redemptions/{}/clawback", sales[1]);
        app.officer().post(&claw, &json!({"goods_returned": false, "reason": "序列号不符"})).expect(201);
        app.officer().post(&claw, &clawback).refused_alone(409, "WRONG_STATE");
    }

    fn above_the_ceiling_two_approve(app) {
        // More than a million for one retailer takes many sales; the ceiling is the service's to say, so the rule is
        // tried with what the engine is told.
        let (app, _) = sold(app, 1);
        let id = submit(&app.retailer(), 1, "944.85").made();
        step(&reviewer(&app), &id, "review", &control(1, "944.85")).expect(200);
        app.scan();
        let id: Id = id.parse().unwrap();
        let tell = |who: &str| {
            use huanxin::domain::command::{Act, Actor, Approval, Command, SettlementStep, StepOfSettlement};
            let ceiling = Some(huanxin::domain::money::Fen(94_484));
            let approval = Approval { ceiling, clawback_lines: Vec::new(), lines_sha256: "0".repeat(64) };
            let control = huanxin::domain::settlement::Control { lines: 1, amount: huanxin::domain::money::Fen(94_485) };
            let calendars = huanxin::api::settlement::Terms::default().calendars;
            let step = SettlementStep::Approve(approval);
            let act = Act::AdvanceSettlement(StepOfSettlement { settlement: id, own: None, control, step, calendars });
            let actor = Actor { id: Id::digest(&[who]), role: "approver".into(), organisation: None };
            let command = Command { id: Id::digest(&["approve", who, &id.to_string(), &fresh_key()]), fingerprint: Id::NIL, actor, request_id: who.into(), act };
            actix_web::rt::System::new().block_on(app.division().submit(command))
        };
        tell("first").unwrap();
        let seen = app.auditor().get(&format!("{SETTLEMENTS}/{id}")).expect(200);
        assert_eq!((&seen["status"], seen["approvals"].as_array().unwrap().len()), (&json!("reviewed"), 1));
        assert!(tell("first").is_err(), "the first is not the second too");
        tell("second").unwrap();
        let seen = app.auditor().get(&format!("{SETTLEMENTS}/{id}")).expect(200);
        assert_eq!((&seen["status"], seen["approvals"].as_array().unwrap().len()), (&json!("approved"), 2));
    }

    fn another_retailers_settlement(app) {
        let (app, _) = sold(app, 1);
        let id = approved(&app, 1, "944.85");
        let other = app.somebody(Role::Retailer, Some(Id::digest(&["another retailer"])));
        for path in ["", "/lines", "/rejections"] {
            other.get(&format!("{SETTLEMENTS}/{id}{path}")).refused_alone(404, "NOT_FOUND");
        }
        assert_eq!(other.get(SETTLEMENTS).expect(200)["items"], json!([]));
        let named = format!("{SETTLEMENTS}?retailer_id={}", app.retailer_id());
        assert_eq!(other.get(&named).expect(200)["items"], json!([]));
        step(&other, &id, "submission", &control(1, "944.85")).refused_alone(404, "NOT_FOUND");
        let asked = format!("{SETTLEMENTS}/statement?from={TODAY}&to={TODAY}&retailer_id={}", app.retailer_id());
        other.get(&asked).refused_alone(404, "NOT_FOUND");
        app.officer().get(&asked).expect(200);
        let body = json!({"retailer_id": app.retailer_id(), "from": TODAY, "to": TODAY, "lines": 1, "amount": "944.85"});
        other.post(SETTLEMENTS, &body).refused(404, "NOT_FOUND");
    }

    fn what_is_overdue_is_listed(app) {
        let (app, _) = sold(app, 1);
        let id = submit(&app.retailer(), 1, "944.85").made();
        let overdue = |app: &TestApp| app.officer().get(&format!("{SETTLEMENTS}?overdue=true")).expect(200)["items"].clone();
        assert_eq!(overdue(&app), json!([]));
        // Accepted by the twenty-fourth, or it is late.
        let app = app.later(7 * DAY);
        let late = overdue(&app);
        assert_eq!((&late[0]["id"], &late[0]["due"]["overdue"]), (&json!(id), &json!(true)));
        let taken = step(&colleague(&app, Role::Officer), &id, "acceptance", &control(1, "944.85")).expect(200);
        assert_eq!(taken["due"]["overdue"], false);
        assert_eq!(overdue(&app), json!([]));
    }

    /// Each file of the bank that was taken in, for who compares them with what the bank has sent.
    fn the_banks_files_are_listed(app) {
        let (app, _) = sold(app, 1);
        let id = approved(&app, 1, "944.85");
        let body = json!({"settlement_ids": [id], "payments": 1, "total": "944.85"});
        let batch = app.finance().post("/api/v1/payment-batches", &body).made();
        let path = format!("/api/v1/payment-batches/{batch}/returns");
        assert_eq!(app.auditor().get(&path).expect(200), json!({"items": [], "next_cursor": null}));
        let file = |amount: &str| {
            let row = format!("{id},{amount},failed,ICBC1,2026-06-19");
            let text = format!("settlement_id,amount,result,bank_reference,paid_on\n{row}\n");
            bank_return(&app, &batch, &text).expect(201)
        };
        let (first, second) = (file("944.85"), file("944.84"));
        for user in [app.finance(), app.auditor()] {
            let page = user.get(&format!("{path}?limit=1")).expect(200);
            let next = format!("{path}?limit=1&cursor={}", page["next_cursor"].as_str().unwrap());
            let listed = [page["items"][0].clone(), user.get(&next).expect(200)["items"][0].clone()];
            for (listed, said) in listed.iter().zip([&second, &first]) {
                assert_eq!((&listed["id"], &listed["sha256"]), (&said["id"], &said["sha256"]));
                assert_eq!((&listed["payment_batch_id"], &listed["rows"]), (&json!(batch), &json!(1)));
                assert!(listed["recorded"]["at"].as_str().unwrap().starts_with("2026-06-19"));
            }
        }
        app.finance().get(&path.replace(&batch, &id)).refused_alone(404, "NOT_FOUND");
        for user in [app.officer(), reviewer(&app), approver(&app)] {
            user.get(&path).refused_alone(403, "FORBIDDEN");
        }
    }

    /// Each refusal says what it does not take of the days.
    fn days_that_nobody_means(app) {
        let told = |user: &User<'_>, query: &str| {
            let answer = user.get(&format!("/api/v1/{query}"));
            (answer.refused_alone(400, "BODY_MALFORMED"), answer.body["errors"][0]["expected"].as_str().unwrap().to_owned())
        };
        let years = "a day of the years 2000 to 2999, such as 2026-06-30";
        for wrong in ["1900-01-01", "0000-01-01", "9999-12-31", "2026-6-1"] {
            for (user, query) in [(app.officer(), "reports/totals"), (app.retailer(), "settlements/statement"),
                (app.auditor(), "audit/evidence-package")] {
                assert_eq!(told(&user, &format!("{query}?from={wrong}&to=2026-06-18")), ("/from".into(), format!("from: {years}")));
            }
        }
        for (user, query) in [(app.retailer(), "settlements/statement"), (app.auditor(), "audit/evidence-package")] {
            let order = told(&user, &format!("{query}?from=2026-06-18&to=2026-06-17"));
            assert_eq!(order, ("/to".into(), "2026-06-18 or later".into()));
        }
    }
}
