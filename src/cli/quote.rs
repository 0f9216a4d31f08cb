//! `quote`: a policy officer's what-if. It judges claim and redemption in one, by the rules alone: what takes a
//! database (pool, releases, identities used before) is left out.

use std::fs;
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::api::body::{InvoiceBody, NewItemBody, Parts, PriceBody, RecordTurnInBody, SaleBody, person, read};
use crate::api::view::{FundingView, ProblemItem};
use crate::domain::command::NewTurnIn;
use crate::domain::goods::{Category, OldItem};
use crate::domain::programme::{
    Amounts, Matching, Rules, Sale, application_open, claim_open, in_turn_in_body, judge_old_item, judge_sale,
    release_at,
};
use crate::domain::records::Person;
use crate::domain::refusal::{Checks, Code, Language, Refusal, Refusals};
use crate::domain::time::Moment;
use crate::pii::Vault;

use super::check_programme;

/// The body of a quote without token and store, and what else there is to know.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    item: NewItemBody,
    price: PriceBody,
    #[serde(default)]
    invoice: Option<InvoiceBody>,
    #[serde(default)]
    delivery_division_code: Option<String>,
    #[serde(default)]
    delivery_address: Option<String>,
    #[serde(default)]
    delivery_phone: Option<String>,
    #[serde(default)]
    turn_in: Option<RecordTurnInBody>,
    #[serde(default)]
    person: Option<PersonInput>,
    at: String,
}

/// The person who would claim.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonInput {
    name: String,
    resident_id: String,
    #[serde(default)]
    used_in_category: u32,
    #[serde(default)]
    used_this_year: u32,
}

#[derive(Serialize)]
struct Given {
    subsidy: String,
    consumer_pays: String,
    funding: Vec<FundingView>,
}

#[derive(Serialize)]
struct Refused {
    refusals: Vec<ProblemItem>,
}

/// Why there is no answer.
enum Ended {
    /// The rules refuse.
    Refused(Refusals),
    /// Nothing that could be judged: a sentence.
    Malformed(String),
}

impl From<Refusals> for Ended {
    /// What is wrong with the form is no question of policy.
    fn from(refusals: Refusals) -> Self {
        if refusals.first().code.rank() > 1 {
            return Self::Refused(refusals);
        }
        let form = refusals.all().iter().filter(|refusal| refusal.code.rank() <= 1);
        Self::Malformed(form.map(sentence).collect::<Vec<_>>().join("; "))
    }
}

/// Answers and returns the exit code: 0 with the amounts on `out`, 1 with the refusals on `out`, 2 with a sentence on
/// `err` when programme or input cannot be read.
pub fn run(programme: &Path, input: &Path, out: &mut dyn Write, err: &mut dyn Write) -> i32 {
    let (code, written) = match answer(programme, input) {
        Ok(amounts) => (0, print(out, &given(&amounts))),
        Err(Ended::Refused(refusals)) => {
            let told = |refusal| ProblemItem::of(refusal, Language::Chinese);
            (1, print(out, &Refused { refusals: refusals.all().iter().map(told).collect() }))
        }
        Err(Ended::Malformed(sentence)) => (2, writeln!(err, "{sentence}").is_ok()),
    };
    if written { code } else { 2 }
}

fn print(out: &mut dyn Write, answer: &impl Serialize) -> bool {
    serde_json::to_string(answer).is_ok_and(|text| writeln!(out, "{text}").is_ok())
}

fn given(amounts: &Amounts) -> Given {
    Given {
        subsidy: amounts.subsidy.to_string(),
        consumer_pays: amounts.consumer_pays.to_string(),
        funding: amounts.funding.iter().map(FundingView::from).collect(),
    }
}

fn sentence(refusal: &Refusal) -> String {
    let place = if refusal.pointer.is_empty() { "the input" } else { &refusal.pointer };
    let found = refusal.found.as_ref().map(|found| format!(", found {found}")).unwrap_or_default();
    let expected = refusal.expected.as_ref().map(|expected| format!(", expected {expected}")).unwrap_or_default();
    format!("{place}: {}{found}{expected}", refusal.code.title(Language::English))
}

