//! Holding a line: a settlement with a line that is held is not approved. Whoever finds, disputes or waits for something
//! places a hold beside its own changes, and releases it with them.

use std::collections::BTreeMap;

use super::parts::{self, Buckets, Place};
use crate::domain::anomaly::AnomalyStatus;
use crate::domain::command::{Change, Stop};
use crate::domain::id::Id;
use crate::domain::records::RedemptionStatus;
use crate::domain::settlement::{Hold, HoldKind, LineHold};
use crate::domain::state::State;

/// Asks for what [`Holds`] looks at.
pub(super) fn ask(state: &mut State, redemption: Id) {
    parts::ask(state, redemption);
}

/// Asks for the findings and disputes behind the holds of a line, for [`kept`].
pub(super) fn ask_reasons(state: &mut State, redemption: Id) {
    let open = state.holds.peek(&redemption).map(|row| row.open.clone()).unwrap_or_default();
    for hold in open {
        match hold.kind {
            HoldKind::Finding => state.anomalies.ask(hold.id),
            HoldKind::Dispute => state.disputes.ask(hold.id),
            HoldKind::OldItem => {}
        }
    }
}

/// A reason that holds a line for good, until somebody takes it back: a finding that was confirmed, or a complaint that was
/// upheld. One that is not decided yet is none.
pub(super) fn kept(state: &State, redemption: Id) -> Result<Option<Hold>, Stop> {
    for hold in state.holds.get(&redemption)?.into_iter().flat_map(|row| &row.open) {
        let stands = match hold.kind {
            HoldKind::Finding => {
                state.anomalies.get(&hold.id)?.is_some_and(|row| row.status == AnomalyStatus::Confirmed)
            }
            HoldKind::Dispute => state.disputes.get(&hold.id)?.is_some_and(|row| row.decision.is_some()),
            HoldKind::OldItem => false,
        };
        if stands {
            return Ok(Some(*hold));
        }
    }
    Ok(None)
}

/// What one decision holds and releases, however many of the lines lie in one bucket.
pub(super) struct Holds<'a> {
    state: &'a State,
    rows: BTreeMap<Id, LineHold>,
    buckets: Buckets<'a>,
}

impl<'a> Holds<'a> {
    pub(super) fn of(state: &'a State) -> Self {
        Self { state, rows: BTreeMap::new(), buckets: Buckets::of(state) }
    }

    /// Holds a redemption's line for one more reason. One that was paid or undone is only marked.
    ///
    /// # Errors
    /// [`Stop::NotLoaded`] when [`ask`] did not ask for the redemption.
    pub(super) fn place(&mut self, redemption: Id, hold: Hold) -> Result<(), Stop> {
        let row = self.row(redemption)?;
        let first = row.open.is_empty();
        if !row.open.contains(&hold) {
            row.open.push(hold);
            row.open.sort_unstable();
            self.count(redemption, i32::from(first))?;
        }
        Ok(())
    }

    /// Takes one reason away; when it was the last, the line is held no more. One that does not stand is no fault.
    ///
    /// # Errors
    /// As [`Self::place`].
    pub(super) fn release(&mut self, redemption: Id, hold: Hold) -> Result<(), Stop> {
        let row = self.row(redemption)?;
        let before = row.open.len();
        row.open.retain(|open| *open != hold);
        let last = row.open.len() < before && row.open.is_empty();
        self.count(redemption, -i32::from(last))
    }

    /// The rows to write.
    pub(super) fn changes(self) -> impl Iterator<Item = Change> {
        let changed = |row: &LineHold| self.state.holds.peek(&row.redemption) != Some(row);
        let rows: Vec<Change> = self.rows.into_values().filter(changed).map(Change::LineHold).collect();
        rows.into_iter().chain(self.buckets.changes())
    }

    fn row(&mut self, redemption: Id) -> Result<&mut LineHold, Stop> {
        let there = self.state.holds.get(&redemption)?;
        let none = || there.cloned().unwrap_or(LineHold { redemption, open: Vec::new() });
        Ok(self.rows.entry(redemption).or_insert_with(none))
    }

    /// Each bucket knows how many of its lines are held, while they may still be kept from being paid: the redemption's, and
    /// those of its adjustments, wherever they lie.
    fn count(&mut self, redemption: Id, by: i32) -> Result<(), Stop> {
        let undone = [RedemptionStatus::Reversed, RedemptionStatus::ClawedBack];
        let Some(fact) = self.state.redemptions.get(&redemption)? else { return Ok(()) };
        let row = self.state.redemption_states.get(&redemption)?;
        if by == 0 || row.is_some_and(|row| undone.contains(&row.status)) {
            return Ok(());
        }
        for part in parts::of(self.state, fact)? {
            if let Place::Open(bucket) | Place::UnderWay { bucket, .. } = part.place {
                let bucket = self.buckets.bucket(bucket)?;
                bucket.held = bucket.held.saturating_add_signed(by);
            }
        }
        Ok(())
    }
}
