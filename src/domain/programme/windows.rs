//! When claims and redemptions are taken, when a voucher ends, and which release is open.

use chrono::Timelike;

use crate::domain::goods::Category;
use crate::domain::time::{Day, Moment};

use super::rules::{DayWindow, Release, Rules};

pub(super) const MINUTES_A_DAY: u32 = 24 * 60;
pub(super) const SECONDS_A_DAY: i64 = 24 * 3600;

/// Minutes since midnight of `HH:MM`, up to `24:00`; `None` for anything else.
pub(super) fn minutes(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hours) || !digits(minutes) {
        return None;
    }
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= MINUTES_A_DAY).then_some(total)
}

/// The first moment after a day in Asia/Shanghai.
pub(super) fn end_of(day: Day) -> Moment {
    day.start().plus_seconds(SECONDS_A_DAY)
}

/// A moment as a programme file gives it, on the clock of Asia/Shanghai.
pub(super) fn as_written(at: Moment) -> String {
    at.local().format("%Y-%m-%dT%H:%M:%S+08:00").to_string()
}

fn day_before(day: Day) -> Option<Day> {
    day.0.pred_opt().map(Day)
}

fn day_after(day: Day) -> Option<Day> {
    day.0.succ_opt().map(Day)
}

/// Whether claims are taken: the day lies in the claim window and the time within the daily hours, if there are any.
#[must_use]
pub fn claim_open(rules: &Rules, at: Moment) -> bool {
    let local = at.local();
    let minute = local.hour() * 60 + local.minute();
    let hours = rules.windows.daily_hours.as_ref().is_none_or(|hours| {
        minutes(&hours.from).is_some_and(|from| from <= minute) && minutes(&hours.to).is_some_and(|to| minute < to)
    });
    rules.windows.claim.contains(at.day()) && hours
}

/// Whether redemptions are taken: the application window, or the claim window's days where the file names none.
#[must_use]
pub fn application_open(rules: &Rules, at: Moment) -> bool {
    match rules.windows.application {
        Some(window) => window.from <= at && at <= window.to,
        None => rules.windows.claim.contains(at.day()),
    }
}

/// When a voucher that is issued now ends: after its days of twenty-four hours, or when redemptions are no longer taken.
#[must_use]
pub fn voucher_expires(rules: &Rules, issued: Moment) -> Moment {
    let last = rules.windows.application.map_or_else(|| end_of(rules.windows.claim.to), |window| window.to);
    issued.plus_seconds(i64::from(rules.voucher.days) * SECONDS_A_DAY).min(last)
}

/// The release out of which vouchers are issued at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReleaseSlot {
    /// When it opened; it names the release within a category.
    pub opened: Moment,
    /// Vouchers of the category that it holds.
    pub vouchers: u32,
    /// When the next one opens; `None` after the last of the claim window.
    pub next: Option<Moment>,
}

/// The releases of one category on each day, by minute of the day.
fn of_category(releases: &[Release], category: Category) -> Vec<(u32, u32)> {
    let mut found: Vec<_> = releases
        .iter()
        .filter(|release| release.categories.is_empty() || release.categories.contains(&category))
        .filter_map(|release| Some((minutes(&release.at)?, release.vouchers)))
        .collect();
    found.sort_unstable();
    found
}

/// The release of a category that is open; `Err` with the first opening when none has opened yet, and `None` when the
/// programme has no releases for the category.
#[must_use]
pub fn release_at(rules: &Rules, category: Category, at: Moment) -> Option<Result<ReleaseSlot, Moment>> {
    let daily = of_category(&rules.releases, category);
    let (&first, &last) = (daily.first()?, daily.last()?);
    let window = rules.windows.claim;
    let opening = |day: Day, minute: u32| day.start().plus_seconds(i64::from(minute) * 60);
    if at < opening(window.from, first.0) {
        return Some(Err(opening(window.from, first.0)));
    }
    // Seen from the last day of the window when it is past.
    let today = at.day().min(window.to);
    let opened = daily.iter().rev().find(|(minute, _)| opening(today, *minute) <= at);
    let (opened, vouchers) = match opened {
        Some((minute, vouchers)) => (opening(today, *minute), *vouchers),
        None => (opening(day_before(today)?, last.0), last.1),
    };
    let later_today = daily.iter().find(|(minute, _)| opening(today, *minute) > at);
    let next = match later_today {
        Some((minute, _)) => Some(opening(today, *minute)),
        None => next_day(window, today).map(|day| opening(day, first.0)),
    };
    Some(Ok(ReleaseSlot { opened, vouchers, next }))
}

fn next_day(window: DayWindow, today: Day) -> Option<Day> {
    day_after(today).filter(|day| window.contains(*day))
}
