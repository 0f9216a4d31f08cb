//! What people send who wish the service no good: too much, too slowly, malformed, or text that means something to whoever
//! reads it without care. Nothing of it may be a fault of the service, and what is kept comes back as it was sent.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use huanxin::access::Role;
use huanxin::api::edge::Limits;
use huanxin::domain::id::Id;
use huanxin::domain::identifier::synthetic;
use serde_json::{Value, json};
use ureq::http::Method;

use crate::app::{Answer, START, TestApp, User, fresh_key};
use crate::contract::{Operation, operations};
use crate::database::Place;
use crate::sale::{fresh, old_fridge, with};

const JSON: &str = "application/json";

/// Texts that mean something to SQL, a browser, a spreadsheet, a terminal, a template or a careless logger, and letters
/// of four bytes.
const TEXTS: [&str; 7] = [
    "'; DROP TABLE voucher; --",
    "<script>alert(1)</script>",
    "=HYPERLINK(\"http://x\",\"y\")",
    "\u{202E}txt.exe\u{202C}",
    "😀𠮷\u{FFFD}\u{10FFFF}",
    "\\\"}],{\"${jndi:ldap://x}{{7*7}}%s%n%00\\u0000",
    "１２３４５６",
];

// ---------------------------------------------------------------- bytes

