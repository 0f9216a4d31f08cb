//! How much memory a long export takes: rows as wide as those of `exportRedemptions`, through the code that writes the
//! service's own files. `cargo bench --bench export -- [ROWS]` prints the figures of `docs/performance.md`.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "it prints its figures and ends at the first fault")]

use std::time::Instant;

use huanxin::api::export::FileForm;
use huanxin::api::export::table::Cell;
use huanxin::api::export::writing::Writing;
use huanxin::domain::id::Id;
use huanxin::domain::money::Fen;
use huanxin::domain::refusal::Language;
use huanxin::domain::time::Moment;

/// Rows unless said otherwise.
const ROWS: u32 = 1_000_000;
const HEADS: [&str; 26] = [
    "核销时间",
    "状态",
    "方案",
    "版本",
    "品类",
    "商家",
    "门店",
    "乡镇街道",
    "品牌",
    "型号",
    "新品编码",
    "标价",
    "优惠",
    "成交价",
    "补贴",
    "补差",
    "中央资金",
    "省级资金",
    "区级资金",
    "商家让利",
    "消费者实付",
    "发票号码",
    "开票日期",
    "购买方",
    "券编号",
    "编号",
];

/// A figure of this process in KiB.
fn status(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
}

fn row(n: u32) -> Vec<Cell> {
    let (at, money) =
        (Moment(1_780_000_000_000_000 + i64::from(n) * 1_000_000), |fen: i64| Cell::Money(Fen(fen + i64::from(n))));
    let text = |text: String| Cell::Text(text);
    vec![
        Cell::Time(at),
        text("recorded".to_owned()),
        text("nc-appl-2026".to_owned()),
        Cell::Count(1),
        text("refrigerator".to_owned()),
        text(format!("南昌示例家电有限公司{}", n % 300)),
        text(format!("高新旗舰店{}", n % 900)),
        text("艾溪湖管理处".to_owned()),
        text("Haier".to_owned()),
        text(format!("BCD-510WGHTD19S9U{}", n % 5000)),
        text(format!("HX{n:010}")),
        money(699_900),
        money(70_000),
        money(629_900),
        money(94_485),
        Cell::Money(Fen(0)),
        money(85_036),
        money(9448),
        Cell::Money(Fen(0)),
        Cell::Money(Fen(0)),
        money(535_415),
        text(format!("2636{n:016}")),
        Cell::Day(at.day()),
        text("张*".to_owned()),
        text(Id::derived(at, Id::NIL, n).to_string()),
        text(Id::derived(at, Id::NIL, n + 1).to_string()),
    ]
}

fn main() {
    let rows = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(ROWS);
    println!("| form | rows | file, MiB | seconds | memory before, MiB | most while writing, MiB | more, MiB |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for (form, word) in [(FileForm::Csv, "CSV"), (FileForm::Xlsx, "XLSX")] {
        let (begun, before) = (Instant::now(), status("VmRSS:"));
        // The most so far begins anew.
        std::fs::write("/proc/self/clear_refs", "5").unwrap();
        let mut writing = Writing::begin(form, &HEADS, Moment(0), Language::Chinese).unwrap();
        (0..rows).for_each(|n| writing.row(&row(n)).unwrap());
        let made = writing.finish(None).unwrap();
        let most = status("VmHWM:");
        let (mib, more) = (made.bytes >> 20, most.saturating_sub(before) >> 10);
        let seconds = begun.elapsed().as_secs();
        println!("| {word} | {} | {mib} | {seconds} | {} | {} | {more} |", made.rows, before >> 10, most >> 10);
        assert!(more < 100, "an export of {rows} rows took {more} MiB more");
    }
}
