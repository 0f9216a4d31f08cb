//! So many in so long: the generic cell rate algorithm (ITU-T I.371), over a table of a fixed size.
//!
//! Each key has one number, the moment at which its allowance is whole again. A request moves it on by what one request
//! costs, and is refused when it would come to lie more than a window ahead. Who has been away for a window may send the
//! whole allowance at once; who has used it up gets it back evenly.

use std::fmt;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use crate::domain::time::Moment;

/// Parts of a table that are locked apart, so that threads seldom meet.
const PARTS: usize = 16;
/// Groups of a part; a key belongs to one group.
const GROUPS: usize = 512;
/// Keys of a group.
const PLACES: usize = 8;
const MICROS: i64 = 1_000_000;
/// No window is longer.
const LONGEST: u32 = 24 * 3600;

/// So many requests in so many seconds; written `300/60`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    quota: u32,
    seconds: u32,
}

/// A text is no rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected requests/seconds such as 300/60: 1 to 1000000 requests in 1 to 86400 seconds")]
pub struct NoRate;

impl Rate {
    /// At most `quota` requests in so many seconds.
    #[must_use]
    pub const fn of(quota: u32, seconds: u32) -> Self {
        Self { quota, seconds }
    }

    /// What one request costs, in microseconds of the window, rounded up.
    fn cost(self) -> i64 {
        let (window, quota) = (i64::from(self.seconds) * MICROS, i64::from(self.quota).max(1));
        (window + quota - 1) / quota
    }

    /// The requests.
    #[must_use]
    pub const fn quota(self) -> u32 {
        self.quota
    }

    /// The seconds.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        self.seconds
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.quota, self.seconds)
    }
}

impl FromStr for Rate {
    type Err = NoRate;

    fn from_str(text: &str) -> Result<Self, NoRate> {
        let (quota, seconds) = text.split_once('/').ok_or(NoRate)?;
        let number = |text: &str, most: u32| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|number| digits && (1..=most).contains(number)).ok_or(NoRate)
        };
        Ok(Self { quota: number(quota, 1_000_000)?, seconds: number(seconds, LONGEST)? })
    }
}

/// How a key stands with a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Requests that it still has.
    pub remaining: u32,
    /// Seconds until it has all of them again, rounded up.
    pub whole_in: u32,
    /// Of a refused request: seconds until one is taken, rounded up; at least one.
    pub wait: Option<u32>,
}

#[derive(Clone, Copy, Default)]
struct Place {
    /// A digest of the key; 0 is a free place.
    key: u64,
    /// The moment, in microseconds, at which the key's allowance is whole again.
    whole_at: i64,
}

/// How far each of the keys of late has used its allowance. The table has a fixed size, whatever the number of keys: where
/// its group is full, a new key takes the place of the one whose allowance is whole first, which has least to lose.
pub struct Table {
    rate: Rate,
    /// Drawn anew by each process, so that nobody can choose keys that fall into one group.
    hasher: RandomState,
    parts: Vec<Mutex<Vec<Place>>>,
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("rate", &self.rate).finish_non_exhaustive()
    }
}

impl Table {
    /// A table of one megabyte, in which nobody has used anything.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        let part = || Mutex::new(vec![Place::default(); GROUPS * PLACES]);
        Self { rate, hasher: RandomState::new(), parts: (0..PARTS).map(|_| part()).collect() }
    }

    /// The rate.
    #[must_use]
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// Takes one request of a key, or refuses it; a refused one costs nothing.
    pub fn take(&self, key: &impl Hash, now: Moment) -> Standing {
        let (cost, quota) = (self.rate.cost(), i64::from(self.rate.quota));
        let window = cost * quota;
        self.at(key, |place| {
            // Where the clock was set back, nobody waits for longer than a window.
            let before = place.whole_at.clamp(now.0, now.0.saturating_add(window));
            let after = before.saturating_add(cost);
            let over = after.saturating_sub(now.0.saturating_add(window));
            if over > 0 {
                place.whole_at = before;
                return Standing { remaining: 0, whole_in: seconds(before - now.0), wait: Some(seconds(over).max(1)) };
            }
            place.whole_at = after;
            let remaining = u32::try_from(-over / cost).unwrap_or(0);
            Standing { remaining, whole_in: seconds(after - now.0), wait: None }
        })
    }

    /// Gives back what one request of a key cost.
    pub fn give_back(&self, key: &impl Hash) {
        let cost = self.rate.cost();
        self.at(key, |place| place.whole_at = place.whole_at.saturating_sub(cost));
    }

    /// Works on a key's place. The lock is held for a look at eight places and no longer.
    fn at<T>(&self, key: &impl Hash, work: impl FnOnce(&mut Place) -> T) -> T {
        let digest = self.hasher.hash_one(key).max(1);
        let index = |count: usize, bits: u32| usize::try_from(digest >> bits).unwrap_or(0) % count;
        // Each change of a part is whole before anything can panic, so a poisoned one is still sound.
        let mut part = self.parts[index(PARTS, 60)].lock().unwrap_or_else(PoisonError::into_inner);
        let first = index(GROUPS, 40) * PLACES;
        let group = &mut part[first..first + PLACES];
        let own = group.iter().position(|place| place.key == digest);
        let found = own.unwrap_or_else(|| {
            let first_whole = (0..PLACES).min_by_key(|place| group[*place].whole_at).unwrap_or(0);
            group[first_whole] = Place { key: digest, whole_at: i64::MIN };
            first_whole
        });
        work(&mut group[found])
    }
}

