//! Personal data on its way in and out: encrypts, digests and masks. It is called before a command is made, so
//! that the rules and the log never hold a clear identity number.

use std::fmt;

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac as _;

use crate::domain::id::Id;
use crate::domain::personal::Personal;
use crate::keys::{KeyRing, SecretKey};

/// Kind of a resident's identity number in [`Vault::lookup`].
pub const PERSON_ID: &str = "person_id";
/// Kind of a name in [`Vault::lookup`].
pub const NAME: &str = "name";
/// Kind of a telephone number in [`Vault::lookup`].
pub const MOBILE: &str = "mobile";
/// Kind of a bank account in [`Vault::lookup`].
pub const ACCOUNT: &str = "account";
/// Kind of a free text, such as an address, in [`Vault::lookup`].
pub const TEXT: &str = "text";

/// The nonce of AES-GCM: 96 bits (NIST SP 800-38D, 8.2.2); chosen at random it allows 2^32 texts for one key.
const NONCE_BYTES: usize = 12;

/// Why personal data could not be sealed or opened; the text itself is never repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The system gave no random bytes, or no key is there.
    #[error("personal data could not be sealed")]
    NotSealed,
    /// What is stored is not a sealed text, or was sealed with a key that is not known.
    #[error("this is not personal data sealed with a known key")]
    UnknownSeal,
    /// What is stored was changed since it was sealed.
    #[error("the sealed personal data was changed")]
    Changed,
}

struct Lock {
    /// What stands before the ciphertext: the key's id and a full stop.
    prefix: String,
    cipher: Aes256Gcm,
}

/// Encrypts, digests and masks personal data with the service's keys.
pub struct Vault {
    locks: Vec<Lock>,
    lookup_key: SecretKey,
}

impl Vault {
    /// With the service's keys.
    #[must_use]
    pub fn new(keys: &KeyRing) -> Self {
        let lock = |key: &SecretKey| Lock {
            prefix: format!("{}.", key.kid()),
            cipher: Aes256Gcm::new(&(*key.bytes()).into()),
        };
        Self { locks: keys.personal_keys().iter().map(lock).collect(), lookup_key: keys.lookup_key().clone() }
    }

    /// The keyed digest by which a value is found again: the first sixteen bytes of HMAC-SHA256 over the kind, a
    /// zero byte and the value in its canonical form. Without the key nobody can try values out.
    #[must_use]
    pub fn lookup(&self, kind: &str, canonical: &str) -> Id {
        let mac = self.lookup_key.mac().chain_update(kind).chain_update([0]).chain_update(canonical);
        Id::from_prefix(&mac.finalize().into_bytes())
    }

