//! Rules of real schemes against amounts that were worked out by hand, and boundaries.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::domain::goods::{
    Battery, Category, Certification, Disposal, Evidence, EvidenceKind, Fuel, FundingSource, Invoice, NewItem, OldItem,
    Powertrain, Price,
};
use crate::domain::id::Id;
use crate::domain::money::Fen;
use crate::domain::personal::Personal;
use crate::domain::refusal::{Checks, Code};
use crate::domain::time::{Day, Moment};

const APPLIANCES: &str = include_str!("../../../programmes/nc-appl-2026.toml");
const EBIKE: &str = include_str!("../../../programmes/nc-ebike-2026.toml");
const CAR: &str = include_str!("../../../programmes/nc-car-2026.toml");

const LEVELS: &str = r#"tiers = [
    { when = { energy_levels = [1] }, percent = "20", cap = "2000.00" },
    { when = { energy_levels = [2] }, percent = "15", cap = "2000.00" },
]"#;

/// A programme around what matters to a test: keys of the old item, then lines as (category, rest).
fn toml(head: &str, old_item: &str, lines: &[(&str, &str)]) -> String {
    let mut text = format!(
        r#"
id = "test"
title = "测试"
{head}
[region]
divisions = ["36"]
[[funding]]
source = "central"
percent = "90"
[[funding]]
source = "province"
percent = "10"
[windows]
claim = {{ from = 2020-01-01, to = 2030-12-31 }}
[voucher]
days = 30
reclaims = 3
[old_item]
matched_at = "redemption"
{old_item}
"#
    );
    for (category, rest) in lines {
        write!(text, "[[lines]]\ncategory = \"{category}\"\npool = \"10000000.00\"\n{rest}\n").unwrap();
    }
    text
}

fn scheme(head: &str, old_item: &str, lines: &[(&str, &str)]) -> Rules {
    from_toml(&toml(head, old_item, lines)).unwrap()
}

fn none(lines: &[(&str, &str)]) -> Rules {
    scheme("", "matching = \"none\"", lines)
}

fn fen(text: &str) -> Fen {
    Fen::parse(text).unwrap()
}

fn day(text: &str) -> Day {
    Day(text.parse().unwrap())
}

fn at(text: &str) -> Moment {
    Moment::parse(text).unwrap()
}

fn new_item(category: Category) -> NewItem {
    NewItem {
        category,
        brand: "Haier".into(),
        model: "X".into(),
        gtin: None,
        energy_level: None,
        powertrain: None,
        displacement_cc: None,
        battery: None,
        certifications: vec![],
        serial_number: None,
        outdoor_serial_number: None,
        vin: None,
        ebike_code: None,
        imei: None,
        imei2: None,
    }
}

fn level(category: Category, level: u8) -> NewItem {
    NewItem { energy_level: Some(level), ..new_item(category) }
}

fn nev() -> NewItem {
    NewItem { powertrain: Some(Powertrain::Nev), ..new_item(Category::Car) }
}

fn petrol(cc: u32) -> NewItem {
    NewItem { powertrain: Some(Powertrain::Petrol), displacement_cc: Some(cc), ..new_item(Category::Car) }
}

fn bike(battery: Battery) -> NewItem {
    NewItem { battery: Some(battery), ..new_item(Category::Ebike) }
}

fn old_item(category: Category) -> OldItem {
    OldItem {
        category,
        vin: None,
        ebike_code: None,
        plate: None,
        frame_number: None,
        motor_number: None,
        serial_number: None,
        ticket_number: None,
        fuel: None,
        first_registered_on: None,
        owned_since: None,
        disposal: None,
        battery: None,
        complete: None,
        registered: None,
        evidence: vec![],
        received_on: day("2026-05-01"),
        credit: None,
    }
}

fn old_car(fuel: Fuel, registered: &str) -> OldItem {
    let piece = |kind| Evidence { kind, number: Some("1".into()), sha256: None };
    OldItem {
        fuel: Some(fuel),
        first_registered_on: Some(day(registered)),
        owned_since: Some(day("2015-03-01")),
        disposal: Some(Disposal::Scrapped),
        evidence: vec![piece(EvidenceKind::ScrapCertificate), piece(EvidenceKind::CancellationCertificate)],
        ..old_item(Category::Car)
    }
}

fn old_bike(battery: Battery) -> OldItem {
    OldItem { battery: Some(battery), complete: Some(true), ..old_item(Category::Ebike) }
}

fn price(agreed: &str) -> Price {
    Price { list: fen(agreed), discounts: Fen::ZERO, agreed: fen(agreed), paid: None }
}

fn invoice(total: &str) -> Invoice {
    Invoice {
        number: "26322000000000000001".into(),
        issued_on: day("2026-05-01"),
        total: fen(total),
        buyer: Personal { lookup: Id::NIL, sealed: String::new(), masked: "张*".into() },
    }
}

/// Judges item and old item; the failed codes with the pointer of each.
fn judged(rules: &Rules, sale: &Sale<'_>, old: Option<&OldItem>) -> Result<Amounts, Vec<(Code, String)>> {
    let category = sale.item.unwrap().category;
    let mut checks = Checks::default();
    let given = judge_sale(rules, category, sale, old, &mut checks);
    judge_old_item(rules, category, old, &in_turn_in_body, &mut checks);
    match checks.verdict() {
        Ok(()) => Ok(given.unwrap()),
        Err(refusals) => Err(refusals.all().iter().map(|one| (one.code, one.pointer.clone())).collect()),
    }
}

fn sold(rules: &Rules, item: &NewItem, agreed: &str, old: Option<&OldItem>) -> Result<Amounts, Vec<(Code, String)>> {
    let (price, invoice) = (price(agreed), invoice(agreed));
    judged(rules, &Sale { item: Some(item), price: Some(&price), invoice: Some(&invoice), ..Sale::default() }, old)
}

#[track_caller]
fn gives(rules: &Rules, item: &NewItem, agreed: &str, old: Option<&OldItem>, expected: &str) {
    assert_eq!(sold(rules, item, agreed, old).map(|given| given.subsidy), Ok(fen(expected)), "{agreed}");
}

