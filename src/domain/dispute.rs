//! Disputes: a consumer or a retailer objects, the other side answers, an officer decides with a reason (the plan's
//! task 14: complaints are handled, and retailers may compensate in advance, 先行赔付).

use serde::{Deserialize, Serialize};

use super::calendar::Due;
use super::goods::words;
use super::id::Id;
use super::money::Fen;
use super::time::{Day, Moment};

/// Working days for the answer. Market supervision says within as many whether it takes a complaint up
/// (市场监督管理投诉举报处理暂行办法 14).
pub const ANSWER_WORKING_DAYS: u32 = 7;
/// Working days for the decision, from the opening.
pub const DECIDE_WORKING_DAYS: u32 = 20;

words! {
    /// What somebody objects to.
    DisputeAbout {
        /// Something that was refused.
        Refusal = "refusal",
        /// A redemption, or its line in a settlement.
        Redemption = "redemption",
    }
}

words! {
    /// Who objects.
    DisputeParty {
        /// 消费者
        Consumer = "consumer",
        /// 商家
        Retailer = "retailer",
    }
}

words! {
    /// How far a dispute has come.
    DisputeStatus {
        /// Waits for an answer.
        Opened = "opened",
        /// Waits for a decision.
        Answered = "answered",
        /// Over.
        Decided = "decided",
    }
}

words! {
    /// How a dispute ended.
    DisputeOutcome {
        /// Who objected was right.
        Upheld = "upheld",
        /// Who objected was not.
        Rejected = "rejected",
        /// Who objected does so no more.
        Withdrawn = "withdrawn",
    }
}

words! {
    /// How an officer decides; who objected withdraws.
    Verdict {
        /// Who objected was right.
        Upheld = "upheld",
        /// Who objected was not.
        Rejected = "rejected",
    }
}

impl From<Verdict> for DisputeOutcome {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Upheld => Self::Upheld,
            Verdict::Rejected => Self::Rejected,
        }
    }
}

/// What the other side says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeAnswer {
    /// What.
    pub text: String,
    /// Who.
    pub by: Id,
    /// When.
    pub at: Moment,
}

/// How it was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeDecision {
    /// How.
    pub outcome: DisputeOutcome,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: Id,
    /// When.
    pub at: Moment,
}

/// Why a line was let go that a dispute went on holding after it was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldRelease {
    /// Why.
    pub reason: String,
    /// Who.
    pub by: Id,
    /// When.
    pub at: Moment,
}

/// What a retailer paid to the consumer before anything was decided (先行赔付). It is the retailer's own money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compensation {
    /// How much.
    pub amount: Fen,
    /// On which day.
    pub paid_on: Day,
    /// How, such as the number of the transfer.
    pub reference: String,
    /// Who recorded it.
    pub by: Id,
    /// When.
    pub at: Moment,
}

/// A dispute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// Identity.
    pub id: Id,
    /// What kind of thing it is about.
    pub about: DisputeAbout,
    /// The refused attempt or the redemption.
    pub subject: Id,
    /// Why it was refused, where it was; kept here, because attempts are kept for a time only.
    pub codes: Vec<String>,
    /// The retailer of the redemption.
    pub retailer: Option<Id>,
    /// Who objects.
    pub opened_by: DisputeParty,
    /// The person or the retailer.
    pub opener: Id,
    /// Who wrote it.
    pub author: Id,
    /// What is objected.
    pub statement: String,
    /// When it was opened.
    pub opened_at: Moment,
    /// The last day for the answer.
    pub answer_by: Day,
    /// The last day for the decision, and whether the holidays up to it are known.
    pub decide_by: Due,
    /// What the other side says.
    pub answer: Option<DisputeAnswer>,
    /// How it was decided.
    pub decision: Option<DisputeDecision>,
    /// Whether it holds the line of its redemption.
    pub holds: bool,
    /// Why it does so no more, where it did after it was decided.
    #[serde(default)]
    pub released: Option<HoldRelease>,
    /// What the retailer paid in advance.
    pub compensation: Option<Compensation>,
}

impl Dispute {
    /// How far it has come.
    #[must_use]
    pub fn status(&self) -> DisputeStatus {
        match (&self.answer, &self.decision) {
            (_, Some(_)) => DisputeStatus::Decided,
            (Some(_), None) => DisputeStatus::Answered,
            (None, None) => DisputeStatus::Opened,
        }
    }

    /// Whether what is due has not come in time.
    #[must_use]
    pub fn is_overdue(&self, today: Day) -> bool {
        match self.status() {
            DisputeStatus::Opened => today > self.answer_by,
            DisputeStatus::Answered => today > self.decide_by.day,
            DisputeStatus::Decided => false,
        }
    }
}
