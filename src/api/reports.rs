//! Totals: vouchers and money of a period. The growth report is in `growth`.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use super::auth::FiguresReader;
use super::body::words::Date;
use super::error::ApiError;
use super::query::{Asked, Params, Wanted};
use super::server::Service;
use super::view::TotalsView;
use crate::domain::refusal::{Code, Refusal};
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
        if let Some((from, to)) = from.zip(to).filter(|(from, to)| from > to) {
            let refusal = Refusal::at(Code::BodyMalformed, "/from").found(format!("from={from}"));
            return Err(refusal.expected(format!("from: a day not after {to}, which `to` names")).into());
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
///
/// A department reader gets the sums of the goods of its tasks alone.
#[utoipa::path(get, path = "/api/v1/reports/totals", operation_id = "getTotalsReport", tag = "reports",
    params(
        ("from" = inline(Option<Date>), Query, description = "First day; the first of all unless said"),
        ("to" = inline(Option<Date>), Query, description = "Last day; the last of all unless said"),
        ("group_by" = inline(Option<GroupWord>), Query, description = "`programme` unless said")),
    responses((status = 200, description = "A row for each key, and their sum", body = TotalsView)))]
pub async fn get_totals_report(
    reader: FiguresReader,
    Asked(asked): Asked<TotalsAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let TotalsAsked { from, to, group } = asked;
    let goods = reader.sight.categories().to_vec();
    let read = service.division.read(move |tx| Ok((tx.totals_of(&goods, group, from, to)?, names(tx, group)?)));
    let (rows, names) = read.await?;
    Ok(HttpResponse::Ok().json(TotalsView::of(&rows, &names)))
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
