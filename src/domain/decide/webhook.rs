//! Webhooks: where a retailer's system is told, and what came of telling it.

use serde_json::{Value, json};

use super::Ids;
use crate::domain::command::{Actor, AuditNote, Change, Decision, NewWebhook, Outcome, Stamp, Stop};
use crate::domain::id::Id;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::state::State;
use crate::domain::webhook::{
    Deliveries, Failed, MOST, Miss, OVERLAP_SECONDS, PATIENCE_SECONDS, Receipt, TRIES, Webhook, WebhookStatus,
    wait_seconds,
};

pub(super) fn footprint_new(state: &mut State, new: &NewWebhook) {
    state.webhooks_of.ask(new.retailer);
}

pub(super) fn footprint_misses(state: &mut State, webhook: Id, events: &[Id]) {
    state.webhooks.ask(webhook);
    for event in events {
        state.misses.ask(Miss::key(webhook, *event));
    }
}

pub(super) fn footprint_turn(state: &mut State, turn: &Deliveries) {
    let missed = turn.failed.iter().map(|failed| failed.event);
    let events: Vec<Id> = turn.again.iter().map(|(event, _)| *event).chain(missed).collect();
    footprint_misses(state, turn.webhook, &events);
}

pub(super) fn create(state: &State, new: &NewWebhook, ids: &mut Ids) -> Result<Decision, Stop> {
    let there = state.webhooks_of.get(&new.retailer)?.map_or(0, std::collections::BTreeSet::len);
    if there >= MOST {
        let refusal = Refusal::of(Code::WrongState).found(format!("{there} webhooks"));
        return Err(refusal.expected(format!("fewer than {MOST}")).into());
    }
    // From here it must succeed.
    let row = Webhook {
        id: ids.next(),
        retailer: new.retailer,
        url: new.url.clone(),
        label: new.label.clone(),
        kinds: new.kinds.clone(),
        serial: 1,
        overlap_until: None,
        status: WebhookStatus::Active,
        cursor: new.after,
        tries: 0,
        retry_at: None,
        failing_since: None,
        failure: None,
        delivered_at: None,
        created_at: ids.stamp.at,
        stopped_at: None,
        reason: None,
    };
    let detail = json!({"before": null, "after": row.status, "host": host(&row.url), "label": row.label,
        "events": row.kinds, "told_after": row.cursor});
    Ok(decided(row, detail))
}

pub(super) fn rotate(state: &State, id: Id, actor: &Actor, stamp: Stamp) -> Result<Decision, Stop> {
    let row = own(state, id, actor)?;
    // From here it must succeed.
    let after = Webhook {
        serial: row.serial.saturating_add(1),
        overlap_until: Some(stamp.at.plus_seconds(OVERLAP_SECONDS)),
        ..row.clone()
    };
    let detail = json!({"before": {"secret": row.serial}, "after": {"secret": after.serial},
        "overlap_until": after.overlap_until});
    Ok(decided(after, detail))
}

pub(super) fn stop(state: &State, id: Id, reason: &str, actor: &Actor, stamp: Stamp) -> Result<Decision, Stop> {
    let row = own(state, id, actor)?;
    if row.status != WebhookStatus::Active {
        return Err(Refusal::of(Code::WrongState).found(row.status).expected(WebhookStatus::Active).into());
    }
    // From here it must succeed.
    let after = stopped(row.clone(), reason, stamp);
    let detail = json!({"before": row.status, "after": after.status, "reason": reason, "told_to": row.cursor});
    Ok(decided(after, detail))
}

pub(super) fn replay(state: &State, id: Id, after: Option<i64>, actor: &Actor) -> Result<Decision, Stop> {
    let row = own(state, id, actor)?;
    // From here it must succeed.
    let now = Webhook {
        status: WebhookStatus::Active,
        cursor: after.unwrap_or(row.cursor),
        tries: 0,
        retry_at: None,
        failing_since: None,
        stopped_at: None,
        reason: None,
        ..row.clone()
    };
    let detail = json!({"before": row.status, "after": now.status, "told_to": row.cursor, "told_after": now.cursor});
    Ok(decided(now, detail))
}

pub(super) fn remove(state: &State, id: Id, actor: &Actor, stamp: Stamp) -> Result<Decision, Stop> {
    let row = own(state, id, actor)?;
    // From here it must succeed.
    let after = Webhook {
        status: WebhookStatus::Removed,
        retry_at: None,
        stopped_at: Some(stamp.at),
        reason: None,
        ..row.clone()
    };
    let detail = json!({"before": row.status, "after": after.status});
    Ok(decided(after, detail))
}

