//! The service's clock: the machine's, moved by a fixed offset for demonstrations.

use chrono::Utc;

use crate::domain::time::Moment;

/// A clock that runs at the machine's pace, some time ahead or behind.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    offset_micros: i64,
}

impl Clock {
    /// A clock that shows `start` now and runs on from there.
    #[must_use]
    pub fn starting_at(start: Moment) -> Self {
        Self { offset_micros: start.0.saturating_sub(machine_now().0) }
    }

    /// What it shows now.
    #[must_use]
    pub fn now(self) -> Moment {
        self.shift(machine_now())
    }

    /// What it shows when another clock, the database server's, shows `at`.
    #[must_use]
    pub fn shift(self, at: Moment) -> Moment {
        Moment(at.0.saturating_add(self.offset_micros))
    }
}

/// The one place that reads the machine's clock for the engine.
#[allow(clippy::disallowed_methods)]
fn machine_now() -> Moment {
    Moment::from_utc(Utc::now())
}
