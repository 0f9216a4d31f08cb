//! The unified social credit code of organisations.

use chrono::NaiveDate;

use super::digits::all_digits;
use super::{Judgement, trim};

/// The 31 characters of GB 32100-2015 in the order of their values: no I, O, S, V, Z.
pub(super) const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

fn value_of(character: char) -> Option<u32> {
    ALPHABET.chars().zip(0..).find(|(known, _)| *known == character).map(|(_, value)| value)
}

/// The check character after 17 characters: their values weighted by powers of 3, modulo 31 (GB 32100-2015).
pub(super) fn check_character(body: &str) -> Option<char> {
    let mut sum = 0;
    let mut weight = 1;
    for character in body.chars() {
        sum = (sum + value_of(character)? * weight) % 31;
        weight = weight * 3 % 31;
    }
    ALPHABET.chars().zip(0..).find(|(_, value)| *value == (31 - sum) % 31).map(|(character, _)| character)
}

/// GB 32100-2015. A wrong check character is a warning, because codes with one are said to have been issued;
/// the check digit of the organisation code inside is not looked at.
pub(super) fn uscc(value: &str, _today: NaiveDate) -> Judgement {
    let text = trim(value).to_ascii_uppercase();
    if text.len() != 18 || !text.is_ascii() {
        return Judgement::reject(text, "A unified social credit code has 18 characters.");
    }
    if let Some(stranger) = text.chars().find(|character| value_of(*character).is_none()) {
        let reason = format!("{stranger:?} is no character of a unified social credit code.");
        return Judgement::reject(text, reason);
    }
    if !all_digits(&text[2..8]) {
        return Judgement::reject(text, "The third to eighth characters are the digits of a division code.");
    }
    if check_character(&text[..17]).is_some_and(|check| text.ends_with(check)) {
        Judgement::accept(text, "Unified social credit code of 18 characters.")
    } else {
        Judgement::warn(text, "The check character does not agree with the rest; compare it with the licence.")
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::today;
    use super::*;

    #[test]
    fn the_worked_example_of_the_standard() {
        assert_eq!(check_character("91350100M000100Y4"), Some('3'));
        assert_eq!(uscc(" 91350100m000100y43", today()).canonical, "91350100M000100Y43");
    }
}
