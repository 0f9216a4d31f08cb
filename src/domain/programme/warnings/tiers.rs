//! Tiers and bonuses under which no sale falls.

use std::collections::BTreeSet;

use crate::domain::goods::{Category, Powertrain};
use crate::domain::programme::cells::{Cell, cells, fuels_taken, has_energy_label, old_categories};
use crate::domain::programme::fault::Fault;
use crate::domain::programme::list;
use crate::domain::programme::rules::{Conditions, Line, Rules};
use crate::domain::programme::tier::{Aspect, Facts, ORDER, holds};

pub(super) fn look(rules: &Rules, line: &Line, field: &str, found: &mut Vec<Fault>) {
    without_effect(line, field, found);
    let Some(cells) = cells(rules, line) else { return };
    let sales: Vec<Facts<'_>> = cells.iter().map(Cell::facts).collect();
    // The tier of each sale: the first that holds.
    let chosen: Vec<Option<usize>> =
        sales.iter().map(|sale| line.tiers.iter().position(|tier| holds(&tier.when, *sale))).collect();
    for (index, tier) in line.tiers.iter().enumerate() {
        let field = format!("{field}.tiers[{index}]");
        if chosen.contains(&Some(index)) {
            continue;
        }
        let fitting = sales.iter().zip(&chosen).filter(|(sale, _)| holds(&tier.when, **sale));
        let before: BTreeSet<usize> = fitting.filter_map(|(_, chosen)| *chosen).map(|index| index + 1).collect();
        if before.is_empty() {
            unmet(rules, line, &tier.when, &field, &sales, found);
        } else {
            let message = format!(
                "found a tier that never applies; expected some sale for it: each one that fits falls under tier {} \
                 before it, since the first that fits applies",
                before.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
            );
            found.push(Fault::at(field, message));
        }
    }
    for (index, bonus) in line.bonuses.iter().enumerate() {
        let field = format!("{field}.bonuses[{index}]");
        let mut fitting = sales.iter().zip(&chosen).filter(|(sale, _)| holds(&bonus.when, **sale)).peekable();
        if fitting.peek().is_none() {
            unmet(rules, line, &bonus.when, &field, &sales, found);
        } else if chosen.iter().any(Option::is_some) && fitting.all(|(_, chosen)| chosen.is_none()) {
            let message = "found a bonus that never applies; expected conditions that some tier of the line shares: \
                           a bonus comes on top of a tier";
            found.push(Fault::at(field, message));
        }
    }
}

/// A displacement that is asked of electric cars alone, which are taken whatever it is.
fn without_effect(line: &Line, field: &str, found: &mut Vec<Fault>) {
    let tiers = line.tiers.iter().enumerate().map(|(index, tier)| (format!("{field}.tiers[{index}]"), &tier.when));
    let bonuses =
        line.bonuses.iter().enumerate().map(|(index, bonus)| (format!("{field}.bonuses[{index}]"), &bonus.when));
    for (field, when) in tiers.chain(bonuses) {
        let electric = when.powertrains.iter().eq([&Powertrain::Nev]);
        if let Some(litres) = when.displacement_at_most.filter(|_| electric) {
            let message = format!(
                "found {litres} with the powertrain `nev` alone; expected none: such a car has no displacement"
            );
            found.push(Fault::at(format!("{field}.when.displacement_at_most"), message));
        }
    }
}

/// Says why conditions are met by no sale: condition by condition, or together.
fn unmet(rules: &Rules, line: &Line, when: &Conditions, field: &str, sales: &[Facts<'_>], found: &mut Vec<Fault>) {
    let before = found.len();
    for aspect in ORDER {
        if aspect.said(when) && !sales.iter().any(|sale| aspect.holds(when, *sale)) {
            let (name, message) = why(rules, line, when, aspect);
            found.push(Fault::at(format!("{field}.when.{name}"), message));
        }
    }
    if found.len() == before {
        let message = "found conditions that no sale meets together; expected some sale that meets all of them";
        found.push(Fault::at(format!("{field}.when"), message));
    }
}

/// The condition's name, and why no sale of the line meets it.
fn why(rules: &Rules, line: &Line, when: &Conditions, aspect: Aspect) -> (&'static str, String) {
    let category = line.category;
    let of = |what: &str, kind: &str| format!("found {what} for `{category}`; expected none: only {kind} has one");
    match aspect {
        Aspect::EnergyLevel if !has_energy_label(category) => (
            "energy_levels",
            format!("found energy levels for `{category}`; expected none: it carries no energy label"),
        ),
        Aspect::EnergyLevel => ("energy_levels", "found levels of no sale; expected 1 to 5".to_owned()),
        Aspect::Powertrain => ("powertrains", of("a powertrain", "a car")),
        Aspect::Displacement => ("displacement_at_most", of("a displacement", "a car")),
        Aspect::Battery => ("batteries", of("a battery", "an e-bike")),
        Aspect::Certification => ("certifications", "found certificates of no sale; expected others".to_owned()),
        Aspect::Price => price(line, when),
        Aspect::OldItem => {
            ("old_item_needed", "found `true`; expected an old item that the programme takes".to_owned())
        }
        Aspect::OldFuel => ("old_fuels", old_fuel(rules, line, when)),
        Aspect::OldBattery if old_categories(rules, category).contains(&Category::Ebike) => {
            let message = "found batteries of an old e-bike; expected none: `old_item.registered_until` takes old \
                           cars alone";
            ("old_batteries", message.to_owned())
        }
        Aspect::OldBattery => {
            let taken = list(old_categories(rules, category));
            let message =
                format!("found batteries of an old e-bike, with old items of {taken}; expected old items of ebike");
            ("old_batteries", message)
        }
    }
}

fn price(line: &Line, when: &Conditions) -> (&'static str, String) {
    match (when.price_from, line.unit_price_at_most) {
        (Some(from), Some(most)) if from > most => {
            ("price_from", format!("found {from}; expected at most {most}, the line's `unit_price_at_most`"))
        }
        _ => {
            let least = line.price_at_least.unwrap_or_default();
            let below = when.price_below.unwrap_or_default();
            ("price_below", format!("found {below}; expected more than {least}, the line's `price_at_least`"))
        }
    }
}

fn old_fuel(rules: &Rules, line: &Line, when: &Conditions) -> String {
    let taken = old_categories(rules, line.category);
    match fuels_taken(rules) {
        Some(fuels) if taken.contains(&Category::Car) => format!(
            "found {}; expected one of {}: `old_item.registered_until` lets no other fuel in",
            list(&when.old_fuels),
            list(&fuels)
        ),
        _ => format!("found fuels of an old car, with old items of {}; expected old items of car", list(&taken)),
    }
}
