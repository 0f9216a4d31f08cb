//! The store on both databases: SQLite always, PostgreSQL where `HUANXIN_TEST_POSTGRES` names a server.

mod guards;
mod migrations;
mod plans;
mod reports;
mod round_trip;
mod samples;

use std::sync::atomic::{AtomicU32, Ordering};

use diesel::Connection;
use diesel::connection::SimpleConnection;

use crate::domain::audit::Head;

use super::{Backend, Database, Readers, Saved, StoreError, Tx, Writer, pg, sqlite};

/// A division of its own for one test.
struct Division {
    database: Database,
    /// Distinguishes identities in the table that divisions share.
    salt: String,
    place: Server,
}

enum Server {
    File { path: String, _dir: tempfile::TempDir },
    Schema { url: String, name: String },
}

/// Runs a test on each database that is there, its tables up to date.
fn each(test: impl Fn(&Division)) {
    for division in divisions() {
        division.database.migrate(&mut |_| {}).unwrap();
        test(&division);
    }
}

fn divisions() -> Vec<Division> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let salt = format!("t_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("division.db").to_str().unwrap().to_owned();
    let mut divisions = vec![Division {
        database: Database::open(&format!("sqlite:{path}"), None).unwrap(),
        salt: salt.clone(),
        place: Server::File { path, _dir: dir },
    }];
    if let Some(url) = std::env::var_os("HUANXIN_TEST_POSTGRES") {
        let url = url.to_str().unwrap().to_owned();
        divisions.push(Division {
            database: Database::open(&url, Some(&salt)).unwrap(),
            salt: salt.clone(),
            place: Server::Schema { url, name: salt },
        });
    }
    divisions
}

impl Drop for Division {
    fn drop(&mut self) {
        if let Server::Schema { url, name } = &self.place {
            let mut conn = pg::connect_owner(url, None).unwrap();
            conn.batch_execute(&format!("DROP SCHEMA IF EXISTS \"{name}\" CASCADE")).unwrap();
        }
    }
}

impl Division {
    fn writer(&self) -> Writer {
        self.database.writer().unwrap()
    }

    fn readers(&self) -> Readers {
        self.database.readers(2).unwrap()
    }

    fn save(&self, saved: &Saved) -> Result<(), StoreError> {
        self.writer().batch(&mut |tx| tx.save(saved))
    }

    fn read<T>(&self, mut work: impl FnMut(&mut Tx<'_>) -> Result<T, StoreError>) -> T {
        self.readers().snapshot(&mut work).unwrap()
    }

    fn head(&self) -> Head {
        self.readers().snapshot(&mut |tx| tx.head()).unwrap()
    }

    /// A statement as an intruder would send it.
    fn execute(&self, statement: &str) -> Result<(), StoreError> {
        match &self.place {
            Server::File { path, .. } => sqlite::Conn::establish(path)?.batch_execute(statement)?,
            Server::Schema { url, name } => pg::connect_owner(url, Some(name))?.batch_execute(statement)?,
        }
        Ok(())
    }

    fn is_postgres(&self) -> bool {
        self.database.backend() == Backend::Postgres
    }
}
