//! Schemes for home appliances and digital goods.

use huanxin::domain::goods::Category::{self, *};
use huanxin::domain::programme::{Matching, Rules};
use huanxin::domain::refusal::Code;

use super::case::{Case, Gives, Refuses, Splits, Table, case, edges, level, old, unlabelled};

schemes!(cn_appl_2024, cn_appl_2025, cn_appl_2026, cn_digi_2026, hb_appl_2024, cq_appl_2026, qy_appl_2022);

const TWELVE: [Category; 12] = [
    Refrigerator,
    WashingMachine,
    Television,
    AirConditioner,
    Computer,
    WaterHeater,
    Cooker,
    RangeHood,
    WaterPurifier,
    Dishwasher,
    RiceCooker,
    MicrowaveOven,
];

/// Each of the categories at level 1 and 1000.00: what it gives, or that it is none of the scheme's.
fn each(known: &[Category], subsidy: &'static str) -> Vec<Case> {
    let brings = |category| if known.contains(&category) { Gives(subsidy) } else { Refuses(Code::CategoryNotEligible) };
    let all = TWELVE.into_iter().chain([Phone, Ebike]);
    all.map(|category| case(category.name(), level(category, 1), "1000.00", brings(category))).collect()
}

fn cn_appl_2024() -> Table {
    let first = |name, price, subsidy| case(name, level(Refrigerator, 1), price, Gives(subsidy));
    let second = |name, price, subsidy| case(name, level(Television, 2), price, Gives(subsidy));
    let mut cases = vec![
        case("row 14", level(Dishwasher, 1), "5000.00", Refuses(Code::CategoryNotEligible)),
        first("level 1, a fen below the cap", "9999.99", "1999.99"),
        first("level 1, at the cap", "10000.00", "2000.00"),
        first("level 1, above the cap", "10000.05", "2000.00"),
        second("level 2, below the cap", "13333.33", "1999.99"),
        second("level 2, at the cap", "13333.34", "2000.00"),
        second("level 2, above the cap", "30000.00", "2000.00"),
        case("level 3", level(Refrigerator, 3), "5000.00", Refuses(Code::EnergyLevelNotEligible)),
        case("no label", unlabelled(Refrigerator), "5000.00", Refuses(Code::EnergyLevelNotEligible)),
        first("the first day's invoice", "5000.00", "1000.00").invoiced_on("2024-09-01"),
        case("invoiced too early", level(Refrigerator, 1), "5000.00", Refuses(Code::InvoiceOutsideWindow))
            .invoiced_on("2024-08-31"),
        case("the second one", level(Refrigerator, 1), "5000.00", Refuses(Code::CategoryLimitReached)).used(1),
        case("all of it is the district's", level(Computer, 1), "5000.00", {
            Splits("1000.00", "4000.00", &[("district", "1000.00")])
        }),
    ];
    cases.extend(each(&TWELVE[..8], "200.00"));
    cases.extend(edges(
        |name| first(name, "5000.00", "1000.00"),
        [
            "2024-08-31T23:59:59+08:00",
            "2024-09-01T00:00:00+08:00",
            "2024-12-31T23:59:59+08:00",
            "2025-01-01T00:00:00+08:00",
        ],
    ));
    Table { file: "cn-appl-2024", now: "2024-10-15T10:00:00+08:00", cases }
}

fn cn_appl_2025() -> Table {
    let first = |name, category, price, brings| case(name, level(category, 1), price, brings);
    let second = |name, category, price, brings| case(name, level(category, 2), price, brings);
    let paid = |name, paid, brings| Case { paid: Some(paid), ..first(name, Refrigerator, "4999.00", brings) };
    let split = || Splits("246.91", "987.66", &[("central", "222.21"), ("province", "24.70")]);
    let whole = || Splits("999.80", "3999.20", &[("central", "899.82"), ("province", "99.98")]);
    let mut cases = vec![
        first("row 1", Refrigerator, "4999.00", whole()),
        first("row 4", Television, "10000.00", Gives("2000.00")),
        second("row 5", Television, "13333.33", Gives("1999.99")),
        second("row 7", RiceCooker, "2999.99", Gives("449.99")),
        first("row 8", WaterPurifier, "1234.57", Gives("246.91")),
        first("row 9", WaterPurifier, "1234.57", split()),
        first("row 11", AirConditioner, "4999.00", Refuses(Code::CategoryLimitReached)).used(3),
        first("the third air-conditioner", AirConditioner, "4999.00", Gives("999.80")).used(2),
        first("the second refrigerator", Refrigerator, "4999.00", Refuses(Code::CategoryLimitReached)).used(1),
        paid("row 27", "4000.00", Refuses(Code::InvoiceAmountMismatch)),
        paid("row 27, but paid rightly", "3999.20", Gives("999.80")),
        first("level 1, a fen below the cap", Television, "9999.99", Gives("1999.99")),
        first("level 1, above the cap", Television, "10000.05", Gives("2000.00")),
        second("level 2, at the cap", Television, "13333.34", Gives("2000.00")),
        second("level 2, above the cap", Television, "13333.40", Gives("2000.00")),
        case("level 3", level(Television, 3), "5000.00", Refuses(Code::EnergyLevelNotEligible)),
        first("the least", Computer, "0.05", Gives("0.01")),
        first("less than a fen", Computer, "0.04", Refuses(Code::SubsidyBelowOneFen)),
    ];
    cases.extend(each(&TWELVE, "200.00"));
    cases.extend(edges(
        |name| first(name, Refrigerator, "5000.00", Gives("1000.00")),
        [
            "2024-12-31T23:59:59+08:00",
            "2025-01-01T00:00:00+08:00",
            "2025-12-31T23:59:59+08:00",
            "2026-01-01T00:00:00+08:00",
        ],
    ));
    Table { file: "cn-appl-2025", now: "2025-06-18T10:00:00+08:00", cases }
}

