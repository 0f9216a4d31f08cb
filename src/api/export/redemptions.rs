//! Redemptions as a file: a retailer's own for its books, everybody's for the bureau's.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use serde_json::json;

use super::table::{Cell, Column};
use super::{FileForm, Put, Stream, Workbook, stream_out};
use crate::api::auth::RedemptionsReader;
use crate::api::body::words::Date;
use crate::api::error::ApiError;
use crate::api::masks::buyers;
use crate::api::query::{Asked, Params, Wanted};
use crate::api::reports::Period;
use crate::api::server::Service;
use crate::domain::goods::{FundingSource, NewItem};
use crate::domain::id::Id;
use crate::domain::money::Fen;
use crate::domain::records::{Redemption, RedemptionStatus};
use crate::domain::settlement::Progress;
use crate::store::{StoreError, Tx};

/// Rows of one file, which a sheet holds; a longer period is asked for in parts.
const MOST: u64 = 1_000_000;
/// Redemptions that are read at a time.
const PAGE: i64 = 1000;

/// A redemption with what its row tells beside it.
struct Row {
    redemption: Redemption,
    progress: Progress,
    /// The buyer, masked.
    buyer: Option<String>,
    /// What later versions added.
    raised: Fen,
    retailer: Option<String>,
    store: Option<String>,
}

impl Row {
    fn status(&self) -> String {
        self.progress.status().to_string()
    }

    /// What was said at the step that led to one of these states.
    fn reason(&self, states: &[RedemptionStatus]) -> Option<&String> {
        self.progress.state.as_ref().filter(|state| states.contains(&state.status)).map(|state| &state.reason)
    }

    fn funded(&self, source: FundingSource) -> Fen {
        self.redemption.funding.iter().filter(|share| share.source == source).map(|share| share.amount).sum()
    }
}

const COLUMNS: &[Column<Row>] = &[
    Column {
        zh: "核销时间（北京时间）", en: "Redeemed at (Beijing)", cell: |row| Cell::Time(row.redemption.at)
    },
    Column { zh: "状态", en: "Status", cell: |row| Cell::text(&row.status()) },
    Column { zh: "方案", en: "Programme", cell: |row| Cell::text(&row.redemption.programme) },
    Column { zh: "版本", en: "Version", cell: |row| Cell::Count(row.redemption.version.into()) },
    Column { zh: "品类", en: "Category", cell: |row| Cell::text(&row.redemption.category) },
    Column { zh: "商家", en: "Retailer", cell: |row| Cell::perhaps(row.retailer.as_ref()) },
    Column { zh: "门店", en: "Store", cell: |row| Cell::perhaps(row.store.as_ref()) },
    Column { zh: "乡镇街道", en: "Town", cell: |row| Cell::text(&row.redemption.town) },
    Column { zh: "品牌", en: "Brand", cell: |row| Cell::text(&row.redemption.item.brand) },
    Column { zh: "型号", en: "Model", cell: |row| Cell::text(&row.redemption.item.model) },
    Column { zh: "新品编码", en: "Code of the new item", cell: |row| Cell::perhaps(code(&row.redemption.item)) },
    Column { zh: "标价", en: "List price", cell: |row| Cell::Money(row.redemption.price.list) },
    Column { zh: "优惠", en: "Discounts", cell: |row| Cell::Money(row.redemption.price.discounts) },
    Column { zh: "成交价", en: "Price", cell: |row| Cell::Money(row.redemption.price.agreed) },
    Column { zh: "补贴", en: "Subsidy", cell: |row| Cell::Money(row.redemption.subsidy) },
    Column { zh: "补差", en: "Adjustments", cell: |row| Cell::Money(row.raised) },
    Column { zh: "中央资金", en: "Central", cell: |row| Cell::Money(row.funded(FundingSource::Central)) },
    Column { zh: "省级资金", en: "Province", cell: |row| Cell::Money(row.funded(FundingSource::Province)) },
    Column { zh: "区级资金", en: "District", cell: |row| Cell::Money(row.funded(FundingSource::District)) },
    Column { zh: "商家让利", en: "Merchant", cell: |row| Cell::Money(row.funded(FundingSource::Merchant)) },
    Column { zh: "消费者实付", en: "Consumer pays", cell: |row| Cell::Money(row.redemption.consumer_pays) },
    Column { zh: "发票号码", en: "Invoice", cell: |row| Cell::text(&row.redemption.invoice.number) },
    Column { zh: "开票日期", en: "Invoice day", cell: |row| Cell::Day(row.redemption.invoice.issued_on) },
    Column { zh: "购买方", en: "Buyer", cell: |row| Cell::perhaps(row.buyer.as_ref()) },
    Column {
        zh: "撤销原因",
        en: "Why reversed",
        cell: |row| Cell::perhaps(row.reason(&[RedemptionStatus::Reversed, RedemptionStatus::ClawedBack])),
    },
    Column {
        zh: "拒付原因或重新申报说明",
        en: "Why refused, or what was said when handed in again",
        cell: |row| Cell::perhaps(row.reason(&[RedemptionStatus::Rejected, RedemptionStatus::Resubmitted])),
    },
    Column { zh: "券编号", en: "Voucher", cell: |row| Cell::text(&row.redemption.voucher) },
    Column { zh: "编号", en: "Identity", cell: |row| Cell::text(&row.redemption.id) },
];

