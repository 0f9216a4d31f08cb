//! Worked examples of a programme: what each tier gives just below, at and just above the price that reaches its cap,
//! and at the ends of its prices.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;

use crate::domain::goods::Category;
use crate::domain::money::Fen;

use super::rules::{Amount, Bonus, Conditions, Line, Matching, Rules, Tier};
use super::subsidy::{Amounts, amounts};
use super::tier::both;

/// One worked example: a line of the table that a command prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    /// The category of the line.
    pub category: Category,
    /// Which tier of the line, from 1.
    pub tier: usize,
    /// Which bonuses of the line come with it, from 1.
    pub bonuses: Vec<usize>,
    /// The conditions of tier and bonuses together, in words.
    pub when: String,
    /// The price after all discounts.
    pub price: Fen,
    /// What the owner got for the old item, where that lowers the price on which a percentage is computed.
    pub credit: Fen,
    /// What the rates of public money bring before rounding and cap, in yuan; `None` where only sums are fixed.
    pub exact: Option<Decimal>,
    /// What the sale brings.
    pub amounts: Amounts,
}

/// The credit of the example that shows what a credit does.
const CREDIT: Fen = Fen(10_000);

/// The dearest thing of the examples: what an amount of ten digits can say.
const DEAREST: Fen = Fen(999_999_999_999);

/// Examples for every line and tier: as it always is, with each bonus that it can have, and with all that it can have
/// together.
#[must_use]
pub fn examples(rules: &Rules) -> Vec<Example> {
    let mut rows = Vec::new();
    for line in &rules.lines {
        for (index, tier) in line.tiers.iter().enumerate() {
            for with in combinations(rules, line, tier) {
                rows.extend(Case { rules, line, number: index + 1, tier, with }.rows());
            }
        }
    }
    rows
}

/// The bonuses, by their index, of which examples of a tier are made: first those that it always has.
fn combinations(rules: &Rules, line: &Line, tier: &Tier) -> Vec<Combination> {
    let tier = of_an_item(rules, &tier.when);
    let conditions: Vec<Conditions> =
        line.bonuses.iter().map(|bonus| without_prices(of_an_item(rules, &bonus.when))).collect();
    let always = |index: &usize| both(&tier, &conditions[*index]).as_ref() == Some(&tier);
    let (always, others): (Vec<usize>, Vec<usize>) = (0..conditions.len()).partition(always);
    let mut found = vec![Combination { bonuses: always.clone(), shown: Vec::new() }];
    let mut all = (tier.clone(), Vec::new());
    for index in others {
        if both(&tier, &conditions[index]).is_some() {
            let bonuses = always.iter().copied().chain([index]).collect();
            found.push(Combination { bonuses, shown: vec![index] });
        }
        if let Some(met) = both(&all.0, &conditions[index]) {
            all.0 = met;
            all.1.push(index);
        }
    }
    if all.1.len() > 1 {
        found.push(Combination { bonuses: always.iter().chain(&all.1).copied().collect(), shown: all.1 });
    }
    found
}

/// Bonuses that come together.
struct Combination {
    /// All of them, where the price allows.
    bonuses: Vec<usize>,
    /// Those for whose sake the example is made: it is none at a price at which they do not apply.
    shown: Vec<usize>,
}

/// The conditions less what always holds: where every sale has an old item, that it needs one says nothing.
fn of_an_item(rules: &Rules, when: &Conditions) -> Conditions {
    let given = matches!(rules.old_item.matching, Matching::AnyCategory | Matching::SameCategory);
    Conditions { old_item_needed: when.old_item_needed && !given, ..when.clone() }
}

fn without_prices(when: Conditions) -> Conditions {
    Conditions { price_from: None, price_below: None, ..when }
}

/// A tier with bonuses.
struct Case<'a> {
    rules: &'a Rules,
    line: &'a Line,
    number: usize,
    tier: &'a Tier,
    with: Combination,
}