pub(super) fn redeliver(state: &State, id: Id, events: &[Id], actor: &Actor, stamp: Stamp) -> Result<Decision, Stop> {
    let row = own(state, id, actor)?;
    let mut misses: Vec<Miss> = Vec::new();
    for (at, event) in events.iter().enumerate() {
        let found = state.misses.get(&Miss::key(id, *event))?.filter(|miss| miss.delivered_at.is_none());
        let refusal = || Refusal::at(Code::NotFound, format!("/event_ids/{at}")).found(event);
        let miss = found.ok_or_else(|| refusal().expected("an event that this webhook missed"))?;
        if misses.iter().any(|known| known.id == miss.id) {
            return Err(refusal().expected("each event once").into());
        }
        misses.push(Miss { again_at: Some(miss.again_at.unwrap_or(stamp.at)), ..miss.clone() });
    }
    if row.status != WebhookStatus::Active {
        return Err(Refusal::of(Code::WrongState).found(row.status).expected(WebhookStatus::Active).into());
    }
    // From here it must succeed.
    Ok(Decision {
        audit: AuditNote { subject: id.to_string(), detail: json!({"events": events}) },
        changes: misses.iter().map(|miss| Change::Miss(Box::new(miss.clone()))).collect(),
        outcome: Outcome::Misses(misses),
        movements: Vec::new(),
        rollups: Vec::new(),
    })
}

/// What came of a turn. Whatever the retailer did meanwhile stays done: what was told from another place counts for nothing.
pub(super) fn note(state: &State, turn: &Deliveries, stamp: Stamp) -> Result<Decision, Stop> {
    let row = state.webhooks.get(&turn.webhook)?.filter(|row| row.status == WebhookStatus::Active);
    let row = row.ok_or_else(|| Refusal::of(Code::WrongState).expected(WebhookStatus::Active))?;
    if row.cursor != turn.from || turn.to < turn.from {
        return Err(Refusal::of(Code::WrongState).found(turn.from).expected(row.cursor).into());
    }
    let mut changes = Vec::new();
    for (event, receipt) in &turn.again {
        if let Some(miss) = state.misses.get(&Miss::key(row.id, *event))? {
            changes.push(Change::Miss(Box::new(tried_again(miss, receipt, stamp))));
        }
    }
    let mut after = row.clone();
    let again = turn.again.iter().any(|(_, receipt)| *receipt == Receipt::Taken);
    if turn.taken > 0 || again {
        after.delivered_at = Some(stamp.at);
    }
    if turn.to > turn.from {
        after = Webhook { cursor: turn.to, tries: 0, retry_at: None, failing_since: None, ..after };
    }
    let mut missed = None;
    match &turn.failed {
        Some(failed) => {
            let (row, miss) = after_failure(after, failed, stamp);
            after = row;
            missed = miss.as_ref().map(|miss| miss.event);
            changes.extend(miss.map(|miss| Change::Miss(Box::new(miss))));
        }
        None if turn.to > turn.from => after.failure = None,
        None => {}
    }
    let detail = json!({"told_to": after.cursor, "taken": turn.taken, "again": turn.again.len(), "missed": missed,
        "failure": turn.failed.as_ref().and(after.failure.as_ref()), "before": row.status, "after": after.status});
    let mut decision = decided(after, detail);
    decision.changes.extend(changes);
    Ok(decision)
}

/// The webhook after an event that was not taken, and the event when it is given up.
fn after_failure(before: Webhook, failed: &Failed, stamp: Stamp) -> (Webhook, Option<Miss>) {
    let (Receipt::Refused(why) | Receipt::Down(why) | Receipt::Gone(why)) = &failed.receipt else {
        return (before, None);
    };
    let tries = before.tries.saturating_add(1);
    let since = before.failing_since.unwrap_or(stamp.at);
    let row = Webhook {
        tries,
        retry_at: Some(stamp.at.plus_seconds(wait_seconds(tries))),
        failing_since: Some(since),
        failure: Some(why.clone()),
        ..before
    };
    match failed.receipt {
        Receipt::Gone(_) => (stopped(row, why, stamp), None),
        Receipt::Down(_) if stamp.at >= since.plus_seconds(PATIENCE_SECONDS) => (stopped(row, why, stamp), None),
        Receipt::Refused(_) if tries >= TRIES => {
            let miss = Miss {
                id: Miss::key(row.id, failed.event),
                webhook: row.id,
                event: failed.event,
                seq: failed.seq,
                kind: failed.kind,
                failure: why.clone(),
                tries,
                missed_at: stamp.at,
                again_at: None,
                delivered_at: None,
            };
            let cursor = row.cursor.max(failed.seq);
            (Webhook { cursor, tries: 0, retry_at: None, failing_since: None, ..row }, Some(miss))
        }
        _ => (row, None),
    }
}

