//! What retailers are paid: the statement, settlements and their lines.

pub mod bank_files;
pub mod payment;
pub mod recovery;
pub mod steps;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use actix_web::{HttpResponse, web};

use super::answer::{created, unexpected};
use super::auth::{SettlementReader, SettlementSubmitter};
use super::body::SubmitSettlementBody;
use super::body::words::SettlementStatusWord;
use super::entity::JsonBody;
use super::error::ApiError;
use super::idempotency::{IdempotencyKey, Meaning};
use super::page::Paging;
use super::query::{A_DAY, Asked, Nothing, Params, PathId, Wanted, day};
use super::server::Service;
use super::view::{LineRejectionView, ListView, SettlementLineView, SettlementView, StatementView};
use crate::domain::adjustment::Adjustment;
use crate::domain::calendar::Calendars;
use crate::domain::command::{Act, Outcome, SubmitSettlement};
use crate::domain::id::Id;
use crate::domain::money::Fen;
use crate::domain::records::Redemption;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::settlement::{Progress, Settlement, SettlementStatus};
use crate::domain::time::Day;
use crate::store::{StoreError, Tx};

/// How settlements are approved, and how their terms are counted.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Above this amount two approvers are needed.
    pub ceiling: Option<Fen>,
    /// Which days are working days.
    pub calendars: Arc<Calendars>,
}

/// The ceiling unless said otherwise: one million yuan.
pub const CEILING: Fen = Fen(100_000_000);

impl Default for Terms {
    /// With the calendars that come with the service.
    fn default() -> Self {
        let mut calendars = Calendars::default();
        if let Err(why) = calendars.add(include_str!("../../../calendars/2026.toml")) {
            tracing::error!(%why, "a calendar that comes with the service cannot be used");
        }
        Self { ceiling: Some(CEILING), calendars: Arc::new(calendars) }
    }
}

/// Which period of which retailer.
#[derive(Debug)]
pub struct StatementAsked {
    retailer: Option<Id>,
    from: Day,
    to: Day,
}

impl Wanted for StatementAsked {
    const NAMES: &'static [&'static str] = &["retailer_id", "from", "to"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let retailer = params.get("retailer_id", "a UUID", |text| text.parse().ok())?;
        let from = params.need("from", A_DAY, day)?;
        let to = params.need("to", A_DAY, day)?;
        if to < from {
            return Err(Refusal::at(Code::BodyMalformed, "/to").found(to).expected(format!("{from} or later")).into());
        }
        Ok(Self { retailer, from, to })
    }
}

/// What a retailer is owed for a period and no settlement has yet
///
/// Lines and amount are what `submitSettlement` asks for. A manager sees her own retailer's; the bureau names one.
#[utoipa::path(get, path = "/api/v1/settlements/statement", operation_id = "getStatement", tag = "retailer",
    params(
        ("retailer_id" = Option<String>, Query, format = "uuid", description = "The retailer; a manager's own unless said"),
        ("from" = String, Query, format = "date", description = "First day"),
        ("to" = String, Query, format = "date", description = "Last day")),
    responses((status = 200, description = "The statement", body = StatementView)))]
pub async fn get_statement(
    reader: SettlementReader,
    Asked(asked): Asked<StatementAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let StatementAsked { retailer, from, to } = asked;
    let missing = || Refusal::at(Code::FieldMissing, "/retailer_id").expected("the retailer");
    let retailer = retailer.or(reader.own).ok_or_else(|| ApiError::from(missing()))?;
    if reader.own.is_some_and(|own| own != retailer) {
        return Err(ApiError::not_found());
    }
    let found = service.division.read(move |tx| {
        let known = tx.retailer(retailer)?.is_some();
        let accounts = tx.accounts_of_retailer(retailer)?;
        Ok(known.then_some((tx.open_buckets(retailer, from, to)?, accounts)))
    });
    let (buckets, accounts) = found.await?.ok_or_else(ApiError::not_found)?;
    Ok(HttpResponse::Ok().json(StatementView::of(retailer, (from, to), &buckets, &accounts)))
}

