//! What is sent of an old item's end, and of a pick-up at home.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::identifier::Kind;
use crate::domain::old_item_end::NewDismantling;
use crate::domain::pickup::NewPickup;
use crate::domain::refusal::Code;
use crate::domain::refusal::{Refusal, Refusals};
use crate::domain::time::{Day, Moment};
use crate::domain::towns::Towns;
use crate::pii::Vault;

use super::judge::{Judge, LINE, Stated};
use super::words::{CategoryWord, Date, DivisionCode};

/// How far ahead a pick-up may be asked for, in days.
const DAYS_AHEAD: i64 = 30;
/// The longest time for which somebody is asked to wait, in hours.
const LONGEST_WAIT: i64 = 12;

/// The day on which a yard received an old item.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"received_on": "2026-06-18"}))]
pub struct ReceiveTurnInBody {
    /// The day.
    pub received_on: Date,
}

impl ReceiveTurnInBody {
    /// The day.
    ///
    /// # Errors
    /// When it is yet to come.
    pub fn read(self, today: Day) -> Result<Day, Refusals> {
        let mut judge = Judge::new(today);
        let day = judge.past_day("/received_on", self.received_on);
        judge.finish(day)
    }
}

/// The dismantler's certificate of an old item.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"certificate_number": "CJ-2026-000017", "dismantled_on": "2026-06-18",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}))]
pub struct DismantlingBody {
    /// Its number.
    #[schema(min_length = 1, max_length = 200)]
    pub certificate_number: String,
    /// Its day.
    pub dismantled_on: Date,
    /// SHA-256 of the certificate, which was handed in as evidence of the old item.
    #[schema(pattern = "^[0-9a-fA-F]{64}$")]
    pub sha256: String,
}

impl DismantlingBody {
    /// What the yard reports of an old item; the number of a car's certificate has a form.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn read(self, turn_in: Id, category: Category, recycler: Id, today: Day) -> Result<NewDismantling, Refusals> {
        let mut judge = Judge::new(today);
        let certificate = if category == Category::Car {
            judge.identifier(Kind::ScrapCertNoPolicy, "/certificate_number", &self.certificate_number)
        } else {
            judge.text("/certificate_number", &self.certificate_number, LINE)
        };
        let day = judge.past_day("/dismantled_on", self.dismantled_on);
        let sha256 = super::recycler::judge_digest("/sha256", &self.sha256, &mut judge);
        let made = || Some(NewDismantling { turn_in, recycler, day: day?, certificate: certificate?, sha256: sha256? });
        let made = made();
        judge.finish(made)
    }
}

/// A pick-up at home.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"category": "refrigerator", "division_code": "360111", "town": "昌东镇",
    "address": "昌东大道99号3栋201室", "from": "2026-06-20T01:00:00Z", "until": "2026-06-20T04:00:00Z"}))]
pub struct RequestPickupBody {
    /// What is to be fetched.
    #[schema(value_type = CategoryWord)]
    pub category: Category,
    /// The division: a code of GB/T 2260.
    #[schema(value_type = DivisionCode)]
    pub division_code: String,
    /// The town or office; where those of the division are known (`getCollectionCoverage`), one of them.
    #[schema(min_length = 1, max_length = 200)]
    pub town: String,
    /// Where exactly; only who comes is shown it.
    #[schema(min_length = 1, max_length = 200)]
    pub address: String,
    /// From when on somebody is at home.
    #[schema(format = DateTime)]
    pub from: String,
    /// Until when: twelve hours later at most, and within thirty days.
    #[schema(format = DateTime)]
    pub until: String,
}

