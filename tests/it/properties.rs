//! Any sequence of commands, cut into any batches, gives the same answers and the same rows as one by one, on both
//! databases, spoilt commands included; and whatever was done, the books are in order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use huanxin::domain::anomaly::{AnomalyRule, Signal};
use huanxin::domain::command::{
    Act, Command, Decision, EnrolTill, ErasePerson, NewDispute, NewRecycler, NewTill, Outcome, Party, PostAdjustments,
    Rewrapped, Stamp, Stop,
};
use huanxin::domain::decide::decide;
use huanxin::domain::dispute::{DisputeAbout, DisputeParty, Verdict};
use huanxin::domain::evidence_file::{FileAbout, FileKind, FileMedia, NewEvidenceFile};
use huanxin::domain::goods::Category;
use huanxin::domain::id::Id;
use huanxin::domain::identifier::synthetic;
use huanxin::domain::import::{NewImport, NewRows, NewStore, import_id};
use huanxin::domain::money::Fen;
use huanxin::domain::old_item_end::{EndStep, NewDismantling};
use huanxin::domain::personal::NewDataKey;
use huanxin::domain::pickup::NewPickup;
use huanxin::domain::product::{NewProduct, gtin_14};
use huanxin::domain::programme::{Amount, Release, Rules, Share, Tier};
use huanxin::domain::records::VoucherStatus;
use huanxin::domain::state::State;
use huanxin::domain::time::Moment;
use huanxin::engine::{self, Clock, Due, Failure, Reply, Runner, Settings};
use huanxin::store::Page;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use rust_decimal::Decimal;
use serde_json::Value;

mod settled;
mod settling;

use self::settling::{Seen, Settle, settle};
use super::fixtures::{
    APPLIANCES, CARS, DIVISION, District, EBIKES, Rows, SaleOf, TestDatabase, at, claim, command, data_key, fen,
    new_item, new_recycler, new_retailer, old_item, person, personal, plain, plain_reply, plain_rows, reverse, rules,
    setting, turn_in,
};

/// Late in a year, so that a sequence which waits runs into the next one.
const START: &str = "2026-12-10T10:00:00+08:00";
/// No multiple of it is the thirty days of a voucher: microseconds must not decide whether one has lapsed.
const WAIT_SECONDS: i64 = 16 * 24 * 3600;
/// Few enough that people, goods and vouchers meet again and again.
const PEOPLE: u64 = 3;
const ITEMS: u64 = 4;
const INVOICES: u64 = 9;
const DEVICES: u64 = 2;
/// The categories of the sequences.
const KINDS: [(&str, Category); 4] = [
    (APPLIANCES, Category::Refrigerator),
    (APPLIANCES, Category::Television),
    (EBIKES, Category::Ebike),
    (CARS, Category::Car),
];
/// Two or three vouchers of each category.
const POOLS: [(&str, &str); 3] = [(APPLIANCES, "3500.00"), (EBIKES, "1500.00"), (CARS, "40000.00")];

/// A step of a sequence, in terms of what the steps before it made: a number picks one of them.
#[derive(Clone, Debug)]
enum Step {
    TurnIn {
        owner: u64,
        kind: usize,
        item: u64,
    },
    Void {
        pick: usize,
    },
    Claim {
        holder: u64,
        kind: usize,
        turn_in: Option<usize>,
    },
    Redeem {
        pick: usize,
        live: bool,
        item: u64,
        invoice: u64,
        turn_in: Option<usize>,
        seller: usize,
        price: i64,
        wrong: u8,
    },
    Cancel {
        pick: usize,
        holder: Option<u64>,
    },
    Expire {
        pick: usize,
    },
    Reverse {
        pick: usize,
        seller: Option<usize>,
    },
    Adjust {
        kind: usize,
        delta: i64,
    },
    Draft {
        programme: usize,
        variant: u8,
    },
    /// Some of what a programme owes by a retroactive rise is posted.
    Post {
        programme: usize,
        take: usize,
        wrong: u8,
    },
    Publish {
        programme: usize,
    },
    Pause {
        programme: usize,
    },
    Suspend {
        seller: usize,
    },
    Approve {
        seller: usize,
    },
    /// A seller's till, made, enrolled on a device, taken out of use.
    NewTill {
        seller: usize,
        other_store: bool,
    },
    EnrolTill {
        pick: usize,
        device: u64,
    },
    EndTill {
        pick: usize,
        seller: Option<usize>,
    },
    /// What is known of a person is to go; perhaps the papers of redemptions must still be kept.
    Erase {
        whom: u64,
        keeps: bool,
        or_restrict: bool,
    },
    /// The data key of an earlier claim is wrapped with another master key.
    Rewrap {
        pick: usize,
    },
    /// A file, whole or not at all: its rows may be there already, in another file or in the same batch.
    Import {
        table: usize,
        variant: u64,
    },
    /// A file about an old item, which may be the file of another one as well.
    File {
        pick: usize,
        content: u64,
    },
    /// A yard receives an old item, and dismantles it.
    Receive {
        pick: usize,
    },
    Dismantle {
        pick: usize,
        content: u64,
    },
    /// Somebody asks for a pick-up; the collection point accepts, collects, or calls it off.
    Pickup {
        whom: u64,
        kind: usize,
    },
    AcceptPickup {
        pick: usize,
    },
    CollectPickup {
        pick: usize,
        turn_in: usize,
    },
    CancelPickup {
        pick: usize,
    },
    /// A command of before, once more.
    Again {
        pick: usize,
    },
    /// Its key, with another meaning.
    OtherMeaning {
        pick: usize,
    },
    /// A command on which a rule panics, or whose decision no row can hold.
    Spoilt {
        panics: bool,
        kind: usize,
    },
    /// Somebody looks at a redemption: a finding or a dispute about it takes its next step.
    Look {
        pick: usize,
        what: usize,
    },
    /// What a retailer is to be paid, or has been, takes its next step.
    Settle(Settle),
    /// Time passes.
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    let pick = || 0..64_usize;
    let kind = || 0..KINDS.len();
    let seller = || 0..2_usize;
    let programme = || 0..POOLS.len();
    prop_oneof![
        20 => (0..PEOPLE, kind(), 0..ITEMS).prop_map(|(owner, kind, item)| Step::TurnIn { owner, kind, item }),
        2 => pick().prop_map(|pick| Step::Void { pick }),
        24 => (0..PEOPLE, kind(), prop::option::weighted(0.9, pick()))
            .prop_map(|(holder, kind, turn_in)| Step::Claim { holder, kind, turn_in }),
        40 => ((pick(), prop::bool::weighted(0.8)), 0..ITEMS, 0..INVOICES, prop::option::weighted(0.95, pick()), seller(),
            1..30_i64, 0..24_u8)
            .prop_map(|((pick, live), item, invoice, turn_in, seller, price, wrong)| Step::Redeem {
                pick, live, item, invoice, turn_in, seller, price, wrong,
            }),
        3 => (pick(), prop::option::weighted(0.2, 0..PEOPLE)).prop_map(|(pick, holder)| Step::Cancel { pick, holder }),
        8 => pick().prop_map(|pick| Step::Expire { pick }),
        10 => (pick(), prop::option::weighted(0.2, seller())).prop_map(|(pick, seller)| Step::Reverse { pick, seller }),
        4 => (kind(), -2500..2500_i64).prop_map(|(kind, delta)| Step::Adjust { kind, delta }),
        10 => (programme(), 1..4_usize, 0..16_u8)
            .prop_map(|(programme, take, wrong)| Step::Post { programme, take, wrong }),
        5 => (programme(), 0..9_u8).prop_map(|(programme, variant)| Step::Draft { programme, variant }),
        8 => programme().prop_map(|programme| Step::Publish { programme }),
        1 => programme().prop_map(|programme| Step::Pause { programme }),
        1 => seller().prop_map(|seller| Step::Suspend { seller }),
        6 => seller().prop_map(|seller| Step::Approve { seller }),
        5 => pick().prop_map(|pick| Step::Again { pick }),
        2 => pick().prop_map(|pick| Step::OtherMeaning { pick }),
        3 => (any::<bool>(), kind()).prop_map(|(panics, kind)| Step::Spoilt { panics, kind }),
        6 => Just(Step::Wait),
    ]
}

