//! Disputes as those see them who have a part in one.

use diesel::prelude::*;

use super::Conn;
use crate::domain::dispute::Dispute;
use crate::domain::id::Id;
use crate::store::error::StoreError;
use crate::store::rows::{DisputeRow, Row, read_all};
use crate::store::schema::dispute;
use crate::store::tx::{DisputeFilter, Page};

pub fn dispute(conn: &mut Conn, id: Id) -> Result<Option<Dispute>, StoreError> {
    let row = dispute::table.find(id).select(DisputeRow::as_select()).first(conn).optional()?;
    row.map(DisputeRow::read).transpose()
}

/// The newest first: of who objected, of a retailer (its own and those against it), or all.
pub fn disputes(conn: &mut Conn, filter: DisputeFilter, page: Page) -> Result<Vec<Dispute>, StoreError> {
    let mut query = dispute::table.filter(dispute::id.lt(page.before())).select(DisputeRow::as_select()).into_boxed();
    if let Some(opener) = filter.opener {
        query = query.filter(dispute::opener.eq(opener));
    }
    if let Some(retailer) = filter.retailer {
        query = query.filter(dispute::retailer.eq(retailer).or(dispute::opener.eq(retailer)));
    }
    if let Some(status) = filter.status {
        query = query.filter(dispute::status.eq(status.name()));
    }
    read_all(query.order(dispute::id.desc()).limit(page.limit).load(conn)?)
}
