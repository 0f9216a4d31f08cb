//! Each rule where it just finds something, just short of it, and what it says is new.

use super::*;
use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::money::Fen;
use crate::domain::records::{ClaimKey, ClaimKind};
use crate::domain::refusal::Code;
use crate::domain::time::{Day, Moment};

fn id(of: &str) -> Id {
    Id::digest(&[of])
}

/// A moment of June 2026.
fn at(day: u32, hour: u32, minute: u32) -> Moment {
    Moment::parse(&format!("2026-06-{day:02}T{hour:02}:{minute:02}:00+08:00")).unwrap()
}

fn today() -> Day {
    at(20, 0, 0).day()
}

/// A sale like many others: nothing of it is another's.
fn sale(number: u32, moment: Moment) -> Sold {
    let of = |what: &str| id(&format!("{what} {number}"));
    Sold {
        id: Id::derived(moment, of("sale"), 0),
        at: moment,
        voucher: of("voucher"),
        person: of("person"),
        name: of("name"),
        retailer: id("retailer"),
        store: id("store"),
        clerk: id("clerk"),
        category: Category::Refrigerator,
        product: format!("product {number}"),
        brand: "haier".to_owned(),
        serials: vec![format!("SERIAL{number:06}")],
        price: Fen(300_000 + i64::from(number)),
        cap_price: Some(Fen(1_000_000)),
        filed_price: None,
        address: Some(of("address")),
        phone: Some(of("phone")),
        device: Some(of("device")),
        claimed_in: "360111".to_owned(),
        sold_in: "360111".to_owned(),
        returned: None,
    }
}

fn seen(mut sales: Vec<Sold>) -> Seen {
    sales.sort_by_key(|sale| sale.id);
    Seen { sales, ..Seen::of(today()) }
}

/// What one rule found, by the rules as they are at first.
fn found(rule: AnomalyRule, seen: &Seen) -> Vec<Signal> {
    scan(&Rules::default(), seen).into_iter().filter(|signal| signal.rule == rule).collect()
}

/// What one rule found where nothing else was.
#[track_caller]
fn only(rule: AnomalyRule, seen: &Seen) -> Signal {
    let all = scan(&Rules::default(), seen);
    assert_eq!(all.iter().map(|signal| signal.rule).collect::<Vec<_>>(), [rule], "{all:#?}");
    all.into_iter().next().unwrap()
}

/// Sales a day apart, up to the scanned day, each changed.
fn apart(number: u32, change: impl Fn(&mut Sold)) -> Vec<Sold> {
    let mut sales: Vec<Sold> = (0..number).map(|n| sale(n, at(20 - n, 10, n))).collect();
    sales.iter_mut().for_each(change);
    sales
}

#[test]
fn the_first_rules_are_whole_and_can_stand() {
    let rules = Rules::default();
    assert!(rules.each().all(|(rule, limits)| limits.faults(rule, "").is_empty()));
    assert_eq!(serde_json::to_value(&rules).unwrap().as_object().unwrap().len(), AnomalyRule::ALL.len());
    assert!(rules.each().all(|(_, limits)| limits.on));
    assert_eq!(rules.longest(), 180);
}

#[test]
fn a_score_goes_from_fifty_to_a_hundred() {
    let limits = Limits { on: true, days: 1, span: 0, least: 1, from: 8, full: 16, hold_at: Some(75) };
    assert_eq!(
        [7, 8, 9, 12, 15, 16, 99].map(|measure| limits.score(measure)),
        [None, Some(50), Some(56), Some(75), Some(93), Some(100), Some(100)]
    );
    assert!(limits.holds(75) && !limits.holds(74));
    assert!(!Limits { hold_at: None, ..limits }.holds(100));
    let same = Limits { from: 2, full: 2, ..limits };
    assert_eq!((same.score(1), same.score(2)), (None, Some(100)));
}

#[test]
fn limits_that_cannot_stand_are_named() {
    let limits = Rules::default().of(AnomalyRule::ClerkBurst);
    let wrong = Limits { days: 401, span: 0, least: 0, from: 9, full: 8, hold_at: Some(49), ..limits };
    let faults = wrong.faults(AnomalyRule::ClerkBurst, "/rules/0");
    let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(pointers, ["days", "span", "least", "full", "hold_at"].map(|name| format!("/rules/0/{name}")));
}

#[test]
fn an_ordinary_month_shows_nothing() {
    assert_eq!(scan(&Rules::default(), &seen(apart(15, |_| {}))), []);
}

