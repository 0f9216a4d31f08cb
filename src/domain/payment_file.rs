//! Whether a file for the bank may still leave the house: it says what its batch says, of payments that wait and that nothing
//! stops, or it is not given out.

use super::records::Standing;
use super::refusal::{Checks, Code, Refusal, Refusals};
use super::settlement::{Control, PaymentBatch, Settlement, SettlementStatus};

/// A payment of the batch as it stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The settlement.
    pub settlement: Settlement,
    /// How many of its lines are held.
    pub held: u32,
    /// How its retailer stands.
    pub standing: Standing,
}

/// A second upload of what the bank has paid would pay it again, and a file that lacks a payment is not the one that was
/// signed for: so a batch of which anything was paid, or has left it, has no file any more.
///
/// # Errors
/// With what is wrong of each payment, and with the control total where it is not the batch's.
pub fn judge(batch: &PaymentBatch, payments: &[Told]) -> Result<(), Refusals> {
    let (mut checks, mut sum) = (Checks::default(), Control::default());
    for Told { settlement, held, standing } in payments {
        let wrong =
            |found: String| Refusal::of(Code::WrongState).found(format!("settlement {}: {found}", settlement.id));
        let status = settlement.status;
        checks
            .note(status == SettlementStatus::Approved, wrong(status.to_string()).expected(SettlementStatus::Approved));
        let left = settlement.batch != Some(batch.id);
        checks.note(!left, wrong("it has left this file".to_owned()).expected("each payment of the batch"));
        let free = wrong(format!("{held} lines that are held"));
        checks.note(*held == 0, free.expected("no line that a finding, a dispute or an old item holds"));
        let approved = wrong(format!("a retailer that is {standing}")).expected("a retailer that is approved");
        checks.note(*standing == Standing::Approved, approved);
        sum = sum.plus(Control { lines: 1, amount: settlement.transfer().unwrap_or_default() });
    }
    checks.verdict()?;
    let refusal = Refusal::of(Code::WrongState).found(format!("{} payments of {}", sum.lines, sum.amount));
    let expected = format!("{} payments of {}", batch.control.lines, batch.control.amount);
    checks.note(sum == batch.control, refusal.expected(expected));
    checks.verdict()
}
