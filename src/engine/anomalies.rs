//! The scan for anomalies: each day that is over is looked at once, against the days before it, and what the rules find
//! is put in front of the bureau.
//!
//! What a sale shows by itself is found when it is made; everything else is left to this job, because what a rule compares
//! with would have to be read on the path for which a customer waits. A line is paid weeks later. The rows are read a
//! page at a time and kept as far as the rules look at them; of a district that is some ten thousand sales.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};

use super::{Division, Failure, system};
use crate::domain::anomaly::{Certificate, HandedIn, Photo, Receipt, Rules, RulesEntry, Seen, Signal, Sold, scan};
use crate::domain::command::{Act, Command};
use crate::domain::evidence_file::FileAbout;
use crate::domain::id::Id;
use crate::domain::money::Fen;
use crate::domain::programme::cap_price;
use crate::domain::records::{Redemption, Version};
use crate::domain::time::{Day, Moment};
use crate::store::{StoreError, Tx};

/// Rows read at a time.
const PAGE: i64 = 1000;
/// How long the job rests when no day is due.
const REST: Duration = Duration::from_mins(10);

/// What a scan of a day came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanned {
    /// The day.
    pub day: Day,
    /// What was found, found before included.
    pub findings: usize,
}

impl Division {
    /// Scans each day that is over until the division is closed. Run as a task of its own.
    pub async fn scan_for_anomalies(self) {
        loop {
            match self.scan_due().await {
                Ok(None) => tokio::time::sleep(REST).await,
                Ok(Some(Scanned { day, findings })) => info!(%day, findings, "scanned for anomalies"),
                Err(failure) => {
                    warn!(?failure, "the scan for anomalies failed");
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }

    /// Scans the next day that is over and was not scanned; nothing when there is none.
    ///
    /// # Errors
    /// [`Failure`]; what was found before it stays so. That another replica was faster is none.
    pub async fn scan_due(&self) -> Result<Option<Scanned>, Failure> {
        let today = self.now().day();
        let due = |tx: &mut Tx<'_>| {
            let next = match tx.last_anomaly_scan()? {
                Some(last) => Some(last.day.next()),
                None => tx.first_redemption_day()?,
            };
            Ok((next, tx.anomaly_rules()?))
        };
        let (next, entry) = self.read(due).await?;
        let Some(day) = next.filter(|day| *day < today) else { return Ok(None) };
        let (number, rules) = RulesEntry::in_force(entry.as_ref());
        let rules = rules.clone();
        let found = self.read(move |tx| Ok(scan(&rules, &seen(tx, &rules, day)?))).await?;
        for signal in &found {
            self.submit_found(record_command(signal, number)).await?;
        }
        let findings = u32::try_from(found.len()).unwrap_or(u32::MAX);
        self.submit_found(finish_command(day, number, findings)).await?;
        Ok(Some(Scanned { day, findings: found.len() }))
    }

    /// What is there already was found before.
    async fn submit_found(&self, command: Command) -> Result<(), Failure> {
        match self.submit(command).await {
            Ok(_) | Err(Failure::Refused(_)) => Ok(()),
            Err(failure) => Err(failure),
        }
    }
}

fn record_command(signal: &Signal, rules: u32) -> Command {
    let id = Id::digest(&["record anomaly", &signal.id().to_string()]);
    let fingerprint = Id::digest(&["record anomaly", &format!("{signal:?}"), &rules.to_string()]);
    command(id, fingerprint, Act::RecordAnomaly { signal: Box::new(signal.clone()), rules })
}

fn finish_command(day: Day, rules: u32, findings: u32) -> Command {
    let id = Id::digest(&["finish anomaly scan", &day.to_string()]);
    let fingerprint = Id::digest(&["finish", &day.to_string(), &rules.to_string(), &findings.to_string()]);
    command(id, fingerprint, Act::FinishAnomalyScan { day, rules, findings })
}

fn command(id: Id, fingerprint: Id, act: Act) -> Command {
    Command { id, fingerprint, actor: system(), request_id: "anomalies".to_owned(), act }
}

/// What the rules look at when a day is scanned.
fn seen(tx: &mut Tx<'_>, rules: &Rules, day: Day) -> Result<Seen, StoreError> {
    let (from, before) = (day.minus(rules.longest()).start(), day.next().start());
    let mut caps = Caps::default();
    let mut seen = Seen { staff: tx.staff_names()?, ..Seen::of(day) };
    pages(from, |after| {
        let page = tx.sales_to_scan(after, before, PAGE)?;
        let last = page.last().map(|(fact, _)| fact.id);
        for (fact, beside) in page {
            let cap = caps.of(tx, &fact)?;
            seen.sales.push(Sold::of(&fact, beside, cap, None));
        }
        Ok(last)
    })?;
    // Of what was recorded before yards said what they receive, nothing is known.
    let told_since = tx.receipts_since()?;
    let mut lines: BTreeMap<Id, Id> = BTreeMap::new();
    pages(from, |after| {
        let page = tx.turn_ins_to_scan(after, before, PAGE)?;
        let last = page.last().map(|(record, ..)| record.id);
        for (record, line, received) in page {
            let receipt = match (received, told_since) {
                (true, _) => Receipt::Arrived,
                (false, Some(since)) if record.recorded_at >= since => Receipt::Missing,
                _ => Receipt::Unknown,
            };
            lines.extend(line.map(|line| (record.id, line)));
            seen.photos.extend(Photo::of_turn_in(&record, line));
            seen.turn_ins.push(HandedIn::of(&record, line, receipt));
        }
        Ok(last)
    })?;
    pages(from, |after| {
        let page = tx.files_to_scan(after, before, PAGE)?;
        let last = page.last().map(|file| file.id);
        seen.photos.extend(page.into_iter().map(|file| {
            let line = match file.about {
                FileAbout::Redemption => Some(file.subject),
                FileAbout::TurnIn => lines.get(&file.subject).copied(),
            };
            Photo { sha256: file.sha256, of: file.subject, at: file.at, line }
        }));
        Ok(last)
    })?;
    pages(from, |after| {
        let page = tx.dismantled_to_scan(after, before, PAGE)?;
        let last = page.last().map(|(step, _)| step.id);
        seen.certificates.extend(page.into_iter().filter_map(|(step, line)| Certificate::of(step, line)));
        Ok(last)
    })?;
    pages(from, |after| {
        let page = tx.tries_to_scan(after, before, PAGE)?;
        let last = page.last().map(|one| one.id);
        seen.tries.extend(page);
        Ok(last)
    })?;
    Ok(seen)
}

/// Reads page after page: each says where it ended, the last one nothing.
fn pages(from: Moment, mut page: impl FnMut(Id) -> Result<Option<Id>, StoreError>) -> Result<(), StoreError> {
    let mut after = Id::first_of(from);
    while let Some(last) = page(after)? {
        after = last;
    }
    Ok(())
}

/// The versions by which redemptions were judged, each read once.
#[derive(Default)]
struct Caps(BTreeMap<(String, u32), Option<Arc<Version>>>);

impl Caps {
    /// The price at which the redemption's subsidy is as high as it gets.
    fn of(&mut self, tx: &mut Tx<'_>, fact: &Redemption) -> Result<Option<Fen>, StoreError> {
        let key = (fact.programme.clone(), fact.version);
        if !self.0.contains_key(&key) {
            let version = tx.version(&key.0, key.1)?;
            self.0.insert(key.clone(), version);
        }
        let version = self.0.get(&key).and_then(Option::as_ref);
        Ok(version.and_then(|version| cap_price(&version.rules, fact.category, &fact.item, fact.price.agreed)))
    }
}
