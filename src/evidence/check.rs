//! Checks a package without a database: files, chain, facts, tree, signatures, and that nothing of the period is left out.
//! Stops at the first thing that is wrong and names it.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use zip::ZipArchive;

use super::{CHECKPOINTS, CONSISTENCY, FACTS, FORMAT, INCLUSION, KEYS, MANIFEST, README_NAME, RECORDS, STATES};
use crate::checkpoint::{CheckpointKeys, Statement};
use crate::domain::audit::{canonical, chain};
use crate::domain::checkpoint::{BLOCK, leaf, size};
use crate::domain::merkle::{self, Hash};
use crate::domain::time::{Day, Moment};

/// Bytes of one file, unpacked; no package that the service makes comes near.
const LARGEST: u64 = 1 << 30;
const FILES: [&str; 7] = [RECORDS, FACTS, CHECKPOINTS, INCLUSION, CONSISTENCY, KEYS, README_NAME];

/// What the person who checks has got another way.
#[derive(Default)]
pub struct Given {
    /// Public keys; those in the package when none are given.
    pub keys: Option<CheckpointKeys>,
    /// Checkpoints that were published, signature and all.
    pub statements: Vec<String>,
}

/// What was found to be as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Records.
    pub records: usize,
    /// Rows.
    pub facts: usize,
    /// Rows that changed their state later.
    pub later: usize,
    /// Proofs of inclusion.
    pub proofs: usize,
    /// Division.
    pub division: String,
    /// The checkpoint that covers the records, as it was signed.
    pub checkpoint: Statement,
    /// Until when the records of the period are there, when the checkpoint was made before the period was over.
    pub until: Option<Moment>,
    /// How many of the published checkpoints are in the package.
    pub published: usize,
}

#[derive(Deserialize)]
struct Manifest {
    format: String,
    division: String,
    from: String,
    to: String,
    records: Span,
    checkpoint: i64,
    files: BTreeMap<String, FileSaid>,
}

#[derive(Deserialize)]
struct Span {
    before: String,
    first: i64,
    last: i64,
}

#[derive(Deserialize)]
struct FileSaid {
    sha256: String,
}

#[derive(Deserialize)]
struct RecordLine {
    seq: i64,
    body: String,
    hash: String,
}

#[derive(Deserialize)]
struct FactLine {
    seq: i64,
    table: String,
    id: String,
    digest: String,
    row: Value,
    #[serde(default)]
    later: bool,
}

#[derive(Deserialize)]
struct CheckpointLine {
    number: i64,
    size: i64,
    root: String,
    head: String,
    at: Moment,
    statement: String,
}

#[derive(Deserialize)]
struct InclusionLine {
    first: i64,
    count: i64,
    proof: Vec<String>,
}

#[derive(Deserialize)]
struct ConsistencySaid {
    from: i64,
    to: i64,
    proof: Vec<String>,
}

/// A record as far as it was found sound.
struct Known {
    leaf: Hash,
    hash: String,
    at: Moment,
    /// Table, identity and digest of each row that it speaks of.
    facts: Vec<[String; 3]>,
}

