//! The tables come, come once, and go.

use diesel::prelude::*;
use diesel_migrations::MigrationHarness;

use super::samples::{self, id, saved};
use super::{Division, Server, divisions, each, pg, sqlite};
use crate::domain::ledger::{Accounts, Movement, MovementKind};
use crate::domain::money::Fen;
use crate::store::migrations::{POSTGRES, SQLITE};
use crate::store::rows::MovementRow;
use crate::store::schema::movement;
use crate::store::{Saved, StoreError};

/// How many steps there are.
fn all() -> usize {
    std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite")).unwrap().count()
}

#[test]
fn a_second_migration_finds_nothing_to_do() {
    for division in divisions() {
        let mut steps = Vec::new();
        let first = division.database.migrate(&mut |step| steps.push(step.to_owned())).unwrap();
        assert_eq!((first, steps.len()), (all(), all()));
        assert!(steps[0].contains("ledger_and_trail"), "{steps:?}");
        assert!(steps[1].contains("adjustments"), "{steps:?}");
        assert!(steps[2].contains("identity"), "{steps:?}");
        assert_eq!(division.database.migrate(&mut |_| {}), Ok(0));
    }
}

#[test]
fn two_that_start_at_once_migrate_once() {
    for division in divisions() {
        let database = &division.database;
        let steps: usize = std::thread::scope(|scope| {
            let run = || scope.spawn(|| database.migrate(&mut |_| {}).unwrap());
            let both = [run(), run()];
            both.into_iter().map(|handle| handle.join().unwrap()).sum()
        });
        assert_eq!(steps, all());
    }
}

#[test]
fn the_way_down_leads_up_again() {
    each(|division| {
        while go_back(division).is_ok() {}
        assert!(division.readers().snapshot(&mut |tx| tx.head()).is_err());
        assert_eq!(division.database.migrate(&mut |_| {}), Ok(all()));
        assert_eq!(division.head().seq, 0);
    });
}

/// The newest step is undone, or nothing is.
fn go_back(division: &Division) -> Result<(), String> {
    let undone = match &division.place {
        Server::File { path, .. } => sqlite::connect_writer(path).unwrap().revert_last_migration(SQLITE).map(drop),
        Server::Schema { url, name } => {
            pg::connect_owner(url, Some(name)).unwrap().revert_last_migration(POSTGRES).map(drop)
        }
    };
    undone.map_err(|why| why.to_string())
}

/// Every column of every movement.
fn movements(division: &Division) -> Vec<String> {
    macro_rules! all {
        ($conn:expr) => {
            movement::table.select(MovementRow::as_select()).order(movement::id).load(&mut $conn.unwrap()).unwrap()
        };
    }
    let rows: Vec<MovementRow> = match &division.place {
        Server::File { path, .. } => all!(sqlite::connect_writer(path)),
        Server::Schema { url, name } => all!(pg::connect_owner(url, Some(name))),
    };
    rows.iter().map(|row| format!("{row:?}")).collect()
}

/// Movements that were recorded before stay what they are when another kind of them comes, and are still guarded.
#[test]
fn facts_outlast_a_step() {
    each(|division| {
        let saved = saved(&division.salt);
        let before = Saved {
            adjustments: Vec::new(),
            assisted_claims: Vec::new(),
            data_keys: Vec::new(),
            evidence_files: Vec::new(),
            old_item_steps: Vec::new(),
            redemption_states: Vec::new(),
            anomaly_rules: Vec::new(),
            anomaly_scans: Vec::new(),
            ..saved.clone()
        };
        division.save(&before).unwrap();
        let known = movements(division);
        (1..all()).for_each(|_| go_back(division).unwrap());
        assert_eq!(division.database.migrate(&mut |_| {}), Ok(all() - 1));
        assert_eq!(movements(division), known);
        for deed in ["UPDATE movement SET at = 0", "DELETE FROM movement"] {
            assert!(
                matches!(division.execute(deed), Err(StoreError::Row(why)) if why.contains("append-only")),
                "{deed}"
            );
        }
        // With an adjustment there is no way back: it would be a fact that is taken away.
        let raise = Movement {
            kind: MovementKind::Raise,
            id: id(80),
            deltas: Accounts { available: Fen(-500), payable: Fen(500), ..Accounts::default() },
            ..samples::movement()
        };
        let raised = Saved { adjustments: saved.adjustments, movements: vec![raise], ..Saved::default() };
        division.save(&raised).unwrap();
        while go_back(division).is_ok() {}
        division.database.migrate(&mut |_| {}).unwrap();
        assert_eq!(division.read(|tx| tx.adjustments_of(&[id(4)])).len(), 1);
    });
}
