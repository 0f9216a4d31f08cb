//! Retroactive rises through the engine, on both databases: what is posted at once or not at all, never twice, never
//! out of a pool that has not got it; and what a return gives back.

use std::sync::Arc;

use huanxin::domain::adjustment::Raised;
use huanxin::domain::command::{Act, Outcome, PostAdjustments};
use huanxin::domain::goods::Category;
use huanxin::domain::id::Id;
use huanxin::domain::money::Fen;
use huanxin::domain::programme::{Amount, Rules};
use huanxin::domain::refusal::{Code, Refusal};
use huanxin::engine::{self, Clock, Division, Failure, Reply, Runner};
use huanxin::store::Page;

use super::fixtures::{
    CARS, District, SaleOf, TestDatabase, at, claim, codes, command, day, done, fen, made, new_item, old_item, reverse,
    rules, turn_in,
};
use super::properties::assert_in_order;

const NOW: &str = "2026-06-18T10:00:00+08:00";
/// What the example gives for a car of 100 000: twelve percent.
const GIVEN: &str = "12000.00";

/// A division in which cars were sold under the example programme.
struct Town<'a> {
    database: &'a TestDatabase,
    runner: Runner,
    district: District,
}

impl<'a> Town<'a> {
    fn open(database: &'a TestDatabase, pool: &str) -> Self {
        let mut runner = database.runner(Clock::standing_at(at(NOW)));
        let district = District::open(&mut runner, vec![rules(CARS, fen(pool))]);
        Self { database, runner, district }
    }

    fn act(&mut self, words: &[&str], act: Act) -> Reply {
        self.runner.run(&[Arc::new(command(words, act))]).remove(0)
    }

    /// Sells the `n`th person a car of 100 000, `n` seconds after the start.
    fn sell(&mut self, n: u64) -> Id {
        let word = n.to_string();
        self.runner.set_clock(Clock::standing_at(at(NOW).plus_seconds(n.cast_signed())));
        let old = turn_in(&self.district, n, old_item(Category::Car, n));
        let old = made(&self.act(&["turn-in", &word], old));
        let voucher = made(&self.act(&["claim", &word], claim(n, CARS, Category::Car, Some(old))));
        let seller = self.district.sellers[usize::from(n % 2 == 1)];
        let (item, price) = (new_item(Category::Car, n), fen("100000.00"));
        let sale = SaleOf { voucher, holder: n, seller, item, price, invoice: n, turn_in: None, now: at(NOW) };
        let reply = self.act(&["redeem", &word], sale.act());
        assert!(matches!(done(&reply), Outcome::Redeemed(row) if row.subsidy == fen(GIVEN)), "{reply:?}");
        made(&reply)
    }

    /// Publishes a version that gives so many percent.
    fn publish(&mut self, percent: i64, from: Option<&str>) {
        for (word, act) in [("draft", Act::CreateProgramme(Box::new(raised(percent, from)))), ("publish", published())]
        {
            done(&self.act(&[word, &percent.to_string()], act));
        }
    }

    /// What is due, as the bureau lists it.
    fn due(&self) -> Vec<(Id, Fen)> {
        let readers = self.database.readers();
        let page = Page { after: None, limit: 50 };
        let due = readers.snapshot(&mut |tx| engine::due(tx, at(NOW), CARS, page)).unwrap().unwrap();
        due.redemptions.into_iter().filter_map(|(id, owed)| Some((id, owed?.rise.amount))).collect()
    }

    /// The figures of the line: available, payable.
    fn line(&self) -> (Fen, Fen) {
        let lines = self.database.readers().snapshot(&mut |tx| tx.lines(Some(CARS))).unwrap();
        (lines[0].balances.available, lines[0].balances.payable)
    }
}

impl TestDatabase {
    pub fn readers(&self) -> huanxin::store::Readers {
        self.database.readers(1).unwrap()
    }
}

/// The example with another rate, and no cap in the way.
pub fn raised(percent: i64, from: Option<&str>) -> Rules {
    let mut rules = rules(CARS, fen("1000000.00"));
    rules.retroactive_from = from.map(day);
    for tier in &mut rules.lines[0].tiers {
        tier.amount = Amount::Percent { percent: percent.into(), cap: fen("50000.00") };
    }
    rules
}

