//! Personal data on its way in and out: encrypts, digests and masks. It is called before a command is made, so
//! that the rules and the log never hold a clear identity number.
//!
//! A text is sealed with a data key (AES-256-GCM); the data key lies in the database, encrypted by a master key
//! ([`MasterKeys`]). What is known of a person is sealed with keys of the person's own: when they are destroyed, nobody
//! can read it any more, in facts and backups too. A person may have several: whoever seals makes a fresh one, so that
//! nothing has to be looked up before and two requests are never in each other's way; it is stored by the command that
//! stores the text, or not at all. Organisations' data is sealed with the division's key, which stays.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac as _;

use crate::domain::id::Id;
use crate::domain::personal::{DataKey, NewDataKey, Personal};
use crate::keys::{self, KeyError, KeyRing, SecretKey};
use crate::master_key::{MasterKeys, Wrapped};

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
/// Kind of what [`Sealer::file`] seals.
const FILE: &str = "file";

/// What stands before a text that is sealed with a data key; then come the key's id, a full stop, and base64url of
/// nonce, ciphertext and tag.
const WITH_DATA_KEY: &str = "v2.";
/// The kind of what [`Vault::seal`] seals for the division.
const OF_THE_DIVISION: &str = "division";
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
    /// The key was destroyed: nobody can read it any more.
    #[error("the personal data was erased")]
    Erased,
    /// The data key is wrapped with a master key that is not there.
    #[error("the master key of the personal data is not there")]
    NoMasterKey,
}

/// A key of the key file, with which texts were sealed before there were data keys.
struct Lock {
    /// What stands before the ciphertext: the key's id and a full stop.
    prefix: String,
    cipher: Aes256Gcm,
}

/// A data key in use.
#[derive(Clone)]
struct TextKey {
    id: Id,
    cipher: Aes256Gcm,
}

impl TextKey {
    fn new(id: Id, key: [u8; 32]) -> Self {
        Self { id, cipher: Aes256Gcm::new(&key.into()) }
    }

    fn seal(&self, kind: &str, clear: &str) -> Result<String, VaultError> {
        let bound = bound(self.id, kind);
        Ok(format!("{WITH_DATA_KEY}{}.{}", self.id, encrypt(&self.cipher, &bound, clear)?))
    }

    fn open(&self, kind: &str, body: &str) -> Result<String, VaultError> {
        decrypt(&self.cipher, &bound(self.id, kind), body)
    }
}

/// What a ciphertext is bound to: its key's name, and of what kind the text is, so that a ciphertext that is put in the
/// place of one of another kind does not open.
fn bound(id: Id, kind: &str) -> String {
    format!("{WITH_DATA_KEY}{id}.{kind}")
}

fn encrypt(cipher: &Aes256Gcm, bound: &str, clear: &str) -> Result<String, VaultError> {
    Ok(URL_SAFE_NO_PAD.encode(encrypt_bytes(cipher, bound, clear.as_bytes())?))
}

/// Nonce, ciphertext and tag.
fn encrypt_bytes(cipher: &Aes256Gcm, bound: &str, clear: &[u8]) -> Result<Vec<u8>, VaultError> {
    let mut nonce = [0_u8; NONCE_BYTES];
    getrandom::fill(&mut nonce).map_err(|_| VaultError::NotSealed)?;
    let payload = Payload { msg: clear, aad: bound.as_bytes() };
    let ciphertext = cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| VaultError::NotSealed)?;
    Ok([nonce.as_slice(), &ciphertext].concat())
}

fn decrypt(cipher: &Aes256Gcm, bound: &str, body: &str) -> Result<String, VaultError> {
    let bytes = URL_SAFE_NO_PAD.decode(body).map_err(|_| VaultError::UnknownSeal)?;
    String::from_utf8(decrypt_bytes(cipher, bound, &bytes)?).map_err(|_| VaultError::Changed)
}

