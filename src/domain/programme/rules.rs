//! The rules of one version of a programme, as its file says them.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::goods::{
    Battery, Category, Certification, Disposal, EvidenceKind, Fuel, FundingSource, Powertrain, words,
};
use crate::domain::money::Fen;
use crate::domain::old_item_end::EndStep;
use crate::domain::time::{Day, Moment};

use super::{form, schema};

/// Everything that a version of a programme (补贴方案) says. Immutable once published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Programme file of huanxin")]
pub struct Rules {
    /// Lower-case letters, digits and hyphens, such as `nc-appl-2026`.
    #[schemars(regex(pattern = "^[a-z]([a-z0-9-]*[a-z0-9])?$"), length(max = 64))]
    pub id: String,
    /// Name in Chinese.
    #[schemars(regex(pattern = r"\S"))]
    pub title: String,
    /// Name in English.
    #[serde(default)]
    pub title_en: String,
    /// The notice that the programme carries out.
    #[serde(default)]
    pub legal_basis: String,
    /// Tasks of the district's action plan that the programme serves; a department reads its own tasks.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub tasks: Vec<u8>,
    /// Where it holds.
    pub region: Region,
    /// Whose money, in what shares. The percentages should sum to 100: the last source takes what the others leave.
    #[schemars(length(min = 1))]
    pub funding: Vec<FundingShare>,
    /// How an amount below a fen is rounded, before the cap.
    #[serde(default)]
    pub rounding: Rounding,
    /// Whether what the owner got for the old item lowers the price on which a percentage is computed.
    #[serde(default)]
    pub old_credit_reduces_base: bool,
    /// A retroactive rise: a redemption under an earlier version, from this day on, is owed what this version would
    /// have given more. It is owed as an adjustment that an officer lists and then posts, never as an edit.
    #[serde(default, deserialize_with = "form::optional_day", skip_serializing_if = "Option::is_none")]
    pub retroactive_from: Option<Day>,
    /// The old item.
    #[serde(default)]
    pub old_item: OldItemRules,
    /// When what may happen.
    pub windows: Windows,
    /// The voucher's life.
    pub voucher: VoucherRules,
    /// Limits over all categories of the programme.
    #[serde(default)]
    pub limits: Limits,
    /// Timed releases; without any, the whole pool is open within the claim window.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub releases: Vec<Release>,
    /// One entry per category.
    #[schemars(length(min = 1))]
    pub lines: Vec<Line>,
}

/// Where a programme holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("anyOf" = [{ "required": ["divisions"] }, { "required": ["nationwide"] }]))]
#[expect(clippy::struct_excessive_bools, reason = "each is a question that a policy answers by itself")]
pub struct Region {
    /// Division codes (GB/T 2260) or prefixes of them: `36` is the province, `360111` a district.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1), inner(regex(pattern = "^[0-9]{2,12}$")))]
    pub divisions: Vec<String>,
    /// Whether it holds in the whole country; no division is listed then.
    #[serde(default)]
    pub nationwide: bool,
    /// Whether the selling store must lie in the region.
    #[serde(default)]
    pub store_inside: bool,
    /// Whether the delivery address must lie in the region.
    #[serde(default)]
    pub delivery_inside: bool,
    /// Whether the consumer's residence, where the identity provider states it, must lie in the region.
    #[serde(default)]
    pub residence_inside: bool,
}

/// One payer's share of the government's money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FundingShare {
    /// Who pays.
    #[schemars(extend("not" = {"const": "merchant"}))]
    pub source: FundingSource,
    /// How much of the subsidy, in percent.
    #[serde(deserialize_with = "form::decimal", serialize_with = "form::plain")]
    #[schemars(schema_with = "schema::decimal")]
    pub percent: Decimal,
}

words! {
    /// How an amount below a fen is rounded.
    Rounding {
        /// Cut to the fen, in the public purse's favour.
        Down = "down",
        /// Half a fen goes up.
        HalfUp = "half_up",
        /// Half a fen goes to the even neighbour (GB/T 8170).
        HalfEven = "half_even",
    }
}

#[allow(clippy::derivable_impls)]
impl Default for Rounding {
    fn default() -> Self {
        Self::Down
    }
}

words! {
    /// What part an old item plays.
    Matching {
        /// None is needed and none is looked at.
        None = "none",
        /// None is needed; one that fits brings a bonus.
        Bonus = "bonus",
        /// One of any of the allowed categories is needed.
        AnyCategory = "any_category",
        /// One of the new item's category is needed.
        SameCategory = "same_category",
    }
}

