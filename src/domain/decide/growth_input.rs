//! Figures for the growth report that the bureau enters by hand.

use serde_json::json;

use super::Ids;
use crate::domain::command::{AuditNote, Change, Decision, Outcome, Stamp, Stop};
use crate::domain::growth::{BASE_YEAR, FIRST_YEAR};
use crate::domain::id::Id;
use crate::domain::records::{Baseline, OffSystem};
use crate::domain::refusal::{Code, Refusal};

pub(super) fn baseline(
    year: i32,
    value: u64,
    source: &str,
    monthly: Option<&[u64]>,
    author: Id,
    stamp: Stamp,
    ids: &mut Ids,
) -> Result<Decision, Stop> {
    if year != BASE_YEAR {
        return Err(Refusal::at(Code::BodyMalformed, "/year").found(year).expected(BASE_YEAR).into());
    }
    if value == 0 {
        return Err(Refusal::at(Code::BodyMalformed, "/value").found(value).expected("at least 1").into());
    }
    if let Some(months) = monthly {
        let sum = months.iter().fold(0_u64, |sum, month| sum.saturating_add(*month));
        if months.len() != 12 || sum != value {
            let found = format!("{} months, sum {sum}", months.len());
            let expected = format!("12 months whose sum is the value of the year, {value}");
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
    // The baseline holds everything of its own year, and what is yet to come cannot be counted.
    if month / 100 < FIRST_YEAR || month > today || !(1..=12).contains(&(month % 100)) {
        let expected = format!("a month from {FIRST_YEAR}-01 to {:04}-{:02}", today / 100, today % 100);
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
