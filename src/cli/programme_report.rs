//! A programme told to the officer who writes it: what it is, and what it gives.

use std::io::{self, Write};

use crate::domain::money::Fen;
use crate::domain::programme::{Example, Line, Matching, Rounding, Rules, examples, reserve};

/// Writes a summary of the programme and the worked examples of every line.
///
/// # Errors
/// When `out` takes no more.
pub fn write(rules: &Rules, out: &mut dyn Write) -> io::Result<()> {
    for (name, value) in summary(rules) {
        writeln!(out, "  {name:<12}{value}")?;
    }
    let rows = examples(rules);
    for line in &rules.lines {
        writeln!(out, "\n  {}", about(rules, line))?;
        let of_line: Vec<&Example> = rows.iter().filter(|row| row.category == line.category).collect();
        for rows in of_line.chunk_by(|one, other| one.tier == other.tier && one.bonuses == other.bonuses) {
            table(rules, line, rows, out)?;
        }
    }
    Ok(())
}

/// What holds for the whole programme, as names and values.
fn summary(rules: &Rules) -> Vec<(&'static str, String)> {
    let windows = &rules.windows;
    let pool: Fen = rules.lines.iter().map(|line| line.pool).sum();
    let lines = if rules.lines.len() == 1 { "line" } else { "lines" };
    let hours = windows.daily_hours.as_ref().map(|hours| format!(", daily {} to {}", hours.from, hours.to));
    let mut told = vec![
        ("programme", format!("{} {}", rules.id, titles(rules))),
        ("lines", format!("{} {lines}, pool {pool} together", rules.lines.len())),
        ("region", region(rules)),
        ("funding", funding(rules)),
        ("claims", format!("{}{}", span(windows.claim.from, windows.claim.to), hours.unwrap_or_default())),
    ];
    for release in &rules.releases {
        let categories = match release.categories.as_slice() {
            [] => "each category".to_owned(),
            some => joined(some, ", "),
        };
        told.push(("release", format!("daily {}: {} vouchers of {categories}", release.at, release.vouchers)));
    }
    if let Some(window) = windows.invoice {
        told.push(("invoices", span(window.from, window.to)));
    }
    if let Some(window) = windows.application {
        let local = |at: crate::domain::time::Moment| at.local().format("%Y-%m-%d %H:%M:%S").to_string();
        told.push(("redemptions", span(local(window.from), local(window.to))));
    }
    told.push(("old item", old_item(rules)));
    if rules.old_credit_reduces_base {
        told.push(("base", "the price less what the owner got for the old item".to_owned()));
    }
    told.push(("rounding", rounding(rules.rounding).to_owned()));
    told.push(("voucher", voucher(rules)));
    told
}

fn titles(rules: &Rules) -> String {
    if rules.title_en.is_empty() { rules.title.clone() } else { format!("{} / {}", rules.title, rules.title_en) }
}

fn span(from: impl std::fmt::Display, to: impl std::fmt::Display) -> String {
    format!("{from} to {to}")
}

fn joined<T: std::fmt::Display>(words: &[T], by: &str) -> String {
    words.iter().map(ToString::to_string).collect::<Vec<_>>().join(by)
}

fn region(rules: &Rules) -> String {
    let inside = [
        (rules.region.store_inside, "store"),
        (rules.region.delivery_inside, "delivery"),
        (rules.region.residence_inside, "residence"),
    ];
    let inside: Vec<&str> = inside.iter().filter(|(asked, _)| *asked).map(|(_, what)| *what).collect();
    let within = if inside.is_empty() { String::new() } else { format!("; inside it: {}", inside.join(", ")) };
    let place = if rules.region.nationwide { "nationwide".to_owned() } else { rules.region.divisions.join(", ") };
    format!("{place}{within}")
}

fn funding(rules: &Rules) -> String {
    let shares = rules.funding.iter().map(|share| format!("{} {} %", share.source, share.percent.normalize()));
    let shares = shares.collect::<Vec<_>>().join(", ");
    if rules.funding.len() > 1 { format!("{shares}; the last takes what rounding leaves") } else { shares }
}

fn rounding(rounding: Rounding) -> &'static str {
    match rounding {
        Rounding::Down => "down to the fen, before the cap",
        Rounding::HalfUp => "to the nearest fen, half a fen up, before the cap",
        Rounding::HalfEven => "to the nearest fen, half a fen to the even neighbour, before the cap",
    }
}

fn voucher(rules: &Rules) -> String {
    let year = rules.limits.per_person_and_year.map(|most| format!(", {most} per person and year"));
    let returned = if rules.voucher.return_restores_quota { ", a return gives the quota back" } else { "" };
    let (days, reclaims) = (rules.voucher.days, rules.voucher.reclaims);
    format!("{days} days, {reclaims} claims again after one that lapsed{}{returned}", year.unwrap_or_default())
}

