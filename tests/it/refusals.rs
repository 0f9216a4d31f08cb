//! Each way in which the service must say no, and what it must not have done when it did.

use std::thread;

use huanxin::domain::identifier::synthetic;
use serde_json::{Value, json};
use ureq::http::Method;

use crate::app::{Answer, TODAY, TestApp, fresh_key};
use crate::sale::{USUAL, fresh, new_car, new_fridge, old_car, old_ebike, old_fridge, sale, with};

const REDEEM: &str = "/api/v1/redemptions";
const CLAIM: &str = "/api/v1/vouchers";
const DAY: i64 = 24 * 3600;

fn redeem(app: &TestApp, body: &Value) -> Answer {
    app.retailer().post(REDEEM, body)
}

fn quote(app: &TestApp, body: &Value) -> Answer {
    app.retailer().post_text(&[], "/api/v1/redemptions/quote", &body.to_string())
}

fn claim_fridge(app: &TestApp, n: usize, programme: &str) -> Answer {
    app.consumer(n).post(CLAIM, &TestApp::claim_body(programme, "refrigerator", None))
}

/// The other sale has the same goods, invoice or old item under its own voucher: takes the member from `first`.
fn sharing(first: &Value, second: Value, pointer: &str) -> Value {
    with(second, pointer, first.pointer(pointer).unwrap().clone())
}

/// Sends the request forty times at once, each time with the key that is made for it.
fn forty_at_once(app: &TestApp, body: &Value, key: impl Fn() -> String) -> Vec<Answer> {
    let keys: Vec<String> = (0..40).map(|_| key()).collect();
    thread::scope(|scope| {
        let post = |key: String| scope.spawn(move || app.retailer().post_as(&key, REDEEM, body));
        let sent: Vec<_> = keys.into_iter().map(post).collect();
        sent.into_iter().map(|answer| answer.join().unwrap()).collect()
    })
}

/// The codes of all failures, in their order.
fn codes(answer: &Answer) -> Vec<String> {
    texts(&answer.body["errors"], "code")
}

/// The codes of the checks that a quote did not pass.
fn failed(quote: &Value) -> Vec<String> {
    let checks = quote["checks"].as_array().unwrap().iter().filter(|check| check["passed"] == false);
    texts(&checks.cloned().collect(), "code")
}

fn texts(rows: &Value, member: &str) -> Vec<String> {
    rows.as_array().unwrap().iter().map(|row| row[member].as_str().unwrap().to_owned()).collect()
}

fn redeemed_so_far(app: &TestApp) -> i64 {
    let totals = app.officer().get("/api/v1/reports/totals").expect(200);
    totals["totals"]["redeemed"].as_i64().unwrap()
}

// Once and only once.
on_both! {
    fn a_voucher_is_redeemed_once(app) {
        let (body, key) = (app.ready(0), fresh_key());
        let first = app.retailer().post_as(&key, REDEEM, &body);
        assert!(!first.replayed());
        let again = app.retailer().post_as(&key, REDEEM, &body);
        assert!(again.replayed());
        assert_eq!((again.status, &again.body), (201, &first.body));
        redeem(&app, &body).refused(409, "VOUCHER_ALREADY_REDEEMED");
        let other = with(body, "/delivery_address", "艾溪湖北路100号");
        app.retailer().post_as(&key, REDEEM, &other).refused_alone(422, "IDEMPOTENCY_KEY_REUSED");
        assert_eq!(redeemed_so_far(&app), 1);
    }

    fn forty_at_once_with_forty_keys_redeem_once(app) {
        let body = app.ready(0);
        let answers = forty_at_once(&app, &body, fresh_key);
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            answer.refused(409, "VOUCHER_ALREADY_REDEEMED");
        }
        assert_eq!(redeemed_so_far(&app), 1);
    }

    fn forty_at_once_with_one_key_get_one_answer(app) {
        let (body, key) = (app.ready(0), fresh_key());
        let answers = forty_at_once(&app, &body, || key.clone());
        assert!(answers.iter().all(|answer| answer.status == 201 && answer.body == answers[0].body));
        assert_eq!(answers.iter().filter(|answer| !answer.replayed()).count(), 1);
        assert_eq!(redeemed_so_far(&app), 1);
    }

    fn keys_belong_to_their_caller(app) {
        let key = fresh_key();
        let body = TestApp::claim_body("nc-appl-2026", "refrigerator", None);
        let first = app.consumer(0).post_as(&key, CLAIM, &body).made();
        assert_ne!(app.consumer(1).post_as(&key, CLAIM, &body).made(), first);
    }

    /// A till that lost the answer asks again, when the code on the screen has long lapsed.
    fn a_lost_answer_is_given_again(app) {
        let (body, key) = (app.ready(0), fresh_key());
        let first = app.retailer().post_as(&key, REDEEM, &body).expect(201);
        let app = app.later(DAY);
        let again = app.retailer().post_as(&key, REDEEM, &body);
        assert!(again.replayed());
        assert_eq!(again.expect(201), first);
    }

    fn a_quote_and_a_scan_mean_the_same_sale(app) {
        let (body, key) = (app.ready(0), fresh_key());
        let scan = quote(&app, &body).expect(200)["scan_token"].clone();
        let first = app.retailer().post_as(&key, REDEEM, &body).expect(201);
        let scanned = with(with(body, "/qr_token", Value::Null), "/scan_token", scan);
        assert_eq!(app.retailer().post_as(&key, REDEEM, &scanned).expect(201), first);
    }
}

