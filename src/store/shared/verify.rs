//! The trail against the tables, page by page. A row that cannot even be read is a finding too.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::Conn;
use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::ledger::{account_id, line_id};
use crate::domain::money::Fen;
use crate::domain::product::ListDigest;
use crate::domain::records::{RedemptionState, RedemptionStatus};
use crate::domain::rollup::{RollupKey, Tally};
use crate::domain::time::Moment;
use crate::store::digest;
use crate::store::error::StoreError;
use crate::store::rows::{
    AccountProposalRow, AccountRow, AdjustmentRow, AnomalyRow, AnomalyRulesRow, AssistedClaimRow, AuditRow,
    BaselineRow, BlockRow, CheckpointRow, DisputeRow, EntryRow, EvidenceFileRow, ImportFileRow, LineRow, MovementRow,
    OffSystemRow, OldItemStepRow, PickupRow, ProductRow, RedemptionRow, RedemptionStateRow, RollupRow, Row, VoucherRow,
    read_all,
};
use crate::store::schema::{
    account_proposal, adjustment, anomaly, anomaly_rules, assisted_claim, audit_block, audit_checkpoint, audit_head,
    audit_record, dispute, evidence_file, growth_baseline, import_file, ledger_account, ledger_line, movement,
    off_system_trade_in, old_item_step, pickup, product, redemption, redemption_state, rollup, rollup_entry, voucher,
};
use crate::store::verify::{Against, Balances, Facts, Finding, Raised, Verified, Walk, compare};

/// Rows read at a time.
const PAGE: i64 = 2000;

type Checked = Result<Result<Verified, Finding>, StoreError>;

/// Unwraps a check inside a check: a finding ends it.
macro_rules! sound {
    ($check:expr) => {
        match $check {
            Ok(value) => value,
            Err(finding) => return Ok(Err(finding)),
        }
    };
}

/// Unwraps a query: a row that cannot be read is a finding in its table, anything else an error.
macro_rules! read {
    ($table:expr, $query:expr) => {
        match $query {
            Ok(rows) => rows,
            Err(diesel::result::Error::DeserializationError(why)) => {
                return Ok(Err(Finding::new($table, "unreadable", None, why.to_string())));
            }
            Err(why) => return Err(StoreError::from(why)),
        }
    };
}

/// Runs over a table by its keys, a page at a time. It begins without a key: a row of all zeros comes before every other.
macro_rules! each_row {
    ($conn:expr, $table:ident.$key:ident as $row:ty, |$one:ident| $work:block) => {{
        let mut after: Option<Id> = None;
        loop {
            let mut page = $table::table.order($table::$key).limit(PAGE).select(<$row>::as_select()).into_boxed();
            if let Some(after) = after {
                page = page.filter($table::$key.gt(after));
            }
            let page: Vec<$row> = read!(stringify!($table), page.load($conn));
            let Some(last) = page.last() else { break };
            after = Some(last.$key);
            for $one in page $work
        }
    }};
}

pub(super) use {each_row, read, sound};

