//! The examples of the API document: one day of the service in which every operation is asked. What is sent and
//! answered is recorded in `api-spec/examples.json`, from where it stands in the document.

use huanxin::access::Role;
use huanxin::domain::anomaly::{AnomalyRule, Signal};
use huanxin::domain::command::{Act, Command};
use huanxin::domain::id::Id;
use huanxin::domain::identifier::synthetic;
use huanxin::engine::system;
use huanxin::totp::SecondFactor;
use serde_json::{Value, json};

use crate::app::{TODAY, TestApp};
use crate::book::{Book, DIGEST};
use crate::database::Place;
use crate::openapi::is_as_generated;
use crate::sale::with;

const PROGRAMME: &str = "nc-appl-2026";

/// A small programme as its file has it.
const DISHWASHERS: &str = r#"id = "nc-dishwasher-2026"
title = "高新区洗碗机以旧换新"
title_en = "Trade-in of dishwashers"
region = { divisions = ["360111"] }
windows = { claim = { from = 2026-06-01, to = 2026-12-31 } }
voucher = { days = 30, reclaims = 1, return_restores_quota = true }
funding = [{ source = "district", percent = "100" }]

[[lines]]
category = "dishwasher"
pool = "100000.00"
tiers = [{ when = { energy_levels = [1] }, percent = "15", cap = "1500.00" }]
"#;

#[test]
fn the_examples_are_as_recorded_sqlite() {
    are_as_recorded(Place::sqlite());
}

#[test]
fn the_examples_are_as_recorded_postgres() {
    if let Some(place) = Place::postgres() {
        are_as_recorded(place);
    }
}

fn are_as_recorded(place: Place) {
    let (book, _) = days(TestApp::standing(place));
    let unasked = book.unasked();
    assert!(
        unasked.is_empty(),
        "{unasked:?} have no example: ask each of them once in tests/it/examples.rs (a line with `book.ask` or \
         `book.say`), then run: make spec"
    );
    is_as_generated("examples.json", &book.text());
}

/// The day, and the one after it, on which what was sold is settled.
pub fn days(app: TestApp) -> (Book, TestApp) {
    let mut book = day(&app);
    let app = app.standing_later(24 * 3600);
    settled(&app, &mut book);
    (book, app)
}

/// The day, from the first question on.
pub fn day(app: &TestApp) -> Book {
    let mut book = Book::default();
    machines(app, &mut book);
    everybody(app, &mut book);
    trade_in(app, &mut book);
    given_back(app, &mut book);
    at_a_service_point(app, &mut book);
    old_items(app, &mut book);
    personal(app, &mut book);
    parties(app, &mut book);
    tables(app, &mut book);
    programmes(app, &mut book);
    another_sale(app, &mut book);
    staff(app, &mut book);
    webhooks(app, &mut book);
    figures(app, &mut book);
    trail(app, &mut book);
    refused(app, &mut book);
    book
}

fn id(record: &Value) -> String {
    record["id"].as_str().unwrap().to_owned()
}

fn machines(app: &TestApp, book: &mut Book) {
    for operation in ["checkAlive", "checkReady", "getMetrics", "getKeys"] {
        book.ask(&app.nobody(), operation, &[]);
    }
}

fn everybody(app: &TestApp, book: &mut Book) {
    book.ask(&app.nobody(), "listProgrammes", &[("limit", "1")]);
    book.ask(&app.nobody(), "getProgramme", &[("id", "nc-ebike-2026")]);
    let near = [("limit", "1"), ("division_code", "360111"), ("latitude", "28.69"), ("longitude", "115.99")];
    book.ask(&app.nobody(), "listCollectionPoints", &near);
    book.ask(&app.nobody(), "listRevokedVouchers", &[]);
}

/// A refrigerator that consumer `n` hands in.
fn old_fridge(app: &TestApp, n: usize) -> Value {
    json!({
        "category": "refrigerator",
        "owner": {"name": app.name(n), "resident_id": app.resident_id(n)},
        "item": {"serial_number": synthetic::serial_number(1 + n as u64), "complete": true},
        "evidence": [{"kind": "photo", "sha256": DIGEST}],
        "received_on": TODAY,
        "credit": "80.00",
    })
}

fn claim(category: &str) -> Value {
    json!({"programme_id": PROGRAMME, "category": category, "division_code": "360111"})
}

/// The sale of a new refrigerator to the first consumer, without the voucher.
fn sale(app: &TestApp, turn_in: &str) -> Value {
    json!({
        "store_id": app.store(),
        "item": {"category": "refrigerator", "brand": "海尔", "model": "BCD-510WGHTD19S9U1", "energy_level": 1,
            "gtin": synthetic::gtin13(1), "serial_number": synthetic::serial_number(100)},
        "price": {"list": "6999.00", "discounts": "700.00", "final": "6299.00", "paid": "5354.15"},
        "invoice": {"number": synthetic::invoice_number(1), "issued_on": TODAY, "total": "6299.00",
            "buyer_name": app.name(0)},
        "delivery_division_code": "360111",
        "delivery_address": "艾溪湖北路100号",
        "delivery_phone": synthetic::mobile(1),
        "turn_in_id": turn_in,
    })
}

