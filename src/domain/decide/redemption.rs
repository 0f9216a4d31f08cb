//! Redeeming a voucher (核销): everything is checked, the exact subsidy is computed, and it happens once.

use serde_json::json;

use super::expiry::judge_live;
use super::parts::Buckets;
use super::{Ids, filed, matching, old_item_end, voucher as claims};
use crate::domain::anomaly::Anomaly;
use crate::domain::claim_key::{self, Taken};
use crate::domain::command::{AuditNote, Change, Decision, Outcome, RedeemVoucher, Redeemed, Stamp, Stop};
use crate::domain::goods::{Invoice, NewItem, Price};
use crate::domain::id::Id;
use crate::domain::ledger::{Accounts, Movement, MovementKind, account_id};
use crate::domain::money::Fen;
use crate::domain::personal::Personal;
use crate::domain::programme::{
    Amounts, MatchedAt, Rules, Sale, application_open, by_turn_in_id, fits, judge_old_item, judge_sale,
};
use crate::domain::records::{
    ClaimKey, Delivery, ProgrammeStatus, Redemption, Standing, Store, TurnIn, Version, Voucher, VoucherStatus,
};
use crate::domain::refusal::{Checks, Code, Refusal};
use crate::domain::rollup::{RollupEntry, RollupKey, Tally};
use crate::domain::settlement::{Bucket, Hold, LineHold, Portion};
use crate::domain::state::State;

pub(super) fn footprint(state: &mut State, redeem: &RedeemVoucher, stamp: Stamp) {
    state.vouchers.ask(redeem.presented.voucher);
    state.retailers.ask(redeem.retailer);
    state.stores.ask(redeem.store);
    matching::ask(state, redeem.turn_in);
    for taken in identities(redeem) {
        state.claims.ask(taken.key);
    }
    let Some(voucher) = state.vouchers.peek(&redeem.presented.voucher).cloned() else { return };
    state.programmes.ask(voucher.programme.clone());
    state.versions.ask((voucher.programme.clone(), voucher.version));
    state.persons.ask(voucher.person);
    state.lines.ask(voucher.line);
    state.accounts.ask(account_id(voucher.line, redeem.retailer));
    state.buckets.ask(Bucket::key(redeem.retailer, &voucher.programme, stamp.day()));
    matching::ask(state, voucher.turn_in);
    filed::ask(state, redeem.item.as_ref());
    if let Some(version) = state.versions.peek(&(voucher.programme, voucher.version)).cloned() {
        old_item_end::ask(state, &version.rules, redeem.turn_in);
        old_item_end::ask(state, &version.rules, voucher.turn_in);
    }
}

fn identities(redeem: &RedeemVoucher) -> Vec<Taken> {
    let mut keys: Vec<Taken> = redeem.item.as_ref().map(claim_key::of_new_item).unwrap_or_default();
    keys.extend(redeem.invoice.as_ref().map(claim_key::of_invoice));
    keys
}

/// What a redemption would give, and every check that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The voucher.
    pub voucher: Voucher,
    /// The amounts, when price and item are known and every check on which they depend passed.
    pub amounts: Option<Amounts>,
    /// All checks, passed or not.
    pub checks: Checks,
}

/// What the judgement found on its way and the decision needs.
struct Found<'a> {
    version: &'a Version,
    store: Option<&'a Store>,
    /// The old item, matched now or at issue.
    turn_in: Option<&'a TurnIn>,
    /// Whether it is matched now.
    matched_now: bool,
}

/// Everything that is checked before a redemption; the same for a quote, which may lack item, price and invoice.
///
/// # Errors
/// [`Stop::Refused`] when the token names no voucher of this service; [`Stop::NotLoaded`].
pub fn judge(state: &State, redeem: &RedeemVoucher, stamp: Stamp) -> Result<Judged, Stop> {
    Ok(judged(state, redeem, stamp)?.0)
}

