//! Working days: weekdays that are no public holiday, and the weekend days on which work is made up for one.
//!
//! Each year's holidays and make-up days are arranged by the State Council (国务院办公厅关于节假日安排的通知) late in the year
//! before. They are data, a file per year. Of a year without one only weekends are known, and whoever counts days of it
//! is told so.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike as _, Weekday};
use serde::{Deserialize, Serialize};

use super::time::Day;

/// The file of one year.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    year: i32,
    /// Where it is announced.
    source: String,
    holidays: Vec<Span>,
    made_up: Vec<Day>,
}

/// Days in a row, both ends included.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Span {
    name: String,
    from: Day,
    to: Day,
}

/// What is known of one year.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Year {
    holidays: BTreeSet<i32>,
    made_up: BTreeSet<i32>,
}

/// Why a calendar file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// It is not TOML of the expected form.
    #[error("{0}")]
    Form(String),
    /// A day is not of the file's year, or a span ends before it begins.
    #[error("{0}: expected days of {1}, each span from its first day to its last")]
    Day(String, i32),
    /// Work is made up for on a day that is free, or on one on which everybody works anyway.
    #[error("{0} is made up for, but it is no weekend day, or a holiday")]
    MadeUp(Day),
    /// Another file was of the same year.
    #[error("there are two calendars of {0}")]
    Twice(i32),
}

/// The calendars that are known, by year.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendars {
    years: BTreeMap<i32, Year>,
}

/// A day that is so many working days after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The day.
    pub day: Day,
    /// Whether every year on the way has a calendar; else holidays of one are not known, and the day may be too early.
    pub holidays_known: bool,
}

impl Calendars {
    /// Adds the calendar of one year.
    ///
    /// # Errors
    /// [`CalendarError`]; then nothing is added.
    pub fn add(&mut self, text: &str) -> Result<i32, CalendarError> {
        let File { year, source, holidays, made_up } =
            toml::from_str(text).map_err(|why| CalendarError::Form(why.message().to_owned()))?;
        if source.trim().is_empty() {
            return Err(CalendarError::Form("source: expected where the arrangement was announced".to_owned()));
        }
        if self.years.contains_key(&year) {
            return Err(CalendarError::Twice(year));
        }
        let mut known = Year { holidays: BTreeSet::new(), made_up: BTreeSet::new() };
        for Span { name, from, to } in holidays {
            if from > to || from.year() != year || to.year() != year {
                return Err(CalendarError::Day(name, year));
            }
            let mut day = from;
            while day <= to {
                known.holidays.insert(day.number());
                day = day.next();
            }
        }
        for day in made_up {
            if day.year() != year {
                return Err(CalendarError::Day(day.to_string(), year));
            }
            if !is_weekend(day) || known.holidays.contains(&day.number()) {
                return Err(CalendarError::MadeUp(day));
            }
            known.made_up.insert(day.number());
        }
        self.years.insert(year, known);
        Ok(year)
    }

    /// Whether people work on a day.
    #[must_use]
    pub fn is_working(&self, day: Day) -> bool {
        match self.years.get(&day.year()) {
            Some(year) if year.made_up.contains(&day.number()) => true,
            Some(year) if year.holidays.contains(&day.number()) => false,
            _ => !is_weekend(day),
        }
    }

    /// The last day of a term of so many working days, of which the first is the working day after `from`.
    #[must_use]
    pub fn after(&self, from: Day, working_days: u32) -> Due {
        let (mut day, mut left, mut holidays_known) = (from, working_days, self.years.contains_key(&from.year()));
        while left > 0 {
            let next = day.next();
            if next == day {
                // The last day that there is.
                break;
            }
            day = next;
            holidays_known &= self.years.contains_key(&day.year());
            left -= u32::from(self.is_working(day));
        }
        Due { day, holidays_known }
    }
}

fn is_weekend(day: Day) -> bool {
    matches!(day.0.weekday(), Weekday::Sat | Weekday::Sun)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF_2026: &str = include_str!("../../calendars/2026.toml");

    fn day(text: &str) -> Day {
        Day(text.parse().unwrap())
    }

    fn known() -> Calendars {
        let mut calendars = Calendars::default();
        assert_eq!(calendars.add(OF_2026), Ok(2026));
        calendars
    }

    #[test]
    fn holidays_are_free_and_make_up_days_are_not() {
        let calendars = known();
        for (text, works) in [
            ("2026-02-13", true),  // Friday before the Spring Festival
            ("2026-02-14", true),  // a Saturday that is made up for
            ("2026-02-15", false), // the festival begins
            ("2026-02-23", false), // its last day, a Monday
            ("2026-02-24", true),
            ("2026-02-28", true), // another Saturday that is made up for
            ("2026-03-01", false),
            ("2026-10-10", true),
            ("2026-06-18", true),
        ] {
            assert_eq!(calendars.is_working(day(text)), works, "{text}");
        }
    }

    #[test]
    fn a_term_counts_from_the_day_after_and_skips_what_is_free() {
        let calendars = known();
        for (from, days, to) in [
            ("2026-06-17", 3, "2026-06-23"), // 18; the Dragon Boat Festival 19–21; 22, 23
            ("2026-02-13", 2, "2026-02-24"), // 14; the festival; 24
            ("2026-09-30", 1, "2026-10-08"),
            ("2026-06-18", 0, "2026-06-18"),
        ] {
            assert_eq!(calendars.after(day(from), days), Due { day: day(to), holidays_known: true }, "{from} + {days}");
        }
    }

    #[test]
    fn a_year_without_a_file_counts_weekends_only_and_says_so() {
        assert_eq!(known().after(day("2026-12-31"), 1), Due { day: day("2027-01-01"), holidays_known: false });
        let due = Calendars::default().after(day("2026-10-01"), 5);
        assert_eq!(due, Due { day: day("2026-10-08"), holidays_known: false });
    }

    #[test]
    fn a_file_that_contradicts_itself_is_refused() {
        let with = |lines: &str| Calendars::default().add(&format!("year = 2027\nsource = \"x\"\n{lines}"));
        let span = |from: &str, to: &str| {
            with(&format!("holidays = [{{name = \"n\", from = \"{from}\", to = \"{to}\"}}]\nmade_up = []"))
        };
        assert!(matches!(span("2027-01-03", "2027-01-01"), Err(CalendarError::Day(..))));
        assert!(matches!(span("2026-12-31", "2027-01-01"), Err(CalendarError::Day(..))));
        assert!(matches!(with("holidays = []\nmade_up = [\"2027-01-04\"]"), Err(CalendarError::MadeUp(_))));
        assert!(matches!(with("holidays = []\nmade_up = []\nmore = 1"), Err(CalendarError::Form(_))));
        assert!(matches!(with("holidays = []"), Err(CalendarError::Form(_))));
        assert_eq!(known().add(OF_2026), Err(CalendarError::Twice(2026)));
    }
}
