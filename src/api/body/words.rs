//! Values of request bodies that are read in a way of their own, and how the API document describes words.

use std::borrow::Cow;
use std::fmt;

use chrono::{Datelike, NaiveDate};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::programme::{MatchedAt, Matching};
use crate::domain::refusal::Code;
use crate::domain::time::Day;
use crate::domain::{
    account, adjustment, anomaly, command, dispute, evidence_file, goods, import, old_item_end, personal, pickup,
    records, settlement, webhook,
};

/// An amount as it was sent. Any JSON value is read; what is not an amount is judged later, as `AMOUNT_MALFORMED`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amount {
    /// A string.
    Text(String),
    /// Something else, by the name of its type.
    Other(&'static str),
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Value::deserialize(deserializer)? {
            Value::String(text) => Self::Text(text),
            Value::Null => Self::Other("null"),
            Value::Bool(_) => Self::Other("a boolean"),
            Value::Number(_) => Self::Other("a number"),
            Value::Array(_) => Self::Other("an array"),
            Value::Object(_) => Self::Other("an object"),
        })
    }
}

impl PartialSchema for Amount {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^(0|[1-9][0-9]{0,9})(\\.[0-9]{1,2})?$"))
            .description(Some("An amount in yuan (CNY) as a decimal string with at most two places."))
            .examples(["1999.80"])
            .into()
    }
}

impl ToSchema for Amount {}

/// A calendar day as `2026-06-18`, and in no other spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date(pub Day);

struct DateVisitor;

impl Visitor<'_> for DateVisitor {
    type Value = Date;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a day such as 2026-06-18")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Date, E> {
        let invalid = || E::invalid_value(Unexpected::Other("text"), &self);
        let digits = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let day: NaiveDate = text.parse().map_err(|_| invalid())?;
        if digits && (1900..=9999).contains(&day.year()) { Ok(Date(Day(day))) } else { Err(invalid()) }
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(DateVisitor)
    }
}

impl PartialSchema for Date {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
            .description(Some("A calendar day in Asia/Shanghai."))
            .examples(["2026-06-18"])
            .into()
    }
}

impl ToSchema for Date {}

/// A level of the China Energy Label, as a number or as it stands on the label (`1级`); judged later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level(pub String);

struct LevelVisitor;

impl Visitor<'_> for LevelVisitor {
    type Value = Level;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer from 1 to 5")
    }

    fn visit_u64<E: Error>(self, level: u64) -> Result<Level, E> {
        Ok(Level(level.to_string()))
    }

    fn visit_i64<E: Error>(self, level: i64) -> Result<Level, E> {
        Ok(Level(level.to_string()))
    }

    fn visit_str<E: Error>(self, level: &str) -> Result<Level, E> {
        Ok(Level(level.to_owned()))
    }
}

impl<'de> Deserialize<'de> for Level {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LevelVisitor)
    }
}

impl PartialSchema for Level {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .enum_values(Some([1, 2, 3, 4, 5]))
            .description(Some("Level of the China Energy Label; 1 is best."))
            .into()
    }
}

impl ToSchema for Level {}

macro_rules! word_schemas {
    ($($name:ident, $schema:literal, $of:ty, $doc:literal;)+) => { $(
        #[doc = $doc]
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .enum_values(Some(<$of>::ALL.iter().map(|word| word.name())))
                    .description(Some($doc))
                    .into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> { Cow::Borrowed($schema) }
        }
    )+ };
}

