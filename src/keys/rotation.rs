//! Keys that take turns. Each has one of three states: `next` is published and not used yet, `current` makes what is
//! new, `retired` only tells that what it made is genuine, until the last of that has lapsed; then it is dropped.
//!
//! A turn changes the key file and nothing else: one whole file takes the place of the other, under a lock, so that
//! two who do it at once do it one after the other. Services that run see the new file a moment later
//! ([`super::watch`]); until then they verify with the next key what others sign with it, because they know it.

use std::fmt;
use std::fs::File;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{
    FIRST_VERSION, KeyError, SecretKey, SigningPair, Stored, StoredPair, StoredSecret, Turn, VERSION, failed,
    read_private,
};
use crate::domain::time::Moment;
use crate::qr;
use crate::{access, private_file};

/// How long whoever asks for the public keys may go by an answer, in seconds.
pub const PUBLISHED_MAX_AGE: i64 = 300;
/// How long a next key has been published at least before it is used, in seconds: everybody who asks again as soon as
/// an answer is too old has seen it by then, with as much to spare.
pub const PUBLISHED_AT_LEAST: i64 = 2 * PUBLISHED_MAX_AGE;
/// How much longer than the longest life of what it made a retired key is kept, in seconds: a replica may have used
/// it for a moment longer.
const MARGIN: i64 = 3600;

/// How a key stands among those of its use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// It makes what is new.
    Current,
    /// It is published, and will make what is new.
    Next,
    /// What it made is still taken.
    Retired,
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Current => "current",
            Self::Next => "next",
            Self::Retired => "retired",
        })
    }
}

/// The uses of keys that take turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// Signs access tokens of staff.
    Access,
    /// Signs vouchers' codes and the list of those that hold no more.
    Voucher,
    /// Signs scan tokens.
    Scan,
    /// Makes the check value of printed codes.
    Holder,
    /// Signs checkpoints of the trail.
    Checkpoint,
}

/// How long a checkpoint is looked at: as long as anybody asks what became of public money.
const CHECKPOINT_SECONDS: i64 = 100 * 366 * 24 * 3600;

impl KeyKind {
    /// Every one.
    pub const ALL: &'static [Self] = &[Self::Access, Self::Voucher, Self::Scan, Self::Holder, Self::Checkpoint];

    /// For how many seconds what a key of this kind makes holds at most. Nothing is made that holds longer, so that
    /// a retired key can be dropped by the clock, without asking the databases of all divisions that share the file.
    #[must_use]
    pub const fn longest(self) -> i64 {
        match self {
            Self::Access => access::LONGEST_SECONDS,
            Self::Voucher | Self::Holder => qr::LONGEST_SECONDS,
            Self::Scan => qr::SCAN_SECONDS,
            Self::Checkpoint => CHECKPOINT_SECONDS,
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Access => "access",
            Self::Voucher => "voucher",
            Self::Scan => "scan",
            Self::Holder => "holder",
            Self::Checkpoint => "checkpoint",
        })
    }
}

/// Why keys did not take turns; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// The file could not be read or written.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The next key has not been published long enough.
    #[error(
        "the next {kind} key {kid} was published at {since}: whoever keeps the published keys may not have seen it; \
         from {from} on it can be used, or at once with --now"
    )]
    TooEarly {
        /// Which use.
        kind: KeyKind,
        /// Which key.
        kid: String,
        /// Since when it is published.
        since: Moment,
        /// From when on it can be used.
        from: Moment,
    },
    /// No retired key has that name.
    #[error("no retired key has the id {0}; only what is retired can be dropped")]
    NotRetired(String),
}

/// A key as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyLine {
    /// What it is for.
    pub kind: KeyKind,
    /// Its name.
    pub kid: String,
    /// How it stands.
    pub state: KeyState,
    /// Since when; not known of the keys of a file of the first form.
    pub since: Option<Moment>,
    /// Of a retired key: from when on nothing that it made holds.
    pub needed_until: Option<Moment>,
}

/// What a turn did to the keys of one use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turned {
    /// Which use.
    pub kind: KeyKind,
    /// The key that makes what is new from now on.
    pub current: String,
    /// The key that did so before; none where the next key was only published.
    pub retired: Option<String>,
    /// The key that is published from now on.
    pub next: String,
    /// Keys whose last token has lapsed.
    pub dropped: Vec<String>,
}

