//! Disputes: opened by a consumer or a retailer, answered by the other side, decided by an officer. A redemption that is
//! disputed is held meanwhile.

use serde_json::json;

use super::Ids;
use super::hold::{self, Holds};
use crate::domain::command::{Act, Actor, AuditNote, Change, Decision, NewDispute, Outcome, Stop};
use crate::domain::dispute::{
    ANSWER_WORKING_DAYS, Compensation, DECIDE_WORKING_DAYS, Dispute, DisputeAbout, DisputeAnswer, DisputeDecision,
    DisputeOutcome, DisputeParty, DisputeStatus, HoldRelease,
};
use crate::domain::id::Id;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::settlement::{Hold, HoldKind};
use crate::domain::state::State;

pub(super) fn footprint(state: &mut State, act: &Act) {
    match act {
        Act::OpenDispute(new) => {
            state.disputes_about.ask(new.subject);
            let known: Vec<Id> = state.disputes_about.peek(&new.subject).into_iter().flatten().copied().collect();
            for dispute in known {
                state.disputes.ask(dispute);
            }
            match new.about {
                DisputeAbout::Redemption => {
                    state.redemptions.ask(new.subject);
                    hold::ask(state, new.subject);
                }
                DisputeAbout::Refusal => {
                    state.attempts.ask(new.subject);
                    let Some(attempt) = state.attempts.peek(&new.subject).cloned() else { return };
                    state.staff.ask(attempt.actor);
                    if let Ok(voucher) = attempt.subject.parse() {
                        state.vouchers.ask(voucher);
                    }
                }
            }
        }
        Act::AnswerDispute { dispute, .. }
        | Act::DecideDispute { dispute, .. }
        | Act::ReleaseHold { dispute, .. }
        | Act::WithdrawDispute { dispute, .. }
        | Act::RecordCompensation { dispute, .. } => {
            state.disputes.ask(*dispute);
            let known = state.disputes.peek(dispute).map(|row| (row.about, row.subject));
            if let Some((about, subject)) = known {
                state.disputes_about.ask(subject);
                if about == DisputeAbout::Redemption {
                    hold::ask(state, subject);
                }
            }
        }
        _ => {}
    }
}

pub(super) fn decide(state: &State, act: &Act, actor: &Actor, ids: &mut Ids) -> Result<Decision, Stop> {
    match act {
        Act::OpenDispute(new) => open(state, new, actor.id, ids),
        Act::AnswerDispute { dispute, own, text } => answer(state, *dispute, *own, text, actor.id, ids),
        Act::DecideDispute { dispute, outcome, reason, keeps_holding } => {
            settle(state, *dispute, ((*outcome).into(), reason, *keeps_holding), actor.id, ids)
        }
        Act::ReleaseHold { dispute, reason } => release(state, *dispute, reason, actor.id, ids),
        Act::WithdrawDispute { dispute, opener, reason } => {
            let known = of_opener(state, *dispute, *opener)?;
            waits(known)?;
            end(state, known, (DisputeOutcome::Withdrawn, reason, false), actor.id, ids)
        }
        Act::RecordCompensation { dispute, retailer, amount, paid_on, reference } => {
            let (by, at) = (actor.id, ids.stamp.at);
            let paid = Compensation { amount: *amount, paid_on: *paid_on, reference: reference.clone(), by, at };
            compensate(state, *dispute, *retailer, paid)
        }
        _ => Err(Stop::NotLoaded("a command about disputes".to_owned())),
    }
}

fn not_found(pointer: &str) -> Stop {
    Refusal::at(Code::NotFound, pointer).into()
}

