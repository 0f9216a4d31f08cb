//! The archive that a workbook is (ECMA-376 part 2), before a reader makes anything of it.
//!
//! Of a few kilobytes that somebody has made up, a reader makes what it is told to: a thousand million places for texts
//! that are not there, a long format once more for each of a million styles, a long path for each of a million sheets. So
//! what goes on to the reader is the parts that a table needs, and each of them is looked through first.

use std::io::{Cursor, Read as _};

use zip::{ZipArchive, ZipWriter};

use super::grid::{MOST_COLUMNS, MOST_ROWS, refused};
use super::workbook::not_a_workbook;
use crate::domain::refusal::Refusal;

/// Bytes of everything in a workbook, unpacked.
const MOST_UNPACKED: u64 = 64 * 1024 * 1024;
/// Parts of a workbook.
const MOST_PARTS: usize = 1000;
/// Elements of a part with texts or cells: of each cell of the largest sheet its begin, its value's, and their ends.
const MOST_ELEMENTS: usize = 4 * (MOST_ROWS + 1) * (MOST_COLUMNS + 1);
/// Elements of the other parts together.
const MOST_ELEMENTS_BESIDE: usize = 200_000;
/// The attribute that says how many texts there are: so many places are made before one is read.
const COUNT: &[u8] = b"uniqueCount";
/// What a reader may make of them: each of the elements with a copy of the longest.
const MOST_COPIED: usize = 64 * 1024 * 1024;

/// What a part is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Cells, or the texts that cells name.
    Table,
    /// What says where these are and what their numbers are.
    Beside,
}

impl Part {
    /// By its name, as every spreadsheet program gives it; nothing for what a table does not need.
    fn named(name: &str) -> Option<Self> {
        let name = name.replace('\\', "/").to_ascii_lowercase();
        let (folder, file) = name.rsplit_once('/').unwrap_or(("", &name));
        let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
        let xml = ending == "xml";
        let beside = (xml && (file.starts_with("workbook") || file.starts_with("theme") || file == "styles.xml"))
            || (folder.ends_with("_rels") && ending == "rels");
        if beside {
            return Some(Self::Beside);
        }
        (xml && (folder.ends_with("worksheets") || file == "sharedstrings.xml")).then_some(Self::Table)
    }
}

/// The archive with the parts that a table needs and no others.
///
/// # Errors
/// `BODY_MALFORMED` when it is none, or when more would be made of it than a table has.
pub fn checked(bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| not_a_workbook())?;
    if archive.len() > MOST_PARTS {
        return Err(refused("a workbook of too many parts", format!("at most {MOST_PARTS}")));
    }
    let mut kept = ZipWriter::new(Cursor::new(Vec::new()));
    let (mut left, mut beside) = (MOST_UNPACKED, Looked::default());
    for index in 0..archive.len() {
        let (what, unpacked, remaining) = unpack(&mut archive, index, left)?;
        left = remaining;
        match what {
            None => continue,
            Some(Part::Table) => {
                let looked = Looked::default().through(&unpacked)?;
                if looked.elements > MOST_ELEMENTS || looked.sheets {
                    return Err(too_much_said());
                }
            }
            Some(Part::Beside) => {
                beside = beside.through(&unpacked)?;
                if beside.elements > MOST_ELEMENTS_BESIDE || beside.elements * beside.longest > MOST_COPIED {
                    return Err(too_much_said());
                }
            }
        }
        let part = archive.by_index_raw(index).map_err(|_| not_a_workbook())?;
        kept.raw_copy_file(part).map_err(|_| not_a_workbook())?;
    }
    Ok(kept.finish().map_err(|_| not_a_workbook())?.into_inner())
}

/// A part, as far as a table needs it, and how much may still be unpacked. What an archive says of its own size is its
/// word alone.
fn unpack(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    index: usize,
    left: u64,
) -> Result<(Option<Part>, Vec<u8>, u64), Refusal> {
    let part = archive.by_index(index).map_err(|_| not_a_workbook())?;
    let what = part.name().ok().and_then(|name| Part::named(&name));
    let (mut part, mut unpacked) = (part.take(left + 1), Vec::new());
    let read = match what {
        Some(_) => part.read_to_end(&mut unpacked).map(drop),
        None => std::io::copy(&mut part, &mut std::io::sink()).map(drop),
    };
    read.map_err(|_| not_a_workbook())?;
    let left = part
        .limit()
        .checked_sub(1)
        .ok_or_else(|| refused("a workbook that is too large", format!("at most {MOST_UNPACKED} bytes, unpacked")))?;
    Ok((what, unpacked, left))
}

fn too_much_said() -> Refusal {
    refused(
        "a workbook with more styles, sheets or texts than a table has",
        "the table alone, in a new workbook, or CSV",
    )
}

/// What there is in parts.
#[derive(Clone, Copy, Default)]
struct Looked {
    /// Begins and ends of elements.
    elements: usize,
    /// Bytes of the longest of them, with its attributes.
    longest: usize,
    /// Whether one of them names a sheet.
    sheets: bool,
}

impl Looked {
    /// Looks through one more part, byte by byte. It knows less of XML than the reader does, and errs on one side: where
    /// the reader finds an element, it has found one, and as long a one.
    fn through(mut self, part: &[u8]) -> Result<Self, Refusal> {
        // Neither is in an XML text, unless it is of a character set in which nothing here could be found.
        if part.iter().any(|byte| matches!(byte, 0 | 0x1B)) {
            return Err(not_a_workbook());
        }
        let (mut begin, mut quote) = (None::<usize>, None::<u8>);
        for (at, byte) in part.iter().copied().enumerate() {
            match (begin, byte) {
                (None, b'<') => begin = Some(at),
                (Some(_), b'<') => return Err(not_a_workbook()),
                (Some(from), b'>') if quote.is_none() => {
                    self.note(part.get(from + 1..at).unwrap_or_default())?;
                    begin = None;
                }
                (Some(_), b'"' | b'\'') if quote.is_none() => quote = Some(byte),
                (Some(_), _) if quote == Some(byte) => quote = None,
                _ => {}
            }
        }
        if begin.is_some() { Err(not_a_workbook()) } else { Ok(self) }
    }

    /// Notes what stands between the angles of an element.
    fn note(&mut self, element: &[u8]) -> Result<(), Refusal> {
        self.elements += 1;
        self.longest = self.longest.max(element.len());
        let name = element.split(|byte| byte.is_ascii_whitespace() || *byte == b'/').next().unwrap_or_default();
        self.sheets |= name == b"sheet" || name.ends_with(b":sheet");
        if name == b"sst" || name.ends_with(b":sst") {
            let said = element.windows(COUNT.len()).enumerate().filter(|(_, word)| *word == COUNT);
            let mut values = said.filter_map(|(at, _)| element.get(at + COUNT.len()..));
            if !values.all(|value| number(value).is_some_and(|count| count <= MOST_ELEMENTS)) {
                return Err(too_much_said());
            }
        }
        Ok(())
    }
}

/// The first number in a text; zero where there is none.
fn number(text: &[u8]) -> Option<usize> {
    let from = text.iter().skip_while(|byte| !byte.is_ascii_digit());
    let mut digits = from.take_while(|byte| byte.is_ascii_digit());
    digits.try_fold(0_usize, |number, digit| number.checked_mul(10)?.checked_add(usize::from(digit - b'0')))
}
