//! Merkle trees as RFC 6962, 2.1 (and RFC 9162, 2.1) has them: one root for a list, a short proof that an entry is in
//! it, and a short proof that a longer list begins with a shorter one.
//!
//! Nothing here keeps a list. What a proof consists of is told as ranges of entries, so that whoever has the entries,
//! or the roots of some ranges, answers only what is asked.

use std::ops::Range;

use sha2::{Digest, Sha256};

/// A hash of the tree.
pub type Hash = [u8; 32];

/// The root of an empty list.
#[must_use]
pub fn empty() -> Hash {
    Sha256::digest([]).into()
}

/// The hash of an entry.
#[must_use]
pub fn leaf(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

/// The hash over two.
#[must_use]
pub fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// A tree that only grows: the roots of the full trees of which it consists, the largest first. It has as many as its
/// size has binary ones, and that is all that going on takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    peaks: Vec<Hash>,
}

impl Tree {
    /// How many entries it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends an entry by its hash.
    pub fn push(&mut self, leaf: Hash) {
        self.push_full(0, leaf);
    }

    /// Appends 2 to the power of `level` entries by the root over them. The size so far must be a multiple of that.
    pub fn push_full(&mut self, level: u32, root: Hash) {
        let (mut whole, mut root) = (self.size >> level, root);
        while whole & 1 == 1 {
            let Some(left) = self.peaks.pop() else { break };
            root = node(&left, &root);
            whole >>= 1;
        }
        self.peaks.push(root);
        self.size += 1 << level;
    }

    /// The root over all entries.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return empty() };
        peaks.fold(*last, |right, left| node(left, &right))
    }
}

/// The root over some entries' hashes.
#[must_use]
pub fn root(leaves: impl IntoIterator<Item = Hash>) -> Hash {
    let mut tree = Tree::default();
    for leaf in leaves {
        tree.push(leaf);
    }
    tree.root()
}

/// The largest power of two below a size of at least two.
fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// The ranges whose roots prove that entry `index` is in the list of the first `size`, in the order of the proof.
/// Nothing when it is not.
#[must_use]
pub fn inclusion(index: u64, size: u64) -> Vec<Range<u64>> {
    let mut ranges = Vec::new();
    if index < size {
        path(index, 0..size, &mut ranges);
    }
    ranges
}

fn path(index: u64, whole: Range<u64>, ranges: &mut Vec<Range<u64>>) {
    if whole.end - whole.start < 2 {
        return;
    }
    let middle = whole.start + split(whole.end - whole.start);
    let (inner, other) = if index < middle {
        (whole.start..middle, middle..whole.end)
    } else {
        (middle..whole.end, whole.start..middle)
    };
    path(index, inner, ranges);
    ranges.push(other);
}

/// The ranges whose roots prove that the list of the first `second` entries begins with the first `first`.
/// Nothing when the sizes are equal or the wrong way round.
#[must_use]
pub fn consistency(first: u64, second: u64) -> Vec<Range<u64>> {
    let mut ranges = Vec::new();
    if (1..second).contains(&first) {
        subproof(first, 0..second, true, &mut ranges);
    }
    ranges
}

fn subproof(first: u64, whole: Range<u64>, known: bool, ranges: &mut Vec<Range<u64>>) {
    if first == whole.end {
        if !known {
            ranges.push(whole);
        }
        return;
    }
    let middle = whole.start + split(whole.end - whole.start);
    if first <= middle {
        subproof(first, whole.start..middle, known, ranges);
        ranges.push(middle..whole.end);
    } else {
        subproof(first, middle..whole.end, false, ranges);
        ranges.push(whole.start..middle);
    }
}

