//! What a settlement pays for, as one digest: its lines, and the hashes of the evidence that lay there for them.
//!
//! The form is made to be made again by anybody with the lists of lines and of files: a text per line and per hash, all of
//! them sorted (`docs/settlement.md` has it in words).

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::id::Id;
use super::money::Fen;
use super::settlement::Control;
use super::time::Moment;

/// The lines of a settlement with their evidence, as they were read before its approval.
///
/// Ten thousand lines are too many to be read while everybody waits for the writer. So they are read before that, and the
/// decision adds what was handed in since: a file that came in between is in the digest like any other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inventory {
    /// The time of the newest record of the trail at the reading: what is of a later time was not read.
    pub seen: Moment,
    control: Control,
    /// The redemptions and old items whose evidence belongs to it.
    subjects: BTreeSet<Id>,
    texts: BTreeSet<String>,
    evidence: u32,
}

/// A hash of evidence about a record.
pub type Hashed = (Id, String);

impl Inventory {
    /// Nothing yet.
    #[must_use]
    pub fn new(seen: Moment) -> Self {
        let (subjects, texts) = (BTreeSet::new(), BTreeSet::new());
        Self { seen, control: Control::default(), subjects, texts, evidence: 0 }
    }

    /// A redemption that it pays.
    pub fn redemption(&mut self, id: Id, amount: Fen) {
        self.line(format!("redemption {id} {amount}"), amount);
    }

    /// An adjustment that it pays.
    pub fn adjustment(&mut self, id: Id, amount: Fen) {
        self.line(format!("adjustment {id} {amount}"), amount);
    }

    /// A redemption or old item that its lines are about: evidence of others is none of this settlement's.
    pub fn about(&mut self, subject: Id) {
        self.subjects.insert(subject);
    }

    /// A hash of evidence about one of these.
    pub fn evidence(&mut self, (subject, sha256): &Hashed) {
        if self.subjects.contains(subject) && self.texts.insert(text(*subject, sha256)) {
            self.evidence = self.evidence.saturating_add(1);
        }
    }

    /// How many lines, and what they sum to.
    #[must_use]
    pub const fn control(&self) -> Control {
        self.control
    }

    /// SHA-256 over everything, in lower-case hexadecimal, and how many hashes of evidence it covers; `later` is what was
    /// handed in since the reading.
    #[must_use]
    pub fn freeze<'a>(&self, later: impl IntoIterator<Item = &'a Hashed>) -> (String, u32) {
        let own = later.into_iter().filter(|(subject, _)| self.subjects.contains(subject));
        let more: BTreeSet<String> = own.map(|(subject, sha256)| text(*subject, sha256)).collect();
        let more: Vec<&String> = more.iter().filter(|text| !self.texts.contains(*text)).collect();
        let evidence = self.evidence.saturating_add(u32::try_from(more.len()).unwrap_or(u32::MAX));
        let mut all: Vec<&String> = self.texts.iter().chain(more).collect();
        all.sort();
        let mut hash = Sha256::new();
        for text in all {
            hash.update(text);
            hash.update(b"\n");
        }
        (hex::encode(hash.finalize()), evidence)
    }

    fn line(&mut self, text: String, amount: Fen) {
        if self.texts.insert(text) {
            self.control = self.control.plus(Control { lines: 1, amount });
        }
    }
}

fn text(subject: Id, sha256: &str) -> String {
    format!("evidence {subject} {sha256}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> Id {
        Id::from_prefix(&[n])
    }

    fn file(subject: u8, digit: &str) -> Hashed {
        (id(subject), digit.repeat(64))
    }

    /// A redemption with its old item, and an adjustment of one that was paid before.
    fn inventory(files: &[Hashed]) -> Inventory {
        let mut inventory = Inventory::new(Moment(7));
        for subject in [1, 2, 3] {
            inventory.about(id(subject));
        }
        inventory.redemption(id(1), Fen(94_485));
        inventory.adjustment(id(9), Fen(5_505));
        for file in files {
            inventory.evidence(file);
        }
        inventory
    }

    #[test]
    fn the_form_is_that_of_the_document() {
        let inventory = inventory(&[file(2, "b"), file(1, "a"), file(2, "b")]);
        assert_eq!(inventory.control(), Control { lines: 2, amount: Fen(99_990) });
        let text = format!(
            "adjustment {} 55.05\nevidence {} {}\nevidence {} {}\nredemption {} 944.85\n",
            id(9),
            id(1),
            "a".repeat(64),
            id(2),
            "b".repeat(64),
            id(1)
        );
        assert_eq!(inventory.freeze([]), (hex::encode(Sha256::digest(text)), 2));
    }

    #[test]
    fn what_came_in_since_is_in_it_and_what_is_anothers_is_not() {
        let (first, second) = (file(1, "a"), file(3, "c"));
        let late = inventory(std::slice::from_ref(&first)).freeze([&second, &first, &file(4, "d"), &second]);
        assert_eq!(late, inventory(&[second, first.clone()]).freeze([]), "no matter when it was read");
        assert_eq!(late.1, 2);
        assert_ne!(late, inventory(&[first]).freeze([]));
        assert_eq!(inventory(&[file(4, "d")]), inventory(&[]), "the evidence of another sale");
    }

    #[test]
    fn each_line_and_hash_matters() {
        let mut more = inventory(&[file(1, "a")]);
        more.redemption(id(1), Fen(94_485));
        assert_eq!(more, inventory(&[file(1, "a")]), "a line counts once");
        more.redemption(id(2), Fen(1));
        let digests = [
            more.freeze([]),
            inventory(&[file(1, "a")]).freeze([]),
            inventory(&[file(1, "b")]).freeze([]),
            inventory(&[file(2, "a")]).freeze([]),
        ];
        assert_eq!(digests.iter().collect::<BTreeSet<_>>().len(), 4);
    }
}