/// The refusal or redemption that somebody objects to: another's is not there.
fn subject(state: &State, new: &NewDispute, author: Id) -> Result<(Option<Id>, Vec<String>), Stop> {
    let lost = || not_found("/subject_id");
    match (new.about, new.party) {
        (DisputeAbout::Redemption, party) => {
            let fact = state.redemptions.get(&new.subject)?.ok_or_else(lost)?;
            let own = match party {
                DisputeParty::Consumer => fact.person == new.opener,
                DisputeParty::Retailer => fact.retailer == new.opener,
            };
            if own { Ok((Some(fact.retailer), Vec::new())) } else { Err(lost()) }
        }
        (DisputeAbout::Refusal, DisputeParty::Consumer) => {
            let attempt = state.attempts.get(&new.subject)?.ok_or_else(lost)?;
            // The consumer's own request, a till's with the consumer's voucher, or one about the consumer's old item.
            let about: Option<Id> = attempt.subject.parse().ok();
            let own = match about {
                Some(about) if about == new.opener => true,
                Some(about) => state.vouchers.get(&about)?.is_some_and(|row| row.person == new.opener),
                None => false,
            };
            if own || attempt.actor == author { Ok((None, attempt.codes.clone())) } else { Err(lost()) }
        }
        (DisputeAbout::Refusal, DisputeParty::Retailer) => {
            let attempt = state.attempts.get(&new.subject)?.ok_or_else(lost)?;
            // The manager's own request, or one of the retailer's staff.
            let staff = state.staff.get(&attempt.actor)?.and_then(|account| account.organisation);
            let own = staff == Some(new.opener) || attempt.actor == author;
            if own { Ok((None, attempt.codes.clone())) } else { Err(lost()) }
        }
    }
}

fn open(state: &State, new: &NewDispute, author: Id, ids: &mut Ids) -> Result<Decision, Stop> {
    let (retailer, codes) = subject(state, new, author)?;
    let mut again = false;
    for id in state.disputes_about.get(&new.subject)?.into_iter().flatten() {
        let Some(known) = state.disputes.get(id)?.filter(|known| known.opener == new.opener) else { continue };
        again = true;
        if known.decision.is_none() {
            let waiting = Refusal::at(Code::WrongState, "/subject_id").found("an objection that is not decided");
            return Err(waiting.expected("one at a time").into());
        }
    }
    // From here it must succeed.
    let (id, opened) = (ids.next(), ids.stamp.day());
    let due = |days| new.calendars.after(opened, days);
    let row = Dispute {
        id,
        about: new.about,
        subject: new.subject,
        codes,
        retailer,
        opened_by: new.party,
        opener: new.opener,
        author,
        statement: new.statement.clone(),
        opened_at: ids.stamp.at,
        answer_by: due(ANSWER_WORKING_DAYS).day,
        decide_by: due(DECIDE_WORKING_DAYS),
        answer: None,
        decision: None,
        // Who has objected to it before keeps a payment waiting once, and not as often as she likes.
        holds: new.about == DisputeAbout::Redemption && !again,
        released: None,
        compensation: None,
    };
    let mut holds = Holds::of(state);
    if row.holds {
        holds.place(row.subject, Hold { kind: HoldKind::Dispute, id })?;
    }
    let detail = json!({"about": row.about, "subject": row.subject, "opened_by": row.opened_by, "codes": row.codes,
        "retailer": row.retailer, "answer_by": row.answer_by, "decide_by": row.decide_by.day,
        "before": null, "after": DisputeStatus::Opened});
    Ok(decision(row, holds.changes(), detail))
}

fn waits(known: &Dispute) -> Result<(), Stop> {
    let status = known.status();
    if status == DisputeStatus::Decided {
        return Err(Refusal::of(Code::WrongState).found(status).expected("opened or answered").into());
    }
    Ok(())
}

fn of_opener(state: &State, id: Id, opener: Id) -> Result<&Dispute, Stop> {
    state.disputes.get(&id)?.filter(|known| known.opener == opener).ok_or_else(|| not_found(""))
}

/// The retailer answers a consumer, the bureau anybody.
fn answer(state: &State, id: Id, own: Option<Id>, text: &str, author: Id, ids: &Ids) -> Result<Decision, Stop> {
    let against = |known: &&Dispute| {
        own.is_none_or(|own| known.retailer == Some(own) && known.opened_by == DisputeParty::Consumer)
    };
    let known = state.disputes.get(&id)?.filter(against).ok_or_else(|| not_found(""))?;
    let status = known.status();
    if status != DisputeStatus::Opened {
        return Err(Refusal::of(Code::WrongState).found(status).expected(DisputeStatus::Opened).into());
    }
    let said = DisputeAnswer { text: text.to_owned(), by: author, at: ids.stamp.at };
    let row = Dispute { answer: Some(said), ..known.clone() };
    let detail = json!({"before": status, "after": row.status(), "answer_by": row.answer_by});
    Ok(decision(row, [], detail))
}

