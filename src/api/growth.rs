//! The growth report, and what the bureau enters for it.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::answer::{changed, created, unexpected};
use super::auth::{Caller, GrowthReader, Officer};
use super::body::words::{GrowthFormWord, Month};
use super::body::{GrowthBaselineBody, OffSystemBody, month};
use super::entity::JsonBody;
use super::error::ApiError;
use super::export::growth_chart::draw;
use super::export::growth_page::{Imprint, lay_out};
use super::export::table::{Cell, Column, Table};
use super::export::{Export, FileForm, Workbook, hand_out, hand_out_text};
use super::idempotency::{IdempotencyKey, Meaning, OptionalKey};
use super::page::Paging;
use super::query::{Asked, Params, Wanted};
use super::server::Service;
use super::view::{BaselineView, GrowthView, ListView, OffSystemView};
use crate::domain::command::Outcome;
use crate::domain::goods::words;
use crate::domain::growth::{FIRST_YEAR, Known, Report, Year, known_at, report, says};
use crate::domain::records::{Baseline, OffSystem};
use crate::domain::time::Moment;
use crate::store::{StoreError, Tx};

/// Which year, as known when.
#[derive(Clone, Copy, Debug)]
pub struct GrowthAsked {
    year: Option<i32>,
    as_known_at: Option<Moment>,
    form: GrowthForm,
}

words! {
    /// As what the growth report is wanted.
    GrowthForm {
        /// As the API answers.
        Json = "json",
        /// Comma-separated values, UTF-8 with a byte order mark.
        Csv = "csv",
        /// A workbook.
        Xlsx = "xlsx",
        /// A chart.
        Svg = "svg",
        /// A page to be printed.
        Html = "html",
    }
}

impl Wanted for GrowthAsked {
    const NAMES: &'static [&'static str] = &["year", "as_known_at", "format"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let year = |text: &str| text.parse().ok().filter(|year| (FIRST_YEAR..=LAST_YEAR).contains(year));
        let year = params.get("year", &format!("{FIRST_YEAR} to {LAST_YEAR}"), year)?;
        // An unescaped plus sign of an offset arrives as a space.
        let moment = |text: &str| Moment::parse(&text.replace(' ', "+")).ok();
        let as_known_at = params.get("as_known_at", "a time such as 2026-06-30T16:00:00Z", moment)?;
        let form = params.get("format", "json, csv, xlsx, svg, html", GrowthForm::from_name)?;
        Ok(Self { year, as_known_at, form: form.unwrap_or(GrowthForm::Json) })
    }
}

/// The last year for which a report can be asked.
const LAST_YEAR: i32 = 2100;

/// The report, and what was known when it was made; asked for again as known at that moment, it is the same.
#[derive(Debug, Serialize, ToSchema)]
pub struct GrowthAnswer {
    /// As known at this moment.
    #[schema(value_type = String, format = DateTime, example = "2026-06-30T15:59:59.000000Z")]
    as_known_at: Moment,
    /// The report.
    #[serde(flatten)]
    report: GrowthView,
}

