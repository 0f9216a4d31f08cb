//! The command line: what each command does, without the parsing of its words.

pub mod audit;
pub mod demo;
pub mod serve;
