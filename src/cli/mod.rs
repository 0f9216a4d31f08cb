//! The command line: what each command does, without the parsing of its words.

mod accounts;
pub mod audit;
pub mod check_identifier;
pub mod check_programme;
pub mod create_admin;
pub mod demo;
pub mod demo_issuer;
pub mod evidence;
pub mod keys;
pub mod personal;
mod programme_report;
pub mod quote;
pub mod safety;
pub mod serve;
pub mod sweep;
