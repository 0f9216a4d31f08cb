//! Nothing that the service says has an identity number or a telephone number in the clear: not an answer, not a header,
//! not a line of its log, at any level. Every test is also this test: its client looks at each answer, and a layer of
//! the log at each event. What stands in the database is looked at in `personal.rs`.

use std::fmt::{self, Write as _};
use std::sync::{Mutex, Once, PoisonError};

use chrono::NaiveDate;
use huanxin::domain::identifier::judge_person_id;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::prelude::*;

use crate::app::Answer;

/// Operations that give personal data in the clear, because that is what they are for: somebody's own, a single record for a
/// reason, and what the national platform is sent. This list may only shrink.
pub const MAY: &[&str] = &["revealPersonalData", "exportMyData", "exportNationalUpload"];

/// Identity numbers and mobile numbers in a text: eighteen characters with a date and the right check digit, eleven digits
/// that begin as mobile numbers do. What stands within a longer run of letters and digits is none: a serial number or a
/// signature may have such a stretch by chance.
pub fn clear_numbers(text: &str) -> Vec<&str> {
    let runs = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    runs.filter(|run| is_person_id(run) || is_mobile(run)).collect()
}

fn is_person_id(run: &str) -> bool {
    let form = run.len() == 18 && run.bytes().take(17).all(|byte| byte.is_ascii_digit());
    form && judge_person_id(run, NaiveDate::MAX).is_taken()
}

fn is_mobile(run: &str) -> bool {
    let national = run.strip_prefix("86").filter(|rest| rest.len() == 11).unwrap_or(run);
    let begins = national.starts_with('1') && matches!(national.as_bytes().get(1), Some(b'3'..=b'9'));
    national.len() == 11 && begins && national.bytes().all(|byte| byte.is_ascii_digit())
}

/// Fails when an answer has a number in the clear.
#[track_caller]
pub fn hold(operation: Option<&str>, answer: &Answer) {
    if operation.is_some_and(|operation| MAY.contains(&operation)) {
        return;
    }
    for (name, value) in &answer.headers {
        let found = value.to_str().map(clear_numbers).unwrap_or_default();
        assert!(found.is_empty(), "the header {name} of {operation:?} says {found:?}");
    }
    // Pictures of codes are no text, and what is no UTF-8 holds no digits that this search would not see.
    let body = String::from_utf8_lossy(&answer.bytes);
    let found = clear_numbers(&body);
    assert!(found.is_empty(), "{operation:?} answered {} with {found:?}:\n{body}", answer.status);
}

/// What the log said in the clear so far, by whichever test.
static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Listens to everything that this crate logs, down to TRACE, and to what others log from DEBUG on.
pub fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let levels = Targets::new().with_target("huanxin", LevelFilter::TRACE).with_default(LevelFilter::DEBUG);
        tracing_subscriber::registry().with(Listener(&SAID).with_filter(levels)).init();
    });
}

/// Fails when the log has said a number in the clear.
pub fn nothing_was_logged() {
    let said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(said.is_empty(), "the log says in the clear: {said:#?}");
}

/// Keeps the lines that say a number in the clear.
struct Listener(&'static Mutex<Vec<String>>);

impl Listener {
    fn heard(&self, line: Line) {
        if !clear_numbers(&line.0).is_empty() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line.0);
        }
    }
}

/// A line as it would be written.
#[derive(Default)]
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl<S: Subscriber> Layer<S> for Listener {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        let mut line = Line::default();
        attributes.record(&mut line);
        self.heard(line);
    }

    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut line = Line::default();
        values.record(&mut line);
        self.heard(line);
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line(event.metadata().target().to_owned());
        event.record(&mut line);
        self.heard(line);
    }
}

mod tests {
    use huanxin::domain::identifier::synthetic;
    use ureq::http::HeaderMap;

    use super::*;

    #[test]
    fn numbers_are_found_however_they_stand() {
        let (id, mobile) = (synthetic::resident_id(3), synthetic::mobile(3));
        for text in [
            id.clone(),
            mobile.clone(),
            format!("{{\"resident_id\":\"{id}\"}}"),
            format!("张三 {mobile}。"),
            format!("tel:+86{mobile}"),
            format!("身份证{}号", id.to_lowercase()),
        ] {
            assert_eq!(clear_numbers(&text).len(), 1, "{text}");
        }
        let masked = ["360102********1234", "138****1234", "20260618100000", "13812341234567", "a13812341234"];
        let changed = format!("{}{}", &id[..17], if id.ends_with('1') { '2' } else { '1' });
        for text in masked.iter().copied().chain([changed.as_str(), ""]) {
            assert_eq!(clear_numbers(text), Vec::<&str>::new(), "{text}");
        }
    }

    #[test]
    fn an_answer_that_says_one_fails() {
        let answer = |text: String| Answer {
            status: 200,
            headers: HeaderMap::new(),
            body: serde_json::Value::Null,
            bytes: text.into_bytes(),
        };
        hold(Some("getVoucher"), &answer("138****1234".into()));
        let said = std::panic::catch_unwind(|| hold(Some("getVoucher"), &answer(synthetic::mobile(1))));
        assert!(said.is_err());
    }

    /// The listener hears lines of every level, and fields of spans.
    #[test]
    fn a_line_of_the_log_is_heard() {
        let heard_by = |say: &dyn Fn()| {
            let sink: &'static Mutex<Vec<String>> = Box::leak(Box::default());
            tracing::subscriber::with_default(tracing_subscriber::registry().with(Listener(sink)), say);
            !sink.lock().unwrap().is_empty()
        };
        let mobile = synthetic::mobile(5);
        assert!(heard_by(&|| tracing::trace!(%mobile, "a field")));
        assert!(heard_by(&|| tracing::error!("in the sentence: {mobile}")));
        assert!(heard_by(&|| drop(tracing::info_span!("span", who = %mobile))));
        assert!(!heard_by(&|| tracing::info!("138****1234")));
    }
}
