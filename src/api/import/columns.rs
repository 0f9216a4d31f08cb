//! The columns of each table, by their names in requests and by their heads in Chinese.

use crate::domain::import::ImportTable;

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, as requests have it.
    pub name: &'static str,
    /// Its head in Chinese.
    pub zh: &'static str,
    /// Whether every row has a value.
    pub required: bool,
}

const fn required(name: &'static str, zh: &'static str) -> Column {
    Column { name, zh, required: true }
}

const fn optional(name: &'static str, zh: &'static str) -> Column {
    Column { name, zh, required: false }
}

const RETAILERS: &[Column] = &[
    required("name", "名称"),
    required("uscc", "统一社会信用代码"),
    required("divisions", "区划代码"),
    required("bank", "开户行"),
    required("account_number", "账号"),
    required("account_name", "户名"),
    optional("contact_name", "联系人"),
    optional("contact_phone", "联系电话"),
];
const STORES: &[Column] = &[
    required("uscc", "商家统一社会信用代码"),
    required("name", "名称"),
    required("address", "地址"),
    required("division_code", "区划代码"),
    required("town", "乡镇街道"),
];
const RECYCLERS: &[Column] = &[
    required("name", "名称"),
    required("uscc", "统一社会信用代码"),
    required("address", "地址"),
    required("division_code", "区划代码"),
    required("town", "乡镇街道"),
    optional("opening_hours", "营业时间"),
    optional("latitude", "纬度"),
    optional("longitude", "经度"),
    optional("categories", "品类"),
];
const PRODUCTS: &[Column] = &[
    required("gtin", "商品条码"),
    required("category", "品类"),
    required("brand", "品牌"),
    required("model", "型号"),
    optional("energy_level", "能效等级"),
    optional("filed_price", "备案价格"),
];

/// The columns of a table.
#[must_use]
pub const fn of(table: ImportTable) -> &'static [Column] {
    match table {
        ImportTable::Retailers => RETAILERS,
        ImportTable::Stores => STORES,
        ImportTable::Recyclers => RECYCLERS,
        ImportTable::Products => PRODUCTS,
    }
}

/// The column that a head names.
#[must_use]
pub fn named(table: ImportTable, head: &str) -> Option<&'static Column> {
    let head = head.trim();
    of(table).iter().find(|column| column.zh == head || column.name.eq_ignore_ascii_case(head))
}

/// The column of a member of the body by which one such record is registered, such as `/account/number`.
#[must_use]
pub fn of_member(pointer: &str) -> &str {
    match pointer {
        "/account/bank" => "bank",
        "/account/number" => "account_number",
        "/account/name" => "account_name",
        "/contact/name" => "contact_name",
        "/contact/phone" => "contact_phone",
        _ => pointer.trim_start_matches('/').split('/').next().unwrap_or_default(),
    }
}
