//! Another's record is not there: it is answered byte for byte as an identity that nothing has, and no list shows it.

use std::collections::BTreeMap;

use huanxin::access::Role;
use huanxin::domain::id::Id;
use huanxin::domain::identifier::synthetic;
use serde_json::{Value, json};
use ureq::http::Method;

use crate::app::{Answer, TestApp, User, fresh_key};
use crate::contract::operations;
use crate::sale::{USUAL, new_fridge, old_fridge, sale, with};

/// An identity that nothing has.
const NOTHING: &str = "019ed874-e500-7000-8000-000000000000";

/// The answer to a request of an identity, which stands as `{id}` in the path or in the body. It is asked under the
/// same name each time, so that the answers could be the same byte for byte.
fn ask(user: &User<'_>, method: &str, path: &str, body: Option<&Value>, id: &str) -> Answer {
    let text = body.map(|body| body.to_string().replace("{id}", id));
    let key = fresh_key();
    let headers =
        [("X-Request-Id", "the-same"), ("Content-Type", "application/json"), ("Idempotency-Key", key.as_str())];
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    user.send(method, &path.replace("{id}", id), &headers, text.as_ref().map(String::as_bytes))
}

/// What of an answer could tell one record from another.
fn told(answer: &Answer, id: &str) -> (u16, String, BTreeMap<String, String>) {
    let text = String::from_utf8(answer.bytes.clone()).unwrap().replace(id, "{id}");
    let headers = answer.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    // When it was asked, and how often.
    let passing = |name: &str| name == "date" || name == "content-length" || name.starts_with("ratelimit");
    (answer.status, text, headers.filter(|(name, _)| !passing(name)).collect())
}

#[track_caller]
fn not_there(user: &User<'_>, method: &str, path: &str, body: Option<&Value>, others: &str) {
    let (another, nothing) = (ask(user, method, path, body, others), ask(user, method, path, body, NOTHING));
    another.refused(404, "NOT_FOUND");
    assert_eq!(told(&another, others), told(&nothing, NOTHING), "{method} {path}");
}

fn items(answer: Answer) -> usize {
    answer.expect(200)["items"].as_array().unwrap().len()
}

/// A retailer that takes part in the same programmes, and its store.
fn other_retailer(app: &TestApp) -> (Id, String) {
    let officer = app.officer();
    let body = json!({
        "name": "南昌另一家电有限公司", "uscc": synthetic::uscc(77), "divisions": ["360111"],
        "account": {"bank": "中国银行", "number": "1502206009300099999", "name": "南昌另一家电有限公司"},
    });
    let retailer = officer.post("/api/v1/retailers", &body).made();
    let programmes = json!({"programmes": ["nc-appl-2026"]});
    officer.post(&format!("/api/v1/retailers/{retailer}/approval"), &programmes).expect(200);
    let store = json!({"retailer_id": retailer, "name": "另一店", "address": "火炬大街2号", "division_code": "360111",
        "town": "昌东镇"});
    (retailer.parse().unwrap(), officer.post("/api/v1/stores", &store).made())
}

/// What a list shows to its owner one by one, and where the second page begins.
fn second_page(user: &User<'_>, path: &str) -> String {
    let joint = if path.contains('?') { '&' } else { '?' };
    let page = user.get(&format!("{path}{joint}limit=1")).expect(200);
    let cursor = page["next_cursor"].as_str().unwrap_or_else(|| panic!("{path} has one page: {page:#}")).to_owned();
    user.get(&format!("{path}{joint}limit=1&cursor={cursor}")).expect(200);
    cursor
}

