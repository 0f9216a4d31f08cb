//! Where a division's data stands, and how one gets there.

use std::sync::Arc;

use super::error::StoreError;
use super::readers::Readers;
use super::turn::{Task, Turn};
use super::versions::Versions;
use super::writer::Writer;
use super::{migrations, pg, sqlite};

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// PostgreSQL.
    Postgres,
    /// SQLite.
    Sqlite,
}

/// A division's database: its address, and the published versions that were read so far.
#[derive(Clone, Debug)]
pub struct Database(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    place: Place,
    versions: Arc<Versions>,
}

/// An address.
#[derive(Clone)]
pub enum Place {
    /// A server, and the division's schema when it is not the default one.
    Postgres {
        /// Address with credentials, which is why this type shows nothing of it.
        url: String,
        /// Schema.
        schema: Option<String>,
    },
    /// A file.
    Sqlite {
        /// Its path.
        path: String,
    },
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Postgres { .. } => "PostgreSQL",
            Self::Sqlite { .. } => "SQLite",
        })
    }
}

impl Database {
    /// The database at `sqlite:PATH`, `postgres://…` or `postgresql://…`. Nothing is connected yet.
    ///
    /// # Errors
    /// [`StoreError::Other`] for an address or schema of another form.
    pub fn open(url: &str, schema: Option<&str>) -> Result<Self, StoreError> {
        let place = if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let schema = schema.map(named).transpose()?;
            if !is_encoded(url) {
                // Whoever reads the address wrongly would tell a part of the password as the name of a host.
                let sentence = "in the database's address, user and password are percent-encoded: @ is %40, / is %2F, \
                    : is %3A, ? is %3F, # is %23, % is %25";
                return Err(StoreError::Other(sentence.into()));
            }
            Place::Postgres { url: url.to_owned(), schema }
        } else {
            let path = url.strip_prefix("sqlite:").filter(|path| !path.is_empty() && !path.contains(":memory:"));
            let path = path.ok_or_else(|| {
                StoreError::Other("a database is sqlite:PATH of a file, postgres://… or postgresql://…".into())
            })?;
            if schema.is_some() {
                return Err(StoreError::Other("a file of SQLite is one division and takes no schema".into()));
            }
            Place::Sqlite { path: path.to_owned() }
        };
        Ok(Self(Arc::new(Inner { place, versions: Arc::default() })))
    }

    /// Which database it is.
    #[must_use]
    pub fn backend(&self) -> Backend {
        match self.0.place {
            Place::Postgres { .. } => Backend::Postgres,
            Place::Sqlite { .. } => Backend::Sqlite,
        }
    }

    /// Brings the tables up to date, names each step to `progress` and says how many there were. Safe when several
    /// processes start at once.
    ///
    /// # Errors
    /// When the database cannot be reached or a step fails; a failed step leaves nothing.
    pub fn migrate(&self, progress: &mut dyn FnMut(&str)) -> Result<usize, StoreError> {
        match &self.0.place {
            Place::Postgres { url, schema } => {
                let mut conn = pg::connect_owner(url, schema.as_deref())?;
                migrations::postgres(&mut conn, schema.as_deref(), progress)
            }
            Place::Sqlite { path } => migrations::sqlite(&mut sqlite::connect_writer(path)?, progress),
        }
    }

    /// A connection that writes; the engine has one.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub fn writer(&self) -> Result<Writer, StoreError> {
        Writer::open(self.0.place.clone(), Arc::clone(&self.0.versions))
    }

    /// A place in the row of the replicas that take turns at a task.
    #[must_use]
    pub fn turn(&self, task: Task) -> Turn {
        Turn::new(task, self.0.place.clone())
    }

    /// Connections that read, at most `size` at once.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub fn readers(&self, size: u32) -> Result<Readers, StoreError> {
        Readers::open(&self.0.place, size, Arc::clone(&self.0.versions))
    }
}

/// Whether what stands before the last `@` can only be a user and a password (RFC 3986, 3.2.1).
fn is_encoded(url: &str) -> bool {
    let (_, rest) = url.split_once("://").unwrap_or_default();
    let (user, _) = rest.rsplit_once('@').unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:".contains(&byte);
    let mut parts = user.split('%');
    let first = parts.next().unwrap_or_default();
    let escaped = |part: &str| part.len() >= 2 && part.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    first.bytes().all(plain)
        && parts.all(|part| escaped(part) && part.bytes().all(plain))
        && user.matches(':').count() <= 1
}

/// A schema's name. It becomes part of statements that take no parameters, so only the plainest names will do.
fn named(schema: &str) -> Result<String, StoreError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let starts = schema.starts_with(|first: char| first.is_ascii_lowercase());
    if starts && schema.len() <= 63 && schema.bytes().all(plain) {
        Ok(schema.to_owned())
    } else {
        Err(StoreError::Other(format!("{schema:?} is no name of a schema: lower-case letters, digits and _")))
    }
}
