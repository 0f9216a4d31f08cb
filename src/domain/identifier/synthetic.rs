//! Made-up identifiers that are well formed, for demonstrations and tests: a function of an index, no dice.
//!
//! Every function gives a different identifier for each index below its own count, which is more than a million;
//! beyond that it starts again. Ranges are chosen that are seldom or never assigned.

use chrono::{Datelike, Days, NaiveDate};

use super::digits::{gs1_check, luhn_check};
use super::{organisation, resident, vehicle};

/// A prime that divides none of the counts below, so that stepping by it visits every value once.
const STRIDE: u64 = 179_424_673;

/// Districts and counties of Nanchang (GB/T 2260).
const COUNTIES: [&str; 9] = ["360102", "360103", "360104", "360111", "360112", "360113", "360121", "360123", "360124"];

/// Address codes of permits: Hong Kong, Macao, Taiwan.
const PERMITS: [&str; 3] = ["810000", "820000", "830000"];

/// Some nationalities by their numbers in ISO 3166.
const NATIONALITIES: [&str; 8] = ["036", "124", "250", "276", "410", "458", "702", "826"];

/// Letters and digits of a plate.
const PLATE_CHARACTERS: &str = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// Letters that mark a new-energy vehicle.
const SERIES: &str = "ABCDEFGHJK";

/// Days of birth run from the first of 1950 to the last of 2004.
const BIRTHDAYS: u64 = 20_089;

const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹\
    彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金\
    石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵\
    万钱严覃武戴莫孔向汤";

const GIVEN: &str = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华文玉兰建国红\
    梅春雪松海波峰辉鹏飞宇浩然子轩梓涵欣怡雨晨思远嘉佳俊晓东志新\
    立成忠良德福贵祥瑞安康宁云月琴琳莉萍燕婷颖慧洁倩雯蕾薇菲璐瑶\
    凯斌彬健翔毅诚信义礼智博学书亮光旭晖阳星辰天乐";

/// Operators' three-digit prefixes in common use.
const PREFIXES: [&str; 41] = [
    "130", "131", "132", "133", "134", "135", "136", "137", "138", "139", "150", "151", "152", "153", "155", "156",
    "157", "158", "159", "176", "177", "178", "180", "181", "182", "183", "184", "185", "186", "187", "188", "189",
    "190", "191", "192", "193", "195", "196", "197", "198", "199",
];

/// Model years 2014 to 2025 as GB 16735 writes them.
const MODEL_YEARS: &str = "EFGHJKLMNPRS";

/// Letters for the descriptive part of a VIN.
const VIN_LETTERS: &str = "ABCDEFGHJKLMNPRSTVWXY";

/// Product categories of CCC certificates: e-bikes and household appliances.
const CATEGORIES: [&str; 4] = ["1119", "0701", "0703", "0705"];

/// Scatters an index over `count` values, each of which comes up once in `count` indices.
fn scatter(index: u64, count: u64) -> u64 {
    let product = u128::from(index % count) * u128::from(STRIDE) % u128::from(count);
    u64::try_from(product).unwrap_or(0)
}

/// Takes a part with `count` values off the number, as a place in a table.
fn part(number: &mut u64, count: usize) -> usize {
    let count = u64::try_from(count).unwrap_or(1).max(1);
    let taken = *number % count;
    *number /= count;
    usize::try_from(taken).unwrap_or(0)
}

fn pick(number: &mut u64, characters: &str) -> char {
    let place = part(number, characters.chars().count());
    characters.chars().nth(place).unwrap_or('0')
}

