//! The service attacked from its own document: schemathesis, which is not ours, reads the document from the running
//! service and sends every operation what it describes, what it nearly describes, and what it rules out. No answer may
//! be a 5xx, or one that the document does not have.
//!
//! `make test` has a few examples of each operation; `make torture` has `HUANXIN_ATTACK_EXAMPLES` of them on both
//! databases and writes what was done to `target/attack-*.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use huanxin::access::Role;
use huanxin::domain::id::Id;
use huanxin::totp::SecondFactor;
use serde_json::{Map, Value, json};

use crate::app::{TestApp, User};
use crate::contract::operations;
use crate::database::Place;
use crate::examples;
use crate::fixtures::setting;
use crate::sale::USUAL;

/// Examples of each operation where nothing else is said.
const FEW: u32 = 3;
/// Sales that wait to be made.
const SALES: usize = 5;
const APPLIANCES: &str = "nc-appl-2026";
/// What takes nothing that could be varied: each call is the same.
const SAME: [&str; 4] = ["checkAlive", "checkReady", "getKeys", "getMetrics"];
/// What is granted under circumstances that no random request meets, most of them steps of a settlement, each of which needs
/// the one before it: the rest must succeed at least once in the long form. Whoever adds an operation prepares a request for
/// it (`prepared`) and does not add it here, unless it waits for another officer or another day.
const RARE: [&str; 22] = [
    "acceptSettlement",
    "answerReconciliationRow",
    "approveBankAccount",
    "approveSettlement",
    "claimVoucherFor",
    "clawBackRedemption",
    "createPaymentBatch",
    "dissolvePaymentBatch",
    "erasePerson",
    "markSettlementPaid",
    "postAdjustments",
    "recordBankReturn",
    "recordRepayment",
    "releaseHold",
    "rejectBankAccount",
    "rejectSettlementLine",
    "resubmitRedemption",
    "resubmitSettlement",
    "returnSettlement",
    "reviewSettlement",
    "submitSettlement",
    "withdrawSettlementApproval",
];

fn wanted() -> Option<u32> {
    setting("HUANXIN_ATTACK_EXAMPLES").map(|number| number.parse().unwrap())
}

#[test]
fn schemathesis_finds_nothing_sqlite() {
    attack("sqlite", Place::sqlite(), wanted());
}

/// What the store says is the same for both, so the short form leaves this to `make torture`.
#[test]
fn schemathesis_finds_nothing_postgres() {
    if let Some((examples, place)) = wanted().zip(Place::postgres()) {
        attack("postgres", place, Some(examples));
    }
}

