//! Undoing a redemption. What was not paid is available again; what was paid, the retailer owes back. Its adjustments go
//! with it. In a settlement that is under way nothing is undone: first the bureau gives it back or refuses the line.

use serde_json::json;

use super::parts::{self, Buckets, Part, Place};
use super::{Ids, matching, quota, redemption};
use crate::domain::command::{AuditNote, Change, Decision, Outcome, Stamp, Stop};
use crate::domain::id::Id;
use crate::domain::ledger::{Accounts, Movement, MovementKind, account_id};
use crate::domain::money::Fen;
use crate::domain::records::{Redemption, RedemptionState, RedemptionStatus, Version, Voucher, VoucherStatus};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::rollup::Tally;
use crate::domain::state::State;

pub(super) fn footprint(state: &mut State, id: Id) {
    parts::ask(state, id);
    let Some(fact) = state.redemptions.peek(&id).cloned() else { return };
    state.vouchers.ask(fact.voucher);
    state.versions.ask((fact.programme.clone(), fact.version));
    state.lines.ask(fact.line);
    state.accounts.ask(account_id(fact.line, fact.retailer));
    fact.claims.iter().for_each(|key| state.claims.ask(*key));
    let Some(voucher) = state.vouchers.peek(&fact.voucher).cloned() else { return };
    voucher.quotas.iter().for_each(|quota| state.quotas.ask(*quota));
    matching::ask(state, voucher.turn_in);
}

/// Who undoes a redemption, and why.
pub(super) enum Undo<'a> {
    /// The retailer: the goods came back.
    Return {
        /// Whose redemption it must be.
        retailer: Id,
        /// Why.
        reason: &'a str,
    },
    /// The bureau, after payment.
    ClawBack {
        /// Whether the goods came back; where they did not, what was bought and who bought it go on counting.
        goods_returned: bool,
        /// Why.
        reason: &'a str,
    },
}

impl Undo<'_> {
    const fn reason(&self) -> &str {
        match self {
            Self::Return { reason, .. } | Self::ClawBack { reason, .. } => reason,
        }
    }

    const fn goods_returned(&self) -> bool {
        match self {
            Self::Return { .. } => true,
            Self::ClawBack { goods_returned, .. } => *goods_returned,
        }
    }

    fn may_see(&self, fact: &Redemption) -> bool {
        match self {
            Self::Return { retailer, .. } => *retailer == fact.retailer,
            Self::ClawBack { .. } => true,
        }
    }
}

