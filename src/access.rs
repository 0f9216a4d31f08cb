//! Who calls: access tokens (JWT, RFC 7519, in the profile of RFC 9068) of this service for its staff and of
//! trusted identity providers for consumers. What a role may do is not known here.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::domain::account::StaffRole;
use crate::domain::command::SignedIn;
use crate::domain::id::Id;
use crate::domain::time::Moment;
use crate::jws::{Kind, NotSigned, TokenFault};
use crate::keys::{KeyRing, SigningPair};

/// Whom a token must be meant for.
pub const AUDIENCE: &str = "huanxin";
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

/// What an access token says; the fields are the claims of RFC 7519, 4.1 and the service's own.
///
/// `name` and `resident_id` are clear personal data on their way to the vault: only a consumer's token has them,
/// and `Debug` leaves them out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Who issued it.
    pub iss: String,
    /// Whom it is meant for: [`AUDIENCE`].
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
    /// The key that signed it belongs to another issuer than it names.
    #[error("another issuer than the key's")]
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

/// Why an identity provider cannot be trusted as configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssuerUnusable {
    /// The set has no Ed25519 key with a `kid`; keys of other types are passed over (RFC 7517, 5).
    #[error("the key set has no Ed25519 signing key with a kid")]
    NoKey,
    /// A key is not 32 bytes of base64url that are a point of full order.
    #[error("the key set has an Ed25519 key that is not one")]
    BadKey,
    /// The issuer, or the `kid` of one of its keys, is known already.
    #[error("the issuer or one of its key ids is known already")]
    Known,
}

struct Trusted {
    issuer: String,
    key: DecodingKey,
    roles: &'static [Role],
}

/// Issues and verifies access tokens.
pub struct AccessTokens {
    issuer: String,
    pair: SigningPair,
    trusted: BTreeMap<String, Trusted>,
    verified: Mutex<Verified>,
}

impl AccessTokens {
    /// With the service's own keys; `issuer` is the `iss` of the tokens that it makes.
    ///
    /// # Errors
    /// When the ring has no access key, which one that was read or generated always has.
    pub fn new(keys: &KeyRing, issuer: &str) -> Result<Self, NotSigned> {
        let own =
            |pair: &SigningPair| Trusted { issuer: issuer.to_owned(), key: pair.verifier().clone(), roles: Role::ALL };
        Ok(Self {
            issuer: issuer.to_owned(),
            pair: keys.access_keys().first().ok_or(NotSigned)?.clone(),
            trusted: keys.access_keys().iter().map(|pair| (pair.kid().to_owned(), own(pair))).collect(),
            verified: Mutex::default(),
        })
    }

    /// Trusts an identity provider, by its public JWK set, to say who a consumer is; it can give no other role.
    ///
    /// # Errors
    /// When the set has no usable key, or repeats an issuer or a `kid`.
    pub fn trust(mut self, issuer: &str, jwks: &Value) -> Result<Self, IssuerUnusable> {
        if self.trusted.values().any(|known| known.issuer == issuer) {
            return Err(IssuerUnusable::Known);
        }
        let before = self.trusted.len();
        for jwk in jwks["keys"].as_array().into_iter().flatten() {
            let text = |name: &str| jwk[name].as_str();
            let (Some("OKP"), Some("Ed25519"), Some(kid)) = (text("kty"), text("crv"), text("kid")) else { continue };
            let key = public_key(text("x").unwrap_or_default()).ok_or(IssuerUnusable::BadKey)?;
            let trusted = Trusted { issuer: issuer.to_owned(), key, roles: &[Role::Consumer] };
            if self.trusted.insert(kid.to_owned(), trusted).is_some() {
                return Err(IssuerUnusable::Known);
            }
        }
        if self.trusted.len() == before { Err(IssuerUnusable::NoKey) } else { Ok(self) }
    }

