//! Quotes, redemptions and reversals.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::body::words::{
    BatteryWord, CategoryWord, CertificationWord, Date, Decimal, DivisionCode, FundingSourceWord, Money,
    PowertrainWord, ProgrammeWord, RedemptionStatusWord, RefusalCode, RejectionCodeWord, Token,
};
use crate::api::masks::Shown;
use crate::domain::adjustment::Adjustment;
use crate::domain::command::Redeemed;
use crate::domain::goods::{Battery, Category, Certification, FundingSource, NewItem, Powertrain};
use crate::domain::id::Id;
use crate::domain::money::Fen;
use crate::domain::programme::{Amounts, Share};
use crate::domain::records::{Redemption, RedemptionStatus, RejectionCode, Voucher};
use crate::domain::refusal::{Check, Language};
use crate::domain::settlement::Progress;
use crate::domain::time::Moment;

use super::adjustment::RedemptionAdjustmentView;
use super::{date, decimal, money, time};

/// One payer's part of what the consumer saves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FundingView {
    /// Who pays.
    #[schema(value_type = FundingSourceWord)]
    pub source: FundingSource,
    /// How much.
    #[schema(value_type = Money)]
    pub amount: String,
}

impl From<&Share> for FundingView {
    fn from(share: &Share) -> Self {
        Self { source: share.source, amount: money(share.amount) }
    }
}

pub(super) fn funding(shares: &[Share]) -> Vec<FundingView> {
    shares.iter().map(FundingView::from).collect()
}

/// What a sale would bring, and what was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct QuoteView {
    /// Government money; `null` while anything fails or lacks.
    #[schema(value_type = Option<Money>)]
    pub subsidy: Option<String>,
    /// What the consumer pays; `null` as the subsidy is.
    #[schema(value_type = Option<Money>)]
    pub consumer_pays: Option<String>,
    /// Who pays what of the difference.
    pub funding: Vec<FundingView>,
    /// For the redemption at this store.
    #[schema(value_type = Token)]
    pub scan_token: String,
    /// Until when the scan token holds.
    #[schema(format = DateTime)]
    pub scan_expires_at: String,
    /// The voucher.
    pub voucher: QuotedVoucher,
    /// What was checked.
    pub checks: Vec<CheckView>,
}

/// A voucher as a counter sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct QuotedVoucher {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// Category.
    #[schema(value_type = CategoryWord)]
    pub category: Category,
    /// What is reserved for it.
    #[schema(value_type = Money)]
    pub reserved: String,
    /// Until when it holds.
    #[schema(format = DateTime)]
    pub expires_at: String,
}

/// A check, passed or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CheckView {
    /// Its code.
    #[schema(value_type = RefusalCode)]
    pub code: String,
    /// Whether it passed.
    pub passed: bool,
    /// Where in the request.
    #[schema(pattern = "^(/([^~/]|~[01])*)*$")]
    pub pointer: String,
    /// What is wrong and what to do now; `null` when it passed.
    pub detail: Option<String>,
    /// What was found.
    pub found: Option<String>,
    /// What would have been accepted.
    pub expected: Option<String>,
}

impl CheckView {
    /// A check in a language.
    #[must_use]
    pub fn of(check: &Check, language: Language) -> Self {
        let refusal = &check.refusal;
        Self {
            code: refusal.code.name().to_owned(),
            passed: check.passed,
            pointer: refusal.pointer.clone(),
            detail: (!check.passed).then(|| refusal.sentence(language)),
            found: refusal.found.clone(),
            expected: refusal.expected.clone(),
        }
    }
}

impl QuoteView {
    /// A quote. With any failed check the amounts are withheld, whoever gives them.
    #[must_use]
    pub fn of(
        amounts: Option<&Amounts>,
        scan: (String, Moment),
        voucher: &Voucher,
        checks: &[Check],
        language: Language,
    ) -> Self {
        let amounts = amounts.filter(|_| checks.iter().all(|check| check.passed));
        Self {
            subsidy: amounts.map(|amounts| money(amounts.subsidy)),
            consumer_pays: amounts.map(|amounts| money(amounts.consumer_pays)),
            funding: amounts.map(|amounts| funding(&amounts.funding)).unwrap_or_default(),
            scan_token: scan.0,
            scan_expires_at: time(scan.1),
            voucher: QuotedVoucher {
                id: voucher.id.to_string(),
                category: voucher.category,
                reserved: money(voucher.reserved),
                expires_at: time(voucher.expires_at),
            },
            checks: checks.iter().map(|check| CheckView::of(check, language)).collect(),
        }
    }
}

/// A redemption as the till is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RedeemedView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// Its voucher.
    #[schema(format = "uuid")]
    pub voucher_id: String,
    /// Government money.
    #[schema(value_type = Money)]
    pub subsidy: String,
    /// What the consumer pays.
    #[schema(value_type = Money)]
    pub consumer_pays: String,
    /// Who pays what of the difference.
    pub funding: Vec<FundingView>,
    /// `recorded`.
    #[schema(value_type = RedemptionStatusWord)]
    pub status: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
}

