//! `check-programme`: explains every fault of a programme file, and shows what a good one gives.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::domain::programme::{Example, Fault, Rules, examples, from_json, from_toml};

/// Checks each file and returns the exit code: 0 when all are good, 1 otherwise. Faults go to `out`, which they are
/// the report of; what could not be read at all goes to `err`.
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
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            writeln!(err, "{name}: the file cannot be read: {error}")?;
            return Ok(false);
        }
    };
    match parse(file, &text) {
        Ok(rules) => {
            writeln!(out, "{name}: {} ({}) is good; worked examples:", rules.id, rules.title)?;
            for example in examples(&rules) {
                writeln!(out, "  {}", told(&example))?;
            }
            Ok(true)
        }
        Err(faults) => {
            for fault in &faults {
                writeln!(out, "{name}: {fault}")?;
            }
            Ok(false)
        }
    }
}

/// Reads a programme file: JSON by its ending, TOML otherwise.
pub(super) fn parse(file: &Path, text: &str) -> Result<Rules, Vec<Fault>> {
    let json = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    if json { from_json(text) } else { from_toml(text) }
}

fn told(example: &Example) -> String {
    let bonus = example.bonus.map(|number| format!(" with bonus {number}")).unwrap_or_default();
    let when = if example.when.is_empty() { String::new() } else { format!(" ({})", example.when) };
    let amounts = &example.amounts;
    let shares: Vec<String> =
        amounts.funding.iter().map(|share| format!("{} {}", share.source, share.amount)).collect();
    format!(
        "{} tier {}{bonus}{when}: price {} -> subsidy {}, consumer pays {} [{}]",
        example.category,
        example.tier,
        example.price,
        amounts.subsidy,
        amounts.consumer_pays,
        shares.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(files: &[PathBuf]) -> (i32, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run(files, &mut out, &mut err);
        (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    #[test]
    fn a_good_file_shows_what_it_gives() {
        let files = ["nc-appl-2026.toml", "nc-ebike-2026.toml", "nc-car-2026.toml"]
            .map(|name| Path::new(env!("CARGO_MANIFEST_DIR")).join("programmes").join(name));
        let (code, out, err) = ran(&files);
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(out.contains("car tier 1") && out.contains("subsidy 20000.00"), "{out}");
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
        assert!(out.contains(&format!("line {line}: rounding: ")), "{out}");
        let (code, _, err) = ran(&[folder.path().join("absent.toml")]);
        assert_eq!(code, 1);
        assert!(err.contains("cannot be read"));
    }
}
