//! All secrets of the service, in one file that the first start makes. Nothing else knows a secret's bytes for
//! longer than it needs them, and none is ever shown: not in `Debug`, not in an error.
//!
//! Keys that sign take turns: the next one is published before it is used, and one that signs no more is kept as
//! long as what it signed may hold ([`rotation`]). A service that runs takes what the file says anew ([`watch`]).

pub mod rotation;
pub mod watch;

use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::domain::time::Moment;
use crate::private_file;
use rotation::{KeyKind, KeyState};

/// The form of the file that is written. The first form, in which keys had no states, is still read.
const VERSION: u32 = 2;
/// The form without states: of a list, the first key made what was new.
const FIRST_VERSION: u32 = 1;
/// A key file is about two kilobytes; whatever is larger is something else.
const LARGEST_FILE: u64 = 64 * 1024;
/// What stands before the 32 bytes of an Ed25519 seed in PKCS #8 (RFC 8410, 7).
const PKCS8_HEAD: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// Why there are no keys. The texts name the file and the place in it, never its content.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file could not be read or written.
    #[error("the key file {path} could not be {done}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What was tried.
        done: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// People other than the owner may read the file, or the group may write it.
    #[error("the key file {path} has mode {mode:03o}: others may read or change it; set it to 600")]
    TooOpen {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is not JSON of the expected form.
    #[error("the key file {path} is not a key file (line {line}, column {column})")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Where reading stopped.
        line: usize,
        /// Where in that line.
        column: usize,
    },
    /// The file has the form but cannot be used.
    #[error("the keys cannot be used: {0}")]
    Unusable(&'static str),
    /// The system gave no random bytes.
    #[error("the system gave no random bytes")]
    NoRandomness,
}

/// The public half of an Ed25519 key (RFC 8032), named by its RFC 7638 thumbprint. Of a key that signs no more,
/// this is all that is kept.
#[derive(Clone)]
pub(crate) struct PublicKey {
    bytes: [u8; 32],
    kid: String,
    verifier: DecodingKey,
}

impl PublicKey {
    fn from_bytes(bytes: [u8; 32]) -> Result<Self, KeyError> {
        let unusable = || KeyError::Unusable("a public key is no point of the curve that could sign");
        let point = ed25519_dalek::VerifyingKey::from_bytes(&bytes).map_err(|_| unusable())?;
        if point.is_weak() {
            return Err(unusable());
        }
        let verifier = DecodingKey::from_ed_components(&URL_SAFE_NO_PAD.encode(bytes)).map_err(|_| unusable())?;
        Ok(Self { bytes, kid: thumbprint(&bytes), verifier })
    }

    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    pub(crate) fn verifier(&self) -> &DecodingKey {
        &self.verifier
    }

    /// As a JWK (RFC 8037, 2).
    fn jwk(&self) -> Value {
        json!({
            "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(self.bytes),
            "kid": self.kid, "use": "sig", "alg": "EdDSA",
        })
    }

    /// As a JWK that says, beside what the standard has, which tokens the key signs and how it stands: whoever checks
    /// vouchers takes the keys of that kind alone.
    fn jwk_of(&self, kind: KeyKind, state: KeyState) -> Value {
        let mut jwk = self.jwk();
        jwk["kind"] = json!(kind);
        jwk["state"] = json!(state);
        jwk
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// An Ed25519 key pair.
#[derive(Clone)]
pub(crate) struct SigningPair {
    seed: [u8; 32],
    public: PublicKey,
    signer: EncodingKey,
}

impl SigningPair {
    fn from_seed(seed: [u8; 32]) -> Result<Self, KeyError> {
        let public = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key().to_bytes();
        let signer = EncodingKey::from_ed_der(&[PKCS8_HEAD.as_slice(), seed.as_slice()].concat());
        Ok(Self { seed, public: PublicKey::from_bytes(public)?, signer })
    }

    /// A fresh one.
    pub(crate) fn generate() -> Result<Self, KeyError> {
        Self::from_seed(random()?)
    }

    pub(crate) fn kid(&self) -> &str {
        &self.public.kid
    }

    pub(crate) fn signer(&self) -> &EncodingKey {
        &self.signer
    }

    #[cfg(test)]
    pub(crate) fn verifier(&self) -> &DecodingKey {
        &self.public.verifier
    }

    #[cfg(test)]
    pub(crate) fn public(&self) -> &[u8; 32] {
        &self.public.bytes
    }

    /// The public half as a JWK set of its own.
    pub(crate) fn jwks(&self) -> Value {
        json!({ "keys": [self.public.jwk()] })
    }

    /// A pair that stands alone in a file, which is made with mode 0600 when it is absent.
    pub(crate) fn load_or_create(path: &Path) -> Result<Self, KeyError> {
        if !path.exists() {
            let pair = StoredPair { turn: None, ..StoredPair::of(&Self::generate()?, Turn::NEW) };
            let text = serde_json::to_vec_pretty(&pair).map_err(|why| failed(path, "made")(why.into()))?;
            private_file::create(path, &text).map_err(failed(path, "made"))?;
        }
        let file = File::open(path).map_err(failed(path, "opened"))?;
        read_private::<StoredPair>(path, &file)?.pair()
    }
}

impl fmt::Debug for SigningPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningPair").field("kid", &self.public.kid).finish_non_exhaustive()
    }
}

