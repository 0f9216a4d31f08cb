//! Which task of the action plan, and which purse: the subsidy by task, programme and source of funding.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::FiguresAsked;
use crate::api::auth::FiguresReader;
use crate::api::body::words::{Date, FundingSourceWord, Money, ProgrammeWord};
use crate::api::error::ApiError;
use crate::api::export::table::{Cell, Column, Table};
use crate::api::export::{Export, Workbook, hand_out};
use crate::api::query::Asked;
use crate::api::reports::{Period, ReportForm};
use crate::api::server::Service;
use crate::domain::goods::{Category, FundingSource};
use crate::domain::id::Id;
use crate::domain::money::Fen;
use crate::domain::records::RedemptionStatus;
use crate::domain::task::task_of;
use crate::store::{StoreError, Tx};

/// Redemptions that are read at a time.
const PAGE: i64 = 1000;

/// Subsidies by task, programme and source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TasksView {
    /// By task, programme and source.
    pub rows: Vec<TaskRow>,
}

/// What one source gave for one task under one programme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TaskRow {
    /// The task that the goods belong to: 12 cars, 13 e-bikes, 14 home appliances; `null` for goods of none.
    pub task: Option<u8>,
    /// Programme.
    #[schema(value_type = ProgrammeWord)]
    pub programme: String,
    /// Who pays; `merchant` is no public money.
    #[schema(value_type = FundingSourceWord)]
    pub source: String,
    /// Redemptions in which it has a share, those undone since among them.
    #[schema(minimum = 0)]
    pub redemptions: i64,
    /// Its shares of the redemptions of the period, with what was added to them since.
    #[schema(value_type = Money)]
    pub redeemed: String,
    /// Of that, what was undone since: by a return before payment, or to be had back after it.
    #[schema(value_type = Money)]
    pub undone: String,
    /// What is left.
    #[schema(value_type = Money)]
    pub net: String,
}

const COLUMNS: &[Column<(Key, Sums)>] = &[
    Column { zh: "任务", en: "Task", cell: |row| row.0.0.map_or(Cell::Nothing, |task| Cell::Count(task.into())) },
    Column { zh: "方案", en: "Programme", cell: |row| Cell::text(&row.0.1) },
    Column { zh: "资金来源", en: "Source", cell: |row| Cell::text(&row.0.2) },
    Column { zh: "核销笔数", en: "Redemptions", cell: |row| Cell::Count(row.1.count) },
    Column { zh: "核销金额", en: "Redeemed", cell: |row| Cell::Money(row.1.redeemed) },
    Column { zh: "已撤销或追回", en: "Undone", cell: |row| Cell::Money(row.1.undone) },
    Column { zh: "净额", en: "Net", cell: |row| Cell::Money(row.1.redeemed - row.1.undone) },
];

type Key = (Option<u8>, String, FundingSource);

#[derive(Clone, Copy, Default)]
struct Sums {
    count: i64,
    redeemed: Fen,
    undone: Fen,
}

/// Subsidy of the redemptions of a period by task of the action plan, programme and source of funding, as known now
///
/// A department reader gets the goods of its tasks alone.
#[utoipa::path(get, path = "/api/v1/reports/tasks", operation_id = "getTaskReport", tag = "reports",
    params(
        ("from" = inline(Option<Date>), Query, description = "First day; the first of all unless said"),
        ("to" = inline(Option<Date>), Query, description = "Last day; the last of all unless said"),
        ("format" = inline(Option<ReportForm>), Query, description = "`json` unless said")),
    responses((status = 200, description = "The tasks", content(
        (TasksView = "application/json"), (String = "text/csv"),
        (Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
pub async fn get_task_report(
    FiguresReader { caller, sight }: FiguresReader,
    Asked(asked): Asked<FiguresAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let (goods, period) = (sight.categories().to_vec(), asked.period);
    let read = service.division.read(move |tx| Ok((tx.head()?.at, sums(tx, &goods, period)?)));
    let (known_at, sums) = read.await?;
    let rows: Vec<(Key, Sums)> = sums.into_iter().collect();
    let Some(form) = asked.file else {
        return Ok(HttpResponse::Ok().json(TasksView { rows: rows.iter().map(TaskRow::from).collect() }));
    };
    let export = Export {
        operation: "getTaskReport",
        subject: "tasks".to_owned(),
        name: "tasks",
        asked: json!({"from": period.from, "to": period.to}),
        known_at,
        table: Table::of(COLUMNS, &rows, caller.language),
        form,
    };
    hand_out(&service, &caller, export).await
}

/// Adds up the shares of each redemption and of what later versions added to it.
fn sums(tx: &mut Tx<'_>, goods: &[Category], period: Period) -> Result<BTreeMap<Key, Sums>, StoreError> {
    let mut sums: BTreeMap<Key, Sums> = BTreeMap::new();
    let mut after = None;
    loop {
        let found = tx.redemptions_of_days(None, (period.from, period.to), after, PAGE)?;
        let Some((last, _)) = found.last() else { return Ok(sums) };
        after = Some(last.id);
        let ids: Vec<Id> = found.iter().map(|(redemption, _)| redemption.id).collect();
        let mut raised: BTreeMap<Id, Vec<(FundingSource, Fen)>> = BTreeMap::new();
        for row in tx.adjustments_of(&ids)? {
            let shares = row.funding.iter().map(|share| (share.source, share.amount));
            raised.entry(row.redemption).or_default().extend(shares);
        }
        for (redemption, progress) in found.iter().filter(|(redemption, _)| goods.contains(&redemption.category)) {
            let status = progress.state.as_ref().map(|state| state.status);
            let undone = matches!(status, Some(RedemptionStatus::Reversed | RedemptionStatus::ClawedBack));
            let mut shares: BTreeMap<FundingSource, Fen> = BTreeMap::new();
            let own = redemption.funding.iter().map(|share| (share.source, share.amount));
            for (source, amount) in own.chain(raised.remove(&redemption.id).unwrap_or_default()) {
                *shares.entry(source).or_default() += amount;
            }
            for (source, amount) in shares {
                let key = (task_of(redemption.category), redemption.programme.clone(), source);
                let sum = sums.entry(key).or_default();
                sum.count += 1;
                sum.redeemed += amount;
                sum.undone += if undone { amount } else { Fen::ZERO };
            }
        }
    }
}

impl From<&(Key, Sums)> for TaskRow {
    fn from(((task, programme, source), sums): &(Key, Sums)) -> Self {
        Self {
            task: *task,
            programme: programme.clone(),
            source: source.name().to_owned(),
            redemptions: sums.count,
            redeemed: sums.redeemed.to_string(),
            undone: sums.undone.to_string(),
            net: (sums.redeemed - sums.undone).to_string(),
        }
    }
}