// Identities count once.
on_both! {
    fn a_serial_number_counts_once_however_it_is_written(app) {
        let first = with(app.ready(0), "/item/serial_number", "HX20-260618-77");
        redeem(&app, &first).expect(201);
        let second = app.ready(1);
        for (brand, written) in [("海尔", "HX2026061877"), ("Haier", "hx20-260618-77"), (" haier ", " HX20/2606.1877 ")] {
            let body = with(with(second.clone(), "/item/serial_number", written), "/item/brand", brand);
            assert_eq!(redeem(&app, &body).refused_alone(409, "SN_ALREADY_USED"), "/item/serial_number", "{brand} {written}");
        }
        let spaced = with(second.clone(), "/item/serial_number", "HX20 2606 1877");
        assert_eq!(redeem(&app, &spaced).refused_alone(422, "IDENTIFIER_INVALID"), "/item/serial_number");
        let other_brand = with(with(second, "/item/serial_number", "HX2026061877"), "/item/brand", "美的");
        redeem(&app, &other_brand).expect(201);
    }

    fn a_car_counts_once(app) {
        let car = new_car("nev", None);
        let body = |n: usize| {
            let turn_in = app.turn_in(&old_car(&app, n));
            let voucher = app.claim(n, "nc-car-2026", "car", Some(&turn_in));
            with(sale(&app, n, &car, "180000.00"), "/qr_token", app.code(n, &voucher, "live"))
        };
        let (first, second) = (body(0), body(1));
        redeem(&app, &first).expect(201);
        assert_eq!(redeem(&app, &second).refused_alone(409, "NEW_ITEM_ALREADY_SUBSIDISED"), "/item/vin");
    }

    fn an_invoice_counts_once(app) {
        let first = app.ready(0);
        let second = sharing(&first, app.ready(1), "/invoice/number");
        redeem(&app, &first).expect(201);
        assert_eq!(redeem(&app, &second).refused_alone(409, "INVOICE_ALREADY_USED"), "/invoice/number");
    }

    fn an_old_item_counts_once(app) {
        let first = app.ready(0);
        redeem(&app, &first).expect(201);
        let voucher = app.claim(0, "nc-appl-2026", "washing_machine", None);
        let item = with(new_fridge(), "/category", "washing_machine");
        let second = with(sale(&app, 0, &item, "3000.00"), "/qr_token", app.code(0, &voucher, "live"));
        let answer = redeem(&app, &sharing(&first, second, "/turn_in_id"));
        assert_eq!(codes(&answer), ["OLD_ITEM_CATEGORY_MISMATCH", "OLD_ITEM_ALREADY_USED"]);
        // The same item, recorded a second time.
        let old = with(old_fridge(&app, 2), "/item/serial_number", "OLD-2026-0618");
        let again = with(with(old.clone(), "/owner/name", app.name(3)), "/owner/resident_id", app.resident_id(3));
        redeem(&app, &with(app.ready(2), "/turn_in_id", app.turn_in(&old))).expect(201);
        let second = with(app.ready(3), "/turn_in_id", app.turn_in(&again));
        redeem(&app, &second).refused_alone(409, "OLD_ITEM_ALREADY_USED");
    }

    fn a_return_frees_what_was_taken(app) {
        let body = app.ready(0);
        let redemption = redeem(&app, &body).made();
        app.retailer().post(&format!("{REDEEM}/{redemption}/reversal"), &json!({"reason": "退货"})).expect(201);
        redeem(&app, &body).refused(409, "VOUCHER_NOT_LIVE");
        let voucher = app.claim(0, "nc-appl-2026", "refrigerator", None);
        redeem(&app, &with(body, "/qr_token", app.code(0, &voucher, "live"))).expect(201);
    }
}