fn trade_in(app: &TestApp, book: &mut Book) {
    let (consumer, recycler, retailer) = (app.consumer(0), app.recycler(), app.retailer());
    book.say(&consumer, "checkEligibility", &[("id", PROGRAMME)], &json!({"category": "refrigerator"}));
    let turn_in = id(&book.say(&recycler, "recordTurnIn", &[], &old_fridge(app, 0)));
    book.ask(&consumer, "getTurnIn", &[("id", &turn_in)]);
    book.ask(&recycler, "listTurnIns", &[("limit", "20")]);
    let voucher = id(&book.say(&consumer, "claimVoucher", &[], &claim("refrigerator")));
    book.ask(&consumer, "getVoucher", &[("id", &voucher)]);
    book.ask(&consumer, "listVouchers", &[("limit", "20")]);
    let code = book.ask(&consumer, "getVoucherQr", &[("id", &voucher), ("form", "live"), ("format", "token")]);
    let shown = with(sale(app, &turn_in), "/qr_token", code["token"].clone());
    let quote = book.say(&retailer, "quoteRedemption", &[], &shown);
    assert_eq!(quote["subsidy"], "944.85");
    let scanned = with(sale(app, &turn_in), "/scan_token", quote["scan_token"].clone());
    for (pointer, value, code) in [
        ("/price/paid", json!("5000.00"), "INVOICE_AMOUNT_MISMATCH"),
        ("/item/energy_level", json!(2), "ENERGY_LEVEL_NOT_ELIGIBLE"),
        ("/turn_in_id", Value::Null, "OLD_ITEM_MISSING"),
    ] {
        book.no(&retailer, "redeemVoucher", &[], Some(&with(scanned.clone(), pointer, value)), code);
    }
    let redemption = id(&book.say(&retailer, "redeemVoucher", &[], &scanned));
    files(app, book, &redemption);
    book.ask(&app.auditor(), "getVoucherHistory", &[("id", &voucher)]);
    book.no(&retailer, "redeemVoucher", &[], Some(&scanned), "VOUCHER_ALREADY_REDEEMED");
    book.no(&consumer, "claimVoucher", &[], Some(&claim("refrigerator")), "CATEGORY_LIMIT_REACHED");
    book.ask(&retailer, "getRedemption", &[("id", &redemption)]);
    book.ask(&retailer, "listRedemptions", &[("limit", "20")]);
    disputed(app, book, &redemption);
    looked_at(app, book, &redemption);
    let back = json!({"reason": "顾客退货"});
    book.say(&retailer, "reverseRedemption", &[("id", &redemption)], &back);
    book.no(&retailer, "reverseRedemption", &[("id", &redemption)], Some(&back), "WRONG_STATE");
}

/// The invoice of the sale as a document.
const INVOICE: &str = "%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n";

fn files(app: &TestApp, book: &mut Book, redemption: &str) {
    let (retailer, officer) = (app.retailer(), app.officer());
    let subject = [("about", "redemption"), ("subject_id", redemption)];
    let asked = [subject[0], subject[1], ("kind", "invoice")];
    let file = id(&book.say_file(&retailer, "uploadEvidence", &asked, "application/pdf", INVOICE));
    book.ask(&officer, "listEvidence", &[subject[0], subject[1], ("limit", "20")]);
    book.ask(&officer, "getEvidence", &[("id", &file)]);
    let link = book.ask(&officer, "createEvidenceLink", &[("id", &file)]);
    let text = link["path"].as_str().unwrap().split_once("link=").unwrap().1.to_owned();
    book.ask(&app.nobody(), "downloadEvidence", &[("id", &file), ("link", &text)]);
}

