//! Evidence files: recorded beside the old item or redemption that they are about.

use serde_json::json;

use super::{Ids, old_item_end};
use crate::domain::command::{AuditNote, Change, Decision, Outcome, Stop};
use crate::domain::evidence_file::{EvidenceFile, FileAbout, NewEvidenceFile, judge_another};
use crate::domain::id::Id;
use crate::domain::records::TurnIn;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::state::State;

pub(super) fn footprint(state: &mut State, new: &NewEvidenceFile) {
    state.files.ask(new.subject);
    let person = match new.about {
        FileAbout::TurnIn => {
            state.turn_ins.ask(new.subject);
            state.old_item_ends.ask(new.subject);
            state.turn_ins.peek(&new.subject).map(|row| row.person)
        }
        FileAbout::Redemption => {
            state.redemptions.ask(new.subject);
            state.redemptions.peek(&new.subject).map(|row| row.person)
        }
    };
    if let Some(person) = person {
        state.persons.ask(person);
    }
}

pub(super) fn record(state: &State, new: &NewEvidenceFile, uploader: Id, ids: &mut Ids) -> Result<Decision, Stop> {
    let person = own_subject(state, new)?;
    if state.persons.get(&person)?.is_some_and(|person| person.erased_at.is_some()) {
        let erased = Refusal::of(Code::WrongState).found("a record whose personal data is erased");
        return Err(erased.expected("a record whose personal data is not erased").into());
    }
    if let Some(files) = state.files.get(&new.subject)? {
        judge_another(files, &new.sha256)?;
    }
    // From here it must succeed.
    let NewEvidenceFile { about, subject, organisation, kind, media, bytes, sha256, blob, key } = new.clone();
    let at = ids.stamp.at;
    let row = EvidenceFile {
        id: ids.next(),
        about,
        subject,
        person,
        kind,
        media,
        bytes,
        sha256,
        blob,
        data_key: key.id,
        organisation,
        uploader,
        at,
    };
    let detail = json!({"file": row.id, "about": about, "kind": kind, "media": media, "bytes": bytes,
        "sha256": row.sha256, "organisation": organisation});
    Ok(Decision {
        outcome: Outcome::EvidenceFile(Box::new(row.clone())),
        changes: vec![Change::DataKey(key.of(person, at)), Change::EvidenceFile(Box::new(row))],
        movements: Vec::new(),
        rollups: Vec::new(),
        audit: AuditNote { subject: subject.to_string(), detail },
    })
}

/// Whom the record is about; another organisation's record is not there.
fn own_subject(state: &State, new: &NewEvidenceFile) -> Result<Id, Stop> {
    let found = match new.about {
        FileAbout::TurnIn => {
            // Who recorded it, and the yard that has it.
            let yard = old_item_end::end(state, new.subject)?.received.map(|step| step.organisation);
            let own = |row: &&TurnIn| [Some(row.recorder), yard].contains(&Some(new.organisation));
            state.turn_ins.get(&new.subject)?.filter(own).map(|row| row.person)
        }
        FileAbout::Redemption => {
            let row = state.redemptions.get(&new.subject)?;
            row.filter(|row| row.retailer == new.organisation).map(|row| row.person)
        }
    };
    found.ok_or_else(|| Refusal::of(Code::NotFound).into())
}
