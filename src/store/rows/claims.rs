//! Identities that count once.

use diesel::prelude::*;

use super::Place;
use crate::domain::id::Id;
use crate::domain::records::{ClaimKey, ClaimKind};
use crate::domain::state::Held;
use crate::store::error::StoreError;
use crate::store::saved::ClaimWrite;
use crate::store::schema::claim;

/// An identity and its holder.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = claim, treat_none_as_default_value = false)]
pub struct ClaimRow {
    pub hash: Id,
    pub kind: i16,
    pub holder: Option<Id>,
    pub previous: Option<Id>,
}

impl From<&ClaimWrite> for ClaimRow {
    fn from(write: &ClaimWrite) -> Self {
        let ClaimWrite { key, previous, holder } = *write;
        Self { hash: key.hash, kind: key.kind.number(), holder, previous }
    }
}

impl ClaimRow {
    /// The identity and who holds it.
    pub fn read(self) -> Result<(ClaimKey, Held), StoreError> {
        let place = Place::new("claim", &self.hash);
        let kind = place.found("kind", ClaimKind::from_number(self.kind))?;
        Ok((ClaimKey { hash: self.hash, kind }, Held { by: self.holder }))
    }
}
