//! Prices: above what the product costs elsewhere, or just where the subsidy is as high as it gets.

use std::collections::BTreeMap;

use super::finding::{Link, LinkKind, Signal, Why};
use super::limits::Limits;
use super::rule::AnomalyRule;
use super::seen::{Seen, Sold, count};
use crate::domain::id::Id;
use crate::domain::money::Fen;

/// A sale above the mean: by how many percent of it, and the mean.
type Over<'a> = (u32, Fen, &'a Sold);

/// A price of the day against the mean of the product's other sales: those of other retailers where there are enough,
/// because who raises a price raises the mean; else all others.
pub(super) fn above_usual(limits: &Limits, seen: &Seen) -> Vec<Signal> {
    let mut products: BTreeMap<&str, Vec<&Sold>> = BTreeMap::new();
    products.extend(seen.today().iter().map(|sale| (sale.product.as_str(), Vec::new())));
    for sale in seen.window(limits) {
        if let Some(sales) = products.get_mut(sale.product.as_str()) {
            sales.push(sale);
        }
    }
    let mut groups: BTreeMap<(Id, &str), Vec<Over>> = BTreeMap::new();
    for sale in seen.today().iter().filter(|sale| sale.stands(seen.day)) {
        let Some(sales) = products.get(sale.product.as_str()) else { continue };
        let Some(mean) = usual(sale, sales, limits.least) else { continue };
        let percent = percent(sale.price.0, mean.0);
        if percent >= limits.from {
            groups.entry((sale.retailer, sale.product.as_str())).or_default().push((percent, mean, sale));
        }
    }
    let found = groups.into_iter().filter_map(|((retailer, product), over)| {
        let (percent, mean, highest) = over.iter().max_by_key(|(percent, _, sale)| (*percent, sale.id)).copied()?;
        let lines: Vec<&Sold> = over.iter().map(|(_, _, sale)| *sale).collect();
        let compared = products.get(product).into_iter().flatten();
        let evidence = compared.map(|sale| Link::to(LinkKind::Redemption, sale.id));
        let subject = Id::digest(&["price", &retailer.to_string(), product]);
        let price = highest.price;
        Signal::new(
            (AnomalyRule::PriceAboveUsual, subject, seen.day),
            (limits, percent),
            &lines,
            evidence.chain([Link::to(LinkKind::Retailer, retailer)]),
            |percent| {
                let days = limits.days;
                Why(
                    format!("成交价 {price} 元是同款 {days} 天均价 {mean} 元的 {percent}%"),
                    format!("the price {price} is {percent} % of {mean}, the product's mean of {days} days"),
                )
            },
        )
    });
    found.collect()
}

/// What the product costs otherwise, where at least so many other sales say it.
fn usual(of: &Sold, sales: &[&Sold], least: u32) -> Option<Fen> {
    let mean = |elsewhere: bool| {
        let others = sales.iter().filter(|sale| sale.id != of.id && (!elsewhere || sale.retailer != of.retailer));
        let (number, sum) = others.fold((0_i64, Fen::ZERO), |(number, sum), sale| (number + 1, sum + sale.price));
        (number > 0 && number >= i64::from(least)).then(|| Fen(sum.0 / number))
    };
    mean(true).or_else(|| mean(false))
}

/// A price in percent of another, rounded up, so that any fen above it is more than 100.
pub(super) fn percent_above(price: Fen, of: Fen) -> u32 {
    let (price, of) = (i128::from(price.0.max(0)), i128::from(of.0.max(1)));
    u32::try_from((price * 100 + of - 1) / of).unwrap_or(u32::MAX)
}

/// So many percent, rounded down.
fn percent(part: i64, whole: i64) -> u32 {
    if whole <= 0 {
        return 0;
    }
    u32::try_from(i128::from(part.max(0)) * 100 / i128::from(whole)).unwrap_or(u32::MAX)
}

/// Whether a price lies where the cap is just reached.
fn is_at_cap(sale: &Sold, thousandths: u32) -> bool {
    let Some(cap) = sale.cap_price.filter(|cap| *cap > Fen::ZERO) else { return false };
    let off = i128::from(sale.price.0.abs_diff(cap.0));
    off * 1000 <= i128::from(cap.0) * i128::from(thousandths)
}

/// A retailer's sales of a category: how many of them lie where the cap is just reached. Prices of an honest shop are
/// spread as its goods are; one that is made for the subsidy asks for what brings the most of it.
pub(super) fn at_cap(limits: &Limits, seen: &Seen) -> Vec<Signal> {
    let capped = |sale: &Sold| sale.cap_price.is_some().then_some((sale.retailer, sale.category));
    let found = seen.standing_by(limits, capped).into_iter().filter_map(|((retailer, category), sales)| {
        let measure = |sales: &[&Sold]| {
            let at_cap = sales.iter().filter(|sale| is_at_cap(sale, limits.span)).count();
            if count(at_cap) < limits.least {
                return 0;
            }
            percent(i64::from(count(at_cap)), i64::from(count(sales.len())))
        };
        let at_cap: Vec<&Sold> = sales.iter().copied().filter(|sale| is_at_cap(sale, limits.span)).collect();
        let (today, before): (Vec<&Sold>, Vec<&Sold>) = at_cap.iter().partition(|sale| seen.is_today(sale.at));
        if today.is_empty() {
            return None;
        }
        // A share also changes with what is not at the cap: it was told if it was enough on the day of the last such sale.
        let told = before.last().is_some_and(|last| {
            let day = last.at.day();
            let (from, end) = (limits.first_day(day).start(), day.next().start());
            let then = seen.sales.iter().filter(|sale| (from..end).contains(&sale.at) && sale.stands(day));
            let own = then.filter(|sale| capped(sale) == Some((retailer, category)));
            measure(&own.collect::<Vec<_>>()) >= limits.from
        });
        let lines = if told { today } else { at_cap };
        let subject = Id::digest(&["cap", &retailer.to_string(), category.name()]);
        let (all, days) = (sales.len(), limits.days);
        Signal::new(
            (AnomalyRule::PriceAtCap, subject, seen.day),
            (limits, measure(&sales)),
            &lines,
            [Link::to(LinkKind::Retailer, retailer)],
            |percent| {
                Why(
                    format!("该商家 {days} 天内 {all} 笔同类销售中有 {percent}% 的成交价正好在补贴封顶线上"),
                    format!("{percent} % of the retailer's {all} sales of the category in {days} days lie at the cap"),
                )
            },
        )
    });
    found.collect()
}
