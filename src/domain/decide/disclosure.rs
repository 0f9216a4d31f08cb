//! What somebody is shown or given that is not for everybody's eyes: it stands in the trail before it is answered.

use serde_json::{Value, json};

use super::Ids;
use crate::domain::command::{AuditNote, Decision, Outcome};

/// Whether the caller may see it was judged where the caller was; here it is only put down, and so it never fails.
pub(super) fn record(operation: &str, subject: &str, reason: Option<&str>, detail: &Value, ids: &mut Ids) -> Decision {
    let detail = json!({"operation": operation, "reason": reason, "shown": detail});
    Decision {
        outcome: Outcome::Disclosed { id: ids.next() },
        changes: Vec::new(),
        movements: Vec::new(),
        rollups: Vec::new(),
        audit: AuditNote { subject: subject.to_owned(), detail },
    }
}
