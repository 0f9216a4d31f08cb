//! What tests of the engine start from: databases, a district with its parties, people, goods and commands.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use huanxin::domain::command::{
    Act, Actor, ClaimVoucher, Command, NewRecycler, NewRetailer, NewTurnIn, Outcome, Party, Presented, RedeemVoucher,
};
use huanxin::domain::goods::{
    Battery, Category, Disposal, Evidence, EvidenceKind, Fuel, Invoice, NewItem, OldItem, Powertrain, Price,
};
use huanxin::domain::id::Id;
use huanxin::domain::identifier::synthetic;
use huanxin::domain::money::Fen;
use huanxin::domain::personal::{NewDataKey, Personal};
use huanxin::domain::programme::{Rules, from_toml};
use huanxin::domain::records::{BankAccount, Delivery, Person};
use huanxin::domain::refusal::Code;
use huanxin::domain::time::{Day, Moment};
use huanxin::engine::{Answer, Clock, Failure, Reply, Runner, Settings};
use huanxin::store::{Backend, Database, Finding, Verified};
use serde_json::Value;

/// The example programmes, by their words.
pub const APPLIANCES: &str = "nc-appl-2026";
pub const EBIKES: &str = "nc-ebike-2026";
pub const CARS: &str = "nc-car-2026";
/// Where everything happens.
pub const DIVISION: &str = "360111";

// ---------------------------------------------------------------- databases

/// A database of one test, gone with it.
pub struct TestDatabase {
    pub database: Database,
    url: String,
    server: Option<(String, String)>,
    _directory: Option<tempfile::TempDir>,
}

/// A connection past the service, as an intruder or an administrator has one.
enum Raw {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Rows of every table: table, then each row as JSON, in an order that does not depend on the database.
pub type Rows = BTreeMap<String, Vec<Value>>;

/// A setting of the tests' environment.
#[expect(clippy::disallowed_methods, reason = "the tests' own settings come from the environment")]
pub fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl TestDatabase {
    /// A file of its own.
    pub fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", directory.path().join("huanxin.db").display());
        let database = Database::open(&url, None).unwrap();
        database.migrate(&mut |_| {}).unwrap();
        Self { database, url, server: None, _directory: Some(directory) }
    }

    /// One that is there already, of an app that runs.
    #[allow(dead_code, reason = "the benches run no app")]
    pub fn of(url: &str) -> Self {
        let database = Database::open(url, None).unwrap();
        Self { database, url: url.to_owned(), server: None, _directory: None }
    }

    /// A database of its own on the server that `HUANXIN_TEST_POSTGRES` names, if there is one.
    pub fn postgres() -> Option<Self> {
        let made = Self::postgres_empty()?;
        made.database.migrate(&mut |_| {}).unwrap();
        Some(made)
    }

    /// The same without tables.
    pub fn postgres_empty() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let admin = setting("HUANXIN_TEST_POSTGRES")?;
        let name = format!("huanxin_engine_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let server = admin.rsplit_once('/').map_or(admin.as_str(), |(server, _)| server).to_owned();
        PgConnection::establish(&admin).unwrap().batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        let url = format!("{server}/{name}");
        let database = Database::open(&url, None).unwrap();
        Some(Self { database, url, server: Some((admin, name)), _directory: None })
    }

    /// One of each kind that is there.
    pub fn each() -> Vec<Self> {
        std::iter::once(Self::sqlite()).chain(Self::postgres()).collect()
    }

    /// Its address, for tools that are not of this service.
    #[allow(dead_code, reason = "the benches ask for it")]
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn is_postgres(&self) -> bool {
        self.database.backend() == Backend::Postgres
    }

    pub fn runner(&self, clock: Clock) -> Runner {
        Runner::open(&self.settings(clock)).unwrap()
    }

    pub fn settings(&self, clock: Clock) -> Settings {
        Settings { clock, ..Settings::new(DIVISION, self.database.clone()) }
    }

    fn raw(&self) -> Raw {
        if self.is_postgres() {
            Raw::Postgres(PgConnection::establish(&self.url).unwrap())
        } else {
            let mut conn = SqliteConnection::establish(self.url.trim_start_matches("sqlite:")).unwrap();
            conn.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
            Raw::Sqlite(conn)
        }
    }

