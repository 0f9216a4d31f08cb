//! The tables, brought up to date: at most one process at a time, and each step whole or not at all.

use diesel::connection::SimpleConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::error::StoreError;
use super::{pg, sqlite};

/// Steps for PostgreSQL.
pub const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
/// Steps for SQLite.
pub const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// The advisory lock of all migrations in one database: divisions share it, because they share `public.claim`.
const LOCK: &str = "SELECT pg_advisory_lock(7311601110001)";
const UNLOCK: &str = "SELECT pg_advisory_unlock(7311601110001)";

/// Brings PostgreSQL up to date and says how many steps that took.
pub fn postgres(
    conn: &mut pg::Conn,
    schema: Option<&str>,
    progress: &mut dyn FnMut(&str),
) -> Result<usize, StoreError> {
    conn.batch_execute(LOCK)?;
    if let Some(schema) = schema {
        conn.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\""))?;
    }
    let steps = run(conn, POSTGRES, progress)?;
    // The end of the connection would free it too.
    conn.batch_execute(UNLOCK)?;
    Ok(steps)
}

/// Brings a file of SQLite up to date and says how many steps that took.
pub fn sqlite(conn: &mut sqlite::Conn, progress: &mut dyn FnMut(&str)) -> Result<usize, StoreError> {
    // Steps begin their own transactions, which become savepoints of the one that has the file to itself.
    conn.exclusive_transaction(|conn| run(conn, SQLITE, progress))
}

fn run<DB, C>(conn: &mut C, steps: EmbeddedMigrations, progress: &mut dyn FnMut(&str)) -> Result<usize, StoreError>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
{
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| StoreError::Other(error.to_string());
    let pending = conn.pending_migrations(steps).map_err(failed)?;
    for step in &pending {
        progress(&step.name().to_string());
        conn.run_migration(step).map_err(failed)?;
    }
    Ok(pending.len())
}
