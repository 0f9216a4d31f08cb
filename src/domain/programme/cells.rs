//! Sales that stand for all sales: of those that the conditions of a line cannot tell apart, one each.
//!
//! What holds in every one of them holds always, and what holds in none never does. They are made of what truthful
//! papers can say: a car has no energy label, only a car has a powertrain, and an old item has what the programme asks.

use std::collections::BTreeSet;

use rust_decimal::prelude::ToPrimitive;

use crate::domain::goods::{Battery, Category, Certification, Fuel, NewItem, OldItem, Powertrain};
use crate::domain::money::Fen;
use crate::domain::time::Day;

use super::rules::{Conditions, Line, Matching, Rules};
use super::tier::{Facts, Old};

/// A line of which more questions than these would have to be asked, each sale under each condition, is not judged.
const MOST: usize = 1_000_000;

/// A sale.
pub(super) struct Cell {
    item: NewItem,
    price: Fen,
    old: Option<OldItem>,
}

impl Cell {
    pub fn facts(&self) -> Facts<'_> {
        Facts { item: &self.item, agreed: Some(self.price), old: self.old.as_ref().map_or(Old::Nothing, Old::Item) }
    }
}

/// The categories of which an old item may be.
pub(super) fn old_categories(rules: &Rules, category: Category) -> BTreeSet<Category> {
    match rules.old_item.matching {
        Matching::None => BTreeSet::new(),
        Matching::SameCategory => BTreeSet::from([category]),
        _ if rules.old_item.categories.is_empty() => rules.lines.iter().map(|line| line.category).collect(),
        _ => rules.old_item.categories.iter().copied().collect(),
    }
}

/// Fuels of an old car that the programme takes; `None` when it asks for none in particular.
pub(super) fn fuels_taken(rules: &Rules) -> Option<BTreeSet<Fuel>> {
    let limits = &rules.old_item.registered_until;
    (!limits.is_empty()).then(|| limits.iter().flat_map(|limit| limit.fuels.iter().copied()).collect())
}

/// The sales of a line; `None` when they would be too many, or when no old item can be as the programme asks.
pub(super) fn cells(rules: &Rules, line: &Line) -> Option<Vec<Cell>> {
    let conditions: Vec<&Conditions> =
        line.tiers.iter().map(|tier| &tier.when).chain(line.bonuses.iter().map(|bonus| &bonus.when)).collect();
    let items = items(line, &conditions);
    let prices = prices(line, &conditions);
    let olds = old_items(rules, line.category);
    let factors = [items.len(), prices.len(), olds.len(), conditions.len()];
    if olds.is_empty() || factors.into_iter().fold(1, usize::saturating_mul) > MOST {
        return None;
    }
    let mut cells = Vec::new();
    for item in &items {
        for price in &prices {
            cells.extend(olds.iter().map(|old| Cell { item: item.clone(), price: *price, old: old.clone() }));
        }
    }
    Some(cells)
}

/// The prices at which some condition begins or ceases to hold, within the line's limits.
fn prices(line: &Line, conditions: &[&Conditions]) -> BTreeSet<Fen> {
    let (least, most) = (line.price_at_least.unwrap_or(Fen(1)).max(Fen(1)), line.unit_price_at_most);
    let turns = conditions.iter().flat_map(|when| [when.price_from, when.price_below]).flatten();
    let within = |price: &Fen| *price >= least && most.is_none_or(|most| *price <= most);
    std::iter::once(least).chain(turns).filter(within).collect()
}

