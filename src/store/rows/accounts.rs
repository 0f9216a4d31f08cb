//! Staff: accounts, sessions, refresh tokens, and what ends tokens.

use diesel::prelude::*;

use super::{Place, Row, json};
use crate::domain::account::{Account, Hidden, RefreshToken, Revocation, Session, SessionEnd, StaffRole, Till};
use crate::domain::id::Id;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::schema::{account, refresh_token, revocation, session, till};

/// An account of staff. It has no `Debug`: a row of it holds a password's hash.
#[derive(Clone, Insertable, Queryable, Selectable)]
#[diesel(table_name = account, treat_none_as_default_value = false)]
pub struct StaffRow {
    pub id: Id,
    pub login: String,
    pub role: String,
    pub organisation: Option<Id>,
    pub store: Option<Id>,
    pub tasks: String,
    pub name: String,
    pub password: String,
    pub totp: Option<String>,
    pub pending_totp: Option<String>,
    pub totp_step: i64,
    pub must_change: bool,
    pub failed: i64,
    pub locked_at: Option<i64>,
    pub disabled: bool,
    pub open: String,
    pub created_at: i64,
}

impl Row for StaffRow {
    type Record = Account;

    fn write(record: &Account) -> Result<Self, StoreError> {
        let clear = |hidden: &Hidden| hidden.0.clone();
        Ok(Self {
            id: record.id,
            login: record.login.clone(),
            role: record.role.name().to_owned(),
            organisation: record.organisation,
            store: record.store,
            tasks: json(&record.tasks)?,
            name: json(&record.name)?,
            password: clear(&record.password),
            totp: record.totp.as_ref().map(clear),
            pending_totp: record.pending_totp.as_ref().map(clear),
            totp_step: record.totp_step,
            must_change: record.must_change,
            failed: i64::from(record.failed),
            locked_at: record.locked_until.map(|until| until.0),
            disabled: record.disabled,
            open: json(&record.open)?,
            created_at: record.created_at.0,
        })
    }

    fn read(self) -> Result<Account, StoreError> {
        let place = Place::new("account", &self.id);
        Ok(Account {
            id: self.id,
            login: self.login,
            role: place.word("role", &self.role, StaffRole::from_name)?,
            organisation: self.organisation,
            store: self.store,
            tasks: place.json("tasks", &self.tasks)?,
            name: place.json("name", &self.name)?,
            password: Hidden(self.password),
            totp: self.totp.map(Hidden),
            pending_totp: self.pending_totp.map(Hidden),
            totp_step: self.totp_step,
            must_change: self.must_change,
            failed: place.count("failed", self.failed)?,
            locked_until: self.locked_at.map(Moment),
            disabled: self.disabled,
            open: place.json("open", &self.open)?,
            created_at: Moment(self.created_at),
        })
    }
}

/// A session.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = session, treat_none_as_default_value = false)]
pub struct SessionRow {
    pub id: Id,
    pub account: Id,
    pub store: Option<Id>,
    pub device: Option<Id>,
    pub till: Option<Id>,
    pub generation: i64,
    pub opened_at: i64,
    pub used_at: i64,
    pub idle_at: i64,
    pub lapses_at: i64,
    pub ended_at: Option<i64>,
    pub ending: Option<String>,
}

impl Row for SessionRow {
    type Record = Session;

    fn write(record: &Session) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            account: record.account,
            store: record.store,
            device: record.device,
            till: record.till,
            generation: i64::from(record.generation),
            opened_at: record.opened_at.0,
            used_at: record.used_at.0,
            idle_at: record.idle_at.0,
            lapses_at: record.lapses_at.0,
            ended_at: record.ended_at.map(|at| at.0),
            ending: record.end.map(|end| end.name().to_owned()),
        })
    }

    fn read(self) -> Result<Session, StoreError> {
        let place = Place::new("session", &self.id);
        let word = |word: String| place.word("ending", &word, SessionEnd::from_name);
        Ok(Session {
            id: self.id,
            account: self.account,
            store: self.store,
            device: self.device,
            till: self.till,
            generation: place.count("generation", self.generation)?,
            opened_at: Moment(self.opened_at),
            used_at: Moment(self.used_at),
            idle_at: Moment(self.idle_at),
            lapses_at: Moment(self.lapses_at),
            ended_at: self.ended_at.map(Moment),
            end: self.ending.map(word).transpose()?,
        })
    }
}

/// A refresh token's digest.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = refresh_token, treat_none_as_default_value = false)]
pub struct RefreshTokenRow {
    pub id: Id,
    pub digest: String,
    pub account: Id,
    pub session: Id,
    pub generation: i64,
    pub at: i64,
}

impl Row for RefreshTokenRow {
    type Record = RefreshToken;

    fn write(record: &RefreshToken) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            digest: record.digest.clone(),
            account: record.account,
            session: record.session,
            generation: i64::from(record.generation),
            at: record.at.0,
        })
    }

    fn read(self) -> Result<RefreshToken, StoreError> {
        let place = Place::new("refresh_token", &self.id);
        Ok(RefreshToken {
            id: self.id,
            digest: self.digest,
            account: self.account,
            session: self.session,
            generation: place.count("generation", self.generation)?,
            at: Moment(self.at),
        })
    }
}

/// What ends tokens.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = revocation, treat_none_as_default_value = false)]
pub struct RevocationRow {
    pub subject: Id,
    pub ended: bool,
    pub before_at: i64,
    pub at: i64,
    pub forget_at: i64,
}

impl Row for RevocationRow {
    type Record = Revocation;

    fn write(record: &Revocation) -> Result<Self, StoreError> {
        Ok(Self {
            subject: record.subject,
            ended: record.ended,
            before_at: record.before_at.0,
            at: record.at.0,
            forget_at: record.forget_at.0,
        })
    }

    fn read(self) -> Result<Revocation, StoreError> {
        Ok(Revocation {
            subject: self.subject,
            ended: self.ended,
            before_at: Moment(self.before_at),
            at: Moment(self.at),
            forget_at: Moment(self.forget_at),
        })
    }
}

/// A till.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = till, treat_none_as_default_value = false)]
pub struct TillRow {
    pub id: Id,
    pub digest: String,
    pub retailer: Id,
    pub store: Id,
    pub label: String,
    pub device: Option<Id>,
    pub created_at: i64,
    pub code_lapses_at: i64,
    pub enrolled_at: Option<i64>,
    pub revoked_at: Option<i64>,
}

impl Row for TillRow {
    type Record = Till;

    fn write(record: &Till) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            digest: record.digest.clone(),
            retailer: record.retailer,
            store: record.store,
            label: record.label.clone(),
            device: record.device,
            created_at: record.created_at.0,
            code_lapses_at: record.code_lapses_at.0,
            enrolled_at: record.enrolled_at.map(|at| at.0),
            revoked_at: record.revoked_at.map(|at| at.0),
        })
    }

    fn read(self) -> Result<Till, StoreError> {
        Ok(Till {
            id: self.id,
            digest: self.digest,
            retailer: self.retailer,
            store: self.store,
            label: self.label,
            device: self.device,
            created_at: Moment(self.created_at),
            code_lapses_at: Moment(self.code_lapses_at),
            enrolled_at: self.enrolled_at.map(Moment),
            revoked_at: self.revoked_at.map(Moment),
        })
    }
}
