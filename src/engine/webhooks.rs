//! Tells retailers' systems what the trail says has become of their redemptions and payments.
//!
//! One replica does it, in tasks that hold no lock and for which nobody waits. The trail is read once for all webhooks that
//! have been told everything; one that lags behind, because it is new, was down or is told something again, reads for itself.
//! What came of it is kept with a command per turn. Until that is done a crash has the same told again: the event's identity
//! is the same, and the other side knows it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tracing::{info, warn};

use super::{Division, Failure, system};
use crate::domain::audit::AuditRecord;
use crate::domain::command::{Act, Command, Outcome};
use crate::domain::id::Id;
use crate::domain::time::Moment;
use crate::domain::webhook::{Deliveries, Event, Failed, Miss, Receipt, Told, Webhook, WebhookStatus, paid, told};
use crate::store::{StoreError, Turn, Tx};

/// How long the task rests between two looks at the trail.
const REST: Duration = Duration::from_millis(500);
/// How long it rests while another replica's turn it is, or the database is away.
const LONG_REST: Duration = Duration::from_secs(5);
/// Records of the trail that are read at a time.
const PAGE: i64 = 1000;
/// Pages that one turn reads at most.
const PAGES: usize = 50;
/// Events that one turn tells at most.
const MOST: u32 = 200;
/// How long a turn may take before it is kept what came of it; the message under way is waited for.
const LONGEST_TURN: Duration = Duration::from_secs(5);
/// Of what was missed, how much one turn tries again.
const AGAIN: i64 = 20;
/// Turns at a time.
const AT_ONCE: usize = 32;
/// Records with nothing to tell after which it is kept that they are done with.
const FAR: i64 = 50_000;

/// Whoever brings a message to a retailer's system. It blocks until there is an answer.
pub trait Courier: Send + Sync {
    /// Brings an event to where a webhook is; `now` says which of its secrets hold.
    fn carry(&self, webhook: &Webhook, event: &Event, now: Moment) -> Receipt;
}

/// How far a webhook was looked after, in memory: the row says less where there was nothing to tell.
#[derive(Clone, Copy)]
struct Place {
    /// What the row said.
    cursor: i64,
    /// The newest record that was looked at.
    read: i64,
}

/// What the tasks know together.
struct Teller {
    division: Division,
    courier: Arc<dyn Courier>,
    /// The newest record that was read for all.
    edge: Option<i64>,
    places: HashMap<Id, Place>,
    busy: HashSet<Id>,
    turns: JoinSet<(Id, Option<Place>)>,
    /// So that the same ones are not always the first.
    round: usize,
    over: Arc<AtomicBool>,
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

impl Division {
    /// Tells webhooks for as long as the service runs. Run as a task of its own.
    pub async fn tell_webhooks(self, courier: Arc<dyn Courier>, mut turn: Turn) {
        let mut teller: Option<Teller> = None;
        loop {
            let asked = tokio::task::spawn_blocking(move || {
                let ours = turn.is_ours();
                (turn, ours)
            });
            let Ok((back, ours)) = asked.await else { return warn!("telling webhooks ended by a panic") };
            turn = back;
            if !ours {
                // Another replica goes on from what was kept.
                teller = None;
                tokio::time::sleep(LONG_REST).await;
                continue;
            }
            let telling = teller.get_or_insert_with(|| Teller::new(self.clone(), Arc::clone(&courier)));
            match telling.look().await {
                Ok(()) => tokio::time::sleep(REST).await,
                Err(failure) => {
                    warn!(?failure, "webhooks cannot be told");
                    tokio::time::sleep(LONG_REST).await;
                }
            }
        }
    }
}

/// What one look at the database shows.
struct Look {
    head: i64,
    webhooks: Vec<Webhook>,
    again: std::collections::BTreeSet<Id>,
    /// The newest record that was read, and what the records tell.
    edge: i64,
    events: Vec<Event>,
}

impl Teller {
    fn new(division: Division, courier: Arc<dyn Courier>) -> Self {
        Self {
            division,
            courier,
            edge: None,
            places: HashMap::new(),
            busy: HashSet::new(),
            turns: JoinSet::new(),
            round: 0,
            over: Arc::default(),
        }
    }

