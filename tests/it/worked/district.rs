//! The district's own example programmes.

use huanxin::domain::goods::Battery::{LeadAcid, Lithium};
use huanxin::domain::goods::Category::{Cooker, Refrigerator, Television};
use huanxin::domain::goods::Fuel::{Nev, Petrol};
use huanxin::domain::goods::OldItem;
use huanxin::domain::programme::{Matching, Rules};
use huanxin::domain::refusal::Code;

use super::case::{
    Case, Gives, Refuses, Splits, Table, bike, case, edges, level, nev, old, old_bike, petrol, scrapped, sold_on,
};

schemes!(nc_appl_2026, nc_ebike_2026, nc_car_2026);

const NOW: &str = "2026-06-18T10:00:00+08:00";
const WINDOW: [&str; 4] = [
    "2025-12-31T23:59:59+08:00",
    "2026-01-01T00:00:00+08:00",
    "2027-12-31T23:59:59+08:00",
    "2028-01-01T00:00:00+08:00",
];

fn any_category(rules: &mut Rules) {
    rules.old_item.matching = Matching::AnyCategory;
}

fn nc_appl_2026() -> Table {
    let fridge = |name, price, brings| case(name, level(Refrigerator, 1), price, brings).old(old(Refrigerator));
    let mut cases = vec![
        Case {
            discounts: "700.00",
            ..fridge("discounts", "6999.00", {
                Splits("944.85", "5354.15", &[("central", "850.36"), ("province", "94.49")])
            })
        },
        fridge("row 24, the district's", "5000.00", Refuses(Code::OldItemCategoryMismatch)).old(old(Television)),
        fridge("row 24, the district's with any category", "5000.00", Gives("750.00"))
            .old(old(Television))
            .variant(any_category),
        Case { of_another: true, ..fridge("row 25, the district's", "5000.00", Refuses(Code::OldItemOwnerMismatch)) },
        fridge("no old item", "5000.00", Refuses(Code::OldItemMissing)).no_old(),
        fridge("at the cap", "10000.00", Gives("1500.00")),
        fridge("the least", "0.07", Gives("0.01")),
        fridge("less than the least", "0.06", Refuses(Code::SubsidyBelowOneFen)),
        fridge("the first day's invoice", "5000.00", Gives("750.00")).invoiced_on("2026-01-01"),
        fridge("invoiced too early", "5000.00", Refuses(Code::InvoiceOutsideWindow)).invoiced_on("2025-12-31"),
        case("no such line", level(Cooker, 1), "900.00", Refuses(Code::CategoryNotEligible)).old(old(Cooker)),
    ];
    cases.extend(edges(|name| fridge(name, "5000.00", Gives("750.00")), WINDOW));
    Table { file: "nc-appl-2026", now: NOW, cases }
}

fn nc_ebike_2026() -> Table {
    let trade = |name, from, to, brings| case(name, bike(to), "2899.00", brings).old(old_bike(from));
    let incomplete = OldItem { complete: Some(false), ..old_bike(Lithium) };
    let mut cases = vec![
        trade("lithium to lead-acid, the bonus", Lithium, LeadAcid, Gives("700.00")),
        trade("lithium to lithium", Lithium, Lithium, Gives("500.00")),
        trade("a battery is missing", Lithium, LeadAcid, Refuses(Code::OldItemIncomplete)).old(incomplete),
        trade("no old e-bike", Lithium, LeadAcid, Refuses(Code::OldItemMissing)).no_old(),
        trade("the second one", Lithium, LeadAcid, Refuses(Code::CategoryLimitReached)).used(1),
    ];
    cases.extend(edges(|name| trade(name, LeadAcid, LeadAcid, Gives("500.00")), WINDOW));
    Table { file: "nc-ebike-2026", now: NOW, cases }
}

fn nc_car_2026() -> Table {
    let new = |name, item, price, brings| case(name, item, price, brings).old(scrapped(Petrol, "2012-03-01"));
    let combination = || Refuses(Code::OldNewCombinationNotEligible);
    let mut cases = vec![
        new("new energy", nev(), "180000.00", Gives("20000.00")),
        new("petrol", petrol(2000), "149900.00", Gives("14990.00")),
        new("petrol of 2.001 litres", petrol(2001), "149900.00", Refuses(Code::DisplacementAboveLimit)),
        new("new energy to petrol", petrol(1500), "149900.00", combination()).old(scrapped(Nev, "2019-01-01")),
        new("sold on, not scrapped", nev(), "180000.00", combination()).old(OldItem {
            first_registered_on: scrapped(Petrol, "2012-03-01").first_registered_on,
            ..sold_on(Petrol)
        }),
        new("the second one of the year", nev(), "180000.00", Refuses(Code::YearlyLimitReached)).used(1),
    ];
    cases.extend(edges(|name| new(name, nev(), "100000.00", Gives("12000.00")), WINDOW));
    Table { file: "nc-car-2026", now: NOW, cases }
}
