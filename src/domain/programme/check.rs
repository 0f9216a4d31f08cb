//! What must hold of a programme beyond its form.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::domain::goods::{Category, FundingSource};
use crate::domain::money::Fen;

use super::fault::{Fault, shown};
use super::list;
use super::rules::{Amount, Conditions, Line, Matching, Rules};
use super::tier::asks_for_old;
use super::windows::{as_written, minutes};

/// Something that cannot hold, with the fields that it was seen from.
pub(super) struct Finding {
    pub fault: Fault,
    pub looked_at: Vec<String>,
}

/// Collects faults by the field's path.
struct Faults(Vec<Finding>);

impl Faults {
    /// Notes a fault that is seen from its own field.
    fn unless(&mut self, holds: bool, field: impl Into<String>, message: impl FnOnce() -> String) {
        let field = field.into();
        self.unless_seen(holds, field.clone(), [field], message);
    }

    /// Notes a fault that is seen from several fields.
    fn unless_seen(
        &mut self,
        holds: bool,
        field: impl Into<String>,
        looked_at: impl IntoIterator<Item = String>,
        message: impl FnOnce() -> String,
    ) {
        if !holds {
            let fault = Fault::at(field, message());
            self.0.push(Finding { fault, looked_at: looked_at.into_iter().collect() });
        }
    }

    /// Each value once.
    fn once<T: Ord + std::fmt::Display>(
        &mut self,
        values: impl IntoIterator<Item = T>,
        field: impl Fn(usize) -> String,
    ) {
        let mut seen: BTreeMap<T, usize> = BTreeMap::new();
        for (index, value) in values.into_iter().enumerate() {
            let first = seen.get(&value).copied();
            let looked_at = [index, first.unwrap_or(index)].map(&field);
            self.unless_seen(first.is_none(), field(index), looked_at, || {
                format!("found `{}` again; expected each one once", shown(&value.to_string()))
            });
            seen.entry(value).or_insert(index);
        }
    }
}

/// Every fault of a programme that was read: shares of nothing, windows that end before they begin, and the like.
#[must_use]
pub fn validate(rules: &Rules) -> Vec<Fault> {
    findings(rules).into_iter().map(|finding| finding.fault).collect()
}

/// Every fault, each with the fields that it was seen from.
pub(super) fn findings(rules: &Rules) -> Vec<Finding> {
    let mut faults = Faults(Vec::new());
    check_head(rules, &mut faults);
    check_funding(rules, &mut faults);
    check_old_item(rules, &mut faults);
    check_windows(rules, &mut faults);
    check_voucher(rules, &mut faults);
    check_releases(rules, &mut faults);
    faults.unless(!rules.lines.is_empty(), "lines", || "found no line; expected at least one".into());
    faults.once(rules.lines.iter().map(|line| line.category), |index| format!("lines[{index}].category"));
    for (index, line) in rules.lines.iter().enumerate() {
        check_line(rules, line, &format!("lines[{index}]"), &mut faults);
    }
    faults.0
}

fn check_head(rules: &Rules, faults: &mut Faults) {
    let id = &rules.id;
    let plain = id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let begins = id.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    faults.unless(plain && begins && id.len() <= 64 && !id.ends_with('-'), "id", || {
        let id = shown(id);
        format!("found `{id}`; expected at most 64 lower-case letters, digits and hyphens, such as nc-appl-2026")
    });
    faults.unless(!rules.title.trim().is_empty(), "title", || "found nothing; expected a name in Chinese".into());
    faults.once(&rules.tasks, |index| format!("tasks[{index}]"));
    let divisions = &rules.region.divisions;
    let seen = || ["region.divisions", "region.nationwide"].map(str::to_owned);
    faults.unless_seen(!divisions.is_empty() || rules.region.nationwide, "region.divisions", seen(), || {
        "found no division; expected at least one, or `nationwide = true`".into()
    });
    faults.unless_seen(divisions.is_empty() || !rules.region.nationwide, "region.divisions", seen(), || {
        "found divisions beside `nationwide = true`; expected only one of the two".into()
    });
    for (index, division) in divisions.iter().enumerate() {
        let digits = division.bytes().all(|byte| byte.is_ascii_digit());
        faults.unless(digits && (2..=12).contains(&division.len()), format!("region.divisions[{index}]"), || {
            let division = shown(division);
            format!("found `{division}`; expected 2 to 12 digits of a division code, such as 36 or 360111")
        });
    }
}

