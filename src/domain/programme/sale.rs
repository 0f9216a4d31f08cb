//! What a programme asks of the new item, the price and the invoice, and what it gives.

use crate::domain::goods::{Category, Invoice, NewItem, OldItem, Price};
use crate::domain::money::Fen;
use crate::domain::refusal::{Checks, Code, Refusal};

use super::list;
use super::rules::{Line, Rules};
use super::subsidy::{Amounts, amounts, seen};
use super::tier::{Facts, Old, asks_for_old, choose, holds};

/// A sale as far as it is known: a quote may lack any part.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sale<'a> {
    /// The new item.
    pub item: Option<&'a NewItem>,
    /// Its price.
    pub price: Option<&'a Price>,
    /// The invoice.
    pub invoice: Option<&'a Invoice>,
    /// Division to which the item is delivered; not checked when absent.
    pub delivery_division: Option<&'a str>,
    /// Division of the selling store; not checked when absent.
    pub store_division: Option<&'a str>,
}

/// Whether a division lies in the programme's region: the region names it, or a larger one around it, or is the whole
/// country.
#[must_use]
pub fn in_region(rules: &Rules, division: &str) -> bool {
    rules.region.nationwide || rules.region.divisions.iter().any(|prefix| division.starts_with(prefix.as_str()))
}

/// Notes every check on the new item, price and invoice against the rules.
///
/// Returns the amounts when item and price are known and every check on which they depend passed; region and the
/// invoice's date do not count among these. A part of the sale that is absent is not noted here: whether it may be
/// absent is the caller's question. What is asked of the old item itself is judged by [`super::judge_old_item`]; while
/// a needed one is missing, tiers that depend on it give nothing.
pub fn judge_sale(
    rules: &Rules,
    category: Category,
    sale: &Sale<'_>,
    old: Option<&OldItem>,
    checks: &mut Checks,
) -> Option<Amounts> {
    judge_region(rules, sale, checks);
    judge_invoice_day(rules, sale.invoice, checks);
    let mut relevant = Checks::default();
    let given = give(rules, category, sale, old, &mut relevant);
    judge_price(sale, given.as_ref(), &mut relevant);
    let good = relevant.verdict().is_ok();
    checks.extend(relevant);
    given.filter(|_| good)
}

/// The amounts for a sale whose item and price come under a tier.
fn give(
    rules: &Rules,
    category: Category,
    sale: &Sale<'_>,
    old: Option<&OldItem>,
    checks: &mut Checks,
) -> Option<Amounts> {
    let line = rules.line(category);
    let found = sale.item.map_or(category, |item| item.category);
    let expected = if line.is_some() { category.to_string() } else { list(rules.lines.iter().map(|l| l.category)) };
    let eligible = line.is_some() && found == category;
    let refusal = Refusal::at(Code::CategoryNotEligible, "/item/category").found(found).expected(expected);
    checks.note(eligible, refusal);
    let line = line.filter(|_| eligible)?;
    judge_line(line, sale, checks);
    let item = sale.item?;
    let old = seen(rules, category, old);
    let facts = Facts { item, agreed: sale.price.map(|price| price.agreed), old };
    let tier = choose(line, facts, checks);
    let (price, tier) = (sale.price?, tier?);
    let mut conditions = line.tiers.iter().map(|tier| &tier.when).chain(line.bonuses.iter().map(|bonus| &bonus.when));
    if matches!(old, Old::Unknown) && conditions.any(asks_for_old) {
        return None;
    }
    let credit = match old {
        Old::Item(old) if rules.old_credit_reduces_base => old.credit.unwrap_or_default(),
        _ => Fen::ZERO,
    };
    let base = (price.agreed - credit).max(Fen::ZERO);
    let bonuses = line.bonuses.iter().filter(|bonus| holds(&bonus.when, facts));
    let given = amounts(rules, tier, bonuses, base, price.agreed);
    let refusal = Refusal::at(Code::SubsidyBelowOneFen, "/price/final").found(given.subsidy).expected(Fen(1));
    checks.note(given.subsidy >= Fen(1), refusal);
    Some(given)
}

/// What the line asks whatever the tier.
fn judge_line(line: &Line, sale: &Sale<'_>, checks: &mut Checks) {
    if let Some(item) = sale.item {
        for asked in &line.certifications {
            let refusal = Refusal::at(Code::NewItemNotCertified, "/item/certifications");
            let refusal = refusal.found(list(&item.certifications)).expected(asked);
            checks.note(item.certifications.contains(asked), refusal);
        }
    }
    if let Some(price) = sale.price {
        if let Some(most) = line.unit_price_at_most {
            let refusal = Refusal::at(Code::UnitPriceAboveLimit, "/price/final").found(price.agreed).expected(most);
            checks.note(price.agreed <= most, refusal);
        }
        if let Some(least) = line.price_at_least {
            let refusal = Refusal::at(Code::PriceBelowMinimum, "/price/final").found(price.agreed).expected(least);
            checks.note(price.agreed >= least, refusal);
        }
    }
}

/// Whether list price, discounts, price, invoice and payment add up.
fn judge_price(sale: &Sale<'_>, given: Option<&Amounts>, checks: &mut Checks) {
    let Some(price) = sale.price else { return };
    let mut equal = |pointer: &str, found: Fen, expected: Fen| {
        let refusal = Refusal::at(Code::InvoiceAmountMismatch, pointer).found(found).expected(expected);
        checks.note(found == expected, refusal);
    };
    equal("/price/final", price.agreed, price.list - price.discounts);
    if let Some(invoice) = sale.invoice {
        equal("/invoice/total", invoice.total, price.agreed);
    }
    if let (Some(paid), Some(given)) = (price.paid, given) {
        let total = sale.invoice.map_or(price.agreed, |invoice| invoice.total);
        equal("/price/paid", paid, total - given.subsidy - given.merchant_bonus);
    }
}

fn judge_region(rules: &Rules, sale: &Sale<'_>, checks: &mut Checks) {
    let asked = [
        (rules.region.store_inside, sale.store_division, "/store_id"),
        (rules.region.delivery_inside, sale.delivery_division, "/delivery_division_code"),
    ];
    for (asked, division, pointer) in asked {
        if let (true, Some(division)) = (asked, division) {
            let refusal = Refusal::at(Code::RegionNotEligible, pointer).found(division);
            checks.note(in_region(rules, division), refusal.expected(list(&rules.region.divisions)));
        }
    }
}

fn judge_invoice_day(rules: &Rules, invoice: Option<&Invoice>, checks: &mut Checks) {
    if let Some(invoice) = invoice {
        let window = rules.windows.invoice.unwrap_or(rules.windows.claim);
        let refusal = Refusal::at(Code::InvoiceOutsideWindow, "/invoice/issued_on").found(invoice.issued_on);
        checks.note(window.contains(invoice.issued_on), refusal.expected(window));
    }
}