    /// Looks whether there is something to tell, and has it told.
    async fn look(&mut self) -> Result<(), Failure> {
        while let Some(ended) = self.turns.try_join_next() {
            match ended {
                Ok((id, place)) => {
                    self.busy.remove(&id);
                    match place {
                        Some(place) => self.places.insert(id, place),
                        None => self.places.remove(&id),
                    };
                }
                Err(why) => {
                    // Whose it was is not told: all begin from what was kept, when the others have ended.
                    warn!(%why, "telling a webhook ended by a panic");
                    self.places.clear();
                    if self.turns.is_empty() {
                        self.busy.clear();
                    }
                }
            }
        }
        let (now, edge) = (self.division.now(), self.edge);
        let seen = self.division.read(move |tx| {
            let head = tx.head()?.seq;
            let records = edge.map_or(Ok(Vec::new()), |edge| tx.audit_records_after(edge, PAGE))?;
            let edge = records.last().map_or(edge.unwrap_or(head), |record| record.seq);
            let events = events(tx, &records)?;
            Ok(Look { head, webhooks: tx.webhooks_to_tell(now)?, again: tx.webhooks_to_try_again()?, edge, events })
        });
        let mut look = seen.await?;
        let before = edge.unwrap_or(look.edge);
        self.edge = Some(look.edge);
        self.round = self.round.wrapping_add(1);
        let first = self.round.checked_rem(look.webhooks.len()).unwrap_or(0);
        look.webhooks.rotate_left(first);
        for webhook in look.webhooks {
            if self.busy.contains(&webhook.id) {
                continue;
            }
            let known = self.places.get(&webhook.id).filter(|place| place.cursor == webhook.cursor);
            let read = known.map_or(webhook.cursor, |place| place.read.max(webhook.cursor));
            let nothing = read >= before && !look.events.iter().any(|event| webhook.wants(event));
            if nothing && !look.again.contains(&webhook.id) && look.edge - webhook.cursor < FAR {
                self.places.insert(webhook.id, Place { cursor: webhook.cursor, read: look.edge.max(read) });
            } else if self.turns.len() < AT_ONCE {
                self.begin(webhook, read, look.head);
            }
        }
        Ok(())
    }

    fn begin(&mut self, webhook: Webhook, read: i64, head: i64) {
        self.busy.insert(webhook.id);
        let (division, courier, over) = (self.division.clone(), Arc::clone(&self.courier), Arc::clone(&self.over));
        self.turns.spawn_blocking(move || {
            let id = webhook.id;
            (id, Errand { division: &division, courier: courier.as_ref(), over: &over, webhook }.run(read, head))
        });
    }
}

/// One turn of one webhook.
struct Errand<'a> {
    division: &'a Division,
    courier: &'a dyn Courier,
    over: &'a AtomicBool,
    webhook: Webhook,
}

