//! Another bank account of a retailer: proposed by its manager or an officer, in force when an officer who is not the
//! proposer approves it. Until then the retailer is paid to the account that it had.

use serde_json::json;

use super::Ids;
use crate::domain::command::{Act, AuditNote, Change, Decision, Outcome, Stamp, Stop};
use crate::domain::id::Id;
use crate::domain::records::{AccountProposal, BankAccount, MaskedAccount, ProposalStatus, Retailer};
use crate::domain::refusal::{Checks, Code, Refusal};
use crate::domain::state::State;

pub(super) fn footprint(state: &mut State, act: &Act) {
    match act {
        Act::ProposeBankAccount { retailer, .. } => state.retailers.ask(*retailer),
        Act::ApproveBankAccount { proposal } | Act::RejectBankAccount { proposal, .. } => {
            state.account_proposals.ask(*proposal);
            if let Some(retailer) = state.account_proposals.peek(proposal).map(|row| row.retailer) {
                state.retailers.ask(retailer);
            }
        }
        _ => {}
    }
}

/// `own` is the retailer of the manager who proposes; to her every other one is not there.
pub(super) fn propose(
    state: &State,
    (retailer, own): (Id, Option<Id>),
    account: &BankAccount,
    author: Id,
    ids: &mut Ids,
) -> Result<Decision, Stop> {
    let row = state.retailers.get(&retailer)?.filter(|row| own.is_none_or(|own| own == row.id));
    let row = row.ok_or_else(|| Refusal::of(Code::NotFound))?;
    if row.proposal.is_some() {
        let waits = Refusal::of(Code::WrongState).found(ProposalStatus::Proposed);
        return Err(waits.expected("no other change of the account that waits for approval").into());
    }
    // From here it must succeed.
    let proposal = AccountProposal {
        id: ids.next(),
        retailer,
        account: account.clone(),
        replaces: (&row.account).into(),
        status: ProposalStatus::Proposed,
        proposed_by: author,
        proposed_at: ids.stamp.at,
        decided_by: None,
        decided_at: None,
        reason: None,
    };
    let row = Retailer { proposal: Some(proposal.id), ..row.clone() };
    Ok(decision(row, proposal))
}

pub(super) fn approve(state: &State, proposal: Id, officer: Id, stamp: Stamp) -> Result<Decision, Stop> {
    let (row, proposal) = judge(state, proposal, officer)?;
    if let Some(settlement) = row.paying.first() {
        let refusal = Refusal::of(Code::WrongState).found(format!("settlement {settlement} is being paid"));
        return Err(refusal.expected("no payment under way to the account that is in force").into());
    }
    // From here it must succeed.
    let row = Retailer { account: proposal.account.clone(), proposal: None, ..row.clone() };
    Ok(decision(row, decided(proposal, ProposalStatus::Approved, officer, stamp, None)))
}

pub(super) fn reject(state: &State, proposal: Id, officer: Id, reason: &str, stamp: Stamp) -> Result<Decision, Stop> {
    let (row, proposal) = judge(state, proposal, officer)?;
    // From here it must succeed.
    let row = Retailer { proposal: None, ..row.clone() };
    Ok(decision(row, decided(proposal, ProposalStatus::Rejected, officer, stamp, Some(reason.to_owned()))))
}

/// Whether this officer may decide: it must wait, and be somebody else's.
fn judge(state: &State, id: Id, officer: Id) -> Result<(&Retailer, &AccountProposal), Stop> {
    let proposal = state.account_proposals.get(&id)?.ok_or_else(|| Refusal::of(Code::NotFound))?;
    let row = state.retailers.get(&proposal.retailer)?;
    let row = row.ok_or_else(|| Stop::NotLoaded(format!("retailer of proposal {id}")))?;
    let mut checks = Checks::default();
    let waits = Refusal::of(Code::WrongState).found(proposal.status).expected(ProposalStatus::Proposed);
    checks.note(proposal.status == ProposalStatus::Proposed, waits);
    let somebody_else = Refusal::of(Code::SameOfficer).expected("an officer who has not proposed it");
    checks.note(proposal.proposed_by != officer, somebody_else);
    checks.verdict()?;
    Ok((row, proposal))
}

fn decided(
    proposal: &AccountProposal,
    status: ProposalStatus,
    officer: Id,
    stamp: Stamp,
    reason: Option<String>,
) -> AccountProposal {
    let (decided_by, decided_at) = (Some(officer), Some(stamp.at));
    AccountProposal { status, decided_by, decided_at, reason, ..proposal.clone() }
}