#[test]
fn a_rule_that_is_off_finds_nothing() {
    let crowd = seen(apart(8, |sale| sale.address = Some(id("one"))));
    let limits = Limits { on: false, ..Rules::default().of(AnomalyRule::ManyToOneAddress) };
    assert_eq!(scan(&Rules::default().with(&[(AnomalyRule::ManyToOneAddress, limits)]), &crowd), []);
}

#[test]
fn many_goods_to_one_address() {
    let crowd = |number| apart(number, |sale| sale.address = Some(id("one")));
    assert_eq!(found(AnomalyRule::ManyToOneAddress, &seen(crowd(7))), []);
    // On the day on which it becomes a pattern all lines are told, afterwards the day's alone.
    let first = only(AnomalyRule::ManyToOneAddress, &seen(crowd(8)));
    assert_eq!((first.measure, first.score, first.holds, first.lines.len()), (8, 50, false, 8));
    let later = only(AnomalyRule::ManyToOneAddress, &seen(crowd(10)));
    assert_eq!(
        (later.measure, later.score, later.holds, later.lines.len(), later.evidence.len()),
        (10, 62, true, 1, 9)
    );
    assert_eq!(first.id(), later.id());
    assert_eq!(only(AnomalyRule::ManyToOneAddress, &seen(crowd(10))), later);
    // What was returned is no good that went there; without a sale on the day nothing is new.
    let mut returned = crowd(8);
    returned[3].returned = Some(at(19, 9, 0));
    assert_eq!(found(AnomalyRule::ManyToOneAddress, &seen(returned)), []);
    assert_eq!(found(AnomalyRule::ManyToOneAddress, &seen(crowd(12).split_off(1))), []);
}

#[test]
fn buyers_count_once_for_a_telephone_and_a_device() {
    let phone = |number| apart(number, |sale| sale.phone = Some(id("one")));
    assert_eq!(found(AnomalyRule::ManyToOnePhone, &seen(phone(4))), []);
    assert_eq!(only(AnomalyRule::ManyToOnePhone, &seen(phone(5))).measure, 5);
    let mut one_person = phone(5);
    for sale in &mut one_person {
        sale.person = id("one");
    }
    assert_eq!(found(AnomalyRule::ManyToOnePhone, &seen(one_person)), []);
    assert_eq!(only(AnomalyRule::ManyOnOneDevice, &seen(apart(6, |sale| sale.device = Some(id("one"))))).measure, 6);
}

#[test]
fn a_serial_number_under_another_brand() {
    let pair = |serial: &str, brand: &str| {
        let mut two = apart(2, |sale| sale.serials = vec![serial.to_owned()]);
        brand.clone_into(&mut two[0].brand);
        seen(two)
    };
    let told = only(AnomalyRule::SerialUnderTwoBrands, &pair("AB1234567", "midea"));
    assert_eq!((told.score, told.holds, told.lines.len()), (100, true, 2));
    assert!(told.en.contains("AB1234567") && told.zh.contains("AB1234567"));
    assert_eq!(scan(&Rules::default(), &pair("AB1234567", "haier")), []);
    assert_eq!(scan(&Rules::default(), &pair("AB12345", "midea")), []);
}

fn item(number: u32, moment: Moment, line: Option<Id>) -> HandedIn {
    HandedIn {
        id: Id::derived(moment, id(&format!("item {number}")), 0),
        at: moment,
        recorder: id("recorder"),
        keys: vec![ClaimKey::new(ClaimKind::OldSerial, &[&number.to_string()])],
        receipt: Receipt::Unknown,
        line,
    }
}

#[test]
fn one_old_item_under_two_records() {
    let sold = sale(1, at(20, 10, 0));
    let twins = |line| {
        let (first, second) = (item(1, at(3, 9, 0), line), item(1, at(18, 9, 0), None));
        Seen { turn_ins: vec![first, second, item(2, at(19, 9, 0), None)], ..seen(vec![sold.clone()]) }
    };
    let told = only(AnomalyRule::OldItemRecordedTwice, &twins(Some(sold.id)));
    assert_eq!((told.measure, told.lines.as_slice(), told.evidence.len()), (2, [sold.id].as_slice(), 2));
    assert_eq!(scan(&Rules::default(), &twins(None)), []);
}

