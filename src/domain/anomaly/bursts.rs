//! More redemptions in a few minutes than anybody sells. Midnight cuts a burst in two.

use std::collections::BTreeMap;

use super::finding::{Link, LinkKind, Signal, Why};
use super::limits::Limits;
use super::rule::AnomalyRule;
use super::seen::{Seen, Sold, count};
use crate::domain::id::Id;

/// Of one clerk.
pub(super) fn of_a_clerk(limits: &Limits, seen: &Seen) -> Vec<Signal> {
    bursts(
        AnomalyRule::ClerkBurst,
        LinkKind::Account,
        limits,
        seen,
        |sale| sale.clerk,
        |most| {
            let minutes = limits.span;
            Why(
                format!("同一店员 {minutes} 分钟内核销 {most} 笔"),
                format!("one clerk redeemed {most} vouchers within {minutes} minutes"),
            )
        },
    )
}

/// Of one store, all its clerks together.
pub(super) fn of_a_store(limits: &Limits, seen: &Seen) -> Vec<Signal> {
    bursts(
        AnomalyRule::StoreBurst,
        LinkKind::Store,
        limits,
        seen,
        |sale| sale.store,
        |most| {
            let minutes = limits.span;
            Why(
                format!("同一门店 {minutes} 分钟内核销 {most} 笔"),
                format!("one store redeemed {most} vouchers within {minutes} minutes"),
            )
        },
    )
}

fn bursts(
    rule: AnomalyRule,
    kind: LinkKind,
    limits: &Limits,
    seen: &Seen,
    key: impl Fn(&Sold) -> Id,
    why: impl Fn(u32) -> Why,
) -> Vec<Signal> {
    let mut groups: BTreeMap<Id, Vec<&Sold>> = BTreeMap::new();
    for sale in seen.today() {
        groups.entry(key(sale)).or_default().push(sale);
    }
    let found = groups.into_iter().filter_map(|(subject, mut sales)| {
        sales.sort_by_key(|sale| (sale.at, sale.id));
        let (most, within) = densest(&sales, limits);
        Signal::new((rule, subject, seen.day), (limits, most), &within, [Link::to(kind, subject)], &why)
    });
    found.collect()
}

/// The most sales within the span, and every sale that lies in a span with enough of them.
fn densest<'a>(sales: &[&'a Sold], limits: &Limits) -> (u32, Vec<&'a Sold>) {
    let span = i64::from(limits.span) * 60 * 1_000_000;
    let (mut most, mut within, mut taken) = (0, Vec::new(), 0);
    for (first, sale) in sales.iter().enumerate() {
        let end = sales.partition_point(|other| other.at.0 < sale.at.0.saturating_add(span));
        let here = count(end.saturating_sub(first));
        most = most.max(here);
        if here >= limits.from {
            within.extend(sales.iter().take(end).skip(first.max(taken)).copied());
            taken = end;
        }
    }
    (most, within)
}