    /// Runs statements behind the service's back.
    pub fn execute(&self, sql: &str) -> Result<(), String> {
        match self.raw() {
            Raw::Postgres(mut conn) => conn.batch_execute(sql),
            Raw::Sqlite(mut conn) => conn.batch_execute(sql),
        }
        .map_err(|why| why.to_string())
    }

    /// Reads one text column, which the statement must call `line`.
    pub fn query(&self, sql: &str) -> Vec<String> {
        let rows: Vec<Line> = match self.raw() {
            Raw::Postgres(mut conn) => diesel::sql_query(sql).load(&mut conn).unwrap(),
            Raw::Sqlite(mut conn) => diesel::sql_query(sql).load(&mut conn).unwrap(),
        };
        rows.into_iter().map(|row| row.line).collect()
    }

    /// The tables of the service, from the catalogue.
    pub fn tables(&self) -> Vec<String> {
        let sql = if self.is_postgres() {
            "SELECT tablename::text AS line FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        } else {
            "SELECT name AS line FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1"
        };
        self.query(sql).into_iter().filter(|table| !table.starts_with("__diesel")).collect()
    }

    /// A table's columns with their types in lower case, from the catalogue.
    pub fn columns(&self, table: &str) -> Vec<(String, String)> {
        let sql = if self.is_postgres() {
            format!(
                "SELECT column_name || ' ' || data_type AS line FROM information_schema.columns \
                 WHERE table_schema = 'public' AND table_name = '{table}' ORDER BY ordinal_position"
            )
        } else {
            format!("SELECT name || ' ' || lower(type) AS line FROM pragma_table_info('{table}') ORDER BY cid")
        };
        let pair = |line: String| line.split_once(' ').map(|(name, kind)| (name.to_owned(), kind.to_owned())).unwrap();
        self.query(&sql).into_iter().map(pair).collect()
    }

    /// A table's rows as JSON; identities hyphenated on both databases.
    pub fn rows_of(&self, table: &str) -> Vec<Value> {
        let columns = self.columns(table);
        let sql = if self.is_postgres() {
            format!("SELECT to_json(t)::text AS line FROM {table} t")
        } else {
            let part = |(name, kind): &(String, String)| {
                let value = if kind == "blob" { format!("lower(hex(\"{name}\"))") } else { format!("\"{name}\"") };
                format!("'{name}', CASE WHEN \"{name}\" IS NULL THEN NULL ELSE {value} END")
            };
            let parts: Vec<String> = columns.iter().map(part).collect();
            format!("SELECT json_object({}) AS line FROM {table}", parts.join(", "))
        };
        let blobs: BTreeSet<&str> =
            columns.iter().filter(|(_, kind)| kind == "blob").map(|(n, _)| n.as_str()).collect();
        let read = |line: String| {
            let mut row: Value = serde_json::from_str(&line).unwrap();
            for (name, value) in row.as_object_mut().unwrap() {
                if let (true, Some(text)) = (blobs.contains(name.as_str()), value.as_str()) {
                    *value = Value::String(uuid::Uuid::parse_str(text).unwrap().hyphenated().to_string());
                }
            }
            row
        };
        let mut rows: Vec<Value> = self.query(&sql).into_iter().map(read).collect();
        rows.sort_by_key(ToString::to_string);
        rows
    }

    /// Every row of every table.
    pub fn rows(&self) -> Rows {
        self.tables().into_iter().map(|table| (table.clone(), self.rows_of(&table))).collect()
    }

    /// What `audit verify` finds.
    pub fn verify(&self) -> Result<Verified, Finding> {
        let readers = self.database.readers(1).unwrap();
        readers.snapshot(&mut |tx| tx.verify(&mut |_| {})).unwrap()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some((admin, name)) = &self.server {
            // A test that fails leaves connections behind; they go first.
            let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            if let Ok(mut conn) = PgConnection::establish(admin) {
                let _ = conn.batch_execute(&sql);
            }
        }
    }
}

// ---------------------------------------------------------------- rows and answers without what a batch may change

/// A value without what depends on how commands were cut into batches: microseconds, and the hashes over them.
pub fn plain(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| !is_stamp(name));
            let plain_one = |name: &str, value: &Value| if name == "facts" { plain_facts(value) } else { plain(value) };
            Value::Object(kept.map(|(name, value)| (name.clone(), plain_one(name, value))).collect())
        }
        Value::Array(values) => Value::Array(values.iter().map(plain).collect()),
        Value::String(text) => plain_text(text),
        // A yes is a number on SQLite.
        Value::Bool(yes) => Value::from(u8::from(*yes)),
        other => other.clone(),
    }
}

