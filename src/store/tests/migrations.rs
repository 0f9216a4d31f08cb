//! The tables come, come once, and go.

use diesel_migrations::MigrationHarness;

use super::{Server, divisions, each, pg, sqlite};
use crate::store::migrations::{POSTGRES, SQLITE};

#[test]
fn a_second_migration_finds_nothing_to_do() {
    for division in divisions() {
        let mut steps = Vec::new();
        let first = division.database.migrate(&mut |step| steps.push(step.to_owned())).unwrap();
        assert_eq!((first, steps.len()), (1, 1));
        assert!(steps[0].contains("ledger_and_trail"), "{steps:?}");
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
        assert_eq!(steps, 1);
    }
}

#[test]
fn the_way_down_leads_up_again() {
    each(|division| {
        match &division.place {
            Server::File { path, .. } => {
                sqlite::connect_writer(path).unwrap().revert_last_migration(SQLITE).unwrap();
            }
            Server::Schema { url, name } => {
                pg::connect_owner(url, Some(name)).unwrap().revert_last_migration(POSTGRES).unwrap();
            }
        }
        assert!(division.readers().snapshot(&mut |tx| tx.head()).is_err());
        assert_eq!(division.database.migrate(&mut |_| {}), Ok(1));
        assert_eq!(division.head().seq, 0);
    });
}
