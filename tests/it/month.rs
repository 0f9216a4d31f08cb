//! A month of three retailers, from the counter to the bank and back, on both databases: at its end every account, every
//! rollup and every control total is what one gets by adding up the sales by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use huanxin::api::settlement::Terms;
use huanxin::domain::command::{
    Act, Actor, AnswerRow, Approval, BatchSettlements, Command, NewBankReturn, NewDispute, NewRepayment, Outcome, Paid,
    PostAdjustments, RejectLine, SettlementStep, StepOfSettlement, SubmitSettlement,
};
use huanxin::domain::dispute::{DisputeAbout, DisputeParty};
use huanxin::domain::goods::Category;
use huanxin::domain::id::Id;
use huanxin::domain::ledger::line_id;
use huanxin::domain::money::Fen;
use huanxin::domain::records::RejectionCode;
use huanxin::domain::refusal::Code;
use huanxin::domain::settlement::{
    Control, ReconciliationAnswer, ReconciliationKind, ReconciliationRow, ReturnRow, Settlement, SettlementStatus,
};
use huanxin::domain::time::Day;
use huanxin::engine::{self, Clock, Reply, Runner, system};
use huanxin::store::{Group, Page, Tx};

use super::adjustments::{published, raised};
use super::fixtures::{
    APPLIANCES, CARS, District, SaleOf, TestDatabase, at, claim, codes, day, done, fen, made, new_item, old_item,
    reverse, rules, turn_in,
};

/// What became of a sale, in the order in which it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Became {
    Owed,
    Returned,
    Rejected,
    Paid,
    ClawedBack,
}

/// A sale as somebody with a pencil would note it.
#[derive(Clone, Debug)]
struct Sold {
    id: Id,
    retailer: Id,
    line: Id,
    day: u32,
    subsidy: Fen,
    became: Became,
}

struct Month<'a> {
    database: &'a TestDatabase,
    runner: Runner,
    retailers: Vec<(Id, Id)>,
    district: District,
    sold: Vec<Sold>,
    recovered: BTreeMap<(Id, Id), Fen>,
    approved: Fen,
    paid: Fen,
    steps: u32,
}

const POOL: &str = "9000000.00";

impl<'a> Month<'a> {
    fn open(database: &'a TestDatabase) -> Self {
        let mut runner = database.runner(Clock::standing_at(at("2026-06-01T09:00:00+08:00")));
        let district = District::open(&mut runner, vec![rules(CARS, fen(POOL)), rules(APPLIANCES, fen(POOL))]);
        let third = District::seller(&mut runner, 2, &[CARS.to_owned(), APPLIANCES.to_owned()]);
        let mut retailers = district.sellers.clone();
        retailers.push(third);
        Self {
            database,
            runner,
            retailers,
            district,
            sold: Vec::new(),
            recovered: BTreeMap::new(),
            approved: Fen::ZERO,
            paid: Fen::ZERO,
            steps: 0,
        }
    }

    /// Sets the clock to ten in the morning of a day, and a bit.
    fn on(&mut self, date: &str) {
        let moment = at(&format!("{date}T10:00:00+08:00")).plus_seconds(i64::from(self.steps));
        self.runner.set_clock(Clock::standing_at(moment));
    }

    fn act(&mut self, who: &str, act: Act) -> Reply {
        self.steps += 1;
        let command = Command {
            id: Id::digest(&["step", &self.steps.to_string()]),
            fingerprint: Id::digest(&[&format!("{act:?}")]),
            actor: Actor { id: Id::digest(&[who]), role: who.to_owned(), organisation: None },
            request_id: format!("step {}", self.steps),
            act,
        };
        self.runner.run(&[Arc::new(command)]).remove(0)
    }

