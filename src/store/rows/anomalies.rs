//! Anomalies, the rules that find them, and the days that were scanned.

use diesel::prelude::*;
use serde::Serialize;

use super::{Place, Row, json};
use crate::domain::anomaly::{Anomaly, AnomalyRule, AnomalyStatus, RulesEntry, ScanDay, Signal};
use crate::domain::id::Id;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::schema::{anomaly, anomaly_rules, anomaly_scan};

/// A version of the rules. Serialised, it is what the trail has the digest of.
#[derive(Clone, Debug, Insertable, Queryable, Selectable, Serialize)]
#[diesel(table_name = anomaly_rules, treat_none_as_default_value = false)]
pub struct AnomalyRulesRow {
    pub id: Id,
    pub number: i64,
    pub rules: String,
    pub reason: String,
    pub author: Id,
    pub at: i64,
}

impl Row for AnomalyRulesRow {
    type Record = RulesEntry;

    fn write(record: &RulesEntry) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            number: i64::from(record.number),
            rules: json(&record.rules)?,
            reason: record.reason.clone(),
            author: record.author,
            at: record.at.0,
        })
    }

    fn read(self) -> Result<RulesEntry, StoreError> {
        let place = Place::new("anomaly_rules", &self.id);
        Ok(RulesEntry {
            id: self.id,
            number: place.count("number", self.number)?,
            rules: place.json("rules", &self.rules)?,
            reason: self.reason,
            author: self.author,
            at: Moment(self.at),
        })
    }
}

/// A day that was scanned.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = anomaly_scan, treat_none_as_default_value = false)]
pub struct AnomalyScanRow {
    pub day: i32,
    pub rules: i64,
    pub findings: i64,
    pub at: i64,
}

impl Row for AnomalyScanRow {
    type Record = ScanDay;

    fn write(record: &ScanDay) -> Result<Self, StoreError> {
        Ok(Self {
            day: record.day.number(),
            rules: i64::from(record.rules),
            findings: i64::from(record.findings),
            at: record.at.0,
        })
    }

    fn read(self) -> Result<ScanDay, StoreError> {
        let place = Place::new("anomaly_scan", &self.day);
        Ok(ScanDay {
            day: place.day("day", self.day)?,
            rules: place.count("rules", self.rules)?,
            findings: place.count("findings", self.findings)?,
            at: Moment(self.at),
        })
    }
}

/// An anomaly. Serialised, it is what the trail has the digest of.
#[derive(Clone, Debug, Insertable, Queryable, Selectable, Serialize)]
#[diesel(table_name = anomaly, treat_none_as_default_value = false)]
pub struct AnomalyRow {
    pub id: Id,
    pub rule: String,
    pub subject: Id,
    pub day: i32,
    pub since: i32,
    pub part: i64,
    pub measure: i64,
    pub score: i64,
    pub holds: bool,
    pub lines: String,
    pub retailers: String,
    pub evidence: String,
    pub zh: String,
    pub en: String,
    pub rules: i64,
    pub at: i64,
    pub status: String,
    pub resolved_by: Option<Id>,
    pub resolved_at: Option<i64>,
    pub reason: Option<String>,
}

impl Row for AnomalyRow {
    type Record = Anomaly;

    fn write(record: &Anomaly) -> Result<Self, StoreError> {
        let Signal { rule, subject, day, since, part, measure, score, holds, lines, retailers, evidence, zh, en } =
            &record.signal;
        Ok(Self {
            id: record.id,
            rule: rule.name().to_owned(),
            subject: *subject,
            day: day.number(),
            since: since.number(),
            part: i64::from(*part),
            measure: i64::from(*measure),
            score: i64::from(*score),
            holds: *holds,
            lines: json(lines)?,
            retailers: json(retailers)?,
            evidence: json(evidence)?,
            zh: zh.clone(),
            en: en.clone(),
            rules: i64::from(record.rules),
            at: record.at.0,
            status: record.status.name().to_owned(),
            resolved_by: record.resolved_by,
            resolved_at: record.resolved_at.map(|at| at.0),
            reason: record.reason.clone(),
        })
    }

    fn read(self) -> Result<Anomaly, StoreError> {
        let place = Place::new("anomaly", &self.id);
        let signal = Signal {
            rule: place.word("rule", &self.rule, AnomalyRule::from_name)?,
            subject: self.subject,
            day: place.day("day", self.day)?,
            since: place.day("since", self.since)?,
            part: place.count("part", self.part)?,
            measure: place.count("measure", self.measure)?,
            score: place.count("score", self.score)?,
            holds: self.holds,
            lines: place.json("lines", &self.lines)?,
            retailers: place.json("retailers", &self.retailers)?,
            evidence: place.json("evidence", &self.evidence)?,
            zh: self.zh,
            en: self.en,
        };
        Ok(Anomaly {
            id: self.id,
            signal,
            rules: place.count("rules", self.rules)?,
            at: Moment(self.at),
            status: place.word("status", &self.status, AnomalyStatus::from_name)?,
            resolved_by: self.resolved_by,
            resolved_at: self.resolved_at.map(Moment),
            reason: self.reason,
        })
    }
}
