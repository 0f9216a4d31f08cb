//! The connection that writes. A batch is one transaction that begins with the writer lock.

use std::sync::Arc;

use super::database::Place;
use super::error::StoreError;
use super::tx::{Link, Tx};
use super::versions::{Shelf, Versions};
use super::{pg, sqlite};

/// A connection that writes; replicas take turns by the writer lock.
pub struct Writer {
    place: Place,
    versions: Arc<Versions>,
    /// Nothing after the connection was lost or a batch unwound: it is opened anew before the next one.
    conn: Option<Conn>,
}

enum Conn {
    Pg(Box<pg::Conn>),
    Sqlite(Box<sqlite::Conn>),
}

impl Writer {
    pub(super) fn open(place: Place, versions: Arc<Versions>) -> Result<Self, StoreError> {
        let mut writer = Self { place, versions, conn: None };
        writer.reopen()?;
        Ok(writer)
    }

    /// Drops the connection and opens a new one.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the database cannot be reached.
    pub fn reopen(&mut self) -> Result<(), StoreError> {
        // The old one goes first: it may still hold the lock that the new one needs.
        self.conn = None;
        self.conn = Some(match &self.place {
            Place::Postgres { url, schema } => Conn::Pg(Box::new(pg::connect_writer(url, schema.as_deref())?)),
            Place::Sqlite { path } => Conn::Sqlite(Box::new(sqlite::connect_writer(path)?)),
        });
        Ok(())
    }

    /// Runs `work` in one transaction under the writer lock: whatever it reads is true until the commit. An error
    /// rolls everything back. `work` may be called again by whoever runs the batch again, never by this function.
    ///
    /// # Errors
    /// Those of `work`, of the lock and of the commit. After [`StoreError::Lost`] the commit may have happened.
    pub fn batch<T>(&mut self, work: &mut dyn FnMut(&mut Tx<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        if self.conn.is_none() {
            self.reopen()?;
        }
        // Taken out for the time of the batch: diesel's account of a transaction is not to be trusted after a panic,
        // and a connection that unwinds out of here is dropped instead of being used again.
        let Some(mut conn) = self.conn.take() else { return Err(StoreError::Lost("not connected".into())) };
        let kept = Shelf::new(&self.versions);
        let result = match &mut conn {
            Conn::Pg(conn) => pg::write(conn, |conn| work(&mut Tx::new(Link::Pg(conn), kept))),
            Conn::Sqlite(conn) => sqlite::write(conn, |conn| work(&mut Tx::new(Link::Sqlite(conn), kept))),
        };
        if !matches!(result, Err(StoreError::Lost(_))) {
            self.conn = Some(conn);
        }
        result
    }
}
