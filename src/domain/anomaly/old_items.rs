//! Old items that support subsidies against those that came to the yard.

use std::collections::BTreeMap;

use super::finding::{Link, LinkKind, Signal, Why};
use super::limits::Limits;
use super::rule::AnomalyRule;
use super::seen::{HandedIn, Receipt, Seen, count};
use crate::domain::id::Id;

/// Of each recorder: the items that support a subsidy and have had their time to arrive, and how many of them did not.
/// Only items of which account is kept are counted. The day brings those whose time ended with it.
pub(super) fn not_received(limits: &Limits, seen: &Seen) -> Vec<Signal> {
    let due = seen.day.minus(limits.span);
    let first = due.minus(limits.days.saturating_sub(1));
    let is_due = |item: &&HandedIn| {
        let day = item.at.day();
        first <= day && day <= due && item.line.is_some() && item.receipt != Receipt::Unknown
    };
    let mut recorders: BTreeMap<Id, Vec<&HandedIn>> = BTreeMap::new();
    for item in seen.turn_ins.iter().filter(is_due) {
        recorders.entry(item.recorder).or_default().push(item);
    }
    let found = recorders.into_iter().filter_map(|(recorder, items)| {
        let missing = |item: &&&HandedIn| item.receipt == Receipt::Missing;
        let measure = |items: &[&HandedIn]| {
            if count(items.len()) < limits.least {
                return 0;
            }
            count(items.iter().filter(missing).count() * 100 / items.len().max(1))
        };
        let (today, before): (Vec<&HandedIn>, Vec<&HandedIn>) = items.iter().partition(|item| item.at.day() == due);
        if !today.iter().any(|item| item.receipt == Receipt::Missing) {
            return None;
        }
        let told = measure(&before) >= limits.from;
        let brought = if told { &today } else { &items };
        let ids = brought.iter().filter(missing).filter_map(|item| item.line).collect();
        let (claimed, lacking) = (items.len(), items.iter().filter(missing).count());
        let evidence = items.iter().filter(missing).map(|item| Link::to(LinkKind::TurnIn, item.id));
        Signal::new(
            (AnomalyRule::OldItemsNotReceived, recorder, seen.day),
            (limits, measure(&items)),
            &seen.lines(&ids),
            evidence.chain([Link::to(LinkKind::Recorder, recorder)]),
            |percent| {
                Why(
                    format!("该回收方 {claimed} 件已享补贴的旧件中有 {lacking} 件（{percent}%）逾期未到场"),
                    format!("{lacking} of the recorder's {claimed} subsidised old items ({percent} %) did not arrive"),
                )
            },
        )
    });
    found.collect()
}
