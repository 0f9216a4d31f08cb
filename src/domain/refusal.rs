//! Refusals: the machine-readable codes with status and rank, and what a refused person can do now.
//!
//! The table below is part of the service's contract: a code keeps its meaning, status and rank for ever.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $rank:literal, $status:literal,
        [$zh:literal, $zh_now:literal], [$en:literal, $en_now:literal];)+) => {
        /// Why something was not done. Ordered as the table of refusals is: the most urgent first.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Code { $(#[doc = $en] #[serde(rename = $name)] $variant,)+ }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that stands in answers, such as `VOUCHER_EXPIRED`.
            #[must_use]
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $name),+ } }

            /// The rank: of several failures the lowest rank gives the answer its code and status.
            #[must_use]
            pub const fn rank(self) -> u8 { match self { $(Self::$variant => $rank),+ } }

            /// The HTTP status that goes with the code.
            #[must_use]
            pub const fn status(self) -> u16 { match self { $(Self::$variant => $status),+ } }

            /// What is wrong, in a few words.
            #[must_use]
            pub const fn title(self, language: Language) -> &'static str {
                match language {
                    Language::Chinese => match self { $(Self::$variant => $zh),+ },
                    Language::English => match self { $(Self::$variant => $en),+ },
                }
            }

            /// What the person can do now.
            #[must_use]
            pub const fn remedy(self, language: Language) -> &'static str {
                match language {
                    Language::Chinese => match self { $(Self::$variant => $zh_now),+ },
                    Language::English => match self { $(Self::$variant => $en_now),+ },
                }
            }
        }
    };
}

