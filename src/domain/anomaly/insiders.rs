//! Staff of the retailer among its buyers.
//!
//! Of staff the service knows a name and no identity number, so that a buyer is told by the keyed digest of the name
//! alone, and a namesake looks the same. One sale to a namesake is little; several are more; one that the account of
//! that name redeemed itself is most of all. Whose account was made before names of staff were digested as those of
//! persons are cannot be found so.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Link, LinkKind, Signal, Why};
use super::limits::Limits;
use super::rule::AnomalyRule;
use super::seen::{Seen, Sold, StaffName, count};
use crate::domain::id::Id;

/// What a sale counts that the account itself redeemed.
const OWN: u32 = 3;

/// Sales of a retailer to somebody who is called like one of its staff.
pub(super) fn staff_among_buyers(limits: &Limits, seen: &Seen) -> Vec<Signal> {
    let mut staff: BTreeMap<(Id, Id), Vec<&StaffName>> = BTreeMap::new();
    for one in &seen.staff {
        staff.entry((one.retailer, one.name)).or_default().push(one);
    }
    let is_staff = |sale: &Sold| Some((sale.retailer, sale.name)).filter(|both| staff.contains_key(both));
    let found = seen.standing_by(limits, is_staff).into_iter().flat_map(|(both, sales)| {
        let accounts = staff.get(&both).into_iter().flatten();
        accounts.filter_map(|one| of_account(limits, seen, one, &sales)).collect::<Vec<_>>()
    });
    found.collect()
}

fn of_account(limits: &Limits, seen: &Seen, one: &StaffName, sales: &[&Sold]) -> Option<Signal> {
    // Several persons of the name are namesakes, of whom one at most works there.
    let persons: BTreeSet<Id> = sales.iter().map(|sale| sale.person).collect();
    let weight = |sale: &&Sold| if sale.clerk == one.account { OWN } else { 1 };
    let of_person = |person: &Id| sales.iter().filter(|sale| sale.person == *person).map(weight).sum::<u32>();
    let (measure, person) = persons.iter().map(|person| (of_person(person), *person)).max()?;
    let own: Vec<&Sold> = sales.iter().copied().filter(|sale| sale.person == person).collect();
    if !own.iter().any(|sale| seen.is_today(sale.at)) {
        return None;
    }
    let brought = seen.brought(&own, |before| before.iter().map(weight).sum::<u32>() >= limits.from);
    let evidence = own.iter().map(|sale| Link::to(LinkKind::Redemption, sale.id));
    let evidence = evidence.chain([Link::to(LinkKind::Account, one.account)]);
    let (goods, days) = (count(own.len()), limits.days);
    let itself = own.iter().any(|sale| sale.clerk == one.account);
    Signal::new((AnomalyRule::StaffAmongBuyers, one.account, seen.day), (limits, measure), &brought, evidence, |_| {
        let (zh, en) =
            if itself { ("，且由其本人账号核销", ", redeemed by that very account") } else { ("", "") };
        Why(
            format!("购买人与商家员工同名，{days} 天内购买 {goods} 件{zh}"),
            format!("a buyer has the name of one of the retailer's staff and bought {goods} in {days} days{en}"),
        )
    })
}
