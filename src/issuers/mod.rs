//! Identity providers that are trusted to say who a consumer is, and nothing else (`OpenID` Connect; the tokens are JWT,
//! RFC 7519). Each is configured with its name, its audience, and where its public keys are found.
//!
//! Keys come from a file or from a URL. They are fetched in the background (`refresh.rs`): before they are too old, and
//! once when a token names a key that is not among them. An issuer that is away changes nothing: its last good keys
//! stand.

mod config;
mod key_set;
mod refresh;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::{Map, Value};

use crate::access::{AccessClaims, AccessInvalid, Role};
use crate::jws::{TokenFault, read_signed};
pub use config::IssuersUnusable;
pub use key_set::KeySetUnusable;
use key_set::{Algorithms, KeySet};
use refresh::Fetch;
pub use refresh::Pace;

/// The longest `sub`: `OpenID` Connect Core, 2.
const LONGEST_SUBJECT: usize = 255;

/// The issuers that are trusted, and the thread that keeps their keys fresh. It ends some time after this does.
#[derive(Default)]
pub struct Issuers {
    all: Arc<Vec<Issuer>>,
    /// Keys that were known and are no more, counted up.
    removed: Arc<AtomicU64>,
    /// Asks for an issuer's keys, by its place in the list.
    wanted: Option<SyncSender<usize>>,
}

/// Where an issuer's keys are found.
#[derive(Clone, Debug)]
enum Source {
    /// A file, looked at every few seconds.
    File(PathBuf),
    /// A URL.
    Url(Arc<Fetch>),
}

/// An identity provider.
struct Issuer {
    /// `iss`, letter by letter.
    name: String,
    /// What must stand in `aud`.
    audience: String,
    /// What may stand in `typ`, in lower case; a token without one is a `jwt`.
    types: Vec<String>,
    /// With what it may sign.
    algorithms: Algorithms,
    /// Which claim is the person's name.
    name_claim: String,
    /// Which claim is the person's identity number.
    number_claim: String,
    /// By how many seconds its clock may differ.
    leeway: i64,
    source: Source,
    keys: RwLock<Arc<KeySet>>,
}

impl Issuers {
    /// Reads the file of issuers, and their keys for the first time: a key file that cannot be used is an error, a URL
    /// that does not answer is asked again later.
    ///
    /// # Errors
    /// With what is wrong in which file.
    pub fn open(file: &Path, pace: Pace) -> Result<Self, IssuersUnusable> {
        let all = Arc::new(config::read(file)?);
        let removed = Arc::new(AtomicU64::new(0));
        for issuer in all.iter() {
            if let Source::File(path) = &issuer.source {
                let set = refresh::read_file(path, issuer.algorithms);
                issuer.take(set.map_err(|why| IssuersUnusable::at(path, &why))?);
            }
        }
        let wanted = refresh::start(Arc::clone(&all), Arc::clone(&removed), pace);
        let wanted = wanted.map_err(|why| IssuersUnusable::at(file, &why))?;
        Ok(Self { all, removed, wanted: Some(wanted) })
    }

    /// How many keys were known once and are no more: when this changes, what was verified before may not hold.
    pub(crate) fn removed(&self) -> u64 {
        self.removed.load(Ordering::Acquire)
    }

    /// Whether one of these is called so.
    pub(crate) fn names(&self, issuer: &str) -> bool {
        self.all.iter().any(|one| one.name == issuer)
    }

    /// Reads a token that says that it is of this issuer. Its times are the caller's to judge; the leeway is in them.
    ///
    /// # Errors
    /// With the first thing that is wrong.
    pub(crate) fn read(&self, issuer: &str, token: &str) -> Result<AccessClaims, AccessInvalid> {
        let (at, issuer) =
            self.all.iter().enumerate().find(|(_, one)| one.name == issuer).ok_or(AccessInvalid::Issuer)?;
        let read = issuer.read(token);
        if let (Err(AccessInvalid::Token(TokenFault::UnknownKey)), Some(wanted)) = (&read, &self.wanted) {
            // When others wait already, one more changes nothing.
            let _ = wanted.try_send(at);
        }
        read
    }
}

