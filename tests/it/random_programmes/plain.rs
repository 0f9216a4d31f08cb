//! What a programme gives, written down once more from its description: whole numbers only, and nothing of the service.
//!
//! - The first tier all of whose conditions hold applies, with every bonus whose conditions hold.
//! - Rates that are paid together are added, then the price is multiplied, then the programme rounds, then the caps,
//!   added too, cut; fixed sums come on top. Never more than the price.
//! - Public money is shared out in the order of the file, each share cut to the fen, the rest to the last.
//! - A merchant's bonus is computed for itself, and is no public money.

use std::collections::BTreeSet;

use super::sale::{Old, Sale};
use super::scheme::{Line, Much, Scheme, WHOLE, When};

/// What a sale is to bring.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Codes of what is wrong with the old item.
    pub old: BTreeSet<&'static str>,
    /// Codes of what is wrong with item and price.
    pub sale: BTreeSet<&'static str>,
    /// What is given when nothing is wrong.
    pub gives: Option<Gives>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Gives {
    /// Which tier.
    pub tier: usize,
    /// Which bonuses.
    pub bonuses: Vec<usize>,
    pub subsidy: i128,
    pub consumer_pays: i128,
    /// Who pays what; the merchant last, when it pays anything.
    pub funding: Vec<(&'static str, i128)>,
    /// The most that tier and public bonuses can give together.
    pub cap: i128,
}

/// The old item as tiers see it.
#[derive(Clone, Copy)]
enum Seen<'a> {
    /// It is needed and was not named.
    Open,
    Nothing,
    Item(&'a Old),
}

pub fn judge(scheme: &Scheme, sale: &Sale) -> Verdict {
    let mut verdict = Verdict::default();
    let faults = sale.old.as_ref().map(|old| faults_of(scheme, sale.category, old));
    let needed = matches!(scheme.matching, "any_category" | "same_category");
    if needed {
        verdict.old = faults.clone().unwrap_or_else(|| ["OLD_ITEM_MISSING"].into());
    }
    let seen = match (&sale.old, scheme.matching) {
        (_, "none") => Seen::Nothing,
        (Some(old), "bonus") if faults.is_some_and(|faults| faults.is_empty()) => Seen::Item(old),
        (_, "bonus") => Seen::Nothing,
        (Some(old), _) => Seen::Item(old),
        (None, _) => Seen::Open,
    };
    let line = scheme.lines.iter().find(|line| line.category == sale.category).unwrap();
    if sale.bought != sale.category {
        verdict.sale.insert("CATEGORY_NOT_ELIGIBLE");
        return verdict;
    }
    if !line.certificates.is_subset(&sale.certificates) {
        verdict.sale.insert("NEW_ITEM_NOT_CERTIFIED");
    }
    if line.most.is_some_and(|most| sale.price > most) {
        verdict.sale.insert("UNIT_PRICE_ABOVE_LIMIT");
    }
    if line.least.is_some_and(|least| sale.price < least) {
        verdict.sale.insert("PRICE_BELOW_MINIMUM");
    }
    let Some(tier) = line.tiers.iter().position(|tier| KINDS.iter().all(|kind| kind.holds(&tier.when, sale, seen)))
    else {
        verdict.sale.extend(why_no_tier(line, sale, seen));
        return verdict;
    };
    let conditions = line.tiers.iter().map(|tier| &tier.when).chain(line.bonuses.iter().map(|bonus| &bonus.when));
    if matches!(seen, Seen::Open) && conditions.into_iter().any(When::asks_for_old) {
        return verdict;
    }
    let gives = give(scheme, line, tier, sale, seen);
    if gives.subsidy < 1 {
        verdict.sale.insert("SUBSIDY_BELOW_ONE_FEN");
    }
    verdict.gives = Some(gives).filter(|_| verdict.old.is_empty() && verdict.sale.is_empty());
    verdict
}

fn faults_of(scheme: &Scheme, category: &str, old: &Old) -> BTreeSet<&'static str> {
    let mut faults = BTreeSet::new();
    let fits = match scheme.matching {
        "same_category" => old.category == category,
        _ if scheme.old_categories.is_empty() => scheme.lines.iter().any(|line| line.category == old.category),
        _ => scheme.old_categories.contains(old.category),
    };
    if !fits {
        faults.insert("OLD_ITEM_CATEGORY_MISMATCH");
    }
    if scheme.must_be_complete && old.complete != Some(true) {
        faults.insert("OLD_ITEM_INCOMPLETE");
    }
    if !scheme.registered_until.is_empty() {
        let until =
            |fuel| scheme.registered_until.iter().find(|(fuels, _)| fuels.contains(fuel)).map(|(_, year)| *year);
        match (old.fuel.and_then(until), old.registered) {
            (Some(until), Some(registered)) if registered <= until => {}
            _ => drop(faults.insert("OLD_ITEM_TOO_NEW")),
        }
    }
    faults
}

