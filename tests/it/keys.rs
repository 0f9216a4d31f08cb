//! Keys take turns while everybody works: no request fails, and what was made before still holds.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use huanxin::domain::time::Moment;
use huanxin::engine::{Clock, Division};
use huanxin::keys::rotation::{self, KeyKind, KeyState};
use huanxin::keys::watch;
use serde_json::{Value, json};
use ureq::http::Method;

use crate::app::{START, TestApp};
use crate::fixtures::{TestDatabase, at};
use crate::sale::{new_fridge, old_fridge, sale, with};

const PROGRAMME: &str = "nc-appl-2026";
/// What one consumer buys while the keys take turns.
const CATEGORIES: [&str; 4] = ["washing_machine", "television", "water_heater", "computer"];
/// Consumers at work, each with a till and a collection point.
const AT_WORK: std::ops::Range<usize> = 2..6;
const NOW: Moment = Moment(1_780_000_000_000_000);

/// The ids of the published keys of a kind, by state.
pub fn published(app: &TestApp, kind: &str) -> Vec<(String, String)> {
    let keys = app.nobody().get("/.well-known/jwks.json").expect(200)["keys"].clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of_kind = keys.as_array().unwrap().iter().filter(|key| key["kind"] == kind).cloned();
    of_kind.map(|key| (text(&key["state"]), text(&key["kid"]))).collect()
}

fn kid_of(token: &str) -> String {
    crate::tokens::part(token, 0)["kid"].as_str().unwrap().to_owned()
}

/// A sale of an appliance of a category, with its old one handed in.
fn ready(app: &TestApp, n: usize, category: &str) -> Value {
    let turn_in = app.turn_in(&with(old_fridge(app, n), "/category", category));
    let body = sale(app, n, &with(new_fridge(), "/category", category), "6299.00");
    with(body, "/turn_in_id", turn_in)
}

/// One consumer's day: shows her code and has it quoted again and again, and now and then buys something.
fn work(app: &TestApp, n: usize, rounds: &AtomicUsize, over: &AtomicBool) {
    let kept = app.claim(n, PROGRAMME, "refrigerator", None);
    let mut categories = CATEGORIES.iter();
    while !over.load(Ordering::SeqCst) {
        let shown = json!({"qr_token": app.code(n, &kept, "live"), "store_id": app.store()});
        let quote = app.retailer().post("/api/v1/redemptions/quote", &shown).expect(200);
        assert!(quote["scan_token"].is_string());
        if let Some(category) = categories.next() {
            let voucher = app.claim(n, PROGRAMME, category, None);
            let body = ready(app, n, category);
            let code = app.code(n, &voucher, "live");
            let quote = app.retailer().post("/api/v1/redemptions/quote", &with(body.clone(), "/qr_token", code));
            let scanned = with(body, "/scan_token", quote.expect(200)["scan_token"].clone());
            // The keys may take a turn between the quote and the sale.
            app.retailer().post("/api/v1/redemptions", &scanned).expect(201);
        }
        app.consumer(n).get("/api/v1/vouchers").expect(200);
        rounds.fetch_add(1, Ordering::SeqCst);
    }
}

/// How often the trail says which keys there are.
fn notes(app: &TestApp) -> usize {
    app.database().rows_of("audit_record").iter().filter(|row| row["subject"] == "key_file").count()
}

/// What an auditor reads of it, the newest.
fn noted(app: &TestApp) -> Value {
    let page = app.auditor().get("/api/v1/audit/records?limit=200").expect(200);
    page["items"].as_array().unwrap().iter().find(|row| row["act"] == "note_keys").unwrap().clone()
}

pub fn soon(what: impl Fn() -> bool) {
    let started = Instant::now();
    while !what() {
        assert!(started.elapsed() < Duration::from_secs(60), "it did not happen");
        std::thread::yield_now();
    }
}