#[track_caller]
fn refuses(rules: &Rules, item: &NewItem, agreed: &str, old: Option<&OldItem>, code: Code, pointer: &str) {
    assert_eq!(sold(rules, item, agreed, old).unwrap_err()[0], (code, pointer.to_owned()));
}

fn appliances_2025() -> Rules {
    none(&[
        ("refrigerator", LEVELS),
        ("television", LEVELS),
        ("rice_cooker", LEVELS),
        ("water_purifier", LEVELS),
        ("air_conditioner", LEVELS),
    ])
}

#[test]
fn appliances_by_energy_level() {
    let rules = appliances_2025();
    let given = sold(&rules, &level(Category::Refrigerator, 1), "4999.00", None).unwrap();
    assert_eq!((given.subsidy, given.consumer_pays), (fen("999.80"), fen("3999.20")));
    gives(&rules, &level(Category::Television, 1), "10000.00", None, "2000.00");
    gives(&rules, &level(Category::Television, 1), "10000.01", None, "2000.00");
    gives(&rules, &level(Category::Television, 1), "9999.99", None, "1999.99");
    gives(&rules, &level(Category::Television, 2), "13333.33", None, "1999.99");
    gives(&rules, &level(Category::RiceCooker, 2), "2999.99", None, "449.99");
    refuses(&rules, &level(Category::Dishwasher, 1), "5000.00", None, Code::CategoryNotEligible, "/item/category");
    let no_level = new_item(Category::Refrigerator);
    refuses(&rules, &no_level, "5000.00", None, Code::EnergyLevelNotEligible, "/item/energy_level");
    refuses(&rules, &level(Category::Refrigerator, 1), "0.04", None, Code::SubsidyBelowOneFen, "/price/final");
    gives(&rules, &level(Category::Refrigerator, 1), "0.05", None, "0.01");
}

#[test]
fn rounding_is_the_programmes() {
    for (rounding, expected) in [("down", "449.99"), ("half_up", "450.00"), ("half_even", "450.00")] {
        let rules = scheme(&format!("rounding = \"{rounding}\""), "matching = \"none\"", &[("rice_cooker", LEVELS)]);
        gives(&rules, &level(Category::RiceCooker, 2), "2999.99", None, expected);
    }
    // 15 % of 0.70 is 0.105: half a fen above an even one.
    for (rounding, expected) in [("down", "0.10"), ("half_up", "0.11"), ("half_even", "0.10")] {
        let rules = scheme(&format!("rounding = \"{rounding}\""), "matching = \"none\"", &[("rice_cooker", LEVELS)]);
        gives(&rules, &level(Category::RiceCooker, 2), "0.70", None, expected);
    }
}

/// Amounts between two fen, and caps after the rounding, as two other implementations have them.
#[test]
fn published_roundings_come_out() {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/data/crypto_vectors.json")).unwrap();
    let vectors = vectors["subsidy_rounding_fen"].as_array().unwrap();
    assert_eq!(vectors.len(), 14);
    for vector in vectors {
        let text = |name: &str| vector[name].as_str().unwrap();
        let tier = format!("tiers = [{{ percent = \"{}\", cap = \"{}\" }}]", text("rate_percent"), text("cap_yuan"));
        for (rounding, name) in [("down", "floor"), ("half_up", "half_up"), ("half_even", "half_even")] {
            let head = format!("rounding = \"{rounding}\"");
            let rules = scheme(&head, "matching = \"none\"", &[("computer", &tier)]);
            let expected = Fen(vector[name].as_i64().unwrap());
            let given = sold(&rules, &new_item(Category::Computer), text("price_yuan"), None);
            match given {
                Ok(amounts) => assert_eq!(amounts.subsidy, expected, "{vector} {name}"),
                Err(refused) => {
                    assert_eq!((expected, refused[0].0), (Fen::ZERO, Code::SubsidyBelowOneFen), "{vector} {name}");
                }
            }
        }
    }
}

#[test]
fn shares_sum_and_rates_combine() {
    let rules = appliances_2025();
    let given = sold(&rules, &level(Category::WaterPurifier, 1), "1234.57", None).unwrap();
    let expected = [(FundingSource::Central, "222.21"), (FundingSource::Province, "24.70")];
    assert_eq!(given.funding, expected.map(|(source, amount)| Share { source, amount: fen(amount) }));
    // 15 % and 5 % on one base are 20 %, not two roundings.
    let combined = r#"tiers = [{ percent = "15", cap = "1500.00" }]
bonuses = [{ when = { energy_levels = [1] }, percent = "5", cap = "500.00" }]"#;
    let rules = none(&[("water_purifier", combined)]);
    gives(&rules, &level(Category::WaterPurifier, 1), "1234.57", None, "246.91");
    gives(&rules, &level(Category::WaterPurifier, 2), "1234.57", None, "185.18");
    gives(&rules, &level(Category::WaterPurifier, 1), "20000.00", None, "2000.00");
    assert_eq!(reserve(&rules, Category::WaterPurifier, None, None), Some(fen("2000.00")));
}

#[test]
fn the_districts_appliances() {
    let rules = from_toml(APPLIANCES).unwrap();
    let fridge = level(Category::Refrigerator, 1);
    let (old_fridge, old_tv) = (old_item(Category::Refrigerator), old_item(Category::Television));
    let list = Price { list: fen("6999.00"), discounts: fen("700.00"), agreed: fen("6299.00"), paid: None };
    let bill = invoice("6299.00");
    let sale = Sale { item: Some(&fridge), price: Some(&list), invoice: Some(&bill), ..Sale::default() };
    let given = judged(&rules, &sale, Some(&old_fridge)).unwrap();
    assert_eq!((given.subsidy, given.consumer_pays), (fen("944.85"), fen("5354.15")));
    gives(&rules, &fridge, "10000.00", Some(&old_fridge), "1500.00");
    gives(&rules, &fridge, "9999.99", Some(&old_fridge), "1499.99");
    let washer = level(Category::WashingMachine, 2);
    let old_washer = old_item(Category::WashingMachine);
    refuses(&rules, &washer, "3299.00", Some(&old_washer), Code::EnergyLevelNotEligible, "/item/energy_level");
    refuses(&rules, &fridge, "6299.00", None, Code::OldItemMissing, "/turn_in");
    refuses(&rules, &fridge, "6299.00", Some(&old_tv), Code::OldItemCategoryMismatch, "/turn_in/category");
    assert_eq!(reserve(&rules, Category::Refrigerator, None, None), Some(fen("1500.00")));
    assert_eq!(reserve(&rules, Category::RangeHood, None, None), None);
    assert!(in_region(&rules, "360111490") && !in_region(&rules, "360102"));
}