/// The facts of an audit record: table and identity, without the digest, which goes over the moment.
fn plain_facts(facts: &Value) -> Value {
    let short = |fact: &Value| Value::Array(fact.as_array().unwrap().iter().take(2).cloned().collect());
    Value::Array(facts.as_array().into_iter().flatten().map(short).collect())
}

fn is_stamp(name: &str) -> bool {
    name == "at" || name.ends_with("_at")
}

/// Moments are cut to the millisecond, from which identities derive; nested JSON is looked into.
fn plain_text(text: &str) -> Value {
    match serde_json::from_str::<Value>(text) {
        Ok(nested @ (Value::Object(_) | Value::Array(_))) => plain(&nested),
        _ => Value::String(without_micros(text)),
    }
}

/// Cuts `.123456Z`, the end of every moment in a text, to `.123Z`.
fn without_micros(text: &str) -> String {
    let is_end =
        |part: &str| part.as_bytes().get(6) == Some(&b'Z') && part.as_bytes()[..6].iter().all(u8::is_ascii_digit);
    let mut parts = text.split('.');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |cut, part| {
        if is_end(part) { format!("{cut}.{}{}", &part[..3], &part[6..]) } else { format!("{cut}.{part}") }
    })
}

/// Rows that two runs of the same commands must have in common.
pub fn plain_rows(rows: &Rows) -> Rows {
    let table = |(table, rows): (&String, &Vec<Value>)| {
        let mut rows: Vec<Value> = rows.iter().map(plain).collect();
        // The hash goes over the moment; `previous` is the holder before the batch, by which an upsert is guarded.
        let cut =
            if table.starts_with("audit_") { Some("hash") } else { Some("previous").filter(|_| table == "claim") };
        if let Some(cut) = cut {
            rows.iter_mut().for_each(|row| drop(row.as_object_mut().unwrap().remove(cut)));
        }
        rows.sort_by_key(ToString::to_string);
        (table.clone(), rows)
    };
    rows.iter().map(table).collect()
}

/// An answer in words, without what depends on the cut.
pub fn plain_reply(reply: &Reply) -> Value {
    match reply {
        Ok(Answer { outcome, replayed }) => {
            serde_json::json!({"done": plain(&serde_json::to_value(outcome).unwrap()), "replayed": replayed})
        }
        Err(Failure::Refused(refusals)) => {
            serde_json::json!({"refused": plain(&serde_json::to_value(refusals).unwrap())})
        }
        Err(other) => serde_json::json!({"failed": format!("{other:?}")}),
    }
}

/// The codes of a refusal; empty when something was done or something else went wrong.
pub fn codes(reply: &Reply) -> Vec<Code> {
    match reply {
        Err(Failure::Refused(refusals)) => refusals.codes().collect(),
        _ => Vec::new(),
    }
}

/// What was done; the test fails when nothing was.
pub fn done(reply: &Reply) -> &Outcome {
    match reply {
        Ok(answer) => &answer.outcome,
        Err(failure) => panic!("not done: {failure:?}"),
    }
}

/// The identity of what was made.
pub fn made(reply: &Reply) -> Id {
    match done(reply) {
        Outcome::Retailer(row) => row.id,
        Outcome::Store(row) => row.id,
        Outcome::Recycler(row) => row.id,
        Outcome::TurnIn(row) => row.id,
        Outcome::Voucher(row) => row.id,
        Outcome::Redeemed(row) => row.id,
        Outcome::Reversed { id, .. } => *id,
        other => panic!("made nothing with an identity: {other:?}"),
    }
}

// ---------------------------------------------------------------- the district

/// The rules of an example programme with another pool in each line.
pub fn rules(programme: &str, pool: Fen) -> Rules {
    let text = match programme {
        APPLIANCES => include_str!("../../programmes/nc-appl-2026.toml"),
        EBIKES => include_str!("../../programmes/nc-ebike-2026.toml"),
        CARS => include_str!("../../programmes/nc-car-2026.toml"),
        other => panic!("no example programme {other}"),
    };
    let mut rules = from_toml(text).unwrap();
    rules.lines.iter_mut().for_each(|line| line.pool = pool);
    rules
}

