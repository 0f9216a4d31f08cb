//! Where and how a person is reached: mobile number, name, division of the city.

use chrono::NaiveDate;

use super::digits::{all_digits, is_digits};
use super::han::is_ideograph;
use super::{Judgement, trim};

/// The separator of names that are written in parts: U+00B7, as the rules on capturing names have it.
const NAME_SEPARATOR: char = '\u{B7}';

/// The city, then its current districts and counties (GB/T 2260, as of 2024-11).
const NANCHANG: [(&str, &str); 10] = [
    ("360100", "Nanchang."),
    ("360102", "Donghu."),
    ("360103", "Xihu."),
    ("360104", "Qingyunpu."),
    ("360111", "Qingshanhu."),
    ("360112", "Xinjian."),
    ("360113", "Honggutan."),
    ("360121", "Nanchang county."),
    ("360123", "Anyi."),
    ("360124", "Jinxian."),
];

/// The numbering plan: 11 digits from 13 to 19. Finer tables go stale and carriers are portable.
pub(super) fn mobile(value: &str, _today: NaiveDate) -> Judgement {
    let text = value.replace(' ', "");
    let national = text
        .strip_prefix("+86")
        .or_else(|| text.strip_prefix("0086"))
        .or_else(|| text.strip_prefix("86").filter(|rest| is_digits(rest, 11)))
        .unwrap_or(&text);
    let mut bytes = national.bytes();
    let fault = if !all_digits(national) {
        "A mobile number has digits only."
    } else if national.len() != 11 {
        "A mobile number has 11 digits."
    } else if bytes.next() != Some(b'1') || !matches!(bytes.next(), Some(b'3'..=b'9')) {
        "A mobile number starts with 13 to 19."
    } else {
        return Judgement::accept(national, "Mobile number of 11 digits.");
    };
    Judgement::reject(national, fault)
}

/// Two to fifty characters: Han, with U+00B7 between the parts of a name; characters of GB 18030-2022.
pub(super) fn person_name(value: &str, _today: NaiveDate) -> Judgement {
    let text = trim(value);
    let fault = if text.contains(['\u{2022}', '\u{2027}', '\u{30FB}', '\u{FF0E}', '\u{FF65}', '\u{22C5}', '.']) {
        "The parts of a name are separated by the middle dot U+00B7 (·); another dot was typed."
    } else if !text.chars().all(|character| character == NAME_SEPARATOR || is_ideograph(character)) {
        "A name has Han characters and the middle dot (·) only."
    } else if !(2..=50).contains(&text.chars().count()) {
        "A name has 2 to 50 characters."
    } else if text.split(NAME_SEPARATOR).any(str::is_empty) {
        "The middle dot stands between two parts of a name."
    } else {
        return Judgement::accept(text, "Name in Han characters.");
    };
    Judgement::reject(text, fault)
}

/// GB/T 2260 for addresses of today; the numbers of people may hold codes that are no longer in use.
pub(super) fn region_code(value: &str, _today: NaiveDate) -> Judgement {
    match NANCHANG.iter().find(|(code, _)| *code == value) {
        Some((code, name)) => Judgement::accept(*code, *name),
        None => Judgement::reject(value, "No division of Nanchang has this code today."),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::super::tests::today;
    use super::*;

    #[test]
    fn country_code_and_spaces_do_not_count() {
        for written in ["13800002344", "+86 138 0000 2344", "008613800002344", "8613800002344", " 13800002344 "] {
            assert_eq!(mobile(written, today()).canonical, "13800002344");
        }
        for refused in ["+8686 13800002344", "138-0000-2344", "12800002344", "861380000234", "+85213800002344"] {
            assert_eq!(mobile(refused, today()).verdict, Verdict::Reject, "{refused}");
        }
    }

    #[test]
    fn names_in_parts_have_the_middle_dot() {
        assert_eq!(person_name(" 阿迪力·买买提 ", today()).canonical, "阿迪力·买买提");
        assert!(person_name("阿迪力•买买提", today()).reason.contains("U+00B7"));
        for refused in ["·阿迪力", "阿迪力·", "阿··迪", "··", "⼀三", "张\u{200B}三", "张三\n"] {
            assert_eq!(person_name(refused, today()).verdict, Verdict::Reject, "{refused}");
        }
        assert!(person_name(&"张".repeat(50), today()).is_taken());
        assert!(!person_name(&"张".repeat(51), today()).is_taken());
    }
}