    fn read<T>(&self, query: impl Fn(&mut Tx<'_>) -> Result<T, huanxin::store::StoreError>) -> T {
        self.database.readers().snapshot(&mut |tx| query(tx)).unwrap()
    }

    /// The `n`th sale: every third a refrigerator, the others cars, each at another price.
    fn sell(&mut self, n: u64, date: u32, retailer: usize) {
        let now = at(&format!("2026-06-{date:02}T10:00:00+08:00")).plus_seconds(i64::from(self.steps));
        self.runner.set_clock(Clock::standing_at(now));
        let seller = self.retailers[retailer];
        let (programme, category, price) = if n.is_multiple_of(3) {
            (APPLIANCES, Category::Refrigerator, Fen(300_000 + 1_237 * i64::try_from(n).unwrap()))
        } else {
            (CARS, Category::Car, Fen(8_000_000 + 33_331 * i64::try_from(n).unwrap()))
        };
        let old = turn_in(&self.district, n, old_item(category, n));
        let old = made(&self.act("recycler", old));
        let first = (category == Category::Car).then_some(old);
        let voucher = made(&self.act("consumer", claim(n, programme, category, first)));
        let turn_in = (category != Category::Car).then_some(old);
        let item = new_item(category, n);
        let sale = SaleOf { voucher, holder: n, seller, item, price, invoice: n, turn_in, now };
        let reply = self.act("clerk", sale.act());
        let Outcome::Redeemed(row) = done(&reply) else { panic!("{reply:?}") };
        let line = line_id(programme, category);
        let (id, subsidy) = (row.id, row.subsidy);
        self.sold.push(Sold { id, retailer: seller.0, line, day: date, subsidy, became: Became::Owed });
    }

    /// The sales of a retailer that became this, of some days.
    fn those(&self, retailer: usize, became: Became, days: std::ops::RangeInclusive<u32>) -> Vec<usize> {
        let retailer = self.retailers[retailer].0;
        let is = |one: &Sold| one.retailer == retailer && one.became == became && days.contains(&one.day);
        (0..self.sold.len()).filter(|n| is(&self.sold[*n])).collect()
    }

    fn sum(&self, sales: &[usize]) -> Control {
        let amount = sales.iter().map(|n| self.sold[*n].subsidy).sum();
        Control { lines: u32::try_from(sales.len()).unwrap(), amount }
    }

    fn give_back(&mut self, sale: usize) {
        let one = self.sold[sale].clone();
        let reply = self.act("retailer", reverse(one.id, one.retailer));
        let Outcome::Reversed { clawed_back, .. } = done(&reply) else { panic!("{reply:?}") };
        let paid = one.became == Became::Paid;
        assert_eq!(*clawed_back, if paid { one.subsidy } else { Fen::ZERO });
        self.sold[sale].became = if paid { Became::ClawedBack } else { Became::Returned };
    }

    fn submit(&mut self, retailer: usize, from: &str, to: &str, control: Control) -> Reply {
        let id = self.retailers[retailer].0;
        let (from, to) = (day(from), day(to));
        let buckets = self.read(|tx| tx.open_buckets(id, from, to));
        let buckets = buckets.iter().map(|bucket| bucket.id).collect();
        let calendars = Terms::default().calendars;
        let new = SubmitSettlement { retailer: id, own: Some(id), from, to, control, buckets, calendars };
        self.act("retailer", Act::SubmitSettlement(Box::new(new)))
    }

    fn step(&mut self, who: &str, settlement: Id, control: Control, step: SettlementStep) -> Reply {
        if matches!(step, SettlementStep::Approve(_)) {
            self.scanned(settlement);
        }
        let calendars = Terms::default().calendars;
        self.act(who, Act::AdvanceSettlement(StepOfSettlement { settlement, own: None, control, step, calendars }))
    }

    fn approval(&self, settlement: Id) -> Approval {
        self.read(|tx| engine::approval(tx, settlement, None)).unwrap()
    }

    /// The days of a settlement were scanned and nothing was found, as far as the job has not said so already. It is no
    /// step of anybody's.
    fn scanned(&mut self, settlement: Id) {
        let day = self.read(|tx| tx.settlement(settlement)).unwrap().to;
        let command = Command {
            id: Id::digest(&["scan", &day.to_string()]),
            fingerprint: Id::NIL,
            actor: system(),
            request_id: "anomalies".to_owned(),
            act: Act::FinishAnomalyScan { day, rules: 0, findings: 0 },
        };
        assert!(self.runner.run(&[Arc::new(command)]).remove(0).is_ok());
    }

    /// Submits a period, has it accepted, refuses these lines of it, and has it reviewed and approved.
    fn through_approval(&mut self, retailer: usize, (from, to): (&str, &str), rejected: &[usize]) -> Settlement {
        let days = match (from, to) {
            ("2026-06-01", _) => 1..=15,
            ("2026-06-16", _) => 16..=30,
            _ => 31..=31,
        };
        let inside = self.those(retailer, Became::Owed, days);
        let computed = self.sum(&inside);
        let settlement = settlement(&self.submit(retailer, from, to, computed));
        assert_eq!((settlement.submitted, settlement.rejected), (computed, Control::default()));
        let id = settlement.id;
        settled(&self.step("officer", id, computed, SettlementStep::Accept));
        for sale in rejected {
            let redemption = self.sold[*sale].id;
            let (code, reason) = (RejectionCode::Photo, "照片不清".to_owned());
            let reply = self.act("reviewer", Act::RejectLine(RejectLine { settlement: id, redemption, code, reason }));
            assert!(matches!(done(&reply), Outcome::LineRejected { .. }), "{reply:?}");
            self.sold[*sale].became = Became::Rejected;
        }
        let kept: Vec<usize> = inside.into_iter().filter(|sale| !rejected.contains(sale)).collect();
        let control = self.sum(&kept);
        // A total that is no longer true is refused, at each step.
        if !rejected.is_empty() {
            refused(&self.step("reviewer", id, computed, SettlementStep::Review), Code::WrongState);
        }
        settled(&self.step("reviewer", id, control, SettlementStep::Review));
        let owing = self.read(|tx| tx.accounts_of_retailer(settlement.retailer));
        let owing: Vec<_> = owing.into_iter().filter(|row| row.clawback > Fen::ZERO).collect();
        let approval = self.approval(id);
        assert_eq!(approval.clawback_lines, owing.iter().map(|row| row.line).collect::<Vec<_>>());
        let approved = settled(&self.step("approver", id, control, SettlementStep::Approve(approval)));
        assert_eq!(approved.approved, Some(control));
        let owed: Fen = owing.iter().map(|row| row.clawback).sum();
        assert_eq!(approved.recovered, owed.at_most(control.amount));
        for one in &approved.frozen.as_ref().unwrap().recovered {
            *self.recovered.entry((one.line, approved.retailer)).or_default() += one.amount;
        }
        self.approved += control.amount;
        if approved.status == SettlementStatus::Paid {
            assert_eq!(approved.transfer(), Some(Fen::ZERO));
            self.note_paid(&approved, &kept);
        }
        let lines = self.read(|tx| tx.settlement_lines(&approved));
        let mut listed = lines.redemptions;
        listed.sort_unstable();
        let mut expected: Vec<Id> = kept.iter().map(|sale| self.sold[*sale].id).collect();
        expected.sort_unstable();
        assert_eq!(listed, expected, "the list of lines is what was approved");
        approved
    }

    fn note_paid(&mut self, settlement: &Settlement, sales: &[usize]) {
        self.paid += settlement.approved.unwrap().amount;
        sales.iter().for_each(|sale| self.sold[*sale].became = Became::Paid);
    }

    fn bank_says(&mut self, batch: Id, rows: Vec<ReturnRow>) -> Vec<ReconciliationRow> {
        let sha256 = format!("{:064}", self.steps);
        let reply = self.act("finance", Act::RecordBankReturn(Box::new(NewBankReturn { batch, sha256, rows })));
        let Outcome::BankReturn { rows, .. } = done(&reply) else { panic!("{reply:?}") };
        rows.clone()
    }

    /// Adds everything up by hand and compares.
    fn assert_agrees(&self) {
        let mut accounts: BTreeMap<(Id, Id), (Fen, Fen, Fen)> = BTreeMap::new();
        for one in &self.sold {
            let account = accounts.entry((one.line, one.retailer)).or_default();
            match one.became {
                Became::Owed | Became::Rejected => account.0 += one.subsidy,
                Became::Paid => account.1 += one.subsidy,
                Became::ClawedBack => account.2 += one.subsidy,
                Became::Returned => {}
            }
        }
        for (key, amount) in &self.recovered {
            accounts.get_mut(key).unwrap().2 -= *amount;
        }
        for (retailer, _) in &self.retailers {
            for row in self.read(|tx| tx.accounts_of_retailer(*retailer)) {
                let expected = accounts.remove(&(row.line, *retailer)).unwrap_or_default();
                assert_eq!((row.payable, row.paid, row.clawback), expected, "line {} of {retailer}", row.line);
            }
        }
        assert!(accounts.values().all(|sums| *sums == Default::default()), "{accounts:?}");
        let sums = |is: fn(Became) -> bool| -> Fen {
            self.sold.iter().filter(|one| is(one.became)).map(|one| one.subsidy).sum()
        };
        let tally = self.read(|tx| tx.totals(Group::Programme, None, None));
        let tally = tally.iter().fold(huanxin::domain::rollup::Tally::default(), |sum, (_, row)| sum.plus(row));
        assert_eq!(tally.amount_redeemed, sums(|_| true));
        let undone = |became| matches!(became, Became::Returned | Became::ClawedBack);
        assert_eq!(tally.amount_reversed, sums(undone));
        assert_eq!(tally.amount_approved, self.approved);
        assert_eq!(tally.amount_paid, self.paid);
        assert_eq!(tally.amount_recovered, self.recovered.values().copied().sum());
        for line in self.read(|tx| tx.lines(None)) {
            assert_eq!(line.balances.sum(), Fen::ZERO);
            let of = |is: fn(Became) -> bool| -> Fen {
                let those = self.sold.iter().filter(|one| one.line == line.id && is(one.became));
                those.map(|one| one.subsidy).sum()
            };
            let back: Fen = self.recovered.iter().filter(|(key, _)| key.0 == line.id).map(|(_, fen)| *fen).sum();
            assert_eq!(line.balances.payable, of(|became| matches!(became, Became::Owed | Became::Rejected)));
            assert_eq!(line.balances.paid, of(|became| became == Became::Paid));
            assert_eq!(line.balances.clawback, of(|became| became == Became::ClawedBack) - back);
            let spent = line.balances.payable + line.balances.paid + line.balances.clawback;
            assert_eq!(line.balances.available + spent, fen(POOL), "nothing is reserved any more");
        }
        self.counts_agree();
        self.database.verify().unwrap();
    }

    /// What is counted at once is what the lists of the settlements that were paid have, by the days of the redemptions.
    fn counts_agree(&self) {
        let mut listed: BTreeMap<(Id, Day), u64> = BTreeMap::new();
        let page = Page { after: None, limit: 1000 };
        for settlement in self.read(|tx| tx.settlements(None, Some(SettlementStatus::Paid), None, page)) {
            for redemption in self.read(|tx| tx.settlement_lines(&settlement)).redemptions {
                *listed.entry((settlement.id, redemption.moment().day())).or_default() += 1;
            }
        }
        let mut counted: BTreeMap<(Id, Day), u64> = BTreeMap::new();
        for (settlement, day, lines) in self.read(|tx| tx.paid_lines(day("2026-06-01"), day("2026-12-31"))) {
            *counted.entry((settlement, day)).or_default() += lines;
        }
        assert_eq!(counted, listed);
    }
}

fn settlement(reply: &Reply) -> Settlement {
    let Outcome::Settlement(row) = done(reply) else { panic!("{reply:?}") };
    (**row).clone()
}

fn settled(reply: &Reply) -> Settlement {
    settlement(reply)
}

#[track_caller]
fn refused(reply: &Reply, code: Code) {
    assert_eq!(codes(reply).first(), Some(&code), "{reply:?}");
}

fn pays(settlement: &Settlement, amount: Fen, paid: bool) -> ReturnRow {
    let reference = format!("ICBC{}", settlement.id);
    let named = settlement.id.to_string();
    ReturnRow { settlement: Some(settlement.id), named, amount, paid, reference, paid_on: day("2026-07-10") }
}

#[test]
fn a_whole_month_adds_up() {
    for database in TestDatabase::each() {
        let mut month = Month::open(&database);
        // Two hundred sales in June. The third retailer sells little after the fifteenth.
        for n in 1..=200_u64 {
            let date = u32::try_from((n - 1) * 30 / 200 + 1).unwrap();
            let retailer = if date > 15 && !n.is_multiple_of(15) {
                usize::from(n.is_multiple_of(2))
            } else {
                usize::try_from(n % 3).unwrap()
            };
            let retailer = if n.is_multiple_of(15) { 2 } else { retailer };
            month.sell(n, date, retailer);
        }
        // Goods come back before anybody has settled.
        month.on("2026-06-30");
        for retailer in 0..3 {
            for sale in month.those(retailer, Became::Owed, 1..=30).into_iter().step_by(17) {
                month.give_back(sale);
            }
        }
        month.assert_agrees();

        // The first half. A total that is not true, and a period that is not over, are refused.
        month.on("2026-07-02");
        refused(&month.submit(0, "2026-06-01", "2026-06-15", Control::default()), Code::WrongState);
        refused(&month.submit(0, "2026-06-01", "2026-07-02", Control::default()), Code::WrongState);
        let rejected: Vec<usize> = month.those(0, Became::Owed, 1..=15)[..3].to_vec();
        let first = ("2026-06-01", "2026-06-15");
        let settlements = [
            month.through_approval(0, first, &rejected),
            month.through_approval(1, first, &[]),
            month.through_approval(2, first, &[]),
        ];
        month.assert_agrees();

        // What is being settled stays as it is.
        let inside = month.those(1, Became::Owed, 1..=15)[0];
        let one = month.sold[inside].clone();
        refused(&month.act("retailer", reverse(one.id, one.retailer)), Code::AlreadyInSettlement);

        // The bank pays the first, says that the second failed and nothing of the third.
        let total: Fen = settlements.iter().map(|row| row.transfer().unwrap()).sum();
        let control = Control { lines: 3, amount: total };
        let ids: Vec<Id> = settlements.iter().map(|row| row.id).collect();
        let wrong = Control { amount: total - Fen(1), ..control };
        let batch = |control| Act::BatchSettlements(BatchSettlements { settlements: ids.clone(), control });
        refused(&month.act("finance", batch(wrong)), Code::WrongState);
        let reply = month.act("finance", batch(control));
        let Outcome::PaymentBatch(batch) = done(&reply) else { panic!("{reply:?}") };
        let batch = batch.id;
        month.on("2026-07-10");
        let transfer = |n: usize| settlements[n].transfer().unwrap();
        let unknown = ReturnRow { settlement: Some(Id::digest(&["nobody's"])), ..pays(&settlements[0], Fen(1), true) };
        let rows = month.bank_says(
            batch,
            vec![
                pays(&settlements[0], transfer(0), true),
                pays(&settlements[1], transfer(1), false),
                pays(&settlements[0], transfer(0), true),
                unknown,
            ],
        );
        let kinds: Vec<ReconciliationKind> = rows.iter().map(|row| row.kind).collect();
        use ReconciliationKind::{Different, Duplicate, Matched, Missing, Unknown};
        assert_eq!(kinds, [Matched, Different, Duplicate, Unknown, Missing]);
        assert_eq!((rows[4].settlement, rows[4].row), (Some(settlements[2].id), None));
        let paid = month.those(0, Became::Owed, 1..=15);
        month.note_paid(&settlements[0], &paid);
        month.assert_agrees();

        // The second comes back and goes out with another file; the third is named by a later one.
        let answer = AnswerRow { row: rows[1].id, answer: ReconciliationAnswer::PayAgain, note: "银行退回".into() };
        assert!(matches!(
            done(&month.act("finance", Act::AnswerReconciliationRow(answer))),
            Outcome::ReconciliationRow(_)
        ));
        let later = month.bank_says(batch, vec![pays(&settlements[2], transfer(2), true)]);
        assert_eq!(later.iter().map(|row| row.kind).collect::<Vec<_>>(), [Matched]);
        let again = BatchSettlements {
            settlements: vec![settlements[1].id],
            control: Control { lines: 1, amount: transfer(1) },
        };
        let reply = month.act("finance", Act::BatchSettlements(again));
        let Outcome::PaymentBatch(second) = done(&reply) else { panic!("{reply:?}") };
        let second = second.id;
        assert_eq!(month.bank_says(second, vec![pays(&settlements[1], transfer(1), true)]).len(), 1);
        for retailer in [1, 2] {
            let paid = month.those(retailer, Became::Owed, 1..=15);
            month.note_paid(&settlements[retailer], &paid);
        }
        let open = month.read(|tx| {
            let page = Page { after: None, limit: 50 };
            tx.reconciliation_rows(None, Some(huanxin::domain::settlement::ReconciliationStatus::Open), page)
        });
        assert_eq!(open.iter().map(|row| row.kind).collect::<Vec<_>>(), [Unknown, Duplicate], "the rest is cleared up");
        month.assert_agrees();

        // Nothing is paid twice.
        let control = settlements[1].approved.unwrap();
        let paid = Paid { transferred: transfer(1), reference: "again".into(), paid_on: day("2026-07-10") };
        refused(&month.step("finance", settlements[1].id, control, SettlementStep::Pay(paid)), Code::WrongState);

        // What was refused comes back in July.
        month.on("2026-07-11");
        for sale in &rejected {
            let (redemption, retailer) = (month.sold[*sale].id, month.sold[*sale].retailer);
            let act = |note: &str| Act::ResubmitRedemption { redemption, retailer, note: note.into() };
            assert!(matches!(done(&month.act("retailer", act("已补照片"))), Outcome::Resubmitted { .. }));
            refused(&month.act("retailer", act("again")), Code::WrongState);
            month.sold[*sale].became = Became::Owed;
            month.sold[*sale].day = 31;
        }
        month.assert_agrees();

        // Goods come back after payment: the third retailer owes back more than it has coming.
        let sales = month.those(2, Became::Paid, 1..=15);
        let cars: Vec<usize> =
            sales.into_iter().filter(|sale| month.sold[*sale].line == line_id(CARS, Category::Car)).take(4).collect();
        for sale in cars {
            month.give_back(sale);
        }
        let back = month.those(0, Became::Paid, 1..=15)[0];
        month.give_back(back);
        month.assert_agrees();

        // The second half. The third's is set off whole and is paid with its approval; the first is paid the difference.
        month.on("2026-07-15");
        let second = ("2026-06-16", "2026-06-30");
        let third = month.through_approval(2, second, &[]);
        assert_eq!((third.status, third.recovered), (SettlementStatus::Paid, third.approved.unwrap().amount));
        for retailer in [0, 1] {
            let row = month.through_approval(retailer, second, &[]);
            assert_eq!(row.recovered > Fen::ZERO, retailer == 0);
            let (transferred, paid_on) = (row.transfer().unwrap(), day("2026-07-15"));
            let paid = |transferred| Paid { transferred, reference: "REF".into(), paid_on };
            let control = row.approved.unwrap();
            refused(&month.step("finance", row.id, control, SettlementStep::Pay(paid(Fen(1)))), Code::WrongState);
            settled(&month.step("finance", row.id, control, SettlementStep::Pay(paid(transferred))));
            let sales = month.those(retailer, Became::Owed, 16..=30);
            month.note_paid(&row, &sales);
        }
        month.assert_agrees();

        // The resubmitted lines of July, and what the third still owes, which it repays.
        month.on("2026-08-03");
        let july = month.through_approval(0, ("2026-07-01", "2026-07-31"), &[]);
        assert_eq!(july.approved.unwrap().lines, 3);
        let paid = Paid { transferred: july.transfer().unwrap(), reference: "JULY".into(), paid_on: day("2026-08-03") };
        settled(&month.step("finance", july.id, july.approved.unwrap(), SettlementStep::Pay(paid)));
        let sales = month.those(0, Became::Owed, 31..=31);
        month.note_paid(&july, &sales);
        let retailer = month.retailers[2].0;
        let owing = month.read(|tx| tx.accounts_of_retailer(retailer));
        let owing: Vec<_> = owing.into_iter().filter(|row| row.clawback > Fen::ZERO).collect();
        let owed: Fen = owing.iter().map(|row| row.clawback).sum();
        assert!(owed > Fen::ZERO);
        let repay = |amount| {
            Act::RecordRepayment(NewRepayment {
                retailer,
                amount,
                reference: "REPAID".into(),
                paid_on: day("2026-08-03"),
                lines: owing.iter().map(|row| row.line).collect(),
            })
        };
        refused(&month.act("finance", repay(owed + Fen(1))), Code::WrongState);
        let reply = month.act("finance", repay(owed));
        let Outcome::Repayment(row) = done(&reply) else { panic!("{reply:?}") };
        for one in &row.recovered {
            *month.recovered.entry((one.line, retailer)).or_default() += one.amount;
        }
        assert!(month.sold.iter().all(|one| one.became != Became::Owed && one.became != Became::Rejected));
        month.assert_agrees();
    }
}

/// What a later version adds to a redemption is settled by itself, is refused with it, and is undone with it.
#[test]
fn a_rise_goes_with_its_redemption() {
    for database in TestDatabase::each() {
        let mut month = Month::open(&database);
        for n in [1, 2, 4] {
            month.sell(n, 1, 0);
        }
        month.on("2026-07-02");
        let third = month.through_approval(0, ("2026-06-01", "2026-06-15"), &[2]);
        let paid = Paid { transferred: third.transfer().unwrap(), reference: "R".into(), paid_on: day("2026-07-02") };
        settled(&month.step("finance", third.id, third.approved.unwrap(), SettlementStep::Pay(paid)));
        // The third was refused and waits anew, when a later version gives more for all three.
        month.on("2026-07-03");
        let ids: Vec<Id> = month.sold.iter().map(|one| one.id).collect();
        let retailer = month.retailers[0].0;
        let resubmit = Act::ResubmitRedemption { redemption: ids[2], retailer, note: "已补".into() };
        let post = |redemptions: &[Id], total| {
            let redemptions = redemptions.to_vec();
            Act::PostAdjustments(PostAdjustments { programme: CARS.into(), version: 2, redemptions, total })
        };
        done(&month.act("officer", Act::CreateProgramme(Box::new(raised(13, Some("2026-06-01"))))));
        done(&month.act("officer", published()));
        refused(&month.act("officer", post(&ids[2..], Fen(1))), Code::WrongState);
        assert!(matches!(done(&month.act("retailer", resubmit)), Outcome::Resubmitted { .. }));
        let due = Page { after: None, limit: 50 };
        let due = database.readers().snapshot(&mut |tx| engine::due(tx, at("2026-07-03T12:00:00+08:00"), CARS, due));
        let owed: BTreeMap<Id, Fen> =
            due.unwrap().unwrap().redemptions.into_iter().map(|(id, owed)| (id, owed.unwrap().rise.amount)).collect();
        assert_eq!(owed.len(), 3);
        let reply = month.act("officer", post(&ids, owed.values().copied().sum()));
        assert!(matches!(done(&reply), Outcome::Adjusted { .. }), "{reply:?}");
        // The first comes back: what was paid is owed back, what was not is available again.
        let account = |month: &Month<'_>| {
            let rows = month.read(|tx| tx.accounts_of_retailer(retailer));
            rows.first().map(|row| (row.payable, row.paid, row.clawback)).unwrap()
        };
        let given: Vec<Fen> = month.sold.iter().map(|one| one.subsidy).collect();
        let rise = [owed[&ids[0]], owed[&ids[1]], owed[&ids[2]]];
        assert_eq!(account(&month), (given[2] + rise[0] + rise[1] + rise[2], given[0] + given[1], Fen::ZERO));
        let reply = month.act("retailer", reverse(ids[0], retailer));
        assert!(matches!(done(&reply), Outcome::Reversed { clawed_back, .. } if *clawed_back == given[0]), "{reply:?}");
        assert_eq!(account(&month), (given[2] + rise[1] + rise[2], given[1], given[0]));
        // July has the third with its rise, and the rise of the second. The third is refused, rise and all.
        month.on("2026-08-03");
        let all = Control { lines: 3, amount: given[2] + rise[1] + rise[2] };
        let july = settlement(&month.submit(0, "2026-07-01", "2026-07-31", all));
        let (code, reason) = (RejectionCode::Price, "价格".to_owned());
        let reject = RejectLine { settlement: july.id, redemption: ids[2], code, reason };
        let reply = month.act("reviewer", Act::RejectLine(reject));
        let Outcome::LineRejected { rejection, .. } = done(&reply) else { panic!("{reply:?}") };
        assert_eq!(rejection.lost, Control { lines: 2, amount: given[2] + rise[2] });
        let left = Control { lines: 1, amount: rise[1] };
        settled(&month.step("officer", july.id, left, SettlementStep::Accept));
        settled(&month.step("reviewer", july.id, left, SettlementStep::Review));
        let approval = Approval { clawback_lines: Vec::new(), ..month.approval(july.id) };
        let approved = settled(&month.step("approver", july.id, left, SettlementStep::Approve(approval)));
        // The rise of the second is set off against what the first owes back.
        assert_eq!((approved.status, approved.recovered), (SettlementStatus::Paid, rise[1]));
        assert_eq!(account(&month), (given[2] + rise[2], given[1] + rise[1], given[0] - rise[1]));
        month.counts_agree();
        let lines = month.read(|tx| tx.settlement_lines(&approved));
        assert_eq!(lines.redemptions, []);
        assert_eq!(lines.adjustments.iter().map(|row| row.redemption).collect::<Vec<_>>(), [ids[1]]);
        // Both parts of the second were paid and are owed back together.
        let claw = Act::ClawBackRedemption { redemption: ids[1], goods_returned: false, reason: "抽查".into() };
        let reply = month.act("officer", claw);
        let both = given[1] + rise[1];
        assert!(matches!(done(&reply), Outcome::Reversed { clawed_back, .. } if *clawed_back == both), "{reply:?}");
        assert_eq!(account(&month), (given[2] + rise[2], Fen::ZERO, given[0] - rise[1] + both));
        // The third is given back while it is refused: nothing was paid for it.
        let reply = month.act("retailer", reverse(ids[2], retailer));
        assert!(matches!(done(&reply), Outcome::Reversed { clawed_back: Fen::ZERO, .. }), "{reply:?}");
        assert_eq!(account(&month), (Fen::ZERO, Fen::ZERO, given[0] - rise[1] + both));
        database.verify().unwrap();
    }
}

