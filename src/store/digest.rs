//! Digests of rows that may not change behind the trail's back, made and checked by the same function.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::rows::{MovementRow, RedemptionRow, RedemptionStateRow, Row};
use crate::domain::audit::Fact;
use crate::domain::command::{Change, Decision};
use crate::domain::goods::words;
use crate::domain::id::Id;

words! {
    /// A table whose rows the trail has digests of.
    FactTable {
        /// Redemptions.
        Redemption = "redemption",
        /// States of redemptions; the newest digest of a row counts.
        RedemptionState = "redemption_state",
        /// Movements.
        Movement = "movement",
    }
}

/// The digests of a decision's redemptions, states of redemptions and movements, in the order in which they stand
/// there.
///
/// A record that no row can hold gets an empty digest; saving it fails with the reason.
#[must_use]
pub fn digests(decision: &Decision) -> Vec<Fact> {
    let changes = decision.changes.iter().filter_map(|change| match change {
        Change::Redemption(record) => Some(fact::<RedemptionRow>(FactTable::Redemption, record.id, record)),
        Change::RedemptionState(record) => {
            Some(fact::<RedemptionStateRow>(FactTable::RedemptionState, record.redemption, record))
        }
        _ => None,
    });
    let movements = decision.movements.iter().map(|record| fact::<MovementRow>(FactTable::Movement, record.id, record));
    changes.chain(movements).collect()
}

fn fact<R: Row + Serialize>(table: FactTable, id: Id, record: &R::Record) -> Fact {
    Fact { table: table.name(), id, digest: R::write(record).map(|row| of(&row)).unwrap_or_default() }
}

/// SHA-256, in lower-case hexadecimal, over a row's canonical JSON: all columns by name in alphabetical order,
/// identities as text, nested values as the text that is stored.
pub fn of<R: Serialize>(row: &R) -> String {
    // A value of serde_json keeps the keys of an object sorted; row structs have their columns as fields.
    serde_json::to_value(row).map(|value| hex::encode(Sha256::digest(value.to_string()))).unwrap_or_default()
}
