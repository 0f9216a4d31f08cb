//! Workbooks (XLSX). A workbook is a packed archive, a cell may say that it stands in the last row of the last column, and
//! a thousand cells may name one long text: what is unpacked and what is kept has its limits before anything is made of it.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, Reader as _, Xlsx, XlsxError};

use super::grid::{Field, MOST_COLUMNS, MOST_ROWS, Row, Rows, refused};
use super::package;
use crate::domain::refusal::Refusal;

/// Characters of a cell: a spreadsheet keeps no more.
const MOST_CHARACTERS: usize = 32_767;
/// Bytes of the texts of all cells, each as often as a cell names it.
const MOST_TEXT: usize = 16 * 1024 * 1024;
/// Digits that a spreadsheet keeps of a number; the others become zeros without a word.
const DIGITS_KEPT: usize = 15;

/// The rows of the first sheet.
pub fn read(bytes: &[u8]) -> Result<Vec<Row>, Refusal> {
    let bytes = package::checked(bytes)?;
    // The reader is made for files that people have; one that somebody has made up must not end the thread.
    let read = catch_unwind(AssertUnwindSafe(|| first_sheet(&bytes)));
    read.unwrap_or_else(|_| Err(not_a_workbook()))
}

/// What cannot be read as one.
pub fn not_a_workbook() -> Refusal {
    refused("a file that is no workbook", "a workbook (XLSX) that a spreadsheet program has written")
}

