//! What stands on the first sheet of a workbook: what its rows are, of which records, as known when, and who made it.

use serde_json::Value;

use super::table::Cell;
use crate::api::auth::Caller;
use crate::domain::refusal::Language;
use crate::domain::time::Moment;

/// A sentence in both languages.
type Words = (&'static str, &'static str);

/// What each table is: operation, what it is called, what a row of it is.
const TABLES: &[(&str, Words, Words)] = &[
    (
        "exportRedemptions",
        ("核销明细", "Redemptions"),
        (
            "每行一笔核销，按核销时间排列。补贴为政府资金合计，不含商家让利；补差为方案追溯提标后加发的金额；状态为截至时点的状态。购买方已脱敏。",
            "A row for each redemption, by its time. The subsidy is government money alone, without the merchant's bonus; \
             adjustments are what retroactive rises of the programme added; the status is that of the moment below. Buyers \
             are masked.",
        ),
    ),
    (
        "exportRetailers",
        ("商家名录", "Retailers"),
        (
            "每行一个商家，新登记的在前。账号与联系人已脱敏。",
            "A row for each retailer, the newest first. Account numbers and contacts are masked.",
        ),
    ),
    (
        "getTotalsReport",
        ("发券与资金汇总", "Totals of vouchers and money"),
        (
            "按生效日（北京时间）汇总。预留金额为已发未用券的占用；核销金额含当日入账的补差；撤销金额为退货冲回。核定、支付、追回三项分别列示，互不相抵。表内无合计行。",
            "Sums by the effective day in Asia/Shanghai. Reserved is what vouchers in use hold; redeemed includes adjustments \
             on the day of their posting; reversed is what returns took back. Approved, paid and recovered are figures of \
             their own. There is no row of the sum.",
        ),
    ),
    (
        "getGrowthReport",
        ("家电以旧换新增长情况", "Growth of appliance trade-ins"),
        (
            "系统内完成：新家电已核销且已匹配交旧的家电，一内一外一套空调计一件，以两者较晚之日计入自然年（北京时间）；退货或追回自其发生之日起从原计入年份中扣除。系统外：\
             经区投促局逐月录入并注明来源的数量。合计 A＝系统内＋系统外。目标 T＝2023年基数 B×130% 向上取整；年度路径＝B×(100＋7.5×(年份－2023))÷100。无交旧的补贴销售单列，不计入。",
            "Completed: new appliances redeemed with an old one matched to them, a set of indoor and outdoor unit being one, in \
             the calendar year (Asia/Shanghai) of the later of the two days; a return takes one away from the year in which it \
             counted. Off-system: what the bureau entered for each month with its source. A is both. Target T: 130 % of the \
             2023 figure B, rounded up; path of a year: B × (100 + 7.5 × (year − 2023)) / 100. Subsidised sales without an old \
             item stand beside it and do not count.",
        ),
    ),
    (
        "getBurnDown",
        ("资金使用进度", "How fast the money goes"),
        (
            "每行一个补贴品类行。已用＝应付＋已付＋待追回；剩余＝已发未用＋可发；近28日含制表当日，按核销减撤销的净额；可用天数＝剩余÷日均，按分计算、向上取整。",
            "A row for each line. Used is owed, paid, or to be had back; what is left is reserved or available; the 28 days end \
             with the day of the report and count what was redeemed less what was reversed; the days left are whole days, \
             rounded up.",
        ),
    ),
    (
        "getRetailerRanking",
        ("商家排名", "Retailers by their sales"),
        (
            "按期间内核销补贴减撤销补贴的净额排列；净额相同者名次并列。撤销率＝撤销笔数÷核销笔数。",
            "By the subsidy of what was redeemed in the period less that of what was reversed in it; equal sums share a place.",
        ),
    ),
    (
        "getRefusalReport",
        ("拒绝原因统计", "Refusals by reason"),
        (
            "期间内被拒绝的领取、核销与交旧。一次有多个原因的，在每个原因下各计一次；首要原因为答复所用的代码。售罄不计。",
            "Refused claims, redemptions and turn-ins of the period. One with several reasons counts under each; the first \
             reason gave the answer. What was sold out is not among them.",
        ),
    ),
    (
        "getTaskReport",
        ("分任务分来源补贴", "Subsidy by task and source"),
        (
            "期间内的核销及其后补差，按行动方案任务（12汽车、13电动自行车、14家电）、方案与资金来源汇总；已撤销或追回为截至时点的状态。商家让利不是财政资金。",
            "Redemptions of the period and what was added to them since, by task of the action plan, programme and source; what \
             was undone is that of the moment below. The merchant's share is no public money.",
        ),
    ),
    (
        "getPaymentTimes",
        ("核销到付款时长", "From redemption to payment"),
        (
            "付款日在期间内的核销，自核销日至银行付款日的自然日数；中位数与90%按最近秩法。",
            "Redemptions paid in the period: calendar days from the redemption to the bank's payment; median and 90 % by the \
             nearest rank.",
        ),
    ),
    (
        "exportNationalUpload",
        ("全国家电以旧换新平台上报数据", "Upload to the national platform"),
        (
            "每行一笔有效核销，列序与列名依全国平台接口（1.7）。补贴含补差。证件号码与收货地址为明文，仅限上报使用；已撤销、追回、拒付的不列，已删除或限制处理的个人信息为空。",
            "A row for each redemption that stands, columns and heads as the national interface (1.7) has them; the subsidy \
             has its adjustments in it. Identity numbers and addresses are in the clear, for the upload alone; of persons \
             whose data was erased or restricted there is nothing.",
        ),
    ),
    (
        "exportPublication",
        ("补贴发放公示", "Subsidies for publication"),
        (
            "每行一笔有效核销，补贴含补差。姓名仅示首字，证件号码仅示行政区划与末四位；已撤销、追回、拒付的不列。",
            "A row for each redemption that stands, with its adjustments. Of the name the first character is shown, of the \
             identity number the division and the last four.",
        ),
    ),
];

