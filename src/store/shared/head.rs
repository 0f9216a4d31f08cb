//! The newest record's place in the chain.

use diesel::prelude::*;

use super::Conn;
use crate::domain::audit::Head;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::schema::audit_head;

pub fn read(conn: &mut Conn) -> Result<Head, StoreError> {
    let columns = (audit_head::seq, audit_head::hash, audit_head::at);
    let (seq, hash, at) = audit_head::table.select(columns).first::<(i64, String, i64)>(conn)?;
    Ok(Head { seq, hash, at: Moment(at) })
}

pub fn write(conn: &mut Conn, head: &Head) -> Result<(), StoreError> {
    let columns = (audit_head::seq.eq(head.seq), audit_head::hash.eq(&head.hash), audit_head::at.eq(head.at.0));
    diesel::update(audit_head::table).set(columns).execute(conn)?;
    Ok(())
}

pub fn now(conn: &mut Conn) -> Result<Moment, StoreError> {
    super::now(conn)
}
