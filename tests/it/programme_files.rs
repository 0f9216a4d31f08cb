//! What is told of programme files that are broken or odd, and what their schema says.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use huanxin::cli::check_programme;
use huanxin::domain::programme::{Checked, Fault, check_json, check_toml};
use proptest::prelude::*;
use serde::Deserialize;

const FULL: &str = include_str!("../data/full-programme.toml");

/// A variation of the full programme, with what is told of it.
#[derive(Deserialize)]
struct Case {
    name: String,
    replace: Vec<(String, String)>,
    #[serde(default)]
    schema: bool,
    #[serde(default, alias = "warning")]
    fault: Vec<Expected>,
}

#[derive(Debug, Deserialize)]
struct Expected {
    on: String,
    field: String,
    message: String,
}

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

fn broken() -> Vec<Case> {
    toml::from_str::<Cases>(include_str!("../data/broken-programmes.toml")).unwrap().case
}

fn odd() -> Vec<Case> {
    toml::from_str::<Cases>(include_str!("../data/odd-programmes.toml")).unwrap().case
}

impl Case {
    fn text(&self) -> String {
        self.replace.iter().fold(FULL.to_owned(), |text, (old, new)| {
            assert_eq!(text.matches(old).count(), 1, "{}: {old}", self.name);
            text.replace(old, new)
        })
    }

    /// The faults are the expected ones, each on its line.
    fn is_told(&self, text: &str, told: &[Fault]) {
        let name = &self.name;
        assert_eq!(told.len(), self.fault.len(), "{name}: {told:#?}");
        for (fault, expected) in told.iter().zip(&self.fault) {
            let line = fault.line.unwrap();
            assert_eq!(text.lines().nth(line - 1).unwrap().trim(), expected.on, "{name}: line {line}");
            assert_eq!((&fault.field, &fault.message), (&expected.field, &expected.message), "{name}");
        }
    }
}

/// Writes the text into a file and checks it on the command line: exit code and report.
fn on_the_command_line(text: &str) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("programme.toml");
    std::fs::write(&file, text).unwrap();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = check_programme::run(std::slice::from_ref(&file), None, &mut out, &mut err);
    assert!(err.is_empty());
    (code, String::from_utf8(out).unwrap())
}

#[test]
fn every_broken_file_is_explained() {
    let cases = broken();
    assert!(cases.len() >= 30);
    for case in cases {
        let text = case.text();
        let faults = check_toml(&text).expect_err(&case.name);
        assert!(!faults.is_empty(), "{}", case.name);
        case.is_told(&text, &faults);
        let (code, out) = on_the_command_line(&text);
        assert_eq!(code, 1, "{}", case.name);
        for fault in &faults {
            assert!(out.contains(&format!("programme.toml: error: {fault}\n")), "{out}");
        }
    }
}

#[test]
fn every_odd_file_is_good_and_warned_of() {
    assert_eq!(check_toml(FULL).unwrap().warnings, []);
    for case in odd() {
        let text = case.text();
        let Checked { warnings, .. } = check_toml(&text).unwrap_or_else(|faults| panic!("{}: {faults:?}", case.name));
        case.is_told(&text, &warnings);
        let (code, out) = on_the_command_line(&text);
        assert_eq!(code, 0, "{}", case.name);
        for warning in &warnings {
            assert!(out.contains(&format!("programme.toml: warning: {warning}\n")), "{out}");
        }
    }
}

#[test]
fn the_programmes_that_are_shipped_are_not_warned_of() {
    for file in shipped() {
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(check_toml(&text).unwrap().warnings, [], "{}", file.display());
    }
}

/// JSON is told by line too, also what stands in it twice.
#[test]
fn json_is_told_by_line() {
    let json = "{\n  \"id\": \"x\",\n  \"title\": \"x\",\n  \"region\": {\"divisions\": [\n    \"36\",\n    \"a]}\\\",\\\\\"\n  ]},\n  \
                \"funding\": [{\"source\": \"central\", \"percent\": 100}],\n  \"windows\": {\"claim\":\n    \
                {\"from\": \"2026-01-01\", \"to\": \"2026-02-30\"}},\n  \"voucher\": {\"days\": 1,\n    \"reclaims\": 1,\n    \
                \"days\": 2},\n  \"lines\": [\n    {\"category\": \"car\", \"pool\": \"1.00\", \"tiers\": [ { \"fixed\": \"1.00\" } ]},\n    \
                {\"category\": \"phone\",\n     \"pool\": null, \"tiers\": [ {\n       \"fixed\": \"-1\" } ]}\n  ]\n}\n";
    let told: Vec<_> = check_json(json).unwrap_err().iter().map(ToString::to_string).collect();
    let expected = [
        "line 6: region.divisions[1]: found `a]}\",\\`; expected 2 to 12 digits of a division code, such as 36 or 360111",
        "line 8: funding[0].percent: found integer `100`; expected a decimal as a string with at most four places, such \
         as \"15\" or \"0.5\"; here \"100\"",
        "line 10: windows.claim.to: found string \"2026-02-30\"; expected a day of the calendar, such as 2026-01-31",
        "line 13: voucher.days: found `days` again (first on line 11); expected each name once",
        "line 17: lines[1].pool: found nothing; expected an amount as a string with at most two places, such as \
         \"1999.80\"",
        "line 18: lines[1].tiers[0].fixed: found string \"-1\"; expected an amount as a string with at most two places, \
         such as \"1999.80\"",
    ];
    assert_eq!(told, expected);
    let told = check_json("{\n  \"id\": \"x\",\n  \"title\": oh\n}").unwrap_err();
    assert_eq!(told[0].to_string(), "line 3: found `\"title\": oh`; expected well-formed JSON (expected value)");
}

