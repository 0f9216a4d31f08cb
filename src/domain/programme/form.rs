//! How values are written in a programme file, with messages that say what was expected.

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, de::Error};

use crate::domain::goods::FundingSource;
use crate::domain::money::Fen;
use crate::domain::time::{Day, Moment};

use super::rules::{Amount, Bonus, Conditions, Tier};

fn text<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    read(&text).map_err(|expected| D::Error::custom(format!("found `{text}`; {expected}")))
}

fn optional_text<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| read(&text).map_err(|expected| D::Error::custom(format!("found `{text}`; {expected}")))).transpose()
}

fn read_fen(text: &str) -> Result<Fen, String> {
    Fen::parse(text).map_err(|error| error.to_string())
}

fn read_decimal(text: &str) -> Result<Decimal, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    Decimal::from_str_exact(text)
        .ok()
        .filter(|read| plain && read.scale() <= 4)
        .ok_or_else(|| "expected a decimal string with at most four places, such as \"15\" or \"0.5\"".to_owned())
}

fn read_day(text: &str) -> Result<Day, String> {
    let day: Option<Day> = serde_json::from_value(serde_json::Value::String(text.to_owned())).ok();
    day.filter(|_| text.len() == 10).ok_or_else(|| "expected a day, such as 2026-01-31".to_owned())
}

fn read_moment(text: &str) -> Result<Moment, String> {
    Moment::parse(text).map_err(|_| "expected a time with its offset, such as 2026-01-31T10:00:00+08:00".to_owned())
}

pub(super) fn fen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fen, D::Error> {
    text(deserializer, read_fen)
}

pub(super) fn optional_fen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Fen>, D::Error> {
    optional_text(deserializer, read_fen)
}

pub(super) fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    text(deserializer, read_decimal)
}

pub(super) fn optional_decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    optional_text(deserializer, read_decimal)
}

pub(super) fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Day, D::Error> {
    text(deserializer, read_day)
}

pub(super) fn optional_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Day>, D::Error> {
    optional_text(deserializer, read_day)
}

pub(super) fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Moment, D::Error> {
    text(deserializer, read_moment)
}

/// A tier as it stands in a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TierForm {
    #[serde(default)]
    when: Conditions,
    #[serde(default, deserialize_with = "optional_decimal", skip_serializing_if = "Option::is_none")]
    percent: Option<Decimal>,
    #[serde(default, deserialize_with = "optional_fen", skip_serializing_if = "Option::is_none")]
    cap: Option<Fen>,
    #[serde(default, deserialize_with = "optional_fen", skip_serializing_if = "Option::is_none")]
    fixed: Option<Fen>,
}

/// A bonus as it stands in a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BonusForm {
    #[serde(default)]
    when: Conditions,
    #[serde(default, deserialize_with = "optional_decimal", skip_serializing_if = "Option::is_none")]
    percent: Option<Decimal>,
    #[serde(default, deserialize_with = "optional_fen", skip_serializing_if = "Option::is_none")]
    cap: Option<Fen>,
    #[serde(default, deserialize_with = "optional_fen", skip_serializing_if = "Option::is_none")]
    fixed: Option<Fen>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
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
            let found = if found.is_empty() { "none of them".to_owned() } else { found.join(" and ") };
            Err(format!("found {found}; expected either `percent` together with `cap`, or `fixed` alone"))
        }
    }
}

fn parts(amount: Amount) -> (Option<Decimal>, Option<Fen>, Option<Fen>) {
    match amount {
        Amount::Percent { percent, cap } => (Some(percent), Some(cap), None),
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
        Ok(Self { when: form.when, amount: amount(form.percent, form.cap, form.fixed)?, source: form.source })
    }
}

impl From<Bonus> for BonusForm {
    fn from(bonus: Bonus) -> Self {
        let (percent, cap, fixed) = parts(bonus.amount);
        Self { when: bonus.when, percent, cap, fixed, source: bonus.source }
    }
}