/// The root that a proof of inclusion leads to (RFC 9162, 2.1.3.2); `None` when it has not the length that it needs.
#[must_use]
pub fn root_by_inclusion(index: u64, size: u64, leaf: Hash, proof: &[Hash]) -> Option<Hash> {
    let (mut at, mut last) = (index, size.checked_sub(1).filter(|last| index <= *last)?);
    let mut root = leaf;
    for sibling in proof {
        if last == 0 {
            return None;
        }
        if at & 1 == 1 || at == last {
            root = node(sibling, &root);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            root = node(&root, sibling);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    (last == 0).then_some(root)
}

/// Whether a proof shows that the list with the second root begins with the one of the first (RFC 9162, 2.1.4.2).
#[must_use]
pub fn is_consistent(first: u64, second: u64, roots: [Hash; 2], proof: &[Hash]) -> bool {
    if first == second {
        return proof.is_empty() && roots[0] == roots[1];
    }
    if first == 0 || first > second || proof.is_empty() {
        return false;
    }
    let mut proof = proof.iter().copied();
    // A full tree is its own first part.
    let start = if first.is_power_of_two() { Some(roots[0]) } else { proof.next() };
    let Some(start) = start else { return false };
    let (mut at, mut last) = (first - 1, second - 1);
    while at & 1 == 1 {
        (at, last) = (at >> 1, last >> 1);
    }
    let (mut before, mut after) = (start, start);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            before = node(&sibling, &before);
            after = node(&sibling, &after);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            after = node(&after, &sibling);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && [before, after] == roots
}

/// A hash from its text in hexadecimal.
#[must_use]
pub fn read(text: &str) -> Option<Hash> {
    let mut hash = Hash::default();
    hex::decode_to_slice(text, &mut hash).ok().map(|()| hash)
}

/// Hashes as texts in hexadecimal, as answers and packages have a proof.
#[must_use]
pub fn texts(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(hex::encode).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|n| leaf(&n.to_be_bytes())).collect()
    }

    /// The definition, word by word (RFC 6962, 2.1).
    fn defined(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => empty(),
            [one] => *one,
            _ => {
                let middle = usize::try_from(split(leaves.len() as u64)).unwrap();
                node(&defined(&leaves[..middle]), &defined(&leaves[middle..]))
            }
        }
    }

    fn answered(leaves: &[Hash], ranges: &[Range<u64>]) -> Vec<Hash> {
        let place = |at: u64| usize::try_from(at).unwrap();
        ranges.iter().map(|range| root(leaves[place(range.start)..place(range.end)].iter().copied())).collect()
    }

    #[test]
    fn the_vectors_of_the_standard() {
        let all: Value = serde_json::from_str(include_str!("../../tests/data/crypto_vectors.json")).unwrap();
        let vectors = &all["merkle_rfc6962"];
        let hash = |value: &Value| read(value.as_str().unwrap()).unwrap();
        let hashes = |value: &Value| value.as_array().unwrap().iter().map(hash).collect::<Vec<_>>();
        let number = |value: &Value| value.as_u64().unwrap();
        assert_eq!(empty(), hash(&vectors["empty"]));
        assert_eq!(Tree::default().root(), empty());
        let entries = vectors["leaves_hex"].as_array().unwrap();
        let leaves: Vec<Hash> =
            entries.iter().map(|entry| leaf(&hex::decode(entry.as_str().unwrap()).unwrap())).collect();
        let mut tree = Tree::default();
        let roots = hashes(&vectors["roots"]);
        for (leaf, root) in leaves.iter().zip(&roots) {
            tree.push(*leaf);
            assert_eq!(tree.root(), *root);
        }
        let mut tried = 0;
        for vector in vectors["inclusion"].as_array().unwrap() {
            let (index, size, proof) = (number(&vector["index"]), number(&vector["size"]), hashes(&vector["proof"]));
            let of_them = &leaves[..usize::try_from(size).unwrap()];
            assert_eq!(answered(of_them, &inclusion(index, size)), proof);
            let found = root_by_inclusion(index, size, leaves[usize::try_from(index).unwrap()], &proof);
            assert_eq!(found, Some(root(of_them.iter().copied())));
            tried += 1;
        }
        for vector in vectors["consistency"].as_array().unwrap() {
            let (first, second) = (number(&vector["first"]), number(&vector["second"]));
            let proof = hashes(&vector["proof"]);
            assert_eq!(answered(&leaves, &consistency(first, second)), proof);
            let of = |size: u64| roots[usize::try_from(size).unwrap() - 1];
            assert!(is_consistent(first, second, [of(first), of(second)], &proof));
            tried += 1;
        }
        assert!(tried > 8, "{tried}");
    }

    #[test]
    fn every_proof_of_every_small_tree_holds_and_no_other() {
        let all = leaves(40);
        let roots: Vec<Hash> = (0..=all.len()).map(|size| defined(&all[..size])).collect();
        for size in 1..=40_u64 {
            let of_them = &all[..usize::try_from(size).unwrap()];
            let root_of = |size: u64| roots[usize::try_from(size).unwrap()];
            assert_eq!(root(of_them.iter().copied()), root_of(size));
            for index in 0..size {
                let proof = answered(of_them, &inclusion(index, size));
                let by = |index: u64, at: u64| {
                    root_by_inclusion(index, size, all[usize::try_from(at).unwrap()], &proof) == Some(root_of(size))
                };
                assert!(by(index, index));
                assert_eq!(by((index + 1) % size, index), size == 1, "{index} of {size}");
                assert_eq!(by(index, (index + 1) % size), size == 1, "{index} of {size}");
                let longer = [proof.as_slice(), &[root_of(size)]].concat();
                assert_eq!(root_by_inclusion(index, size, of_them[usize::try_from(index).unwrap()], &longer), None);
                if let Some((_, shorter)) = proof.split_last() {
                    assert_eq!(root_by_inclusion(index, size, of_them[0], shorter), None);
                }
            }
            for first in 1..=size {
                let proof = answered(of_them, &consistency(first, size));
                let pair = [root_of(first), root_of(size)];
                assert!(is_consistent(first, size, pair, &proof), "{first} of {size}");
                assert!(!is_consistent(first, size, [root_of(first - 1), pair[1]], &proof));
                assert!(!is_consistent(first, size, [pair[0], root_of(size - 1)], &proof));
                for at in 0..proof.len() {
                    let mut other = proof.clone();
                    other[at][7] ^= 1;
                    assert!(!is_consistent(first, size, pair, &other), "{first} of {size}");
                }
            }
            assert!(!is_consistent(0, size, [empty(), root_of(size)], &[]));
            assert_eq!(root_by_inclusion(size, size, all[0], &[]), None);
        }
    }

    #[test]
    fn full_parts_make_the_same_tree() {
        let all = leaves(40);
        let mut tree = Tree::default();
        for part in all.chunks(8) {
            tree.push_full(3, defined(part));
        }
        assert_eq!((tree.size(), tree.root()), (40, defined(&all)));
        tree.push(leaf(b"one more"));
        let longer = [all.as_slice(), &[leaf(b"one more")]].concat();
        assert_eq!(tree.root(), defined(&longer));
    }
}
