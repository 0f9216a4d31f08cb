//! The rules of each kind at their edges, each a line of a table: what stands just inside, and what just outside.

use chrono::{Datelike, NaiveDate};

use super::Verdict::{Accept, Reject, Warn};
use super::tests::today;
use super::{Kind, Verdict, judge, resident};

fn all(kind: Kind, verdict: Verdict, values: &[&str]) {
    for value in values {
        let judged = judge(kind, value, today());
        assert_eq!(judged.verdict, verdict, "{kind} {value:?}: {}", judged.reason);
    }
}

/// A person's number of 18 characters with its check character.
fn number(head: &str, born: &str) -> String {
    let body = format!("{head}{born}900");
    let check = resident::check_character(&body);
    format!("{body}{check}")
}

fn born(kind: Kind, head: &str) {
    for (day, verdict) in [
        ("19000101", Accept),
        ("18991231", Reject),
        ("20000229", Accept),
        ("19000229", Reject),
        ("20240229", Accept),
        ("20230229", Reject),
        ("20261123", Accept),
        ("20261124", Reject),
        ("19991301", Reject),
        ("19990001", Reject),
        ("19990100", Reject),
        ("00000000", Reject),
    ] {
        all(kind, verdict, &[&number(head, day)]);
    }
}

#[test]
fn days_of_birth_are_real_and_not_in_the_future() {
    born(Kind::PrcResidentId, "360102");
    born(Kind::HmtResidencePermit, "830000");
    born(Kind::ForeignPrId2023, "936840");
}

#[test]
fn provinces_are_those_of_the_mainland() {
    let known = |code: u32| matches!(code, 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65);
    for code in 0..100 {
        let verdict = if known(code) { Accept } else { Reject };
        all(Kind::PrcResidentId, verdict, &[&number(&format!("{code:02}0101"), "19900101")]);
        all(Kind::ForeignPrId2023, verdict, &[&number(&format!("9{code:02}840"), "19900101")]);
        let region = if known(code) || code == 95 { Accept } else { Warn };
        all(Kind::EinvoiceNumber, region, &[&format!("26{code:02}2000123456789012")]);
        let home = format!("{code:02}0000");
        let verdict = if (81..=83).contains(&code) { Accept } else { Reject };
        all(Kind::HmtResidencePermit, verdict, &[&number(&home, "19900101")]);
    }
}

#[test]
fn only_u0020_at_the_ends_is_left_out() {
    let values = [
        (Kind::PrcResidentId, number("360102", "19900101")),
        (Kind::Uscc, "91350100M000100Y43".to_owned()),
        (Kind::Vin, "1M8GDM9AXKP042788".to_owned()),
        (Kind::Gtin, "6909991891960".to_owned()),
        (Kind::EbikeVehicleCode, "931621996371539".to_owned()),
        (Kind::CccCertNo, "2019011119904168".to_owned()),
        (Kind::EinvoiceNumber, "26367000984884263166".to_owned()),
        (Kind::ApplianceSnPolicy, "AB12CD34".to_owned()),
        (Kind::ScrapCertNoPolicy, "HS-0001".to_owned()),
        (Kind::PersonNameHan, "张三".to_owned()),
    ];
    for (kind, value) in values {
        let judged = judge(kind, &format!("  {value} "), today());
        assert_eq!((judged.verdict, judged.canonical), (Accept, value.clone()), "{kind}");
        for strange in ["\t", "\n", "\r", "\u{A0}", "\u{3000}", "\u{200B}", "\u{FEFF}", "\0"] {
            all(kind, Reject, &[&format!("{value}{strange}"), &format!("{strange}{value}")]);
        }
    }
    for exact in [(Kind::AmountCny, "1.00"), (Kind::RegionCodeNanchang, "360102"), (Kind::EnergyLevel, "1")] {
        all(exact.0, Reject, &[&format!(" {}", exact.1), &format!("{} ", exact.1)]);
    }
}

#[test]
fn people() {
    let number = number("360102", "19900101");
    all(Kind::PrcResidentId, Reject, &[&number[..17], &format!("{number}0"), "360102900101900", "X60102199001019009"]);
    all(Kind::HmtResidencePermit, Reject, &[&number, "810000900101900"]);
    all(Kind::ForeignPrId2023, Reject, &[&number, "USA360090111373"]);
    all(Kind::ForeignPrIdLegacy15, Accept, &["USA360090111373", " usa360090111373 ", "ZZZ000000000000"]);
    all(Kind::ForeignPrIdLegacy15, Warn, &["US1360090111373", "USA36009011137", "ＵSA360090111373", &number]);
    all(Kind::PersonNameHan, Accept, &["张三", "〇一", "阿·迪", "\u{2A6DF}某", "\u{3134A}某"]);
    all(Kind::PersonNameHan, Reject, &["張", "张三,", "张・三", "张．三", "张.三", "张‧三", "张々", "あい", "张三A"]);
    all(Kind::MobileCn, Accept, &["13000000000", "19999999999", "+86 130 0000 0000", "0086 13000000000"]);
    all(
        Kind::MobileCn,
        Reject,
        &["12999999999", "10000000000", "2300000000", "1300000000", "130000000000", "+86", "86"],
    );
    all(Kind::MobileCn, Reject, &["+8513000000000", "(+86)13000000000", "13000000000#1", "013000000000"]);
}

