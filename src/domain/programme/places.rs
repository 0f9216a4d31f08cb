//! On which line of a file each of its fields stands.

use std::collections::{BTreeMap, BTreeSet};

use toml::de::{DeTable, DeValue};

use super::fault::{ENOUGH, Fault, joined, shown};

/// The beginning of each line, to tell the line of an offset.
pub(super) struct LineStarts(Vec<usize>);

impl LineStarts {
    pub fn of(text: &str) -> Self {
        let after = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        // What follows the last line break is a line only if there is something.
        Self(std::iter::once(0).chain(after).filter(|start| *start == 0 || *start < text.len()).collect())
    }

    /// What stands on a line, from 1, without the space around it.
    pub fn text<'a>(&self, text: &'a str, line: usize) -> &'a str {
        let start = line.checked_sub(1).and_then(|index| self.0.get(index)).copied().unwrap_or_default();
        text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default().trim()
    }

    /// The line of an offset, from 1; one behind the end of the text is on its last line.
    pub fn line(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset).max(1)
    }
}

/// The line of every field of a file.
#[derive(Default)]
pub(super) struct Places {
    lines: BTreeMap<String, usize>,
    /// Fields that a TOML file gives as a date or time, which are read as text.
    dates: BTreeSet<String>,
}

impl Places {
    pub fn of_toml(document: &DeTable<'_>, starts: &LineStarts) -> Self {
        let mut places = Self::default();
        places.table(document, "", starts);
        places
    }

    /// The places of a JSON text that was found well-formed, and the names that an object has twice.
    pub fn of_json(text: &str, starts: &LineStarts) -> (Self, Vec<Fault>) {
        let mut scan = JsonScan { text, at: 0, starts, places: Self::default(), twice: Vec::new() };
        scan.value("");
        (scan.places, scan.twice)
    }

    fn table(&mut self, table: &DeTable<'_>, path: &str, starts: &LineStarts) {
        for (key, value) in table {
            let field = joined(path, key.get_ref());
            self.lines.insert(field.clone(), starts.line(key.span().start));
            self.value(value.get_ref(), field, starts);
        }
    }

    fn value(&mut self, value: &DeValue<'_>, field: String, starts: &LineStarts) {
        match value {
            DeValue::Table(table) => self.table(table, &field, starts),
            DeValue::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    let field = format!("{field}[{index}]");
                    self.lines.insert(field.clone(), starts.line(element.span().start));
                    self.value(element.get_ref(), field, starts);
                }
            }
            DeValue::Datetime(_) => {
                self.dates.insert(field);
            }
            _ => {}
        }
    }

    /// Whether the file gives the field as a date or time of TOML.
    pub fn is_date(&self, field: &str) -> bool {
        self.dates.contains(field)
    }

    /// The field of this name whose line is the nearest before this one, with that line.
    pub fn nearest_before(&self, name: &str, line: usize) -> Option<(&str, usize)> {
        let named = self.lines.iter().filter(|(field, at)| **at <= line && last_name(field) == name);
        named.max_by_key(|(_, at)| **at).map(|(field, at)| (field.as_str(), *at))
    }

    /// The line of a field; of the innermost table around it when it is absent, else the first.
    pub fn line(&self, field: &str) -> usize {
        let mut field = field;
        loop {
            if let Some(line) = self.lines.get(field) {
                return *line;
            }
            match field.rfind(['.', '[']) {
                Some(end) => field = &field[..end],
                None => return 1,
            }
        }
    }
}

fn last_name(field: &str) -> &str {
    field.rsplit('.').next().unwrap_or(field)
}

/// What is said of a name that a table has twice.
pub(super) fn again(name: &str, first: Option<usize>) -> String {
    let first = first.map(|line| format!(" (first on line {line})")).unwrap_or_default();
    format!("found `{}` again{first}; expected each name once", shown(name))
}

/// Walks through a JSON text that is known to be well-formed.
struct JsonScan<'a> {
    text: &'a str,
    at: usize,
    starts: &'a LineStarts,
    places: Places,
    twice: Vec<Fault>,
}

impl JsonScan<'_> {
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    /// Steps over the next byte if it is this one.
    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn value(&mut self, path: &str) {
        match self.peek() {
            Some(b'{') => self.object(path),
            Some(b'[') => self.array(path),
            Some(b'"') => {
                self.string();
            }
            _ => {
                let rest = self.text.get(self.at..).unwrap_or_default();
                self.at += rest.find([',', ']', '}', ' ', '\t', '\r', '\n']).unwrap_or(rest.len());
            }
        }
    }

    /// The string that begins here.
    fn string(&mut self) -> String {
        let (start, bytes) = (self.at, self.text.as_bytes());
        self.at += 1;
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at = (self.at + 1).min(bytes.len());
        self.text.get(start..self.at).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    fn object(&mut self, path: &str) {
        self.at += 1;
        let mut names = BTreeSet::new();
        while let Some(b'"') = self.peek() {
            let line = self.starts.line(self.at);
            let name = self.string();
            let field = joined(path, &name);
            let first = *self.places.lines.entry(field.clone()).or_insert(line);
            let told = self.twice.len() >= ENOUGH || self.twice.iter().any(|fault| fault.field == field);
            if !told && names.contains(&name) {
                let message = again(&name, Some(first));
                self.twice.push(Fault { line: Some(line), field: field.clone(), message });
            }
            names.insert(name);
            if !self.take(b':') {
                return;
            }
            self.value(&field);
            if !self.take(b',') {
                break;
            }
        }
        self.take(b'}');
    }

    fn array(&mut self, path: &str) {
        self.at += 1;
        let mut index = 0;
        while self.peek().is_some_and(|byte| byte != b']') {
            let field = format!("{path}[{index}]");
            self.places.lines.insert(field.clone(), self.starts.line(self.at));
            let before = self.at;
            self.value(&field);
            if self.at == before || !self.take(b',') {
                break;
            }
            index += 1;
        }
        self.take(b']');
    }
}
