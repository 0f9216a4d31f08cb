//! Those who take part: retailers, stores, recyclers, persons.

use diesel::prelude::*;
use serde::Serialize;

use super::{Place, Row, json};
use crate::domain::id::Id;
use crate::domain::personal::Personal;
use crate::domain::records::{AccountProposal, Person, ProposalStatus, Recycler, Retailer, Standing, Store};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::schema::{account_proposal, person, recycler, retailer, store};

/// A retailer.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = retailer, treat_none_as_default_value = false)]
pub struct RetailerRow {
    pub id: Id,
    pub name: String,
    pub uscc: String,
    pub divisions: String,
    pub account: String,
    pub contact: Option<String>,
    pub standing: String,
    pub programmes: String,
    pub proposal: Option<Id>,
    pub paying: String,
}

impl Row for RetailerRow {
    type Record = Retailer;

    fn write(record: &Retailer) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            name: record.name.clone(),
            uscc: record.uscc.clone(),
            divisions: json(&record.divisions)?,
            account: json(&record.account)?,
            contact: record.contact.as_ref().map(json).transpose()?,
            standing: record.standing.name().to_owned(),
            programmes: json(&record.programmes)?,
            proposal: record.proposal,
            paying: json(&record.paying)?,
        })
    }

    fn read(self) -> Result<Retailer, StoreError> {
        let place = Place::new("retailer", &self.id);
        Ok(Retailer {
            id: self.id,
            name: self.name,
            uscc: self.uscc,
            divisions: place.json("divisions", &self.divisions)?,
            account: place.json("account", &self.account)?,
            contact: self.contact.as_deref().map(|text| place.json("contact", text)).transpose()?,
            standing: place.word("standing", &self.standing, Standing::from_name)?,
            programmes: place.json("programmes", &self.programmes)?,
            proposal: self.proposal,
            paying: place.json("paying", &self.paying)?,
        })
    }
}

/// A change of a retailer's bank account.
#[derive(Clone, Debug, Insertable, Queryable, Selectable, Serialize)]
#[diesel(table_name = account_proposal, treat_none_as_default_value = false)]
pub struct AccountProposalRow {
    pub id: Id,
    pub retailer: Id,
    pub account: String,
    pub replaces: String,
    pub status: String,
    pub proposed_by: Id,
    pub proposed_at: i64,
    pub decided_by: Option<Id>,
    pub decided_at: Option<i64>,
    pub reason: Option<String>,
}

impl Row for AccountProposalRow {
    type Record = AccountProposal;

    fn write(record: &AccountProposal) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            retailer: record.retailer,
            account: json(&record.account)?,
            replaces: json(&record.replaces)?,
            status: record.status.name().to_owned(),
            proposed_by: record.proposed_by,
            proposed_at: record.proposed_at.0,
            decided_by: record.decided_by,
            decided_at: record.decided_at.map(|at| at.0),
            reason: record.reason.clone(),
        })
    }

    fn read(self) -> Result<AccountProposal, StoreError> {
        let place = Place::new("account_proposal", &self.id);
        Ok(AccountProposal {
            id: self.id,
            retailer: self.retailer,
            account: place.json("account", &self.account)?,
            replaces: place.json("replaces", &self.replaces)?,
            status: place.word("status", &self.status, ProposalStatus::from_name)?,
            proposed_by: self.proposed_by,
            proposed_at: Moment(self.proposed_at),
            decided_by: self.decided_by,
            decided_at: self.decided_at.map(Moment),
            reason: self.reason,
        })
    }
}

/// A store.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = store, treat_none_as_default_value = false)]
pub struct StoreRow {
    pub id: Id,
    pub retailer: Id,
    pub name: String,
    pub address: String,
    pub division_code: String,
    pub town: String,
    pub standing: String,
}

impl Row for StoreRow {
    type Record = Store;

    fn write(record: &Store) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            retailer: record.retailer,
            name: record.name.clone(),
            address: record.address.clone(),
            division_code: record.division_code.clone(),
            town: record.town.clone(),
            standing: record.standing.name().to_owned(),
        })
    }

    fn read(self) -> Result<Store, StoreError> {
        let place = Place::new("store", &self.id);
        Ok(Store {
            id: self.id,
            retailer: self.retailer,
            name: self.name,
            address: self.address,
            division_code: self.division_code,
            town: self.town,
            standing: place.word("standing", &self.standing, Standing::from_name)?,
        })
    }
}

/// A collection point.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = recycler, treat_none_as_default_value = false)]
pub struct RecyclerRow {
    pub id: Id,
    pub name: String,
    pub uscc: String,
    pub address: String,
    pub division_code: String,
    pub town: String,
    pub opening_hours: Option<String>,
    pub latitude_micro: Option<i64>,
    pub longitude_micro: Option<i64>,
    pub categories: String,
    pub standing: String,
}

impl Row for RecyclerRow {
    type Record = Recycler;

    fn write(record: &Recycler) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            name: record.name.clone(),
            uscc: record.uscc.clone(),
            address: record.address.clone(),
            division_code: record.division_code.clone(),
            town: record.town.clone(),
            opening_hours: record.opening_hours.clone(),
            latitude_micro: record.latitude_micro,
            longitude_micro: record.longitude_micro,
            categories: json(&record.categories)?,
            standing: record.standing.name().to_owned(),
        })
    }

    fn read(self) -> Result<Recycler, StoreError> {
        let place = Place::new("recycler", &self.id);
        Ok(Recycler {
            id: self.id,
            name: self.name,
            uscc: self.uscc,
            address: self.address,
            division_code: self.division_code,
            town: self.town,
            opening_hours: self.opening_hours,
            latitude_micro: self.latitude_micro,
            longitude_micro: self.longitude_micro,
            categories: place.json("categories", &self.categories)?,
            standing: place.word("standing", &self.standing, Standing::from_name)?,
        })
    }
}

/// A person: nothing in the clear.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = person, treat_none_as_default_value = false)]
pub struct PersonRow {
    pub id: Id,
    pub number_lookup: Id,
    pub number_sealed: String,
    pub number_masked: String,
    pub name_lookup: Id,
    pub name_sealed: String,
    pub name_masked: String,
    pub restricted_at: Option<i64>,
    pub erased_at: Option<i64>,
}

impl Row for PersonRow {
    type Record = Person;

    fn write(record: &Person) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            number_lookup: record.number.lookup,
            number_sealed: record.number.sealed.clone(),
            number_masked: record.number.masked.clone(),
            name_lookup: record.name.lookup,
            name_sealed: record.name.sealed.clone(),
            name_masked: record.name.masked.clone(),
            restricted_at: record.restricted_at.map(|at| at.0),
            erased_at: record.erased_at.map(|at| at.0),
        })
    }

    fn read(self) -> Result<Person, StoreError> {
        Ok(Person {
            id: self.id,
            number: Personal { lookup: self.number_lookup, sealed: self.number_sealed, masked: self.number_masked },
            name: Personal { lookup: self.name_lookup, sealed: self.name_sealed, masked: self.name_masked },
            restricted_at: self.restricted_at.map(Moment),
            erased_at: self.erased_at.map(Moment),
        })
    }
}