// The old item.
on_both! {
    fn the_old_item_must_be_the_holders_own_and_of_the_category(app) {
        let body = app.ready(0);
        let others = with(body.clone(), "/turn_in_id", app.turn_in(&old_fridge(&app, 1)));
        assert_eq!(redeem(&app, &others).refused_alone(422, "OLD_ITEM_OWNER_MISMATCH"), "/turn_in_id");
        let television = with(old_fridge(&app, 0), "/category", "television");
        let wrong = with(body.clone(), "/turn_in_id", app.turn_in(&television));
        assert_eq!(redeem(&app, &wrong).refused_alone(422, "OLD_ITEM_CATEGORY_MISMATCH"), "/turn_in_id");
        let none = with(body.clone(), "/turn_in_id", Value::Null);
        assert_eq!(redeem(&app, &none).refused_alone(422, "OLD_ITEM_MISSING"), "/turn_in_id");
        redeem(&app, &body).expect(201);
    }

    fn a_void_turn_in_is_none(app) {
        let body = app.ready(0);
        let path = format!("/api/v1/turn-ins/{}/void", body["turn_in_id"].as_str().unwrap());
        app.retailer().post(&path, &json!({"reason": "not theirs"})).refused_alone(404, "NOT_FOUND");
        app.recycler().post(&path, &json!({"reason": "录错了"})).expect(200);
        redeem(&app, &body).refused_alone(422, "OLD_ITEM_MISSING");
        app.recycler().post(&path, &json!({"reason": "again"})).refused_alone(409, "WRONG_STATE");
    }

    fn a_matched_turn_in_supports_one_voucher(app) {
        let turn_in = app.turn_in(&old_ebike(&app, 0, "lithium"));
        let body = TestApp::claim_body("nc-ebike-2026", "ebike", Some(&turn_in));
        let voucher = app.consumer(0).post(CLAIM, &body).made();
        app.consumer(0).post(CLAIM, &body).refused(422, "CATEGORY_LIMIT_REACHED");
        app.consumer(1).post(CLAIM, &body).refused(422, "OLD_ITEM_OWNER_MISMATCH");
        app.recycler().post(&format!("/api/v1/turn-ins/{turn_in}/void"), &json!({"reason": "late"})).refused(409, "WRONG_STATE");
        app.consumer(0).post(&format!("{CLAIM}/{voucher}/cancellation"), &json!({})).expect(200);
        app.consumer(0).post(CLAIM, &body).expect(201);
    }

    fn a_car_must_be_old_long_owned_scrapped_and_proven(app) {
        let mut old = old_car(&app, 0);
        for (pointer, value) in
            [("/item/first_registered_on", "2013-07-01"), ("/item/owned_since", "2025-01-09"), ("/item/disposal", "transferred")]
        {
            old = with(old, pointer, value);
        }
        let turn_in = app.turn_in(&with(old, "/evidence", json!([])));
        let answer = app.consumer(0).post(CLAIM, &TestApp::claim_body("nc-car-2026", "car", Some(&turn_in)));
        answer.refused(422, "OLD_ITEM_TOO_NEW");
        let all = ["OLD_ITEM_TOO_NEW", "OWNED_TOO_LATE", "OLD_NEW_COMBINATION_NOT_ELIGIBLE", "EVIDENCE_MISSING", "EVIDENCE_MISSING"];
        assert_eq!(codes(&answer), all);
    }
}

// The code on the screen or on paper.
on_both! {
    fn a_live_code_lapses(app) {
        let body = app.ready(0);
        let scan = quote(&app, &body).expect(200)["scan_token"].clone();
        let scanned = with(with(body.clone(), "/qr_token", Value::Null), "/scan_token", scan);
        let app = app.later(95);
        assert_eq!(redeem(&app, &body).refused_alone(422, "QR_EXPIRED"), "/qr_token");
        quote(&app, &body).refused(422, "QR_EXPIRED");
        let app = app.later(15 * 60);
        assert_eq!(redeem(&app, &scanned).refused_alone(422, "QR_EXPIRED"), "/scan_token");
    }

    fn a_scan_holds_when_the_code_does_not(app) {
        let body = app.ready(0);
        let scan = quote(&app, &body).expect(200)["scan_token"].clone();
        let app = app.later(10 * 60);
        redeem(&app, &with(with(body, "/qr_token", Value::Null), "/scan_token", scan)).expect(201);
    }

    fn a_printed_code_needs_its_holder(app) {
        let turn_in = app.turn_in(&old_fridge(&app, 0));
        let voucher = app.claim(0, "nc-appl-2026", "refrigerator", None);
        let body = with(sale(&app, 0, &new_fridge(), "6299.00"), "/turn_in_id", turn_in);
        let body = with(body, "/qr_token", app.code(0, &voucher, "printed"));
        let right = app.resident_id(0)[14..].to_owned();
        let wrong = app.resident_id(1)[14..].to_owned();
        assert_ne!(right, wrong);
        for check in [Value::Null, json!(""), json!(wrong)] {
            let body = with(body.clone(), "/holder_check", check);
            assert_eq!(redeem(&app, &body).refused_alone(422, "HOLDER_CHECK_FAILED"), "/holder_check");
            quote(&app, &body).refused(422, "HOLDER_CHECK_FAILED");
        }
        let checked = with(body, "/holder_check", right.to_lowercase());
        // The scan remembers the check.
        let scan = quote(&app, &checked).expect(200)["scan_token"].clone();
        let scanned = with(with(checked, "/qr_token", Value::Null), "/holder_check", Value::Null);
        redeem(&app, &with(scanned, "/scan_token", scan)).expect(201);
    }

    fn a_forged_code_is_none(app) {
        let body = app.ready(0);
        let token = body["qr_token"].as_str().unwrap();
        let at = token.rfind('.').unwrap() + 10;
        let other = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
        let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
        let access = app.demo["tokens"]["retailer"].as_str().unwrap();
        for forged in [changed.as_str(), "", "a.b.c", access] {
            let body = with(body.clone(), "/qr_token", forged);
            assert_eq!(redeem(&app, &body).refused_alone(422, "QR_INVALID"), "/qr_token");
            quote(&app, &body).refused(422, "QR_INVALID");
        }
        redeem(&app, &body).expect(201);
    }

    fn a_scan_is_good_at_its_store_alone(app) {
        let second = json!({"retailer_id": app.retailer_id(), "name": "二店", "address": "火炬大街1号",
            "division_code": "360111", "town": "昌东镇"});
        let second = app.officer().post("/api/v1/stores", &second).made();
        let body = app.ready(0);
        let scan = quote(&app, &body).expect(200)["scan_token"].clone();
        let scanned = with(with(body, "/qr_token", Value::Null), "/scan_token", scan);
        assert_eq!(redeem(&app, &with(scanned, "/store_id", second)).refused_alone(422, "QR_INVALID"), "/scan_token");
    }
}

