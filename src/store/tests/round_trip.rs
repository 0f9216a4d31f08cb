//! What was saved is what is loaded, of every kind, and what the lists show.

use std::collections::BTreeSet;

use serde_json::json;

use super::samples::{self, at, claim, id, saved};
use super::{Division, each};
use crate::domain::account::StaffRole;
use crate::domain::adjustment::Adjustment;
use crate::domain::audit::{GENESIS, Head};
use crate::domain::command::{AuditNote, Change, Decision, Outcome};
use crate::domain::evidence_file::EvidenceFile;
use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::import::{ImportTable, Registration};
use crate::domain::old_item_end::{EndStep, OldItemEnd, OldItemStep};
use crate::domain::pickup::{Pickup, PickupStatus};
use crate::domain::product::Product;
use crate::domain::records::{Redemption, RedemptionState, Standing, Voucher, VoucherStatus};
use crate::domain::settlement::{Progress, ReconciliationStatus, SettlementStatus};
use crate::domain::state::{Done, Held, State};
use crate::domain::time::Moment;
use crate::store::{AnomalyFilter, DisputeFilter, ItemCount, Page, Saved, StoreError};

const ALL: Page = Page { after: None, limit: 50 };

#[test]
fn every_record_comes_back_as_it_was() {
    each(|division| {
        let saved = saved(&division.salt);
        division.save(&saved).unwrap();
        let mut state = State::default();
        ask(&mut state, &saved, division);
        division.read(|tx| tx.load(&mut state));
        assert_eq!(state.programmes.get(&saved.programmes[0].id).unwrap(), Some(&saved.programmes[0]));
        let version = state.versions.get(&(samples::PROGRAMME.into(), 1)).unwrap().unwrap();
        assert_eq!(**version, saved.versions[0]);
        let done = Done { fingerprint: id(31), outcome: Outcome::Voucher(samples::voucher().into()) };
        assert_eq!(state.done.get(&id(30)).unwrap(), Some(&done));
        assert_eq!(state.claims.get(&claim(&division.salt)).unwrap(), Some(&Held { by: Some(id(4)) }));
        assert_eq!(state.retailers.peek(&id(5)), Some(&saved.retailers[0]));
        assert_eq!(state.account_proposals.peek(&id(70)), Some(&saved.account_proposals[0]));
        assert_eq!(state.assistant_uses.peek(&saved.assistant_uses[0].id), Some(&saved.assistant_uses[0]));
        assert_eq!(state.stores.peek(&id(6)), Some(&saved.stores[0]));
        assert_eq!(state.recyclers.peek(&id(3)), Some(&saved.recyclers[0]));
        assert_eq!(state.persons.peek(&saved.persons[0].id), Some(&saved.persons[0]));
        assert_eq!(state.persons.peek(&saved.persons[0].id).unwrap().name.sealed, "sealed name");
        assert_eq!(state.data_keys.peek(&saved.persons[0].id), Some(&saved.data_keys));
        assert_eq!(state.quotas.peek(&saved.quotas[0].id), Some(&saved.quotas[0]));
        assert_eq!(state.turn_ins.peek(&id(2)), Some(&saved.turn_ins[0]));
        assert_eq!(state.vouchers.peek(&id(1)), Some(&saved.vouchers[0]));
        assert_eq!(state.redemptions.peek(&id(4)), Some(&saved.redemptions[0]));
        assert_eq!(state.redemption_states.peek(&id(4)), Some(&saved.redemption_states[0]));
        assert_eq!(state.adjustments.peek(&samples::adjustment().id), Some(&samples::adjustment()));
        let alone = samples::adjustment_state();
        assert_eq!(state.adjustment_states.peek(&alone.adjustment), Some(&alone));
        assert_eq!(state.buckets.peek(&saved.buckets[0].id), Some(&saved.buckets[0]));
        assert_eq!(state.releases.peek(&saved.releases[0].id), Some(&saved.releases[0]));
        assert_eq!(state.lines.peek(&saved.lines[0].id), Some(&saved.lines[0]));
        assert_eq!(state.accounts.peek(&saved.accounts[0].id), Some(&saved.accounts[0]));
        assert_eq!(state.staff.peek(&saved.staff[0].id), Some(&samples::staff()));
        assert_eq!(state.sessions.peek(&id(60)), Some(&samples::session()));
        assert_eq!(state.refresh_tokens.peek(&samples::refresh_token().id), Some(&samples::refresh_token()));
        assert_eq!(state.revocations.peek(&id(60)), Some(&samples::revocation()));
        assert_eq!(state.tills.peek(&id(62)), Some(&samples::till()));
        assert_eq!(state.devices.peek(&id(61)), Some(&id(62)));
        assert_eq!(state.webhooks.peek(&id(70)), Some(&samples::webhook()));
        assert_eq!(state.webhooks_of.peek(&id(5)), Some(&[id(70)].into()));
        assert_eq!(state.misses.peek(&samples::miss().id), Some(&samples::miss()));
        assert_eq!(state.devices.get(&id(60)).unwrap(), None);
        let end = OldItemEnd { received: None, dismantled: Some(samples::old_item_step()) };
        assert_eq!(state.old_item_ends.peek(&id(2)), Some(&end));
        assert_eq!(state.pickups.peek(&id(84)), Some(&samples::pickup()));
        assert_eq!(state.open_pickups.peek(&samples::pickup().person), Some(&[id(84)].into()));
        assert_eq!(state.files.peek(&id(2)), Some(&[samples::evidence_file().sha256].into()));
        assert_eq!(state.vouchers.get(&id(99)).unwrap(), None);
        assert_eq!(state.imports.peek(&id(80)), Some(&samples::import()));
        assert_eq!(state.products.peek(&samples::product().gtin), Some(&samples::product()));
        assert_eq!(state.products.get(&"00000000000000".to_owned()).unwrap(), None);
        assert_eq!(state.newest_rules.peek(&()), Some(&samples::anomaly_rules()));
        assert_eq!(state.newest_imports.peek(&ImportTable::Products), Some(&samples::import()));
        for (key, there) in registrations(&saved) {
            assert_eq!(state.registrations.get(&key).unwrap().map(BTreeSet::len), there.then_some(1), "{key:?}");
        }
    });
}

