//! The thresholds, which are data: what the code starts with stands in `rules.toml`, what the bureau sets is versioned.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::rule::AnomalyRule;
use crate::domain::id::Id;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::{Day, Moment};

/// The rules as they are until somebody sets others.
const DEFAULTS: &str = include_str!("rules.toml");
static OF_THE_CODE: LazyLock<Rules> = LazyLock::new(|| Rules(toml::from_str(DEFAULTS).unwrap_or_default()));
/// The most days that a rule may look back; a scan reads so many.
const LONGEST: u32 = 400;
/// The most of any other number.
const MOST: u32 = 100_000;
/// The score of a measure that just reaches `from`.
const LOWEST_SCORE: u32 = 50;
/// The highest score.
const FULL_SCORE: u32 = 100;

/// What one rule goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Whether the rule is looked at.
    pub on: bool,
    /// How many days back it looks, the scanned day included.
    pub days: u32,
    /// The rule's own width ([`AnomalyRule::span`]).
    pub span: u32,
    /// Cases that are needed before anything is measured ([`AnomalyRule::least`]).
    pub least: u32,
    /// The measure at which a finding begins, with a score of 50.
    pub from: u32,
    /// The measure from which on the score is 100.
    pub full: u32,
    /// The score from which on lines are held; never where it is not said.
    #[serde(default)]
    pub hold_at: Option<u32>,
}

impl Limits {
    /// 50 where the measure just reaches `from`, 100 from `full` on, between them in proportion; nothing below.
    #[must_use]
    pub fn score(&self, measure: u32) -> Option<u32> {
        let over = measure.checked_sub(self.from)?;
        let range = self.full.saturating_sub(self.from);
        if over >= range {
            return Some(FULL_SCORE);
        }
        let part = u64::from(over) * u64::from(FULL_SCORE - LOWEST_SCORE) / u64::from(range.max(1));
        Some(LOWEST_SCORE + u32::try_from(part).unwrap_or(0))
    }

    /// Whether a finding with this score holds its lines.
    #[must_use]
    pub fn holds(&self, score: u32) -> bool {
        self.hold_at.is_some_and(|at| score >= at)
    }

    /// What cannot stand, by the member that it stands in, below `at`.
    #[must_use]
    pub fn faults(&self, rule: AnomalyRule, at: &str) -> Vec<Refusal> {
        let Self { days, span, least, from, full, hold_at, .. } = *self;
        let members = [
            ("days", Some(days), 1, LONGEST),
            ("span", Some(span), u32::from(rule.span().is_some()), LONGEST),
            ("least", Some(least), 1, MOST),
            ("from", Some(from), 1, MOST),
            ("full", Some(full), from.clamp(1, MOST), MOST),
            ("hold_at", hold_at, LOWEST_SCORE, FULL_SCORE),
        ];
        let fault = |(name, value, least, most): (&str, Option<u32>, u32, u32)| {
            let value = value.filter(|value| !(least..=most).contains(value))?;
            let refusal = Refusal::at(Code::BodyMalformed, format!("{at}/{name}")).found(value);
            Some(refusal.expected(format!("{least} to {most}")))
        };
        members.into_iter().filter_map(fault).collect()
    }

    /// The first day that is looked at when `day` is scanned.
    #[must_use]
    pub fn first_day(&self, day: Day) -> Day {
        day.minus(self.days.saturating_sub(1))
    }
}

/// All rules, each with its limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rules(BTreeMap<AnomalyRule, Limits>);

impl Default for Rules {
    /// The code's own, from `rules.toml`; that they can be read and are whole is tested.
    fn default() -> Self {
        OF_THE_CODE.clone()
    }
}

impl Rules {
    /// The same with some rules set anew.
    #[must_use]
    pub fn with(mut self, set: &[(AnomalyRule, Limits)]) -> Self {
        self.0.extend(set.iter().copied());
        self
    }

    /// The rules that differ from those of before, each as it was and as it is.
    #[must_use]
    pub fn changed_from(&self, before: &Self) -> BTreeMap<AnomalyRule, (Limits, Limits)> {
        let pairs = self.each().map(|(rule, now)| (rule, (before.of(rule), now)));
        pairs.filter(|(_, (before, now))| before != now).collect()
    }

    /// What a rule goes by. One that a stored document of an older release does not have is as the code has it.
    #[must_use]
    pub fn of(&self, rule: AnomalyRule) -> Limits {
        let off = Limits { on: false, days: 1, span: 0, least: 1, from: 1, full: 1, hold_at: None };
        self.0.get(&rule).or_else(|| OF_THE_CODE.0.get(&rule)).copied().unwrap_or(off)
    }

    /// Every rule with what it goes by, in their order.
    pub fn each(&self) -> impl Iterator<Item = (AnomalyRule, Limits)> + '_ {
        AnomalyRule::ALL.iter().map(|rule| (*rule, self.of(*rule)))
    }

    /// How many days back a scan reads: as far as any rule that is on looks. A rule whose measure is a share needs as much
    /// again, to know whether it was told before.
    #[must_use]
    pub fn longest(&self) -> u32 {
        let reach = |(rule, limits): (AnomalyRule, Limits)| match rule {
            AnomalyRule::PriceAtCap => limits.days * 2,
            AnomalyRule::OldItemsNotReceived => limits.days * 2 + limits.span,
            _ => limits.days,
        };
        self.each().filter(|(_, limits)| limits.on).map(reach).max().unwrap_or(1)
    }
}

/// Rules as somebody set them; each entry is a version, the newest counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesEntry {
    /// Identity: [`RulesEntry::key`] of its number, so that two who set rules at once cannot both be next.
    pub id: Id,
    /// Number, from one; zero stands for what the code starts with.
    pub number: u32,
    /// The rules.
    pub rules: Rules,
    /// Why they were changed.
    pub reason: String,
    /// Who set them.
    pub author: Id,
    /// When.
    pub at: Moment,
}

impl RulesEntry {
    /// The number of the version that is in force and its rules, where `newest` is the newest that somebody set, if any.
    #[must_use]
    pub fn in_force(newest: Option<&Self>) -> (u32, &Rules) {
        newest.map_or_else(|| (0, &*OF_THE_CODE), |entry| (entry.number, &entry.rules))
    }

    /// The identity of a version.
    #[must_use]
    pub fn key(number: u32) -> Id {
        Id::digest(&["anomaly rules", &number.to_string()])
    }
}
