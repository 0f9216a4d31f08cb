//! What leaves the service and is not for everybody's eyes stands in the trail first: unmasked reads, exports, downloads.

use serde_json::Value;

use super::auth::Caller;
use super::error::ApiError;
use super::server::Service;
use crate::domain::command::{Act, Command, Outcome};
use crate::domain::id::Id;

impl Service {
    /// Puts into the trail that the caller is about to be shown something, and comes back once that is committed: only
    /// then may it be answered. `operation` is the API's name of what shows it, `subject` the record that it is about,
    /// `shown` says what (fields, period, number of rows) and holds nothing in the clear.
    ///
    /// A read has no idempotency key. Each one is a record of its own, also when a client repeats a request under the
    /// same `X-Request-Id`, which is why lots are drawn for the command's identity.
    ///
    /// # Errors
    /// As the engine says; then nothing may be shown.
    pub async fn disclose(
        &self,
        caller: &Caller,
        operation: &str,
        subject: &str,
        reason: Option<&str>,
        shown: Value,
    ) -> Result<Id, ApiError> {
        let mut lot = [0_u8; 16];
        getrandom::fill(&mut lot).map_err(|why| ApiError::Internal(why.to_string()))?;
        let id = Id::digest(&["disclosure", &caller.actor.id.to_string(), &caller.request_id, &hex::encode(lot)]);
        let act = Act::RecordDisclosure {
            operation: operation.to_owned(),
            subject: subject.to_owned(),
            reason: reason.map(str::to_owned),
            detail: shown,
        };
        let (actor, request_id) = (caller.actor.clone(), caller.request_id.clone());
        let answer = self.division.submit(Command { id, fingerprint: id, actor, request_id, act }).await?;
        let Outcome::Disclosed { id } = answer.outcome else {
            return Err(ApiError::Internal("a disclosure that was none".to_owned()));
        };
        Ok(id)
    }
}
