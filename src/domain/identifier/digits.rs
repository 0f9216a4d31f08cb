//! Digits of ASCII and the two check digits that are made of nothing else.

use chrono::{Datelike, NaiveDate};

/// Whether the text is digits of ASCII, at least one.
pub(super) fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the text is exactly so many digits of ASCII.
pub(super) fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && all_digits(text)
}

/// Whether every character is the digit 0.
pub(super) fn all_zero(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'0')
}

/// The value of one digit; other bytes count as nothing, callers have looked at the form before.
pub(super) fn digit(byte: u8) -> u32 {
    if byte.is_ascii_digit() { u32::from(byte - b'0') } else { 0 }
}

/// The number that a short run of digits writes.
pub(super) fn number(digits: &str) -> u32 {
    digits.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(10).wrapping_add(digit(byte)))
}

/// The calendar year of a day; years before the common era count as 0.
pub(super) fn year(today: NaiveDate) -> u32 {
    u32::try_from(today.year()).unwrap_or(0)
}

/// The character for a value from 0 to 9.
pub(super) fn digit_char(value: u32) -> char {
    char::from_digit(value, 10).unwrap_or('0')
}

/// The check digit after `body`: weights 3 and 1 in turn from the right (GS1 General Specifications).
pub(super) fn gs1_check(body: &str) -> char {
    let sum: u32 = body.bytes().rev().zip([3, 1].into_iter().cycle()).map(|(byte, weight)| digit(byte) * weight).sum();
    digit_char((10 - sum % 10) % 10)
}

/// The check digit after `body`: every second digit from the right doubled, its digits added (ISO/IEC 7812-1, Luhn).
pub(super) fn luhn_check(body: &str) -> char {
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let doubled = digit(byte) * if place % 2 == 0 { 2 } else { 1 };
            doubled / 10 + doubled % 10
        })
        .sum();
    digit_char((10 - sum % 10) % 10)
}

/// Whether the last digit is the check digit of those before it.
pub(super) fn ends_with_check(digits: &str, check: fn(&str) -> char) -> bool {
    let mut characters = digits.chars();
    characters.next_back().is_some_and(|last| check(characters.as_str()) == last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_check_digits_come_out() {
        assert_eq!(gs1_check("629104150021"), '3');
        assert_eq!(gs1_check("03600029145"), '2');
        assert_eq!(luhn_check("49015420323751"), '8');
        assert_eq!(luhn_check("7992739871"), '3');
    }

    #[test]
    fn only_ascii_digits_are_digits() {
        assert!(is_digits("0123", 4));
        for other in ["", "１２", "1２", "٣", "1a", "²"] {
            assert!(!all_digits(other), "{other}");
        }
    }
}