/// Checks a package.
///
/// # Errors
/// With the first thing that is wrong.
pub fn check(file: impl Read + Seek, given: &Given) -> Result<Checked, String> {
    let mut archive = ZipArchive::new(file).map_err(|why| format!("not a zip file: {why}"))?;
    let manifest = unpacked(&mut archive, MANIFEST)?;
    let manifest: Manifest = serde_json::from_slice(&manifest).map_err(|why| format!("{MANIFEST}: {why}"))?;
    if manifest.format != FORMAT {
        return Err(format!("{MANIFEST}: the format is {}, known is {FORMAT}", manifest.format));
    }
    let mut files = BTreeMap::new();
    for name in FILES {
        let bytes = unpacked(&mut archive, name)?;
        let said = manifest.files.get(name).ok_or_else(|| format!("{MANIFEST} does not name {name}"))?;
        if hex::encode(Sha256::digest(&bytes)) != said.sha256 {
            return Err(format!("{name}: its SHA-256 is not that of {MANIFEST}"));
        }
        files.insert(name, bytes);
    }
    let file = |name: &'static str| files.get(name).map(Vec::as_slice).unwrap_or_default();
    let records = records(file(RECORDS), &manifest)?;
    let (facts, later) = facts(file(FACTS), &records, manifest.records.first)?;
    let keys: Value = serde_json::from_slice(file(KEYS)).map_err(|why| format!("{KEYS}: {why}"))?;
    let own = CheckpointKeys::of_jwks(&keys);
    let keys = given.keys.as_ref().unwrap_or(&own);
    let checkpoints = checkpoints(file(CHECKPOINTS), keys, &manifest)?;
    let covering = checkpoints.last().ok_or_else(|| format!("{CHECKPOINTS}: it is empty"))?;
    let proofs = inclusion(file(INCLUSION), &records, &manifest, covering)?;
    consistency(file(CONSISTENCY), &checkpoints)?;
    let until = complete(&records, &manifest, covering)?;
    let mut found = 0;
    for text in &given.statements {
        found += usize::from(published(text, keys, &checkpoints)?);
    }
    let (records, division) = (records.len(), manifest.division);
    Ok(Checked { records, facts, later, proofs, division, checkpoint: covering.clone(), until, published: found })
}

fn unpacked<R: Read + Seek>(archive: &mut ZipArchive<R>, name: &str) -> Result<Vec<u8>, String> {
    let file = archive.by_name(name).map_err(|why| format!("{name}: {why}"))?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|why| format!("{name}: {why}"))?;
    if bytes.len() as u64 > LARGEST { Err(format!("{name}: larger than any that is made")) } else { Ok(bytes) }
}

/// The lines of a file, each with its number for the finding.
fn lines<'a, T: Deserialize<'a>>(
    name: &'static str,
    bytes: &'a [u8],
) -> impl Iterator<Item = Result<(usize, T), String>> {
    let lines = bytes.split(|byte| *byte == b'\n').zip(1..).filter(|(line, _)| !line.is_empty());
    lines.map(move |(line, number)| {
        let read = serde_json::from_slice(line).map_err(|why| format!("{name}, line {number}: {why}"));
        read.map(|value| (number, value))
    })
}

fn hashes(texts: &[String]) -> Option<Vec<Hash>> {
    texts.iter().map(|text| merkle::read(text)).collect()
}

/// The chain.
fn records(bytes: &[u8], manifest: &Manifest) -> Result<Vec<Known>, String> {
    let mut previous = manifest.records.before.clone();
    let mut known: Vec<Known> = Vec::new();
    let mut expected = manifest.records.first;
    for line in lines::<RecordLine>(RECORDS, bytes) {
        let (number, record) = line?;
        let bad = |what: &str| format!("{RECORDS}, line {number}, sequence {}: {what}", record.seq);
        if record.seq != expected {
            return Err(bad(&format!("record {expected} should stand here")));
        }
        if chain(&previous, &record.body) != record.hash {
            return Err(bad("its hash does not follow from the record before it and its body"));
        }
        let body: Value = serde_json::from_str(&record.body).map_err(|_| bad("its body is not readable"))?;
        let at = body.get("at").and_then(Value::as_str).and_then(|text| Moment::parse(text).ok());
        let at = at.ok_or_else(|| bad("its body has no time"))?;
        if body.get("seq").and_then(Value::as_i64) != Some(record.seq) {
            return Err(bad("its number is not that of its body"));
        }
        // Read here once more and as text: who checks a package does not go by what its writer took for a fact.
        let named = body.get("facts").and_then(Value::as_array).into_iter().flatten();
        let word = |fact: &Value, at: usize| fact.get(at).and_then(Value::as_str).map(str::to_owned);
        let facts =
            named.map(|fact| Some([word(fact, 0)?, word(fact, 1)?, word(fact, 2)?])).collect::<Option<Vec<_>>>();
        let facts = facts.ok_or_else(|| bad("it names a fact that cannot be read"))?;
        let leaf = leaf(&record.hash).ok_or_else(|| bad("its hash is none"))?;
        known.push(Known { leaf, hash: record.hash.clone(), at, facts });
        previous = record.hash;
        expected += 1;
    }
    if expected != manifest.records.last + 1 {
        return Err(format!("{RECORDS}: record {expected} is missing"));
    }
    Ok(known)
}

