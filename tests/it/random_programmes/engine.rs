//! Random programmes through the engine: turn-in, claim, quote, redemption; and through `huanxin quote`.

use std::collections::BTreeSet;
use std::sync::Arc;

use huanxin::cli::quote;
use huanxin::domain::command::{Act, Outcome, Party, RedeemVoucher};
use huanxin::domain::id::Id;
use huanxin::domain::identifier::synthetic;
use huanxin::domain::money::Fen;
use huanxin::domain::programme::Share;
use huanxin::domain::refusal::Refusals;
use huanxin::engine::{Clock, Division, Failure, Quote, Reply, Runner};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::plain::{Gives, Verdict, judge};
use super::sale::{Old, Sale};
use super::scheme::{Scheme, yuan};
use super::{amount, category, config, drawn, new_item, old_item, rules_of};
use crate::fixtures::{self, District, SaleOf, TestDatabase, at, codes, command, done, made};

const NOW: &str = "2026-06-18T10:00:00+08:00";

/// A programme of its own, and a sale of its own person and goods.
struct Case {
    n: u64,
    id: String,
    scheme: Scheme,
    sale: Sale,
    expected: Verdict,
}

/// Half as many as the configuration says; three of four are sales that get something.
fn cases() -> Vec<Case> {
    let mut runner = TestRunner::new(config());
    let count = u64::from(config().cases / 2).max(1);
    let case = |n| {
        let (scheme, sales) = drawn(&mut runner);
        let mut sales = sales.into_iter().map(|sale| (judge(&scheme, &sale), sale));
        let first = sales.next().unwrap();
        let given = sales.find(|(verdict, _)| verdict.gives.is_some()).filter(|_| n % 4 != 0);
        let (expected, sale) = given.unwrap_or(first);
        Case { n, id: format!("random-{n}"), scheme, sale, expected }
    };
    (1..=count).map(case).collect()
}

impl Case {
    /// The whole case, for the message of a failure.
    fn told(&self) -> String {
        format!("{:#?}\n{:?}\n{}", self.sale, self.expected, self.scheme.toml(&self.id))
    }

    fn old(&self) -> Option<&Old> {
        self.sale.old.as_ref()
    }

    /// Codes that the redemption is to be refused with.
    fn refused_at_redemption(&self) -> BTreeSet<&'static str> {
        let of_old = self.expected.old.iter().filter(|_| !self.scheme.at_issue);
        self.expected.sale.iter().chain(of_old).copied().collect()
    }

    fn redeem(&self, district: &District, voucher: Id, turn_in: Option<Id>) -> RedeemVoucher {
        let sale = SaleOf {
            voucher,
            holder: self.n,
            seller: district.sellers[0],
            item: new_item(&self.sale, self.n),
            price: amount(self.sale.price),
            invoice: self.n,
            turn_in: turn_in.filter(|_| !self.scheme.at_issue),
            now: at(NOW),
        };
        sale.redeem()
    }
}

/// Runs one act of each of some cases in one batch.
fn each(runner: &mut Runner, word: &str, acts: Vec<(u64, Act)>) -> Vec<Reply> {
    let commands: Vec<_> = acts.into_iter().map(|(n, act)| Arc::new(command(&[word, &n.to_string()], act))).collect();
    runner.run(&commands)
}

/// Publishes every case's programme and approves the district's first seller for all of them.
fn open(runner: &mut Runner, cases: &[Case]) -> District {
    let district = District::open(runner, Vec::new());
    let create = |case: &Case| (case.n, Act::CreateProgramme(Box::new(rules_of(&case.scheme, &case.id))));
    let publish = |case: &Case| (case.n, Act::PublishProgramme { programme: case.id.clone() });
    each(runner, "create", cases.iter().map(create).collect())
        .iter()
        .for_each(|reply| assert!(reply.is_ok(), "{reply:?}"));
    each(runner, "publish", cases.iter().map(publish).collect())
        .iter()
        .for_each(|reply| assert!(reply.is_ok(), "{reply:?}"));
    let programmes = cases.iter().map(|case| case.id.clone()).collect();
    let approve = Act::Approve { party: Party::Retailer, id: district.sellers[0].0, programmes };
    done(&each(runner, "approve all", vec![(0, approve)])[0]);
    district
}

