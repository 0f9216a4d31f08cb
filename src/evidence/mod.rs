//! Evidence packages: the records of a period with everything that it takes to check them without the service and
//! without its database. What stands in one is written for people in `README.txt`, which lies in it.

mod check;
mod write;

pub use check::{Checked, Given, check};
pub use write::{Asked, Package, Period, covering, write};

/// The only form so far.
const FORMAT: &str = "huanxin-evidence-1";
const README: &str = include_str!("README.txt");

const RECORDS: &str = "records.jsonl";
const FACTS: &str = "facts.jsonl";
const CHECKPOINTS: &str = "checkpoints.jsonl";
const INCLUSION: &str = "inclusion.jsonl";
const CONSISTENCY: &str = "consistency.json";
const KEYS: &str = "jwks.json";
const README_NAME: &str = "README.txt";
const MANIFEST: &str = "manifest.json";

/// Tables whose rows change their state after they were recorded: such a row is as its newest record says, which may come
/// after the period.
const STATES: &[&str] = &[
    "redemption_state",
    "adjustment_state",
    "account_proposal",
    "settlement",
    "line_hold",
    "payment_batch",
    "reconciliation_row",
    "anomaly",
    "dispute",
    "pickup",
];
