//! Writes a package, in one snapshot and a page at a time: what grows with the period is compressed as it is read.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::ops::RangeInclusive;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{CHECKPOINTS, CONSISTENCY, FACTS, FORMAT, INCLUSION, KEYS, MANIFEST, README, README_NAME, RECORDS, STATES};
use crate::domain::audit::{AuditRecord, GENESIS, Named, canonical, named};
use crate::domain::checkpoint::{BLOCK, Checkpoint, size};
use crate::domain::id::Id;
use crate::domain::merkle;
use crate::domain::time::{Day, Moment};
use crate::engine::proof;
use crate::store::{StoreError, Tx};

/// Records read at a time.
const PAGE: i64 = 1000;

/// Which package.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Division code.
    pub division: String,
    /// The first day of the period.
    pub from: Day,
    /// Its last day.
    pub to: Day,
    /// When it is made.
    pub at: Moment,
    /// The public keys.
    pub jwks: Value,
}

/// A package.
#[derive(Clone, Debug)]
pub struct Package {
    /// The file.
    pub bytes: Vec<u8>,
    /// SHA-256 of it, in hexadecimal.
    pub sha256: String,
    /// Its first record.
    pub first: i64,
    /// Its last record.
    pub last: i64,
    /// The checkpoint that covers it.
    pub checkpoint: i64,
}

/// The records of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first of them, if there is one.
    pub start: i64,
    /// The first after them, if there is one.
    pub end: i64,
    /// Whether there is none after them yet: the period is not over, or nothing has happened since.
    pub open: bool,
}

impl Period {
    /// The records from one day to another, both included.
    ///
    /// # Errors
    /// Those of the database.
    pub fn of(tx: &mut Tx<'_>, from: Day, to: Day) -> Result<Self, StoreError> {
        let after = Day(to.0.succ_opt().unwrap_or(to.0)).start();
        let (start, end) = (tx.first_audit_record_at(from.start().0)?, tx.first_audit_record_at(after.0)?);
        Ok(Self { start, end, open: end > tx.head()?.seq })
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> i64 {
        self.end - self.start
    }
}

/// The checkpoint that covers a period and the record after it, or as much of an open period as the newest one does;
/// nothing when none covers it yet.
///
/// # Errors
/// Those of the database.
pub fn covering(tx: &mut Tx<'_>, period: Period) -> Result<Option<Checkpoint>, StoreError> {
    if period.open {
        return Ok(tx.newest_checkpoint()?.filter(|newest| newest.size >= period.start));
    }
    tx.checkpoint_over(period.end)
}

/// A file that grows in memory; each of its parts is digested as it is written.
struct Parts {
    zip: ZipWriter<Cursor<Vec<u8>>>,
    digest: Sha256,
    bytes: u64,
    name: &'static str,
    files: BTreeMap<&'static str, Value>,
}

impl Parts {
    fn begin(&mut self, name: &'static str) -> Result<(), StoreError> {
        self.end();
        self.name = name;
        // Without a time, so that the same records give the same bytes.
        let options =
            SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).unix_permissions(0o644);
        self.zip.start_file(name, options).map_err(|why| StoreError::Other(why.to_string()))
    }

    fn end(&mut self) {
        let digest = std::mem::take(&mut self.digest).finalize();
        if !self.name.is_empty() {
            let file = json!({"bytes": self.bytes, "sha256": hex::encode(digest)});
            self.files.insert(self.name, file);
        }
        self.bytes = 0;
    }

    fn add(&mut self, text: &str) -> Result<(), StoreError> {
        self.digest.update(text);
        self.bytes += text.len() as u64;
        self.zip.write_all(text.as_bytes()).map_err(|why| StoreError::Other(why.to_string()))
    }

    fn line(&mut self, value: &Value) -> Result<(), StoreError> {
        self.add(&canonical(value))?;
        self.add("\n")
    }
}

