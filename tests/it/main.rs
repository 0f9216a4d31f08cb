//! The service as its callers see it: a real listener, real HTTP, both databases.
//!
//! On PostgreSQL where `HUANXIN_TEST_POSTGRES` names a server (`make test` starts one); else these tests say that
//! they are skipped.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[macro_use]
mod app;
mod authz;
mod database;
mod journey;
mod openapi;
mod qr;
mod refusals;
mod sale;
