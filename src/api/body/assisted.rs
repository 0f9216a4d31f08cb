//! What assistants send for the people who come to them.

use std::borrow::Cow;

use serde::Deserialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::command::{Assistance, ClaimVoucher};
use crate::domain::goods::{Category, Powertrain};
use crate::domain::id::Id;
use crate::domain::identifier::judge_person_id;
use crate::domain::personal::NewDataKey;
use crate::domain::personal::Personal;
use crate::domain::records::{ConsentKind, Person};
use crate::domain::refusal::{Code, Refusal, Refusals};
use crate::domain::time::Day;
use crate::pii::{Sealer, Vault};

use super::judge::{Judge, LINE};
use super::words::{CategoryWord, ConsentKindWord, DivisionCode, PowertrainWord, ProgrammeWord};

/// A person as an identity document names her.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonBody {
    /// Name.
    #[schema(min_length = 1, max_length = 50)]
    pub name: String,
    /// Identity number.
    #[schema(min_length = 1, max_length = 32)]
    pub resident_id: String,
}

impl PersonBody {
    fn judge<'v>(&self, vault: &'v Vault, judge: &mut Judge) -> Option<(Person, Sealer<'v>)> {
        judge.person_with_sealer(vault, "/person", &self.name, &self.resident_id)
    }
}

/// That a person has consented; nothing else can be sent.
pub struct Given;

impl PartialSchema for Given {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([true])).into()
    }
}

impl ToSchema for Given {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Given")
    }
}

/// How a person consented to the claim.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentBody {
    /// That she has.
    #[schema(value_type = Given)]
    pub given: bool,
    /// How.
    #[schema(value_type = ConsentKindWord)]
    pub kind: ConsentKind,
    /// What is noted about it; of words, who heard them.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub note: Option<String>,
}

impl ConsentBody {
    /// What is noted is sealed with the person's own key. Of a person who cannot be read nothing is noted.
    fn judge(&self, sealer: Option<&Sealer<'_>>, judge: &mut Judge) -> Option<(ConsentKind, Option<Personal>)> {
        if !self.given {
            judge.malformed("/consent/given", "true: nothing is claimed for a person who has not consented");
        }
        if self.kind == ConsentKind::VerbalWitnessed && self.note.is_none() {
            judge.fail(Refusal::at(Code::EvidenceMissing, "/consent/note").expected("who heard it"));
        }
        let noted = self.note.as_deref().and_then(|note| judge.text("/consent/note", note, LINE));
        let noted = noted.zip(sealer).and_then(|(note, sealer)| judge.sealed(sealer.text(&note)));
        self.given.then_some((self.kind, noted))
    }
}

/// What a person would buy.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "person": {"name": "江雪志", "resident_id": "360111195003071233"}, "category": "refrigerator"
}))]
pub struct EligibilityForBody {
    /// The person.
    pub person: PersonBody,
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

impl EligibilityForBody {
    /// The claim that is asked about.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_claim(
        self,
        programme: String,
        division_code: String,
        vault: &Vault,
        today: Day,
    ) -> Result<ClaimVoucher, Refusals> {
        let mut judge = Judge::new(today);
        let person = self.person.judge(vault, &mut judge);
        let turn_in = self.turn_in_id.and_then(|id| judge.id("/turn_in_id", &id));
        let (category, powertrain) = (self.category, self.powertrain);
        judge.finish(person.map(|(person, sealer)| ClaimVoucher {
            person,
            key: sealer.into_key(),
            residence: None,
            programme,
            category,
            powertrain,
            turn_in,
            division_code,
            device: None,
        }))
    }
}

