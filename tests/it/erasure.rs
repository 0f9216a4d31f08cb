//! Personal data for those who must see it, for the person whose it is, and its end.

use std::sync::Arc;

use huanxin::domain::command::{Act, ErasePerson, Erasure, Outcome};
use huanxin::domain::goods::Category;
use huanxin::domain::id::Id;
use huanxin::domain::identifier::synthetic;
use huanxin::domain::refusal::Code;
use huanxin::domain::time::Moment;
use huanxin::engine::{Clock, Failure, Removed, Retention};
use serde_json::{Value, json};
use ureq::http::Method;

use crate::app::{Answer, START, TestApp, User, fresh_key};
use crate::fixtures::{
    APPLIANCES, District, SaleOf, TestDatabase, at, claim, command, fen, made, new_item, old_item, person, rules,
    turn_in,
};
use crate::sale::{old_fridge, with};

const REVEAL: &str = "/api/v1/personal-data/disclosures";
const EXPORT: &str = "/api/v1/me/personal-data";
const ERASE: &str = "/api/v1/me/erasure";
/// Longer than personal data is kept.
const LONG: i64 = 6 * 366 * 24 * 3600;

/// A trade-in of the `n`th consumer, delivered to an address; gives voucher, turn-in and redemption.
fn trade_in(app: &TestApp, n: usize) -> [String; 3] {
    let body = with(app.ready(n), "/delivery_address", "紫阳大道 318 号");
    let body = with(body, "/delivery_phone", synthetic::mobile(800));
    let redemption = app.retailer().post("/api/v1/redemptions", &body).expect(201);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    [text(&redemption["voucher_id"]), text(&body["turn_in_id"]), text(&redemption["id"])]
}

fn reveal(user: &User<'_>, subject: &str, id: &str) -> Answer {
    user.post(REVEAL, &json!({"subject": subject, "id": id, "reason": "核对收货人"}))
}

fn erase(user: &User<'_>) -> Answer {
    user.post(ERASE, &json!({"reason": "不再需要"}))
}

/// The newest record of the trail of this act.
fn newest(app: &TestApp, act: &str) -> Value {
    let page = app.auditor().get("/api/v1/audit/records?limit=50").expect(200);
    let found = page["items"].as_array().unwrap().iter().find(|row| row["act"] == act).cloned();
    found.unwrap_or_else(|| panic!("no {act} in {page:#}"))
}

/// The newest record of the trail of something that was shown by this operation.
fn disclosed(app: &TestApp, operation: &str) -> Value {
    let page = app.auditor().get("/api/v1/audit/records?limit=50").expect(200);
    let of_it = |row: &&Value| row["act"] == "record_disclosure" && row["detail"]["operation"] == operation;
    page["items"].as_array().unwrap().iter().find(of_it).cloned().unwrap_or_else(|| panic!("{page:#}"))
}

fn remove_due(app: &TestApp) -> Removed {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(app.division().remove_due(Retention::default())).unwrap()
}

/// Keys of persons that open something still.
fn living_keys(app: &TestApp) -> usize {
    let keys = app.database().rows_of("data_key").into_iter();
    keys.filter(|row| row["person"] != Id::NIL.to_string() && !row["wrapped"].is_null()).count()
}

