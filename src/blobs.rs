//! The store of files: a directory or an S3-compatible store, chosen by a URL. What lies there is sealed, and its place is
//! the SHA-256 of its bytes: it is written before anything speaks of it, never changed, and what was changed is noticed.

use std::collections::BTreeSet;
use std::fmt;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, RetryConfig};
use sha2::{Digest as _, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::domain::time::Moment;

/// How long one file may take on its way.
const PATIENCE: Duration = Duration::from_secs(30);
/// Files that are in memory at once, ten megabytes each and their sealed twins.
const AT_ONCE: usize = 16;

/// Why a file is not to be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// The store did not answer, or not as it should.
    #[error("the store of files is away: {0}")]
    Away(String),
    /// Nothing lies there.
    #[error("nothing lies at {0}")]
    Missing(String),
    /// Something else lies there than was put there.
    #[error("what lies at {0} was changed")]
    Changed(String),
}

/// The store.
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    room: Arc<Semaphore>,
}

/// Something that lies in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lying {
    /// Its place.
    pub blob: String,
    /// Since when it lies there.
    pub since: Moment,
}

impl Blobs {
    /// Reads `file:DIRECTORY`, which is made when it is absent, or `s3://BUCKET/PREFIX`; each division has a place of its own
    /// below it. Credentials, region and endpoint of
    /// the latter are those of the environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT`).
    ///
    /// # Errors
    /// With a sentence.
    pub fn open(url: &str, division: &str) -> Result<Self, String> {
        let directory = url.strip_prefix("file://").or_else(|| url.strip_prefix("file:"));
        if let Some(directory) = directory.filter(|path| !path.is_empty()) {
            return Self::directory(FilePath::new(directory), division);
        }
        match url.strip_prefix("s3://").filter(|rest| !rest.is_empty() && !rest.starts_with('/')) {
            Some(rest) => Self::s3(AmazonS3Builder::from_env(), rest, division),
            None => Err(format!("{url:?} is no store of files: file:DIRECTORY or s3://BUCKET/PREFIX")),
        }
    }

