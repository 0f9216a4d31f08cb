//! Worked examples of a programme: what each tier gives just below, at and just above the price that reaches its cap.

use serde::Serialize;

use crate::domain::goods::Category;
use crate::domain::money::Fen;

use super::list;
use super::rules::{Bonus, Conditions, Line, Rules, Tier};
use super::subsidy::{Amounts, amounts};
use super::tier::compatible;

/// One worked example: a line of the table that a command prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    /// The category of the line.
    pub category: Category,
    /// Which tier of the line, from 1.
    pub tier: usize,
    /// Which bonus of the line comes with it, from 1, if any.
    pub bonus: Option<usize>,
    /// The conditions of tier and bonus, in the words of the file.
    pub when: String,
    /// The price after all discounts.
    pub price: Fen,
    /// What the sale brings.
    pub amounts: Amounts,
}

/// Examples for every line and tier, alone and with each bonus. Where the old item's credit lowers the base, they are
/// those of an old item without credit.
#[must_use]
pub fn examples(rules: &Rules) -> Vec<Example> {
    let mut rows = Vec::new();
    for line in &rules.lines {
        for (index, tier) in line.tiers.iter().enumerate() {
            let bonuses = line.bonuses.iter().enumerate().filter(|(_, bonus)| compatible(&tier.when, &bonus.when));
            let bonuses = bonuses.map(|(index, bonus)| Some((index + 1, bonus)));
            for bonus in std::iter::once(None).chain(bonuses) {
                rows.extend(of_tier(rules, line, (index + 1, tier), bonus));
            }
        }
    }
    rows
}

fn of_tier(rules: &Rules, line: &Line, tier: (usize, &Tier), bonus: Option<(usize, &Bonus)>) -> Vec<Example> {
    let (number, tier) = tier;
    let conditions = [Some(&tier.when), bonus.map(|(_, bonus)| &bonus.when)].into_iter().flatten();
    let when = conditions.map(told).filter(|told| !told.is_empty()).collect::<Vec<_>>().join("; ");
    let give = |price: Fen| amounts(rules, tier, bonus.into_iter().map(|(_, bonus)| bonus), price, price);
    let (lowest, highest) = bounds(line, [Some(&tier.when), bonus.map(|(_, bonus)| &bonus.when)]);
    let turning = turning_price(lowest, highest, |price| give(price).subsidy);
    let mut prices =
        [turning - Fen(1), turning, turning + Fen(1)].map(|price| price.max(lowest).at_most(highest)).to_vec();
    prices.dedup();
    let row = |price: Fen| Example {
        category: line.category,
        tier: number,
        bonus: bonus.map(|(number, _)| number),
        when: when.clone(),
        price,
        amounts: give(price),
    };
    prices.into_iter().filter(|_| lowest <= highest).map(row).collect()
}

/// The prices between which all conditions hold.
fn bounds(line: &Line, conditions: [Option<&Conditions>; 2]) -> (Fen, Fen) {
    let (mut lowest, mut highest) = (line.price_at_least.unwrap_or(Fen(1)), line.unit_price_at_most.unwrap_or(DEAREST));
    for when in conditions.into_iter().flatten() {
        lowest = lowest.max(when.price_from.unwrap_or(lowest));
        highest = highest.at_most(when.price_below.map_or(highest, |below| below - Fen(1)));
    }
    (lowest, highest)
}

/// The dearest thing of the examples: what an amount of ten digits can say.
const DEAREST: Fen = Fen(999_999_999_999);

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

/// Conditions in the words of the file, those that say something.
fn told(when: &Conditions) -> String {
    let mut words = Vec::new();
    let mut say = |name: &str, value: String| words.push(format!("{name} {value}"));
    if !when.energy_levels.is_empty() {
        say("energy_levels", list(&when.energy_levels));
    }
    if !when.powertrains.is_empty() {
        say("powertrains", list(&when.powertrains));
    }
    if let Some(most) = when.displacement_at_most {
        say("displacement_at_most", most.to_string());
    }
    if !when.batteries.is_empty() {
        say("batteries", list(&when.batteries));
    }
    if !when.old_fuels.is_empty() {
        say("old_fuels", list(&when.old_fuels));
    }
    if !when.old_batteries.is_empty() {
        say("old_batteries", list(&when.old_batteries));
    }
    if let Some(from) = when.price_from {
        say("price_from", from.to_string());
    }
    if let Some(below) = when.price_below {
        say("price_below", below.to_string());
    }
    if !when.certifications.is_empty() {
        say("certifications", list(&when.certifications));
    }
    if when.old_item_needed {
        say("old_item_needed", "true".to_owned());
    }
    words.join(", ")
}