    /// Encrypts with AES-256-GCM under a fresh nonce: the key's id, a full stop, and base64url of nonce,
    /// ciphertext and tag. The same text looks different each time.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn seal(&self, clear: &str) -> Result<String, VaultError> {
        let lock = self.locks.first().ok_or(VaultError::NotSealed)?;
        let mut nonce = [0_u8; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| VaultError::NotSealed)?;
        let payload = Payload { msg: clear.as_bytes(), aad: lock.prefix.as_bytes() };
        let ciphertext = lock.cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| VaultError::NotSealed)?;
        Ok(format!("{}{}", lock.prefix, URL_SAFE_NO_PAD.encode([nonce.as_slice(), &ciphertext].concat())))
    }

    /// Decrypts what [`Self::seal`] made.
    ///
    /// # Errors
    /// When the text is not a sealed one, or was changed.
    pub fn open(&self, sealed: &str) -> Result<String, VaultError> {
        let strip = |lock| strip_prefix(lock, sealed);
        let (lock, body) = self.locks.iter().find_map(strip).ok_or(VaultError::UnknownSeal)?;
        let bytes = URL_SAFE_NO_PAD.decode(body).map_err(|_| VaultError::UnknownSeal)?;
        let (nonce, ciphertext) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(VaultError::UnknownSeal)?;
        let payload = Payload { msg: ciphertext, aad: lock.prefix.as_bytes() };
        let clear = lock.cipher.decrypt(&Nonce::from(*nonce), payload).map_err(|_| VaultError::Changed)?;
        String::from_utf8(clear).map_err(|_| VaultError::Changed)
    }

    /// An identity number in its canonical form.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub fn person_id(&self, canonical: &str) -> Result<Personal, VaultError> {
        self.personal(PERSON_ID, canonical, mask_person_id(canonical))
    }

    /// A name.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub fn name(&self, name: &str) -> Result<Personal, VaultError> {
        self.personal(NAME, name, mask_name(name))
    }

    /// A mobile telephone number in its canonical form.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub fn mobile(&self, canonical: &str) -> Result<Personal, VaultError> {
        self.personal(MOBILE, canonical, mask_mobile(canonical))
    }

    /// The number of a bank account.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub fn account(&self, canonical: &str) -> Result<Personal, VaultError> {
        self.personal(ACCOUNT, canonical, mask_account(canonical))
    }

    /// A free text, such as an address.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub fn text(&self, text: &str) -> Result<Personal, VaultError> {
        self.personal(TEXT, text, mask_text(text))
    }

    /// A person to ask, by name, number or both in one line: what is shown of it is the first character of the name.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub fn contact(&self, line: &str) -> Result<Personal, VaultError> {
        self.personal(TEXT, line, mask_name(line))
    }

    fn personal(&self, kind: &str, canonical: &str, masked: String) -> Result<Personal, VaultError> {
        Ok(Personal { lookup: self.lookup(kind, canonical), sealed: self.seal(canonical)?, masked })
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

fn strip_prefix<'a>(lock: &'a Lock, sealed: &'a str) -> Option<(&'a Lock, &'a str)> {
    sealed.strip_prefix(&lock.prefix).map(|body| (lock, body))
}

/// `张**`: the first character and a star for each other one; a lone character is a star.
#[must_use]
pub fn mask_name(name: &str) -> String {
    stars(name, 1, 0, 1)
}

/// `360102********1234`: region and the last four of a resident's number; a shorter number is all stars.
#[must_use]
pub fn mask_person_id(number: &str) -> String {
    stars(number, 6, 4, 4)
}

/// `138****1234`; a shorter number is all stars.
#[must_use]
pub fn mask_mobile(number: &str) -> String {
    stars(number, 3, 4, 4)
}

/// `****1234`: the last four of an account, whatever its length; an account of less than eight is four stars.
#[must_use]
pub fn mask_account(number: &str) -> String {
    let length = number.chars().count();
    let shown: String = number.chars().skip(if length < 8 { length } else { length - 4 }).collect();
    format!("****{shown}")
}

/// The first three characters and three stars, which do not tell the length; a text of no more than three
/// characters is three stars.
#[must_use]
pub fn mask_text(text: &str) -> String {
    let shown: String = if text.chars().count() > 3 { text.chars().take(3).collect() } else { String::new() };
    format!("{shown}***")
}