/// Once it was answered, or when the time for the answer is over; not by who answered.
fn settle(state: &State, id: Id, how: (DisputeOutcome, &str, bool), author: Id, ids: &Ids) -> Result<Decision, Stop> {
    let known = state.disputes.get(&id)?.ok_or_else(|| not_found(""))?;
    waits(known)?;
    match &known.answer {
        None if ids.stamp.day() <= known.answer_by => {
            let found = Refusal::of(Code::WrongState).found(known.status());
            return Err(found.expected(format!("an answer, or the day after {}", known.answer_by)).into());
        }
        Some(answer) if answer.by == author => return Err(Refusal::of(Code::SameOfficer).into()),
        _ => {}
    }
    end(state, known, how, author, ids)
}

/// It holds its line no more, unless it was upheld and the officer says that the line is held from then on: then it is
/// rejected, returned or clawed back, or let go by another officer.
fn end(
    state: &State,
    known: &Dispute,
    (outcome, reason, keeps_holding): (DisputeOutcome, &str, bool),
    author: Id,
    ids: &Ids,
) -> Result<Decision, Stop> {
    let of_redemption = known.about == DisputeAbout::Redemption;
    let keeps_holding = keeps_holding && of_redemption && outcome == DisputeOutcome::Upheld;
    let (mut holds, hold) = (Holds::of(state), Hold { kind: HoldKind::Dispute, id: known.id });
    match (known.holds, keeps_holding) {
        (true, false) => holds.release(known.subject, hold)?,
        (false, true) => holds.place(known.subject, hold)?,
        _ => {}
    }
    let made = DisputeDecision { outcome, reason: reason.to_owned(), by: author, at: ids.stamp.at };
    let row = Dispute { decision: Some(made), holds: keeps_holding, ..known.clone() };
    let detail = json!({"before": known.status(), "after": row.status(), "outcome": outcome, "reason": reason,
        "holds": keeps_holding, "decide_by": row.decide_by.day});
    Ok(decision(row, holds.changes(), detail))
}

/// Another officer than the one who decided lets the line go.
fn release(state: &State, id: Id, reason: &str, author: Id, ids: &Ids) -> Result<Decision, Stop> {
    let known = state.disputes.get(&id)?.ok_or_else(|| not_found(""))?;
    let decided = known.decision.as_ref().filter(|_| known.holds);
    let Some(decided) = decided else {
        let found = if known.holds { known.status().to_string() } else { "a dispute that holds nothing".to_owned() };
        return Err(Refusal::of(Code::WrongState)
            .found(found)
            .expected("one that was decided and goes on holding")
            .into());
    };
    if decided.by == author {
        return Err(Refusal::of(Code::SameOfficer).expected("another officer than who decided").into());
    }
    // From here it must succeed.
    let mut holds = Holds::of(state);
    holds.release(known.subject, Hold { kind: HoldKind::Dispute, id: known.id })?;
    let released = HoldRelease { reason: reason.to_owned(), by: author, at: ids.stamp.at };
    let row = Dispute { holds: false, released: Some(released), ..known.clone() };
    let detail = json!({"before": {"holds": true}, "after": {"holds": false}, "reason": reason});
    Ok(decision(row, holds.changes(), detail))
}

/// A retailer compensates who bought from it, once, whatever is decided later.
fn compensate(state: &State, id: Id, retailer: Id, paid: Compensation) -> Result<Decision, Stop> {
    let own = |known: &&Dispute| known.retailer == Some(retailer) && known.opened_by == DisputeParty::Consumer;
    let known = state.disputes.get(&id)?.filter(own).ok_or_else(|| not_found(""))?;
    if let Some(before) = &known.compensation {
        return Err(Refusal::of(Code::WrongState).found(before.amount).expected("no compensation yet").into());
    }
    let detail = json!({"before": null, "after": {"amount": paid.amount, "paid_on": paid.paid_on}});
    let row = Dispute { compensation: Some(paid), ..known.clone() };
    Ok(decision(row, [], detail))
}

fn decision(row: Dispute, holds: impl IntoIterator<Item = Change>, detail: serde_json::Value) -> Decision {
    let mut changes: Vec<Change> = holds.into_iter().collect();
    changes.push(Change::Dispute(Box::new(row.clone())));
    Decision {
        audit: AuditNote { subject: row.id.to_string(), detail },
        outcome: Outcome::Dispute(Box::new(row)),
        changes,
        movements: Vec::new(),
        rollups: Vec::new(),
    }
}
