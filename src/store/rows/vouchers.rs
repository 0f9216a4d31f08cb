//! Vouchers, and what limits their number.

use diesel::prelude::*;

use super::{Place, Row, json};
use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::money::Fen;
use crate::domain::records::{QuotaUse, ReleaseUse, Voucher, VoucherStatus};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::schema::{quota_use, release_use, voucher};

/// A voucher.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = voucher, treat_none_as_default_value = false)]
pub struct VoucherRow {
    pub id: Id,
    pub programme: String,
    pub version: i64,
    pub category: String,
    pub line: Id,
    pub person: Id,
    pub division_code: String,
    pub turn_in: Option<Id>,
    pub status: String,
    pub reserved_fen: i64,
    pub issued_at: i64,
    pub expires_at: i64,
    pub redemption: Option<Id>,
    pub claims: String,
    pub quotas: String,
    pub device: Option<Id>,
}

impl Row for VoucherRow {
    type Record = Voucher;

    fn write(record: &Voucher) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            programme: record.programme.clone(),
            version: i64::from(record.version),
            category: record.category.name().to_owned(),
            line: record.line,
            person: record.person,
            division_code: record.division_code.clone(),
            turn_in: record.turn_in,
            status: record.status.name().to_owned(),
            reserved_fen: record.reserved.0,
            issued_at: record.issued_at.0,
            expires_at: record.expires_at.0,
            redemption: record.redemption,
            claims: json(&record.claims)?,
            quotas: json(&record.quotas)?,
            device: record.device,
        })
    }

    fn read(self) -> Result<Voucher, StoreError> {
        let place = Place::new("voucher", &self.id);
        Ok(Voucher {
            id: self.id,
            programme: self.programme,
            version: place.count("version", self.version)?,
            category: place.word("category", &self.category, Category::from_name)?,
            line: self.line,
            person: self.person,
            division_code: self.division_code,
            turn_in: self.turn_in,
            status: place.word("status", &self.status, VoucherStatus::from_name)?,
            reserved: Fen(self.reserved_fen),
            issued_at: Moment(self.issued_at),
            expires_at: Moment(self.expires_at),
            redemption: self.redemption,
            claims: place.json("claims", &self.claims)?,
            quotas: place.json("quotas", &self.quotas)?,
            device: self.device,
        })
    }
}

/// How a voucher stands, and no more of it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = voucher)]
pub struct EndedRow {
    pub id: Id,
    pub status: String,
}

impl EndedRow {
    pub fn read(self) -> Result<(Id, VoucherStatus), StoreError> {
        let status = Place::new("voucher", &self.id).word("status", &self.status, VoucherStatus::from_name)?;
        Ok((self.id, status))
    }
}

/// Use of a quota.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = quota_use, treat_none_as_default_value = false)]
pub struct QuotaRow {
    pub id: Id,
    pub person: Id,
    pub scope: String,
    pub period: i32,
    pub live: String,
    pub issued: i64,
    pub lapsed: i64,
}

impl Row for QuotaRow {
    type Record = QuotaUse;

    fn write(record: &QuotaUse) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            person: record.person,
            scope: record.scope.clone(),
            period: record.period,
            live: json(&record.live)?,
            issued: i64::from(record.issued),
            lapsed: i64::from(record.lapsed),
        })
    }

    fn read(self) -> Result<QuotaUse, StoreError> {
        let place = Place::new("quota_use", &self.id);
        Ok(QuotaUse {
            id: self.id,
            person: self.person,
            scope: self.scope,
            period: self.period,
            live: place.json("live", &self.live)?,
            issued: place.count("issued", self.issued)?,
            lapsed: place.count("lapsed", self.lapsed)?,
        })
    }
}

/// Use of a release.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = release_use, treat_none_as_default_value = false)]
pub struct ReleaseRow {
    pub id: Id,
    pub line: Id,
    pub opened_at: i64,
    pub issued: i64,
}

impl Row for ReleaseRow {
    type Record = ReleaseUse;

    fn write(record: &ReleaseUse) -> Result<Self, StoreError> {
        Ok(Self { id: record.id, line: record.line, opened_at: record.opened.0, issued: i64::from(record.issued) })
    }

    fn read(self) -> Result<ReleaseUse, StoreError> {
        let place = Place::new("release_use", &self.id);
        Ok(ReleaseUse {
            id: self.id,
            line: self.line,
            opened: Moment(self.opened_at),
            issued: place.count("issued", self.issued)?,
        })
    }
}
