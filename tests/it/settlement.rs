//! Settlement over HTTP: a retailer's period from the statement to the bank, and each step that is forbidden.

use std::collections::BTreeSet;

use huanxin::access::Role;
use huanxin::domain::command::{Act, Actor, Approval, Command, SettlementStep, StepOfSettlement};
use huanxin::domain::id::Id;
use huanxin::domain::money::Fen;
use huanxin::domain::refusal::Code;
use huanxin::domain::settlement::Control;
use huanxin::engine::{self, Reply};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use ureq::http::Method;

use crate::app::{Answer, TODAY, TestApp, User, fresh_key};
use crate::evidence_files::{PDF, hand_in};
use crate::fixtures::codes;

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

fn step(user: &User<'_>, id: &str, word: &str, body: &Value) -> Answer {
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

/// What an approval goes by that is made now.
fn read(app: &TestApp, settlement: &str, ceiling: Option<Fen>) -> Approval {
    let id = settlement.parse().unwrap();
    app.division().read_blocking(|tx| engine::approval(tx, id, ceiling)).unwrap().unwrap()
}

/// Somebody approves by what was read before.
fn approve_by(app: &TestApp, who: &str, settlement: &str, control: Control, approval: Approval) -> Reply {
    let calendars = huanxin::api::settlement::Terms::default().calendars;
    let (settlement, step) = (settlement.parse().unwrap(), SettlementStep::Approve(approval));
    let act = Act::AdvanceSettlement(StepOfSettlement { settlement, own: None, control, step, calendars });
    let actor = Actor { id: Id::digest(&[who]), role: "approver".into(), organisation: None };
    let command = Command {
        id: Id::digest(&["approve", who, &fresh_key()]),
        fingerprint: Id::NIL,
        actor,
        request_id: who.into(),
        act,
    };
    actix_web::rt::System::new().block_on(app.division().submit(command))
}

/// A document about a record, whose content says its number; gives the SHA-256.
fn document(user: &User<'_>, about: &str, subject: &str, number: u8) -> String {
    let mut bytes = PDF.to_vec();
    bytes.splice(9..9, format!("% {number}\n").bytes());
    hand_in(user, &fresh_key(), about, subject, "application/pdf", &bytes).expect(201);
    hex::encode(Sha256::digest(&bytes))
}

/// What anybody makes of the lists of lines and files, without what was handed in later: the digest of a settlement with the
/// number of hashes that it is over.
fn by_hand(app: &TestApp, settlement: &str, without: &[String]) -> (String, usize) {
    let auditor = app.auditor();
    let (mut texts, mut evidence) = (Vec::new(), BTreeSet::new());
    let lines = auditor.get(&format!("{SETTLEMENTS}/{settlement}/lines")).expect(200);
    for line in lines["items"].as_array().unwrap() {
        let id = line["redemption_id"].as_str().unwrap();
        if line["subsidy"] != "0.00" {
            texts.push(format!("redemption {id} {}", line["subsidy"].as_str().unwrap()));
        }
        for added in line["adjustment_lines"].as_array().unwrap() {
            texts.push(format!("adjustment {} {}", added["id"].as_str().unwrap(), added["amount"].as_str().unwrap()));
        }
        let old = line["turn_in_id"].as_str().unwrap();
        let stated = line["turn_in_evidence"].as_array().unwrap().iter();
        evidence.extend(stated.map(|sha256| format!("evidence {old} {}", sha256.as_str().unwrap())));
        for (about, subject) in [("redemption", id), ("turn_in", old)] {
            let path = format!("/api/v1/evidence?about={about}&subject_id={subject}&limit=40");
            let files = auditor.get(&path).expect(200)["items"].clone();
            let digests = files.as_array().unwrap().iter().map(|file| file["sha256"].as_str().unwrap());
            let digests = digests.filter(|digest| !without.iter().any(|later| later == digest));
            evidence.extend(digests.map(|sha256| format!("evidence {subject} {sha256}")));
        }
    }
    texts.extend(evidence.iter().cloned());
    texts.sort();
    let text: String = texts.iter().map(|text| format!("{text}\n")).collect();
    (hex::encode(Sha256::digest(text)), evidence.len())
}

on_both! {
    /// What was approved is frozen with the evidence that lay there, file by file.
    fn an_approval_freezes_the_evidence(app) {
        let (app, sales) = sold(app, 1);
        let seen = app.retailer().get(&format!("/api/v1/redemptions/{}", sales[0])).expect(200);
        let old = seen["turn_in_id"].as_str().unwrap();
        let both = [document(&app.retailer(), "redemption", &sales[0], 1), document(&app.recycler(), "turn_in", old, 2)];
        let (lines, amount) = (control(1, "944.85"), "944.85");
        let id = submit(&app.retailer(), 1, amount).made();
        step(&reviewer(&app), &id, "review", &lines).expect(200);
        let open = app.auditor().get(&format!("{SETTLEMENTS}/{id}")).expect(200);
        assert_eq!((&open["lines_sha256"], &open["evidence_hashes"]), (&Value::Null, &Value::Null));
        // One more before it is approved.
        let third = document(&app.recycler(), "turn_in", old, 3);
        let done = step(&approver(&app), &id, "approval", &lines).expect(200);
        // The old item said one photo when it was recorded.
        let (digest, hashes) = by_hand(&app, &id, &[]);
        assert_eq!((&done["lines_sha256"], &done["evidence_hashes"]), (&json!(digest), &json!(hashes)));
        assert_eq!(hashes, 4);
        let known = [third, both[0].clone(), both[1].clone()];
        for one in &known {
            assert_ne!(by_hand(&app, &id, std::slice::from_ref(one)).0, digest);
        }
        let record = app.auditor().get("/api/v1/audit/records?limit=1").expect(200)["items"][0].clone();
        assert_eq!((&record["detail"]["lines_sha256"], &record["detail"]["evidence_hashes"]), (&json!(digest), &json!(4)));
        // What comes later changes nothing of it, before and after the payment.
        let later = document(&app.retailer(), "redemption", &sales[0], 4);
        let frozen = |app: &TestApp| {
            let seen = app.auditor().get(&format!("{SETTLEMENTS}/{id}")).expect(200);
            assert_eq!((&seen["lines_sha256"], &seen["evidence_hashes"]), (&json!(digest), &json!(4)));
            assert_eq!(by_hand(app, &id, std::slice::from_ref(&later)), (digest.clone(), 4));
            assert_ne!(by_hand(app, &id, &[]).0, digest);
            app.database().verify().unwrap();
        };
        frozen(&app);
        step(&app.finance(), &id, "payment", &payment(1, amount, amount, "2026-06-19")).expect(200);
        frozen(&app);
        let claw = json!({"goods_returned": false, "reason": "抽查"});
        app.officer().post(&format!("/api/v1/redemptions/{}/clawback", sales[0]), &claw).expect(201);
        frozen(&app);
    }

    /// Lines and files are read before the writer is waited for. What comes in between is in the digest; what goes out in
    /// between is noticed.
    fn nothing_slips_in_between_reading_and_approving(app) {
        let (app, sales) = sold(app, 2);
        let id = submit(&app.retailer(), 2, "1889.70").made();
        let early = read(&app, &id, None);
        let refusal = json!({"redemption_id": sales[1], "code": "PHOTO", "reason": "照片不清"});
        reviewer(&app).post(&format!("{SETTLEMENTS}/{id}/rejections"), &refusal).expect(201);
        step(&reviewer(&app), &id, "review", &control(1, "944.85")).expect(200);
        let one = Control { lines: 1, amount: Fen(94_485) };
        let refused = approve_by(&app, "an approver", &id, one, early);
        assert_eq!(codes(&refused), [Code::WrongState], "{refused:?}");
        let first = document(&app.retailer(), "redemption", &sales[0], 1);
        let read_before = read(&app, &id, None);
        let between = document(&app.retailer(), "redemption", &sales[0], 2);
        // Of a line that was refused, and of one that is of no settlement at all.
        document(&app.retailer(), "redemption", &sales[1], 3);
        approve_by(&app, "an approver", &id, one, read_before).unwrap();
        let seen = app.auditor().get(&format!("{SETTLEMENTS}/{id}")).expect(200);
        let (digest, hashes) = by_hand(&app, &id, &[]);
        assert_eq!((&seen["lines_sha256"], &seen["evidence_hashes"]), (&json!(digest), &json!(hashes)));
        for file in [first, between] {
            assert_ne!(by_hand(&app, &id, &[file]).0, digest);
        }
        app.database().verify().unwrap();
    }

    /// What was undone before its day was submitted lies in no bucket: refusing it would take another line's money.
    fn what_was_undone_is_no_line_to_refuse(app) {
        let sales: Vec<String> =
            (0..2).map(|n| app.retailer().post("/api/v1/redemptions", &app.ready(n)).made()).collect();
        let back = json!({"reason": "退货"});
        app.retailer().post(&format!("/api/v1/redemptions/{}/reversal", sales[1]), &back).expect(201);
        let app = app.later(DAY);
        let id = submit(&app.retailer(), 1, "944.85").made();
        let refusal = json!({"redemption_id": sales[1], "code": "PHOTO", "reason": "照片不清"});
        let refused = reviewer(&app).post(&format!("{SETTLEMENTS}/{id}/rejections"), &refusal);
        assert_eq!(refused.refused_alone(404, "NOT_FOUND"), "/redemption_id");
        step(&reviewer(&app), &id, "review", &control(1, "944.85")).expect(200);
        app.database().verify().unwrap();
    }

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
        let tell = |who: &str| {
            let control = Control { lines: 1, amount: Fen(94_485) };
            approve_by(&app, who, &id, control, read(&app, &id, Some(Fen(94_484))))
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
}
