//! The growth report as a chart (SVG): what there was each year, the path, and the target. Everything is drawn with whole
//! numbers and with attributes alone, so that a page that allows no styles shows it as it is.

use std::fmt::Write as _;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use crate::domain::growth::{LAST_PLANNED_YEAR, Report, path_of};
use crate::domain::refusal::Language;

/// The picture, in its own units.
const WIDTH: i64 = 960;
const HEIGHT: i64 = 490;
/// The plot within it.
const LEFT: i64 = 92;
const RIGHT: i64 = 846;
const TOP: i64 = 80;
const BOTTOM: i64 = 416;
/// About how many steps the scale has.
const STEPS: i64 = 6;
const FONT: &str = "Noto Sans CJK SC, Source Han Sans SC, Microsoft YaHei, PingFang SC, sans-serif";
/// Colours that are told apart in grey and by people who see no red or no green.
const COMPLETED: &str = "#1f5fa8";
const OFF_SYSTEM: &str = "#9cc3ea";
const PATH: &str = "#c2570c";
const TARGET: &str = "#8a1538";
const INK: &str = "#222222";
const QUIET: &str = "#5f5f5f";
const GRID: &str = "#dddddd";

/// What the chart says, in one language.
struct Words {
    title: &'static str,
    completed: &'static str,
    off_system: &'static str,
    path: &'static str,
    target: &'static str,
    base: &'static str,
    unit: &'static str,
    missing: &'static str,
}

const ZH: Words = Words {
    title: "家电以旧换新增长情况",
    completed: "系统内完成",
    off_system: "系统外",
    path: "年度路径",
    target: "目标",
    base: "2023年基数",
    unit: "单位：件",
    missing: "尚未录入2023年基数，没有目标和路径",
};
const EN: Words = Words {
    title: "Growth of appliance trade-ins",
    completed: "Completed in the service",
    off_system: "Outside it",
    path: "Path",
    target: "Target",
    base: "2023 figure",
    unit: "Trade-ins",
    missing: "The 2023 figure has not been entered: no target, no path",
};

/// Draws the report.
#[must_use]
pub fn draw(report: &Report, language: Language) -> String {
    let words = match language {
        Language::Chinese => &ZH,
        Language::English => &EN,
    };
    let base = report.baseline.as_ref().and_then(|baseline| i64::try_from(baseline.value).ok());
    let first = report.years.first().map_or(LAST_PLANNED_YEAR, |year| year.year);
    let last = report.years.last().map_or(first, |year| year.year).max(LAST_PLANNED_YEAR);
    let path: Vec<Decimal> =
        base.map(|base| (first..=last).map(|year| path_of(base, year)).collect()).unwrap_or_default();
    let actual = report.years.iter().map(|year| year.actual).max().unwrap_or(0);
    let ceiling = path.iter().filter_map(|path| path.ceil().to_i64());
    let most = ceiling.chain([actual, report.target.unwrap_or(0), base.unwrap_or(0)]).max().unwrap_or(0);
    let mut chart = Chart { svg: String::new(), scale: Scale::over(most), first, slots: i64::from(last - first) + 1 };
    chart.frame(words, &description(report, words, language), language, report.years.last().map(|year| year.year));
    chart.grid();
    for year in &report.years {
        chart.bar(year.year, year.completed, year.off_system);
    }
    chart.level(report.target, words.target, TARGET, "10 5");
    chart.level(base, words.base, QUIET, "2 4");
    chart.path(&path, report.target);
    for year in first..=last {
        let x = chart.middle(year);
        chart.text((x, BOTTOM + 26), "middle", 15, INK, &year.to_string());
    }
    chart.legend(words, base.is_some());
    if base.is_none() {
        chart.text((WIDTH / 2, TOP + 30), "middle", 15, TARGET, words.missing);
    }
    chart.svg.push_str("</svg>\n");
    chart.svg
}

