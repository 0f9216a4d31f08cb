//! The growth report as one page for the file: A4, the chart, the figures, what they mean, as known when, by whom, and the
//! digest by which the figures are known again. It loads nothing and runs nothing.

use std::fmt::Write as _;

use rust_decimal::Decimal;

use super::growth_chart::{draw, escaped, grouped, grouped_decimal};
use crate::domain::growth::Report;
use crate::domain::refusal::Language;
use crate::domain::time::Moment;

/// What stands on the page beside the report.
#[derive(Clone, Debug)]
pub struct Imprint {
    /// As known at this moment.
    pub known_at: Moment,
    /// When the page was made.
    pub at: Moment,
    /// Who asked for it: role and account.
    pub made_by: String,
    /// The division.
    pub division: String,
    /// SHA-256 of the report as the API answers it in this language, as known at that moment.
    pub sha256: String,
}

const STYLE: &str = "\
@page{size:A4 portrait;margin:14mm 15mm}\
*{box-sizing:border-box}\
body{font-family:\"Noto Sans CJK SC\",\"Source Han Sans SC\",\"Microsoft YaHei\",\"PingFang SC\",sans-serif;color:#222;\
margin:0 auto;max-width:180mm;padding:6mm 0;font-size:9.5pt;line-height:1.4}\
h1{font-size:17pt;margin:0 0 1mm}\
h2{font-size:11pt;margin:4mm 0 1.5mm;border-bottom:.3mm solid #1f5fa8;padding-bottom:.7mm}\
.sub{color:#5f5f5f;margin:0 0 2mm}\
svg{display:block;width:100%;height:auto;max-height:92mm;margin:0 auto}\
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\
th,td{border:.2mm solid #bbb;padding:.8mm 1.6mm;text-align:right}\
th{background:#eef3f9;font-weight:600}\
th:first-child,td:first-child{text-align:left}\
.facts{display:grid;grid-template-columns:repeat(3,1fr);gap:2mm;margin:2mm 0}\
.facts div{border:.2mm solid #bbb;padding:1.5mm 2mm}\
.facts b{display:block;font-size:14pt;line-height:1.25}\
.facts span{color:#5f5f5f;font-size:9pt}\
p{margin:0 0 1.2mm}\
footer{margin-top:3.5mm;border-top:.2mm solid #bbb;padding-top:1.5mm;color:#444;font-size:8pt;display:grid;grid-template-columns:1fr 1fr;gap:0 4mm;overflow-wrap:anywhere}\
footer div:last-child{grid-column:1/-1}\
@media print{body{padding:0;max-width:none;-webkit-print-color-adjust:exact;print-color-adjust:exact}}";

