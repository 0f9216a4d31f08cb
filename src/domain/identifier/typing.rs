//! Every wrong character and every swap of neighbours that a check character promises to find is found: not sampled,
//! but all of them, over many made-up numbers.

use super::digits::gs1_check;
use super::tests::today;
use super::{Kind, Verdict, judge, organisation, synthetic};

const DIGITS: &str = "0123456789";
const DIGITS_AND_X: &str = "0123456789X";
const VIN_CHARACTERS: &str = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ";
/// Characters of a VIN that have one value; the check digit cannot tell them apart (ISO 3779).
const VIN_CLASSES: [&str; 10] = ["0", "1AJ", "2BKS", "3CLT", "4DMU", "5ENV", "6FW", "7GPX", "8HY", "9RZ"];
/// The place of a VIN's check digit, counted from zero.
const VIN_CHECK: usize = 8;
/// How many numbers of each kind are tried.
const NUMBERS: u64 = 60;

/// Numbers of a kind, the characters that a slip may put into them, and the swaps that the standard does not find.
struct Checked {
    kind: Kind,
    make: fn(u64) -> String,
    characters: &'static str,
    unseen: fn(char, char) -> bool,
}

fn apart(one: char, other: char) -> u32 {
    u32::from(one).abs_diff(u32::from(other))
}

fn trade_item(digits: usize, index: u64) -> String {
    let body = format!("{:0width$}", 1 + index * 104_729 % 10_u64.pow(6), width = digits - 1);
    let check = gs1_check(&body);
    format!("{body}{check}")
}

const CHECKED: [Checked; 9] = {
    const fn of(
        kind: Kind,
        make: fn(u64) -> String,
        characters: &'static str,
        unseen: fn(char, char) -> bool,
    ) -> Checked {
        Checked { kind, make, characters, unseen }
    }
    // ISO 7064 MOD 11-2 and the sum modulo 31 find every swap; GS1 not that of digits five apart, Luhn not that of 0
    // and 9.
    const ALL_SEEN: fn(char, char) -> bool = |_, _| false;
    const GS1: fn(char, char) -> bool = |one, other| apart(one, other) == 5;
    const LUHN: fn(char, char) -> bool = |one, other| apart(one, other) == 9;
    [
        of(Kind::PrcResidentId, synthetic::resident_id, DIGITS_AND_X, ALL_SEEN),
        of(Kind::HmtResidencePermit, synthetic::residence_permit, DIGITS_AND_X, ALL_SEEN),
        of(Kind::ForeignPrId2023, synthetic::permanent_resident, DIGITS_AND_X, ALL_SEEN),
        of(Kind::Uscc, synthetic::uscc, organisation::ALPHABET, ALL_SEEN),
        of(Kind::Imei, synthetic::imei, DIGITS, LUHN),
        of(Kind::Gtin, |index| trade_item(8, index), DIGITS, GS1),
        of(Kind::Gtin, |index| trade_item(12, index), DIGITS, GS1),
        of(Kind::Gtin, synthetic::gtin13, DIGITS, GS1),
        of(Kind::Gtin, |index| trade_item(14, index), DIGITS, GS1),
    ]
};

/// The text with another character in each of its places in turn.
fn slips<'a>(text: &'a str, characters: &'a str) -> impl Iterator<Item = (usize, char, String)> + 'a {
    text.char_indices().flat_map(move |(place, was)| {
        let others = characters.chars().filter(move |to| *to != was);
        others.map(move |to| (place, to, format!("{}{to}{}", &text[..place], &text[place + 1..])))
    })
}

/// The text with two different neighbours swapped, in each of its places in turn.
fn swaps(text: &str) -> impl Iterator<Item = (usize, char, char, String)> + '_ {
    let pairs = text.char_indices().zip(text.chars().skip(1)).filter(|((_, one), other)| one != other);
    pairs.map(|((place, one), other)| {
        (place, one, other, format!("{}{other}{one}{}", &text[..place], &text[place + 2..]))
    })
}

fn accepted(kind: Kind, text: &str) -> bool {
    judge(kind, text, today()).verdict == Verdict::Accept
}

#[test]
fn every_wrong_character_is_found() {
    for Checked { kind, make, characters, .. } in CHECKED {
        for made in (0..NUMBERS).map(make) {
            assert!(accepted(kind, &made), "{kind} {made}");
            for (_, _, changed) in slips(&made, characters) {
                assert!(!accepted(kind, &changed), "{kind} {made} typed as {changed}");
            }
        }
    }
}

#[test]
fn swapped_neighbours_are_found_but_those_that_the_standard_does_not_find() {
    let mut unseen_so_far = 0;
    for Checked { kind, make, unseen, .. } in CHECKED {
        for made in (0..NUMBERS).map(make) {
            for (_, one, other, changed) in swaps(&made) {
                assert_eq!(accepted(kind, &changed), unseen(one, other), "{kind} {made} typed as {changed}");
                unseen_so_far += u32::from(unseen(one, other));
            }
        }
    }
    assert!(unseen_so_far > 100, "the exceptions come up: {unseen_so_far}");
}

fn one_value(one: char, other: char) -> bool {
    VIN_CLASSES.iter().any(|class| class.contains(one) && class.contains(other))
}

/// The check digit of a VIN is weaker: it finds what changes a value, and every slip in itself.
#[test]
fn a_wrong_character_of_a_vin_is_found_when_its_value_differs() {
    for made in (0..NUMBERS).map(synthetic::vin) {
        for (place, to, changed) in slips(&made, VIN_CHARACTERS) {
            let was = made.as_bytes()[place].into();
            let no_year = place == 9 && "0UZ".contains(to);
            let unseen = place != VIN_CHECK && one_value(was, to) && !no_year;
            assert_eq!(accepted(Kind::Vin, &changed), unseen, "{made} typed as {changed}");
        }
        for (place, one, other, changed) in swaps(&made) {
            if place != VIN_CHECK && place + 1 != VIN_CHECK {
                assert_eq!(accepted(Kind::Vin, &changed), one_value(one, other), "{made} typed as {changed}");
            }
        }
    }
}
