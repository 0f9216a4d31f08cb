//! An issuer's public keys, from its JWK set (RFC 7517). Each key has one algorithm for ever; that of a token must be
//! the same, so that no token can have a key used as something that it is not.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The most keys of a set; an issuer has two or three.
const MOST_KEYS: usize = 64;
/// Bytes of an RSA modulus: 2048 bits at least (NIST SP 800-131A), and not so many that each check takes long.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;

/// Why a JWK set cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetUnusable {
    /// It is not JSON with `keys`.
    #[error("it is not a JWK set")]
    Malformed,
    /// It has no key of an algorithm that is allowed, with a `kid`; keys for other things are passed over
    /// (RFC 7517, 5).
    #[error("it has no key of an allowed algorithm with a kid")]
    NoKey,
    /// A key is not what its type says: the wrong length, a point that is not on its curve, an RSA modulus of less than
    /// 2048 bits.
    #[error("it has a key that is not one, or is too weak")]
    BadKey,
    /// Two keys have one `kid`: which of them signed could not be told.
    #[error("two of its keys have one kid")]
    TwoAlike,
    /// More keys than any issuer has.
    #[error("it has too many keys")]
    TooMany,
}

/// Which algorithms an issuer may sign with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Algorithms {
    pub(super) eddsa: bool,
    pub(super) es256: bool,
    pub(super) rs256: bool,
}

impl Algorithms {
    fn allow(self, algorithm: Algorithm) -> bool {
        match algorithm {
            Algorithm::EdDSA => self.eddsa,
            Algorithm::ES256 => self.es256,
            Algorithm::RS256 => self.rs256,
            _ => false,
        }
    }
}

/// A key with its only algorithm.
pub(super) struct VerifyingKey {
    pub(super) algorithm: Algorithm,
    pub(super) verifier: DecodingKey,
    /// Tells it from another key of the same name.
    print: [u8; 32],
}

/// The keys of an issuer by `kid`.
#[derive(Default)]
pub(super) struct KeySet(BTreeMap<String, VerifyingKey>);

