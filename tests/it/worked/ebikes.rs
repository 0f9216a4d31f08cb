//! Schemes for e-bikes.

use huanxin::domain::goods::Battery::{self, LeadAcid, Lithium};
use huanxin::domain::goods::OldItem;
use huanxin::domain::programme::Rules;
use huanxin::domain::refusal::Code;

use super::case::{Case, Gives, Refuses, Splits, Table, bike, case, certified, edges, old_bike};
use crate::fixtures::fen;

schemes!(sd_dz_ebike_2025, heb_ebike_2024, sh_ebike_2024, fz_ebike_2025);

fn set_off(rules: &mut Rules) {
    rules.old_credit_reduces_base = true;
}

/// The shop pays 260.00 for it.
fn bought_by_the_shop(old: OldItem) -> OldItem {
    OldItem { credit: Some(fen("260.00")), ..old }
}

fn sd_dz_ebike_2025() -> Table {
    let trade = |name, from, to, price, brings| case(name, bike(to), price, brings).old(old_bike(from));
    let row_48 =
        |name, brings| trade(name, Lithium, LeadAcid, "2899.00", brings).old(bought_by_the_shop(old_bike(Lithium)));
    let mut cases = vec![
        trade("row 44", Lithium, LeadAcid, "2899.00", Splits("579.80", "2319.20", &[("district", "579.80")])),
        trade("row 46", LeadAcid, LeadAcid, "2699.00", Gives("404.85")),
        row_48("row 48, not set off", Gives("579.80")),
        row_48("row 48, set off", Gives("527.80")).variant(set_off),
        trade("20 percent, a fen below the cap", Lithium, LeadAcid, "2999.99", Gives("599.99")),
        trade("20 percent, at the cap", Lithium, LeadAcid, "3000.00", Gives("600.00")),
        trade("20 percent, above the cap", Lithium, LeadAcid, "3000.05", Gives("600.00")),
        trade("15 percent, a fen below the cap", LeadAcid, LeadAcid, "3333.33", Gives("499.99")),
        trade("15 percent, at the cap", LeadAcid, LeadAcid, "3333.34", Gives("500.00")),
        trade("15 percent, above the cap", LeadAcid, LeadAcid, "3333.40", Gives("500.00")),
        trade("lithium to lithium", Lithium, Lithium, "2000.00", Gives("300.00")),
        trade("lead-acid to lithium", LeadAcid, Lithium, "2000.00", Gives("300.00")),
        trade("no old e-bike", Lithium, LeadAcid, "2899.00", Refuses(Code::OldItemMissing)).no_old(),
        Case {
            of_another: true,
            ..trade("another's", Lithium, LeadAcid, "2899.00", Refuses(Code::OldItemOwnerMismatch))
        },
        trade("the second one", Lithium, LeadAcid, "2899.00", Refuses(Code::CategoryLimitReached)).used(1),
    ];
    cases.extend(edges(
        |name| trade(name, Lithium, LeadAcid, "2899.00", Gives("579.80")),
        [
            "2024-12-31T23:59:59+08:00",
            "2025-01-01T00:00:00+08:00",
            "2025-12-31T23:59:59+08:00",
            "2026-01-01T00:00:00+08:00",
        ],
    ));
    Table { file: "sd-dz-ebike-2025", now: "2025-06-18T10:00:00+08:00", cases }
}

fn heb_ebike_2024() -> Table {
    let lithium = |name, price, brings| case(name, certified(bike(Lithium)), price, brings).old(old_bike(LeadAcid));
    let lead_acid = |name, price, brings| case(name, bike(LeadAcid), price, brings).old(old_bike(LeadAcid));
    let mut cases = vec![
        lithium("row 49", "2899.00", Gives("289.90")),
        case("row 49, without proof of GB 43854", bike(Lithium), "2899.00", Refuses(Code::NewItemNotCertified))
            .old(old_bike(LeadAcid)),
        lithium("lithium, a fen below the cap", "2999.99", Gives("299.99")),
        lithium("lithium, at the cap", "3000.00", Gives("300.00")),
        lithium("lithium, above the cap", "3000.10", Gives("300.00")),
        lead_acid("lead-acid, a fen below the cap", "2499.99", Gives("499.99")),
        lead_acid("lead-acid, at the cap", "2500.00", Gives("500.00")),
        lead_acid("lead-acid, above the cap", "2500.05", Gives("500.00")),
        lead_acid("no old e-bike", "2500.00", Refuses(Code::OldItemMissing)).no_old(),
        Case { of_another: true, ..lead_acid("another's", "2500.00", Refuses(Code::OldItemOwnerMismatch)) },
        lead_acid("the second one", "2500.00", Refuses(Code::CategoryLimitReached)).used(1),
    ];
    cases.extend(edges(
        |name| lead_acid(name, "2000.00", Gives("400.00")),
        [
            "2024-08-31T23:59:59+08:00",
            "2024-09-01T00:00:00+08:00",
            "2024-12-31T23:59:59+08:00",
            "2025-01-01T00:00:00+08:00",
        ],
    ));
    Table { file: "heb-ebike-2024", now: "2024-10-15T10:00:00+08:00", cases }
}

