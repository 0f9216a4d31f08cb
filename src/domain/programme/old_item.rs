//! What a programme asks of the old item.

use crate::domain::goods::{Category, OldItem};
use crate::domain::refusal::{Checks, Code, Refusal};

use super::rules::{Matching, OldItemRules, Rules};
use super::{list, stated};

/// Places in a request that names the turn-in by its id: whatever is wrong with it, the id is to blame.
#[must_use]
pub fn by_turn_in_id(_field: &str) -> String {
    "/turn_in_id".to_owned()
}

/// Places in a request that carries a whole turn-in as `turn_in`.
#[must_use]
pub fn in_turn_in_body(field: &str) -> String {
    match field {
        "" => "/turn_in".to_owned(),
        "category" | "evidence" | "received_on" => format!("/turn_in/{field}"),
        _ => format!("/turn_in/item/{field}"),
    }
}

/// Notes every check on the old item for a new item of `category`.
///
/// `pointer` gives the place of a field: `""` for the turn-in itself, else `category`, `fuel`, `first_registered_on`,
/// `registered`, `complete`, `owned_since`, `disposal`, `evidence` or `received_on`. Nothing is noted where the
/// programme asks for no old item (`none`) or only rewards one (`bonus`); the latter counts when it `fits`.
pub fn judge_old_item(
    rules: &Rules,
    category: Category,
    old: Option<&OldItem>,
    pointer: &dyn Fn(&str) -> String,
    checks: &mut Checks,
) {
    if matches!(rules.old_item.matching, Matching::None | Matching::Bonus) {
        return;
    }
    checks.note(old.is_some(), Refusal::at(Code::OldItemMissing, pointer("")));
    if let Some(old) = old {
        judge_present(rules, category, old, pointer, checks);
    }
}

/// Whether an old item keeps all that the programme asks of one.
#[must_use]
pub fn fits(rules: &Rules, category: Category, old: &OldItem) -> bool {
    let mut checks = Checks::default();
    judge_present(rules, category, old, &by_turn_in_id, &mut checks);
    checks.verdict().is_ok()
}

fn judge_present(
    rules: &Rules,
    category: Category,
    old: &OldItem,
    pointer: &dyn Fn(&str) -> String,
    checks: &mut Checks,
) {
    let asked = &rules.old_item;
    judge_category(rules, category, old, pointer, checks);
    judge_registration(asked, old, pointer, checks);
    if asked.must_be_complete || asked.must_have_battery {
        let refusal = Refusal::at(Code::OldItemIncomplete, pointer("complete"));
        let passed = old.complete == Some(true) || (!asked.must_be_complete && old.complete.is_none());
        checks.note(passed, refusal.found(stated(old.complete)).expected(true));
    }
    if let Some(until) = asked.owned_until {
        let refusal = Refusal::at(Code::OwnedTooLate, pointer("owned_since"));
        let passed = old.owned_since.is_some_and(|since| since <= until);
        checks.note(passed, refusal.found(stated(old.owned_since)).expected(until));
    }
    if let Some(disposal) = asked.disposal {
        let refusal = Refusal::at(Code::OldNewCombinationNotEligible, pointer("disposal"));
        checks.note(old.disposal == Some(disposal), refusal.found(stated(old.disposal)).expected(disposal));
    }
    if let Some(window) = rules.windows.old_item {
        let refusal = Refusal::at(Code::OldItemMissing, pointer("received_on")).found(old.received_on).expected(window);
        checks.note(window.contains(old.received_on), refusal);
    }
    for kind in &asked.evidence {
        let refusal = Refusal::at(Code::EvidenceMissing, pointer("evidence"));
        let passed = old.evidence.iter().any(|piece| piece.kind == *kind);
        checks.note(passed, refusal.found(list(old.evidence.iter().map(|piece| piece.kind))).expected(kind));
    }
}

fn judge_category(
    rules: &Rules,
    category: Category,
    old: &OldItem,
    pointer: &dyn Fn(&str) -> String,
    checks: &mut Checks,
) {
    let allowed = match rules.old_item.matching {
        Matching::SameCategory => vec![category],
        _ if rules.old_item.categories.is_empty() => rules.lines.iter().map(|line| line.category).collect(),
        _ => rules.old_item.categories.clone(),
    };
    let refusal = Refusal::at(Code::OldItemCategoryMismatch, pointer("category")).found(old.category);
    checks.note(allowed.contains(&old.category), refusal.expected(list(&allowed)));
}

/// First registration by fuel, and the plate; what is not stated does not count as kept.
fn judge_registration(asked: &OldItemRules, old: &OldItem, pointer: &dyn Fn(&str) -> String, checks: &mut Checks) {
    if !asked.registered_until.is_empty() {
        let limit = old.fuel.and_then(|fuel| asked.registered_until.iter().find(|limit| limit.fuels.contains(&fuel)));
        let (passed, refusal) = match limit {
            Some(limit) => (
                old.first_registered_on.is_some_and(|day| day <= limit.day),
                Refusal::at(Code::OldItemTooNew, pointer("first_registered_on"))
                    .found(stated(old.first_registered_on))
                    .expected(limit.day),
            ),
            None => (
                false,
                Refusal::at(Code::OldItemTooNew, pointer("fuel"))
                    .found(stated(old.fuel))
                    .expected(list(asked.registered_until.iter().flat_map(|limit| &limit.fuels))),
            ),
        };
        checks.note(passed, refusal);
    }
    if asked.must_be_registered {
        // A plate is the mark of a registration, unless the recycler says that there was none.
        let passed = old.registered == Some(true) || (old.plate.is_some() && old.registered.is_none());
        let refusal = Refusal::at(Code::OldItemNotRegistered, pointer("registered"));
        checks.note(passed, refusal.found(stated(old.registered)).expected(true));
    }
}
