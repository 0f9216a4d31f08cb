//! A table run through the engine and through the command line.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use huanxin::cli::quote;
use huanxin::domain::command::{Act, Outcome, Redeemed};
use huanxin::domain::goods::{NewItem, OldItem};
use huanxin::domain::id::Id;
use huanxin::domain::identifier::synthetic;
use huanxin::domain::money::Fen;
use huanxin::domain::programme::{MatchedAt, Matching, Rules, from_toml};
use huanxin::domain::time::Moment;
use huanxin::engine::{Clock, Reply, Runner};
use serde_json::{Value, json};

use super::case::{Case, Gives, Refuses, Splits, Table};
use crate::fixtures::{
    District, SaleOf, TestDatabase, claim, codes, command, day, done, fen, made, new_item, old_item, turn_in,
};
use crate::properties::assert_books;

/// The day on which the fixtures' old items were received: here it only says that a case does not care.
const SOME_DAY: &str = "2026-05-01";

pub fn path_of(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("programmes").join(format!("{file}.toml"))
}

/// The rules of a shipped file.
pub fn shipped(file: &str) -> Rules {
    from_toml(&std::fs::read_to_string(path_of(file)).unwrap()).unwrap()
}

/// Both ways, one after the other.
pub fn check(mut table: Table) {
    let moments: Vec<_> = table.cases.iter().map(|case| case.moment(&table)).collect();
    for ((n, case), now) in (1..).zip(&mut table.cases).zip(moments) {
        let fresh = new_item(case.item.category, n);
        (case.item.serial_number, case.item.vin) = (fresh.serial_number, fresh.vin);
        case.item.ebike_code = fresh.ebike_code.map(|_| made_before(now, n));
        if let Some(old) = &mut case.old {
            let fresh = old_item(old.category, n);
            (old.serial_number, old.vin) = (fresh.serial_number, fresh.vin);
            old.ebike_code = fresh.ebike_code.map(|_| made_before(now, 1_000_000 + n));
            if old.received_on == day(SOME_DAY) {
                old.received_on = now.day();
            }
        }
    }
    through_the_engine(&table);
    through_quote(&table);
}

/// The code of an e-bike that is no younger than the sale: the year of production stands in it.
fn made_before(sale: Moment, n: u64) -> String {
    let this_year = sale.day().year() % 100;
    let codes = (0..8).map(|turn| synthetic::ebike_code(n + 10_001 * turn));
    codes.into_iter().find(|code| code[5..7].parse::<i32>().unwrap() <= this_year).unwrap()
}

/// The programme of a case: the shipped one, or the variant under a word of its own.
fn programme(table: &Table, n: u64, case: &Case) -> Rules {
    let mut rules = shipped(table.file);
    if let Some(change) = case.variant {
        change(&mut rules);
        rules.id = format!("variant-{n}");
    }
    rules
}

fn assert_given(name: &str, case: &Case, subsidy: Fen, pays: Fen, funding: &[(String, Fen)]) {
    let sum = |merchant: bool| {
        let shares = funding.iter().filter(|(source, _)| (source == "merchant") == merchant);
        shares.map(|(_, amount)| *amount).sum::<Fen>()
    };
    assert_eq!(sum(false), subsidy, "{name}: public shares");
    assert_eq!(pays, case.price() - subsidy - sum(true), "{name}: what the consumer pays");
    match case.brings {
        Gives(expected) => assert_eq!((subsidy, sum(true)), (fen(expected), Fen::ZERO), "{name}"),
        Splits(expected, expected_pays, expected_shares) => {
            assert_eq!((subsidy, pays), (fen(expected), fen(expected_pays)), "{name}");
            let shares: Vec<_> =
                expected_shares.iter().map(|(source, part)| ((*source).to_owned(), fen(part))).collect();
            assert_eq!(funding, shares, "{name}");
        }
        Refuses(code) => panic!("{name}: gave {subsidy}, expected {code:?}"),
    }
}

// ---------------------------------------------------------------- through the engine

/// A runner with a district in which programmes are published, on a database of its own.
pub struct Market {
    pub database: TestDatabase,
    pub runner: Runner,
    pub district: District,
    now: Moment,
    steps: u64,
}

