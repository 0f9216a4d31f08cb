//! Moments in UTC and business days in Asia/Shanghai. The domain is told the time; it never asks a clock.

use std::fmt;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Asia/Shanghai is eight hours ahead of UTC and has kept no summer time since 1991.
const SHANGHAI_SECONDS: i32 = 8 * 3600;
const MICROS: i64 = 1_000_000;

/// A moment: microseconds since 1970-01-01T00:00:00Z, which is what the database stores.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

/// A calendar day in Asia/Shanghai, the day by which rules and reports count.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(pub NaiveDate);

impl Moment {
    /// The moment of a chrono value.
    #[must_use]
    pub fn from_utc(at: DateTime<Utc>) -> Self {
        Self(at.timestamp_micros())
    }

    /// As a chrono value; a moment outside chrono's range (year 262143) is cut to its nearest end.
    #[must_use]
    pub fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or(if self.0 < 0 {
            DateTime::<Utc>::MIN_UTC
        } else {
            DateTime::<Utc>::MAX_UTC
        })
    }

    /// Reads RFC 3339, with any offset.
    ///
    /// # Errors
    /// When the text is not RFC 3339.
    pub fn parse(text: &str) -> Result<Self, chrono::ParseError> {
        DateTime::parse_from_rfc3339(text).map(|at| Self(at.timestamp_micros()))
    }

    /// Milliseconds since the epoch, never negative, as a UUIDv7 carries them.
    #[must_use]
    pub fn millis(self) -> u64 {
        u64::try_from(self.0 / 1000).unwrap_or(0)
    }

    /// Whole seconds since the epoch, as a JWT carries them.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(MICROS)
    }

    /// A moment `seconds` later (earlier when negative), saturating.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(MICROS)))
    }

    /// The wall clock in Asia/Shanghai.
    #[must_use]
    pub fn local(self) -> NaiveDateTime {
        let utc = self.utc().naive_utc();
        FixedOffset::east_opt(SHANGHAI_SECONDS).and_then(|offset| utc.checked_add_offset(offset)).unwrap_or(utc)
    }

    /// The business day in Asia/Shanghai.
    #[must_use]
    pub fn day(self) -> Day {
        Day(self.local().date())
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.utc().to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|_| D::Error::custom("expected a time as RFC 3339, such as 2026-06-18T02:00:00Z"))
    }
}

impl Day {
    /// The day as the database stores it: year, month and day in one number, 2026-06-18 is 20260618.
    #[must_use]
    pub fn number(self) -> i32 {
        let month = i32::try_from(self.0.month()).unwrap_or(1);
        let day = i32::try_from(self.0.day()).unwrap_or(1);
        self.0.year().saturating_mul(10_000).saturating_add(month * 100 + day)
    }

    /// Reads back what [`Day::number`] wrote; `None` for a number that names no day.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        let month = u32::try_from(number / 100 % 100).ok()?;
        let day = u32::try_from(number % 100).ok()?;
        NaiveDate::from_ymd_opt(number / 10_000, month, day).map(Self)
    }

    /// The calendar year.
    #[must_use]
    pub fn year(self) -> i32 {
        self.0.year()
    }

    /// The day after.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.succ_opt().unwrap_or(self.0))
    }

    /// So many days before; the first day that there is where that lies before it.
    #[must_use]
    pub fn minus(self, days: u32) -> Self {
        Self(self.0.checked_sub_days(chrono::Days::new(u64::from(days))).unwrap_or(NaiveDate::MIN))
    }

    /// The first moment of the day in Asia/Shanghai.
    #[must_use]
    pub fn start(self) -> Moment {
        let midnight = self.0.and_time(chrono::NaiveTime::MIN).and_utc();
        Moment(midnight.timestamp_micros()).plus_seconds(-i64::from(SHANGHAI_SECONDS))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
