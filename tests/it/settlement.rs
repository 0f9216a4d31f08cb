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
    through(app, &id, lines, amount);
    id
}

/// Accepted, reviewed and approved.
fn through(app: &TestApp, id: &str, lines: u32, amount: &str) {
    step(&app.officer(), id, "acceptance", &control(lines, amount)).expect(200);
    step(&reviewer(app), id, "review", &control(lines, amount)).expect(200);
    step(&approver(app), id, "approval", &control(lines, amount)).expect(200);
}

const HEADS: &str = "settlement_id,amount,result,bank_reference,paid_on\n";

/// Into a file for the bank of its own.
fn batched(app: &TestApp, id: &str, total: &str) -> Answer {
    app.finance().post("/api/v1/payment-batches", &json!({"settlement_ids": [id], "payments": 1, "total": total}))
}

fn answered(user: &User<'_>, row: &Value, answer: &str) -> Answer {
    let path = format!("/api/v1/reconciliation-rows/{}/answer", row["id"].as_str().unwrap());
    user.post(&path, &json!({"answer": answer, "note": "已向银行核实"}))
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
        step(&app.officer(), &id, "acceptance", &lines).expect(200);
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
        step(&app.officer(), &id, "acceptance", &control(2, "1889.70")).expect(200);
        let early = read(&app, &id, None);
        let refusal = json!({"redemption_id": sales[1], "code": "PHOTO", "reason": "照片不清"});
        reviewer(&app).post(&format!("{SETTLEMENTS}/{id}/rejections"), &refusal).expect(201);
        step(&reviewer(&app), &id, "review", &control(1, "944.85")).expect(200);
        let one = Control { lines: 1, amount: Fen(94_485) };
        app.scan_and_let_go();
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
        step(&app.officer(), &id, "acceptance", &control(1, "944.85")).expect(200);
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
        reviewer(&app).post(&format!("{SETTLEMENTS}/{id}/rejections"), &refusal).refused_alone(409, "WRONG_STATE");
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
        let text = format!("{HEADS}{id},944.85,paid,ICBC20260619,2026-06-19\n");
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
        // What the bureau has not accepted is not reviewed.
        step(&twice, &id, "review", &both).refused_alone(409, "WRONG_STATE");
        step(&colleague(&app, Role::Officer), &id, "acceptance", &both).expect(200);
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
        // What was done before it was returned is not forgotten: who submitted does not accept, who returned and who
        // reviewed do not approve.
        step(&app.officer(), &id, "acceptance", &left).refused_alone(409, "SAME_OFFICER");
        step(&colleague(&app, Role::Officer), &id, "acceptance", &left).expect(200);
        step(&reviewer(&app), &id, "review", &left).expect(200);
        step(&same, &id, "approval", &left).refused_alone(409, "SAME_OFFICER");
        step(&approver(&app), &id, "approval", &left).refused_alone(409, "SAME_OFFICER");
        let another = colleague(&app, Role::Approver);
        step(&another, &id, "approval", &left).expect(200);
        step(&another, &id, "approval", &left).refused(409, "WRONG_STATE");
        // The account of a payment under way stays.
        let account = json!({"account": {"bank": "中国银行", "number": "196012345678901234", "name": "商家"}});
        let path = format!("/api/v1/retailers/{}/bank-account-proposals", app.retailer_id());
        let proposal = app.retailer().post(&path, &account).made();
        let change = format!("/api/v1/bank-account-proposals/{proposal}/approval");
        app.officer().post(&change, &json!({})).refused_alone(409, "WRONG_STATE");
        // Another amount than was approved, and a second payment.
        step(&app.finance(), &id, "payment", &payment(1, "944.85", "944.84", "2026-06-19")).refused_alone(409, "WRONG_STATE");
        // Nor on a day before it was approved.
        let early = step(&app.finance(), &id, "payment", &payment(1, "944.85", "944.85", TODAY));
        assert_eq!(early.refused_alone(409, "WRONG_STATE"), "/paid_on");
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
        step(&app.officer(), &id, "acceptance", &control(1, "944.85")).expect(200);
        step(&reviewer(&app), &id, "review", &control(1, "944.85")).expect(200);
        app.scan();
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

    /// Approved is not gone: what comes to be held since does not go to the bank. What the bank has paid all the same is
    /// recorded, and is there to be clawed back.
    fn what_comes_to_be_held_after_approval(app) {
        let (app, sales) = sold(app, 2);
        let id = approved(&app, 2, "1889.70");
        let wish = json!({"about": "redemption", "subject_id": sales[0], "statement": "商家未送货"});
        let dispute = app.retailer().post("/api/v1/disputes", &wish).made();
        assert_eq!(batched(&app, &id, "1889.70").refused_alone(409, "WRONG_STATE"), "/settlement_ids/0");
        let reason = json!({"reason": "已解决"});
        app.retailer().post(&format!("/api/v1/disputes/{dispute}/withdrawal"), &reason).expect(200);
        // Nor what a retailer is to get that is kept out.
        let retailer = format!("/api/v1/retailers/{}", app.retailer_id());
        app.officer().post(&format!("{retailer}/suspension"), &reason).expect(200);
        assert_eq!(batched(&app, &id, "1889.70").refused_alone(409, "WRONG_STATE"), "/settlement_ids/0");
        let programmes = json!({"programmes": ["nc-appl-2026"]});
        app.officer().post(&format!("{retailer}/approval"), &programmes).expect(200);
        let batch = batched(&app, &id, "1889.70").made();
        let file = format!("/api/v1/payment-batches/{batch}/file");
        assert_eq!(app.finance().get(&file).status, 200);
        // The consumer objects: of who has objected before it would hold nothing.
        let dispute = app.consumer(0).post("/api/v1/disputes", &wish).made();
        app.database().verify().unwrap();
        app.finance().get(&file).refused_alone(409, "WRONG_STATE");
        let text = format!("{HEADS}{id},1889.70,paid,ICBC20260619,2026-06-19\n");
        assert_eq!(bank_return(&app, &batch, &text).expect(201)["rows"][0]["kind"], "matched");
        let paid = app.auditor().get(&format!("{SETTLEMENTS}/{id}")).expect(200);
        assert_eq!((&paid["status"], &paid["payment"]["held_lines"]), (&json!("paid"), &json!(1)));
        let lines = app.auditor().get(&format!("{SETTLEMENTS}/{id}/lines")).expect(200);
        let held = |line: &&Value| line["redemption_id"] == sales[0].as_str();
        let line = lines["items"].as_array().unwrap().iter().find(held).unwrap();
        assert_eq!(line["holds"], json!([{"kind": "dispute", "id": dispute}]));
        app.database().verify().unwrap();
        // Whatever becomes of it, the bucket is paid and holds nothing.
        let claw = json!({"goods_returned": false, "reason": "未送货"});
        app.officer().post(&format!("/api/v1/redemptions/{}/clawback", sales[0]), &claw).expect(201);
        app.consumer(0).post(&format!("/api/v1/disputes/{dispute}/withdrawal"), &reason).expect(200);
        app.database().verify().unwrap();
    }

    /// A file that never went to the bank is given up by another officer, so that the others in it do not wait for what is
    /// held; of one about which the bank has said anything, or somebody has paid a part, nothing is given up.
    fn a_file_that_did_not_go_to_the_bank_is_given_up(app) {
        let (app, sales) = sold(app, 1);
        let id = approved(&app, 1, "944.85");
        let reason = json!({"reason": "文件未送银行"});
        let another = app.somebody(Role::Finance, None);
        let give_up = |user: &User<'_>, batch: &str| user.post(&format!("/api/v1/payment-batches/{batch}/dissolution"), &reason);
        let batch = batched(&app, &id, "944.85").made();
        give_up(&app.finance(), &batch).refused(409, "SAME_OFFICER");
        give_up(&another, "019ed874-e500-7000-8000-000000000000").refused(404, "NOT_FOUND");
        let wish = json!({"about": "redemption", "subject_id": sales[0], "statement": "商家未送货"});
        let dispute = app.consumer(0).post("/api/v1/disputes", &wish).made();
        app.finance().get(&format!("/api/v1/payment-batches/{batch}/file")).refused(409, "WRONG_STATE");
        assert_eq!(give_up(&another, &batch).expect(200)["settlement_ids"], json!([id]));
        give_up(&another, &batch).refused(409, "WRONG_STATE");
        let seen = app.auditor().get(&format!("{SETTLEMENTS}/{id}")).expect(200);
        assert_eq!((&seen["status"], &seen["payment_batch_id"]), (&json!("approved"), &Value::Null));
        batched(&app, &id, "944.85").refused(409, "WRONG_STATE");
        app.consumer(0).post(&format!("/api/v1/disputes/{dispute}/withdrawal"), &reason).expect(200);
        // The next file goes, and comes back.
        let batch = batched(&app, &id, "944.85").made();
        let text = format!("{HEADS}{id},944.85,failed,ICBC1,2026-06-19\n");
        let rows = bank_return(&app, &batch, &text).expect(201)["rows"].clone();
        give_up(&another, &batch).refused(409, "WRONG_STATE");
        answered(&app.finance(), &rows[0], "explained").expect(200);
        give_up(&another, &batch).refused(409, "WRONG_STATE");
        app.database().verify().unwrap();
    }

    /// What the bank says is kept as it says it, and nobody has paid again what it may have paid.
    fn what_the_bank_says_is_kept(app) {
        let (app, _) = sold(app, 1);
        let id = approved(&app, 1, "944.85");
        let batch = batched(&app, &id, "944.85").made();
        let file = format!("/api/v1/payment-batches/{batch}/file");
        assert_eq!(app.finance().get(&file).status, 200);
        let early = format!("{HEADS}{id},944.85,paid,ICBC0,{TODAY}\n");
        assert_eq!(bank_return(&app, &batch, &early).refused_alone(409, "WRONG_STATE"), "/rows/0/paid_on");
        let text = format!("{HEADS}{id},944.84,paid,ICBC1,2026-06-19\n随便,5.00,failed,ICBC2,2026-06-19\n");
        let rows = bank_return(&app, &batch, &text).expect(201)["rows"].clone();
        assert_eq!((&rows[0]["kind"], &rows[0]["result"], &rows[0]["named"]), (&json!("different"), &json!("paid"), &Value::Null));
        assert_eq!((&rows[1]["kind"], &rows[1]["result"], &rows[1]["named"]), (&json!("unknown"), &json!("failed"), &json!("随便")));
        for row in [&rows[0], &rows[1]] {
            assert_eq!(answered(&app.finance(), row, "pay_again").refused_alone(409, "WRONG_STATE"), "/answer");
        }
        // A transfer that failed is no reason either, while the bank says elsewhere that it has paid something.
        let text = format!("{HEADS}{id},944.85,failed,ICBC3,2026-06-19\n");
        let failed = bank_return(&app, &batch, &text).expect(201)["rows"][0].clone();
        assert_eq!((&failed["kind"], &failed["result"]), (&json!("different"), &json!("failed")));
        answered(&app.finance(), &failed, "pay_again").refused_alone(409, "WRONG_STATE");
        answered(&app.finance(), &rows[0], "explained").expect(200);
        answered(&app.finance(), &failed, "pay_again").expect(200);
        // The file of which a payment has left is given out no more, and the next one is the one that is paid.
        app.finance().get(&file).refused_alone(409, "WRONG_STATE");
        let second = batched(&app, &id, "944.85").made();
        let file = format!("/api/v1/payment-batches/{second}/file");
        assert_eq!(app.finance().get(&file).status, 200);
        let text = format!("{HEADS}{id},944.85,paid,ICBC4,2026-06-19\n");
        assert_eq!(bank_return(&app, &second, &text).expect(201)["rows"][0]["kind"], "matched");
        app.finance().get(&file).refused_alone(409, "WRONG_STATE");
        // The transfer comes back: that is no second payment.
        let text = format!("{HEADS}{id},944.85,failed,ICBC4,2026-06-19\n");
        let row = bank_return(&app, &second, &text).expect(201)["rows"][0].clone();
        assert_eq!((&row["kind"], &row["result"], &row["status"]), (&json!("bounced"), &json!("failed"), &json!("open")));
        app.database().verify().unwrap();
    }

    /// Of what the bank does not name nobody says alone that it was not paid; and what its file then says late is true.
    fn what_the_bank_does_not_name_two_confirm(app) {
        let (app, _) = sold(app, 1);
        let id = approved(&app, 1, "944.85");
        let first = batched(&app, &id, "944.85").made();
        let missing = bank_return(&app, &first, HEADS).expect(201)["rows"][0].clone();
        assert_eq!((&missing["kind"], &missing["result"]), (&json!("missing"), &Value::Null));
        let asked = answered(&app.finance(), &missing, "pay_again").expect(200);
        assert_eq!((&asked["status"], asked["asked"].is_object()), (&json!("open"), true));
        answered(&app.finance(), &missing, "pay_again").refused_alone(409, "SAME_OFFICER");
        let seen = app.auditor().get(&format!("{SETTLEMENTS}/{id}")).expect(200);
        assert_eq!(seen["payment_batch_id"], json!(first));
        let closed = answered(&colleague(&app, Role::Finance), &missing, "pay_again").expect(200);
        assert_eq!((&closed["status"], &closed["answer"]), (&json!("closed"), &json!("pay_again")));
        let second = batched(&app, &id, "944.85").made();
        let text = format!("{HEADS}{id},944.85,paid,ICBC1,2026-06-19\n");
        assert_eq!(bank_return(&app, &first, &text).expect(201)["rows"][0]["kind"], "matched");
        let seen = app.auditor().get(&format!("{SETTLEMENTS}/{id}")).expect(200);
        assert_eq!((&seen["status"], &seen["payment_batch_id"]), (&json!("paid"), &json!(first)));
        app.finance().get(&format!("/api/v1/payment-batches/{second}/file")).refused(409, "WRONG_STATE");
        // Had that file gone out, it would be seen.
        let text = format!("{HEADS}{id},944.85,paid,ICBC2,2026-06-19\n");
        let row = bank_return(&app, &second, &text).expect(201)["rows"][0].clone();
        assert_eq!((&row["kind"], &row["result"], &row["status"]), (&json!("duplicate"), &json!("paid"), &json!("open")));
        app.database().verify().unwrap();
    }

    fn a_later_file_that_names_it_closes_a_missing_row(app) {
        let (app, _) = sold(app, 1);
        let id = approved(&app, 1, "944.85");
        let batch = batched(&app, &id, "944.85").made();
        let missing = bank_return(&app, &batch, HEADS).expect(201)["rows"][0].clone();
        let text = format!("{HEADS}{id},944.00,paid,ICBC1,2026-06-19\n");
        assert_eq!(bank_return(&app, &batch, &text).expect(201)["rows"][0]["kind"], "different");
        let open = app.finance().get("/api/v1/reconciliation-rows?status=open").expect(200)["items"].clone();
        assert_eq!(open.as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap()).collect::<Vec<_>>(), ["different"]);
        answered(&app.finance(), &missing, "pay_again").refused(409, "WRONG_STATE");
        let batches = app.finance().get("/api/v1/payment-batches").expect(200);
        assert_eq!(batches["items"][0]["open_rows"], 1);
        app.database().verify().unwrap();
    }

    /// One transfer pays one settlement, and repays once.
    fn a_transfer_is_recorded_once(app) {
        let (app, sales) = sold(app, 1);
        let id = approved(&app, 1, "944.85");
        step(&app.finance(), &id, "payment", &payment(1, "944.85", "944.85", "2026-06-19")).expect(200);
        app.retailer().post("/api/v1/redemptions", &app.ready(1)).made();
        let reason = json!({"reason": "退货"});
        app.retailer().post(&format!("/api/v1/redemptions/{}/reversal", sales[0]), &reason).expect(201);
        let path = format!("/api/v1/retailers/{}/repayments", app.retailer_id());
        let repaid = |amount: &str, reference: &str| {
            app.finance().post(&path, &json!({"amount": amount, "bank_reference": reference, "paid_on": "2026-06-19"}))
        };
        repaid("500.00", "RP1").expect(201);
        assert_eq!(repaid("10.00", "RP1").refused_alone(409, "WRONG_STATE"), "/bank_reference");
        repaid("444.85", "RP2").expect(201);
        let app = app.later(DAY);
        let period = json!({"from": "2026-06-19", "to": "2026-06-19", "lines": 1, "amount": "944.85"});
        let next = app.retailer().post(SETTLEMENTS, &period).made();
        through(&app, &next, 1, "944.85");
        let again = step(&app.finance(), &next, "payment", &payment(1, "944.85", "944.85", "2026-06-20"));
        assert_eq!(again.refused_alone(409, "WRONG_STATE"), "/bank_reference");
        // The bank's file says so of no second settlement either.
        let batch = batched(&app, &next, "944.85").made();
        let text = format!("{HEADS}{next},944.85,paid,ICBC1,2026-06-20\n");
        assert_eq!(bank_return(&app, &batch, &text).expect(201)["rows"][0]["kind"], "duplicate");
        let text = format!("{HEADS}{next},944.85,paid,ICBC2,2026-06-20\n");
        assert_eq!(bank_return(&app, &batch, &text).expect(201)["rows"][0]["kind"], "matched");
        app.database().verify().unwrap();
    }

    /// An approval that was wrong is taken back with everything that it moved, and is given anew to another account.
    fn an_approval_is_withdrawn(app) {
        let (app, sales) = sold(app, 1);
        let first = approved(&app, 1, "944.85");
        step(&app.finance(), &first, "payment", &payment(1, "944.85", "944.85", "2026-06-19")).expect(200);
        for n in [1, 2] {
            app.retailer().post("/api/v1/redemptions", &app.ready(n)).made();
        }
        let reason = json!({"reason": "退货"});
        app.retailer().post(&format!("/api/v1/redemptions/{}/reversal", sales[0]), &reason).expect(201);
        let app = app.later(DAY);
        let period = json!({"from": "2026-06-19", "to": "2026-06-19", "lines": 2, "amount": "1889.70"});
        let id = app.retailer().post(SETTLEMENTS, &period).made();
        through(&app, &id, 2, "1889.70");
        let asked = format!("{SETTLEMENTS}/statement?from={TODAY}&to=2026-06-19");
        let figures = |app: &TestApp| {
            let totals = app.officer().get("/api/v1/reports/totals").expect(200)["totals"].clone();
            let owed = app.retailer().get(&asked).expect(200)["owed_back"].clone();
            [totals["amount_approved"].clone(), totals["amount_recovered"].clone(), owed]
        };
        assert_eq!(figures(&app), [json!("2834.55"), json!("944.85"), json!("0.00")]);
        let account = json!({"account": {"bank": "中国银行", "number": "196012345678901234", "name": "商家"}});
        let path = format!("/api/v1/retailers/{}/bank-account-proposals", app.retailer_id());
        let proposal = app.retailer().post(&path, &account).made();
        let change = format!("/api/v1/bank-account-proposals/{proposal}/approval");
        app.officer().post(&change, &json!({})).refused_alone(409, "WRONG_STATE");
        // Not while a file for the bank has it: after the transfer has failed.
        let wrong = json!({"lines": 2, "amount": "1889.70", "reason": "收款账号有误"});
        let batch = batched(&app, &id, "944.85").made();
        step(&approver(&app), &id, "approval-withdrawal", &wrong).refused_alone(409, "WRONG_STATE");
        let text = format!("{HEADS}{id},944.85,failed,ICBC2,2026-06-20\n");
        let row = bank_return(&app, &batch, &text).expect(201)["rows"][0].clone();
        answered(&app.finance(), &row, "pay_again").expect(200);
        step(&approver(&app), &id, "approval-withdrawal", &json!({"lines": 1, "amount": "1889.70", "reason": "x"}))
            .refused_alone(409, "WRONG_STATE");
        let withdrawn = step(&approver(&app), &id, "approval-withdrawal", &wrong).expect(200);
        assert_eq!((&withdrawn["status"], &withdrawn["approved"], &withdrawn["recovered"], &withdrawn["account"]),
            (&json!("submitted"), &Value::Null, &json!("0.00"), &Value::Null));
        assert_eq!((&withdrawn["accepted"].is_object(), &withdrawn["reviewed"]), (&true, &Value::Null));
        assert_eq!(figures(&app), [json!("944.85"), json!("0.00"), json!("944.85")]);
        app.database().verify().unwrap();
        app.officer().post(&change, &json!({})).expect(200);
        let both = control(2, "1889.70");
        step(&reviewer(&app), &id, "review", &both).expect(200);
        step(&approver(&app), &id, "approval", &both).refused_alone(409, "SAME_OFFICER");
        let again = step(&colleague(&app, Role::Approver), &id, "approval", &both).expect(200);
        assert_eq!((&again["transfer"], &again["account"]["bank"]), (&json!("944.85"), &json!("中国银行")));
        assert_eq!(figures(&app), [json!("2834.55"), json!("944.85"), json!("0.00")]);
        step(&approver(&app), &first, "approval-withdrawal", &json!({"lines": 1, "amount": "944.85", "reason": "x"}))
            .refused_alone(409, "WRONG_STATE");
        app.database().verify().unwrap();
    }

    /// Of a settlement that was returned and has lost its last line nothing is left to wait for.
    fn a_settlement_without_lines_is_closed(app) {
        let (app, sales) = sold(app, 1);
        let id = submit(&app.retailer(), 1, "944.85").made();
        let back = json!({"lines": 1, "amount": "944.85", "reason": "退货未冲正"});
        step(&reviewer(&app), &id, "return", &back).expect(200);
        let reason = json!({"reason": "退货"});
        app.retailer().post(&format!("/api/v1/redemptions/{}/reversal", sales[0]), &reason).expect(201);
        let closed = step(&app.retailer(), &id, "submission", &control(0, "0.00")).expect(200);
        assert_eq!((&closed["status"], &closed["current"], &closed["due"]), (&json!("closed"), &control(0, "0.00"), &Value::Null));
        assert_eq!(closed["returned_because"], "退货未冲正");
        step(&app.officer(), &id, "acceptance", &control(0, "0.00")).refused_alone(409, "WRONG_STATE");
        let listed = app.officer().get(&format!("{SETTLEMENTS}?status=closed")).expect(200);
        assert_eq!(listed["items"].as_array().unwrap().len(), 1);
        app.database().verify().unwrap();
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
