//! The growth report: how far appliance trade-ins are on the way to 30 percent more than in 2023.
//!
//! Every figure is a fraction of integers, rounded once, half up (away from zero), to two places.

use chrono::Datelike;
use rust_decimal::Decimal;

use super::command::Act;
use super::goods::Category;
use super::records::{Baseline, OffSystem};
use super::time::{Day, Moment};

/// The year that growth is measured against.
pub const BASE_YEAR: i32 = 2023;
/// The first year of the report.
pub const FIRST_YEAR: i32 = BASE_YEAR + 1;
/// The year in which the plan wants the target reached.
pub const LAST_PLANNED_YEAR: i32 = 2027;
/// What is counted: a new appliance redeemed with an old appliance matched to it.
pub const UNIT: &str = "appliance_trade_in";

/// Appliances of one category that were subsidised for one year, returns taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The year.
    pub year: i32,
    /// Category of the new appliance.
    pub category: Category,
    /// With an old appliance matched to them: trade-ins.
    pub completed: i64,
    /// Without one.
    pub without_old_item: i64,
}

/// Everything that a report is made of, as known at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The newest baseline.
    pub baseline: Option<Baseline>,
    /// What the service counted, at most once per year and category.
    pub counted: Vec<Counted>,
    /// Trade-ins outside the service: the newest figure of each month.
    pub off_system: Vec<OffSystem>,
}

/// A year of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Year {
    /// The year.
    pub year: i32,
    /// Appliance trade-ins completed in the service.
    pub completed: i64,
    /// Trade-ins outside the service.
    pub off_system: i64,
    /// Both: A.
    pub actual: i64,
    /// Shown beside it, not in it.
    pub subsidised_without_old_item: i64,
    /// What the service counted, by category; a category of which nothing is known is left out.
    pub by_category: Vec<Counted>,
    /// (A−B)/B.
    pub growth_percent: Option<Decimal>,
    /// (A−B)/(T−B).
    pub share_of_required_growth_percent: Option<Decimal>,
    /// B × (100 + 7.5 × (y − 2023)) / 100.
    pub path: Option<Decimal>,
    /// A − path.
    pub ahead_by: Option<Decimal>,
    /// A in percent of the path.
    pub percent_of_path: Option<Decimal>,
}

/// How the year that was asked for goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Days of the year up to and with the day of the report.
    pub elapsed_days: i64,
    /// The part of the year's path that these days ask for.
    pub expected: Option<Decimal>,
    /// A in percent of it.
    pub percent: Option<Decimal>,
    /// What each day left must bring to reach the year's path; zero once it is reached, nothing when no day is left.
    pub needed_per_day: Option<Decimal>,
    /// A × days of the year ÷ elapsed days.
    pub projection: Option<Decimal>,
}

/// The report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What is counted.
    pub unit: &'static str,
    /// B, with its source; without it every percentage is absent.
    pub baseline: Option<Baseline>,
    /// T = ceil(B × 130 / 100).
    pub target: Option<i64>,
    /// Every year from 2024 to the one that was asked for, zero or not.
    pub years: Vec<Year>,
    /// Of the year that was asked for.
    pub pace: Pace,
    /// Whether 100·A ≥ 130·B in one of these calendar years; true at once when it is, however much of the year is left.
    pub reached: bool,
    /// In which first.
    pub reached_in: Option<i32>,
}

/// As known at which moment a report is made that was asked for as known at `asked` (now unless said), where `now` was
/// read before the records and `newest` is the time of the newest of them.
///
/// Nothing is known beyond the newest record, so the moment is cut to it, but never to before the day of the report:
/// the same report, whatever is recorded later, is had again by asking for it as known at this moment.
#[must_use]
pub fn known_at(asked: Option<Moment>, now: Moment, newest: Moment) -> Moment {
    // A record of this very instant may be ahead of a clock that was read before it.
    let now = now.max(newest);
    let seen = asked.map_or(now, |at| at.min(now));
    seen.min(newest.max(seen.day().start()))
}

/// The report of a year, seen from a day, with what is known. A year of which nothing is known is zero.
#[must_use]
pub fn report(year: i32, today: Day, known: Known) -> Report {
    let Known { baseline, counted, off_system } = known;
    let base = baseline.as_ref().and_then(|baseline| i64::try_from(baseline.value).ok()).filter(|value| *value >= 1);
    let years: Vec<Year> = (FIRST_YEAR..=year).map(|year| of_year(year, base, &counted, &off_system)).collect();
    let reached = |asked: &&Year| base.is_some_and(|base| 100 * i128::from(asked.actual) >= 130 * i128::from(base));
    let reached_in = years.iter().find(reached).map(|year| year.year);
    let monthly = baseline.as_ref().and_then(|baseline| baseline.monthly.as_deref());
    let actual = years.last().map_or(0, |year| year.actual);
    let pace = pace(actual, &Calendar::of(year, today), base.map(|base| path_hundredths(base, year)), monthly);
    Report {
        unit: UNIT,
        target: base.map(target),
        years,
        pace,
        reached: reached_in.is_some(),
        reached_in,
        baseline: baseline.filter(|_| base.is_some()),
    }
}

/// Whether a baseline is what a command would enter, whoever entered it.
#[must_use]
pub fn says(baseline: &Baseline, act: &Act) -> bool {
    let Act::SetGrowthBaseline { year, value, source, monthly } = act else { return false };
    (baseline.year, baseline.value) == (*year, *value) && baseline.source == *source && baseline.monthly == *monthly
}

