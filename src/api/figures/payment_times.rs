//! How long a retailer waits for its money: from the redemption to the bank.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::FiguresAsked;
use crate::api::auth::BureauReader;
use crate::api::body::words::Date;
use crate::api::error::ApiError;
use crate::api::export::table::{Cell, Column, Table};
use crate::api::export::{Export, Workbook, hand_out};
use crate::api::query::Asked;
use crate::api::reports::{Period, ReportForm};
use crate::api::server::Service;
use crate::domain::id::Id;
use crate::domain::settlement::SettlementStatus;
use crate::domain::time::Day;
use crate::store::{Page, StoreError, Tx};

/// Settlements that are read at a time.
const PAGE: i64 = 200;

/// How long retailers waited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PaymentTimesView {
    /// All retailers together; `null` when nothing was paid.
    pub all: Option<WaitView>,
    /// Each retailer that was paid, by name.
    pub retailers: Vec<RetailerWaitView>,
}

/// How long the lines waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WaitView {
    /// Redemptions that were paid.
    #[schema(minimum = 1)]
    pub redemptions: u64,
    /// Days of which half of them waited no longer.
    #[schema(minimum = 0)]
    pub median_days: i64,
    /// Days of which nine in ten of them waited no longer.
    #[schema(minimum = 0)]
    pub ninety_percent_days: i64,
    /// Days of the longest wait.
    #[schema(minimum = 0)]
    pub longest_days: i64,
}

/// How long a retailer waited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RetailerWaitView {
    /// The retailer.
    #[schema(format = "uuid")]
    pub retailer_id: String,
    /// Its name.
    pub name: Option<String>,
    /// How long.
    pub wait: WaitView,
}

const COLUMNS: &[Column<RetailerWaitView>] = &[
    Column { zh: "商家", en: "Retailer", cell: |row| Cell::perhaps(row.name.as_ref()) },
    Column {
        zh: "已付笔数", en: "Paid", cell: |row| Cell::Count(i64::try_from(row.wait.redemptions).unwrap_or(0))
    },
    Column { zh: "中位天数", en: "Median days", cell: |row| Cell::Count(row.wait.median_days) },
    Column { zh: "90%天数", en: "90 % days", cell: |row| Cell::Count(row.wait.ninety_percent_days) },
    Column { zh: "最长天数", en: "Longest", cell: |row| Cell::Count(row.wait.longest_days) },
    Column { zh: "编号", en: "Identity", cell: |row| Cell::text(&row.retailer_id) },
];

