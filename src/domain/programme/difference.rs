//! What a new version of a programme changes, field by field and in words.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::labels;
use super::rules::Rules;
use crate::domain::refusal::Language;

/// One thing that a version says otherwise than another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The field, such as `lines[refrigerator].tiers[0].cap`; tiers and bonuses by their place in the newer version, or
    /// in the older one where the newer has none.
    pub field: String,
    /// What the older version says; `None` where it says nothing.
    pub before: Option<String>,
    /// What the newer version says; `None` where it says nothing.
    pub after: Option<String>,
}

impl Difference {
    /// The difference as an officer reads it.
    #[must_use]
    pub fn sentence(&self, language: Language) -> String {
        let place = labels::of_path(&self.field, language);
        match (language, &self.before, &self.after) {
            (Language::Chinese, Some(before), Some(after)) => format!("{place}：{before} 改为 {after}"),
            (Language::Chinese, None, Some(after)) => format!("{place}：新增 {after}"),
            (Language::Chinese, Some(before), None) => format!("{place}：删除（原为 {before}）"),
            (Language::English, Some(before), Some(after)) => format!("{place}: {before} -> {after}"),
            (Language::English, None, Some(after)) => format!("{place}: added, {after}"),
            (Language::English, Some(before), None) => format!("{place}: removed, was {before}"),
            (_, None, None) => place,
        }
    }
}

/// Everything that `after` says otherwise than `before`, in the order in which a file says it.
#[must_use]
pub fn differences(before: &Rules, after: &Rules) -> Vec<Difference> {
    let mut found = Vec::new();
    let of = |rules: &Rules| serde_json::to_value(rules).unwrap_or_default();
    compare("", &of(before), &of(after), &mut found);
    found
}

fn compare(place: &str, before: &Value, after: &Value, found: &mut Vec<Difference>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => compare_fields(place, before, after, found),
        (Value::Array(before), Value::Array(after)) if before.iter().chain(after).any(Value::is_object) => {
            compare_entries(place, before, after, found);
        }
        _ => {
            let (before, after) = (told(before), told(after));
            if before != after {
                found.push(Difference { field: place.to_owned(), before, after });
            }
        }
    }
}

fn compare_fields(place: &str, before: &Map<String, Value>, after: &Map<String, Value>, found: &mut Vec<Difference>) {
    let mut names: Vec<&String> =
        before.keys().chain(after.keys().filter(|name| !before.contains_key(*name))).collect();
    names.sort_by_key(|name| labels::rank(name));
    for name in names {
        let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
        // What is not said is an empty list where the other version has a list, so that its entries are told one by one.
        let empty = |other: Option<&Value>| other.filter(|other| other.is_array()).map(|_| Value::Array(Vec::new()));
        let value = |here: Option<&Value>, other| here.cloned().or_else(|| empty(other)).unwrap_or_default();
        let (old, new) = (before.get(name), after.get(name));
        compare(&place, &value(old, new), &value(new, old), found);
    }
}

/// Entries are the same when they name the same thing (category, source, hour, fuels, conditions); where a tier's or
/// bonus's conditions were changed, the first that is left on one side is taken for the first that is left on the other.
fn compare_entries(place: &str, before: &[Value], after: &[Value], found: &mut Vec<Difference>) {
    let mut left: Vec<usize> = (0..before.len()).collect();
    let mut pairs: Vec<Option<usize>> = Vec::new();
    for entry in after {
        let same = left.iter().position(|old| before.get(*old).is_some_and(|old| identity(old) == identity(entry)));
        pairs.push(same.map(|at| left.remove(at)));
    }
    for (pair, entry) in pairs.iter_mut().zip(after) {
        if pair.is_none() && is_amount(entry) && !left.is_empty() {
            *pair = Some(left.remove(0));
        }
    }
    let kept: Vec<usize> = pairs.iter().flatten().copied().collect();
    // The first tier that fits applies, and the last source takes the remainder.
    let ordered = after.iter().any(|entry| is_amount(entry) || funder(entry).is_some());
    if ordered && !kept.is_sorted() {
        let name = |index: usize| before.get(index).map_or_else(String::new, |entry| name_of(entry, index));
        let mut sorted = kept.clone();
        sorted.sort_unstable();
        let order = |indexes: &[usize]| Some(indexes.iter().map(|index| name(*index)).collect::<Vec<_>>().join(", "));
        found.push(Difference { field: format!("{place}.order"), before: order(&sorted), after: order(&kept) });
    }
    for (index, (pair, entry)) in pairs.into_iter().zip(after).enumerate() {
        let place = format!("{place}[{}]", name_of(entry, index));
        match pair.and_then(|pair| before.get(pair)) {
            Some(old) => compare(&place, old, entry, found),
            None => found.push(Difference { field: place, before: None, after: told(entry) }),
        }
    }
    for index in left {
        if let Some(old) = before.get(index) {
            let field = format!("{place}[{}]", name_of(old, index));
            found.push(Difference { field, before: told(old), after: None });
        }
    }
}

