//! `check-programme`: explains every fault of a programme file, and shows what a good one gives.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::domain::programme::{Checked, Fault, Rules, check_json, check_toml, differences};
use crate::domain::refusal::Language;

use super::programme_report;

/// The largest file that is read, in bytes; real programmes have a few thousand.
const LARGEST: u64 = 1024 * 1024;

/// Checks each file and returns the exit code: 0 when all are good, 1 otherwise; warnings leave a file good. Errors,
/// warnings and examples go to `out`, which they are the report of; what could not be read at all goes to `err`. With
/// an `older` version, what each file changes in it is told too.
pub fn run(files: &[PathBuf], older: Option<&Path>, out: &mut dyn Write, err: &mut dyn Write) -> i32 {
    // A reader that has closed its end wants no more; there is nobody to tell.
    i32::from(!check_all(files, older, out, err).unwrap_or(false))
}

fn check_all(files: &[PathBuf], older: Option<&Path>, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<bool> {
    let before = match older {
        None => None,
        Some(file) => match read(file, out, err)? {
            Some(checked) => Some(checked.rules),
            None => return Ok(false),
        },
    };
    let mut all_good = true;
    for file in files {
        match read(file, out, err)? {
            Some(checked) => tell(file, &checked, before.as_ref(), out)?,
            None => all_good = false,
        }
    }
    Ok(all_good)
}

/// What a good file says; of any other its errors are told, and there is nothing.
fn read(file: &Path, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<Option<Checked>> {
    let name = file.display();
    let bytes = match bytes(file) {
        Ok(bytes) => bytes,
        Err(why) => {
            writeln!(err, "{name}: error: {why}")?;
            return Ok(None);
        }
    };
    match checked(file, bytes) {
        Ok(checked) => Ok(Some(checked)),
        Err(faults) => {
            for fault in &faults {
                writeln!(out, "{name}: error: {fault}")?;
            }
            Ok(None)
        }
    }
}

fn tell(file: &Path, checked: &Checked, before: Option<&Rules>, out: &mut dyn Write) -> io::Result<()> {
    let (name, Checked { rules, warnings }) = (file.display(), checked);
    for warning in warnings {
        writeln!(out, "{name}: warning: {warning}")?;
    }
    let odd = match warnings.len() {
        0 => String::new(),
        1 => ", with 1 warning".to_owned(),
        many => format!(", with {many} warnings"),
    };
    writeln!(out, "{name}: good{odd}")?;
    if let Some(before) = before {
        let changes = differences(before, rules);
        writeln!(out, "  {} changes", changes.len())?;
        for change in &changes {
            writeln!(out, "    {}", change.sentence(Language::English))?;
        }
    }
    programme_report::write(rules, out)
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
        let line = good.split(|byte| *byte == b'\n').count();
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn ran(files: &[PathBuf]) -> (i32, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run(files, None, &mut out, &mut err);
        (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    #[test]
    fn a_version_is_told_against_the_one_before_it() {
        let [before, after] = ["cn-car-scrap-2024a.toml", "cn-car-scrap-2024b.toml"]
            .map(|name| Path::new(env!("CARGO_MANIFEST_DIR")).join("programmes").join(name));
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run(std::slice::from_ref(&after), Some(&before), &mut out, &mut err);
        let out = String::from_utf8(out).unwrap();
        assert_eq!((code, err.as_slice()), (0, &b""[..]));
        let told = "  5 changes
    retroactive from: added, 2024-04-24
    windows › claims › from: 2024-04-24 -> 2024-07-24
    windows › claims › to: 2024-07-23 -> 2024-12-31
    line car › tier 1 › fixed sum: 10000.00 -> 20000.00
    line car › tier 2 › fixed sum: 7000.00 -> 15000.00
";
        assert!(out.contains(told), "{out}");
        let (mut out, mut err) = (Vec::new(), Vec::new());
        assert_eq!(run(&[after], Some(Path::new("absent.toml")), &mut out, &mut err), 1);
        assert!(String::from_utf8(err).unwrap().starts_with("absent.toml: error: "));
    }

    #[test]
    fn a_good_file_shows_what_it_gives() {
        let files = ["nc-appl-2026.toml", "nc-ebike-2026.toml", "nc-car-2026.toml"]
            .map(|name| Path::new(env!("CARGO_MANIFEST_DIR")).join("programmes").join(name));
        let (code, out, err) = ran(&files);
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(!out.contains("warning"), "{out}");
        let table = "  ebike: pool 10000000.00, 1 per person, a voucher reserves 700.00 at most
    tier 1: 500.00 (any sale)
       price  subsidy  consumer pays  district
      499.99   499.99           0.00    499.99
      500.00   500.00           0.00    500.00
      500.01   500.00           0.01    500.00
    tier 1: 500.00 + bonus 1: 200.00 (battery lead_acid, old battery lithium)
       price  subsidy  consumer pays  district
      699.99   699.99           0.00    699.99
      700.00   700.00           0.00    700.00
      700.01   700.00           0.01    700.00
";
        assert!(out.contains(table), "{out}");
        let capped = "      166666.68  20000.0016  20000.00      146666.68  18000.00   2000.00\n";
        assert!(out.contains(capped), "{out}");
        assert!(out.contains("  lines       6 lines, pool 60000000.00 together\n"), "{out}");
    }

    #[test]
    fn a_bad_file_is_told_by_line_and_field() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bad.toml");
        let good = include_str!("../../programmes/nc-car-2026.toml");
        fs::write(&file, good.replace("rounding = \"down\"", "rounding = \"sideways\"")).unwrap();
        let (code, out, _) = ran(std::slice::from_ref(&file));
        let line = good.lines().position(|line| line.starts_with("rounding")).unwrap() + 1;
        assert_eq!(code, 1);
        let told =
            format!("{}: error: line {line}: rounding: found `sideways`; expected one of `down`", file.display());
        assert!(out.starts_with(&told), "{out}");
    }

    /// A warning is told, and the file is good all the same.
    #[test]
    fn an_odd_file_is_good() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("odd.toml");
        let good = include_str!("../../programmes/nc-car-2026.toml");
        fs::write(&file, good.replace("percent = \"90\"", "percent = \"80\"")).unwrap();
        let (code, out, err) = ran(std::slice::from_ref(&file));
        assert_eq!((code, err.as_str()), (0, ""));
        let line = good.lines().position(|line| line == "[[funding]]").unwrap() + 1;
        let told = format!("warning: line {line}: funding: found shares that sum to 90 percent; expected 100");
        assert!(out.contains(&told) && out.contains("good, with 1 warning\n"), "{out}");
    }

    #[test]
    fn what_is_no_text_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str, bytes: &[u8]| {
            let file = folder.path().join(name);
            fs::write(&file, bytes).unwrap();
            file
        };
        let good = include_str!("../../programmes/nc-car-2026.toml");
        let large = vec![b'#'; usize::try_from(LARGEST).unwrap() + 1];
        let cases = [
            (at("empty.toml", b""), "error: line 1: found an empty file; expected a programme"),
            (at("empty.json", b" \n"), "error: line 1: found an empty file; expected a programme"),
            (at("latin.toml", b"id = \"a\"\ntitle = \"\xe9\"\n"), "error: line 2: found bytes that are not UTF-8"),
            (at("list.json", b"[1]"), "error: line 1: found a list; expected a table of fields"),
            (at("large.toml", &large), "error: found more than 1048576 bytes; expected a programme file"),
            (folder.path().to_owned(), "error: found a directory; expected a programme file"),
            (folder.path().join("absent.toml"), "error: found a file that cannot be read"),
        ];
        for (file, told) in cases {
            let (code, out, err) = ran(std::slice::from_ref(&file));
            assert_eq!(code, 1, "{told}");
            assert!(format!("{out}{err}").starts_with(&format!("{}: {told}", file.display())), "{out}{err}");
        }
        // A byte order mark, as some editors write it, is none of the text.
        let marked = at("marked.toml", format!("\u{feff}{good}").as_bytes());
        assert_eq!(ran(&[marked]).0, 0);
    }
}
