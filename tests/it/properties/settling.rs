//! Settlement as a part of the sequences: what a retailer's manager, the bureau and the bank would do next, seen from the
//! database as it is; and now and then what they may not do.

use std::collections::BTreeSet;

use huanxin::domain::command::{
    Act, AnswerRow, Approval, BatchSettlements, NewBankReturn, NewRepayment, Paid, RejectLine, SettlementStep,
    StepOfSettlement, SubmitSettlement,
};
use huanxin::domain::id::Id;
use huanxin::domain::ledger::LedgerAccount;
use huanxin::domain::money::Fen;
use huanxin::domain::records::{RedemptionStatus, RejectionCode};
use huanxin::domain::settlement::{
    Bucket, Control, PaymentBatch, Portions, ReconciliationAnswer, ReconciliationRow, ReconciliationStatus, ReturnRow,
    Settlement, SettlementStatus,
};
use huanxin::domain::time::{Day, Moment};
use huanxin::engine;
use huanxin::store::{Page, StoreError, Tx};
use proptest::prelude::*;

use super::{START, pick};
use crate::fixtures::{TestDatabase, at};

/// A retailer's next step, or the bureau's or the bank's about what it is to be paid.
#[derive(Clone, Copy, Debug)]
pub struct Settle {
    pub seller: usize,
    kind: u8,
    pick: usize,
    /// What is wrong with it, of so many chances; most often nothing.
    wrong: u8,
}

/// So many steps about one retailer, of which a sequence takes what it needs.
pub fn settle() -> impl Strategy<Value = Vec<Settle>> {
    let one = (0..20_u8, 0..64_usize, 0..24_u8);
    (0..2_usize, prop::collection::vec(one, 6)).prop_map(|(seller, steps)| {
        let settle = |(kind, pick, wrong)| Settle { seller, kind, pick, wrong };
        steps.into_iter().map(settle).collect()
    })
}