/// An old refrigerator is fetched at home, received by the yard, and dismantled.
fn old_items(app: &TestApp, book: &mut Book) {
    let (consumer, recycler, officer) = (app.consumer(8), app.recycler(), app.officer());
    let wish = json!({"category": "refrigerator", "division_code": "360111", "town": "昌东镇",
        "address": "昌东大道99号3栋201室", "from": "2026-06-20T01:00:00Z", "until": "2026-06-20T04:00:00Z"});
    let pickup = id(&book.say(&consumer, "requestPickup", &[], &wish));
    book.ask(&recycler, "listPickups", &[("status", "requested"), ("limit", "20")]);
    book.ask(&recycler, "acceptPickup", &[("id", &pickup)]);
    book.ask(&recycler, "getPickup", &[("id", &pickup)]);
    let turn_in = id(&book.say(&recycler, "recordTurnIn", &[], &old_fridge(app, 8)));
    book.say(&recycler, "collectPickup", &[("id", &pickup)], &json!({"turn_in_id": turn_in}));
    let other = id(&book.say(&consumer, "requestPickup", &[], &wish));
    book.say(&consumer, "cancelPickup", &[("id", &other)], &json!({"reason": "改天再约"}));
    let one = [("id", turn_in.as_str())];
    book.say(&recycler, "receiveTurnIn", &one, &json!({"received_on": TODAY}));
    let asked = [("about", "turn_in"), ("subject_id", turn_in.as_str()), ("kind", "certificate")];
    let certificate = book.say_file(&recycler, "uploadEvidence", &asked, "application/pdf", INVOICE);
    let dismantling = json!({"certificate_number": "CJ-2026-000017", "dismantled_on": TODAY,
        "sha256": certificate["sha256"]});
    book.say(&recycler, "recordDismantling", &one, &dismantling);
    book.ask(&officer, "getOldItemEnd", &one);
    book.ask(&officer, "getItemEndReport", &[("from", TODAY), ("to", TODAY)]);
    book.ask(&officer, "getCollectionCoverage", &[]);
}

/// The consumer objects to the redemption, is compensated, and takes it back; then the retailer objects.
fn disputed(app: &TestApp, book: &mut Book, redemption: &str) {
    let (consumer, retailer, officer) = (app.consumer(0), app.retailer(), app.officer());
    let wish = json!({"about": "redemption", "subject_id": redemption, "statement": "送货迟了五天，要求赔付"});
    let dispute = id(&book.say(&consumer, "openDispute", &[], &wish));
    let one = [("id", dispute.as_str())];
    book.no(&consumer, "openDispute", &[], Some(&wish), "WRONG_STATE");
    book.say(&retailer, "answerDispute", &one, &json!({"answer": "厂家缺货，已协商延期送货"}));
    let paid = json!({"amount": "100.00", "paid_on": TODAY, "reference": "微信转账 20260618001"});
    book.say(&retailer, "recordCompensation", &one, &paid);
    book.ask(&officer, "listDisputes", &[("status", "answered"), ("limit", "20")]);
    book.say(&consumer, "withdrawDispute", &one, &json!({"reason": "商家已先行赔付"}));
    let second = app.somebody(Role::Officer, None);
    let dispute = id(&book.say(&retailer, "openDispute", &[], &wish));
    let one = [("id", dispute.as_str())];
    book.say(&officer, "answerDispute", &one, &json!({"answer": "以送货单为准"}));
    let how = json!({"outcome": "upheld", "reason": "送货单显示未逾期", "keeps_holding": true});
    book.no(&officer, "decideDispute", &one, Some(&how), "SAME_OFFICER");
    book.say(&second, "decideDispute", &one, &how);
    let why = json!({"reason": "厂家已补交送货单"});
    book.no(&second, "releaseHold", &one, Some(&why), "SAME_OFFICER");
    book.say(&officer, "releaseHold", &one, &why);
}

/// A scan has found something about the redemption: nothing is due today, so that it is recorded as the scan does it.
fn looked_at(app: &TestApp, book: &mut Book, redemption: &str) {
    let officer = app.officer();
    let limits = json!({"rule": "photo_used_twice", "on": true, "days": 365, "span": 0, "least": 1, "from": 2, "full": 3,
        "hold_at": 50});
    let set = json!({"version": 0, "rules": [limits], "reason": "照片核对期延长至一年"});
    book.say(&officer, "setAnomalyRules", &[], &set);
    book.ask(&officer, "getAnomalyRules", &[]);
    let day = app.now().day();
    let signal = Signal {
        rule: AnomalyRule::PhotoUsedTwice,
        subject: Id::digest(&["a photo"]),
        day,
        since: day,
        part: 0,
        measure: 2,
        score: 50,
        holds: true,
        lines: vec![redemption.parse().unwrap()],
        retailers: vec![app.retailer_id().parse().unwrap()],
        evidence: Vec::new(),
        zh: "同一照片或文件用于 2 件旧件或销售".to_owned(),
        en: "one photo or document was shown for 2 old items or sales".to_owned(),
    };
    let act = Act::RecordAnomaly { signal: Box::new(signal), rules: 1 };
    let command = Id::digest(&["an anomaly"]);
    let request_id = "anomalies".to_owned();
    let command = Command { id: command, fingerprint: command, actor: system(), request_id, act };
    app.division().submit_blocking(command).unwrap();
    let found = book.ask(&officer, "listAnomalies", &[("status", "open"), ("limit", "20")]);
    let anomaly = found["items"][0]["id"].as_str().unwrap().to_owned();
    let what = json!({"outcome": "dismissed", "reason": "照片为同一户两件旧件的合影，已核对原件"});
    book.say(&officer, "resolveAnomaly", &[("id", &anomaly)], &what);
    book.no(&officer, "resolveAnomaly", &[("id", &anomaly)], Some(&what), "WRONG_STATE");
    book.ask(&officer, "getAnomalyPrecision", &[]);
}

