//! Identifiers where they come in: through `huanxin check-identifier`, and in the bodies of requests.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Output, Stdio};

use huanxin::domain::identifier::synthetic;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp};
use crate::sale::{fresh, new_car, new_ebike, old_car, old_ebike, old_fridge, sale, with};

const VECTORS: &str = include_str!("../data/identifier_vectors_public.json");

fn command(today: Option<&str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huanxin"));
    command.arg("check-identifier").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(today) = today {
        command.args(["--today", today]);
    }
    command
}

/// What the command says to a whole input.
fn checked(today: Option<&str>, input: String) -> Output {
    let mut child = command(today).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    output
}

fn answers(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn lines(asked: &[Value]) -> String {
    asked.iter().map(|line| format!("{line}\n")).collect()
}

// ---------------------------------------------------------------- the command line

#[test]
fn every_public_vector_is_answered_as_listed() {
    let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    let asked: Vec<Value> = vectors.iter().map(|v| json!({"kind": v["kind"], "value": v["value"]})).collect();
    let output = checked(Some("2026-11-23"), lines(&asked));
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
    let answers = answers(&output);
    assert_eq!((vectors.len(), answers.len()), (449, 449));
    for (vector, answer) in vectors.iter().zip(&answers) {
        assert_eq!((&answer["kind"], &answer["value"]), (&vector["kind"], &vector["value"]));
        assert_eq!(answer["verdict"], vector["verdict"], "{vector} but {answer}");
        let canonical = vector.get("canonical").unwrap_or(&vector["value"]);
        let expected = if vector["verdict"] == "reject" { &Value::Null } else { canonical };
        assert_eq!(&answer["canonical"], expected, "{vector} but {answer}");
        assert_eq!(answer["reason"].is_null(), vector["verdict"] == "accept", "{vector} but {answer}");
        assert_eq!(answer.as_object().unwrap().len(), 5, "{answer}");
    }
}

/// The whole vectors, with what they say of themselves, a hundred times over.
#[test]
fn tens_of_thousands_of_lines_are_answered_in_their_order() {
    let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    let asked: Vec<Value> = std::iter::repeat_n(vectors, 100).flatten().collect();
    let output = checked(Some("2026-11-23"), lines(&asked));
    assert_eq!(output.status.code(), Some(0));
    let answers = answers(&output);
    assert_eq!(answers.len(), 44_900);
    assert!(asked.iter().zip(&answers).all(|(asked, answer)| asked["value"] == answer["value"]));
}

#[test]
fn a_day_may_be_said_and_else_is_today() {
    let tomorrow = lines(&[json!({"kind": "prc_resident_id", "value": synthetic::resident_id(1)})]);
    for (today, verdict) in [(Some("1949-12-31"), "reject"), (Some("2026-11-23"), "accept"), (None, "accept")] {
        let output = checked(today, tomorrow.clone());
        assert_eq!((output.status.code(), &answers(&output)[0]["verdict"]), (Some(0), &json!(verdict)), "{today:?}");
    }
    for wrong in ["today", "2026-11-31", "20261123", "2026-1-123", "+026-11-23", ""] {
        let output = command(Some(wrong)).stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{wrong}");
    }
}

#[test]
fn a_line_that_cannot_be_read_is_answered_and_told() {
    let good = json!({"kind": "energy_level", "value": "2级"});
    let output = checked(None, format!("{good}\nnonsense\n{{\"kind\":\"x\",\"value\":\"1\"}}\n{good}"));
    assert_eq!(output.status.code(), Some(2));
    let answers = answers(&output);
    assert_eq!(
        answers.iter().map(|answer| answer["canonical"].as_str()).collect::<Vec<_>>(),
        [Some("2"), None, None, Some("2"),]
    );
    assert_eq!((&answers[1]["line"], &answers[2]["line"]), (&json!(2), &json!(3)));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.starts_with("huanxin: 2 of 4 lines could not be judged, the first of them line 2: "), "{told}");
    assert_eq!(told.lines().count(), 1);
}

/// Whoever asks line by line is answered line by line; and who goes away while it speaks sees no panic.
#[test]
fn a_conversation_and_its_end() {
    let mut child = command(Some("2026-11-23")).spawn().unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    for level in 1..=3 {
        writeln!(stdin, "{}", json!({"kind": "energy_level", "value": format!("{level}级")})).unwrap();
        let mut answer = String::new();
        stdout.read_line(&mut answer).unwrap();
        assert!(answer.contains(&format!("\"canonical\":\"{level}\"")), "{answer}");
    }
    drop(stdout);
    let many = lines(&vec![json!({"kind": "energy_level", "value": "1"}); 50_000]);
    // The command may be gone before all of it is written.
    let _ = stdin.write_all(many.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(2), ""));
}