#[test]
fn one_photo_for_two_old_items() {
    let (first, second) = (sale(1, at(12, 10, 0)), sale(2, at(20, 10, 0)));
    let photo = |sha256: &str, of: &str, day, line: &Sold| Photo {
        sha256: sha256.to_owned(),
        of: id(of),
        at: at(day, 9, 0),
        line: Some(line.id),
    };
    let all = |sha256: &str| Seen {
        photos: vec![photo("a", "first", 12, &first), photo(sha256, "second", 20, &second)],
        ..seen(vec![first.clone(), second.clone()])
    };
    let told = only(AnomalyRule::PhotoUsedTwice, &all("a"));
    assert_eq!((told.measure, told.lines.len()), (2, 2));
    assert_eq!(scan(&Rules::default(), &all("b")), []);
    // The old item and its own sale may show the same.
    let own = Seen { photos: vec![photo("a", "item", 20, &second), photo("a", "sale", 20, &second)], ..all("b") };
    assert_eq!(scan(&Rules::default(), &own), []);
}

/// What it is shown for was sold before, and the pattern was told before: that line was not.
#[test]
fn a_file_that_is_shown_again_is_told_with_what_it_is_shown_for() {
    let sold = [sale(1, at(12, 10, 0)), sale(2, at(13, 10, 0)), sale(3, at(14, 10, 0))];
    let shown = |(line, day): (&Sold, u32)| Photo {
        sha256: "a".to_owned(),
        of: line.id,
        at: at(day, 9, 0),
        line: Some(line.id),
    };
    let photos = sold.iter().zip([12, 13, 20]).map(shown).collect();
    let told = only(AnomalyRule::PhotoUsedTwice, &Seen { photos, ..seen(sold.to_vec()) });
    assert_eq!((told.measure, told.lines.as_slice()), (3, [sold[2].id].as_slice()));
}

#[test]
fn one_certificate_for_two_old_items() {
    let sold = [sale(1, at(12, 10, 0)), sale(2, at(13, 10, 0)), sale(3, at(14, 10, 0))];
    let named = |number: &str, n: usize, yard: &str, day: u32| Certificate {
        number: number.to_owned(),
        yard: id(yard),
        of: id(&format!("item {n}")),
        at: at(day, 9, 0),
        line: Some(sold[n].id),
    };
    let all = |certificates: &[Certificate]| Seen { certificates: certificates.to_vec(), ..seen(sold.to_vec()) };
    let two = [named("CJ-2026-0001", 0, "yard", 15), named("CJ-2026-0001", 1, "other yard", 20)];
    let told = only(AnomalyRule::CertificateUsedTwice, &all(&two));
    assert_eq!((told.measure, told.lines.len(), told.holds), (2, 2, true));
    // The third is told alone, though it was sold before the pattern was one.
    let three = [named("CJ-2026-0001", 0, "yard", 15), named("CJ-2026-0001", 1, "yard", 16)];
    let three = [&three[..], &[named("CJ-2026-0001", 2, "yard", 20)]].concat();
    assert_eq!(only(AnomalyRule::CertificateUsedTwice, &all(&three)).lines, [sold[2].id]);
    // A short number is one dismantler's own.
    let short = |yard: &str| all(&[named("17", 0, "yard", 15), named("17", 1, yard, 20)]);
    assert_eq!(only(AnomalyRule::CertificateUsedTwice, &short("yard")).lines.len(), 2);
    assert_eq!(scan(&Rules::default(), &short("other yard")), []);
}

#[test]
fn a_till_that_looks_for_a_number_that_passes() {
    let passed = sale(2, at(20, 12, 0));
    let tries = |number: u32| {
        let one = |n: u32| Try {
            id: id(&format!("try {n}")),
            at: at(20, 11, n),
            actor: id("clerk"),
            voucher: id(&format!("voucher {n}")),
            codes: vec![Code::SnAlreadyUsed],
        };
        Seen { tries: (1..=number).map(one).collect(), ..seen(vec![passed.clone()]) }
    };
    assert_eq!(scan(&Rules::default(), &tries(2)), []);
    let told = only(AnomalyRule::TriedUsedIdentity, &tries(3));
    assert_eq!((told.measure, told.lines.as_slice(), told.evidence.len()), (3, [passed.id].as_slice(), 3));
    // A scan that is repeated is one try, and another refusal is none.
    let mut same = tries(3);
    same.tries.iter_mut().for_each(|one| one.voucher = id("voucher 2"));
    assert_eq!(scan(&Rules::default(), &same), []);
    let mut other = tries(3);
    other.tries.iter_mut().for_each(|one| one.codes = vec![Code::BuyerMismatch]);
    assert_eq!(scan(&Rules::default(), &other), []);
}