codes! {
    Unauthenticated = "UNAUTHENTICATED", 0, 401,
        ["未登录或登录已失效", "请重新登录后再试。"], ["Not signed in, or the sign-in has lapsed", "Sign in again and repeat the request."];
    Forbidden = "FORBIDDEN", 0, 403,
        ["您的角色不能做这件事", "请由有权限的人员办理，或联系管理员。"], ["Your role may not do this", "Ask somebody with the role for it, or the administrator."];
    BodyMalformed = "BODY_MALFORMED", 1, 400,
        ["请求内容无法读取", "请按接口说明改正后重新提交。"], ["The request cannot be read", "Correct it as the API document says and send it again."];
    FieldUnknown = "FIELD_UNKNOWN", 1, 400,
        ["有不认识的字段", "请去掉该字段，或检查拼写。"], ["There is a field that the service does not know", "Remove the field or check its spelling."];
    FieldMissing = "FIELD_MISSING", 1, 400,
        ["缺少必填字段", "请补上该字段后重新提交。"], ["A required field is missing", "Add the field and send the request again."];
    AmountMalformed = "AMOUNT_MALFORMED", 1, 400,
        ["金额格式不对", "金额请写成最多两位小数的字符串，例如 \"1999.80\"。"], ["An amount is not written as the service reads it", "Write amounts as a string with at most two decimals, such as \"1999.80\"."];
    CursorInvalid = "CURSOR_INVALID", 1, 400,
        ["翻页标记无效", "请从第一页重新查询。"], ["The page cursor is not valid", "Start again from the first page."];
    IdempotencyKeyMissing = "IDEMPOTENCY_KEY_MISSING", 1, 400,
        ["缺少 Idempotency-Key 请求头", "请为每次操作附上一个新的键，例如一个 UUID。"], ["The Idempotency-Key header is missing", "Send a fresh key with each action, for example a UUID."];
    NotFound = "NOT_FOUND", 2, 404,
        ["没有找到", "请核对编号；别人的记录也不会显示。"], ["Not found", "Check the number; other people's records are not shown."];
    RateLimited = "RATE_LIMITED", 3, 429,
        ["操作太频繁", "请按提示的时间稍后再试。"], ["Too many requests", "Wait as long as Retry-After says and try again."];
    Busy = "BUSY", 3, 503,
        ["系统正忙", "请按提示的时间稍后再试，已提交的不会重复。"], ["The service is busy", "Try again after Retry-After; nothing is done twice."];
    Unavailable = "UNAVAILABLE", 3, 503,
        ["系统暂时不可用", "请稍后用同一个键再试，已提交的不会重复。"], ["The service is away for a moment", "Try again later with the same key; nothing is done twice."];
    IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED", 4, 422,
        ["这个键已用于另一个请求", "请换一个新的 Idempotency-Key。"], ["This key was used for another request", "Use a fresh Idempotency-Key."];
    PreconditionFailed = "PRECONDITION_FAILED", 4, 412,
        ["内容已被他人修改", "请重新读取后再改。"], ["Somebody else changed this meanwhile", "Read it again and repeat the change."];
    IdentifierInvalid = "IDENTIFIER_INVALID", 5, 422,
        ["号码有误", "请对照证件或标签重新输入。"], ["A number is not valid", "Compare it with the document or label and enter it again."];
    QrInvalid = "QR_INVALID", 6, 422,
        ["这不是有效的补贴券二维码", "请让顾客打开补贴券重新出示。"], ["This is not a valid voucher code", "Ask the customer to open the voucher and show it again."];
    QrExpired = "QR_EXPIRED", 6, 422,
        ["二维码已过期", "请让顾客刷新后重新扫码。"], ["The code has lapsed", "Ask the customer to refresh it and scan again."];
    HolderCheckFailed = "HOLDER_CHECK_FAILED", 6, 422,
        ["持券人证件后四位不符", "请核对持券人身份证件后四位。"], ["The last four characters of the holder's identity number do not match", "Check them against the holder's identity card."];
    VoucherAlreadyRedeemed = "VOUCHER_ALREADY_REDEEMED", 7, 409,
        ["补贴券已核销", "每张券只能用一次；如有疑问请查核销记录。"], ["The voucher has been redeemed already", "A voucher counts once; look the redemption up if in doubt."];
    VoucherNotLive = "VOUCHER_NOT_LIVE", 7, 409,
        ["补贴券不可用", "券已取消或退回，请重新领取。"], ["The voucher is not live", "It was cancelled or reversed; claim a new one."];
    WrongState = "WRONG_STATE", 7, 409,
        ["当前状态不能这样操作", "请刷新后查看最新状态。"], ["This cannot be done in the present state", "Read the record again to see its state."];
    AlreadyInSettlement = "ALREADY_IN_SETTLEMENT", 7, 409,
        ["已进入清算", "请在清算退回后再办理，或走追回流程。"], ["It is in a settlement already", "Wait until the settlement returns it, or use a clawback."];
    SameOfficer = "SAME_OFFICER", 7, 409,
        ["同一人不能办理两道手续", "请由另一位同事办理。"], ["One officer may not take both steps", "Ask a colleague to take this step."];
    VoucherExpired = "VOUCHER_EXPIRED", 7, 422,
        ["补贴券已过有效期", "请重新领取一张。"], ["The voucher's time is over", "Claim a new one."];
    ProgrammeNotOpen = "PROGRAMME_NOT_OPEN", 8, 422,
        ["补贴方案现在不受理", "请在方案规定的时间内办理。"], ["The programme takes nothing at this time", "Come back within the programme's hours and dates."];
    ReleaseSoldOut = "RELEASE_SOLD_OUT", 8, 422,
        ["本批次名额已领完", "请等下一批次开放。"], ["This release is sold out", "Wait for the next release."];
    PoolExhausted = "POOL_EXHAUSTED", 8, 422,
        ["资金池余额不足", "请等待资金追加或选择其他方案。"], ["The pool has not enough money left", "Wait for the pool to be raised, or choose another programme."];
    RetailerNotApproved = "RETAILER_NOT_APPROVED", 9, 422,
        ["商家未获该方案批准", "请联系区投促局办理准入。"], ["The retailer is not approved for this programme", "Ask the bureau for approval."];
    StoreNotApproved = "STORE_NOT_APPROVED", 9, 422,
        ["门店未获批准", "请使用已批准的门店办理。"], ["The store is not approved", "Use an approved store of the retailer."];
    RegionNotEligible = "REGION_NOT_ELIGIBLE", 10, 422,
        ["不在方案的适用地区", "请在方案规定的地区办理。"], ["Outside the programme's region", "Use the programme in its own region."];
    MutuallyExclusiveProgramme = "MUTUALLY_EXCLUSIVE_PROGRAMME", 10, 422,
        ["已享受与本方案互斥的补贴", "两项补贴只能选一项。"], ["A programme that excludes this one was used already", "Only one of the two can be had."];
    CategoryLimitReached = "CATEGORY_LIMIT_REACHED", 10, 422,
        ["该品类的件数已用完", "每人每类有件数限制，请选择其他品类。"], ["The number of items of this category is used up", "Each person has a limit per category; choose another one."];
    YearlyLimitReached = "YEARLY_LIMIT_REACHED", 10, 422,
        ["今年的次数已用完", "请明年再申请。"], ["This year's limit is used up", "Apply again next year."];
    ReclaimLimitReached = "RECLAIM_LIMIT_REACHED", 10, 422,
        ["重新领取的次数已用完", "请联系服务点。"], ["The limit of claiming again is reached", "Ask a service point."];
    BuyerMismatch = "BUYER_MISMATCH", 10, 422,
        ["发票抬头与持券人不符", "请按持券人姓名开具发票。"], ["The invoice is not in the holder's name", "Have the invoice made out to the voucher's holder."];
    CategoryNotEligible = "CATEGORY_NOT_ELIGIBLE", 11, 422,
        ["该品类不在补贴范围", "请核对方案的品类目录。"], ["This category gets no subsidy", "See the programme's list of categories."];
    EnergyLevelNotEligible = "ENERGY_LEVEL_NOT_ELIGIBLE", 11, 422,
        ["能效等级不符合要求", "请选择方案规定的能效等级。"], ["The energy level is not eligible", "Choose a product of the level that the programme asks for."];
    DisplacementAboveLimit = "DISPLACEMENT_ABOVE_LIMIT", 11, 422,
        ["排量超过上限", "请选择排量在上限以内的车型。"], ["The engine is larger than allowed", "Choose a car within the limit."];
    NewItemNotCertified = "NEW_ITEM_NOT_CERTIFIED", 11, 422,
        ["新品缺少要求的认证", "请提供方案要求的认证。"], ["The new item lacks a required certificate", "Give the certificate that the programme asks for."];
    UnitPriceAboveLimit = "UNIT_PRICE_ABOVE_LIMIT", 11, 422,
        ["单价超过上限", "请选择价格在上限以内的商品。"], ["The price is above the limit", "Choose a product within the limit."];
    PriceBelowMinimum = "PRICE_BELOW_MINIMUM", 11, 422,
        ["价格低于最低要求", "请选择达到最低价格的商品。"], ["The price is below the minimum", "Choose a product at or above the minimum."];
    SubsidyBelowOneFen = "SUBSIDY_BELOW_ONE_FEN", 11, 422,
        ["补贴不足一分", "请核对成交价。"], ["The subsidy is less than one fen", "Check the price."];
    SnAlreadyUsed = "SN_ALREADY_USED", 11, 409,
        ["该序列号已享受过补贴", "请核对机身序列号。"], ["This serial number was subsidised already", "Check the serial number on the item."];
    NewItemAlreadySubsidised = "NEW_ITEM_ALREADY_SUBSIDISED", 11, 409,
        ["该车已享受过补贴", "请核对车架号或整车编码。"], ["This vehicle was subsidised already", "Check the vehicle's number."];
    OldItemMissing = "OLD_ITEM_MISSING", 12, 422,
        ["缺少有效的交旧记录", "请先到回收点交旧并登记。"], ["There is no valid turn-in of an old item", "Hand the old item in at a collection point first."];
    OldItemCategoryMismatch = "OLD_ITEM_CATEGORY_MISMATCH", 12, 422,
        ["旧件与新品不是同一品类", "请使用同品类的交旧记录。"], ["The old item is of another category", "Use a turn-in of the same category."];
    OldItemOwnerMismatch = "OLD_ITEM_OWNER_MISMATCH", 12, 422,
        ["交旧人与领券人不是同一人", "旧件须由领券人本人交回。"], ["The old item was another person's", "The holder must hand the item in himself."];
    OldItemTooNew = "OLD_ITEM_TOO_NEW", 12, 422,
        ["旧车登记日期太晚", "请核对初次登记日期。"], ["The old vehicle was registered too late", "Check the date of first registration."];
    OldItemNotRegistered = "OLD_ITEM_NOT_REGISTERED", 12, 422,
        ["旧车没有登记上牌", "请提供已登记的旧车。"], ["The old vehicle was not registered", "Turn in a registered vehicle."];
    OldItemIncomplete = "OLD_ITEM_INCOMPLETE", 12, 422,
        ["旧件不完整", "请交回部件齐全的旧件。"], ["The old item is not complete", "Turn in an item with all its parts."];
    OwnedTooLate = "OWNED_TOO_LATE", 12, 422,
        ["旧车过户到本人名下太晚", "请核对过户日期。"], ["The old vehicle came into the person's name too late", "Check the date of transfer."];
    OldNewCombinationNotEligible = "OLD_NEW_COMBINATION_NOT_ELIGIBLE", 12, 422,
        ["旧件与新品的组合不符合方案", "请核对方案要求的组合。"], ["This old item does not go with this new one", "See which combinations the programme allows."];
    OldItemAlreadyUsed = "OLD_ITEM_ALREADY_USED", 12, 409,
        ["该旧件已用于另一张补贴券", "每件旧件只能用一次。"], ["The old item supports another voucher", "An old item counts once."];
    InvoiceAmountMismatch = "INVOICE_AMOUNT_MISMATCH", 13, 422,
        ["金额对不上", "请核对标价、优惠、成交价、发票与实付。"], ["The amounts do not add up", "Check list price, discounts, price, invoice and payment."];
    InvoiceOutsideWindow = "INVOICE_OUTSIDE_WINDOW", 13, 422,
        ["开票日期不在规定期间", "请核对开票日期。"], ["The invoice's date is outside the window", "Check the invoice's date."];
    EvidenceMissing = "EVIDENCE_MISSING", 13, 422,
        ["缺少要求的凭证", "请补充方案要求的凭证。"], ["Required evidence is missing", "Add the evidence that the programme asks for."];
    InvoiceAlreadyUsed = "INVOICE_ALREADY_USED", 13, 409,
        ["该发票已使用过", "每张发票只能用一次。"], ["This invoice was used already", "An invoice counts once."];
}

