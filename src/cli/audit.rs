//! `audit verify`: is everything as the trail says? `audit check`: is a package what it says, without a database?

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::audit_sink;
use crate::checkpoint::CheckpointKeys;
use crate::config::database_url;
use crate::domain::checkpoint::Checkpoint;
use crate::evidence::{self, Given};
use crate::keys::KeyRing;
use crate::store::{Against, Published, StoreError};

use super::serve::{Stopped, open, progress};

/// Bytes of a checkpoint or key set; no such file comes near.
const LARGEST: u64 = 1 << 20;

/// What was kept outside the database.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Kept {
    /// A checkpoint that was published: the answer of `getCheckpoint`, or its statement alone. May be said more than once.
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Vec<PathBuf>,
    /// Public keys as a JWK set; those of the key file when not said.
    #[arg(long, value_name = "FILE")]
    pub jwks: Option<PathBuf>,
}

/// Walks the trail and compares every row that it speaks of; recomputes balances, rollups and the roots of checkpoints. Gives
/// the exit code with its line: 0 with counts, or 1 and the first bad record.
///
/// # Errors
/// When the database, or a file that was named, cannot be read at all.
pub fn verify(
    data_dir: &Path,
    said: Option<&str>,
    key_file: Option<&Path>,
    kept: &Kept,
    sink: Option<&Path>,
) -> Result<(i32, String), Stopped> {
    let url = database_url(data_dir, said);
    let database = open(&url, None)?;
    let own = data_dir.join("keys.json");
    let keys = match (&kept.jwks, key_file.unwrap_or(&own)) {
        (Some(file), _) => Some(jwks(file)?),
        (None, file) if key_file.is_some() || file.exists() => {
            let ring = KeyRing::read(file).map_err(|why| Stopped::new(why.to_string()))?;
            Some(CheckpointKeys::of_jwks(&ring.jwks()))
        }
        _ => None,
    };
    let mut published = Vec::new();
    for file in &kept.checkpoint {
        let keys = keys.as_ref().ok_or_else(|| Stopped::at(file, &"no keys to check it with: --jwks FILE"))?;
        match keys.read(&statement(file)?) {
            Ok(said) => {
                published.push(Published { number: said.number, size: said.size, root: said.root, head: said.head });
            }
            Err(fault) => return Ok((1, format!("bad: {}: {fault}", file.display()))),
        }
    }
    let sink = match sink.map(audit_sink::read) {
        Some(Ok(hashes)) => hashes,
        Some(Err(why)) => return Ok((1, format!("bad: {why}"))),
        None => Vec::new(),
    };
    let judge = |checkpoint: &Checkpoint| keys.as_ref().map_or(Ok(()), |keys| keys.judge(checkpoint));
    let (checked, hashes) = (published.len(), sink.len());
    let against = Against { published, sink, judge: Some(&judge) };
    let sentence = |why: StoreError| Stopped::new(why.to_string());
    let readers = database.readers(1).map_err(sentence)?;
    let result = readers.snapshot(&mut |tx| tx.verify_against(&against, &mut progress)).map_err(sentence)?;
    let seen = match result {
        Ok(seen) => seen,
        Err(finding) => return Ok((1, format!("bad: {finding}"))),
    };
    let signatures = if keys.is_some() { "" } else { " (signatures not checked: no keys)" };
    let mut line = format!(
        "ok: {} records, {} movements, {} redemptions, {} redemption states, {} adjustments, {} entered figures, \
         {} claims by assistants, {} changes of accounts, {} settlements, {} balances, {} rollups, {} checkpoints, {} evidence files, \
         {} ends of old items, {} pick-ups, {} files{signatures}",
        seen.records,
        seen.movements,
        seen.redemptions,
        seen.redemption_states,
        seen.adjustments,
        seen.entered_figures,
        seen.assisted_claims,
        seen.account_proposals,
        seen.settlements,
        seen.balances,
        seen.rollups,
        seen.checkpoints,
        seen.evidence_files,
        seen.old_item_steps,
        seen.pickups,
        seen.imports,
    );
    if checked > 0 {
        line.extend([format!("; continues {checked} published")]);
    }
    if hashes > 0 {
        line.extend([format!("; {hashes} hashes of the second sink")]);
    }
    Ok((0, line))
}

/// Checks an evidence package: 0 with counts, or 1 and the first thing that is wrong.
///
/// # Errors
/// When a file cannot be read at all.
pub fn check(package: &Path, kept: &Kept) -> Result<(i32, String), Stopped> {
    let file = File::open(package).map_err(|why| Stopped::at(package, &why))?;
    let keys = kept.jwks.as_deref().map(jwks).transpose()?;
    let own_keys = keys.is_none();
    let mut given = Given { keys, statements: Vec::new() };
    for file in &kept.checkpoint {
        given.statements.push(statement(file)?);
    }
    let checked = match evidence::check(file, &given) {
        Ok(checked) => checked,
        Err(why) => return Ok((1, format!("bad: {why}"))),
    };
    let (made, division) = (&checked.checkpoint, &checked.division);
    let mut line = format!(
        "ok: division {division}, {} records, {} rows ({} changed their state later), {} proofs of inclusion in checkpoint {} \
         over {} records of {}",
        checked.records, checked.facts, checked.later, checked.proofs, made.number, made.size, made.at
    );
    if let Some(until) = checked.until {
        line.extend([format!("; the period was not over: nothing after {until} is in it")]);
    }
    if !given.statements.is_empty() {
        let (found, all) = (checked.published, given.statements.len());
        line.extend([format!("; {found} of {all} published checkpoints are in it")]);
    }
    if own_keys {
        line.push_str(
            "; signatures checked with the package's own keys: compare them with keys that you kept (--jwks)",
        );
    }
    Ok((0, line))
}

fn text(path: &Path) -> Result<String, Stopped> {
    let length = std::fs::metadata(path).map_err(|why| Stopped::at(path, &why))?.len();
    if length > LARGEST {
        return Err(Stopped::at(path, &"too large for what it should be"));
    }
    std::fs::read_to_string(path).map_err(|why| Stopped::at(path, &why))
}

fn jwks(path: &Path) -> Result<CheckpointKeys, Stopped> {
    let set = serde_json::from_str(&text(path)?).map_err(|why| Stopped::at(path, &why))?;
    let keys = CheckpointKeys::of_jwks(&set);
    if keys.is_empty() { Err(Stopped::at(path, &"no key for checkpoints stands there")) } else { Ok(keys) }
}

/// The statement of a file: the file itself, or a member of the object that it is.
fn statement(path: &Path) -> Result<String, Stopped> {
    let text = text(path)?;
    if !text.trim_start().starts_with('{') {
        return Ok(text);
    }
    let object: serde_json::Value = serde_json::from_str(&text).map_err(|why| Stopped::at(path, &why))?;
    let statement = object.get("statement").and_then(serde_json::Value::as_str).map(str::to_owned);
    statement.ok_or_else(|| Stopped::at(path, &"it has no member statement"))
}