fn decrypt_bytes(cipher: &Aes256Gcm, bound: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
    let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(VaultError::UnknownSeal)?;
    let payload = Payload { msg: ciphertext, aad: bound.as_bytes() };
    cipher.decrypt(&Nonce::from(*nonce), payload).map_err(|_| VaultError::Changed)
}

/// Splits what [`TextKey::seal`] made into the key's id and the ciphertext.
fn parts(sealed: &str) -> Option<(Id, &str)> {
    let (id, body) = sealed.strip_prefix(WITH_DATA_KEY)?.split_once('.')?;
    Some((id.parse().ok()?, body))
}

/// Encrypts, digests and masks personal data with the service's keys.
pub struct Vault {
    /// Keys of texts from before there were data keys.
    locks: Vec<Lock>,
    lookup_key: SecretKey,
    masters: MasterKeys,
    /// The division's own keys; the first seals.
    division: RwLock<Vec<TextKey>>,
}

impl Vault {
    /// With the service's keys. The division's key is not there yet: [`Self::adopt`].
    #[must_use]
    pub fn new(keys: &KeyRing, masters: MasterKeys) -> Self {
        let lock = |key: &SecretKey| Lock {
            prefix: format!("{}.", key.kid()),
            cipher: Aes256Gcm::new(&(*key.bytes()).into()),
        };
        Self {
            locks: keys.personal_keys().iter().map(lock).collect(),
            lookup_key: keys.lookup_key().clone(),
            masters,
            division: RwLock::default(),
        }
    }