fn seconds(micros: i64) -> u32 {
    u32::try_from(micros.saturating_add(MICROS - 1).div_euclid(MICROS)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(1_781_800_000_000_000);

    fn taken(table: &Table, key: u32, times: u32, now: Moment) -> u32 {
        (0..times).filter(|_| table.take(&key, now).wait.is_none()).count().try_into().unwrap()
    }

    #[test]
    fn a_rate_has_one_spelling() {
        assert_eq!("300/60".parse(), Ok(Rate::of(300, 60)));
        assert_eq!(Rate::of(5, 3600).to_string(), "5/3600");
        for wrong in
            ["", "300", "300/", "/60", "0/60", "300/0", "+3/60", "-1/1", "3/86401", "1000001/1", "3/6/0", "３/6"]
        {
            assert_eq!(wrong.parse::<Rate>(), Err(NoRate), "{wrong}");
        }
    }

    #[test]
    fn the_allowance_is_had_at_once_and_comes_back_evenly() {
        let table = Table::new(Rate::of(300, 60));
        let first = table.take(&1, NOW);
        assert_eq!(first, Standing { remaining: 299, whole_in: 1, wait: None });
        assert_eq!(taken(&table, 1, 298, NOW), 298);
        assert_eq!(table.take(&1, NOW), Standing { remaining: 0, whole_in: 60, wait: None });
        let refused = Standing { remaining: 0, whole_in: 60, wait: Some(1) };
        assert_eq!(table.take(&1, NOW), refused);
        assert_eq!(table.take(&1, NOW), refused, "a refused request costs nothing");
        assert_eq!(taken(&table, 2, 1000, NOW), 300, "another key has its own");
        assert_eq!(taken(&table, 1, 1000, NOW.plus_seconds(1)), 5, "five a second");
        assert_eq!(taken(&table, 1, 1000, NOW.plus_seconds(31)), 150);
        assert_eq!(taken(&table, 1, 1000, NOW.plus_seconds(1000)), 300, "no more than one window is saved up");
    }

    #[test]
    fn a_quota_that_does_not_divide_its_window_is_still_one() {
        for (quota, seconds) in [(7, 1), (3, 10), (999_999, 7), (1, 86_400), (1_000_000, 1)] {
            let table = Table::new(Rate::of(quota, seconds));
            assert_eq!(taken(&table, 1, quota + 5, NOW), quota, "{quota}/{seconds}");
        }
    }

    #[test]
    fn who_must_wait_is_told_how_long() {
        let table = Table::new(Rate::of(5, 3600));
        assert_eq!(taken(&table, 1, 5, NOW), 5);
        let wait = table.take(&1, NOW).wait.unwrap();
        assert_eq!(wait, 720);
        assert!(table.take(&1, NOW.plus_seconds(i64::from(wait) - 1)).wait.is_some());
        assert!(table.take(&1, NOW.plus_seconds(i64::from(wait))).wait.is_none());
    }

    #[test]
    fn what_was_given_back_can_be_taken_again() {
        let table = Table::new(Rate::of(5, 3600));
        for _ in 0..100 {
            assert_eq!(table.take(&1, NOW).wait, None);
            table.give_back(&1);
        }
        table.give_back(&2);
        assert_eq!([taken(&table, 1, 9, NOW), taken(&table, 2, 9, NOW)], [5, 5], "nothing is saved up by giving back");
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out_for_longer_than_a_window() {
        let table = Table::new(Rate::of(5, 60));
        assert_eq!(taken(&table, 1, 9, NOW.plus_seconds(1_000_000)), 5);
        assert_eq!(table.take(&1, NOW).wait, Some(12));
        assert_eq!(taken(&table, 1, 9, NOW.plus_seconds(60)), 5);
    }

    #[test]
    fn a_table_does_not_grow_and_keeps_those_who_wait_longest() {
        let table = Table::new(Rate::of(2, 3600));
        assert_eq!(taken(&table, 0, 9, NOW), 2);
        for stranger in 1..300_000 {
            table.take(&stranger, NOW.plus_seconds(1));
        }
        let places: usize = table.parts.iter().map(|part| part.lock().unwrap().len()).sum();
        assert_eq!(places, PARTS * GROUPS * PLACES);
        assert!(table.take(&0, NOW.plus_seconds(1)).wait.is_some(), "strangers do not wash a key away");
    }

    #[test]
    fn threads_share_one_allowance() {
        let table = Table::new(Rate::of(1000, 60));
        let taken: u32 = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| taken(&table, 1, 500, NOW))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(taken, 1000);
    }
}