/// What is known of people in the clear, and its end.
fn personal(app: &TestApp, book: &mut Book) {
    let voucher = id(&book.say(&app.consumer(6), "claimVoucher", &[], &claim("television")));
    let why = json!({"subject": "voucher", "id": voucher, "reason": "核对持券人"});
    book.say(&app.officer(), "revealPersonalData", &[], &why);
    let leave = json!({"reason": "不再需要"});
    book.no(&app.consumer(6), "eraseMyData", &[], Some(&leave), "WRONG_STATE");
    book.ask(&app.consumer(6), "cancelVoucher", &[("id", &voucher)]);
    book.say(&app.consumer(6), "eraseMyData", &[], &leave);
    book.say(&app.recycler(), "recordTurnIn", &[], &old_fridge(app, 7));
    let asked = json!({"resident_id": app.resident_id(7), "reason": "本人书面申请"});
    book.say(&app.officer(), "erasePerson", &[], &asked);
}

fn given_back(app: &TestApp, book: &mut Book) {
    let (consumer, recycler) = (app.consumer(1), app.recycler());
    let voucher = id(&book.say(&consumer, "claimVoucher", &[], &claim("television")));
    book.ask(&consumer, "cancelVoucher", &[("id", &voucher)]);
    book.no(&consumer, "getVoucherQr", &[("id", &voucher)], None, "VOUCHER_NOT_LIVE");
    let turn_in = id(&book.say(&recycler, "recordTurnIn", &[], &old_fridge(app, 1)));
    book.say(&recycler, "voidTurnIn", &[("id", &turn_in)], &json!({"reason": "登记错误"}));
}

fn at_a_service_point(app: &TestApp, book: &mut Book) {
    let assistant = app.user(app.demo["tokens"]["assistant"].as_str());
    let person = json!({"name": app.name(5), "resident_id": app.resident_id(5)});
    let wish = json!({"person": person, "category": "television"});
    book.say(&assistant, "checkEligibilityFor", &[("id", PROGRAMME)], &wish);
    let consent = json!({"given": true, "kind": "verbal_witnessed", "note": "见证人李建国"});
    let claim = with(with(claim("television"), "/person", person.clone()), "/consent", consent);
    let voucher = id(&book.say(&assistant, "claimVoucherFor", &[], &claim));
    book.say(&assistant, "listVouchersFor", &[], &json!({"person": person}));
    let print = json!({"person": person, "format": "token"});
    book.say(&assistant, "getVoucherQrFor", &[("id", &voucher)], &print);
    book.ask(&app.consumer(5), "exportMyData", &[]);
}

fn parties(app: &TestApp, book: &mut Book) {
    let officer = app.officer();
    let retailer = json!({
        "name": "南昌示例家电有限公司", "uscc": synthetic::uscc(50), "divisions": ["360111"],
        "account": {"bank": "中国工商银行南昌高新支行", "number": "1502206009300012345", "name": "南昌示例家电有限公司"},
        "contact": {"name": synthetic::person_name(50), "phone": synthetic::mobile(50)},
    });
    let retailer = id(&book.say(&officer, "registerRetailer", &[], &retailer));
    book.say(&officer, "approveRetailer", &[("id", &retailer)], &json!({"programmes": [PROGRAMME]}));
    book.ask(&officer, "listRetailers", &[("limit", "1")]);
    let account = json!({
        "account": {"bank": "中国银行南昌高新支行", "number": "196012345678901234", "name": "南昌示例家电有限公司"},
    });
    let second = app.somebody(Role::Officer, None);
    for step in ["rejectBankAccount", "approveBankAccount"] {
        let proposal = id(&book.say(&officer, "proposeBankAccount", &[("id", &retailer)], &account));
        book.no(&officer, "approveBankAccount", &[("id", &proposal)], None, "SAME_OFFICER");
        book.ask(&officer, "listBankAccountProposals", &[("status", "proposed"), ("limit", "20")]);
        if step == "approveBankAccount" {
            book.ask(&second, step, &[("id", &proposal)]);
        } else {
            book.say(&second, step, &[("id", &proposal)], &json!({"reason": "户名与营业执照不符"}));
        }
    }
    let store = json!({
        "retailer_id": retailer, "name": "高新旗舰店", "address": "火炬大街1号", "division_code": "360111", "town": "昌东镇",
    });
    let store = id(&book.say(&officer, "addStore", &[], &store));
    book.ask(&officer, "approveStore", &[("id", &store)]);
    let why = json!({"reason": "装修停业"});
    book.say(&officer, "suspendStore", &[("id", &store)], &why);
    book.say(&officer, "suspendRetailer", &[("id", &retailer)], &json!({"reason": "核查中"}));
    let recycler = json!({
        "name": "艾溪湖回收站", "uscc": synthetic::uscc(51), "address": "艾溪湖北路66号", "division_code": "360111",
        "town": "艾溪湖管理处", "opening_hours": "每日9:00-18:00", "latitude": "28.691234", "longitude": "115.951234",
        "categories": ["refrigerator", "television"],
    });
    let recycler = id(&book.say(&officer, "registerRecycler", &[], &recycler));
    book.ask(&officer, "approveRecycler", &[("id", &recycler)]);
    book.say(&officer, "suspendRecycler", &[("id", &recycler)], &why);
}