impl fmt::Debug for Issuers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all.iter().map(|issuer| &issuer.name)).finish()
    }
}

impl Issuer {
    fn keys(&self) -> Arc<KeySet> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Goes on with these keys; says whether any of before is gone.
    fn take(&self, set: KeySet) -> bool {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let lost = !keys.is_within(&set);
        *keys = Arc::new(set);
        lost
    }

    fn read(&self, token: &str) -> Result<AccessClaims, AccessInvalid> {
        let keys = self.keys();
        let claims: Map<String, Value> = read_signed(token, |header| {
            if !self.takes(header.typ.as_deref().unwrap_or("jwt")) {
                return Err(TokenFault::Type);
            }
            let key = header.kid.as_deref().and_then(|kid| keys.get(kid)).ok_or(TokenFault::UnknownKey)?;
            // The algorithm is the key's, never the token's.
            if header.alg == key.algorithm { Ok((&key.verifier, key.algorithm)) } else { Err(TokenFault::Algorithm) }
        })?;
        self.consumer(&claims)
    }

    /// Media types are compared without regard to case, and `application/` may be left out (RFC 7515, 4.1.9).
    fn takes(&self, typ: &str) -> bool {
        let lower = typ.to_ascii_lowercase();
        let short = lower.strip_prefix("application/").unwrap_or(&lower);
        self.types.iter().any(|one| one == short)
    }

    /// Whom the claims speak of: a consumer, whatever else they say.
    fn consumer(&self, claims: &Map<String, Value>) -> Result<AccessClaims, AccessInvalid> {
        let text = |name: &str| match claims.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(TokenFault::Claims),
        };
        let time = |name: &str| match claims.get(name) {
            None => Ok(None),
            Some(Value::Number(number)) => seconds(number).map(Some).ok_or(TokenFault::Claims),
            Some(_) => Err(TokenFault::Claims),
        };
        if text("iss")?.as_ref() != Some(&self.name) {
            return Err(AccessInvalid::Issuer);
        }
        if !is_meant_for(claims.get("aud"), &self.audience) {
            return Err(AccessInvalid::Audience);
        }
        if text("role")?.is_some_and(|role| role != Role::Consumer.name()) {
            return Err(AccessInvalid::Role);
        }
        let fits = |sub: &String| (1..=LONGEST_SUBJECT).contains(&sub.len());
        let sub = text("sub")?.filter(fits).ok_or(TokenFault::Claims)?;
        let (iat, exp) = (time("iat")?.ok_or(TokenFault::Claims)?, time("exp")?.ok_or(TokenFault::Claims)?);
        // What is issued in the future does not hold yet either.
        let begins = time("nbf")?.unwrap_or(iat).max(iat);
        Ok(AccessClaims {
            iat,
            nbf: begins.saturating_sub(self.leeway),
            exp: exp.saturating_add(self.leeway),
            name: text(&self.name_claim)?,
            resident_id: text(&self.number_claim)?,
            ..AccessClaims::bare(&self.name, &sub, Role::Consumer)
        })
    }
}

/// Whether `aud`, a string or a list of strings (RFC 7519, 4.1.3), names the audience.
fn is_meant_for(aud: Option<&Value>, audience: &str) -> bool {
    match aud {
        Some(Value::String(one)) => one == audience,
        Some(Value::Array(many)) => {
            many.iter().all(Value::is_string) && many.iter().any(|one| one.as_str() == Some(audience))
        }
        _ => false,
    }
}

/// Whole seconds of a `NumericDate` (RFC 7519, 2), which may have a fraction.
fn seconds(number: &serde_json::Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let text = number.to_string();
        let (whole, fraction) = text.split_once('.')?;
        fraction.bytes().all(|byte| byte.is_ascii_digit()).then(|| whole.parse().ok()).flatten()
    })
}

#[cfg(test)]
pub(crate) mod tests;