#[test]
fn a_price_above_what_the_product_costs_elsewhere() {
    let priced = |price: i64| {
        let mut sales = apart(6, |sale| {
            "one".clone_into(&mut sale.product);
            sale.price = Fen(400_000);
            sale.retailer = id("elsewhere");
        });
        (sales[0].price, sales[0].retailer) = (Fen(price), id("retailer"));
        seen(sales)
    };
    assert_eq!(scan(&Rules::default(), &priced(559_999)), []);
    let told = only(AnomalyRule::PriceAboveUsual, &priced(600_000));
    assert_eq!((told.measure, told.score, told.holds, told.lines.len()), (150, 66, true, 1));
    assert!(told.en.contains("6000.00") && told.en.contains("4000.00"), "{}", told.en);
    let few = seen(priced(600_000).sales.split_off(1));
    assert_eq!(scan(&Rules::default(), &few), []);
}

/// A fen above it is above it; what is off, or has no price on the list, finds nothing.
#[test]
fn a_price_above_the_filed_one_is_found_at_once() {
    let sold = |filed: Option<i64>| Sold { price: Fen(600_000), filed_price: filed.map(Fen), ..sale(1, at(20, 9, 0)) };
    let told = at_once(&Rules::default(), &sold(Some(599_999))).unwrap();
    assert_eq!((told.rule, told.measure, told.score, told.holds), (AnomalyRule::PriceAboveFiled, 101, 50, true));
    assert_eq!((told.day, told.since, told.lines.as_slice()), (today(), today(), &[sold(None).id][..]));
    assert!(told.en.contains("6000.00") && told.en.contains("5999.99"), "{}", told.en);
    assert_eq!(at_once(&Rules::default(), &sold(Some(400_000))).unwrap().score, 100);
    for filed in [None, Some(0), Some(600_000), Some(700_000)] {
        assert_eq!(at_once(&Rules::default(), &sold(filed)), None, "{filed:?}");
    }
    let off = Limits { on: false, ..Rules::default().of(AnomalyRule::PriceAboveFiled) };
    let rules = Rules::default().with(&[(AnomalyRule::PriceAboveFiled, off)]);
    assert_eq!(at_once(&rules, &sold(Some(1))), None);
    // The scan leaves it alone.
    assert_eq!(scan(&Rules::default(), &seen(vec![sold(Some(1))])), []);
}

#[test]
fn prices_where_the_cap_is_just_reached() {
    let shop = |at_cap: usize, others: usize| {
        let mut sales: Vec<Sold> = (0..15).map(|n| sale(n, at(20 - n, 10, n))).take(at_cap + others).collect();
        sales.iter_mut().take(at_cap).for_each(|sale| sale.price = Fen(1_009_900));
        seen(sales)
    };
    let told = only(AnomalyRule::PriceAtCap, &shop(8, 4));
    assert_eq!((told.measure, told.lines.len()), (66, 8));
    assert_eq!(scan(&Rules::default(), &shop(7, 0)), []);
    let mut above = shop(8, 4);
    above.sales.iter_mut().for_each(|sale| sale.price = Fen(1_010_100));
    assert_eq!(scan(&Rules::default(), &above), []);
}

#[test]
fn bought_and_returned_again_and_again() {
    let returns = |back: u32| {
        let mut sales = apart(4, |sale| sale.person = id("one"));
        // The two newest stand; the others were returned, the last of them on the day.
        sales[2].returned = Some(at(20, 9, 0));
        sales[3].returned = Some(at(17 + back, 11, 0));
        seen(sales)
    };
    let told = only(AnomalyRule::QuickReturns, &returns(1));
    assert_eq!((told.measure, told.score, told.lines.len(), told.evidence.len()), (2, 50, 2, 2));
    let mut once = returns(1);
    once.sales.iter_mut().filter(|sale| sale.at.day() == at(17, 0, 0).day()).for_each(|sale| sale.returned = None);
    assert_eq!(scan(&Rules::default(), &once), []);
    let by_clerk = apart(5, |sale| sale.returned = Some(sale.at.plus_seconds(3600)));
    let told = only(AnomalyRule::QuickReturnsAtClerk, &seen(by_clerk));
    assert_eq!((told.measure, told.lines.len()), (5, 5));
}