#[test]
fn amounts_must_add_up() {
    let rules = appliances_2025();
    let fridge = level(Category::Refrigerator, 1);
    let judge = |list: &str, discounts: &str, agreed: &str, paid: Option<&str>, total: &str| {
        let price = Price { list: fen(list), discounts: fen(discounts), agreed: fen(agreed), paid: paid.map(fen) };
        let bill = invoice(total);
        judged(
            &rules,
            &Sale { item: Some(&fridge), price: Some(&price), invoice: Some(&bill), ..Sale::default() },
            None,
        )
    };
    let mismatch = |pointer: &str| Err(vec![(Code::InvoiceAmountMismatch, pointer.to_owned())]);
    assert!(judge("4999.00", "0.00", "4999.00", Some("3999.20"), "4999.00").is_ok());
    assert_eq!(judge("4999.00", "0.00", "4999.00", Some("4000.00"), "4999.00"), mismatch("/price/paid"));
    assert_eq!(judge("5000.00", "0.00", "4999.00", None, "4999.00"), mismatch("/price/final"));
    assert_eq!(judge("4999.00", "0.00", "4999.00", None, "3999.20"), mismatch("/invoice/total"));
}

#[test]
fn digital_goods_have_a_price_limit() {
    let line =
        "unit_price_at_most = \"6000.00\"\nprice_at_least = \"100\"\ntiers = [{ percent = \"15\", cap = \"500.00\" }]";
    let rules = none(&[("phone", line)]);
    let phone = new_item(Category::Phone);
    gives(&rules, &phone, "6000.00", None, "500.00");
    refuses(&rules, &phone, "6000.01", None, Code::UnitPriceAboveLimit, "/price/final");
    gives(&rules, &phone, "100.00", None, "15.00");
    refuses(&rules, &phone, "99.99", None, Code::PriceBelowMinimum, "/price/final");
    assert_eq!(reserve(&rules, Category::Phone, None, None), Some(fen("500.00")));
    let cheap = "unit_price_at_most = \"1000.00\"\ntiers = [{ percent = \"15\", cap = \"500.00\" }]";
    assert_eq!(reserve(&none(&[("phone", cheap)]), Category::Phone, None, None), Some(fen("150.00")));
}

#[test]
fn old_items_of_any_or_some_category() {
    let ten =
        |cap: &str| format!("tiers = [{{ when = {{ energy_levels = [1, 2] }}, percent = \"10\", cap = \"{cap}\" }}]");
    let (hood, fridge) = (ten("1000.00"), ten("1000.00"));
    let hubei = scheme("", "matching = \"any_category\"", &[("range_hood", &hood), ("refrigerator", &fridge)]);
    gives(&hubei, &level(Category::RangeHood, 2), "8888.00", Some(&old_item(Category::RangeHood)), "888.80");
    gives(&hubei, &level(Category::RangeHood, 2), "8888.00", Some(&old_item(Category::Refrigerator)), "888.80");
    refuses(&hubei, &level(Category::RangeHood, 2), "8888.00", None, Code::OldItemMissing, "/turn_in");
    let qingyuan = scheme(
        "",
        "matching = \"any_category\"\ncategories = [\"television\", \"phone\"]",
        &[("air_conditioner", "tiers = [{ percent = \"10\", cap = \"500.00\" }]")],
    );
    let ac = new_item(Category::AirConditioner);
    gives(&qingyuan, &ac, "4599.00", Some(&old_item(Category::Phone)), "459.90");
    gives(&qingyuan, &ac, "5200.00", Some(&old_item(Category::Phone)), "500.00");
    let oven = old_item(Category::MicrowaveOven);
    refuses(&qingyuan, &ac, "5200.00", Some(&oven), Code::OldItemCategoryMismatch, "/turn_in/category");
}

#[test]
fn a_merchants_bonus_is_no_public_money() {
    let line = r#"tiers = [{ when = { energy_levels = [1] }, percent = "15", cap = "1500.00" }]
bonuses = [{ when = { old_item_needed = true }, percent = "2", cap = "200.00", source = "merchant" }]"#;
    let rules = scheme("", "matching = \"bonus\"\nmust_be_complete = true", &[("refrigerator", line)]);
    let fridge = level(Category::Refrigerator, 1);
    let whole = OldItem { complete: Some(true), ..old_item(Category::Refrigerator) };
    let given = sold(&rules, &fridge, "4999.00", Some(&whole)).unwrap();
    assert_eq!((given.subsidy, given.merchant_bonus), (fen("749.85"), fen("99.98")));
    assert_eq!(given.consumer_pays, fen("4149.17"));
    assert_eq!(given.funding.last(), Some(&Share { source: FundingSource::Merchant, amount: fen("99.98") }));
    // Without an old item, or with one that does not fit, the tier alone is given and nothing refused.
    for old in [None, Some(&old_item(Category::Refrigerator))] {
        let given = sold(&rules, &fridge, "4999.00", old).unwrap();
        assert_eq!((given.merchant_bonus, given.funding.len()), (Fen::ZERO, 2));
    }
    assert_eq!(reserve(&rules, Category::Refrigerator, None, None), Some(fen("1500.00")));
}

