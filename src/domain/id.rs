//! Identity of a record: sixteen bytes, a UUID of version 7 where the record is appended.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use super::time::Moment;

/// The identity of any record of the service.
///
/// New facts get a UUID of version 7 (RFC 9562) so that their index grows at its end; keys that follow
/// from other keys (a programme line, a person, a settlement bucket) are digests of what they stand for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id(pub Uuid);

impl Id {
    /// The identity without a record; used where a fixed column needs a value and no record is meant.
    pub const NIL: Self = Self(Uuid::nil());

    /// A UUIDv7 whose random part is derived, so that the same command gives the same identities
    /// however often its batch is run: `moment` fills the time, `command` and `counter` the rest.
    #[must_use]
    pub fn derived(moment: Moment, command: Self, counter: u32) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(command.0.as_bytes());
        hasher.update(counter.to_be_bytes());
        let digest = hasher.finalize();
        let mut random = [0_u8; 10];
        random.copy_from_slice(&digest[..10]);
        Self(Builder::from_unix_timestamp_millis(moment.millis(), &random).into_uuid())
    }

    /// Not after any identity that was [`Self::derived`] at that moment or later, and after all of earlier
    /// milliseconds.
    #[must_use]
    pub fn first_of(moment: Moment) -> Self {
        Self::from_prefix(&moment.millis().to_be_bytes()[2..])
    }

    /// The milliseconds since the epoch with which a UUIDv7 begins.
    #[must_use]
    pub fn millis(&self) -> u64 {
        let mut bytes = [0_u8; 8];
        bytes[2..].copy_from_slice(&self.as_bytes()[..6]);
        u64::from_be_bytes(bytes)
    }

    /// The moment with which a UUIDv7 begins, to the millisecond.
    #[must_use]
    pub fn moment(&self) -> Moment {
        Moment(i64::try_from(self.millis()).unwrap_or(0).saturating_mul(1000))
    }

    /// The identity that stands for a list of words: the first sixteen bytes of a SHA-256 over the words,
    /// each preceded by its length so that no two lists read the same.
    #[must_use]
    pub fn digest(words: &[&str]) -> Self {
        let mut hasher = Sha256::new();
        for word in words {
            hasher.update((word.len() as u64).to_be_bytes());
            hasher.update(word.as_bytes());
        }
        Self::from_prefix(&hasher.finalize())
    }

    /// The first sixteen bytes of a digest that somebody else made; shorter input is padded with zeros.
    #[must_use]
    pub fn from_prefix(bytes: &[u8]) -> Self {
        let mut taken = [0_u8; 16];
        for (to, from) in taken.iter_mut().zip(bytes) {
            *to = *from;
        }
        Self(Uuid::from_bytes(taken))
    }

    /// The sixteen bytes as they are stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not the hyphenated form of a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID in its hyphenated form")]
pub struct NotAnId;

impl FromStr for Id {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        // The hyphenated form only: one record has one spelling in a path and in a log line.
        if text.len() != 36 {
            return Err(NotAnId);
        }
        Uuid::parse_str(text).map(Self).map_err(|_| NotAnId)
    }
}

#[cfg(test)]
mod tests {
    use super::super::identifier::{Kind, Verdict, judge};
    use super::*;

    #[test]
    fn a_derived_identity_is_a_uuid_of_version_7_with_its_time_first() {
        let at = Moment::parse("2026-06-18T10:00:00.123+08:00").unwrap();
        for counter in 0..200 {
            let text = Id::derived(at, Id::digest(&["command"]), counter).to_string();
            assert_eq!(judge(Kind::UuidV7, &text, at.day().0).verdict, Verdict::Accept, "{text}");
            assert_eq!(u64::from_str_radix(&text.replace('-', "")[..12], 16), Ok(at.millis()));
        }
        assert_ne!(Id::derived(at, Id::NIL, 0), Id::derived(at, Id::NIL, 1));
        assert_eq!(Id::derived(at, Id::NIL, 1), Id::derived(at, Id::NIL, 1));
    }

    #[test]
    fn the_first_of_a_moment_lies_between_its_identities_and_those_of_before() {
        let (moment, command) = (Moment(1_780_000_000_123_999), Id::digest(&["command"]));
        let first = Id::first_of(moment);
        assert_eq!(first.millis(), moment.millis());
        for counter in 0..50 {
            assert!(first <= Id::derived(Moment(1_780_000_000_123_000), command, counter));
            assert!(first > Id::derived(Moment(1_780_000_000_122_999), command, counter));
        }
    }
}
