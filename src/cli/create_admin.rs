//! `create-admin`: the first administrator, who then makes every other account. It is a command of the system like any
//! other, so that it stands in the trail; whoever runs it has the keys and the database anyway.

use std::path::PathBuf;

use super::personal;
use super::serve::{self, Stopped};
use crate::config::{self, SignInOptions, database_url};
use crate::domain::account::{Account, StaffRole};
use crate::domain::command::{Act, Command, NewAccount};
use crate::domain::id::Id;
use crate::engine::{Clock, Division, Failure, Settings, system};
use crate::master_key::Source;
use crate::password::{self, Passwords};
use crate::pii::Vault;

/// Characters of the longest name.
const LONGEST_NAME: usize = 200;

/// What the command line says of it.
#[derive(clap::Args, Clone)]
pub struct CreateAdminOptions {
    /// What the administrator signs in with: 3 to 64 letters, digits or . _ - @.
    #[arg(long)]
    pub login: String,
    /// The administrator's name.
    #[arg(long)]
    pub name: String,
    /// Directory of the embedded database, the key file and the master key.
    #[arg(long, env = "HUANXIN_DATA_DIR", default_value = "data")]
    pub data_dir: PathBuf,
    /// Database; the embedded one when not said.
    #[arg(long, env = "HUANXIN_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Schema of the division on PostgreSQL.
    #[arg(long, env = "HUANXIN_SCHEMA")]
    pub schema: Option<String>,
    /// Division code.
    #[arg(long, env = "HUANXIN_DIVISION", default_value = "360111")]
    pub division: String,
    /// Key file; `keys.json` in the data directory when not said.
    #[arg(long, env = "HUANXIN_KEY_FILE")]
    pub key_file: Option<PathBuf>,
    /// Master key, as `serve` takes it.
    #[arg(long, env = "HUANXIN_MASTER_KEY")]
    pub master_key: Option<Source>,
}

/// Makes the account, when there is no administrator who could make it, and gives its login and first password, which is
/// kept nowhere. The service may run: the engine's lock is the database's.
///
/// # Errors
/// With a sentence.
pub fn run(options: &CreateAdminOptions, clock: Clock) -> Result<String, Stopped> {
    let sentence = |why: &dyn std::fmt::Display| Stopped::new(why.to_string());
    let (login, name) = (login(&options.login)?, name(&options.name)?);
    std::fs::create_dir_all(&options.data_dir).map_err(|why| Stopped::at(&options.data_dir, &why))?;
    let url = database_url(&options.data_dir, options.database_url.as_deref());
    let database = serve::open(&url, options.schema.as_deref())?;
    database.migrate(&mut |_| {}).map_err(|why| sentence(&why))?;
    let key_file = options.key_file.clone().unwrap_or_else(|| options.data_dir.join("keys.json"));
    let keys = serve::keys(&key_file, clock.now())?;
    let masters = config::master_keys(&options.data_dir, options.master_key.as_ref()).map_err(|why| sentence(&why))?;
    let vault = Vault::new(&keys, masters);
    let settings = Settings { readers: 1, clock, ..Settings::new(&options.division, database) };
    let division = Division::open(&settings).map_err(|why| sentence(&why))?;
    let made = make(&division, &vault, &login, &name);
    division.close();
    let first = made?;
    Ok(format!(
        "the administrator {login} has the first password {first}\nIt is shown this once. The first sign-in has to change \
         it and to set up a second factor."
    ))
}

fn make(division: &Division, vault: &Vault, login: &str, name: &str) -> Result<String, Stopped> {
    let sentence = |why: &dyn std::fmt::Display| Stopped::new(why.to_string());
    let (before, taken) = {
        let key = Account::key(login);
        let read = division.read_blocking(move |tx| Ok((tx.accounts_of_role(StaffRole::Admin)?, tx.account(key)?)));
        read.map_err(|failure| failed(&failure))?
    };
    if let Some(admin) = before.iter().find(|account| !account.disabled) {
        let login = &admin.login;
        return Err(Stopped::new(format!("there is an administrator already, {login}, who makes all other accounts")));
    }
    if taken.is_some() {
        return Err(Stopped::new(format!("the login {login} is taken; a login is given once")));
    }
    personal::adopt_division_key(division, vault)?;
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).map_err(|why| sentence(&why))?;
    let chance = Id::from_prefix(&random);
    let first = password::first(vault, chance);
    let passwords = Passwords::new(vault, SignInOptions::usual().cost()).map_err(|why| sentence(&why))?;
    let new = NewAccount {
        login: login.to_owned(),
        role: StaffRole::Admin,
        organisation: None,
        store: None,
        tasks: Vec::new(),
        name: vault.contact(name).map_err(|why| sentence(&why))?,
        password: passwords.hash_blocking(&first).map_err(|why| sentence(&why))?,
        totp: None,
    };
    // Named after the administrators there were: of two that are made at the same time, one is the first, and the other
    // the same request with another meaning, which is refused.
    let ids: Vec<String> = before.iter().map(|account| account.id.to_string()).collect();
    let id = Id::digest(&["create-admin", &ids.join(" ")]);
    let act = Act::CreateAccount(Box::new(new));
    let request_id = "create-admin".to_owned();
    let command = Command { id, fingerprint: chance, actor: system(), request_id, act };
    match division.submit_blocking(command) {
        Ok(_) => Ok(first),
        Err(failure) => Err(failed(&failure)),
    }
}

fn login(said: &str) -> Result<String, Stopped> {
    let login = said.trim().to_ascii_lowercase();
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-@".contains(&byte);
    if (3..=64).contains(&login.len()) && login.bytes().all(known) {
        return Ok(login);
    }
    Err(Stopped::new("--login takes 3 to 64 letters, digits or . _ - @".to_owned()))
}

fn name(said: &str) -> Result<String, Stopped> {
    let name = said.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(Stopped::new(format!("--name takes a name of at most {LONGEST_NAME} characters")));
    }
    Ok(name.to_owned())
}

fn failed(failure: &Failure) -> Stopped {
    Stopped::new(match failure {
        Failure::Refused(_) => "somebody else made an administrator at the same moment".to_owned(),
        Failure::Busy => "the database is busy: try again".to_owned(),
        failure => format!("the account could not be made: {failure:?}"),
    })
}
