//! The HTTP interface: what is read from requests and what is answered.

pub mod body;
pub mod view;
