//! Anomalies as the bureau lists them, and what a scan reads. Identities begin with the time, so that the days of a scan
//! are ranges of primary keys.

use std::collections::BTreeMap;

use diesel::dsl::{count_star, min};
use diesel::prelude::*;

use super::Conn;
use super::reports::first_id;
use crate::domain::anomaly::{
    Anomaly, AnomalyRule, AnomalyStatus, Beside, Precision, RulesEntry, ScanDay, StaffName, Try,
};
use crate::domain::evidence_file::EvidenceFile;
use crate::domain::id::Id;
use crate::domain::old_item_end::{EndStep, OldItemStep};
use crate::domain::records::{Redemption, RedemptionStatus, TurnIn};
use crate::domain::refusal::Code;
use crate::domain::state::State;
use crate::domain::time::{Day, Moment};
use crate::store::error::StoreError;
use crate::store::rows::{
    AnomalyRow, AnomalyRulesRow, AnomalyScanRow, AttemptRow, EvidenceFileRow, OldItemStepRow, RedemptionRow, Row,
    StaffRow, TurnInRow, read_all,
};
use crate::store::schema::{
    account, anomaly, anomaly_rules, anomaly_scan, attempt, evidence_file, old_item_step, redemption, redemption_state,
    store, turn_in, voucher,
};
use crate::store::tx::{AnomalyFilter, Page};

pub fn anomaly(conn: &mut Conn, id: Id) -> Result<Option<Anomaly>, StoreError> {
    let row = anomaly::table.find(id).select(AnomalyRow::as_select()).first(conn).optional()?;
    row.map(AnomalyRow::read).transpose()
}

/// The newest day first. A retailer is looked for in the list of each: there are few anomalies beside the redemptions.
pub fn anomalies(conn: &mut Conn, filter: AnomalyFilter, page: Page) -> Result<Vec<Anomaly>, StoreError> {
    let mut query = anomaly::table.filter(anomaly::id.lt(page.before())).select(AnomalyRow::as_select()).into_boxed();
    if let Some(rule) = filter.rule {
        query = query.filter(anomaly::rule.eq(rule.name()));
    }
    if let Some(status) = filter.status {
        query = query.filter(anomaly::status.eq(status.name()));
    }
    if let Some(retailer) = filter.retailer {
        query = query.filter(anomaly::retailers.like(format!("%{retailer}%")));
    }
    read_all(query.order(anomaly::id.desc()).limit(page.limit).load(conn)?)
}

/// How often each rule was right, in the order of the rules.
pub fn precision(conn: &mut Conn) -> Result<Vec<Precision>, StoreError> {
    let rows: Vec<(String, String, i64)> = anomaly::table
        .group_by((anomaly::rule, anomaly::status))
        .select((anomaly::rule, anomaly::status, count_star()))
        .load(conn)?;
    let counted: BTreeMap<(String, String), u64> =
        rows.into_iter().map(|(rule, status, count)| ((rule, status), u64::try_from(count).unwrap_or(0))).collect();
    let of = |rule: AnomalyRule, status: AnomalyStatus| {
        counted.get(&(rule.name().to_owned(), status.name().to_owned())).copied().unwrap_or(0)
    };
    let one = |rule: &AnomalyRule| Precision {
        rule: *rule,
        open: of(*rule, AnomalyStatus::Open),
        confirmed: of(*rule, AnomalyStatus::Confirmed),
        dismissed: of(*rule, AnomalyStatus::Dismissed),
    };
    Ok(AnomalyRule::ALL.iter().map(one).collect())
}

/// The newest version of the rules; none before the first was set.
pub fn rules(conn: &mut Conn) -> Result<Option<RulesEntry>, StoreError> {
    let newest = anomaly_rules::table.order(anomaly_rules::number.desc()).select(AnomalyRulesRow::as_select());
    newest.first(conn).optional()?.map(AnomalyRulesRow::read).transpose()
}

/// The newest version of the rules, where it was asked for.
pub fn load_newest(conn: &mut Conn, state: &mut State) -> Result<(), StoreError> {
    if !state.newest_rules.take_unloaded().is_empty()
        && let Some(entry) = rules(conn)?
    {
        state.newest_rules.put((), entry);
    }
    Ok(())
}

/// The newest day that was scanned.
pub fn last_scan(conn: &mut Conn) -> Result<Option<ScanDay>, StoreError> {
    let newest = anomaly_scan::table.order(anomaly_scan::day.desc()).select(AnomalyScanRow::as_select());
    newest.first(conn).optional()?.map(AnomalyScanRow::read).transpose()
}

/// The day of the first redemption.
pub fn first_day(conn: &mut Conn) -> Result<Option<Day>, StoreError> {
    let first = redemption::table.order(redemption::id).select(redemption::at).first::<i64>(conn).optional()?;
    Ok(first.map(|at| Moment(at).day()))
}