words! {
    /// At which step the old item must be there.
    MatchedAt {
        /// When the voucher is claimed.
        Issue = "issue",
        /// When it is redeemed.
        Redemption = "redemption",
    }
}

/// What is asked of the old item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question that a policy answers by itself")]
pub struct OldItemRules {
    /// What part it plays.
    pub matching: Matching,
    /// At which step.
    pub matched_at: MatchedAt,
    /// Categories that count under `any_category` and `bonus`; empty means every category of the programme.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("uniqueItems" = true))]
    pub categories: Vec<Category>,
    /// Latest first registration by fuel; a fuel without an entry is not accepted once the list has one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registered_until: Vec<RegisteredUntil>,
    /// It must have been registered with a plate.
    #[serde(default)]
    pub must_be_registered: bool,
    /// All its parts must be there, and the recycler must say so.
    #[serde(default)]
    pub must_be_complete: bool,
    /// An e-bike must come with its battery: it does unless the recycler says that it is not complete.
    #[serde(default)]
    pub must_have_battery: bool,
    /// It must have stood in the owner's name on this day.
    #[serde(default, deserialize_with = "form::optional_day", skip_serializing_if = "Option::is_none")]
    pub owned_until: Option<Day>,
    /// What must have become of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposal: Option<Disposal>,
    /// Evidence that must be there; more is accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<EvidenceKind>,
    /// Whether a reversal gives the old item back to its owner, so that it may support another voucher.
    #[serde(default)]
    pub given_back_on_return: bool,
    /// How far the old item must have come before the retailer is paid: a settlement with a redemption whose old item has
    /// not been `received` by a recycler's yard, or `dismantled`, is not approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement_hold: Option<EndStep>,
}

impl Default for OldItemRules {
    fn default() -> Self {
        Self {
            matching: Matching::None,
            matched_at: MatchedAt::Redemption,
            categories: Vec::new(),
            registered_until: Vec::new(),
            must_be_registered: false,
            must_be_complete: false,
            must_have_battery: false,
            owned_until: None,
            disposal: None,
            evidence: Vec::new(),
            given_back_on_return: false,
            settlement_hold: None,
        }
    }
}

/// Latest first registration of old vehicles of these fuels, the day included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisteredUntil {
    /// The fuels.
    #[schemars(length(min = 1))]
    pub fuels: BTreeSet<Fuel>,
    /// The day.
    #[serde(deserialize_with = "form::day")]
    pub day: Day,
}

/// When what may happen; days and times in Asia/Shanghai, both ends included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Windows {
    /// Claims of vouchers.
    pub claim: DayWindow,
    /// The invoice's date; the claim window when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice: Option<DayWindow>,
    /// The day on which the old item was received; unlimited when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_item: Option<DayWindow>,
    /// Redemption; the claim window when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<TimeWindow>,
    /// Hours of each day within which claims are taken, as `HH:MM`; all day when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_hours: Option<DailyHours>,
}

/// From one day to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DayWindow {
    /// First day.
    #[serde(deserialize_with = "form::day")]
    pub from: Day,
    /// Last day.
    #[serde(deserialize_with = "form::day")]
    pub to: Day,
}

impl DayWindow {
    /// Whether the day lies within.
    #[must_use]
    pub fn contains(&self, day: Day) -> bool {
        self.from <= day && day <= self.to
    }
}

impl std::fmt::Display for DayWindow {
    /// An ISO 8601 interval of days.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.from, self.to)
    }
}

/// From one moment to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeWindow {
    /// First moment.
    #[serde(deserialize_with = "form::moment")]
    pub from: Moment,
    /// Last moment.
    #[serde(deserialize_with = "form::moment")]
    pub to: Moment,
}

/// Hours of a day, as `HH:MM` in Asia/Shanghai: from the first minute up to, not with, the last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DailyHours {
    /// First minute.
    #[schemars(regex(pattern = schema::TIME_OF_DAY))]
    pub from: String,
    /// The minute at which it ends; `24:00` is midnight.
    #[schemars(regex(pattern = schema::END_OF_HOURS))]
    pub to: String,
}

/// The voucher's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VoucherRules {
    /// Days of twenty-four hours from the issue; an application window that ends earlier ends it too.
    #[schemars(range(min = 1, max = 3660))]
    pub days: u32,
    /// How often a person may claim again after a voucher of the same category expired or was cancelled.
    pub reclaims: u32,
    /// Whether a return (reversal or clawback) gives the person's quota back.
    #[serde(default)]
    pub return_restores_quota: bool,
}

/// Limits over all categories of the programme.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Vouchers that count, per person and calendar year of the issue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub per_person_and_year: Option<u32>,
    /// Names of groups: of all programmes that name the same group, a person may use one in a calendar year.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("uniqueItems" = true))]
    pub exclusive_groups: Vec<String>,
}

