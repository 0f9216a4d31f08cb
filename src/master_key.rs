//! The master keys: they encrypt ("wrap") the data keys that lie in the database, and nothing else. They come from a
//! file, from the environment or from a command, so that they need not lie where the database lies.
//!
//! A source gives one key a line: the first wraps what is new, all of them open what is there. A master key is changed
//! by putting a new one first; the old one stays until no data key is wrapped with it (`huanxin keys rotate-master`).

use std::fmt;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::sync::{PoisonError, RwLock};

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use crate::domain::id::Id;
use crate::keys::{self, KeyError};
use crate::private_file;

/// Keys are a line each; whatever is larger is something else.
const LARGEST_SOURCE: u64 = 64 * 1024;
/// The nonce of AES-GCM: 96 bits (NIST SP 800-38D, 8.2.2).
const NONCE_BYTES: usize = 12;

/// Where master keys come from: `file:PATH`, `env:NAME` or `command:PROGRAM ARGUMENT…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file that its owner alone may read. It is read again when it changes.
    File(PathBuf),
    /// An environment variable. It is read at the start and not again.
    Environment(String),
    /// A program and its arguments, which stand between spaces; what it prints. It is run at the start, and again when a
    /// data key names a master key that is not known.
    Command(String),
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            Some(("env", name)) if !name.is_empty() => Ok(Self::Environment(name.to_owned())),
            Some(("command", line)) if !line.trim().is_empty() => Ok(Self::Command(line.to_owned())),
            _ => Err("expected file:PATH, env:NAME or command:PROGRAM".to_owned()),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Environment(name) => write!(f, "env:{name}"),
            Self::Command(line) => write!(f, "command:{}", line.split_whitespace().next().unwrap_or_default()),
        }
    }
}

/// Why there is no master key. The texts name the source, never what it gave.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The source could not be read.
    #[error("the master key could not be had from {0}: {1}")]
    Source(Source, io::Error),
    /// People other than the owner may read the file, or the group may write it.
    #[error("the file of the master key {0} has mode {1:03o}: others may read or change it; set it to 600")]
    TooOpen(PathBuf, u32),
    /// What the source gave is no list of keys.
    #[error("{0} does not give a master key of 32 bytes a line, in base64 or hexadecimal")]
    Malformed(Source),
    /// The system gave no random bytes.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

/// A master key, named by the digest of itself.
#[derive(Clone)]
struct MasterKey {
    kid: String,
    bytes: [u8; 32],
    cipher: Aes256Gcm,
}

impl MasterKey {
    fn new(bytes: [u8; 32]) -> Self {
        let named = Sha256::new().chain_update(b"huanxin master key").chain_update(bytes).finalize();
        Self { kid: hex::encode(&named[..8]), bytes, cipher: Aes256Gcm::new(&bytes.into()) }
    }

    /// What is bound to a wrapped key: whose it is and under which name, so that two cannot change places.
    fn bound(&self, id: Id) -> String {
        format!("huanxin data key {id} under {}", self.kid)
    }

    fn wrap(&self, id: Id, key: &[u8; 32]) -> Option<String> {
        let mut nonce = [0_u8; NONCE_BYTES];
        getrandom::fill(&mut nonce).ok()?;
        let bound = self.bound(id);
        let payload = Payload { msg: key.as_slice(), aad: bound.as_bytes() };
        let ciphertext = self.cipher.encrypt(&Nonce::from(nonce), payload).ok()?;
        Some(URL_SAFE_NO_PAD.encode([nonce.as_slice(), &ciphertext].concat()))
    }

    fn unwrap(&self, id: Id, wrapped: &str) -> Option<[u8; 32]> {
        let bytes = URL_SAFE_NO_PAD.decode(wrapped).ok()?;
        let (nonce, ciphertext) = bytes.split_first_chunk::<NONCE_BYTES>()?;
        let bound = self.bound(id);
        let payload = Payload { msg: ciphertext, aad: bound.as_bytes() };
        self.cipher.decrypt(&Nonce::from(*nonce), payload).ok()?.try_into().ok()
    }
}

/// A data key as it is stored: encrypted by a master key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapped {
    /// The encrypted key, base64url of nonce, ciphertext and tag.
    pub text: String,
    /// The master key's name.
    pub master_kid: String,
}

/// The master keys that are known, the current one first.
pub struct MasterKeys {
    source: Option<Source>,
    known: RwLock<Known>,
}

#[derive(Clone)]
struct Known {
    keys: Vec<MasterKey>,
    /// How the file looked when it was read.
    seen: Option<Seen>,
}

/// Inode, size and time of change of a file: one that is put in the place of another differs.
type Seen = (u64, u64, i64, i64);

