//! Who calls: access tokens (JWT, RFC 7519, in the profile of RFC 9068) of this service for its staff and of
//! trusted identity providers for consumers. What a role may do is not known here.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use jsonwebtoken::{Algorithm, DecodingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::domain::account::StaffRole;
use crate::domain::command::SignedIn;
use crate::domain::id::Id;
use crate::domain::time::Moment;
use crate::issuers::Issuers;
use crate::jws::{Kind, NotSigned, TokenFault, named_issuer};
use crate::keys::{KeyRing, SigningPair};

/// Whom a token must be meant for.
pub const AUDIENCE: &str = "huanxin";
/// For how long a token of the service's own holds at most, so that a key that signs no more can be dropped some day.
pub const LONGEST_SECONDS: i64 = 400 * 24 * 3600;
/// How many verified tokens are remembered.
const CACHE_LIMIT: usize = 10_000;
const ACCESS: Kind = Kind { typ: "at+jwt", algorithm: Algorithm::EdDSA };

macro_rules! roles {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)+) => {
        /// What somebody is to the service.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Role { $($(#[$doc])* $variant,)+ }

        impl Role {
            /// Every role.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that stands in tokens and records.
            #[must_use]
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $name),+ } }
        }
    };
}

roles! {
    /// 消费者: claims vouchers for herself.
    Consumer = "consumer";
    /// 回收点: records old items.
    Recycler = "recycler";
    /// 店员: redeems at a store's counter.
    Clerk = "clerk";
    /// 商家 (manager): redeems, reverses, submits settlements.
    Retailer = "retailer";
    /// 经办: an officer of the bureau.
    Officer = "officer";
    /// 复核: reviews settlements.
    Reviewer = "reviewer";
    /// 审批: approves settlements.
    Approver = "approver";
    /// 财政: pays.
    Finance = "finance";
    /// 审计: reads the audit log and proofs.
    Auditor = "auditor";
    /// 部门: another department, which reads its programmes without names.
    Reader = "reader";
    /// 管理员: keeps the staff's accounts.
    Admin = "admin";
    /// 服务点: helps people who come without a telephone.
    Assistant = "assistant";
}

impl From<StaffRole> for Role {
    fn from(role: StaffRole) -> Self {
        match role {
            StaffRole::Recycler => Self::Recycler,
            StaffRole::Clerk => Self::Clerk,
            StaffRole::Retailer => Self::Retailer,
            StaffRole::Officer => Self::Officer,
            StaffRole::Reviewer => Self::Reviewer,
            StaffRole::Approver => Self::Approver,
            StaffRole::Finance => Self::Finance,
            StaffRole::Auditor => Self::Auditor,
            StaffRole::Reader => Self::Reader,
            StaffRole::Admin => Self::Admin,
            StaffRole::Assistant => Self::Assistant,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What an access token says, as the service takes it; the fields are the claims of RFC 7519, 4.1 and the service's own.
///
/// `name` and `resident_id` are clear personal data on their way to the vault: only a consumer's token has them,
/// and `Debug` leaves them out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Who issued it.
    pub iss: String,
    /// Whom it is meant for: [`AUDIENCE`], whatever another issuer calls it.
    pub aud: String,
    /// Who calls; unique with `iss` only.
    pub sub: String,
    /// What the caller is.
    pub role: Role,
    /// The retailer, recycler or department that the caller acts for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org: Option<Id>,
    /// The session of which it is; a token without one is ended by nothing but its expiry and its organisation's end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<Id>,
    /// The only store at which it is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<Id>,
    /// The only device on which it is good: the keyed digest of what the device calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Id>,
    /// The till that the device is: the token ends with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub till: Option<Id>,
    /// The tasks of the plan whose programmes a department reader sees.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<u8>,
    /// Whether it is good for setting the account up and for nothing else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub setup: bool,
    /// The consumer's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The consumer's identity number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resident_id: Option<String>,
    /// Issued at, in seconds since the epoch.
    pub iat: i64,
    /// The first second at which it holds; absent means from the beginning.
    #[serde(default)]
    pub nbf: i64,
    /// The first second at which it holds no more.
    pub exp: i64,
}

impl AccessClaims {
    /// Claims that hold at no time and say nothing but who issued them to whom.
    #[must_use]
    pub fn bare(iss: &str, sub: &str, role: Role) -> Self {
        Self {
            iss: iss.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: sub.to_owned(),
            role,
            org: None,
            sid: None,
            store: None,
            device: None,
            till: None,
            tasks: Vec::new(),
            setup: false,
            name: None,
            resident_id: None,
            iat: 0,
            nbf: 0,
            exp: 0,
        }
    }
}

impl fmt::Debug for AccessClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessClaims")
            .field("iss", &self.iss)
            .field("sub", &self.sub)
            .field("role", &self.role)
            .field("org", &self.org)
            .field("sid", &self.sid)
            .field("exp", &self.exp)
            .finish_non_exhaustive()
    }
}

