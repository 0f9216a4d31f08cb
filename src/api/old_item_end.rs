//! What becomes of old items: received by a recycler's yard, dismantled; and how many were claimed, recorded and received.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};

use super::answer::{created, unexpected};
use super::auth::{BureauReader, EndReader, YardStaff};
use super::body::words::Date;
use super::body::{DismantlingBody, ReceiveTurnInBody};
use super::entity::JsonBody;
use super::error::ApiError;
use super::idempotency::{IdempotencyKey, Meaning};
use super::query::{Asked, Nothing, Params, PathId, Wanted};
use super::reports::Period;
use super::server::Service;
use super::view::{ItemEndCounts, ItemEndReportView, ItemEndRow, OldItemEndView, OldItemStepView};
use crate::domain::command::{Act, Outcome};
use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::old_item_end::{EndStep, OldItemEnd};
use crate::domain::records::TurnInStatus;
use crate::domain::time::Day;
use crate::store::{ItemCount, Page};

/// More organisations than a district has.
const ORGANISATIONS: Page = Page { after: None, limit: 20_000 };

/// Record that the caller's yard has received an old item
///
/// Once for each old item. A programme may hold the settlement of a redemption until then (`old_item.settlement_hold`).
#[utoipa::path(post, path = "/api/v1/turn-ins/{id}/receipt", operation_id = "receiveTurnIn", tag = "recycler",
    params(("id" = String, Path, format = "uuid", description = "The turn-in")), request_body = ReceiveTurnInBody,
    responses((status = 201, description = "How far the old item has come", body = OldItemStepView)))]
pub async fn receive_turn_in(
    staff: YardStaff,
    PathId(id): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let received_on = body.read::<ReceiveTurnInBody>()?.read(service.division.now().day())?;
    let meaning = Meaning::of("receiveTurnIn").subject(&id).body(body.value());
    let act = Act::ReceiveTurnIn { turn_in: id, recycler: staff.recycler, received_on };
    step(&service, &staff, &key, &meaning, act).await
}

/// Record that an old item was dismantled, with the dismantler's certificate
///
/// For the yard that received it. The certificate is handed in before (`uploadEvidence`) and named here by its digest.
#[utoipa::path(post, path = "/api/v1/turn-ins/{id}/dismantling", operation_id = "recordDismantling", tag = "recycler",
    params(("id" = String, Path, format = "uuid", description = "The turn-in")), request_body = DismantlingBody,
    responses((status = 201, description = "How far the old item has come", body = OldItemStepView)))]
pub async fn record_dismantling(
    staff: YardStaff,
    PathId(id): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let read = body.read::<DismantlingBody>()?;
    // The form of a certificate's number is that of the item's kind; whose item it is, the rule asks.
    let row = service.division.read(move |tx| tx.turn_in(id)).await?.ok_or_else(ApiError::not_found)?;
    let new = read.read(id, row.item.category, staff.recycler, service.division.now().day())?;
    let meaning = Meaning::of("recordDismantling").subject(&id).body(body.value());
    step(&service, &staff, &key, &meaning, Act::RecordDismantling(Box::new(new))).await
}

async fn step(
    service: &Service,
    staff: &YardStaff,
    key: &IdempotencyKey,
    meaning: &Meaning,
    act: Act,
) -> Result<HttpResponse, ApiError> {
    let answer = service.act(&staff.caller, key, meaning, act).await?;
    let Outcome::OldItemStep(step) = &answer.outcome else { return Err(unexpected()) };
    Ok(created(&answer, &format!("/turn-ins/{}/end", step.turn_in), &OldItemStepView::from(step.as_ref())))
}

/// What is known of an old item's end
///
/// For who recorded it, the yard that has it, the owner and the bureau.
#[utoipa::path(get, path = "/api/v1/turn-ins/{id}/end", operation_id = "getOldItemEnd", tag = "recycler",
    params(("id" = String, Path, format = "uuid", description = "The turn-in")),
    responses((status = 200, description = "How far the old item has come", body = OldItemEndView)))]
pub async fn get_old_item_end(
    reader: EndReader,
    PathId(id): PathId,
    _: Asked<Nothing>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let found = service.division.read(move |tx| Ok((tx.turn_in(id)?, tx.old_item_steps(id)?))).await?;
    let (Some(row), steps) = found else { return Err(ApiError::not_found()) };
    let own = match reader {
        EndReader::Owner(person) => row.person == person,
        EndReader::Organisation(own) => row.recorder == own || steps.iter().any(|step| step.organisation == own),
        EndReader::Bureau => true,
    };
    if !own {
        return Err(ApiError::not_found());
    }
    let mut end = OldItemEnd::default();
    for step in steps {
        end.put(step);
    }
    Ok(HttpResponse::Ok().json(OldItemEndView {
        turn_in_id: id.to_string(),
        received: end.received.as_ref().map(OldItemStepView::from),
        dismantled: end.dismantled.as_ref().map(OldItemStepView::from),
    }))
}