/// Who takes part: the same in every database.
#[derive(Clone, Debug)]
pub struct District {
    /// Retailers, each with its store.
    pub sellers: Vec<(Id, Id)>,
    /// A collection point.
    pub recycler: Id,
}

impl District {
    /// Publishes the programmes and registers the parties, each in a batch of its own.
    pub fn open(runner: &mut Runner, programmes: Vec<Rules>) -> Self {
        let ids: Vec<String> = programmes.iter().map(|rules| rules.id.clone()).collect();
        for rules in programmes {
            let programme = rules.id.clone();
            done(&one(runner, &["create", &programme], Act::CreateProgramme(Box::new(rules))));
            done(&one(runner, &["publish", &programme], Act::PublishProgramme { programme: programme.clone() }));
        }
        let sellers = (0..2).map(|n| Self::seller(runner, n, &ids)).collect();
        let recycler = made(&one(runner, &["recycler"], Act::RegisterRecycler(Box::new(new_recycler()))));
        Self { sellers, recycler }
    }

    /// Registers one more retailer with its store, for these programmes.
    pub fn seller(runner: &mut Runner, n: u64, programmes: &[String]) -> (Id, Id) {
        let word = n.to_string();
        let retailer = made(&one(runner, &["retailer", &word], Act::RegisterRetailer(Box::new(new_retailer(n)))));
        let approve = Act::Approve { party: Party::Retailer, id: retailer, programmes: programmes.to_vec() };
        done(&one(runner, &["approve", &word], approve));
        (retailer, made(&one(runner, &["store", &word], new_store(retailer, &word))))
    }
}

fn one(runner: &mut Runner, words: &[&str], act: Act) -> Reply {
    runner.run(&[Arc::new(command(words, act))]).remove(0)
}

pub fn new_retailer(n: u64) -> NewRetailer {
    NewRetailer {
        name: format!("商家{n}"),
        uscc: synthetic::uscc(n),
        divisions: vec![DIVISION.into()],
        account: BankAccount { bank: "银行".into(), number: personal("account", n), name: format!("商家{n}") },
        contact: None,
    }
}

fn new_store(retailer: Id, word: &str) -> Act {
    Act::AddStore {
        retailer,
        name: format!("门店{word}"),
        address: "街道".into(),
        division_code: DIVISION.into(),
        town: format!("镇{word}"),
    }
}

pub fn new_recycler() -> NewRecycler {
    NewRecycler {
        name: "回收站".into(),
        uscc: synthetic::uscc(900),
        address: "街道".into(),
        division_code: DIVISION.into(),
        town: "镇".into(),
        opening_hours: None,
        latitude_micro: Some(28_690_000),
        longitude_micro: Some(115_990_000),
        categories: Vec::new(),
    }
}

// ---------------------------------------------------------------- people and goods

/// A moment from its text.
pub fn at(text: &str) -> Moment {
    Moment::parse(text).unwrap()
}

/// A day from its text.
pub fn day(text: &str) -> Day {
    Day(text.parse().unwrap())
}

/// An amount from its text.
pub fn fen(text: &str) -> Fen {
    Fen::parse(text).unwrap()
}

/// A piece of personal data that nobody has: its digest, and texts in place of cipher and mask.
pub fn personal(kind: &str, n: u64) -> Personal {
    Personal {
        lookup: Id::digest(&[kind, &n.to_string()]),
        sealed: format!("sealed {kind} {n}"),
        masked: format!("{kind} ***{n}"),
    }
}

/// A person.
pub fn person(n: u64) -> Person {
    Person::new(personal("number", n), personal("name", n))
}

/// A data key that nobody has: a person's own, each time the same.
pub fn data_key(n: u64) -> NewDataKey {
    NewDataKey { id: Id::digest(&["key", &n.to_string()]), wrapped: format!("wrapped {n}"), master_kid: "m".into() }
}

/// A new item of a category that comes under the first tier of its example programme.
pub fn new_item(category: Category, n: u64) -> NewItem {
    let mut item = NewItem {
        category,
        brand: "Haier".into(),
        model: "X".into(),
        gtin: None,
        energy_level: None,
        powertrain: None,
        displacement_cc: None,
        battery: None,
        certifications: Vec::new(),
        serial_number: None,
        outdoor_serial_number: None,
        vin: None,
        ebike_code: None,
        imei: None,
        imei2: None,
    };
    match category {
        Category::Car => {
            item.powertrain = Some(Powertrain::Nev);
            item.vin = Some(synthetic::vin(n));
        }
        Category::Ebike => {
            item.battery = Some(Battery::LeadAcid);
            item.ebike_code = Some(synthetic::ebike_code(n));
        }
        _ => {
            item.energy_level = Some(1);
            item.serial_number = Some(synthetic::serial_number(n));
        }
    }
    item
}

