//! What comes from machines: addresses in QR codes, amounts, idempotency keys, record identities.

use chrono::NaiveDate;

use super::super::money::Fen;
use super::Judgement;

/// The one host whose addresses stand on recycling certificates.
const SCRAP_HOST: &str = "qclt.mofcom.gov.cn";

/// Longest content of an idempotency key.
const KEY_LIMIT: usize = 255;

/// The exact official host over https; the address is recorded and never fetched.
pub(super) fn scrap_certificate_url(value: &str, _today: NaiveDate) -> Judgement {
    let fault = if value.chars().any(is_invisible) {
        "The address holds white space or control characters."
    } else if value.starts_with("http://") {
        "The address starts with http://; write https:// instead."
    } else if !is_official(value) {
        "The address is not one of https://qclt.mofcom.gov.cn/."
    } else {
        return Judgement::accept(value, "Address of the official verification page.");
    };
    Judgement::reject(value, fault)
}

fn is_official(value: &str) -> bool {
    value
        .strip_prefix("https://")
        .and_then(|rest| rest.strip_prefix(SCRAP_HOST))
        .map(|rest| rest.strip_prefix(":443").unwrap_or(rest))
        .is_some_and(|rest| rest.starts_with('/'))
}

/// White space, control characters, and those that steer or hide text without a width of their own.
fn is_invisible(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(character, '\u{AD}' | '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// Yuan with at most two decimals (ISO 4217 gives CNY the exponent 2); stored as fen, kept here as written.
pub(super) fn amount(value: &str, _today: NaiveDate) -> Judgement {
    match Fen::parse(value) {
        Ok(_) => Judgement::accept(value, "Amount in yuan with at most two decimals."),
        Err(fault) => Judgement::reject(value, fault.to_string()),
    }
}

/// A String of RFC 9651, as the Idempotency-Key draft asks: quoted, printable ASCII, `\"` and `\\` escaped.
pub(super) fn idempotency_key(value: &str, _today: NaiveDate) -> Judgement {
    let fault = match content_length(value) {
        None => "The key is a quoted string of printable ASCII characters, such as \"order-42\".",
        Some(0) => "The key is empty.",
        Some(length) if length > KEY_LIMIT => "The key has more than 255 characters.",
        Some(_) => return Judgement::accept(value, "Quoted string."),
    };
    Judgement::reject(value, fault)
}

/// How many characters stand between the quotes, an escaped one counted once.
fn content_length(value: &str) -> Option<usize> {
    let mut content = value.strip_prefix('"')?.strip_suffix('"')?.bytes();
    let mut length = 0;
    while let Some(byte) = content.next() {
        match byte {
            b'\\' => {
                content.next().filter(|escaped| matches!(escaped, b'"' | b'\\'))?;
            }
            b'"' => return None,
            b' '..=b'~' => {}
            _ => return None,
        }
        length += 1;
    }
    Some(length)
}

/// RFC 9562: hyphenated, small letters, version 7, variant 10.
pub(super) fn uuid_v7(value: &str, _today: NaiveDate) -> Judgement {
    let well_formed = value.len() == 36
        && value.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            14 => byte == b'7',
            19 => matches!(byte, b'8' | b'9' | b'a' | b'b'),
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        });
    if well_formed {
        Judgement::accept(value, "UUID of version 7.")
    } else {
        Judgement::reject(value, "A UUID of version 7 is expected, hyphenated and in small letters.")
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::super::tests::today;
    use super::*;

    #[test]
    fn only_the_official_host_is_taken() {
        assert!(scrap_certificate_url("https://qclt.mofcom.gov.cn/", today()).is_taken());
        for refused in [
            "https://qclt.mofcom.gov.cn",
            "HTTPS://qclt.mofcom.gov.cn/",
            "https://u@qclt.mofcom.gov.cn/",
            "https://qclt.mofcom.gov.cn./",
            "https://qclt.mofcom.gov.cn:4430/",
            " https://qclt.mofcom.gov.cn/",
            "https://qclt.mofcom.gov.cn/a b",
            "https://qclt.mofcom.gov.cn/a\r\nb",
            "https://qclt.mofcom.gov.cn/\u{202E}b",
            "https://qclt.mofcom.gov.cn:443",
        ] {
            assert_eq!(scrap_certificate_url(refused, today()).verdict, Verdict::Reject, "{refused}");
        }
    }

    #[test]
    fn keys_are_quoted_and_not_too_long() {
        for (content, taken) in [(1, true), (255, true), (256, false), (0, false)] {
            assert_eq!(idempotency_key(&format!("\"{}\"", "k".repeat(content)), today()).is_taken(), taken);
        }
        for refused in ["\"", "k", "\"a\\\"", "\"a\tb\"", " \"a\"", "0195e819-3e4c-7b17-aabd-6b434b520c02"] {
            assert_eq!(idempotency_key(refused, today()).verdict, Verdict::Reject, "{refused}");
        }
        assert!(idempotency_key(r#""a\\""#, today()).is_taken());
    }
}
