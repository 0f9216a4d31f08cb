//! What leaves the house as a file: who took which records along, and when, stands in the trail before the file goes.

mod cover;
pub mod growth_chart;
pub mod growth_page;
mod redemptions;
mod retailers;
pub mod table;
mod workbook;
pub mod writing;

use std::fs::File;
use std::io::Read as _;

use actix_web::body::SizedStream;
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use self::cover::Cover;
use self::table::{Cell, Column, Table};
use self::writing::{Made, Unwritten, Writing};
use super::auth::Caller;
use super::error::ApiError;
use super::query::Params;
use super::server::Service;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Moment;
use crate::store::{StoreError, Tx};

pub use redemptions::*;
pub use retailers::*;

/// The media type of CSV, with heads in its first line.
const CSV: &str = "text/csv; charset=utf-8; header=present";
/// The media type of a workbook.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Bytes of a file that are sent at a time.
const PART: usize = 64 * 1024;

/// What a table is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum FileForm {
    /// Comma-separated values, UTF-8 with a byte order mark.
    Csv,
    /// A workbook.
    Xlsx,
}

impl FileForm {
    /// The form that a query asks for; CSV unless it says another.
    pub(super) fn asked(params: &Params) -> Result<Self, ApiError> {
        Ok(params.get("format", "csv, xlsx", Self::of_word)?.unwrap_or(Self::Csv))
    }

    /// The form of a word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        match word {
            "csv" => Some(Self::Csv),
            "xlsx" => Some(Self::Xlsx),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }

    fn media(self) -> &'static str {
        match self {
            Self::Csv => CSV,
            Self::Xlsx => XLSX,
        }
    }
}

/// The bytes of a workbook.
pub struct Workbook;

impl PartialSchema for Workbook {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).content_media_type(XLSX).into()
    }
}

impl ToSchema for Workbook {}

/// A table that somebody asked for as a file.
pub(super) struct Export {
    /// The operation.
    pub operation: &'static str,
    /// What it is about: a word, or the identity of whose records they are.
    pub subject: String,
    /// What the file is called, before the day and its ending.
    pub name: &'static str,
    /// What was asked for.
    pub asked: Value,
    /// The moment as known at which its rows are: that of the newest record that is in them, or the one that was asked for.
    pub known_at: Moment,
    /// The rows.
    pub table: Table,
    /// As what they are written.
    pub form: FileForm,
}

/// Writes the file, has the trail note who takes it along (with the file's SHA-256, by which a copy is known again), and
/// answers with it.
pub(super) async fn hand_out(service: &Service, caller: &Caller, export: Export) -> Result<HttpResponse, ApiError> {
    let Export { operation, subject, name, asked, known_at, table, form } = export;
    let at = service.division.now();
    let cover = Cover::of(operation, &asked, caller, known_at, at);
    let language = caller.language;
    let written = web::block(move || {
        let mut writing = Writing::begin(form, table.heads(), at, language)?;
        table.rows().iter().try_for_each(|row| writing.row(row))?;
        writing.finish(cover)
    });
    let made = written.await.map_err(|_| ApiError::Internal("table".to_owned()))?.map_err(|why| unwritten(&why))?;
    send(service, caller, Taken { operation, subject, name, asked, form, at }, made).await
}

/// A table whose rows are read page by page while it is written.
pub(super) struct Stream<R: 'static> {
    /// The operation.
    pub operation: &'static str,
    /// What it is about: a word, or the identity of whose records they are.
    pub subject: String,
    /// What the file is called, before the day and its ending.
    pub name: &'static str,
    /// What was asked for.
    pub asked: Value,
    /// Its columns.
    pub columns: &'static [Column<R>],
    /// As what it is written.
    pub form: FileForm,
    /// Rows of one file; of more, a part is asked for.
    pub most: u64,
}

/// Takes the next row, and says whether there is room for another one.
pub(super) type Put<'a, R> = &'a mut dyn FnMut(&R) -> bool;