impl Errand<'_> {
    /// Tells what there is to tell, and keeps what came of it; gives how far it is, where that is known.
    fn run(&self, read: i64, head: i64) -> Option<Place> {
        let cursor = self.webhook.cursor;
        let mut turn = Deliveries {
            webhook: self.webhook.id,
            from: cursor,
            to: cursor,
            taken: 0,
            failed: None,
            again: Vec::new(),
        };
        let told = self.once_more(&mut turn).and_then(|()| self.tell(&mut turn, read, head));
        let read = match told {
            Ok(read) => read,
            Err(failure) => {
                warn!(?failure, webhook = %self.webhook.id, "what a webhook is to be told cannot be read");
                return None;
            }
        };
        let nothing = turn.taken == 0 && turn.failed.is_none() && turn.again.is_empty();
        if nothing && read - cursor < FAR {
            return Some(Place { cursor, read });
        }
        if turn.failed.is_none() {
            turn.to = read;
        }
        let kept = self.keep(turn)?;
        Some(Place { cursor: kept, read: kept })
    }

    fn carry(&self, event: &Event) -> Receipt {
        self.courier.carry(&self.webhook, event, self.division.now())
    }

    fn is_over(&self, begun: Instant) -> bool {
        self.over.load(Ordering::Relaxed) || begun.elapsed() >= LONGEST_TURN
    }

    /// What it missed and its retailer asks for.
    fn once_more(&self, turn: &mut Deliveries) -> Result<(), Failure> {
        let (id, begun) = (self.webhook.id, Instant::now());
        let asked: Vec<(Miss, Option<Event>)> = self.division.read_blocking(|tx| {
            let misses = tx.webhook_misses_to_try(id, AGAIN)?;
            misses.into_iter().map(|miss| Ok((miss.clone(), event_of(tx, &miss)?))).collect()
        })?;
        for (miss, event) in asked {
            let lost = || Receipt::Refused("the trail does not tell it any more".to_owned());
            let receipt = event.map_or_else(lost, |event| self.carry(&event));
            turn.again.push((miss.event, receipt));
            if self.is_over(begun) {
                break;
            }
        }
        Ok(())
    }

    /// What is new; gives the newest record that is done with.
    fn tell(&self, turn: &mut Deliveries, from: i64, head: i64) -> Result<i64, Failure> {
        let (mut read, begun) = (from, Instant::now());
        for _ in 0..PAGES {
            if read >= head || self.is_over(begun) {
                break;
            }
            let (last, events) = self.division.read_blocking(|tx| {
                let records = tx.audit_records_after(read, PAGE)?;
                Ok((records.last().map(|record| record.seq), events(tx, &records)?))
            })?;
            for event in events.iter().filter(|event| self.webhook.wants(event)) {
                match self.carry(event) {
                    Receipt::Taken => turn.taken += 1,
                    receipt => {
                        turn.to = event.seq - 1;
                        turn.failed = Some(Failed { event: event.id, seq: event.seq, kind: event.kind, receipt });
                        return Ok(event.seq - 1);
                    }
                }
                read = event.seq;
                if turn.taken >= MOST || self.is_over(begun) {
                    return Ok(read);
                }
            }
            match last {
                Some(last) => read = last,
                None => break,
            }
        }
        Ok(read)
    }

    /// The record up to which the webhook has been told now.
    fn keep(&self, turn: Deliveries) -> Option<i64> {
        let moment = self.division.now().to_string();
        let place = [turn.from.to_string(), turn.to.to_string()];
        let id = Id::digest(&["deliveries", &turn.webhook.to_string(), &place[0], &place[1], &moment]);
        let act = Act::NoteDeliveries(Box::new(turn));
        let command = Command { id, fingerprint: id, actor: system(), request_id: "webhooks".to_owned(), act };
        match self.division.submit_blocking(command) {
            Ok(answer) => {
                let Outcome::Webhook(row) = answer.outcome else { return None };
                if row.status == WebhookStatus::Stopped {
                    info!(webhook = %row.id, reason = row.reason, "a webhook was stopped");
                }
                Some(row.cursor)
            }
            // Its retailer had something else done with it meanwhile.
            Err(Failure::Refused(_)) => None,
            Err(failure) => {
                warn!(?failure, webhook = %self.webhook.id, "what came of telling a webhook could not be kept");
                None
            }
        }
    }
}

/// What records tell, in their order.
fn events(tx: &mut Tx<'_>, records: &[AuditRecord]) -> Result<Vec<Event>, StoreError> {
    let mut found = Vec::new();
    for record in records {
        match told(record) {
            Told::Nothing => {}
            Told::One(event) => found.push(event),
            Told::Paid(ids) => {
                let mut settlements = Vec::new();
                for id in ids {
                    settlements.extend(tx.settlement(id)?);
                }
                found.extend(paid(record, &settlements));
            }
        }
    }
    Ok(found)
}

fn event_of(tx: &mut Tx<'_>, miss: &Miss) -> Result<Option<Event>, StoreError> {
    let records = tx.audit_records_after(miss.seq - 1, 1)?;
    Ok(events(tx, &records)?.into_iter().find(|event| event.id == miss.event))
}