/// The cars of the first retailer, and what a later version gives more for them.
impl Month<'_> {
    /// Sells so many cars on the first of June.
    fn cars(&mut self, count: usize) -> Vec<Id> {
        (1..).filter(|n: &u64| !n.is_multiple_of(3)).take(count).for_each(|n| self.sell(n, 1, 0));
        self.sold.iter().map(|one| one.id).collect()
    }

    /// Puts the version in force that gives more, and says how much for each.
    fn rise(&mut self, at_noon: &str) -> BTreeMap<Id, Fen> {
        done(&self.act("officer", Act::CreateProgramme(Box::new(raised(13, Some("2026-06-01"))))));
        done(&self.act("officer", published()));
        let page = Page { after: None, limit: 50 };
        let due = self.database.readers().snapshot(&mut |tx| engine::due(tx, at(at_noon), CARS, page));
        due.unwrap().unwrap().redemptions.into_iter().map(|(id, owed)| (id, owed.unwrap().rise.amount)).collect()
    }

    fn post(&mut self, redemptions: &[Id], total: Fen) {
        let redemptions = redemptions.to_vec();
        let post = PostAdjustments { programme: CARS.into(), version: 2, redemptions, total };
        let reply = self.act("officer", Act::PostAdjustments(post));
        assert!(matches!(done(&reply), Outcome::Adjusted { .. }), "{reply:?}");
    }

    /// The retailer objects to its own redemption.
    fn object(&mut self, subject: Id) -> Id {
        let opener = self.retailers[0].0;
        let new = NewDispute {
            about: DisputeAbout::Redemption,
            subject,
            party: DisputeParty::Retailer,
            opener,
            statement: "未送货".into(),
            calendars: Terms::default().calendars,
        };
        let reply = self.act("retailer", Act::OpenDispute(Box::new(new)));
        let Outcome::Dispute(dispute) = done(&reply) else { panic!("{reply:?}") };
        dispute.id
    }

    fn settle_objection(&mut self, dispute: Id) {
        let opener = self.retailers[0].0;
        done(&self.act("retailer", Act::WithdrawDispute { dispute, opener, reason: "已了结".into() }));
    }

    fn refuse(&mut self, settlement: Id, redemption: Id) -> Reply {
        let (code, reason) = (RejectionCode::Price, "价格".to_owned());
        self.act("reviewer", Act::RejectLine(RejectLine { settlement, redemption, code, reason }))
    }

    fn resubmit(&mut self, redemption: Id) {
        let retailer = self.retailers[0].0;
        let reply = self.act("retailer", Act::ResubmitRedemption { redemption, retailer, note: "已补".into() });
        assert!(matches!(done(&reply), Outcome::Resubmitted { .. }), "{reply:?}");
    }

    /// Accepted and reviewed.
    fn reviewed(&mut self, settlement: Id, control: Control) {
        settled(&self.step("officer", settlement, control, SettlementStep::Accept));
        settled(&self.step("reviewer", settlement, control, SettlementStep::Review));
    }

    fn approve(&mut self, settlement: Id, control: Control) -> Reply {
        let approval = Approval { clawback_lines: Vec::new(), ..self.approval(settlement) };
        self.step("approver", settlement, control, SettlementStep::Approve(approval))
    }

    /// Approved and paid today.
    fn pay(&mut self, settlement: Id, control: Control, today: &str) {
        let row = settled(&self.approve(settlement, control));
        let paid =
            Paid { transferred: row.transfer().unwrap(), reference: settlement.to_string(), paid_on: day(today) };
        settled(&self.step("finance", settlement, control, SettlementStep::Pay(paid)));
    }

    fn held(&self, settlement: Id) -> u32 {
        self.read(|tx| {
            let row = tx.settlement(settlement)?.unwrap();
            Ok(tx.buckets_by_id(&row.buckets)?.iter().map(|bucket| bucket.held).sum())
        })
    }

    /// What the list of lines has is what was submitted and not refused: how many, and their sum.
    fn listed(&self, settlement: Id) -> Control {
        self.read(|tx| {
            let row = tx.settlement(settlement)?.unwrap();
            let lines = tx.settlement_lines(&row)?;
            let own = tx.redemptions_by_id(&lines.redemptions)?;
            let own = own.iter().map(|(fact, _)| fact.subsidy);
            let amounts: Vec<Fen> = own.chain(lines.adjustments.iter().map(|row| row.amount)).collect();
            let listed =
                Control { lines: u32::try_from(amounts.len()).unwrap(), amount: amounts.iter().copied().sum() };
            let in_it = Control {
                lines: row.submitted.lines - row.rejected.lines,
                amount: row.submitted.amount - row.rejected.amount,
            };
            assert_eq!(listed, in_it);
            Ok(listed)
        })
    }
}

