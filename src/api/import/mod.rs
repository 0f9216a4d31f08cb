//! Tables that come as files: read, judged row by row, and taken whole or not at all.

mod columns;
mod grid;
mod package;
mod products;
mod rows;
mod separated;
mod taking;
mod workbook;

pub use products::*;
pub use taking::*;
