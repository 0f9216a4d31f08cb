//! Anomalies: what looks wrong among sales that every check has passed, scored and explained.
//!
//! A rule is a pure function over plain inputs: the sales, old items, refused attempts and names of staff that were
//! seen up to a day. It never refuses anything. What it finds says which lines it is about, how sure it is, and in two
//! languages why; at a score that is data it holds the lines until somebody has looked. Everything is an integer:
//! money in fen, shares in percent or thousandths, scores from 50 (just enough) to 100 (certain).
//!
//! What a sale shows by itself is found when it is made ([`at_once()`]); everything else by a scan.
//!
//! A scan is of one day, against the days before it: what comes out is what the day brought. A pattern that was there
//! before is told again with the day's lines alone; one that became one on this day is told with all of its lines. So
//! a scan needs to know nothing of the scans before it, and scanned twice a day gives the same.

mod at_once;
mod bursts;
mod crowding;
mod finding;
mod identities;
mod insiders;
mod limits;
mod old_items;
mod places;
mod prices;
mod returns;
mod rule;
mod seen;

#[cfg(test)]
mod tests;

pub use at_once::at_once;
pub use finding::{Anomaly, AnomalyStatus, Link, LinkKind, Precision, Resolution, ScanDay, Signal};
pub use limits::{Limits, Rules, RulesEntry};
pub use rule::AnomalyRule;
pub use seen::{Beside, Certificate, HandedIn, Photo, Receipt, Seen, Sold, StaffName, Try};

/// Lines of one finding; what has more comes in parts, so that no command grows without bound.
pub const LINES: usize = 100;

/// Everything that the day brought, by the rules, in one order.
#[must_use]
pub fn scan(rules: &Rules, seen: &Seen) -> Vec<Signal> {
    let mut found: Vec<Signal> = Vec::new();
    for rule in AnomalyRule::ALL {
        let limits = rules.of(*rule);
        if !limits.on {
            continue;
        }
        found.extend(match rule {
            AnomalyRule::SerialUnderTwoBrands => identities::serial_under_two_brands(&limits, seen),
            AnomalyRule::OldItemRecordedTwice => identities::old_item_recorded_twice(&limits, seen),
            AnomalyRule::TriedUsedIdentity => identities::tried_used_identity(&limits, seen),
            AnomalyRule::PhotoUsedTwice => identities::photo_used_twice(&limits, seen),
            AnomalyRule::ManyToOneAddress => crowding::to_one_address(&limits, seen),
            AnomalyRule::ManyToOnePhone => crowding::to_one_phone(&limits, seen),
            AnomalyRule::ManyOnOneDevice => crowding::on_one_device(&limits, seen),
            AnomalyRule::PriceAboveUsual => prices::above_usual(&limits, seen),
            AnomalyRule::PriceAtCap => prices::at_cap(&limits, seen),
            AnomalyRule::QuickReturns => returns::of_a_person(&limits, seen),
            AnomalyRule::QuickReturnsAtClerk => returns::at_a_clerk(&limits, seen),
            AnomalyRule::ClerkBurst => bursts::of_a_clerk(&limits, seen),
            AnomalyRule::StoreBurst => bursts::of_a_store(&limits, seen),
            AnomalyRule::StaffAmongBuyers => insiders::staff_among_buyers(&limits, seen),
            AnomalyRule::OldItemsNotReceived => old_items::not_received(&limits, seen),
            AnomalyRule::ClaimedElsewhere => places::claimed_elsewhere(&limits, seen),
            // Found when the voucher is redeemed.
            AnomalyRule::PriceAboveFiled => continue,
            AnomalyRule::CertificateUsedTwice => identities::certificate_used_twice(&limits, seen),
        });
    }
    found.into_iter().flat_map(Signal::in_parts).collect()
}