/// A redemption was paid; what is held of it since is the rise, wherever it lies, and it is refused and comes back alone.
#[test]
fn a_rise_is_held_and_refused_by_itself() {
    for database in TestDatabase::each() {
        let mut month = Month::open(&database);
        let ids = month.cars(3);
        month.on("2026-07-02");
        let june = month.through_approval(0, ("2026-06-01", "2026-06-15"), &[]);
        let paid = Paid { transferred: june.transfer().unwrap(), reference: "J".into(), paid_on: day("2026-07-02") };
        settled(&month.step("finance", june.id, june.approved.unwrap(), SettlementStep::Pay(paid)));
        month.on("2026-07-03");
        let owed = month.rise("2026-07-03T12:00:00+08:00");
        let rise: Vec<Fen> = ids.iter().map(|id| owed[id]).collect();
        // One was held before its rise was posted, another after.
        let first = month.object(ids[0]);
        month.post(&ids, rise.iter().copied().sum());
        let second = month.object(ids[1]);
        database.verify().unwrap();
        month.on("2026-08-03");
        let all = Control { lines: 3, amount: rise.iter().copied().sum() };
        let july = settlement(&month.submit(0, "2026-07-01", "2026-07-31", all)).id;
        assert_eq!(month.held(july), 2);
        let reply = month.refuse(july, ids[0]);
        let Outcome::LineRejected { rejection, .. } = done(&reply) else { panic!("{reply:?}") };
        assert_eq!(rejection.lost, Control { lines: 1, amount: rise[0] });
        refused(&month.refuse(july, ids[0]), Code::WrongState);
        assert_eq!(month.held(july), 1);
        database.verify().unwrap();
        let left = Control { lines: 2, amount: rise[1] + rise[2] };
        month.reviewed(july, left);
        refused(&month.approve(july, left), Code::WrongState);
        month.settle_objection(second);
        month.pay(july, left, "2026-08-03");
        assert_eq!(month.listed(july), left);
        database.verify().unwrap();
        // What was refused waits for August, held as it was.
        month.resubmit(ids[0]);
        database.verify().unwrap();
        month.on("2026-09-02");
        let alone = Control { lines: 1, amount: rise[0] };
        let august = settlement(&month.submit(0, "2026-08-01", "2026-08-31", alone)).id;
        assert_eq!((month.held(august), month.listed(august)), (1, alone));
        month.reviewed(august, alone);
        refused(&month.approve(august, alone), Code::WrongState);
        month.settle_objection(first);
        month.pay(august, alone, "2026-09-02");
        database.verify().unwrap();
        // Each is listed where it was paid, also after it was taken back.
        let claw = Act::ClawBackRedemption { redemption: ids[0], goods_returned: false, reason: "抽查".into() };
        let reply = month.act("officer", claw);
        let both = month.sold[0].subsidy + rise[0];
        assert!(matches!(done(&reply), Outcome::Reversed { clawed_back, .. } if *clawed_back == both), "{reply:?}");
        assert_eq!((month.listed(july), month.listed(august)), (left, alone));
        assert_eq!(month.listed(june.id), june.approved.unwrap());
        database.verify().unwrap();
    }
}

