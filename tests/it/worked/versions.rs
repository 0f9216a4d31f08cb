//! What takes several steps: a return, the turn of a year, two versions of one programme.

use huanxin::domain::command::{Act, Outcome};
use huanxin::domain::goods::Category::Refrigerator;
use huanxin::domain::goods::Fuel::Petrol;
use huanxin::domain::goods::{NewItem, OldItem};
use huanxin::domain::money::Fen;
use huanxin::domain::programme::Rules;
use huanxin::domain::refusal::Code;
use huanxin::engine::Reply;

use super::case::{Case, Gives, case, level, nev, scrapped, sold_on};
use super::run::{Market, shipped};
use crate::fixtures::{at, codes, done, fen, made, new_item, old_item, reverse};
use crate::properties::assert_books;

/// The same sale with goods of their own.
fn fresh(n: u64, case: Case) -> Case {
    let item = new_item(case.item.category, n);
    let old = case.old.map(|old| {
        let fresh = old_item(old.category, n);
        OldItem { vin: fresh.vin, serial_number: fresh.serial_number, ..old }
    });
    let item = NewItem { vin: item.vin, serial_number: item.serial_number, ..case.item };
    Case { item, old, ..case }
}

/// Row 12: the person's first refrigerator was returned; may she have a second?
#[test]
fn row_12_a_return_restores_the_quota_where_the_programme_says_so() {
    for restores in [false, true] {
        let mut rules = shipped("cn-appl-2025");
        rules.voucher.return_restores_quota = restores;
        let mut market = Market::open(at("2025-06-18T10:00:00+08:00"), vec![rules.clone()]);
        let sale = fresh(1, case("a refrigerator", level(Refrigerator, 1), "4999.00", Gives("999.80")));
        let voucher = made(&market.claim(1, &rules, &sale, None));
        let redemption = made(&market.redeem(1, &rules, &sale, voucher, None));
        let seller = market.district.sellers[0].0;
        done(&market.step(reverse(redemption, seller)));
        let second = market.claim(1, &rules, &sale, None);
        if restores {
            done(&second);
        } else {
            assert_eq!(codes(&second), [Code::CategoryLimitReached]);
        }
        assert_books(&market.database);
    }
}

/// Row 42, and that the next year is another one. The programme's window ends with the year: here it is longer.
#[test]
fn row_42_one_replacement_a_year() {
    let mut rules = shipped("cn-car-repl-2026");
    rules.windows.claim.to = at("2027-06-30T00:00:00+08:00").day();
    let mut market = Market::open(at("2026-06-18T10:00:00+08:00"), vec![rules.clone()]);
    let mut claim_at = |n: u64, now: &str| {
        market.set_time(at(now));
        let sale = fresh(n, case("a car", nev(), "99800.00", Gives("7984.00")).old(sold_on(Petrol)));
        let old = market.hand_in(7, sale.old.clone().unwrap());
        market.claim(7, &rules, &sale, Some(old))
    };
    done(&claim_at(1, "2026-06-18T10:00:00+08:00"));
    assert_eq!(codes(&claim_at(2, "2026-06-18T10:00:01+08:00")), [Code::YearlyLimitReached]);
    assert_eq!(codes(&claim_at(3, "2026-12-31T23:59:59+08:00")), [Code::YearlyLimitReached]);
    done(&claim_at(4, "2027-01-01T00:00:00+08:00"));
}

/// A new version of a programme is for new vouchers: the two files of 2024 are one programme.
#[test]
fn two_files_are_two_versions_of_one_programme() {
    let [first, second] = ["cn-car-scrap-2024a", "cn-car-scrap-2024b"].map(shipped);
    let mut market = Market::open(at("2024-07-20T10:00:00+08:00"), vec![first.clone()]);
    let sell = |market: &mut Market, n: u64, rules: &Rules| -> Reply {
        let sale = fresh(n, case("a car", nev(), "120000.00", Gives("")).old(scrapped(Petrol, "2010-05-04")));
        let old = market.hand_in(n, sale.old.clone().unwrap());
        let voucher = made(&market.claim(n, rules, &sale, Some(old)));
        market.redeem(n, rules, &sale, voucher, Some(old))
    };
    let subsidy = |reply: &Reply| -> Fen {
        let Outcome::Redeemed(given) = done(reply) else { panic!("{reply:?}") };
        given.subsidy
    };
    assert_eq!(subsidy(&sell(&mut market, 1, &first)), fen("10000.00"));
    let published =
        [Act::CreateProgramme(Box::new(second.clone())), Act::PublishProgramme { programme: second.id.clone() }]
            .map(|act| market.step(act));
    let Outcome::Programme(row) = done(&published[1]) else { panic!("{published:?}") };
    assert_eq!((row.id.as_str(), row.current), ("cn-car-scrap-2024", 2));
    market.set_time(at("2024-07-24T00:00:00+08:00"));
    assert_eq!(subsidy(&sell(&mut market, 2, &second)), fen("20000.00"));
    // What the first version gave stands as it was; the rise is an adjustment beside it.
    assert_books(&market.database);
}

/// Chongqing asks where the new appliance goes: at the redemption it has to be said.
#[test]
fn a_place_of_delivery_is_said_where_it_is_asked_for() {
    let rules = shipped("cq-appl-2026");
    let mut market = Market::open(at("2026-06-18T10:00:00+08:00"), vec![rules.clone()]);
    let sale = fresh(1, case("a refrigerator", level(Refrigerator, 1), "4999.00", Gives("749.85")));
    let voucher = made(&market.claim(1, &rules, &sale, None));
    let reply = market.redeem(1, &rules, &sale, voucher, None);
    assert_eq!(codes(&reply), [Code::FieldMissing], "{reply:?}");
    let sale = Case { delivered_to: Some("500112"), ..sale };
    done(&market.redeem(1, &rules, &sale, voucher, None));
}
