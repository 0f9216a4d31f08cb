//! Adjustments: which redemptions a version may raise, and what was posted.

use diesel::prelude::*;

use super::Conn;
use super::reports::first_id;
use crate::domain::adjustment::{Adjustment, Raised};
use crate::domain::id::Id;
use crate::domain::records::RedemptionStatus;
use crate::domain::time::{Day, Moment};
use crate::store::error::StoreError;
use crate::store::rows::{AdjustmentRow, Row, read_all};
use crate::store::schema::{adjustment, redemption, redemption_state};
use crate::store::tx::Page;

const RESUBMITTED: &str = RedemptionStatus::Resubmitted.name();

/// Redemptions of a programme under versions before this one, from a day on, that stand and that this version has not
/// raised, newest first. Whether anything is owed for them is another question.
pub fn candidates(
    conn: &mut Conn,
    programme: &str,
    version: u32,
    from: Day,
    page: Page,
) -> Result<Vec<Id>, StoreError> {
    let raised = adjustment::redemption.eq(redemption::id).and(adjustment::version.eq(i64::from(version)));
    let ids = redemption::table
        .left_join(redemption_state::table.on(redemption_state::redemption.eq(redemption::id)))
        .left_join(adjustment::table.on(raised))
        .filter(redemption_state::redemption.is_null().or(redemption_state::status.eq(RESUBMITTED)))
        .filter(adjustment::id.is_null())
        .filter(redemption::programme.eq(programme))
        .filter(redemption::version.lt(i64::from(version)))
        // Identities begin with the time, so the days are a range of the primary key.
        .filter(redemption::id.ge(first_id(from.start())))
        .filter(redemption::id.lt(page.before()))
        .filter(redemption::at.ge(from.start().0))
        .order(redemption::id.desc())
        .limit(page.limit)
        .select(redemption::id)
        .load(conn)?;
    Ok(ids)
}

/// What was posted for a programme, newest first; those of one moment by their identity.
pub fn posted(conn: &mut Conn, programme: &str, page: Page) -> Result<Vec<Raised>, StoreError> {
    let mut query = adjustment::table
        .inner_join(redemption::table.on(redemption::id.eq(adjustment::redemption)))
        .filter(adjustment::programme.eq(programme))
        .select((AdjustmentRow::as_select(), redemption::version, redemption::at))
        .into_boxed();
    if let Some(after) = page.after {
        // Identities of adjustments are digests and say nothing of the time.
        let at = adjustment::table.find(after).select(adjustment::at).first::<i64>(conn).optional()?;
        let at = at.unwrap_or(i64::MIN);
        query = query.filter(adjustment::at.lt(at).or(adjustment::at.eq(at).and(adjustment::id.lt(after))));
    }
    let newest = query.order((adjustment::at.desc(), adjustment::id.desc())).limit(page.limit);
    newest.load(conn)?.into_iter().map(raised).collect()
}

/// The adjustments of some redemptions, by redemption and version.
pub fn of_redemptions(conn: &mut Conn, redemptions: &[Id]) -> Result<Vec<Adjustment>, StoreError> {
    let mut found = Vec::new();
    for keys in redemptions.chunks(super::KEYS) {
        let rows = adjustment::table.filter(adjustment::redemption.eq_any(keys)).select(AdjustmentRow::as_select());
        found.extend(rows.order((adjustment::redemption, adjustment::version)).load(conn)?);
    }
    read_all(found)
}

fn raised((row, version, at): (AdjustmentRow, i64, i64)) -> Result<Raised, StoreError> {
    let id = row.redemption.to_string();
    let corrupt = |_| StoreError::Corrupt { table: "redemption", id, column: "version" };
    let from_version = u32::try_from(version).map_err(corrupt)?;
    Ok(Raised { adjustment: row.read()?, from_version, redeemed_at: Moment(at) })
}
