//! Totals.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::body::words::Money;
use crate::domain::rollup::Tally;

use super::money;

/// Totals by one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TotalsView {
    /// One row per key.
    pub rows: Vec<TotalsRow>,
    /// All rows together; its key is `total`.
    pub totals: TotalsRow,
}

/// What happened under one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TotalsRow {
    /// By what is added up: a programme, a category, a day `2026-06-30`, a month `2026-06`, a town, or the identity of a
    /// retailer or store; empty for what had none, such as the issue of a voucher.
    pub key: String,
    /// What it is called: title of a programme, name of a retailer or store; `null` for keys that are words.
    pub name: Option<String>,
    /// Vouchers issued.
    #[schema(minimum = 0)]
    pub vouchers_issued: i64,
    /// Vouchers expired.
    #[schema(minimum = 0)]
    pub expired: i64,
    /// Vouchers cancelled.
    #[schema(minimum = 0)]
    pub cancelled: i64,
    /// Redemptions.
    #[schema(minimum = 0)]
    pub redeemed: i64,
    /// Reversals.
    #[schema(minimum = 0)]
    pub reversed: i64,
    /// Money reserved.
    #[schema(value_type = Money)]
    pub amount_reserved: String,
    /// Subsidy of redemptions, and adjustments on the day of their posting.
    #[schema(value_type = Money)]
    pub amount_redeemed: String,
    /// Subsidy of reversals, with its adjustments.
    #[schema(value_type = Money)]
    pub amount_reversed: String,
    /// Approved for payment.
    #[schema(value_type = Money)]
    pub amount_approved: String,
    /// Paid.
    #[schema(value_type = Money)]
    pub amount_paid: String,
    /// Had back.
    #[schema(value_type = Money)]
    pub amount_recovered: String,
}

impl TotalsRow {
    /// A row.
    #[must_use]
    pub fn of(key: impl Into<String>, name: Option<&String>, tally: &Tally) -> Self {
        Self {
            key: key.into(),
            name: name.cloned(),
            vouchers_issued: tally.issued,
            expired: tally.expired,
            cancelled: tally.cancelled,
            redeemed: tally.redeemed,
            reversed: tally.reversed,
            amount_reserved: money(tally.amount_reserved),
            amount_redeemed: money(tally.amount_redeemed),
            amount_reversed: money(tally.amount_reversed),
            amount_approved: money(tally.amount_approved),
            amount_paid: money(tally.amount_paid),
            amount_recovered: money(tally.amount_recovered),
        }
    }
}

impl TotalsView {
    /// Rows with their sum, and with names where keys have them.
    #[must_use]
    pub fn of(rows: &[(String, Tally)], names: &BTreeMap<String, String>) -> Self {
        let sum = rows.iter().fold(Tally::default(), |sum, (_, tally)| sum.plus(tally));
        Self {
            rows: rows.iter().map(|(key, tally)| TotalsRow::of(key, names.get(key), tally)).collect(),
            totals: TotalsRow::of("total", None, &sum),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Fen;

    #[test]
    fn totals_are_the_sum_of_the_rows() {
        let tally = Tally { issued: 2, amount_redeemed: Fen(99_980), ..Tally::default() };
        let names = BTreeMap::from([("b".to_owned(), "B".to_owned())]);
        let view = TotalsView::of(&[("a".into(), tally), ("b".into(), tally)], &names);
        assert_eq!((view.rows[0].name.as_deref(), view.rows[1].name.as_deref()), (None, Some("B")));
        assert_eq!((view.totals.vouchers_issued, view.totals.amount_redeemed.as_str()), (4, "1999.60"));
        assert_eq!(TotalsView::of(&[], &names).totals.amount_paid, "0.00");
    }
}
