//! Papers: invoices and the certificate that a scrapped vehicle was recycled.

use chrono::NaiveDate;

use super::digits::{all_zero, is_digits, number, year};
use super::han::is_ideograph;
use super::resident::is_province;
use super::{Judgement, Kind, judge, trim};

/// The region that e-invoices of Shenzhen carry; it is no province of GB/T 2260.
const SHENZHEN: &str = "95";

/// Judges the number of any invoice: 20 digits of an e-invoice, or `code:number` of a paper form.
///
/// Paper forms of another trade than cars are taken with a warning, if they have the digits of an invoice at all.
#[must_use]
pub fn judge_invoice_number(value: &str, today: NaiveDate) -> Judgement {
    let text = trim(value);
    let Some((code, serial)) = text.split_once(':') else {
        return judge(Kind::EinvoiceNumber, text, today);
    };
    if !(is_digits(code, 12) || is_digits(code, 10)) || !is_digits(serial, 8) || all_zero(serial) {
        let reason = "A paper invoice is given as its code (10 or 12 digits), a colon, and its number (8 digits).";
        return Judgement::reject(text, reason);
    }
    let kind = if code.starts_with('0') { Kind::PaperInvoiceUsedCar } else { Kind::PaperInvoiceMotorVehicle };
    judge(kind, text, today)
}

/// Fully digital e-invoices: year 2, region 2, channel 1, serial 15, no check digit.
pub(super) fn einvoice(value: &str, today: NaiveDate) -> Judgement {
    let text = trim(value).to_owned();
    if !is_digits(&text, 20) {
        return Judgement::reject(text, "The number of an e-invoice has 20 digits.");
    }
    if !(2021..=year(today)).contains(&(2000 + number(&text[..2]))) {
        return Judgement::reject(text, "The first two digits, the year, are not between 21 and this year.");
    }
    if is_province(&text[2..4]) || &text[2..4] == SHENZHEN {
        Judgement::accept(text, "E-invoice number of 20 digits.")
    } else {
        Judgement::warn(text, "The third and fourth digits are no region that is known to issue e-invoices.")
    }
}

/// 机动车销售统一发票 on paper: the code starts with 1 and has 2 at its eighth place.
pub(super) fn motor_vehicle_invoice(value: &str, _today: NaiveDate) -> Judgement {
    settle(value, "Paper invoice for a motor vehicle: code and number.", |code| {
        if !code.starts_with('1') {
            Some("The code of a motor vehicle invoice starts with 1.")
        } else if &code[7..8] != "2" {
            Some("The eighth digit of a motor vehicle invoice's code is 2.")
        } else {
            None
        }
    })
}

/// 二手车销售统一发票 on paper, since 2018-04: the code starts with 0 and ends with 17.
pub(super) fn used_car_invoice(value: &str, _today: NaiveDate) -> Judgement {
    settle(value, "Paper invoice for a used car: code and number.", |code| {
        if !code.starts_with('0') {
            Some("The code of a used car invoice starts with 0.")
        } else if !code.ends_with("17") {
            Some("The code of a used car invoice ends with 17.")
        } else {
            None
        }
    })
}

fn settle(value: &str, form: &str, fault_of: fn(&str) -> Option<&'static str>) -> Judgement {
    let fault = match value.split_once(':') {
        Some((code, serial)) if is_digits(code, 12) && is_digits(serial, 8) => {
            if all_zero(serial) {
                Some("The number of the invoice is all zero.")
            } else {
                fault_of(code)
            }
        }
        _ => Some("A paper invoice is given as its 12-digit code, a colon, and its 8-digit number."),
    };
    match fault {
        None => Judgement::accept(value, form),
        Some(fault) => Judgement::warn(value, fault),
    }
}

/// No national form is public: 4 to 64 Han characters, letters and digits, with `-`, `_`, `/` between them.
pub(super) fn scrap_certificate(value: &str, _today: NaiveDate) -> Judgement {
    let text = trim(value);
    let plain = |character: char| character.is_ascii_alphanumeric() || is_ideograph(character);
    let fault = if !text.chars().all(|character| plain(character) || matches!(character, '-' | '_' | '/')) {
        "A certificate number has Han characters, letters, digits, hyphens, slashes and underscores only."
    } else if !(4..=64).contains(&text.chars().count()) {
        "A certificate number has 4 to 64 characters."
    } else if !text.starts_with(plain) || !text.ends_with(plain) {
        "A certificate number does not start or end with a separator."
    } else {
        return Judgement::accept(text, "Recycling certificate number of the issuer's own form.");
    };
    Judgement::reject(text, fault)
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::super::tests::today;
    use super::*;

    #[test]
    fn an_invoice_is_digital_or_paper() {
        for (value, verdict) in [
            (" 26367000984884263166", Verdict::Accept),
            ("26662000935172822160", Verdict::Warn),
            ("131002322984:91507978", Verdict::Accept),
            ("011002200317:97273605", Verdict::Accept),
            ("036001800211:96308960", Verdict::Warn),
            ("3600212130:96308960", Verdict::Warn),
            ("131002322984:00000000", Verdict::Reject),
            ("131002322984：91507978", Verdict::Reject),
            ("a:b", Verdict::Reject),
            ("", Verdict::Reject),
        ] {
            assert_eq!(judge_invoice_number(value, today()).verdict, verdict, "{value}");
        }
    }

    #[test]
    fn the_year_of_an_invoice_ends_with_this_year() {
        let eve = NaiveDate::from_ymd_opt(2025, 12, 31).unwrap();
        assert_eq!(einvoice("26367000984884263166", eve).verdict, Verdict::Reject);
        assert_eq!(einvoice("26367000984884263166", eve.succ_opt().unwrap()).verdict, Verdict::Accept);
    }

    #[test]
    fn certificate_numbers_keep_to_their_policy() {
        assert_eq!(scrap_certificate(" HS-1 ", today()).canonical, "HS-1");
        for refused in ["HS1", "H S-1", &"1".repeat(65), "HS\u{200B}01", "回收　001"] {
            assert_eq!(scrap_certificate(refused, today()).verdict, Verdict::Reject, "{refused}");
        }
    }
}