/// What is registered once, and whether it is.
fn registrations(saved: &Saved) -> [(Registration, bool); 5] {
    let (retailer, store, recycler) = (&saved.retailers[0], &saved.stores[0], &saved.recyclers[0]);
    [
        (Registration::Retailer(retailer.uscc.clone()), true),
        (Registration::Retailer("another".into()), false),
        (Registration::Store(store.retailer, store.name.clone()), true),
        (Registration::Recycler(recycler.uscc.clone(), recycler.name.clone()), true),
        (Registration::Recycler(recycler.uscc.clone(), "another".into()), false),
    ]
}

#[test]
fn the_newest_entry_of_a_product_counts() {
    each(|division| {
        division.save(&saved(&division.salt)).unwrap();
        let newer =
            Product { id: id(82), row: 3, brand: "Midea".into(), at: at().plus_seconds(1), ..samples::product() };
        division.save(&Saved { products: vec![newer.clone()], ..Saved::default() }).unwrap();
        let listed = |brand| division.read(|tx| tx.products(Some(Category::Refrigerator), brand, ALL)).len();
        assert_eq!([listed(None), listed(Some("Midea")), listed(Some("Haier"))], [1, 1, 0]);
        assert_eq!(division.read(|tx| tx.products(Some(Category::Car), None, ALL)), []);
        assert_eq!(division.read(|tx| tx.product_entries("6909794246738", 9)), [newer.clone(), samples::product()]);
        let mut state = State::default();
        state.products.ask(newer.gtin.clone());
        division.read(|tx| tx.load(&mut state));
        assert_eq!(state.products.peek(&newer.gtin), Some(&newer));
        assert_eq!(division.read(|tx| tx.imports(Some(ImportTable::Stores))), []);
        assert_eq!(division.read(|tx| tx.imports(None)), [samples::import()]);
        assert_eq!(division.read(|tx| tx.import(id(80))), Some(samples::import()));
    });
}

