//! The file that says which issuers are trusted. Every fault of it is told with the file's name; there is nothing
//! secret in it.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use serde::Deserialize;
use ureq::http::Uri;

use super::key_set::{Algorithms, KeySet};
use super::refresh::Fetch;
use super::{Issuer, Source};

/// Why the issuers cannot be trusted as configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {why}")]
pub struct IssuersUnusable {
    file: String,
    why: String,
}

impl IssuersUnusable {
    pub(super) fn at(file: &Path, why: &dyn fmt::Display) -> Self {
        Self { file: file.display().to_string(), why: why.to_string() }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    issuers: Vec<Said>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    issuer: String,
    audience: String,
    jwks_file: Option<PathBuf>,
    jwks_url: Option<String>,
    /// Certificates of those who may vouch for the URL's server, beside nobody else.
    ca_file: Option<PathBuf>,
    #[serde(default = "every_algorithm")]
    algorithms: BTreeSet<Name>,
    #[serde(default = "usual_types")]
    types: Vec<String>,
    #[serde(default)]
    claims: Claims,
    #[serde(default = "usual_leeway")]
    leeway_seconds: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
enum Name {
    #[serde(rename = "EdDSA")]
    EdDsa,
    #[serde(rename = "ES256")]
    Es256,
    #[serde(rename = "RS256")]
    Rs256,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Claims {
    name: String,
    resident_id: String,
}

impl Default for Claims {
    fn default() -> Self {
        Self { name: "name".to_owned(), resident_id: "resident_id".to_owned() }
    }
}

fn every_algorithm() -> BTreeSet<Name> {
    BTreeSet::from([Name::EdDsa, Name::Es256, Name::Rs256])
}

fn usual_types() -> Vec<String> {
    vec!["at+jwt".to_owned(), "JWT".to_owned()]
}

fn usual_leeway() -> i64 {
    60
}

/// Reads the file; no keys are read yet.
pub(super) fn read(path: &Path) -> Result<Vec<Issuer>, IssuersUnusable> {
    let fault = |why: &dyn fmt::Display| IssuersUnusable::at(path, why);
    let text = std::fs::read_to_string(path).map_err(|why| fault(&why))?;
    let file: File = toml::from_str(&text).map_err(|why| fault(&why))?;
    let mut names = BTreeSet::new();
    let mut issuers = Vec::new();
    for said in file.issuers {
        let name = said.issuer.clone();
        let issuer = said.judged(path).map_err(|why| fault(&format!("issuer {name:?}: {why}")))?;
        if !names.insert(name.clone()) {
            return Err(fault(&format!("issuer {name:?} stands there twice")));
        }
        issuers.push(issuer);
    }
    if issuers.is_empty() { Err(fault(&"it names no issuer")) } else { Ok(issuers) }
}

impl Said {
    fn judged(self, file: &Path) -> Result<Issuer, String> {
        if self.issuer.is_empty() || self.audience.is_empty() {
            return Err("issuer and audience have to be said".to_owned());
        }
        if self.algorithms.is_empty() || self.types.is_empty() {
            return Err("at least one algorithm and one type have to be said".to_owned());
        }
        if !(0..=300).contains(&self.leeway_seconds) {
            return Err(format!("leeway_seconds is {}; expected 0 to 300", self.leeway_seconds));
        }
        let beside = |path: &PathBuf| file.parent().unwrap_or(Path::new("")).join(path);
        let source = match (&self.jwks_file, &self.jwks_url) {
            (Some(path), None) if self.ca_file.is_none() => Source::File(beside(path)),
            (None, Some(url)) => {
                let roots = self.ca_file.as_ref().map(beside);
                Source::Url(Arc::new(Fetch::of(safe(url)?, roots.as_deref())?))
            }
            _ => return Err("expected one of jwks_file and jwks_url, and ca_file beside jwks_url alone".to_owned()),
        };
        let has = |name: Name| self.algorithms.contains(&name);
        Ok(Issuer {
            algorithms: Algorithms { eddsa: has(Name::EdDsa), es256: has(Name::Es256), rs256: has(Name::Rs256) },
            name: self.issuer,
            audience: self.audience,
            types: self.types.iter().map(|typ| typ.to_ascii_lowercase()).collect(),
            name_claim: self.claims.name,
            number_claim: self.claims.resident_id,
            leeway: self.leeway_seconds,
            source,
            keys: RwLock::new(Arc::new(KeySet::default())),
        })
    }
}

/// Keys come over TLS, or from this machine: whoever could change them on their way could be anybody.
fn safe(url: &str) -> Result<Uri, String> {
    let uri: Uri = url.parse().map_err(|_| format!("{url:?} is no URL"))?;
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let names_a_person = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
    match uri.scheme_str() {
        Some("https") if !host.is_empty() && !names_a_person => Ok(uri),
        Some("http") if here && !names_a_person => Ok(uri),
        _ => Err(format!("jwks_url {url:?}: expected https://, or http:// to this machine, without a password")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(text: &str) -> String {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("issuers.toml");
        std::fs::write(&path, text).unwrap();
        read(&path).map(|_| ()).unwrap_err().to_string()
    }

    const ONE: &str = "[[issuers]]\nissuer = \"https://a.example\"\naudience = \"huanxin\"\n";

    #[test]
    fn what_is_not_said_is_usual() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("issuers.toml");
        std::fs::write(&path, format!("{ONE}jwks_file = \"keys/a.json\"\n")).unwrap();
        let issuer = read(&path).unwrap().remove(0);
        assert_eq!((issuer.name.as_str(), issuer.audience.as_str()), ("https://a.example", "huanxin"));
        assert_eq!((issuer.name_claim.as_str(), issuer.number_claim.as_str()), ("name", "resident_id"));
        assert_eq!((issuer.leeway, issuer.types), (60, vec!["at+jwt".to_owned(), "jwt".to_owned()]));
        assert_eq!(issuer.algorithms, Algorithms { eddsa: true, es256: true, rs256: true });
        assert!(matches!(issuer.source, Source::File(at) if at == directory.path().join("keys/a.json")));
    }

    #[test]
    fn every_fault_of_the_file_is_told() {
        for (text, told) in [
            (String::new(), "issuers"),
            ("issuers = []".to_owned(), "no issuer"),
            (ONE.to_owned(), "jwks_file and jwks_url"),
            (format!("{ONE}jwks_file = \"a\"\njwks_url = \"https://a.example/k\"\n"), "one of"),
            (format!("{ONE}jwks_file = \"a\"\nca_file = \"b\"\n"), "ca_file"),
            (format!("{ONE}jwks_file = \"a\"\ncolour = 1\n"), "colour"),
            (format!("{ONE}jwks_file = \"a\"\nalgorithms = [\"HS256\"]\n"), "HS256"),
            (format!("{ONE}jwks_file = \"a\"\nalgorithms = [\"none\"]\n"), "none"),
            (format!("{ONE}jwks_file = \"a\"\nalgorithms = []\n"), "algorithm"),
            (format!("{ONE}jwks_file = \"a\"\nleeway_seconds = 301\n"), "0 to 300"),
            (format!("{ONE}jwks_file = \"a\"\n{ONE}jwks_file = \"b\"\n"), "twice"),
            (ONE.replace("huanxin", ""), "audience"),
        ] {
            assert!(why(&text).contains(told), "{told}: {}", why(&text));
        }
    }

    #[test]
    fn keys_come_over_tls_or_from_this_machine() {
        for url in ["https://id.example/k", "http://127.0.0.1:8080/k", "http://[::1]/k", "http://localhost/k"] {
            assert!(safe(url).is_ok(), "{url}");
        }
        for url in [
            "http://id.example/k",
            "http://127.0.0.1.id.example/k",
            "http://10.0.0.1/k",
            "http://localhost@id.example/k",
            "https://a:b@id.example/k",
            "ftp://127.0.0.1/k",
            "/etc/passwd",
            "file:///etc/passwd",
            "",
        ] {
            assert!(safe(url).is_err(), "{url}");
        }
    }
}
