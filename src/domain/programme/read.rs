//! Reads the tree of a file as rules and tells every fault of its form, not only the first.
//!
//! The types say what is expected. Each thing that they refuse is told, something readable is put in its place, and
//! the tree is read again; what stands in is never judged.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use serde_path_to_error::Segment;

use super::check::findings;
use super::fault::{ENOUGH, Fault, joined, shown, within};
use super::form;
use super::guess::nearest;
use super::places::Places;
use super::rules::Rules;
use super::syntax::kind;

/// How often something else is put in the place of one field before it is given up.
const TRIES: usize = 8;

/// Reads the tree and judges what it says. `misspelt` are faults of the spelling that are known already.
///
/// # Errors
/// With every fault, those of the spelling included; a line stands only where one was known before.
pub(super) fn read(tree: Value, misspelt: Vec<Fault>, places: &Places) -> Result<Rules, Vec<Fault>> {
    match &tree {
        Value::Object(fields) if !fields.is_empty() => {}
        Value::Object(_) => return Err(vec![Fault::at("", "found an empty file; expected a programme")]),
        other => return Err(vec![Fault::at("", format!("found {}; expected a table of fields", kind(other)))]),
    }
    let replaced = misspelt.iter().map(|fault| fault.field.clone()).collect();
    let mut reader = Reader { tree, places, told: Vec::new(), replaced, renamed: Vec::new(), tries: BTreeMap::new() };
    let rules = reader.read();
    if let Some(rules) = &rules {
        let as_read = serde_json::to_value(rules).unwrap_or_default();
        let tree = std::mem::take(&mut reader.tree);
        reader.compare(&tree, &as_read, "");
    }
    let mut faults = misspelt;
    faults.extend(reader.told.into_iter().map(Told::into_fault));
    let Some(rules) = rules else { return Err(faults) };
    // What the rules say is judged where nothing stands in for what the file says.
    let found = findings(&rules).into_iter().filter(|finding| {
        let known =
            |field: &String| faults.iter().any(|fault| within(&fault.field, field) || within(field, &fault.field));
        !finding.looked_at.iter().any(|field| known(&written(field, &reader.renamed)))
    });
    let found: Vec<Fault> =
        found.map(|finding| Fault { field: written(&finding.fault.field, &reader.renamed), ..finding.fault }).collect();
    faults.extend(found);
    if faults.is_empty() { Ok(rules) } else { Err(faults) }
}

/// A fault of the form.
struct Told {
    field: String,
    found: String,
    guess: Option<String>,
    expected: String,
    /// Whether the next reading may say better what was expected.
    open: bool,
}

impl Told {
    fn into_fault(self) -> Fault {
        let Self { field, found, guess, expected, .. } = self;
        Fault::at(
            field,
            match guess {
                Some(guess) => format!("found {found}; did you mean `{guess}`? Expected {expected}"),
                None => format!("found {found}; expected {expected}"),
            },
        )
    }
}

struct Reader<'a> {
    tree: Value,
    places: &'a Places,
    told: Vec<Told>,
    /// Fields in whose place something else stands, as the file writes them.
    replaced: Vec<String>,
    /// Fields under the name that was meant, and as the file writes them.
    renamed: Vec<(String, String)>,
    /// How often each field was mended.
    tries: BTreeMap<String, usize>,
}

