//! Old items that were handed in.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::body::words::{
    BatteryWord, CategoryWord, Date, Digest, DisposalWord, EvidenceKindWord, FuelWord, Money, TurnInStatusWord,
};
use crate::domain::goods::{Battery, Category, Disposal, Evidence, EvidenceKind, Fuel, OldItem};
use crate::domain::records::TurnIn;

use super::{date, money, time};

/// A turn-in; its id is the receipt that the owner gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TurnInView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// State.
    #[schema(value_type = TurnInStatusWord)]
    pub status: String,
    /// Category.
    #[schema(value_type = CategoryWord)]
    pub category: Category,
    /// What the owner shows to name the turn-in.
    #[schema(format = "uuid")]
    pub receipt_token: String,
    /// The owner, masked.
    pub owner: OwnerView,
    /// The item.
    pub item: OldItemView,
    /// The day on which it was received.
    #[schema(value_type = Date)]
    pub received_on: String,
    /// When it was recorded.
    #[schema(format = DateTime)]
    pub recorded_at: String,
    /// The voucher that it supports.
    #[schema(format = "uuid")]
    pub voucher_id: Option<String>,
    /// What the owner got for it.
    #[schema(value_type = Option<Money>)]
    pub credit: Option<String>,
    /// Evidence.
    pub evidence: Vec<EvidenceView>,
    /// Why it is void.
    pub void_reason: Option<String>,
}

/// An owner, masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OwnerView {
    /// Name.
    pub name: String,
    /// Identity number.
    pub resident_id: String,
}

/// What identifies an old item and what is known of it; what is not known is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OldItemView {
    /// Vehicle identification number of a car.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vin: Option<String>,
    /// Fifteen-digit code of an e-bike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ebike_code: Option<String>,
    /// Plate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plate: Option<String>,
    /// Frame number of an e-bike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame_number: Option<String>,
    /// Motor number of an e-bike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub motor_number: Option<String>,
    /// Serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<String>,
    /// The recycler's own ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket_number: Option<String>,
    /// Of a car.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<FuelWord>)]
    pub fuel: Option<Fuel>,
    /// First registration of a vehicle.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Date>)]
    pub first_registered_on: Option<String>,
    /// Since when it stood in the owner's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Date>)]
    pub owned_since: Option<String>,
    /// What became of a car.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DisposalWord>)]
    pub disposal: Option<Disposal>,
    /// Of an e-bike.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BatteryWord>)]
    pub battery: Option<Battery>,
    /// Whether all its parts were there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complete: Option<bool>,
    /// Whether it was registered with a plate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registered: Option<bool>,
}

/// One piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct EvidenceView {
    /// What it is.
    #[schema(value_type = EvidenceKindWord)]
    pub kind: EvidenceKind,
    /// The number that stands on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// SHA-256 of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Digest>)]
    pub sha256: Option<String>,
}

impl From<&OldItem> for OldItemView {
    fn from(item: &OldItem) -> Self {
        Self {
            vin: item.vin.clone(),
            ebike_code: item.ebike_code.clone(),
            plate: item.plate.clone(),
            frame_number: item.frame_number.clone(),
            motor_number: item.motor_number.clone(),
            serial_number: item.serial_number.clone(),
            ticket_number: item.ticket_number.clone(),
            fuel: item.fuel,
            first_registered_on: item.first_registered_on.map(date),
            owned_since: item.owned_since.map(date),
            disposal: item.disposal,
            battery: item.battery,
            complete: item.complete,
            registered: item.registered,
        }
    }
}

impl From<&Evidence> for EvidenceView {
    fn from(evidence: &Evidence) -> Self {
        Self { kind: evidence.kind, number: evidence.number.clone(), sha256: evidence.sha256.clone() }
    }
}

impl From<&TurnIn> for TurnInView {
    fn from(turn_in: &TurnIn) -> Self {
        Self {
            id: turn_in.id.to_string(),
            status: turn_in.status.to_string(),
            category: turn_in.item.category,
            receipt_token: turn_in.id.to_string(),
            owner: OwnerView { name: turn_in.owner_name.clone(), resident_id: turn_in.owner_number.clone() },
            item: OldItemView::from(&turn_in.item),
            received_on: date(turn_in.item.received_on),
            recorded_at: time(turn_in.recorded_at),
            voucher_id: turn_in.voucher.map(|id| id.to_string()),
            credit: turn_in.item.credit.map(money),
            evidence: turn_in.item.evidence.iter().map(EvidenceView::from).collect(),
            void_reason: turn_in.void_reason.clone(),
        }
    }
}
