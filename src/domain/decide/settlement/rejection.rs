//! A line that the bureau refuses, and its way into a later settlement.

use serde_json::json;

use super::{ask, in_state, known, somebody_else};
use crate::domain::adjustment::AdjustmentState;
use crate::domain::command::{AuditNote, Change, Decision, Outcome, RejectLine, Stop};
use crate::domain::decide::Ids;
use crate::domain::decide::hold;
use crate::domain::decide::parts::{self, Buckets, Part, Place};
use crate::domain::id::Id;
use crate::domain::records::{RedemptionState, RedemptionStatus, Rejection};
use crate::domain::refusal::{Checks, Code, Refusal};
use crate::domain::settlement::{Bucket, Control, LineRejection, Settlement, SettlementStatus};
use crate::domain::state::State;

pub(in crate::domain::decide) fn footprint_reject(state: &mut State, reject: &RejectLine) {
    ask(state, reject.settlement);
    parts::ask(state, reject.redemption);
}

/// What of the redemption lies in this settlement leaves it: the redemption, an adjustment, or both. With the redemption go
/// its adjustments that wait for a settlement, for what is wrong with the one is wrong with the other; an adjustment that
/// lies in another settlement stays there, for the reviewer of that one.
pub(in crate::domain::decide) fn reject(
    state: &State,
    reject: &RejectLine,
    by: Id,
    ids: &mut Ids,
) -> Result<Decision, Stop> {
    let before = known(state, reject.settlement, None)?;
    let mut checks = Checks::default();
    in_state(before, &[SettlementStatus::Submitted], &mut checks);
    somebody_else(before.was_submitted_by(by), &mut checks);
    checks.verdict()?;
    let missing = || Refusal::at(Code::NotFound, "/redemption_id").found(reject.redemption);
    let fact = state.redemptions.get(&reject.redemption)?.filter(|fact| fact.retailer == before.retailer);
    let fact = fact.ok_or_else(missing)?;
    let parts = parts::of(state, fact)?;
    let here = |place: Place| matches!(place, Place::UnderWay { settlement, .. } if settlement == before.id);
    if !parts.iter().any(|part| here(part.place)) {
        let refusal = if was_refused(state, fact.id, &parts, before.id)? {
            let refused = Refusal::at(Code::WrongState, "/redemption_id").found(RedemptionStatus::Rejected);
            refused.expected("a line that is in the settlement")
        } else {
            missing()
        };
        return Err(refusal.into());
    }
    // From here it must succeed.
    let whole = parts.first().is_some_and(|part| here(part.place));
    let held = parts::is_held(state, fact.id)?;
    let (step, at) = (ids.next(), ids.stamp.at);
    let (mut buckets, mut lost, mut adjustments) = (Buckets::of(state), Control::default(), Vec::new());
    let mut changes: Vec<Change> = Vec::new();
    for part in &parts {
        let bucket = match part.place {
            Place::UnderWay { settlement, bucket } if settlement == before.id => {
                lost = lost.plus(part.portion.control());
                bucket
            }
            Place::Open(bucket) if whole => bucket,
            _ => continue,
        };
        buckets.take(bucket, &part.portion, held)?;
        let Some(adjustment) = part.adjustment else { continue };
        if whole && state.adjustment_states.get(&adjustment)?.is_none() {
            adjustments.push(adjustment);
        } else {
            changes.push(Change::AdjustmentState(Box::new(AdjustmentState {
                adjustment,
                redemption: fact.id,
                settlement: before.id,
                code: reject.code,
                reason: reject.reason.clone(),
                step,
                bucket: None,
                at,
            })));
        }
    }
    let rejection = LineRejection {
        id: step,
        settlement: before.id,
        redemption: fact.id,
        code: reject.code,
        reason: reject.reason.clone(),
        lost,
        by,
        at,
    };
    let mut after = Settlement { rejected: before.rejected.plus(lost), ..before.with_hand(by) };
    if !after.rejecters.contains(&by) {
        after.rejecters.push(by);
    }
    let detail = json!({"settlement": before.id, "retailer": fact.retailer, "voucher": fact.voucher,
        "code": reject.code, "reason": reject.reason, "lost": lost, "adjustments_alone": !whole,
        "before": {"redemption": RedemptionStatus::InSettlement, "rejected": before.rejected},
        "after": {"redemption": RedemptionStatus::Rejected, "rejected": after.rejected}});
    if whole {
        changes.push(Change::RedemptionState(RedemptionState {
            redemption: fact.id,
            status: RedemptionStatus::Rejected,
            step,
            at,
            reason: reject.reason.clone(),
            rejection: Some(Rejection { settlement: before.id, code: reject.code, adjustments }),
            bucket: None,
        }));
    }
    changes.extend(buckets.changes());
    changes.push(Change::LineRejection(Box::new(rejection.clone())));
    changes.push(Change::Settlement(Box::new(after.clone())));
    Ok(Decision {
        outcome: Outcome::LineRejected { rejection: Box::new(rejection), settlement: Box::new(after) },
        changes,
        movements: Vec::new(),
        rollups: Vec::new(),
        audit: AuditNote { subject: fact.id.to_string(), detail },
    })
}

