//! Webhooks: a system of a retailer that listens, and what it is told.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command as Process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use huanxin::access::Role;
use huanxin::domain::command::{Act, Command};
use huanxin::domain::id::Id;
use huanxin::domain::webhook::{Deliveries, EventKind, Failed, Receipt, TRIES};
use huanxin::engine::{Courier, system};
use huanxin::keys::KeyRing;
use huanxin::store::{Database, Task, Turn};
use huanxin::webhooks::{HttpCourier, Reach, WebhookSecrets};
use serde_json::{Value, json};

use crate::app::{TODAY, TestApp, User, fresh_key};
use crate::leak;

const WEBHOOKS: &str = "/api/v1/webhooks";

/// A message as it came.
#[derive(Clone, Debug)]
struct Got {
    headers: Value,
    body: String,
}

impl Got {
    fn id(&self) -> String {
        self.headers["webhook-id"].as_str().unwrap().to_owned()
    }

    fn said(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn kind(&self) -> String {
        self.said()["type"].as_str().unwrap().to_owned()
    }
}

/// A retailer's system: keeps what it gets, and answers with the statuses that it was told to, then with 204.
struct System {
    url: String,
    got: Arc<Mutex<Vec<Got>>>,
    answers: Arc<Mutex<Vec<u16>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl System {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/huanxin?key=1", listener.local_addr().unwrap());
        let (got, answers, over) =
            (Arc::<Mutex<Vec<Got>>>::default(), Arc::<Mutex<Vec<u16>>>::default(), Arc::default());
        let (kept, said, ends) = (Arc::clone(&got), Arc::clone(&answers), Arc::<AtomicBool>::clone(&over));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                let mut stream = stream.unwrap();
                kept.lock().unwrap().push(read(&stream));
                let status = said.lock().unwrap().pop().unwrap_or(204);
                let location = if status == 307 { "location: /elsewhere\r\n" } else { "" };
                let head = format!("HTTP/1.1 {status} x\r\n{location}content-length: 0\r\nconnection: close\r\n\r\n");
                stream.write_all(head.as_bytes()).unwrap();
            }
        });
        Self { url, got, answers, over, thread: Some(thread) }
    }

    /// Answers with these, in this order, before it takes everything.
    fn answers(&self, statuses: &[u16]) {
        *self.answers.lock().unwrap() = statuses.iter().rev().copied().collect();
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    fn kinds(&self) -> Vec<String> {
        self.got().iter().map(Got::kind).collect()
    }

    /// Waits until so many messages have come.
    fn wait_for(&self, count: usize) -> Vec<Got> {
        until(|| self.got().len() >= count, || format!("{count} messages, not {:?}", self.kinds()));
        self.got()
    }
}

impl Drop for System {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let address = self.url.strip_prefix("http://").and_then(|rest| rest.split('/').next()).unwrap();
        drop(TcpStream::connect(address));
        self.thread.take().unwrap().join().unwrap();
    }
}

fn read(stream: &TcpStream) -> Got {
    let mut reader = BufReader::new(stream);
    let (mut line, mut headers) = (String::new(), serde_json::Map::new());
    reader.read_line(&mut line).unwrap();
    assert!(line.starts_with("POST /huanxin?key=1 "), "{line}");
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), json!(value));
    }
    let length = headers["content-length"].as_str().unwrap().parse().unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    Got { headers: Value::Object(headers), body: String::from_utf8(body).unwrap() }
}

fn until(done: impl Fn() -> bool, what: impl Fn() -> String) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain: {}", what());
        #[allow(clippy::disallowed_methods, reason = "another thread works")]
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The task of the service that tells webhooks, while it is in scope.
struct Telling {
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Telling {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || std::thread::panicking());
    }
}

fn telling(app: &TestApp) -> Telling {
    let keys = KeyRing::read(&app.dir().join("keys.json")).unwrap();
    let courier = HttpCourier::new(WebhookSecrets::new(&keys), Reach::new(vec!["127.0.0.0/8".parse().unwrap()]));
    let (courier, turn): (Arc<dyn Courier>, Turn) = (Arc::new(courier), turn(app));
    let (division, (stop, stopped)) = (app.division().clone(), tokio::sync::oneshot::channel::<()>());
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            tokio::select! {
                () = division.tell_webhooks(courier, turn) => {}
                _ = stopped => {}
            }
        });
    });
    Telling { stop: Some(stop), thread: Some(thread) }
}

