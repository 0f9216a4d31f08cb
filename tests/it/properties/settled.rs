//! What must hold of settlements at rest, summed up here from the rows alone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{number, text};
use crate::fixtures::{Rows, fen};

/// What was approved, paid, set off and repaid, against the ledger, the reports and the bank's files.
pub fn assert_settlements(rows: &Rows) {
    let moved = Moved::of(rows);
    for settlement in &rows["settlement"] {
        assert_totals(rows, settlement);
        assert_money(&moved, settlement);
        assert_hands(settlement);
    }
    assert_repaid(rows, &moved);
    assert_on_their_way(rows);
    assert_bank(rows);
    let total = |column: &str| rows["rollup"].iter().map(|row| number(row, column)).sum::<i64>();
    let approved = rows["settlement"].iter().filter(|row| !row["approved_fen"].is_null());
    assert_eq!(total("amount_approved_fen"), approved.map(|row| number(row, "approved_fen")).sum::<i64>());
    assert_eq!(total("amount_paid_fen"), moved.paid.values().sum::<i64>());
    assert_eq!(total("amount_recovered_fen"), moved.recovered.values().sum::<i64>());
}

/// What the ledger has moved for each settlement and repayment.
#[derive(Default)]
struct Moved {
    paid: BTreeMap<String, i64>,
    recovered: BTreeMap<String, i64>,
}

impl Moved {
    fn of(rows: &Rows) -> Self {
        let mut moved = Self::default();
        for row in &rows["movement"] {
            match row["kind"].as_str() {
                Some("pay") => *moved.paid.entry(text(row, "subject")).or_default() += number(row, "paid_fen"),
                Some("recover" | "restore") => {
                    *moved.recovered.entry(text(row, "subject")).or_default() -= number(row, "clawback_fen");
                }
                _ => {}
            }
        }
        moved
    }
}

fn body(settlement: &Value) -> Value {
    serde_json::from_str(&text(settlement, "body")).unwrap()
}

/// Lines and fen, of portions written as JSON.
fn sum(portions: &Value) -> (i64, i64) {
    let all = portions.as_array().unwrap().iter();
    all.fold((0, 0), |sum, row| (sum.0 + number(row, "lines"), sum.1 + fen(&text(row, "amount")).0))
}

