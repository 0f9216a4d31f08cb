//! Redeemed and soon returned, again and again: a return gives the money back, and who does it for show has shown sales.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Link, LinkKind, Signal, Why};
use super::limits::Limits;
use super::rule::AnomalyRule;
use super::seen::{Seen, Sold, count};
use crate::domain::id::Id;
use crate::domain::time::Moment;

const MICROS_A_DAY: i64 = 24 * 3600 * 1_000_000;

/// When a sale was returned, if that was soon.
fn soon(sale: &Sold, days: u32, until: Moment) -> Option<Moment> {
    let at = sale.returned.filter(|at| *at < until)?;
    (at.0 - sale.at.0 <= i64::from(days) * MICROS_A_DAY).then_some(at)
}

/// A person's; what else the person bought is held.
pub(super) fn of_a_person(limits: &Limits, seen: &Seen) -> Vec<Signal> {
    quick(
        AnomalyRule::QuickReturns,
        limits,
        seen,
        |sale| sale.person,
        |returns| {
            let (days, span) = (limits.days, limits.span);
            Why(
                format!("同一人 {days} 天内有 {returns} 次在 {span} 天内购买又退货"),
                format!("one person returned {returns} times within {span} days of the sale, in {days} days"),
            )
        },
    )
}

/// A clerk's; what else the buyers who returned have bought is held.
pub(super) fn at_a_clerk(limits: &Limits, seen: &Seen) -> Vec<Signal> {
    quick(
        AnomalyRule::QuickReturnsAtClerk,
        limits,
        seen,
        |sale| sale.clerk,
        |returns| {
            let (days, span) = (limits.days, limits.span);
            Why(
                format!("同一店员 {days} 天内有 {returns} 笔销售在 {span} 天内退货"),
                format!("{returns} sales of one clerk were returned within {span} days of the sale, in {days} days"),
            )
        },
    )
}

fn quick(
    rule: AnomalyRule,
    limits: &Limits,
    seen: &Seen,
    key: impl Fn(&Sold) -> Id,
    why: impl Fn(u32) -> Why,
) -> Vec<Signal> {
    let end = seen.day.next().start();
    let window = seen.window(limits);
    let mut groups: BTreeMap<Id, Vec<&Sold>> = BTreeMap::new();
    // The day brings a return, whenever the sale was.
    for sale in window.iter().filter(|sale| soon(sale, limits.span, end).is_some_and(|at| seen.is_today(at))) {
        groups.entry(key(sale)).or_default();
    }
    for sale in window.iter().filter(|sale| soon(sale, limits.span, end).is_some()) {
        if let Some(group) = groups.get_mut(&key(sale)) {
            group.push(sale);
        }
    }
    let found = groups.into_iter().filter_map(|(subject, returned)| {
        let persons: BTreeSet<Id> = returned.iter().map(|sale| sale.person).collect();
        let kept = window.iter().filter(|sale| sale.stands(seen.day) && persons.contains(&sale.person));
        let kept: Vec<&Sold> = kept.filter(|sale| key(sale) == subject).collect();
        // Where nothing stands there is nothing to hold, and the returns themselves are what is shown.
        let lines = if kept.is_empty() { returned.clone() } else { kept };
        let evidence = returned.iter().map(|sale| Link::to(LinkKind::Redemption, sale.id));
        Signal::new((rule, subject, seen.day), (limits, count(returned.len())), &lines, evidence, &why)
    });
    found.collect()
}