fn sh_ebike_2024() -> Table {
    let with_plate = || OldItem { plate: Some("沪A12345".into()), registered: None, ..old_bike(Lithium) };
    let trade = |name, price, brings| case(name, bike(LeadAcid), price, brings).old(old_bike(Lithium));
    let without = OldItem { registered: Some(false), ..old_bike(Lithium) };
    let unknown = OldItem { registered: None, ..old_bike(Lithium) };
    let silent = OldItem { complete: None, ..old_bike(Lithium) };
    let no_battery = OldItem { complete: Some(false), ..old_bike(Lithium) };
    let mut cases = vec![
        trade("row 50, without plate", "3699.00", Refuses(Code::OldItemNotRegistered)).old(without),
        trade("row 50, with plate", "3699.00", Gives("500.00")),
        trade("a plate speaks for itself", "3699.00", Gives("500.00")).old(with_plate()),
        trade("nothing is said of a plate", "3699.00", Refuses(Code::OldItemNotRegistered)).old(unknown),
        trade("nothing is said of the battery", "3699.00", Gives("500.00")).old(silent),
        trade("no battery", "3699.00", Refuses(Code::OldItemIncomplete)).old(no_battery),
        trade("never more than the price", "499.99", Gives("499.99")),
        trade("the second one", "3699.00", Refuses(Code::CategoryLimitReached)).used(1),
    ];
    cases.extend(edges(
        |name| trade(name, "3699.00", Gives("500.00")),
        [
            "2024-10-15T23:59:59+08:00",
            "2024-10-16T00:00:00+08:00",
            "2025-06-30T23:59:59+08:00",
            "2025-07-01T00:00:00+08:00",
        ],
    ));
    Table { file: "sh-ebike-2024", now: "2025-03-15T10:00:00+08:00", cases }
}

fn fz_ebike_2025() -> Table {
    let trade = |name, from: Battery, to: Battery, brings| case(name, bike(to), "2899.00", brings).old(old_bike(from));
    let silent = OldItem { complete: None, ..old_bike(Lithium) };
    let incomplete = OldItem { complete: Some(false), ..old_bike(Lithium) };
    let mut cases = vec![
        trade("lithium to lead-acid, the bonus", Lithium, LeadAcid, {
            Splits("700.00", "2199.00", &[("district", "700.00")])
        }),
        trade("lithium to lithium", Lithium, Lithium, Gives("500.00")),
        trade("lead-acid to lead-acid", LeadAcid, LeadAcid, Gives("500.00")),
        trade("lead-acid to lithium", LeadAcid, Lithium, Gives("500.00")),
        trade("a motor is missing", Lithium, LeadAcid, Refuses(Code::OldItemIncomplete)).old(incomplete),
        trade("nothing is said of its parts", Lithium, LeadAcid, Refuses(Code::OldItemIncomplete)).old(silent),
        trade("no old e-bike", Lithium, LeadAcid, Refuses(Code::OldItemMissing)).no_old(),
        trade("the second one of 2025", Lithium, LeadAcid, Refuses(Code::YearlyLimitReached)).used(1),
    ];
    cases.extend(edges(
        |name| trade(name, Lithium, LeadAcid, Gives("700.00")),
        [
            "2025-06-04T23:59:59+08:00",
            "2025-06-05T00:00:00+08:00",
            "2025-12-31T23:59:59+08:00",
            "2026-01-01T00:00:00+08:00",
        ],
    ));
    Table { file: "fz-ebike-2025", now: "2025-09-15T10:00:00+08:00", cases }
}
