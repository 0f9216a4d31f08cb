//! The figures: totals, growth over the baseline, and what the bureau enters for it.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{changed, created, unexpected};
use super::auth::{BureauReader, FiguresReader, Officer};
use super::body::{GrowthBaselineBody, OffSystemBody};
use super::entity::JsonBody;
use super::error::ApiError;
use super::idempotency::{IdempotencyKey, Meaning, OptionalKey};
use super::query::{Asked, Params, Wanted};
use super::server::Service;
use super::view::{BaselineView, GrowthView, OffSystemView, TotalsView};
use crate::domain::command::Outcome;
use crate::domain::growth::{Counts, FIRST_YEAR, report};
use crate::domain::records::Baseline;
use crate::domain::time::{Day, Moment};
use crate::store::{Group, StoreError, Tx};

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
        ("from" = Option<String>, Query, description = "First day; the first of all unless said"),
        ("to" = Option<String>, Query, description = "Last day; the last of all unless said"),
        ("group_by" = Option<String>, Query,
            description = "`programme` (unless said), `category`, `retailer`, `store`, `town`, `day`, `month`")),
    responses((status = 200, description = "A row for each key, and their sum", body = TotalsView)))]
pub async fn get_totals_report(
    _: BureauReader,
    Asked(asked): Asked<TotalsAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let TotalsAsked { from, to, group } = asked;
    let rows = service.division.read(move |tx| tx.totals(group, from, to)).await?;
    Ok(HttpResponse::Ok().json(TotalsView::of(&rows)))
}

/// Which year, as known when.
#[derive(Clone, Copy, Debug)]
pub struct GrowthAsked {
    year: Option<i32>,
    as_known_at: Option<Moment>,
}

impl Wanted for GrowthAsked {
    const NAMES: &'static [&'static str] = &["year", "as_known_at"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let year = |text: &str| text.parse().ok().filter(|year| (FIRST_YEAR..=LAST_YEAR).contains(year));
        let year = params.get("year", &format!("{FIRST_YEAR} to {LAST_YEAR}"), year)?;
        // An unescaped plus sign of an offset arrives as a space.
        let moment = |text: &str| Moment::parse(&text.replace(' ', "+")).ok();
        let as_known_at = params.get("as_known_at", "a time such as 2026-06-30T16:00:00Z", moment)?;
        Ok(Self { year, as_known_at })
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
#[utoipa::path(get, path = "/api/v1/reports/appliance-growth", operation_id = "getGrowthReport", tag = "reports",
    params(
        ("year" = Option<i32>, Query, description = "The year asked for; the present one unless said",
            minimum = 2024, maximum = 2100),
        ("as_known_at" = Option<String>, Query, format = DateTime, description = "As it was known then; now unless said")),
    responses((status = 200, description = "The report", body = GrowthAnswer)))]
pub async fn get_growth_report(
    _: FiguresReader,
    Asked(asked): Asked<GrowthAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let now = service.division.now();
    let day = asked.as_known_at.map_or(now, |at| at.min(now)).day();
    let (known_at, baseline, counts) = service.division.read(move |tx| known(tx, asked.as_known_at, day)).await?;
    let year = asked.year.unwrap_or_else(|| day.year().max(FIRST_YEAR));
    let report = GrowthView::from(&report(year, day, baseline, &counts));
    Ok(HttpResponse::Ok().json(GrowthAnswer { as_known_at: known_at, report }))
}

/// What was known: nothing is known beyond the newest record, so the moment is cut to it, though never to before the
/// day of the report.
fn known(
    tx: &mut Tx<'_>,
    asked: Option<Moment>,
    day: Day,
) -> Result<(Moment, Option<Baseline>, Vec<Counts>), StoreError> {
    let newest = tx.head()?.at.max(day.start());
    let at = asked.map_or(newest, |at| at.min(newest));
    let past = (at < newest).then_some(at);
    let completed = tx.completed_by_year(past)?.into_iter();
    let mut counts: Vec<Counts> = completed
        .map(|(year, completed, without_old_item)| Counts { year, completed, without_old_item, off_system: 0 })
        .collect();
    for figure in tx.off_system(past)? {
        let off_system = i64::try_from(figure.count).unwrap_or(i64::MAX);
        counts.push(Counts { year: figure.month / 100, off_system, ..Counts::default() });
    }
    Ok((at, tx.baseline(past)?, counts))
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
    Ok(changed(&answer, &BaselineView::from(baseline)))
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
    Ok(created(&answer, "/reports/appliance-growth", &OffSystemView::from(figure)))
}