/// A release: every day of the claim window at a time, so many vouchers of a category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Time of day as `HH:MM` in Asia/Shanghai.
    #[schemars(regex(pattern = schema::TIME_OF_DAY))]
    pub at: String,
    /// Vouchers of each category that may be issued until the next release.
    #[schemars(range(min = 1))]
    pub vouchers: u32,
    /// Categories; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<Category>,
}

/// A programme line (补贴品类行): one category with its pool and tiers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The category.
    pub category: Category,
    /// What counts as the category, in words for the counter.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub includes: String,
    /// What does not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub excludes: String,
    /// The pool with which the line is opened.
    #[serde(deserialize_with = "form::fen")]
    pub pool: Fen,
    /// Items of this category per person over the programme's life; no limit when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub per_person: Option<u32>,
    /// Highest price after discounts that is subsidised.
    #[serde(default, deserialize_with = "form::optional_fen", skip_serializing_if = "Option::is_none")]
    pub unit_price_at_most: Option<Fen>,
    /// Lowest price after discounts that is subsidised.
    #[serde(default, deserialize_with = "form::optional_fen", skip_serializing_if = "Option::is_none")]
    pub price_at_least: Option<Fen>,
    /// Certificates that the new item must carry, whatever the tier.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certifications: Vec<Certification>,
    /// Tiers, the first that fits applies.
    #[schemars(length(min = 1))]
    pub tiers: Vec<Tier>,
    /// What comes on top of the tier, each whose conditions hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bonuses: Vec<Bonus>,
}

/// When a tier or bonus applies: every condition that is said must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Conditions {
    /// Energy levels of the new item.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(inner(range(min = 1, max = 5)))]
    pub energy_levels: BTreeSet<u8>,
    /// Powertrains of the new car.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub powertrains: BTreeSet<Powertrain>,
    /// Largest displacement of the new car, in litres with up to three places.
    #[serde(
        default,
        deserialize_with = "form::optional_decimal",
        serialize_with = "form::optional_plain",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(schema_with = "schema::litres")]
    pub displacement_at_most: Option<Decimal>,
    /// Fuels of the old car.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub old_fuels: BTreeSet<Fuel>,
    /// Batteries of the new e-bike.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub batteries: BTreeSet<Battery>,
    /// Batteries of the old e-bike.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub old_batteries: BTreeSet<Battery>,
    /// Lowest price after discounts, included.
    #[serde(default, deserialize_with = "form::optional_fen", skip_serializing_if = "Option::is_none")]
    pub price_from: Option<Fen>,
    /// Price after discounts below which it applies, not included.
    #[serde(default, deserialize_with = "form::optional_fen", skip_serializing_if = "Option::is_none")]
    pub price_below: Option<Fen>,
    /// Certificates that the new item must carry for this tier.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certifications: Vec<Certification>,
    /// Whether an old item must have been handed in (of use where the matching is `bonus`).
    #[serde(default)]
    pub old_item_needed: bool,
}

/// A tier: conditions and an amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "form::TierForm", into = "form::TierForm")]
pub struct Tier {
    /// When it applies.
    pub when: Conditions,
    /// How much.
    pub amount: Amount,
}

/// How much: in a file either `percent` with `cap`, or `fixed`; for a merchant's bonus also `percent` alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// So many percent of the price, at most the cap.
    Percent {
        /// The rate in percent.
        percent: Decimal,
        /// The most.
        cap: Fen,
    },
    /// So many percent of the price, whatever that comes to. Only a merchant may promise it: the most that public
    /// money can come to is reserved, so that it has to be known.
    Uncapped {
        /// The rate in percent.
        percent: Decimal,
    },
    /// A fixed sum.
    Fixed {
        /// The sum.
        fixed: Fen,
    },
}

/// What comes on top.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "form::BonusForm", into = "form::BonusForm")]
pub struct Bonus {
    /// When it applies.
    pub when: Conditions,
    /// How much.
    pub amount: Amount,
    /// `merchant` when the seller pays it (then it is no public money); the programme's funding otherwise.
    pub source: Option<FundingSource>,
}

impl Bonus {
    /// Whether the seller pays it, so that it is no public money.
    #[must_use]
    pub fn is_merchant(&self) -> bool {
        self.source == Some(FundingSource::Merchant)
    }
}

impl Rules {
    /// The line of a category.
    #[must_use]
    pub fn line(&self, category: Category) -> Option<&Line> {
        self.lines.iter().find(|line| line.category == category)
    }
}
