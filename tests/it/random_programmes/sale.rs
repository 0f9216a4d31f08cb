//! Sales made by dice for a programme: aimed at one of its tiers, at prices around caps and other boundaries, and now and
//! then astray in one point.

use proptest::prelude::*;
use proptest::sample::Index;

use super::scheme::{
    BATTERIES, CATEGORIES, CERTIFICATES, FUELS, Line, Much, POWERTRAINS, Scheme, Tier, WHOLE, When, Words,
};

/// A sale in the words and whole numbers of the programmes.
#[derive(Clone, Debug)]
pub struct Sale {
    /// The category of the voucher.
    pub category: &'static str,
    /// The category of the item.
    pub bought: &'static str,
    pub level: Option<u8>,
    pub powertrain: Option<&'static str>,
    pub cc: Option<u32>,
    pub battery: Option<&'static str>,
    pub certificates: Words,
    /// The price after all discounts, in fen.
    pub price: i128,
    pub old: Option<Old>,
}

#[derive(Clone, Debug)]
pub struct Old {
    pub category: &'static str,
    pub fuel: Option<&'static str>,
    pub battery: Option<&'static str>,
    pub complete: Option<bool>,
    /// The year on whose last day it was first registered.
    pub registered: Option<i32>,
    /// What was paid for it, in fen.
    pub credit: Option<i128>,
}

/// What the dice said of a sale; it means something together with a programme.
#[derive(Clone, Debug)]
pub struct Dice {
    line: Index,
    tier: Index,
    /// Which point is not as the tier asks; most numbers mean none.
    astray: u8,
    boundary: Index,
    nudge: i128,
    /// A price out of the blue, and of every four one that is used.
    raw_price: (u8, i128),
    picks: [Index; 6],
    certificates: Vec<&'static str>,
    old: (bool, Option<i128>, Index),
}

pub fn dice() -> impl Strategy<Value = Dice> {
    let price = (any::<Index>(), -2..=2_i128, (0..4_u8, 0..=3_000_000_i128));
    let picks = proptest::array::uniform6(any::<Index>());
    let certificates = proptest::sample::subsequence(CERTIFICATES.to_vec(), 0..=1);
    let old = (prop::bool::weighted(0.85), prop::option::weighted(0.4, 0..=40_000_i128), any::<Index>());
    ((any::<Index>(), any::<Index>(), 0..26_u8), price, picks, certificates, old).prop_map(
        |((line, tier, astray), (boundary, nudge, raw_price), picks, certificates, old)| Dice {
            line,
            tier,
            astray,
            boundary,
            nudge,
            raw_price,
            picks,
            certificates,
            old,
        },
    )
}

/// One of those asked for, or of all with none among them where nothing is asked.
fn aimed<T: Copy + Ord>(asked: impl IntoIterator<Item = T>, all: &[T], pick: Index) -> Option<T> {
    let asked: Vec<T> = asked.into_iter().collect();
    if asked.is_empty() { all.get(pick.index(all.len() + 1)).copied() } else { Some(asked[pick.index(asked.len())]) }
}

/// Another value than the one that was aimed at, or none.
fn another<T: Copy + PartialEq>(all: &[T], from: Option<T>) -> Option<T> {
    let place = from.and_then(|from| all.iter().position(|known| *known == from));
    place.and_then(|place| all.get(place + 1).copied())
}

impl Dice {
    /// The sale that they make of a programme.
    pub fn sale(&self, scheme: &Scheme) -> Sale {
        let line = &scheme.lines[self.line.index(scheme.lines.len())];
        let tier = &line.tiers[self.tier.index(line.tiers.len())];
        let asked = &tier.when;
        let powertrain = aimed(asked.powertrains.clone(), &POWERTRAINS, self.picks[1]);
        let mut certificates =
            &(&line.certificates | &asked.certificates) | &self.certificates.iter().copied().collect();
        if self.astray == 4 {
            certificates.pop_first();
        }
        let mut sale = Sale {
            category: line.category,
            bought: line.category,
            level: aimed(asked.levels.clone(), &[1, 2, 3, 4, 5], self.picks[0]),
            powertrain,
            cc: asked.most_cc.map(|most| most - [0, 1, 400][self.picks[2].index(3)]),
            battery: aimed(asked.batteries.clone(), &BATTERIES, self.picks[3]),
            certificates,
            price: 0,
            old: self.old(scheme, line, asked),
        };
        match self.astray {
            0 => sale.level = another(&[1, 2, 3, 4, 5], sale.level),
            1 => sale.powertrain = another(&POWERTRAINS, sale.powertrain),
            2 => sale.cc = asked.most_cc.filter(|most| most % 2 == 0).map(|most| most + 1),
            3 => sale.battery = another(&BATTERIES, sale.battery),
            5 => sale.bought = CATEGORIES[self.picks[5].index(CATEGORIES.len())],
            _ => {}
        }
        sale.price = self.price(scheme, line, tier, &sale);
        sale
    }

