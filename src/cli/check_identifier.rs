//! `check-identifier`: judges identifiers, one JSON object a line, and answers each line with a line.
//!
//! No line is lost. One that cannot be judged (no JSON object, a kind that is none, a value that is no string) is
//! answered in its place with its number, no verdict and the reason; the others are judged all the same.

use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Read, Write};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::identifier::{Kind, Verdict, judge};
use crate::domain::time::Day;

/// The longest line that is read, in bytes; no identifier comes near.
const LONGEST: usize = 64 * 1024;
/// Characters of a kind that an answer repeats.
const SHOWN: usize = 40;

/// A line that asks. Members that it has besides are not looked at.
#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    kind: Option<Value>,
    #[serde(default)]
    value: Option<Value>,
}

/// A line that answers.
#[derive(Default, Serialize)]
struct Answer<'a> {
    /// Number of a line that could not be judged, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    /// As it was given.
    kind: Option<&'a str>,
    /// As it was given.
    value: Option<&'a str>,
    /// `accept`, `warn` or `reject`.
    verdict: Option<Verdict>,
    /// What is stored and compared; a rejected value has none.
    canonical: Option<&'a str>,
    /// What is wrong; null when nothing is.
    reason: Option<&'a str>,
}

/// What was read of a line.
enum Line {
    /// Its bytes are in the buffer.
    Read,
    /// It was longer than any that is read, and passed over.
    TooLong,
    /// There are no more.
    End,
}

/// How many lines there were, and which of them could not be judged.
#[derive(Default)]
struct Count {
    lines: u64,
    unread: u64,
    first: Option<(u64, String)>,
}

impl Count {
    fn unread(&mut self, why: &str) {
        self.unread += 1;
        self.first.get_or_insert_with(|| (self.lines, why.to_owned()));
    }

    /// What there is to say of lines that could not be judged.
    fn sentence(&self) -> Option<String> {
        let (line, why) = self.first.as_ref()?;
        let Self { lines, unread, .. } = self;
        Some(format!("{unread} of {lines} lines could not be judged, the first of them line {line}: {why}"))
    }
}

/// Answers every line of `input` on `out`, as of `today`, and returns the exit code: 0 when every line was judged,
/// whatever the verdicts; 2 when some could not be, or input or output broke off, with a sentence on `err`.
///
/// Answers are flushed whenever the input pauses, so that a program may talk with this one line by line.
pub fn run(today: Day, input: impl Read, out: &mut dyn Write, err: &mut dyn Write) -> i32 {
    let mut count = Count::default();
    let sentence = match answer_all(today, input, out, &mut count) {
        Ok(()) => count.sentence(),
        // A reader that has closed its end wants no more; there is nobody to tell.
        Err(why) if why.kind() == ErrorKind::BrokenPipe => return 2,
        Err(why) => Some(format!("reading or writing broke off after {} lines: {why}", count.lines)),
    };
    let Some(sentence) = sentence else { return 0 };
    // The exit code says it too, where standard error is closed.
    let _ = writeln!(err, "huanxin: {sentence}");
    2
}

fn answer_all(today: Day, input: impl Read, out: &mut dyn Write, count: &mut Count) -> io::Result<()> {
    let mut input = BufReader::with_capacity(LONGEST, input);
    let mut out = BufWriter::new(out);
    let mut line = Vec::new();
    loop {
        // To read on would wait for whoever writes the input, who may wait for these answers.
        if !input.buffer().contains(&b'\n') {
            out.flush()?;
        }
        let read = next_line(&mut input, &mut line)?;
        if !matches!(read, Line::End) {
            count.lines += 1;
        }
        match read {
            Line::End => return out.flush(),
            Line::Read => answer(today, &line, &mut out, count)?,
            Line::TooLong => refuse(&mut out, count, (None, None), &format!("the line has more than {LONGEST} bytes"))?,
        }
    }
}