/// Sequences, with what concerns people's data and the tills among the steps: now and then a key is wrapped anew, somebody is
/// to be forgotten, or a device becomes a till. After every other step, and above all when time has passed, a settlement
/// goes on.
fn steps(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Step>> {
    let between = |number: usize, step: Step| match number % 14 {
        2 => vec![step, Step::NewTill { seller: number / 14 % 2, other_store: number / 14 % 4 == 3 }],
        4 | 11 => vec![step, Step::EnrolTill { pick: number / 7, device: number as u64 / 14 % DEVICES }],
        6 => vec![step, Step::Rewrap { pick: number }],
        1 => vec![step, Step::File { pick: number / 7, content: number as u64 / 14 % 3 }],
        3 => {
            vec![
                step,
                Step::Receive { pick: number / 7 },
                Step::Pickup { whom: number as u64 / 14 % PEOPLE, kind: 0 },
                Step::Import { table: number % 4, variant: number as u64 / 7 % 3 },
            ]
        }
        5 => vec![
            step,
            Step::AcceptPickup { pick: number / 14 },
            Step::Receive { pick: number / 14 },
            Step::Import { table: number % 4, variant: number as u64 / 7 % 3 },
        ],
        12 => vec![
            step,
            Step::CollectPickup { pick: number / 14, turn_in: number / 7 },
            Step::CancelPickup { pick: number / 28 },
            Step::Import { table: number % 4, variant: number as u64 / 7 % 3 },
        ],
        9 => vec![step, Step::EndTill { pick: number / 14, seller: number.is_multiple_of(4).then_some(0) }],
        7 => vec![step, Step::Look { pick: number / 14, what: number / 14 * 3 }],
        8 => vec![
            step,
            Step::Look { pick: number / 14, what: number / 14 * 3 + 1 },
            Step::File { pick: number / 7, content: number as u64 / 14 % 3 },
        ],
        10 => vec![
            step,
            Step::Look { pick: number / 14, what: number / 14 * 3 + 2 },
            Step::Dismantle { pick: number / 7, content: number as u64 / 14 % 3 },
        ],
        13 => {
            let whom = number as u64 / 14 % PEOPLE;
            vec![
                step,
                Step::Erase { whom, keeps: number.is_multiple_of(3), or_restrict: (number / 14).is_multiple_of(2) },
            ]
        }
        _ => vec![step],
    };
    let all = move |(number, (step, settles)): (usize, (Step, Vec<Settle>))| {
        // When days are over there is much to settle.
        let count = if matches!(step, Step::Wait) { settles.len() } else { number % 2 };
        between(number, step).into_iter().chain(settles.into_iter().take(count).map(Step::Settle))
    };
    prop::collection::vec((step(), settle()), length)
        .prop_map(move |steps| steps.into_iter().enumerate().flat_map(all).collect())
}

/// What the steps so far have made, as a later step refers to it.
#[derive(Default)]
struct Made {
    turn_ins: Vec<(Id, u64, Category)>,
    vouchers: Vec<(Id, u64, usize)>,
    ended: BTreeSet<Id>,
    redemptions: Vec<(Id, Id)>,
    /// Pick-ups.
    pickups: Vec<Id>,
    /// Tills with their sellers and codes.
    tills: Vec<(Id, Id, [u8; 32])>,
    anomalies: Vec<Id>,
    disputes: Vec<Id>,
    /// A programme that owes something, and what.
    due: Option<(&'static str, Due)>,
    /// What there is to see of settlements for the next step.
    seen: Option<Seen>,
    commands: Vec<Command>,
}

fn pick<T>(from: &[T], pick: usize) -> Option<&T> {
    from.get(pick.checked_rem(from.len())?)
}

impl Made {
    /// One of the turn-ins of this owner and category, or any when there is none: most matches should succeed.
    fn turn_in(&self, owner: u64, category: Category, at: Option<usize>) -> Option<Id> {
        let fits = |known: &&(Id, u64, Category)| known.1 == owner && known.2 == category;
        let fitting: Vec<_> = self.turn_ins.iter().filter(fits).collect();
        pick(&fitting, at?).copied().or_else(|| pick(&self.turn_ins, at?)).map(|known| known.0)
    }

    /// One of the vouchers, of those that are live when asked and there is one.
    fn voucher(&self, at: usize, live: bool) -> Option<(Id, u64, usize)> {
        let live: Vec<_> = self.vouchers.iter().filter(|known| live && !self.ended.contains(&known.0)).collect();
        pick(&live, at).copied().or_else(|| pick(&self.vouchers, at)).copied()
    }

    /// Notes what an answer made.
    fn note(&mut self, command: &Command, reply: &Reply) {
        let Ok(answer) = reply else { return };
        let owner = |id: Id| (0..PEOPLE).find(|n| person(*n).id == id).unwrap_or(0);
        match &answer.outcome {
            Outcome::Voucher(row) if row.status != VoucherStatus::Issued => drop(self.ended.insert(row.id)),
            Outcome::Redeemed(row) => drop(self.ended.insert(row.voucher)),
            _ => {}
        }
        match &answer.outcome {
            Outcome::TurnIn(row) if self.turn_ins.iter().all(|known| known.0 != row.id) => {
                self.turn_ins.push((row.id, owner(row.person), row.item.category));
            }
            Outcome::Voucher(row) if self.vouchers.iter().all(|known| known.0 != row.id) => {
                let kind = KINDS.iter().position(|kind| kind.1 == row.category).unwrap();
                self.vouchers.push((row.id, owner(row.person), kind));
            }
            Outcome::Pickup(row) if !self.pickups.contains(&row.id) => self.pickups.push(row.id),
            Outcome::Redeemed(row) if self.redemptions.iter().all(|known| known.0 != row.id) => {
                let Act::RedeemVoucher(redeem) = &command.act else { panic!("another act redeems") };
                self.redemptions.push((row.id, redeem.retailer));
            }
            Outcome::Till(row) if self.tills.iter().all(|known| known.0 != row.id) => {
                let Act::CreateTill(new) = &command.act else { panic!("another act makes tills") };
                self.tills.push((row.id, row.retailer, new.code));
            }
            Outcome::Anomaly(row) if !self.anomalies.contains(&row.id) => self.anomalies.push(row.id),
            Outcome::Dispute(row) if !self.disputes.contains(&row.id) => self.disputes.push(row.id),
            _ => {}
        }
    }

    /// The command of a step; `None` when nothing was made that it could refer to.
    fn command(&self, number: usize, step: &Step, district: &District, now: Moment) -> Option<Command> {
        let mut hands = None;
        let act = match *step {
            Step::TurnIn { owner, kind, item } => turn_in(district, owner, old_item(KINDS[kind].1, item)),
            Step::Void { pick: at } => {
                Act::VoidTurnIn { turn_in: pick(&self.turn_ins, at)?.0, reason: "记错".into() }
            }
            Step::Claim { holder, kind, turn_in } => {
                let (programme, category) = KINDS[kind];
                claim(holder, programme, category, self.turn_in(holder, category, turn_in))
            }
            Step::Redeem { .. } => self.redeem(step, district, now)?,
            Step::Cancel { pick: at, holder } => {
                let (voucher, own, _) = self.voucher(at, false)?;
                Act::CancelVoucher { voucher, person: person(holder.unwrap_or(own)).id }
            }
            Step::Expire { pick: at } => Act::ExpireVoucher { voucher: self.voucher(at, true)?.0 },
            Step::Reverse { pick: at, seller } => {
                let (redemption, own) = *pick(&self.redemptions, at)?;
                reverse(redemption, seller.map_or(own, |seller| district.sellers[seller].0))
            }
            Step::Adjust { kind, delta } => {
                let (programme, category) = KINDS[kind];
                Act::AdjustPool {
                    programme: programme.into(),
                    category,
                    delta: Fen(delta * 100),
                    reason: "调整".into(),
                }
            }
            Step::Draft { programme, variant } => Act::CreateProgramme(Box::new(draft(programme, variant))),
            Step::Post { take, wrong, .. } => self.post(take, wrong)?,
            Step::Publish { programme } => Act::PublishProgramme { programme: POOLS[programme].0.into() },
            Step::Pause { programme } => {
                Act::PauseProgramme { programme: POOLS[programme].0.into(), reason: "暂停".into() }
            }
            Step::Suspend { seller } => {
                Act::Suspend { party: Party::Retailer, id: district.sellers[seller].0, reason: "检查".into() }
            }
            Step::Approve { seller } => {
                let programmes = POOLS.iter().map(|(programme, _)| (*programme).to_owned()).collect();
                Act::Approve { party: Party::Retailer, id: district.sellers[seller].0, programmes }
            }
            Step::Erase { whom, keeps, or_restrict } => {
                let keeps_since = if keeps { Moment(0) } else { now.plus_seconds(1) };
                let (person, reason) = (person(whom).id, "不再需要".into());
                Act::ErasePerson(ErasePerson { person, keeps_since, or_restrict, reason })
            }
            Step::NewTill { seller, other_store } => {
                let (retailer, store) = district.sellers[seller];
                let store = if other_store { district.sellers[1 - seller].1 } else { store };
                let mut code = [7; 32];
                code[..8].copy_from_slice(&number.to_be_bytes());
                Act::CreateTill(Box::new(NewTill { retailer, store, label: format!("{number} 号"), code }))
            }
            Step::EnrolTill { pick: at, device } => {
                let (_, _, code) = *pick(&self.tills, at)?;
                let device = Id::digest(&["device", &device.to_string()]);
                Act::EnrolTill(Box::new(EnrolTill { code, device }))
            }
            Step::EndTill { pick: at, .. } => {
                Act::RevokeTill { till: pick(&self.tills, at)?.0, reason: "停用".into() }
            }
            Step::Rewrap { pick: at } => self.rewrap(at)?,
            Step::File { pick: at, content } => certificate(pick(&self.turn_ins, at)?.0, district.recycler, content),
            Step::Receive { pick: at } => {
                let turn_in = pick(&self.turn_ins, at)?.0;
                Act::ReceiveTurnIn { turn_in, recycler: district.recycler, received_on: now.day() }
            }
            Step::Dismantle { pick: at, content } => Act::RecordDismantling(Box::new(NewDismantling {
                turn_in: pick(&self.turn_ins, at)?.0,
                recycler: district.recycler,
                day: now.day(),
                certificate: "CJ-1".into(),
                sha256: format!("{content:064x}"),
            })),
            Step::Pickup { whom, kind } => pickup(whom, KINDS[kind].1, now),
            Step::AcceptPickup { pick: at } => {
                Act::AcceptPickup { pickup: *pick(&self.pickups, at)?, recycler: district.recycler }
            }
            Step::CollectPickup { pick: at, turn_in } => Act::CollectPickup {
                pickup: *pick(&self.pickups, at)?,
                recycler: district.recycler,
                turn_in: pick(&self.turn_ins, turn_in)?.0,
            },
            Step::CancelPickup { pick: at } => Act::CancelPickup {
                pickup: *pick(&self.pickups, at)?,
                person: None,
                recycler: Some(district.recycler),
                reason: "改天".into(),
            },
            Step::Import { table, variant } => import(table, variant),
            Step::Again { pick: at } => return pick(&self.commands, at).cloned(),
            Step::OtherMeaning { pick: at } => {
                let known = pick(&self.commands, at)?.clone();
                return Some(Command { fingerprint: Id::digest(&["another meaning"]), ..known });
            }
            Step::Spoilt { panics, kind } => {
                let (programme, category) = KINDS[kind];
                let delta = fen("100000.00");
                let act = Act::AdjustPool { programme: programme.into(), category, delta, reason: "坏".into() };
                let word = if panics { PANICS } else { UNSTORABLE };
                let made = command(&["step", &number.to_string()], act);
                return Some(Command { request_id: word.into(), ..made });
            }
            Step::Look { pick: at, what } => self.look(at, what, now)?,
            Step::Settle(settle) => {
                let (act, who) = self.seen.as_ref()?.next(settle, number)?;
                hands = Some(Id::digest(&[who]));
                act
            }
            Step::Wait => return None,
        };
        let mut made = command(&["step", &number.to_string()], with_keys_of_its_own(act, number));
        // Only the recorder may void, and only the retailer takes its till out of use; everybody else's organisation does
        // not matter to the rules.
        made.actor.organisation = match *step {
            Step::EndTill { pick: at, seller } => {
                let own = pick(&self.tills, at)?.1;
                Some(seller.map_or(own, |seller| district.sellers[seller].0))
            }
            _ => Some(district.recycler),
        };
        if let Some(hands) = hands {
            made.actor.id = hands;
        }
        if let Act::DecideDispute { .. } = made.act {
            made.actor.id = Id::digest(&["an officer who may have answered", &(number % 2).to_string()]);
        }
        Some(made)
    }

    /// The next step of a finding or a dispute, or one that it cannot take.
    fn look(&self, at: usize, what: usize, now: Moment) -> Option<Act> {
        let (redemption, retailer) = *pick(&self.redemptions, at)?;
        let reason = || "核查".to_owned();
        Some(match what % 8 {
            0 | 1 => {
                let signal = Signal {
                    rule: AnomalyRule::ClerkBurst,
                    subject: redemption,
                    day: now.day(),
                    since: now.day(),
                    part: 0,
                    measure: 8,
                    score: 50,
                    holds: what.is_multiple_of(8),
                    lines: self.redemptions.iter().take(1 + at % 3).map(|known| known.0).chain([redemption]).collect(),
                    retailers: vec![retailer],
                    evidence: Vec::new(),
                    zh: "集中核销".into(),
                    en: "a burst".into(),
                };
                Act::RecordAnomaly { signal: Box::new(signal), rules: 0 }
            }
            2 | 3 => {
                let anomaly = *pick(&self.anomalies, at)?;
                Act::ResolveAnomaly { anomaly, confirmed: what.is_multiple_of(2), reason: reason() }
            }
            4 => Act::OpenDispute(Box::new(NewDispute {
                about: DisputeAbout::Redemption,
                subject: redemption,
                party: DisputeParty::Retailer,
                opener: retailer,
                statement: reason(),
                calendars: Arc::default(),
            })),
            5 => Act::AnswerDispute { dispute: *pick(&self.disputes, at)?, own: None, text: reason() },
            7 => Act::ReleaseHold { dispute: *pick(&self.disputes, at)?, reason: reason() },
            _ => {
                let (dispute, keeps_holding) = (*pick(&self.disputes, at)?, what.is_multiple_of(2));
                Act::DecideDispute { dispute, outcome: Verdict::Upheld, reason: reason(), keeps_holding }
            }
        })
    }

    /// The key that one of the claims brought along, wrapped anew; it may not have been stored, or be destroyed.
    fn rewrap(&self, at: usize) -> Option<Act> {
        let claim = |command: &Command| match &command.act {
            Act::ClaimVoucher(claim) => Some((claim.person.id, claim.key.clone())),
            _ => None,
        };
        let claims: Vec<_> = self.commands.iter().filter_map(claim).collect();
        let (person, key) = pick(&claims, at)?.clone();
        let before = key.master_kid.clone();
        let key = NewDataKey { wrapped: "anew".into(), master_kid: "another".into(), ..key };
        Some(Act::RewrapKeys(vec![Rewrapped { person, before, key }]))
    }

    /// The newest of what is due, as an officer would post it; or with a version, sum or redemption that is wrong.
    fn post(&self, take: usize, wrong: u8) -> Option<Act> {
        let (programme, due) = self.due.as_ref()?;
        let owed = due.redemptions.iter().filter_map(|(id, owed)| Some((*id, owed.as_ref()?.rise.amount)));
        let (mut redemptions, amounts): (Vec<Id>, Vec<Fen>) = owed.take(take).unzip();
        let mut version = due.version.unwrap_or(1);
        let mut total: Fen = amounts.into_iter().sum();
        match wrong {
            0 => version += 1,
            1 => total += Fen(1),
            2 => redemptions.extend(redemptions.first().copied()),
            _ => {}
        }
        if redemptions.is_empty() || wrong == 3 {
            // One that is owed nothing, of another programme perhaps.
            redemptions.push(pick(&self.redemptions, take)?.0);
        }
        Some(Act::PostAdjustments(PostAdjustments { programme: (*programme).into(), version, redemptions, total }))
    }

    fn redeem(&self, step: &Step, district: &District, now: Moment) -> Option<Act> {
        let Step::Redeem { pick: at, live, item, invoice, turn_in, seller, price, wrong } = *step else { return None };
        let (voucher, holder, kind) = self.voucher(at, live)?;
        let category = KINDS[kind].1;
        let handed_in = self.turn_ins.iter().any(|known| (known.1, known.2) == (holder, category));
        if turn_in.is_some() && !handed_in && KINDS[kind].0 == APPLIANCES {
            // Without an old item a redemption would only be refused: it is handed in first.
            return Some(self::turn_in(district, holder, old_item(category, item)));
        }
        let sale = SaleOf {
            voucher,
            holder,
            seller: district.sellers[seller],
            item: new_item(category, item),
            price: Fen(price * 33_333),
            invoice,
            turn_in: self.turn_in(holder, category, turn_in).filter(|_| KINDS[kind].0 == APPLIANCES),
            now,
        };
        let mut redeem = sale.redeem();
        // Some of them are on the product list, if it has come by then, and are sold above the price that was filed.
        if category == Category::Refrigerator && item.is_multiple_of(5) {
            redeem.item.as_mut().unwrap().gtin = Some(synthetic::gtin13(item % 3));
        }
        match wrong {
            0 => redeem.presented.expires = now.plus_seconds(-60),
            1 => redeem.invoice.as_mut().unwrap().buyer = person(holder + 1).name,
            2 => redeem.item.as_mut().unwrap().energy_level = Some(2),
            3 => redeem.invoice.as_mut().unwrap().total = Fen(1),
            _ => {}
        }
        Some(Act::RedeemVoucher(Box::new(redeem)))
    }
}

/// One of three files of each table; the last of them has a row that the first has too.
fn import(table: usize, variant: u64) -> Act {
    let numbers = if variant == 2 { vec![0, 2] } else { vec![variant] };
    let lines = || numbers.iter().map(|n| (u32::try_from(*n).unwrap() + 2, *n));
    let store = |n: u64| NewStore {
        // The stores of a seller of the district, and of a retailer that has come with a file, or not yet.
        uscc: synthetic::uscc(if n == 0 { 0 } else { 600 + n }),
        name: format!("分店{n}"),
        address: "街道".into(),
        division_code: "360111".into(),
        town: "镇".into(),
    };
    let product = |n: u64| NewProduct {
        gtin: gtin_14(&synthetic::gtin13(n)),
        category: Category::Refrigerator,
        brand: "Haier".into(),
        model: format!("M-{n}"),
        energy_level: Some(1),
        filed_price: Some(Fen(100_000 + 100 * i64::try_from(variant).unwrap())),
    };
    let rows = match table {
        0 => NewRows::Retailers(lines().map(|(line, n)| (line, new_retailer(600 + n))).collect()),
        1 => NewRows::Stores(lines().map(|(line, n)| (line, store(n))).collect()),
        2 => {
            let point = |n: u64| NewRecycler { uscc: synthetic::uscc(700 + n), ..new_recycler() };
            NewRows::Recyclers(lines().map(|(line, n)| (line, point(n))).collect())
        }
        _ => NewRows::Products(lines().map(|(line, n)| (line, product(n))).collect()),
    };
    let sha256 = |variant: u64| format!("{variant:064}");
    let first = import_id(rows.table(), &sha256(0), Id::NIL);
    let replaces = if table == 3 && variant > 0 { first } else { Id::NIL };
    Act::ImportTable(Box::new(NewImport { sha256: sha256(variant), replaces, rows }))
}

/// Each command seals with a fresh key, as the service does. Every other sale is delivered somewhere.
fn with_keys_of_its_own(mut act: Act, number: usize) -> Act {
    let fresh = data_key(1000 + number as u64);
    match &mut act {
        Act::RecordTurnIn(new) => new.key = fresh,
        Act::ClaimVoucher(claim) => claim.key = fresh,
        Act::UploadEvidence(new) => new.key = fresh,
        Act::RequestPickup(new) => {
            new.key = fresh;
            new.address_key = data_key(500_000 + number as u64);
        }
        Act::RedeemVoucher(redeem) if number.is_multiple_of(2) => {
            redeem.delivery.address = Some(personal("address", number as u64));
            redeem.delivery_key = Some(fresh);
        }
        _ => {}
    }
    act
}

/// A file of this content about an old item.
fn certificate(turn_in: Id, recycler: Id, content: u64) -> Act {
    Act::UploadEvidence(Box::new(NewEvidenceFile {
        about: FileAbout::TurnIn,
        subject: turn_in,
        organisation: recycler,
        kind: FileKind::Certificate,
        media: FileMedia::Pdf,
        bytes: 100,
        sha256: format!("{content:064x}"),
        blob: "cd".repeat(32),
        key: data_key(0),
    }))
}

pub fn pickup(whom: u64, category: Category, now: Moment) -> Act {
    Act::RequestPickup(Box::new(NewPickup {
        person: person(whom),
        key: data_key(0),
        category,
        division_code: DIVISION.into(),
        is_served: true,
        town: "昌东镇".into(),
        address: personal("address", whom),
        address_key: data_key(0),
        from: now,
        until: now.plus_seconds(3600),
    }))
}

/// A newer version: as before, with a yearly limit, with a release of one voucher, in a group of exclusive ones, or with
/// a retroactive rise.
fn draft(programme: usize, variant: u8) -> Rules {
    let (word, pool) = POOLS[programme];
    let mut rules = rules(word, fen(pool));
    // Every other one waits for the old item.
    rules.old_item.settlement_hold = (variant % 2 == 1).then_some(EndStep::Received);
    match variant {
        // No laxer than the file, which gives one car a year.
        1 => rules.limits.per_person_and_year = Some(if word == CARS { 1 } else { 2 }),
        2 => rules.releases = vec![Release { at: "08:00".into(), vouchers: 1, categories: Vec::new() }],
        3 => rules.limits.exclusive_groups = vec!["one".into()],
        4.. => {
            rules.retroactive_from = Some(at(START).day());
            rules.lines.iter_mut().flat_map(|line| &mut line.tiers).for_each(|tier| raise(tier, variant.into()));
        }
        _ => {}
    }
    rules
}

/// Gives more, and by each variant another sum.
fn raise(tier: &mut Tier, variant: i64) {
    tier.amount = match tier.amount {
        Amount::Percent { percent, cap } => {
            Amount::Percent { percent: percent + Decimal::from(variant - 3), cap: cap + Fen(variant * 1111) }
        }
        Amount::Fixed { fixed } => Amount::Fixed { fixed: fixed + Fen(variant * 1111) },
        uncapped @ Amount::Uncapped { .. } => uncapped,
    };
}

/// What a programme owes, where the step asks: the one that it names, or another when that one owes nothing.
fn due(database: &TestDatabase, step: &Step, now: Moment) -> Option<(&'static str, Due)> {
    let Step::Post { programme, .. } = step else { return None };
    let page = Page { after: None, limit: 50 };
    let readers = database.database.readers(1).unwrap();
    let of =
        |word: &'static str| (word, readers.snapshot(&mut |tx| engine::due(tx, now, word, page)).unwrap().unwrap());
    let all: Vec<_> = POOLS.iter().cycle().skip(*programme).take(POOLS.len()).map(|(word, _)| of(word)).collect();
    let owes = |known: &&(&str, Due)| known.1.redemptions.iter().any(|(_, owed)| owed.is_some());
    all.iter().find(owes).or(all.first()).cloned()
}

/// What there is of settlements, where the step asks.
fn seen(database: &TestDatabase, step: &Step, district: &District, now: Moment) -> Option<Seen> {
    let Step::Settle(settle) = step else { return None };
    Some(Seen::read(database, district.sellers[settle.seller].0, now))
}

const PANICS: &str = "panics";
const UNSTORABLE: &str = "unstorable";

/// The service's rules, but for the spoilt commands.
fn spoilt(state: &State, command: &Command, stamp: Stamp) -> Result<Decision, Stop> {
    match command.request_id.as_str() {
        PANICS => panic!("a rule with a fault"),
        UNSTORABLE => {
            let mut decision = decide(state, command, stamp)?;
            // Money out of nothing, which the table refuses, and a pool that the rest of the batch would believe in.
            decision.movements[0].deltas.available += Fen(1);
            Ok(decision)
        }
        _ => decide(state, command, stamp),
    }
}

/// A sequence with its references resolved: commands with the clock's time of each.
type Script = Vec<(Moment, Arc<Command>)>;

fn is_spoilt(command: &Command) -> bool {
    command.request_id == PANICS || command.request_id == UNSTORABLE
}

fn open(database: &TestDatabase) -> (Runner, District) {
    let mut runner = database.runner(Clock::standing_at(at(START)));
    let programmes = POOLS.iter().map(|(word, pool)| rules(word, fen(pool))).collect();
    let district = District::open(&mut runner, programmes);
    (runner, district)
}

/// Runs the steps one by one, the spoilt ones left out; gives the script of all of them and the answers.
fn one_by_one(database: &TestDatabase, steps: &[Step]) -> (Script, Vec<Reply>) {
    let (mut runner, district) = open(database);
    let (mut script, mut replies, mut known, mut now) = (Vec::new(), Vec::new(), Made::default(), at(START));
    for (number, step) in steps.iter().enumerate() {
        if matches!(step, Step::Wait) {
            now = now.plus_seconds(WAIT_SECONDS);
            runner.set_clock(Clock::standing_at(now));
        }
        known.due = due(database, step, now);
        known.seen = seen(database, step, &district, now);
        let Some(command) = known.command(number, step, &district, now) else { continue };
        let command = Arc::new(command);
        script.push((now, Arc::clone(&command)));
        if is_spoilt(&command) {
            continue;
        }
        let reply = runner.run(std::slice::from_ref(&command)).remove(0);
        if let (Ok(answer), Some(seen)) = (&reply, &known.seen)
            && !answer.replayed
        {
            seen.judge(&command.act);
        }
        known.note(&command, &reply);
        known.commands.push(command.as_ref().clone());
        replies.push(reply);
    }
    (script, replies)
}

/// Runs a script cut into batches of these sizes, in turn; a batch ends where time passes.
fn in_batches(database: &TestDatabase, script: &Script, sizes: &[usize]) -> Vec<Reply> {
    drop(open(database));
    let settings = Settings { rule: Arc::new(spoilt), ..database.settings(Clock::standing_at(at(START))) };
    let mut runner = Runner::open(&settings).unwrap();
    let (mut rest, mut replies) = (&script[..], Vec::new());
    let mut sizes = sizes.iter().cycle();
    while let Some((now, _)) = rest.first() {
        let same_time = rest.iter().take_while(|(at, _)| at == now).count();
        let (batch, after) = rest.split_at(same_time.min(*sizes.next().unwrap()));
        let commands: Vec<Arc<Command>> = batch.iter().map(|(_, command)| Arc::clone(command)).collect();
        runner.set_clock(Clock::standing_at(*now));
        let answered = runner.run(&commands);
        assert_eq!(answered.len(), commands.len());
        for (command, reply) in commands.iter().zip(answered) {
            if is_spoilt(command) {
                assert_eq!(reply, Err(Failure::Internal(command.id.to_string())), "{}", command.request_id);
            } else {
                replies.push(reply);
            }
        }
        rest = after;
    }
    replies
}

fn answers(script: &Script, replies: &[Reply]) -> Vec<String> {
    let sound = script.iter().filter(|(_, command)| !is_spoilt(command));
    sound.zip(replies).map(|((_, command), reply)| format!("{:?} {}", command.act, plain_reply(reply))).collect()
}

fn assert_same_rows(one: &Rows, other: &Rows) {
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (table, rows) in one {
        pretty_assert(table, rows, &other[table]);
    }
}

fn pretty_assert(table: &str, one: &[Value], other: &[Value]) {
    let only = |these: &[Value], those: &[Value]| -> Vec<String> {
        these.iter().filter(|row| !those.contains(row)).map(ToString::to_string).collect()
    };
    assert!(one == other, "{table}: only one by one {:#?}, only in batches {:#?}", only(one, other), only(other, one));
}

fn cases(usual: u32) -> u32 {
    setting("HUANXIN_CASES").and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn any_cut_is_the_same(cases: u32, database: impl Fn() -> TestDatabase) {
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 300,
        max_shrink_time: 30_000,
        ..Config::default()
    };
    let sequence = (steps(1..70), prop::collection::vec(1..14_usize, 1..12));
    let property = |(steps, sizes): (Vec<Step>, Vec<usize>)| {
        let (one, many) = (database(), database());
        let (script, expected) = one_by_one(&one, &steps);
        let found = in_batches(&many, &script, &sizes);
        assert_eq!(answers(&script, &expected), answers(&script, &found));
        assert_same_rows(&plain_rows(&one.rows()), &plain_rows(&many.rows()));
        assert_in_order(&one);
        assert_in_order(&many);
        Ok(())
    };
    if let Err(why) = TestRunner::new(config).run(&sequence, property) {
        panic!("{why}");
    }
}

#[test]
fn any_cut_is_the_same_on_sqlite() {
    any_cut_is_the_same(cases(16), TestDatabase::sqlite);
}

#[test]
fn any_cut_is_the_same_on_postgres() {
    if setting("HUANXIN_TEST_POSTGRES").is_some() {
        any_cut_is_the_same(cases(6), || TestDatabase::postgres().unwrap());
    }
}

#[test]
fn both_databases_hold_the_same_rows() {
    let Some(postgres) = TestDatabase::postgres() else { return };
    let sqlite = TestDatabase::sqlite();
    let mut dice = TestRunner::deterministic();
    let steps = steps(120..121).new_tree(&mut dice).unwrap().current();
    let (script, expected) = one_by_one(&sqlite, &steps);
    let found = in_batches(&postgres, &script, &[7]);
    assert_eq!(answers(&script, &expected), answers(&script, &found));
    assert_same_rows(&plain_rows(&sqlite.rows()), &plain_rows(&postgres.rows()));
}

/// The sequences reach what they are meant to reach: each kind of effect, and the refusals that conflicts bring.
#[test]
fn the_sequences_are_rich() {
    let (mut effects, mut refused) = (BTreeMap::new(), BTreeSet::new());
    let mut dice = TestRunner::deterministic();
    for _ in 0..20 {
        let database = TestDatabase::sqlite();
        let steps = steps(100..101).new_tree(&mut dice).unwrap().current();
        let (script, replies) = one_by_one(&database, &steps);
        let sound = script.iter().filter(|(_, command)| !is_spoilt(command));
        for ((_, command), reply) in sound.zip(&replies) {
            match reply {
                Ok(answer) if !answer.replayed => *effects.entry(command.act.name()).or_insert(0) += 1,
                Ok(_) => *effects.entry("replayed").or_insert(0) += 1,
                Err(Failure::Refused(refusals)) => refused.extend(refusals.codes().map(|code| code.name())),
                Err(other) => panic!("{:?}: {other:?}", command.act),
            }
        }
    }
    for act in [
        "record_turn_in",
        "void_turn_in",
        "claim_voucher",
        "redeem_voucher",
        "cancel_voucher",
        "expire_voucher",
        "reverse_redemption",
        "adjust_pool",
        "post_adjustments",
        "erase_person",
        "rewrap_keys",
        "publish_programme",
        "pause_programme",
        "create_till",
        "enrol_till",
        "revoke_till",
        "record_anomaly",
        "resolve_anomaly",
        "open_dispute",
        "answer_dispute",
        "decide_dispute",
        "upload_evidence",
        "receive_turn_in",
        "record_dismantling",
        "request_pickup",
        "accept_pickup",
        "collect_pickup",
        "cancel_pickup",
        "submit_settlement",
        "accept_settlement",
        "review_settlement",
        "reject_settlement_line",
        "resubmit_redemption",
        "return_settlement",
        "resubmit_settlement",
        "approve_settlement",
        "withdraw_settlement_approval",
        "mark_settlement_paid",
        "create_payment_batch",
        "dissolve_payment_batch",
        "record_bank_return",
        "answer_reconciliation_row",
        "claw_back_redemption",
        "record_repayment",
        "replayed",
    ] {
        assert!(effects.get(act).is_some_and(|count| *count > 1), "{act} in {effects:?}");
    }
    for code in [
        "POOL_EXHAUSTED",
        "CATEGORY_LIMIT_REACHED",
        "YEARLY_LIMIT_REACHED",
        "VOUCHER_ALREADY_REDEEMED",
        "VOUCHER_EXPIRED",
        "SN_ALREADY_USED",
        "INVOICE_ALREADY_USED",
        "OLD_ITEM_ALREADY_USED",
        "IDEMPOTENCY_KEY_REUSED",
        "PROGRAMME_NOT_OPEN",
        "RETAILER_NOT_APPROVED",
        "SAME_OFFICER",
        "ALREADY_IN_SETTLEMENT",
        "WRONG_STATE",
    ] {
        assert!(refused.contains(code), "{code} in {refused:?}");
    }
}

// ---------------------------------------------------------------- the books

fn number(row: &Value, column: &str) -> i64 {
    row[column].as_i64().unwrap_or_else(|| panic!("{column} of {row}"))
}

fn text(row: &Value, column: &str) -> String {
    row[column].as_str().unwrap_or_default().to_owned()
}

const ACCOUNTS: [&str; 6] =
    ["appropriation_fen", "available_fen", "reserved_fen", "payable_fen", "paid_fen", "clawback_fen"];

/// Everything that must hold of a database at rest, recomputed here from its rows, and what `audit verify` says.
pub fn assert_in_order(database: &TestDatabase) {
    assert_quotas(&database.rows());
    assert_books(database);
}

/// What must hold under any programmes: ledger, identities, reports and trail.
pub fn assert_books(database: &TestDatabase) {
    let rows = database.rows();
    assert_ledger(&rows);
    assert_single_use(&rows);
    assert_adjustments(&rows);
    assert_tills(&rows);
    assert_rollups(&rows);
    settled::assert_settlements(&rows);
    assert_eq!(database.verify().map(|seen| seen.records), Ok(rows["audit_record"].len() as u64));
}

fn assert_ledger(rows: &Rows) {
    let mut lines: BTreeMap<String, [i64; 6]> = BTreeMap::new();
    let mut retailers: BTreeMap<(String, String), [i64; 6]> = BTreeMap::new();
    for movement in &rows["movement"] {
        let deltas = ACCOUNTS.map(|account| number(movement, account));
        assert_eq!(deltas.iter().sum::<i64>(), 0, "{movement}");
        let add = |sums: &mut [i64; 6]| sums.iter_mut().zip(deltas).for_each(|(sum, delta)| *sum += delta);
        add(lines.entry(text(movement, "line")).or_default());
        if !movement["retailer"].is_null() {
            add(retailers.entry((text(movement, "line"), text(movement, "retailer"))).or_default());
        }
    }
    assert_eq!(rows["ledger_line"].len(), lines.len());
    for line in &rows["ledger_line"] {
        let balances = ACCOUNTS.map(|account| number(line, account));
        assert_eq!(lines[&text(line, "id")], balances, "{line}");
        assert_eq!(balances.iter().sum::<i64>(), 0, "{line}");
        assert!(balances[1..].iter().all(|balance| *balance >= 0), "{line}");
        let issued = |voucher: &&Value| voucher["line"] == line["id"] && voucher["status"] == "issued";
        let promised: i64 = rows["voucher"].iter().filter(issued).map(|voucher| number(voucher, "reserved_fen")).sum();
        assert_eq!(number(line, "reserved_fen"), promised, "{line}");
        let undone = reversed(rows);
        let owed: i64 = rows["redemption"]
            .iter()
            .filter(|fact| fact["line"] == line["id"] && !undone.contains(&text(fact, "id")))
            .map(|fact| number(fact, "subsidy_fen") + added(rows, fact))
            .sum();
        assert_eq!(number(line, "payable_fen") + number(line, "paid_fen"), owed, "{line}");
    }
    assert_eq!(rows["ledger_account"].len(), retailers.len());
    for account in &rows["ledger_account"] {
        let sums = retailers[&(text(account, "line"), text(account, "retailer"))];
        assert_eq!(ACCOUNTS[3..].iter().map(|name| number(account, name)).collect::<Vec<_>>(), sums[3..], "{account}");
    }
}

/// What versions added to a redemption.
fn added(rows: &Rows, fact: &Value) -> i64 {
    let own = rows["adjustment"].iter().filter(|row| row["redemption"] == fact["id"]);
    own.map(|row| number(row, "amount_fen")).sum()
}

/// A version adds once to a redemption of before; each counts what was given until then, and is paid by the sources.
fn assert_adjustments(rows: &Rows) {
    let mut known: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for row in &rows["adjustment"] {
        known.entry(text(row, "redemption")).or_default().push(row);
        assert!(rows["settlement_bucket"].iter().any(|bucket| bucket["id"] == row["bucket"]), "{row}");
        let funding: Vec<Share> = serde_json::from_str(&text(row, "funding")).unwrap();
        assert_eq!(funding.iter().map(|share| share.amount.0).sum::<i64>(), number(row, "amount_fen"), "{row}");
    }
    for (redemption, mut raised) in known {
        let fact = rows["redemption"].iter().find(|fact| fact["id"] == redemption.as_str()).unwrap();
        raised.sort_by_key(|row| number(row, "version"));
        let (mut version, mut given) = (number(fact, "version"), number(fact, "subsidy_fen"));
        for row in raised {
            assert!(number(row, "version") > version, "{row} after version {version}");
            assert_eq!(number(row, "before_fen"), given, "{row}");
            for column in ["voucher", "programme", "category", "line", "retailer", "store"] {
                assert_eq!(row[column], fact[column], "{column} of {row}");
            }
            version = number(row, "version");
            given += number(row, "amount_fen");
            assert_eq!(number(row, "after_fen"), given, "{row}");
        }
    }
}

/// A device is one till at a time; the tokens of one that is out of use are ended.
fn assert_tills(rows: &Rows) {
    let mut devices = BTreeSet::new();
    for till in &rows["till"] {
        if !till["revoked_at"].is_null() {
            let ended = rows["revocation"].iter().find(|row| row["subject"] == till["id"]);
            assert_eq!(ended.map(|row| plain(&row["ended"])), Some(Value::from(1)), "{till}");
        } else if !till["device"].is_null() {
            assert!(devices.insert(text(till, "device")), "{till} is not the only one of its device");
        }
    }
}

fn reversed(rows: &Rows) -> BTreeSet<String> {
    let undone = |row: &&Value| ["reversed", "clawed_back"].contains(&text(row, "status").as_str());
    rows["redemption_state"].iter().filter(undone).map(|row| text(row, "redemption")).collect()
}

/// Redemptions that were undone after payment while the goods stayed where they are: what was bought, and who bought it,
/// go on counting. The trail says which.
fn kept(rows: &Rows) -> BTreeSet<String> {
    let undone = reversed(rows);
    let stayed = |record: &&Value| {
        let body: Value = serde_json::from_str(&text(record, "body")).unwrap();
        body["detail"]["goods_returned"] == false
    };
    let records = rows["audit_record"].iter().filter(|record| undone.contains(&text(record, "subject")));
    records.filter(stayed).map(|record| text(record, "subject")).collect()
}

/// One voucher per person and category counts, in every programme of the sequences; cars one a year besides.
fn assert_quotas(rows: &Rows) {
    let kept = kept(rows);
    let sold = rows["redemption"].iter().filter(|fact| kept.contains(&text(fact, "id")));
    let sold: BTreeSet<String> = sold.map(|fact| text(fact, "voucher")).collect();
    let counts = |voucher: &Value| {
        ["issued", "redeemed"].contains(&text(voucher, "status").as_str()) || sold.contains(&text(voucher, "id"))
    };
    let mut counted: BTreeMap<(String, String), Vec<&Value>> = BTreeMap::new();
    for voucher in &rows["voucher"] {
        if counts(voucher) {
            counted.entry((text(voucher, "person"), text(voucher, "category"))).or_default().push(voucher);
        }
    }
    for ((person, category), vouchers) in counted {
        if category == "car" {
            let years: BTreeSet<i32> =
                vouchers.iter().map(|voucher| Moment(number(voucher, "issued_at")).day().year()).collect();
            assert_eq!(years.len(), vouchers.len(), "{person} {vouchers:?}");
        } else {
            assert_eq!(vouchers.len(), 1, "{person} {vouchers:?}");
        }
    }
    for quota in &rows["quota_use"] {
        let live: Vec<Value> = serde_json::from_str(&text(quota, "live")).unwrap();
        for counted in live {
            let voucher = rows["voucher"].iter().find(|row| row["id"] == counted["voucher"]).unwrap();
            assert!(counts(voucher), "{quota} counts {voucher}");
        }
    }
}

/// A voucher is redeemed at most once; an item, an invoice and an old item carry at most one live subsidy.
fn assert_single_use(rows: &Rows) {
    let kept = kept(rows);
    let undone: BTreeSet<String> = reversed(rows).into_iter().filter(|id| !kept.contains(id)).collect();
    let mut seen = BTreeSet::new();
    let mut once = |what: String| assert!(seen.insert(what.clone()), "{what} twice");
    for fact in &rows["redemption"] {
        once(format!("voucher {}", fact["voucher"]));
        if !undone.contains(&text(fact, "id")) {
            let item: Value = serde_json::from_str(&text(fact, "item")).unwrap();
            let invoice: Value = serde_json::from_str(&text(fact, "invoice")).unwrap();
            once(format!("invoice {}", invoice["number"]));
            once(format!("item {} {} {}", item["serial_number"], item["vin"], item["ebike_code"]));
        }
    }
    for turn_in in rows["turn_in"].iter().filter(|row| row["status"] == "matched") {
        let item: Value = serde_json::from_str(&text(turn_in, "item")).unwrap();
        once(format!("old {} {} {} {}", item["category"], item["serial_number"], item["vin"], item["ebike_code"]));
        once(format!("supported {}", turn_in["voucher"]));
        let voucher = rows["voucher"].iter().find(|row| row["id"] == turn_in["voucher"]).unwrap();
        assert_eq!(voucher["turn_in"], turn_in["id"]);
    }
    let held = rows["claim"].iter().filter(|row| !row["holder"].is_null()).count();
    let keys = |row: &Value| serde_json::from_str::<Vec<Value>>(&text(row, "claims")).unwrap().len();
    let live = rows["redemption"].iter().filter(|fact| !undone.contains(&text(fact, "id"))).map(keys).sum::<usize>();
    let matched = rows["turn_in"].iter().filter(|row| row["status"] == "matched").map(keys).sum::<usize>();
    // A bank's reference is of one payment or repayment of the retailer.
    let referred = |row: &&Value| {
        let body: Value = serde_json::from_str(&text(row, "body")).unwrap();
        body["payment"]["reference"].is_string()
    };
    let transfers = rows["settlement"].iter().filter(referred).count() + rows["repayment"].len();
    assert_eq!(held, live + matched + transfers);
}

const TALLY: [&str; 13] = [
    "issued",
    "expired",
    "cancelled",
    "redeemed",
    "reversed",
    "completed",
    "without_old_item",
    "amount_reserved_fen",
    "amount_redeemed_fen",
    "amount_reversed_fen",
    "amount_approved_fen",
    "amount_paid_fen",
    "amount_recovered_fen",
];
const KEY: [&str; 7] = ["programme", "category", "retailer", "store", "town", "effective_day", "recorded_day"];

fn assert_rollups(rows: &Rows) {
    let mut sums: BTreeMap<[String; 7], [i64; 13]> = BTreeMap::new();
    for entry in &rows["rollup_entry"] {
        let sum = sums.entry(KEY.map(|column| entry[column].to_string())).or_default();
        sum.iter_mut().zip(TALLY).for_each(|(sum, column)| *sum += number(entry, column));
    }
    let stored: BTreeMap<[String; 7], [i64; 13]> = rows["rollup"]
        .iter()
        .map(|row| (KEY.map(|column| row[column].to_string()), TALLY.map(|column| number(row, column))))
        .collect();
    assert_eq!(stored, sums);
    let total = |column: &str| rows["rollup"].iter().map(|row| number(row, column)).sum::<i64>();
    let count = |rows: &[Value]| i64::try_from(rows.len()).unwrap();
    assert_eq!(total("issued"), count(&rows["voucher"]));
    assert_eq!(total("redeemed"), count(&rows["redemption"]));
    assert_eq!(total("reversed"), i64::try_from(reversed(rows).len()).unwrap());
    let brought = |fact: &Value| number(fact, "subsidy_fen") + added(rows, fact);
    assert_eq!(total("amount_redeemed_fen"), rows["redemption"].iter().map(brought).sum::<i64>());
    let undone = reversed(rows);
    let returned = rows["redemption"].iter().filter(|fact| undone.contains(&text(fact, "id")));
    assert_eq!(total("amount_reversed_fen"), returned.map(brought).sum::<i64>());
}