/// New items, as far as the conditions tell them apart.
fn items(line: &Line, conditions: &[&Conditions]) -> Vec<NewItem> {
    let category = line.category;
    let mut items = vec![plain_item(category)];
    if has_energy_label(category) {
        let levels: BTreeSet<u8> = conditions.iter().flat_map(|when| when.energy_levels.iter().copied()).collect();
        vary(&mut items, levels, |item, level| item.energy_level = Some(level));
    }
    if category == Category::Car {
        items = items.into_iter().flat_map(|item| cars(&item, conditions)).collect();
    }
    if category == Category::Ebike {
        vary(&mut items, Battery::ALL.iter().copied(), |item, battery| item.battery = Some(battery));
    }
    for item in &mut items {
        item.certifications.clone_from(&line.certifications);
    }
    let asked: BTreeSet<Certification> =
        conditions.iter().flat_map(|when| when.certifications.iter().copied()).collect();
    for certification in asked.into_iter().filter(|asked| !line.certifications.contains(asked)) {
        vary(&mut items, [certification], |item, certification| item.certifications.push(certification));
    }
    items
}

/// Whether an energy label can be on goods of a category.
pub(super) fn has_energy_label(category: Category) -> bool {
    !matches!(category, Category::Car | Category::Ebike)
}

/// Adds to every item the same with each value.
fn vary<T: Copy>(items: &mut Vec<NewItem>, values: impl IntoIterator<Item = T>, set: impl Fn(&mut NewItem, T)) {
    let plain = items.clone();
    for value in values {
        items.extend(plain.iter().cloned().map(|mut item| {
            set(&mut item, value);
            item
        }));
    }
}

/// A car of each powertrain, and on either side of each displacement.
fn cars(plain: &NewItem, conditions: &[&Conditions]) -> Vec<NewItem> {
    let limits = conditions.iter().filter_map(|when| when.displacement_at_most);
    let limits = limits.filter_map(|litres| litres.checked_mul(1000.into())?.floor().to_u32());
    let displacements: BTreeSet<Option<u32>> =
        limits.flat_map(|cc| [Some(cc), Some(cc.saturating_add(1))]).chain([None]).collect();
    let mut cars = vec![NewItem { powertrain: Some(Powertrain::Nev), ..plain.clone() }];
    for powertrain in [None, Some(Powertrain::Petrol), Some(Powertrain::Diesel)] {
        cars.extend(displacements.iter().map(|cc| NewItem { powertrain, displacement_cc: *cc, ..plain.clone() }));
    }
    cars
}

/// Old items that the programme takes, and none where one is not needed.
fn old_items(rules: &Rules, category: Category) -> Vec<Option<OldItem>> {
    let mut olds = Vec::new();
    if matches!(rules.old_item.matching, Matching::None | Matching::Bonus) {
        olds.push(None);
    }
    let taken = fuels_taken(rules);
    for category in old_categories(rules, category) {
        let plain = plain_old_item(category);
        match category {
            Category::Car => {
                let all = || Fuel::ALL.iter().copied().map(Some).chain([None]).collect::<Vec<_>>();
                let fuels = taken.as_ref().map_or_else(all, |taken| taken.iter().copied().map(Some).collect());
                olds.extend(fuels.into_iter().map(|fuel| Some(OldItem { fuel, ..plain.clone() })));
            }
            // Of anything but a car no fuel is known, and none is accepted once fuels are listed.
            _ if taken.is_some() => {}
            Category::Ebike => {
                let batteries = [None, Some(Battery::Lithium), Some(Battery::LeadAcid)];
                olds.extend(batteries.map(|battery| Some(OldItem { battery, ..plain.clone() })));
            }
            _ => olds.push(Some(plain)),
        }
    }
    olds
}

fn plain_item(category: Category) -> NewItem {
    NewItem {
        category,
        brand: String::new(),
        model: String::new(),
        gtin: None,
        energy_level: None,
        powertrain: None,
        displacement_cc: None,
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

fn plain_old_item(category: Category) -> OldItem {
    OldItem {
        category,
        vin: None,
        ebike_code: None,
        plate: None,
        frame_number: None,
        motor_number: None,
        serial_number: None,
        ticket_number: None,
        fuel: None,
        first_registered_on: None,
        owned_since: None,
        disposal: None,
        battery: None,
        complete: None,
        registered: None,
        evidence: Vec::new(),
        received_on: Day(chrono::NaiveDate::MIN),
        credit: None,
    }
}
