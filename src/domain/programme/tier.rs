//! Which tier and which bonuses apply.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use crate::domain::goods::{Battery, Fuel, NewItem, OldItem, Powertrain};
use crate::domain::money::Fen;
use crate::domain::refusal::{Checks, Code, Refusal};

use super::rules::{Conditions, Line, Tier};
use super::{list, stated};

/// The old item as far as tiers are concerned.
#[derive(Clone, Copy)]
pub(super) enum Old<'a> {
    /// One is needed and not named yet: its conditions are left open.
    Unknown,
    /// There is none, or none that counts.
    Nothing,
    /// This one.
    Item(&'a OldItem),
}

/// What conditions are held against.
#[derive(Clone, Copy)]
pub(super) struct Facts<'a> {
    pub item: &'a NewItem,
    pub agreed: Option<Fen>,
    pub old: Old<'a>,
}

/// One kind of condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aspect {
    EnergyLevel,
    Powertrain,
    Displacement,
    Battery,
    Certification,
    Price,
    OldItem,
    OldFuel,
    OldBattery,
}

/// Every kind, in the order in which they are judged.
pub(super) const ORDER: [Aspect; 9] = [
    Aspect::EnergyLevel,
    Aspect::Powertrain,
    Aspect::Displacement,
    Aspect::Battery,
    Aspect::Certification,
    Aspect::Price,
    Aspect::OldItem,
    Aspect::OldFuel,
    Aspect::OldBattery,
];

/// An empty set asks for nothing; otherwise the value must be stated and be in it.
fn within<T: Ord>(asked: &BTreeSet<T>, stated: Option<T>) -> bool {
    asked.is_empty() || stated.is_some_and(|value| asked.contains(&value))
}

fn fuel(old: Old<'_>) -> Option<Fuel> {
    if let Old::Item(item) = old { item.fuel } else { None }
}

fn old_battery(old: Old<'_>) -> Option<Battery> {
    if let Old::Item(item) = old { item.battery } else { None }
}

/// Litres of a displacement in cubic centimetres: 2500 is 2.5.
fn litres(cc: u32) -> Decimal {
    Decimal::new(i64::from(cc), 3).normalize()
}

impl Aspect {
    /// Whether the conditions say anything of this kind.
    pub fn said(self, when: &Conditions) -> bool {
        match self {
            Self::EnergyLevel => !when.energy_levels.is_empty(),
            Self::Powertrain => !when.powertrains.is_empty(),
            Self::Displacement => when.displacement_at_most.is_some(),
            Self::Battery => !when.batteries.is_empty(),
            Self::Certification => !when.certifications.is_empty(),
            Self::Price => when.price_from.is_some() || when.price_below.is_some(),
            Self::OldItem => when.old_item_needed,
            Self::OldFuel => !when.old_fuels.is_empty(),
            Self::OldBattery => !when.old_batteries.is_empty(),
        }
    }

    /// Whether what the conditions say of this kind holds.
    pub fn holds(self, when: &Conditions, facts: Facts<'_>) -> bool {
        let Facts { item, agreed, old } = facts;
        let open = matches!(old, Old::Unknown);
        match self {
            Self::EnergyLevel => within(&when.energy_levels, item.energy_level),
            Self::Powertrain => within(&when.powertrains, item.powertrain),
            Self::Displacement => when.displacement_at_most.is_none_or(|most| {
                item.powertrain == Some(Powertrain::Nev) || item.displacement_cc.is_some_and(|cc| litres(cc) <= most)
            }),
            Self::Battery => within(&when.batteries, item.battery),
            Self::Certification => when.certifications.iter().all(|asked| item.certifications.contains(asked)),
            Self::Price => agreed.is_none_or(|price| {
                when.price_from.is_none_or(|from| from <= price) && when.price_below.is_none_or(|below| price < below)
            }),
            Self::OldItem => open || !when.old_item_needed || matches!(old, Old::Item(_)),
            Self::OldFuel => open || within(&when.old_fuels, fuel(old)),
            Self::OldBattery => open || within(&when.old_batteries, old_battery(old)),
        }
    }

    /// What is said when none of the tiers that are still open holds.
    fn refusal(self, open: &[&Tier], facts: Facts<'_>) -> Refusal {
        let Facts { item, agreed, old } = facts;
        let all = || open.iter().map(|tier| &tier.when);
        match self {
            Self::EnergyLevel => Refusal::at(Code::EnergyLevelNotEligible, "/item/energy_level")
                .found(stated(item.energy_level))
                .expected(union(all().map(|when| &when.energy_levels))),
            Self::Powertrain => Refusal::at(Code::CategoryNotEligible, "/item/powertrain")
                .found(stated(item.powertrain))
                .expected(union(all().map(|when| &when.powertrains))),
            Self::Displacement => Refusal::at(Code::DisplacementAboveLimit, "/item/displacement_litres")
                .found(stated(item.displacement_cc.map(litres)))
                .expected(stated(all().filter_map(|when| when.displacement_at_most).max())),
            Self::Battery => Refusal::at(Code::CategoryNotEligible, "/item/battery")
                .found(stated(item.battery))
                .expected(union(all().map(|when| &when.batteries))),
            Self::Certification => Refusal::at(Code::NewItemNotCertified, "/item/certifications")
                .found(list(&item.certifications))
                .expected(list(all().next().into_iter().flat_map(|when| &when.certifications))),
            Self::Price => price_refusal(open, agreed),
            Self::OldItem => Refusal::at(Code::OldItemMissing, "/turn_in_id"),
            Self::OldFuel => Refusal::at(Code::OldNewCombinationNotEligible, "/turn_in_id")
                .found(stated(fuel(old)))
                .expected(union(all().map(|when| &when.old_fuels))),
            Self::OldBattery => Refusal::at(Code::OldNewCombinationNotEligible, "/turn_in_id")
                .found(stated(old_battery(old)))
                .expected(union(all().map(|when| &when.old_batteries))),
        }
    }
}

