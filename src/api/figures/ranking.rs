//! Who sells the most, and takes the most back.

use actix_web::{HttpResponse, web};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{FiguresAsked, percent};
use crate::api::auth::FiguresReader;
use crate::api::body::words::{self, Date, Money};
use crate::api::error::ApiError;
use crate::api::export::table::{Cell, Column, Table};
use crate::api::export::{Export, Workbook, hand_out};
use crate::api::query::Asked;
use crate::api::reports::ReportForm;
use crate::api::server::Service;
use crate::domain::money::Fen;
use crate::domain::rollup::Tally;
use crate::store::Group;

/// Retailers by their sales.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RankingView {
    /// The retailers, the one with the most subsidy first.
    pub rows: Vec<RankedView>,
}

/// A retailer and its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RankedView {
    /// Its place; who have the same sum share one.
    #[schema(minimum = 1)]
    pub rank: usize,
    /// The retailer.
    #[schema(format = "uuid")]
    pub retailer_id: String,
    /// Its name.
    pub name: Option<String>,
    /// Redemptions.
    #[schema(minimum = 0)]
    pub redeemed: i64,
    /// Reversals.
    #[schema(minimum = 0)]
    pub reversed: i64,
    /// Reversals in percent of redemptions; `null` without one.
    #[schema(value_type = Option<words::Decimal>)]
    pub reversed_percent: Option<String>,
    /// Subsidy of redemptions, less that of reversals.
    #[schema(value_type = Money)]
    pub subsidy: String,
    /// In percent of all retailers' together; `null` when that is nothing.
    #[schema(value_type = Option<words::Decimal>)]
    pub share_percent: Option<String>,
}

struct Row {
    rank: usize,
    retailer: String,
    name: Option<String>,
    tally: Tally,
    subsidy: Fen,
    reversed: Option<Decimal>,
    share: Option<Decimal>,
}

const COLUMNS: &[Column<Row>] = &[
    Column { zh: "名次", en: "Rank", cell: |row| Cell::Count(i64::try_from(row.rank).unwrap_or(0)) },
    Column { zh: "商家", en: "Retailer", cell: |row| Cell::perhaps(row.name.as_ref()) },
    Column { zh: "核销", en: "Redeemed", cell: |row| Cell::Count(row.tally.redeemed) },
    Column { zh: "撤销", en: "Reversed", cell: |row| Cell::Count(row.tally.reversed) },
    Column { zh: "撤销率（%）", en: "Reversed (%)", cell: |row| Cell::decimal(row.reversed) },
    Column { zh: "补贴净额", en: "Subsidy", cell: |row| Cell::Money(row.subsidy) },
    Column { zh: "占比（%）", en: "Share (%)", cell: |row| Cell::decimal(row.share) },
    Column { zh: "编号", en: "Identity", cell: |row| Cell::text(&row.retailer) },
];

/// Retailers by the subsidy of what they sold in a period, returns taken away
///
/// A department reader gets the sums of the goods of its tasks alone.
#[utoipa::path(get, path = "/api/v1/reports/retailer-ranking", operation_id = "getRetailerRanking", tag = "reports",
    params(
        ("from" = inline(Option<Date>), Query, description = "First day; the first of all unless said"),
        ("to" = inline(Option<Date>), Query, description = "Last day; the last of all unless said"),
        ("format" = inline(Option<ReportForm>), Query, description = "`json` unless said")),
    responses((status = 200, description = "The retailers", content(
        (RankingView = "application/json"), (String = "text/csv"),
        (Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
pub async fn get_retailer_ranking(
    FiguresReader { caller, sight }: FiguresReader,
    Asked(asked): Asked<FiguresAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let (goods, period) = (sight.categories().to_vec(), asked.period);
    let read = service.division.read(move |tx| {
        let sums = tx.totals_of(&goods, Group::Retailer, period.from, period.to)?;
        Ok((tx.head()?.at, sums, tx.retailer_names()?))
    });
    let (known_at, sums, names) = read.await?;
    let sold = |(retailer, tally): (String, Tally)| {
        // What no retailer has done, such as the issue of a voucher, stands under no key.
        let any = !retailer.is_empty() && (tally.redeemed, tally.reversed) != (0, 0);
        any.then(|| (tally.amount_redeemed - tally.amount_reversed, retailer, tally))
    };
    let mut sums: Vec<(Fen, String, Tally)> = sums.into_iter().filter_map(sold).collect();
    sums.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
    let all: Fen = sums.iter().map(|(subsidy, ..)| *subsidy).sum();
    let mut rows: Vec<Row> = Vec::with_capacity(sums.len());
    for (place, (subsidy, retailer, tally)) in (1..).zip(sums) {
        let shared = rows.last().filter(|before| before.subsidy == subsidy).map(|before| before.rank);
        rows.push(Row {
            rank: shared.unwrap_or(place),
            name: names.get(&retailer).cloned(),
            reversed: percent(tally.reversed, tally.redeemed),
            share: percent(subsidy.0, all.0),
            retailer,
            tally,
            subsidy,
        });
    }
    let Some(form) = asked.file else {
        return Ok(HttpResponse::Ok().json(RankingView { rows: rows.iter().map(RankedView::from).collect() }));
    };
    let export = Export {
        operation: "getRetailerRanking",
        subject: "retailers".to_owned(),
        name: "retailer-ranking",
        asked: json!({"from": period.from, "to": period.to}),
        known_at,
        table: Table::of(COLUMNS, &rows, caller.language),
        form,
    };
    hand_out(&service, &caller, export).await
}

impl From<&Row> for RankedView {
    fn from(row: &Row) -> Self {
        Self {
            rank: row.rank,
            retailer_id: row.retailer.clone(),
            name: row.name.clone(),
            redeemed: row.tally.redeemed,
            reversed: row.tally.reversed,
            reversed_percent: row.reversed.map(|value| value.to_string()),
            subsidy: row.subsidy.to_string(),
            share_percent: row.share.map(|value| value.to_string()),
        }
    }
}
