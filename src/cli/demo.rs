//! `demo`: the service with programmes, retailers, recyclers and people of its own making, ready to be tried.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use ipnet::{IpNet, Ipv4Net};
use serde_json::{Value, json};
use tracing::info;

use super::accounts;
use super::demo_issuer::DemoIssuer;
use super::safety;
use super::serve::{self, Started, Stopped};
use crate::access::{AccessClaims, Role};
use crate::api::edge::{IMPORT_BYTES, Rates};
use crate::config::{ASSISTED_CLAIMS_PER_DAY, EdgeOptions, ServeOptions, SettlementOptions, SignInOptions};
use crate::domain::command::{Act, Actor, Command, NewRecycler, NewRetailer, Outcome, Party};
use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::identifier::synthetic;
use crate::domain::programme::{Rules, from_toml};
use crate::domain::records::BankAccount;
use crate::domain::time::Moment;
use crate::engine::{Answer, Clock, Failure, Retention};

/// The district's example programmes, by the word under which `demo.json` names them.
const PROGRAMMES: [(&str, &str); 3] = [
    ("appliance", include_str!("../../programmes/nc-appl-2026.toml")),
    ("ebike", include_str!("../../programmes/nc-ebike-2026.toml")),
    ("car", include_str!("../../programmes/nc-car-2026.toml")),
];
/// The addresses of the machine itself.
const THIS_MACHINE: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8);
/// How long the demo's tokens are good for.
const TOKEN_SECONDS: i64 = 400 * 24 * 3600;
/// People of the demo.
const CONSUMERS: u64 = 10;
/// The towns and offices of the example district, each with a collection point (task 16 of the plan).
const TOWNS: [(&str, i64, i64); 4] = [
    ("艾溪湖管理处", 28_690_000, 115_990_000),
    ("昌东镇", 28_735_000, 116_060_000),
    ("麻丘镇", 28_660_000, 116_100_000),
    ("鲤鱼洲管理处", 28_850_000, 116_290_000),
];

/// What the command line says of a demonstration. `Debug` leaves the database's address out, which has a password in it.
#[derive(clap::Args, Clone)]
pub struct DemoOptions {
    /// Where data, keys and `demo.json` go.
    #[arg(long)]
    pub data_dir: PathBuf,
    /// Address to listen at; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// The moment at which the demo's clock starts, RFC 3339; the machine's clock when not said.
    #[arg(long)]
    pub now: Option<String>,
    /// Database; the embedded one in the data directory when not said.
    #[arg(long)]
    pub database_url: Option<String>,
    /// Lets others reach the demonstration, over plain HTTP, with its tokens for every role.
    #[arg(long)]
    pub insecure_public_demo: bool,
    /// Counts nobody's requests, for measurements and attacks.
    #[arg(long)]
    pub without_rates: bool,
}

impl fmt::Debug for DemoOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DemoOptions")
            .field("data_dir", &self.data_dir)
            .field("listen", &self.listen)
            .finish_non_exhaustive()
    }
}

/// Runs the demonstration until it is told to stop.
///
/// # Errors
/// With a sentence for the person at the terminal.
pub fn run(options: &DemoOptions) -> Result<(), Stopped> {
    let said = options.now.as_deref().map(|text| {
        Moment::parse(text)
            .map_err(|_| Stopped::new(format!("--now {text}: expected RFC 3339, such as 2026-06-18T10:00:00+08:00")))
    });
    let said = said.transpose()?;
    let listener = serve::listen(&options.listen)?;
    let address = listener.local_addr().map_err(|why| Stopped::new(why.to_string()))?;
    safety::judge_demo(options.insecure_public_demo, address)?;
    fs::create_dir_all(&options.data_dir).map_err(|why| Stopped::at(&options.data_dir, &why))?;
    let id_provider = DemoIssuer::open(&options.data_dir)?;
    let serve_options = ServeOptions {
        data_dir: options.data_dir.clone(),
        database_url: options.database_url.clone(),
        key_file: None,
        master_key: None,
        listen: options.listen.clone(),
        division: "360111".to_owned(),
        schema: None,
        issuer: "huanxin-demo".to_owned(),
        issuers: Some(id_provider.configuration().to_owned()),
        batch_max: 256,
        queue: 4096,
        readers: 8,
        assisted_claims_per_day: ASSISTED_CLAIMS_PER_DAY,
        import_bytes: IMPORT_BYTES,
        settlement: SettlementOptions::default(),
        sign_in: SignInOptions::usual(),
        audit_sink: None,
        evidence_url: None,
        towns: None,
        // Whoever tries it out has a system on the same machine.
        webhook_networks: vec![IpNet::V4(THIS_MACHINE)],
        // By the log of commands the demonstration finds what it has loaded.
        retention: Retention { command_hours: 1_000_000, ..Retention::default() },
        edge: EdgeOptions {
            rates: if options.without_rates { Rates::NONE } else { Rates::USUAL },
            ..EdgeOptions::default()
        },
    };
    let base_url = serve::base_url(&listener)?;
    let started = serve::start(&serve_options, |last| choose_clock(said, last))?;
    let demo = seed(&started, &id_provider, &base_url)?;
    write_json(&options.data_dir.join("demo.json"), &demo)?;
    serve::announce(&format!("demo accounts and tokens: {}", options.data_dir.join("demo.json").display()));
    serve::serve(started, listener, &base_url)
}

