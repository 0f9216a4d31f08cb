//! The one way in which the service signs and reads compact JWS (RFC 7515, RFC 7519): algorithm, type and key
//! are the reader's choice, never the token's (RFC 8725), and no clock is asked. What the claims mean is not
//! known here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// No token of ours comes near; a longer text is not looked at.
const LONGEST: usize = 4096;

/// Why a text was not taken as a token. None of them repeats anything of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// It is not three parts of base64url with a header that can be read; an `alg` of `none` is among these.
    #[error("not a signed token")]
    Malformed,
    /// It is signed with another algorithm than its kind asks for.
    #[error("another algorithm than this kind of token has")]
    Algorithm,
    /// Its `typ` is another one: a token of another kind.
    #[error("another kind of token")]
    Type,
    /// It names no key, or one that is not known.
    #[error("signed with an unknown key")]
    UnknownKey,
    /// Its signature does not belong to its header and payload.
    #[error("the signature is wrong")]
    Signature,
    /// Its claims are not those of its kind.
    #[error("the claims are not those of this kind of token")]
    Claims,
}

/// A token could not be made; no input of a caller leads here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token could not be signed")]
pub struct NotSigned;

/// What sets one kind of token apart from the others (RFC 8725, 3.11).
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    /// The value of `typ`.
    pub(crate) typ: &'static str,
    /// The only algorithm.
    pub(crate) algorithm: Algorithm,
}

impl Kind {
    /// Signs claims.
    pub(crate) fn sign<T: Serialize>(self, kid: &str, key: &EncodingKey, claims: &T) -> Result<String, NotSigned> {
        let mut header = Header::new(self.algorithm);
        header.typ = Some(self.typ.to_owned());
        header.kid = Some(kid.to_owned());
        encode(&header, claims, key).map_err(|_| NotSigned)
    }

    /// Reads a token of this kind: header, key and signature are judged, then the claims are parsed.
    /// Times, issuer and audience are the caller's to judge.
    pub(crate) fn read<'k, T: DeserializeOwned>(
        self,
        text: &str,
        find: impl FnOnce(&str) -> Option<&'k DecodingKey>,
    ) -> Result<T, TokenFault> {
        read_signed(text, |header| {
            if header.typ.as_deref() != Some(self.typ) {
                return Err(TokenFault::Type);
            }
            if header.alg != self.algorithm {
                return Err(TokenFault::Algorithm);
            }
            let key = header.kid.as_deref().and_then(find).ok_or(TokenFault::UnknownKey)?;
            Ok((key, self.algorithm))
        })
    }

    /// Whether a text says that it is of this kind; nothing is verified.
    pub(crate) fn claimed_by(self, text: &str) -> bool {
        header(text).is_ok_and(|header| header.typ.as_deref() == Some(self.typ))
    }
}

/// Reads a token whose header `choose` finds good, with the key and the algorithm that it chooses. What the claims say
/// is the caller's to judge, times too.
pub(crate) fn read_signed<'k, T: DeserializeOwned>(
    text: &str,
    choose: impl FnOnce(&Header) -> Result<(&'k DecodingKey, Algorithm), TokenFault>,
) -> Result<T, TokenFault> {
    let header = header(text)?;
    // No extension is known here, and RFC 7515, 4.1.11 wants an unknown critical one refused.
    if header.crit.is_some() {
        return Err(TokenFault::Malformed);
    }
    let (key, algorithm) = choose(&header)?;
    let mut validation = Validation::new(algorithm);
    validation.leeway = 0;
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    decode::<T>(text, key, &validation).map(|token| token.claims).map_err(|error| match error.kind() {
        ErrorKind::InvalidSignature => TokenFault::Signature,
        ErrorKind::InvalidAlgorithm => TokenFault::Algorithm,
        ErrorKind::Json(_) | ErrorKind::Utf8(_) => TokenFault::Claims,
        _ => TokenFault::Malformed,
    })
}

/// The issuer that a token names, to choose the keys by; nothing is verified.
pub(crate) fn named_issuer(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        iss: String,
    }
    if text.len() > LONGEST {
        return None;
    }
    let payload = URL_SAFE_NO_PAD.decode(text.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Named>(&payload).ok().map(|named| named.iss)
}

fn header(text: &str) -> Result<Header, TokenFault> {
    if text.len() > LONGEST {
        return Err(TokenFault::Malformed);
    }
    decode_header(text).map_err(|_| TokenFault::Malformed)
}

/// Tools with which the tests of the kinds of tokens forge some.
#[cfg(test)]
pub(crate) mod forge {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::crypto::sign;
    use jsonwebtoken::{Algorithm, EncodingKey};
    use serde_json::Value;

    /// The JSON of one part of a token.
    pub(crate) fn part(token: &str, index: usize) -> Value {
        let text = token.split('.').nth(index).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
    }

    /// Any header over any claims, signed.
    pub(crate) fn token(header: &Value, claims: &Value, key: &EncodingKey, algorithm: Algorithm) -> String {
        let message = unsigned(header, claims);
        let signature = sign(message.as_bytes(), key, algorithm).unwrap();
        format!("{message}.{signature}")
    }

    /// Header and claims without a signature.
    pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()))
    }

    /// The token with each character of it exchanged for another one, in turn.
    pub(crate) fn each_character_changed(token: &str) -> impl Iterator<Item = String> + '_ {
        token.char_indices().filter(|(_, was)| *was != '.').map(|(at, was)| {
            let other = if was == 'A' { 'B' } else { 'A' };
            format!("{}{other}{}", &token[..at], &token[at + 1..])
        })
    }
}
