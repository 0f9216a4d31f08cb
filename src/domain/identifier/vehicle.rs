//! Motor vehicles: identification numbers and plates.

use chrono::NaiveDate;

use super::digits::all_digits;
use super::{Judgement, trim};

/// Weights by place, GB 16735; the check digit itself, the ninth, weighs nothing.
const VIN_WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];

/// First characters of plates: the mainland provinces.
const PLATE_PROVINCES: &str = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新";

/// Last characters of plates for trailers, learners, police, the cross-border traffic and consulates.
const PLATE_SUFFIXES: &str = "挂学警港澳领";

/// What a character of a VIN counts as; `None` for I, O, Q and all that is no capital letter or digit.
fn vin_value(byte: u8) -> Option<u32> {
    Some(match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'H' => u32::from(byte - b'A') + 1,
        b'J'..=b'N' => u32::from(byte - b'J') + 1,
        b'P' => 7,
        b'R' => 9,
        b'S'..=b'Z' => u32::from(byte - b'S') + 2,
        _ => return None,
    })
}

/// The check digit for the ninth place (GB 16735, ISO 3779); whatever stands there already does not count.
///
/// The check is weak: letters and digits of one value (8 and H, 5 and E, 2 and S) stand for each other
/// unnoticed, so numbers on different papers are to be compared as they stand.
pub(super) fn vin_check(text: &str) -> Option<char> {
    let mut sum = 0;
    for (byte, weight) in text.bytes().zip(VIN_WEIGHTS) {
        sum += vin_value(byte)? * weight;
    }
    Some(char::from_digit(sum % 11, 10).unwrap_or('X'))
}

/// GB 16735 and ISO 3779. Makers outside China need not fill the check digit, so theirs is a warning only.
pub(super) fn vin(value: &str, _today: NaiveDate) -> Judgement {
    let text = trim(value).to_ascii_uppercase();
    if text.len() != 17 {
        return Judgement::reject(text, "A vehicle identification number has 17 characters.");
    }
    let Some(check) = vin_check(&text) else {
        return Judgement::reject(
            text,
            "A vehicle identification number has digits and capital letters without I, O, Q.",
        );
    };
    let domestic = text.starts_with('L');
    if text.as_bytes()[8] != u8::try_from(check).unwrap_or(0) {
        let reason = "The check digit (ninth character) does not agree with the rest.";
        return if domestic { Judgement::reject(text, reason) } else { Judgement::warn(text, reason) };
    }
    if domestic && matches!(text.as_bytes()[9], b'0' | b'U' | b'Z') {
        return Judgement::reject(text, "The tenth character, the model year, is never 0, U or Z.");
    }
    Judgement::accept(text, "Vehicle identification number of 17 characters.")
}

/// GA 36-2018: seven characters, or eight for a new-energy vehicle.
pub(super) fn plate(value: &str, _today: NaiveDate) -> Judgement {
    let text: String =
        value.chars().filter(|character| !matches!(character, '\u{B7}' | '\u{2022}' | ' ' | '-')).collect();
    let text = text.to_ascii_uppercase();
    let mut characters = text.chars();
    if !characters.next().is_some_and(|first| PLATE_PROVINCES.contains(first)) {
        return Judgement::reject(text, "A plate starts with the character of a province.");
    }
    if !characters.next().is_some_and(|second| second.is_ascii_uppercase() && is_plate_character(second)) {
        return Judgement::reject(text, "The second character of a plate is a capital letter without I and O.");
    }
    let serial = characters.as_str();
    let form = if is_common_serial(serial) {
        "Plate of seven characters."
    } else if is_small_new_energy_serial(serial) {
        "Plate of a small new-energy vehicle."
    } else if is_large_new_energy_serial(serial) {
        "Plate of a large new-energy vehicle."
    } else {
        return Judgement::reject(text, "The plate has none of the known forms; I and O are never used.");
    };
    Judgement::accept(text, form)
}

fn is_plate_character(character: char) -> bool {
    matches!(character, '0'..='9' | 'A'..='H' | 'J'..='N' | 'P'..='Z')
}

/// A to E for pure electric vehicles, F to K for other new energy; I is never used.
fn is_series_letter(character: char) -> bool {
    matches!(character, 'A'..='H' | 'J' | 'K')
}

fn is_common_serial(serial: &str) -> bool {
    let mut characters = serial.chars();
    let last = characters.next_back();
    serial.chars().count() == 5
        && characters.all(is_plate_character)
        && last.is_some_and(|last| is_plate_character(last) || PLATE_SUFFIXES.contains(last))
}

fn is_small_new_energy_serial(serial: &str) -> bool {
    let mut characters = serial.chars();
    serial.len() == 6
        && characters.next().is_some_and(is_series_letter)
        && characters.next().is_some_and(is_plate_character)
        && all_digits(characters.as_str())
}

fn is_large_new_energy_serial(serial: &str) -> bool {
    let mut characters = serial.chars();
    serial.len() == 6 && characters.next_back().is_some_and(is_series_letter) && all_digits(characters.as_str())
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::super::tests::today;
    use super::*;

    #[test]
    fn published_vins_have_their_check_digit() {
        assert_eq!(vin_check("1M8GDM9AXKP042788"), Some('X'));
        assert_eq!(vin(" 1m8gdm9axkp042788 ", today()).canonical, "1M8GDM9AXKP042788");
    }

    #[test]
    fn only_makers_at_home_must_fill_the_check_digit() {
        assert_eq!(vin("WVWZZZ1JZ3W386752", today()).verdict, Verdict::Warn);
        assert_eq!(vin("LVWZZZ1JZ3W386752", today()).verdict, Verdict::Reject);
        assert_eq!(vin("WVWZZZ1JZ3W38675", today()).verdict, Verdict::Reject);
        assert_eq!(vin("WVWZZZ1JZ3W3867é", today()).verdict, Verdict::Reject);
    }

    #[test]
    fn separators_of_a_plate_do_not_count() {
        for written in ["赣A·12345", "赣 A•12345", " 赣a-12345 "] {
            assert_eq!(plate(written, today()).canonical, "赣A12345");
        }
        for (written, verdict) in [
            ("赣A1234挂", Verdict::Accept),
            ("赣A挂1234", Verdict::Reject),
            ("使123456", Verdict::Reject),
            ("赣AD1234挂", Verdict::Reject),
            ("赣A1234汉", Verdict::Reject),
        ] {
            assert_eq!(plate(written, today()).verdict, verdict, "{written}");
        }
    }
}
