//! What becomes of old items: received by a yard, dismantled, counted, and waited for before the retailer is paid.

use huanxin::access::Role;
use huanxin::domain::id::Id;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use ureq::http::Method;

use crate::app::{Answer, TODAY, TestApp, User, fresh_key};
use crate::sale::{USUAL, new_fridge, old_car, old_fridge, sale, with};

const CERTIFICATE: &[u8] = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";

fn receive(user: &User<'_>, turn_in: &str, day: &str) -> Answer {
    user.post(&format!("/api/v1/turn-ins/{turn_in}/receipt"), &json!({"received_on": day}))
}

/// What the yard sends when an item was dismantled today.
fn dismantling() -> Value {
    json!({"certificate_number": "CJ-2026-000017", "dismantled_on": TODAY, "sha256": hex::encode(Sha256::digest(CERTIFICATE))})
}

fn dismantle(user: &User<'_>, turn_in: &str, body: &Value) -> Answer {
    user.post(&format!("/api/v1/turn-ins/{turn_in}/dismantling"), body)
}

fn hand_in_certificate(user: &User<'_>, turn_in: &str) -> Answer {
    let path = format!("/api/v1/evidence?about=turn_in&subject_id={turn_in}&kind=certificate");
    let headers = [("Content-Type", "application/pdf"), ("Idempotency-Key", &*fresh_key())];
    user.send(Method::POST, &path, &headers, Some(CERTIFICATE))
}

fn end(user: &User<'_>, turn_in: &str) -> Answer {
    user.get(&format!("/api/v1/turn-ins/{turn_in}/end"))
}

/// A yard of another town than the demo's recycler.
fn other_yard(app: &TestApp) -> User<'_> {
    let points = app.nobody().get("/api/v1/collection-points").expect(200);
    let of_town = points["items"].as_array().unwrap().iter().find(|point| point["town"] == "麻丘镇").unwrap().clone();
    app.somebody(Role::Recycler, Some(of_town["id"].as_str().unwrap().parse().unwrap()))
}

/// A programme for refrigerators that waits for an end of the old item.
fn waiting_programme(app: &TestApp, id: &str, until: &str) {
    let rules = format!(
        "{USUAL}\n[old_item]\nmatching = \"same_category\"\nmatched_at = \"redemption\"\nsettlement_hold = \"{until}\"\n"
    );
    app.publish(id, &rules, "pool = \"100000.00\"\nper_person = 2");
}

/// Sells a refrigerator under a programme to a consumer whose old one is this.
fn sell(app: &TestApp, programme: &str, n: usize, turn_in: &str) -> String {
    let voucher = app.claim(n, programme, "refrigerator", None);
    let body = with(sale(app, n, &new_fridge(), "6299.00"), "/turn_in_id", turn_in);
    app.retailer().post("/api/v1/redemptions", &with(body, "/qr_token", app.code(n, &voucher, "live"))).made()
}

/// How many of today's lines are held.
fn held(app: &TestApp) -> Value {
    app.retailer().get(&format!("/api/v1/settlements/statement?from={TODAY}&to={TODAY}")).expect(200)["held"].clone()
}