impl Case<'_> {
    fn rows(&self) -> Vec<Example> {
        let (lowest, highest) = bounds(self.line, &self.tier.when);
        let (prices, dearest_turn) = self.prices(lowest, highest);
        let mut rows: Vec<Example> = prices.into_iter().filter_map(|price| self.row(price, Fen::ZERO)).collect();
        if self.rules.old_credit_reduces_base && self.rules.old_item.matching != Matching::None {
            rows.extend(self.row(dearest_turn, CREDIT.at_most(dearest_turn)).filter(|row| row.exact.is_some()));
        }
        rows
    }

    /// Around each price at which the most is reached, and where prices begin and end; and the last of the turns.
    fn prices(&self, lowest: Fen, highest: Fen) -> (BTreeSet<Fen>, Fen) {
        let bonuses = self.with.bonuses.iter().map(|index| &self.line.bonuses[*index].when);
        let turns = bonuses.flat_map(|when| [when.price_from, when.price_below]).flatten();
        let mut starts: BTreeSet<Fen> = turns.filter(|turn| *turn > lowest && *turn <= highest).collect();
        starts.insert(lowest);
        let mut prices = BTreeSet::new();
        let mut turning = lowest;
        let ends = starts.iter().skip(1).map(|next| *next - Fen(1)).chain([highest]);
        for (start, end) in starts.iter().zip(ends).filter(|(start, end)| **start <= *end) {
            turning = turning_price(*start, end, |price| self.give(price, Fen::ZERO).subsidy);
            prices.extend([turning - Fen(1), turning, turning + Fen(1)]);
            // With another rounding than down the cap is reached before the rate itself is above it.
            prices.extend(self.first_above_cap(turning));
            prices.extend([*start, end].into_iter().filter(|price| *price > Fen(1) && *price < DEAREST));
        }
        prices.retain(|price| lowest <= *price && *price <= highest);
        (prices, turning)
    }

    /// The bonuses that apply at a price.
    fn applied(&self, price: Fen) -> Vec<(usize, &Bonus)> {
        let numbered = self.line.bonuses.iter().enumerate();
        let numbered = numbered.filter(|(index, _)| self.with.bonuses.contains(index));
        numbered.filter(|(_, bonus)| in_range(&bonus.when, price)).collect()
    }

    /// The first price at which the rates bring more than their caps, before any rounding.
    fn first_above_cap(&self, price: Fen) -> Option<Fen> {
        let (rate, cap) = self.rate(price)?;
        let reached = cap.yuan().checked_mul(Decimal::ONE_HUNDRED)?.checked_div(rate)?;
        let fen = reached.checked_mul(Decimal::ONE_HUNDRED)?.floor().to_i64()?;
        Some(Fen(fen) + Fen(1))
    }

    /// The rates of public money that are paid at a price, and their caps, each added up.
    fn rate(&self, price: Fen) -> Option<(Decimal, Fen)> {
        let applied = self.applied(price);
        let public = applied.iter().filter(|(_, bonus)| !bonus.is_merchant()).map(|(_, bonus)| bonus.amount);
        let rates = std::iter::once(self.tier.amount).chain(public).filter_map(|amount| {
            if let Amount::Percent { percent, cap } = amount { Some((percent, cap)) } else { None }
        });
        rates.reduce(|(percent, cap), (more, further)| (percent.saturating_add(more), cap + further))
    }

    fn give(&self, price: Fen, credit: Fen) -> Amounts {
        let applied = self.applied(price);
        amounts(self.rules, self.tier, applied.into_iter().map(|(_, bonus)| bonus), price - credit, price)
    }

    fn row(&self, price: Fen, credit: Fen) -> Option<Example> {
        let applied = self.applied(price);
        let shown = |index: &usize| applied.iter().any(|(applied, _)| applied == index);
        if !self.with.shown.iter().all(shown) {
            return None;
        }
        let conditions = applied.iter().map(|(_, bonus)| &bonus.when);
        let when = conditions.fold(self.tier.when.clone(), |all, when| both(&all, when).unwrap_or(all));
        let exact =
            |(rate, _): (Decimal, Fen)| (price - credit).yuan().saturating_mul(rate.saturating_mul(Decimal::new(1, 2)));
        Some(Example {
            category: self.line.category,
            tier: self.number,
            bonuses: applied.iter().map(|(index, _)| index + 1).collect(),
            when: super::conditions::in_words(&when),
            price,
            credit,
            exact: self.rate(price).map(exact),
            amounts: self.give(price, credit),
        })
    }
}

fn in_range(when: &Conditions, price: Fen) -> bool {
    when.price_from.is_none_or(|from| from <= price) && when.price_below.is_none_or(|below| price < below)
}

/// The prices between which the line's limits and the tier's conditions hold; a free thing is none.
fn bounds(line: &Line, when: &Conditions) -> (Fen, Fen) {
    let lowest = [line.price_at_least, when.price_from].into_iter().flatten().fold(Fen(1), Ord::max);
    let highest = [line.unit_price_at_most, when.price_below.map(|below| below - Fen(1))];
    (lowest, highest.into_iter().flatten().fold(DEAREST, Ord::min))
}

/// The lowest price within the bounds that brings as much as the highest does: where the cap, or a fixed sum, is first
/// reached. What is given never falls as the price rises, so the place is found by halving.
fn turning_price(lowest: Fen, highest: Fen, subsidy: impl Fn(Fen) -> Fen) -> Fen {
    let most = subsidy(highest);
    let (mut low, mut high) = (lowest.0, highest.0);
    while low < high {
        let middle = low + (high - low) / 2;
        if subsidy(Fen(middle)) < most {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Fen(low)
}
