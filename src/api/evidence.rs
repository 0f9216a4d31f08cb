//! Evidence files: handed in by the organisation whose record they are about, listed, and fetched by links that expire.

use std::collections::BTreeSet;

use actix_web::http::header::{ContentDisposition, DispositionParam, DispositionType};
use actix_web::{HttpResponse, web};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use super::answer::{BASE, created, unexpected};
use super::auth::{Caller, EvidenceReader, RecyclerStaff, Stranger};
use super::body::file;
use super::body::words::{FileAboutWord, FileKindWord, Identity, Token};
use super::entity::FileBody;
use super::error::ApiError;
use super::idempotency::{IdempotencyKey, Meaning};
use super::page::Paging;
use super::query::{Asked, Nothing, Params, PathId, Wanted};
use super::server::Service;
use super::view::{EvidenceFileView, EvidenceLinkView, ListView, moment};
use crate::access::Role;
use crate::blobs::Blobs;
use crate::domain::command::{Act, Outcome};
use crate::domain::evidence_file::{EvidenceFile, FileAbout, FileKind, MOST_FILES, NewEvidenceFile, judge_another};
use crate::domain::id::Id;
use crate::domain::personal::{DataKey, ERASED, NewDataKey};
use crate::domain::records::Person;
use crate::domain::refusal::{Code, Refusal};
use crate::links::EvidenceLink;
use crate::pii::{Vault, VaultError};
use crate::store::{Page, StoreError, Tx};

/// The bytes of a file.
pub struct FileBytes;

impl utoipa::PartialSchema for FileBytes {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).content_media_type("application/octet-stream").into()
    }
}

impl ToSchema for FileBytes {}

/// Which record's files.
#[derive(Clone, Copy, Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SubjectAsked {
    /// What kind of record.
    #[param(inline, value_type = FileAboutWord)]
    about: FileAbout,
    /// The record.
    #[param(inline, value_type = Identity)]
    subject_id: Id,
}

impl Wanted for SubjectAsked {
    const NAMES: &'static [&'static str] = &["about", "subject_id"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let about = params.need("about", "turn_in or redemption", FileAbout::from_name)?;
        let subject_id = params.need("subject_id", "the identity of the record", |text| text.parse().ok())?;
        Ok(Self { about, subject_id })
    }
}

/// About which record a file is handed in, and what it shows.
#[derive(Clone, Copy, Debug)]
pub struct UploadAsked {
    subject: SubjectAsked,
    kind: FileKind,
}

impl Wanted for UploadAsked {
    const NAMES: &'static [&'static str] = &["about", "subject_id", "kind"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let words = || FileKind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
        Ok(Self { subject: SubjectAsked::take(params)?, kind: params.need("kind", &words(), FileKind::from_name)? })
    }
}

/// Hand in a photo or document about an old item or a redemption of the caller's organisation
///
/// The body is the file itself, 10 MiB at most: a JPEG or PNG image or a PDF document, which its content must be whatever
/// `Content-Type` says. A record has 40 files at most, and each once. The file is kept sealed with a key of the person whom
/// the record is about.
#[utoipa::path(post, path = "/api/v1/evidence", operation_id = "uploadEvidence", tag = "evidence",
    params(SubjectAsked, ("kind" = inline(FileKindWord), Query, description = "What it shows")),
    request_body(content((FileBytes = "application/pdf"), (FileBytes = "image/jpeg"), (FileBytes = "image/png")),
        description = "The file"),
    responses((status = 201, description = "The file as it is recorded", body = EvidenceFileView)))]