/// The Ed25519 keys of one use.
#[derive(Clone, Debug)]
pub(crate) struct SigningKeys {
    /// The current one, which makes what is new, and then the next one, where there is one.
    pairs: Vec<SigningPair>,
    /// Those that sign no more, and whose signatures may still be about.
    retired: Vec<PublicKey>,
}

impl SigningKeys {
    fn generate() -> Result<Self, KeyError> {
        Ok(Self { pairs: vec![SigningPair::generate()?, SigningPair::generate()?], retired: Vec::new() })
    }

    /// Every key that may have signed, the next one too: another replica may use it already.
    pub(crate) fn verifiers(&self) -> impl Iterator<Item = &PublicKey> {
        self.pairs.iter().map(|pair| &pair.public).chain(&self.retired)
    }

    fn jwks(&self, kind: KeyKind) -> impl Iterator<Item = Value> + '_ {
        let pairs = self.pairs.iter().map(|pair| &pair.public).zip([KeyState::Current, KeyState::Next]);
        let retired = self.retired.iter().map(|key| (key, KeyState::Retired));
        pairs.chain(retired).map(move |(key, state)| key.jwk_of(kind, state))
    }
}

/// The RFC 7638 thumbprint (SHA-256) of an Ed25519 public key.
fn thumbprint(public: &[u8; 32]) -> String {
    // Members in lexicographic order, without white space, as section 3 of the RFC has it.
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, URL_SAFE_NO_PAD.encode(public));
    URL_SAFE_NO_PAD.encode(Sha256::digest(canonical))
}

/// A symmetric key of 256 bits with its name.
#[derive(Clone)]
pub(crate) struct SecretKey {
    kid: String,
    bytes: [u8; 32],
}

impl SecretKey {
    fn random(kid: &str) -> Result<Self, KeyError> {
        Ok(Self { kid: kid.to_owned(), bytes: random()? })
    }

    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// A key for another use that follows from this one and takes turns with it: neither tells the other.
    pub(crate) fn derived(&self, purpose: &str) -> Self {
        Self { kid: self.kid.clone(), bytes: self.mac().chain_update(purpose).finalize().into_bytes().into() }
    }

    /// HMAC-SHA256 (RFC 2104) with this key, ready to be fed.
    pub(crate) fn mac(&self) -> Hmac<Sha256> {
        mac(&self.bytes)
    }
}

