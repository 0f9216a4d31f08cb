//! Which keys the service has, and had before: whoever asks later which key made a signature, and since when it did, finds it
//! in the trail.

use serde_json::{Value, json};

use crate::domain::command::{AuditNote, Decision, Outcome};

/// What the records are about; the newest of them says which keys the trail knows.
pub const KEY_FILE: &str = "key_file";

/// The file has them already; here it is only put down, and so it never fails.
pub(super) fn note(before: &Value, after: &Value) -> Decision {
    Decision {
        outcome: Outcome::KeysNoted,
        changes: Vec::new(),
        movements: Vec::new(),
        rollups: Vec::new(),
        audit: AuditNote { subject: KEY_FILE.to_owned(), detail: json!({"before": before, "after": after}) },
    }
}