impl RequestPickupBody {
    /// The pick-up of somebody.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn read(self, (person, key): Stated, vault: &Vault, towns: &Towns, now: Moment) -> Result<NewPickup, Refusals> {
        let mut judge = Judge::new(now.day());
        let division_code = judge.division("/division_code", &self.division_code);
        let town = judge.text("/town", &self.town, LINE);
        if let Some(names) =
            division_code.as_ref().zip(town.as_ref()).and_then(|(code, town)| towns.instead_of(code, town))
        {
            judge.fail(Refusal::at(Code::BodyMalformed, "/town").found(&self.town).expected(names));
        }
        let address = judge.text("/address", &self.address, LINE);
        let sealer = judge.sealed(vault.sealer());
        let address = sealer.as_ref().zip(address).and_then(|(sealer, text)| judge.sealed(sealer.text(&text)));
        let (from, until) = (judge.moment("/from", &self.from), judge.moment("/until", &self.until));
        if let Some((from, until)) = from.zip(until) {
            let latest = now.plus_seconds(DAYS_AHEAD * 86_400);
            if until <= now || until > latest {
                let refusal = Refusal::at(Code::BodyMalformed, "/until").found(until);
                judge.fail(refusal.expected(format!("after {now} and not after {latest}")));
            }
            if from >= until || until > from.plus_seconds(LONGEST_WAIT * 3600) {
                let refusal = Refusal::at(Code::BodyMalformed, "/from").found(from);
                judge.fail(refusal.expected(format!("before {until}, by {LONGEST_WAIT} hours at most")));
            }
        }
        let made = || {
            Some(NewPickup {
                person,
                key,
                category: self.category,
                division_code: division_code?,
                // Who reads the records says so.
                is_served: false,
                town: town?,
                // A row keeps no mask: it would outlive the key.
                address: crate::domain::personal::Personal { masked: String::new(), ..address? },
                address_key: sealer?.into_key(),
                from: from?,
                until: until?,
            })
        };
        let made = made();
        judge.finish(made)
    }
}

/// The old item that was fetched.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"turn_in_id": "019ed874-e500-7000-8000-000000000001"}))]
pub struct CollectPickupBody {
    /// As it was recorded.
    #[schema(format = "uuid")]
    pub turn_in_id: String,
}

impl CollectPickupBody {
    /// Its identity.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(self) -> Result<Id, Refusals> {
        let mut judge = Judge::new(Day(chrono::NaiveDate::MAX));
        let id = judge.id("/turn_in_id", &self.turn_in_id);
        judge.finish(id)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::body::{example_of, person, read};
    use crate::domain::identifier::synthetic;

    fn now() -> Moment {
        Moment::parse("2026-06-18T02:00:00Z").unwrap()
    }

    fn pickup(from: &str, until: &str) -> Result<NewPickup, Refusals> {
        let vault = Vault::ephemeral().unwrap();
        let mut body = example_of::<RequestPickupBody>();
        (body["from"], body["until"]) = (json!(from), json!(until));
        let somebody = person(&vault, "张三", &synthetic::resident_id(1), now().day()).unwrap();
        read::<RequestPickupBody>(body.to_string().as_bytes()).unwrap().read(
            somebody,
            &vault,
            &Towns::unknown("360111"),
            now(),
        )
    }

    #[test]
    fn a_window_is_ahead_within_thirty_days_and_not_longer_than_twelve_hours() {
        let good = pickup("2026-06-20T01:00:00Z", "2026-06-20T13:00:00Z").unwrap();
        assert_eq!((good.address.masked.as_str(), good.town.as_str()), ("", "昌东镇"));
        assert!(pickup("2026-06-18T01:00:00Z", "2026-06-18T02:00:01Z").is_ok(), "it has begun, and is not over");
        for (from, until, at) in [
            ("2026-06-18T01:00:00Z", "2026-06-18T02:00:00Z", "/until"),
            ("2026-07-18T01:00:00Z", "2026-07-18T02:00:01Z", "/until"),
            ("2026-06-20T01:00:00Z", "2026-06-20T13:00:01Z", "/from"),
            ("2026-06-20T02:00:00Z", "2026-06-20T02:00:00Z", "/from"),
            ("tomorrow", "2026-06-20T02:00:00Z", "/from"),
        ] {
            let refusals = pickup(from, until).unwrap_err();
            assert_eq!((refusals.first().code, refusals.first().pointer.as_str()), (Code::BodyMalformed, at), "{from}");
        }
    }

    #[test]
    fn a_cars_certificate_has_the_form_of_one() {
        let today = now().day();
        let mut body = example_of::<DismantlingBody>();
        body["certificate_number"] = json!("CJ 2026");
        let made = |category| {
            let body = read::<DismantlingBody>(body.to_string().as_bytes()).unwrap();
            body.read(Id::NIL, category, Id::NIL, today)
        };
        assert_eq!(made(Category::Refrigerator).unwrap().certificate, "CJ 2026");
        assert!(made(Category::Car).is_err_and(|why| why.first().pointer == "/certificate_number"));
    }
}
