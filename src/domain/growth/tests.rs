//! The figures of the report, each worked out by hand.

use super::*;
use crate::domain::id::Id;

fn baseline(value: u64, monthly: Option<Vec<u64>>) -> Baseline {
    let source = "statistics".into();
    Baseline { id: Id::NIL, year: 2023, value, source, monthly, author: Id::NIL, at: Moment(0) }
}

/// The baseline, and year, completed and off-system counts; the latter are December's. Seven refrigerators a year
/// without an old item.
fn known(baseline: Option<Baseline>, years: &[(i32, i64, u64)]) -> Known {
    let category = Category::Refrigerator;
    let counted = years.iter().map(|(year, completed, _)| Counted {
        year: *year,
        category,
        completed: *completed,
        without_old_item: 7,
    });
    let off_system = years.iter().map(|(year, _, count)| off_system(year * 100 + 12, *count));
    Known { baseline, counted: counted.collect(), off_system: off_system.collect() }
}

fn off_system(month: i32, count: u64) -> OffSystem {
    OffSystem { id: Id::NIL, month, count, source: "retailers".into(), author: Id::NIL, at: Moment(0) }
}

fn day(number: i32) -> Day {
    Day::from_number(number).unwrap()
}

fn text(value: Option<Decimal>) -> String {
    value.map_or_else(|| "null".to_owned(), |value| value.to_string())
}

#[test]
fn the_worked_example_to_the_last_digit() {
    let known = known(Some(baseline(20_000, None)), &[(2025, 23_000, 400), (2026, 11_500, 0)]);
    let report = report(2026, day(20_260_630), known);
    assert_eq!((report.target, report.reached, report.reached_in), (Some(26_000), false, None));
    assert_eq!(report.years.iter().map(|year| year.year).collect::<Vec<_>>(), [2024, 2025, 2026]);
    let past = &report.years[1];
    assert_eq!((past.completed, past.off_system, past.actual), (23_000, 400, 23_400));
    assert_eq!(text(past.growth_percent), "17.00");
    assert_eq!(text(past.share_of_required_growth_percent), "56.67");
    assert_eq!((text(past.path), text(past.ahead_by)), ("23000.00".into(), "400.00".into()));
    assert_eq!(text(past.percent_of_path), "101.74");
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
    let pace = |year, today, years: &[(i32, i64, u64)]| {
        report(year, day(today), known(Some(baseline(20_000, None)), years)).pace
    };
    let past = pace(2025, 20_260_630, &[(2025, 23_400, 0)]);
    assert_eq!((past.elapsed_days, text(past.percent)), (365, "101.74".into()));
    assert_eq!((text(past.needed_per_day), text(past.projection)), ("0.00".into(), "23400.00".into()));
    let short = pace(2025, 20_260_101, &[]);
    assert_eq!((text(short.needed_per_day), text(short.percent)), ("null".into(), "0.00".into()));
    let early = pace(2027, 20_261_231, &[]);
    assert_eq!((early.elapsed_days, text(early.percent), text(early.projection)), (0, "null".into(), "null".into()));
    assert_eq!(text(early.needed_per_day), "71.23");
}

/// Leap years have a day more, the first day is elapsed, and on the last no day is left to make up for anything.
#[test]
fn the_first_and_the_last_day() {
    let pace = |today| report(2028, day(today), known(Some(baseline(20_000, None)), &[(2028, 100, 0)])).pace;
    let first = pace(20_280_101);
    assert_eq!((first.elapsed_days, text(first.expected)), (1, "75.14".into()));
    assert_eq!((text(first.needed_per_day), text(first.projection)), ("75.07".into(), "36600.00".into()));
    assert_eq!(pace(20_280_229).elapsed_days, 60);
    let last = pace(20_281_231);
    assert_eq!((last.elapsed_days, text(last.expected)), (366, "27500.00".into()));
    assert_eq!((text(last.needed_per_day), text(last.projection)), ("null".into(), "100.00".into()));
}

#[test]
fn without_a_baseline_there_are_no_percentages() {
    let report = report(2026, day(20_260_630), known(None, &[(2026, 10, 5)]));
    let year = &report.years[2];
    assert_eq!((year.actual, year.growth_percent, year.path, year.ahead_by), (15, None, None, None));
    assert_eq!((year.share_of_required_growth_percent, year.percent_of_path), (None, None));
    assert_eq!((report.target, report.reached, report.pace.percent), (None, false, None));
    assert_eq!((report.pace.expected, report.pace.needed_per_day), (None, None));
}

#[test]
fn the_target_is_rounded_up_and_reached_in_integers() {
    let reached = |value, actual| {
        report(2026, day(20_260_102), known(Some(baseline(value, None)), &[(2025, 0, 0), (2026, actual, 0)]))
    };
    let one = reached(1, 1);
    assert_eq!((one.target, one.reached), (Some(2), false));
    // Reached at once, on the second day of the year.
    assert_eq!((reached(1, 2).reached, reached(1, 2).reached_in), (true, Some(2026)));
    let hundred = reached(101, 131);
    assert_eq!((hundred.target, hundred.reached), (Some(132), false));
    assert!(reached(101, 132).reached);
    assert_eq!((reached(100, 129).reached, reached(100, 130).reached), (false, true));
    assert_eq!(text(reached(3, 2).years[2].growth_percent), "-33.33");
}

