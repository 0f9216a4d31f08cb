//! Whoever changes one column behind the service's back, removes a row or adds one, is found by `audit verify`, which
//! names table and row; and while the triggers stand, the database itself refuses.
//!
//! Tables and columns come from the catalogue: a new column of these tables is tried without a line being added here.

use std::path::Path;
use std::process::Command as Process;
use std::sync::{Arc, OnceLock};

use huanxin::api::settlement::Terms;
use huanxin::checkpoint::{CheckpointKeys, CheckpointNotary};
use huanxin::domain::audit::{GENESIS, canonical, chain};
use huanxin::domain::checkpoint::{self, BLOCK_LEVEL, Checkpoint};
use huanxin::domain::command::{
    Act, Actor, Assistance, BatchSettlements, Command, NewBankReturn, NewRepayment, Outcome, Passing, PostAdjustments,
    RejectLine, SettlementStep, StepOfSettlement, SubmitSettlement,
};
use huanxin::domain::evidence_file::{FileAbout, FileKind, FileMedia, NewEvidenceFile};
use huanxin::domain::goods::Category;
use huanxin::domain::id::Id;
use huanxin::domain::ledger::line_id;
use huanxin::domain::merkle::{self, Tree};
use huanxin::domain::old_item_end::NewDismantling;
use huanxin::domain::programme::Amount;
use huanxin::domain::records::{BankAccount, ConsentKind, RejectionCode};
use huanxin::domain::settlement::{Control, Portions, ReturnRow};
use huanxin::domain::time::Moment;
use huanxin::engine::{self, Clock, Division, Reply, Runner, Settings};
use huanxin::keys::KeyRing;
use huanxin::store::{Against, Database, Finding, Published, Verified};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::fixtures::{
    APPLIANCES, CARS, District, SaleOf, TestDatabase, at, claim, command, data_key, day, done, fen, made, new_item,
    old_item, person, personal, reverse, rules, turn_in,
};
use super::properties::{assert_in_order, pickup};

const NOW: &str = "2026-06-18T10:00:00+08:00";
/// Facts: nobody changes or removes them, the service neither.
const FACTS: [&str; 15] = [
    "audit_record",
    "audit_checkpoint",
    "audit_block",
    "movement",
    "redemption",
    "adjustment",
    "rollup_entry",
    "growth_baseline",
    "off_system_trade_in",
    "assisted_claim",
    "line_rejection",
    "bank_return",
    "repayment",
    "evidence_file",
    "old_item_step",
];

/// Words in the names of the tables that are as the trail says, or else are found.
const WATCHED: [&str; 19] = [
    "audit",
    "ledger",
    "movement",
    "redemption",
    "adjustment",
    "growth",
    "off_system",
    "rollup",
    "assisted_claim",
    "account_proposal",
    "settlement",
    "line_rejection",
    "payment_batch",
    "bank_return",
    "reconciliation_row",
    "repayment",
    "evidence_file",
    "old_item_step",
    "pickup",
];
/// Tables whose rows the trail had no digests of at first.
const DIGESTED_LATER: [&str; 3] = ["assisted_claim", "account_proposal", "pickup"];
const ENTRIES: &str = "rollup_entry";
/// Has rows only where there are many records.
const BLOCKS: &str = "audit_block";

/// A certificate that is handed in about an old item.
fn certificate(old: Id, recycler: Id) -> Act {
    Act::UploadEvidence(Box::new(NewEvidenceFile {
        about: FileAbout::TurnIn,
        subject: old,
        organisation: recycler,
        kind: FileKind::Certificate,
        media: FileMedia::Pdf,
        bytes: 100,
        sha256: "ab".repeat(32),
        blob: "cd".repeat(32),
        key: data_key(30),
    }))
}

