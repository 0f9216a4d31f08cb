//! The rules by their words, and what each of them measures.

use serde::{Deserialize, Serialize};

use crate::domain::goods::words;
use crate::domain::refusal::Language;

words! {
    /// A rule by which something looks wrong.
    AnomalyRule {
        /// One serial number, sold under two brands: a serial number counts together with its brand.
        SerialUnderTwoBrands = "serial_under_two_brands",
        /// One old item, recorded twice.
        OldItemRecordedTwice = "old_item_recorded_twice",
        /// A till that tries identities which were used already.
        TriedUsedIdentity = "tried_used_identity",
        /// One photo or document, shown for two old items or sales.
        PhotoUsedTwice = "photo_used_twice",
        /// Many goods to one address.
        ManyToOneAddress = "many_to_one_address",
        /// Many buyers with one telephone number.
        ManyToOnePhone = "many_to_one_phone",
        /// Many persons' claims from one device.
        ManyOnOneDevice = "many_on_one_device",
        /// A price above what the product costs elsewhere.
        PriceAboveUsual = "price_above_usual",
        /// A retailer whose prices lie where the cap is just reached.
        PriceAtCap = "price_at_cap",
        /// A person who buys and returns again and again.
        QuickReturns = "quick_returns",
        /// A clerk whose sales are returned again and again.
        QuickReturnsAtClerk = "quick_returns_at_clerk",
        /// A clerk who redeems faster than anybody sells.
        ClerkBurst = "clerk_burst",
        /// The same of a store.
        StoreBurst = "store_burst",
        /// Staff of the retailer among its buyers.
        StaffAmongBuyers = "staff_among_buyers",
        /// Old items that support subsidies and never came to the yard.
        OldItemsNotReceived = "old_items_not_received",
        /// Vouchers that were claimed in another county than that of the store.
        ClaimedElsewhere = "claimed_elsewhere",
        /// A price above the one that was filed for the product.
        PriceAboveFiled = "price_above_filed",
        /// One certificate of dismantling, named for two old items.
        CertificateUsedTwice = "certificate_used_twice",
    }
}

impl AnomalyRule {
    /// What it is called.
    #[must_use]
    pub const fn title(self, language: Language) -> &'static str {
        let (zh, en) = self.titles();
        match language {
            Language::Chinese => zh,
            Language::English => en,
        }
    }

    const fn titles(self) -> (&'static str, &'static str) {
        match self {
            Self::SerialUnderTwoBrands => ("同一序列号出现在不同品牌", "One serial number under two brands"),
            Self::OldItemRecordedTwice => ("同一旧件重复登记", "One old item recorded twice"),
            Self::TriedUsedIdentity => ("反复尝试已用过的编码", "Identities tried that were used already"),
            Self::PhotoUsedTwice => ("同一照片或文件重复使用", "One photo or document used twice"),
            Self::ManyToOneAddress => ("多件商品送往同一地址", "Many goods to one address"),
            Self::ManyToOnePhone => ("多名购买人使用同一电话", "Many buyers with one telephone number"),
            Self::ManyOnOneDevice => ("多人用同一设备领券", "Many persons' claims from one device"),
            Self::PriceAboveUsual => ("成交价高于同款均价", "Price above the product's mean"),
            Self::PriceAtCap => ("成交价集中在补贴封顶线", "Prices where the cap is just reached"),
            Self::QuickReturns => ("同一人反复购退", "Bought and returned again and again"),
            Self::QuickReturnsAtClerk => ("同一店员的销售反复退货", "A clerk's sales are returned again and again"),
            Self::ClerkBurst => ("店员短时间集中核销", "Burst of a clerk's redemptions"),
            Self::StoreBurst => ("门店短时间集中核销", "Burst of a store's redemptions"),
            Self::StaffAmongBuyers => ("购买人与商家员工同名", "Staff of the retailer among its buyers"),
            Self::OldItemsNotReceived => ("已享补贴的旧件未到场", "Old items that never came to the yard"),
            Self::ClaimedElsewhere => ("领券地与核销地不一致", "Claimed in another county"),
            Self::PriceAboveFiled => ("成交价高于备案价", "Price above the filed price"),
            Self::CertificateUsedTwice => ("同一拆解证明重复使用", "One certificate of dismantling used twice"),
        }
    }

    /// What is measured, against `from` and `full`.
    #[must_use]
    pub const fn measure(self) -> &'static str {
        match self {
            Self::SerialUnderTwoBrands => "brands under which the number was sold",
            Self::OldItemRecordedTwice => "records of the item",
            Self::TriedUsedIdentity => "vouchers with which one till tried an identity that was used",
            Self::PhotoUsedTwice => "old items or sales for which the file was shown",
            Self::ManyToOneAddress => "goods sent there",
            Self::ManyToOnePhone => "buyers who gave the number",
            Self::ManyOnOneDevice => "persons who claimed from the device",
            Self::PriceAboveUsual => "price in percent of the product's mean",
            Self::PriceAtCap => "percent of the retailer's sales of the category that lie at the cap",
            Self::QuickReturns => "quick returns of the person",
            Self::QuickReturnsAtClerk => "quick returns of the clerk's sales",
            Self::ClerkBurst | Self::StoreBurst => "redemptions within the span",
            Self::StaffAmongBuyers => {
                "sales to somebody of the name; one that the account itself redeemed counts three times"
            }
            Self::OldItemsNotReceived => "percent of the recorder's items that did not arrive",
            Self::ClaimedElsewhere => "sales of the store with such vouchers",
            Self::PriceAboveFiled => "price in percent of the filed price, rounded up",
            Self::CertificateUsedTwice => "old items for which the certificate's number was named",
        }
    }

    /// What `span` is; nothing where the rule has none.
    #[must_use]
    pub const fn span(self) -> Option<&'static str> {
        match self {
            Self::PriceAtCap => Some("thousandths of the price at which the cap is reached, to each side"),
            Self::QuickReturns | Self::QuickReturnsAtClerk => Some("days between sale and return, at most"),
            Self::ClerkBurst | Self::StoreBurst => Some("minutes"),
            Self::OldItemsNotReceived => Some("days that an item has to arrive"),
            _ => None,
        }
    }

    /// What `least` counts; nothing where the rule does not look at it.
    #[must_use]
    pub const fn least(self) -> Option<&'static str> {
        match self {
            Self::SerialUnderTwoBrands => Some("characters of the number"),
            Self::PriceAboveUsual => Some("other sales that make the mean"),
            Self::PriceAtCap => Some("sales at the cap"),
            Self::OldItemsNotReceived => Some("items that should have arrived"),
            Self::CertificateUsedTwice => Some("characters of the number; a shorter one is compared within a yard"),
            _ => None,
        }
    }
}
