//! Programmes: drafted, published, paused, closed; and their pools.

use serde_json::json;

use super::Ids;
use crate::domain::command::{Act, AuditNote, Change, Decision, Outcome, Stamp, Stop};
use crate::domain::goods::Category;
use crate::domain::ledger::{Accounts, LedgerLine, Movement, MovementKind, line_id};
use crate::domain::money::Fen;
use crate::domain::programme::{Difference, Rules, differences};
use crate::domain::records::{Programme, ProgrammeStatus, Version};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::state::State;

pub(super) fn footprint(state: &mut State, act: &Act) {
    match act {
        Act::CreateProgramme(rules) => state.programmes.ask(rules.id.clone()),
        Act::PublishProgramme { programme } => {
            state.programmes.ask(programme.clone());
            let latest = state.programmes.peek(programme).map_or(0, |row| row.latest);
            let categories: Vec<Category> = state
                .versions
                .peek(&(programme.clone(), latest))
                .map(|version| version.rules.lines.iter().map(|line| line.category).collect())
                .unwrap_or_default();
            for category in categories {
                state.lines.ask(line_id(programme, category));
            }
        }
        Act::PauseProgramme { programme, .. } | Act::CloseProgramme { programme, .. } => {
            state.programmes.ask(programme.clone());
        }
        Act::AdjustPool { programme, category, .. } => {
            state.programmes.ask(programme.clone());
            state.lines.ask(line_id(programme, *category));
        }
        _ => {}
    }
}

pub(super) fn create(state: &State, rules: &Rules) -> Result<Decision, Stop> {
    let known = state.programmes.get(&rules.id)?;
    let row = match known {
        None => Programme { id: rules.id.clone(), status: ProgrammeStatus::Draft, current: 0, latest: 1 },
        Some(row) if row.status == ProgrammeStatus::Closed => {
            return Err(wrong_state(row, "draft, published or paused"));
        }
        // A draft that waits is replaced; what is published never is.
        Some(row) => Programme { latest: row.current + 1, ..row.clone() },
    };
    let version = Version { programme: row.id.clone(), number: row.latest, rules: rules.clone(), published_at: None };
    let changes = changed(state, &row, rules)?;
    let detail = json!({"version": row.latest, "title": rules.title, "changes": changes, "categories":
        rules.lines.iter().map(|line| line.category).collect::<Vec<_>>()});
    let changes = vec![Change::Programme(row.clone()), Change::Version(Box::new(version))];
    Ok(decision(row, changes, Vec::new(), detail))
}

pub(super) fn publish(state: &State, programme: &str, stamp: Stamp, ids: &mut Ids) -> Result<Decision, Stop> {
    let row = find(state, programme)?;
    let drafted = row.latest > row.current;
    match row.status {
        ProgrammeStatus::Closed => return Err(wrong_state(row, "draft, or a published programme with a newer draft")),
        ProgrammeStatus::Published if !drafted => {
            return Err(wrong_state(row, "draft, or a published programme with a newer draft"));
        }
        _ => {}
    }
    let after = Programme { status: ProgrammeStatus::Published, current: row.latest, ..row.clone() };
    let mut changes = vec![Change::Programme(after.clone())];
    let mut movements = Vec::new();
    let mut said = Vec::new();
    if drafted {
        let key = (programme.to_owned(), row.latest);
        let version = state.versions.get(&key)?.ok_or_else(|| Stop::NotLoaded(format!("version {key:?}")))?;
        changes.push(Change::Version(Box::new(Version { published_at: Some(stamp.at), ..version.as_ref().clone() })));
        said = changed(state, row, &version.rules)?;
        for line in &version.rules.lines {
            let id = line_id(programme, line.category);
            if state.lines.get(&id)?.is_none() {
                let balances = Accounts::default();
                changes.push(Change::Line(LedgerLine {
                    id,
                    programme: programme.to_owned(),
                    category: line.category,
                    balances,
                }));
                movements.push(adjustment(id, line.pool, stamp, ids));
            }
        }
    }
    let detail = json!({
        "before": {"status": row.status, "version": row.current},
        "after": {"status": after.status, "version": after.current},
        "changes": said,
    });
    Ok(decision(after, changes, movements, detail))
}

