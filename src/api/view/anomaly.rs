//! Anomalies, and the rules that find them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::body::words::{AnomalyRuleWord, AnomalyStatusWord, Decimal, Identity, LinkKindWord};
use crate::domain::anomaly::{Anomaly, AnomalyRule, AnomalyStatus, Limits, Link, Precision, RulesEntry};
use crate::domain::refusal::Language;

use super::{date, time};

/// A record that shows what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LinkView {
    /// What it is.
    #[schema(value_type = LinkKindWord)]
    pub kind: String,
    /// Which.
    #[schema(format = "uuid")]
    pub id: String,
}

impl From<&Link> for LinkView {
    fn from(link: &Link) -> Self {
        Self { kind: link.kind.to_string(), id: link.id.to_string() }
    }
}

/// What a rule found on a day, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AnomalyView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// The rule.
    #[schema(value_type = AnomalyRuleWord)]
    pub rule: String,
    /// What the rule is called.
    pub title: String,
    /// Why, in words.
    pub sentence: String,
    /// How sure it is.
    #[schema(minimum = 50, maximum = 100)]
    pub score: u32,
    /// What was measured, as the rule says.
    pub measure: u32,
    /// About whom or what: an account, a store, a recorder, or a digest that is the same for the same thing.
    #[schema(format = "uuid")]
    pub subject_id: String,
    /// The day that was scanned.
    #[schema(format = Date)]
    pub day: String,
    /// The first day that was looked at.
    #[schema(format = Date)]
    pub since: String,
    /// The redemptions that it is about.
    #[schema(value_type = Vec<Identity>)]
    pub redemption_ids: Vec<String>,
    /// Their retailers.
    #[schema(value_type = Vec<Identity>)]
    pub retailer_ids: Vec<String>,
    /// What else shows it.
    pub evidence: Vec<LinkView>,
    /// Whether the redemptions' lines are held by it: a settlement with one of them is not approved.
    pub holds: bool,
    /// What became of it.
    #[schema(value_type = AnomalyStatusWord)]
    pub status: String,
    /// The version of the rules by which it was found.
    pub rules_version: u32,
    /// When it was found.
    #[schema(format = DateTime)]
    pub found_at: String,
    /// Who resolved it.
    #[schema(format = "uuid")]
    pub resolved_by: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    pub resolved_at: Option<String>,
    /// Why so.
    pub reason: Option<String>,
}

impl AnomalyView {
    /// With its sentence in a language.
    #[must_use]
    pub fn of(row: &Anomaly, language: Language) -> Self {
        let signal = &row.signal;
        let sentence = match language {
            Language::Chinese => &signal.zh,
            Language::English => &signal.en,
        };
        Self {
            id: row.id.to_string(),
            rule: signal.rule.to_string(),
            title: signal.rule.title(language).to_owned(),
            sentence: sentence.clone(),
            score: signal.score,
            measure: signal.measure,
            subject_id: signal.subject.to_string(),
            day: date(signal.day),
            since: date(signal.since),
            redemption_ids: signal.lines.iter().map(ToString::to_string).collect(),
            retailer_ids: signal.retailers.iter().map(ToString::to_string).collect(),
            evidence: signal.evidence.iter().map(LinkView::from).collect(),
            holds: signal.holds && row.status != AnomalyStatus::Dismissed,
            status: row.status.to_string(),
            rules_version: row.rules,
            found_at: time(row.at),
            resolved_by: row.resolved_by.map(|id| id.to_string()),
            resolved_at: row.resolved_at.map(time),
            reason: row.reason.clone(),
        }
    }
}

/// A rule with what it goes by, and what its numbers are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AnomalyRuleView {
    /// The rule.
    #[schema(value_type = AnomalyRuleWord)]
    pub rule: String,
    /// What it is called.
    pub title: String,
    /// Whether it is looked at.
    pub on: bool,
    /// How many days back it looks, the scanned day included.
    pub days: u32,
    /// The rule's own width.
    pub span: u32,
    /// Cases that are needed before anything is measured.
    pub least: u32,
    /// The measure at which a finding begins, with a score of 50.
    pub from: u32,
    /// The measure from which on the score is 100.
    pub full: u32,
    /// The score from which on lines are held; `null`: never.
    pub hold_at: Option<u32>,
    /// What is measured.
    pub measures: &'static str,
    /// What `span` is; `null` where the rule has none.
    pub span_is: Option<&'static str>,
    /// What `least` counts; `null` where the rule does not look at it.
    pub least_is: Option<&'static str>,
}

impl AnomalyRuleView {
    fn of((rule, limits): (AnomalyRule, Limits), language: Language) -> Self {
        let Limits { on, days, span, least, from, full, hold_at } = limits;
        Self {
            rule: rule.to_string(),
            title: rule.title(language).to_owned(),
            on,
            days,
            span,
            least,
            from,
            full,
            hold_at,
            measures: rule.measure(),
            span_is: rule.span(),
            least_is: rule.least(),
        }
    }
}

/// The anomaly rules that are in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AnomalyRulesView {
    /// Their version; 0 are those that the service starts with.
    pub version: u32,
    /// Every rule.
    pub rules: Vec<AnomalyRuleView>,
    /// Why they were changed last.
    pub reason: Option<String>,
    /// Who changed them.
    #[schema(format = "uuid")]
    pub author: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    pub set_at: Option<String>,
    /// The newest day that was scanned.
    #[schema(format = Date)]
    pub scanned_to: Option<String>,
}

impl AnomalyRulesView {
    /// Of the newest version, or of what the service starts with; with the newest day that was scanned.
    #[must_use]
    pub fn of(entry: Option<&RulesEntry>, scanned_to: Option<String>, language: Language) -> Self {
        let (version, rules) = RulesEntry::in_force(entry);
        Self {
            version,
            rules: rules.each().map(|one| AnomalyRuleView::of(one, language)).collect(),
            reason: entry.map(|entry| entry.reason.clone()),
            author: entry.map(|entry| entry.author.to_string()),
            set_at: entry.map(|entry| time(entry.at)),
            scanned_to,
        }
    }
}

/// How often a rule was right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PrecisionView {
    /// The rule.
    #[schema(value_type = AnomalyRuleWord)]
    pub rule: String,
    /// What it is called.
    pub title: String,
    /// Findings that nobody has resolved.
    pub open: u64,
    /// Findings that were what they looked like.
    pub confirmed: u64,
    /// Findings that were not.
    pub dismissed: u64,
    /// Confirmed of those resolved, in percent; `null` where none was.
    #[schema(value_type = Option<Decimal>)]
    pub precision_percent: Option<String>,
}

impl PrecisionView {
    /// With the rule's title in a language.
    #[must_use]
    pub fn of(row: &Precision, language: Language) -> Self {
        let Precision { rule, open, confirmed, dismissed } = *row;
        Self {
            rule: rule.to_string(),
            title: rule.title(language).to_owned(),
            open,
            confirmed,
            dismissed,
            precision_percent: row.permille().map(|permille| format!("{}.{}", permille / 10, permille % 10)),
        }
    }
}

/// How often each rule was right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PrecisionsView {
    /// Every rule.
    pub rules: Vec<PrecisionView>,
}
