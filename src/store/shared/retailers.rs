//! Retailers, their stores, and what they redeemed.

use diesel::prelude::*;

use super::Conn;
use super::reports::first_id;
use crate::domain::id::Id;
use crate::domain::records::{AccountProposal, ProposalStatus, Redemption, RedemptionState, Retailer, Store};
use crate::domain::settlement::Bucket;
use crate::domain::time::Day;
use crate::store::error::StoreError;
use crate::store::rows::{
    AccountProposalRow, BucketRow, RedemptionRow, RedemptionStateRow, RetailerRow, Row, StoreRow, read_all,
};
use crate::store::schema::{account_proposal, redemption, redemption_state, retailer, settlement_bucket, store};
use crate::store::tx::Page;

const DAY_SECONDS: i64 = 24 * 3600;

type Redeemed = (Redemption, Option<RedemptionState>);

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
    row.map(read).transpose()
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
    query.order(redemption::id.desc()).limit(page.limit).load(conn)?.into_iter().map(read).collect()
}

/// Redemptions of days, both ends included, oldest first. Identities begin with the time, so the days are a range of the
/// primary key.
pub fn redemptions_of_days(
    conn: &mut Conn,
    retailer: Option<Id>,
    from: Option<Day>,
    to: Option<Day>,
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
    if let Some(day) = to {
        query = query.filter(redemption::id.lt(first_id(day.start().plus_seconds(DAY_SECONDS))));
    }
    query.order(redemption::id).limit(limit).load(conn)?.into_iter().map(read).collect()
}

fn read((row, state): (RedemptionRow, Option<RedemptionStateRow>)) -> Result<Redeemed, StoreError> {
    Ok((row.read()?, state.map(RedemptionStateRow::read).transpose()?))
}
