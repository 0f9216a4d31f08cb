//! Connections that read, each query within one snapshot.

use std::sync::Arc;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Error, Pool, R2D2Connection};

use super::database::Place;
use super::error::StoreError;
use super::tx::{Link, Tx};
use super::versions::{Shelf, Versions};
use super::{pg, sqlite};

/// How long a reader waits for a connection before it gives up.
const PATIENCE: Duration = Duration::from_secs(5);

/// A pool of connections that read.
#[derive(Clone)]
pub struct Readers {
    pool: Pools,
    versions: Arc<Versions>,
}

#[derive(Clone)]
enum Pools {
    Pg(Pool<ConnectionManager<pg::Conn>>),
    Sqlite(Pool<ConnectionManager<sqlite::Conn>>),
}

/// What a new connection is told before its first use.
#[derive(Debug)]
struct Settings(String);

impl<C: SimpleConnection + R2D2Connection> CustomizeConnection<C, Error> for Settings {
    fn on_acquire(&self, conn: &mut C) -> Result<(), Error> {
        conn.batch_execute(&self.0).map_err(Error::QueryError)
    }
}

impl Readers {
    pub(super) fn open(place: &Place, size: u32, versions: Arc<Versions>) -> Result<Self, StoreError> {
        let pool = match place {
            Place::Postgres { url, schema } => Pools::Pg(pool(url, size, pg::reader_settings(schema.as_deref()))?),
            Place::Sqlite { path } => Pools::Sqlite(pool(path, size, sqlite::READER_SETTINGS.to_owned())?),
        };
        Ok(Self { pool, versions })
    }

    /// Runs `work` in one read-only transaction that sees the database as it was at one moment.
    ///
    /// # Errors
    /// Those of `work`; [`StoreError::Lost`] when no connection can be had.
    pub fn snapshot<T>(&self, work: &mut dyn FnMut(&mut Tx<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let kept = Shelf::new(&self.versions);
        match &self.pool {
            Pools::Pg(pool) => pg::snapshot(&mut *pool.get()?, |conn| work(&mut Tx::new(Link::Pg(conn), kept))),
            Pools::Sqlite(pool) => {
                sqlite::snapshot(&mut *pool.get()?, |conn| work(&mut Tx::new(Link::Sqlite(conn), kept)))
            }
        }
    }
}

fn pool<C>(url: &str, size: u32, settings: String) -> Result<Pool<ConnectionManager<C>>, StoreError>
where
    C: R2D2Connection + SimpleConnection + 'static,
{
    Pool::builder()
        .max_size(size.max(1))
        .min_idle(Some(1))
        .connection_timeout(PATIENCE)
        .connection_customizer(Box::new(Settings(settings)))
        .build(ConnectionManager::new(url))
        .map_err(|error| StoreError::Lost(error.to_string()))
}
