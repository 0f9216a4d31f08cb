//! Versions of programmes, from memory where they are published.

use std::sync::Arc;

use diesel::prelude::*;

use super::Conn;
use crate::domain::records::{Programme, Version};
use crate::store::error::StoreError;
use crate::store::rows::{Row, VersionRow};
use crate::store::schema::programme_version;
use crate::store::versions::Shelf;

pub fn one(conn: &mut Conn, shelf: Shelf<'_>, key: &(String, u32)) -> Result<Option<Arc<Version>>, StoreError> {
    if let Some(known) = shelf.get(key) {
        return Ok(Some(known));
    }
    let row = programme_version::table
        .find((&key.0, i64::from(key.1)))
        .select(VersionRow::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(VersionRow::read).transpose()?.map(|version| shelf.keep(version)))
}

/// The version that a programme shows: the one in force, or the newest draft before the first publication.
pub fn shown(conn: &mut Conn, shelf: Shelf<'_>, programme: &Programme) -> Result<Option<Arc<Version>>, StoreError> {
    let number = if programme.current > 0 { programme.current } else { programme.latest };
    one(conn, shelf, &(programme.id.clone(), number))
}
