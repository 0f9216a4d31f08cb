//! The engine as it serves: its thread, its queue, two of them on one database, and answers that nobody waited for.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use huanxin::domain::command::{Act, Command};
use huanxin::domain::goods::Category;
use huanxin::domain::id::Id;
use huanxin::domain::refusal::Code;
use huanxin::domain::time::Moment;
use huanxin::engine::{Clock, Division, Failure, Reply, Settings};

use super::fixtures::{
    APPLIANCES, District, EBIKES, SaleOf, TestDatabase, at, claim, codes, command, fen, made, new_item, new_retailer,
    old_item, rules, turn_in,
};
use super::properties::assert_in_order;

const START: &str = "2026-06-18T10:00:00+08:00";
const THREADS: usize = 16;

/// A district on this database whose pools hold so many vouchers of appliances and e-bikes.
fn district(database: &TestDatabase, vouchers: i64) -> District {
    let pool = |each: &str| huanxin::domain::money::Fen(fen(each).0 * vouchers);
    let programmes = vec![rules(APPLIANCES, pool("1500.00")), rules(EBIKES, pool("700.00"))];
    District::open(&mut database.runner(Clock::standing_at(at(START))), programmes)
}

fn now() -> Moment {
    at(START).plus_seconds(60)
}

/// Two engines on one database, as two replicas are.
fn replicas(database: &TestDatabase) -> [Division; 2] {
    let settings = Settings { readers: 2, ..database.settings(Clock::starting_at(now())) };
    [(); 2].map(|()| Division::open(&settings).unwrap())
}

/// Submits the commands from many threads, in turn through either engine; answers in the order of the commands.
fn race(engines: &[Division; 2], commands: &[Command]) -> Vec<Reply> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut answered = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(command) = commands.get(number) else { return answered };
            answered.push((number, engines[number % 2].submit_blocking(command.clone())));
        }
    };
    let mut replies: Vec<(usize, Reply)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    replies.sort_by_key(|(number, _)| *number);
    replies.into_iter().map(|(_, reply)| reply).collect()
}

fn close(engines: [Division; 2]) {
    engines.iter().for_each(Division::close);
}

/// How many were done; every other one was refused with this code.
fn granted(replies: &[Reply], otherwise: Code) -> usize {
    let refused = replies.iter().filter(|reply| reply.is_err());
    refused.for_each(|reply| assert!(codes(reply).contains(&otherwise), "{reply:?}"));
    replies.iter().filter(|reply| reply.is_ok()).count()
}

fn fridge(n: u64) -> Command {
    command(&["claim", &n.to_string()], claim(n, APPLIANCES, Category::Refrigerator, None))
}

#[test]
fn two_engines_never_oversell_a_pool() {
    for database in TestDatabase::each() {
        let vouchers = 20;
        district(&database, vouchers);
        let engines = replicas(&database);
        let claims: Vec<Command> = (0..60).map(fridge).collect();
        assert_eq!(granted(&race(&engines, &claims), Code::PoolExhausted), 20);
        close(engines);
        assert_in_order(&database);
    }
}

#[test]
fn two_engines_never_exceed_a_quota() {
    for database in TestDatabase::each() {
        district(&database, 50);
        let engines = replicas(&database);
        let claims: Vec<Command> = (0..40)
            .map(|n| command(&["claim", &n.to_string()], claim(n % 4, APPLIANCES, Category::Refrigerator, None)))
            .collect();
        assert_eq!(granted(&race(&engines, &claims), Code::CategoryLimitReached), 4);
        close(engines);
        assert_in_order(&database);
    }
}

/// Claims a fridge voucher for a person and hands in an old fridge.
fn prepared(engine: &Division, district: &District, n: u64) -> (Id, Id) {
    let word = n.to_string();
    let voucher = made(&engine.submit_blocking(fridge(n)));
    let old = turn_in(district, n, old_item(Category::Refrigerator, n));
    (voucher, made(&engine.submit_blocking(command(&["turn-in", &word], old))))
}

/// A sale of the prepared voucher: this fridge, on this invoice.
fn sale(district: &District, n: u64, (voucher, turn_in): (Id, Id), item: u64, invoice: u64) -> Act {
    let sale = SaleOf {
        voucher,
        holder: n,
        seller: district.sellers[usize::from(item.is_multiple_of(2))],
        item: new_item(Category::Refrigerator, item),
        price: fen("6299.00"),
        invoice,
        turn_in: Some(turn_in),
        now: now(),
    };
    sale.act()
}

#[test]
fn a_voucher_is_redeemed_once_and_an_item_counts_once() {
    for database in TestDatabase::each() {
        let district = district(&database, 50);
        let engines = replicas(&database);
        let one = prepared(&engines[0], &district, 0);
        let same_voucher: Vec<Command> =
            (0..24).map(|n| command(&["redeem", &n.to_string()], sale(&district, 0, one, n, n))).collect();
        assert_eq!(granted(&race(&engines, &same_voucher), Code::VoucherAlreadyRedeemed), 1);
        // One fridge, sold to eight people at once; then one invoice for eight fridges.
        let eight: Vec<(u64, (Id, Id))> = (1..9).map(|n| (n, prepared(&engines[1], &district, n))).collect();
        let same_item: Vec<Command> = eight
            .iter()
            .map(|(n, of)| command(&["same item", &n.to_string()], sale(&district, *n, *of, 100, 100 + n)))
            .collect();
        let replies = race(&engines, &same_item);
        assert_eq!(granted(&replies, Code::SnAlreadyUsed), 1);
        let same_invoice: Vec<Command> = eight
            .iter()
            .zip(&replies)
            .filter(|(_, reply)| reply.is_err())
            .map(|((n, of), _)| command(&["same invoice", &n.to_string()], sale(&district, *n, *of, 200 + n, 200)))
            .collect();
        assert_eq!(granted(&race(&engines, &same_invoice), Code::InvoiceAlreadyUsed), 1);
        close(engines);
        assert_in_order(&database);
    }
}