on_both! {
    fn no_request_fails_while_keys_take_turns_and_codes_of_before_still_redeem(app) {
        let before: Vec<Value> = (0..2).map(|n| {
            let voucher = app.claim(n, PROGRAMME, "refrigerator", None);
            let body = ready(&app, n, "refrigerator");
            let number = app.resident_id(n);
            let body = with(body, "/holder_check", &number[number.len() - 4..]);
            with(body, "/qr_token", app.code(n, &voucher, "printed"))
        }).collect();
        let first = published(&app, "voucher");
        let (rounds, over) = (AtomicUsize::new(0), AtomicBool::new(false));
        let file = app.dir().join("keys.json");
        std::thread::scope(|scope| {
            let threads: Vec<_> = AT_WORK.map(|n| {
                let (app, rounds, over) = (&app, &rounds, &over);
                scope.spawn(move || work(app, n, rounds, over))
            }).collect();
            let alive = || threads.iter().all(|thread| !thread.is_finished());
            let some_rounds = || {
                let seen = rounds.load(Ordering::SeqCst);
                soon(|| rounds.load(Ordering::SeqCst) >= seen + 2 * AT_WORK.len() || !alive());
            };
            some_rounds();
            for _ in 0..2 {
                let turned = rotation::rotate(&file, KeyKind::ALL, NOW, true).unwrap();
                let current = turned.iter().find(|turned| turned.kind == KeyKind::Voucher).unwrap().current.clone();
                soon(|| published(&app, "voucher").contains(&("current".to_owned(), current.clone())) || !alive());
                some_rounds();
            }
            over.store(true, Ordering::SeqCst);
            for thread in threads {
                thread.join().unwrap();
            }
        });
        let now = published(&app, "voucher");
        assert_eq!(now.iter().filter(|(state, _)| state == "retired").count(), 2);
        assert!(now.contains(&("retired".to_owned(), first[0].1.clone())));
        for body in before {
            assert_eq!(kid_of(body["qr_token"].as_str().unwrap()), first[0].1);
            app.retailer().post("/api/v1/redemptions", &body).expect(201);
        }
        let voucher = app.claim(7, PROGRAMME, "refrigerator", None);
        assert_eq!(kid_of(&app.code(7, &voucher, "live")), now[0].1, "what is new is signed with the current key");
    }

    /// From the first start on; each change of the file once, and nothing for a start with the same keys.
    fn which_keys_there_are_stands_in_the_trail(app) {
        let file = app.dir().join("keys.json");
        let first = watch::names(&file).unwrap();
        assert_eq!((notes(&app), &noted(&app)["detail"]), (1, &json!({"before": null, "after": first})));
        let turned = rotation::rotate(&file, &[KeyKind::Voucher, KeyKind::Scan], NOW, true).unwrap();
        let second = watch::names(&file).unwrap();
        soon(|| notes(&app) == 2);
        let told = noted(&app);
        assert_eq!(told["detail"], json!({"before": first, "after": second}));
        assert_eq!((&told["role"], &told["subject"], &told["organisation"]), (&json!("system"), &json!("key_file"), &Value::Null));
        for one in &turned {
            let keys = &told["detail"]["after"][one.kind.to_string()];
            assert_eq!((&keys["current"], &keys["retired"]), (&json!([one.current]), &json!([one.retired])));
        }
        let retired = turned[0].retired.as_ref().unwrap();
        rotation::drop_retired(&file, retired, NOW).unwrap();
        soon(|| notes(&app) == 3);
        let told = noted(&app);
        assert_eq!((&told["detail"]["before"], &told["detail"]["after"]["voucher"]["retired"]), (&second, &Value::Null));
        let app = app.later(60);
        assert_eq!(notes(&app), 3);
    }

    fn a_key_that_is_dropped_opens_nothing_any_more(app) {
        let voucher = app.claim(0, PROGRAMME, "refrigerator", None);
        let shown = json!({"qr_token": app.code(0, &voucher, "live"), "store_id": app.store()});
        let quote = || app.retailer().post("/api/v1/redemptions/quote", &shown);
        quote().expect(200);
        let file = app.dir().join("keys.json");
        let turned = rotation::rotate(&file, &[KeyKind::Voucher], NOW, true).unwrap();
        let retired = turned[0].retired.clone().unwrap();
        soon(|| published(&app, "voucher").contains(&("retired".to_owned(), retired.clone())));
        quote().expect(200);
        rotation::drop_retired(&file, &retired, NOW).unwrap();
        soon(|| published(&app, "voucher").iter().all(|(_, kid)| *kid != retired));
        soon(|| quote().status == 422);
        quote().refused_alone(422, "QR_INVALID");
        assert!(rotation::list(&file).unwrap().iter().all(|line| line.state != KeyState::Retired));
    }

    fn the_published_keys_are_sent_again_only_when_they_have_changed(app) {
        let nobody = app.nobody();
        let path = "/.well-known/jwks.json";
        let keys = nobody.get(path);
        let tag = keys.header("ETag").unwrap().to_owned();
        assert_eq!(keys.header("Cache-Control"), Some("public, max-age=300"));
        let asked = |known: &str| nobody.send(Method::GET, path, &[("If-None-Match", known)], None);
        for known in [tag.as_str(), &format!("W/{tag}"), &format!("\"x\", {tag}"), "*"] {
            let same = asked(known);
            assert_eq!((same.status, same.bytes.len(), same.header("ETag")), (304, 0, Some(tag.as_str())), "{known}");
        }
        assert_eq!(asked("\"x\"").status, 200);
        rotation::rotate(&app.dir().join("keys.json"), &[KeyKind::Access], NOW, true).unwrap();
        soon(|| asked(&tag).status == 200);
        let kinds: Vec<(String, String)> = published(&app, "access");
        assert_eq!(kinds.iter().map(|key| key.0.as_str()).collect::<Vec<_>>(), ["current", "next", "retired"]);
        // The token that the retired key has signed is still good.
        app.officer().get("/api/v1/retailers").expect(200);
    }
}

/// Replicas that notice a change at the same time put it down once; each compares with the trail and not with what it knew
/// before, so that a turn while nobody served is noted at the next start, and one that is taken back is noted, too.
#[test]
fn a_change_of_keys_is_noted_once_by_all_replicas() {
    for database in TestDatabase::each() {
        let open = || Division::open(&database.settings(Clock::standing_at(at(START)))).unwrap();
        let replicas: Vec<Division> = (0..4).map(|_| open()).collect();
        let keys = |kid: &str| json!({"voucher": {"current": [kid]}});
        for (before, kid) in [(None, "a"), (Some("a"), "b"), (Some("b"), "a"), (Some("a"), "b")] {
            let (all_ready, set) = (Barrier::new(replicas.len()), keys(kid));
            let done: Vec<bool> = std::thread::scope(|scope| {
                let note = |replica| {
                    let (all_ready, set) = (&all_ready, &set);
                    scope.spawn(move || {
                        all_ready.wait();
                        Division::note_keys(replica, set).unwrap()
                    })
                };
                let threads: Vec<_> = replicas.iter().map(note).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert_eq!(done.iter().filter(|did| **did).count(), 1, "{done:?}");
            let rows = database.rows_of("audit_record");
            let newest = rows.iter().max_by_key(|row| row["seq"].as_i64()).unwrap();
            let body: Value = serde_json::from_str(newest["body"].as_str().unwrap()).unwrap();
            assert_eq!(body["detail"], json!({"before": before.map(keys), "after": set}));
        }
        assert_eq!(database.rows_of("audit_record").len(), 4);
        replicas.iter().for_each(Division::close);
        database.verify().unwrap();
    }
}
