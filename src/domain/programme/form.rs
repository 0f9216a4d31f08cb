//! How values are written in a programme file, with messages that say what was expected.

use std::fmt;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::de::{DeserializeSeed, Error, IntoDeserializer, Unexpected, Visitor, value};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::domain::goods::FundingSource;
use crate::domain::money::Fen;
use crate::domain::time::{Day, Moment};

use super::rules::{Amount, Bonus, Conditions, Tier};
use super::schema;

/// Reads a value that stands as text; `expected` is what the message says when it cannot.
struct Text<F> {
    expected: &'static str,
    read: F,
}

impl<T, F: Fn(&str) -> Option<T>> Visitor<'_> for Text<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.read)(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

impl<'de, T, F: Fn(&str) -> Option<T>> DeserializeSeed<'de> for Text<F> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(self)
    }
}

/// The same for a field that may be absent or null.
struct Optional<F>(Text<F>);

impl<'de, T, F: Fn(&str) -> Option<T>> Visitor<'de> for Optional<F> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.expected)
    }

    fn visit_none<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        self.0.deserialize(deserializer).map(Some)
    }
}

fn a_fen() -> Text<impl Fn(&str) -> Option<Fen>> {
    Text {
        expected: "an amount as a string with at most two places, such as \"1999.80\"",
        read: |text: &str| Fen::parse(text).ok(),
    }
}

fn a_decimal() -> Text<impl Fn(&str) -> Option<Decimal>> {
    let read = |text: &str| {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        Decimal::from_str_exact(text).ok().filter(|read| plain && read.scale() <= 4)
    };
    Text { expected: "a decimal as a string with at most four places, such as \"15\" or \"0.5\"", read }
}

fn a_day() -> Text<impl Fn(&str) -> Option<Day>> {
    let read = |text: &str| {
        let day: Result<Day, value::Error> = Day::deserialize(text.into_deserializer());
        day.ok().filter(|_| text.len() == 10)
    };
    Text { expected: "a day of the calendar, such as 2026-01-31", read }
}

fn a_moment() -> Text<impl Fn(&str) -> Option<Moment>> {
    Text {
        expected: "a time with its offset, such as 2026-01-31T10:00:00+08:00",
        read: |text: &str| Moment::parse(text).ok(),
    }
}

pub(super) fn fen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fen, D::Error> {
    a_fen().deserialize(deserializer)
}

pub(super) fn optional_fen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Fen>, D::Error> {
    deserializer.deserialize_option(Optional(a_fen()))
}

pub(super) fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    a_decimal().deserialize(deserializer)
}

pub(super) fn optional_decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    deserializer.deserialize_option(Optional(a_decimal()))
}

/// A decimal without trailing zeros, so that two spellings of one number are stored alike.
pub(super) fn plain<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&value.normalize())
}

/// The same of a decimal that may be absent.
#[allow(clippy::ref_option, reason = "serde's signature")]
pub(super) fn optional_plain<S: Serializer>(value: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => plain(value, serializer),
        None => serializer.serialize_none(),
    }
}

pub(super) fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Day, D::Error> {
    a_day().deserialize(deserializer)
}

pub(super) fn optional_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Day>, D::Error> {
    deserializer.deserialize_option(Optional(a_day()))
}

pub(super) fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Moment, D::Error> {
    a_moment().deserialize(deserializer)
}

/// A tier as it stands in a file.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = schema::either()))]
pub(super) struct TierForm {
    /// When it applies; always when not said.
    #[serde(default)]
    when: Conditions,
    /// The rate in percent of the price after discounts; with `cap`.
    #[serde(
        default,
        deserialize_with = "optional_decimal",
        serialize_with = "optional_plain",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(schema_with = "schema::decimal")]
    percent: Option<Decimal>,
    /// The most that the rate brings.
    #[serde(default, deserialize_with = "optional_fen", skip_serializing_if = "Option::is_none")]
    cap: Option<Fen>,
    /// A fixed sum; without `percent` and `cap`.
    #[serde(default, deserialize_with = "optional_fen", skip_serializing_if = "Option::is_none")]
    fixed: Option<Fen>,
}

