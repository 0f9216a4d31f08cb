//! Subsidies that were worked out by hand, twice: through the engine, from the turn-in to the redemption, and through
//! `huanxin quote`. The number is that of the row in the published calculations; a row without one is a boundary.

use std::path::Path;
use std::sync::Arc;

use huanxin::cli::quote;
use huanxin::domain::command::{Act, Outcome};
use huanxin::domain::goods::{Battery, Category, Disposal, Fuel, NewItem, OldItem, Powertrain};
use huanxin::domain::identifier::synthetic;
use huanxin::domain::money::Fen;
use huanxin::domain::programme::from_toml;
use huanxin::domain::refusal::Code;
use huanxin::engine::{Clock, Failure, Reply, Runner};
use serde_json::{Value, json};

use super::fixtures::{
    APPLIANCES, CARS, District, EBIKES, SaleOf, TestDatabase, at, claim, codes, command, day, done, fen, made,
    new_item, old_item, person, rules, turn_in,
};

const NOW: &str = "2026-06-18T10:00:00+08:00";
/// The appliances' programme, but with an old item of any category.
const ANY_CATEGORY: &str = "nc-appl-any";

/// What a sale is to bring.
enum Brings {
    /// Subsidy, and what the consumer pays.
    Gives(&'static str, &'static str),
    /// The most urgent code.
    Refuses(Code),
}
use Brings::{Gives, Refuses};

/// A sale, with an old item unless there is none.
struct Case {
    name: &'static str,
    programme: &'static str,
    item: NewItem,
    list: &'static str,
    discounts: &'static str,
    paid: Option<&'static str>,
    invoiced_on: &'static str,
    old: Option<OldItem>,
    /// The old item is somebody else's.
    of_another: bool,
    brings: Brings,
}

fn case(
    name: &'static str,
    programme: &'static str,
    item: NewItem,
    list: &'static str,
    old: OldItem,
    brings: Brings,
) -> Case {
    let (discounts, paid, invoiced_on) = ("0.00", None, "2026-06-18");
    Case { name, programme, item, list, discounts, paid, invoiced_on, old: Some(old), of_another: false, brings }
}

fn level(category: Category, level: u8) -> NewItem {
    NewItem { energy_level: Some(level), ..new_item(category, 0) }
}

fn petrol(cc: u32) -> NewItem {
    NewItem { powertrain: Some(Powertrain::Petrol), displacement_cc: Some(cc), ..new_item(Category::Car, 0) }
}

fn bike(battery: Battery) -> NewItem {
    NewItem { battery: Some(battery), ..new_item(Category::Ebike, 0) }
}

fn old_bike(battery: Battery) -> OldItem {
    OldItem { battery: Some(battery), ..old_item(Category::Ebike, 0) }
}

fn old_car(fuel: Fuel, registered: &str) -> OldItem {
    OldItem { fuel: Some(fuel), first_registered_on: Some(day(registered)), ..old_item(Category::Car, 0) }
}

fn appliances() -> Vec<Case> {
    use Category::{Cooker, Refrigerator, Television, WashingMachine};
    let fridge =
        |name, list, brings| case(name, APPLIANCES, level(Refrigerator, 1), list, old_item(Refrigerator, 0), brings);
    let washer = old_item(WashingMachine, 0);
    let tv = || old_item(Television, 0);
    vec![
        Case { discounts: "700.00", ..fridge("15", "6999.00", Gives("944.85", "5354.15")) },
        case("17", APPLIANCES, level(WashingMachine, 2), "3299.00", washer, Refuses(Code::EnergyLevelNotEligible)),
        Case { old: Some(tv()), ..fridge("24", "5000.00", Refuses(Code::OldItemCategoryMismatch)) },
        Case { programme: ANY_CATEGORY, old: Some(tv()), ..fridge("24 any", "5000.00", Gives("750.00", "4250.00")) },
        Case { of_another: true, ..fridge("25", "5000.00", Refuses(Code::OldItemOwnerMismatch)) },
        Case { paid: Some("4000.00"), ..fridge("27", "4999.00", Refuses(Code::InvoiceAmountMismatch)) },
        Case { paid: Some("4249.15"), ..fridge("27 right", "4999.00", Gives("749.85", "4249.15")) },
        fridge("a fen below the cap", "9999.99", Gives("1499.99", "8500.00")),
        fridge("at the cap", "10000.00", Gives("1500.00", "8500.00")),
        fridge("above the cap", "10000.01", Gives("1500.00", "8500.01")),
        fridge("the least", "0.07", Gives("0.01", "0.06")),
        fridge("less than the least", "0.06", Refuses(Code::SubsidyBelowOneFen)),
        Case { old: None, ..fridge("no old item", "5000.00", Refuses(Code::OldItemMissing)) },
        Case { invoiced_on: "2026-01-01", ..fridge("first day of invoices", "5000.00", Gives("750.00", "4250.00")) },
        Case { invoiced_on: "2025-12-31", ..fridge("too early", "5000.00", Refuses(Code::InvoiceOutsideWindow)) },
        case("six categories", APPLIANCES, level(Cooker, 1), "900.00", old_item(Cooker, 0), {
            Refuses(Code::CategoryNotEligible)
        }),
    ]
}