pub async fn upload_evidence(
    staff: RecyclerStaff,
    Asked(asked): Asked<UploadAsked>,
    key: IdempotencyKey,
    body: FileBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let UploadAsked { subject: SubjectAsked { about, subject_id }, kind } = asked;
    file::judge(&body.bytes, body.said)?;
    let subject = service.division.read(move |tx| Subject::read(tx, about, subject_id)).await?;
    // The rule asks again; but what another has is not written to begin with.
    let subject = subject.filter(|subject| subject.is_of(Some(staff.recorder))).ok_or_else(ApiError::not_found)?;
    let (house, bytes) = (service.clone(), body.bytes.clone());
    let sealing = web::block(move || sealed(&house.vault, &bytes)).await;
    let (sha256, sealed, data_key) = sealing.map_err(|why| ApiError::Internal(why.to_string()))??;
    // Written before the command, so that what is recorded is there. What the rule does not take is not written: a record
    // loses no file, so that what is too much now is too much then, unless it is the repeat of what was done.
    let blob = match judge_another(&subject.files, &sha256) {
        Ok(()) => service.blobs.put(sealed).await?,
        Err(_) => Blobs::place_of(&sealed),
    };
    let meaning = Meaning::of("uploadEvidence").subject(&subject_id).body(json!({"kind": kind, "sha256": sha256}));
    let file = NewEvidenceFile {
        about,
        subject: subject_id,
        organisation: staff.recorder,
        kind,
        media: body.said,
        bytes: u32::try_from(body.bytes.len()).unwrap_or(u32::MAX),
        sha256,
        blob,
        key: data_key,
    };
    let answer = service.act(&staff.caller, &key, &meaning, Act::UploadEvidence(Box::new(file))).await?;
    let Outcome::EvidenceFile(file) = &answer.outcome else { return Err(unexpected()) };
    Ok(created(&answer, &format!("/evidence/{}", file.id), &EvidenceFileView::own(file)))
}

/// The digest of a file, the file sealed, and the key with which it is.
fn sealed(vault: &Vault, bytes: &[u8]) -> Result<(String, Vec<u8>, NewDataKey), VaultError> {
    let sealer = vault.sealer()?;
    Ok((hex::encode(Sha256::digest(bytes)), sealer.file(bytes)?, sealer.into_key()))
}

/// The record that files are about.
struct Subject {
    organisations: Vec<Id>,
    /// The digests of its files.
    files: BTreeSet<String>,
}

impl Subject {
    fn read(tx: &mut Tx<'_>, about: FileAbout, id: Id) -> Result<Option<Self>, StoreError> {
        let organisations = match about {
            FileAbout::TurnIn => match tx.turn_in(id)? {
                Some(row) => {
                    let yard = tx.old_item_steps(id)?.into_iter().map(|step| step.organisation);
                    Some(std::iter::once(row.recorder).chain(yard).collect())
                }
                None => None,
            },
            FileAbout::Redemption => tx.redemption(id)?.map(|(fact, _)| vec![fact.retailer]),
        };
        let Some(organisations) = organisations else { return Ok(None) };
        let most = i64::try_from(MOST_FILES).unwrap_or(i64::MAX);
        let files = tx.evidence_of(id, Page { after: None, limit: most })?;
        Ok(Some(Self { organisations, files: files.into_iter().map(|file| file.sha256).collect() }))
    }

    /// Whether a caller may see its files; the bureau sees all.
    fn is_of(&self, own: Option<Id>) -> bool {
        own.is_none_or(|own| self.organisations.contains(&own))
    }
}

/// The files about a record, newest first
///
/// An organisation sees those about its own records. The bureau sees also of each file how many other records have the very
/// same one.
#[utoipa::path(get, path = "/api/v1/evidence", operation_id = "listEvidence", tag = "evidence",
    params(SubjectAsked, Paging),
    responses((status = 200, description = "A page of files", body = ListView<EvidenceFileView>)))]
pub async fn list_evidence(
    reader: EvidenceReader,
    Asked(EvidenceAsked { subject, paging }): Asked<EvidenceAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reading = paging.of(reader.caller.actor.id, "evidence")?;
    let (SubjectAsked { about, subject_id }, own, page) = (subject, reader.own, reading.page());
    let found = service.division.read(move |tx| {
        let subject = Subject::read(tx, about, subject_id)?.filter(|subject| subject.is_of(own));
        let files = if subject.is_some() { tx.evidence_of(subject_id, page)? } else { return Ok(None) };
        let digests: Vec<String> = files.iter().map(|file| file.sha256.clone()).collect();
        let equal = if own.is_none() { Some(tx.equal_evidence(&digests)?) } else { None };
        Ok(Some((files, equal)))
    });
    let (files, equal) = found.await?.ok_or_else(ApiError::not_found)?;
    let view = |file: EvidenceFile| match &equal {
        Some(equal) => EvidenceFileView::compared(&file, equal),
        None => EvidenceFileView::own(&file),
    };
    Ok(HttpResponse::Ok().json(reading.list(files, |file| file.id, view)))
}