fn judged<'a>(state: &'a State, redeem: &RedeemVoucher, stamp: Stamp) -> Result<(Judged, Found<'a>), Stop> {
    let unknown = || Refusal::at(Code::QrInvalid, "/qr_token");
    let voucher = state.vouchers.get(&redeem.presented.voucher)?.ok_or_else(unknown)?;
    let version = state.versions.get(&(voucher.programme.clone(), voucher.version))?.ok_or_else(unknown)?;
    let rules = &version.rules;
    let mut checks = Checks::default();
    judge_token(redeem, voucher, stamp, &mut checks);
    if let Err(refusal) = judge_live(voucher, stamp) {
        checks.fail(refusal);
    }
    let status = state.programmes.get(&voucher.programme)?.map(|row| row.status);
    let open = status == Some(ProgrammeStatus::Published) && application_open(rules, stamp.at);
    let mut refusal = Refusal::of(Code::ProgrammeNotOpen);
    if let Some(status) = status {
        refusal = refusal.found(status);
    }
    checks.note(open, refusal);
    let store = judge_seller(state, redeem, &voucher.programme, &mut checks)?;
    judge_buyer(state, voucher, redeem.invoice.as_ref(), &mut checks)?;
    let (turn_in, matched_now) = old_item(state, redeem, voucher, version, &mut checks)?;
    let sale = Sale {
        item: redeem.item.as_ref(),
        price: redeem.price.as_ref(),
        invoice: redeem.invoice.as_ref(),
        delivery_division: redeem.delivery.division_code.as_deref(),
        store_division: store.map(|store| store.division_code.as_str()),
    };
    let amounts = judge_sale(rules, voucher.category, &sale, turn_in.map(|row| &row.item), &mut checks);
    judge_complete(redeem, rules, &mut checks);
    judge_unused(state, redeem, &mut checks)?;
    if let Some(amounts) = &amounts {
        // The cap was reserved when the voucher was issued; more than that was never promised.
        let refusal = Refusal::of(Code::PoolExhausted).found(voucher.reserved).expected(amounts.subsidy);
        checks.note(amounts.subsidy <= voucher.reserved, refusal);
    }
    Ok((Judged { voucher: voucher.clone(), amounts, checks }, Found { version, store, turn_in, matched_now }))
}

/// The live form's expiry and the holder check; the signature was found good before the command was made.
fn judge_token(redeem: &RedeemVoucher, voucher: &Voucher, stamp: Stamp, checks: &mut Checks) {
    let presented = &redeem.presented;
    let pointer = if presented.store.is_some() { "/scan_token" } else { "/qr_token" };
    // A code that holds as long as its voucher, cut to the second, ends with it: that is VOUCHER_EXPIRED alone.
    let outlives = presented.expires.plus_seconds(1) > voucher.expires_at;
    let in_time = stamp.at <= presented.expires || outlives;
    checks.note(in_time, Refusal::at(Code::QrExpired, pointer).found(presented.expires));
    let same_store = presented.store.is_none_or(|store| store == redeem.store);
    let elsewhere = Refusal::at(Code::QrInvalid, "/scan_token");
    checks.note(same_store, if same_store { elsewhere } else { elsewhere.found("a scan of another store") });
    checks.note(presented.holder_passed, Refusal::at(Code::HolderCheckFailed, "/holder_check"));
}