fn ebikes() -> Vec<Case> {
    use Battery::{LeadAcid, Lithium};
    let ebike = |name, new, old, brings| case(name, EBIKES, bike(new), "2899.00", old_bike(old), brings);
    let incomplete = OldItem { complete: Some(false), ..old_bike(Lithium) };
    vec![
        ebike("lithium to lead-acid", LeadAcid, Lithium, Gives("700.00", "2199.00")),
        ebike("lead-acid to lead-acid", LeadAcid, LeadAcid, Gives("500.00", "2399.00")),
        ebike("lithium to lithium", Lithium, Lithium, Gives("500.00", "2399.00")),
        ebike("lead-acid to lithium", Lithium, LeadAcid, Gives("500.00", "2399.00")),
        Case { old: Some(incomplete), ..ebike("no battery", LeadAcid, Lithium, Refuses(Code::OldItemIncomplete)) },
        Case { old: None, ..ebike("no old e-bike", LeadAcid, Lithium, Refuses(Code::OldItemMissing)) },
    ]
}

fn cars() -> Vec<Case> {
    let old = || old_car(Fuel::Petrol, "2012-03-01");
    let nev = |name, list, old, brings| case(name, CARS, new_item(Category::Car, 0), list, old, brings);
    let full = || Gives("20000.00", "160000.00");
    let scrapped = |name, fuel, day, brings| nev(name, "180000.00", old_car(fuel, day), brings);
    let too_new = || Refuses(Code::OldItemTooNew);
    let owned = |since: &str| OldItem { owned_since: Some(day(since)), ..old() };
    let sold_on = OldItem { disposal: Some(Disposal::Transferred), ..old() };
    let without_proof = OldItem { evidence: old().evidence[..1].to_vec(), ..old() };
    vec![
        nev("36", "180000.00", old(), full()),
        case("38", CARS, petrol(1500), "149900.00", old(), Gives("14990.00", "134910.00")),
        nev("a fen below the cap", "166666.66", old(), Gives("19999.99", "146666.67")),
        nev("at the cap", "166666.67", old(), Gives("20000.00", "146666.67")),
        case("2.0 litres", CARS, petrol(2000), "150000.00", old(), Gives("15000.00", "135000.00")),
        case("2.5 litres", CARS, petrol(2500), "150000.00", old(), Refuses(Code::DisplacementAboveLimit)),
        scrapped("petrol, last day", Fuel::Petrol, "2013-06-30", full()),
        scrapped("petrol, a day later", Fuel::Petrol, "2013-07-01", too_new()),
        scrapped("diesel, last day", Fuel::Diesel, "2015-06-30", full()),
        scrapped("diesel, a day later", Fuel::Diesel, "2015-07-01", too_new()),
        scrapped("other fuel, last day", Fuel::Other, "2015-06-30", full()),
        scrapped("other fuel, a day later", Fuel::Other, "2015-07-01", too_new()),
        scrapped("new energy, last day", Fuel::Nev, "2019-12-31", full()),
        scrapped("new energy, a day later", Fuel::Nev, "2020-01-01", too_new()),
        nev("owned in time", "180000.00", owned("2025-01-08"), full()),
        nev("owned a day late", "180000.00", owned("2025-01-09"), Refuses(Code::OwnedTooLate)),
        case("new energy to petrol", CARS, petrol(1500), "149900.00", old_car(Fuel::Nev, "2019-01-01"), {
            Refuses(Code::OldNewCombinationNotEligible)
        }),
        nev("sold on, not scrapped", "180000.00", sold_on, Refuses(Code::OldNewCombinationNotEligible)),
        nev("one certificate", "180000.00", without_proof, Refuses(Code::EvidenceMissing)),
        Case { old: None, ..nev("no old car", "180000.00", old(), Refuses(Code::OldItemMissing)) },
    ]
}

