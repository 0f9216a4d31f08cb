//! Tables that leave the house as files: CSV for whatever reads it, XLSX for people with a spreadsheet.
//!
//! A spreadsheet takes a text that begins with `=`, `+`, `-` or `@` for a formula, which can then read the sheet, the disk
//! or the network of whoever opens the file; and a shop may call itself what it likes. So text stays text here:
//! - In CSV every text is quoted, and a text that could be taken for a formula gets an apostrophe before it.
//! - In XLSX a cell has its type: texts are strings, and a spreadsheet keeps them so when such a cell is edited.
//!
//! Amounts and counts are numbers, days and times are what a spreadsheet calls dates, in Asia/Shanghai.

use chrono::{Datelike as _, Timelike as _};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use crate::domain::money::Fen;
use crate::domain::refusal::Language;
use crate::domain::time::{Day, Moment};

/// With what a text begins that a spreadsheet may take for a formula: the marks of ASCII, and those of full width that
/// some spreadsheets read as the same.
const MARKS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
/// What tells a spreadsheet that a CSV file is UTF-8.
const BOM: &[u8] = "\u{FEFF}".as_bytes();
/// A spreadsheet's number is a binary fraction of 53 bits: up to this many fen each amount has one of its own, which is
/// shown as the amount. What is larger is written as text.
const EXACT_FEN: u64 = 1_000_000_000_000_000;
/// As [`EXACT_FEN`], of counts.
const EXACT_COUNT: u64 = 1 << 53;

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// What somebody may have typed, or a word or key of ours.
    Text(String),
    /// A number that is no amount.
    Count(i64),
    /// An amount in yuan.
    Money(Fen),
    /// A day.
    Day(Day),
    /// A time, to the second.
    Time(Moment),
    /// Nothing is known.
    Nothing,
}

impl Cell {
    /// A text.
    pub fn text(text: &impl ToString) -> Self {
        Self::Text(text.to_string())
    }

    /// A text, where there is one.
    pub fn perhaps(text: Option<&impl ToString>) -> Self {
        text.map_or(Self::Nothing, Self::text)
    }
}

/// A column: what it is called in Chinese and in English, and its value in a row.
pub struct Column<R> {
    /// In Chinese.
    pub zh: &'static str,
    /// In English.
    pub en: &'static str,
    /// Its value.
    pub cell: fn(&R) -> Cell,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    heads: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// Of rows, with heads in a language.
    #[must_use]
    pub fn of<R>(columns: &[Column<R>], rows: &[R], language: Language) -> Self {
        let head = |column: &Column<R>| match language {
            Language::Chinese => column.zh,
            Language::English => column.en,
        };
        let cells = |row: &R| columns.iter().map(|column| (column.cell)(row)).collect();
        Self { heads: columns.iter().map(head).collect(), rows: rows.iter().map(cells).collect() }
    }

    /// How many rows there are under the heads.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is nothing under the heads.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// As CSV (RFC 4180) in UTF-8 with a byte order mark, texts in quotes.
    ///
    /// # Errors
    /// As the writer says; memory does not refuse.
    pub fn csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::WriterBuilder::new()
            .quote_style(csv::QuoteStyle::NonNumeric)
            .terminator(csv::Terminator::CRLF)
            .from_writer(BOM.to_vec());
        writer.write_record(&self.heads)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(plain))?;
        }
        writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
    }

    /// As XLSX with one sheet; `at` stands in the file as the time of its making.
    ///
    /// # Errors
    /// When there are more rows, or longer texts, than a sheet holds.
    pub fn xlsx(&self, at: Moment) -> Result<Vec<u8>, XlsxError> {
        let mut workbook = Workbook::new();
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&date_time(at)?));
        let sheet = workbook.add_worksheet();
        let bold = Format::new().set_bold();
        for (column, head) in (0..).zip(&self.heads) {
            sheet.write_string_with_format(0, column, *head, &bold)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        let formats = Formats::new();
        for (number, row) in (1..).zip(&self.rows) {
            for (column, cell) in (0..).zip(row) {
                formats.write(sheet, (number, column), cell)?;
            }
        }
        sheet.autofit();
        workbook.save_to_buffer()
    }
}

/// Whether a spreadsheet might calculate a text: it begins with a mark, perhaps after blanks that are skipped, or with a
/// character that moves what follows into another cell.
fn tempts(text: &str) -> bool {
    let blank = |letter: char| letter.is_whitespace() || letter.is_control();
    text.starts_with(['\t', '\r', '\n']) || text.trim_start_matches(blank).starts_with(MARKS)
}

/// A value as CSV has it.
fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) if tempts(text) => format!("'{text}"),
        Cell::Text(text) => text.clone(),
        Cell::Count(count) => count.to_string(),
        Cell::Money(amount) => amount.to_string(),
        Cell::Day(day) => day.to_string(),
        Cell::Time(at) => at.local().format("%Y-%m-%d %H:%M:%S").to_string(),
        Cell::Nothing => String::new(),
    }
}

