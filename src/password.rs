//! Passwords: hashed with Argon2id (RFC 9106), compared, and made where somebody else has to give the first one.
//!
//! Hashing takes tens of milliseconds and megabytes on purpose, so it is done on threads that may block, a few at once.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::domain::account::Hidden;
use crate::domain::id::Id;
use crate::pii::Vault;

/// The shortest password that is taken.
pub const SHORTEST: usize = 12;
/// The longest; more would be work for nothing.
pub const LONGEST: usize = 128;
/// Of how many of the four kinds of characters a password must have some.
const KINDS: usize = 3;
/// How long somebody waits for a free place before the service says that it is busy.
#[cfg(not(test))]
const PATIENCE: Duration = Duration::from_secs(1);
#[cfg(test)]
const PATIENCE: Duration = Duration::from_millis(20);
/// Letters and digits that are not mistaken for each other on paper.
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789A";

/// What a password costs to hash. The usual cost is OWASP's: 19 MiB, two passes, one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB; at least 8.
    pub memory_kib: u32,
    /// Passes over the memory; at least one.
    pub passes: u32,
    /// How many are hashed at once.
    pub at_once: usize,
}

impl Default for Cost {
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, passes: 2, at_once: 4 }
    }
}

impl Cost {
    /// What is cheap enough to be done hundreds of times in a test, and protects nothing.
    pub const CHEAP: Self = Self { memory_kib: 8, passes: 1, at_once: 64 };
}

/// Why a password was neither hashed nor compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many others are at it.
    #[error("too many passwords are being hashed")]
    Busy,
    /// The cost is out of range, or the system gave no random bytes.
    #[error("a password could not be hashed")]
    NotHashed,
}

/// Hashes and compares passwords.
#[derive(Clone)]
pub struct Passwords(Arc<Inner>);

struct Inner {
    /// A secret beside the salt, so that hashes of another making, or taken away, are of no use.
    pepper: [u8; 16],
    params: Params,
    places: Semaphore,
    /// The hash of a password that nobody has: what a login that nobody has is compared with.
    nobody: Hidden,
}

impl Passwords {
    /// With the vault's keys, at a cost.
    ///
    /// # Errors
    /// When the cost is out of range.
    pub fn new(vault: &Vault, cost: Cost) -> Result<Self, PasswordError> {
        let params = Params::new(cost.memory_kib, cost.passes, 1, None).map_err(|_| PasswordError::NotHashed)?;
        let pepper = *vault.lookup("password", "pepper").as_bytes();
        let places = Semaphore::new(cost.at_once.max(1));
        let mut inner = Inner { pepper, params, places, nobody: Hidden(String::new()) };
        inner.nobody = inner.hash(&vault.lookup("password", "nobody").to_string())?;
        Ok(Self(Arc::new(inner)))
    }

    /// Hashes a password, as a PHC string with a salt of its own.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn hash(&self, password: String) -> Result<Hidden, PasswordError> {
        self.off_thread(move |inner| inner.hash(&password)).await?
    }

    /// [`Passwords::hash`] on the caller's thread.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn hash_blocking(&self, password: &str) -> Result<Hidden, PasswordError> {
        self.0.hash(password)
    }

    /// Whether a password is the one of a hash. Without a hash the work is the same and the answer no.
    ///
    /// # Errors
    /// [`PasswordError::Busy`].
    pub async fn is_right(&self, password: String, hash: Option<Hidden>) -> Result<bool, PasswordError> {
        self.off_thread(move |inner| {
            let known = hash.is_some();
            inner.is_right(&password, hash.as_ref().unwrap_or(&inner.nobody)) && known
        })
        .await
    }

    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let place = tokio::time::timeout(PATIENCE, self.0.places.acquire()).await;
        let _place = place.map_err(|_| PasswordError::Busy)?.map_err(|_| PasswordError::Busy)?;
        let inner = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || work(&inner)).await.map_err(|_| PasswordError::NotHashed)
    }
}

impl Inner {
    fn argon2(&self) -> Result<Argon2<'_>, PasswordError> {
        let made = Argon2::new_with_secret(&self.pepper, Algorithm::Argon2id, Version::V0x13, self.params.clone());
        made.map_err(|_| PasswordError::NotHashed)
    }

    fn hash(&self, password: &str) -> Result<Hidden, PasswordError> {
        let hash = self.argon2()?.hash_password(password.as_bytes()).map_err(|_| PasswordError::NotHashed)?;
        Ok(Hidden(hash.to_string()))
    }

    /// The hash says at what cost it was made.
    fn is_right(&self, password: &str, hash: &Hidden) -> bool {
        let (Ok(argon2), Ok(hash)) = (self.argon2(), PasswordHash::new(&hash.0)) else { return false };
        argon2.verify_password(password.as_bytes(), &hash).is_ok()
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").finish_non_exhaustive()
    }
}

