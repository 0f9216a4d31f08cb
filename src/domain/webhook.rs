//! Webhooks: a retailer's own system is told what became of its redemptions and of the money for them.
//!
//! What there is to tell follows from the trail, record by record. Nothing more is written when it happens, nothing that
//! happened can be left out, and whatever was told can be told again. How far each system has been told is a number of the
//! trail; it moves when the system has taken what it was sent, so that it gets everything at least once and in order.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::audit::AuditRecord;
use super::goods::words;
use super::id::Id;
use super::settlement::{Settlement, SettlementStatus};
use super::time::Moment;

/// Webhooks that a retailer may have at a time.
pub const MOST: usize = 5;
/// Seconds for which the secret of before still signs beside a new one.
pub const OVERLAP_SECONDS: i64 = 24 * 60 * 60;
/// Tries until an event that the system itself refuses is given up, and the next one follows.
pub const TRIES: u32 = 8;
/// Seconds after which a system that takes nothing is sent nothing more.
pub const PATIENCE_SECONDS: i64 = 3 * 24 * 60 * 60;
/// Seconds until the second try; each further one doubles that.
const FIRST_WAIT_SECONDS: i64 = 5;
/// The longest wait.
const LONGEST_WAIT_SECONDS: i64 = 60 * 60;

words! {
    /// What a retailer's system can be told.
    EventKind {
        /// The webhook is there: the first thing that it is sent, asked for or not.
        WebhookCreated = "webhook.created",
        /// A voucher was redeemed.
        RedemptionRecorded = "redemption.recorded",
        /// A redemption was undone, before it was paid or after.
        RedemptionReversed = "redemption.reversed",
        /// A line of a settlement was refused.
        RedemptionRejected = "redemption.rejected",
        /// A settlement was given back.
        SettlementReturned = "settlement.returned",
        /// A settlement will be paid.
        SettlementApproved = "settlement.approved",
        /// An approval was withdrawn: the settlement is looked at again.
        SettlementWithdrawn = "settlement.withdrawn",
        /// Settlements were paid.
        SettlementPaid = "settlement.paid",
    }
}

words! {
    /// How a webhook is.
    WebhookStatus {
        /// It is told.
        Active = "active",
        /// It is told nothing, by its retailer's wish or because it took nothing for days.
        Stopped = "stopped",
        /// It is no more.
        Removed = "removed",
    }
}

/// A place where a retailer's system is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Identity.
    pub id: Id,
    /// Whose it is.
    pub retailer: Id,
    /// Where it is.
    pub url: String,
    /// What the retailer calls it.
    pub label: String,
    /// What it is told.
    pub kinds: BTreeSet<EventKind>,
    /// Which of its secrets signs, from one. The secret itself follows from it and the service's own key, and is kept nowhere.
    pub serial: u32,
    /// Until when the secret of before signs too.
    pub overlap_until: Option<Moment>,
    /// How it is.
    pub status: WebhookStatus,
    /// The newest record of the trail that is done with: told, missed, or nothing for it.
    pub cursor: i64,
    /// How often in a row the next event was not taken.
    pub tries: u32,
    /// When it is tried again; none while all is well.
    pub retry_at: Option<Moment>,
    /// Since when it takes nothing.
    pub failing_since: Option<Moment>,
    /// What went wrong last.
    pub failure: Option<String>,
    /// When it last took something.
    pub delivered_at: Option<Moment>,
    /// Since when it is there.
    pub created_at: Moment,
    /// When it was stopped or removed.
    pub stopped_at: Option<Moment>,
    /// Why.
    pub reason: Option<String>,
}

impl Webhook {
    /// The serials of the secrets that sign, the current one first.
    pub fn signing(&self, now: Moment) -> impl Iterator<Item = u32> {
        let before = self.overlap_until.filter(|until| now < *until).and_then(|_| self.serial.checked_sub(1));
        [Some(self.serial), before].into_iter().flatten()
    }

    /// Whether it is told this.
    #[must_use]
    pub fn wants(&self, event: &Event) -> bool {
        match event.kind {
            EventKind::WebhookCreated => event.subject == self.id,
            kind => event.retailer == self.retailer && self.kinds.contains(&kind),
        }
    }
}

