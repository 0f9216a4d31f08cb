//! Files about old items and redemptions.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::body::words::{Digest, FileAboutWord, FileKindWord, FileMediaWord};
use crate::domain::evidence_file::{EvidenceFile, FileAbout, FileKind, FileMedia};
use crate::domain::id::Id;

use super::time;

/// A file about an old item or a redemption; the file itself is fetched by a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct EvidenceFileView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// What kind of record it is about.
    #[schema(value_type = FileAboutWord)]
    pub about: FileAbout,
    /// The record.
    #[schema(format = "uuid")]
    pub subject_id: String,
    /// What it shows.
    #[schema(value_type = FileKindWord)]
    pub kind: FileKind,
    /// Its form.
    #[schema(value_type = FileMediaWord)]
    pub media_type: FileMedia,
    /// How many bytes it has.
    pub bytes: u32,
    /// SHA-256 of the file.
    #[schema(value_type = Digest)]
    pub sha256: String,
    /// The organisation that handed it in.
    #[schema(format = "uuid")]
    pub organisation_id: String,
    /// When.
    #[schema(format = DateTime)]
    pub uploaded_at: String,
    /// How many other records have the very same file; shown to the bureau alone.
    pub also_used_by: Option<usize>,
}

impl EvidenceFileView {
    /// As its organisation and the person see it.
    #[must_use]
    pub fn own(file: &EvidenceFile) -> Self {
        Self {
            id: file.id.to_string(),
            about: file.about,
            subject_id: file.subject.to_string(),
            kind: file.kind,
            media_type: file.media,
            bytes: file.bytes,
            sha256: file.sha256.clone(),
            organisation_id: file.organisation.to_string(),
            uploaded_at: time(file.at),
            also_used_by: None,
        }
    }

    /// As the bureau sees it, beside the records that have files of these digests.
    #[must_use]
    pub fn compared(file: &EvidenceFile, equal: &BTreeMap<String, BTreeSet<Id>>) -> Self {
        let others = equal
            .get(&file.sha256)
            .map_or(0, |subjects| subjects.iter().filter(|subject| **subject != file.subject).count());
        Self { also_used_by: Some(others), ..Self::own(file) }
    }
}

/// Where a file can be fetched for a few minutes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct EvidenceLinkView {
    /// The path, with the link in it; whoever has it can fetch the file.
    #[schema(example = "/api/v1/evidence/019ed874-e500-7000-8000-000000000001/content?link=a.b.c")]
    pub path: String,
    /// From when on it is worth nothing.
    #[schema(format = DateTime)]
    pub expires_at: String,
}
