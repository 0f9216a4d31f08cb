//! A retroactive rise: what a version would have given for a sale that was made under an earlier one.

use crate::domain::goods::{Category, FundingSource, NewItem, OldItem, Price};
use crate::domain::money::Fen;
use crate::domain::refusal::Checks;

use super::old_item::{by_turn_in_id, judge_old_item};
use super::rules::{Rules, Windows};
use super::sale::{Sale, judge_sale};
use super::subsidy::Share;

/// A sale that was made, and the public money that was given for it so far.
#[derive(Clone, Copy, Debug)]
pub struct SaleMade<'a> {
    /// Category of the voucher.
    pub category: Category,
    /// The new item.
    pub item: &'a NewItem,
    /// Its price.
    pub price: &'a Price,
    /// The old item, where there was one.
    pub old: Option<&'a OldItem>,
    /// What was given so far: the subsidy with the adjustments after it.
    pub given: Fen,
    /// Who paid what of it; a merchant's bonus among them is no public money and left out.
    pub shares: &'a [Share],
}

/// What a version gives more than was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rise {
    /// What was given so far.
    pub before: Fen,
    /// What the version gives.
    pub after: Fen,
    /// The difference, more than nothing.
    pub amount: Fen,
    /// Who pays what of the difference, so that with what each source has paid it is the version's split of the whole.
    pub funding: Vec<Share>,
}

/// What the rules give more for a sale than was given; `None` when they would refuse it or give no more.
///
/// Item, price and old item are judged by the rules as any sale's. When and where it took place is not: it is a fact,
/// and [`Rules::retroactive_from`] says from which day on such facts are raised. What the consumer paid follows from
/// what was given then, so that it is not compared again.
#[must_use]
pub fn rise(rules: &Rules, made: SaleMade<'_>) -> Option<Rise> {
    // The windows say when something may be done from now on, the old item's among them.
    let windows = Windows { old_item: None, ..rules.windows.clone() };
    let rules = Rules { windows, ..rules.clone() };
    let price = Price { paid: None, ..made.price.clone() };
    let sale = Sale { item: Some(made.item), price: Some(&price), ..Sale::default() };
    let mut checks = Checks::default();
    judge_old_item(&rules, made.category, made.old, &by_turn_in_id, &mut checks);
    let amounts = judge_sale(&rules, made.category, &sale, made.old, &mut checks)?;
    checks.verdict().ok()?;
    let amount = amounts.subsidy - made.given;
    let funding = difference(&amounts.funding, made.shares);
    (amount > Fen::ZERO).then_some(Rise { before: made.given, after: amounts.subsidy, amount, funding })
}

