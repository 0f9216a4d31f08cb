//! A year that never was, with frauds planted in it, scanned day by day: what each rule finds of what was planted for it,
//! and what it takes for a fraud that is none. The table stands in `docs/anomalies.md`.
//!
//! Nothing is drawn by lot: one generator, one seed, the same year each time. The honest part is not made easy for the
//! rules: families that furnish a home, a firm that buys for its dormitory, a grandchild who claims for the whole village,
//! namesakes, weekends on which a shop is full, makers who number alike, clearance and dear corner shops, returns.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use huanxin::domain::anomaly::{
    AnomalyRule, Certificate, HandedIn, Limits, Photo, Receipt, Rules, Seen, Signal, Sold, StaffName, Try, at_once,
    scan,
};
use huanxin::domain::goods::Category;
use huanxin::domain::id::Id;
use huanxin::domain::money::Fen;
use huanxin::domain::records::{ClaimKey, ClaimKind};
use huanxin::domain::refusal::{Code, Language};
use huanxin::domain::time::{Day, Moment};

use crate::openapi::file_is_as_generated;

const DAYS: u32 = 365;
const RETAILERS: u64 = 24;
const FIRST: &str = "2026-01-01";

/// SplitMix64: a few lines, and the same numbers for ever.
struct Dice(Cell<u64>);