// The seller.
on_both! {
    fn a_retailer_must_be_approved_for_the_programme(app) {
        let body = app.ready(0);
        app.approve(&["nc-car-2026"]);
        redeem(&app, &body).refused_alone(422, "RETAILER_NOT_APPROVED");
        quote(&app, &body).refused(422, "RETAILER_NOT_APPROVED");
        app.approve(&["nc-appl-2026"]);
        let path = format!("/api/v1/retailers/{}/suspension", app.retailer_id());
        app.officer().post(&path, &json!({"reason": "整改"})).expect(200);
        // Its tokens have ended; the rule holds for who had got past them.
        redeem(&app, &body).refused_alone(401, "UNAUTHENTICATED");
        app.approve(&["nc-appl-2026"]);
        let app = app.later(30);
        redeem(&app, &body).expect(201);
    }

    fn a_store_must_be_the_retailers_own_and_approved(app) {
        let body = app.ready(0);
        let path = format!("/api/v1/stores/{}", app.store());
        app.officer().post(&format!("{path}/suspension"), &json!({"reason": "整改"})).expect(200);
        assert_eq!(redeem(&app, &body).refused_alone(422, "STORE_NOT_APPROVED"), "/store_id");
        app.officer().post(&format!("{path}/approval"), &json!({})).expect(200);
        let retailer = json!({"name": "南昌别家电器有限公司", "uscc": synthetic::uscc(fresh()), "divisions": ["360111"],
            "account": {"bank": "中国银行", "number": "1502201009000001", "name": "南昌别家电器有限公司"}});
        let retailer = app.officer().post("/api/v1/retailers", &retailer).made();
        let store = json!({"retailer_id": retailer, "name": "别家店", "address": "火炬大街2号",
            "division_code": "360111", "town": "昌东镇"});
        let store = app.officer().post("/api/v1/stores", &store).made();
        assert_eq!(redeem(&app, &with(body.clone(), "/store_id", store)).refused_alone(404, "NOT_FOUND"), "/store_id");
        redeem(&app, &body).expect(201);
    }
}

// Who takes part.
on_both! {
    /// A credit code is one organisation's: whoever is registered is not registered anew, whatever else is said.
    fn a_retailer_is_registered_once(app) {
        let uscc = synthetic::uscc(fresh());
        let body = json!({"name": "南昌一次电器有限公司", "uscc": uscc, "divisions": ["360111"],
            "account": {"bank": "中国银行", "number": "1502201009000001", "name": "南昌一次电器有限公司"}});
        let retailer = app.officer().post("/api/v1/retailers", &body).made();
        let again = with(body.clone(), "/name", "南昌再次电器有限公司");
        // Written otherwise it is the same code.
        for code in [uscc.clone(), uscc.to_lowercase(), format!(" {uscc} ")] {
            let answer = app.officer().post("/api/v1/retailers", &with(again.clone(), "/uscc", code));
            assert_eq!(answer.refused_alone(409, "WRONG_STATE"), "/uscc");
        }
        app.officer().post(&format!("/api/v1/retailers/{retailer}/suspension"), &json!({"reason": "检查"})).expect(200);
        app.officer().post("/api/v1/retailers", &again).refused_alone(409, "WRONG_STATE");
        app.officer().post("/api/v1/retailers", &with(again, "/uscc", synthetic::uscc(fresh()))).expect(201);
    }
}

