//! The engine's surface as api sees it.

use crate::domain::command::{ClaimVoucher, Command, Outcome, RedeemVoucher};
use crate::domain::money::Fen;
use crate::domain::programme::Amounts;
use crate::domain::records::Voucher;
use crate::domain::refusal::{Check, Refusal, Refusals};
use crate::domain::time::Moment;
use crate::store::{StoreError, Tx};

/// What came of a command.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What was done.
    pub outcome: Outcome,
    /// Whether it had been done before.
    pub replayed: bool,
}

/// Why there is no answer.
#[derive(Clone, Debug)]
pub enum Failure {
    /// A rule refused.
    Refused(Refusals),
    /// The queue is full.
    Busy,
    /// The database is away.
    Unavailable,
    /// A fault of this service, with the reference under which the log has it.
    Internal(String),
}

/// A redemption that was only asked about.
#[derive(Clone, Debug)]
pub struct Quote {
    /// The voucher.
    pub voucher: Voucher,
    /// Amounts, when item and price suffice.
    pub amounts: Option<Amounts>,
    /// Every check.
    pub checks: Vec<Check>,
}

/// A claim that was only asked about.
#[derive(Clone, Debug)]
pub struct Eligibility {
    /// Whether a claim would be granted.
    pub eligible: bool,
    /// The most that it could bring.
    pub max_subsidy: Option<Fen>,
    /// What speaks against it.
    pub refusals: Vec<Refusal>,
}

/// A division's engine, read pool and clock.
#[derive(Clone, Debug, Default)]
pub struct Division;

#[allow(clippy::unused_async)]
impl Division {
    /// Does a command.
    ///
    /// # Errors
    /// As [`Failure`] says.
    pub async fn submit(&self, command: Command) -> Result<Answer, Failure> {
        drop(command);
        Err(Failure::Unavailable)
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Moment {
        Moment(1_780_000_000_000_000)
    }

    /// The division's code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "360111"
    }

    /// Reads.
    ///
    /// # Errors
    /// As [`Failure`] says.
    pub async fn read<T: Send + 'static>(
        &self,
        query: impl FnMut(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Failure> {
        drop(query);
        Err(Failure::Unavailable)
    }

    /// Judges a redemption without making it.
    ///
    /// # Errors
    /// As [`Failure`] says.
    pub async fn quote(&self, request: RedeemVoucher) -> Result<Quote, Failure> {
        drop(request);
        Err(Failure::Unavailable)
    }

    /// Judges a claim without making it.
    ///
    /// # Errors
    /// As [`Failure`] says.
    pub async fn eligibility(&self, claim: ClaimVoucher) -> Result<Eligibility, Failure> {
        drop(claim);
        Err(Failure::Unavailable)
    }

    /// Whether the division can work.
    ///
    /// # Errors
    /// With the reason why not.
    pub async fn readiness(&self) -> Result<(), String> {
        Ok(())
    }
}
