//! Programmes made by dice, in whole numbers: fen, ten-thousandths of a percent, cubic centimetres. What the service
//! sees of one is its file.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

/// The whole, in the unit of rates and shares: ten-thousandths of a percent.
pub const WHOLE: i128 = 1_000_000;

pub const CATEGORIES: [&str; 6] = ["refrigerator", "television", "air_conditioner", "phone", "car", "ebike"];
pub const POWERTRAINS: [&str; 3] = ["nev", "petrol", "diesel"];
pub const FUELS: [&str; 4] = ["petrol", "diesel", "nev", "other"];
pub const BATTERIES: [&str; 2] = ["lithium", "lead_acid"];
pub const CERTIFICATES: [&str; 3] = ["CCC", "GB 17761", "GB 43854"];
const SOURCES: [&str; 3] = ["central", "province", "district"];
/// How amounts below a fen are rounded.
const ROUNDINGS: [&str; 3] = ["down", "half_up", "half_even"];

/// Words of a set, or none where nothing is asked.
pub type Words = BTreeSet<&'static str>;

#[derive(Clone, Debug)]
pub struct Scheme {
    pub rounding: &'static str,
    pub credit_reduces_base: bool,
    /// `none`, `bonus`, `any_category` or `same_category`.
    pub matching: &'static str,
    /// At the claim, else at the redemption.
    pub at_issue: bool,
    /// Categories of old items, where the matching has such a list.
    pub old_categories: Words,
    pub must_be_complete: bool,
    /// Latest first registration by fuel, as a year whose last day still counts.
    pub registered_until: Vec<(Words, i32)>,
    pub funding: Vec<(&'static str, i128)>,
    pub lines: Vec<Line>,
}

#[derive(Clone, Debug)]
pub struct Line {
    pub category: &'static str,
    pub least: Option<i128>,
    pub most: Option<i128>,
    pub certificates: Words,
    pub tiers: Vec<Tier>,
    pub bonuses: Vec<Bonus>,
}

#[derive(Clone, Debug)]
pub struct Tier {
    pub when: When,
    pub much: Much,
}

#[derive(Clone, Debug)]
pub struct Bonus {
    pub when: When,
    pub much: Much,
    pub merchant: bool,
}

#[derive(Clone, Copy, Debug)]
pub enum Much {
    Rate { rate: i128, cap: i128 },
    Fixed(i128),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct When {
    pub levels: BTreeSet<u8>,
    pub powertrains: Words,
    pub most_cc: Option<u32>,
    pub batteries: Words,
    pub certificates: Words,
    pub from: Option<i128>,
    pub below: Option<i128>,
    pub old_needed: bool,
    pub old_fuels: Words,
    pub old_batteries: Words,
}

impl When {
    /// Whether anything is asked about the old item.
    pub fn asks_for_old(&self) -> bool {
        self.old_needed || !self.old_fuels.is_empty() || !self.old_batteries.is_empty()
    }

