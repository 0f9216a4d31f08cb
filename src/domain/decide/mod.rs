//! What each command needs to see, and what it does. Pure: the same state, command and stamp give the same decision.

mod account;
mod adjustment;
mod anomaly;
mod assistance;
mod bank_account;
mod checkpoint;
mod data_key;
mod disclosure;
mod dispute;
mod erasure;
mod evidence_file;
mod expiry;
mod filed;
mod growth_input;
mod hold;
mod import;
mod key_file;
mod matching;
mod old_item_end;
mod parts;
mod party;
mod pickup;
mod programme;
mod quota;
mod redemption;
mod reversal;
mod session;
mod settlement;
mod till;
mod turn_in;
mod voucher;
mod webhook;

pub use adjustment::{Owed, judge as judge_adjustment};
pub use assistance::judge as judge_assisted_claim;
pub use key_file::KEY_FILE;
pub use redemption::{Judged, judge as judge_redemption};
pub use voucher::{Claimable, judge as judge_claim};

use super::command::{Act, Command, Decision, Stamp, Stop};
use super::id::Id;
use super::state::State;

/// Asks for every row that the command may look at, as far as the rows loaded so far name it.
///
/// Called until nothing new is asked for: first with nothing loaded (the keys that the command itself names), then
/// with these rows (the keys that they name). Four rounds do, but where something reaches the buckets of a redemption that a
/// retroactive rise has added to: a fifth is made when the command is decided.
pub fn footprint(state: &mut State, command: &Command, stamp: Stamp) {
    state.done.ask(command.id);
    match &command.act {
        Act::CreateProgramme(_)
        | Act::PublishProgramme { .. }
        | Act::PauseProgramme { .. }
        | Act::CloseProgramme { .. }
        | Act::AdjustPool { .. } => programme::footprint(state, &command.act),
        Act::RegisterRetailer(_)
        | Act::AddStore { .. }
        | Act::RegisterRecycler(_)
        | Act::Approve { .. }
        | Act::Suspend { .. } => party::footprint(state, &command.act),
        Act::ProposeBankAccount { .. } | Act::ApproveBankAccount { .. } | Act::RejectBankAccount { .. } => {
            bank_account::footprint(state, &command.act);
        }
        Act::RecordTurnIn(new) => turn_in::footprint_record(state, new),
        Act::VoidTurnIn { turn_in, .. } => turn_in::footprint_void(state, *turn_in),
        Act::ClaimVoucher(claim) => voucher::footprint(state, claim, stamp),
        Act::ClaimVoucherFor { claim, .. } => assistance::footprint(state, claim, command.actor.id, stamp),
        Act::CancelVoucher { voucher, .. } | Act::ExpireVoucher { voucher } => expiry::footprint(state, *voucher),
        Act::RedeemVoucher(redeem) => redemption::footprint(state, redeem, stamp),
        Act::ReverseRedemption { redemption, .. } | Act::ClawBackRedemption { redemption, .. } => {
            reversal::footprint(state, *redemption);
        }
        Act::PostAdjustments(post) => adjustment::footprint(state, post, stamp),
        Act::CreateAccount(new) => account::footprint_new(state, new),
        Act::DisableAccount { account, .. }
        | Act::ResetCredentials { account, .. }
        | Act::EndSessions { account }
        | Act::ConfirmTotp { account, .. } => account::footprint(state, *account),
        Act::StartTotp { proof, .. } => account::footprint(state, proof.account),
        Act::ChangePassword(change) => account::footprint(state, change.proof.account),
        Act::SignIn(sign_in) => session::footprint_sign_in(state, sign_in),
        Act::RefreshSession(refresh) => session::footprint_refresh(state, refresh),
        Act::SignOut { session } => session::footprint_sign_out(state, *session),
        Act::CreateTill(new) => till::footprint_new(state, new),
        Act::EnrolTill(enrol) => till::footprint_enrol(state, enrol),
        Act::RevokeTill { till, .. } => till::footprint(state, *till),
        Act::CreateWebhook(new) => webhook::footprint_new(state, new),
        Act::RotateWebhookSecret { webhook }
        | Act::StopWebhook { webhook, .. }
        | Act::ReplayWebhook { webhook, .. }
        | Act::RemoveWebhook { webhook } => state.webhooks.ask(*webhook),
        Act::RedeliverEvents { webhook, events } => webhook::footprint_misses(state, *webhook, events),
        Act::NoteDeliveries(turn) => webhook::footprint_turn(state, turn),
        Act::SetGrowthBaseline { .. }
        | Act::RecordOffSystem { .. }
        | Act::RecordDisclosure { .. }
        | Act::NoteKeys { .. }
        | Act::Forget { .. } => {}
        Act::AddDivisionKey(_) => state.data_keys.ask(Id::NIL),
        Act::ErasePerson(wish) => erasure::footprint(state, wish.person),
        Act::RewrapKeys(rewrapped) => rewrapped.iter().for_each(|one| state.data_keys.ask(one.person)),
        Act::CreateCheckpoint(new) => checkpoint::footprint(state, new),
        Act::ImportTable(new) => import::footprint(state, new),
        Act::UploadEvidence(new) => evidence_file::footprint(state, new),
        Act::ReceiveTurnIn { turn_in, recycler, .. } => old_item_end::footprint(state, *turn_in, *recycler),
        Act::RecordDismantling(new) => old_item_end::footprint(state, new.turn_in, new.recycler),
        Act::RequestPickup(new) => pickup::footprint_request(state, new),
        Act::AcceptPickup { pickup, recycler } => pickup::footprint(state, *pickup, Some(*recycler), None),
        Act::CollectPickup { pickup, turn_in, .. } => pickup::footprint(state, *pickup, None, Some(*turn_in)),
        Act::CancelPickup { pickup, .. } => pickup::footprint(state, *pickup, None, None),
        Act::SubmitSettlement(new) => settlement::footprint_submit(state, new),
        Act::AdvanceSettlement(step) => settlement::footprint(state, step),
        Act::RejectLine(reject) => settlement::footprint_reject(state, reject),
        Act::ResubmitRedemption { redemption, .. } => settlement::footprint_resubmit(state, *redemption, stamp),
        Act::RecordRepayment(new) => settlement::footprint_repay(state, new),
        Act::BatchSettlements(new) => settlement::footprint_batch(state, new),
        Act::DissolveBatch { batch, .. } => settlement::footprint_dissolve(state, *batch),
        Act::RecordBankReturn(new) => settlement::footprint_return(state, new),
        Act::AnswerReconciliationRow(answer) => settlement::footprint_answer(state, answer),
        Act::SetAnomalyRules { .. }
        | Act::RecordAnomaly { .. }
        | Act::FinishAnomalyScan { .. }
        | Act::ResolveAnomaly { .. } => anomaly::footprint(state, &command.act),
        Act::OpenDispute(_)
        | Act::AnswerDispute { .. }
        | Act::DecideDispute { .. }
        | Act::ReleaseHold { .. }
        | Act::WithdrawDispute { .. }
        | Act::RecordCompensation { .. } => dispute::footprint(state, &command.act),
    }
}

