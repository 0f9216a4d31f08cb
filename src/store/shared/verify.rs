//! The trail against the tables, page by page. A row that cannot even be read is a finding too.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::Conn;
use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::ledger::{account_id, line_id};
use crate::domain::money::Fen;
use crate::domain::rollup::{RollupKey, Tally};
use crate::store::digest;
use crate::store::error::StoreError;
use crate::store::rows::{
    AccountRow, AdjustmentRow, AuditRow, EntryRow, LineRow, MovementRow, RedemptionRow, RedemptionStateRow, RollupRow,
    Row,
};
use crate::store::schema::{
    adjustment, audit_head, audit_record, ledger_account, ledger_line, movement, redemption, redemption_state, rollup,
    rollup_entry, voucher,
};
use crate::store::verify::{
    Balances, FactKey, Finding, Verified, Walk, add, compare, first_difference, of_redemption, of_voucher,
};

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
    ($table:literal, $query:expr) => {
        match $query {
            Ok(rows) => rows,
            Err(diesel::result::Error::DeserializationError(why)) => {
                return Ok(Err(Finding::new($table, "unreadable", None, why.to_string())));
            }
            Err(why) => return Err(StoreError::from(why)),
        }
    };
}

/// Walks everything; see [`Verified`] for what is compared.
pub fn verify(conn: &mut Conn, progress: &mut dyn FnMut(&str)) -> Checked {
    let mut walk = Walk::new();
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
            sound!(walk.step(&row.read()?));
        }
        progress(&format!("{} records of the trail are sound", walk.seq));
    }
    let head: Vec<(i32, i64, String, i64)> = read!("audit_head", audit_head::table.load(conn));
    let expected = (1, walk.seq, walk.hash.clone(), walk.at);
    if head != [expected] {
        let what = "it is not the newest record of the trail";
        return Ok(Err(Finding::new("audit_head", 1, Some(walk.seq), what)));
    }
    let count = |rows: usize| u64::try_from(rows).unwrap_or(u64::MAX);
    let mut verified = Verified {
        records: u64::try_from(walk.seq).unwrap_or(0),
        movements: count(walk.movements.len()),
        redemptions: count(walk.redemptions.len()),
        redemption_states: count(walk.states.len()),
        adjustments: count(walk.adjustments.len()),
        ..Verified::default()
    };
    let mut facts = BTreeMap::new();
    let balances = sound!(movements(conn, &walk)?);
    let reversed = sound!(states(conn, &walk)?);
    let raised = sound!(adjustments(conn, &walk)?);
    sound!(redemptions(conn, &walk, &reversed, &raised, &mut facts)?);
    progress("movements, redemptions and adjustments are as they were written");
    verified.balances = sound!(ledger(conn, &balances)?);
    vouchers(conn, &mut facts)?;
    verified.rollups = sound!(rollups(conn, &facts)?);
    Ok(Ok(verified))
}

fn movements(conn: &mut Conn, walk: &Walk) -> Result<Result<Balances, Finding>, StoreError> {
    let (mut balances, mut seen, mut after) = (Balances::default(), BTreeMap::new(), Id::NIL);
    loop {
        let page: Vec<MovementRow> = read!(
            "movement",
            movement::table
                .filter(movement::id.gt(after))
                .order(movement::id)
                .limit(PAGE)
                .select(MovementRow::as_select())
                .load(conn)
        );
        let Some(last) = page.last() else { break };
        after = last.id;
        for row in page {
            seen.insert(row.id, digest::of(&row));
            let id = row.id;
            let Ok(record) = row.read() else {
                return Ok(Err(Finding::new("movement", id, walk.movements.get(&id).map(|k| k.1), "it is unreadable")));
            };
            balances.add(record.line, record.retailer, &record.deltas);
        }
    }
    sound!(compare("movement", &walk.movements, &seen));
    Ok(Ok(balances))
}

fn states(conn: &mut Conn, walk: &Walk) -> Result<Result<BTreeMap<Id, String>, Finding>, StoreError> {
    let rows: Vec<RedemptionStateRow> =
        read!("redemption_state", redemption_state::table.select(RedemptionStateRow::as_select()).load(conn));
    let mut seen = BTreeMap::new();
    for row in &rows {
        seen.insert(row.redemption, digest::of(row));
    }
    sound!(compare("redemption_state", &walk.states, &seen));
    Ok(Ok(rows.into_iter().map(|row| (row.redemption, row.status)).collect()))
}

