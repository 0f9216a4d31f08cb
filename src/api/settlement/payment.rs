//! The file for the bank, the bank's answer, and what does not match.

use actix_web::{HttpResponse, web};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::super::answer::{changed, created, unexpected};
use super::super::auth::{BureauReader, Finance};
use super::super::body::words::ReconciliationStatusWord;
use super::super::body::{PaymentBatchBody, ReasonBody, ReconciliationAnswerBody, bank_return};
use super::super::entity::{CsvBody, JsonBody};
use super::super::error::ApiError;
use super::super::export::table::{Cell, Column, Table};
use super::super::export::{Export, FileForm, Workbook, hand_out};
use super::super::idempotency::{IdempotencyKey, Meaning};
use super::super::page::Paging;
use super::super::query::{Asked, Params, PathId, Wanted};
use super::super::server::Service;
use super::super::view::{BankReturnView, ListView, PaymentBatchView, ReconciliationRowView};
use crate::domain::command::{Act, NewBankReturn, Outcome};
use crate::domain::id::Id;
use crate::domain::money::Fen;
use crate::domain::payment_file::{self, Told};
use crate::domain::settlement::ReconciliationStatus;

/// Put approved settlements into one file for the bank
#[utoipa::path(post, path = "/api/v1/payment-batches", operation_id = "createPaymentBatch", tag = "bureau",
    request_body = PaymentBatchBody,
    responses((status = 201, description = "The batch", body = PaymentBatchView)))]
pub async fn create_payment_batch(
    Finance(caller): Finance,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let batch = body.read::<PaymentBatchBody>()?.into_batch()?;
    let meaning = Meaning::of("createPaymentBatch").body(body.value());
    let answer = service.act(&caller, &key, &meaning, Act::BatchSettlements(batch)).await?;
    let Outcome::PaymentBatch(batch) = &answer.outcome else { return Err(unexpected()) };
    Ok(created(&answer, &format!("/payment-batches/{}/file", batch.id), &PaymentBatchView::from(&**batch)))
}

/// Give up a file that never went to the bank; its settlements may go into another
///
/// For when a line of one of them came to be held, or a retailer is kept out, and the others shall not wait. Another officer
/// than the one who made the batch says that the bank does not have the file, and the bank has said nothing about it.
#[utoipa::path(post, path = "/api/v1/payment-batches/{id}/dissolution", operation_id = "dissolvePaymentBatch",
    tag = "bureau", params(("id" = String, Path, format = "uuid", description = "The batch")), request_body = ReasonBody,
    responses((status = 200, description = "The batch, of which nothing is paid", body = PaymentBatchView)))]
pub async fn dissolve_payment_batch(
    Finance(caller): Finance,
    PathId(batch): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reason = body.read::<ReasonBody>()?.into_reason()?;
    let meaning = Meaning::of("dissolvePaymentBatch").subject(&batch).body(body.value());
    let answer = service.act(&caller, &key, &meaning, Act::DissolveBatch { batch, reason }).await?;
    let Outcome::PaymentBatch(batch) = &answer.outcome else { return Err(unexpected()) };
    Ok(changed(&answer, &PaymentBatchView::from(&**batch)))
}

/// Files for the bank, newest first
#[utoipa::path(get, path = "/api/v1/payment-batches", operation_id = "listPaymentBatches", tag = "bureau", params(Paging),
    responses((status = 200, description = "A page of batches", body = ListView<PaymentBatchView>)))]
pub async fn list_payment_batches(
    BureauReader(caller): BureauReader,
    Asked(paging): Asked<Paging>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reading = paging.of(caller.actor.id, "payment batches")?;
    let rows = service.division.read(move |tx| tx.payment_batches(reading.page())).await?;
    Ok(HttpResponse::Ok().json(reading.list(rows, |row| row.id, |row| PaymentBatchView::from(&row))))
}

/// A payment as the bank is told.
struct Order {
    settlement: Id,
    retailer: String,
    bank: String,
    account_name: String,
    account_number: String,
    amount: Fen,
    purpose: String,
}