/// The same in sentences, for whoever does not see the picture.
fn description(report: &Report, words: &Words, language: Language) -> String {
    let mut text = String::new();
    let separator = if language == Language::Chinese { "；" } else { "; " };
    for year in &report.years {
        let path = year.path.map(|path| format!(" {} {path}", words.path)).unwrap_or_default();
        let counts = format!("{} {}, {} {}", words.completed, year.completed, words.off_system, year.off_system);
        let _ = write!(text, "{}: {} ({counts}){path}{separator}", year.year, year.actual);
    }
    match report.target {
        Some(target) => {
            let _ = write!(text, "{} {target}", words.target);
        }
        None => text.push_str(words.missing),
    }
    text
}

/// Even steps from zero to above everything that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Scale {
    step: i64,
    top: i64,
}

impl Scale {
    /// The smallest of 1, 2, 2.5 and 5 times a power of ten of which a few steps are enough.
    fn over(most: i64) -> Self {
        let most = most.max(1);
        let mut power: i64 = 1;
        loop {
            for tenths in [10, 20, 25, 50] {
                let step = power.saturating_mul(tenths) / 10;
                if step * 10 == power.saturating_mul(tenths) && step.saturating_mul(STEPS) >= most {
                    let steps = most / step + 1;
                    return Self { step, top: step.saturating_mul(steps) };
                }
            }
            let Some(next) = power.checked_mul(10) else { return Self { step: i64::MAX, top: i64::MAX } };
            power = next;
        }
    }

    /// Where a hundredth of a trade-in stands, from the top of the picture.
    fn y(self, hundredths: i128) -> i64 {
        let height = i128::from(BOTTOM - TOP) * hundredths / (i128::from(self.top) * 100);
        BOTTOM - i64::try_from(height).unwrap_or(0)
    }
}

struct Chart {
    svg: String,
    scale: Scale,
    first: i32,
    slots: i64,
}

impl Chart {
    fn frame(&mut self, words: &Words, description: &str, language: Language, year: Option<i32>) {
        let lang = if language == Language::Chinese { "zh-CN" } else { "en" };
        let title = escaped(words.title);
        let span = year.map(|year| format!("{}–{year}", self.first)).unwrap_or_default();
        let _ = write!(
            self.svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
             height=\"{HEIGHT}\" role=\"img\" aria-labelledby=\"growth-title growth-desc\" xml:lang=\"{lang}\" \
             font-family=\"{FONT}\">\n<title id=\"growth-title\">{title}</title>\n<desc id=\"growth-desc\">{}</desc>\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n",
            escaped(description),
        );
        self.text((LEFT, 34), "start", 20, INK, &format!("{} {span}", words.title));
        self.text((LEFT, TOP - 14), "start", 13, QUIET, words.unit);
    }

    fn grid(&mut self) {
        let Scale { step, top } = self.scale;
        let mut value = 0;
        while value <= top {
            let y = self.scale.y(i128::from(value) * 100);
            let colour = if value == 0 { INK } else { GRID };
            self.line((LEFT, y), (RIGHT, y), colour, "1", "");
            self.text((LEFT - 10, y + 5), "end", 13, QUIET, &grouped(value));
            let Some(next) = value.checked_add(step) else { break };
            value = next;
        }
    }

    /// The middle of a year's slot.
    fn middle(&self, year: i32) -> i64 {
        let slot = i64::from(year - self.first);
        LEFT + (RIGHT - LEFT) * (2 * slot + 1) / (2 * self.slots)
    }

    fn bar(&mut self, year: i32, completed: i64, off_system: i64) {
        let width = ((RIGHT - LEFT) / self.slots * 45 / 100).clamp(6, 96);
        let x = self.middle(year) - width / 2;
        let (low, high) = (completed.max(0), completed.max(0).saturating_add(off_system.max(0)));
        let (between, top) = (self.scale.y(i128::from(low) * 100), self.scale.y(i128::from(high) * 100));
        for (y, height, colour) in [(between, BOTTOM - between, COMPLETED), (top, between - top, OFF_SYSTEM)] {
            if height > 0 {
                let _ = writeln!(
                    self.svg,
                    "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{colour}\"/>"
                );
            }
        }
        // Within the bar, where the path does not cross it; above one that is too low for that.
        let room = BOTTOM - top >= 30;
        let (y, colour) = if room { (BOTTOM - 10, "#ffffff") } else { (top - 8, INK) };
        let colour = if room && BOTTOM - between < 30 { INK } else { colour };
        self.text((x + width / 2, y), "middle", 14, colour, &grouped(high));
    }

