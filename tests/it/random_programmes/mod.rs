//! Random programmes and random sales: what the service gives is what a plain second writing of the rules gives, within
//! its bounds; a quote says what the redemption then does, and so does the command line.
//!
//! `PROPTEST_CASES` says how many programmes are tried; 256 when it says nothing.

mod engine;
mod plain;
mod sale;
mod scheme;

use std::collections::{BTreeMap, BTreeSet};

use huanxin::domain::goods::{Battery, Category, Certification, Fuel, NewItem, OldItem, Powertrain, Price};
use huanxin::domain::money::Fen;
use huanxin::domain::programme::{
    Amounts, MatchedAt, Rules, Sale as Asked, by_turn_in_id, from_toml, judge_old_item, judge_sale, reserve,
};
use huanxin::domain::refusal::Checks;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use plain::{Verdict, judge};
use sale::{Dice, Old, Sale, dice};
use scheme::{Scheme, WHOLE, scheme};

use super::fixtures;

/// Sales that are tried with each programme.
const SALES: usize = 24;

fn category(word: &str) -> Category {
    Category::from_name(word).unwrap()
}

fn amount(fen: i128) -> Fen {
    Fen(i64::try_from(fen).unwrap())
}

fn price(fen: i128) -> Price {
    Price { list: amount(fen), discounts: Fen::ZERO, agreed: amount(fen), paid: None }
}

fn new_item(sale: &Sale, n: u64) -> NewItem {
    NewItem {
        energy_level: sale.level,
        powertrain: sale.powertrain.and_then(Powertrain::from_name),
        displacement_cc: sale.cc,
        battery: sale.battery.and_then(Battery::from_name),
        certifications: sale.certificates.iter().map(|word| Certification::from_name(word).unwrap()).collect(),
        ..fixtures::new_item(category(sale.bought), n)
    }
}

fn old_item(old: &Old, n: u64) -> OldItem {
    OldItem {
        fuel: old.fuel.and_then(Fuel::from_name),
        battery: old.battery.and_then(Battery::from_name),
        complete: old.complete,
        first_registered_on: old.registered.map(|year| fixtures::day(&format!("{year}-12-31"))),
        credit: old.credit.map(amount),
        ..fixtures::old_item(category(old.category), n)
    }
}

fn shares(amounts: &Amounts) -> Vec<(&'static str, i128)> {
    amounts.funding.iter().map(|share| (share.source.name(), i128::from(share.amount.0))).collect()
}

/// Codes of what failed.
fn failed(checks: &Checks) -> BTreeSet<&'static str> {
    checks.all().iter().filter(|check| !check.passed).map(|check| check.refusal.code.name()).collect()
}

/// What the service's rules say: codes about the old item, codes about item and price, amounts.
fn judged(rules: &Rules, sale: &Sale) -> (BTreeSet<&'static str>, BTreeSet<&'static str>, Option<Amounts>) {
    let (item, price, old) = (new_item(sale, 1), price(sale.price), sale.old.as_ref().map(|old| old_item(old, 1)));
    let asked = Asked { item: Some(&item), price: Some(&price), ..Asked::default() };
    let (mut of_old, mut of_sale) = (Checks::default(), Checks::default());
    judge_old_item(rules, category(sale.category), old.as_ref(), &by_turn_in_id, &mut of_old);
    let amounts = judge_sale(rules, category(sale.category), &asked, old.as_ref(), &mut of_sale);
    (failed(&of_old), failed(&of_sale), amounts)
}

fn config() -> Config {
    Config { failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() }
}

/// One sale under one programme: the two implementations agree, and what is given keeps its bounds.
fn agree(scheme: &Scheme, rules: &Rules, sale: &Sale) -> Result<(), TestCaseError> {
    let expected = judge(scheme, sale);
    let (of_old, of_sale, amounts) = judged(rules, sale);
    prop_assert_eq!(&of_old, &expected.old, "{:?}", sale);
    prop_assert_eq!(&of_sale, &expected.sale, "{:?}", sale);
    let Some(gives) = expected.gives else {
        prop_assert!(amounts.is_none() || !of_old.is_empty(), "{:?} for {:?}", amounts, sale);
        return Ok(());
    };
    let Some(amounts) = amounts else { return Err(TestCaseError::fail(format!("nothing for {sale:?}"))) };
    prop_assert_eq!(i128::from(amounts.subsidy.0), gives.subsidy, "{:?}", sale);
    prop_assert_eq!(i128::from(amounts.consumer_pays.0), gives.consumer_pays, "{:?}", sale);
    prop_assert_eq!(shares(&amounts), gives.funding, "{:?}", sale);
    bounds(&amounts, sale, gives.cap)?;
    reserved(rules, sale, amounts.subsidy)
}

/// Never above cap or price; the shares are not negative, public money sums to the subsidy, all of it to what is saved.
fn bounds(amounts: &Amounts, sale: &Sale, cap: i128) -> Result<(), TestCaseError> {
    let subsidy = i128::from(amounts.subsidy.0);
    prop_assert!(1 <= subsidy && subsidy <= cap && subsidy <= sale.price, "{:?} for {:?}", amounts, sale);
    let shares = shares(amounts);
    prop_assert!(shares.iter().all(|(_, share)| *share >= 0), "{:?}", shares);
    let public: i128 = shares.iter().filter(|(source, _)| *source != "merchant").map(|(_, share)| share).sum();
    prop_assert_eq!(public, subsidy);
    let all: i128 = shares.iter().map(|(_, share)| share).sum();
    prop_assert_eq!(i128::from(amounts.consumer_pays.0), sale.price - all);
    prop_assert!(amounts.consumer_pays >= Fen::ZERO);
    Ok(())
}

