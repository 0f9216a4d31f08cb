//! A till without a network tells good codes from lapsed, used, cancelled and forged ones, with what the service
//! publishes and the text of `docs/offline-tills.md`.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use huanxin::domain::id::Id;
use huanxin::domain::records::VoucherStatus;
use huanxin::domain::time::Moment;
use huanxin::engine::Since;
use huanxin::keys::rotation::{self, KeyKind};
use serde_json::{Value, json};
use ureq::http::Method;

use crate::app::{Answer, START, TestApp};
use crate::keys::{published, soon};
use crate::sale::{new_fridge, old_fridge, sale, with};
use crate::tokens::part;

const PROGRAMME: &str = "nc-appl-2026";
const LIST: &str = "/api/v1/vouchers/revoked";

/// What the till does with what it is given: keys, pages in their order, and codes with the second of their scan.
const DRIVER: &str = r#"
import sys
given = json.load(sys.stdin)
till = Till()
till.take_keys(given["keys"])
for page in given["pages"]:
    till.take_page(page)
refused = []
for page in given["bad_pages"]:
    try:
        till.take_page(page)
        refused.append(False)
    except Exception:
        refused.append(True)
said = [till.judge(code, now) for code, now in given["codes"]]
json.dump({"said": said, "refused": refused}, sys.stdout)
"#;

/// The program of the document.
fn program() -> String {
    let page = include_str!("../../docs/offline-tills.md");
    let (_, rest) = page.split_once("```python\n").unwrap();
    format!("{}{DRIVER}", rest.split_once("\n```").unwrap().0)
}

fn judged_by_a_till(given: &Value) -> Value {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/python/bin/python");
    assert!(python.exists(), "PyJWT is not installed: run tests/run.sh once, it makes target/python");
    let dir = tempfile::tempdir().unwrap();
    let (file, input) = (dir.path().join("till.py"), dir.path().join("given.json"));
    std::fs::write(&file, program()).unwrap();
    std::fs::write(&input, given.to_string()).unwrap();
    let ran = Command::new(python).arg(file).stdin(std::fs::File::open(input).unwrap()).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).unwrap()
}

fn page(app: &TestApp, since: Option<&str>) -> String {
    let path = since.map_or(LIST.to_owned(), |since| format!("{LIST}?since={since}"));
    let answer = app.nobody().get(&path);
    assert_eq!((answer.status, answer.header("Content-Type")), (200, Some("application/jose")), "{:#}", answer.body);
    String::from_utf8(answer.bytes).unwrap()
}

fn next(page: &str) -> String {
    part(page, 1)["next"].as_str().unwrap().to_owned()
}

