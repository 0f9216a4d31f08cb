//! A service point claims for people who come without a telephone.

use huanxin::access::Role;
use huanxin::domain::id::Id;
use huanxin::domain::identifier::synthetic;
use serde_json::{Value, json};

use crate::app::{TestApp, User, fresh_key};
use crate::contract::operations;
use crate::sale::{new_fridge, old_fridge, sale, with};

const VOUCHERS: &str = "/api/v1/assisted/vouchers";
const DAILY: u64 = 30;

fn assistant(app: &TestApp) -> User<'_> {
    app.user(app.demo["tokens"]["assistant"].as_str())
}

/// Of another service point.
fn elsewhere(app: &TestApp) -> User<'_> {
    app.somebody(Role::Assistant, Some(Id::digest(&["another service point"])))
}

fn person(n: u64) -> Value {
    json!({"name": synthetic::person_name(n), "resident_id": synthetic::resident_id(n)})
}

fn claim(n: u64, category: &str) -> Value {
    json!({"person": person(n), "consent": {"given": true, "kind": "signature"}, "programme_id": "nc-appl-2026",
        "category": category, "division_code": "360111"})
}

fn asked(user: &User<'_>, path: &str, body: &Value) -> crate::app::Answer {
    user.post_text(&[], path, &body.to_string())
}

fn newest(app: &TestApp, act: &str) -> (String, Value) {
    let page = app.auditor().get("/api/v1/audit/records?limit=5").expect(200);
    let records = page["items"].as_array().unwrap().iter().map(|row| row["body"].as_str().unwrap().to_owned());
    let mut read = records.map(|text| (text.clone(), serde_json::from_str::<Value>(&text).unwrap()));
    read.find(|(_, body)| body["act"] == act).unwrap()
}

