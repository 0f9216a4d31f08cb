//! Rows as they are stored, and how they become the domain's records and back.
//!
//! A value that cannot be read back, such as a word that a newer release wrote, is an error of that row and
//! never a panic.

mod accounts;
mod adjustments;
mod anomalies;
mod assistance;
mod claims;
mod data_keys;
mod disputes;
mod evidence_files;
mod growth;
mod imports;
mod ledger;
mod old_items;
mod parties;
mod programmes;
mod redemptions;
mod rollups;
mod settlements;
mod trail;
mod turn_ins;
mod vouchers;
mod webhooks;

pub use accounts::{RefreshTokenRow, RevocationRow, SessionRow, StaffRow, TillRow};
pub use adjustments::{AdjustmentRow, AdjustmentStateRow};
pub use anomalies::{AnomalyRow, AnomalyRulesRow, AnomalyScanRow};
pub use assistance::{AssistantUseRow, AssistedClaimRow};
pub use claims::ClaimRow;
pub use data_keys::DataKeyRow;
pub use disputes::DisputeRow;
pub use evidence_files::EvidenceFileRow;
pub use growth::{BaselineRow, OffSystemRow};
pub use imports::{ImportFileRow, ProductRow};
pub use ledger::{AccountRow, LineRow, MovementRow};
pub use old_items::{OldItemStepRow, PickupRow};
pub use parties::{AccountProposalRow, PersonRow, RecyclerRow, RetailerRow, StoreRow};
pub use programmes::{ProgrammeRow, VersionRow};
pub use redemptions::{BucketRow, RedemptionRow, RedemptionStateRow};
pub use rollups::{EntryRow, RollupRow};
pub use settlements::{
    BankReturnRow, LineHoldRow, LineRejectionRow, PaymentBatchRow, ReconciliationRowRow, RepaymentRow, SettlementRow,
};
pub use trail::{AttemptRow, AuditRow, BlockRow, CheckpointRow, CommandRow};
pub use turn_ins::TurnInRow;
pub use vouchers::{EndedRow, QuotaRow, ReleaseRow, VoucherRow};
pub use webhooks::{MissRow, WebhookRow};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::StoreError;
use crate::domain::time::Day;

/// A row of one table and the record that it stands for.
pub trait Row: Sized {
    /// The domain's record.
    type Record;

    /// The row of a record.
    ///
    /// # Errors
    /// [`StoreError::Row`] for a value that no column can hold.
    fn write(record: &Self::Record) -> Result<Self, StoreError>;

    /// The record of a row.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a value that cannot be read back.
    fn read(self) -> Result<Self::Record, StoreError>;
}

/// The rows of many records.
pub fn write_all<R: Row>(records: &[R::Record]) -> Result<Vec<R>, StoreError> {
    records.iter().map(R::write).collect()
}

/// The records of many rows.
pub fn read_all<R: Row>(rows: Vec<R>) -> Result<Vec<R::Record>, StoreError> {
    rows.into_iter().map(R::read).collect()
}

/// The place of a value that is being read, for the error that names it.
struct Place {
    table: &'static str,
    id: String,
}

impl Place {
    fn new(table: &'static str, id: &impl ToString) -> Self {
        Self { table, id: id.to_string() }
    }

    fn found<T>(&self, column: &'static str, value: Option<T>) -> Result<T, StoreError> {
        value.ok_or_else(|| StoreError::Corrupt { table: self.table, id: self.id.clone(), column })
    }

    /// A word of the domain.
    fn word<T>(&self, column: &'static str, text: &str, known: fn(&str) -> Option<T>) -> Result<T, StoreError> {
        self.found(column, known(text))
    }

    /// A list or nested value.
    fn json<T: DeserializeOwned>(&self, column: &'static str, text: &str) -> Result<T, StoreError> {
        self.found(column, serde_json::from_str(text).ok())
    }

    /// A count.
    fn count<T: TryFrom<i64>>(&self, column: &'static str, number: i64) -> Result<T, StoreError> {
        self.found(column, T::try_from(number).ok())
    }

    /// A day.
    fn day(&self, column: &'static str, number: i32) -> Result<Day, StoreError> {
        self.found(column, Day::from_number(number))
    }
}

/// A list or nested value as text.
fn json<T: Serialize + ?Sized>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Row(error.to_string()))
}

/// A count as a number that both databases have.
fn count(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Row(format!("{number} is more than can be counted")))
}