/// HMAC-SHA256 (RFC 2104) with a key of at most a block, ready to be fed.
pub(crate) fn mac<const BYTES: usize>(key: &[u8; BYTES]) -> Hmac<Sha256> {
    const { assert!(BYTES <= 64, "a longer key is hashed first") };
    // HMAC itself fills a short key with zeros up to the block of 64 bytes; done here, nothing can fail.
    let mut block = [0_u8; 64];
    block[..BYTES].copy_from_slice(key);
    Hmac::new(&block.into())
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// All secrets of the service. Of a list, the first key makes what is new and all of them read what exists, so
/// that a key can be replaced; the look-up key alone cannot be, because digests made with it are stored.
#[derive(Clone, Debug)]
pub struct KeyRing {
    access_keys: SigningKeys,
    voucher_keys: SigningKeys,
    /// None in a file of before there were checkpoints, until [`rotation::complete`] makes some.
    checkpoint_keys: SigningKeys,
    scan_keys: Vec<SecretKey>,
    holder_keys: Vec<SecretKey>,
    personal_keys: Vec<SecretKey>,
    lookup_key: SecretKey,
}

impl KeyRing {
    /// Fresh keys, kept nowhere.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn generate() -> Result<Self, KeyError> {
        Ok(Self {
            access_keys: SigningKeys::generate()?,
            voucher_keys: SigningKeys::generate()?,
            checkpoint_keys: SigningKeys::generate()?,
            scan_keys: vec![SecretKey::random("s1")?, SecretKey::random("s2")?],
            holder_keys: vec![SecretKey::random("h1")?, SecretKey::random("h2")?],
            personal_keys: vec![SecretKey::random("k1")?],
            lookup_key: SecretKey::random("l1")?,
        })
    }

    /// Reads the key file; where there is none, makes one with mode 0600 in a directory that exists. Of several
    /// processes that start at once one makes the file, and all of them get its keys. `now` is when the keys of a new
    /// file begin; here and everywhere else in this module it is the machine's time, whatever a demonstration's clock
    /// shows.
    ///
    /// # Errors
    /// When the file cannot be read, is open to others, is not a key file, or cannot be made.
    pub fn load_or_create(path: &Path, now: Moment) -> Result<Self, KeyError> {
        if let Some(ring) = Self::load(path)? {
            return Ok(ring);
        }
        let text = Stored::of(&Self::generate()?, now).text();
        text.and_then(|text| private_file::create(path, &text)).map_err(failed(path, "made"))?;
        Self::load(path)?.ok_or_else(|| failed(path, "read")(ErrorKind::NotFound.into()))
    }

    /// Reads a key file that is there.
    ///
    /// # Errors
    /// When it cannot be read, is open to others, or is not a key file.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        Self::load(path)?.ok_or_else(|| failed(path, "read")(ErrorKind::NotFound.into()))
    }

    /// The public halves of the keys that sign for others to check as a JWK set (RFC 7517, RFC 8037), for everyone.
    #[must_use]
    pub fn jwks(&self) -> Value {
        let access = self.access_keys.jwks(KeyKind::Access);
        let others = access.chain(self.checkpoint_keys.jwks(KeyKind::Checkpoint));
        json!({ "keys": self.voucher_keys.jwks(KeyKind::Voucher).chain(others).collect::<Vec<_>>() })
    }

    /// Whether the keys that no rotation changes are those of another ring: people are found by them.
    #[must_use]
    pub fn finds_the_same_people_as(&self, other: &Self) -> bool {
        self.lookup_key.bytes == other.lookup_key.bytes
    }

    /// Those that sign access tokens: the current one, then the next one.
    pub(crate) fn access_keys(&self) -> &[SigningPair] {
        &self.access_keys.pairs
    }

    /// Those that may have signed access tokens.
    pub(crate) fn access_verifiers(&self) -> impl Iterator<Item = &PublicKey> {
        self.access_keys.verifiers()
    }

    /// Those that sign vouchers' codes: the current one, then the next one.
    pub(crate) fn voucher_keys(&self) -> &[SigningPair] {
        &self.voucher_keys.pairs
    }

    /// Those that may have signed vouchers' codes.
    pub(crate) fn voucher_verifiers(&self) -> impl Iterator<Item = &PublicKey> {
        self.voucher_keys.verifiers()
    }

    /// Whether there is a key that signs checkpoints.
    #[must_use]
    pub fn signs_checkpoints(&self) -> bool {
        !self.checkpoint_keys.pairs.is_empty()
    }

    /// Those that sign checkpoints: the current one, then the next one.
    pub(crate) fn checkpoint_keys(&self) -> &[SigningPair] {
        &self.checkpoint_keys.pairs
    }

    pub(crate) fn scan_keys(&self) -> &[SecretKey] {
        &self.scan_keys
    }

    pub(crate) fn holder_keys(&self) -> &[SecretKey] {
        &self.holder_keys
    }

    pub(crate) fn personal_keys(&self) -> &[SecretKey] {
        &self.personal_keys
    }

    pub(crate) fn lookup_key(&self) -> &SecretKey {
        &self.lookup_key
    }

    /// `None` when there is no such file.
    fn load(path: &Path) -> Result<Option<Self>, KeyError> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(path, "opened")(error)),
        };
        read_private::<Stored>(path, &file)?.ring().map(Some)
    }
}

