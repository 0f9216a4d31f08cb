//! What retailers send.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::command::{Presented, RedeemVoucher};
use crate::domain::goods::{Battery, Category, Certification, Invoice, NewItem, Powertrain, Price};
use crate::domain::id::Id;
use crate::domain::identifier::{Kind, judge_invoice_number};
use crate::domain::personal::NewDataKey;
use crate::domain::records::Delivery;
use crate::domain::refusal::{Code, Refusal, Refusals};
use crate::domain::time::Day;
use crate::domain::{brand, identifier};
use crate::pii::{Sealer, Vault};
use crate::qr::{ScanToken, VoucherToken, VoucherTokens};

use super::judge::{ENTRIES, Judge, LINE, REASON};
use super::words::{
    Amount, BatteryWord, CategoryWord, CertificationWord, Date, Decimal, DivisionCode, Level, PowertrainWord, Token,
};

/// Why something is done.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "顾客退货"}))]
pub struct ReasonBody {
    /// Why, for the record.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

impl ReasonBody {
    /// The reason.
    ///
    /// # Errors
    /// `BODY_MALFORMED` when it is empty or too long.
    pub fn into_reason(self) -> Result<String, Refusals> {
        let mut judge = Judge::new(Day(chrono::NaiveDate::MAX));
        let reason = judge.text("/reason", &self.reason, REASON);
        judge.finish(reason)
    }
}

/// A redemption, or a quote that may lack item, price and invoice.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "scan_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6InNjYW4rand0In0.eyJ2aWQiOiIuLi4ifQ.c2lnbmF0dXJl",
    "store_id": "019a5c3e-7b00-7000-8000-000000000001",
    "item": {
        "category": "refrigerator", "brand": "海尔", "model": "BCD-510WGHTD19S9U1", "gtin": "6909794246738",
        "energy_level": 1, "serial_number": "HX0179424673"
    },
    "price": {"list": "6999.00", "discounts": "700.00", "final": "6299.00", "paid": "5354.15"},
    "invoice": {"number": "26367000900179424673", "issued_on": "2026-06-18", "total": "6299.00", "buyer_name": "江雪志"},
    "delivery_division_code": "360111", "delivery_address": "艾溪湖北路100号", "delivery_phone": "18000076211"
}))]
pub struct RedeemBody {
    /// What the consumer's code says; either this or `scan_token`.
    #[serde(default)]
    #[schema(value_type = Option<Token>)]
    pub qr_token: Option<String>,
    /// What a quote gave for the sale.
    #[serde(default)]
    #[schema(value_type = Option<Token>)]
    pub scan_token: Option<String>,
    /// Of a printed code: the last four characters of the holder's identity number.
    #[serde(default)]
    #[schema(pattern = "^[0-9]{3}[0-9Xx]$")]
    pub holder_check: Option<String>,
    /// The store that sells.
    #[serde(default)]
    #[schema(required, value_type = String, format = "uuid")]
    pub store_id: Option<String>,
    /// The new item.
    #[serde(default)]
    pub item: Option<NewItemBody>,
    /// Its price.
    #[serde(default)]
    pub price: Option<PriceBody>,
    /// The invoice.
    #[serde(default)]
    pub invoice: Option<InvoiceBody>,
    /// Division to which the item is delivered.
    #[serde(default)]
    #[schema(value_type = Option<DivisionCode>)]
    pub delivery_division_code: Option<String>,
    /// Address to which it is delivered.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub delivery_address: Option<String>,
    /// Mobile number for the delivery.
    #[serde(default)]
    pub delivery_phone: Option<String>,
    /// The old item, where it is matched at redemption.
    #[serde(default)]
    #[schema(format = "uuid")]
    pub turn_in_id: Option<String>,
}

