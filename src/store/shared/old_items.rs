//! How far old items have come, how many of them, and pick-ups at home.

use diesel::dsl::count_star;
use diesel::prelude::*;

use super::Conn;
use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::old_item_end::{EndStep, OldItemStep};
use crate::domain::pickup::{Pickup, PickupStatus};
use crate::domain::records::TurnInStatus;
use crate::domain::time::Moment;
use crate::store::counts::ItemCount;
use crate::store::error::StoreError;
use crate::store::rows::{OldItemStepRow, PickupRow, Row, read_all};
use crate::store::schema::{old_item_step, pickup, turn_in};
use crate::store::tx::Page;

pub fn steps(conn: &mut Conn, item: Id) -> Result<Vec<OldItemStep>, StoreError> {
    let of = old_item_step::table.filter(old_item_step::turn_in.eq(item)).order(old_item_step::id);
    read_all::<OldItemStepRow>(of.select(OldItemStepRow::as_select()).load(conn)?)
}

/// Of the old items that were recorded from one moment on and before another: how many by recorder, category and state,
/// and how many of these have come how far. Their identities begin with the time.
pub fn counts(conn: &mut Conn, from: Option<Moment>, before: Option<Moment>) -> Result<Vec<ItemCount>, StoreError> {
    let first = from.map_or(Id::NIL, Id::first_of);
    let last = before.map_or_else(|| Id::from_prefix(&[u8::MAX; 16]), Id::first_of);
    let recorded: Vec<(Id, String, String, i64)> = turn_in::table
        .filter(turn_in::id.ge(first))
        .filter(turn_in::id.lt(last))
        .group_by((turn_in::recorder, turn_in::category, turn_in::status))
        .select((turn_in::recorder, turn_in::category, turn_in::status, count_star()))
        .load(conn)?;
    let mut counts = recorded.into_iter().map(|row| count(row, None)).collect::<Result<Vec<_>, _>>()?;
    for step in EndStep::ALL {
        let ended: Vec<(Id, String, String, i64)> = turn_in::table
            .inner_join(old_item_step::table.on(old_item_step::turn_in.eq(turn_in::id)))
            .filter(old_item_step::step.eq(step.name()))
            .filter(turn_in::id.ge(first))
            .filter(turn_in::id.lt(last))
            .group_by((turn_in::recorder, turn_in::category, turn_in::status))
            .select((turn_in::recorder, turn_in::category, turn_in::status, count_star()))
            .load(conn)?;
        for row in ended {
            counts.push(count(row, Some(*step))?);
        }
    }
    Ok(counts)
}

fn count(
    (recorder, category, status, count): (Id, String, String, i64),
    step: Option<EndStep>,
) -> Result<ItemCount, StoreError> {
    let corrupt = |column| StoreError::Corrupt { table: "turn_in", id: recorder.to_string(), column };
    Ok(ItemCount {
        recorder,
        category: Category::from_name(&category).ok_or_else(|| corrupt("category"))?,
        status: TurnInStatus::from_name(&status).ok_or_else(|| corrupt("status"))?,
        step,
        count: u64::try_from(count).map_err(|_| corrupt("id"))?,
    })
}

pub fn pickup(conn: &mut Conn, id: Id) -> Result<Option<Pickup>, StoreError> {
    let row = pickup::table.find(id).select(PickupRow::as_select()).first(conn).optional()?;
    row.map(PickupRow::read).transpose()
}

/// Pick-ups of a person, or that a collection point has taken on, in one state or in any, newest first.
pub fn pickups(
    conn: &mut Conn,
    person: Option<Id>,
    recycler: Option<Id>,
    status: Option<PickupStatus>,
    page: Page,
) -> Result<Vec<Pickup>, StoreError> {
    let mut query = pickup::table.select(PickupRow::as_select()).filter(pickup::id.lt(page.before())).into_boxed();
    if let Some(person) = person {
        query = query.filter(pickup::person.eq(person));
    }
    if let Some(recycler) = recycler {
        query = query.filter(pickup::recycler.eq(recycler));
    }
    if let Some(status) = status {
        query = query.filter(pickup::status.eq(status.name()));
    }
    read_all(query.order(pickup::id.desc()).limit(page.limit).load(conn)?)
}

/// Pick-ups that wait in a division for somebody to take them on, of some goods, newest first.
pub fn waiting(conn: &mut Conn, division: &str, goods: &[Category], page: Page) -> Result<Vec<Pickup>, StoreError> {
    let words: Vec<&str> = goods.iter().map(|category| category.name()).collect();
    let waits = pickup::table
        .filter(pickup::status.eq(PickupStatus::Requested.name()))
        .filter(pickup::division_code.eq(division))
        .filter(pickup::category.eq_any(words))
        .filter(pickup::id.lt(page.before()));
    read_all(waits.order(pickup::id.desc()).limit(page.limit).select(PickupRow::as_select()).load(conn)?)
}
