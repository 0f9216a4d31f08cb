//! What must hold of a programme beyond its form.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use crate::domain::goods::{Category, FundingSource};
use crate::domain::money::Fen;

use super::file::Fault;
use super::rules::{Amount, Conditions, Line, Matching, Rules};
use super::tier::asks_for_old;
use super::windows::minutes;

/// Collects faults by the field's path.
struct Faults(Vec<Fault>);

impl Faults {
    fn unless(&mut self, holds: bool, field: impl Into<String>, message: impl FnOnce() -> String) {
        if !holds {
            self.0.push(Fault { line: None, field: field.into(), message: message() });
        }
    }

    /// Each value once.
    fn once<T: Ord + std::fmt::Display>(
        &mut self,
        values: impl IntoIterator<Item = T>,
        field: impl Fn(usize) -> String,
    ) {
        let mut seen = BTreeSet::new();
        for (index, value) in values.into_iter().enumerate() {
            let again = seen.contains(&value);
            self.unless(!again, field(index), || format!("found `{value}` again; expected each one once"));
            seen.insert(value);
        }
    }
}

/// Every fault of a programme that was read: shares that do not sum, windows that end before they begin, and the like.
#[must_use]
pub fn validate(rules: &Rules) -> Vec<Fault> {
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
        format!("found `{id}`; expected at most 64 lower-case letters, digits and hyphens, such as nc-appl-2026")
    });
    faults.unless(!rules.title.trim().is_empty(), "title", || "found nothing; expected a name in Chinese".into());
    faults.once(&rules.tasks, |index| format!("tasks[{index}]"));
    let divisions = &rules.region.divisions;
    faults.unless(!divisions.is_empty() || rules.region.nationwide, "region.divisions", || {
        "found no division; expected at least one, or `nationwide = true`".into()
    });
    faults.unless(divisions.is_empty() || !rules.region.nationwide, "region.divisions", || {
        "found divisions beside `nationwide = true`; expected only one of the two".into()
    });
    for (index, division) in divisions.iter().enumerate() {
        let digits = division.bytes().all(|byte| byte.is_ascii_digit());
        faults.unless(digits && (2..=12).contains(&division.len()), format!("region.divisions[{index}]"), || {
            format!("found `{division}`; expected 2 to 12 digits of a division code, such as 36 or 360111")
        });
    }
}

fn check_funding(rules: &Rules, faults: &mut Faults) {
    let mut sum = Decimal::ZERO;
    for (index, share) in rules.funding.iter().enumerate() {
        let field = format!("funding[{index}]");
        faults.unless(share.source != FundingSource::Merchant, format!("{field}.source"), || {
            "found `merchant`; expected public money (a merchant's part is a bonus with `source = \"merchant\"`)".into()
        });
        faults.unless(share.percent > Decimal::ZERO, format!("{field}.percent"), || {
            format!("found {}; expected more than 0", share.percent)
        });
        sum = sum.saturating_add(share.percent);
    }
    faults.once(rules.funding.iter().map(|share| share.source), |index| format!("funding[{index}].source"));
    faults.unless(sum == Decimal::ONE_HUNDRED, "funding", || {
        format!("found shares that sum to {} percent; expected 100", sum.normalize())
    });
}

fn check_old_item(rules: &Rules, faults: &mut Faults) {
    let old = &rules.old_item;
    let listed = matches!(old.matching, Matching::AnyCategory | Matching::Bonus);
    faults.unless(listed || old.categories.is_empty(), "old_item.categories", || {
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
            faults.unless(fuels.insert(*fuel), format!("old_item.registered_until[{index}].fuels"), || {
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
            faults.unless(window.from <= window.to, format!("{field}.to"), || {
                format!("found {}, before the first day; expected {} or later", window.to, window.from)
            });
        }
    }
    if let Some(window) = windows.application {
        faults.unless(window.from <= window.to, "windows.application.to", || {
            format!("found {}, before the first moment; expected {} or later", window.to, window.from)
        });
        faults.unless(windows.claim.from.start() < window.to, "windows.application.to", || {
            format!("found {}; expected a moment after the first day of claims, {}", window.to, windows.claim.from)
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
            faults.unless(from < to, "windows.daily_hours.to", || {
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
        for category in &release.categories {
            faults.unless(rules.line(*category).is_some(), format!("{field}.categories"), || {
                format!("found `{category}`; expected a category that has a line")
            });
        }
        let all = || rules.lines.iter().map(|line| line.category).collect();
        let categories = if release.categories.is_empty() { all() } else { release.categories.clone() };
        for category in categories {
            faults.unless(seen.insert((category, at)), format!("{field}.at"), || {
                format!("found {} twice for `{category}`; expected one release at a time", release.at)
            });
        }
    }
}

fn check_line(rules: &Rules, line: &Line, field: &str, faults: &mut Faults) {
    faults.unless(line.pool > Fen::ZERO, format!("{field}.pool"), || {
        format!("found {}; expected more than 0", line.pool)
    });
    faults.unless(line.per_person != Some(0), format!("{field}.per_person"), || "found 0; expected at least 1".into());
    if let (Some(least), Some(most)) = (line.price_at_least, line.unit_price_at_most) {
        faults.unless(least <= most, format!("{field}.unit_price_at_most"), || {
            format!("found {most}; expected at least price_at_least, {least}")
        });
    }
    faults.unless(!line.tiers.is_empty(), format!("{field}.tiers"), || "found no tier; expected at least one".into());
    let open = line.tiers.iter().position(|tier| tier.when == Conditions::default());
    for (index, tier) in line.tiers.iter().enumerate() {
        let field = format!("{field}.tiers[{index}]");
        faults.unless(open.is_none_or(|open| index <= open), field.clone(), || {
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
    for level in when.energy_levels.iter().filter(|level| !(1..=5).contains(*level)) {
        faults.unless(false, format!("{field}.energy_levels"), || format!("found {level}; expected 1 to 5"));
    }
    if let Some(most) = when.displacement_at_most {
        let fits = most > Decimal::ZERO && most <= Decimal::ONE_HUNDRED && most.scale() <= 3;
        faults.unless(fits, format!("{field}.displacement_at_most"), || {
            format!("found {most}; expected litres with at most three places, such as \"2.0\"")
        });
    }
    if let Some(below) = when.price_below {
        let from = when.price_from.unwrap_or_default();
        faults.unless(from < below, format!("{field}.price_below"), || {
            format!("found {below}; expected more than {from}")
        });
    }
    let never = rules.old_item.matching == Matching::None && asks_for_old(when);
    faults.unless(!never, field, || {
        "found a condition on the old item; expected none, since the programme looks at no old item".into()
    });
}