/// The six kinds of 2026.
const SIX: [Category; 6] = [Refrigerator, WashingMachine, Television, AirConditioner, WaterHeater, Computer];

fn cn_appl_2026() -> Table {
    let first = |name, category, price, brings| case(name, level(category, 1), price, brings);
    let pays = || Splits("944.85", "5354.15", &[("central", "850.36"), ("province", "94.49")]);
    let mut cases = vec![
        Case { discounts: "700.00", ..first("row 15", Refrigerator, "6999.00", pays()) },
        case("row 17", level(WashingMachine, 2), "3299.00", Refuses(Code::EnergyLevelNotEligible)),
        first("a fen below the cap", Television, "9999.99", Gives("1499.99")),
        first("at the cap", Television, "10000.00", Gives("1500.00")),
        first("above the cap", Television, "10000.07", Gives("1500.00")),
        first("the second air-conditioner", AirConditioner, "3299.00", Refuses(Code::CategoryLimitReached)).used(1),
    ];
    cases.extend(each(&SIX, "150.00"));
    cases.extend(edges(
        |name| first(name, Refrigerator, "5000.00", Gives("750.00")),
        [
            "2025-12-31T23:59:59+08:00",
            "2026-01-01T00:00:00+08:00",
            "2026-12-31T23:59:59+08:00",
            "2027-01-01T00:00:00+08:00",
        ],
    ));
    Table { file: "cn-appl-2026", now: "2026-06-18T10:00:00+08:00", cases }
}

fn cn_digi_2026() -> Table {
    let phone = |name, price, brings| case(name, unlabelled(Phone), price, brings);
    let of = |category: Category| case(category.name(), unlabelled(category), "1000.00", Gives("150.00"));
    let mut cases = vec![
        phone("row 18", "6000.00", Gives("500.00")),
        phone("a fen too dear", "6000.01", Refuses(Code::UnitPriceAboveLimit)),
        phone("a fen below the cap", "3333.33", Gives("499.99")),
        phone("at the cap", "3333.34", Gives("500.00")),
        phone("the second phone", "1000.00", Refuses(Code::CategoryLimitReached)).used(1),
        case("no digital good", level(Television, 1), "1000.00", Refuses(Code::CategoryNotEligible)),
    ];
    cases.extend([Phone, Tablet, Watch, Glasses].map(of));
    cases.extend(edges(
        |name| phone(name, "1000.00", Gives("150.00")),
        [
            "2025-12-31T23:59:59+08:00",
            "2026-01-01T00:00:00+08:00",
            "2026-12-31T23:59:59+08:00",
            "2027-01-01T00:00:00+08:00",
        ],
    ));
    Table { file: "cn-digi-2026", now: "2026-06-18T10:00:00+08:00", cases }
}

fn same_category(rules: &mut Rules) {
    rules.old_item.matching = Matching::SameCategory;
}

fn hb_appl_2024() -> Table {
    let hood = |name, price, brings| case(name, level(RangeHood, 2), price, brings).old(old(RangeHood));
    let fridge = |name, brings| case(name, level(Refrigerator, 1), "5000.00", brings).old(old(Refrigerator));
    let mut cases = vec![
        hood("row 21", "8888.00", Gives("888.80")),
        hood("row 22", "8888.00", Refuses(Code::OldItemMissing)).no_old(),
        fridge("row 24, any category", Gives("500.00")).old(old(Television)),
        fridge("row 24, same category", Refuses(Code::OldItemCategoryMismatch))
            .old(old(Television))
            .variant(same_category),
        fridge("row 24, same category and the same", Gives("500.00")).variant(same_category),
        Case { of_another: true, ..fridge("row 25", Refuses(Code::OldItemOwnerMismatch)) },
        fridge("an old phone is no appliance", Refuses(Code::OldItemCategoryMismatch)).old(old(Phone)),
        hood("a fen below the cap", "9999.99", Gives("999.99")),
        hood("at the cap", "10000.00", Gives("1000.00")),
        hood("above the cap", "10000.10", Gives("1000.00")),
        case("level 3", level(RangeHood, 3), "8888.00", Refuses(Code::EnergyLevelNotEligible)).old(old(RangeHood)),
        hood("a third one, no limit is said", "1000.00", Gives("100.00")).used(2),
    ];
    cases.extend(each(&TWELVE, "100.00").into_iter().map(|case| case.old(old(Refrigerator))));
    cases.extend(edges(
        |name| fridge(name, Gives("500.00")),
        [
            "2024-05-21T23:59:59+08:00",
            "2024-05-22T00:00:00+08:00",
            "2024-08-31T23:59:59+08:00",
            "2024-09-01T00:00:00+08:00",
        ],
    ));
    Table { file: "hb-appl-2024", now: "2024-06-18T10:00:00+08:00", cases }
}