word_schemas! {
    CategoryWord, "Category", goods::Category, "A category of goods, old or new.";
    PowertrainWord, "Powertrain", goods::Powertrain, "What drives a new car.";
    FuelWord, "Fuel", goods::Fuel, "What drove an old car.";
    BatteryWord, "Battery", goods::Battery, "The battery of an e-bike.";
    DisposalWord, "Disposal", goods::Disposal, "What became of an old car.";
    CertificationWord, "Certification", goods::Certification, "A certificate that a new item carries.";
    FundingSourceWord, "FundingSource", goods::FundingSource, "Who pays a share of what the consumer saves.";
    EvidenceKindWord, "EvidenceKind", goods::EvidenceKind, "A kind of evidence about an old item.";
    AdjustmentStatusWord, "AdjustmentStatus", adjustment::AdjustmentStatus, "How far an adjustment has come.";
    VersionStatusWord, "VersionStatus", records::VersionStatus, "How a version stands among those of its programme.";
    ProgrammeStatusWord, "ProgrammeStatus", records::ProgrammeStatus, "A programme's state.";
    ConsentKindWord, "ConsentKind", records::ConsentKind, "How a person consented to a claim.";
    ProposalStatusWord, "ProposalStatus", records::ProposalStatus, "What became of a proposed change.";
    StandingWord, "Standing", records::Standing, "Whether an organisation or a store may take part.";
    TurnInStatusWord, "TurnInStatus", records::TurnInStatus, "A turn-in's state.";
    VoucherStatusWord, "VoucherStatus", records::VoucherStatus, "A voucher's state.";
    RedemptionStatusWord, "RedemptionStatus", records::RedemptionStatus, "A redemption's state.";
    RejectionCodeWord, "RejectionCode", records::RejectionCode, "Why a line of a settlement was refused.";
    SettlementStatusWord, "SettlementStatus", settlement::SettlementStatus, "How far a settlement is.";
    ReconciliationKindWord, "ReconciliationKind", settlement::ReconciliationKind,
        "What the bank's file says of a payment, or that it says nothing.";
    TransferResultWord, "TransferResult", settlement::TransferResult, "What the bank says that it did with a transfer.";
    ReconciliationStatusWord, "ReconciliationStatus", settlement::ReconciliationStatus, "What became of a row.";
    ReconciliationAnswerWord, "ReconciliationAnswer", settlement::ReconciliationAnswer,
        "What somebody made of a row that did not match.";
    HoldKindWord, "HoldKind", settlement::HoldKind, "Why a line is held.";
    DisclosedWord, "Disclosed", personal::Disclosed, "A kind of record whose personal data can be shown in the clear.";
    ErasureWord, "Erasure", command::Erasure, "What became of what was known of a person.";
    ImportTableWord, "ImportTable", import::ImportTable, "What a file is a table of.";
    GrowthFormWord, "GrowthForm", crate::api::growth::GrowthForm, "As what the growth report is wanted.";
    MatchingWord, "Matching", Matching, "What part an old item plays.";
    MatchedAtWord, "MatchedAt", MatchedAt, "At which step the old item is matched.";
    StaffRoleWord, "StaffRole", account::StaffRole, "What an account's holder is to the service.";
    FileAboutWord, "EvidenceAbout", evidence_file::FileAbout, "What kind of record a file is about.";
    FileKindWord, "EvidenceFileKind", evidence_file::FileKind, "What a file shows.";
    FileMediaWord, "EvidenceMediaType", evidence_file::FileMedia, "The form of a file.";
    EndStepWord, "EndStep", old_item_end::EndStep, "How far an old item is on its way out.";
    PickupStatusWord, "PickupStatus", pickup::PickupStatus, "How far a pick-up is.";
    AnomalyRuleWord, "AnomalyRule", anomaly::AnomalyRule, "A rule by which something looks wrong.";
    AnomalyStatusWord, "AnomalyStatus", anomaly::AnomalyStatus, "What became of a finding.";
    ResolutionWord, "Resolution", anomaly::Resolution, "How an anomaly is resolved.";
    LinkKindWord, "LinkKind", anomaly::LinkKind, "What a piece of evidence is.";
    DisputeAboutWord, "DisputeAbout", dispute::DisputeAbout, "What somebody objects to.";
    DisputePartyWord, "DisputeParty", dispute::DisputeParty, "Who objects.";
    DisputeStatusWord, "DisputeStatus", dispute::DisputeStatus, "How far a dispute has come.";
    EventKindWord, "EventKind", webhook::EventKind, "What a retailer's system can be told.";
    WebhookStatusWord, "WebhookStatus", webhook::WebhookStatus, "How a webhook is.";
    VerdictWord, "Verdict", dispute::Verdict, "How an officer decides a dispute.";
    DisputeOutcomeWord, "DisputeOutcome", dispute::DisputeOutcome, "How a dispute ended.";
    RefusalCode, "RefusalCode", Code, "Why something was not done. A code keeps its meaning; later versions may add codes.";
}