/// Every row that a record speaks of is there, as it was recorded; gives how many there are, and how many of them changed
/// their state later.
fn facts(bytes: &[u8], records: &[Known], first: i64) -> Result<(usize, usize), String> {
    let mut expected =
        records.iter().zip(first..).flat_map(|(record, seq)| record.facts.iter().map(move |fact| (seq, fact)));
    let (mut count, mut later) = (0, 0);
    for line in lines::<FactLine>(FACTS, bytes) {
        let (number, fact) = line?;
        let bad = |what: &str| {
            format!("{FACTS}, line {number}, sequence {}, table {}, id {}: {what}", fact.seq, fact.table, fact.id)
        };
        let said = [fact.table.clone(), fact.id.clone(), fact.digest.clone()];
        match expected.next() {
            Some((seq, told)) if seq == fact.seq && *told == said => {}
            Some((seq, told)) => {
                return Err(bad(&format!("{} {} of record {seq} should stand here", told[0], told[1])));
            }
            None => return Err(bad("no record speaks of it")),
        }
        if fact.later && STATES.contains(&fact.table.as_str()) && fact.row.is_null() {
            later += 1;
        } else if fact.row.is_null() {
            return Err(bad("the row is missing"));
        } else if hex::encode(Sha256::digest(canonical(&fact.row))) != fact.digest {
            return Err(bad("the row is not as it was recorded"));
        }
        count += 1;
    }
    match expected.next() {
        Some((seq, told)) => Err(format!("{FACTS}: {} {} of record {seq} is missing", told[0], told[1])),
        None => Ok((count, later)),
    }
}

/// The signatures, and that each statement says what its line says.
fn checkpoints(bytes: &[u8], keys: &CheckpointKeys, manifest: &Manifest) -> Result<Vec<Statement>, String> {
    let mut statements = Vec::new();
    for line in lines::<CheckpointLine>(CHECKPOINTS, bytes) {
        let (number, line) = line?;
        let bad = |what: &str| format!("{CHECKPOINTS}, line {number}, checkpoint {}: {what}", line.number);
        let statement = keys.read(&line.statement).map_err(|fault| bad(&fault.to_string()))?;
        let same = (line.number, line.size, &line.root, &line.head, line.at)
            == (statement.number, statement.size, &statement.root, &statement.head, statement.at);
        if !same || statement.division != manifest.division {
            return Err(bad("its signed statement says something else"));
        }
        statements.push(statement);
    }
    if statements.len() > 2 || statements.last().is_none_or(|last| last.number != manifest.checkpoint) {
        return Err(format!("{CHECKPOINTS}: the last is not checkpoint {}", manifest.checkpoint));
    }
    Ok(statements)
}