#[test]
fn organisations_and_vehicles() {
    all(Kind::Uscc, Warn, &["91350100M000100Y44", "91350100M000100Y4X"]);
    all(Kind::Uscc, Reject, &["91350100M000100Y4", "9135010AM000100Y43", "91350100M000100I43", "91350100M000100Y4é"]);
    // The year's letters are asked of makers at home alone: here with the right check digit.
    for year in ['0', 'U', 'Z', 'T', '1'] {
        for (maker, verdict) in [("LZ0", if "0UZ".contains(year) { Reject } else { Accept }), ("WZ0", Accept)] {
            let blank = format!("{maker}AAA2B0{year}A000001");
            let check = super::vehicle::vin_check(&blank).unwrap();
            all(Kind::Vin, verdict, &[&format!("{}{check}{}", &blank[..8], &blank[9..])]);
        }
    }
    all(Kind::Vin, Reject, &["", "1M8GDM9AXKP04278", "1M8GDM9AXKP0427888", "1M8GDM9AXKPO42788", "1m8gdm9axkpi42788"]);
    for province in "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新".chars()
    {
        all(Kind::PlateCn, Accept, &[&format!("{province}A12345"), &format!("{province}Z·1234挂")]);
    }
    for series in "ABCDEFGHJKLMNPQRSTUVWXYZ".chars() {
        let verdict = if series <= 'K' { Accept } else { Reject };
        all(Kind::PlateCn, verdict, &[&format!("赣A{series}12345"), &format!("赣A{series}A2345")]);
        all(Kind::PlateCn, verdict, &[&format!("赣A12345{series}")]);
    }
    for suffix in "挂学警港澳领".chars() {
        all(Kind::PlateCn, Accept, &[&format!("粤Z1234{suffix}")]);
        all(Kind::PlateCn, Reject, &[&format!("粤Z12345{suffix}"), &format!("粤Z{suffix}1234")]);
    }
    all(Kind::PlateCn, Reject, &["台A12345", "港A12345", "A12345", "赣1A2345", "赣A1234", "赣AI12345", "赣A1234I"]);
    all(Kind::PlateCn, Reject, &["赣A DA234５", "赣AAB1234A", "赣A\t12345"]);
    all(Kind::EbikeVehicleCode, Accept, &["000020500000001", "999922699999999"]);
    all(Kind::EbikeVehicleCode, Reject, &["000020400000001", "000022700000001", "000032600000001", "00002260000001"]);
    all(Kind::EbikePlatePolicy, Accept, &["南昌A 12345", "赣12345", "南昌县市12345678", "南昌·A1B2C3"]);
    all(
        Kind::EbikePlatePolicy,
        Warn,
        &["南昌1234", "南昌I12345", "12345", "南昌 A 12345", "南昌A-12345", "南昌\u{3000}12345"],
    );
}

#[test]
fn goods() {
    all(Kind::CccCertNo, Accept, &["2002010101000000", "2026990101000000"]);
    all(Kind::CccCertNo, Reject, &["2001010101000000", "2027010101000000", "2010000101000000", "2010010001000000"]);
    all(Kind::Gtin, Accept, &["96385074", "036000291452", "4006381333931", "00012345600012"]);
    all(Kind::Gtin, Reject, &["9638507", "963850747", "3600029145", "40063813339", "4006381333932", "00000000"]);
    all(Kind::Imei, Accept, &["490154203237518", "49-015420-323751-8", "49 015420 323751 8"]);
    // With its software version a number has sixteen digits and no check digit.
    all(Kind::Imei, Reject, &["4901542032375186", "49015420323751", "490154203237519", "4901542032375１8"]);
    all(Kind::EnergyLabelRecord, Accept, &["200503-01-123-123456", "202611-99-12345678-12345678901234567890"]);
    all(Kind::EnergyLabelRecord, Warn, &["200502-01-123-123456", "202612-01-123-123456", "202600-01-123-123456"]);
    all(Kind::EnergyLabelRecord, Warn, &["202601-1-123-123456", "202601-01-12-123456", "202601-01-123456789-123456"]);
    all(Kind::EnergyLabelRecord, Warn, &["202601-01-123-12345", "202601-01-123-123456789012345678901", "", "202601"]);
    all(Kind::EnergyLevel, Accept, &["1", "5", "1级", "5级"]);
    all(Kind::EnergyLevel, Reject, &["0级", "6级", "级1", "1級", "01", "１级"]);
    all(Kind::ApplianceSnPolicy, Accept, &["ABCDEF", "a-/.b1", &"1".repeat(40)]);
    all(Kind::ApplianceSnPolicy, Reject, &["ABCDE", ".ABCDEF", "ABCDEF-", "ABC DEF", "ABC_DEF", "编号123456"]);
}