pub(super) fn pause(state: &State, programme: &str, reason: &str) -> Result<Decision, Stop> {
    let row = find(state, programme)?;
    if row.status != ProgrammeStatus::Published {
        return Err(wrong_state(row, "published"));
    }
    Ok(change_status(row, ProgrammeStatus::Paused, reason))
}

pub(super) fn close(state: &State, programme: &str, reason: &str) -> Result<Decision, Stop> {
    let row = find(state, programme)?;
    if !matches!(row.status, ProgrammeStatus::Published | ProgrammeStatus::Paused) {
        return Err(wrong_state(row, "published or paused"));
    }
    Ok(change_status(row, ProgrammeStatus::Closed, reason))
}

pub(super) fn adjust_pool(
    state: &State,
    programme: &str,
    category: Category,
    delta: Fen,
    reason: &str,
    ids: &mut Ids,
) -> Result<Decision, Stop> {
    find(state, programme)?;
    let id = line_id(programme, category);
    let line = state.lines.get(&id)?.ok_or_else(|| Refusal::at(Code::NotFound, "/category").found(category))?;
    if delta == Fen::ZERO {
        return Err(Refusal::at(Code::AmountMalformed, "/delta")
            .found(delta)
            .expected("an amount that is not 0")
            .into());
    }
    let available = line.balances.available + delta;
    if available < Fen::ZERO {
        let refusal = Refusal::at(Code::PoolExhausted, "/delta").found(delta);
        return Err(refusal.expected(format!("not below -{}", line.balances.available)).into());
    }
    let movement = adjustment(id, delta, ids.stamp, ids);
    let detail = json!({"programme": programme, "category": category, "delta": delta, "reason": reason,
        "available": {"before": line.balances.available, "after": available}});
    Ok(Decision {
        outcome: Outcome::Pool {
            programme: programme.to_owned(),
            category,
            available,
            appropriation: Fen::ZERO - (line.balances.appropriation - delta),
        },
        changes: Vec::new(),
        movements: vec![movement],
        rollups: Vec::new(),
        audit: AuditNote { subject: id.to_string(), detail },
    })
}

/// What the rules change in the version that is in force; nothing for a programme's first.
fn changed(state: &State, row: &Programme, rules: &Rules) -> Result<Vec<Difference>, Stop> {
    if row.current == 0 {
        return Ok(Vec::new());
    }
    let key = (row.id.clone(), row.current);
    let current = state.versions.get(&key)?.ok_or_else(|| Stop::NotLoaded(format!("version {key:?}")))?;
    Ok(differences(&current.rules, rules))
}

fn adjustment(line: crate::domain::id::Id, delta: Fen, stamp: Stamp, ids: &mut Ids) -> Movement {
    Movement {
        id: ids.next(),
        line,
        retailer: None,
        kind: MovementKind::Adjust,
        subject: line,
        deltas: Accounts { appropriation: -delta, available: delta, ..Accounts::default() },
        at: stamp.at,
    }
}

fn find<'a>(state: &'a State, programme: &str) -> Result<&'a Programme, Stop> {
    let row = state.programmes.get(&programme.to_owned())?;
    row.ok_or_else(|| Refusal::of(Code::NotFound).found(programme).into())
}

fn wrong_state(row: &Programme, expected: &str) -> Stop {
    Refusal::of(Code::WrongState).found(row.status).expected(expected).into()
}

fn change_status(row: &Programme, status: ProgrammeStatus, reason: &str) -> Decision {
    let after = Programme { status, ..row.clone() };
    let detail = json!({"before": row.status, "after": status, "reason": reason});
    decision(after.clone(), vec![Change::Programme(after)], Vec::new(), detail)
}

fn decision(row: Programme, changes: Vec<Change>, movements: Vec<Movement>, detail: serde_json::Value) -> Decision {
    let audit = AuditNote { subject: row.id.clone(), detail };
    Decision { outcome: Outcome::Programme(row), changes, movements, rollups: Vec::new(), audit }
}
