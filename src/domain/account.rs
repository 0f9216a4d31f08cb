//! Staff: accounts, their sessions, what ends a token before its time, and what keeps those out who guess.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::goods::words;
use super::id::Id;
use super::personal::Personal;
use super::time::Moment;

/// Sessions that an account may have at once; the oldest one ends when another begins.
pub const SESSIONS: usize = 10;
/// The longest time that an access token may be good for, in seconds. What ends tokens is remembered that long.
pub const LONGEST_ACCESS_SECONDS: i64 = 3600;

words! {
    /// What an account's holder is to the service; the words of the tokens. A consumer has no account here.
    StaffRole {
        /// 回收点
        Recycler = "recycler",
        /// 店员
        Clerk = "clerk",
        /// 商家 (manager)
        Retailer = "retailer",
        /// 经办
        Officer = "officer",
        /// 复核
        Reviewer = "reviewer",
        /// 审批
        Approver = "approver",
        /// 财政
        Finance = "finance",
        /// 审计
        Auditor = "auditor",
        /// 部门
        Reader = "reader",
        /// 管理员
        Admin = "admin",
        /// 服务点
        Assistant = "assistant",
    }
}

impl StaffRole {
    /// Whether the holder acts for a retailer.
    #[must_use]
    pub const fn is_of_a_retailer(self) -> bool {
        matches!(self, Self::Clerk | Self::Retailer)
    }

    /// Whether the holder acts for an organisation, which the account then names.
    #[must_use]
    pub const fn is_of_an_organisation(self) -> bool {
        matches!(self, Self::Recycler | Self::Clerk | Self::Retailer)
    }
}

/// A text that is kept and compared and never shown: a password's hash, a sealed secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(pub String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden")
    }
}

/// An account of staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Identity: [`Account::key`] of its login, so that a login is given once.
    pub id: Id,
    /// What its holder signs in with: lower case.
    pub login: String,
    /// What its holder is.
    pub role: StaffRole,
    /// The retailer or recycler for which its holder acts.
    pub organisation: Option<Id>,
    /// The only store at which a clerk may sell; any of the retailer's when not said.
    pub store: Option<Id>,
    /// The tasks of the plan whose programmes a department reader sees.
    pub tasks: Vec<u8>,
    /// The holder's name, sealed.
    pub name: Personal,
    /// The password's hash, as a PHC string.
    pub password: Hidden,
    /// The secret of the second factor, sealed; none before it was set up.
    pub totp: Option<Hidden>,
    /// A secret that is being set up, sealed.
    pub pending_totp: Option<Hidden>,
    /// The newest time step whose code was used (RFC 6238, 5.2: none is used twice).
    pub totp_step: i64,
    /// Whether the password is still the one that somebody else gave.
    pub must_change: bool,
    /// Failures in a row.
    pub failed: u32,
    /// Until when nobody is let in.
    pub locked_until: Option<Moment>,
    /// Whether it is closed for good.
    pub disabled: bool,
    /// Its sessions that were not ended; some of them may have lapsed.
    pub open: Vec<Id>,
    /// When it was made.
    pub created_at: Moment,
}

impl Account {
    /// What a login has to be, for whoever typed another one.
    pub const LOGIN: &'static str = "3 to 64 letters, digits or . _ - @";

    /// A login as it is kept, in lower case; `None` when it can be none.
    #[must_use]
    pub fn login(text: &str) -> Option<String> {
        let login = text.trim().to_ascii_lowercase();
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-@".contains(&byte);
        ((3..=64).contains(&login.len()) && login.bytes().all(known)).then_some(login)
    }

    /// The identity of the account with a login, which is in lower case.
    #[must_use]
    pub fn key(login: &str) -> Id {
        Id::digest(&["account", login])
    }

    /// Whether its holder has to set something up before anything else can be done.
    #[must_use]
    pub fn is_set_up(&self) -> bool {
        !self.must_change && self.totp.is_some()
    }

    /// What may be told of it.
    #[must_use]
    pub fn staff(&self) -> Staff {
        Staff {
            id: self.id,
            login: self.login.clone(),
            role: self.role,
            organisation: self.organisation,
            store: self.store,
            tasks: self.tasks.clone(),
            name: self.name.masked.clone(),
            must_change: self.must_change,
            second_factor: self.totp.is_some(),
            locked_until: self.locked_until,
            disabled: self.disabled,
            created_at: self.created_at,
        }
    }
}

