//! Shares, pools, limits per person, and the region.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::domain::programme::fault::Fault;
use crate::domain::programme::rules::Rules;
use crate::domain::programme::subsidy::reserve;

pub(super) fn look(rules: &Rules, found: &mut Vec<Fault>) {
    funding(rules, found);
    pools(rules, found);
    per_year(rules, found);
    region(rules, found);
}

/// The last source takes what the others leave, so that the money is exact all the same.
fn funding(rules: &Rules, found: &mut Vec<Fault>) {
    let sum = rules.funding.iter().fold(Decimal::ZERO, |sum, share| sum.saturating_add(share.percent));
    let Some(last) = rules.funding.last() else { return };
    if sum != Decimal::ONE_HUNDRED {
        let rest = Decimal::ONE_HUNDRED.saturating_sub(sum.saturating_sub(last.percent)).normalize();
        let message = format!(
            "found shares that sum to {} percent; expected 100: the last source, {}, takes the rest, {rest} percent",
            sum.normalize(),
            last.source
        );
        found.push(Fault::at("funding", message));
    }
}

fn pools(rules: &Rules, found: &mut Vec<Fault>) {
    for (index, line) in rules.lines.iter().enumerate() {
        let most = reserve(rules, line.category, None, None).unwrap_or_default();
        if line.pool < most {
            let message = format!(
                "found {}, less than the {most} that a voucher of this line can reserve; expected at least that, or \
                 such a voucher is never issued",
                line.pool
            );
            found.push(Fault::at(format!("lines[{index}].pool"), message));
        }
    }
}

fn per_year(rules: &Rules, found: &mut Vec<Fault>) {
    let Some(year) = rules.limits.per_person_and_year else { return };
    let all: Option<u64> = rules.lines.iter().map(|line| line.per_person.map(u64::from)).sum();
    if let Some(all) = all.filter(|all| u64::from(year) > *all) {
        let message = format!(
            "found {year}, more than the {all} that `per_person` of all lines allows over the programme's life; \
             expected at most {all}, or no limit per year"
        );
        found.push(Fault::at("limits.per_person_and_year", message));
    }
}

fn region(rules: &Rules, found: &mut Vec<Fault>) {
    let divisions = &rules.region.divisions;
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, division) in divisions.iter().enumerate() {
        first.entry(division).or_insert(index);
    }
    for (index, division) in divisions.iter().enumerate() {
        let shorter = (1..division.len()).filter_map(|length| division.get(..length));
        let message = if let Some(around) = shorter.into_iter().find(|prefix| first.contains_key(prefix)) {
            format!("found `{division}`, which lies in `{around}`; expected one of them alone")
        } else if first.get(division.as_str()).is_some_and(|first| *first < index) {
            format!("found `{division}` again; expected each one once")
        } else {
            continue;
        };
        found.push(Fault::at(format!("region.divisions[{index}]"), message));
    }
}
