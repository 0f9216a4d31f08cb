//! Retailers, their stores, and what they redeemed.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use super::Conn;
use super::reports::first_id;
use crate::domain::id::Id;
use crate::domain::records::{AccountProposal, ProposalStatus, Redemption, Retailer, Store};
use crate::domain::settlement::{Bucket, Progress};
use crate::domain::time::Day;
use crate::store::error::StoreError;
use crate::store::rows::{
    AccountProposalRow, BucketRow, RedemptionRow, RedemptionStateRow, RetailerRow, Row, StoreRow, read_all,
};
use crate::store::schema::{account_proposal, redemption, redemption_state, retailer, settlement_bucket, store};
use crate::store::tx::Page;

const DAY_SECONDS: i64 = 24 * 3600;

/// A redemption, and how far it has come.
pub type Redeemed = (Redemption, Progress);

type Rows = Vec<(RedemptionRow, Option<RedemptionStateRow>)>;

pub fn retailer(conn: &mut Conn, id: Id) -> Result<Option<Retailer>, StoreError> {
    let row = retailer::table.find(id).select(RetailerRow::as_select()).first(conn).optional()?;
    row.map(RetailerRow::read).transpose()
}

pub fn retailers(conn: &mut Conn, page: Page) -> Result<Vec<Retailer>, StoreError> {
    let older = retailer::table.filter(retailer::id.lt(page.before())).select(RetailerRow::as_select());
    read_all(older.order(retailer::id.desc()).limit(page.limit).load(conn)?)
}

/// Changes of the account of a retailer or of all, in one state or in any, newest first.
pub fn account_proposals(
    conn: &mut Conn,
    retailer: Option<Id>,
    status: Option<ProposalStatus>,
    page: Page,
) -> Result<Vec<AccountProposal>, StoreError> {
    let mut query = account_proposal::table
        .filter(account_proposal::id.lt(page.before()))
        .select(AccountProposalRow::as_select())
        .into_boxed();
    if let Some(retailer) = retailer {
        query = query.filter(account_proposal::retailer.eq(retailer));
    }
    if let Some(status) = status {
        query = query.filter(account_proposal::status.eq(status.name()));
    }
    read_all(query.order(account_proposal::id.desc()).limit(page.limit).load(conn)?)
}

pub fn store(conn: &mut Conn, id: Id) -> Result<Option<Store>, StoreError> {
    let row = store::table.find(id).select(StoreRow::as_select()).first(conn).optional()?;
    row.map(StoreRow::read).transpose()
}

pub fn stores_of(conn: &mut Conn, retailer: Id) -> Result<Vec<Store>, StoreError> {
    let stores = store::table.filter(store::retailer.eq(retailer)).select(StoreRow::as_select());
    read_all(stores.order(store::id.desc()).load(conn)?)
}

pub fn bucket(conn: &mut Conn, id: Id) -> Result<Option<Bucket>, StoreError> {
    let row = settlement_bucket::table.find(id).select(BucketRow::as_select()).first(conn).optional()?;
    row.map(BucketRow::read).transpose()
}

pub fn redemption(conn: &mut Conn, id: Id) -> Result<Option<Redeemed>, StoreError> {
    let row = redemption::table
        .left_join(redemption_state::table.on(redemption_state::redemption.eq(redemption::id)))
        .filter(redemption::id.eq(id))
        .select((RedemptionRow::as_select(), Option::<RedemptionStateRow>::as_select()))
        .first(conn)
        .optional()?;
    Ok(with_progress(conn, row.into_iter().collect())?.pop())
}

pub fn redemptions(conn: &mut Conn, retailer: Option<Id>, page: Page) -> Result<Vec<Redeemed>, StoreError> {
    let mut query = redemption::table
        .left_join(redemption_state::table.on(redemption_state::redemption.eq(redemption::id)))
        .filter(redemption::id.lt(page.before()))
        .select((RedemptionRow::as_select(), Option::<RedemptionStateRow>::as_select()))
        .into_boxed();
    if let Some(retailer) = retailer {
        query = query.filter(redemption::retailer.eq(retailer));
    }
    let rows = query.order(redemption::id.desc()).limit(page.limit).load(conn)?;
    with_progress(conn, rows)
}

/// Redemptions of days, both ends included, oldest first. Identities begin with the time, so the days are a range of the
/// primary key.
pub fn redemptions_of_days(
    conn: &mut Conn,
    retailer: Option<Id>,
    (from, to): (Option<Day>, Option<Day>),
    after: Option<Id>,
    limit: i64,
) -> Result<Vec<Redeemed>, StoreError> {
    let mut query = redemption::table
        .left_join(redemption_state::table.on(redemption_state::redemption.eq(redemption::id)))
        .select((RedemptionRow::as_select(), Option::<RedemptionStateRow>::as_select()))
        .into_boxed();
    if let Some(retailer) = retailer {
        query = query.filter(redemption::retailer.eq(retailer));
    }
    if let Some(day) = from {
        query = query.filter(redemption::id.ge(first_id(day.start())));
    }
    if let Some(after) = after {
        query = query.filter(redemption::id.gt(after));
    }
    if let Some(day) = to {
        query = query.filter(redemption::id.lt(first_id(day.start().plus_seconds(DAY_SECONDS))));
    }
    let rows = query.order(redemption::id).limit(limit).load(conn)?;
    with_progress(conn, rows)
}

/// Beside each redemption its state row, and the settlement that the bucket has in which it lies now.
pub fn with_progress(conn: &mut Conn, rows: Rows) -> Result<Vec<Redeemed>, StoreError> {
    let mut found: Vec<Redeemed> = Vec::with_capacity(rows.len());
    for (row, state) in rows {
        let state = state.map(RedemptionStateRow::read).transpose()?;
        found.push((row.read()?, Progress { state, settlement: None }));
    }
    let bucket =
        |(fact, progress): &Redeemed| progress.state.as_ref().and_then(|state| state.bucket).unwrap_or(fact.bucket);
    let ids: BTreeSet<Id> = found.iter().map(bucket).collect();
    let ids: Vec<Id> = ids.into_iter().collect();
    let mut settlements = BTreeMap::new();
    for ids in ids.chunks(super::KEYS) {
        let rows = settlement_bucket::table.filter(settlement_bucket::id.eq_any(ids)).select(BucketRow::as_select());
        for bucket in read_all(rows.load(conn)?)? {
            settlements.insert(bucket.id, bucket.settlement.zip(bucket.stage));
        }
    }
    for redeemed in &mut found {
        redeemed.1.settlement = settlements.get(&bucket(redeemed)).copied().flatten();
    }
    Ok(found)
}
