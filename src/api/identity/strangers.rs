//! Logins that nobody has are locked as accounts are, so that a lock does not tell which logins there are. They are kept
//! in memory alone: whoever could fill a table with logins of his own making would.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use crate::domain::account::SignInPolicy;
use crate::domain::id::Id;
use crate::domain::time::Moment;

/// How many are remembered; the one that was tried least recently goes first.
const MOST: usize = 10_000;

#[derive(Clone, Copy, Debug)]
struct Tried {
    failed: u32,
    until: Option<Moment>,
    at: Moment,
}

#[derive(Debug, Default)]
struct Known {
    tried: HashMap<Id, Tried>,
    by_time: BTreeSet<(Moment, Id)>,
}

/// How often logins that nobody has were tried.
#[derive(Debug, Default)]
pub(super) struct Strangers(Mutex<Known>);

impl Strangers {
    /// Until when a login is locked.
    pub(super) fn locked_until(&self, login: Id) -> Option<Moment> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).tried.get(&login).and_then(|tried| tried.until)
    }

    /// Notes a try.
    pub(super) fn failed(&self, login: Id, at: Moment, policy: SignInPolicy) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known.tried.get(&login).copied();
        if let Some(before) = before {
            known.by_time.remove(&(before.at, login));
        }
        let failed = before.map_or(0, |before| before.failed).saturating_add(1);
        known.tried.insert(login, Tried { failed, until: policy.locked_until(failed, at), at });
        known.by_time.insert((at, login));
        while known.tried.len() > MOST {
            let Some((_, oldest)) = known.by_time.pop_first() else { break };
            known.tried.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Moment = Moment(1_780_000_000_000_000);

    #[test]
    fn a_login_that_nobody_has_is_locked_like_an_account() {
        let (strangers, policy, login) = (Strangers::default(), SignInPolicy::default(), Id::digest(&["nobody"]));
        for failed in 1..=7 {
            let at = AT.plus_seconds(i64::from(failed) * 1000);
            strangers.failed(login, at, policy);
            assert_eq!(strangers.locked_until(login), policy.locked_until(failed, at));
        }
        assert_eq!(strangers.locked_until(Id::NIL), None);
    }

    #[test]
    fn the_memory_is_bounded_and_keeps_the_newest() {
        let (strangers, policy) = (Strangers::default(), SignInPolicy { tries: 1, ..SignInPolicy::default() });
        let login = |number: usize| Id::digest(&[&number.to_string()]);
        for number in 0..=MOST {
            strangers.failed(login(number), AT.plus_seconds(i64::try_from(number).unwrap()), policy);
        }
        let known = strangers.0.lock().unwrap();
        assert_eq!((known.tried.len(), known.by_time.len()), (MOST, MOST));
        assert!(!known.tried.contains_key(&login(0)) && known.tried.contains_key(&login(MOST)));
    }
}
