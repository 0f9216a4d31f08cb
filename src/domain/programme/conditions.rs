//! Conditions and amounts told in words.

use std::fmt::Display;

use super::rules::{Amount, Conditions};

/// What a sale must be to come under the conditions, in words; `any sale` when they ask for nothing.
pub(super) fn in_words(when: &Conditions) -> String {
    let certificates = when.certifications.iter().map(|certificate| ("certified", words([certificate])));
    let said = [
        ("energy level", words(&when.energy_levels)),
        ("powertrain", words(&when.powertrains)),
        ("displacement at most", words(when.displacement_at_most.map(|most| format!("{most} L")))),
        ("battery", words(&when.batteries)),
        ("price from", words(when.price_from)),
        ("price below", words(when.price_below)),
        ("with", words(when.old_item_needed.then_some("an old item"))),
        ("old fuel", words(&when.old_fuels)),
        ("old battery", words(&when.old_batteries)),
    ];
    let said: Vec<String> = said
        .into_iter()
        .chain(certificates)
        .filter(|(_, words)| !words.is_empty())
        .map(|(name, words)| format!("{name} {}", words.join(" or ")))
        .collect();
    if said.is_empty() { "any sale".to_owned() } else { said.join(", ") }
}

fn words(values: impl IntoIterator<Item = impl Display>) -> Vec<String> {
    values.into_iter().map(|value| value.to_string()).collect()
}

impl Display for Amount {
    /// `15 %, at most 1500.00`, `2 %`, or the fixed sum.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Percent { percent, cap } => write!(f, "{} %, at most {cap}", percent.normalize()),
            Self::Uncapped { percent } => write!(f, "{} %", percent.normalize()),
            Self::Fixed { fixed } => write!(f, "{fixed}"),
        }
    }
}
