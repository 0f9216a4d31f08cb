//! What recyclers send, and retailers that take an old item along.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::command::{NewTurnIn, Party};
use crate::domain::goods::{Battery, Category, Disposal, Evidence, EvidenceKind, Fuel, OldItem};
use crate::domain::id::Id;
use crate::domain::identifier::{Kind, judge_invoice_number, judge_old_ebike_code};
use crate::domain::refusal::{Refusal, Refusals};
use crate::domain::time::Day;
use crate::pii::Vault;

use super::judge::{ENTRIES, Judge, LINE};
use super::words::{Amount, BatteryWord, CategoryWord, Date, DisposalWord, EvidenceKindWord, FuelWord};

/// An old item that was handed in.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "category": "refrigerator",
    "owner": {"name": "江雪志", "resident_id": "360123196807229420"},
    "item": {"serial_number": "HX0179424673", "complete": true},
    "evidence": [{"kind": "photo", "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}],
    "received_on": "2026-06-17",
    "credit": "80.00"
}))]
pub struct RecordTurnInBody {
    /// Category.
    #[schema(value_type = CategoryWord)]
    pub category: Category,
    /// The owner.
    pub owner: OwnerBody,
    /// The item.
    pub item: OldItemBody,
    /// Certificates, photos and the like.
    #[schema(max_items = 100)]
    pub evidence: Vec<EvidenceBody>,
    /// The day on which it was received.
    pub received_on: Date,
    /// What the owner got for it.
    #[serde(default)]
    pub credit: Option<Amount>,
}

/// The owner of an old item.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnerBody {
    /// Name as on the document.
    #[schema(min_length = 1, max_length = 50)]
    pub name: String,
    /// Identity number.
    #[schema(min_length = 1)]
    pub resident_id: String,
}

/// What identifies an old item and what is known of it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OldItemBody {
    /// Vehicle identification number of a car.
    #[serde(default)]
    pub vin: Option<String>,
    /// Fifteen-digit code of an e-bike.
    #[serde(default)]
    pub ebike_code: Option<String>,
    /// Plate of a car or an e-bike.
    #[serde(default)]
    pub plate: Option<String>,
    /// Frame number of an e-bike without a fifteen-digit code.
    #[serde(default)]
    #[schema(min_length = 4, max_length = 40)]
    pub frame_number: Option<String>,
    /// Motor number of an e-bike without a fifteen-digit code.
    #[serde(default)]
    #[schema(min_length = 4, max_length = 40)]
    pub motor_number: Option<String>,
    /// Serial number of an appliance.
    #[serde(default)]
    pub serial_number: Option<String>,
    /// The recycler's own ticket, for an item whose label is gone.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 64)]
    pub ticket_number: Option<String>,
    /// Of a car.
    #[serde(default)]
    #[schema(value_type = Option<FuelWord>)]
    pub fuel: Option<Fuel>,
    /// First registration of a vehicle.
    #[serde(default)]
    pub first_registered_on: Option<Date>,
    /// Since when it stood in the owner's name.
    #[serde(default)]
    pub owned_since: Option<Date>,
    /// What became of a car.
    #[serde(default)]
    #[schema(value_type = Option<DisposalWord>)]
    pub disposal: Option<Disposal>,
    /// Of an e-bike.
    #[serde(default)]
    #[schema(value_type = Option<BatteryWord>)]
    pub battery: Option<Battery>,
    /// Whether all its parts were there.
    #[serde(default)]
    pub complete: Option<bool>,
    /// Whether it was registered with a plate.
    #[serde(default)]
    pub registered: Option<bool>,
}

/// One piece of evidence: a number, a digest of a file, or both.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidenceBody {
    /// What it is.
    #[schema(value_type = EvidenceKindWord)]
    pub kind: EvidenceKind,
    /// The number that stands on it, or the address in its QR code.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub number: Option<String>,
    /// SHA-256 of the file in hexadecimal.
    #[serde(default)]
    #[schema(pattern = "^[0-9a-fA-F]{64}$")]
    pub sha256: Option<String>,
}

