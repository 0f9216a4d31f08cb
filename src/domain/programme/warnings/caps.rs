//! Caps that no price reaches.

use rust_decimal::Decimal;

use crate::domain::money::Fen;
use crate::domain::programme::fault::{Fault, within};
use crate::domain::programme::rules::{Amount, Bonus, Conditions, Line, Rounding, Rules};
use crate::domain::programme::subsidy::rate;
use crate::domain::programme::tier::compatible;

/// A rate with its cap.
#[derive(Clone, Copy)]
struct Rate {
    percent: Decimal,
    cap: Fen,
}

impl Rate {
    fn of(amount: Amount) -> Option<Self> {
        if let Amount::Percent { percent, cap } = amount { Some(Self { percent, cap }) } else { None }
    }

    /// Rates that are paid together add up, and so do their caps.
    fn and(self, other: Self) -> Self {
        Self { percent: self.percent.saturating_add(other.percent), cap: self.cap + other.cap }
    }

    fn at(self, price: Fen, rounding: Rounding) -> Fen {
        rate(price, self.percent, rounding)
    }
}

pub(super) fn look(rules: &Rules, line: &Line, field: &str, found: &mut Vec<Fault>) {
    let public = |bonus: &&Bonus| !bonus.is_merchant();
    for (index, tier) in line.tiers.iter().enumerate() {
        let field = format!("{field}.tiers[{index}]");
        let (Some(own), Some(dearest)) = (Rate::of(tier.amount), dearest(line, &tier.when)) else { continue };
        if is_told(found, &field) {
            continue;
        }
        let bonuses: Vec<Rate> = line
            .bonuses
            .iter()
            .filter(public)
            .filter(|bonus| compatible(&tier.when, &bonus.when))
            .filter_map(|bonus| Rate::of(bonus.amount))
            .collect();
        if !reached(own, &bonuses, dearest, rules.rounding) {
            found.push(told(own, dearest, rules.rounding, &format!("{field}.cap")));
        }
    }
    let rated = |merchant: bool| {
        line.bonuses.iter().filter(|bonus| bonus.is_merchant() == merchant && Rate::of(bonus.amount).is_some()).count()
    };
    let (rated_tier, by_merchant, by_public) =
        (line.tiers.iter().any(|tier| Rate::of(tier.amount).is_some()), rated(true), rated(false));
    for (index, bonus) in line.bonuses.iter().enumerate() {
        let field = format!("{field}.bonuses[{index}]");
        let (Some(own), Some(dearest)) = (Rate::of(bonus.amount), dearest(line, &bonus.when)) else { continue };
        // One that adds to other rates is judged with them, and its cap may serve theirs.
        let alone = if bonus.is_merchant() { by_merchant == 1 } else { by_public == 1 && !rated_tier };
        if alone && !is_told(found, &field) && !reached(own, &[], dearest, rules.rounding) {
            found.push(told(own, dearest, rules.rounding, &format!("{field}.cap")));
        }
    }
}

/// Whether something was said of the tier or bonus already: of one that never applies the cap is beside the point.
fn is_told(found: &[Fault], field: &str) -> bool {
    found.iter().any(|fault| within(&fault.field, field))
}

/// Above all prices that fall under the conditions, if there is a limit.
fn dearest(line: &Line, when: &Conditions) -> Option<Fen> {
    [line.unit_price_at_most, when.price_below].into_iter().flatten().min()
}

/// Whether the cap counts at the highest price: of the rate alone, with any one of the bonuses, or with all of them.
fn reached(own: Rate, bonuses: &[Rate], dearest: Fen, rounding: Rounding) -> bool {
    let all = bonuses.iter().fold(own, |sum, bonus| sum.and(*bonus));
    let mut together = bonuses.iter().map(|bonus| own.and(*bonus)).chain([own, all]);
    together.any(|rate| rate.at(dearest, rounding) >= rate.cap)
}

fn told(own: Rate, dearest: Fen, rounding: Rounding, field: &str) -> Fault {
    let most = own.at(dearest, rounding);
    let (cap, percent) = (own.cap, own.percent.normalize());
    let message = format!(
        "found {cap}, which is never reached; expected at most {most}: that is {percent} percent of {dearest}, and no \
         price is higher"
    );
    Fault::at(field, message)
}
