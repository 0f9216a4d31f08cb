//! Claiming a voucher: the cap is reserved, so that an issued voucher can always be paid.

use serde_json::json;

use super::{Ids, data_key, matching, quota};
use crate::domain::command::{AuditNote, Change, ClaimVoucher, Decision, Outcome, Stamp, Stop};
use crate::domain::id::Id;
use crate::domain::ledger::{Accounts, Movement, MovementKind, line_id};
use crate::domain::money::Fen;
use crate::domain::programme::{
    MatchedAt, ReleaseSlot, Rules, by_turn_in_id, claim_open, in_region, judge_old_item, release_at, reserve,
    voucher_expires,
};
use crate::domain::records::{ProgrammeStatus, ReleaseUse, TurnIn, Version, Voucher, VoucherStatus};
use crate::domain::refusal::{Checks, Code, Refusal};
use crate::domain::rollup::{RollupEntry, RollupKey, Tally};
use crate::domain::state::State;
use crate::domain::time::Moment;

pub(super) fn footprint(state: &mut State, claim: &ClaimVoucher, stamp: Stamp) {
    state.programmes.ask(claim.programme.clone());
    state.persons.ask(claim.person.id);
    let line = line_id(&claim.programme, claim.category);
    state.lines.ask(line);
    matching::ask(state, claim.turn_in);
    let current = state.programmes.peek(&claim.programme).map_or(0, |row| row.current);
    let Some(version) = state.versions.peek(&(claim.programme.clone(), current)).cloned() else { return };
    quota::ask(state, &version.rules, claim.category, claim.person.id, stamp.day());
    if let Some(Ok(slot)) = release_at(&version.rules, claim.category, stamp.at) {
        state.releases.ask(ReleaseUse::key(line, slot.opened));
    }
}

/// What a claim would get, and every check that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Claimable {
    /// The most that any tier can give to this claim; `None` when there is no such line.
    pub reserve: Option<Fen>,
    /// All checks, passed or not.
    pub checks: Checks,
}

/// Everything that is checked before a claim; the same for the question whether one is eligible.
///
/// # Errors
/// [`Stop::Refused`] with `NOT_FOUND` when no such programme was ever published; [`Stop::NotLoaded`].
pub fn judge(state: &State, claim: &ClaimVoucher, stamp: Stamp) -> Result<Claimable, Stop> {
    Ok(judged(state, claim, stamp)?.0)
}

/// What the judgement found on its way and the decision needs.
struct Found<'a> {
    version: &'a Version,
    turn_in: Option<&'a TurnIn>,
    slot: Option<(ReleaseSlot, ReleaseUse)>,
}

fn judged<'a>(state: &'a State, claim: &ClaimVoucher, stamp: Stamp) -> Result<(Claimable, Found<'a>), Stop> {
    let missing = || Refusal::at(Code::NotFound, "/programme_id").found(&claim.programme);
    let programme = state.programmes.get(&claim.programme)?.filter(|row| row.current > 0).ok_or_else(missing)?;
    let version = state.versions.get(&(claim.programme.clone(), programme.current))?.ok_or_else(missing)?;
    let rules = &version.rules;
    let mut checks = Checks::default();
    let open = programme.status == ProgrammeStatus::Published && claim_open(rules, stamp.at);
    let refusal = Refusal::at(Code::ProgrammeNotOpen, "/programme_id").found(programme.status);
    let window = &rules.windows.claim;
    checks.note(open, refusal.expected(format!("{} to {}", window.from, window.to)));
    let eligible = rules.line(claim.category).is_some();
    checks.note(eligible, Refusal::at(Code::CategoryNotEligible, "/category").found(claim.category));
    judge_region(rules, claim, &mut checks);
    quota::judge(state, rules, claim.category, claim.person.id, stamp.day(), &mut checks)?;
    let mut turn_in = None;
    if matching::happens(rules, MatchedAt::Issue) {
        let missed = checks.failed(Code::OldItemMissing);
        turn_in = matching::judge(state, claim.turn_in, claim.person.id, &mut checks)?;
        if missed == checks.failed(Code::OldItemMissing) {
            judge_old_item(rules, claim.category, turn_in.map(|row| &row.item), &by_turn_in_id, &mut checks);
        }
    }
    let slot = judge_release(state, rules, claim, stamp, &mut checks)?;
    let reserve = reserve(rules, claim.category, claim.powertrain, turn_in.map(|row| &row.item));
    if let Some(cap) = reserve.filter(|_| eligible) {
        let line = state.lines.get(&line_id(&claim.programme, claim.category))?;
        let available = line.map_or(Fen::ZERO, |line| line.balances.available);
        let refusal = Refusal::of(Code::PoolExhausted).found(available).expected(cap);
        checks.note(available >= cap, refusal);
        let none = Refusal::at(Code::OldNewCombinationNotEligible, "/turn_in_id");
        checks.note(cap > Fen::ZERO, none);
    }
    Ok((Claimable { reserve, checks }, Found { version, turn_in, slot }))
}