/// How far the district is on its way to 30 % more appliance trade-ins than in 2023
///
/// Every year from 2024 to the one asked for. Until the figure of 2023 is entered, `baseline`, `target` and every
/// percentage are `null`. Asked again with the answer's `as_known_at`, it answers the same. As a table it has a row for each
/// year; as a chart (SVG) or a page to be printed (HTML) it is for the file. The trail notes who took a file along.
#[utoipa::path(get, path = "/api/v1/reports/appliance-growth", operation_id = "getGrowthReport", tag = "reports",
    params(
        ("year" = Option<i32>, Query, description = "The year asked for; the present one unless said",
            minimum = 2024, maximum = 2100),
        ("as_known_at" = Option<String>, Query, format = DateTime, description = "As it was known then; now unless said"),
        ("format" = inline(Option<GrowthFormWord>), Query, description = "`json` unless said")),
    responses((status = 200, description = "The report", content(
        (GrowthAnswer = "application/json"), (String = "text/csv"), (String = "image/svg+xml"), (String = "text/html"),
        (Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
pub async fn get_growth_report(
    GrowthReader(caller): GrowthReader,
    Asked(asked): Asked<GrowthAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let now = service.division.now();
    let (at, known) = service.division.read(move |tx| known(tx, asked.as_known_at, now)).await?;
    let year = asked.year.unwrap_or_else(|| at.day().year().max(FIRST_YEAR));
    let report = report(year, at.day(), known);
    let answer = GrowthAnswer { as_known_at: at, report: GrowthView::of(&report, caller.language) };
    let form = match asked.form {
        GrowthForm::Json => return Ok(HttpResponse::Ok().json(answer)),
        GrowthForm::Csv => FileForm::Csv,
        GrowthForm::Xlsx => FileForm::Xlsx,
        GrowthForm::Svg | GrowthForm::Html => return document(&service, &caller, asked.form, &report, &answer).await,
    };
    let export = Export {
        operation: "getGrowthReport",
        subject: "appliance-growth".to_owned(),
        name: "appliance-growth",
        asked: json!({"year": year, "as_known_at": at}),
        known_at: at,
        table: Table::of(COLUMNS, &report.years, caller.language),
        form,
    };
    hand_out(&service, &caller, export).await
}

/// The columns of the report as a table.
const COLUMNS: &[Column<Year>] = &[
    Column { zh: "年份", en: "Year", cell: |row| Cell::Count(row.year.into()) },
    Column { zh: "系统内完成", en: "Completed", cell: |row| Cell::Count(row.completed) },
    Column { zh: "系统外", en: "Off-system", cell: |row| Cell::Count(row.off_system) },
    Column { zh: "合计", en: "Actual", cell: |row| Cell::Count(row.actual) },
    Column {
        zh: "无交旧的补贴销售",
        en: "Subsidised without old item",
        cell: |row| Cell::Count(row.subsidised_without_old_item),
    },
    Column { zh: "年度路径", en: "Path", cell: |row| Cell::decimal(row.path) },
    Column { zh: "超前", en: "Ahead by", cell: |row| Cell::decimal(row.ahead_by) },
    Column { zh: "占路径（%）", en: "Percent of path", cell: |row| Cell::decimal(row.percent_of_path) },
    Column { zh: "增长（%）", en: "Growth (%)", cell: |row| Cell::decimal(row.growth_percent) },
    Column {
        zh: "完成所需增长（%）",
        en: "Share of required growth (%)",
        cell: |row| Cell::decimal(row.share_of_required_growth_percent),
    },
];

/// The report as a picture or a page.
async fn document(
    service: &Service,
    caller: &Caller,
    form: GrowthForm,
    report: &Report,
    answer: &GrowthAnswer,
) -> Result<HttpResponse, ApiError> {
    let year = report.years.last().map(|year| year.year);
    let asked = json!({"year": year, "as_known_at": answer.as_known_at});
    let (kind, text) = if form == GrowthForm::Svg {
        (("getGrowthReport", "appliance-growth", "svg", "image/svg+xml"), draw(report, caller.language))
    } else {
        let told = serde_json::to_vec(answer).map_err(|why| ApiError::Internal(why.to_string()))?;
        let imprint = Imprint {
            known_at: answer.as_known_at,
            at: service.division.now(),
            made_by: format!("{} {}", caller.actor.role, caller.actor.id),
            division: service.division.code().to_owned(),
            sha256: hex::encode(Sha256::digest(told)),
        };
        let page = lay_out(report, &imprint, caller.language);
        (("getGrowthReport", "appliance-growth", "html", "text/html; charset=utf-8"), page)
    };
    hand_out_text(service, caller, kind, asked, text).await
}

/// The moment of the report, and what was known then.
fn known(tx: &mut Tx<'_>, asked: Option<Moment>, now: Moment) -> Result<(Moment, Known), StoreError> {
    let newest = tx.head()?.at;
    let at = known_at(asked, now, newest);
    // As of the newest record everything is known, and no entry need be looked at.
    let past = (at < newest).then_some(at);
    let known = Known { baseline: tx.baseline(past)?, counted: tx.appliances(past)?, off_system: tx.off_system(past)? };
    Ok((at, known))
}

/// Enter the figure of 2023; the newest entry counts, the older ones stay
#[utoipa::path(put, path = "/api/v1/reports/appliance-growth/baseline", operation_id = "setGrowthBaseline",
    tag = "reports", request_body = GrowthBaselineBody,
    responses((status = 200, description = "The baseline", body = BaselineView)))]
pub async fn set_growth_baseline(
    Officer(caller): Officer,
    key: OptionalKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let act = body.read::<GrowthBaselineBody>()?.into_act()?;
    let meaning = Meaning::of("setGrowthBaseline").body(body.value());
    // The newest that says something else: what this one, or its repeat, takes the place of.
    let same = act.clone();
    let replaced = move |tx: &mut Tx<'_>| Ok(tx.baselines()?.into_iter().find(|row| !says(row, &same)));
    let replaced = service.division.read(replaced).await?.map(|row| row.id);
    let answer = service.act_by_content(&caller, key, &meaning, replaced, act).await?;
    let Outcome::Baseline(baseline) = &answer.outcome else { return Err(unexpected()) };
    Ok(changed(&answer, &BaselineView::of(baseline, true)))
}

/// The figures of 2023 that were entered, the newest first; the first of all counts
#[utoipa::path(get, path = "/api/v1/reports/appliance-growth/baseline", operation_id = "listGrowthBaselines",
    tag = "reports", params(Paging),
    responses((status = 200, description = "A page of baselines", body = ListView<BaselineView>)))]