#[test]
fn bursts_of_a_clerk_and_of_a_store() {
    let burst = |number: u32, clerks: u32| {
        let one = |n: u32| Sold { clerk: id(&format!("clerk {}", n % clerks)), ..sale(n, at(20, 10, n * 9 / number)) };
        seen((0..number).map(one).collect())
    };
    assert_eq!(scan(&Rules::default(), &burst(7, 1)), []);
    let told = only(AnomalyRule::ClerkBurst, &burst(8, 1));
    assert_eq!((told.measure, told.lines.len(), told.subject), (8, 8, id("clerk 0")));
    let told = only(AnomalyRule::StoreBurst, &burst(20, 4));
    assert_eq!((told.measure, told.score, told.subject), (20, 62, id("store")));
    let slow = (0..8).map(|n| sale(n, at(20, 10, n * 2))).collect();
    assert_eq!(scan(&Rules::default(), &seen(slow)), []);
}

#[test]
fn a_finding_with_very_many_lines_comes_in_parts() {
    let one = |n: u32| Sold { clerk: id(&format!("clerk {n}")), ..sale(n, at(20, 10, n / 30)) };
    let parts = found(AnomalyRule::StoreBurst, &seen((0..250).map(one).collect()));
    assert_eq!(
        parts.iter().map(|part| (part.part, part.lines.len())).collect::<Vec<_>>(),
        [(0, 100), (1, 100), (2, 50)]
    );
    assert_ne!(parts[0].id(), parts[1].id());
}

#[test]
fn staff_among_the_buyers() {
    let staff = StaffName { account: id("account"), retailer: id("retailer"), name: id("a name") };
    let namesake = |number, clerk: &str| {
        let sales = apart(number, |sale| {
            (sale.name, sale.clerk) = (id("a name"), id(clerk));
            sale.person = id("one");
        });
        Seen { staff: vec![staff.clone()], ..seen(sales) }
    };
    let told = only(AnomalyRule::StaffAmongBuyers, &namesake(1, "another"));
    assert_eq!((told.measure, told.score, told.holds), (1, 50, false));
    let told = only(AnomalyRule::StaffAmongBuyers, &namesake(2, "another"));
    assert_eq!((told.measure, told.score, told.holds, told.lines.len()), (2, 75, true, 1));
    let told = only(AnomalyRule::StaffAmongBuyers, &namesake(1, "account"));
    assert_eq!((told.measure, told.score), (3, 100));
    let mut elsewhere = namesake(1, "another");
    elsewhere.staff[0].retailer = id("elsewhere");
    assert_eq!(scan(&Rules::default(), &elsewhere), []);
    // Three namesakes are three persons, of whom one at most works there.
    let mut namesakes = namesake(3, "another");
    namesakes.sales.iter_mut().zip(1..).for_each(|(sale, n)| sale.person = id(&format!("{n}")));
    assert!(found(AnomalyRule::StaffAmongBuyers, &namesakes).iter().all(|told| told.score == 50));
}

#[test]
fn old_items_that_never_came() {
    let yard = |missing: usize, receipt: Receipt| {
        let day = Day(today().0 - chrono::Days::new(21));
        let sales: Vec<Sold> = (0..12).map(|n| sale(n, day.start().plus_seconds(i64::from(n) * 7000))).collect();
        let mut items: Vec<HandedIn> = (0..12).zip(&sales).map(|(n, sale)| item(n, sale.at, Some(sale.id))).collect();
        for (n, item) in items.iter_mut().enumerate() {
            item.receipt = if n < missing { receipt } else { Receipt::Arrived };
        }
        Seen { turn_ins: items, ..seen(sales) }
    };
    let told = only(AnomalyRule::OldItemsNotReceived, &yard(3, Receipt::Missing));
    assert_eq!((told.measure, told.score, told.holds, told.lines.len()), (25, 75, true, 3));
    assert_eq!(scan(&Rules::default(), &yard(1, Receipt::Missing)), []);
    // Of what nobody keeps account nothing can be said.
    assert_eq!(scan(&Rules::default(), &yard(12, Receipt::Unknown)), []);
}

#[test]
fn vouchers_from_another_county() {
    let from = |number, code: &str| seen(apart(number, |sale| code.clone_into(&mut sale.claimed_in)));
    assert_eq!(scan(&Rules::default(), &from(5, "360102")), []);
    let told = only(AnomalyRule::ClaimedElsewhere, &from(6, "360102"));
    assert_eq!((told.score, told.holds, told.lines.len()), (50, false, 6));
    assert_eq!(scan(&Rules::default(), &from(15, "360111490")), []);
}