/// Days from redemption to payment, of what was paid in a period: median, nine in ten, longest
///
/// From the day of the redemption to the day of the bank's payment, both in Asia/Shanghai. As a file it has the retailers.
#[utoipa::path(get, path = "/api/v1/reports/payment-times", operation_id = "getPaymentTimes", tag = "reports",
    params(
        ("from" = inline(Option<Date>), Query, description = "First day of payment; the first of all unless said"),
        ("to" = inline(Option<Date>), Query, description = "Last day of payment; the last of all unless said"),
        ("format" = inline(Option<ReportForm>), Query, description = "`json` unless said")),
    responses((status = 200, description = "The waits", content(
        (PaymentTimesView = "application/json"), (String = "text/csv"),
        (Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
pub async fn get_payment_times(
    BureauReader(caller): BureauReader,
    Asked(asked): Asked<FiguresAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let period = asked.period;
    let read = service.division.read(move |tx| Ok((tx.head()?.at, waits(tx, period)?, tx.retailer_names()?)));
    let (known_at, waits, names) = read.await?;
    let mut all = Waits::default();
    let mut retailers = Vec::new();
    for (retailer, own) in waits {
        all.add(&own);
        let name = names.get(&retailer.to_string()).cloned();
        let row = |wait| RetailerWaitView { retailer_id: retailer.to_string(), name, wait };
        retailers.extend(own.view().map(row));
    }
    retailers.sort_by(|one, other| (&one.name, &one.retailer_id).cmp(&(&other.name, &other.retailer_id)));
    let Some(form) = asked.file else {
        return Ok(HttpResponse::Ok().json(PaymentTimesView { all: all.view(), retailers }));
    };
    let export = Export {
        operation: "getPaymentTimes",
        subject: "payment-times".to_owned(),
        name: "payment-times",
        asked: json!({"from": period.from, "to": period.to}),
        known_at,
        table: Table::of(COLUMNS, &retailers, caller.language),
        form,
    };
    hand_out(&service, &caller, export).await
}

/// How many redemptions waited how many days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Waits(BTreeMap<i64, u64>);

impl Waits {
    fn note(&mut self, redeemed: Day, paid: Day, lines: u64) {
        *self.0.entry((paid.0 - redeemed.0).num_days().max(0)).or_default() += lines;
    }

    fn add(&mut self, other: &Self) {
        for (days, count) in &other.0 {
            *self.0.entry(*days).or_default() += count;
        }
    }

    /// The fewest days that so many percent waited no longer than (the nearest rank).
    fn within(&self, percent: u64) -> i64 {
        let all: u64 = self.0.values().sum();
        let rank = (all * percent).div_ceil(100);
        let mut seen = 0;
        let reached = |(_, count): &(&i64, &u64)| {
            seen += **count;
            seen >= rank
        };
        self.0.iter().find(reached).map_or(0, |(days, _)| *days)
    }

    fn view(&self) -> Option<WaitView> {
        let longest_days = *self.0.keys().next_back()?;
        Some(WaitView {
            redemptions: self.0.values().sum(),
            median_days: self.within(50),
            ninety_percent_days: self.within(90),
            longest_days,
        })
    }
}

/// By retailer, of the settlements that were paid in the period. Settlements are few; their lines are counted at once.
fn waits(tx: &mut Tx<'_>, period: Period) -> Result<BTreeMap<Id, Waits>, StoreError> {
    let (mut waits, mut paid) = (BTreeMap::<Id, Waits>::new(), BTreeMap::<Id, (Id, Day)>::new());
    let mut days: Option<(Day, Day)> = None;
    // What is made after a day is not paid by it.
    let mut page = Page { after: period.to.map(|to| Id::first_of(to.next().start())), limit: PAGE };
    loop {
        let settlements = tx.settlements(None, Some(SettlementStatus::Paid), None, page)?;
        let Some(last) = settlements.last() else { break };
        page.after = Some(last.id);
        for settlement in &settlements {
            let Some(paid_on) = settlement.payment.as_ref().map(|payment| payment.paid_on) else { continue };
            if period.from.is_some_and(|from| paid_on < from) || period.to.is_some_and(|to| paid_on > to) {
                continue;
            }
            let (from, to) = days.unwrap_or((settlement.from, settlement.to));
            days = Some((from.min(settlement.from), to.max(settlement.to)));
            paid.insert(settlement.id, (settlement.retailer, paid_on));
        }
    }
    let Some((from, to)) = days else { return Ok(waits) };
    for (settlement, redeemed, lines) in tx.paid_lines(from, to)? {
        if let Some((retailer, paid_on)) = paid.get(&settlement) {
            waits.entry(*retailer).or_default().note(redeemed, *paid_on, lines);
        }
    }
    Ok(waits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_and_nine_in_ten_are_days_that_somebody_waited() {
        let mut waits = Waits::default();
        let day = |number| Day::from_number(number).unwrap();
        assert_eq!(waits.view(), None);
        for paid in [20_260_602, 20_260_603, 20_260_604, 20_260_611] {
            waits.note(day(20_260_601), day(paid), 1);
        }
        let view = waits.view().unwrap();
        assert_eq!((view.redemptions, view.median_days, view.ninety_percent_days, view.longest_days), (4, 2, 10, 10));
        // A payment recorded for an earlier day is no negative wait.
        waits.note(day(20_260_610), day(20_260_601), 1);
        assert_eq!(waits.view().unwrap().median_days, 2);
    }
}