impl From<&Redeemed> for RedeemedView {
    fn from(redeemed: &Redeemed) -> Self {
        Self {
            id: redeemed.id.to_string(),
            voucher_id: redeemed.voucher.to_string(),
            subsidy: money(redeemed.subsidy),
            consumer_pays: money(redeemed.consumer_pays),
            funding: funding(&redeemed.funding),
            status: RedemptionStatus::Recorded.to_string(),
            at: time(redeemed.at),
        }
    }
}

/// A reversal as the till is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReversedView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// What it undid.
    #[schema(format = "uuid")]
    pub redemption_id: String,
    /// `reversed`, or `clawed_back` where it had been paid.
    #[schema(value_type = RedemptionStatusWord)]
    pub status: String,
    /// What had been paid for it and is to be had back.
    #[schema(value_type = Money)]
    pub clawed_back: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
}

impl ReversedView {
    /// A reversal.
    #[must_use]
    pub fn of(id: Id, redemption: Id, at: Moment, clawed_back: Fen) -> Self {
        let paid = clawed_back > Fen::ZERO;
        let status = if paid { RedemptionStatus::ClawedBack } else { RedemptionStatus::Reversed };
        Self {
            id: id.to_string(),
            redemption_id: redemption.to_string(),
            status: status.to_string(),
            clawed_back: money(clawed_back),
            at: time(at),
        }
    }
}

/// A redemption with all that is known of it, personal data masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RedemptionView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// Its voucher.
    #[schema(format = "uuid")]
    pub voucher_id: String,
    /// Programme.
    #[schema(value_type = ProgrammeWord)]
    pub programme_id: String,
    /// Version by which it was judged.
    #[schema(minimum = 1)]
    pub programme_version: u32,
    /// Category.
    #[schema(value_type = CategoryWord)]
    pub category: Category,
    /// Retailer.
    #[schema(format = "uuid")]
    pub retailer_id: String,
    /// Store.
    #[schema(format = "uuid")]
    pub store_id: String,
    /// State.
    #[schema(value_type = RedemptionStatusWord)]
    pub status: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// Government money, as it was given when the voucher was redeemed.
    #[schema(value_type = Money)]
    pub subsidy: String,
    /// What later versions of the programme added to it.
    pub adjustments: Vec<RedemptionAdjustmentView>,
    /// The seller's own bonus.
    #[schema(value_type = Money)]
    pub merchant_bonus: String,
    /// What the consumer pays.
    #[schema(value_type = Money)]
    pub consumer_pays: String,
    /// Who pays what of the difference.
    pub funding: Vec<FundingView>,
    /// The new item.
    pub item: NewItemView,
    /// Prices.
    pub price: PriceView,
    /// Invoice.
    pub invoice: InvoiceView,
    /// Delivery.
    pub delivery: DeliveryView,
    /// The old item.
    #[schema(format = "uuid")]
    pub turn_in_id: Option<String>,
    /// The settlement that it is in.
    #[schema(format = "uuid")]
    pub settlement_id: Option<String>,
    /// How the bureau refused it the last time, if it did.
    pub rejection: Option<RejectionView>,
    /// How it was undone, if it was.
    pub reversal: Option<ReversalView>,
}

/// How a line of a settlement was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RejectionView {
    /// The settlement.
    #[schema(format = "uuid")]
    pub settlement_id: String,
    /// Why, in a word.
    #[schema(value_type = RejectionCodeWord)]
    pub code: RejectionCode,
    /// Why, in a sentence; not told any more once it was resubmitted.
    pub reason: Option<String>,
}

/// How a redemption was undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReversalView {
    /// Identity.
    #[schema(format = "uuid")]
    pub id: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// Why.
    pub reason: String,
}

/// The item that was bought; what is not known is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct NewItemView {
    /// Category.
    #[schema(value_type = CategoryWord)]
    pub category: Category,
    /// Brand.
    pub brand: String,
    /// Model.
    pub model: String,
    /// Trade item number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gtin: Option<String>,
    /// Level of the China Energy Label.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 5)]
    pub energy_level: Option<u8>,
    /// Of a car.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<PowertrainWord>)]
    pub powertrain: Option<Powertrain>,
    /// Of a car with a combustion engine.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Decimal>)]
    pub displacement_litres: Option<String>,
    /// Of an e-bike.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BatteryWord>)]
    pub battery: Option<Battery>,
    /// Certificates.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<CertificationWord>)]
    pub certifications: Vec<Certification>,
    /// Serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<String>,
    /// Serial number of an air-conditioner's outdoor unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outdoor_serial_number: Option<String>,
    /// Vehicle identification number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vin: Option<String>,
    /// Fifteen-digit code of an e-bike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ebike_code: Option<String>,
    /// IMEI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imei: Option<String>,
    /// Second IMEI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imei2: Option<String>,
}

