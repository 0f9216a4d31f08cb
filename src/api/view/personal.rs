//! Personal data in the clear, for the few operations that give it, and what became of it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::body::words::{ConsentKindWord, Date, DisclosedWord, ErasureWord, RefusalCode};
use crate::domain::command::Erasure;
use crate::domain::personal::Disclosed;
use crate::domain::records::{AssistedClaim, ConsentKind};
use crate::domain::time::{Day, Moment};
use crate::store::Attempt;

use super::{AccountView, EvidenceFileView, RedemptionView, TurnInView, VoucherView, date, time};

/// Name and identity number, in the clear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PersonView {
    /// Name.
    pub name: String,
    /// Identity number.
    pub resident_id: String,
}

/// Personal data of one record in the clear. Not to be kept: `Cache-Control: no-store`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DisclosureView {
    /// Under which number it stands in the trail that this was shown.
    #[schema(format = "uuid")]
    pub disclosure_id: String,
    /// What kind of record.
    #[schema(value_type = DisclosedWord)]
    pub subject: Disclosed,
    /// Which.
    #[schema(format = "uuid")]
    pub id: String,
    /// The holder, buyer or owner; `null` for a retailer.
    pub person: Option<PersonView>,
    /// Address of a delivery.
    pub delivery_address: Option<String>,
    /// Telephone number of a delivery.
    pub delivery_phone: Option<String>,
    /// A person of the retailer to ask.
    pub contact: Option<String>,
    /// The retailer's bank account.
    pub account: Option<AccountView>,
}

/// Everything that is kept about the caller (PIPL 45).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExportView {
    /// As known at this moment.
    #[schema(format = DateTime)]
    pub as_known_at: String,
    /// Name and identity number; `null` when none are kept (any more).
    pub person: Option<PersonView>,
    /// Since when what is kept is used for nothing else.
    #[schema(format = DateTime)]
    pub restricted_at: Option<String>,
    /// Since when name and identity number are destroyed.
    #[schema(format = DateTime)]
    pub erased_at: Option<String>,
    /// Vouchers, newest first.
    pub vouchers: Vec<VoucherView>,
    /// Which of the vouchers a service point claimed, newest first.
    pub assisted_claims: Vec<AssistedClaimView>,
    /// Old items that were handed in, newest first.
    pub turn_ins: Vec<TurnInView>,
    /// What was bought with vouchers, newest first, with the buyer's name and where it was delivered to in the clear.
    pub redemptions: Vec<RedemptionView>,
    /// How far limits per person are used.
    pub quotas: Vec<QuotaView>,
    /// What was refused of late.
    pub refused: Vec<AttemptView>,
    /// Files about these records.
    pub evidence: Vec<EvidenceFileView>,
}

/// A claim that an assistant of a service point made for the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AssistedClaimView {
    /// The voucher.
    #[schema(format = "uuid")]
    pub voucher_id: String,
    /// When.
    #[schema(format = DateTime)]
    pub claimed_at: String,
    /// The service point (服务点) whose assistant claimed it.
    #[schema(format = "uuid")]
    pub service_point_id: String,
    /// How the caller consented.
    #[schema(value_type = ConsentKindWord)]
    pub consent: ConsentKind,
    /// What the assistant noted about it, such as the witness, in the clear.
    pub consent_note: Option<String>,
}

impl AssistedClaimView {
    /// With the note in the clear.
    #[must_use]
    pub fn of(claim: &AssistedClaim, consent_note: Option<String>) -> Self {
        Self {
            voucher_id: claim.voucher.to_string(),
            claimed_at: time(claim.at),
            service_point_id: claim.service_point.to_string(),
            consent: claim.consent,
            consent_note,
        }
    }
}

/// How far a limit per person is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct QuotaView {
    /// A programme, a category of one, or programmes that exclude each other.
    pub scope: String,
    /// The calendar year; `null` where the limit is for ever.
    pub year: Option<i32>,
    /// Vouchers that count.
    pub live: usize,
    /// Vouchers that were ever issued.
    pub issued: u32,
}

/// A request of the caller's that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AttemptView {
    /// Identity, by which it can be objected to.
    #[schema(format = "uuid")]
    pub id: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// What was asked for.
    pub act: String,
    /// Why not.
    #[schema(value_type = Vec<RefusalCode>)]
    pub codes: Vec<String>,
}

/// What became of what was known of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErasureView {
    /// `erased`: destroyed, nobody can read it any more. `restricted`: it must be kept, and is used for nothing else.
    #[schema(value_type = ErasureWord)]
    pub status: Erasure,
    /// Until when it must be kept; then it is destroyed without being asked for again.
    #[schema(value_type = Option<Date>)]
    pub kept_until: Option<String>,
}

impl ErasureView {
    /// With the day on which what was restricted is destroyed.
    #[must_use]
    pub fn of(status: Erasure, kept_until: Option<Day>) -> Self {
        Self { status, kept_until: kept_until.map(date) }
    }
}

impl From<&Attempt> for AttemptView {
    fn from(attempt: &Attempt) -> Self {
        Self {
            id: attempt.id.to_string(),
            at: time(attempt.at),
            act: attempt.act.clone(),
            codes: attempt.codes.clone(),
        }
    }
}

/// A moment as answers have it.
#[must_use]
pub fn moment(at: Moment) -> String {
    time(at)
}