impl RecordTurnInBody {
    /// The turn-in, recorded by a recycler or a retailer.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_new_turn_in(
        self,
        recorder: Id,
        recorder_is: Party,
        vault: &Vault,
        today: Day,
    ) -> Result<NewTurnIn, Refusals> {
        let mut judge = Judge::new(today);
        let made = self.judge(recorder, recorder_is, vault, &mut judge);
        judge.finish(made)
    }

    /// The turn-in as far as it can be read, with everything that cannot stand; for a what-if without a record.
    #[must_use]
    pub fn as_far_as_read(self, vault: &Vault, today: Day) -> (Option<NewTurnIn>, Vec<Refusal>) {
        let mut judge = Judge::new(today);
        let made = self.judge(Id::NIL, Party::Recycler, vault, &mut judge);
        (made, judge.into_failed())
    }

    fn judge(self, recorder: Id, recorder_is: Party, vault: &Vault, judge: &mut Judge) -> Option<NewTurnIn> {
        let owner = judge.person(vault, "/owner", &self.owner.name, &self.owner.resident_id);
        let received_on = judge.past_day("/received_on", self.received_on);
        let credit = self.credit.and_then(|credit| judge.amount("/credit", &credit));
        if self.evidence.len() > ENTRIES {
            judge.malformed("/evidence", format!("at most {ENTRIES} entries"));
        }
        let pieces = self.evidence.iter().take(ENTRIES).enumerate();
        let evidence = pieces.filter_map(|(index, piece)| piece.judge(index, judge)).collect();
        identity(self.category, &self.item, judge);
        let item = self.item.judge(self.category, judge);
        let (owner, key) = owner?;
        Some(NewTurnIn {
            owner,
            key,
            recorder,
            recorder_is,
            item: OldItem { evidence, received_on: received_on?, credit, ..item },
        })
    }
}

/// Whether the item can be told from every other one of its category, so that it counts once.
fn identity(category: Category, item: &OldItemBody, judge: &mut Judge) {
    match category {
        Category::Car => _ = judge.required("/item/vin", item.vin.as_ref()),
        // A plate may move to another bike: it is no identity.
        Category::Ebike if item.ebike_code.is_none() => match (&item.frame_number, &item.motor_number) {
            (Some(_), None) => judge.missing("/item/motor_number"),
            (None, Some(_)) => judge.missing("/item/frame_number"),
            (None, None) => judge.missing("/item/ebike_code"),
            (Some(_), Some(_)) => {}
        },
        Category::Ebike => {}
        _ if item.serial_number.is_none() && item.ticket_number.is_none() => judge.missing("/item/serial_number"),
        _ => {}
    }
}

impl OldItemBody {
    /// The item, without evidence and credit; its day is not yet known.
    fn judge(self, category: Category, judge: &mut Judge) -> OldItem {
        let plate = if category == Category::Ebike { Kind::EbikePlatePolicy } else { Kind::PlateCn };
        let mut read = |kind, field: &str, value: Option<String>| {
            value.and_then(|value| judge.identifier(kind, &format!("/item/{field}"), &value))
        };
        let vin = read(Kind::Vin, "vin", self.vin);
        let plate = read(plate, "plate", self.plate);
        let serial_number = read(Kind::ApplianceSnPolicy, "serial_number", self.serial_number);
        let ebike_code = self.ebike_code.and_then(|code| {
            let judged = judge_old_ebike_code(&code, judge.today().0);
            judge.judged("/item/ebike_code", &code, judged)
        });
        let mut code = |field: &str, value: Option<String>, lengths| {
            value.and_then(|value| judge.code(&format!("/item/{field}"), &value, lengths))
        };
        let frame_number = code("frame_number", self.frame_number, (4, 40));
        let motor_number = code("motor_number", self.motor_number, (4, 40));
        let ticket_number = code("ticket_number", self.ticket_number, (1, 64));
        let mut day =
            |field: &str, value: Option<Date>| value.and_then(|value| judge.past_day(&format!("/item/{field}"), value));
        OldItem {
            category,
            vin,
            ebike_code,
            plate,
            frame_number,
            motor_number,
            serial_number,
            ticket_number,
            fuel: self.fuel,
            first_registered_on: day("first_registered_on", self.first_registered_on),
            owned_since: day("owned_since", self.owned_since),
            disposal: self.disposal,
            battery: self.battery,
            complete: self.complete,
            registered: self.registered,
            evidence: Vec::new(),
            received_on: Day(chrono::NaiveDate::MIN),
            credit: None,
        }
    }
}