/// Shows the head and the tail, a star for each character between; where that would hide fewer than `least`,
/// shows nothing.
fn stars(text: &str, head: usize, tail: usize, least: usize) -> String {
    let length = text.chars().count();
    let enough = length >= head + tail + least;
    let shown = |index: usize| enough && (index < head || index >= length - tail);
    text.chars().enumerate().map(|(index, character)| if shown(index) { character } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESIDENT: &str = "360102199003071234";

    fn vault() -> Vault {
        Vault::new(&KeyRing::generate().unwrap())
    }

    #[test]
    fn what_was_sealed_opens_and_never_looks_the_same() {
        let vault = vault();
        for clear in ["", "张三", RESIDENT, "江西省南昌市艾溪湖北路 77 号"] {
            let (one, two) = (vault.seal(clear).unwrap(), vault.seal(clear).unwrap());
            assert_ne!(one, two);
            assert!(one.starts_with("k1."));
            assert_eq!(vault.open(&one).unwrap(), clear);
            assert_eq!(vault.open(&two).unwrap(), clear);
        }
    }

    #[test]
    fn no_character_of_a_sealed_text_can_be_changed() {
        let vault = vault();
        let sealed = vault.seal("张三").unwrap();
        for changed in crate::jws::forge::each_character_changed(&sealed) {
            assert!(vault.open(&changed).is_err(), "{changed}");
        }
        for text in ["", "k1", "k1.", "k1.AAAA", "k2.AAAA", RESIDENT] {
            assert_eq!(vault.open(text), Err(VaultError::UnknownSeal), "{text}");
        }
    }

    #[test]
    fn another_ring_opens_nothing_and_finds_nothing() {
        let (vault, other) = (vault(), vault());
        assert_eq!(other.open(&vault.seal("张三").unwrap()), Err(VaultError::Changed));
        assert_ne!(vault.lookup(NAME, "张三"), other.lookup(NAME, "张三"));
    }

    #[test]
    fn a_digest_is_of_kind_and_text() {
        let vault = vault();
        assert_eq!(vault.lookup(NAME, "张三"), vault.lookup(NAME, "张三"));
        assert_ne!(vault.lookup(NAME, "张三"), vault.lookup(TEXT, "张三"));
        assert_ne!(vault.lookup("a", "bc"), vault.lookup("ab", "c"));
        assert_eq!(vault.person_id(RESIDENT).unwrap(), vault.person_id(RESIDENT).unwrap());
        assert_eq!(vault.person_id(RESIDENT).unwrap().lookup, vault.lookup(PERSON_ID, RESIDENT));
        assert_ne!(vault.name("张三").unwrap(), vault.name("张四").unwrap());
    }

    #[test]
    fn masks_hide_what_they_should() {
        let cases = [
            (mask_name as fn(&str) -> String, [("张三", "张*"), ("欧阳娜娜", "欧***"), ("张", "*"), ("", "")]),
            (
                mask_person_id,
                [
                    (RESIDENT, "360102********1234"),
                    ("360102900307123", "360102*****7123"),
                    ("E12345678", "*********"),
                    ("", ""),
                ],
            ),
            (
                mask_mobile,
                [
                    ("13812341234", "138****1234"),
                    ("8612345", "*******"),
                    ("+8613812341234", "+86*******1234"),
                    ("", ""),
                ],
            ),
            (
                mask_account,
                [("6222020200112233445", "****3445"), ("12345678", "****5678"), ("1234", "****"), ("", "****")],
            ),
            (mask_text, [("南昌市艾溪湖", "南昌市***"), ("南昌市", "***"), ("abcd", "abc***"), ("", "***")]),
        ];
        for (mask, pairs) in cases {
            for (clear, masked) in pairs {
                assert_eq!(mask(clear), masked);
            }
        }
    }

    #[test]
    fn personal_data_shows_its_mask_alone() {
        let vault = vault();
        let all = [
            (vault.person_id(RESIDENT).unwrap(), "360102********1234"),
            (vault.name("张三").unwrap(), "张*"),
            (vault.mobile("13812341234").unwrap(), "138****1234"),
            (vault.account("6222020200112233445").unwrap(), "****3445"),
            (vault.text("南昌市艾溪湖").unwrap(), "南昌市***"),
        ];
        for (personal, mask) in all {
            assert_eq!(format!("{personal}"), mask);
            assert_eq!(format!("{personal:?} {vault:?}"), format!("Personal({mask:?}) Vault {{ .. }}"));
            let stored = serde_json::to_string(&personal).unwrap();
            assert_eq!(serde_json::from_str::<Personal>(&stored).unwrap(), personal);
        }
    }
}