#[test]
fn papers() {
    let years = |year: i32| format!("{:02}362000123456789012", year % 100);
    all(Kind::EinvoiceNumber, Accept, &[&years(2021), &years(today().year())]);
    all(
        Kind::EinvoiceNumber,
        Reject,
        &[&years(2020), &years(today().year() + 1), "2636200012345678901", "26-36200012345678901"],
    );
    all(Kind::PaperInvoiceMotorVehicle, Accept, &["100000020000:00000001"]);
    all(
        Kind::PaperInvoiceMotorVehicle,
        Warn,
        &["100000020000:00000000", "200000020000:00000001", "100000010000:00000001"],
    );
    all(
        Kind::PaperInvoiceMotorVehicle,
        Warn,
        &["100000020000：00000001", "100000020000:1", ":", "", "1000000200000:00000001"],
    );
    all(Kind::PaperInvoiceUsedCar, Accept, &["000000000017:00000001"]);
    all(Kind::PaperInvoiceUsedCar, Warn, &["000000000017:00000000", "100000000017:00000001", "000000000018:00000001"]);
    all(Kind::ScrapCertNoPolicy, Accept, &["HS01", "回收证明", "a_b/c-d", &"1".repeat(64)]);
    all(Kind::ScrapCertNoPolicy, Reject, &["HS1", "回收1", "_HS01", "HS01/", "HS 01", "HS.01", &"1".repeat(65)]);
    all(Kind::RegionCodeNanchang, Accept, &["360100", "360111", "360113", "360123"]);
    all(Kind::RegionCodeNanchang, Reject, &["360101", "360105", "360122", "360171", "360111490", "3601"]);
    all(Kind::AmountCny, Accept, &["0", "0.0", "0.00", "9999999999.99", "10"]);
    all(Kind::AmountCny, Reject, &["00", "10000000000", "1.000", ".1", "1.", "+1", "1e2", "1 000", "", "１"]);
    all(Kind::UuidV7, Accept, &["01970eb4-0b6f-7030-83e4-f1c9be6a2c56", "01970eb4-0b6f-7030-b3e4-f1c9be6a2c56"]);
    all(Kind::UuidV7, Reject, &["01970eb4-0b6f-7030-73e4-f1c9be6a2c56", "01970eb4-0b6f-8030-83e4-f1c9be6a2c56"]);
    all(Kind::UuidV7, Reject, &["01970eb40b6f703083e4f1c9be6a2c56", "{01970eb4-0b6f-7030-83e4-f1c9be6a2c56}"]);
    all(
        Kind::ScrapCertQrUrl,
        Reject,
        &["https://QCLT.mofcom.gov.cn/", "https://qclt.mofcom.gov.cn?x", "ftp://qclt.mofcom.gov.cn/"],
    );
    all(Kind::IdempotencyKey, Reject, &["\"a\" ", "\"é\"", "\"\u{7f}\"", "\"a\"b\"", "'a'"]);
}

/// A year later what was in the future is not, and no rule has stopped.
#[test]
fn the_day_is_the_one_that_is_given() {
    let later = NaiveDate::from_ymd_opt(2027, 1, 1).unwrap();
    for (kind, value) in [
        (Kind::PrcResidentId, number("360102", "20270101")),
        (Kind::EbikeVehicleCode, "000022700000001".to_owned()),
        (Kind::CccCertNo, "2027010101000000".to_owned()),
        (Kind::EinvoiceNumber, "27362000123456789012".to_owned()),
        (Kind::EnergyLabelRecord, "202701-01-123-123456".to_owned()),
    ] {
        assert_ne!(judge(kind, &value, today()).verdict, Accept, "{kind}");
        assert_ne!(judge(kind, &value, later.pred_opt().unwrap()).verdict, Accept, "{kind}");
        assert_eq!(judge(kind, &value, later).verdict, Accept, "{kind}");
    }
}