fn check_funding(rules: &Rules, faults: &mut Faults) {
    faults.unless(!rules.funding.is_empty(), "funding", || "found no source; expected at least one".into());
    for (index, share) in rules.funding.iter().enumerate() {
        let field = format!("funding[{index}]");
        faults.unless(share.source != FundingSource::Merchant, format!("{field}.source"), || {
            "found `merchant`; expected public money (a merchant's part is a bonus with `source = \"merchant\"`)".into()
        });
        let fits = share.percent > Decimal::ZERO && share.percent <= Decimal::ONE_HUNDRED;
        faults.unless(fits, format!("{field}.percent"), || {
            format!("found {}; expected more than 0 and at most 100", share.percent)
        });
    }
    faults.once(rules.funding.iter().map(|share| share.source), |index| format!("funding[{index}].source"));
    // The last source takes the rest, whatever its share says; there must be no less than nothing left for it.
    let before = rules.funding.split_last().map_or(&[][..], |(_, before)| before);
    let sum = before.iter().fold(Decimal::ZERO, |sum, share| sum.saturating_add(share.percent));
    faults.unless(sum <= Decimal::ONE_HUNDRED, "funding", || {
        format!("found shares of {} percent before the last; expected at most 100 together", sum.normalize())
    });
}

fn check_old_item(rules: &Rules, faults: &mut Faults) {
    let old = &rules.old_item;
    let listed = matches!(old.matching, Matching::AnyCategory | Matching::Bonus);
    let seen = ["old_item.categories", "old_item.matching"].map(str::to_owned);
    faults.unless_seen(listed || old.categories.is_empty(), "old_item.categories", seen, || {
        format!("found categories with the matching `{}`; expected them with any_category or bonus", old.matching)
    });
    faults.once(&old.categories, |index| format!("old_item.categories[{index}]"));
    faults.unless(
        !old.must_have_battery || rules.line(Category::Ebike).is_some(),
        "old_item.must_have_battery",
        || "found it without a line for e-bikes; expected it only where an old e-bike may be handed in".into(),
    );
    for (index, limit) in old.registered_until.iter().enumerate() {
        faults.unless(!limit.fuels.is_empty(), format!("old_item.registered_until[{index}].fuels"), || {
            "found no fuel; expected at least one".into()
        });
    }
    let mut fuels = BTreeSet::new();
    for (index, limit) in old.registered_until.iter().enumerate() {
        for fuel in &limit.fuels {
            let (field, seen) = (format!("old_item.registered_until[{index}].fuels"), "old_item.registered_until");
            faults.unless_seen(fuels.insert(*fuel), field, [seen.to_owned()], || {
                format!("found `{fuel}` again; expected each one once")
            });
        }
    }
}

fn check_windows(rules: &Rules, faults: &mut Faults) {
    let windows = &rules.windows;
    let days = [
        ("windows.claim", Some(windows.claim)),
        ("windows.invoice", windows.invoice),
        ("windows.old_item", windows.old_item),
    ];
    for (field, window) in days {
        if let Some(window) = window {
            faults.unless_seen(window.from <= window.to, format!("{field}.to"), [field.to_owned()], || {
                format!("found {}, before the first day; expected {} or later", window.to, window.from)
            });
        }
    }
    if let Some(window) = windows.application {
        let (field, claim) = ("windows.application", "windows.claim");
        faults.unless_seen(window.from <= window.to, format!("{field}.to"), [field.to_owned()], || {
            let (from, to) = (as_written(window.from), as_written(window.to));
            format!("found {to}, before the first moment; expected {from} or later")
        });
        let seen = [field, claim].map(str::to_owned);
        faults.unless_seen(windows.claim.from.start() < window.to, format!("{field}.to"), seen, || {
            let to = as_written(window.to);
            format!("found {to}; expected a moment after the beginning of claims, {}", windows.claim.from)
        });
    }
    if let Some(hours) = &windows.daily_hours {
        let (from, to) = (minutes(&hours.from), minutes(&hours.to));
        for (field, text, read) in [("from", &hours.from, from), ("to", &hours.to, to)] {
            faults.unless(read.is_some(), format!("windows.daily_hours.{field}"), || {
                format!("found `{text}`; expected a time of day, such as \"08:30\" or \"24:00\"")
            });
        }
        if let (Some(from), Some(to)) = (from, to) {
            let field = "windows.daily_hours";
            faults.unless_seen(from < to, format!("{field}.to"), [field.to_owned()], || {
                format!("found {}; expected a time after {}", hours.to, hours.from)
            });
        }
    }
}

fn check_voucher(rules: &Rules, faults: &mut Faults) {
    let days = rules.voucher.days;
    faults.unless((1..=3660).contains(&days), "voucher.days", || format!("found {days}; expected 1 to 3660"));
    faults.unless(rules.limits.per_person_and_year != Some(0), "limits.per_person_and_year", || {
        "found 0; expected at least 1".into()
    });
    faults.once(&rules.limits.exclusive_groups, |index| format!("limits.exclusive_groups[{index}]"));
}

