//! The growth report, and what the bureau enters for it.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{changed, created, unexpected};
use super::auth::{GrowthReader, Officer};
use super::body::words::Month;
use super::body::{GrowthBaselineBody, OffSystemBody, month};
use super::entity::JsonBody;
use super::error::ApiError;
use super::idempotency::{IdempotencyKey, Meaning, OptionalKey};
use super::page::Paging;
use super::query::{Asked, Params, Wanted};
use super::server::Service;
use super::view::{BaselineView, GrowthView, ListView, OffSystemView};
use crate::domain::command::Outcome;
use crate::domain::growth::{FIRST_YEAR, Known, known_at, report, says};
use crate::domain::records::{Baseline, OffSystem};
use crate::domain::time::Moment;
use crate::store::{StoreError, Tx};

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
///
/// Every year from 2024 to the one asked for. Until the figure of 2023 is entered, `baseline`, `target` and every
/// percentage are `null`. Asked again with the answer's `as_known_at`, it answers the same.
#[utoipa::path(get, path = "/api/v1/reports/appliance-growth", operation_id = "getGrowthReport", tag = "reports",
    params(
        ("year" = Option<i32>, Query, description = "The year asked for; the present one unless said",
            minimum = 2024, maximum = 2100),
        ("as_known_at" = Option<String>, Query, format = DateTime, description = "As it was known then; now unless said")),
    responses((status = 200, description = "The report", body = GrowthAnswer)))]
pub async fn get_growth_report(
    GrowthReader(caller): GrowthReader,
    Asked(asked): Asked<GrowthAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let now = service.division.now();
    let (at, known) = service.division.read(move |tx| known(tx, asked.as_known_at, now)).await?;
    let year = asked.year.unwrap_or_else(|| at.day().year().max(FIRST_YEAR));
    let report = GrowthView::of(&report(year, at.day(), known), caller.language);
    Ok(HttpResponse::Ok().json(GrowthAnswer { as_known_at: at, report }))
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
