//! Which access tokens are good no more, although they have not expired: a copy in memory of the table that says so,
//! because every request asks.
//!
//! What this process commits is in the copy before anybody is told that it was done. What other replicas commit is read
//! every second; until then their ended tokens are still taken here.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use tracing::warn;

use super::{Division, Failure};
use crate::domain::account::Revocation;
use crate::domain::id::Id;
use crate::domain::time::Moment;

/// How often the table is asked for what other replicas have committed.
const EVERY: Duration = Duration::from_secs(1);

/// The copy.
pub(super) struct Revoked {
    entries: RwLock<HashMap<Id, Revocation>>,
    /// The newest that was read from the table. Own commits do not count: another replica's may be older and unread.
    read_to: Mutex<Moment>,
}

impl Default for Revoked {
    fn default() -> Self {
        Self { entries: RwLock::default(), read_to: Mutex::new(Moment(i64::MIN)) }
    }
}

impl Revoked {
    // An entry is put whole or not at all, so what a panic left behind is sound.
    fn read(&self) -> RwLockReadGuard<'_, HashMap<Id, Revocation>> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<Id, Revocation>> {
        self.entries.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what was committed; of two about one subject the later one counts.
    pub(super) fn take(&self, revocations: Vec<Revocation>) {
        if revocations.is_empty() {
            return;
        }
        let mut entries = self.write();
        for revocation in revocations {
            match entries.get(&revocation.subject) {
                Some(known) if known.at > revocation.at => {}
                _ => drop(entries.insert(revocation.subject, revocation)),
            }
        }
    }

    fn forget(&self, now: Moment) {
        if self.read().values().any(|entry| entry.forget_at <= now) {
            self.write().retain(|_, entry| entry.forget_at > now);
        }
    }

    fn ends(&self, subjects: &[Option<Id>], issued: i64) -> bool {
        let entries = self.read();
        subjects.iter().flatten().any(|subject| entries.get(subject).is_some_and(|entry| entry.ends(issued)))
    }
}

impl Division {
    /// Whether a token that was issued at a second since the epoch was ended, by any of what it names: its session,
    /// organisation, store or till.
    #[must_use]
    pub fn is_revoked(&self, subjects: &[Option<Id>], issued: i64) -> bool {
        self.0.revoked.ends(subjects, issued)
    }

    /// Reads every second what other replicas have ended. Run as a task of its own.
    pub async fn follow_revocations(self) {
        loop {
            tokio::time::sleep(EVERY).await;
            if let Err(failure) = self.read_revocations().await {
                warn!(?failure, "tokens that other replicas ended are not known while the database is away");
            }
        }
    }

    /// Reads once what other replicas have ended.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn read_revocations(&self) -> Result<(), Failure> {
        let (after, now) = (self.read_to(), self.now());
        let new = self.read(move |tx| tx.revocations(after, now)).await?;
        self.keep(new, now);
        Ok(())
    }

    /// [`Division::read_revocations`] on the caller's thread.
    pub(super) fn read_revocations_blocking(&self) -> Result<(), Failure> {
        let (after, now) = (self.read_to(), self.now());
        let new = self.read_blocking(|tx| tx.revocations(after, now))?;
        self.keep(new, now);
        Ok(())
    }

    fn read_to(&self) -> Moment {
        *self.0.revoked.read_to.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, new: Vec<Revocation>, now: Moment) {
        if let Some(newest) = new.iter().map(|revocation| revocation.at).max() {
            *self.0.revoked.read_to.lock().unwrap_or_else(PoisonError::into_inner) = newest;
        }
        self.0.revoked.take(new);
        self.0.revoked.forget(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Moment = Moment(1_780_000_000_000_000);

    #[test]
    fn a_token_is_ended_by_any_of_what_it_names_and_only_as_long_as_need_be() {
        let revoked = Revoked::default();
        let [session, shop, other] = ["session", "shop", "other"].map(|word| Id::digest(&[word]));
        let ends = |revoked: &Revoked, subject| revoked.ends(&[None, Some(subject)], AT.seconds() + 1);
        revoked.take(vec![Revocation::of_session(session, AT), Revocation::of_party(shop, AT)]);
        assert!(ends(&revoked, session) && ends(&revoked, shop));
        assert!(!ends(&revoked, other) && !revoked.ends(&[None], 0));
        // A word of before that comes late changes nothing.
        let back = Revocation::of_party(shop, AT).lifted(AT.plus_seconds(2));
        revoked.take(vec![back]);
        revoked.take(vec![Revocation::of_party(shop, AT)]);
        assert!(!ends(&revoked, shop));
        assert!(revoked.ends(&[Some(shop)], AT.seconds()));
        revoked.forget(AT.plus_seconds(3600));
        assert!(!ends(&revoked, session));
        assert!(revoked.ends(&[Some(shop)], AT.seconds()));
    }
}