/// The language of sentences; Chinese unless the caller asks for English.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Language {
    /// 简体中文
    #[default]
    Chinese,
    /// English
    English,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One check that failed: the code, the place in the request, what stood there and what was expected.
///
/// `found` and `expected` are data (a date, an amount, a state), not sentences, and carry no clear personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Which check.
    pub code: Code,
    /// A JSON pointer (RFC 6901) into the request body; empty when no single field is at fault.
    pub pointer: String,
    /// What was found.
    pub found: Option<String>,
    /// What would have been accepted.
    pub expected: Option<String>,
}

impl Refusal {
    /// A refusal at a place of the request.
    #[must_use]
    pub fn at(code: Code, pointer: impl Into<String>) -> Self {
        Self { code, pointer: pointer.into(), found: None, expected: None }
    }

    /// A refusal of the request as a whole.
    #[must_use]
    pub fn of(code: Code) -> Self {
        Self::at(code, "")
    }

    /// Says what was found.
    #[must_use]
    pub fn found(mut self, found: impl fmt::Display) -> Self {
        self.found = Some(found.to_string());
        self
    }

    /// Says what would have been accepted.
    #[must_use]
    pub fn expected(mut self, expected: impl fmt::Display) -> Self {
        self.expected = Some(expected.to_string());
        self
    }

