//! A line that the bureau refuses, and its way into a later settlement.

use serde_json::json;

use super::{ask, in_state, known, somebody_else};
use crate::domain::command::{AuditNote, Change, Decision, Outcome, RejectLine, Stop};
use crate::domain::decide::Ids;
use crate::domain::decide::parts::{self, Buckets, Place};
use crate::domain::id::Id;
use crate::domain::records::{RedemptionState, RedemptionStatus, Rejection};
use crate::domain::refusal::{Checks, Code, Refusal};
use crate::domain::settlement::{Bucket, Control, LineRejection, Settlement, SettlementStatus};
use crate::domain::state::State;

pub(in crate::domain::decide) fn footprint_reject(state: &mut State, reject: &RejectLine) {
    ask(state, reject.settlement);
    parts::ask(state, reject.redemption);
}

/// The redemption leaves the settlement, and with it every adjustment of it that is not paid: what is wrong with the one
/// is wrong with the other.
pub(in crate::domain::decide) fn reject(
    state: &State,
    reject: &RejectLine,
    by: Id,
    ids: &mut Ids,
) -> Result<Decision, Stop> {
    let before = known(state, reject.settlement, None)?;
    let mut checks = Checks::default();
    in_state(before, &[SettlementStatus::Submitted], &mut checks);
    somebody_else(before.submission.by == by, &mut checks);
    checks.verdict()?;
    let missing = || Refusal::at(Code::NotFound, "/redemption_id").found(reject.redemption);
    let fact = state.redemptions.get(&reject.redemption)?.filter(|fact| fact.retailer == before.retailer);
    let fact = fact.ok_or_else(missing)?;
    let parts = parts::of(state, fact)?;
    let here = |place: Place| matches!(place, Place::UnderWay { settlement, .. } if settlement == before.id);
    if !parts.first().is_some_and(|part| here(part.place)) {
        return Err(missing().into());
    }
    for part in &parts {
        if let Place::UnderWay { settlement, .. } = part.place
            && settlement != before.id
        {
            let refusal = Refusal::at(Code::AlreadyInSettlement, "/redemption_id");
            return Err(refusal.found(format!("its adjustment is in settlement {settlement}")).into());
        }
    }
    // From here it must succeed.
    let held = parts::is_held(state, fact.id)?;
    let (mut buckets, mut lost, mut adjustments) = (Buckets::of(state), Control::default(), Vec::new());
    for part in &parts {
        let bucket = match part.place {
            Place::UnderWay { bucket, .. } => {
                lost = lost.plus(part.portion.control());
                bucket
            }
            Place::Open(bucket) => bucket,
            Place::Paid | Place::Rejected => continue,
        };
        buckets.take(bucket, &part.portion, held && part.adjustment.is_none())?;
        adjustments.extend(part.adjustment);
    }
    let rejection = LineRejection {
        id: ids.next(),
        settlement: before.id,
        redemption: fact.id,
        code: reject.code,
        reason: reject.reason.clone(),
        lost,
        by,
        at: ids.stamp.at,
    };
    let mut rejecters = before.rejecters.clone();
    if !rejecters.contains(&by) {
        rejecters.push(by);
    }
    let after = Settlement { rejected: before.rejected.plus(lost), rejecters, ..before.clone() };
    let row = RedemptionState {
        redemption: fact.id,
        status: RedemptionStatus::Rejected,
        step: rejection.id,
        at: ids.stamp.at,
        reason: reject.reason.clone(),
        rejection: Some(Rejection { settlement: before.id, code: reject.code, adjustments }),
        bucket: None,
    };
    let detail = json!({"settlement": before.id, "retailer": fact.retailer, "voucher": fact.voucher,
        "code": reject.code, "reason": reject.reason, "lost": lost,
        "before": {"redemption": RedemptionStatus::InSettlement, "rejected": before.rejected},
        "after": {"redemption": RedemptionStatus::Rejected, "rejected": after.rejected}});
    let mut changes: Vec<Change> = buckets.changes().collect();
    changes.push(Change::RedemptionState(row));
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

pub(in crate::domain::decide) fn footprint_resubmit(
    state: &mut State,
    redemption: Id,
    stamp: crate::domain::command::Stamp,
) {
    parts::ask(state, redemption);
    if let Some(fact) = state.redemptions.peek(&redemption) {
        state.buckets.ask(Bucket::key(fact.retailer, &fact.programme, stamp.day()));
    }
}

/// A line that was refused waits in the bucket of the day for the settlement of a later period.
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
    let Some(row) = row.filter(|row| row.status == RedemptionStatus::Rejected) else {
        let expected = RedemptionStatus::Rejected;
        return Err(Refusal::of(Code::WrongState).found(status).expected(expected).into());
    };
    let parts = parts::of(state, fact)?;
    // From here it must succeed.
    let held = parts::is_held(state, redemption)?;
    let day = ids.stamp.day();
    let mut buckets = Buckets::of(state);
    for part in parts.iter().filter(|part| part.place == Place::Rejected) {
        buckets.add(retailer, day, &part.portion, held && part.adjustment.is_none())?;
    }
    let bucket = Bucket::key(retailer, &fact.programme, day);
    let step = ids.next();
    let after = RedemptionState {
        status: RedemptionStatus::Resubmitted,
        step,
        at: ids.stamp.at,
        reason: note.to_owned(),
        bucket: Some(bucket),
        ..row.clone()
    };
    let detail = json!({"retailer": retailer, "voucher": fact.voucher, "note": note, "day": day,
        "before": {"redemption": row.status, "rejection": row.rejection}, "after": {"redemption": after.status}});
    let mut changes: Vec<Change> = buckets.changes().collect();
    changes.push(Change::RedemptionState(after));
    Ok(Decision {
        outcome: Outcome::Resubmitted { id: step, redemption, day, at: ids.stamp.at },
        changes,
        movements: Vec::new(),
        rollups: Vec::new(),
        audit: AuditNote { subject: redemption.to_string(), detail },
    })
}
