//! The trail as auditors see it: who read it, checkpoints, proofs, a voucher's life, packages of evidence.

use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use huanxin::audit_sink;
use huanxin::checkpoint::{CheckpointKeys, CheckpointNotary};
use huanxin::cli::audit::{self, Kept};
use huanxin::domain::{audit as chain, checkpoint, merkle};
use huanxin::engine::SinkState;
use huanxin::keys::KeyRing;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use ureq::http::Method;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::app::{TODAY, TestApp, User};
use crate::sale::with;

/// The newest records, of this act alone.
fn newest(app: &TestApp, act: &str) -> Vec<Value> {
    let page = app.auditor().get("/api/v1/audit/records?limit=50").expect(200);
    page["items"].as_array().unwrap().iter().filter(|row| row["act"] == act).cloned().collect()
}

/// Reads the trail under a request id of the caller's choice.
fn read(user: &User<'_>, request: &str) {
    let answer = user.send(Method::GET, "/api/v1/audit/records?limit=2", &[("X-Request-Id", request)], None);
    answer.expect(200);
}

on_both! {
    /// Each read is a record of its own, a repeat under the same request id too.
    fn who_reads_the_trail_stands_in_it(app) {
        read(&app.auditor(), "reading-1");
        read(&app.auditor(), "reading-1");
        let told = newest(&app, "record_disclosure");
        assert_eq!(told.len(), 2, "{told:#?}");
        let (second, first) = (&told[0], &told[1]);
        assert_eq!(second["seq"].as_i64().unwrap(), first["seq"].as_i64().unwrap() + 1);
        // The second saw the record of the first.
        assert_eq!(second["detail"]["shown"]["newest"], first["seq"]);
        for record in &told {
            assert_eq!((&record["role"], &record["request"]), (&json!("auditor"), &json!("reading-1")));
            assert_eq!(record["detail"]["operation"], "listAuditRecords");
            assert_eq!(record["detail"]["reason"], Value::Null);
        }
    }

    fn a_checkpoint_is_signed_listed_and_downloaded(app) {
        let auditor = app.auditor();
        let made = auditor.post("/api/v1/audit/checkpoints", &json!({})).expect(201);
        assert_eq!(made["number"], 1);
        let key = crate::app::fresh_key();
        let again = |key: &str| auditor.post_as(key, "/api/v1/audit/checkpoints", &json!({}));
        let (second, repeated) = (again(&key), again(&key));
        assert!(repeated.replayed());
        assert_eq!(second.expect(201), repeated.expect(201));
        assert_eq!(app.somebody(huanxin::access::Role::Admin, None).post("/api/v1/audit/checkpoints", &json!({})).status, 201);
        let jwks = app.nobody().get("/.well-known/jwks.json").expect(200);
        let keys = CheckpointKeys::of_jwks(&jwks);
        let list = auditor.get("/api/v1/audit/checkpoints?limit=2").expect(200);
        let numbers = |list: &Value| -> Vec<i64> {
            list["items"].as_array().unwrap().iter().map(|row| row["number"].as_i64().unwrap()).collect()
        };
        assert_eq!(numbers(&list), [3, 2]);
        let rest = auditor.get(&format!("/api/v1/audit/checkpoints?limit=2&cursor={}", list["next_cursor"].as_str().unwrap()));
        assert_eq!(numbers(&rest.expect(200)), [1]);
        let answer = auditor.get("/api/v1/audit/checkpoints/1");
        assert!(answer.header("Content-Disposition").unwrap().contains("checkpoint-360111-1.json"));
        let one = answer.expect(200);
        assert_eq!(one, made);
        let statement = keys.read(one["statement"].as_str().unwrap()).unwrap();
        assert_eq!((statement.number, statement.size), (1, one["size"].as_i64().unwrap()));
        assert_eq!((Value::from(statement.root), Value::from(statement.head)), (one["root"].clone(), one["head"].clone()));
        auditor.get("/api/v1/audit/checkpoints/4").refused(404, "NOT_FOUND");
        let told = newest(&app, "record_disclosure");
        assert_eq!(told[0]["detail"]["operation"], "getCheckpoint");
    }

    fn proofs_lead_to_the_root_that_was_signed(app) {
        let auditor = app.auditor();
        for _ in 0..3 {
            read(&auditor, "more records");
            auditor.post("/api/v1/audit/checkpoints", &json!({})).expect(201);
        }
        let checkpoint = |number: i64| auditor.get(&format!("/api/v1/audit/checkpoints/{number}")).expect(200);
        let hashes = |proof: &Value| -> Vec<merkle::Hash> {
            proof.as_array().unwrap().iter().map(|hash| merkle::read(hash.as_str().unwrap()).unwrap()).collect()
        };
        let root = |checkpoint: &Value| merkle::read(checkpoint["root"].as_str().unwrap()).unwrap();
        let size = |checkpoint: &Value| checkpoint["size"].as_u64().unwrap();
        let all = [1, 2, 3].map(checkpoint);
        for seq in 1..=size(&all[0]) {
            let proof = auditor.get(&format!("/api/v1/audit/inclusion-proof?seq={seq}&checkpoint=1")).expect(200);
            let text = |name: &str| proof[name].as_str().unwrap();
            assert_eq!(chain::chain(text("previous"), text("body")), text("hash"));
            let leaf = checkpoint::leaf(text("hash")).unwrap();
            assert_eq!(hex::encode(leaf), text("leaf"));
            let end = merkle::root_by_inclusion(seq - 1, size(&all[0]), leaf, &hashes(&proof["proof"]));
            assert_eq!(end, Some(root(&all[0])), "{seq}");
            assert_eq!(proof["checkpoint"], all[0]);
        }
        for (from, to) in [(1, 2), (1, 3), (2, 3), (2, 2)] {
            let proof = auditor.get(&format!("/api/v1/audit/consistency-proof?from={from}&to={to}")).expect(200);
            let [before, after] = [&all[from - 1], &all[to - 1]];
            assert_eq!((&proof["from"], &proof["to"]), (before, after));
            assert!(merkle::is_consistent(size(before), size(after), [root(before), root(after)], &hashes(&proof["proof"])));
        }
        assert_eq!(auditor.get("/api/v1/audit/consistency-proof?from=1").expect(200)["to"]["number"], 3);
        auditor.get("/api/v1/audit/consistency-proof?from=2&to=1").refused(409, "WRONG_STATE");
        auditor.get("/api/v1/audit/consistency-proof?from=9").refused(404, "NOT_FOUND");
        let late = size(&all[0]) + 1;
        auditor.get(&format!("/api/v1/audit/inclusion-proof?seq={late}&checkpoint=1")).refused(409, "WRONG_STATE");
        auditor.get("/api/v1/audit/inclusion-proof?seq=1&checkpoint=9").refused(404, "NOT_FOUND");
        auditor.get("/api/v1/audit/inclusion-proof?seq=999999").refused(404, "NOT_FOUND");
        for query in ["seq=0", "seq=x", "seq=-1", "seq=99999999999999999999"] {
            auditor.get(&format!("/api/v1/audit/inclusion-proof?{query}")).refused(400, "BODY_MALFORMED");
        }
        auditor.get("/api/v1/audit/inclusion-proof").refused(400, "FIELD_MISSING");
    }

    /// From the old item to the return, with who, when and how much.
    fn a_vouchers_life_is_on_one_page(app) {
        let body = app.ready(0);
        let redemption = app.retailer().post("/api/v1/redemptions", &body).expect(201);
        let path = format!("/api/v1/redemptions/{}", redemption["id"].as_str().unwrap());
        app.retailer().post(&format!("{path}/reversal"), &json!({"reason": "顾客退货"})).expect(201);
        let life = app.auditor().get(&format!("/api/v1/audit/vouchers/{}/history", redemption["voucher_id"].as_str().unwrap()));
        let text = String::from_utf8(life.bytes.clone()).unwrap();
        let life = life.expect(200);
        assert_eq!((&life["status"], &life["redemption_id"]), (&json!("reversed"), &redemption["id"]));
        assert!(life["holder_number"].as_str().unwrap().contains("****"), "{life:#}");
        assert!(!text.contains(app.resident_id(0)) && !text.contains(app.name(0)));
        let events = life["events"].as_array().unwrap();
        let acts: Vec<&str> = events.iter().map(|event| event["act"].as_str().unwrap()).collect();
        assert_eq!(acts, ["record_turn_in", "claim_voucher", "redeem_voucher", "reverse_redemption"]);
        let roles: Vec<&str> = events.iter().map(|event| event["role"].as_str().unwrap()).collect();
        assert_eq!(roles, ["recycler", "consumer", "retailer", "retailer"]);
        assert_eq!(events[2]["organisation"], app.retailer_id());
        let money: Vec<Vec<[&str; 4]>> = events.iter().map(|event| {
            event["money"].as_array().unwrap().iter().map(|moved| {
                ["kind", "available", "reserved", "payable"].map(|name| moved[name].as_str().unwrap())
            }).collect()
        }).collect();
        assert_eq!(money, [
            vec![],
            vec![["reserve", "-1500.00", "1500.00", "0.00"]],
            vec![["redeem", "555.15", "-1500.00", "944.85"]],
            vec![["reverse", "944.85", "0.00", "-944.85"]],
        ]);
        assert_eq!(events[2]["detail"]["after"]["voucher"], "redeemed");
        let nothing = "/api/v1/audit/vouchers/019ed874-e500-7000-8000-000000000000/history";
        app.auditor().get(nothing).refused(404, "NOT_FOUND");
    }

    /// By the command line, and by a script of another language from the package alone.
    fn a_package_is_checked_without_the_service(app) {
        let kept = app.auditor().post("/api/v1/audit/checkpoints", &json!({})).expect(201);
        let body = app.ready(0);
        let redemption = app.retailer().post("/api/v1/redemptions", &body).expect(201);
        app.retailer().post(&format!("/api/v1/redemptions/{}/reversal", redemption["id"].as_str().unwrap()),
            &json!({"reason": "顾客退货"})).expect(201);
        let answer = package(&app, TODAY, TODAY);
        assert_eq!(answer.header("Content-Type"), Some("application/zip"));
        let sha256 = hex::encode(Sha256::digest(&answer.bytes));
        assert_eq!(newest(&app, "record_disclosure")[0]["detail"]["shown"]["sha256"], sha256);
        let dir = tempfile::tempdir().unwrap();
        let file = saved(&dir, "package.zip", &answer.bytes);
        let jwks = saved(&dir, "jwks.json", &app.nobody().get("/.well-known/jwks.json").bytes);
        let published = saved(&dir, "checkpoint.json", kept.to_string().as_bytes());
        let (code, line) = audit::check(&file, &Kept { checkpoint: vec![published.clone()], jwks: Some(jwks) }).unwrap();
        assert_eq!(code, 0, "{line}");
        // The trail is as old as the day: everything is in the package, and no checkpoint comes before it.
        assert!(line.contains("0 of 1 published checkpoints") && line.contains("the period was not over"), "{line}");
        for seq in [1, 5, records(&answer.bytes)] {
            let body: Value = serde_json::from_str(&by_another_language(&file, seq).unwrap()).unwrap();
            assert_eq!(body["seq"], seq);
        }
        let text = ["records.jsonl", "facts.jsonl"].map(|name| String::from_utf8(unpacked(&answer.bytes, name)).unwrap()).concat();
        assert!(!text.contains(app.resident_id(0)) && !text.contains(app.name(0)));
        assert!(text.contains(redemption["id"].as_str().unwrap()));
        // The checkpoint that was published agrees with the database, too.
        let url = app.database_url();
        let kept = Kept { checkpoint: vec![published], jwks: None };
        let (code, line) = audit::verify(app.dir(), url.as_deref(), None, &kept, None).unwrap();
        assert_eq!(code, 0, "{line}");
        assert!(line.contains("continues 1 published"), "{line}");
    }

    /// Whatever is changed in a package is found and named, also when the manifest is made to fit.
    fn a_package_that_was_changed_is_found(app) {
        let body = app.ready(0);
        app.retailer().post("/api/v1/redemptions", &body).expect(201);
        let good = package(&app, TODAY, TODAY).bytes;
        let dir = tempfile::tempdir().unwrap();
        let found = |bytes: &[u8]| {
            let file = saved(&dir, "package.zip", bytes);
            let (code, line) = audit::check(&file, &Kept::default()).unwrap();
            assert_eq!(code, i32::from(!line.starts_with("ok: ")), "{line}");
            line
        };
        assert!(found(&good).starts_with("ok: division 360111"), "{}", found(&good));
        type Change = fn(&mut Vec<String>);
        let cases: [(&str, &str, Change); 14] = [
            ("records.jsonl", "records.jsonl, line 3, sequence 3: its hash", |lines| lines[2] = lines[2].replace("system", "auditor")),
            ("records.jsonl", "record 3 should stand here", |lines| drop(lines.remove(2))),
            ("records.jsonl", "record 3 should stand here", |lines| lines.insert(2, lines[0].clone())),
            ("records.jsonl", "is missing", |lines| drop(lines.pop())),
            ("facts.jsonl", "the row is not as it was recorded", |lines| {
                let last = lines.last_mut().unwrap();
                *last = last.replacen("\"payable_fen\":", "\"payable_fen\":1", 1);
            }),
            ("facts.jsonl", "should stand here", |lines| drop(lines.remove(1))),
            ("facts.jsonl", "no record speaks of it", |lines| lines.push(lines[0].clone())),
            ("facts.jsonl", "the row is missing", |lines| {
                let mut row: Value = serde_json::from_str(&lines[0]).unwrap();
                row["row"] = Value::Null;
                row["later"] = true.into();
                lines[0] = row.to_string();
            }),
            ("checkpoints.jsonl", "something else", |lines| lines[0] = lines[0].replace("\"size\":", "\"size\":1")),
            ("checkpoints.jsonl", "not a signed token", |lines| {
                let mut line: Value = serde_json::from_str(&lines[0]).unwrap();
                line["statement"] = "x".into();
                lines[0] = line.to_string();
            }),
            ("inclusion.jsonl", "does not lead to the root", |lines| lines[1] = lines[0].replace("\"first\":1,", "\"first\":2,")),
            ("inclusion.jsonl", "a proof for record 2 should stand here", |lines| drop(lines.remove(1))),
            ("inclusion.jsonl", "there is no proof for record", |lines| drop(lines.pop())),
            ("jwks.json", "unknown key", |lines| lines[0] = "{\"keys\":[]}".into()),
        ];
        for (name, expected, change) in cases {
            let line = found(&changed(&good, name, change));
            assert!(line.starts_with("bad: ") && line.contains(expected), "{name}: {line}; expected {expected}");
        }
        let unfit = changed(&good, "manifest.json", |lines| lines[0] = lines[0].replace(TODAY, "2026-06-19"));
        assert!(found(&unfit).contains("the record before") || found(&unfit).starts_with("ok"), "{}", found(&unfit));
        assert!(found(b"PK").starts_with("bad: not a zip file"));
        // By the other language, too.
        let file = saved(&dir, "package.zip", &changed(&good, "records.jsonl", |lines| lines[2] = lines[2].replace("system", "auditor")));
        assert!(by_another_language(&file, 3).unwrap_err().contains("AssertionError"));
    }

    /// The second sink gets what is there, then what comes; who changes it or the trail is found by the other.
    fn a_second_sink_follows_the_trail(app) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hashes");
        let feed = || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let (division, state) = (app.division(), Arc::new(SinkState::default()));
            let mut sink = audit_sink::open(&format!("file:{}", path.display()), "360111").unwrap();
            loop {
                let (back, fed) = runtime.block_on(division.feed_once(sink, &state));
                sink = back.unwrap();
                if !fed.unwrap() {
                    return state;
                }
            }
        };
        let first = feed();
        read(&app.auditor(), "one more");
        let second = feed();
        assert_eq!((second.seq(), second.behind()), (first.seq() + 1, 0));
        let verified = |sink: &Path| {
            audit::verify(app.dir(), app.database_url().as_deref(), None, &Kept::default(), Some(sink)).unwrap()
        };
        let (code, line) = verified(&path);
        assert!(code == 0 && line.contains(&format!("{} hashes of the second sink", second.seq())), "{line}");
        let text = std::fs::read_to_string(&path).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines[4] = format!("5 {}", "0".repeat(64));
        let changed = saved(&dir, "changed", (lines.join("\n") + "\n").as_bytes());
        assert!(verified(&changed).1.contains("table audit_record, id 5, sequence 5: the second sink has another hash"));
        lines.remove(4);
        let gap = saved(&dir, "gap", (lines.join("\n") + "\n").as_bytes());
        assert!(verified(&gap).1.contains("no hash of record 5"));
        let longer = saved(&dir, "longer", format!("{text}{} {}\n", second.seq() + 1, "0".repeat(64)).as_bytes());
        let (code, line) = verified(&longer);
        assert!(code == 1 && line.contains("the second sink has the record"), "{line}");
    }

    fn a_period_is_asked_for_in_days_that_have_records(app) {
        let auditor = app.auditor();
        let ask = |query: &str| auditor.get(&format!("/api/v1/audit/evidence-package?{query}"));
        ask("from=2026-06-19&to=2026-06-18").refused(400, "BODY_MALFORMED");
        ask("from=2026-06-18").refused(400, "FIELD_MISSING");
        ask("from=18.6.2026&to=2026-06-18").refused(400, "BODY_MALFORMED");
        ask("from=2025-01-01&to=2025-12-31").refused(404, "NOT_FOUND");
    }
}

