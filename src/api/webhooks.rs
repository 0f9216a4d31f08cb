//! Webhooks: a retailer's manager says where its system is told what becomes of redemptions and payments.

use actix_web::{HttpResponse, web};

use super::answer::{changed, created, unexpected};
use super::auth::RetailerManager;
use super::body::{CreateWebhookBody, ReasonBody, RedeliverEventsBody, ReplayWebhookBody};
use super::entity::JsonBody;
use super::error::ApiError;
use super::idempotency::{IdempotencyKey, Meaning};
use super::page::Paging;
use super::query::{Asked, Nothing, PathId};
use super::server::Service;
use super::view::{ListView, MissedEventView, RedeliveryView, WebhookView, WebhookWithSecretView};
use crate::domain::command::{Act, Outcome};
use crate::domain::refusal::Code;
use crate::domain::webhook::Webhook;
use crate::engine::Answer;

/// Have the retailer's system told what becomes of its redemptions and payments
///
/// Each message is a POST that is signed as [Standard Webhooks](https://www.standardwebhooks.com/) has it. It is sent until
/// the system answers with a status of success, in the order in which things happened, at least once each; `webhook-id` is
/// the same each time. The first one is `webhook.created`. The secret is kept nowhere; a repeat with the same key shows it
/// again. A retailer has five at most.
#[utoipa::path(post, path = "/api/v1/webhooks", operation_id = "createWebhook", tag = "retailer",
    request_body = CreateWebhookBody,
    responses((status = 201, description = "The webhook and its secret", body = WebhookWithSecretView)))]
pub async fn create_webhook(
    manager: RetailerManager,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    // The method itself as the query is not general enough over the transaction's lifetime.
    #[allow(clippy::redundant_closure_for_method_calls)]
    let head = service.division.read(|tx| tx.head()).await?;
    let new = body.read::<CreateWebhookBody>()?.judged(manager.retailer, head.seq, &service.reach)?;
    let meaning = Meaning::of("createWebhook").body(body.value());
    let answer = service.act(&manager.caller, &key, &meaning, Act::CreateWebhook(Box::new(new))).await?;
    let row = webhook(&answer)?;
    Ok(created(&answer, &format!("/webhooks/{}", row.id), &with_secret(&service, row)))
}

/// The webhooks of the caller's retailer, newest first
#[utoipa::path(get, path = "/api/v1/webhooks", operation_id = "listWebhooks", tag = "retailer", params(Paging),
    responses((status = 200, description = "A page of webhooks", body = ListView<WebhookView>)))]
pub async fn list_webhooks(
    manager: RetailerManager,
    Asked(paging): Asked<Paging>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reading = paging.of(manager.caller.actor.id, "webhooks")?;
    let retailer = manager.retailer;
    let rows = service.division.read(move |tx| tx.webhooks_of(retailer, reading.page())).await?;
    Ok(HttpResponse::Ok().json(reading.list(rows, |row| row.id, |row| WebhookView::of(&row))))
}

/// A webhook: whether it takes what it is sent, and if not, since when and why
#[utoipa::path(get, path = "/api/v1/webhooks/{id}", operation_id = "getWebhook", tag = "retailer",
    params(("id" = String, Path, format = "uuid", description = "The webhook")),
    responses((status = 200, description = "The webhook", body = WebhookView)))]
pub async fn get_webhook(
    manager: RetailerManager,
    PathId(id): PathId,
    Asked(Nothing): Asked<Nothing>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let retailer = manager.retailer;
    let row = service.division.read(move |tx| tx.webhook(retailer, id)).await?;
    let row = row.ok_or_else(|| ApiError::of(Code::NotFound))?;
    Ok(HttpResponse::Ok().json(WebhookView::of(&row)))
}

/// Give a webhook a new secret
///
/// For 24 hours messages are signed with the secret of before as well. A repeat with the same key shows the secret again.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/secret", operation_id = "rotateWebhookSecret", tag = "retailer",
    params(("id" = String, Path, format = "uuid", description = "The webhook")),
    responses((status = 200, description = "The webhook and its new secret", body = WebhookWithSecretView)))]
pub async fn rotate_webhook_secret(
    manager: RetailerManager,
    PathId(id): PathId,
    key: IdempotencyKey,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let meaning = Meaning::of("rotateWebhookSecret").subject(&id);
    let act = Act::RotateWebhookSecret { webhook: id };
    let answer = service.act(&manager.caller, &key, &meaning, act).await?;
    Ok(changed(&answer, &with_secret(&service, webhook(&answer)?)))
}

/// Tell a webhook nothing for the time being
///
/// Nothing is lost: `replayWebhook` goes on from here.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/stop", operation_id = "stopWebhook", tag = "retailer",
    params(("id" = String, Path, format = "uuid", description = "The webhook")), request_body = ReasonBody,
    responses((status = 200, description = "The webhook", body = WebhookView)))]
