//! Settlement: a retailer's period, step by step, each by somebody else, each about the same control total.

mod approval;
mod dissolution;
mod payment;
mod reconciliation;
mod rejection;
mod repayment;
mod withdrawal;

use std::collections::BTreeSet;

use serde_json::{Value, json};

pub(super) use dissolution::{dissolve, footprint_dissolve};
pub(super) use reconciliation::{answer, bank_return, batch, footprint_answer, footprint_batch, footprint_return};
pub(super) use rejection::{footprint_reject, footprint_resubmit, reject, resubmit};
pub(super) use repayment::{footprint as footprint_repay, repay};

use super::Ids;
use super::parts::Buckets;
use crate::domain::command::{
    AuditNote, Change, Decision, Outcome, SettlementStep, StepOfSettlement, Stop, SubmitSettlement,
};
use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::ledger::{Movement, account_id};
use crate::domain::money::Fen;
use crate::domain::refusal::{Checks, Code, Refusal};
use crate::domain::rollup::{RollupEntry, RollupKey, Tally};
use crate::domain::settlement::{
    ACCEPT_DAYS, Bucket, Control, Portion, Portions, REVIEW_DAYS, Settlement, SettlementStatus, Signature,
};
use crate::domain::state::State;

pub(super) fn footprint_submit(state: &mut State, new: &SubmitSettlement) {
    state.retailers.ask(new.retailer);
    new.buckets.iter().for_each(|bucket| state.buckets.ask(*bucket));
}

/// Every step looks at the settlement and at its buckets, and those that move money at the accounts of their lines.
pub(super) fn footprint(state: &mut State, step: &StepOfSettlement) {
    ask(state, step.settlement);
    match &step.step {
        SettlementStep::Approve(approval) => approval::ask(state, step.settlement, approval),
        SettlementStep::Withdraw { .. } => withdrawal::ask(state, step.settlement),
        SettlementStep::Pay(paid) => {
            let retailer = state.settlements.peek(&step.settlement).map(|settlement| settlement.retailer);
            if let Some(retailer) = retailer {
                state.claims.ask(payment::reference(retailer, &paid.reference));
            }
        }
        _ => {}
    }
}

fn ask(state: &mut State, id: Id) {
    state.settlements.ask(id);
    let Some(settlement) = state.settlements.peek(&id).cloned() else { return };
    state.retailers.ask(settlement.retailer);
    let mut lines: Vec<Id> = Vec::new();
    for bucket in &settlement.buckets {
        state.buckets.ask(*bucket);
        lines.extend(state.buckets.peek(bucket).iter().flat_map(|row| row.portions.iter().map(Portion::line)));
    }
    lines.sort_unstable();
    lines.dedup();
    for line in lines {
        state.lines.ask(line);
        state.accounts.ask(account_id(line, settlement.retailer));
    }
}

pub(super) fn submit(state: &State, new: &SubmitSettlement, by: Id, ids: &mut Ids) -> Result<Decision, Stop> {
    let own = |id: Id| new.own.is_none_or(|own| own == id);
    let retailer = state.retailers.get(&new.retailer)?.filter(|row| own(row.id));
    let retailer = retailer.ok_or_else(|| Refusal::of(Code::NotFound))?.id;
    let mut checks = Checks::default();
    let order = Refusal::at(Code::BodyMalformed, "/to").found(new.to).expected(format!("{} or later", new.from));
    checks.note(new.from <= new.to, order);
    // A day that is not over may still get lines.
    let over = Refusal::at(Code::WrongState, "/to").found(new.to).expected("a day that is over");
    checks.note(new.to < ids.stamp.day(), over);
    let mut buckets = Buckets::of(state);
    let mut sum = Portions::default();
    for id in &new.buckets {
        let row = buckets.bucket(*id)?;
        let inside = row.retailer == retailer && new.from <= row.day && row.day <= new.to;
        if !inside {
            return Err(Stop::NotLoaded(format!("bucket {id} in the period")));
        }
        if row.settlement.is_some() {
            checks.fail(Refusal::of(Code::AlreadyInSettlement).found(row.day));
        }
        row.portions.iter().for_each(|portion| sum.add(portion));
    }
    judge_control(new.control, sum.control(), &mut checks);
    let something =
        Refusal::of(Code::WrongState).found("no lines").expected("a period with lines that are not settled");
    checks.note(sum.control().lines > 0, something);
    checks.verdict()?;
    // From here it must succeed.
    let submission = Signature { by, at: ids.stamp.at };
    let settlement = Settlement {
        id: ids.next(),
        retailer,
        from: new.from,
        to: new.to,
        status: SettlementStatus::Submitted,
        buckets: new.buckets.clone(),
        submitted: sum.control(),
        rejected: Control::default(),
        approved: None,
        recovered: Fen::ZERO,
        submission,
        acceptance: None,
        review: None,
        rejecters: Vec::new(),
        approvals: Vec::new(),
        returned: None,
        frozen: None,
        batch: None,
        batches: Vec::new(),
        payment: None,
        due: Some(new.calendars.after(ids.stamp.day(), ACCEPT_DAYS)),
        submitters: vec![by],
        hands: vec![by],
        withdrawn: Vec::new(),
    };
    let mut step = Step::of(state, None);
    step.stage(&settlement)?;
    Ok(step.decision(settlement, json!({})))
}