// ---------------------------------------------------------------- requests

const REDEEM: &str = "/api/v1/redemptions";
const TURN_INS: &str = "/api/v1/turn-ins";

/// The place and what was expected; the value itself comes back where it says nothing about a person.
#[track_caller]
fn refused_at(answer: &Answer, pointer: &str) {
    let first = answer.refused(422, "IDENTIFIER_INVALID");
    assert_eq!(first["pointer"], pointer, "{:#}", answer.body);
    assert!(first["expected"].as_str().is_some_and(|sentence| !sentence.is_empty()), "{:#}", answer.body);
}

fn retailer() -> Value {
    let name = "南昌再次电器有限公司";
    json!({"name": name, "uscc": synthetic::uscc(fresh()), "divisions": ["360111"],
        "account": {"bank": "中国银行", "number": "1502201009000001", "name": name},
        "contact": {"name": "吕福敏", "phone": "13300052423"}})
}

fn recycler() -> Value {
    json!({"name": "再次回收站", "uscc": synthetic::uscc(fresh()), "address": "艾溪湖北路66号", "division_code": "360111",
        "town": "艾溪湖管理处", "categories": []})
}

on_both! {
    fn each_identifier_of_a_sale_is_judged(app) {
        let body = app.ready(0);
        for (pointer, wrong) in [
            ("/item/gtin", "6909991891961"),
            ("/item/energy_level", "6"),
            ("/item/serial_number", "HX 2026 0618"),
            ("/item/outdoor_serial_number", "HX_20260618"),
            ("/item/imei", "490154203237519"),
            ("/item/imei2", "4901542032375186"),
            ("/item/vin", "LZ0HLRGD8LA90024O"),
            ("/item/ebike_code", "939832298843212"),
            ("/invoice/number", "27361000994256901198"),
            ("/invoice/number", "131002322984:00000000"),
            ("/delivery_division_code", "360122"),
            ("/delivery_division_code", "3601110"),
            ("/delivery_phone", "12000052423"),
            ("/store_id", "nonsense"),
            ("/turn_in_id", "nonsense"),
        ] {
            refused_at(&app.retailer().post(REDEEM, &with(body.clone(), pointer, wrong)), pointer);
        }
        // As people write them, they are the same numbers.
        let typed = with(with(body, "/item/imei", "49-015420 323751-8"), "/item/gtin", " 6909991891960 ");
        let typed = with(with(typed, "/item/energy_level", "1级"), "/delivery_phone", "+86 133 0005 2423");
        let redemption = app.retailer().post(REDEEM, &typed).made();
        let seen = app.retailer().get(&format!("{REDEEM}/{redemption}")).expect(200);
        assert_eq!((&seen["item"]["imei"], &seen["item"]["gtin"]), (&json!("490154203237518"), &json!("6909991891960")));
        assert_eq!(seen["item"]["energy_level"], 1);
        let second = with(app.ready(1), "/item/imei2", "490154203237518");
        assert_eq!(app.retailer().post(REDEEM, &second).refused_alone(409, "SN_ALREADY_USED"), "/item/imei2");
    }

    fn each_identifier_of_an_old_item_is_judged(app) {
        let car = with(old_car(&app, 0), "/item/plate", synthetic::plate(fresh()));
        let certificate = |number: &str| json!([{"kind": "scrap_certificate", "number": number}]);
        for (pointer, wrong) in [("/item/vin", "LZ01GDT41MA952817"), ("/item/plate", "赣AQ14773"), ("/owner/resident_id", "360111199204029317")] {
            refused_at(&app.recycler().post(TURN_INS, &with(car.clone(), pointer, wrong)), pointer);
        }
        for number in ["HS1", "HS-0001;--", "http://qclt.mofcom.gov.cn/deal/1", "https://evil.example/qclt.mofcom.gov.cn"] {
            let answer = app.recycler().post(TURN_INS, &with(car.clone(), "/evidence", certificate(number)));
            refused_at(&answer, "/evidence/0/number");
        }
        let invoice = json!([{"kind": "used_car_invoice", "number": "036002600117:1"}]);
        refused_at(&app.recycler().post(TURN_INS, &with(car.clone(), "/evidence", invoice)), "/evidence/0/number");
        refused_at(&app.recycler().post(TURN_INS, &with(old_fridge(&app, 0), "/item/serial_number", "?")), "/item/serial_number");
        let bike = with(old_ebike(&app, 0, "lithium"), "/item/frame_number", "----");
        refused_at(&app.recycler().post(TURN_INS, &bike), "/item/frame_number");
        let bike = with(with(bike, "/item/frame_number", Value::Null), "/item/ebike_code", "LZ091881536459543");
        refused_at(&app.recycler().post(TURN_INS, &bike), "/item/ebike_code");
        let ticket = with(with(old_fridge(&app, 0), "/item/serial_number", Value::Null), "/item/ticket_number", "##");
        refused_at(&app.recycler().post(TURN_INS, &ticket), "/item/ticket_number");
    }

    /// What the table of kinds takes with a warning is taken.
    fn a_warning_is_no_refusal(app) {
        let import = with(old_car(&app, 0), "/item/vin", "wvwzzz1jz3w386752");
        let seen = app.recycler().post(TURN_INS, &with(import, "/item/plate", "赣 a·d12345")).expect(201);
        assert_eq!((&seen["item"]["vin"], &seen["item"]["plate"]), (&json!("WVWZZZ1JZ3W386752"), &json!("赣AD12345")));
        let other = with(old_car(&app, 1), "/owner/resident_id", "usa360090111373");
        app.recycler().post(TURN_INS, &other).expect(201);
        // An old bike may carry a code of before the rules, and any local plate.
        let bike = with(old_ebike(&app, 0, "lithium"), "/item/ebike_code", "900020400000001");
        app.recycler().post(TURN_INS, &with(bike, "/item/plate", "临时 123")).expect(201);
        // Issued codes with another check character are said to exist.
        let wrong = with(retailer(), "/uscc", "91350100m000100y44");
        let made = app.officer().post("/api/v1/retailers", &wrong).made();
        let retailers = app.officer().get("/api/v1/retailers").expect(200);
        let row = retailers["items"].as_array().unwrap().iter().find(|row| row["id"] == made.as_str()).unwrap();
        assert_eq!(row["uscc"], "91350100M000100Y44");
    }

    fn each_identifier_of_a_party_is_judged(app) {
        for (pointer, wrong) in [
            ("/uscc", json!("360102X12345678")),
            ("/divisions", json!(["360111", "360125"])),
            ("/account/number", json!("6222-x")),
            ("/contact/phone", json!("1330005242")),
        ] {
            let at = if pointer == "/divisions" { "/divisions/1" } else { pointer };
            refused_at(&app.officer().post("/api/v1/retailers", &with(retailer(), pointer, wrong)), at);
        }
        app.officer().post("/api/v1/retailers", &with(retailer(), "/contact/phone", "0791-88101234")).expect(201);
        for (pointer, wrong) in [("/uscc", "91360113Z99901681B"), ("/division_code", "360172")] {
            refused_at(&app.officer().post("/api/v1/recyclers", &with(recycler(), pointer, wrong)), pointer);
        }
        app.officer().post("/api/v1/recyclers", &recycler()).expect(201);
        let store = json!({"retailer_id": app.retailer_id(), "name": "三店", "address": "火炬大街3号",
            "division_code": "360122", "town": "昌东镇"});
        refused_at(&app.officer().post("/api/v1/stores", &store), "/division_code");
        let claim = with(TestApp::claim_body("nc-appl-2026", "refrigerator", None), "/division_code", "360105");
        refused_at(&app.consumer(0).post("/api/v1/vouchers", &claim), "/division_code");
    }

    /// A code of before and the same code in small letters are one car and one bike.
    fn one_identity_however_it_is_typed(app) {
        let turn_in = app.turn_in(&old_car(&app, 0));
        let typed = old_car(&app, 1);
        let vin = typed["item"]["vin"].as_str().unwrap().to_lowercase();
        let seen = app.recycler().post(TURN_INS, &with(typed, "/item/vin", format!(" {vin} "))).expect(201);
        assert_eq!(seen["item"]["vin"], vin.to_uppercase());
        let voucher = app.claim(0, "nc-car-2026", "car", Some(&turn_in));
        let car = new_car("nev", None);
        let sold = with(sale(&app, 0, &car, "180000.00"), "/qr_token", app.code(0, &voucher, "live"));
        let small = car["vin"].as_str().unwrap().to_lowercase();
        let redemption = app.retailer().post(REDEEM, &with(sold, "/item/vin", small)).made();
        assert_eq!(app.retailer().get(&format!("{REDEEM}/{redemption}")).expect(200)["item"]["vin"], car["vin"]);
        let bike = new_ebike("lead_acid");
        let turn_in = app.turn_in(&old_ebike(&app, 0, "lithium"));
        let voucher = app.claim(0, "nc-ebike-2026", "ebike", Some(&turn_in));
        let sold = with(sale(&app, 0, &bike, "2899.00"), "/qr_token", app.code(0, &voucher, "live"));
        let wrong = with(sold.clone(), "/item/ebike_code", "900020400000001");
        refused_at(&app.retailer().post(REDEEM, &wrong), "/item/ebike_code");
        app.retailer().post(REDEEM, &sold).expect(201);
    }
}