/// A product list comes as a file, and is looked into at the till.
fn tables(app: &TestApp, book: &mut Book) {
    let officer = app.officer();
    let gtin = synthetic::gtin13(1);
    let file = format!(
        "商品条码,品类,品牌,型号,能效等级,备案价格\r\n{gtin},冰箱,海尔,BCD-510WGHTD19S9U1,1级,6299.00\r\n{},电视,海信,75E3K,1,4999.00\r\n",
        synthetic::gtin13(2),
    );
    book.say_csv(&officer, "importTable", &[("table", "products")], &file);
    book.ask(&officer, "listImports", &[("limit", "20")]);
    book.ask(&app.retailer(), "listProducts", &[("limit", "20"), ("category", "refrigerator")]);
    book.ask(&app.retailer(), "getProduct", &[("gtin", &gtin)]);
}

/// A retailer's system is told, misses something, and is told it again.
fn webhooks(app: &TestApp, book: &mut Book) {
    let manager = app.retailer();
    let hook = json!({"url": "https://erp.example.cn/huanxin", "label": "门店系统",
        "events": ["redemption.recorded", "redemption.reversed", "settlement.paid"]});
    let hook = id(&book.say(&manager, "createWebhook", &[], &hook));
    book.ask(&manager, "listWebhooks", &[("limit", "1")]);
    book.ask(&manager, "getWebhook", &[("id", &hook)]);
    book.ask(&manager, "rotateWebhookSecret", &[("id", &hook)]);
    let missed = crate::webhooks::missed(app, &hook, Id::digest(&["an event"]));
    book.ask(&manager, "listMissedEvents", &[("id", &hook), ("limit", "1")]);
    let events = json!({"event_ids": [missed.to_string()]});
    book.say(&manager, "redeliverEvents", &[("id", &hook)], &events);
    book.say(&manager, "stopWebhook", &[("id", &hook)], &json!({"reason": "系统升级"}));
    book.say(&manager, "replayWebhook", &[("id", &hook)], &json!({"since": "2026-06-18T00:00:00Z"}));
    book.ask(&manager, "removeWebhook", &[("id", &hook)]);
    book.no(&manager, "getWebhook", &[("id", &hook)], None, "NOT_FOUND");
}

/// A clerk gets an account, sets it up, works, and leaves.
fn staff(app: &TestApp, book: &mut Book) {
    let (admin, nobody) = (app.admin(), app.nobody());
    let clerk = json!({"login": "wang.fang", "role": "clerk", "name": "王芳", "organisation_id": app.retailer_id(),
        "store_id": app.store()});
    let made = book.say(&admin, "createStaff", &[], &clerk);
    let clerk = id(&made);
    book.ask(&admin, "listStaff", &[("limit", "1")]);
    let said = json!({"login": "wang.fang", "password": made["initial_password"]});
    let session = book.say(&nobody, "signIn", &[], &said);
    let holder = app.user(session["access_token"].as_str());
    book.ask(&holder, "getAccount", &[]);
    let chosen = json!({"current_password": made["initial_password"], "new_password": "Kaninchen-2026"});
    book.say(&holder, "changePassword", &[], &chosen);
    let secret = book.say(&holder, "startTotpEnrolment", &[], &json!({"password": "Kaninchen-2026"}));
    let factor = SecondFactor::of_text(secret["secret"].as_str().unwrap(), "wang.fang").unwrap();
    book.say(&holder, "confirmTotp", &[], &json!({"code": factor.code(app.now())}));
    let session = book.say(&nobody, "refreshSession", &[], &json!({"refresh_token": session["refresh_token"]}));
    book.ask(&app.user(session["access_token"].as_str()), "signOut", &[]);
    book.ask(&admin, "endStaffSessions", &[("id", &clerk)]);
    book.ask(&admin, "resetStaffCredentials", &[("id", &clerk)]);
    book.say(&admin, "disableStaff", &[("id", &clerk)], &json!({"reason": "离职"}));
    let manager = app.retailer();
    let till = book.say(&manager, "createTill", &[], &json!({"store_id": app.store(), "label": "一号收银台"}));
    let device = [("X-Device-Id", "till-0001-7f3a9c2e5b")];
    book.say(&nobody, "enrolTill", &device, &json!({"code": till["code"]}));
    book.ask(&manager, "listTills", &[("limit", "1")]);
    book.say(&manager, "revokeTill", &[("id", &id(&till))], &json!({"reason": "停用"}));
    let guess = json!({"login": "nobody.has.this", "password": "a guess"});
    (0..5).for_each(|_| drop(nobody.say("/api/v1/sessions", &guess)));
    book.no(&nobody, "signIn", &[], Some(&guess), "RATE_LIMITED");
}