/// The keys that take turns, by use and state.
///
/// # Errors
/// When the file is not there or cannot be used.
pub fn list(path: &Path) -> Result<Vec<KeyLine>, KeyError> {
    let file = File::open(path).map_err(failed(path, "opened"))?;
    let mut stored = read_private::<Stored>(path, &file)?;
    stored.ring()?;
    let first_form = stored.version == FIRST_VERSION;
    // The moment is not shown.
    stored.upgrade(Moment(0));
    let mut lines = Vec::new();
    for kind in KeyKind::ALL {
        lines.extend(stored.lines(*kind));
    }
    if first_form {
        for line in &mut lines {
            (line.since, line.needed_until) = (None, None);
        }
    }
    Ok(lines)
}

/// Lets the keys of these uses take turns: the next key becomes the current one, the current one retires, and a fresh
/// next key is published. Where no next key was published (a file of the first form), one is, and nothing else
/// happens, unless it is to be `at_once`. Retired keys that nothing needs any more are dropped.
///
/// # Errors
/// [`RotationError`]; then the file is as it was.
pub fn rotate(path: &Path, kinds: &[KeyKind], now: Moment, at_once: bool) -> Result<Vec<Turned>, RotationError> {
    edit(path, now, |stored| kinds.iter().map(|kind| stored.turn(*kind, now, at_once)).collect())
}

/// Drops a retired key before its time: what it made is worth nothing from now on. For a key that others have.
///
/// # Errors
/// [`RotationError`]; then the file is as it was.
pub fn drop_retired(path: &Path, kid: &str, now: Moment) -> Result<KeyKind, RotationError> {
    edit(path, now, |stored| {
        let mut kinds = KeyKind::ALL.iter().copied();
        let of_kind = |kind: &KeyKind| stored.lines(*kind).iter().any(|line| line.is_retired(kid));
        let found = kinds.find(of_kind).ok_or_else(|| RotationError::NotRetired(kid.to_owned()))?;
        match found {
            KeyKind::Access => stored.access_keys.retain(|key| key.kid != kid),
            KeyKind::Voucher => stored.voucher_keys.retain(|key| key.kid != kid),
            KeyKind::Scan => stored.scan_keys.retain(|key| key.kid != kid),
            KeyKind::Holder => stored.holder_keys.retain(|key| key.kid != kid),
            KeyKind::Checkpoint => stored.checkpoint_keys.retain(|key| key.kid != kid),
        }
        Ok(found)
    })
}

/// Gives a file of before there were checkpoints the keys that sign them.
///
/// # Errors
/// [`RotationError`]; then the file is as it was.
pub fn complete(path: &Path, now: Moment) -> Result<(), RotationError> {
    edit(path, now, |_| Ok(()))
}

impl KeyLine {
    fn is_retired(&self, kid: &str) -> bool {
        self.state == KeyState::Retired && self.kid == kid
    }
}

/// Changes the file: all of it or nothing, one after the other, and only to something that can be read back. The new
/// file has the old one's owner and mode.
fn edit<T>(
    path: &Path,
    now: Moment,
    change: impl FnOnce(&mut Stored) -> Result<T, RotationError>,
) -> Result<T, RotationError> {
    let file = private_file::locked(path).map_err(failed(path, "locked"))?;
    let mut stored = read_private::<Stored>(path, &file)?;
    stored.ring()?;
    stored.upgrade(now);
    stored.complete(now)?;
    let changed = change(&mut stored)?;
    stored.ring()?;
    let text = stored.text();
    text.and_then(|text| private_file::replace(path, &file, &text)).map_err(failed(path, "written"))?;
    Ok(changed)
}

/// A stored key that takes turns.
trait TakesTurns: Sized {
    /// A fresh one beside those that there are.
    fn fresh(beside: &[Self]) -> Result<Self, KeyError>;
    fn kid(&self) -> &str;
    fn turn_mut(&mut self) -> &mut Option<Turn>;
    fn turned(&self) -> Option<Turn>;
    /// Takes away what a retired key does not need.
    fn retire(&mut self);

