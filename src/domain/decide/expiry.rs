//! A voucher ends unused: expired or given back. The reservation, the quota and the old item go back.

use serde_json::json;

use super::{Ids, matching, quota, voucher as claims};
use crate::domain::command::{AuditNote, Change, Decision, Outcome, Stamp, Stop};
use crate::domain::id::Id;
use crate::domain::ledger::{Accounts, MovementKind};
use crate::domain::records::{Voucher, VoucherStatus};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::rollup::Tally;
use crate::domain::state::State;

pub(super) fn footprint(state: &mut State, id: Id) {
    state.vouchers.ask(id);
    let Some(voucher) = state.vouchers.peek(&id).cloned() else { return };
    state.lines.ask(voucher.line);
    voucher.quotas.iter().for_each(|quota| state.quotas.ask(*quota));
    voucher.claims.iter().for_each(|key| state.claims.ask(*key));
    if let Some(turn_in) = voucher.turn_in {
        state.turn_ins.ask(turn_in);
    }
}

/// Why a voucher is not live, if it is not: judged by its time even before the job has come by.
pub(super) fn judge_live(voucher: &Voucher, stamp: Stamp) -> Result<(), Refusal> {
    let refusal = match voucher.status {
        VoucherStatus::Redeemed => Refusal::of(Code::VoucherAlreadyRedeemed),
        VoucherStatus::Cancelled | VoucherStatus::Reversed => Refusal::of(Code::VoucherNotLive).found(voucher.status),
        VoucherStatus::Issued if stamp.at <= voucher.expires_at => return Ok(()),
        VoucherStatus::Issued | VoucherStatus::Expired => Refusal::of(Code::VoucherExpired).found(voucher.expires_at),
    };
    Err(refusal)
}

pub(super) fn cancel(state: &State, id: Id, person: Id, stamp: Stamp, ids: &mut Ids) -> Result<Decision, Stop> {
    let voucher = state.vouchers.get(&id)?.filter(|voucher| voucher.person == person);
    let voucher = voucher.ok_or_else(|| Refusal::of(Code::NotFound))?;
    judge_live(voucher, stamp)?;
    let tally = Tally { cancelled: 1, ..Tally::default() };
    end(state, voucher, VoucherStatus::Cancelled, (MovementKind::Cancel, tally, stamp), ids)
}

pub(super) fn expire(state: &State, id: Id, stamp: Stamp, ids: &mut Ids) -> Result<Decision, Stop> {
    let voucher = state.vouchers.get(&id)?.ok_or_else(|| Refusal::of(Code::NotFound))?;
    if voucher.status != VoucherStatus::Issued || stamp.at <= voucher.expires_at {
        let expected = format!("issued, and past {}", voucher.expires_at);
        return Err(Refusal::of(Code::WrongState).found(voucher.status).expected(expected).into());
    }
    let tally = Tally { expired: 1, ..Tally::default() };
    let effective = Stamp { at: voucher.expires_at };
    end(state, voucher, VoucherStatus::Expired, (MovementKind::Expire, tally, effective), ids)
}

/// Ends a voucher unused; `effective` is the time for which the end counts in reports.
fn end(
    state: &State,
    voucher: &Voucher,
    status: VoucherStatus,
    (kind, tally, effective): (MovementKind, Tally, Stamp),
    ids: &mut Ids,
) -> Result<Decision, Stop> {
    let stamp = ids.stamp;
    let after = Voucher { status, claims: Vec::new(), ..voucher.clone() };
    let mut changes = vec![Change::Voucher(Box::new(after.clone()))];
    changes.extend(quota::give_back(state, voucher, true)?);
    changes.extend(matching::give_back(state, voucher)?);
    let back = voucher.reserved;
    let deltas = Accounts { reserved: -back, available: back, ..Accounts::default() };
    let movement = claims::movement(ids, voucher, kind, deltas);
    let issued = Stamp { at: voucher.issued_at };
    let released = Tally { amount_reserved: -back, ..Tally::default() };
    let rollups = vec![
        claims::entry(ids, voucher, effective, stamp, tally),
        claims::entry(ids, voucher, issued, stamp, released),
    ];
    let detail = json!({"before": voucher.status, "after": status, "released": back, "turn_in": voucher.turn_in});
    Ok(Decision {
        outcome: Outcome::Voucher(Box::new(after)),
        changes,
        movements: vec![movement],
        rollups,
        audit: AuditNote { subject: voucher.id.to_string(), detail },
    })
}