/// Reads an open file of secrets, if nobody else may.
fn read_private<T: DeserializeOwned>(path: &Path, file: &File) -> Result<T, KeyError> {
    if let Some(mode) = private_file::too_open(&file.metadata().map_err(failed(path, "read"))?) {
        return Err(KeyError::TooOpen { path: path.to_owned(), mode });
    }
    let mut text = Vec::new();
    file.take(LARGEST_FILE).read_to_end(&mut text).map_err(failed(path, "read"))?;
    // The parser's own words may quote a value, so only the place is told.
    serde_json::from_slice(&text).map_err(|error| KeyError::Malformed {
        path: path.to_owned(),
        line: error.line(),
        column: error.column(),
    })
}

fn failed(path: &Path, done: &'static str) -> impl FnOnce(io::Error) -> KeyError {
    let path = path.to_owned();
    move |source| KeyError::File { path, done, source }
}

/// Thirty-two random bytes.
pub(crate) fn random() -> Result<[u8; 32], KeyError> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|_| KeyError::NoRandomness)?;
    Ok(bytes)
}

/// The file: private JWKs (RFC 7517, RFC 8037), by use. It has no `Debug`, on purpose.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u32,
    access_keys: Vec<StoredPair>,
    voucher_keys: Vec<StoredPair>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    checkpoint_keys: Vec<StoredPair>,
    scan_keys: Vec<StoredSecret>,
    holder_keys: Vec<StoredSecret>,
    personal_keys: Vec<StoredSecret>,
    lookup_key: StoredSecret,
}

/// How a key that takes turns stands, and since when.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Turn {
    state: KeyState,
    since: Moment,
}

impl Turn {
    /// Of a key that gets its turn later.
    const NEW: Self = Self { state: KeyState::Next, since: Moment(0) };
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredPair {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    turn: Option<Turn>,
    kty: String,
    crv: String,
    kid: String,
    x: String,
    /// The secret half, which a retired key has no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredSecret {
    /// Only keys that take turns have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    turn: Option<Turn>,
    kty: String,
    kid: String,
    k: String,
}

impl Stored {
    fn of(ring: &KeyRing, now: Moment) -> Self {
        let turn = |at: usize| Turn { state: if at == 0 { KeyState::Current } else { KeyState::Next }, since: now };
        let pairs = |keys: &SigningKeys| {
            keys.pairs.iter().enumerate().map(|(at, pair)| StoredPair::of(pair, turn(at))).collect()
        };
        let secrets = |keys: &[SecretKey]| {
            let keys = keys.iter().enumerate();
            keys.map(|(at, key)| StoredSecret { turn: Some(turn(at)), ..StoredSecret::of(key) }).collect()
        };
        Self {
            version: VERSION,
            access_keys: pairs(&ring.access_keys),
            voucher_keys: pairs(&ring.voucher_keys),
            checkpoint_keys: pairs(&ring.checkpoint_keys),
            scan_keys: secrets(&ring.scan_keys),
            holder_keys: secrets(&ring.holder_keys),
            personal_keys: ring.personal_keys.iter().map(StoredSecret::of).collect(),
            lookup_key: StoredSecret::of(&ring.lookup_key),
        }
    }

    fn text(&self) -> io::Result<Vec<u8>> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(text)
    }

    fn ring(&self) -> Result<KeyRing, KeyError> {
        if self.version != VERSION && self.version != FIRST_VERSION {
            return Err(KeyError::Unusable("the file is of another version"));
        }
        let ring = KeyRing {
            access_keys: self.signing_keys(&self.access_keys)?,
            voucher_keys: self.signing_keys(&self.voucher_keys)?,
            checkpoint_keys: match self.checkpoint_keys.as_slice() {
                [] => SigningKeys { pairs: Vec::new(), retired: Vec::new() },
                some => self.signing_keys(some)?,
            },
            scan_keys: self.taking_turns(&self.scan_keys)?,
            holder_keys: self.taking_turns(&self.holder_keys)?,
            personal_keys: secrets(&self.personal_keys)?,
            lookup_key: self.lookup_key.key()?,
        };
        // One use, one key: a voucher key that also signs log-ins would make one kind of token the other.
        let signing = [&ring.access_keys, &ring.voucher_keys, &ring.checkpoint_keys];
        let public = signing.iter().flat_map(|keys| keys.verifiers()).map(|key| key.bytes);
        distinct(public.collect(), "one key has two uses")?;
        let seeds = signing.iter().flat_map(|keys| &keys.pairs).map(|pair| pair.seed);
        let symmetric = [&ring.scan_keys, &ring.holder_keys, &ring.personal_keys].into_iter().flatten();
        let symmetric = symmetric.chain([&ring.lookup_key]).map(|key| key.bytes);
        distinct(seeds.chain(symmetric).collect(), "one key has two uses")?;
        Ok(ring)
    }