/// An event that a webhook was not told: its system refused it each time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Miss {
    /// Identity: [`Miss::key`].
    pub id: Id,
    /// The webhook.
    pub webhook: Id,
    /// The event.
    pub event: Id,
    /// The record of the trail from which it follows.
    pub seq: i64,
    /// What it would have told.
    pub kind: EventKind,
    /// What the system said last.
    pub failure: String,
    /// How often it was tried.
    pub tries: u32,
    /// When it was given up.
    pub missed_at: Moment,
    /// Since when it is to be tried once more.
    pub again_at: Option<Moment>,
    /// When it was taken after all.
    pub delivered_at: Option<Moment>,
}

impl Miss {
    /// The identity of what a webhook missed.
    #[must_use]
    pub fn key(webhook: Id, event: Id) -> Id {
        Id::digest(&["webhook miss", &webhook.to_string(), &event.to_string()])
    }
}

/// What came of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// It was taken.
    Taken,
    /// The system does not take this event, and says so.
    Refused(String),
    /// The system is not to be reached, or takes nothing for now.
    Down(String),
    /// The system says that it is no more.
    Gone(String),
}

/// The event that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The event.
    pub event: Id,
    /// The record from which it follows.
    pub seq: i64,
    /// What it would have told.
    pub kind: EventKind,
    /// What came of it.
    pub receipt: Receipt,
}

/// What a turn of deliveries came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deliveries {
    /// The webhook.
    pub webhook: Id,
    /// The record up to which it had been told when the turn began.
    pub from: i64,
    /// The record up to which it has been told now.
    pub to: i64,
    /// How many events it took.
    pub taken: u32,
    /// The one after them, which it did not.
    pub failed: Option<Failed>,
    /// Of what it had missed, what was tried again and what came of it.
    pub again: Vec<(Id, Receipt)>,
}

/// Seconds until the next try, after so many that failed in a row.
#[must_use]
pub fn wait_seconds(tries: u32) -> i64 {
    let doubled = 1_i64.checked_shl(tries.saturating_sub(1)).filter(|factor| *factor > 0);
    doubled.map_or(LONGEST_WAIT_SECONDS, |factor| FIRST_WAIT_SECONDS.saturating_mul(factor).min(LONGEST_WAIT_SECONDS))
}

/// Something that happened, as it is told. There is at most one of a record and retailer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Identity: the same whenever and to whomever it is told.
    pub id: Id,
    /// The record from which it follows.
    pub seq: i64,
    /// What kind of thing.
    pub kind: EventKind,
    /// Whom it concerns.
    pub retailer: Id,
    /// What it is about.
    pub subject: Id,
    /// When.
    pub at: Moment,
    /// What there is to know, without a word about any person.
    pub data: Value,
}

impl Event {
    fn new(record: &AuditRecord, kind: EventKind, retailer: Id, subject: Id, data: Value) -> Self {
        let id = Id::digest(&["event", &record.seq.to_string(), &retailer.to_string()]);
        Self { id, seq: record.seq, kind, retailer, subject, at: record.at, data }
    }

    /// The message: the same bytes each time.
    #[must_use]
    pub fn message(&self) -> String {
        json!({"id": self.id, "type": self.kind, "timestamp": self.at.to_string(), "data": self.data}).to_string()
    }
}

/// What a record of the trail tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Nothing to any retailer.
    Nothing,
    /// This.
    One(Event),
    /// That these settlements were paid: whose they are their rows say.
    Paid(Vec<Id>),
}

/// The acts that tell something. A record's body begins with its act ([`super::audit::record`] sorts the members), so that the
/// others need not be read.
const ACTS: &[(&str, Reading)] = &[
    ("redeem_voucher", redeemed),
    ("reverse_redemption", reversed),
    ("claw_back_redemption", reversed),
    ("reject_settlement_line", rejected),
    ("return_settlement", stepped),
    ("approve_settlement", stepped),
    ("withdraw_settlement_approval", stepped),
    ("mark_settlement_paid", stepped),
    ("record_bank_return", returned_by_bank),
    ("create_webhook", created),
];

/// `None` of a body that does not say what it should: an older one perhaps, of which nothing is told.
type Reading = fn(&AuditRecord, &Value) -> Option<Told>;

/// What a record tells.
#[must_use]
pub fn told(record: &AuditRecord) -> Told {
    let act = record.body.strip_prefix("{\"act\":\"").and_then(|rest| rest.split('"').next());
    let reading = ACTS.iter().find(|(known, _)| act == Some(known)).map(|(_, reading)| reading);
    reading.and_then(|reading| reading(record, &record.said())).unwrap_or(Told::Nothing)
}