impl MasterKeys {
    /// A fresh key that is kept nowhere.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn generate() -> Result<Self, KeyError> {
        let known = Known { keys: vec![MasterKey::new(keys::random()?)], seen: None };
        Ok(Self { source: None, known: RwLock::new(known) })
    }

    /// The keys that a source gives.
    ///
    /// # Errors
    /// When the source cannot be read or gives no keys.
    pub fn open(source: Source) -> Result<Self, MasterKeyError> {
        let known = read(&source)?;
        Ok(Self { source: Some(source), known: RwLock::new(known) })
    }

    /// The keys of a file; where there is none, one is made for its owner alone, with one key. Of several processes
    /// that start at once one makes the file, and all of them get its keys.
    ///
    /// # Errors
    /// When the file cannot be read or made, or is open to others.
    pub fn open_or_create(path: &Path) -> Result<Self, MasterKeyError> {
        match File::open(path) {
            Err(why) if why.kind() == ErrorKind::NotFound => {
                let text = line(&keys::random()?);
                private_file::create(path, text.as_bytes())
                    .map_err(|why| MasterKeyError::Source(Source::File(path.to_owned()), why))?;
            }
            _ => {}
        }
        Self::open(Source::File(path.to_owned()))
    }

    /// The name of the key that wraps what is new.
    #[must_use]
    pub fn current(&self) -> String {
        self.refresh();
        self.with(|keys| keys.first().map(|key| key.kid.clone())).unwrap_or_default()
    }

    /// The names of all keys that are known.
    #[must_use]
    pub fn kids(&self) -> Vec<String> {
        self.with(|keys| keys.iter().map(|key| key.kid.clone()).collect())
    }

    /// Encrypts a data key with the current master key; `None` when the system gives no random bytes.
    #[must_use]
    pub fn wrap(&self, id: Id, key: &[u8; 32]) -> Option<Wrapped> {
        self.refresh();
        self.with(|keys| {
            let master = keys.first()?;
            Some(Wrapped { text: master.wrap(id, key)?, master_kid: master.kid.clone() })
        })
    }

    /// Decrypts a data key; `None` when its master key is not known or it was changed.
    #[must_use]
    pub fn unwrap(&self, id: Id, wrapped: &Wrapped) -> Option<[u8; 32]> {
        let named = |keys: &[MasterKey]| keys.iter().find(|key| key.kid == wrapped.master_kid).cloned();
        let master = self.with(named).or_else(|| {
            // Another process has wrapped it with a newer key.
            self.reread();
            self.with(named)
        });
        master?.unwrap(id, &wrapped.text)
    }

    /// Puts a new key before those of the file; gives its name.
    ///
    /// # Errors
    /// When the keys do not come from a file, or it cannot be written.
    pub fn put_new_first(&self) -> Result<String, MasterKeyError> {
        let fresh = MasterKey::new(keys::random()?);
        let kid = fresh.kid.clone();
        self.rewrite(|keys| std::iter::once(fresh).chain(keys).collect())?;
        Ok(kid)
    }

    /// Keeps the file's current key alone.
    ///
    /// # Errors
    /// When the keys do not come from a file, or it cannot be written.
    pub fn keep_current(&self) -> Result<(), MasterKeyError> {
        self.rewrite(|keys| keys.into_iter().take(1).collect())
    }

    /// Whether the keys stand in a file, which this program can change.
    #[must_use]
    pub fn in_a_file(&self) -> bool {
        matches!(self.source, Some(Source::File(_)))
    }

    fn rewrite(&self, change: impl FnOnce(Vec<MasterKey>) -> Vec<MasterKey>) -> Result<(), MasterKeyError> {
        let Some(source @ Source::File(path)) = &self.source else {
            let why = io::Error::new(ErrorKind::Unsupported, "only a file can be changed");
            let source = self.source.clone().unwrap_or(Source::Environment(String::new()));
            return Err(MasterKeyError::Source(source, why));
        };
        let failed = |why| MasterKeyError::Source(source.clone(), why);
        // A key that another process puts first meanwhile may have wrapped a data key already: none may be lost.
        let file = private_file::locked(path).map_err(failed)?;
        let text: String = change(read(source)?.keys).iter().map(|key| line(&key.bytes)).collect();
        private_file::replace(path, &file, text.as_bytes()).map_err(failed)?;
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = read(source)?;
        Ok(())
    }

    fn with<T>(&self, look: impl FnOnce(&[MasterKey]) -> T) -> T {
        look(&self.known.read().unwrap_or_else(PoisonError::into_inner).keys)
    }

    /// Reads a file again that has changed since.
    fn refresh(&self) {
        let Some(Source::File(path)) = &self.source else { return };
        let seen = self.known.read().unwrap_or_else(PoisonError::into_inner).seen;
        if fs::metadata(path).ok().map(|now| look_of(&now)) != seen {
            self.reread();
        }
    }

    /// Reads the source again. What cannot be read changes nothing: the keys that are known go on serving.
    fn reread(&self) {
        let Some(source @ (Source::File(_) | Source::Command(_))) = &self.source else { return };
        match read(source) {
            Ok(known) => *self.known.write().unwrap_or_else(PoisonError::into_inner) = known,
            Err(why) => tracing::warn!(%why, "the master keys could not be read again"),
        }
    }
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKeys").field("kids", &self.kids()).finish_non_exhaustive()
    }
}