    /// With fresh keys that are kept nowhere, the division's among them: for questions that leave nothing behind.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn ephemeral() -> Result<Self, KeyError> {
        let vault = Self::new(&KeyRing::generate()?, MasterKeys::generate()?);
        let key = TextKey::new(Id::NIL, keys::random()?);
        vault.division.write().unwrap_or_else(PoisonError::into_inner).push(key);
        Ok(vault)
    }

    /// The master keys.
    #[must_use]
    pub fn masters(&self) -> &MasterKeys {
        &self.masters
    }

    /// Takes the division's data keys into use; the first seals from now on.
    ///
    /// # Errors
    /// [`VaultError::NoMasterKey`] when one cannot be unwrapped.
    pub fn adopt(&self, keys: &[DataKey]) -> Result<(), VaultError> {
        let unwrapped: Vec<TextKey> = keys.iter().map(|key| self.unwrap(key)).collect::<Result<_, _>>()?;
        *self.division.write().unwrap_or_else(PoisonError::into_inner) = unwrapped;
        Ok(())
    }

    /// The keyed digest by which a value is found again: the first sixteen bytes of HMAC-SHA256 over the kind, a
    /// zero byte and the value in its canonical form. Without the key nobody can try values out.
    #[must_use]
    pub fn lookup(&self, kind: &str, canonical: &str) -> Id {
        let mac = self.lookup_key.mac().chain_update(kind).chain_update([0]).chain_update(canonical);
        Id::from_prefix(&mac.finalize().into_bytes())
    }

    /// Seals what belongs to the division and to no person: with its key, under a fresh nonce. The same text looks
    /// different each time.
    ///
    /// # Errors
    /// When the system gives no random bytes, or the division's key is not there.
    pub fn seal(&self, clear: &str) -> Result<String, VaultError> {
        let keys = self.division.read().unwrap_or_else(PoisonError::into_inner);
        keys.first().ok_or(VaultError::NotSealed)?.seal(OF_THE_DIVISION, clear)
    }

    /// Opens what [`Self::seal`] made, and every text that was sealed before there were data keys.
    ///
    /// # Errors
    /// When the text is not such a sealed one, or was changed.
    pub fn open(&self, sealed: &str) -> Result<String, VaultError> {
        if let Some((id, body)) = parts(sealed) {
            let keys = self.division.read().unwrap_or_else(PoisonError::into_inner);
            let key = keys.iter().find(|key| key.id == id).ok_or(VaultError::UnknownSeal)?;
            return key.open(OF_THE_DIVISION, body);
        }
        let strip = |lock| strip_prefix(lock, sealed);
        let (lock, body) = self.locks.iter().find_map(strip).ok_or(VaultError::UnknownSeal)?;
        decrypt(&lock.cipher, &lock.prefix, body)
    }

    /// A fresh data key for texts about one person. It costs no look-up; the command that stores a text takes the key
    /// along ([`Sealer::into_key`]).
    ///
    /// # Errors
    /// When the system gives no random bytes, or there is no master key.
    pub fn sealer(&self) -> Result<Sealer<'_>, VaultError> {
        let (key, new) = self.fresh()?;
        Ok(Sealer { vault: self, key, new })
    }

    /// A fresh key for the division, to be stored and then adopted.
    ///
    /// # Errors
    /// As [`Self::sealer`].
    pub fn new_division_key(&self) -> Result<NewDataKey, VaultError> {
        Ok(self.fresh()?.1)
    }

    fn fresh(&self) -> Result<(TextKey, NewDataKey), VaultError> {
        let key = keys::random().map_err(|_| VaultError::NotSealed)?;
        let mut id = [0_u8; 16];
        getrandom::fill(&mut id).map_err(|_| VaultError::NotSealed)?;
        let id = Id::from_prefix(&id);
        let Wrapped { text, master_kid } = self.masters.wrap(id, &key).ok_or(VaultError::NotSealed)?;
        Ok((TextKey::new(id, key), NewDataKey { id, wrapped: text, master_kid }))
    }

    fn unwrap(&self, key: &DataKey) -> Result<TextKey, VaultError> {
        Ok(TextKey::new(key.id, self.unwrapped(key)?))
    }

    fn unwrapped(&self, key: &DataKey) -> Result<[u8; 32], VaultError> {
        let text = key.wrapped.clone().ok_or(VaultError::Erased)?;
        let wrapped = Wrapped { text, master_kid: key.master_kid.clone() };
        self.masters.unwrap(key.id, &wrapped).ok_or(VaultError::NoMasterKey)
    }

    /// A data key wrapped anew, with the current master key.
    ///
    /// # Errors
    /// When it was destroyed, or its master key is not known.
    pub fn rewrap(&self, key: &DataKey) -> Result<NewDataKey, VaultError> {
        let bytes = self.unwrapped(key)?;
        let Wrapped { text, master_kid } = self.masters.wrap(key.id, &bytes).ok_or(VaultError::NotSealed)?;
        Ok(NewDataKey { id: key.id, wrapped: text, master_kid })
    }

    /// What opens the texts that were sealed with these keys.
    #[must_use]
    pub fn opener(&self, keys: &[DataKey]) -> Opener<'_> {
        Opener { vault: self, keys: keys.iter().map(|key| (key.id, self.unwrap(key))).collect() }
    }

    /// The number of a bank account, of an organisation.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub fn account(&self, canonical: &str) -> Result<Personal, VaultError> {
        self.of_the_division(ACCOUNT, canonical, mask_account(canonical))
    }

    /// A mobile telephone number of an organisation, in its canonical form.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub fn mobile(&self, canonical: &str) -> Result<Personal, VaultError> {
        self.of_the_division(MOBILE, canonical, mask_mobile(canonical))
    }

    /// A person of an organisation to ask, by name, number or both in one line: what is shown of it is the first
    /// character of the name.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub fn contact(&self, line: &str) -> Result<Personal, VaultError> {
        self.of_the_division(TEXT, line, mask_name(line))
    }

    /// The name of somebody who works here or for an organisation. Its digest is that of a person's name, so that staff
    /// among the buyers can be told.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub fn staff_name(&self, name: &str) -> Result<Personal, VaultError> {
        self.of_the_division(NAME, name, mask_name(name))
    }

    fn of_the_division(&self, kind: &str, canonical: &str, masked: String) -> Result<Personal, VaultError> {
        Ok(Personal { lookup: self.lookup(kind, canonical), sealed: self.seal(canonical)?, masked })
    }

    /// A name that is only compared with one that is known, and not kept: there is no ciphertext.
    #[must_use]
    pub fn name_to_compare(&self, name: &str) -> Personal {
        Personal { lookup: self.lookup(NAME, name), sealed: String::new(), masked: mask_name(name) }
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

/// Seals texts about one person with a fresh data key.
pub struct Sealer<'a> {
    vault: &'a Vault,
    key: TextKey,
    new: NewDataKey,
}