    fn without_old(self) -> Self {
        Self { old_needed: false, old_fuels: Words::new(), old_batteries: Words::new(), ..self }
    }
}

// ---------------------------------------------------------------- dice

/// Now and then some of the values, else none.
fn some<T: Ord + Copy + std::fmt::Debug + 'static>(of: &'static [T]) -> impl Strategy<Value = BTreeSet<T>> {
    let chosen = subsequence(of.to_vec(), 1..=of.len()).prop_map(|values| values.into_iter().collect());
    prop_oneof![3 => Just(BTreeSet::new()), 1 => chosen]
}

/// Rates as schemes have them, odd ones, and any.
fn rate() -> impl Strategy<Value = i128> {
    let usual = select(vec![71_250, 150_000, 200_000, 100_000, 120_000, 80_000, 333_333, 5_000, 1, 999_999, WHOLE]);
    prop_oneof![2 => usual, 1 => 1..=WHOLE]
}

/// Sums from a few fen to thousands of yuan.
fn sum() -> impl Strategy<Value = i128> {
    prop_oneof![1 => 1..=60_i128, 2 => 1..=60_000_i128, 3 => (1..=30_i128).prop_map(|tens| tens * 10_000)]
}

fn much() -> impl Strategy<Value = Much> {
    prop_oneof![
        3 => (rate(), sum()).prop_map(|(rate, cap)| Much::Rate { rate, cap }),
        1 => sum().prop_map(Much::Fixed),
    ]
}

fn when() -> impl Strategy<Value = When> {
    let item = (
        some(&[1, 2, 3, 4, 5]),
        some(&POWERTRAINS),
        prop::option::weighted(0.25, select(vec![1_000, 1_499, 1_600, 2_000, 2_500])),
        some(&BATTERIES),
        some(&CERTIFICATES),
    );
    let price = (prop::option::weighted(0.25, sum()), prop::option::weighted(0.3, 1..=800_000_i128));
    let old = (prop::bool::weighted(0.1), some(&FUELS), some(&BATTERIES));
    (item, price, old).prop_map(|(item, (from, width), old)| When {
        levels: item.0,
        powertrains: item.1,
        most_cc: item.2,
        batteries: item.3,
        certificates: item.4,
        from,
        below: width.map(|width| from.unwrap_or(0) + width),
        old_needed: old.0,
        old_fuels: old.1,
        old_batteries: old.2,
    })
}

fn line() -> impl Strategy<Value = Line> {
    let tier = (when(), much()).prop_map(|(when, much)| Tier { when, much });
    let bonus = (when(), much(), any::<bool>()).prop_map(|(when, much, merchant)| Bonus { when, much, merchant });
    let limits =
        (prop::option::weighted(0.15, 1..=5_000_i128), prop::option::weighted(0.15, sum()), some(&CERTIFICATES));
    (limits, prop::collection::vec(tier, 1..=4), prop::collection::vec(bonus, 0..=3)).prop_map(
        |((least, above, certificates), tiers, bonuses)| Line {
            category: "",
            least,
            most: above.map(|above| least.unwrap_or(0) + above),
            certificates,
            tiers,
            bonuses,
        },
    )
}

/// One to three payers whose shares are the whole.
fn funding() -> impl Strategy<Value = Vec<(&'static str, i128)>> {
    let cuts = prop_oneof![
        Just(vec![]),
        select(vec![900_000, 850_000, 333_333, 1, 999_999]).prop_map(|cut| vec![cut]),
        (1..WHOLE, 1..WHOLE).prop_map(|(one, other)| BTreeSet::from([one, other]).into_iter().collect()),
    ];
    (cuts, Just(SOURCES.to_vec()).prop_shuffle()).prop_map(|(cuts, sources)| {
        let ends = cuts.iter().copied().chain([WHOLE]);
        let begins = [0].into_iter().chain(cuts.iter().copied());
        sources.into_iter().zip(ends.zip(begins).map(|(end, begin)| end - begin)).collect()
    })
}

/// A programme that is good: whatever the dice said that no file may say is put right.
pub fn scheme() -> impl Strategy<Value = Scheme> {
    let head = (select(ROUNDINGS.to_vec()), any::<bool>(), funding());
    let matching = select(vec!["none", "bonus", "any_category", "same_category"]);
    let old = (matching, any::<bool>(), some(&CATEGORIES), any::<bool>());
    let fuels = (prop::bool::weighted(0.2), Just(FUELS.to_vec()).prop_shuffle(), any::<Index>());
    let lines = (Just(CATEGORIES.to_vec()).prop_shuffle(), prop::collection::vec(line(), 1..=3));
    (head, old, fuels, lines).prop_map(|(head, old, (by_fuel, fuels, cut), (categories, lines))| {
        let (early, late) = fuels.split_at(1 + cut.index(FUELS.len() - 1));
        let limits = vec![(words(early), 2013), (words(late), 2019)];
        let (matching, listed) = (old.0, matches!(old.0, "bonus" | "any_category"));
        let lines = categories.into_iter().zip(lines).map(|(category, line)| tidy(category, line, matching)).collect();
        Scheme {
            rounding: head.0,
            credit_reduces_base: head.1,
            matching,
            at_issue: old.1,
            old_categories: if listed { old.2 } else { Words::new() },
            must_be_complete: old.3,
            registered_until: if by_fuel { limits } else { Vec::new() },
            funding: head.2,
            lines,
        }
    })
}

fn words(of: &[&'static str]) -> Words {
    of.iter().copied().collect()
}

fn tidy(category: &'static str, mut line: Line, matching: &str) -> Line {
    line.category = category;
    let whens = line.tiers.iter_mut().map(|tier| &mut tier.when).chain(line.bonuses.iter_mut().map(|b| &mut b.when));
    for when in whens {
        if matching == "none" {
            *when = std::mem::take(when).without_old();
        }
    }
    // A tier without conditions is the last one.
    if let Some(open) = line.tiers.iter().position(|tier| tier.when == When::default()) {
        line.tiers.truncate(open + 1);
    }
    line
}

// ---------------------------------------------------------------- the file

/// An amount as files and requests write it.
pub fn yuan(fen: i128) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

/// A rate as files write it: `7.125`.
fn percent(rate: i128) -> String {
    let text = format!("{}.{:04}", rate / 10_000, rate % 10_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn list<'a>(words: impl IntoIterator<Item = &'a &'static str>) -> String {
    words.into_iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
}

fn much_text(much: Much) -> String {
    match much {
        Much::Rate { rate, cap } => format!("percent = \"{}\", cap = \"{}\"", percent(rate), yuan(cap)),
        Much::Fixed(fixed) => format!("fixed = \"{}\"", yuan(fixed)),
    }
}

fn when_text(when: &When) -> String {
    let mut parts = Vec::new();
    let levels: Vec<String> = when.levels.iter().map(u8::to_string).collect();
    if !levels.is_empty() {
        parts.push(format!("energy_levels = [{}]", levels.join(", ")));
    }
    let sets = [
        ("powertrains", &when.powertrains),
        ("batteries", &when.batteries),
        ("certifications", &when.certificates),
        ("old_fuels", &when.old_fuels),
        ("old_batteries", &when.old_batteries),
    ];
    for (name, set) in sets.into_iter().filter(|(_, set)| !set.is_empty()) {
        parts.push(format!("{name} = [{}]", list(set)));
    }
    if let Some(cc) = when.most_cc {
        parts.push(format!("displacement_at_most = \"{}.{:03}\"", cc / 1000, cc % 1000));
    }
    for (name, amount) in [("price_from", when.from), ("price_below", when.below)] {
        parts.extend(amount.map(|amount| format!("{name} = \"{}\"", yuan(amount))));
    }
    if when.old_needed {
        parts.push("old_item_needed = true".to_owned());
    }
    format!("{{ {} }}", parts.join(", "))
}

impl Scheme {
    /// The programme's file.
    pub fn toml(&self, id: &str) -> String {
        let Self { rounding, credit_reduces_base, matching, must_be_complete, .. } = self;
        let matched_at = if self.at_issue { "issue" } else { "redemption" };
        let mut text = format!(
            "id = \"{id}\"\ntitle = \"随机\"\nrounding = \"{rounding}\"\nold_credit_reduces_base = {credit_reduces_base}\n\
             region = {{ divisions = [\"360111\"] }}\n\
             windows = {{ claim = {{ from = 2026-01-01, to = 2026-12-31 }} }}\nvoucher = {{ days = 30, reclaims = 1 }}\n\
             [old_item]\nmatching = \"{matching}\"\nmatched_at = \"{matched_at}\"\nmust_be_complete = {must_be_complete}\n"
        );
        if !self.old_categories.is_empty() {
            writeln!(text, "categories = [{}]", list(&self.old_categories)).unwrap();
        }
        for (fuels, year) in &self.registered_until {
            writeln!(text, "[[old_item.registered_until]]\nfuels = [{}]\nday = {year}-12-31", list(fuels)).unwrap();
        }
        for (source, share) in &self.funding {
            writeln!(text, "[[funding]]\nsource = \"{source}\"\npercent = \"{}\"", percent(*share)).unwrap();
        }
        for line in &self.lines {
            write_line(&mut text, line);
        }
        text
    }
}

fn write_line(text: &mut String, line: &Line) {
    writeln!(text, "[[lines]]\ncategory = \"{}\"\npool = \"100000000.00\"", line.category).unwrap();
    for (name, limit) in [("unit_price_at_most", line.most), ("price_at_least", line.least)] {
        if let Some(limit) = limit {
            writeln!(text, "{name} = \"{}\"", yuan(limit)).unwrap();
        }
    }
    writeln!(text, "certifications = [{}]", list(&line.certificates)).unwrap();
    for tier in &line.tiers {
        writeln!(text, "[[lines.tiers]]\nwhen = {}", when_text(&tier.when)).unwrap();
        writeln!(text, "{}", much_text(tier.much).replace(", ", "\n")).unwrap();
    }
    for bonus in &line.bonuses {
        let source = if bonus.merchant { "\nsource = \"merchant\"" } else { "" };
        writeln!(text, "[[lines.bonuses]]\nwhen = {}", when_text(&bonus.when)).unwrap();
        writeln!(text, "{}{source}", much_text(bonus.much).replace(", ", "\n")).unwrap();
    }
}