fn cq_appl_2026() -> Table {
    let in_chongqing = |case: Case| Case { delivered_to: Some("500112"), ..case };
    let fridge = |name, price, brings| in_chongqing(case(name, level(Refrigerator, 1), price, brings));
    let bonus = || Splits("944.85", "5228.17", &[("district", "944.85"), ("merchant", "125.98")]);
    let full = || Splits("1500.00", "18100.00", &[("district", "1500.00"), ("merchant", "400.00")]);
    let paid = |name, paid, brings| Case { paid: Some(paid), ..fridge(name, "6299.00", brings) };
    let mut cases = vec![
        fridge("no old appliance", "6299.00", Splits("944.85", "5354.15", &[("district", "944.85")])),
        fridge("an old one, the merchant's 2 percent", "6299.00", bonus()).old(old(Refrigerator)),
        fridge("of any category", "6299.00", bonus()).old(old(MicrowaveOven)),
        fridge("an old phone is no appliance", "6299.00", Gives("944.85")).old(old(Phone)),
        fridge("the cap is the government's", "20000.00", full()).old(old(Television)),
        fridge("a fen below the cap", "9999.99", Gives("1499.99")),
        fridge("at the cap", "10000.00", Gives("1500.00")),
        paid("paid without the bonus", "5354.15", Refuses(Code::InvoiceAmountMismatch)).old(old(Refrigerator)),
        paid("paid with the bonus", "5228.17", bonus()).old(old(Refrigerator)),
        Case { of_another: true, ..fridge("another's", "6299.00", Refuses(Code::OldItemOwnerMismatch)) }
            .old(old(Refrigerator)),
        in_chongqing(case("level 2", level(Refrigerator, 2), "6299.00", Refuses(Code::EnergyLevelNotEligible))),
        Case {
            delivered_to: Some("360111"),
            ..fridge("delivered elsewhere", "6299.00", Refuses(Code::RegionNotEligible))
        },
        fridge("the second one", "6299.00", Refuses(Code::CategoryLimitReached)).used(1),
    ];
    cases.extend(each(&SIX, "150.00").into_iter().map(in_chongqing));
    cases.extend(edges(
        |name| fridge(name, "5000.00", Gives("750.00")),
        [
            "2025-12-31T23:59:59+08:00",
            "2026-01-01T00:00:00+08:00",
            "2026-12-31T23:59:59+08:00",
            "2027-01-01T00:00:00+08:00",
        ],
    ));
    Table { file: "cq-appl-2026", now: "2026-06-18T10:00:00+08:00", cases }
}

fn qy_appl_2022() -> Table {
    let eight = [Television, AirConditioner, WashingMachine, Refrigerator, Computer, Phone, RiceCooker, WaterHeater];
    let new = |name, price, brings| case(name, unlabelled(AirConditioner), price, brings).old(old(Phone));
    let mut cases = vec![
        new("row 50c, below the cap", "4599.00", Gives("459.90")),
        new("row 50c, above the cap", "5200.00", Gives("500.00")),
        new("a fen below the cap", "4999.99", Gives("499.99")),
        new("at the cap", "5000.00", Gives("500.00")),
        new("none handed in", "4599.00", Refuses(Code::OldItemMissing)).no_old(),
        new("an old cooker", "4599.00", Refuses(Code::OldItemCategoryMismatch)).old(old(Cooker)),
        Case { of_another: true, ..new("another person's", "4599.00", Refuses(Code::OldItemOwnerMismatch)) },
    ];
    cases.extend(eight.map(|category| new(category.name(), "4599.00", Gives("459.90")).old(old(category))));
    cases.extend(edges(
        |name| new(name, "4599.00", Gives("459.90")),
        [
            "2022-10-31T23:59:59+08:00",
            "2022-11-01T00:00:00+08:00",
            "2022-11-30T23:59:59+08:00",
            "2022-12-01T00:00:00+08:00",
        ],
    ));
    Table { file: "qy-appl-2022", now: "2022-11-11T10:00:00+08:00", cases }
}
