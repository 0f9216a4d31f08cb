//! `evidence check` and `evidence sweep`: the store of files against the records that speak of it.

use std::path::PathBuf;

use clap::Args;

use super::serve::{self, Stopped};
use super::sweep::{self, SweepError, Swept};
use crate::blobs::{BlobError, Blobs};
use crate::config::{blobs, database_url};
use crate::domain::id::Id;
use crate::domain::time::Moment;
use crate::store::{Readers, StoreError};

/// Records read at a time.
const PAGE: i64 = 500;

/// Where the records and the files are.
#[derive(Args, Clone, Debug)]
pub struct EvidenceOptions {
    /// Directory of the embedded database and, unless said otherwise, of the files.
    #[arg(long, env = "HUANXIN_DATA_DIR", default_value = "data")]
    pub data_dir: PathBuf,
    /// Database; the embedded one when not said.
    #[arg(long, env = "HUANXIN_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Schema of the division on PostgreSQL.
    #[arg(long, env = "HUANXIN_SCHEMA")]
    pub schema: Option<String>,
    /// Division code.
    #[arg(long, env = "HUANXIN_DIVISION", default_value = "360111")]
    pub division: String,
    /// Store of files, as `serve` takes it.
    #[arg(long, env = "HUANXIN_EVIDENCE_URL")]
    pub evidence_url: Option<String>,
}

impl EvidenceOptions {
    fn open(&self) -> Result<(Readers, Blobs), Stopped> {
        let database =
            serve::open(&database_url(&self.data_dir, self.database_url.as_deref()), self.schema.as_deref())?;
        let blobs = blobs(&self.data_dir, self.evidence_url.as_deref(), &self.division).map_err(Stopped::new)?;
        Ok((database.readers(1).map_err(|why| sentence(&why))?, blobs))
    }
}

fn sentence(why: &StoreError) -> Stopped {
    Stopped::new(why.to_string())
}

/// Reads every file that a record names: 0 with counts when each is there as it was put there, or 1 and the first that
/// is not. It needs no key: what lies there has its digest for a name.
///
/// # Errors
/// When the database or the store is away.
pub fn check(options: &EvidenceOptions) -> Result<(i32, String), Stopped> {
    let (readers, blobs) = options.open()?;
    let (mut after, mut files, mut bytes) = (Id::NIL, 0_u64, 0_u64);
    actix_web::rt::System::new().block_on(async {
        loop {
            let page =
                readers.snapshot(&mut |tx| tx.evidence_files_after(after, PAGE)).map_err(|why| sentence(&why))?;
            let Some(last) = page.last() else { break };
            after = last.id;
            for file in &page {
                match blobs.get(&file.blob).await {
                    Ok(_) => {}
                    Err(BlobError::Away(why)) => return Err(Stopped::new(why)),
                    Err(why) => return Ok((1, format!("bad: evidence file {} of {}: {why}", file.id, file.subject))),
                }
                files += 1;
                bytes += u64::from(file.bytes);
            }
        }
        Ok((0, format!("ok: {files} evidence files of {bytes} bytes lie where they were put")))
    })
}

/// Removes what lies in the store since before a moment and no record names: files whose command was refused or repeated.
/// What comes back says how many there were.
///
/// # Errors
/// When the database or the store is away.
pub fn sweep(options: &EvidenceOptions, before: Moment, dry_run: bool) -> Result<String, Stopped> {
    let (readers, blobs) = options.open()?;
    actix_web::rt::System::new().block_on(async {
        let named = |page: Vec<String>| {
            let named = readers.snapshot(&mut |tx| tx.evidence_blobs(&page));
            std::future::ready(named.map_err(|why| SweepError::Records(why.to_string())))
        };
        let swept = sweep::sweep(&blobs, before, dry_run, named).await.map_err(|why| Stopped::new(why.to_string()))?;
        let Swept { lying, removed } = swept;
        let done = if dry_run { "would be removed" } else { "were removed" };
        Ok(format!("{removed} of {lying} files that lie there since before {before} are named by no record and {done}"))
    })
}
