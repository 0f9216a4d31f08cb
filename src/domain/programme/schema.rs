//! The JSON Schema of a programme file, made of the types that read it, for editors that complete and underline.
//!
//! It says what the form allows. What holds between fields is said by the checks alone.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use crate::domain::money::Fen;
use crate::domain::time::{Day, Moment};

use super::rules::Rules;

/// The schema (draft 2020-12). Days and times are strings: so editors see TOML's own.
#[must_use]
pub fn schema_json() -> String {
    let settings = SchemaSettings::draft2020_12().with_transform(Said);
    let schema = settings.into_generator().into_root_schema_for::<Rules>();
    // What was made as JSON can be written as JSON.
    serde_json::to_string_pretty(&schema).unwrap_or_default()
}

/// A field that may be left out is left out: TOML knows no null.
#[derive(Clone)]
struct Said;

impl Transform for Said {
    fn transform(&mut self, schema: &mut Schema) {
        if schema.get("default") == Some(&Value::Null) {
            schema.remove("default");
        }
        if let Some(Value::Array(types)) = schema.get_mut("type") {
            types.retain(|kind| kind != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                schema.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(forms)) = schema.get_mut("anyOf") {
            forms.retain(|form| form.get("type").is_none_or(|kind| kind != "null"));
            if let [Value::Object(only)] = forms.as_slice() {
                let only = only.clone();
                schema.remove("anyOf");
                for (key, value) in only {
                    schema.insert(key, value);
                }
            }
        }
        transform_subschemas(self, schema);
    }
}

/// A value that stands as text of a pattern.
fn text(pattern: &str, example: &str) -> Schema {
    json_schema!({ "type": "string", "pattern": pattern, "examples": [example] })
}

/// A decimal with at most four places.
pub(super) fn decimal(_: &mut SchemaGenerator) -> Schema {
    text(r"^[0-9]+(\.[0-9]{1,4})?$", "15")
}

/// A displacement in litres.
pub(super) fn litres(_: &mut SchemaGenerator) -> Schema {
    text(r"^[0-9]+(\.[0-9]{1,3})?$", "2.0")
}

/// What holds of the amount of a tier: `percent` with `cap`, or `fixed` alone.
pub(super) fn either() -> Value {
    json!([
        { "required": ["percent", "cap"], "not": { "required": ["fixed"] } },
        { "required": ["fixed"], "not": { "anyOf": [{ "required": ["percent"] }, { "required": ["cap"] }] } },
    ])
}

/// What holds of the amount of a bonus: as of a tier, and a seller's rate needs no cap.
pub(super) fn either_of_bonus() -> Value {
    let uncapped = json!({
        "required": ["percent", "source"],
        "not": { "anyOf": [{ "required": ["cap"] }, { "required": ["fixed"] }] },
    });
    let mut forms = either();
    if let Value::Array(forms) = &mut forms {
        forms.push(uncapped);
    }
    forms
}

/// A time of day.
pub(super) const TIME_OF_DAY: &str = "^([01][0-9]|2[0-3]):[0-5][0-9]$";

/// A time of day at which something may end.
pub(super) const END_OF_HOURS: &str = "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$";

/// The schema of a value that stands as text, in the place where it is used.
macro_rules! stands_as_text {
    ($type:ty, $name:literal, $schema:expr) => {
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

stands_as_text!(Fen, "Fen", text(r"^(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?$", "1999.80"));
stands_as_text!(Day, "Day", text(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "2026-01-31"));
stands_as_text!(
    Moment,
    "Moment",
    text(
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$",
        "2026-01-31T10:00:00+08:00"
    )
);