/// Every record is in the tree of the checkpoint.
fn inclusion(bytes: &[u8], records: &[Known], manifest: &Manifest, over: &Statement) -> Result<usize, String> {
    let root = merkle::read(&over.root).ok_or_else(|| format!("{CHECKPOINTS}: the root of {} is none", over.number))?;
    let Span { first, last, .. } = manifest.records;
    let (mut next, mut count) = (first, 0);
    for line in lines::<InclusionLine>(INCLUSION, bytes) {
        let (number, line) = line?;
        let bad = |what: &str| format!("{INCLUSION}, line {number}, sequence {}: {what}", line.first);
        let whole = line.count == 1 || (line.count == BLOCK && (line.first - 1) % BLOCK == 0);
        if line.first != next || !whole || line.first + line.count - 1 > last {
            return Err(bad(&format!("a proof for record {next} should stand here")));
        }
        let start = usize::try_from(next - first).unwrap_or(usize::MAX);
        let those = usize::try_from(line.count).ok().and_then(|count| records.get(start..start.checked_add(count)?));
        let entry = merkle::root(those.unwrap_or_default().iter().map(|record| record.leaf));
        let entries = size((over.size + line.count - 1) / line.count);
        let proof = hashes(&line.proof).ok_or_else(|| bad("it has a hash that is none"))?;
        let end = merkle::root_by_inclusion(size((line.first - 1) / line.count), entries, entry, &proof);
        if end != Some(root) {
            return Err(bad(&format!("it does not lead to the root of checkpoint {}", over.number)));
        }
        next += line.count;
        count += 1;
    }
    if next != last + 1 {
        return Err(format!("{INCLUSION}: there is no proof for record {next}"));
    }
    // The last record of a checkpoint is the one whose hash it names.
    if over.size == last && records.last().is_some_and(|record| record.hash != over.head) {
        return Err(format!("{CHECKPOINTS}: checkpoint {} names another hash of record {last}", over.number));
    }
    Ok(count)
}

fn consistency(bytes: &[u8], checkpoints: &[Statement]) -> Result<(), String> {
    let said: Option<ConsistencySaid> = serde_json::from_slice(bytes).map_err(|why| format!("{CONSISTENCY}: {why}"))?;
    let bad = |what: &str| Err(format!("{CONSISTENCY}: {what}"));
    match (checkpoints, said) {
        ([_], None) => Ok(()),
        ([earlier, covering], Some(said)) => {
            let roots = merkle::read(&earlier.root).zip(merkle::read(&covering.root));
            let proof = hashes(&said.proof);
            let (Some((before, after)), Some(proof)) = (roots, proof) else { return bad("it has a hash that is none") };
            let holds = merkle::is_consistent(size(earlier.size), size(covering.size), [before, after], &proof);
            if holds && (said.from, said.to) == (earlier.number, covering.number) {
                Ok(())
            } else {
                bad("the covering checkpoint does not continue the earlier one")
            }
        }
        _ => bad("it is not about the checkpoints of the package"),
    }
}

/// No record of the period is left out: the first in the package is the trail's first or comes before the period, the last
/// is the last of the checkpoint or comes after it. Gives the time of the checkpoint when the period was not over then.
fn complete(records: &[Known], manifest: &Manifest, covering: &Statement) -> Result<Option<Moment>, String> {
    let day = |name: &str, text: &str| text.parse().map(Day).map_err(|_| format!("{MANIFEST}: {name} is no day"));
    let (from, to) = (day("from", &manifest.from)?, day("to", &manifest.to)?);
    let Span { first, last, .. } = manifest.records;
    if first != 1 && records.first().is_none_or(|record| record.at.day() >= from) {
        return Err(format!("{RECORDS}: the record before record {first} may be of the period, too"));
    }
    let goes_on = records.last().is_some_and(|record| record.at.day() > to);
    if last != covering.size && !goes_on {
        return Err(format!("{RECORDS}: the record after record {last} may be of the period, too"));
    }
    Ok(Some(covering.at).filter(|at| !goes_on && at.day() <= to))
}

/// Whether a published checkpoint is in the package; one of the same number that says something else is a finding.
fn published(text: &str, keys: &CheckpointKeys, checkpoints: &[Statement]) -> Result<bool, String> {
    let kept = keys.read(text).map_err(|fault| format!("the published checkpoint: {fault}"))?;
    match checkpoints.iter().find(|one| one.number == kept.number) {
        Some(one) if *one == kept => Ok(true),
        Some(one) => Err(format!("{CHECKPOINTS}: checkpoint {} is not the one that was published", one.number)),
        None => Ok(false),
    }
}