fn line(key: &[u8; 32]) -> String {
    format!("{}\n", URL_SAFE_NO_PAD.encode(key))
}

fn look_of(file: &fs::Metadata) -> Seen {
    (file.ino(), file.size(), file.mtime(), file.mtime_nsec())
}

fn read(source: &Source) -> Result<Known, MasterKeyError> {
    let failed = |why| MasterKeyError::Source(source.clone(), why);
    let mut seen = None;
    let text = match source {
        Source::File(path) => {
            let file = File::open(path).map_err(failed)?;
            let about = file.metadata().map_err(failed)?;
            if let Some(mode) = private_file::too_open(&about) {
                return Err(MasterKeyError::TooOpen(path.clone(), mode));
            }
            seen = Some(look_of(&about));
            let mut text = String::new();
            file.take(LARGEST_SOURCE).read_to_string(&mut text).map_err(failed)?;
            text
        }
        Source::Environment(name) => crate::config::variable(name)
            .ok_or_else(|| failed(io::Error::new(ErrorKind::NotFound, "the variable is not set")))?,
        Source::Command(line) => said_by(line).map_err(failed)?,
    };
    let keys = parse(&text).ok_or_else(|| MasterKeyError::Malformed(source.clone()))?;
    Ok(Known { keys, seen })
}

/// What a program prints; its complaints go where the service's go.
fn said_by(line: &str) -> io::Result<String> {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    let out = command.args(words).stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    if !out.status.success() {
        return Err(io::Error::other(format!("it ended with {}", out.status)));
    }
    String::from_utf8(out.stdout).map_err(|_| io::Error::from(ErrorKind::InvalidData))
}

/// A key a line; none twice, and at least one.
fn parse(text: &str) -> Option<Vec<MasterKey>> {
    let lines = text.split_whitespace();
    let keys: Vec<MasterKey> = lines.map(|line| bytes(line).map(MasterKey::new)).collect::<Option<_>>()?;
    let mut kids: Vec<&str> = keys.iter().map(|key| key.kid.as_str()).collect();
    kids.sort_unstable();
    let twice = kids.windows(2).any(|pair| pair[0] == pair[1]);
    (!keys.is_empty() && !twice).then_some(keys)
}