/// Only a merchant may give without a cap: what public money can come to is reserved.
#[test]
fn a_merchants_percentage_needs_no_cap() {
    let line = r#"tiers = [{ percent = "15", cap = "1500.00" }]
bonuses = [{ percent = "2", source = "merchant" }]"#;
    let rules = none(&[("refrigerator", line)]);
    let given = sold(&rules, &new_item(Category::Refrigerator), "30000.00", None).unwrap();
    assert_eq!((given.subsidy, given.merchant_bonus), (fen("1500.00"), fen("600.00")));
    assert_eq!(given.consumer_pays, fen("27900.00"));
    assert_eq!(reserve(&rules, Category::Refrigerator, None, None), Some(fen("1500.00")));
    assert_eq!(from_json(&serde_json::to_string(&rules).unwrap()), Ok(rules));
    let told = |line: &str| faults(&toml("", "matching = \"none\"", &[("refrigerator", line)])).join("\n");
    let public = told(&line.replace(", source = \"merchant\"", ""));
    assert!(public.contains("lines[0].bonuses[0].cap: found nothing beside `percent`; expected either"), "{public}");
    let tier = told(&line.replace(", cap = \"1500.00\"", ""));
    assert!(tier.contains("lines[0].tiers[0].cap: found nothing beside `percent`; expected either"), "{tier}");
    let much = told(&line.replace("\"2\"", "\"101\""));
    assert!(much.contains("lines[0].bonuses[0].percent: found 101"), "{much}");
    // Rules that were not read from a file are held to it as well.
    let mut open = none(&[("refrigerator", line)]);
    open.lines[0].tiers[0].amount = Amount::Uncapped { percent: Decimal::TEN };
    assert_eq!(validate(&open)[0].field, "lines[0].tiers[0].cap");
}

fn scrap_2025() -> Rules {
    let old = r#"matching = "same_category"
owned_until = 2025-01-08
disposal = "scrapped"
evidence = ["scrap_certificate", "cancellation_certificate"]
registered_until = [
    { fuels = ["petrol"], day = 2012-06-30 },
    { fuels = ["diesel", "other"], day = 2014-06-30 },
    { fuels = ["nev"], day = 2018-12-31 },
]"#;
    let line = r#"tiers = [
    { when = { powertrains = ["nev"] }, fixed = "20000.00" },
    { when = { powertrains = ["petrol"], displacement_at_most = "2.0", old_fuels = ["petrol", "diesel"] }, fixed = "15000" },
]"#;
    scheme("", old, &[("car", line)])
}

#[test]
fn scrapped_cars_of_2025() {
    let rules = scrap_2025();
    let old = old_car(Fuel::Petrol, "2012-06-30");
    gives(&rules, &nev(), "120000.00", Some(&old), "20000.00");
    gives(&rules, &petrol(2000), "120000.00", Some(&old), "15000.00");
    let newer = old_car(Fuel::Petrol, "2012-07-01");
    let first_registered = "/turn_in/item/first_registered_on";
    refuses(&rules, &nev(), "120000.00", Some(&newer), Code::OldItemTooNew, first_registered);
    let unknown = OldItem { first_registered_on: None, ..old.clone() };
    refuses(&rules, &nev(), "120000.00", Some(&unknown), Code::OldItemTooNew, first_registered);
    let unknown = OldItem { fuel: None, ..old.clone() };
    refuses(&rules, &nev(), "120000.00", Some(&unknown), Code::OldItemTooNew, "/turn_in/item/fuel");
    for (since, passes) in [("2025-01-08", true), ("2025-01-09", false)] {
        let old = OldItem { owned_since: Some(day(since)), ..old.clone() };
        let judged = sold(&rules, &nev(), "120000.00", Some(&old));
        let expected = vec![(Code::OwnedTooLate, "/turn_in/item/owned_since".to_owned())];
        assert_eq!(judged.err(), (!passes).then_some(expected));
    }
    let kept = OldItem { disposal: Some(Disposal::Transferred), ..old.clone() };
    refuses(&rules, &nev(), "1.00", Some(&kept), Code::OldNewCombinationNotEligible, "/turn_in/item/disposal");
    let bare = OldItem { evidence: vec![], ..old };
    refuses(&rules, &nev(), "120000.00", Some(&bare), Code::EvidenceMissing, "/turn_in/evidence");
}

#[test]
fn each_reason_a_car_is_refused_is_told_once() {
    let rules = scrap_2025();
    let diesel = old_car(Fuel::Diesel, "2014-06-30");
    let told = sold(&rules, &petrol(2500), "150000.00", Some(&diesel)).unwrap_err();
    assert_eq!(told, [(Code::DisplacementAboveLimit, "/item/displacement_litres".to_owned())]);
    let no_litres = NewItem { displacement_cc: None, ..petrol(1) };
    refuses(&rules, &no_litres, "150000.00", Some(&diesel), Code::DisplacementAboveLimit, "/item/displacement_litres");
    let electric = old_car(Fuel::Nev, "2018-12-31");
    let combination = (Code::OldNewCombinationNotEligible, "/turn_in_id".to_owned());
    assert_eq!(
        sold(&rules, &petrol(1500), "150000.00", Some(&electric)).unwrap_err(),
        std::slice::from_ref(&combination)
    );
    let both = sold(&rules, &petrol(2500), "150000.00", Some(&electric)).unwrap_err();
    assert_eq!(both, [(Code::DisplacementAboveLimit, "/item/displacement_litres".to_owned()), combination]);
    let new_diesel = NewItem { powertrain: Some(Powertrain::Diesel), ..petrol(1500) };
    refuses(&rules, &new_diesel, "150000.00", Some(&diesel), Code::CategoryNotEligible, "/item/powertrain");
    let missing = sold(&rules, &petrol(1500), "150000.00", None).unwrap_err();
    assert_eq!(missing, [(Code::OldItemMissing, "/turn_in".to_owned())]);
}

#[test]
fn the_districts_cars() {
    let rules = from_toml(CAR).unwrap();
    let old = old_car(Fuel::Petrol, "2013-06-30");
    gives(&rules, &nev(), "180000.00", Some(&old), "20000.00");
    gives(&rules, &petrol(1500), "149900.00", Some(&old), "14990.00");
    gives(&rules, &petrol(1998), "150000.01", Some(&old), "15000.00");
    let electric = old_car(Fuel::Nev, "2019-12-31");
    let most = |powertrain, old| reserve(&rules, Category::Car, powertrain, old);
    assert_eq!(most(None, Some(&old)), Some(fen("20000.00")));
    assert_eq!(most(Some(Powertrain::Petrol), Some(&old)), Some(fen("15000.00")));
    assert_eq!(most(Some(Powertrain::Petrol), None), Some(fen("15000.00")));
    assert_eq!(most(Some(Powertrain::Petrol), Some(&electric)), Some(Fen::ZERO));
    assert_eq!(most(Some(Powertrain::Diesel), Some(&old)), Some(Fen::ZERO));
}

