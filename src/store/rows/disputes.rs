//! Disputes.

use diesel::prelude::*;
use serde::Serialize;

use super::{Place, Row, json};
use crate::domain::calendar::Due;
use crate::domain::dispute::{Dispute, DisputeAbout, DisputeAnswer, DisputeDecision, DisputeOutcome, DisputeParty};
use crate::domain::id::Id;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::schema::dispute;

/// A dispute. Serialised, it is what the trail has the digest of.
#[derive(Clone, Debug, Insertable, Queryable, Selectable, Serialize)]
#[diesel(table_name = dispute, treat_none_as_default_value = false)]
pub struct DisputeRow {
    pub id: Id,
    pub about: String,
    pub subject: Id,
    pub codes: String,
    pub retailer: Option<Id>,
    pub opened_by: String,
    pub opener: Id,
    pub author: Id,
    pub statement: String,
    pub opened_at: i64,
    pub answer_by: i32,
    pub decide_by: i32,
    pub holidays_known: bool,
    pub status: String,
    pub answer: Option<String>,
    pub answered_by: Option<Id>,
    pub answered_at: Option<i64>,
    pub outcome: Option<String>,
    pub reason: Option<String>,
    pub decided_by: Option<Id>,
    pub decided_at: Option<i64>,
    pub holds: bool,
    pub compensation: Option<String>,
    // Left out where there is none: the digests of rows of before were made without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released: Option<String>,
}

impl Row for DisputeRow {
    type Record = Dispute;

    fn write(record: &Dispute) -> Result<Self, StoreError> {
        let (answer, decision) = (record.answer.as_ref(), record.decision.as_ref());
        Ok(Self {
            id: record.id,
            about: record.about.name().to_owned(),
            subject: record.subject,
            codes: json(&record.codes)?,
            retailer: record.retailer,
            opened_by: record.opened_by.name().to_owned(),
            opener: record.opener,
            author: record.author,
            statement: record.statement.clone(),
            opened_at: record.opened_at.0,
            answer_by: record.answer_by.number(),
            decide_by: record.decide_by.day.number(),
            holidays_known: record.decide_by.holidays_known,
            status: record.status().name().to_owned(),
            answer: answer.map(|answer| answer.text.clone()),
            answered_by: answer.map(|answer| answer.by),
            answered_at: answer.map(|answer| answer.at.0),
            outcome: decision.map(|decision| decision.outcome.name().to_owned()),
            reason: decision.map(|decision| decision.reason.clone()),
            decided_by: decision.map(|decision| decision.by),
            decided_at: decision.map(|decision| decision.at.0),
            holds: record.holds,
            compensation: record.compensation.as_ref().map(json).transpose()?,
            released: record.released.as_ref().map(json).transpose()?,
        })
    }

    fn read(self) -> Result<Dispute, StoreError> {
        let place = Place::new("dispute", &self.id);
        let answer = match (self.answer, self.answered_by, self.answered_at) {
            (Some(text), Some(by), Some(at)) => Some(DisputeAnswer { text, by, at: Moment(at) }),
            _ => None,
        };
        let outcome = self.outcome.map(|word| place.word("outcome", &word, DisputeOutcome::from_name)).transpose()?;
        let decision = match (outcome, self.reason, self.decided_by, self.decided_at) {
            (Some(outcome), Some(reason), Some(by), Some(at)) => {
                Some(DisputeDecision { outcome, reason, by, at: Moment(at) })
            }
            _ => None,
        };
        let decide_by = Due { day: place.day("decide_by", self.decide_by)?, holidays_known: self.holidays_known };
        Ok(Dispute {
            id: self.id,
            about: place.word("about", &self.about, DisputeAbout::from_name)?,
            subject: self.subject,
            codes: place.json("codes", &self.codes)?,
            retailer: self.retailer,
            opened_by: place.word("opened_by", &self.opened_by, DisputeParty::from_name)?,
            opener: self.opener,
            author: self.author,
            statement: self.statement,
            opened_at: Moment(self.opened_at),
            answer_by: place.day("answer_by", self.answer_by)?,
            decide_by,
            answer,
            decision,
            holds: self.holds,
            released: self.released.map(|text| place.json("released", &text)).transpose()?,
            compensation: self.compensation.map(|text| place.json("compensation", &text)).transpose()?,
        })
    }
}