/// A claim of a voucher for a person, with her consent.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "person": {"name": "江雪志", "resident_id": "360111195003071233"},
    "consent": {"given": true, "kind": "signature"},
    "programme_id": "nc-appl-2026", "category": "refrigerator", "division_code": "360111"
}))]
pub struct ClaimVoucherForBody {
    /// The person.
    pub person: PersonBody,
    /// Her consent.
    pub consent: ConsentBody,
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

impl ClaimVoucherForBody {
    /// The claim, and how it came about.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_claim(
        self,
        service_point: Id,
        most: u32,
        vault: &Vault,
        today: Day,
    ) -> Result<(ClaimVoucher, Assistance), Refusals> {
        let mut judge = Judge::new(today);
        let person = self.person.judge(vault, &mut judge);
        let consent = self.consent.judge(person.as_ref().map(|(_, sealer)| sealer), &mut judge);
        let programme = judge.text("/programme_id", &self.programme_id, LINE);
        let turn_in = self.turn_in_id.as_deref().and_then(|id| judge.id("/turn_in_id", id));
        let division_code = judge.division("/division_code", &self.division_code);
        let made = || {
            let ((person, sealer), programme, division_code) = (person?, programme?, division_code?);
            let key: NewDataKey = sealer.into_key();
            let (consent, note) = consent?;
            let (category, residence, powertrain) = (self.category, None, None);
            // The service point's own device says nothing about whoever comes to it.
            let device = None;
            let claim = ClaimVoucher {
                person,
                key,
                residence,
                programme,
                category,
                powertrain,
                turn_in,
                division_code,
                device,
            };
            Some((claim, Assistance { service_point, consent, note, most }))
        };
        let made = made();
        judge.finish(made)
    }
}

/// Whose vouchers.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"person": {"name": "江雪志", "resident_id": "360111195003071233"}}))]
pub struct VouchersForBody {
    /// The person.
    pub person: PersonBody,
}

impl VouchersForBody {
    /// The person.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_person(self, vault: &Vault, today: Day) -> Result<Person, Refusals> {
        let mut judge = Judge::new(today);
        let person = self.person.judge(vault, &mut judge);
        judge.finish(person.map(|(person, _)| person))
    }
}

/// In what shape a printed code is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(rename_all = "snake_case")]
pub enum PrintedAs {
    /// A picture that scales.
    #[default]
    Svg,
    /// A picture of pixels.
    Png,
    /// The text itself.
    Token,
}

/// Whose code is to be printed.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"person": {"name": "江雪志", "resident_id": "360111195003071233"}, "format": "svg"}))]
pub struct VoucherQrForBody {
    /// The person.
    pub person: PersonBody,
    /// `svg` unless said.
    #[serde(default)]
    pub format: PrintedAs,
}

impl VoucherQrForBody {
    /// The person, and her number in the clear, for the check value of the printed code and nothing else.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_holder(self, vault: &Vault, today: Day) -> Result<(Person, String), Refusals> {
        let mut judge = Judge::new(today);
        let person = self.person.judge(vault, &mut judge);
        let number = judge_person_id(&self.person.resident_id, today.0).canonical;
        judge.finish(person.map(|(person, _)| (person, number)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::body::{example_of, read};
    use crate::domain::identifier::synthetic;

    fn judged(body: &Value) -> Result<(ClaimVoucher, Assistance), Vec<(Code, String)>> {
        let vault = Vault::ephemeral().unwrap();
        let today = Day::from_number(20_260_618).unwrap();
        let body = read::<ClaimVoucherForBody>(body.to_string().as_bytes()).unwrap();
        let told = |refusals: Refusals| refusals.all().iter().map(|one| (one.code, one.pointer.clone())).collect();
        body.into_claim(Id::NIL, 30, &vault, today).map_err(told)
    }

    fn body() -> Value {
        let mut body = example_of::<ClaimVoucherForBody>();
        body["person"] = json!({"name": synthetic::person_name(1), "resident_id": synthetic::resident_id(1)});
        body
    }

    #[test]
    fn without_consent_nothing_is_claimed() {
        assert!(judged(&body()).is_ok());
        let mut refused = body();
        refused["consent"]["given"] = json!(false);
        assert_eq!(judged(&refused).unwrap_err(), [(Code::BodyMalformed, "/consent/given".to_owned())]);
        let mut absent = body();
        absent.as_object_mut().unwrap().remove("consent");
        assert!(read::<ClaimVoucherForBody>(absent.to_string().as_bytes()).is_err());
    }

    #[test]
    fn words_need_a_witness_whose_name_is_sealed() {
        let mut spoken = body();
        spoken["consent"]["kind"] = json!("verbal_witnessed");
        assert_eq!(judged(&spoken).unwrap_err(), [(Code::EvidenceMissing, "/consent/note".to_owned())]);
        spoken["consent"]["note"] = json!("见证人李建国");
        let (_, assistance) = judged(&spoken).unwrap();
        assert_eq!(assistance.consent, ConsentKind::VerbalWitnessed);
        assert!(!format!("{assistance:?}").contains("李建国"));
    }
}