fn answer(programme: &Path, input: &Path) -> Result<Amounts, Ended> {
    let malformed = |file: &Path, why: &dyn std::fmt::Display| Ended::Malformed(format!("{}: {why}", file.display()));
    let text = fs::read_to_string(programme).map_err(|error| malformed(programme, &error))?;
    let rules = check_programme::parse(programme, &text).map_err(|faults| {
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        malformed(programme, &told.join("; "))
    })?;
    let bytes = fs::read(input).map_err(|error| malformed(input, &error))?;
    let input = read::<Input>(&bytes)?;
    let at = Moment::parse(&input.at)
        .map_err(|_| Ended::Malformed("/at: expected a time such as 2026-06-18T10:00:00+08:00".to_owned()))?;
    // Nothing is kept: keys for this one question.
    let vault = Vault::ephemeral().map_err(|error| Ended::Malformed(error.to_string()))?;
    let question = Question::of(input, at, &vault)?;
    question.judge(&rules)
}

/// The input once its values were found good.
struct Question {
    at: Moment,
    category: Category,
    parts: Parts,
    turn_in: Option<NewTurnIn>,
    person: Option<(Person, PersonInput)>,
}

impl Question {
    fn of(input: Input, at: Moment, vault: &Vault) -> Result<Self, Ended> {
        let today = at.day();
        let category = input.item.category;
        let sale = SaleBody {
            item: Some(input.item),
            price: Some(input.price),
            invoice: input.invoice,
            delivery_division_code: input.delivery_division_code,
            delivery_address: input.delivery_address,
            delivery_phone: input.delivery_phone,
        };
        let (parts, mut failed) = sale.as_far_as_read(vault, today);
        failed.retain(|refusal| refusal.code != Code::FieldMissing || !may_lack(&refusal.pointer));
        let turn_in = input.turn_in.and_then(|body| {
            let (turn_in, wrong) = body.as_far_as_read(vault, today);
            let wrong = wrong.into_iter().filter(|refusal| refusal.code != Code::FieldMissing);
            failed.extend(wrong.map(|refusal| below("/turn_in", refusal)));
            turn_in
        });
        let person = input.person.and_then(|given| match person(vault, &given.name, &given.resident_id, today) {
            Ok((person, _)) => Some((person, given)),
            Err(refusals) => {
                failed.extend(refusals.all().iter().map(|refusal| below("/person", refusal.clone())));
                None
            }
        });
        // A day that lies outside the window is told by the rules, with the window.
        failed.retain(|refusal| refusal.code != Code::InvoiceOutsideWindow);
        match (Refusals::from_failed(failed), category) {
            (Some(refusals), _) => Err(refusals.into()),
            (None, Some(category)) => Ok(Self { at, category, parts, turn_in, person }),
            (None, None) => Err(Ended::Malformed("/item/category: a required field is missing".to_owned())),
        }
    }

    fn judge(&self, rules: &Rules) -> Result<Amounts, Ended> {
        let mut checks = Checks::default();
        self.judge_time(rules, &mut checks);
        self.judge_person(rules, &mut checks);
        let old = self.judge_old(rules, &mut checks);
        let sale = Sale {
            item: self.parts.item.as_ref(),
            price: self.parts.price.as_ref(),
            invoice: self.parts.invoice.as_ref(),
            delivery_division: self.parts.delivery.division_code.as_deref(),
            store_division: None,
        };
        let amounts = judge_sale(rules, self.category, &sale, old, &mut checks);
        checks.verdict()?;
        amounts.ok_or_else(|| Ended::Malformed("the input does not say enough for an amount".to_owned()))
    }

