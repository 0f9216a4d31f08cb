//! Versions of a programme, and what they change.

use std::cmp::Ordering;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::body::words::{ProgrammeWord, VersionStatusWord};
use crate::domain::programme::{Difference, differences};
use crate::domain::records::{Programme, Version, VersionStatus};
use crate::domain::refusal::Language;

use super::{date, time};

/// A version of a programme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct VersionView {
    /// The programme's word.
    #[schema(value_type = ProgrammeWord)]
    pub programme_id: String,
    /// The version, from 1.
    #[schema(minimum = 1)]
    pub number: u32,
    /// State; a voucher is judged by the version under which it was issued, whatever this says.
    #[schema(value_type = VersionStatusWord)]
    pub status: VersionStatus,
    /// When it was published; `null` for a draft.
    #[schema(format = DateTime)]
    pub published_at: Option<String>,
    /// From which day on redemptions under earlier versions are owed what this version gives more.
    #[schema(format = Date)]
    pub retroactive_from: Option<String>,
    /// What it changed in the version before it; nothing for the first.
    pub changes: Vec<DifferenceView>,
}

/// A version with everything that it says.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct VersionWithRulesView {
    /// The version.
    #[serde(flatten)]
    pub version: VersionView,
    /// Everything that it says, in the words of the programme file.
    #[schema(value_type = Object)]
    pub rules: Value,
}

/// Something that a version changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DifferenceView {
    /// The field, such as `lines[refrigerator].tiers[0].cap`.
    pub field: String,
    /// What was said before; `null` when nothing was.
    pub before: Option<String>,
    /// What is said now; `null` when nothing is.
    pub after: Option<String>,
    /// The change in a sentence.
    pub detail: String,
}

impl DifferenceView {
    /// A difference in a language.
    #[must_use]
    pub fn of(difference: Difference, language: Language) -> Self {
        let detail = difference.sentence(language);
        let Difference { field, before, after } = difference;
        Self { field, before, after, detail }
    }
}

impl VersionView {
    /// A version beside the one before it.
    #[must_use]
    pub fn of(programme: &Programme, version: &Version, before: Option<&Version>, language: Language) -> Self {
        let status = match version.number.cmp(&programme.current) {
            Ordering::Less => VersionStatus::Superseded,
            Ordering::Equal => VersionStatus::Current,
            Ordering::Greater => VersionStatus::Draft,
        };
        let changes = before.map(|before| differences(&before.rules, &version.rules)).unwrap_or_default();
        Self {
            programme_id: programme.id.clone(),
            number: version.number,
            status,
            published_at: version.published_at.map(time),
            retroactive_from: version.rules.retroactive_from.map(date),
            changes: changes.into_iter().map(|change| DifferenceView::of(change, language)).collect(),
        }
    }
}
