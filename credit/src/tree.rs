//! 8-ary Merkle trees over Poseidon: identities, files and the registry.

use crate::digest::Digest;
use crate::field::{F, FieldBytes};
use crate::hash::{label, poseidon::hash_node};
use ark_ff::Zero;
use borsh::{BorshDeserialize, BorshSerialize};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Children of a node.
pub const ARITY: usize = 8;
/// Position bits that one level uses.
pub const ARITY_BITS: usize = 3;
/// Levels of identity and file trees: 2^27 positions.
pub const TREE_DEPTH: usize = 9;
/// Levels of the registry tree: 512 slots.
pub const REGISTRY_DEPTH: usize = 3;
/// Position bits of identity and file trees.
pub const POSITION_BITS: usize = TREE_DEPTH * ARITY_BITS;
/// Bits of a slot number.
pub const SLOT_BITS: usize = REGISTRY_DEPTH * ARITY_BITS;

/// What stands where there is no leaf.
#[derive(Clone)]
pub enum Empties {
    /// Leaf 0 and the nodes that follow from it.
    Zero,
    /// Pseudo-random nodes from a seed, so that a path says nothing about neighbours. Use a new seed for every tree.
    Seeded([u8; 32]),
}

/// The siblings on the way from a leaf to the root: seven a level, leaves first.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct MerklePath {
    /// Siblings in order of their index, the own node left out.
    pub levels: Vec<[FieldBytes; ARITY - 1]>,
}

impl MerklePath {
    /// All eight children at a level, `node` being at its place.
    pub fn children(&self, level: usize, position: u32, node: F) -> [F; ARITY] {
        let own = child_index(position, level);
        let siblings = &self.levels[level];
        std::array::from_fn(|i| match i.cmp(&own) {
            std::cmp::Ordering::Less => siblings[i].element(),
            std::cmp::Ordering::Equal => node,
            std::cmp::Ordering::Greater => siblings[i - 1].element(),
        })
    }

    /// The root that `leaf` at `position` leads to. Cost: one Poseidon of width 9 a level.
    pub fn root(&self, position: u32, leaf: F) -> F {
        (0..self.levels.len()).fold(leaf, |node, level| hash_node(&self.children(level, position, node)))
    }
}

fn child_index(position: u32, level: usize) -> usize {
    (position >> (ARITY_BITS * level)) as usize % ARITY
}

/// A leaf cannot be put there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// Beyond the tree.
    #[error("position {position} is outside the tree of {capacity} positions")]
    Outside {
        /// The position.
        position: u32,
        /// Positions of the tree.
        capacity: u64,
    },
    /// Two leaves at one position.
    #[error("position {position} has two leaves: a person has one file in a tree")]
    Duplicate {
        /// The position.
        position: u32,
    },
}

/// A sparse 8-ary tree in memory: about 1.15 nodes of 36 bytes a leaf when dense.
#[derive(Clone)]
pub struct Tree {
    depth: usize,
    empties: Empties,
    zero_nodes: Vec<F>,
    /// `levels[k]`: nodes that have a leaf below, sorted by index; `levels[0]` are the leaves.
    levels: Vec<Vec<(u32, F)>>,
}

impl Tree {
    /// An empty tree.
    pub fn empty(depth: usize, empties: Empties) -> Self {
        let mut zero_nodes = vec![F::zero()];
        for level in 0..depth {
            zero_nodes.push(hash_node(&[zero_nodes[level]; ARITY]));
        }
        Self { depth, empties, zero_nodes, levels: vec![Vec::new(); depth + 1] }
    }

    /// Builds the tree over `leaves`, in any order, on all cores. Cost: about n/7 + n/8^k... hashes of width 9, at most `depth * n`.
    ///
    /// # Errors
    /// [`TreeError`].
    pub fn build(depth: usize, empties: Empties, mut leaves: Vec<(u32, F)>) -> Result<Self, TreeError> {
        let mut tree = Self::empty(depth, empties);
        leaves.par_sort_unstable_by_key(|l| l.0);
        if let Some(&(position, _)) = leaves.last().filter(|l| u64::from(l.0) >= tree.capacity()) {
            return Err(TreeError::Outside { position, capacity: tree.capacity() });
        }
        if let Some(pair) = leaves.windows(2).find(|p| p[0].0 == p[1].0) {
            return Err(TreeError::Duplicate { position: pair[0].0 });
        }
        tree.levels[0] = leaves;
        for level in 0..depth {
            let groups: Vec<&[(u32, F)]> = tree.levels[level].chunk_by(|a, b| a.0 / ARITY as u32 == b.0 / ARITY as u32).collect();
            tree.levels[level + 1] = groups.par_iter().map(|g| (g[0].0 / ARITY as u32, tree.parent(level, g))).collect();
        }
        Ok(tree)
    }

    /// Positions of the tree.
    pub fn capacity(&self) -> u64 {
        1 << (ARITY_BITS * self.depth)
    }

