//! What the bureau sends.

use std::fmt;

use chrono::Datelike;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::domain::command::{Act, NewRecycler, NewRetailer, Party};
use crate::domain::goods::Category;
use crate::domain::growth::{BASE_YEAR, FIRST_YEAR};
use crate::domain::id::Id;
use crate::domain::identifier::Kind;
use crate::domain::personal::Personal;
use crate::domain::records::BankAccount;
use crate::domain::refusal::{Code, Refusal, Refusals};
use crate::domain::time::Day;
use crate::pii::Vault;

use super::judge::{ENTRIES, Judge, LINE, REASON};
use super::read::shortened;
use super::words::{Amount, CategoryWord, Degrees, DivisionCode, Month, ProgrammeWord, SignedAmount, Uscc};

/// The most trade-ins that a figure may say.
const MOST: u64 = 1_000_000_000;

/// A retailer to be registered.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "南昌示例家电有限公司", "uscc": "91360123X99360742U", "divisions": ["360111"],
    "account": {"bank": "中国工商银行南昌高新支行", "number": "1502206009300012345", "name": "南昌示例家电有限公司"},
    "contact": {"name": "吕福敏", "phone": "13300052423"}
}))]
pub struct RegisterRetailerBody {
    /// Registered name.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Unified social credit code.
    #[schema(value_type = Uscc)]
    pub uscc: String,
    /// Division codes in which it sells.
    #[schema(value_type = Vec<DivisionCode>, min_items = 1, max_items = 100)]
    pub divisions: Vec<String>,
    /// The account to which it is paid.
    pub account: AccountBody,
    /// A person to ask.
    #[serde(default)]
    #[schema(value_type = Option<ContactBody>)]
    pub contact: Option<Contact>,
}

/// A bank account.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountBody {
    /// Bank and branch.
    #[schema(min_length = 1, max_length = 200)]
    pub bank: String,
    /// Number.
    #[schema(pattern = "^[0-9][0-9 -]{8,}[0-9]$")]
    pub number: String,
    /// In whose name.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
}

/// A person to ask.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactBody {
    /// Name.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub name: Option<String>,
    /// Telephone number, of a mobile or a fixed line.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub phone: Option<String>,
}

/// A person to ask, by name and number or in one line.
#[derive(Clone, Debug)]
pub struct Contact(ContactBody);

impl From<ContactBody> for Contact {
    fn from(body: ContactBody) -> Self {
        Self(body)
    }
}

struct ContactVisitor;

impl<'de> Visitor<'de> for ContactVisitor {
    type Value = Contact;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with name and phone")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Contact, E> {
        Ok(Contact(ContactBody { name: Some(text.to_owned()), phone: None }))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Contact, A::Error> {
        ContactBody::deserialize(MapAccessDeserializer::new(map)).map(Contact)
    }
}

impl<'de> Deserialize<'de> for Contact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContactVisitor)
    }
}

impl RegisterRetailerBody {
    /// The retailer.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_new_retailer(self, vault: &Vault, today: Day) -> Result<NewRetailer, Refusals> {
        let mut judge = Judge::new(today);
        let name = judge.text("/name", &self.name, LINE);
        let uscc = judge.identifier(Kind::Uscc, "/uscc", &self.uscc);
        if !(1..=ENTRIES).contains(&self.divisions.len()) {
            judge.malformed("/divisions", format!("1 to {ENTRIES} division codes"));
        }
        let listed = self.divisions.iter().take(ENTRIES).enumerate();
        let divisions =
            listed.filter_map(|(index, code)| judge.division(&format!("/divisions/{index}"), code)).collect();
        let account = self.account.judge(vault, &mut judge);
        let contact = self.contact.and_then(|contact| contact.0.judge(vault, &mut judge));
        let made = name.zip(uscc).zip(account);
        let made = made.map(|((name, uscc), account)| NewRetailer { name, uscc, divisions, account, contact });
        judge.finish(made)
    }
}