impl Dice {
    fn next(&self) -> u64 {
        let mut z = self.0.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.0.set(z);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below.
    fn below(&self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// So often of a thousand times.
    fn permille(&self, often: u64) -> bool {
        self.below(1000) < often
    }
}

fn id(kind: &str, n: u64) -> Id {
    Id::digest(&[kind, &n.to_string()])
}

fn day(n: u32) -> Day {
    Day(FIRST.parse::<chrono::NaiveDate>().unwrap() + chrono::Days::new(u64::from(n)))
}

/// A moment of a day, between the hours at which shops are open.
fn at(n: u32, minute: u64) -> Moment {
    day(n).start().plus_seconds(9 * 3600 + i64::try_from(minute).unwrap() * 60)
}

/// What was planted: for which rule, and the lines that it is about.
struct Planted {
    rule: AnomalyRule,
    lines: BTreeSet<Id>,
}

#[derive(Default)]
struct Year {
    sales: Vec<Sold>,
    turn_ins: Vec<HandedIn>,
    photos: Vec<Photo>,
    certificates: Vec<Certificate>,
    tries: Vec<Try>,
    staff: Vec<StaffName>,
    planted: Vec<Planted>,
    /// So many sales, persons and items so far.
    count: u64,
}

/// Prices of a product: what it costs on most days.
fn price_of(product: u64) -> i64 {
    // From 1 500 to 16 000 yuan; more of the cheap ones.
    let spread = (product * 2_654_435_761) % 1000;
    let (whole, square) = (i64::try_from(spread).unwrap(), i64::try_from(spread * spread / 1000).unwrap());
    150_000 + whole * 350 + square * 1100
}

/// What was filed for a product, of those that are on the list: shops may not ask for more.
fn filed(product: u64) -> Option<Fen> {
    (product < 100).then(|| Fen(price_of(product) * 112 / 100))
}

impl Year {
    /// A sale to a new person, with an old item that has come to the yard; nothing of it is another's.
    fn sale(&mut self, dice: &Dice, when: Moment) -> Sold {
        self.count += 1;
        let n = self.count;
        let (retailer, product) = (dice.below(RETAILERS), dice.below(160));
        let clerk = retailer * 10 + dice.below(4);
        // Shops differ by some percent, and no two days are alike.
        let price = price_of(product) * i64::try_from(960 + (retailer * 7) % 80 + dice.below(40)).unwrap() / 1000;
        let sold = id("sold", n);
        Sold {
            id: Id::derived(when, sold, 0),
            at: when,
            voucher: id("voucher", n),
            person: id("person", n),
            // Surnames and given names are few: one name for some six thousand people.
            name: id("name", dice.below(6000)),
            retailer: id("retailer", retailer),
            store: id("store", retailer),
            clerk: id("clerk", clerk),
            category: if product < 90 { Category::Refrigerator } else { Category::AirConditioner },
            product: format!("product {product}"),
            brand: format!("brand {}", product % 12),
            serials: vec![format!("{:012X}", dice.next() >> 16)],
            price: Fen(price),
            cap_price: Some(Fen(if product < 90 { 666_667 } else { 1_000_000 })),
            filed_price: filed(product),
            address: Some(id("address", n)),
            phone: Some(id("phone", n)),
            device: Some(id("device", n)),
            claimed_in: "360111".to_owned(),
            sold_in: "360111".to_owned(),
            returned: None,
        }
    }

    /// Adds a sale with its old item, handed in some days before.
    fn add(&mut self, dice: &Dice, sold: Sold) -> Id {
        let n = self.count;
        let (handed, line) = (sold.at.plus_seconds(-i64::try_from(dice.below(9) * 24 * 3600 + 600).unwrap()), sold.id);
        let receipt = if dice.permille(15) { Receipt::Missing } else { Receipt::Arrived };
        let recorder = id("recorder", dice.below(8));
        self.hand_in(n, handed, recorder, receipt, Some(line));
        self.sales.push(sold);
        line
    }

    fn hand_in(&mut self, n: u64, when: Moment, recorder: Id, receipt: Receipt, line: Option<Id>) -> Id {
        let item = id("item", n + 1_000_000 * self.turn_ins.len() as u64);
        let of = Id::derived(when, item, 0);
        let keys = vec![ClaimKey::new(ClaimKind::OldSerial, &["old", &n.to_string()])];
        self.turn_ins.push(HandedIn { id: of, at: when, recorder, keys, receipt, line });
        self.photos.push(Photo { sha256: format!("{:064x}", self.turn_ins.len()), of, at: when, line });
        // Ten days later it is dismantled, with a certificate of its own.
        let (number, at) = (format!("CJ{:08}", self.turn_ins.len()), when.plus_seconds(10 * 24 * 3600));
        self.certificates.push(Certificate { number, yard: recorder, of, at, line });
        of
    }

    fn plant(&mut self, rule: AnomalyRule, lines: impl IntoIterator<Item = Id>) {
        self.planted.push(Planted { rule, lines: lines.into_iter().collect() });
    }
}

/// The honest year.
fn honest(dice: &Dice) -> Year {
    let mut year = Year::default();
    for retailer in 0..RETAILERS {
        for clerk in 0..4 {
            let account = id("clerk", retailer * 10 + clerk);
            let name = id("name", dice.below(6000));
            year.staff.push(StaffName { account, retailer: id("retailer", retailer), name });
        }
    }
    for n in 0..DAYS {
        let weekend = matches!(day(n).0.format("%u").to_string().as_str(), "6" | "7");
        let sales = if weekend { 60 } else { 35 } + dice.below(15);
        for _ in 0..sales {
            let minute = dice.below(11 * 60);
            let mut sold = year.sale(dice, at(n, minute));
            // One in thirty is returned, most of them soon.
            if dice.permille(33) {
                let days = 1 + dice.below(12);
                sold.returned = Some(sold.at.plus_seconds(i64::try_from(days * 24 * 3600).unwrap()));
            }
            // Some sell dearer than others, a corner shop or one that delivers and installs.
            if dice.permille(12) {
                let dear = Fen(sold.price.0 * i64::try_from(115 + dice.below(25)).unwrap() / 100);
                sold.price = sold.filed_price.map_or(dear, |filed| dear.min(filed));
            }
            // The list has the price of another size, now and then.
            if year.count % 500 == 7 {
                sold.filed_price = sold.filed_price.map(|filed| Fen(filed.0 * 9 / 10));
            }
            // People come from the next county too.
            if dice.permille(6) {
                "360112".clone_into(&mut sold.claimed_in);
            }
            year.add(dice, sold);
        }
        families(&mut year, dice, n);
    }
    year
}

/// A few buyers who look like more than they are.
fn families(year: &mut Year, dice: &Dice, n: u32) {
    // A home is furnished: three to six goods within two weeks, to one address, two persons, one number.
    if dice.permille(350) {
        let (home, goods) = (dice.next(), 3 + dice.below(4));
        for piece in 0..goods {
            let mut sold =
                year.sale(dice, at(n.saturating_sub(u32::try_from(dice.below(14)).unwrap()), dice.below(600)));
            (sold.address, sold.phone) = (Some(id("home", home)), Some(id("home phone", home)));
            sold.person = id("family", home.wrapping_add(piece % 2));
            year.add(dice, sold);
        }
    }
    // A firm furnishes its dormitory, twice a year: ten to twelve goods to one gate. It is none, and looks like one.
    if n % 182 == 90 {
        let (gate, goods) = (dice.next(), 10 + dice.below(3));
        for piece in 0..goods {
            let mut sold = year.sale(dice, at(n - u32::try_from(piece % 5).unwrap(), dice.below(600)));
            sold.address = Some(id("gate", gate));
            year.add(dice, sold);
        }
    }
    // A grandchild claims for the old people of the village: four or five, now and then six.
    if n % 30 == 11 {
        let (device, people) = (dice.next(), 4 + dice.below(3));
        for _ in 0..people {
            let mut sold = year.sale(dice, at(n - u32::try_from(dice.below(10)).unwrap(), dice.below(600)));
            sold.device = Some(id("grandchild", device));
            year.add(dice, sold);
        }
    }
    // A Saturday of a sale: a shop is full for an hour.
    if n % 45 == 30 {
        let (shop, start) = (dice.below(RETAILERS), dice.below(500));
        for customer in 0..14 {
            let mut sold = year.sale(dice, at(n, start + customer * 3 / 2));
            (sold.retailer, sold.store) = (id("retailer", shop), id("store", shop));
            sold.clerk = id("clerk", shop * 10 + customer % 4);
            year.add(dice, sold);
        }
    }
    // Two makers number alike, in short numbers.
    if n % 40 == 7 {
        let number = format!("{}", 10_000 + dice.below(80_000));
        for brand in ["maker one", "maker two"] {
            let mut sold = year.sale(dice, at(n, dice.below(600)));
            (sold.serials, sold.brand) = (vec![number.clone()], brand.to_owned());
            year.add(dice, sold);
        }
    }
    // A till mistypes one number again and again, with one voucher.
    if n % 25 == 3 {
        let sold = year.sale(dice, at(n, dice.below(600)));
        for again in 0..3 {
            refused(year, &sold, again, sold.voucher);
        }
        year.add(dice, sold);
    }
}

fn refused(year: &mut Year, sold: &Sold, again: u64, voucher: Id) {
    let when = sold.at.plus_seconds(-60 * i64::try_from(again + 1).unwrap());
    let (of, codes) = (id("try", year.tries.len() as u64), vec![Code::SnAlreadyUsed]);
    year.tries.push(Try { id: Id::derived(when, of, 0), at: when, actor: sold.clerk, voucher, codes });
}

/// How many frauds of each kind are planted.
const EACH: u64 = 12;

/// The frauds: of each kind so many, spread over the year from March on.
fn frauds(year: &mut Year, dice: &Dice) {
    for rule in AnomalyRule::ALL {
        for n in 0..EACH {
            let start = 62 + u32::try_from(n * 20 + dice.below(12)).unwrap();
            let lines = fraud(year, dice, *rule, start);
            year.plant(*rule, lines);
        }
    }
}

/// So many sales on days from one on, each changed.
fn several(
    year: &mut Year,
    dice: &Dice,
    (start, days, number): (u32, u64, u64),
    mut change: impl FnMut(&mut Sold, u64),
) -> Vec<Id> {
    let mut lines = Vec::new();
    for n in 0..number {
        let mut sold = year.sale(dice, at(start + u32::try_from(dice.below(days)).unwrap(), dice.below(600)));
        change(&mut sold, n);
        lines.push(year.add(dice, sold));
    }
    lines
}

fn fraud(year: &mut Year, dice: &Dice, rule: AnomalyRule, start: u32) -> Vec<Id> {
    let who = dice.next();
    let shop = dice.below(RETAILERS);
    match rule {
        AnomalyRule::SerialUnderTwoBrands => several(year, dice, (start, 20, 2), |sold, n| {
            sold.serials = vec![format!("{who:012X}")];
            sold.brand = format!("brand {n}");
        }),
        AnomalyRule::OldItemRecordedTwice => {
            let lines = several(year, dice, (start, 1, 1), |_, _| {});
            let first = year.turn_ins.last().unwrap().clone();
            let again = first.at.plus_seconds(3 * 24 * 3600);
            year.hand_in(0, again, id("recorder", 7), Receipt::Unknown, None);
            year.turn_ins.last_mut().unwrap().keys = first.keys;
            lines
        }
        AnomalyRule::TriedUsedIdentity => {
            let mut sold = Vec::new();
            for n in 0..4 {
                let mut one = year.sale(dice, at(start + n, 60 + u64::from(n)));
                (one.clerk, one.retailer, one.store) =
                    (id("clerk", shop * 10), id("retailer", shop), id("store", shop));
                refused(year, &one, 0, one.voucher);
                sold.push(year.add(dice, one));
            }
            sold
        }
        AnomalyRule::PhotoUsedTwice => {
            let lines = several(year, dice, (start, 5, 2), |_, _| {});
            let last = year.photos.len() - 1;
            year.photos[last].sha256 = year.photos[last - 1].sha256.clone();
            lines
        }
        AnomalyRule::ManyToOneAddress => {
            let number = 9 + dice.below(12);
            several(year, dice, (start, 40, number), |sold, _| sold.address = Some(id("depot", who)))
        }
        AnomalyRule::ManyToOnePhone => {
            let number = 6 + dice.below(8);
            several(year, dice, (start, 40, number), |sold, _| sold.phone = Some(id("trader", who)))
        }
        AnomalyRule::ManyOnOneDevice => {
            let number = 8 + dice.below(10);
            several(year, dice, (start, 40, number), |sold, _| sold.device = Some(id("farm", who)))
        }
        AnomalyRule::PriceAboveUsual => {
            let percent = i64::try_from(145 + dice.below(60)).unwrap();
            several(year, dice, (start, 6, 4), |sold, _| {
                (sold.retailer, sold.store) = (id("retailer", shop), id("store", shop));
                sold.price = Fen(price_of(who % 160) * percent / 100);
                (sold.product, sold.filed_price) = (format!("product {}", who % 160), None);
            })
        }
        AnomalyRule::PriceAboveFiled => {
            // Little enough above it that the mean says nothing.
            let (product, percent) = (who % 100, i64::try_from(102 + dice.below(20)).unwrap());
            several(year, dice, (start, 10, 3), |sold, _| {
                (sold.retailer, sold.store) = (id("retailer", shop), id("store", shop));
                (sold.product, sold.filed_price) = (format!("product {product}"), filed(product));
                sold.price = Fen(filed(product).unwrap().0 * percent / 100);
            })
        }
        AnomalyRule::PriceAtCap => {
            let number = 22 + dice.below(10);
            let shop = RETAILERS + who % 1000;
            several(year, dice, (start, 20, number), |sold, n| {
                (sold.retailer, sold.store) = (id("retailer", shop), id("store", shop));
                sold.clerk = id("clerk", shop * 10);
                (sold.category, sold.cap_price) = (Category::Refrigerator, Some(Fen(666_667)));
                sold.price = Fen(666_667 + i64::try_from(n * 37 % 5000).unwrap());
                (sold.product, sold.filed_price) = (format!("own brand {shop} {n}"), None);
            })
        }
        AnomalyRule::QuickReturns => {
            let back = 2 + dice.below(3);
            several(year, dice, (start, 20, back + 1), |sold, n| {
                sold.person = id("returner", who);
                if n < back {
                    sold.returned = Some(sold.at.plus_seconds(2 * 24 * 3600));
                }
            })
        }
        AnomalyRule::QuickReturnsAtClerk => {
            let number = 6 + dice.below(8);
            several(year, dice, (start, 18, number), |sold, _| {
                (sold.clerk, sold.retailer, sold.store) =
                    (id("clerk", shop * 10 + 1), id("retailer", shop), id("store", shop));
                sold.returned = Some(sold.at.plus_seconds(24 * 3600 + 1800));
            })
        }
        AnomalyRule::ClerkBurst => {
            let number = 9 + dice.below(9);
            let mut lines = Vec::new();
            for n in 0..number {
                let mut sold = year.sale(dice, at(start, 300).plus_seconds(i64::try_from(n * 40).unwrap()));
                (sold.clerk, sold.retailer, sold.store) =
                    (id("clerk", shop * 10 + 2), id("retailer", shop), id("store", shop));
                lines.push(year.add(dice, sold));
            }
            lines
        }
        AnomalyRule::StoreBurst => {
            let number = 22 + dice.below(20);
            let mut lines = Vec::new();
            for n in 0..number {
                let mut sold = year.sale(dice, at(start, 420).plus_seconds(i64::try_from(n * 12).unwrap()));
                // Spread over more accounts than a shop has, so that no clerk is a burst.
                sold.clerk = id("hired clerk", shop * 100 + n % 7);
                (sold.retailer, sold.store) = (id("retailer", shop), id("store", shop));
                lines.push(year.add(dice, sold));
            }
            lines
        }
        AnomalyRule::StaffAmongBuyers => {
            let (clerk, own) = (who % 4, who.is_multiple_of(2));
            let account = id("clerk", shop * 10 + clerk);
            let name = year.staff.iter().find(|one| one.account == account).unwrap().name;
            several(year, dice, (start, 30, 2 + who % 2), |sold, n| {
                (sold.person, sold.name) = (id("insider", who), name);
                (sold.retailer, sold.store) = (id("retailer", shop), id("store", shop));
                sold.clerk = if own && n == 0 { account } else { id("clerk", shop * 10 + (clerk + 1) % 4) };
            })
        }
        AnomalyRule::OldItemsNotReceived => {
            // A recorder that has nothing but what it writes: one in three comes to the yard.
            let first = year.turn_ins.len();
            let lines = several(year, dice, (start, 14, 15), |_, _| {});
            let mut missing = Vec::new();
            for (n, item) in year.turn_ins[first..].iter_mut().enumerate() {
                item.recorder = id("paper recorder", who);
                item.receipt = if n % 3 == 0 { Receipt::Arrived } else { Receipt::Missing };
                if n % 3 != 0 {
                    missing.push(lines[n]);
                }
            }
            missing
        }
        AnomalyRule::CertificateUsedTwice => {
            let lines = several(year, dice, (start, 5, 3), |_, _| {});
            let last = year.certificates.len() - 1;
            for again in [last - 2, last - 1] {
                year.certificates[again].number = year.certificates[last].number.clone();
            }
            lines
        }
        AnomalyRule::ClaimedElsewhere => {
            let number = 14 + dice.below(10);
            several(year, dice, (start, 20, number), |sold, _| {
                (sold.retailer, sold.store) = (id("retailer", shop), id("far store", who));
                "360102".clone_into(&mut sold.claimed_in);
            })
        }
    }
}

/// What a rule came to over the year.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Result {
    planted: usize,
    found: usize,
    lines_planted: usize,
    lines_found: usize,
    findings: usize,
    false_findings: usize,
    false_lines: usize,
    held_falsely: usize,
}

/// Scans every day, as the job does: a day's scan sees what lies within the longest look-back, and returns up to its end.
/// The window moves on with the days, so that a year takes seconds.
fn run(year: &Year, rules: &Rules) -> Vec<Signal> {
    let mut seen = Seen { staff: year.staff.clone(), ..Seen::of(day(0)) };
    let (mut sales, mut turn_ins) = (year.sales.iter().peekable(), year.turn_ins.iter().peekable());
    let (mut photos, mut tries) = (year.photos.iter().peekable(), year.tries.iter().peekable());
    let mut certificates = year.certificates.iter().peekable();
    let mut returns: BTreeSet<(Moment, Id)> = BTreeSet::new();
    // An old item supports nothing before it is sold against.
    let mut supports: BTreeMap<Id, Vec<Id>> = BTreeMap::new();
    let mut all = Vec::new();
    for n in 0..DAYS {
        let (from, end) = (day(n).minus(rules.longest()).start(), day(n).next().start());
        seen.day = day(n);
        while let Some(item) = turn_ins.next_if(|item| item.at < end) {
            supports.entry(item.line.unwrap_or(Id::NIL)).or_default().push(item.id);
            seen.turn_ins.push(HandedIn { line: None, ..item.clone() });
        }
        while let Some(photo) = photos.next_if(|photo| photo.at < end) {
            seen.photos.push(Photo { line: None, ..photo.clone() });
        }
        while let Some(sale) = sales.next_if(|sale| sale.at < end) {
            all.extend(at_once(rules, sale));
            returns.extend(sale.returned.map(|back| (back, sale.id)));
            seen.sales.push(Sold { returned: None, ..sale.clone() });
            for item in supports.remove(&sale.id).unwrap_or_default() {
                let at = seen.turn_ins.binary_search_by_key(&item, |one| one.id).unwrap();
                seen.turn_ins[at].line = Some(sale.id);
                // Each item has one photo, in the same order.
                seen.photos[at].line = Some(sale.id);
            }
        }
        // What is dismantled was sold days ago.
        while let Some(one) = certificates.next_if(|one| one.at < end) {
            seen.certificates.push(one.clone());
        }
        while let Some(one) = tries.next_if(|one| one.at < end) {
            seen.tries.push(one.clone());
        }
        while let Some((back, sale)) = returns.first().copied().filter(|(back, _)| *back < end) {
            returns.pop_first();
            if let Ok(at) = seen.sales.binary_search_by_key(&sale, |one| one.id) {
                seen.sales[at].returned = Some(back);
            }
        }
        seen.sales.retain(|sale| sale.at >= from);
        seen.turn_ins.retain(|item| item.at >= from);
        seen.photos.retain(|photo| photo.at >= from);
        seen.certificates.retain(|one| one.at >= from);
        seen.tries.retain(|one| one.at >= from);
        all.extend(scan(rules, &seen));
    }
    all
}

fn results(year: &Year, found: &[Signal]) -> BTreeMap<AnomalyRule, Result> {
    let mut results = BTreeMap::new();
    // A finding is true when one of its lines was planted for any rule: a fraud may be found by another rule than its own.
    let frauds: BTreeSet<Id> = year.planted.iter().flat_map(|planted| planted.lines.iter().copied()).collect();
    for rule in AnomalyRule::ALL {
        let mine: Vec<&Signal> = found.iter().filter(|signal| signal.rule == *rule).collect();
        let told: BTreeSet<Id> = mine.iter().flat_map(|signal| signal.lines.iter().copied()).collect();
        let planted: Vec<&Planted> = year.planted.iter().filter(|planted| planted.rule == *rule).collect();
        let lines: BTreeSet<Id> = planted.iter().flat_map(|planted| planted.lines.iter().copied()).collect();
        let wrong: Vec<&&Signal> =
            mine.iter().filter(|one| one.lines.iter().all(|line| !frauds.contains(line))).collect();
        let held: BTreeSet<Id> =
            mine.iter().filter(|signal| signal.holds).flat_map(|signal| signal.lines.iter().copied()).collect();
        results.insert(
            *rule,
            Result {
                planted: planted.len(),
                found: planted.iter().filter(|planted| planted.lines.iter().any(|line| told.contains(line))).count(),
                lines_planted: lines.len(),
                lines_found: lines.intersection(&told).count(),
                findings: mine.len(),
                false_findings: wrong.len(),
                false_lines: told.difference(&frauds).count(),
                held_falsely: held.difference(&frauds).count(),
            },
        );
    }
    results
}

fn the_year() -> Year {
    let dice = Dice(Cell::new(20_260_101));
    let mut year = honest(&dice);
    frauds(&mut year, &dice);
    year.sales.sort_by_key(|sale| sale.id);
    year.turn_ins.sort_by_key(|item| item.id);
    year.photos.sort_by_key(|photo| photo.of);
    year.certificates.sort_by_key(|one| one.at);
    year.tries.sort_by_key(|one| one.id);
    year
}

#[test]
fn the_table_of_frauds_is_as_found() {
    let (year, rules) = (the_year(), Rules::default());
    let found = run(&year, &rules);
    let results = results(&year, &found);
    file_is_as_generated("docs/anomalies.md", &page(&year, &rules, &results));
    for (rule, result) in &results {
        assert_eq!(result.planted, usize::try_from(EACH).unwrap(), "{rule}");
        assert!(result.found * 10 >= result.planted * 9, "{rule}: {result:?}");
    }
    // What a rule says is there once.
    let ids: BTreeSet<Id> = found.iter().map(Signal::id).collect();
    assert_eq!(ids.len(), found.len());
}

/// The page about the rules: what each measures and by which limits, and what it finds in the year.
fn page(year: &Year, rules: &Rules, results: &BTreeMap<AnomalyRule, Result>) -> String {
    let mut page = HEAD.to_owned();
    page.push_str("| rule | 规则 | measures | `span` is | `least` counts |\n|---|---|---|---|---|\n");
    for rule in AnomalyRule::ALL {
        let (zh, en) = (rule.title(Language::Chinese), rule.title(Language::English));
        let (span, least) = (rule.span().unwrap_or("–"), rule.least().unwrap_or("–"));
        writeln!(page, "| `{rule}`: {en} | {zh} | {} | {span} | {least} |", rule.measure()).unwrap();
    }
    page.push_str("\nThe limits with which the service starts:\n\n");
    page.push_str("| rule | days | span | least | from | full | holds at |\n|---|---|---|---|---|---|---|\n");
    for (rule, limits) in rules.each() {
        let Limits { days, span, least, from, full, hold_at, .. } = limits;
        let hold_at = hold_at.map_or_else(|| "never".to_owned(), |score| score.to_string());
        writeln!(page, "| `{rule}` | {days} | {span} | {least} | {from} | {full} | {hold_at} |").unwrap();
    }
    let kinds = AnomalyRule::ALL.len();
    let (sales, planted) = (year.sales.len(), year.planted.len());
    writeln!(
        page,
        "{YEAR}\n{planted} frauds are planted, {EACH} of each of {kinds} kinds, among {sales} sales. `tests/it/fraud_year.rs` \
         makes the year;\nnothing is drawn by lot, so that the table is the same each time and a change of a rule shows here.\n"
    )
    .unwrap();
    page.push_str(TABLE);
    let mut all = Result::default();
    for (rule, one) in results {
        row(&mut page, &format!("`{rule}`"), one);
        all.planted += one.planted;
        all.found += one.found;
        all.lines_planted += one.lines_planted;
        all.lines_found += one.lines_found;
        all.findings += one.findings;
        all.false_findings += one.false_findings;
        all.false_lines += one.false_lines;
        all.held_falsely += one.held_falsely;
    }
    row(&mut page, "all", &all);
    page.push_str(TAIL);
    page
}

fn row(page: &mut String, name: &str, one: &Result) {
    let Result { planted, found, lines_planted, lines_found, findings, false_findings, false_lines, held_falsely } =
        one;
    let right = if *findings == 0 { 0 } else { (findings - false_findings) * 100 / findings };
    writeln!(
        page,
        "| {name} | {planted} | {found} | {lines_planted} | {lines_found} | {findings} | {false_findings} | {right} % | \
         {false_lines} | {held_falsely} |"
    )
    .unwrap();
}

const HEAD: &str = "# Anomalies

Made from the code: change `src/domain/anomaly/` or `tests/it/fraud_year.rs` and run `make spec`.

What looks wrong among sales that every check has passed. The rules never refuse anything. What a sale shows by itself is
found while the voucher is redeemed; for the rest a job scans each day once it is over, against the days before it. What is
found has a score from 50 (just enough) to 100, a sentence, the lines that it is
about and links to what shows it. From a score that is data on, it **holds** the lines: a settlement with one of them is not
approved until somebody has looked (`listAnomalies`, `resolveAnomaly`). What is *dismissed* lets its lines go; what is
*confirmed* holds them whatever its score was, and they are rejected, returned or clawed back. How often each rule was right
stands in `getAnomalyPrecision`.

`price_above_filed` is looked at while somebody redeems: the row beside the sale is one that is found by the trade item
number, of a sale that names one. Everything else is left to the job: what it compares with would have to be read on the path
for which a customer waits.

A pattern that is told on one day is told again on the next day that brings something to it, with that day's lines alone. A
day that is scanned twice gives the same findings, each once. Rules that are set (`setAnomalyRules`) hold for the days
scanned from then on; each version is kept, and the trail has what changed, before and after.

What can be known, and what cannot:

- Staff has accounts by name and no identity number, so that a buyer who is one of them is told by the name's keyed digest
  alone; accounts that were made before names of staff had the digest of persons' names are not seen. A namesake looks the
  same: one sale to one scores 50 and holds nothing.
- Addresses are compared as they were typed. The same place in two spellings is two places.
- A device is known where the consumer's app sends `X-Device-Id` with the claim.
- Photos and documents, those that are named with an old item and those that are handed in, are compared by the digest of the
  file: the same picture saved anew is another one. Certificates of dismantling are compared by their numbers too.
- A price is held against the one that was filed for the product (备案价格) where the sale names the trade item number and a
  product list that was taken has the price.
- Old items against what the yard got: of what was recorded before yards began to say what they receive, nothing is known.
- A burst over midnight is cut in two.

## The rules

";

const YEAR: &str = "
## A year with planted frauds

The honest part is not made easy for the rules: families that furnish a home, a firm that buys for its dormitory, a
grandchild who claims for a village, namesakes, full shops, makers who number alike, dear shops, returns.";

const TABLE: &str = "| rule | planted | found | lines planted | lines found | findings | of them false | right | honest lines told | honest \
    lines held |\n|---|---|---|---|---|---|---|---|---|---|\n";

const TAIL: &str = "
A planted fraud counts as found when its own rule tells one of its lines. A finding is false when none of its lines belongs
to any planted fraud. *Honest lines* are told or held beside the planted ones, those in true findings included: a busy
clerk's honest sales stand among the burst that he adds to them.

A year that was made up says how the rules work, not how often people cheat: of real findings more or fewer will be false.
That is what `getAnomalyPrecision` and the limits are for.
";