    fn signing_keys(&self, stored: &[StoredPair]) -> Result<SigningKeys, KeyError> {
        let turns = in_turn(self.version, stored.iter().map(|key| (key, key.turn)).collect())?;
        let mut keys = SigningKeys { pairs: Vec::new(), retired: Vec::new() };
        for (key, state) in turns {
            match state {
                KeyState::Current | KeyState::Next => keys.pairs.push(key.pair()?),
                KeyState::Retired => keys.retired.push(key.public()?),
            }
        }
        Ok(keys)
    }

    fn taking_turns(&self, stored: &[StoredSecret]) -> Result<Vec<SecretKey>, KeyError> {
        distinct(stored.iter().map(|key| key.kid.as_str()).collect(), "two keys of a list have one name")?;
        let turns = in_turn(self.version, stored.iter().map(|key| (key, key.turn)).collect())?;
        turns.into_iter().map(|(key, _)| key.key()).collect()
    }
}

/// The keys of a list with their states: the current one, the next one, those that are retired.
fn in_turn<T>(version: u32, list: Vec<(T, Option<Turn>)>) -> Result<Vec<(T, KeyState)>, KeyError> {
    let first_form = |at: usize| if at == 0 { KeyState::Current } else { KeyState::Retired };
    let stated = list.into_iter().enumerate().map(|(at, (key, turn))| match (version, turn) {
        (FIRST_VERSION, None) => Ok((key, first_form(at))),
        (VERSION, Some(turn)) => Ok((key, turn.state)),
        _ => Err(KeyError::Unusable("a key has no state, or one that this form of the file does not have")),
    });
    let mut keys = stated.collect::<Result<Vec<_>, _>>()?;
    keys.sort_by_key(|(_, state)| *state);
    let count = |state: KeyState| keys.iter().filter(|(_, has)| *has == state).count();
    if count(KeyState::Current) != 1 || count(KeyState::Next) > 1 {
        return Err(KeyError::Unusable("a list of keys has not one current key and at most one next key"));
    }
    Ok(keys)
}

fn secrets(stored: &[StoredSecret]) -> Result<Vec<SecretKey>, KeyError> {
    if stored.is_empty() {
        return Err(KeyError::Unusable("a list of keys is empty"));
    }
    distinct(stored.iter().map(|key| key.kid.as_str()).collect(), "two keys of a list have one name")?;
    stored.iter().map(StoredSecret::key).collect()
}

fn distinct<T: Ord>(mut all: Vec<T>, otherwise: &'static str) -> Result<(), KeyError> {
    all.sort_unstable();
    if all.windows(2).any(|pair| pair[0] == pair[1]) { Err(KeyError::Unusable(otherwise)) } else { Ok(()) }
}

fn bytes(text: &str) -> Result<[u8; 32], KeyError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError::Unusable("a key is not base64url"))?;
    bytes.try_into().map_err(|_| KeyError::Unusable("a key has not 32 bytes"))
}

impl StoredPair {
    fn of(pair: &SigningPair, turn: Turn) -> Self {
        Self {
            turn: Some(turn),
            kty: "OKP".into(),
            crv: "Ed25519".into(),
            kid: pair.public.kid.clone(),
            x: URL_SAFE_NO_PAD.encode(pair.public.bytes),
            d: Some(URL_SAFE_NO_PAD.encode(pair.seed)),
        }
    }

    fn public(&self) -> Result<PublicKey, KeyError> {
        if self.kty != "OKP" || self.crv != "Ed25519" {
            return Err(KeyError::Unusable("a signing key is not for Ed25519"));
        }
        let key = PublicKey::from_bytes(bytes(&self.x)?)?;
        if self.kid == key.kid { Ok(key) } else { Err(KeyError::Unusable("a signing key's kid is another key's")) }
    }

