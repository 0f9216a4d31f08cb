//! What the fields of a programme file are called in sentences.

use crate::domain::refusal::Language;

/// Field of the file, its Chinese and its English name, in the order in which a file says them.
const LABELS: &[(&str, &str, &str)] = &[
    ("id", "编号", "id"),
    ("title", "名称", "title"),
    ("title_en", "英文名称", "English title"),
    ("legal_basis", "政策依据", "legal basis"),
    ("tasks", "行动方案任务", "tasks of the action plan"),
    ("rounding", "尾数处理", "rounding"),
    ("old_credit_reduces_base", "旧件折价是否抵减计算基数", "credit for the old item lowers the base"),
    ("retroactive_from", "追溯起始日", "retroactive from"),
    ("region", "适用地区", "region"),
    ("divisions", "行政区划", "divisions"),
    ("nationwide", "全国", "nationwide"),
    ("store_inside", "门店须在地区内", "store inside"),
    ("delivery_inside", "送货地址须在地区内", "delivery inside"),
    ("residence_inside", "居住地须在地区内", "residence inside"),
    ("funding", "资金来源", "funding"),
    ("old_item", "旧件", "old item"),
    ("matching", "旧件要求", "matching"),
    ("matched_at", "核对环节", "matched at"),
    ("registered_until", "最晚注册登记日", "first registered until"),
    ("fuels", "燃料", "fuels"),
    ("day", "日期", "day"),
    ("must_be_registered", "须有登记号牌", "must be registered"),
    ("must_be_complete", "须部件齐全", "must be complete"),
    ("must_have_battery", "须带电池", "must have its battery"),
    ("owned_until", "最晚登记在本人名下", "owned by"),
    ("disposal", "旧车处置方式", "disposal"),
    ("evidence", "证明材料", "evidence"),
    ("given_back_on_return", "退货时归还旧件资格", "given back on a return"),
    ("settlement_hold", "付款前旧件须到达的环节", "settlement held until the old item is"),
    ("windows", "时间", "windows"),
    ("claim", "领取时间", "claims"),
    ("invoice", "开票日期", "invoice"),
    ("application", "核销时间", "application"),
    ("daily_hours", "每日时段", "daily hours"),
    ("from", "起", "from"),
    ("to", "止", "to"),
    ("voucher", "补贴资格券", "voucher"),
    ("days", "有效天数", "days"),
    ("reclaims", "可重新领取次数", "re-claims"),
    ("return_restores_quota", "退货恢复名额", "a return restores the quota"),
    ("limits", "限额", "limits"),
    ("per_person_and_year", "每人每年", "per person and year"),
    ("exclusive_groups", "互斥方案组", "exclusive groups"),
    ("releases", "定时放券", "releases"),
    ("at", "时刻", "at"),
    ("vouchers", "张数", "vouchers"),
    ("lines", "补贴品类行", "lines"),
    ("category", "品类", "category"),
    ("categories", "品类", "categories"),
    ("includes", "包括", "includes"),
    ("excludes", "不包括", "excludes"),
    ("pool", "开行资金池", "opening pool"),
    ("per_person", "每人件数", "per person"),
    ("unit_price_at_most", "单价上限", "unit price at most"),
    ("price_at_least", "单价下限", "price at least"),
    ("tiers", "档次", "tiers"),
    ("bonuses", "附加补贴", "bonuses"),
    ("order", "顺序", "order"),
    ("when", "条件", "conditions"),
    ("energy_levels", "能效等级", "energy levels"),
    ("powertrains", "动力类型", "powertrains"),
    ("displacement_at_most", "排量上限", "displacement at most"),
    ("batteries", "新车电池", "batteries"),
    ("old_fuels", "旧车燃料", "old fuels"),
    ("old_batteries", "旧车电池", "old batteries"),
    ("price_from", "价格自", "price from"),
    ("price_below", "价格低于", "price below"),
    ("certifications", "认证", "certifications"),
    ("old_item_needed", "须交旧件", "old item needed"),
    ("source", "资金来源", "source"),
    ("percent", "比例（%）", "percent"),
    ("cap", "封顶金额", "cap"),
    ("fixed", "定额", "fixed sum"),
];

fn label(name: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    LABELS.iter().find(|(known, ..)| *known == name)
}

/// The place of a field among the fields of a file.
pub(super) fn rank(name: &str) -> usize {
    LABELS.iter().position(|(known, ..)| *known == name).unwrap_or(LABELS.len())
}

/// The name of one entry of a list.
fn one_of(name: &str) -> &str {
    match name {
        "lines" => "line",
        "tiers" => "tier",
        "bonuses" => "bonus",
        "releases" => "release",
        other => other,
    }
}

/// A path such as `lines[refrigerator].tiers[0].cap` in words.
pub(super) fn of_path(path: &str, language: Language) -> String {
    let parts = path.split('.').map(|part| {
        let (name, entry) = part.trim_end_matches(']').split_once('[').map_or((part, None), |(n, e)| (n, Some(e)));
        let name = label(name).map_or(name, |(_, chinese, english)| match language {
            Language::Chinese => chinese,
            Language::English => english,
        });
        let Some(entry) = entry else { return name.to_owned() };
        let place = entry.parse::<usize>().map_or_else(|_| entry.to_owned(), |index| (index + 1).to_string());
        format!("{} {place}", one_of(name))
    });
    parts.collect::<Vec<_>>().join(" › ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_in_both_languages() {
        let path = "lines[refrigerator].tiers[1].cap";
        assert_eq!(of_path(path, Language::Chinese), "补贴品类行 refrigerator › 档次 2 › 封顶金额");
        assert_eq!(of_path(path, Language::English), "line refrigerator › tier 2 › cap");
        assert_eq!(of_path("unheard_of[x].cap", Language::English), "unheard_of x › cap");
    }
}
