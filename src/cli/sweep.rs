//! What lies in the store of files and no record names: files whose command was refused, or that were sent twice at once.
//! A job removes it, and `evidence sweep` does so by hand.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};

use crate::api::Service;
use crate::blobs::{BlobError, Blobs};
use crate::domain::time::Moment;
use crate::engine::{Clock, Division};

/// Places that are asked for at a time.
const PAGE: usize = 500;
/// Hours for which something lies there before the job takes it: a younger one may be on its way into a record.
const HOURS: i64 = 24;
/// How long the job rests.
const REST: Duration = Duration::from_hours(6);

/// Why a sweep has ended before its time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SweepError {
    /// The store of files.
    #[error(transparent)]
    Store(#[from] BlobError),
    /// The records.
    #[error("the records cannot be read: {0}")]
    Records(String),
}

/// What a sweep has found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Files that lie there for long enough.
    pub lying: usize,
    /// Those of them that no record names, and that were removed.
    pub removed: usize,
}

/// Removes what lies there since before a moment and no record names. `named` says of places which of them records name.
/// A dry run removes nothing, and says what it would.
///
/// # Errors
/// [`SweepError`]; what was removed before it stays so.
pub async fn sweep<Asked: Future<Output = Result<BTreeSet<String>, SweepError>>>(
    blobs: &Blobs,
    before: Moment,
    dry_run: bool,
    named: impl Fn(Vec<String>) -> Asked,
) -> Result<Swept, SweepError> {
    let lying: Vec<String> = blobs.lying_since(before).await?.into_iter().map(|one| one.blob).collect();
    let mut swept = Swept { lying: lying.len(), removed: 0 };
    for page in lying.chunks(PAGE) {
        let named = named(page.to_vec()).await?;
        let unnamed: BTreeSet<String> = page.iter().filter(|blob| !named.contains(*blob)).cloned().collect();
        if !dry_run {
            blobs.remove(&unnamed).await?;
        }
        swept.removed += unnamed.len();
    }
    Ok(swept)
}

/// Sweeps a service's store until it ends. Run as a task of its own.
pub async fn keep_swept(service: Arc<Service>) {
    loop {
        match sweep_due(&service.division, &service.blobs).await {
            Ok(Swept { removed: 0, .. }) => {}
            Ok(Swept { lying, removed }) => info!(lying, removed, "files that no record names were removed"),
            Err(why) => warn!(%why, "the store of files was not swept"),
        }
        tokio::time::sleep(REST).await;
    }
}

/// One sweep as the job does it. Since when a file lies there is told by the store, whose clock is not the division's: a
/// demonstration's may be years ahead, and would take away what is on its way into a record.
///
/// # Errors
/// As [`sweep`].
pub async fn sweep_due(division: &Division, blobs: &Blobs) -> Result<Swept, SweepError> {
    let before = Clock::default().now().plus_seconds(-HOURS * 3600);
    let named = |page: Vec<String>| async move {
        let asked = division.read(move |tx| tx.evidence_blobs(&page)).await;
        asked.map_err(|failure| SweepError::Records(format!("{failure:?}")))
    };
    sweep(blobs, before, false, named).await
}