on_both! {
    fn from_the_question_to_the_sale(app) {
        let assistant = assistant(&app);
        let wish = json!({"person": person(1), "category": "refrigerator"});
        let path = "/api/v1/assisted/programmes/nc-appl-2026/eligibility";
        assert_eq!(asked(&assistant, path, &wish).expect(200)["eligible"], true);
        let key = fresh_key();
        let made = assistant.post_as(&key, VOUCHERS, &claim(1, "refrigerator")).expect(201);
        let voucher = made["id"].as_str().unwrap();
        let again = assistant.post_as(&key, VOUCHERS, &claim(1, "refrigerator"));
        assert!(again.replayed());
        assert_eq!(asked(&assistant, path, &wish).expect(200)["eligible"], false);
        let listed = asked(&assistant, &format!("{VOUCHERS}/search"), &json!({"person": person(1)})).expect(200);
        assert_eq!(listed["items"], json!([made]));
        // It is the person's own: she sees it herself when she has a telephone after all.
        assert_eq!(app.consumer(0).get(&format!("/api/v1/vouchers/{voucher}")).expect(200)["id"], made["id"]);
        // Printed, it is redeemed with the last four characters of her number.
        let printed = json!({"person": person(1), "format": "token"});
        let code = asked(&assistant, &format!("{VOUCHERS}/{voucher}/qr"), &printed).expect(200)["token"].clone();
        let turn_in = app.turn_in(&old_fridge(&app, 0));
        let body = with(sale(&app, 0, &new_fridge(), "6299.00"), "/turn_in_id", turn_in);
        let body = with(body, "/qr_token", code);
        app.retailer().post("/api/v1/redemptions", &with(body.clone(), "/holder_check", "0000")).refused(422, "HOLDER_CHECK_FAILED");
        let tail = &app.resident_id(0)[14..];
        app.retailer().post("/api/v1/redemptions", &with(body, "/holder_check", tail)).made();
    }

    fn both_identities_and_the_consent_stand_in_the_trail(app) {
        let spoken = json!({"given": true, "kind": "verbal_witnessed", "note": "见证人李建国"});
        let made = assistant(&app).post(VOUCHERS, &with(claim(1, "television"), "/consent", spoken)).expect(201);
        let (text, record) = newest(&app, "claim_voucher_for");
        let assisted = &record["detail"]["assisted"];
        assert_eq!((&record["subject"], &record["role"]), (&made["id"], &json!("assistant")));
        assert_eq!((&assisted["assistant"], &assisted["service_point"]), (&record["actor"], &record["organisation"]));
        assert_eq!((&assisted["consent"], &assisted["noted"]), (&json!("verbal_witnessed"), &json!(true)));
        // The person's identity is the one under which her own claims stand.
        assert!(assisted["person"].as_str().unwrap().parse::<Id>().is_ok());
        let voucher = made["id"].as_str().unwrap();
        let printed = json!({"person": person(1)});
        let picture = asked(&assistant(&app), &format!("{VOUCHERS}/{voucher}/qr"), &printed);
        assert_eq!((picture.status, picture.header("Content-Type")), (200, Some("image/svg+xml")));
        let (print, record) = newest(&app, "record_disclosure");
        assert_eq!((&record["subject"], &record["detail"]["operation"]), (&made["id"], &json!("getVoucherQrFor")));
        for clear in [synthetic::person_name(1), synthetic::resident_id(1), "李建国".to_owned()] {
            assert!(!text.contains(&clear) && !print.contains(&clear), "{clear}");
        }
    }

    /// Who has a telephone after all reads who claimed for her, when and on what consent; nobody else does.
    fn the_person_is_told_who_claimed_for_her(app) {
        let heard = json!({"given": true, "kind": "verbal_witnessed", "note": "见证人李建国"});
        let user = assistant(&app);
        let signed = user.post(VOUCHERS, &claim(1, "refrigerator")).expect(201);
        let witnessed = user.post(VOUCHERS, &with(claim(1, "television"), "/consent", heard)).expect(201);
        let own = app.claim(0, "nc-appl-2026", "washing_machine", None);
        user.post(VOUCHERS, &claim(2, "television")).made();
        let (_, record) = newest(&app, "claim_voucher_for");
        let kept = app.consumer(0).get("/api/v1/me/personal-data").expect(200);
        let told = |voucher: &Value, consent: &str, note: Value| {
            json!({"voucher_id": voucher["id"], "claimed_at": voucher["issued_at"],
                "service_point_id": record["organisation"], "consent": consent, "consent_note": note})
        };
        let expected = json!([told(&witnessed, "verbal_witnessed", json!("见证人李建国")), told(&signed, "signature", Value::Null)]);
        assert_eq!(kept["assisted_claims"], expected);
        assert!(kept["vouchers"].as_array().unwrap().iter().any(|voucher| voucher["id"] == own));
        let (_, record) = newest(&app, "record_disclosure");
        assert_eq!(record["detail"]["shown"]["assisted_claims"], 2);
        assert_eq!(app.consumer(5).get("/api/v1/me/personal-data").expect(200)["assisted_claims"], json!([]));
        // Once she is forgotten, what was noted cannot be read by anybody.
        for voucher in [&signed["id"], &witnessed["id"], &json!(own)] {
            let path = format!("/api/v1/vouchers/{}/cancellation", voucher.as_str().unwrap());
            app.consumer(0).post(&path, &json!({})).expect(200);
        }
        app.consumer(0).post("/api/v1/me/erasure", &json!({"reason": "不再需要"})).expect(200);
        let kept = app.consumer(0).get("/api/v1/me/personal-data").expect(200);
        assert_eq!(kept["assisted_claims"][0]["consent_note"], "已删除");
    }

    fn nothing_without_consent(app) {
        let assistant = assistant(&app);
        let good = claim(1, "refrigerator");
        let cases = [
            ("/consent", Value::Null, 400, "FIELD_MISSING", "/consent"),
            ("/consent/given", Value::Null, 400, "FIELD_MISSING", "/consent/given"),
            ("/consent/given", json!(false), 400, "BODY_MALFORMED", "/consent/given"),
            ("/consent/given", json!("yes"), 400, "BODY_MALFORMED", "/consent/given"),
            ("/consent/kind", json!("telepathy"), 400, "BODY_MALFORMED", "/consent/kind"),
            ("/consent/kind", json!("verbal_witnessed"), 422, "EVIDENCE_MISSING", "/consent/note"),
            ("/person/resident_id", json!("360102199003071234"), 422, "IDENTIFIER_INVALID", "/person/resident_id"),
        ];
        for (pointer, value, status, code, told) in cases {
            let refused = assistant.post(VOUCHERS, &with(good.clone(), pointer, value));
            assert_eq!(refused.refused_alone(status, code), told);
        }
        assert_eq!(app.consumer(0).get("/api/v1/vouchers").expect(200)["items"], json!([]));
    }

    /// What is known of a person outranks what was typed; numbers cannot be tried out with any name.
    fn the_name_goes_with_the_number(app) {
        app.claim(0, "nc-appl-2026", "television", None);
        let other = with(claim(1, "refrigerator"), "/person/name", synthetic::person_name(2));
        assert_eq!(assistant(&app).post(VOUCHERS, &other).refused_alone(422, "IDENTIFIER_INVALID"), "/person/name");
        let wish = json!({"person": other["person"], "category": "refrigerator"});
        let path = "/api/v1/assisted/programmes/nc-appl-2026/eligibility";
        assert_eq!(asked(&assistant(&app), path, &wish).refused_alone(422, "IDENTIFIER_INVALID"), "/person/name");
        assistant(&app).post(VOUCHERS, &claim(1, "refrigerator")).made();
    }

    fn the_days_claims_are_limited(app) {
        let first = assistant(&app);
        for n in 1..=DAILY {
            first.post(VOUCHERS, &claim(n, "refrigerator")).made();
        }
        let refused = first.post(VOUCHERS, &claim(DAILY + 1, "refrigerator"));
        let told = refused.refused(429, "RATE_LIMITED");
        assert_eq!((told["found"].as_str(), told["expected"].as_str()),
            (Some("30 on 2026-06-18"), Some("at most 30 claims for others a day; again on 2026-06-19")));
        let wait: i64 = refused.header("Retry-After").unwrap().parse().unwrap();
        // From ten in the morning to midnight, less what the test took.
        assert!((14 * 3600 - 600..=14 * 3600).contains(&wait), "{wait}");
        // Giving one back does not make room, another assistant has a day of her own, and so has tomorrow.
        let listed = app.consumer(0).get("/api/v1/vouchers").expect(200);
        let voucher = listed["items"][0]["id"].as_str().unwrap();
        app.consumer(0).post(&format!("/api/v1/vouchers/{voucher}/cancellation"), &json!({})).expect(200);
        first.post(VOUCHERS, &claim(DAILY + 1, "refrigerator")).refused(429, "RATE_LIMITED");
        elsewhere(&app).post(VOUCHERS, &claim(DAILY + 1, "refrigerator")).made();
        let app = app.later(14 * 3600 + 1);
        assistant(&app).post(VOUCHERS, &claim(DAILY + 2, "refrigerator")).made();
    }

    /// The limit holds when all ask at once: it is counted where the claim is made.
    fn the_limit_holds_at_once(app) {
        let user = assistant(&app);
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let user = &user;
            let ask = |n: u64| scope.spawn(move || user.post(VOUCHERS, &claim(n, "television")).status);
            let all: Vec<_> = (1..=DAILY + 10).map(ask).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 201).count() as u64, DAILY, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 10, "{statuses:?}");
    }

    fn another_service_points_voucher(app) {
        let voucher = assistant(&app).post(VOUCHERS, &claim(1, "refrigerator")).made();
        let own = app.claim(1, "nc-appl-2026", "refrigerator", None);
        let nothing = Id::digest(&["nothing"]).to_string();
        let qr = |user: &User<'_>, id: &str, n: u64| {
            let headers = [("X-Request-Id", "the-same")];
            user.post_text(&headers, &format!("{VOUCHERS}/{id}/qr"), &json!({"person": person(n)}).to_string())
        };
        let absent = qr(&assistant(&app), &nothing, 1);
        absent.refused_alone(404, "NOT_FOUND");
        // Of another point, of another person, and one that the person claimed herself.
        for answer in [qr(&elsewhere(&app), &voucher, 1), qr(&assistant(&app), &voucher, 2), qr(&assistant(&app), &own, 2)] {
            assert_eq!((answer.status, &answer.bytes), (absent.status, &absent.bytes));
        }
        let search = |user: &User<'_>, n: u64| {
            asked(user, &format!("{VOUCHERS}/search"), &json!({"person": person(n)})).expect(200)["items"].clone()
        };
        assert_eq!(search(&assistant(&app), 1)[0]["id"], voucher.as_str());
        assert_eq!([search(&elsewhere(&app), 1), search(&assistant(&app), 2)], [json!([]), json!([])]);
        app.somebody(Role::Assistant, None).post(VOUCHERS, &claim(3, "refrigerator")).refused_alone(403, "FORBIDDEN");
    }
}

#[test]
fn an_assistant_may_do_four_things() {
    // Beside what everybody may do with the own account.
    let theirs = operations().iter().filter(|one| one.says["tags"][0] != "identity");
    let may: Vec<&str> = theirs.filter(|one| one.roles().contains(&"assistant")).map(|one| one.id.as_str()).collect();
    let mut sorted = may.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["checkEligibilityFor", "claimVoucherFor", "getVoucherQrFor", "listVouchersFor"]);
}
