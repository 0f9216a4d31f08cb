//! Exports as a person opens them: read by libraries that are not ours, with names that want to be formulas.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use huanxin::access::Role;
use huanxin::domain::identifier::synthetic;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use ureq::http::Method;

use crate::app::{Answer, TODAY, TestApp, User};
use crate::sale::with;

const REDEMPTIONS: &str = "/api/v1/exports/redemptions";
/// With what a spreadsheet begins to calculate.
const MARKS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// A file as somebody else's library reads it: heads, and rows of types and values.
pub struct Sheet {
    heads: Vec<String>,
    rows: Vec<Vec<(String, Option<String>)>>,
}

impl Sheet {
    fn asked(user: &User<'_>, path: &str, form: &str) -> (Answer, Self) {
        let sign = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{sign}format={form}");
        let answer = user.send(Method::GET, &path, &[("Accept-Language", "en")], None);
        assert_eq!(answer.status, 200, "{:#}", answer.body);
        let file = answer.header("Content-Disposition").unwrap();
        assert!(
            file.starts_with("attachment; filename=\"") && file.ends_with(&format!("-2026-06-18.{form}\"")),
            "{file}"
        );
        let sheet = Self::read(&answer.bytes, form);
        (answer, sheet)
    }

    /// Of an answer.
    pub fn of(answer: &Answer, form: &str) -> Self {
        Self::read(&answer.bytes, form)
    }

    fn read(bytes: &[u8], form: &str) -> Self {
        let mut rows = cells(bytes, form, None);
        let heads = rows.remove(0).into_iter().map(|(_, head)| head.unwrap()).collect();
        Self { heads, rows }
    }

    /// How many rows stand under the heads.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    pub fn column(&self, head: &str) -> Vec<&(String, Option<String>)> {
        let at = self.heads.iter().position(|told| told == head).unwrap_or_else(|| panic!("{head}: {:?}", self.heads));
        self.rows.iter().map(|row| &row[at]).collect()
    }

    fn texts(&self, head: &str) -> Vec<&str> {
        self.column(head).into_iter().map(|(_, value)| value.as_deref().unwrap_or_default()).collect()
    }

    /// The sum of a column of amounts, in fen; each must be a number with at most two places.
    fn sum(&self, head: &str) -> i64 {
        self.texts(head).into_iter().map(fen).sum()
    }

    /// No cell is a formula, nor a text that becomes one.
    fn is_harmless(&self, form: &str) {
        for (kind, value) in self.rows.iter().flatten() {
            assert_ne!(kind, "f", "{value:?}");
            let number = value.as_deref().is_some_and(|text| text.parse::<f64>().is_ok());
            let tempts = value.as_deref().is_some_and(|text| text.starts_with(MARKS)) && !number;
            assert!(form != "csv" || !tempts, "{value:?}");
        }
    }

    /// A hostile text came out as itself; in CSV behind an apostrophe.
    fn has(&self, head: &str, text: &str, form: &str) {
        let shown = if form == "csv" { format!("'{text}") } else { text.to_owned() };
        assert!(self.texts(head).contains(&shown.as_str()), "{head}: {shown} in {:?}", self.texts(head));
    }
}

/// The rows of a file, or of one of its sheets, each cell with its type, as somebody else's library reads them.
fn cells(bytes: &[u8], form: &str, sheet: Option<&str>) -> Vec<Vec<(String, Option<String>)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(format!("file.{form}"));
    std::fs::write(&file, bytes).unwrap();
    let python = root.join("target/python/bin/python");
    let ran = Command::new(python).arg(root.join("tests/read_table.py")).arg(&file).args(sheet).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).unwrap()
}

