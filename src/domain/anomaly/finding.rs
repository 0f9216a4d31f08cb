//! What a rule finds, and what becomes of it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::LINES;
use super::limits::Limits;
use super::rule::AnomalyRule;
use super::seen::Sold;
use crate::domain::goods::words;
use crate::domain::id::Id;
use crate::domain::settlement::{Hold, HoldKind};
use crate::domain::time::{Day, Moment};

/// Links of evidence that a finding names at most, beside its lines: the newest.
const LINKS: usize = 40;

words! {
    /// What a piece of evidence is.
    LinkKind {
        /// A redemption.
        Redemption = "redemption",
        /// A record of an old item.
        TurnIn = "turn_in",
        /// A refused attempt.
        Attempt = "attempt",
        /// An account of staff.
        Account = "account",
        /// A store.
        Store = "store",
        /// A retailer.
        Retailer = "retailer",
        /// Who took old items in.
        Recorder = "recorder",
    }
}

/// A record that shows what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Link {
    /// What it is.
    pub kind: LinkKind,
    /// Which.
    pub id: Id,
}

impl Link {
    pub(super) fn to(kind: LinkKind, id: Id) -> Self {
        Self { kind, id }
    }
}

/// What a rule found on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// The rule.
    pub rule: AnomalyRule,
    /// About whom or what: an account, a store, or a digest.
    pub subject: Id,
    /// The day that was scanned.
    pub day: Day,
    /// The first day that was looked at.
    pub since: Day,
    /// Which part it is, from zero, of a finding with very many lines.
    pub part: u32,
    /// What was measured.
    pub measure: u32,
    /// How sure it is: 50 to 100.
    pub score: u32,
    /// Whether the lines are held until somebody has looked.
    pub holds: bool,
    /// The redemptions that it is about.
    pub lines: Vec<Id>,
    /// Their retailers.
    pub retailers: Vec<Id>,
    /// What shows it.
    pub evidence: Vec<Link>,
    /// Why, in Chinese.
    pub zh: String,
    /// Why, in English.
    pub en: String,
}

/// Takes the sentences of a finding: Chinese, English.
pub(super) struct Why(pub(super) String, pub(super) String);

impl Signal {
    /// What a rule found, when the measure is enough and there is a line that it is about.
    pub(super) fn new(
        (rule, subject, day): (AnomalyRule, Id, Day),
        (limits, measure): (&Limits, u32),
        lines: &[&Sold],
        evidence: impl IntoIterator<Item = Link>,
        why: impl FnOnce(u32) -> Why,
    ) -> Option<Self> {
        let score = limits.score(measure)?;
        if lines.is_empty() {
            return None;
        }
        let retailers: BTreeSet<Id> = lines.iter().map(|line| line.retailer).collect();
        let mut ids: Vec<Id> = lines.iter().map(|line| line.id).collect();
        ids.sort_unstable();
        ids.dedup();
        let own = |link: &Link| link.kind == LinkKind::Redemption && ids.binary_search(&link.id).is_ok();
        let shown: BTreeSet<Link> = evidence.into_iter().filter(|link| !own(link)).collect();
        // Identities begin with their time, so that the last of a kind are the newest.
        let evidence = shown.into_iter().rev().take(LINKS).collect();
        let Why(zh, en) = why(measure);
        Some(Self {
            rule,
            subject,
            day,
            since: limits.first_day(day),
            part: 0,
            measure,
            score,
            holds: limits.holds(score),
            lines: ids,
            retailers: retailers.into_iter().collect(),
            evidence,
            zh,
            en,
        })
    }

    /// The same, cut so that no part has too many lines.
    pub(super) fn in_parts(self) -> Vec<Self> {
        let parts = self.lines.chunks(LINES).zip(0..);
        parts.map(|(lines, part)| Self { part, lines: lines.to_vec(), ..self.clone() }).collect()
    }

    /// The identity of the finding: one for each rule, subject and day, however often the day is scanned. It begins with
    /// the end of the day, so that lists are from the newest on.
    #[must_use]
    pub fn id(&self) -> Id {
        let (subject, day) = (self.subject.to_string(), self.day.to_string());
        Id::derived(self.day.next().start(), Id::digest(&["finding", self.rule.name(), &subject, &day]), self.part)
    }
}

words! {
    /// What became of a finding.
    AnomalyStatus {
        /// Nobody has decided yet; what it holds is held.
        Open = "open",
        /// It is what it looked like. Its lines stay held until they are rejected or clawed back.
        Confirmed = "confirmed",
        /// It is not what it looked like; its lines are free.
        Dismissed = "dismissed",
    }
}

words! {
    /// How an anomaly is resolved.
    Resolution {
        /// It is what it looked like.
        Confirmed = "confirmed",
        /// It is not.
        Dismissed = "dismissed",
    }
}

/// A finding as it is kept: an anomaly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anomaly {
    /// Identity: [`Signal::id`].
    pub id: Id,
    /// What was found.
    pub signal: Signal,
    /// The version of the rules by which it was found.
    pub rules: u32,
    /// When it was found.
    pub at: Moment,
    /// What became of it.
    pub status: AnomalyStatus,
    /// Who decided.
    pub resolved_by: Option<Id>,
    /// When.
    pub resolved_at: Option<Moment>,
    /// Why so.
    pub reason: Option<String>,
}

impl Anomaly {
    /// What a version of the rules has found, before anybody has looked.
    #[must_use]
    pub fn found(signal: Signal, rules: u32, at: Moment) -> Self {
        Self {
            id: signal.id(),
            signal,
            rules,
            at,
            status: AnomalyStatus::Open,
            resolved_by: None,
            resolved_at: None,
            reason: None,
        }
    }

    /// What it holds its lines with.
    #[must_use]
    pub fn hold(&self) -> Hold {
        Hold { kind: HoldKind::Finding, id: self.id }
    }
}

/// A day that was scanned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanDay {
    /// The day.
    pub day: Day,
    /// The version of the rules.
    pub rules: u32,
    /// How much was found.
    pub findings: u32,
    /// When it was scanned.
    pub at: Moment,
}

/// How often a rule was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Precision {
    /// The rule.
    pub rule: AnomalyRule,
    /// Findings that nobody has decided.
    pub open: u64,
    /// Findings that were what they looked like.
    pub confirmed: u64,
    /// Findings that were not.
    pub dismissed: u64,
}

impl Precision {
    /// Of those decided, how many in a thousand were right; nothing where none was decided.
    #[must_use]
    pub fn permille(&self) -> Option<u64> {
        let decided = self.confirmed + self.dismissed;
        (decided > 0).then(|| (self.confirmed * 1000 + decided / 2) / decided)
    }
}
