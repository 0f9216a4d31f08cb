//! Reads a programme file and says of each fault where it is and what was expected.

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use super::fault::{Fault, joined};
use super::places::{LineStarts, Places};
use super::read::read;
use super::rules::Rules;
use super::syntax;
use super::warnings::warnings;

/// Characters of any text in a file.
const LONGEST: usize = 4096;

/// A programme file in which nothing is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What it says.
    pub rules: Rules,
    /// What is legal and hardly meant, in the order of the file, each with its line.
    pub warnings: Vec<Fault>,
}

/// Reads a programme from TOML and checks it.
///
/// # Errors
/// With every fault that was found, in the order of the file, each with its line.
pub fn from_toml(text: &str) -> Result<Rules, Vec<Fault>> {
    check_toml(text).map(|checked| checked.rules)
}

/// Reads a programme from JSON with the same names and checks it.
///
/// # Errors
/// With every fault that was found, in the order of the file, each with its line.
pub fn from_json(text: &str) -> Result<Rules, Vec<Fault>> {
    check_json(text).map(|checked| checked.rules)
}

/// Reads a programme from TOML, checks it, and notes what is hardly meant.
///
/// # Errors
/// As [`from_toml`].
pub fn check_toml(text: &str) -> Result<Checked, Vec<Fault>> {
    let starts = LineStarts::of(text);
    let (document, errors) = DeTable::parse_recoverable(text);
    let document = document.get_ref();
    let places = Places::of_toml(document, &starts);
    let misspelt = syntax::of_toml(text, document, &errors, &starts, &places);
    if !misspelt.rest_is_sound {
        return Err(misspelt.faults);
    }
    let tree = document.iter().map(|(key, value)| (key.get_ref().to_string(), from_value(value.get_ref())));
    checked(Value::Object(tree.collect()), &places, misspelt.faults)
}

/// Reads a programme from JSON, checks it, and notes what is hardly meant.
///
/// # Errors
/// As [`from_json`].
pub fn check_json(text: &str) -> Result<Checked, Vec<Fault>> {
    let text = text.trim_start_matches('\u{feff}');
    // Nothing at all is no fault of the spelling: it is told as a file that says nothing.
    let read =
        if text.trim().is_empty() { Ok(Value::Object(serde_json::Map::new())) } else { serde_json::from_str(text) };
    let tree = read.map_err(|error| vec![syntax::of_json(text, &error)])?;
    let (places, twice) = Places::of_json(text, &LineStarts::of(text));
    checked(tree, &places, twice)
}

/// Judges a tree whose spelling had these faults.
fn checked(tree: Value, places: &Places, misspelt: Vec<Fault>) -> Result<Checked, Vec<Fault>> {
    let located = |mut faults: Vec<Fault>| {
        for fault in &mut faults {
            fault.line = fault.line.or_else(|| Some(places.line(&fault.field)));
        }
        faults.sort_by_key(|fault| fault.line);
        faults
    };
    let mut misspelt = misspelt;
    unfit(&tree, "", &mut misspelt);
    let rules = read(tree, misspelt, places).map_err(located)?;
    let warnings = located(warnings(&rules));
    Ok(Checked { rules, warnings })
}

/// Finds texts that no record should hold: endless ones, and those with control characters, which no screen shows and some
/// databases cannot keep. A line may end.
fn unfit(tree: &Value, field: &str, found: &mut Vec<Fault>) {
    match tree {
        Value::String(text) => {
            let control = |letter: &char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
            let letters = text.chars().count();
            if let Some(letter) = text.chars().find(control) {
                let control = u32::from(letter);
                let message =
                    format!("found the control character U+{control:04X}; expected text without control characters");
                found.push(Fault::at(field, message));
            } else if letters > LONGEST {
                let message = format!("found a text of {letters} characters; expected at most {LONGEST}");
                found.push(Fault::at(field, message));
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                unfit(element, &format!("{field}[{index}]"), found);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                unfit(value, &joined(field, name), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn number(text: &str) -> Value {
    text.parse::<serde_json::Number>().map_or_else(|_| Value::String(text.to_owned()), Value::Number)
}

/// The TOML value as JSON has it; dates and times become text.
fn from_value(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(integer) => {
            let read = i64::from_str_radix(integer.as_str(), integer.radix());
            read.map_or_else(|_| number(integer.as_str()), Value::from)
        }
        // No field takes a binary fraction: it is passed on to be refused, infinities as text.
        DeValue::Float(float) => number(float.as_str()),
        DeValue::Boolean(boolean) => Value::Bool(*boolean),
        DeValue::Datetime(datetime) => Value::String(datetime.to_string()),
        DeValue::Array(elements) => elements.iter().map(|element| from_value(element.get_ref())).collect(),
        DeValue::Table(table) => {
            table.iter().map(|(key, value)| (key.get_ref().to_string(), from_value(value.get_ref()))).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = include_str!("../../../programmes/nc-appl-2026.toml");

    #[test]
    fn unfit_texts_are_told_in_both_spellings() {
        let title = SMALL.lines().find(|line| line.starts_with("title = ")).unwrap();
        let faults = from_toml(&SMALL.replace(title, "title = \"a\\u0000b\"")).unwrap_err();
        let told: Vec<(&str, bool)> =
            faults.iter().map(|fault| (fault.field.as_str(), fault.message.contains("U+0000"))).collect();
        assert_eq!(told, [("title", true)]);
        assert!(faults[0].line.is_some());
        assert!(from_toml(&SMALL.replace(title, "title = \"a\\u202Eb\"")).is_ok());
        let long = |letters: usize| from_toml(&SMALL.replace(title, &format!("title = \"{}\"", "长".repeat(letters))));
        assert!(long(LONGEST).is_ok());
        assert_eq!(long(LONGEST + 1).unwrap_err()[0].message, "found a text of 4097 characters; expected at most 4096");
        let faults = from_json(r#"{"title": "\u0007", "lines": [{"category": "\u007f"}]}"#).unwrap_err();
        for field in ["title", "lines[0].category"] {
            assert!(faults.iter().any(|fault| fault.field == field && fault.message.contains("U+00")), "{faults:?}");
        }
    }
}
