//! The goods of a trade-in: what is bought, what is handed in, and the words for their properties.

use serde::{Deserialize, Serialize};

use super::money::Fen;
use super::personal::Personal;
use super::time::Day;

macro_rules! words {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        pub enum $name { $($(#[$inner])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every word of this kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in files, requests and answers.
            #[must_use]
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $word),+ } }

            /// Reads the word; `None` for anything else.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.name() == name)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.name()) }
        }
    };
}
pub(crate) use words;

words! {
    /// A category of goods, old or new.
    Category {
        /// 冰箱
        Refrigerator = "refrigerator",
        /// 洗衣机
        WashingMachine = "washing_machine",
        /// 电视
        Television = "television",
        /// 空调
        AirConditioner = "air_conditioner",
        /// 电脑
        Computer = "computer",
        /// 热水器
        WaterHeater = "water_heater",
        /// 灶具
        Cooker = "cooker",
        /// 吸油烟机
        RangeHood = "range_hood",
        /// 净水器
        WaterPurifier = "water_purifier",
        /// 洗碗机
        Dishwasher = "dishwasher",
        /// 电饭煲
        RiceCooker = "rice_cooker",
        /// 微波炉
        MicrowaveOven = "microwave_oven",
        /// 手机
        Phone = "phone",
        /// 平板
        Tablet = "tablet",
        /// 智能手表、手环
        Watch = "watch",
        /// 智能眼镜
        Glasses = "glasses",
        /// 汽车
        Car = "car",
        /// 电动自行车
        Ebike = "ebike",
    }
}

impl Category {
    /// What it is called in Chinese.
    #[must_use]
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Refrigerator => "冰箱",
            Self::WashingMachine => "洗衣机",
            Self::Television => "电视",
            Self::AirConditioner => "空调",
            Self::Computer => "电脑",
            Self::WaterHeater => "热水器",
            Self::Cooker => "灶具",
            Self::RangeHood => "吸油烟机",
            Self::WaterPurifier => "净水器",
            Self::Dishwasher => "洗碗机",
            Self::RiceCooker => "电饭煲",
            Self::MicrowaveOven => "微波炉",
            Self::Phone => "手机",
            Self::Tablet => "平板",
            Self::Watch => "智能手表、手环",
            Self::Glasses => "智能眼镜",
            Self::Car => "汽车",
            Self::Ebike => "电动自行车",
        }
    }

    /// Reads the word, or what it is called in Chinese.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        Self::from_name(label).or_else(|| Self::ALL.iter().copied().find(|known| known.zh() == label))
    }

    /// Whether the category is one of the twelve home appliances, which the growth target counts.
    #[must_use]
    pub const fn is_appliance(self) -> bool {
        !matches!(self, Self::Phone | Self::Tablet | Self::Watch | Self::Glasses | Self::Car | Self::Ebike)
    }
}

words! {
    /// What drives a new car.
    Powertrain {
        /// 新能源
        Nev = "nev",
        /// 汽油
        Petrol = "petrol",
        /// 柴油
        Diesel = "diesel",
    }
}

words! {
    /// What drove an old car.
    Fuel {
        /// 汽油
        Petrol = "petrol",
        /// 柴油
        Diesel = "diesel",
        /// 新能源
        Nev = "nev",
        /// 其他
        Other = "other",
    }
}

words! {
    /// The battery of an e-bike.
    Battery {
        /// 锂离子电池
        Lithium = "lithium",
        /// 铅酸电池
        LeadAcid = "lead_acid",
    }
}

words! {
    /// What became of an old car.
    Disposal {
        /// 报废
        Scrapped = "scrapped",
        /// 转让
        Transferred = "transferred",
    }
}

words! {
    /// A certificate that a new item carries.
    Certification {
        /// 中国强制性产品认证
        Ccc = "CCC",
        /// GB 17761, safety of electric bicycles
        Gb17761 = "GB 17761",
        /// GB 43854, lithium batteries of electric bicycles
        Gb43854 = "GB 43854",
    }
}