#[test]
fn a_file_of_nothing_but_faults_ends() {
    let mut text = FULL.to_owned();
    for number in 0..100 {
        write!(text, "\n[[lines]]\nx{number} = 1\n").unwrap();
    }
    let faults = check_toml(&text).unwrap_err();
    assert!(faults.len() <= 60, "{}", faults.len());
    assert!(faults[0].message.starts_with("found 50 faults; expected fewer"), "{}", faults[0]);
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every programme of `programmes/`.
fn shipped() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("programmes")).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    assert!(files.len() >= 3);
    files
}

/// What another library finds in each file by the schema; nothing where it is valid.
fn by_the_schema(files: &[PathBuf]) -> Vec<String> {
    let python = root().join("target/python/bin/python");
    assert!(python.exists(), "jsonschema is not installed: run tests/run.sh once, it makes target/python");
    let mut command = Command::new(python);
    command.arg(root().join("tests/validate_programmes.py")).arg(root().join("api-spec/programme.schema.json"));
    let ran = command.args(files).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let told: Vec<_> = String::from_utf8(ran.stdout).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(told.len(), files.len());
    told
}

#[test]
fn the_schema_takes_every_good_programme() {
    let mut files = shipped();
    files.push(root().join("tests/data/full-programme.toml"));
    for (told, file) in by_the_schema(&files).iter().zip(&files) {
        assert_eq!(told, "", "{}", file.display());
    }
}

/// What the form forbids is refused by the schema too; what it lets pass is known.
#[test]
fn the_schema_refuses_what_the_form_forbids() {
    let folder = tempfile::tempdir().unwrap();
    let cases: Vec<Case> = broken().into_iter().chain(odd()).collect();
    let mut files = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        files.push(folder.path().join(format!("{number}.toml")));
        std::fs::write(&files[number], case.text()).unwrap();
    }
    for (told, case) in by_the_schema(&files).iter().zip(&cases) {
        assert_eq!(!told.is_empty(), case.schema, "{}: {told}", case.name);
    }
}

/// A good file in which something was overwritten, removed, doubled or exchanged.
fn mutated(text: &str, changes: &[(u8, usize, usize, u8)]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for (kind, one, other, byte) in changes {
        let lines: Vec<Vec<u8>> = bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        if lines.is_empty() {
            break;
        }
        let (first, second) = (one % lines.len(), other % lines.len());
        let mut lines = lines;
        match kind {
            0 => drop(lines.remove(first)),
            1 => lines.insert(second, lines[first].clone()),
            2 => lines.swap(first, second),
            _ => {
                bytes = lines.concat();
                let at = one % bytes.len();
                match kind {
                    3 => bytes[at] = *byte,
                    4 => drop(bytes.remove(at)),
                    _ => bytes.insert(at, *byte),
                }
                continue;
            }
        }
        bytes = lines.concat();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whatever a file says, it is good, or told with lines that it has.
fn is_told_within(text: &str, read: Result<Checked, Vec<Fault>>) -> Result<(), TestCaseError> {
    let lines = text.lines().count().max(1);
    let faults = match read {
        Ok(checked) => checked.warnings,
        Err(faults) => {
            prop_assert!(!faults.is_empty());
            faults
        }
    };
    for fault in faults {
        prop_assert!(fault.line.is_some_and(|line| (1..=lines).contains(&line)), "{fault}\n{text}");
        prop_assert!(fault.message.starts_with("found "), "{fault}");
        prop_assert!(fault.message.to_lowercase().contains("expected "), "{fault}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_file_is_too_broken(
        file in 0_usize..4,
        changes in prop::collection::vec((0_u8..6, any::<usize>(), any::<usize>(), prop::sample::select(&b"\"=[]{}#.,-09az \n\\\xe5"[..])), 1..6),
    ) {
        let car = include_str!("../../programmes/nc-car-2026.toml");
        let bike = include_str!("../../programmes/nc-ebike-2026.toml");
        let appliances = include_str!("../../programmes/nc-appl-2026.toml");
        let text = mutated([FULL, car, bike, appliances][file], &changes);
        is_told_within(&text, check_toml(&text))?;
        // What was read is not half read: the command line comes to an end with it.
        let (code, _) = on_the_command_line(&text);
        prop_assert_eq!(code, i32::from(check_toml(&text).is_err()));
    }

    #[test]
    fn no_json_is_too_broken(
        changes in prop::collection::vec((0_u8..6, any::<usize>(), any::<usize>(), prop::sample::select(&b"\"=[]{}:.,-09az \n\\\xe5"[..])), 1..6),
    ) {
        let rules = check_toml(FULL).unwrap().rules;
        let text = mutated(&serde_json::to_string_pretty(&rules).unwrap(), &changes);
        is_told_within(&text, check_json(&text))?;
    }
}
