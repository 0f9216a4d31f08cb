//! Programmes (补贴方案): what a version says, how its file is read and checked, and what it gives for a sale.

mod cap;
mod cells;
mod check;
mod conditions;
mod difference;
mod examples;
mod fault;
mod file;
mod form;
mod guess;
mod labels;
mod old_item;
mod places;
mod read;
mod rise;
mod rules;
mod sale;
mod schema;
mod subsidy;
mod syntax;
#[cfg(test)]
mod tests;
mod tier;
mod warnings;
mod windows;

pub use cap::cap_price;
pub use check::validate;
pub use difference::{Difference, differences};
pub use examples::{Example, examples};
pub use fault::Fault;
pub use file::{Checked, check_json, check_toml, from_json, from_toml};
pub use old_item::{by_turn_in_id, fits, in_turn_in_body, judge_old_item};
pub use rise::{Rise, SaleMade, rise};
pub use rules::*;
pub use sale::{Sale, in_region, judge_sale};
pub use schema::schema_json;
pub use subsidy::{Amounts, Share, reserve};
pub use warnings::warnings;
pub use windows::{ReleaseSlot, application_open, claim_open, release_at, voucher_expires};

/// Words of a condition or of what was found, in one line; `none` when there is none.
fn list(words: impl IntoIterator<Item = impl std::fmt::Display>) -> String {
    let joined = words.into_iter().map(|word| word.to_string()).collect::<Vec<_>>().join(",");
    if joined.is_empty() { "none".to_owned() } else { joined }
}

/// A value that may not have been stated, as a refusal tells it.
fn stated(value: Option<impl std::fmt::Display>) -> String {
    value.map_or_else(|| "not stated".to_owned(), |value| value.to_string())
}
