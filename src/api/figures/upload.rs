//! The upload to the national platform: a row for each redemption that stands, thirty-five columns in their order. What this
//! service cannot know stays empty; `docs/exchange.md` says which that is, and why.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use actix_web::{HttpResponse, web};
use serde_json::json;

use crate::api::auth::Officer;
use crate::api::body::words::Date;
use crate::api::error::ApiError;
use crate::api::export::table::{Cell, Column};
use crate::api::export::{FileForm, Put, Stream, Workbook, stream_out};
use crate::api::query::{A_DAY, Asked, Params, Wanted};
use crate::api::reports::Period;
use crate::api::server::Service;
use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::money::Fen;
use crate::domain::records::{Person, Redemption, RedemptionState, Retailer};
use crate::pii::{PERSON_ID, TEXT};
use crate::store::{StoreError, Tx};

/// Rows of one file.
const MOST: u64 = 1_000_000;
/// Redemptions that are read at a time.
const PAGE: i64 = 1000;
/// Characters of a reason.
const REASON: usize = 500;

/// Of which days, why, and as what.
#[derive(Clone, Debug)]
pub struct UploadAsked {
    period: Period,
    reason: String,
    form: FileForm,
}

impl Wanted for UploadAsked {
    const NAMES: &'static [&'static str] = &["from", "to", "reason", "format"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let period = Period::asked(params)?;
        params.need("from", A_DAY, |_| period.from)?;
        params.need("to", A_DAY, |_| period.to)?;
        let text = |text: &str| {
            let text = text.trim();
            let good = (1..=REASON).contains(&text.chars().count()) && !text.chars().any(char::is_control);
            good.then(|| text.to_owned())
        };
        Ok(Self {
            period,
            reason: params.need("reason", "why, in 1 to 500 characters", text)?,
            form: FileForm::asked(params)?,
        })
    }
}

struct Row {
    redemption: Redemption,
    state: Option<RedemptionState>,
    subsidy: Fen,
    retailer: Option<Retailer>,
    /// The buyer's identity number, and where it was delivered to, in the clear.
    identity: Option<String>,
    address: Option<String>,
}

/// A column that this service has nothing for.
const fn unknown(name: &'static str) -> Column<Row> {
    Column { zh: name, en: name, cell: |_| Cell::Nothing }
}

/// A column with the platform's name of it, which is Chinese whoever asks.
const fn column(name: &'static str, cell: fn(&Row) -> Cell) -> Column<Row> {
    Column { zh: name, en: name, cell }
}

/// The kind of goods, as the platform parts them.
const fn section(category: Category) -> &'static str {
    match category {
        Category::Car => "汽车",
        Category::Ebike => "电动自行车",
        Category::Phone | Category::Tablet | Category::Watch | Category::Glasses => "数码",
        _ => "家电",
    }
}

const COLUMNS: &[Column<Row>] = &[
    column("商户订单号", |row| Cell::text(&row.redemption.id)),
    column("板块类型", |row| Cell::text(&section(row.redemption.category))),
    column("产品名称", |row| Cell::text(&format!("{}{}", row.redemption.item.brand, row.redemption.item.model))),
    column("产品型号", |row| Cell::text(&row.redemption.item.model)),
    column("产品品牌", |row| Cell::text(&row.redemption.item.brand)),
    column("产品品类", |row| Cell::text(&row.redemption.category.zh())),
    unknown("品类编码"),
    column("单位", |row| {
        Cell::text(if matches!(row.redemption.category, Category::Car | Category::Ebike) { &"辆" } else { &"台" })
    }),
    column("数量", |_| Cell::Count(1)),
    column("单价", |row| Cell::Money(row.redemption.price.agreed)),
    column("补贴金额", |row| Cell::Money(row.subsidy)),
    column("总金额", |row| Cell::Money(row.redemption.price.agreed)),
    column("发票号码", |row| Cell::text(&row.redemption.invoice.number)),
    column("发票日期", |row| Cell::Day(row.redemption.invoice.issued_on)),
    column("发票金额", |row| Cell::Money(row.redemption.invoice.total)),
    unknown("发票补贴金额"),
    unknown("发票商品名称"),
    column("商户编码", |row| Cell::perhaps(row.retailer.as_ref().map(|retailer| &retailer.uscc))),
    column("商户名称", |row| Cell::perhaps(row.retailer.as_ref().map(|retailer| &retailer.name))),
    unknown("商户注册地区"),
    // GB 32100: the third to eighth characters are the division of the office of registration.
    column("商户注册地区编码", |row| {
        Cell::perhaps(row.retailer.as_ref().and_then(|one| one.uscc.get(2..8)).map(str::to_owned).as_ref())
    }),
    column("能效等级", |row| {
        row.redemption.item.energy_level.map_or(Cell::Nothing, |level| Cell::Count(level.into()))
    }),
    column("IMEI1", |row| Cell::perhaps(row.redemption.item.imei.as_ref())),
    column("IMEI2", |row| Cell::perhaps(row.redemption.item.imei2.as_ref())),
    unknown("配送方式"),
    column("配送地址", |row| Cell::perhaps(row.address.as_ref())),
    unknown("物流单号"),
    unknown("签收时间"),
    column("买方身份证号", |row| Cell::perhaps(row.identity.as_ref())),
    unknown("卖方身份证号"),
    column("卖方单位", |row| Cell::perhaps(row.retailer.as_ref().map(|retailer| &retailer.name))),
    unknown("单位名称"),
    unknown("单位编码"),
    column("订单创建时间", |row| Cell::Time(row.redemption.at)),
    column("订单更新时间", |row| Cell::Time(row.state.as_ref().map_or(row.redemption.at, |state| state.at))),
];