/// The item that is bought.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewItemBody {
    /// Category.
    #[serde(default)]
    #[schema(required, value_type = CategoryWord)]
    pub category: Option<Category>,
    /// Brand, in any of its spellings.
    #[serde(default)]
    #[schema(required, value_type = String, min_length = 1, max_length = 200)]
    pub brand: Option<String>,
    /// The maker's model.
    #[serde(default)]
    #[schema(required, value_type = String, min_length = 1, max_length = 200)]
    pub model: Option<String>,
    /// Trade item number.
    #[serde(default)]
    pub gtin: Option<String>,
    /// Level of the China Energy Label.
    #[serde(default)]
    pub energy_level: Option<Level>,
    /// Of a car.
    #[serde(default)]
    #[schema(value_type = Option<PowertrainWord>)]
    pub powertrain: Option<Powertrain>,
    /// Of a car with a combustion engine, with at most three places: `1.498`.
    #[serde(default)]
    #[schema(value_type = Option<Decimal>)]
    pub displacement_litres: Option<String>,
    /// Of an e-bike.
    #[serde(default)]
    #[schema(value_type = Option<BatteryWord>)]
    pub battery: Option<Battery>,
    /// Certificates that it carries.
    #[serde(default)]
    #[schema(value_type = Option<Vec<CertificationWord>>, max_items = 100)]
    pub certifications: Option<Vec<Certification>>,
    /// Serial number; of an air-conditioner the indoor unit's.
    #[serde(default)]
    pub serial_number: Option<String>,
    /// Serial number of an air-conditioner's outdoor unit.
    #[serde(default)]
    pub outdoor_serial_number: Option<String>,
    /// Vehicle identification number of a car.
    #[serde(default)]
    pub vin: Option<String>,
    /// Fifteen-digit code of an e-bike.
    #[serde(default)]
    pub ebike_code: Option<String>,
    /// IMEI of a phone.
    #[serde(default)]
    pub imei: Option<String>,
    /// Second IMEI of a phone with two cards.
    #[serde(default)]
    pub imei2: Option<String>,
}

/// The prices of a sale, tax included.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceBody {
    /// List price.
    #[serde(default)]
    #[schema(required, value_type = Amount)]
    pub list: Option<Amount>,
    /// The sum of all merchant, platform and bank discounts.
    #[serde(default)]
    #[schema(required, value_type = Amount)]
    pub discounts: Option<Amount>,
    /// After all discounts, before the subsidy.
    #[serde(default, rename = "final")]
    #[schema(required, value_type = Amount)]
    pub agreed: Option<Amount>,
    /// What the consumer paid, when the till knows it.
    #[serde(default)]
    pub paid: Option<Amount>,
}

/// The invoice of a sale.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvoiceBody {
    /// Number of a digital invoice, or `code:number` of a paper one.
    #[serde(default)]
    #[schema(required, value_type = String, min_length = 1)]
    pub number: Option<String>,
    /// Its date.
    #[serde(default)]
    #[schema(required, value_type = Date)]
    pub issued_on: Option<Date>,
    /// Tax-included total, equal to the final price.
    #[serde(default)]
    #[schema(required, value_type = Amount)]
    pub total: Option<Amount>,
    /// The buyer whose name stands on it.
    #[serde(default)]
    #[schema(required, value_type = String, min_length = 1, max_length = 200)]
    pub buyer_name: Option<String>,
}

/// A sale as it was sent, without voucher and store.
#[derive(Clone, Debug, Default)]
pub struct SaleBody {
    /// The new item.
    pub item: Option<NewItemBody>,
    /// Its price.
    pub price: Option<PriceBody>,
    /// The invoice.
    pub invoice: Option<InvoiceBody>,
    /// Division to which the item is delivered.
    pub delivery_division_code: Option<String>,
    /// Address to which it is delivered.
    pub delivery_address: Option<String>,
    /// Mobile number for the delivery.
    pub delivery_phone: Option<String>,
}

/// A sale as far as it was sent and can be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parts {
    /// The new item; an identifier that cannot stand is left out.
    pub item: Option<NewItem>,
    /// Its price.
    pub price: Option<Price>,
    /// The invoice.
    pub invoice: Option<Invoice>,
    /// Delivery.
    pub delivery: Delivery,
    /// What its address and phone are sealed with.
    pub delivery_key: Option<NewDataKey>,
}

/// A quote's question, and what in its body cannot stand without being in the way of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Quoted {
    /// The question.
    pub redeem: RedeemVoucher,
    /// Failed checks of the body: they belong among the quote's `checks`, and with any of them there is no subsidy.
    pub failed: Vec<Refusal>,
}

impl SaleBody {
    /// Reads what was sent of the sale, with everything that cannot stand or lacks.
    #[must_use]
    pub fn as_far_as_read(self, vault: &Vault, today: Day) -> (Parts, Vec<Refusal>) {
        let mut judge = Judge::new(today);
        let parts = self.judge(vault, &mut judge);
        (parts, judge.into_failed())
    }

