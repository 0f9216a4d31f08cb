//! Reversing a redemption before settlement: the money is available again, that of its adjustments too, and the
//! identities are free.

use serde_json::json;

use super::{Ids, adjustment, matching, quota, redemption};
use crate::domain::command::{AuditNote, Change, Decision, Outcome, Stamp, Stop};
use crate::domain::id::Id;
use crate::domain::ledger::{Accounts, Movement, MovementKind, account_id};
use crate::domain::money::Fen;
use crate::domain::records::{Redemption, RedemptionState, RedemptionStatus, Voucher, VoucherStatus};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::rollup::Tally;
use crate::domain::state::State;

pub(super) fn footprint(state: &mut State, id: Id) {
    state.redemptions.ask(id);
    state.redemption_states.ask(id);
    let Some(fact) = state.redemptions.peek(&id).cloned() else { return };
    state.vouchers.ask(fact.voucher);
    state.programmes.ask(fact.programme.clone());
    state.versions.ask((fact.programme.clone(), fact.version));
    state.lines.ask(fact.line);
    state.accounts.ask(account_id(fact.line, fact.retailer));
    state.buckets.ask(fact.bucket);
    fact.claims.iter().for_each(|key| state.claims.ask(*key));
    if let Some(current) = state.programmes.peek(&fact.programme).map(|row| row.current) {
        adjustment::ask_those_of(state, id, fact.version, current);
    }
    let raised = adjustment::those_of(state, &fact).unwrap_or_default();
    let buckets: Vec<Id> = raised.iter().map(|raise| raise.bucket).collect();
    for bucket in buckets {
        state.buckets.ask(bucket);
    }
    let Some(voucher) = state.vouchers.peek(&fact.voucher).cloned() else { return };
    voucher.quotas.iter().for_each(|quota| state.quotas.ask(*quota));
    matching::ask(state, voucher.turn_in);
}

pub(super) fn reverse(
    state: &State,
    id: Id,
    retailer: Id,
    reason: &str,
    stamp: Stamp,
    ids: &mut Ids,
) -> Result<Decision, Stop> {
    let fact = state.redemptions.get(&id)?.filter(|fact| fact.retailer == retailer);
    let fact = fact.ok_or_else(|| Refusal::of(Code::NotFound))?;
    if let Some(row) = state.redemption_states.get(&id)? {
        let expected = RedemptionStatus::Recorded;
        return Err(Refusal::of(Code::WrongState).found(row.status).expected(expected).into());
    }
    let raised = adjustment::those_of(state, fact)?;
    for bucket in std::iter::once(fact.bucket).chain(raised.iter().map(|raise| raise.bucket)) {
        if state.buckets.get(&bucket)?.is_some_and(|bucket| bucket.settlement.is_some()) {
            return Err(Refusal::of(Code::AlreadyInSettlement).into());
        }
    }
    let added: Fen = raised.iter().map(|raise| raise.amount).sum();
    let lost = |what: &str| Stop::NotLoaded(format!("{what} of redemption {id}"));
    let voucher = state.vouchers.get(&fact.voucher)?.ok_or_else(|| lost("voucher"))?;
    let version = state.versions.get(&(fact.programme.clone(), fact.version))?.ok_or_else(|| lost("version"))?;
    // From here it must succeed.
    let step = ids.next();
    let row = RedemptionState {
        redemption: id,
        status: RedemptionStatus::Reversed,
        step,
        at: stamp.at,
        reason: reason.to_owned(),
    };
    let gives_back = version.rules.old_item.given_back_on_return && voucher.turn_in.is_some();
    let mut changes = vec![Change::RedemptionState(row)];
    changes.push(Change::Voucher(Box::new(Voucher {
        status: VoucherStatus::Reversed,
        claims: if gives_back { Vec::new() } else { voucher.claims.clone() },
        ..voucher.clone()
    })));
    changes.extend(fact.claims.iter().map(|key| Change::Claim { key: *key, holder: None }));
    if version.rules.voucher.return_restores_quota {
        changes.extend(quota::give_back(state, voucher, false)?);
    }
    if gives_back {
        changes.extend(matching::give_back(state, voucher)?);
    }
    let brought = fact.subsidy + added;
    let movement = pay_back(fact, brought, ids);
    let undone = Tally { reversed: 1, amount_reversed: brought, ..Tally::default() };
    let mut rollups = vec![redemption::entry(ids, fact, stamp, undone)];
    // A return takes one away from the year in which it counted, as known from the day of the return.
    let taken_away = redemption::completed(fact, -1);
    if taken_away != Tally::default() {
        rollups.push(redemption::entry(ids, fact, Stamp { at: fact.at }, taken_away));
    }
    let detail = json!({"reversal": step, "voucher": fact.voucher,
        "before": {"redemption": RedemptionStatus::Recorded, "voucher": voucher.status},
        "after": {"redemption": RedemptionStatus::Reversed, "voucher": VoucherStatus::Reversed}, "subsidy": fact.subsidy, "adjustments": added,
        "reason": reason, "turn_in_given_back": gives_back});
    Ok(Decision {
        outcome: Outcome::Reversed { id: step, redemption: id, at: stamp.at },
        changes,
        movements: vec![movement],
        rollups,
        audit: AuditNote { subject: id.to_string(), detail },
    })
}

/// All that the redemption had brought is available again.
fn pay_back(fact: &Redemption, whole: Fen, ids: &mut Ids) -> Movement {
    Movement {
        id: ids.next(),
        line: fact.line,
        retailer: Some(fact.retailer),
        kind: MovementKind::Reverse,
        subject: fact.id,
        deltas: Accounts { payable: -whole, available: whole, ..Accounts::default() },
        at: ids.stamp.at,
    }
}