/// Every case, its goods made different from those of the others.
fn cases() -> Vec<(u64, Case)> {
    let numbered = (1..).zip(appliances().into_iter().chain(ebikes()).chain(cars()));
    numbered
        .map(|(n, mut case)| {
            let fresh = new_item(case.item.category, n);
            (case.item.serial_number, case.item.vin) = (fresh.serial_number, fresh.vin);
            case.item.ebike_code = fresh.ebike_code;
            if let Some(old) = &mut case.old {
                let fresh = old_item(old.category, n);
                (old.serial_number, old.vin, old.ebike_code) = (fresh.serial_number, fresh.vin, fresh.ebike_code);
            }
            (n, case)
        })
        .collect()
}

fn text_of(programme: &str) -> String {
    let file = if programme == ANY_CATEGORY { APPLIANCES } else { programme };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("programmes").join(format!("{file}.toml"));
    let text = std::fs::read_to_string(path).unwrap();
    if programme != ANY_CATEGORY {
        return text;
    }
    let text = text.replace(APPLIANCES, ANY_CATEGORY).replace("\"same_category\"", "\"any_category\"");
    assert!(text.contains("matching = \"any_category\""));
    text
}

fn price(case: &Case) -> Fen {
    fen(case.list) - fen(case.discounts)
}

// ---------------------------------------------------------------- through the engine

/// Turn-in, claim and redemption; the answer of the first that is refused, or of the redemption.
fn sold(runner: &mut Runner, district: &District, n: u64, case: &Case) -> Reply {
    let mut step = |word: &str, act: Act| runner.run(&[Arc::new(command(&[word, &n.to_string()], act))]).remove(0);
    let owner = if case.of_another { n + 1000 } else { n };
    let old = case.old.clone().map(|old| made(&step("turn-in", turn_in(district, owner, old))));
    let at_issue = case.programme == EBIKES || case.programme == CARS;
    let claimed = step("claim", claim(n, case.programme, case.item.category, old.filter(|_| at_issue)))?;
    let sale = SaleOf {
        voucher: made(&Ok(claimed)),
        holder: n,
        seller: district.sellers[0],
        item: case.item.clone(),
        price: price(case),
        invoice: n,
        turn_in: old.filter(|_| !at_issue),
        now: at(NOW),
    };
    let mut redeem = sale.redeem();
    let (price, invoice) = (redeem.price.as_mut().unwrap(), redeem.invoice.as_mut().unwrap());
    (price.list, price.discounts, price.paid) = (fen(case.list), fen(case.discounts), case.paid.map(fen));
    invoice.issued_on = day(case.invoiced_on);
    step("redeem", Act::RedeemVoucher(Box::new(redeem)))
}

#[test]
fn through_the_engine() {
    let database = TestDatabase::sqlite();
    let mut runner = database.runner(Clock::standing_at(at(NOW)));
    let programmes = [APPLIANCES, ANY_CATEGORY, EBIKES, CARS].map(|word| from_toml(&text_of(word)).unwrap());
    let district = District::open(&mut runner, programmes.into());
    for (n, case) in cases() {
        let reply = sold(&mut runner, &district, n, &case);
        match case.brings {
            Gives(subsidy, pays) => {
                let Outcome::Redeemed(given) = done(&reply) else { panic!("{}: {reply:?}", case.name) };
                assert_eq!((given.subsidy, given.consumer_pays), (fen(subsidy), fen(pays)), "{}", case.name);
                let shares: i64 = given.funding.iter().map(|share| share.amount.0).sum();
                assert_eq!(shares, given.subsidy.0, "{}", case.name);
            }
            Refuses(code) => assert_eq!(codes(&reply).first(), Some(&code), "{}: {reply:?}", case.name),
        }
    }
    super::properties::assert_in_order(&database);
}

/// Row 51: what is left is less than the cap, and nothing is paid in part.
#[test]
fn a_pool_pays_no_part() {
    let database = TestDatabase::sqlite();
    let mut runner = database.runner(Clock::standing_at(at(NOW)));
    District::open(&mut runner, vec![rules(APPLIANCES, fen("300.00"))]);
    let act = claim(1, APPLIANCES, Category::Refrigerator, None);
    let reply = runner.run(&[Arc::new(command(&["claim"], act))]).remove(0);
    let Err(Failure::Refused(refusals)) = &reply else { panic!("{reply:?}") };
    let first = refusals.first();
    assert_eq!(first.code, Code::PoolExhausted);
    assert_eq!((first.found.as_deref(), first.expected.as_deref()), (Some("300.00"), Some("1500.00")));
    assert_eq!(database.rows_of("voucher").len(), 0);
}

