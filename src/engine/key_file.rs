//! Which keys the service has stands in the trail. They take turns in a file, while the service runs or stands still, and
//! whoever lets them asks no database; so each process that serves compares what its file says with what the trail says.

use serde_json::Value;

use super::{Division, Failure, system};
use crate::domain::audit::canonical;
use crate::domain::command::{Act, Command};
use crate::domain::decide::KEY_FILE;
use crate::domain::id::Id;

impl Division {
    /// Puts into the trail which keys there are, by their names, unless that is what it says already. Gives whether this
    /// call did. For a caller that is a thread and no task.
    ///
    /// Of several replicas that notice the same change one has the effect: they name the command after the record which
    /// it follows and after the keys. A set of keys that comes back later follows another record, and is noted again.
    ///
    /// # Errors
    /// [`Failure`]; then nothing was noted, and it has to be tried again.
    pub fn note_keys(&self, now: &Value) -> Result<bool, Failure> {
        let newest = self.read_blocking(|tx| tx.newest_audit_record_about(KEY_FILE))?;
        let (seq, before) = newest.map_or((0, Value::Null), |record| {
            let after = record.said().pointer("/detail/after").cloned();
            (record.seq, after.unwrap_or_default())
        });
        if before == *now {
            return Ok(false);
        }
        let id = Id::digest(&["keys", &seq.to_string(), &canonical(now)]);
        let act = Act::NoteKeys { before, after: now.clone() };
        let command = Command { id, fingerprint: id, actor: system(), request_id: "keys".to_owned(), act };
        self.submit_blocking(command).map(|answer| !answer.replayed)
    }
}
