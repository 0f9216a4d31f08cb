//! Tables that leave the house as files: CSV for whatever reads it, XLSX for people with a spreadsheet.
//!
//! A spreadsheet takes a text that begins with `=`, `+`, `-` or `@` for a formula, which can then read the sheet, the disk
//! or the network of whoever opens the file; and a shop may call itself what it likes. So text stays text here:
//! - In CSV every text is quoted, and a text that could be taken for a formula gets an apostrophe before it.
//! - In XLSX a cell has its type: texts are strings, and a spreadsheet keeps them so when such a cell is edited.
//!
//! Amounts and counts are numbers, days and times are what a spreadsheet calls dates, in Asia/Shanghai.

use rust_decimal::Decimal;

use crate::domain::money::Fen;
use crate::domain::refusal::Language;
use crate::domain::time::{Day, Moment};

/// With what a text begins that a spreadsheet may take for a formula: the marks of ASCII, and those of full width that
/// some spreadsheets read as the same.
const MARKS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// What somebody may have typed, or a word or key of ours.
    Text(String),
    /// A number that is no amount.
    Count(i64),
    /// An amount in yuan.
    Money(Fen),
    /// A number with two places.
    Decimal(Decimal),
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

    /// A number with two places, where there is one.
    pub fn decimal(number: Option<Decimal>) -> Self {
        number.map_or(Self::Nothing, Self::Decimal)
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

/// A table that is in memory as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    heads: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

impl<R> Column<R> {
    /// Its head in a language.
    #[must_use]
    pub const fn head(&self, language: Language) -> &'static str {
        match language {
            Language::Chinese => self.zh,
            Language::English => self.en,
        }
    }
}

impl Table {
    /// Of rows, with heads in a language.
    #[must_use]
    pub fn of<R>(columns: &[Column<R>], rows: &[R], language: Language) -> Self {
        let cells = |row: &R| columns.iter().map(|column| (column.cell)(row)).collect();
        let heads = columns.iter().map(|column| column.head(language)).collect();
        Self { heads, rows: rows.iter().map(cells).collect() }
    }

    /// The heads.
    #[must_use]
    pub fn heads(&self) -> &[&'static str] {
        &self.heads
    }

    /// The rows under them.
    #[must_use]
    pub fn rows(&self) -> &[Vec<Cell>] {
        &self.rows
    }
}

/// Whether a spreadsheet might calculate a text: it begins with a mark, perhaps after blanks that are skipped, or with a
/// character that moves what follows into another cell.
pub(super) fn tempts(text: &str) -> bool {
    let blank = |letter: char| letter.is_whitespace() || letter.is_control();
    text.starts_with(['\t', '\r', '\n']) || text.trim_start_matches(blank).starts_with(MARKS)
}

/// A value as CSV has it.
pub(super) fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) if tempts(text) => format!("'{text}"),
        Cell::Text(text) => text.clone(),
        Cell::Count(count) => count.to_string(),
        Cell::Money(amount) => amount.to_string(),
        Cell::Decimal(number) => number.to_string(),
        Cell::Day(day) => day.to_string(),
        Cell::Time(at) => at.local().format("%Y-%m-%d %H:%M:%S").to_string(),
        Cell::Nothing => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_takes_for_a_formula_is_known() {
        for mark in MARKS.map(String::from).into_iter().chain(["\t", "\r", "\n", " =", "\u{A0}@"].map(str::to_owned)) {
            assert_eq!(plain(&Cell::Text(format!("{mark}1+1"))), format!("'{mark}1+1"));
        }
        for text in ["a=1", "12", "", "海尔"] {
            assert_eq!(plain(&Cell::text(&text)), text);
        }
        assert_eq!(plain(&Cell::Money(Fen(-5))), "-0.05");
    }
}