/// The redemptions of a period as the national platform takes them, identity numbers in the clear
///
/// Thirty-five columns in the platform's order and with its heads; what was undone or refused is not in it. The trail notes who took the
/// file, why, and its digest.
#[utoipa::path(get, path = "/api/v1/exports/national-upload", operation_id = "exportNationalUpload", tag = "bureau",
    params(
        ("from" = inline(Date), Query, description = "First day"),
        ("to" = inline(Date), Query, description = "Last day"),
        ("reason" = String, Query, description = "Why", min_length = 1, max_length = 500),
        ("format" = inline(Option<FileForm>), Query, description = "`csv` unless said otherwise")),
    responses((status = 200, description = "A row for each redemption under a line of heads", content(
        (String = "text/csv"),
        (Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
pub async fn export_national_upload(
    Officer(caller): Officer,
    Asked(asked): Asked<UploadAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let UploadAsked { period, reason, form } = asked;
    let stream = Stream {
        operation: "exportNationalUpload",
        subject: "national-upload".to_owned(),
        name: "national-upload",
        asked: json!({"from": period.from, "to": period.to, "reason": reason}),
        columns: COLUMNS,
        form,
        most: MOST,
    };
    let whole = Arc::clone(&service);
    stream_out(&service, &caller, stream, move |tx, put| fill(tx, &whole, period, put)).await
}

fn fill(tx: &mut Tx<'_>, service: &Service, period: Period, put: Put<'_, Row>) -> Result<(), StoreError> {
    let mut retailers: BTreeMap<Id, Option<Retailer>> = BTreeMap::new();
    let mut after = None;
    loop {
        let mut found = tx.redemptions_of_days(None, (period.from, period.to), after, PAGE)?;
        let Some((last, _)) = found.last() else { return Ok(()) };
        after = Some(last.id);
        found.retain(|(_, progress)| progress.stands());
        let ids: Vec<Id> = found.iter().map(|(redemption, _)| redemption.id).collect();
        let mut raised: BTreeMap<Id, Fen> = BTreeMap::new();
        for adjustment in tx.adjustments_of(&ids)? {
            *raised.entry(adjustment.redemption).or_default() += adjustment.amount;
        }
        let holders: Vec<Id> = found.iter().map(|(redemption, _)| redemption.person).collect();
        let persons: BTreeMap<Id, Person> =
            tx.persons(&holders)?.into_iter().map(|person| (person.id, person)).collect();
        let keys = tx.data_keys(&holders)?;
        let opener = service.vault.opener(&keys);
        for (redemption, progress) in found {
            if let Entry::Vacant(place) = retailers.entry(redemption.retailer) {
                place.insert(tx.retailer(redemption.retailer)?);
            }
            // What was erased cannot be read, and what is restricted is used for nothing.
            let known = persons.get(&redemption.person);
            let known = known.filter(|person| person.erased_at.is_none() && person.restricted_at.is_none());
            let address = known.and(redemption.delivery.address.as_ref());
            let row = Row {
                identity: known.and_then(|person| opener.open(PERSON_ID, &person.number).ok()),
                address: address.and_then(|address| opener.open(TEXT, address).ok()),
                subsidy: redemption.subsidy + raised.get(&redemption.id).copied().unwrap_or_default(),
                retailer: retailers.get(&redemption.retailer).cloned().flatten(),
                state: progress.state,
                redemption,
            };
            if !put(&row) {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The platform's columns in its order.
    const HEADS: &str = "商户订单号, 板块类型, 产品名称, 产品型号, 产品品牌, 产品品类, 品类编码, 单位, 数量, 单价, 补贴金额, 总金额, 发票号码, \
        发票日期, 发票金额, 发票补贴金额, 发票商品名称, 商户编码, 商户名称, 商户注册地区, 商户注册地区编码, 能效等级, IMEI1, IMEI2, 配送方式, 配送地址, \
        物流单号, 签收时间, 买方身份证号, 卖方身份证号, 卖方单位, 单位名称, 单位编码, 订单创建时间, 订单更新时间";

    #[test]
    fn the_columns_are_those_of_the_platform() {
        let heads: Vec<&str> = COLUMNS.iter().map(|column| column.zh).collect();
        assert_eq!(heads.len(), 35);
        assert_eq!(heads, HEADS.split(", ").collect::<Vec<_>>());
    }
}
