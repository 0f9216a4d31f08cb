//! Tables as files, a row at a time. Nothing of the file stays in memory: it is written to the disk, where the system
//! removes it when it has been sent, so that a table of a million rows costs no more than one of ten.

use std::fs::File;
use std::io::{BufWriter, Seek as _, Write};

use rust_xlsxwriter::XlsxError;
use sha2::{Digest as _, Sha256};

use super::FileForm;
use super::cover::Cover;
use super::table::{Cell, plain};
use super::workbook::Sheets;
use crate::domain::refusal::Language;
use crate::domain::time::Moment;

/// What tells a spreadsheet that a CSV file is UTF-8.
const BOM: &[u8] = "\u{FEFF}".as_bytes();

/// Why a table cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum Unwritten {
    /// No room, or no file.
    #[error("the disk: {0}")]
    Disk(#[from] std::io::Error),
    /// More rows, or longer texts, than a sheet holds; or no room.
    #[error("XLSX: {0}")]
    Xlsx(#[from] XlsxError),
}

/// A file that was written.
#[derive(Debug)]
pub struct Made {
    /// From its beginning.
    pub file: File,
    /// How long it is.
    pub bytes: u64,
    /// Rows under the heads.
    pub rows: u64,
    /// Its SHA-256.
    pub sha256: String,
    /// The SHA-256 of the same rows as CSV; of a CSV file its own.
    pub data_sha256: String,
}

/// A file that is being written.
pub struct Writing {
    /// The rows as CSV; of a workbook only their digest is kept.
    lines: Digested<Option<BufWriter<File>>>,
    sheets: Option<Sheets>,
    rows: u64,
}

impl Writing {
    /// Begins with the heads. CSV (RFC 4180) is in UTF-8 with a byte order mark, texts in quotes.
    ///
    /// # Errors
    /// When there is no room for the file.
    pub fn begin(form: FileForm, heads: &[&str], at: Moment, language: Language) -> Result<Self, Unwritten> {
        let (file, sheets) = match form {
            FileForm::Csv => (Some(BufWriter::new(tempfile::tempfile()?)), None),
            FileForm::Xlsx => (None, Some(Sheets::begin(heads, at, language)?)),
        };
        let mut lines = Digested::of(file);
        lines.write_all(BOM)?;
        lines.write_all(line(&heads.iter().map(Cell::text).collect::<Vec<_>>()).as_bytes())?;
        Ok(Self { lines, sheets, rows: 0 })
    }

    /// Writes the next row.
    ///
    /// # Errors
    /// As [`Unwritten`] says.
    pub fn row(&mut self, cells: &[Cell]) -> Result<(), Unwritten> {
        self.lines.write_all(line(cells).as_bytes())?;
        if let Some(sheets) = &mut self.sheets {
            sheets.row(cells)?;
        }
        self.rows += 1;
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// As [`Unwritten`] says.
    pub fn finish(self, cover: Option<Cover>) -> Result<Made, Unwritten> {
        let Self { lines, sheets, rows } = self;
        let (data_sha256, bytes) = (lines.sha256(), lines.bytes);
        if let Some(file) = lines.to {
            let file = rewound(file)?;
            return Ok(Made { file, bytes, rows, sha256: data_sha256.clone(), data_sha256 });
        }
        let mut digested = Digested::of(Some(BufWriter::new(tempfile::tempfile()?)));
        let cover = cover.map(|mut cover| {
            cover.close(rows, &data_sha256);
            cover
        });
        if let Some(sheets) = sheets {
            sheets.finish(cover.as_ref(), &mut digested)?;
        }
        let (sha256, bytes) = (digested.sha256(), digested.bytes);
        let file = digested.to.ok_or_else(|| std::io::Error::other("a file that is none"))?;
        Ok(Made { file: rewound(file)?, bytes, rows, sha256, data_sha256 })
    }
}

/// A line of CSV. What is no number is in quotes whatever it looks like: a writer of CSV that goes by the looks of a field
/// leaves an account number bare.
fn line(cells: &[Cell]) -> String {
    let field = |cell: &Cell| match cell {
        Cell::Count(_) | Cell::Money(_) | Cell::Decimal(_) => plain(cell),
        Cell::Text(_) | Cell::Day(_) | Cell::Time(_) | Cell::Nothing => {
            format!("\"{}\"", plain(cell).replace('"', "\"\""))
        }
    };
    cells.iter().map(field).collect::<Vec<_>>().join(",") + "\r\n"
}

fn rewound(file: BufWriter<File>) -> Result<File, Unwritten> {
    let mut file = file.into_inner().map_err(|error| Unwritten::Disk(error.into_error()))?;
    file.rewind()?;
    Ok(file)
}

/// Counts and digests what goes through.
struct Digested<W> {
    to: W,
    hasher: Sha256,
    bytes: u64,
}

impl<W> Digested<W> {
    fn of(to: W) -> Self {
        Self { to, hasher: Sha256::new(), bytes: 0 }
    }

    fn sha256(&self) -> String {
        hex::encode(self.hasher.clone().finalize())
    }
}

impl Write for Digested<Option<BufWriter<File>>> {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        let written = match &mut self.to {
            Some(file) => file.write(buffer)?,
            None => buffer.len(),
        };
        self.hasher.update(buffer.get(..written).unwrap_or_default());
        self.bytes += u64::try_from(written).unwrap_or(0);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.as_mut().map_or(Ok(()), Write::flush)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::api::export::table::{Column, Table};
    use crate::domain::money::Fen;

    const COLUMNS: &[Column<(String, i64)>] = &[
        Column { zh: "名称", en: "name", cell: |row| Cell::text(&row.0) },
        Column { zh: "金额", en: "amount", cell: |row| Cell::Money(Fen(row.1)) },
        Column { zh: "日期", en: "day", cell: |_| Cell::Day(Moment(0).day()) },
        Column { zh: "时间", en: "time", cell: |_| Cell::Time(Moment(0)) },
        Column { zh: "备注", en: "note", cell: |_| Cell::Nothing },
    ];

    fn made(form: FileForm, rows: &[(&str, i64)], language: Language) -> Result<Made, Unwritten> {
        let rows: Vec<(String, i64)> = rows.iter().map(|(text, fen)| ((*text).to_owned(), *fen)).collect();
        let table = Table::of(COLUMNS, &rows, language);
        let mut writing = Writing::begin(form, table.heads(), Moment(0), language)?;
        table.rows().iter().try_for_each(|row| writing.row(row))?;
        writing.finish(None)
    }

    fn bytes(mut made: Made) -> Vec<u8> {
        let mut bytes = Vec::new();
        made.file.read_to_end(&mut bytes).unwrap();
        assert_eq!(u64::try_from(bytes.len()).unwrap(), made.bytes);
        assert_eq!(hex::encode(Sha256::digest(&bytes)), made.sha256);
        bytes
    }

    fn text(rows: &[(&str, i64)], language: Language) -> String {
        String::from_utf8(bytes(made(FileForm::Csv, rows, language).unwrap())).unwrap()
    }

    #[test]
    fn csv_has_a_mark_heads_in_a_language_and_quoted_texts() {
        let rows = [("a \"b\", c", 94_485)];
        let row = "\"a \"\"b\"\", c\",944.85,\"1970-01-01\",\"1970-01-01 08:00:00\",\"\"\r\n";
        let heads = "\u{FEFF}\"name\",\"amount\",\"day\",\"time\",\"note\"\r\n";
        assert_eq!(text(&rows, Language::English), format!("{heads}{row}"));
        assert!(text(&[], Language::Chinese).starts_with("\u{FEFF}\"名称\",\"金额\""));
        assert!(text(&[("=1+1", -5)], Language::English).contains("\"'=1+1\",-0.05,"));
        // A text of digits is no number.
        assert!(text(&[("1502201009000000001", 1)], Language::English).contains("\r\n\"1502201009000000001\",0.01,"));
    }

    #[test]
    fn both_forms_have_one_digest_of_their_rows() {
        let rows = [("海尔", 1), ("=1", 2)];
        let of = |form| made(form, &rows, Language::Chinese).unwrap();
        let (csv, xlsx) = (of(FileForm::Csv), of(FileForm::Xlsx));
        assert_eq!((&csv.data_sha256, csv.rows), (&xlsx.data_sha256, xlsx.rows));
        assert_eq!(csv.sha256, csv.data_sha256);
        assert!(bytes(xlsx).starts_with(b"PK"));
        bytes(csv);
    }

    #[test]
    fn a_sheet_takes_every_number_and_long_texts_are_its_only_limit() {
        let long = "长".repeat(32_767);
        let rows = [("=1", i64::MAX), ("", i64::MIN), (long.as_str(), 1)];
        assert!(made(FileForm::Xlsx, &rows, Language::Chinese).is_ok());
        let longer = format!("{long}!");
        assert!(made(FileForm::Xlsx, &[(longer.as_str(), 1)], Language::Chinese).is_err());
    }
}