fn judge_seller<'a>(
    state: &'a State,
    redeem: &RedeemVoucher,
    programme: &str,
    checks: &mut Checks,
) -> Result<Option<&'a Store>, Stop> {
    let retailer = state.retailers.get(&redeem.retailer)?;
    let approved = retailer
        .is_some_and(|row| row.standing == Standing::Approved && row.programmes.iter().any(|known| known == programme));
    let mut refusal = Refusal::of(Code::RetailerNotApproved).expected(format!("approved for {programme}"));
    if let Some(row) = retailer {
        refusal = refusal.found(row.standing);
    }
    checks.note(approved, refusal);
    let store = state.stores.get(&redeem.store)?.filter(|store| store.retailer == redeem.retailer);
    match store {
        None => checks.fail(Refusal::at(Code::NotFound, "/store_id").found(redeem.store)),
        Some(store) => {
            let refusal = Refusal::at(Code::StoreNotApproved, "/store_id").found(store.standing);
            checks.note(store.standing == Standing::Approved, refusal);
            if let Some(bound) = redeem.bound_to.filter(|bound| *bound != store.id) {
                let elsewhere = Refusal::at(Code::StoreNotApproved, "/store_id").found(store.id);
                checks.fail(elsewhere.expected(format!("{bound}, the only store of this clerk or till")));
            }
        }
    }
    Ok(store)
}

fn judge_buyer(state: &State, voucher: &Voucher, invoice: Option<&Invoice>, checks: &mut Checks) -> Result<(), Stop> {
    if let Some(invoice) = invoice {
        let same = state.persons.get(&voucher.person)?.is_some_and(|person| person.name == invoice.buyer);
        checks.note(same, Refusal::at(Code::BuyerMismatch, "/invoice/buyer_name").found(&invoice.buyer));
    }
    Ok(())
}

/// The old item of this sale: the one matched at issue, or the one named now where the programme matches now.
fn old_item<'a>(
    state: &'a State,
    redeem: &RedeemVoucher,
    voucher: &Voucher,
    version: &Version,
    checks: &mut Checks,
) -> Result<(Option<&'a TurnIn>, bool), Stop> {
    let rules = &version.rules;
    if let Some(id) = voucher.turn_in {
        let other = redeem.turn_in.filter(|named| *named != id);
        if let Some(other) = other {
            checks.fail(Refusal::at(Code::OldItemMissing, "/turn_in_id").found(other).expected(id));
        }
        return Ok((state.turn_ins.get(&id)?, false));
    }
    if !matching::happens(rules, MatchedAt::Redemption) {
        return Ok((None, false));
    }
    let mut found = Checks::default();
    let row = matching::judge(state, redeem.turn_in, voucher.person, &mut found)?;
    if !found.failed(Code::OldItemMissing) {
        judge_old_item(rules, voucher.category, row.map(|row| &row.item), &by_turn_in_id, &mut found);
    }
    checks.extend(found);
    Ok((row, row.is_some()))
}

/// A quote may lack these; a redemption may not. A place of delivery is needed where the programme asks for one.
fn judge_complete(redeem: &RedeemVoucher, rules: &Rules, checks: &mut Checks) {
    let delivered = !rules.region.delivery_inside || redeem.delivery.division_code.is_some();
    let parts = [
        ("/item", redeem.item.is_some()),
        ("/price", redeem.price.is_some()),
        ("/invoice", redeem.invoice.is_some()),
        ("/delivery_division_code", delivered),
    ];
    for (pointer, there) in parts {
        if !there {
            checks.fail(Refusal::at(Code::FieldMissing, pointer));
        }
    }
}

fn judge_unused(state: &State, redeem: &RedeemVoucher, checks: &mut Checks) -> Result<(), Stop> {
    for taken in identities(redeem) {
        let free = state.claims.get(&taken.key)?.and_then(|held| held.by).is_none();
        checks.note(free, Refusal::at(taken.code, taken.pointer));
    }
    Ok(())
}

