//! Checkpoints as signed statements: a compact JWS with a key and a `typ` of their own, so that nothing else that the
//! service signs can pass for one. Whoever has the public keys can check one without the service.

use std::sync::{PoisonError, RwLock};

use jsonwebtoken::{Algorithm, DecodingKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::checkpoint::{Checkpoint, NewCheckpoint};
use crate::domain::time::Moment;
use crate::engine::Notary;
use crate::jws::{Kind, TokenFault};
use crate::keys::{KeyRing, SigningPair};

/// What sets a checkpoint apart from the tokens of the service.
const CHECKPOINT: Kind = Kind { typ: "checkpoint+jwt", algorithm: Algorithm::EdDSA };

/// What a checkpoint says: in this district the first `size` records of the trail have this root, and the last of them
/// has this hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Division code.
    pub division: String,
    /// Number of the checkpoint.
    pub number: i64,
    /// How many records.
    pub size: i64,
    /// Merkle root (RFC 6962) over the records' hashes, in hexadecimal.
    pub root: String,
    /// Hash of the last record.
    pub head: String,
    /// When it was made.
    pub at: Moment,
}

impl Statement {
    /// Whether a stored checkpoint says the same, its own division aside.
    #[must_use]
    pub fn says_the_same_as(&self, stored: &Checkpoint) -> bool {
        let Self { number, size, root, head, at, .. } = self;
        (*number, *size, root, head, *at) == (stored.number, stored.size, &stored.root, &stored.head, stored.at)
    }
}

/// Signs checkpoints with the key that is current.
#[derive(Debug)]
pub struct CheckpointNotary(RwLock<Option<SigningPair>>);

impl CheckpointNotary {
    /// With the keys of a ring.
    #[must_use]
    pub fn new(keys: &KeyRing) -> Self {
        Self(RwLock::new(keys.checkpoint_keys().first().cloned()))
    }

    /// Signs with these from now on.
    pub fn take_keys(&self, keys: &KeyRing) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = keys.checkpoint_keys().first().cloned();
    }
}

impl Notary for CheckpointNotary {
    fn sign(&self, division: &str, new: &NewCheckpoint) -> Result<String, String> {
        let statement = Statement {
            division: division.to_owned(),
            number: new.number,
            size: new.size,
            root: new.root.clone(),
            head: new.head.clone(),
            at: new.at,
        };
        let pair = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        let pair = pair.ok_or("there is no key for checkpoints")?;
        CHECKPOINT.sign(pair.kid(), pair.signer(), &statement).map_err(|why| why.to_string())
    }
}

/// Public keys, of which each is known by its name.
#[derive(Clone)]
pub struct CheckpointKeys(Vec<(String, DecodingKey)>);

impl CheckpointKeys {
    /// Those of a JWK set that sign checkpoints; a key of another use or form is passed over.
    #[must_use]
    pub fn of_jwks(set: &Value) -> Self {
        let keys = set.get("keys").and_then(Value::as_array).into_iter().flatten();
        let read = |key: &Value| {
            let text = |name: &str| key.get(name).and_then(Value::as_str);
            if text("crv") != Some("Ed25519") || text("kind") != Some("checkpoint") {
                return None;
            }
            Some((text("kid")?.to_owned(), DecodingKey::from_ed_components(text("x")?).ok()?))
        };
        Self(keys.filter_map(read).collect())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads a statement and finds its signature good.
    ///
    /// # Errors
    /// With what is wrong with it.
    pub fn read(&self, text: &str) -> Result<Statement, TokenFault> {
        CHECKPOINT.read(text.trim(), |kid| self.0.iter().find(|(name, _)| name == kid).map(|(_, key)| key))
    }

    /// Whether a stored checkpoint's statement is genuine and says what the row says.
    ///
    /// # Errors
    /// With what is wrong.
    pub fn judge(&self, stored: &Checkpoint) -> Result<(), String> {
        let statement = self.read(&stored.statement).map_err(|fault| format!("its signed statement: {fault}"))?;
        if statement.says_the_same_as(stored) { Ok(()) } else { Err("its signed statement says something else".into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{AccessTokens, Role};
    use crate::domain::id::Id;

    fn new() -> NewCheckpoint {
        let (root, head) = ("ab".repeat(32), "cd".repeat(32));
        NewCheckpoint {
            number: 3,
            size: 700,
            root,
            head,
            at: Moment(1_000_000),
            statement: String::new(),
            blocks: vec![],
        }
    }

    fn stored(statement: String) -> Checkpoint {
        let NewCheckpoint { number, size, root, head, at, .. } = new();
        Checkpoint { id: Id::NIL, number, size, root, head, at, statement }
    }

    #[test]
    fn a_statement_is_read_with_the_published_keys_and_no_others() {
        let ring = KeyRing::generate().unwrap();
        let statement = CheckpointNotary::new(&ring).sign("360111", &new()).unwrap();
        let keys = CheckpointKeys::of_jwks(&ring.jwks());
        assert_eq!(keys.read(&format!("{statement}\n")).unwrap().division, "360111");
        keys.judge(&stored(statement.clone())).unwrap();
        let another = Checkpoint { size: 701, ..stored(statement.clone()) };
        keys.judge(&another).unwrap_err();
        let others = CheckpointKeys::of_jwks(&KeyRing::generate().unwrap().jwks());
        assert_eq!(others.read(&statement), Err(TokenFault::UnknownKey));
        for changed in crate::jws::forge::each_character_changed(&statement) {
            assert!(keys.read(&changed).is_err(), "{changed}");
        }
    }

    #[test]
    fn nothing_else_that_is_signed_is_a_checkpoint() {
        let ring = KeyRing::generate().unwrap();
        let tokens = AccessTokens::new(&ring, "huanxin").unwrap();
        let token = tokens.issue(&tokens.claims("somebody", Role::Auditor, Moment(0), 60)).unwrap();
        assert!(CheckpointKeys::of_jwks(&ring.jwks()).read(&token).is_err());
        let statement = CheckpointNotary::new(&ring).sign("360111", &new()).unwrap();
        assert!(tokens.verify(&statement, Moment(0)).is_err());
    }
}