fn tried_again(miss: &Miss, receipt: &Receipt, stamp: Stamp) -> Miss {
    let tries = miss.tries.saturating_add(1);
    let row = Miss { again_at: None, tries, ..miss.clone() };
    match receipt {
        Receipt::Taken => Miss { delivered_at: Some(stamp.at), ..row },
        Receipt::Refused(why) | Receipt::Down(why) | Receipt::Gone(why) => Miss { failure: why.clone(), ..row },
    }
}

/// The caller's own webhook, as far as it is there.
fn own<'a>(state: &'a State, id: Id, actor: &Actor) -> Result<&'a Webhook, Stop> {
    let own = |row: &&Webhook| Some(row.retailer) == actor.organisation && row.status != WebhookStatus::Removed;
    state.webhooks.get(&id)?.filter(own).ok_or_else(|| Refusal::of(Code::NotFound).into())
}

fn stopped(row: Webhook, reason: &str, stamp: Stamp) -> Webhook {
    Webhook {
        status: WebhookStatus::Stopped,
        retry_at: None,
        stopped_at: Some(stamp.at),
        reason: Some(reason.to_owned()),
        ..row
    }
}

/// The host alone: what follows it may be what lets somebody in.
fn host(url: &str) -> &str {
    url.split("://").nth(1).and_then(|rest| rest.split(['/', '?']).next()).unwrap_or_default()
}

