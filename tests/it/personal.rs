//! Personal data at rest: how each column is classified, that nothing stands there in the clear, and the keys.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use huanxin::cli::personal::{RotateOptions, rotate_master};
use huanxin::cli::serve::Stopped;
use huanxin::config::DivisionOptions;
use huanxin::domain::id::Id;
use huanxin::domain::identifier::synthetic;
use huanxin::engine::Clock;
use serde_json::Value;

use crate::app::TestApp;
use crate::fixtures::TestDatabase;
use crate::leak::clear_numbers;
use crate::sale::{old_fridge, with};

/// Table, then column, then class.
type Classes = BTreeMap<String, BTreeMap<String, String>>;

fn classes() -> Classes {
    toml::from_str(include_str!("../data/columns.toml")).unwrap()
}

#[test]
fn every_column_is_classified_and_every_class_has_its_column() {
    let classes = classes();
    for database in TestDatabase::each() {
        let columns = |table: String| {
            let names: BTreeSet<String> = database.columns(&table).into_iter().map(|(name, _)| name).collect();
            (table, names)
        };
        let real: BTreeMap<String, BTreeSet<String>> = database.tables().into_iter().map(columns).collect();
        let known: BTreeMap<String, BTreeSet<String>> =
            classes.iter().map(|(table, columns)| (table.clone(), columns.keys().cloned().collect())).collect();
        assert_eq!(real, known, "tests/data/columns.toml says of each column whether it is public, personal or secret");
    }
    for (table, columns) in &classes {
        for (column, class) in columns {
            let known = ["public", "personal", "secret"].contains(&class.as_str());
            assert!(known, "{table}.{column} is {class:?}");
        }
    }
}

/// A person as the tests know them: every text that must stand nowhere.
struct Known {
    name: String,
    address: String,
    phone: String,
    resident_id: String,
}

/// A trade-in of the `n`th consumer, with an address and a telephone number for the delivery; gives the redemption.
fn trade_in(app: &TestApp, n: usize) -> (Known, String) {
    let known = Known {
        name: app.name(n).to_owned(),
        address: "南昌市高新区紫阳大道 318 号 7 栋".to_owned(),
        phone: synthetic::mobile(700 + n as u64),
        resident_id: app.resident_id(n).to_owned(),
    };
    let body = with(app.ready(n), "/delivery_address", known.address.as_str());
    let body = with(body, "/delivery_phone", known.phone.as_str());
    let redemption = app.retailer().post("/api/v1/redemptions", &body).made();
    (known, redemption)
}

/// Every text of a row, however deep it stands.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => texts(&inner),
            _ => vec![text.clone()],
        },
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// Fails when a column has a number in the clear, or one that is not public a name or an address.
fn nothing_is_clear(database: &TestDatabase, people: &[Known]) {
    let classes = classes();
    for (table, rows) in database.rows() {
        for (column, value) in rows.iter().flat_map(|row| row.as_object().unwrap()) {
            for text in texts(value) {
                assert_eq!(clear_numbers(&text), Vec::<&str>::new(), "{table}.{column}");
                if classes[&table][column] != "public" {
                    let of = |known: &&Known| text.contains(&known.name) || text.contains(&known.address);
                    assert!(people.iter().find(of).is_none(), "{table}.{column}: {text}");
                }
            }
        }
    }
}

