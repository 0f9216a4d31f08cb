//! Files of many rows: every fault is told with its place, nothing is taken of a file that has one, and a file is taken once.

use huanxin::domain::identifier::synthetic;
use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};
use ureq::http::Method;

use crate::app::{Answer, TestApp, User};

const IMPORTS: &str = "/api/v1/imports";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const HEADS: [&str; 6] = ["商品条码", "品类", "品牌", "型号", "能效等级", "备案价格"];
/// Rows of the large file.
const ROWS: usize = 10_000;

fn send(user: &User<'_>, table: &str, dry_run: bool, media: &str, file: &[u8]) -> Answer {
    let path = format!("{IMPORTS}?table={table}&dry_run={dry_run}");
    user.send(Method::POST, &path, &[("Content-Type", media)], Some(file))
}

fn tried(user: &User<'_>, table: &str, file: &str) -> Value {
    let report = send(user, table, true, "text/csv", file.as_bytes()).expect(200);
    assert_eq!(report["dry_run"], true);
    report
}

/// Row, column and code of each fault of a report.
fn faults(report: &Value) -> Vec<(u64, String, String)> {
    let told = report["faults"].as_array().unwrap();
    assert_eq!(report["fault_count"], told.len());
    let text = |fault: &Value, name: &str| fault[name].as_str().unwrap().to_owned();
    told.iter().map(|fault| (fault["row"].as_u64().unwrap(), text(fault, "column"), text(fault, "code"))).collect()
}

/// The same of a problem, in the order of rows and columns.
fn problem_faults(answer: &Answer) -> Vec<(u64, String, String)> {
    let mut told: Vec<_> = answer.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            let parts: Vec<&str> = error["pointer"].as_str().unwrap().split('/').collect();
            let column = parts.get(3).copied().unwrap_or_default().to_owned();
            (parts[2].parse().unwrap(), column, error["code"].as_str().unwrap().to_owned())
        })
        .collect();
    told.sort();
    told
}

fn product(n: usize) -> [String; 6] {
    let category = ["冰箱", "washing_machine", "电视"][n % 3];
    [
        synthetic::gtin13(n as u64),
        category.to_owned(),
        ["海尔", "美的", "Hisense"][n % 3].to_owned(),
        format!("M-{n}"),
        if n.is_multiple_of(4) { String::new() } else { format!("{}", n % 5 + 1) },
        if n.is_multiple_of(7) { String::new() } else { format!("{}.{:02}", 1000 + n, n % 100) },
    ]
}

fn csv(heads: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut text = format!("{}\r\n", heads.join(","));
    for row in rows {
        let fields: Vec<String> = row.iter().map(|field| format!("\"{}\"", field.replace('"', "\"\""))).collect();
        text.push_str(&fields.join(","));
        text.push_str("\r\n");
    }
    text
}

/// Twenty-five faults: row, column, code, and what stands there.
fn planted(first: &str) -> Vec<(usize, usize, &'static str, String)> {
    let mut all: Vec<(usize, usize, &str, String)> = vec![
        (2, 0, "IDENTIFIER_INVALID", "6909794246737".into()),
        (17, 0, "FIELD_MISSING", String::new()),
        (400, 0, "IDENTIFIER_INVALID", "6.90979E+12".into()),
        (401, 0, "IDENTIFIER_INVALID", "６９０９７９４２４６７３８".into()),
        (777, 1, "BODY_MALFORMED", "冰柜".into()),
        (778, 1, "FIELD_MISSING", "  ".into()),
        (1200, 2, "FIELD_MISSING", String::new()),
        (1201, 2, "BODY_MALFORMED", "牌".repeat(201)),
        (1999, 3, "FIELD_MISSING", String::new()),
        (2000, 3, "BODY_MALFORMED", "M\u{7}".into()),
        (2500, 4, "IDENTIFIER_INVALID", "6".into()),
        (2501, 4, "IDENTIFIER_INVALID", "一级".into()),
        (2502, 4, "IDENTIFIER_INVALID", "0".into()),
        (3000, 5, "AMOUNT_MALFORMED", "1999.801".into()),
        (3001, 5, "AMOUNT_MALFORMED", "-1.00".into()),
        (3002, 5, "AMOUNT_MALFORMED", "1,999.80".into()),
        (3003, 5, "AMOUNT_MALFORMED", "¥1999".into()),
        (3004, 5, "AMOUNT_MALFORMED", "一千元".into()),
        (3005, 5, "AMOUNT_MALFORMED", "99999999999.00".into()),
    ];
    // A number of before, in three rows; and two faults each in two rows.
    all.extend([9998, 9999, 10_001].map(|row| (row, 0, "WRONG_STATE", first.to_owned())));
    all.push((3000, 4, "IDENTIFIER_INVALID", "x".into()));
    all.push((777, 5, "AMOUNT_MALFORMED", "x".into()));
    all.push((6000, 1, "BODY_MALFORMED", "=1+1".into()));
    assert_eq!(all.len(), 25);
    all
}