/// Walks everything; see [`Verified`] for what is compared.
pub fn verify(conn: &mut Conn, against: &Against<'_>, progress: &mut dyn FnMut(&str)) -> Checked {
    let kept: Vec<CheckpointRow> = read!(
        "audit_checkpoint",
        audit_checkpoint::table.order(audit_checkpoint::number).select(CheckpointRow::as_select()).load(conn)
    );
    let published = against.published.iter().map(|published| published.size);
    let mut walk = Walk::new(kept.iter().map(|row| row.size).chain(published).collect());
    loop {
        let page: Vec<AuditRow> = read!(
            "audit_record",
            audit_record::table
                .filter(audit_record::seq.gt(walk.seq))
                .order(audit_record::seq)
                .limit(PAGE)
                .select(AuditRow::as_select())
                .load(conn)
        );
        if page.is_empty() {
            break;
        }
        for row in page {
            sound!(walk.step(&row.read()?, &against.sink));
        }
        progress(&format!("{} records of the trail are sound", walk.seq));
    }
    let head: Vec<(i32, i64, String, i64)> = read!("audit_head", audit_head::table.load(conn));
    let expected = (1, walk.seq, walk.hash.clone(), walk.at);
    if head != [expected] {
        let what = "it is not the newest record of the trail";
        return Ok(Err(Finding::new("audit_head", 1, Some(walk.seq), what)));
    }
    sound!(walk.holds_against(against));
    let count = |rows: usize| u64::try_from(rows).unwrap_or(u64::MAX);
    let mut verified = Verified {
        records: u64::try_from(walk.seq).unwrap_or(0),
        movements: count(walk.movements.len()),
        redemptions: count(walk.redemptions.len()),
        redemption_states: count(walk.states.len()),
        entered_figures: count(walk.baselines.len() + walk.off_system.len()),
        adjustments: count(walk.adjustments.len()),
        assisted_claims: count(walk.assisted_claims.len()),
        account_proposals: count(walk.account_proposals.len()),
        anomalies: count(walk.anomaly_rules.len() + walk.anomalies.len()),
        disputes: count(walk.disputes.len()),
        checkpoints: count(walk.checkpoints.len()),
        imports: count(walk.imports.len()),
        evidence_files: count(walk.evidence_files.len()),
        old_item_steps: count(walk.old_item_steps.len()),
        pickups: count(walk.pickups.len()),
        ..Verified::default()
    };
    sound!(checkpoints(conn, &walk, kept, against)?);
    let mut facts = Facts::default();
    let mut balances = sound!(movements(conn, &walk)?);
    let states = sound!(states(conn, &walk)?);
    let undone =
        |state: &&RedemptionState| matches!(state.status, RedemptionStatus::Reversed | RedemptionStatus::ClawedBack);
    let reversed = states.values().filter(undone).map(|state| (state.redemption, state.at)).collect();
    let raised = sound!(adjustments(conn, &walk)?);
    sound!(redemptions(conn, &walk, &reversed, &raised, &mut facts)?);
    sound!(entered(conn, &walk)?);
    sound!(imports(conn, &walk)?);
    progress("movements, redemptions, adjustments and figures are as they were written");
    sound!(assisted_claims(conn, &walk)?);
    sound!(account_proposals(conn, &walk)?);
    sound!(evidence_files(conn, &walk)?);
    sound!(old_item_steps(conn, &walk)?);
    sound!(pickups(conn, &walk)?);
    verified.settlements =
        sound!(super::verify_settlements::settlements(conn, &walk, &states, &mut facts, &mut balances)?);
    sound!(anomalies(conn, &walk)?);
    sound!(disputes(conn, &walk)?);
    progress("every row that the trail has a digest of is as it was written");
    verified.balances = sound!(ledger(conn, &balances)?);
    sound!(vouchers(conn, &balances, &mut facts)?);
    verified.rollups = sound!(rollups(conn, &balances, &facts)?);
    Ok(Ok(verified))
}

/// Checkpoints are as they were written and over the records that are there, and so are the blocks.
fn checkpoints(
    conn: &mut Conn,
    walk: &Walk,
    kept: Vec<CheckpointRow>,
    against: &Against<'_>,
) -> Result<Result<(), Finding>, StoreError> {
    let seen = kept.iter().map(|row| (row.id, digest::of(row))).collect();
    sound!(compare("audit_checkpoint", &walk.checkpoints, &seen));
    let blocks: Vec<BlockRow> =
        read!("audit_block", audit_block::table.order(audit_block::number).select(BlockRow::as_select()).load(conn));
    Ok(walk.holds(&read_all(kept)?, &read_all(blocks)?, against))
}

fn movements(conn: &mut Conn, walk: &Walk) -> Result<Result<Balances, Finding>, StoreError> {
    let (mut balances, mut seen) = (Balances::default(), BTreeMap::new());
    each_row!(conn, movement.id as MovementRow, |row| {
        seen.insert(row.id, digest::of(&row));
        let id = row.id;
        let Ok(record) = row.read() else {
            return Ok(Err(Finding::new("movement", id, walk.movements.get(&id).map(|k| k.1), "it is unreadable")));
        };
        balances.add(&record);
    });
    sound!(compare("movement", &walk.movements, &seen));
    Ok(Ok(balances))
}

