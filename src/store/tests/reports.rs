//! Sums by key, and what was known when.

use super::each;
use super::samples::{self, at, entry, id};
use crate::domain::goods::Category;
use crate::domain::money::Fen;
use crate::domain::records::{Baseline, OffSystem};
use crate::domain::time::{Day, Moment};
use crate::store::{Group, Saved, StoreError};

const DAY: i64 = 86_400;

#[test]
fn rollups_add_up_within_a_batch_and_across_batches() {
    each(|division| {
        let yesterday = at().plus_seconds(-DAY);
        let first = Saved { rollups: vec![entry(1, at(), at()), entry(2, at(), at())], ..Saved::default() };
        let second = Saved { rollups: vec![entry(3, at(), at()), entry(4, yesterday, at())], ..Saved::default() };
        division.save(&first).unwrap();
        division.save(&second).unwrap();
        division.read(|tx| {
            let days = tx.totals(Group::Day, None, None)?;
            let shown: Vec<_> = days.iter().map(|(key, tally)| (key.as_str(), tally.redeemed)).collect();
            assert_eq!(shown, [("2026-06-17", 1), ("2026-06-18", 3)]);
            assert_eq!(days[1].1.amount_redeemed, Fen(4500));
            for (group, key) in [
                (Group::Programme, samples::PROGRAMME.to_owned()),
                (Group::Category, "refrigerator".into()),
                (Group::Retailer, id(5).to_string()),
                (Group::Store, id(6).to_string()),
                (Group::Town, "青云谱镇".into()),
                (Group::Month, "2026-06".into()),
            ] {
                let totals = tx.totals(group, None, None)?;
                assert_eq!((totals.len(), &totals[0].0, totals[0].1.completed), (1, &key, 4), "{group:?}");
            }
            let today = Day::from_number(20_260_618);
            assert_eq!(tx.totals(Group::Day, today, today)?.len(), 1);
            assert_eq!(tx.totals(Group::Day, None, Day::from_number(20_260_101))?, []);
            Ok(())
        });
    });
}

#[test]
fn a_year_is_told_as_it_was_known() {
    each(|division| {
        let yesterday = at().plus_seconds(-DAY);
        let later = at().plus_seconds(60);
        let last_year = at().plus_seconds(-200 * DAY);
        let rollups = vec![
            entry(1, yesterday, yesterday),
            entry(2, at(), at()),
            entry(3, at(), later),
            entry(4, last_year, later),
        ];
        division.save(&Saved { rollups, ..Saved::default() }).unwrap();
        division.read(|tx| {
            let mut years = |known_at| -> Result<Vec<_>, StoreError> {
                Ok(tx.appliances(known_at)?.iter().map(|sum| (sum.year, sum.category, sum.completed)).collect())
            };
            let fridges = |year, completed| (year, Category::Refrigerator, completed);
            assert_eq!(years(None)?, [fridges(2025, 1), fridges(2026, 3)]);
            assert_eq!(years(Some(later))?, [fridges(2025, 1), fridges(2026, 3)]);
            // To the microsecond, at both ends of an entry's own.
            assert_eq!(years(Some(Moment(later.0 - 1)))?, [fridges(2026, 2)]);
            assert_eq!(years(Some(at()))?, [fridges(2026, 2)]);
            assert_eq!(years(Some(Moment(at().0 - 1)))?, [fridges(2026, 1)]);
            assert_eq!(years(Some(yesterday))?, [fridges(2026, 1)]);
            assert_eq!(years(Some(last_year))?, []);
            Ok(())
        });
    });
}

#[test]
fn the_newest_figure_counts_and_the_old_one_is_remembered() {
    each(|division| {
        let later = at().plus_seconds(1);
        let (baseline, month) = (samples::baseline(), samples::off_system());
        let corrected = Baseline { id: id(50), value: 13_000, monthly: None, at: later, ..baseline.clone() };
        let recounted = OffSystem { id: id(51), count: 310, at: later, ..month.clone() };
        let other = OffSystem { id: id(52), month: 202_604, at: Moment(at().0 + 1), ..month.clone() };
        let saved = Saved {
            baselines: vec![baseline.clone(), corrected.clone()],
            off_system: vec![recounted.clone(), month.clone(), other.clone()],
            ..Saved::default()
        };
        assert_eq!(division.read(|tx| tx.baseline(None)), None);
        division.save(&saved).unwrap();
        division.read(|tx| {
            assert_eq!(tx.baseline(None)?, Some(corrected.clone()));
            assert_eq!(tx.baseline(Some(at()))?, Some(baseline.clone()));
            assert_eq!(tx.off_system(None)?, [other.clone(), recounted.clone()]);
            assert_eq!(tx.off_system(Some(Moment(at().0 + 1)))?, [other.clone(), month.clone()]);
            assert_eq!(tx.off_system(Some(at()))?, std::slice::from_ref(&month));
            assert_eq!(tx.baselines()?, [corrected.clone(), baseline.clone()]);
            assert_eq!(tx.off_system_entries(None)?, [recounted.clone(), other.clone(), month.clone()]);
            assert_eq!(tx.off_system_entries(Some(202_605))?, [recounted.clone(), month.clone()]);
            assert_eq!(tx.off_system_entries(Some(202_501))?, []);
            Ok(())
        });
    });
}
