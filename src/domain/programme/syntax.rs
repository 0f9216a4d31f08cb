//! Faults of a text that is not well-formed TOML or JSON, in words that say where to look.

use std::ops::Range;

use serde_json::Value;
use toml::de::{DeTable, DeValue, Error};

use super::fault::{ENOUGH, Fault, joined, shown};
use super::places::{LineStarts, Places, again};

/// What is wrong with the spelling of a file.
pub(super) struct Misspelt {
    /// Every fault, with its line.
    pub faults: Vec<Fault>,
    /// Whether the rest of the file says what it is meant to say, so that it can be judged too.
    pub rest_is_sound: bool,
}

/// The syntax errors of a TOML text. One within a value (a day that does not exist, a missing quotation mark) is told
/// with its field and leaves the rest sound, as does a name that stands twice.
pub(super) fn of_toml(
    text: &str,
    document: &DeTable<'_>,
    errors: &[Error],
    starts: &LineStarts,
    places: &Places,
) -> Misspelt {
    let mut scalars = Vec::new();
    list_scalars(document, "", &mut scalars);
    let mut errors: Vec<(usize, &Error)> = errors.iter().map(|error| (start(error), error)).collect();
    errors.sort_by_key(|(at, _)| *at);
    let line_text = |line: usize| starts.text(text, line);
    let rest_is_sound = errors.len() <= ENOUGH;
    let mut told: Vec<Fault> = Vec::new();
    for (at, error) in errors.into_iter().take(ENOUGH) {
        let line = starts.line(at);
        let scalar = scalars.iter().find(|(_, span)| span.start <= at && at <= span.end);
        let (field, message) = if error.message() == "duplicate key" && !line_text(line).starts_with('[') {
            let name = error.span().and_then(|span| text.get(span)).unwrap_or_default();
            let first = places.nearest_before(name, line);
            (first.map(|(field, _)| field.to_owned()), again(name, first.map(|(_, line)| line)))
        } else if let Some((field, span)) = scalar.filter(|_| of_the_value(error)) {
            (Some(field.clone()), of_value(text.get(span.clone()).unwrap_or_default(), error.message()))
        } else {
            // What comes after follows from it, and so may what was said of the same line.
            told.retain(|fault| fault.line != Some(line));
            let found = shown(line_text(line));
            let message = match error.message() {
                "duplicate key" => format!("found `{found}` again; expected each table once"),
                other => format!("found `{found}`; {}", expectation(other)),
            };
            told.push(Fault { line: Some(line), field: String::new(), message });
            return Misspelt { faults: told, rest_is_sound: false };
        };
        let fault = Fault { line: Some(line), field: field.unwrap_or_default(), message };
        if fault.field.is_empty() || told.iter().all(|known| known.field != fault.field) {
            told.push(fault);
        }
    }
    Misspelt { faults: told, rest_is_sound }
}

fn start(error: &Error) -> usize {
    error.span().map_or(0, |span| span.start)
}

/// Whether an error is one of the value in which it stands, and not of what stands around it.
fn of_the_value(error: &Error) -> bool {
    let around = ["missing comma", "unclosed", "unexpected `", "unexpected key"];
    !around.iter().any(|beginning| error.message().starts_with(beginning))
}

/// Every scalar value of the document with the place of its text.
fn list_scalars(table: &DeTable<'_>, path: &str, found: &mut Vec<(String, Range<usize>)>) {
    fn list(value: &DeValue<'_>, span: Range<usize>, field: String, found: &mut Vec<(String, Range<usize>)>) {
        match value {
            DeValue::Table(table) => list_scalars(table, &field, found),
            DeValue::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    list(element.get_ref(), element.span(), format!("{field}[{index}]"), found);
                }
            }
            _ => found.push((field, span)),
        }
    }
    for (key, value) in table {
        list(value.get_ref(), value.span(), joined(path, key.get_ref()), found);
    }
}

/// What is said of a value that TOML cannot read.
fn of_value(raw: &str, message: &str) -> String {
    let raw = raw.trim();
    let bare = raw.trim_matches(['“', '”', '‘', '’', '＂', '\'', '"']);
    if raw.is_empty() {
        return "found nothing after `=`; expected a value".to_owned();
    }
    if message.starts_with("string values must be quoted") {
        let (raw, bare) = (shown(raw), shown(bare));
        return if raw == bare {
            format!("found `{raw}` without quotation marks; expected a value such as \"{bare}\"")
        } else {
            format!("found `{raw}`; expected straight quotation marks, \"{bare}\"")
        };
    }
    format!("found `{}`; {}", shown(raw), expectation(message))
}

/// The parser's message as the second half of a sentence.
fn expectation(message: &str) -> String {
    match message.rsplit_once(", expected ") {
        Some(("missing comma between array elements", _)) => {
            "expected `,` before it, or `]` where the list ends".to_owned()
        }
        Some(("invalid date", expected)) => format!("expected a date of the calendar ({expected})"),
        Some(("invalid time", expected)) => format!("expected a time of the day ({expected})"),
        Some((what, "nothing")) => format!("expected well-formed TOML ({what})"),
        Some((what, expected)) => format!("expected {expected} ({what})"),
        None => format!("expected well-formed TOML ({message})"),
    }
}

/// What is wrong with a text that is not JSON.
pub(super) fn of_json(text: &str, error: &serde_json::Error) -> Fault {
    let line = error.line().clamp(1, text.lines().count().max(1));
    let whole = text.lines().nth(line - 1).unwrap_or_default().trim();
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    let found = if whole.is_empty() { "the end of the file".to_owned() } else { format!("`{}`", shown(whole)) };
    Fault {
        line: Some(line),
        field: String::new(),
        message: format!("found {found}; expected well-formed JSON ({message})"),
    }
}

/// A value in the words of a fault.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}
