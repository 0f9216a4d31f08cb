//! `check-programme`: explains every fault of a programme file, and shows what a good one gives.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::domain::programme::{Checked, Fault, Rules, check_json, check_toml};

use super::programme_report;

/// The largest file that is read, in bytes; real programmes have a few thousand.
const LARGEST: u64 = 1024 * 1024;

/// Checks each file and returns the exit code: 0 when all are good, 1 otherwise; warnings leave a file good. Errors,
/// warnings and examples go to `out`, which they are the report of; what could not be read at all goes to `err`.
pub fn run(files: &[PathBuf], out: &mut dyn Write, err: &mut dyn Write) -> i32 {
    let mut all_good = true;
    for file in files {
        // A reader that has closed its end wants no more; there is nobody to tell.
        all_good &= check(file, out, err).unwrap_or(false);
    }
    i32::from(!all_good)
}

fn check(file: &Path, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<bool> {
    let name = file.display();
    let bytes = match bytes(file) {
        Ok(bytes) => bytes,
        Err(why) => {
            writeln!(err, "{name}: error: {why}")?;
            return Ok(false);
        }
    };
    match checked(file, bytes) {
        Ok(Checked { rules, warnings }) => {
            for warning in &warnings {
                writeln!(out, "{name}: warning: {warning}")?;
            }
            let odd = match warnings.len() {
                0 => String::new(),
                1 => ", with 1 warning".to_owned(),
                many => format!(", with {many} warnings"),
            };
            writeln!(out, "{name}: good{odd}")?;
            programme_report::write(&rules, out)?;
            Ok(true)
        }
        Err(faults) => {
            for fault in &faults {
                writeln!(out, "{name}: error: {fault}")?;
            }
            Ok(false)
        }
    }
}

/// What stands in the file, or why it cannot be had.
fn bytes(file: &Path) -> Result<Vec<u8>, String> {
    let cannot = |why: io::Error| format!("found a file that cannot be read ({why}); expected a programme file");
    if file.is_dir() {
        return Err("found a directory; expected a programme file, such as programmes/*.toml".to_owned());
    }
    let mut bytes = Vec::new();
    File::open(file).map_err(cannot)?.take(LARGEST + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LARGEST) {
        return Err(format!("found more than {LARGEST} bytes; expected a programme file, of some thousands"));
    }
    Ok(bytes)
}

fn checked(file: &Path, bytes: Vec<u8>) -> Result<Checked, Vec<Fault>> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
        let message = "found bytes that are not UTF-8; expected text in UTF-8 (an editor offers it as the encoding)";
        vec![Fault { line: Some(line), field: String::new(), message: message.to_owned() }]
    })?;
    if is_json(file) { check_json(&text) } else { check_toml(&text) }
}

/// Reads a programme file: JSON by its ending, TOML otherwise.
pub(super) fn parse(file: &Path, text: &str) -> Result<Rules, Vec<Fault>> {
    let checked = if is_json(file) { check_json(text) } else { check_toml(text) };
    checked.map(|checked| checked.rules)
}

fn is_json(file: &Path) -> bool {
    file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"))
}
