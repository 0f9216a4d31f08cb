//! What `audit verify` finds: counts when all is well, else the first bad record.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::rows::{EntryRow, RedemptionRow, VoucherRow};
use crate::domain::audit::{AuditRecord, Named, chain, named};
use crate::domain::checkpoint::{self, BLOCK, BLOCK_LEVEL, Block, Checkpoint};
use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::ledger::{Accounts, Movement, MovementKind};
use crate::domain::merkle::{Hash, Tree};
use crate::domain::money::Fen;
use crate::domain::rollup::{RollupKey, Tally};
use crate::domain::settlement::{Recovered, Settlement, Withdrawal};
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
    /// Claims that assistants made.
    pub assisted_claims: u64,
    /// Changes of retailers' bank accounts.
    pub account_proposals: u64,
    /// Anomalies, and versions of the rules that find them.
    pub anomalies: u64,
    /// Disputes.
    pub disputes: u64,
    /// Baselines and off-system figures that were entered by hand.
    pub entered_figures: u64,
    /// Ledger lines and accounts whose balances were recomputed.
    pub balances: u64,
    /// Rollup rows recomputed.
    pub rollups: u64,
    /// Settlements.
    pub settlements: u64,
    /// Checkpoints.
    pub checkpoints: u64,
    /// Files that were taken, the entries of product lists with them.
    pub imports: u64,
    /// Files about records.
    pub evidence_files: u64,
    /// Steps of old items' ends.
    pub old_item_steps: u64,
    /// Pick-ups at home.
    pub pickups: u64,
}

/// What was kept outside the database and the trail must agree with.
#[derive(Default)]
pub struct Against<'a> {
    /// Checkpoints that were published.
    pub published: Vec<Published>,
    /// Hashes of records as a second sink has them, from the first record on.
    pub sink: Vec<Hash>,
    /// Whether a stored checkpoint's signed statement is genuine and says the same, or else what is wrong with it.
    pub judge: Option<Judge<'a>>,
}

/// Says what is wrong with a stored checkpoint's statement.
pub type Judge<'a> = &'a dyn Fn(&Checkpoint) -> Result<(), String>;

/// A checkpoint that was kept elsewhere, and whose signature was found good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Its number.
    pub number: i64,
    /// Records.
    pub size: i64,
    /// Root.
    pub root: String,
    /// Hash of the last record.
    pub head: String,
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

/// The rows of one kind that the trail speaks of, with the newest digest of each and the record that has it. There is no
/// digest where the row was last written before rows of its kind had one.
pub(super) type Known = BTreeMap<Id, (Option<String>, i64)>;

/// The tables of settlements.
const SETTLED: &[&str] = &[
    "adjustment_state",
    "settlement",
    "line_rejection",
    "line_hold",
    "payment_batch",
    "bank_return",
    "reconciliation_row",
    "repayment",
];

/// The trail as far as it was walked.
#[derive(Default)]
pub(super) struct Walk {
    pub(super) seq: i64,
    pub(super) hash: String,
    pub(super) at: i64,
    pub(super) movements: Known,
    pub(super) redemptions: Known,
    pub(super) states: Known,
    pub(super) baselines: Known,
    pub(super) off_system: Known,
    pub(super) adjustments: Known,
    pub(super) assisted_claims: Known,
    pub(super) account_proposals: Known,
    pub(super) anomaly_rules: Known,
    pub(super) anomalies: Known,
    pub(super) disputes: Known,
    pub(super) checkpoints: Known,
    pub(super) imports: Known,
    /// Settlements and what happens to them, by table.
    pub(super) settled: BTreeMap<&'static str, Known>,
    /// The last record in which each settlement was approved.
    pub(super) approvals: BTreeMap<Id, i64>,
    pub(super) evidence_files: Known,
    pub(super) old_item_steps: Known,
    pub(super) pickups: Known,
    pub(super) trees: Trees,
}

