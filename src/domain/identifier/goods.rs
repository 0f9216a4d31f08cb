//! Goods: certificates, trade item and device numbers, energy labels, serial numbers of appliances.

use chrono::{Datelike, NaiveDate};

use super::digits::{all_digits, all_zero, ends_with_check, gs1_check, is_digits, luhn_check, number, year};
use super::{Judgement, trim};

/// The first month in which energy labels were filed.
const FIRST_LABELS: u32 = 200_503;

/// CNCA numbering: year of first issue 4, body 2, category 4, serial 6.
pub(super) fn ccc_certificate(value: &str, today: NaiveDate) -> Judgement {
    let text = trim(value).to_owned();
    if !is_digits(&text, 16) {
        return Judgement::reject(text, "The number of a CCC certificate has 16 digits.");
    }
    let fault = if !(2002..=year(today)).contains(&number(&text[..4])) {
        "The first four digits, the year of issue, are not between 2002 and this year."
    } else if all_zero(&text[4..6]) {
        "The fifth and sixth digits name no certification body."
    } else if all_zero(&text[6..8]) {
        "The seventh to tenth digits name no product category."
    } else {
        return Judgement::accept(text, "CCC certificate number of 16 digits.");
    };
    Judgement::reject(text, fault)
}

/// GS1 General Specifications: 8, 12, 13 or 14 digits of which the last is the check digit.
pub(super) fn gtin(value: &str, _today: NaiveDate) -> Judgement {
    let text = trim(value).to_owned();
    let fault = if !all_digits(&text) || !matches!(text.len(), 8 | 12 | 13 | 14) {
        "A trade item number has 8, 12, 13 or 14 digits."
    } else if all_zero(&text) {
        "The trade item number is all zero."
    } else if !ends_with_check(&text, gs1_check) {
        "The last digit of the trade item number does not agree with the rest."
    } else {
        let form = format!("GTIN-{}.", text.len());
        return Judgement::accept(text, form);
    };
    Judgement::reject(text, fault)
}

/// 3GPP TS 23.003 and GSMA TS.06: type allocation code 8, serial 6, Luhn digit.
pub(super) fn imei(value: &str, _today: NaiveDate) -> Judgement {
    let text = value.replace(['-', ' '], "");
    let fault = if !is_digits(&text, 15) {
        "An IMEI has 15 digits."
    } else if all_zero(&text[..8]) {
        "The first eight digits of the IMEI, the type of the device, are all zero."
    } else if !ends_with_check(&text, luhn_check) {
        "The last digit of the IMEI does not agree with the rest."
    } else {
        return Judgement::accept(text, "IMEI of 15 digits.");
    };
    Judgement::reject(text, fault)
}

/// The form seen on China Energy Labels: month of filing, category, producer, serial.
pub(super) fn energy_label_record(value: &str, today: NaiveDate) -> Judgement {
    let text = trim(value).to_owned();
    let fault = match *text.split('-').collect::<Vec<_>>() {
        [month, category, producer, serial] if is_filing(month, category, producer, serial) => {
            let this_month = year(today) * 100 + today.month();
            if !(1..=12).contains(&(number(month) % 100)) {
                "The month of filing does not exist."
            } else if !(FIRST_LABELS..=this_month).contains(&number(month)) {
                "The month of filing is not between 2005-03 and this month."
            } else if all_zero(category) {
                "The category of the filing number is 00."
            } else {
                return Judgement::accept(text, "Energy label filing number: month, category, producer, serial.");
            }
        }
        _ => "A filing number has four groups of digits with hyphens: YYYYMM-category-producer-serial.",
    };
    Judgement::warn(text, fault)
}

fn is_filing(month: &str, category: &str, producer: &str, serial: &str) -> bool {
    is_digits(month, 6)
        && is_digits(category, 2)
        && all_digits(producer)
        && (3..=8).contains(&producer.len())
        && all_digits(serial)
        && (6..=20).contains(&serial.len())
}

/// China Energy Label: 1 is the best of five levels.
pub(super) fn energy_level(value: &str, _today: NaiveDate) -> Judgement {
    let text = value.strip_suffix('级').unwrap_or(value);
    if matches!(text, "1" | "2" | "3" | "4" | "5") {
        Judgement::accept(text, "Energy level.")
    } else {
        Judgement::reject(text, "The energy level is a digit from 1 to 5.")
    }
}

/// Serial numbers have no national form: 6 to 40 letters, digits, `-`, `/`, `.`, the ends a letter or digit.
pub(super) fn serial_number(value: &str, _today: NaiveDate) -> Judgement {
    let text = trim(value).to_ascii_uppercase();
    let plain = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    let fault = if !bytes.iter().all(|byte| plain(byte) || matches!(byte, b'-' | b'/' | b'.')) {
        "A serial number has letters, digits, hyphens, slashes and full stops only."
    } else if !(6..=40).contains(&bytes.len()) {
        "A serial number has 6 to 40 characters."
    } else if !bytes.first().is_some_and(plain) || !bytes.last().is_some_and(plain) {
        "A serial number starts and ends with a letter or digit."
    } else {
        return Judgement::accept(text, "Serial number of the maker's own form.");
    };
    Judgement::reject(text, fault)
}

/// The key under which a serial number counts as used: capitals, without `-`, `/` and `.`.
#[must_use]
pub fn serial_number_key(canonical: &str) -> String {
    canonical.replace(['-', '/', '.'], "").to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::super::tests::today;
    use super::*;

    #[test]
    fn one_serial_number_has_one_key() {
        for written in ["LZ0/2026/000777", "lz0-2026-000777", "LZ0.2026000777"] {
            assert_eq!(serial_number_key(&serial_number(written, today()).canonical), "LZ02026000777");
        }
    }

    #[test]
    fn serial_numbers_keep_to_their_policy() {
        assert_eq!(serial_number(" ab12cd ", today()).canonical, "AB12CD");
        for refused in ["-AB12CD", "AB12CD/", "AB 12CD", "AB12CDé", "AB12_CD"] {
            assert_eq!(serial_number(refused, today()).verdict, Verdict::Reject, "{refused}");
        }
    }

    #[test]
    fn hyphens_and_spaces_of_an_imei_do_not_count() {
        assert_eq!(imei("86 999901-728665-2", today()).canonical, "869999017286652");
        assert_eq!(imei("869999017286652\t", today()).verdict, Verdict::Reject);
    }

    #[test]
    fn labels_are_filed_up_to_this_month() {
        assert_eq!(energy_label_record("202611-11-929-989991", today()).verdict, Verdict::Accept);
        for doubtful in ["202612-11-929-989991", "200502-11-929-989991", "202600-11-929-989991", "202611-11-92-989991"]
        {
            assert_eq!(energy_label_record(doubtful, today()).verdict, Verdict::Warn, "{doubtful}");
        }
    }

    #[test]
    fn certificates_are_issued_by_somebody_for_something() {
        assert_eq!(ccc_certificate("2026010701000001", today()).verdict, Verdict::Accept);
        for refused in ["2001010701000001", "2027010701000001", "2026000701000001", "2026010001000001"] {
            assert_eq!(ccc_certificate(refused, today()).verdict, Verdict::Reject, "{refused}");
        }
    }

    #[test]
    fn a_level_loses_one_suffix_and_no_more() {
        assert_eq!(energy_level("1级", today()).canonical, "1");
        for refused in ["1级级", " 1", "级", "１"] {
            assert_eq!(energy_level(refused, today()).verdict, Verdict::Reject, "{refused}");
        }
    }
}