/// What was submitted and not refused is what lies in its buckets, unless it was given back; and is what was frozen.
fn assert_totals(rows: &Rows, settlement: &Value) {
    let own: Vec<&Value> =
        rows["settlement_bucket"].iter().filter(|bucket| bucket["settlement"] == settlement["id"]).collect();
    let named: BTreeSet<String> = own.iter().map(|bucket| text(bucket, "id")).collect();
    let body = body(settlement);
    let taken: BTreeSet<String> =
        body["buckets"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
    assert_eq!(named, taken, "{settlement}");
    let inside = own.iter().map(|bucket| sum(&serde_json::from_str(&text(bucket, "portions")).unwrap()));
    let inside = inside.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let left = (
        number(settlement, "submitted_lines") - number(settlement, "rejected_lines"),
        number(settlement, "submitted_fen") - number(settlement, "rejected_fen"),
    );
    for bucket in &own {
        assert_eq!(bucket["stage"], settlement["status"], "{bucket}");
        assert_eq!(bucket["retailer"], settlement["retailer"], "{bucket}");
        let days = number(settlement, "from_day")..=number(settlement, "to_day");
        assert!(days.contains(&number(bucket, "day")), "{bucket} of {settlement}");
    }
    if settlement["status"] != "returned" && settlement["status"] != "closed" {
        assert_eq!(inside, left, "{settlement}");
    }
    if !settlement["approved_fen"].is_null() {
        let approved = (number(settlement, "approved_lines"), number(settlement, "approved_fen"));
        assert_eq!((approved, sum(&body["frozen"]["portions"])), (left, left), "{settlement}");
    }
    let refused = rows["line_rejection"].iter().filter(|row| row["settlement"] == settlement["id"]);
    let refused = refused.fold((0, 0), |sum, row| (sum.0 + number(row, "lost_lines"), sum.1 + number(row, "lost_fen")));
    // What was refused before it was given back is no part of what was submitted again.
    let rejected = (number(settlement, "rejected_lines"), number(settlement, "rejected_fen"));
    assert!(rejected.0 <= refused.0 && rejected.1 <= refused.1, "{settlement} has lost {refused:?}");
}

/// What a settlement pays moves once, when it is paid; what it sets off, when it is approved.
fn assert_money(moved: &Moved, settlement: &Value) {
    let id = text(settlement, "id");
    let (paid, recovered) = (moved.paid.get(&id).copied(), moved.recovered.get(&id).copied());
    let due = if settlement["status"] == "paid" { number(settlement, "approved_fen") } else { 0 };
    assert_eq!(paid.unwrap_or_default(), due, "{settlement}");
    assert_eq!(recovered.unwrap_or_default(), number(settlement, "recovered_fen"), "{settlement}");
}

/// Who approves had no hand in it before, whatever way it has gone, and who records the payment did not approve it.
fn assert_hands(settlement: &Value) {
    let body = body(settlement);
    let by = |signature: &Value| signature["by"].as_str().map(ToOwned::to_owned);
    let before = [&body["acceptance"], &body["review"]].into_iter().filter_map(by);
    let submitted = body["submitted_by"].as_str().map(ToOwned::to_owned);
    let texts = |list: &Value| {
        let all = list.as_array().into_iter().flatten();
        all.filter_map(|id| id.as_str().map(ToOwned::to_owned)).collect::<Vec<String>>()
    };
    let withdrawn = body["withdrawn"].as_array().into_iter().flatten();
    let withdrawn = withdrawn.flat_map(|one| {
        let approvals = one["approvals"].as_array().unwrap().iter();
        approvals.chain([&one["signature"]]).filter_map(by).collect::<Vec<String>>()
    });
    let before = before.chain(submitted).chain(withdrawn).chain(texts(&body["submitters"]));
    let hands: BTreeSet<String> = before.chain(texts(&body["rejecters"])).collect();
    let approvers: BTreeSet<String> = body["approvals"].as_array().unwrap().iter().filter_map(by).collect();
    assert!(hands.is_disjoint(&approvers), "{settlement}");
    let transferred = number(settlement, "recovered_fen") < settlement["approved_fen"].as_i64().unwrap_or_default();
    if let (true, Some(payer)) = (transferred, by(&body["payment"]["recorded"])) {
        assert!(!approvers.contains(&payer), "{settlement}");
    }
    assert_eq!(body["payment"].is_null(), settlement["status"] != "paid", "{settlement}");
}

/// A repayment is gone to the lines on which something was owed back, to the fen.
fn assert_repaid(rows: &Rows, moved: &Moved) {
    for repayment in &rows["repayment"] {
        let moved = moved.recovered.get(&text(repayment, "id"));
        assert_eq!(moved, Some(&number(repayment, "amount_fen")), "{repayment}");
    }
}

/// A retailer's account stands still while a settlement is on its way to it, and only then.
fn assert_on_their_way(rows: &Rows) {
    for retailer in &rows["retailer"] {
        let paying: Vec<String> = serde_json::from_str(&text(retailer, "paying")).unwrap();
        let own = |row: &&Value| row["retailer"] == retailer["id"] && row["status"] == "approved";
        let waits: BTreeSet<String> = rows["settlement"].iter().filter(own).map(|row| text(row, "id")).collect();
        assert_eq!(paying.into_iter().collect::<BTreeSet<_>>(), waits, "{retailer}");
    }
}

/// A settlement waits in one file for the bank at most, a file's rows that wait are those it names, and what matched was
/// paid, once.
fn assert_bank(rows: &Rows) {
    for settlement in rows["settlement"].iter().filter(|row| !row["batch"].is_null()) {
        let batch = rows["payment_batch"].iter().find(|row| row["id"] == settlement["batch"]).unwrap();
        let sent: Vec<String> = serde_json::from_str(&text(batch, "settlements")).unwrap();
        assert!(sent.contains(&text(settlement, "id")), "{settlement} in {batch}");
    }
    for batch in &rows["payment_batch"] {
        let sent: Vec<String> = serde_json::from_str(&text(batch, "settlements")).unwrap();
        // One that has left the file may be worth something else by now.
        let still = |row: &&Value| row["batch"] == batch["id"];
        let still: Vec<&Value> = rows["settlement"].iter().filter(still).collect();
        if still.len() == sent.len() {
            let transfer = |row: &&Value| number(row, "approved_fen") - number(row, "recovered_fen");
            assert_eq!(number(batch, "total_fen"), still.iter().map(transfer).sum::<i64>(), "{batch}");
        }
        let waits: BTreeSet<String> = serde_json::from_str(&text(batch, "open")).unwrap();
        let open = |row: &&Value| row["batch"] == batch["id"] && row["status"] == "open";
        let open: BTreeSet<String> =
            rows["reconciliation_row"].iter().filter(open).map(|row| text(row, "id")).collect();
        assert_eq!(waits, open, "{batch}");
    }
    let mut matched = BTreeSet::new();
    for row in rows["reconciliation_row"].iter().filter(|row| row["kind"] == "matched") {
        let id = text(row, "settlement");
        let settlement = rows["settlement"].iter().find(|settlement| text(settlement, "id") == id).unwrap();
        assert_eq!(settlement["status"], "paid", "{row}");
        assert!(matched.insert(id), "{row} pays a second time");
    }
}