pub fn published() -> Act {
    Act::PublishProgramme { programme: CARS.into() }
}

fn post(version: u32, redemptions: &[Id], total: &str) -> Act {
    let (programme, redemptions, total) = (CARS.to_owned(), redemptions.to_vec(), fen(total));
    Act::PostAdjustments(PostAdjustments { programme, version, redemptions, total })
}

fn posted(reply: &Reply) -> &[Raised] {
    let Outcome::Adjusted { raised, .. } = done(reply) else { panic!("{reply:?}") };
    raised
}

/// The refusals of a command: code and pointer.
fn refused(reply: &Reply) -> Vec<(Code, &str)> {
    let Err(Failure::Refused(refusals)) = reply else { panic!("{reply:?}") };
    refusals.all().iter().map(|refusal| (refusal.code, refusal.pointer.as_str())).collect()
}

fn first(reply: &Reply) -> &Refusal {
    let Err(Failure::Refused(refusals)) = reply else { panic!("{reply:?}") };
    refusals.first()
}

const FROM: Option<&str> = Some("2026-06-18");

#[test]
fn what_is_owed_is_listed_and_then_posted() {
    for database in TestDatabase::each() {
        let mut town = Town::open(&database, "1000000.00");
        let ids = [town.sell(0), town.sell(1)];
        let before = database.rows();
        assert_eq!(town.due(), []);
        town.publish(15, FROM);
        assert_eq!(town.due(), [(ids[1], fen("3000.00")), (ids[0], fen("3000.00"))]);
        let (available, payable) = town.line();
        town.runner.set_clock(Clock::standing_at(at("2026-07-02T10:00:00+08:00")));
        let reply = town.act(&["post"], post(2, &ids, "6000.00"));
        for (raised, id) in posted(&reply).iter().zip(ids) {
            let one = &raised.adjustment;
            assert_eq!((one.redemption, one.version, raised.from_version), (id, 2, 1));
            assert_eq!((one.before, one.after, one.amount), (fen(GIVEN), fen("15000.00"), fen("3000.00")));
            let shares: Vec<Fen> = one.funding.iter().map(|share| share.amount).collect();
            assert_eq!(shares, [fen("2700.00"), fen("300.00")]);
        }
        assert_eq!(town.line(), (available - fen("6000.00"), payable + fen("6000.00")));
        assert_eq!(town.due(), []);
        // What was is as it was; what came is of the day on which it came.
        let after = database.rows();
        for table in ["redemption", "voucher", "turn_in", "claim", "quota_use"] {
            assert_eq!(before[table], after[table], "{table}");
        }
        assert!(before["movement"].iter().all(|row| after["movement"].contains(row)));
        assert_eq!(after["settlement_bucket"].len(), before["settlement_bucket"].len() + 2);
        let rollups: Vec<_> = after["rollup"].iter().filter(|row| row["effective_day"] == 20_260_702).collect();
        assert_eq!(rollups.len(), 2);
        for row in rollups {
            assert_eq!((&row["amount_redeemed_fen"], &row["redeemed"]), (&300_000.into(), &0.into()));
        }
        assert_in_order(&database);
    }
}

