//! Identifiers as people type them: which kinds there are, whether a value may stand, and its one spelling.
//!
//! A well-formed number is not proof of the person or thing it names; that takes the register behind it.

mod contact;
mod digits;
mod ebike;
#[cfg(test)]
mod edges;
mod goods;
mod han;
mod organisation;
mod paper;
mod resident;
pub mod synthetic;
#[cfg(test)]
mod typing;
mod vehicle;
mod web;

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use ebike::judge_old_code as judge_old_ebike_code;
pub use goods::serial_number_key;
pub use paper::judge_invoice_number;
pub use resident::{judge_person_id, kind_of_person_id};

macro_rules! kinds {
    ($($variant:ident = $name:literal, $judge:path, $doc:literal;)+) => {
        /// What an identifier is of, and with that the rules by which it is read.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Kind { $(#[doc = $doc] #[serde(rename = $name)] $variant,)+ }

        impl Kind {
            /// Every kind, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that stands for the kind in requests and answers, such as `prc_resident_id`.
            #[must_use]
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $name),+ } }

            /// The kind with that word.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }
        }

        /// Normalises a value and judges it by the rules of its kind, as of `today`.
        ///
        /// Digits and letters are those of ASCII: a full-width digit is never read as a digit.
        #[must_use]
        pub fn judge(kind: Kind, value: &str, today: NaiveDate) -> Judgement {
            match kind { $(Kind::$variant => $judge(value, today)),+ }
        }
    };
}

kinds! {
    PrcResidentId = "prc_resident_id", resident::resident_id,
        "Resident identity number, GB 11643-1999.";
    HmtResidencePermit = "hmt_residence_permit", resident::residence_permit,
        "Residence permit for people from Hong Kong, Macao and Taiwan (2018), checked as in GB 11643-1999.";
    ForeignPrId2023 = "foreign_pr_id_2023", resident::permanent_resident,
        "Foreign permanent resident identity card, version of 2023.";
    ForeignPrIdLegacy15 = "foreign_pr_id_legacy15", resident::permanent_resident_legacy,
        "Foreign permanent resident identity card, versions of 2004 and 2017.";
    Uscc = "uscc", organisation::uscc,
        "Unified social credit code, GB 32100-2015.";
    Vin = "vin", vehicle::vin,
        "Vehicle identification number, GB 16735 and ISO 3779.";
    PlateCn = "plate_cn", vehicle::plate,
        "Motor vehicle plate, GA 36-2018.";
    EbikeVehicleCode = "ebike_vehicle_code", ebike::vehicle_code,
        "The 15-digit code of an e-bike on certificates under GB 17761-2018.";
    EbikePlatePolicy = "ebike_plate_policy", ebike::plate,
        "E-bike plate: a local form, judged by a rule of this service.";
    CccCertNo = "ccc_cert_no", goods::ccc_certificate,
        "Number of a CCC certificate, as CNCA numbers them.";
    Gtin = "gtin", goods::gtin,
        "Trade item number, GS1 General Specifications.";
    Imei = "imei", goods::imei,
        "Number of a mobile device, 3GPP TS 23.003.";
    EnergyLabelRecord = "energy_label_record", goods::energy_label_record,
        "Filing number of a China Energy Label, in the form seen on labels.";
    EnergyLevel = "energy_level", goods::energy_level,
        "Level 1 to 5 of the China Energy Label.";
    EinvoiceNumber = "einvoice_number", paper::einvoice,
        "Number of a fully digital e-invoice.";
    PaperInvoiceMotorVehicle = "paper_invoice_motor_vehicle", paper::motor_vehicle_invoice,
        "Code and number of a paper invoice for a new motor vehicle.";
    PaperInvoiceUsedCar = "paper_invoice_used_car", paper::used_car_invoice,
        "Code and number of a paper invoice for a used car.";
    MobileCn = "mobile_cn", contact::mobile,
        "Mainland mobile telephone number.";
    PersonNameHan = "person_name_han", contact::person_name,
        "A person's name in Han characters, GB 18030-2022.";
    RegionCodeNanchang = "region_code_nanchang", contact::region_code,
        "Current division code of Nanchang for addresses, GB/T 2260.";
    ScrapCertNoPolicy = "scrap_cert_no_policy", paper::scrap_certificate,
        "Number of a scrapped-vehicle recycling certificate: no public form, judged by a rule of this service.";
    ScrapCertQrUrl = "scrap_cert_qr_url", web::scrap_certificate_url,
        "Address in the QR code of a scrapped-vehicle recycling certificate.";
    ApplianceSnPolicy = "appliance_sn_policy", goods::serial_number,
        "Serial number of an appliance: the maker's own form, judged by a rule of this service.";
    AmountCny = "amount_cny", web::amount,
        "Amount in yuan with at most two decimals, ISO 4217.";
    IdempotencyKey = "idempotency_key", web::idempotency_key,
        "Value of the Idempotency-Key header: a String of RFC 9651.";
    UuidV7 = "uuid_v7", web::uuid_v7,
        "UUID of version 7, RFC 9562.";
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether a value may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Take it.
    Accept,
    /// Take it, tell the user, and mark it for review.
    Warn,
    /// Do not take it.
    Reject,
}