/// The code by which the new item counts once.
fn code(item: &NewItem) -> Option<&String> {
    item.vin.as_ref().or(item.ebike_code.as_ref()).or(item.serial_number.as_ref()).or(item.imei.as_ref())
}

/// Which redemptions are wanted, and as what.
#[derive(Clone, Copy, Debug)]
pub struct RedemptionsAsked {
    period: Period,
    form: FileForm,
}

impl Wanted for RedemptionsAsked {
    const NAMES: &'static [&'static str] = &["from", "to", "format"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        Ok(Self { period: Period::asked(params)?, form: FileForm::asked(params)? })
    }
}

/// The redemptions of a period as a file, oldest first: a retailer's manager gets its own, the bureau all
///
/// Buyers are masked. At most 1000000 redemptions; of more, a shorter period is asked for. The trail notes who took the
/// file along.
#[utoipa::path(get, path = "/api/v1/exports/redemptions", operation_id = "exportRedemptions", tag = "retailer",
    params(
        ("from" = inline(Option<Date>), Query, description = "First day; the first of all unless said"),
        ("to" = inline(Option<Date>), Query, description = "Last day; the last of all unless said"),
        ("format" = inline(Option<FileForm>), Query, description = "`csv` unless said otherwise")),
    responses((status = 200, description = "A row for each redemption under a line of heads", content(
        (String = "text/csv"),
        (Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
pub async fn export_redemptions(
    reader: RedemptionsReader,
    Asked(asked): Asked<RedemptionsAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let RedemptionsReader { caller, of } = reader;
    let RedemptionsAsked { period, form } = asked;
    let stream = Stream {
        operation: "exportRedemptions",
        subject: of.map_or_else(|| "redemptions".to_owned(), |retailer| retailer.to_string()),
        name: "redemptions",
        asked: json!({"from": period.from, "to": period.to}),
        columns: COLUMNS,
        form,
        most: MOST,
    };
    stream_out(&service, &caller, stream, move |tx, put| fill(tx, of, period, put)).await
}

/// Reads the redemptions page by page.
fn fill(tx: &mut Tx<'_>, of: Option<Id>, period: Period, put: Put<'_, Row>) -> Result<(), StoreError> {
    let (retailers, stores) = (tx.retailer_names()?, tx.store_names()?);
    let mut after = None;
    loop {
        let found = tx.redemptions_of_days(of, (period.from, period.to), after, PAGE)?;
        let Some((last, _)) = found.last() else { return Ok(()) };
        after = Some(last.id);
        let ids: Vec<Id> = found.iter().map(|(redemption, _)| redemption.id).collect();
        let mut raised: BTreeMap<Id, Fen> = BTreeMap::new();
        for adjustment in tx.adjustments_of(&ids)? {
            *raised.entry(adjustment.redemption).or_default() += adjustment.amount;
        }
        let buyers = buyers(tx, found.iter().map(|(redemption, _)| redemption))?;
        for (redemption, progress) in found {
            let row = Row {
                buyer: buyers.get(&redemption.person).cloned(),
                raised: raised.get(&redemption.id).copied().unwrap_or_default(),
                retailer: retailers.get(&redemption.retailer.to_string()).cloned(),
                store: stores.get(&redemption.store.to_string()).cloned(),
                redemption,
                progress,
            };
            if !put(&row) {
                return Ok(());
            }
        }
    }
}
