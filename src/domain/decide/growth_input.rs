//! Figures for the growth report that the bureau enters by hand.

use serde_json::json;

use super::Ids;
use crate::domain::command::{AuditNote, Change, Decision, Outcome, Stamp, Stop};
use crate::domain::id::Id;
use crate::domain::records::{Baseline, OffSystem};
use crate::domain::refusal::{Code, Refusal};

/// The year that the target is measured against (the district's action plan: 30 % more by 2027 than in 2023).
const BASELINE_YEAR: i32 = 2023;

pub(super) fn baseline(
    year: i32,
    value: u64,
    source: &str,
    monthly: Option<&[u64]>,
    author: Id,
    stamp: Stamp,
    ids: &mut Ids,
) -> Result<Decision, Stop> {
    if year != BASELINE_YEAR {
        return Err(Refusal::at(Code::BodyMalformed, "/year").found(year).expected(BASELINE_YEAR).into());
    }
    if value == 0 {
        return Err(Refusal::at(Code::BodyMalformed, "/value").found(value).expected("at least 1").into());
    }
    if let Some(months) = monthly {
        let sum = months.iter().fold(0_u64, |sum, month| sum.saturating_add(*month));
        if months.len() != 12 || sum != value {
            let found = format!("{} months, sum {sum}", months.len());
            let expected = format!("12 months, sum {value}");
            return Err(Refusal::at(Code::BodyMalformed, "/monthly").found(found).expected(expected).into());
        }
    }
    let row = Baseline {
        id: ids.next(),
        year,
        value,
        source: source.to_owned(),
        monthly: monthly.map(<[u64]>::to_vec),
        author,
        at: stamp.at,
    };
    let detail = json!({"year": year, "value": value, "source": source, "monthly": monthly});
    Ok(Decision {
        outcome: Outcome::Baseline(row.clone()),
        audit: AuditNote { subject: row.id.to_string(), detail },
        changes: vec![Change::Baseline(row)],
        movements: Vec::new(),
        rollups: Vec::new(),
    })
}

pub(super) fn off_system(
    month: i32,
    count: u64,
    source: &str,
    author: Id,
    stamp: Stamp,
    ids: &mut Ids,
) -> Result<Decision, Stop> {
    let today = stamp.day().number() / 100;
    if month < 202_301 || month > today || !(1..=12).contains(&(month % 100)) {
        let expected = format!("2023-01 to {:04}-{:02}", today / 100, today % 100);
        let found = format!("{:04}-{:02}", month / 100, month % 100);
        return Err(Refusal::at(Code::BodyMalformed, "/month").found(found).expected(expected).into());
    }
    let row = OffSystem { id: ids.next(), month, count, source: source.to_owned(), author, at: stamp.at };
    Ok(Decision {
        outcome: Outcome::OffSystem(row.clone()),
        audit: AuditNote {
            subject: row.id.to_string(),
            detail: json!({"month": month, "count": count, "source": source}),
        },
        changes: vec![Change::OffSystem(row)],
        movements: Vec::new(),
        rollups: Vec::new(),
    })
}
