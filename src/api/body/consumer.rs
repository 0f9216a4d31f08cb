//! What consumers send.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::command::ClaimVoucher;
use crate::domain::goods::{Category, Powertrain};
use crate::domain::id::Id;
use crate::domain::refusal::Refusals;
use crate::domain::time::Day;
use crate::pii::Vault;

use super::judge::{Judge, LINE, Stated};
use super::words::{CategoryWord, DivisionCode, PowertrainWord, ProgrammeWord};

/// A person by name and identity number, as the identity provider or a document states them.
///
/// # Errors
/// `IDENTIFIER_INVALID` or `BODY_MALFORMED` at `/name` and `/resident_id`.
pub fn person(vault: &Vault, name: &str, resident_id: &str, today: Day) -> Result<Stated, Refusals> {
    let mut judge = Judge::new(today);
    let person = judge.person(vault, "", name, resident_id);
    judge.finish(person)
}

/// What a consumer would buy.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"category": "refrigerator"}))]
pub struct EligibilityBody {
    /// Category of the new item.
    #[schema(value_type = CategoryWord)]
    pub category: Category,
    /// Powertrain of a car.
    #[serde(default)]
    #[schema(value_type = Option<PowertrainWord>)]
    pub powertrain: Option<Powertrain>,
    /// The old item that was handed in.
    #[serde(default)]
    #[schema(format = "uuid")]
    pub turn_in_id: Option<String>,
}

impl EligibilityBody {
    /// The claim that is asked about.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_claim(
        self,
        programme: String,
        (person, key): Stated,
        residence: Option<String>,
        division_code: String,
    ) -> Result<ClaimVoucher, Refusals> {
        let mut judge = Judge::new(Day(chrono::NaiveDate::MAX));
        let turn_in = self.turn_in_id.and_then(|id| judge.id("/turn_in_id", &id));
        judge.finish(Some(ClaimVoucher {
            person,
            key,
            residence,
            programme,
            category: self.category,
            powertrain: self.powertrain,
            turn_in,
            division_code,
            device: None,
        }))
    }
}

/// A claim of a voucher.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"programme_id": "nc-appl-2026", "category": "refrigerator", "division_code": "360111"}))]
pub struct ClaimVoucherBody {
    /// The programme.
    #[schema(value_type = ProgrammeWord)]
    pub programme_id: String,
    /// Category of the new item.
    #[schema(value_type = CategoryWord)]
    pub category: Category,
    /// The old item that was handed in, where the programme matches it at the claim.
    #[serde(default)]
    #[schema(format = "uuid")]
    pub turn_in_id: Option<String>,
    /// Where the person claims: a division code of GB/T 2260.
    #[schema(value_type = DivisionCode)]
    pub division_code: String,
}

impl ClaimVoucherBody {
    /// The claim.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_claim(
        self,
        (person, key): Stated,
        residence: Option<String>,
        device: Option<Id>,
    ) -> Result<ClaimVoucher, Refusals> {
        let mut judge = Judge::new(Day(chrono::NaiveDate::MAX));
        let programme = judge.text("/programme_id", &self.programme_id, LINE);
        let turn_in = self.turn_in_id.and_then(|id| judge.id("/turn_in_id", &id));
        let division_code = judge.division("/division_code", &self.division_code);
        let made = programme.zip(division_code).map(|(programme, division_code)| ClaimVoucher {
            person,
            key,
            residence,
            programme,
            category: self.category,
            powertrain: None,
            turn_in,
            division_code,
            device,
        });
        judge.finish(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::body::read;
    use crate::domain::identifier::synthetic;
    use crate::domain::refusal::Code;

    fn somebody() -> Stated {
        let vault = Vault::ephemeral().unwrap();
        person(&vault, "张三", &synthetic::resident_id(1), Day::from_number(20_260_618).unwrap()).unwrap()
    }

    #[test]
    fn a_claim_tells_all_that_is_wrong() {
        let body = r#"{"programme_id":"","category":"car","turn_in_id":"x","division_code":"Nanchang"}"#;
        let refusals =
            read::<ClaimVoucherBody>(body.as_bytes()).unwrap().into_claim(somebody(), None, None).unwrap_err();
        let told: Vec<_> = refusals.all().iter().map(|refusal| (refusal.code, refusal.pointer.as_str())).collect();
        assert_eq!(
            told,
            [
                (Code::BodyMalformed, "/programme_id"),
                (Code::IdentifierInvalid, "/turn_in_id"),
                (Code::IdentifierInvalid, "/division_code"),
            ]
        );
    }

    #[test]
    fn a_person_is_found_by_the_canonical_number_and_never_repeated() {
        let vault = Vault::ephemeral().unwrap();
        let today = Day::from_number(20_260_618).unwrap();
        let number = synthetic::resident_id(7);
        let one = person(&vault, " 张三 ", &format!(" {} ", number.to_lowercase()), today).unwrap();
        let two = person(&vault, "张三", &number, today).unwrap();
        assert_eq!(one.0, two.0);
        assert_ne!(one.1, two.1, "each with a key of its own");
        let refusals = person(&vault, "张三", "110101199003070000", today).unwrap_err();
        assert_eq!(refusals.first().pointer, "/resident_id");
        assert_eq!(refusals.first().found, None);
    }
}
