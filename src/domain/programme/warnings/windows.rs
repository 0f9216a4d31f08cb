//! Windows that do not fit each other.

use crate::domain::programme::fault::Fault;
use crate::domain::programme::rules::{MatchedAt, Matching, Rules};
use crate::domain::programme::windows::{MINUTES_A_DAY, SECONDS_A_DAY, as_written, end_of, minutes};
use crate::domain::time::Moment;

pub(super) fn look(rules: &Rules, found: &mut Vec<Fault>) {
    invoices(rules, found);
    application(rules, found);
    voucher(rules, found);
    old_item(rules, found);
    releases(rules, found);
}

/// The last moment at which redemptions are taken.
fn last_redemption(rules: &Rules) -> Moment {
    let windows = &rules.windows;
    windows.application.map_or_else(|| end_of(windows.claim.to).plus_seconds(-1), |window| window.to)
}

fn invoices(rules: &Rules, found: &mut Vec<Fault>) {
    let claim = rules.windows.claim;
    let Some(invoice) = rules.windows.invoice else { return };
    let last = last_redemption(rules).day();
    if invoice.from > last {
        let message = format!(
            "found {}, after the last day of redemptions, {last}; expected an earlier day: no sale can have such an \
             invoice",
            invoice.from
        );
        found.push(Fault::at("windows.invoice.from", message));
    } else if invoice.to < claim.from {
        let message = format!(
            "found {}, before the first day of claims, {}; expected a later day: every purchase would precede its \
             voucher",
            invoice.to, claim.from
        );
        found.push(Fault::at("windows.invoice.to", message));
    }
}

fn application(rules: &Rules, found: &mut Vec<Fault>) {
    let claim = rules.windows.claim;
    let Some(application) = rules.windows.application else { return };
    if application.to <= claim.to.start() {
        let message = format!(
            "found {}, before the last day of claims, {}; expected an end on that day or later: a voucher that is \
             claimed after it cannot be redeemed",
            as_written(application.to),
            claim.to
        );
        found.push(Fault::at("windows.application.to", message));
    }
    let first_ends = claim.from.start().plus_seconds(i64::from(rules.voucher.days) * SECONDS_A_DAY);
    if first_ends < application.from {
        let message = format!(
            "found {}; expected {} or earlier: a voucher of the first minute of claims ends then, after {} days, \
             before it can be redeemed",
            as_written(application.from),
            as_written(first_ends),
            rules.voucher.days
        );
        found.push(Fault::at("windows.application.from", message));
    }
}

/// A voucher of the very first day that is cut short: then all are.
fn voucher(rules: &Rules, found: &mut Vec<Fault>) {
    let first = rules.windows.claim.from.start();
    let end = rules.windows.application.map_or_else(|| end_of(rules.windows.claim.to), |window| window.to);
    // A day that has begun is counted, since windows end in the last second of a day as well as at midnight.
    let longest = (end.seconds() - first.seconds() + SECONDS_A_DAY - 1) / SECONDS_A_DAY;
    if i64::from(rules.voucher.days) > longest {
        let message = format!(
            "found {}; expected at most {longest}: redemptions end on {}, and with them every voucher",
            rules.voucher.days,
            as_written(last_redemption(rules))
        );
        found.push(Fault::at("voucher.days", message));
    }
}

fn old_item(rules: &Rules, found: &mut Vec<Fault>) {
    let Some(window) = rules.windows.old_item else { return };
    // Without an old item the window says nothing, which is told of the old item's rules.
    let (step, last) = match (rules.old_item.matching, rules.old_item.matched_at) {
        (Matching::None, _) => return,
        (_, MatchedAt::Issue) => ("claims", rules.windows.claim.to),
        (_, MatchedAt::Redemption) => ("redemptions", last_redemption(rules).day()),
    };
    if window.from > last {
        let message = format!(
            "found {}, after the last day of {step}, {last}; expected an earlier day: no old item can be received in \
             time",
            window.from
        );
        found.push(Fault::at("windows.old_item.from", message));
    }
}

/// Releases of which nothing can be claimed within the daily hours before the next one takes their place.
fn releases(rules: &Rules, found: &mut Vec<Fault>) {
    let Some(hours) = &rules.windows.daily_hours else { return };
    let (Some(from), Some(to)) = (minutes(&hours.from), minutes(&hours.to)) else { return };
    let one_day = rules.windows.claim.from == rules.windows.claim.to;
    for (index, release) in rules.releases.iter().enumerate() {
        let Some(at) = minutes(&release.at) else { continue };
        let categories: Vec<_> = match release.categories.as_slice() {
            [] => rules.lines.iter().map(|line| line.category).collect(),
            some => some.to_vec(),
        };
        let never = categories.iter().all(|category| {
            let others = rules
                .releases
                .iter()
                .filter(|other| other.categories.is_empty() || other.categories.contains(category));
            let openings: Vec<u32> = others.filter_map(|other| minutes(&other.at)).collect();
            let later = openings.iter().copied().filter(|other| *other > at).min();
            let first = openings.iter().copied().min().unwrap_or(at);
            // Until the next one of the day, or over midnight until the first of the next day.
            let today = from < later.unwrap_or(MINUTES_A_DAY) && at < to;
            let tomorrow = later.is_none() && !one_day && from < first;
            !today && !tomorrow
        });
        if never && !categories.is_empty() {
            let message = format!(
                "found {}; expected a time of which some minutes before the next release lie within the daily hours, \
                 {} to {}: nothing of this one can be claimed",
                release.at, hours.from, hours.to
            );
            found.push(Fault::at(format!("releases[{index}].at"), message));
        }
    }
}
