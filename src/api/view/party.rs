//! Retailers, stores and collection points.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::body::words::{
    CategoryWord, Degrees, DivisionCode, ProgrammeWord, ProposalStatusWord, StandingWord, Uscc,
};
use crate::domain::goods::Category;
use crate::domain::records::{AccountProposal, MaskedAccount, Recycler, Retailer, Store};

use super::{decimal, time};

/// A retailer, account and contact masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RetailerView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// Registered name.
    pub name: String,
    /// Unified social credit code.
    #[schema(value_type = Uscc)]
    pub uscc: String,
    /// Divisions in which it sells.
    #[schema(value_type = Vec<DivisionCode>)]
    pub divisions: Vec<String>,
    /// Account.
    pub account: AccountView,
    /// A person to ask, masked.
    pub contact: Option<String>,
    /// Whether it may take part.
    #[schema(value_type = StandingWord)]
    pub status: String,
    /// Programmes for which it is approved.
    #[schema(value_type = Vec<ProgrammeWord>)]
    pub programmes: Vec<String>,
}

/// A bank account, its number masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AccountView {
    /// Bank and branch.
    pub bank: String,
    /// Number, masked.
    pub number: String,
    /// In whose name.
    pub name: String,
}

impl From<MaskedAccount> for AccountView {
    fn from(MaskedAccount { bank, number, name }: MaskedAccount) -> Self {
        Self { bank, number, name }
    }
}

/// A change of a retailer's bank account, numbers masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BankAccountProposalView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// The retailer.
    #[schema(format = "uuid")]
    pub retailer_id: String,
    /// What became of it.
    #[schema(value_type = ProposalStatusWord)]
    pub status: String,
    /// The account that is proposed.
    pub account: AccountView,
    /// The account that was in force when it was proposed.
    pub replaces: AccountView,
    /// Who proposed it.
    #[schema(format = "uuid")]
    pub proposed_by: String,
    /// When.
    #[schema(format = DateTime)]
    pub proposed_at: String,
    /// Who approved or rejected it.
    #[schema(format = "uuid")]
    pub decided_by: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    pub decided_at: Option<String>,
    /// Why it was rejected.
    pub reason: Option<String>,
}

impl From<&AccountProposal> for BankAccountProposalView {
    fn from(row: &AccountProposal) -> Self {
        Self {
            id: row.id.to_string(),
            retailer_id: row.retailer.to_string(),
            status: row.status.to_string(),
            account: MaskedAccount::from(&row.account).into(),
            replaces: row.replaces.clone().into(),
            proposed_by: row.proposed_by.to_string(),
            proposed_at: time(row.proposed_at),
            decided_by: row.decided_by.map(|id| id.to_string()),
            decided_at: row.decided_at.map(time),
            reason: row.reason.clone(),
        }
    }
}

impl From<&Retailer> for RetailerView {
    fn from(retailer: &Retailer) -> Self {
        Self {
            id: retailer.id.to_string(),
            name: retailer.name.clone(),
            uscc: retailer.uscc.clone(),
            divisions: retailer.divisions.clone(),
            account: MaskedAccount::from(&retailer.account).into(),
            contact: retailer.contact.as_ref().map(|contact| contact.masked.clone()),
            status: retailer.standing.to_string(),
            programmes: retailer.programmes.clone(),
        }
    }
}

/// A store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct StoreView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// Its retailer.
    #[schema(format = "uuid")]
    pub retailer_id: String,
    /// Name.
    pub name: String,
    /// Address.
    pub address: String,
    /// Division code.
    #[schema(value_type = DivisionCode)]
    pub division_code: String,
    /// Town or office.
    pub town: String,
    /// Whether it may take part.
    #[schema(value_type = StandingWord)]
    pub status: String,
}

impl From<&Store> for StoreView {
    fn from(store: &Store) -> Self {
        Self {
            id: store.id.to_string(),
            retailer_id: store.retailer.to_string(),
            name: store.name.clone(),
            address: store.address.clone(),
            division_code: store.division_code.clone(),
            town: store.town.clone(),
            status: store.standing.to_string(),
        }
    }
}

/// A collection point as anybody sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CollectionPointView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// Name.
    pub name: String,
    /// Address.
    pub address: String,
    /// Division code.
    #[schema(value_type = DivisionCode)]
    pub division_code: String,
    /// Town or office.
    pub town: String,
    /// Opening hours in words.
    pub opening_hours: Option<String>,
    /// Latitude in degrees.
    #[schema(value_type = Option<Degrees>)]
    pub latitude: Option<String>,
    /// Longitude in degrees.
    #[schema(value_type = Option<Degrees>)]
    pub longitude: Option<String>,
    /// Categories that it takes.
    #[schema(value_type = Vec<CategoryWord>)]
    pub categories: Vec<Category>,
}

impl From<&Recycler> for CollectionPointView {
    fn from(recycler: &Recycler) -> Self {
        // None named means that it takes all.
        let all = || Category::ALL.to_vec();
        Self {
            id: recycler.id.to_string(),
            name: recycler.name.clone(),
            address: recycler.address.clone(),
            division_code: recycler.division_code.clone(),
            town: recycler.town.clone(),
            opening_hours: recycler.opening_hours.clone(),
            latitude: recycler.latitude_micro.map(|micro| decimal(micro, 6)),
            longitude: recycler.longitude_micro.map(|micro| decimal(micro, 6)),
            categories: if recycler.categories.is_empty() { all() } else { recycler.categories.clone() },
        }
    }
}

/// A collection point as the bureau sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecyclerView {
    /// What anybody sees.
    #[serde(flatten)]
    pub point: CollectionPointView,
    /// Unified social credit code.
    #[schema(value_type = Uscc)]
    pub uscc: String,
    /// Whether it may take part.
    #[schema(value_type = StandingWord)]
    pub status: String,
}

impl From<&Recycler> for RecyclerView {
    fn from(recycler: &Recycler) -> Self {
        Self { point: recycler.into(), uscc: recycler.uscc.clone(), status: recycler.standing.to_string() }
    }
}
