//! What a programme may say and hardly means: a tier under which no sale falls, a cap that no price reaches.
//!
//! Each warning is sure: what cannot be told for certain is not told.

mod caps;
mod limits;
mod old_item;
mod tiers;
mod windows;

use super::fault::Fault;
use super::rules::Rules;

/// Everything that is legal and hardly meant, in the order of the subjects; the lines of a file are not looked up.
#[must_use]
pub fn warnings(rules: &Rules) -> Vec<Fault> {
    let mut found = Vec::new();
    limits::look(rules, &mut found);
    windows::look(rules, &mut found);
    old_item::look(rules, &mut found);
    for (index, line) in rules.lines.iter().enumerate() {
        let field = format!("lines[{index}]");
        tiers::look(rules, line, &field, &mut found);
        caps::look(rules, line, &field, &mut found);
    }
    found
}
