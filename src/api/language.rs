//! In which language a caller is spoken to.

use crate::domain::refusal::Language;

/// Reads `Accept-Language` (RFC 9110, 12.5.4): of Chinese and English the one of greater weight, the first of
/// equals; Chinese when neither is named. Weights are thousandths, read without a floating point.
#[must_use]
pub fn of_header(value: &str) -> Language {
    let mut best = (0, Language::default());
    for range in value.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
        let language = match tag.split('-').next() {
            Some("zh") => Language::Chinese,
            Some("en") => Language::English,
            _ => continue,
        };
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1000, thousandths);
        if weight > best.0 {
            best = (weight, language);
        }
    }
    best.1
}

fn thousandths(weight: &str) -> u32 {
    let (whole, places) = weight.split_once('.').unwrap_or((weight, ""));
    let digits: String = format!("{whole}{places:0<3}").chars().take(whole.len() + 3).collect();
    digits.parse().unwrap_or(0).min(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heavier_of_the_two_wins_and_chinese_is_the_rule() {
        for header in ["", "zh-CN", "fr", "*", "en;q=0", "en;q=0.4, zh;q=0.5", "zh,en", "é;;=,", "en;q=x"] {
            assert_eq!(of_header(header), Language::Chinese, "{header}");
        }
        for header in ["en", "en-GB, zh;q=0.9", "fr, en;q=0.1", "EN", "zh;q=0.25,en;q=0.3", "en,zh"] {
            assert_eq!(of_header(header), Language::English, "{header}");
        }
    }
}
