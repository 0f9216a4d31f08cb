//! The trail, and what was refused.

use diesel::prelude::*;

use super::Conn;
use crate::domain::audit::AuditRecord;
use crate::store::error::StoreError;
use crate::store::rows::{AttemptRow, AuditRow, read_all};
use crate::store::saved::Attempt;
use crate::store::schema::{attempt, audit_record};
use crate::store::tx::Page;

/// Newest first, for a screen.
pub fn before(conn: &mut Conn, seq: Option<i64>, limit: i64) -> Result<Vec<AuditRecord>, StoreError> {
    let older = audit_record::table.filter(audit_record::seq.lt(seq.unwrap_or(i64::MAX)));
    read_all::<AuditRow>(older.order(audit_record::seq.desc()).limit(limit).select(AuditRow::as_select()).load(conn)?)
}

/// In order, for whoever follows the chain.
pub fn after(conn: &mut Conn, seq: i64, limit: i64) -> Result<Vec<AuditRecord>, StoreError> {
    let newer = audit_record::table.filter(audit_record::seq.gt(seq));
    read_all::<AuditRow>(newer.order(audit_record::seq).limit(limit).select(AuditRow::as_select()).load(conn)?)
}

pub fn attempts(conn: &mut Conn, page: Page) -> Result<Vec<Attempt>, StoreError> {
    let older = attempt::table.filter(attempt::id.lt(page.before())).select(AttemptRow::as_select());
    read_all(older.order(attempt::id.desc()).limit(page.limit).load(conn)?)
}