fn turn(app: &TestApp) -> Turn {
    let file = || format!("sqlite:{}", app.dir().join("huanxin.sqlite").display());
    Database::open(&app.database_url().unwrap_or_else(file), None).unwrap().turn(Task::Webhooks)
}

const EVERYTHING: &[&str] = &[
    "redemption.recorded",
    "redemption.reversed",
    "redemption.rejected",
    "settlement.returned",
    "settlement.approved",
    "settlement.paid",
];

fn hook(app: &TestApp, system: &System, events: &[&str]) -> Value {
    app.retailer().post(WEBHOOKS, &json!({"url": system.url, "label": "门店系统", "events": events})).expect(201)
}

fn seen(app: &TestApp, hook: &Value) -> Value {
    app.retailer().get(&format!("{WEBHOOKS}/{}", id(hook))).expect(200)
}

fn id(row: &Value) -> &str {
    row["id"].as_str().unwrap()
}

fn step(app: &TestApp, hook: &Value, word: &str, body: &Value) -> Value {
    app.retailer().post(&format!("{WEBHOOKS}/{}/{word}", id(hook)), body).expect(200)
}

fn sell(app: &TestApp, n: usize) -> String {
    app.retailer().post("/api/v1/redemptions", &app.ready(n)).made()
}

/// What the program of the document makes of messages: what it reads, or that it refuses.
fn read_by_program(given: &Value) -> Value {
    let page = include_str!("../../docs/webhooks.md");
    let program = page.split_once("```python\n").unwrap().1.split_once("\n```").unwrap().0;
    let driver = r#"
import sys
said = []
for secret, headers, body in json.load(sys.stdin):
    try:
        said.append(message(secret, headers, body.encode()))
    except Exception:
        said.append(None)
json.dump(said, sys.stdout)
"#;
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/python/bin/python");
    let dir = tempfile::tempdir().unwrap();
    let (file, input) = (dir.path().join("receiver.py"), dir.path().join("given.json"));
    std::fs::write(&file, format!("{program}\n{driver}")).unwrap();
    std::fs::write(&input, given.to_string()).unwrap();
    let ran = Process::new(python).arg(file).stdin(std::fs::File::open(input).unwrap()).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).unwrap()
}

/// Puts into the trail that a webhook's system refused the next event as often as it may, and gives the event.
pub fn missed(app: &TestApp, hook: &str, event: Id) -> Id {
    let (retailer, webhook) = (app.retailer_id().parse().unwrap(), hook.parse().unwrap());
    let row = app.division().read_blocking(|tx| tx.webhook(retailer, webhook)).unwrap().unwrap();
    for number in row.tries..TRIES {
        let receipt = Receipt::Refused("HTTP 400".into());
        let failed = Some(Failed { event, seq: row.cursor + 1, kind: EventKind::RedemptionRecorded, receipt });
        let (from, to) = (row.cursor, row.cursor);
        let turn = Deliveries { webhook, from, to, taken: 0, failed, again: Vec::new() };
        let command = Id::digest(&["refuse", hook, &number.to_string()]);
        let act = Act::NoteDeliveries(Box::new(turn));
        let command = Command { id: command, fingerprint: command, actor: system(), request_id: "test".into(), act };
        app.division().submit_blocking(command).unwrap();
    }
    event
}

