//! One voucher's whole life, put together from the records of the trail and the movements of money.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Division, Failure};
use crate::domain::audit::{AuditRecord, named};
use crate::domain::id::Id;
use crate::domain::ledger::Movement;
use crate::domain::records::{Person, Redemption, Voucher};
use crate::store::{StoreError, Tx};

/// Records of one life; nobody's is near it.
const MOST: i64 = 500;

/// A voucher's life.
#[derive(Clone, Debug, PartialEq)]
pub struct Life {
    /// The voucher as it is now.
    pub voucher: Voucher,
    /// Its holder.
    pub holder: Option<Person>,
    /// Its redemption.
    pub redemption: Option<Redemption>,
    /// What happened, in the order of the trail.
    pub events: Vec<Event>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The record.
    pub record: AuditRecord,
    /// The money that it moved for this voucher.
    pub movements: Vec<Movement>,
}

impl Division {
    /// A voucher's life; nothing when there is no such voucher.
    ///
    /// # Errors
    /// As [`Division::read`].
    pub async fn voucher_life(&self, voucher: Id) -> Result<Option<Life>, Failure> {
        self.read(move |tx| life(tx, voucher)).await
    }
}

fn life(tx: &mut Tx<'_>, id: Id) -> Result<Option<Life>, StoreError> {
    let Some(voucher) = tx.voucher(id)? else { return Ok(None) };
    let holder = tx.person(voucher.person)?;
    let redemption = voucher.redemption.map(|id| tx.redemption(id)).transpose()?.flatten().map(|found| found.0);
    let turn_ins = [voucher.turn_in, redemption.as_ref().and_then(|redemption| redemption.turn_in)];
    let own: BTreeSet<Id> = [Some(id), voucher.redemption].into_iter().chain(turn_ins).flatten().collect();
    let subjects: Vec<String> = own.iter().map(Id::to_string).collect();
    let mut records: BTreeMap<i64, AuditRecord> =
        tx.audit_records_about(&subjects, MOST)?.into_iter().map(|record| (record.seq, record)).collect();
    // What was posted for a programme stands under the programme: found by its time, known by the adjustments it names.
    for adjustment in voucher.redemption.map_or(Ok(Vec::new()), |id| tx.adjustments_of(&[id]))? {
        let first = tx.first_audit_record_at(adjustment.at.0)?;
        let posted = tx.audit_records_after(first - 1, MOST)?.into_iter();
        let posted = posted
            .take_while(|record| record.at == adjustment.at)
            .find(|record| named(&record.said()).flatten().any(|fact| fact.id == adjustment.id));
        records.extend(posted.map(|record| (record.seq, record)));
    }
    let mut events = Vec::with_capacity(records.len());
    for record in records.into_values() {
        let said = record.said();
        let moved = named(&said).flatten().filter(|fact| fact.table == "movement");
        let ids: Vec<Id> = moved.map(|fact| fact.id).collect();
        let mut movements = tx.movements(&ids)?;
        movements.retain(|movement| own.contains(&movement.subject));
        events.push(Event { record: about_this(record, voucher.redemption), movements });
    }
    Ok(Some(Life { voucher, holder, redemption, events }))
}

/// A record that is about many redemptions, with what it says of this one alone.
fn about_this(mut record: AuditRecord, redemption: Option<Id>) -> AuditRecord {
    let Some(own) = redemption.map(|id| id.to_string()) else { return record };
    let mut body = record.said();
    if let Some(all) = body.pointer_mut("/detail/adjustments").and_then(Value::as_array_mut) {
        all.retain(|one| one.get("redemption").and_then(Value::as_str).is_none_or(|of| of == own));
        record.body = body.to_string();
    }
    record
}
