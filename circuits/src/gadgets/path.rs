//! Merkle paths in 8-ary trees.

use super::bits::{Bit, pack};
use super::builder::Builder;
use super::mux::enforce_mux;
use super::num::Num;
use super::poseidon;
use ark_ff::PrimeField;
use probity_credit::field::F;
use probity_credit::hash::label::poseidon::NODE;
use probity_credit::tree::{ARITY, ARITY_BITS, MerklePath};

/// The root above `leaf` at the position with `bits`, the least significant first: 409 rows a level, 7 to select and 402 to hash.
///
/// `bits` are shared by all trees in which the position is the same; level 0, the leaves', uses the first three. At each level all
/// eight children are witnesses, and the one chosen by the bits must equal the node below.
pub fn root(b: &mut Builder<'_>, leaf: &Num, bits: &[Bit], path: Option<&MerklePath>) -> Num {
    assert!(bits.len().is_multiple_of(ARITY_BITS), "a position has {ARITY_BITS} bits a level");
    // Bits replaced by other numbers make no position: then any will do.
    let position = pack(bits).value().map(|x| x.into_bigint().0[0] as u32);
    let mut node = leaf.clone();
    for (level, bits) in bits.chunks_exact(ARITY_BITS).enumerate() {
        node = b.scope(("level", level), |b| {
            let children = honest_children(path, level, position, &node);
            let children: Vec<Num> = (0..ARITY).map(|i| b.witness(("child", i), || children.map(|children| children[i]))).collect();
            enforce_mux(b, "mux", &children, bits, &node);
            poseidon::hash(b, NODE, &children)
        });
    }
    node
}

fn honest_children(path: Option<&MerklePath>, level: usize, position: Option<u32>, node: &Num) -> Option<[F; ARITY]> {
    let path = path.filter(|path| level < path.levels.len())?;
    Some(path.children(level, position?, node.value()?))
}

#[cfg(test)]
mod tests {
    use super::super::builder::{BuildError, Checked};
    use super::super::shape::Assignment;
    use super::super::testing::*;
    use super::*;
    use probity_credit::tree::{Empties, Tree};
    use proptest::prelude::*;

    const LEAF: u64 = 42;

    fn tree(depth: usize, position: u32, leaf: u64) -> Tree {
        Tree::build(depth, Empties::Seeded([7; 32]), vec![(position, F::from(leaf))]).unwrap()
    }

    fn statement(position: u32, path: &MerklePath, expected: F) -> impl Fn(&mut Builder<'_>) {
        move |b| {
            let leaf = given(b, "leaf", F::from(LEAF));
            let expected = given(b, "root", expected);
            let bits: Vec<Bit> = (0..3 * path.levels.len()).map(|i| b.bit(("position", i), || Some(position >> i & 1 == 1))).collect();
            let root = b.scope("path", |b| root(b, &leaf, &bits, Some(path)));
            b.enforce_equal("root", &root, &expected);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn agrees_with_the_native_tree(position in 0u32..512, other in 0u32..512) {
            let tree = tree(3, position, LEAF);
            let path = tree.path(position).unwrap();
            prop_assert_eq!(path.root(position, F::from(LEAF)), tree.root());
            prop_assert_eq!(rows_and_violations(statement(position, &path, tree.root())), (3 * 412 + 1, 0));
            // Another position leads to another root, natively and here.
            prop_assert_eq!(path.root(other, F::from(LEAF)) != tree.root(), other != position);
            prop_assert_eq!(rows_and_violations(statement(other, &path, tree.root())).1 > 0, other != position);
        }
    }

    #[test]
    fn every_witness_is_pinned() {
        let tree = tree(1, 6, LEAF);
        let path = tree.path(6).unwrap();
        assert_every_witness_is_pinned(statement(6, &path, tree.root()));
        assert_eq!(free_hints(statement(6, &path, tree.root())), [""; 0]);
    }

    #[test]
    fn children_without_the_node_are_refused() {
        // Position 19 is child 3 of node 2; the lie puts the committed leaf there instead of the one at hand and hashes on from it.
        let tree = tree(2, 19, LEAF + 1);
        let path = tree.path(19).unwrap();
        let lie = |name: &str, _| (name == "path/level[0]/child[3]").then_some(F::from(LEAF + 1));
        let checked = Checked::synthesize_with(&lie, statement(19, &path, tree.root())).unwrap();
        assert_eq!(checked.unsatisfied(), ["path/level[0]/mux/out"]);
    }

    #[test]
    fn a_short_path_is_a_missing_value() {
        let path = tree(1, 0, LEAF).path(0).unwrap();
        let missing = Assignment::synthesize(|b| {
            let bits: Vec<Bit> = (0..6).map(|_| Bit::constant(false)).collect();
            root(b, &Num::constant(F::from(LEAF)), &bits, Some(&path));
        });
        assert_eq!(missing.err(), Some(BuildError::MissingValue { name: "level[1]/child[0]".into() }));
    }
}
