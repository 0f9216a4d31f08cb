//! Old items that support subsidies against those that came to the yard.

use std::collections::BTreeMap;

use super::finding::{Link, LinkKind, Signal, Why};
use super::limits::Limits;
use super::rule::AnomalyRule;
use super::seen::{HandedIn, Receipt, Seen, count};
use crate::domain::id::Id;
use crate::domain::time::Day;

/// Of each recorder: the items that support a subsidy and have had their time to arrive, and how many of them did not.
/// Only items of which account is kept are counted. The day brings those whose time ended with it.
pub(super) fn not_received(limits: &Limits, seen: &Seen) -> Vec<Signal> {
    let due = seen.day.minus(limits.span);
    // What had had its time when another day was scanned is needed to know whether it was told then.
    let (first, end) = (due.minus(limits.days.saturating_mul(2)).start(), due.next().start());
    let is_counted =
        |item: &&HandedIn| (first..end).contains(&item.at) && item.line.is_some() && item.receipt != Receipt::Unknown;
    let mut recorders: BTreeMap<Id, Vec<&HandedIn>> = BTreeMap::new();
    for item in seen.turn_ins.iter().filter(is_counted) {
        recorders.entry(item.recorder).or_default().push(item);
    }
    let found = recorders.into_iter().filter_map(|(recorder, all)| {
        let missing = |item: &&&HandedIn| item.receipt == Receipt::Missing;
        let until = |day: Day| -> Vec<&HandedIn> {
            let (from, end) = (day.minus(limits.days.saturating_sub(1)).start(), day.next().start());
            all.iter().copied().filter(|item| (from..end).contains(&item.at)).collect()
        };
        let measure = |items: &[&HandedIn]| {
            if count(items.len()) < limits.least {
                return 0;
            }
            count(items.iter().filter(missing).count() * 100 / items.len().max(1))
        };
        let items = until(due);
        let (today, before): (Vec<&HandedIn>, Vec<&HandedIn>) = all.iter().partition(|item| item.at >= due.start());
        if today.is_empty() {
            return None;
        }
        // It was looked at last when an item's time ended.
        let told = before.last().is_some_and(|last| measure(&until(last.at.day())) >= limits.from);
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
