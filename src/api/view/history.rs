//! A voucher's whole life.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::body::words::{CategoryWord, Digest, Money, ProgrammeWord, VoucherStatusWord};
use crate::domain::goods::Category;
use crate::domain::ledger::Movement;
use crate::domain::records::VoucherStatus;
use crate::engine::{Event, Life};

use super::{AuditRecordView, money, time};

/// Everything that ever happened to a voucher.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct VoucherHistoryView {
    /// The voucher.
    #[schema(format = "uuid")]
    pub voucher_id: String,
    /// Its programme.
    #[schema(value_type = ProgrammeWord)]
    pub programme_id: String,
    /// The version under which it was issued.
    #[schema(minimum = 1)]
    pub version: u32,
    /// Its category.
    #[schema(value_type = CategoryWord)]
    pub category: Category,
    /// Its state now.
    #[schema(value_type = VoucherStatusWord)]
    pub status: VoucherStatus,
    /// Its holder's name, masked.
    pub holder_name: Option<String>,
    /// The holder's identity number, masked.
    pub holder_number: Option<String>,
    /// Its redemption.
    #[schema(format = "uuid")]
    pub redemption_id: Option<String>,
    /// The old item that goes with it.
    #[schema(format = "uuid")]
    pub turn_in_id: Option<String>,
    /// What happened, the first first.
    pub events: Vec<HistoryEventView>,
}

/// Something that happened to a voucher, its redemption or its old item.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct HistoryEventView {
    /// Under which number it stands in the trail.
    #[schema(minimum = 1)]
    pub seq: i64,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// What was done.
    pub act: Option<String>,
    /// The record that it is about.
    pub subject: String,
    /// Who did it: a digest.
    #[schema(format = "uuid")]
    pub actor: Option<String>,
    /// In which role.
    pub role: Option<String>,
    /// For which organisation.
    #[schema(format = "uuid")]
    pub organisation: Option<String>,
    /// The request.
    pub request: Option<String>,
    /// The money that moved.
    pub money: Vec<MovementView>,
    /// What changed, masked.
    #[schema(value_type = Object)]
    pub detail: Value,
    /// The hash of the record.
    #[schema(value_type = Digest)]
    pub hash: String,
}

/// A movement of money between the accounts of a programme's line; its amounts sum to zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MovementView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// Why: `reserve`, `redeem`, `expire`, `cancel`, `reverse`, `raise`.
    pub kind: String,
    /// To what may still be promised.
    #[schema(value_type = Money)]
    pub available: String,
    /// To what is promised to live vouchers.
    #[schema(value_type = Money)]
    pub reserved: String,
    /// To what is owed to the retailer.
    #[schema(value_type = Money)]
    pub payable: String,
    /// To what was paid to the retailer.
    #[schema(value_type = Money)]
    pub paid: String,
    /// To what is to be had back.
    #[schema(value_type = Money)]
    pub clawback: String,
}

impl From<&Movement> for MovementView {
    fn from(movement: &Movement) -> Self {
        let deltas = &movement.deltas;
        Self {
            id: movement.id.to_string(),
            kind: movement.kind.name().to_owned(),
            available: money(deltas.available),
            reserved: money(deltas.reserved),
            payable: money(deltas.payable),
            paid: money(deltas.paid),
            clawback: money(deltas.clawback),
        }
    }
}

impl From<&Event> for HistoryEventView {
    fn from(event: &Event) -> Self {
        let record = AuditRecordView::from(&event.record);
        Self {
            seq: record.seq,
            at: time(event.record.at),
            act: record.act,
            subject: record.subject,
            actor: record.actor,
            role: record.role,
            organisation: record.organisation,
            request: record.request,
            money: event.movements.iter().map(MovementView::from).collect(),
            detail: record.detail,
            hash: record.hash,
        }
    }
}

impl VoucherHistoryView {
    /// As an auditor sees it.
    #[must_use]
    pub fn of(life: &Life) -> Self {
        let (voucher, holder) = (&life.voucher, life.holder.as_ref());
        let turn_in = voucher.turn_in.or_else(|| life.redemption.as_ref().and_then(|redemption| redemption.turn_in));
        Self {
            voucher_id: voucher.id.to_string(),
            programme_id: voucher.programme.clone(),
            version: voucher.version,
            category: voucher.category,
            status: voucher.status,
            holder_name: holder.map(|person| person.name.masked.clone()),
            holder_number: holder.map(|person| person.number.masked.clone()),
            redemption_id: voucher.redemption.map(|id| id.to_string()),
            turn_in_id: turn_in.map(|id| id.to_string()),
            events: life.events.iter().map(HistoryEventView::from).collect(),
        }
    }
}
