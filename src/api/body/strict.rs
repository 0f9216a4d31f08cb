//! JSON (RFC 8259) without anything that two readers could take for two things, or that no record should hold: a member
//! stands once, a text has no control characters and is not endless, nothing is nested without need. The first fault is
//! told with its place; nothing of a value is repeated.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::{Map, Value};

use super::read::{malformed, member, shortened};
use crate::domain::refusal::Refusal;

/// How deep a body is nested at most; the deepest that there is, a programme, has seven levels.
pub const DEEPEST: usize = 32;
/// Characters of any text in a body. Most fields take fewer, and say so; a voucher's code takes nearly as many.
pub const LONGEST_TEXT: usize = 4096;
/// Entries of any list, and members of any object, in a body. Most lists take fewer, and say so.
pub const MOST_ENTRIES: usize = 1000;

/// Reads a whole body as one JSON value.
///
/// # Errors
/// `BODY_MALFORMED` with the place of the first fault: a pointer where the JSON is well formed, else line and column.
pub fn parse(bytes: &[u8]) -> Result<Value, Refusal> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(malformed("").found("invalid UTF-8").expected("JSON in UTF-8"));
    };
    if text.starts_with('\u{FEFF}') {
        return Err(malformed("").found("a byte order mark").expected("JSON that begins with its first character"));
    }
    if text.trim_ascii().is_empty() {
        return Err(malformed("").found("an empty body").expected("a JSON object"));
    }
    let fault = RefCell::new(None);
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = (&mut reader).deserialize_any(Reader { place: Place::Whole, depth: 0, fault: &fault });
    let value = read.map_err(|error| fault.take().unwrap_or_else(|| misspelt(&error)))?;
    reader.end().map_err(|_| malformed("").found("text after the JSON value").expected("one JSON value"))?;
    Ok(value)
}

/// What is wrong with a text that is no JSON.
fn misspelt(error: &serde_json::Error) -> Refusal {
    let place = format!("line {}, column {}", error.line(), error.column());
    let message = error.to_string();
    let found = match error.classify() {
        Category::Eof => "the end of the body",
        _ if message.starts_with("control character") => "a control character within a text",
        _ if message.contains("surrogate") || message.starts_with("unexpected end of hex escape") => {
            "half of a surrogate pair"
        }
        _ if message.starts_with("number out of range") => "a number that is too large",
        _ => "something else",
    };
    malformed("").found(format!("{found} at {place}")).expected("well-formed JSON")
}

/// Where a value stands, as a chain back to the whole body; a pointer is made of it only when there is a fault.
#[derive(Clone, Copy)]
enum Place<'a> {
    Whole,
    Member(&'a Place<'a>, &'a str),
    Element(&'a Place<'a>, usize),
}

impl Place<'_> {
    fn pointer(&self) -> String {
        match self {
            Self::Whole => String::new(),
            Self::Member(parent, name) => member(&parent.pointer(), &shortened(name)),
            Self::Element(parent, index) => format!("{}/{index}", parent.pointer()),
        }
    }
}

/// Reads one value.
#[derive(Clone, Copy)]
struct Reader<'a> {
    place: Place<'a>,
    /// How many lists and objects are around the value.
    depth: usize,
    /// What was found, for the caller: serde's own errors are mere texts.
    fault: &'a RefCell<Option<Refusal>>,
}