/// What a claim reserves is enough, whether or not it knew what the person would buy.
fn reserved(rules: &Rules, sale: &Sale, subsidy: Fen) -> Result<(), TestCaseError> {
    let known_at_claim = rules.old_item.matched_at == MatchedAt::Issue;
    let old = sale.old.as_ref().map(|old| old_item(old, 1)).filter(|_| known_at_claim);
    for powertrain in [None, sale.powertrain.and_then(Powertrain::from_name)] {
        let reserved = reserve(rules, category(sale.category), powertrain, old.as_ref()).unwrap();
        prop_assert!(reserved >= subsidy, "{} reserved and {} given for {:?}", reserved, subsidy, sale);
    }
    Ok(())
}

/// Where tier and bonuses stay the same, a dearer item never gets less.
fn dearer(scheme: &Scheme, rules: &Rules, sale: &Sale, by: i128) -> Result<(), TestCaseError> {
    let other = Sale { price: sale.price + by, ..sale.clone() };
    if let (Some(one), Some(two)) = (judge(scheme, sale).gives, judge(scheme, &other).gives)
        && (one.tier, &one.bonuses) == (two.tier, &two.bonuses)
    {
        let subsidy = |sale: &Sale| judged(rules, sale).2.map(|amounts| amounts.subsidy);
        prop_assert!(subsidy(sale) <= subsidy(&other), "{:?} and {} fen more", sale, by);
    }
    Ok(())
}

fn rules_of(scheme: &Scheme, id: &str) -> Rules {
    let text = scheme.toml(id);
    from_toml(&text).unwrap_or_else(|faults| panic!("{faults:?} in\n{text}"))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn two_implementations_agree(
        scheme in scheme(),
        dice in prop::collection::vec((dice(), 0..200_000_i128), SALES),
    ) {
        let rules = rules_of(&scheme, "random");
        for (dice, by) in dice {
            let sale = dice.sale(&scheme);
            agree(&scheme, &rules, &sale)?;
            dearer(&scheme, &rules, &sale, by)?;
        }
    }
}

/// Programmes and sales from dice that always fall the same way.
fn drawn(runner: &mut TestRunner) -> (Scheme, Vec<Sale>) {
    let scheme = scheme().new_tree(runner).unwrap().current();
    let dice: Vec<Dice> = prop::collection::vec(dice(), SALES).new_tree(runner).unwrap().current();
    let sales = dice.iter().map(|dice| dice.sale(&scheme)).collect();
    (scheme, sales)
}

/// The dice reach what they are to reach: amounts of each rounding at and beside half a fen, caps, each tier, bonuses of
/// both kinds, and each refusal.
#[test]
fn the_dice_are_rich() {
    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut note = |what: String| *seen.entry(what).or_default() += 1;
    for _ in 0..200 {
        let (scheme, sales) = drawn(&mut runner);
        for sale in sales {
            let Verdict { old, sale: wrong, gives } = judge(&scheme, &sale);
            old.iter().chain(&wrong).for_each(|code| note((*code).to_owned()));
            let Some(gives) = gives else { continue };
            note("gives".to_owned());
            note(format!("tier {}", gives.tier));
            note(format!("bonuses {}", gives.bonuses.len().min(2)));
            note(format!("payers {}", gives.funding.len()));
            let line = scheme.lines.iter().find(|line| line.category == sale.category).unwrap();
            let tier = &line.tiers[gives.tier];
            if gives.subsidy == gives.cap {
                note("the cap".to_owned());
            }
            if let (scheme::Much::Rate { rate, .. }, true) = (tier.much, gives.bonuses.is_empty())
                && sale.price * rate % WHOLE == WHOLE / 2
                && gives.subsidy < gives.cap
            {
                note(format!("half a fen, {}", scheme.rounding));
            }
            if tier.when.below.is_some_and(|below| sale.price == below - 1) {
                note("the last fen of a tier".to_owned());
            }
            if sale.old.is_some_and(|old| old.credit.is_some()) && scheme.credit_reduces_base {
                note("credit off the base".to_owned());
            }
        }
    }
    for what in [
        "tier 0",
        "tier 1",
        "tier 2",
        "tier 3",
        "bonuses 0",
        "bonuses 1",
        "bonuses 2",
        "payers 1",
        "payers 2",
        "payers 3",
        "payers 4",
        "the cap",
        "half a fen, down",
        "half a fen, half_up",
        "half a fen, half_even",
        "the last fen of a tier",
        "credit off the base",
        "CATEGORY_NOT_ELIGIBLE",
        "DISPLACEMENT_ABOVE_LIMIT",
        "ENERGY_LEVEL_NOT_ELIGIBLE",
        "NEW_ITEM_NOT_CERTIFIED",
        "OLD_ITEM_CATEGORY_MISMATCH",
        "OLD_ITEM_INCOMPLETE",
        "OLD_ITEM_MISSING",
        "OLD_ITEM_TOO_NEW",
        "OLD_NEW_COMBINATION_NOT_ELIGIBLE",
        "PRICE_BELOW_MINIMUM",
        "SUBSIDY_BELOW_ONE_FEN",
        "UNIT_PRICE_ABOVE_LIMIT",
    ] {
        assert!(seen.get(what).is_some_and(|count| *count > 3), "{what} in {seen:?}");
    }
    assert!(seen["gives"] > 1_500, "{seen:?}");
}
