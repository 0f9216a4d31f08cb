//! What is sent when personal data is asked for in the clear, or to be erased.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::id::Id;
use crate::domain::identifier::judge_person_id;
use crate::domain::personal::Disclosed;
use crate::domain::refusal::Refusals;
use crate::domain::time::Day;
use crate::pii::{PERSON_ID, Vault};

use super::judge::{Judge, REASON};
use super::words::DisclosedWord;

/// What somebody must see in the clear, and why.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"subject": "redemption", "id": "019ed874-e500-7000-8000-000000000001", "reason": "核对收货人"}))]
pub struct DisclosureBody {
    /// What kind of record.
    #[schema(value_type = DisclosedWord)]
    pub subject: Disclosed,
    /// Which.
    #[schema(format = "uuid")]
    pub id: String,
    /// Why, for the record.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

impl DisclosureBody {
    /// Kind, identity and reason.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn read(self) -> Result<(Disclosed, Id, String), Refusals> {
        let mut judge = Judge::new(Day(chrono::NaiveDate::MAX));
        let (id, reason) = (judge.id("/id", &self.id), judge.text("/reason", &self.reason, REASON));
        judge.finish(id.zip(reason).map(|(id, reason)| (self.subject, id, reason)))
    }
}

/// Of whom nothing is to be known any more, and why.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"resident_id": "360102199003074514", "reason": "本人书面申请"}))]
pub struct ErasePersonBody {
    /// The person's identity number.
    pub resident_id: String,
    /// Why, for the record.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

impl ErasePersonBody {
    /// The person as the records know them, and the reason.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn read(self, vault: &Vault, today: Day) -> Result<(Id, String), Refusals> {
        let mut judge = Judge::new(today);
        let number = judge.personal("/resident_id", judge_person_id(&self.resident_id, today.0));
        let reason = judge.text("/reason", &self.reason, REASON);
        judge.finish(number.zip(reason).map(|(number, reason)| (vault.lookup(PERSON_ID, &number), reason)))
    }
}