/// What an entry of a list is about.
fn identity(entry: &Value) -> Vec<Option<&Value>> {
    ["category", "at", "fuels", "when"].map(|name| entry.get(name)).into_iter().chain([funder(entry)]).collect()
}

/// A share of the funding is named by its source; a bonus's source is only one of its properties.
fn funder(entry: &Value) -> Option<&Value> {
    entry.get("source").filter(|_| entry.get("when").is_none())
}

fn is_amount(entry: &Value) -> bool {
    entry.get("when").is_some()
}

/// The word by which an entry is known, or its place in the list.
fn name_of(entry: &Value, index: usize) -> String {
    let word = entry.get("category").or_else(|| funder(entry)).and_then(Value::as_str);
    word.map_or_else(|| index.to_string(), str::to_owned)
}

/// A value in one line; nothing for what is not said.
fn told(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(values) => {
            let mut words: Vec<String> = values.iter().filter_map(told).collect();
            // In no list of words does the order mean anything.
            words.sort_by(|one, other| numeric(one, other));
            Some(words.join(", ")).filter(|text| !text.is_empty())
        }
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort_by_key(|name| labels::rank(name));
            let said = names.into_iter().filter_map(|name| {
                let value = fields.get(name).filter(|value| **value != Value::Bool(false))?;
                told(value)
                    .map(|text| if value.is_object() { format!("{name} ({text})") } else { format!("{name} {text}") })
            });
            Some(said.collect::<Vec<_>>().join(", ")).filter(|text| !text.is_empty())
        }
    }
}