/// Of a day on which every operation was asked, each row that the trail has the digest of is in the package.
#[test]
fn a_package_has_every_kind_of_fact() {
    let (_, app) = crate::examples::days(TestApp::standing(crate::database::Place::sqlite()));
    let dir = tempfile::tempdir().unwrap();
    let both = package(&app, TODAY, "2026-06-19");
    let (code, line) = audit::check(&saved(&dir, "package.zip", &both.bytes), &Kept::default()).unwrap();
    assert_eq!(code, 0, "{line}");
}

/// A day begins with a checkpoint, and needs no second one.
#[test]
fn each_day_has_its_checkpoint() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let due = |app: &TestApp| {
        let notary = CheckpointNotary::new(&KeyRing::read(&app.dir().join("keys.json")).unwrap());
        runtime.block_on(app.division().checkpoint_due(&notary)).unwrap().map(|made| made.number)
    };
    let app = TestApp::start(crate::database::Place::sqlite(), "2026-06-18T23:59:00+08:00");
    assert_eq!((due(&app), due(&app)), (Some(1), None));
    let app = app.later(30);
    assert_eq!(due(&app), None);
    let app = app.later(90);
    assert_eq!((due(&app), due(&app)), (Some(2), None));
    let list = app.auditor().get("/api/v1/audit/checkpoints").expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
}