/// Some redemptions of two programmes, some of them raised later and some undone, a voucher given back, figures entered by
/// hand, claims by an assistant, and bank accounts of which one was approved, one rejected and one waits.
fn lived_in(database: &TestDatabase) {
    let mut runner = database.runner(Clock::standing_at(at(NOW)));
    let pool = fen("1000000.00");
    let district = District::open(&mut runner, vec![rules(APPLIANCES, pool), rules(CARS, pool)]);
    let mut step = |word: &str, n: u64, act: Act| -> Reply {
        runner.run(&[Arc::new(command(&[word, &n.to_string()], act))]).remove(0)
    };
    let mut redemptions = Vec::new();
    for n in 0..5 {
        let (programme, category) =
            if n % 2 == 0 { (APPLIANCES, Category::Refrigerator) } else { (CARS, Category::Car) };
        let old = made(&step("turn-in", n, turn_in(&district, n, old_item(category, n))));
        let at_issue = Some(old).filter(|_| programme == CARS);
        let voucher = made(&step("claim", n, claim(n, programme, category, at_issue)));
        let sale = SaleOf {
            voucher,
            holder: n,
            seller: district.sellers[0],
            item: new_item(category, n),
            price: fen("6299.00"),
            invoice: n,
            turn_in: Some(old).filter(|_| programme == APPLIANCES),
            now: at(NOW),
        };
        redemptions.push(made(&step("redeem", n, sale.act())));
    }
    // The day after, both cars and the last refrigerator get more; one of the cars and two refrigerators come back.
    runner.set_clock(Clock::standing_at(at(NOW).plus_seconds(24 * 3600)));
    let mut step = |word: &str, n: u64, act: Act| -> Reply {
        runner.run(&[Arc::new(command(&[word, &n.to_string()], act))]).remove(0)
    };
    for (n, programme, raised) in [(0, CARS, vec![1, 3]), (1, APPLIANCES, vec![4])] {
        let mut more = rules(programme, pool);
        more.retroactive_from = Some(day("2026-06-01"));
        more.lines.iter_mut().flat_map(|line| &mut line.tiers).for_each(|tier| {
            tier.amount = Amount::Fixed { fixed: fen("4000.00") };
        });
        done(&step("draft", n, Act::CreateProgramme(Box::new(more))));
        done(&step("publish", n, Act::PublishProgramme { programme: programme.into() }));
        let ids: Vec<_> = raised.iter().map(|n: &usize| redemptions[*n]).collect();
        let total = if programme == CARS { fen("6488.24") } else { fen("3055.15") };
        let post = PostAdjustments { programme: programme.into(), version: 2, redemptions: ids, total };
        done(&step("post", n, Act::PostAdjustments(post)));
    }
    for n in 0..3 {
        made(&step("reverse", n, reverse(redemptions[n as usize], district.sellers[0].0)));
    }
    let voucher = made(&step("claim", 9, claim(9, APPLIANCES, Category::Television, None)));
    made(&step("cancel", 9, Act::CancelVoucher { voucher, person: person(9).id }));
    let source = || "统计局".to_owned();
    step("baseline", 0, Act::SetGrowthBaseline { year: 2023, value: 1000, source: source(), monthly: None }).unwrap();
    step("off-system", 0, Act::RecordOffSystem { month: 202_605, count: 3, source: source() }).unwrap();
    for n in 20..23 {
        made(&step("assisted", n, assisted_claim(n)));
    }
    let recycler = district.recycler;
    let old = made(&step("turn-in", 30, turn_in(&district, 30, old_item(Category::Refrigerator, 30))));
    done(&step("file", 0, certificate(old, recycler)));
    done(&step("receive", 0, Act::ReceiveTurnIn { turn_in: old, recycler, received_on: day("2026-05-02") }));
    let new = NewDismantling {
        turn_in: old,
        recycler,
        day: day("2026-05-03"),
        certificate: "CJ-2026-000017".into(),
        sha256: "ab".repeat(32),
    };
    done(&step("dismantle", 0, Act::RecordDismantling(Box::new(new))));
    fetched(&mut step, &district);
    for (n, decide) in [approve, reject].into_iter().enumerate() {
        let proposal = proposed(&mut runner, district.sellers[0].0, n);
        done(&runner.run(&[Arc::new(by_another(&["decide", &n.to_string()], decide(proposal)))])[0]);
    }
    settled(database, &mut runner, district.sellers[0].0, [redemptions[3], redemptions[4]]);
    proposed(&mut runner, district.sellers[0].0, 2);
    checkpoint(database);
    let mut step = |word: &str, n: u64, act: Act| -> Reply {
        runner.run(&[Arc::new(command(&[word, &n.to_string()], act))]).remove(0)
    };
    done(&step("look", 0, look(0)));
    checkpoint(database);
    // The newest record speaks of rows, so that cutting it off leaves them without a word.
    made(&step("claim", 10, claim(10, APPLIANCES, Category::Television, None)));
}

/// Three old items are to be fetched: one was, one is no more, and one waits.
fn fetched(step: &mut impl FnMut(&str, u64, Act) -> Reply, district: &District) {
    let (mut asked, recycler) = (Vec::new(), district.recycler);
    for n in 0..3 {
        let Act::RequestPickup(mut wish) = pickup(n, Category::Refrigerator, at(NOW)) else { panic!("no pick-up") };
        (wish.key, wish.address_key) = (data_key(40 + n), data_key(50 + n));
        let reply = step("pick-up", n, Act::RequestPickup(wish));
        let Outcome::Pickup(row) = done(&reply) else { panic!("{reply:?}") };
        asked.push(row.id);
    }
    done(&step("accept", 0, Act::AcceptPickup { pickup: asked[0], recycler }));
    let turn_in = made(&step("turn-in", 31, turn_in(district, 0, old_item(Category::Refrigerator, 31))));
    done(&step("collect", 0, Act::CollectPickup { pickup: asked[0], recycler, turn_in }));
    let (person, reason) = (Some(person(1).id), "改天".to_owned());
    done(&step("call off", 1, Act::CancelPickup { pickup: asked[1], person, recycler: None, reason }));
}

/// When the sales of [`NOW`], and what they were raised by on the day after, are settled.
fn next_day() -> Moment {
    at(NOW).plus_seconds(2 * 24 * 3600)
}

