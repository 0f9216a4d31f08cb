//! Data keys, wrapped.

use diesel::prelude::*;

use super::Row;
use crate::domain::id::Id;
use crate::domain::personal::DataKey;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::schema::data_key;

/// A data key.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = data_key, treat_none_as_default_value = false)]
pub struct DataKeyRow {
    pub person: Id,
    pub id: Id,
    pub wrapped: Option<String>,
    pub master_kid: String,
    pub made_at: i64,
    pub shredded_at: Option<i64>,
}

impl Row for DataKeyRow {
    type Record = DataKey;

    fn write(record: &DataKey) -> Result<Self, StoreError> {
        Ok(Self {
            person: record.person,
            id: record.id,
            wrapped: record.wrapped.clone(),
            master_kid: record.master_kid.clone(),
            made_at: record.made_at.0,
            shredded_at: record.shredded_at.map(|at| at.0),
        })
    }

    fn read(self) -> Result<DataKey, StoreError> {
        Ok(DataKey {
            person: self.person,
            id: self.id,
            wrapped: self.wrapped,
            master_kid: self.master_kid,
            made_at: Moment(self.made_at),
            shredded_at: self.shredded_at.map(Moment),
        })
    }
}