/// Redemptions with what belongs to them and stands elsewhere, by their identities, after one and before a moment.
pub fn sales(conn: &mut Conn, after: Id, before: Moment, limit: i64) -> Result<Vec<(Redemption, Beside)>, StoreError> {
    type Found = (RedemptionRow, Option<Id>, String, String, Option<(String, i64)>);
    let rows: Vec<Found> = redemption::table
        .inner_join(voucher::table.on(voucher::id.eq(redemption::voucher)))
        .inner_join(store::table.on(store::id.eq(redemption::store)))
        .left_join(redemption_state::table.on(redemption_state::redemption.eq(redemption::id)))
        .filter(redemption::id.gt(after))
        .filter(redemption::id.lt(first_id(before)))
        .order(redemption::id)
        .limit(limit)
        .select((
            RedemptionRow::as_select(),
            voucher::device,
            voucher::division_code,
            store::division_code,
            (redemption_state::status, redemption_state::at).nullable(),
        ))
        .load(conn)?;
    let undone = [RedemptionStatus::Reversed.name(), RedemptionStatus::ClawedBack.name()];
    let one = |(row, device, claimed_in, sold_in, state): Found| {
        let returned = state.filter(|(status, _)| undone.contains(&status.as_str())).map(|(_, at)| Moment(at));
        let beside = Beside { device, claimed_in, sold_in, returned };
        Ok((row.read()?, beside))
    };
    rows.into_iter().map(one).collect()
}

/// Old items with the redemption that each supports, and whether a yard has received it, by their identities, after one
/// and before a moment.
pub fn handed_in(
    conn: &mut Conn,
    after: Id,
    before: Moment,
    limit: i64,
) -> Result<Vec<(TurnIn, Option<Id>, bool)>, StoreError> {
    let received = old_item_step::turn_in.eq(turn_in::id).and(old_item_step::step.eq(EndStep::Received.name()));
    let rows: Vec<(TurnInRow, Option<Id>, Option<Id>)> = turn_in::table
        .left_join(voucher::table.on(turn_in::voucher.eq(voucher::id.nullable())))
        .left_join(old_item_step::table.on(received))
        .filter(turn_in::id.gt(after))
        .filter(turn_in::id.lt(first_id(before)))
        .order(turn_in::id)
        .limit(limit)
        .select((TurnInRow::as_select(), voucher::redemption.nullable(), old_item_step::id.nullable()))
        .load(conn)?;
    rows.into_iter().map(|(row, line, step)| Ok((row.read()?, line, step.is_some()))).collect()
}

/// Since when yards say what they receive.
pub fn receipts_since(conn: &mut Conn) -> Result<Option<Moment>, StoreError> {
    let received = old_item_step::table.filter(old_item_step::step.eq(EndStep::Received.name()));
    Ok(received.select(min(old_item_step::at)).first::<Option<i64>>(conn)?.map(Moment))
}

/// Photos and documents about old items and redemptions, by their identities, after one and before a moment.
pub fn files(conn: &mut Conn, after: Id, before: Moment, limit: i64) -> Result<Vec<EvidenceFile>, StoreError> {
    let files = evidence_file::table
        .filter(evidence_file::id.gt(after))
        .filter(evidence_file::id.lt(first_id(before)))
        .order(evidence_file::id)
        .limit(limit);
    read_all::<EvidenceFileRow>(files.select(EvidenceFileRow::as_select()).load(conn)?)
}

/// Old items that were dismantled, each with the redemption that it supports, by the identities of the steps, after one and
/// before a moment.
pub fn dismantled(
    conn: &mut Conn,
    after: Id,
    before: Moment,
    limit: i64,
) -> Result<Vec<(OldItemStep, Option<Id>)>, StoreError> {
    let rows: Vec<(OldItemStepRow, Option<Id>)> = old_item_step::table
        .inner_join(turn_in::table.on(turn_in::id.eq(old_item_step::turn_in)))
        .left_join(voucher::table.on(turn_in::voucher.eq(voucher::id.nullable())))
        .filter(old_item_step::id.gt(after))
        .filter(old_item_step::id.lt(first_id(before)))
        .filter(old_item_step::step.eq(EndStep::Dismantled.name()))
        .order(old_item_step::id)
        .limit(limit)
        .select((OldItemStepRow::as_select(), voucher::redemption.nullable()))
        .load(conn)?;
    rows.into_iter().map(|(row, line)| Ok((row.read()?, line))).collect()
}

/// Refused redemptions, by their identities, after one and before a moment. What named no voucher is left out.
pub fn tries(conn: &mut Conn, after: Id, before: Moment, limit: i64) -> Result<Vec<Try>, StoreError> {
    let rows: Vec<AttemptRow> = attempt::table
        .filter(attempt::id.gt(after))
        .filter(attempt::id.lt(first_id(before)))
        .order(attempt::id)
        .limit(limit)
        .select(AttemptRow::as_select())
        .load(conn)?;
    let one = |row: AttemptRow| {
        let attempt = row.read()?;
        let known = |code: &String| Code::ALL.iter().copied().find(|known| known.name() == code);
        let codes = attempt.codes.iter().filter_map(known).collect();
        // A claim names its programme and a turn-in its owner; they are looked at by nobody here.
        let voucher = attempt.subject.parse().unwrap_or(Id::NIL);
        Ok(Try { id: attempt.id, at: attempt.at, actor: attempt.actor, voucher, codes })
    };
    rows.into_iter().map(one).collect()
}

/// Staff of retailers whose accounts are not closed.
pub fn staff_names(conn: &mut Conn) -> Result<Vec<StaffName>, StoreError> {
    let rows: Vec<StaffRow> = account::table
        .filter(account::role.eq_any(["clerk", "retailer"]))
        .filter(account::disabled.eq(false))
        .order(account::id)
        .select(StaffRow::as_select())
        .load(conn)?;
    let one = |row: StaffRow| {
        let found = row.read()?;
        let (account, name) = (found.id, found.name.lookup);
        Ok(found.organisation.map(|retailer| StaffName { account, retailer, name }))
    };
    rows.into_iter().filter_map(|row| one(row).transpose()).collect()
}
