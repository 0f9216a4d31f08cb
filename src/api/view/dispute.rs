//! Disputes.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::body::words::{
    DisputeAboutWord, DisputeOutcomeWord, DisputePartyWord, DisputeStatusWord, Money, RefusalCode,
};
use crate::domain::dispute::{Compensation, Dispute, DisputeAnswer, DisputeDecision, HoldRelease};
use crate::domain::time::Day;

use super::{date, money, time};

/// What the other side said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DisputeAnswerView {
    /// What.
    pub text: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
}

impl From<&DisputeAnswer> for DisputeAnswerView {
    fn from(answer: &DisputeAnswer) -> Self {
        Self { text: answer.text.clone(), at: time(answer.at) }
    }
}

/// How it was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DisputeDecisionView {
    /// How.
    #[schema(value_type = DisputeOutcomeWord)]
    pub outcome: String,
    /// Why.
    pub reason: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
}

impl From<&DisputeDecision> for DisputeDecisionView {
    fn from(decision: &DisputeDecision) -> Self {
        let (outcome, reason) = (decision.outcome.to_string(), decision.reason.clone());
        Self { outcome, reason, at: time(decision.at) }
    }
}

/// Why the line that it held was let go after it was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct HoldReleaseView {
    /// Why.
    pub reason: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
}

impl From<&HoldRelease> for HoldReleaseView {
    fn from(release: &HoldRelease) -> Self {
        Self { reason: release.reason.clone(), at: time(release.at) }
    }
}

/// What the retailer paid to the consumer in advance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CompensationView {
    /// How much.
    #[schema(value_type = Money)]
    pub amount: String,
    /// On which day.
    #[schema(format = Date)]
    pub paid_on: String,
    /// How.
    pub reference: String,
    /// When it was recorded.
    #[schema(format = DateTime)]
    pub recorded_at: String,
}

impl From<&Compensation> for CompensationView {
    fn from(paid: &Compensation) -> Self {
        Self {
            amount: money(paid.amount),
            paid_on: date(paid.paid_on),
            reference: paid.reference.clone(),
            recorded_at: time(paid.at),
        }
    }
}

/// A dispute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DisputeView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// What kind of thing it is about.
    #[schema(value_type = DisputeAboutWord)]
    pub about: String,
    /// The redemption or the refused attempt.
    #[schema(format = "uuid")]
    pub subject_id: String,
    /// Why it was refused, where it was.
    #[schema(value_type = Vec<RefusalCode>)]
    pub codes: Vec<String>,
    /// The retailer of the redemption.
    #[schema(format = "uuid")]
    pub retailer_id: Option<String>,
    /// Who objects.
    #[schema(value_type = DisputePartyWord)]
    pub opened_by: String,
    /// What is objected.
    pub statement: String,
    /// When it was opened.
    #[schema(format = DateTime)]
    pub opened_at: String,
    /// The last day for the answer.
    #[schema(format = Date)]
    pub answer_by: String,
    /// The last day for the decision.
    #[schema(format = Date)]
    pub decide_by: String,
    /// Whether the holidays up to that day are known; else only weekends were left out.
    pub holidays_known: bool,
    /// Whether what is due has not come in time.
    pub overdue: bool,
    /// How far it has come.
    #[schema(value_type = DisputeStatusWord)]
    pub status: String,
    /// What the other side said.
    pub answer: Option<DisputeAnswerView>,
    /// How it was decided.
    pub decision: Option<DisputeDecisionView>,
    /// Whether it holds the redemption's line.
    pub holds: bool,
    /// Why it does so no more, where it did after it was decided.
    pub released: Option<HoldReleaseView>,
    /// What the retailer paid to the consumer in advance.
    pub compensation: Option<CompensationView>,
}

impl DisputeView {
    /// As it is on a day.
    #[must_use]
    pub fn of(row: &Dispute, today: Day) -> Self {
        Self {
            id: row.id.to_string(),
            about: row.about.to_string(),
            subject_id: row.subject.to_string(),
            codes: row.codes.clone(),
            retailer_id: row.retailer.map(|id| id.to_string()),
            opened_by: row.opened_by.to_string(),
            statement: row.statement.clone(),
            opened_at: time(row.opened_at),
            answer_by: date(row.answer_by),
            decide_by: date(row.decide_by.day),
            holidays_known: row.decide_by.holidays_known,
            overdue: row.is_overdue(today),
            status: row.status().to_string(),
            answer: row.answer.as_ref().map(DisputeAnswerView::from),
            decision: row.decision.as_ref().map(DisputeDecisionView::from),
            holds: row.holds,
            released: row.released.as_ref().map(HoldReleaseView::from),
            compensation: row.compensation.as_ref().map(CompensationView::from),
        }
    }
}