fn ask(state: &mut State, saved: &Saved, division: &Division) {
    state.done.ask(id(30));
    state.programmes.ask(samples::PROGRAMME.into());
    state.claims.ask(claim(&division.salt));
    state.retailers.ask(id(5));
    state.account_proposals.ask(id(70));
    state.assistant_uses.ask(saved.assistant_uses[0].id);
    state.stores.ask(id(6));
    state.recyclers.ask(id(3));
    state.persons.ask(saved.persons[0].id);
    state.data_keys.ask(saved.persons[0].id);
    state.quotas.ask(saved.quotas[0].id);
    state.turn_ins.ask(id(2));
    state.vouchers.ask(id(1));
    state.vouchers.ask(id(99));
    state.redemptions.ask(id(4));
    state.redemption_states.ask(id(4));
    state.adjustments.ask(samples::adjustment().id);
    state.adjustment_states.ask(samples::adjustment().id);
    state.buckets.ask(saved.buckets[0].id);
    state.releases.ask(saved.releases[0].id);
    state.lines.ask(saved.lines[0].id);
    state.accounts.ask(saved.accounts[0].id);
    state.staff.ask(saved.staff[0].id);
    state.sessions.ask(id(60));
    state.refresh_tokens.ask(samples::refresh_token().id);
    state.revocations.ask(id(60));
    state.imports.ask(id(80));
    state.products.ask(samples::product().gtin);
    state.products.ask("00000000000000".into());
    state.newest_rules.ask(());
    state.newest_imports.ask(ImportTable::Products);
    for (key, _) in registrations(saved) {
        state.registrations.ask(key);
    }
    state.tills.ask(id(62));
    state.webhooks.ask(id(70));
    state.webhooks_of.ask(id(5));
    state.misses.ask(samples::miss().id);
    state.devices.ask(id(60));
    state.devices.ask(id(61));
    state.files.ask(id(2));
    state.old_item_ends.ask(id(2));
    state.pickups.ask(id(84));
    state.open_pickups.ask(samples::pickup().person);
}

#[test]
fn old_items_are_counted_and_pick_ups_listed() {
    each(|division| {
        division.save(&saved(&division.salt)).unwrap();
        let item = samples::turn_in();
        let count = |step| ItemCount {
            recorder: item.recorder,
            category: item.item.category,
            status: item.status,
            step,
            count: 1,
        };
        let both = [count(None), count(Some(EndStep::Dismantled))];
        let next = at().plus_seconds(1);
        assert_eq!(division.read(|tx| tx.old_item_counts(None, None)), both);
        assert_eq!(division.read(|tx| tx.old_item_counts(Some(at()), Some(next))), both);
        assert_eq!(division.read(|tx| tx.old_item_counts(Some(next), None)), []);
        assert_eq!(division.read(|tx| tx.old_item_steps(id(2))), [samples::old_item_step()]);
        let pickup = samples::pickup();
        let accepted = Some(pickup.status);
        assert_eq!(division.read(|tx| tx.pickup(id(84))), Some(pickup.clone()));
        assert_eq!(
            division.read(|tx| tx.pickups(Some(pickup.person), None, accepted, ALL)),
            std::slice::from_ref(&pickup)
        );
        assert_eq!(division.read(|tx| tx.pickups(None, Some(id(3)), None, ALL)), std::slice::from_ref(&pickup));
        assert_eq!(division.read(|tx| tx.pickups(None, Some(id(4)), None, ALL)), []);
        let waiting = Pickup { status: PickupStatus::Requested, recycler: None, ..pickup.clone() };
        division.save(&Saved { pickups: vec![waiting.clone()], ..Saved::default() }).unwrap();
        let goods = [pickup.category];
        assert_eq!(division.read(|tx| tx.waiting_pickups("360111", &goods, ALL)), [waiting]);
        assert_eq!(division.read(|tx| tx.waiting_pickups("360111", &[], ALL)), []);
        assert_eq!(division.read(|tx| tx.waiting_pickups("360102", &goods, ALL)), []);
        // A step is taken once, whatever the code says.
        let again = OldItemStep { id: id(92), ..samples::old_item_step() };
        let refused = division.save(&Saved { old_item_steps: vec![again], ..Saved::default() });
        assert!(matches!(refused, Err(StoreError::Row(_))), "{refused:?}");
    });
}

