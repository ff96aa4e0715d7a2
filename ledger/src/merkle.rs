//! Binary Merkle trees over a block's transactions and receipts (RFC 6962's shape), with inclusion proofs.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_credit::digest::Digest;
use serde::{Deserialize, Serialize};

/// Most siblings of a path: 2^32 leaves.
pub const PATH_MAX: usize = 32;

/// Why a path does not show that a leaf is under a root.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MerkleError {
    /// The index lies outside of the tree.
    #[error("leaf {index} lies outside of a tree of {count} leaves")]
    Outside {
        /// Index asked for.
        index: u32,
        /// Leaves there are.
        count: u32,
    },
    /// Too many or too few siblings for the tree's size.
    #[error("a path in a tree of {count} leaves does not have {siblings} siblings at this index")]
    Length {
        /// Leaves there are.
        count: u32,
        /// Siblings given.
        siblings: usize,
    },
    /// The path leads to another root.
    #[error("the path leads to another root: leaf, index or path were altered")]
    WrongRoot,
}

/// The siblings from a leaf to the root.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InclusionProof {
    /// Place of the leaf.
    pub index: u32,
    /// Leaves of the tree; the root commits to it.
    pub count: u32,
    /// Siblings, the leaf's first.
    pub siblings: Vec<Digest>,
}

fn leaf(label: &str, bytes: &[u8]) -> Digest {
    Digest::of(label, &[&[0], bytes])
}

fn node(label: &str, left: &Digest, right: &Digest) -> Digest {
    Digest::of(label, &[&[1], &left.0, &right.0])
}

fn seal(label: &str, count: usize, top: &Digest) -> Digest {
    Digest::of(label, &[&[2], &(count as u64).to_le_bytes(), &top.0])
}

/// The largest power of two below `count`, which is at least 2.
fn split(count: usize) -> usize {
    1 << (usize::BITS - 1 - (count - 1).leading_zeros())
}

fn subtree(label: &str, leaves: &[Digest]) -> Digest {
    match leaves {
        [] => Digest::of(label, &[]),
        [one] => *one,
        many => {
            let (left, right) = many.split_at(split(many.len()));
            node(label, &subtree(label, left), &subtree(label, right))
        }
    }
}

/// The root over `leaves`; commits to their number too.
pub fn root<T: AsRef<[u8]>>(label: &str, leaves: &[T]) -> Digest {
    let leaves: Vec<Digest> = leaves.iter().map(|l| leaf(label, l.as_ref())).collect();
    seal(label, leaves.len(), &subtree(label, &leaves))
}

/// The proof that the leaf at `index` is under [`root`].
///
/// # Errors
/// [`MerkleError::Outside`].
pub fn prove<T: AsRef<[u8]>>(label: &str, leaves: &[T], index: usize) -> Result<InclusionProof, MerkleError> {
    let outside =
        || MerkleError::Outside { index: index.try_into().unwrap_or(u32::MAX), count: leaves.len().try_into().unwrap_or(u32::MAX) };
    if index >= leaves.len() {
        return Err(outside());
    }
    let (index32, count) = (u32::try_from(index).map_err(|_| outside())?, u32::try_from(leaves.len()).map_err(|_| outside())?);
    let digests: Vec<Digest> = leaves.iter().map(|l| leaf(label, l.as_ref())).collect();
    let mut siblings = Vec::new();
    let (mut rest, mut at) = (&digests[..], index);
    while rest.len() > 1 {
        let (left, right) = rest.split_at(split(rest.len()));
        if at < left.len() {
            siblings.push(subtree(label, right));
            rest = left;
        } else {
            siblings.push(subtree(label, left));
            at -= left.len();
            rest = right;
        }
    }
    siblings.reverse();
    Ok(InclusionProof { index: index32, count, siblings })
}

impl InclusionProof {
    /// Checks that `bytes` is the leaf at [`InclusionProof::index`] under `expected`.
    ///
    /// # Errors
    /// [`MerkleError`].
    pub fn verify(&self, label: &str, bytes: &[u8], expected: &Digest) -> Result<(), MerkleError> {
        let (index, count) = (self.index as usize, self.count as usize);
        if index >= count {
            return Err(MerkleError::Outside { index: self.index, count: self.count });
        }
        // the way down, true for right
        let mut turns = Vec::new();
        let (mut at, mut size) = (index, count);
        while size > 1 {
            let left = split(size);
            turns.push(at >= left);
            (at, size) = if at < left { (at, left) } else { (at - left, size - left) };
        }
        if turns.len() != self.siblings.len() || turns.len() > PATH_MAX {
            return Err(MerkleError::Length { count: self.count, siblings: self.siblings.len() });
        }
        let top = turns.iter().rev().zip(&self.siblings).fold(leaf(label, bytes), |below, (right, sibling)| {
            if *right { node(label, sibling, &below) } else { node(label, &below, sibling) }
        });
        if seal(label, count, &top) == *expected { Ok(()) } else { Err(MerkleError::WrongRoot) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_leaf_proves_and_no_altered_path_does(count in 1usize..40, pick in any::<prop::sample::Index>(), flip in any::<prop::sample::Index>()) {
            let leaves: Vec<Vec<u8>> = (0..count).map(|i| vec![i as u8; i % 5]).collect();
            let top = root("t", &leaves);
            let index = pick.index(count);
            let proof = prove("t", &leaves, index).unwrap();
            prop_assert_eq!(proof.verify("t", &leaves[index], &top), Ok(()));
            prop_assert_eq!(proof.verify("u", &leaves[index], &top), Err(MerkleError::WrongRoot));
            prop_assert_eq!(proof.verify("t", b"other leaf", &top), Err(MerkleError::WrongRoot));
            for (index, count) in [(proof.index, proof.count + 1), (proof.index + 1, proof.count), (proof.index, 0)] {
                let altered = InclusionProof { index, count, ..proof.clone() };
                prop_assert!(altered.verify("t", &leaves[pick.index(leaves.len())], &top).is_err());
            }
            if !proof.siblings.is_empty() {
                let mut altered = proof.clone();
                altered.siblings[flip.index(proof.siblings.len())].0[7] ^= 1;
                prop_assert_eq!(altered.verify("t", &leaves[index], &top), Err(MerkleError::WrongRoot));
                let mut short = proof.clone();
                short.siblings.pop();
                prop_assert!(matches!(short.verify("t", &leaves[index], &top), Err(MerkleError::Length { .. })), "a shorter path");
            }
        }
    }

    #[test]
    fn roots_differ_by_order_and_number() {
        let none: [&[u8]; 0] = [];
        let roots =
            [root("t", &none), root("t", &[b""]), root("t", &[b"a", b"b"]), root("t", &[b"b", b"a"]), root("t", &[b"a", b"b", b"b"])];
        for (i, a) in roots.iter().enumerate() {
            assert!(roots[i + 1..].iter().all(|b| a != b), "{i}");
        }
    }
}
