//! What the bureau sends about anomalies.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::anomaly::{AnomalyRule, Limits, Resolution};
use crate::domain::command::Act;
use crate::domain::id::Id;
use crate::domain::refusal::Refusals;
use crate::domain::time::Day;

use super::judge::{ENTRIES, Judge, REASON};
use super::words::{AnomalyRuleWord, ResolutionWord};

/// Anomaly rules that are set anew.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "version": 0,
    "rules": [{"rule": "clerk_burst", "on": true, "days": 1, "span": 10, "least": 1, "from": 6, "full": 12, "hold_at": 60}],
    "reason": "双十一前收紧"
}))]
pub struct AnomalyRulesBody {
    /// The version that they are changed from, as `getAnomalyRules` tells it; another one by now is refused.
    pub version: u32,
    /// The rules that change, each once; the others stay as they are.
    #[schema(min_items = 1, max_items = 100)]
    pub rules: Vec<LimitsBody>,
    /// Why, for the record.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

/// What one rule goes by; what each number is to a rule stands in the answer of `getAnomalyRules`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsBody {
    /// The rule.
    #[schema(value_type = AnomalyRuleWord)]
    pub rule: AnomalyRule,
    /// Whether it is looked at.
    pub on: bool,
    /// How many days back it looks, the scanned day included.
    #[schema(minimum = 1, maximum = 400)]
    pub days: u32,
    /// The rule's own width; 0 where it has none.
    #[schema(minimum = 0, maximum = 400)]
    pub span: u32,
    /// So many cases are needed before anything is measured.
    #[schema(minimum = 1, maximum = 100_000)]
    pub least: u32,
    /// The measure at which a finding begins, with a score of 50.
    #[schema(minimum = 1, maximum = 100_000)]
    pub from: u32,
    /// The measure from which on the score is 100; not less than `from`.
    #[schema(minimum = 1, maximum = 100_000)]
    pub full: u32,
    /// The score from which on lines are held; never where it is left out.
    #[serde(default)]
    #[schema(minimum = 50, maximum = 100)]
    pub hold_at: Option<u32>,
}

impl AnomalyRulesBody {
    /// The command.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_act(self) -> Result<Act, Refusals> {
        let mut judge = Judge::new(Day(chrono::NaiveDate::MAX));
        let reason = judge.text("/reason", &self.reason, REASON);
        // A rule that stands there twice is told with its place.
        if !(1..=ENTRIES).contains(&self.rules.len()) {
            judge.malformed("/rules", format!("1 to {ENTRIES} rules"));
        }
        let one = |body: LimitsBody| {
            let LimitsBody { rule, on, days, span, least, from, full, hold_at } = body;
            (rule, Limits { on, days, span, least, from, full, hold_at })
        };
        let set = self.rules.into_iter().map(one).collect();
        let version = self.version;
        judge.finish(reason.map(|reason| Act::SetAnomalyRules { version, set, reason }))
    }
}

/// What an anomaly was.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"outcome": "dismissed", "reason": "企业为员工宿舍统一采购，已核验合同"}))]
pub struct ResolveAnomalyBody {
    /// `confirmed`: what it looked like; its lines stay held. `dismissed`: it was not; they are held by it no more.
    #[schema(value_type = ResolutionWord)]
    pub outcome: Resolution,
    /// Why, for the record.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

impl ResolveAnomalyBody {
    /// The command.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_act(self, anomaly: Id) -> Result<Act, Refusals> {
        let mut judge = Judge::new(Day(chrono::NaiveDate::MAX));
        let reason = judge.text("/reason", &self.reason, REASON);
        let confirmed = self.outcome == Resolution::Confirmed;
        judge.finish(reason.map(|reason| Act::ResolveAnomaly { anomaly, confirmed, reason }))
    }
}