/// What is asked of the old item, in words.
fn old_item(rules: &Rules) -> String {
    let asked = &rules.old_item;
    let kinds = if asked.categories.is_empty() {
        "the programme's categories".to_owned()
    } else {
        joined(&asked.categories, ", ")
    };
    let mut told = vec![match asked.matching {
        Matching::None => return "none is needed and none is looked at".to_owned(),
        Matching::Bonus => format!("none is needed; one of {kinds} can bring a bonus, matched at {}", asked.matched_at),
        Matching::AnyCategory => format!("one of {kinds} is needed, matched at {}", asked.matched_at),
        Matching::SameCategory => format!("one of the same category is needed, matched at {}", asked.matched_at),
    }];
    told.extend(asked.registered_until.iter().map(|limit| {
        let fuels: Vec<_> = limit.fuels.iter().collect();
        format!("{} first registered by {}", joined(&fuels, " or "), limit.day)
    }));
    told.extend(asked.must_be_registered.then(|| "with a plate".to_owned()));
    told.extend(asked.must_be_complete.then(|| "with all its parts".to_owned()));
    told.extend(asked.must_have_battery.then(|| "with its battery".to_owned()));
    told.extend(asked.owned_until.map(|day| format!("in the owner's name by {day}")));
    told.extend(asked.disposal.map(|disposal| disposal.to_string()));
    told.extend(rules.windows.old_item.map(|window| format!("received {}", span(window.from, window.to))));
    if !asked.evidence.is_empty() {
        told.push(format!("with {}", joined(&asked.evidence, " and ")));
    }
    told.join("; ")
}

fn about(rules: &Rules, line: &Line) -> String {
    let most = reserve(rules, line.category, None, None).unwrap_or_default();
    let mut told = vec![format!("pool {}", line.pool)];
    told.extend(line.per_person.map(|most| format!("{most} per person")));
    told.extend(line.price_at_least.map(|least| format!("price at least {least}")));
    told.extend(line.unit_price_at_most.map(|most| format!("price at most {most}")));
    if !line.certifications.is_empty() {
        told.push(format!("certified {}", joined(&line.certifications, " and ")));
    }
    told.push(format!("a voucher reserves {most} at most"));
    format!("{}: {}", line.category, told.join(", "))
}

/// The examples of one tier with the same bonuses.
fn table(rules: &Rules, line: &Line, rows: &[&Example], out: &mut dyn Write) -> io::Result<()> {
    let Some(first) = rows.first() else { return Ok(()) };
    writeln!(out, "    {}", heading(line, first))?;
    let credited = rows.iter().any(|row| row.credit > Fen::ZERO);
    let rated = first.exact.is_some();
    let merchant = first.bonuses.iter().any(|number| line.bonuses[number - 1].is_merchant());
    let mut cells = vec![vec!["price".to_owned()]];
    cells[0].extend(credited.then(|| "old item".to_owned()));
    cells[0].extend(rated.then(|| "rate gives".to_owned()));
    cells[0].extend(["subsidy", "consumer pays"].map(str::to_owned));
    cells[0].extend(rules.funding.iter().map(|share| share.source.to_string()));
    cells[0].extend(merchant.then(|| "merchant".to_owned()));
    for row in rows {
        let mut told = vec![row.price.to_string()];
        told.extend(credited.then(|| row.credit.to_string()));
        told.extend(row.exact.map(|exact| exact.normalize().to_string()));
        told.extend([row.amounts.subsidy, row.amounts.consumer_pays].map(|amount| amount.to_string()));
        told.extend(row.amounts.funding.iter().take(rules.funding.len()).map(|share| share.amount.to_string()));
        told.extend(merchant.then(|| row.amounts.merchant_bonus.to_string()));
        cells.push(told);
    }
    aligned(&cells, out)
}

/// The amounts of tier and bonuses, and when they apply.
fn heading(line: &Line, row: &Example) -> String {
    let tier = &line.tiers[row.tier - 1];
    let bonuses = row.bonuses.iter().map(|number| {
        let bonus = &line.bonuses[number - 1];
        let seller = if bonus.is_merchant() { " from the seller" } else { "" };
        format!("bonus {number}: {}{seller}", bonus.amount)
    });
    let parts: Vec<String> = std::iter::once(format!("tier {}: {}", row.tier, tier.amount)).chain(bonuses).collect();
    format!("{} ({})", parts.join(" + "), row.when)
}

/// Columns whose right edges stand below each other.
fn aligned(cells: &[Vec<String>], out: &mut dyn Write) -> io::Result<()> {
    let columns = cells.first().map_or(0, Vec::len);
    let width = |column: usize| cells.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in cells {
        let row: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}")).collect();
        writeln!(out, "      {}", row.join("  "))?;
    }
    Ok(())
}