/// The trail has both accounts, masked, at each step.
fn decision(row: Retailer, proposal: AccountProposal) -> Decision {
    let detail = json!({"retailer": row.id, "status": proposal.status, "proposed_by": proposal.proposed_by,
        "before": proposal.replaces, "after": MaskedAccount::from(&proposal.account), "reason": proposal.reason});
    Decision {
        audit: AuditNote { subject: proposal.id.to_string(), detail },
        outcome: Outcome::AccountProposal(Box::new(proposal.clone())),
        changes: vec![Change::Retailer(Box::new(row)), Change::AccountProposal(Box::new(proposal))],
        movements: Vec::new(),
        rollups: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::personal::Personal;
    use crate::domain::records::Standing;
    use crate::domain::time::Moment;

    const STAMP: Stamp = Stamp { at: Moment(1_750_000_000_000_000) };

    fn account(digits: &str) -> BankAccount {
        let number =
            Personal { lookup: Id::digest(&[digits]), sealed: "k1.sealed".into(), masked: format!("****{digits}") };
        BankAccount { bank: "中国银行".into(), number, name: "南昌示例家电有限公司".into() }
    }

    fn id(word: &str) -> Id {
        Id::digest(&[word])
    }

    /// A division with one retailer.
    fn state() -> State {
        let row = Retailer {
            id: id("retailer"),
            name: "南昌示例家电有限公司".into(),
            uscc: String::new(),
            divisions: Vec::new(),
            account: account("1111"),
            contact: None,
            standing: Standing::Approved,
            programmes: Vec::new(),
            proposal: None,
            paying: Vec::new(),
        };
        let mut state = State::default();
        state.retailers.put(row.id, row);
        state
    }

    fn proposed(state: &mut State, own: Option<Id>, author: &str) -> Result<Id, Stop> {
        let mut ids = Ids { command: id("command"), stamp: STAMP, counter: 0 };
        let made = propose(state, (id("retailer"), own), &account("2222"), id(author), &mut ids)?;
        state.apply(&made);
        let Outcome::AccountProposal(proposal) = made.outcome else { panic!("{:?}", made.outcome) };
        Ok(proposal.id)
    }

    fn codes(refused: Result<impl std::fmt::Debug, Stop>) -> Vec<Code> {
        match refused.unwrap_err() {
            Stop::Refused(refusals) => refusals.codes().collect(),
            Stop::NotLoaded(key) => panic!("{key}"),
        }
    }

    fn in_force(state: &State) -> &str {
        &state.retailers.peek(&id("retailer")).unwrap().account.number.masked
    }

    #[test]
    fn an_account_changes_when_somebody_else_approves() {
        let mut state = state();
        let proposal = proposed(&mut state, None, "an officer").unwrap();
        assert_eq!(in_force(&state), "****1111");
        assert_eq!(codes(approve(&state, proposal, id("an officer"), STAMP)), [Code::SameOfficer]);
        assert_eq!(codes(reject(&state, proposal, id("an officer"), "", STAMP)), [Code::SameOfficer]);
        let approved = approve(&state, proposal, id("another officer"), STAMP).unwrap();
        let detail = &approved.audit.detail;
        assert_eq!((&detail["before"]["number"], &detail["after"]["number"]), (&json!("****1111"), &json!("****2222")));
        assert!(!detail.to_string().contains("sealed"));
        state.apply(&approved);
        assert_eq!(in_force(&state), "****2222");
        assert_eq!(codes(approve(&state, proposal, id("a third"), STAMP)), [Code::WrongState]);
        let again = codes(approve(&state, proposal, id("an officer"), STAMP));
        assert_eq!(again, [Code::WrongState, Code::SameOfficer]);
    }

    #[test]
    fn a_rejected_change_leaves_the_account_and_makes_room_for_another() {
        let mut state = state();
        let proposal = proposed(&mut state, Some(id("retailer")), "the manager").unwrap();
        assert_eq!(codes(proposed(&mut state, None, "an officer")), [Code::WrongState]);
        let rejected = reject(&state, proposal, id("an officer"), "户名不符", STAMP).unwrap();
        state.apply(&rejected);
        assert_eq!(in_force(&state), "****1111");
        assert_eq!(state.account_proposals.peek(&proposal).unwrap().reason.as_deref(), Some("户名不符"));
        assert!(proposed(&mut state, None, "an officer").is_ok());
    }

    #[test]
    fn a_manager_proposes_for_her_own_retailer() {
        let mut state = state();
        state.retailers.ask(id("nobody"));
        assert_eq!(codes(proposed(&mut state, Some(id("another")), "a manager")), [Code::NotFound]);
        state.account_proposals.ask(id("nothing"));
        assert_eq!(codes(approve(&state, id("nothing"), id("an officer"), STAMP)), [Code::NotFound]);
    }
}
