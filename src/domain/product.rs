//! The product list: which goods there are by their trade item numbers, and the prices that were filed for them.
//!
//! Entries are facts. A later list has an entry of its own for a product, and the newest entry counts; the older ones say
//! what had been filed before.

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::goods::Category;
use super::id::Id;
use super::money::Fen;
use super::time::Moment;

/// A product as a list has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProduct {
    /// Trade item number (GTIN) of fourteen digits; see [`gtin_14`].
    pub gtin: String,
    /// Category.
    pub category: Category,
    /// Brand, by its one spelling.
    pub brand: String,
    /// Model.
    pub model: String,
    /// Level of the China Energy Label, where the product has one.
    pub energy_level: Option<u8>,
    /// The price that was filed (备案价格), where one was.
    pub filed_price: Option<Fen>,
}

/// An entry of a product list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Identity of the entry.
    pub id: Id,
    /// The file that it came with.
    pub import: Id,
    /// The row of the file.
    pub row: u32,
    /// Trade item number.
    pub gtin: String,
    /// Category.
    pub category: Category,
    /// Brand.
    pub brand: String,
    /// Model.
    pub model: String,
    /// Energy level.
    pub energy_level: Option<u8>,
    /// Filed price.
    pub filed_price: Option<Fen>,
    /// Since when it counts.
    pub at: Moment,
}

/// A trade item number with all its fourteen digits: a shorter one means the same as with zeros before it (GS1 General
/// Specifications, 3.3), and entries are found by this form.
#[must_use]
pub fn gtin_14(gtin: &str) -> String {
    format!("{gtin:0>14}")
}

/// The digest of a whole list, a line of canonical JSON for each entry in the order of its rows: it stands in the fact of
/// the import, so that one digest in the trail holds all entries. Their time is that of the import.
#[derive(Clone, Debug, Default)]
pub struct ListDigest(Sha256);

impl ListDigest {
    /// Takes the next entry.
    pub fn take(&mut self, entry: &Product) {
        let line = json!({
            "brand": entry.brand,
            "category": entry.category,
            "energy_level": entry.energy_level,
            "filed_price_fen": entry.filed_price.map(|fen| fen.0),
            "gtin": entry.gtin,
            "id": entry.id,
            "import": entry.import,
            "model": entry.model,
            "row": entry.row,
        });
        self.0.update(line.to_string());
        self.0.update(b"\n");
    }

    /// In lower-case hexadecimal.
    #[must_use]
    pub fn finish(self) -> String {
        hex::encode(self.0.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(row: u32, price: i64) -> Product {
        Product {
            id: Id::digest(&["entry", &row.to_string()]),
            import: Id::NIL,
            row,
            gtin: "06901234567892".into(),
            category: Category::Refrigerator,
            brand: "Haier".into(),
            model: "BCD-510".into(),
            energy_level: Some(1),
            filed_price: Some(Fen(price)),
            at: Moment(0),
        }
    }

    #[test]
    fn a_list_digest_depends_on_every_entry_and_their_order() {
        let of = |entries: &[Product]| {
            let mut digest = ListDigest::default();
            for entry in entries {
                digest.take(entry);
            }
            digest.finish()
        };
        let all = [
            of(&[]),
            of(&[entry(2, 1)]),
            of(&[entry(2, 2)]),
            of(&[entry(2, 1), entry(3, 1)]),
            of(&[entry(3, 1), entry(2, 1)]),
        ];
        assert!(all.iter().enumerate().all(|(at, one)| !all[..at].contains(one)));
        assert_eq!(of(&[entry(2, 1)]), all[1]);
    }
}
