//! Work that no request asks for: vouchers whose time is over give their reservation back, and each day begins with a
//! checkpoint of the trail.

use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};

use super::{Division, Failure, Notary};
use crate::domain::checkpoint::Checkpoint;
use crate::domain::command::{Act, Actor, Command, Outcome};
use crate::domain::id::Id;

/// How many vouchers a round submits at most; the next round follows at once while there are more.
const PAGE: i64 = 200;
/// How long the job rests when nothing is due.
const REST: Duration = Duration::from_secs(20);

/// The service itself, as the trail shows it.
#[must_use]
pub fn system() -> Actor {
    Actor { id: Id::digest(&["system"]), role: "system".to_owned(), organisation: None }
}

/// The command that ends a voucher whose time is over; always the same, so that it has one effect however often asked.
#[must_use]
pub fn expire_command(voucher: Id, request_id: &str) -> Command {
    let id = Id::digest(&["expire", &voucher.to_string()]);
    let act = Act::ExpireVoucher { voucher };
    Command { id, fingerprint: id, actor: system(), request_id: request_id.to_owned(), act }
}

/// The command that keeps the day's checkpoint: of several replicas one has the effect.
fn checkpoint_command(act: Act) -> Command {
    let number = if let Act::CreateCheckpoint(new) = &act { new.number } else { 0 };
    let id = Id::digest(&["checkpoint", &number.to_string()]);
    Command { id, fingerprint: id, actor: system(), request_id: "checkpoint".to_owned(), act }
}

impl Division {
    /// Makes a checkpoint when a day begins, and one at the start when there has been none today. Run as a task of its
    /// own.
    pub async fn checkpoint_daily(self, notary: Arc<dyn Notary>) {
        loop {
            match self.checkpoint_due(notary.as_ref()).await {
                Ok(None) => {}
                Ok(Some(made)) => {
                    info!(number = made.number, size = made.size, root = made.root, "checkpoint of the trail");
                }
                Err(failure) => warn!(?failure, "the day's checkpoint could not be made"),
            }
            tokio::time::sleep(REST).await;
        }
    }

    /// Makes the day's checkpoint unless there is one, or no record since the last.
    ///
    /// # Errors
    /// [`Failure`]; that another replica was faster is none.
    pub async fn checkpoint_due(&self, notary: &dyn Notary) -> Result<Option<Checkpoint>, Failure> {
        let today = self.now().day();
        let (newest, head) = self.read(|tx| Ok((tx.newest_checkpoint()?, tx.head()?))).await?;
        let size = newest.as_ref().map_or(0, |newest| newest.size);
        if head.seq <= size || newest.is_some_and(|newest| newest.at.day() >= today) {
            return Ok(None);
        }
        match self.checkpoint(notary, checkpoint_command).await {
            Ok(answer) => match answer.outcome {
                Outcome::Checkpoint(made) if !answer.replayed => Ok(Some(*made)),
                _ => Ok(None),
            },
            Err(Failure::Refused(_)) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Expires vouchers until the division is closed. Run as a task of its own.
    pub async fn expire_vouchers(self) {
        loop {
            match self.expire_due().await {
                Ok(0) => tokio::time::sleep(REST).await,
                Ok(count) => info!(count, "vouchers expired"),
                Err(Failure::Unavailable) => {
                    warn!("vouchers cannot be expired while the database is away");
                    tokio::time::sleep(REST).await;
                }
                Err(failure) => {
                    warn!(?failure, "vouchers could not be expired");
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }

    /// Expires one page of vouchers whose time is over; gives how many.
    ///
    /// # Errors
    /// [`Failure`]; a voucher that another round has ended meanwhile is none.
    pub async fn expire_due(&self) -> Result<usize, Failure> {
        let now = self.now();
        let due = self.read(move |tx| tx.due_vouchers(now, PAGE)).await?;
        let mut expired = 0;
        for voucher in due {
            match self.submit(expire_command(voucher, "expiry")).await {
                Ok(answer) => expired += usize::from(!answer.replayed),
                Err(Failure::Refused(_)) => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(expired)
    }
}
