//! Whose turn it is: of several replicas, one alone does what reaches out of the database and cannot be taken back.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use tracing::warn;

use super::database::Place;
use super::error::StoreError;
use super::pg;

/// What is taken in turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Telling retailers' systems.
    Webhooks,
}

impl Task {
    /// The lock of PostgreSQL, beside the division's schema: each division takes turns of its own.
    const fn statement(self) -> &'static str {
        match self {
            Self::Webhooks => "pg_try_advisory_lock(73116014, hashtext(current_schema()))",
        }
    }
}

/// A replica's place in the row. PostgreSQL knows whose turn it is by a lock that ends with the connection, so that another
/// replica goes on when this one is gone. A file of SQLite is served by one process, whose turn it always is.
pub struct Turn {
    task: Task,
    place: Place,
    conn: Option<pg::Conn>,
    ours: bool,
}

impl Turn {
    pub(super) fn new(task: Task, place: Place) -> Self {
        Self { task, place, conn: None, ours: false }
    }

    /// Whether it is this replica's turn, now and until it is asked again or its connection ends.
    pub fn is_ours(&mut self) -> bool {
        let Place::Postgres { url, schema } = &self.place else { return true };
        let statement = if self.ours { "TRUE" } else { self.task.statement() };
        let asked = match self.conn.take() {
            Some(conn) => Ok(conn),
            None => pg::connect_writer(url, schema.as_deref()),
        };
        let asked = asked.and_then(|mut conn| {
            let ours: bool = diesel::select(sql::<Bool>(statement)).get_result(&mut conn)?;
            Ok((conn, ours))
        });
        match asked {
            Ok((conn, ours)) => {
                self.conn = Some(conn);
                self.ours = ours;
            }
            Err(why) => {
                self.ours = false;
                let why: StoreError = why;
                warn!(%why, task = ?self.task, "whose turn it is cannot be known");
            }
        }
        self.ours
    }
}
