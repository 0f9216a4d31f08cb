//! Webhooks: those of a retailer, those that are to be told, and what they missed.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::Conn;
use crate::domain::id::Id;
use crate::domain::records::Standing;
use crate::domain::state::State;
use crate::domain::time::Moment;
use crate::domain::webhook::{Miss, Webhook, WebhookStatus};
use crate::store::error::StoreError;
use crate::store::rows::{MissRow, WebhookRow, read_all};
use crate::store::schema::{retailer, webhook, webhook_miss};
use crate::store::tx::Page;

/// Which webhooks each retailer has that was asked for.
pub fn load_of(conn: &mut Conn, state: &mut State) -> Result<(), StoreError> {
    for owner in state.webhooks_of.take_unloaded() {
        let of = webhook::table.filter(webhook::retailer.eq(owner));
        let there = of.filter(webhook::status.ne(WebhookStatus::Removed.name()));
        let ids: Vec<Id> = there.select(webhook::id).load(conn)?;
        state.webhooks_of.put(owner, BTreeSet::from_iter(ids));
    }
    Ok(())
}

/// A retailer's, newest first, as far as they are there.
pub fn of_retailer(conn: &mut Conn, owner: Id, page: Page) -> Result<Vec<Webhook>, StoreError> {
    let of = webhook::table.filter(webhook::retailer.eq(owner)).filter(webhook::id.lt(page.before()));
    let there = of.filter(webhook::status.ne(WebhookStatus::Removed.name()));
    read_all::<WebhookRow>(
        there.order(webhook::id.desc()).limit(page.limit).select(WebhookRow::as_select()).load(conn)?,
    )
}

/// A retailer's own, as far as it is there.
pub fn own(conn: &mut Conn, owner: Id, id: Id) -> Result<Option<Webhook>, StoreError> {
    let of = webhook::table.filter(webhook::id.eq(id)).filter(webhook::retailer.eq(owner));
    let there = of.filter(webhook::status.ne(WebhookStatus::Removed.name()));
    let found: Option<WebhookRow> = there.select(WebhookRow::as_select()).first(conn).optional()?;
    found.map(crate::store::rows::Row::read).transpose()
}

/// Those that are to be told something if there is something: no wait is on, and their retailers take part.
pub fn to_tell(conn: &mut Conn, now: Moment) -> Result<Vec<Webhook>, StoreError> {
    let taking_part = retailer::table.filter(retailer::standing.eq(Standing::Approved.name())).select(retailer::id);
    let active = webhook::table.filter(webhook::status.eq(WebhookStatus::Active.name()));
    let waiting = webhook::retry_at.is_null().or(webhook::retry_at.le(now.0));
    let found = active.filter(waiting).filter(webhook::retailer.eq_any(taking_part)).order(webhook::id);
    read_all::<WebhookRow>(found.select(WebhookRow::as_select()).load(conn)?)
}

/// The webhooks for which something that they missed is to be tried again.
pub fn to_try_again(conn: &mut Conn) -> Result<BTreeSet<Id>, StoreError> {
    let waiting = webhook_miss::table.filter(webhook_miss::again_at.is_not_null());
    let found: Vec<Id> = waiting.select(webhook_miss::webhook).distinct().load(conn)?;
    Ok(found.into_iter().collect())
}

/// What a webhook missed, newest first.
pub fn misses(conn: &mut Conn, of: Id, page: Page) -> Result<Vec<Miss>, StoreError> {
    let mut query = webhook_miss::table.filter(webhook_miss::webhook.eq(of)).select(MissRow::as_select()).into_boxed();
    if let Some(after) = page.after {
        let seq = webhook_miss::table.find(after).select(webhook_miss::seq).first::<i64>(conn).optional()?;
        query = query.filter(webhook_miss::seq.lt(seq.unwrap_or(i64::MIN)));
    }
    read_all(query.order(webhook_miss::seq.desc()).limit(page.limit).load(conn)?)
}

/// What of it is to be tried again, oldest first.
pub fn misses_to_try(conn: &mut Conn, of: Id, limit: i64) -> Result<Vec<Miss>, StoreError> {
    let waiting = webhook_miss::table.filter(webhook_miss::webhook.eq(of)).filter(webhook_miss::again_at.is_not_null());
    read_all::<MissRow>(waiting.order(webhook_miss::seq).limit(limit).select(MissRow::as_select()).load(conn)?)
}