fn columns(column: usize) -> &'static str {
    ["gtin", "category", "brand", "model", "energy_level", "filed_price"][column]
}

fn listed(app: &TestApp) -> usize {
    app.officer().get("/api/v1/products?limit=200").expect(200)["items"].as_array().unwrap().len()
}

on_both! {
    /// Ten thousand rows, of which some are wrong: those are told, nothing is written; then all are, once.
    fn a_large_file_is_taken_whole_or_not_at_all(app) {
        let officer = app.officer();
        // The first row that stays as it is.
        let planted = planted(&synthetic::gtin13(3));
        let mut rows: Vec<Vec<String>> = (0..ROWS).map(|n| product(n + 1).to_vec()).collect();
        let good = csv(&HEADS, rows.clone());
        for (row, column, _, text) in &planted {
            rows[row - 2][*column].clone_from(text);
        }
        let bad = csv(&HEADS, rows);
        let mut expected: Vec<(u64, String, String)> = planted.iter()
            .map(|(row, column, code, _)| (*row as u64, columns(*column).to_owned(), (*code).to_owned())).collect();
        expected.sort_by_key(|(row, column, _)| (*row, (0..6).position(|at| columns(at) == column)));
        let report = tried(&officer, "products", &bad);
        assert_eq!((&report["rows"], &report["import"]), (&json!(ROWS), &json!(null)));
        assert_eq!(faults(&report), expected);
        expected.sort();
        let refused = send(&officer, "products", false, "text/csv", bad.as_bytes());
        assert_eq!(refused.status, 400);
        assert_eq!(problem_faults(&refused), expected);
        // Neither wrote anything.
        assert_eq!(listed(&app), 0);
        assert_eq!(officer.get(IMPORTS).expect(200)["items"], json!([]));

        assert_eq!(tried(&officer, "products", &good)["fault_count"], 0);
        assert_eq!(listed(&app), 0);
        let first = send(&officer, "products", false, "text/csv", good.as_bytes());
        assert!(!first.replayed());
        let first = first.expect(200);
        assert_eq!(first["import"]["rows"], ROWS);
        assert_eq!(listed(&app), 200);
        let again = send(&officer, "products", false, "text/csv", good.as_bytes());
        assert!(again.replayed());
        assert_eq!(again.expect(200), first);
        // Whoever sends it: the file is the same.
        let other = send(&app.somebody(huanxin::access::Role::Officer, None), "products", false, "text/csv", good.as_bytes());
        assert!(other.replayed());
        assert_eq!(officer.get(IMPORTS).expect(200)["items"], json!([first["import"]]));
        let last = product(ROWS);
        let found = app.retailer().get(&format!("/api/v1/products/{}", last[0])).expect(200);
        assert_eq!((&found["model"], &found["filed_price"]), (&json!(last[3]), &json!(last[5])));
        assert_eq!((&found["row"], &found["brand"]), (&json!(ROWS + 1), &json!("Midea")));
    }

    /// The newest list counts for what it lists. One that is put back after another is put anew.
    fn a_product_list_takes_the_place_of_another(app) {
        let officer = app.officer();
        let price = |price: &str| {
            let mut row = product(1).to_vec();
            row[5] = price.to_owned();
            csv(&HEADS, [row])
        };
        let (one, two) = (price("5000.00"), price("6000.00"));
        let take = |file: &str| {
            let answer = send(&officer, "products", false, "text/csv", file.as_bytes());
            (answer.replayed(), answer.expect(200)["import"]["id"].as_str().unwrap().to_owned())
        };
        let shown = || app.retailer().get(&format!("/api/v1/products/{}", product(1)[0])).expect(200);
        let (_, first) = take(&one);
        let (_, second) = take(&two);
        assert_eq!(shown()["filed_price"], "6000.00");
        let (replayed, third) = take(&one);
        assert!(!replayed && first != third && second != third);
        assert_eq!(take(&one), (true, third));
        let shown = shown();
        assert_eq!(shown["filed_price"], "5000.00");
        let earlier: Vec<&str> =
            shown["earlier"].as_array().unwrap().iter().map(|entry| entry["filed_price"].as_str().unwrap()).collect();
        assert_eq!(earlier, ["6000.00", "5000.00"]);
        assert_eq!(listed(&app), 1);
        assert_eq!(officer.get("/api/v1/products?brand=%E7%BE%8E%E7%9A%84").expect(200)["items"].as_array().unwrap().len(), 1);
        assert_eq!(officer.get("/api/v1/products?category=car").expect(200)["items"], json!([]));
        for gtin in ["1", "06909794246745", "x", "00000000000000"] {
            officer.get(&format!("/api/v1/products/{gtin}")).refused(404, "NOT_FOUND");
        }
    }

    /// As office programs save them: a workbook, and a text in the character set of here.
    fn retailers_their_stores_and_collection_points_come_as_files(app) {
        let officer = app.officer();
        let heads = ["名称", "统一社会信用代码", "区划代码", "开户行", "账号", "户名", "联系人", "联系电话"];
        let retailer = |n: u64| [
            format!("南昌示例{n}家电有限公司"), synthetic::uscc(100 + n), "360111、360113".to_owned(), "中国银行".to_owned(),
            format!("15022060093000{n:05}"), format!("示例{n}"), synthetic::person_name(100 + n), synthetic::mobile(100 + n),
        ];
        let workbook = |change: &dyn Fn(&mut [String; 8])| {
            let mut workbook = Workbook::new();
            let sheet = workbook.add_worksheet();
            for (column, head) in (0..).zip(heads) {
                sheet.write_string(0, column, head).unwrap();
            }
            for n in 1..=3_u32 {
                let mut row = retailer(n.into());
                change(&mut row);
                for (column, field) in (0..).zip(&row) {
                    sheet.write_string(n, column, field).unwrap();
                }
            }
            workbook.save_to_buffer().unwrap()
        };
        let wrong = workbook(&|row| if row[5] == "示例2" {
            row[4] = "12".to_owned();
            row[7] = "1330005242".to_owned();
            row[2] = "360122".to_owned();
        });
        let report = send(&officer, "retailers", true, XLSX, &wrong).expect(200);
        let told = [(3, "divisions"), (3, "account_number"), (3, "contact_phone")];
        assert_eq!(faults(&report), told.map(|(row, column)| (row, column.to_owned(), "IDENTIFIER_INVALID".to_owned())));
        assert!(report["faults"].as_array().unwrap().iter().all(|fault| fault["found"] != "1330005242"));
        let taken = send(&officer, "retailers", false, XLSX, &workbook(&|_| {})).expect(200);
        assert_eq!((&taken["import"]["rows"], &taken["import"]["entries_sha256"]), (&json!(3), &json!(null)));
        let shown = officer.get("/api/v1/retailers?limit=3").expect(200);
        let mut names: Vec<&str> = shown["items"].as_array().unwrap().iter().map(|row| {
            assert_eq!(row["status"], "registered");
            row["name"].as_str().unwrap()
        }).collect();
        names.sort_unstable();
        assert_eq!(names, ["南昌示例1家电有限公司", "南昌示例2家电有限公司", "南昌示例3家电有限公司"]);
        // The same retailers in another file are there already.
        let other = workbook(&|row| row[3] = "中国建设银行".to_owned());
        let told = faults(&send(&officer, "retailers", true, XLSX, &other).expect(200));
        assert_eq!(told, [2, 3, 4].map(|row| (row, "uscc".to_owned(), "WRONG_STATE".to_owned())));
        send(&officer, "retailers", false, XLSX, &other).refused(409, "WRONG_STATE");

        let stores = |uscc: u64, name: &str| csv(
            &["商家统一社会信用代码", "name", "地址", "区划代码", "乡镇街道"],
            [vec![synthetic::uscc(101), "高新旗舰店".into(), "火炬大街1号".into(), "360111".into(), "昌东镇".into()],
             vec![synthetic::uscc(uscc), name.into(), "火炬大街2号".into(), "360111".into(), "麻丘镇".into()]],
        );
        let file = stores(999, "二店");
        let report = tried(&officer, "stores", &file);
        assert_eq!(faults(&report), [(3, "uscc".to_owned(), "NOT_FOUND".to_owned())]);
        let twice = tried(&officer, "stores", &stores(101, "高新旗舰店"));
        assert_eq!(faults(&twice), [(3, "name".to_owned(), "WRONG_STATE".to_owned())]);
        let file = stores(101, "二店");
        let (bytes, ..) = encoding_rs::GB18030.encode(&file);
        let taken = send(&officer, "stores", false, "text/csv; charset=gb18030", &bytes).expect(200);
        assert_eq!((&taken["charset"], &taken["import"]["rows"]), (&json!("GB18030"), &json!(2)));
        assert_eq!(faults(&tried(&officer, "stores", &stores(102, "二店"))),
            [(2, "name".to_owned(), "WRONG_STATE".to_owned())]);

        let points = |name: &str| csv(
            &["name", "uscc", "address", "division_code", "town", "opening_hours", "latitude", "longitude", "categories"],
            [vec![name.into(), synthetic::uscc(120), "艾溪湖北路66号".into(), "360111".into(), "艾溪湖管理处".into(),
                "每日9:00-18:00".into(), "28.691234".into(), "115.951234".into(), "冰箱 television".into()]],
        );
        let wrong = points("").replace("television", "冰柜").replace("115.951234", "215.9");
        assert_eq!(faults(&tried(&officer, "recyclers", &wrong)), [(2, "name", "FIELD_MISSING"),
            (2, "longitude", "BODY_MALFORMED"), (2, "categories", "BODY_MALFORMED")]
            .map(|(row, column, code)| (row, column.to_owned(), code.to_owned())));
        send(&officer, "recyclers", false, "text/csv", points("导入回收点").as_bytes()).expect(200);
        let near = app.nobody().get("/api/v1/collection-points?limit=200").expect(200);
        let found = near["items"].as_array().unwrap().iter().find(|point| point["name"] == "导入回收点").unwrap();
        assert_eq!(found["categories"], json!(["refrigerator", "television"]));
        assert_eq!(officer.get("/api/v1/imports?table=stores").expect(200)["items"].as_array().unwrap().len(), 1);
    }

    fn a_file_that_says_nothing_is_refused(app) {
        let officer = app.officer();
        let whole = |file: &[u8], media: &str| {
            let answer = send(&officer, "products", true, media, file);
            answer.refused(400, "BODY_MALFORMED");
        };
        for file in [b"".as_slice(), b"gtin,category,brand,model\r\n", b",,,\r\n", b"\xFF\xFEa\0", b"\xFFabc"] {
            whole(file, "text/csv");
        }
        for file in [b"".as_slice(), b"PK", b"gtin,category\r\n"] {
            whole(file, XLSX);
        }
        whole(b"gtin", "text/plain");
        let long = vec![b'a'; 9 * 1024 * 1024];
        whole(&long, "text/csv");
        // Of heads that are not those of the table, each is told.
        let answer = send(&officer, "products", true, "text/csv", "gtin,gtin,颜色,brand\n1,2,3,4\n".as_bytes());
        let told: Vec<(String, String)> = problem_faults(&answer).into_iter().map(|(_, column, code)| (column, code)).collect();
        let expected = [("", "FIELD_UNKNOWN"), ("category", "FIELD_MISSING"), ("gtin", "BODY_MALFORMED"), ("model", "FIELD_MISSING")];
        assert_eq!(told, expected.map(|(column, code)| (column.to_owned(), code.to_owned())));
        let other = app.officer().send(Method::POST, IMPORTS, &[("Content-Type", "text/csv")], Some(b"x"));
        assert_eq!(other.refused_alone(400, "FIELD_MISSING"), "/table");
    }
}
