//! Where a subsidy is as high as it gets.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::domain::goods::{Category, NewItem};
use crate::domain::money::Fen;
use crate::domain::refusal::Checks;

use super::rules::{Amount, Rules};
use super::tier::{Facts, Old, choose, holds};

/// The lowest price at which the item gets as much as the tier of its price can give, bonuses of public money
/// included; what the tiers ask of an old item is left open. `None` where there is no cap: for fixed sums, and for what
/// comes under no tier.
#[must_use]
pub fn cap_price(rules: &Rules, category: Category, item: &NewItem, agreed: Fen) -> Option<Fen> {
    let line = rules.line(category)?;
    let facts = Facts { item, agreed: Some(agreed), old: Old::Unknown };
    let tier = choose(line, facts, &mut Checks::default())?;
    let bonuses = line.bonuses.iter().filter(|bonus| !bonus.is_merchant() && holds(&bonus.when, facts));
    let (mut rate, mut most) = (Decimal::ZERO, Fen::ZERO);
    for amount in std::iter::once(tier.amount).chain(bonuses.map(|bonus| bonus.amount)) {
        match amount {
            Amount::Percent { percent, cap } => (rate, most) = (rate.saturating_add(percent), most + cap),
            Amount::Uncapped { .. } => return None,
            Amount::Fixed { .. } => {}
        }
    }
    let price = Decimal::from(most.0).checked_mul(Decimal::ONE_HUNDRED)?.checked_div(rate)?;
    let price = price.round_dp_with_strategy(0, RoundingStrategy::ToPositiveInfinity);
    i64::try_from(price).ok().filter(|price| *price > 0).map(Fen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::programme::from_toml;

    fn item() -> NewItem {
        let item = serde_json::json!({"category": "refrigerator", "brand": "Haier", "model": "X", "energy_level": 1});
        serde_json::from_value(item).unwrap()
    }

    fn cap(tiers: &str, price: Fen) -> Option<Fen> {
        let text = format!(
            r#"
id = "a"
title = "家电"
region = {{ divisions = ["36"] }}
funding = [{{ source = "district", percent = "100" }}]
windows = {{ claim = {{ from = 2026-01-01, to = 2026-12-31 }} }}
voucher = {{ days = 30, reclaims = 3 }}
[[lines]]
category = "refrigerator"
pool = "10000000.00"
tiers = {tiers}
"#
        );
        cap_price(&from_toml(&text).unwrap(), Category::Refrigerator, &item(), price)
    }

    #[test]
    fn the_cap_is_reached_at_a_price() {
        let two = r#"[{ when = { price_below = "5000.00" }, percent = "20", cap = "500.00" },
            { when = { price_from = "5000.00" }, percent = "15", cap = "1500.00" }]"#;
        assert_eq!(cap(two, Fen(300_000)), Some(Fen(250_000)));
        assert_eq!(cap(two, Fen(500_000)), Some(Fen(1_000_000)));
        assert_eq!(cap(r#"[{ percent = "15", cap = "1000.00" }]"#, Fen(1)), Some(Fen(666_667)));
        assert_eq!(cap(r#"[{ fixed = "300.00" }]"#, Fen(500_000)), None);
        let other = r#"[{ when = { energy_levels = [2] }, percent = "15", cap = "1000.00" }]"#;
        assert_eq!(cap(other, Fen(500_000)), None);
    }
}
