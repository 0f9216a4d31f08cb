//! The demonstration's accounts of staff: one of every role, with a password and a second factor of its own making.
//!
//! They follow from the key file, so that a second start writes the same ones into `demo.json`.

use serde_json::{Value, json};

use super::demo::submit;
use super::serve::{Started, Stopped};
use crate::domain::account::{Hidden, StaffRole};
use crate::domain::command::{Act, NewAccount};
use crate::domain::id::Id;
use crate::domain::identifier::synthetic;
use crate::password;
use crate::pii::Vault;
use crate::totp::{NoSecret, SecondFactor};

/// For whom the demonstration's staff acts.
pub(super) struct Places {
    /// The retailer.
    pub retailer: Id,
    /// Its store, where the clerk sells.
    pub store: Id,
    /// The collection point.
    pub recycler: Id,
}

/// Makes the accounts, and says how each of them signs in. The login is the role's word.
pub(super) fn seed(started: &Started, places: &Places) -> Result<Vec<Value>, Stopped> {
    (90..).zip(StaffRole::ALL).map(|(n, role)| account(started, places, *role, n)).collect()
}

fn account(started: &Started, places: &Places, role: StaffRole, n: u64) -> Result<Value, Stopped> {
    let sentence = |why: &dyn std::fmt::Display| Stopped::new(format!("the account of {role}: {why}"));
    let login = role.name();
    let password = password::first(&started.vault, Id::digest(&["demo", "password", login]));
    let factor = second_factor(&started.vault, login).map_err(|why| sentence(&why))?;
    let hash = started.identity.passwords.hash_blocking(&password).map_err(|why| sentence(&why))?;
    let new = NewAccount {
        login: login.to_owned(),
        role,
        organisation: match role {
            StaffRole::Recycler => Some(places.recycler),
            StaffRole::Clerk | StaffRole::Retailer => Some(places.retailer),
            _ => None,
        },
        store: (role == StaffRole::Clerk).then_some(places.store),
        // Cars, e-bikes and appliances: what the other departments of the plan read.
        tasks: if role == StaffRole::Reader { vec![12, 13, 14] } else { Vec::new() },
        name: started.vault.staff_name(&synthetic::person_name(n)).map_err(|why| sentence(&why))?,
        password: hash,
        totp: Some(Hidden(started.vault.seal(&factor.secret()).map_err(|why| sentence(&why))?)),
    };
    submit(started, &["account", login], Act::CreateAccount(Box::new(new)))?;
    let otpauth_uri = factor.uri().map_err(|why| sentence(&why))?;
    Ok(json!({"role": role, "login": login, "password": password, "totp_secret": factor.secret(),
        "otpauth_uri": otpauth_uri}))
}

fn second_factor(vault: &Vault, login: &str) -> Result<SecondFactor, NoSecret> {
    let halves = ["demo secret", "demo secret 2"].map(|kind| *vault.lookup(kind, login).as_bytes());
    let mut secret = [0_u8; 20];
    for (to, from) in secret.iter_mut().zip(halves.iter().flatten()) {
        *to = *from;
    }
    SecondFactor::of_bytes(secret, login)
}