#[test]
fn replaced_cars_and_price_tiers() {
    let replaced = scheme(
        "",
        "matching = \"same_category\"\ndisposal = \"transferred\"\nevidence = [\"used_car_invoice\"]",
        &[("car", "tiers = [{ when = { powertrains = [\"nev\"] }, percent = \"8\", cap = \"15000.00\" }]")],
    );
    let mut old = old_car(Fuel::Petrol, "2020-01-01");
    old.disposal = Some(Disposal::Transferred);
    old.evidence[0].kind = EvidenceKind::UsedCarInvoice;
    gives(&replaced, &nev(), "99800.00", Some(&old), "7984.00");
    gives(&replaced, &nev(), "200000.00", Some(&old), "15000.00");
    let jinan = none(&[(
        "car",
        r#"tiers = [
    { when = { powertrains = ["nev"], price_from = "100000.00", price_below = "300000.00" }, fixed = "4000.00" },
    { when = { powertrains = ["nev"], price_from = "300000.00" }, fixed = "5000.00" },
]"#,
    )]);
    refuses(&jinan, &nev(), "99999.99", None, Code::PriceBelowMinimum, "/price/final");
    for (price, given) in [("100000.00", "4000.00"), ("299999.99", "4000.00"), ("300000.00", "5000.00")] {
        gives(&jinan, &nev(), price, None, given);
    }
}

const DEZHOU: &str = r#"tiers = [
    { when = { batteries = ["lead_acid"], old_batteries = ["lithium"] }, percent = "20", cap = "600.00" },
    { percent = "15", cap = "500.00" },
]"#;

#[test]
fn ebikes_by_battery() {
    let rules = scheme("", "matching = \"same_category\"", &[("ebike", DEZHOU)]);
    let (lithium, lead) = (old_bike(Battery::Lithium), old_bike(Battery::LeadAcid));
    gives(&rules, &bike(Battery::LeadAcid), "2899.00", Some(&lithium), "579.80");
    gives(&rules, &bike(Battery::LeadAcid), "2699.00", Some(&lead), "404.85");
    let paid_for = OldItem { credit: Some(fen("260.00")), ..lithium };
    gives(&rules, &bike(Battery::LeadAcid), "2899.00", Some(&paid_for), "579.80");
    let reduced = scheme("old_credit_reduces_base = true", "matching = \"same_category\"", &[("ebike", DEZHOU)]);
    let given = sold(&reduced, &bike(Battery::LeadAcid), "2899.00", Some(&paid_for)).unwrap();
    assert_eq!((given.subsidy, given.consumer_pays), (fen("527.80"), fen("2371.20")));
    assert_eq!(reserve(&reduced, Category::Ebike, None, None), Some(fen("600.00")));

    let hebei = scheme(
        "",
        "matching = \"same_category\"",
        &[(
            "ebike",
            r#"tiers = [
    { when = { batteries = ["lead_acid"] }, percent = "20", cap = "500.00" },
    { when = { batteries = ["lithium"], certifications = ["GB 43854"] }, percent = "10", cap = "300.00" },
]"#,
        )],
    );
    let proven = NewItem { certifications: vec![Certification::Gb43854], ..bike(Battery::Lithium) };
    gives(&hebei, &proven, "2899.00", Some(&lead), "289.90");
    let bare = bike(Battery::Lithium);
    refuses(&hebei, &bare, "2899.00", Some(&lead), Code::NewItemNotCertified, "/item/certifications");
}

#[test]
fn a_battery_is_asked_for_where_there_are_ebikes() {
    let (tiers, old) = ("tiers = [{ fixed = \"500.00\" }]", "matching = \"same_category\"\nmust_have_battery = true");
    let rules = scheme("", old, &[("ebike", tiers)]);
    let bike = bike(Battery::LeadAcid);
    let stated = |complete| OldItem { complete, ..old_bike(Battery::Lithium) };
    gives(&rules, &bike, "2899.00", Some(&stated(Some(true))), "500.00");
    gives(&rules, &bike, "2899.00", Some(&stated(None)), "500.00");
    refuses(&rules, &bike, "2899.00", Some(&stated(Some(false))), Code::OldItemIncomplete, "/turn_in/item/complete");
    let told = faults(&toml("", old, &[("car", tiers)]));
    assert!(told[0].contains("old_item.must_have_battery: found it without a line for e-bikes"), "{told:?}");
}

#[test]
fn ebikes_registered_and_complete() {
    let shanghai = scheme(
        "",
        "matching = \"same_category\"\nmust_be_registered = true",
        &[("ebike", "tiers = [{ fixed = \"500.00\" }]")],
    );
    let new = bike(Battery::LeadAcid);
    let bare = old_bike(Battery::LeadAcid);
    let registered = "/turn_in/item/registered";
    refuses(&shanghai, &new, "3699.00", Some(&bare), Code::OldItemNotRegistered, registered);
    let plated = OldItem { plate: Some("沪A1234567".into()), ..bare.clone() };
    gives(&shanghai, &new, "3699.00", Some(&plated), "500.00");
    let denied = OldItem { registered: Some(false), ..plated };
    refuses(&shanghai, &new, "3699.00", Some(&denied), Code::OldItemNotRegistered, registered);
    gives(&shanghai, &new, "3699.00", Some(&OldItem { registered: Some(true), ..bare }), "500.00");
    gives(&shanghai, &new, "300.00", Some(&OldItem { registered: Some(true), ..denied }), "300.00");

    let district = from_toml(EBIKE).unwrap();
    let (lithium, lead) = (old_bike(Battery::Lithium), old_bike(Battery::LeadAcid));
    gives(&district, &new, "2899.00", Some(&lithium), "700.00");
    gives(&district, &new, "2899.00", Some(&lead), "500.00");
    gives(&district, &bike(Battery::Lithium), "2899.00", Some(&lithium), "500.00");
    let parts = OldItem { complete: None, ..lithium.clone() };
    refuses(&district, &new, "2899.00", Some(&parts), Code::OldItemIncomplete, "/turn_in/item/complete");
    assert_eq!(reserve(&district, Category::Ebike, None, Some(&lithium)), Some(fen("700.00")));
    assert_eq!(reserve(&district, Category::Ebike, None, Some(&lead)), Some(fen("500.00")));
}

