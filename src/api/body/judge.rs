//! Judges the values of a body one by one and keeps every failure, so that all of them are told at once.

use crate::domain::id::Id;
use crate::domain::identifier::{Judgement, Kind, judge, judge_person_id};
use crate::domain::money::Fen;
use crate::domain::personal::NewDataKey;
use crate::domain::records::Person;
use crate::domain::refusal::{Code, Refusal, Refusals};
use crate::domain::time::{Day, Moment};
use crate::pii::{Sealer, Vault, VaultError};

use super::read::shortened;
use super::words::{Amount, Date};

/// Characters of a text of one line.
pub(super) const LINE: usize = 200;
/// Characters of a reason.
pub(super) const REASON: usize = 500;
/// Characters of a person's name.
pub(super) const NAME: usize = 50;
/// Entries of a list.
pub(super) const ENTRIES: usize = 100;
/// With what the division codes of Nanchang begin.
const NANCHANG: &str = "3601";
/// Digits of a division code down to the county.
const COUNTY: usize = 6;

/// A person as they are stated, and the key with which their texts are sealed.
pub type Stated = (Person, NewDataKey);

/// Collects what fails.
pub(super) struct Judge {
    today: Day,
    failed: Vec<Refusal>,
}

impl Judge {
    pub(super) fn new(today: Day) -> Self {
        Self { today, failed: Vec::new() }
    }

    pub(super) fn today(&self) -> Day {
        self.today
    }

    pub(super) fn fail(&mut self, mut refusal: Refusal) {
        if let (Some(found), Some(expected)) = (&refusal.found, &mut refusal.expected)
            && found.chars().any(is_full_width)
        {
            expected.push_str("; in half-width letters and digits (半角), not in full-width ones (全角)");
        }
        self.failed.push(refusal);
    }

    pub(super) fn missing(&mut self, pointer: &str) {
        self.fail(Refusal::at(Code::FieldMissing, pointer));
    }

    pub(super) fn malformed(&mut self, pointer: &str, expected: impl std::fmt::Display) {
        self.fail(Refusal::at(Code::BodyMalformed, pointer).expected(expected));
    }

    /// The failures so far.
    pub(super) fn into_failed(self) -> Vec<Refusal> {
        self.failed
    }

    /// What was made of the body when nothing failed.
    pub(super) fn finish<T>(self, made: Option<T>) -> Result<T, Refusals> {
        match (Refusals::from_failed(self.failed), made) {
            (Some(refusals), _) => Err(refusals),
            (None, Some(made)) => Ok(made),
            (None, None) => Err(Code::BodyMalformed.into()),
        }
    }