    fn judge(self, vault: &Vault, judge: &mut Judge) -> Parts {
        let item = judge.required("/item", self.item).and_then(|item| item.judge(judge));
        let price = judge.required("/price", self.price).and_then(|price| price.judge(judge));
        let invoice = judge.required("/invoice", self.invoice).and_then(|invoice| invoice.judge(vault, judge));
        let division = self.delivery_division_code.and_then(|code| judge.division("/delivery_division_code", &code));
        let address = self.delivery_address.and_then(|text| judge.text("/delivery_address", &text, LINE));
        let phone = self.delivery_phone.and_then(|phone| {
            let judged = identifier::judge(Kind::MobileCn, &phone, judge.today().0);
            judge.personal("/delivery_phone", judged)
        });
        let mut delivery = Delivery { division_code: division, ..Delivery::default() };
        // Most sales state neither, and then need no key.
        let told = address.is_some() || phone.is_some();
        let sealer = told.then(|| vault.sealer()).and_then(|sealer| judge.sealed(sealer));
        if let Some(sealer) = &sealer {
            delivery.address = address.and_then(|text| judge.sealed(sealer.text(&text)));
            delivery.phone = phone.and_then(|number| judge.sealed(sealer.mobile(&number)));
        }
        Parts { item, price, invoice, delivery, delivery_key: sealer.map(Sealer::into_key) }
    }
}

impl NewItemBody {
    fn judge(self, judge: &mut Judge) -> Option<NewItem> {
        if let Some(category) = self.category {
            self.identity(category, judge);
        }
        let category = judge.required("/item/category", self.category);
        let mut text = |field: &str, value: Option<String>| {
            let at = format!("/item/{field}");
            judge.required(&at, value).and_then(|value| judge.text(&at, &value, LINE))
        };
        let (brand, model) = (text("brand", self.brand), text("model", self.model));
        let displacement_cc = self.displacement_litres.and_then(|litres| {
            judge.scaled("/item/displacement_litres", &litres, 3, 99_999).and_then(|cc| u32::try_from(cc).ok())
        });
        let certifications = self.certifications.unwrap_or_default();
        if certifications.len() > ENTRIES {
            judge.malformed("/item/certifications", format!("at most {ENTRIES} entries"));
        }
        let mut read = |kind, field: &str, value: Option<String>| {
            value.and_then(|value| judge.identifier(kind, &format!("/item/{field}"), &value))
        };
        let level = read(Kind::EnergyLevel, "energy_level", self.energy_level.map(|level| level.0));
        let item = NewItem {
            category: category?,
            brand: brand::canonical(&brand?),
            model: model?,
            gtin: read(Kind::Gtin, "gtin", self.gtin),
            energy_level: level.and_then(|level| level.parse().ok()),
            powertrain: self.powertrain,
            displacement_cc,
            battery: self.battery,
            certifications,
            serial_number: read(Kind::ApplianceSnPolicy, "serial_number", self.serial_number),
            outdoor_serial_number: read(Kind::ApplianceSnPolicy, "outdoor_serial_number", self.outdoor_serial_number),
            vin: read(Kind::Vin, "vin", self.vin),
            ebike_code: read(Kind::EbikeVehicleCode, "ebike_code", self.ebike_code),
            imei: read(Kind::Imei, "imei", self.imei),
            imei2: read(Kind::Imei, "imei2", self.imei2),
        };
        Some(item)
    }

    /// Whether the item can be told from every other one of its category.
    fn identity(&self, category: Category, judge: &mut Judge) {
        let (there, field) = match category {
            Category::Car => (self.vin.is_some(), "/item/vin"),
            Category::Ebike => (self.ebike_code.is_some(), "/item/ebike_code"),
            Category::Phone | Category::Tablet | Category::Watch | Category::Glasses => {
                (self.serial_number.is_some() || self.imei.is_some(), "/item/serial_number")
            }
            _ => (self.serial_number.is_some(), "/item/serial_number"),
        };
        if !there {
            judge.missing(field);
        }
    }
}

impl PriceBody {
    fn judge(self, judge: &mut Judge) -> Option<Price> {
        let mut read = |field: &str, amount: Option<Amount>| {
            let at = format!("/price/{field}");
            judge.required(&at, amount).and_then(|amount| judge.amount(&at, &amount))
        };
        let (list, discounts) = (read("list", self.list), read("discounts", self.discounts));
        let agreed = read("final", self.agreed);
        let paid = match self.paid {
            Some(paid) => Some(judge.amount("/price/paid", &paid)?),
            None => None,
        };
        Some(Price { list: list?, discounts: discounts?, agreed: agreed?, paid })
    }
}

