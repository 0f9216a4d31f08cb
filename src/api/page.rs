//! Lists: how many, from where on, and how to come back for the rest.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use utoipa::IntoParams;

use super::error::ApiError;
use super::query::{Params, Wanted};
use super::view::ListView;
use crate::domain::id::Id;
use crate::domain::refusal::Code;
use crate::keys;
use crate::pii::Vault;
use crate::store::Page;

/// How many records a page has unless the caller says otherwise.
const USUAL: i64 = 50;
/// The most that a page has.
const MOST: i64 = 200;
/// Bytes of the check that binds a cursor to its caller and list.
const CHECK_BYTES: usize = 16;
/// The parameters that name a page and not a list.
const OF_A_PAGE: [&str; 2] = ["limit", "cursor"];

/// A secret with which cursors are sealed, so that none can be made up.
#[derive(Clone, Copy)]
pub struct CursorKey(Id);

impl Default for CursorKey {
    fn default() -> Self {
        Self(Id::NIL)
    }
}

impl CursorKey {
    /// The key of this service; replicas have the same.
    #[must_use]
    pub fn of(vault: &Vault) -> Self {
        Self(vault.lookup("cursor", ""))
    }

    fn mac(self) -> Hmac<Sha256> {
        keys::mac(self.0.as_bytes())
    }

    /// The key of one caller's list with its filters.
    fn of_list(self, caller: Id, list: &str, filters: &str) -> Self {
        let mac = self.mac().chain_update(caller.as_bytes()).chain_update(list).chain_update([0]).chain_update(filters);
        Self(Id::from_prefix(&mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CursorKey")
    }
}

/// Which page of a list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// How many records at most.
    #[param(required = false, minimum = 1, maximum = 200, default = 50)]
    limit: i64,
    /// `next_cursor` of the page before; it holds for this caller and this list, with the same other parameters.
    #[param(required = false)]
    cursor: Option<String>,
    /// What else was asked for.
    #[param(ignore)]
    filters: String,
    #[param(ignore)]
    key: CursorKey,
}

impl Wanted for Paging {
    const NAMES: &'static [&'static str] = &["limit", "cursor"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let number = |text: &str| text.parse().ok().filter(|limit| (1..=MOST).contains(limit));
        let limit = params.get("limit", "1 to 200", number)?.unwrap_or(USUAL);
        let cursor = params.text("cursor").map(str::to_owned);
        Ok(Self { limit, cursor, filters: params.without(&OF_A_PAGE), key: params.cursor_key() })
    }
}

/// A page of one caller's list, with its cursor read.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    key: CursorKey,
    limit: i64,
    after: Option<Id>,
}

impl Paging {
    /// Reads the cursor, which must be one that this caller got from this list.
    ///
    /// # Errors
    /// `CURSOR_INVALID`.
    pub fn of(&self, caller: Id, list: &str) -> Result<Reading, ApiError> {
        let key = self.key.of_list(caller, list, &self.filters);
        let invalid = || ApiError::of(Code::CursorInvalid);
        let after = self.cursor.as_deref().map(|text| read(text, key).ok_or_else(invalid)).transpose()?;
        Ok(Reading { key, limit: self.limit, after })
    }
}

impl Reading {
    /// What the store is asked for: one more than is shown, which tells whether there is another page.
    #[must_use]
    pub fn page(&self) -> Page {
        Page { after: self.after, limit: self.limit + 1 }
    }

    /// The last record of the page before.
    #[must_use]
    pub fn after(&self) -> Option<Id> {
        self.after
    }

    /// The page as it is shown.
    #[must_use]
    pub fn list<R, V>(&self, mut rows: Vec<R>, id: impl Fn(&R) -> Id, view: impl FnMut(R) -> V) -> ListView<V> {
        let limit = usize::try_from(self.limit).unwrap_or(0);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(|last| written(id(last), self.key));
        ListView { items: rows.into_iter().map(view).collect(), next_cursor }
    }