fn union<'a, T: Ord + std::fmt::Display + 'a>(sets: impl Iterator<Item = &'a BTreeSet<T>>) -> String {
    list(sets.flatten().collect::<BTreeSet<_>>())
}

/// Too low when some tier begins above the price, else too high for all of them.
fn price_refusal(open: &[&Tier], agreed: Option<Fen>) -> Refusal {
    let price = agreed.unwrap_or_default();
    let above = open.iter().filter_map(|tier| tier.when.price_from).filter(|from| price < *from).min();
    let below = open.iter().filter_map(|tier| tier.when.price_below).max();
    let (code, expected) = match above {
        Some(from) => (Code::PriceBelowMinimum, Some(from)),
        None => (Code::UnitPriceAboveLimit, below.map(|below| below - Fen(1))),
    };
    Refusal::at(code, "/price/final").found(stated(agreed)).expected(stated(expected))
}

/// Whether every condition holds.
pub(super) fn holds(when: &Conditions, facts: Facts<'_>) -> bool {
    ORDER.iter().all(|aspect| aspect.holds(when, facts))
}

/// Whether the conditions ask anything about the old item.
pub(super) fn asks_for_old(when: &Conditions) -> bool {
    [Aspect::OldItem, Aspect::OldFuel, Aspect::OldBattery].iter().any(|aspect| aspect.said(when))
}

/// The first tier whose conditions hold. Each kind of condition narrows the tiers in turn; one that leaves none is
/// noted as the reason and then left out, so that every reason is told and none that only follows from another.
pub(super) fn choose<'a>(line: &'a Line, facts: Facts<'_>, checks: &mut Checks) -> Option<&'a Tier> {
    let mut open: Vec<&Tier> = line.tiers.iter().collect();
    let mut fits = true;
    for aspect in ORDER {
        if !open.iter().any(|tier| aspect.said(&tier.when)) {
            continue;
        }
        let left: Vec<&Tier> = open.iter().copied().filter(|tier| aspect.holds(&tier.when, facts)).collect();
        checks.note(!left.is_empty(), aspect.refusal(&open, facts));
        if left.is_empty() {
            fits = false;
        } else {
            open = left;
        }
    }
    open.first().copied().filter(|_| fits)
}

/// Whether a claim of which only this much is known may still come under the conditions.
pub(super) fn possible(when: &Conditions, powertrain: Option<Powertrain>, old: Old<'_>) -> bool {
    let old_possible = match old {
        Old::Unknown => true,
        Old::Nothing => !asks_for_old(when),
        Old::Item(item) => within(&when.old_fuels, item.fuel) && within(&when.old_batteries, item.battery),
    };
    old_possible && (powertrain.is_none() || within(&when.powertrains, powertrain))
}

/// The conditions that hold where both hold; `None` when no sale can come under both.
pub(super) fn both(one: &Conditions, other: &Conditions) -> Option<Conditions> {
    fn common<T: Ord + Copy>(one: &BTreeSet<T>, other: &BTreeSet<T>) -> Option<BTreeSet<T>> {
        match (one.is_empty(), other.is_empty()) {
            (true, _) => Some(other.clone()),
            (_, true) => Some(one.clone()),
            _ => Some(one & other).filter(|common| !common.is_empty()),
        }
    }
    let from = one.price_from.max(other.price_from);
    let below = [one.price_below, other.price_below].into_iter().flatten().min();
    let mut certifications = one.certifications.clone();
    certifications.extend(other.certifications.iter().filter(|asked| !one.certifications.contains(asked)));
    let displacements = [one.displacement_at_most, other.displacement_at_most];
    below.is_none_or(|below| from.unwrap_or_default() < below).then_some(())?;
    Some(Conditions {
        energy_levels: common(&one.energy_levels, &other.energy_levels)?,
        powertrains: common(&one.powertrains, &other.powertrains)?,
        displacement_at_most: displacements.into_iter().flatten().min(),
        old_fuels: common(&one.old_fuels, &other.old_fuels)?,
        batteries: common(&one.batteries, &other.batteries)?,
        old_batteries: common(&one.old_batteries, &other.old_batteries)?,
        price_from: from,
        price_below: below,
        certifications,
        old_item_needed: one.old_item_needed || other.old_item_needed,
    })
}

/// Whether one sale can come under both conditions.
pub(super) fn compatible(one: &Conditions, other: &Conditions) -> bool {
    both(one, other).is_some()
}