/// The public shares of the whole less what each source has paid: first the sources of the whole in their order, then
/// those that only paid before.
fn difference(whole: &[Share], paid: &[Share]) -> Vec<Share> {
    let of = |shares: &[Share], source: FundingSource| -> Fen {
        shares.iter().filter(|share| share.source == source).map(|share| share.amount).sum()
    };
    let mut found: Vec<Share> = Vec::new();
    for share in whole.iter().chain(paid).filter(|share| share.source != FundingSource::Merchant) {
        if found.iter().all(|known| known.source != share.source) {
            let amount = of(whole, share.source) - of(paid, share.source);
            found.push(Share { source: share.source, amount });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::goods::{Fuel, Powertrain};
    use crate::domain::programme::from_toml;
    use crate::domain::time::Day;

    /// A programme for scrapped cars: extra keys, then the lines' tiers.
    fn rules(head: &str, funding: &str, tiers: &str) -> Rules {
        let text = format!(
            r#"
id = "cars"
title = "汽车报废更新"
{head}
region = {{ divisions = ["36"], store_inside = true }}
funding = {funding}
windows = {{ claim = {{ from = 2024-07-24, to = 2024-12-31 }}, old_item = {{ from = 2024-07-24, to = 2024-12-31 }} }}
voucher = {{ days = 30, reclaims = 3 }}
[old_item]
matching = "same_category"
matched_at = "issue"
registered_until = [{{ fuels = ["petrol"], day = 2011-06-30 }}]
[[lines]]
category = "car"
pool = "10000000.00"
tiers = {tiers}
"#
        );
        from_toml(&text).unwrap()
    }

    const DISTRICT: &str = r#"[{ source = "district", percent = "100" }]"#;
    const TWICE: &str = r#"[{ when = { powertrains = ["nev"] }, fixed = "20000.00" },
        { when = { powertrains = ["petrol"], displacement_at_most = "2.0" }, fixed = "15000.00" }]"#;

    fn item(powertrain: Powertrain, displacement_cc: Option<u32>) -> NewItem {
        NewItem {
            category: Category::Car,
            brand: "比亚迪".into(),
            model: "BYD7150".into(),
            gtin: None,
            energy_level: None,
            powertrain: Some(powertrain),
            displacement_cc,
            battery: None,
            certifications: Vec::new(),
            serial_number: None,
            outdoor_serial_number: None,
            vin: None,
            ebike_code: None,
            imei: None,
            imei2: None,
        }
    }

    fn old(registered: &str) -> OldItem {
        let item = serde_json::json!({"category": "car", "fuel": "petrol", "first_registered_on": registered,
            "received_on": "2024-06-01"});
        serde_json::from_value(item).unwrap()
    }

    fn price(list: &str, paid: Option<&str>) -> Price {
        let list = fen(list);
        Price { list, discounts: Fen::ZERO, agreed: list, paid: paid.map(fen) }
    }

    fn fen(text: &str) -> Fen {
        Fen::parse(text).unwrap()
    }

    fn share(source: FundingSource, amount: &str) -> Share {
        let (sign, magnitude) = amount.strip_prefix('-').map_or((1, amount), |magnitude| (-1, magnitude));
        Share { source, amount: Fen(sign * fen(magnitude).0) }
    }

    /// What is owed for an electric car for which so much was given.
    fn nev(rules: &Rules, list: &str, given: &str, shares: &[Share]) -> Option<Rise> {
        let (item, price, old) = (item(Powertrain::Nev, None), price(list, None), old("2010-05-04"));
        let given = fen(given);
        rise(rules, SaleMade { category: Category::Car, item: &item, price: &price, old: Some(&old), given, shares })
    }

    fn all(amount: &str) -> Vec<Share> {
        vec![share(FundingSource::District, amount)]
    }

    /// Row 43 of the worked calculations: 10 000 were paid for a new energy vehicle, then the rule was raised.
    #[test]
    fn a_rise_is_owed_to_the_fen_whenever_and_wherever_the_sale_was() {
        let rules = rules("retroactive_from = 2024-04-24", DISTRICT, TWICE);
        let found = nev(&rules, "159800.00", "10000.00", &all("10000.00")).unwrap();
        let expected = (fen("10000.00"), fen("20000.00"), fen("10000.00"), all("10000.00"));
        assert_eq!((found.before, found.after, found.amount, found.funding), expected);
        assert_eq!(rules.retroactive_from, Day::from_number(20_240_424));
    }

    #[test]
    fn what_the_consumer_paid_at_the_time_is_no_obstacle() {
        let rules = rules("", DISTRICT, TWICE);
        let (item, price, old) =
            (item(Powertrain::Nev, None), price("159800.00", Some("149800.00")), old("2010-05-04"));
        let shares = all("10000.00");
        let made = SaleMade {
            category: Category::Car,
            item: &item,
            price: &price,
            old: Some(&old),
            given: fen("10000.00"),
            shares: &shares,
        };
        assert_eq!(rise(&rules, made).unwrap().amount, fen("10000.00"));
    }

    #[test]
    fn nothing_is_owed_when_the_version_gives_no_more() {
        let rules = rules("", DISTRICT, TWICE);
        assert_eq!(nev(&rules, "159800.00", "20000.00", &all("20000.00")), None);
        assert_eq!(nev(&rules, "159800.00", "20000.01", &all("20000.01")), None);
        assert_eq!(nev(&rules, "159800.00", "19999.99", &all("19999.99")).unwrap().amount, Fen(1));
    }

    #[test]
    fn a_cap_and_the_price_hold_the_rise() {
        let rules = rules("", DISTRICT, r#"[{ percent = "20", cap = "20000.00" }]"#);
        assert_eq!(nev(&rules, "80000.00", "10000.00", &all("10000.00")).unwrap().after, fen("16000.00"));
        assert_eq!(nev(&rules, "159800.00", "10000.00", &all("10000.00")).unwrap().after, fen("20000.00"));
        let fixed = self::rules("", DISTRICT, TWICE);
        assert_eq!(nev(&fixed, "12000.00", "10000.00", &all("10000.00")).unwrap().after, fen("12000.00"));
    }

    #[test]
    fn a_sale_that_the_version_would_refuse_is_owed_nothing() {
        let rules = rules("", DISTRICT, TWICE);
        let owed = |item: &NewItem, old: Option<&OldItem>, category: Category| {
            let price = price("159800.00", None);
            rise(&rules, SaleMade { category, item, price: &price, old, given: fen("7000.00"), shares: &[] }).is_some()
        };
        let (good, petrol) = (old("2010-05-04"), item(Powertrain::Petrol, Some(1998)));
        assert!(owed(&petrol, Some(&good), Category::Car));
        assert!(!owed(&item(Powertrain::Petrol, Some(2498)), Some(&good), Category::Car), "no tier");
        assert!(!owed(&petrol, None, Category::Car), "no old item");
        assert!(!owed(&petrol, Some(&old("2011-07-01")), Category::Car), "an old item that is too new");
        let diesel = OldItem { fuel: Some(Fuel::Diesel), ..good.clone() };
        assert!(!owed(&petrol, Some(&diesel), Category::Car), "a fuel that is not taken");
        assert!(!owed(&petrol, Some(&good), Category::Ebike), "no line");
    }

    /// Each source ends with its share of the whole: the remainders of two splits would not sum to it.
    #[test]
    fn what_each_source_paid_in_all_is_its_share_of_the_whole() {
        let shared = r#"[{ source = "central", percent = "33" }, { source = "province", percent = "67" }]"#;
        let rules = rules("", shared, r#"[{ fixed = "10000.05" }]"#);
        let central = |amount| share(FundingSource::Central, amount);
        let province = |amount| share(FundingSource::Province, amount);
        let paid = [central("3300.00"), province("6700.01"), share(FundingSource::Merchant, "500.00")];
        let found = nev(&rules, "159800.00", "10000.01", &paid).unwrap();
        assert_eq!(found.funding, [central("0.01"), province("0.03")]);
        // Another payer takes over: who paid before gets back what is no longer theirs.
        let found = nev(&rules, "159800.00", "10000.00", &all("10000.00")).unwrap();
        let expected = [central("3300.01"), province("6700.04"), share(FundingSource::District, "-10000.00")];
        assert_eq!(found.funding, expected);
        assert_eq!(found.funding.iter().map(|share| share.amount).sum::<Fen>(), found.amount);
    }

    /// A third version counts what the second one added: the three sum to what the third gives.
    #[test]
    fn a_third_version_raises_what_the_second_left() {
        let third = rules("", DISTRICT, r#"[{ fixed = "25000.00" }]"#);
        let shares = [all("10000.00"), all("10000.00")].concat();
        let found = nev(&third, "159800.00", "20000.00", &shares).unwrap();
        assert_eq!((found.before, found.amount, found.funding), (fen("20000.00"), fen("5000.00"), all("5000.00")));
    }
}
