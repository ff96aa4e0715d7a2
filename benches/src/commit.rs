//! Hashing and commitments: Poseidon beside light-poseidon, and an institution's tree of files.

use crate::Effort;
use crate::measure::{Failure, median, median_ms, time_ms};
use ark_bn254::Fr;
use ark_std::UniformRand;
use light_poseidon::{Poseidon, PoseidonHasher};
use probity_credit::file::{CreditFile, FEATURES, testing};
use probity_credit::hash::label::poseidon::NODE;
use probity_credit::hash::poseidon::{MAX_INPUTS, poseidon_with_capacity, tag_element};
use probity_credit::tree::{ARITY_BITS, Empties, TREE_DEPTH, Tree};
use rand::rngs::StdRng;
use rand::seq::{SliceRandom, index};
use rand::{Rng, SeedableRng};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Hashes in a row for one sample.
const HASHES: usize = 500;
/// Leaves changed in a row for one sample.
const UPDATES: usize = 100;
/// One in so many people has a file at the institution.
const PEOPLE_PER_FILE: usize = 10;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Commit {
    pub(crate) threads: usize,
    pub(crate) poseidon: Vec<HashTime>,
    /// The largest tree, again below: files, their rate, and what changing one takes.
    pub(crate) files: usize,
    pub(crate) files_per_s: f64,
    pub(crate) update_us: f64,
    /// From small to large.
    pub(crate) trees: Vec<TreeTime>,
}

/// One institution's tree.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TreeTime {
    pub(crate) files: usize,
    /// Leaves and tree, from files in memory to the root.
    pub(crate) files_per_s: f64,
    /// Hashes of leaves and nodes for each file: counted.
    pub(crate) hashes_per_file: f64,
    /// Changing one leaf.
    pub(crate) update_us: f64,
}

/// One hash of `t - 1` elements, on one thread.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HashTime {
    pub(crate) t: usize,
    pub(crate) ours_us: f64,
    pub(crate) light_poseidon_us: f64,
}

pub(crate) fn measure(effort: Effort) -> Result<Commit, Failure> {
    let mut rng = StdRng::seed_from_u64(1);
    let poseidon = (2..=MAX_INPUTS + 1).map(|t| poseidon(t, effort, &mut rng)).collect::<Result<_, _>>()?;

    let trees: Vec<TreeTime> = effort.files().iter().map(|files| tree(*files, effort, &mut rng)).collect::<Result<_, _>>()?;
    let TreeTime { files, files_per_s, update_us, .. } = trees.last().cloned().ok_or("no tree was measured")?;
    Ok(Commit { threads: rayon::current_num_threads(), poseidon, files, files_per_s, update_us, trees })
}

fn tree(files: usize, effort: Effort, rng: &mut StdRng) -> Result<TreeTime, Failure> {
    let positions: Vec<u32> = index::sample(rng, PEOPLE_PER_FILE * files, files).into_iter().map(|p| p as u32).collect();
    let records: Vec<(u32, CreditFile)> = positions.iter().map(|position| (*position, file(rng))).collect();
    let commit = || Tree::build(TREE_DEPTH, Empties::Seeded([7; 32]), records.par_iter().map(|(p, f)| (*p, f.leaf())).collect());
    // a large tree takes half a minute
    let runs = if files < 1_000_000 { effort.runs() } else { 1 };
    let build_ms = median_ms(runs, 1, commit)?;

    let mut tree = commit()?;
    let changed: Vec<u32> = positions.choose_multiple(rng, UPDATES).copied().collect();
    let mut value = Fr::rand(rng);
    let change_all = || {
        value += Fr::from(1u64);
        changed.iter().try_for_each(|position| tree.set(*position, value))
    };
    let update_ms = median_ms(effort.runs(), 1, change_all)?;
    Ok(TreeTime {
        files,
        files_per_s: files as f64 / (build_ms / 1e3),
        hashes_per_file: hashes(&positions) as f64 / files as f64,
        update_us: update_ms * 1e3 / changed.len() as f64,
    })
}

fn file(rng: &mut StdRng) -> CreditFile {
    let values: Vec<(usize, i64)> = (0..FEATURES).map(|slot| (slot, rng.gen_range(-1_000_000..1_000_000))).collect();
    testing::file(&values, rng)
}

/// Hashes of a tree with leaves at these positions: one a leaf, one a node with a leaf below.
fn hashes(positions: &[u32]) -> usize {
    let nodes = |level: usize| positions.iter().map(|position| position >> (ARITY_BITS * level)).collect::<BTreeSet<u32>>().len();
    positions.len() + (1..=TREE_DEPTH).map(nodes).sum::<usize>()
}

fn poseidon(t: usize, effort: Effort, rng: &mut StdRng) -> Result<HashTime, Failure> {
    let tag = tag_element(NODE);
    let mut peer = Poseidon::<Fr>::with_domain_tag_circom(t - 1, tag)?;
    let inputs: Vec<Fr> = (1..t).map(|_| Fr::rand(rng)).collect();
    // each hash goes into the next one, so that none can be left out or overlap
    let chain = |hash: &mut dyn FnMut(&[Fr]) -> Result<Fr, Failure>| {
        let mut inputs = inputs.clone();
        (0..HASHES).try_for_each(|_| hash(&inputs).map(|digest| inputs[0] = digest))?;
        Ok::<_, Failure>(inputs[0])
    };
    let mut ours = |inputs: &[Fr]| Ok(poseidon_with_capacity(tag, inputs));
    let mut theirs = |inputs: &[Fr]| peer.hash(inputs).map_err(Failure::from);
    if chain(&mut ours)? != chain(&mut theirs)? {
        return Err(format!("light-poseidon gives another hash for t = {t}").into());
    }
    let mut samples = [const { Vec::new() }; 2];
    for _ in 0..effort.runs() {
        samples[0].push(time_ms(|| chain(&mut ours))?);
        samples[1].push(time_ms(|| chain(&mut theirs))?);
    }
    let [ours_us, light_poseidon_us] = samples.map(|all| median(all) * 1e3 / HASHES as f64);
    Ok(HashTime { t, ours_us, light_poseidon_us })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_counted() {
        // two leaves in one node, one elsewhere: 3 leaves, and on each of 9 levels 2 nodes until the paths meet
        assert_eq!(hashes(&[0, 1]), 2 + TREE_DEPTH);
        assert_eq!(hashes(&[0, 1, 64]), 3 + 2 + 2 + (TREE_DEPTH - 2));
    }
}
