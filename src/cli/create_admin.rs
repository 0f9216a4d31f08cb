//! `create-admin`: the first administrator, who then makes every other account. It is a command of the system like any
//! other, so that it stands in the trail; whoever runs it has the keys and the database anyway.

use super::personal;
use super::serve::{self, Stopped};
use crate::config::{DivisionOptions, SignInOptions};
use crate::domain::account::{Account, StaffRole};
use crate::domain::command::{Act, Command, NewAccount};
use crate::domain::id::Id;
use crate::engine::{Clock, Division, Failure, system};
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
    /// The division.
    #[command(flatten)]
    pub place: DivisionOptions,
}

/// Makes the account, when there is no administrator who could make it, and gives its login and first password, which is
/// kept nowhere. The service may run: the engine's lock is the database's.
///
/// # Errors
/// With a sentence.
pub fn run(options: &CreateAdminOptions, clock: Clock) -> Result<String, Stopped> {
    let sentence = |why: &dyn std::fmt::Display| Stopped::new(why.to_string());
    let (login, name) = (login(&options.login)?, name(&options.name)?);
    let place = &options.place;
    std::fs::create_dir_all(&place.data_dir).map_err(|why| Stopped::at(&place.data_dir, &why))?;
    let database = serve::open(&place.database(), place.schema.as_deref())?;
    database.migrate(&mut |_| {}).map_err(|why| sentence(&why))?;
    let masters = place.masters().map_err(|why| sentence(&why))?;
    let (division, vault) = serve::beside(place, database, masters, clock)?;
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
        name: vault.staff_name(name).map_err(|why| sentence(&why))?,
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
    Account::login(said).ok_or_else(|| Stopped::new(format!("--login takes {}", Account::LOGIN)))
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
