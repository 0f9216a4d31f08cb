//! Numbers of people: residents, permit holders from Hong Kong, Macao and Taiwan, foreign permanent residents.

use chrono::NaiveDate;

use super::digits::{all_digits, digit, is_digits, number};
use super::{Fault, Judgement, Kind, judge, trim};

/// Provinces by the first two digits of GB/T 2260, without Taiwan, Hong Kong and Macao.
const PROVINCES: &[u32] = &[
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63,
    64, 65,
];

const EIGHTEEN: Fault = "An 18-character number is expected: 17 digits, then a digit or X.";
const NO_PROVINCE: Fault = "The province code in the number does not exist.";
const NO_DATE: Fault = "The date of birth in the number does not exist.";
const BEFORE_1900: Fault = "The date of birth in the number lies before 1900.";
const FUTURE: Fault = "The date of birth in the number lies in the future.";
const CHECK: Fault = "The last character does not agree with the rest; a digit is mistyped or two are swapped.";

/// Whether the two digits are those of a mainland province (GB/T 2260).
pub(super) fn is_province(digits: &str) -> bool {
    is_digits(digits, 2) && PROVINCES.contains(&number(digits))
}

/// The check character after 17 digits (GB 11643-1999, which takes ISO 7064 MOD 11-2).
pub(super) fn check_character(body: &str) -> char {
    let remainder = body.bytes().fold(0, |sum, byte| (sum + digit(byte)) * 2 % 11);
    char::from_digit((12 - remainder) % 11, 10).unwrap_or('X')
}

/// Which kind of number a person has given, told by its shape alone.
#[must_use]
pub fn kind_of_person_id(value: &str) -> Kind {
    let text = trim(value);
    if legacy_form(&text.to_ascii_uppercase()) {
        return Kind::ForeignPrIdLegacy15;
    }
    match text.as_bytes().first() {
        Some(b'9') => Kind::ForeignPrId2023,
        Some(b'8') => Kind::HmtResidencePermit,
        _ => Kind::PrcResidentId,
    }
}

/// Judges the number of a person, who may hold any of the four documents.
#[must_use]
pub fn judge_person_id(value: &str, today: NaiveDate) -> Judgement {
    judge(kind_of_person_id(value), value, today)
}

/// GB 11643-1999. County codes are those of the first assignment and stay valid for life.
pub(super) fn resident_id(value: &str, today: NaiveDate) -> Judgement {
    let text = normalised(value);
    if is_digits(&text, 15) {
        let reason = "15-digit numbers went out of use in 2013; give the 18-character number.";
        return Judgement::reject(text, reason);
    }
    settle(text, today, "Resident identity number of 18 characters.", |text| {
        if is_province(&text[..2]) { Ok(()) } else { Err(NO_PROVINCE) }
    })
}

/// The residence permit of 2018: the citizens' form with three address codes of its own.
pub(super) fn residence_permit(value: &str, today: NaiveDate) -> Judgement {
    settle(normalised(value), today, "Residence permit for Hong Kong, Macao and Taiwan residents.", |text| match &text
        [..6]
    {
        "810000" | "820000" | "830000" => Ok(()),
        "710000" => Err("The permit of a Taiwan resident starts with 830000, not 710000."),
        _ => Err("The permit starts with 810000, 820000 or 830000."),
    })
}

/// The card of 2023: 9, province, nationality (ISO 3166 numeric), date of birth, order, check character.
pub(super) fn permanent_resident(value: &str, today: NaiveDate) -> Judgement {
    settle(normalised(value), today, "Foreign permanent resident number, version of 2023.", |text| {
        if !text.starts_with('9') {
            Err("A foreign permanent resident number of 18 characters starts with 9.")
        } else if !is_province(&text[1..3]) {
            Err(NO_PROVINCE)
        } else if &text[3..6] == "000" {
            Err("The nationality code in the number does not exist.")
        } else {
            Ok(())
        }
    })
}