    fn state(&self) -> Option<KeyState> {
        self.turned().map(|turn| turn.state)
    }
}

impl TakesTurns for StoredPair {
    fn fresh(_: &[Self]) -> Result<Self, KeyError> {
        Ok(Self { turn: None, ..Self::of(&SigningPair::generate()?, Turn::NEW) })
    }

    fn kid(&self) -> &str {
        &self.kid
    }

    fn turn_mut(&mut self) -> &mut Option<Turn> {
        &mut self.turn
    }

    fn turned(&self) -> Option<Turn> {
        self.turn
    }

    fn retire(&mut self) {
        self.d = None;
    }
}

impl TakesTurns for StoredSecret {
    /// Its name is the letter of its use with a number that was not used before.
    fn fresh(beside: &[Self]) -> Result<Self, KeyError> {
        let letter = |kid: &str| kid.chars().next().filter(char::is_ascii_alphabetic);
        let number = |kid: &str| kid.get(1..).and_then(|number| number.parse::<u64>().ok());
        let newest = beside.iter().filter_map(|key| number(&key.kid)).max().unwrap_or(0);
        let letter = beside.iter().find_map(|key| letter(&key.kid)).unwrap_or('k');
        Ok(Self::of(&SecretKey::random(&format!("{letter}{}", newest.saturating_add(1)))?))
    }

    fn kid(&self) -> &str {
        &self.kid
    }

    fn turn_mut(&mut self) -> &mut Option<Turn> {
        &mut self.turn
    }

    fn turned(&self) -> Option<Turn> {
        self.turn
    }

    /// To verify takes the whole key.
    fn retire(&mut self) {}
}

impl Stored {
    /// Gives the keys of a file of the first form the states that they had by their order, from now on.
    fn upgrade(&mut self, now: Moment) {
        fn states<K: TakesTurns>(keys: &mut [K], now: Moment) {
            for (at, key) in keys.iter_mut().enumerate() {
                let state = if at == 0 { KeyState::Current } else { KeyState::Retired };
                *key.turn_mut() = Some(Turn { state, since: now });
                if state == KeyState::Retired {
                    key.retire();
                }
            }
        }
        if self.version == FIRST_VERSION {
            self.version = VERSION;
            states(&mut self.access_keys, now);
            states(&mut self.voucher_keys, now);
            states(&mut self.scan_keys, now);
            states(&mut self.holder_keys, now);
        }
    }

    fn complete(&mut self, now: Moment) -> Result<(), KeyError> {
        if self.checkpoint_keys.is_empty() {
            for state in [KeyState::Current, KeyState::Next] {
                let turn = Some(Turn { state, since: now });
                self.checkpoint_keys.push(StoredPair { turn, ..StoredPair::fresh(&[])? });
            }
        }
        Ok(())
    }

    fn turn(&mut self, kind: KeyKind, now: Moment, at_once: bool) -> Result<Turned, RotationError> {
        match kind {
            KeyKind::Access => turn(&mut self.access_keys, kind, now, at_once),
            KeyKind::Voucher => turn(&mut self.voucher_keys, kind, now, at_once),
            KeyKind::Scan => turn(&mut self.scan_keys, kind, now, at_once),
            KeyKind::Holder => turn(&mut self.holder_keys, kind, now, at_once),
            KeyKind::Checkpoint => turn(&mut self.checkpoint_keys, kind, now, at_once),
        }
    }

    fn lines(&self, kind: KeyKind) -> Vec<KeyLine> {
        match kind {
            KeyKind::Access => lines(&self.access_keys, kind),
            KeyKind::Voucher => lines(&self.voucher_keys, kind),
            KeyKind::Scan => lines(&self.scan_keys, kind),
            KeyKind::Holder => lines(&self.holder_keys, kind),
            KeyKind::Checkpoint => lines(&self.checkpoint_keys, kind),
        }
    }
}