impl Market {
    pub fn open(now: Moment, programmes: Vec<Rules>) -> Self {
        let database = TestDatabase::sqlite();
        let mut runner = database.runner(Clock::standing_at(now));
        let district = District::open(&mut runner, programmes);
        Self { database, runner, district, now, steps: 0 }
    }

    /// Time passes; it never goes back.
    pub fn set_time(&mut self, now: Moment) {
        self.now = now;
        self.runner.set_clock(Clock::standing_at(now));
    }

    /// One command, in a batch of its own.
    pub fn step(&mut self, act: Act) -> Reply {
        self.steps += 1;
        self.runner.run(&[Arc::new(command(&["step", &self.steps.to_string()], act))]).remove(0)
    }

    /// The turn-in of a person's old item.
    pub fn hand_in(&mut self, owner: u64, old: OldItem) -> Id {
        let act = turn_in(&self.district, owner, old);
        made(&self.step(act))
    }

    /// A claim in the programme's region; the old item goes along where it is matched then.
    pub fn claim(&mut self, holder: u64, rules: &Rules, case: &Case, old: Option<Id>) -> Reply {
        let mut act = claim(holder, &rules.id, case.item.category, old.filter(|_| at_issue(rules)));
        if let (Act::ClaimVoucher(claim), Some(prefix)) = (&mut act, rules.region.divisions.first()) {
            claim.division_code = format!("{prefix:0<6}");
        }
        self.step(act)
    }

    /// The sale on a voucher; the old item goes along where it is matched now.
    pub fn redeem(&mut self, holder: u64, rules: &Rules, case: &Case, voucher: Id, old: Option<Id>) -> Reply {
        let sale = SaleOf {
            voucher,
            holder,
            seller: self.district.sellers[0],
            item: case.item.clone(),
            price: case.price(),
            invoice: holder,
            turn_in: old.filter(|_| !at_issue(rules)),
            now: self.now,
        };
        let mut redeem = sale.redeem();
        let (price, invoice) = (redeem.price.as_mut().unwrap(), redeem.invoice.as_mut().unwrap());
        (price.list, price.discounts, price.paid) = (fen(case.list), fen(case.discounts), case.paid.map(fen));
        if let Some(on) = case.invoiced_on {
            invoice.issued_on = day(on);
        }
        redeem.delivery.division_code = case.delivered_to.map(str::to_owned);
        self.step(Act::RedeemVoucher(Box::new(redeem)))
    }

    /// Turn-in, claim and redemption; the answer of the first that is refused, or of the redemption.
    fn sell(&mut self, n: u64, rules: &Rules, case: &Case) -> Reply {
        for earlier in 0..u64::from(case.used) {
            let another = case.old.as_ref().map(|old| old_item(old.category, 10_000 * n + earlier));
            let another = another.map(|item| OldItem {
                vin: item.vin,
                ebike_code: item.ebike_code,
                serial_number: item.serial_number,
                ..case.old.clone().unwrap()
            });
            let old = another.map(|item| self.hand_in(n, item));
            done(&self.claim(n, rules, case, old));
        }
        let owner = if case.of_another { n + 1000 } else { n };
        let old = case.old.clone().map(|item| self.hand_in(owner, item));
        let claimed = self.claim(n, rules, case, old)?;
        self.redeem(n, rules, case, made(&Ok(claimed)), old)
    }
}

fn at_issue(rules: &Rules) -> bool {
    rules.old_item.matching != Matching::None && rules.old_item.matched_at == MatchedAt::Issue
}

fn through_the_engine(table: &Table) {
    let mut cases: Vec<(u64, &Case)> = (1..).zip(&table.cases).collect();
    cases.sort_by_key(|(_, case)| case.moment(table));
    let variants = cases.iter().filter(|(_, case)| case.variant.is_some());
    let programmes = variants.map(|(n, case)| programme(table, *n, case));
    let programmes = std::iter::once(shipped(table.file)).chain(programmes).collect();
    let mut market = Market::open(cases[0].1.moment(table), programmes);
    for (n, case) in cases {
        let name = format!("{}, {}, through the engine", table.file, case.name);
        market.set_time(case.moment(table));
        let reply = market.sell(n, &programme(table, n, case), case);
        match (&case.brings, &reply) {
            (Refuses(code), _) => assert_eq!(codes(&reply).first(), Some(code), "{name}: {reply:?}"),
            (_, Ok(answer)) => {
                let Outcome::Redeemed(given) = &answer.outcome else { panic!("{name}: {answer:?}") };
                assert_given(&name, case, given.subsidy, given.consumer_pays, &shares(given));
            }
            (_, Err(_)) => panic!("{name}: {reply:?}"),
        }
    }
    assert_books(&market.database);
}