    /// A level over all years, with its name and value beside it.
    fn level(&mut self, value: Option<i64>, name: &str, colour: &str, dashes: &str) {
        let Some(value) = value else { return };
        let y = self.scale.y(i128::from(value) * 100);
        self.line((LEFT, y), (RIGHT, y), colour, "2", dashes);
        self.text((RIGHT + 8, y - 2), "start", 13, colour, name);
        self.text((RIGHT + 8, y + 14), "start", 13, colour, &grouped(value));
    }

    fn path(&mut self, path: &[Decimal], target: Option<i64>) {
        let target = target.map(|target| self.scale.y(i128::from(target) * 100));
        let mut points: Vec<(i64, i64)> = Vec::new();
        for (year, value) in (self.first..).zip(path) {
            let hundredths = (*value * Decimal::ONE_HUNDRED).to_i128().unwrap_or(0);
            points.push((self.middle(year), self.scale.y(hundredths)));
        }
        let all: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
        if !all.is_empty() {
            let all = all.join(" ");
            let _ =
                writeln!(self.svg, "<polyline points=\"{all}\" fill=\"none\" stroke=\"{PATH}\" stroke-width=\"2.5\"/>");
        }
        for ((x, y), value) in points.into_iter().zip(path) {
            let _ = writeln!(
                self.svg,
                "<circle cx=\"{x}\" cy=\"{y}\" r=\"5\" fill=\"#ffffff\" stroke=\"{PATH}\" stroke-width=\"2.5\"/>"
            );
            let shown = grouped_decimal(value.normalize());
            // Above its point, but where the target would strike it through.
            let struck = target.is_some_and(|target| (y - 26..y - 8).contains(&target));
            self.halo((x, if struck { y + 22 } else { y - 12 }), &shown);
        }
    }

    fn legend(&mut self, words: &Words, with_path: bool) {
        let y = HEIGHT - 24;
        let mut x = LEFT;
        for (colour, name) in [(COMPLETED, words.completed), (OFF_SYSTEM, words.off_system)] {
            let _ =
                writeln!(self.svg, "<rect x=\"{x}\" y=\"{}\" width=\"14\" height=\"14\" fill=\"{colour}\"/>", y - 12);
            self.text((x + 20, y), "start", 14, INK, name);
            x += 20 + length(name) + 30;
        }
        if with_path {
            self.line((x, y - 5), (x + 26, y - 5), PATH, "2.5", "");
            self.text((x + 32, y), "start", 14, INK, words.path);
            x += 32 + length(words.path) + 30;
            self.line((x, y - 5), (x + 26, y - 5), TARGET, "2", "10 5");
            self.text((x + 32, y), "start", 14, INK, words.target);
        }
    }

    fn line(&mut self, from: (i64, i64), to: (i64, i64), colour: &str, width: &str, dashes: &str) {
        let dashes = if dashes.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dashes}\"") };
        let ((x1, y1), (x2, y2)) = (from, to);
        let _ = writeln!(
            self.svg,
            "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" stroke=\"{colour}\" stroke-width=\"{width}\"{dashes}/>"
        );
    }

    fn text(&mut self, (x, y): (i64, i64), anchor: &str, size: i64, colour: &str, text: &str) {
        let text = escaped(text);
        let _ = writeln!(
            self.svg,
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" font-size=\"{size}\" fill=\"{colour}\">{text}</text>"
        );
    }

    /// A text on whatever lies under it.
    fn halo(&mut self, (x, y): (i64, i64), text: &str) {
        let text = escaped(text);
        let _ = writeln!(
            self.svg,
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\" font-size=\"13\" fill=\"{PATH}\" stroke=\"#ffffff\" \
             stroke-width=\"4\" paint-order=\"stroke\">{text}</text>"
        );
    }
}

