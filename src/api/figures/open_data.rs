//! What everybody may know: months that are over, by category, and no number that is so small that somebody could be known
//! by it.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::auth::Anybody;
use crate::api::body::words::{CategoryWord, Money, Month};
use crate::api::error::ApiError;
use crate::api::query::{Asked, Nothing};
use crate::api::server::Service;
use crate::domain::goods::Category;
use crate::domain::money::Fen;

/// Fewer redemptions than this are not told.
pub const SMALLEST: i64 = 10;

/// Published figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OpenDataView {
    /// Fewer redemptions than this are not told.
    pub smallest: i64,
    /// By month and category, the oldest month first.
    pub rows: Vec<OpenDataRow>,
}

/// A category in a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OpenDataRow {
    /// A month that is over.
    #[schema(value_type = Month)]
    pub month: String,
    /// Category.
    #[schema(value_type = CategoryWord)]
    pub category: String,
    /// Redemptions, less returns; `null` when there are too few to be told.
    pub redemptions: Option<i64>,
    /// Their subsidy; `null` with them.
    #[schema(value_type = Option<Money>)]
    pub subsidy: Option<String>,
}

/// Redemptions and subsidies for everybody, by month and category
///
/// Only months that are over. A cell of fewer than ten redemptions is not told, and no sum is told from which it could be
/// had.
#[utoipa::path(get, path = "/api/v1/open-data/redemptions", operation_id = "getOpenData", tag = "public",
    responses((status = 200, description = "The figures", body = OpenDataView)))]
pub async fn get_open_data(
    _: Anybody,
    _: Asked<Nothing>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let this_month = service.division.now().day().number() / 100;
    let cells = service.division.read(move |tx| tx.standing(this_month)).await?;
    let rows = cells.into_iter().filter_map(row).collect();
    Ok(HttpResponse::Ok().json(OpenDataView { smallest: SMALLEST, rows }))
}

/// A cell without anything in it is no cell: that nothing was sold says nothing about anybody.
fn row((month, category, count, amount): (i32, Category, i64, Fen)) -> Option<OpenDataRow> {
    let told = count >= SMALLEST;
    (count != 0 || amount != Fen::ZERO).then(|| OpenDataRow {
        month: format!("{:04}-{:02}", month / 100, month % 100),
        category: category.name().to_owned(),
        redemptions: told.then_some(count),
        subsidy: told.then(|| amount.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_cell_is_not_told_and_an_empty_one_is_none() {
        let of = |count, fen| row((202_605, Category::Car, count, Fen(fen))).map(|row| (row.redemptions, row.subsidy));
        assert_eq!(of(10, 1000), Some((Some(10), Some("10.00".into()))));
        assert_eq!(of(9, 1000), Some((None, None)));
        assert_eq!(of(-1, -5), Some((None, None)));
        assert_eq!(of(0, 0), None);
    }
}
