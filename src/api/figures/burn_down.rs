//! How fast the money of each line goes.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::api::auth::FiguresReader;
use crate::api::body::words::{CategoryWord, Date, Money, ProgrammeWord};
use crate::api::error::ApiError;
use crate::api::export::table::{Cell, Column, Table};
use crate::api::export::{Export, FileForm, Workbook, hand_out};
use crate::api::query::{Asked, Params, Wanted};
use crate::api::reports::ReportForm;
use crate::api::server::Service;
use crate::api::view::moment;
use crate::domain::burn_down::{Forecast, WINDOW, forecast};
use crate::domain::goods::Category;
use crate::domain::ledger::Accounts;
use crate::domain::money::Fen;
use crate::domain::time::Day;

/// As a file or not.
#[derive(Clone, Copy, Debug)]
pub struct BurnDownAsked(Option<FileForm>);

impl Wanted for BurnDownAsked {
    const NAMES: &'static [&'static str] = &["format"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        Ok(Self(super::file(params)?))
    }
}

/// How fast the money goes, line by line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BurnDownView {
    /// The newest record that is in it.
    #[schema(format = DateTime)]
    pub as_known_at: String,
    /// The last day of the window.
    #[schema(value_type = Date)]
    pub today: String,
    /// The lines, by programme and category.
    pub lines: Vec<BurnDownLineView>,
}

/// How fast the money of a line goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BurnDownLineView {
    /// Programme.
    #[schema(value_type = ProgrammeWord)]
    pub programme: String,
    /// Category.
    #[schema(value_type = CategoryWord)]
    pub category: String,
    /// What was put in.
    #[schema(value_type = Money)]
    pub appropriation: String,
    /// What was used: owed to retailers, paid, or to be had back.
    #[schema(value_type = Money)]
    pub used: String,
    /// What is promised and not redeemed.
    #[schema(value_type = Money)]
    pub reserved: String,
    /// What may still be promised.
    #[schema(value_type = Money)]
    pub available: String,
    /// What was used in the last 28 days, returns taken away.
    #[schema(value_type = Money)]
    pub used_in_window: String,
    /// The mean of one of them.
    #[schema(value_type = Money)]
    pub per_day: String,
    /// Whole days until nothing is left, reserved or available, at that rate; `null` when it does not go down, or not within
    /// ten years.
    #[schema(minimum = 0)]
    pub days_left: Option<i64>,
    /// The day on which that is.
    #[schema(value_type = Option<Date>)]
    pub exhausted_on: Option<String>,
    /// Each of the 28 days on which something was used or came back.
    pub days: Vec<UsedDayView>,
}

/// What was used on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct UsedDayView {
    /// The day.
    #[schema(value_type = Date)]
    pub day: String,
    /// Redeemed, less what was reversed.
    #[schema(value_type = Money)]
    pub used: String,
}

/// A line with its forecast.
struct Line {
    programme: String,
    category: Category,
    balances: Accounts,
    used: Fen,
    used_in_window: Fen,
    forecast: Forecast,
    days: Vec<(Day, Fen)>,
}

const COLUMNS: &[Column<Line>] = &[
    Column { zh: "方案", en: "Programme", cell: |row| Cell::text(&row.programme) },
    Column { zh: "品类", en: "Category", cell: |row| Cell::text(&row.category) },
    Column { zh: "拨款", en: "Appropriation", cell: |row| Cell::Money(-row.balances.appropriation) },
    Column { zh: "已用", en: "Used", cell: |row| Cell::Money(row.used) },
    Column { zh: "已发未用", en: "Reserved", cell: |row| Cell::Money(row.balances.reserved) },
    Column { zh: "可发", en: "Available", cell: |row| Cell::Money(row.balances.available) },
    Column { zh: "近28日使用", en: "Used in 28 days", cell: |row| Cell::Money(row.used_in_window) },
    Column { zh: "日均", en: "Per day", cell: |row| Cell::Money(row.forecast.per_day) },
    Column {
        zh: "可用天数", en: "Days left", cell: |row| row.forecast.days_left.map_or(Cell::Nothing, Cell::Count)
    },
    Column {
        zh: "预计用完日期",
        en: "Exhausted on",
        cell: |row| row.forecast.exhausted_on.map_or(Cell::Nothing, Cell::Day),
    },
];

/// How fast the money of each line goes, and when it will be gone at the rate of the last 28 days
///
/// A department reader gets the lines of the goods of its tasks alone.
#[utoipa::path(get, path = "/api/v1/reports/burn-down", operation_id = "getBurnDown", tag = "reports",
    params(("format" = inline(Option<ReportForm>), Query, description = "`json` unless said")),
    responses((status = 200, description = "The lines", content(
        (BurnDownView = "application/json"), (String = "text/csv"),
        (Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
pub async fn get_burn_down(
    FiguresReader { caller, sight }: FiguresReader,
    Asked(BurnDownAsked(file)): Asked<BurnDownAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let today = service.division.now().day();
    let from = Day(today.0 - chrono::Days::new(WINDOW.unsigned_abs().saturating_sub(1)));
    let read = service.division.read(move |tx| Ok((tx.head()?.at, tx.lines(None)?, tx.used(from, today)?)));
    let (known_at, lines, used) = read.await?;
    let mut days: BTreeMap<(String, Category), Vec<(Day, Fen)>> = BTreeMap::new();
    for (programme, category, day, fen) in used {
        days.entry((programme, category)).or_default().push((day, fen));
    }
    let seen = lines.into_iter().filter(|line| sight.categories().contains(&line.category));
    let lines: Vec<Line> = seen
        .map(|line| {
            let balances = line.balances;
            let days = days.remove(&(line.programme.clone(), line.category)).unwrap_or_default();
            let used_in_window = days.iter().map(|(_, fen)| *fen).sum();
            Line {
                used: balances.payable + balances.paid + balances.clawback,
                forecast: forecast(balances.available + balances.reserved, used_in_window, today),
                programme: line.programme,
                category: line.category,
                balances,
                used_in_window,
                days,
            }
        })
        .collect();
    let Some(form) = file else {
        let lines = lines.iter().map(BurnDownLineView::from).collect();
        let view = BurnDownView { as_known_at: moment(known_at), today: today.to_string(), lines };
        return Ok(HttpResponse::Ok().json(view));
    };
    let export = Export {
        operation: "getBurnDown",
        subject: "burn-down".to_owned(),
        name: "burn-down",
        asked: json!({}),
        known_at,
        table: Table::of(COLUMNS, &lines, caller.language),
        form,
    };
    hand_out(&service, &caller, export).await
}

impl From<&Line> for BurnDownLineView {
    fn from(line: &Line) -> Self {
        let day = |(day, fen): &(Day, Fen)| UsedDayView { day: day.to_string(), used: fen.to_string() };
        Self {
            programme: line.programme.clone(),
            category: line.category.name().to_owned(),
            appropriation: (-line.balances.appropriation).to_string(),
            used: line.used.to_string(),
            reserved: line.balances.reserved.to_string(),
            available: line.balances.available.to_string(),
            used_in_window: line.used_in_window.to_string(),
            per_day: line.forecast.per_day.to_string(),
            days_left: line.forecast.days_left,
            exhausted_on: line.forecast.exhausted_on.map(|day| day.to_string()),
            days: line.days.iter().map(day).collect(),
        }
    }
}