/// Which record's files, and which page of them.
#[derive(Debug)]
pub struct EvidenceAsked {
    subject: SubjectAsked,
    paging: Paging,
}

impl Wanted for EvidenceAsked {
    const NAMES: &'static [&'static str] = &["limit", "cursor", "about", "subject_id"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        Ok(Self { subject: SubjectAsked::take(params)?, paging: Paging::take(params)? })
    }
}

/// A file about a record; the file itself is fetched by a link
#[utoipa::path(get, path = "/api/v1/evidence/{id}", operation_id = "getEvidence", tag = "evidence",
    params(("id" = String, Path, format = "uuid", description = "The file")),
    responses((status = 200, description = "The file as it is recorded", body = EvidenceFileView)))]
pub async fn get_evidence(
    reader: EvidenceReader,
    PathId(id): PathId,
    _: Asked<Nothing>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let file = visible(&service, id, reader.own).await?;
    if reader.own.is_some() {
        return Ok(HttpResponse::Ok().json(EvidenceFileView::own(&file)));
    }
    let digests = [file.sha256.clone()];
    let equal = service.division.read(move |tx| tx.equal_evidence(&digests)).await?;
    Ok(HttpResponse::Ok().json(EvidenceFileView::compared(&file, &equal)))
}

/// A file that a caller may see; another's is not there.
async fn visible(service: &Service, id: Id, own: Option<Id>) -> Result<EvidenceFile, ApiError> {
    let found = service.division.read(move |tx| {
        let Some(file) = tx.evidence_file(id)? else { return Ok(None) };
        let subject = Subject::read(tx, file.about, file.subject)?;
        Ok(subject.filter(|subject| subject.is_of(own)).map(|_| file))
    });
    found.await?.ok_or_else(ApiError::not_found)
}

/// Make a link by which a file can be fetched for five minutes
///
/// The link works without a token, so that a page can show the picture; whoever has it can fetch the file while it holds.
/// It ends with the caller's session. There is no body.
#[utoipa::path(post, path = "/api/v1/evidence/{id}/links", operation_id = "createEvidenceLink", tag = "evidence",
    params(("id" = String, Path, format = "uuid", description = "The file")),
    responses((status = 200, description = "The link", body = EvidenceLinkView)))]
pub async fn create_evidence_link(
    reader: EvidenceReader,
    PathId(id): PathId,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let file = visible(&service, id, reader.own).await?;
    let kept = service.division.read(move |tx| Kept::read(tx, file.clone())).await?;
    kept.judge(reader.role.name())?;
    let link = EvidenceLink::new(id, reader.caller.actor, reader.ends, service.division.now());
    let text = service.links.sign(&link)?;
    let path = format!("{BASE}/evidence/{id}/content?link={text}");
    Ok(HttpResponse::Ok().json(EvidenceLinkView { path, expires_at: moment(link.expires()) }))
}

/// A file with what is needed to open it.
struct Kept {
    file: EvidenceFile,
    person: Option<Person>,
    keys: Vec<DataKey>,
}

impl Kept {
    fn read(tx: &mut Tx<'_>, file: EvidenceFile) -> Result<Self, StoreError> {
        Ok(Self { person: tx.person(file.person)?, keys: tx.data_keys(&[file.person])?, file })
    }

    /// What was erased nobody sees; of a person whose data is only kept, an auditor alone and whoever handed the file in.
    fn judge(&self, role: &str) -> Result<(), ApiError> {
        let wrong = |found: &str| Err(Refusal::of(Code::WrongState).found(found).into());
        let key = self.keys.iter().find(|key| key.id == self.file.data_key);
        if key.is_none_or(|key| key.wrapped.is_none()) {
            return wrong(ERASED);
        }
        let restricted = self.person.as_ref().filter(|person| person.restricted_at.is_some());
        match restricted {
            Some(person) if is_bureau(role) && role != Role::Auditor.name() => wrong(&person.name.masked),
            _ => Ok(()),
        }
    }
}