    fn pair(&self) -> Result<SigningPair, KeyError> {
        let public = self.public()?;
        let secret = self.d.as_deref().ok_or(KeyError::Unusable("a key that signs has no secret half"))?;
        let pair = SigningPair::from_seed(bytes(secret)?)?;
        if public.bytes != pair.public.bytes {
            return Err(KeyError::Unusable("a signing key's public half belongs to another key"));
        }
        Ok(pair)
    }
}

impl StoredSecret {
    fn of(key: &SecretKey) -> Self {
        Self { turn: None, kty: "oct".into(), kid: key.kid.clone(), k: URL_SAFE_NO_PAD.encode(key.bytes) }
    }

    fn key(&self) -> Result<SecretKey, KeyError> {
        if self.kty != "oct" {
            return Err(KeyError::Unusable("a symmetric key has another type"));
        }
        // The name stands before a full stop in what is sealed with the key.
        if self.kid.is_empty() || !self.kid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(KeyError::Unusable("a symmetric key's kid is not letters and digits"));
        }
        Ok(SecretKey { kid: self.kid.clone(), bytes: bytes(&self.k)? })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use hmac::Mac as _;
    use jsonwebtoken::Algorithm;
    use jsonwebtoken::crypto::{sign, verify};
    use tempfile::tempdir;

    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    const NOW: Moment = Moment(1_780_000_000_000_000);

    fn vector() -> Value {
        let all: Value = serde_json::from_str(include_str!("../tests/data/crypto_vectors.json")).unwrap();
        all["jws_rfc8037"].clone()
    }

    fn stored(ring: &KeyRing) -> Value {
        serde_json::to_value(Stored::of(ring, NOW)).unwrap()
    }

    /// Every secret text of a file.
    fn secret_texts(stored: &Value) -> Vec<String> {
        match stored {
            Value::Object(members) => members
                .iter()
                .flat_map(|(name, value)| match value.as_str() {
                    Some(text) if name == "d" || name == "k" => vec![text.to_owned()],
                    _ => secret_texts(value),
                })
                .collect(),
            Value::Array(items) => items.iter().flat_map(secret_texts).collect(),
            _ => Vec::new(),
        }
    }

    fn write(path: &Path, text: &str) {
        assert!(private_file::create(path, text.as_bytes()).unwrap());
    }

    #[test]
    fn the_key_of_rfc_8037_has_its_public_key_thumbprint_and_signature() {
        let vector = vector();
        let pair = SigningPair::from_seed(bytes(vector["d"].as_str().unwrap()).unwrap()).unwrap();
        assert_eq!(pair.public.jwk()["x"], vector["x"]);
        assert_eq!(pair.kid(), vector["jwk_thumbprint_sha256"].as_str().unwrap());
        let (message, signature) = vector["jws"].as_str().unwrap().rsplit_once('.').unwrap();
        assert!(verify(signature, message.as_bytes(), pair.verifier(), Algorithm::EdDSA).unwrap());
        assert_eq!(sign(message.as_bytes(), pair.signer(), Algorithm::EdDSA).unwrap(), signature);
        assert!(!verify(signature, b"another message", pair.verifier(), Algorithm::EdDSA).unwrap());
    }

    #[test]
    fn a_padded_key_makes_the_same_hmac() {
        let key = SecretKey::random("k1").unwrap();
        let plain = Hmac::<Sha256>::new_from_slice(key.bytes()).unwrap();
        assert_eq!(
            key.mac().chain_update(b"text").finalize().into_bytes(),
            plain.chain_update(b"text").finalize().into_bytes()
        );
    }

    #[test]
    fn a_file_is_made_once_for_its_owner_alone_and_read_again() {
        let directory = tempdir().unwrap();
        let path = directory.path().join("keys.json");
        let made = KeyRing::load_or_create(&path, NOW).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(stored(&made), stored(&KeyRing::load_or_create(&path, NOW).unwrap()));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left beside the file");
        assert_ne!(stored(&made), stored(&KeyRing::generate().unwrap()));
    }