/// Another bank account of a retailer.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "account": {"bank": "中国银行南昌高新支行", "number": "196012345678901234", "name": "南昌示例家电有限公司"}
}))]
pub struct BankAccountBody {
    /// The account.
    pub account: AccountBody,
}

impl BankAccountBody {
    /// The account, its number sealed.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_account(self, vault: &Vault) -> Result<BankAccount, Refusals> {
        let mut judge = Judge::new(Day(chrono::NaiveDate::MAX));
        let account = self.account.judge(vault, &mut judge);
        judge.finish(account)
    }
}

/// Digits of an account's number, blanks and hyphens not counted.
const ACCOUNT_DIGITS: std::ops::RangeInclusive<usize> = 10..=30;

impl AccountBody {
    fn judge(self, vault: &Vault, judge: &mut Judge) -> Option<BankAccount> {
        let bank = judge.text("/account/bank", &self.bank, LINE);
        let name = judge.text("/account/name", &self.name, LINE);
        let digits = self.number.replace([' ', '-'], "");
        // Accounts of enterprises have 12 digits at one bank and 23 at another; what has eight is a day or a telephone number.
        let good = ACCOUNT_DIGITS.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !good {
            let (least, most) = (ACCOUNT_DIGITS.start(), ACCOUNT_DIGITS.end());
            let refusal = Refusal::at(Code::IdentifierInvalid, "/account/number");
            judge.fail(refusal.expected(format!("{least} to {most} digits")));
            return None;
        }
        let number = judge.sealed(vault.account(&digits));
        Some(BankAccount { bank: bank?, number: number?, name: name? })
    }
}

impl ContactBody {
    /// Name and number in one sealed text.
    fn judge(self, vault: &Vault, judge: &mut Judge) -> Option<Personal> {
        let name = self.name.and_then(|name| judge.text("/contact/name", &name, LINE));
        let phone = self.phone.and_then(|phone| judge.telephone("/contact/phone", &phone));
        let both: Vec<String> = name.into_iter().chain(phone).collect();
        if both.is_empty() { None } else { judge.sealed(vault.contact(&both.join(" "))) }
    }
}

/// A store to be added to a retailer.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "retailer_id": "019a5c3e-7b00-7000-8000-000000000001", "name": "高新旗舰店", "address": "火炬大街1号",
    "division_code": "360111", "town": "昌东镇"
}))]
pub struct AddStoreBody {
    /// Its retailer.
    #[schema(format = "uuid")]
    pub retailer_id: String,
    /// Name.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Address.
    #[schema(min_length = 1, max_length = 200)]
    pub address: String,
    /// Division code.
    #[schema(value_type = DivisionCode)]
    pub division_code: String,
    /// Town or office.
    #[schema(min_length = 1, max_length = 200)]
    pub town: String,
}

impl AddStoreBody {
    /// The command.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_act(self) -> Result<Act, Refusals> {
        let mut judge = Judge::new(Day(chrono::NaiveDate::MAX));
        let retailer = judge.id("/retailer_id", &self.retailer_id);
        let name = judge.text("/name", &self.name, LINE);
        let address = judge.text("/address", &self.address, LINE);
        let division_code = judge.division("/division_code", &self.division_code);
        let town = judge.text("/town", &self.town, LINE);
        let made = || {
            let (retailer, name, address) = (retailer?, name?, address?);
            Some(Act::AddStore { retailer, name, address, division_code: division_code?, town: town? })
        };
        let made = made();
        judge.finish(made)
    }
}

