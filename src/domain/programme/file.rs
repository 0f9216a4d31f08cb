//! Reads a programme file and says of each fault where it is and what was expected.

use std::fmt;

use serde_json::{Value, json};
use serde_path_to_error::Segment;
use toml::de::{DeTable, DeValue};

use super::check::validate;
use super::rules::Rules;

/// Faults of the form after which reading stops; a file with so many is something else altogether.
const ENOUGH: usize = 50;

/// Something in a programme file that cannot stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line of the file, from 1; only TOML tells it for every fault.
    pub line: Option<usize>,
    /// The field, such as `lines[0].tiers[1].cap`; empty for the file as a whole.
    pub field: String,
    /// What was found and what was expected.
    pub message: String,
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

/// Reads a programme from TOML and checks it.
///
/// # Errors
/// With every fault that was found, in the order of the file, each with its line.
pub fn from_toml(text: &str) -> Result<Rules, Vec<Fault>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let fault = |error: &toml::de::Error| Fault {
            line: error.span().map(|span| line_at(text, span.start)),
            field: String::new(),
            message: error.message().to_owned(),
        };
        return Err(errors.iter().map(fault).collect());
    }
    let tree = Value::Object(
        document
            .get_ref()
            .iter()
            .map(|(key, value)| (key.get_ref().to_string(), from_value(value.get_ref())))
            .collect(),
    );
    read(tree).map_err(|mut faults| {
        for fault in &mut faults {
            fault.line = Some(offset(document.get_ref(), &fault.field).map_or(1, |at| line_at(text, at)));
        }
        faults.sort_by_key(|fault| fault.line);
        faults
    })
}

/// Reads a programme from JSON with the same names and checks it.
///
/// # Errors
/// With every fault that was found.
pub fn from_json(text: &str) -> Result<Rules, Vec<Fault>> {
    let tree = serde_json::from_str(text)
        .map_err(|error| vec![Fault { line: Some(error.line()), field: String::new(), message: error.to_string() }])?;
    read(tree)
}

/// Reads the tree; each fault of the form is set aside and the rest read again, so that all of them are told.
fn read(mut tree: Value) -> Result<Rules, Vec<Fault>> {
    let mut faults: Vec<Fault> = Vec::new();
    let mut removed: Vec<(String, usize)> = Vec::new();
    let mut only_unknown = true;
    // At most two rounds a fault: what was set aside, and what is then missing.
    for _ in 0..2 * ENOUGH {
        let error = match serde_path_to_error::deserialize::<_, Rules>(&tree) {
            Ok(rules) => {
                if only_unknown {
                    faults.extend(validate(&rules));
                }
                return if faults.is_empty() { Ok(rules) } else { Err(faults) };
            }
            Err(error) => error,
        };
        let message = error.inner().to_string();
        let path: Vec<Segment> = error.path().iter().cloned().collect();
        only_unknown &= message.starts_with("unknown field");
        let parent = original(&path, &removed);
        let missing = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
        let field = missing.map_or_else(|| parent.clone(), |name| joined(&parent, name));
        // What was set aside has been told already, and so is what now lacks around it.
        let within = format!("{field}.");
        if !faults.iter().any(|fault| fault.field == field || fault.field.starts_with(&within)) {
            faults.push(Fault { line: None, field, message: plain(&message) });
        }
        let mended = match missing {
            Some(name) => stand_in(&mut tree, &path, &parent, name),
            None => remove(&mut tree, &path, &mut removed),
        };
        if !mended {
            break;
        }
    }
    Err(faults)
}

/// Puts something readable where a field is missing, for the sake of the faults after it; `false` when it cannot.
fn stand_in(tree: &mut Value, path: &[Segment], parent: &str, name: &str) -> bool {
    let day = || json!("2026-01-01");
    let claim = || json!({ "from": day(), "to": day() });
    let value = match name {
        "id" | "title" => json!("x"),
        "divisions" | "funding" | "lines" | "tiers" | "fuels" => json!([]),
        "percent" | "pool" => json!("1"),
        "source" => json!("central"),
        "matching" => json!("none"),
        "matched_at" => json!("issue"),
        "category" => json!("car"),
        "from" | "to" if parent == "windows.application" => json!("2026-01-01T00:00:00Z"),
        "from" | "to" | "day" => day(),
        "at" => json!("10:00"),
        "days" | "reclaims" | "vouchers" => json!(1),
        "region" => json!({ "divisions": [] }),
        "claim" => claim(),
        "windows" => json!({ "claim": claim() }),
        "voucher" => json!({ "days": 1, "reclaims": 1 }),
        _ => return false,
    };
    match place(tree, path) {
        Some(Value::Object(map)) => map.insert(name.to_owned(), value).is_none(),
        _ => false,
    }
}

