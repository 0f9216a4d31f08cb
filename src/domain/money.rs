//! Money: whole fen in memory and in the database, a decimal string with two places in JSON, never a float.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// An amount in fen (分, a hundredth of a yuan). Signed, because the ledger has contra accounts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Fen(pub i64);

/// Why a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a decimal string with at most two places and ten digits before the point, such as \"1999.80\"")]
pub struct AmountMalformed;

impl Fen {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// Reads an amount in yuan as request bodies carry it: `(0|[1-9][0-9]{0,9})(.[0-9]{1,2})?`, ASCII only.
    ///
    /// # Errors
    /// [`AmountMalformed`] for a sign, white space, a third decimal, a separator, or anything else.
    pub fn parse(text: &str) -> Result<Self, AmountMalformed> {
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (text, None),
        };
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || whole.len() > 10 || (whole.len() > 1 && whole.starts_with('0')) {
            return Err(AmountMalformed);
        }
        let cents = match fraction {
            None => 0,
            Some(places) if digits(places) && places.len() <= 2 => {
                let read: i64 = places.parse().map_err(|_| AmountMalformed)?;
                if places.len() == 1 { read * 10 } else { read }
            }
            Some(_) => return Err(AmountMalformed),
        };
        let yuan: i64 = whole.parse().map_err(|_| AmountMalformed)?;
        Ok(Self(yuan * 100 + cents))
    }

    /// The amount in yuan, exact, with two places.
    #[must_use]
    pub fn yuan(self) -> Decimal {
        Decimal::new(self.0, 2)
    }

    /// The smaller of two amounts.
    #[must_use]
    pub fn at_most(self, cap: Self) -> Self {
        Self(self.0.min(cap.0))
    }
}

impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", magnitude / 100, magnitude % 100)
    }
}

impl fmt::Debug for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Add for Fen {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Fen {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Fen {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl AddAssign for Fen {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Fen {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Fen {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl Serialize for Fen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fen {
    /// Reads what `Serialize` wrote, the sign included; request bodies go through [`Fen::parse`] instead.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (negative, magnitude) = text.strip_prefix('-').map_or((false, text.as_str()), |rest| (true, rest));
        let (yuan, places) = magnitude.split_once('.').unwrap_or((magnitude, "00"));
        if places.len() != 2 || !magnitude.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return Err(D::Error::custom(AmountMalformed));
        }
        let fen: i64 = format!("{yuan}{places}").parse().map_err(|_| D::Error::custom(AmountMalformed))?;
        Ok(Self(if negative { -fen } else { fen }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_reads_and_writes_to_the_fen() {
        for (text, fen) in [("0", 0), ("0.01", 1), ("1", 100), ("1999.8", 199_980), ("9999999999.99", 999_999_999_999)]
        {
            assert_eq!(Fen::parse(text), Ok(Fen(fen)), "{text}");
        }
        assert_eq!(Fen(199_980).to_string(), "1999.80");
        assert_eq!(Fen(-5).to_string(), "-0.05");
        for fen in [0, 1, -1, 99, 94_485, -150_000, 999_999_999_999, i64::MAX] {
            let text = serde_json::to_string(&Fen(fen)).unwrap();
            assert_eq!(serde_json::from_str::<Fen>(&text).unwrap(), Fen(fen), "{text}");
        }
    }

    #[test]
    fn what_is_not_an_amount_is_refused() {
        for text in ["", " 1", "1.", ".5", "1.234", "-1", "+1", "01", "1e3", "1,000", "１", "12345678901", "￥1"] {
            assert_eq!(Fen::parse(text), Err(AmountMalformed), "{text}");
        }
    }
}