/// The commands of one batch see what those before them did, the publication among them.
#[test]
fn one_batch_publishes_raises_and_takes_back() {
    for database in TestDatabase::each() {
        let mut town = Town::open(&database, "1000000.00");
        let ids = [town.sell(0), town.sell(2)];
        let seller = town.district.sellers[0].0;
        let (_, payable) = town.line();
        let acts = [
            Act::CreateProgramme(Box::new(raised(15, FROM))),
            post(2, &ids, "6000.00"),
            published(),
            post(2, &ids[..1], "3000.00"),
            post(2, &ids, "6000.00"),
            reverse(ids[0], seller),
            post(2, &ids[..1], "3000.00"),
            post(2, &ids[1..], "3000.00"),
        ];
        let mut commands: Vec<Arc<_>> =
            acts.into_iter().enumerate().map(|(n, act)| Arc::new(command(&[&n.to_string()], act))).collect();
        commands.push(Arc::clone(&commands[3]));
        let replies = town.runner.run(&commands);
        assert_eq!(refused(&replies[1]), [(Code::WrongState, "/version")]);
        assert_eq!(posted(&replies[3]).len(), 1);
        assert_eq!(refused(&replies[4]), [(Code::WrongState, "/redemption_ids/0")]);
        assert!(first(&replies[4]).found.as_deref().unwrap().starts_with("raised by version 2 already"));
        done(&replies[5]);
        assert_eq!(first(&replies[6]).found.as_deref(), Some("reversed"));
        assert_eq!(posted(&replies[7]).len(), 1);
        assert_eq!((replies[8].as_ref().unwrap().replayed, posted(&replies[8])), (true, posted(&replies[3])));
        // The first car's money is all back; the second one has its rise.
        assert_eq!(town.line().1, payable - fen(GIVEN) + fen("3000.00"));
        assert_in_order(&database);
    }
}

/// A line that has not got it pays nobody, and nobody in part.
#[test]
fn a_pool_is_never_oversold() {
    for database in TestDatabase::each() {
        // Two reservations of 20 000 and what they leave of 100 after two sales of 12 000.
        let mut town = Town::open(&database, "40000.00");
        let ids = [town.sell(0), town.sell(2)];
        assert_eq!(town.line(), (fen("16000.00"), fen("24000.00")));
        town.publish(21, FROM);
        assert_eq!(town.due().len(), 2);
        let reply = town.act(&["both"], post(2, &ids, "18000.00"));
        assert_eq!(refused(&reply), [(Code::PoolExhausted, "/redemption_ids")]);
        assert_eq!(first(&reply).found.as_deref(), Some("16000.00"));
        let single = |id: Id, word: &str| Arc::new(command(&[word], post(2, &[id], "9000.00")));
        let replies = town.runner.run(&[single(ids[0], "one"), single(ids[1], "other")]);
        assert_eq!(posted(&replies[0]).len(), 1);
        assert_eq!(codes(&replies[1]), [Code::PoolExhausted]);
        assert_eq!(town.line(), (fen("7000.00"), fen("33000.00")));
        // More money, and the other one has its turn.
        let more = Act::AdjustPool {
            programme: CARS.into(),
            category: Category::Car,
            delta: fen("2000.00"),
            reason: "追加".into(),
        };
        done(&town.act(&["more"], more));
        assert_eq!(posted(&town.act(&["again"], post(2, &ids[1..], "9000.00"))).len(), 1);
        assert_eq!(town.line(), (Fen::ZERO, fen("42000.00")));
        assert_in_order(&database);
    }
}

