//! Retroactive rises: a redemption under an earlier version is owed what the version in force would have given more.
//!
//! What is owed is a list at first. It becomes money when an officer posts it, redemption by redemption, each judged
//! again: the redemption, its voucher and its movements stay as they are, and an adjustment stands beside them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::parts::{self, Buckets};
use super::{Ids, redemption};
use crate::domain::adjustment::{Adjustment, Raised};
use crate::domain::command::{AuditNote, Change, Decision, Outcome, PostAdjustments, Stamp, Stop};
use crate::domain::id::Id;
use crate::domain::ledger::{Accounts, Movement, MovementKind, account_id};
use crate::domain::money::Fen;
use crate::domain::programme::{Rise, SaleMade, Share, rise};
use crate::domain::records::{Redemption, RedemptionStatus, Version};
use crate::domain::refusal::{Checks, Code, Refusal};
use crate::domain::rollup::Tally;
use crate::domain::settlement::{Bucket, Portion};
use crate::domain::state::State;
use crate::domain::time::Day;

/// What the version in force owes for one redemption.
#[derive(Clone, Debug, PartialEq)]
pub struct Owed {
    /// The redemption.
    pub fact: Redemption,
    /// The version that raises.
    pub version: u32,
    /// How much, and out of whose money.
    pub rise: Rise,
}

pub(super) fn footprint(state: &mut State, post: &PostAdjustments, stamp: Stamp) {
    let programme = &post.programme;
    state.programmes.ask(programme.clone());
    for id in &post.redemptions {
        state.redemptions.ask(*id);
        state.redemption_states.ask(*id);
        state.holds.ask(*id);
    }
    // Another version than the one in force is refused before any redemption is looked at.
    let current = state.programmes.peek(programme).map(|row| row.current);
    let Some(current) = current.filter(|current| *current == post.version) else { return };
    state.versions.ask((programme.clone(), current));
    for id in &post.redemptions {
        let Some(fact) = state.redemptions.peek(id).filter(|fact| fact.programme == *programme) else { continue };
        let (version, line, retailer, turn_in) = (fact.version, fact.line, fact.retailer, fact.turn_in);
        if let Some(turn_in) = turn_in {
            state.turn_ins.ask(turn_in);
        }
        state.lines.ask(line);
        state.accounts.ask(account_id(line, retailer));
        state.buckets.ask(Bucket::key(retailer, programme, stamp.day()));
        ask_those_of(state, *id, version, current);
    }
}

/// Asks for the adjustments of a redemption: each version after its own may have added one.
pub(super) fn ask_those_of(state: &mut State, redemption: Id, version: u32, current: u32) {
    for later in version.saturating_add(1)..=current {
        state.adjustments.ask(Adjustment::key(redemption, later));
    }
}

/// The adjustments of a redemption, by version.
pub(super) fn those_of<'a>(state: &'a State, fact: &Redemption) -> Result<Vec<&'a Adjustment>, Stop> {
    let current = state.programmes.get(&fact.programme)?.map_or(0, |row| row.current);
    let mut found = Vec::new();
    for later in fact.version.saturating_add(1)..=current {
        found.extend(state.adjustments.get(&Adjustment::key(fact.id, later))?);
    }
    Ok(found)
}

