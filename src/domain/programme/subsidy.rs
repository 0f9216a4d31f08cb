//! How much: rates, rounding, caps, and whose money it is.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use crate::domain::goods::{Category, FundingSource, OldItem, Powertrain};
use crate::domain::money::Fen;

use super::old_item::fits;
use super::rules::{Amount, Bonus, FundingShare, Line, MatchedAt, Matching, Rounding, Rules, Tier};
use super::tier::{Old, compatible, possible};

/// One payer's part of what the consumer saves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Who pays.
    pub source: FundingSource,
    /// How much.
    pub amount: Fen,
}

/// What a sale brings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amounts {
    /// Government money only.
    pub subsidy: Fen,
    /// What the seller adds; no public money.
    pub merchant_bonus: Fen,
    /// The price after discounts less subsidy and merchant's bonus.
    pub consumer_pays: Fen,
    /// The public shares in the order of the file, which sum to the subsidy; then the merchant's, if there is one.
    pub funding: Vec<Share>,
}

/// Rates and sums that are paid together: percentages add up before the rounding, and their caps add up too.
#[derive(Clone, Copy, Default)]
struct Together {
    percent: Decimal,
    cap: Fen,
    fixed: Fen,
}

impl Together {
    fn of(amounts: impl Iterator<Item = Amount>) -> Self {
        amounts.fold(Self::default(), |sum, amount| match amount {
            Amount::Percent { percent, cap } => {
                Self { percent: sum.percent.saturating_add(percent), cap: sum.cap + cap, ..sum }
            }
            Amount::Uncapped { percent } => {
                Self { percent: sum.percent.saturating_add(percent), cap: Fen(i64::MAX), ..sum }
            }
            Amount::Fixed { fixed } => Self { fixed: sum.fixed + fixed, ..sum },
        })
    }

    /// Rounded to the fen, then capped; never more than the base itself.
    fn on(self, base: Fen, rounding: Rounding) -> Fen {
        (rate(base, self.percent, rounding).at_most(self.cap) + self.fixed).at_most(base)
    }
}

/// So many percent of an amount, rounded to the fen.
pub(super) fn rate(base: Fen, percent: Decimal, rounding: Rounding) -> Fen {
    let strategy = match rounding {
        Rounding::Down => RoundingStrategy::ToZero,
        Rounding::HalfUp => RoundingStrategy::MidpointAwayFromZero,
        Rounding::HalfEven => RoundingStrategy::MidpointNearestEven,
    };
    let exact = Decimal::from(base.0).saturating_mul(percent.saturating_mul(Decimal::new(1, 2)));
    Fen(i64::try_from(exact.round_dp_with_strategy(0, strategy)).unwrap_or(i64::MAX))
}

/// Divides the subsidy: each share rounded down to the fen, the remainder to the last, so that they sum.
fn split(funding: &[FundingShare], subsidy: Fen) -> Vec<Share> {
    let mut left = subsidy;
    let last = funding.len().saturating_sub(1);
    let share = |(index, share): (usize, &FundingShare)| {
        let amount = if index == last { left } else { rate(subsidy, share.percent, Rounding::Down).at_most(left) };
        left -= amount;
        Share { source: share.source, amount }
    };
    funding.iter().enumerate().map(share).collect()
}

/// What a tier with its bonuses gives. `base` is the price on which percentages are computed, `agreed` the price after
/// all discounts; they differ only where the programme sets off what was paid for the old item.
pub(super) fn amounts<'a>(
    rules: &Rules,
    tier: &Tier,
    bonuses: impl Iterator<Item = &'a Bonus>,
    base: Fen,
    agreed: Fen,
) -> Amounts {
    let (merchant, public): (Vec<&Bonus>, Vec<&Bonus>) = bonuses.partition(|bonus| bonus.is_merchant());
    let public = std::iter::once(tier.amount).chain(public.iter().map(|bonus| bonus.amount));
    let subsidy = Together::of(public).on(base, rules.rounding).at_most(agreed);
    let merchant_bonus = Together::of(merchant.iter().map(|bonus| bonus.amount)).on(base, rules.rounding);
    let merchant_bonus = merchant_bonus.at_most(agreed - subsidy);
    let mut funding = split(&rules.funding, subsidy);
    if merchant_bonus > Fen::ZERO {
        funding.push(Share { source: FundingSource::Merchant, amount: merchant_bonus });
    }
    Amounts { subsidy, merchant_bonus, consumer_pays: agreed - subsidy - merchant_bonus, funding }
}

/// The old item as a claim or sale sees it: one that is not looked at, or only rewarded and unfit, is none.
pub(super) fn seen<'a>(rules: &Rules, category: Category, old: Option<&'a OldItem>) -> Old<'a> {
    match (rules.old_item.matching, old) {
        (Matching::None, _) | (Matching::Bonus, None) => Old::Nothing,
        (Matching::Bonus, Some(item)) if !fits(rules, category, item) => Old::Nothing,
        (_, Some(item)) => Old::Item(item),
        (_, None) => Old::Unknown,
    }
}

/// The highest price that comes under a tier, if there is a limit.
fn highest_price(line: &Line, tier: &Tier) -> Option<Fen> {
    [line.unit_price_at_most, tier.when.price_below.map(|below| below - Fen(1))].into_iter().flatten().min()
}

/// The most that any tier of the line, with bonuses of public money, can give to a claim of which this much is known.
///
/// `None` when the category has no line; nothing when the line has no tier for what is known. An old item that is not
/// named, or that is matched only at redemption, leaves every tier open: more may be reserved than is paid, never less.
#[must_use]
pub fn reserve(
    rules: &Rules,
    category: Category,
    powertrain: Option<Powertrain>,
    old: Option<&OldItem>,
) -> Option<Fen> {
    let line = rules.line(category)?;
    let old = match (rules.old_item.matching, rules.old_item.matched_at, old) {
        (Matching::None, _, _) => Old::Nothing,
        (_, MatchedAt::Redemption, _) | (_, _, None) => Old::Unknown,
        (_, MatchedAt::Issue, named) => seen(rules, category, named),
    };
    let bonuses = line.bonuses.iter().filter(|bonus| possible(&bonus.when, powertrain, old));
    let tiers = line.tiers.iter().filter(|tier| possible(&tier.when, powertrain, old));
    let most = tiers.map(|tier| {
        let price = highest_price(line, tier).unwrap_or(Fen(i64::MAX));
        let bonuses = bonuses.clone().filter(|bonus| compatible(&tier.when, &bonus.when));
        amounts(rules, tier, bonuses, price, price).subsidy
    });
    Some(most.max().unwrap_or_default())
}