/// The clock of a demonstration whose newest record is of `last`: from `--now`, or the machine's; where that is
/// already past, the demonstration goes on from its newest record.
fn choose_clock(said: Option<Moment>, last: Moment) -> Result<Clock, Stopped> {
    match said {
        Some(now) if now < last => {
            Err(Stopped::new(format!("--now {now} lies before the newest record of this data, which is of {last}")))
        }
        Some(now) => Ok(Clock::starting_at(now)),
        None if Clock::default().now() < last => Ok(Clock::starting_at(last)),
        None => Ok(Clock::default()),
    }
}

/// Loads what the demo has, each step under a name of its own, so that a second start finds it done.
///
/// # Errors
/// With a sentence.
pub fn seed(started: &Started, id_provider: &DemoIssuer, base_url: &str) -> Result<Value, Stopped> {
    let mut programmes = serde_json::Map::new();
    let mut ids = Vec::new();
    for (word, text) in PROGRAMMES {
        let rules = from_toml(text).map_err(|faults| Stopped::new(format!("{word}: {faults:?}")))?;
        ids.push(rules.id.clone());
        programmes.insert(word.to_owned(), Value::String(rules.id.clone()));
        publish(started, rules)?;
    }
    let retailer = retailer(started, "gaoxin-dianqi", 1, "南昌高新电器有限公司", &ids)?;
    let store = store(started, retailer, "艾溪湖店", "南昌市高新区艾溪湖北路 88 号", "艾溪湖管理处")?;
    let second = self::retailer(started, "changdong-chehang", 2, "南昌昌东车行有限公司", &ids)?;
    self::store(started, second, "昌东店", "南昌市高新区昌东大道 16 号", "昌东镇")?;
    let mut recyclers = Vec::new();
    for (at, (town, latitude, longitude)) in TOWNS.into_iter().enumerate() {
        recyclers.push(recycler(started, at, town, (latitude, longitude))?);
    }
    let recycler = recyclers.first().copied().unwrap_or(Id::NIL);
    info!(programmes = ids.len(), recyclers = recyclers.len(), "the demo's data is there");
    let consumers: Vec<Value> = (1..=CONSUMERS)
        .map(|n| json!({"name": synthetic::person_name(n), "resident_id": synthetic::resident_id(n)}))
        .collect();
    let tokens = (1..=CONSUMERS).map(|n| consumer_token(started, id_provider, n)).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({
        "base_url": base_url,
        // For whoever makes one-time codes: `--now` moves the clock by so much.
        "clock_ahead_seconds": started.division.now().seconds().saturating_sub(Clock::default().now().seconds()),
        "tokens": {
            "consumer": tokens,
            "recycler": staff_token(started, Role::Recycler, Some(recycler))?,
            "retailer": staff_token(started, Role::Retailer, Some(retailer))?,
            "officer": staff_token(started, Role::Officer, None)?,
            "reviewer": staff_token(started, Role::Reviewer, None)?,
            "approver": staff_token(started, Role::Approver, None)?,
            "finance": staff_token(started, Role::Finance, None)?,
            "auditor": staff_token(started, Role::Auditor, None)?,
            "admin": staff_token(started, Role::Admin, None)?,
            "reader": reader_token(started)?,
            "assistant": staff_token(started, Role::Assistant, Some(Id::digest(&["demo", "service point"])))?,
        },
        "accounts": accounts::seed(started, &accounts::Places { retailer, store, recycler })?,
        "consumers": consumers,
        "store_id": store,
        "programmes": programmes,
    }))
}

fn publish(started: &Started, rules: Rules) -> Result<(), Stopped> {
    let programme = rules.id.clone();
    submit(started, &["create", &programme], Act::CreateProgramme(Box::new(rules)))?;
    submit(started, &["publish", &programme], Act::PublishProgramme { programme: programme.clone() })?;
    Ok(())
}