/// A redemption and its rise lie in two settlements, and each reviewer refuses what lies in hers.
#[test]
fn two_settlements_do_not_block_each_other() {
    for database in TestDatabase::each() {
        let mut month = Month::open(&database);
        let ids = month.cars(2);
        let given: Vec<Fen> = month.sold.iter().map(|one| one.subsidy).collect();
        month.on("2026-07-03");
        let owed = month.rise("2026-07-03T12:00:00+08:00");
        let rise: Vec<Fen> = ids.iter().map(|id| owed[id]).collect();
        month.post(&ids, rise[0] + rise[1]);
        month.on("2026-08-03");
        let both = |of: &[Fen]| Control { lines: 2, amount: of[0] + of[1] };
        let june = settlement(&month.submit(0, "2026-06-01", "2026-06-30", both(&given))).id;
        let july = settlement(&month.submit(0, "2026-07-01", "2026-07-31", both(&rise))).id;
        for (place, amount) in [(june, given[0]), (july, rise[0])] {
            let reply = month.refuse(place, ids[0]);
            let Outcome::LineRejected { rejection, .. } = done(&reply) else { panic!("{reply:?}") };
            assert_eq!(rejection.lost, Control { lines: 1, amount });
            refused(&month.refuse(place, ids[0]), Code::WrongState);
            database.verify().unwrap();
        }
        for (place, amount) in [(june, given[1]), (july, rise[1])] {
            let left = Control { lines: 1, amount };
            month.reviewed(place, left);
            month.pay(place, left, "2026-08-03");
            assert_eq!(month.listed(place), left);
        }
        // Both come back together, are refused together, and come back once more.
        month.resubmit(ids[0]);
        database.verify().unwrap();
        month.on("2026-09-02");
        let whole = Control { lines: 2, amount: given[0] + rise[0] };
        let august = settlement(&month.submit(0, "2026-08-01", "2026-08-31", whole)).id;
        assert_eq!(month.listed(august), whole);
        let reply = month.refuse(august, ids[0]);
        let Outcome::LineRejected { rejection, .. } = done(&reply) else { panic!("{reply:?}") };
        assert_eq!(rejection.lost, whole);
        database.verify().unwrap();
        month.resubmit(ids[0]);
        month.on("2026-10-12");
        let september = settlement(&month.submit(0, "2026-09-01", "2026-09-30", whole)).id;
        month.reviewed(september, whole);
        month.pay(september, whole, "2026-10-12");
        assert_eq!(month.listed(september), whole);
        database.verify().unwrap();
        done(&month.act("retailer", reverse(ids[0], month.retailers[0].0)));
        assert_eq!(month.listed(september), whole);
        database.verify().unwrap();
    }
}

