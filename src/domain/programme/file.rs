//! Reads a programme file and says of each fault where it is and what was expected.

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use super::fault::Fault;
use super::places::{LineStarts, Places};
use super::read::read;
use super::rules::Rules;
use super::syntax;
use super::warnings::warnings;

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
    let rules = read(tree, misspelt, places).map_err(located)?;
    let warnings = located(warnings(&rules));
    Ok(Checked { rules, warnings })
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
