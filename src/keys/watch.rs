//! Notices that the key file is another one, and hands its keys to whoever uses them.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};
use tracing::{info, warn};

use super::rotation::{self, KeyLine};
use super::{KeyError, KeyRing};

/// How often a service looks at its key file. Much less than a next key is published before it is used.
pub const EVERY: Duration = Duration::from_secs(2);

/// What tells one file from another that takes its place.
type Mark = [i128; 8];

/// A file as it was last seen, and whether nothing is left to do about it.
type Seen = Option<(Mark, bool)>;

/// The keys that take turns by use and state, as the trail tells of them: their names, of which none is a secret.
///
/// # Errors
/// When the file is not there or cannot be used.
pub fn names(path: &Path) -> Result<Value, KeyError> {
    let mut names = BTreeMap::<String, BTreeMap<String, Vec<String>>>::new();
    for KeyLine { kind, kid, state, .. } in rotation::list(path)? {
        names.entry(kind.to_string()).or_default().entry(state.to_string()).or_default().push(kid);
    }
    Ok(json!(names))
}

/// Looks at the key file until it goes out of scope.
#[derive(Debug)]
pub struct KeyWatch {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl KeyWatch {
    /// Looks at once and then every so often; each time that the file is another one, `take` gets its keys, and says
    /// whether it is done with them: else it gets them at the next look once more. A file that cannot be used changes
    /// nothing: what was read last goes on.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(path: PathBuf, every: Duration, take: impl Fn(&KeyRing) -> bool + Send + 'static) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let mut seen = None;
        let work = move || {
            loop {
                look(&path, &mut seen, &take);
                if stopped.recv_timeout(every) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("key-watch".to_owned()).spawn(work)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for KeyWatch {
    fn drop(&mut self) {
        self.stop = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            warn!("the thread that looks at the key file ended by a panic");
        }
    }
}

fn look(path: &Path, seen: &mut Seen, take: &impl Fn(&KeyRing) -> bool) {
    let mark = match fs::metadata(path) {
        // The status changes with the mode too, which decides whether the file may be used.
        Ok(of) => [
            of.dev().into(),
            of.ino().into(),
            of.size().into(),
            of.mode().into(),
            of.mtime().into(),
            of.mtime_nsec().into(),
            of.ctime().into(),
            of.ctime_nsec().into(),
        ],
        Err(why) => {
            if seen.take().is_some() {
                warn!(%why, "the key file is away; the keys stay as they are");
            }
            return;
        }
    };
    if *seen == Some((mark, true)) {
        return;
    }
    let is_new = seen.replace((mark, true)).is_none_or(|(before, _)| before != mark);
    match KeyRing::load(path) {
        Ok(Some(ring)) => {
            let first = |keys: &[super::SigningPair]| keys.first().map(|pair| pair.kid().to_owned());
            if is_new {
                info!(
                    access = first(ring.access_keys()),
                    voucher = first(ring.voucher_keys()),
                    "the key file was read"
                );
            }
            *seen = Some((mark, take(&ring)));
        }
        Ok(None) => {}
        Err(why) => warn!(%why, "the key file cannot be used; the keys stay as they are"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::channel;

    use tempfile::tempdir;

    use super::*;
    use crate::domain::time::Moment;
    use crate::keys::rotation::{KeyKind, rotate};

    const NOW: Moment = Moment(1_780_000_000_000_000);
    const SOON: Duration = Duration::from_secs(20);

    #[test]
    fn each_good_file_is_taken_once_and_a_bad_one_never() {
        let directory = tempdir().unwrap();
        let path = directory.path().join("keys.json");
        KeyRing::load_or_create(&path, NOW).unwrap();
        let (tell, told) = channel();
        let kid = |ring: &KeyRing| ring.voucher_keys()[0].kid().to_owned();
        let tell_kid = move |ring: &KeyRing| tell.send(kid(ring)).is_ok();
        let watch = KeyWatch::start(path.clone(), Duration::from_millis(5), tell_kid).unwrap();
        let first = told.recv_timeout(SOON).unwrap();
        for _ in 0..2 {
            let turned = rotate(&path, &[KeyKind::Voucher], NOW, true).unwrap();
            assert_eq!(told.recv_timeout(SOON).unwrap(), turned[0].current);
        }
        let good = fs::read(&path).unwrap();
        fs::write(&path, "{").unwrap();
        assert!(told.recv_timeout(Duration::from_millis(50)).is_err());
        fs::write(&path, &good).unwrap();
        assert_ne!(told.recv_timeout(SOON).unwrap(), first);
        drop(watch);
        assert!(told.recv().is_err(), "nobody looks any more");
    }

    #[test]
    fn keys_that_were_not_done_with_are_given_again() {
        let directory = tempdir().unwrap();
        let path = directory.path().join("keys.json");
        KeyRing::load_or_create(&path, NOW).unwrap();
        let (tell, told) = channel();
        let tries = AtomicUsize::new(0);
        let third_time = move |ring: &KeyRing| {
            tell.send(ring.voucher_keys()[0].kid().to_owned()).unwrap();
            tries.fetch_add(1, Ordering::SeqCst) == 2
        };
        let _watch = KeyWatch::start(path, Duration::from_millis(5), third_time).unwrap();
        let kids: Vec<String> = (0..3).map(|_| told.recv_timeout(SOON).unwrap()).collect();
        assert!(kids.iter().all(|kid| *kid == kids[0]), "{kids:?}");
        assert!(told.recv_timeout(Duration::from_millis(50)).is_err(), "then it was done");
    }

    #[test]
    fn names_tell_which_key_makes_what_is_new_and_no_secret() {
        let directory = tempdir().unwrap();
        let path = directory.path().join("keys.json");
        KeyRing::load_or_create(&path, NOW).unwrap();
        let before = names(&path).unwrap();
        let turned = rotate(&path, KeyKind::ALL, NOW, true).unwrap();
        let after = names(&path).unwrap();
        assert_eq!(after.as_object().unwrap().len(), KeyKind::ALL.len());
        for one in turned {
            let of = |set: &Value, state: &str| set[one.kind.to_string()][state].clone();
            assert_eq!(of(&after, "current"), json!([one.current]));
            assert_eq!((of(&after, "next"), of(&after, "retired")), (json!([one.next]), of(&before, "current")));
            assert_eq!((of(&before, "next"), of(&before, "retired")), (json!([one.current]), Value::Null));
        }
        let file: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let secrets: Vec<&str> = file
            .as_object()
            .unwrap()
            .values()
            .flat_map(|keys| keys.as_array().map(Vec::as_slice).unwrap_or_default())
            .flat_map(|key| [&key["d"], &key["k"]])
            .filter_map(Value::as_str)
            .collect();
        assert!(secrets.len() > KeyKind::ALL.len());
        assert!(secrets.iter().all(|secret| !after.to_string().contains(secret)));
    }
}
