//! Tables that come as files: retailers, stores, collection points, the product list. A file is taken whole or not at all,
//! and the same file is one.

use serde::{Deserialize, Serialize};

use super::command::{NewRecycler, NewRetailer};
use super::goods::words;
use super::id::Id;
use super::product::NewProduct;
use super::time::Moment;

words! {
    /// What a file is a table of.
    ImportTable {
        /// 商家
        Retailers = "retailers",
        /// 门店
        Stores = "stores",
        /// 回收点
        Recyclers = "recyclers",
        /// 产品目录
        Products = "products",
    }
}

/// A store as a file has it: its retailer by the unified social credit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStore {
    /// The retailer's unified social credit code.
    pub uscc: String,
    /// Name.
    pub name: String,
    /// Address.
    pub address: String,
    /// Division code.
    pub division_code: String,
    /// Town or office.
    pub town: String,
}

/// The rows of a file, each with its number there.
#[derive(Clone, Debug, PartialEq)]
pub enum NewRows {
    /// Retailers, who are registered and still have to be approved.
    Retailers(Vec<(u32, NewRetailer)>),
    /// Stores of retailers who are registered.
    Stores(Vec<(u32, NewStore)>),
    /// Collection points.
    Recyclers(Vec<(u32, NewRecycler)>),
    /// Entries of the product list.
    Products(Vec<(u32, NewProduct)>),
}

impl NewRows {
    /// What they are a table of.
    #[must_use]
    pub const fn table(&self) -> ImportTable {
        match self {
            Self::Retailers(_) => ImportTable::Retailers,
            Self::Stores(_) => ImportTable::Stores,
            Self::Recyclers(_) => ImportTable::Recyclers,
            Self::Products(_) => ImportTable::Products,
        }
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Retailers(rows) => rows.len(),
            Self::Stores(rows) => rows.len(),
            Self::Recyclers(rows) => rows.len(),
            Self::Products(rows) => rows.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A file that is to be taken.
#[derive(Clone, Debug, PartialEq)]
pub struct NewImport {
    /// Its SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// The newest product list when it was sent, which it follows; [`Id::NIL`] when there was none, and for every other
    /// table.
    pub replaces: Id,
    /// Its rows.
    pub rows: NewRows,
}

impl NewImport {
    /// The identity of the import, and of the command that does it.
    #[must_use]
    pub fn id(&self) -> Id {
        import_id(self.rows.table(), &self.sha256, self.replaces)
    }
}

/// The same file is the same import. A product list that was followed by another one is taken anew.
#[must_use]
pub fn import_id(table: ImportTable, sha256: &str, replaces: Id) -> Id {
    Id::digest(&["import", table.name(), sha256, &replaces.to_string()])
}

/// A file that was taken: a fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportFile {
    /// Identity; see [`import_id`].
    pub id: Id,
    /// What it is a table of.
    pub table: ImportTable,
    /// Its SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// How many rows it had under its heads.
    pub rows: u32,
    /// The product list that was the newest before; [`Id::NIL`] for none. What it had and this one has not still counts.
    pub replaces: Id,
    /// The digest over its entries, of a product list: they stay as they were. Rows of the other tables change later.
    pub entries: Option<String>,
    /// Who sent it.
    pub author: Id,
    /// When.
    pub at: Moment,
}

/// What a row of a file must not be a second time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Registration {
    /// A retailer of this unified social credit code.
    Retailer(String),
    /// A store of this retailer with this name.
    Store(Id, String),
    /// A collection point of this unified social credit code with this name.
    Recycler(String, String),
}