/// Whether a role is the bureau's, whose every look at a file stands in the trail.
fn is_bureau(role: &str) -> bool {
    ![Role::Recycler, Role::Retailer, Role::Clerk].iter().any(|outside| outside.name() == role)
}

/// The link with which a file is fetched.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LinkAsked {
    /// As `createEvidenceLink` gave it.
    #[param(inline, value_type = Token)]
    link: String,
}

impl Wanted for LinkAsked {
    const NAMES: &'static [&'static str] = &["link"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        Ok(Self { link: params.need("link", "the link that was given for the file", |text| Some(text.to_owned()))? })
    }
}

/// Fetch a file by a link
///
/// The link is the credential: one that was not made here, has expired or was ended gives a 401. What somebody of the bureau
/// fetches stands in the trail.
#[utoipa::path(get, path = "/api/v1/evidence/{id}/content", operation_id = "downloadEvidence", tag = "evidence",
    params(LinkAsked, ("id" = String, Path, format = "uuid", description = "The file")),
    responses((status = 200, description = "The file", content(
        (FileBytes = "application/pdf"), (FileBytes = "image/jpeg"), (FileBytes = "image/png")))))]
pub async fn download_evidence(
    stranger: Stranger,
    PathId(id): PathId,
    Asked(asked): Asked<LinkAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    // Not that nobody has signed in, which the sentence of the code says: a page need only ask for another link.
    let unauthenticated = || {
        let lapsed = Refusal::at(Code::Unauthenticated, "/link").found("a link that does not hold, or holds no longer");
        ApiError::from(lapsed.expected("link: a new one of createEvidenceLink, which holds for five minutes"))
    };
    let link = service.links.read(&asked.link).map_err(|fault| {
        tracing::debug!(%fault, "link refused");
        unauthenticated()
    })?;
    if link.file != id {
        return Err(ApiError::not_found());
    }
    if service.division.now() >= link.expires() || service.division.is_revoked(&link.ends, link.iat) {
        return Err(unauthenticated());
    }
    let found = service.division.read(move |tx| {
        let file = tx.evidence_file(id)?;
        file.map(|file| Kept::read(tx, file)).transpose()
    });
    let kept = found.await?.ok_or_else(ApiError::not_found)?;
    let role = link.holder.role.clone();
    kept.judge(&role)?;
    let _room = service.blobs.room().ok_or_else(|| ApiError::of(Code::Busy))?;
    let sealed = service.blobs.get(&kept.file.blob).await?;
    let (house, Kept { file, keys, .. }) = (service.clone(), kept);
    let (data_key, sha256) = (file.data_key, file.sha256.clone());
    let opening = web::block(move || opened(&house.vault, &keys, data_key, &sealed, &sha256)).await;
    let bytes = opening.map_err(|why| ApiError::Internal(why.to_string()))??;
    if is_bureau(&role) {
        let Stranger { request_id, language, .. } = stranger;
        let caller = Caller { actor: link.holder, request_id, language };
        let shown = json!({"file": file.id, "about": file.about, "kind": file.kind, "sha256": file.sha256});
        service.disclose(&caller, "downloadEvidence", &file.subject.to_string(), None, shown).await?;
    }
    let name = format!("evidence-{}.{}", file.id, file.media.extension());
    let parameters = vec![DispositionParam::Filename(name)];
    let attachment = ContentDisposition { disposition: DispositionType::Attachment, parameters };
    Ok(HttpResponse::Ok().insert_header(attachment).content_type(file.media.name()).body(bytes))
}

/// The file as it was handed in.
fn opened(vault: &Vault, keys: &[DataKey], key: Id, sealed: &[u8], sha256: &str) -> Result<Vec<u8>, VaultError> {
    let bytes = vault.opener(keys).file(key, sealed)?;
    if hex::encode(Sha256::digest(&bytes)) == sha256 { Ok(bytes) } else { Err(VaultError::Changed) }
}
