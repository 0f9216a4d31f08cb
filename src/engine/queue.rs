//! Two bounded queues and one signal: what is urgent goes first, and a full queue says so at once.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::Reply;
use crate::domain::command::Command;

/// A command that waits, and where its answer goes.
pub(super) struct Job {
    pub(super) command: Command,
    pub(super) reply: oneshot::Sender<Reply>,
}

/// Why a command was not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotTaken {
    Full,
    Closed,
}

#[derive(Default)]
struct Waiting {
    urgent: VecDeque<Job>,
    other: VecDeque<Job>,
    closed: bool,
}

/// The commands that wait for the writer.
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    signal: Condvar,
    capacity: usize,
}

impl Queue {
    pub(super) fn new(capacity: usize) -> Self {
        Self { waiting: Mutex::default(), signal: Condvar::new(), capacity: capacity.max(1) }
    }

    // A thread that panicked while it held the lock left the queues whole: pushing and popping cannot stop half way.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, job: Job) -> Result<(), NotTaken> {
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(NotTaken::Closed);
        }
        let urgent = job.command.act.is_urgent();
        let queue = if urgent { &mut waiting.urgent } else { &mut waiting.other };
        if queue.len() >= self.capacity {
            return Err(NotTaken::Full);
        }
        queue.push_back(job);
        self.signal.notify_one();
        Ok(())
    }

    /// Waits for at least one command and takes up to `most`, urgent ones first; `None` once closed and empty.
    pub(super) fn take(&self, most: usize) -> Option<Vec<Job>> {
        let mut waiting = self.lock();
        while waiting.urgent.is_empty() && waiting.other.is_empty() {
            if waiting.closed {
                return None;
            }
            waiting = self.signal.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        let mut taken = Vec::with_capacity(most);
        while taken.len() < most {
            let Waiting { urgent, other, .. } = &mut *waiting;
            match urgent.pop_front().or_else(|| other.pop_front()) {
                Some(job) => taken.push(job),
                None => break,
            }
        }
        Some(taken)
    }

    /// Takes nothing more in; what waits is still done.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.signal.notify_all();
    }
}