/// Row 42, with the scrapped cars' programme: the second one of a person in a year, and the first of the next year.
#[test]
fn one_car_a_year() {
    let database = TestDatabase::sqlite();
    let mut runner = database.runner(Clock::standing_at(at(NOW)));
    let district = District::open(&mut runner, vec![rules(CARS, fen("1000000.00"))]);
    let claim_with = |runner: &mut Runner, n: u64| {
        let word = n.to_string();
        let old = turn_in(&district, 7, old_item(Category::Car, n));
        let old = made(&runner.run(&[Arc::new(command(&["turn-in", &word], old))]).remove(0));
        runner.run(&[Arc::new(command(&["claim", &word], claim(7, CARS, Category::Car, Some(old))))]).remove(0)
    };
    done(&claim_with(&mut runner, 1));
    assert_eq!(codes(&claim_with(&mut runner, 2)), [Code::YearlyLimitReached]);
    runner.set_clock(Clock::standing_at(at("2026-12-31T23:59:59+08:00")));
    assert_eq!(codes(&claim_with(&mut runner, 3)), [Code::YearlyLimitReached]);
    runner.set_clock(Clock::standing_at(at("2027-01-01T00:00:00+08:00")));
    done(&claim_with(&mut runner, 4));
    assert_eq!(person(7).id.to_string(), database.rows_of("voucher")[0]["person"]);
}

// ---------------------------------------------------------------- through the command line

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
    json!({
        "category": old.category,
        "owner": {"name": synthetic::person_name(owner), "resident_id": synthetic::resident_id(owner)},
        "item": item,
        "evidence": old.evidence.iter().map(|piece| json!({"kind": piece.kind})).collect::<Vec<_>>(),
        "received_on": old.received_on,
    })
}

fn quote_json(n: u64, case: &Case) -> Value {
    let mut body = json!({
        "item": new_item_json(&case.item),
        "price": {"list": case.list, "discounts": case.discounts, "final": price(case)},
        "invoice": {"number": synthetic::invoice_number(n), "issued_on": case.invoiced_on, "total": price(case),
            "buyer_name": synthetic::person_name(n)},
        "person": {"name": synthetic::person_name(n), "resident_id": synthetic::resident_id(n)},
        "at": NOW,
    });
    if let Some(paid) = case.paid {
        body["price"]["paid"] = json!(paid);
    }
    if let Some(old) = &case.old {
        body["turn_in"] = turn_in_json(old, if case.of_another { n + 1000 } else { n });
    }
    body
}

/// Exit code and answer of `huanxin quote`.
fn quoted(programme: &str, input: &Value) -> (i32, Value) {
    let folder = tempfile::tempdir().unwrap();
    let (rules, question) = (folder.path().join("programme.toml"), folder.path().join("input.json"));
    std::fs::write(&rules, text_of(programme)).unwrap();
    std::fs::write(&question, input.to_string()).unwrap();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = quote::run(&rules, &question, &mut out, &mut err);
    assert!(err.is_empty(), "{}", String::from_utf8_lossy(&err));
    (code, serde_json::from_slice(&out).unwrap())
}

#[test]
fn through_quote() {
    for (n, case) in cases() {
        let (code, answer) = quoted(case.programme, &quote_json(n, &case));
        match case.brings {
            Gives(subsidy, pays) => {
                assert_eq!(code, 0, "{}: {answer}", case.name);
                assert_eq!(answer["subsidy"], subsidy, "{}: {answer}", case.name);
                assert_eq!(answer["consumer_pays"], pays, "{}: {answer}", case.name);
            }
            Refuses(expected) => {
                assert_eq!(code, 1, "{}: {answer}", case.name);
                assert_eq!(answer["refusals"][0]["code"], expected.name(), "{}: {answer}", case.name);
            }
        }
    }
}

/// Row 42: the officer says what the person has used.
#[test]
fn one_car_a_year_through_quote() {
    let (n, case) = cases().into_iter().find(|(_, case)| case.name == "36").unwrap();
    let mut input = quote_json(n, &case);
    input["person"]["used_this_year"] = json!(1);
    let (code, answer) = quoted(CARS, &input);
    assert_eq!((code, &answer["refusals"][0]["code"]), (1, &json!("YEARLY_LIMIT_REACHED")));
}