/// The Merkle trees over the trail as far as it was walked.
#[derive(Default)]
pub(super) struct Trees {
    /// The sizes at which somebody asks for the root.
    pub(super) asked: BTreeSet<i64>,
    /// Root and hash of the last record, at each of these sizes.
    pub(super) found: BTreeMap<i64, (String, String)>,
    /// The roots over full blocks.
    pub(super) blocks: Vec<Hash>,
    whole: Tree,
    block: Tree,
}

impl Trees {
    fn step(&mut self, seq: i64, hash: &str) -> Option<()> {
        let leaf = checkpoint::leaf(hash)?;
        self.whole.push(leaf);
        self.block.push(leaf);
        if seq % BLOCK == 0 {
            self.blocks.push(std::mem::take(&mut self.block).root());
        }
        if self.asked.contains(&seq) {
            self.found.insert(seq, (hex::encode(self.whole.root()), hash.to_owned()));
        }
        Some(())
    }

    /// Whether the first `size` records are those of a root.
    fn agree(&self, size: i64, root: &str, head: &str) -> bool {
        self.found.get(&size).is_some_and(|(own, last)| own == root && last == head)
    }
}

impl Walk {
    pub(super) fn new(asked: BTreeSet<i64>) -> Self {
        let trees = Trees { asked, ..Trees::default() };
        Self { hash: crate::domain::audit::GENESIS.to_owned(), trees, ..Self::default() }
    }

    /// What was kept elsewhere against the trail, once it was walked.
    pub(super) fn holds_against(&self, against: &Against<'_>) -> Result<(), Finding> {
        // While walking, each record was compared with the sink; here is what the sink has beyond.
        let kept = i64::try_from(against.sink.len()).unwrap_or(i64::MAX);
        if kept > self.seq {
            let seq = self.seq + 1;
            return Err(Finding::new(
                "audit_record",
                seq,
                Some(seq),
                "the second sink has the record; here it is missing",
            ));
        }
        for published in &against.published {
            let Published { number, size, root, head } = published;
            if *size > self.seq {
                let (seq, what) = (self.seq + 1, format!("checkpoint {number} was published over {size} records"));
                return Err(Finding::new("audit_record", seq, Some(seq), format!("{what}; this one is missing")));
            }
            if !self.trees.agree(*size, root, head) {
                let what =
                    format!("the records from the first to this one are not those of published checkpoint {number}");
                return Err(Finding::new("audit_record", size, Some(*size), what));
            }
        }
        Ok(())
    }

    /// The stored checkpoints and blocks against the trail.
    pub(super) fn holds(
        &self,
        checkpoints: &[Checkpoint],
        blocks: &[Block],
        against: &Against<'_>,
    ) -> Result<(), Finding> {
        for (row, number) in checkpoints.iter().zip(1..) {
            let seq = self.checkpoints.get(&row.id).map(|known| known.1);
            let bad = |what: &str| Finding::new("audit_checkpoint", row.id, seq, what);
            if row.number != number {
                return Err(bad("it has not the next number"));
            }
            if !self.trees.agree(row.size, &row.root, &row.head) {
                return Err(bad("the records that it is over have another root"));
            }
            if let Some(judge) = against.judge {
                judge(row).map_err(|what| bad(&what))?;
            }
        }
        let full = checkpoints.last().map_or(0, |last| last.size >> BLOCK_LEVEL);
        let mut expected = self.trees.blocks.iter().zip(0..full);
        for row in blocks {
            let bad = |what: &str| Finding::new("audit_block", row.number, None, what);
            match expected.next() {
                Some((root, number)) if row.number == number && hex::encode(root) == row.root => {}
                Some((_, number)) if row.number > number => {
                    return Err(Finding::new("audit_block", number, None, "the row is missing"));
                }
                Some(_) => return Err(bad("the records of the block have another root")),
                None => return Err(bad("no checkpoint is over the block")),
            }
        }
        let missing =
            expected.next().map(|(_, number)| Finding::new("audit_block", number, None, "the row is missing"));
        missing.map_or(Ok(()), Err)
    }