/// As [`hand_out`], of rows that `fill` reads in one snapshot. No more than a page of them is ever in memory.
pub(super) async fn stream_out<R: 'static>(
    service: &Service,
    caller: &Caller,
    stream: Stream<R>,
    mut fill: impl FnMut(&mut Tx<'_>, Put<'_, R>) -> Result<(), StoreError> + Send + 'static,
) -> Result<HttpResponse, ApiError> {
    let Stream { operation, subject, name, asked, columns, form, most } = stream;
    let (at, language) = (service.division.now(), caller.language);
    let heads: Vec<&str> = columns.iter().map(|column| column.head(language)).collect();
    let (whose, filters) = (caller.clone(), asked.clone());
    let made = service.division.read(move |tx| {
        let cover = Cover::of(operation, &filters, &whose, tx.head()?.at, at);
        let mut writing = match Writing::begin(form, &heads, at, language) {
            Ok(writing) => writing,
            Err(why) => return Ok(Err(Some(why))),
        };
        let (mut left, mut failed) = (most, None);
        let mut more = false;
        let mut put = |row: &R| {
            more = left == 0;
            if more || failed.is_some() {
                return false;
            }
            left -= 1;
            let cells: Vec<Cell> = columns.iter().map(|column| (column.cell)(row)).collect();
            failed = writing.row(&cells).err();
            failed.is_none()
        };
        fill(tx, &mut put)?;
        if more {
            return Ok(Err(None));
        }
        Ok(failed.map_or_else(|| writing.finish(cover).map_err(Some), |why| Err(Some(why))))
    });
    let made = made.await?.map_err(|why| {
        let Some(why) = why else {
            let refusal = Refusal::at(Code::BodyMalformed, "/from").found(format!("more than {most} rows"));
            return refusal.expected("a shorter period").into();
        };
        unwritten(&why)
    })?;
    send(service, caller, Taken { operation, subject, name, asked, form, at }, made).await
}

fn unwritten(why: &Unwritten) -> ApiError {
    tracing::error!(%why, "a table cannot be written");
    ApiError::Internal("table".to_owned())
}

/// What is taken along.
struct Taken {
    operation: &'static str,
    subject: String,
    name: &'static str,
    asked: Value,
    form: FileForm,
    at: Moment,
}

async fn send(service: &Service, caller: &Caller, taken: Taken, made: Made) -> Result<HttpResponse, ApiError> {
    let Taken { operation, subject, name, asked, form, at } = taken;
    let Made { file, bytes, rows, sha256, .. } = made;
    let detail = json!({"asked": asked, "form": form.word(), "rows": rows, "sha256": sha256});
    service.disclose(caller, operation, &subject, None, detail).await?;
    let name = format!("attachment; filename=\"{name}-{}.{}\"", at.day(), form.word());
    let mut response = HttpResponse::Ok();
    response.content_type(form.media()).insert_header((header::CONTENT_DISPOSITION, name));
    Ok(response.body(SizedStream::new(bytes, parts(file))))
}

/// The file in parts; each is read when the one before has gone.
fn parts(file: File) -> impl futures_util::Stream<Item = Result<web::Bytes, std::io::Error>> {
    futures_util::stream::try_unfold(file, |mut file| async move {
        let read = web::block(move || {
            let mut part = vec![0; PART];
            let bytes = file.read(&mut part)?;
            part.truncate(bytes);
            Ok::<_, std::io::Error>((part, file))
        });
        let (part, file) = read.await.map_err(std::io::Error::other)??;
        Ok((!part.is_empty()).then(|| (web::Bytes::from(part), file)))
    })
}

/// A document that somebody takes along, as text: noted in the trail like a table.
pub(super) async fn hand_out_text(
    service: &Service,
    caller: &Caller,
    (operation, name, ending, media): (&'static str, &'static str, &'static str, &'static str),
    asked: Value,
    text: String,
) -> Result<HttpResponse, ApiError> {
    let at = service.division.now();
    let detail = json!({"asked": asked, "form": ending, "sha256": hex::encode(Sha256::digest(&text))});
    service.disclose(caller, operation, name, None, detail).await?;
    let file = format!("attachment; filename=\"{name}-{}.{ending}\"", at.day());
    Ok(HttpResponse::Ok().content_type(media).insert_header((header::CONTENT_DISPOSITION, file)).body(text))
}