/// What came of judging a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// Whether the value may stand.
    pub verdict: Verdict,
    /// The spelling that is stored and compared; of a rejected value, what normalisation made of it.
    pub canonical: String,
    /// What is wrong, or what the form is when nothing is.
    pub reason: String,
}

impl Judgement {
    /// Whether the value may be stored: accepted, or taken with a warning.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        self.verdict != Verdict::Reject
    }

    fn accept(canonical: impl Into<String>, form: impl Into<String>) -> Self {
        Self { verdict: Verdict::Accept, canonical: canonical.into(), reason: form.into() }
    }

    fn warn(canonical: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warn, canonical: canonical.into(), reason: reason.into() }
    }

    fn reject(canonical: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { verdict: Verdict::Reject, canonical: canonical.into(), reason: reason.into() }
    }
}

/// Why a value is not well formed: one sentence for the person who typed it.
type Fault = &'static str;

/// White space that people leave at the ends: U+0020 and nothing else.
fn trim(value: &str) -> &str {
    value.trim_matches(' ')
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    pub(super) fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 23).unwrap()
    }

    #[test]
    fn the_kinds_are_those_of_the_table() {
        let table: Value = serde_json::from_str(include_str!("../../../tests/data/identifier_kinds.json")).unwrap();
        let mut listed: Vec<&str> =
            table.as_object().unwrap().keys().map(String::as_str).filter(|key| *key != "_about").collect();
        let mut known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        listed.sort_unstable();
        known.sort_unstable();
        assert_eq!(known, listed);
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.name()), Some(*kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
        assert_eq!(Kind::from_name("_about"), None);
    }

    #[test]
    fn every_public_vector_is_judged_as_listed() {
        let vectors: Vec<Value> =
            serde_json::from_str(include_str!("../../../tests/data/identifier_vectors_public.json")).unwrap();
        let mut wrong = Vec::new();
        for vector in &vectors {
            let value = vector["value"].as_str().unwrap();
            let kind = Kind::from_name(vector["kind"].as_str().unwrap()).unwrap();
            let verdict: Verdict = serde_json::from_value(vector["verdict"].clone()).unwrap();
            let judged = judge(kind, value, today());
            let canonical = vector.get("canonical").and_then(Value::as_str).unwrap_or(value);
            if judged.verdict != verdict || (judged.is_taken() && judged.canonical != canonical) {
                wrong.push(format!("{vector} but {judged:?}"));
            }
            assert!(!judged.reason.is_empty());
        }
        assert_eq!(vectors.len(), 449);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn a_canonical_value_is_its_own_canonical_value() {
        let vectors: Vec<Value> =
            serde_json::from_str(include_str!("../../../tests/data/identifier_vectors_public.json")).unwrap();
        for vector in &vectors {
            let kind = Kind::from_name(vector["kind"].as_str().unwrap()).unwrap();
            let first = judge(kind, vector["value"].as_str().unwrap(), today());
            if first.is_taken() {
                assert_eq!(judge(kind, &first.canonical, today()), first);
            }
        }
    }

    #[test]
    fn no_value_makes_the_judge_fall_over() {
        let long = "9".repeat(5000);
        let values =
            ["", " ", "\u{0}", "é", "赣", "赣A", "汉汉汉汉汉汉", "\"", "\"\\", "-", ":", "1234567é", "𬸣", &long];
        for kind in Kind::ALL {
            for value in values {
                let judged = judge(*kind, value, NaiveDate::MIN);
                assert!(!judged.reason.is_empty());
            }
        }
    }
}
