//! Adjustments, due and posted.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::body::words::{AdjustmentStatusWord, CategoryWord, Money};
use crate::domain::adjustment::{Adjustment, AdjustmentStatus, Raised};
use crate::domain::decide::Owed;
use crate::domain::goods::Category;
use crate::domain::money::Fen;
use crate::domain::time::Day;

use super::redemption::{FundingView, funding};
use super::{date, money, time};

/// What a redemption is owed by a later version, or was given by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AdjustmentView {
    /// Identity; `null` while it is due.
    #[schema(format = "uuid")]
    pub id: Option<String>,
    /// The redemption, which stays as it was made.
    #[schema(format = "uuid")]
    pub redemption_id: String,
    /// Its voucher.
    #[schema(format = "uuid")]
    pub voucher_id: String,
    /// Its retailer, to whom the amount is owed.
    #[schema(format = "uuid")]
    pub retailer_id: String,
    /// Category.
    #[schema(value_type = CategoryWord)]
    pub category: Category,
    /// When the redemption was made.
    #[schema(format = DateTime)]
    pub redeemed_at: String,
    /// The version by which it was judged.
    #[schema(minimum = 1)]
    pub from_version: u32,
    /// The version that raises it.
    #[schema(minimum = 1)]
    pub version: u32,
    /// What was given before: the subsidy and the adjustments of versions between.
    #[schema(value_type = Money)]
    pub before: String,
    /// What the version gives for the same sale.
    #[schema(value_type = Money)]
    pub after: String,
    /// The difference.
    #[schema(value_type = Money)]
    pub amount: String,
    /// Who pays what of the difference; with a minus sign where a source pays less under the new version.
    pub funding: Vec<FundingView>,
    /// `due` or `posted`.
    #[schema(value_type = AdjustmentStatusWord)]
    pub status: AdjustmentStatus,
    /// When it was posted; `null` while it is due.
    #[schema(format = DateTime)]
    pub posted_at: Option<String>,
}

impl From<&Owed> for AdjustmentView {
    fn from(owed: &Owed) -> Self {
        let Owed { fact, version, rise } = owed;
        Self {
            id: None,
            redemption_id: fact.id.to_string(),
            voucher_id: fact.voucher.to_string(),
            retailer_id: fact.retailer.to_string(),
            category: fact.category,
            redeemed_at: time(fact.at),
            from_version: fact.version,
            version: *version,
            before: money(rise.before),
            after: money(rise.after),
            amount: money(rise.amount),
            funding: funding(&rise.funding),
            status: AdjustmentStatus::Due,
            posted_at: None,
        }
    }
}

impl From<&Raised> for AdjustmentView {
    fn from(raised: &Raised) -> Self {
        let Raised { adjustment, from_version, redeemed_at } = raised;
        Self {
            id: Some(adjustment.id.to_string()),
            redemption_id: adjustment.redemption.to_string(),
            voucher_id: adjustment.voucher.to_string(),
            retailer_id: adjustment.retailer.to_string(),
            category: adjustment.category,
            redeemed_at: time(*redeemed_at),
            from_version: *from_version,
            version: adjustment.version,
            before: money(adjustment.before),
            after: money(adjustment.after),
            amount: money(adjustment.amount),
            funding: funding(&adjustment.funding),
            status: AdjustmentStatus::Posted,
            posted_at: Some(time(adjustment.at)),
        }
    }
}

/// A page of a programme's adjustments, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AdjustmentsView {
    /// The version in force; `null` before the first publication.
    #[schema(minimum = 1)]
    pub version: Option<u32>,
    /// From which day on redemptions under earlier versions are raised by it; `null` when they are not.
    #[schema(format = Date)]
    pub retroactive_from: Option<String>,
    /// The adjustments. A page of what is due may have fewer than `limit`, or none, while more pages follow: a
    /// redemption for which nothing is owed is not listed.
    pub items: Vec<AdjustmentView>,
    /// The sum of this page's amounts.
    #[schema(value_type = Money)]
    pub total: String,
    /// How to ask for the next page; `null` on the last.
    pub next_cursor: Option<String>,
}

impl AdjustmentsView {
    /// What is due: a page of what was looked at, of which some may be owed nothing.
    #[must_use]
    pub fn due(in_force: (Option<u32>, Option<Day>), looked_at: &[Option<Owed>], next_cursor: Option<String>) -> Self {
        let owed = || looked_at.iter().flatten();
        let total = owed().map(|owed| owed.rise.amount).sum();
        Self::of(in_force, owed().map(AdjustmentView::from).collect(), total, next_cursor)
    }

    /// What was posted.
    #[must_use]
    pub fn posted(in_force: (Option<u32>, Option<Day>), raised: &[Raised], next_cursor: Option<String>) -> Self {
        let total = raised.iter().map(|raised| raised.adjustment.amount).sum();
        Self::of(in_force, raised.iter().map(AdjustmentView::from).collect(), total, next_cursor)
    }

    fn of(
        (version, from): (Option<u32>, Option<Day>),
        items: Vec<AdjustmentView>,
        total: Fen,
        next_cursor: Option<String>,
    ) -> Self {
        Self { version, retroactive_from: from.map(date), items, total: money(total), next_cursor }
    }
}

/// What was posted by one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PostedAdjustmentsView {
    /// How many redemptions were raised.
    pub count: usize,
    /// What was added in all.
    #[schema(value_type = Money)]
    pub total: String,
    /// The adjustments, in the order of the request.
    pub items: Vec<AdjustmentView>,
}

impl PostedAdjustmentsView {
    /// What a command posted.
    #[must_use]
    pub fn of(total: Fen, raised: &[Raised]) -> Self {
        let items: Vec<AdjustmentView> = raised.iter().map(AdjustmentView::from).collect();
        Self { count: items.len(), total: money(total), items }
    }
}

/// An adjustment as it stands beside its redemption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RedemptionAdjustmentView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// The version that raised the redemption.
    #[schema(minimum = 1)]
    pub version: u32,
    /// What was added to the subsidy.
    #[schema(value_type = Money)]
    pub amount: String,
    /// When it was posted.
    #[schema(format = DateTime)]
    pub at: String,
}

impl From<&Adjustment> for RedemptionAdjustmentView {
    fn from(adjustment: &Adjustment) -> Self {
        let Adjustment { id, version, amount, at, .. } = adjustment;
        Self { id: id.to_string(), version: *version, amount: money(*amount), at: time(*at) }
    }
}
