//! What leaves the house as a file: who took which records along, and when, stands in the trail before the file goes.

mod redemptions;
mod retailers;
pub mod table;

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use self::table::Table;
use super::auth::Caller;
use super::error::ApiError;
use super::query::Params;
use super::server::Service;
use crate::domain::time::Moment;

pub use redemptions::*;
pub use retailers::*;

/// The media type of CSV, with heads in its first line.
const CSV: &str = "text/csv; charset=utf-8; header=present";
/// The media type of a workbook.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

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

    fn write(self, table: &Table, at: Moment) -> Result<Vec<u8>, ApiError> {
        let written = match self {
            Self::Csv => table.csv().map_err(|error| error.to_string()),
            Self::Xlsx => table.xlsx(at).map_err(|error| error.to_string()),
        };
        written.map_err(|error| {
            tracing::error!(error, "a table cannot be written");
            ApiError::Internal("table".to_owned())
        })
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
    /// The rows.
    pub table: Table,
    /// As what they are written.
    pub form: FileForm,
}

/// Writes the file, has the trail note who takes it along (with the file's SHA-256, by which a copy is known again), and
/// answers with it.
pub(super) async fn hand_out(service: &Service, caller: &Caller, export: Export) -> Result<HttpResponse, ApiError> {
    let Export { operation, subject, name, asked, table, form } = export;
    let at = service.division.now();
    let rows = table.len();
    let written = web::block(move || form.write(&table, at)).await;
    let bytes = written.map_err(|_| ApiError::Internal("table".to_owned()))??;
    let detail =
        json!({"asked": asked, "form": form.word(), "rows": rows, "sha256": hex::encode(Sha256::digest(&bytes))});
    service.disclose(caller, operation, &subject, None, detail).await?;
    let file = format!("attachment; filename=\"{name}-{}.{}\"", at.day(), form.word());
    Ok(HttpResponse::Ok().content_type(form.media()).insert_header((header::CONTENT_DISPOSITION, file)).body(bytes))
}
