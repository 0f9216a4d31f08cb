//! The body of a request: at most so many bytes, within so many seconds, of the media type that the operation takes.

use std::future::Future;
use std::io::Read as _;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::rt::time::timeout;
use actix_web::{FromRequest, HttpRequest, web};
use flate2::bufread::GzDecoder;
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::sync::OwnedSemaphorePermit;

use super::auth::service;
use super::body;
use super::edge::Limits;
use super::error::ApiError;
use super::export::XLSX;
use crate::domain::evidence_file::{FileMedia, MOST_BYTES};
use crate::domain::refusal::Code;

const JSON: &str = "application/json";
const TOML: &str = "application/toml";
const CSV: &str = "text/csv";

/// A JSON body, well formed and not yet judged; `Content-Type` is `application/json` or absent.
#[derive(Clone, Debug)]
pub struct JsonBody(Value);

impl JsonBody {
    /// Reads it strictly.
    ///
    /// # Errors
    /// With the first thing that cannot be read.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        Ok(body::take(&self.0)?)
    }

    /// What it says, whatever the order of its members and its white space.
    #[must_use]
    pub fn value(&self) -> Value {
        self.0.clone()
    }
}

/// The text of a programme, in either of its two spellings.
#[derive(Clone, Debug)]
pub enum ProgrammeText {
    /// As JSON.
    Json(String),
    /// As the file is written.
    Toml(String),
}

/// A file as it was sent, with the room in memory that it takes until it is dropped.
#[derive(Debug)]
pub struct FileBody {
    /// What the sender says that it is.
    pub said: FileMedia,
    /// The file.
    pub bytes: web::Bytes,
    /// Held as long as the file.
    _room: OwnedSemaphorePermit,
}

/// A table as a file.
#[derive(Clone, Debug)]
pub enum TableFile {
    /// Comma-separated values.
    Csv(web::Bytes),
    /// A workbook.
    Xlsx(web::Bytes),
}

impl TableFile {
    /// SHA-256 of the file, in lower-case hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> String {
        let (Self::Csv(bytes) | Self::Xlsx(bytes)) = self;
        hex::encode(Sha256::digest(bytes))
    }
}

type Reading<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

impl FromRequest for JsonBody {
    type Error = ApiError;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media = media(request);
        let bytes = bytes(request, payload);
        Box::pin(async move {
            match media.as_str() {
                JSON => Ok(Self(body::parse(&bytes.await?)?)),
                other => Err(another_media_type(other, JSON)),
            }
        })
    }
}

impl FromRequest for ProgrammeText {
    type Error = ApiError;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media = media(request);
        let bytes = bytes(request, payload);
        Box::pin(async move {
            let form = match media.as_str() {
                JSON => Self::Json,
                TOML => Self::Toml,
                other => return Err(another_media_type(other, &format!("{JSON} or {TOML}"))),
            };
            let text = String::from_utf8(bytes.await?.to_vec());
            text.map(form).map_err(|_| ApiError::malformed("invalid UTF-8", "text in UTF-8"))
        })
    }
}

impl FromRequest for FileBody {
    type Error = ApiError;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media = media(request);
        let service = service(request).cloned();
        let packing = packing(request);
        let mut payload = payload.take();
        Box::pin(async move {
            let (service, packing) = (service?, packing?);
            let words = || FileMedia::ALL.iter().map(|media| media.name()).collect::<Vec<_>>().join(", ");
            let said = FileMedia::from_name(&media).ok_or_else(|| another_media_type(&media, &words()))?;
            if packing != Packing::Plain {
                return Err(ApiError::malformed("Content-Encoding: gzip", "a file as it is"));
            }
            let room = service.blobs.room().ok_or_else(|| ApiError::of(Code::Busy))?;
            let seconds = service.limits.file_seconds;
            let reading = timeout(Duration::from_secs(seconds), file(&mut payload));
            let late =
                || ApiError::malformed("a file that did not come", format!("the whole file within {seconds} seconds"));
            let bytes = reading.await.map_err(|_| late())??;
            Ok(Self { said, bytes, _room: room })
        })
    }
}