#[test]
fn region_and_dates_of_a_sale() {
    let mut rules = appliances_2025();
    rules.region.store_inside = true;
    rules.region.delivery_inside = true;
    rules.windows.invoice = Some(DayWindow { from: day("2026-05-02"), to: day("2026-06-01") });
    let (item, price, bill) = (level(Category::Television, 1), price("5000.00"), invoice("5000.00"));
    let sale = Sale {
        item: Some(&item),
        price: Some(&price),
        invoice: Some(&bill),
        delivery_division: Some("310101"),
        store_division: Some("360111"),
    };
    let told: Vec<Code> = judged(&rules, &sale, None).unwrap_err().into_iter().map(|(code, _)| code).collect();
    assert_eq!(told, [Code::RegionNotEligible, Code::InvoiceOutsideWindow]);
    // Neither keeps the amounts from being told.
    assert!(judge_sale(&rules, Category::Television, &sale, None, &mut Checks::default()).is_some());
    let other = judge_sale(&rules, Category::Refrigerator, &sale, None, &mut Checks::default());
    assert_eq!(other, None);
}

#[test]
fn a_region_is_named_or_the_whole_country() {
    let text = toml("", "matching = \"none\"", &[("television", LEVELS)]);
    let province = from_toml(&text).unwrap();
    assert!(in_region(&province, "360111") && !in_region(&province, "310101"));
    let everywhere = text.replace("divisions = [\"36\"]", "nationwide = true");
    let country = from_toml(&everywhere).unwrap();
    assert!(in_region(&country, "360111") && in_region(&country, "310101"));
    let both = text.replace("divisions = [\"36\"]", "divisions = [\"36\"]\nnationwide = true");
    assert!(faults(&both)[0].contains("region.divisions: found divisions beside"), "{:?}", faults(&both));
    let neither = text.replace("divisions = [\"36\"]", "nationwide = false");
    assert!(faults(&neither)[0].contains("region.divisions: found no division"), "{:?}", faults(&neither));
}

#[test]
fn windows_hours_and_the_end_of_a_voucher() {
    let mut rules = appliances_2025();
    rules.windows.claim = DayWindow { from: day("2026-01-01"), to: day("2026-12-31") };
    assert!(!claim_open(&rules, at("2025-12-31T23:59:59.999999+08:00")));
    assert!(claim_open(&rules, at("2026-01-01T00:00:00+08:00")));
    assert!(claim_open(&rules, at("2026-12-31T23:59:59.999999+08:00")));
    assert!(!claim_open(&rules, at("2027-01-01T00:00:00+08:00")));
    rules.windows.daily_hours = Some(DailyHours { from: "08:30".into(), to: "22:00".into() });
    for (time, open) in [("08:29:59", false), ("08:30:00", true), ("21:59:59", true), ("22:00:00", false)] {
        assert_eq!(claim_open(&rules, at(&format!("2026-06-01T{time}+08:00"))), open, "{time}");
        assert!(application_open(&rules, at(&format!("2026-06-01T{time}+08:00"))));
    }
    assert_eq!(voucher_expires(&rules, at("2026-06-01T10:00:00+08:00")), at("2026-07-01T10:00:00+08:00"));
    assert_eq!(voucher_expires(&rules, at("2026-12-20T10:00:00+08:00")), at("2027-01-01T00:00:00+08:00"));
    let (from, to) =
        (at("2026-02-12T10:00:00+08:00"), at("2027-01-15T24:00:00+08:00".replace("15T24", "16T00").as_str()));
    rules.windows.application = Some(TimeWindow { from, to });
    assert!(!application_open(&rules, from.plus_seconds(-1)) && application_open(&rules, from));
    assert!(application_open(&rules, to) && !application_open(&rules, to.plus_seconds(1)));
    assert_eq!(voucher_expires(&rules, at("2026-12-31T10:00:00+08:00")), to);
}

#[test]
fn releases_of_a_day() {
    let mut rules = appliances_2025();
    let tv = Category::Television;
    assert_eq!(release_at(&rules, tv, at("2026-06-01T10:00:00+08:00")), None);
    rules.windows.claim = DayWindow { from: day("2026-06-01"), to: day("2026-06-02") };
    rules.releases = vec![
        Release { at: "15:00".into(), vouchers: 5, categories: vec![tv] },
        Release { at: "10:00".into(), vouchers: 9, categories: vec![] },
    ];
    let slot = |opened: &str, vouchers, next: Option<&str>| {
        Some(Ok(ReleaseSlot { opened: at(opened), vouchers, next: next.map(at) }))
    };
    let [first, second] = ["2026-06-01T10:00:00+08:00", "2026-06-01T15:00:00+08:00"];
    let [third, fourth] = ["2026-06-02T10:00:00+08:00", "2026-06-02T15:00:00+08:00"];
    assert_eq!(release_at(&rules, tv, at("2026-06-01T09:59:59+08:00")), Some(Err(at(first))));
    assert_eq!(release_at(&rules, tv, at(first)), slot(first, 9, Some(second)));
    assert_eq!(release_at(&rules, tv, at(second)), slot(second, 5, Some(third)));
    assert_eq!(release_at(&rules, tv, at("2026-06-02T08:00:00+08:00")), slot(second, 5, Some(third)));
    assert_eq!(release_at(&rules, tv, at(third)), slot(third, 9, Some(fourth)));
    assert_eq!(release_at(&rules, tv, at(fourth)), slot(fourth, 5, None));
    assert_eq!(release_at(&rules, tv, at("2026-06-09T08:00:00+08:00")), slot(fourth, 5, None));
    assert_eq!(release_at(&rules, Category::Refrigerator, at(fourth)), slot(third, 9, None));
    rules.releases.pop();
    assert_eq!(release_at(&rules, Category::Refrigerator, at(fourth)), None);
}

#[test]
fn rules_survive_json() {
    for text in [APPLIANCES, EBIKE, CAR] {
        let rules = from_toml(text).unwrap();
        let json = serde_json::to_string(&rules).unwrap();
        assert_eq!(serde_json::from_str::<Rules>(&json).unwrap(), rules);
        assert_eq!(from_json(&json).unwrap(), rules);
    }
}

fn faults(text: &str) -> Vec<String> {
    from_toml(text).unwrap_err().iter().map(ToString::to_string).collect()
}