/// Whether this settlement has refused a part already, which waits to be put in order.
fn was_refused(state: &State, redemption: Id, parts: &[Part], settlement: Id) -> Result<bool, Stop> {
    let row = state.redemption_states.get(&redemption)?;
    let by_this = |rejection: &Rejection| rejection.settlement == settlement;
    let mut refused =
        row.is_some_and(|row| row.status == RedemptionStatus::Rejected && row.rejection.as_ref().is_some_and(by_this));
    for adjustment in parts.iter().filter(|part| part.place == Place::Rejected).filter_map(|part| part.adjustment) {
        refused |= state.adjustment_states.get(&adjustment)?.is_some_and(|row| row.settlement == settlement);
    }
    Ok(refused)
}

pub(in crate::domain::decide) fn footprint_resubmit(
    state: &mut State,
    redemption: Id,
    stamp: crate::domain::command::Stamp,
) {
    parts::ask(state, redemption);
    if let Some(fact) = state.redemptions.peek(&redemption) {
        state.buckets.ask(Bucket::key(fact.retailer, &fact.programme, stamp.day()));
    }
    hold::ask_reasons(state, redemption);
}

/// What was refused waits in the bucket of the day for the settlement of a later period: the redemption with the
/// adjustments that went with it, and adjustments that were refused by themselves.
pub(in crate::domain::decide) fn resubmit(
    state: &State,
    redemption: Id,
    retailer: Id,
    note: &str,
    ids: &mut Ids,
) -> Result<Decision, Stop> {
    let fact = state.redemptions.get(&redemption)?.filter(|fact| fact.retailer == retailer);
    let fact = fact.ok_or_else(|| Refusal::of(Code::NotFound))?;
    let row = state.redemption_states.get(&redemption)?;
    let status = row.map_or(RedemptionStatus::Recorded, |row| row.status);
    let undone = matches!(status, RedemptionStatus::Reversed | RedemptionStatus::ClawedBack);
    let parts = if undone { Vec::new() } else { parts::of(state, fact)? };
    let rejected: Vec<&Part> = parts.iter().filter(|part| part.place == Place::Rejected).collect();
    if rejected.is_empty() {
        let expected = RedemptionStatus::Rejected;
        return Err(Refusal::of(Code::WrongState).found(status).expected(expected).into());
    }
    if let Some(kept) = hold::kept(state, redemption)? {
        let refusal = Refusal::of(Code::WrongState).found(format!("held by {} {}", kept.kind, kept.id));
        return Err(refusal.expected("a line that no confirmed finding and no complaint that was upheld holds").into());
    }
    // From here it must succeed.
    let held = parts::is_held(state, redemption)?;
    let (day, at) = (ids.stamp.day(), ids.stamp.at);
    let bucket = Bucket::key(retailer, &fact.programme, day);
    let step = ids.next();
    let mut buckets = Buckets::of(state);
    let mut changes: Vec<Change> = Vec::new();
    for part in rejected {
        buckets.add(retailer, day, &part.portion, held)?;
        let own = part.adjustment.map(|id| state.adjustment_states.get(&id)).transpose()?.flatten();
        if let Some(own) = own {
            let (reason, bucket) = (note.to_owned(), Some(bucket));
            let state = AdjustmentState { reason, step, bucket, at, ..own.clone() };
            changes.push(Change::AdjustmentState(Box::new(state)));
        }
    }
    let mut after = status;
    if let Some(row) = row.filter(|row| row.status == RedemptionStatus::Rejected) {
        after = RedemptionStatus::Resubmitted;
        changes.push(Change::RedemptionState(RedemptionState {
            status: after,
            step,
            at,
            reason: note.to_owned(),
            bucket: Some(bucket),
            ..row.clone()
        }));
    }
    let rejection = row.and_then(|row| row.rejection.as_ref());
    let detail = json!({"retailer": retailer, "voucher": fact.voucher, "note": note, "day": day,
        "before": {"redemption": status, "rejection": rejection}, "after": {"redemption": after}});
    changes.extend(buckets.changes());
    Ok(Decision {
        outcome: Outcome::Resubmitted { id: step, redemption, day, at },
        changes,
        movements: Vec::new(),
        rollups: Vec::new(),
        audit: AuditNote { subject: redemption.to_string(), detail },
    })
}