/// An account as it may be told: nothing by which anybody could sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staff {
    /// Identity.
    pub id: Id,
    /// Login.
    pub login: String,
    /// Role.
    pub role: StaffRole,
    /// Retailer or recycler.
    pub organisation: Option<Id>,
    /// The only store.
    pub store: Option<Id>,
    /// Tasks of the plan.
    pub tasks: Vec<u8>,
    /// The holder's name, masked.
    pub name: String,
    /// Whether the password is still the one that somebody else gave.
    pub must_change: bool,
    /// Whether a second factor is set up.
    pub second_factor: bool,
    /// Until when nobody is let in.
    pub locked_until: Option<Moment>,
    /// Whether it is closed for good.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Moment,
}

words! {
    /// Why a session ended before its time.
    SessionEnd {
        /// Its holder signed out.
        SignedOut = "signed_out",
        /// An old refresh token was shown: somebody else has a copy.
        Replayed = "replayed",
        /// The password or the second factor was changed or reset.
        Credentials = "credentials",
        /// Somebody who keeps the account ended it.
        Ended = "ended",
        /// The account was closed.
        Disabled = "disabled",
        /// A newer session took its place.
        Superseded = "superseded",
    }
}

/// A session: all tokens that follow from one sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Identity.
    pub id: Id,
    /// Whose.
    pub account: Id,
    /// The store that its tokens are bound to.
    pub store: Option<Id>,
    /// The device that its tokens are bound to: the keyed digest of what it calls itself.
    pub device: Option<Id>,
    /// The till that the device is, with which its tokens end.
    pub till: Option<Id>,
    /// How many refresh tokens it has had; only the newest is good.
    pub generation: u32,
    /// When it began.
    pub opened_at: Moment,
    /// When it was last refreshed.
    pub used_at: Moment,
    /// When it lapses unless it is refreshed.
    pub idle_at: Moment,
    /// When it lapses whatever happens.
    pub lapses_at: Moment,
    /// When it was ended before its time.
    pub ended_at: Option<Moment>,
    /// Why.
    pub end: Option<SessionEnd>,
}

impl Session {
    /// Whether it may still be refreshed.
    #[must_use]
    pub fn is_live(&self, at: Moment) -> bool {
        self.ended_at.is_none() && at < self.idle_at && at < self.lapses_at
    }
}

/// A refresh token that was given out; of its 256 random bits only the SHA-256 is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// Identity: [`RefreshToken::key`].
    pub id: Id,
    /// SHA-256 of the token, in lower-case hexadecimal.
    pub digest: String,
    /// Whose.
    pub account: Id,
    /// Its session.
    pub session: Id,
    /// Which one of the session it is, from one.
    pub generation: u32,
    /// When it was given out.
    pub at: Moment,
}

impl RefreshToken {
    /// The identity of the token with a digest.
    #[must_use]
    pub fn key(digest: &[u8; 32]) -> Id {
        Id::from_prefix(digest)
    }
}

/// A till: a place at a store's counter for one device. Its identity follows from its enrolment code, of which the SHA-256
/// alone is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Till {
    /// Identity: [`Till::key`].
    pub id: Id,
    /// SHA-256 of the code, in lower-case hexadecimal.
    pub digest: String,
    /// The retailer.
    pub retailer: Id,
    /// The store.
    pub store: Id,
    /// What the manager calls it.
    pub label: String,
    /// The device, once enrolled: the keyed digest of what it calls itself.
    pub device: Option<Id>,
    /// When the code was made.
    pub created_at: Moment,
    /// From when on the code is good no more.
    pub code_lapses_at: Moment,
    /// When the device was enrolled.
    pub enrolled_at: Option<Moment>,
    /// When it was taken out of use.
    pub revoked_at: Option<Moment>,
}

impl Till {
    /// The identity of the till with a code of this digest; it is shown, and tells nothing of the digest.
    #[must_use]
    pub fn key(digest: &[u8; 32]) -> Id {
        Id::digest(&["till", &hex::encode(digest)])
    }

    /// Whether whoever signs in on a device signs in on this till.
    #[must_use]
    pub fn is(&self, device: Id) -> bool {
        self.device == Some(device) && self.revoked_at.is_none()
    }
}

/// What ends access tokens before they expire: of a session, an organisation, a store or a till. Verifying a token
/// looks it up in a copy in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// The session, organisation, store or till.
    pub subject: Id,
    /// Whether none of its tokens is good now.
    pub ended: bool,
    /// Tokens that were issued in the second of this moment or before are never good again.
    pub before_at: Moment,
    /// When this was decided; in the order of the commits.
    pub at: Moment,
    /// From when on nobody needs to know: every token that it ends has expired by itself.
    pub forget_at: Moment,
}

impl Revocation {
    /// The end of a session.
    #[must_use]
    pub fn of_session(session: Id, at: Moment) -> Self {
        Self::for_good(session, at)
    }