/// Thirty-two bytes in hexadecimal or in either alphabet of base64, with or without padding.
fn bytes(text: &str) -> Option<[u8; 32]> {
    if text.len() == 64 {
        return hex::decode(text).ok()?.try_into().ok();
    }
    let bare = text.trim_end_matches('=');
    let read = URL_SAFE_NO_PAD.decode(bare).or_else(|_| STANDARD_NO_PAD.decode(bare));
    read.ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use tempfile::tempdir;

    use super::*;

    const HEX: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    #[test]
    fn a_source_is_read_from_its_text() {
        for (text, source) in [
            ("file:/run/master.key", Source::File("/run/master.key".into())),
            ("env:MASTER", Source::Environment("MASTER".into())),
            ("command:/bin/kms get a:b", Source::Command("/bin/kms get a:b".into())),
        ] {
            assert_eq!(text.parse(), Ok(source));
        }
        for wrong in ["", "file:", "env:", "command: ", "master.key", "http://x"] {
            assert!(wrong.parse::<Source>().is_err(), "{wrong}");
        }
        let shown = Source::Command("/bin/kms --token secret".into()).to_string();
        assert_eq!(shown, "command:/bin/kms");
    }

    #[test]
    fn a_key_is_thirty_two_bytes_in_any_usual_writing() {
        let key = bytes(HEX).unwrap();
        let standard = base64::engine::general_purpose::STANDARD.encode(key);
        for text in [HEX.to_uppercase(), standard, URL_SAFE_NO_PAD.encode(key)] {
            assert_eq!(bytes(&text), Some(key), "{text}");
        }
        let second = URL_SAFE_NO_PAD.encode([7_u8; 32]);
        assert_eq!(parse(&format!("{HEX}\n\n {second}\n")).unwrap().len(), 2);
        for wrong in ["", "\n", "c2hvcnQ", &HEX[1..], &format!("{HEX} {HEX}"), &format!("{HEX} x")] {
            assert!(parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_data_key_is_bound_to_its_name_and_its_master() {
        let (masters, others) = (MasterKeys::generate().unwrap(), MasterKeys::generate().unwrap());
        let (id, key) = (Id::digest(&["a"]), [3_u8; 32]);
        let wrapped = masters.wrap(id, &key).unwrap();
        assert_eq!(masters.unwrap(id, &wrapped), Some(key));
        assert_eq!(masters.unwrap(Id::digest(&["b"]), &wrapped), None);
        assert_eq!(others.unwrap(id, &wrapped), None);
        let renamed = Wrapped { master_kid: others.current(), ..wrapped.clone() };
        assert_eq!(others.unwrap(id, &renamed), None);
        for text in crate::jws::forge::each_character_changed(&wrapped.text) {
            assert_eq!(masters.unwrap(id, &Wrapped { text, ..wrapped.clone() }), None);
        }
    }

    #[test]
    fn a_file_is_made_once_for_its_owner_alone() {
        let directory = tempdir().unwrap();
        let path = directory.path().join("master.key");
        let made = MasterKeys::open_or_create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(made.kids(), MasterKeys::open_or_create(&path).unwrap().kids());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left beside the file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(MasterKeys::open_or_create(&path), Err(MasterKeyError::TooOpen(_, 0o644))));
    }

    /// One process puts a new key first; the other goes on with what it has, and takes the new one when it meets it.
    #[test]
    fn a_new_key_is_known_to_all_processes_and_the_old_one_opens_until_it_goes() {
        let directory = tempdir().unwrap();
        let path = directory.path().join("master.key");
        let (serving, rotating) =
            (MasterKeys::open_or_create(&path).unwrap(), MasterKeys::open_or_create(&path).unwrap());
        let (id, key) = (Id::digest(&["a"]), [3_u8; 32]);
        let old = serving.wrap(id, &key).unwrap();
        let kid = rotating.put_new_first().unwrap();
        let new = rotating.wrap(id, &key).unwrap();
        assert_eq!(new.master_kid, kid);
        assert_eq!((serving.unwrap(id, &new), serving.unwrap(id, &old)), (Some(key), Some(key)));
        assert_eq!(serving.wrap(id, &key).unwrap().master_kid, kid);
        rotating.keep_current().unwrap();
        assert_eq!(serving.wrap(id, &key).unwrap().master_kid, kid);
        assert_eq!((serving.unwrap(id, &new), serving.unwrap(id, &old)), (Some(key), None));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, "nonsense").unwrap();
        assert_eq!(serving.unwrap(id, &new), Some(key), "what cannot be read changes nothing");
    }

    /// A key that was lost from the file would leave what it wrapped closed for ever.
    #[test]
    fn of_keys_that_are_put_first_at_once_none_is_lost() {
        let directory = tempdir().unwrap();
        let path = directory.path().join("master.key");
        let first = MasterKeys::open_or_create(&path).unwrap().current();
        let put = || MasterKeys::open_or_create(&path).unwrap().put_new_first().unwrap();
        let mut kids: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(put)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        kids.push(first);
        let mut known = MasterKeys::open_or_create(&path).unwrap().kids();
        kids.sort_unstable();
        known.sort_unstable();
        assert_eq!(known, kids);
    }

    /// Whoever changes the key need not be the one who serves.
    #[test]
    fn the_new_file_has_the_old_ones_mode() {
        let directory = tempdir().unwrap();
        let path = directory.path().join("master.key");
        let masters = MasterKeys::open_or_create(&path).unwrap();
        for mode in [0o640, 0o600] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            masters.put_new_first().unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left beside the file");
    }

    #[test]
    fn a_command_says_the_key_and_a_failure_is_told_without_it() {
        let directory = tempdir().unwrap();
        let path = directory.path().join("key");
        fs::write(&path, HEX).unwrap();
        let said = MasterKeys::open(Source::Command(format!("/bin/cat {}", path.display()))).unwrap();
        assert_eq!(said.kids(), [MasterKey::new(bytes(HEX).unwrap()).kid]);
        assert!(!format!("{said:?}").contains(HEX));
        for line in ["/bin/false", "/nowhere/at/all", "/bin/echo none"] {
            assert!(MasterKeys::open(Source::Command(line.into())).is_err(), "{line}");
        }
    }
}
