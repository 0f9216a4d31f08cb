//! A piece of personal data as the rules and the records hold it: never in the clear.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::goods::words;
use super::id::Id;
use super::time::Moment;

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

impl Personal {
    /// As a fact keeps it: without a mask, which could not be taken away again.
    #[must_use]
    pub fn without_mask(&self) -> Self {
        Self { masked: String::new(), ..self.clone() }
    }
}

words! {
    /// A kind of record whose personal data can be shown in the clear.
    Disclosed {
        /// The holder of a voucher.
        Voucher = "voucher",
        /// The buyer, and where the goods went.
        Redemption = "redemption",
        /// The owner of an old item.
        TurnIn = "turn_in",
        /// A retailer's contact and bank account.
        Retailer = "retailer",
    }
}

/// What is shown in the place of a mask once what it masked is destroyed.
pub const ERASED: &str = "已删除";
/// What is shown in the place of a mask while what it masks is only kept.
pub const RESTRICTED: &str = "已封存";

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

/// A data key that a command brings along with the texts that it seals; it is stored with them or not at all.
#[derive(Clone, PartialEq, Eq)]
pub struct NewDataKey {
    /// Identity, random.
    pub id: Id,
    /// The key, encrypted by a master key.
    pub wrapped: String,
    /// The master key's name.
    pub master_kid: String,
}

impl NewDataKey {
    /// The key as it is kept, of this person.
    #[must_use]
    pub fn of(&self, person: Id, at: Moment) -> DataKey {
        let Self { id, wrapped, master_kid } = self.clone();
        DataKey { person, id, wrapped: Some(wrapped), master_kid, made_at: at, shredded_at: None }
    }
}

impl fmt::Debug for NewDataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewDataKey").field("master_kid", &self.master_kid).finish_non_exhaustive()
    }
}

/// A key that seals what is known of one person, or of the division's organisations. Destroying it destroys, for
/// everybody and for ever, what was sealed with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataKey {
    /// The person; [`Id::NIL`] stands for the division.
    pub person: Id,
    /// Identity.
    pub id: Id,
    /// The key, encrypted by a master key; `None` once it is destroyed.
    pub wrapped: Option<String>,
    /// The master key's name.
    pub master_kid: String,
    /// Since when it is there.
    pub made_at: Moment,
    /// When it was destroyed.
    pub shredded_at: Option<Moment>,
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