fn retailer(started: &Started, word: &str, n: u64, name: &str, programmes: &[String]) -> Result<Id, Stopped> {
    let sealed = |why: crate::pii::VaultError| Stopped::new(why.to_string());
    let new = NewRetailer {
        name: name.to_owned(),
        uscc: synthetic::uscc(n),
        divisions: vec!["360111".to_owned()],
        account: BankAccount {
            bank: "中国工商银行南昌高新支行".to_owned(),
            number: started.vault.account(&format!("15022010090{n:08}")).map_err(sealed)?,
            name: name.to_owned(),
        },
        contact: Some(started.vault.mobile(&synthetic::mobile(n)).map_err(sealed)?),
    };
    let id = match submit(started, &["retailer", word], Act::RegisterRetailer(Box::new(new)))? {
        Outcome::Retailer(row) => row.id,
        other => return Err(unexpected(&other)),
    };
    let approve = Act::Approve { party: Party::Retailer, id, programmes: programmes.to_vec() };
    submit(started, &["approve", word], approve)?;
    Ok(id)
}

fn store(started: &Started, retailer: Id, name: &str, address: &str, town: &str) -> Result<Id, Stopped> {
    let act = Act::AddStore {
        retailer,
        name: name.to_owned(),
        address: address.to_owned(),
        division_code: "360111".to_owned(),
        town: town.to_owned(),
    };
    match submit(started, &["store", name], act)? {
        Outcome::Store(row) => Ok(row.id),
        other => Err(unexpected(&other)),
    }
}

fn recycler(started: &Started, at: usize, town: &str, (latitude, longitude): (i64, i64)) -> Result<Id, Stopped> {
    let number = u64::try_from(at).unwrap_or(0) + 100;
    let new = NewRecycler {
        name: format!("{town}再生资源回收站"),
        uscc: synthetic::uscc(number),
        address: format!("南昌市高新区{town}"),
        division_code: "360111".to_owned(),
        town: town.to_owned(),
        opening_hours: Some("每日 8:30–18:00".to_owned()),
        latitude_micro: Some(latitude),
        longitude_micro: Some(longitude),
        categories: Category::ALL.to_vec(),
    };
    match submit(started, &["recycler", town], Act::RegisterRecycler(Box::new(new)))? {
        Outcome::Recycler(row) => Ok(row.id),
        other => Err(unexpected(&other)),
    }
}

pub(super) fn submit(started: &Started, step: &[&str], act: Act) -> Result<Outcome, Stopped> {
    let words: Vec<&str> = std::iter::once("demo").chain(step.iter().copied()).collect();
    let id = Id::digest(&words);
    let actor = Actor { id: Id::digest(&["demo"]), role: "system".to_owned(), organisation: None };
    let command = Command { id, fingerprint: id, actor, request_id: "demo".to_owned(), act };
    match started.division.submit_blocking(command) {
        Ok(Answer { outcome, .. }) => Ok(outcome),
        Err(Failure::Refused(refusals)) => Err(Stopped::new(format!("{}: {refusals:?}", words.join(" ")))),
        Err(failure) => Err(Stopped::new(format!("{}: {failure:?}", words.join(" ")))),
    }
}

fn unexpected(outcome: &Outcome) -> Stopped {
    Stopped::new(format!("an answer of another kind: {outcome:?}"))
}

fn consumer_token(started: &Started, id_provider: &DemoIssuer, n: u64) -> Result<String, Stopped> {
    let claims = id_provider.claims(&format!("consumer-{n}"), started.division.now(), TOKEN_SECONDS);
    let named =
        AccessClaims { name: Some(synthetic::person_name(n)), resident_id: Some(synthetic::resident_id(n)), ..claims };
    id_provider.issue(&named).map_err(|_| not_signed())
}

fn staff_token(started: &Started, role: Role, org: Option<Id>) -> Result<String, Stopped> {
    let claims = started.tokens.claims(&format!("{role}-1"), role, started.division.now(), TOKEN_SECONDS);
    issue(started, &AccessClaims { org, ..claims })
}

/// A department that answers for the plan's three tasks.
fn reader_token(started: &Started) -> Result<String, Stopped> {
    let claims = started.tokens.claims("reader-1", Role::Reader, started.division.now(), TOKEN_SECONDS);
    issue(started, &AccessClaims { tasks: vec![12, 13, 14], ..claims })
}

fn issue(started: &Started, claims: &AccessClaims) -> Result<String, Stopped> {
    started.tokens.issue(claims).map_err(|_| not_signed())
}

fn not_signed() -> Stopped {
    Stopped::new("a token could not be signed".to_owned())
}

/// Written beside and then moved, so that who waits for the file never reads half of it.
fn write_json(path: &Path, value: &Value) -> Result<(), Stopped> {
    let beside = path.with_extension("json.new");
    let text = format!("{value:#}\n");
    fs::write(&beside, text).and_then(|()| fs::rename(&beside, path)).map_err(|why| Stopped::at(path, &why))
}