/// What the version in force owes for a redemption of a programme; `pointer` is its place in the request.
///
/// # Errors
/// [`Stop::Refused`] with the reason why nothing is owed; [`Stop::NotLoaded`].
pub fn judge(state: &State, programme: &str, redemption: Id, pointer: &str) -> Result<Owed, Stop> {
    let known = state.redemptions.get(&redemption)?.filter(|fact| fact.programme == programme);
    let fact = known.ok_or_else(|| Refusal::at(Code::NotFound, pointer).found(redemption))?;
    let current = state.programmes.get(&fact.programme)?.map_or(0, |row| row.current);
    let (version, from) = raising(state, programme, current)?;
    let wrong = || Refusal::at(Code::WrongState, pointer);
    // One that waits for another settlement stands as well as one that was never refused.
    let stands = |status| matches!(status, RedemptionStatus::Recorded | RedemptionStatus::Resubmitted);
    if let Some(row) = state.redemption_states.get(&redemption)?.filter(|row| !stands(row.status)) {
        return Err(wrong().found(row.status).expected("a redemption that stands").into());
    }
    if fact.version >= current {
        let found = format!("redeemed under version {}", fact.version);
        return Err(wrong().found(found).expected(format!("a version before {current}")).into());
    }
    if fact.day() < from {
        let found = format!("redeemed on {}", fact.day());
        return Err(wrong().found(found).expected(format!("{from} or later")).into());
    }
    let earlier = those_of(state, fact)?;
    if let Some(known) = earlier.iter().find(|known| known.version == current) {
        let found = format!("raised by version {current} already, at {}", known.at);
        return Err(wrong().found(found).expected("a redemption that this version has not raised").into());
    }
    let old = match fact.turn_in {
        Some(id) => state.turn_ins.get(&id)?.map(|row| &row.item),
        None => None,
    };
    let given = fact.subsidy + earlier.iter().map(|known| known.amount).sum();
    let shares: Vec<Share> =
        fact.funding.iter().chain(earlier.iter().flat_map(|known| &known.funding)).copied().collect();
    let made = SaleMade { category: fact.category, item: &fact.item, price: &fact.price, old, given, shares: &shares };
    let nothing = || wrong().found("nothing is owed").expected(format!("more than {given} by version {current}"));
    let rise = rise(&version.rules, made).ok_or_else(nothing)?;
    Ok(Owed { fact: fact.clone(), version: current, rise })
}

/// The version in force, when it is the one that is named and raises what was redeemed before, and from which day on.
///
/// A pause or closure does not matter: what is owed stays owed.
fn raising<'a>(state: &'a State, programme: &str, named: u32) -> Result<(&'a Version, Day), Stop> {
    let key = programme.to_owned();
    let row = state.programmes.get(&key)?.ok_or_else(|| Refusal::of(Code::NotFound).found(programme))?;
    let wrong = || Refusal::at(Code::WrongState, "/version").found(named);
    if row.current == 0 || row.current != named {
        return Err(wrong().expected(format!("the version in force, {}", row.current)).into());
    }
    let version = state.versions.get(&(key, named))?;
    let version = version.ok_or_else(|| Stop::NotLoaded(format!("version {named} of {programme}")))?;
    let from = version.rules.retroactive_from.ok_or_else(|| wrong().expected("a version with retroactive_from"))?;
    Ok((version, from))
}

pub(super) fn post(state: &State, post: &PostAdjustments, author: Id, ids: &mut Ids) -> Result<Decision, Stop> {
    let owed = judge_all(state, post)?;
    judge_money(state, post, &owed)?;
    // From here it must succeed.
    let (mut changes, mut buckets) = (Vec::new(), Buckets::of(state));
    let (mut movements, mut rollups, mut raised) = (Vec::new(), Vec::new(), Vec::new());
    for one in owed {
        let adjustment = adjustment(&one, author, ids.stamp);
        movements.push(pay(&adjustment, ids));
        let portion = Portion::of(&adjustment.programme, adjustment.category, adjustment.amount, &adjustment.funding);
        let held = parts::is_held(state, adjustment.redemption)?;
        buckets.add(adjustment.retailer, ids.stamp.day(), &portion, held)?;
        let more = Tally { amount_redeemed: adjustment.amount, ..Tally::default() };
        rollups.push(redemption::entry(ids, &one.fact, ids.stamp, more));
        changes.push(Change::Adjustment(Box::new(adjustment.clone())));
        raised.push(Raised { adjustment, from_version: one.fact.version, redeemed_at: one.fact.at });
    }
    changes.extend(buckets.changes());
    let each = |one: &Raised| {
        let Adjustment { redemption, retailer, before, after, amount, .. } = &one.adjustment;
        json!({"redemption": redemption, "retailer": retailer, "before": before, "after": after, "amount": amount})
    };
    let detail = json!({"version": post.version, "count": raised.len(), "total": post.total,
        "adjustments": raised.iter().map(each).collect::<Vec<_>>()});
    Ok(Decision {
        outcome: Outcome::Adjusted {
            programme: post.programme.clone(),
            version: post.version,
            total: post.total,
            raised,
        },
        changes,
        movements,
        rollups,
        audit: AuditNote { subject: post.programme.clone(), detail },
    })
}

