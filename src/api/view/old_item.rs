//! The end of old items, pick-ups at home, and where old items are taken.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::body::words::{CategoryWord, Date, Digest, DivisionCode, EndStepWord, PickupStatusWord};
use crate::domain::goods::Category;
use crate::domain::old_item_end::{EndStep, OldItemStep};
use crate::domain::pickup::{Pickup, PickupStatus};

use super::party::CollectionPointView;
use super::{date, time};

/// The fact that an old item has come so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OldItemStepView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// The old item.
    #[schema(format = "uuid")]
    pub turn_in_id: String,
    /// How far.
    #[schema(value_type = EndStepWord)]
    pub step: EndStep,
    /// The recycler whose yard has it.
    #[schema(format = "uuid")]
    pub organisation_id: String,
    /// On which day.
    #[schema(value_type = Date)]
    pub day: String,
    /// The number of the dismantler's certificate.
    pub certificate_number: Option<String>,
    /// SHA-256 of the certificate.
    #[schema(value_type = Option<Digest>)]
    pub sha256: Option<String>,
    /// When it was recorded.
    #[schema(format = DateTime)]
    pub recorded_at: String,
}

impl From<&OldItemStep> for OldItemStepView {
    fn from(step: &OldItemStep) -> Self {
        Self {
            id: step.id.to_string(),
            turn_in_id: step.turn_in.to_string(),
            step: step.step,
            organisation_id: step.organisation.to_string(),
            day: date(step.day),
            certificate_number: step.certificate.clone(),
            sha256: step.sha256.clone(),
            recorded_at: time(step.at),
        }
    }
}

/// What is known of an old item's end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OldItemEndView {
    /// The old item.
    #[schema(format = "uuid")]
    pub turn_in_id: String,
    /// That a yard received it.
    pub received: Option<OldItemStepView>,
    /// That it was dismantled.
    pub dismantled: Option<OldItemStepView>,
}

/// How many old items of a category an organisation recorded, and what became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ItemEndCounts {
    /// Recorded, and not void.
    pub recorded: u64,
    /// Of these, how many support a voucher.
    pub claimed: u64,
    /// Of those recorded, how many a yard received.
    pub received: u64,
    /// Of those recorded, how many were dismantled.
    pub dismantled: u64,
    /// Of those claimed, how many no yard has received.
    pub claimed_not_received: u64,
}

/// A row of the report on the end of old items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ItemEndRow {
    /// Who recorded the old items.
    #[schema(format = "uuid")]
    pub organisation_id: String,
    /// Its name; `null` of one that is not registered.
    pub organisation: Option<String>,
    /// Their category.
    #[schema(value_type = CategoryWord)]
    pub category: Category,
    /// How many.
    pub counts: ItemEndCounts,
}

/// The three-way count of old items: claimed, recorded, received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ItemEndReportView {
    /// By organisation and category, the most that are missing first.
    pub rows: Vec<ItemEndRow>,
    /// All of them.
    pub totals: ItemEndCounts,
}

/// A pick-up at home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PickupView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// How far it is.
    #[schema(value_type = PickupStatusWord)]
    pub status: PickupStatus,
    /// What is to be fetched.
    #[schema(value_type = CategoryWord)]
    pub category: Category,
    /// The division.
    #[schema(value_type = DivisionCode)]
    pub division_code: String,
    /// The town or office.
    pub town: String,
    /// Where exactly: for who asked, and for the collection point while it has to come; `null` for everybody else.
    pub address: Option<String>,
    /// From when on somebody is at home.
    #[schema(format = DateTime)]
    pub from: String,
    /// Until when.
    #[schema(format = DateTime)]
    pub until: String,
    /// The collection point that comes, or came.
    #[schema(format = "uuid")]
    pub recycler_id: Option<String>,
    /// The old item that was handed in.
    #[schema(format = "uuid")]
    pub turn_in_id: Option<String>,
    /// Why it was called off.
    pub reason: Option<String>,
    /// When it was asked for.
    #[schema(format = DateTime)]
    pub requested_at: String,
    /// When it changed last.
    #[schema(format = DateTime)]
    pub changed_at: String,
}

impl PickupView {
    /// With the address in the clear, or without.
    #[must_use]
    pub fn of(row: &Pickup, address: Option<String>) -> Self {
        Self {
            id: row.id.to_string(),
            status: row.status,
            category: row.category,
            division_code: row.division_code.clone(),
            town: row.town.clone(),
            address,
            from: time(row.from),
            until: time(row.until),
            recycler_id: row.recycler.map(|id| id.to_string()),
            turn_in_id: row.turn_in.map(|id| id.to_string()),
            reason: row.reason.clone(),
            requested_at: time(row.requested_at),
            changed_at: time(row.changed_at),
        }
    }
}

/// A collection point, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct NearPointView {
    /// The collection point.
    #[serde(flatten)]
    pub point: CollectionPointView,
    /// How many metres away as the crow flies; `null` where no place was asked for, or the point's is not known.
    pub distance_metres: Option<u64>,
}

/// A town or office with its collection points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TownCoverageView {
    /// Its name.
    pub town: String,
    /// Its code, where the list has one.
    pub code: Option<String>,
    /// How many approved collection points it has.
    pub approved: u64,
    /// How many more it has that do not take part for the time being.
    pub others: u64,
}

/// Whether each town and office of the district has a collection point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CoverageView {
    /// The division.
    #[schema(value_type = DivisionCode)]
    pub division_code: String,
    /// Whether the towns are those of the division's list; else those in which there is a store or a collection point, and a
    /// town without either is not known here.
    pub listed: bool,
    /// Towns and offices in the order of the list.
    pub towns: Vec<TownCoverageView>,
    /// How many have an approved collection point.
    pub covered: u64,
    /// The names of those that have none.
    pub lacking: Vec<String>,
    /// Approved collection points whose town is not in the list.
    pub elsewhere: u64,
}