    /// Claim and redemption are both asked for at this moment.
    fn judge_time(&self, rules: &Rules, checks: &mut Checks) {
        let released = !matches!(release_at(rules, self.category, self.at), Some(Err(_)));
        let refusal = Refusal::at(Code::ProgrammeNotOpen, "/at").found(self.at).expected(rules.windows.claim);
        checks.note(claim_open(rules, self.at) && released, refusal);
        if let (Some(window), false) = (rules.windows.application, application_open(rules, self.at)) {
            let refusal = Refusal::at(Code::ProgrammeNotOpen, "/at").found(self.at);
            checks.fail(refusal.expected(format!("{}/{}", window.from, window.to)));
        }
    }

    fn judge_person(&self, rules: &Rules, checks: &mut Checks) {
        let Some((person, given)) = &self.person else { return };
        if let Some(most) = rules.line(self.category).and_then(|line| line.per_person) {
            let used = given.used_in_category;
            let refusal = Refusal::at(Code::CategoryLimitReached, "/person/used_in_category").found(used);
            checks.note(used < most, refusal.expected(format!("fewer than {most}")));
        }
        if let Some(most) = rules.limits.per_person_and_year {
            let used = given.used_this_year;
            let refusal = Refusal::at(Code::YearlyLimitReached, "/person/used_this_year").found(used);
            checks.note(used < most, refusal.expected(format!("fewer than {most}")));
        }
        if let Some(invoice) = &self.parts.invoice {
            let refusal = Refusal::at(Code::BuyerMismatch, "/invoice/buyer_name").found(&invoice.buyer);
            checks.note(invoice.buyer == person.name, refusal.expected(&person.name));
        }
    }

    fn judge_old(&self, rules: &Rules, checks: &mut Checks) -> Option<&OldItem> {
        if rules.old_item.matching == Matching::None {
            return None;
        }
        if let (Some(turn_in), Some((person, _))) = (&self.turn_in, &self.person) {
            let refusal = Refusal::at(Code::OldItemOwnerMismatch, "/turn_in/owner/resident_id");
            let refusal = refusal.found(&turn_in.owner.number).expected(&person.number);
            checks.note(turn_in.owner.id == person.id, refusal);
        }
        let old = self.turn_in.as_ref().map(|turn_in| &turn_in.item);
        judge_old_item(rules, self.category, old, &in_turn_in_body, checks);
        old
    }
}

/// What a question about policy need not say: the invoice as a whole, and which very item it is.
fn may_lack(pointer: &str) -> bool {
    ["/invoice", "/item/vin", "/item/ebike_code", "/item/serial_number"].contains(&pointer)
}

