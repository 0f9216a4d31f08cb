//! What is read from requests: strict bodies, and the commands that are made of them.
//!
//! Reading finds the first fault of the form; making the command finds every other one. Identifiers go on in their
//! canonical form and personal data sealed: the rules see nothing in the clear.

mod adjustment;
mod anomaly;
mod assisted;
mod bureau;
mod consumer;
mod dispute;
pub mod file;
mod identity;
mod import;
mod judge;
mod old_item;
mod personal;
mod read;
mod recycler;
mod retailer;
mod settlement;
mod strict;
mod webhook;
pub mod words;

pub use adjustment::PostAdjustmentsBody;
pub use anomaly::{AnomalyRulesBody, LimitsBody, ResolveAnomalyBody};
pub use assisted::{
    ClaimVoucherForBody, ConsentBody, EligibilityForBody, Given, PersonBody, PrintedAs, VoucherQrForBody,
    VouchersForBody,
};
pub use bureau::{
    AccountBody, AddStoreBody, AdjustPoolBody, ApproveBody, BankAccountBody, ContactBody, GrowthBaselineBody,
    OffSystemBody, RegisterRecyclerBody, RegisterRetailerBody, month,
};
pub use consumer::{ClaimVoucherBody, EligibilityBody, person};
pub use dispute::{AnswerDisputeBody, CompensationBody, DecideDisputeBody, OpenDisputeBody};
pub use identity::{
    ChangePasswordBody, CodeBody, CreateStaffBody, CreateTillBody, EnrolTillBody, PasswordBody, RefreshBody,
    SignInBody, will_do,
};
pub use import::{ProductRow, StoreRow, recycler_of_row, retailer_of_row};
pub use judge::Stated;
pub use old_item::{CollectPickupBody, DismantlingBody, ReceiveTurnInBody, RequestPickupBody};
pub use personal::{DisclosureBody, ErasePersonBody};
pub use read::{read, shortened, take};
pub use recycler::{EvidenceBody, OldItemBody, OwnerBody, RecordTurnInBody};
pub use retailer::{InvoiceBody, NewItemBody, Parts, PriceBody, Quoted, ReasonBody, RedeemBody, SaleBody};
pub use settlement::{
    ClawBackBody, ControlBody, PaymentBatchBody, PaymentBody, ReconciliationAnswerBody, RejectLineBody, RepaymentBody,
    ResubmitBody, ReturnSettlementBody, SubmitSettlementBody, bank_return,
};
pub use strict::parse;
pub use webhook::{CreateWebhookBody, RedeliverEventsBody, ReplayWebhookBody};

/// The example of a body as the API document has it.
#[cfg(test)]
fn example_of<T: utoipa::PartialSchema>() -> serde_json::Value {
    serde_json::to_value(T::schema()).unwrap()["example"].clone()
}
