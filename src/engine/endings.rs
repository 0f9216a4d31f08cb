//! Vouchers that hold no more, for those who check codes without a network: all of them, and then what came after.
//!
//! Only vouchers whose time is not over are told: a code says itself when it lapses. Two indexes that are there anyway
//! serve the reading, so that it costs the writers nothing: all of them are found by the vouchers' identities, which
//! begin with the time of issue, and what came after by the movements', which begin with the time of the ending. The
//! newest record's millisecond may still get more of them; it is read again the next time.

use super::{Division, Failure};
use crate::domain::id::Id;
use crate::domain::records::VoucherStatus;
use crate::domain::time::Moment;
use crate::store::{StoreError, Tx};

const SECONDS_A_DAY: i64 = 24 * 3600;
/// Days that a voucher may hold beyond its programme's number: it ends with its last day.
const DAYS_BEYOND: i64 = 2;

/// From where on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// All of them.
    Start,
    /// All of them, after this voucher; the reading began when movements had come so far.
    Voucher {
        /// The last voucher that was looked at.
        after: Id,
        /// Where to go on with movements.
        begun: Id,
    },
    /// What came after this movement.
    Movement(Id),
}

/// A page of vouchers that hold no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endings {
    /// Which, and how they ended.
    pub ended: Vec<(Id, VoucherStatus)>,
    /// From where on the next page is.
    pub next: Since,
    /// Whether there is something on it already.
    pub more: bool,
}

impl Division {
    /// A page of vouchers that hold no more though their time is not over. `None` when `since` lies in the future: it is
    /// of another database, or of one that was set back, and whoever has it begins anew.
    ///
    /// # Errors
    /// Those of [`Division::read`].
    pub async fn endings(&self, since: Since, limit: i64) -> Result<Option<Endings>, Failure> {
        let now = self.now();
        self.read(move |tx| page(tx, since, now, limit)).await
    }
}

fn page(tx: &mut Tx<'_>, since: Since, now: Moment, limit: i64) -> Result<Option<Endings>, StoreError> {
    let newest = Id::first_of(tx.head()?.at);
    let begun = match since {
        Since::Start => newest,
        Since::Voucher { begun, .. } => begun,
        Since::Movement(after) => after,
    };
    if begun.millis() > newest.millis() {
        return Ok(None);
    }
    let full = |count: usize| i64::try_from(count).is_ok_and(|count| count >= limit);
    let after = match since {
        Since::Start => Id::first_of(oldest_issue(tx, now)?),
        Since::Voucher { after, .. } => after,
        Since::Movement(after) => {
            let (ended, seen, last) = tx.endings(after, now, limit)?;
            let next = last.filter(|_| full(seen)).map_or(newest, |last| last.min(newest)).max(after);
            return Ok(Some(Endings { ended, next: Since::Movement(next), more: full(seen) && next != after }));
        }
    };
    let ended = tx.ended_vouchers(after, now, limit)?;
    Ok(Some(match ended.last() {
        Some((last, _)) if full(ended.len()) => {
            Endings { next: Since::Voucher { after: *last, begun }, more: true, ended }
        }
        _ => Endings { ended, next: Since::Movement(begun), more: begun != newest },
    }))
}

/// When a voucher whose time is not over can have been issued at the earliest, by all versions that there were.
fn oldest_issue(tx: &mut Tx<'_>, now: Moment) -> Result<Moment, StoreError> {
    let mut days = 0;
    for (programme, _) in tx.programmes()? {
        for number in 1..=programme.latest {
            let version = tx.version(&programme.id, number)?;
            days = days.max(version.map_or(0, |version| i64::from(version.rules.voucher.days)));
        }
    }
    Ok(now.plus_seconds(-(days + DAYS_BEYOND) * SECONDS_A_DAY))
}
