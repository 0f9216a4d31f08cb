//! What an approval goes by, read in one snapshot before the command.

use crate::domain::command::Approval;
use crate::domain::id::Id;
use crate::domain::money::Fen;
use crate::store::{StoreError, Tx};

/// What the approval of a settlement goes by; nothing where there is no such settlement. Above the ceiling two approve.
///
/// # Errors
/// Those of the database, and [`StoreError::Corrupt`] for a row that cannot be read back.
pub fn approval(tx: &mut Tx<'_>, settlement: Id, ceiling: Option<Fen>) -> Result<Option<Approval>, StoreError> {
    let Some(settlement) = tx.settlement(settlement)? else { return Ok(None) };
    let accounts = tx.accounts_of_retailer(settlement.retailer)?;
    let owing = accounts.iter().filter(|account| account.clawback > Fen::ZERO);
    let clawback_lines = owing.map(|account| account.line).collect();
    Ok(Some(Approval { ceiling, clawback_lines, inventory: tx.inventory(&settlement)? }))
}
