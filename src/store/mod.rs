//! The database, and the only place that knows SQL.
//!
//! One set of query files under `shared/` is written in ordinary diesel and compiled twice, as `pg` and as `sqlite`;
//! everything else of the service sees [`Database`], [`Writer`], [`Readers`] and [`Tx`] and cannot tell which of the
//! two stands behind them. Nothing here decides anything: records go in and come out as the domain has them.

// The query files are compiled once per database.
#![allow(clippy::duplicate_mod)]

mod counts;
mod database;
mod digest;
mod error;
mod migrations;
mod pg;
mod readers;
mod rows;
mod saved;
mod schema;
mod sqlite;
mod turn;
mod tx;
mod types;
mod verify;
mod versions;
mod writer;

#[cfg(test)]
mod tests;

pub use counts::ItemCount;
pub use database::{Backend, Database};
pub use digest::digests;
pub use error::StoreError;
pub use readers::Readers;
pub use saved::{Attempt, ClaimWrite, DoneRow, Saved};
pub use turn::{Task, Turn};
pub use tx::{AnomalyFilter, DisputeFilter, Group, Page, SettlementLines, Shown, Tx};
pub use verify::{Against, Finding, Published, Verified};
pub use writer::Writer;