/// Submit what a retailer is owed for a period; the lines of the period are frozen with it
///
/// A manager submits for her own retailer, an officer for any. The last day must be over.
#[utoipa::path(post, path = "/api/v1/settlements", operation_id = "submitSettlement", tag = "retailer",
    request_body = SubmitSettlementBody,
    responses((status = 201, description = "The settlement", body = SettlementView)))]
pub async fn submit_settlement(
    submitter: SettlementSubmitter,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let period = body.read::<SubmitSettlementBody>()?.into_period(submitter.own)?;
    let meaning = Meaning::of("submitSettlement").body(body.value());
    let (retailer, from, to) = (period.retailer, period.from, period.to);
    // A period that ends before it begins has no buckets; the rule says what is wrong with it.
    let open = service.division.read(move |tx| tx.open_buckets(retailer, from, to)).await?;
    let act = Act::SubmitSettlement(Box::new(SubmitSettlement {
        retailer,
        own: submitter.own,
        from,
        to,
        control: period.control,
        buckets: open.iter().map(|bucket| bucket.id).collect(),
        calendars: service.settlement.calendars.clone(),
    }));
    let answer = service.act(&submitter.caller, &key, &meaning, act).await?;
    let Outcome::Settlement(settlement) = &answer.outcome else { return Err(unexpected()) };
    let today = service.division.now().day();
    let place = format!("/settlements/{}", settlement.id);
    Ok(created(&answer, &place, &SettlementView::of(settlement, today)))
}

/// Which settlements.
#[derive(Debug)]
pub struct SettlementsAsked {
    retailer: Option<Id>,
    status: Option<SettlementStatus>,
    overdue: bool,
    paging: Paging,
}

impl Wanted for SettlementsAsked {
    const NAMES: &'static [&'static str] = &["retailer_id", "status", "overdue", "limit", "cursor"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let words = "submitted, reviewed, returned, approved, paid, closed";
        let truth = |text: &str| text.parse::<bool>().ok();
        Ok(Self {
            retailer: params.get("retailer_id", "a UUID", |text| text.parse().ok())?,
            status: params.get("status", words, SettlementStatus::from_name)?,
            overdue: params.get("overdue", "true or false", truth)?.unwrap_or(false),
            paging: Paging::take(params)?,
        })
    }
}

/// Settlements, newest first: a manager's own, the bureau's all; on demand those whose next step is overdue
#[utoipa::path(get, path = "/api/v1/settlements", operation_id = "listSettlements", tag = "retailer",
    params(
        ("retailer_id" = Option<String>, Query, format = "uuid", description = "Of this retailer alone"),
        ("status" = inline(Option<SettlementStatusWord>), Query, description = "In this state alone"),
        ("overdue" = Option<bool>, Query, description = "Those alone whose next step should have been taken"),
        Paging),
    responses((status = 200, description = "A page of settlements", body = ListView<SettlementView>)))]
pub async fn list_settlements(
    reader: SettlementReader,
    Asked(asked): Asked<SettlementsAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let retailer = reader.own.or(asked.retailer);
    let today = service.division.now().day();
    let (status, due_before) = (asked.status, asked.overdue.then_some(today));
    let list = retailer.map_or_else(|| "settlements".to_owned(), |retailer| format!("settlements of {retailer}"));
    let reading = asked.paging.of(reader.caller.actor.id, &list)?;
    // Of a manager's request for another retailer's there is nothing.
    let none = reader.own.is_some() && asked.retailer.is_some() && asked.retailer != reader.own;
    let rows = service.division.read(move |tx| {
        if none { Ok(Vec::new()) } else { tx.settlements(retailer, status, due_before, reading.page()) }
    });
    let view = |row: Settlement| SettlementView::of(&row, today);
    Ok(HttpResponse::Ok().json(reading.list(rows.await?, |row| row.id, view)))
}

/// A settlement
#[utoipa::path(get, path = "/api/v1/settlements/{id}", operation_id = "getSettlement", tag = "retailer",
    params(("id" = String, Path, format = "uuid", description = "The settlement")),
    responses((status = 200, description = "The settlement", body = SettlementView)))]
pub async fn get_settlement(
    reader: SettlementReader,
    PathId(id): PathId,
    Asked(Nothing): Asked<Nothing>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let settlement = known(&service, id, reader.own).await?;
    Ok(HttpResponse::Ok().json(SettlementView::of(&settlement, service.division.now().day())))
}