    /// A directory, which is made when it is absent, for its owner alone.
    ///
    /// # Errors
    /// With a sentence.
    pub fn directory(path: &FilePath, division: &str) -> Result<Self, String> {
        let sentence = |why: &dyn fmt::Display| format!("{}: {why}", path.display());
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|why| sentence(&why))?;
        let store = LocalFileSystem::new_with_prefix(path).map_err(|why| sentence(&why))?.with_fsync(true);
        Ok(Self::of(Arc::new(store), Path::default().join(division)))
    }

    /// In memory: for tests, and for questions that leave nothing behind.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::of(Arc::new(InMemory::new()), Path::default())
    }

    fn s3(builder: AmazonS3Builder, bucket_and_prefix: &str, division: &str) -> Result<Self, String> {
        // The client takes the process's provider; that there is one already is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (bucket, prefix) = bucket_and_prefix.split_once('/').unwrap_or((bucket_and_prefix, ""));
        // A caller waits: what does not come after a second try is said to be away.
        let retry = RetryConfig { max_retries: 2, retry_timeout: PATIENCE / 2, ..RetryConfig::default() };
        let store = builder.with_bucket_name(bucket).with_retry(retry).build();
        let prefix = Path::parse(prefix).map_err(|why| format!("s3://{bucket_and_prefix}: {why}"))?;
        Ok(Self::of(Arc::new(store.map_err(|why| why.to_string())?), prefix.join(division)))
    }

    fn of(store: Arc<dyn ObjectStore>, prefix: Path) -> Self {
        Self { store, prefix, room: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Room in memory for one more file, while it is held; `None` when there is none.
    #[must_use]
    pub fn room(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.room).try_acquire_owned().ok()
    }

    /// The place of bytes, whether they lie there or not.
    #[must_use]
    pub fn place_of(sealed: &[u8]) -> String {
        hex::encode(Sha256::digest(sealed))
    }

    /// Puts bytes into their place, which it tells. They are on the disk, or wherever the store keeps them, when this comes
    /// back.
    ///
    /// # Errors
    /// [`BlobError::Away`].
    pub async fn put(&self, sealed: Vec<u8>) -> Result<String, BlobError> {
        let blob = Self::place_of(&sealed);
        let path = self.path(&blob);
        within(self.store.put(&path, sealed.into())).await?.map_err(|why| BlobError::Away(why.to_string()))?;
        Ok(blob)
    }

    /// The bytes of a place, as they were put there.
    ///
    /// # Errors
    /// As [`BlobError`] has it.
    pub async fn get(&self, blob: &str) -> Result<Vec<u8>, BlobError> {
        let path = self.path(blob);
        let read = async { self.store.get(&path).await?.bytes().await };
        let bytes = within(read).await?.map_err(|why| match why {
            object_store::Error::NotFound { .. } => BlobError::Missing(blob.to_owned()),
            other => BlobError::Away(other.to_string()),
        })?;
        if hex::encode(Sha256::digest(&bytes)) == blob {
            Ok(bytes.into())
        } else {
            Err(BlobError::Changed(blob.to_owned()))
        }
    }

    /// What lies there since before a moment. What has no place of this store's form is somebody else's and left alone.
    ///
    /// # Errors
    /// [`BlobError::Away`].
    pub async fn lying_since(&self, before: Moment) -> Result<Vec<Lying>, BlobError> {
        let all = self.store.list(Some(&self.prefix)).map_err(|why| BlobError::Away(why.to_string()));
        let old = all.try_filter_map(|meta| async move {
            let since = Moment::from_utc(meta.last_modified);
            let name = meta.location.filename().filter(|name| is_place(name) && since < before).map(str::to_owned);
            Ok(name.map(|blob| Lying { blob, since }))
        });
        old.try_collect().await
    }

    /// Takes away what nothing speaks of.
    ///
    /// # Errors
    /// [`BlobError::Away`].
    pub async fn remove(&self, blobs: &BTreeSet<String>) -> Result<(), BlobError> {
        for blob in blobs {
            let path = self.path(blob);
            within(self.store.delete(&path)).await?.map_err(|why| BlobError::Away(why.to_string()))?;
        }
        Ok(())
    }

    /// Two digits first, so that no directory has all of them.
    fn path(&self, blob: &str) -> Path {
        let head = blob.get(..2).unwrap_or_default();
        self.prefix.clone().join(head).join(blob)
    }
}

impl fmt::Debug for Blobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blobs").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

fn is_place(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'))
}

