//! SQLite: its connections, its transactions, and what only it needs.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::query_dsl::methods::FilterDsl;
use diesel::upsert::excluded;

use super::error::StoreError;
use super::rows::ClaimRow;
use super::schema::claim;
use crate::domain::time::Moment;

/// The connection.
pub type Conn = SqliteConnection;

/// Rows per statement: the limit of parameters over the widest table.
pub const ROWS: usize = 32_766 / 32;
/// Keys per statement; each is a parameter.
pub const KEYS: usize = 32_000;

const WRITER_SETTINGS: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;";

/// Before anything else is asked: how long to wait for others.
const BUSY: &str = "PRAGMA busy_timeout = 5000;";

/// What a connection that reads is told.
pub const READER_SETTINGS: &str = "
    PRAGMA busy_timeout = 5000;
    PRAGMA query_only = ON;";

/// The change to write-ahead logging does not wait for others, whatever the timeout says: it is tried so often.
const TRIES: u32 = 50;

/// A connection that writes.
#[expect(clippy::disallowed_methods, reason = "waits for another process that opens the same new file")]
pub fn connect_writer(path: &str) -> Result<Conn, StoreError> {
    let mut conn = Conn::establish(path)?;
    conn.batch_execute(BUSY)?;
    let mut tries = 0;
    loop {
        match conn.batch_execute(WRITER_SETTINGS).map_err(StoreError::from) {
            Err(StoreError::Contention) if tries < TRIES => tries += 1,
            result => return result.map(|()| conn),
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

/// One batch: an immediate transaction is the writer lock. A deferred one that reads first and writes later fails at
/// once when another was faster, whatever the timeout says.
pub fn write<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T, StoreError>) -> Result<T, StoreError> {
    conn.immediate_transaction(work)
}

/// One snapshot, taken by the first statement that reads.
#[expect(clippy::disallowed_methods, reason = "the deferred transaction of a connection that cannot write")]
pub fn snapshot<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T, StoreError>) -> Result<T, StoreError> {
    conn.transaction(work)
}

/// The clock of this machine, which is the database's too.
#[expect(clippy::disallowed_methods, reason = "the clock of the embedded database, from which the engine stamps")]
#[expect(clippy::unnecessary_wraps, reason = "on the other database the clock may be out of reach")]
pub fn now(_: &mut Conn) -> Result<Moment, StoreError> {
    Ok(Moment::from_utc(chrono::Utc::now()))
}

/// Takes and frees identities and says how many were still held as they had been read. Row by row, which costs
/// nothing here; the form for many rows does not exist.
pub fn write_claims(conn: &mut Conn, rows: &[ClaimRow]) -> Result<usize, StoreError> {
    let mut written = 0;
    for row in rows {
        let upsert = diesel::insert_into(claim::table)
            .values(row)
            .on_conflict((claim::hash, claim::kind))
            .do_update()
            .set((claim::holder.eq(excluded(claim::holder)), claim::previous.eq(excluded(claim::previous))));
        written += FilterDsl::filter(upsert, claim::holder.is(excluded(claim::previous))).execute(conn)?;
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
