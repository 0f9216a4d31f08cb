//! Takes a file, or says everything that is wrong with it.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use super::grid::Grid;
use super::rows::Read;
use super::{columns, rows};
use crate::api::answer::{self, unexpected};
use crate::api::auth::{BureauReader, Caller, Officer};
use crate::api::body::words::{Digest, ImportTableWord, RefusalCode};
use crate::api::entity::TableFile;
use crate::api::error::ApiError;
use crate::api::export::Workbook;
use crate::api::page::Paging;
use crate::api::query::{Asked, Params, Wanted};
use crate::api::server::Service;
use crate::api::view::{ListView, moment};
use crate::domain::command::{Act, Command, Outcome};
use crate::domain::id::Id;
use crate::domain::import::{ImportFile, ImportTable, NewImport, import_id};
use crate::domain::refusal::{Language, Refusal, Refusals};
use crate::engine::{Answer, Failure};

/// Faults that one answer tells; of a file that has more, these are the first.
pub const MOST_FAULTS: usize = 1000;

/// Of what a file is a table, and whether it is only tried.
#[derive(Clone, Copy, Debug)]
pub struct ImportAsked {
    table: ImportTable,
    dry_run: bool,
}

impl Wanted for ImportAsked {
    const NAMES: &'static [&'static str] = &["table", "dry_run"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let words: Vec<&str> = ImportTable::ALL.iter().map(|table| table.name()).collect();
        let truth = |text: &str| text.parse().ok();
        Ok(Self {
            table: params.need("table", &words.join(", "), ImportTable::from_name)?,
            dry_run: params.get("dry_run", "true, false", truth)?.unwrap_or(false),
        })
    }
}

/// A file that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImportView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// What it is a table of.
    #[schema(value_type = ImportTableWord)]
    pub table: String,
    /// SHA-256 of the file.
    #[schema(value_type = Digest)]
    pub sha256: String,
    /// Rows under its heads.
    #[schema(minimum = 1)]
    pub rows: u32,
    /// SHA-256 over the entries of a product list, which stay as they were; `null` for other tables.
    #[schema(value_type = Option<Digest>)]
    pub entries_sha256: Option<String>,
    /// Who sent it.
    #[schema(format = "uuid")]
    pub author: String,
    /// When it was taken.
    #[schema(format = DateTime)]
    pub taken_at: String,
}

impl From<&ImportFile> for ImportView {
    fn from(file: &ImportFile) -> Self {
        Self {
            id: file.id.to_string(),
            table: file.table.name().to_owned(),
            sha256: file.sha256.clone(),
            rows: file.rows,
            entries_sha256: file.entries.clone(),
            author: file.author.to_string(),
            taken_at: moment(file.at),
        }
    }
}

/// What a file says, or what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImportReport {
    /// What it is a table of.
    #[schema(value_type = ImportTableWord)]
    pub table: String,
    /// SHA-256 of the file.
    #[schema(value_type = Digest)]
    pub sha256: String,
    /// The character set in which a CSV file was read, `UTF-8` or `GB18030`; `UTF-8` for a workbook.
    pub charset: String,
    /// Rows under its heads; lines without a value are none.
    #[schema(minimum = 0)]
    pub rows: usize,
    /// Whether it was only tried: nothing was written.
    pub dry_run: bool,
    /// The file as it was taken, now or when it came first; `null` while it was not.
    pub import: Option<ImportView>,
    /// How many faults the file has; of a file that has any, nothing is taken.
    #[schema(minimum = 0)]
    pub fault_count: usize,
    /// The faults by row and column, at most 1000.
    #[schema(max_items = 1000)]
    pub faults: Vec<ImportFaultView>,
}

/// A fault of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImportFaultView {
    /// The row as a spreadsheet counts it, the heads being row 1; the first line of a record in CSV.
    #[schema(minimum = 1)]
    pub row: u32,
    /// The column by its name here, such as `uscc`; empty when the row as a whole is at fault.
    pub column: String,
    /// The column by its head in Chinese.
    pub column_zh: String,
    /// What kind of fault.
    #[schema(value_type = RefusalCode)]
    pub code: String,
    /// What was found; `null` where it may be personal, or says nothing.
    pub found: Option<String>,
    /// What would have been taken.
    pub expected: Option<String>,
    /// A sentence.
    pub detail: String,
}

impl ImportFaultView {
    fn of(table: ImportTable, refusal: &Refusal, language: Language) -> Self {
        let (row, column) = rows::place_of(&refusal.pointer);
        let zh = columns::of(table).iter().find(|known| known.name == column).map_or("", |known| known.zh);
        Self {
            row,
            column: column.to_owned(),
            column_zh: zh.to_owned(),
            code: refusal.code.name().to_owned(),
            found: refusal.found.clone(),
            expected: refusal.expected.clone(),
            detail: refusal.sentence(language),
        }
    }
}

/// A file of comma-separated values.
pub struct SeparatedValues;

impl utoipa::PartialSchema for SeparatedValues {
    fn schema() -> RefOr<Schema> {
        let doc = "CSV (RFC 4180), heads in the first line; UTF-8 with a byte order mark or without, else GB18030.";
        ObjectBuilder::new().schema_type(Type::String).description(Some(doc)).into()
    }
}

impl ToSchema for SeparatedValues {}

