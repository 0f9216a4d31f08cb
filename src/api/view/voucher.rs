//! Vouchers and whether one could be had.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::body::words::{CategoryWord, DivisionCode, Money, ProgrammeWord, RefusalCode, VoucherStatusWord};
use crate::domain::goods::Category;
use crate::domain::money::Fen;
use crate::domain::records::{Voucher, VoucherStatus};
use crate::domain::refusal::{Language, Refusals};
use crate::domain::time::Moment;
use crate::engine::Eligibility;

use super::{money, time};

/// A voucher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct VoucherView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// Programme.
    #[schema(value_type = ProgrammeWord)]
    pub programme_id: String,
    /// Version under which it was issued.
    #[schema(minimum = 1)]
    pub programme_version: u32,
    /// Category.
    #[schema(value_type = CategoryWord)]
    pub category: Category,
    /// State.
    #[schema(value_type = VoucherStatusWord)]
    pub status: String,
    /// What is reserved for it.
    #[schema(value_type = Money)]
    pub reserved: String,
    /// Where it was claimed.
    #[schema(value_type = DivisionCode)]
    pub division_code: String,
    /// The old item that supports it.
    #[schema(format = "uuid")]
    pub turn_in_id: Option<String>,
    /// When it was issued.
    #[schema(format = DateTime)]
    pub issued_at: String,
    /// Until when it holds.
    #[schema(format = DateTime)]
    pub expires_at: String,
    /// The redemption that used it.
    #[schema(format = "uuid")]
    pub redemption_id: Option<String>,
}

/// The state that a voucher has now: one whose time is over has expired before the job has come by.
fn status(voucher: &Voucher, now: Moment) -> VoucherStatus {
    match voucher.status {
        VoucherStatus::Issued if now > voucher.expires_at => VoucherStatus::Expired,
        stored => stored,
    }
}

impl VoucherView {
    /// A voucher as it stands now.
    #[must_use]
    pub fn of(voucher: &Voucher, now: Moment) -> Self {
        Self {
            id: voucher.id.to_string(),
            programme_id: voucher.programme.clone(),
            programme_version: voucher.version,
            category: voucher.category,
            status: status(voucher, now).to_string(),
            reserved: money(voucher.reserved),
            division_code: voucher.division_code.clone(),
            turn_in_id: voucher.turn_in.map(|id| id.to_string()),
            issued_at: time(voucher.issued_at),
            expires_at: time(voucher.expires_at),
            redemption_id: voucher.redemption.map(|id| id.to_string()),
        }
    }
}

/// Whether a person could claim a voucher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct EligibilityView {
    /// Yes or no.
    pub eligible: bool,
    /// The most that the person can get.
    #[schema(value_type = Money)]
    pub max_subsidy: String,
    /// Why not.
    pub reasons: Vec<ReasonView>,
}

/// A reason in a code and a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReasonView {
    /// Code.
    #[schema(value_type = RefusalCode)]
    pub code: String,
    /// Sentence.
    pub detail: String,
}

impl EligibilityView {
    /// What a question was answered.
    #[must_use]
    pub fn answering(eligibility: Eligibility, language: Language) -> Self {
        let most = eligibility.max_subsidy.unwrap_or_default();
        Self::of(most, Refusals::from_failed(eligibility.refusals).as_ref(), language)
    }

    /// The answer; with refusals nothing can be had.
    #[must_use]
    pub fn of(most: Fen, refusals: Option<&Refusals>, language: Language) -> Self {
        let reasons = refusals
            .map(Refusals::all)
            .unwrap_or_default()
            .iter()
            .map(|refusal| ReasonView { code: refusal.code.name().to_owned(), detail: refusal.sentence(language) });
        Self {
            eligible: refusals.is_none(),
            max_subsidy: money(if refusals.is_none() { most } else { Fen::ZERO }),
            reasons: reasons.collect(),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::id::Id;
    use crate::domain::refusal::Code;

    pub(in crate::api::view) fn voucher() -> Voucher {
        Voucher {
            id: Id::digest(&["v"]),
            programme: "nc-appl-2026".into(),
            version: 1,
            category: Category::Refrigerator,
            line: Id::NIL,
            person: Id::NIL,
            division_code: "360111".into(),
            turn_in: None,
            status: VoucherStatus::Issued,
            reserved: Fen(200_000),
            issued_at: Moment(0),
            expires_at: Moment(1_000_000),
            redemption: None,
            claims: Vec::new(),
            quotas: Vec::new(),
            device: None,
        }
    }

    #[test]
    fn a_voucher_lapses_when_its_last_moment_is_over() {
        assert_eq!(VoucherView::of(&voucher(), Moment(1_000_000)).status, "issued");
        let late = VoucherView::of(&voucher(), Moment(1_000_001));
        assert_eq!((late.status.as_str(), late.reserved.as_str()), ("expired", "2000.00"));
        let used = Voucher { status: VoucherStatus::Redeemed, ..voucher() };
        assert_eq!(VoucherView::of(&used, Moment(2_000_000)).status, "redeemed");
    }

    #[test]
    fn who_is_not_eligible_gets_nothing_and_reasons() {
        let refusals = Refusals::from(Code::PoolExhausted);
        let view = EligibilityView::of(Fen(100), Some(&refusals), Language::Chinese);
        assert_eq!((view.eligible, view.max_subsidy.as_str()), (false, "0.00"));
        assert_eq!(view.reasons[0].code, "POOL_EXHAUSTED");
        assert_eq!(EligibilityView::of(Fen(100), None, Language::Chinese).max_subsidy, "1.00");
    }
}