impl Sealer<'_> {
    /// An identity number in its canonical form.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn person_id(&self, canonical: &str) -> Result<Personal, VaultError> {
        self.personal(PERSON_ID, canonical, mask_person_id(canonical))
    }

    /// A name.
    ///
    /// # Errors
    /// As [`Self::person_id`].
    pub fn name(&self, name: &str) -> Result<Personal, VaultError> {
        self.personal(NAME, name, mask_name(name))
    }

    /// A mobile telephone number in its canonical form.
    ///
    /// # Errors
    /// As [`Self::person_id`].
    pub fn mobile(&self, canonical: &str) -> Result<Personal, VaultError> {
        self.personal(MOBILE, canonical, mask_mobile(canonical))
    }

    /// A free text, such as an address.
    ///
    /// # Errors
    /// As [`Self::person_id`].
    pub fn text(&self, text: &str) -> Result<Personal, VaultError> {
        self.personal(TEXT, text, mask_text(text))
    }

    /// A file, such as a photo: its bytes as they are kept.
    ///
    /// # Errors
    /// As [`Self::person_id`].
    pub fn file(&self, clear: &[u8]) -> Result<Vec<u8>, VaultError> {
        encrypt_bytes(&self.key.cipher, &bound(self.key.id, FILE), clear)
    }

    fn personal(&self, kind: &str, canonical: &str, masked: String) -> Result<Personal, VaultError> {
        Ok(Personal { lookup: self.vault.lookup(kind, canonical), sealed: self.key.seal(kind, canonical)?, masked })
    }

    /// The key as it is to be stored with what was sealed.
    #[must_use]
    pub fn into_key(self) -> NewDataKey {
        self.new
    }
}

impl fmt::Debug for Sealer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("key", &self.key.id).finish_non_exhaustive()
    }
}

/// Opens texts about persons whose data keys were read; what it gives is in the clear.
pub struct Opener<'a> {
    vault: &'a Vault,
    keys: BTreeMap<Id, Result<TextKey, VaultError>>,
}

impl Opener<'_> {
    /// The clear text of something of this kind.
    ///
    /// # Errors
    /// [`VaultError::Erased`] when it was; else when the text was not sealed so, or its key is not there.
    pub fn open(&self, kind: &str, personal: &Personal) -> Result<String, VaultError> {
        if personal.sealed.is_empty() {
            return Err(VaultError::Erased);
        }
        let Some((id, body)) = parts(&personal.sealed) else { return self.vault.open(&personal.sealed) };
        match self.keys.get(&id) {
            Some(Ok(key)) => key.open(kind, body),
            Some(Err(why)) => Err(*why),
            None => Err(VaultError::UnknownSeal),
        }
    }

    /// The bytes of a file that [`Sealer::file`] sealed with this key.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn file(&self, key: Id, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        match self.keys.get(&key) {
            Some(Ok(key)) => decrypt_bytes(&key.cipher, &bound(key.id, FILE), sealed),
            Some(Err(why)) => Err(*why),
            None => Err(VaultError::UnknownSeal),
        }
    }
}

