//! Published versions of programmes, read and parsed once.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::domain::records::Version;

/// The published versions that were read so far. They never change, so nothing is ever dropped from here.
#[derive(Debug, Default)]
pub struct Versions(RwLock<BTreeMap<(String, u32), Arc<Version>>>);

impl Versions {
    fn get(&self, key: &(String, u32)) -> Option<Arc<Version>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn put(&self, version: &Arc<Version>) {
        let key = (version.programme.clone(), version.number);
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(version));
    }
}

/// The versions as one transaction may use them.
#[derive(Clone, Copy, Debug)]
pub struct Shelf<'a> {
    versions: &'a Versions,
    /// Whether what is read may be kept: not once the transaction itself has written a version, because it may yet
    /// be rolled back.
    keep: bool,
}

impl<'a> Shelf<'a> {
    /// The shelf of a transaction that has written nothing yet.
    pub fn new(versions: &'a Versions) -> Self {
        Self { versions, keep: true }
    }

    /// Keeps nothing from now on.
    pub fn stop_keeping(&mut self) {
        self.keep = false;
    }

    /// A version that was read before.
    pub fn get(&self, key: &(String, u32)) -> Option<Arc<Version>> {
        self.versions.get(key)
    }

    /// Keeps a version that was read, when it is published.
    pub fn keep(&self, version: Version) -> Arc<Version> {
        let version = Arc::new(version);
        if self.keep && version.published_at.is_some() {
            self.versions.put(&version);
        }
        version
    }
}
