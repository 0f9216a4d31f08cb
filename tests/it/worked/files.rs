//! The files of `programmes/`: which there are, that each is good, and that each value says where it comes from.

use std::collections::BTreeMap;
use std::path::Path;

use huanxin::cli::check_programme;
use huanxin::domain::goods::{Disposal, EvidenceKind};
use huanxin::domain::programme::in_region;

use super::run::{path_of, shipped};
use crate::fixtures::fen;

/// The schemes, by their files; the scheme of 2024 for scrapped cars has two versions.
const SCHEMES: [&str; 18] = [
    "cn-appl-2024",
    "cn-appl-2025",
    "cn-appl-2026",
    "cn-digi-2026",
    "hb-appl-2024",
    "cq-appl-2026",
    "cn-car-scrap-2024a",
    "cn-car-scrap-2024b",
    "cn-car-scrap-2025",
    "cn-car-scrap-2026",
    "cn-car-repl-2026",
    "sh-car-repl-2025",
    "sd-dz-ebike-2025",
    "heb-ebike-2024",
    "sh-ebike-2024",
    "fz-ebike-2025",
    "qy-appl-2022",
    "jn-car-buy-2025",
];
/// The district's own.
const EXAMPLES: [&str; 3] = ["nc-appl-2026", "nc-ebike-2026", "nc-car-2026"];

/// Each file's name without its ending, and its text.
fn texts() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("programmes");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = paths.filter(|path| path.extension().is_some_and(|ending| ending == "toml"));
    files
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(&path).unwrap()))
        .collect()
}

#[test]
fn every_scheme_has_its_file_and_every_file_its_table() {
    let texts = texts();
    let mut expected: Vec<&str> = SCHEMES.into_iter().chain(EXAMPLES).collect();
    expected.sort_unstable();
    assert_eq!(texts.keys().map(String::as_str).collect::<Vec<_>>(), expected);
    let mut told: Vec<&str> = super::tables().iter().map(|table| table.file).collect();
    told.sort_unstable();
    assert_eq!(told, expected);
    for file in expected {
        let id = if file.starts_with("cn-car-scrap-2024") { "cn-car-scrap-2024" } else { file };
        assert_eq!(shipped(file).id, id);
    }
}

#[test]
fn every_file_is_good() {
    let files: Vec<_> = texts().keys().map(|file| path_of(file)).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    assert_eq!(check_programme::run(&files, None, &mut out, &mut err), 0, "{}", String::from_utf8_lossy(&out));
    assert!(err.is_empty(), "{}", String::from_utf8_lossy(&err));
}

/// A comment stands behind a value, or above what takes several lines.
#[test]
fn every_value_says_where_it_comes_from() {
    for (file, text) in texts().iter().filter(|(file, _)| SCHEMES.contains(&file.as_str())) {
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in (1..).zip(&lines) {
            let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with([' ', '#'])) else { continue };
            let opens = line.ends_with('[');
            let around = [lines[number - 2], lines.get(number).copied().unwrap_or_default()];
            let said = line.contains(" # ") || around[0].starts_with("# ") || (opens && around[1].contains(" # "));
            let name = ["title", "title_en", "legal_basis"].contains(&key);
            assert!(said || name, "{file}.toml, line {number}: {line}");
        }
    }
}

/// Where the public texts are silent, all schemes have the same.
#[test]
fn what_is_assumed_is_the_same_everywhere() {
    for file in SCHEMES {
        let rules = shipped(file);
        let shares: Vec<String> =
            rules.funding.iter().map(|share| format!("{} {}", share.source, share.percent)).collect();
        let later = file.ends_with("2025") || file.ends_with("2026");
        let national = file.starts_with("cn-") && later;
        assert_eq!(shares, if national { vec!["central 90", "province 10"] } else { vec!["district 100"] }, "{file}");
        let pool = fen(if file == "jn-car-buy-2025" { "30000000.00" } else { "10000000.00" });
        assert!(rules.lines.iter().all(|line| line.pool == pool), "{file}");
        assert_eq!((rules.voucher.days, rules.voucher.reclaims), (30, 3), "{file}");
        let evidence = match rules.old_item.disposal {
            Some(Disposal::Scrapped) => vec![EvidenceKind::ScrapCertificate, EvidenceKind::CancellationCertificate],
            Some(Disposal::Transferred) => vec![EvidenceKind::UsedCarInvoice],
            None => Vec::new(),
        };
        assert_eq!(rules.old_item.evidence, evidence, "{file}");
    }
}

/// National schemes hold in every district, the others in their own place.
#[test]
fn a_scheme_holds_where_it_is_of() {
    let places = [
        ("hb-", "420106"),
        ("cq-", "500112"),
        ("sh-", "310115"),
        ("sd-dz-", "371402"),
        ("heb-", "130102"),
        ("fz-", "350102"),
        ("qy-", "441802"),
        ("jn-", "370102"),
    ];
    for file in SCHEMES {
        let rules = shipped(file);
        for (place, division) in places.into_iter().chain([("nc-", "360111")]) {
            let holds = file.starts_with("cn-") || file.starts_with(place);
            assert_eq!(in_region(&rules, division), holds, "{file} in {division}");
        }
    }
}
