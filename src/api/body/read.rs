//! Reads a request body strictly, and says of the first fault where it is and what was expected.
//!
//! Nothing that may be personal is repeated: of a value of the wrong type only the type is told.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use super::strict;
use crate::domain::refusal::{Code, Refusal, Refusals};

/// Characters of a word or a field's name that an answer repeats.
const SHOWN: usize = 40;

/// Reads a body.
///
/// # Errors
/// `FIELD_UNKNOWN`, `FIELD_MISSING`, or `BODY_MALFORMED` for anything else that cannot be read, each with its pointer.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusals> {
    take(&strict::parse(bytes)?)
}

/// Takes a JSON value that was read strictly for a body.
///
/// # Errors
/// As [`read`].
pub fn take<T: DeserializeOwned>(value: &Value) -> Result<T, Refusals> {
    if value.is_array() {
        return Err(malformed("").found("an array").expected("a JSON object").into());
    }
    let taken = serde_path_to_error::deserialize(value)
        .map_err(|error| Refusals::from(told(error.path(), &error.inner().to_string())))?;
    match array_in(value, "", false) {
        Some(pointer) => Err(malformed(&pointer).found("an array").expected("a JSON object").into()),
        None => Ok(taken),
    }
}

/// The start of a word that the caller sent, for an answer.
#[must_use]
pub fn shortened(word: &str) -> String {
    let clean = word.chars().map(|letter| if letter.is_control() { '\u{FFFD}' } else { letter });
    let mut shown: String = clean.take(SHOWN).collect();
    if word.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// A pointer (RFC 6901) to a member of what another pointer names.
pub(super) fn member(parent: &str, name: &str) -> String {
    format!("{parent}/{}", name.replace('~', "~0").replace('/', "~1"))
}

pub(super) fn malformed(pointer: &str) -> Refusal {
    Refusal::at(Code::BodyMalformed, pointer)
}

fn pointer(path: &Path) -> String {
    path.iter().fold(String::new(), |parent, segment| match segment {
        Segment::Map { key } => member(&parent, key),
        Segment::Seq { index } => format!("{parent}/{index}"),
        Segment::Enum { .. } | Segment::Unknown => parent,
    })
}

fn told(path: &Path, message: &str) -> Refusal {
    let at = pointer(path);
    if let Some(name) = quoted(message, "missing field ") {
        return Refusal::at(Code::FieldMissing, member(&at, name));
    }
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let name = last_key(path).unwrap_or_default();
        let at = at.strip_suffix(&member("", &name)).unwrap_or(&at);
        let short = shortened(&name);
        return Refusal::at(Code::FieldUnknown, member(at, &short)).found(short).expected(known(rest));
    }
    if let Some(rest) = message.strip_prefix("unknown variant ") {
        let found = rest.rsplit_once(", expected ").map_or(rest, |(found, _)| found);
        return malformed(&at).found(shortened(found.trim_matches('`'))).expected(known(rest));
    }
    wrong_type(&at, message)
}

/// `invalid type: string "…", expected …`: the types alone.
fn wrong_type(at: &str, message: &str) -> Refusal {
    let Some((found, expected)) = message.rsplit_once(", expected ") else {
        return malformed(at).expected("a value as the API document describes it");
    };
    let types = [
        ("invalid type: string", "a string"),
        ("invalid type: integer", "an integer"),
        ("invalid type: floating point", "a number with a fraction or an exponent"),
        ("invalid type: boolean", "a boolean"),
        ("invalid type: map", "an object"),
        ("invalid type: sequence", "an array"),
        ("invalid type: null", "null"),
        ("invalid type: unit", "null"),
        ("invalid value: integer", "an integer out of range"),
        ("invalid length", "an array of another length"),
    ];
    let found = types.iter().find(|(prefix, _)| found.starts_with(prefix)).map_or("another value", |(_, word)| word);
    let expected = match expected {
        "i8" | "i16" | "i32" | "i64" => "an integer",
        "u8" | "u16" | "u32" | "u64" => "an integer from 0",
        "a sequence" => "an array",
        "a map" => "an object",
        "string or map" => "a string",
        other if other.starts_with("struct ") => "an object",
        other if other.starts_with("enum ") => "a word",
        other => other,
    };
    malformed(at).found(found).expected(expected)
}

fn quoted<'a>(message: &'a str, prefix: &str) -> Option<&'a str> {
    message.strip_prefix(prefix)?.strip_prefix('`')?.strip_suffix('`')
}

fn last_key(path: &Path) -> Option<String> {
    match path.iter().next_back() {
        Some(Segment::Map { key }) => Some(key.clone()),
        _ => None,
    }
}

/// The names of ``expected one of `a`, `b` `` without its quotes.
fn known(rest: &str) -> String {
    let expected = rest.rsplit_once(", expected ").map_or("no field", |(_, expected)| expected);
    let names: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    if names.is_empty() { "no field".to_owned() } else { names.join(", ") }
}

/// The fields that are objects inside a body; everything else that is no list refuses an array by itself. A test sends an
/// array in the place of each object of the document's bodies, so that none is forgotten here.
const OBJECTS: [&str; 9] = ["account", "consent", "contact", "invoice", "item", "owner", "person", "price", "turn_in"];