/// Sends bytes as they are, and gives the status of what comes back, if anything does before the connection ends.
fn raw(app: &TestApp, bytes: &[u8]) -> Option<u16> {
    let mut stream = TcpStream::connect(app.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // The other side may close while it is still being written to.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let line = String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned();
    line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

fn request(target: &str, headers: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n").into_bytes()
}

/// A refusal or no answer at all, and the service goes on.
#[track_caller]
fn is_turned_away(app: &TestApp, what: &str, bytes: &[u8]) {
    let status = raw(app, bytes);
    assert!(status.is_none_or(|status| (400..500).contains(&status)), "{what}: {status:?}");
    app.nobody().get("/healthz").expect(200);
}

#[test]
fn a_head_that_is_too_large_is_turned_away() {
    let app = TestApp::start(Place::sqlite(), START);
    let long = |bytes: usize| "x".repeat(bytes);
    for (what, bytes) in [
        ("a header of a megabyte", request("/healthz", &format!("X-Long: {}\r\n", long(1024 * 1024)))),
        ("a token of a megabyte", request("/api/v1/vouchers", &format!("Authorization: Bearer {}\r\n", long(1 << 20)))),
        ("a path of a megabyte", request(&format!("/{}", long(1024 * 1024)), "")),
        ("a query of a megabyte", request(&format!("/api/v1/programmes?x={}", long(1024 * 1024)), "")),
        ("a thousand headers", request("/healthz", &"X-One: 1\r\n".repeat(1000))),
        ("a header's name of a megabyte", request("/healthz", &format!("{}: 1\r\n", long(1024 * 1024)))),
        ("a header without an end", format!("GET / HTTP/1.1\r\nX-Long: {}", long(1024 * 1024)).into_bytes()),
    ] {
        is_turned_away(&app, what, &bytes);
        assert_ne!(raw(&app, &bytes), Some(200), "{what}");
    }
}

#[test]
fn a_head_that_is_none_is_turned_away() {
    let app = TestApp::start(Place::sqlite(), START);
    for (what, bytes) in [
        ("bytes", &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"[..]),
        ("no host", b"GET /healthz HTTP/1.1\r\n\r\n"),
        ("two hosts", b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        ("a NUL in a header", b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"),
        ("a header without a colon", b"GET /healthz HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"),
        (
            "two lengths",
            b"POST /api/v1/vouchers HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        ),
        (
            "length and chunks",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        ("a negative length", b"POST /api/v1/vouchers HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n{}"),
        (
            "a length beyond all numbers",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n{}",
        ),
        ("a broken chunk", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"),
        ("another version", b"GET /healthz HTTP/9.9\r\nHost: a\r\n\r\n"),
        ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("a path upwards", b"GET /docs/../../../../etc/passwd HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        (
            "a packed path upwards",
            b"GET /docs/%2e%2e%2f%2e%2e%2fetc/passwd HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        ),
    ] {
        is_turned_away(&app, what, bytes);
    }
}

/// What the HTTP server lets through and the service does not.
#[test]
fn a_head_over_the_limits_is_refused_as_a_problem() {
    let app = TestApp::start(Place::sqlite(), START);
    let limits = Limits::default();
    let get = |path: &str, headers: &[(&str, &str)]| app.nobody().send(Method::GET, path, headers, None);
    let url =
        |bytes: usize| format!("/api/v1/programmes?limit={}", "1".repeat(bytes - "/api/v1/programmes?limit=".len()));
    let found = |answer: Answer| answer.refused(400, "BODY_MALFORMED")["found"].as_str().unwrap().to_owned();
    assert_eq!(found(get(&url(limits.url_bytes + 1), &[])), "4097 bytes of path and query");
    assert!(!found(get(&url(limits.url_bytes), &[])).contains("bytes"));
    let parameters = |count: usize| format!("/api/v1/programmes?{}", vec!["limit=1"; count].join("&"));
    assert_eq!(found(get(&parameters(limits.parameters + 1), &[])), "33 parameters in the query");
    let value = "x".repeat(limits.header_bytes - "x-long".len());
    get("/healthz", &[("X-Long", &value)]).expect(200);
    assert_eq!(found(get("/healthz", &[("X-Long", &format!("{value}x"))])), "8193 bytes of the header x-long");
    let three = [("X-A", value.as_str()), ("X-B", value.as_str()), ("X-C", value.as_str())];
    assert!(found(get("/healthz", &three)).ends_with("bytes of headers"));
}

#[test]
fn who_sends_a_body_too_slowly_is_told_so() {
    let app = TestApp::with_limits(Place::sqlite(), Limits { body_seconds: 1, ..Limits::default() });
    let token = app.consumer(0).token().unwrap();
    let head = format!(
        "POST /api/v1/vouchers HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: \"slow\"\r\n\
         Content-Length: 100\r\nConnection: close\r\n\r\n{{"
    );
    assert_eq!(raw(&app, head.as_bytes()), Some(400));
    app.nobody().get("/healthz").expect(200);
}

#[test]
fn who_sends_no_head_is_let_go() {
    let app = TestApp::with_limits(Place::sqlite(), Limits { head_seconds: 1, ..Limits::default() });
    for head in [&b""[..], b"GET /healthz HT", b"GET /healthz HTTP/1.1\r\nHost: a\r\n"] {
        is_turned_away(&app, "half a head", head);
    }
}

// ---------------------------------------------------------------- bodies

/// Sends bytes as the JSON body of a claim.
fn claim(app: &TestApp, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let key = fresh_key();
    let mut all = vec![("Idempotency-Key", key.as_str())];
    all.extend(headers);
    app.consumer(0).send(Method::POST, "/api/v1/vouchers", &all, Some(body))
}

#[test]
fn a_body_that_is_no_strict_json_is_refused_with_its_place() {
    let app = TestApp::start(Place::sqlite(), START);
    let whole = r#"{"programme_id": "nc-appl-2026", "category": "refrigerator", "division_code": "360111"}"#;
    let instead = |found: &str, put: &str| whole.replace(found, put).into_bytes();
    let deep = |open: &str| [b"{\"turn_in_id\":".as_slice(), open.repeat(10_000).as_bytes()].concat();
    let cases: Vec<(Vec<u8>, &str, &str)> = vec![
        (deep("["), "/turn_in_id/0/", "another level"),
        (deep("{\"a\":"), "/turn_in_id/a/", "another level"),
        (instead("}", r#", "category": "television"}"#), "/category", "the field twice"),
        (instead("}", r#", "c\u0061tegory": "television"}"#), "/category", "the field twice"),
        (instead("}", r#", "colour": 1}"#), "/colour", "colour"),
        (instead("360111", r"36\u00000111"), "/division_code", "a NUL character"),
        (instead("360111", r"360111\u001b[2J"), "/division_code", "the control character U+001B"),
        (instead("360111", "３６０１１１"), "/division_code", "３６０１１１"),
        (instead("\"360111\"", "360111"), "/division_code", "an integer"),
        (instead("\"360111\"", "1e5"), "/division_code", "a number with a fraction or an exponent"),
        (instead("\"360111\"", "1e999999"), "", "a number that is too large"),
        (instead("\"360111\"", "[\"360111\"]"), "/division_code", "an array"),
        (instead("360111", r"\ud83d"), "", "half of a surrogate pair"),
        (instead("360111", &"1".repeat(5000)), "/division_code", "a longer text"),
        (instead("}", "} ]"), "", "text after the JSON value"),
        (format!("\u{FEFF}{whole}").into_bytes(), "", "a byte order mark"),
        ([whole.as_bytes(), b"\xff"].concat(), "", "invalid UTF-8"),
        (whole.replace("360111", "\0").into_bytes(), "", "a control character within a text"),
        (b"[]".to_vec(), "", "an array"),
        (vec![b' '; 70_000], "", "a body that is too long"),
    ];
    for (body, pointer, found) in cases {
        let answer = claim(&app, &[("Content-Type", JSON)], &body);
        let text = String::from_utf8_lossy(&body[..body.len().min(120)]).into_owned();
        assert!([400, 422].contains(&answer.status), "{text}: {:#}", answer.body);
        let first = &answer.body["errors"][0];
        assert!(first["pointer"].as_str().unwrap().starts_with(pointer), "{text}: {first}");
        assert!(first["found"].as_str().unwrap().starts_with(found), "{text}: {first}");
    }
    claim(&app, &[("Content-Type", JSON)], whole.as_bytes()).expect(201);
}

#[test]
fn a_body_of_another_kind_is_refused() {
    let app = TestApp::start(Place::sqlite(), START);
    let bomb = include_bytes!("../data/bomb.json.gz");
    for (headers, body, found) in [
        (&[("Content-Type", "text/plain")][..], &b"{}"[..], "Content-Type: text/plain"),
        (
            &[("Content-Type", "application/x-www-form-urlencoded")],
            b"a=1",
            "Content-Type: application/x-www-form-urlenc",
        ),
        (&[("Content-Type", "application/json; charset=gbk")], b"{}", "Content-Type: application/json; charset=gbk"),
        (&[("Content-Type", JSON), ("Content-Encoding", "br")], b"{}", "Content-Encoding: br"),
        (&[("Content-Type", JSON), ("Content-Encoding", "gzip, gzip")], b"{}", "Content-Encoding: gzip, gzip"),
        (&[("Content-Type", JSON), ("Content-Encoding", "gzip")], b"{}", "a body that is not one whole gzip member"),
        (&[("Content-Type", JSON), ("Content-Encoding", "gzip")], bomb, "a body that is too long"),
    ] {
        let first = claim(&app, headers, body).refused(400, "BODY_MALFORMED");
        assert!(first["found"].as_str().unwrap().starts_with(found), "{first}");
    }
}

on_both! {
    /// What no database can hold never comes near one, in whichever spelling.
    fn a_programme_holds_no_control_characters(app) {
        let file = include_str!("../../programmes/nc-appl-2026.toml").replace("nc-appl-2026", "nc-nul-2026");
        let title = file.lines().find(|line| line.starts_with("title = ")).unwrap().to_owned();
        let send = |text: &str| {
            let headers = [("Content-Type", "application/toml"), ("Idempotency-Key", &fresh_key())];
            app.officer().send(Method::POST, "/api/v1/programmes", &headers, Some(text.as_bytes()))
        };
        for control in ["\\u0000", "\\u001B", "\\u007F"] {
            let first = send(&file.replace(&title, &format!("title = \"a{control}b\""))).refused(400, "BODY_MALFORMED");
            assert_eq!(first["pointer"], "/title");
        }
        send(&format!("{file}\nx = {}", "[".repeat(30_000))).refused(400, "BODY_MALFORMED");
        send(&file).expect(201);
    }
}

// ---------------------------------------------------------------- every text of every operation

/// Where a hostile text was taken and came out again, or only went into a sealed place.
const COMES_BACK: [&str; 24] = [
    "addStore /address",
    "addStore /name",
    "addStore /town",
    "adjustPool /reason",
    "closeProgramme /reason",
    "createProgramme /title",
    "createProgramme /title_en",
    "pauseProgramme /reason",
    "recordOffSystemTradeIns /source",
    "recordTurnIn /evidence/0/number",
    "redeemVoucher /item/brand",
    "redeemVoucher /item/model",
    "registerRecycler /address",
    "registerRecycler /name",
    "registerRecycler /opening_hours",
    "registerRecycler /town",
    "registerRetailer /account/bank",
    "registerRetailer /account/name",
    "registerRetailer /name",
    "reverseRedemption /reason",
    "setGrowthBaseline /source",
    "suspendRetailer /reason",
    "suspendStore /reason",
    "voidTurnIn /reason",
];
/// Taken and kept sealed or as a digest: the clear text comes out of no operation of this walk.
const SEALED: [&str; 5] = [
    "claimVoucherFor /consent/note",
    "createStaff /name",
    "recordTurnIn /owner/name",
    "redeemVoucher /delivery_address",
    "registerRetailer /contact/name",
];

/// Questions: nothing of what is sent is kept.
const QUESTIONS: [&str; 5] =
    ["checkEligibility", "checkEligibilityFor", "getVoucherQrFor", "listVouchersFor", "quoteRedemption"];

/// Makes good requests, as many as are wanted.
struct Stage<'a> {
    app: &'a TestApp,
    sale: Option<Value>,
    redemption: Option<String>,
    retailer: String,
    programme: Option<String>,
}

/// A request with a body.
struct Request<'a> {
    operation: &'static Operation,
    user: User<'a>,
    path: String,
    body: Value,
}

impl Request<'_> {
    fn send(&self, body: &Value) -> Answer {
        let key = fresh_key();
        let headers = [("Content-Type", JSON), ("Idempotency-Key", key.as_str())];
        let method = Method::from_bytes(self.operation.method.as_bytes()).unwrap();
        self.user.send(method, &self.path, &headers, Some(body.to_string().as_bytes()))
    }
}

/// The usual caller of an operation, by the audience for which the document lists it.
fn caller<'a>(app: &'a TestApp, operation: &Operation) -> User<'a> {
    match operation.says["tags"][0].as_str().unwrap() {
        "consumer" => app.consumer(0),
        "recycler" => app.recycler(),
        "retailer" => app.retailer(),
        "audit" => app.auditor(),
        "assistant" => app.somebody(Role::Assistant, Some(Id::digest(&["a service point"]))),
        // Of a session, as whoever sets an account up.
        "identity" => app.somebody(Role::Admin, None),
        _ => match operation.roles().as_slice() {
            [first, ..] if !operation.roles().contains(&"officer") => app.demo_user(first),
            _ => app.officer(),
        },
    }
}

/// A path with the identities that its example has.
fn example_path(operation: &Operation) -> String {
    let parameters = operation.says["parameters"].as_array().into_iter().flatten();
    let in_path = parameters.filter(|parameter| parameter["in"] == "path");
    in_path.fold(operation.path.clone(), |path, parameter| {
        let example = parameter["example"].as_str().unwrap_or("1");
        path.replace(&format!("{{{}}}", parameter["name"].as_str().unwrap()), example)
    })
}

impl<'a> Stage<'a> {
    fn new(app: &'a TestApp) -> Self {
        app.publish("hostile", USUAL, POOL);
        Self { app, sale: None, redemption: None, retailer: app.retailer_id(), programme: None }
    }

    /// A sale that needs nothing but to be sent.
    fn sale(&mut self) -> Value {
        self.sale
            .get_or_insert_with(|| {
                let sale = self.app.ready_in("hostile", 0);
                with(sale, "/delivery_address", "艾溪湖北路100号")
            })
            .clone()
    }

    fn redemption(&mut self) -> String {
        if let Some(redemption) = &self.redemption {
            return redemption.clone();
        }
        let sale = self.sale();
        let redemption = self.app.retailer().post("/api/v1/redemptions", &sale).made();
        self.sale = None;
        self.redemption.insert(redemption).clone()
    }

    /// A programme that takes claims.
    fn programme(&mut self) -> String {
        self.programme
            .get_or_insert_with(|| {
                let word = format!("hostile-{}", fresh());
                self.app.draft(&word, USUAL, POOL);
                self.app.publish_draft(&word);
                word
            })
            .clone()
    }

    /// A request of an operation that has a body: one that succeeds where the walk knows how, else that of the example.
    fn request(&mut self, operation: &'static Operation) -> Option<Request<'a>> {
        let example = operation.says["requestBody"]["content"][JSON]["example"].clone();
        if example.is_null() {
            return None;
        }
        let (mut path, mut body) = (example_path(operation), example);
        let subject = |id: &str| operation.path.replace("{id}", id);
        match operation.id.as_str() {
            "registerRetailer" | "registerRecycler" => body["uscc"] = json!(synthetic::uscc(fresh())),
            "addStore" => body["retailer_id"] = json!(self.retailer),
            "suspendRetailer" => {
                let new = json!({"name": "甲", "uscc": synthetic::uscc(fresh()), "divisions": ["360111"],
                    "account": {"bank": "乙", "number": "1502206009300012345", "name": "甲"}});
                path = subject(&self.app.officer().post("/api/v1/retailers", &new).made());
            }
            "suspendStore" => {
                let new = json!({"retailer_id": self.retailer, "name": "丙", "address": "丁", "division_code": "360111",
                    "town": "昌东镇"});
                path = subject(&self.app.officer().post("/api/v1/stores", &new).made());
            }
            "recordTurnIn" => {
                body = old_fridge(self.app, 0);
                body["evidence"][0]["number"] = json!("NO 1");
            }
            "voidTurnIn" => path = subject(&self.app.turn_in(&old_fridge(self.app, 0))),
            "quoteRedemption" | "redeemVoucher" => body = self.sale(),
            "reverseRedemption" => path = subject(&self.redemption()),
            "createStaff" => {
                body = json!({"login": format!("hostile.{}", fresh()), "role": "clerk", "name": "王芳",
                    "organisation_id": self.retailer, "store_id": self.app.store()});
            }
            "createProgramme" => body["id"] = json!(format!("hostile-{}", fresh())),
            "adjustPool" => {
                path = subject("nc-appl-2026");
                body = json!({"category": "refrigerator", "delta": "1.00", "reason": "x"});
            }
            "pauseProgramme" | "closeProgramme" => path = subject(&self.programme()),
            "checkEligibility" => path = subject("nc-appl-2026"),
            _ => {}
        }
        Some(Request { operation, user: caller(self.app, operation), path, body })
    }

    /// What was made of is no longer there for the next.
    fn done(&mut self, operation: &Operation, answer: &Answer) {
        match operation.id.as_str() {
            "redeemVoucher" => {
                self.sale = None;
                self.redemption = answer.body["id"].as_str().map(str::to_owned);
                let id = self.redemption();
                let back = json!({"reason": "x"});
                self.app.retailer().post(&format!("/api/v1/redemptions/{id}/reversal"), &back).expect(201);
                self.redemption = None;
            }
            "reverseRedemption" => self.redemption = None,
            "pauseProgramme" | "closeProgramme" => self.programme = None,
            _ => {}
        }
    }
}

/// A programme whose vouchers can be claimed again and again.
const USUAL: &str = r"
windows = { claim = { from = 2026-01-01, to = 2027-12-31 } }
voucher = { days = 30, reclaims = 100, return_restores_quota = true }
";

const POOL: &str = "pool = \"9000000.00\"";

/// The pointers of all texts in a value.
fn texts(value: &Value, at: &str) -> Vec<String> {
    match value {
        Value::String(_) => vec![at.to_owned()],
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(index, item)| texts(item, &format!("{at}/{index}"))).collect()
        }
        Value::Object(members) => {
            members.iter().flat_map(|(name, member)| texts(member, &format!("{at}/{name}"))).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether a text stands in a value just as it is.
fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(found) => found == text,
        Value::Array(items) => items.iter().any(|item| holds(item, text)),
        Value::Object(members) => members.values().any(|member| holds(member, text)),
        _ => false,
    }
}

/// Whether what was sent comes out again: of the answer, of the record that it names, or of the trail.
fn comes_back(app: &TestApp, user: &User<'_>, answer: &Answer, text: &str) -> bool {
    if holds(&answer.body, text) {
        return true;
    }
    let named = answer.header("Location").filter(|place| {
        operations()
            .iter()
            .any(|one| one.method == "GET" && place.starts_with("/api/v1/redemptions/") && one.id == "getRedemption")
    });
    if named.is_some_and(|place| holds(&user.get(place).body, text)) {
        return true;
    }
    let newest = app.auditor().get("/api/v1/audit/records?limit=1").expect(200);
    let body: Value = serde_json::from_str(newest["items"][0]["body"].as_str().unwrap()).unwrap();
    holds(&newest["items"][0]["detail"], text) && holds(&body, text)
}

fn sent_with(body: &Value, pointer: &str, text: &str) -> Value {
    let mut body = body.clone();
    *body.pointer_mut(pointer).unwrap() = json!(text);
    body
}

on_both! {
    fn every_text_of_every_body_is_data_and_nothing_else(app) {
        let mut stage = Stage::new(&app);
        let (mut back, mut kept) = (BTreeSet::new(), BTreeSet::new());
        for operation in operations() {
            let Some(first) = stage.request(operation) else { continue };
            for pointer in texts(&first.body, "") {
                let name = format!("{} {pointer}", operation.id);
                for text in TEXTS {
                    let request = stage.request(operation).unwrap();
                    let answer = request.send(&sent_with(&request.body, &pointer, text));
                    assert!(answer.status < 500, "{name} {text}: {:#}", answer.body);
                    assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"), "{name}");
                    assert!(answer.header("Content-Type").unwrap().contains("json"), "{name}");
                    if answer.status >= 300 {
                        continue;
                    }
                    if comes_back(&app, &request.user, &answer, text) {
                        back.insert(name.clone());
                    } else {
                        kept.insert(name.clone());
                    }
                    stage.done(operation, &answer);
                }
                for text in ["\0", "a\u{1b}[2Jb", &"长".repeat(4097)] {
                    let request = stage.request(operation).unwrap();
                    let answer = request.send(&sent_with(&request.body, &pointer, text));
                    answer.refused(400, "BODY_MALFORMED");
                }
            }
        }
        let missing: Vec<&&str> = COMES_BACK.iter().filter(|name| !back.contains(**name)).collect();
        assert!(missing.is_empty(), "these texts were not taken, or came back changed: {missing:?}");
        let asked = |name: &str| QUESTIONS.iter().any(|question| name.starts_with(question));
        let lost: Vec<_> = kept.iter().filter(|name| !SEALED.contains(&name.as_str()) && !asked(name)).collect();
        assert!(lost.is_empty(), "taken, and not as sent in the answer, the record or the trail: {lost:?}");
        app.consumer(0).get("/api/v1/vouchers").expect(200);
    }

    fn an_array_never_stands_for_an_object(app) {
        let mut stage = Stage::new(&app);
        let mut tried = BTreeSet::new();
        for operation in operations() {
            let Some(request) = stage.request(operation) else { continue };
            for (name, member) in request.body.as_object().into_iter().flatten() {
                let Some(members) = member.as_object() else { continue };
                let mut body = request.body.clone();
                body[name] = members.values().cloned().collect();
                let first = request.send(&body).refused(400, "BODY_MALFORMED");
                // The array itself, or its first element that cannot be the object's first field.
                let place = first["pointer"].as_str().unwrap();
                assert!(place.starts_with(&format!("/{name}")), "{}: {place}", operation.id);
                tried.insert(name.clone());
            }
        }
        assert!(tried.len() > 5, "{tried:?}");
    }

    fn every_parameter_is_data_and_nothing_else(app) {
        let percent = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        for operation in operations().iter().filter(|operation| operation.path.starts_with("/api/v1/")) {
            let user = caller(&app, operation);
            let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
            let body = (method != Method::GET).then_some(b"{}".as_slice());
            let send = |path: &str, headers: &[(&str, &str)]| {
                let answer = user.send(method.clone(), path, headers, body);
                assert!(answer.status < 500, "{} {path}: {:#}", operation.id, answer.body);
            };
            for parameter in operation.says["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap();
                for text in TEXTS.into_iter().chain(["", "\0", "%", "\u{1b}", "../..", "9999999999999999999999", "-1", "1e9"]) {
                    match parameter["in"].as_str().unwrap() {
                        "query" => send(&format!("{}?{name}={}", example_path(operation), percent(text)), &[]),
                        "path" => send(&operation.path.replace(&format!("{{{name}}}"), &percent(text)), &[]),
                        _ if text.is_ascii() && !text.contains(['\0', '\u{1b}']) => {
                            send(&example_path(operation), &[(name, text)]);
                        }
                        _ => {}
                    }
                }
            }
            send(&format!("{}?%FF%FE=%C0%80&&&=&=", example_path(operation)), &[]);
        }
    }
}