impl InvoiceBody {
    fn judge(self, vault: &Vault, judge: &mut Judge) -> Option<Invoice> {
        let number = judge.required("/invoice/number", self.number).and_then(|number| {
            let judged = judge_invoice_number(&number, judge.today().0);
            judge.judged("/invoice/number", &number, judged)
        });
        let issued_on = judge.required("/invoice/issued_on", self.issued_on);
        let issued_on = issued_on.map(|day| judge.invoice_day("/invoice/issued_on", day));
        let total = judge.required("/invoice/total", self.total);
        let total = total.and_then(|total| judge.amount("/invoice/total", &total));
        // Whether it is the holder's is judged by the rules; here any name may stand. It is kept only if it is, and then as
        // the holder's own.
        let at = "/invoice/buyer_name";
        let buyer = judge.required(at, self.buyer_name).and_then(|name| judge.text(at, &name, LINE));
        let buyer = buyer.map(|name| vault.name_to_compare(&name));
        Some(Invoice { number: number?, issued_on: issued_on?, total: total?, buyer: buyer? })
    }
}

impl RedeemBody {
    /// The redemption. With `complete` every part must be there; without, absent parts are no failure, and a part that
    /// is there must stand.
    ///
    /// # Errors
    /// With everything in the body that cannot stand.
    pub fn into_redeem(
        self,
        retailer: Id,
        tokens: &VoucherTokens,
        vault: &Vault,
        today: Day,
        complete: bool,
    ) -> Result<RedeemVoucher, Refusals> {
        let (made, mut failed) = self.judge(retailer, tokens, vault, today);
        if !complete {
            failed.retain(|refusal| !is_absent_part(refusal));
        }
        whole(made, failed)
    }

    /// The question of a quote. What is wrong with item, price and invoice does not keep it from being answered: the
    /// failed checks come along. A fault of the form, a bad token or a store that is none does.
    ///
    /// # Errors
    /// With everything that keeps the quote from being answered.
    pub fn into_quote(
        self,
        retailer: Id,
        tokens: &VoucherTokens,
        vault: &Vault,
        today: Day,
    ) -> Result<Quoted, Refusals> {
        let (made, failed) = self.judge(retailer, tokens, vault, today);
        let (checks, grave): (Vec<_>, Vec<_>) = failed.into_iter().partition(is_a_check);
        whole(made, grave).map(|redeem| Quoted { redeem, failed: checks })
    }

    fn judge(
        self,
        retailer: Id,
        tokens: &VoucherTokens,
        vault: &Vault,
        today: Day,
    ) -> (Option<RedeemVoucher>, Vec<Refusal>) {
        let mut judge = Judge::new(today);
        let presented = self.presented(tokens, &mut judge);
        let store = judge.required("/store_id", self.store_id).and_then(|id| judge.id("/store_id", &id));
        let turn_in = self.turn_in_id.and_then(|id| judge.id("/turn_in_id", &id));
        let sale = SaleBody {
            item: self.item,
            price: self.price,
            invoice: self.invoice,
            delivery_division_code: self.delivery_division_code,
            delivery_address: self.delivery_address,
            delivery_phone: self.delivery_phone,
        };
        let Parts { item, price, invoice, delivery, delivery_key } = sale.judge(vault, &mut judge);
        let made = presented.zip(store).map(|(presented, store)| RedeemVoucher {
            presented,
            retailer,
            store,
            bound_to: None,
            item,
            price,
            invoice,
            delivery,
            delivery_key,
            turn_in,
        });
        (made, judge.into_failed())
    }

    fn presented(&self, tokens: &VoucherTokens, judge: &mut Judge) -> Option<Presented> {
        match (&self.qr_token, &self.scan_token) {
            (None, None) => {
                judge.fail(Refusal::at(Code::FieldMissing, "/qr_token").expected("qr_token or scan_token"));
                None
            }
            (Some(_), Some(_)) => {
                judge.malformed("/scan_token", "either qr_token or scan_token, not both");
                None
            }
            (Some(text), None) => {
                let Ok(token) = tokens.read(text.trim()) else { return invalid("/qr_token", judge) };
                Some(self.shown(&token, tokens))
            }
            (None, Some(text)) => match tokens.read_scan(text.trim()) {
                Ok(token) => Some(scanned(&token)),
                Err(_) => invalid("/scan_token", judge),
            },
        }
    }

