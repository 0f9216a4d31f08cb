//! Rows asked for before deciding: absent and never-asked are different things.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use super::command::Stop;

/// The rows of one kind that a batch has asked for, by key.
///
/// A key that nobody asked for is a fault of the footprint and never "absent": a forgotten key would
/// otherwise pay twice, silently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded<K: Ord, V> {
    rows: BTreeMap<K, Option<V>>,
    /// Asked for since the last load.
    unloaded: BTreeSet<K>,
}

impl<K: Ord, V> Default for Loaded<K, V> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), unloaded: BTreeSet::new() }
    }
}

impl<K: Ord + Clone + Debug, V> Loaded<K, V> {
    /// Asks for a key; a row that is there already stays.
    pub fn ask(&mut self, key: K) {
        if !self.rows.contains_key(&key) {
            self.unloaded.insert(key.clone());
            self.rows.insert(key, None);
        }
    }

    /// The keys asked for, in order, without repetition.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.rows.keys()
    }

    /// The keys asked for since the last call, in order: what the next stage of a load has to fetch.
    pub fn take_unloaded(&mut self) -> Vec<K> {
        std::mem::take(&mut self.unloaded).into_iter().collect()
    }

    /// Puts a row: loaded from the database, or changed by an earlier command of the batch.
    pub fn put(&mut self, key: K, row: V) {
        self.unloaded.remove(&key);
        self.rows.insert(key, Some(row));
    }

    /// The row, or `None` when it is known to be absent.
    ///
    /// # Errors
    /// [`Stop::NotLoaded`] when the key was never asked for.
    pub fn get(&self, key: &K) -> Result<Option<&V>, Stop> {
        self.rows.get(key).map(Option::as_ref).ok_or_else(|| Stop::NotLoaded(format!("{key:?}")))
    }

    /// The row if it was asked for and is there; for the second stage of a footprint, where either is fine.
    #[must_use]
    pub fn peek(&self, key: &K) -> Option<&V> {
        self.rows.get(key).and_then(Option::as_ref)
    }

    /// Whether a key was asked for since the last load.
    #[must_use]
    pub fn has_unloaded(&self) -> bool {
        !self.unloaded.is_empty()
    }

    /// Whether the key was asked for.
    #[must_use]
    pub fn asked(&self, key: &K) -> bool {
        self.rows.contains_key(key)
    }
}