/// Takes a step of a settlement that is there.
pub(super) fn advance(state: &State, step: &StepOfSettlement, by: Id, ids: &mut Ids) -> Result<Decision, Stop> {
    let before = known(state, step.settlement, step.own)?;
    let sum = portions(state, before)?;
    let mut checks = Checks::default();
    judge_control(step.control, sum.control(), &mut checks);
    let signature = Signature { by, at: ids.stamp.at };
    match &step.step {
        SettlementStep::Resubmit => {
            in_state(before, &[SettlementStatus::Returned], &mut checks);
            checks.verdict()?;
            let mut after = before.with_hand(by);
            if !after.submitters.contains(&by) {
                after.submitters.push(by);
            }
            // Of one that has lost all its lines nothing is left to be paid: it ends here.
            let is_empty = sum.control().lines == 0;
            after.status = if is_empty { SettlementStatus::Closed } else { SettlementStatus::Submitted };
            after.submitted = sum.control();
            after.rejected = Control::default();
            after.submission = signature;
            after.returned = after.returned.filter(|_| is_empty);
            after.due = (!is_empty).then(|| step.calendars.after(ids.stamp.day(), ACCEPT_DAYS));
            staged(state, before, after, json!({}))
        }
        SettlementStep::Accept => {
            in_state(before, &[SettlementStatus::Submitted], &mut checks);
            let once =
                Refusal::of(Code::WrongState).found("accepted").expected("a settlement that waits for acceptance");
            checks.note(before.acceptance.is_none(), once);
            somebody_else(before.was_submitted_by(by), &mut checks);
            checks.verdict()?;
            let due = Some(step.calendars.after(ids.stamp.day(), REVIEW_DAYS));
            let after = Settlement { acceptance: Some(signature), due, ..before.with_hand(by) };
            Ok(Step::of(state, Some(before)).decision(after, json!({})))
        }
        SettlementStep::Review => {
            in_state(before, &[SettlementStatus::Submitted], &mut checks);
            let waits = before.status == SettlementStatus::Submitted && before.acceptance.is_none();
            let accepted = Refusal::of(Code::WrongState).found("submitted, and not accepted");
            checks.note(!waits, accepted.expected("a settlement that the bureau has accepted"));
            somebody_else(before.was_submitted_by(by), &mut checks);
            checks.verdict()?;
            let (status, review) = (SettlementStatus::Reviewed, Some(signature));
            let after = Settlement { status, review, ..before.with_hand(by) };
            staged(state, before, after, json!({}))
        }
        SettlementStep::Return { reason } => {
            in_state(before, &[SettlementStatus::Submitted, SettlementStatus::Reviewed], &mut checks);
            somebody_else(before.was_submitted_by(by), &mut checks);
            checks.verdict()?;
            let after = Settlement {
                status: SettlementStatus::Returned,
                acceptance: None,
                review: None,
                rejecters: Vec::new(),
                approvals: Vec::new(),
                returned: Some(reason.clone()),
                due: None,
                ..before.with_hand(by)
            };
            staged(state, before, after, json!({"reason": reason}))
        }
        SettlementStep::Withdraw { reason } => {
            withdrawal::withdraw(state, before, reason, (signature, &step.calendars), checks, ids)
        }
        SettlementStep::Approve(approval) => {
            approval::approve(state, (before, &sum), approval, (signature, &step.calendars), checks, ids)
        }
        SettlementStep::Pay(paid) => {
            let mut decision = payment::pay(state, before, paid, signature, checks, ids)?;
            decision.changes.extend(payment::arrived(state, before.retailer, &BTreeSet::from([before.id]))?);
            Ok(decision)
        }
    }
}

fn staged(state: &State, before: &Settlement, after: Settlement, more: Value) -> Result<Decision, Stop> {
    let mut step = Step::of(state, Some(before));
    step.stage(&after)?;
    Ok(step.decision(after, more))
}