const COLUMNS: &[Column<Order>] = &[
    Column { zh: "settlement_id", en: "settlement_id", cell: |row| Cell::text(&row.settlement) },
    Column { zh: "retailer", en: "retailer", cell: |row| Cell::text(&row.retailer) },
    Column { zh: "bank", en: "bank", cell: |row| Cell::text(&row.bank) },
    Column { zh: "account_name", en: "account_name", cell: |row| Cell::text(&row.account_name) },
    Column { zh: "account_number", en: "account_number", cell: |row| Cell::text(&row.account_number) },
    Column { zh: "amount", en: "amount", cell: |row| Cell::Money(row.amount) },
    Column { zh: "purpose", en: "purpose", cell: |row| Cell::text(&row.purpose) },
];

/// As what the file is wanted.
#[derive(Clone, Copy, Debug)]
pub struct PaymentFileAsked(FileForm);

impl Wanted for PaymentFileAsked {
    const NAMES: &'static [&'static str] = &["format"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        Ok(Self(FileForm::asked(params)?))
    }
}

/// The file with which the bank is told whom to pay, account numbers in the clear; the trail notes who took it along
///
/// It is what the batch says, to the fen, or there is none: once the bank has paid one of the payments, or one has left the
/// batch, and while a line of one is held or its retailer is kept out.
#[utoipa::path(get, path = "/api/v1/payment-batches/{id}/file", operation_id = "getPaymentFile", tag = "bureau",
    params(
        ("id" = String, Path, format = "uuid", description = "The batch"),
        ("format" = inline(Option<FileForm>), Query, description = "`csv` unless said otherwise")),
    responses((status = 200, description = "A row for each payment under a line of heads", content(
        (String = "text/csv"),
        (Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
pub async fn get_payment_file(
    Finance(caller): Finance,
    PathId(id): PathId,
    Asked(PaymentFileAsked(form)): Asked<PaymentFileAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let found = service.division.read(move |tx| {
        let Some(batch) = tx.payment_batch(id)? else { return Ok(None) };
        let mut payments = Vec::new();
        for id in &batch.settlements {
            let Some(settlement) = tx.settlement(*id)? else { continue };
            let held = tx.buckets_by_id(&settlement.buckets)?.iter().map(|bucket| bucket.held).sum();
            let Some(retailer) = tx.retailer(settlement.retailer)? else { continue };
            payments.push(Told { settlement, held, standing: retailer.standing });
        }
        Ok(Some((batch, payments, tx.retailer_names()?, tx.head()?.at)))
    });
    let (batch, payments, names, known_at) = found.await?.ok_or_else(ApiError::not_found)?;
    payment_file::judge(&batch, &payments)?;
    let mut orders = Vec::new();
    for row in payments.iter().map(|told| &told.settlement) {
        let (Some(frozen), Some(amount)) = (&row.frozen, row.transfer()) else { continue };
        orders.push(Order {
            settlement: row.id,
            retailer: names.get(&row.retailer.to_string()).cloned().unwrap_or_default(),
            bank: frozen.account.bank.clone(),
            account_name: frozen.account.name.clone(),
            account_number: service.vault.open(&frozen.account.number.sealed)?,
            amount,
            purpose: format!("以旧换新补贴 {} 至 {}", row.from, row.to),
        });
    }
    let export = Export {
        operation: "getPaymentFile",
        subject: id.to_string(),
        name: "payments",
        asked: json!({"payments": orders.len(), "total": orders.iter().map(|order| order.amount).sum::<Fen>()}),
        known_at,
        table: Table::of(COLUMNS, &orders, caller.language),
        form,
    };
    hand_out(&service, &caller, export).await
}

/// Take in what the bank did with a batch
///
/// CSV in UTF-8 with the heads `settlement_id,amount,result,bank_reference,paid_on`; `result` is `paid` or `failed`. What
/// matches is paid; every other row, and each payment that the file does not name, waits for somebody. The same file is
/// taken in once.
#[utoipa::path(post, path = "/api/v1/payment-batches/{id}/returns", operation_id = "recordBankReturn", tag = "bureau",
    params(("id" = String, Path, format = "uuid", description = "The batch")),
    request_body(content = String, content_type = "text/csv", description = "The bank's file",
        example = "settlement_id,amount,result,bank_reference,paid_on\n019a5c3e-7b00-7000-8000-000000000001,1944.65,paid,ICBC20260720000123,2026-07-20\n"),
    responses((status = 201, description = "What it says", body = BankReturnView)))]
pub async fn record_bank_return(
    Finance(caller): Finance,
    PathId(batch): PathId,
    key: IdempotencyKey,
    body: CsvBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let rows = bank_return(body.text())?;
    let sha256 = hex::encode(Sha256::digest(body.text()));
    let meaning = Meaning::of("recordBankReturn").subject(&batch).body(json!(sha256));
    let act = Act::RecordBankReturn(Box::new(NewBankReturn { batch, sha256, rows }));
    let answer = service.act(&caller, &key, &meaning, act).await?;
    let Outcome::BankReturn { file, rows } = &answer.outcome else { return Err(unexpected()) };
    let place = format!("/reconciliation-rows?payment_batch_id={batch}");
    Ok(created(&answer, &place, &BankReturnView::of(file, rows)))
}

/// Which rows.
#[derive(Debug)]
pub struct RowsAsked {
    batch: Option<Id>,
    status: Option<ReconciliationStatus>,
    paging: Paging,
}

impl Wanted for RowsAsked {
    const NAMES: &'static [&'static str] = &["payment_batch_id", "status", "limit", "cursor"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            batch: params.get("payment_batch_id", "a UUID", |text| text.parse().ok())?,
            status: params.get("status", "open, closed", ReconciliationStatus::from_name)?,
            paging: Paging::take(params)?,
        })
    }
}