// Amounts.
on_both! {
    fn amounts_must_add_up(app) {
        let body = app.ready(0);
        for (pointer, value) in
            [("/price/list", "6300.00"), ("/price/discounts", "0.01"), ("/invoice/total", "6298.99"), ("/price/paid", "5354.14")]
        {
            let answer = redeem(&app, &with(body.clone(), pointer, value));
            answer.refused(422, "INVOICE_AMOUNT_MISMATCH");
        }
        redeem(&app, &with(body, "/price/paid", "5354.15")).expect(201);
    }

    fn amounts_are_strings_with_two_places(app) {
        let body = app.ready(0);
        for value in [json!("6299.001"), json!(6299), json!(6299.0), json!("6,299.00"), json!("-6299.00"), json!("")] {
            for pointer in ["/price/list", "/invoice/total"] {
                let answer = redeem(&app, &with(body.clone(), pointer, value.clone()));
                assert_eq!(answer.refused(400, "AMOUNT_MALFORMED")["pointer"], pointer, "{value}");
            }
        }
        redeem(&app, &with(body, "/price/list", "6299.0")).expect(201);
    }
}

// Money, quota and time.
on_both! {
    fn a_pool_is_never_promised_twice(app) {
        app.publish("small", USUAL, "pool = \"3000.00\"");
        let first = claim_fridge(&app, 0, "small").made();
        let second = claim_fridge(&app, 1, "small").made();
        claim_fridge(&app, 2, "small").refused_alone(422, "POOL_EXHAUSTED");
        let asked = app.consumer(2).post_text(&[], "/api/v1/programmes/small/eligibility", r#"{"category":"refrigerator"}"#);
        let asked = asked.expect(200);
        assert_eq!((&asked["eligible"], &asked["reasons"][0]["code"]), (&json!(false), &json!("POOL_EXHAUSTED")));
        // What the sale did not need, and what is given back, can be promised again.
        let body = with(sale(&app, 0, &new_fridge(), "100.00"), "/qr_token", app.code(0, &first, "live"));
        assert_eq!(redeem(&app, &body).expect(201)["subsidy"], "15.00");
        claim_fridge(&app, 2, "small").refused_alone(422, "POOL_EXHAUSTED");
        app.consumer(1).post(&format!("{CLAIM}/{second}/cancellation"), &json!({})).expect(200);
        claim_fridge(&app, 2, "small").expect(201);
        claim_fridge(&app, 3, "small").refused_alone(422, "POOL_EXHAUSTED");
        let more = json!({"category": "refrigerator", "delta": "15.00", "reason": "追加"});
        app.officer().post("/api/v1/programmes/small/pool-adjustments", &more).expect(200);
        claim_fridge(&app, 3, "small").expect(201);
    }

    fn forty_at_once_get_what_there_is(app) {
        app.publish("small", USUAL, "pool = \"4500.00\"");
        let claim = |n: usize| claim_fridge(&app, n, "small");
        let answers: Vec<Answer> = thread::scope(|scope| {
            let sent: Vec<_> = (0..40).map(|n| scope.spawn(move || claim(n % 10))).collect();
            sent.into_iter().map(|answer| answer.join().unwrap()).collect()
        });
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 3);
        assert!(answers.iter().all(|answer| [201, 422].contains(&answer.status)));
    }

    fn a_release_is_sold_out_until_the_next(app) {
        let release = "releases = [{ at = \"09:00\", vouchers = 1 }]";
        app.publish("timed", &format!("{USUAL}{release}"), "pool = \"9000.00\"");
        claim_fridge(&app, 0, "timed").expect(201);
        claim_fridge(&app, 1, "timed").refused_alone(422, "RELEASE_SOLD_OUT");
        let app = app.later(DAY);
        claim_fridge(&app, 1, "timed").expect(201);
    }

    fn a_person_has_one_of_a_category_and_one_car_a_year(app) {
        app.claim(0, "nc-appl-2026", "refrigerator", None);
        claim_fridge(&app, 0, "nc-appl-2026").refused_alone(422, "CATEGORY_LIMIT_REACHED");
        app.claim(0, "nc-appl-2026", "television", None);
        let turn_in = || app.turn_in(&old_car(&app, 0));
        app.claim(0, "nc-car-2026", "car", Some(&turn_in()));
        let second = TestApp::claim_body("nc-car-2026", "car", Some(&turn_in()));
        app.consumer(0).post(CLAIM, &second).refused_alone(422, "YEARLY_LIMIT_REACHED");
        let elsewhere = with(TestApp::claim_body("nc-appl-2026", "computer", None), "/division_code", "360102");
        app.consumer(0).post(CLAIM, &elsewhere).refused_alone(422, "REGION_NOT_ELIGIBLE");
        claim_fridge(&app, 0, "no-such").refused_alone(404, "NOT_FOUND");
        app.consumer(0).post(CLAIM, &TestApp::claim_body("nc-appl-2026", "phone", None)).refused(422, "CATEGORY_NOT_ELIGIBLE");
    }

    fn a_cancelled_voucher_may_be_claimed_again_so_often(app) {
        app.publish("once-more", USUAL, "pool = \"9000.00\"\nper_person = 1");
        for _ in 0..2 {
            let voucher = claim_fridge(&app, 0, "once-more").made();
            let path = format!("{CLAIM}/{voucher}/cancellation");
            assert_eq!(app.consumer(0).post(&path, &json!({})).expect(200)["status"], "cancelled");
            app.consumer(0).get(&format!("{CLAIM}/{voucher}/qr")).refused_alone(409, "VOUCHER_NOT_LIVE");
            app.consumer(0).post(&path, &json!({})).refused_alone(409, "VOUCHER_NOT_LIVE");
        }
        claim_fridge(&app, 0, "once-more").refused_alone(422, "RECLAIM_LIMIT_REACHED");
    }

    fn a_voucher_that_lapsed_a_second_ago_is_over_and_may_be_claimed_again(app) {
        let body = app.ready(0);
        let voucher = app.consumer(0).get(CLAIM).expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
        let body = with(body, "/qr_token", app.code(0, &voucher, "printed"));
        let body = with(body, "/holder_check", &app.resident_id(0)[14..]);
        let app = app.later(30 * DAY - 60);
        quote(&app, &body).expect(200);
        // The clock of the claim had run for less than a minute.
        let app = app.later(120);
        redeem(&app, &body).refused_alone(422, "VOUCHER_EXPIRED");
        quote(&app, &body).refused(422, "VOUCHER_EXPIRED");
        app.consumer(0).get(&format!("{CLAIM}/{voucher}/qr")).refused_alone(422, "VOUCHER_EXPIRED");
        assert_eq!(app.consumer(0).get(&format!("{CLAIM}/{voucher}")).expect(200)["status"], "expired");
        let again = claim_fridge(&app, 0, "nc-appl-2026").made();
        redeem(&app, &with(body, "/qr_token", app.code(0, &again, "live"))).expect(201);
        let totals = app.officer().get("/api/v1/reports/totals").expect(200)["totals"].clone();
        assert_eq!((&totals["expired"], &totals["redeemed"]), (&json!(1), &json!(1)));
    }

    fn a_paused_or_closed_programme_takes_nothing(app) {
        let body = app.ready(0);
        let step = |word: &str| app.officer().post(&format!("/api/v1/programmes/nc-appl-2026/{word}"), &json!({"reason": "暂停"}));
        step("pause").expect(200);
        redeem(&app, &body).refused_alone(422, "PROGRAMME_NOT_OPEN");
        let quoted = quote(&app, &body).expect(200);
        assert_eq!((&quoted["subsidy"], failed(&quoted)), (&Value::Null, vec!["PROGRAMME_NOT_OPEN".to_owned()]));
        claim_fridge(&app, 1, "nc-appl-2026").refused_alone(422, "PROGRAMME_NOT_OPEN");
        app.officer().post("/api/v1/programmes/nc-appl-2026/publication", &json!({})).expect(200);
        redeem(&app, &body).expect(201);
        step("closure").expect(200);
        claim_fridge(&app, 1, "nc-appl-2026").refused_alone(422, "PROGRAMME_NOT_OPEN");
        step("closure").refused_alone(409, "WRONG_STATE");
    }

    fn outside_the_windows_nothing_is_taken(app) {
        let windows = "windows = { claim = { from = 2026-07-01, to = 2026-07-31 } }\nvoucher = { days = 30, reclaims = 1 }";
        app.publish("july", windows, "pool = \"9000.00\"");
        claim_fridge(&app, 0, "july").refused_alone(422, "PROGRAMME_NOT_OPEN");
        let hours = USUAL.replace("} }", "}, daily_hours = { from = \"18:00\", to = \"20:00\" } }");
        app.publish("evening", &hours, "pool = \"9000.00\"");
        claim_fridge(&app, 0, "evening").refused_alone(422, "PROGRAMME_NOT_OPEN");
        app.later(9 * 3600).publish("after", USUAL, "pool = \"9000.00\"");
    }

    fn the_buyer_the_goods_and_the_day_must_fit(app) {
        let body = app.ready(0);
        for (pointer, value, code) in [
            ("/invoice/buyer_name", json!(app.name(1)), "BUYER_MISMATCH"),
            ("/item/energy_level", json!(2), "ENERGY_LEVEL_NOT_ELIGIBLE"),
            ("/item/category", json!("television"), "CATEGORY_NOT_ELIGIBLE"),
            ("/invoice/issued_on", json!("2025-12-31"), "INVOICE_OUTSIDE_WINDOW"),
        ] {
            let answer = redeem(&app, &with(body.clone(), pointer, value));
            assert_eq!(answer.refused_alone(422, code), pointer);
        }
        let turn_in = app.turn_in(&old_car(&app, 0));
        let voucher = app.claim(0, "nc-car-2026", "car", Some(&turn_in));
        let car = |item: Value| with(sale(&app, 0, &item, "180000.00"), "/qr_token", app.code(0, &voucher, "live"));
        redeem(&app, &car(new_car("petrol", Some("2.001")))).refused(422, "DISPLACEMENT_ABOVE_LIMIT");
    }

    fn all_that_fails_is_told_at_once(app) {
        let body = with(app.ready(0), "/invoice/buyer_name", app.name(1));
        let body = with(with(body, "/price/discounts", "1.00"), "/turn_in_id", Value::Null);
        let answer = redeem(&app, &body);
        answer.refused(422, "BUYER_MISMATCH");
        assert_eq!(codes(&answer), ["BUYER_MISMATCH", "OLD_ITEM_MISSING", "INVOICE_AMOUNT_MISMATCH"]);
        let quoted = quote(&app, &body).expect(200);
        assert_eq!(quoted["subsidy"], Value::Null);
        assert_eq!(failed(&quoted).len(), 3);
    }

    /// A quote tells a till what it can before the sale is known.
    fn a_quote_may_lack_the_sale(app) {
        let body = app.ready(0);
        let bare = json!({"qr_token": body["qr_token"], "store_id": body["store_id"]});
        let quoted = quote(&app, &bare).expect(200);
        assert_eq!(quoted["subsidy"], Value::Null);
        assert!(quoted["scan_token"].is_string());
        let missing: Vec<_> = quoted["checks"].as_array().unwrap().iter()
            .filter(|check| check["passed"] == false && check["code"] == "FIELD_MISSING")
            .map(|check| check["pointer"].clone()).collect();
        assert_eq!(missing, ["/item", "/price", "/invoice"]);
        redeem(&app, &bare).refused(400, "FIELD_MISSING");
    }
}

