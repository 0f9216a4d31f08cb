//! The rules: pure values and pure functions. No database, no HTTP, no clock, no dice, no environment.

pub mod account;
pub mod adjustment;
pub mod audit;
pub mod brand;
pub mod checkpoint;
pub mod claim_key;
pub mod command;
pub mod decide;
pub mod goods;
pub mod growth;
pub mod id;
pub mod identifier;
pub mod import;
pub mod ledger;
pub mod loaded;
pub mod merkle;
pub mod money;
pub mod personal;
pub mod product;
pub mod programme;
pub mod records;
pub mod refusal;
pub mod rollup;
pub mod state;
pub mod task;
pub mod time;