on_both! {
    fn who_must_see_it_does_and_that_stands_in_the_trail(app) {
        let [voucher, turn_in, redemption] = trade_in(&app, 0);
        let person = json!({"name": app.name(0), "resident_id": app.resident_id(0)});
        let (officer, auditor) = (app.officer(), app.auditor());
        for (user, subject, id) in
            [(&officer, "voucher", &voucher), (&auditor, "turn_in", &turn_in), (&officer, "redemption", &redemption)] {
            let answer = reveal(user, subject, id);
            assert_eq!(answer.header("Cache-Control"), Some("no-store"));
            let shown = answer.expect(200);
            assert_eq!((&shown["person"], &shown["id"]), (&person, &json!(id)));
            let told = disclosed(&app, "revealPersonalData");
            assert_eq!((&told["subject"], &told["detail"]["reason"]), (&json!(id), &json!("核对收货人")));
        }
    }

    fn a_delivery_and_a_retailer_open_too(app) {
        let [_, _, redemption] = trade_in(&app, 1);
        let shown = reveal(&app.officer(), "redemption", &redemption).expect(200);
        assert_eq!(shown["delivery_address"], "紫阳大道 318 号");
        assert_eq!(shown["delivery_phone"], synthetic::mobile(800));
        let retailer = reveal(&app.auditor(), "retailer", &app.retailer_id()).expect(200);
        assert_eq!((&retailer["person"], &retailer["contact"]), (&Value::Null, &json!(synthetic::mobile(1))));
        assert_eq!(retailer["account"]["number"], "1502201009000000001");
        reveal(&app.officer(), "voucher", &redemption).refused_alone(404, "NOT_FOUND");
        let body = json!({"subject": "redemption", "id": redemption, "reason": " "});
        app.officer().post(REVEAL, &body).refused_alone(400, "BODY_MALFORMED");
    }

    /// The repeat is the same disclosure, answered again; nothing is answered that does not stand in the trail.
    fn a_repeated_read_is_one_record(app) {
        let [_, _, redemption] = trade_in(&app, 0);
        let (key, body) = (fresh_key(), json!({"subject": "redemption", "id": redemption, "reason": "投诉核查"}));
        let first = app.officer().post_as(&key, REVEAL, &body).expect(200);
        let again = app.officer().post_as(&key, REVEAL, &body);
        assert!(again.replayed());
        assert_eq!(again.expect(200), first);
        let trail = app.auditor().get("/api/v1/audit/records?limit=50").expect(200);
        let of_it = |row: &&Value| row["act"] == "record_disclosure" && row["subject"] == redemption.as_str();
        let told: Vec<&Value> = trail["items"].as_array().unwrap().iter().filter(of_it).collect();
        assert_eq!(told.len(), 1, "{trail:#}");
        assert_eq!(told[0]["detail"]["operation"], "revealPersonalData");
        assert_eq!(told[0]["detail"]["reason"], "投诉核查");
        assert_eq!(told[0]["role"], "officer");
        app.officer().post_as(&key, REVEAL, &with(body, "/reason", "别的")).refused_alone(422, "IDEMPOTENCY_KEY_REUSED");
    }

    fn a_person_gets_everything_that_is_kept_about_them_and_no_more(app) {
        let [voucher, turn_in, redemption] = trade_in(&app, 0);
        trade_in(&app, 1);
        let claim = TestApp::claim_body("nc-appl-2026", "refrigerator", None);
        app.consumer(0).post("/api/v1/vouchers", &claim).refused(422, "CATEGORY_LIMIT_REACHED");
        let answer = app.consumer(0).get(EXPORT);
        assert_eq!(answer.header("Cache-Control"), Some("no-store"));
        let kept = answer.expect(200);
        assert_eq!(kept["person"], json!({"name": app.name(0), "resident_id": app.resident_id(0)}));
        let ids = |list: &str| -> Vec<&str> {
            kept[list].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect()
        };
        assert_eq!((ids("vouchers"), ids("turn_ins"), ids("redemptions")), (vec![voucher.as_str()], vec![turn_in.as_str()], vec![redemption.as_str()]));
        let bought = &kept["redemptions"][0];
        assert_eq!(bought["invoice"]["buyer_name"], app.name(0));
        assert_eq!(bought["delivery"]["phone"], synthetic::mobile(800));
        assert!(kept["quotas"].as_array().unwrap().iter().any(|quota| quota["issued"] == 1));
        assert_eq!(kept["refused"][0]["codes"], json!(["CATEGORY_LIMIT_REACHED"]));
        assert_eq!(disclosed(&app, "exportMyData")["role"], "consumer");
        let nothing = app.consumer(5).get(EXPORT).expect(200);
        assert_eq!((&nothing["person"], &nothing["vouchers"]), (&Value::Null, &json!([])));
    }

    fn what_was_erased_nobody_reads_and_what_counts_once_still_does(app) {
        let turn_in = app.turn_in(&old_fridge(&app, 0));
        let voucher = app.claim(0, "nc-appl-2026", "refrigerator", None);
        erase(&app.consumer(0)).refused_alone(409, "WRONG_STATE");
        app.consumer(0).post(&format!("/api/v1/vouchers/{voucher}/cancellation"), &json!({})).expect(200);
        let (key, why) = (fresh_key(), json!({"reason": "不再需要"}));
        let erased = app.consumer(0).post_as(&key, ERASE, &why).expect(200);
        assert_eq!(erased, json!({"status": "erased", "kept_until": null}));
        assert!(app.consumer(0).post_as(&key, ERASE, &why).replayed());
        erase(&app.consumer(0)).refused_alone(409, "WRONG_STATE");
        assert_eq!(living_keys(&app), 0);
        let row = app.recycler().get(&format!("/api/v1/turn-ins/{turn_in}")).expect(200);
        assert_eq!(row["owner"], json!({"name": "已删除", "resident_id": "已删除"}));
        reveal(&app.auditor(), "voucher", &voucher).refused_alone(409, "WRONG_STATE");
        let kept = app.consumer(0).get(EXPORT).expect(200);
        assert_eq!(kept["person"], Value::Null);
        assert!(kept["erased_at"].is_string());
        assert_eq!(kept["quotas"][0]["issued"], 1, "a limit per person still holds");
        // Who comes again is known again, under a key of their own; what was sealed before stays unreadable.
        let again = app.claim(0, "nc-appl-2026", "refrigerator", None);
        assert_eq!(reveal(&app.officer(), "voucher", &again).expect(200)["person"]["name"], app.name(0));
        assert_eq!(living_keys(&app), 1);
        assert_eq!(app.consumer(0).get(EXPORT).expect(200)["quotas"][0]["issued"], 2);
    }

    fn what_must_be_kept_is_taken_out_of_use_and_destroyed_when_its_time_is_over(app) {
        let [voucher, turn_in, redemption] = trade_in(&app, 0);
        trade_in(&app, 1);
        let restricted = erase(&app.consumer(0)).expect(200);
        assert_eq!(restricted, json!({"status": "restricted", "kept_until": "2031-06-22"}));
        erase(&app.consumer(0)).refused_alone(409, "WRONG_STATE");
        let shown = |app: &TestApp, mask: &str| {
            let row = app.retailer().get(&format!("/api/v1/redemptions/{redemption}")).expect(200);
            assert_eq!((&row["invoice"]["buyer_name"], &row["delivery"]["phone"]), (&json!(mask), &json!(mask)));
            let row = app.recycler().get(&format!("/api/v1/turn-ins/{turn_in}")).expect(200);
            assert_eq!(row["owner"]["name"], mask);
        };
        shown(&app, "已封存");
        reveal(&app.officer(), "voucher", &voucher).refused_alone(409, "WRONG_STATE");
        assert_eq!(reveal(&app.auditor(), "voucher", &voucher).expect(200)["person"]["name"], app.name(0));
        assert!(app.consumer(0).get(EXPORT).expect(200)["restricted_at"].is_string());
        assert_eq!(remove_due(&app), Removed::default());
        let app = app.later(LONG);
        assert_eq!(remove_due(&app).persons, 2, "nobody asks again, and who never asked goes too");
        assert_eq!(living_keys(&app), 0);
        shown(&app, "已删除");
        reveal(&app.auditor(), "redemption", &redemption).refused_alone(409, "WRONG_STATE");
        let told = newest(&app, "erase_person");
        assert_eq!((&told["role"], &told["detail"]["reason"]), (&json!("system"), &json!("retention")));
    }

    fn an_officer_erases_who_asks_on_paper(app) {
        app.turn_in(&old_fridge(&app, 3));
        let body = json!({"resident_id": app.resident_id(3), "reason": "本人书面申请"});
        let erased = app.officer().post("/api/v1/personal-data/erasures", &body).expect(200);
        assert_eq!(erased["status"], "erased");
        assert_eq!(newest(&app, "erase_person")["detail"]["reason"], "本人书面申请");
        let stranger = with(body.clone(), "/resident_id", app.resident_id(4));
        app.officer().post("/api/v1/personal-data/erasures", &stranger).refused_alone(404, "NOT_FOUND");
        let misread = with(body, "/resident_id", "360102199003071234");
        assert_eq!(app.officer().post("/api/v1/personal-data/erasures", &misread).refused_alone(422, "IDENTIFIER_INVALID"), "/resident_id");
    }

    /// Refused attempts go after ninety days, the answers to repeats after three; callers are promised those.
    fn what_is_kept_for_a_time_goes_when_it_is_over(app) {
        let key = fresh_key();
        let claim = TestApp::claim_body("nc-appl-2026", "television", None);
        let voucher = app.consumer(0).post_as(&key, "/api/v1/vouchers", &claim).made();
        app.consumer(0).post("/api/v1/vouchers", &claim).refused(422, "CATEGORY_LIMIT_REACHED");
        let app = app.later(71 * 3600);
        assert_eq!(remove_due(&app), Removed::default());
        let again = app.consumer(0).post_as(&key, "/api/v1/vouchers", &claim);
        assert!(again.replayed());
        assert_eq!(again.made(), voucher);
        let app = app.later(91 * 24 * 3600);
        let before = app.database().rows_of("audit_record").len();
        let removed = remove_due(&app);
        assert_eq!((removed.attempts, removed.persons), (1, 0));
        assert!(removed.commands > 10, "{removed:?}");
        assert_eq!(app.database().rows_of("attempt").len(), 0);
        assert_eq!(remove_due(&app), Removed::default());
        let told = newest(&app, "forget");
        assert_eq!((&told["role"], &told["detail"]["what"]), (&json!("system"), &json!("commands")));
        assert_eq!(told["detail"]["rows"], removed.commands);
        assert!(app.database().rows_of("audit_record").len() > before, "the trail itself only grows");
    }
}

