//! Vouchers that were claimed in another county than that of the store.

use super::finding::{Link, LinkKind, Signal, Why};
use super::limits::Limits;
use super::rule::AnomalyRule;
use super::seen::{Seen, Sold, count};

/// Digits of a division code down to the county.
const COUNTY: usize = 6;

fn county(code: &str) -> &str {
    code.get(..COUNTY).unwrap_or(code)
}

/// Of each store. A programme may allow it; a store that lives of it is worth a look.
pub(super) fn claimed_elsewhere(limits: &Limits, seen: &Seen) -> Vec<Signal> {
    let elsewhere = |sale: &Sold| (county(&sale.claimed_in) != county(&sale.sold_in)).then_some(sale.store);
    let found = seen.standing_by(limits, elsewhere).into_iter().filter_map(|(store, sales)| {
        let brought = seen.brought(&sales, |before| count(before.len()) >= limits.from);
        let days = limits.days;
        Signal::new(
            (AnomalyRule::ClaimedElsewhere, store, seen.day),
            (limits, count(sales.len())),
            &brought,
            [Link::to(LinkKind::Store, store)],
            |sales| {
                Why(
                    format!("该门店 {days} 天内核销了 {sales} 张在其他县区领取的券"),
                    format!(
                        "the store redeemed {sales} vouchers within {days} days that were claimed in other counties"
                    ),
                )
            },
        )
    });
    found.collect()
}
