//! Rows asked for before deciding: absent and never-asked are different things.

use std::collections::BTreeMap;
use std::fmt::Debug;

use super::command::Stop;

/// The rows of one kind that a batch has asked for, by key.
///
/// A key that nobody asked for is a fault of the footprint and never "absent": a forgotten key would
/// otherwise pay twice, silently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded<K: Ord, V>(BTreeMap<K, Option<V>>);

impl<K: Ord, V> Default for Loaded<K, V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord + Clone + Debug, V> Loaded<K, V> {
    /// Asks for a key; a row that is there already stays.
    pub fn ask(&mut self, key: K) {
        self.0.entry(key).or_insert(None);
    }

    /// The keys asked for, in order, without repetition.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.0.keys()
    }

    /// Puts a row: loaded from the database, or changed by an earlier command of the batch.
    pub fn put(&mut self, key: K, row: V) {
        self.0.insert(key, Some(row));
    }

    /// The row, or `None` when it is known to be absent.
    ///
    /// # Errors
    /// [`Stop::NotLoaded`] when the key was never asked for.
    pub fn get(&self, key: &K) -> Result<Option<&V>, Stop> {
        self.0.get(key).map(Option::as_ref).ok_or_else(|| Stop::NotLoaded(format!("{key:?}")))
    }

    /// The row if it was asked for and is there; for the second stage of a footprint, where either is fine.
    #[must_use]
    pub fn peek(&self, key: &K) -> Option<&V> {
        self.0.get(key).and_then(Option::as_ref)
    }

    /// How many keys were asked for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the key was asked for.
    #[must_use]
    pub fn asked(&self, key: &K) -> bool {
        self.0.contains_key(key)
    }
}