/// Of which days the old items are counted.
#[derive(Clone, Copy, Debug)]
pub struct EndsAsked(Period);

impl Wanted for EndsAsked {
    const NAMES: &'static [&'static str] = &["from", "to"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        Ok(Self(Period::asked(params)?))
    }
}

/// How many old items were claimed, recorded and received, by organisation and category
///
/// Of the old items that were recorded in the period, whatever has become of them since. What was claimed and no yard has
/// received is what to ask after.
#[utoipa::path(get, path = "/api/v1/reports/old-item-ends", operation_id = "getItemEndReport", tag = "reports",
    params(
        ("from" = inline(Option<Date>), Query, description = "The first day on which they were recorded, in Asia/Shanghai"),
        ("to" = inline(Option<Date>), Query, description = "The last day")),
    responses((status = 200, description = "The three-way count", body = ItemEndReportView)))]
pub async fn get_item_end_report(
    _: BureauReader,
    Asked(EndsAsked(Period { from, to })): Asked<EndsAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let (from, before) = (from.map(Day::start), to.map(|day| day.next().start()));
    let read = service.division.read(move |tx| {
        let recyclers = tx.recyclers(None, false, ORGANISATIONS)?.into_iter().map(|row| (row.id, row.name));
        let retailers = tx.retailers(ORGANISATIONS)?.into_iter().map(|row| (row.id, row.name));
        let names: BTreeMap<Id, String> = recyclers.chain(retailers).collect();
        Ok((tx.old_item_counts(from, before)?, names))
    });
    let (counts, names) = read.await?;
    Ok(HttpResponse::Ok().json(report(&counts, &names)))
}

fn report(counted: &[ItemCount], names: &BTreeMap<Id, String>) -> ItemEndReportView {
    let mut sums: BTreeMap<(Id, Category), ItemEndCounts> = BTreeMap::new();
    let mut totals = ItemEndCounts::default();
    for count in counted.iter().filter(|count| count.status != TurnInStatus::Voided) {
        add(sums.entry((count.recorder, count.category)).or_default(), count);
        add(&mut totals, count);
    }
    for counts in sums.values_mut().chain([&mut totals]) {
        // What was received is counted apart, and is never more than what was claimed.
        counts.claimed_not_received = counts.claimed.saturating_sub(counts.claimed_not_received);
    }
    let mut rows: Vec<ItemEndRow> = sums
        .into_iter()
        .map(|((id, category), counts)| ItemEndRow {
            organisation_id: id.to_string(),
            organisation: names.get(&id).cloned(),
            category,
            counts,
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.counts.claimed_not_received));
    ItemEndReportView { rows, totals }
}

/// Until all are added, `claimed_not_received` has how many of those claimed were received.
fn add(sum: &mut ItemEndCounts, count: &ItemCount) {
    let claimed = count.status == TurnInStatus::Matched;
    match count.step {
        None => {
            sum.recorded += count.count;
            sum.claimed += if claimed { count.count } else { 0 };
        }
        Some(EndStep::Received) => {
            sum.received += count.count;
            sum.claimed_not_received += if claimed { count.count } else { 0 };
        }
        Some(EndStep::Dismantled) => sum.dismantled += count.count,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_what_was_claimed_and_not_received() {
        let (one, two) = (Id::digest(&["one"]), Id::digest(&["two"]));
        let count =
            |recorder, status, step, count| ItemCount { recorder, category: Category::Car, status, step, count };
        let counted = [
            count(one, TurnInStatus::Recorded, None, 5),
            count(one, TurnInStatus::Recorded, Some(EndStep::Received), 2),
            count(one, TurnInStatus::Matched, None, 10),
            count(one, TurnInStatus::Matched, Some(EndStep::Received), 7),
            count(one, TurnInStatus::Matched, Some(EndStep::Dismantled), 4),
            count(one, TurnInStatus::Voided, None, 100),
            count(two, TurnInStatus::Matched, None, 9),
        ];
        let report = report(&counted, &BTreeMap::from([(one, "站".to_owned())]));
        let of = |recorded, claimed, received, dismantled, claimed_not_received| ItemEndCounts {
            recorded,
            claimed,
            received,
            dismantled,
            claimed_not_received,
        };
        let rows: Vec<_> = report.rows.iter().map(|row| (row.organisation.as_deref(), row.counts.clone())).collect();
        assert_eq!(rows, [(None, of(9, 9, 0, 0, 9)), (Some("站"), of(15, 10, 9, 4, 3))]);
        assert_eq!(report.totals, of(24, 19, 9, 4, 12));
    }
}