    /// A code that the consumer showed; a printed one asks for the holder's check.
    fn shown(&self, token: &VoucherToken, tokens: &VoucherTokens) -> Presented {
        let holder_passed = tokens.holder_passes(token, self.holder_check.as_deref().unwrap_or_default());
        Presented { voucher: token.voucher, expires: token.expires, store: None, holder_passed }
    }
}

/// A token that an earlier quote gave, which remembers the holder's check.
fn scanned(token: &ScanToken) -> Presented {
    Presented {
        voucher: token.voucher,
        expires: token.expires,
        store: Some(token.store),
        holder_passed: token.holder_passed,
    }
}

fn invalid<T>(pointer: &str, judge: &mut Judge) -> Option<T> {
    judge.fail(Refusal::at(Code::QrInvalid, pointer));
    None
}

fn whole<T>(made: Option<T>, failed: Vec<Refusal>) -> Result<T, Refusals> {
    match (Refusals::from_failed(failed), made) {
        (Some(refusals), _) => Err(refusals),
        (None, Some(made)) => Ok(made),
        (None, None) => Err(Code::BodyMalformed.into()),
    }
}

fn is_absent_part(refusal: &Refusal) -> bool {
    refusal.code == Code::FieldMissing && ["/item", "/price", "/invoice"].contains(&refusal.pointer.as_str())
}