fn target(base: i64) -> i64 {
    i64::try_from((i128::from(base) * 130 + 99) / 100).unwrap_or(i64::MAX)
}

fn of_year(year: i32, base: Option<i64>, counted: &[Counted], off_system: &[OffSystem]) -> Year {
    let known = |known: &&Counted| known.year == year && (known.completed, known.without_old_item) != (0, 0);
    let mut by_category: Vec<Counted> = counted.iter().filter(known).copied().collect();
    by_category.sort_by_key(|known| known.category);
    let completed = by_category.iter().map(|known| known.completed).sum();
    let months = off_system.iter().filter(|figure| figure.month / 100 == year);
    let off_system = months.map(|figure| i64::try_from(figure.count).unwrap_or(i64::MAX)).fold(0, i64::saturating_add);
    let actual = off_system.saturating_add(completed);
    let growth = |base: i64| i128::from(actual) - i128::from(base);
    let path = base.map(|base| path_hundredths(base, year));
    Year {
        year,
        completed,
        off_system,
        actual,
        subsidised_without_old_item: by_category.iter().map(|known| known.without_old_item).sum(),
        by_category,
        growth_percent: base.and_then(|base| hundredths(growth(base) * 10_000, i128::from(base))),
        share_of_required_growth_percent: base
            .and_then(|base| hundredths(growth(base) * 10_000, i128::from(target(base)) - i128::from(base))),
        path: path.map(two_places),
        ahead_by: path.map(|path| two_places(i128::from(actual) * 100 - path)),
        percent_of_path: path.and_then(|path| hundredths(i128::from(actual) * 1_000_000, path)),
    }
}

/// The path of a year, with two decimals.
#[must_use]
pub fn path_of(base: i64, year: i32) -> Decimal {
    two_places(path_hundredths(base, year))
}

/// The path of a year in hundredths: the path is a figure of two decimals, and what follows from it goes by these.
fn path_hundredths(base: i64, year: i32) -> i128 {
    half_up(i128::from(base) * (1000 + 75 * i128::from(year - BASE_YEAR)), 10)
}

/// The days of the year that was asked for, seen from the day of the report.
struct Calendar {
    year: i32,
    elapsed: i64,
    days: i64,
    /// Month, from 0, and day of the last day that has elapsed.
    last: Option<(usize, i64)>,
}

impl Calendar {
    fn of(year: i32, today: Day) -> Self {
        let days: i64 = (0..12).map(|month| days_in(year, month)).sum();
        let (elapsed, last) = match today.year().cmp(&year) {
            std::cmp::Ordering::Less => (0, None),
            std::cmp::Ordering::Equal => {
                let month = usize::try_from(today.0.month0()).unwrap_or_default();
                (i64::from(today.0.ordinal()), Some((month, i64::from(today.0.day()))))
            }
            std::cmp::Ordering::Greater => (days, Some((11, 31))),
        };
        Self { year, elapsed, days, last }
    }

    /// The part of the year that has elapsed: by days, or by the months of a profile and the days of the last of them.
    fn elapsed_part(&self, monthly: Option<&[u64]>) -> (i128, i128) {
        let by_days = (i128::from(self.elapsed), i128::from(self.days));
        let Some(profile) = monthly.filter(|months| months.len() == 12 && months.iter().any(|month| *month > 0)) else {
            return by_days;
        };
        let total: i128 = profile.iter().map(|month| i128::from(*month)).sum();
        let Some((month, day)) = self.last else { return (0, total) };
        let before: i128 = profile.iter().take(month).map(|month| i128::from(*month)).sum();
        let current = profile.get(month).copied().map_or(0, i128::from);
        let length = i128::from(days_in(self.year, month));
        (before * length + current * i128::from(day), total * length)
    }
}

fn days_in(year: i32, month: usize) -> i64 {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    match month {
        1 => 28 + i64::from(leap),
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

fn pace(actual: i64, calendar: &Calendar, path: Option<i128>, monthly: Option<&[u64]>) -> Pace {
    let actual = i128::from(actual);
    let (part, whole) = calendar.elapsed_part(monthly);
    let left = i128::from(calendar.days - calendar.elapsed);
    let needed = |path: i128| match path - actual * 100 {
        short if short <= 0 => Some(two_places(0)),
        short => hundredths(short, left),
    };
    Pace {
        elapsed_days: calendar.elapsed,
        expected: path.and_then(|path| hundredths(path * part, whole)),
        percent: path.and_then(|path| hundredths(actual * 1_000_000 * whole, path * part)),
        needed_per_day: path.and_then(needed),
        projection: hundredths(actual * 100 * i128::from(calendar.days), i128::from(calendar.elapsed)),
    }
}

/// A fraction in hundredths as a decimal of two places; nothing without a positive denominator.
fn hundredths(numerator: i128, denominator: i128) -> Option<Decimal> {
    (denominator > 0).then(|| two_places(half_up(numerator, denominator)))
}

/// Division that rounds half up, away from zero; the denominator is positive.
fn half_up(numerator: i128, denominator: i128) -> i128 {
    let magnitude = (numerator.abs() * 2 + denominator) / (denominator * 2);
    if numerator < 0 { -magnitude } else { magnitude }
}

fn two_places(hundredths: i128) -> Decimal {
    Decimal::try_from_i128_with_scale(hundredths, 2).unwrap_or(Decimal::MAX)
}

#[cfg(test)]
mod tests;