    /// One sentence or two: what is wrong and what the person can do now.
    #[must_use]
    pub fn sentence(&self, language: Language) -> String {
        let (title, remedy) = (self.code.title(language), self.code.remedy(language));
        match language {
            Language::Chinese => format!("{title}。{remedy}"),
            Language::English => format!("{title}. {remedy}"),
        }
    }
}

/// Everything that failed, the most urgent first; never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusals(Vec<Refusal>);

impl Refusals {
    /// Sorts by rank and by the order of the table; `None` when nothing failed.
    #[must_use]
    pub fn from_failed(mut failed: Vec<Refusal>) -> Option<Self> {
        failed.sort_by_key(|refusal| (refusal.code.rank(), refusal.code));
        (!failed.is_empty()).then_some(Self(failed))
    }

    /// The refusal that gives the answer its code and status.
    #[must_use]
    pub fn first(&self) -> &Refusal {
        // The constructors admit no empty list.
        &self.0[0]
    }

    /// All of them, the most urgent first.
    #[must_use]
    pub fn all(&self) -> &[Refusal] {
        &self.0
    }

    /// The codes alone, for the record of attempts.
    pub fn codes(&self) -> impl Iterator<Item = Code> {
        self.0.iter().map(|refusal| refusal.code)
    }
}

