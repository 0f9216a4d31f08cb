//! Reports.

use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::growth::{Pace, Report, Year};
use crate::domain::money::Fen;
use crate::domain::records::{Baseline, OffSystem};
use crate::domain::rollup::Tally;

use super::{money, time};

/// Totals by one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TotalsView {
    /// One row per key.
    pub rows: Vec<TotalsRow>,
    /// All rows together; its key is `total`.
    pub totals: TotalsRow,
}

/// What happened under one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TotalsRow {
    /// By what is added up.
    pub key: String,
    /// Vouchers issued.
    pub vouchers_issued: i64,
    /// Vouchers expired.
    pub expired: i64,
    /// Vouchers cancelled.
    pub cancelled: i64,
    /// Redemptions.
    pub redeemed: i64,
    /// Reversals.
    pub reversed: i64,
    /// Money reserved.
    pub amount_reserved: String,
    /// Subsidy of redemptions, and adjustments on the day of their posting.
    pub amount_redeemed: String,
    /// Subsidy of reversals, with its adjustments.
    pub amount_reversed: String,
    /// Approved for payment.
    pub amount_approved: String,
    /// Paid.
    pub amount_paid: String,
    /// Had back.
    pub amount_recovered: String,
}

impl TotalsRow {
    /// A row. What is approved, paid and recovered is known to settlements, of which there are none yet.
    #[must_use]
    pub fn of(key: impl Into<String>, tally: &Tally) -> Self {
        Self {
            key: key.into(),
            vouchers_issued: tally.issued,
            expired: tally.expired,
            cancelled: tally.cancelled,
            redeemed: tally.redeemed,
            reversed: tally.reversed,
            amount_reserved: money(tally.amount_reserved),
            amount_redeemed: money(tally.amount_redeemed),
            amount_reversed: money(tally.amount_reversed),
            amount_approved: money(Fen::ZERO),
            amount_paid: money(Fen::ZERO),
            amount_recovered: money(Fen::ZERO),
        }
    }
}

impl TotalsView {
    /// Rows with their sum.
    #[must_use]
    pub fn of(rows: &[(String, Tally)]) -> Self {
        let sum = rows.iter().fold(Tally::default(), |sum, (_, tally)| sum.plus(tally));
        Self {
            rows: rows.iter().map(|(key, tally)| TotalsRow::of(key, tally)).collect(),
            totals: TotalsRow::of("total", &sum),
        }
    }
}

/// How far the district is on its way; counts are integers, percentages and paths decimal strings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct GrowthView {
    /// What is counted.
    pub unit: String,
    /// The 2023 figure; `null` until it is entered, and with it every percentage.
    pub baseline: Option<BaselineView>,
    /// What must be reached in one calendar year.
    pub target: Option<i64>,
    /// Every year from 2024 to the one that was asked for.
    pub years: Vec<GrowthYearView>,
    /// How the year that was asked for goes.
    pub pace: PaceView,
    /// Whether the target was reached in a calendar year.
    pub reached: bool,
    /// In which first.
    pub reached_in: Option<i32>,
}

/// A year of the growth report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct GrowthYearView {
    /// The year.
    pub year: i32,
    /// Appliance trade-ins completed in the service.
    pub completed: i64,
    /// Trade-ins outside the service.
    pub off_system: i64,
    /// Both.
    pub actual: i64,
    /// Subsidised appliances without an old item, which do not count.
    pub subsidised_without_old_item: i64,
    /// Growth over the baseline.
    pub growth_percent: Option<String>,
    /// Share of the required growth.
    pub share_of_required_growth_percent: Option<String>,
    /// Where the year must be.
    pub path: Option<String>,
    /// Ahead of the path; negative when behind.
    pub ahead_by: Option<String>,
}

/// How a year goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PaceView {
    /// Days up to and with the day of the report.
    pub elapsed_days: i64,
    /// What the path asks for by then.
    pub expected: Option<String>,
    /// What there is, in percent of it.
    pub percent: Option<String>,
    /// What each day left must bring to reach the year's path.
    pub needed_per_day: Option<String>,
    /// What the year comes to if it goes on so.
    pub projection: Option<String>,
}

/// The figure that growth is measured against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "019a5c3e-7b00-7000-8000-000000000008", "year": 2023, "value": 20000, "source": "区统计局2023年以旧换新统计",
    "monthly": null, "author": "019a5c3e-7b00-7000-8000-000000000009", "entered_at": "2026-01-05T02:00:00Z"
}))]
pub struct BaselineView {
    /// Identity of this entry.
    pub id: String,
    /// The year.
    pub year: i32,
    /// Appliance trade-ins.
    pub value: u64,
    /// Where the figure comes from.
    pub source: String,
    /// The year's twelve months, where known.
    pub monthly: Option<Vec<u64>>,
    /// Who entered it.
    pub author: String,
    /// When.
    pub entered_at: String,
}

impl From<&Baseline> for BaselineView {
    fn from(baseline: &Baseline) -> Self {
        Self {
            id: baseline.id.to_string(),
            year: baseline.year,
            value: baseline.value,
            source: baseline.source.clone(),
            monthly: baseline.monthly.clone(),
            author: baseline.author.to_string(),
            entered_at: time(baseline.at),
        }
    }
}

/// Trade-ins outside the service in a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "019a5c3e-7b00-7000-8000-00000000000a", "month": "2026-05", "count": 120, "source": "商家自报汇总",
    "author": "019a5c3e-7b00-7000-8000-000000000009", "entered_at": "2026-06-05T02:00:00Z"
}))]
pub struct OffSystemView {
    /// Identity of this entry.
    pub id: String,
    /// The month.
    pub month: String,
    /// How many.
    pub count: u64,
    /// Where the figure comes from.
    pub source: String,
    /// Who entered it.
    pub author: String,
    /// When.
    pub entered_at: String,
}

impl From<&OffSystem> for OffSystemView {
    fn from(entry: &OffSystem) -> Self {
        Self {
            id: entry.id.to_string(),
            month: format!("{:04}-{:02}", entry.month / 100, entry.month % 100),
            count: entry.count,
            source: entry.source.clone(),
            author: entry.author.to_string(),
            entered_at: time(entry.at),
        }
    }
}

fn shown(value: Option<Decimal>) -> Option<String> {
    value.map(|value| value.to_string())
}

impl From<&Year> for GrowthYearView {
    fn from(year: &Year) -> Self {
        Self {
            year: year.year,
            completed: year.completed,
            off_system: year.off_system,
            actual: year.actual,
            subsidised_without_old_item: year.subsidised_without_old_item,
            growth_percent: shown(year.growth_percent),
            share_of_required_growth_percent: shown(year.share_of_required_growth_percent),
            path: shown(year.path),
            ahead_by: shown(year.ahead_by),
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

impl From<&Report> for GrowthView {
    fn from(report: &Report) -> Self {
        Self {
            unit: report.unit.to_owned(),
            baseline: report.baseline.as_ref().map(BaselineView::from),
            target: report.target,
            years: report.years.iter().map(GrowthYearView::from).collect(),
            pace: PaceView::from(&report.pace),
            reached: report.reached,
            reached_in: report.reached_in,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_the_sum_of_the_rows() {
        let tally = Tally { issued: 2, amount_redeemed: Fen(99_980), ..Tally::default() };
        let view = TotalsView::of(&[("a".into(), tally), ("b".into(), tally)]);
        assert_eq!((view.totals.vouchers_issued, view.totals.amount_redeemed.as_str()), (4, "1999.60"));
        assert_eq!(TotalsView::of(&[]).totals.amount_paid, "0.00");
    }
}