fn below(place: &str, refusal: Refusal) -> Refusal {
    Refusal { pointer: format!("{place}{}", refusal.pointer), ..refusal }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::identifier::synthetic;

    /// Runs the command on one of the example programmes.
    fn ran(programme: &str, input: &str) -> (i32, Value, String) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("input.json");
        fs::write(&file, input).unwrap();
        let programme = Path::new(env!("CARGO_MANIFEST_DIR")).join("programmes").join(programme);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run(&programme, &file, &mut out, &mut err);
        let answer = serde_json::from_slice(&out).unwrap_or_default();
        (code, answer, String::from_utf8(err).unwrap())
    }

    fn car() -> Value {
        let (name, number) = (synthetic::person_name(1), synthetic::resident_id(1));
        json!({
            "item": {"category": "car", "brand": "比亚迪", "model": "秦", "powertrain": "nev", "vin": synthetic::vin(1)},
            "price": {"list": "180000.00", "discounts": "0.00", "final": "180000.00"},
            "invoice": {
                "number": "26367000900179424673", "issued_on": "2026-06-18", "total": "180000.00", "buyer_name": name
            },
            "turn_in": {
                "category": "car", "owner": {"name": name, "resident_id": number},
                "item": {
                    "vin": synthetic::vin(2), "fuel": "petrol", "first_registered_on": "2012-06-30",
                    "owned_since": "2015-01-01", "disposal": "scrapped"
                },
                "evidence": [{"kind": "scrap_certificate"}, {"kind": "cancellation_certificate"}],
                "received_on": "2026-06-01"
            },
            "person": {"name": name, "resident_id": number, "used_in_category": 0, "used_this_year": 0},
            "at": "2026-06-18T10:00:00+08:00"
        })
    }

    fn codes(answer: &Value) -> Vec<(String, String)> {
        let text = |refusal: &Value, name: &str| refusal[name].as_str().unwrap().to_owned();
        let refusals = answer["refusals"].as_array().unwrap();
        refusals.iter().map(|refusal| (text(refusal, "code"), text(refusal, "pointer"))).collect()
    }

    #[test]
    fn the_cap_of_a_new_energy_car() {
        let (code, answer, err) = ran("nc-car-2026.toml", &car().to_string());
        assert_eq!((code, err.as_str()), (0, ""), "{answer}");
        assert_eq!((&answer["subsidy"], &answer["consumer_pays"]), (&json!("20000.00"), &json!("160000.00")));
        assert_eq!(answer["funding"][0], json!({"source": "central", "amount": "18000.00"}));
    }

    #[test]
    fn every_reason_is_told_at_its_place() {
        let mut input = car();
        input["turn_in"]["owner"]["resident_id"] = json!(synthetic::resident_id(2));
        input["turn_in"]["item"]["owned_since"] = json!("2025-01-09");
        input["person"]["used_this_year"] = json!(1);
        input["invoice"]["buyer_name"] = json!("李四");
        let (code, answer, _) = ran("nc-car-2026.toml", &input.to_string());
        assert_eq!(code, 1);
        let expected = [
            ("YEARLY_LIMIT_REACHED", "/person/used_this_year"),
            ("BUYER_MISMATCH", "/invoice/buyer_name"),
            ("OLD_ITEM_OWNER_MISMATCH", "/turn_in/owner/resident_id"),
            ("OWNED_TOO_LATE", "/turn_in/item/owned_since"),
        ];
        assert_eq!(codes(&answer), expected.map(|(code, at)| (code.to_owned(), at.to_owned())));
        assert!(!answer.to_string().contains(&synthetic::resident_id(2)));
    }

    #[test]
    fn the_old_item_and_the_window_are_judged() {
        let mut input = car();
        input.as_object_mut().unwrap().remove("turn_in");
        input["at"] = json!("2028-01-01T00:00:00+08:00");
        let (code, answer, _) = ran("nc-car-2026.toml", &input.to_string());
        assert_eq!(code, 1);
        assert_eq!(codes(&answer)[0].0, "PROGRAMME_NOT_OPEN");
        assert!(codes(&answer).contains(&("OLD_ITEM_MISSING".to_owned(), "/turn_in".to_owned())));
    }

    #[test]
    fn an_identifier_is_refused_and_malformed_input_is_told() {
        let mut input = car();
        input["turn_in"]["item"]["vin"] = json!("LSVAU2180N2183290");
        let (code, answer, _) = ran("nc-car-2026.toml", &input.to_string());
        assert_eq!((code, codes(&answer)[0].1.as_str()), (1, "/turn_in/item/vin"));
        for (field, value) in
            [("price", json!({"list": 1, "discounts": "0", "final": "1"})), ("at", json!("now")), ("x", json!(1))]
        {
            let mut input = car();
            input[field] = value;
            let (code, answer, err) = ran("nc-car-2026.toml", &input.to_string());
            assert_eq!((code, answer), (2, Value::Null), "{field}");
            assert!(err.contains(&format!("/{field}")), "{err}");
        }
        assert_eq!(ran("nc-car-2026.toml", "{").0, 2);
        assert_eq!(ran("absent.toml", "{}").0, 2);
    }

    #[test]
    fn a_question_may_lack_person_invoice_and_identity() {
        let mut input = car();
        for part in ["person", "invoice"] {
            input.as_object_mut().unwrap().remove(part);
        }
        input["item"].as_object_mut().unwrap().remove("vin");
        assert_eq!(ran("nc-car-2026.toml", &input.to_string()).0, 0);
    }
}