async fn within<T>(work: impl Future<Output = T>) -> Result<T, BlobError> {
    let seconds = PATIENCE.as_secs();
    timeout(PATIENCE, work).await.map_err(|_| BlobError::Away(format!("no answer within {seconds} seconds")))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::net::TcpListener;
    use std::sync::Mutex;

    use super::*;

    const LATER: Moment = Moment(i64::MAX);

    #[actix_web::test]
    async fn what_is_put_into_a_directory_is_there_under_its_digest() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("a/b");
        let blobs = Blobs::open(&format!("file:{}", place.display()), "360111").unwrap();
        let place = place.join("360111");
        let blob = blobs.put(b"sealed".to_vec()).await.unwrap();
        assert_eq!(blob, hex::encode(Sha256::digest(b"sealed")));
        assert_eq!(blobs.put(b"sealed".to_vec()).await.unwrap(), blob, "the same twice is one");
        let file = place.join(&blob[..2]).join(&blob);
        assert_eq!(std::fs::read(&file).unwrap(), b"sealed");
        assert_eq!(blobs.get(&blob).await.unwrap(), b"sealed");
        std::fs::write(&file, b"Sealed").unwrap();
        assert_eq!(blobs.get(&blob).await, Err(BlobError::Changed(blob.clone())));
        let nothing = "0".repeat(64);
        assert_eq!(blobs.get(&nothing).await, Err(BlobError::Missing(nothing)));
        std::fs::write(place.join("README"), b"somebody else's").unwrap();
        let lying = blobs.lying_since(LATER).await.unwrap();
        assert_eq!(lying.iter().map(|one| one.blob.as_str()).collect::<Vec<_>>(), [blob.as_str()]);
        assert_eq!(blobs.lying_since(lying[0].since).await.unwrap(), []);
        blobs.remove(&BTreeSet::from([blob.clone()])).await.unwrap();
        assert!(!file.exists());
    }

    #[test]
    fn a_url_that_names_no_store_is_told() {
        for url in ["", "file:", "s3://", "s3:///x", "http://x/y", "/var/lib/x"] {
            assert!(Blobs::open(url, "360111").unwrap_err().contains("is no store of files"), "{url}");
        }
    }

    #[test]
    fn there_is_room_for_so_many_at_once() {
        let blobs = Blobs::in_memory();
        let held: Vec<_> = std::iter::from_fn(|| blobs.room()).collect();
        assert_eq!(held.len(), AT_ONCE);
        drop(held);
        assert!(blobs.room().is_some());
    }

    /// As much of the S3 protocol as putting and getting takes: a bucket in memory, which notes what it was asked.
    fn bucket() -> (String, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let notes = Arc::clone(&asked);
        std::thread::spawn(move || {
            let mut kept: Option<Vec<u8>> = None;
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let (mut head, mut length) = (String::new(), 0);
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).unwrap();
                    if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    if line == "\r\n" || line.is_empty() {
                        break;
                    }
                    head.push_str(&line);
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                let signed = head.to_lowercase().contains("authorization: aws4-hmac-sha256 credential=key/");
                notes.lock().unwrap().push(format!("{} signed:{signed}", head.lines().next().unwrap_or_default()));
                let date = "Last-Modified: Thu, 18 Jun 2026 02:00:00 GMT\r\nETag: \"1\"\r\nConnection: close";
                let (status, answer) = match (head.starts_with("PUT"), &kept) {
                    (true, _) => {
                        kept = Some(body);
                        ("200 OK", Vec::new())
                    }
                    (false, Some(bytes)) => ("200 OK", bytes.clone()),
                    (false, None) => ("404 Not Found", Vec::new()),
                };
                let head = format!("HTTP/1.1 {status}\r\n{date}\r\nContent-Length: {}\r\n\r\n", answer.len());
                stream.write_all(&[head.as_bytes(), &answer].concat()).unwrap();
            }
        });
        (endpoint, asked)
    }

    #[actix_web::test]
    async fn an_s3_store_keeps_what_it_is_given() {
        let (endpoint, asked) = bucket();
        let builder = AmazonS3Builder::new().with_endpoint(endpoint).with_allow_http(true).with_region("cn");
        let builder = builder.with_access_key_id("key").with_secret_access_key("secret");
        let blobs = Blobs::s3(builder, "evidence/files", "360111").unwrap();
        let blob = hex::encode(Sha256::digest(b"sealed"));
        assert_eq!(blobs.get(&blob).await, Err(BlobError::Missing(blob.clone())));
        assert_eq!(blobs.put(b"sealed".to_vec()).await.unwrap(), blob);
        assert_eq!(blobs.get(&blob).await.unwrap(), b"sealed");
        let path = format!("/evidence/files/360111/{}/{blob}", &blob[..2]);
        let line = |method: &str| format!("{method} {path} HTTP/1.1 signed:true");
        assert_eq!(*asked.lock().unwrap(), [line("GET"), line("PUT"), line("GET")]);
    }

    #[actix_web::test]
    async fn a_store_that_is_away_is_told() {
        let endpoint = format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
        let builder = AmazonS3Builder::new().with_endpoint(endpoint).with_allow_http(true).with_region("cn");
        let blobs = Blobs::s3(builder.with_access_key_id("key").with_secret_access_key("secret"), "evidence", "360111")
            .unwrap();
        assert!(matches!(blobs.put(b"sealed".to_vec()).await, Err(BlobError::Away(_))));
    }
}