/// States of redemptions that are no longer as they were made.
fn states(conn: &mut Conn, walk: &Walk) -> Result<Result<BTreeMap<Id, RedemptionState>, Finding>, StoreError> {
    let rows: Vec<RedemptionStateRow> =
        read!("redemption_state", redemption_state::table.select(RedemptionStateRow::as_select()).load(conn));
    let seen = rows.iter().map(|row| (row.redemption, digest::of(row))).collect();
    sound!(compare("redemption_state", &walk.states, &seen));
    let mut states = BTreeMap::new();
    for row in rows {
        let id = row.redemption;
        let unreadable = |_| Finding::new("redemption_state", id, None, "it is unreadable");
        states.insert(id, sound!(row.read().map_err(unreadable)));
    }
    Ok(Ok(states))
}

/// Figures that were entered by hand.
fn entered(conn: &mut Conn, walk: &Walk) -> Result<Result<(), Finding>, StoreError> {
    let rows: Vec<BaselineRow> =
        read!("growth_baseline", growth_baseline::table.select(BaselineRow::as_select()).load(conn));
    let seen = rows.iter().map(|row| (row.id, digest::of(row))).collect();
    sound!(compare("growth_baseline", &walk.baselines, &seen));
    let rows: Vec<OffSystemRow> =
        read!("off_system_trade_in", off_system_trade_in::table.select(OffSystemRow::as_select()).load(conn));
    let seen = rows.iter().map(|row| (row.id, digest::of(row))).collect();
    Ok(compare("off_system_trade_in", &walk.off_system, &seen))
}

/// Files that were taken are as they were written, and each product list has the entries that its file says.
fn imports(conn: &mut Conn, walk: &Walk) -> Result<Result<(), Finding>, StoreError> {
    let files: Vec<ImportFileRow> =
        read!("import_file", import_file::table.order(import_file::id).select(ImportFileRow::as_select()).load(conn));
    let seen = files.iter().map(|row| (row.id, digest::of(row))).collect();
    sound!(compare("import_file", &walk.imports, &seen));
    let mut entries = 0;
    for file in &files {
        let seq = walk.imports.get(&file.id).map(|known| known.1);
        let (mut digest, mut after) = (ListDigest::default(), 0);
        loop {
            let page: Vec<ProductRow> = read!(
                "product",
                product::table
                    .filter(product::import.eq(file.id).and(product::row_number.gt(after)))
                    .order(product::row_number)
                    .limit(PAGE)
                    .select(ProductRow::as_select())
                    .load(conn)
            );
            let Some(last) = page.last() else { break };
            after = last.row_number;
            for row in page {
                let id = row.id;
                let Ok(entry) = row.read() else {
                    return Ok(Err(Finding::new("product", id, seq, "it is unreadable")));
                };
                if entry.at.0 != file.at {
                    return Ok(Err(Finding::new("product", id, seq, "it is not of the time of its file")));
                }
                digest.take(&entry);
                entries += 1;
            }
        }
        let found = Some(digest.finish()).filter(|_| file.entries.is_some());
        if found != file.entries {
            let what = "the entries of the product list are not those that it came with";
            return Ok(Err(Finding::new("import_file", file.id, seq, what)));
        }
    }
    let all: i64 = read!("product", product::table.count().get_result(conn));
    let strange = Finding::new("product", "unknown", None, "an entry has come with no file");
    Ok(if all == entries { Ok(()) } else { Err(strange) })
}

/// Files about records; what they contain is compared where they lie, by `huanxin evidence check`.
fn evidence_files(conn: &mut Conn, walk: &Walk) -> Result<Result<(), Finding>, StoreError> {
    let mut seen = BTreeMap::new();
    each_row!(conn, evidence_file.id as EvidenceFileRow, |row| {
        seen.insert(row.id, digest::of(&row));
    });
    Ok(compare("evidence_file", &walk.evidence_files, &seen))
}

fn assisted_claims(conn: &mut Conn, walk: &Walk) -> Result<Result<(), Finding>, StoreError> {
    let mut seen = BTreeMap::new();
    each_row!(conn, assisted_claim.voucher as AssistedClaimRow, |row| {
        seen.insert(row.voucher, digest::of(&row));
    });
    Ok(compare("assisted_claim", &walk.assisted_claims, &seen))
}