words! {
    /// Who pays a share of what the consumer saves.
    FundingSource {
        /// 中央
        Central = "central",
        /// 省级
        Province = "province",
        /// 区级
        District = "district",
        /// 商家, whose bonus is not public money
        Merchant = "merchant",
    }
}

words! {
    /// A kind of evidence about an old item.
    EvidenceKind {
        /// 照片
        Photo = "photo",
        /// 报废机动车回收证明
        ScrapCertificate = "scrap_certificate",
        /// 机动车注销证明
        CancellationCertificate = "cancellation_certificate",
        /// 二手车销售统一发票
        UsedCarInvoice = "used_car_invoice",
        /// 承诺书
        Pledge = "pledge",
        /// 其他
        Other = "other",
    }
}

/// One piece of evidence: a number, a digest of a file, or both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What it is.
    pub kind: EvidenceKind,
    /// The number that stands on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// SHA-256 of the file, in lower-case hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// The item that is bought, as the till states it; identifiers in their canonical form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewItem {
    /// Its category.
    pub category: Category,
    /// Brand, by its canonical name where the list of brands knows it.
    pub brand: String,
    /// Maker's model.
    pub model: String,
    /// GTIN of the product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtin: Option<String>,
    /// Level 1 to 5 of the China Energy Label, 1 is best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy_level: Option<u8>,
    /// Of a car.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub powertrain: Option<Powertrain>,
    /// Of a car with a combustion engine, in cubic centimetres (2.0 litres are 2000).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub displacement_cc: Option<u32>,
    /// Of an e-bike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub battery: Option<Battery>,
    /// Certificates that it carries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certifications: Vec<Certification>,
    /// Serial number; of an air-conditioner the indoor unit's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<String>,
    /// Serial number of an air-conditioner's outdoor unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outdoor_serial_number: Option<String>,
    /// Vehicle identification number of a car.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vin: Option<String>,
    /// Fifteen-digit code of an e-bike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ebike_code: Option<String>,
    /// IMEI of a phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imei: Option<String>,
    /// Second IMEI of a phone with two cards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imei2: Option<String>,
}

/// The item that was handed in; identifiers in their canonical form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldItem {
    /// Its category.
    pub category: Category,
    /// Vehicle identification number of a car.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vin: Option<String>,
    /// Fifteen-digit code of an e-bike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ebike_code: Option<String>,
    /// Plate of a car or an e-bike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plate: Option<String>,
    /// Frame number of an e-bike without a fifteen-digit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_number: Option<String>,
    /// Motor number of an e-bike without a fifteen-digit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub motor_number: Option<String>,
    /// Serial number of an appliance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<String>,
    /// The recycler's own ticket, for an item whose label is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_number: Option<String>,
    /// Of a car.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fuel: Option<Fuel>,
    /// First registration of a vehicle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_registered_on: Option<Day>,
    /// Since when it stood in the owner's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owned_since: Option<Day>,
    /// What became of a car.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposal: Option<Disposal>,
    /// Of an e-bike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub battery: Option<Battery>,
    /// Whether all its parts were there; not stated is `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complete: Option<bool>,
    /// Whether it was registered with a plate; not stated is `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered: Option<bool>,
    /// Certificates, photos and the like.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// The day on which it was received.
    pub received_on: Day,
    /// What the recycler or retailer paid the owner for it (旧件折价).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<Fen>,
}

impl OldItem {
    /// The digests of the evidence with which it was recorded.
    pub fn stated_hashes(&self) -> impl Iterator<Item = &str> {
        self.evidence.iter().filter_map(|stated| stated.sha256.as_deref())
    }
}

/// The prices of a sale, tax included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// List price.
    pub list: Fen,
    /// The sum of all merchant, platform and bank discounts.
    pub discounts: Fen,
    /// After all discounts, before the subsidy: `list − discounts`.
    #[serde(rename = "final")]
    pub agreed: Fen,
    /// What the consumer paid, when the till knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid: Option<Fen>,
}

/// The invoice of a sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// Number of the digital invoice, or `code:number` of a paper one.
    pub number: String,
    /// Its date.
    pub issued_on: Day,
    /// Tax-included total.
    pub total: Fen,
    /// The buyer whose name stands on it.
    pub buyer: Personal,
}