fn line_of(text: &str, part: &str) -> usize {
    text.lines().position(|line| line.contains(part)).unwrap() + 1
}

#[test]
fn faults_have_line_field_and_a_guess() {
    let broken = EBIKE
        .replace("must_be_complete", "must_be_compleat")
        .replace("\"lead_acid\"", "\"leadacid\"")
        .replace("\"100\"", "100")
        .replace("fixed = \"500.00\"", "fixed = \"500.001\"");
    let told = faults(&broken);
    let expected = [
        ("percent = 100", "funding[0].percent: found integer `100`; expected a decimal as a string"),
        ("compleat", "old_item.must_be_compleat: found `must_be_compleat`; did you mean `must_be_complete`?"),
        ("500.001", "lines[0].tiers[0].fixed: found string \"500.001\"; expected an amount as a string"),
        ("leadacid", "lines[0].bonuses[0].when.batteries[0]: found `leadacid`; did you mean `lead_acid`?"),
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, (part, message)) in told.iter().zip(expected) {
        let start = format!("line {}: {message}", line_of(&broken, part));
        assert!(told.starts_with(&start), "{told}\n{start}");
    }
}

#[test]
fn faults_of_amounts_syntax_and_absence() {
    let both = EBIKE.replace("fixed = \"500.00\"", "fixed = \"500.00\"\ncap = \"1.00\"");
    assert!(faults(&both)[0].contains("lines[0].tiers[0]: found `cap` and `fixed`"), "{:?}", faults(&both));
    let absent = EBIKE.replace("days = 30 # assumed\n", "");
    let told = format!("line {}: voucher.days: found nothing; expected a whole number", line_of(&absent, "[voucher]"));
    assert!(faults(&absent).len() == 1 && faults(&absent)[0].starts_with(&told), "{:?}", faults(&absent));
    let unclosed = EBIKE.replace("[region]", "[region");
    assert!(faults(&unclosed)[0].starts_with(&format!("line {}: ", line_of(&unclosed, "[region"))));
    assert_eq!(from_json("{").unwrap_err()[0].line, Some(1));
}

/// JSON pointers of every field.
fn keys(value: &serde_json::Value, path: &str, found: &mut Vec<String>) {
    if let Some(map) = value.as_object() {
        for (key, child) in map {
            found.push(format!("{path}/{key}"));
            keys(child, &format!("{path}/{key}"), found);
        }
    }
    for (index, child) in value.as_array().into_iter().flatten().enumerate() {
        keys(child, &format!("{path}/{index}"), found);
    }
}

#[test]
fn each_missing_field_is_told_alone() {
    let full = r#"{"id":"x","title":"x","region":{"divisions":["36"]},"funding":[{"source":"central","percent":"100"}],
"old_item":{"matching":"none","matched_at":"issue","registered_until":[{"fuels":["nev"],"day":"2026-01-01"}]},
"windows":{"claim":{"from":"2026-01-01","to":"2026-12-31"},
"application":{"from":"2026-01-01T00:00:00Z","to":"2027-01-01T00:00:00Z"},"daily_hours":{"from":"08:00","to":"24:00"}},
"voucher":{"days":1,"reclaims":1},"releases":[{"at":"10:00","vouchers":1}],
"lines":[{"category":"car","pool":"1","tiers":[{"fixed":"1"}]}]}"#;
    assert!(from_json(full).is_ok(), "{:?}", from_json(full));
    let tree: serde_json::Value = serde_json::from_str(full).unwrap();
    let mut found = Vec::new();
    keys(&tree, "", &mut found);
    for path in found {
        let (parent, key) = path.rsplit_once('/').unwrap();
        let mut less = tree.clone();
        less.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key);
        // Another fault, so that the file is read on after the missing field.
        less["zzz"] = true.into();
        let faults = from_json(&less.to_string()).unwrap_err();
        let optional = ["old_item", "registered_until", "application", "daily_hours", "releases"];
        let expected = if optional.contains(&key) { 1 } else { 2 };
        assert_eq!(faults.len(), expected, "{path}: {faults:?}");
    }
}

#[test]
fn what_cannot_hold_is_told() {
    let cases = [
        ("percent = \"90\"", "percent = \"101\"", "funding: found shares of 101 percent before the last"),
        ("to = 2027-12-31", "to = 2025-12-31", "windows.claim.to: found 2025-12-31, before the first day"),
        ("[\"360111\"]", "[]", "region.divisions: found no division"),
        ("id = \"nc-appl-2026\"", "id = \"NC\"", "id: found `NC`"),
        ("cap = \"1500.00\"", "cap = \"0\"", "lines[0].tiers[0].cap: found 0.00"),
        ("\"washing_machine\"", "\"refrigerator\"", "lines[1].category: found `refrigerator` again"),
        (
            "energy_levels = [1]",
            "energy_levels = [6]",
            "lines[0].tiers[0].when.energy_levels: found 6; expected 1 to 5",
        ),
        ("days = 30", "days = 0", "voucher.days: found 0; expected 1 to 3660"),
    ];
    for (part, instead, message) in cases {
        let broken = APPLIANCES.replace(part, instead);
        let told = faults(&broken);
        assert!(told[0].contains(message) && told[0].starts_with("line "), "{told:?}");
    }
    let twice =
        APPLIANCES.replace("days = 30", "days = 0").replace("\"10\" #", "\"0\" #").replace("title_en", "titel_en");
    assert_eq!(faults(&twice).len(), 3, "{:?}", faults(&twice));
}