    fn old(&self, scheme: &Scheme, line: &Line, asked: &When) -> Option<Old> {
        let (there, credit, pick) = self.old;
        if !there {
            return None;
        }
        let mut allowed: Vec<&'static str> = match scheme.matching {
            "same_category" => vec![line.category],
            _ if scheme.old_categories.is_empty() => scheme.lines.iter().map(|line| line.category).collect(),
            _ => scheme.old_categories.iter().copied().collect(),
        };
        if self.astray == 6 {
            allowed = CATEGORIES.to_vec();
        }
        let mut old = Old {
            category: allowed[pick.index(allowed.len())],
            fuel: aimed(asked.old_fuels.clone(), &FUELS, self.picks[4]),
            battery: aimed(asked.old_batteries.clone(), &BATTERIES, self.picks[5]),
            complete: Some(true),
            registered: Some([2010, 2013, 2019][pick.index(3)]),
            credit,
        };
        match self.astray {
            7 => old.fuel = another(&FUELS, old.fuel),
            8 => old.battery = another(&BATTERIES, old.battery),
            9 => old.complete = [None, Some(false)][pick.index(2)],
            10 => old.registered = [None, Some(2014), Some(2020)][pick.index(3)],
            _ => {}
        }
        Some(old)
    }

    /// Any price, one that leaves half a fen, or one at most two fen beside a boundary.
    fn price(&self, scheme: &Scheme, line: &Line, tier: &Tier, sale: &Sale) -> i128 {
        let (kind, raw) = self.raw_price;
        let boundaries = boundaries(line, tier);
        let (base, of_base) = match (kind, half_fen(tier.much, raw)) {
            (0, _) => return raw,
            (1, Some(base)) => (base, true),
            _ => boundaries[self.boundary.index(boundaries.len())],
        };
        let credit = sale.old.as_ref().and_then(|old| old.credit).filter(|_| of_base && scheme.credit_reduces_base);
        let nudge = if kind == 1 { 0 } else { self.nudge };
        (base + credit.unwrap_or(0) + nudge).max(0)
    }
}

/// A base below the cap of which the rate leaves half a fen, if a small one does: `pick` says which.
fn half_fen(much: Much, pick: i128) -> Option<i128> {
    let Much::Rate { rate, cap } = much else { return None };
    let halves: Vec<i128> = (1..2_000).filter(|base| base * rate % WHOLE == WHOLE / 2).take(2).collect();
    let (first, step) = (halves.first()?, halves.get(1).map_or(2 * WHOLE, |second| second - halves[0]));
    let room = (cap * WHOLE / rate - first).max(0) / step;
    Some(first + step * (pick % (room + 1)))
}

/// Prices at which something changes, and whether it is the base rather than the price that counts there.
fn boundaries(line: &Line, tier: &Tier) -> Vec<(i128, bool)> {
    let own: Vec<i128> = tier.when.from.into_iter().chain(tier.when.below).collect();
    // The aimed tier's own ends count as much as all the others.
    let limits = line.least.into_iter().chain(line.most).chain(own.repeat(4));
    let of_bonuses = line.bonuses.iter().flat_map(|bonus| bonus.when.from.into_iter().chain(bonus.when.below));
    let mut found: Vec<(i128, bool)> = limits.chain(of_bonuses).map(|price| (price, false)).collect();
    let public = line.bonuses.iter().filter(|bonus| !bonus.merchant).map(|bonus| bonus.much);
    let merchant = line.bonuses.iter().filter(|bonus| bonus.merchant).map(|bonus| bonus.much);
    let together: Vec<Much> = [tier.much].into_iter().chain(public).collect();
    for amounts in [vec![tier.much], together, merchant.collect()] {
        found.extend(of_amounts(&amounts).into_iter().map(|base| (base, true)));
    }
    found
}

/// Where the cap is reached, where the first fen is given, where the base is eaten up.
fn of_amounts(amounts: &[Much]) -> Vec<i128> {
    let (mut rates, mut caps, mut sums) = (0, 0, 0);
    for amount in amounts {
        match amount {
            Much::Rate { rate, cap } => (rates, caps) = (rates + rate, caps + cap),
            Much::Fixed(fixed) => sums += fixed,
        }
    }
    let mut found = vec![sums, caps + sums];
    if rates > 0 {
        found.extend([caps * WHOLE / rates, WHOLE / rates, 3 * WHOLE / (2 * rates)]);
    }
    found
}
