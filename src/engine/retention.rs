//! What is kept for a time only: refused commands, the log of commands, sessions that are over with what ended their
//! tokens, and what is known of persons who have had no dealings for years.

use std::time::Duration;

use tracing::{info, warn};

use super::{Division, Failure, system};
use crate::domain::command::{Act, Command, ErasePerson, Passing};
use crate::domain::id::Id;
use crate::domain::time::Moment;

/// Rows of one command.
const PAGE: i64 = 500;
/// How long the job rests when it has gone through everything.
const REST: Duration = Duration::from_hours(1);
/// A year, as retention is counted: a leap day longer than shorter.
const YEAR_SECONDS: i64 = 366 * 24 * 3600;

/// For how long things are kept.
#[derive(clap::Args, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Days for which refused attempts are kept.
    #[arg(long = "keep-attempts-days", env = "HUANXIN_KEEP_ATTEMPTS_DAYS", default_value_t = 90)]
    pub attempt_days: u32,
    /// Hours for which a repeat is answered as the first request was; callers are promised 72.
    #[arg(long = "keep-commands-hours", env = "HUANXIN_KEEP_COMMANDS_HOURS", default_value_t = 72,
        value_parser = clap::value_parser!(u32).range(72..))]
    pub command_hours: u32,
    /// Days for which a session is kept after it has ended or lapsed; no token of it is good by then.
    #[arg(long = "keep-sessions-days", env = "HUANXIN_KEEP_SESSIONS_DAYS", default_value_t = 90,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub session_days: u32,
    /// Years for which personal data is kept after a person's last dealing; papers of invoices are kept for five
    /// (发票管理办法 28).
    #[arg(long = "keep-personal-years", env = "HUANXIN_KEEP_PERSONAL_YEARS", default_value_t = 5,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub person_years: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { attempt_days: 90, command_hours: 72, session_days: 90, person_years: 5 }
    }
}

impl Retention {
    /// Refused commands from before this are due.
    #[must_use]
    pub fn attempts_before(&self, now: Moment) -> Moment {
        now.plus_seconds(-i64::from(self.attempt_days) * 24 * 3600)
    }

    /// Entries of the log of commands from before this are due.
    #[must_use]
    pub fn commands_before(&self, now: Moment) -> Moment {
        now.plus_seconds(-i64::from(self.command_hours) * 3600)
    }

    /// Sessions that were over before this are due, and what ended tokens that had all expired by then.
    #[must_use]
    pub fn sessions_before(&self, now: Moment) -> Moment {
        now.plus_seconds(-i64::from(self.session_days) * 24 * 3600)
    }

    /// The papers of a redemption since this are still kept.
    #[must_use]
    pub fn persons_since(&self, now: Moment) -> Moment {
        now.plus_seconds(-i64::from(self.person_years) * YEAR_SECONDS)
    }

    /// Until when the papers of a redemption are kept.
    #[must_use]
    pub fn kept_until(&self, redeemed: Moment) -> Moment {
        redeemed.plus_seconds(i64::from(self.person_years) * YEAR_SECONDS)
    }
}

/// What one round has removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Refused commands.
    pub attempts: usize,
    /// Entries of the log of commands.
    pub commands: usize,
    /// Persons whose data was destroyed.
    pub persons: usize,
    /// Sessions that were over.
    pub sessions: usize,
    /// What had ended their tokens.
    pub revocations: usize,
}

impl Division {
    /// Removes what is due until the division is closed. Run as a task of its own.
    pub async fn keep_retention(self, retention: Retention) {
        loop {
            match self.remove_due(retention).await {
                Ok(removed) if removed == Removed::default() => {}
                Ok(Removed { attempts, commands, persons, sessions, revocations }) => {
                    info!(attempts, commands, persons, sessions, revocations, "retention");
                }
                Err(failure) => warn!(?failure, "what is due could not be removed"),
            }
            tokio::time::sleep(REST).await;
        }
    }

    /// Removes everything that is due now, a page at a time.
    ///
    /// # Errors
    /// [`Failure`]; what was removed before it stays so.
    pub async fn remove_due(&self, retention: Retention) -> Result<Removed, Failure> {
        let now = self.now();
        Ok(Removed {
            attempts: self.forget(Passing::Attempts, retention.attempts_before(now)).await?,
            commands: self.forget(Passing::Commands, retention.commands_before(now)).await?,
            persons: self.erase_idle(retention.persons_since(now)).await?,
            sessions: self.forget(Passing::Sessions, retention.sessions_before(now)).await?,
            revocations: self.forget(Passing::Revocations, retention.sessions_before(now)).await?,
        })
    }

    async fn forget(&self, what: Passing, before: Moment) -> Result<usize, Failure> {
        let mut count = 0;
        loop {
            let ids = self.read(move |tx| tx.passed(what, before, PAGE)).await?;
            if ids.is_empty() {
                return Ok(count);
            }
            count += ids.len();
            let texts: Vec<String> = ids.iter().map(ToString::to_string).collect();
            let mut words = vec!["forget", what.name()];
            words.extend(texts.iter().map(String::as_str));
            let act = Act::Forget { what, ids, before };
            self.submit(command(Id::digest(&words), act)).await?;
        }
    }

    /// A person who still has a live voucher, or whose newest redemption is younger than their newest dealing looks, is
    /// passed over.
    async fn erase_idle(&self, since: Moment) -> Result<usize, Failure> {
        let (mut count, mut after) = (0, None);
        loop {
            let page = self.read(move |tx| tx.persons_without_dealings(since, after, PAGE)).await?;
            let Some(last) = page.last() else { return Ok(count) };
            after = Some(*last);
            for person in page {
                let wish =
                    ErasePerson { person, keeps_since: since, or_restrict: false, reason: "retention".to_owned() };
                let id = Id::digest(&["retention", &person.to_string(), &since.0.to_string()]);
                match self.submit(command(id, Act::ErasePerson(wish))).await {
                    Ok(_) => count += 1,
                    Err(Failure::Refused(_)) => {}
                    Err(failure) => return Err(failure),
                }
            }
        }
    }
}

fn command(id: Id, act: Act) -> Command {
    Command { id, fingerprint: id, actor: system(), request_id: "retention".to_owned(), act }
}