/// No other method of reading somebody's data exists: a consumer reads their own alone.
#[test]
fn the_export_takes_no_name() {
    let app = TestApp::start(crate::database::Place::sqlite(), START);
    let answer = app.consumer(0).send(Method::GET, &format!("{EXPORT}?person=1"), &[], None);
    answer.refused_alone(400, "FIELD_UNKNOWN");
}

/// The rule itself, on both databases: what must be kept is kept to the microsecond, and one command of a batch sees what
/// the one before it did.
#[test]
fn papers_are_kept_until_their_time_is_over_and_not_longer() {
    for database in TestDatabase::each() {
        let now = at(START);
        let mut runner = database.runner(Clock::standing_at(now));
        let district = District::open(&mut runner, vec![rules(APPLIANCES, fen("1000000.00"))]);
        let erase = |word: &str, keeps_since: Moment| {
            let wish = ErasePerson { person: person(1).id, keeps_since, or_restrict: false, reason: "试".into() };
            Arc::new(command(&["erase", word], Act::ErasePerson(wish)))
        };
        let mut step = |word: &str, act: Act| runner.run(&[Arc::new(command(&[word], act))]).remove(0);
        let old = made(&step("turn-in", turn_in(&district, 1, old_item(Category::Refrigerator, 1))));
        let voucher = made(&step("claim", claim(1, APPLIANCES, Category::Refrigerator, None)));
        let sale = SaleOf {
            voucher,
            holder: 1,
            seller: district.sellers[0],
            item: new_item(Category::Refrigerator, 1),
            price: fen("6299.00"),
            invoice: 1,
            turn_in: Some(old),
            now,
        };
        let Outcome::Redeemed(redeemed) = step("redeem", sale.act()).unwrap().outcome else { panic!("no redemption") };
        let kept = runner.run(&[erase("kept", redeemed.at)]).remove(0);
        let Err(Failure::Refused(refusals)) = kept else { panic!("{kept:?}") };
        assert_eq!(refusals.first().code, Code::WrongState);
        // In one batch: the first destroys everything, the second finds nothing any more.
        let over = Moment(redeemed.at.0 + 1);
        let replies = runner.run(&[erase("over", over), erase("again", over)]);
        let erased = Outcome::Erased { person: person(1).id, what: Erasure::Erased, kept_for: None };
        assert_eq!(replies[0].as_ref().unwrap().outcome, erased);
        assert!(matches!(&replies[1], Err(Failure::Refused(refusals)) if refusals.first().code == Code::WrongState));
        let keys = database.rows_of("data_key");
        assert!(!keys.is_empty() && keys.iter().all(|key| key["wrapped"].is_null()), "{keys:#?}");
        database.verify().unwrap();
    }
}
