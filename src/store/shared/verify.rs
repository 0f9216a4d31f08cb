//! Digests of stored rows, for comparison with those in the trail.

use diesel::prelude::*;

use super::Conn;
use crate::domain::id::Id;
use crate::store::digest::{self, FactTable};
use crate::store::error::StoreError;
use crate::store::rows::{MovementRow, RedemptionRow, RedemptionStateRow};
use crate::store::schema::{movement, redemption, redemption_state};

macro_rules! digests {
    ($conn:expr, $after:expr, $limit:expr, $table:ident.$key:ident as $row:ty) => {{
        let rows = $table::table.filter($table::$key.gt($after)).order($table::$key).limit($limit);
        let rows = rows.select(<$row>::as_select()).load($conn)?;
        rows.iter().map(|row| (row.$key, digest::of(row))).collect()
    }};
}

/// Keys and digests of a table's rows in the order of their keys, after a key.
pub fn facts(conn: &mut Conn, table: FactTable, after: Id, limit: i64) -> Result<Vec<(Id, String)>, StoreError> {
    Ok(match table {
        FactTable::Redemption => digests!(conn, after, limit, redemption.id as RedemptionRow),
        FactTable::RedemptionState => digests!(conn, after, limit, redemption_state.redemption as RedemptionStateRow),
        FactTable::Movement => digests!(conn, after, limit, movement.id as MovementRow),
    })
}