fn account_proposals(conn: &mut Conn, walk: &Walk) -> Result<Result<(), Finding>, StoreError> {
    let mut seen = BTreeMap::new();
    each_row!(conn, account_proposal.id as AccountProposalRow, |row| {
        seen.insert(row.id, digest::of(&row));
    });
    Ok(compare("account_proposal", &walk.account_proposals, &seen))
}

fn old_item_steps(conn: &mut Conn, walk: &Walk) -> Result<Result<(), Finding>, StoreError> {
    let mut seen = BTreeMap::new();
    each_row!(conn, old_item_step.id as OldItemStepRow, |row| {
        seen.insert(row.id, digest::of(&row));
    });
    Ok(compare("old_item_step", &walk.old_item_steps, &seen))
}

fn pickups(conn: &mut Conn, walk: &Walk) -> Result<Result<(), Finding>, StoreError> {
    let mut seen = BTreeMap::new();
    each_row!(conn, pickup.id as PickupRow, |row| {
        seen.insert(row.id, digest::of(&row));
    });
    Ok(compare("pickup", &walk.pickups, &seen))
}

/// Anomalies, and the rules that find them.
fn anomalies(conn: &mut Conn, walk: &Walk) -> Result<Result<(), Finding>, StoreError> {
    let mut seen = BTreeMap::new();
    each_row!(conn, anomaly_rules.id as AnomalyRulesRow, |row| {
        seen.insert(row.id, digest::of(&row));
    });
    sound!(compare("anomaly_rules", &walk.anomaly_rules, &seen));
    let mut seen = BTreeMap::new();
    each_row!(conn, anomaly.id as AnomalyRow, |row| {
        seen.insert(row.id, digest::of(&row));
    });
    Ok(compare("anomaly", &walk.anomalies, &seen))
}

fn disputes(conn: &mut Conn, walk: &Walk) -> Result<Result<(), Finding>, StoreError> {
    let mut seen = BTreeMap::new();
    each_row!(conn, dispute.id as DisputeRow, |row| {
        seen.insert(row.id, digest::of(&row));
    });
    Ok(compare("dispute", &walk.disputes, &seen))
}

/// A key without its days, which are the facts' business. A category that is none is a finding of its row.
macro_rules! key {
    ($table:literal, $row:expr, $retailer:expr, $store:expr, $town:expr) => {{
        let unreadable = || Finding::new($table, $row.id, None, "it is unreadable");
        RollupKey {
            programme: $row.programme.clone(),
            category: sound!(Category::from_name(&$row.category).ok_or_else(unreadable)),
            retailer: $retailer,
            store: $store,
            town: $town,
            effective: Moment(0).day(),
            recorded: Moment(0).day(),
        }
    }};
}

/// When each raised redemption was given how much more; there are few of them beside the redemptions.
fn adjustments(conn: &mut Conn, walk: &Walk) -> Result<Result<BTreeMap<Id, Vec<Raised>>, Finding>, StoreError> {
    let (mut raised, mut seen) = (BTreeMap::<Id, Vec<Raised>>::new(), BTreeMap::new());
    each_row!(conn, adjustment.id as AdjustmentRow, |row| {
        seen.insert(row.id, digest::of(&row));
        raised.entry(row.redemption).or_default().push((Moment(row.at), Fen(row.amount_fen)));
    });
    sound!(compare("adjustment", &walk.adjustments, &seen));
    Ok(Ok(raised))
}

fn redemptions(
    conn: &mut Conn,
    walk: &Walk,
    reversed: &BTreeMap<Id, Moment>,
    raised: &BTreeMap<Id, Vec<Raised>>,
    facts: &mut Facts,
) -> Result<Result<(), Finding>, StoreError> {
    let mut seen = BTreeMap::new();
    each_row!(conn, redemption.id as RedemptionRow, |row| {
        seen.insert(row.id, digest::of(&row));
        let key = key!("redemption", row, row.retailer, row.store, row.town.clone());
        let raised = raised.get(&row.id).map_or(&[][..], Vec::as_slice);
        facts.redemption(&row, &key, reversed.get(&row.id).copied(), raised);
    });
    Ok(compare("redemption", &walk.redemptions, &seen))
}

