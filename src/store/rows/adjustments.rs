//! Adjustments of redemptions.

use diesel::prelude::*;
use serde::Serialize;

use super::{Place, Row, json};
use crate::domain::adjustment::{Adjustment, AdjustmentState};
use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::money::Fen;
use crate::domain::records::{RedemptionStatus, RejectionCode};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::schema::{adjustment, adjustment_state};

/// An adjustment. Serialised, it is what the trail has the digest of.
#[derive(Clone, Debug, Insertable, Queryable, Selectable, Serialize)]
#[diesel(table_name = adjustment, treat_none_as_default_value = false)]
pub struct AdjustmentRow {
    pub id: Id,
    pub redemption: Id,
    pub voucher: Id,
    pub programme: String,
    pub version: i64,
    pub category: String,
    pub line: Id,
    pub retailer: Id,
    pub store: Id,
    pub before_fen: i64,
    pub after_fen: i64,
    pub amount_fen: i64,
    pub funding: String,
    pub author: Id,
    pub at: i64,
    pub bucket: Id,
}

impl Row for AdjustmentRow {
    type Record = Adjustment;

    fn write(record: &Adjustment) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            redemption: record.redemption,
            voucher: record.voucher,
            programme: record.programme.clone(),
            version: i64::from(record.version),
            category: record.category.name().to_owned(),
            line: record.line,
            retailer: record.retailer,
            store: record.store,
            before_fen: record.before.0,
            after_fen: record.after.0,
            amount_fen: record.amount.0,
            funding: json(&record.funding)?,
            author: record.author,
            at: record.at.0,
            bucket: record.bucket,
        })
    }

    fn read(self) -> Result<Adjustment, StoreError> {
        let place = Place::new("adjustment", &self.id);
        Ok(Adjustment {
            id: self.id,
            redemption: self.redemption,
            voucher: self.voucher,
            programme: self.programme,
            version: place.count("version", self.version)?,
            category: place.word("category", &self.category, Category::from_name)?,
            line: self.line,
            retailer: self.retailer,
            store: self.store,
            before: Fen(self.before_fen),
            after: Fen(self.after_fen),
            amount: Fen(self.amount_fen),
            funding: place.json("funding", &self.funding)?,
            author: self.author,
            at: Moment(self.at),
            bucket: self.bucket,
        })
    }
}

/// The state of an adjustment that was refused by itself. Serialised, it is what the trail has the digest of.
#[derive(Clone, Debug, Insertable, Queryable, Selectable, Serialize)]
#[diesel(table_name = adjustment_state, treat_none_as_default_value = false)]
pub struct AdjustmentStateRow {
    pub adjustment: Id,
    pub redemption: Id,
    pub status: String,
    pub step: Id,
    pub settlement: Id,
    pub code: String,
    pub reason: String,
    pub bucket: Option<Id>,
    pub at: i64,
}

impl Row for AdjustmentStateRow {
    type Record = AdjustmentState;

    fn write(record: &AdjustmentState) -> Result<Self, StoreError> {
        let waits = record.bucket.is_some();
        let status = if waits { RedemptionStatus::Resubmitted } else { RedemptionStatus::Rejected };
        Ok(Self {
            adjustment: record.adjustment,
            redemption: record.redemption,
            status: status.name().to_owned(),
            step: record.step,
            settlement: record.settlement,
            code: record.code.name().to_owned(),
            reason: record.reason.clone(),
            bucket: record.bucket,
            at: record.at.0,
        })
    }

    fn read(self) -> Result<AdjustmentState, StoreError> {
        let place = Place::new("adjustment_state", &self.adjustment);
        Ok(AdjustmentState {
            adjustment: self.adjustment,
            redemption: self.redemption,
            settlement: self.settlement,
            code: place.word("code", &self.code, RejectionCode::from_name)?,
            reason: self.reason,
            step: self.step,
            bucket: self.bucket,
            at: Moment(self.at),
        })
    }
}
