//! The service's clock: the machine's, moved by a fixed offset for demonstrations, or one that stands still for tests.

use chrono::Utc;

use crate::domain::time::Moment;

/// A clock that runs at the machine's pace, some time ahead or behind, or that stands.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Pace);

#[derive(Clone, Copy, Debug)]
enum Pace {
    /// Ahead of the machine by so many microseconds.
    Runs { offset_micros: i64 },
    /// Always the same.
    Stands(Moment),
}

impl Default for Clock {
    fn default() -> Self {
        Self(Pace::Runs { offset_micros: 0 })
    }
}

impl Clock {
    /// A clock that shows `start` now and runs on from there.
    #[must_use]
    pub fn starting_at(start: Moment) -> Self {
        Self(Pace::Runs { offset_micros: start.0.saturating_sub(machine_now().0) })
    }

    /// A clock that always shows `at`, so that a run can be repeated to the millisecond.
    #[must_use]
    pub fn standing_at(at: Moment) -> Self {
        Self(Pace::Stands(at))
    }

    /// What it shows now.
    #[must_use]
    pub fn now(self) -> Moment {
        self.shift(machine_now())
    }

    /// What it shows when another clock, the database server's, shows `at`.
    #[must_use]
    pub fn shift(self, at: Moment) -> Moment {
        match self.0 {
            Pace::Runs { offset_micros } => Moment(at.0.saturating_add(offset_micros)),
            Pace::Stands(at) => at,
        }
    }
}

/// The one place that reads the machine's clock for the engine.
#[allow(clippy::disallowed_methods)]
fn machine_now() -> Moment {
    Moment::from_utc(Utc::now())
}
