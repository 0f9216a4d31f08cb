//! Programmes (补贴方案): what a version says, how its file is read and checked, and what it gives for a sale.

mod rules;

pub use rules::*;

/// What one payer gives.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Share {
    /// Who.
    pub source: crate::domain::goods::FundingSource,
    /// How much.
    pub amount: crate::domain::money::Fen,
}
