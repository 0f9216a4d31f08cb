//! What is asked of old items that are never looked at, or that no old item can be.

use std::collections::BTreeSet;

use crate::domain::goods::Category;
use crate::domain::programme::cells::old_categories;
use crate::domain::programme::fault::Fault;
use crate::domain::programme::list;
use crate::domain::programme::rules::{Matching, Rules};
use crate::domain::programme::tier::asks_for_old;

pub(super) fn look(rules: &Rules, found: &mut Vec<Fault>) {
    match rules.old_item.matching {
        Matching::None => never_looked_at(rules, found),
        Matching::Bonus => brings_nothing(rules, found),
        Matching::AnyCategory | Matching::SameCategory => {}
    }
    not_a_car(rules, found);
}

/// Where no old item plays a part, nothing that is asked of one has an effect.
fn never_looked_at(rules: &Rules, found: &mut Vec<Fault>) {
    let asked = &rules.old_item;
    let said = [
        ("old_item.registered_until", !asked.registered_until.is_empty()),
        ("old_item.must_be_registered", asked.must_be_registered),
        ("old_item.must_be_complete", asked.must_be_complete),
        ("old_item.must_have_battery", asked.must_have_battery),
        ("old_item.owned_until", asked.owned_until.is_some()),
        ("old_item.disposal", asked.disposal.is_some()),
        ("old_item.evidence", !asked.evidence.is_empty()),
        ("old_item.settlement_hold", asked.settlement_hold.is_some()),
        ("windows.old_item", rules.windows.old_item.is_some()),
        ("old_credit_reduces_base", rules.old_credit_reduces_base),
    ];
    for (field, _) in said.into_iter().filter(|(_, said)| *said) {
        let message = "found something that is asked of an old item; expected nothing, since the matching is `none` \
                       and no old item is looked at";
        found.push(Fault::at(field, message));
    }
}

fn brings_nothing(rules: &Rules, found: &mut Vec<Fault>) {
    let tiers = rules.lines.iter().flat_map(|line| line.tiers.iter().map(|tier| &tier.when));
    let bonuses = rules.lines.iter().flat_map(|line| line.bonuses.iter().map(|bonus| &bonus.when));
    if !tiers.chain(bonuses).any(asks_for_old) {
        let message = "found `bonus`; expected a tier or bonus with a condition on the old item (such as \
                       `old_item_needed = true`): as it is, an old item brings nothing";
        found.push(Fault::at("old_item.matching", message));
    }
}

/// Fuels, and what became of it, are known of a car alone; a battery of an e-bike; a plate of both.
fn not_a_car(rules: &Rules, found: &mut Vec<Fault>) {
    let asked = &rules.old_item;
    let taken: BTreeSet<Category> = rules.lines.iter().flat_map(|line| old_categories(rules, line.category)).collect();
    if taken.is_empty() {
        return;
    }
    let car = taken.contains(&Category::Car);
    let ebike = taken.contains(&Category::Ebike);
    let plate = car || ebike;
    let said = [
        ("old_item.registered_until", "a fuel", !asked.registered_until.is_empty() && !car, "car"),
        ("old_item.disposal", "a disposal", asked.disposal.is_some() && !car, "car"),
        ("old_item.must_have_battery", "a battery", asked.must_have_battery && !ebike, "ebike"),
        ("old_item.must_be_registered", "a plate", asked.must_be_registered && !plate, "car or ebike"),
    ];
    for (field, what, _, kinds) in said.into_iter().filter(|(_, _, odd, _)| *odd) {
        let message = format!(
            "found {what} asked of old items of {}; expected old items of {kinds}: no other has one",
            list(&taken)
        );
        found.push(Fault::at(field, message));
    }
    // Where cars are taken too, the others on the list can only be refused.
    let of_cars = !asked.registered_until.is_empty() || asked.disposal.is_some();
    for (index, category) in asked.categories.iter().enumerate() {
        if car && of_cars && *category != Category::Car {
            let message = format!(
                "found `{category}`; expected car alone: `registered_until` and `disposal` ask what only a car has"
            );
            found.push(Fault::at(format!("old_item.categories[{index}]"), message));
        }
    }
}