pub(super) fn undo(state: &State, id: Id, undo: &Undo<'_>, stamp: Stamp, ids: &mut Ids) -> Result<Decision, Stop> {
    let fact = state.redemptions.get(&id)?.filter(|fact| undo.may_see(fact));
    let fact = fact.ok_or_else(|| Refusal::of(Code::NotFound))?;
    let row = state.redemption_states.get(&id)?;
    let before = row.map_or(RedemptionStatus::Recorded, |row| row.status);
    if matches!(before, RedemptionStatus::Reversed | RedemptionStatus::ClawedBack) {
        return Err(Refusal::of(Code::WrongState).found(before).expected("a redemption that stands").into());
    }
    let parts = parts::of(state, fact)?;
    if parts.iter().any(|part| matches!(part.place, Place::UnderWay { .. })) {
        return Err(Refusal::of(Code::AlreadyInSettlement).into());
    }
    let is_paid = |part: &&Part| part.place == Place::Paid;
    let paid: Fen = parts.iter().filter(is_paid).map(|part| part.portion.amount).sum();
    let whole: Fen = parts.iter().map(|part| part.portion.amount).sum();
    if matches!(undo, Undo::ClawBack { .. }) && paid == Fen::ZERO {
        return Err(Refusal::of(Code::WrongState).found("not paid").expected("a redemption that was paid").into());
    }
    let lost = |what: &str| Stop::NotLoaded(format!("{what} of redemption {id}"));
    let voucher = state.vouchers.get(&fact.voucher)?.ok_or_else(|| lost("voucher"))?;
    let version = state.versions.get(&(fact.programme.clone(), fact.version))?.ok_or_else(|| lost("version"))?;
    // From here it must succeed.
    let status = if paid == Fen::ZERO { RedemptionStatus::Reversed } else { RedemptionStatus::ClawedBack };
    let step = ids.next();
    let mut changes = vec![Change::RedemptionState(RedemptionState {
        redemption: id,
        status,
        step,
        at: stamp.at,
        reason: undo.reason().to_owned(),
        rejection: row.and_then(|row| row.rejection.clone()),
        bucket: paid_in(fact, row, &parts),
    })];
    changes.extend(out_of_buckets(state, id, &parts)?);
    let given_back = give_back(state, (fact, voucher, version), undo.goods_returned(), &mut changes)?;
    let undone = Tally { reversed: 1, amount_reversed: whole, ..Tally::default() };
    let mut rollups = vec![redemption::entry(ids, fact, stamp, undone)];
    // A return takes one away from the year in which it counted, as known from the day of the return.
    let taken_away = redemption::completed(fact, -1);
    if taken_away != Tally::default() {
        rollups.push(redemption::entry(ids, fact, Stamp { at: fact.at }, taken_away));
    }
    let detail = json!({"reversal": step, "voucher": fact.voucher, "retailer": fact.retailer,
        "before": {"redemption": before, "voucher": voucher.status},
        "after": {"redemption": status, "voucher": VoucherStatus::Reversed}, "subsidy": fact.subsidy,
        "adjustments": whole - fact.subsidy, "clawed_back": paid, "goods_returned": undo.goods_returned(),
        "reason": undo.reason(), "turn_in_given_back": given_back});
    Ok(Decision {
        outcome: Outcome::Reversed { id: step, redemption: id, at: stamp.at, clawed_back: paid },
        changes,
        movements: vec![movement(fact, whole - paid, paid, ids)],
        rollups,
        audit: AuditNote { subject: id.to_string(), detail },
    })
}

/// The bucket in which the redemption itself was paid: its settlement goes on telling of it.
fn paid_in(fact: &Redemption, row: Option<&RedemptionState>, parts: &[Part]) -> Option<Id> {
    let paid = parts.first().is_some_and(|part| part.place == Place::Paid);
    paid.then(|| row.and_then(|row| row.bucket).unwrap_or(fact.bucket))
}

fn out_of_buckets(state: &State, id: Id, parts: &[Part]) -> Result<impl Iterator<Item = Change>, Stop> {
    let held = parts::is_held(state, id)?;
    let mut buckets = Buckets::of(state);
    for part in parts {
        if let Place::Open(bucket) = part.place {
            buckets.take(bucket, &part.portion, held)?;
        }
    }
    Ok(buckets.changes())
}

/// The voucher is used up all the same. Goods that came back free the identities; quota and old item come back where the
/// programme says so. Says whether the old item did.
fn give_back(
    state: &State,
    (fact, voucher, version): (&Redemption, &Voucher, &Version),
    goods_returned: bool,
    changes: &mut Vec<Change>,
) -> Result<bool, Stop> {
    let gives_back = goods_returned && version.rules.old_item.given_back_on_return && voucher.turn_in.is_some();
    changes.push(Change::Voucher(Box::new(Voucher {
        status: VoucherStatus::Reversed,
        claims: if gives_back { Vec::new() } else { voucher.claims.clone() },
        ..voucher.clone()
    })));
    if goods_returned {
        changes.extend(fact.claims.iter().map(|key| Change::Claim { key: *key, holder: None }));
        if version.rules.voucher.return_restores_quota {
            changes.extend(quota::give_back(state, voucher, false)?);
        }
    }
    if gives_back {
        changes.extend(matching::give_back(state, voucher)?);
    }
    Ok(gives_back)
}

/// What was not paid is available again; what was paid is to be had back.
fn movement(fact: &Redemption, unpaid: Fen, paid: Fen, ids: &mut Ids) -> Movement {
    Movement {
        id: ids.next(),
        line: fact.line,
        retailer: Some(fact.retailer),
        kind: if paid == Fen::ZERO { MovementKind::Reverse } else { MovementKind::ClawBack },
        subject: fact.id,
        deltas: Accounts { payable: -unpaid, available: unpaid, paid: -paid, clawback: paid, ..Accounts::default() },
        at: ids.stamp.at,
    }
}