pub(super) fn redeem(
    state: &State,
    redeem: &RedeemVoucher,
    clerk: Id,
    stamp: Stamp,
    ids: &mut Ids,
) -> Result<Decision, Stop> {
    let (judged, found) = judged(state, redeem, stamp)?;
    judged.checks.verdict()?;
    let (Some(item), Some(price), Some(invoice), Some(amounts), Some(store)) =
        (&redeem.item, &redeem.price, &redeem.invoice, &judged.amounts, found.store)
    else {
        // The checks above name each of these when it is absent.
        return Err(Stop::NotLoaded("a redemption without item, price, invoice, amounts or store".to_owned()));
    };
    // From here it must succeed.
    let invoice = &Invoice { buyer: buyer(state, &judged.voucher)?, ..invoice.clone() };
    let fact = fact(redeem, (item, price, invoice, amounts), &judged.voucher, &found, (store, clerk), ids);
    let voucher = Voucher {
        status: VoucherStatus::Redeemed,
        redemption: Some(fact.id),
        turn_in: fact.turn_in,
        claims: held(&judged.voucher, &found),
        ..judged.voucher.clone()
    };
    let mut changes = vec![Change::Voucher(Box::new(voucher))];
    if let (true, Some(row)) = (found.matched_now, found.turn_in) {
        changes.extend(matching::take(row, fact.voucher));
    }
    changes.extend(fact.claims.iter().map(|key| Change::Claim { key: *key, holder: Some(fact.id) }));
    changes.extend(redeem.delivery_key.iter().map(|key| Change::DataKey(key.of(fact.person, stamp.at))));
    let mut buckets = Buckets::of(state);
    let portion = Portion::of(&fact.programme, fact.category, fact.subsidy, &fact.funding);
    let waits = old_item_end::waits(state, &found.version.rules, found.turn_in)?;
    let anomaly = filed::judge(state, &fact, (&judged.voucher.division_code, &store.division_code))?;
    let looked_at = anomaly.as_ref().filter(|anomaly| anomaly.signal.holds);
    let open: Vec<Hold> = waits.into_iter().chain(looked_at.map(Anomaly::hold)).collect();
    buckets.add(fact.retailer, stamp.day(), &portion, !open.is_empty())?;
    if !open.is_empty() {
        changes.push(Change::LineHold(LineHold { redemption: fact.id, open }));
    }
    changes.extend(buckets.changes());
    let movement = pay(&fact, judged.voucher.reserved, ids);
    let released = Tally { amount_reserved: -judged.voucher.reserved, ..Tally::default() };
    let issued = Stamp { at: judged.voucher.issued_at };
    let rollups = vec![
        claims::entry(ids, &judged.voucher, issued, stamp, released),
        entry(ids, &fact, stamp, completed(&fact, 1).plus(&redeemed_once(fact.subsidy))),
    ];
    let mut detail = json!({"voucher": fact.voucher, "before": {"voucher": judged.voucher.status,
        "reserved": judged.voucher.reserved}, "after": {"voucher": VoucherStatus::Redeemed, "reserved": Fen::ZERO},
        "subsidy": fact.subsidy, "consumer_pays": fact.consumer_pays,
        "merchant_bonus": fact.merchant_bonus, "store": fact.store, "invoice": fact.invoice.number,
        "turn_in": fact.turn_in});
    if let Some(anomaly) = anomaly {
        detail["anomaly"] = json!({"id": anomaly.id, "rule": anomaly.signal.rule, "measure": anomaly.signal.measure,
            "score": anomaly.signal.score, "holds": anomaly.signal.holds, "rules": anomaly.rules});
        changes.push(Change::Anomaly(Box::new(anomaly)));
    }
    Ok(Decision {
        outcome: Outcome::Redeemed(Redeemed {
            id: fact.id,
            voucher: fact.voucher,
            subsidy: fact.subsidy,
            consumer_pays: fact.consumer_pays,
            funding: fact.funding.clone(),
            at: stamp.at,
        }),
        audit: AuditNote { subject: fact.id.to_string(), detail },
        changes: {
            changes.push(Change::Redemption(Box::new(fact)));
            changes
        },
        movements: vec![movement],
        rollups,
    })
}

/// The buyer as the fact keeps them. It was found that the invoice names the holder: so the holder's own sealed name
/// stands there, which needs no key of its own and becomes unreadable with the holder's. What may be shown of it stands
/// with the person, where it can be taken away.
fn buyer(state: &State, voucher: &Voucher) -> Result<Personal, Stop> {
    let holder = state.persons.get(&voucher.person)?;
    let name = &holder.ok_or_else(|| Stop::NotLoaded(format!("holder of voucher {}", voucher.id)))?.name;
    Ok(name.without_mask())
}