/// What the cover of a workbook says, by its labels.
fn cover(answer: &Answer, sheet: &str) -> BTreeMap<String, (String, String)> {
    let rows = cells(&answer.bytes, "xlsx", Some(sheet));
    let lines = rows.into_iter().filter(|row| row.len() > 1 && row[0].1.is_some());
    lines.map(|row| (row[0].1.clone().unwrap(), (row[1].0.clone(), row[1].1.clone().unwrap_or_default()))).collect()
}

fn fen(text: &str) -> i64 {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (yuan, places) = text.split_once('.').unwrap_or((text, "0"));
    assert!(places.len() <= 2, "{text}");
    sign * (yuan.parse::<i64>().unwrap() * 100 + format!("{places:0<2}").parse::<i64>().unwrap())
}

fn hostile(mark: char) -> String {
    format!("{mark}cmd|' /C calc'!A0")
}

/// A retailer and its store, everything about them hostile: its identity and its store's.
fn hostile_retailer(app: &TestApp) -> (String, String) {
    let officer = app.officer();
    let retailer = officer.post(
        "/api/v1/retailers",
        &json!({
            "name": hostile('='), "uscc": synthetic::uscc(70), "divisions": ["360111"],
            "account": {"bank": hostile('+'), "number": "1502206009300012345", "name": hostile('@')},
            "contact": {"name": hostile('-'), "phone": synthetic::mobile(70)},
        }),
    );
    let retailer = retailer.made();
    let approval = json!({"programmes": ["nc-appl-2026"]});
    officer.post(&format!("/api/v1/retailers/{retailer}/approval"), &approval).expect(200);
    let store = officer.post(
        "/api/v1/stores",
        &json!({
            "retailer_id": retailer, "name": hostile('－'), "address": hostile('='), "division_code": "360111",
            "town": hostile('＝'),
        }),
    );
    let store = store.made();
    officer.post(&format!("/api/v1/stores/{store}/approval"), &json!({})).expect(200);
    (retailer, store)
}

/// Two sales of the hostile retailer, one of them taken back; and one of the demo's. The hostile retailer's manager.
fn sold(app: &TestApp) -> User<'_> {
    let (retailer, store) = hostile_retailer(app);
    let manager = app.somebody(Role::Retailer, retailer.parse().ok());
    let sell = |n: usize| {
        let body = with(app.ready(n), "/store_id", store.as_str());
        let body = with(with(body, "/item/brand", hostile('+')), "/item/model", hostile('@'));
        manager.post("/api/v1/redemptions", &body).made()
    };
    sell(0);
    let back = sell(1);
    manager.post(&format!("/api/v1/redemptions/{back}/reversal"), &json!({"reason": hostile('-')})).expect(201);
    app.retailer().post("/api/v1/redemptions", &app.ready(2)).made();
    manager
}

/// Puts so many copies of the only redemption beside it, of the same millisecond, behind the service's back.
fn copy_redemption(app: &TestApp, copies: usize) {
    let database = app.database();
    let columns: Vec<String> = database.columns("redemption").into_iter().map(|(name, _)| name).collect();
    let id = if database.is_postgres() {
        "(substr(id::text, 1, 14) || substr(gen_random_uuid()::text, 15))::uuid"
    } else {
        "CAST(substr(id, 1, 6) || randomblob(10) AS BLOB)"
    };
    let values: Vec<&str> = columns.iter().map(|name| if name == "id" { id } else { name }).collect();
    let sql = format!(
        "CREATE TABLE the_one AS SELECT * FROM redemption; INSERT INTO redemption ({}) WITH RECURSIVE n(i) AS (SELECT 1 \
         UNION ALL SELECT i + 1 FROM n WHERE i < {copies}) SELECT {} FROM n CROSS JOIN the_one;",
        columns.join(", "),
        values.join(", ")
    );
    database.execute(&sql).unwrap();
}

