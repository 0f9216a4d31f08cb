//! Tests of the whole: the engine on real databases, and the service as its callers see it (a real listener, real
//! HTTP).
//!
//! On PostgreSQL where `HUANXIN_TEST_POSTGRES` names a server (`make test` starts one); else these tests say that
//! they are skipped.
#![allow(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

#[macro_use]
mod app;
mod adjustments;
mod anomalies;
mod assisted;
mod attack;
mod attacked;
mod audit;
mod authz;
mod bank_account;
mod book;
mod contract;
mod create_admin;
mod database;
mod disputes;
mod edge;
mod engine;
mod erasure;
mod evidence_files;
mod examples;
mod exports;
mod figures;
mod fixtures;
mod fraud_year;
mod fuzz;
mod growth;
mod hostile;
mod identifiers;
mod identity;
mod idor;
mod imports;
mod journey;
mod keys;
mod leak;
mod month;
mod offline;
mod old_items;
mod openapi;
mod personal;
mod pickups;
mod programme_files;
mod properties;
mod qr;
mod random_programmes;
mod readers;
mod refusals;
mod rise;
mod safety;
mod sale;
mod schema;
mod settlement;
mod threats;
mod tills;
mod tokens;
mod totals;
mod trail;
mod versions;
mod webhooks;
mod worked;
