//! The price that was filed for what is sold, beside the price of the sale: what is wrong with it holds the line and refuses
//! nothing.

use crate::domain::anomaly::{Anomaly, Beside, RulesEntry, Sold, at_once};
use crate::domain::command::Stop;
use crate::domain::goods::NewItem;
use crate::domain::product::gtin_14;
use crate::domain::records::Redemption;
use crate::domain::state::State;

/// Asks for the product's entry of the list, and for the rules where there is a price to judge by.
pub(super) fn ask(state: &mut State, item: Option<&NewItem>) {
    let Some(gtin) = item.and_then(|item| item.gtin.as_deref()).map(gtin_14) else { return };
    let filed = state.products.peek(&gtin).and_then(|product| product.filed_price);
    state.products.ask(gtin);
    if filed.is_some() {
        state.newest_rules.ask(());
    }
}

/// What the sale shows by itself; `claimed_in` and `sold_in` are the divisions of voucher and store.
pub(super) fn judge(
    state: &State,
    fact: &Redemption,
    (claimed_in, sold_in): (&str, &str),
) -> Result<Option<Anomaly>, Stop> {
    let Some(gtin) = fact.item.gtin.as_deref().map(gtin_14) else { return Ok(None) };
    let filed = state.products.get(&gtin)?.and_then(|product| product.filed_price);
    if filed.is_none() {
        return Ok(None);
    }
    let beside =
        Beside { device: None, claimed_in: claimed_in.to_owned(), sold_in: sold_in.to_owned(), returned: None };
    let sale = Sold::of(fact, beside, None, filed);
    let (number, rules) = RulesEntry::in_force(state.newest_rules.get(&())?);
    Ok(at_once(rules, &sale).map(|signal| Anomaly::found(signal, number, fact.at)))
}