/// Reads a line without its end; of one that is too long no more than the limit is kept in memory.
fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Line> {
    line.clear();
    let limit = u64::try_from(LONGEST).unwrap_or(u64::MAX);
    if input.by_ref().take(limit + 1).read_until(b'\n', line)? == 0 {
        return Ok(Line::End);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if line.len() > LONGEST {
        input.skip_until(b'\n')?;
        return Ok(Line::TooLong);
    }
    Ok(Line::Read)
}

fn answer(today: Day, line: &[u8], out: &mut impl Write, count: &mut Count) -> io::Result<()> {
    let asked = match read(line, count.lines == 1) {
        Ok(asked) => asked,
        Err(why) => return refuse(out, count, (None, None), &why),
    };
    let text = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).map(str::to_owned);
    let (word, value) = (text(&asked.kind), text(&asked.value));
    let given = (word.as_deref(), value.as_deref());
    let (Some(word), Some(value)) = given else {
        let why = missing("kind", asked.kind.as_ref()).or_else(|| missing("value", asked.value.as_ref()));
        return refuse(out, count, given, &why.unwrap_or_default());
    };
    let Some(kind) = Kind::from_name(word) else {
        let shown: String = word.chars().take(SHOWN).collect();
        let kinds = Kind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
        return refuse(out, count, given, &format!("{shown:?} is no kind; the kinds are {kinds}"));
    };
    let judged = judge(kind, value, today.0);
    let answer = Answer {
        line: None,
        kind: Some(word),
        value: Some(value),
        verdict: Some(judged.verdict),
        canonical: judged.is_taken().then_some(&judged.canonical),
        reason: (judged.verdict != Verdict::Accept).then_some(&judged.reason),
    };
    write(out, &answer)
}

/// Reads a line as an object, or says why it is none. A mark of byte order before the first line is passed over.
fn read(line: &[u8], first: bool) -> Result<Asked, String> {
    let text = std::str::from_utf8(line).map_err(|_| "the line is not valid UTF-8".to_owned())?;
    let text = text.strip_prefix('\u{FEFF}').filter(|_| first).unwrap_or(text);
    if text.trim_ascii().is_empty() {
        return Err("the line is empty".to_owned());
    }
    // A list would be read as the members in their order.
    if !text.trim_ascii_start().starts_with('{') {
        return Err("the line is not a JSON object".to_owned());
    }
    serde_json::from_str(text).map_err(|why| match why.to_string() {
        twice if twice.starts_with("duplicate field") => "the line names a member twice".to_owned(),
        _ => format!("the line is not a JSON object: column {} is not as it should be", why.column()),
    })
}

fn missing(member: &str, given: Option<&Value>) -> Option<String> {
    match given {
        None => Some(format!("the line has no `{member}`")),
        Some(Value::String(_)) => None,
        Some(_) => Some(format!("`{member}` is not a string")),
    }
}

/// Answers a line that cannot be judged, with as much of it as could be read.
fn refuse(
    out: &mut impl Write,
    count: &mut Count,
    (kind, value): (Option<&str>, Option<&str>),
    why: &str,
) -> io::Result<()> {
    count.unread(why);
    write(out, &Answer { line: Some(count.lines), kind, value, reason: Some(why), ..Answer::default() })
}