/// The events of settlements that a record says were paid, one per retailer, in the order of the retailers.
#[must_use]
pub fn paid(record: &AuditRecord, settlements: &[Settlement]) -> Vec<Event> {
    let retailers: BTreeSet<Id> = settlements.iter().map(|row| row.retailer).collect();
    let of = |retailer: Id| settlements.iter().filter(move |row| row.retailer == retailer);
    let event = |retailer: Id| {
        let subject = of(retailer).next()?.id;
        let rows: Vec<Value> = of(retailer).map(paid_row).collect();
        Some(Event::new(record, EventKind::SettlementPaid, retailer, subject, json!({"settlements": rows})))
    };
    retailers.into_iter().filter_map(event).collect()
}

fn paid_row(row: &Settlement) -> Value {
    let payment = row.payment.as_ref();
    json!({"settlement_id": row.id, "from": row.from, "to": row.to, "approved": row.approved.map(|sum| sum.amount),
        "recovered": row.recovered, "transfer": row.transfer(),
        "reference": payment.and_then(|payment| payment.reference.as_ref()),
        "paid_on": payment.map(|payment| payment.paid_on)})
}

fn id(value: &Value) -> Option<Id> {
    value.as_str()?.parse().ok()
}

fn redeemed(record: &AuditRecord, body: &Value) -> Option<Told> {
    let detail = body.get("detail")?;
    let (retailer, subject) = (id(body.get("organisation")?)?, id(body.get("subject")?)?);
    let data = json!({"redemption_id": subject, "voucher_id": detail["voucher"], "store_id": detail["store"],
        "invoice_number": detail["invoice"], "subsidy": detail["subsidy"], "consumer_pays": detail["consumer_pays"]});
    Some(Told::One(Event::new(record, EventKind::RedemptionRecorded, retailer, subject, data)))
}

fn reversed(record: &AuditRecord, body: &Value) -> Option<Told> {
    let detail = body.get("detail")?;
    let (retailer, subject) = (id(detail.get("retailer")?)?, id(body.get("subject")?)?);
    let data = json!({"redemption_id": subject, "voucher_id": detail["voucher"], "subsidy": detail["subsidy"],
        "clawed_back": detail["clawed_back"]});
    Some(Told::One(Event::new(record, EventKind::RedemptionReversed, retailer, subject, data)))
}

fn rejected(record: &AuditRecord, body: &Value) -> Option<Told> {
    let detail = body.get("detail")?;
    let (retailer, subject) = (id(detail.get("retailer")?)?, id(body.get("subject")?)?);
    let data = json!({"redemption_id": subject, "voucher_id": detail["voucher"],
        "settlement_id": detail["settlement"], "code": detail["code"], "lost": detail["lost"]});
    Some(Told::One(Event::new(record, EventKind::RedemptionRejected, retailer, subject, data)))
}

/// A step of a settlement. The first of two approvals changes nothing that a retailer sees; an approval with nothing to be
/// transferred is the payment as well.
fn stepped(record: &AuditRecord, body: &Value) -> Option<Told> {
    let detail = body.get("detail")?;
    let (retailer, subject) = (id(detail.get("retailer")?)?, id(body.get("subject")?)?);
    let (before, after) = (detail.get("before")?, detail.get("after")?.as_str()?);
    if before.as_str() == Some(after) {
        return Some(Told::Nothing);
    }
    let kind = match SettlementStatus::from_name(after)? {
        SettlementStatus::Returned => EventKind::SettlementReturned,
        SettlementStatus::Approved => EventKind::SettlementApproved,
        SettlementStatus::Paid => return Some(Told::Paid(vec![subject])),
        SettlementStatus::Submitted if before == SettlementStatus::Approved.name() => EventKind::SettlementWithdrawn,
        SettlementStatus::Submitted | SettlementStatus::Reviewed | SettlementStatus::Closed => {
            return Some(Told::Nothing);
        }
    };
    let data = json!({"settlement_id": subject, "from": detail["from"], "to": detail["to"],
        "submitted": detail["submitted"], "rejected": detail["rejected"], "approved": detail["approved"],
        "recovered": detail["recovered"]});
    Some(Told::One(Event::new(record, kind, retailer, subject, data)))
}

fn returned_by_bank(_: &AuditRecord, body: &Value) -> Option<Told> {
    let settled = body.get("detail")?.get("settled")?.as_array()?;
    Some(Told::Paid(settled.iter().filter_map(id).collect()))
}