/// An act, and the word of who does it.
pub type Done = (Act, &'static str);

const MANAGER: &str = "manager";
const OFFICER: &str = "officer";
const REVIEWER: &str = "reviewer";
/// Each may approve once: who had a hand in a settlement does not approve it, by whatever way it comes back.
const APPROVERS: [&str; 3] = ["approver", "another approver", "a third approver"];
const CLERKS: [&str; 2] = ["finance", "another in finance"];
const FINANCE: &str = CLERKS[0];

/// Everything of settlements that somebody may look at.
pub struct Seen {
    now: Moment,
    retailer: Id,
    /// The retailer's, of days that are over.
    open: Vec<Bucket>,
    /// The retailer's, newest first.
    own: Vec<Settlement>,
    /// Of all retailers.
    approved: Vec<Settlement>,
    accounts: Vec<LedgerAccount>,
    /// The retailer's redemptions and how far each has come.
    redemptions: Vec<(Id, RedemptionStatus, Option<Id>)>,
    batches: Vec<PaymentBatch>,
    rows: Vec<ReconciliationRow>,
    /// What is in each of the retailer's settlements and, of one that waits for approval, what that would go by.
    inside: Vec<(Control, Option<Approval>)>,
    /// Settlements with a line that is held: the retailer's that are not paid, and all that wait for the bank.
    held: BTreeSet<Id>,
    /// Days that were scanned for anomalies, where somebody may ask.
    scanned: BTreeSet<i64>,
}

const PAGE: Page = Page { after: None, limit: 100 };

impl Seen {
    pub fn read(database: &TestDatabase, retailer: Id, now: Moment) -> Self {
        let readers = database.database.readers(1).unwrap();
        let mut seen = readers.snapshot(&mut |tx| Self::of(tx, retailer, now)).unwrap();
        if seen.own.iter().any(|row| row.status == SettlementStatus::Reviewed) {
            seen.scanned = database.rows_of("anomaly_scan").iter().filter_map(|row| row["day"].as_i64()).collect();
        }
        seen
    }

    /// Whether the last day of a settlement was scanned.
    fn is_scanned(&self, settlement: &Settlement) -> bool {
        self.scanned.contains(&settlement.to.number().into())
    }

    fn of(tx: &mut Tx<'_>, retailer: Id, now: Moment) -> Result<Self, StoreError> {
        let own = tx.settlements(Some(retailer), None, None, PAGE)?;
        let mut inside = Vec::new();
        for row in &own {
            let mut sum = Portions::default();
            for id in &row.buckets {
                tx.bucket(*id)?.unwrap().portions.iter().for_each(|portion| sum.add(portion));
            }
            let waits = row.status == SettlementStatus::Reviewed;
            let approval = if waits { engine::approval(tx, row.id, None)? } else { None };
            inside.push((sum.control(), approval));
        }
        let approved = tx.settlements(None, Some(SettlementStatus::Approved), None, PAGE)?;
        let mut held = BTreeSet::new();
        for row in own.iter().filter(|row| row.status.is_under_way()).chain(&approved) {
            if is_held(tx, row)? {
                held.insert(row.id);
            }
        }
        let redemptions = tx.redemptions(Some(retailer), PAGE)?;
        Ok(Self {
            now,
            retailer,
            open: tx.open_buckets(retailer, at(START).day(), yesterday(now))?,
            own,
            approved,
            accounts: tx.accounts_of_retailer(retailer)?,
            redemptions: redemptions
                .iter()
                .map(|(fact, progress)| (fact.id, progress.status(), progress.settlement.map(|known| known.0)))
                .collect(),
            batches: tx.payment_batches(PAGE)?,
            rows: tx.reconciliation_rows(None, Some(ReconciliationStatus::Open), PAGE)?,
            inside,
            held,
            scanned: BTreeSet::new(),
        })
    }

    /// Nothing that is held is approved, or goes to the bank; nor is anything approved whose days nobody has scanned.
    pub fn judge(&self, act: &Act) {
        match act {
            Act::AdvanceSettlement(StepOfSettlement { settlement, step: SettlementStep::Approve(_), .. }) => {
                assert!(!self.held.contains(settlement), "{settlement} is approved with a line that is held");
                let row = self.own.iter().find(|row| row.id == *settlement).unwrap();
                assert!(self.is_scanned(row), "{settlement} is approved before its days were scanned");
            }
            Act::BatchSettlements(new) => {
                let held: Vec<&Id> = new.settlements.iter().filter(|id| self.held.contains(id)).collect();
                assert!(held.is_empty(), "{held:?} go to the bank with a line that is held");
            }
            _ => {}
        }
    }

    /// What is done next; `number` is the step's, so that no two files of the bank are the same.
    pub fn next(&self, settle: Settle, number: usize) -> Option<Done> {
        let wanted = match settle.kind {
            0..=2 => self.submit(settle),
            3 | 4 => self.reject(settle),
            5 | 6 => self.resubmit(settle),
            7..=9 => self.claw_back(settle),
            10..=13 => self.repay(settle, number),
            14 | 15 => self.answer(settle, number),
            16 => self.give_back(settle),
            _ => None,
        };
        let goes_on = || self.advance(settle, number).or_else(|| self.submit(settle));
        wanted.or_else(goes_on).or_else(|| self.repay(settle, number)).or_else(|| self.claw_back(settle))
    }

    /// All open buckets of the days that are over, as the statement shows them.
    fn submit(&self, Settle { wrong, .. }: Settle) -> Option<Done> {
        let mut sum = Portions::default();
        self.open.iter().flat_map(|bucket| bucket.portions.iter()).for_each(|portion| sum.add(portion));
        if sum.control().lines == 0 {
            return None;
        }
        // A day that is not over, another retailer, another sum.
        let to = if wrong == 0 { self.now.day() } else { yesterday(self.now) };
        let own = Some(if wrong == 1 { Id::digest(&["another retailer"]) } else { self.retailer });
        let new = SubmitSettlement {
            retailer: self.retailer,
            own,
            from: at(START).day(),
            to,
            control: off(sum.control(), wrong == 2),
            buckets: self.open.iter().map(|bucket| bucket.id).collect(),
            calendars: std::sync::Arc::default(),
        };
        Some((Act::SubmitSettlement(Box::new(new)), MANAGER))
    }

    /// One of the retailer's settlements that wait for somebody; where there is none, sometimes one that does not.
    fn one(&self, at: usize) -> Option<(&Settlement, &(Control, Option<Approval>))> {
        let all: Vec<_> = self.own.iter().zip(&self.inside).collect();
        let over = [SettlementStatus::Paid, SettlementStatus::Closed];
        let wait: Vec<_> = all.iter().filter(|(row, _)| !over.contains(&row.status)).copied().collect();
        pick(&wait, at).or_else(|| pick(&all, at).filter(|_| at.is_multiple_of(4))).copied()
    }

    /// The next step of a settlement: usually the right one, by the right hands.
    fn advance(&self, settle: Settle, number: usize) -> Option<Done> {
        let Settle { pick: at, wrong, .. } = settle;
        let (row, (control, approval)) = self.one(at)?;
        // Above a line that is held nothing goes on: it is refused, or everything is given back.
        match row.status {
            SettlementStatus::Submitted if self.held.contains(&row.id) && at.is_multiple_of(3) => {
                return self.reject(settle);
            }
            SettlementStatus::Reviewed if !self.is_scanned(row) && wrong != 4 => {
                return Some((Act::FinishAnomalyScan { day: row.to, rules: 0, findings: 0 }, "system"));
            }
            SettlementStatus::Reviewed if self.held.contains(&row.id) && at.is_multiple_of(2) => {
                return self.give_back(settle);
            }
            _ => {}
        }
        let (step, who) = match row.status {
            SettlementStatus::Submitted if row.acceptance.is_none() && !at.is_multiple_of(8) => {
                (SettlementStep::Accept, OFFICER)
            }
            SettlementStatus::Submitted => (SettlementStep::Review, REVIEWER),
            SettlementStatus::Reviewed => (SettlementStep::Approve(approval.clone()?), approver_of(row)),
            SettlementStatus::Returned | SettlementStatus::Closed => (SettlementStep::Resubmit, MANAGER),
            SettlementStatus::Approved | SettlementStatus::Paid => return self.pay(row, *control, settle, number),
        };
        // Somebody who had a hand in it, or another sum.
        let who = match wrong {
            0 => MANAGER,
            1 => REVIEWER,
            _ => who,
        };
        Some((self.step(row.id, off(*control, wrong == 2), step), who))
    }

    fn step(&self, settlement: Id, control: Control, step: SettlementStep) -> Act {
        let (own, calendars) = (None, std::sync::Arc::default());
        Act::AdvanceSettlement(StepOfSettlement { settlement, own, control, step, calendars })
    }

    /// Towards the bank, and what the bank says.
    fn pay(&self, row: &Settlement, control: Control, settle: Settle, number: usize) -> Option<Done> {
        let Settle { pick: at, wrong, .. } = settle;
        let is_held = self.held.contains(&row.id);
        if row.batch.is_none() && (at.is_multiple_of(5) || is_held && at.is_multiple_of(2)) {
            let step = SettlementStep::Withdraw { reason: "账号有误".into() };
            return Some((self.step(row.id, off(control, wrong == 2), step), APPROVERS[0]));
        }
        if let Some(batch) = row.batch {
            let batch = self.batches.iter().find(|known| known.id == batch)?;
            if at.is_multiple_of(3) || is_held {
                let who = CLERKS[usize::from(wrong != 0)];
                return Some((Act::DissolveBatch { batch: batch.id, reason: "未送银行".into() }, who));
            }
            return Some((Act::RecordBankReturn(Box::new(self.bank_return(batch, settle, number))), FINANCE));
        }
        let transferred = row.transfer()? + Fen(i64::from(wrong == 1));
        if at.is_multiple_of(2) {
            let paid = Paid { transferred, reference: format!("H{number}"), paid_on: self.now.day() };
            let who = if wrong == 0 { APPROVERS[0] } else { FINANCE };
            return Some((self.step(row.id, off(control, wrong == 2), SettlementStep::Pay(paid)), who));
        }
        let free = |row: &&Settlement| row.batch.is_none() && (wrong == 3 || !self.held.contains(&row.id));
        let ready: Vec<&Settlement> = self.approved.iter().filter(free).collect();
        let first = ready.first()?.id;
        let mut settlements: Vec<Id> = ready.iter().map(|row| row.id).collect();
        let amount: Fen = ready.iter().filter_map(|row| row.transfer()).sum();
        let control = Control { lines: u32::try_from(settlements.len()).unwrap(), amount };
        if wrong == 0 {
            settlements.push(first);
        }
        Some((Act::BatchSettlements(BatchSettlements { settlements, control: off(control, wrong == 2) }), FINANCE))
    }

    /// Most of what the bank says is as it should be; sometimes it pays another amount, or not, or twice, or says nothing.
    fn bank_return(&self, batch: &PaymentBatch, Settle { pick: at, .. }: Settle, number: usize) -> NewBankReturn {
        let mut rows = Vec::new();
        for (nth, id) in batch.settlements.iter().enumerate() {
            let found = self.approved.iter().find(|row| row.id == *id);
            let amount = found.and_then(Settlement::transfer).unwrap_or(Fen(100));
            let right = ReturnRow {
                settlement: Some(*id),
                named: id.to_string(),
                amount,
                paid: true,
                reference: format!("B{number}-{nth}"),
                paid_on: self.now.day(),
            };
            match (at + nth) % 8 {
                0 => rows.push(ReturnRow { amount: amount - Fen(1), ..right }),
                1 => rows.push(ReturnRow { paid: false, ..right }),
                2 => {}
                3 => rows.extend([right.clone(), right]),
                4 => rows.extend([ReturnRow { settlement: None, ..right.clone() }, right]),
                _ => rows.push(right),
            }
        }
        NewBankReturn { batch: batch.id, sha256: format!("{number:064}"), rows }
    }

    /// A line of a settlement that is being reviewed.
    fn reject(&self, Settle { pick: at, wrong, .. }: Settle) -> Option<Done> {
        let submitted: Vec<Id> =
            self.own.iter().filter(|row| row.status == SettlementStatus::Submitted).map(|row| row.id).collect();
        let inside = |known: &&(Id, RedemptionStatus, Option<Id>)| known.2.is_some_and(|id| submitted.contains(&id));
        let lines: Vec<_> = self.redemptions.iter().filter(inside).collect();
        let (redemption, _, settlement) = **pick(&lines, at)?;
        let who = if wrong == 0 { MANAGER } else { REVIEWER };
        let (settlement, code, reason) = (settlement?, RejectionCode::Photo, "照片".to_owned());
        Some((Act::RejectLine(RejectLine { settlement, redemption, code, reason }), who))
    }

    fn in_state(&self, status: RedemptionStatus, at: usize) -> Option<Id> {
        let those: Vec<_> = self.redemptions.iter().filter(|known| known.1 == status).collect();
        pick(&those, at).map(|known| known.0)
    }

    /// What was refused waits anew; or what was not refused does not.
    fn resubmit(&self, Settle { pick: at, wrong, .. }: Settle) -> Option<Done> {
        let wanted = if wrong == 0 { RedemptionStatus::Recorded } else { RedemptionStatus::Rejected };
        let redemption = self.in_state(wanted, at)?;
        Some((Act::ResubmitRedemption { redemption, retailer: self.retailer, note: "已补".into() }, MANAGER))
    }

    /// What was paid is to be had back; what was not paid is not.
    fn claw_back(&self, Settle { pick: at, wrong, .. }: Settle) -> Option<Done> {
        let wanted = match wrong {
            0 => RedemptionStatus::Recorded,
            1 => RedemptionStatus::InSettlement,
            _ => RedemptionStatus::Settled,
        };
        let (redemption, goods_returned) = (self.in_state(wanted, at)?, at.is_multiple_of(2));
        Some((Act::ClawBackRedemption { redemption, goods_returned, reason: "抽查".into() }, OFFICER))
    }

    /// All of what is owed back, or a part of it, or more.
    fn repay(&self, Settle { pick: at, wrong, .. }: Settle, number: usize) -> Option<Done> {
        let owing: Vec<&LedgerAccount> = self.accounts.iter().filter(|row| row.clawback > Fen::ZERO).collect();
        let owed: Fen = owing.iter().map(|row| row.clawback).sum();
        if owed == Fen::ZERO {
            return None;
        }
        let amount = match (wrong, at % 3) {
            (0, _) => owed + Fen(1),
            (_, 0) => owed,
            (_, 1) => Fen((owed.0 / 2).max(1)),
            _ => Fen(1),
        };
        let new = NewRepayment {
            retailer: self.retailer,
            amount,
            reference: if wrong == 1 { "R".into() } else { format!("R{number}") },
            paid_on: self.now.day(),
            lines: owing.iter().map(|row| row.line).collect(),
        };
        Some((Act::RecordRepayment(new), FINANCE))
    }

    /// Somebody has asked the bank about a row.
    fn answer(&self, Settle { pick: at, .. }: Settle, number: usize) -> Option<Done> {
        let row = pick(&self.rows, at)?;
        let again = !at.is_multiple_of(3) && row.settlement.is_some();
        let answer = if again { ReconciliationAnswer::PayAgain } else { ReconciliationAnswer::Explained };
        Some((Act::AnswerReconciliationRow(AnswerRow { row: row.id, answer, note: "问过".into() }), CLERKS[number % 2]))
    }

    /// The bureau gives a settlement back.
    fn give_back(&self, Settle { pick: at, .. }: Settle) -> Option<Done> {
        let (row, (control, _)) = self.one(at)?;
        Some((self.step(row.id, *control, SettlementStep::Return { reason: "缺发票".into() }), REVIEWER))
    }
}

/// Somebody who has had no hand in a settlement yet.
fn approver_of(settlement: &Settlement) -> &'static str {
    let free = |who: &&&str| !settlement.was_touched_by(Id::digest(&[who]));
    APPROVERS.iter().find(free).unwrap_or(&APPROVERS[0])
}

/// Whether anything holds a redemption that the settlement pays, or adds to.
fn is_held(tx: &mut Tx<'_>, settlement: &Settlement) -> Result<bool, StoreError> {
    let lines = tx.settlement_lines(settlement)?;
    let raised = lines.adjustments.iter().map(|row| row.redemption);
    let all: Vec<Id> = lines.redemptions.iter().copied().chain(raised).collect();
    Ok(tx.holds_of(&all)?.iter().any(|row| !row.open.is_empty()))
}

fn yesterday(now: Moment) -> Day {
    now.plus_seconds(-24 * 3600).day()
}

/// A total that is not the one that is there.
fn off(control: Control, wrong: bool) -> Control {
    Control { lines: control.lines + u32::from(wrong), ..control }
}
