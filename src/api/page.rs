//! Lists: how many, from where on, and how to come back for the rest.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use utoipa::IntoParams;

use super::error::ApiError;
use super::query::{Params, Wanted};
use super::view::ListView;
use crate::domain::id::Id;
use crate::domain::refusal::Code;
use crate::store::Page;

/// How many records a page has unless the caller says otherwise.
const USUAL: i64 = 50;
/// The most that a page has.
const MOST: i64 = 200;
/// Bytes of the check that binds a cursor to its caller and list.
const CHECK_BYTES: usize = 8;

/// Which page of a list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// How many records at most.
    #[param(required = false, minimum = 1, maximum = 200, default = 50)]
    limit: i64,
    /// `next_cursor` of the page before; it holds for this caller and this list alone.
    #[param(required = false)]
    cursor: Option<String>,
}

impl Wanted for Paging {
    const NAMES: &'static [&'static str] = &["limit", "cursor"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let number = |text: &str| text.parse().ok().filter(|limit| (1..=MOST).contains(limit));
        let limit = params.get("limit", "1 to 200", number)?.unwrap_or(USUAL);
        Ok(Self { limit, cursor: params.text("cursor").map(str::to_owned) })
    }
}

/// A page of one caller's list, with its cursor read.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    owner: Id,
    limit: i64,
    after: Option<Id>,
}

impl Paging {
    /// Reads the cursor, which must be one that this caller got from this list.
    ///
    /// # Errors
    /// `CURSOR_INVALID`.
    pub fn of(&self, caller: Id, list: &str) -> Result<Reading, ApiError> {
        let owner = Id::digest(&["cursor", list, &caller.to_string()]);
        let invalid = || ApiError::of(Code::CursorInvalid);
        let after = self.cursor.as_deref().map(|text| read(text, owner).ok_or_else(invalid)).transpose()?;
        Ok(Reading { owner, limit: self.limit, after })
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
        let next_cursor = rows.last().filter(|_| more).map(|last| written(id(last), self.owner));
        ListView { items: rows.into_iter().map(view).collect(), next_cursor }
    }

    /// The page of a list that is in memory as a whole.
    #[must_use]
    pub fn cut<R, V>(&self, rows: Vec<R>, id: impl Fn(&R) -> Id, view: impl FnMut(R) -> V) -> ListView<V> {
        let start = self.after.and_then(|after| rows.iter().position(|row| id(row) == after)).map_or(0, |at| at + 1);
        self.list(rows.into_iter().skip(start).collect(), id, view)
    }
}

fn check(id: Id, owner: Id) -> [u8; CHECK_BYTES] {
    let digest = Id::digest(&[&owner.to_string(), &id.to_string()]);
    std::array::from_fn(|at| digest.as_bytes()[at])
}

fn written(id: Id, owner: Id) -> String {
    URL_SAFE_NO_PAD.encode([id.as_bytes().as_slice(), &check(id, owner)].concat())
}

fn read(text: &str, owner: Id) -> Option<Id> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == 16 + CHECK_BYTES)?;
    let (id, given) = bytes.split_at_checked(16)?;
    let id = Id::from_prefix(id);
    (given == check(id, owner)).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paging(cursor: Option<String>) -> Paging {
        Paging { limit: 2, cursor }
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
    }

    #[test]
    fn a_limit_is_from_one_to_two_hundred() {
        for (query, good) in [("limit=1", true), ("limit=200", true), ("limit=0", false), ("limit=201", false)] {
            let params = Params::read(query, Paging::NAMES).unwrap();
            assert_eq!(Paging::take(&params).is_ok(), good, "{query}");
        }
    }
}