    /// Puts a leaf (0 empties the place). Cost: `depth` hashes.
    ///
    /// # Errors
    /// [`TreeError::Outside`].
    pub fn set(&mut self, position: u32, leaf: F) -> Result<(), TreeError> {
        if u64::from(position) >= self.capacity() {
            return Err(TreeError::Outside { position, capacity: self.capacity() });
        }
        put(&mut self.levels[0], position, (!leaf.is_zero()).then_some(leaf));
        for level in 0..self.depth {
            let index = position >> (ARITY_BITS * (level + 1));
            let nodes = &self.levels[level];
            let from = nodes.partition_point(|n| n.0 < index * ARITY as u32);
            let to = nodes.partition_point(|n| n.0 / ARITY as u32 <= index);
            let group = &nodes[from..to];
            let node = (!group.is_empty()).then(|| self.parent(level, group));
            put(&mut self.levels[level + 1], index, node);
        }
        Ok(())
    }

    fn parent(&self, level: usize, group: &[(u32, F)]) -> F {
        let first = group[0].0 / ARITY as u32 * ARITY as u32;
        let mut group = group.iter().peekable();
        let children = std::array::from_fn(|i| {
            let index = first + i as u32;
            group.next_if(|n| n.0 == index).map_or_else(|| self.vacant(level, index), |n| n.1)
        });
        hash_node(&children)
    }

    fn vacant(&self, level: usize, index: u32) -> F {
        match &self.empties {
            Empties::Zero => self.zero_nodes[level],
            Empties::Seeded(seed) => {
                Digest::uniform(label::sha256::EMPTY_SIBLING, &[seed, &(level as u32).to_le_bytes(), &index.to_le_bytes()])
            }
        }
    }

    fn node(&self, level: usize, index: u32) -> F {
        let nodes = &self.levels[level];
        nodes.binary_search_by_key(&index, |n| n.0).map_or_else(|_| self.vacant(level, index), |at| nodes[at].1)
    }

    /// The leaf at a position, if there is one.
    pub fn leaf(&self, position: u32) -> Option<F> {
        self.levels[0].binary_search_by_key(&position, |n| n.0).ok().map(|at| self.levels[0][at].1)
    }

    /// The leaves in order of their positions.
    pub fn leaves(&self) -> &[(u32, F)] {
        &self.levels[0]
    }

    /// The root.
    pub fn root(&self) -> F {
        self.node(self.depth, 0)
    }

    /// The path of a position, taken or vacant.
    ///
    /// # Errors
    /// [`TreeError::Outside`].
    pub fn path(&self, position: u32) -> Result<MerklePath, TreeError> {
        if u64::from(position) >= self.capacity() {
            return Err(TreeError::Outside { position, capacity: self.capacity() });
        }
        let levels = (0..self.depth).map(|level| {
            let own = child_index(position, level);
            let first = (position >> (ARITY_BITS * level)) - own as u32;
            std::array::from_fn(|i| self.node(level, first + (i + usize::from(i >= own)) as u32).into())
        });
        Ok(MerklePath { levels: levels.collect() })
    }
}

fn put(nodes: &mut Vec<(u32, F)>, index: u32, node: Option<F>) {
    match (nodes.binary_search_by_key(&index, |n| n.0), node) {
        (Ok(at), Some(node)) => nodes[at].1 = node,
        (Ok(at), None) => drop(nodes.remove(at)),
        (Err(at), Some(node)) => nodes.insert(at, (index, node)),
        (Err(_), None) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bad_positions_are_refused() {
        let leaf = F::from(1u64);
        assert_eq!(Tree::build(3, Empties::Zero, vec![(512, leaf)]).err(), Some(TreeError::Outside { position: 512, capacity: 512 }));
        assert_eq!(Tree::build(3, Empties::Zero, vec![(5, leaf), (5, leaf)]).err(), Some(TreeError::Duplicate { position: 5 }));
        assert!(Tree::empty(3, Empties::Zero).set(512, leaf).is_err());
        assert!(Tree::empty(3, Empties::Zero).path(512).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn paths_lead_to_the_root_and_updates_equal_a_rebuild(
            leaves in proptest::collection::btree_map(0u32..512, 1u64..u64::MAX, 0..20),
            more in proptest::collection::vec((0u32..512, any::<bool>()), 0..6),
            seeded in any::<bool>(),
        ) {
            let empties = if seeded { Empties::Seeded([7; 32]) } else { Empties::Zero };
            let mut map = leaves;
            let as_vec = |m: &std::collections::BTreeMap<u32, u64>| m.iter().map(|(&p, &v)| (p, F::from(v))).collect::<Vec<_>>();
            let mut tree = Tree::build(3, empties.clone(), as_vec(&map)).unwrap();
            for (position, keep) in more {
                if keep { map.insert(position, 9); } else { map.remove(&position); }
                tree.set(position, F::from(if keep { 9u64 } else { 0 })).unwrap();
            }
            let rebuilt = Tree::build(3, empties, as_vec(&map)).unwrap();
            prop_assert_eq!(tree.root(), rebuilt.root());
            for (&position, &value) in &map {
                prop_assert_eq!(tree.path(position).unwrap().root(position, F::from(value)), tree.root());
                prop_assert_ne!(tree.path(position).unwrap().root(position, F::from(value.wrapping_add(1))), tree.root());
            }
        }
    }
}
