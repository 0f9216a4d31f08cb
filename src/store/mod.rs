//! The store's surface as api sees it.

use std::sync::Arc;

use crate::domain::audit::{AuditRecord, Head};
use crate::domain::id::Id;
use crate::domain::ledger::LedgerLine;
use crate::domain::records::{
    Baseline, OffSystem, Person, Programme, Recycler, Redemption, RedemptionState, Retailer, Store, TurnIn, Version,
    Voucher,
};
use crate::domain::rollup::Tally;
use crate::domain::time::{Day, Moment};

/// A read that failed.
#[derive(Debug, thiserror::Error)]
#[error("the database failed")]
pub struct StoreError;

/// A page of a list, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// After which record.
    pub after: Option<Id>,
    /// How many.
    pub limit: i64,
}

/// By what totals are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Group {
    Programme,
    Category,
    Retailer,
    Store,
    Town,
    Day,
    Month,
}

/// A read transaction.
pub struct Tx<'a>(pub &'a ());

#[allow(missing_docs, clippy::missing_errors_doc, clippy::needless_pass_by_value, clippy::type_complexity)]
impl Tx<'_> {
    pub fn programmes(&mut self) -> Result<Vec<(Programme, Option<Arc<Version>>)>, StoreError> {
        Err(StoreError)
    }
    pub fn programme(&mut self, _id: &str) -> Result<Option<(Programme, Option<Arc<Version>>)>, StoreError> {
        Err(StoreError)
    }
    pub fn voucher(&mut self, _id: Id) -> Result<Option<Voucher>, StoreError> {
        Err(StoreError)
    }
    pub fn vouchers_of(&mut self, _person: Id, _page: Page) -> Result<Vec<Voucher>, StoreError> {
        Err(StoreError)
    }
    pub fn turn_in(&mut self, _id: Id) -> Result<Option<TurnIn>, StoreError> {
        Err(StoreError)
    }
    pub fn turn_ins(
        &mut self,
        _recorder: Option<Id>,
        _person: Option<Id>,
        _page: Page,
    ) -> Result<Vec<TurnIn>, StoreError> {
        Err(StoreError)
    }
    pub fn redemption(&mut self, _id: Id) -> Result<Option<(Redemption, Option<RedemptionState>)>, StoreError> {
        Err(StoreError)
    }
    pub fn redemptions(
        &mut self,
        _retailer: Option<Id>,
        _page: Page,
    ) -> Result<Vec<(Redemption, Option<RedemptionState>)>, StoreError> {
        Err(StoreError)
    }
    pub fn retailer(&mut self, _id: Id) -> Result<Option<Retailer>, StoreError> {
        Err(StoreError)
    }
    pub fn retailers(&mut self, _page: Page) -> Result<Vec<Retailer>, StoreError> {
        Err(StoreError)
    }
    pub fn store(&mut self, _id: Id) -> Result<Option<Store>, StoreError> {
        Err(StoreError)
    }
    pub fn stores_of(&mut self, _retailer: Id) -> Result<Vec<Store>, StoreError> {
        Err(StoreError)
    }
    pub fn recycler(&mut self, _id: Id) -> Result<Option<Recycler>, StoreError> {
        Err(StoreError)
    }
    pub fn recyclers(
        &mut self,
        _division: Option<&str>,
        _approved_only: bool,
        _page: Page,
    ) -> Result<Vec<Recycler>, StoreError> {
        Err(StoreError)
    }
    pub fn person(&mut self, _id: Id) -> Result<Option<Person>, StoreError> {
        Err(StoreError)
    }
    pub fn lines(&mut self, _programme: Option<&str>) -> Result<Vec<LedgerLine>, StoreError> {
        Err(StoreError)
    }
    pub fn audit_records(&mut self, _before: Option<i64>, _limit: i64) -> Result<Vec<AuditRecord>, StoreError> {
        Err(StoreError)
    }
    pub fn lapsed_vouchers(&mut self, _person: Id, _turn_in: Option<Id>, _now: Moment) -> Result<Vec<Id>, StoreError> {
        Err(StoreError)
    }
    pub fn totals(
        &mut self,
        _group: Group,
        _from: Option<Day>,
        _to: Option<Day>,
    ) -> Result<Vec<(String, Tally)>, StoreError> {
        Err(StoreError)
    }
    pub fn version(&mut self, _programme: &str, _number: u32) -> Result<Option<Arc<Version>>, StoreError> {
        Err(StoreError)
    }
    pub fn head(&mut self) -> Result<Head, StoreError> {
        Err(StoreError)
    }
    pub fn completed_by_year(&mut self, _at: Option<Moment>) -> Result<Vec<(i32, i64, i64)>, StoreError> {
        Err(StoreError)
    }
    pub fn baseline(&mut self, _at: Option<Moment>) -> Result<Option<Baseline>, StoreError> {
        Err(StoreError)
    }
    pub fn off_system(&mut self, _at: Option<Moment>) -> Result<Vec<OffSystem>, StoreError> {
        Err(StoreError)
    }
}
