//! Schemes for cars.

use huanxin::domain::goods::Fuel::{self, Diesel, Nev, Other, Petrol};
use huanxin::domain::goods::{Disposal, OldItem};
use huanxin::domain::refusal::Code;

use super::case::{
    Case, Gives, Refuses, Splits, Table, case, diesel, edges, nev, owned_since, petrol, received_on, scrapped, sold_on,
};

schemes!(
    cn_car_scrap_2024a,
    cn_car_scrap_2024b,
    cn_car_scrap_2025,
    cn_car_scrap_2026,
    cn_car_repl_2026,
    sh_car_repl_2025,
    jn_car_buy_2025,
);

/// The last day of first registration that is old enough, and the day after, by fuel.
fn registrations(make: impl Fn(OldItem) -> Case, limits: &[(Fuel, &str, &str)]) -> Vec<Case> {
    let of_fuel = |(fuel, last, next): &(Fuel, &str, &str)| {
        let good = make(scrapped(*fuel, last));
        let bad = make(scrapped(*fuel, next));
        let too_new = Refuses(Code::OldItemTooNew);
        [
            Case { name: format!("{fuel}, registered on {last}"), ..good },
            Case { name: format!("{fuel}, registered on {next}"), brings: too_new, ..bad },
        ]
    };
    limits.iter().flat_map(of_fuel).collect()
}

