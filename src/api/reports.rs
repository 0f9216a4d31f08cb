//! The figures: totals, growth over the baseline, and what the bureau enters for it.

use actix_web::{HttpResponse, web};

use super::answer::{changed, created, unexpected};
use super::auth::{BureauReader, Officer};
use super::body::{GrowthBaselineBody, OffSystemBody};
use super::entity::JsonBody;
use super::error::ApiError;
use super::idempotency::{IdempotencyKey, Meaning, OptionalKey};
use super::query::{Asked, Params, Wanted};
use super::server::Service;
use super::view::{BaselineView, OffSystemView, TotalsView};
use crate::domain::command::Outcome;
use crate::domain::time::Day;
use crate::store::Group;

const GROUPS: &[(&str, Group)] = &[
    ("programme", Group::Programme),
    ("category", Group::Category),
    ("retailer", Group::Retailer),
    ("store", Group::Store),
    ("town", Group::Town),
    ("day", Group::Day),
    ("month", Group::Month),
];

/// Of which days, grouped by what.
#[derive(Debug)]
pub struct TotalsAsked {
    from: Option<Day>,
    to: Option<Day>,
    group: Group,
}

impl Wanted for TotalsAsked {
    const NAMES: &'static [&'static str] = &["from", "to", "group_by"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let words: Vec<&str> = GROUPS.iter().map(|(word, _)| *word).collect();
        let group = |text: &str| GROUPS.iter().find(|(word, _)| *word == text).map(|(_, group)| *group);
        let (from, to) = (params.get("from", A_DAY, day)?, params.get("to", A_DAY, day)?);
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(ApiError::malformed("from after to", "from not after to"));
        }
        let group = params.get("group_by", &words.join(", "), group)?.unwrap_or(Group::Programme);
        Ok(Self { from, to, group })
    }
}

const A_DAY: &str = "a day such as 2026-01-31";

/// A day in its one spelling, of a year that a report may name.
fn day(text: &str) -> Option<Day> {
    let day: Day = serde_json::from_value(text.into()).ok()?;
    (text.len() == 10 && (2000..=2999).contains(&day.year())).then_some(day)
}

/// Vouchers and money of a period, by programme, category, retailer, store, town, day or month
#[utoipa::path(get, path = "/api/v1/reports/totals", operation_id = "getTotalsReport", tag = "reports",
    params(
        ("from" = Option<String>, Query, description = "First day; 1 January of the last day's year unless said"),
        ("to" = Option<String>, Query, description = "Last day; today unless said"),
        ("group_by" = Option<String>, Query,
            description = "`programme` (unless said), `category`, `retailer`, `store`, `town`, `day`, `month`")),
    responses((status = 200, description = "A row for each key, and their sum", body = TotalsView)))]
pub async fn get_totals_report(
    _: BureauReader,
    Asked(asked): Asked<TotalsAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let group = asked.group;
    let to = asked.to.unwrap_or_else(|| service.division.now().day());
    let new_year = Day::from_number(to.year() * 10_000 + 101).unwrap_or(to);
    let from = asked.from.unwrap_or(new_year);
    let rows = service.division.read(move |tx| tx.totals(group, from, to)).await?;
    Ok(HttpResponse::Ok().json(TotalsView::of(&rows)))
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
    let answer = service.act_by_content(&caller, key, &meaning, act).await?;
    let Outcome::Baseline(baseline) = &answer.outcome else { return Err(unexpected()) };
    Ok(changed(&answer, &BaselineView::of(baseline)))
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
    Ok(created(&answer, "/reports/appliance-growth", &OffSystemView::of(figure)))
}

/// How far the district is on its way to 30 % more appliance trade-ins than in 2023
#[utoipa::path(get, path = "/api/v1/reports/appliance-growth", operation_id = "getGrowthReport", tag = "reports",
    responses((status = 200, description = "The report", body = super::view::GrowthView)))]
pub async fn get_growth_report(_: super::auth::FiguresReader) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(super::view::GrowthView::of()))
}
