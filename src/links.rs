//! Links to evidence files (HS256, read by this service alone): for a few minutes whoever has one may fetch the file, and
//! the trail knows for whom it was made.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use serde::{Deserialize, Serialize};

use crate::domain::command::Actor;
use crate::domain::id::Id;
use crate::domain::time::Moment;
use crate::jws::{Kind, NotSigned, TokenFault};
use crate::keys::{KeyRing, SecretKey};

/// How long a link holds; the key of scan tokens, from which its key follows, is kept for longer than that.
pub const LINK_SECONDS: i64 = 5 * 60;

const LINK: Kind = Kind { typ: "evidence+jwt", algorithm: Algorithm::HS256 };
const PURPOSE: &str = "links to evidence files";

/// What a link says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceLink {
    /// The file.
    #[serde(rename = "fid")]
    pub file: Id,
    /// For whom it was made.
    #[serde(flatten)]
    pub holder: Actor,
    /// What ends the holder's token ends the link as well: session, organisation, store, device.
    pub ends: [Option<Id>; 4],
    /// When it was made, in seconds.
    pub iat: i64,
    /// The first second at which it holds no more.
    pub exp: i64,
}

impl EvidenceLink {
    /// A link that holds for [`LINK_SECONDS`].
    #[must_use]
    pub fn new(file: Id, holder: Actor, ends: [Option<Id>; 4], now: Moment) -> Self {
        Self { file, holder, ends, iat: now.seconds(), exp: now.seconds() + LINK_SECONDS }
    }

    /// The first moment at which it holds no more.
    #[must_use]
    pub fn expires(&self) -> Moment {
        Moment(0).plus_seconds(self.exp)
    }
}

struct LinkKey {
    kid: String,
    signer: EncodingKey,
    verifier: DecodingKey,
}

impl LinkKey {
    fn of(key: &SecretKey) -> Self {
        let key = key.derived(PURPOSE);
        Self {
            kid: key.kid().to_owned(),
            signer: EncodingKey::from_secret(key.bytes()),
            verifier: DecodingKey::from_secret(key.bytes()),
        }
    }
}

/// Makes and reads links.
pub struct EvidenceLinks {
    /// The first signs, all of them read.
    keys: RwLock<Arc<Vec<LinkKey>>>,
}

impl EvidenceLinks {
    /// With the service's keys.
    #[must_use]
    pub fn new(keys: &KeyRing) -> Self {
        Self { keys: RwLock::new(Arc::new(keys.scan_keys().iter().map(LinkKey::of).collect())) }
    }

    /// Goes on with these keys.
    pub fn take_keys(&self, keys: &KeyRing) {
        let keys = Arc::new(keys.scan_keys().iter().map(LinkKey::of).collect());
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }

    fn keys(&self) -> Arc<Vec<LinkKey>> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Signs a link.
    ///
    /// # Errors
    /// When the ring has no scan key, which one that was read or generated always has.
    pub fn sign(&self, link: &EvidenceLink) -> Result<String, NotSigned> {
        let keys = self.keys();
        let key = keys.first().ok_or(NotSigned)?;
        LINK.sign(&key.kid, &key.signer, link)
    }

    /// Reads a link, whether it still holds or not.
    ///
    /// # Errors
    /// When the text is not a link that this service signed.
    pub fn read(&self, text: &str) -> Result<EvidenceLink, TokenFault> {
        let keys = self.keys();
        LINK.read(text, |kid| keys.iter().find(|key| key.kid == kid).map(|key| &key.verifier))
    }
}

impl fmt::Debug for EvidenceLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EvidenceLinks").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jws::forge;
    use crate::qr::{Form, VoucherTokens};

    const NOW: Moment = Moment(1_780_000_000_123_456);

    fn link() -> EvidenceLink {
        let holder = Actor { id: Id::digest(&["officer"]), role: "officer".into(), organisation: None };
        EvidenceLink::new(Id::digest(&["file"]), holder, [Some(Id::digest(&["session"])), None, None, None], NOW)
    }

    #[test]
    fn a_link_is_read_back_and_no_character_of_it_can_be_changed() {
        let links = EvidenceLinks::new(&KeyRing::generate().unwrap());
        let text = links.sign(&link()).unwrap();
        assert_eq!(links.read(&text), Ok(link()));
        assert_eq!(link().expires(), Moment(1_780_000_000_000_000).plus_seconds(300));
        assert_eq!(forge::part(&text, 0)["typ"], "evidence+jwt");
        for changed in forge::each_character_changed(&text) {
            assert!(links.read(&changed).is_err(), "{changed}");
        }
    }

    /// The two kinds of tokens have one name of a key, and not one key.
    #[test]
    fn a_scan_token_is_no_link_and_the_other_way_round() {
        let ring = KeyRing::generate().unwrap();
        let (links, tokens) = (EvidenceLinks::new(&ring), VoucherTokens::new(&ring));
        let scan = tokens.sign_scan(&VoucherTokens::scan(Id::NIL, Id::NIL, Form::Live, true, NOW)).unwrap();
        assert_eq!(links.read(&scan), Err(TokenFault::Type));
        let text = links.sign(&link()).unwrap();
        assert!(tokens.read_scan(&text).is_err());
        let secret = EncodingKey::from_secret(ring.scan_keys()[0].bytes());
        let claims = serde_json::to_value(link()).unwrap();
        let forged = forge::token(&forge::part(&text, 0), &claims, &secret, Algorithm::HS256);
        assert_eq!(links.read(&forged), Err(TokenFault::Signature));
    }

    #[test]
    fn keys_take_turns() {
        let (ring, other) = (KeyRing::generate().unwrap(), KeyRing::generate().unwrap());
        let links = EvidenceLinks::new(&ring);
        let text = links.sign(&link()).unwrap();
        links.take_keys(&other);
        assert!(links.read(&text).is_err());
        links.take_keys(&ring);
        assert!(links.read(&text).is_ok());
    }
}