impl Reader<'_> {
    fn refuse<E: Error>(&self, refusal: Refusal) -> E {
        self.fault.replace(Some(refusal));
        E::custom("refused")
    }

    fn fault<E: Error>(&self, found: impl fmt::Display, expected: impl fmt::Display) -> E {
        self.refuse(malformed(&self.place.pointer()).found(found).expected(expected))
    }

    fn text<E: Error>(&self, text: &str) -> Result<(), E> {
        // A text of so few bytes has fewer characters.
        if text.len() > LONGEST_TEXT && text.chars().nth(LONGEST_TEXT).is_some() {
            return Err(self.fault("a longer text", format_args!("at most {LONGEST_TEXT} characters")));
        }
        match text.chars().find(|letter| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t')) {
            Some('\0') => Err(self.fault("a NUL character", "text without control characters")),
            Some(letter) => {
                let found = format_args!("the control character U+{:04X}", u32::from(letter));
                Err(self.fault(found, "text without control characters"))
            }
            None => Ok(()),
        }
    }

    fn enter<E: Error>(&self) -> Result<usize, E> {
        if self.depth < DEEPEST {
            return Ok(self.depth + 1);
        }
        Err(self.fault("another level", format_args!("JSON that is nested at most {DEEPEST} levels deep")))
    }

    fn room<E: Error>(&self, entries: usize) -> Result<(), E> {
        if entries < MOST_ENTRIES {
            return Ok(());
        }
        Err(self.fault("more entries", format_args!("at most {MOST_ENTRIES} entries")))
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        self.text(text)?;
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        self.text(&text)?;
        Ok(Value::String(text))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let depth = self.enter()?;
        let mut list = Vec::new();
        loop {
            let place = Place::Element(&self.place, list.len());
            let Some(value) = elements.next_element_seed(Reader { place, depth, ..self })? else { break };
            self.room(list.len())?;
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let depth = self.enter()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let inner = Reader { place: Place::Member(&self.place, &name), depth, ..self };
            if object.contains_key(&name) {
                return Err(inner.fault("the field twice", "each field once"));
            }
            inner.text(&name)?;
            self.room(object.len())?;
            let value = members.next_value_seed(inner)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::refusal::Code;

    fn fault(text: impl AsRef<[u8]>) -> (String, String) {
        let refusal = parse(text.as_ref()).unwrap_err();
        assert_eq!(refusal.code, Code::BodyMalformed);
        (refusal.pointer, refusal.found.unwrap())
    }

    #[test]
    fn what_is_good_is_read_as_it_stands() {
        let text = r#"{"a": [1, -2, 1.5, true, null, "\n\t\"é😀\u202e"], "b": {"": {}, "c/d": []}}"#;
        assert_eq!(parse(text.as_bytes()).unwrap(), serde_json::from_str::<Value>(text).unwrap());
        assert_eq!(parse(b" 18446744073709551615\n").unwrap(), json!(u64::MAX));
    }

    #[test]
    fn a_member_stands_once_however_it_is_spelt() {
        for (text, pointer) in [
            (r#"{"a": 1, "a": 1}"#, "/a"),
            (r#"{"a": 1, "\u0061": 2}"#, "/a"),
            (r#"{"a": {"b": [{}, {"c/~": 1, "d": 2, "c/~": 3}]}}"#, "/a/b/1/c~1~0"),
        ] {
            assert_eq!(fault(text), (pointer.to_owned(), "the field twice".to_owned()), "{text}");
        }
        assert!(parse(r#"[{"a": 1}, {"a": 1}]"#.as_bytes()).is_ok());
    }

    #[test]
    fn control_characters_are_refused_in_texts_and_names() {
        for (text, pointer, found) in [
            (r#"{"a": ["x", "\u0000"]}"#, "/a/1", "a NUL character"),
            (r#"{"a": "\u0007"}"#, "/a", "the control character U+0007"),
            (r#"{"a": "\u007f"}"#, "/a", "the control character U+007F"),
            ("{\"a\": \"\u{85}\"}", "/a", "the control character U+0085"),
            (r#"{"\u0000": 1}"#, "/\u{FFFD}", "a NUL character"),
            ("{\"a\": \"\n\"}", "", "a control character within a text at line 2, column 0"),
            ("{\"a\": \"\0\"}", "", "a control character within a text at line 1, column 8"),
        ] {
            assert_eq!(fault(text), (pointer.to_owned(), found.to_owned()), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_json_says_where_and_why() {
        for (text, found) in [
            (&b"\xff"[..], "invalid UTF-8"),
            (b"{\"a\": \"\xc0\x80\"}", "invalid UTF-8"),
            (b"{\"a\": \"\xed\xa0\x80\"}", "invalid UTF-8"),
            ("\u{FEFF}{}".as_bytes(), "a byte order mark"),
            (b"", "an empty body"),
            (b" \n", "an empty body"),
            (b"{} {}", "text after the JSON value"),
            (b"{}\0", "text after the JSON value"),
            (b"{\"a\": \"\\ud800\"}", "half of a surrogate pair at line 1, column 14"),
            (b"{\"a\": \"\\ud800\\u0041\"}", "half of a surrogate pair at line 1, column 19"),
            (b"{\"a\": 1e999}", "a number that is too large at line 1, column 11"),
            (b"{\"a\": ", "the end of the body at line 1, column 6"),
            (b"{'a': 1}", "something else at line 1, column 2"),
            (b"{\"a\": 01}", "something else at line 1, column 8"),
            (b"{\"a\": NaN}", "something else at line 1, column 7"),
            (b"{\"a\": 1,}", "something else at line 1, column 9"),
            ("{\"a\": １}".as_bytes(), "something else at line 1, column 7"),
        ] {
            assert_eq!(fault(text), (String::new(), found.to_owned()), "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn there_is_an_end_to_everything() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(nested(DEEPEST).as_bytes()).is_ok());
        assert_eq!(fault(nested(DEEPEST + 1)), ("/0".repeat(DEEPEST), "another level".to_owned()));
        assert_eq!(fault("[".repeat(100_000)).1, "another level");
        assert_eq!(fault("{\"a\":".repeat(100_000)), ("/a".repeat(DEEPEST), "another level".to_owned()));

        let list = |entries: usize| format!("{{\"a\": [{}]}}", vec!["1"; entries].join(","));
        assert!(parse(list(MOST_ENTRIES).as_bytes()).is_ok());
        assert_eq!(fault(list(MOST_ENTRIES + 1)), ("/a".to_owned(), "more entries".to_owned()));
        let members = |count: usize| (0..count).map(|n| format!("\"{n}\": 1")).collect::<Vec<_>>().join(",");
        assert_eq!(fault(format!("{{{}}}", members(MOST_ENTRIES + 1))), (String::new(), "more entries".to_owned()));

        let text = |letters: usize| format!("{{\"a\": \"{}\"}}", "长".repeat(letters));
        assert!(parse(text(LONGEST_TEXT).as_bytes()).is_ok());
        assert_eq!(fault(text(LONGEST_TEXT + 1)), ("/a".to_owned(), "a longer text".to_owned()));
    }
}
