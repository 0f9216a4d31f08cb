//! Files about old items and redemptions.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use super::Conn;
use super::reports::first_id;
use crate::domain::evidence_file::EvidenceFile;
use crate::domain::id::Id;
use crate::domain::inventory::Hashed;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::rows::{EvidenceFileRow, Row, read_all};
use crate::store::schema::evidence_file;
use crate::store::tx::Page;

pub fn one(conn: &mut Conn, id: Id) -> Result<Option<EvidenceFile>, StoreError> {
    let row = evidence_file::table.find(id).select(EvidenceFileRow::as_select()).first(conn).optional()?;
    row.map(EvidenceFileRow::read).transpose()
}

pub fn of_subject(conn: &mut Conn, subject: Id, page: Page) -> Result<Vec<EvidenceFile>, StoreError> {
    let of =
        evidence_file::table.filter(evidence_file::subject.eq(subject)).filter(evidence_file::id.lt(page.before()));
    read_all(of.order(evidence_file::id.desc()).limit(page.limit).select(EvidenceFileRow::as_select()).load(conn)?)
}

pub fn of_person(conn: &mut Conn, person: Id, page: Page) -> Result<Vec<EvidenceFile>, StoreError> {
    let of = evidence_file::table.filter(evidence_file::person.eq(person)).filter(evidence_file::id.lt(page.before()));
    read_all(of.order(evidence_file::id.desc()).limit(page.limit).select(EvidenceFileRow::as_select()).load(conn)?)
}

/// What was handed in about some records: each file with its record and its digest.
pub fn of_subjects(conn: &mut Conn, subjects: &[Id]) -> Result<Vec<(Id, Hashed)>, StoreError> {
    let mut files = Vec::new();
    for subjects in subjects.chunks(super::KEYS) {
        let of = evidence_file::table.filter(evidence_file::subject.eq_any(subjects));
        let columns = (evidence_file::id, (evidence_file::subject, evidence_file::sha256));
        files.extend(of.select(columns).load::<(Id, Hashed)>(conn)?);
    }
    Ok(files)
}

/// What was handed in after a moment, about any record. Identities begin with the millisecond.
pub fn handed_in_after(conn: &mut Conn, seen: Moment) -> Result<Vec<Hashed>, StoreError> {
    let later = evidence_file::table.filter(evidence_file::id.ge(first_id(seen))).filter(evidence_file::at.gt(seen.0));
    Ok(later.select((evidence_file::subject, evidence_file::sha256)).load(conn)?)
}

/// By each of these digests, the records that have a file with it.
pub fn equal(conn: &mut Conn, digests: &[String]) -> Result<BTreeMap<String, BTreeSet<Id>>, StoreError> {
    let mut subjects: BTreeMap<String, BTreeSet<Id>> = BTreeMap::new();
    for digests in digests.chunks(super::KEYS) {
        let equal = evidence_file::table.filter(evidence_file::sha256.eq_any(digests));
        let found: Vec<(String, Id)> = equal.select((evidence_file::sha256, evidence_file::subject)).load(conn)?;
        for (digest, subject) in found {
            subjects.entry(digest).or_default().insert(subject);
        }
    }
    Ok(subjects)
}

/// Which of these places in the store of files a record names.
pub fn blobs(conn: &mut Conn, blobs: &[String]) -> Result<BTreeSet<String>, StoreError> {
    let mut known = BTreeSet::new();
    for blobs in blobs.chunks(super::KEYS) {
        let named = evidence_file::table.filter(evidence_file::blob.eq_any(blobs)).select(evidence_file::blob);
        known.extend(named.load::<String>(conn)?);
    }
    Ok(known)
}

/// All files, oldest first, after one.
pub fn after(conn: &mut Conn, after: Id, limit: i64) -> Result<Vec<EvidenceFile>, StoreError> {
    let newer = evidence_file::table.filter(evidence_file::id.gt(after)).order(evidence_file::id).limit(limit);
    read_all(newer.select(EvidenceFileRow::as_select()).load(conn)?)
}
