//! The engine owns every write: one thread and one connection per division, commands in batches.

mod anomalies;
mod approval;
mod batch;
mod checkpoint;
mod clock;
mod collect;
mod endings;
mod history;
mod jobs;
mod key_file;
mod question;
mod queue;
mod retention;
mod revoked;
mod runner;
mod sink;
mod webhooks;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::{Semaphore, oneshot};
use tracing::error;

pub use anomalies::Scanned;
pub use approval::approval;
pub use checkpoint::{Consistency, Inclusion, Notary, proof};
pub use clock::Clock;
pub use endings::{Endings, Since};
pub use history::{Event, Life};
pub use jobs::{expire_command, system};
pub use question::{Due, Eligibility, Quote, due};
pub use retention::{Removed, Retention};
pub use runner::Runner;
pub use sink::{Sink, SinkState};
pub use webhooks::Courier;

use crate::domain::command::{Command, Decision, Outcome, Stamp, Stop};
use crate::domain::decide::decide;
use crate::domain::refusal::Refusals;
use crate::domain::state::State;
use crate::domain::time::Moment;
use crate::store::{Database, Readers, StoreError, Tx};

use batch::Bench;
use queue::{Job, NotTaken, Queue};
use revoked::Revoked;

/// The function that decides a command; the service's own is [`decide`], tests put a faulty one in its place.
pub type Rule = Arc<dyn Fn(&State, &Command, Stamp) -> Result<Decision, Stop> + Send + Sync>;

/// What was done, and whether it had been done before.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What was done.
    pub outcome: Outcome,
    /// Whether this is the stored answer of an earlier request with the same key.
    pub replayed: bool,
}

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// A rule refused; everything that failed is told.
    Refused(Refusals),
    /// The queue is full, or others got in between too often: try again.
    Busy,
    /// The database is away, or a clock is wrong.
    Unavailable,
    /// A fault of this service; the reference stands in its log.
    Internal(String),
}

/// A command's answer.
pub type Reply = Result<Answer, Failure>;

/// How a division is run.
#[derive(Clone)]
pub struct Settings {
    /// The division's code, such as `360111`.
    pub code: String,
    /// Its database.
    pub database: Database,
    /// Commands that may wait in each of the two queues.
    pub queue: usize,
    /// Most commands of one batch; one is the plain design, a transaction per command.
    pub batch_max: usize,
    /// Connections for reading.
    pub readers: u32,
    /// Its clock.
    pub clock: Clock,
    /// What decides.
    pub rule: Rule,
}

impl Settings {
    /// The usual settings.
    #[must_use]
    pub fn new(code: &str, database: Database) -> Self {
        Self {
            code: code.to_owned(),
            database,
            queue: 4096,
            batch_max: 256,
            readers: 8,
            clock: Clock::default(),
            rule: Arc::new(decide),
        }
    }
}

/// A district that runs programmes: its engine and its read pool. Cheap to clone.
#[derive(Clone)]
pub struct Division(Arc<Inner>);

struct Inner {
    code: String,
    clock: Clock,
    queue: Arc<Queue>,
    readers: Readers,
    slots: Arc<Semaphore>,
    revoked: Arc<Revoked>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Division {
    /// Opens the writer's connection and the read pool, and starts the engine's thread.
    ///
    /// # Errors
    /// When the database cannot be reached or the thread cannot be started.
    pub fn open(settings: &Settings) -> Result<Self, StoreError> {
        let writer = settings.database.writer()?;
        let readers = settings.database.readers(settings.readers)?;
        let queue = Arc::new(Queue::new(settings.queue));
        let revoked = Arc::new(Revoked::default());
        let (clock, rule) = (settings.clock, Arc::clone(&settings.rule));
        let mut bench = Bench { writer, clock, rule, revoked: Arc::clone(&revoked) };
        let (waiting, most) = (Arc::clone(&queue), settings.batch_max.max(1));
        let thread = std::thread::Builder::new()
            .name(format!("engine-{}", settings.code))
            .spawn(move || work(&mut bench, &waiting, most))
            .map_err(|why| StoreError::Other(why.to_string()))?;
        let division = Self(Arc::new(Inner {
            code: settings.code.clone(),
            clock,
            queue,
            readers,
            slots: Arc::new(Semaphore::new(usize::try_from(settings.readers).unwrap_or(1).max(1))),
            revoked,
            thread: Mutex::new(Some(thread)),
        }));
        let read = division.read_revocations_blocking();
        read.map_err(|_| StoreError::Other("what ends tokens cannot be read".into()))?;
        Ok(division)
    }

    /// The division's code.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// What the division's clock shows.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.0.clock.now()
    }