macro_rules! text_schemas {
    ($($name:ident, $pattern:literal, $example:literal, $doc:literal;)+) => { $(
        #[doc = $doc]
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .pattern(Some($pattern))
                    .description(Some($doc))
                    .examples([$example])
                    .into()
            }
        }

        impl ToSchema for $name {}
    )+ };
}

text_schemas! {
    Money, "^-?(0|[1-9][0-9]*)\\.[0-9]{2}$", "1999.80", "An amount in yuan (CNY) with two places.";
    SignedAmount, "^[+-]?(0|[1-9][0-9]{0,9})(\\.[0-9]{1,2})?$", "-1000.00",
        "An amount in yuan (CNY) as a decimal string with at most two places; with a minus sign it lowers. Not zero.";
    Decimal, "^-?(0|[1-9][0-9]*)(\\.[0-9]+)?$", "17.5", "A number as a decimal string.";
    Degrees, "^-?[0-9]{1,3}(\\.[0-9]{1,6})?$", "28.691234", "Degrees as a decimal string with at most six places.";
    DivisionCode, "^[0-9]{6}([0-9]{3}([0-9]{3})?)?$", "360111", "A division code of GB/T 2260.";
    DivisionPrefix, "^[0-9]{2,12}$", "3601", "A division code of GB/T 2260, or what several of them start with.";
    Uscc, "^[0-9A-HJ-NPQRTUWXY]{18}$", "91360123X99360742U", "A unified social credit code (GB 32100).";
    ProgrammeWord, "^[a-z0-9-]{1,64}$", "nc-appl-2026", "A programme's word.";
    Identity, "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "019ed874-e500-7000-8000-000000000001", "An identity.";
    Gtin14, "^[0-9]{14}$", "06909794246738", "A trade item number (GTIN) of fourteen digits.";
    Month, "^20[0-9]{2}-(0[1-9]|1[0-2])$", "2026-05", "A calendar month in Asia/Shanghai.";
    Minute, "^([01][0-9]|2[0-4]):[0-5][0-9]$", "09:00", "A minute of the day in Asia/Shanghai.";
    Login, "^[A-Za-z0-9._@-]{3,64}$", "wang.fang", "What staff signs in with; kept in lower case.";
    OneTimeCode, "^[0-9]{6}$", "287082", "A code of an authenticator app (TOTP, RFC 6238).";
    RefreshText, "^[A-Za-z0-9_-]{43}$", "Hq9bq4m0O2mPjvKzq1nS3xA7tLw5cE8dRfGyUuIiOoP", "A refresh token: 256 bits in base64url.";
    Digest, "^[0-9a-f]{64}$", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "SHA-256 in lower-case hexadecimal.";
    Token, "^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6InNjYW4rand0In0.eyJ2aWQiOiIuLi4ifQ.c2lnbmF0dXJl", "A compact JWS (RFC 7515).";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_one_spelling() {
        assert!(serde_json::from_str::<Date>("\"2026-06-18\"").is_ok());
        for text in [
            "\"2026-6-18\"",
            "\"2026-02-30\"",
            "\"+2026-06-18\"",
            "\"0026-06-18\"",
            "\" 2026-06-18\"",
            "20260618",
            "\"\"",
        ] {
            assert!(serde_json::from_str::<Date>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_document_lists_the_words() {
        let schema = serde_json::to_value(CategoryWord::schema()).unwrap();
        assert_eq!(schema["enum"].as_array().unwrap().len(), 18);
        assert_eq!(CategoryWord::name(), "Category");
    }
}