/// The old items are handed in and the vouchers claimed: of each case its turn-in and its claim.
fn claimed(runner: &mut Runner, district: &District, cases: &[Case]) -> Vec<(Option<Id>, Reply)> {
    let with_old = cases.iter().filter_map(|case| case.old().map(|old| (case.n, old)));
    let hand_in = |(n, old): (u64, &Old)| (n, fixtures::turn_in(district, n, old_item(old, n)));
    let mut handed_in = each(runner, "turn-in", with_old.map(hand_in).collect()).into_iter();
    let turn_ins: Vec<Option<Id>> =
        cases.iter().map(|case| case.old().map(|_| made(&handed_in.next().unwrap()))).collect();
    let claim = |(case, turn_in): (&Case, &Option<Id>)| {
        let named = turn_in.filter(|_| case.scheme.at_issue);
        (case.n, fixtures::claim(case.n, &case.id, category(case.sale.category), named))
    };
    let claims = each(runner, "claim", cases.iter().zip(&turn_ins).map(claim).collect());
    turn_ins.into_iter().zip(claims).collect()
}

/// The quote and the redemption that follows say the same, which is what the plain rules say.
fn same(case: &Case, quoted: &Result<Quote, Failure>, redeemed: &Reply) {
    let Ok(quoted) = quoted else { panic!("{quoted:?} for {}", case.told()) };
    let failed = quoted.checks.iter().filter(|check| !check.passed).map(|check| check.refusal.clone()).collect();
    let failed = Refusals::from_failed(failed);
    match (&quoted.amounts, redeemed) {
        (Some(amounts), Ok(answer)) => {
            let Outcome::Redeemed(done) = &answer.outcome else { panic!("{answer:?}") };
            assert!(failed.is_none(), "{failed:?} for {}", case.told());
            let found = (amounts.subsidy, amounts.consumer_pays, &amounts.funding);
            assert_eq!(found, (done.subsidy, done.consumer_pays, &done.funding), "{}", case.told());
            let Some(gives) = &case.expected.gives else { panic!("{done:?} for {}", case.told()) };
            assert_eq!(figures(gives), (done.subsidy, done.consumer_pays, shares(&done.funding)), "{}", case.told());
        }
        (None, Err(Failure::Refused(refusals))) => {
            assert_eq!(failed.as_ref(), Some(refusals), "{}", case.told());
            let told: BTreeSet<_> = refusals.codes().map(|code| code.name()).collect();
            assert_eq!(told, case.refused_at_redemption(), "{}", case.told());
        }
        other => panic!("{other:?} for {}", case.told()),
    }
}

fn shares(funding: &[Share]) -> Vec<(&'static str, Fen)> {
    funding.iter().map(|share| (share.source.name(), share.amount)).collect()
}

