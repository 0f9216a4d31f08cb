//! Checkpoints: what the trail was up to a record, in one hash that can be signed and kept elsewhere.

use serde::{Deserialize, Serialize};

use super::id::Id;
use super::merkle::{self, Hash};
use super::time::Moment;

/// The level of the trees whose roots are kept: 2 to the power of it records.
pub const BLOCK_LEVEL: u32 = 8;
/// How many records a block has.
pub const BLOCK: i64 = 1 << BLOCK_LEVEL;

/// A checkpoint as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Identity.
    pub id: Id,
    /// Number, from one, without gaps.
    pub number: i64,
    /// How many records of the trail it is over, from the first on.
    pub size: i64,
    /// The Merkle root over their hashes, in hexadecimal.
    pub root: String,
    /// The hash of the last of them.
    pub head: String,
    /// When it was made.
    pub at: Moment,
    /// The same as a signed statement, which is what is published.
    pub statement: String,
}

/// A checkpoint that is to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCheckpoint {
    /// Its number.
    pub number: i64,
    /// Records.
    pub size: i64,
    /// Root.
    pub root: String,
    /// Hash of the last record.
    pub head: String,
    /// When the trail was read for it.
    pub at: Moment,
    /// The signed statement.
    pub statement: String,
    /// The blocks that became full since the checkpoint before.
    pub blocks: Vec<Block>,
}

/// The root over one full block of records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Which, from zero: the records after `number` times [`BLOCK`].
    pub number: i64,
    /// Root, in hexadecimal.
    pub root: String,
}

/// A number of records as trees count them. The trail has no negative one, and no table lets one in.
#[must_use]
pub fn size(records: i64) -> u64 {
    u64::try_from(records).unwrap_or(0)
}

/// The leaf of the tree that stands for a record: over the 32 bytes of its hash, which is over everything that the record
/// says and over all records before it. `None` for a text that is no hash.
#[must_use]
pub fn leaf(hash: &str) -> Option<Hash> {
    merkle::read(hash).map(|hash| merkle::leaf(&hash))
}