on_both! {
    fn a_retailers_system_is_told_what_becomes_of_its_sales(app) {
        let system = System::start();
        sell(&app, 0);
        let hook = hook(&app, &system, EVERYTHING);
        let _telling = telling(&app);
        system.wait_for(1);
        let sale = sell(&app, 1);
        app.retailer().post(&format!("/api/v1/redemptions/{sale}/reversal"), &json!({"reason": "退货"})).expect(201);
        let got = system.wait_for(3);
        assert_eq!(system.kinds(), ["webhook.created", "redemption.recorded", "redemption.reversed"]);
        let (recorded, reversed) = (got[1].said(), got[2].said());
        assert_eq!((&recorded["data"]["redemption_id"], &recorded["data"]["subsidy"]), (&json!(sale), &json!("944.85")));
        assert_eq!(recorded["data"]["consumer_pays"], "5354.15");
        assert_eq!((&reversed["data"]["redemption_id"], &reversed["data"]["clawed_back"]), (&json!(sale), &json!("0.00")));
        // What is signed is read by somebody else's program, and nothing that was changed is.
        let secret = hook["secret"].as_str().unwrap();
        let changed = got[1].body.replace("944.85", "999.85");
        let (mut other, mut late) = (got[1].headers.clone(), got[1].headers.clone());
        other["webhook-id"] = json!(got[2].id());
        late["webhook-timestamp"] = json!("1700000000");
        let said = read_by_program(&json!([
            [secret, got[1].headers, got[1].body], [secret, got[1].headers, changed], [secret, other, got[1].body],
            [secret, late, got[1].body], [secret.replace("whsec_", "whsec_A"), got[1].headers, got[1].body],
        ]));
        assert_eq!(said, json!([recorded, null, null, null, null]));
        for message in &got {
            assert_eq!(leak::clear_numbers(&message.body), Vec::<&str>::new());
        }
        assert_eq!(got[1].headers["content-type"], "application/json");
        until(|| seen(&app, &hook)["delivered_at"].is_string(), || "delivered".into());
    }

    fn the_way_of_a_settlement_is_told(app) {
        let system = System::start();
        let sales: Vec<String> = (0..2).map(|n| sell(&app, n)).collect();
        let app = app.later(24 * 3600);
        hook(&app, &system, EVERYTHING);
        let control = |lines: u32, amount: &str| json!({"lines": lines, "amount": amount});
        let period = json!({"from": TODAY, "to": TODAY, "lines": 2, "amount": "1889.70"});
        let settlement = app.retailer().post("/api/v1/settlements", &period).made();
        let path = |word: &str| format!("/api/v1/settlements/{settlement}/{word}");
        app.officer().post(&path("acceptance"), &control(2, "1889.70")).expect(200);
        let reviewer = app.demo_user("reviewer");
        let refusal = json!({"redemption_id": sales[1], "code": "PHOTO", "reason": "照片不清"});
        reviewer.post(&path("rejections"), &refusal).expect(201);
        reviewer.post(&path("review"), &control(1, "944.85")).expect(200);
        app.scan_and_let_go();
        app.demo_user("approver").post(&path("approval"), &control(1, "944.85")).expect(200);
        let paid = json!({"lines": 1, "amount": "944.85", "transferred": "944.85", "bank_reference": "ICBC1",
            "paid_on": "2026-06-19"});
        app.finance().post(&path("payment"), &paid).expect(200);
        let _telling = telling(&app);
        let got = system.wait_for(4);
        let told = ["webhook.created", "redemption.rejected", "settlement.approved", "settlement.paid"];
        assert_eq!(system.kinds(), told);
        assert_eq!((&got[1].said()["data"]["code"], &got[1].said()["data"]["redemption_id"]), (&json!("PHOTO"), &json!(sales[1])));
        assert_eq!(got[2].said()["data"]["approved"], control(1, "944.85"));
        assert_eq!(got[3].said()["data"]["settlements"], json!([{"settlement_id": settlement, "from": TODAY, "to": TODAY,
            "approved": "944.85", "recovered": "0.00", "transfer": "944.85", "reference": "ICBC1",
            "paid_on": "2026-06-19"}]));
    }

    fn a_system_that_is_away_is_waited_for_and_told_in_order(app) {
        let system = System::start();
        system.answers(&[204, 503]);
        let hook = hook(&app, &system, &["redemption.recorded"]);
        let sales = [sell(&app, 0), sell(&app, 1)];
        {
            let _telling = telling(&app);
            system.wait_for(2);
            until(|| seen(&app, &hook)["failing_since"].is_string(), || "failing".into());
        }
        let row = seen(&app, &hook);
        assert_eq!((&row["last_failure"], &row["status"]), (&json!("HTTP 503"), &json!("active")));
        assert!(row["next_try_at"].is_string());
        // Another process, later: it goes on where the one before was.
        let app = app.later(10);
        let _telling = telling(&app);
        let got = system.wait_for(4);
        let about: Vec<Value> = got.iter().map(|one| one.said()["data"]["redemption_id"].clone()).collect();
        assert_eq!(about[1..], [json!(sales[0]), json!(sales[0]), json!(sales[1])]);
        assert_eq!((got[1].id(), &got[1].body), (got[2].id(), &got[2].body), "the same message again");
        until(|| seen(&app, &hook)["failing_since"].is_null(), || "well again".into());
        assert_eq!(seen(&app, &hook)["last_failure"], Value::Null);
    }

    fn a_system_that_is_no_more_is_told_nothing_until_it_is_asked_for(app) {
        let system = System::start();
        system.answers(&[410]);
        let hook = hook(&app, &system, &["redemption.recorded"]);
        let _telling = telling(&app);
        until(|| seen(&app, &hook)["status"] == "stopped", || "stopped".into());
        assert_eq!(seen(&app, &hook)["stop_reason"], "HTTP 410");
        sell(&app, 0);
        assert_eq!(step(&app, &hook, "replay", &json!({}))["status"], "active");
        let got = system.wait_for(3);
        assert_eq!(system.kinds(), ["webhook.created", "webhook.created", "redemption.recorded"]);
        assert_eq!(got[0].id(), got[1].id());
        // Stopped by its manager, it goes on where it was.
        step(&app, &hook, "stop", &json!({"reason": "升级"}));
        app.retailer().post(&format!("{WEBHOOKS}/{}/stop", id(&hook)), &json!({"reason": "升级"})).refused_alone(409, "WRONG_STATE");
        let sale = sell(&app, 1);
        step(&app, &hook, "replay", &json!({"since": null}));
        assert_eq!(system.wait_for(4)[3].said()["data"]["redemption_id"], json!(sale));
    }

    fn what_was_refused_again_and_again_is_missed_and_can_be_had_again(app) {
        let system = System::start();
        system.answers(&[204, 400]);
        let hook = hook(&app, &system, &["redemption.recorded"]);
        let (sold, next) = (sell(&app, 0), sell(&app, 1));
        {
            let _telling = telling(&app);
            until(|| seen(&app, &hook)["failing_since"].is_string(), || "failing".into());
        }
        let wanted = system.got()[1].clone();
        assert_eq!(wanted.said()["data"]["redemption_id"], json!(sold));
        missed(&app, id(&hook), wanted.id().parse().unwrap());
        let list = format!("{WEBHOOKS}/{}/missed-events", id(&hook));
        let row = app.retailer().get(&list).expect(200)["items"][0].clone();
        assert_eq!((&row["event_id"], &row["tries"]), (&json!(wanted.id()), &json!(TRIES)));
        assert_eq!((&row["last_failure"], &row["type"]), (&json!("HTTP 400"), &json!("redemption.recorded")));
        let before = system.got().len();
        system.answers(&[]);
        let _telling = telling(&app);
        until(|| system.got().iter().skip(before).any(|one| one.said()["data"]["redemption_id"] == next.as_str()),
            || "the next one".into());
        assert!(system.got().iter().skip(before).all(|one| one.id() != wanted.id()), "it was given up");
        let again = step(&app, &hook, "redeliveries", &json!({"event_ids": [wanted.id()]}));
        assert!(again["events"][0]["waiting_since"].is_string());
        until(|| system.got().iter().skip(before).any(|one| one.id() == wanted.id()), || "the missed one".into());
        until(|| app.retailer().get(&list).expect(200)["items"][0]["delivered_at"].is_string(), || "noted".into());
        let taken = json!({"event_ids": [wanted.id()]});
        let refused = app.retailer().post(&format!("{WEBHOOKS}/{}/redeliveries", id(&hook)), &taken);
        assert_eq!(refused.refused_alone(404, "NOT_FOUND"), "/event_ids/0");
    }

    fn everything_since_a_time_is_told_again_under_the_same_names(app) {
        let system = System::start();
        let hook = hook(&app, &system, &["redemption.recorded"]);
        let _telling = telling(&app);
        sell(&app, 0);
        let first = system.wait_for(2);
        step(&app, &hook, "replay", &json!({"since": "2026-06-18T00:00:00Z"}));
        let again = system.wait_for(4);
        let ids = |from: usize| again[from..from + 2].iter().map(Got::id).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(ids(0), ids(2));
        assert_eq!(first.len(), 2);
    }

    fn nothing_is_told_twice_when_the_service_starts_again(app) {
        let system = System::start();
        let hook = hook(&app, &system, &["redemption.recorded"]);
        {
            let _telling = telling(&app);
            sell(&app, 0);
            system.wait_for(2);
            until(|| seen(&app, &hook)["delivered_at"].is_string(), || "noted".into());
        }
        let app = app.later(60);
        let _telling = telling(&app);
        let sale = sell(&app, 1);
        let got = system.wait_for(3);
        assert_eq!(got[2].said()["data"]["redemption_id"], json!(sale));
        assert_eq!(got.len(), 3);
    }

    fn a_new_secret_signs_beside_the_old_one_for_a_day(app) {
        let system = System::start();
        let hook = hook(&app, &system, &["redemption.recorded"]);
        let key = fresh_key();
        let path = format!("{WEBHOOKS}/{}/secret", id(&hook));
        let rotated = app.retailer().post_as(&key, &path, &json!({})).expect(200);
        assert_eq!(app.retailer().post_as(&key, &path, &json!({})).expect(200)["secret"], rotated["secret"]);
        assert_ne!(rotated["secret"], hook["secret"]);
        assert!(rotated["old_secret_until"].is_string());
        let app = app.later(23 * 3600);
        {
            let _telling = telling(&app);
            system.wait_for(1);
        }
        let got = system.got();
        let said = read_by_program(&json!([
            [hook["secret"], got[0].headers, got[0].body], [rotated["secret"], got[0].headers, got[0].body],
        ]));
        assert_eq!(said, json!([got[0].said(), got[0].said()]));
    }

    fn another_retailer_sees_and_changes_nothing(app) {
        let system = System::start();
        let hook = hook(&app, &system, EVERYTHING);
        let other = app.somebody(Role::Retailer, Some(Id::digest(&["another retailer"])));
        assert_eq!(other.get(WEBHOOKS).expect(200)["items"], json!([]));
        let path = format!("{WEBHOOKS}/{}", id(&hook));
        other.get(&path).refused_alone(404, "NOT_FOUND");
        other.get(&format!("{path}/missed-events")).refused_alone(404, "NOT_FOUND");
        let bodies = [("secret", json!({})), ("removal", json!({})), ("stop", json!({"reason": "x"})), ("replay", json!({})),
            ("redeliveries", json!({"event_ids": [Id::NIL.to_string()]}))];
        for (word, body) in bodies {
            other.post(&format!("{path}/{word}"), &body).refused_alone(404, "NOT_FOUND");
        }
        assert_eq!(seen(&app, &hook)["status"], "active");
    }

    fn an_address_inside_is_refused_when_it_is_given(app) {
        let post = |url: &str| {
            app.retailer().post(WEBHOOKS, &json!({"url": url, "label": "x", "events": ["settlement.paid"]}))
        };
        for url in ["https://169.254.169.254/latest/meta-data/", "https://[::1]/", "http://10.0.0.7/", "ftp://erp.example.cn/",
            "https://user:secret@erp.example.cn/", "erp.example.cn"]
        {
            assert_eq!(post(url).refused_alone(400, "BODY_MALFORMED"), "/url", "{url}");
        }
        for number in 0..5 {
            post(&format!("https://erp{number}.example.cn/")).expect(201);
        }
        post("https://erp9.example.cn/").refused_alone(409, "WRONG_STATE");
    }

    fn a_suspended_retailer_is_told_when_it_takes_part_again(app) {
        let system = System::start();
        let hook = hook(&app, &system, &["redemption.recorded"]);
        sell(&app, 0);
        let retailer = app.retailer_id();
        app.officer().post(&format!("/api/v1/retailers/{retailer}/suspension"), &json!({"reason": "核查"})).expect(200);
        let to_tell = || app.division().read_blocking(|tx| tx.webhooks_to_tell(huanxin::domain::time::Moment(i64::MAX)));
        assert_eq!(to_tell().unwrap(), []);
        let programmes = json!({"programmes": ["nc-appl-2026"]});
        app.officer().post(&format!("/api/v1/retailers/{retailer}/approval"), &programmes).expect(200);
        let _telling = telling(&app);
        system.wait_for(2);
        assert_eq!(system.kinds(), ["webhook.created", "redemption.recorded"]);
        assert_eq!(id(&hook).len(), 36);
    }

    fn a_redirection_is_not_followed(app) {
        let system = System::start();
        system.answers(&[307]);
        let hook = hook(&app, &system, &["redemption.recorded"]);
        let _telling = telling(&app);
        until(|| seen(&app, &hook)["last_failure"] == "HTTP 307", || "HTTP 307".into());
        assert_eq!(system.got().len(), 1);
    }
}

/// Of two replicas one tells; when it is gone, the other does.
#[test]
fn replicas_take_turns() {
    let Some(place) = crate::database::Place::postgres() else { return };
    let app = TestApp::start(place, crate::app::START);
    let (mut one, mut other) = (turn(&app), turn(&app));
    assert!(one.is_ours() && one.is_ours());
    assert!(!other.is_ours());
    drop(one);
    until_mut(|| other.is_ours());
    assert!(!turn(&app).is_ours());
}

fn until_mut(mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(30));
    }
}

/// Who may call is judged as everywhere; a clerk is no manager.
#[test]
fn a_clerk_does_not_say_where_the_system_is() {
    let app = TestApp::start(crate::database::Place::sqlite(), crate::app::START);
    let clerk: User<'_> = app.somebody(Role::Clerk, Some(app.retailer_id().parse().unwrap()));
    clerk.get(WEBHOOKS).refused_alone(403, "FORBIDDEN");
}
