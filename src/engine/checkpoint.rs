//! What checkpoints and proofs are computed from: the trail as a snapshot has it, read in pages on a reader's connection
//! and never on the engine's thread.
//!
//! A root over all records is the roots of the full blocks, which are kept, and the records after the last of them. With
//! ten million records that is the roots of 39 062 blocks and 255 records at most; a proof reads no more than that.

use std::ops::Range;

use super::{Answer, Division, Failure};
use crate::domain::audit::AuditRecord;
use crate::domain::checkpoint::{BLOCK, BLOCK_LEVEL, Block, Checkpoint, NewCheckpoint, leaf, size};
use crate::domain::command::{Act, Command};
use crate::domain::merkle::{self, Hash, Tree};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Moment;
use crate::store::{StoreError, Tx};

/// Records read at a time.
const PAGE: i64 = 2000;
/// Blocks that one checkpoint adds at most, four million records: those of an old trail follow day by day.
const MOST_BLOCKS: i64 = 16_384;
/// How often a checkpoint is computed anew when another one came first.
const TRIES: usize = 3;

/// How a checkpoint becomes a signed statement.
pub trait Notary: Send + Sync {
    /// The statement of a checkpoint that has none yet.
    ///
    /// # Errors
    /// With a reason for the log when it cannot be signed.
    fn sign(&self, division: &str, checkpoint: &NewCheckpoint) -> Result<String, String>;
}

/// A proof that a record is in the trail of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inclusion {
    /// The record.
    pub record: AuditRecord,
    /// The hash of the record before it.
    pub previous: String,
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// The hashes beside the way from the record's leaf to the root.
    pub proof: Vec<Hash>,
}

/// A proof that the trail of one checkpoint begins with that of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consistency {
    /// The earlier one.
    pub from: Checkpoint,
    /// The later one.
    pub to: Checkpoint,
    /// The hashes.
    pub proof: Vec<Hash>,
}

impl Division {
    /// Makes a checkpoint over the records that are there now. `command` makes the command that keeps it, which has one
    /// effect however often it is sent.
    ///
    /// # Errors
    /// [`Failure::Refused`] with `WRONG_STATE` while there is no record.
    pub async fn checkpoint(
        &self,
        notary: &dyn Notary,
        command: impl Fn(Act) -> Command + Send,
    ) -> Result<Answer, Failure> {
        let mut refused = None;
        for _ in 0..TRIES {
            let at = self.now();
            let Some(mut new) = self.read(move |tx| next(tx, at)).await? else {
                let refusal = Refusal::of(Code::WrongState).found("no new record").expected("a record to put down");
                return Err(Failure::Refused(refusal.into()));
            };
            new.statement = notary.sign(self.code(), &new).map_err(|why| {
                tracing::error!(why, "a checkpoint could not be signed");
                Failure::Internal("checkpoint".to_owned())
            })?;
            match self.submit(command(Act::CreateCheckpoint(Box::new(new)))).await {
                Err(Failure::Refused(refusals)) if refusals.first().code == Code::WrongState => {
                    refused = Some(refusals);
                }
                other => return other,
            }
        }
        Err(refused.map_or(Failure::Busy, Failure::Refused))
    }

    /// Proves that a record is in the trail of a checkpoint, of the newest one when none is named.
    ///
    /// # Errors
    /// `NOT_FOUND` for a record or checkpoint that is not there; `WRONG_STATE` when the checkpoint is not over the record.
    pub async fn inclusion(&self, seq: i64, number: Option<i64>) -> Result<Inclusion, Failure> {
        self.read(move |tx| inclusion(tx, seq, number)).await?.map_err(|refusal| Failure::Refused(refusal.into()))
    }

    /// Proves that the trail of a checkpoint begins with that of an earlier one; the later is the newest one when none is
    /// named.
    ///
    /// # Errors
    /// `NOT_FOUND` for a checkpoint that is not there; `WRONG_STATE` when the later one comes first.
    pub async fn consistency(&self, from: i64, to: Option<i64>) -> Result<Consistency, Failure> {
        self.read(move |tx| consistency(tx, from, to)).await?.map_err(|refusal| Failure::Refused(refusal.into()))
    }
}

fn corrupt(table: &'static str, id: i64, column: &'static str) -> StoreError {
    StoreError::Corrupt { table, id: id.to_string(), column }
}

/// The next checkpoint, without its statement; nothing when no record is new.
fn next(tx: &mut Tx<'_>, now: Moment) -> Result<Option<NewCheckpoint>, StoreError> {
    let (last, newest) = (tx.newest_checkpoint()?, tx.head()?);
    let (number, before) = last.map_or((1, 0), |last| (last.number + 1, last.size));
    let end = newest.seq.min((before / BLOCK + MOST_BLOCKS) * BLOCK);
    if end <= before {
        return Ok(None);
    }
    let mut tree = Tree::default();
    let mut blocks = Vec::new();
    blocks_into(tx, 0..before / BLOCK, &mut tree)?;
    let (mut seq, mut head) = (before / BLOCK * BLOCK, String::new());
    // The leaves of the block that is not full yet.
    let mut open: Vec<Hash> = Vec::new();
    while seq < end {
        for (found, hash) in page(tx, seq, end)? {
            open.push(leaf(&hash).ok_or_else(|| corrupt("audit_record", found, "hash"))?);
            (seq, head) = (found, hash);
            if seq % BLOCK == 0 {
                let root = merkle::root(open.drain(..));
                tree.push_full(BLOCK_LEVEL, root);
                blocks.push(Block { number: seq / BLOCK - 1, root: hex::encode(root) });
            }
        }
    }
    for leaf in open {
        tree.push(leaf);
    }
    let (root, at) = (hex::encode(tree.root()), now.max(newest.at));
    Ok(Some(NewCheckpoint { number, size: end, root, head, at, statement: String::new(), blocks }))
}