#[test]
fn files_are_found_by_record_person_content_and_place() {
    each(|division| {
        division.save(&saved(&division.salt)).unwrap();
        let file = samples::evidence_file();
        let newer = Id::derived(at().plus_seconds(1), Id::digest(&["sample"]), 90);
        let twin = EvidenceFile { id: newer, subject: id(4), blob: "ef".repeat(32), ..file.clone() };
        division.save(&Saved { evidence_files: vec![twin.clone()], ..Saved::default() }).unwrap();
        assert_eq!(division.read(|tx| tx.evidence_file(id(80))), Some(file.clone()));
        assert_eq!(division.read(|tx| tx.evidence_file(id(99))), None);
        assert_eq!(division.read(|tx| tx.evidence_of(id(2), ALL)), std::slice::from_ref(&file));
        assert_eq!(division.read(|tx| tx.evidence_of_person(file.person, ALL)), [twin.clone(), file.clone()]);
        assert_eq!(division.read(|tx| tx.evidence_files_after(id(80), 9)), std::slice::from_ref(&twin));
        let equal = division.read(|tx| tx.equal_evidence(&[file.sha256.clone(), "00".repeat(32)]));
        assert_eq!(equal.into_iter().collect::<Vec<_>>(), [(file.sha256.clone(), [id(2), id(4)].into())]);
        let places = [file.blob.clone(), "00".repeat(32)];
        assert_eq!(division.read(|tx| tx.evidence_blobs(&places)), [file.blob.clone()].into());
        // A record has a file once, whatever the code says.
        let again = EvidenceFile { id: id(91), ..file };
        let refused = division.save(&Saved { evidence_files: vec![again], ..Saved::default() });
        assert!(matches!(refused, Err(StoreError::Row(_))), "{refused:?}");
    });
}

#[test]
fn what_a_service_point_claimed_is_its_own() {
    each(|division| {
        division.save(&saved(&division.salt)).unwrap();
        let (voucher, person, point) = (samples::voucher(), samples::voucher().person, id(23));
        assert_eq!(division.read(|tx| tx.assisted_voucher(point, id(1))), Some(voucher.clone()));
        assert_eq!(division.read(|tx| tx.assisted_voucher(id(24), id(1))), None);
        assert_eq!(division.read(|tx| tx.assisted_vouchers_of(point, person, 50)), [voucher]);
        assert_eq!(division.read(|tx| tx.assisted_vouchers_of(id(24), person, 50)), []);
        assert_eq!(division.read(|tx| tx.assisted_vouchers_of(point, id(24), 50)), []);
    });
}

#[test]
fn a_retailer_lists_its_proposals_by_state() {
    use crate::domain::records::ProposalStatus::{Proposed, Rejected};
    each(|division| {
        division.save(&saved(&division.salt)).unwrap();
        let listed = |retailer, status| division.read(|tx| tx.account_proposals(retailer, status, ALL)).len();
        assert_eq!([listed(None, None), listed(Some(id(5)), Some(Rejected))], [1, 1]);
        assert_eq!([listed(Some(id(6)), None), listed(None, Some(Proposed))], [0, 0]);
        // One change waits at a time, and nobody decides on her own, whatever the code says.
        let again = "INSERT INTO account_proposal SELECT * FROM account_proposal";
        assert!(division.execute(again).is_err());
        let own = "UPDATE account_proposal SET decided_by = proposed_by";
        assert!(matches!(division.execute(own), Err(StoreError::Row(_))));
    });
}

#[test]
fn the_second_stage_asks_for_new_keys_only() {
    each(|division| {
        division.save(&saved(&division.salt)).unwrap();
        let mut state = State::default();
        state.vouchers.ask(id(1));
        let changed = Voucher { status: VoucherStatus::Cancelled, ..samples::voucher() };
        division.read(|tx| {
            tx.load(&mut state)?;
            state.vouchers.put(id(1), changed.clone());
            state.vouchers.ask(id(1));
            state.turn_ins.ask(id(2));
            tx.load(&mut state)
        });
        assert_eq!(state.vouchers.peek(&id(1)), Some(&changed));
        assert!(state.turn_ins.peek(&id(2)).is_some());
    });
}

/// A batch that is cut anywhere must see the same: what was loaded, and what commands before have added.
#[test]
fn what_a_person_has_is_in_the_same_order_loaded_or_noted() {
    each(|division| {
        let person = samples::voucher().person;
        let two = [id(8), id(9)].map(|id| Voucher { id, ..samples::voucher() });
        let mut noted = State::default();
        noted.holdings.ask(person);
        division.read(|tx| tx.load(&mut noted));
        let changes = two.iter().map(|row| Change::Voucher(Box::new(row.clone()))).collect();
        let audit = AuditNote { subject: String::new(), detail: json!(null) };
        let outcome = Outcome::Voucher(Box::new(two[0].clone()));
        noted.apply(&Decision { outcome, changes, movements: Vec::new(), rollups: Vec::new(), audit });
        division.save(&Saved { vouchers: two.to_vec(), ..Saved::default() }).unwrap();
        let mut loaded = State::default();
        loaded.holdings.ask(person);
        division.read(|tx| tx.load(&mut loaded));
        assert_eq!(noted.holdings, loaded.holdings);
    });
}

