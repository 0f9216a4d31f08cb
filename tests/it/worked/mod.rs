//! Subsidies that were worked out by hand, under the programme files of the schemes that they are of. Each is told
//! twice: through the engine, from the turn-in to the redemption, and through `huanxin quote`.
//!
//! A case is named `row N` after the published calculations where it stands there; the others are boundaries.

/// Each function gives the table of one scheme: all of them, and a test of each.
macro_rules! schemes {
    ($($scheme:ident),+ $(,)?) => {
        pub fn tables() -> Vec<Table> {
            vec![$($scheme()),+]
        }

        mod under {$(
            #[test]
            fn $scheme() {
                crate::worked::run::check(super::$scheme());
            }
        )+}
    };
}

mod api;
mod appliances;
mod cars;
mod case;
mod district;
mod ebikes;
mod files;
mod run;
mod versions;

use std::collections::BTreeSet;

use case::Table;

/// Every table, by the scheme.
fn tables() -> Vec<Table> {
    appliances::tables().into_iter().chain(cars::tables()).chain(ebikes::tables()).chain(district::tables()).collect()
}

/// The rows of the published calculations.
const ROWS: [&str; 33] = [
    "1", "4", "5", "7", "8", "9", "11", "12", "14", "15", "17", "18", "21", "22", "24", "25", "27", "30", "32", "34",
    "36", "38", "39", "41", "42", "43", "44", "46", "48", "49", "50", "50c", "51",
];
/// Those that take several steps: in [`versions`] and [`api`], and 43 with the adjustments.
const ELSEWHERE: [&str; 4] = ["12", "41", "43", "51"];

#[test]
fn every_row_is_told() {
    let tables = tables();
    let names = tables.iter().flat_map(|table| &table.cases).map(|case| case.name.as_str());
    let rows = names.filter_map(|name| name.strip_prefix("row ")).filter_map(|rest| rest.split([' ', ',', ':']).next());
    let told: BTreeSet<&str> = rows.chain(ELSEWHERE).collect();
    assert_eq!(told, BTreeSet::from(ROWS));
}
