//! The demonstration's identity provider: it has a key of its own, and the service trusts it as it would any other, by
//! the configuration beside it.

use std::fs;
use std::path::{Path, PathBuf};

use jsonwebtoken::Algorithm;

use super::serve::Stopped;
use crate::access::{AUDIENCE, AccessClaims, Role};
use crate::domain::time::Moment;
use crate::jws::{Kind, NotSigned};
use crate::keys::SigningPair;

/// Its `iss`. Nothing is asked for there.
pub const ISSUER: &str = "https://id.huanxin.example";
/// Its secret key, in the data directory.
const SECRET: &str = "demo-issuer.json";
/// Its public keys, beside it.
const PUBLIC: &str = "demo-issuer-jwks.json";
/// The file that says that it is trusted.
const CONFIGURATION: &str = "issuers.toml";
const TOKEN: Kind = Kind { typ: "at+jwt", algorithm: Algorithm::EdDSA };

/// The demonstration's identity provider.
#[derive(Debug)]
pub struct DemoIssuer {
    pair: SigningPair,
    configuration: PathBuf,
}

impl DemoIssuer {
    /// The provider of a data directory: its key is made when there is none, and kept, so that its tokens stay good.
    ///
    /// # Errors
    /// With a sentence about the file that cannot be read or written.
    pub fn open(data_dir: &Path) -> Result<Self, Stopped> {
        let secret = data_dir.join(SECRET);
        let pair = SigningPair::load_or_create(&secret).map_err(|why| Stopped::at(&secret, &why))?;
        write(&data_dir.join(PUBLIC), &format!("{:#}\n", pair.jwks()))?;
        let configuration = data_dir.join(CONFIGURATION);
        let text = format!(
            "# Who says who a consumer is: the demonstration's own provider.\n[[issuers]]\nissuer = \"{ISSUER}\"\n\
             audience = \"{AUDIENCE}\"\njwks_file = \"{PUBLIC}\"\nalgorithms = [\"EdDSA\"]\nleeway_seconds = 0\n"
        );
        write(&configuration, &text)?;
        Ok(Self { pair, configuration })
    }

    /// The file that says that it is trusted.
    #[must_use]
    pub fn configuration(&self) -> &Path {
        &self.configuration
    }

    /// Claims of somebody, from now on for so many seconds, who has no name and number yet.
    #[must_use]
    pub fn claims(&self, sub: &str, now: Moment, seconds: i64) -> AccessClaims {
        let iat = now.seconds();
        let exp = iat.saturating_add(seconds);
        AccessClaims { iat, nbf: iat, exp, ..AccessClaims::bare(ISSUER, sub, Role::Consumer) }
    }

    /// Signs claims, whatever they say: what is taken of them is the service's to judge.
    ///
    /// # Errors
    /// When they cannot be signed, which is never the caller's doing.
    pub fn issue(&self, claims: &AccessClaims) -> Result<String, NotSigned> {
        TOKEN.sign(self.pair.kid(), self.pair.signer(), claims)
    }
}

fn write(path: &Path, text: &str) -> Result<(), Stopped> {
    fs::write(path, text).map_err(|why| Stopped::at(path, &why))
}