#[test]
fn states_are_put_in_place_and_a_batch_that_fails_leaves_nothing() {
    each(|division| {
        division.save(&saved(&division.salt)).unwrap();
        let changed = Voucher { status: VoucherStatus::Expired, ..samples::voucher() };
        let save = Saved { vouchers: vec![changed.clone()], ..Saved::default() };
        let mut writer = division.writer();
        let failed: Result<(), StoreError> = writer.batch(&mut |tx| {
            tx.save(&save)?;
            Err(StoreError::Other("after the save".into()))
        });
        assert!(failed.is_err());
        assert_eq!(division.read(|tx| tx.voucher(id(1))), Some(samples::voucher()));
        writer.batch(&mut |tx| tx.save(&save)).unwrap();
        assert_eq!(division.read(|tx| tx.voucher(id(1))), Some(changed));
    });
}

#[test]
fn a_batch_that_panics_costs_its_connection_and_nothing_else() {
    each(|division| {
        let mut writer = division.writer();
        let save = Saved { vouchers: vec![samples::voucher()], ..Saved::default() };
        let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            writer.batch::<()>(&mut |tx| {
                tx.save(&save)?;
                panic!("in the middle")
            })
        }));
        assert!(unwound.is_err());
        writer.batch(&mut |tx| tx.head()).unwrap();
        assert_eq!(division.read(|tx| tx.voucher(id(1))), None);
    });
}

#[test]
fn lists_show_what_followed_a_redemption() {
    each(|division| {
        let saved = saved(&division.salt);
        division.save(&saved).unwrap();
        let person = saved.persons[0].id;
        division.read(|tx| {
            assert_eq!(tx.settlement(id(61))?, Some(samples::settlement()));
            assert_eq!(tx.settlements(Some(id(5)), Some(SettlementStatus::Approved), None, ALL)?, saved.settlements);
            assert_eq!(tx.settlements(None, None, Some(at().day()), ALL)?, [], "it is not over on its last day");
            assert_eq!(tx.settlements(None, None, Some(at().day().next()), ALL)?, saved.settlements);
            assert_eq!(tx.settlements(None, Some(SettlementStatus::Paid), None, ALL)?, []);
            assert_eq!(tx.open_buckets(id(5), at().day(), at().day())?, []);
            assert_eq!(tx.accounts_of_retailer(id(5))?, saved.accounts);
            assert_eq!(tx.holds_of(&[id(4)])?, saved.holds);
            assert_eq!(tx.line_rejections(id(61), ALL)?, saved.line_rejections);
            assert_eq!(tx.payment_batch(id(63))?, Some(samples::payment_batch()));
            assert_eq!(tx.payment_batches(ALL)?, saved.payment_batches);
            assert_eq!(tx.bank_returns(id(63))?, saved.bank_returns);
            let closed = Some(ReconciliationStatus::Closed);
            assert_eq!(tx.reconciliation_rows(Some(id(63)), closed, ALL)?, saved.reconciliation_rows);
            assert_eq!(tx.repayments(id(5), ALL)?, saved.repayments);
            assert_eq!(tx.anomaly_rules()?, Some(samples::anomaly_rules()));
            assert_eq!(tx.last_anomaly_scan()?, saved.anomaly_scans.first().cloned());
            assert_eq!(tx.anomaly(samples::anomaly().id)?, Some(samples::anomaly()));
            let of = |retailer| AnomalyFilter { retailer: Some(retailer), ..AnomalyFilter::default() };
            assert_eq!(tx.anomalies(of(id(5)), ALL)?, saved.anomalies);
            assert_eq!(tx.anomalies(of(id(6)), ALL)?, []);
            assert_eq!(tx.dispute(id(81))?, Some(samples::dispute()));
            let by = |opener| DisputeFilter { opener: Some(opener), ..DisputeFilter::default() };
            assert_eq!(tx.disputes(by(person), ALL)?, saved.disputes);
            assert_eq!(tx.disputes(by(id(5)), ALL)?, []);
            Ok(())
        });
    });
}