impl From<&NewItem> for NewItemView {
    fn from(item: &NewItem) -> Self {
        Self {
            category: item.category,
            brand: item.brand.clone(),
            model: item.model.clone(),
            gtin: item.gtin.clone(),
            energy_level: item.energy_level,
            powertrain: item.powertrain,
            displacement_litres: item.displacement_cc.map(|cc| decimal(i64::from(cc), 3)),
            battery: item.battery,
            certifications: item.certifications.clone(),
            serial_number: item.serial_number.clone(),
            outdoor_serial_number: item.outdoor_serial_number.clone(),
            vin: item.vin.clone(),
            ebike_code: item.ebike_code.clone(),
            imei: item.imei.clone(),
            imei2: item.imei2.clone(),
        }
    }
}

/// The prices of a sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PriceView {
    /// List price.
    #[schema(value_type = Money)]
    pub list: String,
    /// The sum of all discounts.
    #[schema(value_type = Money)]
    pub discounts: String,
    /// After all discounts, before the subsidy.
    #[serde(rename = "final")]
    #[schema(value_type = Money)]
    pub agreed: String,
    /// What the consumer paid, where the till knew it.
    #[schema(value_type = Option<Money>)]
    pub paid: Option<String>,
}

/// An invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct InvoiceView {
    /// Number.
    pub number: String,
    /// Its date.
    #[schema(value_type = Date)]
    pub issued_on: String,
    /// Tax-included total.
    #[schema(value_type = Money)]
    pub total: String,
    /// The buyer, masked.
    pub buyer_name: String,
}

/// Where the goods went, masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeliveryView {
    /// Division code.
    #[schema(value_type = Option<DivisionCode>)]
    pub division_code: Option<String>,
    /// Address.
    pub address: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
}

impl RedemptionView {
    /// A redemption, how far it has come, its own among these adjustments, and what may be shown of people.
    #[must_use]
    pub fn of(redemption: &Redemption, progress: &Progress, adjustments: &[Adjustment], shown: Shown) -> Self {
        let (status, state) = (progress.status(), progress.state.as_ref());
        let own = adjustments.iter().filter(|adjustment| adjustment.redemption == redemption.id);
        let (price, invoice, delivery) = (&redemption.price, &redemption.invoice, &redemption.delivery);
        Self {
            id: redemption.id.to_string(),
            voucher_id: redemption.voucher.to_string(),
            programme_id: redemption.programme.clone(),
            programme_version: redemption.version,
            category: redemption.category,
            retailer_id: redemption.retailer.to_string(),
            store_id: redemption.store.to_string(),
            status: status.to_string(),
            at: time(redemption.at),
            subsidy: money(redemption.subsidy),
            adjustments: own.map(RedemptionAdjustmentView::from).collect(),
            merchant_bonus: money(redemption.merchant_bonus),
            consumer_pays: money(redemption.consumer_pays),
            funding: funding(&redemption.funding),
            item: NewItemView::from(&redemption.item),
            price: PriceView {
                list: money(price.list),
                discounts: money(price.discounts),
                agreed: money(price.agreed),
                paid: price.paid.map(money),
            },
            invoice: InvoiceView {
                number: invoice.number.clone(),
                issued_on: date(invoice.issued_on),
                total: money(invoice.total),
                buyer_name: shown.buyer,
            },
            delivery: DeliveryView {
                division_code: delivery.division_code.clone(),
                address: shown.address,
                phone: shown.phone,
            },
            turn_in_id: redemption.turn_in.map(|id| id.to_string()),
            settlement_id: progress.settlement.map(|(id, _)| id.to_string()),
            rejection: state.and_then(|state| {
                let rejection = state.rejection.as_ref()?;
                Some(RejectionView {
                    settlement_id: rejection.settlement.to_string(),
                    code: rejection.code,
                    reason: (state.status == RedemptionStatus::Rejected).then(|| state.reason.clone()),
                })
            }),
            reversal: state.filter(|state| undone(state.status)).map(|state| ReversalView {
                id: state.step.to_string(),
                at: time(state.at),
                reason: state.reason.clone(),
            }),
        }
    }
}

const fn undone(status: RedemptionStatus) -> bool {
    matches!(status, RedemptionStatus::Reversed | RedemptionStatus::ClawedBack)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::view::voucher::tests::voucher;
    use crate::domain::money::Fen;
    use crate::domain::refusal::{Code, Refusal};

    #[test]
    fn a_quote_with_a_failed_check_gives_no_amounts() {
        let share = Share { source: FundingSource::Central, amount: Fen(99_980) };
        let amounts = Amounts {
            subsidy: Fen(99_980),
            merchant_bonus: Fen::ZERO,
            consumer_pays: Fen(399_920),
            funding: vec![share],
        };
        let quote = |passed: bool| {
            let checks = [Check { passed, refusal: Refusal::at(Code::FieldMissing, "/invoice") }];
            QuoteView::of(Some(&amounts), ("t".into(), Moment(0)), &voucher(), &checks, Language::Chinese)
        };
        assert_eq!(quote(true).consumer_pays.as_deref(), Some("3999.20"));
        assert_eq!(quote(true).checks[0].detail, None);
        assert_eq!((quote(false).subsidy, quote(false).funding), (None, Vec::new()));
        assert!(quote(false).checks[0].detail.is_some());
    }
}
