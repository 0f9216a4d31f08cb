//! Why things are refused: claims, redemptions and turn-ins, by code.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::FiguresAsked;
use crate::api::auth::BureauReader;
use crate::api::body::words::{Date, RefusalCode};
use crate::api::error::ApiError;
use crate::api::export::table::{Cell, Column, Table};
use crate::api::export::{Export, Workbook, hand_out};
use crate::api::query::Asked;
use crate::api::reports::ReportForm;
use crate::api::server::Service;
use crate::domain::refusal::{Code, Language};
use crate::domain::time::{Day, Moment};

/// Refusals by operation and code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RefusalsView {
    /// How many attempts were refused.
    #[schema(minimum = 0)]
    pub attempts: i64,
    /// By operation and code, the most frequent first.
    pub rows: Vec<RefusalsRow>,
}

/// How often a code refused an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RefusalsRow {
    /// The operation, by its word in the trail, such as `redeem_voucher`.
    pub act: String,
    /// The code.
    #[schema(value_type = RefusalCode)]
    pub code: String,
    /// What it means.
    pub title: String,
    /// Attempts that it was among the reasons of.
    #[schema(minimum = 0)]
    pub attempts: i64,
    /// Of these, those whose answer it gave, because it was the most urgent.
    #[schema(minimum = 0)]
    pub as_first: i64,
}

const COLUMNS: &[Column<RefusalsRow>] = &[
    Column { zh: "操作", en: "Operation", cell: |row| Cell::text(&row.act) },
    Column { zh: "代码", en: "Code", cell: |row| Cell::text(&row.code) },
    Column { zh: "含义", en: "Meaning", cell: |row| Cell::text(&row.title) },
    Column { zh: "次数", en: "Attempts", cell: |row| Cell::Count(row.attempts) },
    Column { zh: "作为首要原因", en: "As the first reason", cell: |row| Cell::Count(row.as_first) },
];

/// Refused claims, redemptions and turn-ins of a period by code
///
/// Attempts are kept for 90 days, unless the service is set up otherwise. An attempt with several reasons counts under each.
/// What was sold out leaves no attempt.
#[utoipa::path(get, path = "/api/v1/reports/refusals", operation_id = "getRefusalReport", tag = "reports",
    params(
        ("from" = inline(Option<Date>), Query, description = "First day; the first of all unless said"),
        ("to" = inline(Option<Date>), Query, description = "Last day; the last of all unless said"),
        ("format" = inline(Option<ReportForm>), Query, description = "`json` unless said")),
    responses((status = 200, description = "The codes", content(
        (RefusalsView = "application/json"), (String = "text/csv"),
        (Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
pub async fn get_refusal_report(
    BureauReader(caller): BureauReader,
    Asked(asked): Asked<FiguresAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let period = asked.period;
    let from = period.from.map_or(Moment(0), Day::start);
    let before = period.to.map_or(Moment(i64::MAX), |day| day.next().start());
    // A refusal is no record of the trail: what was refused until now is in what is read after it.
    let known_at = service.division.now();
    let refused = service.division.read(move |tx| tx.refused(from, before)).await?;
    let attempts = refused.iter().map(|(.., count)| count).sum();
    let mut sums: BTreeMap<(String, String), (i64, i64)> = BTreeMap::new();
    for (act, codes, count) in refused {
        for (place, code) in codes.into_iter().enumerate() {
            let sum = sums.entry((act.clone(), code)).or_default();
            sum.0 += count;
            sum.1 += if place == 0 { count } else { 0 };
        }
    }
    let mut rows: Vec<RefusalsRow> =
        sums.into_iter().map(|((act, code), sums)| row(act, code, sums, caller.language)).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.attempts));
    let Some(form) = asked.file else {
        return Ok(HttpResponse::Ok().json(RefusalsView { attempts, rows }));
    };
    let export = Export {
        operation: "getRefusalReport",
        subject: "refusals".to_owned(),
        name: "refusals",
        asked: json!({"from": period.from, "to": period.to}),
        known_at,
        table: Table::of(COLUMNS, &rows, caller.language),
        form,
    };
    hand_out(&service, &caller, export).await
}

/// A code that an older release wrote and this one does not know keeps its word alone.
fn row(act: String, code: String, (attempts, as_first): (i64, i64), language: Language) -> RefusalsRow {
    let known = Code::ALL.iter().find(|known| known.name() == code);
    let title = known.map_or_else(String::new, |known| known.title(language).to_owned());
    RefusalsRow { act, code, title, attempts, as_first }
}