#[test]
fn lists_show_what_was_saved() {
    each(|division| {
        let saved = saved(&division.salt);
        division.save(&saved).unwrap();
        let person = saved.persons[0].id;
        let later = at().plus_seconds(601);
        let before_first = Page { after: Some(id(1)), limit: 50 };
        division.read(|tx| {
            assert_eq!(tx.head()?, saved.head.clone().unwrap());
            assert!(tx.now()? > at().plus_seconds(-40_000_000));
            assert_eq!(tx.programmes()?.len(), 1);
            let (programme, version) = tx.programme(samples::PROGRAMME)?.unwrap();
            assert_eq!((programme, version.unwrap().number), (saved.programmes[0].clone(), 1));
            assert!(tx.version(samples::PROGRAMME, 2)?.is_none());
            assert_eq!(tx.vouchers_of(person, ALL)?, saved.vouchers);
            assert_eq!(tx.vouchers_of(person, before_first)?, []);
            assert_eq!(tx.turn_in(id(2))?, Some(samples::turn_in()));
            assert_eq!(tx.turn_ins(Some(id(3)), Some(person), ALL)?, saved.turn_ins);
            assert_eq!(tx.turn_ins(Some(id(4)), None, ALL)?, []);
            let settlement = Some((id(61), SettlementStatus::Approved));
            let redeemed = (samples::redemption(), Progress { state: Some(samples::redemption_state()), settlement });
            assert_eq!(tx.redemption(id(4))?, Some(redeemed.clone()));
            assert_eq!(tx.redemptions(Some(id(5)), ALL)?, std::slice::from_ref(&redeemed));
            assert_eq!(tx.redemptions(None, ALL)?, std::slice::from_ref(&redeemed));
            assert_eq!(tx.redemptions_by_id(&[id(1), id(4)])?, [redeemed]);
            assert_eq!(tx.retailer(id(5))?.as_ref(), saved.retailers.first());
            assert_eq!(tx.retailers(ALL)?, saved.retailers);
            assert_eq!(tx.store(id(6))?.as_ref(), saved.stores.first());
            assert_eq!(tx.stores_of(id(5))?, saved.stores);
            assert_eq!(tx.recycler(id(3))?.as_ref(), saved.recyclers.first());
            assert_eq!(tx.recyclers(Some("360111"), true, ALL)?, saved.recyclers);
            assert_eq!(tx.recyclers(Some("360102"), false, ALL)?, []);
            assert_eq!(tx.person(person)?, saved.persons.first().cloned());
            assert_eq!(tx.persons(&[person])?, saved.persons);
            assert_eq!(tx.data_keys(&[person, id(1)])?, saved.data_keys);
            assert_eq!(tx.keys_not_under("m2", 5)?, saved.data_keys);
            assert_eq!(tx.keys_not_under("m1", 5)?, []);
            assert_eq!(tx.lines(Some(samples::PROGRAMME))?, saved.lines);
            assert_eq!(tx.lines(None)?, saved.lines);
            assert_eq!(tx.audit_records(None, 5)?, saved.audits);
            assert_eq!(tx.audit_records(Some(1), 5)?, []);
            assert_eq!(tx.audit_records_after(0, 5)?, saved.audits);
            assert_eq!(tx.audit_record(1)?.as_ref(), saved.audits.first());
            assert_eq!(tx.audit_hashes(0, 5)?, [(1, saved.audits[0].hash.clone())]);
            assert_eq!(tx.audit_records_about(&["券".to_owned()], 5)?, saved.audits);
            for (moment, first) in [(at().0 - 1, 1), (at().0, 1), (at().0 + 1, 2)] {
                assert_eq!(tx.first_audit_record_at(moment)?, first);
            }
            assert_eq!(tx.newest_checkpoint()?.as_ref(), saved.checkpoints.first());
            assert_eq!(tx.checkpoint(1)?.as_ref(), saved.checkpoints.first());
            assert_eq!(tx.checkpoint_over(1)?.as_ref(), saved.checkpoints.first());
            assert_eq!(tx.checkpoint_over(2)?, None);
            assert_eq!(tx.checkpoint_within(1)?.as_ref(), saved.checkpoints.first());
            assert_eq!(tx.checkpoint_within(0)?, None);
            assert_eq!(tx.checkpoints(None, 5)?, saved.checkpoints);
            assert_eq!(tx.checkpoints(Some(1), 5)?, []);
            assert_eq!(tx.audit_blocks(0, 5)?, saved.blocks);
            assert_eq!(tx.audit_blocks(1, 5)?, []);
            assert_eq!(tx.movements(&[saved.movements[0].id, id(77)])?, saved.movements);
            let facts = [("movement", saved.movements[0].id), ("audit_checkpoint", saved.checkpoints[0].id)];
            for (table, id) in facts {
                assert_eq!(tx.fact_rows(table, &[id])?[&id]["id"], id.to_string());
            }
            assert!(tx.fact_rows("person", &[id(1)])?.is_empty());
            assert_eq!(tx.attempts(ALL)?, saved.attempts);
            assert_eq!(tx.bucket(saved.buckets[0].id)?.as_ref(), saved.buckets.first());
            let staff = samples::staff();
            assert_eq!(tx.account(staff.id)?.as_ref(), Some(&staff));
            assert_eq!(tx.accounts(staff.organisation, ALL)?, saved.staff);
            assert_eq!(tx.accounts(None, Page { after: Some(staff.id), limit: 5 })?, []);
            assert_eq!(tx.accounts(Some(id(7)), ALL)?, []);
            assert_eq!(tx.accounts_of_role(staff.role)?, saved.staff);
            assert_eq!(tx.accounts_of_role(StaffRole::Admin)?, []);
            assert_eq!(tx.account_of_refresh_token(samples::refresh_token().id)?, Some(staff));
            assert_eq!(tx.tills_of(id(5), ALL)?, saved.tills);
            assert_eq!(tx.tills_of(id(5), Page { after: Some(id(62)), limit: 5 })?, []);
            assert_eq!(tx.webhooks_of(id(5), ALL)?, saved.webhooks);
            assert_eq!(tx.webhooks_of(id(5), Page { after: Some(id(70)), limit: 5 })?, []);
            assert_eq!(tx.webhook(id(5), id(70))?.as_ref(), saved.webhooks.first());
            assert_eq!(tx.webhook(id(6), id(70))?, None);
            assert_eq!(tx.webhooks_to_tell(at())?, []);
            let approved = saved.retailers[0].standing == Standing::Approved;
            assert_eq!(tx.webhooks_to_tell(at().plus_seconds(20))?.len(), usize::from(approved));
            assert_eq!(tx.webhooks_to_try_again()?, [id(70)].into());
            assert_eq!(tx.webhook_misses(id(70), ALL)?, saved.misses);
            assert_eq!(tx.webhook_misses(id(70), Page { after: Some(samples::miss().id), limit: 5 })?, []);
            assert_eq!(tx.webhook_misses_to_try(id(70), 5)?, saved.misses);
            assert_eq!(tx.revocations(Moment(i64::MIN), at())?, saved.revocations);
            assert_eq!(tx.revocations(at(), at())?, []);
            assert_eq!(tx.revocations(Moment(i64::MIN), at().plus_seconds(3600))?, []);
            assert_eq!(tx.due_vouchers(at(), 5)?, []);
            assert_eq!(tx.due_vouchers(later, 5)?, [id(1)]);
            assert_eq!(tx.lapsed_vouchers(person, Some(id(2)), later)?, [id(1)]);
            assert_eq!(tx.lapsed_vouchers(id(77), Some(id(2)), later)?, [id(1)]);
            assert_eq!(tx.lapsed_vouchers(person, None, at())?, []);
            Ok(())
        });
    });
}