#[test]
fn examples_stand_around_the_cap() {
    let rows = examples(&from_toml(CAR).unwrap());
    let told: Vec<_> =
        rows.iter().map(|row| (row.tier, row.price.to_string(), row.amounts.subsidy.to_string())).collect();
    let row = |tier, price: &str, subsidy: &str| (tier, price.to_owned(), subsidy.to_owned());
    assert_eq!(
        told,
        [
            row(1, "166666.66", "19999.99"),
            row(1, "166666.67", "20000.00"),
            row(1, "166666.68", "20000.00"),
            row(2, "149999.99", "14999.99"),
            row(2, "150000.00", "15000.00"),
            row(2, "150000.01", "15000.00"),
        ]
    );
    // A bonus whose conditions exclude the tier's neither stands in an example nor is reserved.
    let apart = r#"tiers = [
    { when = { batteries = ["lithium"] }, fixed = "600.00" },
    { when = { batteries = ["lead_acid"] }, fixed = "500.00" },
]
bonuses = [{ when = { batteries = ["lead_acid"] }, fixed = "50.00" }]"#;
    let apart = none(&[("ebike", apart)]);
    assert_eq!(reserve(&apart, Category::Ebike, None, None), Some(fen("600.00")));
    assert!(examples(&apart).iter().all(|row| row.tier == 2 || row.bonuses.is_empty()));
    let bikes = examples(&from_toml(EBIKE).unwrap());
    assert!(bikes.iter().any(|row| row.bonuses == [1] && row.amounts.subsidy == fen("700.00")));
}

/// Each row as tier, bonuses, price, credit and subsidy.
fn told(rules: &Rules) -> Vec<String> {
    let row = |row: &Example| {
        let Example { tier, bonuses, price, credit, amounts, .. } = row;
        format!("{tier} {bonuses:?} {price} {credit} {}", amounts.subsidy)
    };
    examples(rules).iter().map(row).collect()
}

#[test]
fn examples_stand_at_the_ends_of_prices_and_show_what_a_credit_does() {
    let ranges = r#"price_at_least = "500.00"
tiers = [
    { when = { price_below = "1000.00" }, fixed = "40.00" },
    { when = { price_from = "1000.00" }, percent = "10", cap = "200.00" },
]"#;
    let rules = scheme("old_credit_reduces_base = true", "matching = \"same_category\"", &[("tablet", ranges)]);
    let expected = [
        "1 [] 500.00 0.00 40.00",
        "1 [] 500.01 0.00 40.00",
        "1 [] 999.99 0.00 40.00",
        "2 [] 1000.00 0.00 100.00",
        "2 [] 1999.99 0.00 199.99",
        "2 [] 2000.00 0.00 200.00",
        "2 [] 2000.01 0.00 200.00",
        "2 [] 2000.00 100.00 190.00",
    ];
    assert_eq!(told(&rules), expected);
    // Rounding up reaches the cap before the rate does: both places stand there.
    let up = scheme("rounding = \"half_up\"", "matching = \"none\"", &[("tablet", LEVELS)]);
    let expected = ["1 [] 9999.97 0.00 1999.99", "1 [] 9999.98 0.00 2000.00", "1 [] 9999.99 0.00 2000.00"];
    assert_eq!(told(&up)[..3], expected);
    assert_eq!(told(&up)[3], "1 [] 10000.01 0.00 2000.00");
}

/// A bonus that always applies is never left out, one of some prices stands only there, and all of them stand together.
#[test]
fn examples_have_the_bonuses_that_a_sale_has() {
    let bonuses = r#"tiers = [{ percent = "10", cap = "100.00" }]
bonuses = [
    { fixed = "5.00" },
    { when = { price_from = "2000.00" }, fixed = "7.00" },
    { when = { batteries = ["lithium"] }, percent = "2", cap = "20.00" },
    { when = { certifications = ["CCC"] }, fixed = "1.00", source = "merchant" },
]"#;
    let rules = none(&[("ebike", bonuses)]);
    let rows = examples(&rules);
    let combinations: BTreeSet<_> = rows.iter().map(|row| row.bonuses.clone()).collect();
    let expected =
        [vec![1], vec![1, 2], vec![1, 2, 3], vec![1, 2, 3, 4], vec![1, 2, 4], vec![1, 3], vec![1, 3, 4], vec![1, 4]];
    assert_eq!(combinations, BTreeSet::from(expected));
    for row in &rows {
        let item = NewItem {
            battery: Some(if row.bonuses.contains(&3) { Battery::Lithium } else { Battery::LeadAcid }),
            certifications: if row.bonuses.contains(&4) { vec![Certification::Ccc] } else { vec![] },
            ..new_item(Category::Ebike)
        };
        let sold = sold(&rules, &item, &row.price.to_string(), None);
        assert_eq!(sold.as_ref(), Ok(&row.amounts), "{row:?}");
    }
}

fn percent_rules(percent: i64, cap: i64, rounding: Rounding, central: i64) -> Rules {
    let mut rules = none(&[("television", "tiers = [{ percent = \"1\", cap = \"1.00\" }]")]);
    rules.rounding = rounding;
    rules.lines[0].tiers[0].amount = Amount::Percent { percent: Decimal::new(percent, 2), cap: Fen(cap) };
    rules.funding[0].percent = Decimal::new(central, 2);
    rules.funding[1].percent = Decimal::new(10_000 - central, 2);
    rules
}

proptest! {
    #[test]
    fn amounts_keep_their_bounds(
        percent in 1_i64..=10_000,
        cap in 1_i64..=3_000_000,
        rounding in prop::sample::select(Rounding::ALL),
        central in 1_i64..10_000,
        agreed in 1_i64..=50_000_000,
        more in 0_i64..=1_000_000,
    ) {
        let rules = percent_rules(percent, cap, rounding, central);
        prop_assert!(validate(&rules).is_empty());
        let item = new_item(Category::Television);
        let give = |agreed: i64| {
            let price = Price { list: Fen(agreed), discounts: Fen::ZERO, agreed: Fen(agreed), paid: None };
            let sale = Sale { item: Some(&item), price: Some(&price), ..Sale::default() };
            judge_sale(&rules, Category::Television, &sale, None, &mut Checks::default())
        };
        let dearer = give(agreed + more).map_or(Fen::ZERO, |given| given.subsidy);
        if let Some(given) = give(agreed) {
            let reserved = reserve(&rules, Category::Television, None, None).unwrap();
            prop_assert!(given.subsidy >= Fen(1) && given.subsidy <= Fen(cap) && given.subsidy <= Fen(agreed));
            prop_assert!(given.subsidy <= reserved);
            prop_assert_eq!(given.funding.iter().map(|share| share.amount).sum::<Fen>(), given.subsidy);
            prop_assert!(given.funding.iter().all(|share| share.amount >= Fen::ZERO));
            prop_assert_eq!(given.consumer_pays + given.subsidy, Fen(agreed));
            prop_assert!(given.subsidy <= dearer);
        }
    }
}