/// Writes the package; nothing when no checkpoint covers its records yet.
///
/// # Errors
/// Those of the database.
pub fn write(tx: &mut Tx<'_>, asked: &Asked) -> Result<Option<Package>, StoreError> {
    let period = Period::of(tx, asked.from, asked.to)?;
    let Some(covering) = covering(tx, period)? else { return Ok(None) };
    // One more on each side, so that whoever checks sees that nothing of the period is left out.
    let span = (period.start - 1).max(1)..=period.end.min(covering.size);
    let (first, last) = (*span.start(), *span.end());
    let earlier = tx.checkpoint_within(first - 1)?;
    let zip = ZipWriter::new(Cursor::new(Vec::new()));
    let (digest, files) = (Sha256::new(), BTreeMap::new());
    let mut parts = Parts { zip, digest, bytes: 0, name: "", files };
    records(tx, &span, &mut parts)?;
    facts(tx, &span, &mut parts)?;
    parts.begin(CHECKPOINTS)?;
    for checkpoint in earlier.iter().chain([&covering]) {
        parts.line(&said(checkpoint))?;
    }
    inclusion(tx, &span, covering.size, &mut parts)?;
    parts.begin(CONSISTENCY)?;
    let consistency = match &earlier {
        Some(earlier) => {
            let proof = proof(tx, &merkle::consistency(size(earlier.size), size(covering.size)))?;
            json!({"from": earlier.number, "to": covering.number, "proof": merkle::texts(&proof)})
        }
        None => Value::Null,
    };
    parts.line(&consistency)?;
    parts.begin(KEYS)?;
    parts.line(&asked.jwks)?;
    parts.begin(README_NAME)?;
    parts.add(README)?;
    parts.end();
    let before = match first {
        1 => GENESIS.to_owned(),
        _ => tx.audit_record(first - 1)?.map(|record| record.hash).unwrap_or_default(),
    };
    let manifest = json!({
        "format": FORMAT,
        "division": asked.division,
        "from": asked.from.to_string(),
        "to": asked.to.to_string(),
        "made_at": asked.at,
        "records": {"before": before, "first": first, "last": last},
        "checkpoint": covering.number,
        "files": parts.files,
    });
    parts.begin(MANIFEST)?;
    parts.line(&manifest)?;
    let bytes = parts.zip.finish().map_err(|why| StoreError::Other(why.to_string()))?.into_inner();
    let sha256 = hex::encode(Sha256::digest(&bytes));
    Ok(Some(Package { bytes, sha256, first, last, checkpoint: covering.number }))
}

fn said(checkpoint: &Checkpoint) -> Value {
    let Checkpoint { number, size, root, head, at, statement, .. } = checkpoint;
    json!({"number": number, "size": size, "root": root, "head": head, "at": at, "statement": statement})
}

/// Runs over the records, a page at a time.
fn each_page(
    tx: &mut Tx<'_>,
    span: &RangeInclusive<i64>,
    mut work: impl FnMut(&mut Tx<'_>, &[AuditRecord]) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let (mut after, end) = (span.start() - 1, *span.end());
    while after < end {
        let page = tx.audit_records_after(after, PAGE.min(end - after))?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        work(tx, &page)?;
    }
    Ok(())
}

fn records(tx: &mut Tx<'_>, span: &RangeInclusive<i64>, parts: &mut Parts) -> Result<(), StoreError> {
    parts.begin(RECORDS)?;
    each_page(tx, span, |_, page| {
        page.iter().try_for_each(|row| parts.line(&json!({"seq": row.seq, "body": row.body, "hash": row.hash})))
    })
}

/// Every row that a record has the digest of, as it is now. A row that is not what the record says is told as it is: that
/// is what the package is for.
fn facts(tx: &mut Tx<'_>, span: &RangeInclusive<i64>, parts: &mut Parts) -> Result<(), StoreError> {
    parts.begin(FACTS)?;
    each_page(tx, span, |tx, page| {
        let said: Vec<(i64, Value)> = page.iter().map(|record| (record.seq, record.said())).collect();
        let facts: Vec<(i64, Named<'_>)> =
            said.iter().flat_map(|(seq, body)| named(body).flatten().map(|fact| (*seq, fact))).collect();
        let mut wanted: BTreeMap<&str, Vec<Id>> = BTreeMap::new();
        for (_, fact) in &facts {
            wanted.entry(fact.table).or_default().push(fact.id);
        }
        let mut rows: BTreeMap<&str, BTreeMap<Id, Value>> = BTreeMap::new();
        for (table, ids) in wanted {
            rows.insert(table, tx.fact_rows(table, &ids)?);
        }
        for (seq, Named { table, id, digest }) in facts {
            let row = rows.get(table).and_then(|rows| rows.get(&id));
            let same = row.is_some_and(|row| hex::encode(Sha256::digest(canonical(row))) == digest);
            let later = !same && row.is_some() && STATES.contains(&table);
            let row = row.filter(|_| !later);
            let mut line = json!({"seq": seq, "table": table, "id": id, "digest": digest, "row": row});
            if later {
                line["later"] = true.into();
            }
            parts.line(&line)?;
        }
        Ok(())
    })
}

/// One proof for each block of records that is there as a whole, and one for each other record.
fn inclusion(tx: &mut Tx<'_>, span: &RangeInclusive<i64>, over: i64, parts: &mut Parts) -> Result<(), StoreError> {
    parts.begin(INCLUSION)?;
    let (mut first, last) = (*span.start(), *span.end());
    while first <= last {
        let whole = (first - 1) % BLOCK == 0 && first + BLOCK - 1 <= last;
        let count = if whole { BLOCK } else { 1 };
        let ranges = merkle::inclusion(size((first - 1) / count), size((over + count - 1) / count));
        // In the tree of blocks each entry stands for so many records, but perhaps for the last.
        let (each, end) = (size(count), size(over));
        let ranges: Vec<_> = ranges.iter().map(|range| range.start * each..(range.end * each).min(end)).collect();
        parts.line(&json!({"first": first, "count": count, "proof": merkle::texts(&proof(tx, &ranges)?)}))?;
        first += count;
    }
    Ok(())
}
