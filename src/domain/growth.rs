//! The growth report: how far appliance trade-ins are on the way to 30 percent more than in 2023.
//!
//! Every figure is a fraction of integers, rounded once, half up (away from zero), to two places.

use chrono::Datelike;
use rust_decimal::Decimal;

use super::records::Baseline;
use super::time::Day;

/// The year that growth is measured against.
pub const BASE_YEAR: i32 = 2023;
/// The first year of the report.
pub const FIRST_YEAR: i32 = BASE_YEAR + 1;
/// What is counted: a new appliance redeemed with an old appliance matched to it.
pub const UNIT: &str = "appliance_trade_in";

/// What is known of a year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The year.
    pub year: i32,
    /// Appliance trade-ins completed in the service, returns taken away.
    pub completed: i64,
    /// Trade-ins outside the service.
    pub off_system: i64,
    /// Subsidised appliances without an old item.
    pub without_old_item: i64,
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
    /// (A−B)/B.
    pub growth_percent: Option<Decimal>,
    /// (A−B)/(T−B).
    pub share_of_required_growth_percent: Option<Decimal>,
    /// B × (100 + 7.5 × (y − 2023)) / 100.
    pub path: Option<Decimal>,
    /// A − path.
    pub ahead_by: Option<Decimal>,
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
    /// Whether 100·A ≥ 130·B in a calendar year.
    pub reached: bool,
    /// In which first.
    pub reached_in: Option<i32>,
}