/// A settlement; another retailer's is not there.
async fn known(service: &Service, id: Id, own: Option<Id>) -> Result<Settlement, ApiError> {
    let found = service.division.read(move |tx| tx.settlement(id)).await?;
    found.filter(|row| own.is_none_or(|own| own == row.retailer)).ok_or_else(ApiError::not_found)
}

/// What is in a settlement, by redemption, newest first
///
/// A redemption and each of its adjustments are lines of the control total; here they are one entry.
#[utoipa::path(get, path = "/api/v1/settlements/{id}/lines", operation_id = "listSettlementLines", tag = "retailer",
    params(("id" = String, Path, format = "uuid", description = "The settlement"), Paging),
    responses((status = 200, description = "A page of lines", body = ListView<SettlementLineView>)))]
pub async fn list_settlement_lines(
    reader: SettlementReader,
    PathId(id): PathId,
    Asked(paging): Asked<Paging>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reading = paging.of(reader.caller.actor.id, &format!("lines of {id}"))?;
    let settlement = known(&service, id, reader.own).await?;
    let page = reading.page();
    let found = service.division.read(move |tx| lines(tx, &settlement, page.after, page.limit)).await?;
    Ok(HttpResponse::Ok().json(reading.list(found, |(id, _)| *id, |(_, view)| view)))
}

/// A page of lines. The identities of all are read, and what belongs to these few.
fn lines(
    tx: &mut Tx<'_>,
    settlement: &Settlement,
    after: Option<Id>,
    limit: i64,
) -> Result<Vec<(Id, SettlementLineView)>, StoreError> {
    let all = tx.settlement_lines(settlement)?;
    let own: BTreeSet<Id> = all.redemptions.iter().copied().collect();
    let with_rises = all.adjustments.iter().map(|row| row.redemption);
    let named: BTreeSet<Id> = own.iter().copied().chain(with_rises).collect();
    let limit = usize::try_from(limit).unwrap_or(0);
    let ids: Vec<Id> =
        named.iter().rev().copied().filter(|id| after.is_none_or(|after| *id < after)).take(limit).collect();
    let holds: BTreeMap<Id, _> = tx.holds_of(&ids)?.into_iter().map(|row| (row.redemption, row.open)).collect();
    let redemptions = tx.redemptions_by_id(&ids)?;
    let old_items: Vec<Id> = redemptions.iter().filter_map(|(fact, _)| fact.turn_in).collect();
    let old_items: BTreeMap<Id, _> = tx.turn_ins_by_id(&old_items)?.into_iter().map(|row| (row.id, row.item)).collect();
    let mut raised: BTreeMap<Id, Vec<&Adjustment>> = BTreeMap::new();
    for row in &all.adjustments {
        raised.entry(row.redemption).or_default().push(row);
    }
    let view = |redeemed: &(Redemption, Progress)| {
        let fact = &redeemed.0;
        let old_item = fact.turn_in.and_then(|id| old_items.get(&id));
        let adjustments = raised.get(&fact.id).map_or(&[][..], Vec::as_slice);
        let held = holds.get(&fact.id).map_or(&[][..], Vec::as_slice);
        (fact.id, SettlementLineView::of(redeemed, old_item, own.contains(&fact.id), adjustments, held))
    };
    Ok(redemptions.iter().map(view).collect())
}

/// The lines of a settlement that were refused, newest first
#[utoipa::path(get, path = "/api/v1/settlements/{id}/rejections", operation_id = "listLineRejections", tag = "retailer",
    params(("id" = String, Path, format = "uuid", description = "The settlement"), Paging),
    responses((status = 200, description = "A page of refusals", body = ListView<LineRejectionView>)))]
pub async fn list_line_rejections(
    reader: SettlementReader,
    PathId(id): PathId,
    Asked(paging): Asked<Paging>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reading = paging.of(reader.caller.actor.id, &format!("rejections of {id}"))?;
    known(&service, id, reader.own).await?;
    let rows = service.division.read(move |tx| tx.line_rejections(id, reading.page())).await?;
    Ok(HttpResponse::Ok().json(reading.list(rows, |row| row.id, |row| LineRejectionView::from(&row))))
}