/// What a path names.
fn place<'a>(tree: &'a mut Value, path: &[Segment]) -> Option<&'a mut Value> {
    path.iter().try_fold(tree, |at, segment| match segment {
        Segment::Map { key } => at.get_mut(key),
        Segment::Seq { index } => at.get_mut(index),
        Segment::Enum { .. } | Segment::Unknown => None,
    })
}

fn joined(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
}

/// The path as the file has it: indices count the elements that were set aside before.
fn original(path: &[Segment], removed: &[(String, usize)]) -> String {
    let mut field = String::new();
    for segment in path {
        match segment {
            Segment::Map { key } => field = joined(&field, key),
            Segment::Seq { index } => {
                let mut index = *index;
                let mut gone: Vec<_> = removed.iter().filter(|(array, _)| *array == field).map(|(_, at)| *at).collect();
                gone.sort_unstable();
                for at in gone {
                    if at <= index {
                        index += 1;
                    }
                }
                field = format!("{field}[{index}]");
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    field
}

/// Takes what a path names out of the tree; `false` when there is no such thing.
fn remove(tree: &mut Value, path: &[Segment], removed: &mut Vec<(String, usize)>) -> bool {
    let Some((last, parents)) = path.split_last() else { return false };
    let Some(at) = place(tree, parents) else { return false };
    match (last, at) {
        (Segment::Map { key }, Value::Object(map)) => map.remove(key).is_some(),
        (Segment::Seq { index }, Value::Array(elements)) if *index < elements.len() => {
            let field = original(path, removed);
            if let Some((array, at)) = field.strip_suffix(']').and_then(|field| field.rsplit_once('[')) {
                removed.push((array.to_owned(), at.parse().unwrap_or(*index)));
            }
            elements.remove(*index);
            true
        }
        _ => false,
    }
}

/// A message in the words of this module: what was found, what was expected, and a guess at what was meant.
fn plain(message: &str) -> String {
    for prefix in ["invalid type: ", "invalid value: ", "invalid length "] {
        if let Some((found, expected)) = message.strip_prefix(prefix).and_then(|rest| rest.split_once(", expected ")) {
            return format!("found {found}; expected {expected}");
        }
    }
    if message.starts_with("missing field ") {
        return "found nothing; expected this field".to_owned();
    }
    let unknown = message.strip_prefix("unknown field ").or_else(|| message.strip_prefix("unknown variant "));
    let Some((found, expected)) = unknown.and_then(|rest| rest.split_once(", expected ")) else {
        return message.to_owned();
    };
    let known = expected.split('`').skip(1).step_by(2);
    let name = found.trim_matches('`');
    match nearest(name, known) {
        Some(meant) => format!("found {found}; did you mean `{meant}`? Expected {expected}"),
        None => format!("found {found}; expected {expected}"),
    }
}

/// The known name that differs in the fewest letters, if a third of them at most.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let close = |candidate: &str| distance(name, candidate);
    known
        .map(|candidate| (close(candidate), candidate))
        .filter(|(distance, candidate)| distance * 3 <= candidate.len().max(name.len()).max(3))
        .min()
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions and replacements that turn one word into the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, letter) in one.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, second) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *second);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}

/// The TOML value as JSON has it; dates and times become text.
fn from_value(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(integer) => {
            let read = i64::from_str_radix(integer.as_str(), integer.radix());
            read.map_or_else(|_| Value::String(integer.to_string()), Value::from)
        }
        // No field takes a binary fraction: it is passed on to be refused, infinities as text.
        DeValue::Float(float) => {
            let read = float.as_str().parse::<serde_json::Number>();
            read.map_or_else(|_| Value::String(float.to_string()), Value::Number)
        }
        DeValue::Boolean(boolean) => Value::Bool(*boolean),
        DeValue::Datetime(datetime) => Value::String(datetime.to_string()),
        DeValue::Array(elements) => elements.iter().map(|element| from_value(element.get_ref())).collect(),
        DeValue::Table(table) => {
            table.iter().map(|(key, value)| (key.get_ref().to_string(), from_value(value.get_ref()))).collect()
        }
    }
}

/// Where a field stands in the text: its key, or the innermost table around it when it is absent.
fn offset(document: &DeTable<'_>, field: &str) -> Option<usize> {
    let mut steps = field.split(['.', '[']).map(|step| step.trim_end_matches(']')).filter(|step| !step.is_empty());
    let (key, mut value) = document.get_key_value(steps.next()?)?;
    let mut at = key.span().start;
    for step in steps {
        match value.get_ref() {
            DeValue::Table(table) => {
                let Some((key, child)) = table.get_key_value(step) else { break };
                at = key.span().start;
                value = child;
            }
            DeValue::Array(elements) => {
                let Some(child) = step.parse::<usize>().ok().and_then(|index| elements.get(index)) else { break };
                at = child.span().start;
                value = child;
            }
            _ => break,
        }
    }
    Some(at)
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
