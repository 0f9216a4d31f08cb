//! What may be shown of the people whom a record is about. Facts keep no masks, because a fact could not take them back:
//! a name's mask stands with the person, and the others are made of the sealed text when they are shown.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::id::Id;
use crate::domain::personal::{DataKey, ERASED, Personal};
use crate::domain::records::{Person, Redemption};
use crate::pii::{self, MOBILE, Opener, TEXT, Vault, VaultError};
use crate::store::{StoreError, Tx};

/// The persons of some records, with the keys to what is sealed about them.
#[derive(Debug, Default)]
pub struct People {
    persons: BTreeMap<Id, Person>,
    keys: Vec<DataKey>,
}

/// A redemption's personal data, masked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Name of the buyer.
    pub buyer: String,
    /// Address of the delivery.
    pub address: Option<String>,
    /// Telephone number of the delivery.
    pub phone: Option<String>,
}

impl People {
    /// The holders of some redemptions.
    ///
    /// # Errors
    /// Those of the database.
    pub fn of<'a>(tx: &mut Tx<'_>, redemptions: impl Iterator<Item = &'a Redemption>) -> Result<Self, StoreError> {
        let (mut all, mut sealed) = (Vec::new(), Vec::new());
        for redemption in redemptions {
            all.push(redemption.person);
            let delivery = &redemption.delivery;
            if delivery.address.is_some() || delivery.phone.is_some() {
                sealed.push(redemption.person);
            }
        }
        let persons = tx.persons(&all)?.into_iter().map(|person| (person.id, person)).collect();
        let keys = if sealed.is_empty() { Vec::new() } else { tx.data_keys(&sealed)? };
        Ok(Self { persons, keys })
    }

    /// What may be shown of a redemption's.
    #[must_use]
    pub fn shown(&self, vault: &Vault, redemption: &Redemption) -> Shown {
        let (invoice, delivery) = (&redemption.invoice, &redemption.delivery);
        let person = self.persons.get(&redemption.person);
        let buyer = person.map_or(&invoice.buyer.masked, |person| &person.name.masked).clone();
        if person.is_some_and(|person| person.erased_at.is_some() || person.restricted_at.is_some()) {
            let instead = |there: &Option<Personal>| there.as_ref().map(|_| buyer.clone());
            return Shown { address: instead(&delivery.address), phone: instead(&delivery.phone), buyer };
        }
        let opener = vault.opener(&self.keys);
        let masked = |kind, there: &Option<Personal>, mask: fn(&str) -> String| {
            there.as_ref().map(|personal| masked(&opener, kind, personal, mask))
        };
        let address = masked(TEXT, &delivery.address, pii::mask_text);
        Shown { buyer, address, phone: masked(MOBILE, &delivery.phone, pii::mask_mobile) }
    }
}

/// The masks of the holders of some redemptions, by holder.
///
/// # Errors
/// Those of the database.
pub fn buyers<'a>(
    tx: &mut Tx<'_>,
    redemptions: impl Iterator<Item = &'a Redemption>,
) -> Result<BTreeMap<Id, String>, StoreError> {
    let ids: BTreeSet<Id> = redemptions.map(|redemption| redemption.person).collect();
    let persons = tx.persons(&ids.into_iter().collect::<Vec<_>>())?;
    Ok(persons.into_iter().map(|person| (person.id, person.name.masked)).collect())
}

/// The mask of a sealed text: the one that was kept with it, or else made of the text.
fn masked(opener: &Opener<'_>, kind: &str, personal: &Personal, mask: fn(&str) -> String) -> String {
    if !personal.masked.is_empty() {
        return personal.masked.clone();
    }
    match opener.open(kind, personal) {
        Ok(clear) => mask(&clear),
        Err(VaultError::Erased) => ERASED.to_owned(),
        Err(why) => {
            tracing::error!(%why, "a sealed text cannot be shown");
            "***".to_owned()
        }
    }
}