/// A collection point to be registered.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "艾溪湖回收站", "uscc": "91360113X98721497C", "address": "艾溪湖北路66号", "division_code": "360111",
    "town": "艾溪湖管理处", "opening_hours": "每日9:00-18:00", "latitude": "28.691234", "longitude": "115.951234",
    "categories": ["refrigerator", "television"]
}))]
pub struct RegisterRecyclerBody {
    /// Name.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Unified social credit code.
    #[schema(value_type = Uscc)]
    pub uscc: String,
    /// Address.
    #[schema(min_length = 1, max_length = 200)]
    pub address: String,
    /// Division code.
    #[schema(value_type = DivisionCode)]
    pub division_code: String,
    /// Town or office.
    #[schema(min_length = 1, max_length = 200)]
    pub town: String,
    /// Opening hours in words.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub opening_hours: Option<String>,
    /// Latitude in degrees, with at most six places.
    #[serde(default)]
    #[schema(value_type = Option<Degrees>)]
    pub latitude: Option<String>,
    /// Longitude in degrees, with at most six places.
    #[serde(default)]
    #[schema(value_type = Option<Degrees>)]
    pub longitude: Option<String>,
    /// Categories that it takes; all when empty.
    #[schema(value_type = Vec<CategoryWord>, max_items = 100)]
    pub categories: Vec<Category>,
}

impl RegisterRecyclerBody {
    /// The collection point.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_new_recycler(self, today: Day) -> Result<NewRecycler, Refusals> {
        let mut judge = Judge::new(today);
        let name = judge.text("/name", &self.name, LINE);
        let uscc = judge.identifier(Kind::Uscc, "/uscc", &self.uscc);
        let address = judge.text("/address", &self.address, LINE);
        let division_code = judge.division("/division_code", &self.division_code);
        let town = judge.text("/town", &self.town, LINE);
        let opening_hours = self.opening_hours.and_then(|hours| judge.text("/opening_hours", &hours, LINE));
        let latitude_micro = self.latitude.and_then(|degrees| judge.coordinate("/latitude", &degrees, 90));
        let longitude_micro = self.longitude.and_then(|degrees| judge.coordinate("/longitude", &degrees, 180));
        if self.categories.len() > ENTRIES {
            judge.malformed("/categories", format!("at most {ENTRIES} entries"));
        }
        let mut categories = self.categories;
        categories.sort_unstable();
        categories.dedup();
        let made = || {
            Some(NewRecycler {
                name: name?,
                uscc: uscc?,
                address: address?,
                division_code: division_code?,
                town: town?,
                opening_hours,
                latitude_micro,
                longitude_micro,
                categories,
            })
        };
        let made = made();
        judge.finish(made)
    }
}

/// A change of a line's pool.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"category": "refrigerator", "delta": "500000.00", "reason": "追加资金，高新财〔2026〕12号"}))]
pub struct AdjustPoolBody {
    /// Category of the line.
    #[schema(value_type = CategoryWord)]
    pub category: Category,
    /// By how much; with a minus sign it lowers the pool.
    #[schema(value_type = SignedAmount)]
    pub delta: Amount,
    /// Why.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

impl AdjustPoolBody {
    /// The command.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_act(self, programme: String) -> Result<Act, Refusals> {
        let mut judge = Judge::new(Day(chrono::NaiveDate::MAX));
        let delta = judge.signed_amount("/delta", &self.delta);
        let reason = judge.text("/reason", &self.reason, REASON);
        let category = self.category;
        let made = delta.zip(reason).map(|(delta, reason)| Act::AdjustPool { programme, category, delta, reason });
        judge.finish(made)
    }
}

/// In which programmes a retailer may take part.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"programmes": ["nc-appl-2026"]}))]
pub struct ApproveBody {
    /// The programmes.
    #[schema(value_type = Vec<ProgrammeWord>, min_items = 1, max_items = 100)]
    pub programmes: Vec<String>,
}

impl ApproveBody {
    /// The command for a party; stores and recyclers are approved without programmes.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_act(self, party: Party, id: Id) -> Result<Act, Refusals> {
        let mut judge = Judge::new(Day(chrono::NaiveDate::MAX));
        let most = if party == Party::Retailer { 1..=ENTRIES } else { 0..=0 };
        if !most.contains(&self.programmes.len()) {
            judge.malformed("/programmes", "programmes of a retailer, none of another party");
        }
        let listed = self.programmes.iter().take(ENTRIES).enumerate();
        let mut programmes: Vec<String> =
            listed.filter_map(|(index, word)| judge.text(&format!("/programmes/{index}"), word, LINE)).collect();
        programmes.sort_unstable();
        programmes.dedup();
        judge.finish(Some(Act::Approve { party, id, programmes }))
    }
}