/// The first year counts, and a later one that falls back changes nothing.
#[test]
fn it_is_reached_in_the_first_year() {
    let years = [(2025, 131, 0), (2026, 150, 0), (2027, 0, 0)];
    let report = |year| report(year, day(20_270_101), known(Some(baseline(100, None)), &years));
    assert_eq!((report(2027).reached, report(2027).reached_in), (true, Some(2025)));
    assert_eq!((report(2024).reached, report(2024).reached_in), (false, None));
}

#[test]
fn the_monthly_profile_shapes_the_pace_alone() {
    let profile = Some(vec![0, 0, 0, 0, 0, 10_000, 0, 0, 0, 0, 10_000, 0]);
    let pace =
        |today| report(2026, day(today), known(Some(baseline(20_000, profile.clone())), &[(2026, 11_500, 0)])).pace;
    let half = pace(20_260_615);
    assert_eq!((text(half.expected), text(half.percent)), ("6125.00".into(), "187.76".into()));
    let none = pace(20_260_531);
    assert_eq!((text(none.expected), none.percent), ("0.00".into(), None));
    assert_eq!(text(pace(20_270_101).expected), "24500.00");
}

/// February of a leap year is spread over its 29 days, whatever 2023's had.
#[test]
fn the_monthly_profile_in_a_leap_year() {
    let mut months = vec![0; 12];
    months[1] = 29;
    let pace = |today| report(2028, day(today), known(Some(baseline(29, Some(months.clone()))), &[])).pace;
    assert_eq!(text(pace(20_280_214).expected), "19.25");
    assert_eq!(text(pace(20_280_229).expected), "39.88");
    assert_eq!(text(pace(20_280_131).expected), "0.00");
}

#[test]
fn categories_sum_to_the_year() {
    let row = |year, category, completed, without_old_item| Counted { year, category, completed, without_old_item };
    let counted = vec![
        row(2026, Category::Television, 3, 0),
        row(2026, Category::Refrigerator, 5, 1),
        row(2026, Category::Cooker, 0, 0),
        row(2025, Category::Refrigerator, 9, 9),
    ];
    let off_system = vec![off_system(202_601, 4), off_system(202_512, 100)];
    let report = report(2026, day(20_260_630), Known { baseline: None, counted: counted.clone(), off_system });
    let year = &report.years[2];
    assert_eq!(year.by_category, [counted[1], counted[0]]);
    assert_eq!((year.completed, year.subsidised_without_old_item, year.off_system, year.actual), (8, 1, 4, 12));
}

/// The largest figures that can be entered, of a hundred years.
#[test]
fn the_largest_figures_are_told_exactly() {
    let most = 1_000_000_000;
    let profile = [vec![0; 11], vec![most]].concat();
    let all: Vec<OffSystem> = (1..=12).map(|month| off_system(210_000 + month, most)).collect();
    let known =
        Known { baseline: Some(baseline(1, Some([vec![0; 11], vec![1]].concat()))), counted: vec![], off_system: all };
    let of_2100 = report(2100, day(21_001_231), known.clone()).years.pop().unwrap();
    assert_eq!((of_2100.actual, text(of_2100.growth_percent)), (12_000_000_000, "1199999999900.00".into()));
    let known = Known { baseline: Some(baseline(most, Some(profile))), ..known };
    let report = report(2100, day(21_001_201), known);
    assert_eq!(text(report.pace.expected), "218548387.10");
    assert_eq!(text(report.pace.percent), "5490.77");
}

#[test]
fn a_report_is_cut_to_what_is_known() {
    let at = |text: &str| Moment::parse(text).unwrap();
    let (newest, now) = (at("2026-06-18T10:00:00.000001+08:00"), at("2026-06-18T12:00:00+08:00"));
    assert_eq!(known_at(None, now, newest), newest);
    assert_eq!(known_at(Some(newest), now, newest), newest);
    for early in
        ["2026-06-18T10:00:00+08:00", "2026-06-18T01:59:59.999999Z", "2025-12-31T23:59:59Z", "0001-01-01T00:00:00Z"]
    {
        assert_eq!(known_at(Some(at(early)), now, newest), at(early));
    }
    for late in ["2026-06-18T11:00:00+08:00", "2026-06-19T00:00:00+08:00", "9999-12-31T23:59:59Z"] {
        assert_eq!(known_at(Some(at(late)), now, newest), newest, "{late}");
    }
    // Days without a record: the report is of its day all the same.
    let days_later = at("2026-06-20T09:00:00+08:00");
    assert_eq!(known_at(None, days_later, newest), at("2026-06-20T00:00:00+08:00"));
    assert_eq!(known_at(Some(at("2026-06-19T08:00:00+08:00")), days_later, newest), at("2026-06-19T00:00:00+08:00"));
    // A record from after midnight, the clock read before.
    let eve = at("2026-06-17T23:59:59.999999+08:00");
    assert_eq!(known_at(None, eve, newest), newest);
    // What it says leads to itself.
    for asked in [None, Some(newest), Some(eve), Some(days_later)] {
        let said = known_at(asked, days_later, newest);
        assert_eq!(known_at(Some(said), days_later.plus_seconds(1_000_000), days_later.plus_seconds(900_000)), said);
    }
}
