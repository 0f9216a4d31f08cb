//! The command line: what each command does, without the parsing of its words.

pub mod check_programme;
pub mod quote;
