//! Identities that count once, and what is tried to use them twice all the same.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Link, LinkKind, Signal, Why};
use super::limits::Limits;
use super::rule::AnomalyRule;
use super::seen::{Certificate, Seen, Sold, Try, count};
use crate::domain::id::Id;
use crate::domain::refusal::Code;
use crate::domain::time::Moment;

/// A serial number counts together with its brand, so that the same number under another brand is taken. Makers number
/// by themselves, and short numbers meet by chance: only long ones are looked at.
pub(super) fn serial_under_two_brands(limits: &Limits, seen: &Seen) -> Vec<Signal> {
    let least = usize::try_from(limits.least).unwrap_or(usize::MAX);
    let stands = |sale: &&Sold| sale.stands(seen.day);
    let long = |serial: &&String| serial.chars().count() >= least;
    let mut groups: BTreeMap<&str, Vec<&Sold>> = BTreeMap::new();
    for sale in seen.today().iter().filter(stands) {
        groups.extend(sale.serials.iter().filter(long).map(|serial| (serial.as_str(), Vec::new())));
    }
    for sale in seen.window(limits).iter().filter(stands) {
        for serial in &sale.serials {
            if let Some(group) = groups.get_mut(serial.as_str()) {
                group.push(sale);
            }
        }
    }
    let brands = |sales: &[&Sold]| count(sales.iter().map(|sale| &sale.brand).collect::<BTreeSet<_>>().len());
    let found = groups.into_iter().filter_map(|(serial, sales)| {
        let brought = seen.brought(&sales, |before| brands(before) >= limits.from);
        let subject = (AnomalyRule::SerialUnderTwoBrands, Id::digest(&["serial", serial]), seen.day);
        let evidence = sales.iter().map(|sale| Link::to(LinkKind::Redemption, sale.id));
        Signal::new(subject, (limits, brands(&sales)), &brought, evidence, |brands| {
            Why(
                format!("序列号 {serial} 在 {brands} 个品牌下享受了补贴"),
                format!("serial number {serial} was subsidised under {brands} brands"),
            )
        })
    });
    found.collect()
}

/// A record that shares something with others: an identity of an old item, a file, or a certificate.
#[derive(Clone, Copy)]
struct Member {
    of: Id,
    at: Moment,
    line: Option<Id>,
}

/// What members share, where the day brought something: a member that was recorded on it, or one whose line was sold on
/// it. The lines are the day's alone, those of the day's records and sales, when the pattern was told before, that is when
/// a line was sold before the day and enough members were there.
fn shared(seen: &Seen, from: u32, members: &[Member]) -> Vec<Id> {
    let sold = |member: &Member| member.line.and_then(|line| seen.lines(&[line].into()).first().map(|sale| sale.at));
    let before = |member: &&Member| member.at.day() < seen.day;
    let told = count(members.iter().filter(before).count()) >= from
        && members.iter().any(|member| sold(member).is_some_and(|at| at.day() < seen.day));
    let is_new =
        |member: &&Member| !told || seen.is_today(member.at) || sold(member).is_some_and(|at| seen.is_today(at));
    members.iter().filter(is_new).filter_map(|member| member.line).collect()
}

/// Groups of members that share a key and of which the day touched one.
fn groups<K: Ord + Clone>(seen: &Seen, all: impl Iterator<Item = (K, Member)> + Clone) -> BTreeMap<K, Vec<Member>> {
    let today: BTreeSet<Id> = seen.today().iter().map(|sale| sale.id).collect();
    let span = seen.span();
    let touched = |member: &Member| span.contains(&member.at) || member.line.is_some_and(|line| today.contains(&line));
    let mut groups: BTreeMap<K, Vec<Member>> =
        all.clone().filter(|(_, member)| touched(member)).map(|(key, _)| (key, Vec::new())).collect();
    for (key, member) in all {
        if let Some(group) = groups.get_mut(&key).filter(|group| group.iter().all(|known| known.of != member.of)) {
            group.push(member);
        }
    }
    groups
}

/// Two records of one old item. The second cannot be matched while the first is; but one of the two is not true.
pub(super) fn old_item_recorded_twice(limits: &Limits, seen: &Seen) -> Vec<Signal> {
    let first = limits.first_day(seen.day).start();
    let items = seen.turn_ins.iter().filter(|item| item.at >= first);
    let all = items.flat_map(|item| {
        let member = Member { of: item.id, at: item.at, line: item.line };
        item.keys.iter().map(move |key| (*key, member))
    });
    // An item with two numbers is one finding.
    let mut told: BTreeSet<Vec<Id>> = BTreeSet::new();
    let found = groups(seen, all).into_iter().filter_map(|(key, members)| {
        let records: BTreeSet<Id> = members.iter().map(|member| member.of).collect();
        if !told.insert(records.iter().copied().collect()) {
            return None;
        }
        let lines = seen.lines(&shared(seen, limits.from, &members).into_iter().collect());
        let evidence = records.iter().map(|id| Link::to(LinkKind::TurnIn, *id));
        let subject = (AnomalyRule::OldItemRecordedTwice, key.hash, seen.day);
        Signal::new(subject, (limits, count(records.len())), &lines, evidence, |records| {
            Why(format!("同一旧件登记了 {records} 次"), format!("{records} records are of one old item"))
        })
    });
    found.collect()
}