fn programmes(app: &TestApp, book: &mut Book) {
    let officer = app.officer();
    book.say(&officer, "createProgramme", &[], &as_json(DISHWASHERS));
    book.say_toml(&officer, "createProgramme", DISHWASHERS);
    let one = [("id", "nc-dishwasher-2026")];
    book.ask(&officer, "publishProgramme", &one);
    raised(app, book, one);
    let more = json!({"category": "dishwasher", "delta": "50000.00", "reason": "追加资金，高新财〔2026〕12号"});
    book.say(&officer, "adjustPool", &one, &more);
    let less = with(more, "/delta", "-900000.00");
    book.no(&officer, "adjustPool", &one, Some(&less), "POOL_EXHAUSTED");
    let late = [one[0], ("If-Match", "\"draft-0-1\"")];
    book.no(&officer, "pauseProgramme", &late, Some(&json!({"reason": "系统维护"})), "PRECONDITION_FAILED");
    book.say(&officer, "pauseProgramme", &one, &json!({"reason": "系统维护"}));
    book.say(&officer, "closeProgramme", &one, &json!({"reason": "资金用完"}));
}

/// A refrigerator for the fourth consumer, which is settled the next day.
fn another_sale(app: &TestApp, book: &mut Book) {
    let (consumer, retailer) = (app.consumer(3), app.retailer());
    let turn_in = id(&book.say(&app.recycler(), "recordTurnIn", &[], &old_fridge(app, 3)));
    let voucher = id(&book.say(&consumer, "claimVoucher", &[], &claim("refrigerator")));
    let code = book.ask(&consumer, "getVoucherQr", &[("id", &voucher), ("form", "live"), ("format", "token")]);
    let sale = with(sale(app, &turn_in), "/qr_token", code["token"].clone());
    let sale = with(sale, "/item/serial_number", synthetic::serial_number(104));
    let sale = with(sale, "/invoice/number", synthetic::invoice_number(104));
    let sale = with(sale, "/invoice/buyer_name", app.name(3));
    book.say(&retailer, "redeemVoucher", &[], &sale);
}

/// The retailer is paid for the day before: one line is refused, the bank fails once, and some money comes back.
fn settled(app: &TestApp, book: &mut Book) {
    let (retailer, officer, finance) = (app.retailer(), app.officer(), app.finance());
    let (reviewer, approver) = (app.demo_user("reviewer"), app.demo_user("approver"));
    book.ask(&retailer, "getStatement", &[("from", TODAY), ("to", TODAY)]);
    let all = json!({"lines": 3, "amount": "1744.85"});
    let period = json!({"from": TODAY, "to": TODAY, "lines": 3, "amount": "1744.85"});
    let settlement = id(&book.say(&retailer, "submitSettlement", &[], &period));
    let one = [("id", settlement.as_str())];
    book.ask(&officer, "listSettlements", &[("status", "submitted"), ("limit", "20")]);
    book.ask(&retailer, "getSettlement", &one);
    let lines = book.ask(&reviewer, "listSettlementLines", &[one[0], ("limit", "20")]);
    let redemption = |programme: &str| {
        let found = lines["items"].as_array().unwrap().iter().find(|line| line["programme_id"] == programme);
        found.unwrap()["redemption_id"].as_str().unwrap().to_owned()
    };
    let (fridge, dishwasher) = (redemption(PROGRAMME), redemption("nc-dishwasher-2026"));
    book.no(
        &retailer,
        "reverseRedemption",
        &[("id", &fridge)],
        Some(&json!({"reason": "退货"})),
        "ALREADY_IN_SETTLEMENT",
    );
    book.say(&officer, "acceptSettlement", &one, &all);
    let back = with(all.clone(), "/reason", "请补交六月发票");
    book.say(&reviewer, "returnSettlement", &one, &back);
    book.say(&retailer, "resubmitSettlement", &one, &all);
    book.say(&officer, "acceptSettlement", &one, &all);
    let refusal = json!({"redemption_id": fridge, "code": "PHOTO", "reason": "照片看不清序列号"});
    book.say(&reviewer, "rejectSettlementLine", &one, &refusal);
    book.ask(&retailer, "listLineRejections", &[one[0], ("limit", "20")]);
    let left = json!({"lines": 2, "amount": "800.00"});
    book.say(&reviewer, "reviewSettlement", &one, &left);
    app.scan_and_let_go();
    book.say(&approver, "approveSettlement", &one, &left);
    let wrong = with(left.clone(), "/reason", "收款账号有误");
    book.say(&approver, "withdrawSettlementApproval", &one, &wrong);
    book.say(&reviewer, "reviewSettlement", &one, &left);
    book.no(&approver, "approveSettlement", &one, Some(&left), "SAME_OFFICER");
    book.say(&app.somebody(Role::Approver, None), "approveSettlement", &one, &left);
    let batch = json!({"settlement_ids": [settlement], "payments": 1, "total": "800.00"});
    let given_up = id(&book.say(&finance, "createPaymentBatch", &[], &batch));
    let why = json!({"reason": "一个商家的清算行被暂扣，文件未送银行"});
    let another = app.somebody(Role::Finance, None);
    book.no(&finance, "dissolvePaymentBatch", &[("id", &given_up)], Some(&why), "SAME_OFFICER");
    book.say(&another, "dissolvePaymentBatch", &[("id", &given_up)], &why);
    let batch = id(&book.say(&finance, "createPaymentBatch", &[], &batch));
    book.ask(&finance, "listPaymentBatches", &[("limit", "20")]);
    for form in ["csv", "xlsx"] {
        book.ask(&finance, "getPaymentFile", &[("id", &batch), ("format", form)]);
    }
    let said = format!(
        "settlement_id,amount,result,bank_reference,paid_on\n{settlement},800.00,failed,ICBC20260619000123,2026-06-19\n"
    );
    let said = book.say_csv(&finance, "recordBankReturn", &[("id", &batch)], &said);
    book.ask(&finance, "listBankReturns", &[("id", &batch), ("limit", "20")]);
    book.ask(&finance, "listReconciliationRows", &[("status", "open"), ("limit", "20")]);
    let answer = json!({"answer": "pay_again", "note": "收款账号有误，银行退回"});
    book.say(&finance, "answerReconciliationRow", &[("id", said["rows"][0]["id"].as_str().unwrap())], &answer);
    let paid = json!({"lines": 2, "amount": "800.00", "transferred": "800.00", "bank_reference": "ICBC20260619000124",
        "paid_on": "2026-06-19"});
    book.say(&finance, "markSettlementPaid", &one, &paid);
    book.say(&retailer, "resubmitRedemption", &[("id", &fridge)], &json!({"note": "已补传清晰照片"}));
    let claw = json!({"goods_returned": false, "reason": "抽查发现序列号不符"});
    book.say(&officer, "clawBackRedemption", &[("id", &dishwasher)], &claw);
    let retailer = app.retailer_id();
    let repaid = json!({"amount": "300.00", "bank_reference": "ICBC20260619000200", "paid_on": "2026-06-19"});
    book.say(&finance, "recordRepayment", &[("id", &retailer)], &repaid);
    book.ask(&finance, "listRepayments", &[("id", &retailer), ("limit", "20")]);
}

