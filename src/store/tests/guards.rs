//! What the database holds even if the code is wrong.

use super::samples::{self, claim, id, saved};
use super::{Server, each};
use crate::domain::adjustment::Adjustment;
use crate::domain::id::Id;
use crate::domain::ledger::{Accounts, Movement, MovementKind};
use crate::domain::money::Fen;
use crate::domain::personal::DataKey;
use crate::domain::state::State;
use crate::store::{Backend, ClaimWrite, Database, Saved, StoreError};

#[test]
fn facts_refuse_every_change() {
    each(|division| {
        division.save(&saved(&division.salt)).unwrap();
        let tables = [
            "audit_record",
            "movement",
            "redemption",
            "adjustment",
            "assisted_claim",
            "rollup_entry",
            "growth_baseline",
            "off_system_trade_in",
            "refresh_token",
            "audit_checkpoint",
            "import_file",
            "product",
            "evidence_file",
            "old_item_step",
            "anomaly_rules",
            "anomaly_scan",
        ];
        for table in tables {
            let mut statements = vec![format!("UPDATE {table} SET at = 0"), format!("DELETE FROM {table}")];
            if division.is_postgres() {
                statements.push(format!("TRUNCATE {table}"));
            }
            for statement in statements {
                let refused = division.execute(&statement);
                assert!(matches!(&refused, Err(StoreError::Row(why)) if why.contains("append-only")), "{statement}");
            }
        }
        for statement in ["UPDATE programme_version SET body = ''", "DELETE FROM programme_version"] {
            assert!(matches!(division.execute(statement), Err(StoreError::Row(_))), "{statement}");
        }
    });
}

/// A data key that was destroyed stays so, and none disappears.
#[test]
fn a_destroyed_data_key_does_not_come_back() {
    each(|division| {
        let key = samples::data_key(id(60));
        division.save(&Saved { data_keys: vec![key.clone()], ..Saved::default() }).unwrap();
        let again = DataKey { master_kid: "m2".into(), wrapped: Some("again".into()), ..key.clone() };
        division.save(&Saved { data_keys: vec![again], ..Saved::default() }).unwrap();
        assert_eq!(division.read(|tx| tx.data_keys(&[id(60)]))[0].master_kid, "m2");
        let destroyed = DataKey { wrapped: None, shredded_at: Some(samples::at()), ..key.clone() };
        division.save(&Saved { data_keys: vec![destroyed.clone()], ..Saved::default() }).unwrap();
        let back = Saved { data_keys: vec![key], ..Saved::default() };
        assert!(matches!(division.save(&back), Err(StoreError::Row(_))));
        let mut statements = vec!["DELETE FROM data_key", "UPDATE data_key SET wrapped = 'x', shredded_at = NULL"];
        if division.is_postgres() {
            statements.push("TRUNCATE data_key");
        }
        for statement in statements {
            assert!(matches!(division.execute(statement), Err(StoreError::Row(_))), "{statement}");
        }
        assert_eq!(division.read(|tx| tx.data_keys(&[id(60)])), [destroyed]);
        let of_the_division = DataKey { wrapped: None, shredded_at: Some(samples::at()), ..samples::data_key(Id::NIL) };
        let refused = division.save(&Saved { data_keys: vec![of_the_division], ..Saved::default() });
        assert!(matches!(refused, Err(StoreError::Row(_))), "the division's key is never destroyed");
    });
}

#[test]
fn an_identity_that_moved_is_contention_and_leaves_nothing() {
    each(|division| {
        let write = |previous, holder| Saved {
            claims: vec![ClaimWrite { key: claim(&division.salt), previous, holder }],
            vouchers: vec![samples::voucher()],
            ..Saved::default()
        };
        division.save(&write(None, Some(id(1)))).unwrap();
        division.execute("DELETE FROM voucher").unwrap();
        assert_eq!(division.save(&write(None, Some(id(2)))), Err(StoreError::Contention));
        assert_eq!(division.read(|tx| tx.voucher(id(1))), None);
        division.save(&write(Some(id(1)), None)).unwrap();
        division.save(&write(None, Some(id(2)))).unwrap();
        let mut state = State::default();
        state.claims.ask(claim(&division.salt));
        division.read(|tx| tx.load(&mut state));
        assert_eq!(state.claims.peek(&claim(&division.salt)).unwrap().by, Some(id(2)));
    });
}

#[test]
fn a_pool_is_never_oversold_and_books_always_balance() {
    each(|division| {
        let mut oversold = samples::line();
        oversold.balances.appropriation = Fen(0);
        oversold.balances.available = Fen(-3000);
        let saved = Saved { lines: vec![oversold], ..Saved::default() };
        assert!(matches!(division.save(&saved), Err(StoreError::Row(_))));
        let mut crooked = samples::movement();
        crooked.deltas.payable += Fen(1);
        let saved = Saved { movements: vec![crooked], ..Saved::default() };
        assert!(matches!(division.save(&saved), Err(StoreError::Row(_))));
        let mut nobody = samples::movement();
        nobody.retailer = None;
        let saved = Saved { movements: vec![nobody], ..Saved::default() };
        assert!(matches!(division.save(&saved), Err(StoreError::Row(_))));
    });
}

