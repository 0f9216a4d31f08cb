//! How many old items there are.

use crate::domain::goods::Category;
use crate::domain::id::Id;
use crate::domain::old_item_end::EndStep;
use crate::domain::records::TurnInStatus;

/// How many old items one organisation recorded of a category, in one state; or how many of them have come how far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemCount {
    /// Who recorded them.
    pub recorder: Id,
    /// Their category.
    pub category: Category,
    /// Their state.
    pub status: TurnInStatus,
    /// How far those that are counted have come; all of them where it is not said.
    pub step: Option<EndStep>,
    /// How many.
    pub count: u64,
}