/// What is read of a JWK; other members are not looked at.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl KeySet {
    /// Reads a set. Keys of other types, uses and algorithms are passed over.
    pub(super) fn read(bytes: &[u8], allowed: Algorithms) -> Result<Self, KeySetUnusable> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let set: Set = serde_json::from_slice(bytes).map_err(|_| KeySetUnusable::Malformed)?;
        if set.keys.len() > MOST_KEYS {
            return Err(KeySetUnusable::TooMany);
        }
        let mut keys = BTreeMap::new();
        for value in set.keys {
            let Ok(jwk) = serde_json::from_value::<Jwk>(value) else { continue };
            let Some(algorithm) = jwk.algorithm().filter(|algorithm| allowed.allow(*algorithm)) else { continue };
            let Some(name) = jwk.kid.clone().filter(|kid| !kid.is_empty()) else { continue };
            if keys.insert(name, jwk.key(algorithm)?).is_some() {
                return Err(KeySetUnusable::TwoAlike);
            }
        }
        if keys.is_empty() { Err(KeySetUnusable::NoKey) } else { Ok(Self(keys)) }
    }

    pub(super) fn get(&self, kid: &str) -> Option<&VerifyingKey> {
        self.0.get(kid)
    }

    /// Whether every key of this set is in the other one too.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.0.iter().all(|(kid, key)| other.get(kid).is_some_and(|same| same.print == key.print))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Jwk {
    /// The one algorithm of a key that signs, by its type; `None` for one that is for something else.
    fn algorithm(&self) -> Option<Algorithm> {
        let signs = self.usage.as_deref().is_none_or(|usage| usage == "sig");
        let verifies = self.key_ops.as_ref().is_none_or(|all| all.iter().any(|one| one == "verify"));
        let (algorithm, names): (_, &[&str]) = match (self.kty.as_str(), self.crv.as_deref()) {
            // RFC 9864 calls it by its curve.
            ("OKP", Some("Ed25519")) => (Algorithm::EdDSA, &["EdDSA", "Ed25519"]),
            ("EC", Some("P-256")) => (Algorithm::ES256, &["ES256"]),
            ("RSA", None) => (Algorithm::RS256, &["RS256"]),
            _ => return None,
        };
        let fits = self.alg.as_deref().is_none_or(|name| names.contains(&name));
        (signs && verifies && fits).then_some(algorithm)
    }

    fn key(&self, algorithm: Algorithm) -> Result<VerifyingKey, KeySetUnusable> {
        let bad = KeySetUnusable::BadKey;
        let decoded = |text: &Option<String>| {
            text.as_deref().and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).ok_or(KeySetUnusable::BadKey)
        };
        let (verifier, parts) = match algorithm {
            Algorithm::EdDSA => {
                let x = decoded(&self.x)?;
                let point = <[u8; 32]>::try_from(x.as_slice()).map_err(|_| bad)?;
                let point = ed25519_dalek::VerifyingKey::from_bytes(&point).map_err(|_| bad)?;
                if point.is_weak() {
                    return Err(bad);
                }
                (DecodingKey::from_ed_components(&URL_SAFE_NO_PAD.encode(&x)), vec![x])
            }
            Algorithm::ES256 => {
                let (x, y) = (decoded(&self.x)?, decoded(&self.y)?);
                if x.len() != 32 || y.len() != 32 {
                    return Err(bad);
                }
                let [first, second] = [&x, &y].map(|part| URL_SAFE_NO_PAD.encode(part));
                (DecodingKey::from_ec_components(&first, &second), vec![x, y])
            }
            _ => {
                let (n, e) = (decoded(&self.n)?, decoded(&self.e)?);
                let small = e.len() > 4 || n.first() == Some(&0) || !MODULUS.contains(&n.len());
                if small || e.last().is_none_or(|last| last % 2 == 0) || e == [1] {
                    return Err(bad);
                }
                (Ok(DecodingKey::from_rsa_raw_components(&n, &e)), vec![n, e])
            }
        };
        let verifier = verifier.map_err(|_| bad)?;
        // A point that is not on its curve shows when the key is used.
        jsonwebtoken::crypto::verify("", b"", &verifier, algorithm).map_err(|_| bad)?;
        let mut print = Sha256::new_with_prefix(format!("{algorithm:?}"));
        for part in parts {
            print.update(part.len().to_be_bytes());
            print.update(part);
        }
        Ok(VerifyingKey { algorithm, verifier, print: print.finalize().into() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::issuers::tests::{Signer, signers};

    const ALL: Algorithms = Algorithms { eddsa: true, es256: true, rs256: true };

    fn read(keys: &[Value]) -> Result<KeySet, KeySetUnusable> {
        KeySet::read(json!({ "keys": keys }).to_string().as_bytes(), ALL)
    }

    fn with(mut jwk: Value, member: &str, value: Value) -> Value {
        jwk[member] = value;
        jwk
    }

    #[test]
    fn each_key_has_the_one_algorithm_of_its_type() {
        for Signer { algorithm, jwk, .. } in signers() {
            let set = read(std::slice::from_ref(&jwk)).unwrap();
            assert_eq!(set.get(jwk["kid"].as_str().unwrap()).unwrap().algorithm, algorithm);
            assert!(set.get("another").is_none());
            let mut nameless = jwk.clone();
            nameless.as_object_mut().unwrap().remove("alg");
            assert_eq!(read(&[nameless]).unwrap().len(), 1);
            for (member, value) in [
                ("use", json!("enc")),
                ("alg", json!("HS256")),
                ("alg", json!("RS512")),
                ("key_ops", json!(["sign"])),
                ("kty", json!("oct")),
                ("kid", Value::Null),
                ("kid", json!("")),
            ] {
                let other = with(jwk.clone(), member, value);
                assert_eq!(read(&[other]).map(|_| ()), Err(KeySetUnusable::NoKey), "{member}");
            }
        }
        let rsa_only = Algorithms { eddsa: false, es256: false, rs256: true };
        let all: Vec<Value> = signers().into_iter().map(|signer| signer.jwk).collect();
        assert_eq!(read(&all).unwrap().len(), 3);
        let set = KeySet::read(json!({ "keys": all }).to_string().as_bytes(), rsa_only).unwrap();
        assert_eq!(set.len(), 1);
    }

    #[test]
    fn a_key_that_is_none_spoils_its_set() {
        let bad =
            |jwk: Value| assert_eq!(read(std::slice::from_ref(&jwk)).map(|_| ()), Err(KeySetUnusable::BadKey), "{jwk}");
        let [ed, ec, rsa] = signers().map(|signer| signer.jwk);
        let short = || json!(URL_SAFE_NO_PAD.encode([1_u8; 16]));
        let mut neutral = [0_u8; 32];
        neutral[0] = 1;
        for x in [json!(""), short(), json!(URL_SAFE_NO_PAD.encode(neutral)), Value::Null, json!("*")] {
            bad(with(ed.clone(), "x", x));
        }
        bad(with(ec.clone(), "x", short()));
        bad(with(ec.clone(), "y", ec["x"].clone()));
        bad(with(rsa.clone(), "n", short()));
        for e in [json!("AQ"), json!("Ag"), json!("AAAAAAE"), json!("")] {
            bad(with(rsa.clone(), "e", e));
        }
        for text in ["", "[]", "{}", r#"{"keys": 1}"#] {
            assert_eq!(KeySet::read(text.as_bytes(), ALL).map(|_| ()), Err(KeySetUnusable::Malformed));
        }
        assert_eq!(read(&[ed.clone(), with(ec, "kid", ed["kid"].clone())]).map(|_| ()), Err(KeySetUnusable::TwoAlike));
        assert_eq!(read(&vec![ed; 65]).map(|_| ()), Err(KeySetUnusable::TooMany));
    }

    #[test]
    fn a_key_that_is_gone_or_another_one_shows() {
        let [ed, ec, _] = signers().map(|signer| signer.jwk);
        let both = read(&[ed.clone(), ec.clone()]).unwrap();
        let one = read(std::slice::from_ref(&ed)).unwrap();
        assert!(one.is_within(&both) && !both.is_within(&one));
        let renamed = read(&[with(ec, "kid", ed["kid"].clone())]).unwrap();
        assert!(!one.is_within(&renamed));
    }
}
