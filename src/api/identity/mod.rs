//! Staff: who signs in and how, and who keeps their accounts.

pub mod account;
pub mod session;
pub mod staff;
mod strangers;
pub mod till;
mod till_code;

use std::time::{Duration, Instant};

use crate::domain::account::SignInPolicy;
use crate::password::{Cost, PasswordError, Passwords};
use crate::pii::Vault;

use strangers::Strangers;

/// What signing in takes.
#[derive(Debug)]
pub struct Identity {
    /// Hashes and compares passwords.
    pub passwords: Passwords,
    /// How long sessions last, and how guessing is slowed down.
    pub policy: SignInPolicy,
    /// The earliest time after which a try that failed is answered, so that the clock does not tell why it failed.
    pub patience: Duration,
    /// Logins that nobody has, and how often they were tried.
    strangers: Strangers,
}

impl Identity {
    /// With passwords of a cost.
    ///
    /// # Errors
    /// When the cost is out of range.
    pub fn new(vault: &Vault, cost: Cost, policy: SignInPolicy, patience: Duration) -> Result<Self, PasswordError> {
        Ok(Self { passwords: Passwords::new(vault, cost)?, policy, patience, strangers: Strangers::default() })
    }

    /// Waits until a try that began then may be answered.
    async fn wait(&self, begun: Instant) {
        tokio::time::sleep(self.patience.saturating_sub(begun.elapsed())).await;
    }
}
