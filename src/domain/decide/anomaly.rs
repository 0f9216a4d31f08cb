//! Anomalies: their rules are set, what they find is kept and holds lines, and somebody says what it was.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::hold::{self, Holds};
use crate::domain::anomaly::{Anomaly, AnomalyRule, AnomalyStatus, Limits, Rules, RulesEntry, ScanDay, Signal};
use crate::domain::command::{Act, AuditNote, Change, Decision, Outcome, Stamp, Stop};
use crate::domain::id::Id;
use crate::domain::refusal::{Code, Refusal, Refusals};
use crate::domain::state::State;
use crate::domain::time::Day;

pub(super) fn footprint(state: &mut State, act: &Act) {
    match act {
        Act::SetAnomalyRules { version, .. } => {
            state.anomaly_rules.ask(RulesEntry::key(*version));
            state.anomaly_rules.ask(RulesEntry::key(version.saturating_add(1)));
        }
        Act::RecordAnomaly { signal, .. } => {
            state.anomalies.ask(signal.id());
            signal.lines.iter().for_each(|line| hold::ask(state, *line));
        }
        Act::FinishAnomalyScan { day, .. } => state.anomaly_scans.ask(*day),
        Act::ResolveAnomaly { anomaly, .. } => {
            state.anomalies.ask(*anomaly);
            let lines = state.anomalies.peek(anomaly).map(|row| row.signal.lines.clone()).unwrap_or_default();
            for line in lines {
                hold::ask(state, line);
            }
        }
        _ => {}
    }
}

pub(super) fn decide(state: &State, act: &Act, author: Id, stamp: Stamp) -> Result<Decision, Stop> {
    match act {
        Act::SetAnomalyRules { version, set, reason } => set_rules(state, *version, set, reason, (author, stamp)),
        Act::RecordAnomaly { signal, rules } => record(state, signal, *rules, stamp),
        Act::FinishAnomalyScan { day, rules, findings } => finish_scan(state, *day, (*rules, *findings), stamp),
        Act::ResolveAnomaly { anomaly, confirmed, reason } => {
            resolve(state, *anomaly, *confirmed, reason, (author, stamp))
        }
        _ => Err(Stop::NotLoaded("a command about anomalies".to_owned())),
    }
}

/// The rules of a version, as far as there is one: version zero is what the code has.
fn version(state: &State, number: u32) -> Result<Option<Rules>, Stop> {
    if number == 0 {
        return Ok(Some(Rules::default()));
    }
    Ok(state.anomaly_rules.get(&RulesEntry::key(number))?.map(|entry| entry.rules.clone()))
}

fn set_rules(
    state: &State,
    based_on: u32,
    set: &[(AnomalyRule, Limits)],
    reason: &str,
    (author, stamp): (Id, Stamp),
) -> Result<Decision, Stop> {
    let number = based_on.saturating_add(1);
    let outdated = || Refusal::at(Code::WrongState, "/version").found(based_on).expected("the newest version");
    let before = version(state, based_on)?.ok_or_else(outdated)?;
    if state.anomaly_rules.get(&RulesEntry::key(number))?.is_some() {
        return Err(outdated().into());
    }
    judge_set(set)?;
    let rules = before.clone().with(set);
    let changed = rules.changed_from(&before);
    if changed.is_empty() {
        let same = Refusal::at(Code::WrongState, "/rules").found("what is in force already");
        return Err(same.expected("at least one limit that differs").into());
    }
    // From here it must succeed.
    let row =
        RulesEntry { id: RulesEntry::key(number), number, rules, reason: reason.to_owned(), author, at: stamp.at };
    let side = |pick: fn(&(Limits, Limits)) -> Limits| -> BTreeMap<AnomalyRule, Limits> {
        changed.iter().map(|(rule, both)| (*rule, pick(both))).collect()
    };
    let detail = json!({"version": number, "reason": reason,
        "before": side(|both| both.0), "after": side(|both| both.1)});
    let audit = AuditNote { subject: row.id.to_string(), detail };
    Ok(decision(Outcome::AnomalyRules(Box::new(row.clone())), vec![Change::AnomalyRules(Box::new(row))], audit))
}

