//! Claims and redemptions a second through the engine, without HTTP and queue: exact batches on one thread.

use std::sync::Arc;
use std::time::{Duration, Instant};

use huanxin::domain::command::{Act, Command};
use huanxin::domain::goods::Category;
use huanxin::domain::id::Id;
use huanxin::engine::{Clock, Runner};

use crate::fixtures::{
    APPLIANCES, District, SaleOf, TestDatabase, at, claim, command, fen, made, new_item, old_item, rules, turn_in,
};
use crate::{NOW, interrupt};

/// What is made beforehand goes in batches of this size.
const PREPARED: usize = 256;
/// What is claimed, handed in and sold.
pub const CATEGORY: Category = Category::Refrigerator;
/// A line's pool, which no measurement empties.
pub const POOL: &str = "1000000000.00";

/// How many a second.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rates {
    pub redemptions: f64,
    pub claims: f64,
}

/// A district with its engine, and the number of the next person who comes by.
pub struct Engine {
    runner: Runner,
    district: District,
    next: u64,
    cell: Duration,
}

impl Engine {
    pub fn open(database: &TestDatabase, cell: Duration) -> Self {
        let mut runner = database.runner(Clock::standing_at(at(NOW)));
        let district = District::open(&mut runner, vec![rules(APPLIANCES, fen(POOL))]);
        Self { runner, district, next: 0, cell }
    }

    /// Claims in batches of one size, then redemptions of what was claimed.
    pub fn rates(&mut self, size: usize) -> Rates {
        let first = self.next;
        let mut next = first;
        let (vouchers, claims) = time(&mut self.runner, self.cell, || {
            let people = (next..).take(size);
            next += u64::try_from(size).unwrap();
            people.map(new_claim).collect()
        });
        self.next = next;
        let mut sales = self.sales((first..next).zip(vouchers).collect()).into_iter();
        let (_, redemptions) = time(&mut self.runner, self.cell, || sales.by_ref().take(size).collect());
        Rates { redemptions, claims }
    }

    /// So many claims of people who have none.
    pub fn new_claims(&mut self, count: usize) -> Vec<Arc<Command>> {
        let first = self.next;
        self.next += u64::try_from(count).unwrap();
        (first..self.next).map(new_claim).collect()
    }

    /// So many redemptions of vouchers that were claimed for them.
    pub fn new_sales(&mut self, count: usize) -> Vec<Arc<Command>> {
        let people = self.next..;
        let claims = self.new_claims(count);
        let vouchers = self.prepared(&claims);
        self.sales(people.zip(vouchers).collect())
    }

    /// The redemptions of these people's vouchers, for which the old items are handed in.
    fn sales(&mut self, vouchers: Vec<(u64, Id)>) -> Vec<Arc<Command>> {
        let old = |n: u64| named("turn-in", n, turn_in(&self.district, n, old_item(CATEGORY, n)));
        let handed_in: Vec<_> = vouchers.iter().map(|(n, _)| old(*n)).collect();
        let turn_ins = self.prepared(&handed_in);
        vouchers.into_iter().zip(turn_ins).map(|((n, voucher), old)| self.sale(n, voucher, old)).collect()
    }

    fn sale(&self, n: u64, voucher: Id, turn_in: Id) -> Arc<Command> {
        let sellers = &self.district.sellers;
        let sale = SaleOf {
            voucher,
            holder: n,
            seller: sellers[usize::try_from(n).unwrap() % sellers.len()],
            item: new_item(CATEGORY, n),
            price: fen("6299.00"),
            invoice: n,
            turn_in: Some(turn_in),
            now: at(NOW),
        };
        named("redeem", n, sale.act())
    }

    /// The identities that these commands make.
    fn prepared(&mut self, commands: &[Arc<Command>]) -> Vec<Id> {
        let run = |batch| {
            interrupt::check();
            self.runner.run(batch)
        };
        commands.chunks(PREPARED).flat_map(run).map(|reply| made(&reply)).collect()
    }
}

fn named(word: &str, n: u64, act: Act) -> Arc<Command> {
    Arc::new(command(&[word, &n.to_string()], act))
}

fn new_claim(n: u64) -> Arc<Command> {
    named("claim", n, claim(n, APPLIANCES, CATEGORY, None))
}

/// Runs batches until the cell is over or there are no more; gives what they made, and how many a second. What makes
/// a batch does not count.
fn time(runner: &mut Runner, cell: Duration, mut batch: impl FnMut() -> Vec<Arc<Command>>) -> (Vec<Id>, f64) {
    let (mut ids, mut took) = (Vec::new(), Duration::ZERO);
    while took < cell {
        interrupt::check();
        let commands = batch();
        if commands.is_empty() {
            break;
        }
        let begun = Instant::now();
        let replies = runner.run(&commands);
        took += begun.elapsed();
        ids.extend(replies.iter().map(made));
    }
    let rate = f64::from(u32::try_from(ids.len()).unwrap()) / took.as_secs_f64();
    (ids, rate)
}
