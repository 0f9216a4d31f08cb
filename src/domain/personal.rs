//! A piece of personal data as the rules and the records hold it: never in the clear.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::id::Id;

/// A name, an identity number, a telephone number or another text about a person, in three forms of which none
/// is the clear one: a keyed digest to compare by, a ciphertext to keep, and a mask to show.
///
/// Two values are equal when their digests are. The ciphertext is different each time the same text is sealed,
/// and two texts may have one mask, so neither says anything about sameness.
#[derive(Clone, Serialize, Deserialize)]
pub struct Personal {
    /// Keyed digest of kind and canonical text: equal exactly for equal texts of one kind.
    pub lookup: Id,
    /// The text, encrypted; only an unmasked read, which leaves an audit record, opens it.
    pub sealed: String,
    /// What answers, screens and log lines may show.
    pub masked: String,
}

impl PartialEq for Personal {
    fn eq(&self, other: &Self) -> bool {
        self.lookup == other.lookup
    }
}

impl Eq for Personal {}

impl fmt::Display for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked)
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Personal").field(&self.masked).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn personal(of: &str, sealed: &str) -> Personal {
        Personal { lookup: Id::digest(&[of]), sealed: sealed.into(), masked: "张*".into() }
    }

    #[test]
    fn sameness_goes_by_the_digest_alone() {
        assert_eq!(personal("a", "one"), personal("a", "two"));
        assert_ne!(personal("a", "one"), personal("b", "one"));
    }

    #[test]
    fn only_the_mask_is_shown() {
        let shown = format!("{:?} {}", personal("a", "ciphertext"), personal("a", "ciphertext"));
        assert_eq!(shown, "Personal(\"张*\") 张*");
    }
}