    /// Takes the next record of the trail, by sequence.
    pub(super) fn step(&mut self, record: &AuditRecord, sink: &[Hash]) -> Result<(), Finding> {
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
        let kept = usize::try_from(self.seq).ok().and_then(|at| sink.get(at));
        if kept.is_some_and(|kept| hex::encode(kept) != record.hash) {
            return Err(bad("the second sink has another hash of it"));
        }
        self.trees.step(seq, &record.hash).ok_or_else(|| bad("its hash is none"))?;
        for fact in named(&body) {
            fact.and_then(|fact| self.fact(&fact, seq)).ok_or_else(|| bad("it names a fact that cannot be read"))?;
        }
        let act = text("act");
        if let (Some("approve_settlement"), Ok(settlement)) = (act.as_deref(), record.subject.parse()) {
            self.approvals.insert(settlement, seq);
        }
        self.without_digest(act.as_deref(), &record.subject, seq);
        (self.seq, self.hash, self.at) = (seq, record.hash.clone(), record.at.0);
        Ok(())
    }

    fn fact(&mut self, fact: &Named<'_>, seq: i64) -> Option<()> {
        let known = match fact.table {
            "movement" => &mut self.movements,
            "redemption" => &mut self.redemptions,
            "redemption_state" => &mut self.states,
            "growth_baseline" => &mut self.baselines,
            "off_system_trade_in" => &mut self.off_system,
            "adjustment" => &mut self.adjustments,
            "assisted_claim" => &mut self.assisted_claims,
            "account_proposal" => &mut self.account_proposals,
            "audit_checkpoint" => &mut self.checkpoints,
            "import_file" => &mut self.imports,
            "evidence_file" => &mut self.evidence_files,
            "old_item_step" => &mut self.old_item_steps,
            "pickup" => &mut self.pickups,
            "anomaly_rules" => &mut self.anomaly_rules,
            "anomaly" => &mut self.anomalies,
            "dispute" => &mut self.disputes,
            other => self.settled.entry(SETTLED.iter().copied().find(|table| *table == other)?).or_default(),
        };
        known.insert(fact.id, (Some(fact.digest.to_owned()), seq));
        Some(())
    }

    /// The first records of claims by assistants, of changes of bank accounts and of pick-ups had no digest of the row; that
    /// the act is about it they do say. So a row from then is told from one that was put in later: of the second no record speaks
    /// at all. A row from then has to be there, and what stands in it is watched from the next record on that writes it.
    /// Nobody makes such a record today but by forging the chain.
    fn without_digest(&mut self, act: Option<&str>, subject: &str, seq: i64) {
        let known = match act {
            Some("claim_voucher_for") => &mut self.assisted_claims,
            Some("propose_bank_account" | "approve_bank_account" | "reject_bank_account") => {
                &mut self.account_proposals
            }
            Some("request_pickup" | "accept_pickup" | "collect_pickup" | "cancel_pickup") => &mut self.pickups,
            _ => return,
        };
        if let Ok(id) = subject.parse()
            && known.get(&id).is_none_or(|(_, of)| *of != seq)
        {
            known.insert(id, (None, seq));
        }
    }
}

