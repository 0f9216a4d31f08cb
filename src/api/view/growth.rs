//! The growth report, and what is entered for it.

use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::body::words::{self, CategoryWord, Month};
use crate::domain::growth::{BASE_YEAR, Counted, Pace, Report, Year};
use crate::domain::records::{Baseline, OffSystem};
use crate::domain::refusal::Language;

use super::time;

/// How far the district is on its way; counts are integers, percentages and paths decimal strings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct GrowthView {
    /// What is counted: `appliance_trade_in`, a new appliance bought with an old one handed in.
    pub unit: String,
    /// The 2023 figure; `null` until it is entered, and with it every percentage.
    pub baseline: Option<BaselineView>,
    /// Says so while the 2023 figure is not entered; else `null`.
    pub baseline_missing: Option<String>,
    /// What must be reached in one calendar year.
    #[schema(minimum = 1)]
    pub target: Option<i64>,
    /// Every year from 2024 to the one that was asked for.
    pub years: Vec<GrowthYearView>,
    /// How the year that was asked for goes.
    pub pace: PaceView,
    /// Whether the target was reached in one of these calendar years; `true` as soon as it is.
    pub reached: bool,
    /// In which first.
    #[schema(minimum = 2024, maximum = 2100)]
    pub reached_in: Option<i32>,
}

/// A year of the growth report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct GrowthYearView {
    /// The year.
    #[schema(minimum = 2024, maximum = 2100)]
    pub year: i32,
    /// Appliance trade-ins completed in the service.
    #[schema(minimum = 0)]
    pub completed: i64,
    /// Trade-ins outside the service.
    #[schema(minimum = 0)]
    pub off_system: i64,
    /// Both.
    #[schema(minimum = 0)]
    pub actual: i64,
    /// Subsidised appliances without an old item, which do not count.
    #[schema(minimum = 0)]
    pub subsidised_without_old_item: i64,
    /// What the service counted, by category of the new appliance; sums to `completed` and
    /// `subsidised_without_old_item`. A category of which nothing is known is left out.
    pub by_category: Vec<GrowthCategoryView>,
    /// Growth over the baseline.
    #[schema(value_type = Option<words::Decimal>)]
    pub growth_percent: Option<String>,
    /// Share of the required growth.
    #[schema(value_type = Option<words::Decimal>)]
    pub share_of_required_growth_percent: Option<String>,
    /// Where the year must be.
    #[schema(value_type = Option<words::Decimal>)]
    pub path: Option<String>,
    /// Ahead of the path; negative when behind.
    #[schema(value_type = Option<words::Decimal>)]
    pub ahead_by: Option<String>,
    /// What there is, in percent of the path.
    #[schema(value_type = Option<words::Decimal>)]
    pub percent_of_path: Option<String>,
}

/// A category in a year of the growth report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct GrowthCategoryView {
    /// Category of the new appliance.
    #[schema(value_type = CategoryWord)]
    pub category: String,
    /// Trade-ins completed in the service.
    #[schema(minimum = 0)]
    pub completed: i64,
    /// Subsidised without an old item.
    #[schema(minimum = 0)]
    pub subsidised_without_old_item: i64,
}

/// How a year goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PaceView {
    /// Days up to and with the day of the report.
    #[schema(minimum = 0, maximum = 366)]
    pub elapsed_days: i64,
    /// What the path asks for by then.
    #[schema(value_type = Option<words::Decimal>)]
    pub expected: Option<String>,
    /// What there is, in percent of it.
    #[schema(value_type = Option<words::Decimal>)]
    pub percent: Option<String>,
    /// What each day left must bring to reach the year's path.
    #[schema(value_type = Option<words::Decimal>)]
    pub needed_per_day: Option<String>,
    /// What the year comes to if it goes on so.
    #[schema(value_type = Option<words::Decimal>)]
    pub projection: Option<String>,
}