impl Reader<'_> {
    /// Reads until nothing is refused; `None` when it cannot come to that.
    fn read(&mut self) -> Option<Rules> {
        loop {
            let error = match serde_path_to_error::deserialize::<_, Rules>(&self.tree) {
                Ok(rules) => return Some(rules),
                Err(error) => error,
            };
            if self.told.len() >= ENOUGH {
                self.told.push(Told {
                    field: String::new(),
                    found: format!("{ENOUGH} faults"),
                    guess: None,
                    expected: "fewer: the rest of the file was not read".to_owned(),
                    open: false,
                });
                return None;
            }
            let path: Vec<Segment> = error.path().iter().cloned().collect();
            self.mend(&path, &error.inner().to_string())?;
        }
    }

    /// Tells what was refused and puts something else in its place; `None` when there is no way on.
    fn mend(&mut self, path: &[Segment], message: &str) -> Option<()> {
        let field = place_name(path);
        let tries = self.tries.entry(field.clone()).or_default();
        *tries += 1;
        let tries = *tries;
        if tries > TRIES {
            return None;
        }
        if let Some(name) = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
            return self.supply(path, &field, name);
        }
        if message.starts_with("unknown field ") {
            return self.rename(path, &field, message);
        }
        if message.starts_with("unknown variant ") {
            return self.choose(path, &field, message);
        }
        for prefix in ["invalid type: ", "invalid value: ", "invalid length "] {
            if let Some((found, expected)) =
                message.strip_prefix(prefix).and_then(|rest| rest.rsplit_once(", expected "))
            {
                return self.replace(path, &field, found, expected, tries);
            }
        }
        self.even_out(path, &field, message)
    }

    /// Puts nothing where a field is missing: what is then refused says what was expected.
    fn supply(&mut self, path: &[Segment], table: &str, name: &str) -> Option<()> {
        let field = joined(table, name);
        self.tell(&field, "nothing", None, "this field", true);
        table_at(&mut self.tree, path)?.insert(name.to_owned(), Value::Null);
        Some(())
    }

    /// Takes out a field that is not known. If another name was meant that is free, its value counts under that.
    fn rename(&mut self, path: &[Segment], field: &str, message: &str) -> Option<()> {
        let (Segment::Map { key }, parents) = path.split_last()? else { return None };
        let (_, expected) = message.rsplit_once(", expected ")?;
        let meant = nearest(key, words(expected));
        self.tell(field, &format!("`{}`", shown(key)), meant, expected, false);
        let table = table_at(&mut self.tree, parents)?;
        let value = table.remove(key)?;
        if let Some(meant) = meant.filter(|meant| !table.contains_key(*meant)) {
            table.insert(meant.to_owned(), value);
            let written = written(field, &self.renamed);
            self.replaced.retain(|replaced| *replaced != written);
            self.renamed.push((joined(&place_name(parents), meant), written));
        }
        Some(())
    }

    /// Takes the word that was meant, or any, for one that is not in the list.
    fn choose(&mut self, path: &[Segment], field: &str, message: &str) -> Option<()> {
        let (_, expected) = message.rsplit_once(", expected ")?;
        let place = at(&mut self.tree, path)?;
        let word = place.as_str().unwrap_or_default().to_owned();
        let meant = nearest(&word, words(expected)).map(str::to_owned);
        *place = json!(meant.as_deref().or_else(|| words(expected).next())?);
        self.tell(field, &format!("`{}`", shown(&word)), meant.as_deref(), expected, false);
        Some(())
    }

    /// Puts a value of the expected kind in the place of another.
    fn replace(&mut self, path: &[Segment], field: &str, found: &str, expected: &str, tries: usize) -> Option<()> {
        let place = at(&mut self.tree, path)?;
        let before = std::mem::replace(place, stand_in(expected, tries)?);
        let date = before.as_str().filter(|_| self.places.is_date(&written(field, &self.renamed)));
        let (found, mut expected) = match date {
            Some(date) => (format!("date `{date}`"), in_words(expected)),
            None => (shown(&plain(found)), in_words(expected)),
        };
        if before.is_object() && expected == "a list" {
            let name = field.rsplit(['.', '[']).next().unwrap_or_default();
            expected = format!("a list; in TOML each entry begins with [[{name}]] or stands in [ ]");
        }
        if before.is_number() && expected.contains("as a string") {
            expected = format!("{expected}; here \"{before}\"");
        }
        let open = expected == "a word";
        self.tell(field, &found, None, &expected, open);
        Some(())
    }

    /// Gives a tier or bonus whose amount says too little or too much another one.
    fn even_out(&mut self, path: &[Segment], field: &str, message: &str) -> Option<()> {
        let table = table_at(&mut self.tree, path)?;
        let lacks = form::lacking(table);
        form::even_out(table);
        let within_it = |told: &Told| within(&told.field, &written(field, &self.renamed));
        if !self.told.iter().any(within_it) {
            let field = lacks.map_or_else(|| field.to_owned(), |name| joined(field, name));
            let (found, expected) = message.split_once("; expected ").unwrap_or((message, "another value"));
            self.tell(&field, found.trim_start_matches("found "), None, expected, false);
        }
        Some(())
    }

    /// Notes a fault, unless something stands in for the field or for a table around it.
    fn tell(&mut self, field: &str, found: &str, guess: Option<&str>, expected: &str, open: bool) {
        let field = written(field, &self.renamed);
        if let Some(known) = self.told.iter_mut().find(|told| told.open && told.field == field) {
            expected.clone_into(&mut known.expected);
            known.open = open;
            return;
        }
        if self.replaced.iter().any(|replaced| within(&field, replaced)) {
            return;
        }
        self.replaced.push(field.clone());
        let guess = guess.map(str::to_owned);
        self.told.push(Told { field, found: found.to_owned(), guess, expected: expected.to_owned(), open });
    }

    /// Tells where a list was read as a table, field after field, or a table as a word: no editor would take it so.
    fn compare(&mut self, tree: &Value, as_read: &Value, field: &str) {
        match (tree, as_read) {
            (Value::Object(tree), Value::Object(as_read)) => {
                for (key, value) in tree {
                    if let Some(as_read) = as_read.get(key) {
                        self.compare(value, as_read, &joined(field, key));
                    }
                }
            }
            (Value::Array(tree), Value::Array(as_read)) => {
                for (index, (value, as_read)) in tree.iter().zip(as_read).enumerate() {
                    self.compare(value, as_read, &format!("{field}[{index}]"));
                }
            }
            (Value::Array(_), Value::Object(_)) => self.tell(field, "a list", None, "a table", false),
            (Value::Object(_), Value::String(_)) => self.tell(field, "a table", None, "a word", false),
            _ => {}
        }
    }
}