on_both! {
    fn no_column_holds_a_clear_text_after_the_demo_and_a_journey(app) {
        let people: Vec<Known> = (0..2).map(|n| trade_in(&app, n).0).collect();
        nothing_is_clear(&app.database(), &people);
        // As an intruder with the files would look: the write-ahead log, pages that were given up.
        let entries = std::fs::read_dir(app.directory()).unwrap().map(|entry| entry.unwrap().path());
        for file in entries.filter(|path| path.is_file()) {
            let bytes = std::fs::read(&file).unwrap();
            let content = String::from_utf8_lossy(&bytes);
            for Known { name, address, phone, resident_id } in &people {
                for text in [address, phone, resident_id] {
                    assert!(!content.contains(text.as_str()), "{} says {text}", file.display());
                }
                assert!(!content.contains(name.as_str()), "{} says {name}", file.display());
            }
        }
    }

    fn facts_keep_no_masks_and_answers_show_them(app) {
        let (known, redemption) = trade_in(&app, 0);
        let shown = app.retailer().get(&format!("/api/v1/redemptions/{redemption}")).expect(200);
        assert_eq!(shown["invoice"]["buyer_name"], huanxin::pii::mask_name(&known.name));
        assert_eq!(shown["delivery"]["address"], "南昌市***");
        assert_eq!(shown["delivery"]["phone"], huanxin::pii::mask_mobile(&known.phone));
        let listed = app.retailer().get("/api/v1/redemptions").expect(200);
        assert_eq!(listed["items"][0]["delivery"], shown["delivery"]);
        let rows = app.database().rows_of("redemption");
        for (column, member) in [("invoice", "buyer"), ("delivery", "address"), ("delivery", "phone")] {
            let kept: Value = serde_json::from_str(rows[0][column].as_str().unwrap()).unwrap();
            assert_eq!(kept[member]["masked"], "", "{column}.{member}");
            assert!(kept[member]["sealed"].as_str().unwrap().starts_with("v2."));
        }
        let trail = app.database().rows_of("audit_record").into_iter().flat_map(|row| texts(&row["body"]));
        let mask = huanxin::pii::mask_person_id(&known.resident_id);
        assert!(trail.into_iter().all(|text| !text.contains(&mask)));
    }

    /// One key for what is known of a person, however often they come; one more for a delivery's address.
    fn a_person_gets_a_key_when_something_new_is_known(app) {
        let keys = |n: usize| {
            let person = app.database().rows_of("person").into_iter().find(|row| row["name_masked"] == huanxin::pii::mask_name(app.name(n)));
            let id = person.unwrap()["id"].clone();
            app.database().rows_of("data_key").into_iter().filter(|row| row["person"] == id).count()
        };
        let ready = app.ready(0);
        app.claim(0, "nc-appl-2026", "television", None);
        assert_eq!(keys(0), 1);
        app.retailer().post("/api/v1/redemptions", &ready).made();
        assert_eq!(keys(0), 1, "the buyer is the holder, whose name is sealed already");
        let refused = with(with(app.ready(1), "/delivery_phone", synthetic::mobile(1)), "/invoice/buyer_name", "别人");
        app.retailer().post("/api/v1/redemptions", &refused).refused(422, "BUYER_MISMATCH");
        assert_eq!(keys(1), 1, "a refused command leaves no key");
        app.retailer().post("/api/v1/redemptions", &with(refused, "/invoice/buyer_name", app.name(1))).made();
        assert_eq!(keys(1), 2);
    }

    /// A new master key while requests come in: none fails, and everything that was sealed before and meanwhile opens.
    fn the_master_key_changes_under_requests(app) {
        let (_, first) = trade_in(&app, 0);
        let before = master_kids(&app);
        let (done, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for n in 1..4 {
                let (app, done, asked) = (&app, &done, &asked);
                scope.spawn(move || {
                    let mut rounds = 0;
                    while rounds < 2 || (!done.load(Ordering::SeqCst) && rounds < 200) {
                        app.turn_in(&old_fridge(app, n));
                        asked.fetch_add(1, Ordering::SeqCst);
                        rounds += 1;
                    }
                    trade_in(app, n + 3);
                });
            }
            let said = rotate(&app, false).unwrap();
            done.store(true, Ordering::SeqCst);
            assert!(said.contains("is the current one"), "{said}");
        });
        assert!(asked.load(Ordering::SeqCst) >= 6);
        // The old one is given up only when nothing can wait for it any more.
        let too_soon = rotate(&app, true).unwrap_err().to_string();
        assert!(too_soon.contains("less than 60 s ago"), "{too_soon}");
        let file = File::options().write(true).open(app.directory().join("master.key")).unwrap();
        file.set_modified(now() - Duration::from_secs(120)).unwrap();
        rotate(&app, true).unwrap();
        let after = master_kids(&app);
        assert_eq!((before.len(), after.len()), (1, 1));
        assert_ne!(before, after, "every data key is wrapped with the new master key");
        assert_eq!(std::fs::read_to_string(app.directory().join("master.key")).unwrap().lines().count(), 1);
        // The service that ran all the time, and one that starts now.
        let shows = |app: &TestApp| app.retailer().get(&format!("/api/v1/redemptions/{first}")).expect(200)["delivery"]["address"].clone();
        assert_eq!(shows(&app), "南昌市***");
        let app = app.later(60);
        assert_eq!(shows(&app), "南昌市***");
    }

    fn the_divisions_key_is_made_once(app) {
        let keys = |app: &TestApp| {
            let keys = app.database().rows_of("data_key").into_iter();
            keys.filter(|row| row["person"] == Id::NIL.to_string()).collect::<Vec<_>>()
        };
        let first = keys(&app);
        assert_eq!(first.len(), 1);
        let app = app.later(60);
        assert_eq!(keys(&app), first);
    }
}

#[allow(clippy::disallowed_methods, reason = "a file's time is the machine's")]
fn now() -> SystemTime {
    SystemTime::now()
}

fn master_kids(app: &TestApp) -> BTreeSet<String> {
    let keys = app.database().rows_of("data_key").into_iter();
    keys.map(|row| row["master_kid"].as_str().unwrap().to_owned()).collect()
}

fn rotate(app: &TestApp, retire: bool) -> Result<String, Stopped> {
    let options = RotateOptions {
        place: DivisionOptions {
            data_dir: app.directory().to_owned(),
            database_url: app.database_url(),
            schema: None,
            division: "360111".to_owned(),
            key_file: None,
            master_key: None,
        },
        retire,
    };
    rotate_master(&options, Clock::starting_at(app.division().now()))
}