/// What the bank said of payments, newest first; on demand what waits for somebody
#[utoipa::path(get, path = "/api/v1/reconciliation-rows", operation_id = "listReconciliationRows", tag = "bureau",
    params(
        ("payment_batch_id" = Option<String>, Query, format = "uuid", description = "Of this batch alone"),
        ("status" = inline(Option<ReconciliationStatusWord>), Query, description = "In this state alone"),
        Paging),
    responses((status = 200, description = "A page of rows", body = ListView<ReconciliationRowView>)))]
pub async fn list_reconciliation_rows(
    BureauReader(caller): BureauReader,
    Asked(asked): Asked<RowsAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let (batch, status) = (asked.batch, asked.status);
    let reading = asked.paging.of(caller.actor.id, "reconciliation rows")?;
    let rows = service.division.read(move |tx| tx.reconciliation_rows(batch, status, reading.page())).await?;
    Ok(HttpResponse::Ok().json(reading.list(rows, |row| row.id, |row| ReconciliationRowView::from(&row))))
}

/// Close a row that did not match: it was cleared up, or the settlement is to be paid with another file
///
/// `pay_again` is for what the bank did not pay: at once where it says that the transfer failed. Of a payment that its file
/// does not name, two officers have to say so; the first answer leaves the row open. Never while the bank says in an open
/// row that it has paid something for the settlement.
#[utoipa::path(post, path = "/api/v1/reconciliation-rows/{id}/answer", operation_id = "answerReconciliationRow",
    tag = "bureau", params(("id" = String, Path, format = "uuid", description = "The row")),
    request_body = ReconciliationAnswerBody,
    responses((status = 200, description = "The row", body = ReconciliationRowView)))]
pub async fn answer_reconciliation_row(
    Finance(caller): Finance,
    PathId(id): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let given = body.read::<ReconciliationAnswerBody>()?.into_answer(id)?;
    let meaning = Meaning::of("answerReconciliationRow").subject(&id).body(body.value());
    let answer = service.act(&caller, &key, &meaning, Act::AnswerReconciliationRow(given)).await?;
    let Outcome::ReconciliationRow(row) = &answer.outcome else { return Err(unexpected()) };
    Ok(changed(&answer, &ReconciliationRowView::from(&**row)))
}