/// The figure that growth is measured against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BaselineView {
    /// Identity of this entry.
    #[schema(format = "uuid")]
    pub id: String,
    /// The year.
    #[schema(minimum = 2023, maximum = 2023)]
    pub year: i32,
    /// Appliance trade-ins.
    #[schema(minimum = 1)]
    pub value: u64,
    /// Where the figure comes from.
    pub source: String,
    /// The year's twelve months, where known.
    #[schema(min_items = 12, max_items = 12)]
    pub monthly: Option<Vec<u64>>,
    /// Who entered it.
    #[schema(format = "uuid")]
    pub author: String,
    /// When.
    #[schema(format = DateTime)]
    pub entered_at: String,
    /// Whether it counts: it is the newest of what was known.
    pub in_force: bool,
}

impl BaselineView {
    /// An entry, and whether it counts.
    #[must_use]
    pub fn of(baseline: &Baseline, in_force: bool) -> Self {
        Self {
            id: baseline.id.to_string(),
            year: baseline.year,
            value: baseline.value,
            source: baseline.source.clone(),
            monthly: baseline.monthly.clone(),
            author: baseline.author.to_string(),
            entered_at: time(baseline.at),
            in_force,
        }
    }
}

/// Trade-ins outside the service in a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OffSystemView {
    /// Identity of this entry.
    #[schema(format = "uuid")]
    pub id: String,
    /// The month.
    #[schema(value_type = Month)]
    pub month: String,
    /// How many.
    pub count: u64,
    /// Where the figure comes from.
    pub source: String,
    /// Who entered it.
    #[schema(format = "uuid")]
    pub author: String,
    /// When.
    #[schema(format = DateTime)]
    pub entered_at: String,
    /// Whether it counts: it is the newest of its month.
    pub in_force: bool,
}

impl OffSystemView {
    /// An entry, and whether it counts.
    #[must_use]
    pub fn of(entry: &OffSystem, in_force: bool) -> Self {
        Self {
            id: entry.id.to_string(),
            month: format!("{:04}-{:02}", entry.month / 100, entry.month % 100),
            count: entry.count,
            source: entry.source.clone(),
            author: entry.author.to_string(),
            entered_at: time(entry.at),
            in_force,
        }
    }
}

fn shown(value: Option<Decimal>) -> Option<String> {
    value.map(|value| value.to_string())
}

impl From<&Counted> for GrowthCategoryView {
    fn from(counted: &Counted) -> Self {
        Self {
            category: counted.category.name().to_owned(),
            completed: counted.completed,
            subsidised_without_old_item: counted.without_old_item,
        }
    }
}

impl From<&Year> for GrowthYearView {
    fn from(year: &Year) -> Self {
        Self {
            year: year.year,
            completed: year.completed,
            off_system: year.off_system,
            actual: year.actual,
            subsidised_without_old_item: year.subsidised_without_old_item,
            by_category: year.by_category.iter().map(GrowthCategoryView::from).collect(),
            growth_percent: shown(year.growth_percent),
            share_of_required_growth_percent: shown(year.share_of_required_growth_percent),
            path: shown(year.path),
            ahead_by: shown(year.ahead_by),
            percent_of_path: shown(year.percent_of_path),
        }
    }
}

impl From<&Pace> for PaceView {
    fn from(pace: &Pace) -> Self {
        Self {
            elapsed_days: pace.elapsed_days,
            expected: shown(pace.expected),
            percent: shown(pace.percent),
            needed_per_day: shown(pace.needed_per_day),
            projection: shown(pace.projection),
        }
    }
}

impl GrowthView {
    /// A report, with its sentence in a language.
    #[must_use]
    pub fn of(report: &Report, language: Language) -> Self {
        Self {
            unit: report.unit.to_owned(),
            baseline: report.baseline.as_ref().map(|baseline| BaselineView::of(baseline, true)),
            baseline_missing: report.baseline.is_none().then(|| missing(language)),
            target: report.target,
            years: report.years.iter().map(GrowthYearView::from).collect(),
            pace: PaceView::from(&report.pace),
            reached: report.reached,
            reached_in: report.reached_in,
        }
    }
}

/// What a report without a baseline says of it.
fn missing(language: Language) -> String {
    match language {
        Language::Chinese => {
            format!("尚未录入{BASE_YEAR}年的基数，因此没有目标、百分比和路径。请由区投促局录入基数及其来源。")
        }
        Language::English => format!(
            "The figure of {BASE_YEAR} has not been entered, so there is no target, no percentage and no path. An \
             officer of the bureau enters it with its source."
        ),
    }
}