fn date(day: Day) -> Result<ExcelDateTime, XlsxError> {
    let in_month = |number: u32| u8::try_from(number).unwrap_or(1);
    ExcelDateTime::from_ymd(u16::try_from(day.year()).unwrap_or(1900), in_month(day.0.month()), in_month(day.0.day()))
}

fn date_time(at: Moment) -> Result<ExcelDateTime, XlsxError> {
    let clock = at.local();
    let part = |number: u32| u8::try_from(number).unwrap_or(0);
    let hours = u16::try_from(clock.hour()).unwrap_or(0);
    date(at.day())?.and_hms(hours, part(clock.minute()), f64::from(clock.second()))
}

/// How values look in a sheet.
struct Formats {
    guarded: Format,
    money: Format,
    day: Format,
    time: Format,
}

impl Formats {
    fn new() -> Self {
        Self {
            guarded: Format::new().set_quote_prefix(),
            money: Format::new().set_num_format("0.00"),
            day: Format::new().set_num_format("yyyy-mm-dd"),
            time: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
        }
    }

    fn write(&self, sheet: &mut Worksheet, (row, column): (u32, u16), cell: &Cell) -> Result<(), XlsxError> {
        match cell {
            Cell::Text(text) if tempts(text) => {
                sheet.write_string_with_format(row, column, text, &self.guarded)?;
            }
            Cell::Count(count) if count.unsigned_abs() <= EXACT_COUNT => {
                sheet.write_number(row, column, number(&count.to_string()))?;
            }
            Cell::Money(amount) if amount.0.unsigned_abs() < EXACT_FEN => {
                sheet.write_number_with_format(row, column, number(&amount.to_string()), &self.money)?;
            }
            Cell::Day(day) => {
                sheet.write_datetime_with_format(row, column, date(*day)?, &self.day)?;
            }
            Cell::Time(at) => {
                sheet.write_datetime_with_format(row, column, date_time(*at)?, &self.time)?;
            }
            Cell::Nothing => {}
            Cell::Text(_) | Cell::Count(_) | Cell::Money(_) => {
                sheet.write_string(row, column, plain(cell))?;
            }
        }
        Ok(())
    }
}

/// The nearest number that a sheet has. It is not calculated with: it is written as the digits that it was read from.
fn number(digits: &str) -> f64 {
    digits.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column<(String, i64)>] = &[
        Column { zh: "名称", en: "name", cell: |row| Cell::text(&row.0) },
        Column { zh: "金额", en: "amount", cell: |row| Cell::Money(Fen(row.1)) },
        Column { zh: "日期", en: "day", cell: |_| Cell::Day(Moment(0).day()) },
        Column { zh: "时间", en: "time", cell: |_| Cell::Time(Moment(0)) },
        Column { zh: "备注", en: "note", cell: |_| Cell::Nothing },
    ];

    fn owned(rows: &[(&str, i64)]) -> Vec<(String, i64)> {
        rows.iter().map(|(text, fen)| ((*text).to_owned(), *fen)).collect()
    }

    fn text(rows: &[(&str, i64)], language: Language) -> String {
        let bytes = Table::of(COLUMNS, &owned(rows), language).csv().unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn csv_has_a_mark_heads_in_a_language_and_quoted_texts() {
        let rows = [("a \"b\", c", 94_485)];
        let row = "\"a \"\"b\"\", c\",944.85,\"1970-01-01\",\"1970-01-01 08:00:00\",\"\"\r\n";
        let heads = "\u{FEFF}\"name\",\"amount\",\"day\",\"time\",\"note\"\r\n";
        assert_eq!(text(&rows, Language::English), format!("{heads}{row}"));
        assert!(text(&[], Language::Chinese).starts_with("\u{FEFF}\"名称\",\"金额\""));
    }

    #[test]
    fn no_text_of_a_csv_file_begins_as_a_formula_and_numbers_keep_their_sign() {
        for mark in MARKS.map(String::from).into_iter().chain(["\t", "\r", "\n", " =", "\u{A0}@"].map(str::to_owned)) {
            let told = text(&[(&format!("{mark}1+1"), -5)], Language::English);
            assert!(told.contains(&format!("\"'{mark}1+1\",-0.05,")), "{told}");
        }
        assert!(text(&[("a=1", 0), ("12", 0)], Language::English).contains("\"a=1\",0.00"));
    }

    #[test]
    fn a_sheet_takes_every_number_and_long_texts_are_its_only_limit() {
        let long = "长".repeat(32_767);
        let rows = [("=1", i64::MAX), ("", i64::MIN), (long.as_str(), 1)];
        assert!(Table::of(COLUMNS, &owned(&rows), Language::Chinese).xlsx(Moment(0)).unwrap().starts_with(b"PK"));
        let longer = format!("{long}!");
        assert!(Table::of(COLUMNS, &owned(&[(longer.as_str(), 1)]), Language::Chinese).xlsx(Moment(0)).is_err());
    }
}