/// What each raised redemption was given more; there are few of them beside the redemptions.
fn adjustments(conn: &mut Conn, walk: &Walk) -> Result<Result<BTreeMap<Id, Fen>, Finding>, StoreError> {
    let (mut seen, mut raised, mut after) = (BTreeMap::new(), BTreeMap::new(), Id::NIL);
    loop {
        let page: Vec<AdjustmentRow> = read!(
            "adjustment",
            adjustment::table
                .filter(adjustment::id.gt(after))
                .order(adjustment::id)
                .limit(PAGE)
                .select(AdjustmentRow::as_select())
                .load(conn)
        );
        let Some(last) = page.last() else { break };
        after = last.id;
        for row in page {
            seen.insert(row.id, digest::of(&row));
            *raised.entry(row.redemption).or_insert(Fen::ZERO) += Fen(row.amount_fen);
        }
    }
    sound!(compare("adjustment", &walk.adjustments, &seen));
    Ok(Ok(raised))
}

fn redemptions(
    conn: &mut Conn,
    walk: &Walk,
    reversed: &BTreeMap<Id, String>,
    raised: &BTreeMap<Id, Fen>,
    facts: &mut BTreeMap<FactKey, Tally>,
) -> Result<Result<(), Finding>, StoreError> {
    let (mut seen, mut after) = (BTreeMap::new(), Id::NIL);
    loop {
        let page: Vec<RedemptionRow> = read!(
            "redemption",
            redemption::table
                .filter(redemption::id.gt(after))
                .order(redemption::id)
                .limit(PAGE)
                .select(RedemptionRow::as_select())
                .load(conn)
        );
        let Some(last) = page.last() else { break };
        after = last.id;
        for row in page {
            seen.insert(row.id, digest::of(&row));
            let appliance = Category::from_name(&row.category).is_some_and(Category::is_appliance);
            let without = appliance && row.turn_in.is_none();
            let undone = reversed.get(&row.id).is_some_and(|status| status == "reversed");
            let brought = Fen(row.subsidy_fen) + raised.get(&row.id).copied().unwrap_or_default();
            let tally = of_redemption(brought, row.completed, without, undone);
            add(facts, (row.programme, row.category, row.retailer, row.store, row.town), &tally);
        }
    }
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

fn vouchers(conn: &mut Conn, facts: &mut BTreeMap<FactKey, Tally>) -> Result<(), StoreError> {
    let mut after = Id::NIL;
    loop {
        let page: Vec<(Id, String, String, String, i64)> = voucher::table
            .filter(voucher::id.gt(after))
            .order(voucher::id)
            .limit(PAGE)
            .select((voucher::id, voucher::programme, voucher::category, voucher::status, voucher::reserved_fen))
            .load(conn)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.0;
        for (_, programme, category, status, reserved) in page {
            let key = (programme, category, Id::NIL, Id::NIL, String::new());
            add(facts, key, &of_voucher(&status, Fen(reserved)));
        }
    }
}

/// Rollup rows are the sums of their entries, and the sums of both are what the facts say.
fn rollups(conn: &mut Conn, facts: &BTreeMap<FactKey, Tally>) -> Result<Result<u64, Finding>, StoreError> {
    let mut entries: BTreeMap<RollupKey, Tally> = BTreeMap::new();
    let mut after = Id::NIL;
    loop {
        let page: Vec<EntryRow> = read!(
            "rollup_entry",
            rollup_entry::table
                .filter(rollup_entry::id.gt(after))
                .order(rollup_entry::id)
                .limit(PAGE)
                .select(EntryRow::as_select())
                .load(conn)
        );
        let Some(last) = page.last() else { break };
        after = last.id;
        for row in page {
            let entry = row.read()?;
            let sum = entries.entry(entry.key).or_default();
            *sum = sum.plus(&entry.tally);
        }
    }
    let rows: Vec<RollupRow> =
        read!("rollup", rollup::table.order(rollup::id).select(RollupRow::as_select()).load(conn));
    let checked = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let mut sums = BTreeMap::new();
    for row in rows {
        let id = row.id;
        let (key, tally) = sound!(row.read().map_err(|_| Finding::new("rollup", id, None, "it is unreadable")));
        if key.id() != id || entries.remove(&key) != Some(tally) {
            return Ok(Err(Finding::new("rollup", id, None, "it is not the sum of its entries")));
        }
        let category = key.category.name().to_owned();
        add(&mut sums, (key.programme, category, key.retailer, key.store, key.town), &tally);
    }
    if let Some(key) = entries.keys().next() {
        return Ok(Err(Finding::new("rollup", key.id(), None, "the row is missing")));
    }
    if let Some((key, what)) = first_difference(facts, &sums) {
        return Ok(Err(Finding::new("rollup", format!("{} {}", key.0, key.1), None, what)));
    }
    Ok(Ok(checked))
}
