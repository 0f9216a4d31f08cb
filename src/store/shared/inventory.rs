//! What a settlement pays for, with the hashes of the evidence.

use std::collections::BTreeSet;

use super::{Conn, evidence_files, head, settlements, turn_ins};
use crate::domain::id::Id;
use crate::domain::inventory::Inventory;
use crate::domain::settlement::Settlement;
use crate::store::error::StoreError;

/// The lines of a settlement with every hash of evidence that there is about them now.
pub fn inventory(conn: &mut Conn, settlement: &Settlement) -> Result<Inventory, StoreError> {
    inventory_of(conn, settlement, |_| true)
}

/// The same with those files only that `counts`, by their identities.
pub(super) fn inventory_of(
    conn: &mut Conn,
    settlement: &Settlement,
    counts: impl Fn(Id) -> bool,
) -> Result<Inventory, StoreError> {
    let mut inventory = Inventory::new(head::read(conn)?.at);
    let lines = settlements::settlement_lines(conn, settlement)?;
    let paid: BTreeSet<Id> = lines.redemptions.iter().copied().collect();
    // An adjustment goes by the evidence of its redemption, also where that one was paid before.
    let raised = lines.adjustments.iter().map(|row| row.redemption);
    let named: BTreeSet<Id> = paid.iter().copied().chain(raised).collect();
    let mut subjects: Vec<Id> = named.iter().copied().collect();
    let mut old_items = Vec::new();
    for (fact, _) in settlements::redemptions_by_id(conn, &subjects)? {
        if paid.contains(&fact.id) {
            inventory.redemption(fact.id, fact.subsidy);
        }
        old_items.extend(fact.turn_in);
    }
    for row in &lines.adjustments {
        inventory.adjustment(row.id, row.amount);
    }
    subjects.extend(&old_items);
    for subject in &subjects {
        inventory.about(*subject);
    }
    for old_item in turn_ins::by_id(conn, &old_items)? {
        for stated in old_item.item.stated_hashes() {
            inventory.evidence(&(old_item.id, stated.to_owned()));
        }
    }
    for (file, hashed) in evidence_files::of_subjects(conn, &subjects)? {
        if counts(file) {
            inventory.evidence(&hashed);
        }
    }
    Ok(inventory)
}
