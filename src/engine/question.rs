//! Questions that change nothing: a quote, an eligibility and what a retroactive rise owes run the same footprint, load and rules as the command,
//! in one read-only snapshot, and drop the decision. A rule is written once.

use std::sync::Arc;

use super::{Division, Failure, batch};
use crate::domain::command::{Act, ClaimVoucher, Command, PostAdjustments, RedeemVoucher, Stamp, Stop};
use crate::domain::decide::{
    Claimable, Judged, Owed, decide, judge_adjustment, judge_assisted_claim, judge_claim, judge_redemption,
};
use crate::domain::id::Id;
use crate::domain::money::Fen;
use crate::domain::programme::Amounts;
use crate::domain::records::Voucher;
use crate::domain::refusal::{Check, Code, Refusal, Refusals};
use crate::domain::state::State;
use crate::domain::time::{Day, Moment};
use crate::store::{Page, StoreError, Tx};

/// What a redemption would give.
#[derive(Clone, Debug, PartialEq)]
pub struct Quote {
    /// The voucher.
    pub voucher: Voucher,
    /// The amounts, when nothing fails or lacks.
    pub amounts: Option<Amounts>,
    /// Every check, passed or not.
    pub checks: Vec<Check>,
}

/// Whether a claim would be granted.
#[derive(Clone, Debug, PartialEq)]
pub struct Eligibility {
    /// Yes or no.
    pub eligible: bool,
    /// The most that the person can get.
    pub max_subsidy: Option<Fen>,
    /// Why not, the most urgent first.
    pub refusals: Vec<Refusal>,
}

/// What a programme's version in force owes for redemptions of before: a page of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Due {
    /// The version in force; `None` before the first publication.
    pub version: Option<u32>,
    /// From which day on it raises; `None` when it does not.
    pub retroactive_from: Option<Day>,
    /// The redemptions that were looked at, newest first, each with what is owed for it, if anything.
    pub redemptions: Vec<(Id, Option<Owed>)>,
}

/// Ranks of refusals that make a quote fail as a whole: record, token, voucher and seller.
const QUOTE_FAILS: [u8; 4] = [2, 6, 7, 9];

impl Division {
    /// What a redemption would give, or lacks.
    ///
    /// # Errors
    /// [`Failure::Refused`] only when token, voucher, holder check or seller are bad.
    pub async fn quote(&self, redeem: RedeemVoucher) -> Result<Quote, Failure> {
        let asked = redeem.clone();
        let judge = move |state: &State, stamp: Stamp| judge_redemption(state, &asked, stamp);
        let Judged { voucher, amounts, checks } = self.ask(Act::RedeemVoucher(Box::new(redeem)), judge).await?;
        let fatal =
            checks.all().iter().filter(|check| !check.passed && QUOTE_FAILS.contains(&check.refusal.code.rank()));
        if let Some(refusals) = Refusals::from_failed(fatal.map(|check| check.refusal.clone()).collect()) {
            return Err(Failure::Refused(refusals));
        }
        let amounts = amounts.filter(|_| checks.verdict().is_ok());
        Ok(Quote { voucher, amounts, checks: checks.all().to_vec() })
    }

    /// Whether a claim would be granted, with every reason why not.
    ///
    /// # Errors
    /// [`Failure::Refused`] when there is no such programme.
    pub async fn eligibility(&self, claim: ClaimVoucher) -> Result<Eligibility, Failure> {
        self.eligible(claim, judge_claim).await
    }

    /// As [`Self::eligibility`], of a person whom an assistant names.
    ///
    /// # Errors
    /// [`Failure::Refused`] when there is no such programme, or the name is not the number's.
    pub async fn eligibility_for(&self, claim: ClaimVoucher) -> Result<Eligibility, Failure> {
        self.eligible(claim, judge_assisted_claim).await
    }