/// The sentences of the page in one language.
struct Words {
    lang: &'static str,
    title: &'static str,
    missing: &'static str,
    facts: [&'static str; 6],
    years: &'static str,
    heads: [&'static str; 8],
    meaning: &'static str,
    definition: &'static [&'static str],
    source: &'static str,
    footer: [&'static str; 5],
    reached: &'static str,
    not_reached: &'static str,
}

const ZH: Words = Words {
    lang: "zh-CN",
    title: "家电以旧换新增长情况报告",
    missing: "未录入",
    facts: [
        "2023年基数（B）",
        "目标（T＝B×130%）",
        "本年合计（A）",
        "比2023年增长",
        "完成所需增长的",
        "按进度达到应达数的",
    ],
    years: "分年度数据",
    heads: ["年份", "系统内完成", "系统外", "合计（A）", "无交旧（不计）", "年度路径", "超前（落后为负）", "增长"],
    meaning: "口径",
    definition: &[
        "系统内完成：新家电已核销且已匹配交旧的家电（一内一外一套空调计一件），以两者较晚之日计入自然年（北京时间）；退货或追回自其发生之日起从原计入年份中扣除。",
        "系统外：由区投促局逐月录入并注明来源的数量。合计 A＝系统内完成＋系统外。无交旧的补贴销售单列，不计入 A。",
        "目标：任一自然年 100·A≥130·B 即为达到。年度路径＝B×(100＋7.5×(年份－2023))÷100。百分比与日均数四舍五入保留两位小数。",
    ],
    source: "基数来源",
    footer: ["数据截至", "制表时间", "制表人", "行政区划", "报告数据SHA-256"],
    reached: "已达到目标，达到年份：",
    not_reached: "尚未达到目标。",
};

const EN: Words = Words {
    lang: "en",
    title: "Report on the growth of appliance trade-ins",
    missing: "not entered",
    facts: [
        "2023 figure (B)",
        "Target (T = 130 % of B)",
        "This year (A)",
        "Growth over 2023",
        "Of the required growth",
        "Of what is due by now",
    ],
    years: "By year",
    heads: ["Year", "Completed", "Off-system", "Both (A)", "No old item (not counted)", "Path", "Ahead by", "Growth"],
    meaning: "What the figures mean",
    definition: &[
        "Completed: new appliances redeemed with an old one matched to them (a set of indoor and outdoor unit is one), in the \
         calendar year (Asia/Shanghai) of the later of the two days; from the day of a return it is taken away from the year in \
         which it counted.",
        "Off-system: what the bureau entered for each month with its source. A is both. Subsidised sales without an old item \
         stand beside it and do not count.",
        "The target is reached in the first calendar year with 100·A ≥ 130·B. Path of a year: B × (100 + 7.5 × (year − 2023)) \
         / 100. Percentages and daily figures are rounded half up to two places.",
    ],
    source: "Source of the 2023 figure",
    footer: ["As known at", "Made at", "Made by", "Division", "SHA-256 of the report's data"],
    reached: "The target was reached in ",
    not_reached: "The target has not been reached.",
};

/// Lays the page out.
#[must_use]
pub fn lay_out(report: &Report, imprint: &Imprint, language: Language) -> String {
    let words = match language {
        Language::Chinese => &ZH,
        Language::English => &EN,
    };
    let mut page = String::new();
    let title = words.title;
    let year = report.years.last();
    let span = year.map(|year| year.year.to_string()).unwrap_or_default();
    let _ = write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title} {span}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <h1>{title} {span}</h1>\n",
        words.lang
    );
    let reached = match report.reached_in {
        Some(year) => format!("{}{year}{}", words.reached, if words.lang == "en" { "." } else { "年。" }),
        None => words.not_reached.to_owned(),
    };
    let _ = writeln!(page, "<p class=\"sub\">{}</p>", escaped(&reached));
    let percent = |value: Option<Decimal>| {
        value.map_or_else(|| words.missing.to_owned(), |value| format!("{} %", grouped_decimal(value)))
    };
    let count = |value: Option<i64>| value.map_or_else(|| words.missing.to_owned(), grouped);
    let base = report.baseline.as_ref().and_then(|baseline| i64::try_from(baseline.value).ok());
    let facts = [
        count(base),
        count(report.target),
        count(year.map(|year| year.actual)),
        percent(year.and_then(|year| year.growth_percent)),
        percent(year.and_then(|year| year.share_of_required_growth_percent)),
        percent(report.pace.percent),
    ];
    page.push_str("<div class=\"facts\">\n");
    for (label, value) in words.facts.iter().zip(facts) {
        let _ = writeln!(page, "<div><span>{label}</span><b>{}</b></div>", escaped(&value));
    }
    page.push_str("</div>\n");
    page.push_str(&draw(report, language));
    table(&mut page, report, words);
    let _ = writeln!(page, "<h2>{}</h2>", words.meaning);
    for sentence in words.definition {
        let _ = writeln!(page, "<p>{sentence}</p>");
    }
    let source = report.baseline.as_ref().map_or(words.missing, |baseline| baseline.source.as_str());
    let _ = writeln!(page, "<p>{}: {}</p>", words.source, escaped(source));
    let clock = |at: Moment| format!("{} (UTC+8)", at.local().format("%Y-%m-%d %H:%M:%S%.6f"));
    let Imprint { known_at, at, made_by, division, sha256 } = imprint;
    let said = [clock(*known_at), clock(*at), made_by.clone(), division.clone(), sha256.clone()];
    page.push_str("<footer>\n");
    for (label, value) in words.footer.iter().zip(said) {
        let _ = writeln!(page, "<div>{label}: {}</div>", escaped(&value));
    }
    page.push_str("</footer>\n</body>\n</html>\n");
    page
}

fn table(page: &mut String, report: &Report, words: &Words) {
    let _ = write!(page, "<h2>{}</h2>\n<table>\n<thead><tr>", words.years);
    for head in words.heads {
        let _ = write!(page, "<th scope=\"col\">{head}</th>");
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    let shown = |value: Option<Decimal>, sign: &str| {
        value.map_or_else(|| "—".to_owned(), |value| format!("{}{sign}", grouped_decimal(value)))
    };
    for year in &report.years {
        let cells = [
            year.year.to_string(),
            grouped(year.completed),
            grouped(year.off_system),
            grouped(year.actual),
            grouped(year.subsidised_without_old_item),
            shown(year.path, ""),
            shown(year.ahead_by, ""),
            shown(year.growth_percent, " %"),
        ];
        page.push_str("<tr>");
        for cell in cells {
            let _ = write!(page, "<td>{cell}</td>");
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n</table>\n");
}