fn lines<K: TakesTurns>(keys: &[K], kind: KeyKind) -> Vec<KeyLine> {
    let with_turn = keys.iter().filter_map(|key| key.turned().map(|turn| (key, turn)));
    let line = |(key, turn): (&K, Turn)| KeyLine {
        kind,
        kid: key.kid().to_owned(),
        state: turn.state,
        since: Some(turn.since),
        needed_until: (turn.state == KeyState::Retired).then(|| needed_until(kind, turn.since)),
    };
    let mut lines: Vec<_> = with_turn.map(line).collect();
    lines.sort_by_key(|line| line.state);
    lines
}

/// When a key that retired then is needed no more.
fn needed_until(kind: KeyKind, retired: Moment) -> Moment {
    retired.plus_seconds(kind.longest() + MARGIN)
}

fn turn<K: TakesTurns>(keys: &mut Vec<K>, kind: KeyKind, now: Moment, at_once: bool) -> Result<Turned, RotationError> {
    let lapsed = |key: &K| {
        key.turned().is_some_and(|turn| turn.state == KeyState::Retired && needed_until(kind, turn.since) <= now)
    };
    let dropped = keys.iter().filter(|key| lapsed(key)).map(|key| key.kid().to_owned()).collect();
    keys.retain(|key| !lapsed(key));
    let published = keys.iter().find(|key| key.state() == Some(KeyState::Next));
    if let Some((key, turn)) = published.and_then(|key| key.turned().map(|turn| (key, turn))) {
        let from = turn.since.plus_seconds(PUBLISHED_AT_LEAST);
        if now < from && !at_once {
            return Err(RotationError::TooEarly { kind, kid: key.kid().to_owned(), since: turn.since, from });
        }
    } else {
        publish(keys, now)?;
        if !at_once {
            return Ok(told(keys, kind, None, dropped));
        }
    }
    let mut retired = None;
    for key in keys.iter_mut() {
        let state = match key.state() {
            Some(KeyState::Current) => {
                retired = Some(key.kid().to_owned());
                key.retire();
                KeyState::Retired
            }
            Some(KeyState::Next) => KeyState::Current,
            _ => continue,
        };
        *key.turn_mut() = Some(Turn { state, since: now });
    }
    publish(keys, now)?;
    keys.sort_by_key(TakesTurns::state);
    Ok(told(keys, kind, retired, dropped))
}

fn publish<K: TakesTurns>(keys: &mut Vec<K>, now: Moment) -> Result<(), KeyError> {
    let mut fresh = K::fresh(keys)?;
    *fresh.turn_mut() = Some(Turn { state: KeyState::Next, since: now });
    keys.push(fresh);
    Ok(())
}