/// A bonus as it stands in a file.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = schema::either_of_bonus()))]
pub(super) struct BonusForm {
    /// When it applies; always when not said.
    #[serde(default)]
    when: Conditions,
    /// The rate in percent of the price after discounts; with `cap`, which a seller's rate may lack.
    #[serde(
        default,
        deserialize_with = "optional_decimal",
        serialize_with = "optional_plain",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(schema_with = "schema::decimal")]
    percent: Option<Decimal>,
    /// The most that the rate brings.
    #[serde(default, deserialize_with = "optional_fen", skip_serializing_if = "Option::is_none")]
    cap: Option<Fen>,
    /// A fixed sum; without `percent` and `cap`.
    #[serde(default, deserialize_with = "optional_fen", skip_serializing_if = "Option::is_none")]
    fixed: Option<Fen>,
    /// `merchant` when the seller pays it; the programme's funding when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("const" = "merchant"))]
    source: Option<FundingSource>,
}

/// Tells how much from the three fields: `percent` goes with `cap`, `fixed` stands alone.
fn amount(percent: Option<Decimal>, cap: Option<Fen>, fixed: Option<Fen>) -> Result<Amount, String> {
    match (percent, cap, fixed) {
        (Some(percent), Some(cap), None) => Ok(Amount::Percent { percent, cap }),
        (None, None, Some(fixed)) => Ok(Amount::Fixed { fixed }),
        (percent, cap, fixed) => {
            let named = [("percent", percent.is_some()), ("cap", cap.is_some()), ("fixed", fixed.is_some())];
            let found: Vec<_> = named.iter().filter(|(_, there)| *there).map(|(name, _)| format!("`{name}`")).collect();
            let found = match found.as_slice() {
                [] => "neither `percent` nor `fixed`".to_owned(),
                [only] => format!("nothing beside {only}"),
                several => several.join(" and "),
            };
            Err(format!("found {found}; expected either `percent` together with `cap`, or `fixed` alone"))
        }
    }
}

/// The field that an amount lacks, where the others say which: `percent` goes with `cap`.
pub(super) fn lacking(table: &Map<String, Value>) -> Option<&'static str> {
    let there = |name: &str| table.get(name).is_some_and(|value| !value.is_null());
    match (there("percent"), there("cap"), there("fixed")) {
        (true, false, false) => Some("cap"),
        (false, true, false) => Some("percent"),
        _ => None,
    }
}

/// Makes an amount readable, whatever it said.
pub(super) fn even_out(table: &mut Map<String, Value>) {
    table.remove("percent");
    table.remove("cap");
    table.insert("fixed".to_owned(), Value::from("1.00"));
}

fn parts(amount: Amount) -> (Option<Decimal>, Option<Fen>, Option<Fen>) {
    match amount {
        Amount::Percent { percent, cap } => (Some(percent), Some(cap), None),
        Amount::Uncapped { percent } => (Some(percent), None, None),
        Amount::Fixed { fixed } => (None, None, Some(fixed)),
    }
}

impl TryFrom<TierForm> for Tier {
    type Error = String;

    fn try_from(form: TierForm) -> Result<Self, String> {
        Ok(Self { when: form.when, amount: amount(form.percent, form.cap, form.fixed)? })
    }
}

impl From<Tier> for TierForm {
    fn from(tier: Tier) -> Self {
        let (percent, cap, fixed) = parts(tier.amount);
        Self { when: tier.when, percent, cap, fixed }
    }
}

impl TryFrom<BonusForm> for Bonus {
    type Error = String;

    fn try_from(form: BonusForm) -> Result<Self, String> {
        let amount = match (form.source, form.percent, form.cap, form.fixed) {
            (Some(FundingSource::Merchant), Some(percent), None, None) => Amount::Uncapped { percent },
            (_, percent, cap, fixed) => amount(percent, cap, fixed)?,
        };
        Ok(Self { when: form.when, amount, source: form.source })
    }
}

impl From<Bonus> for BonusForm {
    fn from(bonus: Bonus) -> Self {
        let (percent, cap, fixed) = parts(bonus.amount);
        Self { when: bonus.when, percent, cap, fixed, source: bonus.source }
    }
}
