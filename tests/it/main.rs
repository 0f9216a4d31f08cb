//! Tests of the whole: the engine on real databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod audit;
mod engine;
mod fixtures;
mod properties;
mod worked;