/// Whether a failure is about the sale, so that a quote tells it among its checks.
fn is_a_check(refusal: &Refusal) -> bool {
    let about_the_sale = ["/item", "/price", "/invoice", "/delivery", "/turn_in_id"]
        .iter()
        .any(|part| refusal.pointer.starts_with(part));
    let kind = [Code::FieldMissing, Code::IdentifierInvalid, Code::InvoiceOutsideWindow].contains(&refusal.code);
    about_the_sale && kind
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::body::{example_of, read};
    use crate::domain::identifier::synthetic;
    use crate::domain::money::Fen;
    use crate::domain::time::Moment;
    use crate::keys::KeyRing;
    use crate::qr::Form;

    const NOW: Moment = Moment(1_781_800_000_000_000);

    struct Fixture {
        vault: Vault,
        tokens: VoucherTokens,
        voucher: Id,
        store: Id,
    }

    impl Fixture {
        fn new() -> Self {
            let keys = KeyRing::generate().unwrap();
            let ids = (Id::digest(&["voucher"]), Id::digest(&["store"]));
            Self { vault: Vault::ephemeral().unwrap(), tokens: VoucherTokens::new(&keys), voucher: ids.0, store: ids.1 }
        }

        fn live(&self) -> String {
            self.tokens.sign(&VoucherTokens::live(self.voucher, "nc-appl-2026", NOW)).unwrap()
        }

        fn printed(&self) -> String {
            let later = NOW.plus_seconds(86_400);
            let token =
                self.tokens.printed(self.voucher, "nc-appl-2026", NOW, later, &synthetic::resident_id(1)).unwrap();
            self.tokens.sign(&token).unwrap()
        }

        fn body(&self) -> Value {
            let mut body = example_of::<RedeemBody>();
            body["scan_token"].take();
            body["qr_token"] = json!(self.live());
            body["store_id"] = json!(self.store.to_string());
            body
        }

        fn redeem(&self, body: &Value, complete: bool) -> Result<RedeemVoucher, Refusals> {
            let read = read::<RedeemBody>(body.to_string().as_bytes())?;
            read.into_redeem(Id::NIL, &self.tokens, &self.vault, NOW.day(), complete)
        }

        fn quote(&self, body: &Value) -> Result<Quoted, Refusals> {
            let read = read::<RedeemBody>(body.to_string().as_bytes())?;
            read.into_quote(Id::NIL, &self.tokens, &self.vault, NOW.day())
        }
    }

    fn told(refusals: &[Refusal]) -> Vec<(Code, &str)> {
        refusals.iter().map(|refusal| (refusal.code, refusal.pointer.as_str())).collect()
    }

    #[test]
    fn the_example_is_good_but_for_its_token() {
        let fixture = Fixture::new();
        let refusals = fixture.redeem(&example_of::<RedeemBody>(), true).unwrap_err();
        assert_eq!(told(refusals.all()), [(Code::QrInvalid, "/scan_token")]);
        let redeem = fixture.redeem(&fixture.body(), true).unwrap();
        assert_eq!(redeem.presented.voucher, fixture.voucher);
        assert_eq!(redeem.price.unwrap().agreed, Fen(629_900));
        let item = redeem.item.unwrap();
        assert_eq!((item.brand.as_str(), item.energy_level), ("Haier", Some(1)));
    }

    #[test]
    fn tokens_are_read_with_the_holders_check() {
        let fixture = Fixture::new();
        let mut body = fixture.body();
        let passed = |body: &Value| fixture.redeem(body, true).unwrap().presented.holder_passed;
        assert!(passed(&body));
        body["qr_token"] = json!(fixture.printed());
        assert!(!passed(&body));
        body["holder_check"] = json!("0000");
        assert!(!passed(&body));
        body["holder_check"] = json!(synthetic::resident_id(1)[14..].to_lowercase());
        assert!(passed(&body));
        let scan = VoucherTokens::scan(fixture.voucher, fixture.store, Form::Printed, true, NOW);
        body["scan_token"] = json!(fixture.tokens.sign_scan(&scan).unwrap());
        let refusals = fixture.redeem(&body, true).unwrap_err();
        assert_eq!(told(refusals.all()), [(Code::BodyMalformed, "/scan_token")]);
        body["qr_token"].take();
        body["holder_check"].take();
        let presented = fixture.redeem(&body, true).unwrap().presented;
        assert_eq!((presented.store, presented.holder_passed), (Some(fixture.store), true));
        body["scan_token"].take();
        assert_eq!(told(fixture.redeem(&body, true).unwrap_err().all()), [(Code::FieldMissing, "/qr_token")]);
    }

    #[test]
    fn a_redemption_is_whole_and_a_quote_need_not_be() {
        let fixture = Fixture::new();
        let body = json!({"qr_token": fixture.live(), "store_id": fixture.store.to_string()});
        let missing = [(Code::FieldMissing, "/item"), (Code::FieldMissing, "/price"), (Code::FieldMissing, "/invoice")];
        assert_eq!(told(fixture.redeem(&body, true).unwrap_err().all()), missing);
        assert!(fixture.redeem(&body, false).is_ok());
        assert_eq!(told(&fixture.quote(&body).unwrap().failed), missing);

        let mut body = fixture.body();
        body["item"] = json!({"category": "car", "brand": "吉利", "model": "X", "displacement_litres": "1.498",
            "gtin": "1"});
        let refusals = fixture.redeem(&body, true).unwrap_err();
        assert_eq!(told(refusals.all()), [(Code::FieldMissing, "/item/vin"), (Code::IdentifierInvalid, "/item/gtin")]);
        let quoted = fixture.quote(&body).unwrap();
        assert_eq!(quoted.failed.len(), 2);
        assert_eq!(quoted.redeem.item.unwrap().displacement_cc, Some(1498));
    }

    #[test]
    fn amounts_are_strings_in_a_quote_as_well() {
        let fixture = Fixture::new();
        for bad in [json!(6299), json!("6299.001"), json!("-1"), json!(true), json!({})] {
            let mut body = fixture.body();
            body["price"]["final"] = bad.clone();
            body["invoice"]["total"] = bad.clone();
            let expected = [(Code::AmountMalformed, "/price/final"), (Code::AmountMalformed, "/invoice/total")];
            assert_eq!(told(fixture.quote(&body).unwrap_err().all()), expected, "{bad}");
        }
    }

    #[test]
    fn nothing_personal_comes_back() {
        let fixture = Fixture::new();
        let mut body = fixture.body();
        body["delivery_phone"] = json!("139999");
        body["invoice"]["buyer_name"] = json!("");
        body["invoice"]["issued_on"] = json!("2027-01-01");
        let refusals = fixture.redeem(&body, true).unwrap_err();
        let expected = [
            (Code::BodyMalformed, "/invoice/buyer_name"),
            (Code::IdentifierInvalid, "/delivery_phone"),
            (Code::InvoiceOutsideWindow, "/invoice/issued_on"),
        ];
        assert_eq!(told(refusals.all()), expected);
        assert!(!format!("{refusals:?}").contains("139999"));
    }
}
