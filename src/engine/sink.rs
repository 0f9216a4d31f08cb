//! The second sink: number and hash of each record, kept where no intruder of the database comes.
//!
//! It is fed after the commit by a task of its own, which holds no lock and which nobody waits for. Where it was, the sink
//! itself knows; what is sent again after a failure is there twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use tracing::{info, warn};

use super::Division;

/// Records sent at a time.
const PAGE: i64 = 1000;
/// How long the task rests when nothing is new.
const REST: Duration = Duration::from_secs(1);
/// How long it waits after the first failure; each further one doubles that.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest that it waits.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Somewhere that takes numbers and hashes and gives none back.
pub trait Sink: Send {
    /// The number of the newest record that it has; zero when it has none.
    ///
    /// # Errors
    /// With a reason for the log.
    fn newest(&mut self) -> Result<i64, String>;

    /// Takes records in order; when it comes back, they are kept.
    ///
    /// # Errors
    /// With a reason for the log; some of them may be kept.
    fn append(&mut self, records: &[(i64, String)]) -> Result<(), String>;
}

/// How far the sink is.
#[derive(Debug, Default)]
pub struct SinkState {
    seq: AtomicI64,
    behind: AtomicI64,
    failing: AtomicBool,
}

impl SinkState {
    /// The number of the newest record that the sink has.
    #[must_use]
    pub fn seq(&self) -> i64 {
        self.seq.load(Ordering::Relaxed)
    }

    /// How many records it has not got yet.
    #[must_use]
    pub fn behind(&self) -> i64 {
        self.behind.load(Ordering::Relaxed)
    }

    /// Whether the last attempt failed.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }
}

impl Division {
    /// Feeds a sink for as long as the service runs. Run as a task of its own.
    pub async fn feed(self, mut sink: Box<dyn Sink>, state: Arc<SinkState>) {
        let mut wait = FIRST_WAIT;
        loop {
            let (back, fed) = self.feed_once(sink, &state).await;
            let Some(back) = back else { return warn!("the second sink of the trail ended by a panic") };
            sink = back;
            if state.failing.swap(fed.is_err(), Ordering::Relaxed) && fed.is_ok() {
                info!("the second sink of the trail takes records again");
            }
            match fed {
                Ok(true) => wait = FIRST_WAIT,
                Ok(false) => {
                    wait = FIRST_WAIT;
                    tokio::time::sleep(REST).await;
                }
                Err(why) => {
                    warn!(why, wait_seconds = wait.as_secs(), "the second sink of the trail takes no records");
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
            }
        }
    }

    /// Sends one page; whether there was one. The sink comes back, or is gone when it panicked.
    pub async fn feed_once(
        &self,
        mut sink: Box<dyn Sink>,
        state: &Arc<SinkState>,
    ) -> (Option<Box<dyn Sink>>, Result<bool, String>) {
        let (division, state) = (self.clone(), Arc::clone(state));
        let step = tokio::task::spawn_blocking(move || {
            let fed = division.step(sink.as_mut(), &state);
            (sink, fed)
        });
        match step.await {
            Ok((sink, fed)) => (Some(sink), fed),
            Err(why) => (None, Err(why.to_string())),
        }
    }

    fn step(&self, sink: &mut dyn Sink, state: &SinkState) -> Result<bool, String> {
        let seq = sink.newest()?;
        let read = self.read_blocking(|tx| Ok((tx.audit_hashes(seq, PAGE)?, tx.head()?.seq)));
        let (page, head) = read.map_err(|why| format!("{why:?}"))?;
        let known = |seq: i64| {
            state.seq.store(seq, Ordering::Relaxed);
            state.behind.store((head - seq).max(0), Ordering::Relaxed);
        };
        known(seq);
        let Some((last, _)) = page.last() else { return Ok(false) };
        sink.append(&page)?;
        known(*last);
        Ok(true)
    }
}