impl fmt::Debug for Opener<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener").field("keys", &self.keys.len()).finish_non_exhaustive()
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
    use crate::domain::time::Moment;

    const RESIDENT: &str = "360102199003071234";

    fn vault() -> Vault {
        Vault::ephemeral().unwrap()
    }

    fn stored(new: &NewDataKey) -> DataKey {
        new.of(Id::digest(&["person"]), Moment(0))
    }

    #[test]
    fn what_was_sealed_opens_and_never_looks_the_same() {
        let vault = vault();
        for clear in ["", "张三", RESIDENT, "江西省南昌市艾溪湖北路 77 号"] {
            let (one, two) = (vault.seal(clear).unwrap(), vault.seal(clear).unwrap());
            assert_ne!(one, two);
            assert!(one.starts_with("v2.00000000-0000-0000-0000-000000000000."), "{one}");
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
        for text in ["", "k1", "k1.", "k1.AAAA", "k2.AAAA", "v2.", "v2.x.AAAA", RESIDENT] {
            assert_eq!(vault.open(text), Err(VaultError::UnknownSeal), "{text}");
        }
    }

    /// `k1.…`: sealed with a key of the key file, before there were data keys.
    #[test]
    fn a_text_of_before_still_opens() {
        let keys = KeyRing::generate().unwrap();
        let vault = Vault::new(&keys, MasterKeys::generate().unwrap());
        let key = Aes256Gcm::new(&(*keys.personal_keys()[0].bytes()).into());
        let sealed = format!("k1.{}", encrypt(&key, "k1.", "张三").unwrap());
        assert_eq!(vault.open(&sealed).unwrap(), "张三");
        let personal = Personal { lookup: Id::NIL, sealed: sealed.clone(), masked: "张*".into() };
        assert_eq!(vault.opener(&[]).open(NAME, &personal).unwrap(), "张三");
        for changed in crate::jws::forge::each_character_changed(&sealed) {
            assert!(vault.open(&changed).is_err(), "{changed}");
        }
        assert_eq!(self::vault().open(&sealed), Err(VaultError::Changed));
        assert_eq!(vault.seal("张三"), Err(VaultError::NotSealed), "the division's key is not there yet");
    }

    #[test]
    fn a_persons_texts_open_with_their_key_alone_and_never_again_without_it() {
        let vault = vault();
        let sealer = vault.sealer().unwrap();
        let (number, name) = (sealer.person_id(RESIDENT).unwrap(), sealer.name("张三").unwrap());
        let key = stored(&sealer.into_key());
        let opener = vault.opener(std::slice::from_ref(&key));
        assert_eq!(opener.open(PERSON_ID, &number).unwrap(), RESIDENT);
        assert_eq!(opener.open(NAME, &name).unwrap(), "张三");
        assert_eq!(opener.open(TEXT, &name), Err(VaultError::Changed), "a text of another kind");
        assert_eq!(vault.opener(&[]).open(NAME, &name), Err(VaultError::UnknownSeal));
        assert_eq!(vault.open(&name.sealed), Err(VaultError::UnknownSeal));
        let stranger = stored(&vault.sealer().unwrap().into_key());
        let swapped = DataKey { id: key.id, ..stranger };
        assert_eq!(vault.opener(&[swapped]).open(NAME, &name), Err(VaultError::NoMasterKey));
        let destroyed = DataKey { wrapped: None, shredded_at: Some(Moment(1)), ..key };
        assert_eq!(vault.opener(&[destroyed]).open(NAME, &name), Err(VaultError::Erased));
        assert_eq!(vault.opener(&[]).open(NAME, &vault.name_to_compare("张三")), Err(VaultError::Erased));
    }

    #[test]
    fn a_file_opens_with_its_key_alone_and_as_nothing_else() {
        let vault = vault();
        let sealer = vault.sealer().unwrap();
        let kept = sealer.file(&[0, 159, 146, 150]).unwrap();
        assert_ne!(sealer.file(&[0, 159, 146, 150]).unwrap(), kept);
        let key = stored(&sealer.into_key());
        let opener = vault.opener(std::slice::from_ref(&key));
        assert_eq!(opener.file(key.id, &kept).unwrap(), [0, 159, 146, 150]);
        assert_eq!(opener.file(Id::NIL, &kept), Err(VaultError::UnknownSeal));
        assert_eq!(opener.file(key.id, &kept[..NONCE_BYTES - 1]), Err(VaultError::UnknownSeal));
        for at in 0..kept.len() {
            let mut changed = kept.clone();
            changed[at] ^= 1;
            assert_eq!(opener.file(key.id, &changed), Err(VaultError::Changed), "{at}");
        }
        let as_text = format!("{WITH_DATA_KEY}{}.{}", key.id, URL_SAFE_NO_PAD.encode(&kept));
        let personal = Personal { lookup: Id::NIL, sealed: as_text, masked: String::new() };
        assert_eq!(opener.open(TEXT, &personal), Err(VaultError::Changed), "a file is no text");
        let destroyed = DataKey { wrapped: None, shredded_at: Some(Moment(1)), ..key.clone() };
        assert_eq!(vault.opener(&[destroyed]).file(key.id, &kept), Err(VaultError::Erased));
    }

    #[test]
    fn a_key_that_is_wrapped_anew_opens_what_it_sealed() {
        let vault = vault();
        let sealer = vault.sealer().unwrap();
        let name = sealer.name("张三").unwrap();
        let key = stored(&sealer.into_key());
        let again = vault.rewrap(&key).unwrap();
        assert_ne!(Some(&again.wrapped), key.wrapped.as_ref());
        assert_eq!(vault.opener(&[stored(&again)]).open(NAME, &name).unwrap(), "张三");
        let destroyed = DataKey { wrapped: None, ..key };
        assert_eq!(vault.rewrap(&destroyed), Err(VaultError::Erased));
    }

    #[test]
    fn the_divisions_key_serves_once_it_is_adopted() {
        let (keys, masters) = (KeyRing::generate().unwrap(), MasterKeys::generate().unwrap());
        let vault = Vault::new(&keys, masters);
        let key = vault.new_division_key().unwrap().of(Id::NIL, Moment(0));
        vault.adopt(std::slice::from_ref(&key)).unwrap();
        let account = vault.account("6222020200112233445").unwrap();
        assert_eq!(vault.open(&account.sealed).unwrap(), "6222020200112233445");
        assert_eq!(self::vault().adopt(&[key]), Err(VaultError::NoMasterKey));
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
        let (one, two) = (vault.sealer().unwrap(), vault.sealer().unwrap());
        assert_eq!(vault.lookup(NAME, "张三"), vault.lookup(NAME, "张三"));
        assert_ne!(vault.lookup(NAME, "张三"), vault.lookup(TEXT, "张三"));
        assert_ne!(vault.lookup("a", "bc"), vault.lookup("ab", "c"));
        assert_eq!(one.person_id(RESIDENT).unwrap(), two.person_id(RESIDENT).unwrap());
        assert_eq!(one.person_id(RESIDENT).unwrap().lookup, vault.lookup(PERSON_ID, RESIDENT));
        assert_ne!(one.name("张三").unwrap(), one.name("张四").unwrap());
        assert_eq!(one.name("张三").unwrap(), vault.name_to_compare("张三"));
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
        let sealer = vault.sealer().unwrap();
        let all = [
            (sealer.person_id(RESIDENT).unwrap(), "360102********1234"),
            (sealer.name("张三").unwrap(), "张*"),
            (sealer.mobile("13812341234").unwrap(), "138****1234"),
            (vault.account("6222020200112233445").unwrap(), "****3445"),
            (sealer.text("南昌市艾溪湖").unwrap(), "南昌市***"),
        ];
        for (personal, mask) in all {
            assert_eq!(format!("{personal}"), mask);
            assert_eq!(format!("{personal:?} {vault:?}"), format!("Personal({mask:?}) Vault {{ .. }}"));
            let stored = serde_json::to_string(&personal).unwrap();
            assert_eq!(serde_json::from_str::<Personal>(&stored).unwrap(), personal);
        }
    }
}
