//! Brands by one name: a serial number counts together with its brand, however the till spells it.

/// One spelling for each brand, and the other names under which it is sold.
const BRANDS: &[(&str, &[&str])] = &[
    ("Haier", &["海尔"]),
    ("Casarte", &["卡萨帝"]),
    ("Leader", &["统帅"]),
    ("Midea", &["美的"]),
    ("Little Swan", &["小天鹅", "littleswan"]),
    ("Gree", &["格力"]),
    ("Hisense", &["海信"]),
    ("Ronshen", &["容声"]),
    ("TCL", &["王牌"]),
    ("Skyworth", &["创维"]),
    ("Changhong", &["长虹"]),
    ("Konka", &["康佳"]),
    ("Aux", &["奥克斯"]),
    ("Fotile", &["方太"]),
    ("Robam", &["老板", "老板电器"]),
    ("Vatti", &["华帝"]),
    ("Macro", &["万家乐"]),
    ("Vanward", &["万和"]),
    ("Supor", &["苏泊尔"]),
    ("Joyoung", &["九阳"]),
    ("Galanz", &["格兰仕"]),
    ("A.O. Smith", &["史密斯", "A.O.史密斯", "AO史密斯", "AO Smith"]),
    ("Siemens", &["西门子"]),
    ("Bosch", &["博世"]),
    ("Panasonic", &["松下"]),
    ("Sony", &["索尼"]),
    ("Samsung", &["三星"]),
    ("Xiaomi", &["小米", "米家", "Mijia"]),
    ("Huawei", &["华为"]),
    ("Honor", &["荣耀"]),
    ("Apple", &["苹果"]),
    ("OPPO", &["欧珀"]),
    ("vivo", &["维沃"]),
    ("Lenovo", &["联想"]),
    ("Asus", &["华硕"]),
    ("Dell", &["戴尔"]),
    ("HP", &["惠普"]),
    ("Yadea", &["雅迪"]),
    ("Aima", &["爱玛"]),
    ("Tailg", &["台铃"]),
    ("Luyuan", &["绿源"]),
    ("Xinri", &["新日", "Sunra"]),
    ("Niu", &["小牛"]),
    ("Ninebot", &["九号"]),
    ("BYD", &["比亚迪"]),
    ("Geely", &["吉利"]),
    ("Chery", &["奇瑞"]),
    ("Changan", &["长安"]),
    ("Great Wall", &["长城"]),
    ("Wuling", &["五菱"]),
    ("JMC", &["江铃"]),
    ("Volkswagen", &["大众", "VW"]),
    ("Toyota", &["丰田"]),
    ("Honda", &["本田"]),
    ("Nissan", &["日产"]),
    ("Tesla", &["特斯拉"]),
    ("Nio", &["蔚来"]),
    ("Xpeng", &["小鹏"]),
    ("Li Auto", &["理想"]),
];

/// The brand's one spelling; a brand that the list does not know stays as it was typed, without white space around.
#[must_use]
pub fn canonical(typed: &str) -> String {
    let typed = typed.trim();
    let lower = typed.to_lowercase();
    let known = |name: &str| name.to_lowercase() == lower;
    BRANDS
        .iter()
        .find(|(name, others)| known(name) || others.iter().any(|other| known(other)) || is_pair(&lower, name, others))
        .map_or_else(|| typed.to_owned(), |(name, _)| (*name).to_owned())
}

/// Whether both names stand together, as on many labels: `海尔Haier`, `Haier/海尔`.
fn is_pair(typed: &str, name: &str, others: &[&str]) -> bool {
    let letters: String =
        typed.chars().filter(|letter| !matches!(letter, ' ' | '/' | '(' | ')' | '（' | '）')).collect();
    let name = name.to_lowercase().replace(' ', "");
    others.iter().any(|other| {
        let other = other.to_lowercase();
        letters == format!("{name}{other}") || letters == format!("{other}{name}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_brand_is_one() {
        for typed in ["海尔", " HAIER ", "haier", "海尔（Haier）", "Haier/海尔"] {
            assert_eq!(canonical(typed), "Haier", "{typed}");
        }
        assert_eq!(canonical("tcl"), "TCL");
        assert_eq!(canonical(" 山寨牌 "), "山寨牌");
    }

    #[test]
    fn no_name_stands_for_two_brands() {
        let mut names: Vec<String> = BRANDS
            .iter()
            .flat_map(|(name, others)| std::iter::once(name).chain(*others))
            .map(|name| name.to_lowercase())
            .collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        for (name, _) in BRANDS {
            assert_eq!(canonical(name), *name);
        }
    }
}