    /// The page of a list that is in memory as a whole.
    #[must_use]
    pub fn cut<R, V>(&self, rows: Vec<R>, id: impl Fn(&R) -> Id, view: impl FnMut(R) -> V) -> ListView<V> {
        let start = self.after.and_then(|after| rows.iter().position(|row| id(row) == after)).map_or(0, |at| at + 1);
        self.list(rows.into_iter().skip(start).collect(), id, view)
    }
}

fn written(id: Id, key: CursorKey) -> String {
    let check = key.mac().chain_update(id.as_bytes()).finalize().into_bytes();
    URL_SAFE_NO_PAD.encode([id.as_bytes(), &check[..CHECK_BYTES]].concat())
}

fn read(text: &str, key: CursorKey) -> Option<Id> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == 16 + CHECK_BYTES)?;
    let (id, given) = bytes.split_at_checked(16)?;
    // Compares in a time that does not depend on where the two differ.
    key.mac().chain_update(id).verify_truncated_left(given).ok()?;
    Some(Id::from_prefix(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &str) -> CursorKey {
        CursorKey(Id::digest(&[secret]))
    }

    fn paging(cursor: Option<String>) -> Paging {
        Paging { limit: 2, cursor, filters: String::new(), key: key("this service's") }
    }

    #[test]
    fn a_cursor_leads_on_and_is_its_callers_own() {
        let rows: Vec<Id> = ["a", "b", "c"].iter().map(|word| Id::digest(&[word])).collect();
        let reading = paging(None).of(Id::NIL, "things").unwrap();
        assert_eq!(reading.page(), Page { after: None, limit: 3 });
        let first = reading.list(rows.clone(), |id| *id, |id| id);
        assert_eq!(first.items, rows[..2]);
        let cursor = first.next_cursor.unwrap();
        let second = paging(Some(cursor.clone())).of(Id::NIL, "things").unwrap();
        assert_eq!(second.after(), Some(rows[1]));
        let rest = second.cut(rows.clone(), |id| *id, |id| id);
        assert_eq!((rest.items, rest.next_cursor), (vec![rows[2]], None));
        assert!(paging(Some(cursor.clone())).of(rows[0], "things").is_err());
        assert!(paging(Some(cursor.clone())).of(Id::NIL, "others").is_err());
        for wrong in [String::new(), "x".to_owned(), "é".to_owned(), cursor.to_uppercase(), cursor[..8].to_owned()] {
            assert!(paging(Some(wrong)).of(Id::NIL, "things").is_err());
        }
        let filtered = Paging { filters: "month=2026-05".to_owned(), ..paging(Some(cursor.clone())) };
        assert!(filtered.of(Id::NIL, "things").is_err());
        let elsewhere = Paging { key: key("another service's"), ..paging(Some(cursor)) };
        assert!(elsewhere.of(Id::NIL, "things").is_err());
        assert_eq!(format!("{:?}", key("a")), "CursorKey");
    }

    /// No byte of a cursor can be changed, neither of the identity nor of the check.
    #[test]
    fn a_cursor_cannot_be_made_up() {
        let mine = paging(None).of(Id::NIL, "things").unwrap();
        let good = URL_SAFE_NO_PAD.decode(written(Id::digest(&["a"]), mine.key)).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert!(paging(Some(URL_SAFE_NO_PAD.encode(&bad))).of(Id::NIL, "things").is_err(), "{at}");
        }
        assert!(paging(Some(URL_SAFE_NO_PAD.encode(&good))).of(Id::NIL, "things").is_ok());
    }

    #[test]
    fn a_limit_is_from_one_to_two_hundred() {
        for (query, good) in [("limit=1", true), ("limit=200", true), ("limit=0", false), ("limit=201", false)] {
            let params = Params::read(query, Paging::NAMES).unwrap();
            assert_eq!(Paging::take(&params).is_ok(), good, "{query}");
        }
    }
}