fn ledger(conn: &mut Conn, balances: &Balances) -> Result<Result<u64, Finding>, StoreError> {
    let lines: Vec<LineRow> =
        read!("ledger_line", ledger_line::table.order(ledger_line::id).select(LineRow::as_select()).load(conn));
    let accounts: Vec<AccountRow> = read!(
        "ledger_account",
        ledger_account::table.order(ledger_account::id).select(AccountRow::as_select()).load(conn)
    );
    let checked = u64::try_from(lines.len() + accounts.len()).unwrap_or(u64::MAX);
    let mut missing = balances.lines.clone();
    for row in lines {
        let id = row.id;
        let bad = |what: &str| Finding::new("ledger_line", id, None, what);
        let record = sound!(row.read().map_err(|_| bad("it is unreadable")));
        if line_id(&record.programme, record.category) != id {
            return Ok(Err(bad("its programme and category are not those of its identity")));
        }
        if missing.remove(&id) != Some(record.balances) {
            return Ok(Err(bad("its balances are not the sums of its movements")));
        }
    }
    if let Some(id) = missing.keys().next() {
        return Ok(Err(Finding::new("ledger_line", id, None, "the row is missing")));
    }
    let mut missing = balances.accounts.clone();
    for row in accounts {
        let bad = |what: &str| Finding::new("ledger_account", row.id, None, what);
        if account_id(row.line, row.retailer) != row.id {
            return Ok(Err(bad("its line and retailer are not those of its identity")));
        }
        let sums = missing.remove(&(row.line, row.retailer));
        let agrees = sums.is_some_and(|sums| {
            (sums.payable.0, sums.paid.0, sums.clawback.0) == (row.payable_fen, row.paid_fen, row.clawback_fen)
        });
        if !agrees {
            return Ok(Err(bad("its balances are not the sums of its movements")));
        }
    }
    if let Some((line, retailer)) = missing.keys().next() {
        return Ok(Err(Finding::new("ledger_account", account_id(*line, *retailer), None, "the row is missing")));
    }
    Ok(Ok(checked))
}

fn vouchers(conn: &mut Conn, balances: &Balances, facts: &mut Facts) -> Result<Result<(), Finding>, StoreError> {
    each_row!(conn, voucher.id as VoucherRow, |row| {
        let key = key!("voucher", row, Id::NIL, Id::NIL, String::new());
        facts.voucher(&row, &key, balances.ended.get(&row.id).copied());
    });
    Ok(Ok(()))
}

/// The sums of the entries, each of which is sound by itself.
fn entries(
    conn: &mut Conn,
    balances: &Balances,
    facts: &Facts,
) -> Result<Result<BTreeMap<RollupKey, Tally>, Finding>, StoreError> {
    let mut sums: BTreeMap<RollupKey, Tally> = BTreeMap::new();
    each_row!(conn, rollup_entry.id as EntryRow, |row| {
        let id = row.id;
        if !facts.is_timely(&row, &balances.times) {
            let what = "nothing happened to its subject at its time";
            return Ok(Err(Finding::new("rollup_entry", id, None, what)));
        }
        let unreadable = |_| Finding::new("rollup_entry", id, None, "it is unreadable");
        let entry = sound!(row.read().map_err(unreadable));
        let sum = sums.entry(entry.key).or_default();
        *sum = sum.plus(&entry.tally);
    });
    Ok(Ok(sums))
}

/// The sums of entries are what the facts say, day by day, and rollup rows are these sums.
fn rollups(conn: &mut Conn, balances: &Balances, facts: &Facts) -> Result<Result<u64, Finding>, StoreError> {
    let mut entries = sound!(entries(conn, balances, facts)?);
    if let Some((key, what)) = facts.first_difference(&entries) {
        return Ok(Err(Finding::new("rollup", key.id(), None, what)));
    }
    let rows: Vec<RollupRow> =
        read!("rollup", rollup::table.order(rollup::id).select(RollupRow::as_select()).load(conn));
    let checked = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    for row in rows {
        let id = row.id;
        let (key, tally) = sound!(row.read().map_err(|_| Finding::new("rollup", id, None, "it is unreadable")));
        if key.id() != id || entries.remove(&key) != Some(tally) {
            return Ok(Err(Finding::new("rollup", id, None, "it is not the sum of its entries")));
        }
    }
    if let Some(key) = entries.keys().next() {
        return Ok(Err(Finding::new("rollup", key.id(), None, "the row is missing")));
    }
    Ok(Ok(checked))
}
