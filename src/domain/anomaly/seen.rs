//! What the rules look at: plain values, as far as they are known. No name, number or address stands here, only keyed
//! digests of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::limits::Limits;
use crate::domain::goods::{Category, EvidenceKind};
use crate::domain::id::Id;
use crate::domain::identifier::serial_number_key;
use crate::domain::money::Fen;
use crate::domain::old_item_end::OldItemStep;
use crate::domain::records::{ClaimKey, Redemption, TurnIn};
use crate::domain::refusal::Code;
use crate::domain::time::{Day, Moment};

/// A redemption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sold {
    /// The redemption.
    pub id: Id,
    /// When.
    pub at: Moment,
    /// Its voucher.
    pub voucher: Id,
    /// The holder.
    pub person: Id,
    /// The holder's name.
    pub name: Id,
    /// Retailer.
    pub retailer: Id,
    /// Store.
    pub store: Id,
    /// Who redeemed it.
    pub clerk: Id,
    /// Category.
    pub category: Category,
    /// The product: its GTIN, or else brand and model.
    pub product: String,
    /// Brand, in lower case.
    pub brand: String,
    /// Serial numbers, as they are compared.
    pub serials: Vec<String>,
    /// Price after all discounts.
    pub price: Fen,
    /// The lowest price at which the subsidy is as high as it gets, where there is one.
    pub cap_price: Option<Fen>,
    /// The price that was filed for the product, where that is known: when it is sold, and not to a scan.
    pub filed_price: Option<Fen>,
    /// Address of delivery.
    pub address: Option<Id>,
    /// Telephone number of delivery.
    pub phone: Option<Id>,
    /// The device from which the voucher was claimed.
    pub device: Option<Id>,
    /// Division in which the voucher was claimed.
    pub claimed_in: String,
    /// Division of the store.
    pub sold_in: String,
    /// When it was returned.
    pub returned: Option<Moment>,
}

/// What belongs to a redemption and stands elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// The device from which the voucher was claimed.
    pub device: Option<Id>,
    /// Division in which it was claimed.
    pub claimed_in: String,
    /// Division of the store.
    pub sold_in: String,
    /// When the redemption was returned.
    pub returned: Option<Moment>,
}

impl Sold {
    /// A redemption as the rules see it.
    #[must_use]
    pub fn of(fact: &Redemption, beside: Beside, cap_price: Option<Fen>, filed_price: Option<Fen>) -> Self {
        let Beside { device, claimed_in, sold_in, returned } = beside;
        let item = &fact.item;
        let brand = item.brand.to_lowercase();
        let product = item.gtin.clone().unwrap_or_else(|| format!("{brand} {}", item.model.to_lowercase()));
        let serials = [&item.serial_number, &item.outdoor_serial_number].into_iter().flatten();
        Self {
            id: fact.id,
            at: fact.at,
            voucher: fact.voucher,
            person: fact.person,
            name: fact.invoice.buyer.lookup,
            retailer: fact.retailer,
            store: fact.store,
            clerk: fact.clerk,
            category: fact.category,
            product,
            brand,
            serials: serials.map(|number| serial_number_key(number)).collect(),
            price: fact.price.agreed,
            cap_price,
            filed_price,
            address: fact.delivery.address.as_ref().map(|address| address.lookup),
            phone: fact.delivery.phone.as_ref().map(|phone| phone.lookup),
            device,
            claimed_in,
            sold_in,
            returned,
        }
    }

    /// Whether it was not returned by the end of a day.
    pub(super) fn stands(&self, day: Day) -> bool {
        self.returned.is_none_or(|at| at.day() > day)
    }
}

/// What is known of an old item's way to the yard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// Nobody keeps account of it.
    Unknown,
    /// The yard has not got it.
    Missing,
    /// The yard has got it.
    Arrived,
}

/// A record of an old item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandedIn {
    /// The record.
    pub id: Id,
    /// When it was recorded.
    pub at: Moment,
    /// Who took it in.
    pub recorder: Id,
    /// The identities by which the item counts once.
    pub keys: Vec<ClaimKey>,
    /// Whether it came to the yard.
    pub receipt: Receipt,
    /// The redemption that it supports.
    pub line: Option<Id>,
}

impl HandedIn {
    /// A record as the rules see it, with the redemption that it supports.
    #[must_use]
    pub fn of(record: &TurnIn, line: Option<Id>, receipt: Receipt) -> Self {
        let TurnIn { id, recorder, claims, recorded_at, .. } = record;
        Self { id: *id, at: *recorded_at, recorder: *recorder, keys: claims.clone(), receipt, line }
    }
}

/// A photo or document that was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Photo {
    /// SHA-256 of the file.
    pub sha256: String,
    /// The old item or redemption for which it was shown.
    pub of: Id,
    /// When.
    pub at: Moment,
    /// The redemption that it supports.
    pub line: Option<Id>,
}

impl Photo {
    /// The photos that were shown with an old item.
    pub fn of_turn_in(record: &TurnIn, line: Option<Id>) -> impl Iterator<Item = Self> + '_ {
        let (of, at) = (record.id, record.recorded_at);
        let photos = record.item.evidence.iter().filter(|piece| piece.kind == EvidenceKind::Photo);
        photos.filter_map(move |piece| Some(Self { sha256: piece.sha256.clone()?, of, at, line }))
    }
}