/// The figure that growth is measured against.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"year": 2023, "value": 20000, "source": "区统计局2023年以旧换新统计"}))]
pub struct GrowthBaselineBody {
    /// The year, 2023.
    #[schema(minimum = 2023, maximum = 2023)]
    pub year: i32,
    /// Appliance trade-ins of the year.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub value: u64,
    /// Where the figure comes from.
    #[schema(min_length = 1, max_length = 200)]
    pub source: String,
    /// The year's twelve months, where known; they sum to the value. The pace goes by them.
    #[serde(default)]
    #[schema(min_items = 12, max_items = 12)]
    pub monthly: Option<Vec<u64>>,
}

impl GrowthBaselineBody {
    /// The command.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_act(self) -> Result<Act, Refusals> {
        let mut judge = Judge::new(Day(chrono::NaiveDate::MAX));
        if self.year != BASE_YEAR {
            judge.malformed("/year", BASE_YEAR);
        }
        if !(1..=MOST).contains(&self.value) {
            let refusal = Refusal::at(Code::BodyMalformed, "/value").found(self.value);
            judge.fail(refusal.expected(format!("an integer from 1 to {MOST}")));
        }
        let source = judge.text("/source", &self.source, LINE);
        if let Some(monthly) = &self.monthly {
            let sum = monthly.iter().fold(0_u64, |sum, month| sum.saturating_add(*month));
            if monthly.len() != 12 || sum != self.value {
                let found = format!("{} months, sum {sum}", monthly.len());
                let refusal = Refusal::at(Code::BodyMalformed, "/monthly").found(found);
                judge.fail(refusal.expected(format!("12 months whose sum is the value of the year, {}", self.value)));
            }
        }
        let (year, value, monthly) = (self.year, self.value, self.monthly);
        judge.finish(source.map(|source| Act::SetGrowthBaseline { year, value, source, monthly }))
    }
}

/// Trade-ins outside the service in a month.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"month": "2026-05", "count": 120, "source": "商家自报汇总"}))]
pub struct OffSystemBody {
    /// The month as `2026-05`.
    #[schema(value_type = Month)]
    pub month: String,
    /// How many.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub count: u64,
    /// Where the figure comes from.
    #[schema(min_length = 1, max_length = 200)]
    pub source: String,
}

impl OffSystemBody {
    /// The command; a month that is yet to come has no figure.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_act(self, today: Day) -> Result<Act, Refusals> {
        let mut judge = Judge::new(today);
        let month = month(&self.month).filter(|month| *month <= today.number() / 100);
        if month.is_none() {
            let expected = format!("a month from {FIRST_YEAR}-01 to {}", today.0.format("%Y-%m"));
            judge.fail(Refusal::at(Code::BodyMalformed, "/month").found(shortened(&self.month)).expected(expected));
        }
        if self.count > MOST {
            let refusal = Refusal::at(Code::BodyMalformed, "/count").found(self.count);
            judge.fail(refusal.expected(format!("an integer from 0 to {MOST}")));
        }
        let source = judge.text("/source", &self.source, LINE);
        let count = self.count;
        judge.finish(month.zip(source).map(|(month, source)| Act::RecordOffSystem { month, count, source }))
    }
}