/// Shorter numbers first, other words by their letters.
fn numeric(one: &str, other: &str) -> Ordering {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let length = if digits(one) && digits(other) { one.len().cmp(&other.len()) } else { Ordering::Equal };
    length.then_with(|| one.cmp(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::programme::from_toml;

    const CARS: &str = include_str!("../../../programmes/nc-car-2026.toml");

    /// The differences of the car programme with these replacements, as `field: before -> after`.
    fn changed(replacements: &[(&str, &str)]) -> Vec<String> {
        let mut text = CARS.to_owned();
        for (old, new) in replacements {
            assert!(text.contains(old), "{old}");
            text = text.replacen(old, new, 1);
        }
        let said = |text: Option<String>| text.unwrap_or_else(|| "nothing".into());
        differences(&from_toml(CARS).unwrap(), &from_toml(&text).unwrap())
            .into_iter()
            .map(|found| format!("{}: {} -> {}", found.field, said(found.before), said(found.after)))
            .collect()
    }

    #[test]
    fn what_says_the_same_differs_in_nothing() {
        assert_eq!(changed(&[]), [""; 0]);
        let spelt_otherwise = [
            ("percent = \"12\"", "percent = \"12.0\""),
            (
                "[\"scrap_certificate\", \"cancellation_certificate\"]",
                "[\"cancellation_certificate\", \"scrap_certificate\"]",
            ),
            ("displacement_at_most = \"2.0\"", "displacement_at_most = \"2\""),
        ];
        assert_eq!(changed(&spelt_otherwise), [""; 0]);
    }

    #[test]
    fn values_are_told_where_they_stand() {
        let changes = [
            ("cap = \"20000.00\"", "cap = \"25000.00\""),
            ("reclaims = 3", "reclaims = 1"),
            ("per_person_and_year = 1", "exclusive_groups = [\"cars\"]"),
            ("divisions = [\"360111\"]", "divisions = [\"36\", \"110101\"]"),
            ("rounding = \"down\"", "retroactive_from = 2026-02-01"),
        ];
        let expected = [
            "retroactive_from: nothing -> 2026-02-01",
            "region.divisions: 360111 -> 36, 110101",
            "voucher.reclaims: 3 -> 1",
            "limits.per_person_and_year: 1 -> nothing",
            "limits.exclusive_groups: nothing -> cars",
            "lines[car].tiers[0].cap: 20000.00 -> 25000.00",
        ];
        assert_eq!(changed(&changes), expected);
    }

    #[test]
    fn entries_are_paired_by_what_they_are_about() {
        let added = "[[lines.tiers]]\nwhen = { powertrains = [\"petrol\"] }\nfixed = \"100.00\"\n\n[[lines.tiers]]\nwhen = { powertrains = [\"nev\"] }";
        let found = changed(&[("[[lines.tiers]]\nwhen = { powertrains = [\"nev\"] }", added)]);
        assert_eq!(found, ["lines[car].tiers[0]: nothing -> when (powertrains petrol), fixed 100.00"]);
        let found = changed(&[("powertrains = [\"nev\"]", "powertrains = [\"nev\", \"diesel\"]")]);
        assert_eq!(found, ["lines[car].tiers[0].when.powertrains: nev -> diesel, nev"]);
        let found = changed(&[("\"central\"", "\"x\""), ("\"province\"", "\"central\""), ("\"x\"", "\"province\"")]);
        let expected = [
            "funding.order: central, province -> province, central",
            "funding[province].percent: 10 -> 90",
            "funding[central].percent: 90 -> 10",
        ];
        assert_eq!(found, expected);
        let found = changed(&[("    { fuels = [\"petrol\"], day = 2013-06-30 },\n", "")]);
        assert_eq!(found, ["old_item.registered_until[0]: fuels petrol, day 2013-06-30 -> nothing"]);
        let bonus = "[[lines.bonuses]]\nwhen = {}\nfixed = \"1.00\"\nsource = \"merchant\"\n\n[[lines.tiers]]";
        let found = changed(&[("[[lines.tiers]]", bonus)]);
        assert_eq!(found, ["lines[car].bonuses[0]: nothing -> source merchant, fixed 1.00"]);
    }

    #[test]
    fn a_difference_is_a_sentence() {
        let field = "lines[car].tiers[0].fixed".to_owned();
        let [before, after] = ["10000.00", "20000.00"].map(|text| Some(text.to_owned()));
        let raised = Difference { field: field.clone(), before: before.clone(), after: after.clone() };
        assert_eq!(raised.sentence(Language::Chinese), "补贴品类行 car › 档次 1 › 定额：10000.00 改为 20000.00");
        assert_eq!(raised.sentence(Language::English), "line car › tier 1 › fixed sum: 10000.00 -> 20000.00");
        let added = Difference { field: field.clone(), before: None, after };
        assert!(added.sentence(Language::Chinese).ends_with("定额：新增 20000.00"));
        let removed = Difference { field, before, after: None };
        assert!(removed.sentence(Language::English).ends_with("removed, was 10000.00"));
    }

    /// A field without a name in sentences would be told in the file's word alone.
    #[test]
    fn every_field_of_a_file_has_a_name() {
        fn names(value: &Value, found: &mut Vec<String>) {
            match value {
                Value::Object(fields) => fields.iter().for_each(|(name, value)| {
                    found.push(name.clone());
                    names(value, found);
                }),
                Value::Array(values) => values.iter().for_each(|value| names(value, found)),
                _ => {}
            }
        }
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("programmes");
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let file = entry.unwrap().path();
            if file.extension().is_some_and(|ending| ending == "toml") {
                let rules = from_toml(&std::fs::read_to_string(file).unwrap()).unwrap();
                names(&serde_json::to_value(&rules).unwrap(), &mut found);
            }
        }
        let unnamed: Vec<_> = found.iter().filter(|name| labels::rank(name) == labels::rank("no such field")).collect();
        assert_eq!(unnamed, [""; 0]);
    }
}