pub async fn stop_webhook(
    manager: RetailerManager,
    PathId(id): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reason = body.read::<ReasonBody>()?.into_reason()?;
    let meaning = Meaning::of("stopWebhook").subject(&id).body(body.value());
    let answer = service.act(&manager.caller, &key, &meaning, Act::StopWebhook { webhook: id, reason }).await?;
    Ok(changed(&answer, &WebhookView::of(webhook(&answer)?)))
}

/// Tell a webhook everything since a time once more, or go on with one that was stopped
///
/// What it has taken before comes again under the same `webhook-id`. A time later than where it stopped leaves out what lies
/// between.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/replay", operation_id = "replayWebhook", tag = "retailer",
    params(("id" = String, Path, format = "uuid", description = "The webhook")), request_body = ReplayWebhookBody,
    responses((status = 200, description = "The webhook", body = WebhookView)))]
pub async fn replay_webhook(
    manager: RetailerManager,
    PathId(id): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let since = body.read::<ReplayWebhookBody>()?.judged()?;
    let after = match since {
        Some(since) => Some(service.division.read(move |tx| tx.first_audit_record_at(since.0)).await? - 1),
        None => None,
    };
    let meaning = Meaning::of("replayWebhook").subject(&id).body(body.value());
    let act = Act::ReplayWebhook { webhook: id, after };
    let answer = service.act(&manager.caller, &key, &meaning, act).await?;
    Ok(changed(&answer, &WebhookView::of(webhook(&answer)?)))
}

/// Take a webhook away
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/removal", operation_id = "removeWebhook", tag = "retailer",
    params(("id" = String, Path, format = "uuid", description = "The webhook")),
    responses((status = 200, description = "The webhook as it was", body = WebhookView)))]
pub async fn remove_webhook(
    manager: RetailerManager,
    PathId(id): PathId,
    key: IdempotencyKey,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let meaning = Meaning::of("removeWebhook").subject(&id);
    let answer = service.act(&manager.caller, &key, &meaning, Act::RemoveWebhook { webhook: id }).await?;
    Ok(changed(&answer, &WebhookView::of(webhook(&answer)?)))
}

/// What a webhook missed, newest first
///
/// An event that the system itself refuses (400, 409, 413, 415 or 422) eight times is given up, and the next one follows. A
/// system that is away misses nothing: it is waited for, and after three days the webhook is stopped where it stands.
#[utoipa::path(get, path = "/api/v1/webhooks/{id}/missed-events", operation_id = "listMissedEvents", tag = "retailer",
    params(("id" = String, Path, format = "uuid", description = "The webhook"), Paging),
    responses((status = 200, description = "A page of missed events", body = ListView<MissedEventView>)))]
pub async fn list_missed_events(
    manager: RetailerManager,
    PathId(id): PathId,
    Asked(paging): Asked<Paging>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let reading = paging.of(manager.caller.actor.id, &format!("missed events of {id}"))?;
    let retailer = manager.retailer;
    let rows = service.division.read(move |tx| {
        let own = tx.webhook(retailer, id)?;
        own.map(|_| tx.webhook_misses(id, reading.page())).transpose()
    });
    let rows = rows.await?.ok_or_else(|| ApiError::of(Code::NotFound))?;
    Ok(HttpResponse::Ok().json(reading.list(rows, |row| row.id, |row| MissedEventView::of(&row))))
}

/// Try missed events once more
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/redeliveries", operation_id = "redeliverEvents", tag = "retailer",
    params(("id" = String, Path, format = "uuid", description = "The webhook")), request_body = RedeliverEventsBody,
    responses((status = 200, description = "The events, which are sent within seconds", body = RedeliveryView)))]
pub async fn redeliver_events(
    manager: RetailerManager,
    PathId(id): PathId,
    key: IdempotencyKey,
    body: JsonBody,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let events = body.read::<RedeliverEventsBody>()?.judged()?;
    let meaning = Meaning::of("redeliverEvents").subject(&id).body(body.value());
    let act = Act::RedeliverEvents { webhook: id, events };
    let answer = service.act(&manager.caller, &key, &meaning, act).await?;
    let Outcome::Misses(misses) = &answer.outcome else { return Err(unexpected()) };
    Ok(changed(&answer, &RedeliveryView { events: misses.iter().map(MissedEventView::of).collect() }))
}

fn webhook(answer: &Answer) -> Result<&Webhook, ApiError> {
    if let Outcome::Webhook(row) = &answer.outcome { Ok(row) } else { Err(unexpected()) }
}

fn with_secret(service: &Service, row: &Webhook) -> WebhookWithSecretView {
    WebhookWithSecretView { webhook: WebhookView::of(row), secret: service.webhook_secrets.text(row.id, row.serial) }
}