    /// A field that must be there.
    pub(super) fn required<T>(&mut self, pointer: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.missing(pointer);
        }
        value
    }

    /// A text without white space around it: not empty, not too long, without control characters.
    pub(super) fn text(&mut self, pointer: &str, value: &str, limit: usize) -> Option<String> {
        let text = value.trim();
        let good = !text.is_empty() && text.chars().count() <= limit && !text.chars().any(char::is_control);
        if !good {
            self.malformed(pointer, format!("1 to {limit} characters without control characters"));
        }
        good.then(|| text.to_owned())
    }

    /// An amount that a request carries.
    pub(super) fn amount(&mut self, pointer: &str, amount: &Amount) -> Option<Fen> {
        let (read, found) = match amount {
            Amount::Text(text) => (Fen::parse(text).ok(), shortened(text)),
            Amount::Other(kind) => (None, (*kind).to_owned()),
        };
        if read.is_none() {
            let refusal = Refusal::at(Code::AmountMalformed, pointer).found(found);
            self.fail(refusal.expected("a decimal string with at most two places, such as \"1999.80\""));
        }
        read
    }

    /// An amount with a sign before it, or none; not zero.
    pub(super) fn signed_amount(&mut self, pointer: &str, amount: &Amount) -> Option<Fen> {
        let (read, found) = match amount {
            Amount::Text(text) => (signed(text), shortened(text)),
            Amount::Other(kind) => (None, (*kind).to_owned()),
        };
        let read = read.filter(|fen| *fen != Fen::ZERO);
        if read.is_none() {
            let refusal = Refusal::at(Code::AmountMalformed, pointer).found(found);
            self.fail(refusal.expected("a decimal string with its sign, not zero, such as \"-1000.00\""));
        }
        read
    }

    /// The canonical value of an identifier that says nothing about a person.
    pub(super) fn identifier(&mut self, kind: Kind, pointer: &str, value: &str) -> Option<String> {
        let judged = judge(kind, value, self.today.0);
        self.judged(pointer, value, judged)
    }

    /// Takes a judgement on an identifier that says nothing about a person.
    pub(super) fn judged(&mut self, pointer: &str, value: &str, judged: Judgement) -> Option<String> {
        if judged.is_taken() {
            return Some(judged.canonical);
        }
        self.fail(Refusal::at(Code::IdentifierInvalid, pointer).found(shortened(value)).expected(judged.reason));
        None
    }

    /// The same for an identifier that is personal and not repeated.
    pub(super) fn personal(&mut self, pointer: &str, judged: Judgement) -> Option<String> {
        if judged.is_taken() {
            return Some(judged.canonical);
        }
        self.fail(Refusal::at(Code::IdentifierInvalid, pointer).expected(judged.reason));
        None
    }

    /// A code that no public rule describes: so many letters, digits and marks of ASCII, in capitals.
    pub(super) fn code(&mut self, pointer: &str, value: &str, lengths: (usize, usize)) -> Option<String> {
        let code = value.trim_matches(' ').to_ascii_uppercase();
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-/._#".contains(&byte);
        let good = (lengths.0..=lengths.1).contains(&code.len())
            && code.bytes().all(known)
            && code.bytes().any(|byte| byte.is_ascii_alphanumeric());
        if !good {
            let expected = format!("{} to {} letters, digits or - / . _ #", lengths.0, lengths.1);
            self.fail(Refusal::at(Code::IdentifierInvalid, pointer).found(shortened(value)).expected(expected));
        }
        good.then_some(code)
    }

    /// A division code (GB/T 2260) of a county, a town or a village; whether it lies in a region is another question.
    /// Of a code in Nanchang the county must be one of today's; of other cities no list is known here.
    pub(super) fn division(&mut self, pointer: &str, value: &str) -> Option<String> {
        let code = value.trim_matches(' ');
        if ![6, 9, 12].contains(&code.len()) || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            let refusal = Refusal::at(Code::IdentifierInvalid, pointer).found(shortened(value));
            self.fail(refusal.expected("a division code of 6, 9 or 12 digits, such as 360111"));
            return None;
        }
        if code.starts_with(NANCHANG) {
            self.identifier(Kind::RegionCodeNanchang, pointer, &code[..COUNTY])?;
        }
        Some(code.to_owned())
    }

    /// A telephone number at which somebody is reached: a mobile number, or one of a fixed line.
    pub(super) fn telephone(&mut self, pointer: &str, value: &str) -> Option<String> {
        let judged = judge(Kind::MobileCn, value, self.today.0);
        let fixed = value.trim_matches(' ');
        if judged.is_taken() || !is_fixed_line(fixed) {
            return self.personal(pointer, judged);
        }
        Some(fixed.to_owned())
    }

    /// The identity of a record.
    pub(super) fn id(&mut self, pointer: &str, value: &str) -> Option<Id> {
        let id = value.parse().ok();
        if id.is_none() {
            let refusal = Refusal::at(Code::IdentifierInvalid, pointer).found(shortened(value));
            self.fail(refusal.expected("a UUID such as 019a5c3e-7b00-7000-8000-000000000001"));
        }
        id
    }

    /// A point in time.
    pub(super) fn moment(&mut self, pointer: &str, value: &str) -> Option<Moment> {
        let moment = Moment::parse(value).ok();
        if moment.is_none() {
            self.malformed(pointer, "a time as RFC 3339, such as 2026-06-20T01:00:00Z");
        }
        moment
    }

    /// A day that is not in the future.
    pub(super) fn past_day(&mut self, pointer: &str, date: Date) -> Option<Day> {
        if date.0 <= self.today {
            return Some(date.0);
        }
        let refusal = Refusal::at(Code::BodyMalformed, pointer).found(date.0);
        self.fail(refusal.expected(format!("a day not after {}", self.today)));
        None
    }

    /// The day of an invoice; one that is yet to come is outside every window.
    pub(super) fn invoice_day(&mut self, pointer: &str, date: Date) -> Day {
        if date.0 > self.today {
            let refusal = Refusal::at(Code::InvoiceOutsideWindow, pointer).found(date.0);
            self.fail(refusal.expected(format!("a day not after {}", self.today)));
        }
        date.0
    }

    /// A number written as a decimal string with so many places at most, as an integer of its last place; no sign.
    pub(super) fn scaled(&mut self, pointer: &str, value: &str, places: usize, most: i64) -> Option<i64> {
        let read = scaled(value, places).filter(|read| *read <= most);
        if read.is_none() {
            self.malformed(pointer, format!("a decimal string with at most {places} places"));
        }
        read
    }

    /// The same with a sign before it, or none.
    pub(super) fn coordinate(&mut self, pointer: &str, value: &str, degrees: i64) -> Option<i64> {
        let (sign, magnitude) = value.strip_prefix('-').map_or((1, value), |magnitude| (-1, magnitude));
        let read = scaled(magnitude, 6).filter(|read| *read <= degrees * 1_000_000);
        if read.is_none() {
            self.malformed(pointer, format!("a decimal string from -{degrees} to {degrees} with at most 6 places"));
        }
        read.map(|read| sign * read)
    }

    /// What the vault gives, such as sealed personal data.
    pub(super) fn sealed<T>(&mut self, sealed: Result<T, VaultError>) -> Option<T> {
        if sealed.is_err() {
            self.fail(Refusal::of(Code::Unavailable));
        }
        sealed.ok()
    }

    /// A person's name: in Han characters by their rule, in other letters as it is given.
    pub(super) fn name(&mut self, pointer: &str, value: &str) -> Option<String> {
        let judged = judge(Kind::PersonNameHan, value, self.today.0);
        if judged.is_taken() {
            return Some(judged.canonical);
        }
        if value.chars().any(is_han) {
            return self.personal(pointer, judged);
        }
        self.text(pointer, value, NAME)
    }

    /// A person, by the canonical identity number.
    pub(super) fn person(&mut self, vault: &Vault, at: &str, name: &str, resident_id: &str) -> Option<Stated> {
        let (person, sealer) = self.person_with_sealer(vault, at, name, resident_id)?;
        Some((person, sealer.into_key()))
    }

    /// The same, with what seals other texts about the person.
    pub(super) fn person_with_sealer<'v>(
        &mut self,
        vault: &'v Vault,
        at: &str,
        name: &str,
        resident_id: &str,
    ) -> Option<(Person, Sealer<'v>)> {
        let name = self.name(&format!("{at}/name"), name);
        let judged = judge_person_id(resident_id, self.today.0);
        let number = self.personal(&format!("{at}/resident_id"), judged);
        let (name, number) = (name?, number?);
        let sealer = self.sealed(vault.sealer())?;
        let (number, name) = (self.sealed(sealer.person_id(&number)), self.sealed(sealer.name(&name)));
        Some((Person::new(number?, name?), sealer))
    }
}

