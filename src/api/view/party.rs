//! Retailers, stores and collection points.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::body::words::CategoryWord;
use crate::domain::goods::Category;
use crate::domain::records::{Recycler, Retailer, Store};

use super::decimal;

/// A retailer, account and contact masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "019a5c3e-7b00-7000-8000-000000000001", "name": "南昌示例家电有限公司", "uscc": "91360123X99360742U",
    "divisions": ["360111"],
    "account": {"bank": "中国工商银行南昌高新支行", "number": "****2345", "name": "南昌示例家电有限公司"},
    "contact": "吕**", "status": "approved", "programmes": ["nc-appl-2026"]
}))]
pub struct RetailerView {
    /// Identity.
    pub id: String,
    /// Registered name.
    pub name: String,
    /// Unified social credit code.
    pub uscc: String,
    /// Divisions in which it sells.
    pub divisions: Vec<String>,
    /// Account.
    pub account: AccountView,
    /// A person to ask, masked.
    pub contact: Option<String>,
    /// `registered`, `approved` or `suspended`.
    pub status: String,
    /// Programmes for which it is approved.
    pub programmes: Vec<String>,
}

/// A bank account, its number masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AccountView {
    /// Bank and branch.
    pub bank: String,
    /// Number, masked.
    pub number: String,
    /// In whose name.
    pub name: String,
}

impl From<&Retailer> for RetailerView {
    fn from(retailer: &Retailer) -> Self {
        let account = &retailer.account;
        Self {
            id: retailer.id.to_string(),
            name: retailer.name.clone(),
            uscc: retailer.uscc.clone(),
            divisions: retailer.divisions.clone(),
            account: AccountView {
                bank: account.bank.clone(),
                number: account.number.masked.clone(),
                name: account.name.clone(),
            },
            contact: retailer.contact.as_ref().map(|contact| contact.masked.clone()),
            status: retailer.standing.to_string(),
            programmes: retailer.programmes.clone(),
        }
    }
}

/// A store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "019a5c3e-7b00-7000-8000-000000000004", "retailer_id": "019a5c3e-7b00-7000-8000-000000000001",
    "name": "高新旗舰店", "address": "火炬大街1号", "division_code": "360111", "town": "昌东镇", "status": "approved"
}))]
pub struct StoreView {
    /// Identity.
    pub id: String,
    /// Its retailer.
    pub retailer_id: String,
    /// Name.
    pub name: String,
    /// Address.
    pub address: String,
    /// Division code.
    pub division_code: String,
    /// Town or office.
    pub town: String,
    /// `registered`, `approved` or `suspended`.
    pub status: String,
}

impl From<&Store> for StoreView {
    fn from(store: &Store) -> Self {
        Self {
            id: store.id.to_string(),
            retailer_id: store.retailer.to_string(),
            name: store.name.clone(),
            address: store.address.clone(),
            division_code: store.division_code.clone(),
            town: store.town.clone(),
            status: store.standing.to_string(),
        }
    }
}

/// A collection point as anybody sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "019a5c3e-7b00-7000-8000-000000000005", "name": "艾溪湖回收站", "address": "艾溪湖北路66号",
    "division_code": "360111", "town": "艾溪湖管理处", "opening_hours": "每日9:00-18:00", "latitude": "28.691234",
    "longitude": "115.951234", "categories": ["refrigerator"]
}))]
pub struct CollectionPointView {
    /// Identity.
    pub id: String,
    /// Name.
    pub name: String,
    /// Address.
    pub address: String,
    /// Division code.
    pub division_code: String,
    /// Town or office.
    pub town: String,
    /// Opening hours in words.
    pub opening_hours: Option<String>,
    /// Latitude in degrees.
    pub latitude: Option<String>,
    /// Longitude in degrees.
    pub longitude: Option<String>,
    /// Categories that it takes.
    #[schema(value_type = Vec<CategoryWord>)]
    pub categories: Vec<Category>,
}

impl From<&Recycler> for CollectionPointView {
    fn from(recycler: &Recycler) -> Self {
        // None named means that it takes all.
        let all = || Category::ALL.to_vec();
        Self {
            id: recycler.id.to_string(),
            name: recycler.name.clone(),
            address: recycler.address.clone(),
            division_code: recycler.division_code.clone(),
            town: recycler.town.clone(),
            opening_hours: recycler.opening_hours.clone(),
            latitude: recycler.latitude_micro.map(|micro| decimal(micro, 6)),
            longitude: recycler.longitude_micro.map(|micro| decimal(micro, 6)),
            categories: if recycler.categories.is_empty() { all() } else { recycler.categories.clone() },
        }
    }
}

/// A collection point as the bureau sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecyclerView {
    /// What anybody sees.
    #[serde(flatten)]
    pub point: CollectionPointView,
    /// Unified social credit code.
    pub uscc: String,
    /// `registered`, `approved` or `suspended`.
    pub status: String,
}

impl From<&Recycler> for RecyclerView {
    fn from(recycler: &Recycler) -> Self {
        Self { point: recycler.into(), uscc: recycler.uscc.clone(), status: recycler.standing.to_string() }
    }
}