#[test]
fn a_word_that_is_not_known_is_an_error_of_that_row() {
    each(|division| {
        division.save(&saved(&division.salt)).unwrap();
        division.execute("UPDATE voucher SET claims = 'no list'").unwrap();
        let read = division.readers().snapshot(&mut |tx| tx.voucher(id(1)));
        let expected = StoreError::Corrupt { table: "voucher", id: id(1).to_string(), column: "claims" };
        assert_eq!(read, Err(expected));
    });
}

#[test]
fn an_attempt_that_is_there_stays() {
    each(|division| {
        let attempts = saved("").attempts;
        let twice = Saved { attempts, ..Saved::default() };
        division.save(&twice).unwrap();
        division.save(&twice).unwrap();
    });
}

#[test]
fn a_fact_is_inserted_once() {
    each(|division| {
        let saved = Saved { movements: vec![samples::movement()], ..Saved::default() };
        division.save(&saved).unwrap();
        assert!(matches!(division.save(&saved), Err(StoreError::Row(_))));
    });
}

/// Whatever its identity: the pair of redemption and version is there once.
#[test]
fn a_version_raises_a_redemption_once() {
    each(|division| {
        let save = |adjustment| division.save(&Saved { adjustments: vec![adjustment], ..Saved::default() });
        save(samples::adjustment()).unwrap();
        let again = Adjustment { id: id(90), ..samples::adjustment() };
        assert!(matches!(save(again.clone()), Err(StoreError::Row(_))));
        save(Adjustment { version: 3, ..again }).unwrap();
        let nothing = Adjustment { id: id(91), version: 4, amount: Fen(0), after: Fen(1500), ..samples::adjustment() };
        assert!(matches!(save(nothing), Err(StoreError::Row(_))));
        let wrong = Adjustment { id: id(92), version: 5, after: Fen(1999), ..samples::adjustment() };
        assert!(matches!(save(wrong), Err(StoreError::Row(_))));
    });
}

#[test]
fn a_rise_is_owed_to_a_retailer_out_of_what_is_available() {
    each(|division| {
        let save = |movement| division.save(&Saved { movements: vec![movement], ..Saved::default() });
        let deltas = Accounts { available: Fen(-500), payable: Fen(500), ..Accounts::default() };
        let rise = Movement { kind: MovementKind::Raise, deltas, ..samples::movement() };
        let reserved = Accounts { available: Fen(0), reserved: Fen(-500), ..deltas };
        let nobody = Accounts { payable: Fen(0), paid: Fen(500), ..deltas };
        for deltas in [reserved, nobody] {
            assert!(matches!(save(Movement { deltas, ..rise.clone() }), Err(StoreError::Row(_))), "{deltas:?}");
        }
        save(rise).unwrap();
    });
}

#[test]
fn a_reader_cannot_write() {
    each(|division| {
        let saved = Saved { vouchers: vec![samples::voucher()], ..Saved::default() };
        assert!(division.readers().snapshot(&mut |tx| tx.save(&saved)).is_err());
    });
}

#[test]
fn writers_take_turns() {
    each(|division| {
        let database = &division.database;
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut writer = database.writer().unwrap();
                    for _ in 0..10 {
                        let step = writer.batch(&mut |tx| {
                            let mut head = tx.head()?;
                            head.seq += 1;
                            tx.save(&Saved { head: Some(head), ..Saved::default() })
                        });
                        step.unwrap();
                    }
                });
            }
        });
        assert_eq!(division.head().seq, 40);
    });
}

#[test]
fn only_plain_addresses_are_opened() {
    assert_eq!(Database::open("sqlite:x.db", None).unwrap().backend(), Backend::Sqlite);
    assert_eq!(Database::open("postgresql://localhost/x", Some("d360111")).unwrap().backend(), Backend::Postgres);
    for (url, schema) in [
        ("mysql://localhost/x", None),
        ("sqlite:", None),
        ("sqlite::memory:", None),
        ("sqlite:x.db", Some("d360111")),
        ("postgres://localhost/x", Some("d\"; DROP SCHEMA public; --")),
        ("postgres://localhost/x", Some("")),
    ] {
        assert!(Database::open(url, schema).is_err(), "{url} {schema:?}");
    }
}

#[test]
fn a_connection_that_is_cut_is_lost_and_the_next_batch_has_a_new_one() {
    each(|division| {
        let Server::Schema { url, name } = &division.place else { return };
        let mark = if url.contains('?') { '&' } else { '?' };
        let database = Database::open(&format!("{url}{mark}application_name={name}"), Some(name)).unwrap();
        let mut writer = database.writer().unwrap();
        let cut =
            format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = '{name}'");
        let saved = Saved { vouchers: vec![samples::voucher()], ..Saved::default() };
        let lost = writer.batch(&mut |tx| {
            tx.save(&saved)?;
            division.execute(&cut)?;
            tx.head()
        });
        assert!(matches!(lost, Err(StoreError::Lost(_))), "{lost:?}");
        assert_eq!(writer.batch(&mut |tx| tx.voucher(id(1))), Ok(None));
        division.execute(&cut).unwrap();
        let lost = writer.batch(&mut |tx| tx.head());
        assert!(matches!(lost, Err(StoreError::Lost(_))), "{lost:?}");
        assert!(writer.batch(&mut |tx| tx.save(&saved)).is_ok());
    });
}
