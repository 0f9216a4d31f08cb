//! What is found while a voucher is redeemed: what needs nothing but the sale and a row that stands beside it. It refuses
//! nothing: the customer goes home with what she bought, and the line waits for somebody to look.

use super::finding::{Link, LinkKind, Signal, Why};
use super::limits::Rules;
use super::prices::percent_above;
use super::rule::AnomalyRule;
use super::seen::Sold;
use crate::domain::money::Fen;

/// What a sale shows by itself.
#[must_use]
pub fn at_once(rules: &Rules, sale: &Sold) -> Option<Signal> {
    let limits = rules.of(AnomalyRule::PriceAboveFiled);
    let filed = sale.filed_price.filter(|filed| limits.on && *filed > Fen::ZERO)?;
    let price = sale.price;
    Signal::new(
        (AnomalyRule::PriceAboveFiled, sale.id, sale.at.day()),
        (&limits, percent_above(price, filed)),
        &[sale],
        [Link::to(LinkKind::Retailer, sale.retailer)],
        |percent| {
            Why(
                format!("成交价 {price} 元是该商品备案价 {filed} 元的 {percent}%"),
                format!("the price {price} is {percent} % of {filed}, which was filed for the product"),
            )
        },
    )
}
