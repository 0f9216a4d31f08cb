//! Workbooks (XLSX). A workbook is a packed archive, and a cell may say that it stands in the last row of the last column:
//! what is unpacked and what is kept has its limits before anything is made of it.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, Reader as _, Xlsx, XlsxError};
use zip::ZipArchive;

use super::grid::{Field, MOST_COLUMNS, MOST_ROWS, Row, Rows, refused};
use crate::domain::refusal::Refusal;

/// Bytes of everything in a workbook, unpacked.
const MOST_UNPACKED: u64 = 64 * 1024 * 1024;
/// Parts of a workbook.
const MOST_PARTS: usize = 1000;
/// Digits that a spreadsheet keeps of a number; the others become zeros without a word.
const DIGITS_KEPT: usize = 15;

/// The rows of the first sheet.
pub fn read(bytes: &[u8]) -> Result<Vec<Row>, Refusal> {
    is_not_too_large(bytes)?;
    // The reader is made for files that people have; one that somebody has made up must not end the thread.
    let read = catch_unwind(AssertUnwindSafe(|| first_sheet(bytes)));
    read.unwrap_or_else(|_| Err(not_a_workbook()))
}

fn not_a_workbook() -> Refusal {
    refused("a file that is no workbook", "a workbook (XLSX) that a spreadsheet program has written")
}

/// Unpacks everything once and keeps nothing: what an archive says of its own size is its word alone.
fn is_not_too_large(bytes: &[u8]) -> Result<(), Refusal> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| not_a_workbook())?;
    if archive.len() > MOST_PARTS {
        return Err(refused("a workbook of too many parts", format!("at most {MOST_PARTS}")));
    }
    let mut left = MOST_UNPACKED;
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(|_| not_a_workbook())?.take(left + 1);
        let unpacked = std::io::copy(&mut part, &mut std::io::sink()).map_err(|_| not_a_workbook())?;
        left = left.checked_sub(unpacked).ok_or_else(|| {
            refused("a workbook that is too large", format!("at most {MOST_UNPACKED} bytes, unpacked"))
        })?;
    }
    Ok(())
}

fn first_sheet(bytes: &[u8]) -> Result<Vec<Row>, Refusal> {
    let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(|_: XlsxError| not_a_workbook())?;
    let name = workbook.sheet_names().first().cloned().ok_or_else(not_a_workbook)?;
    let mut cells = workbook.worksheet_cells_reader(&name).map_err(|_| not_a_workbook())?;
    let mut rows: BTreeMap<u32, Vec<Field>> = BTreeMap::new();
    while let Some(cell) = cells.next_cell().map_err(|_| not_a_workbook())? {
        let (row, column) = cell.get_position();
        let field = field(cell.get_value());
        if field.is_empty() {
            continue;
        }
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if column >= MOST_COLUMNS || (rows.len() > MOST_ROWS && !rows.contains_key(&row)) {
            let expected = format!("at most {MOST_COLUMNS} columns and {MOST_ROWS} rows under the heads");
            return Err(refused("a sheet with more rows or columns", expected));
        }
        let fields = rows.entry(row).or_default();
        if fields.len() <= column {
            fields.resize(column + 1, Field::Text(String::new()));
        }
        if let Some(place) = fields.get_mut(column) {
            *place = field;
        }
    }
    let mut taken = Rows::default();
    for (row, fields) in rows {
        taken.take((row.saturating_add(1), fields))?;
    }
    Ok(taken.into_rows())
}

/// A cell as a text. A number is what its digits say; it is not calculated with.
fn field(value: &DataRef<'_>) -> Field {
    match value {
        DataRef::String(text) => Field::text(text),
        DataRef::SharedString(text) => Field::text(text),
        DataRef::Int(number) => of_number(number.to_string()),
        DataRef::Float(number) => of_number(number.to_string()),
        DataRef::Empty => Field::Text(String::new()),
        DataRef::Bool(_) => Field::Unfit("a truth value"),
        DataRef::DateTime(_) | DataRef::DateTimeIso(_) | DataRef::DurationIso(_) => Field::Unfit("a date or time"),
        DataRef::Error(_) => Field::Unfit("an error of a formula"),
    }
}

fn of_number(text: String) -> Field {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits > DIGITS_KEPT && !text.contains('.') {
        return Field::Unfit("a number of more than 15 digits, of which a spreadsheet keeps no more");
    }
    Field::Text(text)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use rust_xlsxwriter::{ExcelDateTime, Workbook};
    use zip::write::SimpleFileOptions;
    use zip::{CompressionMethod, ZipWriter};

    use super::*;

    fn made(fill: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
        let mut workbook = Workbook::new();
        fill(workbook.add_worksheet());
        workbook.add_worksheet().write_string(0, 0, "the second sheet").unwrap();
        workbook.save_to_buffer().unwrap()
    }

    #[test]
    fn a_cell_is_what_its_digits_say() {
        let bytes = made(|sheet| {
            sheet.write_string(0, 0, " 商品条码 ").unwrap();
            sheet.write_number(2, 0, 6_901_234_567_892_f64).unwrap();
            sheet.write_number(2, 1, 1999.8).unwrap();
            sheet.write_number(2, 3, 1_502_206_009_300_012_345_f64).unwrap();
            sheet.write_boolean(2, 4, true).unwrap();
            let day = ExcelDateTime::from_ymd(2026, 6, 18).unwrap();
            let format = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
            sheet.write_datetime_with_format(2, 5, &day, &format).unwrap();
        });
        let rows = read(&bytes).unwrap();
        assert_eq!(rows[0], (1, vec![Field::text("商品条码")]));
        let (row, fields) = &rows[1];
        assert_eq!(*row, 3);
        assert_eq!(fields[..3], [Field::text("6901234567892"), Field::text("1999.8"), Field::text("")]);
        assert!(fields[3..].iter().all(|field| matches!(field, Field::Unfit(_))), "{fields:?}");
    }

    #[test]
    fn a_cell_far_out_and_a_row_too_many_are_refused() {
        assert!(read(&made(|sheet| drop(sheet.write_string(0, 16_383, "x")))).is_err());
        let far = made(|sheet| drop(sheet.write_string(1_048_575, 0, "x")));
        assert_eq!(read(&far).unwrap(), [(1_048_576, vec![Field::text("x")])]);
        let long = |rows: u32| made(|sheet| (0..rows).for_each(|row| drop(sheet.write_string(row, 0, "x"))));
        assert!(read(&long(20_001)).is_ok());
        assert!(read(&long(20_002)).is_err());
    }

    #[test]
    fn what_unpacks_to_too_much_or_is_no_workbook_is_refused() {
        let packed = |bytes: &[u8]| {
            let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
            let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
            archive.start_file("xl/workbook.xml", options).unwrap();
            archive.write_all(bytes).unwrap();
            archive.finish().unwrap().into_inner()
        };
        let bomb = packed(&vec![b' '; 65 * 1024 * 1024]);
        assert!(bomb.len() < 1024 * 1024);
        assert_eq!(read(&bomb).unwrap_err().found.as_deref(), Some("a workbook that is too large"));
        let whole = made(|sheet| drop(sheet.write_string(0, 0, "x")));
        for bytes in [b"".as_slice(), b"PK", b"name,uscc\n", &packed(b"<workbook/>"), &whole[..whole.len() / 2]] {
            assert!(read(bytes).is_err());
        }
    }
}