/// The old item's claim keys that the voucher holds from now on.
fn held(voucher: &Voucher, found: &Found<'_>) -> Vec<ClaimKey> {
    match (found.matched_now, found.turn_in) {
        (true, Some(row)) => row.claims.clone(),
        _ => voucher.claims.clone(),
    }
}

fn fact(
    redeem: &RedeemVoucher,
    (item, price, invoice, amounts): (&NewItem, &Price, &Invoice, &Amounts),
    voucher: &Voucher,
    found: &Found<'_>,
    (store, clerk): (&Store, Id),
    ids: &mut Ids,
) -> Redemption {
    // An old item that the programme would reward and that does not keep what it asks for supports nothing.
    let supports =
        |row: &TurnIn| row.item.category.is_appliance() && fits(&found.version.rules, voucher.category, &row.item);
    Redemption {
        id: ids.next(),
        voucher: voucher.id,
        programme: voucher.programme.clone(),
        version: found.version.number,
        category: voucher.category,
        line: voucher.line,
        person: voucher.person,
        retailer: redeem.retailer,
        store: store.id,
        town: store.town.clone(),
        clerk,
        bucket: Bucket::key(redeem.retailer, &voucher.programme, ids.stamp.day()),
        turn_in: found.turn_in.map(|row| row.id),
        at: ids.stamp.at,
        subsidy: amounts.subsidy,
        merchant_bonus: amounts.merchant_bonus,
        consumer_pays: amounts.consumer_pays,
        funding: amounts.funding.clone(),
        item: item.clone(),
        price: price.clone(),
        invoice: invoice.clone(),
        delivery: Delivery {
            division_code: redeem.delivery.division_code.clone(),
            address: redeem.delivery.address.as_ref().map(Personal::without_mask),
            phone: redeem.delivery.phone.as_ref().map(Personal::without_mask),
        },
        completed: voucher.category.is_appliance() && found.turn_in.is_some_and(supports),
        claims: identities(redeem).into_iter().map(|taken| taken.key).collect(),
    }
}

/// Reserved goes to payable by the exact subsidy, and what was reserved beyond it is available again.
fn pay(fact: &Redemption, reserved: Fen, ids: &mut Ids) -> Movement {
    let deltas = Accounts {
        reserved: -reserved,
        payable: fact.subsidy,
        available: reserved - fact.subsidy,
        ..Accounts::default()
    };
    let kind = MovementKind::Redeem;
    let retailer = Some(fact.retailer);
    Movement { id: ids.next(), line: fact.line, retailer, kind, subject: fact.id, deltas, at: ids.stamp.at }
}

fn redeemed_once(subsidy: Fen) -> Tally {
    Tally { redeemed: 1, amount_redeemed: subsidy, ..Tally::default() }
}

/// What a redemption adds to the growth figures, or a return takes from them: an appliance is a trade-in, or it is
/// shown beside them. The old item was matched before the redemption or with it, so its day is the later of the two.
pub(super) fn completed(fact: &Redemption, by: i64) -> Tally {
    let appliance = fact.category.is_appliance();
    Tally {
        completed: if fact.completed { by } else { 0 },
        without_old_item: if appliance && !fact.completed { by } else { 0 },
        ..Tally::default()
    }
}

/// A rollup entry of a redemption, effective at `effective` and known now.
pub(super) fn entry(ids: &mut Ids, fact: &Redemption, effective: Stamp, tally: Tally) -> RollupEntry {
    let key = RollupKey {
        programme: fact.programme.clone(),
        category: fact.category,
        retailer: fact.retailer,
        store: fact.store,
        town: fact.town.clone(),
        effective: effective.day(),
        recorded: ids.stamp.day(),
    };
    RollupEntry { id: ids.next(), subject: fact.id, key, tally, at: ids.stamp.at }
}