/// Compares the rows of a table with what the trail says of them. `seen` has each row's digest.
pub(super) fn compare(table: &'static str, known: &Known, seen: &BTreeMap<Id, String>) -> Result<(), Finding> {
    let mut bad: Vec<Finding> = Vec::new();
    for (id, (digest, seq)) in known {
        match seen.get(id) {
            None => bad.push(Finding::new(table, id, Some(*seq), "the row is missing")),
            Some(found) if digest.as_ref().is_some_and(|digest| digest != found) => {
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

/// What movements say: balances of lines by line and of accounts by line and retailer, when vouchers ended unused, and
/// when anything happened to a voucher or redemption.
#[derive(Default)]
pub(super) struct Balances {
    pub(super) lines: BTreeMap<Id, Accounts>,
    pub(super) accounts: BTreeMap<(Id, Id), Accounts>,
    pub(super) ended: BTreeMap<Id, Moment>,
    pub(super) times: BTreeSet<(Id, Moment)>,
}

impl Balances {
    pub(super) fn add(&mut self, movement: &Movement) {
        let (line, deltas) = (movement.line, &movement.deltas);
        let balance = self.lines.entry(line).or_default();
        *balance = balance.plus(deltas);
        if let Some(retailer) = movement.retailer {
            let balance = self.accounts.entry((line, retailer)).or_default();
            *balance = balance.plus(deltas);
        }
        self.times.insert((movement.subject, movement.at));
        if matches!(movement.kind, MovementKind::Expire | MovementKind::Cancel) {
            self.ended.insert(movement.subject, movement.at);
        }
    }
}

/// The key of money that goes to or comes from a retailer, and to no store; its days are to be filled in.
fn key_of(retailer: Id, programme: &str, category: Category) -> RollupKey {
    RollupKey {
        programme: programme.to_owned(),
        category,
        retailer,
        store: Id::NIL,
        town: String::new(),
        effective: Moment(0).day(),
        recorded: Moment(0).day(),
    }
}

/// When a redemption was given how much more.
pub(super) type Raised = (Moment, Fen);

/// What facts say that the rollups must hold, by every key that they have.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) sums: BTreeMap<RollupKey, Tally>,
    /// When vouchers were redeemed.
    redeemed: BTreeMap<Id, Moment>,
}

impl Facts {
    /// Counts for one day, known since another.
    fn add(&mut self, key: &RollupKey, effective: Moment, recorded: Moment, tally: Tally) {
        let key = RollupKey { effective: effective.day(), recorded: recorded.day(), ..key.clone() };
        let sum = self.sums.entry(key).or_default();
        *sum = sum.plus(&tally);
    }

    /// What one redemption stands for, with what it was given more later and its return, where there were such. `key`
    /// has everything but the days.
    pub(super) fn redemption(
        &mut self,
        row: &RedemptionRow,
        key: &RollupKey,
        reversed: Option<Moment>,
        raised: &[Raised],
    ) {
        let (at, subsidy) = (Moment(row.at), Fen(row.subsidy_fen));
        let without = key.category.is_appliance() && !row.completed;
        let counted = |by: i64| Tally {
            completed: if row.completed { by } else { 0 },
            without_old_item: if without { by } else { 0 },
            ..Tally::default()
        };
        self.add(key, at, at, Tally { redeemed: 1, amount_redeemed: subsidy, ..counted(1) });
        for (posted, amount) in raised {
            self.add(key, *posted, *posted, Tally { amount_redeemed: *amount, ..Tally::default() });
        }
        if let Some(back) = reversed {
            let brought = subsidy + raised.iter().map(|(_, amount)| *amount).sum();
            self.add(key, at, back, counted(-1));
            self.add(key, back, back, Tally { reversed: 1, amount_reversed: brought, ..Tally::default() });
        }
        self.redeemed.insert(row.voucher, at);
    }

    /// What one settlement stands for: approved, had back and paid, and each approval that was withdrawn; gives the times at which that happened.
    pub(super) fn settlement(&mut self, row: &Settlement, lines: &BTreeMap<Id, (String, Category)>) -> Vec<Moment> {
        let mut times = Vec::new();
        for Withdrawal { frozen, approvals, signature, .. } in &row.withdrawn {
            for (at, sign) in approvals.last().map(|approval| (approval.at, 1)).into_iter().chain([(signature.at, -1)])
            {
                times.push(at);
                for portion in frozen.portions.iter() {
                    let amount_approved = Fen(portion.amount.0.saturating_mul(sign));
                    let key = key_of(row.retailer, &portion.programme, portion.category);
                    self.add(&key, at, at, Tally { amount_approved, ..Tally::default() });
                }
                let signed =
                    |one: &Recovered| Recovered { line: one.line, amount: Fen(one.amount.0.saturating_mul(sign)) };
                let recovered: Vec<Recovered> = frozen.recovered.iter().map(signed).collect();
                self.recovered(row.retailer, &recovered, at, lines);
            }
        }
        let Some((frozen, approved)) = row.frozen.as_ref().zip(row.approvals.last()) else { return times };
        times.push(approved.at);
        for portion in frozen.portions.iter() {
            let key = key_of(row.retailer, &portion.programme, portion.category);
            let tally = Tally { amount_approved: portion.amount, ..Tally::default() };
            self.add(&key, approved.at, approved.at, tally);
            if let Some(payment) = &row.payment {
                let (at, tally) = (payment.recorded.at, Tally { amount_paid: portion.amount, ..Tally::default() });
                self.add(&key, at, at, tally);
                times.push(at);
            }
        }
        self.recovered(row.retailer, &frozen.recovered, approved.at, lines);
        times
    }

    /// What was had back, by line.
    pub(super) fn recovered(
        &mut self,
        retailer: Id,
        recovered: &[Recovered],
        at: Moment,
        lines: &BTreeMap<Id, (String, Category)>,
    ) {
        for one in recovered {
            // A line that is not there is found with the ledger.
            let Some((programme, category)) = lines.get(&one.line) else { continue };
            let tally = Tally { amount_recovered: one.amount, ..Tally::default() };
            self.add(&key_of(retailer, programme, *category), at, at, tally);
        }
    }

    /// What one voucher stands for: reserved for the day of its issue until it ends. `ended` is when it did so unused.
    pub(super) fn voucher(&mut self, row: &VoucherRow, key: &RollupKey, ended: Option<Moment>) {
        let (issued, reserved) = (Moment(row.issued_at), Fen(row.reserved_fen));
        self.add(key, issued, issued, Tally { issued: 1, amount_reserved: reserved, ..Tally::default() });
        if let Some(end) = ended.or_else(|| self.redeemed.get(&row.id).copied()) {
            self.add(key, issued, end, Tally { amount_reserved: -reserved, ..Tally::default() });
        }
        match (row.status.as_str(), ended) {
            ("expired", Some(end)) => {
                self.add(key, Moment(row.expires_at), end, Tally { expired: 1, ..Tally::default() });
            }
            ("cancelled", Some(end)) => self.add(key, end, end, Tally { cancelled: 1, ..Tally::default() }),
            _ => {}
        }
    }

    /// The first key whose entries sum to something else; an absent key is a sum of nothing.
    pub(super) fn first_difference(&self, entries: &BTreeMap<RollupKey, Tally>) -> Option<(RollupKey, String)> {
        let keys: BTreeSet<&RollupKey> = self.sums.keys().chain(entries.keys()).collect();
        let zero = Tally::default();
        keys.into_iter().find_map(|key| {
            let (said, found) = (self.sums.get(key).unwrap_or(&zero), entries.get(key).unwrap_or(&zero));
            (said != found).then(|| (key.clone(), format!("facts say {said:?}, its entries {found:?}")))
        })
    }

    /// Whether an entry is of a time at which something happened to its subject, and its identity and day agree to it.
    pub(super) fn is_timely(&self, row: &EntryRow, times: &BTreeSet<(Id, Moment)>) -> bool {
        let at = Moment(row.at);
        let known = times.contains(&(row.subject, at)) || self.redeemed.get(&row.subject) == Some(&at);
        known && row.recorded_day == at.day().number() && row.id.as_bytes().starts_with(&at.millis().to_be_bytes()[2..])
    }
}
