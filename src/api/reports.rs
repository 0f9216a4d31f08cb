//! Totals: vouchers and money of a period. The growth report is in `growth`.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use serde_json::json;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use super::auth::FiguresReader;
use super::body::words::Date;
use super::error::ApiError;
use super::export::table::{Cell, Column, Table};
use super::export::{Export, FileForm, Workbook, hand_out};
use super::query::{A_DAY, Asked, Params, Wanted, day};
use super::server::Service;
use super::view::TotalsView;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::rollup::Tally;
use crate::domain::time::Day;
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

/// By what a report adds up.
pub struct GroupWord;

impl utoipa::PartialSchema for GroupWord {
    fn schema() -> RefOr<Schema> {
        let words = GROUPS.iter().map(|(word, _)| *word);
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
    }
}

impl ToSchema for GroupWord {}

/// Days that follow one another; an end that is not said is open.
#[derive(Clone, Copy, Debug)]
pub struct Period {
    /// The first.
    pub from: Option<Day>,
    /// The last.
    pub to: Option<Day>,
}

impl Period {
    /// Of `from` and `to`.
    pub(super) fn asked(params: &Params) -> Result<Self, ApiError> {
        let (from, to) = (params.get("from", A_DAY, day)?, params.get("to", A_DAY, day)?);
        if let Some((from, to)) = from.zip(to).filter(|(from, to)| from > to) {
            let refusal = Refusal::at(Code::BodyMalformed, "/from").found(format!("from={from}"));
            return Err(refusal.expected(format!("from: a day not after {to}, which `to` names")).into());
        }
        Ok(Self { from, to })
    }
}

/// As what a report is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum ReportForm {
    /// As the API answers.
    Json,
    /// Comma-separated values, UTF-8 with a byte order mark.
    Csv,
    /// A workbook.
    Xlsx,
}

/// Of which days, grouped by what, and as a file or not.
#[derive(Debug)]
pub struct TotalsAsked {
    period: Period,
    group: Group,
    word: &'static str,
    file: Option<FileForm>,
}

impl Wanted for TotalsAsked {
    const NAMES: &'static [&'static str] = &["from", "to", "group_by", "format"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let words: Vec<&str> = GROUPS.iter().map(|(word, _)| *word).collect();
        let group = |text: &str| GROUPS.iter().find(|(word, _)| *word == text);
        let form = |text: &str| (text == "json").then_some(None).or_else(|| FileForm::of_word(text).map(Some));
        let period = Period::asked(params)?;
        let (word, group) = params.get("group_by", &words.join(", "), group)?.unwrap_or(&GROUPS[0]);
        let file = params.get("format", "json, csv, xlsx", form)?.flatten();
        Ok(Self { period, group: *group, word, file })
    }
}

const COLUMNS: &[Column<Row>] = &[
    Column { zh: "项目", en: "Key", cell: |row| Cell::text(&row.key) },
    Column { zh: "名称", en: "Name", cell: |row| Cell::perhaps(row.name.as_ref()) },
    Column { zh: "发券", en: "Vouchers issued", cell: |row| Cell::Count(row.tally.issued) },
    Column { zh: "过期", en: "Expired", cell: |row| Cell::Count(row.tally.expired) },
    Column { zh: "取消", en: "Cancelled", cell: |row| Cell::Count(row.tally.cancelled) },
    Column { zh: "核销", en: "Redeemed", cell: |row| Cell::Count(row.tally.redeemed) },
    Column { zh: "撤销", en: "Reversed", cell: |row| Cell::Count(row.tally.reversed) },
    Column { zh: "预留金额", en: "Amount reserved", cell: |row| Cell::Money(row.tally.amount_reserved) },
    Column { zh: "核销金额", en: "Amount redeemed", cell: |row| Cell::Money(row.tally.amount_redeemed) },
    Column { zh: "撤销金额", en: "Amount reversed", cell: |row| Cell::Money(row.tally.amount_reversed) },
    Column { zh: "审定金额", en: "Amount approved", cell: |row| Cell::Money(row.tally.amount_approved) },
    Column { zh: "已付金额", en: "Amount paid", cell: |row| Cell::Money(row.tally.amount_paid) },
    Column { zh: "追回金额", en: "Amount recovered", cell: |row| Cell::Money(row.tally.amount_recovered) },
];

/// A row of the file.
struct Row {
    key: String,
    name: Option<String>,
    tally: Tally,
}

/// Vouchers and money of a period, by programme, category, retailer, store, town, day or month
///
/// As a file it has no line for the sum, so that a spreadsheet's own sum is right, and the trail notes who took it along.
/// A department reader gets the sums of the goods of its tasks alone.
#[utoipa::path(get, path = "/api/v1/reports/totals", operation_id = "getTotalsReport", tag = "reports",
    params(
        ("from" = inline(Option<Date>), Query, description = "First day; the first of all unless said"),
        ("to" = inline(Option<Date>), Query, description = "Last day; the last of all unless said"),
        ("group_by" = inline(Option<GroupWord>), Query, description = "`programme` unless said"),
        ("format" = inline(Option<ReportForm>), Query, description = "`json` unless said")),
    responses((status = 200, description = "A row for each key, and their sum", content(
        (TotalsView = "application/json"), (String = "text/csv"),
        (Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
pub async fn get_totals_report(
    FiguresReader { caller, sight }: FiguresReader,
    Asked(asked): Asked<TotalsAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let TotalsAsked { period: Period { from, to }, group, word, file } = asked;
    let goods = sight.categories().to_vec();
    let read = move |tx: &mut Tx<'_>| Ok((tx.head()?.at, tx.totals_of(&goods, group, from, to)?, names(tx, group)?));
    let (known_at, rows, names) = service.division.read(read).await?;
    let Some(form) = file else {
        return Ok(HttpResponse::Ok().json(TotalsView::of(&rows, &names)));
    };
    let row = |(key, tally): (String, Tally)| Row { name: names.get(&key).cloned(), key, tally };
    let rows: Vec<Row> = rows.into_iter().map(row).collect();
    let export = Export {
        operation: "getTotalsReport",
        subject: "totals".to_owned(),
        name: "totals",
        asked: json!({"from": from, "to": to, "group_by": word}),
        known_at,
        table: Table::of(COLUMNS, &rows, caller.language),
        form,
    };
    hand_out(&service, &caller, export).await
}

/// What the keys of a group are called, where they are not words themselves.
fn names(tx: &mut Tx<'_>, group: Group) -> Result<BTreeMap<String, String>, StoreError> {
    match group {
        Group::Programme => {
            let shown = tx.programmes()?.into_iter();
            Ok(shown.filter_map(|(row, version)| Some((row.id, version?.rules.title.clone()))).collect())
        }
        Group::Retailer => tx.retailer_names(),
        Group::Store => tx.store_names(),
        Group::Category | Group::Town | Group::Day | Group::Month => Ok(BTreeMap::new()),
    }
}