fn scrap_2024(file: &'static str, now: &'static str, [nev_gets, petrol_gets]: [&'static str; 2]) -> Table {
    let old_car = || scrapped(Petrol, "2010-05-04");
    let new = |item, brings| case("", item, "120000.00", brings).old(old_car());
    let named = |name: &str, case: Case| Case { name: name.to_owned(), ..case };
    let combination = || Refuses(Code::OldNewCombinationNotEligible);
    let sold = OldItem { disposal: Some(Disposal::Transferred), ..old_car() };
    let unproven = OldItem { evidence: old_car().evidence[1..].to_vec(), ..old_car() };
    let mut cases = vec![
        named("new energy", new(nev(), Gives(nev_gets))),
        named("petrol", new(petrol(1998), Gives(petrol_gets))),
        named("diesel", new(diesel(), Refuses(Code::CategoryNotEligible))),
        named("no old car", new(nev(), Refuses(Code::OldItemMissing)).no_old()),
        named("sold, not scrapped", new(nev(), combination()).old(sold)),
        named("no certificate of scrapping", new(nev(), Refuses(Code::EvidenceMissing)).old(unproven)),
        named("another fuel", new(nev(), Refuses(Code::OldItemTooNew)).old(scrapped(Other, "2010-05-04"))),
        named("a third one, no limit is said", new(nev(), Gives(nev_gets)).used(2)),
    ];
    cases.extend(registrations(
        |old| new(nev(), Gives(nev_gets)).old(old),
        &[
            (Petrol, "2011-06-30", "2011-07-01"),
            (Diesel, "2013-06-30", "2013-07-01"),
            (Nev, "2018-04-30", "2018-05-01"),
        ],
    ));
    Table { file, now, cases }
}

fn cn_car_scrap_2024a() -> Table {
    let mut table = scrap_2024("cn-car-scrap-2024a", "2024-06-18T10:00:00+08:00", ["10000.00", "7000.00"]);
    let old = || scrapped(Petrol, "2010-05-04");
    table.cases.extend(edges(
        |name| case(name, nev(), "120000.00", Gives("10000.00")).old(old()),
        [
            "2024-04-23T23:59:59+08:00",
            "2024-04-24T00:00:00+08:00",
            "2024-07-23T23:59:59+08:00",
            "2024-07-24T00:00:00+08:00",
        ],
    ));
    table
}

fn cn_car_scrap_2024b() -> Table {
    let mut table = scrap_2024("cn-car-scrap-2024b", "2024-10-15T10:00:00+08:00", ["20000.00", "15000.00"]);
    let old = || scrapped(Petrol, "2010-05-04");
    let new = |name, brings, old| case(name, nev(), "120000.00", brings).old(old);
    table.cases.extend([
        new("owned in time", Gives("20000.00"), owned_since("2024-07-24", old())),
        new("owned a day late", Refuses(Code::OwnedTooLate), owned_since("2024-07-25", old())),
    ]);
    table.cases.extend(edges(
        |name| new(name, Gives("20000.00"), old()),
        [
            "2024-07-23T23:59:59+08:00",
            "2024-07-24T00:00:00+08:00",
            "2024-12-31T23:59:59+08:00",
            "2025-01-01T00:00:00+08:00",
        ],
    ));
    table
}

fn cn_car_scrap_2025() -> Table {
    let new = |name, item, brings, old| case(name, item, "120000.00", brings).old(old);
    let old = || scrapped(Petrol, "2011-03-01");
    let combination = || Refuses(Code::OldNewCombinationNotEligible);
    let full = || Splits("20000.00", "100000.00", &[("central", "18000.00"), ("province", "2000.00")]);
    let above = || Refuses(Code::DisplacementAboveLimit);
    let mut cases = vec![
        new("row 30", nev(), full(), owned_since("2015-03-01", scrapped(Petrol, "2012-06-30"))),
        new("row 32", nev(), Refuses(Code::OwnedTooLate), owned_since("2025-01-09", old())),
        new("row 32, but a day earlier", nev(), Gives("20000.00"), owned_since("2025-01-08", old())),
        new("row 34", petrol(2500), above(), scrapped(Diesel, "2014-06-30")),
        new("petrol of 2.0 litres", petrol(2000), Gives("15000.00"), old()),
        new("petrol of 2.001 litres", petrol(2001), above(), old()),
        new("old diesel, new petrol", petrol(1500), Gives("15000.00"), scrapped(Diesel, "2014-06-30")),
        new("old new energy, new petrol", petrol(1500), combination(), scrapped(Nev, "2018-12-31")),
        new("old of another fuel, new petrol", petrol(1500), combination(), scrapped(Other, "2014-06-30")),
        new("new diesel", diesel(), Refuses(Code::CategoryNotEligible), old()),
    ];
    cases.extend(registrations(
        |old| new("", nev(), Gives("20000.00"), old),
        &[
            (Petrol, "2012-06-30", "2012-07-01"),
            (Diesel, "2014-06-30", "2014-07-01"),
            (Other, "2014-06-30", "2014-07-01"),
            (Nev, "2018-12-31", "2019-01-01"),
        ],
    ));
    cases.extend(edges(
        |name| new(name, nev(), Gives("20000.00"), old()),
        [
            "2024-12-31T23:59:59+08:00",
            "2025-01-01T00:00:00+08:00",
            "2025-12-31T23:59:59+08:00",
            "2026-01-01T00:00:00+08:00",
        ],
    ));
    Table { file: "cn-car-scrap-2025", now: "2025-06-18T10:00:00+08:00", cases }
}

fn cn_car_scrap_2026() -> Table {
    let old = || scrapped(Petrol, "2012-03-01");
    let new = |name, item, price, brings| case(name, item, price, brings).old(old());
    let above = || Refuses(Code::DisplacementAboveLimit);
    let combination = || Refuses(Code::OldNewCombinationNotEligible);
    let mut cases = vec![
        new("row 36", nev(), "180000.00", Gives("20000.00")),
        new("row 38", petrol(1500), "149900.00", Gives("14990.00")),
        new("new energy, a fen below the cap", nev(), "166666.66", Gives("19999.99")),
        new("new energy, at the cap", nev(), "166666.67", Gives("20000.00")),
        new("petrol, a fen below the cap", petrol(1500), "149999.99", Gives("14999.99")),
        new("petrol, at the cap", petrol(1500), "150000.00", Gives("15000.00")),
        new("petrol, above the cap", petrol(1500), "150000.10", Gives("15000.00")),
        new("petrol of 2.0 litres", petrol(2000), "100000.00", Gives("10000.00")),
        new("petrol of 2.001 litres", petrol(2001), "100000.00", above()),
        new("old of another fuel, new petrol", petrol(1500), "100000.00", combination())
            .old(scrapped(Other, "2015-06-30")),
        new("the second one of the year", nev(), "180000.00", Refuses(Code::YearlyLimitReached)).used(1),
        new("owned in time", nev(), "180000.00", Gives("20000.00")).old(owned_since("2025-01-08", old())),
        new("owned a day late", nev(), "180000.00", Refuses(Code::OwnedTooLate)).old(owned_since("2025-01-09", old())),
    ];
    cases.extend(registrations(
        |old| case("", nev(), "180000.00", Gives("20000.00")).old(old),
        &[
            (Petrol, "2013-06-30", "2013-07-01"),
            (Diesel, "2015-06-30", "2015-07-01"),
            (Other, "2015-06-30", "2015-07-01"),
            (Nev, "2019-12-31", "2020-01-01"),
        ],
    ));
    cases.extend(edges(
        |name| new(name, nev(), "100000.00", Gives("12000.00")),
        [
            "2025-12-31T23:59:59+08:00",
            "2026-01-01T00:00:00+08:00",
            "2026-12-31T23:59:59+08:00",
            "2027-01-01T00:00:00+08:00",
        ],
    ));
    Table { file: "cn-car-scrap-2026", now: "2026-06-18T10:00:00+08:00", cases }
}

fn cn_car_repl_2026() -> Table {
    let new = |name, item, price, brings| case(name, item, price, brings).old(sold_on(Petrol));
    let unproven = OldItem { evidence: Vec::new(), ..sold_on(Petrol) };
    let mut cases = vec![
        new("row 39, below the cap", nev(), "99800.00", Gives("7984.00")),
        new("row 39, above the cap", nev(), "200000.00", Gives("15000.00")),
        new("row 42", nev(), "99800.00", Refuses(Code::YearlyLimitReached)).used(1),
        new("new energy, a fen below the cap", nev(), "187499.99", Gives("14999.99")),
        new("new energy, at the cap", nev(), "187500.00", Gives("15000.00")),
        new("petrol, a fen below the cap", petrol(1500), "216666.66", Gives("12999.99")),
        new("petrol, at the cap", petrol(1500), "216666.67", Gives("13000.00")),
        new("petrol, above the cap", petrol(1500), "216666.84", Gives("13000.00")),
        new("petrol of 2.0 litres", petrol(2000), "100000.00", Gives("6000.00")),
        new("petrol of 2.001 litres", petrol(2001), "100000.00", Refuses(Code::DisplacementAboveLimit)),
        new("new diesel", diesel(), "100000.00", Refuses(Code::CategoryNotEligible)),
        new("an old car of new energy", petrol(1500), "100000.00", Gives("6000.00")).old(sold_on(Nev)),
        new("scrapped, not sold", nev(), "99800.00", Refuses(Code::OldNewCombinationNotEligible))
            .old(scrapped(Petrol, "2012-03-01")),
        new("no invoice of the old car", nev(), "99800.00", Refuses(Code::EvidenceMissing)).old(unproven),
        new("no old car", nev(), "99800.00", Refuses(Code::OldItemMissing)).no_old(),
    ];
    cases.extend(edges(
        |name| new(name, nev(), "100000.00", Gives("8000.00")),
        [
            "2025-12-31T23:59:59+08:00",
            "2026-01-01T00:00:00+08:00",
            "2026-12-31T23:59:59+08:00",
            "2027-01-01T00:00:00+08:00",
        ],
    ));
    Table { file: "cn-car-repl-2026", now: "2026-06-18T10:00:00+08:00", cases }
}

fn sh_car_repl_2025() -> Table {
    let old = || received_on("2025-06-01", sold_on(Petrol));
    let new = |name, brings| case(name, nev(), "200000.00", brings).old(old());
    let transferred = |name, brings, day: &str| new(name, brings).old(received_on(day, sold_on(Petrol)));
    let outside = || Refuses(Code::InvoiceOutsideWindow);
    let late = |case: Case| case.at("2026-02-02T10:00:00+08:00");
    let mut cases = vec![
        new("new energy", Splits("15000.00", "185000.00", &[("district", "15000.00")])),
        case("petrol of any displacement", petrol(2998), "400000.00", Gives("13000.00")).old(old()),
        new("transferred too early", Refuses(Code::OldItemMissing)).old(received_on("2024-07-24", sold_on(Petrol))),
        transferred("transferred on the first day", Gives("15000.00"), "2024-07-25"),
        late(transferred("transferred on the last day", Gives("15000.00"), "2025-12-31").invoiced_on("2025-12-31")),
        late(
            transferred("transferred too late", Refuses(Code::OldItemMissing), "2026-01-01").invoiced_on("2025-12-31"),
        ),
        new("bought on the first day", Gives("15000.00")).invoiced_on("2025-01-01"),
        new("bought too early", outside()).invoiced_on("2024-12-31"),
        late(new("bought too late", outside()).invoiced_on("2026-01-01")),
        new("owned in time", Gives("15000.00")).old(owned_since("2025-01-07", old())),
        new("owned a day late", Refuses(Code::OwnedTooLate)).old(owned_since("2025-01-08", old())),
        new("the second one of the year", Refuses(Code::YearlyLimitReached)).used(1),
    ];
    let bought = |name| new(name, Gives("15000.00")).invoiced_on("2025-12-31");
    cases.extend([
        bought("the last second of applications").at("2026-03-31T23:59:59+08:00"),
        Case { brings: Refuses(Code::ProgrammeNotOpen), ..bought("a second too late") }.at("2026-04-01T00:00:00+08:00"),
    ]);
    Table { file: "sh-car-repl-2025", now: "2025-06-18T10:00:00+08:00", cases }
}

fn jn_car_buy_2025() -> Table {
    let invoiced = |case: Case| case.invoiced_on("2025-03-01");
    let ev = |name, price, brings| invoiced(case(name, nev(), price, brings));
    let ice = |name, price, brings| invoiced(case(name, petrol(2998), price, brings));
    let too_cheap = || Refuses(Code::PriceBelowMinimum);
    let mut cases = vec![
        ev("new energy at 99999.99", "99999.99", too_cheap()),
        ev("new energy at 100000.00", "100000.00", Splits("4000.00", "96000.00", &[("district", "4000.00")])),
        ev("new energy at 299999.99", "299999.99", Gives("4000.00")),
        ev("new energy at 300000.00", "300000.00", Gives("5000.00")),
        ice("petrol at 99999.99", "99999.99", too_cheap()),
        ice("petrol at 100000.00", "100000.00", Gives("3000.00")),
        ice("petrol at 299999.99", "299999.99", Gives("3000.00")),
        ice("petrol at 300000.00", "300000.00", Gives("4000.00")),
        invoiced(case("diesel", diesel(), "150000.00", Refuses(Code::CategoryNotEligible))),
        ev("an old car is not looked at", "150000.00", Gives("4000.00")).old(scrapped(Petrol, "2024-01-01")),
        ev("bought on the first day", "150000.00", Gives("4000.00")).invoiced_on("2025-01-25"),
        ev("bought too early", "150000.00", Refuses(Code::InvoiceOutsideWindow)).invoiced_on("2025-01-24"),
        ev("bought on the last day", "150000.00", Gives("4000.00")).invoiced_on("2025-03-31"),
        ev("bought too late", "150000.00", Refuses(Code::InvoiceOutsideWindow)).invoiced_on("2025-04-01"),
    ];
    cases.extend(edges(
        |name| ev(name, "150000.00", Gives("4000.00")).invoiced_on("2025-02-01"),
        [
            "2025-02-12T09:59:59+08:00",
            "2025-02-12T10:00:00+08:00",
            "2025-04-15T23:59:59+08:00",
            "2025-04-16T00:00:01+08:00",
        ],
    ));
    Table { file: "jn-car-buy-2025", now: "2025-04-08T10:00:00+08:00", cases }
}