fn figures(gives: &Gives) -> (Fen, Fen, Vec<(&'static str, Fen)>) {
    let funding = gives.funding.iter().map(|(source, share)| (*source, amount(*share))).collect();
    (amount(gives.subsidy), amount(gives.consumer_pays), funding)
}

#[test]
fn a_quote_says_what_the_redemption_does() {
    let database = TestDatabase::sqlite();
    let clock = Clock::standing_at(at(NOW));
    let mut runner = database.runner(clock);
    let cases = cases();
    let district = open(&mut runner, &cases);
    let mut sales = Vec::new();
    for (case, (turn_in, claim)) in cases.iter().zip(claimed(&mut runner, &district, &cases)) {
        match &claim {
            Ok(answer) => {
                let Outcome::Voucher(voucher) = &answer.outcome else { panic!("{answer:?}") };
                let given = case.expected.gives.as_ref().map_or(0, |gives| gives.subsidy);
                assert!(voucher.reserved >= amount(given), "{} reserved for {}", voucher.reserved, case.told());
                sales.push((case, case.redeem(&district, voucher.id, turn_in)));
            }
            // A claim is refused when no sale could bring anything, whatever is bought.
            Err(_) => assert!(case.expected.gives.is_none(), "{:?} for {}", codes(&claim), case.told()),
        }
    }
    assert!(sales.len() * 2 > cases.len(), "{} of {} claims are granted", sales.len(), cases.len());
    let division = Division::open(&database.settings(clock)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let quotes: Vec<_> = sales.iter().map(|(_, redeem)| runtime.block_on(division.quote(redeem.clone()))).collect();
    division.close();
    let redeem = |(case, redeem): &(&Case, RedeemVoucher)| (case.n, Act::RedeemVoucher(Box::new(redeem.clone())));
    let replies = each(&mut runner, "redeem", sales.iter().map(redeem).collect());
    for (((case, _), quoted), redeemed) in sales.iter().zip(&quotes).zip(&replies) {
        same(case, quoted, redeemed);
    }
    crate::properties::assert_in_order(&database);
}

// ---------------------------------------------------------------- through the command line

fn item_json(sale: &Sale, n: u64) -> Value {
    let mut item = serde_json::to_value(new_item(sale, n)).unwrap();
    if let Some(cc) = sale.cc {
        item.as_object_mut().unwrap().remove("displacement_cc");
        item["displacement_litres"] = json!(format!("{}.{:03}", cc / 1000, cc % 1000));
    }
    item
}

fn turn_in_json(old: &Old, n: u64) -> Value {
    let mut item = serde_json::to_value(old_item(old, n)).unwrap();
    let taken = |item: &mut Value, name: &str| item.as_object_mut().unwrap().remove(name);
    let received_on = taken(&mut item, "received_on");
    let credit = taken(&mut item, "credit");
    taken(&mut item, "category");
    taken(&mut item, "evidence");
    json!({
        "category": old.category,
        "owner": {"name": synthetic::person_name(n), "resident_id": synthetic::resident_id(n)},
        "item": item, "evidence": [], "received_on": received_on, "credit": credit.unwrap_or(json!("0.00")),
    })
}

fn question(case: &Case) -> Value {
    let (n, total, name) = (case.n, yuan(case.sale.price), synthetic::person_name(case.n));
    let mut question = json!({
        "item": item_json(&case.sale, n),
        "price": {"list": total, "discounts": "0.00", "final": total},
        "invoice": {"number": synthetic::invoice_number(n), "issued_on": "2026-06-18", "total": total, "buyer_name": name},
        "person": {"name": name, "resident_id": synthetic::resident_id(n)},
        "at": NOW,
    });
    if let Some(old) = case.old() {
        question["turn_in"] = turn_in_json(old, n);
    }
    question
}

/// The category that is bought is the one that is claimed: the command line asks for one sale, not for a voucher.
#[test]
fn the_command_line_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (programme, input) = (folder.path().join("programme.toml"), folder.path().join("input.json"));
    for case in cases().iter().filter(|case| case.sale.bought == case.sale.category) {
        std::fs::write(&programme, case.scheme.toml(&case.id)).unwrap();
        std::fs::write(&input, question(case).to_string()).unwrap();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = quote::run(&programme, &input, &mut out, &mut err);
        assert!(err.is_empty(), "{} for {}", String::from_utf8_lossy(&err), case.told());
        let answer: Value = serde_json::from_slice(&out).unwrap();
        let Some(gives) = &case.expected.gives else {
            let told = answer["refusals"].as_array().unwrap().iter().map(|refusal| refusal["code"].as_str().unwrap());
            let expected: BTreeSet<&str> = case.expected.old.union(&case.expected.sale).copied().collect();
            assert_eq!((code, told.collect()), (1, expected), "{}", case.told());
            continue;
        };
        let funding = gives.funding.iter().map(|(source, share)| json!({"source": source, "amount": yuan(*share)}));
        let expected = json!({"subsidy": yuan(gives.subsidy), "consumer_pays": yuan(gives.consumer_pays),
            "funding": funding.collect::<Vec<_>>()});
        assert_eq!((code, answer), (0, expected), "{}", case.told());
    }
}
