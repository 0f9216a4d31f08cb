//! The data keys of a division: its own, which is made at the first start, and all of them when the master key changes.

use std::path::Path;
use std::time::Duration;

use super::serve::{self, Stopped};
use crate::config::DivisionOptions;
use crate::domain::command::{Act, Command, Outcome, Rewrapped};
use crate::domain::id::Id;
use crate::domain::personal::DataKey;
use crate::engine::{Clock, Division, Failure, system};
use crate::master_key::Source;
use crate::pii::{Vault, VaultError};

/// Data keys that one command wraps anew.
const PAGE: i64 = 200;
/// A master key is given up at the earliest so long after the file was changed: a command that another process had
/// sealed before, and that waited, is then done or gone.
const SETTLED: Duration = Duration::from_mins(1);

/// What the command line says of a change of the master key.
#[derive(clap::Args, Clone)]
pub struct RotateOptions {
    /// The division.
    #[command(flatten)]
    pub place: DivisionOptions,
    /// Gives the keys before the current one up, once no data key is wrapped with them; makes no new one.
    #[arg(long)]
    pub retire: bool,
}

/// Changes the master key while the service runs: a new one stands first in the file, and all data keys are wrapped with
/// it. Of keys that come from the environment or a command, the first is taken as it is. Gives a sentence.
///
/// # Errors
/// With a sentence.
pub fn rotate_master(options: &RotateOptions, clock: Clock) -> Result<String, Stopped> {
    let sentence = |why: &dyn std::fmt::Display| Stopped::new(why.to_string());
    let place = &options.place;
    let masters = place.masters().map_err(|why| sentence(&why))?;
    let in_a_file = masters.in_a_file();
    if options.retire {
        let file = place.data_dir.join("master.key");
        let file = match &place.master_key {
            Some(Source::File(path)) => path,
            _ => &file,
        };
        if !in_a_file {
            return Err(sentence(&"the keys before the current one are given up where they come from"));
        }
        wait_until_settled(file)?;
    } else if in_a_file {
        masters.put_new_first().map_err(|why| sentence(&why))?;
    }
    let database = serve::open(&place.database(), place.schema.as_deref())?;
    let (division, vault) = serve::beside(place, database, masters, clock)?;
    let count = rewrap_all(&division, &vault)?;
    division.close();
    let kid = vault.masters().current();
    if options.retire {
        vault.masters().keep_current().map_err(|why| sentence(&why))?;
        return Ok(format!("master key {kid} alone is kept; {count} data keys wrapped with it"));
    }
    Ok(format!("master key {kid} is the current one; {count} data keys wrapped with it"))
}

fn wait_until_settled(file: &Path) -> Result<(), Stopped> {
    let age = std::fs::metadata(file).and_then(|about| about.modified()).map(|at| at.elapsed().unwrap_or_default());
    if age.map_err(|why| Stopped::at(file, &why))? < SETTLED {
        let seconds = SETTLED.as_secs();
        return Err(Stopped::at(
            file,
            &format!("changed less than {seconds} s ago; what waits may still need the old key"),
        ));
    }
    Ok(())
}

/// Takes the division's data key into use; the first start makes it.
///
/// # Errors
/// With a sentence.
pub fn adopt_division_key(division: &Division, vault: &Vault) -> Result<(), Stopped> {
    let mut keys = division_keys(division)?;
    if keys.is_empty() {
        let key = vault.new_division_key().map_err(|why| Stopped::new(why.to_string()))?;
        match submit(division, &["division key", &key.id.to_string()], Act::AddDivisionKey(key)) {
            // Another process was faster: its key is the division's.
            Ok(_) | Err(Failure::Refused(_)) => {}
            Err(failure) => return Err(failed(&failure)),
        }
        keys = division_keys(division)?;
    }
    vault.adopt(&keys).map_err(|why| refused(vault, &keys, why))
}

fn division_keys(division: &Division) -> Result<Vec<DataKey>, Stopped> {
    division.read_blocking(|tx| tx.data_keys(&[Id::NIL])).map_err(|failure| failed(&failure))
}

fn refused(vault: &Vault, keys: &[DataKey], why: VaultError) -> Stopped {
    let wanted: Vec<&str> = keys.iter().map(|key| key.master_kid.as_str()).collect();
    let known = vault.masters().kids().join(", ");
    Stopped::new(format!(
        "{why}: the division's data key asks for {}, and the master key is {known}",
        wanted.join(", ")
    ))
}

/// Wraps every data key with the current master key that another one wraps; gives how many. The service may run: each
/// page is a command like any other, and a key that was destroyed or wrapped meanwhile is passed over.
///
/// # Errors
/// With a sentence, when a data key cannot be unwrapped or the database cannot take the page.
pub fn rewrap_all(division: &Division, vault: &Vault) -> Result<usize, Stopped> {
    let mut count = 0;
    loop {
        let master = vault.masters().current();
        let page = division.read_blocking(|tx| tx.keys_not_under(&master, PAGE)).map_err(|failure| failed(&failure))?;
        if page.is_empty() {
            return Ok(count);
        }
        let rewrapped: Vec<Rewrapped> = page.iter().map(|key| rewrap(vault, key)).collect::<Result<_, _>>()?;
        let names: Vec<String> = page.iter().map(|key| key.id.to_string()).collect();
        let step = Id::digest(&names.iter().map(String::as_str).collect::<Vec<_>>()).to_string();
        let answer = submit(division, &["rewrap", &master, &step], Act::RewrapKeys(rewrapped));
        match answer.map_err(|failure| failed(&failure))? {
            Outcome::DataKeys { count: done } => count += done,
            other => return Err(Stopped::new(format!("an answer of another kind: {other:?}"))),
        }
    }
}

fn rewrap(vault: &Vault, key: &DataKey) -> Result<Rewrapped, Stopped> {
    let told = |why: VaultError| Stopped::new(format!("data key {} under {}: {why}", key.id, key.master_kid));
    let again = vault.rewrap(key).map_err(told)?;
    Ok(Rewrapped { person: key.person, before: key.master_kid.clone(), key: again })
}

fn submit(division: &Division, step: &[&str], act: Act) -> Result<Outcome, Failure> {
    let id = Id::digest(step);
    let command = Command { id, fingerprint: id, actor: system(), request_id: step[0].to_owned(), act };
    division.submit_blocking(command).map(|answer| answer.outcome)
}

fn failed(failure: &Failure) -> Stopped {
    Stopped::new(format!("the data keys cannot be had: {failure:?}"))
}