    /// Queues a command and waits for its answer, which comes after the commit.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn submit(&self, command: Command) -> Reply {
        self.enqueue(command)?.await.unwrap_or(Err(Failure::Unavailable))
    }

    /// [`Division::submit`] for a caller that is a thread and no task.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn submit_blocking(&self, command: Command) -> Reply {
        self.enqueue(command)?.blocking_recv().unwrap_or(Err(Failure::Unavailable))
    }

    fn enqueue(&self, command: Command) -> Result<oneshot::Receiver<Reply>, Failure> {
        let (reply, answer) = oneshot::channel();
        match self.0.queue.push(Job { command, reply }) {
            Ok(()) => Ok(answer),
            Err(NotTaken::Full) => Err(Failure::Busy),
            Err(NotTaken::Closed) => Err(Failure::Unavailable),
        }
    }

    /// Runs a query in one read-only snapshot, on a pooled connection, off the caller's thread. Waits for a pool slot
    /// without holding a thread.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when the database is away, [`Failure::Internal`] for a fault of this service.
    pub async fn read<T: Send + 'static>(
        &self,
        query: impl FnMut(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Failure> {
        let slots = Arc::clone(&self.0.slots);
        let _slot = slots.acquire_owned().await.map_err(|_| Failure::Unavailable)?;
        let division = self.clone();
        let read = tokio::task::spawn_blocking(move || division.read_blocking(query)).await;
        read.map_err(|why| Failure::Internal(why.to_string()))?
    }

    /// [`Division::read`] on the caller's thread.
    ///
    /// # Errors
    /// As [`Division::read`].
    pub fn read_blocking<T>(&self, mut query: impl FnMut(&mut Tx<'_>) -> Result<T, StoreError>) -> Result<T, Failure> {
        self.0.readers.snapshot(&mut query).map_err(|why| match why {
            StoreError::Contention => Failure::Busy,
            StoreError::Lost(why) => {
                error!(%why, "the database is away");
                Failure::Unavailable
            }
            other => {
                error!(why = %other, "a query failed");
                Failure::Internal(self.now().to_string())
            }
        })
    }

    /// Whether the database and the writer answer.
    ///
    /// # Errors
    /// With the reason.
    pub async fn readiness(&self) -> Result<(), String> {
        let alive = |thread: &JoinHandle<()>| !thread.is_finished();
        let running = self.0.thread.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(alive);
        if !running {
            return Err("the writer has stopped".to_owned());
        }
        // The method itself as the query is not general enough over the transaction's lifetime.
        #[allow(clippy::redundant_closure_for_method_calls)]
        let head = self.read(|tx| tx.head()).await.map_err(|_| "the database does not answer".to_owned())?;
        if head.at > self.now().plus_seconds(5) {
            return Err(format!("the clock is behind the newest record of {}", head.at));
        }
        Ok(())
    }

    /// Takes no more commands, does what waits, and ends the engine's thread.
    pub fn close(&self) {
        self.0.queue.close();
        let thread = self.0.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            error!("the engine's thread ended by a panic");
        }
    }
}

impl std::fmt::Debug for Division {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Division").field(&self.0.code).finish()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// The engine's thread: takes what waits, runs it, answers after the commit.
fn work(bench: &mut Bench, queue: &Queue, most: usize) {
    while let Some(jobs) = queue.take(most) {
        let (commands, replies): (Vec<_>, Vec<_>) =
            jobs.into_iter().map(|job| (Arc::new(job.command), job.reply)).unzip();
        for (reply, answer) in replies.into_iter().zip(bench.run(&commands)) {
            if reply.send(answer).is_err() {
                tracing::debug!("the caller has gone; its request can be repeated");
            }
        }
    }
}
