//! Something to be said of a programme file, and where.

use std::fmt;

/// Something in a programme file that cannot stand, or, among warnings, that is hardly meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line of the file, from 1; `None` when no file was read.
    pub line: Option<usize>,
    /// The field, such as `lines[0].tiers[1].cap`; empty for the file as a whole.
    pub field: String,
    /// What was found and what was expected.
    pub message: String,
}

impl Fault {
    /// A fault whose line is not looked up yet.
    pub(super) fn at(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { line: None, field: field.into(), message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.message)
    }
}

/// Faults of one kind after which reading stops; a file with so many is something else altogether.
pub(super) const ENOUGH: usize = 50;

/// Whether one field is the other or lies within it: `lines[0].tiers` lies within `lines[0]` and within `lines`.
pub(super) fn within(field: &str, outer: &str) -> bool {
    field.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// The path of a field of a table.
pub(super) fn joined(table: &str, name: &str) -> String {
    if table.is_empty() { name.to_owned() } else { format!("{table}.{name}") }
}

/// What was found, as a sentence can carry it: in one line, and not longer than a line.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 80;
    let plain: String = text.chars().flat_map(printable).collect();
    if plain.chars().count() <= MOST {
        return plain;
    }
    format!("{}…", plain.chars().take(MOST).collect::<String>())
}

/// A control character as its escape, any other as it is.
fn printable(letter: char) -> Vec<char> {
    if letter.is_control() { letter.escape_default().collect() } else { vec![letter] }
}
