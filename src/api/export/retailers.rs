//! The retailers as a file.

use actix_web::{HttpResponse, web};
use serde_json::json;

use super::table::{Cell, Column, Table};
use super::{Export, FileForm, Workbook, hand_out};
use crate::api::auth::BureauReader;
use crate::api::error::ApiError;
use crate::api::query::{Asked, Params, Wanted};
use crate::api::server::Service;
use crate::api::view::RetailerView;
use crate::store::{Page, Tx};

/// More retailers than a district has.
const MOST: i64 = 20_000;

const COLUMNS: &[Column<RetailerView>] = &[
    Column { zh: "名称", en: "Name", cell: |row| Cell::text(&row.name) },
    Column { zh: "统一社会信用代码", en: "Unified social credit code", cell: |row| Cell::text(&row.uscc) },
    Column { zh: "状态", en: "Status", cell: |row| Cell::text(&row.status) },
    Column { zh: "区划代码", en: "Divisions", cell: |row| Cell::text(&row.divisions.join(" ")) },
    Column { zh: "参与方案", en: "Programmes", cell: |row| Cell::text(&row.programmes.join(" ")) },
    Column { zh: "开户行", en: "Bank", cell: |row| Cell::text(&row.account.bank) },
    Column { zh: "账号", en: "Account number", cell: |row| Cell::text(&row.account.number) },
    Column { zh: "户名", en: "Account name", cell: |row| Cell::text(&row.account.name) },
    Column { zh: "联系人", en: "Contact", cell: |row| Cell::perhaps(row.contact.as_ref()) },
    Column { zh: "编号", en: "Identity", cell: |row| Cell::text(&row.id) },
];

/// As what the retailers are wanted.
#[derive(Clone, Copy, Debug)]
pub struct RetailersAsked(FileForm);

impl Wanted for RetailersAsked {
    const NAMES: &'static [&'static str] = &["format"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        Ok(Self(FileForm::asked(params)?))
    }
}

/// The retailers as a file, newest first
///
/// Account numbers and contacts are masked. The trail notes who took the file along.
#[utoipa::path(get, path = "/api/v1/exports/retailers", operation_id = "exportRetailers", tag = "bureau",
    params(("format" = inline(Option<FileForm>), Query, description = "`csv` unless said otherwise")),
    responses((status = 200, description = "A row for each retailer under a line of heads", content(
        (String = "text/csv"),
        (Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
pub async fn export_retailers(
    BureauReader(caller): BureauReader,
    Asked(RetailersAsked(form)): Asked<RetailersAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let read = |tx: &mut Tx<'_>| Ok((tx.head()?.at, tx.retailers(Page { after: None, limit: MOST })?));
    let (known_at, rows) = service.division.read(read).await?;
    let views: Vec<RetailerView> = rows.iter().map(RetailerView::from).collect();
    let export = Export {
        operation: "exportRetailers",
        subject: "retailers".to_owned(),
        name: "retailers",
        asked: json!({}),
        known_at,
        table: Table::of(COLUMNS, &views, caller.language),
        form,
    };
    hand_out(&service, &caller, export).await
}