/// The report of a year, seen from a day, with what is known of each year. Years that are not named are zero.
#[must_use]
pub fn report(year: i32, today: Day, baseline: Option<Baseline>, counts: &[Counts]) -> Report {
    let base = baseline.as_ref().and_then(|baseline| i64::try_from(baseline.value).ok()).filter(|value| *value >= 1);
    let years: Vec<Year> = (FIRST_YEAR..=year).map(|year| of_year(year, base, counts)).collect();
    let reached = |asked: &&Year| base.is_some_and(|base| 100 * i128::from(asked.actual) >= 130 * i128::from(base));
    let reached_in = years.iter().find(reached).map(|year| year.year);
    let monthly = baseline.as_ref().and_then(|baseline| baseline.monthly.as_deref());
    let actual = actual(year, counts);
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

fn actual(year: i32, counts: &[Counts]) -> i64 {
    counts.iter().filter(|known| known.year == year).map(|known| known.completed + known.off_system).sum()
}

fn target(base: i64) -> i64 {
    i64::try_from((i128::from(base) * 130 + 99) / 100).unwrap_or(i64::MAX)
}

fn of_year(year: i32, base: Option<i64>, counts: &[Counts]) -> Year {
    let known = || counts.iter().filter(|known| known.year == year);
    let actual = actual(year, counts);
    let growth = |base: i64| i128::from(actual) - i128::from(base);
    let path = base.map(|base| path_hundredths(base, year));
    Year {
        year,
        completed: known().map(|known| known.completed).sum(),
        off_system: known().map(|known| known.off_system).sum(),
        actual,
        subsidised_without_old_item: known().map(|known| known.without_old_item).sum(),
        growth_percent: base.and_then(|base| hundredths(growth(base) * 10_000, i128::from(base))),
        share_of_required_growth_percent: base
            .and_then(|base| hundredths(growth(base) * 10_000, i128::from(target(base)) - i128::from(base))),
        path: path.map(two_places),
        ahead_by: path.map(|path| two_places(i128::from(actual) * 100 - path)),
    }
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
mod tests {
    use super::*;
    use crate::domain::id::Id;
    use crate::domain::time::Moment;

    fn baseline(value: u64, monthly: Option<Vec<u64>>) -> Baseline {
        let source = "statistics".into();
        Baseline { id: Id::NIL, year: 2023, value, source, monthly, author: Id::NIL, at: Moment(0) }
    }

    fn counted(year: i32, completed: i64, off_system: i64) -> Counts {
        Counts { year, completed, off_system, without_old_item: 7 }
    }

    fn day(number: i32) -> Day {
        Day::from_number(number).unwrap()
    }

    fn text(value: Option<Decimal>) -> String {
        value.map_or_else(|| "null".to_owned(), |value| value.to_string())
    }

    #[test]
    fn the_worked_example_to_the_last_digit() {
        let counts = [counted(2025, 23_000, 400), counted(2026, 11_500, 0)];
        let report = report(2026, day(20_260_630), Some(baseline(20_000, None)), &counts);
        assert_eq!((report.target, report.reached, report.reached_in), (Some(26_000), false, None));
        assert_eq!(report.years.iter().map(|year| year.year).collect::<Vec<_>>(), [2024, 2025, 2026]);
        let past = &report.years[1];
        assert_eq!((past.completed, past.off_system, past.actual), (23_000, 400, 23_400));
        assert_eq!(text(past.growth_percent), "17.00");
        assert_eq!(text(past.share_of_required_growth_percent), "56.67");
        assert_eq!((text(past.path), text(past.ahead_by)), ("23000.00".into(), "400.00".into()));
        assert_eq!(text(report.years[2].path), "24500.00");
        assert_eq!(report.years[0].subsidised_without_old_item, 0);
        let pace = report.pace;
        assert_eq!(pace.elapsed_days, 181);
        assert_eq!(text(pace.expected), "12149.32");
        assert_eq!(text(pace.percent), "94.66");
        assert_eq!(text(pace.needed_per_day), "70.65");
        assert_eq!(text(pace.projection), "23190.61");
    }

    #[test]
    fn a_year_that_is_over_is_measured_whole() {
        let counts = [counted(2025, 23_400, 0)];
        let pace = report(2025, day(20_260_630), Some(baseline(20_000, None)), &counts).pace;
        assert_eq!((pace.elapsed_days, text(pace.percent)), (365, "101.74".into()));
        assert_eq!((text(pace.needed_per_day), text(pace.projection)), ("0.00".into(), "23400.00".into()));
        let short = report(2025, day(20_260_101), Some(baseline(20_000, None)), &[]).pace;
        assert_eq!((text(short.needed_per_day), text(short.percent)), ("null".into(), "0.00".into()));
        let early = report(2027, day(20_261_231), Some(baseline(20_000, None)), &[]).pace;
        assert_eq!(
            (early.elapsed_days, text(early.percent), text(early.projection)),
            (0, "null".into(), "null".into())
        );
        assert_eq!(text(early.needed_per_day), "71.23");
    }

    #[test]
    fn without_a_baseline_there_are_no_percentages() {
        let report = report(2026, day(20_260_630), None, &[counted(2026, 10, 5)]);
        let year = &report.years[2];
        assert_eq!((year.actual, year.growth_percent, year.path, year.ahead_by), (15, None, None, None));
        assert_eq!((report.target, report.reached, report.pace.percent), (None, false, None));
        assert_eq!((report.pace.expected, report.pace.needed_per_day), (None, None));
    }

    #[test]
    fn the_target_is_rounded_up_and_reached_in_integers() {
        let reached =
            |value, actual| report(2026, day(20_261_231), Some(baseline(value, None)), &[counted(2025, actual, 0)]);
        let one = reached(1, 1);
        assert_eq!((one.target, one.reached), (Some(2), false));
        assert_eq!(reached(1, 2).reached_in, Some(2025));
        let hundred = reached(101, 131);
        assert_eq!((hundred.target, hundred.reached), (Some(132), false));
        assert!(reached(101, 132).reached);
        assert_eq!(text(reached(3, 2).years[1].growth_percent), "-33.33");
    }

    #[test]
    fn the_monthly_profile_shapes_the_pace_alone() {
        let profile = Some(vec![0, 0, 0, 0, 0, 10_000, 0, 0, 0, 0, 10_000, 0]);
        let counts = [counted(2026, 11_500, 0)];
        let half = report(2026, day(20_260_615), Some(baseline(20_000, profile.clone())), &counts).pace;
        assert_eq!((text(half.expected), text(half.percent)), ("6125.00".into(), "187.76".into()));
        let none = report(2026, day(20_260_531), Some(baseline(20_000, profile.clone())), &counts).pace;
        assert_eq!((text(none.expected), none.percent), ("0.00".into(), None));
        let over = report(2026, day(20_270_101), Some(baseline(20_000, profile)), &counts).pace;
        assert_eq!(text(over.expected), "24500.00");
        assert_eq!(Calendar::of(2028, day(20_281_231)).elapsed, 366);
    }
}
