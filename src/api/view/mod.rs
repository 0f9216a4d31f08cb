//! What is answered: money as decimal strings, times in UTC, days in Asia/Shanghai, personal data as its mask alone.

mod adjustment;
mod anomaly;
mod audit;
mod dispute;
mod evidence_file;
mod growth;
mod history;
mod identity;
mod old_item;
mod party;
mod personal;
mod problem;
mod product;
mod programme;
mod redemption;
mod report;
mod settlement;
mod turn_in;
mod version;
mod voucher;
mod webhook;

use chrono::SecondsFormat;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::money::Fen;
use crate::domain::time::{Day, Moment};

pub use adjustment::{AdjustmentView, AdjustmentsView, PostedAdjustmentsView, RedemptionAdjustmentView};
pub use anomaly::{AnomalyRuleView, AnomalyRulesView, AnomalyView, LinkView, PrecisionView, PrecisionsView};
pub use audit::{AuditRecordView, CheckpointView, ConsistencyView, InclusionView};
pub use dispute::{CompensationView, DisputeAnswerView, DisputeDecisionView, DisputeView};
pub use evidence_file::{EvidenceFileView, EvidenceLinkView};
pub use growth::{BaselineView, GrowthCategoryView, GrowthView, GrowthYearView, OffSystemView, PaceView};
pub use history::{HistoryEventView, MovementView, VoucherHistoryView};
pub use identity::{NewStaffView, NewTillView, SessionView, SignedOutView, StaffView, TillView, TotpView};
pub use old_item::{
    CoverageView, ItemEndCounts, ItemEndReportView, ItemEndRow, NearPointView, OldItemEndView, OldItemStepView,
    PickupView, TownCoverageView,
};
pub use party::{AccountView, BankAccountProposalView, CollectionPointView, RecyclerView, RetailerView, StoreView};
pub use personal::{
    AssistedClaimView, AttemptView, DisclosureView, ErasureView, ExportView, PersonView, QuotaView, moment,
};
pub use problem::{Fault, PROBLEM_TYPES, Problem, ProblemItem};
pub use product::{ProductView, ProductWithEntriesView};
pub use programme::{
    BonusView, DraftView, HoursView, LineView, PoolView, ProgrammeView, RegionView, SpanView, TierView, TimesView,
    WarningView, WindowsView,
};
pub use redemption::{
    CheckView, DeliveryView, FundingView, InvoiceView, NewItemView, PriceView, QuoteView, QuotedVoucher, RedeemedView,
    RedemptionView, RejectionView, ReversalView, ReversedView,
};
pub use report::{TotalsRow, TotalsView};
pub use settlement::{
    BankFileView, BankReturnView, ControlView, DueView, HoldView, LineRejectionView, PaymentBatchView, PaymentView,
    PortionView, ReconciliationRowView, RepaymentView, ResubmittedView, SettlementLineView, SettlementView,
    SignatureView, StatementView,
};
pub use turn_in::{EvidenceView, OldItemView, OwnerView, TurnInView};
pub use version::{DifferenceView, VersionView, VersionWithRulesView};
pub use voucher::{EligibilityView, ReasonView, VoucherView};
pub use webhook::{MissedEventView, RedeliveryView, WebhookView, WebhookWithSecretView};

/// A page of a list, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ListView<T> {
    /// The records.
    pub items: Vec<T>,
    /// How to ask for the next page; `null` on the last.
    pub next_cursor: Option<String>,
}

fn money(fen: Fen) -> String {
    fen.to_string()
}

/// RFC 3339 in UTC, with fractions of a second where there are any.
fn time(moment: Moment) -> String {
    moment.utc().to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn date(day: Day) -> String {
    day.to_string()
}

/// An integer of the last of so many places as a decimal string without trailing zeros, but with one place at least.
fn decimal(value: i64, places: usize) -> String {
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let fraction = fraction.trim_end_matches('0');
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{whole}.{}", if fraction.is_empty() { "0" } else { fraction })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_a_place_are_shown_as_decimals() {
        for (value, places, shown) in [(2000, 3, "2.0"), (1498, 3, "1.498"), (-500, 6, "-0.0005"), (0, 6, "0.0")] {
            assert_eq!(decimal(value, places), shown);
        }
    }

    #[test]
    fn times_are_in_utc() {
        assert_eq!(time(Moment::parse("2026-06-18T10:00:00+08:00").unwrap()), "2026-06-18T02:00:00Z");
    }
}
