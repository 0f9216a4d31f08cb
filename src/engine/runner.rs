//! The engine without its thread and queue: exactly these commands in exactly this batch. What tests compare and
//! benches measure is the code that serves, not a copy of it.

use std::sync::Arc;

use super::batch::Bench;
use super::{Clock, Reply, Settings};
use crate::domain::command::Command;
use crate::store::StoreError;

/// Runs batches one after the other on the caller's thread.
pub struct Runner(Bench);

impl Runner {
    /// Opens the writer's connection. Queue, batch size and readers of the settings are not used.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub fn open(settings: &Settings) -> Result<Self, StoreError> {
        let writer = settings.database.writer()?;
        let (clock, rule) = (settings.clock, Arc::clone(&settings.rule));
        Ok(Self(Bench { writer, clock, rule, revoked: Arc::default() }))
    }

    /// Sets the clock for the batches that follow.
    pub fn set_clock(&mut self, clock: Clock) {
        self.0.clock = clock;
    }

    /// Runs the commands as one batch and gives each its answer.
    pub fn run(&mut self, commands: &[Arc<Command>]) -> Vec<Reply> {
        self.0.run(commands)
    }
}