fn decided(row: Webhook, detail: Value) -> Decision {
    Decision {
        audit: AuditNote { subject: row.id.to_string(), detail },
        outcome: Outcome::Webhook(Box::new(row.clone())),
        changes: vec![Change::Webhook(Box::new(row))],
        movements: Vec::new(),
        rollups: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::time::Moment;
    use crate::domain::webhook::EventKind;

    const AT: Stamp = Stamp { at: Moment(1_780_000_000_000_000) };

    fn id(word: &str) -> Id {
        Id::digest(&[word])
    }

    fn actor() -> Actor {
        Actor { id: id("manager"), role: "retailer".into(), organisation: Some(id("retailer")) }
    }

    fn ids(word: &str) -> Ids {
        Ids { command: id(word), stamp: AT, counter: 0 }
    }

    fn later(seconds: i64) -> Stamp {
        Stamp { at: AT.at.plus_seconds(seconds) }
    }

    fn new() -> NewWebhook {
        NewWebhook {
            retailer: id("retailer"),
            url: "https://erp.example.cn/hook?key=1".into(),
            label: "ERP".into(),
            kinds: EventKind::ALL.iter().copied().collect(),
            after: 10,
        }
    }

    /// A state in which everything that a test may ask for was asked for, with one webhook.
    fn there() -> (State, Id) {
        let mut state = State::default();
        footprint_new(&mut state, &new());
        // A key that was asked for and has no row.
        settle(&mut state);
        let decision = create(&state, &new(), &mut ids("create")).unwrap();
        state.apply(&decision);
        let Outcome::Webhook(row) = decision.outcome else { panic!() };
        footprint_misses(&mut state, row.id, &[id("event"), id("other")]);
        settle(&mut state);
        (state, row.id)
    }

    fn settle(state: &mut State) {
        state.webhooks_of.take_unloaded();
        state.misses.take_unloaded();
        state.webhooks.take_unloaded();
    }

    fn refused(result: Result<Decision, Stop>) -> Code {
        match result {
            Err(Stop::Refused(refusals)) => refusals.first().code,
            other => panic!("{other:?}"),
        }
    }

    fn turn(webhook: Id, from: i64, to: i64, receipt: Option<Receipt>) -> Deliveries {
        let failed = receipt.map(|receipt| Failed {
            event: id("event"),
            seq: to + 1,
            kind: EventKind::RedemptionRecorded,
            receipt,
        });
        Deliveries { webhook, from, to, taken: u32::from(to > from), failed, again: Vec::new() }
    }

    fn noted(state: &mut State, turn: &Deliveries, stamp: Stamp) -> Webhook {
        let decision = note(state, turn, stamp).unwrap();
        state.apply(&decision);
        state.webhooks.peek(&turn.webhook).unwrap().clone()
    }

    fn down() -> Receipt {
        Receipt::Down("HTTP 503".into())
    }

    #[test]
    fn the_trail_has_the_host_alone() {
        let mut state = State::default();
        footprint_new(&mut state, &new());
        settle(&mut state);
        let decision = create(&state, &new(), &mut ids("1")).unwrap();
        assert_eq!(decision.audit.detail["host"], "erp.example.cn");
        assert!(!decision.audit.detail.to_string().contains("key=1"));
    }

    #[test]
    fn a_retailer_has_so_many_and_no_more() {
        let (mut state, first) = there();
        for number in 1..MOST {
            let decision = create(&state, &new(), &mut ids(&number.to_string())).unwrap();
            state.apply(&decision);
        }
        assert_eq!(refused(create(&state, &new(), &mut ids("more"))), Code::WrongState);
        let decision = remove(&state, first, &actor(), AT).unwrap();
        state.apply(&decision);
        assert!(create(&state, &new(), &mut ids("more")).is_ok());
    }

    #[test]
    fn anothers_and_one_that_is_removed_are_not_there() {
        let (mut state, hook) = there();
        let other = Actor { organisation: Some(id("other")), ..actor() };
        assert_eq!(refused(rotate(&state, hook, &other, AT)), Code::NotFound);
        assert_eq!(refused(stop(&state, hook, "x", &other, AT)), Code::NotFound);
        assert_eq!(refused(replay(&state, hook, None, &other)), Code::NotFound);
        assert_eq!(refused(remove(&state, hook, &other, AT)), Code::NotFound);
        assert_eq!(refused(redeliver(&state, hook, &[], &other, AT)), Code::NotFound);
        state.apply(&remove(&state, hook, &actor(), AT).unwrap());
        assert_eq!(refused(replay(&state, hook, None, &actor())), Code::NotFound);
        assert_eq!(refused(note(&state, &turn(hook, 10, 11, None), AT)), Code::WrongState);
    }

    #[test]
    fn two_secrets_sign_for_a_day() {
        let (mut state, hook) = there();
        state.apply(&rotate(&state, hook, &actor(), AT).unwrap());
        let row = state.webhooks.peek(&hook).unwrap();
        assert_eq!(row.signing(AT.at).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(row.signing(later(OVERLAP_SECONDS).at).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn failures_wait_longer_and_longer_and_success_forgets_them() {
        let (mut state, hook) = there();
        let row = noted(&mut state, &turn(hook, 10, 14, Some(down())), AT);
        assert_eq!((row.cursor, row.tries, row.retry_at), (14, 1, Some(later(5).at)));
        let row = noted(&mut state, &turn(hook, 14, 14, Some(down())), later(5));
        assert_eq!((row.cursor, row.tries, row.retry_at), (14, 2, Some(later(15).at)));
        assert_eq!((row.failing_since, row.failure.as_deref()), (Some(AT.at), Some("HTTP 503")));
        let row = noted(&mut state, &turn(hook, 14, 20, None), later(15));
        assert_eq!((row.cursor, row.tries, row.retry_at, row.failing_since), (20, 0, None, None));
        assert_eq!((row.failure, row.delivered_at), (None, Some(later(15).at)));
    }

    #[test]
    fn a_system_that_takes_nothing_for_days_is_stopped_and_goes_on_where_it_stood() {
        let (mut state, hook) = there();
        noted(&mut state, &turn(hook, 10, 10, Some(down())), AT);
        let row = noted(&mut state, &turn(hook, 10, 10, Some(down())), later(PATIENCE_SECONDS - 1));
        assert_eq!(row.status, WebhookStatus::Active);
        let row = noted(&mut state, &turn(hook, 10, 10, Some(down())), later(PATIENCE_SECONDS));
        assert_eq!((row.status, row.reason.as_deref(), row.cursor), (WebhookStatus::Stopped, Some("HTTP 503"), 10));
        state.apply(&replay(&state, hook, None, &actor()).unwrap());
        let row = noted(&mut state, &turn(hook, 10, 12, None), later(PATIENCE_SECONDS + 1));
        assert_eq!((row.status, row.cursor), (WebhookStatus::Active, 12));
    }

    #[test]
    fn one_that_is_gone_is_stopped_at_once() {
        let (mut state, hook) = there();
        let row = noted(&mut state, &turn(hook, 10, 10, Some(Receipt::Gone("HTTP 410".into()))), AT);
        assert_eq!((row.status, row.retry_at), (WebhookStatus::Stopped, None));
        assert_eq!(refused(stop(&state, hook, "x", &actor(), AT)), Code::WrongState);
    }

    #[test]
    fn an_event_that_is_refused_again_and_again_is_missed_and_the_next_one_follows() {
        let (mut state, hook) = there();
        let no = || Some(Receipt::Refused("HTTP 400".into()));
        for _ in 1..TRIES {
            assert_eq!(noted(&mut state, &turn(hook, 10, 10, no()), AT).cursor, 10);
        }
        let row = noted(&mut state, &turn(hook, 10, 10, no()), AT);
        assert_eq!((row.cursor, row.tries, row.status), (11, 0, WebhookStatus::Active));
        let miss = state.misses.peek(&Miss::key(hook, id("event"))).unwrap();
        assert_eq!((miss.tries, miss.seq, miss.failure.as_str()), (TRIES, 11, "HTTP 400"));
    }

    #[test]
    fn what_was_missed_is_tried_again_when_asked() {
        let (mut state, hook) = there();
        let no = || Some(Receipt::Refused("HTTP 400".into()));
        for _ in 0..TRIES {
            noted(&mut state, &turn(hook, 10, 10, no()), AT);
        }
        assert_eq!(refused(redeliver(&state, hook, &[id("other")], &actor(), AT)), Code::NotFound);
        assert_eq!(refused(redeliver(&state, hook, &[id("event"), id("event")], &actor(), AT)), Code::NotFound);
        state.apply(&redeliver(&state, hook, &[id("event")], &actor(), AT).unwrap());
        let miss = Miss::key(hook, id("event"));
        assert_eq!(state.misses.peek(&miss).unwrap().again_at, Some(AT.at));
        let mut again = turn(hook, 11, 11, None);
        again.again = vec![(id("event"), Receipt::Refused("HTTP 422".into()))];
        noted(&mut state, &again, AT);
        let row = state.misses.peek(&miss).unwrap();
        assert_eq!((row.again_at, row.tries, row.failure.as_str()), (None, TRIES + 1, "HTTP 422"));
        state.apply(&redeliver(&state, hook, &[id("event")], &actor(), AT).unwrap());
        again.again = vec![(id("event"), Receipt::Taken)];
        noted(&mut state, &again, later(1));
        assert_eq!(state.misses.peek(&miss).unwrap().delivered_at, Some(later(1).at));
        assert_eq!(refused(redeliver(&state, hook, &[id("event")], &actor(), AT)), Code::NotFound);
    }

    #[test]
    fn what_was_told_from_another_place_counts_for_nothing() {
        let (mut state, hook) = there();
        state.apply(&replay(&state, hook, Some(3), &actor()).unwrap());
        assert_eq!(refused(note(&state, &turn(hook, 10, 14, None), AT)), Code::WrongState);
        assert_eq!(noted(&mut state, &turn(hook, 3, 14, None), AT).cursor, 14);
    }

    #[test]
    fn a_webhook_wants_what_it_asked_for_of_its_own_retailer() {
        let (state, hook) = there();
        let row = Webhook {
            kinds: BTreeSet::from([EventKind::SettlementPaid]),
            ..state.webhooks.peek(&hook).unwrap().clone()
        };
        let event = |kind, retailer, subject| crate::domain::webhook::Event {
            id: id("e"),
            seq: 1,
            kind,
            retailer,
            subject,
            at: AT.at,
            data: json!({}),
        };
        assert!(row.wants(&event(EventKind::SettlementPaid, id("retailer"), id("s"))));
        assert!(!row.wants(&event(EventKind::SettlementPaid, id("other"), id("s"))));
        assert!(!row.wants(&event(EventKind::RedemptionRecorded, id("retailer"), id("r"))));
        assert!(row.wants(&event(EventKind::WebhookCreated, id("retailer"), hook)));
        assert!(!row.wants(&event(EventKind::WebhookCreated, id("retailer"), id("another"))));
    }
}