/// The two sales that stand are settled once they were raised: one is refused, rise and all, and waits anew, the other is
/// paid, its rise is refused by itself, and it is undone and repaid in part. The bank's file has a row that nobody knows.
fn settled(database: &TestDatabase, runner: &mut Runner, retailer: Id, [car, fridge]: [Id; 2]) {
    runner.set_clock(Clock::standing_at(next_day()));
    let (from, to, calendars) = (day("2026-06-18"), day("2026-06-18"), Terms::default().calendars);
    let buckets = database.readers().snapshot(&mut |tx| tx.open_buckets(retailer, from, to)).unwrap();
    let mut sum = Portions::default();
    buckets.iter().flat_map(|bucket| bucket.portions.iter()).for_each(|portion| sum.add(portion));
    let submitted = sum.control();
    let mut step = |who: &str, act: Act| -> Outcome {
        let actor = Actor { id: Id::digest(&[who]), role: who.into(), organisation: None };
        let words = [who, act.name(), &format!("{act:?}")];
        done(&runner.run(&[Arc::new(Command { actor, ..command(&words, act) })])[0]).clone()
    };
    let buckets = buckets.iter().map(|bucket| bucket.id).collect();
    let new =
        SubmitSettlement { retailer, own: None, from, to, control: submitted, buckets, calendars: calendars.clone() };
    let Outcome::Settlement(row) = step("retailer", Act::SubmitSettlement(Box::new(new))) else { panic!() };
    let settlement = row.id;
    let (code, reason) = (RejectionCode::Photo, "照片".to_owned());
    let refuse = Act::RejectLine(RejectLine { settlement, redemption: fridge, code, reason });
    let Outcome::LineRejected { settlement: row, .. } = step("reviewer", refuse) else { panic!() };
    let (lines, amount) = (row.submitted.lines - row.rejected.lines, row.submitted.amount - row.rejected.amount);
    let control = Control { lines, amount };
    let take = |step| {
        Act::AdvanceSettlement(StepOfSettlement { settlement, own: None, control, step, calendars: calendars.clone() })
    };
    step("officer", take(SettlementStep::Accept));
    step("reviewer", take(SettlementStep::Review));
    step("system", Act::FinishAnomalyScan { day: to, rules: 0, findings: 0 });
    let approval = database.readers().snapshot(&mut |tx| engine::approval(tx, settlement, None)).unwrap().unwrap();
    step("approver", take(SettlementStep::Approve(approval)));
    let batch = BatchSettlements { settlements: vec![settlement], control: Control { lines: 1, amount } };
    let Outcome::PaymentBatch(batch) = step("finance", Act::BatchSettlements(batch)) else { panic!() };
    let row = |settlement: Option<Id>| {
        let named = settlement.map_or_else(|| "nobody".to_owned(), |id| id.to_string());
        ReturnRow { settlement, named, amount, paid: true, reference: "R".into(), paid_on: day("2026-06-20") }
    };
    let rows = vec![row(None), row(Some(settlement))];
    let told = NewBankReturn { batch: batch.id, sha256: "0".repeat(64), rows };
    step("finance", Act::RecordBankReturn(Box::new(told)));
    let (from, to) = (day("2026-06-19"), day("2026-06-19"));
    let raised = database.readers().snapshot(&mut |tx| tx.open_buckets(retailer, from, to)).unwrap();
    let mut sum = Portions::default();
    raised.iter().flat_map(|bucket| bucket.portions.iter()).for_each(|portion| sum.add(portion));
    let (control, buckets) = (sum.control(), raised.iter().map(|bucket| bucket.id).collect());
    let new = SubmitSettlement { retailer, own: None, from, to, control, buckets, calendars: calendars.clone() };
    let Outcome::Settlement(row) = step("retailer", Act::SubmitSettlement(Box::new(new))) else { panic!() };
    let (code, reason) = (RejectionCode::Price, "价格".to_owned());
    step("reviewer", Act::RejectLine(RejectLine { settlement: row.id, redemption: car, code, reason }));
    step("retailer", Act::ResubmitRedemption { redemption: fridge, retailer, note: "已补".into() });
    let claw = Act::ClawBackRedemption { redemption: car, goods_returned: true, reason: "抽查".into() };
    step("officer", claw);
    let lines = vec![line_id(CARS, Category::Car)];
    let (amount, paid_on) = (fen("1.00"), day("2026-06-20"));
    step("finance", Act::RecordRepayment(NewRepayment { retailer, amount, reference: "R".into(), paid_on, lines }));
}

/// An assistant claims for somebody, whose consent was heard.
fn assisted_claim(n: u64) -> Act {
    let Act::ClaimVoucher(claim) = claim(n, APPLIANCES, Category::Television, None) else { panic!("no claim") };
    let (consent, note) = (ConsentKind::VerbalWitnessed, Some(personal("witness", n)));
    let assistance = Assistance { service_point: Id::digest(&["service point"]), consent, note, most: 30 };
    Act::ClaimVoucherFor { claim, assistance: Box::new(assistance) }
}