/// The place of an array that stands for an object: serde would read its elements as the object's fields in order.
fn array_in(value: &Value, at: &str, object: bool) -> Option<String> {
    match value {
        Value::Array(_) if object => Some(at.to_owned()),
        Value::Array(elements) => {
            // A list holds objects, words or numbers, never lists.
            elements.iter().position(Value::is_array).map(|index| format!("{at}/{index}"))
        }
        Value::Object(members) => members
            .iter()
            .find_map(|(name, value)| array_in(value, &member(at, name), OBJECTS.contains(&name.as_str()))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::api::body::words::Amount;
    use crate::domain::goods::Category;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[serde(default)]
        category: Option<Category>,
        #[serde(default)]
        count: Option<u32>,
        #[serde(default, rename = "a/b")]
        slash: Option<String>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        name: String,
        worth: Amount,
        #[serde(default)]
        items: Vec<Inner>,
    }

    fn fault(text: &str) -> (Code, String, Option<String>, Option<String>) {
        let refusals = read::<Outer>(text.as_bytes()).unwrap_err();
        let refusal = refusals.first().clone();
        (refusal.code, refusal.pointer, refusal.found, refusal.expected)
    }

    fn place(text: &str) -> (Code, String) {
        let (code, pointer, ..) = fault(text);
        (code, pointer)
    }

    #[test]
    fn an_array_is_never_read_as_an_object() {
        let array_for_object = |text: &str| array_in(&strict::parse(text.as_bytes()).unwrap(), "", false);
        for text in [r#"{"price": ["6299.00", "0.00", "6299.00"]}"#, r#"{"turn_in": {"owner": ["a", "b"]}}"#] {
            assert!(array_for_object(text).is_some(), "{text}");
        }
        assert_eq!(array_for_object(r#"{"evidence": [["photo"]]}"#), Some("/evidence/0".into()));
        assert_eq!(array_for_object(r#"{"evidence": [{"kind": "photo"}], "monthly": [1]}"#), None);
    }

    #[test]
    fn every_fault_of_the_form_has_its_code_and_place() {
        let whole = r#"{"name":"a","worth":"1"}"#;
        assert!(read::<Outer>(whole.as_bytes()).is_ok());
        for text in
            ["", "  ", "nonsense", "{", "[]", "null", "{\"name\":\"a\",\"worth\":\"1\"} x", "{\"name\":\"\\ud800\"}"]
        {
            assert_eq!(place(text), (Code::BodyMalformed, String::new()), "{text}");
        }
        assert_eq!(read::<Outer>(b"{\"name\":\"\xff\"}").unwrap_err().first().code, Code::BodyMalformed);
        let deep = format!("{{\"name\":\"a\",\"worth\":{}", "[".repeat(100_000));
        assert_eq!(place(&deep).0, Code::BodyMalformed);
        assert_eq!(place(r#"{"name":"a"}"#), (Code::FieldMissing, "/worth".into()));
        assert_eq!(place(r#"{"name":1,"worth":"1"}"#), (Code::BodyMalformed, "/name".into()));
        assert_eq!(place(r#"{"name":"a","name":"b","worth":"1"}"#), (Code::BodyMalformed, "/name".into()));
        let unknown = fault(r#"{"name":"a","worth":"1","items":[{},{"colour":1}]}"#);
        assert_eq!(unknown.0, Code::FieldUnknown);
        assert_eq!(unknown.1, "/items/1/colour");
        assert_eq!(unknown.3.as_deref(), Some("category, count, a/b"));
        assert_eq!(place(r#"{"name":"a","worth":"1","x~/y":1}"#), (Code::FieldUnknown, "/x~0~1y".into()));
        assert_eq!(
            place(r#"{"name":"a","worth":"1","items":[{"a/b":1}]}"#),
            (Code::BodyMalformed, "/items/0/a~1b".into())
        );
        assert_eq!(place(r#"{"name":"a\u0000","worth":"1"}"#), (Code::BodyMalformed, "/name".into()));
        assert!(read::<Outer>(r#"{"name":"a\\u0000","worth":"1"}"#.as_bytes()).is_ok());
    }

    #[test]
    fn words_say_which_there_are_and_values_are_not_repeated() {
        let (code, at, found, expected) = fault(r#"{"name":"a","worth":"1","items":[{"category":"lamp"}]}"#);
        assert_eq!((code, at.as_str(), found.as_deref()), (Code::BodyMalformed, "/items/0/category", Some("lamp")));
        assert!(expected.unwrap().starts_with("refrigerator, washing_machine"));
        let (.., found, expected) =
            fault(r#"{"name":"a","worth":"1","items":[{"count":"张三 13800000000, expected x"}]}"#);
        assert_eq!((found.as_deref(), expected.as_deref()), (Some("a string"), Some("an integer from 0")));
        assert_eq!(place(r#"{"name":"a","worth":"1","items":[{"count":-1}]}"#).0, Code::BodyMalformed);
        assert_eq!(shortened(&"长".repeat(60)).chars().count(), 41);
    }

    #[test]
    fn an_amount_is_read_whatever_it_is_and_judged_later() {
        for value in ["1", "1.5", "null", "true", "{}", "[]", "\"x\""] {
            assert!(read::<Outer>(format!("{{\"name\":\"a\",\"worth\":{value}}}").as_bytes()).is_ok(), "{value}");
        }
    }
}
