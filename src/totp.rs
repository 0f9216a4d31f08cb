//! The second factor: codes of six digits that follow from a secret and the time (TOTP, RFC 6238, with SHA-1 and steps
//! of 30 seconds, which is what every authenticator app can do).

use totp_rs::{Builder, Secret, Totp};

use crate::domain::time::Moment;

/// The bytes of a secret (RFC 4226, 4: 160 bits).
const SECRET_BYTES: usize = 20;
/// Steps before and after the present one whose codes are taken too: clocks differ, and people need time to type.
const SKEW: u16 = 1;
/// Digits of a code.
pub const DIGITS: usize = 6;
/// The name under which an app shows the account.
const ISSUER: &str = "huanxin";

/// A secret that is none, or cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a second factor's secret cannot be used")]
pub struct NoSecret;

/// A secret and what follows from it. It has no `Debug`, on purpose.
pub struct SecondFactor(Totp);

impl SecondFactor {
    /// With a new secret, for an account.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn generate(login: &str) -> Result<Self, NoSecret> {
        let mut bytes = [0_u8; SECRET_BYTES];
        getrandom::fill(&mut bytes).map_err(|_| NoSecret)?;
        Self::of_bytes(bytes, login)
    }

    /// With a secret that somebody else drew.
    ///
    /// # Errors
    /// When the account's name cannot stand in an app.
    pub fn of_bytes(secret: [u8; SECRET_BYTES], login: &str) -> Result<Self, NoSecret> {
        Self::of(Secret::new_stack(secret), login)
    }

    /// With a secret that is there, in Base32 (RFC 4648).
    ///
    /// # Errors
    /// When the text is no secret.
    pub fn of_text(secret: &str, login: &str) -> Result<Self, NoSecret> {
        Self::of(Secret::try_from_base32(secret).map_err(|_| NoSecret)?, login)
    }

    fn of(secret: Secret, login: &str) -> Result<Self, NoSecret> {
        let builder = Builder::new().with_secret(secret).with_skew(SKEW).with_digits(6).with_step_duration(30);
        let named = builder.with_issuer(Some(ISSUER)).with_account_name(login);
        named.build().map(Self).map_err(|_| NoSecret)
    }

    /// The secret in Base32, for an app without a camera.
    #[must_use]
    pub fn secret(&self) -> String {
        self.0.secret().to_base32()
    }

    /// What an app reads out of a picture: `otpauth://totp/…`.
    ///
    /// # Errors
    /// When the account's name does not fit in there.
    pub fn uri(&self) -> Result<String, NoSecret> {
        self.0.to_url().map_err(|_| NoSecret)
    }

    /// The code of a moment.
    #[must_use]
    pub fn code(&self, at: Moment) -> String {
        self.0.generate(seconds(at)).to_string()
    }

    /// The time step for which a code is right at a moment, if it is; whether it was used before is not known here.
    #[must_use]
    pub fn step(&self, code: &str, at: Moment) -> Option<i64> {
        // The library takes codes with spaces and the like; one code has one spelling here.
        let digits = code.len() == DIGITS && code.bytes().all(|byte| byte.is_ascii_digit());
        self.0.check(code, seconds(at)).filter(|_| digits).and_then(|step| i64::try_from(step).ok())
    }
}

fn seconds(at: Moment) -> u64 {
    u64::try_from(at.seconds()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn at(seconds: i64) -> Moment {
        Moment(seconds * 1_000_000)
    }

    /// The values of RFC 6238, appendix B, have eight digits; a code of six is their end.
    #[test]
    fn codes_are_those_of_the_standard() {
        let all: Value = serde_json::from_str(include_str!("../tests/data/crypto_vectors.json")).unwrap();
        let vectors = all["totp_rfc6238"].as_array().unwrap();
        let mut compared = 0;
        for vector in vectors.iter().filter(|vector| vector["alg"] == "sha1") {
            let key: [u8; SECRET_BYTES] = vector["key_ascii"].as_str().unwrap().as_bytes().try_into().unwrap();
            let factor = SecondFactor::of(Secret::new_stack(key), "zhang.san").unwrap();
            let (time, code) = (vector["time"].as_i64().unwrap(), &vector["code"].as_str().unwrap()[2..]);
            assert_eq!(factor.code(at(time)), code);
            assert_eq!(factor.step(code, at(time)), Some(time / 30));
            compared += 1;
        }
        assert_eq!(compared, 6);
    }

    #[test]
    fn a_code_is_good_for_its_step_and_its_neighbours() {
        let factor = SecondFactor::generate("zhang.san").unwrap();
        let step = 59_333_333_i64;
        let code = factor.code(at(step * 30));
        for (seconds, good) in [(-31, false), (-30, true), (0, true), (29, true), (59, true), (60, false)] {
            let found = factor.step(&code, at(step * 30 + seconds));
            // Two steps have one code once in a million.
            assert!(found == good.then_some(step) || found.is_some_and(|found| found != step), "{seconds}");
        }
        for wrong in
            ["", "12345", "1234567", "１２３４５６", &format!(" {code}"), &format!("{} {}", &code[..3], &code[3..])]
        {
            assert_eq!(factor.step(wrong, at(step * 30)), None, "{wrong}");
        }
    }

    #[test]
    fn a_secret_is_read_back_and_stands_in_the_uri() {
        let factor = SecondFactor::generate("zhang.san").unwrap();
        let secret = factor.secret();
        assert_eq!(secret.len(), 32);
        let again = SecondFactor::of_text(&secret, "zhang.san").unwrap();
        assert_eq!(again.code(at(1_780_000_000)), factor.code(at(1_780_000_000)));
        let uri = factor.uri().unwrap();
        assert!(uri.starts_with("otpauth://totp/huanxin:zhang.san?"), "{uri}");
        assert!(uri.contains(&format!("secret={secret}")) && uri.contains("issuer=huanxin"), "{uri}");
        for wrong in ["", "AAAA", "not base32!"] {
            assert!(SecondFactor::of_text(wrong, "x").is_err(), "{wrong}");
        }
    }
}