fn pick_text(number: &mut u64, texts: &[&'static str]) -> &'static str {
    let place = part(number, texts.len());
    texts.get(place).copied().unwrap_or_default()
}

/// The resident identity number of an adult of Nanchang, born between 1950 and 2004 (GB 11643-1999).
#[must_use]
pub fn resident_id(index: u64) -> String {
    let mut number = scatter(index, 9 * BIRTHDAYS * 96);
    let county = pick_text(&mut number, &COUNTIES);
    person_number(county, number)
}

/// The number of a residence permit for Hong Kong, Macao and Taiwan residents.
#[must_use]
pub fn residence_permit(index: u64) -> String {
    let mut number = scatter(index, 3 * BIRTHDAYS * 96);
    let home = pick_text(&mut number, &PERMITS);
    person_number(home, number)
}

/// The number of a foreign permanent resident, issued in Jiangxi, on a card of 2023.
#[must_use]
pub fn permanent_resident(index: u64) -> String {
    let mut number = scatter(index, 8 * BIRTHDAYS * 96);
    let nationality = pick_text(&mut number, &NATIONALITIES);
    person_number(&format!("936{nationality}"), number)
}

/// Day of birth, order and check character after the first six characters.
fn person_number(head: &str, number: u64) -> String {
    let order = 900 + number % 96;
    let born = NaiveDate::from_ymd_opt(1950, 1, 1)
        .and_then(|first| first.checked_add_days(Days::new(number / 96)))
        .unwrap_or_default();
    let body = format!("{head}{:04}{:02}{:02}{order:03}", born.year(), born.month(), born.day());
    let check = resident::check_character(&body);
    format!("{body}{check}")
}

/// A name of three Han characters.
#[must_use]
pub fn person_name(index: u64) -> String {
    let given = u64::try_from(GIVEN.chars().count()).unwrap_or(1);
    let surnames = u64::try_from(SURNAMES.chars().count()).unwrap_or(1);
    let mut number = scatter(index, surnames * given * given);
    [pick(&mut number, SURNAMES), pick(&mut number, GIVEN), pick(&mut number, GIVEN)].into_iter().collect()
}

/// The unified social credit code of an enterprise of Nanchang (GB 32100-2015, GB 11714 inside).
#[must_use]
pub fn uscc(index: u64) -> String {
    let mut number = scatter(index, 9 * 10_000_000);
    let county = pick_text(&mut number, &COUNTIES);
    let organisation = format!("X{number:07}");
    let sum: u32 = organisation
        .chars()
        .zip([3, 7, 9, 10, 5, 8, 4, 2])
        .map(|(character, weight)| character.to_digit(36).unwrap_or(0) * weight)
        .sum();
    let inner = match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        value => char::from_digit(value, 10).unwrap_or('0'),
    };
    let body = format!("91{county}{organisation}{inner}");
    let check = organisation::check_character(&body).unwrap_or('0');
    format!("{body}{check}")
}

/// The identification number of a Chinese car of the model years 2014 to 2025 (GB 16735).
#[must_use]
pub fn vin(index: u64) -> String {
    let mut number = scatter(index, 12 * 21 * 21 * 1_000_000);
    let year = pick(&mut number, MODEL_YEARS);
    let (first, second) = (pick(&mut number, VIN_LETTERS), pick(&mut number, VIN_LETTERS));
    let serial = number;
    let blank = format!("LZ0{first}{second}A2B0{year}A{serial:06}");
    let check = vehicle::vin_check(&blank).unwrap_or('0');
    format!("{}{check}{}", &blank[..8], &blank[9..])
}

/// The plate of a car of Nanchang with a combustion engine.
#[must_use]
pub fn plate(index: u64) -> String {
    let mut number = scatter(index, 34_u64.pow(5));
    let serial: String = (0..5).map(|_| pick(&mut number, PLATE_CHARACTERS)).collect();
    format!("赣A{serial}")
}

/// The plate of a small new-energy car of Nanchang.
#[must_use]
pub fn new_energy_plate(index: u64) -> String {
    let mut number = scatter(index, 10 * 34 * 10_000);
    let (series, second) = (pick(&mut number, SERIES), pick(&mut number, PLATE_CHARACTERS));
    format!("赣A{series}{second}{number:04}")
}

/// The plate of an e-bike, in the usual local form.
#[must_use]
pub fn ebike_plate(index: u64) -> String {
    format!("南昌{:08}", scatter(index, 100_000_000))
}

/// The code of an e-bike made between 2018 and 2025, in the form of certificates under GB 17761-2018.
#[must_use]
pub fn ebike_code(index: u64) -> String {
    let number = scatter(index, 8 * 99_999_999);
    let year = 18 + number % 8;
    let serial = number / 8 + 1;
    format!("9{:03}2{year:02}{serial:08}", number % 1000)
}

/// The number of a mobile device (3GPP TS 23.003).
#[must_use]
pub fn imei(index: u64) -> String {
    let body = format!("869999{:08}", scatter(index, 100_000_000));
    let check = luhn_check(&body);
    format!("{body}{check}")
}

/// The serial number of an appliance.
#[must_use]
pub fn serial_number(index: u64) -> String {
    format!("HX{:010}", scatter(index, 10_000_000_000))
}

/// The number of an e-invoice of Jiangxi, 2026.
#[must_use]
pub fn invoice_number(index: u64) -> String {
    format!("263670009{:011}", scatter(index, 100_000_000_000))
}

/// Code and number of a paper invoice for a used car, Jiangxi 2026.
#[must_use]
pub fn used_car_invoice(index: u64) -> String {
    format!("036002600117:{:08}", 1 + scatter(index, 99_999_999))
}

/// The number of a scrapped car's recycling certificate.
#[must_use]
pub fn scrap_certificate(index: u64) -> String {
    format!("HS-360100-{:010}", scatter(index, 10_000_000_000))
}

/// A trade item number licensed in China (GS1 General Specifications).
#[must_use]
pub fn gtin13(index: u64) -> String {
    let body = format!("6909{:08}", scatter(index, 100_000_000));
    let check = gs1_check(&body);
    format!("{body}{check}")
}

/// A mobile telephone number.
#[must_use]
pub fn mobile(index: u64) -> String {
    let mut number = scatter(index, 41 * 100_000);
    let prefix = pick_text(&mut number, &PREFIXES);
    format!("{prefix}000{number:05}")
}

/// The number of a CCC certificate issued between 2020 and 2025.
#[must_use]
pub fn ccc_certificate(index: u64) -> String {
    let mut number = scatter(index, 6 * 4 * 1_000_000);
    let category = pick_text(&mut number, &CATEGORIES);
    let year = 2020 + number % 6;
    format!("{year}01{category}{:06}", number / 6)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::tests::today;
    use super::super::{Kind, Verdict, judge, judge_invoice_number, judge_person_id};
    use super::*;

    type Maker = fn(u64) -> String;

    const MAKERS: [(Kind, Maker); 18] = [
        (Kind::PrcResidentId, resident_id),
        (Kind::HmtResidencePermit, residence_permit),
        (Kind::ForeignPrId2023, permanent_resident),
        (Kind::PlateCn, plate),
        (Kind::PlateCn, new_energy_plate),
        (Kind::EbikePlatePolicy, ebike_plate),
        (Kind::PaperInvoiceUsedCar, used_car_invoice),
        (Kind::ScrapCertNoPolicy, scrap_certificate),
        (Kind::PersonNameHan, person_name),
        (Kind::Uscc, uscc),
        (Kind::Vin, vin),
        (Kind::EbikeVehicleCode, ebike_code),
        (Kind::Imei, imei),
        (Kind::ApplianceSnPolicy, serial_number),
        (Kind::EinvoiceNumber, invoice_number),
        (Kind::Gtin, gtin13),
        (Kind::MobileCn, mobile),
        (Kind::CccCertNo, ccc_certificate),
    ];

    #[test]
    fn every_made_identifier_is_accepted_as_it_stands() {
        let indices = (0..1500).chain(999_000..999_250).chain(u64::MAX - 250..=u64::MAX);
        for index in indices {
            for (kind, make) in MAKERS {
                let made = make(index);
                let judged = judge(kind, &made, today());
                assert_eq!((judged.verdict, judged.canonical), (Verdict::Accept, made), "{kind} {index}");
            }
            for number in [resident_id(index), residence_permit(index), permanent_resident(index)] {
                assert!(judge_person_id(&number, today()).is_taken());
            }
            for number in [invoice_number(index), used_car_invoice(index)] {
                assert!(judge_invoice_number(&number, today()).is_taken());
            }
        }
    }

    #[test]
    fn indices_below_a_million_do_not_meet() {
        for (kind, make) in MAKERS {
            let made: BTreeSet<String> = (0..5000).chain((5000..1_000_000).step_by(199)).map(make).collect();
            assert_eq!(made.len(), 10_000, "{kind}");
        }
    }

    #[test]
    fn the_tables_repeat_nothing_and_are_long_enough() {
        for table in [SURNAMES, GIVEN, MODEL_YEARS, VIN_LETTERS, PLATE_CHARACTERS, SERIES] {
            assert_eq!(table.chars().collect::<BTreeSet<_>>().len(), table.chars().count());
        }
        let (surnames, given) = (SURNAMES.chars().count(), GIVEN.chars().count());
        assert!(surnames * given * given >= 1_000_000, "{surnames} {given}");
        assert_eq!((MODEL_YEARS.len(), VIN_LETTERS.len()), (12, 21));
        assert_eq!((PLATE_CHARACTERS.len(), SERIES.len()), (34, 10));
        assert_ne!(u64::try_from(surnames * given * given).unwrap() % STRIDE, 0);
    }

    #[test]
    fn a_round_of_indices_visits_every_value() {
        for count in [1, 2, 9, 41, 1000, 20_089] {
            let seen: BTreeSet<u64> = (0..count).map(|index| scatter(index, count)).collect();
            assert_eq!(u64::try_from(seen.len()).unwrap(), count);
        }
    }
}