#[test]
fn a_list_that_is_not_true_posts_nothing() {
    for database in TestDatabase::each() {
        let mut town = Town::open(&database, "1000000.00");
        let good = town.sell(0);
        let unknown = Id::digest(&["nobody's"]);
        assert_eq!(refused(&town.act(&["early"], post(1, &[good], "1.00"))), [(Code::WrongState, "/version")]);
        town.publish(15, FROM);
        let under_this = {
            let old = turn_in(&town.district, 4, old_item(Category::Car, 4));
            let old = made(&town.act(&["turn-in", "4"], old));
            let voucher = made(&town.act(&["claim", "4"], claim(4, CARS, Category::Car, Some(old))));
            let (seller, item) = (town.district.sellers[0], new_item(Category::Car, 4));
            let price = fen("100000.00");
            let sale = SaleOf { voucher, holder: 4, seller, item, price, invoice: 4, turn_in: None, now: at(NOW) };
            made(&town.act(&["redeem", "4"], sale.act()))
        };
        let attempts = database.rows();
        let mut try_one =
            |word: &str, version: u32, ids: &[Id], total: &str| town.act(&[word], post(version, ids, total));
        for version in [0, 1, 3, u32::MAX] {
            let reply = try_one("version", version, &[good], "3000.00");
            assert_eq!(refused(&reply), [(Code::WrongState, "/version")], "{version}");
            assert_eq!(first(&reply).expected.as_deref(), Some("the version in force, 2"));
        }
        let reply = try_one("total", 2, &[good], "3000.01");
        assert_eq!(refused(&reply), [(Code::WrongState, "/total")]);
        assert_eq!(
            (first(&reply).found.as_deref(), first(&reply).expected.as_deref()),
            (Some("3000.01"), Some("3000.00"))
        );
        // Everything that is wrong is told at once, a good one among them is not posted.
        let reply = try_one("many", 2, &[unknown, good, under_this, good], "3000.00");
        let expected = [
            (Code::BodyMalformed, "/redemption_ids/3"),
            (Code::NotFound, "/redemption_ids/0"),
            (Code::WrongState, "/redemption_ids/2"),
        ];
        assert_eq!(refused(&reply), expected);
        let other =
            PostAdjustments { programme: "no-such".into(), version: 2, redemptions: vec![good], total: fen("3000.00") };
        assert_eq!(codes(&town.act(&["other"], Act::PostAdjustments(other))), [Code::NotFound]);
        assert_eq!(database.rows(), attempts);
        done(&town.act(&["many"], post(2, &[good], "3000.00")));
        assert_in_order(&database);
    }
}

/// Redeemed before the day, judged by a version that gives less, or by one that raises nothing.
#[test]
fn what_is_not_owed_is_neither_listed_nor_posted() {
    for database in TestDatabase::each() {
        let mut town = Town::open(&database, "1000000.00");
        let sold = town.sell(0);
        for (number, percent, from) in [(2, 15, Some("2026-06-19")), (3, 12, FROM), (4, 11, FROM), (5, 16, None)] {
            town.publish(percent, from);
            assert_eq!(town.due(), [], "version {number}");
            let reply = town.act(&["post", &number.to_string()], post(number, &[sold], "3000.00"));
            assert_eq!(codes(&reply), [Code::WrongState], "version {number}");
        }
        assert_eq!(database.rows_of("adjustment").len(), 0);
        assert_in_order(&database);
    }
}

#[test]
fn each_version_adds_to_the_one_before_and_a_return_gives_all_of_it_back() {
    for database in TestDatabase::each() {
        let mut town = Town::open(&database, "1000000.00");
        let (sold, other) = (town.sell(0), town.sell(2));
        let (available, payable) = town.line();
        town.publish(15, FROM);
        posted(&town.act(&["second"], post(2, &[sold], "3000.00")));
        town.publish(18, FROM);
        assert_eq!(town.due(), [(other, fen("6000.00")), (sold, fen("3000.00"))]);
        let reply = town.act(&["third"], post(3, &[sold, other], "9000.00"));
        let amounts: Vec<(Fen, Fen)> =
            posted(&reply).iter().map(|one| (one.adjustment.before, one.adjustment.after)).collect();
        assert_eq!(amounts, [(fen("15000.00"), fen("18000.00")), (fen(GIVEN), fen("18000.00"))]);
        // What is owed stays owed when the programme has ended.
        done(&town.act(&["close"], Act::CloseProgramme { programme: CARS.into(), reason: "结束".into() }));
        assert_eq!(town.line().1, payable + fen("12000.00"));
        done(&town.act(&["back"], reverse(sold, town.district.sellers[0].0)));
        assert_eq!(town.line(), (available - fen("6000.00") + fen(GIVEN), payable + fen("6000.00") - fen(GIVEN)));
        let returned: i64 =
            database.rows_of("rollup").iter().map(|row| row["amount_reversed_fen"].as_i64().unwrap()).sum();
        assert_eq!(Fen(returned), fen("18000.00"));
        assert_eq!(codes(&town.act(&["again"], post(3, &[sold], "3000.00"))), [Code::WrongState]);
        assert_in_order(&database);
    }
}