pub async fn list_growth_baselines(
    GrowthReader(caller): GrowthReader,
    Asked(paging): Asked<Paging>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reading = paging.of(caller.actor.id, "baselines")?;
    let (rows, newest) = service.division.read(|tx| Ok((tx.baselines()?, tx.baseline(None)?))).await?;
    let newest = newest.map(|row| row.id);
    let view = |row: Baseline| BaselineView::of(&row, newest == Some(row.id));
    Ok(HttpResponse::Ok().json(reading.cut(rows, |row| row.id, view)))
}

/// Enter a month's trade-ins outside the service; the newest entry of a month counts
#[utoipa::path(post, path = "/api/v1/reports/appliance-growth/off-system", operation_id = "recordOffSystemTradeIns",
    tag = "reports", request_body = OffSystemBody,
    responses((status = 201, description = "The month's figure", body = OffSystemView)))]
pub async fn record_off_system_trade_ins(
    Officer(caller): Officer,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let act = body.read::<OffSystemBody>()?.into_act(service.division.now().day())?;
    let meaning = Meaning::of("recordOffSystemTradeIns").body(body.value());
    let answer = service.act(&caller, &key, &meaning, act).await?;
    let Outcome::OffSystem(figure) = &answer.outcome else { return Err(unexpected()) };
    Ok(created(&answer, "/reports/appliance-growth/off-system", &OffSystemView::of(figure, true)))
}

/// Which entries.
#[derive(Debug)]
pub struct OffSystemAsked {
    paging: Paging,
    month: Option<i32>,
}

impl Wanted for OffSystemAsked {
    const NAMES: &'static [&'static str] = &["limit", "cursor", "month"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let month = params.get("month", &format!("a month from {FIRST_YEAR}-01 on, such as 2026-05"), month)?;
        Ok(Self { paging: Paging::take(params)?, month })
    }
}

/// The trade-ins outside the service that were entered, the newest first; of each month the first counts
#[utoipa::path(get, path = "/api/v1/reports/appliance-growth/off-system", operation_id = "listOffSystemTradeIns",
    tag = "reports",
    params(Paging, ("month" = inline(Option<Month>), Query, description = "Of this month alone")),
    responses((status = 200, description = "A page of figures", body = ListView<OffSystemView>)))]
pub async fn list_off_system_trade_ins(
    GrowthReader(caller): GrowthReader,
    Asked(asked): Asked<OffSystemAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reading = asked.paging.of(caller.actor.id, "off-system")?;
    let rows = service.division.read(move |tx| tx.off_system_entries(asked.month)).await?;
    let mut months = BTreeSet::new();
    let newest: BTreeSet<_> = rows.iter().filter(|row| months.insert(row.month)).map(|row| row.id).collect();
    let view = |row: OffSystem| OffSystemView::of(&row, newest.contains(&row.id));
    Ok(HttpResponse::Ok().json(reading.cut(rows, |row| row.id, view)))
}