    /// The end of a till: its device may be enrolled anew, and is another till then.
    #[must_use]
    pub fn of_till(till: Id, at: Moment) -> Self {
        Self::for_good(till, at)
    }

    fn for_good(subject: Id, at: Moment) -> Self {
        let forget_at = at.plus_seconds(LONGEST_ACCESS_SECONDS);
        Self { subject, ended: true, before_at: at, at, forget_at }
    }

    /// An organisation or store is kept out.
    #[must_use]
    pub fn of_party(subject: Id, at: Moment) -> Self {
        Self { subject, ended: true, before_at: at, at, forget_at: Moment(i64::MAX) }
    }

    /// An organisation or store may come back; its tokens of before stay what they are.
    #[must_use]
    pub fn lifted(&self, at: Moment) -> Self {
        Self { ended: false, at, ..self.clone() }
    }

    /// Whether it ends a token that was issued at a second since the epoch.
    #[must_use]
    pub fn ends(&self, issued: i64) -> bool {
        self.ended || issued <= self.before_at.seconds()
    }
}

/// How long sessions last and how those who guess are slowed down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignInPolicy {
    /// Seconds for which an access token is good; at most [`LONGEST_ACCESS_SECONDS`].
    pub access_seconds: i64,
    /// Seconds after which a session that is not refreshed lapses.
    pub idle_seconds: i64,
    /// Seconds after which a session lapses whatever happens.
    pub session_seconds: i64,
    /// Failures in a row until the first lock.
    pub tries: u32,
    /// Seconds of the first lock; each further failure doubles it.
    pub first_lock_seconds: i64,
    /// Seconds of the longest lock.
    pub longest_lock_seconds: i64,
}

impl Default for SignInPolicy {
    fn default() -> Self {
        Self {
            access_seconds: 600,
            idle_seconds: 12 * 3600,
            session_seconds: 7 * 24 * 3600,
            tries: 5,
            first_lock_seconds: 60,
            longest_lock_seconds: 3600,
        }
    }
}

impl SignInPolicy {
    /// Until when nobody is let in after so many failures in a row, the last of them at a moment.
    #[must_use]
    pub fn locked_until(&self, failed: u32, at: Moment) -> Option<Moment> {
        let further = failed.checked_sub(self.tries)?;
        let doubled = 1_i64.checked_shl(further.min(62)).and_then(|times| times.checked_mul(self.first_lock_seconds));
        let seconds = doubled.unwrap_or(i64::MAX).clamp(0, self.longest_lock_seconds);
        Some(at.plus_seconds(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Moment = Moment(1_780_000_000_000_000);

    #[test]
    fn locks_double_up_to_the_longest() {
        let policy = SignInPolicy::default();
        let seconds = |failed| policy.locked_until(failed, START).map(|until| (until.0 - START.0) / 1_000_000);
        assert_eq!(
            [0, 4, 5, 6, 7, 10, 11, 12, 90].map(seconds),
            [None, None, Some(60), Some(120), Some(240), Some(1920), Some(3600), Some(3600), Some(3600)]
        );
        assert_eq!(policy.locked_until(u32::MAX, START), Some(START.plus_seconds(3600)));
    }

    /// Who has the password and guesses codes of six digits, of which three are good at any time, as often as the lock
    /// lets him: within a day fewer than 36 tries, a chance below 1 in 9000; within a year below 1 in 38.
    #[test]
    fn six_digits_cannot_be_guessed() {
        let policy = SignInPolicy::default();
        let tries_within = |seconds: i64| {
            let (mut now, mut failed) = (START, 0_u32);
            while now < START.plus_seconds(seconds) {
                failed += 1;
                now = policy.locked_until(failed, now).unwrap_or(now);
            }
            i64::from(failed)
        };
        let (day, year) = (tries_within(24 * 3600), tries_within(365 * 24 * 3600));
        assert!(day < 36, "{day}");
        // tries × 3 codes ÷ 1 000 000, written without fractions.
        assert!(day * 3 * 9000 < 1_000_000, "{day}");
        assert!(year * 3 * 38 < 1_000_000, "{year}");
    }

    #[test]
    fn a_party_that_comes_back_does_not_bring_its_old_tokens() {
        let kept_out = Revocation::of_party(Id::NIL, START.plus_seconds(10));
        let second = START.seconds() + 10;
        assert!(kept_out.ends(second - 1) && kept_out.ends(second) && kept_out.ends(second + 5));
        let back = kept_out.lifted(START.plus_seconds(60));
        assert!(back.ends(second - 1) && back.ends(second));
        assert!(!back.ends(second + 1) && !back.ends(second + 5));
    }

    #[test]
    fn nothing_hidden_is_shown() {
        assert_eq!(format!("{:?}", Hidden("secret".into())), "Hidden");
    }
}
