//! A checkpoint of the trail: it continues the one before it and ends at a record that is there.

use serde_json::json;

use super::Ids;
use crate::domain::checkpoint::{BLOCK, Checkpoint, NewCheckpoint};
use crate::domain::command::{AuditNote, Change, Decision, Outcome, Stop};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::state::State;

pub(super) fn footprint(state: &mut State, new: &NewCheckpoint) {
    state.records.ask(new.size);
    state.checkpoints.ask(new.number);
    state.checkpoints.ask(new.number - 1);
}

/// The root was computed in a snapshot, which no record can have left since: records are never changed or removed. What
/// can have changed is that somebody else was faster.
pub(super) fn create(state: &State, new: &NewCheckpoint, ids: &mut Ids) -> Result<Decision, Stop> {
    let before = state.checkpoints.get(&(new.number - 1))?;
    let size_before = before.map_or(0, |before| before.size);
    if state.checkpoints.get(&new.number)?.is_some() || (before.is_none() && new.number != 1) || new.size <= size_before
    {
        let found = format!("checkpoint {} over {} records", new.number, new.size);
        return Err(Refusal::of(Code::WrongState)
            .found(found)
            .expected("the next checkpoint, over more records")
            .into());
    }
    if state.records.get(&new.size)?.is_none_or(|record| record.hash != new.head) {
        let found = format!("{} for record {}", new.head, new.size);
        return Err(Refusal::of(Code::WrongState).found(found).expected("the hash of that record").into());
    }
    let full = (size_before / BLOCK)..(new.size / BLOCK);
    if !new.blocks.iter().map(|block| block.number).eq(full.clone()) {
        let found = format!("{} blocks", new.blocks.len());
        return Err(Refusal::of(Code::WrongState).found(found).expected(format!("the blocks {full:?}")).into());
    }
    // From here it must succeed.
    let row = Checkpoint {
        id: ids.next(),
        number: new.number,
        size: new.size,
        root: new.root.clone(),
        head: new.head.clone(),
        at: new.at,
        statement: new.statement.clone(),
    };
    let detail = json!({
        "number": row.number,
        "before": before.map(|before| json!({"size": before.size, "root": before.root})),
        "after": {"size": row.size, "root": row.root},
    });
    let blocks = new.blocks.iter().cloned().map(Change::Block);
    Ok(Decision {
        outcome: Outcome::Checkpoint(Box::new(row.clone())),
        audit: AuditNote { subject: row.id.to_string(), detail },
        changes: std::iter::once(Change::Checkpoint(Box::new(row))).chain(blocks).collect(),
        movements: Vec::new(),
        rollups: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::AuditRecord;
    use crate::domain::checkpoint::Block;
    use crate::domain::command::Stamp;
    use crate::domain::id::Id;
    use crate::domain::time::Moment;

    fn new(number: i64, size: i64) -> NewCheckpoint {
        let (root, head) = ("r".repeat(64), format!("{size:064}"));
        NewCheckpoint { number, size, root, head, at: Moment(0), statement: String::new(), blocks: Vec::new() }
    }

    fn decided(state: &State, new: &NewCheckpoint) -> Result<Decision, Stop> {
        create(state, new, &mut Ids { command: Id::NIL, stamp: Stamp { at: Moment(0) }, counter: 0 })
    }

    /// A trail of so many records of which a footprint asks for one.
    fn state(records: i64, new: &NewCheckpoint) -> State {
        let mut state = State::default();
        footprint(&mut state, new);
        if new.size <= records {
            let hash = format!("{:064}", new.size);
            let record =
                AuditRecord { seq: new.size, at: Moment(0), subject: String::new(), body: String::new(), hash };
            state.records.put(new.size, record);
        }
        state
    }

    #[test]
    fn a_checkpoint_continues_the_one_before() {
        let first = new(1, 100);
        let mut known = state(300, &first);
        let decision = decided(&known, &first).unwrap();
        known.apply(&decision);
        assert!(decided(&known, &first).is_err(), "the number is taken");
        let block = Block { number: 0, root: String::new() };
        for (number, size, blocks, good) in [
            (2, 200, vec![], true),
            (2, 300, vec![block.clone()], true),
            (2, 256, vec![block.clone()], true),
            (2, 300, vec![], false),
            (2, 200, vec![block], false),
            (2, 100, vec![], false),
            (2, 301, vec![Block { number: 0, root: String::new() }], false),
            (3, 200, vec![], false),
        ] {
            let next = NewCheckpoint { blocks, ..new(number, size) };
            let mut state = state(300, &next);
            state.checkpoints.put(1, known.checkpoints.peek(&1).unwrap().clone());
            assert_eq!(decided(&state, &next).is_ok(), good, "{next:?}");
        }
        let forged = NewCheckpoint { head: "0".repeat(64), ..new(1, 5) };
        assert!(decided(&state(5, &forged), &forged).is_err());
    }
}
