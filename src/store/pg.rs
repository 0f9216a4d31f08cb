//! PostgreSQL: its connections, its transactions, and what only it can say in one statement.

use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::query_dsl::methods::FilterDsl;
use diesel::sql_types::BigInt;
use diesel::upsert::excluded;

use super::error::StoreError;
use super::rows::ClaimRow;
use super::schema::{audit_head, claim};
use crate::domain::time::Moment;

/// The connection.
pub type Conn = PgConnection;

/// Rows per statement: the protocol's limit of parameters over the widest table.
pub const ROWS: usize = 65_535 / 32;
/// Keys per statement; they are one parameter.
pub const KEYS: usize = 10_000;

/// The engine's connection. Generic plans are made once, perhaps on empty tables, where a sequential scan looks
/// cheap and stays chosen for good; with these settings the plan is always the index. The one table without an index
/// to use, the head, then looks so dear that the server would compile the statement first, which takes a tenth of a
/// second: hence no JIT.
const WRITER_SETTINGS: &str = "
    SET synchronous_commit = on;
    SET lock_timeout = '5s';
    SET statement_timeout = '30s';
    SET idle_in_transaction_session_timeout = '60s';
    SET jit = off;
    SET enable_seqscan = off;
    SET enable_hashjoin = off;
    SET enable_mergejoin = off;
    SET plan_cache_mode = force_generic_plan;";

/// Connections that read: reports may scan, so the planner is left alone.
const READER_SETTINGS: &str = "
    SET default_transaction_read_only = on;
    SET statement_timeout = '30s';
    SET idle_in_transaction_session_timeout = '60s';";

/// Changes of tables wait as long as it takes, whatever the server's defaults.
const OWNER_SETTINGS: &str = "
    SET lock_timeout = 0;
    SET statement_timeout = 0;
    SET idle_in_transaction_session_timeout = 0;";

fn search_path(schema: Option<&str>) -> String {
    schema.map(|schema| format!("SET search_path = \"{schema}\", public;")).unwrap_or_default()
}

/// A connection for the engine.
pub fn connect_writer(url: &str, schema: Option<&str>) -> Result<Conn, StoreError> {
    let mut conn = Conn::establish(url)?;
    conn.batch_execute(&format!("{WRITER_SETTINGS}{}", search_path(schema)))?;
    Ok(conn)
}

/// A connection for the owner of the tables.
pub fn connect_owner(url: &str, schema: Option<&str>) -> Result<Conn, StoreError> {
    let mut conn = Conn::establish(url)?;
    conn.batch_execute(&format!("{OWNER_SETTINGS}{}", search_path(schema)))?;
    Ok(conn)
}

/// What a connection that reads is told.
pub fn reader_settings(schema: Option<&str>) -> String {
    format!("{READER_SETTINGS}{}", search_path(schema))
}

/// One batch. Its first statement takes the writer lock of the division; what follows reads in later statements,
/// because a wait for a lock does not refresh the view of the statement that waits.
pub fn write<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T, StoreError>) -> Result<T, StoreError> {
    conn.build_transaction().read_committed().read_write().run(|conn| {
        audit_head::table.select(audit_head::seq).for_update().first::<i64>(conn)?;
        work(conn)
    })
}

/// One snapshot.
pub fn snapshot<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T, StoreError>) -> Result<T, StoreError> {
    conn.build_transaction().repeatable_read().read_only().run(work)
}

/// The server's clock, so that replicas agree.
pub fn now(conn: &mut Conn) -> Result<Moment, StoreError> {
    let micros = sql::<BigInt>("CAST(trunc(extract(epoch FROM clock_timestamp()) * 1000000) AS BIGINT)");
    Ok(Moment(diesel::select(micros).get_result(conn)?))
}

/// Takes and frees identities and says how many were still held as they had been read. `VALUES` and not `UNNEST`:
/// a distributed `claim` takes fifty times as long with the latter.
pub fn write_claims(conn: &mut Conn, rows: &[ClaimRow]) -> Result<usize, StoreError> {
    let mut written = 0;
    for rows in rows.chunks(ROWS) {
        let upsert = diesel::insert_into(claim::table)
            .values(rows)
            .on_conflict((claim::hash, claim::kind))
            .do_update()
            .set((claim::holder.eq(excluded(claim::holder)), claim::previous.eq(excluded(claim::previous))));
        let unmoved = claim::holder.is_not_distinct_from(excluded(claim::previous));
        written += FilterDsl::filter(upsert, unmoved).execute(conn)?;
    }
    Ok(written)
}

#[path = "shared/accounts.rs"]
pub mod accounts;
#[path = "shared/adjustments.rs"]
pub mod adjustments;
#[path = "shared/anomalies.rs"]
pub mod anomalies;
#[path = "shared/disputes.rs"]
pub mod disputes;
#[path = "shared/evidence_files.rs"]
pub mod evidence_files;
#[path = "shared/figures.rs"]
pub mod figures;
#[path = "shared/head.rs"]
pub mod head;
#[path = "shared/imports.rs"]
pub mod imports;
#[path = "shared/inventory.rs"]
pub mod inventory;
#[path = "shared/load.rs"]
pub mod load;
#[path = "shared/old_items.rs"]
pub mod old_items;
#[path = "shared/persons.rs"]
pub mod persons;
#[path = "shared/programmes.rs"]
pub mod programmes;
#[path = "shared/reports.rs"]
pub mod reports;
#[path = "shared/retailers.rs"]
pub mod retailers;
#[path = "shared/save.rs"]
pub mod save;
#[path = "shared/settlements.rs"]
pub mod settlements;
#[path = "shared/trail.rs"]
pub mod trail;
#[path = "shared/turn_ins.rs"]
pub mod turn_ins;
#[path = "shared/verify.rs"]
pub mod verify;
#[path = "shared/verify_settlements.rs"]
pub mod verify_settlements;
#[path = "shared/versions.rs"]
pub mod versions;
#[path = "shared/vouchers.rs"]
pub mod vouchers;
#[path = "shared/webhooks.rs"]
pub mod webhooks;