/// What a password lacks, in words for who chose it; nothing when it will do.
#[must_use]
pub fn lacks(password: &str, login: &str) -> Option<String> {
    let length = password.chars().count();
    let kinds: [fn(char) -> bool; 4] =
        [char::is_lowercase, char::is_uppercase, |letter| letter.is_numeric(), |letter| !letter.is_alphanumeric()];
    // 汉字 are letters without case, and no worse than any other kind.
    let caseless = |letter: char| letter.is_alphabetic() && !letter.is_lowercase() && !letter.is_uppercase();
    let has =
        kinds.iter().filter(|kind| password.chars().any(kind)).count() + usize::from(password.chars().any(caseless));
    if !(SHORTEST..=LONGEST).contains(&length) || password.chars().any(char::is_control) {
        return Some(format!("{SHORTEST} to {LONGEST} characters"));
    }
    if has < KINDS {
        return Some("at least three of: small letters, capital letters, digits, other characters".to_owned());
    }
    if password.to_lowercase().contains(login) {
        return Some("a password without the login in it".to_owned());
    }
    None
}

/// A first password that follows from the request that asks for it, so that a repeat shows the same one and nothing of
/// it need be kept: four groups of five letters and digits, 100 bits from a keyed digest.
#[must_use]
pub fn first(vault: &Vault, request: Id) -> String {
    let halves =
        ["first password", "first password 2"].map(|kind| *vault.lookup(kind, &request.to_string()).as_bytes());
    let bytes = halves.iter().flatten().take(20);
    let letters: Vec<char> = bytes.map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect();
    // With the capital and the digit that a password must have, whatever was drawn.
    let groups: Vec<String> = letters.chunks(5).map(|group| group.iter().collect()).collect();
    format!("{}-K7", groups.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault() -> Vault {
        Vault::ephemeral().unwrap()
    }

    #[actix_web::test]
    async fn a_password_is_right_against_its_own_hash_and_key_ring_alone() {
        let vault = vault();
        let passwords = Passwords::new(&vault, Cost::CHEAP).unwrap();
        let hash = passwords.hash("正确 horse 电池 7".to_owned()).await.unwrap();
        assert!(hash.0.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{}", hash.0);
        assert_ne!(hash, passwords.hash_blocking("正确 horse 电池 7").unwrap());
        let is_right = |password: &str, hash: Option<&Hidden>| passwords.is_right(password.to_owned(), hash.cloned());
        assert_eq!(is_right("正确 horse 电池 7", Some(&hash)).await, Ok(true));
        assert_eq!(is_right("正确 horse 电池 8", Some(&hash)).await, Ok(false));
        assert_eq!(is_right("", None).await, Ok(false));
        assert_eq!(is_right(&vault.lookup("password", "nobody").to_string(), None).await, Ok(false));
        assert_eq!(is_right("x", Some(&Hidden("no hash".into()))).await, Ok(false));
        // A hash that an intruder made without the service's keys lets nobody in.
        let other = Passwords::new(&self::vault(), Cost::CHEAP).unwrap().hash_blocking("正确 horse 电池 7").unwrap();
        assert_eq!(is_right("正确 horse 电池 7", Some(&other)).await, Ok(false));
        assert_eq!(format!("{passwords:?}"), "Passwords { .. }");
    }

    #[actix_web::test]
    async fn a_hash_outlasts_a_change_of_the_cost() {
        let vault = vault();
        let before = Passwords::new(&vault, Cost::CHEAP).unwrap().hash_blocking("first").unwrap();
        let dearer = Passwords::new(&vault, Cost { memory_kib: 16, passes: 2, at_once: 1 }).unwrap();
        assert_eq!(dearer.is_right("first".to_owned(), Some(before)).await, Ok(true));
        assert!(dearer.hash_blocking("first").unwrap().0.contains("m=16,t=2,p=1"));
        assert!(Passwords::new(&vault, Cost { memory_kib: 1, passes: 0, at_once: 1 }).is_err());
    }

    #[actix_web::test]
    async fn who_finds_no_place_is_told_that_it_is_busy() {
        let passwords = Passwords::new(&vault(), Cost { at_once: 1, ..Cost::CHEAP }).unwrap();
        let place = passwords.0.places.acquire().await.unwrap();
        assert_eq!(passwords.hash("x".to_owned()).await, Err(PasswordError::Busy));
        drop(place);
        assert!(passwords.hash("x".to_owned()).await.is_ok());
    }

    #[test]
    fn a_password_is_long_and_mixed() {
        for good in ["Kaninchen-2026", "correct horse 7", "南昌高新区的密码 2026x", "aB3aB3aB3aB3"] {
            assert_eq!(lacks(good, "zhang.san"), None, "{good}");
        }
        for bad in ["", "Short-1", "alllowercaseletters", "only lower and marks", "Zhang.San-2026", "a\u{7}B3aB3aB3aB3"]
        {
            assert!(lacks(bad, "zhang.san").is_some(), "{bad}");
        }
        assert!(lacks(&"aB3-".repeat(40), "x").is_some());
    }

    #[test]
    fn a_first_password_follows_from_the_request_and_will_do() {
        let vault = vault();
        let (one, two) = (first(&vault, Id::digest(&["1"])), first(&vault, Id::digest(&["2"])));
        assert_eq!(one, first(&vault, Id::digest(&["1"])));
        assert_ne!(one, two);
        assert_ne!(one, first(&self::vault(), Id::digest(&["1"])));
        assert_eq!(lacks(&one, "zhang.san"), None, "{one}");
    }
}
