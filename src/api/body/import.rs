//! Rows of files, each judged as the body of one such record is.

use super::bureau::{AccountBody, ContactBody, RegisterRecyclerBody, RegisterRetailerBody};
use super::judge::{Judge, LINE};
use super::words::Amount;
use crate::domain::brand;
use crate::domain::command::{NewRecycler, NewRetailer};
use crate::domain::goods::Category;
use crate::domain::identifier::Kind;
use crate::domain::import::NewStore;
use crate::domain::product::{NewProduct, gtin_14};
use crate::domain::refusal::{Code, Refusal, Refusals};
use crate::domain::time::Day;
use crate::pii::Vault;

use super::read::shortened;

/// The value of a column, where there is one.
type Get<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The entries of a field with several of them.
fn entries(text: &str) -> Vec<String> {
    let parts = text.split(|letter: char| letter.is_whitespace() || matches!(letter, ',' | ';' | '，' | '；' | '、'));
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// A retailer.
///
/// # Errors
/// With everything in the row that cannot stand.
pub fn retailer_of_row(get: Get<'_>, vault: &Vault, today: Day) -> Result<NewRetailer, Refusals> {
    let text = |name: &str| get(name).unwrap_or_default();
    let contact = ContactBody { name: get("contact_name"), phone: get("contact_phone") };
    let body = RegisterRetailerBody {
        name: text("name"),
        uscc: text("uscc"),
        divisions: entries(&text("divisions")),
        account: AccountBody { bank: text("bank"), number: text("account_number"), name: text("account_name") },
        contact: Some(contact.into()),
    };
    body.into_new_retailer(vault, today)
}

/// A collection point.
///
/// # Errors
/// With everything in the row that cannot stand.
pub fn recycler_of_row(get: Get<'_>, today: Day) -> Result<NewRecycler, Refusals> {
    let text = |name: &str| get(name).unwrap_or_default();
    let mut judge = Judge::new(today);
    let words = entries(&text("categories"));
    let categories = words.iter().filter_map(|word| category(&mut judge, "/categories", word)).collect();
    let body = RegisterRecyclerBody {
        name: text("name"),
        uscc: text("uscc"),
        address: text("address"),
        division_code: text("division_code"),
        town: text("town"),
        opening_hours: get("opening_hours"),
        latitude: get("latitude"),
        longitude: get("longitude"),
        categories,
    };
    let mut failed = judge.into_failed();
    match body.into_new_recycler(today) {
        Ok(new) if failed.is_empty() => return Ok(new),
        Ok(_) => {}
        Err(refusals) => failed.extend(refusals.all().iter().cloned()),
    }
    Err(Refusals::from_failed(failed).unwrap_or_else(|| Code::BodyMalformed.into()))
}

/// A category by its word or by what it is called in Chinese.
fn category(judge: &mut Judge, pointer: &str, label: &str) -> Option<Category> {
    let found = Category::from_label(label);
    if found.is_none() {
        let known: Vec<&str> = Category::ALL.iter().map(|category| category.zh()).collect();
        let refusal = Refusal::at(Code::BodyMalformed, pointer).found(shortened(label));
        judge.fail(refusal.expected(known.join(" ")));
    }
    found
}

/// A row of stores.
#[derive(Clone, Debug)]
pub struct StoreRow {
    uscc: String,
    name: String,
    address: String,
    division_code: String,
    town: String,
}

impl StoreRow {
    /// The fields.
    #[must_use]
    pub fn of(get: Get<'_>) -> Self {
        let text = |name: &str| get(name).unwrap_or_default();
        Self {
            uscc: text("uscc"),
            name: text("name"),
            address: text("address"),
            division_code: text("division_code"),
            town: text("town"),
        }
    }

    /// The store.
    ///
    /// # Errors
    /// With everything in the row that cannot stand.
    pub fn into_new_store(self, today: Day) -> Result<NewStore, Refusals> {
        let mut judge = Judge::new(today);
        let uscc = judge.identifier(Kind::Uscc, "/uscc", &self.uscc);
        let name = judge.text("/name", &self.name, LINE);
        let address = judge.text("/address", &self.address, LINE);
        let division_code = judge.division("/division_code", &self.division_code);
        let town = judge.text("/town", &self.town, LINE);
        let made = || {
            let (uscc, name, address) = (uscc?, name?, address?);
            Some(NewStore { uscc, name, address, division_code: division_code?, town: town? })
        };
        let made = made();
        judge.finish(made)
    }
}

/// A row of a product list.
#[derive(Clone, Debug)]
pub struct ProductRow {
    gtin: String,
    category: String,
    brand: String,
    model: String,
    energy_level: Option<String>,
    filed_price: Option<String>,
}

impl ProductRow {
    /// The fields.
    #[must_use]
    pub fn of(get: Get<'_>) -> Self {
        let text = |name: &str| get(name).unwrap_or_default();
        Self {
            gtin: text("gtin"),
            category: text("category"),
            brand: text("brand"),
            model: text("model"),
            energy_level: get("energy_level"),
            filed_price: get("filed_price"),
        }
    }

    /// The product.
    ///
    /// # Errors
    /// With everything in the row that cannot stand.
    pub fn into_new_product(self, today: Day) -> Result<NewProduct, Refusals> {
        let mut judge = Judge::new(today);
        let gtin = judge.identifier(Kind::Gtin, "/gtin", &self.gtin).map(|gtin| gtin_14(&gtin));
        let category = category(&mut judge, "/category", &self.category);
        let brand = judge.text("/brand", &self.brand, LINE).map(|brand| brand::canonical(&brand));
        let model = judge.text("/model", &self.model, LINE);
        let level = self.energy_level.and_then(|level| judge.identifier(Kind::EnergyLevel, "/energy_level", &level));
        let price = self.filed_price.map(Amount::Text);
        let filed_price = price.and_then(|price| judge.amount("/filed_price", &price));
        let made = || {
            let energy_level = level.and_then(|level| level.parse().ok());
            Some(NewProduct {
                gtin: gtin?,
                category: category?,
                brand: brand?,
                model: model?,
                energy_level,
                filed_price,
            })
        };
        let made = made();
        judge.finish(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_several_entries_is_parted_as_people_part_it() {
        for text in ["360111 360113", "360111，360113", "360111、360113；", " 360111,360113 "] {
            assert_eq!(entries(text), ["360111", "360113"], "{text}");
        }
        assert!(entries(" ").is_empty());
    }

    #[test]
    fn a_product_is_known_by_fourteen_digits_and_its_brand_by_one_spelling() {
        let get = |name: &str| {
            let text = match name {
                "gtin" => "6909794246738",
                "category" => "冰箱",
                "brand" => "海尔",
                "model" => "BCD-510",
                "energy_level" => "1级",
                "filed_price" => "6299.00",
                _ => return None,
            };
            Some(text.to_owned())
        };
        let product = ProductRow::of(&get).into_new_product(Day(chrono::NaiveDate::MAX)).unwrap();
        assert_eq!((product.gtin.as_str(), product.brand.as_str()), ("06909794246738", "Haier"));
        assert_eq!((product.category, product.energy_level), (Category::Refrigerator, Some(1)));
    }
}