/// What the parameters of an operation are called.
const FILTERS: &[(&str, Words)] = &[
    ("from", ("起始日", "First day")),
    ("to", ("截止日", "Last day")),
    ("group_by", ("汇总方式", "Summed by")),
    ("year", ("年份", "Year")),
    ("programme", ("方案", "Programme")),
    ("reason", ("事由", "Reason")),
    ("as_known_at", ("指定时点", "As known at, as asked")),
];

/// A cover.
#[derive(Clone, Debug)]
pub struct Cover {
    language: Language,
    title: Words,
    lines: Vec<(Words, Cell)>,
}

impl Cover {
    /// The cover of an operation's table; a table for machines has none. `known_at` is the moment of the records, `at`
    /// when the file is made.
    #[must_use]
    pub fn of(operation: &str, asked: &Value, caller: &Caller, known_at: Moment, at: Moment) -> Option<Self> {
        let (_, title, definition) = TABLES.iter().find(|(known, ..)| *known == operation)?;
        let language = caller.language;
        let mut lines = vec![(("口径", "Definition"), Cell::Text(in_language(*definition, language).to_owned()))];
        for (name, value) in asked.as_object().into_iter().flatten() {
            let label = FILTERS.iter().find(|(known, _)| known == name).map(|(_, label)| *label);
            let all = in_language(("不限", "any"), language);
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let text = if value.is_null() { all.to_owned() } else { text };
            lines.extend(label.map(|label| (label, Cell::Text(text))));
        }
        lines.push((("数据截至（北京时间）", "As known at (Beijing)"), Cell::Time(known_at)));
        lines.push((("制表时间（北京时间）", "Made at (Beijing)"), Cell::Time(at)));
        lines.push((("制表人", "Made by"), Cell::Text(format!("{} {}", caller.actor.role, caller.actor.id))));
        lines.push((("请求编号", "Request"), Cell::Text(caller.request_id.clone())));
        Some(Self { language, title: *title, lines })
    }

    /// Says how many rows there are and what their digest is.
    pub fn close(&mut self, rows: u64, data_sha256: &str) {
        let digest = ("数据SHA-256（同表CSV）", "SHA-256 of the same rows as CSV");
        self.lines.push((("行数", "Rows"), Cell::Count(i64::try_from(rows).unwrap_or(i64::MAX))));
        self.lines.push((digest, Cell::Text(data_sha256.to_owned())));
    }

    /// What the sheet is called.
    #[must_use]
    pub fn sheet(&self) -> &'static str {
        in_language(("封面", "Cover"), self.language)
    }

    /// What the table is called.
    #[must_use]
    pub fn title(&self) -> &'static str {
        in_language(self.title, self.language)
    }

    /// What else it says.
    #[must_use]
    pub fn lines(&self) -> Vec<(&'static str, Cell)> {
        self.lines.iter().map(|(label, cell)| (in_language(*label, self.language), cell.clone())).collect()
    }
}

const fn in_language((zh, en): Words, language: Language) -> &'static str {
    match language {
        Language::Chinese => zh,
        Language::English => en,
    }
}