    #[test]
    fn those_who_start_at_once_get_the_same_keys() {
        let directory = tempdir().unwrap();
        let path = directory.path().join("keys.json");
        let (path, barrier) = (&path, &Barrier::new(4));
        let rings: Vec<_> = thread::scope(|scope| {
            let start = || {
                barrier.wait();
                stored(&KeyRing::load_or_create(path, NOW).unwrap())
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(rings.windows(2).all(|pair| pair[0] == pair[1]));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let directory = tempdir().unwrap();
        let path = directory.path().join("keys.json");
        KeyRing::load_or_create(&path, NOW).unwrap();
        for (mode, taken) in [(0o604, false), (0o644, false), (0o660, false), (0o640, true), (0o400, true)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(KeyRing::load_or_create(&path, NOW).is_ok(), taken, "{mode:o}");
        }
    }

    #[test]
    fn a_directory_that_is_not_there_is_an_error() {
        let directory = tempdir().unwrap();
        let error = KeyRing::load_or_create(&directory.path().join("absent/keys.json"), NOW).unwrap_err();
        assert!(matches!(error, KeyError::File { done: "made", .. }));
    }

    #[test]
    fn a_damaged_file_is_refused_and_never_replaced_nor_quoted() {
        let good = stored(&KeyRing::generate().unwrap());
        let secret = good["access_keys"][0]["d"].as_str().unwrap().to_owned();
        let mut cases = vec![Value::String(secret.clone()), json!({ "version": secret })];
        let mut change = |pointer: &str, to: Value| {
            let mut changed = good.clone();
            *changed.pointer_mut(pointer).unwrap() = to;
            cases.push(changed);
        };
        change("/version", json!(1));
        change("/version", json!(3));
        change("/voucher_keys", json!([]));
        change("/voucher_keys", good["access_keys"].clone());
        change("/scan_keys", json!([]));
        change("/scan_keys/0/k", good["lookup_key"]["k"].clone());
        change("/scan_keys/0/k", json!("c2hvcnQ"));
        change("/personal_keys/0/kid", json!("k.1"));
        change("/personal_keys/0/kty", json!("OKP"));
        change("/access_keys/0/x", good["voucher_keys"][0]["x"].clone());
        change("/access_keys/0/kid", json!("another"));
        change("/access_keys/0/crv", json!("X25519"));
        change("/access_keys/0/d", Value::Null);
        change("/access_keys/0/turn", Value::Null);
        change("/access_keys/0/turn/state", json!("next"));
        change("/access_keys/1/turn/state", json!("current"));
        change("/access_keys/1/turn/state", json!("former"));
        change("/scan_keys/0/turn/state", json!("retired"));
        for case in cases {
            let directory = tempdir().unwrap();
            let path = directory.path().join("keys.json");
            write(&path, &case.to_string());
            let error = KeyRing::load_or_create(&path, NOW).unwrap_err();
            assert!(!format!("{error} {error:?}").contains(&secret));
            assert_eq!(fs::read_to_string(&path).unwrap(), case.to_string());
        }
    }

    #[test]
    fn nothing_shown_or_published_holds_a_secret() {
        let ring = KeyRing::generate().unwrap();
        let secrets = secret_texts(&stored(&ring));
        assert_eq!(secrets.len(), 12);
        let shown = format!("{ring:?} {ring:#?} {}", ring.jwks());
        assert!(secrets.iter().all(|secret| !shown.contains(secret)));
        assert!(!shown.contains(&format!("{:?}", ring.lookup_key.bytes)));
    }

    #[test]
    fn the_published_set_has_the_keys_that_others_check_in_public_form() {
        let ring = KeyRing::generate().unwrap();
        let jwks = ring.jwks();
        let keys = jwks["keys"].as_array().unwrap();
        let told: Vec<_> = keys.iter().map(|key| [&key["kid"], &key["kind"], &key["state"]]).collect();
        let (vouchers, access) = (ring.voucher_keys(), ring.access_keys());
        let checkpoints = &ring.checkpoint_keys.pairs;
        let expected = [
            [vouchers[0].kid(), "voucher", "current"],
            [vouchers[1].kid(), "voucher", "next"],
            [access[0].kid(), "access", "current"],
            [access[1].kid(), "access", "next"],
            [checkpoints[0].kid(), "checkpoint", "current"],
            [checkpoints[1].kid(), "checkpoint", "next"],
        ];
        assert_eq!(told, expected);
        for key in keys {
            assert_eq!(key.as_object().unwrap().len(), 8);
            assert_eq!((&key["kty"], &key["crv"]), (&json!("OKP"), &json!("Ed25519")));
            assert_eq!((&key["use"], &key["alg"]), (&json!("sig"), &json!("EdDSA")));
        }
    }
}