/// Take a file of retailers, stores, collection points or products, whole or not at all
///
/// Heads are the names of the columns in English or Chinese, in any order; `docs/exchange.md` lists them. Every fault is
/// told with row, column and reason: of a dry run as a report, else as a problem whose pointers are `/rows/{row}/{column}`.
/// Of a file with a fault nothing is taken. The file itself says what is meant, so that no `Idempotency-Key` is needed: the
/// same file is taken once, and sent again it is answered as the first time. A product list is the exception after another
/// list was taken: then it is put in place anew.
#[utoipa::path(post, path = "/api/v1/imports", operation_id = "importTable", tag = "bureau",
    params(
        ("table" = inline(ImportTableWord), Query, description = "What the file is a table of"),
        ("dry_run" = Option<bool>, Query, description = "Only tries: nothing is written; `false` unless said")),
    request_body(description = "The file", content(
        (SeparatedValues = "text/csv"),
        (Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    responses((status = 200, description = "What was taken, or would be", body = ImportReport)))]
pub async fn import_table(
    Officer(caller): Officer,
    Asked(asked): Asked<ImportAsked>,
    file: TableFile,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let ImportAsked { table, dry_run } = asked;
    let (sha256, read) = read(&service, table, file).await?;
    let mut report = ImportReport {
        table: table.name().to_owned(),
        sha256: sha256.clone(),
        charset: read.charset.to_owned(),
        rows: read.count,
        dry_run,
        import: None,
        fault_count: 0,
        faults: Vec::new(),
    };
    if let Some(file) = taken(&service, table, &sha256).await? {
        report.import = Some(ImportView::from(&file));
        return Ok(answer::repeated(!dry_run, &report));
    }
    let (rows, mut failed) = (read.rows, read.failed);
    let new = NewImport { sha256, replaces: replaced(&service, table).await?, rows };
    let tried = if dry_run || !failed.is_empty() {
        service.division.rehearse(command(&caller, new)).await.map(|()| None)
    } else {
        service.division.submit(command(&caller, new)).await.map(Some)
    };
    let done = match tried {
        Ok(done) => done,
        Err(Failure::Refused(refusals)) => {
            failed.extend(refusals.all().iter().cloned());
            None
        }
        Err(failure) => return Err(failure.into()),
    };
    if let Some(Answer { outcome, replayed }) = done {
        let Outcome::Imported(file) = &outcome else { return Err(unexpected()) };
        report.import = Some(ImportView::from(&**file));
        return Ok(answer::repeated(replayed, &report));
    }
    failed.sort_by_key(|refusal| rows::order(table, &refusal.pointer));
    report.fault_count = failed.len();
    failed.truncate(MOST_FAULTS);
    if dry_run {
        report.faults = failed.iter().map(|refusal| ImportFaultView::of(table, refusal, caller.language)).collect();
        return Ok(HttpResponse::Ok().json(report));
    }
    match Refusals::from_failed(failed) {
        Some(refusals) => Err(refusals.into()),
        None => Err(unexpected()),
    }
}

/// Reads the file off the threads that answer.
async fn read(service: &web::Data<Service>, table: ImportTable, file: TableFile) -> Result<(String, Read), ApiError> {
    let (service, today) = (service.clone(), service.division.now().day());
    let read = web::block(move || {
        let sha256 = file.sha256();
        let grid = Grid::of(&file)?;
        rows::read(table, grid, &service.vault, today).map(|read| (sha256, read)).map_err(ApiError::from)
    });
    read.await.map_err(|_| ApiError::Internal("table".to_owned()))?
}

/// The same file, where it was taken before: of a product list only as long as no other one followed.
async fn taken(service: &Service, table: ImportTable, sha256: &str) -> Result<Option<ImportFile>, ApiError> {
    let same = sha256.to_owned();
    let found = service.division.read(move |tx| match table {
        ImportTable::Products => Ok(tx.newest_import(table)?.filter(|file| file.sha256 == same)),
        _ => tx.import(import_id(table, &same, Id::NIL)),
    });
    Ok(found.await?)
}

/// The product list whose place another one takes.
async fn replaced(service: &Service, table: ImportTable) -> Result<Id, ApiError> {
    if table != ImportTable::Products {
        return Ok(Id::NIL);
    }
    let newest = service.division.read(move |tx| tx.newest_import(table)).await?;
    Ok(newest.map_or(Id::NIL, |file| file.id))
}

/// The file is its own key: whoever sends it, under whatever key, means the same.
fn command(caller: &Caller, new: NewImport) -> Command {
    let id = new.id();
    let act = Act::ImportTable(Box::new(new));
    Command { id, fingerprint: id, actor: caller.actor.clone(), request_id: caller.request_id.clone(), act }
}

/// Of which table.
#[derive(Debug)]
pub struct ImportsAsked {
    paging: Paging,
    table: Option<ImportTable>,
}

impl Wanted for ImportsAsked {
    const NAMES: &'static [&'static str] = &["limit", "cursor", "table"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let words: Vec<&str> = ImportTable::ALL.iter().map(|table| table.name()).collect();
        let table = params.get("table", &words.join(", "), ImportTable::from_name)?;
        Ok(Self { paging: Paging::take(params)?, table })
    }
}

/// The files that were taken, the newest first
#[utoipa::path(get, path = "/api/v1/imports", operation_id = "listImports", tag = "bureau",
    params(Paging, ("table" = inline(Option<ImportTableWord>), Query, description = "Of this table alone")),
    responses((status = 200, description = "A page of files", body = ListView<ImportView>)))]
pub async fn list_imports(
    BureauReader(caller): BureauReader,
    Asked(asked): Asked<ImportsAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reading = asked.paging.of(caller.actor.id, "imports")?;
    let rows = service.division.read(move |tx| tx.imports(asked.table)).await?;
    Ok(HttpResponse::Ok().json(reading.cut(rows, |row| row.id, |row| ImportView::from(&row))))
}
