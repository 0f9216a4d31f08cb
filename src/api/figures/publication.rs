//! The list that is put up for everybody to object to (公示): who got how much for what, names and numbers masked.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use serde_json::json;

use crate::api::auth::Officer;
use crate::api::body::words::{Date, ProgrammeWord};
use crate::api::error::ApiError;
use crate::api::export::table::{Cell, Column};
use crate::api::export::{FileForm, Put, Stream, Workbook, stream_out};
use crate::api::query::{A_DAY, Asked, Params, Wanted};
use crate::api::reports::Period;
use crate::api::server::Service;
use crate::domain::id::Id;
use crate::domain::money::Fen;
use crate::domain::records::{Person, Redemption};
use crate::store::{StoreError, Tx};

/// Rows of one list.
const MOST: u64 = 1_000_000;
/// Redemptions that are read at a time.
const PAGE: i64 = 1000;

/// Of which programme and days, and as what.
#[derive(Clone, Debug)]
pub struct PublicationAsked {
    period: Period,
    programme: String,
    form: FileForm,
}

impl Wanted for PublicationAsked {
    const NAMES: &'static [&'static str] = &["from", "to", "programme", "format"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let word = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let period = Period::asked(params)?;
        params.need("from", A_DAY, |_| period.from)?;
        params.need("to", A_DAY, |_| period.to)?;
        let programme = params.need("programme", "a programme such as nc-appl-2026", word)?;
        Ok(Self { period, programme, form: FileForm::asked(params)? })
    }
}

struct Row {
    number: u64,
    name: String,
    identity: String,
    redemption: Redemption,
    subsidy: Fen,
    retailer: Option<String>,
    store: Option<String>,
}

const COLUMNS: &[Column<Row>] = &[
    Column { zh: "序号", en: "Number", cell: |row| Cell::Count(i64::try_from(row.number).unwrap_or(i64::MAX)) },
    Column { zh: "姓名", en: "Name", cell: |row| Cell::text(&row.name) },
    Column { zh: "证件号码", en: "Identity number", cell: |row| Cell::text(&row.identity) },
    Column { zh: "品类", en: "Category", cell: |row| Cell::text(&row.redemption.category.zh()) },
    Column { zh: "品牌", en: "Brand", cell: |row| Cell::text(&row.redemption.item.brand) },
    Column { zh: "型号", en: "Model", cell: |row| Cell::text(&row.redemption.item.model) },
    Column { zh: "补贴金额", en: "Subsidy", cell: |row| Cell::Money(row.subsidy) },
    Column { zh: "核销日期", en: "Day", cell: |row| Cell::Day(row.redemption.day()) },
    Column { zh: "商家", en: "Retailer", cell: |row| Cell::perhaps(row.retailer.as_ref()) },
    Column { zh: "门店", en: "Store", cell: |row| Cell::perhaps(row.store.as_ref()) },
];

/// The list of a programme's subsidies of a period for publication (公示), oldest first
///
/// Of the name the first character is shown, of the identity number the division and the last four; a person whose data was
/// erased or restricted stands without either. What was undone or refused is not in it. The trail notes who took the file.
#[utoipa::path(get, path = "/api/v1/exports/publication", operation_id = "exportPublication", tag = "bureau",
    params(
        ("from" = inline(Date), Query, description = "First day"),
        ("to" = inline(Date), Query, description = "Last day"),
        ("programme" = inline(ProgrammeWord), Query, description = "The programme"),
        ("format" = inline(Option<FileForm>), Query, description = "`csv` unless said otherwise")),
    responses((status = 200, description = "A row for each subsidy under a line of heads", content(
        (String = "text/csv"),
        (Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
pub async fn export_publication(
    Officer(caller): Officer,
    Asked(asked): Asked<PublicationAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let PublicationAsked { period, programme, form } = asked;
    let word = programme.clone();
    if service.division.read(move |tx| tx.programme(&word)).await?.is_none() {
        return Err(ApiError::not_found());
    }
    let stream = Stream {
        operation: "exportPublication",
        subject: programme.clone(),
        name: "publication",
        asked: json!({"from": period.from, "to": period.to, "programme": programme}),
        columns: COLUMNS,
        form,
        most: MOST,
    };
    stream_out(&service, &caller, stream, move |tx, put| fill(tx, period, &programme, put)).await
}

fn fill(tx: &mut Tx<'_>, period: Period, programme: &str, put: Put<'_, Row>) -> Result<(), StoreError> {
    let (retailers, stores) = (tx.retailer_names()?, tx.store_names()?);
    let (mut after, mut number) = (None, 0);
    loop {
        let mut found = tx.redemptions_of_days(None, (period.from, period.to), after, PAGE)?;
        let Some((last, _)) = found.last() else { return Ok(()) };
        after = Some(last.id);
        found.retain(|(redemption, progress)| redemption.programme == programme && progress.stands());
        let ids: Vec<Id> = found.iter().map(|(redemption, _)| redemption.id).collect();
        let mut raised: BTreeMap<Id, Fen> = BTreeMap::new();
        for adjustment in tx.adjustments_of(&ids)? {
            *raised.entry(adjustment.redemption).or_default() += adjustment.amount;
        }
        let holders: Vec<Id> = found.iter().map(|(redemption, _)| redemption.person).collect();
        let persons: BTreeMap<Id, Person> =
            tx.persons(&holders)?.into_iter().map(|person| (person.id, person)).collect();
        for (redemption, _) in found {
            number += 1;
            let known = persons.get(&redemption.person);
            let known = known.filter(|person| person.erased_at.is_none() && person.restricted_at.is_none());
            let row = Row {
                number,
                name: known.map(|person| person.name.masked.clone()).unwrap_or_default(),
                identity: known.map(|person| person.number.masked.clone()).unwrap_or_default(),
                subsidy: redemption.subsidy + raised.get(&redemption.id).copied().unwrap_or_default(),
                retailer: retailers.get(&redemption.retailer.to_string()).cloned(),
                store: stores.get(&redemption.store.to_string()).cloned(),
                redemption,
            };
            if !put(&row) {
                return Ok(());
            }
        }
    }
}
