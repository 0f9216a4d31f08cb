//! The service's own TLS (rustls with ring, TLS 1.2 and 1.3): a certificate with its key from two PEM files, read again when
//! they change, so that a renewed certificate needs no restart.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::private_file;

/// How often it is looked whether the files have changed.
pub const EVERY: Duration = Duration::from_mins(1);

/// Why there is no TLS. The texts name the file, never its content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or has nothing of what it should have.
    #[error("{path}: {why}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Certificate and key do not belong together, or are of a kind that rustls does not take.
    #[error("the certificate and the key cannot be used: {0}")]
    Unusable(String),
}

/// A certificate with its key, and the files from which they come.
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    current: RwLock<Read>,
}

#[derive(Clone)]
struct Read {
    certified: Arc<CertifiedKey>,
    /// When each file was changed last, and how long it was.
    seen: [Option<(SystemTime, u64)>; 2],
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("chain", &self.chain).finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads the chain, the service's own certificate first, and the key of the latter.
    ///
    /// # Errors
    /// When a file cannot be read or used, or others may read the key.
    pub fn open(chain: &Path, key: &Path) -> Result<Arc<Self>, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let current = RwLock::new(read(chain, key, &provider)?);
        Ok(Arc::new(Self { chain: chain.to_owned(), key: key.to_owned(), provider, current }))
    }

    /// What a server needs.
    ///
    /// # Errors
    /// When the provider lacks what TLS 1.2 or 1.3 asks for.
    pub fn server(self: &Arc<Self>) -> Result<Arc<ServerConfig>, TlsError> {
        let versions =
            ServerConfig::builder_with_provider(Arc::clone(&self.provider)).with_safe_default_protocol_versions();
        let builder = versions.map_err(|why| TlsError::Unusable(why.to_string()))?;
        let resolver: Arc<Self> = Arc::clone(self);
        Ok(Arc::new(builder.with_no_client_auth().with_cert_resolver(resolver)))
    }

    /// Reads the files again if they have changed; says whether there is something new. Until both files go together the
    /// certificate stays as it is.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn refresh(&self) -> Result<bool, TlsError> {
        let seen = self.current.read().unwrap_or_else(PoisonError::into_inner).seen;
        if seen == [stamp(&self.chain), stamp(&self.key)] {
            return Ok(false);
        }
        let again = read(&self.chain, &self.key, &self.provider)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = again;
        Ok(true)
    }

    /// Refreshes for ever.
    pub async fn follow(self: Arc<Self>, every: Duration) {
        loop {
            tokio::time::sleep(every).await;
            match self.refresh() {
                Ok(true) => tracing::info!(chain = %self.chain.display(), "a new certificate is in use"),
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "the certificate on disk cannot be used; the one before stays"),
            }
        }
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner).certified))
    }
}

fn read(chain: &Path, key: &Path, provider: &CryptoProvider) -> Result<Read, TlsError> {
    let seen = [stamp(chain), stamp(key)];
    if let Some(mode) = private_file::too_open(&fs::metadata(key).map_err(at(key))?) {
        return Err(at(key)(format!("has mode {mode:03o}: others may read or change it; set it to 600")));
    }
    let certificates = CertificateDer::pem_file_iter(chain).map_err(at(chain))?;
    let certificates: Vec<_> = certificates.collect::<Result<_, _>>().map_err(at(chain))?;
    if certificates.is_empty() {
        return Err(at(chain)("no certificate in PEM"));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(at(key))?;
    let certified = CertifiedKey::from_der(certificates, private, provider);
    let certified = certified.map_err(|why| TlsError::Unusable(why.to_string()))?;
    Ok(Read { certified: Arc::new(certified), seen })
}

fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let about = fs::metadata(path).ok()?;
    Some((about.modified().ok()?, about.len()))
}

fn at<E: fmt::Display>(path: &Path) -> impl FnOnce(E) -> TlsError {
    let path = path.to_owned();
    move |why| TlsError::File { path, why: why.to_string() }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use rcgen::{CertifiedKey as Made, generate_simple_self_signed};
    use tempfile::TempDir;

    use super::*;

    struct Files {
        directory: TempDir,
    }

    impl Files {
        fn new() -> Self {
            let files = Self { directory: tempfile::tempdir().unwrap() };
            files.renew();
            files
        }

        fn chain(&self) -> PathBuf {
            self.directory.path().join("chain.pem")
        }

        fn key(&self) -> PathBuf {
            self.directory.path().join("key.pem")
        }

        fn renew(&self) {
            let Made { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
            fs::write(self.chain(), cert.pem()).unwrap();
            fs::write(self.key(), signing_key.serialize_pem()).unwrap();
            self.set_mode(0o600);
        }

        fn set_mode(&self, mode: u32) {
            fs::set_permissions(self.key(), fs::Permissions::from_mode(mode)).unwrap();
        }

        fn open(&self) -> Result<Arc<Certificate>, TlsError> {
            Certificate::open(&self.chain(), &self.key())
        }
    }

    fn shown(certificate: &Certificate) -> Vec<u8> {
        certificate.current.read().unwrap().certified.cert[0].to_vec()
    }

    #[test]
    fn a_renewed_certificate_is_taken_and_half_of_one_is_not() {
        let files = Files::new();
        let certificate = files.open().unwrap();
        assert!(certificate.server().is_ok());
        let first = shown(&certificate);
        assert_eq!(certificate.refresh(), Ok(false));
        let key = fs::read(files.key()).unwrap();
        files.renew();
        let renewed = fs::read(files.key()).unwrap();
        // The chain is there already, and the key is still the old one, of another length of time.
        fs::write(files.key(), [key, b"\n\n".to_vec()].concat()).unwrap();
        assert!(matches!(certificate.refresh(), Err(TlsError::Unusable(_))));
        assert_eq!(shown(&certificate), first);
        fs::write(files.key(), renewed).unwrap();
        assert_eq!(certificate.refresh(), Ok(true));
        assert_ne!(shown(&certificate), first);
        fs::remove_file(files.chain()).unwrap();
        assert!(certificate.refresh().is_err());
        assert_ne!(shown(&certificate), first);
    }

    #[test]
    fn what_cannot_be_used_says_which_file_and_quotes_nothing_of_it() {
        let files = Files::new();
        let secret = fs::read_to_string(files.key()).unwrap().lines().nth(1).unwrap().to_owned();
        for mode in [0o604, 0o644, 0o660] {
            files.set_mode(mode);
            assert!(files.open().unwrap_err().to_string().contains("others may read"), "{mode:o}");
        }
        files.set_mode(0o640);
        assert!(files.open().is_ok());
        let told = |error: TlsError| format!("{error} {error:?}");
        let swapped = told(Certificate::open(&files.key(), &files.key()).unwrap_err());
        let empty = files.directory.path().join("empty.pem");
        write_private(&empty, "");
        let missing = told(Certificate::open(&files.chain(), &files.directory.path().join("absent")).unwrap_err());
        assert!(missing.contains("absent"));
        let broken = files.directory.path().join("broken.pem");
        write_private(&broken, &format!("-----BEGIN PRIVATE KEY-----\n{secret}!\n-----END PRIVATE KEY-----\n"));
        let broken = told(Certificate::open(&files.chain(), &broken).unwrap_err());
        let empty = told(Certificate::open(&files.chain(), &empty).unwrap_err());
        for told in [swapped, missing, broken, empty, format!("{:?}", files.open().unwrap())] {
            assert!(!told.contains(&secret), "{told}");
        }
    }

    fn write_private(path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}
