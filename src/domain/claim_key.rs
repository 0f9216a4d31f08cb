//! Identities that count once: under which keys a new item, an old item and an invoice are claimed.

use super::goods::{Category, Invoice, NewItem, OldItem};
use super::id::Id;
use super::identifier::serial_number_key;
use super::records::{ClaimKey, ClaimKind};
use super::refusal::Code;

/// A key of something bought, with the place to blame and the code when somebody else holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The key.
    pub key: ClaimKey,
    /// JSON pointer into the redemption's body.
    pub pointer: &'static str,
    /// What a second use is called.
    pub code: Code,
}

/// The keys of a new item. A serial number counts together with its brand, however it is punctuated.
#[must_use]
pub fn of_new_item(item: &NewItem) -> Vec<Taken> {
    let brand = item.brand.to_lowercase();
    let serial = |number: &String| ClaimKey::new(ClaimKind::NewSerial, &[&brand, &serial_number_key(number)]);
    let imei = |number: &String| ClaimKey::new(ClaimKind::NewImei, &[number]);
    let vin = |number: &String| ClaimKey::new(ClaimKind::NewVin, &[number]);
    let ebike = |number: &String| ClaimKey::new(ClaimKind::NewEbike, &[number]);
    let taken = |key: Option<ClaimKey>, pointer, code| key.map(|key| Taken { key, pointer, code });
    let mut keys: Vec<Taken> = [
        taken(item.serial_number.as_ref().map(serial), "/item/serial_number", Code::SnAlreadyUsed),
        taken(item.outdoor_serial_number.as_ref().map(serial), "/item/outdoor_serial_number", Code::SnAlreadyUsed),
        taken(item.imei.as_ref().map(imei), "/item/imei", Code::SnAlreadyUsed),
        taken(item.imei2.as_ref().map(imei), "/item/imei2", Code::SnAlreadyUsed),
        taken(item.vin.as_ref().map(vin), "/item/vin", Code::NewItemAlreadySubsidised),
        taken(item.ebike_code.as_ref().map(ebike), "/item/ebike_code", Code::NewItemAlreadySubsidised),
    ]
    .into_iter()
    .flatten()
    .collect();
    // One number stated twice (both IMEIs alike) is one key.
    keys.sort_by_key(|taken| taken.key);
    keys.dedup_by_key(|taken| taken.key);
    keys
}

/// The key of an invoice.
#[must_use]
pub fn of_invoice(invoice: &Invoice) -> Taken {
    let key = ClaimKey::new(ClaimKind::Invoice, &[&invoice.number]);
    Taken { key, pointer: "/invoice/number", code: Code::InvoiceAlreadyUsed }
}

/// The keys of an old item that `recorder` took in; a ticket is the recorder's own numbering. Never empty for an
/// item with any identity. A car's plate is no key: the owner may take it along to the next car.
#[must_use]
pub fn of_old_item(item: &OldItem, recorder: Id) -> Vec<ClaimKey> {
    let category = item.category.name();
    let mut keys = Vec::new();
    if let Some(vin) = &item.vin {
        keys.push(ClaimKey::new(ClaimKind::OldVin, &[vin]));
    }
    if let Some(code) = &item.ebike_code {
        keys.push(ClaimKey::new(ClaimKind::OldEbike, &[code]));
    }
    if let Some(frame) = &item.frame_number {
        keys.push(ClaimKey::new(ClaimKind::OldFrame, &[&serial_number_key(frame)]));
    }
    if let Some(serial) = &item.serial_number {
        keys.push(ClaimKey::new(ClaimKind::OldSerial, &[category, &serial_number_key(serial)]));
    }
    if let Some(ticket) = &item.ticket_number {
        keys.push(ClaimKey::new(ClaimKind::OldTicket, &[&recorder.to_string(), ticket]));
    }
    if let (true, Some(plate), Category::Ebike) = (keys.is_empty(), &item.plate, item.category) {
        keys.push(ClaimKey::new(ClaimKind::OldFrame, &["plate", plate]));
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}