    /// Claims in this issuer's name that hold from `now` for some seconds, without organisation and person.
    #[must_use]
    pub fn claims(&self, sub: &str, role: Role, now: Moment, seconds: i64) -> AccessClaims {
        let iat = now.seconds();
        AccessClaims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: sub.to_owned(),
            role,
            org: None,
            sid: None,
            store: None,
            device: None,
            tasks: Vec::new(),
            setup: false,
            name: None,
            resident_id: None,
            iat,
            nbf: iat,
            exp: iat.saturating_add(seconds),
        }
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
            tasks: staff.tasks.clone(),
            setup: signed_in.setup,
            ..self.claims(&staff.id.to_string(), staff.role.into(), *at, seconds)
        }
    }

    /// Signs claims.
    ///
    /// # Errors
    /// When the claims name another issuer or audience or give personal data to staff: such a token would be
    /// refused.
    pub fn issue(&self, claims: &AccessClaims) -> Result<String, NotSigned> {
        if claims.iss != self.issuer || claims.aud != AUDIENCE || !personal_data_fits(claims) {
            return Err(NotSigned);
        }
        ACCESS.sign(self.pair.kid(), self.pair.signer(), claims)
    }

    /// Reads a token at a moment: signature, kind, issuer, audience, role and time, without leeway.
    ///
    /// # Errors
    /// With the first thing that is wrong.
    pub fn verify(&self, token: &str, now: Moment) -> Result<AccessClaims, AccessInvalid> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        if let Some(claims) = self.verified().get(&digest, now) {
            return in_time(&claims, now).map(|()| claims);
        }
        let claims = self.read(token)?;
        in_time(&claims, now)?;
        self.verified().put(digest, &claims);
        Ok(claims)
    }

    fn read(&self, token: &str) -> Result<AccessClaims, AccessInvalid> {
        let mut found = None;
        let claims: AccessClaims = ACCESS.read(token, |kid| {
            found = self.trusted.get(kid);
            found.map(|trusted| &trusted.key)
        })?;
        let trusted = found.ok_or(TokenFault::UnknownKey)?;
        if claims.iss != trusted.issuer {
            return Err(AccessInvalid::Issuer);
        }
        if claims.aud != AUDIENCE {
            return Err(AccessInvalid::Audience);
        }
        if !trusted.roles.contains(&claims.role) || !personal_data_fits(&claims) {
            return Err(AccessInvalid::Role);
        }
        Ok(claims)
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

fn personal_data_fits(claims: &AccessClaims) -> bool {
    claims.role == Role::Consumer || (claims.name.is_none() && claims.resident_id.is_none())
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

fn public_key(x: &str) -> Option<DecodingKey> {
    let bytes: [u8; 32] = URL_SAFE_NO_PAD.decode(x).ok()?.try_into().ok()?;
    let point = ed25519_dalek::VerifyingKey::from_bytes(&bytes).ok()?;
    if point.is_weak() { None } else { DecodingKey::from_ed_components(x).ok() }
}

/// Tokens that were found good, by the digest of their text: the same bytes need no second verification before
/// they expire. When there are too many, the one that ends first goes.
#[derive(Default)]
struct Verified {
    claims: HashMap<[u8; 32], AccessClaims>,
    by_end: BTreeSet<(i64, [u8; 32])>,
}

impl Verified {
    fn get(&mut self, digest: &[u8; 32], now: Moment) -> Option<AccessClaims> {
        let claims = self.claims.get(digest)?.clone();
        if now.seconds() >= claims.exp {
            self.by_end.remove(&(claims.exp, *digest));
            self.claims.remove(digest);
        }
        Some(claims)
    }

    fn put(&mut self, digest: [u8; 32], claims: &AccessClaims) {
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
    use jsonwebtoken::EncodingKey;
    use serde_json::json;

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
        for claims in [other_issuer, other_audience, named] {
            assert_eq!(tokens.issue(&claims), Err(NotSigned));
        }
        assert!(tokens.issue(&good).is_ok());
    }

    #[test]
    fn an_identity_provider_speaks_for_consumers_alone() {
        let (_, tokens) = fixture();
        let city_ring = KeyRing::generate().unwrap();
        let city = AccessTokens::new(&city_ring, CITY).unwrap();
        let tokens = tokens.trust(CITY, &city_ring.jwks()).unwrap();
        let mut claims = city.claims("citizen", Role::Consumer, NOW, 60);
        claims.name = Some("张三".into());
        claims.resident_id = Some("110101199003070134".into());
        assert_eq!(tokens.verify(&city.issue(&claims).unwrap(), NOW).unwrap(), claims);
        let admin = city.issue(&city.claims("citizen", Role::Admin, NOW, 60)).unwrap();
        assert_eq!(tokens.verify(&admin, NOW), Err(AccessInvalid::Role));
        let posing = AccessTokens::new(&city_ring, ISSUER).unwrap();
        let posing = posing.issue(&posing.claims("a", Role::Consumer, NOW, 60)).unwrap();
        assert_eq!(tokens.verify(&posing, NOW), Err(AccessInvalid::Issuer));
        let shown = format!("{claims:?}");
        assert!(!shown.contains("张三") && !shown.contains("110101"));
    }

    #[test]
    fn unusable_key_sets_are_refused() {
        let trust = |issuer: &str, jwks: Value| fixture().1.trust(issuer, &jwks).map(|_| ()).unwrap_err();
        let key = |x: String| json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "a", "x": x }] });
        assert_eq!(trust(CITY, json!({})), IssuerUnusable::NoKey);
        assert_eq!(trust(CITY, json!({ "keys": [{ "kty": "RSA", "kid": "a" }] })), IssuerUnusable::NoKey);
        assert_eq!(trust(CITY, key(String::new())), IssuerUnusable::BadKey);
        assert_eq!(trust(CITY, key(URL_SAFE_NO_PAD.encode([1_u8; 16]))), IssuerUnusable::BadKey);
        let mut neutral = [0_u8; 32];
        neutral[0] = 1;
        assert_eq!(trust(CITY, key(URL_SAFE_NO_PAD.encode(neutral))), IssuerUnusable::BadKey);
        assert_eq!(trust(ISSUER, KeyRing::generate().unwrap().jwks()), IssuerUnusable::Known);
        let (ring, tokens) = fixture();
        assert_eq!(tokens.trust(CITY, &ring.jwks()).map(|_| ()), Err(IssuerUnusable::Known));
    }

    #[test]
    fn the_memory_is_bounded_and_keeps_what_lasts_longest() {
        let (_, tokens) = fixture();
        let mut memory = Verified::default();
        let claims = tokens.claims("a", Role::Clerk, NOW, 0);
        for index in 0..=u32::try_from(CACHE_LIMIT).unwrap() {
            let mut digest = [0_u8; 32];
            digest[..4].copy_from_slice(&index.to_be_bytes());
            memory.put(digest, &AccessClaims { exp: claims.exp + 1 + i64::from(index), ..claims.clone() });
        }
        assert_eq!((memory.claims.len(), memory.by_end.len()), (CACHE_LIMIT, CACHE_LIMIT));
        assert!(memory.get(&[0; 32], NOW).is_none());
    }
}
