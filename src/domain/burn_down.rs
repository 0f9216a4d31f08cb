//! How fast a line's money goes, and when it will be gone. Everything is counted in whole fen and whole days.

use chrono::Days;

use super::money::Fen;
use super::time::Day;

/// The days by which the forecast goes, the day of the report being the last.
pub const WINDOW: i64 = 28;
/// A forecast further ahead than this is none.
const FURTHEST: i128 = 3660;

/// When a line will have nothing left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// The mean of a day in the window, half up to the fen; of a window in which more came back than went, less than zero.
    pub per_day: Fen,
    /// Whole days until nothing is left at that rate; nothing when it does not go down, or not within ten years.
    pub days_left: Option<i64>,
    /// The day on which that is.
    pub exhausted_on: Option<Day>,
}

/// Of what is left (what may still be promised, and what is promised and not redeemed) and what was used in the window.
#[must_use]
pub fn forecast(left: Fen, used: Fen, today: Day) -> Forecast {
    let (left, used) = (i128::from(left.0), i128::from(used.0));
    let window = i128::from(WINDOW);
    let magnitude = (used.abs() * 2 + window) / (window * 2);
    let per_day = Fen(i64::try_from(if used < 0 { -magnitude } else { magnitude }).unwrap_or(i64::MAX));
    let days = if left <= 0 {
        Some(0)
    } else if used > 0 {
        Some((left * window + used - 1) / used).filter(|days| *days <= FURTHEST)
    } else {
        None
    };
    let days_left = days.and_then(|days| i64::try_from(days).ok());
    let day = |days: i64| today.0.checked_add_days(Days::new(u64::try_from(days).ok()?)).map(Day);
    Forecast { per_day, days_left, exhausted_on: days_left.and_then(day) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(left: i64, used: i64) -> (i64, Option<i64>, Option<String>) {
        let forecast = forecast(Fen(left), Fen(used), Day::from_number(20_260_618).unwrap());
        (forecast.per_day.0, forecast.days_left, forecast.exhausted_on.map(|day| day.to_string()))
    }

    #[test]
    fn money_is_gone_when_the_last_28_days_go_on() {
        // 2800.00 in 28 days are 100.00 a day; 1000.00 last ten days, a fen more eleven.
        assert_eq!(of(100_000, 280_000), (10_000, Some(10), Some("2026-06-28".into())));
        assert_eq!(of(100_001, 280_000), (10_000, Some(11), Some("2026-06-29".into())));
        // Half a fen a day is rounded up, and the days are those of the exact sum.
        assert_eq!(of(28, 14), (1, Some(56), Some("2026-08-13".into())));
    }

    #[test]
    fn nothing_is_forecast_where_nothing_goes() {
        assert_eq!(of(100, 0), (0, None, None));
        assert_eq!(of(100, -42), (-2, None, None));
        assert_eq!(of(0, 0), (0, Some(0), Some("2026-06-18".into())));
        assert_eq!(of(i64::MAX, 1), (0, None, None));
    }
}