/// Why a token gives no access. To a caller all of them are one 401; the words are for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessInvalid {
    /// It is not a signed token of a known key.
    #[error(transparent)]
    Token(#[from] TokenFault),
    /// It names an issuer that is not trusted, or another one than its key's.
    #[error("another issuer than one that is trusted")]
    Issuer,
    /// It is meant for another service.
    #[error("meant for another audience")]
    Audience,
    /// Its issuer may not vouch for that role, or it has personal data without being a consumer's.
    #[error("more than its issuer may say")]
    Role,
    /// It does not hold yet.
    #[error("not valid yet")]
    NotYet,
    /// It holds no more.
    #[error("expired")]
    Expired,
}

/// An identity provider cannot have the name of this service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an identity provider has the name of this service's own issuer")]
pub struct IssuerKnown;

/// The service's own keys, which sign for its staff.
struct OwnKeys {
    signer: SigningPair,
    verifiers: BTreeMap<String, DecodingKey>,
}

impl OwnKeys {
    fn of(keys: &KeyRing) -> Result<Self, NotSigned> {
        Ok(Self {
            signer: keys.access_keys().first().ok_or(NotSigned)?.clone(),
            verifiers: keys.access_verifiers().map(|key| (key.kid().to_owned(), key.verifier().clone())).collect(),
        })
    }
}

/// Issues and verifies access tokens.
pub struct AccessTokens {
    issuer: String,
    own: RwLock<Arc<OwnKeys>>,
    /// How many of the own keys were known once and are no more.
    removed: AtomicU64,
    issuers: Issuers,
    verified: Mutex<Verified>,
}

impl AccessTokens {
    /// With the service's own keys; `issuer` is the `iss` of the tokens that it makes.
    ///
    /// # Errors
    /// When the ring has no access key, which one that was read or generated always has.
    pub fn new(keys: &KeyRing, issuer: &str) -> Result<Self, NotSigned> {
        Ok(Self {
            issuer: issuer.to_owned(),
            own: RwLock::new(Arc::new(OwnKeys::of(keys)?)),
            removed: AtomicU64::new(0),
            issuers: Issuers::default(),
            verified: Mutex::default(),
        })
    }

    /// The `iss` of the tokens that it makes.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Trusts identity providers to say who a consumer is; they can give no other role.
    ///
    /// # Errors
    /// When one of them has the name of this service.
    pub fn trusting(self, issuers: Issuers) -> Result<Self, IssuerKnown> {
        if issuers.names(&self.issuer) { Err(IssuerKnown) } else { Ok(Self { issuers, ..self }) }
    }

    /// Goes on with these keys of its own. What was signed with one that is not among them holds no more.
    ///
    /// # Errors
    /// As [`Self::new`]; then the keys stay as they were.
    pub fn take_keys(&self, keys: &KeyRing) -> Result<(), NotSigned> {
        let new = Arc::new(OwnKeys::of(keys)?);
        let mut own = self.own.write().unwrap_or_else(PoisonError::into_inner);
        let lost = own.verifiers.keys().any(|kid| !new.verifiers.contains_key(kid));
        *own = new;
        if lost {
            self.removed.fetch_add(1, Ordering::Release);
        }
        Ok(())
    }