/// Redemptions that a version may raise, page by page: of this programme, of an earlier version, from the day on, those
/// that stand and that it has not raised.
#[test]
fn what_a_version_may_raise() {
    each(|division| {
        let made = |n: u32, days: i64, change: fn(&mut Redemption)| {
            let at = at().plus_seconds(days * 24 * 3600);
            let id = Id::derived(at, Id::digest(&["candidate"]), n);
            let mut redemption = Redemption { id, at, version: 2, ..samples::redemption() };
            change(&mut redemption);
            redemption
        };
        let redemptions = vec![
            made(0, -1, |_| {}),
            made(1, 0, |_| {}),
            made(2, 1, |redemption| redemption.version = 1),
            made(3, 2, |redemption| redemption.version = 3),
            made(4, 3, |redemption| redemption.programme = "other".into()),
            made(5, 4, |_| {}),
            made(6, 5, |_| {}),
            made(7, 6, |_| {}),
        ];
        let ids: Vec<Id> = redemptions.iter().map(|redemption| redemption.id).collect();
        let raised = |n: usize, version: u32| {
            let key = Adjustment::key(ids[n], version);
            Adjustment { id: key, redemption: ids[n], version, ..samples::adjustment() }
        };
        let undone = RedemptionState { redemption: ids[6], ..samples::redemption_state() };
        division
            .save(&Saved {
                redemptions,
                redemption_states: vec![undone],
                adjustments: vec![raised(5, 3), raised(7, 2)],
                ..Saved::default()
            })
            .unwrap();
        let page = |after, limit| Page { after, limit };
        division.read(|tx| {
            let mut candidates = |page| tx.adjustment_candidates(samples::PROGRAMME, 3, at().day(), page);
            assert_eq!(candidates(ALL)?, [ids[7], ids[2], ids[1]]);
            assert_eq!(candidates(page(None, 1))?, [ids[7]]);
            assert_eq!(candidates(page(Some(ids[7]), 1))?, [ids[2]]);
            assert_eq!(candidates(page(Some(ids[1]), 9))?, []);
            assert_eq!(tx.adjustment_candidates("unknown", 3, at().day(), ALL)?, []);
            Ok(())
        });
    });
}