/// The cards of 2004 and 2017: the form alone, for their check digit is not public. Other texts are kept as typed.
pub(super) fn permanent_resident_legacy(value: &str, _today: NaiveDate) -> Judgement {
    let text = trim(value).to_ascii_uppercase();
    if legacy_form(&text) {
        Judgement::accept(text, "Foreign permanent resident number of the older cards: three letters and 12 digits.")
    } else {
        Judgement::warn(trim(value), "A number of the older cards has three letters and 12 digits.")
    }
}

fn normalised(value: &str) -> String {
    trim(value).replace('x', "X")
}

fn legacy_form(text: &str) -> bool {
    text.len() == 15
        && text.bytes().take(3).all(|byte| byte.is_ascii_uppercase())
        && text.bytes().skip(3).all(|byte| byte.is_ascii_digit())
}

fn settle(text: String, today: NaiveDate, form: &str, head: fn(&str) -> Result<(), Fault>) -> Judgement {
    let found = eighteen(&text).and_then(|()| head(&text)).and_then(|()| born(&text[6..14], today));
    match found.and_then(|()| checked(&text)) {
        Ok(()) => Judgement::accept(text, form),
        Err(fault) => Judgement::reject(text, fault),
    }
}

/// Eighteen bytes of ASCII; the slices taken of the text afterwards rely on it.
fn eighteen(text: &str) -> Result<(), Fault> {
    let well_formed = text.is_ascii()
        && text.len() == 18
        && all_digits(&text[..17])
        && text.ends_with(|last: char| last.is_ascii_digit() || last == 'X');
    if well_formed { Ok(()) } else { Err(EIGHTEEN) }
}

fn born(date: &str, today: NaiveDate) -> Result<(), Fault> {
    let year = i32::try_from(number(&date[..4])).map_err(|_| NO_DATE)?;
    let day = NaiveDate::from_ymd_opt(year, number(&date[4..6]), number(&date[6..])).ok_or(NO_DATE)?;
    if year < 1900 {
        Err(BEFORE_1900)
    } else if day > today {
        Err(FUTURE)
    } else {
        Ok(())
    }
}

fn checked(text: &str) -> Result<(), Fault> {
    if text.ends_with(check_character(&text[..17])) { Ok(()) } else { Err(CHECK) }
}

#[cfg(test)]
mod tests {
    use super::super::tests::today;
    use super::super::{Verdict, synthetic};
    use super::*;

    #[test]
    fn the_check_character_is_that_of_the_weighted_sum() {
        // The standard's own wording: weights by place, and a row of characters by remainder.
        let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        for index in 0..500 {
            let id = synthetic::resident_id(index);
            let sum: u32 = id.bytes().zip(weights).map(|(byte, weight)| digit(byte) * weight).sum();
            let place = usize::try_from(sum % 11).unwrap();
            assert_eq!(id.chars().last(), "10X98765432".chars().nth(place));
        }
    }

    #[test]
    fn a_person_may_hold_any_of_the_documents() {
        for (value, kind) in [
            ("36010219880308900x", Kind::PrcResidentId),
            (" 810000201009159344 ", Kind::HmtResidencePermit),
            ("935458199110109817", Kind::ForeignPrId2023),
            ("usa360090111373", Kind::ForeignPrIdLegacy15),
        ] {
            assert_eq!(kind_of_person_id(value), kind);
            assert_eq!(judge_person_id(value, today()).verdict, Verdict::Accept, "{value}");
        }
        for value in ["", "360102880308900", "ABC", "360102198803089001", "\t36010219880308900X"] {
            assert_eq!(judge_person_id(value, today()).verdict, Verdict::Reject, "{value}");
        }
    }

    #[test]
    fn nobody_is_born_tomorrow() {
        let body = "36010220261123900";
        let id = format!("{body}{}", check_character(body));
        assert!(resident_id(&id, today()).is_taken());
        assert!(!resident_id(&id, today().pred_opt().unwrap()).is_taken());
    }
}