/// Takes them away again, so that the trail is as it says.
fn forget_copies(app: &TestApp) {
    let database = app.database();
    let guard = if database.is_postgres() {
        "DROP TRIGGER redemption_is_append_only ON redemption;"
    } else {
        "DROP TRIGGER redemption_is_never_removed;"
    };
    let forget = "DELETE FROM redemption WHERE id NOT IN (SELECT id FROM the_one); DROP TABLE the_one;";
    database.execute(&format!("{guard} {forget}")).unwrap();
}

/// The newest record of the trail is of this file.
fn is_noted(app: &TestApp, operation: &str, answer: &Answer, rows: usize) {
    let records = app.auditor().get("/api/v1/audit/records?limit=1").expect(200);
    let body: Value = serde_json::from_str(records["items"][0]["body"].as_str().unwrap()).unwrap();
    let text = body.to_string();
    assert!(text.contains("record_disclosure") && text.contains(operation), "{body:#}");
    assert!(text.contains(&format!("\"sha256\":\"{}\"", hex::encode(Sha256::digest(&answer.bytes)))), "{body:#}");
    assert!(text.contains(&format!("\"rows\":{rows}")), "{body:#}");
}

on_both! {
    fn hostile_names_come_out_as_text(app) {
        let manager = sold(&app);
        for form in ["csv", "xlsx"] {
            let (answer, all) = Sheet::asked(&app.officer(), REDEMPTIONS, form);
            is_noted(&app, "exportRedemptions", &answer, 3);
            all.is_harmless(form);
            for (head, mark) in [("Retailer", '='), ("Store", '－'), ("Town", '＝'), ("Brand", '+'), ("Model", '@'),
                ("Why reversed", '-')] {
                all.has(head, &hostile(mark), form);
            }
            assert_eq!(all.texts("Status"), ["recorded", "reversed", "recorded"]);
            assert_eq!((all.sum("Subsidy"), all.sum("Consumer pays")), (3 * 94_485, 3 * 535_415));
            assert!(all.texts("Buyer").iter().all(|buyer| buyer.ends_with('*')), "{:?}", all.texts("Buyer"));
            let (_, own) = Sheet::asked(&manager, REDEMPTIONS, form);
            assert_eq!(own.rows, all.rows[..2]);

            let (answer, retailers) = Sheet::asked(&app.officer(), "/api/v1/exports/retailers", form);
            is_noted(&app, "exportRetailers", &answer, 3);
            retailers.is_harmless(form);
            for (head, mark) in [("Name", '='), ("Bank", '+'), ("Account name", '@')] {
                retailers.has(head, &hostile(mark), form);
            }
            assert!(retailers.texts("Account number").iter().all(|number| number.contains('*')));
        }
    }

    fn a_report_as_a_file_sums_to_what_the_api_says(app) {
        sold(&app);
        let report = "/api/v1/reports/totals?group_by=store";
        let totals = app.officer().get(report).expect(200)["totals"].clone();
        for form in ["csv", "xlsx"] {
            let (answer, sheet) = Sheet::asked(&app.officer(), report, form);
            is_noted(&app, "getTotalsReport", &answer, sheet.rows.len());
            sheet.is_harmless(form);
            sheet.has("Name", &hostile('－'), form);
            for (head, name) in [("Amount reserved", "amount_reserved"), ("Amount redeemed", "amount_redeemed"),
                ("Amount reversed", "amount_reversed")] {
                assert_eq!(sheet.sum(head), fen(totals[name].as_str().unwrap()), "{head}");
            }
            for (head, name) in [("Vouchers issued", "vouchers_issued"), ("Redeemed", "redeemed"), ("Reversed", "reversed")] {
                let counts = sheet.texts(head).into_iter().map(|count| count.parse::<i64>().unwrap());
                assert_eq!(counts.sum::<i64>(), totals[name].as_i64().unwrap(), "{head}");
            }
        }
    }

    fn a_workbook_has_numbers_and_dates(app) {
        sold(&app);
        let (_, sheet) = Sheet::asked(&app.finance(), &format!("{REDEMPTIONS}?from=2026-06-18&to=2026-06-18"), "xlsx");
        for (head, kind) in [("Redeemed at (Beijing)", "d"), ("Invoice day", "d"), ("Subsidy", "n"), ("Version", "n"),
            ("Price", "n"), ("Invoice", "s"), ("Identity", "s")] {
            assert!(sheet.column(head).iter().all(|(told, value)| told == kind && value.is_some()), "{head}");
        }
        assert!(sheet.texts("Redeemed at (Beijing)").iter().all(|time| time.starts_with("2026-06-18T10:")));
        let (_, none) = Sheet::asked(&app.finance(), &format!("{REDEMPTIONS}?to=2026-06-17"), "xlsx");
        assert_eq!(none.rows.len(), 0);
        let chinese = app.finance().get(&format!("{REDEMPTIONS}?format=csv"));
        assert!(String::from_utf8(chinese.bytes).unwrap().starts_with("\u{FEFF}\"核销时间（北京时间）\",\"状态\""));
    }

    /// What its rows are, of which days, as known when, who made it; and the digest of the same rows as CSV.
    fn a_workbook_says_on_its_cover_what_it_is(app) {
        sold(&app);
        let report = "/api/v1/reports/totals?group_by=category&from=2026-06-01";
        let (csv, rows) = Sheet::asked(&app.finance(), report, "csv");
        let (answer, _) = Sheet::asked(&app.finance(), report, "xlsx");
        let cover = cover(&answer, "Cover");
        assert!(cover["Definition"].1.starts_with("Sums by the effective day"), "{cover:#?}");
        assert_eq!(cover["First day"], ("s".into(), "2026-06-01".into()));
        assert_eq!(cover["Last day"], ("s".into(), "any".into()));
        assert_eq!(cover["Summed by"].1, "category");
        assert_eq!(cover["Rows"], ("n".into(), rows.rows.len().to_string()));
        assert_eq!(cover["SHA-256 of the same rows as CSV"].1, hex::encode(Sha256::digest(&csv.bytes)));
        assert!(cover["Made by"].1.starts_with("finance "));
        for time in ["As known at (Beijing)", "Made at (Beijing)"] {
            assert_eq!(cover[time].0, "d");
            assert!(cover[time].1.starts_with("2026-06-18T10:"), "{cover:#?}");
        }
        let chinese = app.finance().get(&format!("{REDEMPTIONS}?format=xlsx"));
        let chinese = self::cover(&chinese, "封面");
        assert!(chinese["口径"].1.starts_with("每行一笔核销"), "{chinese:#?}");
        assert_eq!(chinese["行数"], ("n".into(), "3".into()));
    }

    /// The moment of the newest record in it, or the one that was asked for; never that at which somebody asked.
    fn a_cover_says_as_known_at_which_moment(app) {
        sold(&app);
        let moments = |app: &TestApp, path: &str| {
            let answer = app.officer().send(Method::GET, path, &[("Accept-Language", "en")], None);
            let cover = cover(&answer, "Cover");
            ["As known at (Beijing)", "Made at (Beijing)"].map(|head| cover[head].1.clone())
        };
        let mut app = app.later(3600);
        let told = app.officer().get("/api/v1/reports/burn-down").expect(200)["as_known_at"].clone();
        assert!(told.as_str().unwrap().starts_with("2026-06-18T02:"), "{told}");
        // Whoever asks for a file is in the trail, so that the next one's newest record is of the hour before.
        for (report, hour) in ["burn-down", "totals", "tasks", "retailer-ranking", "payment-times"].iter().zip(11..) {
            let [known, made] = moments(&app, &format!("/api/v1/reports/{report}?format=xlsx"));
            let hours = [hour - 1, hour].map(|hour| format!("2026-06-18T{hour}:"));
            assert!(known.starts_with(&hours[0]) && made.starts_with(&hours[1]), "{report}: {known}, {made}");
            app = app.later(3600);
        }
        let growth = "/api/v1/reports/appliance-growth?year=2026&as_known_at=2026-06-18T09:30:00%2B08:00&format=xlsx";
        let [known, made] = moments(&app, growth);
        assert!(known.starts_with("2026-06-18T09:30:00") && made.starts_with("2026-06-18T16:"), "{known}, {made}");
    }

    /// A table of more rows than are read at a time has each of them once, in their order.
    fn a_long_export_has_every_row_once(app) {
        app.retailer().post("/api/v1/redemptions", &app.ready(0)).made();
        let before = Sheet::asked(&app.officer(), REDEMPTIONS, "csv").1;
        copy_redemption(&app, 2500);
        for form in ["csv", "xlsx"] {
            let (answer, sheet) = Sheet::asked(&app.officer(), REDEMPTIONS, form);
            is_noted(&app, "exportRedemptions", &answer, 2501);
            let mut ids = sheet.texts("Identity");
            assert!(ids.is_sorted());
            ids.dedup();
            assert_eq!(ids.len(), 2501);
            assert_eq!(sheet.sum("Subsidy"), 2501 * before.sum("Subsidy"));
        }
        forget_copies(&app);
    }

    fn a_period_runs_forward_and_a_form_is_known(app) {
        for path in ["?from=2026-06-19&to=2026-06-18", "?format=pdf", "?from=1999-12-31"] {
            app.officer().get(&format!("{REDEMPTIONS}{path}")).refused_alone(400, "BODY_MALFORMED");
        }
    }

    /// What was said when a line was handed in again is no reason why it was reversed.
    fn why_something_was_undone_or_refused(app) {
        let [kept, back] = [0, 1].map(|n| app.retailer().post("/api/v1/redemptions", &app.ready(n)).made());
        let reversal = json!({"reason": "顾客退货"});
        app.retailer().post(&format!("/api/v1/redemptions/{back}/reversal"), &reversal).expect(201);
        let app = app.later(24 * 3600);
        let lines = json!({"from": TODAY, "to": TODAY, "lines": 1, "amount": "944.85"});
        let settlement = app.retailer().post("/api/v1/settlements", &lines).made();
        let told = || {
            let answer = app.officer().send(Method::GET, REDEMPTIONS, &[("Accept-Language", "en")], None);
            let sheet = Sheet::of(&answer, "csv");
            ["Why reversed", "Why refused, or what was said when handed in again"]
                .map(|head| sheet.texts(head).into_iter().map(str::to_owned).collect::<Vec<_>>())
        };
        assert_eq!(told(), [["", "顾客退货"], ["", ""]]);
        let refusal = json!({"redemption_id": kept, "code": "PHOTO", "reason": "照片不清"});
        app.demo_user("reviewer").post(&format!("/api/v1/settlements/{settlement}/rejections"), &refusal).expect(201);
        assert_eq!(told(), [["", "顾客退货"], ["照片不清", ""]]);
        app.retailer().post(&format!("/api/v1/redemptions/{kept}/resubmission"), &json!({"note": "新照片"})).expect(200);
        assert_eq!(told(), [["", "顾客退货"], ["新照片", ""]]);
    }

    /// The upload has a cover as every workbook has but that of the bank; and the rows are the sheet that programs read.
    fn the_national_upload_has_a_cover(app) {
        app.retailer().post("/api/v1/redemptions", &app.ready(0)).made();
        let path = format!("/api/v1/exports/national-upload?from={TODAY}&to={TODAY}&reason=month&format=xlsx");
        let answer = app.officer().send(Method::GET, &path, &[("Accept-Language", "en")], None);
        let cover = cover(&answer, "Cover");
        assert_eq!((cover["Reason"].1.as_str(), cover["Rows"].1.as_str()), ("month", "1"));
        assert_eq!(Sheet::of(&answer, "xlsx").heads.len(), 35);
    }
}