/// The whole file, of which no more than the limit is ever in memory.
async fn file(payload: &mut Payload) -> Result<web::Bytes, ApiError> {
    let mut bytes = web::BytesMut::new();
    let most = usize::try_from(MOST_BYTES).unwrap_or(usize::MAX);
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| ApiError::malformed("a file that breaks off", "a whole file"))?;
        if bytes.len() + chunk.len() > most {
            return Err(ApiError::malformed("a file that is too long", format!("at most {MOST_BYTES} bytes")));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// A file of comma-separated values, in UTF-8.
#[derive(Clone, Debug)]
pub struct CsvBody(String);

impl CsvBody {
    /// The file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl FromRequest for CsvBody {
    type Error = ApiError;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media = media(request);
        let bytes = bytes(request, payload);
        Box::pin(async move {
            if media != CSV {
                return Err(another_media_type(&media, CSV));
            }
            let text = String::from_utf8(bytes.await?.to_vec());
            text.map(Self).map_err(|_| ApiError::malformed("invalid UTF-8", "text in UTF-8"))
        })
    }
}

impl FromRequest for TableFile {
    type Error = ApiError;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let mut values = request.headers().get_all(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or("?"));
        let value = values.next().unwrap_or_default().to_owned();
        // Of a text its bytes say in which character set it is.
        let media = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let bytes = table(request, payload);
        Box::pin(async move {
            match media.as_str() {
                CSV => Ok(Self::Csv(bytes.await?)),
                XLSX => Ok(Self::Xlsx(bytes.await?)),
                other => {
                    let found = if other.is_empty() { "no Content-Type" } else { other };
                    Err(ApiError::malformed(body::shortened(found), format!("Content-Type: {CSV} or {XLSX}")))
                }
            }
        })
    }
}

/// The media type without its parameters. JSON and TOML are UTF-8: another `charset` is another type.
fn media(request: &HttpRequest) -> String {
    let mut values = request.headers().get_all(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or("?"));
    let Some(value) = values.next() else { return JSON.to_owned() };
    let mut parts = value.split(';').map(|part| part.trim().to_ascii_lowercase());
    let media = parts.next().unwrap_or_default();
    let utf8 = |part: String| match part.split_once('=') {
        Some(("charset", charset)) => ["utf-8", "utf8"].contains(&charset.trim_matches('"')),
        _ => true,
    };
    if values.next().is_none() && parts.all(utf8) { media } else { value.to_ascii_lowercase() }
}

fn another_media_type(found: &str, expected: &str) -> ApiError {
    let found = if found.is_empty() { "no Content-Type".to_owned() } else { body::shortened(found) };
    ApiError::malformed(format!("Content-Type: {found}"), format!("Content-Type: {expected}, in UTF-8"))
}

/// How the bytes are packed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Packing {
    Plain,
    Gzip,
}

fn packing(request: &HttpRequest) -> Result<Packing, ApiError> {
    let mut values = request.headers().get_all(header::CONTENT_ENCODING);
    let Some(value) = values.next() else { return Ok(Packing::Plain) };
    let word = value.to_str().unwrap_or("?").trim().to_ascii_lowercase();
    match word.as_str() {
        "identity" if values.next().is_none() => Ok(Packing::Plain),
        "gzip" if values.next().is_none() => Ok(Packing::Gzip),
        _ => Err(ApiError::malformed(
            format!("Content-Encoding: {}", body::shortened(&word)),
            "a body as it is, or Content-Encoding: gzip",
        )),
    }
}

/// The whole body. Packed or not, no more than the limit is ever in memory.
fn bytes(request: &HttpRequest, payload: &mut Payload) -> impl Future<Output = Result<web::Bytes, ApiError>> + use<> {
    let limits = service(request).map(|service| service.limits);
    let packing = packing(request);
    let reading = web::Bytes::from_request(request, payload);
    async move {
        let (limits, packing) = (limits?, packing?);
        let within = Duration::from_secs(limits.body_seconds);
        let bytes = timeout(within, reading).await.map_err(|_| slow(limits))?.map_err(|error| {
            match error.as_response_error().status_code() {
                StatusCode::PAYLOAD_TOO_LARGE => long(limits),
                _ => ApiError::malformed("a body that breaks off", "a whole body"),
            }
        })?;
        if packing == Packing::Gzip { unpacked(&bytes, limits).map(web::Bytes::from) } else { Ok(bytes) }
    }
}

