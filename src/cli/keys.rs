//! `keys`: the keys that take turns, shown and turned. No secret is ever shown.

use std::fmt::Write as _;
use std::path::Path;

use super::serve::Stopped;
use crate::domain::time::Moment;
use crate::keys::rotation::{self, KeyKind, PUBLISHED_AT_LEAST};

/// A line for each key.
///
/// # Errors
/// When the file is not there or cannot be used.
pub fn list(path: &Path) -> Result<String, Stopped> {
    let lines = rotation::list(path).map_err(|why| Stopped::new(why.to_string()))?;
    let mut text = format!("{:<8} {:<8} {:<43} {:<27} needed until\n", "use", "state", "kid", "since");
    let at = |moment: Option<Moment>| moment.map(|moment| moment.to_string()).unwrap_or_default();
    for line in lines {
        let (kind, state) = (line.kind.to_string(), line.state.to_string());
        let (since, until) = (at(line.since), at(line.needed_until));
        let row = format!("{kind:<8} {state:<8} {:<43} {since:<27} {until}", line.kid);
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{}", row.trim_end());
    }
    Ok(text)
}

/// Lets the keys of these uses, or of all, take turns, and tells what it did.
///
/// # Errors
/// With a sentence; then nothing was changed.
pub fn rotate(path: &Path, kinds: &[KeyKind], now: Moment, at_once: bool) -> Result<String, Stopped> {
    let mut kinds = if kinds.is_empty() { KeyKind::ALL.to_vec() } else { kinds.to_vec() };
    kinds.sort_unstable();
    kinds.dedup();
    let turned = rotation::rotate(path, &kinds, now, at_once).map_err(|why| Stopped::new(why.to_string()))?;
    let mut text = String::new();
    for one in turned {
        let (of_use, current, next) = (one.kind, one.current, one.next);
        let _ = match one.retired {
            Some(retired) => writeln!(text, "{of_use}: {current} signs from now on, {retired} retired, {next} is next"),
            None => writeln!(
                text,
                "{of_use}: {next} is published as the next key; rotate again after {} minutes at the earliest, and \
                 {current} signs until then",
                PUBLISHED_AT_LEAST / 60
            ),
        };
        for kid in one.dropped {
            let _ = writeln!(text, "{of_use}: {kid} dropped, nothing that it made holds any more");
        }
    }
    Ok(text)
}

/// Drops a retired key before its time.
///
/// # Errors
/// With a sentence; then nothing was changed.
pub fn drop_retired(path: &Path, kid: &str, now: Moment) -> Result<String, Stopped> {
    let of_use = rotation::drop_retired(path, kid, now).map_err(|why| Stopped::new(why.to_string()))?;
    Ok(format!("{of_use}: {kid} dropped; what it made holds no more\n"))
}