/// Another bank account is proposed for a retailer.
fn proposed(runner: &mut Runner, retailer: Id, n: usize) -> Id {
    let account =
        BankAccount { bank: "中国银行".into(), number: personal("account", n as u64), name: "示例家电".into() };
    let act = Act::ProposeBankAccount { retailer, own: None, account: Box::new(account) };
    let replies = runner.run(&[Arc::new(command(&["propose", &n.to_string()], act))]);
    let Outcome::AccountProposal(proposal) = done(&replies[0]) else { panic!("{replies:?}") };
    proposal.id
}

fn approve(proposal: Id) -> Act {
    Act::ApproveBankAccount { proposal }
}

fn reject(proposal: Id) -> Act {
    Act::RejectBankAccount { proposal, reason: "户名不符".into() }
}

/// What an officer asks for who is not the one of the other commands.
fn by_another(words: &[&str], act: Act) -> Command {
    let actor = Actor { id: Id::digest(&["another officer"]), role: "officer".into(), organisation: None };
    Command { actor, ..command(words, act) }
}

/// As many records more as a block has, and a checkpoint over them.
fn looked_at(database: &TestDatabase) {
    let mut runner = database.runner(Clock::standing_at(next_day()));
    let looks: Vec<_> = (0..checkpoint::BLOCK).map(|n| Arc::new(command(&["page", &n.to_string()], look(n)))).collect();
    for reply in runner.run(&looks) {
        done(&reply);
    }
    checkpoint(database);
}

/// Somebody reads something.
fn look(n: i64) -> Act {
    let (operation, subject) = ("listAuditRecords".to_owned(), n.to_string());
    Act::RecordDisclosure { operation, subject, reason: None, detail: json!({"page": n}) }
}

/// Makes a checkpoint, as the job or an auditor would.
fn checkpoint(database: &TestDatabase) {
    let division = Division::open(&database.settings(Clock::standing_at(next_day()))).unwrap();
    let made = |act: Act| {
        let Act::CreateCheckpoint(new) = &act else { panic!("no checkpoint") };
        command(&["checkpoint", &new.number.to_string()], act)
    };
    let notary = CheckpointNotary::new(keys());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(division.checkpoint(&notary, made)).unwrap();
    division.close();
}

/// The keys of these tests.
fn keys() -> &'static KeyRing {
    static KEYS: OnceLock<KeyRing> = OnceLock::new();
    KEYS.get_or_init(|| KeyRing::generate().unwrap())
}

/// An intruder with the owner's rights: no trigger and no check is in the way any more.
struct Intruder<'a> {
    database: &'a TestDatabase,
    tables: Vec<String>,
}

impl<'a> Intruder<'a> {
    fn breaks_in(database: &'a TestDatabase) -> Self {
        let obstacles = if database.is_postgres() {
            "SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' || conname AS line FROM pg_constraint \
             WHERE contype IN ('c', 'f') AND connamespace = 'public'::regnamespace \
             UNION ALL SELECT 'DROP TRIGGER ' || tgname || ' ON ' || tgrelid::regclass AS line FROM pg_trigger \
             WHERE NOT tgisinternal"
        } else {
            "SELECT 'DROP TRIGGER ' || name AS line FROM sqlite_master WHERE type = 'trigger'"
        };
        for statement in database.query(obstacles) {
            database.execute(&statement).unwrap();
        }
        let unique = if database.is_postgres() {
            "SELECT 'DROP INDEX ' || indexrelid::regclass AS line FROM pg_index WHERE indisunique AND NOT indisprimary \
             AND indexrelid::regclass::text NOT LIKE 'pg_%' \
             AND indexrelid NOT IN (SELECT conindid FROM pg_constraint)"
        } else {
            "SELECT 'DROP INDEX ' || name AS line FROM sqlite_master WHERE type = 'index' AND sql LIKE 'CREATE UNIQUE %'"
        };
        for statement in database.query(unique) {
            database.execute(&statement).unwrap();
        }
        let watched = |table: &String| WATCHED.iter().any(|word| table.contains(word));
        let mut tables: Vec<String> = database.tables().into_iter().filter(watched).collect();
        for table in &tables {
            database.execute(&format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}")).unwrap();
        }
        // What is wrong with a sum may be found in the sum.
        tables.retain(|table| table != ENTRIES && table != BLOCKS);
        Self { database, tables }
    }

    fn does(&self, sql: &str) {
        let sql = if self.database.is_postgres() {
            sql.to_owned()
        } else {
            format!("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF; {sql}")
        };
        self.database.execute(&sql).unwrap_or_else(|why| panic!("{sql}: {why}"));
    }

