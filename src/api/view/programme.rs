//! Programmes and their pools.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::body::words::{
    CategoryWord, Date, Decimal, DivisionPrefix, MatchedAtWord, MatchingWord, Minute, Money, ProgrammeStatusWord,
    ProgrammeWord,
};
use crate::domain::goods::Category;
use crate::domain::money::Fen;
use crate::domain::programme::{Amount, Bonus, Conditions, DayWindow, Fault, Line, Rules, reserve, warnings};
use crate::domain::records::{Programme, Version};

use super::{date, money, time};

/// A programme as anybody sees it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ProgrammeView {
    /// Its word.
    #[schema(value_type = ProgrammeWord)]
    pub id: String,
    /// Name in Chinese.
    pub title: String,
    /// Name in English.
    pub title_en: String,
    /// State.
    #[schema(value_type = ProgrammeStatusWord)]
    pub status: String,
    /// The version that is shown.
    #[schema(minimum = 1)]
    pub version: u32,
    /// When that version was published.
    #[schema(format = DateTime)]
    pub published_at: Option<String>,
    /// The notice that it carries out.
    pub legal_basis: String,
    /// Its categories.
    #[schema(value_type = Vec<CategoryWord>)]
    pub categories: Vec<Category>,
    /// When what may happen.
    pub windows: WindowsView,
    /// Where it holds.
    pub region: RegionView,
    /// What part an old item plays.
    #[schema(value_type = MatchingWord)]
    pub old_item: String,
    /// At which step the old item is matched.
    #[schema(value_type = MatchedAtWord)]
    pub old_item_matched_at: String,
    /// Days for which a voucher holds.
    #[schema(minimum = 1)]
    pub voucher_days: u32,
    /// Vouchers per person and calendar year.
    #[schema(minimum = 1)]
    pub per_person_and_year: Option<u32>,
    /// One entry per category.
    pub lines: Vec<LineView>,
}

/// A programme with its new draft, and what in it is hardly meant.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DraftView {
    /// The programme.
    #[serde(flatten)]
    pub programme: ProgrammeView,
    /// What is legal and odd: a tier that never applies, a cap that no price reaches. The draft stands all the same.
    pub warnings: Vec<WarningView>,
}

/// Something in a programme that is legal and hardly meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "field": "lines[0].tiers[1].cap",
    "detail": "found 1500.00, which is never reached; expected at most 900.00: that is 15 percent of 6000.00, and no \
               price is higher"
}))]
pub struct WarningView {
    /// The field, such as `lines[0].tiers[1].cap`.
    pub field: String,
    /// What was found and what was expected.
    pub detail: String,
}

impl DraftView {
    /// A programme with its draft, whose rules are looked through.
    #[must_use]
    pub fn of(programme: ProgrammeView, rules: &Rules) -> Self {
        let told = |warning: Fault| WarningView { field: warning.field, detail: warning.message };
        Self { programme, warnings: warnings(rules).into_iter().map(told).collect() }
    }
}

/// When what may happen; days in Asia/Shanghai, both ends included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WindowsView {
    /// Claims.
    pub claim: SpanView,
    /// The invoice's date.
    pub invoice: SpanView,
    /// The day on which the old item was received.
    pub old_item: Option<SpanView>,
    /// Redemption.
    pub application: Option<TimesView>,
    /// Hours of the day within which claims are taken.
    pub daily_hours: Option<HoursView>,
}

/// From the first day to the last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SpanView {
    /// First.
    #[schema(value_type = Date)]
    pub from: String,
    /// Last.
    #[schema(value_type = Date)]
    pub to: String,
}

/// From the first moment to the last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TimesView {
    /// First.
    #[schema(format = DateTime)]
    pub from: String,
    /// Last.
    #[schema(format = DateTime)]
    pub to: String,
}

/// Hours of a day in Asia/Shanghai.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct HoursView {
    /// First minute, `HH:MM`.
    #[schema(value_type = Minute)]
    pub from: String,
    /// The minute at which they end.
    #[schema(value_type = Minute)]
    pub to: String,
}

/// Where a programme holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question that a policy answers by itself")]
pub struct RegionView {
    /// Division codes or prefixes of them; none when it is nationwide.
    #[schema(value_type = Vec<DivisionPrefix>)]
    pub divisions: Vec<String>,
    /// Whether it holds in the whole country.
    pub nationwide: bool,
    /// Whether the store must lie there.
    pub store_inside: bool,
    /// Whether the delivery address must.
    pub delivery_inside: bool,
    /// Whether the consumer's residence must, where it is known.
    pub residence_inside: bool,
}

/// A category with what it gives.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct LineView {
    /// The category.
    #[schema(value_type = CategoryWord)]
    pub category: Category,
    /// What counts as the category.
    pub includes: String,
    /// What does not.
    pub excludes: String,
    /// The most that one item can bring.
    #[schema(value_type = Money)]
    pub max_subsidy: String,
    /// Items per person.
    #[schema(minimum = 1)]
    pub per_person: Option<u32>,
    /// Highest price.
    #[schema(value_type = Option<Money>)]
    pub unit_price_at_most: Option<String>,
    /// Lowest price.
    #[schema(value_type = Option<Money>)]
    pub price_at_least: Option<String>,
    /// Tiers, the first that fits applies.
    pub tiers: Vec<TierView>,
    /// What comes on top.
    pub bonuses: Vec<BonusView>,
}