/// The field as the file writes it.
fn written(field: &str, renamed: &[(String, String)]) -> String {
    let innermost = renamed.iter().filter(|(meant, _)| within(field, meant)).max_by_key(|(meant, _)| meant.len());
    match innermost {
        Some((meant, written)) => format!("{written}{}", &field[meant.len()..]),
        None => field.to_owned(),
    }
}

/// The path in the words of a file, such as `lines[0].pool`.
fn place_name(path: &[Segment]) -> String {
    path.iter().fold(String::new(), |field, segment| match segment {
        Segment::Map { key } => joined(&field, key),
        Segment::Seq { index } => format!("{field}[{index}]"),
        Segment::Enum { .. } | Segment::Unknown => field,
    })
}

/// What a path names.
fn at<'a>(tree: &'a mut Value, path: &[Segment]) -> Option<&'a mut Value> {
    path.iter().try_fold(tree, |at, segment| match segment {
        Segment::Map { key } => at.get_mut(key),
        Segment::Seq { index } => at.get_mut(index),
        Segment::Enum { .. } | Segment::Unknown => Some(at),
    })
}

fn table_at<'a>(tree: &'a mut Value, path: &[Segment]) -> Option<&'a mut Map<String, Value>> {
    at(tree, path)?.as_object_mut()
}

/// The words between backticks.
fn words(expected: &str) -> impl Iterator<Item = &str> {
    expected.split('`').skip(1).step_by(2)
}

/// What was found, in the words of a file.
fn plain(found: &str) -> String {
    match found {
        "map" => "a table".to_owned(),
        "sequence" => "a list".to_owned(),
        "null" => "nothing".to_owned(),
        _ if found.bytes().all(|byte| byte.is_ascii_digit()) => "a list".to_owned(),
        _ => found.replace("floating point ", "number "),
    }
}

/// What was expected, in the words of a file.
fn in_words(expected: &str) -> String {
    match expected {
        "a sequence" => "a list".to_owned(),
        "a string" => "text".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "u8" => "a whole number from 0 to 255".to_owned(),
        "u32" => format!("a whole number from 0 to {}", u32::MAX),
        "string or map" | "unit" => "a word".to_owned(),
        _ if expected.starts_with("struct ") || expected.starts_with("fewer ") => "a table".to_owned(),
        _ => expected.to_owned(),
    }
}

/// Something of the expected kind; where that is not known, one thing after the other.
fn stand_in(expected: &str, tries: usize) -> Option<Value> {
    let known = [
        ("struct ", json!({})),
        ("a sequence", json!([])),
        ("string or map", json!("?")),
        ("a boolean", json!(false)),
        ("a string", json!("x")),
        ("u", json!(1)),
        ("an amount", json!("1.00")),
        ("a decimal", json!("1")),
        ("a day", json!("2026-01-01")),
        ("a time with", json!("2026-01-01T00:00:00Z")),
    ];
    match known.iter().find(|(beginning, _)| expected.starts_with(beginning)) {
        Some((_, value)) if tries <= known.len() / 2 => Some(value.clone()),
        _ => known.get(tries % known.len()).map(|(_, value)| value.clone()),
    }
}