/// A certificate of dismantling, as it was named for an old item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Its number.
    pub number: String,
    /// The yard that named it.
    pub yard: Id,
    /// The old item.
    pub of: Id,
    /// When.
    pub at: Moment,
    /// The redemption that the old item supports.
    pub line: Option<Id>,
}

impl Certificate {
    /// What a step in an old item's end names, if it names one.
    #[must_use]
    pub fn of(step: OldItemStep, line: Option<Id>) -> Option<Self> {
        let OldItemStep { organisation: yard, turn_in: of, at, certificate, .. } = step;
        Some(Self { number: certificate?.trim().to_uppercase(), yard, of, at, line })
    }
}

/// A refused redemption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Try {
    /// The attempt.
    pub id: Id,
    /// When.
    pub at: Moment,
    /// Who tried.
    pub actor: Id,
    /// The voucher.
    pub voucher: Id,
    /// Why it was refused.
    pub codes: Vec<Code>,
}

/// Somebody who works for a retailer. Of staff no identity number is known, so that a buyer is told by the name alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffName {
    /// The account.
    pub account: Id,
    /// The retailer.
    pub retailer: Id,
    /// The name.
    pub name: Id,
}

/// Everything that was seen up to the end of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The day that is scanned.
    pub day: Day,
    /// Redemptions in the order of their identities, which is that of their times.
    pub sales: Vec<Sold>,
    /// Old items, the oldest first.
    pub turn_ins: Vec<HandedIn>,
    /// Photos and documents, the oldest first.
    pub photos: Vec<Photo>,
    /// Certificates of dismantling, the oldest first.
    pub certificates: Vec<Certificate>,
    /// Refused redemptions, the oldest first.
    pub tries: Vec<Try>,
    /// Staff of retailers.
    pub staff: Vec<StaffName>,
}

impl Seen {
    /// Nothing, yet.
    #[must_use]
    pub fn of(day: Day) -> Self {
        let (sales, turn_ins, photos, certificates, tries, staff) = Default::default();
        Self { day, sales, turn_ins, photos, certificates, tries, staff }
    }

    /// The sales that a rule looks at, returned or not.
    pub(super) fn window(&self, limits: &Limits) -> &[Sold] {
        self.between(limits.first_day(self.day))
    }

    /// Those of the scanned day.
    pub(super) fn today(&self) -> &[Sold] {
        self.between(self.day)
    }

    /// From the beginning of a day to the end of the scanned one.
    fn between(&self, from: Day) -> &[Sold] {
        let before = |moment: Moment| self.sales.partition_point(|sale| sale.at < moment);
        self.sales.get(before(from.start())..before(self.day.next().start())).unwrap_or_default()
    }

    /// Whether something was of the scanned day.
    pub(super) fn is_today(&self, at: Moment) -> bool {
        self.span().contains(&at)
    }

    /// The moments of the scanned day; for who compares many with it.
    pub(super) fn span(&self) -> Range<Moment> {
        self.day.start()..self.day.next().start()
    }

    /// The sales that a rule looks at and that were not returned, by a key that one of the scanned day has. Only these
    /// can have become a pattern on the day, so that the others are passed over.
    pub(super) fn standing_by<K: Ord>(
        &self,
        limits: &Limits,
        key: impl Fn(&Sold) -> Option<K>,
    ) -> BTreeMap<K, Vec<&Sold>> {
        let of_today = self.today().iter().filter(|sale| sale.stands(self.day));
        let mut groups: BTreeMap<K, Vec<&Sold>> = of_today.filter_map(|sale| Some((key(sale)?, Vec::new()))).collect();
        for sale in self.window(limits).iter().filter(|sale| sale.stands(self.day)) {
            if let Some(group) = key(sale).and_then(|key| groups.get_mut(&key)) {
                group.push(sale);
            }
        }
        groups
    }

    /// Of a pattern's sales those that the day brings: the day's alone when those before it were enough by themselves,
    /// because then they were told before; else all.
    pub(super) fn brought<'a>(&self, sales: &[&'a Sold], enough: impl Fn(&[&Sold]) -> bool) -> Vec<&'a Sold> {
        let (today, before): (Vec<&Sold>, Vec<&Sold>) = sales.iter().partition(|sale| self.is_today(sale.at));
        if enough(&before) { today } else { sales.to_vec() }
    }

    /// Redemptions by their identities, as far as they were read and stand.
    pub(super) fn lines<'a>(&'a self, ids: &BTreeSet<Id>) -> Vec<&'a Sold> {
        let known = |id: &Id| self.sales.binary_search_by_key(id, |sale| sale.id).ok();
        let found = ids.iter().filter_map(known).filter_map(|at| self.sales.get(at));
        found.filter(|sale| sale.stands(self.day)).collect()
    }
}

/// A count as a measure.
pub(super) fn count(cases: usize) -> u32 {
    u32::try_from(cases).unwrap_or(u32::MAX)
}
