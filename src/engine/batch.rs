//! One batch: writer lock → footprint → load → decide → save → commit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tracing::{error, warn};

use super::clock::Clock;
use super::collect::Collected;
use super::revoked::Revoked;
use super::{Answer, Failure, Reply, Rule};
use crate::domain::account::Revocation;
use crate::domain::audit::{self, Head};
use crate::domain::command::{Act, Command, Decision, Stamp, Stop};
use crate::domain::decide::footprint;
use crate::domain::id::Id;
use crate::domain::refusal::{Code, Refusals};
use crate::domain::state::{Done, State};
use crate::domain::time::Moment;
use crate::store::{Attempt, DoneRow, StoreError, Tx, Writer, digests};

/// How often a batch is run again when somebody else got in between.
const TRIES: usize = 5;
/// The footprint is asked until it names nothing new, or so often: what a command lacks then is loaded when it is decided,
/// in as many rounds more.
const ROUNDS: usize = 4;
/// A head further ahead of the clock than this means that a clock is wrong: nothing is written then.
const CLOCK_SLACK_SECONDS: i64 = 5;

/// What a batch runs on.
pub(super) struct Bench {
    pub(super) writer: Writer,
    pub(super) clock: Clock,
    pub(super) rule: Rule,
    /// Learns of ended tokens before anybody is told that they were ended.
    pub(super) revoked: Arc<Revoked>,
}

/// How one run of a batch ended without a commit.
enum Broken {
    Store(StoreError),
    Panicked,
    ClockBehind(Moment),
}

impl Bench {
    /// Runs the commands as one batch and gives each its answer; nothing is answered before the commit.
    pub(super) fn run(&mut self, commands: &[Arc<Command>]) -> Vec<Reply> {
        let mut lost = false;
        for _ in 0..TRIES {
            match self.attempt(commands) {
                Ok(replies) => return replies,
                Err(Broken::Store(StoreError::Contention)) => {}
                Err(Broken::Store(StoreError::Lost(why))) => {
                    warn!(%why, "the connection to the database is lost");
                    if lost || self.writer.reopen().is_err() {
                        return fail(commands, &Failure::Unavailable);
                    }
                    lost = true;
                }
                Err(Broken::ClockBehind(head)) => {
                    error!(%head, "the newest record is ahead of the clock: writing stops until the clock has caught up");
                    return fail(commands, &Failure::Unavailable);
                }
                // A row of one command, or a fault of ours: each command by itself, so that one does not spoil the rest.
                Err(Broken::Panicked) => {
                    if self.writer.reopen().is_err() {
                        return fail(commands, &Failure::Unavailable);
                    }
                    return self.alone(commands, "a panic outside the rules");
                }
                Err(Broken::Store(why)) => return self.alone(commands, &why.to_string()),
            }
        }
        fail(commands, &Failure::Busy)
    }

    fn alone(&mut self, commands: &[Arc<Command>], why: &str) -> Vec<Reply> {
        if let [command] = commands {
            error!(command = %command.id, act = command.act.name(), request_id = command.request_id, why, "not stored");
            return fail(commands, &Failure::Internal(command.id.to_string()));
        }
        commands.iter().flat_map(|command| self.run(std::slice::from_ref(command))).collect()
    }

    fn attempt(&mut self, commands: &[Arc<Command>]) -> Result<Vec<Reply>, Broken> {
        let Self { writer, clock, rule, revoked } = self;
        let mut behind = None;
        let ran = catch_unwind(AssertUnwindSafe(|| {
            writer.batch(&mut |tx| {
                let head = tx.head()?;
                let now = clock.shift(tx.now()?);
                if head.at > now.plus_seconds(CLOCK_SLACK_SECONDS) {
                    behind = Some(head.at);
                    return Ok((Vec::new(), Vec::new()));
                }
                let stamp = Stamp { at: now.max(Moment(head.at.0.saturating_add(1))) };
                write(tx, commands, rule, head, stamp)
            })
        }));
        match (ran, behind) {
            (Err(_), _) => Err(Broken::Panicked),
            (Ok(Err(why)), _) => Err(Broken::Store(why)),
            (Ok(Ok(_)), Some(head)) => Err(Broken::ClockBehind(head)),
            (Ok(Ok((replies, revocations))), None) => {
                revoked.take(revocations);
                Ok(replies)
            }
        }
    }
}

fn fail(commands: &[Arc<Command>], failure: &Failure) -> Vec<Reply> {
    commands.iter().map(|_| Err(failure.clone())).collect()
}

/// Loads what the commands may look at; gives the commands whose footprint panicked as `false`.
pub(super) fn load(tx: &mut Tx<'_>, commands: &[Arc<Command>], stamp: Stamp) -> Result<(State, Vec<bool>), StoreError> {
    let mut state = State::default();
    let mut sound = vec![true; commands.len()];
    for _ in 0..ROUNDS {
        for (command, sound) in commands.iter().zip(&mut sound) {
            // Asking only adds keys, so that a footprint which stops half way leaves nothing wrong behind.
            *sound &= catch_unwind(AssertUnwindSafe(|| footprint(&mut state, command, stamp))).is_ok();
        }
        if !state.has_unloaded() {
            break;
        }
        tx.load(&mut state)?;
    }
    Ok((state, sound))
}

