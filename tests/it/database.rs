//! A database for each test: a file on SQLite, a copy of a migrated template on PostgreSQL.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use huanxin::store::Database;
use tempfile::TempDir;

/// Where one test keeps its records and keys.
pub struct Place {
    /// Directory of the key file and of SQLite's database.
    pub dir: TempDir,
    postgres: Option<Server>,
}

#[derive(Clone)]
struct Server {
    admin: String,
    name: String,
}

impl Place {
    pub fn sqlite() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), postgres: None }
    }

    /// A fresh database of the server that the environment names, if it names one.
    pub fn postgres() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let Some(admin) = server() else {
            skipped();
            return None;
        };
        let name = format!("huanxin_it_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        on(&admin, &format!("CREATE DATABASE {name} TEMPLATE {}", template(&admin)));
        Some(Self { dir: tempfile::tempdir().unwrap(), postgres: Some(Server { admin, name }) })
    }

    pub fn database_url(&self) -> Option<String> {
        self.postgres.as_ref().map(|server| url_of(&server.admin, &server.name))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(server) = &self.postgres {
            on(&server.admin, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", server.name));
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "the tests' own switch, not the service's configuration")]
fn server() -> Option<String> {
    std::env::var("HUANXIN_TEST_POSTGRES").ok()
}

#[allow(clippy::print_stderr, reason = "the person who runs the tests must see it")]
fn skipped() {
    eprintln!("skipped: HUANXIN_TEST_POSTGRES names no server (make test starts one)");
}

/// The migrated database that all others of this process are copies of.
fn template(admin: &str) -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let name = format!("huanxin_it_{}_template", std::process::id());
        on(admin, &format!("CREATE DATABASE {name}"));
        Database::open(&url_of(admin, &name), None).unwrap().migrate(&mut |_| {}).unwrap();
        name
    })
}

fn on(url: &str, statement: &str) {
    PgConnection::establish(url).unwrap().batch_execute(statement).unwrap_or_else(|why| panic!("{statement}: {why}"));
}

/// The same server, another database.
fn url_of(admin: &str, name: &str) -> String {
    let (before, _) = admin.rsplit_once('/').expect("a URL with a database");
    format!("{before}/{name}")
}
