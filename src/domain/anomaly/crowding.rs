//! Many goods to one address, many buyers with one telephone number, many persons' claims from one device.
//!
//! Addresses are compared as they were typed, by their keyed digests: the same place spelled in two ways is two places
//! here. A family that furnishes a home, or a firm that buys for its dormitory, looks the same as a trader who gathers
//! subsidies; the limits say from where on somebody should look.

use std::collections::BTreeSet;

use super::finding::{Link, LinkKind, Signal, Why};
use super::limits::Limits;
use super::rule::AnomalyRule;
use super::seen::{Seen, Sold, count};
use crate::domain::id::Id;

/// Goods that went to one address.
pub(super) fn to_one_address(limits: &Limits, seen: &Seen) -> Vec<Signal> {
    let why = |goods: u32| {
        let days = limits.days;
        Why(
            format!("{days} 天内有 {goods} 件补贴商品送往同一地址"),
            format!("{goods} subsidised goods went to one address within {days} days"),
        )
    };
    crowds(AnomalyRule::ManyToOneAddress, (limits, seen), |sale| sale.address, |sales| count(sales.len()), why)
}

/// Buyers who gave one telephone number.
pub(super) fn to_one_phone(limits: &Limits, seen: &Seen) -> Vec<Signal> {
    let why = |buyers: u32| {
        let days = limits.days;
        Why(
            format!("{days} 天内有 {buyers} 名购买人留下同一电话号码"),
            format!("{buyers} buyers gave one telephone number within {days} days"),
        )
    };
    crowds(AnomalyRule::ManyToOnePhone, (limits, seen), |sale| sale.phone, persons, why)
}

/// Persons who claimed their vouchers from one device.
pub(super) fn on_one_device(limits: &Limits, seen: &Seen) -> Vec<Signal> {
    let why = |holders: u32| {
        let days = limits.days;
        Why(
            format!("{days} 天内有 {holders} 人用同一台设备领券并核销"),
            format!("{holders} persons claimed from one device what was redeemed within {days} days"),
        )
    };
    crowds(AnomalyRule::ManyOnOneDevice, (limits, seen), |sale| sale.device, persons, why)
}

fn persons(sales: &[&Sold]) -> u32 {
    count(sales.iter().map(|sale| sale.person).collect::<BTreeSet<_>>().len())
}

fn crowds(
    rule: AnomalyRule,
    (limits, seen): (&Limits, &Seen),
    key: impl Fn(&Sold) -> Option<Id>,
    measure: impl Fn(&[&Sold]) -> u32,
    why: impl Fn(u32) -> Why,
) -> Vec<Signal> {
    let groups = seen.standing_by(limits, key).into_iter();
    let found = groups.filter_map(|(subject, sales)| {
        let brought = seen.brought(&sales, |before| measure(before) >= limits.from);
        let evidence = sales.iter().map(|sale| Link::to(LinkKind::Redemption, sale.id));
        Signal::new((rule, subject, seen.day), (limits, measure(&sales)), &brought, evidence, &why)
    });
    found.collect()
}