fn judge_region(rules: &Rules, claim: &ClaimVoucher, checks: &mut Checks) {
    let expected = rules.region.divisions.join(",");
    let refusal = Refusal::at(Code::RegionNotEligible, "/division_code");
    checks.note(in_region(rules, &claim.division_code), refusal.found(&claim.division_code).expected(&expected));
    if let (true, Some(residence)) = (rules.region.residence_inside, &claim.residence) {
        let refusal = Refusal::of(Code::RegionNotEligible).found(residence).expected(&expected);
        checks.note(in_region(rules, residence), refusal);
    }
}

fn judge_release(
    state: &State,
    rules: &Rules,
    claim: &ClaimVoucher,
    stamp: Stamp,
    checks: &mut Checks,
) -> Result<Option<(ReleaseSlot, ReleaseUse)>, Stop> {
    match release_at(rules, claim.category, stamp.at) {
        None => Ok(None),
        Some(Err(opens)) => {
            checks.fail(Refusal::at(Code::ProgrammeNotOpen, "/programme_id").expected(local(opens)));
            Ok(None)
        }
        Some(Ok(slot)) => {
            let line = line_id(&claim.programme, claim.category);
            let id = ReleaseUse::key(line, slot.opened);
            let empty = ReleaseUse { id, line, opened: slot.opened, issued: 0 };
            let used = state.releases.get(&id)?.cloned().unwrap_or(empty);
            let mut refusal = Refusal::of(Code::ReleaseSoldOut).found(format!("{} issued", used.issued));
            if let Some(next) = slot.next {
                refusal = refusal.expected(local(next));
            }
            checks.note(used.issued < slot.vouchers, refusal);
            Ok(Some((slot, used)))
        }
    }
}

/// A moment as a person in the district reads it.
fn local(at: Moment) -> String {
    at.local().format("%Y-%m-%d %H:%M").to_string()
}

pub(super) fn claim(state: &State, claim: &ClaimVoucher, stamp: Stamp, ids: &mut Ids) -> Result<Decision, Stop> {
    let (claimable, found) = judged(state, claim, stamp)?;
    claimable.checks.verdict()?;
    let Some(reserved) = claimable.reserve else {
        return Err(Refusal::at(Code::CategoryNotEligible, "/category").found(claim.category).into());
    };
    // From here it must succeed.
    let id = ids.next();
    let rules = &found.version.rules;
    let quotas = quota::take(state, rules, claim.category, claim.person.id, stamp.day(), id)?;
    let voucher = Voucher {
        id,
        programme: claim.programme.clone(),
        version: found.version.number,
        category: claim.category,
        line: line_id(&claim.programme, claim.category),
        person: claim.person.id,
        division_code: claim.division_code.clone(),
        turn_in: found.turn_in.map(|row| row.id),
        status: VoucherStatus::Issued,
        reserved,
        issued_at: stamp.at,
        expires_at: voucher_expires(rules, stamp.at),
        redemption: None,
        claims: found.turn_in.map(|row| row.claims.clone()).unwrap_or_default(),
        quotas: quotas.iter().map(|quota| quota.id).collect(),
        device: claim.device,
    };
    let mut changes = data_key::keep_person(state, &claim.person, &claim.key, stamp)?;
    changes.push(Change::Voucher(Box::new(voucher.clone())));
    changes.extend(quotas.into_iter().map(Change::Quota));
    if let Some(row) = found.turn_in {
        changes.extend(matching::take(row, id));
    }
    if let Some((_, used)) = found.slot {
        changes.push(Change::Release(ReleaseUse { issued: used.issued + 1, ..used }));
    }
    let deltas = Accounts { available: -reserved, reserved, ..Accounts::default() };
    let movement = movement(ids, &voucher, MovementKind::Reserve, deltas);
    let tally = Tally { issued: 1, amount_reserved: reserved, ..Tally::default() };
    let rollup = entry(ids, &voucher, stamp, stamp, tally);
    let detail = json!({"programme": voucher.programme, "version": voucher.version, "category": voucher.category,
        "before": null, "after": voucher.status, "holder": claim.person.id, "reserved": reserved, "expires_at": voucher.expires_at,
        "turn_in": voucher.turn_in});
    Ok(Decision {
        audit: AuditNote { subject: id.to_string(), detail },
        outcome: Outcome::Voucher(Box::new(voucher)),
        changes,
        movements: vec![movement],
        rollups: vec![rollup],
    })
}

/// A movement on a voucher's line that no retailer has part in.
pub(super) fn movement(ids: &mut Ids, voucher: &Voucher, kind: MovementKind, deltas: Accounts) -> Movement {
    Movement { id: ids.next(), line: voucher.line, retailer: None, kind, subject: voucher.id, deltas, at: ids.stamp.at }
}

/// A rollup entry that no retailer has part in, effective at one time and known since another.
pub(super) fn entry(ids: &mut Ids, voucher: &Voucher, effective: Stamp, known: Stamp, tally: Tally) -> RollupEntry {
    let key = RollupKey {
        programme: voucher.programme.clone(),
        category: voucher.category,
        retailer: Id::NIL,
        store: Id::NIL,
        town: String::new(),
        effective: effective.day(),
        recorded: known.day(),
    };
    RollupEntry { id: ids.next(), subject: voucher.id, key, tally, at: known.at }
}
