//! Where the parts of a redemption stand: the redemption itself, and each adjustment that raised it, is in a bucket, in a
//! settlement, paid, or rejected, each for itself.

use std::collections::BTreeMap;

use super::adjustment;
use crate::domain::adjustment::Adjustment;
use crate::domain::command::{Change, Stop};
use crate::domain::id::Id;
use crate::domain::records::{Redemption, RedemptionState, RedemptionStatus};
use crate::domain::settlement::{Bucket, Portion, SettlementStatus};
use crate::domain::state::State;
use crate::domain::time::Day;

/// Asks for everything that [`of`] looks at.
pub(super) fn ask(state: &mut State, redemption: Id) {
    state.redemptions.ask(redemption);
    state.redemption_states.ask(redemption);
    state.holds.ask(redemption);
    let Some(fact) = state.redemptions.peek(&redemption).cloned() else { return };
    state.programmes.ask(fact.programme.clone());
    state.buckets.ask(fact.bucket);
    let again = state.redemption_states.peek(&redemption).and_then(|row| row.bucket);
    if let Some(bucket) = again {
        state.buckets.ask(bucket);
    }
    if let Some(current) = state.programmes.peek(&fact.programme).map(|row| row.current) {
        adjustment::ask_those_of(state, redemption, fact.version, current);
        // Their states by the same keys, so that where they lie is known no later than what they are.
        for later in fact.version.saturating_add(1)..=current {
            state.adjustment_states.ask(Adjustment::key(redemption, later));
        }
    }
    let raised = adjustment::those_of(state, &fact).unwrap_or_default();
    let raised: Vec<(Id, Id)> = raised.iter().map(|raise| (raise.id, raise.bucket)).collect();
    for (raise, bucket) in raised {
        state.buckets.ask(bucket);
        let again = state.adjustment_states.peek(&raise).and_then(|row| row.bucket);
        if let Some(bucket) = again {
            state.buckets.ask(bucket);
        }
    }
}

/// Where a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In a bucket that no settlement has, or that one gave back.
    Open(Id),
    /// In a settlement, in this bucket of it.
    UnderWay {
        /// The settlement.
        settlement: Id,
        /// The bucket.
        bucket: Id,
    },
    /// Paid.
    Paid,
    /// Refused, and in no bucket.
    Rejected,
}

/// A part of what a redemption brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The adjustment; none of the redemption itself.
    pub(super) adjustment: Option<Id>,
    /// Where it is.
    pub(super) place: Place,
    /// How much of whose money.
    pub(super) portion: Portion,
}

/// The parts of a redemption, itself first; none of one that was undone: nothing of it lies in any bucket.
pub(super) fn of(state: &State, fact: &Redemption) -> Result<Vec<Part>, Stop> {
    let row = state.redemption_states.get(&fact.id)?;
    let undone = [RedemptionStatus::Reversed, RedemptionStatus::ClawedBack];
    if row.is_some_and(|row| undone.contains(&row.status)) {
        return Ok(Vec::new());
    }
    let mut parts = vec![Part {
        adjustment: None,
        place: place(state, fact.bucket, row, None)?,
        portion: Portion::of(&fact.programme, fact.category, fact.subsidy, &fact.funding),
    }];
    for raise in adjustment::those_of(state, fact)? {
        parts.push(Part {
            adjustment: Some(raise.id),
            place: place(state, raise.bucket, row, Some(raise))?,
            portion: Portion::of(&raise.programme, raise.category, raise.amount, &raise.funding),
        });
    }
    Ok(parts)
}

/// A rejection, and what follows it, is of the redemption itself and of the adjustments that it names. An adjustment that was
/// once refused by itself is where its own state says.
fn place(
    state: &State,
    first: Id,
    row: Option<&RedemptionState>,
    adjustment: Option<&Adjustment>,
) -> Result<Place, Stop> {
    let concerns = |row: &&RedemptionState| {
        let named = |id: Id| row.rejection.as_ref().is_some_and(|rejection| rejection.adjustments.contains(&id));
        adjustment.is_none_or(|adjustment| named(adjustment.id))
    };
    let own = match adjustment {
        Some(adjustment) => state.adjustment_states.get(&adjustment.id)?,
        None => None,
    };
    let bucket = match row.filter(concerns).filter(|_| own.is_none()) {
        None if own.is_some_and(|own| own.bucket.is_none()) => return Ok(Place::Rejected),
        None => own.and_then(|own| own.bucket).unwrap_or(first),
        Some(row) if row.status == RedemptionStatus::Rejected => return Ok(Place::Rejected),
        Some(RedemptionState { status: RedemptionStatus::Resubmitted, bucket: Some(bucket), .. }) => *bucket,
        _ => first,
    };
    let lost = || Stop::NotLoaded(format!("bucket {bucket}"));
    let found = state.buckets.get(&bucket)?.ok_or_else(lost)?;
    Ok(match (found.settlement, found.stage) {
        (Some(_), Some(SettlementStatus::Paid)) => Place::Paid,
        (Some(settlement), Some(reached)) if reached.is_under_way() => Place::UnderWay { settlement, bucket },
        _ => Place::Open(bucket),
    })
}

/// Whether anything holds the redemption's line.
pub(super) fn is_held(state: &State, redemption: Id) -> Result<bool, Stop> {
    Ok(state.holds.get(&redemption)?.is_some_and(|hold| !hold.open.is_empty()))
}

/// Buckets that change in one decision, each written once.
pub(super) struct Buckets<'a> {
    state: &'a State,
    changed: BTreeMap<Id, Bucket>,
}

impl<'a> Buckets<'a> {
    pub(super) fn of(state: &'a State) -> Self {
        Self { state, changed: BTreeMap::new() }
    }

    /// Adds a line, held or not, to the retailer's bucket of a day, which is made when it is not there.
    pub(super) fn add(&mut self, retailer: Id, day: Day, portion: &Portion, held: bool) -> Result<Id, Stop> {
        let id = Bucket::key(retailer, &portion.programme, day);
        if self.state.buckets.get(&id)?.is_none() {
            self.changed.entry(id).or_insert_with(|| Bucket::empty(retailer, &portion.programme, day));
        }
        let bucket = self.bucket(id)?;
        bucket.portions.add(portion);
        bucket.held = bucket.held.saturating_add(u32::from(held));
        Ok(id)
    }

    /// Takes a line out of a bucket.
    pub(super) fn take(&mut self, id: Id, portion: &Portion, held: bool) -> Result<(), Stop> {
        let fault = || Stop::NotLoaded(format!("a line of bucket {id}"));
        let bucket = self.bucket(id)?;
        let held = bucket.held.checked_sub(u32::from(held)).ok_or_else(fault)?;
        if !bucket.portions.take(portion) {
            return Err(fault());
        }
        bucket.held = held;
        Ok(())
    }

    /// The bucket as it will be.
    pub(super) fn bucket(&mut self, id: Id) -> Result<&mut Bucket, Stop> {
        let lost = || Stop::NotLoaded(format!("bucket {id}"));
        match self.changed.entry(id) {
            std::collections::btree_map::Entry::Occupied(there) => Ok(there.into_mut()),
            std::collections::btree_map::Entry::Vacant(free) => {
                Ok(free.insert(self.state.buckets.get(&id)?.ok_or_else(lost)?.clone()))
            }
        }
    }

    /// The rows to write.
    pub(super) fn changes(self) -> impl Iterator<Item = Change> {
        self.changed.into_values().map(|bucket| Change::Bucket(Box::new(bucket)))
    }
}