/// An old item of a category that its example programme takes.
pub fn old_item(category: Category, n: u64) -> OldItem {
    let mut item = OldItem {
        category,
        vin: None,
        ebike_code: None,
        plate: None,
        frame_number: None,
        motor_number: None,
        serial_number: None,
        ticket_number: None,
        fuel: None,
        first_registered_on: None,
        owned_since: None,
        disposal: None,
        battery: None,
        complete: None,
        registered: None,
        evidence: Vec::new(),
        received_on: day("2026-05-01"),
        credit: None,
    };
    match category {
        Category::Car => {
            let piece = |kind| Evidence { kind, number: Some(n.to_string()), sha256: None };
            item.vin = Some(synthetic::vin(1_000_000 + n));
            item.fuel = Some(Fuel::Petrol);
            item.first_registered_on = Some(day("2012-03-01"));
            item.owned_since = Some(day("2015-03-01"));
            item.disposal = Some(Disposal::Scrapped);
            item.evidence = vec![piece(EvidenceKind::ScrapCertificate), piece(EvidenceKind::CancellationCertificate)];
        }
        Category::Ebike => {
            item.ebike_code = Some(synthetic::ebike_code(1_000_000 + n));
            item.battery = Some(Battery::Lithium);
            item.complete = Some(true);
        }
        _ => item.serial_number = Some(synthetic::serial_number(1_000_000 + n)),
    }
    item
}

// ---------------------------------------------------------------- commands

/// A command that is named by words; its fingerprint is over everything that it says.
pub fn command(words: &[&str], act: Act) -> Command {
    Command {
        id: Id::digest(words),
        fingerprint: Id::digest(&[&format!("{act:?}")]),
        actor: Actor { id: Id::digest(&["actor"]), role: "officer".into(), organisation: None },
        request_id: words.join(" "),
        act,
    }
}

/// An old item is handed in to the district's collection point.
pub fn turn_in(district: &District, owner: u64, item: OldItem) -> Act {
    Act::RecordTurnIn(Box::new(NewTurnIn {
        owner: person(owner),
        key: data_key(owner),
        recorder: district.recycler,
        recorder_is: Party::Recycler,
        item,
    }))
}

/// A person claims a voucher.
pub fn claim(holder: u64, programme: &str, category: Category, turn_in: Option<Id>) -> Act {
    Act::ClaimVoucher(Box::new(ClaimVoucher {
        person: person(holder),
        key: data_key(holder),
        residence: None,
        programme: programme.into(),
        category,
        powertrain: None,
        turn_in,
        division_code: DIVISION.into(),
        device: None,
    }))
}

/// A sale at a seller of the district, as the till states it. The QR text is good for five minutes from `now`.
pub struct SaleOf {
    pub voucher: Id,
    pub holder: u64,
    pub seller: (Id, Id),
    pub item: NewItem,
    pub price: Fen,
    pub invoice: u64,
    pub turn_in: Option<Id>,
    pub now: Moment,
}

impl SaleOf {
    pub fn redeem(self) -> RedeemVoucher {
        let Self { voucher, holder, seller: (retailer, store), item, price, invoice, turn_in, now } = self;
        RedeemVoucher {
            presented: Presented { voucher, expires: now.plus_seconds(300), store: None, holder_passed: true },
            retailer,
            store,
            bound_to: None,
            item: Some(item),
            price: Some(Price { list: price, discounts: Fen::ZERO, agreed: price, paid: None }),
            invoice: Some(Invoice {
                number: synthetic::invoice_number(invoice),
                issued_on: now.day(),
                total: price,
                buyer: person(holder).name,
            }),
            delivery: Delivery::default(),
            delivery_key: None,
            turn_in,
        }
    }

    pub fn act(self) -> Act {
        Act::RedeemVoucher(Box::new(self.redeem()))
    }
}

/// A redemption is undone by a retailer.
pub fn reverse(redemption: Id, retailer: Id) -> Act {
    Act::ReverseRedemption { redemption, retailer, reason: "退货".into() }
}
