//! Reports beside the totals: how fast the money goes, who sells, why it is refused, which task and which purse pays, how
//! long a retailer waits; what is published; and the national upload.

mod burn_down;
mod open_data;
mod payment_times;
mod publication;
mod ranking;
mod refusals;
mod tasks;
mod upload;

pub use burn_down::*;
pub use open_data::*;
pub use payment_times::*;
pub use publication::*;
pub use ranking::*;
pub use refusals::*;
pub use tasks::*;
pub use upload::*;

use rust_decimal::Decimal;

use super::error::ApiError;
use super::export::FileForm;
use super::query::{Params, Wanted};
use super::reports::Period;

/// Of which days, and as a file or not.
#[derive(Clone, Copy, Debug)]
pub struct FiguresAsked {
    period: Period,
    file: Option<FileForm>,
}

impl Wanted for FiguresAsked {
    const NAMES: &'static [&'static str] = &["from", "to", "format"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        Ok(Self { period: Period::asked(params)?, file: file(params)? })
    }
}

/// As a file or not.
fn file(params: &Params) -> Result<Option<FileForm>, ApiError> {
    let form = |text: &str| (text == "json").then_some(None).or_else(|| FileForm::of_word(text).map(Some));
    Ok(params.get("format", "json, csv, xlsx", form)?.flatten())
}

/// A part of a whole in percent, half up to two places; nothing of a whole that is none.
fn percent(part: i64, whole: i64) -> Option<Decimal> {
    let whole = i128::from(whole);
    if whole <= 0 {
        return None;
    }
    let scaled = i128::from(part) * 10_000;
    let magnitude = (scaled.abs() * 2 + whole) / (whole * 2);
    Decimal::try_from_i128_with_scale(if scaled < 0 { -magnitude } else { magnitude }, 2).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_rounded_once_half_up() {
        let text = |part, whole| percent(part, whole).map(|value| value.to_string());
        assert_eq!(text(1, 3).as_deref(), Some("33.33"));
        assert_eq!(text(1, 800).as_deref(), Some("0.13"));
        assert_eq!(text(-1, 800).as_deref(), Some("-0.13"));
        assert_eq!(text(1, 0), None);
    }
}