/// A sale under the first version of the programme, and a second one that gives more since the first of the month.
fn raised(app: &TestApp, book: &mut Book, one: [(&str, &str); 1]) {
    let (officer, consumer) = (app.officer(), app.consumer(3));
    let both = json!({"programmes": [PROGRAMME, one[0].1]});
    book.say(&officer, "approveRetailer", &[("id", &app.retailer_id())], &both);
    let wish = json!({"programme_id": one[0].1, "category": "dishwasher", "division_code": "360111"});
    let voucher = id(&book.say(&consumer, "claimVoucher", &[], &wish));
    let code = book.ask(&consumer, "getVoucherQr", &[("id", &voucher), ("form", "live"), ("format", "token")]);
    let sale = json!({
        "qr_token": code["token"], "store_id": app.store(),
        "item": {"category": "dishwasher", "brand": "海尔", "model": "EYBW142266GGU1", "energy_level": 1,
            "serial_number": synthetic::serial_number(300)},
        "price": {"list": "4000.00", "discounts": "0.00", "final": "4000.00"},
        "invoice": {"number": synthetic::invoice_number(300), "issued_on": TODAY, "total": "4000.00",
            "buyer_name": app.name(3)},
    });
    let redemption = id(&book.say(&app.retailer(), "redeemVoucher", &[], &sale));
    let second = DISHWASHERS.replace("percent = \"15\"", "percent = \"20\"");
    let second = second.replace("region =", "retroactive_from = 2026-06-01\nregion =");
    book.say_toml(&officer, "createProgramme", &second);
    book.ask(&officer, "publishProgramme", &one);
    book.ask(&officer, "listProgrammeVersions", &[one[0], ("limit", "1")]);
    book.ask(&officer, "getProgrammeVersion", &[one[0], ("number", "2")]);
    book.ask(&officer, "listAdjustments", &[one[0], ("status", "due"), ("limit", "20")]);
    let posted = json!({"version": 2, "redemption_ids": [redemption], "total": "200.00"});
    book.say(&officer, "postAdjustments", &one, &posted);
    book.no(&officer, "postAdjustments", &one, Some(&posted), "WRONG_STATE");
}

/// The file in JSON, which writes as strings the days that TOML knows.
fn as_json(file: &str) -> Value {
    let days = json!({"claim": {"from": "2026-06-01", "to": "2026-12-31"}});
    with(toml::from_str(file).unwrap(), "/windows", days)
}