#[test]
fn what_was_posted_newest_first() {
    each(|division| {
        let posted = |n: u32, seconds: i64| {
            let at = at().plus_seconds(seconds);
            Adjustment { id: Adjustment::key(id(4), n), version: n, at, ..samples::adjustment() }
        };
        let mut all = vec![posted(2, 0), posted(3, 7), posted(4, 7), posted(5, 9)];
        let other = Adjustment { id: id(90), version: 6, programme: "other".into(), ..samples::adjustment() };
        let redemptions = vec![samples::redemption()];
        let adjustments = all.iter().cloned().chain([other.clone()]).collect();
        division.save(&Saved { redemptions, adjustments, ..Saved::default() }).unwrap();
        all.sort_by_key(|one| std::cmp::Reverse((one.at, one.id)));
        division.read(|tx| {
            let (mut found, mut after) = (Vec::new(), None);
            while let Some(last) = tx.adjustments_posted(samples::PROGRAMME, Page { after, limit: 1 })?.pop() {
                assert_eq!((last.from_version, last.redeemed_at), (1, at()));
                after = Some(last.adjustment.id);
                found.push(last.adjustment);
            }
            assert_eq!(found, all);
            let versions: Vec<u32> = tx.adjustments_of(&[id(4), id(5)])?.iter().map(|one| one.version).collect();
            assert_eq!(versions, [2, 3, 4, 5, 6]);
            assert_eq!(tx.adjustments_of(&[])?, []);
            Ok(())
        });
    });
}

#[test]
fn an_empty_division_has_the_chain_s_beginning() {
    each(|division| {
        let head = division.head();
        assert_eq!((head.seq, head.hash.as_str()), (0, GENESIS));
        assert_eq!(division.readers().snapshot(&mut |tx| tx.programmes()), Ok(Vec::new()));
    });
}

#[test]
fn a_published_version_stays_and_a_draft_changes() {
    each(|division| {
        let mut draft = samples::version();
        draft.published_at = None;
        let mut saved = Saved { programmes: saved("").programmes, ..Saved::default() };
        for (title, published, stays) in [("一", None, "一"), ("二", Some(at()), "二"), ("三", Some(at()), "二")]
        {
            draft.rules.title = title.into();
            draft.published_at = published;
            saved.versions = vec![draft.clone()];
            division.save(&saved).unwrap();
            let version = division.read(|tx| tx.version(samples::PROGRAMME, 1)).unwrap();
            assert_eq!((version.rules.title.as_str(), version.published_at), (stays, published));
        }
    });
}

#[test]
fn the_head_moves_with_its_batch() {
    each(|division| {
        let head = Head { seq: 7, hash: "cd".repeat(32), at: at() };
        division.save(&Saved { head: Some(head.clone()), ..Saved::default() }).unwrap();
        assert_eq!(division.writer().batch(&mut |tx| tx.head()), Ok(head));
    });
}