/// A trail of some days: the package of the second is between its neighbours, continues what was published before, and is
/// covered by the checkpoint of the third.
#[test]
fn a_package_shows_that_nothing_of_its_period_is_left_out() {
    let app = TestApp::start(crate::database::Place::sqlite(), crate::app::START);
    let first = app.auditor().post("/api/v1/audit/checkpoints", &json!({})).expect(201);
    let app = app.later(24 * 3600);
    read(&app.auditor(), "of the second day");
    let app = app.later(24 * 3600);
    read(&app.auditor(), "of the third day");
    read(&app.auditor(), "of the third day");
    let bytes = package(&app, "2026-06-19", "2026-06-19").bytes;
    let dir = tempfile::tempdir().unwrap();
    let published = saved(&dir, "checkpoint.json", first.to_string().as_bytes());
    let kept = Kept { checkpoint: vec![published], jwks: None };
    let found = |bytes: &[u8]| audit::check(&saved(&dir, "package.zip", bytes), &kept).unwrap().1;
    let line = found(&bytes);
    assert!(line.contains("1 of 1 published") && !line.contains("was not over"), "{line}");
    let days = |from: &'static str, to: &'static str| {
        move |lines: &mut Vec<String>| {
            let manifest: Value = serde_json::from_str(&lines[0]).unwrap();
            lines[0] = with(with(manifest, "/from", from), "/to", to).to_string();
        }
    };
    for (from, to, missing) in
        [("2026-06-18", "2026-06-19", "the record before"), ("2026-06-19", "2026-06-20", "the record after")]
    {
        let line = found(&changed(&bytes, "manifest.json", days(from, to)));
        assert!(line.contains(missing), "{line}");
    }
    // Another checkpoint of the same number was published: the trail was rewritten since.
    let app = TestApp::start(crate::database::Place::sqlite(), crate::app::START);
    let other = app.auditor().post("/api/v1/audit/checkpoints", &json!({})).expect(201);
    saved(&dir, "checkpoint.json", other.to_string().as_bytes());
    assert!(
        found(&bytes).starts_with("bad: the published checkpoint: signed with an unknown key"),
        "{}",
        found(&bytes)
    );
}

