//! Judges a JSON value by a schema of the document: the keywords that the document uses and no others, so that a new
//! keyword is noticed. A member of an answer that no schema names is a fault as well.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, NaiveDate};
use regex_lite::Regex;
use serde_json::{Map, Value};

/// Keywords that say something to people alone.
const SILENT: &[&str] = &["description", "example", "examples", "default", "title", "contentMediaType"];

/// Everything that is wrong with a value, each with its place.
pub fn faults(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut judge = Judge { document, faults: Vec::new() };
    judge.value(schema, value, "", true);
    judge.faults
}

struct Judge<'a> {
    document: &'a Value,
    faults: Vec<String>,
}

impl<'a> Judge<'a> {
    fn fail(&mut self, at: &str, what: impl std::fmt::Display) {
        self.faults.push(format!("{at}: {what}"));
    }

    /// `whole` is false for the parts of an `allOf`, of which none names every member.
    fn value(&mut self, schema: &'a Value, value: &Value, at: &str, whole: bool) {
        for (keyword, says) in schema.as_object().unwrap() {
            self.keyword(keyword, says, schema, value, at, whole);
        }
        if let (true, Some(members), Some(known)) = (whole, value.as_object(), self.named(schema)) {
            for name in members.keys().filter(|name| !known.contains(*name)) {
                self.fail(at, format!("the member {name} is not in the schema"));
            }
        }
    }

    fn keyword(&mut self, keyword: &str, says: &'a Value, schema: &'a Value, value: &Value, at: &str, whole: bool) {
        let good = match keyword {
            "$ref" => return self.value(self.resolved(says), value, at, whole),
            "type" => is_of(says, value),
            "enum" => says.as_array().unwrap().contains(value),
            "pattern" => value.as_str().is_none_or(|text| matches(says.as_str().unwrap(), text)),
            "format" => value.as_str().is_none_or(|text| has_form(says.as_str().unwrap(), text)),
            "minimum" => value.as_i64().is_none_or(|number| number >= says.as_i64().unwrap()),
            "maximum" => value.as_i64().is_none_or(|number| number <= says.as_i64().unwrap()),
            "minLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 >= says.as_u64().unwrap()),
            "maxLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 <= says.as_u64().unwrap()),
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= says.as_u64().unwrap()),
            "maxItems" => value.as_array().is_none_or(|items| items.len() as u64 <= says.as_u64().unwrap()),
            "required" => return self.required(says, value, at),
            "properties" => return self.properties(says, value, at),
            "items" => return self.items(says, value, at),
            "oneOf" => self.one_of(says, value, at),
            "allOf" => return says.as_array().unwrap().iter().for_each(|part| self.value(part, value, at, false)),
            "additionalProperties" => *says == true || !value.is_object() || self.named(schema).is_some(),
            other if SILENT.contains(&other) => true,
            other => panic!("tests/it/schema.rs does not know the keyword {other} of {schema}"),
        };
        if !good {
            self.fail(at, format!("{value} is not of {keyword} {says}"));
        }
    }

    fn resolved(&self, place: &Value) -> &'a Value {
        let pointer = place.as_str().unwrap().strip_prefix('#').unwrap();
        self.document.pointer(pointer).unwrap_or_else(|| panic!("the document has no {pointer}"))
    }

    fn required(&mut self, names: &Value, value: &Value, at: &str) {
        let Some(members) = value.as_object() else { return };
        for name in names.as_array().unwrap().iter().filter_map(Value::as_str) {
            if !members.contains_key(name) {
                self.fail(at, format!("the required member {name} is absent"));
            }
        }
    }

    fn properties(&mut self, schemas: &'a Value, value: &Value, at: &str) {
        let Some(members) = value.as_object() else { return };
        for (name, schema) in schemas.as_object().unwrap() {
            if let Some(member) = members.get(name) {
                self.value(schema, member, &format!("{at}/{name}"), true);
            }
        }
    }

    fn items(&mut self, schema: &'a Value, value: &Value, at: &str) {
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            self.value(schema, item, &format!("{at}/{index}"), true);
        }
    }

    /// One of the schemas and no other; when there is only one that is not null, its faults are told.
    fn one_of(&mut self, schemas: &'a Value, value: &Value, at: &str) -> bool {
        let schemas = schemas.as_array().unwrap();
        let judged = schemas.iter().map(|schema| {
            let mut judge = Judge { document: self.document, faults: Vec::new() };
            judge.value(schema, value, at, true);
            judge.faults
        });
        let (good, bad): (Vec<_>, Vec<_>) = judged.partition(Vec::is_empty);
        if good.is_empty() {
            self.faults.extend(bad.into_iter().flatten());
        }
        good.len() == 1
    }

    /// The members that a schema names; none for an object that may have any.
    fn named(&self, schema: &'a Value) -> Option<BTreeSet<&'a String>> {
        if let Some(place) = schema.get("$ref") {
            return self.named(self.resolved(place));
        }
        if let Some(parts) = schema.get("allOf") {
            let parts = parts.as_array().unwrap().iter().map(|part| self.named(part));
            return parts.collect::<Option<Vec<_>>>().map(|parts| parts.into_iter().flatten().collect());
        }
        schema.get("properties").and_then(Value::as_object).map(|properties: &Map<_, _>| properties.keys().collect())
    }
}

fn is_of(says: &Value, value: &Value) -> bool {
    let one = |word: &Value| match word.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("no type of JSON Schema: {other}"),
    };
    says.as_array().map_or_else(|| one(says), |words| words.iter().any(one))
}

fn has_form(format: &str, text: &str) -> bool {
    match format {
        "date" => NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok() && text.len() == 10,
        "date-time" => DateTime::parse_from_rfc3339(text).is_ok(),
        "uuid" => text.len() == 36 && uuid::Uuid::parse_str(text).is_ok(),
        "uri" => text.split_once(':').is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty()),
        other => panic!("tests/it/schema.rs does not know the format {other}"),
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    static KNOWN: Mutex<BTreeMap<String, Regex>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.entry(pattern.to_owned()).or_insert_with(|| Regex::new(pattern).unwrap()).is_match(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn faults_are_found_and_what_is_good_has_none() {
        let document = json!({"Money": {"type": "string", "pattern": "^[0-9]+\\.[0-9]{2}$"}});
        let schema = json!({
            "type": "object", "required": ["a"],
            "allOf": [{"type": "object", "properties": {
                "a": {"oneOf": [{"$ref": "#/Money"}, {"type": "null"}]},
                "day": {"type": ["string", "null"], "format": "date"},
            }}, {"type": "object", "properties": {"n": {"type": "array", "items": {"type": "integer", "minimum": 1}}}}],
        });
        for good in [json!({"a": "1.00"}), json!({"a": null, "day": "2026-06-18", "n": [1, 2]})] {
            assert!(faults(&document, &schema, &good).is_empty(), "{good}");
        }
        for bad in [
            json!([]),
            json!({}),
            json!({"a": "1.0"}),
            json!({"a": 1}),
            json!({"a": null, "b": 1}),
            json!({"a": null, "day": "18.06.2026"}),
            json!({"a": null, "n": [0]}),
            json!({"a": null, "n": ["1"]}),
        ] {
            assert!(!faults(&document, &schema, &bad).is_empty(), "{bad}");
        }
    }
}