fn shares(given: &Redeemed) -> Vec<(String, Fen)> {
    given.funding.iter().map(|share| (share.source.to_string(), share.amount)).collect()
}

// ---------------------------------------------------------------- through the command line

fn through_quote(table: &Table) {
    let folder = tempfile::tempdir().unwrap();
    for (n, case) in (1..).zip(&table.cases) {
        let name = format!("{}, {}, through quote", table.file, case.name);
        let variant = folder.path().join("variant.json");
        let file = match case.variant {
            None => path_of(table.file),
            Some(_) => {
                std::fs::write(&variant, serde_json::to_string(&programme(table, n, case)).unwrap()).unwrap();
                variant
            }
        };
        let question = folder.path().join("input.json");
        std::fs::write(&question, question_of(table, n, case).to_string()).unwrap();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = quote::run(&file, &question, &mut out, &mut err);
        assert!(err.is_empty(), "{name}: {}", String::from_utf8_lossy(&err));
        let answer: Value = serde_json::from_slice(&out).unwrap();
        if let Refuses(expected) = case.brings {
            assert_eq!((code, &answer["refusals"][0]["code"]), (1, &json!(expected.name())), "{name}: {answer}");
            continue;
        }
        assert_eq!(code, 0, "{name}: {answer}");
        let amount = |value: &Value| fen(value.as_str().unwrap());
        let shares = answer["funding"].as_array().unwrap().iter();
        let shares = shares.map(|share| (share["source"].as_str().unwrap().to_owned(), amount(&share["amount"])));
        let shares: Vec<_> = shares.collect();
        assert_given(&name, case, amount(&answer["subsidy"]), amount(&answer["consumer_pays"]), &shares);
    }
}

/// The input of `quote`, as an officer writes it.
fn question_of(table: &Table, n: u64, case: &Case) -> Value {
    let now = case.moment(table);
    let today = now.day().to_string();
    let number = format!("{}{}", &today[2..4], &synthetic::invoice_number(n)[2..]);
    let mut body = json!({
        "item": new_item_json(&case.item),
        "price": {"list": case.list, "discounts": case.discounts, "final": case.price()},
        "invoice": {"number": number, "issued_on": case.invoiced_on.unwrap_or(&today), "total": case.price(),
            "buyer_name": synthetic::person_name(n)},
        "person": {"name": synthetic::person_name(n), "resident_id": synthetic::resident_id(n),
            "used_in_category": case.used, "used_this_year": case.used},
        "at": case.at.unwrap_or(table.now),
    });
    if let Some(paid) = case.paid {
        body["price"]["paid"] = json!(paid);
    }
    if let Some(division) = case.delivered_to {
        body["delivery_division_code"] = json!(division);
    }
    if let Some(old) = &case.old {
        body["turn_in"] = turn_in_json(old, if case.of_another { n + 1000 } else { n });
    }
    body
}

fn new_item_json(item: &NewItem) -> Value {
    let mut body = serde_json::to_value(item).unwrap();
    if let Some(cc) = body.as_object_mut().unwrap().remove("displacement_cc").and_then(|cc| cc.as_u64()) {
        body["displacement_litres"] = json!(format!("{}.{:03}", cc / 1000, cc % 1000));
    }
    body
}

fn turn_in_json(old: &OldItem, owner: u64) -> Value {
    let mut item = serde_json::to_value(old).unwrap();
    for elsewhere in ["category", "evidence", "received_on", "credit"] {
        item.as_object_mut().unwrap().remove(elsewhere);
    }
    let mut body = json!({
        "category": old.category,
        "owner": {"name": synthetic::person_name(owner), "resident_id": synthetic::resident_id(owner)},
        "item": item,
        "evidence": old.evidence.iter().map(|piece| json!({"kind": piece.kind})).collect::<Vec<_>>(),
        "received_on": old.received_on,
    });
    if let Some(credit) = old.credit {
        body["credit"] = json!(credit);
    }
    body
}