    fn own(&self) -> Arc<OwnKeys> {
        Arc::clone(&self.own.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many keys were known once and are no more.
    fn removed(&self) -> u64 {
        self.removed.load(Ordering::Acquire).wrapping_add(self.issuers.removed())
    }

    /// Claims in this issuer's name that hold from `now` for some seconds, without organisation and person.
    #[must_use]
    pub fn claims(&self, sub: &str, role: Role, now: Moment, seconds: i64) -> AccessClaims {
        let iat = now.seconds();
        let exp = iat.saturating_add(seconds);
        AccessClaims { iat, nbf: iat, exp, ..AccessClaims::bare(&self.issuer, sub, role) }
    }

    /// What the tokens of a session say: always the same for the same answer of the engine.
    #[must_use]
    pub fn claims_of(&self, signed_in: &SignedIn) -> AccessClaims {
        let SignedIn { staff, at, access_until, .. } = signed_in;
        let seconds = access_until.seconds().saturating_sub(at.seconds());
        AccessClaims {
            org: staff.organisation,
            sid: Some(signed_in.session),
            store: signed_in.store,
            device: signed_in.device,
            till: signed_in.till,
            tasks: staff.tasks.clone(),
            setup: signed_in.setup,
            ..self.claims(&staff.id.to_string(), staff.role.into(), *at, seconds)
        }
    }

    /// Signs claims.
    ///
    /// # Errors
    /// When the claims name another issuer or audience, are a consumer's, have personal data, or hold for longer than
    /// [`LONGEST_SECONDS`]: such a token would be refused, or might outlive its key.
    pub fn issue(&self, claims: &AccessClaims) -> Result<String, NotSigned> {
        let lasts = claims.exp.saturating_sub(claims.iat);
        if claims.iss != self.issuer || claims.aud != AUDIENCE || !is_staffs(claims) || lasts > LONGEST_SECONDS {
            return Err(NotSigned);
        }
        let own = self.own();
        ACCESS.sign(own.signer.kid(), own.signer.signer(), claims)
    }

    /// Reads a token at a moment: signature, kind, issuer, audience, role and time. There is leeway for the clocks of
    /// other issuers, as configured, and none for the service's own.
    ///
    /// # Errors
    /// With the first thing that is wrong.
    pub fn verify(&self, token: &str, now: Moment) -> Result<AccessClaims, AccessInvalid> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        let removed = self.removed();
        if let Some(claims) = self.verified().get(&digest, now, removed) {
            return in_time(&claims, now).map(|()| claims);
        }
        let claims = match named_issuer(token) {
            Some(other) if other != self.issuer => self.issuers.read(&other, token)?,
            _ => self.read_own(token)?,
        };
        in_time(&claims, now)?;
        self.verified().put(digest, &claims, removed);
        Ok(claims)
    }

    fn read_own(&self, token: &str) -> Result<AccessClaims, AccessInvalid> {
        let own = self.own();
        let claims: AccessClaims = ACCESS.read(token, |kid| own.verifiers.get(kid))?;
        if claims.iss != self.issuer {
            return Err(AccessInvalid::Issuer);
        }
        if claims.aud != AUDIENCE {
            return Err(AccessInvalid::Audience);
        }
        if is_staffs(&claims) { Ok(claims) } else { Err(AccessInvalid::Role) }
    }

    fn verified(&self) -> MutexGuard<'_, Verified> {
        // Each change of the cache is whole before anything can panic, so a poisoned one is still sound.
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokens").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// The service vouches for its staff alone: who a consumer is, an identity provider says.
fn is_staffs(claims: &AccessClaims) -> bool {
    claims.role != Role::Consumer && claims.name.is_none() && claims.resident_id.is_none()
}

fn in_time(claims: &AccessClaims, now: Moment) -> Result<(), AccessInvalid> {
    if now.seconds() >= claims.exp {
        return Err(AccessInvalid::Expired);
    }
    if now.seconds() < claims.nbf {
        return Err(AccessInvalid::NotYet);
    }
    Ok(())
}

/// Tokens that were found good, by the digest of their text: the same bytes need no second verification before
/// they expire. When there are too many, the one that ends first goes; when a key is gone, all of them.
#[derive(Default)]
struct Verified {
    claims: HashMap<[u8; 32], AccessClaims>,
    by_end: BTreeSet<(i64, [u8; 32])>,
    /// How many keys were gone when these were found good.
    removed: u64,
}

impl Verified {
    fn get(&mut self, digest: &[u8; 32], now: Moment, removed: u64) -> Option<AccessClaims> {
        if self.removed != removed {
            *self = Self { removed, ..Self::default() };
        }
        let claims = self.claims.get(digest)?.clone();
        if now.seconds() >= claims.exp {
            self.by_end.remove(&(claims.exp, *digest));
            self.claims.remove(digest);
        }
        Some(claims)
    }

    /// `removed` as it was before the keys were looked at: if one is gone since, it may have been this token's.
    fn put(&mut self, digest: [u8; 32], claims: &AccessClaims, removed: u64) {
        if self.removed != removed {
            return;
        }
        self.by_end.insert((claims.exp, digest));
        self.claims.insert(digest, claims.clone());
        while self.claims.len() > CACHE_LIMIT {
            let Some((_, first)) = self.by_end.pop_first() else { break };
            self.claims.remove(&first);
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::EncodingKey;
    use serde_json::{Value, json};

    use super::*;
    use crate::jws::forge;

    const ISSUER: &str = "https://huanxin.example";
    const CITY: &str = "https://id.city.example";
    const NOW: Moment = Moment(1_780_000_000_000_000);

    fn fixture() -> (KeyRing, AccessTokens) {
        let ring = KeyRing::generate().unwrap();
        let tokens = AccessTokens::new(&ring, ISSUER).unwrap();
        (ring, tokens)
    }

    fn header(ring: &KeyRing) -> Value {
        json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": ring.access_keys()[0].kid() })
    }

    /// A token of the service's own key with one header or claim member changed, or taken away by null.
    fn forged(ring: &KeyRing, tokens: &AccessTokens, part: &str, member: &str, value: Value) -> String {
        let (mut header, claims) = (header(ring), tokens.claims("staff", Role::Officer, NOW, 600));
        let mut claims = serde_json::to_value(claims).unwrap();
        let object = if part == "header" { &mut header } else { &mut claims };
        match value {
            Value::Null => drop(object.as_object_mut().unwrap().remove(member)),
            value => object[member] = value,
        }
        forge::token(&header, &claims, ring.access_keys()[0].signer(), Algorithm::EdDSA)
    }

    #[test]
    fn what_was_issued_is_read_back_at_first_and_from_memory() {
        let (_, tokens) = fixture();
        let mut claims = tokens.claims("retailer-7", Role::Retailer, NOW, 600);
        claims.org = Some(Id::digest(&["org"]));
        let token = tokens.issue(&claims).unwrap();
        assert_eq!(tokens.verify(&token, NOW).unwrap(), claims);
        assert_eq!(tokens.verified().claims.len(), 1);
        assert_eq!(tokens.verify(&token, NOW).unwrap(), claims);
        assert_eq!(forge::part(&token, 0)["typ"], "at+jwt");
        assert_eq!(forge::part(&token, 1)["role"], "retailer");
        assert_eq!(forge::part(&token, 1).get("name"), None);
    }

    #[test]
    fn role_names_are_those_of_the_tokens() {
        for role in Role::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
        }
        assert_eq!(Role::ALL.len(), 12);
        let staff: Vec<Role> = StaffRole::ALL.iter().map(|role| Role::from(*role)).collect();
        let all_but_consumers = Role::ALL.iter().copied().filter(|role| *role != Role::Consumer);
        assert!(staff.iter().zip(StaffRole::ALL).all(|(role, word)| role.name() == word.name()));
        assert_eq!(staff.iter().collect::<BTreeSet<_>>(), all_but_consumers.collect::<Vec<_>>().iter().collect());
    }

    #[test]
    fn a_token_holds_from_its_first_second_to_before_its_last_remembered_or_not() {
        let (ring, tokens) = fixture();
        let token = tokens.issue(&tokens.claims("a", Role::Admin, NOW, 60)).unwrap();
        for tokens in [tokens, AccessTokens::new(&ring, ISSUER).unwrap()] {
            assert_eq!(tokens.verify(&token, NOW.plus_seconds(-1)), Err(AccessInvalid::NotYet));
            assert!(tokens.verify(&token, NOW).is_ok());
            assert!(tokens.verify(&token, NOW.plus_seconds(59)).is_ok());
            assert_eq!(tokens.verify(&token, NOW.plus_seconds(-1)), Err(AccessInvalid::NotYet));
            assert_eq!(tokens.verify(&token, NOW.plus_seconds(60)), Err(AccessInvalid::Expired));
            assert_eq!(tokens.verified().claims.len(), 0, "an expired token is forgotten");
            assert_eq!(tokens.verified().by_end.len(), 0);
            assert_eq!(tokens.verify(&token, NOW.plus_seconds(61)), Err(AccessInvalid::Expired));
        }
    }

    #[test]
    fn no_character_of_a_token_can_be_changed() {
        let (_, tokens) = fixture();
        let token = tokens.issue(&tokens.claims("a", Role::Clerk, NOW, 60)).unwrap();
        for changed in forge::each_character_changed(&token) {
            assert!(tokens.verify(&changed, NOW).is_err(), "{changed}");
        }
        assert!(tokens.verified().claims.is_empty());
    }

    #[test]
    fn headers_and_claims_of_others_are_refused() {
        let (ring, tokens) = fixture();
        let refused = |part, member, value| tokens.verify(&forged(&ring, &tokens, part, member, value), NOW);
        assert!(refused("claims", "sub", json!("b")).is_ok(), "the forger's tools make good tokens too");
        assert_eq!(refused("header", "typ", json!("JWT")), Err(TokenFault::Type.into()));
        assert_eq!(refused("header", "typ", json!("voucher+jwt")), Err(TokenFault::Type.into()));
        assert_eq!(refused("header", "typ", Value::Null), Err(TokenFault::Type.into()));
        assert_eq!(refused("header", "kid", json!("another")), Err(TokenFault::UnknownKey.into()));
        assert_eq!(refused("header", "kid", Value::Null), Err(TokenFault::UnknownKey.into()));
        let voucher_key = json!(ring.voucher_keys()[0].kid());
        assert_eq!(refused("header", "kid", voucher_key), Err(TokenFault::UnknownKey.into()));
        assert_eq!(refused("header", "crit", json!(["exp"])), Err(TokenFault::Malformed.into()));
        assert_eq!(refused("claims", "iss", json!(CITY)), Err(AccessInvalid::Issuer));
        assert_eq!(refused("claims", "aud", json!("another")), Err(AccessInvalid::Audience));
        assert_eq!(refused("claims", "name", json!("张三")), Err(AccessInvalid::Role));
        for member in ["iss", "aud", "sub", "role", "iat", "exp"] {
            assert_eq!(refused("claims", member, Value::Null), Err(TokenFault::Claims.into()), "{member}");
        }
        assert_eq!(refused("claims", "role", json!("root")), Err(TokenFault::Claims.into()));
        assert_eq!(refused("claims", "role", json!("consumer")), Err(AccessInvalid::Role));
        assert_eq!(refused("claims", "exp", json!("9999999999")), Err(TokenFault::Claims.into()));
        assert_eq!(refused("claims", "pad", json!("x".repeat(5000))), Err(TokenFault::Malformed.into()));
    }

    #[test]
    fn unsigned_and_symmetric_tokens_are_refused() {
        let (ring, tokens) = fixture();
        let claims = serde_json::to_value(tokens.claims("a", Role::Admin, NOW, 60)).unwrap();
        let mut header = header(&ring);
        for none in ["none", "None", "NONE"] {
            header["alg"] = json!(none);
            let message = forge::unsigned(&header, &claims);
            assert_eq!(tokens.verify(&format!("{message}."), NOW), Err(TokenFault::Malformed.into()));
            assert_eq!(tokens.verify(&message, NOW), Err(TokenFault::Malformed.into()));
        }
        header["alg"] = json!("HS256");
        let public = ring.access_keys()[0].public();
        for secret in [public.to_vec(), URL_SAFE_NO_PAD.encode(public).into_bytes()] {
            let token = forge::token(&header, &claims, &EncodingKey::from_secret(&secret), Algorithm::HS256);
            assert_eq!(tokens.verify(&token, NOW), Err(TokenFault::Algorithm.into()));
        }
        for text in ["", ".", "..", "a.b.c", "a.b.c.d", "纸", "Bearer x"] {
            assert_eq!(tokens.verify(text, NOW), Err(TokenFault::Malformed.into()));
        }
    }

    #[test]
    fn the_key_of_another_ring_and_the_voucher_key_do_not_sign_log_ins() {
        let (ring, tokens) = fixture();
        let claims = serde_json::to_value(tokens.claims("a", Role::Admin, NOW, 60)).unwrap();
        let other = KeyRing::generate().unwrap();
        for pair in [&other.access_keys()[0], &ring.voucher_keys()[0]] {
            let token = forge::token(&header(&ring), &claims, pair.signer(), Algorithm::EdDSA);
            assert_eq!(tokens.verify(&token, NOW), Err(TokenFault::Signature.into()));
        }
        let foreign = AccessTokens::new(&other, ISSUER).unwrap();
        let token = foreign.issue(&foreign.claims("a", Role::Admin, NOW, 60)).unwrap();
        assert_eq!(tokens.verify(&token, NOW), Err(TokenFault::UnknownKey.into()));
    }

    #[test]
    fn claims_that_would_be_refused_are_not_signed() {
        let (_, tokens) = fixture();
        let good = tokens.claims("a", Role::Officer, NOW, 60);
        let other_issuer = AccessClaims { iss: CITY.into(), ..good.clone() };
        let other_audience = AccessClaims { aud: "another".into(), ..good.clone() };
        let named = AccessClaims { resident_id: Some("110101199003070134".into()), ..good.clone() };
        let consumer = AccessClaims { role: Role::Consumer, ..good.clone() };
        let lasting = AccessClaims { exp: good.iat + LONGEST_SECONDS + 1, ..good.clone() };
        for claims in [other_issuer, other_audience, named, consumer, lasting] {
            assert_eq!(tokens.issue(&claims), Err(NotSigned));
        }
        assert!(tokens.issue(&good).is_ok());
    }

    #[test]
    fn what_a_key_that_is_gone_has_signed_holds_no_more_remembered_or_not() {
        let (_, tokens) = fixture();
        let token = tokens.issue(&tokens.claims("a", Role::Admin, NOW, 600)).unwrap();
        assert!(tokens.verify(&token, NOW).is_ok());
        let removed = tokens.removed();
        tokens.take_keys(&KeyRing::generate().unwrap()).unwrap();
        assert_eq!(tokens.verify(&token, NOW), Err(TokenFault::UnknownKey.into()));
        let claims = tokens.claims("a", Role::Admin, NOW, 600);
        tokens.verified().put([0; 32], &claims, removed);
        assert!(tokens.verified().claims.is_empty(), "what was read with the keys of before is not remembered");
        let token = tokens.issue(&claims).unwrap();
        assert!(tokens.verify(&token, NOW).is_ok());
    }

    #[test]
    fn the_memory_is_bounded_and_keeps_what_lasts_longest() {
        let (_, tokens) = fixture();
        let mut memory = Verified::default();
        let claims = tokens.claims("a", Role::Clerk, NOW, 0);
        for index in 0..=u32::try_from(CACHE_LIMIT).unwrap() {
            let mut digest = [0_u8; 32];
            digest[..4].copy_from_slice(&index.to_be_bytes());
            memory.put(digest, &AccessClaims { exp: claims.exp + 1 + i64::from(index), ..claims.clone() }, 0);
        }
        assert_eq!((memory.claims.len(), memory.by_end.len()), (CACHE_LIMIT, CACHE_LIMIT));
        assert!(memory.get(&[0; 32], NOW, 0).is_none());
    }
}