#[test]
fn a_closed_programme_still_pays_what_it_owes() {
    let database = TestDatabase::sqlite();
    let mut town = Town::open(&database, "1000000.00");
    let sold = town.sell(0);
    town.publish(15, FROM);
    done(&town.act(&["close"], Act::CloseProgramme { programme: CARS.into(), reason: "结束".into() }));
    assert_eq!(town.due(), [(sold, fen("3000.00"))]);
    assert_eq!(posted(&town.act(&["post"], post(2, &[sold], "3000.00"))).len(), 1);
    assert_in_order(&database);
}

/// The day of the rise may be in a settlement while that of the redemption is not.
#[test]
fn a_settled_rise_keeps_its_redemption() {
    for database in TestDatabase::each() {
        let mut town = Town::open(&database, "1000000.00");
        let sold = town.sell(0);
        town.publish(15, FROM);
        town.runner.set_clock(Clock::standing_at(at("2026-07-02T10:00:00+08:00")));
        posted(&town.act(&["post"], post(2, &[sold], "3000.00")));
        database
            .execute("UPDATE settlement_bucket SET settlement = id, stage = 'submitted' WHERE day = 20260702")
            .unwrap();
        let back = reverse(sold, town.district.sellers[0].0);
        assert_eq!(codes(&town.act(&["back"], back.clone())), [Code::AlreadyInSettlement]);
        database.execute("UPDATE settlement_bucket SET settlement = NULL, stage = NULL").unwrap();
        done(&town.act(&["back"], back));
        assert_in_order(&database);
    }
}

/// Two engines, many officers, one rise.
#[test]
fn two_engines_raise_once() {
    for database in TestDatabase::each() {
        let mut town = Town::open(&database, "1000000.00");
        let sold = [town.sell(0), town.sell(1)];
        town.publish(15, FROM);
        let settings = database.settings(Clock::starting_at(at(NOW)));
        let engines = [(); 2].map(|()| Division::open(&settings).unwrap());
        let replies: Vec<Reply> = std::thread::scope(|scope| {
            let officers: Vec<_> = (0..12_usize)
                .map(|n| {
                    let (engine, act) = (&engines[n % 2], post(2, &sold, "6000.00"));
                    scope.spawn(move || engine.submit_blocking(command(&["officer", &n.to_string()], act)))
                })
                .collect();
            officers.into_iter().map(|officer| officer.join().unwrap()).collect()
        });
        engines.iter().for_each(Division::close);
        assert_eq!(replies.iter().filter(|reply| reply.is_ok()).count(), 1);
        assert!(replies.iter().all(|reply| reply.is_ok() || codes(reply).contains(&Code::WrongState)), "{replies:?}");
        assert_eq!(database.rows_of("adjustment").len(), 2);
        assert_in_order(&database);
    }
}

/// A page is looked at and not what is owed: it may be short, and the next one follows all the same.
#[test]
fn a_page_of_what_was_looked_at() {
    let database = TestDatabase::sqlite();
    let mut town = Town::open(&database, "1000000.00");
    let ids = [town.sell(0), town.sell(1), town.sell(2)];
    town.publish(15, FROM);
    posted(&town.act(&["post"], post(2, &ids[1..2], "3000.00")));
    let readers = database.readers();
    let look = |after: Option<Id>, limit: i64| {
        let page = Page { after, limit };
        let due = readers.snapshot(&mut |tx| engine::due(tx, at(NOW), CARS, page)).unwrap().unwrap();
        assert_eq!((due.version, due.retroactive_from), (Some(2), FROM.map(day)));
        due.redemptions.iter().map(|(id, owed)| (*id, owed.is_some())).collect::<Vec<_>>()
    };
    assert_eq!(look(None, 1), [(ids[2], true)]);
    assert_eq!(look(Some(ids[2]), 2), [(ids[0], true)]);
    // A version that gives less: everything is looked at, nothing is owed.
    town.publish(10, FROM);
    let due =
        readers.snapshot(&mut |tx| engine::due(tx, at(NOW), CARS, Page { after: None, limit: 9 })).unwrap().unwrap();
    assert_eq!(due.redemptions.iter().map(|(_, owed)| owed.is_some()).collect::<Vec<_>>(), [false; 3]);
}
