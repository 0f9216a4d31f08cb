//! Adjustments, due and posted.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::body::words::CategoryWord;
use crate::domain::adjustment::{Adjustment, Raised};
use crate::domain::decide::Owed;
use crate::domain::goods::Category;
use crate::domain::money::Fen;
use crate::domain::time::Day;

use super::redemption::{FundingView, funding};
use super::{date, money, time};

/// What a redemption is owed by a later version, or was given by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": null, "redemption_id": "019a5c3e-7b00-7000-8000-000000000006",
    "voucher_id": "019a5c3e-7b00-7000-8000-000000000002", "retailer_id": "019a5c3e-7b00-7000-8000-000000000001",
    "category": "car", "redeemed_at": "2024-06-03T02:03:04.123456Z", "from_version": 1, "version": 2,
    "before": "10000.00", "after": "20000.00", "amount": "10000.00",
    "funding": [{"source": "district", "amount": "10000.00"}], "status": "due", "posted_at": null
}))]
pub struct AdjustmentView {
    /// Identity; `null` while it is due.
    pub id: Option<String>,
    /// The redemption, which stays as it was made.
    pub redemption_id: String,
    /// Its voucher.
    pub voucher_id: String,
    /// Its retailer, to whom the amount is owed.
    pub retailer_id: String,
    /// Category.
    #[schema(value_type = CategoryWord)]
    pub category: Category,
    /// When the redemption was made.
    pub redeemed_at: String,
    /// The version by which it was judged.
    pub from_version: u32,
    /// The version that raises it.
    pub version: u32,
    /// What was given before: the subsidy and the adjustments of versions between.
    pub before: String,
    /// What the version gives for the same sale.
    pub after: String,
    /// The difference.
    pub amount: String,
    /// Who pays what of the difference; with a minus sign where a source pays less under the new version.
    pub funding: Vec<FundingView>,
    /// `due` or `posted`.
    pub status: &'static str,
    /// When it was posted; `null` while it is due.
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
            status: "due",
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
            status: "posted",
            posted_at: Some(time(adjustment.at)),
        }
    }
}

/// A page of a programme's adjustments, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "version": 2, "retroactive_from": "2024-04-24",
    "items": [{
        "id": null, "redemption_id": "019a5c3e-7b00-7000-8000-000000000006",
        "voucher_id": "019a5c3e-7b00-7000-8000-000000000002", "retailer_id": "019a5c3e-7b00-7000-8000-000000000001",
        "category": "car", "redeemed_at": "2024-06-03T02:03:04.123456Z", "from_version": 1, "version": 2,
        "before": "10000.00", "after": "20000.00", "amount": "10000.00",
        "funding": [{"source": "district", "amount": "10000.00"}], "status": "due", "posted_at": null
    }],
    "total": "10000.00", "next_cursor": null
}))]
pub struct AdjustmentsView {
    /// The version in force; `null` before the first publication.
    pub version: Option<u32>,
    /// From which day on redemptions under earlier versions are raised by it; `null` when they are not.
    #[schema(format = Date)]
    pub retroactive_from: Option<String>,
    /// The adjustments. A page of what is due may have fewer than `limit`, or none, while more pages follow: a
    /// redemption for which nothing is owed is not listed.
    pub items: Vec<AdjustmentView>,
    /// The sum of this page's amounts.
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
#[schema(example = json!({
    "count": 1, "total": "10000.00",
    "items": [{
        "id": "d2f0a9c4-5f0b-6a51-93e2-1f6f0f4f5a10", "redemption_id": "019a5c3e-7b00-7000-8000-000000000006",
        "voucher_id": "019a5c3e-7b00-7000-8000-000000000002", "retailer_id": "019a5c3e-7b00-7000-8000-000000000001",
        "category": "car", "redeemed_at": "2024-06-03T02:03:04.123456Z", "from_version": 1, "version": 2,
        "before": "10000.00", "after": "20000.00", "amount": "10000.00",
        "funding": [{"source": "district", "amount": "10000.00"}], "status": "posted", "posted_at": "2024-08-20T02:00:00Z"
    }]
}))]
pub struct PostedAdjustmentsView {
    /// How many redemptions were raised.
    pub count: usize,
    /// What was added in all.
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
#[schema(example = json!({
    "id": "d2f0a9c4-5f0b-6a51-93e2-1f6f0f4f5a10", "version": 2, "amount": "10000.00", "at": "2024-08-20T02:00:00Z"
}))]
pub struct RedemptionAdjustmentView {
    /// Identity.
    pub id: String,
    /// The version that raised the redemption.
    pub version: u32,
    /// What was added to the subsidy.
    pub amount: String,
    /// When it was posted.
    pub at: String,
}

impl From<&Adjustment> for RedemptionAdjustmentView {
    fn from(adjustment: &Adjustment) -> Self {
        let Adjustment { id, version, amount, at, .. } = adjustment;
        Self { id: id.to_string(), version: *version, amount: money(*amount), at: time(*at) }
    }
}
