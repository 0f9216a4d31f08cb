//! The HTTP interface: extract, one call, map. What is allowed and what it costs is not known here.

#![allow(clippy::missing_errors_doc, reason = "what an operation refuses stands in `contract` and in the document")]

pub mod answer;
pub mod assisted;
pub mod audit;
pub mod auth;
pub mod bank_account;
pub mod body;
pub mod bureau;
pub mod consumer;
pub mod contract;
pub mod coverage;
pub mod disclosure;
pub mod disputes;
pub mod distance;
pub mod edge;
pub mod entity;
pub mod error;
pub mod etag;
pub mod evidence;
pub mod examples;
pub mod export;
pub mod figures;
pub mod growth;
pub mod health;
pub mod idempotency;
pub mod identity;
pub mod import;
pub mod key_set;
pub mod language;
pub mod masks;
pub mod old_item_end;
pub mod openapi;
pub mod page;
pub mod personal;
pub mod pickups;
pub mod programmes;
pub mod query;
pub mod recycler;
pub mod reports;
pub mod request_id;
pub mod retailer;
pub mod revoked;
pub mod route;
pub mod schemas;
pub mod server;
pub mod settlement;
pub mod view;
pub mod webhooks;

pub use identity::Identity;
pub use openapi::{document, document_json};
pub use server::{Service, run};

#[cfg(test)]
mod journey;
#[cfg(test)]
mod tests;
