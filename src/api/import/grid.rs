//! A file as heads and rows of texts, whatever it was written as.

use super::super::entity::TableFile;
use super::{separated, workbook};
use crate::domain::refusal::{Code, Refusal};

/// Rows of one file under its heads: what one command takes in one go.
pub const MOST_ROWS: usize = 20_000;
/// Columns of a file; no table has nearly as many.
pub const MOST_COLUMNS: usize = 64;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// As it was typed, without white space around it; empty where nothing stands.
    Text(String),
    /// What stands there in the place of a text.
    Unfit(&'static str),
}

impl Field {
    /// A text.
    pub fn text(text: &str) -> Self {
        Self::Text(text.trim().to_owned())
    }

    /// Whether nothing stands there.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }
}

/// A row and its number, counted from 1 with the heads.
pub type Row = (u32, Vec<Field>);

/// The file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// In which character set it was read.
    pub charset: &'static str,
    /// The heads, and the row in which they stand.
    pub heads: Row,
    /// The rows under them that have a value.
    pub rows: Vec<Row>,
}

impl Grid {
    /// Reads a file.
    ///
    /// # Errors
    /// `BODY_MALFORMED` when it cannot be read at all, or is larger than one command takes.
    pub fn of(file: &TableFile) -> Result<Self, Refusal> {
        let (charset, rows) = match file {
            TableFile::Csv(bytes) => separated::read(bytes)?,
            TableFile::Xlsx(bytes) => ("UTF-8", workbook::read(bytes)?),
        };
        let mut rows = rows.into_iter().filter(|(_, fields)| !fields.iter().all(Field::is_empty));
        let heads = rows.next().ok_or_else(|| refused("a file without heads", "the names of the columns first"))?;
        let grid = Self { charset, heads, rows: rows.collect() };
        if grid.rows.is_empty() {
            return Err(refused("heads alone", "at least one row under the heads"));
        }
        Ok(grid)
    }
}

/// The rows as they are read, as long as there are not too many.
#[derive(Debug, Default)]
pub struct Rows(Vec<Row>);

impl Rows {
    /// Takes a row; one of empty fields counts as well.
    ///
    /// # Errors
    /// `BODY_MALFORMED` when there are too many rows or columns.
    pub fn take(&mut self, row: Row) -> Result<(), Refusal> {
        if row.1.len() > MOST_COLUMNS {
            return Err(refused(format!("{} columns", row.1.len()), format!("at most {MOST_COLUMNS}")));
        }
        if self.0.len() > MOST_ROWS {
            return Err(refused("a file with more rows", format!("at most {MOST_ROWS} rows under the heads")));
        }
        self.0.push(row);
        Ok(())
    }

    /// All of them.
    pub fn into_rows(self) -> Vec<Row> {
        self.0
    }
}

/// A refusal of the file as a whole.
pub fn refused(found: impl std::fmt::Display, expected: impl std::fmt::Display) -> Refusal {
    Refusal::of(Code::BodyMalformed).found(found).expected(expected)
}