impl EvidenceBody {
    fn judge(&self, index: usize, judge: &mut Judge) -> Option<Evidence> {
        let at = |field: &str| format!("/evidence/{index}/{field}");
        let number = match &self.number {
            Some(number) => Some(self.judge_number(&at("number"), number, judge)?),
            None => None,
        };
        let sha256 = match &self.sha256 {
            Some(digest) => Some(judge_digest(&at("sha256"), digest, judge)?),
            None => None,
        };
        Some(Evidence { kind: self.kind, number, sha256 })
    }

    fn judge_number(&self, at: &str, number: &str, judge: &mut Judge) -> Option<String> {
        match self.kind {
            EvidenceKind::ScrapCertificate if number.trim().starts_with("http") => {
                judge.identifier(Kind::ScrapCertQrUrl, at, number)
            }
            EvidenceKind::ScrapCertificate => judge.identifier(Kind::ScrapCertNoPolicy, at, number),
            EvidenceKind::UsedCarInvoice => {
                let judged = judge_invoice_number(number, judge.today().0);
                judge.judged(at, number, judged)
            }
            _ => judge.text(at, number, LINE),
        }
    }
}

pub(super) fn judge_digest(at: &str, digest: &str, judge: &mut Judge) -> Option<String> {
    let good = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !good {
        judge.malformed(at, "64 hexadecimal digits");
    }
    good.then(|| digest.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::body::{example_of, read};
    use crate::domain::identifier::synthetic;
    use crate::domain::money::Fen;
    use crate::domain::refusal::Code;

    fn made(body: &Value) -> Result<NewTurnIn, Refusals> {
        let vault = Vault::ephemeral().unwrap();
        let today = Day::from_number(20_260_618).unwrap();
        read::<RecordTurnInBody>(body.to_string().as_bytes())?.into_new_turn_in(Id::NIL, Party::Recycler, &vault, today)
    }

    fn told(body: &Value) -> Vec<(Code, String)> {
        let refusals = made(body).unwrap_err();
        refusals.all().iter().map(|refusal| (refusal.code, refusal.pointer.clone())).collect()
    }

    #[test]
    fn the_example_is_good() {
        let turn_in = made(&example_of::<RecordTurnInBody>()).unwrap();
        assert_eq!(turn_in.item.credit, Some(Fen(8000)));
        assert_eq!(turn_in.item.received_on.number(), 20_260_617);
        assert_eq!(turn_in.owner.name.masked, "江**");
    }

    #[test]
    fn all_that_is_wrong_is_told_and_nothing_personal() {
        let mut body = example_of::<RecordTurnInBody>();
        body["owner"]["resident_id"] = json!("360102199003071234");
        body["received_on"] = json!("2026-06-19");
        body["credit"] = json!(80);
        body["item"]["serial_number"] = json!("!");
        body["evidence"] = json!([{"kind": "photo", "sha256": "xyz"}]);
        let refusals = made(&body).unwrap_err();
        let told: Vec<_> = refusals.all().iter().map(|refusal| refusal.pointer.as_str()).collect();
        assert_eq!(
            told,
            ["/received_on", "/evidence/0/sha256", "/credit", "/owner/resident_id", "/item/serial_number"]
        );
        assert!(!format!("{refusals:?}").contains("3601021990"));
    }

    #[test]
    fn an_item_carries_the_identity_of_its_category() {
        let with = |category: &str, item: Value| {
            let mut body = example_of::<RecordTurnInBody>();
            body["category"] = json!(category);
            body["item"] = item;
            body
        };
        let missing = |field: &str| vec![(Code::FieldMissing, format!("/item/{field}"))];
        assert_eq!(told(&with("car", json!({"plate": "赣A12345"}))), missing("vin"));
        assert_eq!(told(&with("ebike", json!({}))), missing("ebike_code"));
        assert_eq!(told(&with("ebike", json!({"frame_number": "AB123456"}))), missing("motor_number"));
        assert_eq!(told(&with("television", json!({}))), missing("serial_number"));
        assert!(made(&with("car", json!({"vin": synthetic::vin(1)}))).is_ok());
        let bike = json!({"plate": "南昌A12345", "frame_number": "ab123456", "motor_number": "M0001"});
        let bike = made(&with("ebike", bike)).unwrap().item;
        assert_eq!(bike.frame_number.as_deref(), Some("AB123456"));
        assert!(made(&with("ebike", json!({"ebike_code": synthetic::ebike_code(1)}))).is_ok());
        assert!(made(&with("television", json!({"ticket_number": "R-2026-000017"}))).is_ok());
    }
}
