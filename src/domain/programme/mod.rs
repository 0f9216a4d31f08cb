//! Programmes (补贴方案): what a version says, how its file is read and checked, and what it gives for a sale.

mod rules;

pub use rules::*;
