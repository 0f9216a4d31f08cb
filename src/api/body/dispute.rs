//! What is sent about disputes.

use std::sync::Arc;

use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::calendar::Calendars;
use crate::domain::command::{Act, NewDispute};
use crate::domain::dispute::{DisputeAbout, DisputeParty, Verdict};
use crate::domain::id::Id;
use crate::domain::refusal::Refusals;
use crate::domain::time::Day;

use super::judge::{Judge, LINE, REASON};
use super::words::{Amount, Date, DisputeAboutWord, VerdictWord};

/// An objection. What is written here is read by the other side and by the bureau: no identity or telephone numbers.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "about": "redemption", "subject_id": "019ed874-e500-7000-8000-000000000001", "statement": "商家未送货，要求退款"
}))]
pub struct OpenDisputeBody {
    /// What kind of thing it is about.
    #[schema(value_type = DisputeAboutWord)]
    pub about: DisputeAbout,
    /// The redemption; or the refusal, as `exportMyData` tells it or by the `instance` of its problem.
    #[schema(format = "uuid")]
    pub subject_id: String,
    /// What is objected.
    #[schema(min_length = 1, max_length = 500)]
    pub statement: String,
}

impl OpenDisputeBody {
    /// What is objected to, and by whom.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn read(self, party: DisputeParty, opener: Id, calendars: &Arc<Calendars>) -> Result<NewDispute, Refusals> {
        let mut judge = Judge::new(Day(chrono::NaiveDate::MAX));
        let subject = judge.id("/subject_id", &self.subject_id);
        let statement = judge.text("/statement", &self.statement, REASON);
        let (about, calendars) = (self.about, Arc::clone(calendars));
        let made = subject.zip(statement).map(|(subject, statement)| NewDispute {
            about,
            subject,
            party,
            opener,
            statement,
            calendars,
        });
        judge.finish(made)
    }
}

/// What the other side says.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"answer": "已于6月20日送达，附签收单"}))]
pub struct AnswerDisputeBody {
    /// What.
    #[schema(min_length = 1, max_length = 500)]
    pub answer: String,
}

impl AnswerDisputeBody {
    /// The command.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_act(self, dispute: Id, own: Option<Id>) -> Result<Act, Refusals> {
        let mut judge = Judge::new(Day(chrono::NaiveDate::MAX));
        let text = judge.text("/answer", &self.answer, REASON);
        judge.finish(text.map(|text| Act::AnswerDispute { dispute, own, text }))
    }
}

/// How a dispute is decided.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"outcome": "upheld", "reason": "未提供签收凭证", "keeps_holding": true}))]
pub struct DecideDisputeBody {
    /// Whether who objected was right.
    #[schema(value_type = VerdictWord)]
    pub outcome: Verdict,
    /// Why, for the record.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
    /// Whether the line stays held, of a dispute that is upheld: it is then rejected, returned or clawed back.
    #[serde(default)]
    pub keeps_holding: bool,
}

impl DecideDisputeBody {
    /// The command.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_act(self, dispute: Id) -> Result<Act, Refusals> {
        let mut judge = Judge::new(Day(chrono::NaiveDate::MAX));
        let reason = judge.text("/reason", &self.reason, REASON);
        let (outcome, keeps_holding) = (self.outcome, self.keeps_holding);
        judge.finish(reason.map(|reason| Act::DecideDispute { dispute, outcome, reason, keeps_holding }))
    }
}

/// What a retailer paid to the consumer in advance (先行赔付).
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": "300.00", "paid_on": "2026-06-18", "reference": "转账 20260618001"}))]
pub struct CompensationBody {
    /// How much; more than nothing.
    pub amount: Amount,
    /// On which day.
    pub paid_on: Date,
    /// How, such as the number of the transfer.
    #[schema(min_length = 1, max_length = 200)]
    pub reference: String,
}

impl CompensationBody {
    /// The command.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_act(self, dispute: Id, retailer: Id, today: Day) -> Result<Act, Refusals> {
        let mut judge = Judge::new(today);
        let amount = judge.amount("/amount", &self.amount);
        if amount.is_some_and(|amount| amount.0 == 0) {
            judge.malformed("/amount", "more than nothing");
        }
        let paid_on = judge.past_day("/paid_on", self.paid_on);
        let reference = judge.text("/reference", &self.reference, LINE);
        let made = amount.zip(paid_on).zip(reference);
        judge.finish(made.map(|((amount, paid_on), reference)| Act::RecordCompensation {
            dispute,
            retailer,
            amount,
            paid_on,
            reference,
        }))
    }
}