/// Checks everything and says what is to be written; changes nothing, so that a refusal leaves no trace.
///
/// # Errors
/// [`Stop::Refused`] with everything that failed; [`Stop::NotLoaded`] when the footprint forgot a key.
#[allow(clippy::too_many_lines, reason = "one line per command, and nothing else")]
pub fn decide(state: &State, command: &Command, stamp: Stamp) -> Result<Decision, Stop> {
    let mut ids = Ids { command: command.id, stamp, counter: 0 };
    match &command.act {
        Act::CreateProgramme(rules) => programme::create(state, rules),
        Act::PublishProgramme { programme } => programme::publish(state, programme, stamp, &mut ids),
        Act::PauseProgramme { programme, reason } => programme::pause(state, programme, reason),
        Act::CloseProgramme { programme, reason } => programme::close(state, programme, reason),
        Act::AdjustPool { programme, category, delta, reason } => {
            programme::adjust_pool(state, programme, *category, *delta, reason, &mut ids)
        }
        Act::RegisterRetailer(new) => party::register_retailer(state, new, &mut ids),
        Act::AddStore { retailer, name, address, division_code, town } => {
            party::add_store(state, *retailer, [name, address, division_code, town], &mut ids)
        }
        Act::RegisterRecycler(new) => Ok(party::register_recycler(new, &mut ids)),
        Act::Approve { party, id, programmes } => party::approve(state, *party, *id, programmes, stamp),
        Act::Suspend { party, id, reason } => party::suspend(state, *party, *id, reason, stamp),
        Act::ProposeBankAccount { retailer, own, account } => {
            bank_account::propose(state, (*retailer, *own), account, command.actor.id, &mut ids)
        }
        Act::ApproveBankAccount { proposal } => bank_account::approve(state, *proposal, command.actor.id, stamp),
        Act::RejectBankAccount { proposal, reason } => {
            bank_account::reject(state, *proposal, command.actor.id, reason, stamp)
        }
        Act::RecordTurnIn(new) => turn_in::record(state, new, stamp, &mut ids),
        Act::VoidTurnIn { turn_in, reason } => turn_in::void(state, *turn_in, command.actor.organisation, reason),
        Act::ClaimVoucher(claim) => voucher::claim(state, claim, stamp, &mut ids),
        Act::ClaimVoucherFor { claim, assistance } => {
            assistance::claim(state, claim, assistance, command.actor.id, &mut ids)
        }
        Act::CancelVoucher { voucher, person } => expiry::cancel(state, *voucher, *person, stamp, &mut ids),
        Act::ExpireVoucher { voucher } => expiry::expire(state, *voucher, stamp, &mut ids),
        Act::RedeemVoucher(redeem) => redemption::redeem(state, redeem, command.actor.id, stamp, &mut ids),
        Act::ReverseRedemption { redemption, retailer, reason } => {
            let undo = reversal::Undo::Return { retailer: *retailer, reason };
            reversal::undo(state, *redemption, &undo, stamp, &mut ids)
        }
        Act::PostAdjustments(post) => adjustment::post(state, post, command.actor.id, &mut ids),
        Act::SetGrowthBaseline { year, value, source, monthly } => {
            growth_input::baseline(*year, *value, source, monthly.as_deref(), command.actor.id, stamp, &mut ids)
        }
        Act::RecordOffSystem { month, count, source } => {
            growth_input::off_system(*month, *count, source, command.actor.id, stamp, &mut ids)
        }
        Act::CreateAccount(new) => account::create(state, new, &command.actor, stamp),
        Act::DisableAccount { account, reason } => account::disable(state, *account, reason, &command.actor, stamp),
        Act::ResetCredentials { account, password } => account::reset(state, *account, password, &command.actor, stamp),
        Act::EndSessions { account } => account::end_sessions(state, *account, &command.actor, stamp),
        Act::ChangePassword(change) => account::change_password(state, change, stamp),
        Act::StartTotp { proof, secret, policy } => account::start_totp(state, proof, secret, *policy, stamp),
        Act::ConfirmTotp { account, session, seen, step } => {
            account::confirm_totp(state, (*account, *session), seen, *step, stamp)
        }
        Act::SignIn(sign_in) => session::sign_in(state, sign_in, stamp, &mut ids),
        Act::RefreshSession(refresh) => session::refresh(state, refresh, stamp),
        Act::SignOut { session } => session::sign_out(state, *session, command.actor.id, stamp),
        Act::CreateTill(new) => till::create(state, new, stamp),
        Act::EnrolTill(enrol) => till::enrol(state, enrol, stamp),
        Act::RevokeTill { till, reason } => till::revoke(state, *till, reason, &command.actor, stamp),
        Act::CreateWebhook(new) => webhook::create(state, new, &mut ids),
        Act::RotateWebhookSecret { webhook } => webhook::rotate(state, *webhook, &command.actor, stamp),
        Act::StopWebhook { webhook, reason } => webhook::stop(state, *webhook, reason, &command.actor, stamp),
        Act::ReplayWebhook { webhook, after } => webhook::replay(state, *webhook, *after, &command.actor),
        Act::RemoveWebhook { webhook } => webhook::remove(state, *webhook, &command.actor, stamp),
        Act::RedeliverEvents { webhook, events } => webhook::redeliver(state, *webhook, events, &command.actor, stamp),
        Act::NoteDeliveries(turn) => webhook::note(state, turn, stamp),
        Act::AddDivisionKey(new) => data_key::add_division_key(state, new, stamp),
        Act::RewrapKeys(rewrapped) => data_key::rewrap(state, rewrapped),
        Act::ErasePerson(wish) => erasure::erase(state, wish, stamp),
        Act::Forget { what, ids, before } => Ok(erasure::forget(*what, ids, *before)),
        Act::RecordDisclosure { operation, subject, reason, detail } => {
            Ok(disclosure::record(operation, subject, reason.as_deref(), detail, &mut ids))
        }
        Act::CreateCheckpoint(new) => checkpoint::create(state, new, &mut ids),
        Act::ImportTable(new) => import::take(state, new, command.actor.id, stamp, &mut ids),
        Act::UploadEvidence(new) => evidence_file::record(state, new, command.actor.id, &mut ids),
        Act::ReceiveTurnIn { turn_in, recycler, received_on } => {
            old_item_end::receive(state, (*turn_in, *recycler), *received_on, command.actor.id, &mut ids)
        }
        Act::RecordDismantling(new) => old_item_end::dismantle(state, new, command.actor.id, &mut ids),
        Act::RequestPickup(new) => pickup::request(state, new, &mut ids),
        Act::AcceptPickup { pickup, recycler } => pickup::accept(state, *pickup, *recycler, &ids),
        Act::CollectPickup { pickup, recycler, turn_in } => {
            pickup::collect(state, (*pickup, *recycler), *turn_in, &ids)
        }
        Act::CancelPickup { pickup, person, recycler, reason } => {
            pickup::cancel(state, *pickup, (*person, *recycler), reason, &ids)
        }
        Act::SubmitSettlement(new) => settlement::submit(state, new, command.actor.id, &mut ids),
        Act::AdvanceSettlement(step) => settlement::advance(state, step, command.actor.id, &mut ids),
        Act::RejectLine(reject) => settlement::reject(state, reject, command.actor.id, &mut ids),
        Act::ResubmitRedemption { redemption, retailer, note } => {
            settlement::resubmit(state, *redemption, *retailer, note, &mut ids)
        }
        Act::ClawBackRedemption { redemption, goods_returned, reason } => {
            let undo = reversal::Undo::ClawBack { goods_returned: *goods_returned, reason };
            reversal::undo(state, *redemption, &undo, stamp, &mut ids)
        }
        Act::RecordRepayment(new) => settlement::repay(state, new, command.actor.id, &mut ids),
        Act::BatchSettlements(new) => settlement::batch(state, new, command.actor.id, &mut ids),
        Act::DissolveBatch { batch, reason } => settlement::dissolve(state, *batch, reason, command.actor.id),
        Act::RecordBankReturn(new) => settlement::bank_return(state, new, command.actor.id, &mut ids),
        Act::AnswerReconciliationRow(answer) => settlement::answer(state, answer, command.actor.id, &mut ids),
        Act::NoteKeys { before, after } => Ok(key_file::note(before, after)),
        Act::SetAnomalyRules { .. }
        | Act::RecordAnomaly { .. }
        | Act::FinishAnomalyScan { .. }
        | Act::ResolveAnomaly { .. } => anomaly::decide(state, &command.act, command.actor.id, stamp),
        Act::OpenDispute(_)
        | Act::AnswerDispute { .. }
        | Act::DecideDispute { .. }
        | Act::ReleaseHold { .. }
        | Act::WithdrawDispute { .. }
        | Act::RecordCompensation { .. } => dispute::decide(state, &command.act, &command.actor, &mut ids),
    }
}

/// Identities of new rows: they follow from the command and a counter, so that a batch may be run twice.
struct Ids {
    command: Id,
    stamp: Stamp,
    counter: u32,
}

impl Ids {
    fn next(&mut self) -> Id {
        self.counter += 1;
        Id::derived(self.stamp.at, self.command, self.counter)
    }
}