fn told<K: TakesTurns>(keys: &[K], kind: KeyKind, retired: Option<String>, dropped: Vec<String>) -> Turned {
    let of_state = |state: KeyState| {
        keys.iter().find(|key| key.state() == Some(state)).map(|key| key.kid().to_owned()).unwrap_or_default()
    };
    Turned { kind, current: of_state(KeyState::Current), retired, next: of_state(KeyState::Next), dropped }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::PathBuf;
    use std::sync::Barrier;
    use std::thread;

    use serde_json::Value;
    use tempfile::{TempDir, tempdir};

    use super::*;
    use crate::access::{AccessTokens, Role};
    use crate::domain::id::Id;
    use crate::keys::KeyRing;
    use crate::qr::{Form, VoucherTokens};

    const NOW: Moment = Moment(1_780_000_000_000_000);

    fn made() -> (TempDir, PathBuf) {
        let directory = tempdir().unwrap();
        let path = directory.path().join("keys.json");
        KeyRing::load_or_create(&path, NOW).unwrap();
        (directory, path)
    }

    fn load(path: &Path) -> KeyRing {
        KeyRing::load_or_create(path, NOW).unwrap()
    }

    fn states(path: &Path, kind: KeyKind) -> Vec<(KeyState, String)> {
        let lines = list(path).unwrap().into_iter().filter(|line| line.kind == kind);
        lines.map(|line| (line.state, line.kid)).collect()
    }

    /// The file as the first release wrote it, with keys that were replaced by hand.
    fn as_the_first_form(path: &Path) -> Value {
        let mut file: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        file["version"] = 1.into();
        file.as_object_mut().unwrap().remove("checkpoint_keys");
        for list in ["access_keys", "voucher_keys", "scan_keys", "holder_keys"] {
            for key in file[list].as_array_mut().unwrap() {
                key.as_object_mut().unwrap().remove("turn");
            }
        }
        fs::write(path, file.to_string()).unwrap();
        file
    }

    #[test]
    fn the_next_key_is_used_when_it_was_published_long_enough() {
        let (_directory, path) = made();
        let before = states(&path, KeyKind::Voucher);
        let early = NOW.plus_seconds(PUBLISHED_AT_LEAST - 1);
        let refused = rotate(&path, KeyKind::ALL, early, false).unwrap_err();
        assert!(matches!(&refused, RotationError::TooEarly { kind: KeyKind::Access, .. }), "{refused}");
        assert_eq!(states(&path, KeyKind::Voucher), before, "a refusal changes nothing");
        let later = NOW.plus_seconds(PUBLISHED_AT_LEAST);
        let turned = rotate(&path, KeyKind::ALL, later, false).unwrap();
        assert_eq!(turned.iter().map(|turned| turned.kind).collect::<Vec<_>>(), KeyKind::ALL);
        let after = states(&path, KeyKind::Voucher);
        assert_eq!((&after[0].1, &after[2].1), (&before[1].1, &before[0].1));
        assert_eq!(
            after.iter().map(|key| key.0).collect::<Vec<_>>(),
            [KeyState::Current, KeyState::Next, KeyState::Retired]
        );
        assert!(rotate(&path, &[KeyKind::Voucher], later, false).is_err(), "the new next key is too young");
        assert!(rotate(&path, &[KeyKind::Voucher], later, true).is_ok(), "unless it is said");
        assert_eq!(
            states(&path, KeyKind::Scan).iter().map(|key| key.1.as_str()).collect::<Vec<_>>(),
            ["s2", "s3", "s1"]
        );
    }

    #[test]
    fn a_retired_key_is_kept_without_its_secret_half_until_its_last_token_has_lapsed() {
        let (_directory, path) = made();
        let first = states(&path, KeyKind::Voucher)[0].1.clone();
        rotate(&path, &[KeyKind::Voucher], NOW, true).unwrap();
        let file: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let keys = file["voucher_keys"].as_array().unwrap();
        let retired = keys.iter().find(|key| key["kid"] == first.as_str()).unwrap();
        assert_eq!((&retired["turn"]["state"], retired.get("d")), (&"retired".into(), None));
        let until = list(&path).unwrap().iter().find_map(|line| line.needed_until).unwrap();
        assert!(until >= NOW.plus_seconds(qr::LONGEST_SECONDS));
        assert_eq!(rotate(&path, &[KeyKind::Voucher], until.plus_seconds(-1), false).unwrap()[0].dropped.len(), 0);
        let turned = rotate(&path, &[KeyKind::Voucher], until, true).unwrap();
        assert_eq!(turned[0].dropped, [first]);
        assert_eq!(states(&path, KeyKind::Voucher).len(), 4);
    }

    #[test]
    fn what_was_made_before_and_after_a_turn_is_read_by_replicas_that_have_seen_it_and_that_have_not() {
        let (_directory, path) = made();
        let old = load(&path);
        rotate(&path, KeyKind::ALL, NOW, true).unwrap();
        let new = load(&path);
        assert!(new.finds_the_same_people_as(&old) && !new.finds_the_same_people_as(&KeyRing::generate().unwrap()));
        let (voucher, store) = (Id::digest(&["voucher"]), Id::digest(&["store"]));
        let tokens = [&old, &new].map(|ring| (AccessTokens::new(ring, "i").unwrap(), VoucherTokens::new(ring)));
        let mut kids = Vec::new();
        for (access, codes) in &tokens {
            let token = access.issue(&access.claims("a", Role::Officer, NOW, 600)).unwrap();
            let until = NOW.plus_seconds(86_400);
            let printed = codes.printed(voucher, "p", NOW, until, "11010119900307012X").unwrap();
            let code = codes.sign(&printed).unwrap();
            let scan = codes.sign_scan(&VoucherTokens::scan(voucher, store, Form::Live, true, NOW)).unwrap();
            kids.push(crate::jws::forge::part(&code, 0)["kid"].clone());
            for (access, codes) in &tokens {
                assert!(access.verify(&token, NOW).is_ok());
                let read = codes.read(&code).unwrap();
                assert!(codes.holder_passes(&read, "012X") && !codes.holder_passes(&read, "0120"));
                assert!(codes.read_scan(&scan).is_ok());
            }
        }
        assert_ne!(kids[0], kids[1]);
    }

    #[test]
    fn a_file_of_the_first_form_is_read_and_gets_states_with_its_first_turn() {
        let (_directory, path) = made();
        let file = as_the_first_form(&path);
        let ring = load(&path);
        let kid = |list: &str, at: usize| file[list][at]["kid"].as_str().unwrap().to_owned();
        assert_eq!(ring.voucher_keys().len(), 1);
        assert_eq!(ring.voucher_keys()[0].kid(), kid("voucher_keys", 0));
        assert_eq!(ring.voucher_verifiers().count(), 2);
        assert_eq!(list(&path).unwrap()[1].state, KeyState::Retired);
        assert_eq!(list(&path).unwrap()[1].needed_until, None);
        let turned = rotate(&path, &[KeyKind::Voucher], NOW, false).unwrap();
        assert_eq!((&turned[0].retired, &turned[0].current), (&None, &kid("voucher_keys", 0)));
        let keys = states(&path, KeyKind::Voucher);
        let told: Vec<_> = keys.iter().map(|key| key.0).collect();
        assert_eq!(told, [KeyState::Current, KeyState::Next, KeyState::Retired]);
        assert_eq!(keys[2].1, kid("voucher_keys", 1));
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains(file["voucher_keys"][1]["d"].as_str().unwrap()));
        assert!(!ring.signs_checkpoints());
        as_the_first_form(&path);
        complete(&path, NOW).unwrap();
        let completed = states(&path, KeyKind::Checkpoint);
        assert_eq!(completed.iter().map(|key| key.0).collect::<Vec<_>>(), [KeyState::Current, KeyState::Next]);
        complete(&path, NOW).unwrap();
        assert_eq!(states(&path, KeyKind::Checkpoint), completed);
        as_the_first_form(&path);
        assert!(rotate(&path, &[KeyKind::Access], NOW, true).unwrap()[0].retired.is_some());
    }

    #[test]
    fn two_turns_at_once_are_one_after_the_other() {
        let (directory, path) = made();
        let barrier = &Barrier::new(4);
        let path = &path;
        let done: Vec<_> = thread::scope(|scope| {
            let turn = || {
                barrier.wait();
                rotate(path, &[KeyKind::Voucher], NOW, true).unwrap().remove(0)
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(turn)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let keys = states(path, KeyKind::Voucher);
        assert_eq!(keys.len(), 6, "each turn has added one key, and none is lost");
        for turned in &done {
            assert!(keys.iter().any(|key| Some(&key.1) == turned.retired.as_ref()));
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left beside the file");
    }

    #[test]
    fn the_new_file_has_the_old_ones_mode() {
        let (_directory, path) = made();
        for mode in [0o640, 0o600] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            rotate(&path, &[KeyKind::Scan], NOW, true).unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(rotate(&path, &[KeyKind::Scan], NOW, true).is_err());
        assert!(rotate(Path::new("/nowhere/keys.json"), KeyKind::ALL, NOW, true).is_err());
    }

    #[test]
    fn only_a_retired_key_can_be_dropped_before_its_time() {
        let (_directory, path) = made();
        let current = states(&path, KeyKind::Voucher)[0].1.clone();
        let refused = drop_retired(&path, &current, NOW).unwrap_err();
        assert!(matches!(refused, RotationError::NotRetired(kid) if kid == current));
        let codes = VoucherTokens::new(&load(&path));
        let code = codes.sign(&VoucherTokens::live(Id::NIL, "p", NOW)).unwrap();
        rotate(&path, &[KeyKind::Voucher], NOW, true).unwrap();
        assert!(VoucherTokens::new(&load(&path)).read(&code).is_ok());
        assert_eq!(drop_retired(&path, &current, NOW).unwrap(), KeyKind::Voucher);
        assert!(VoucherTokens::new(&load(&path)).read(&code).is_err());
        assert_eq!(states(&path, KeyKind::Voucher).len(), 2);
    }
}