    async fn eligible(
        &self,
        claim: ClaimVoucher,
        judge: fn(&State, &ClaimVoucher, Stamp) -> Result<Claimable, Stop>,
    ) -> Result<Eligibility, Failure> {
        let asked = claim.clone();
        let judge = move |state: &State, stamp: Stamp| judge(state, &asked, stamp);
        let Claimable { reserve, checks } = self.ask(Act::ClaimVoucher(Box::new(claim)), judge).await?;
        let refusals = checks.verdict().err().map(|refusals| refusals.all().to_vec()).unwrap_or_default();
        Ok(Eligibility { eligible: refusals.is_empty(), max_subsidy: reserve, refusals })
    }

    /// What the version in force owes for redemptions that were made under earlier ones.
    ///
    /// # Errors
    /// [`Failure::Refused`] when there is no such programme.
    pub async fn due(&self, programme: String, page: Page) -> Result<Due, Failure> {
        let clock = self.0.clock;
        let found = self.read(move |tx| {
            let at = clock.shift(tx.now()?);
            due(tx, at, &programme, page)
        });
        found.await?.map_err(stopped)
    }

    /// Whether a command would be done: its whole footprint, load and decision, and nothing of it is kept.
    ///
    /// # Errors
    /// [`Failure::Refused`] when it would be refused.
    pub async fn rehearse(&self, command: Command) -> Result<(), Failure> {
        let act = command.act.clone();
        self.ask(act, move |state: &State, stamp: Stamp| decide(state, &command, stamp).map(drop)).await
    }

    async fn ask<T: Send + 'static>(
        &self,
        act: Act,
        judge: impl Fn(&State, Stamp) -> Result<T, Stop> + Send + 'static,
    ) -> Result<T, Failure> {
        let clock = self.0.clock;
        let command = Arc::new(question(act));
        let judged = self
            .read(move |tx| {
                let stamp = Stamp { at: clock.shift(tx.now()?) };
                let (state, _) = batch::load(tx, std::slice::from_ref(&command), stamp)?;
                Ok(judge(&state, stamp))
            })
            .await?;
        judged.map_err(stopped)
    }
}

fn stopped(stop: Stop) -> Failure {
    match stop {
        Stop::Refused(refusals) => Failure::Refused(refusals),
        Stop::NotLoaded(key) => {
            tracing::error!(key, "a question's footprint forgot a key");
            Failure::Internal(key)
        }
    }
}

/// As [`Division::due`], in a transaction that is there.
///
/// # Errors
/// Those of the database; inside, [`Stop::Refused`] when there is no such programme.
pub fn due(tx: &mut Tx<'_>, at: Moment, programme: &str, page: Page) -> Result<Result<Due, Stop>, StoreError> {
    let Some((row, version)) = tx.programme(programme)? else {
        return Ok(Err(Refusal::of(Code::NotFound).found(programme).into()));
    };
    let Some(version) = version.filter(|version| version.number == row.current) else {
        return Ok(Ok(Due::default()));
    };
    let retroactive_from = version.rules.retroactive_from;
    let mut due = Due { version: Some(row.current), retroactive_from, redemptions: Vec::new() };
    let Some(from) = retroactive_from else { return Ok(Ok(due)) };
    let redemptions = tx.adjustment_candidates(programme, row.current, from, page)?;
    let post = PostAdjustments {
        programme: programme.to_owned(),
        version: row.current,
        redemptions: redemptions.clone(),
        total: Fen::ZERO,
    };
    let (state, _) = batch::load(tx, &[Arc::new(question(Act::PostAdjustments(post)))], Stamp { at })?;
    for id in redemptions {
        match judge_adjustment(&state, programme, id, "") {
            Ok(owed) => due.redemptions.push((id, Some(owed))),
            Err(Stop::Refused(_)) => due.redemptions.push((id, None)),
            Err(stop) => return Ok(Err(stop)),
        }
    }
    Ok(Ok(due))
}

/// A command that is never decided: its footprint says what to load.
fn question(act: Act) -> Command {
    Command { id: Id::NIL, fingerprint: Id::NIL, actor: super::system(), request_id: String::new(), act }
}