/// What is to be answered, and which tokens are ended, once this is committed.
fn write(
    tx: &mut Tx<'_>,
    commands: &[Arc<Command>],
    rule: &Rule,
    mut head: Head,
    stamp: Stamp,
) -> Result<(Vec<Reply>, Vec<Revocation>), StoreError> {
    let (mut state, sound) = load(tx, commands, stamp)?;
    let mut collected = Collected::default();
    let mut replies = Vec::with_capacity(commands.len());
    for (command, sound) in commands.iter().zip(sound) {
        let reply = if sound {
            decide_one(tx, &mut state, &mut collected, &mut head, command, rule, stamp)?
        } else {
            Err(internal(command, "the footprint panicked"))
        };
        if let Err(Failure::Refused(refusals)) = &reply {
            collected.saved.attempts.extend(attempt_row(command, refusals, stamp));
        }
        replies.push(reply);
    }
    let changed = !collected.saved.audits.is_empty();
    let mut saved = collected.finish(&state);
    saved.head = changed.then_some(head);
    if changed || !saved.attempts.is_empty() {
        tx.save(&saved)?;
    }
    Ok((replies, saved.revocations))
}

fn decide_one(
    tx: &mut Tx<'_>,
    state: &mut State,
    collected: &mut Collected,
    head: &mut Head,
    command: &Command,
    rule: &Rule,
    stamp: Stamp,
) -> Result<Reply, StoreError> {
    match state.done.get(&command.id) {
        Err(_) => return Ok(Err(internal(command, "the command's own key was not asked for"))),
        Ok(Some(done)) if done.fingerprint == command.fingerprint => {
            return Ok(Ok(Answer { outcome: done.outcome.clone(), replayed: true }));
        }
        Ok(Some(_)) => return Ok(Err(Failure::Refused(Code::IdempotencyKeyReused.into()))),
        Ok(None) => {}
    }
    let decision = match decided(tx, state, command, rule, stamp)? {
        Ok(decision) => decision,
        Err(failure) => return Ok(Err(failure)),
    };
    collected.note(state, &decision);
    state.apply(&decision);
    let facts = digests(&decision);
    let record = audit::record(head, stamp.at, command, &decision.audit, &facts);
    *head = Head { seq: record.seq, hash: record.hash.clone(), at: stamp.at };
    collected.saved.audits.push(record);
    let done = Done { fingerprint: command.fingerprint, outcome: decision.outcome };
    collected.saved.done.push(DoneRow {
        id: command.id,
        fingerprint: done.fingerprint,
        outcome: done.outcome.clone(),
        at: stamp.at,
    });
    let outcome = done.outcome.clone();
    state.done.put(command.id, done);
    Ok(Ok(Answer { outcome, replayed: false }))
}

/// Decides a command, so that the decision can be applied. A row that an earlier command of the batch made or changed
/// (a version that was published just now) may name keys that could not be asked for before: then they are loaded now.
fn decided(
    tx: &mut Tx<'_>,
    state: &mut State,
    command: &Command,
    rule: &Rule,
    stamp: Stamp,
) -> Result<Result<Decision, Failure>, StoreError> {
    for _ in 0..ROUNDS {
        // The rules hold no connection and cannot change the state: a panic leaves nothing half done.
        let judged = catch_unwind(AssertUnwindSafe(|| {
            let decision = rule(state, command, stamp)?;
            state.can_apply(&decision).map(|()| decision)
        }));
        let missing = match judged {
            Err(_) => return Ok(Err(internal(command, "a rule panicked"))),
            Ok(Ok(decision)) => return Ok(Ok(decision)),
            Ok(Err(Stop::Refused(refusals))) => return Ok(Err(Failure::Refused(refusals))),
            Ok(Err(Stop::NotLoaded(key))) => key,
        };
        let asked = catch_unwind(AssertUnwindSafe(|| footprint(state, command, stamp))).is_ok();
        if !asked || !state.has_unloaded() {
            return Ok(Err(internal(command, &format!("not loaded: {missing}"))));
        }
        tx.load(state)?;
    }
    Ok(Err(internal(command, "its footprint has no end")))
}

fn internal(command: &Command, why: &str) -> Failure {
    error!(command = %command.id, act = command.act.name(), request_id = command.request_id, why, "a fault of this service");
    Failure::Internal(command.id.to_string())
}

/// A refused redemption, claim or turn-in leaves one row for the anomaly rules, and no other trace. A release that is
/// sold out is no finding about anybody and leaves none.
fn attempt_row(command: &Command, refusals: &Refusals, stamp: Stamp) -> Option<Attempt> {
    let subject = match &command.act {
        Act::RedeemVoucher(redeem) => redeem.presented.voucher.to_string(),
        Act::ClaimVoucher(claim) | Act::ClaimVoucherFor { claim, .. } => claim.programme.clone(),
        Act::RecordTurnIn(new) => new.owner.id.to_string(),
        _ => return None,
    };
    if refusals.first().code == Code::ReleaseSoldOut {
        return None;
    }
    Some(Attempt {
        id: Id::derived(stamp.at, command.id, 0),
        at: stamp.at,
        actor: command.actor.id,
        role: command.actor.role.clone(),
        act: command.act.name().to_owned(),
        subject,
        codes: refusals.codes().map(|code| code.name().to_owned()).collect(),
        request_id: command.request_id.clone(),
    })
}