on_both! {
    fn an_old_item_is_received_and_dismantled(app) {
        let turn_in = app.turn_in(&old_fridge(&app, 0));
        let yard = other_yard(&app);
        let nothing = json!({"turn_in_id": turn_in, "received": null, "dismantled": null});
        assert_eq!(end(&app.recycler(), &turn_in).expect(200), nothing);
        dismantle(&yard, &turn_in, &dismantling()).refused_alone(409, "WRONG_STATE");
        assert_eq!(receive(&yard, &turn_in, "2026-06-19").refused_alone(400, "BODY_MALFORMED"), "/received_on");
        assert_eq!(receive(&yard, &turn_in, "2026-06-17").refused_alone(400, "BODY_MALFORMED"), "/received_on");
        let key = fresh_key();
        let path = format!("/api/v1/turn-ins/{turn_in}/receipt");
        let first = yard.post_as(&key, &path, &json!({"received_on": TODAY}));
        assert_eq!(first.header("Location"), Some(&*format!("/api/v1/turn-ins/{turn_in}/end")));
        assert!(yard.post_as(&key, &path, &json!({"received_on": TODAY})).replayed());
        let received = first.expect(201);
        assert_eq!((&received["step"], &received["day"], &received["sha256"]), (&json!("received"), &json!(TODAY), &Value::Null));
        receive(&app.recycler(), &turn_in, TODAY).refused_alone(409, "WRONG_STATE");
        // Somebody has it: it cannot be void.
        let void = format!("/api/v1/turn-ins/{turn_in}/void");
        app.recycler().post(&void, &json!({"reason": "登记错误"})).refused_alone(409, "WRONG_STATE");

        // The certificate is handed in by the yard that has it, and named by its digest.
        assert_eq!(dismantle(&yard, &turn_in, &dismantling()).refused_alone(422, "EVIDENCE_MISSING"), "/sha256");
        hand_in_certificate(&yard, &turn_in).expect(201);
        let early = with(dismantling(), "/dismantled_on", "2026-06-17");
        assert_eq!(dismantle(&yard, &turn_in, &early).refused_alone(400, "BODY_MALFORMED"), "/dismantled_on");
        let dismantled = dismantle(&yard, &turn_in, &dismantling()).expect(201);
        dismantle(&yard, &turn_in, &dismantling()).refused_alone(409, "WRONG_STATE");
        let whole = json!({"turn_in_id": turn_in, "received": received, "dismantled": dismantled});
        for user in [app.recycler(), yard, app.consumer(0), app.officer(), app.auditor()] {
            assert_eq!(end(&user, &turn_in).expect(200), whole);
        }
    }

    /// The number of a car's certificate has the form of one.
    fn a_cars_certificate(app) {
        let turn_in = app.turn_in(&old_car(&app, 0));
        receive(&app.recycler(), &turn_in, TODAY).expect(201);
        hand_in_certificate(&app.recycler(), &turn_in).expect(201);
        let spaced = with(dismantling(), "/certificate_number", "CJ 2026 000017");
        let wrong = dismantle(&app.recycler(), &turn_in, &spaced);
        assert_eq!(wrong.refused_alone(422, "IDENTIFIER_INVALID"), "/certificate_number");
        dismantle(&app.recycler(), &turn_in, &dismantling()).expect(201);
    }

    fn another_organisations_old_item(app) {
        let turn_in = app.turn_in(&old_fridge(&app, 0));
        let nothing = Id::digest(&["nothing"]).to_string();
        let yard = other_yard(&app);
        for user in [&yard, &app.retailer(), &app.consumer(1)] {
            end(user, &turn_in).refused_alone(404, "NOT_FOUND");
            end(user, &nothing).refused_alone(404, "NOT_FOUND");
        }
        receive(&yard, &nothing, TODAY).refused_alone(404, "NOT_FOUND");
        receive(&app.somebody(Role::Recycler, Some(Id::digest(&["nobody"]))), &turn_in, TODAY)
            .refused_alone(404, "NOT_FOUND");
        receive(&yard, &turn_in, TODAY).expect(201);
        // Who has it dismantles it, and nobody else.
        hand_in_certificate(&app.recycler(), &turn_in).expect(201);
        dismantle(&app.recycler(), &turn_in, &dismantling()).refused_alone(404, "NOT_FOUND");
        dismantle(&yard, &nothing, &dismantling()).refused_alone(404, "NOT_FOUND");
    }

    /// What was claimed, recorded and received; whoever claims more than a yard gets is seen.
    fn the_three_way_count(app) {
        app.publish("nc-plain-2026", &format!("{USUAL}\n[old_item]\nmatching = \"same_category\"\nmatched_at = \"redemption\"\n"),
            "pool = \"100000.00\"");
        let items: Vec<String> = (0..4).map(|n| app.turn_in(&old_fridge(&app, n))).collect();
        let void = app.turn_in(&old_fridge(&app, 4));
        app.recycler().post(&format!("/api/v1/turn-ins/{void}/void"), &json!({"reason": "登记错误"})).expect(200);
        app.turn_in(&old_car(&app, 5));
        for (n, item) in items.iter().enumerate().take(3) {
            sell(&app, "nc-plain-2026", n, item);
        }
        receive(&other_yard(&app), &items[0], TODAY).expect(201);
        receive(&other_yard(&app), &items[3], TODAY).expect(201);
        let path = format!("/api/v1/reports/old-item-ends?from={TODAY}&to={TODAY}");
        let report = app.officer().get(&path).expect(200);
        let fridges = json!({"recorded": 4, "claimed": 3, "received": 2, "dismantled": 0, "claimed_not_received": 2});
        let cars = json!({"recorded": 1, "claimed": 0, "received": 0, "dismantled": 0, "claimed_not_received": 0});
        let rows = report["rows"].as_array().unwrap();
        let shown: Vec<_> = rows.iter().map(|row| (&row["category"], &row["counts"], &row["organisation"])).collect();
        let name = json!("艾溪湖管理处再生资源回收站");
        assert_eq!(shown, [(&json!("refrigerator"), &fridges, &name), (&json!("car"), &cars, &name)]);
        assert_eq!(report["totals"]["claimed_not_received"], 2);
        assert_eq!(app.officer().get("/api/v1/reports/old-item-ends?to=2026-06-17").expect(200)["rows"], json!([]));
        assert_eq!(app.officer().get("/api/v1/reports/old-item-ends").expect(200), report);
    }

    fn a_programme_may_wait_for_the_old_item(app) {
        waiting_programme(&app, "nc-received-2026", "received");
        waiting_programme(&app, "nc-dismantled-2026", "dismantled");
        app.approve(&["nc-appl-2026", "nc-received-2026", "nc-dismantled-2026"]);
        let items: Vec<String> = (0..4).map(|n| app.turn_in(&old_fridge(&app, n))).collect();
        sell(&app, "nc-received-2026", 0, &items[0]);
        assert_eq!(held(&app), 1);
        sell(&app, "nc-dismantled-2026", 1, &items[1]);
        assert_eq!(held(&app), 2);
        // What has come there before is not waited for.
        receive(&app.recycler(), &items[2], TODAY).expect(201);
        sell(&app, "nc-received-2026", 2, &items[2]);
        assert_eq!(held(&app), 2);
        // A programme that does not ask for it holds nothing.
        app.retailer().post("/api/v1/redemptions", &app.ready(3)).expect(201);
        assert_eq!(held(&app), 2);
        receive(&app.recycler(), &items[0], TODAY).expect(201);
        assert_eq!(held(&app), 1);
        receive(&app.recycler(), &items[1], TODAY).expect(201);
        assert_eq!(held(&app), 1, "received is not dismantled");
        hand_in_certificate(&app.recycler(), &items[1]).expect(201);
        dismantle(&app.recycler(), &items[1], &dismantling()).expect(201);
        assert_eq!(held(&app), 0);
    }

    /// A settlement with such a line is not approved before the item has come.
    fn a_held_line_keeps_a_settlement_from_being_approved(app) {
        waiting_programme(&app, "nc-received-2026", "received");
        let turn_in = app.turn_in(&old_fridge(&app, 0));
        sell(&app, "nc-received-2026", 0, &turn_in);
        let app = app.later(86_400);
        let control = json!({"lines": 1, "amount": "944.85"});
        let submitted = json!({"from": TODAY, "to": TODAY, "lines": 1, "amount": "944.85"});
        let settlement = app.retailer().post("/api/v1/settlements", &submitted).made();
        let step = |role: &str, word: &str| {
            app.demo_user(role).post(&format!("/api/v1/settlements/{settlement}/{word}"), &control)
        };
        step("officer", "acceptance").expect(200);
        step("reviewer", "review").expect(200);
        app.scan();
        step("approver", "approval").refused(409, "WRONG_STATE");
        receive(&app.recycler(), &turn_in, "2026-06-19").expect(201);
        assert_eq!(step("approver", "approval").expect(200)["status"], "approved");
    }

    /// One certificate does not prove two old items. What it let go is held again, by the number and by the file.
    fn one_certificate_for_two_old_items(app) {
        waiting_programme(&app, "nc-dismantled-2026", "dismantled");
        for n in [0, 1] {
            let turn_in = app.turn_in(&with(old_fridge(&app, n), "/evidence/0/sha256", format!("{n:064x}")));
            sell(&app, "nc-dismantled-2026", n, &turn_in);
            receive(&app.recycler(), &turn_in, TODAY).expect(201);
            hand_in_certificate(&app.recycler(), &turn_in).expect(201);
            dismantle(&app.recycler(), &turn_in, &dismantling()).expect(201);
        }
        assert_eq!(held(&app), 0);
        let app = app.later(86_400);
        app.scan();
        let found = app.officer().get("/api/v1/anomalies").expect(200)["items"].clone();
        let mut rules: Vec<&str> =
            found.as_array().unwrap().iter().map(|one| one["rule"].as_str().unwrap()).collect();
        rules.sort_unstable();
        assert_eq!(rules, ["certificate_used_twice", "photo_used_twice"]);
        assert_eq!(held(&app), 2);
    }
}
