//! huanxin (焕新): a district's trade-in subsidies, from the published programme to the report.

pub mod domain;