fn ids(page: &str, list: &str) -> Vec<String> {
    part(page, 1)[list].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

/// A refrigerator is sold for the voucher of this printed code; gives the redemption.
fn sold(app: &TestApp, n: usize, code: &str) -> String {
    let turn_in = app.turn_in(&old_fridge(app, n));
    let number = app.resident_id(n);
    let body = with(sale(app, n, &new_fridge(), "6299.00"), "/turn_in_id", turn_in);
    let body = with(with(body, "/qr_token", code), "/holder_check", &number[number.len() - 4..]);
    app.retailer().post("/api/v1/redemptions", &body).made()
}

fn cancel(app: &TestApp, n: usize, voucher: &str) {
    app.consumer(n).post(&format!("/api/v1/vouchers/{voucher}/cancellation"), &json!({})).expect(200);
}

fn asked(app: &TestApp, path: &str, known: &str) -> Answer {
    app.nobody().send(Method::GET, path, &[("If-None-Match", known)], None)
}

on_both! {
    fn a_till_without_a_network_tells_what_it_has_scanned(app) {
        let empty = page(&app, None);
        let vouchers: Vec<String> = (0..5).map(|n| app.claim(n, PROGRAMME, "refrigerator", None)).collect();
        let codes: Vec<String> = (0..5).map(|n| app.code(n, &vouchers[n], "printed")).collect();
        let [good, cancelled, redeemed, reversed, signed_before] = [0, 1, 2, 3, 4].map(|n| codes[n].clone());
        cancel(&app, 1, &vouchers[1]);
        sold(&app, 2, &redeemed);
        let redemption = sold(&app, 3, &reversed);
        let back = json!({"reason": "顾客退货"});
        app.retailer().post(&format!("/api/v1/redemptions/{redemption}/reversal"), &back).expect(201);
        // A key that retires meanwhile is still known, and the list goes on under the next one.
        rotation::rotate(&app.dir().join("keys.json"), &[KeyKind::Voucher], Moment(0), true).unwrap();
        soon(|| published(&app, "voucher").iter().any(|(state, _)| state == "retired"));
        let delta = page(&app, Some(&next(&empty)));
        assert_ne!(part(&empty, 0)["kid"], part(&delta, 0)["kid"]);
        let keys = app.nobody().get("/.well-known/jwks.json");
        let (now, live) = (Moment::parse(START).unwrap().seconds() + 60, app.code(0, &vouchers[0], "live"));
        let (head, signature) = good.rsplit_once('.').unwrap();
        let changed = with(part(&good, 1), "/vid", vouchers[2].as_str()).to_string();
        let changed = format!("{}.{}.{signature}", head.split('.').next().unwrap(), URL_SAFE_NO_PAD.encode(changed));
        let other_signature = format!("{head}.{}", cancelled.rsplit_once('.').unwrap().1);
        let header = |header: Value| URL_SAFE_NO_PAD.encode(header.to_string());
        let payload = head.split_once('.').unwrap().1;
        let none = format!("{}.{payload}.", header(json!({"typ": "voucher+jwt", "alg": "none"})));
        let unknown = json!({"typ": "voucher+jwt", "alg": "EdDSA", "kid": "another"});
        let unknown = format!("{}.{payload}.{signature}", header(unknown));
        let (access, list) = (app.retailer().token().unwrap(), delta.clone());
        let late = part(&good, 1)["exp"].as_i64().unwrap();
        let expected = [
            (&good, now, "valid"),
            (&signed_before, now, "valid"),
            (&live, now, "valid"),
            (&live, now + 3600, "expired"),
            (&good, late - 1, "valid"),
            (&good, late, "expired"),
            (&cancelled, now, "cancelled"),
            (&cancelled, late, "expired"),
            (&redeemed, now, "used"),
            (&reversed, now, "used"),
            (&changed, now, "forged"),
            (&other_signature, now, "forged"),
            (&none, now, "forged"),
            (&access, now, "forged"),
            (&list, now, "forged"),
            (&"no code at all".to_owned(), now, "forged"),
            (&unknown, now, "unknown key"),
        ];
        let codes: Vec<Value> = expected.iter().map(|(code, now, _)| json!([code, now])).collect();
        let bad = [&empty, &delta, &good, &format!("{head}.{signature}x")];
        let keys = String::from_utf8(keys.bytes).unwrap();
        let told = judged_by_a_till(&json!({"keys": keys, "pages": [empty, delta], "bad_pages": bad, "codes": codes}));
        let said: Vec<&str> = told["said"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
        assert_eq!(said, expected.map(|(_, _, word)| word));
        assert_eq!(told["refused"], json!([true, true, true, true]), "an old page, the same again, and no page");
    }

    fn the_list_has_what_ended_early_and_goes_on_from_where_it_was(app) {
        let vouchers: Vec<String> = (0..4).map(|n| app.claim(n, PROGRAMME, "refrigerator", None)).collect();
        cancel(&app, 0, &vouchers[0]);
        let redemption = sold(&app, 1, &app.code(1, &vouchers[1], "printed"));
        let whole = page(&app, None);
        assert_eq!(part(&whole, 0)["typ"], "revoked-vouchers+jwt");
        assert_eq!((ids(&whole, "cancelled"), ids(&whole, "redeemed")), (vec![vouchers[0].clone()], vec![vouchers[1].clone()]));
        let claims = part(&whole, 1);
        assert_eq!((&claims["since"], &claims["more"], &claims["iss"]), (&Value::Null, &json!(false), &json!("huanxin-demo")));
        app.retailer().post(&format!("/api/v1/redemptions/{redemption}/reversal"), &json!({"reason": "退货"})).expect(201);
        cancel(&app, 2, &vouchers[2]);
        let delta = page(&app, Some(&next(&whole)));
        assert!(ids(&delta, "cancelled").contains(&vouchers[2]));
        assert_eq!((ids(&delta, "reversed"), ids(&delta, "redeemed")), (vec![vouchers[1].clone()], vec![]));
        assert!(!delta.contains(&vouchers[3]));
        assert_eq!(part(&delta, 1)["since"], next(&whole).as_str());
        // What it names is vouchers.
        let text = part(&page(&app, None), 1).to_string();
        assert!(!text.contains(app.name(0)) && !text.contains(app.store()) && !text.contains(&app.retailer_id()));
        // Whose time is over need not be told.
        let app = app.later(40 * 86_400);
        let later = page(&app, None);
        assert!(["cancelled", "redeemed", "reversed"].iter().all(|list| ids(&later, list).is_empty()));
        let later = page(&app, Some(&next(&delta)));
        assert!(["cancelled", "redeemed", "reversed"].iter().all(|list| ids(&later, list).is_empty()));
    }

    fn what_the_till_has_is_not_sent_again_and_a_wrong_place_is_refused(app) {
        let voucher = app.claim(0, PROGRAMME, "refrigerator", None);
        let first = app.nobody().get(LIST);
        assert_eq!(first.header("Cache-Control"), Some("public, max-age=60"));
        // The minute may change between two answers, and with it the text.
        let same = (0..3).any(|_| {
            let tag = app.nobody().get(LIST).header("ETag").unwrap().to_owned();
            let again = asked(&app, LIST, &tag);
            again.status == 304 && again.bytes.is_empty() && again.header("ETag") == Some(tag.as_str())
        });
        assert!(same);
        cancel(&app, 0, &voucher);
        assert_eq!(asked(&app, LIST, first.header("ETag").unwrap()).status, 200);
        let nil = Id::NIL.to_string();
        let future = Id::first_of(Moment::parse("2036-01-01T00:00:00Z").unwrap());
        for since in ["x", "", "m.", &nil, &format!("m.{nil}.{nil}"), &format!("m.{future}"), &format!("v.{future}.{nil}")] {
            app.nobody().get(&format!("{LIST}?since={since}")).refused_alone(400, "CURSOR_INVALID");
        }
        for since in [format!("m.{nil}"), format!("v.{nil}.{nil}")] {
            let all = page(&app, Some(&since));
            assert_eq!(ids(&all, "cancelled"), std::slice::from_ref(&voucher));
        }
        app.nobody().get(&format!("{LIST}?colour=red")).refused_alone(400, "FIELD_UNKNOWN");
        // The list is no voucher, although a voucher's key has signed it.
        let body = json!({"qr_token": page(&app, None), "store_id": app.store()});
        app.retailer().post("/api/v1/redemptions/quote", &body).refused_alone(422, "QR_INVALID");
    }

    fn pages_of_any_size_add_up_to_the_whole(app) {
        let mut vouchers: Vec<Id> = Vec::new();
        for category in ["refrigerator", "television"] {
            vouchers.extend((0..4).map(|n| app.claim(n, PROGRAMME, category, None).parse::<Id>().unwrap()));
        }
        let division = app.division();
        let read = |since: Since, limit: i64| {
            let page = actix_web::rt::System::new().block_on(division.endings(since, limit));
            page.unwrap().unwrap()
        };
        for (n, voucher) in vouchers.iter().enumerate().take(3) {
            cancel(&app, n, &voucher.to_string());
        }
        for limit in [1, 2, 3, 100] {
            let (mut seen, mut since, mut pages) = (std::collections::BTreeSet::new(), Since::Start, 0);
            loop {
                let page = read(since, limit);
                seen.extend(page.ended);
                (since, pages) = (page.next, pages + 1);
                // Something ends while the pages are read.
                if pages == 2 && limit == 1 {
                    cancel(&app, 3, &vouchers[3].to_string());
                }
                if !page.more {
                    break;
                }
                assert!(pages < 50, "the pages have an end");
            }
            let mut expected: Vec<_> = vouchers[..4].iter().map(|id| (*id, VoucherStatus::Cancelled)).collect();
            expected.sort_unstable();
            assert_eq!(seen.into_iter().collect::<Vec<_>>(), expected, "pages of {limit}");
            assert!(matches!(since, Since::Movement(_)));
        }
        let mut since = Since::Movement(Id::NIL);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..50 {
            let page = read(since, 1);
            seen.extend(page.ended.into_iter().map(|(id, _)| id));
            since = page.next;
            if !page.more {
                break;
            }
        }
        assert_eq!(seen.len(), 4, "the movements lead through all of them too");
    }
}