on_both! {
    fn another_retailers_bank_account(app) {
        let (retailer, _) = other_retailer(&app);
        let account = json!({"account": {"bank": "中国银行", "number": "196012345678901234", "name": "另一家"}});
        let path = "/api/v1/retailers/{id}/bank-account-proposals";
        not_there(&app.retailer(), "POST", path, Some(&account), &retailer.to_string());
        let manager = app.somebody(Role::Retailer, Some(retailer));
        manager.post(&path.replace("{id}", &retailer.to_string()), &account).made();
        assert_eq!(items(app.retailer().get("/api/v1/bank-account-proposals")), 0);
        assert_eq!(items(manager.get("/api/v1/bank-account-proposals")), 1);
    }

    fn another_retailers_till(app) {
        let (retailer, store) = other_retailer(&app);
        let manager = app.somebody(Role::Retailer, Some(retailer));
        let till = json!({"store_id": "{id}", "label": "一号收银台"});
        not_there(&app.retailer(), "POST", "/api/v1/tills", Some(&till), &store);
        let made = manager.post("/api/v1/tills", &with(till, "/store_id", store.as_str())).made();
        let why = json!({"reason": "停用"});
        not_there(&app.retailer(), "POST", "/api/v1/tills/{id}/revocation", Some(&why), &made);
        assert_eq!(items(app.retailer().get("/api/v1/tills")), 0);
        assert_eq!(items(manager.get("/api/v1/tills")), 1);
    }

    fn another_consumers_voucher(app) {
        let voucher = app.claim(0, "nc-appl-2026", "refrigerator", None);
        let other = app.consumer(1);
        not_there(&other, "GET", "/api/v1/vouchers/{id}", None, &voucher);
        not_there(&other, "POST", "/api/v1/vouchers/{id}/cancellation", None, &voucher);
        for form in ["live&format=token", "printed&format=svg", "live&format=png"] {
            not_there(&other, "GET", &format!("/api/v1/vouchers/{{id}}/qr?form={form}"), None, &voucher);
        }
        assert_eq!(items(other.get("/api/v1/vouchers")), 0);
        assert_eq!(app.consumer(0).get(&format!("/api/v1/vouchers/{voucher}")).expect(200)["status"], "issued");
    }

    fn another_organisations_turn_in(app) {
        let turn_in = app.turn_in(&old_fridge(&app, 0));
        let elsewhere = Some(Id::digest(&["another organisation"]));
        let why = json!({"reason": "登记错误"});
        for user in [app.somebody(Role::Recycler, elsewhere), app.somebody(Role::Clerk, elsewhere), app.retailer()] {
            not_there(&user, "GET", "/api/v1/turn-ins/{id}", None, &turn_in);
            not_there(&user, "POST", "/api/v1/turn-ins/{id}/void", Some(&why), &turn_in);
            assert_eq!(items(user.get("/api/v1/turn-ins")), 0);
        }
        not_there(&app.consumer(1), "GET", "/api/v1/turn-ins/{id}", None, &turn_in);
        assert_eq!(app.consumer(0).get(&format!("/api/v1/turn-ins/{turn_in}")).expect(200)["status"], "recorded");
    }

    fn another_retailers_redemption_and_store(app) {
        let (retailer, store) = other_retailer(&app);
        let redemption = app.retailer().post("/api/v1/redemptions", &app.ready(0)).made();
        let why = json!({"reason": "顾客退货"});
        let manager = app.somebody(Role::Retailer, Some(retailer));
        not_there(&manager, "POST", "/api/v1/redemptions/{id}/reversal", Some(&why), &redemption);
        for user in [app.somebody(Role::Clerk, Some(retailer)), manager] {
            not_there(&user, "GET", "/api/v1/redemptions/{id}", None, &redemption);
            assert_eq!(items(user.get("/api/v1/redemptions")), 0);
        }
        // The store of another retailer, in every way in which a store is named.
        let named = with(app.ready(1), "/store_id", "{id}");
        not_there(&app.retailer(), "POST", "/api/v1/redemptions", Some(&named), &store);
        not_there(&app.retailer(), "POST", "/api/v1/redemptions/quote", Some(&named), &store);
        assert_eq!(app.retailer().get(&format!("/api/v1/redemptions/{redemption}")).expect(200)["status"], "recorded");
    }

    /// The code of another store's quote gives nothing away: it is refused as a code of nothing known.
    fn a_scan_of_another_store(app) {
        let (retailer, store) = other_retailer(&app);
        let shown = app.ready(0);
        let quote = app.retailer().post_text(&[], "/api/v1/redemptions/quote", &shown.to_string()).expect(200);
        let body = with(with(shown, "/qr_token", Value::Null), "/scan_token", quote["scan_token"].clone());
        let other = app.somebody(Role::Clerk, Some(retailer));
        other.post("/api/v1/redemptions", &with(body, "/store_id", store)).refused(422, "QR_INVALID");
    }

    /// An old item of somebody else supports nothing; the code says that much, and nothing of whose it is.
    fn another_persons_old_item(app) {
        let turn_in = app.turn_in(&old_fridge(&app, 0));
        let voucher = app.claim(1, "nc-appl-2026", "refrigerator", None);
        let body = with(sale(&app, 1, &new_fridge(), "6299.00"), "/turn_in_id", turn_in);
        let refused = app.retailer().post("/api/v1/redemptions", &with(body, "/qr_token", app.code(1, &voucher, "live")));
        let first = refused.refused(422, "OLD_ITEM_OWNER_MISMATCH");
        assert_eq!((&first["found"], &first["expected"]), (&Value::Null, &Value::Null));
    }

    fn a_draft_of_the_bureau(app) {
        app.draft("nc-draft-2026", USUAL, "pool = \"1000.00\"");
        let claim = json!({"programme_id": "{id}", "category": "refrigerator", "division_code": "360111"});
        let wish = json!({"category": "refrigerator"});
        let as_nothing = |user: &User<'_>, method: &str, path: &str, body: Option<&Value>| {
            let (draft, nothing) = ("nc-draft-2026", "nc-other-2026");
            let (one, other) = (ask(user, method, path, body, draft), ask(user, method, path, body, nothing));
            one.refused(404, "NOT_FOUND");
            assert_eq!(told(&one, draft), told(&other, nothing), "{method} {path}");
        };
        for user in [app.nobody(), app.consumer(0), app.retailer(), app.stranger(Role::Officer)] {
            as_nothing(&user, "GET", "/api/v1/programmes/{id}", None);
        }
        as_nothing(&app.consumer(0), "POST", "/api/v1/programmes/{id}/eligibility", Some(&wish));
        as_nothing(&app.consumer(0), "POST", "/api/v1/vouchers", Some(&claim));
        let listed = app.consumer(0).get("/api/v1/programmes?limit=200").expect(200);
        assert!(!listed.to_string().contains("nc-draft-2026"));
        assert_eq!(app.officer().get("/api/v1/programmes/nc-draft-2026").status, 200);
    }

    /// A cursor is its caller's and its list's: with anybody else, elsewhere or with other filters it is none.
    fn the_cursor_of_another_caller(app) {
        for category in ["refrigerator", "television"] {
            app.claim(0, "nc-appl-2026", category, None);
            app.claim(1, "nc-appl-2026", category, None);
        }
        for n in [2, 3] {
            app.retailer().post("/api/v1/redemptions", &app.ready(n)).made();
        }
        let officer = app.officer();
        for value in [20_000, 20_001] {
            let body = json!({"year": 2023, "value": value, "source": "区统计局"});
            officer.put("/api/v1/reports/appliance-growth/baseline", &body).expect(200);
            let month = json!({"month": "2026-05", "count": value, "source": "汇总"});
            officer.post("/api/v1/reports/appliance-growth/off-system", &month).expect(201);
        }
        let of_retailer: Id = app.retailer_id().parse().unwrap();
        let clerk = app.somebody(Role::Clerk, Some(of_retailer));
        let other_auditor = app.somebody(Role::Auditor, None);
        let other_recycler = app.somebody(Role::Recycler, Some(Id::digest(&["another organisation"])));
        let lists = [
            ("/api/v1/vouchers", app.consumer(0), app.consumer(1)),
            ("/api/v1/turn-ins", app.recycler(), other_recycler),
            // Not even a colleague's.
            ("/api/v1/redemptions", app.retailer(), clerk),
            ("/api/v1/retailers", app.officer(), app.auditor()),
            ("/api/v1/audit/records", app.auditor(), other_auditor),
            ("/api/v1/reports/appliance-growth/baseline", app.officer(), app.finance()),
            ("/api/v1/reports/appliance-growth/off-system?month=2026-05", app.officer(), app.finance()),
        ];
        let mut stolen = Vec::new();
        for (path, owner, other) in &lists {
            let cursor = second_page(owner, path);
            let joint = if path.contains('?') { '&' } else { '?' };
            assert_eq!(other.get(path).status, 200, "{path}");
            other.get(&format!("{path}{joint}cursor={cursor}")).refused_alone(400, "CURSOR_INVALID");
            stolen.push(cursor);
        }
        let filtered = stolen.last().unwrap();
        let other_filter = format!("/api/v1/reports/appliance-growth/off-system?cursor={filtered}");
        officer.get(&other_filter).refused_alone(400, "CURSOR_INVALID");
        // Every list that there is, with cursors of other lists, its own caller's among them.
        let takes_cursor = |says: &Value| {
            says["parameters"].as_array().into_iter().flatten().any(|parameter| parameter["name"] == "cursor")
        };
        for operation in operations().iter().filter(|one| takes_cursor(&one.says)) {
            let word = if operation.path.starts_with("/api/v1/programmes/") { "nc-appl-2026" } else { NOTHING };
            let path = operation.path.replace("{id}", word);
            let role = operation.roles().first().copied();
            let user = Role::ALL.iter().find(|one| Some(one.name()) == role).map_or(app.nobody(), |role| {
                app.somebody(*role, (*role != Role::Consumer).then_some(of_retailer))
            });
            // What a list is of, where it does not go without.
            let of = if operation.id == "listEvidence" { format!("&about=turn_in&subject_id={NOTHING}") } else { String::new() };
            for cursor in &stolen {
                let answer = user.get(&format!("{path}?cursor={cursor}{of}"));
                answer.refused_alone(400, "CURSOR_INVALID");
            }
        }
    }
}