fn check_releases(rules: &Rules, faults: &mut Faults) {
    let mut seen = BTreeSet::new();
    for (index, release) in rules.releases.iter().enumerate() {
        let field = format!("releases[{index}]");
        let at = minutes(&release.at).filter(|at| *at < 24 * 60);
        faults.unless(at.is_some(), format!("{field}.at"), || {
            format!("found `{}`; expected a time of day, such as \"10:00\"", release.at)
        });
        faults.unless(release.vouchers > 0, format!("{field}.vouchers"), || "found 0; expected at least 1".into());
        for (place, category) in release.categories.iter().enumerate() {
            let named = format!("{field}.categories[{place}]");
            faults.unless_seen(rules.line(*category).is_some(), named.clone(), [named, "lines".to_owned()], || {
                format!("found `{category}`; expected a category that has a line")
            });
        }
        let all = || rules.lines.iter().map(|line| line.category).collect();
        let categories: BTreeSet<_> =
            if release.categories.is_empty() { all() } else { release.categories.iter().copied().collect() };
        let twice = at.map_or_else(Vec::new, |at| {
            categories.into_iter().filter(|category| !seen.insert((*category, at))).collect()
        });
        let looked_at = ["releases", "lines"].map(str::to_owned);
        faults.unless_seen(twice.is_empty(), format!("{field}.at"), looked_at, || {
            format!("found {} twice for {}; expected one release at a time", release.at, list(&twice))
        });
    }
}

fn check_line(rules: &Rules, line: &Line, field: &str, faults: &mut Faults) {
    faults.unless(line.pool > Fen::ZERO, format!("{field}.pool"), || {
        format!("found {}; expected more than 0", line.pool)
    });
    faults.unless(line.per_person != Some(0), format!("{field}.per_person"), || "found 0; expected at least 1".into());
    if let (Some(least), Some(most)) = (line.price_at_least, line.unit_price_at_most) {
        let (field, other) = (format!("{field}.unit_price_at_most"), format!("{field}.price_at_least"));
        faults.unless_seen(least <= most, field.clone(), [field, other], || {
            format!("found {most}; expected at least price_at_least, {least}")
        });
    }
    faults.unless(!line.tiers.is_empty(), format!("{field}.tiers"), || "found no tier; expected at least one".into());
    let open = line.tiers.iter().position(|tier| tier.when == Conditions::default());
    let tiers = format!("{field}.tiers");
    for (index, tier) in line.tiers.iter().enumerate() {
        let field = format!("{tiers}[{index}]");
        let without = format!("{tiers}[{}].when", open.unwrap_or(index));
        faults.unless_seen(open.is_none_or(|open| index <= open), field.clone(), [without], || {
            "found a tier after one without conditions; expected that one last, since the first that fits applies"
                .into()
        });
        check_amount(tier.amount, false, &field, faults);
        check_conditions(rules, &tier.when, &format!("{field}.when"), faults);
    }
    for (index, bonus) in line.bonuses.iter().enumerate() {
        let field = format!("{field}.bonuses[{index}]");
        faults.unless(bonus.source.is_none() || bonus.is_merchant(), format!("{field}.source"), || {
            "found a public source; expected `merchant`, or none: public money is shared as `funding` says".into()
        });
        check_amount(bonus.amount, bonus.is_merchant(), &field, faults);
        check_conditions(rules, &bonus.when, &format!("{field}.when"), faults);
    }
}

fn check_amount(amount: Amount, by_merchant: bool, field: &str, faults: &mut Faults) {
    if let Amount::Percent { percent, .. } | Amount::Uncapped { percent } = amount {
        let fits = percent > Decimal::ZERO && percent <= Decimal::ONE_HUNDRED;
        faults.unless(fits, format!("{field}.percent"), || {
            format!("found {percent}; expected more than 0 and at most 100")
        });
    }
    match amount {
        Amount::Uncapped { .. } => faults.unless(by_merchant, format!("{field}.cap"), || {
            "found none; expected the most that is paid: only a merchant may give without one".into()
        }),
        Amount::Percent { cap, .. } => {
            faults.unless(cap > Fen::ZERO, format!("{field}.cap"), || format!("found {cap}; expected more than 0"));
        }
        Amount::Fixed { fixed } => {
            faults
                .unless(fixed > Fen::ZERO, format!("{field}.fixed"), || format!("found {fixed}; expected more than 0"));
        }
    }
}

fn check_conditions(rules: &Rules, when: &Conditions, field: &str, faults: &mut Faults) {
    for level in &when.energy_levels {
        faults.unless((1..=5).contains(level), format!("{field}.energy_levels"), || {
            format!("found {level}; expected 1 to 5")
        });
    }
    if let Some(most) = when.displacement_at_most {
        let fits = most > Decimal::ZERO && most <= Decimal::ONE_HUNDRED && most.scale() <= 3;
        faults.unless(fits, format!("{field}.displacement_at_most"), || {
            format!("found {most}; expected litres with at most three places, such as \"2.0\"")
        });
    }
    if let Some(below) = when.price_below {
        let from = when.price_from.unwrap_or_default();
        let seen = ["price_below", "price_from"].map(|name| format!("{field}.{name}"));
        faults.unless_seen(from < below, format!("{field}.price_below"), seen, || {
            format!("found {below}; expected more than {from}")
        });
    }
    let never = rules.old_item.matching == Matching::None && asks_for_old(when);
    let seen = [field.to_owned(), "old_item".to_owned()];
    faults.unless_seen(!never, field, seen, || {
        "found a condition on the old item; expected none, since the programme looks at no old item".into()
    });
}
