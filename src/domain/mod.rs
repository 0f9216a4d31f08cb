//! The rules: pure values and pure functions. No database, no HTTP, no clock, no dice, no environment.

pub mod goods;
pub mod id;
pub mod identifier;
pub mod money;
pub mod personal;
pub mod programme;
pub mod refusal;
pub mod time;