/// What is owed for each redemption that is named; nothing is posted unless all of them are owed something.
fn judge_all(state: &State, post: &PostAdjustments) -> Result<Vec<Owed>, Stop> {
    raising(state, &post.programme, post.version)?;
    let (mut checks, mut owed, mut seen) = (Checks::default(), Vec::new(), BTreeSet::new());
    for (index, id) in post.redemptions.iter().enumerate() {
        let pointer = format!("/redemption_ids/{index}");
        if !seen.insert(*id) {
            checks.fail(Refusal::at(Code::BodyMalformed, pointer).found(id).expected("each redemption once"));
            continue;
        }
        match judge(state, &post.programme, *id, &pointer) {
            Ok(one) => owed.push(one),
            Err(Stop::Refused(refusals)) => refusals.all().iter().for_each(|refusal| checks.fail(refusal.clone())),
            Err(stop) => return Err(stop),
        }
    }
    checks.verdict()?;
    Ok(owed)
}

/// The sum must be the one that the officer saw, and each line must have what is owed out of it.
fn judge_money(state: &State, post: &PostAdjustments, owed: &[Owed]) -> Result<(), Stop> {
    let mut checks = Checks::default();
    let mut lines: BTreeMap<Id, Fen> = BTreeMap::new();
    for one in owed {
        *lines.entry(one.fact.line).or_default() += one.rise.amount;
    }
    let total: Fen = lines.values().copied().sum();
    checks.note(total == post.total, Refusal::at(Code::WrongState, "/total").found(post.total).expected(total));
    for (line, needed) in lines {
        let row = state.lines.get(&line)?.ok_or_else(|| Stop::NotLoaded(format!("line {line}")))?;
        let available = row.balances.available;
        let refusal = Refusal::at(Code::PoolExhausted, "/redemption_ids").found(available);
        checks.note(needed <= available, refusal.expected(format!("{needed} for {}", row.category)));
    }
    Ok(checks.verdict()?)
}

fn adjustment(owed: &Owed, author: Id, stamp: Stamp) -> Adjustment {
    let Owed { fact, version, rise } = owed;
    Adjustment {
        id: Adjustment::key(fact.id, *version),
        redemption: fact.id,
        voucher: fact.voucher,
        programme: fact.programme.clone(),
        version: *version,
        category: fact.category,
        line: fact.line,
        retailer: fact.retailer,
        store: fact.store,
        before: rise.before,
        after: rise.after,
        amount: rise.amount,
        funding: rise.funding.clone(),
        author,
        at: stamp.at,
        bucket: Bucket::key(fact.retailer, &fact.programme, stamp.day()),
    }
}

/// Nothing was reserved for a rise: it comes out of what may still be promised.
fn pay(adjustment: &Adjustment, ids: &mut Ids) -> Movement {
    let amount = adjustment.amount;
    Movement {
        id: ids.next(),
        line: adjustment.line,
        retailer: Some(adjustment.retailer),
        kind: MovementKind::Raise,
        subject: adjustment.redemption,
        deltas: Accounts { available: -amount, payable: amount, ..Accounts::default() },
        at: adjustment.at,
    }
}