/// Some records after a number and not after another, each with its hash; a gap is an error.
fn page(tx: &mut Tx<'_>, after: i64, end: i64) -> Result<Vec<(i64, String)>, StoreError> {
    let rows = tx.audit_hashes(after, PAGE.min(end - after))?;
    match rows.iter().zip(after + 1..).find(|((seq, _), expected)| seq != expected) {
        Some((_, missing)) => Err(corrupt("audit_record", missing, "seq")),
        None if rows.is_empty() => Err(corrupt("audit_record", after + 1, "seq")),
        None => Ok(rows),
    }
}

fn blocks_into(tx: &mut Tx<'_>, range: Range<i64>, tree: &mut Tree) -> Result<(), StoreError> {
    let rows = tx.audit_blocks(range.start, range.end)?;
    let mut rows = rows.iter();
    for number in range {
        let row = rows.next().filter(|row| row.number == number);
        let root = row.and_then(|row| merkle::read(&row.root)).ok_or_else(|| corrupt("audit_block", number, "root"))?;
        tree.push_full(BLOCK_LEVEL, root);
    }
    Ok(())
}

/// The root over the records of a range of a proof: it lies within one block or begins with one.
fn range_root(tx: &mut Tx<'_>, range: &Range<u64>) -> Result<Hash, StoreError> {
    let bound = |at: u64| i64::try_from(at).unwrap_or(i64::MAX);
    let (start, end) = (bound(range.start), bound(range.end));
    let mut tree = Tree::default();
    let mut seq = start;
    if start % BLOCK == 0 {
        blocks_into(tx, start / BLOCK..end / BLOCK, &mut tree)?;
        seq = seq.max(end / BLOCK * BLOCK);
    }
    while seq < end {
        for (found, hash) in page(tx, seq, end)? {
            tree.push(leaf(&hash).ok_or_else(|| corrupt("audit_record", found, "hash"))?);
            seq = found;
        }
    }
    Ok(tree.root())
}

/// The roots over the ranges of which a proof consists.
///
/// # Errors
/// Those of the database; [`StoreError::Corrupt`] when a record or block is missing.
pub fn proof(tx: &mut Tx<'_>, ranges: &[Range<u64>]) -> Result<Vec<Hash>, StoreError> {
    ranges.iter().map(|range| range_root(tx, range)).collect()
}

type Found<T> = Result<Result<T, Refusal>, StoreError>;

fn found(tx: &mut Tx<'_>, pointer: &str, number: Option<i64>) -> Found<Checkpoint> {
    let row = match number {
        Some(number) => tx.checkpoint(number)?,
        None => tx.newest_checkpoint()?,
    };
    let named = number.map_or_else(|| "no checkpoint yet".to_owned(), |number| format!("checkpoint {number}"));
    Ok(row.ok_or_else(|| Refusal::at(Code::NotFound, pointer).found(named).expected("a checkpoint")))
}

/// Unwraps a row that a question names.
macro_rules! known {
    ($row:expr) => {
        match $row {
            Ok(row) => row,
            Err(refusal) => return Ok(Err(refusal)),
        }
    };
}

fn inclusion(tx: &mut Tx<'_>, seq: i64, number: Option<i64>) -> Found<Inclusion> {
    let Some(record) = tx.audit_record(seq)? else {
        return Ok(Err(Refusal::at(Code::NotFound, "/seq").found(seq).expected("the number of a record")));
    };
    let checkpoint = known!(found(tx, "/checkpoint", number)?);
    if checkpoint.size < seq {
        let over = format!("checkpoint {} over {} records", checkpoint.number, checkpoint.size);
        return Ok(Err(Refusal::at(Code::WrongState, "/checkpoint")
            .found(over)
            .expected(format!("one over record {seq}"))));
    }
    let previous = match seq {
        1 => crate::domain::audit::GENESIS.to_owned(),
        _ => tx.audit_record(seq - 1)?.ok_or_else(|| corrupt("audit_record", seq - 1, "seq"))?.hash,
    };
    let proof = proof(tx, &merkle::inclusion(size(seq - 1), size(checkpoint.size)))?;
    Ok(Ok(Inclusion { record, previous, checkpoint, proof }))
}

fn consistency(tx: &mut Tx<'_>, from: i64, to: Option<i64>) -> Found<Consistency> {
    let from = known!(found(tx, "/from", Some(from))?);
    let to = known!(found(tx, "/to", to)?);
    if to.size < from.size {
        let refusal = Refusal::at(Code::WrongState, "/to").found(to.number);
        return Ok(Err(refusal.expected(format!("a checkpoint not before {}", from.number))));
    }
    let proof = proof(tx, &merkle::consistency(size(from.size), size(to.size)))?;
    Ok(Ok(Consistency { from, to, proof }))
}