/// An old e-bike supports one voucher, whoever recorded it, however often.
#[test]
fn an_old_item_supports_one_voucher() {
    for database in TestDatabase::each() {
        let district = district(&database, 50);
        let engines = replicas(&database);
        let records: Vec<Command> = (0..6)
            .map(|n| command(&["turn-in", &n.to_string()], turn_in(&district, n, old_item(Category::Ebike, 7))))
            .collect();
        let recorded: Vec<Id> = race(&engines, &records).iter().map(made).collect();
        let claims: Vec<Command> = (0..24_u64)
            .map(|n| {
                let owner = n % 6;
                let old = recorded[usize::try_from(owner).unwrap()];
                command(&["claim", &n.to_string()], claim(owner, EBIKES, Category::Ebike, Some(old)))
            })
            .collect();
        assert_eq!(granted(&race(&engines, &claims), Code::OldItemAlreadyUsed), 1);
        close(engines);
        assert_in_order(&database);
    }
}

/// The same request at both engines at once, again and again: one effect, one answer.
#[test]
fn a_repeat_has_one_effect_and_one_answer() {
    for database in TestDatabase::each() {
        district(&database, 50);
        let engines = replicas(&database);
        let repeats: Vec<Command> = (0..32).map(|_| fridge(1)).collect();
        let replies = race(&engines, &repeats);
        let first = replies[0].as_ref().unwrap().outcome.clone();
        assert!(replies.iter().all(|reply| reply.as_ref().is_ok_and(|answer| answer.outcome == first)), "{replies:?}");
        assert_eq!(replies.iter().filter(|reply| reply.as_ref().is_ok_and(|answer| !answer.replayed)).count(), 1);
        let other = Command { fingerprint: Id::digest(&["other"]), ..fridge(1) };
        assert_eq!(codes(&engines[0].submit_blocking(other)), [Code::IdempotencyKeyReused]);
        close(engines);
        assert_eq!(database.rows_of("voucher").len(), 1);
        assert_in_order(&database);
    }
}

/// The caller goes away before the answer: what was asked is done all the same, and the repeat says so.
#[test]
fn a_retailer_is_registered_once_however_many_ask() {
    for database in TestDatabase::each() {
        let engines = replicas(&database);
        let wish = |n: u64| {
            let act = Act::RegisterRetailer(Box::new(new_retailer(50 + n % 2)));
            command(&["register", &n.to_string()], act)
        };
        let commands: Vec<Command> = (0..24).map(wish).collect();
        let replies = race(&engines, &commands);
        assert_eq!(granted(&replies, Code::WrongState), 2);
        close(engines);
        let mut registered: Vec<String> =
            database.rows_of("retailer").iter().map(|row| row["uscc"].as_str().unwrap().to_owned()).collect();
        registered.sort_unstable();
        registered.dedup();
        assert_eq!((registered.len(), database.rows_of("retailer").len()), (2, 2));
        database.verify().unwrap();
    }
}

#[test]
fn an_answer_that_nobody_waited_for_is_replayed() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    for database in TestDatabase::each() {
        district(&database, 50);
        let engine = Division::open(&database.settings(Clock::starting_at(now()))).unwrap();
        runtime.block_on(async {
            // One look at the answer puts the command into the queue; then the caller is gone.
            let gone = tokio::time::timeout(Duration::ZERO, engine.submit(fridge(1))).await;
            let again = engine.submit(fridge(1)).await.unwrap();
            assert!(again.replayed || gone.is_ok());
        });
        // Closing does what waits: this one is asked for and left, and there after all.
        drop(runtime.block_on(async { tokio::time::timeout(Duration::ZERO, engine.submit(fridge(2))).await }));
        engine.close();
        assert_eq!(database.rows_of("voucher").len(), 2);
        assert_eq!(runtime.block_on(engine.submit(fridge(3))), Err(Failure::Unavailable));
        assert_in_order(&database);
    }
}

/// A queue that is full says so at once and forgets nothing that it took.
#[test]
fn a_full_queue_is_busy() {
    let database = TestDatabase::sqlite();
    district(&database, 500);
    let settings = Settings { queue: 4, batch_max: 1, ..database.settings(Clock::starting_at(now())) };
    let engine = Division::open(&settings).unwrap();
    let replies: Vec<Reply> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..64)
            .map(|n| {
                scope.spawn({
                    let engine = &engine;
                    move || engine.submit_blocking(fridge(n))
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    engine.close();
    let done = replies.iter().filter(|reply| reply.is_ok()).count();
    assert!(replies.iter().all(|reply| reply.is_ok() || *reply == Err(Failure::Busy)), "{replies:?}");
    assert_eq!(database.rows_of("voucher").len(), done);
    assert_in_order(&database);
}