/// One photo or document for several old items or sales, by the digest of the file. An old item and the sale that it
/// supports may show the same one.
pub(super) fn photo_used_twice(limits: &Limits, seen: &Seen) -> Vec<Signal> {
    let first = limits.first_day(seen.day).start();
    let photos = seen.photos.iter().filter(|photo| photo.at >= first);
    let all = photos.map(|photo| {
        let member = Member { of: photo.line.unwrap_or(photo.of), at: photo.at, line: photo.line };
        (photo.sha256.as_str(), member)
    });
    let sales: BTreeSet<Id> = seen.sales.iter().map(|sale| sale.id).collect();
    let found = groups(seen, all).into_iter().filter_map(|(sha256, members)| {
        let shown: BTreeSet<Id> = members.iter().map(|member| member.of).collect();
        let lines = seen.lines(&shared(seen, limits.from, &members).into_iter().collect());
        let kind = |id: &Id| if sales.contains(id) { LinkKind::Redemption } else { LinkKind::TurnIn };
        let evidence = shown.iter().map(|id| Link::to(kind(id), *id));
        let subject = (AnomalyRule::PhotoUsedTwice, Id::digest(&["photo", sha256]), seen.day);
        Signal::new(subject, (limits, count(shown.len())), &lines, evidence, |shown| {
            Why(
                format!("同一照片或文件用于 {shown} 件旧件或销售"),
                format!("one photo or document was shown for {shown} old items or sales"),
            )
        })
    });
    found.collect()
}

/// One certificate of dismantling for several old items, by its number; by its digest the file is a document that was
/// shown. Dismantlers number by themselves, and short numbers meet by chance: these are compared within a yard.
pub(super) fn certificate_used_twice(limits: &Limits, seen: &Seen) -> Vec<Signal> {
    let first = limits.first_day(seen.day).start();
    let least = usize::try_from(limits.least).unwrap_or(usize::MAX);
    let all = seen.certificates.iter().filter(|one| one.at >= first).map(|one| {
        let Certificate { number, yard, of, at, line } = one;
        let yard = if number.chars().count() < least { *yard } else { Id::NIL };
        ((number.as_str(), yard), Member { of: *of, at: *at, line: *line })
    });
    let found = groups(seen, all).into_iter().filter_map(|((number, yard), members)| {
        let items: BTreeSet<Id> = members.iter().map(|member| member.of).collect();
        let lines = seen.lines(&shared(seen, limits.from, &members).into_iter().collect());
        let evidence = items.iter().map(|id| Link::to(LinkKind::TurnIn, *id));
        let subject = Id::digest(&["certificate", number, &yard.to_string()]);
        let subject = (AnomalyRule::CertificateUsedTwice, subject, seen.day);
        Signal::new(subject, (limits, count(items.len())), &lines, evidence, |items| {
            Why(
                format!("拆解证明 {number} 用于 {items} 件旧件"),
                format!("certificate of dismantling {number} was named for {items} old items"),
            )
        })
    });
    found.collect()
}

/// A till that was refused because an identity was used, with one voucher after the other: somebody looks for a number
/// that passes. The lines are those that passed with these vouchers in the end.
pub(super) fn tried_used_identity(limits: &Limits, seen: &Seen) -> Vec<Signal> {
    const USED: [Code; 4] =
        [Code::SnAlreadyUsed, Code::NewItemAlreadySubsidised, Code::OldItemAlreadyUsed, Code::InvoiceAlreadyUsed];
    let first = limits.first_day(seen.day).start();
    let mut tills: BTreeMap<Id, Vec<&Try>> = BTreeMap::new();
    for one in seen.tries.iter().filter(|one| one.at >= first) {
        if one.codes.iter().any(|code| USED.contains(code)) {
            tills.entry(one.actor).or_default().push(one);
        }
    }
    let found = tills.into_iter().filter_map(|(actor, tries)| {
        let vouchers = |of: &mut dyn Iterator<Item = &&Try>| -> BTreeSet<Id> { of.map(|one| one.voucher).collect() };
        let all = vouchers(&mut tries.iter());
        let before = vouchers(&mut tries.iter().filter(|one| !seen.is_today(one.at)));
        let stands = |sale: &&Sold| sale.stands(seen.day) && all.contains(&sale.voucher);
        let passed: Vec<&Sold> = seen.window(limits).iter().filter(stands).collect();
        let touched = tries.iter().any(|one| seen.is_today(one.at)) || passed.iter().any(|one| seen.is_today(one.at));
        if !touched {
            return None;
        }
        let lines = seen.brought(&passed, |_| count(before.len()) >= limits.from);
        let evidence = tries.iter().map(|one| Link::to(LinkKind::Attempt, one.id));
        let subject = (AnomalyRule::TriedUsedIdentity, actor, seen.day);
        Signal::new(subject, (limits, count(all.len())), &lines, evidence, |vouchers| {
            let days = limits.days;
            Why(
                format!("同一收银员 {days} 天内对 {vouchers} 张券尝试过已用的编码或发票"),
                format!("one till tried used identities or invoices with {vouchers} vouchers within {days} days"),
            )
        })
    });
    found.collect()
}
