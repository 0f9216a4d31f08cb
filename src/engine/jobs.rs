//! Work that no request asks for: vouchers whose time is over give their reservation back.

use std::time::Duration;

use tracing::{info, warn};

use super::{Division, Failure};
use crate::domain::command::{Act, Actor, Command};
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

impl Division {
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