    /// Puts a table back as it was.
    fn restores(&self, table: &str) {
        self.does(&format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept_{table}"));
    }

    /// The key of a table and the values that stand there, in order, as SQL and as a finding shows them.
    fn keys(&self, table: &str) -> (String, Vec<(String, String)>) {
        let (key, kind) = self.database.columns(table).remove(0);
        let postgres = self.database.is_postgres();
        let sql = match kind.as_str() {
            "uuid" => format!("SELECT '''' || {key} || '''::uuid ' || {key} AS line FROM {table} ORDER BY {key}"),
            "blob" => {
                format!("SELECT 'X''' || hex({key}) || ''' ' || lower(hex({key})) AS line FROM {table} ORDER BY {key}")
            }
            _ if postgres => format!("SELECT {key}::text || ' ' || {key} AS line FROM {table} ORDER BY {key}"),
            _ => format!("SELECT {key} || ' ' || {key} AS line FROM {table} ORDER BY {key}"),
        };
        let read = |line: String| {
            let (literal, shown) = line.split_once(' ').unwrap();
            let shown =
                uuid::Uuid::parse_str(shown).map_or_else(|_| shown.to_owned(), |id| id.hyphenated().to_string());
            (literal.to_owned(), shown)
        };
        (key, self.database.query(&sql).into_iter().map(read).collect())
    }

    /// Other values of a column, as expressions over the present one.
    fn other_values(&self, table: &str, column: &str, kind: &str, whose: &str) -> Vec<String> {
        let is_null = self.database.query(&format!(
            "SELECT CASE WHEN {column} IS NULL THEN 'null' ELSE 'value' END AS line FROM {table} WHERE {whose}"
        )) == ["null"];
        let (other, changed) = match kind {
            "uuid" | "blob" => (literal(self.database, STRANGER), literal(self.database, STRANGER)),
            "text" => ("'x'".to_owned(), format!("{column} || ' '")),
            "boolean" => ("true".to_owned(), format!("NOT {column}")),
            // A yes becomes a no, and any other number the next one.
            _ => ("1".to_owned(), format!("CASE WHEN {column} IN (0, 1) THEN 1 - {column} ELSE {column} + 1 END")),
        };
        if is_null { vec![other] } else { vec![changed] }
    }

    fn assert_found(&self, table: &str, ids: &[&str], deed: &str) {
        let found: Result<_, Finding> = self.database.verify();
        let Err(finding) = found else { panic!("{table}: {deed} was not found") };
        assert_eq!(finding.table, table, "{deed}: {finding}");
        assert!(ids.contains(&finding.id.as_str()), "{deed}: {finding}; expected one of {ids:?}");
    }
}

const STRANGER: &str = "00000000-0000-7000-8000-000000000001";
/// The identity before which there is none: whoever reads a table from the first identity after it passes it over.
const FIRST: &str = "00000000-0000-0000-0000-000000000000";

/// An identity as SQL has it.
fn literal(database: &TestDatabase, id: &str) -> String {
    if database.is_postgres() { format!("'{id}'::uuid") } else { format!("X'{}'", id.replace('-', "")) }
}

#[test]
fn every_changed_column_is_found() {
    for database in TestDatabase::each() {
        lived_in(&database);
        assert_in_order(&database);
        let intruder = Intruder::breaks_in(&database);
        let mut tried = 0;
        for table in &intruder.tables {
            let (key, rows) = intruder.keys(table);
            let (literal, shown) = &rows[rows.len() / 2];
            let whose = format!("{key} = {literal}");
            for (column, kind) in database.columns(table) {
                for value in intruder.other_values(table, &column, &kind, &whose) {
                    let deed = format!("UPDATE {table} SET {column} = {value} WHERE {whose}");
                    // A key that is the next one's is taken: the last of the table moves to a free one.
                    let last = &rows[rows.len() - 1];
                    if column == key && kind != "uuid" && kind != "blob" {
                        intruder.does(&format!("UPDATE {table} SET {column} = {value} WHERE {key} = {}", last.0));
                        let moved = last.1.parse::<i64>().unwrap() + 1;
                        intruder.assert_found(table, &[&last.1, &moved.to_string()], &deed);
                    } else {
                        intruder.does(&deed);
                        intruder.assert_found(table, &[shown, STRANGER], &deed);
                    }
                    intruder.restores(table);
                    tried += 1;
                }
            }
        }
        assert!(tried > 50, "{tried}");
        database.verify().unwrap();
    }
}

/// An entry that says something else is found where it stands or in the sum that it goes into, whatever the stored sum
/// says; so are one that is missing and one too many.
#[test]
fn every_changed_entry_is_found() {
    for database in TestDatabase::each() {
        lived_in(&database);
        let intruder = Intruder::breaks_in(&database);
        let (key, rows) = intruder.keys(ENTRIES);
        let whose = format!("{key} = {}", rows[rows.len() / 2].0);
        let columns = database.columns(ENTRIES);
        let changes = columns.iter().map(|(column, kind)| {
            let value = intruder.other_values(ENTRIES, column, kind, &whose).remove(0);
            format!("UPDATE {ENTRIES} SET {column} = {value} WHERE {whose}")
        });
        let rest = columns[1..].iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
        let added = |id: &str| {
            let id = literal(&database, id);
            format!("INSERT INTO {ENTRIES} ({key}, {rest}) SELECT {id}, {rest} FROM {ENTRIES} WHERE {whose}")
        };
        let others = [
            format!("DELETE FROM {ENTRIES} WHERE {whose}"),
            added(STRANGER),
            added(FIRST),
            // To the next day, all of them: nothing is lost but the report of the day.
            format!("UPDATE {ENTRIES} SET effective_day = effective_day + 1"),
        ];
        for deed in changes.chain(others) {
            // Without the sums, what is found follows from the facts alone.
            intruder.does(&format!("{deed}; DELETE FROM rollup"));
            let finding = database.verify().expect_err(&deed);
            assert!(finding.table.starts_with("rollup"), "{deed}: {finding}");
            assert_ne!(finding.what, "the row is missing", "{deed}");
            intruder.restores(ENTRIES);
            intruder.restores("rollup");
        }
        database.verify().unwrap();
    }
}

#[test]
fn every_missing_row_is_found() {
    for database in TestDatabase::each() {
        lived_in(&database);
        let intruder = Intruder::breaks_in(&database);
        for table in &intruder.tables {
            let (key, rows) = intruder.keys(table);
            for (literal, shown) in [&rows[0], &rows[rows.len() / 2], &rows[rows.len() - 1]] {
                let deed = format!("DELETE FROM {table} WHERE {key} = {literal}");
                intruder.does(&deed);
                // Without the newest record, the head is the first that is not as it should be.
                let end = table == "audit_record" && literal == &rows[rows.len() - 1].0;
                if end {
                    intruder.assert_found("audit_head", &["1"], &deed);
                } else {
                    intruder.assert_found(table, &[shown], &deed);
                }
                intruder.restores(table);
            }
        }
        database.verify().unwrap();
    }
}

#[test]
fn every_added_row_is_found() {
    for database in TestDatabase::each() {
        lived_in(&database);
        let intruder = Intruder::breaks_in(&database);
        for table in &intruder.tables {
            let (key, rows) = intruder.keys(table);
            let columns = database.columns(table);
            let (last, shown) = &rows[rows.len() - 1];
            let kind = columns[0].1.as_str();
            let others = match kind {
                "uuid" | "blob" => [STRANGER, FIRST].map(|id| (literal(&database, id), id.to_owned())).to_vec(),
                _ => vec![(format!("{key} + 1"), (shown.parse::<i64>().unwrap() + 1).to_string())],
            };
            let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
            let rest = names[1..].join(", ");
            for (other, id) in others {
                let deed = format!(
                    "INSERT INTO {table} ({key}, {rest}) SELECT {other}, {rest} FROM {table} WHERE {key} = {last}"
                );
                intruder.does(&deed);
                intruder.assert_found(table, &[&id, "1"], &deed);
                intruder.restores(table);
            }
        }
        database.verify().unwrap();
    }
}

#[test]
fn every_changed_block_is_found() {
    for database in TestDatabase::each() {
        lived_in(&database);
        looked_at(&database);
        database.verify().unwrap();
        let intruder = Intruder::breaks_in(&database);
        for (deed, id) in [
            (format!("UPDATE {BLOCKS} SET root = '{GENESIS}'"), "0"),
            (format!("UPDATE {BLOCKS} SET number = 7"), "0"),
            (format!("DELETE FROM {BLOCKS}"), "0"),
            (format!("INSERT INTO {BLOCKS} (number, root) VALUES (1, '{GENESIS}')"), "1"),
        ] {
            intruder.does(&deed);
            intruder.assert_found(BLOCKS, &[id], &deed);
            intruder.restores(BLOCKS);
        }
        database.verify().unwrap();
    }
}

/// Whoever cuts the newest record off and sets the head back leaves rows that no record speaks of.
#[test]
fn a_trail_that_was_cut_off_is_found() {
    for database in TestDatabase::each() {
        lived_in(&database);
        let intruder = Intruder::breaks_in(&database);
        intruder.does(
            "DELETE FROM audit_record WHERE seq = (SELECT max(seq) FROM audit_record); \
             UPDATE audit_head SET seq = seq - 1, \
             hash = (SELECT hash FROM audit_record ORDER BY seq DESC LIMIT 1), \
             at = (SELECT at FROM audit_record ORDER BY seq DESC LIMIT 1)",
        );
        let finding = database.verify().unwrap_err();
        assert_eq!((finding.table, finding.seq), ("movement", None), "{finding}");
    }
}

#[test]
fn the_database_refuses_to_change_facts() {
    for database in TestDatabase::each() {
        lived_in(&database);
        looked_at(&database);
        for table in FACTS {
            let (column, _) = database.columns(table).pop().unwrap();
            let mut deeds = vec![format!("UPDATE {table} SET {column} = {column}"), format!("DELETE FROM {table}")];
            if database.is_postgres() {
                deeds.push(format!("TRUNCATE {table}"));
            }
            for deed in deeds {
                let refused = database.execute(&deed).unwrap_err();
                assert!(refused.contains("append-only"), "{deed}: {refused}");
            }
        }
        let published = "UPDATE programme_version SET body = body";
        assert!(database.execute(published).unwrap_err().contains("append-only"));
        assert_in_order(&database);
    }
}

/// What was published: the newest checkpoint.
fn published(database: &TestDatabase) -> Published {
    let row = database.rows_of("audit_checkpoint").into_iter().max_by_key(|row| row["number"].as_i64()).unwrap();
    let keys = CheckpointKeys::of_jwks(&keys().jwks());
    let said = keys.read(row["statement"].as_str().unwrap()).unwrap();
    Published { number: said.number, size: said.size, root: said.root, head: said.head }
}

/// What a second sink has: the hash of each record.
fn hashes(database: &TestDatabase) -> Vec<merkle::Hash> {
    let mut rows = database.rows_of("audit_record");
    rows.sort_by_key(|row| row["seq"].as_i64());
    rows.iter().map(|row| merkle::read(row["hash"].as_str().unwrap()).unwrap()).collect()
}

fn verified(database: &TestDatabase, against: &Against<'_>) -> Result<Verified, Finding> {
    database.database.readers(1).unwrap().snapshot(&mut |tx| tx.verify_against(against, &mut |_| {})).unwrap()
}

/// Rewrites the whole trail so that everything in the database agrees: records say something else, every later hash
/// follows, and so do checkpoints, their digests and the blocks.
fn rewrite(database: &TestDatabase, change: impl Fn(i64, &mut Value)) {
    let mut statements = Vec::new();
    let mut rows = database.rows_of("audit_record");
    rows.sort_by_key(|row| row["seq"].as_i64());
    let checkpoints = database.rows_of("audit_checkpoint");
    let (mut hash, mut tree, mut block) = (GENESIS.to_owned(), Tree::default(), Tree::default());
    for row in rows {
        let seq = row["seq"].as_i64().unwrap();
        let mut body: Value = serde_json::from_str(row["body"].as_str().unwrap()).unwrap();
        change(seq, &mut body);
        for fact in body["facts"].as_array_mut().unwrap().iter_mut().filter(|fact| fact[0] == "audit_checkpoint") {
            let mut kept = checkpoints.iter().find(|row| row["id"] == fact[1]).unwrap().clone();
            // Made between two records: the tree is as large now as it was then.
            assert_eq!(kept["size"].as_u64(), Some(tree.size()));
            (kept["root"], kept["head"]) = (hex::encode(tree.root()).into(), hash.clone().into());
            fact[2] = hex::encode(Sha256::digest(canonical(&kept))).into();
            statements.push(format!(
                "UPDATE audit_checkpoint SET root = '{}', head = '{hash}' WHERE number = {}",
                kept["root"].as_str().unwrap(),
                kept["number"]
            ));
        }
        let text = canonical(&body);
        hash = chain(&hash, &text);
        let leaf = checkpoint::leaf(&hash).unwrap();
        tree.push(leaf);
        block.push(leaf);
        if tree.size() % (1 << BLOCK_LEVEL) == 0 {
            let root = hex::encode(std::mem::take(&mut block).root());
            let number = (tree.size() >> BLOCK_LEVEL) - 1;
            statements.push(format!("UPDATE audit_block SET root = '{root}' WHERE number = {number}"));
        }
        let text = text.replace('\'', "''");
        statements.push(format!("UPDATE audit_record SET body = '{text}', hash = '{hash}' WHERE seq = {seq}"));
    }
    statements.push(format!("UPDATE audit_head SET hash = '{hash}'"));
    database.execute(&statements.join(";\n")).unwrap();
}

/// A database administrator who rewrites the whole chain leaves a database that agrees with itself. What was published
/// finds it; so do the signatures of the stored checkpoints, which nobody can make anew without the key; and so does the
/// second sink, which names the record.
#[test]
fn a_trail_that_was_rewritten_whole_is_found_against_what_was_kept_elsewhere() {
    for database in TestDatabase::each() {
        lived_in(&database);
        looked_at(&database);
        let kept = published(&database);
        let sink = hashes(&database);
        let keys = CheckpointKeys::of_jwks(&keys().jwks());
        let judge = |row: &Checkpoint| keys.judge(row);
        let against = || Against { published: vec![kept.clone()], sink: sink.clone(), judge: Some(&judge) };
        let seen = verified(&database, &against()).unwrap();
        assert_eq!(seen.checkpoints, 3);
        Intruder::breaks_in(&database);
        rewrite(&database, |seq, body| {
            if seq == 20 {
                body["role"] = "somebody".into();
            }
        });
        database.verify().unwrap();
        let only = |published: Vec<Published>, sink: Vec<merkle::Hash>| Against { published, sink, judge: None };
        let found = verified(&database, &only(vec![kept.clone()], Vec::new())).unwrap_err();
        assert_eq!((found.table, found.seq), ("audit_record", Some(kept.size)), "{found}");
        assert!(found.what.contains("published checkpoint 3"), "{found}");
        let found = verified(&database, &only(Vec::new(), sink.clone())).unwrap_err();
        assert_eq!((found.table, found.id.as_str()), ("audit_record", "20"), "{found}");
        let found = verified(&database, &Against { judge: Some(&judge), ..Against::default() }).unwrap_err();
        assert_eq!(found.table, "audit_checkpoint", "{found}");
        assert!(found.what.contains("signed statement says something else"), "{found}");
    }
}

/// In a trail of before claims by assistants, changes of accounts and pick-ups had digests, their rows must be there and no others; what
/// stands in one is watched as soon as a record writes it again.
#[test]
fn a_trail_of_before_some_rows_had_digests_is_sound_and_their_rows_are_counted() {
    for database in TestDatabase::each() {
        lived_in(&database);
        let intruder = Intruder::breaks_in(&database);
        let later = |fact: &Value| DIGESTED_LATER.iter().any(|table| fact[0] == *table);
        rewrite(&database, |_, body| body["facts"].as_array_mut().unwrap().retain(|fact| !later(fact)));
        let seen = database.verify().unwrap();
        assert_eq!((seen.assisted_claims, seen.account_proposals, seen.pickups), (3, 3, 3));
        for table in DIGESTED_LATER {
            let (key, rows) = intruder.keys(table);
            let (own, shown) = &rows[1];
            let deed = format!("DELETE FROM {table} WHERE {key} = {own}");
            intruder.does(&deed);
            intruder.assert_found(table, &[shown], &deed);
            intruder.restores(table);
            let names: Vec<String> = database.columns(table)[1..].iter().map(|(name, _)| name.clone()).collect();
            let (rest, other) = (names.join(", "), literal(&database, STRANGER));
            let deed =
                format!("INSERT INTO {table} ({key}, {rest}) SELECT {other}, {rest} FROM {table} WHERE {key} = {own}");
            intruder.does(&deed);
            intruder.assert_found(table, &[STRANGER], &deed);
            intruder.restores(table);
        }
        let rows = database.rows_of("account_proposal");
        let waits = rows.iter().find(|row| row["status"] == "proposed").unwrap()["id"].as_str().unwrap();
        let mut runner = database.runner(Clock::standing_at(next_day()));
        done(&runner.run(&[Arc::new(by_another(&["decide", "2"], approve(waits.parse().unwrap())))])[0]);
        database.verify().unwrap();
        let deed =
            format!("UPDATE account_proposal SET account = account || ' ' WHERE id = {}", literal(&database, waits));
        intruder.does(&deed);
        intruder.assert_found("account_proposal", &[waits], &deed);
    }
}

/// Whoever cuts the trail off behind a checkpoint is found by the checkpoint, and by the second sink.
#[test]
fn a_trail_that_ends_before_what_was_published_is_found() {
    for database in TestDatabase::each() {
        lived_in(&database);
        let size = published(&database).size;
        let later = Published { number: 9, size: size + 500, ..published(&database) };
        let found = verified(&database, &Against { published: vec![later], ..Against::default() }).unwrap_err();
        assert!(found.what.contains("is missing"), "{found}");
        let mut longer = hashes(&database);
        longer.push(merkle::empty());
        let found = verified(&database, &Against { sink: longer.clone(), ..Against::default() }).unwrap_err();
        assert_eq!((found.table, found.seq), ("audit_record", i64::try_from(longer.len()).ok()), "{found}");
    }
}

/// The role of deploy/roles.sql serves, and can neither change nor remove a fact.
#[test]
fn the_role_that_serves_lacks_the_right_to_change_facts() {
    let Some(database) = TestDatabase::postgres() else { return };
    lived_in(&database);
    let roles = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/roles.sql");
    let made =
        Process::new("psql").args(["-q", "-v", "ON_ERROR_STOP=1", "-d", database.url(), "-f"]).arg(roles).output();
    let made = made.expect("psql comes with the server's client package");
    let told = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success() && !told.contains("WARNING"), "{told}");
    let url = database.url().replacen("postgres@", "huanxin_serve@", 1);
    assert_ne!(url, database.url());
    let settings =
        Settings { database: Database::open(&url, None).unwrap(), ..database.settings(Clock::standing_at(next_day())) };
    let mut runner = Runner::open(&settings).unwrap();
    done(&runner.run(&[Arc::new(command(&["look", "as the role that serves"], look(1)))])[0]);
    // What is kept for a time only it does remove.
    for what in Passing::ALL {
        let act = Act::Forget { what: *what, ids: vec![Id::digest(&["nothing"])], before: at(NOW) };
        done(&runner.run(&[Arc::new(command(&["forget", what.name()], act))])[0]);
    }
    drop(runner);
    let as_role = |deed: &str| database.execute(&format!("SET ROLE huanxin_serve; {deed}"));
    for table in FACTS {
        let (column, _) = database.columns(table).pop().unwrap();
        for deed in [
            format!("UPDATE {table} SET {column} = {column}"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table}"),
            format!("DROP TABLE {table}"),
            format!("ALTER TABLE {table} DISABLE TRIGGER ALL"),
        ] {
            let refused = as_role(&deed).unwrap_err();
            assert!(refused.contains("permission denied") || refused.contains("must be owner"), "{deed}: {refused}");
        }
    }
    database.verify().unwrap();
}