/// The settlement, when it is there and, of a retailer's manager, her retailer's.
fn known(state: &State, id: Id, own: Option<Id>) -> Result<&Settlement, Stop> {
    let found = state.settlements.get(&id)?.filter(|row| own.is_none_or(|own| own == row.retailer));
    Ok(found.ok_or_else(|| Refusal::of(Code::NotFound))?)
}

/// What its buckets hold now.
fn portions(state: &State, settlement: &Settlement) -> Result<Portions, Stop> {
    let mut sum = Portions::default();
    for id in &settlement.buckets {
        let row = state.buckets.get(id)?.ok_or_else(|| Stop::NotLoaded(format!("bucket {id}")))?;
        row.portions.iter().for_each(|portion| sum.add(portion));
    }
    Ok(sum)
}

/// The total that the caller saw must be the one that is there.
fn judge_control(said: Control, found: Control, checks: &mut Checks) {
    let lines = Refusal::at(Code::WrongState, "/lines").found(said.lines).expected(found.lines);
    checks.note(said.lines == found.lines, lines);
    let amount = Refusal::at(Code::WrongState, "/amount").found(said.amount).expected(found.amount);
    checks.note(said.amount == found.amount, amount);
}

/// How many of its lines a finding, a dispute or an old item holds.
fn held(state: &State, settlement: &Settlement) -> Result<u32, Stop> {
    let mut held = 0_u32;
    for id in &settlement.buckets {
        held = held.saturating_add(state.buckets.get(id)?.map_or(0, |row| row.held));
    }
    Ok(held)
}

fn judge_held(held: u32, pointer: &str, checks: &mut Checks) {
    let refusal = Refusal::at(Code::WrongState, pointer).found(format!("{held} lines that are held"));
    checks.note(held == 0, refusal.expected("no line that a finding, a dispute or an old item holds"));
}

fn in_state(settlement: &Settlement, allowed: &[SettlementStatus], checks: &mut Checks) {
    let expected = allowed.iter().map(|status| status.name()).collect::<Vec<_>>().join(" or ");
    let refusal = Refusal::of(Code::WrongState).found(settlement.status).expected(expected);
    checks.note(allowed.contains(&settlement.status), refusal);
}

fn somebody_else(same: bool, checks: &mut Checks) {
    let refusal = Refusal::of(Code::SameOfficer).expected("an officer who has had no hand in it");
    checks.note(!same, refusal);
}

/// A decision about a settlement as it grows.
struct Step<'a> {
    buckets: Buckets<'a>,
    before: Option<&'a Settlement>,
    changes: Vec<Change>,
    movements: Vec<Movement>,
    rollups: Vec<RollupEntry>,
}

impl<'a> Step<'a> {
    fn of(state: &'a State, before: Option<&'a Settlement>) -> Self {
        Self { buckets: Buckets::of(state), before, changes: Vec::new(), movements: Vec::new(), rollups: Vec::new() }
    }

    /// Says in each bucket how far its settlement is. In what is paid nothing is held any more: a hold that still stands
    /// keeps its own row, and what it comes to is clawed back.
    fn stage(&mut self, settlement: &Settlement) -> Result<(), Stop> {
        for id in &settlement.buckets {
            let bucket: &mut Bucket = self.buckets.bucket(*id)?;
            bucket.settlement = Some(settlement.id);
            bucket.stage = Some(settlement.status);
            if settlement.status == SettlementStatus::Paid {
                bucket.held = 0;
            }
        }
        Ok(())
    }

    fn decision(self, after: Settlement, more: Value) -> Decision {
        let Self { buckets, before, mut changes, movements, rollups } = self;
        let mut detail = json!({"retailer": after.retailer, "from": after.from, "to": after.to,
            "before": before.map(|before| before.status), "after": after.status,
            "submitted": after.submitted, "rejected": after.rejected, "approved": after.approved,
            "recovered": after.recovered});
        if let (Value::Object(detail), Value::Object(more)) = (&mut detail, more) {
            detail.extend(more);
        }
        changes.extend(buckets.changes());
        changes.push(Change::Settlement(Box::new(after.clone())));
        Decision {
            audit: AuditNote { subject: after.id.to_string(), detail },
            outcome: Outcome::Settlement(Box::new(after)),
            changes,
            movements,
            rollups,
        }
    }
}

/// A rollup entry of a settlement or repayment: of a retailer and line, of no store, for today.
fn entry(
    ids: &mut Ids,
    subject: Id,
    retailer: Id,
    (programme, category): (&str, Category),
    tally: Tally,
) -> RollupEntry {
    let day = ids.stamp.day();
    let key = RollupKey {
        programme: programme.to_owned(),
        category,
        retailer,
        store: Id::NIL,
        town: String::new(),
        effective: day,
        recorded: day,
    };
    RollupEntry { id: ids.next(), subject, key, tally, at: ids.stamp.at }
}
