//! A case: a sale under a scheme, and what it brings.

use huanxin::domain::goods::{Battery, Category, Certification, Disposal, Evidence, EvidenceKind, Fuel};
use huanxin::domain::goods::{NewItem, OldItem, Powertrain};
use huanxin::domain::money::Fen;
use huanxin::domain::programme::Rules;
use huanxin::domain::refusal::Code;
use huanxin::domain::time::Moment;

use crate::fixtures::{at, day, fen, new_item, old_item};

/// The cases of one programme file.
pub struct Table {
    /// The file's name without its ending.
    pub file: &'static str,
    /// When its sales happen, unless a case says otherwise.
    pub now: &'static str,
    pub cases: Vec<Case>,
}

/// A sale by one person. Goods get their identities when it is run.
pub struct Case {
    pub name: String,
    pub item: NewItem,
    pub list: &'static str,
    pub discounts: &'static str,
    pub paid: Option<&'static str>,
    /// The day of the invoice; that of the sale when it is not said.
    pub invoiced_on: Option<&'static str>,
    /// When it happens; the table's time when it is not said.
    pub at: Option<&'static str>,
    pub old: Option<OldItem>,
    /// The old item is somebody else's.
    pub of_another: bool,
    /// Vouchers that the person has had of this category this year.
    pub used: u32,
    pub delivered_to: Option<&'static str>,
    /// What is different in the programme of this case.
    pub variant: Option<fn(&mut Rules)>,
    pub brings: Brings,
}

/// What a sale is to bring.
pub enum Brings {
    /// The public money.
    Gives(&'static str),
    /// The public money, what the consumer pays, and whose money it is.
    Splits(&'static str, &'static str, &'static [(&'static str, &'static str)]),
    /// The most urgent code.
    Refuses(Code),
}
pub use Brings::{Gives, Refuses, Splits};

/// The sale of an item at a price, without discounts, without an old item.
pub fn case(name: impl Into<String>, item: NewItem, list: &'static str, brings: Brings) -> Case {
    Case {
        name: name.into(),
        item,
        list,
        discounts: "0.00",
        paid: None,
        invoiced_on: None,
        at: None,
        old: None,
        of_another: false,
        used: 0,
        delivered_to: None,
        variant: None,
        brings,
    }
}

impl Case {
    pub fn price(&self) -> Fen {
        fen(self.list) - fen(self.discounts)
    }

    pub fn moment(&self, table: &Table) -> Moment {
        at(self.at.unwrap_or(table.now))
    }

    pub fn old(self, old: OldItem) -> Self {
        Self { old: Some(old), ..self }
    }

    pub fn no_old(self) -> Self {
        Self { old: None, ..self }
    }

    pub fn at(self, at: &'static str) -> Self {
        Self { at: Some(at), ..self }
    }

    pub fn invoiced_on(self, day: &'static str) -> Self {
        Self { invoiced_on: Some(day), ..self }
    }

    pub fn used(self, used: u32) -> Self {
        Self { used, ..self }
    }

    pub fn variant(self, change: fn(&mut Rules)) -> Self {
        Self { variant: Some(change), ..self }
    }
}

/// The same sale around the window of claims: its first and last second, and the second on the other side of each.
/// `make` gives a sale that is good within.
pub fn edges(
    make: impl Fn(&'static str) -> Case,
    [before, first, last, after]: [&'static str; 4],
) -> impl Iterator<Item = Case> {
    let closed = |name, at| Case { brings: Refuses(Code::ProgrammeNotOpen), ..make(name) }.at(at);
    let cases = [
        closed("the second before the window", before),
        make("the window's first second").at(first),
        make("the window's last second").at(last),
        closed("the second after the window", after),
    ];
    cases.into_iter()
}

// ---------------------------------------------------------------- goods

pub fn level(category: Category, level: u8) -> NewItem {
    NewItem { energy_level: Some(level), ..new_item(category, 0) }
}

/// Without an energy label.
pub fn unlabelled(category: Category) -> NewItem {
    NewItem { energy_level: None, ..new_item(category, 0) }
}

pub fn nev() -> NewItem {
    new_item(Category::Car, 0)
}

pub fn petrol(cc: u32) -> NewItem {
    NewItem { powertrain: Some(Powertrain::Petrol), displacement_cc: Some(cc), ..nev() }
}

pub fn diesel() -> NewItem {
    NewItem { powertrain: Some(Powertrain::Diesel), displacement_cc: Some(1998), ..nev() }
}

pub fn bike(battery: Battery) -> NewItem {
    NewItem { battery: Some(battery), ..new_item(Category::Ebike, 0) }
}

/// With proof of GB 43854, for lithium batteries.
pub fn certified(item: NewItem) -> NewItem {
    NewItem { certifications: vec![Certification::Ccc, Certification::Gb17761, Certification::Gb43854], ..item }
}

pub fn old(category: Category) -> OldItem {
    old_item(category, 0)
}

pub fn old_bike(battery: Battery) -> OldItem {
    OldItem { battery: Some(battery), registered: Some(true), ..old(Category::Ebike) }
}

/// A scrapped car with both certificates, in the owner's name since 2015.
pub fn scrapped(fuel: Fuel, registered: &str) -> OldItem {
    OldItem { fuel: Some(fuel), first_registered_on: Some(day(registered)), ..old(Category::Car) }
}

/// A car that was sold, with the invoice.
pub fn sold_on(fuel: Fuel) -> OldItem {
    let invoice = Evidence { kind: EvidenceKind::UsedCarInvoice, number: None, sha256: None };
    OldItem { disposal: Some(Disposal::Transferred), evidence: vec![invoice], ..scrapped(fuel, "2019-05-04") }
}

pub fn owned_since(since: &str, old: OldItem) -> OldItem {
    OldItem { owned_since: Some(day(since)), ..old }
}

pub fn received_on(received: &str, old: OldItem) -> OldItem {
    OldItem { received_on: day(received), ..old }
}
