//! The requests of a trade-in, as bytes: a claim, an old item handed in, a quote, a redemption.
//!
//! Every consumer has an access token of her own, which the service verifies when it sees it first; staff have one per
//! organisation, as at a counter. Codes are printed ones with the holder's check: as much to verify as for one on a
//! telephone and a little more, and they hold for as long as a measurement takes.

use huanxin::access::{AccessClaims, Role};
use huanxin::domain::id::Id;
use huanxin::domain::identifier::synthetic;
use huanxin::domain::time::Moment;
use serde_json::{Value, json};

use crate::NOW;
use crate::fixtures::{APPLIANCES, DIVISION, at};
use crate::service::Service;

/// How long tokens and codes hold.
const SECONDS: i64 = 24 * 3600;

/// Makes requests to a service.
pub struct Requests<'a> {
    service: &'a Service,
    now: Moment,
    recycler: String,
    /// Token and store of each retailer.
    sellers: Vec<(String, Id)>,
}

impl<'a> Requests<'a> {
    pub fn to(service: &'a Service) -> Self {
        let now = at(NOW);
        let staff = |role: Role, org: Id| {
            let claims = service.tokens.claims(&format!("{role} of {org}"), role, now, SECONDS);
            service.tokens.issue(&AccessClaims { org: Some(org), ..claims }).unwrap()
        };
        let recycler = staff(Role::Recycler, service.district.recycler);
        let sellers =
            service.district.sellers.iter().map(|(org, store)| (staff(Role::Retailer, *org), *store)).collect();
        Self { service, now, recycler, sellers }
    }

    /// The person of this number claims a voucher.
    pub fn claim(&self, n: u64) -> Vec<u8> {
        let id_provider = &self.service.id_provider;
        let claims = AccessClaims {
            name: Some(synthetic::person_name(n)),
            resident_id: Some(synthetic::resident_id(n)),
            ..id_provider.claims(&format!("consumer {n}"), self.now, SECONDS)
        };
        let token = id_provider.issue(&claims).unwrap();
        let body = json!({"programme_id": APPLIANCES, "category": "refrigerator", "division_code": DIVISION});
        self.post("/vouchers", &token, Some(n), &body)
    }

    /// This person's old item is handed in.
    pub fn turn_in(&self, n: u64) -> Vec<u8> {
        let body = json!({
            "category": "refrigerator",
            "owner": {"name": synthetic::person_name(n), "resident_id": synthetic::resident_id(n)},
            "item": {"serial_number": synthetic::serial_number(1_000_000_000 + n), "complete": true},
            "evidence": [],
            "received_on": self.now.day().to_string(),
            "credit": "80.00",
        });
        self.post("/turn-ins", &self.recycler, Some(n), &body)
    }

    /// A till asks what this sale would bring.
    pub fn quote(&self, sale: &Sale) -> Vec<u8> {
        self.post("/redemptions/quote", self.seller(sale.n).0, None, &sale.body)
    }

    /// A till redeems the voucher of this sale.
    pub fn redemption(&self, sale: &Sale) -> Vec<u8> {
        self.post("/redemptions", self.seller(sale.n).0, Some(sale.n), &sale.body)
    }

    /// The sale to this person.
    pub fn sale(&self, n: u64, voucher: Id, turn_in: Id) -> Sale {
        let (number, codes) = (synthetic::resident_id(n), &self.service.codes);
        let code = codes.printed(voucher, APPLIANCES, self.now, self.now.plus_seconds(SECONDS), &number).unwrap();
        let body = json!({
            "qr_token": codes.sign(&code).unwrap(),
            "holder_check": number[number.len() - 4..],
            "store_id": self.seller(n).1,
            "turn_in_id": turn_in,
            "item": {"category": "refrigerator", "brand": "海尔", "model": "BCD-510WGHTD19S9U1", "energy_level": 1,
                "serial_number": synthetic::serial_number(n)},
            "price": {"list": "6999.00", "discounts": "700.00", "final": "6299.00", "paid": "5354.15"},
            "invoice": {"number": synthetic::invoice_number(n), "issued_on": self.now.day().to_string(),
                "total": "6299.00", "buyer_name": synthetic::person_name(n)},
        });
        Sale { n, body }
    }

    fn seller(&self, n: u64) -> (&str, Id) {
        let (token, store) = &self.sellers[usize::try_from(n).unwrap() % self.sellers.len()];
        (token, *store)
    }

    fn post(&self, path: &str, token: &str, key: Option<u64>, body: &Value) -> Vec<u8> {
        let key = key.map(|key| format!("Idempotency-Key: \"{key}\"\r\n")).unwrap_or_default();
        let (host, body) = (self.service.address, body.to_string());
        let length = body.len();
        format!(
            "POST /api/v1{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\n{key}Content-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }
}

/// A sale that is ready to be sent.
pub struct Sale {
    n: u64,
    body: Value,
}