/// About how long a text of the legend is: a Chinese character is as wide as it is high.
fn length(text: &str) -> i64 {
    text.chars().map(|letter| if letter.is_ascii() { 8 } else { 14 }).sum()
}

/// A count with a thin space between its thousands.
pub(super) fn grouped(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = if value < 0 { "−".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

/// The same of a number with the places that it has.
pub(super) fn grouped_decimal(value: Decimal) -> String {
    let digits = value.abs().to_string();
    let (whole, places) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let sign = if value.is_sign_negative() && !value.is_zero() { "−" } else { "" };
    format!("{sign}{}{places}", grouped(whole.parse().unwrap_or(i64::MAX)))
}

/// As text of XML and HTML.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter if letter.is_control() => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::goods::Category;
    use crate::domain::growth::{Counted, Known, report};
    use crate::domain::id::Id;
    use crate::domain::records::Baseline;
    use crate::domain::time::{Day, Moment};

    fn of(base: Option<u64>, years: &[(i32, i64)]) -> String {
        let baseline = base.map(|value| Baseline {
            id: Id::NIL,
            year: 2023,
            value,
            source: "<统计>".into(),
            monthly: None,
            author: Id::NIL,
            at: Moment(0),
        });
        let counted = years.iter().map(|(year, completed)| Counted {
            year: *year,
            category: Category::Television,
            completed: *completed,
            without_old_item: 0,
        });
        let known = Known { baseline, counted: counted.collect(), off_system: Vec::new() };
        draw(&report(2026, Day::from_number(20_260_630).unwrap(), known), Language::Chinese)
    }

    #[test]
    fn a_scale_has_a_few_even_steps() {
        for (most, step, top) in [
            (0, 1, 2),
            (1, 1, 2),
            (5, 1, 6),
            (26_000, 5000, 30_000),
            (31_000, 10_000, 40_000),
            (99, 20, 100),
            (100, 20, 120),
        ] {
            assert_eq!(Scale::over(most), Scale { step, top }, "{most}");
        }
        assert!(Scale::over(i64::MAX).top > 0);
    }

    #[test]
    fn thousands_stand_apart_and_places_stay() {
        for (number, text) in [
            ("0.00", "0.00"),
            ("-0.30", "−0.30"),
            ("-13000.00", "−13\u{2009}000.00"),
            ("1234567.5", "1\u{2009}234\u{2009}567.5"),
            ("24500", "24\u{2009}500"),
        ] {
            assert_eq!(grouped_decimal(number.parse().unwrap()), text);
        }
    }

    #[test]
    fn the_worked_example_is_drawn_to_scale() {
        let chart = of(Some(20_000), &[(2025, 23_400), (2026, 11_500)]);
        // 26 000 of 30 000 on 336 units.
        let y = BOTTOM - 336 * 26 / 30;
        assert!(
            chart.contains(&format!("<line x1=\"92\" y1=\"{y}\" x2=\"846\" y2=\"{y}\" stroke=\"{TARGET}\"")),
            "{chart}"
        );
        let height = 336 * 234 / 300;
        assert!(chart.contains(&format!("height=\"{height}\" fill=\"{COMPLETED}\"")), "{chart}");
        for told in ["26\u{2009}000", "24\u{2009}500", "2027", "目标", "role=\"img\"", "<title id=", "<desc id="] {
            assert!(chart.contains(told), "{told}");
        }
        assert_eq!(chart.matches("<circle").count(), 4);
        assert!(!chart.contains("style"));
    }

    #[test]
    fn without_a_baseline_there_is_no_path_and_the_chart_says_so() {
        let chart = of(None, &[(2026, 3)]);
        assert!(chart.contains(ZH.missing) && !chart.contains("<polyline"));
    }

    #[test]
    fn every_text_is_escaped() {
        assert_eq!(escaped("<a href='x'>&\"\u{7}"), "&lt;a href=&#39;x&#39;&gt;&amp;&quot; ");
    }
}