/// When and how much: a percentage with a cap, or a fixed sum; a seller's own percentage may have no cap.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct TierView {
    /// The conditions that are said, all of which must hold.
    #[schema(value_type = Object)]
    pub when: Value,
    /// The rate in percent.
    #[schema(value_type = Option<Decimal>)]
    pub percent: Option<String>,
    /// The most.
    #[schema(value_type = Option<Money>)]
    pub cap: Option<String>,
    /// A fixed sum.
    #[schema(value_type = Option<Money>)]
    pub fixed: Option<String>,
}

/// A bonus, and whether the seller pays it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct BonusView {
    /// When and how much.
    #[serde(flatten)]
    pub tier: TierView,
    /// Whether it is the seller's own money.
    pub by_merchant: bool,
}

impl From<&DayWindow> for SpanView {
    fn from(window: &DayWindow) -> Self {
        Self { from: date(window.from), to: date(window.to) }
    }
}

impl TierView {
    fn of(when: &Conditions, amount: &Amount) -> Self {
        let mut when = serde_json::to_value(when).unwrap_or_default();
        if let Value::Object(conditions) = &mut when {
            conditions.retain(|_, value| *value != Value::Bool(false));
        }
        let (percent, cap, fixed) = match amount {
            Amount::Percent { percent, cap } => (Some(percent.normalize().to_string()), Some(money(*cap)), None),
            Amount::Uncapped { percent } => (Some(percent.normalize().to_string()), None, None),
            Amount::Fixed { fixed } => (None, None, Some(money(*fixed))),
        };
        Self { when, percent, cap, fixed }
    }
}

impl From<&Bonus> for BonusView {
    fn from(bonus: &Bonus) -> Self {
        Self { tier: TierView::of(&bonus.when, &bonus.amount), by_merchant: bonus.is_merchant() }
    }
}

impl LineView {
    fn of(rules: &Rules, line: &Line) -> Self {
        Self {
            category: line.category,
            includes: line.includes.clone(),
            excludes: line.excludes.clone(),
            max_subsidy: money(reserve(rules, line.category, None, None).unwrap_or_default()),
            per_person: line.per_person,
            unit_price_at_most: line.unit_price_at_most.map(money),
            price_at_least: line.price_at_least.map(money),
            tiers: line.tiers.iter().map(|tier| TierView::of(&tier.when, &tier.amount)).collect(),
            bonuses: line.bonuses.iter().map(BonusView::from).collect(),
        }
    }
}

impl ProgrammeView {
    /// A programme with one of its versions: the one in force, or for the bureau a draft.
    #[must_use]
    pub fn of(programme: &Programme, version: &Version) -> Self {
        let rules = &version.rules;
        let windows = &rules.windows;
        Self {
            id: programme.id.clone(),
            title: rules.title.clone(),
            title_en: rules.title_en.clone(),
            status: programme.status.to_string(),
            version: version.number,
            published_at: version.published_at.map(time),
            legal_basis: rules.legal_basis.clone(),
            categories: rules.lines.iter().map(|line| line.category).collect(),
            windows: WindowsView {
                claim: SpanView::from(&windows.claim),
                invoice: SpanView::from(&windows.invoice.unwrap_or(windows.claim)),
                old_item: windows.old_item.as_ref().map(SpanView::from),
                application: windows
                    .application
                    .map(|window| TimesView { from: time(window.from), to: time(window.to) }),
                daily_hours: windows
                    .daily_hours
                    .as_ref()
                    .map(|hours| HoursView { from: hours.from.clone(), to: hours.to.clone() }),
            },
            region: RegionView {
                divisions: rules.region.divisions.clone(),
                nationwide: rules.region.nationwide,
                store_inside: rules.region.store_inside,
                delivery_inside: rules.region.delivery_inside,
                residence_inside: rules.region.residence_inside,
            },
            old_item: rules.old_item.matching.to_string(),
            old_item_matched_at: rules.old_item.matched_at.to_string(),
            voucher_days: rules.voucher.days,
            per_person_and_year: rules.limits.per_person_and_year,
            lines: rules.lines.iter().map(|line| LineView::of(rules, line)).collect(),
        }
    }
}

/// A line's money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PoolView {
    /// Programme.
    #[schema(value_type = ProgrammeWord)]
    pub programme_id: String,
    /// Category.
    #[schema(value_type = CategoryWord)]
    pub category: Category,
    /// What may still be promised.
    #[schema(value_type = Money)]
    pub available: String,
    /// What was put in so far.
    #[schema(value_type = Money)]
    pub appropriation: String,
}

impl PoolView {
    /// A line's money as the outcome of a command tells it.
    #[must_use]
    pub fn of(programme: &str, category: Category, available: Fen, appropriation: Fen) -> Self {
        // The ledger's contra account is negative; what was put in is not.
        let put_in = if appropriation < Fen::ZERO { -appropriation } else { appropriation };
        Self { programme_id: programme.to_owned(), category, available: money(available), appropriation: money(put_in) }
    }
}