/// Each rule once, with limits that can stand.
fn judge_set(set: &[(AnomalyRule, Limits)]) -> Result<(), Stop> {
    let (mut seen, mut failed) = (BTreeSet::new(), Vec::new());
    for (index, (rule, limits)) in set.iter().enumerate() {
        let at = format!("/rules/{index}");
        if !seen.insert(*rule) {
            let twice = Refusal::at(Code::BodyMalformed, format!("{at}/rule")).found(rule);
            failed.push(twice.expected("each rule once"));
        }
        failed.extend(limits.faults(*rule, &at));
    }
    Refusals::from_failed(failed).map_or(Ok(()), |refusals| Err(refusals.into()))
}

/// What was found is kept once; a day that is scanned again finds it there.
fn record(state: &State, signal: &Signal, rules: u32, stamp: Stamp) -> Result<Decision, Stop> {
    let id = signal.id();
    if let Some(known) = state.anomalies.get(&id)? {
        return Err(Refusal::of(Code::WrongState).found(known.status).expected("a finding that is new").into());
    }
    // From here it must succeed.
    let row = Anomaly::found(signal.clone(), rules, stamp.at);
    let mut changes = vec![Change::Anomaly(Box::new(row.clone()))];
    if signal.holds {
        let mut holds = Holds::of(state);
        for line in &signal.lines {
            holds.place(*line, row.hold())?;
        }
        changes.extend(holds.changes());
    }
    let detail = json!({"rule": signal.rule, "day": signal.day, "measure": signal.measure, "score": signal.score,
        "holds": signal.holds, "lines": signal.lines, "rules": rules, "before": null, "after": AnomalyStatus::Open});
    let audit = AuditNote { subject: id.to_string(), detail };
    Ok(decision(Outcome::Anomaly(Box::new(row)), changes, audit))
}

fn finish_scan(state: &State, day: Day, (rules, findings): (u32, u32), stamp: Stamp) -> Result<Decision, Stop> {
    if let Some(known) = state.anomaly_scans.get(&day)? {
        let found = format!("scanned at {}", known.at);
        return Err(Refusal::of(Code::WrongState).found(found).expected("a day that was not scanned").into());
    }
    let row = ScanDay { day, rules, findings, at: stamp.at };
    let audit = AuditNote {
        subject: format!("anomalies {day}"),
        detail: json!({"day": day, "rules": rules, "findings": findings}),
    };
    Ok(decision(Outcome::AnomalyScan(row.clone()), vec![Change::AnomalyScan(row)], audit))
}

/// What is confirmed holds its lines from now on, whatever its score was: they cannot be approved, so that they are
/// rejected, returned or clawed back. What is dismissed holds them no more. A confirmation can still be taken back, a
/// dismissal cannot: its lines may have been paid.
fn resolve(
    state: &State,
    id: Id,
    confirmed: bool,
    reason: &str,
    (author, stamp): (Id, Stamp),
) -> Result<Decision, Stop> {
    let known = state.anomalies.get(&id)?.ok_or_else(|| Refusal::of(Code::NotFound))?;
    let after = if confirmed { AnomalyStatus::Confirmed } else { AnomalyStatus::Dismissed };
    let possible = match known.status {
        AnomalyStatus::Open => true,
        AnomalyStatus::Confirmed => !confirmed,
        AnomalyStatus::Dismissed => false,
    };
    if !possible {
        let expected = if confirmed { "open" } else { "open or confirmed" };
        return Err(Refusal::of(Code::WrongState).found(known.status).expected(expected).into());
    }
    // From here it must succeed.
    let hold = known.hold();
    let mut holds = Holds::of(state);
    for line in &known.signal.lines {
        match (confirmed, known.signal.holds) {
            (true, false) => holds.place(*line, hold)?,
            (false, true) => holds.release(*line, hold)?,
            _ => {}
        }
    }
    let mut changes: Vec<Change> = holds.changes().collect();
    let signal = Signal { holds: known.signal.holds || confirmed, ..known.signal.clone() };
    let row = Anomaly {
        signal,
        status: after,
        resolved_by: Some(author),
        resolved_at: Some(stamp.at),
        reason: Some(reason.to_owned()),
        ..known.clone()
    };
    changes.push(Change::Anomaly(Box::new(row.clone())));
    let detail = json!({"rule": row.signal.rule, "lines": row.signal.lines, "before": known.status, "after": after,
        "reason": reason});
    let audit = AuditNote { subject: id.to_string(), detail };
    Ok(decision(Outcome::Anomaly(Box::new(row)), changes, audit))
}

fn decision(outcome: Outcome, changes: Vec<Change>, audit: AuditNote) -> Decision {
    Decision { outcome, changes, movements: Vec::new(), rollups: Vec::new(), audit }
}
