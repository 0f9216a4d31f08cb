//! huanxin (焕新): a district's trade-in subsidies, from the published programme to the report.

pub mod access;
pub mod api;
pub mod audit_sink;
pub mod blobs;
pub mod checkpoint;
pub mod cli;
pub mod config;
pub mod domain;
pub mod engine;
pub mod evidence;
pub mod issuers;
pub mod jws;
pub mod keys;
pub mod links;
pub mod master_key;
pub mod password;
pub mod pii;
mod private_file;
pub mod qr;
pub mod revoked;
pub mod store;
pub mod telemetry;
pub mod tls;
pub mod totp;
pub mod webhooks;