impl From<Refusal> for Refusals {
    fn from(refusal: Refusal) -> Self {
        Self(vec![refusal])
    }
}

impl From<Code> for Refusals {
    fn from(code: Code) -> Self {
        Refusal::of(code).into()
    }
}

/// One check as a quote tells it, passed or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Whether it passed.
    pub passed: bool,
    /// What was checked, where, and what was found and expected.
    #[serde(flatten)]
    pub refusal: Refusal,
}

/// Collects checks: every one is made, all that fail are told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checks(Vec<Check>);

impl Checks {
    /// Notes a check. `refusal` is what it would say if it failed; it is kept when it passed as well, for the quote.
    pub fn note(&mut self, passed: bool, refusal: Refusal) {
        self.0.push(Check { passed, refusal });
    }

    /// Notes a failure for which nothing is told when all is well.
    pub fn fail(&mut self, refusal: Refusal) {
        self.note(false, refusal);
    }

    /// All checks in the order in which they were made.
    #[must_use]
    pub fn all(&self) -> &[Check] {
        &self.0
    }

    /// Whether a check of this code failed.
    #[must_use]
    pub fn failed(&self, code: Code) -> bool {
        self.0.iter().any(|check| !check.passed && check.refusal.code == code)
    }

    /// Takes over the checks of a part.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The failures, or nothing.
    ///
    /// # Errors
    /// With all failed checks, the most urgent first.
    pub fn verdict(&self) -> Result<(), Refusals> {
        let failed = self.0.iter().filter(|check| !check.passed).map(|check| check.refusal.clone()).collect();
        Refusals::from_failed(failed).map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_rank_order_and_names_are_unique() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].rank() <= pair[1].rank() && pair[0] < pair[1]));
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }

    #[test]
    fn the_lowest_rank_speaks_first() {
        let mut checks = Checks::default();
        checks.fail(Refusal::of(Code::InvoiceAlreadyUsed));
        checks.note(true, Refusal::of(Code::RegionNotEligible));
        checks.fail(Refusal::of(Code::VoucherExpired));
        checks.fail(Refusal::of(Code::VoucherAlreadyRedeemed));
        let refusals = checks.verdict().unwrap_err();
        assert_eq!(refusals.first().code, Code::VoucherAlreadyRedeemed);
        assert_eq!(refusals.all().len(), 3);
    }
}