/// A letter, digit or mark of ASCII as an input method for Chinese writes it when it is set to full width.
fn is_full_width(letter: char) -> bool {
    matches!(letter, '\u{FF01}'..='\u{FF5E}' | '\u{3000}')
}

fn is_han(letter: char) -> bool {
    matches!(letter, '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// A fixed line: an area code with its 0, or a service number that begins with 4 or 8 (400-…); hyphens and spaces
/// between the digits.
fn is_fixed_line(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    text.starts_with(['0', '4', '8'])
        && !text.starts_with("00")
        && text.ends_with(|last: char| last.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-' || byte == b' ')
        && (7..=16).contains(&digits)
        && text.len() <= 24
}

fn signed(text: &str) -> Option<Fen> {
    match text.strip_prefix('-') {
        Some(magnitude) => Fen::parse(magnitude).ok().map(|fen| -fen),
        None => Fen::parse(text.strip_prefix('+').unwrap_or(text)).ok(),
    }
}

fn scaled(value: &str, places: usize) -> Option<i64> {
    let (whole, fraction) = value.split_once('.').map_or((value, None), |(whole, rest)| (whole, Some(rest)));
    let digits =
        |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole, 6) || fraction.is_some_and(|fraction| !digits(fraction, places)) {
        return None;
    }
    format!("{whole}{:0<places$}", fraction.unwrap_or_default()).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new() -> Judge {
        Judge::new(Day::from_number(20_260_618).unwrap())
    }

    #[test]
    fn numbers_with_places_become_integers() {
        assert_eq!(scaled("2.0", 3), Some(2000));
        assert_eq!(scaled("1.498", 3), Some(1498));
        assert_eq!(scaled("28", 6), Some(28_000_000));
        for value in ["", ".", "1.", ".5", "1.2345", "-1", "1e3", " 1", "１"] {
            assert_eq!(scaled(value, 3), None, "{value}");
        }
        assert_eq!(new().coordinate("", "-115.95", 180), Some(-115_950_000));
        assert_eq!(new().coordinate("", "90.000001", 90), None);
    }

    #[test]
    fn a_signed_amount_is_not_zero() {
        for (text, fen) in
            [("-1000.00", Some(-100_000)), ("+5", Some(500)), ("5.5", Some(550)), ("0", None), ("--1", None)]
        {
            assert_eq!(new().signed_amount("", &Amount::Text(text.into())), fen.map(Fen), "{text}");
        }
    }

    #[test]
    fn names_of_foreigners_are_taken_and_misspelt_han_names_are_not() {
        assert_eq!(new().name("", " Anna Müller ").as_deref(), Some("Anna Müller"));
        assert_eq!(new().name("", "阿迪力·买买提").as_deref(), Some("阿迪力·买买提"));
        let mut judge = new();
        assert_eq!(judge.name("/owner/name", "阿迪力•买买提"), None);
        assert_eq!(judge.name("/owner/name", "a\u{7}"), None);
        let failed = judge.into_failed();
        assert_eq!(failed[0].code, Code::IdentifierInvalid);
        assert_eq!(failed[1].code, Code::BodyMalformed);
        assert!(failed.iter().all(|refusal| refusal.found.is_none()));
    }

    #[test]
    fn full_width_digits_are_told_apart_from_other_mistakes() {
        let mut judge = new();
        assert_eq!(judge.amount("/amount", &Amount::Text("１９９９.80".into())), None);
        assert_eq!(judge.id("/id", "０19a5c3e-7b00-7000-8000-00000000000"), None);
        assert_eq!(judge.division("/division_code", "３６０１１１"), None);
        assert_eq!(judge.identifier(Kind::Uscc, "/uscc", "９1360123X99360742U"), None);
        assert_eq!(judge.amount("/amount", &Amount::Text("1999.801".into())), None);
        let told: Vec<bool> =
            judge.into_failed().iter().map(|refusal| refusal.expected.as_ref().unwrap().contains("半角")).collect();
        assert_eq!(told, [true, true, true, true, false]);
    }

    #[test]
    fn codes_and_divisions_have_their_forms() {
        assert_eq!(new().code("", " ab-1 ", (4, 40)).as_deref(), Some("AB-1"));
        assert_eq!(new().code("", "----", (4, 40)), None);
        assert_eq!(new().division("", "360111490").as_deref(), Some("360111490"));
        assert_eq!(new().division("", "310101").as_deref(), Some("310101"));
        for refused in ["3601", "360122", "360171001", "36０111", "360111 1"] {
            assert_eq!(new().division("", refused), None, "{refused}");
        }
    }

    #[test]
    fn telephones_are_mobile_or_fixed() {
        for (typed, stored) in [
            ("+86 133 0005 2423", "13300052423"),
            ("0791-88101234", "0791-88101234"),
            (" 400 820 8820 ", "400 820 8820"),
            ("88101234", "88101234"),
        ] {
            assert_eq!(new().telephone("", typed).as_deref(), Some(stored));
        }
        for refused in ["", "1330005242", "12000052423", "0791", "0791-8810123x", "0079188101234", "-88101234"] {
            let mut judge = new();
            assert_eq!(judge.telephone("/contact/phone", refused), None, "{refused}");
            let failed = judge.into_failed();
            assert_eq!((failed[0].code, failed[0].found.as_ref()), (Code::IdentifierInvalid, None));
        }
    }
}