fn created(record: &AuditRecord, body: &Value) -> Option<Told> {
    let (retailer, subject) = (id(body.get("organisation")?)?, id(body.get("subject")?)?);
    let data = json!({"webhook_id": subject});
    Some(Told::One(Event::new(record, EventKind::WebhookCreated, retailer, subject, data)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour() {
        let waits: Vec<i64> = (1..=12).map(wait_seconds).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]);
        assert_eq!(
            [wait_seconds(0), wait_seconds(64), wait_seconds(65), wait_seconds(u32::MAX)],
            [5, 3600, 3600, 3600]
        );
    }

    fn record(act: &str, detail: &Value) -> AuditRecord {
        let body = json!({"act": act, "actor": "x", "detail": detail, "organisation": Id::digest(&["retailer"]),
            "subject": Id::digest(&["subject"])});
        AuditRecord { seq: 7, at: Moment(0), subject: String::new(), body: body.to_string(), hash: String::new() }
    }

    fn event(act: &str, detail: &Value) -> Event {
        match told(&record(act, detail)) {
            Told::One(event) => event,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_happened_to_a_redemption_is_told_with_its_amounts() {
        let retailer = Id::digest(&["retailer"]);
        let sale = json!({"voucher": "v", "store": "s", "invoice": "26", "subsidy": "944.85", "consumer_pays": "5354.15",
            "turn_in": "secret"});
        let recorded = event("redeem_voucher", &sale);
        assert_eq!((recorded.kind, recorded.retailer, recorded.seq), (EventKind::RedemptionRecorded, retailer, 7));
        assert_eq!(recorded.data["subsidy"], "944.85");
        assert!(!recorded.message().contains("secret"));
        let undone = json!({"retailer": retailer, "voucher": "v", "subsidy": "944.85", "clawed_back": "0.00"});
        for act in ["reverse_redemption", "claw_back_redemption"] {
            assert_eq!(event(act, &undone).kind, EventKind::RedemptionReversed);
        }
        let refused = json!({"retailer": retailer, "voucher": "v", "settlement": "s", "code": "BUYER_MISMATCH",
            "lost": "944.85", "reason": "不符"});
        assert_eq!(event("reject_settlement_line", &refused).data["code"], "BUYER_MISMATCH");
    }

    #[test]
    fn a_settlement_is_told_when_it_changes_for_the_retailer() {
        let retailer = Id::digest(&["retailer"]);
        let step = |act: &str, before: &str, after: &str| {
            told(&record(act, &json!({"retailer": retailer, "before": before, "after": after})))
        };
        assert_eq!(step("approve_settlement", "reviewed", "reviewed"), Told::Nothing);
        assert!(matches!(step("approve_settlement", "reviewed", "approved"),
            Told::One(event) if event.kind == EventKind::SettlementApproved));
        assert!(matches!(step("return_settlement", "submitted", "returned"),
            Told::One(event) if event.kind == EventKind::SettlementReturned));
        assert!(matches!(step("withdraw_settlement_approval", "approved", "submitted"),
            Told::One(event) if event.kind == EventKind::SettlementWithdrawn));
        let subject = Id::digest(&["subject"]);
        assert_eq!(step("mark_settlement_paid", "approved", "paid"), Told::Paid(vec![subject]));
        assert_eq!(step("approve_settlement", "reviewed", "paid"), Told::Paid(vec![subject]));
        assert_eq!(told(&record("record_bank_return", &json!({"settled": [subject]}))), Told::Paid(vec![subject]));
    }

    #[test]
    fn other_acts_and_bodies_that_do_not_say_enough_tell_nothing() {
        for (act, detail) in [
            ("claim_voucher", json!({"retailer": "x"})),
            ("reverse_redemption", json!({})),
            ("redeem_voucherx", json!({})),
        ] {
            assert_eq!(told(&record(act, &detail)), Told::Nothing, "{act}");
        }
        let torn = AuditRecord { body: "{\"act\":\"redeem_voucher".into(), ..record("x", &json!({})) };
        assert_eq!(told(&torn), Told::Nothing);
    }

    #[test]
    fn an_event_is_the_same_whenever_it_is_told() {
        let sale = json!({"subsidy": "1.00"});
        assert_eq!(event("redeem_voucher", &sale).message(), event("redeem_voucher", &sale).message());
    }
}