fn figures(app: &TestApp, book: &mut Book) {
    let officer = app.officer();
    let baseline = json!({"year": 2023, "value": 20_000, "source": "区统计局2023年以旧换新统计"});
    book.say(&officer, "setGrowthBaseline", &[], &baseline);
    let month = json!({"month": "2026-05", "count": 120, "source": "商家自报汇总"});
    book.say(&officer, "recordOffSystemTradeIns", &[], &month);
    book.ask(&officer, "listGrowthBaselines", &[("limit", "20")]);
    book.ask(&officer, "listOffSystemTradeIns", &[("month", "2026-05"), ("limit", "20")]);
    book.ask(&app.auditor(), "listAuditRecords", &[("limit", "1")]);
    book.ask(&officer, "getGrowthReport", &[("year", "2026")]);
    let days = [("from", "2026-01-01"), ("to", TODAY), ("group_by", "category")];
    book.ask(&officer, "getTotalsReport", &days);
    for report in ["getBurnDown", "getRetailerRanking", "getRefusalReport", "getTaskReport", "getPaymentTimes"] {
        book.ask(&officer, report, &[]);
    }
    book.ask(&app.nobody(), "getOpenData", &[]);
    let published = [days[0], days[1], ("programme", PROGRAMME), ("format", "csv")];
    book.ask(&officer, "exportPublication", &published);
    book.ask(
        &officer,
        "exportNationalUpload",
        &[days[0], days[1], ("reason", "national-platform"), ("format", "xlsx")],
    );
    for form in ["csv", "xlsx"] {
        book.ask(&officer, "getTotalsReport", &[days[0], days[1], days[2], ("format", form)]);
        book.ask(&officer, "getGrowthReport", &[("year", "2026"), ("format", form)]);
        book.ask(&officer, "exportRetailers", &[("format", form)]);
        book.ask(&app.retailer(), "exportRedemptions", &[days[0], days[1], ("format", form)]);
    }
}

fn trail(app: &TestApp, book: &mut Book) {
    let auditor = app.auditor();
    book.ask(&auditor, "createCheckpoint", &[]);
    book.ask(&auditor, "createCheckpoint", &[]);
    book.ask(&auditor, "listCheckpoints", &[("limit", "1")]);
    book.ask(&auditor, "getCheckpoint", &[("number", "1")]);
    book.ask(&auditor, "getInclusionProof", &[("seq", "4"), ("checkpoint", "1")]);
    book.ask(&auditor, "getConsistencyProof", &[("from", "1"), ("to", "2")]);
    book.ask(&auditor, "getEvidencePackage", &[("from", "2026-06-01"), ("to", TODAY)]);
}

/// What any operation may answer.
fn refused(app: &TestApp, book: &mut Book) {
    let (consumer, retailer, nobody) = (app.consumer(2), app.retailer(), app.nobody());
    book.no(&nobody, "listVouchers", &[], None, "UNAUTHENTICATED");
    book.no(&retailer, "listVouchers", &[], None, "FORBIDDEN");
    book.no(&consumer, "listVouchers", &[("cursor", "x")], None, "CURSOR_INVALID");
    book.no(&consumer, "getVoucher", &[("id", &Id::digest(&["nothing"]).to_string())], None, "NOT_FOUND");
    let good = claim("refrigerator");
    book.no(&consumer, "claimVoucher", &[("Idempotency-Key", "")], Some(&good), "IDEMPOTENCY_KEY_MISSING");
    for (pointer, value, code) in [
        ("/color", json!("white"), "FIELD_UNKNOWN"),
        ("/category", Value::Null, "FIELD_MISSING"),
        ("/category", json!("lamp"), "BODY_MALFORMED"),
        ("/category", json!("car"), "CATEGORY_NOT_ELIGIBLE"),
        ("/division_code", json!("360102"), "REGION_NOT_ELIGIBLE"),
    ] {
        book.no(&consumer, "claimVoucher", &[], Some(&with(good.clone(), pointer, value)), code);
    }
    let key = [("Idempotency-Key", "\"claim 17\"")];
    book.say(&consumer, "claimVoucher", &key, &good);
    book.no(&consumer, "claimVoucher", &key, Some(&claim("television")), "IDEMPOTENCY_KEY_REUSED");
    let old = old_fridge(app, 2);
    book.no(&app.recycler(), "recordTurnIn", &[], Some(&with(old.clone(), "/credit", "80.005")), "AMOUNT_MALFORMED");
    let misread = with(old, "/owner/resident_id", "360102199003071234");
    book.no(&app.recycler(), "recordTurnIn", &[], Some(&misread), "IDENTIFIER_INVALID");
    let forged = with(sale(app, &Id::NIL.to_string()), "/qr_token", "a.b.c");
    book.no(&retailer, "quoteRedemption", &[], Some(&forged), "QR_INVALID");
}
