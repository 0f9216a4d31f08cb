//! `audit verify`: is everything as the trail says?

use std::path::Path;

use super::serve::{Stopped, open, progress};
use crate::config::database_url;

/// Walks the trail and compares every row that it speaks of; recomputes balances and rollups. Gives the exit code
/// with its line: 0 with counts, or 1 and the first bad record.
///
/// # Errors
/// When the database cannot be read at all.
pub fn verify(data_dir: &Path, said: Option<&str>) -> Result<(i32, String), Stopped> {
    let url = database_url(data_dir, said);
    let database = open(&url, None)?;
    let sentence = |why: crate::store::StoreError| Stopped::new(why.to_string());
    let readers = database.readers(1).map_err(sentence)?;
    let result = readers.snapshot(&mut |tx| tx.verify(&mut progress)).map_err(sentence)?;
    let (line, code) = match result {
        Ok(seen) => (
            format!(
                "ok: {} records, {} movements, {} redemptions, {} redemption states, {} adjustments, {} entered figures, \
                 {} balances, {} rollups",
                seen.records,
                seen.movements,
                seen.redemptions,
                seen.redemption_states,
                seen.adjustments,
                seen.entered_figures,
                seen.balances,
                seen.rollups
            ),
            0,
        ),
        Err(finding) => (format!("bad: {finding}"), 1),
    };
    Ok((code, line))
}