fn attack(database: &str, place: Place, wanted: Option<u32>) {
    // The records of the document's examples are there, under the identities that the examples name.
    let (_, app) = examples::days(TestApp::standing(place));
    let dir = tempfile::tempdir().unwrap();
    let known = dir.path().join("known.json");
    std::fs::write(&known, known_of(&app).to_string()).unwrap();
    let begun = Instant::now();
    let ran = schemathesis(&app, &known, wanted);
    let seconds = begun.elapsed().as_secs();
    let told = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{told}{}", String::from_utf8_lossy(&ran.stderr));
    let figures = Figures::read(&known);
    figures.hold(wanted);
    if wanted.is_some() {
        let page = root().join(format!("target/attack-{database}.md"));
        std::fs::write(page, figures.page(database, seconds)).unwrap();
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn schemathesis(app: &TestApp, known: &Path, wanted: Option<u32>) -> std::process::Output {
    let program = root().join("target/python/bin/schemathesis");
    assert!(program.exists(), "schemathesis is not installed: run tests/run.sh once, it makes target/python");
    let mut command = Command::new(program);
    command.current_dir(known.parent().unwrap());
    command.env("SCHEMATHESIS_HOOKS", root().join("tests/attack/hooks.py")).env("HUANXIN_ATTACK", known);
    command.arg("--config-file").arg(root().join("tests/attack/schemathesis.toml"));
    command.args(["run", &format!("{}/api/openapi.json", app.base_url()), "--max-examples"]);
    command.arg(wanted.unwrap_or(FEW).to_string());
    if wanted.is_none() {
        command.args(["--phases", "examples,coverage,fuzzing", "--generation-deterministic"]);
    }
    command.output().unwrap()
}

/// What schemathesis is told: who may call what, bodies that are taken, codes that are live, and requests that can be
/// granted once.
fn known_of(app: &TestApp) -> Value {
    let tokens: Map<String, Value> = operations()
        .iter()
        .filter(|operation| !operation.is_open())
        .map(|operation| (operation.id.clone(), callers(app, &operation.roles()).into()))
        .collect();
    let sales: Vec<Value> = (4..4 + SALES).map(|n| app.ready(n)).collect();
    let codes: Vec<Value> = sales.iter().map(|sale| sale["qr_token"].clone()).collect();
    json!({
        "tokens": tokens,
        "bodies": {"redeemVoucher": sales, "quoteRedemption": sales},
        "values": {"qr_token": codes},
        "prepared": prepared(app).into_iter().chain(of_accounts(app)).collect::<Map<_, _>>(),
    })
}

/// Requests whose records wait for them.
fn prepared(app: &TestApp) -> Map<String, Value> {
    let (officer, retailer) = (app.officer(), app.retailer());
    let redemption = retailer.post("/api/v1/redemptions", &app.ready(9)).made();
    let vouchers =
        ["television", "washing_machine", "air_conditioner"].map(|wish| app.claim(9, APPLIANCES, wish, None));
    for draft in ["attack-draft", "attack-open", "attack-paused"] {
        app.draft(draft, USUAL, "pool = \"1000.00\"");
    }
    app.publish_draft("attack-open");
    let once =
        |user: &User<'_>, id: &str, body: Value| json!({"token": user.token(), "path": {"id": id}, "body": body});
    let of_voucher = |n: usize| once(&app.consumer(9), &vouchers[n], Value::Null);
    let new = |id: &str| json!({"token": officer.token(), "path": {}, "body": programme(id)});
    let why = json!({"reason": "试验"});
    let till = || retailer.post("/api/v1/tills", &json!({"store_id": app.store(), "label": "一号收银台"})).expect(201);
    let enrolled = json!({"token": null, "path": {}, "body": {"code": till()["code"]}});
    let hook = || {
        let body = json!({"url": "https://erp.example.cn/huanxin", "label": "门店系统", "events": ["settlement.paid"]});
        retailer.post("/api/v1/webhooks", &body).made()
    };
    let (kept, stopped, removed) = (hook(), hook(), hook());
    let event = crate::webhooks::missed(app, &kept, Id::digest(&["an event"]));
    let requests = json!({
        "getWebhook": [once(&retailer, &kept, Value::Null)],
        "listMissedEvents": [once(&retailer, &kept, Value::Null)],
        "redeliverEvents": [once(&retailer, &kept, json!({"event_ids": [event]}))],
        "replayWebhook": [once(&retailer, &kept, json!({}))],
        "rotateWebhookSecret": [once(&retailer, &kept, Value::Null)],
        "stopWebhook": [once(&retailer, &stopped, why.clone())],
        "removeWebhook": [once(&retailer, &removed, Value::Null)],
        "cancelVoucher": [of_voucher(0)],
        "getVoucherQr": [of_voucher(1)],
        "getVoucher": [of_voucher(2)],
        "reverseRedemption": [once(&retailer, &redemption, why.clone())],
        "publishProgramme": [once(&officer, "attack-draft", Value::Null)],
        "pauseProgramme": [once(&officer, "attack-open", why.clone())],
        "enrolTill": [enrolled],
        "revokeTill": [once(&retailer, till()["id"].as_str().unwrap(), why)],
        "createProgramme": [new("attack-1"), new("attack-2")],
    });
    requests.as_object().unwrap().clone()
}

/// Requests about accounts, each of an account of its own: what ends one session leaves the others.
fn of_accounts(app: &TestApp) -> Map<String, Value> {
    const CHOSEN: &str = "Kaninchen-2026";
    let (admin, nobody) = (app.admin(), app.nobody());
    let clerk = |n: u32| {
        let login = format!("attacked.{n}");
        let body = json!({"login": login, "role": "clerk", "name": "王芳", "organisation_id": app.retailer_id(),
            "store_id": app.store()});
        let made = admin.post("/api/v1/staff", &body).expect(201);
        (made["id"].clone(), json!({"login": login, "password": made["initial_password"]}))
    };
    let session = |said: &Value| nobody.say("/api/v1/sessions", said).expect(201);
    let signed_in = |n: u32| session(&clerk(n).1);
    let settled = |n: u32| {
        let said = clerk(n).1;
        let first = session(&said);
        let chosen = json!({"current_password": said["password"], "new_password": CHOSEN});
        app.user(first["access_token"].as_str()).post("/api/v1/account/password", &chosen).expect(200);
        first
    };
    let ready = |token: &Value, path: Value, body: Value| json!([{"token": token, "path": path, "body": body}]);
    let of_admin = |id: Value, body: Value| ready(&json!(admin.token()), json!({"id": id}), body);
    let none = || json!({});
    let (newcomer, beginner) = (clerk(1), clerk(2));
    let first = session(&beginner.1);
    let changed = json!({"current_password": beginner.1["password"], "new_password": CHOSEN});
    let confirming = settled(3);
    let holder = app.user(confirming["access_token"].as_str());
    let secret = holder.post("/api/v1/account/totp", &json!({"password": CHOSEN})).expect(200);
    let factor = SecondFactor::of_text(secret["secret"].as_str().unwrap(), "attacked.3").unwrap();
    let requests = json!({
        "signIn": ready(&Value::Null, none(), newcomer.1),
        "changePassword": ready(&first["access_token"], none(), changed),
        "confirmTotp": ready(&confirming["access_token"], none(), json!({"code": factor.code(app.now())})),
        "startTotpEnrolment": ready(&settled(4)["access_token"], none(), json!({"password": CHOSEN})),
        "getAccount": ready(&signed_in(5)["access_token"], none(), Value::Null),
        "signOut": ready(&signed_in(6)["access_token"], none(), Value::Null),
        "refreshSession": ready(&Value::Null, none(), json!({"refresh_token": signed_in(7)["refresh_token"]})),
        "disableStaff": of_admin(clerk(8).0, json!({"reason": "离职"})),
        "resetStaffCredentials": of_admin(clerk(9).0, Value::Null),
    });
    requests.as_object().unwrap().clone()
}

fn programme(id: &str) -> Value {
    json!({
        "id": id, "title": "试验", "region": {"divisions": ["360111"]},
        "windows": {"claim": {"from": "2026-06-01", "to": "2026-12-31"}},
        "voucher": {"days": 30, "reclaims": 1, "return_restores_quota": true},
        "funding": [{"source": "district", "percent": "100"}],
        "lines": [{"category": "dishwasher", "pool": "1000.00", "tiers": [{"percent": "15", "cap": "1500.00"}]}],
    })
}

fn callers(app: &TestApp, roles: &[&str]) -> Vec<String> {
    let roles = Role::ALL.iter().filter(|role| roles.contains(&role.name()));
    roles.flat_map(|role| of_role(app, *role)).map(|user| user.token().unwrap()).collect()
}

fn of_role(app: &TestApp, role: Role) -> Vec<User<'_>> {
    match role {
        Role::Consumer => [0, 4, 9].map(|n| app.consumer(n)).into(),
        Role::Clerk => vec![app.somebody(role, app.retailer_id().parse::<Id>().ok())],
        Role::Reader => vec![app.somebody(role, None)],
        known => vec![app.demo_user(known.name())],
    }
}

/// What was done: calls of each operation by phase and by status.
struct Figures(BTreeMap<String, Value>);

impl Figures {
    fn read(known: &Path) -> Self {
        let file = known.with_file_name("known.json.figures");
        Self(serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap())
    }

    fn calls(&self, operation: &str) -> u64 {
        self.0[operation]["statuses"].as_object().unwrap().values().filter_map(Value::as_u64).sum()
    }

    fn of_phase(&self, operation: &str, phase: &str) -> u64 {
        self.0[operation]["phases"][phase].as_u64().unwrap_or(0)
    }

    /// Nothing was left out, and everybody came in: what is refused at the door has tested only the door. In the long form
    /// each operation was also granted.
    fn hold(&self, wanted: Option<u32>) {
        let mut faults = String::new();
        for operation in operations() {
            let id = operation.id.as_str();
            let answers = self.0.get(id).unwrap_or_else(|| panic!("{id} was not attacked"));
            let came =
                |good: fn(&str) -> bool| answers["statuses"].as_object().unwrap().keys().any(|status| good(status));
            let let_in = came(|status| !["401", "403", "405"].contains(&status));
            let granted = wanted.is_none() || RARE.contains(&id) || came(|status| status.starts_with('2'));
            let often = SAME.contains(&id) || self.calls(id) >= u64::from(wanted.unwrap_or(FEW));
            if !let_in || !granted || !often {
                writeln!(faults, "{id}: {answers}").unwrap();
            }
        }
        assert!(faults.is_empty(), "not let in, never granted, or asked too rarely:\n{faults}");
    }

    fn page(&self, database: &str, seconds: u64) -> String {
        let calls: u64 = self.0.keys().map(|operation| self.calls(operation)).sum();
        let mut page = format!(
            "{} operations, {calls} calls, {seconds} s on {database}; no failure\n\n| operation | examples | coverage \
             | fuzzing | stateful | answers |\n|---|---|---|---|---|---|\n",
            self.0.len()
        );
        for (operation, answers) in &self.0 {
            let phases = ["examples", "coverage", "fuzzing", "stateful"].map(|phase| self.of_phase(operation, phase));
            let [examples, coverage, fuzzing, stateful] = phases;
            let statuses = &answers["statuses"];
            writeln!(page, "| {operation} | {examples} | {coverage} | {fuzzing} | {stateful} | `{statuses}` |")
                .unwrap();
        }
        page
    }
}
