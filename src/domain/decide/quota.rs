//! Quotas: under which scopes a voucher counts, and whether another one may.

use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::programme::Rules;
use crate::domain::records::{Counted, QuotaUse, Voucher};
use crate::domain::refusal::{Checks, Code, Refusal};
use crate::domain::state::State;
use crate::domain::time::Day;

use super::super::command::{Change, Stop};

/// What a scope limits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Limit {
    /// Vouchers of a category, and how often a lapsed one may be claimed again.
    Category(Option<u32>),
    /// Vouchers of a programme in a year.
    Year(u32),
    /// Vouchers of any other programme of a group in a year.
    Group,
}

/// A scope under which a voucher counts.
struct Scope {
    name: String,
    period: i32,
    limit: Limit,
}

fn scopes(rules: &Rules, category: Category, day: Day) -> Vec<Scope> {
    let per_person = rules.line(category).and_then(|line| line.per_person);
    let name = format!("category:{}/{category}", rules.id);
    let mut scopes = vec![Scope { name, period: 0, limit: Limit::Category(per_person) }];
    if let Some(limit) = rules.limits.per_person_and_year {
        scopes.push(Scope { name: format!("programme:{}", rules.id), period: day.year(), limit: Limit::Year(limit) });
    }
    for group in &rules.limits.exclusive_groups {
        scopes.push(Scope { name: format!("group:{group}"), period: day.year(), limit: Limit::Group });
    }
    scopes
}

pub(super) fn ask(state: &mut State, rules: &Rules, category: Category, person: Id, day: Day) {
    for scope in scopes(rules, category, day) {
        state.quotas.ask(QuotaUse::key(person, &scope.name, scope.period));
    }
}

/// The quotas of a person as they stand, empty where nothing was used yet, each with its limit.
fn quotas(
    state: &State,
    rules: &Rules,
    category: Category,
    person: Id,
    day: Day,
) -> Result<Vec<(QuotaUse, Limit)>, Stop> {
    let mut found = Vec::new();
    for scope in scopes(rules, category, day) {
        let id = QuotaUse::key(person, &scope.name, scope.period);
        let empty =
            QuotaUse { id, person, scope: scope.name, period: scope.period, live: Vec::new(), issued: 0, lapsed: 0 };
        found.push((state.quotas.get(&id)?.cloned().unwrap_or(empty), scope.limit));
    }
    Ok(found)
}

/// Notes whether the person may have one more voucher.
pub(super) fn judge(
    state: &State,
    rules: &Rules,
    category: Category,
    person: Id,
    day: Day,
    checks: &mut Checks,
) -> Result<(), Stop> {
    for (quota, limit) in quotas(state, rules, category, person, day)? {
        let used = u32::try_from(quota.live.len()).unwrap_or(u32::MAX);
        match limit {
            Limit::Category(most) => {
                if let Some(most) = most {
                    let refusal = Refusal::at(Code::CategoryLimitReached, "/category").found(used);
                    checks.note(used < most, refusal.expected(format!("fewer than {most}")));
                }
                let reclaims = rules.voucher.reclaims;
                let refusal = Refusal::at(Code::ReclaimLimitReached, "/category").found(quota.lapsed);
                checks.note(quota.lapsed <= reclaims, refusal.expected(format!("at most {reclaims} claimed again")));
            }
            Limit::Year(most) => {
                let refusal = Refusal::at(Code::YearlyLimitReached, "/programme_id").found(used);
                checks.note(used < most, refusal.expected(format!("fewer than {most} in {}", quota.period)));
            }
            Limit::Group => {
                let other = quota.live.iter().find(|counted| counted.programme != rules.id);
                let mut refusal = Refusal::at(Code::MutuallyExclusiveProgramme, "/programme_id");
                if let Some(other) = other {
                    refusal = refusal.found(&other.programme);
                }
                checks.note(other.is_none(), refusal);
            }
        }
    }
    Ok(())
}

/// The quotas after the voucher was issued.
pub(super) fn take(
    state: &State,
    rules: &Rules,
    category: Category,
    person: Id,
    day: Day,
    voucher: Id,
) -> Result<Vec<QuotaUse>, Stop> {
    let mut taken = Vec::new();
    for (mut quota, _) in quotas(state, rules, category, person, day)? {
        quota.live.push(Counted { voucher, programme: rules.id.clone() });
        quota.issued += 1;
        taken.push(quota);
    }
    Ok(taken)
}

/// The quotas after a voucher counts no longer; `lapsed` when it expired or was cancelled.
pub(super) fn give_back(state: &State, voucher: &Voucher, lapsed: bool) -> Result<Vec<Change>, Stop> {
    let mut changes = Vec::new();
    for id in &voucher.quotas {
        if let Some(quota) = state.quotas.get(id)? {
            let mut quota = quota.clone();
            quota.live.retain(|counted| counted.voucher != voucher.id);
            quota.lapsed += u32::from(lapsed);
            changes.push(Change::Quota(quota));
        }
    }
    Ok(changes)
}