fn first_sheet(bytes: &[u8]) -> Result<Vec<Row>, Refusal> {
    let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(|_: XlsxError| not_a_workbook())?;
    let name = workbook.sheet_names().first().cloned().ok_or_else(not_a_workbook)?;
    let mut cells = workbook.worksheet_cells_reader(&name).map_err(|_| not_a_workbook())?;
    let (mut rows, mut left): (BTreeMap<u32, Vec<Field>>, usize) = (BTreeMap::new(), MOST_TEXT);
    while let Some(cell) = cells.next_cell().map_err(|_| not_a_workbook())? {
        let (row, column) = cell.get_position();
        left = left_of(left, row, cell.get_value())?;
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

/// What may still be read after a cell; it is judged before its text is copied.
fn left_of(left: usize, row: u32, value: &DataRef<'_>) -> Result<usize, Refusal> {
    let text = match value {
        DataRef::String(text) => text.as_str(),
        DataRef::SharedString(text) => text,
        _ => return Ok(left),
    };
    // Of what is longer than so many characters can be, none are counted.
    if text.len() > 4 * MOST_CHARACTERS || text.chars().nth(MOST_CHARACTERS).is_some() {
        let found = format!("a longer cell in row {}", row.saturating_add(1));
        return Err(refused(found, format!("at most {MOST_CHARACTERS} characters in a cell")));
    }
    left.checked_sub(text.len()).ok_or_else(|| {
        refused("cells with more text together", format!("at most {MOST_TEXT} bytes of text in all cells"))
    })
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

    /// A workbook with these parts beside those that every one has: one sheet, found where it always is.
    fn packed(parts: &[(&str, &str)]) -> Vec<u8> {
        let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let to = |id: &str, kind: &str, target: &str| {
            format!(
                r#"<Relationships><Relationship Id="{id}" Type="{office}/{kind}" Target="{target}"/></Relationships>"#
            )
        };
        let always = [
            ("_rels/.rels", to("r1", "officeDocument", "xl/workbook.xml")),
            ("xl/_rels/workbook.xml.rels", to("r1", "worksheet", "worksheets/sheet1.xml")),
            ("xl/workbook.xml", r#"<workbook><sheets><sheet name="S" r:id="r1"/></sheets></workbook>"#.to_owned()),
            ("xl/worksheets/sheet1.xml", sheet(r#"<c r="A1" t="inlineStr"><is><t>x</t></is></c>"#, 1, 1)),
        ];
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        let others = always.iter().map(|(name, text)| (*name, text.as_str()));
        for (name, text) in
            others.filter(|(name, _)| !parts.iter().any(|(other, _)| other == name)).chain(parts.iter().copied())
        {
            archive.start_file(name, options).unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    /// A sheet with the same cell everywhere.
    fn sheet(cell: &str, rows: usize, columns: usize) -> String {
        let row = format!("<row>{}</row>", cell.repeat(columns));
        format!("<worksheet><sheetData>{}</sheetData></worksheet>", row.repeat(rows))
    }

    fn found(bytes: &[u8]) -> String {
        read(bytes).unwrap_err().found.unwrap()
    }

    /// A thousandth of what each of these says would be all the memory there is.
    #[test]
    fn a_small_file_of_which_much_would_be_made_is_refused() {
        assert_eq!(read(&packed(&[])).unwrap(), [(1, vec![Field::text("x")])]);
        let texts = |count: &str, text: &str| {
            format!(r#"<sst uniqueCount="{count}"><si><t xml:space="preserve">{text}</t></si></sst>"#)
        };
        let (strings, cells) = ("xl/sharedStrings.xml", "xl/worksheets/sheet1.xml");
        let everywhere = sheet(r#"<c t="s"><v>0</v></c>"#, 20_000, 20);
        let of = |text: &str, sheet: &str| packed(&[(strings, &texts("1", text)), (cells, sheet)]);
        // One text, in each of four hundred thousand cells: as long as a cell may be, or longer.
        let many = of(&"字".repeat(32_767), &everywhere);
        assert!(many.len() < 100 * 1024, "{}", many.len());
        assert_eq!(found(&many), "cells with more text together");
        assert_eq!(found(&of(&" ".repeat(32_767), &everywhere)), "cells with more text together");
        assert_eq!(found(&of(&"x".repeat(1024 * 1024), &everywhere)), "a longer cell in row 1");
        let once = sheet(r#"<c t="s"><v>0</v></c>"#, 1, 1);
        assert_eq!(found(&of(&"字".repeat(32_768), &once)), "a longer cell in row 1");
        assert_eq!(read(&of(&"字".repeat(32_767), &once)).unwrap().len(), 1);
        let short = read(&of("海尔", &everywhere)).unwrap();
        assert_eq!((short.len(), short[19_999].1.len()), (20_000, 20));
        // Places for texts that are not there; sheets and styles that repeat what is long.
        let more = "a workbook with more styles, sheets or texts than a table has";
        for count in ["1099511627776", "99999999999999999999999999"] {
            assert_eq!(found(&packed(&[(strings, &texts(count, "x")), (cells, &once)])), more);
        }
        let long = "y".repeat(1024 * 1024);
        let styles = format!(
            r#"<styleSheet><numFmts><numFmt numFmtId="200" formatCode="{long}"/></numFmts><cellXfs>{}</cellXfs></styleSheet>"#,
            r#"<xf numFmtId="200"/>"#.repeat(150_000),
        );
        assert_eq!(found(&packed(&[("xl/styles.xml", &styles)])), more);
        let rels =
            format!(r#"<Relationships><Relationship Id="r1" Type="t/worksheet" Target="{long}"/></Relationships>"#);
        let sheets =
            format!("<workbook><sheets>{}</sheets></workbook>", r#"<sheet name="S" r:id="r1"/>"#.repeat(150_000));
        let both = [("xl/_rels/workbook.xml.rels", rels.as_str()), ("xl/workbook.xml", sheets.as_str())];
        assert_eq!(found(&packed(&both)), more);
        // The same where a part stands in another's place, or is of a character set in which nothing would be found.
        let elsewhere = [
            ("_rels/.rels", r#"<R><Relationship Id="a" Type="t/officeDocument" Target="xl/worksheets/b.xml"/></R>"#),
            ("xl/worksheets/_rels/b.xml.rels", rels.as_str()),
            ("xl/worksheets/b.xml", sheets.as_str()),
        ];
        assert_eq!(found(&packed(&elsewhere)), more);
        let wide: String = styles.chars().flat_map(|letter| [letter, '\0']).collect();
        assert_eq!(found(&packed(&[("xl/styles.xml", &wide)])), "a file that is no workbook");
        let quoted = styles.replace("yyyy", "yy<y");
        assert_eq!(found(&packed(&[("xl/styles.xml", &quoted)])), "a file that is no workbook");
    }

    #[test]
    fn what_unpacks_to_too_much_or_is_no_workbook_is_refused() {
        let part = |text: &str| packed(&[("xl/media/image1.png", text)]);
        assert!(read(&part("\0\u{1b}<<")).is_ok());
        let bomb = part(&" ".repeat(65 * 1024 * 1024));
        assert!(bomb.len() < 1024 * 1024);
        assert_eq!(found(&bomb), "a workbook that is too large");
        let whole = made(|sheet| drop(sheet.write_string(0, 0, "x")));
        let empty = packed(&[("xl/workbook.xml", "<workbook/>")]);
        for bytes in [b"".as_slice(), b"PK", b"name,uscc\n", &empty, &whole[..whole.len() / 2]] {
            assert!(read(bytes).is_err());
        }
    }
}