/// Year and month in one number, of a year after the base year.
#[must_use]
pub fn month(text: &str) -> Option<i32> {
    let day: chrono::NaiveDate = format!("{text}-01").parse().ok()?;
    (text.len() == 7 && day.year() >= FIRST_YEAR).then(|| Day(day).number() / 100)
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};
    use utoipa::PartialSchema;

    use super::*;
    use crate::api::body::{example_of, read};
    use crate::domain::money::Fen;

    fn today() -> Day {
        Day::from_number(20_260_618).unwrap()
    }

    fn example<T: PartialSchema + DeserializeOwned>() -> T {
        read(example_of::<T>().to_string().as_bytes()).unwrap()
    }

    fn with<T: PartialSchema + DeserializeOwned>(field: &str, value: Value) -> T {
        let mut body = example_of::<T>();
        body[field] = value;
        read(body.to_string().as_bytes()).unwrap()
    }

    fn told<T: fmt::Debug>(result: Result<T, Refusals>) -> Vec<(Code, String)> {
        let refusals = result.unwrap_err();
        refusals.all().iter().map(|refusal| (refusal.code, refusal.pointer.clone())).collect()
    }

    #[test]
    fn the_examples_are_good() {
        let vault = Vault::ephemeral().unwrap();
        let retailer = example::<RegisterRetailerBody>().into_new_retailer(&vault, today()).unwrap();
        assert_eq!(retailer.account.number.masked, "****2345");
        assert!(retailer.contact.is_some());
        let recycler = example::<RegisterRecyclerBody>().into_new_recycler(today()).unwrap();
        assert_eq!((recycler.latitude_micro, recycler.longitude_micro), (Some(28_691_234), Some(115_951_234)));
        assert!(example::<AddStoreBody>().into_act().is_ok());
        assert!(example::<ApproveBody>().into_act(Party::Retailer, Id::NIL).is_ok());
        assert!(example::<GrowthBaselineBody>().into_act().is_ok());
        let month = example::<OffSystemBody>().into_act(today()).unwrap();
        assert!(matches!(month, Act::RecordOffSystem { month: 202_605, count: 120, .. }));
        let act = example::<AdjustPoolBody>().into_act("nc-appl-2026".into()).unwrap();
        assert!(matches!(act, Act::AdjustPool { delta: Fen(50_000_000), .. }));
    }

    #[test]
    fn a_contact_is_a_line_or_an_object() {
        let vault = Vault::ephemeral().unwrap();
        let line: RegisterRetailerBody = with("contact", json!("吕福敏 13300052423"));
        let object = example::<RegisterRetailerBody>();
        let contact = |body: RegisterRetailerBody| body.into_new_retailer(&vault, today()).unwrap().contact;
        let (line, object) = (contact(line), contact(object));
        assert_eq!(line, object);
        assert_eq!(object.unwrap().masked, format!("吕{}", "*".repeat(14)));
        let mut body = example_of::<RegisterRetailerBody>();
        body["contact"] = json!({"fax": "1"});
        let refusals = read::<RegisterRetailerBody>(body.to_string().as_bytes()).unwrap_err();
        assert_eq!((refusals.first().code, refusals.first().pointer.as_str()), (Code::FieldUnknown, "/contact/fax"));
    }

    #[test]
    fn what_cannot_stand_is_told() {
        let malformed = |field: &str| vec![(Code::BodyMalformed, format!("/{field}"))];
        assert_eq!(told(with::<GrowthBaselineBody>("year", json!(2022)).into_act()), malformed("year"));
        assert_eq!(told(with::<GrowthBaselineBody>("value", json!(0)).into_act()), malformed("value"));
        assert_eq!(told(with::<GrowthBaselineBody>("monthly", json!([1, 2])).into_act()), malformed("monthly"));
        for month in ["2026-07", "2023-12", "2026-13", "2026-5", "+026-05", ""] {
            assert_eq!(told(with::<OffSystemBody>("month", json!(month)).into_act(today())), malformed("month"));
        }
        let zero = with::<AdjustPoolBody>("delta", json!("0.00")).into_act(String::new());
        assert_eq!(told(zero), [(Code::AmountMalformed, "/delta".to_owned())]);
        let store = with::<ApproveBody>("programmes", json!(["a"])).into_act(Party::Store, Id::NIL);
        assert_eq!(told(store), malformed("programmes"));
    }
}