/// A table, up to a limit of its own. Packed or not, no more than that is ever in memory.
fn table(request: &HttpRequest, payload: &mut Payload) -> impl Future<Output = Result<web::Bytes, ApiError>> + use<> {
    let limits = service(request).map(|service| service.limits);
    let packing = packing(request);
    let mut payload = payload.take();
    async move {
        let (limits, packing) = (limits?, packing?);
        // Everything else about a file is as about any other body.
        let limits = Limits { body_bytes: limits.import_bytes, ..limits };
        let reading = async {
            let mut all = web::BytesMut::new();
            while let Some(part) = payload.next().await {
                let part = part.map_err(|_| ApiError::malformed("a body that breaks off", "a whole body"))?;
                if all.len() + part.len() > limits.body_bytes {
                    return Err(long(limits));
                }
                all.extend_from_slice(&part);
            }
            Ok(all.freeze())
        };
        let within = Duration::from_secs(limits.body_seconds);
        let bytes = timeout(within, reading).await.map_err(|_| slow(limits))??;
        if packing == Packing::Gzip { unpacked(&bytes, limits).map(web::Bytes::from) } else { Ok(bytes) }
    }
}

/// Unpacks one gzip member (RFC 1952), and stops where the limit is reached.
fn unpacked(packed: &[u8], limits: Limits) -> Result<Vec<u8>, ApiError> {
    let mut decoder = GzDecoder::new(packed);
    let mut bytes = Vec::new();
    let limit = u64::try_from(limits.body_bytes).unwrap_or(u64::MAX);
    let read = decoder.by_ref().take(limit.saturating_add(1)).read_to_end(&mut bytes);
    if bytes.len() > limits.body_bytes {
        return Err(long(limits));
    }
    match read {
        Ok(_) if decoder.into_inner().is_empty() => Ok(bytes),
        _ => Err(ApiError::malformed("a body that is not one whole gzip member", "Content-Encoding: gzip")),
    }
}

fn long(limits: Limits) -> ApiError {
    ApiError::malformed("a body that is too long", format!("at most {} bytes, unpacked", limits.body_bytes))
}

fn slow(limits: Limits) -> ApiError {
    ApiError::malformed("a body that did not come", format!("the whole body within {} seconds", limits.body_seconds))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use actix_web::test::TestRequest;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_media_type_is_read_without_its_parameters_but_the_charset() {
        for (value, read) in [
            ("application/json", JSON),
            ("Application/JSON; charset=UTF-8", JSON),
            ("application/json; charset=\"utf-8\"; v=1", JSON),
            ("application/json; charset=gbk", "application/json; charset=gbk"),
            ("text/html", "text/html"),
            ("", ""),
        ] {
            let request = TestRequest::default().insert_header(("Content-Type", value)).to_http_request();
            assert_eq!(media(&request), read);
        }
        assert_eq!(media(&TestRequest::default().to_http_request()), JSON);
    }

    #[test]
    fn a_packed_body_is_unpacked_up_to_the_limit() {
        let limits = Limits::default();
        let whole = "x".repeat(limits.body_bytes);
        assert_eq!(unpacked(&gzip(whole.as_bytes()), limits).unwrap(), whole.as_bytes());
        // A hundred megabytes in as many kilobytes.
        let bomb = gzip(&vec![0; 100 * 1024 * 1024]);
        assert!(bomb.len() < 200 * 1024);
        let mut broken = gzip(b"{}");
        broken.truncate(12);
        let two = [gzip(b"{}"), gzip(b"{}")].concat();
        for (packed, found) in [
            (bomb, "a body that is too long"),
            (gzip(format!("{whole}x").as_bytes()), "a body that is too long"),
            (broken, "a body that is not one whole gzip member"),
            (two, "a body that is not one whole gzip member"),
            (b"{}".to_vec(), "a body that is not one whole gzip member"),
        ] {
            let ApiError::Refused(refusals) = unpacked(&packed, limits).unwrap_err() else { panic!() };
            assert_eq!(refusals.first().found.as_deref(), Some(found));
        }
    }
}