// The form of a request.
on_both! {
    fn a_body_is_read_strictly(app) {
        let body = app.ready(0);
        let unknown = with(with(body.clone(), "/colour", "white"), "/item/colour", "white");
        redeem(&app, &unknown).refused(400, "FIELD_UNKNOWN");
        for pointer in ["/store_id", "/item/brand", "/item/serial_number", "/price/final", "/invoice/number", "/invoice"] {
            let answer = redeem(&app, &with(body.clone(), pointer, Value::Null));
            assert_eq!(answer.refused(400, "FIELD_MISSING")["pointer"], pointer);
        }
        let retailer = app.retailer();
        let keyed = |text: &str| retailer.post_text(&[("Idempotency-Key", &fresh_key())], REDEEM, text);
        for text in ["", "{", "[]", "null", "{} {}", "{\"store_id\": 1}", "\u{feff}{}"] {
            keyed(text).refused(400, "BODY_MALFORMED");
        }
        let twice = body.to_string().replacen('{', &format!("{{\"store_id\":\"{}\",", app.store()), 1);
        keyed(&twice).refused_alone(400, "BODY_MALFORMED");
        keyed(&format!("{}{}", "[".repeat(2000), "]".repeat(2000))).refused(400, "BODY_MALFORMED");
        let long = with(body.clone(), "/delivery_address", "x".repeat(70_000));
        keyed(&long.to_string()).refused(400, "BODY_MALFORMED");
        let headers = [("Content-Type", "text/plain"), ("Idempotency-Key", "\"plain\"")];
        retailer.send(Method::POST, REDEEM, &headers, Some(b"{}")).refused(400, "BODY_MALFORMED");
        redeem(&app, &body).expect(201);
    }

    fn a_change_needs_a_key(app) {
        let body = app.ready(0).to_string();
        let send = |headers: &[(&str, &str)]| app.retailer().post_text(headers, REDEEM, &body);
        send(&[]).refused_alone(400, "IDEMPOTENCY_KEY_MISSING");
        for wrong in ["unquoted", "\"\"", "\"open"] {
            send(&[("Idempotency-Key", wrong)]).refused(400, "BODY_MALFORMED");
        }
        send(&[("Idempotency-Key", "0198c0de-0000-7000-8000-000000000001")]).expect(201);
    }

    fn identifiers_are_judged(app) {
        let turn_in = app.turn_in(&old_car(&app, 0));
        let voucher = app.claim(0, "nc-car-2026", "car", Some(&turn_in));
        let body = with(sale(&app, 0, &new_car("nev", None), "180000.00"), "/qr_token", app.code(0, &voucher, "live"));
        let vin = body["item"]["vin"].as_str().unwrap();
        let last = if vin.ends_with('0') { "1" } else { "0" };
        let wrong = format!("{}{last}", &vin[..16]);
        for (pointer, value) in [("/item/vin", wrong.as_str()), ("/invoice/number", "123"), ("/delivery_phone", "12345")] {
            let answer = redeem(&app, &with(body.clone(), pointer, value));
            assert_eq!(answer.refused(422, "IDENTIFIER_INVALID")["pointer"], pointer);
        }
        let owner = with(old_fridge(&app, 0), "/owner/resident_id", "360111199001010000");
        let answer = app.recycler().post("/api/v1/turn-ins", &owner);
        let first = answer.refused(422, "IDENTIFIER_INVALID");
        assert_eq!(first["pointer"], "/owner/resident_id");
        assert!(!answer.body.to_string().contains("360111199001010000"), "a number in the clear");
    }

    fn another_persons_records_are_not_there(app) {
        let body = app.ready(0);
        let voucher = app.consumer(0).get(CLAIM).expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
        let other = app.consumer(1);
        for path in [format!("{CLAIM}/{voucher}"), format!("{CLAIM}/{voucher}/qr"), format!("{CLAIM}/nonsense"),
            "/api/v1/nothing".to_owned()] {
            other.get(&path).refused_alone(404, "NOT_FOUND");
        }
        other.post(&format!("{CLAIM}/{voucher}/cancellation"), &json!({})).refused_alone(404, "NOT_FOUND");
        let turn_in = body["turn_in_id"].as_str().unwrap();
        other.get(&format!("/api/v1/turn-ins/{turn_in}")).refused_alone(404, "NOT_FOUND");
        app.retailer().get(&format!("/api/v1/turn-ins/{turn_in}")).refused_alone(404, "NOT_FOUND");
        let seen = app.consumer(0).get(&format!("/api/v1/turn-ins/{turn_in}")).expect(200);
        assert!(!seen.to_string().contains(app.resident_id(0)), "{seen:#}");
        let redemption = redeem(&app, &body).made();
        let stranger = app.somebody(huanxin::access::Role::Retailer, Some(huanxin::domain::id::Id::digest(&["another"])));
        stranger.get(&format!("{REDEEM}/{redemption}")).refused_alone(404, "NOT_FOUND");
        let reversal = format!("{REDEEM}/{redemption}/reversal");
        stranger.post(&reversal, &json!({"reason": "x"})).refused_alone(404, "NOT_FOUND");
        assert_eq!(stranger.get(REDEEM).expect(200)["items"], json!([]));
    }

    fn lists_are_read_page_by_page(app) {
        let ids: Vec<String> = (0..5).map(|_| app.turn_in(&old_fridge(&app, 0))).collect();
        let recycler = app.recycler();
        let mut path = "/api/v1/turn-ins?limit=2".to_owned();
        let mut seen = Vec::new();
        loop {
            let page = recycler.get(&path).expect(200);
            seen.extend(page["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/api/v1/turn-ins?limit=2&cursor={cursor}");
        }
        seen.reverse();
        assert_eq!(seen, ids);
        recycler.get("/api/v1/turn-ins?cursor=nonsense").refused_alone(400, "CURSOR_INVALID");
        recycler.get("/api/v1/turn-ins?limit=201").refused_alone(400, "BODY_MALFORMED");
        recycler.get("/api/v1/turn-ins?colour=white").refused_alone(400, "FIELD_UNKNOWN");
        let records = app.auditor().get("/api/v1/audit/records?limit=3").expect(200);
        assert_eq!(records["items"].as_array().unwrap().len(), 3);
    }

    /// Sentences are Chinese unless English is asked for.
    fn refusals_speak_two_languages(app) {
        let ask = |language: &[(&str, &str)]| {
            app.consumer(0).send(Method::GET, "/api/v1/vouchers/0", language, None).body["detail"].as_str().unwrap().to_owned()
        };
        assert!(ask(&[]).starts_with("没有找到"));
        assert!(ask(&[("Accept-Language", "en-GB,zh;q=0.5")]).starts_with("Not found"));
    }

    fn a_programme_file_is_told_what_is_wrong(app) {
        let headers = [("Content-Type", "application/toml"), ("Idempotency-Key", "\"wrong file\"")];
        let answer = app.officer().send(Method::POST, "/api/v1/programmes", &headers, Some(b"id = \"Wrong\""));
        answer.refused(400, "BODY_MALFORMED");
        assert!(answer.body["errors"].as_array().unwrap().len() > 3, "{:#}", answer.body);
    }

    /// An odd programme is taken, and its officer is told what is odd; a repeated request hears it again.
    fn an_odd_programme_is_taken_with_warnings(app) {
        let good = include_str!("../../programmes/nc-ebike-2026.toml").replace("nc-ebike-2026", "odd-ebike-2026");
        let create = |key: &str, text: &str| {
            let headers = [("Content-Type", "application/toml"), ("Idempotency-Key", key)];
            app.officer().send(Method::POST, "/api/v1/programmes", &headers, Some(text.as_bytes())).expect(201)
        };
        assert_eq!(create("\"good file\"", &good)["warnings"], json!([]));
        let odd = good.replace("pool = \"10000000.00\"", "pool = \"699.99\"");
        let expected = json!([{"field": "lines[0].pool", "detail": "found 699.99, less than the 700.00 that a voucher of \
            this line can reserve; expected at least that, or such a voucher is never issued"}]);
        for _ in 0..2 {
            let taken = create("\"odd file\"", &odd);
            assert_eq!((&taken["id"], &taken["warnings"]), (&json!("odd-ebike-2026"), &expected));
        }
        let shown = app.nobody().get("/api/v1/programmes/nc-ebike-2026").expect(200);
        assert!(shown.get("warnings").is_none(), "{shown:#}");
    }
}

#[test]
fn the_day_of_the_tests_is_that_of_their_clock() {
    assert!(crate::app::START.starts_with(TODAY));
}
