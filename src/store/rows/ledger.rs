//! Public money: lines, accounts of retailers, movements.

use diesel::prelude::*;
use serde::Serialize;

use super::{Place, Row};
use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::ledger::{Accounts, LedgerAccount, LedgerLine, Movement, MovementKind};
use crate::domain::money::Fen;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::schema::{ledger_account, ledger_line, movement};

/// A programme line.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = ledger_line, treat_none_as_default_value = false)]
pub struct LineRow {
    pub id: Id,
    pub programme: String,
    pub category: String,
    pub appropriation_fen: i64,
    pub available_fen: i64,
    pub reserved_fen: i64,
    pub payable_fen: i64,
    pub paid_fen: i64,
    pub clawback_fen: i64,
}

impl Row for LineRow {
    type Record = LedgerLine;

    fn write(record: &LedgerLine) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            programme: record.programme.clone(),
            category: record.category.name().to_owned(),
            appropriation_fen: record.balances.appropriation.0,
            available_fen: record.balances.available.0,
            reserved_fen: record.balances.reserved.0,
            payable_fen: record.balances.payable.0,
            paid_fen: record.balances.paid.0,
            clawback_fen: record.balances.clawback.0,
        })
    }

    fn read(self) -> Result<LedgerLine, StoreError> {
        let place = Place::new("ledger_line", &self.id);
        Ok(LedgerLine {
            id: self.id,
            programme: self.programme,
            category: place.word("category", &self.category, Category::from_name)?,
            balances: Accounts {
                appropriation: Fen(self.appropriation_fen),
                available: Fen(self.available_fen),
                reserved: Fen(self.reserved_fen),
                payable: Fen(self.payable_fen),
                paid: Fen(self.paid_fen),
                clawback: Fen(self.clawback_fen),
            },
        })
    }
}

/// A retailer's account on a line.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = ledger_account, treat_none_as_default_value = false)]
pub struct AccountRow {
    pub id: Id,
    pub line: Id,
    pub retailer: Id,
    pub payable_fen: i64,
    pub paid_fen: i64,
    pub clawback_fen: i64,
}

impl Row for AccountRow {
    type Record = LedgerAccount;

    fn write(record: &LedgerAccount) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            line: record.line,
            retailer: record.retailer,
            payable_fen: record.payable.0,
            paid_fen: record.paid.0,
            clawback_fen: record.clawback.0,
        })
    }

    fn read(self) -> Result<LedgerAccount, StoreError> {
        Ok(LedgerAccount {
            id: self.id,
            line: self.line,
            retailer: self.retailer,
            payable: Fen(self.payable_fen),
            paid: Fen(self.paid_fen),
            clawback: Fen(self.clawback_fen),
        })
    }
}

/// A movement. Serialised, it is what the trail has the digest of.
#[derive(Clone, Debug, Insertable, Queryable, Selectable, Serialize)]
#[diesel(table_name = movement, treat_none_as_default_value = false)]
pub struct MovementRow {
    pub id: Id,
    pub line: Id,
    pub retailer: Option<Id>,
    pub kind: String,
    pub subject: Id,
    pub appropriation_fen: i64,
    pub available_fen: i64,
    pub reserved_fen: i64,
    pub payable_fen: i64,
    pub paid_fen: i64,
    pub clawback_fen: i64,
    pub at: i64,
}

impl Row for MovementRow {
    type Record = Movement;

    fn write(record: &Movement) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            line: record.line,
            retailer: record.retailer,
            kind: record.kind.name().to_owned(),
            subject: record.subject,
            appropriation_fen: record.deltas.appropriation.0,
            available_fen: record.deltas.available.0,
            reserved_fen: record.deltas.reserved.0,
            payable_fen: record.deltas.payable.0,
            paid_fen: record.deltas.paid.0,
            clawback_fen: record.deltas.clawback.0,
            at: record.at.0,
        })
    }

    fn read(self) -> Result<Movement, StoreError> {
        let place = Place::new("movement", &self.id);
        Ok(Movement {
            id: self.id,
            line: self.line,
            retailer: self.retailer,
            kind: place.word("kind", &self.kind, MovementKind::from_name)?,
            subject: self.subject,
            at: Moment(self.at),
            deltas: Accounts {
                appropriation: Fen(self.appropriation_fen),
                available: Fen(self.available_fen),
                reserved: Fen(self.reserved_fen),
                payable: Fen(self.payable_fen),
                paid: Fen(self.paid_fen),
                clawback: Fen(self.clawback_fen),
            },
        })
    }
}