fn write(out: &mut impl Write, answer: &Answer<'_>) -> io::Result<()> {
    serde_json::to_writer(&mut *out, answer)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::VecDeque;
    use std::rc::Rc;

    use serde_json::json;

    use super::*;

    fn today() -> Day {
        Day::from_number(20_261_123).unwrap()
    }

    fn ran(input: &[u8]) -> (i32, Vec<Value>, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run(today(), input, &mut out, &mut err);
        let lines = String::from_utf8(out).unwrap();
        let answers = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (code, answers, String::from_utf8(err).unwrap())
    }

    #[test]
    fn each_verdict_has_its_form() {
        let input = r#"{"kind":"prc_resident_id","value":" 36010219880308900x"}
            {"value": "WVWZZZ1JZ3W386752", "kind": "vin", "note": 7}
            {"kind":"gtin","value":"69099918919\u0036１"}"#;
        let (code, answers, err) = ran(input.replace('\n', "\r\n").as_bytes());
        assert_eq!((code, err.as_str()), (0, ""));
        let accepted = json!({"kind": "prc_resident_id", "value": " 36010219880308900x", "verdict": "accept",
            "canonical": "36010219880308900X", "reason": null});
        assert_eq!(answers[0], accepted);
        assert_eq!((&answers[1]["verdict"], &answers[1]["canonical"]), (&json!("warn"), &json!("WVWZZZ1JZ3W386752")));
        assert!(answers[1]["reason"].as_str().unwrap().contains("check digit"));
        let rejected = json!({"kind": "gtin", "value": "690999189196１", "verdict": "reject", "canonical": null,
            "reason": "A trade item number has 8, 12, 13 or 14 digits."});
        assert_eq!(answers[2], rejected);
    }

    #[test]
    fn a_line_that_cannot_be_judged_is_answered_in_its_place() {
        let good = r#"{"kind":"energy_level","value":"1级"}"#;
        let long = format!(r#"{{"kind":"gtin","value":"{}"}}"#, "9".repeat(LONGEST));
        let cases: [(&[u8], &str); 14] = [
            (b"", "empty"),
            (b" \t", "empty"),
            (b"nonsense", "not a JSON object"),
            (b"[\"gtin\",\"1\"]", "not a JSON object"),
            (b"null", "not a JSON object"),
            (b"{\"kind\":\"gtin\",\"value\":\"1\"", "not a JSON object"),
            (b"{\"kind\":\"gtin\",\"value\":\"\\ud800\"}", "not a JSON object"),
            (b"{\"kind\":\"gtin\",\"value\":\"1\",\"value\":\"2\"}", "twice"),
            (b"{\"kind\":\"gtin\",\"value\":\"\xff\"}", "UTF-8"),
            (b"{\"kind\":\"gtin\"}", "no `value`"),
            (b"{\"kind\":null,\"value\":\"1\"}", "no `kind`"),
            (b"{\"kind\":\"gtin\",\"value\":6909991891960}", "`value` is not a string"),
            (b"{\"kind\":\"GTIN\",\"value\":\"1\"}", "no kind; the kinds are prc_resident_id, "),
            (long.as_bytes(), "more than"),
        ];
        for (line, expected) in cases {
            let input = [good.as_bytes(), line, good.as_bytes()].join(&b'\n');
            let (code, answers, err) = ran(&input);
            let shown = String::from_utf8_lossy(&line[..line.len().min(60)]);
            assert_eq!((code, answers.len()), (2, 3), "{shown}");
            assert_eq!((&answers[0]["canonical"], &answers[2]["canonical"]), (&json!("1"), &json!("1")), "{shown}");
            let told = &answers[1];
            assert_eq!((&told["line"], &told["verdict"], &told["canonical"]), (&json!(2), &Value::Null, &Value::Null));
            assert!(told["reason"].as_str().unwrap().contains(expected), "{told}");
            assert!(err.starts_with("huanxin: 1 of 3 lines could not be judged, the first of them line 2: "), "{err}");
        }
        let (_, answers, _) = ran(b"{\"kind\":\"no_kind\",\"value\":\"1\"}");
        assert_eq!((&answers[0]["kind"], &answers[0]["value"]), (&json!("no_kind"), &json!("1")));
        assert_eq!(ran(b"").0, 0);
        assert_eq!(ran(format!("\u{FEFF}{good}\n").as_bytes()).0, 0);
    }

    /// A till that asks, and asks on only when it has its answer.
    struct Talk {
        lines: VecDeque<&'static str>,
        seen: Rc<RefCell<Vec<u8>>>,
        asked: usize,
    }

    impl Read for Talk {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            assert_eq!(ends(&self.seen), self.asked, "the answers so far are there before more is asked");
            let Some(line) = self.lines.pop_front() else { return Ok(0) };
            self.asked += usize::from(line.ends_with('\n'));
            buffer[..line.len()].copy_from_slice(line.as_bytes());
            Ok(line.len())
        }
    }

    /// How many lines have ended.
    fn ends(seen: &RefCell<Vec<u8>>) -> usize {
        seen.borrow().split(|byte| *byte == b'\n').count() - 1
    }

    struct Shared(Rc<RefCell<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn answers_are_there_when_the_input_pauses() {
        let seen = Rc::new(RefCell::new(Vec::new()));
        let lines = ["{\"kind\":\"gtin\",\"value\":\"1\"}\n", "{\"kind\":\"gtin\",", "\"value\":\"2\"}\n"].into();
        let talk = Talk { lines, seen: Rc::clone(&seen), asked: 0 };
        assert_eq!(run(today(), talk, &mut Shared(Rc::clone(&seen)), &mut Vec::new()), 0);
        assert_eq!(ends(&seen), 2);
    }

    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn who_has_gone_is_told_nothing_and_a_full_disk_is_told() {
        let input = "{\"kind\":\"gtin\",\"value\":\"1\"}\n".repeat(10_000);
        for (kind, told) in [(ErrorKind::BrokenPipe, false), (ErrorKind::StorageFull, true)] {
            let mut err = Vec::new();
            assert_eq!(run(today(), input.as_bytes(), &mut Broken(kind), &mut err), 2);
            assert_eq!(!err.is_empty(), told, "{}", String::from_utf8_lossy(&err));
        }
    }
}
