//! Redemptions, their states, and the buckets that settlements take.

use diesel::prelude::*;
use serde::Serialize;

use super::{Place, Row, json};
use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::money::Fen;
use crate::domain::records::{Redemption, RedemptionState, RedemptionStatus};
use crate::domain::settlement::{Bucket, SettlementStatus};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::schema::{redemption, redemption_state, settlement_bucket};

/// A redemption. Serialised, it is what the trail has the digest of.
#[derive(Clone, Debug, Insertable, Queryable, Selectable, Serialize)]
#[diesel(table_name = redemption, treat_none_as_default_value = false)]
pub struct RedemptionRow {
    pub id: Id,
    pub voucher: Id,
    pub programme: String,
    pub version: i64,
    pub category: String,
    pub line: Id,
    pub person: Id,
    pub retailer: Id,
    pub store: Id,
    pub town: String,
    pub clerk: Id,
    pub bucket: Id,
    pub turn_in: Option<Id>,
    pub at: i64,
    pub subsidy_fen: i64,
    pub merchant_bonus_fen: i64,
    pub consumer_pays_fen: i64,
    pub funding: String,
    pub item: String,
    pub price: String,
    pub invoice: String,
    pub delivery: String,
    pub completed: bool,
    pub claims: String,
}

impl Row for RedemptionRow {
    type Record = Redemption;

    fn write(record: &Redemption) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            voucher: record.voucher,
            programme: record.programme.clone(),
            version: i64::from(record.version),
            category: record.category.name().to_owned(),
            line: record.line,
            person: record.person,
            retailer: record.retailer,
            store: record.store,
            town: record.town.clone(),
            clerk: record.clerk,
            bucket: record.bucket,
            turn_in: record.turn_in,
            at: record.at.0,
            subsidy_fen: record.subsidy.0,
            merchant_bonus_fen: record.merchant_bonus.0,
            consumer_pays_fen: record.consumer_pays.0,
            funding: json(&record.funding)?,
            item: json(&record.item)?,
            price: json(&record.price)?,
            invoice: json(&record.invoice)?,
            delivery: json(&record.delivery)?,
            completed: record.completed,
            claims: json(&record.claims)?,
        })
    }

    fn read(self) -> Result<Redemption, StoreError> {
        let place = Place::new("redemption", &self.id);
        Ok(Redemption {
            id: self.id,
            voucher: self.voucher,
            programme: self.programme,
            version: place.count("version", self.version)?,
            category: place.word("category", &self.category, Category::from_name)?,
            line: self.line,
            person: self.person,
            retailer: self.retailer,
            store: self.store,
            town: self.town,
            clerk: self.clerk,
            bucket: self.bucket,
            turn_in: self.turn_in,
            at: Moment(self.at),
            subsidy: Fen(self.subsidy_fen),
            merchant_bonus: Fen(self.merchant_bonus_fen),
            consumer_pays: Fen(self.consumer_pays_fen),
            funding: place.json("funding", &self.funding)?,
            item: place.json("item", &self.item)?,
            price: place.json("price", &self.price)?,
            invoice: place.json("invoice", &self.invoice)?,
            delivery: place.json("delivery", &self.delivery)?,
            completed: self.completed,
            claims: place.json("claims", &self.claims)?,
        })
    }
}

/// The state of a redemption. Serialised, it is what the trail has the digest of.
#[derive(Clone, Debug, Insertable, Queryable, Selectable, Serialize)]
#[diesel(table_name = redemption_state, treat_none_as_default_value = false)]
pub struct RedemptionStateRow {
    pub redemption: Id,
    pub status: String,
    pub step: Id,
    pub at: i64,
    pub reason: String,
    // Left out where there is none: the digests of rows of before settlements were made without them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejection: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<Id>,
}

impl Row for RedemptionStateRow {
    type Record = RedemptionState;

    fn write(record: &RedemptionState) -> Result<Self, StoreError> {
        Ok(Self {
            redemption: record.redemption,
            status: record.status.name().to_owned(),
            step: record.step,
            at: record.at.0,
            reason: record.reason.clone(),
            rejection: record.rejection.as_ref().map(json).transpose()?,
            bucket: record.bucket,
        })
    }

    fn read(self) -> Result<RedemptionState, StoreError> {
        let place = Place::new("redemption_state", &self.redemption);
        Ok(RedemptionState {
            redemption: self.redemption,
            status: place.word("status", &self.status, RedemptionStatus::from_name)?,
            step: self.step,
            at: Moment(self.at),
            reason: self.reason,
            rejection: self.rejection.as_deref().map(|text| place.json("rejection", text)).transpose()?,
            bucket: self.bucket,
        })
    }
}

/// A bucket.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = settlement_bucket, treat_none_as_default_value = false)]
pub struct BucketRow {
    pub id: Id,
    pub retailer: Id,
    pub programme: String,
    pub day: i32,
    pub settlement: Option<Id>,
    pub stage: Option<String>,
    pub portions: String,
    pub held: i64,
}

impl Row for BucketRow {
    type Record = Bucket;

    fn write(record: &Bucket) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            retailer: record.retailer,
            programme: record.programme.clone(),
            day: record.day.number(),
            settlement: record.settlement,
            stage: record.stage.map(|stage| stage.name().to_owned()),
            portions: json(&record.portions)?,
            held: i64::from(record.held),
        })
    }

    fn read(self) -> Result<Bucket, StoreError> {
        let place = Place::new("settlement_bucket", &self.id);
        let stage = |word: &str| place.word("stage", word, SettlementStatus::from_name);
        Ok(Bucket {
            id: self.id,
            retailer: self.retailer,
            programme: self.programme,
            day: place.day("day", self.day)?,
            settlement: self.settlement,
            stage: self.stage.as_deref().map(stage).transpose()?,
            portions: place.json("portions", &self.portions)?,
            held: place.count("held", self.held)?,
        })
    }
}