/// Refused with its rise, paid later, taken back after that: the first settlement lists neither, the second both.
#[test]
fn lines_are_listed_where_they_were_paid() {
    for database in TestDatabase::each() {
        let mut month = Month::open(&database);
        let ids = month.cars(2);
        let given: Vec<Fen> = month.sold.iter().map(|one| one.subsidy).collect();
        month.on("2026-06-20");
        let owed = month.rise("2026-06-20T12:00:00+08:00");
        let rise: Vec<Fen> = ids.iter().map(|id| owed[id]).collect();
        month.post(&ids, rise[0] + rise[1]);
        month.on("2026-07-02");
        let all = Control { lines: 4, amount: given[0] + given[1] + rise[0] + rise[1] };
        let june = settlement(&month.submit(0, "2026-06-01", "2026-06-30", all)).id;
        done(&month.refuse(june, ids[0]));
        let left = Control { lines: 2, amount: given[1] + rise[1] };
        month.reviewed(june, left);
        month.pay(june, left, "2026-07-02");
        month.resubmit(ids[0]);
        month.on("2026-08-03");
        let later = Control { lines: 2, amount: given[0] + rise[0] };
        let july = settlement(&month.submit(0, "2026-07-01", "2026-07-31", later)).id;
        month.reviewed(july, later);
        month.pay(july, later, "2026-08-03");
        let claw = Act::ClawBackRedemption { redemption: ids[0], goods_returned: false, reason: "抽查".into() };
        done(&month.act("officer", claw));
        assert_eq!((month.listed(june), month.listed(july)), (left, later));
        database.verify().unwrap();
    }
}