#[track_caller]
fn package(app: &TestApp, from: &str, to: &str) -> crate::app::Answer {
    let answer = app.auditor().get(&format!("/api/v1/audit/evidence-package?from={from}&to={to}"));
    assert_eq!(answer.status, 200, "{:#}", answer.body);
    answer
}

fn saved(dir: &tempfile::TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn unpacked(package: &[u8], name: &str) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(package)).unwrap();
    let mut bytes = Vec::new();
    archive.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

/// How many records a package has.
fn records(package: &[u8]) -> i64 {
    i64::try_from(String::from_utf8(unpacked(package, "records.jsonl")).unwrap().lines().count()).unwrap()
}

/// A package in which the lines of one file are others, with the manifest made to fit.
fn changed(package: &[u8], name: &str, change: impl Fn(&mut Vec<String>)) -> Vec<u8> {
    let names = [
        "records.jsonl",
        "facts.jsonl",
        "checkpoints.jsonl",
        "inclusion.jsonl",
        "consistency.json",
        "jwks.json",
        "README.txt",
        "manifest.json",
    ];
    let mut manifest: Value = serde_json::from_slice(&unpacked(package, "manifest.json")).unwrap();
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for one in names {
        let mut text = String::from_utf8(unpacked(package, one)).unwrap();
        if one == "manifest.json" {
            text = manifest.to_string();
        }
        if one == name {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            change(&mut lines);
            let new = lines.join("\n") + "\n";
            assert!(new != text, "{name} was not changed");
            text = new;
        }
        if one != "manifest.json" {
            manifest["files"][one]["sha256"] = hex::encode(Sha256::digest(&text)).into();
        }
        zip.start_file(one, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The body of a record as Python finds it sound: the script is the one of docs/audit.md.
fn by_another_language(package: &Path, seq: i64) -> Result<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/python/bin/python");
    assert!(python.exists(), "PyJWT is not installed: run tests/run.sh once, it makes target/python");
    let page = std::fs::read_to_string(root.join("docs/audit.md")).unwrap();
    let script = page.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    let ran = Command::new(python).args(["-c", script]).arg(package).arg(seq.to_string()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    if ran.status.success() { Ok(text(ran.stdout)) } else { Err(text(ran.stderr)) }
}
