//! What `audit verify` finds: counts when all is well, else the first bad record.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::domain::audit::{AuditRecord, chain};
use crate::domain::id::Id;
use crate::domain::ledger::Accounts;
use crate::domain::money::Fen;
use crate::domain::rollup::Tally;
use crate::domain::time::Moment;

/// What was compared, when everything agreed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Records of the trail.
    pub records: u64,
    /// Movements.
    pub movements: u64,
    /// Redemptions.
    pub redemptions: u64,
    /// States of redemptions.
    pub redemption_states: u64,
    /// Adjustments.
    pub adjustments: u64,
    /// Ledger lines and accounts whose balances were recomputed.
    pub balances: u64,
    /// Rollup rows recomputed.
    pub rollups: u64,
}

/// The first record that is not as the trail says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Table.
    pub table: &'static str,
    /// Identity of the record, or its number in the trail.
    pub id: String,
    /// Number of the trail's record that speaks of it, where there is one.
    pub seq: Option<i64>,
    /// What is wrong.
    pub what: String,
}

impl Finding {
    pub(super) fn new(
        table: &'static str,
        id: impl std::fmt::Display,
        seq: Option<i64>,
        what: impl Into<String>,
    ) -> Self {
        Self { table, id: format!("{id}"), seq, what: what.into() }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seq = self.seq.map_or_else(|| "none".to_owned(), |seq| seq.to_string());
        write!(f, "table {}, id {}, sequence {seq}: {}", self.table, self.id, self.what)
    }
}

/// The rows of one kind that the trail speaks of, with the newest digest of each and the record that has it.
pub(super) type Known = BTreeMap<Id, (String, i64)>;

/// The trail as far as it was walked.
#[derive(Default)]
pub(super) struct Walk {
    pub(super) seq: i64,
    pub(super) hash: String,
    pub(super) at: i64,
    pub(super) movements: Known,
    pub(super) redemptions: Known,
    pub(super) states: Known,
    pub(super) adjustments: Known,
}

impl Walk {
    pub(super) fn new() -> Self {
        Self { hash: crate::domain::audit::GENESIS.to_owned(), ..Self::default() }
    }

    /// Takes the next record of the trail, by sequence.
    pub(super) fn step(&mut self, record: &AuditRecord) -> Result<(), Finding> {
        let seq = self.seq + 1;
        let bad = |what: &str| Finding::new("audit_record", record.seq, Some(record.seq), what);
        if record.seq != seq {
            return Err(Finding::new("audit_record", seq, Some(seq), "the record is missing"));
        }
        if chain(&self.hash, &record.body) != record.hash {
            return Err(bad("its hash does not follow from the record before it and its body"));
        }
        let body: Value = serde_json::from_str(&record.body).map_err(|_| bad("its body is not readable"))?;
        let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
        let agrees = body.get("seq").and_then(Value::as_i64) == Some(seq)
            && text("at") == Some(Moment(record.at.0).to_string())
            && text("subject").as_ref() == Some(&record.subject);
        if !agrees {
            return Err(bad("its columns are not those of its body"));
        }
        // The records of one batch have one time.
        if record.at.0 < self.at {
            return Err(bad("it is earlier than the record before it"));
        }
        for fact in body.get("facts").and_then(Value::as_array).into_iter().flatten() {
            self.fact(fact, seq).ok_or_else(|| bad("it names a fact that cannot be read"))?;
        }
        (self.seq, self.hash, self.at) = (seq, record.hash.clone(), record.at.0);
        Ok(())
    }

    fn fact(&mut self, fact: &Value, seq: i64) -> Option<()> {
        let word = |at: usize| fact.get(at).and_then(Value::as_str);
        let id: Id = word(1)?.parse().ok()?;
        let digest = word(2)?.to_owned();
        let known = match word(0)? {
            "movement" => &mut self.movements,
            "redemption" => &mut self.redemptions,
            "redemption_state" => &mut self.states,
            "adjustment" => &mut self.adjustments,
            _ => return None,
        };
        known.insert(id, (digest, seq));
        Some(())
    }
}

/// Compares the rows of a table with what the trail says of them. `seen` has each row's digest.
pub(super) fn compare(table: &'static str, known: &Known, seen: &BTreeMap<Id, String>) -> Result<(), Finding> {
    let mut bad: Vec<Finding> = Vec::new();
    for (id, (digest, seq)) in known {
        match seen.get(id) {
            None => bad.push(Finding::new(table, id, Some(*seq), "the row is missing")),
            Some(found) if found != digest => {
                bad.push(Finding::new(table, id, Some(*seq), "the row is not as it was written"));
            }
            Some(_) => {}
        }
    }
    let extra = seen.keys().find(|id| !known.contains_key(id));
    bad.extend(extra.map(|id| Finding::new(table, id, None, "no record of the trail speaks of the row")));
    // The first by the trail's order; a row that the trail does not know comes last.
    bad.into_iter().min_by_key(|finding| finding.seq.unwrap_or(i64::MAX)).map_or(Ok(()), Err)
}

/// Balances recomputed from movements: of lines by line, of accounts by line and retailer.
#[derive(Default)]
pub(super) struct Balances {
    pub(super) lines: BTreeMap<Id, Accounts>,
    pub(super) accounts: BTreeMap<(Id, Id), Accounts>,
}

impl Balances {
    pub(super) fn add(&mut self, line: Id, retailer: Option<Id>, deltas: &Accounts) {
        let balance = self.lines.entry(line).or_default();
        *balance = balance.plus(deltas);
        if let Some(retailer) = retailer {
            let balance = self.accounts.entry((line, retailer)).or_default();
            *balance = balance.plus(deltas);
        }
    }
}

/// What facts say that the rollups must hold: by programme and category, and by retailer, store and town where the
/// event has them.
pub(super) type FactKey = (String, String, Id, Id, String);

/// Adds to a sum.
pub(super) fn add(sums: &mut BTreeMap<FactKey, Tally>, key: FactKey, tally: &Tally) {
    let sum = sums.entry(key).or_default();
    *sum = sum.plus(tally);
}

/// The first key whose sums differ; an absent key is a sum of nothing.
pub(super) fn first_difference(
    facts: &BTreeMap<FactKey, Tally>,
    rollups: &BTreeMap<FactKey, Tally>,
) -> Option<(FactKey, String)> {
    let keys: BTreeSet<&FactKey> = facts.keys().chain(rollups.keys()).collect();
    let zero = Tally::default();
    keys.into_iter().find_map(|key| {
        let (said, found) = (facts.get(key).unwrap_or(&zero), rollups.get(key).unwrap_or(&zero));
        (said != found).then(|| (key.clone(), format!("facts say {said:?}, the rollups {found:?}")))
    })
}

/// The tally that one redemption stands for, reversed or not. `brought` is its subsidy with its adjustments.
pub(super) fn of_redemption(brought: Fen, completed: bool, without_old_item: bool, reversed: bool) -> Tally {
    Tally {
        redeemed: 1,
        reversed: i64::from(reversed),
        completed: i64::from(completed && !reversed),
        without_old_item: i64::from(without_old_item && !reversed),
        amount_redeemed: brought,
        amount_reversed: if reversed { brought } else { Fen::ZERO },
        ..Tally::default()
    }
}

/// The tally that one voucher stands for.
pub(super) fn of_voucher(status: &str, reserved: Fen) -> Tally {
    Tally {
        issued: 1,
        expired: i64::from(status == "expired"),
        cancelled: i64::from(status == "cancelled"),
        amount_reserved: if status == "issued" { reserved } else { Fen::ZERO },
        ..Tally::default()
    }
}
