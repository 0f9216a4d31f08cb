//! Workbooks (XLSX), a row at a time: what is written leaves memory at once for a file that the system removes by itself.

use chrono::{Datelike as _, Timelike as _};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::cover::Cover;
use super::table::{Cell, plain, tempts};
use crate::domain::refusal::Language;
use crate::domain::time::{Day, Moment};

/// A spreadsheet's number is a binary fraction of 53 bits: up to this many fen each amount has one of its own, which is
/// shown as the amount. What is larger is written as text.
const EXACT_FEN: u64 = 1_000_000_000_000_000;
/// As [`EXACT_FEN`], of counts.
const EXACT_COUNT: u64 = 1 << 53;
/// Rows by which the width of a column goes.
const MEASURED: u32 = 200;
/// The widest column, in digits.
const WIDEST: u16 = 60;

/// A workbook that is being written: a sheet of rows and, before it, a cover.
pub struct Sheets {
    workbook: Workbook,
    sheet: Worksheet,
    formats: Formats,
    widths: Vec<u16>,
    row: u32,
}

impl Sheets {
    /// Begins with the heads; `at` stands in the file as the time of its making.
    ///
    /// # Errors
    /// When there is no room for the file.
    pub fn begin(heads: &[&str], at: Moment, language: Language) -> Result<Self, XlsxError> {
        let mut workbook = Workbook::new();
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&date_time(at)?));
        let mut sheet = workbook.new_worksheet_with_constant_memory()?;
        sheet.set_name(match language {
            Language::Chinese => "数据",
            Language::English => "Data",
        })?;
        sheet.set_freeze_panes(1, 0)?;
        let formats = Formats::new();
        for (column, head) in (0..).zip(heads) {
            sheet.write_string_with_format(0, column, *head, &formats.bold)?;
        }
        let widths = heads.iter().map(|head| width(head)).collect();
        Ok(Self { workbook, sheet, formats, widths, row: 0 })
    }

    /// Writes the next row.
    ///
    /// # Errors
    /// When there are more rows, or longer texts, than a sheet holds, or no room for the file.
    pub fn row(&mut self, cells: &[Cell]) -> Result<(), XlsxError> {
        self.row = self.row.saturating_add(1);
        for (column, cell) in (0..).zip(cells) {
            self.formats.write(&mut self.sheet, (self.row, column), cell)?;
        }
        if self.row <= MEASURED {
            for (known, cell) in self.widths.iter_mut().zip(cells) {
                *known = (*known).max(width(&plain(cell)));
            }
        }
        Ok(())
    }

    /// Puts the cover before the rows and writes the whole file.
    ///
    /// # Errors
    /// When there is no room for the file.
    pub fn finish(mut self, cover: Option<&Cover>, to: impl std::io::Write + Send) -> Result<(), XlsxError> {
        if let Some(cover) = cover {
            let sheet = self.workbook.add_worksheet();
            sheet.set_name(cover.sheet())?;
            sheet.set_column_width(0, 18)?;
            sheet.set_column_width(1, 90)?;
            sheet.set_landscape();
            sheet.write_string_with_format(0, 0, cover.title(), &self.formats.title)?;
            for (row, (label, cell)) in (2..).zip(cover.lines()) {
                sheet.write_string_with_format(row, 0, label, &self.formats.label)?;
                self.formats.write_wrapped(sheet, (row, 1), &cell)?;
            }
        }
        for (column, width) in (0..).zip(&self.widths) {
            self.sheet.set_column_width(column, (*width).min(WIDEST))?;
        }
        // Whoever opens the file by a program looks for the rows.
        self.sheet.set_active(true);
        self.workbook.push_worksheet(self.sheet);
        self.workbook.save_to_writer(to)
    }
}

/// About how many digits are as wide as a text: a Chinese character as two.
fn width(text: &str) -> u16 {
    let digits: usize = text.chars().map(|letter| if letter.is_ascii() { 1 } else { 2 }).sum();
    u16::try_from(digits.saturating_add(2)).unwrap_or(WIDEST)
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
    bold: Format,
    title: Format,
    label: Format,
    wrapped: Format,
    guarded: Format,
    money: Format,
    day: Format,
    time: Format,
}

impl Formats {
    fn new() -> Self {
        Self {
            bold: Format::new().set_bold(),
            title: Format::new().set_bold().set_font_size(14),
            label: Format::new().set_bold().set_align(FormatAlign::Top),
            wrapped: Format::new().set_text_wrap().set_align(FormatAlign::Top),
            guarded: Format::new().set_quote_prefix(),
            money: Format::new().set_num_format("0.00"),
            day: Format::new().set_num_format("yyyy-mm-dd"),
            time: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
        }
    }

    /// As [`Self::write`], but a long text over several lines, and everything to the left.
    fn write_wrapped(&self, sheet: &mut Worksheet, (row, column): (u32, u16), cell: &Cell) -> Result<(), XlsxError> {
        match cell {
            Cell::Text(text) => {
                sheet.write_string_with_format(row, column, text, &self.wrapped)?;
                Ok(())
            }
            other => self.write(sheet, (row, column), other),
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
            Cell::Decimal(decimal) => {
                sheet.write_number_with_format(row, column, number(&decimal.to_string()), &self.money)?;
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
