//! What can go wrong in a database, sorted by what the engine does about it.

use diesel::result::{DatabaseErrorKind as Kind, Error};

/// Why the store could not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Others were in the way: the same batch may be run again.
    #[error("the database is contended")]
    Contention,
    /// A row was refused by a constraint, a trigger or its type: the batch's commands are run one by one.
    #[error("a row was refused: {0}")]
    Row(String),
    /// The connection is gone, and with it perhaps the answer to a COMMIT.
    #[error("the connection was lost: {0}")]
    Lost(String),
    /// A stored value cannot be read back, such as a word that is no longer known.
    #[error("{table} {id}: column {column} cannot be read back")]
    Corrupt {
        /// Table.
        table: &'static str,
        /// Key of the row.
        id: String,
        /// Column.
        column: &'static str,
    },
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// Words of PostgreSQL and SQLite for "somebody else has it". Diesel has a kind for serialisation failures alone.
const CONTENTION: &[&str] =
    &["deadlock detected", "lock timeout", "could not obtain lock", "database is locked", "database table is locked"];

/// Words of libpq and the server for an end of the connection that diesel reports without a kind.
const LOST: &[&str] = &[
    "terminating connection",
    "server closed the connection",
    "connection not open",
    "no connection to the server",
    "could not receive data",
    "could not send data",
    "SSL connection has been closed",
    "idle-in-transaction timeout",
    "the database system is",
];

/// Words for troubles that no other row would escape.
const OTHER: &[&str] = &[
    "statement timeout",
    "permission denied",
    "does not exist",
    "no such table",
    "no such column",
    "syntax error",
    "out of memory",
    "out of shared memory",
    "No space left",
    "could not extend file",
    "disk is full",
    "disk I/O error",
    "disk image is malformed",
    "readonly database",
    "unable to open",
    "not a database",
];

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::DatabaseError(kind, about) => classify(kind, about.message().to_owned()),
            Error::SerializationError(cause) => Self::Row(cause.to_string()),
            // Diesel's own account of the transaction no longer holds: only a new connection helps.
            Error::BrokenTransactionManager
            | Error::AlreadyInTransaction
            | Error::NotInTransaction
            | Error::RollbackErrorOnCommit { .. } => Self::Lost(error.to_string()),
            other => Self::Other(other.to_string()),
        }
    }
}

fn classify(kind: Kind, message: String) -> StoreError {
    let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
    match kind {
        Kind::SerializationFailure => StoreError::Contention,
        // A server that only reads is a standby: the next connection finds the one that writes.
        Kind::ClosedConnection | Kind::UnableToSendCommand | Kind::ReadOnlyTransaction => StoreError::Lost(message),
        Kind::UniqueViolation
        | Kind::ForeignKeyViolation
        | Kind::NotNullViolation
        | Kind::CheckViolation
        | Kind::ExclusionViolation
        | Kind::RestrictViolation => StoreError::Row(message),
        _ if has(CONTENTION) => StoreError::Contention,
        _ if has(LOST) => StoreError::Lost(message),
        _ if has(OTHER) => StoreError::Other(message),
        // What is left is said about a value: out of range, a zero byte in a text, a trigger's refusal.
        _ => StoreError::Row(message),
    }
}

impl From<diesel::ConnectionError> for StoreError {
    fn from(error: diesel::ConnectionError) -> Self {
        Self::Lost(error.to_string())
    }
}

impl From<diesel::r2d2::PoolError> for StoreError {
    fn from(error: diesel::r2d2::PoolError) -> Self {
        Self::Lost(error.to_string())
    }
}