/// A kind of condition, with the code that says that no tier is left by it.
struct Kind {
    code: &'static str,
    holds: fn(&When, &Sale, Seen<'_>) -> bool,
}

impl Kind {
    fn holds(&self, when: &When, sale: &Sale, seen: Seen<'_>) -> bool {
        (self.holds)(when, sale, seen)
    }
}

/// Nothing is asked, or what was stated is among what is asked.
fn among<T: Ord>(asked: &BTreeSet<T>, stated: Option<T>) -> bool {
    asked.is_empty() || stated.is_some_and(|stated| asked.contains(&stated))
}

fn of_old(seen: Seen<'_>, holds: impl Fn(Option<&Old>) -> bool) -> bool {
    match seen {
        Seen::Open => true,
        Seen::Nothing => holds(None),
        Seen::Item(old) => holds(Some(old)),
    }
}

/// The code of the sixth stands for both ends of a price range; see [`why_no_tier`].
const KINDS: [Kind; 9] = [
    Kind { code: "ENERGY_LEVEL_NOT_ELIGIBLE", holds: |when, sale, _| among(&when.levels, sale.level) },
    Kind { code: "CATEGORY_NOT_ELIGIBLE", holds: |when, sale, _| among(&when.powertrains, sale.powertrain) },
    Kind {
        code: "DISPLACEMENT_ABOVE_LIMIT",
        holds: |when, sale, _| match when.most_cc {
            Some(most) => sale.powertrain == Some("nev") || matches!(sale.cc, Some(cc) if cc <= most),
            None => true,
        },
    },
    Kind { code: "CATEGORY_NOT_ELIGIBLE", holds: |when, sale, _| among(&when.batteries, sale.battery) },
    Kind { code: "NEW_ITEM_NOT_CERTIFIED", holds: |when, sale, _| when.certificates.is_subset(&sale.certificates) },
    Kind {
        code: PRICE,
        holds: |when, sale, _| {
            when.from.is_none_or(|from| sale.price >= from) && when.below.is_none_or(|below| sale.price < below)
        },
    },
    Kind { code: "OLD_ITEM_MISSING", holds: |when, _, seen| !when.old_needed || of_old(seen, |old| old.is_some()) },
    Kind {
        code: "OLD_NEW_COMBINATION_NOT_ELIGIBLE",
        holds: |when, _, seen| of_old(seen, |old| among(&when.old_fuels, old.and_then(|old| old.fuel))),
    },
    Kind {
        code: "OLD_NEW_COMBINATION_NOT_ELIGIBLE",
        holds: |when, _, seen| of_old(seen, |old| among(&when.old_batteries, old.and_then(|old| old.battery))),
    },
];
const PRICE: &str = "price";

/// Each kind of condition narrows the tiers that the ones before it left; one that would leave none is a reason, and is
/// passed over.
fn why_no_tier(line: &Line, sale: &Sale, seen: Seen<'_>) -> BTreeSet<&'static str> {
    let mut open: Vec<&When> = line.tiers.iter().map(|tier| &tier.when).collect();
    let mut reasons = BTreeSet::new();
    for kind in &KINDS {
        let left: Vec<&When> = open.iter().copied().filter(|when| kind.holds(when, sale, seen)).collect();
        if !left.is_empty() {
            open = left;
        } else if kind.code == PRICE {
            let too_low = open.iter().any(|when| when.from.is_some_and(|from| sale.price < from));
            reasons.insert(if too_low { "PRICE_BELOW_MINIMUM" } else { "UNIT_PRICE_ABOVE_LIMIT" });
        } else {
            reasons.insert(kind.code);
        }
    }
    reasons
}

fn give(scheme: &Scheme, line: &Line, tier: usize, sale: &Sale, seen: Seen<'_>) -> Gives {
    let credit = match seen {
        Seen::Item(old) if scheme.credit_reduces_base => old.credit.unwrap_or(0),
        _ => 0,
    };
    let base = if sale.price > credit { sale.price - credit } else { 0 };
    let holds = |when: &When| KINDS.iter().all(|kind| kind.holds(when, sale, seen));
    let bonuses: Vec<usize> = (0..line.bonuses.len()).filter(|n| holds(&line.bonuses[*n].when)).collect();
    let of = |merchant: bool| {
        let chosen = bonuses.iter().map(|n| &line.bonuses[*n]).filter(move |bonus| bonus.merchant == merchant);
        chosen.map(|bonus| bonus.much).collect::<Vec<_>>()
    };
    let public: Vec<Much> = std::iter::once(line.tiers[tier].much).chain(of(false)).collect();
    let subsidy = together(&public, base, scheme.rounding).min(sale.price);
    let merchant = together(&of(true), base, scheme.rounding).min(sale.price - subsidy);
    let mut funding = shares(scheme, subsidy);
    if merchant > 0 {
        funding.push(("merchant", merchant));
    }
    let cap = public.iter().map(|much| match much {
        Much::Rate { cap, .. } => *cap,
        Much::Fixed(fixed) => *fixed,
    });
    let cap = cap.sum();
    Gives { tier, bonuses, subsidy, consumer_pays: sale.price - subsidy - merchant, funding, cap }
}

/// What is paid together on a base.
fn together(amounts: &[Much], base: i128, rounding: &str) -> i128 {
    let (mut rates, mut caps, mut fixed) = (0, 0, 0);
    for amount in amounts {
        match amount {
            Much::Rate { rate, cap } => {
                rates += rate;
                caps += cap;
            }
            Much::Fixed(sum) => fixed += sum,
        }
    }
    let rounded = rounded(base * rates, rounding);
    (if rounded > caps { caps } else { rounded } + fixed).min(base)
}

/// Parts of the whole to the fen.
fn rounded(parts: i128, rounding: &str) -> i128 {
    let (whole, rest) = (parts / WHOLE, parts % WHOLE);
    let up = match rounding {
        "down" => false,
        "half_up" => 2 * rest >= WHOLE,
        _ => 2 * rest > WHOLE || (2 * rest == WHOLE && whole % 2 == 1),
    };
    whole + i128::from(up)
}

fn shares(scheme: &Scheme, subsidy: i128) -> Vec<(&'static str, i128)> {
    let mut shares: Vec<_> = scheme.funding.iter().map(|(source, share)| (*source, subsidy * share / WHOLE)).collect();
    let given: i128 = shares.iter().map(|(_, amount)| amount).sum();
    if let Some((_, last)) = shares.last_mut() {
        *last += subsidy - given;
    }
    shares
}
