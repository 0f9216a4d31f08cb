//! E-bikes: the code of the vehicle and its local plate.

use chrono::NaiveDate;

use super::digits::{all_zero, is_digits, number, year};
use super::han::is_han;
use super::{Judgement, trim};

/// The code on certificates under GB 17761-2018: enterprise 4, type 1, year 2, serial 8; it has no check digit.
pub(super) fn vehicle_code(value: &str, today: NaiveDate) -> Judgement {
    let text = trim(value).to_owned();
    if !is_digits(&text, 15) {
        return Judgement::reject(text, "The code of an e-bike has 15 digits; other numbers are of motorcycles.");
    }
    let made = 2000 + number(&text[5..7]);
    let fault = if &text[4..5] != "2" {
        "The fifth digit of an e-bike's code is 2; the vehicle is of another type."
    } else if made < 2005 || made > year(today) {
        "The sixth and seventh digits, the year of production, are not between 05 and this year."
    } else if all_zero(&text[7..]) {
        "The last eight digits, the serial number, are all zero."
    } else {
        return Judgement::accept(text, "E-bike code of 15 digits.");
    };
    Judgement::reject(text, fault)
}

/// The same of an old bike. Fifteen digits are a code even where they break its rules, which is for a person to look
/// at: a bike that is handed in may be older than they are. What has not fifteen digits is no code but a frame number.
#[must_use]
pub fn judge_old_code(value: &str, today: NaiveDate) -> Judgement {
    let judged = vehicle_code(value, today);
    if judged.is_taken() || !is_digits(&judged.canonical, 15) {
        return judged;
    }
    Judgement::warn(judged.canonical, judged.reason)
}

/// One to four Han characters, a letter or none, a separator or none, five to eight letters and digits.
///
/// What has not that form is kept as typed: nothing is known of it that would let capitals stand for small letters.
pub(super) fn plate(value: &str, _today: NaiveDate) -> Judgement {
    let text = trim(value).to_ascii_uppercase();
    if is_local_plate(&text) {
        Judgement::accept(text, "E-bike plate of the usual local form.")
    } else {
        Judgement::warn(
            trim(value),
            "The plate has not the usual form: the place, then five to eight letters and digits.",
        )
    }
}

fn is_local_plate(text: &str) -> bool {
    let rest = text.trim_start_matches(is_han);
    let place = text[..text.len() - rest.len()].chars().count();
    let run =
        |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'H' | b'J'..=b'N' | b'P'..=b'Z'));
    let is_serial = |part: &str| (5..=8).contains(&part.len()) && run(part);
    let is_letter = |part: &str| part.len() == 1 && run(part) && part.bytes().all(|byte| byte.is_ascii_uppercase());
    let well_formed = match rest.split_once([' ', '\u{B7}']) {
        Some((letter, serial)) => (letter.is_empty() || is_letter(letter)) && is_serial(serial),
        None => {
            is_serial(rest) || (rest.is_ascii() && rest.len() == 9 && is_letter(&rest[..1]) && is_serial(&rest[1..]))
        }
    };
    (1..=4).contains(&place) && well_formed
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::super::tests::today;
    use super::*;

    #[test]
    fn the_year_of_production_ends_with_this_year() {
        assert_eq!(vehicle_code("900020500000001", today()).verdict, Verdict::Accept);
        assert_eq!(vehicle_code("900020400000001", today()).verdict, Verdict::Reject);
        assert_eq!(vehicle_code("900022600000001", today()).verdict, Verdict::Accept);
        let before = NaiveDate::from_ymd_opt(2025, 12, 31).unwrap();
        assert_eq!(vehicle_code("900022600000001", before).verdict, Verdict::Reject);
    }

    #[test]
    fn an_old_bike_may_have_a_code_that_no_new_one_has() {
        for (value, verdict) in [
            (" 900020500000001 ", Verdict::Accept),
            ("900010500000001", Verdict::Warn),
            ("900020400000001", Verdict::Warn),
            ("90002050000000", Verdict::Reject),
            ("LZ091881536459543", Verdict::Reject),
        ] {
            let judged = judge_old_code(value, today());
            assert_eq!((judged.verdict, judged.canonical.as_str()), (verdict, value.trim()), "{value}");
        }
    }

    #[test]
    fn local_plates() {
        for taken in ["南昌A 12345", "南昌·12345", "南昌A12345678", "南昌a12345", "江西南昌12345"] {
            assert_eq!(plate(taken, today()).verdict, Verdict::Accept, "{taken}");
        }
        for doubtful in ["南昌A  12345", "12345", "南昌AB 12345", "南昌1 12345", "南昌A-12345", "南昌A1234é"]
        {
            assert_eq!(plate(doubtful, today()).verdict, Verdict::Warn, "{doubtful}");
        }
    }
}
