//! The rules alone: how many decisions a second one thread makes of rows that are loaded already.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use huanxin::domain::command::{Command, Stamp};
use huanxin::domain::decide::{decide, footprint};
use huanxin::domain::state::State;

use crate::engine::{Engine, Rates};
use crate::fixtures::{TestDatabase, at};
use crate::{NOW, interrupt};

/// Commands that are decided again and again; nothing is applied, so each decision is the first.
const COMMANDS: usize = 256;

pub fn rates(engine: &mut Engine, database: &TestDatabase, cell: Duration) -> Rates {
    let (sales, claims) = (engine.new_sales(COMMANDS), engine.new_claims(COMMANDS));
    let rate = |commands: &[Arc<Command>]| {
        let stamp = Stamp { at: at(NOW).plus_seconds(1) };
        let state = loaded(database, commands, stamp);
        let (mut decided, begun) = (0_u32, Instant::now());
        while begun.elapsed() < cell {
            interrupt::check();
            for command in commands {
                assert!(black_box(decide(&state, command, stamp)).is_ok(), "refused: {command:?}");
                decided += 1;
            }
        }
        f64::from(decided) / begun.elapsed().as_secs_f64()
    };
    Rates { redemptions: rate(&sales), claims: rate(&claims) }
}

/// Every row that the commands may look at.
fn loaded(database: &TestDatabase, commands: &[Arc<Command>], stamp: Stamp) -> State {
    let load = database.database.readers(1).unwrap().snapshot(&mut |tx| {
        let mut state = State::default();
        loop {
            commands.iter().for_each(|command| footprint(&mut state, command, stamp));
            if !state.has_unloaded() {
                return Ok(state);
            }
            tx.load(&mut state)?;
        }
    });
    load.unwrap()
}
