//! Files of comma-separated values. Office programs of here save them in GB18030 unless they are told otherwise, so a file
//! that is no UTF-8 is read as that.

use std::borrow::Cow;

use encoding_rs::GB18030;

use super::grid::{Field, Row, Rows, refused};
use crate::domain::refusal::Refusal;

const BOM: &[u8] = "\u{FEFF}".as_bytes();

/// The character set, and the records as rows, each with the number of its first line.
pub fn read(bytes: &[u8]) -> Result<(&'static str, Vec<Row>), Refusal> {
    let (charset, text) = decoded(bytes)?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let (mut rows, mut lines) = (Rows::default(), Lines { text: text.as_bytes(), at: 0, line: 1 });
    for record in reader.records() {
        let record = record.map_err(|_| refused("a record that cannot be read", "CSV as of RFC 4180"))?;
        let begins = record.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or_default();
        rows.take((lines.line_of(begins), record.iter().map(Field::text).collect()))?;
    }
    Ok((charset, rows.into_rows()))
}

/// Counts the lines of a text. The reader itself counts none for a record that ends as on Windows.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
}

impl Lines<'_> {
    /// The line of the first byte from there on that ends no line.
    fn line_of(&mut self, begins: usize) -> u32 {
        while let Some(byte) = self.text.get(self.at) {
            let ends = matches!(byte, b'\r' | b'\n');
            if self.at >= begins && !ends {
                break;
            }
            // A carriage return before a line feed ends the same line.
            if ends && (*byte == b'\n' || self.text.get(self.at + 1) != Some(&b'\n')) {
                self.line = self.line.saturating_add(1);
            }
            self.at += 1;
        }
        self.line
    }
}

fn decoded(bytes: &[u8]) -> Result<(&'static str, Cow<'_, str>), Refusal> {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(refused("a file in UTF-16", "CSV in UTF-8 or GB18030"));
    }
    let bytes = bytes.strip_prefix(BOM).unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(("UTF-8", text.into()));
    }
    match GB18030.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => Ok(("GB18030", text)),
        None => Err(refused("bytes that are neither UTF-8 nor GB18030", "CSV in one of the two")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(bytes: &[u8]) -> (&'static str, Vec<(u32, Vec<String>)>) {
        let (charset, rows) = read(bytes).unwrap();
        let text = |field: Field| match field {
            Field::Text(text) => text,
            Field::Unfit(what) => panic!("{what}"),
        };
        (charset, rows.into_iter().map(|(line, fields)| (line, fields.into_iter().map(text).collect())).collect())
    }

    #[test]
    fn a_file_is_read_in_either_character_set() {
        let expected: Vec<(u32, Vec<String>)> =
            vec![(1, vec!["名称".into(), "地址".into()]), (3, vec!["海尔,专卖".into(), "火炬大街1号".into()])];
        let text = "名称,地址\r\n\r\n\"海尔,专卖\", 火炬大街1号 \r\n";
        assert_eq!(texts(text.as_bytes()), ("UTF-8", expected.clone()));
        assert_eq!(texts(format!("\u{FEFF}{text}").as_bytes()), ("UTF-8", expected.clone()));
        let (bytes, _, unmappable) = GB18030.encode(text);
        assert!(!unmappable);
        assert_eq!(texts(&bytes), ("GB18030", expected));
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for bytes in [b"\xFF\xFEa\0".as_slice(), b"\xFE\xFF\0a", b"\xFFabc", b"a,b\n\xC4"] {
            assert!(read(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn a_record_over_several_lines_has_the_number_of_its_first() {
        for text in ["a\n\"1\n2\"\n3\n", "a\r\n\"1\r\n2\"\r\n3", "a\r\"1\r2\"\r3\r"] {
            let (_, rows) = read(text.as_bytes()).unwrap();
            assert_eq!(rows.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 2, 4], "{text:?}");
        }
    }

    #[test]
    fn too_many_columns_or_rows_are_refused() {
        assert!(read(",".repeat(64).as_bytes()).is_err());
        assert!(read(",".repeat(63).as_bytes()).is_ok());
        assert!(read("a\n".repeat(20_001).as_bytes()).is_ok());
        assert!(read("a\n".repeat(20_002).as_bytes()).is_err());
    }
}
